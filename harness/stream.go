// Package harness is a delivery stream of Amazon Data Firehose on this machine.
//
// [ParseStream] reads the description of one, [New] makes a [Pipeline] of it, and [Replay] puts
// recorded records through the pipeline on a virtual clock: an hour of traffic runs in
// milliseconds and gives the same objects, under the same keys, every time.
//
// # Design
//
// Time is a parameter, and so is chance. The pipeline has no clock, no goroutine that outlives a
// call and no random source; ids and the random parts of keys are derived from a seed, the
// station, the first record and the time. Results of workers are joined in the order in which the
// work was cut. So two cores give the same bytes as one, and a stack trace is the path of a
// record.
//
// Nothing here drops a record. A bad one becomes a [record.Failure] and a line of error output;
// something unavailable is a [record.Outage], and its batch waits; and the [Ledger] counts what
// comes in and what leaves at every station, each where it happens.
package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hydrantkit/hydrant/convert"
	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/decode"
	"github.com/hydrantkit/hydrant/harness/lambda"
	"github.com/hydrantkit/hydrant/harness/partition"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/harness/sink"
	"github.com/hydrantkit/hydrant/internal/compress"
	"github.com/hydrantkit/hydrant/internal/jq"
	"github.com/hydrantkit/hydrant/internal/template"
	"github.com/hydrantkit/hydrant/schema"
)

// MiB is the unit of size hints (s3-delivery.md §1, CHOICE).
const MiB = 1 << 20

// ErrorHints are the hints of error output (s3-delivery.md §1).
var ErrorHints = buffer.Hints{Size: 5 * MiB, Interval: 300 * time.Second}

// maxSize is the end of the range of S3's size hints, which deliveries that lag are raised to.
const maxSize = 128 * MiB

// ImmediateInterval is when a buffer with the interval 0 is due (cli.md: one second after the first record).
const ImmediateInterval = time.Second

// A Source says where a stream's records come from.
type Source uint8

// The sources.
const (
	DirectPut Source = iota
	KinesisStream
	MSK
)

// A Stream is a delivery stream as it was described, checked and completed with defaults.
type Stream struct {
	Name, ARN string
	Region    string
	Account   string
	Version   int // of the configuration; 1
	Source    Source
	SourceARN string

	Decompress   *decode.Decompress  // Decompression, with CloudWatchLogProcessing; nil without
	Deaggregate  *decode.Deaggregate // RecordDeAggregation; nil without
	Lambda       *Lambda             // nil without one
	Partitioning *Partitioning       // nil without
	Delimiter    bool                // AppendDelimiterToRecord

	S3     S3   // where the stream delivers; with a sink where what fails goes
	Sink   Sink // nil where the stream delivers to S3
	Backup *S3  // of the source records; nil without one

	SinkLogged bool // CloudWatch logging is on for the sink

	Conversion *Conversion // nil without one

	// Notices are what the description says that its author may not have meant, each a sentence with its place.
	Notices []string
}

// Lambda is a stream's Lambda processor.
type Lambda struct {
	ARN     string
	Pos     template.Pos // of the ARN
	Retries int
	Hints   buffer.Hints
}

// Partitioning is a stream's DynamicPartitioningConfiguration, with its MetadataExtraction.
type Partitioning struct {
	Query *jq.Query        // nil where all keys come from the Lambda
	Clock *partition.Clock // of the query; nil where it has none
	Retry time.Duration
}

// S3 is a bucket that a stream delivers to, or backs up to.
type S3 struct {
	Bucket      string
	Prefix      *s3.Prefix
	ErrorPrefix *s3.Prefix
	Hints       buffer.Hints
	Compression compress.Format
	Zone        *time.Location
	Extension   string // FileExtension; empty is the format's own
	Logged      bool   // CloudWatch logging is on
	KMSKey      string // ARN of the key of EncryptionConfiguration; empty without one, or where it isn't known here
}

// Conversion is a stream's DataFormatConversionConfiguration, with its table.
type Conversion struct {
	Catalog, Database, Table, Region, Version string // as configured; Catalog may be empty
	Schema                                    *schema.Table
	Options                                   convert.Options

	// Latest reads the table again, for every object: its version is LATEST, and it is in a Data Catalog where it may change. nil
	// where it can't.
	Latest func(context.Context) (*schema.Table, error)
}

// outstandingInvocations is how many invocations of a stream may run at once (record-transformation.md §6).
const outstandingInvocations = 5

// Options are what a pipeline needs besides the description.
type Options struct {
	Bucket s3.Bucket // where all objects go
	// Transport carries requests to other destinations than S3; nil writes them to Bucket, as sink.Files does.
	Transport sink.Transport
	// Iceberg is where tables are; nil writes to Bucket what would be committed.
	Iceberg *sink.IcebergLive
	// Copier runs the COPY commands of a Redshift destination; nil writes them to Bucket, as sink.CopyFiles does.
	Copier sink.Copier
	// Loader takes the rows of a Snowflake destination; nil writes them to Bucket, as sink.RowFiles does.
	Loader  sink.Loader
	Invoker lambda.Invoker // of the stream's function; needed where it has one
	Seed    record.Seed
	First   uint64 // number of the first record, where Journal doesn't say; ids are made of it
	Workers int    // goroutines at once; 0 is one
	// Log is called with what the service would write to its error log, where the description has that on; nil for nothing.
	Log func(LogLine)

	// Journal keeps what was put until it has settled; nil keeps nothing. What a former process left in it is to be
	// given to Readmit first, and what its records become needs another Seed than theirs.
	Journal Journal

	// Memory is what records that wait may take, in bytes, before further ones lie in a temporary file (Linux only);
	// 0 is any. What a batch becomes takes as much again while it is put.
	Memory int64

	// ActivePartitions is how many partitions may be open at once, 500 where 0 (dynamic-partitioning.md §1: raisable to 5,000).
	ActivePartitions int

	// PartitionByPrefix opens a partition for each value of the evaluated prefix, its times and random strings among it, as the guide
	// says; by default for each tuple of the values of the keys in it (dynamic-partitioning.md §5, CHOICE: false).
	PartitionByPrefix bool

	// ErrorLines is what lines of error output are like. Transformed needs a function: without one what was put is known to stand there
	// (format-conversion.md §9).
	ErrorLines s3.ErrorLines

	// TrailingDelimiter puts an LF behind the last record of an object too (record-transformation.md §7, CHOICE: false).
	TrailingDelimiter bool
}

// New makes a pipeline of a stream.
func New(s *Stream, o Options) (*Pipeline, error) {
	if o.Bucket == nil {
		return nil, errors.New("a pipeline needs a bucket")
	}
	p := &Pipeline{workers: o.Workers, seed: o.Seed, errorLines: o.ErrorLines, tally: newTally(o.Journal), outlets: map[*record.Keys]*outlet{}, errors: map[folder]*outlet{}}
	p.pool.Budget = o.Memory
	p.errorLines.Transformed = o.ErrorLines.Transformed && s.Lambda != nil
	if p.seq = o.First; o.Journal != nil {
		p.seq = o.Journal.Next()
	}
	var err error
	var data *s3.Destination
	if s.Sink != nil {
		p.delivery, err = s.openSink(o)
		p.ledger.Elsewhere = true
	} else {
		p.delivery = outletConfig{hints: s.S3.Hints, most: maxSize, budget: s3Budget}
		data, err = s.destination(o)
		p.delivery.dest = data
	}
	if err != nil {
		return nil, err
	}
	if p.events = s.errorLog(o, s.S3.Logged, s.bucketARN(s.S3.Bucket)); s.Sink != nil {
		p.events = s.errorLog(o, s.SinkLogged, sinkName(s.Sink))
	}
	p.delivery.events = p.events
	lines := s.errorLog(o, s.S3.Logged, s.bucketARN(s.S3.Bucket))
	p.errorOutput = func(f folder) outletConfig { // lines are stored uncompressed (record-transformation.md §8, CHOICE)
		prefix, station := s.S3.ErrorPrefix, "error/"+f.Cause.String()
		if f.Prefix != "" {
			prefix, station = s.Sink.(*Iceberg).ErrorPrefixes[f.Prefix], station+"/"+f.Prefix
		}
		dest := &s3.Destination{
			Kind: s3.Error, Bucket: o.Bucket, Name: s.S3.Bucket, Stream: s.Name, Version: s.Version,
			Prefix: prefix, Type: f.Cause.String(), Zone: s.S3.Zone, KMSKey: s.S3.KMSKey, Seed: o.Seed, Station: station, Format: s3.Join{},
		}
		hints := ErrorHints
		if r, ok := s.Sink.(*Redshift); ok && f.Cause == record.RedshiftFailed {
			hints = r.skipped(dest)
		}
		return outletConfig{hints: hints, most: maxSize, budget: s3Budget, events: lines, dest: dest}
	}
	if s.Source == KinesisStream {
		p.kpl = &decode.KPL{}
	}
	if s.Decompress != nil {
		p.decoders[0] = s.Decompress
	}
	if s.Deaggregate != nil {
		p.decoders[1] = s.Deaggregate
	}
	if g := s.Partitioning; g != nil {
		p.keys = partition.New(g.Query, g.Clock, s.S3.Prefix.QueryKeys(), s.S3.Prefix.LambdaKeys())
		p.place, p.active = data, o.ActivePartitions
		if p.active == 0 {
			p.active = partition.ActivePartitions
		}
		p.delivery.budget = partitionBudget(g.Retry)
		p.delivery.fails = p.keys.Failures
		if o.PartitionByPrefix {
			p.keys.Place = s.S3.place(o.Seed)
		}
	}
	iceberg, routed := s.Sink.(*Iceberg)
	if routed && iceberg.Query != nil {
		p.keys = partition.NewRoutes(iceberg.Query, iceberg.Clock)
	}
	if l := s.Lambda; l != nil {
		if o.Invoker == nil {
			return nil, fmt.Errorf("the stream's function %s needs something to run it", l.ARN)
		}
		p.transform = &transform{
			Buffer: buffer.New(s.eventHints(l.Hints), &p.pool),
			processor: lambda.New(o.Invoker, lambda.Options{FunctionARN: l.ARN, StreamARN: s.ARN, Region: s.Region,
				SourceARN: s.SourceARN, MSK: s.Source == MSK, Seed: o.Seed, Keys: s.S3.Prefix.LambdaKeys(), Routes: routed}),
			entry: &p.ledger.Lambda, budget: transformBudget(l.Retries), most: s.outstanding(),
		}
	}
	if b := s.Backup; b != nil {
		dest, err := b.destination(s, o, s3.Backup)
		if err != nil {
			return nil, err
		}
		dest.Format = s3.Join{}
		p.log = buffer.NewLog(&p.pool)
		p.backup = &outlet{Reader: p.log.Reader("backup", b.Hints), dest: dest, entry: &p.ledger.Backup, order: rankBackup, most: maxSize, budget: s3Budget,
			events: s.errorLog(o, b.Logged, s.bucketARN(b.Bucket))}
	}
	return p, nil
}

// eventHints bounds batches for a function by what an invocation takes, 6 MiB, since hints count raw data, and thousands of short records are
// mostly what is written around them. The reference says hints keep below the limit (record-transformation.md §6), not how: CHOICE.
func (s *Stream) eventHints(h buffer.Hints) buffer.Hints {
	const envelope = 4 << 10
	h.MaxEvent, h.PerRecord = lambda.MaxPayload-envelope, 192
	if s.Source != DirectPut { // with the metadata of its source, a partition key of up to 256 characters among it
		h.PerRecord = 1024
	}
	return h
}

// destination makes the destination of the stream's data.
func (s *Stream) destination(o Options) (*s3.Destination, error) {
	d, err := s.S3.destination(s, o, s3.Data)
	if err != nil {
		return nil, err
	}
	d.Format = s3.Join{Delimiter: s.Delimiter, Trailing: o.TrailingDelimiter}
	if c := s.Conversion; c != nil {
		if d.Format, err = newConversion(s, o.Workers); err != nil {
			return nil, err
		}
		d.Extension, d.ContentEncoding = c.extension(), c.contentEncoding()
	}
	if s.S3.Extension != "" {
		d.Extension = s.S3.Extension
	}
	return d, nil
}

// place evaluates the prefix for a record alone, to tell partitions by it.
func (b *S3) place(seed record.Seed) func(r *record.Record, keys *record.Keys) (string, error) {
	return func(r *record.Record, keys *record.Keys) (string, error) {
		text, err := b.Prefix.Append(nil, s3.Facts{Keys: keys, Time: time.UnixMilli(r.Arrival).In(cmp.Or(b.Zone, time.UTC)),
			Random: func(n int) [32]byte { return seed.Bytes("partition", r.Seq, r.Sub, r.Arrival, n) }})
		return string(text), err
	}
}

func (b *S3) destination(s *Stream, o Options, kind string) (*s3.Destination, error) {
	d := &s3.Destination{Kind: kind, Bucket: o.Bucket, Name: b.Bucket, Stream: s.Name, Version: s.Version,
		Prefix: b.Prefix, Zone: b.Zone, KMSKey: b.KMSKey, Seed: o.Seed, Station: kind}
	if b.Compression != compress.Uncompressed {
		d.Codec, d.Extension, d.ContentEncoding = &codec{format: b.Compression, workers: o.Workers}, b.Compression.Extension(), b.Compression.ContentEncoding()
	}
	return d, nil
}

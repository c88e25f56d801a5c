// Package record holds what travels between the stations of a delivery stream: records, the
// partition keys they carry, the failures they end as, and the outages that make them wait.
package record

import (
	"context"
	"fmt"
	"time"
)

// A Record on its way. Making one allocates nothing: it is 88 bytes in a slice, its bytes lie in its batch's memory.
// A record's way through the pipeline may cost 0.3 µs and no allocation; a benchmark keeps it.
type Record struct {
	Seq       uint64  // position in the stream; ids and sequence numbers are printed from it where they leave the process
	Sub       uint32  // index of what station 4 makes of one record (a KPL child has its own Seq; its index stands in Source)
	Part      bool    // station 4 made it: Sub tells it from others with its Seq
	Data, Raw []byte  // what this station works on; the bytes as they came, for error output
	Arrival   int64   // epoch milliseconds, the service's precision; time.Time at the edges only
	Keys      *Keys   // shared by all records of a partition, so the pointer is the partition; nil until a key is known
	Source    *Source // Kinesis or MSK metadata; nil for direct puts
}

// A Source is where a record stood in the stream it was read from (record-transformation.md §2).
type Source struct {
	// Kinesis
	Shard          string // "shardId-000000000000"
	PartitionKey   string
	SequenceNumber string
	Subsequence    int64 // index inside a KPL aggregate
	// MSK, when Topic metadata is present
	Offset, Partition string
	// Arrival at the source, epoch milliseconds
	Arrival int64
}

// Keys are the values of the keys that the prefix names, in its order, by who found them, and Iceberg's routing.
// They are interned by a table in this package that lambda and partition share.
type Keys struct {
	// Buffer is where records of the partition wait, to the pipeline; nil before it has one.
	Buffer any

	Lambda, Query              []string
	Database, Table, Operation string
}

// A Cause is why a record failed, and the folder of its error line (s3-delivery.md §5).
type Cause uint8

// The causes, by folder name.
const (
	ProcessingFailed Cause = iota
	DecompressionFailed
	FormatConversionFailed
	OpenSearchFailed
	SplunkFailed
	HTTPEndpointFailed
	SnowflakeFailed
	IcebergFailed
	RedshiftFailed
)

var causeNames = [...]string{
	ProcessingFailed:       "processing-failed",
	DecompressionFailed:    "decompression-failed",
	FormatConversionFailed: "format-conversion-failed",
	OpenSearchFailed:       "AmazonOpenSearchService-failed",
	SplunkFailed:           "splunk-failed",
	HTTPEndpointFailed:     "http-endpoint-failed",
	SnowflakeFailed:        "snowflake-failed",
	IcebergFailed:          "iceberg-failed",
	RedshiftFailed:         "errors", // which no expression gives: it holds manifests, not lines (s3-delivery.md §5)
}

// Causes is the number of causes.
const Causes = len(causeNames)

// String returns the value of !{firehose:error-output-type} for c.
func (c Cause) String() string { return causeNames[c] }

// A Failure is a record the stream gave up on, and why. It becomes one line of error
// output under the folder that Cause names.
type Failure struct {
	Record   Record
	Cause    Cause // processing-failed, format-conversion-failed, ...
	Code     string
	Message  string
	Attempts int
	At       int64    // end of the last attempt, stream time, epoch milliseconds
	Members  []Member // name and value of what only one cause has: esDocumentId, EventId, dataId...
	Prefix   string   // of its error output, instead of the stream's ErrorOutputPrefix: S3ErrorOutputPrefix of an Iceberg table
}

// A Member is one more member of an error line: its name, and its value as JSON text.
type Member struct {
	Name string
	JSON []byte
}

// An Outage is why a batch could not be handled just now. Once the retries are
// spent, its code becomes the code of every record that is left.
type Outage struct {
	Code string // "Lambda.InvokeLimitExceeded"
	// Message is the service's text for the code, for the error lines; Err's text where empty.
	Message string
	// Final means that trying again can't help (an answer that isn't the model, record-transformation.md §3).
	Final bool
	Err   error
}

func (o *Outage) Error() string {
	if o.Err == nil {
		return o.Code + ": " + o.Message
	}
	return fmt.Sprintf("%s: %v", o.Code, o.Err)
}

// Unwrap returns what happened.
func (o *Outage) Unwrap() error { return o.Err }

// Text is the message for error lines.
func (o *Outage) Text() string {
	if o.Message == "" && o.Err != nil {
		return o.Err.Error()
	}
	return o.Message
}

// An Outcome is what a processor made of some records. The pipeline checks in + Added = Out + Dropped + Failed,
// each side counted where it happens, so that a processor that loses a record is found at once.
type Outcome struct {
	Out     []Record  // what goes on, in the order of what came in; valid until the batch it was made of is released
	Failed  []Failure // in the same order
	Dropped int       // left out on purpose
	Added   int       // more records than came in, by de-aggregation; negative never
	// End is when it was over: now, or later by a fault's delay or a function's timeout. What follows
	// happens at End, and it is Failure.At.
	End time.Time
}

// A Delivery remembers what it must between attempts: the request id, the channel, acknowledgements awaited, objects already
// put, items already indexed. Attempt does what can be done at now without waiting. Records settle one by one, each once:
// delivered or failed. A non-zero Wake asks to be called again then (an acknowledgement poll, a slow bucket). An error, an
// *Outage, starts or continues the retry budget of what is left.
type Delivery interface {
	Attempt(ctx context.Context, now time.Time) (Progress, error)
}

// Progress is what one attempt of a Delivery settled.
type Progress struct {
	Delivered int
	Failed    []Failure
	Lost      int     // given up without an error line, as the service does
	Why       *Outage // what is lost is, for the error log
	Wake      time.Time
	Done      bool
}

// Package s3 is the bucket at the end of a delivery stream: prefixes, keys, bodies and error
// output, and the buckets themselves, in memory and in a directory. Package endpoint below it
// has real ones.
//
// Delivery, source backup and error output are three uses of one type, [Destination], which makes
// a [Delivery] of each batch of records: one object, put until it is there.
package s3

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
)

// The kinds of objects, as summaries name them.
const (
	Data     = "data"
	Backup   = "backup"
	Error    = "error"
	Manifest = "manifest" // of a Redshift destination
	Request  = "request"  // what would be sent to another destination
)

// An Object is a finished object.
type Object struct {
	Kind            string // Data, Backup, Error, Manifest, Request
	Bucket, Key     string
	Body            []byte // valid during Put
	Size            int    // of a body that is no longer at hand
	ContentType     string
	ContentEncoding string // empty is none
	KMSKey          string // ARN of the key that encrypts it; empty leaves that to the bucket (s3-delivery.md §7)
	ACL             string // canned; empty is none
	Records         int
}

// BucketOwnerFullControl is the ACL of what the service puts (s3-delivery.md §2).
const BucketOwnerFullControl = "bucket-owner-full-control"

// A Bucket stores finished objects: in memory, in a directory, at an endpoint. Put keeps nothing of o.Body.
// Its error says why the object is not there; an *record.Outage has the service's code.
type Bucket interface {
	Put(ctx context.Context, o Object) error
}

// A Format turns records into the body of one object. Records that don't fit come back in failed, in their order,
// and are not in the body. rows is the number of records that are. An error fails the whole batch as the *record.Outage says.
type Format interface {
	Encode(ctx context.Context, dst []byte, records []record.Record) (body []byte, rows int, failed []record.Failure, err error)
}

// A Join is the format of a stream that doesn't convert: records one after the other, in their order (s3-delivery.md §1, CHOICE), bare
// (§2), with an LF between them where AppendDelimiterToRecord says so (record-transformation.md §7).
type Join struct {
	Delimiter bool
	// Trailing puts an LF behind the last record too, which the service was seen not to do. CHOICE: false.
	Trailing bool
}

// Encode appends the records' data. No record fails.
func (j Join) Encode(_ context.Context, dst []byte, records []record.Record) ([]byte, int, []record.Failure, error) {
	size := len(records)
	for i := range records {
		size += len(records[i].Data)
	}
	dst = slices.Grow(dst, size)
	for i := range records {
		if j.Delimiter && i > 0 {
			dst = append(dst, '\n')
		}
		dst = append(dst, records[i].Data...)
	}
	if j.Delimiter && j.Trailing && len(records) > 0 {
		dst = append(dst, '\n')
	}
	return dst, len(records), nil, nil
}

// A Codec compresses a finished body (s3-delivery.md §6). name is a UUID of the object's, for formats that
// name what they hold.
type Codec interface {
	Append(dst, src []byte, name string) ([]byte, error)
}

// A Destination makes objects of batches of records, and puts them into a bucket.
type Destination struct {
	Kind    string // of the objects it makes: Data, Backup, Error
	Bucket  Bucket
	Name    string // the bucket's
	Stream  string // the delivery stream's name
	Version int    // of its configuration, in keys
	Prefix  *Prefix
	Type    string // error-output-type, for error output
	Zone    *time.Location
	Seed    record.Seed
	Station string // what ids are derived for: unique in the stream

	Format          Format
	Codec           Codec  // nil is none
	Extension       string // with its dot
	ContentType     string // empty is application/octet-stream
	ContentEncoding string
	KMSKey          string // of the objects
}

// Begin starts the delivery of one object. The records stay the caller's, until the delivery is done.
func (d *Destination) Begin(now time.Time, records []record.Record) record.Delivery {
	return &delivery{d: d, begun: now, records: records}
}

// MaxKey is the length of a key that Amazon S3 takes, in bytes.
const MaxKey = 1024

// CheckKey returns an error where no object can lie where d puts it by f: its prefix is too long, or its key is.
func (d *Destination) CheckKey(f Facts) error {
	key, err := d.Prefix.Append(nil, f)
	if err != nil {
		return err
	}
	key = appendSuffix(key, d.Stream, d.Version, f.Time, d.Seed.UUID(d.Station, 0, 0, 0, 0))
	if n := len(key) + len(d.Extension); n > MaxKey {
		return fmt.Errorf("the key is %d bytes long; Amazon S3 takes at most %d", n, MaxKey)
	}
	return nil
}

// A delivery is one object on its way. What it encoded stays until it is put.
type delivery struct {
	d        *Destination
	begun    time.Time // of Begin; ids are derived from it
	records  []record.Record
	prepared bool
	object   Object
	failed   []record.Failure
	err      error
}

// Prepare encodes the object, so that the attempt only has to put it. Several deliveries may be prepared at once.
func (v *delivery) Prepare(ctx context.Context, now time.Time) {
	if !v.prepared {
		v.failed, v.err = v.encode(ctx, now)
		v.prepared = true
	}
}

// Attempt puts the object, encoding it first where that isn't done. Records that failed are reported once.
func (v *delivery) Attempt(ctx context.Context, now time.Time) (record.Progress, error) {
	var p record.Progress
	v.Prepare(ctx, now)
	if err := v.err; err != nil {
		v.prepared, v.err = false, nil
		return p, err
	}
	p.Failed, v.failed = v.failed, nil
	if v.object.Records > 0 {
		if err := v.d.Bucket.Put(ctx, v.object); err != nil {
			return p, err
		}
		giveBody(v.object.Body)
		v.object.Body = nil
	}
	p.Delivered, p.Done = v.object.Records, true
	return p, nil
}

// bodies are the buffers that bodies are made in, between objects: a few, of together spareBodies bytes at most. A
// sync.Pool would give them up at every collection, and a stream with large objects makes little else to collect.
var bodies struct {
	sync.Mutex
	spare [][]byte
	bytes int
}

const spareBodies = 256 << 20

// takeBody returns the largest spare buffer, nil where there is none.
func takeBody() []byte {
	bodies.Lock()
	defer bodies.Unlock()
	n := len(bodies.spare)
	if n == 0 {
		return nil
	}
	b := bodies.spare[n-1]
	bodies.spare = bodies.spare[:n-1]
	bodies.bytes -= cap(b)
	return b[:0]
}

func giveBody(b []byte) {
	bodies.Lock()
	defer bodies.Unlock()
	if cap(b) == 0 || bodies.bytes+cap(b) > spareBodies {
		return
	}
	at, _ := slices.BinarySearchFunc(bodies.spare, cap(b), func(s []byte, n int) int { return cmp.Compare(cap(s), n) })
	bodies.spare = slices.Insert(bodies.spare, at, b)
	bodies.bytes += cap(b)
}

func (v *delivery) encode(ctx context.Context, now time.Time) ([]record.Failure, error) {
	d := v.d
	body, rows, failed, err := d.Format.Encode(ctx, takeBody(), v.records)
	if err != nil {
		return nil, err
	}
	for i := range failed {
		failed[i].At = now.UnixMilli()
	}
	if rows == 0 {
		giveBody(body)
		return failed, nil // all failed: no object (format-conversion.md §8, CHOICE)
	}
	// The time in a key is the oldest record's arrival (s3-delivery.md §3); of error output too, and in the stream's zone (§4.4, §4.6, CHOICE).
	first := &v.records[0]
	oldest := first.Arrival
	for i := range v.records {
		oldest = min(oldest, v.records[i].Arrival)
	}
	id := func(n int) string { return d.Seed.UUID(d.Station, first.Seq, first.Sub, v.begun.UnixNano(), n) }
	if d.Codec != nil {
		plain := body
		body, err = d.Codec.Append(takeBody(), plain, id(1))
		giveBody(plain)
		if err != nil {
			return nil, err
		}
	}
	at := time.UnixMilli(oldest).In(d.zone())
	key, err := d.Prefix.Append(nil, Facts{
		Keys: first.Keys, Time: at, Type: d.Type,
		Random: func(n int) [32]byte {
			return d.Seed.Bytes(d.Station, first.Seq, first.Sub, v.begun.UnixNano(), 100+n)
		},
	})
	if err != nil {
		return nil, &record.Outage{Code: "S3.InvalidKey", Err: err}
	}
	key = appendSuffix(key, d.Stream, d.Version, at, id(0))
	if d.Kind != Error {
		key = append(key, d.Extension...)
	}
	contentType := d.ContentType
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	v.object = Object{Kind: d.Kind, Bucket: d.Name, Key: string(key), Body: body, ContentType: contentType,
		ContentEncoding: d.ContentEncoding, KMSKey: d.KMSKey, ACL: BucketOwnerFullControl, Records: rows}
	return failed, nil
}

func (d *Destination) zone() *time.Location {
	if d.Zone == nil {
		return time.UTC
	}
	return d.Zone
}

// appendSuffix appends the part of a key behind its prefix (s3-delivery.md §3):
//
//	<stream>-<version>-yyyy-MM-dd-HH-mm-ss-<uuid>
func appendSuffix(dst []byte, stream string, version int, at time.Time, uuid string) []byte {
	dst = append(dst, stream...)
	dst = append(dst, '-')
	dst = appendInt(dst, version)
	dst = at.AppendFormat(dst, "-2006-01-02-15-04-05-")
	return append(dst, uuid...)
}

func appendInt(dst []byte, n int) []byte {
	if n >= 10 {
		dst = appendInt(dst, n/10)
	}
	return append(dst, byte('0'+n%10))
}

// Package reingest puts records back to where their delivery stream reads from: by PutRecordBatch to the stream itself, or by
// PutRecords to the Kinesis data stream that is its source. Only functions that do so import it, and with it the SDK.
//
//	h := hydrant.NewHandler(t)
//	h.Reingest = reingest.FromEnv(os.Getenv)
//
// A function needs firehose:PutRecordBatch on its delivery stream, or kinesis:PutRecords on the source.
package reingest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	firehosetypes "github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"

	"github.com/hydrantkit/hydrant"
	internalaws "github.com/hydrantkit/hydrant/internal/aws"
)

// The limits of one call (sources.md §3, §4; record-transformation.md §10.5).
const (
	maxRecords        = 500
	maxFirehoseBatch  = 4 << 20 // bytes, before base64
	maxFirehoseRecord = 1000 << 10
	maxKinesisBatch   = 5 << 20 // bytes, partition keys included
	maxKinesisRecord  = 10 << 20
)

// Attempts is how often a record is tried in all, as by the service's blueprint (record-transformation.md §10.5).
const Attempts = 20

// Firehose is what is called of *firehose.Client.
type Firehose interface {
	PutRecordBatch(ctx context.Context, in *firehose.PutRecordBatchInput, _ ...func(*firehose.Options)) (*firehose.PutRecordBatchOutput, error)
}

// Kinesis is what is called of *kinesis.Client.
type Kinesis interface {
	PutRecords(ctx context.Context, in *kinesis.PutRecordsInput, _ ...func(*kinesis.Options)) (*kinesis.PutRecordsOutput, error)
}

// A Reingester puts records back through its clients. It may be used by several goroutines.
type Reingester struct {
	Firehose Firehose
	Kinesis  Kinesis
}

// FromEnv returns a Reingester whose clients are made when there is something to put back for the first time, in the region and with
// the credentials of the function. AWS_ENDPOINT_URL_FIREHOSE and AWS_ENDPOINT_URL_KINESIS are respected.
func FromEnv(getenv func(string) string) hydrant.Reingester {
	return &lazy{clients: sync.OnceValues(func() (Reingester, error) {
		config, err := internalaws.Environment(getenv)
		if err != nil {
			return Reingester{}, err
		}
		return Reingester{
			Firehose: firehose.NewFromConfig(config, func(o *firehose.Options) { o.BaseEndpoint = internalaws.Endpoint(getenv, "FIREHOSE") }),
			Kinesis:  kinesis.NewFromConfig(config, func(o *kinesis.Options) { o.BaseEndpoint = internalaws.Endpoint(getenv, "KINESIS") }),
		}, nil
	})}
}

type lazy struct{ clients func() (Reingester, error) }

func (l *lazy) PutBack(ctx context.Context, e hydrant.Event, records []hydrant.Record) []error {
	r, err := l.clients()
	if err != nil {
		return all(len(records), err)
	}
	return r.PutBack(ctx, e, records)
}

// all is err for each of n records.
func all(n int, err error) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// PutBack puts records back to the source stream of e if it has one, under their partition keys, otherwise to its delivery stream. What was
// not accepted is tried again, with growing pauses of random length, until Attempts or ctx end it. Errors that another attempt
// can't change (a missing permission, a missing stream) end it at once.
func (r Reingester) PutBack(ctx context.Context, e hydrant.Event, records []hydrant.Record) []error {
	switch {
	case e.SourceMSKARN != "":
		return all(len(records), errors.New("put back: the source is a topic"))
	case e.SourceKinesisStreamARN != "":
		_, name, ok := strings.Cut(e.SourceKinesisStreamARN, "/")
		if !ok || r.Kinesis == nil {
			return all(len(records), fmt.Errorf("put back: no stream %q", e.SourceKinesisStreamARN))
		}
		return put(ctx, records, maxKinesisRecord, maxKinesisBatch, kinesisSize, func(batch []hydrant.Record) ([]error, error) {
			return r.putRecords(ctx, name, batch)
		})
	}
	_, name, ok := strings.Cut(e.DeliveryStreamARN, "/")
	if !ok || r.Firehose == nil {
		return all(len(records), fmt.Errorf("put back: no delivery stream %q", e.DeliveryStreamARN))
	}
	return put(ctx, records, maxFirehoseRecord, maxFirehoseBatch, func(r *hydrant.Record) int { return len(r.Data) }, func(batch []hydrant.Record) ([]error, error) {
		return r.putRecordBatch(ctx, name, batch)
	})
}

func kinesisSize(r *hydrant.Record) int { return len(r.Data) + len(partitionKey(r)) }

// partitionKey is the record's own; one that came without gets its id.
func partitionKey(r *hydrant.Record) string {
	if r.Kinesis != nil && r.Kinesis.PartitionKey != "" {
		return r.Kinesis.PartitionKey
	}
	if r.ID == "" || len(r.ID) > 256 {
		return "a"
	}
	return r.ID
}

// put calls call with batches within the limits until all records are accepted or given up.
func put(ctx context.Context, records []hydrant.Record, maxRecord, maxBatch int, size func(*hydrant.Record) int, call func([]hydrant.Record) ([]error, error)) []error {
	errs := make([]error, len(records))
	var waiting []int // indices of records
	for i := range records {
		if n := size(&records[i]); n > maxRecord {
			errs[i] = fmt.Errorf("put back: %d bytes, the limit is %d", n, maxRecord)
			continue
		}
		waiting = append(waiting, i)
	}
	batch := make([]hydrant.Record, 0, min(len(waiting), maxRecords))
	for attempt := 1; len(waiting) > 0; attempt++ {
		var again []int
		for rest := waiting; len(rest) > 0; {
			n, bytes := 0, 0
			batch = batch[:0]
			for n < len(rest) && n < maxRecords {
				r := &records[rest[n]]
				if bytes += size(r); bytes > maxBatch && n > 0 {
					break
				}
				batch = append(batch, *r)
				n++
			}
			refused, err := call(batch)
			for i, at := range rest[:n] {
				switch errs[at] = err; {
				case err == nil && i < len(refused):
					errs[at] = refused[i]
				case err == nil:
					errs[at] = errors.New("no answer for the record")
				}
				if errs[at] != nil && !final(errs[at]) {
					again = append(again, at)
				}
			}
			rest = rest[n:]
		}
		waiting = again
		if len(waiting) == 0 || attempt == Attempts || !pause(ctx, attempt) {
			break
		}
	}
	for i, err := range errs {
		if err != nil {
			errs[i] = fmt.Errorf("put back: %w", err)
		}
	}
	return errs
}

// pause waits a random time of at most 50 ms, twice as much after each attempt and 5 s at the utmost. It reports whether there is time for
// another attempt.
func pause(ctx context.Context, attempt int) bool {
	longest := 50 * time.Millisecond << min(attempt-1, 10)
	t := time.NewTimer(rand.N(min(longest, 5*time.Second)) + 1)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// final tells whether another attempt would end as this one.
func final(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	}
	switch api.ErrorCode() {
	case "AccessDeniedException", "ResourceNotFoundException", "InvalidArgumentException", "InvalidSourceException", "ValidationException",
		"InvalidKMSResourceException", "KMSAccessDeniedException", "KMSNotFoundException", "KMSDisabledException",
		"UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException", "NotAuthorized", "OptInRequired":
		return true
	}
	return false
}

// An entryError is why the service did not accept one record of a call.
type entryError struct{ code, message string }

func (e entryError) Error() string { return e.code + ": " + e.message }

func (r Reingester) putRecordBatch(ctx context.Context, stream string, batch []hydrant.Record) ([]error, error) {
	in := &firehose.PutRecordBatchInput{DeliveryStreamName: &stream, Records: make([]firehosetypes.Record, len(batch))}
	for i := range batch {
		in.Records[i].Data = notNil(batch[i].Data)
	}
	out, err := r.Firehose.PutRecordBatch(ctx, in)
	if err != nil {
		return nil, err
	}
	errs := make([]error, len(out.RequestResponses))
	for i, e := range out.RequestResponses {
		if e.ErrorCode != nil {
			errs[i] = entryError{*e.ErrorCode, aws.ToString(e.ErrorMessage)}
		}
	}
	return errs, nil
}

func (r Reingester) putRecords(ctx context.Context, stream string, batch []hydrant.Record) ([]error, error) {
	in := &kinesis.PutRecordsInput{StreamName: &stream, Records: make([]kinesistypes.PutRecordsRequestEntry, len(batch))}
	for i := range batch {
		in.Records[i].Data = notNil(batch[i].Data)
		in.Records[i].PartitionKey = aws.String(partitionKey(&batch[i]))
	}
	out, err := r.Kinesis.PutRecords(ctx, in)
	if err != nil {
		return nil, err
	}
	errs := make([]error, len(out.Records))
	for i, e := range out.Records {
		if e.ErrorCode != nil {
			errs[i] = entryError{*e.ErrorCode, aws.ToString(e.ErrorMessage)}
		}
	}
	return errs, nil
}

// notNil is b, which the SDK requires not to be nil even when it is empty.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Package partition is the station that finds the partition keys of records: by a jq query, from
// what a Lambda answered, or both (dynamic-partitioning.md §2, §3).
//
// Keys are interned, so that all records of a partition share one record.Keys, and the pointer is
// the partition.
package partition

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/jq"
)

// Limits of partitioning (dynamic-partitioning.md §1).
const (
	MaxKeys           = 50
	ActivePartitions  = 500 // of a stream, raisable to MaxActive
	MaxActive         = 5000
	MaxQuery          = 5120 // characters
	textNullOrEmpty   = "partitionKeys values must not be null or empty"
	CodeExtraction    = "DynamicPartitioning.MetadataExtractionFailed"
	CodeLimitExceeded = "DynamicPartitioning.ActivePartitionsLimitExceeded"
)

// A Clock is what now is to a query: the stream's time. It belongs to one stream.
type Clock struct{ now time.Time }

// Now is the stream's time at the last record.
func (c *Clock) Now() time.Time { return c.now }

// Compile compiles a query that knows the time by c.
func (c *Clock) Compile(query string) (*jq.Query, error) {
	return jq.Options{Now: c.Now}.Compile(query)
}

// Keys is the station. It is for one goroutine.
type Keys struct {
	query  *jq.Query
	clock  *Clock
	names  []string // that the prefix names, in its order
	lambda []string
	table  record.Interner
	keys   jq.Keys
	found  record.Keys
	routes bool

	// Place, where it is set, says what tells partitions from each other, instead of their keys' values: its text for a record
	// with these keys. An error fails the record.
	Place  func(r *record.Record, keys *record.Keys) (string, error)
	places map[string]*record.Keys
	texts  map[*record.Keys]string // of places
}

// New makes the station. query may be nil where all keys come from the Lambda, and clock where the query has none; names and lambda are the keys that the
// prefix names, in its order, of the query and of the Lambda.
func New(query *jq.Query, clock *Clock, names, lambda []string) *Keys {
	return &Keys{query: query, clock: clock, names: names, lambda: lambda,
		found: record.Keys{Query: make([]string, len(names)), Lambda: make([]string, len(lambda))}}
}

// Process gives each record its keys. A record without them is a failure: an outcome of this station has no
// error. Out lies in the memory of in.
func (k *Keys) Process(_ context.Context, now time.Time, _ int, in []record.Record) (record.Outcome, error) {
	if k.clock != nil {
		k.clock.now = now
	}
	o := record.Outcome{Out: in[:0], End: now}
	for i := range in {
		r := &in[i]
		if message := k.extract(r); message != "" {
			o.Failed = append(o.Failed, Failure(*r, CodeExtraction, message, now))
			continue
		}
		if k.Place == nil {
			r.Keys = k.table.Intern(k.found)
		} else if keys, err := k.placed(r); err == nil {
			r.Keys = keys
		} else {
			o.Failed = append(o.Failed, Failure(*r, CodeExtraction, err.Error(), now))
			continue
		}
		o.Out = append(o.Out, *r)
	}
	return o, nil
}

// Failures makes the failures of a batch.
func (k *Keys) Failures(in []record.Record, o *record.Outage, attempts int, at time.Time) []record.Failure {
	failed := make([]record.Failure, 0, len(in))
	for i := range in {
		f := Failure(in[i], o.Code, o.Text(), at)
		f.Attempts = attempts
		failed = append(failed, f)
	}
	return failed
}

// placed is the partition of a record, where Place tells them from each other. Its keys are those of its first record.
func (k *Keys) placed(r *record.Record) (*record.Keys, error) {
	text, err := k.Place(r, &k.found)
	if err != nil {
		return nil, err
	}
	keys := k.places[text]
	if keys == nil {
		if k.places == nil {
			k.places, k.texts = map[string]*record.Keys{}, map[*record.Keys]string{}
		}
		keys = &record.Keys{Lambda: slices.Clone(k.found.Lambda), Query: slices.Clone(k.found.Query)}
		k.places[text], k.texts[keys] = keys, text
	}
	return keys, nil
}

// Forget drops what is kept for a partition that is gone.
func (k *Keys) Forget(keys *record.Keys) {
	if k.Place == nil {
		k.table.Forget(keys)
		return
	}
	delete(k.places, k.texts[keys])
	delete(k.texts, keys)
}

// Failure is a record whose partition can't be known, or can't be opened. Its line is that of processing-failed, without a Lambda
// (dynamic-partitioning.md §6; CHOICE: also where there are too many partitions, and no lambdaARN at all).
func Failure(r record.Record, code, message string, at time.Time) record.Failure {
	return record.Failure{Record: r, Cause: record.ProcessingFailed, Code: code, Message: message, Attempts: 1, At: at.UnixMilli()}
}

// extract fills found, or says what is wrong. A key that the Lambda didn't give is like an empty one (§3, CHOICE).
func (k *Keys) extract(r *record.Record) (message string) {
	if k.routes {
		return k.route(r)
	}
	for i := range k.lambda {
		if r.Keys == nil || i >= len(r.Keys.Lambda) || r.Keys.Lambda[i] == "" {
			return textNullOrEmpty
		}
		k.found.Lambda[i] = r.Keys.Lambda[i]
	}
	if k.query == nil {
		return ""
	}
	if err := k.query.Extract(&k.keys, r.Data); err != nil {
		return text(err)
	}
next:
	for i, name := range k.names {
		for j := range k.keys.Len() {
			if k.keys.Name(j) == name {
				if v := k.keys.Value(j); string(v) != k.found.Query[i] { // the same as the record before, most often
					k.found.Query[i] = string(v)
				}
				continue next
			}
		}
		return textNullOrEmpty
	}
	return ""
}

// text is the message of an error line. That no output, several, one that is no object, and a value that is no scalar fail the
// record is a CHOICE (§2), and so are their messages.
func text(err error) string {
	var e *jq.ExtractError
	if !errors.As(err, &e) {
		return err.Error()
	}
	switch e.Reason {
	case jq.NullOrEmpty:
		return textNullOrEmpty
	case jq.NotJSON:
		return fmt.Sprintf("The record is not valid JSON. %v", e.Err)
	case jq.NoOutput:
		return "The metadata extraction query gave no output"
	case jq.SeveralOutputs:
		return "The metadata extraction query gave more than one output"
	case jq.NotObject:
		return "The metadata extraction query gave an output that is no object"
	case jq.NotScalar:
		return fmt.Sprintf("The value of the partition key %s is an object or an array", e.Key)
	}
	return e.Error()
}

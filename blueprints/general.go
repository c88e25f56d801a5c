package blueprints

import (
	"context"

	"github.com/hydrantkit/hydrant"
)

// General delivers records as they came: the place to begin from (record-transformation.md §10, B1).
type General struct {
	// Newline ends each record with a newline, unless it has one.
	Newline bool

	// Source logs where in its Kinesis data stream each record stood (B2).
	Source bool

	err error
}

// FromEnv reads the option NEWLINE. A wrong one is kept, and the transform answers every invocation with it.
func (g General) FromEnv(getenv func(string) string) General {
	e := env{get: getenv}
	e.bool("NEWLINE", &g.Newline)
	g.err = e.err
	return g
}

// Records returns the transform of records to themselves.
func (g General) Records() hydrant.Transform {
	if g.err != nil {
		return hydrant.Error(g.err)
	}
	t := hydrant.Transform(hydrant.Func(func(ctx context.Context, r hydrant.Record) hydrant.Result {
		if k := r.Kinesis; g.Source && k != nil {
			hydrant.Logger(ctx).InfoContext(ctx, "record", "recordId", r.ID, "shardId", k.ShardID, "partitionKey", k.PartitionKey,
				"sequenceNumber", k.SequenceNumber, "subsequenceNumber", k.Subsequence, "arrival", k.Arrival)
		}
		return hydrant.PassResult(r)
	}))
	if g.Newline {
		t = hydrant.Newline(t)
	}
	return t
}

// KPL returns the transform of records that the Kinesis Producer Library aggregated to the records in them, joined. It is for direct
// streams: with a Kinesis data stream as its source, the service has done it already.
func (g General) KPL() hydrant.Transform {
	if g.err != nil {
		return hydrant.Error(g.err)
	}
	return hydrant.Deaggregate(g.Records())
}

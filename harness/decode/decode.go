// Package decode is the stations that open what producers wrap records in, in the order in which records meet them:
//
//	KPL          at admission of a Kinesis source: an aggregate of the Kinesis Producer Library becomes its children
//	Decompress   the processors Decompression and CloudWatchLogProcessing: gzip off, then log messages out of their envelope
//	Deaggregate  the processor RecordDeAggregation: JSON documents, or pieces between delimiters, become records
//
// [Decompress] and [Deaggregate] have the shape of a processor of the pipeline. Neither waits, fails as a whole or makes
// more than one attempt: a record that can't be opened is a failure in the outcome, and the rest go on. [KPL] makes records
// before they have a number, and leaves counting them to who admits them.
//
// # Memory
//
// Decompress puts the bytes of all its records into one slab that it makes at each call; what the others make points
// into what they were given. So an outcome is valid as long as its input is, and nothing is allocated per record.
// Input is hostile: a record decompresses to at most [MaxDecompressed] bytes, a batch to [MaxBatch], a record comes
// apart into at most [MaxSubRecords], and no header's promise is believed.
package decode

import (
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
)

// failures makes the failures of a whole batch.
func failures(in []record.Record, cause record.Cause, o *record.Outage, attempts int, at time.Time) []record.Failure {
	failed := make([]record.Failure, len(in))
	for i := range in {
		failed[i] = record.Failure{Record: in[i], Cause: cause, Code: o.Code, Message: o.Text(), Attempts: attempts, At: at.UnixMilli()}
	}
	return failed
}

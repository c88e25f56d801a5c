// Package hydrant is what the author of an Amazon Data Firehose transform sees: a [Record] in, a
// [Result] out, a [Transform] between them, and a [Handler] that speaks the Lambda side of it.
//
//	func main() {
//		upper := func(ctx context.Context, r hydrant.Record) hydrant.Result {
//			return hydrant.OKResult(bytes.ToUpper(r.Data))
//		}
//		lambda.Start(hydrant.NewHandler(hydrant.Func(upper)))
//	}
//
// A Handler cannot break the contract between the delivery stream and the function: every record
// that came is answered exactly once, under its own id and in its order, whatever the transform
// does.
package hydrant

import (
	"context"
	"time"
)

// A Record is one unit of data, as a function is given it. Data is read-only and valid during the invocation.
type Record struct {
	ID      string           // opaque; unique within its event (samples exist where it isn't), the same on a retry
	Data    []byte           // decoded
	Arrival time.Time        // approximate arrival at the stream, to the millisecond
	Kinesis *KinesisMetadata // where it stood in the source stream, if there was one
	MSK     *MSKMetadata
}

// KinesisMetadata is where a record stood in its Kinesis data stream (record-transformation.md §2).
type KinesisMetadata struct {
	ShardID        string
	PartitionKey   string
	Arrival        time.Time
	SequenceNumber string
	Subsequence    int64 // index in a KPL aggregate, 0 for plain records
}

// MSKMetadata is where a record stood in its topic (record-transformation.md §2).
type MSKMetadata struct {
	Offset    string
	Partition string
	Arrival   time.Time
}

// A Transform turns the records of one invocation into results: as many, in the same order.
// An error fails the whole invocation, and the delivery stream will retry it. A record
// that can never succeed is not an error; it is a Result with status ProcessingFailed.
type Transform interface {
	Transform(ctx context.Context, records []Record) ([]Result, error)
}

// Func lifts a function of one record to a Transform; a panic in it costs its one record.
type Func func(ctx context.Context, r Record) Result

// A Status is the result member of an answer.
type Status uint8

// The three statuses. The zero Status is ProcessingFailed, so that a forgotten result ends in the
// error output rather than nowhere.
const (
	ProcessingFailed Status = iota
	OK
	Dropped
)

// String returns the status as it stands in the answer.
func (s Status) String() string {
	switch s {
	case OK:
		return "Ok"
	case Dropped:
		return "Dropped"
	}
	return "ProcessingFailed"
}

// A Result is what became of one record. The zero Result is ProcessingFailed, so that a
// forgotten result ends in the error output rather than nowhere.
type Result struct {
	Status        Status // ProcessingFailed, OK, Dropped
	Data          []byte // with OK
	PartitionKeys map[string]string
	OTF           *OTFMetadata // Iceberg routing

	same bool // Data is the record's own, and need not be encoded again
}

// OTFMetadata routes a record to an Apache Iceberg table (record-transformation.md §3).
type OTFMetadata struct {
	Database  string
	Table     string
	Operation string // insert, update, delete; empty is insert
}

// OKResult is a record delivered as data.
func OKResult(data []byte) Result { return Result{Status: OK, Data: data} }

// PassResult is a record delivered as it came.
func PassResult(r Record) Result { return Result{Status: OK, Data: r.Data, same: true} }

// DropResult is a record dropped on purpose: a success, not delivered, still in the source backup.
func DropResult() Result { return Result{Status: Dropped} }

// FailResult is a record for the error output, where its original bytes go.
func FailResult() Result { return Result{} }

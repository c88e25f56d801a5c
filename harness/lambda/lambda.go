// Package lambda is the transform station: a batch of records goes out as the event that a
// function of the service is called with, and its answer comes back as records, matched by id.
//
// [Transform] is the station. What runs the function is an [Invoker]; there are three: a
// *hydrant.Handler in this process, a [Bootstrap] process that is played the Lambda Runtime API,
// and an [Endpoint] that is posted to. All see the same event bytes.
package lambda

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
)

// MaxPayload is the limit of a synchronous invocation's request and response, each, in bytes of JSON
// (record-transformation.md §6).
const MaxPayload = 6 << 20

// MaxDuration is how long the service waits for a function, whatever the function's own timeout is
// (record-transformation.md §4).
const MaxDuration = 5 * time.Minute

// An Invoker runs one synchronous invocation. Its errors are *FunctionError when the function ran and failed,
// *InvokeError when it could not be called; any other error counts as a function error.
type Invoker interface {
	Invoke(ctx context.Context, event []byte) (response []byte, err error)
}

// A FunctionError is a function that was called and did not answer well: it raised, crashed, ran out of
// time or memory.
type FunctionError struct {
	Type, Message string
	Elapsed       time.Duration // how long it took, where it ran into its timeout
	Timeout       bool
}

func (e *FunctionError) Error() string {
	switch {
	case e.Type == "":
		return e.Message
	case e.Message == "":
		return e.Type
	}
	return e.Type + ": " + e.Message
}

// An InvokeError is a function that could not be called. Code is one of record-transformation.md §5.
type InvokeError struct {
	Code string
	Err  error
}

func (e *InvokeError) Error() string { return e.Code + ": " + e.Err.Error() }

// Unwrap returns what happened.
func (e *InvokeError) Unwrap() error { return e.Err }

// Codes of failures after a transform (record-transformation.md §5).
const (
	CodeFunctionError       = "Lambda.FunctionError"
	CodeProcessingFailed    = "Lambda.ProcessingFailedStatus"
	CodeMissingRecordID     = "Lambda.MissingRecordId"
	CodeDuplicatedRecordID  = "Lambda.DuplicatedRecordId"
	CodeInvalidReturnFormat = "Lambda.InvalidReturnFormat"
	CodeJSONProcessing      = "Lambda.JsonProcessingException"
	CodeInvokeLimitExceeded = "Lambda.InvokeLimitExceeded"
	CodeInvokeAccessDenied  = "Lambda.InvokeAccessDenied"
	CodeResourceNotFound    = "Lambda.ResourceNotFound"
	CodeFunctionTimeout     = "Lambda.FunctionTimeout"
	CodeInvocationFailure   = "Lambda.InvocationFailure"
	textBadResult           = "Check your function and make sure the output is in required format. In addition to that, make sure the processed records contain valid result status of Dropped, Ok, or ProcessingFailed"
	textFunctionError       = "The Lambda function was successfully invoked but it returned an error result."
	textInvokeLimitExceeded = "The Lambda concurrent execution limit is exceeded. Increase the concurrent execution limit."
	textInvokeAccessDenied  = "Access was denied. Ensure that the access policy allows access to the Lambda function."
	textResourceNotFound    = "The Lambda function does not exist. Use a different function that does exist."
	textFunctionTimeout     = "The call of the Lambda function timed out."
	textTooLong             = "Firehose encountered timeout errors when calling AWS Lambda. The maximum supported function timeout is 5 minutes."
	textInvocationFailure   = "The Lambda function could not be invoked."
	textJSONProcessing      = "There was an error parsing returned records from the Lambda function. Ensure that the returned records follow the status model."
	textMissingRecordID     = "One or more record Ids were not returned. Ensure that the Lambda function returns all received record Ids."
	textDuplicatedRecordID  = "Multiple records were returned with the same record Id. Ensure that the Lambda function returns a unique record Id for each record."
	textProcessingFailed    = "ProcessingFailed status set for record"
	textInvalidReturnFormat = "The data field cannot be null when the SourceType is DirectPut or KinesisStreamAsSource and processing result is Ok. The value field cannot be null when the SourceType is MSKAsSource and processing result is Ok."
)

// Options are what a Transform needs to know of its stream.
type Options struct {
	FunctionARN string // as configured; stands in error lines as lambdaARN
	StreamARN   string
	Region      string
	SourceARN   string // of the Kinesis stream or the MSK cluster, if there is one
	MSK         bool   // the source is MSK
	Seed        record.Seed
	Keys        []string // partition keys that are wanted from the answers (dynamic-partitioning.md §3)
	Routes      bool     // otfMetadata of the answers says where records go (record-transformation.md §3)
}

// A Transform is the station. It may be used by several workers at once if its Invoker may.
type Transform struct {
	opts    Options
	invoker Invoker
	members []record.Member
	events  sync.Pool // *[]byte
}

// New makes the station that transforms by f.
func New(f Invoker, o Options) *Transform {
	return &Transform{
		opts: o, invoker: f,
		members: []record.Member{{Name: "lambdaARN", JSON: record.AppendString(nil, o.FunctionARN)}},
	}
}

// Process invokes the function once with in. attempt counts from 1 and makes the invocation's id, which
// is a new one at every attempt. The error, an *record.Outage, says that nothing was processed.
func (t *Transform) Process(ctx context.Context, now time.Time, attempt int, in []record.Record) (record.Outcome, error) {
	buf, _ := t.events.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	defer t.events.Put(buf)
	*buf = t.appendEvent((*buf)[:0], now, attempt, in)
	out := record.Outcome{End: now}
	if len(*buf) > MaxPayload {
		return out, &record.Outage{Code: CodeInvocationFailure, Message: textInvocationFailure, Final: true,
			Err: fmt.Errorf("the request is %d bytes; an invocation takes at most %d", len(*buf), MaxPayload)}
	}
	response, err := t.invoker.Invoke(ctx, *buf)
	if err != nil {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		var fe *FunctionError
		if errors.As(err, &fe) {
			out.End = now.Add(min(fe.Elapsed, MaxDuration))
			if fe.Elapsed > MaxDuration {
				return out, &record.Outage{Code: CodeFunctionTimeout, Message: textTooLong, Err: err}
			}
		}
		return out, outage(err)
	}
	if len(response) > MaxPayload {
		return out, &record.Outage{Code: CodeFunctionError, Message: textFunctionError,
			Err: fmt.Errorf("the response is %d bytes; a function may answer at most %d", len(response), MaxPayload)}
	}
	err = t.match(&out, in, response)
	return out, err
}

// Failures makes the failures of a whole batch whose outage is final or whose retries are spent.
func (t *Transform) Failures(in []record.Record, o *record.Outage, attempts int, at time.Time) []record.Failure {
	failed := make([]record.Failure, 0, len(in))
	for i := range in {
		failed = append(failed, t.failure(in[i], o.Code, o.Text(), attempts, at))
	}
	return failed
}

// failure is one record's. The error output stores its bytes as they came.
func (t *Transform) failure(r record.Record, code, message string, attempts int, at time.Time) record.Failure {
	return record.Failure{Record: r, Cause: record.ProcessingFailed, Code: code, Message: message,
		Attempts: attempts, At: at.UnixMilli(), Members: t.members}
}

// outage sorts an invoker's error into the service's codes.
func outage(err error) *record.Outage {
	var ie *InvokeError
	if errors.As(err, &ie) {
		return &record.Outage{Code: ie.Code, Message: invokeTexts[ie.Code], Err: ie.Err}
	}
	return &record.Outage{Code: CodeFunctionError, Message: textFunctionError, Err: err}
}

var invokeTexts = map[string]string{
	CodeInvokeLimitExceeded: textInvokeLimitExceeded,
	CodeInvokeAccessDenied:  textInvokeAccessDenied,
	CodeResourceNotFound:    textResourceNotFound,
	CodeFunctionTimeout:     textFunctionTimeout,
	CodeInvocationFailure:   textInvocationFailure,
}

// Package sink is the destinations of a delivery stream other than S3, a file each.
//
// A destination makes a [record.Delivery] of each batch of records: one request body, or several,
// sent until what is in it has settled. What carries requests is a [Transport]: [Live] sends them
// to an endpoint, [Files] writes them to a folder and answers as the endpoint would. Faults stand
// between the two.
//
// A delivery whose retries are spent is asked what it has not settled, by its method GiveUp: the
// records become failures with what only that destination's error lines have.
package sink

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
)

// A Request is one request to a destination.
type Request struct {
	Sink   string // what faults and folders call the destination: "http", "splunk", "opensearch", "iceberg"
	Name   string // its index or host
	ID     string // of the body: with Suffix the name of its file
	Suffix string // ".json", ".ndjson"

	Method, URL string
	Shown       string // the URL as it may be written somewhere
	Header      http.Header
	Secrets     []string // the names of headers that are never written anywhere
	Body        []byte   // valid during Do
	Records     int      // in the body
	Poll        bool     // it asks for something, and brings nothing
	// Until says whether the answer to a poll is the last one. A server that time passes for differently than for the stream is
	// asked again, for as long as the stream's time until the next poll, Patience.
	Until    func(*Answer) bool
	Patience time.Duration

	Timeout time.Duration // for the answer; 0 is DefaultTimeout
	Limit   int64         // bytes that the answer may have; 0 is DefaultLimit

	// Service and Region are what the request is signed for, where the transport can (Live.Sign); empty is not.
	Service, Region string

	// Part is the body that a destination takes of which "partial" takes a part, and the records in it; nil where it takes none.
	Part func() (body []byte, records int)

	// Answer is what a destination answers that takes the request (kind is empty), or that has a fault of content
	// ("noack", "partial"); nil where the fault means nothing to it.
	Answer func(kind string) *Answer
}

// The bounds of an answer that a request says nothing of.
const (
	DefaultTimeout = 3 * time.Minute
	DefaultLimit   = 16 << 20
)

// An Answer is what came back.
type Answer struct {
	Status int
	Header http.Header // nil is none
	Body   []byte
}

// A Transport carries requests to a destination. Its error is a *TransportError where no answer came, or the context's.
type Transport interface {
	Do(ctx context.Context, r *Request) (*Answer, error)
}

// A Trouble is why no answer came.
type Trouble uint8

// The troubles.
const (
	ConnectionFailed Trouble = iota // nobody listens, or there is no such host
	ConnectionClosed                // it was closed before the answer was whole
	TimedOut
	TooLarge    // the answer passes Request.Limit
	Handshake   // TLS
	Unverified  // TLS: the certificate isn't one to trust
	InvalidHost // the URL can't be one
)

// A TransportError is a request without an answer.
type TransportError struct {
	Trouble Trouble
	Err     error
}

func (e *TransportError) Error() string { return e.Err.Error() }

// Unwrap returns what happened.
func (e *TransportError) Unwrap() error { return e.Err }

// AppendEventID appends what EventId and dataId in error lines hold, and _id of documents: sequence number and subsequence
// number (destinations.md §2 to §4).
func AppendEventID(dst []byte, r *record.Record) []byte {
	dst = append(r.AppendSequence(dst), '.')
	return strconv.AppendInt(dst, r.Subsequence(), 10)
}

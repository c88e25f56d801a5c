package replaytest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/harness"
)

// A reingester has a function in this process put records back through a door.
type reingester struct{ door *harness.Door }

// PutBack accepts all records, but those of a topic, to which nothing can be put back.
func (r reingester) PutBack(_ context.Context, e hydrant.Event, records []hydrant.Record) []error {
	if e.SourceMSKARN != "" {
		return slices.Repeat([]error{errors.New("put back: the source is a topic")}, len(records))
	}
	for i := range records {
		b := harness.PutBack{ID: records[i].ID, Data: bytes.Clone(records[i].Data)}
		if k := records[i].Kinesis; k != nil {
			b.PartitionKey = k.PartitionKey
		}
		r.door.Put(b)
	}
	return nil
}

// An endpoint is the part of the APIs of Firehose and Kinesis, on the loopback interface, with which the processes of a
// function put records back to where their stream reads from. Credentials aren't looked at.
type endpoint struct {
	door   *harness.Door
	stream *harness.Stream
	server *http.Server
	url    string
}

// openEndpoint opens a door for processes.
func openEndpoint(d *harness.Door, s *harness.Stream) (*endpoint, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &endpoint{door: d, stream: s, url: "http://" + l.Addr().String()}
	e.server = &http.Server{Handler: e, ReadHeaderTimeout: 10 * time.Second}
	go e.server.Serve(l) //nolint:errcheck // until it is closed
	return e, nil
}

// environment leads the SDKs to the endpoint.
func (e *endpoint) environment() []string {
	return []string{"AWS_ENDPOINT_URL_FIREHOSE=" + e.url, "AWS_ENDPOINT_URL_KINESIS=" + e.url}
}

// A putRequest is that of PutRecord, PutRecordBatch and PutRecords, of both services.
type putRequest struct {
	DeliveryStreamName, StreamName, StreamARN string
	Record                                    *putEntry
	Records                                   []putEntry
	putEntry
}

type putEntry struct {
	Data         []byte
	PartitionKey string
}

// A putAnswer is that of either service: members that an operation doesn't have are absent.
type putAnswer struct {
	FailedPutCount, FailedRecordCount *int             `json:",omitempty"`
	RequestResponses, Records         []putEntryAnswer `json:",omitempty"`
	RecordId, SequenceNumber, ShardId string           `json:",omitempty"`
	Type                              string           `json:"__type,omitempty"`
	Message                           string           `json:"message,omitempty"`
}

type putEntryAnswer struct {
	RecordId, SequenceNumber, ShardId string `json:",omitempty"`
}

// The bounds of one request (sources.md §2): 4 MiB in Firehose and 10 MiB in Kinesis, in base64.
const maxPutRequest = 16 << 20

// ServeHTTP is the operations, as AWS's JSON protocol 1.1 has them.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxPutRequest+1))
	if err != nil {
		return // nobody waits for an answer
	}
	status, answer := http.StatusBadRequest, putAnswer{}
	var in putRequest
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch {
	case len(body) > maxPutRequest:
		answer.Type, answer.Message = "InvalidArgumentException", "the request is too large"
	case json.Unmarshal(body, &in) != nil:
		answer.Type, answer.Message = "SerializationException", "the request is no JSON of "+operation
	default:
		status, answer = e.put(r.Header.Get("X-Amz-Target"), &in)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer) //nolint:errcheck // the function may be gone
}

// put does what a request asks for.
func (e *endpoint) put(target string, in *putRequest) (status int, out putAnswer) {
	to, want := in.DeliveryStreamName, e.stream.Name
	if strings.HasPrefix(target, "Kinesis_") {
		if to = in.StreamName; to == "" {
			to = in.StreamARN[strings.LastIndexByte(in.StreamARN, '/')+1:]
		}
		want = e.stream.SourceARN[strings.LastIndexByte(e.stream.SourceARN, '/')+1:]
	} else if to == want && e.stream.Source != harness.DirectPut { // sources.md §3
		return http.StatusBadRequest, putAnswer{Type: "InvalidArgumentException", Message: fmt.Sprintf("the delivery stream %q reads from %s; nothing is put to it", to, e.stream.SourceARN)}
	}
	entries := in.Records
	switch target {
	case "Firehose_20150804.PutRecord":
		if in.Record != nil {
			entries = []putEntry{*in.Record}
		}
	case "Kinesis_20131202.PutRecord":
		entries = []putEntry{in.putEntry}
	case "Firehose_20150804.PutRecordBatch", "Kinesis_20131202.PutRecords":
	default:
		return http.StatusBadRequest, putAnswer{Type: "UnknownOperationException", Message: target + " isn't done here: functions put records back to their stream"}
	}
	if to == "" || to != want {
		return http.StatusBadRequest, putAnswer{Type: "ResourceNotFoundException", Message: fmt.Sprintf("there is no stream %q here; the function's records come from %q", to, want)}
	}
	if len(entries) == 0 || len(entries) > 500 {
		return http.StatusBadRequest, putAnswer{Type: "InvalidArgumentException", Message: fmt.Sprintf("%d records; there are 1 to 500 in a request", len(entries))}
	}
	back := make([]harness.PutBack, len(entries))
	answers := make([]putEntryAnswer, len(entries))
	for i := range entries {
		back[i] = harness.PutBack{Data: entries[i].Data, PartitionKey: entries[i].PartitionKey}
		if strings.HasPrefix(target, "Kinesis_") {
			answers[i] = putEntryAnswer{SequenceNumber: "0", ShardId: "shardId-000000000000"}
		} else {
			answers[i].RecordId = "0"
		}
	}
	e.door.Put(back...)
	var none int
	switch target {
	case "Firehose_20150804.PutRecordBatch":
		out = putAnswer{FailedPutCount: &none, RequestResponses: answers}
	case "Kinesis_20131202.PutRecords":
		out = putAnswer{FailedRecordCount: &none, Records: answers}
	default:
		out = putAnswer{RecordId: answers[0].RecordId, SequenceNumber: answers[0].SequenceNumber, ShardId: answers[0].ShardId}
	}
	return http.StatusOK, out
}

// close ends the endpoint.
func (e *endpoint) close() error { return e.server.Close() }

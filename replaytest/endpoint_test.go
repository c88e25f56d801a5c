package replaytest

import (
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/harness"
)

// TestEndpoint has what functions may put back, by what their stream reads from.
func TestEndpoint(t *testing.T) {
	direct := &harness.Stream{Name: "s"}
	kinesis := &harness.Stream{Name: "s", Source: harness.KinesisStream, SourceARN: "arn:aws:kinesis:us-east-1:123456789012:stream/in"}
	topic := &harness.Stream{Name: "s", Source: harness.MSK, SourceARN: "arn:aws:kafka:us-east-1:123456789012:cluster/c/0"}
	one, many := []putEntry{{Data: []byte("a")}}, make([]putEntry, 501)
	for _, tt := range []struct {
		name   string
		stream *harness.Stream
		target string
		in     putRequest
		want   string // the exception; empty is none
	}{
		{"a record", direct, "Firehose_20150804.PutRecord", putRequest{DeliveryStreamName: "s", Record: &one[0]}, ""},
		{"a batch", direct, "Firehose_20150804.PutRecordBatch", putRequest{DeliveryStreamName: "s", Records: one}, ""},
		{"too many", direct, "Firehose_20150804.PutRecordBatch", putRequest{DeliveryStreamName: "s", Records: many}, "InvalidArgumentException"},
		{"none", direct, "Firehose_20150804.PutRecord", putRequest{DeliveryStreamName: "s"}, "InvalidArgumentException"},
		{"another stream", direct, "Firehose_20150804.PutRecordBatch", putRequest{DeliveryStreamName: "t", Records: one}, "ResourceNotFoundException"},
		{"no data stream", direct, "Kinesis_20131202.PutRecords", putRequest{StreamName: "in", Records: one}, "ResourceNotFoundException"},
		{"a data stream", kinesis, "Kinesis_20131202.PutRecord", putRequest{StreamName: "in", putEntry: one[0]}, ""},
		{"a data stream by its ARN", kinesis, "Kinesis_20131202.PutRecords", putRequest{StreamARN: kinesis.SourceARN, Records: one}, ""},
		{"past the data stream", kinesis, "Firehose_20150804.PutRecordBatch", putRequest{DeliveryStreamName: "s", Records: one}, "InvalidArgumentException"},
		{"past the topic", topic, "Firehose_20150804.PutRecord", putRequest{DeliveryStreamName: "s", Record: &one[0]}, "InvalidArgumentException"},
		{"something else", direct, "Firehose_20150804.DeleteDeliveryStream", putRequest{DeliveryStreamName: "s"}, "UnknownOperationException"},
	} {
		e := &endpoint{door: &harness.Door{}, stream: tt.stream}
		status, out := e.put(tt.target, &tt.in)
		if out.Type != tt.want || (status == 200) != (tt.want == "") {
			t.Errorf("%s: %d %s %s", tt.name, status, out.Type, out.Message)
		}
		if n := len(out.Records) + len(out.RequestResponses); status == 200 && strings.HasSuffix(tt.target, "s") && n != 1 {
			t.Errorf("%s: %d answers", tt.name, n)
		}
	}
	r := reingester{&harness.Door{}}
	if errs := r.PutBack(t.Context(), hydrant.Event{SourceMSKARN: topic.SourceARN}, make([]hydrant.Record, 2)); len(errs) != 2 || errs[0] == nil || errs[1] == nil {
		t.Errorf("to a topic: %v", errs)
	}
	if errs := r.PutBack(t.Context(), hydrant.Event{}, make([]hydrant.Record, 2)); errs != nil {
		t.Errorf("to the stream: %v", errs)
	}
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const recorded = `
Resources:
  Clicks:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      DeliveryStreamType: %s
      ExtendedS3DestinationConfiguration:
        BucketARN: arn:aws:s3:::clicks
        RoleARN: arn:aws:iam::123456789012:role/r
        Prefix: c/!{firehose:random-string}/!{timestamp:HH-mm}/
        ErrorOutputPrefix: e/!{firehose:error-output-type}/
        BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 }
        ProcessingConfiguration:
          Enabled: true
          Processors:
            - Type: AppendDelimiterToRecord
            - Type: Lambda
              Parameters: [{ ParameterName: LambdaArn, ParameterValue: "arn:aws:lambda:us-east-1:123456789012:function:f" }]
`

// The sources of recorded.
const (
	direct  = "DirectPut"
	kinesis = "KinesisStreamAsSource\n      KinesisStreamSourceConfiguration: { KinesisStreamARN: \"arn:aws:kinesis:us-east-1:123456789012:stream/s\", RoleARN: \"arn:aws:iam::123456789012:role/r\" }"
)

// TestRecord: what --record writes gives the same objects, byte for byte, and the same again when it is recorded.
func TestRecord(t *testing.T) {
	for _, tt := range []struct {
		name, source, input string
		args                []string
	}{
		{"lines", direct, "a\n\n\x00\xff\"b\"\r\nc", nil},
		{"a pace in parts of milliseconds", direct, strings.Repeat("line\n", 500), []string{"--rate", "2.5/s", "--start", "2025-06-01T23:59:30.5Z"}},
		{"json", direct, `[{"a":1},{"b":2} , "c"]`, nil},
		{"captured", direct, `{"text":"a","approximateArrivalTimestamp":1700000000123,"recordId":"r1"}` + "\n" + `{"text":"b"}` + "\n" + `{"text":"c","approximateArrivalTimestamp":1700000000000}`, nil},
		{"kinesis", kinesis, `{"data":"YQ==","partitionKey":"k","sequenceNumber":"49"}` + "\n" + `{"text":"b","kinesisRecordMetadata":{"shardId":"shardId-000000000002","partitionKey":"\"p","sequenceNumber":"50","subsequenceNumber":3}}`, nil},
		{"an event", direct, `{"invocationId":"i","records":[{"recordId":"1","approximateArrivalTimestamp":1700000000123,"data":"YQ=="},{"recordId":"2","data":"Yg=="}]}`, nil},
		{"too large for the door", direct, strings.Repeat("x", 1000<<10+1) + "\na\n", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := folderOf(t, "template.yaml", fmt.Sprintf(recorded, tt.source), "in", tt.input)
			out := func(name string, args ...string) string {
				args = append([]string{"replay", "--quiet", "--max-failed", "1", "--function", "f=builtin:general", "--out", name}, args...)
				if _, errs, status := command(t, dir, "", args...); status != 0 {
					t.Fatalf("status %d, %s", status, errs)
				}
				return files(t, filepath.Join(dir, name))
			}
			first := out("first", append([]string{"--record", "buffer", "in"}, tt.args...)...)
			if second := out("second", "--record", "again", "buffer"); first != second { // nothing but the buffer says when records come
				t.Errorf("the buffer gives\n%s\nits origin\n%s", second, first)
			}
			a, _ := os.ReadFile(filepath.Join(dir, "buffer"))
			b, _ := os.ReadFile(filepath.Join(dir, "again"))
			if len(a) == 0 || string(a) != string(b) {
				t.Errorf("recorded again it is\n%s\nand was\n%s", b, a)
			}
		})
	}
}

// TestRecordDelivered: objects as they were delivered, Parquet and ORC among them, become a buffer.
func TestRecordDelivered(t *testing.T) {
	dir := folderOf(t, "template.yaml", clicks, "in.json", `{"id":1,"at":"2025-01-01 10:00:00"}`+"\n"+`{"id":null,"at":null}`+"\n")
	for _, format := range []string{"parquet", "orc"} {
		if _, errs, status := command(t, dir, "", "convert", "--quiet", "--schema", "struct<id:bigint,at:timestamp>", "--to", format, "--out", "o."+format, "in.json"); status != 0 {
			t.Fatal(errs)
		}
		out, errs, status := command(t, dir, "", "replay", "--quiet", "--record", "-", "o."+format)
		const want = `{"data":"eyJpZCI6MSwiYXQiOiIyMDI1LTAxLTAxVDEwOjAwOjAwWiJ9","approximateArrivalTimestamp":1735689600000}
{"data":"eyJpZCI6bnVsbCwiYXQiOm51bGx9","approximateArrivalTimestamp":1735689600001}
`
		if status != 0 || out != want {
			t.Errorf("%s: status %d, %s\n%s", format, status, errs, out)
		}
	}
	write(t, dir, "broken.parquet", "PAR1PAR1")
	if _, errs, status := command(t, dir, "", "replay", "--quiet", "broken.parquet"); status != 1 || !strings.Contains(errs, "broken.parquet: ") {
		t.Errorf("status %d, %s", status, errs)
	}
}

// TestRecordRefuses: where a replay can't be done, no half buffer is there.
func TestRecordRefuses(t *testing.T) {
	dir := folderOf(t, "template.yaml", clicks, "in", "{\"text\":\"a\"}\n{\"text\":")
	if _, errs, status := command(t, dir, "", "replay", "--record", "buffer", "--input-format", "records", "in"); status != 1 {
		t.Errorf("status %d, %s", status, errs)
	}
	list, err := filepath.Glob(filepath.Join(dir, "*buffer*"))
	hidden, _ := filepath.Glob(filepath.Join(dir, ".buffer*"))
	if err != nil || len(list)+len(hidden) > 0 {
		t.Errorf("there is %v %v", list, hidden)
	}
	if _, errs, status := command(t, dir, "a\n", "replay", "--record", "-", "-"); status != 2 || !strings.Contains(errs, "--record -: the summary is on stdout") {
		t.Errorf("status %d, %s", status, errs)
	}
	if out, _, status := command(t, dir, "a\n", "replay", "--quiet", "--record", "-", "-"); status != 0 || out != `{"data":"YQ==","approximateArrivalTimestamp":1735689600000}`+"\n" {
		t.Errorf("status %d, %s", status, out)
	}
}

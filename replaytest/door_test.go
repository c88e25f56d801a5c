package replaytest_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/replaytest"
)

const backTemplate = `
Resources:
  Back:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: fn, Runtime: python3.13, Handler: main.handler, Timeout: 30 }
  Events:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      DeliveryStreamName: events
      ExtendedS3DestinationConfiguration:
        BucketARN: arn:aws:s3:::bucket
        RoleARN: arn:aws:iam::123456789012:role/r
        Prefix: out/
        BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 }
        ProcessingConfiguration:
          Enabled: true
          Processors:
            - Type: AppendDelimiterToRecord
            - Type: Lambda
              Parameters:
                - { ParameterName: LambdaArn, ParameterValue: !GetAtt Back.Arn }
                - { ParameterName: BufferIntervalInSeconds, ParameterValue: "10" }
`

// A function of a process puts what it is not ready for back to its stream, without the SDK.
const backFunction = `
import base64, json, os, urllib.error, urllib.request

def put(stream, records):
    body = json.dumps({"DeliveryStreamName": stream, "Records": [{"Data": base64.b64encode(r).decode()} for r in records]}).encode()
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL_FIREHOSE"], body,
        {"X-Amz-Target": "Firehose_20150804.PutRecordBatch", "Content-Type": "application/x-amz-json-1.1"})
    return json.load(urllib.request.urlopen(request))

def handler(event, context):
    out, back = [], []
    for r in event["records"]:
        data = base64.b64decode(r["data"])
        if data.startswith(b"again "):
            back.append(data[6:])
            out.append({"recordId": r["recordId"], "result": "Dropped"})
        else:
            out.append({"recordId": r["recordId"], "result": "Ok", "data": r["data"]})
    if back:
        try:
            put("another", back)
            raise RuntimeError("another stream took them")
        except urllib.error.HTTPError as e:
            if json.load(e)["__type"] != "ResourceNotFoundException":
                raise
        if put("events", back)["FailedPutCount"] != 0:
            raise RuntimeError("not all were taken")
    return {"records": out}
`

// TestDoor: what a process puts back comes again, at its time and in its order, and counts as added.
func TestDoor(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("no python3: a function in it is not run")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"template.yaml": backTemplate, "fn/main.py": backFunction} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := replaytest.New(t, filepath.Join(dir, "template.yaml"), replaytest.Options{})
	s.Put("a", "again b", "again again c", "d")
	s.Advance(time.Hour)
	s.Expect("bucket/out/*/*/*/*/*", "a", "d", "b", "c")
	if v := s.Summary(); v.In != 4 || v.Added != 3 || v.Dropped != 3 || v.Delivered != 4 || v.Invocations != 3 || v.Held != 0 {
		t.Errorf("%+v", v)
	}
}

// TestDoorBuiltin: what an answer has no room for is put back, until all is delivered.
func TestDoorBuiltin(t *testing.T) {
	s := replaytest.Parse(t, clicks, replaytest.Options{Functions: map[string]string{"clean": "builtin:cloudwatch-logs"}})
	for i := range 9 { // of a mebibyte each, and hardly any when it is compressed
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		fmt.Fprintf(z, `{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","subscriptionFilters":["f"],"logEvents":[{"id":"%d","timestamp":1,"message":"%d%s"}]}`,
			i, i, strings.Repeat("x", 1<<20))
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		s.Put(b.String())
	}
	s.Drain()
	if v := s.Summary(); v.In != 9 || v.Added == 0 || v.Added != v.Dropped || v.Delivered != 9 || v.Failed != 0 || v.Invocations < 2 {
		t.Errorf("%+v", v)
	}
}

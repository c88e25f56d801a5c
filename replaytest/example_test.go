package replaytest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/replaytest"
)

// A template as teams deploy it; a test of theirs would name its file.
const clicks = `
Resources:
  Clicks:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      ExtendedS3DestinationConfiguration:
        BucketARN: arn:aws:s3:::clicks
        RoleARN: arn:aws:iam::123456789012:role/r
        Prefix: day=!{timestamp:yyyy-MM-dd}/
        ErrorOutputPrefix: errors/!{firehose:error-output-type}/
        BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 }
        ProcessingConfiguration:
          Enabled: true
          Processors:
            - Type: Lambda
              Parameters:
                - { ParameterName: LambdaArn, ParameterValue: "arn:aws:lambda:us-east-1:123456789012:function:clean" }
                - { ParameterName: BufferIntervalInSeconds, ParameterValue: "60" }
            - Type: AppendDelimiterToRecord
`

// clean drops heartbeats and refuses what has no id.
func clean(_ context.Context, r hydrant.Record) hydrant.Result {
	switch text := string(r.Data); {
	case strings.Contains(text, `"heartbeat"`):
		return hydrant.DropResult()
	case !strings.Contains(text, `"id"`):
		return hydrant.FailResult()
	}
	return hydrant.PassResult(r)
}

// testClicks is what a test does: it puts records, has time pass, breaks something, and says what must be there.
func testClicks(t *testing.T) {
	s := replaytest.Parse(t, clicks, replaytest.Options{
		Function: hydrant.NewHandler(hydrant.Func(clean)),
		Start:    time.Date(2025, 6, 1, 23, 57, 30, 0, time.UTC),
	})
	s.Put(`{"id":1}`, `{"type":"heartbeat"}`, `{"page":"/"}`)
	s.Break("lambda:throttle=2") // the stream tries again
	s.Advance(3 * time.Minute)
	s.Put(`{"id":2}`) // after midnight
	s.Break("s3:denied=2h")
	s.Drain()

	s.Expect("clicks/day=2025-06-01/*-UUID", `{"id":1}`)
	s.Expect("clicks/day=2025-06-02/*-UUID", `{"id":2}`)
	s.Expect("clicks/errors/processing-failed/*-UUID", `{"rawData":"eyJwYWdlIjoiLyJ9",`+
		`"errorCode":"Lambda.ProcessingFailedStatus","errorMessage":"ProcessingFailed status set for record","attemptsMade":1,`+
		`"arrivalTimestamp":1748822250000,"attemptEndingTimestamp":1748822313000,`+
		`"lambdaARN":"arn:aws:lambda:us-east-1:123456789012:function:clean"}`)
	s.ExpectFailures(map[string]int64{"Lambda.ProcessingFailedStatus": 1})
	s.ExpectNoMore()
}

// A team's test would be called TestClicks, and read its template with replaytest.New(t, "template.yaml#Clicks", …).
func Example() {
	_ = testClicks
}

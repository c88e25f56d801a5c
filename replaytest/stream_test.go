package replaytest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/replaytest"
)

// TestExample runs what the example shows.
func TestExample(t *testing.T) { testClicks(t) }

// A recorder is a testing.TB that fails without failing.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// TestStreamFails shows what a test prints that fails: a diff, the record, the station.
func TestStreamFails(t *testing.T) {
	for _, tt := range []struct {
		name   string
		do     func(s *replaytest.Stream)
		errors []string
	}{
		{"not dropped", func(s *replaytest.Stream) {
			s.Put(`{"id":1}`, `{"id":2}`)
			s.Drain()
			s.Expect("clicks/day=*/*", `{"id":1}`)
		}, []string{`clicks/day=2025-01-01/Clicks-1-2025-01-01-00-00-00-UUID is not as expected
--- clicks/day=*/*
+++ clicks/day=2025-01-01/Clicks-1-2025-01-01-00-00-00-UUID
@@ -1 +1,2 @@
 {"id":1}
+{"id":2}
  record 2 parts at station lambda, which let it pass: it is not expected here
      came in:     {"id":2}
      left lambda: {"id":2}`}},
		{"dropped", func(s *replaytest.Stream) {
			s.Put(`{"id":1}`, `{"type":"heartbeat"}`, `{"id":2}`)
			s.Drain()
			s.Expect("clicks/day=*/*", `{"id":1}`, `{"type":"heartbeat"}`, `{"id":2}`)
		}, []string{`clicks/day=2025-01-01/Clicks-1-2025-01-01-00-00-00-UUID is not as expected
--- clicks/day=*/*
+++ clicks/day=2025-01-01/Clicks-1-2025-01-01-00-00-00-UUID
@@ -1,3 +1,2 @@
 {"id":1}
-{"type":"heartbeat"}
 {"id":2}
  record 2 is missing here: station lambda dropped it
      came in:     {"type":"heartbeat"}`}},
		{"failed", func(s *replaytest.Stream) {
			s.Put(`{}`)
			s.Drain()
			s.Expect("clicks/day=*/*", `{}`)
			s.ExpectFailures(nil)
		}, []string{`no object clicks/day=*/* was delivered; there are:
  clicks/errors/processing-failed/Clicks-1-2025-01-01-00-00-00-UUID`, `failures are map[Lambda.ProcessingFailedStatus:1], expected map[]
  record 1 went to the error output: it failed at station lambda: Lambda.ProcessingFailedStatus: ProcessingFailed status set for record
      came in:     {}`}},
		{"more", func(s *replaytest.Stream) {
			s.Put(`{"id":1}`)
			s.Drain()
			s.ExpectNoMore()
		}, []string{`the object clicks/day=2025-01-01/Clicks-1-2025-01-01-00-00-00-UUID is not expected
--- /dev/null
+++ clicks/day=2025-01-01/Clicks-1-2025-01-01-00-00-00-UUID
@@ -0,0 +1 @@
+{"id":1}
  record 1 is the first in it; station delivery put it there
      came in:     {"id":1}
      left lambda: {"id":1}`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &recorder{TB: t}
			s := replaytest.Parse(r, clicks, replaytest.Options{Function: hydrant.NewHandler(hydrant.Func(clean))})
			tt.do(s)
			got := strings.Join(r.errors, "\n\n")
			if want := strings.Join(tt.errors, "\n\n"); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// TestStreamTime: nothing is delivered before its time, and everything once the stream is drained.
func TestStreamTime(t *testing.T) {
	s := replaytest.Parse(t, clicks, replaytest.Options{Function: hydrant.NewHandler(hydrant.Func(clean))})
	s.Put(`{"id":1}`)
	s.Advance(119 * time.Second)
	if n := len(s.Objects()); n != 0 {
		t.Errorf("%d objects after 119 s", n)
	}
	s.Advance(time.Second)
	if n := len(s.Objects()); n != 1 {
		t.Errorf("%d objects after 120 s", n)
	}
	s.Break("s3:503")
	s.Put(`{"id":2}`)
	s.Advance(time.Hour)
	if sum := s.Summary(); sum.Held != 1 || sum.Retries == 0 {
		t.Errorf("%+v", sum)
	}
	s.Repair()
	s.Drain()
	s.Expect("clicks/day=2025-01-01/*-2025-01-01-00-0*-UUID", `{"id":1}`, `{"id":2}`)
	s.ExpectNoMore()
}

// TestLost: what S3 refuses for a day is lost, as it would be.
func TestLost(t *testing.T) {
	s := replaytest.Parse(t, clicks, replaytest.Options{Function: hydrant.NewHandler(hydrant.Func(clean)), Faults: []string{"s3:denied"}})
	s.Put(`{"id":1}`)
	s.Drain()
	if sum := s.Summary(); sum.Lost != 1 || sum.Delivered != 0 {
		t.Errorf("%+v", sum)
	}
	s.ExpectNoMore()
}

// TestExpectTypes: the same rows of another type.
func TestExpectTypes(t *testing.T) {
	var request = `{"DeliveryStreamName":"rows","ExtendedS3DestinationConfiguration":{"BucketARN":"arn:aws:s3:::rows","RoleARN":"arn:aws:iam::123456789012:role/r",
		"BufferingHints":{"SizeInMBs":64,"IntervalInSeconds":60},"DataFormatConversionConfiguration":{"Enabled":true,
		"SchemaConfiguration":{"RoleARN":"arn:aws:iam::123456789012:role/r","DatabaseName":"d","TableName":"t","Region":"us-east-1"},
		"InputFormatConfiguration":{"Deserializer":{"OpenXJsonSerDe":{}}},"OutputFormatConfiguration":{"Serializer":{"ParquetSerDe":{}}}}}}`
	r := &recorder{TB: t}
	s := replaytest.Parse(r, request, replaytest.Options{Schema: "struct<id:bigint,at:timestamp,d:decimal(10,2),v:varchar(3),l:array<struct<x:smallint>>,m:map<string,date>>"})
	s.Put(`{"id":1}`)
	s.Drain()
	const types = "struct<id:bigint,at:timestamp,d:decimal(10,2),v:string,l:array<struct<x:smallint>>,m:map<string,date>>"
	s.ExpectTypes("rows/*/*/*/*/*.parquet", types)
	if r.errors != nil {
		t.Error(r.errors)
	}
	s.ExpectTypes("rows/*/*/*/*/*.parquet", strings.Replace(types, "bigint", "int", 1))
	if len(r.errors) != 1 || !strings.Contains(r.errors[0], "-  id:int,\n+  id:bigint,\n") {
		t.Error(r.errors)
	}
}

package harness

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/lambda"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
)

var t0 = time.Date(2025, 3, 1, 10, 30, 0, 0, time.UTC)

func testStream(t testing.TB, prefix, errorPrefix string) *Stream {
	t.Helper()
	p, err := s3.ParsePrefix(prefix, s3.Use{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := s3.ParsePrefix(errorPrefix, s3.Use{Error: true})
	if err != nil {
		t.Fatal(err)
	}
	return &Stream{Name: "d", ARN: "arn:aws:firehose:us-east-1:123456789012:deliverystream/d", Region: "us-east-1", Version: 1,
		S3: S3{Bucket: "b", Prefix: p, ErrorPrefix: e, Hints: buffer.Hints{Size: 5 * MiB, Interval: 300 * time.Second}}}
}

// drain advances to the end of what is held.
func drain(t testing.TB, p *Pipeline) {
	t.Helper()
	for next := p.Now(); !next.IsZero(); {
		var err error
		if next, err = p.Advance(context.Background(), next); err != nil {
			t.Fatal(err)
		}
	}
	l := p.Ledger()
	if err := l.Check(); err != nil || l.Held() != 0 || l.Errors.Held != 0 {
		t.Errorf("%v (%s)", err, l.String())
	}
}

func put(t testing.TB, p *Pipeline, at time.Time, data ...string) {
	t.Helper()
	if _, err := p.Advance(context.Background(), at); err != nil {
		t.Fatal(err)
	}
	var in []record.Record
	for _, d := range data {
		in = append(in, record.Record{Data: []byte(d), Arrival: at.UnixMilli()})
	}
	if _, err := p.Put(at, in); err != nil {
		t.Fatal(err)
	}
}

// TestHours puts two records twelve hours apart: they make the objects that they would make in twelve hours.
func TestHours(t *testing.T) {
	s := testStream(t, "", "")
	m := &s3.Memory{}
	p, err := New(s, Options{Bucket: m, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, t0, "one")
	put(t, p, t0.Add(12*time.Hour), "two")
	drain(t, p)
	var got []string
	for _, o := range m.Objects {
		got = append(got, fmt.Sprintf("%s %s", o.Key, o.Body))
	}
	if len(got) != 2 || !strings.HasPrefix(got[0], "2025/03/01/10/d-1-2025-03-01-10-30-00-") || !strings.HasPrefix(got[1], "2025/03/01/22/d-1-2025-03-01-22-30-00-") ||
		!strings.HasSuffix(got[0], " one") || !strings.HasSuffix(got[1], " two") {
		t.Errorf("objects %q", got)
	}
	if at := p.Now(); !at.Equal(t0.Add(12*time.Hour + 300*time.Second)) {
		t.Errorf("the stream ends at %v", at)
	}
}

type errorLine struct {
	RawData                []byte
	ErrorCode              string
	AttemptsMade           int
	ArrivalTimestamp       int64
	AttemptEndingTimestamp int64
	LambdaARN              string `json:"lambdaARN"`
}

func errorLines(t *testing.T, m *s3.Memory) (out []errorLine) {
	t.Helper()
	for _, o := range m.Objects {
		if o.Kind != s3.Error {
			continue
		}
		lines := strings.SplitAfter(string(o.Body), "\n")
		if lines[len(lines)-1] != "" {
			t.Errorf("%s doesn't end in LF", o.Key)
		}
		for _, line := range lines[:len(lines)-1] {
			var l errorLine
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			out = append(out, l)
		}
	}
	return out
}

type invokeFunc func(ctx context.Context, event []byte) ([]byte, error)

func (f invokeFunc) Invoke(ctx context.Context, event []byte) ([]byte, error) { return f(ctx, event) }

type testEvent struct {
	InvocationID string `json:"invocationId"`
	Records      []struct {
		RecordID string `json:"recordId"`
		Data     []byte `json:"data"`
	} `json:"records"`
}

// echo answers every record of an event with what f makes of its data; nil drops it.
func echo(f func(data []byte) []byte) invokeFunc {
	return func(_ context.Context, event []byte) ([]byte, error) {
		var e testEvent
		if err := json.Unmarshal(event, &e); err != nil {
			return nil, err
		}
		out := []byte(`{"records":[`)
		for i, r := range e.Records {
			if i > 0 {
				out = append(out, ',')
			}
			if d := f(r.Data); d == nil {
				out = fmt.Appendf(out, `{"recordId":%q,"result":"Dropped"}`, r.RecordID)
			} else {
				out = fmt.Appendf(out, `{"recordId":%q,"result":"Ok","data":"%s"}`, r.RecordID, base64.StdEncoding.EncodeToString(d))
			}
		}
		return append(out, "]}"...), nil
	}
}

func lambdaStream(t testing.TB) *Stream {
	s := testStream(t, "", "")
	s.Lambda = &Lambda{ARN: "arn:f", Retries: 3, Hints: buffer.Hints{Size: 1 * MiB, Interval: 60 * time.Second}}
	return s
}

// TestRetry throttles a function: a batch that is retried is the same batch, with a new invocation id, and what
// came meanwhile is another.
func TestRetry(t *testing.T) {
	s := lambdaStream(t)
	m := &s3.Memory{}
	type call struct{ id, data string }
	var calls []call
	upper := echo(bytes.ToUpper)
	p, err := New(s, Options{Bucket: m, Seed: 1, Invoker: invokeFunc(func(ctx context.Context, event []byte) ([]byte, error) {
		var e testEvent
		if err := json.Unmarshal(event, &e); err != nil {
			t.Fatal(err)
		}
		var data []string
		for _, r := range e.Records {
			data = append(data, r.RecordID[len(r.RecordID)-14:]+string(r.Data))
		}
		calls = append(calls, call{e.InvocationID, strings.Join(data, ",")})
		if len(calls) <= 2 {
			return nil, &lambda.InvokeError{Code: lambda.CodeInvokeLimitExceeded, Err: errors.New("429")}
		}
		return upper(ctx, event)
	})})
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, t0, "a", "b")
	put(t, p, t0.Add(61*time.Second), "c") // between the second attempt and the third
	drain(t, p)
	if len(calls) != 4 || calls[0].data != calls[1].data || calls[1].data != calls[2].data || calls[0].id == calls[1].id || calls[1].id == calls[2].id || calls[3].data == calls[0].data {
		t.Errorf("calls %v", calls)
	}
	if len(m.Objects) != 1 || string(m.Objects[0].Body) != "ABC" {
		t.Errorf("objects %v", m.Objects)
	}
	if l := p.Ledger(); l.Invoked != 4 || l.Retried != 2 || l.Delivered() != 3 {
		t.Errorf("ledger %+v", l)
	}
}

// TestSpent lets a function fail for good: every record is in the error output, with the attempts made and the time
// of the last one, and the stream goes on.
func TestSpent(t *testing.T) {
	s := lambdaStream(t)
	m := &s3.Memory{}
	ok := echo(bytes.ToUpper)
	p, err := New(s, Options{Bucket: m, Seed: 1, Invoker: invokeFunc(func(ctx context.Context, event []byte) ([]byte, error) {
		if bytes.Contains(event, []byte(base64.StdEncoding.EncodeToString([]byte("bad")))) {
			return nil, &lambda.FunctionError{Timeout: true, Elapsed: 3 * time.Second}
		}
		return ok(ctx, event)
	})})
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, t0, "bad", "x")
	put(t, p, t0.Add(2*time.Minute), "good")
	drain(t, p)
	lines := errorLines(t, m)
	if len(lines) != 2 {
		t.Fatalf("error lines %+v", lines)
	}
	// cut at 60 s; four attempts of 3 s with pauses of 1, 2 and 4 s
	want := errorLine{RawData: []byte("bad"), ErrorCode: lambda.CodeFunctionError, AttemptsMade: 4, ArrivalTimestamp: t0.UnixMilli(),
		AttemptEndingTimestamp: t0.Add(79 * time.Second).UnixMilli(), LambdaARN: "arn:f"}
	if fmt.Sprint(lines[0]) != fmt.Sprint(want) || string(lines[1].RawData) != "x" {
		t.Errorf("error lines %+v, want %+v first", lines, want)
	}
	for _, o := range m.Objects {
		if o.Kind == s3.Error && !strings.HasPrefix(o.Key, "processing-failed/2025/03/01/10/d-1-2025-03-01-10-30-00-") {
			t.Errorf("error object at %s", o.Key)
		}
		if o.Kind == s3.Data && string(o.Body) != "GOOD" {
			t.Errorf("object %q", o.Body)
		}
	}
}

// A flaky bucket fails as often as it is told.
type flaky struct {
	s3.Memory
	fail int
	puts []time.Time
	p    *Pipeline
}

func (f *flaky) Put(ctx context.Context, o s3.Object) error {
	f.puts = append(f.puts, f.p.Now())
	if f.fail > 0 {
		f.fail--
		return &record.Outage{Code: "S3.AccessDenied"}
	}
	return f.Memory.Put(ctx, o)
}

// TestBucketRetry denies the bucket: the delivery is tried with growing pauses, nothing else is cut from its buffer
// meanwhile, and then all that is held is cut at once.
func TestBucketRetry(t *testing.T) {
	s := testStream(t, "", "")
	s.S3.Hints = buffer.Hints{Size: 3, Interval: 60 * time.Second}
	f := &flaky{fail: 4}
	p, err := New(s, Options{Bucket: f, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	f.p = p
	put(t, p, t0, "abc")
	put(t, p, t0.Add(time.Second), "def", "ghi", "j")
	drain(t, p)
	var at []int
	for _, x := range f.puts {
		at = append(at, int(x.Sub(t0)/time.Second))
	}
	var bodies []string
	for _, o := range f.Objects {
		bodies = append(bodies, string(o.Body))
	}
	if fmt.Sprint(at) != "[0 1 3 7 15 15]" || fmt.Sprint(bodies) != "[abc defghij]" {
		t.Errorf("puts at %v, objects %v", at, bodies)
	}
}

// TestLost denies the bucket for longer than the service keeps trying: that is lost, and said.
func TestLost(t *testing.T) {
	s := testStream(t, "", "")
	f := &flaky{fail: 1 << 30}
	p, err := New(s, Options{Bucket: f, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	f.p = p
	put(t, p, t0, "a", "b")
	drain(t, p)
	l := p.Ledger()
	if l.Lost != 2 || l.Delivered() != 0 {
		t.Errorf("ledger %s", l.String())
	}
	if last := f.puts[len(f.puts)-1].Sub(t0); last > 24*time.Hour || last < 24*time.Hour-2*time.Minute {
		t.Errorf("last attempt after %v", last)
	}
}

func TestBackup(t *testing.T) {
	s := lambdaStream(t)
	b := s.S3
	b.Bucket = "source"
	s.Backup = &b
	m := &s3.Memory{}
	p, err := New(s, Options{Bucket: m, Seed: 1, Invoker: echo(func([]byte) []byte { return nil })})
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, t0, "a", "b")
	drain(t, p)
	if len(m.Objects) != 1 || m.Objects[0].Bucket != "source" || string(m.Objects[0].Body) != "ab" || m.Objects[0].Kind != s3.Backup {
		t.Errorf("objects %+v", m.Objects)
	}
	if l := p.Ledger(); l.Dropped() != 2 || l.Delivered() != 0 {
		t.Errorf("ledger %s", l.String())
	}
}

// TestFlush interrupts a stream: what is held is tried once, whether it is due or not.
func TestFlush(t *testing.T) {
	s := lambdaStream(t)
	m := &s3.Memory{}
	p, err := New(s, Options{Bucket: m, Seed: 1, Invoker: echo(bytes.ToUpper)})
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, t0, "a")
	if err := p.Flush(context.Background(), t0); err != nil {
		t.Fatal(err)
	}
	if len(m.Objects) != 1 || string(m.Objects[0].Body) != "A" {
		t.Errorf("objects %+v", m.Objects)
	}
	l := p.Ledger()
	if err := l.Check(); err != nil || l.Held() != 0 {
		t.Errorf("%v %s", err, l.String())
	}
}

// TestWorkers runs one stream on one core and on several: the same bytes under the same keys.
func TestWorkers(t *testing.T) {
	run := func(workers int) string {
		s := lambdaStream(t)
		s.Lambda.Hints.Size = 2000
		s.S3.Hints.Size = 5000
		m := &s3.Memory{}
		rng := rand.New(rand.NewSource(1))
		p, err := New(s, Options{Bucket: m, Seed: 1, Workers: workers, Invoker: echo(func(d []byte) []byte {
			if len(d)%7 == 0 {
				return nil
			}
			return bytes.ToUpper(d)
		})})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 50 {
			var data []string
			for range 100 {
				data = append(data, strings.Repeat("x", rng.Intn(300)))
			}
			put(t, p, t0.Add(time.Duration(i)*time.Second), data...)
		}
		drain(t, p)
		var b strings.Builder
		for _, o := range m.Objects {
			fmt.Fprintf(&b, "%s %s\n", o.Key, o.Body)
		}
		return b.String()
	}
	if one, four := run(1), run(4); one != four {
		t.Error("the objects of one worker and of four differ")
	}
}

// discard is a bucket that keeps nothing.
type discard struct{ n int }

func (d *discard) Put(_ context.Context, o s3.Object) error { d.n += o.Records; return nil }

// BenchmarkPassThrough is a record of 500 bytes from Put to a bucket that keeps nothing.
func BenchmarkPassThrough(b *testing.B) {
	s := testStream(b, "", "")
	d := &discard{}
	p, err := New(s, Options{Bucket: d, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	in := make([]record.Record, 500)
	data := bytes.Repeat([]byte("x"), 500)
	for i := range in {
		in[i] = record.Record{Data: data, Arrival: t0.UnixMilli()}
	}
	b.ReportAllocs()
	b.SetBytes(500)
	ctx := context.Background()
	now := t0
	for n := 0; n < b.N; n += len(in) {
		next, err := p.Put(now, in[:min(len(in), b.N-n)])
		if err != nil {
			b.Fatal(err)
		}
		if !next.After(now) {
			if _, err := p.Advance(ctx, now); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := p.Flush(ctx, now); err != nil || d.n != b.N {
		b.Fatalf("%d of %d records, %v", d.n, b.N, err)
	}
}

// TestHoursErrors fails two records twelve hours apart: their lines have their own times, in objects under their own hours.
func TestHoursErrors(t *testing.T) {
	s := lambdaStream(t)
	s.Lambda.Retries = 0
	m := &s3.Memory{}
	p, err := New(s, Options{Bucket: m, Seed: 1, Invoker: invokeFunc(func(context.Context, []byte) ([]byte, error) {
		return nil, &lambda.FunctionError{Type: "Error"}
	})})
	if err != nil {
		t.Fatal(err)
	}
	late := t0.Add(12 * time.Hour)
	put(t, p, t0, "one")
	put(t, p, late, "two")
	drain(t, p)
	lines := errorLines(t, m)
	if len(lines) != 2 || len(m.Objects) != 2 {
		t.Fatalf("%d lines in %d objects", len(lines), len(m.Objects))
	}
	for i, at := range []time.Time{t0, late} {
		l := lines[i]
		if l.ArrivalTimestamp != at.UnixMilli() || l.AttemptEndingTimestamp != at.Add(time.Minute).UnixMilli() || l.AttemptsMade != 1 {
			t.Errorf("line %d: %+v", i, l)
		}
		if want := "processing-failed/" + at.Format("2006/01/02/15/") + "d-1-" + at.Format("2006-01-02-15-04-05-"); !strings.HasPrefix(m.Objects[i].Key, want) {
			t.Errorf("object %s, want %s…", m.Objects[i].Key, want)
		}
	}
}

package harness

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/decode"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/internal/input"
	"github.com/hydrantkit/hydrant/internal/jq"
)

func partitioned(t testing.TB, prefix, query string) *Stream {
	t.Helper()
	s := testStream(t, "", "e/!{firehose:error-output-type}/")
	p, err := s3.ParsePrefix(prefix, s3.Use{Partitioning: true})
	if err != nil {
		t.Fatal(err)
	}
	s.S3.Prefix = p
	s.S3.Hints = buffer.Hints{Size: 64 * MiB, Interval: 60 * time.Second}
	s.Partitioning = &Partitioning{Retry: 300 * time.Second}
	if query != "" {
		if s.Partitioning.Query, err = jq.Compile(query); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// keysAndBodies lists objects without the parts of their keys that are chance.
func keysAndBodies(m *s3.Memory) (out []string) {
	for _, o := range m.Objects {
		key, _, _ := strings.Cut(o.Key, "d-1-")
		out = append(out, key+" "+string(o.Body))
	}
	return out
}

func TestPartitions(t *testing.T) {
	s := partitioned(t, "c=!{partitionKeyFromQuery:c}/!{timestamp:HH}/", `{c: .c}`)
	s.Delimiter = true
	m := &s3.Memory{}
	p, err := New(s, Options{Bucket: m, Seed: 1, ActivePartitions: 2})
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, t0, `{"c":"a","n":1}`, `{"c":"b"}`, `{"c":"a","n":2}`, `{"n":3}`, `{"c":"over"}`)
	put(t, p, t0.Add(2*time.Minute), `{"c":"third"}`) // the first two are delivered and closed
	drain(t, p)
	got := keysAndBodies(m)
	if len(got) != 4 || got[0] != "c=a/10/ {\"c\":\"a\",\"n\":1}\n{\"c\":\"a\",\"n\":2}" || got[1] != `c=b/10/ {"c":"b"}` || got[2] != `c=third/10/ {"c":"third"}` || !strings.HasPrefix(got[3], "e/processing-failed/ ") {
		t.Errorf("objects %q", got)
	}
	lines := errorLines(t, m)
	if len(lines) != 2 || lines[0].ErrorCode != "DynamicPartitioning.MetadataExtractionFailed" || string(lines[0].RawData) != `{"n":3}` ||
		lines[1].ErrorCode != "DynamicPartitioning.ActivePartitionsLimitExceeded" || lines[1].LambdaARN != "" {
		t.Errorf("lines %+v", lines)
	}
	if l := p.Ledger(); l.Partitions != 3 || l.MostPartitions != 2 || len(p.outlets) != 0 {
		t.Errorf("%+v, %d open", l, len(p.outlets))
	}
}

// TestPartitionByPrefix closes partitions too, and refuses those beyond the limit.
func TestPartitionByPrefix(t *testing.T) {
	s := partitioned(t, "c=!{partitionKeyFromQuery:c}/!{timestamp:mm}/!{firehose:random-string}/", `{c: .c}`)
	m := &s3.Memory{}
	p, err := New(s, Options{Bucket: m, Seed: 1, ActivePartitions: 2, PartitionByPrefix: true})
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, t0, `{"c":"a"}`, `{"c":"a"}`, `{"c":"a"}`)
	put(t, p, t0.Add(2*time.Minute), `{"c":"a"}`)
	put(t, p, t0.Add(3*time.Minute), fmt.Sprintf(`{"c":%q}`, strings.Repeat("x", 600)))
	drain(t, p)
	lines := errorLines(t, m)
	if len(lines) != 2 || lines[0].ErrorCode != "DynamicPartitioning.ActivePartitionsLimitExceeded" || lines[1].ErrorCode != "DynamicPartitioning.MetadataExtractionFailed" {
		t.Errorf("lines %+v", lines)
	}
	if l := p.Ledger(); l.Partitions != 3 || l.MostPartitions != 2 || len(p.outlets) != 0 {
		t.Errorf("%+v, %d open", l, len(p.outlets))
	}
}

// TestOddKeys counts partitions whose values do in object keys what their author may not expect.
func TestOddKeys(t *testing.T) {
	s := partitioned(t, "!{partitionKeyFromQuery:a}/!{partitionKeyFromQuery:b}/", `{b: .b, a: .a}`)
	p, err := New(s, Options{Bucket: &s3.Memory{}, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, t0, `{"a":"é x.y","b":"1"}`, `{"a":"..","b":"1"}`, `{"a":"..","b":"1"}`, `{"a":"x\n","b":"1/2"}`)
	drain(t, p)
	if got := fmt.Sprint(p.Ledger().OddKeys); got != "[{a .. 2} {b 1/2 1}]" {
		t.Error(got)
	}
}

// TestKeysFromLambda takes keys from answers and from the query, in their two namespaces.
func TestKeysFromLambda(t *testing.T) {
	s := partitioned(t, "!{partitionKeyFromLambda:k}/!{partitionKeyFromQuery:k}/", `{k: .k}`)
	s.Lambda = &Lambda{ARN: "arn:f", Hints: buffer.Hints{Size: MiB, Interval: time.Second}}
	m := &s3.Memory{}
	p, err := New(s, Options{Bucket: m, Seed: 1, Invoker: invokeFunc(func(_ context.Context, event []byte) ([]byte, error) {
		var e testEvent
		if err := json.Unmarshal(event, &e); err != nil {
			return nil, err
		}
		out := []byte(`{"records":[`)
		for i, r := range e.Records {
			keys := `{"other":"x","k":"l` + fmt.Sprint(i%2) + `"}`
			if i == 3 {
				keys = `{}`
			}
			out = fmt.Appendf(out, `%s{"recordId":%q,"result":"Ok","data":"%s","metadata":{"partitionKeys":%s}}`, map[bool]string{true: ",", false: ""}[i > 0], r.RecordID, base64.StdEncoding.EncodeToString(r.Data), keys)
		}
		return append(out, "]}"...), nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, t0, `{"k":1}`, `{"k":1}`, `{"k":1}`, `{"k":1}`)
	drain(t, p)
	got := keysAndBodies(m)
	if len(got) != 3 || got[0] != `l0/1/ {"k":1}{"k":1}` || got[1] != `l1/1/ {"k":1}` {
		t.Errorf("objects %q", got)
	}
	if lines := errorLines(t, m); len(lines) != 1 || lines[0].ErrorCode != "DynamicPartitioning.MetadataExtractionFailed" {
		t.Errorf("lines %+v", lines)
	}
}

// TestPartitionRetry denies the bucket for longer than RetryOptions: the records end in the error output.
func TestPartitionRetry(t *testing.T) {
	s := partitioned(t, "!{partitionKeyFromQuery:k}/", `{k: .k}`)
	f := &flaky{fail: 1 << 30}
	p, err := New(s, Options{Bucket: f, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	f.p = p
	put(t, p, t0, `{"k":1}`)
	if _, err := p.Advance(context.Background(), t0.Add(10*time.Minute)); err != nil {
		t.Fatal(err)
	}
	f.fail = 0
	drain(t, p)
	lines := errorLines(t, &f.Memory)
	if len(lines) != 1 || lines[0].ErrorCode != "S3.AccessDenied" || lines[0].AttemptsMade < 5 || string(lines[0].RawData) != `{"k":1}` {
		t.Errorf("lines %+v", lines)
	}
	if l := p.Ledger(); l.Failed() != 1 || l.Lost != 0 {
		t.Errorf("%s", l.String())
	}
}

// TestManyPartitions: 5,000 open partitions cost little memory each.
func TestManyPartitions(t *testing.T) {
	s := partitioned(t, "!{partitionKeyFromQuery:k}/", `{k: .k}`)
	m := &s3.Memory{}
	p, err := New(s, Options{Bucket: m, Seed: 1, ActivePartitions: 5000})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10000 {
		put(t, p, t0, fmt.Sprintf(`{"k":%d}`, i%5000))
	}
	drain(t, p)
	if l := p.Ledger(); len(m.Objects) != 5000 || l.Delivered() != 10000 {
		t.Errorf("%d objects, %d records", len(m.Objects), l.Delivered())
	}
}

// TestDecode runs compressed aggregates through decompression, de-aggregation and a transform: children are records of
// their own, and what fails keeps its own bytes.
func TestDecode(t *testing.T) {
	s := lambdaStream(t)
	s.Decompress = &decode.Decompress{}
	s.Deaggregate = &decode.Deaggregate{}
	m := &s3.Memory{}
	p, err := New(s, Options{Bucket: m, Seed: 1, Invoker: echo(func(d []byte) []byte {
		if bytes.Contains(d, []byte("drop")) {
			return nil
		}
		return bytes.ToUpper(d)
	})})
	if err != nil {
		t.Fatal(err)
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	fmt.Fprint(w, `{"a":1} {"drop":2}{"b":3}`)
	w.Close()
	put(t, p, t0, z.String(), "not gzip")
	drain(t, p)
	l := p.Ledger()
	if l.In() != 2 || l.Added() != 2 || l.Delivered() != 2 || l.Dropped() != 1 || l.Failed() != 1 {
		t.Errorf("%s", l.String())
	}
	if len(m.Objects) != 2 || !strings.HasPrefix(m.Objects[0].Key, "decompression-failed/") || string(m.Objects[1].Body) != `{"A":1}{"B":3}` {
		t.Errorf("objects %q", keysAndBodies(m))
	}
	if lines := errorLines(t, m); len(lines) != 1 || string(lines[0].RawData) != "not gzip" || lines[0].ErrorCode != "Decompression failed." {
		t.Errorf("lines %+v", lines)
	}
}

func BenchmarkPartitioned(b *testing.B) {
	s := partitioned(b, "!{partitionKeyFromQuery:k}/!{partitionKeyFromQuery:y}/", `{k: .k, y: .ts|strftime("%Y")}`)
	for _, partitions := range []int{100, 5000} {
		b.Run(fmt.Sprint(partitions), func(b *testing.B) {
			d := &discard{}
			p, err := New(s, Options{Bucket: d, Seed: 1, ActivePartitions: 5000})
			if err != nil {
				b.Fatal(err)
			}
			var data [][]byte
			for i := range 5000 { // as many for each, or a cache would hold the fewer
				data = append(data, fmt.Appendf(nil, `{"k":"k%d","ts":1565382027,"text":"%s"}`, i%partitions, strings.Repeat("x", 950)))
			}
			b.SetBytes(int64(len(data[0])))
			b.ReportAllocs()
			one := make([]record.Record, 1)
			now := t0
			b.ResetTimer()
			for n := range b.N {
				one[0] = record.Record{Data: data[n%len(data)], Arrival: now.UnixMilli()}
				if n%1000 == 999 {
					now = now.Add(time.Second)
				}
				if next := p.next(); !next.IsZero() && !next.After(now) {
					if _, err := p.Advance(context.Background(), now); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := p.Put(now, one); err != nil {
					b.Fatal(err)
				}
			}
			if err := p.Flush(context.Background(), now); err != nil || d.n != b.N {
				b.Fatalf("%d of %d records, %v", d.n, b.N, err)
			}
		})
	}
}

// TestShortRecords: an event is mostly what is written around short records, so the Lambda's batches end before an invocation
// would be too large; none fails for its neighbours' sake.
func TestShortRecords(t *testing.T) {
	s := lambdaStream(t)
	m := &s3.Memory{}
	p, err := New(s, Options{Bucket: m, Seed: 1, Invoker: echo(bytes.ToUpper)})
	if err != nil {
		t.Fatal(err)
	}
	in := make([]string, 40000)
	for i := range in {
		in[i] = "a line of 20 bytes.."
	}
	put(t, p, t0, in...)
	drain(t, p)
	if l := p.Ledger(); l.Delivered() != 40000 || l.Invoked != 2 {
		t.Errorf("%s, %d invocations", l.String(), l.Invoked)
	}
}

// TestLongOutage has a bucket out of reach for 30 hours: what is lost is what was put in its first six, an hour more or
// less, and not what waited behind that.
func TestLongOutage(t *testing.T) {
	s := testStream(t, "", "")
	s.S3.Hints = buffer.Hints{Size: 5 * MiB, Interval: 5 * time.Minute}
	faults := &Faults{}
	faults.Add(Fault{Place: "s3", Kind: "denied", For: 30 * time.Hour})
	p, err := faults.New(s, Options{Bucket: &s3.Memory{}, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var records [][]byte
	for i := range 36 * 60 {
		records = append(records, fmt.Append(nil, i))
	}
	in := &pacedInput{records: records, every: time.Minute}
	if err := Replay(context.Background(), p, s, in, ReplayOptions{}); err != nil {
		t.Fatal(err)
	}
	if l := p.Ledger(); l.Check() != nil || l.Lost < 300 || l.Lost > 430 || l.Lost+l.Delivered() != int64(len(records)) {
		t.Errorf("%s", l.String())
	}
}

// A pacedInput is records that arrive at a pace.
type pacedInput struct {
	records [][]byte
	every   time.Duration
	n       int
}

func (p *pacedInput) Next() (input.Record, error) {
	if p.n == len(p.records) {
		return input.Record{}, io.EOF
	}
	r := input.Record{Data: p.records[p.n], HasArrival: true, Arrival: t0.Add(time.Duration(p.n) * p.every).UnixMilli()}
	p.n++
	return r, nil
}

package decode_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/decode"
	"github.com/hydrantkit/hydrant/harness/record"
)

// A station is what Decompress and Deaggregate have in common; it is the shape of a processor of the pipeline.
type station interface {
	Process(ctx context.Context, now time.Time, attempt int, in []record.Record) (record.Outcome, error)
	Failures(in []record.Record, o *record.Outage, attempts int, at time.Time) []record.Failure
}

var (
	_ station = (*decode.Decompress)(nil)
	_ station = (*decode.Deaggregate)(nil)
)

var now = time.UnixMilli(1_700_000_000_123)

// records are puts of data, numbered as the pipeline numbers them.
func records(data ...string) []record.Record {
	in := make([]record.Record, len(data))
	for i, s := range data {
		b := []byte(s)
		in[i] = record.Record{Seq: uint64(i + 10), Data: b, Raw: b, Arrival: int64(1000 + i), Source: &record.Source{Shard: "shardId-000000000003"}}
	}
	return in
}

// process runs a station and checks what holds for every outcome: no record is lost, each output belongs to an input
// and keeps its place, Data can be appended to without harm, and failures say what error lines need.
func process(t testing.TB, s station, in []record.Record) record.Outcome {
	t.Helper()
	out, err := s.Process(context.Background(), now, 1, in)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(out.Out) + len(out.Failed) + out.Dropped; got != len(in)+out.Added || out.Added < 0 || out.Dropped < 0 {
		t.Fatalf("%d records and %d added, but %d out, %d failed, %d dropped", len(in), out.Added, len(out.Out), len(out.Failed), out.Dropped)
	}
	if !out.End.Equal(now) {
		t.Errorf("ends at %v", out.End)
	}
	byseq := map[uint64]*record.Record{}
	for i := range in {
		byseq[in[i].Seq] = &in[i]
	}
	for i := range out.Out {
		r := &out.Out[i]
		p := byseq[r.Seq]
		if p == nil || r.Arrival != p.Arrival || r.Source != p.Source || r.Keys != p.Keys {
			t.Fatalf("record %d is of none that came in", i)
		}
		if i > 0 && (out.Out[i-1].Seq > r.Seq || out.Out[i-1].Seq == r.Seq && out.Out[i-1].Sub+1 != r.Sub) {
			t.Errorf("record %d.%d behind %d.%d", r.Seq, r.Sub, out.Out[i-1].Seq, out.Out[i-1].Sub)
		}
		if cap(r.Data) != len(r.Data) && !same(r.Data, p.Data) {
			t.Errorf("record %d has room for %d more bytes, which are its neighbour's", i, cap(r.Data)-len(r.Data))
		}
	}
	for i := range out.Failed {
		f := &out.Failed[i]
		p := byseq[f.Record.Seq]
		if p == nil || !same(f.Record.Raw, p.Raw) || f.Attempts != 1 || f.At != now.UnixMilli() || f.Code == "" || f.Message == "" {
			t.Errorf("failure %d: %+v", i, *f)
		}
	}
	return out
}

// same tells whether a and b are the same bytes at the same place.
func same(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func texts(records []record.Record) []string {
	var s []string
	for i := range records {
		s = append(s, string(records[i].Data))
	}
	return s
}

var writers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

func gzipped(s string) string {
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	var b bytes.Buffer
	w.Reset(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

// record-transformation.md §1: decompression, then extraction, then de-aggregation (CHOICE where all are configured).
func TestOrder(t *testing.T) {
	in := records(gzipped(`{"messageType":"DATA_MESSAGE","logEvents":[{"message":"{\"a\":1}"},{"message":"{\"a\":2}"}]}`),
		gzipped(`{"messageType":"CONTROL_MESSAGE","logEvents":[{"message":"CWL CONTROL MESSAGE: Checking health of destination Firehose."}]}`),
		"not gzip",
		gzipped(`{"messageType":"DATA_MESSAGE","logEvents":[{"message":"plain text"}]}`))
	first := process(t, &decode.Decompress{DataMessageExtraction: true}, in)
	second := process(t, &decode.Deaggregate{}, first.Out)
	if got := fmt.Sprintf("%q", texts(second.Out)); got != `["{\"a\":1}" "{\"a\":2}"]` {
		t.Errorf("records %s", got)
	}
	if len(first.Failed) != 1 || len(second.Failed) != 1 || second.Dropped != 1 || second.Added != 1 {
		t.Errorf("outcomes %+v, %+v", first, second)
	}
	// record-transformation.md §7: a later failing stage also stores the original compressed bytes.
	if f := second.Failed[0]; !same(f.Record.Raw, in[3].Data) {
		t.Errorf("raw data %q", f.Record.Raw)
	}
}

func TestFailures(t *testing.T) {
	in := records("a", "b")
	for _, tt := range []struct {
		s     station
		cause record.Cause
	}{{&decode.Decompress{}, record.DecompressionFailed}, {&decode.Deaggregate{}, record.ProcessingFailed}} {
		got := tt.s.Failures(in, &record.Outage{Code: "Lambda.FunctionError", Message: "text"}, 4, now)
		if len(got) != 2 || got[1].Cause != tt.cause || got[1].Code != "Lambda.FunctionError" || got[1].Message != "text" ||
			got[1].Attempts != 4 || got[1].At != now.UnixMilli() || got[1].Record.Seq != 11 {
			t.Errorf("%T: %+v", tt.s, got)
		}
	}
}

func ExampleDeaggregate() {
	d := decode.Deaggregate{SubRecordType: decode.JSON}
	put := []byte(`{"customer":1}{"customer":2}` + "\n" + `{"customer":3}`)
	out, _ := d.Process(context.Background(), time.UnixMilli(0), 1, []record.Record{{Seq: 7, Data: put, Raw: put}})
	for _, r := range out.Out {
		fmt.Printf("%d.%d %s\n", r.Seq, r.Sub, r.Data)
	}
	fmt.Println("added", out.Added)
	// Output:
	// 7.0 {"customer":1}
	// 7.1 {"customer":2}
	// 7.2 {"customer":3}
	// added 2
}

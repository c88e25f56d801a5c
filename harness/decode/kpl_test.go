package decode_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/harness/decode"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/kpl"
)

// The vector of sources.md §5: a and b, both with the partition key pk.
const vector = "f3899ac20a02706b1a0508001a01611a0508001a01626f1e24de96254daad79df3c1c7a9940f"

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sum puts the magic before body and its sum behind it.
func sum(body string) []byte {
	s := md5.Sum([]byte(body))
	return append(append([]byte("\xf3\x89\x9a\xc2"), body...), s[:]...)
}

// outer is a record of a Kinesis stream.
func outer(data []byte) record.Record {
	return record.Record{Seq: 5, Data: data, Raw: data, Arrival: 1507217624302, Source: &record.Source{
		Shard: "shardId-000000000000", PartitionKey: "a", SequenceNumber: "4954", Arrival: 1507217624302}}
}

// admit takes r apart and checks what holds for every record.
func admit(t testing.TB, k *decode.KPL, r record.Record) ([]record.Record, error) {
	t.Helper()
	before := []record.Record{{Seq: 4}}
	got, err := k.Append(before, r)
	if got[0].Seq != 4 {
		t.Fatal("what was in dst has changed")
	}
	got = got[1:]
	if err != nil && (len(got) != 1 || !same(got[0].Data, r.Data)) {
		t.Fatalf("%v, but %d records", err, len(got))
	}
	for i := range got {
		c := &got[i]
		if c.Seq != r.Seq || c.Sub != 0 || c.Arrival != r.Arrival || !same(c.Raw, c.Data) {
			t.Errorf("child %d: %+v", i, *c)
		}
		if len(got) == 1 && c.Source == r.Source {
			continue
		}
		s := *c.Source
		want := record.Source{PartitionKey: s.PartitionKey, Subsequence: int64(i)}
		if r.Source != nil {
			want.Shard, want.SequenceNumber, want.Arrival = r.Source.Shard, r.Source.SequenceNumber, r.Source.Arrival
		}
		if s != want {
			t.Errorf("child %d: source %+v, want %+v", i, s, want)
		}
		if cap(c.Data) != len(c.Data) {
			t.Errorf("child %d has room for %d bytes of its neighbour's", i, cap(c.Data)-len(c.Data))
		}
	}
	return got, err
}

func TestKPL(t *testing.T) {
	good := unhex(t, vector)
	wrong := bytes.Clone(good)
	wrong[len(wrong)-1]++
	long := bytes.Clone(good)
	long = append(long, 0)
	for _, tt := range []struct {
		name    string
		in      []byte
		want    string // partition key:data of each child; "plain" where it stays a plain record
		wantErr string
	}{
		{name: "sources.md §5: the test vector", in: good, want: "pk:a pk:b"},
		{name: "sources.md §5: shorter than 20 bytes is plain", in: good[:19], want: "plain"},
		{name: "sources.md §5: a wrong magic is plain", in: append([]byte{0xf4}, good[1:]...), want: "plain"},
		{name: "sources.md §5: a wrong MD5 is plain", in: wrong, want: "plain"},
		{name: "bytes behind the sum", in: long, want: "plain"},
		{name: "no aggregate", in: []byte(`{"a":1,"text":"long enough to be one"}`), want: "plain"},
		{name: "an empty record", in: nil, want: "plain"},
		{name: "sources.md §5 CHOICE: a parse error after a good MD5 is plain, with a warning", in: sum("\x0a\x7fk"), want: "plain", wantErr: "aggregate taken as a plain record"},
		{name: "sources.md §5 CHOICE: an index out of range is plain, with a warning", in: sum("\x0a\x01k\x1a\x05\x08\x00\x1a\x01a\x1a\x05\x08\x01\x1a\x01b"), want: "plain", wantErr: "partition key 1 of 1"},
		{name: "sources.md §5 CHOICE: an empty aggregate emits nothing", in: sum(""), want: ""},
		{name: "keys without records emit nothing", in: sum("\x0a\x01k"), want: ""},
		{name: "sources.md §5: children have their own partition keys", in: kpl.Append(nil, []kpl.Child{
			{PartitionKey: "x", Data: []byte("1")}, {PartitionKey: "y", ExplicitHashKey: "7", Data: []byte("2")}, {PartitionKey: "x", Data: nil}}), want: "x:1 y:2 x:"},
		{name: "sources.md §5 CHOICE: a child of another shard's hash range is kept", in: kpl.Append(nil, []kpl.Child{
			{PartitionKey: "a", ExplicitHashKey: "0", Data: []byte("1")},
			{PartitionKey: "a", ExplicitHashKey: "340282366920938463463374607431768211455", Data: []byte("2")}}), want: "a:1 a:2"},
		{name: "one child", in: kpl.Append(nil, []kpl.Child{{PartitionKey: "x", Data: []byte("1")}}), want: "x:1"},
		{name: "an aggregate in an aggregate stays one", in: kpl.Append(nil, []kpl.Child{{PartitionKey: "x", Data: good}}), want: "x:" + string(good)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var k decode.KPL
			r := outer(tt.in)
			got, err := admit(t, &k, r)
			if (err != nil) != (tt.wantErr != "") || err != nil && !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("error %v, want %q", err, tt.wantErr)
			}
			if tt.want == "plain" {
				if len(got) != 1 || !same(got[0].Data, r.Data) || got[0].Source != r.Source {
					t.Errorf("%+v is not what came in", got)
				}
				return
			}
			var s []string
			for i := range got {
				s = append(s, got[i].Source.PartitionKey+":"+string(got[i].Data))
			}
			if strings.Join(s, " ") != tt.want {
				t.Errorf("children %q, want %q", s, tt.want)
			}
		})
	}
}

// Plain records and aggregates may come in turns, and a record without metadata is taken apart too.
func TestKPLMixed(t *testing.T) {
	var k decode.KPL
	var got []record.Record
	var err error
	for _, b := range [][]byte{[]byte("plain"), unhex(t, vector), sum(""), []byte("plain too"), unhex(t, vector)} {
		if got, err = k.Append(got, record.Record{Data: b, Raw: b}); err != nil {
			t.Fatal(err)
		}
	}
	if s := fmt.Sprintf("%q", texts(got)); s != `["plain" "a" "b" "plain too" "a" "b"]` {
		t.Errorf("records %s", s)
	}
	if s := got[2].Source; s == nil || s.PartitionKey != "pk" || s.Subsequence != 1 {
		t.Errorf("source %+v", s)
	}
}

func FuzzKPL(f *testing.F) {
	f.Add([]byte("\x0a\x02pk\x1a\x05\x08\x00\x1a\x01a"), true)
	f.Add([]byte("\xf3\x89\x9a\xc2 and more than sixteen bytes"), false)
	f.Fuzz(func(t *testing.T, body []byte, aggregate bool) {
		if aggregate {
			body = sum(string(body))
		}
		var k decode.KPL
		first, err := admit(t, &k, outer(body))
		again, err2 := admit(t, &k, outer(body)) // with memory that was used
		if (err == nil) != (err2 == nil) || fmt.Sprint(texts(first)) != fmt.Sprint(texts(again)) {
			t.Errorf("%q, %v and then %q, %v", texts(first), err, texts(again), err2)
		}
	})
}

func BenchmarkKPL(b *testing.B) {
	var children []kpl.Child
	for i := range 100 {
		children = append(children, kpl.Child{PartitionKey: fmt.Sprint("key", i%8), Data: bytes.Repeat([]byte("x"), 500)})
	}
	r := outer(kpl.Append(nil, children))
	plain := outer(bytes.Repeat([]byte("x"), 500))
	b.Run("aggregate", func(b *testing.B) {
		var k decode.KPL
		var out []record.Record
		b.SetBytes(int64(len(r.Data)))
		b.ReportAllocs()
		for b.Loop() {
			out, _ = k.Append(out[:0], r)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/record")
	})
	b.Run("plain", func(b *testing.B) {
		var k decode.KPL
		var out []record.Record
		b.SetBytes(int64(len(plain.Data)))
		b.ReportAllocs()
		for b.Loop() {
			out, _ = k.Append(out[:0], plain)
		}
	})
}

package decode_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/harness/decode"
	"github.com/hydrantkit/hydrant/harness/record"
)

func TestDeaggregate(t *testing.T) {
	many := func(s string, n int) []string { return slices.Repeat([]string{s}, n) }
	for _, tt := range []struct {
		name      string
		delimiter string // "" is JSON
		arrays    bool
		empty     decode.EmptyPieces
		in        string
		want      []string // nil where it is dropped
		whole     bool     // it isn't split
		wantErr   string   // of the failure's message
	}{
		{name: "dynamic-partitioning.md §4: JSON documents without anything between", in: `{"a":1}{"b":{"c":[1,"}{"]}}`, want: []string{`{"a":1}`, `{"b":{"c":[1,"}{"]}}`}},
		{name: "dynamic-partitioning.md §4: white space and newlines between, which go", in: " {\"a\":1}\r\n\t{\"b\": 2}\n\n{}\n", want: []string{`{"a":1}`, `{"b": 2}`, `{}`}},
		{name: "dynamic-partitioning.md §4 CHOICE: a top-level array is one record", in: `[{"a":1},{"a":2}]`, want: []string{`[{"a":1},{"a":2}]`}},
		{name: "elements of arrays", arrays: true, in: `[{"a":1} , [2]]3[]` + " [ \"x\"\n]", want: []string{`{"a":1}`, `[2]`, `3`, `"x"`}},
		{name: "an empty array of elements", arrays: true, in: `[ ]`, want: nil},
		{name: "an array that is none", arrays: true, in: `[1][2,]`, wantErr: "sub-record 1 is not a JSON document"},
		{name: "500 elements", arrays: true, in: "[0" + strings.Repeat(",0", 498) + "]0", want: many("0", 500)},
		{name: "501 elements are not split", arrays: true, in: "[0" + strings.Repeat(",0", 500) + "]", whole: true},
		{name: "501 elements of two arrays are not split", arrays: true, in: "[0" + strings.Repeat(",0", 498) + "][0,0]", whole: true},
		{name: "dynamic-partitioning.md §4 CHOICE: an undecodable rest fails the whole record", in: `{"a":1}{"b":2}{"c"`, wantErr: "sub-record 2 is not a JSON document"},
		{name: "a rest at once", in: `hello`, wantErr: "sub-record 0 is not a JSON document"},
		{name: "a comma between", in: `{"a":1},{"a":2}`, wantErr: "sub-record 1 is not a JSON document"},
		{name: "a byte order mark", in: "\ufeff{}", wantErr: "sub-record 0 is not a JSON document"},
		{name: "not UTF-8", in: "{\"a\":\"\xff\"}", wantErr: "sub-record 0 is not a JSON document"},
		{name: "nested too deep", in: strings.Repeat("[", 100_000), wantErr: "sub-record 0 is not a JSON document"},
		{name: "scalars", in: `1 -2.5e3 "a""b"true null{}3[]`, want: []string{"1", "-2.5e3", `"a"`, `"b"`, "true", "null", "{}", "3", "[]"}},
		{name: "numbers that touch", in: `1-2`, wantErr: "it doesn't end at byte 1"},
		{name: "literals that touch", in: `truefalse`, wantErr: "it doesn't end at byte 4"},
		{name: "one document", in: ` {"a":1}`, want: []string{`{"a":1}`}},
		{name: "none", in: "", want: nil},
		{name: "white space", in: " \n", want: nil},
		{name: "dynamic-partitioning.md §4 [model]: 500 sub-records", in: strings.Repeat("{}\n", 500), want: many("{}", 500)},
		{name: "dynamic-partitioning.md §4 [model]: 501 sub-records are not split", in: strings.Repeat("{}\n", 501), whole: true},
		{name: "what comes behind 500 documents isn't read", in: strings.Repeat("{} ", 500) + "x", whole: true},

		{name: "dynamic-partitioning.md §4: exact delimiters, removed", delimiter: "####", in: `a####b#c###d`, want: []string{"a", "b#c###d"}},
		{name: "dynamic-partitioning.md §4: LF", delimiter: "\n", in: "a\nb\r\nc", want: []string{"a", "b\r", "c"}},
		{name: "dynamic-partitioning.md §4 CHOICE: an empty trailing piece is dropped", delimiter: "\n", in: "a\nb\n", want: []string{"a", "b"}},
		{name: "dynamic-partitioning.md §4 CHOICE: inner empty pieces are kept", delimiter: "\n", in: "\na\n\nb\n\n", want: []string{"", "a", "", "b", ""}},
		{name: "empty pieces are kept", delimiter: "\n", empty: decode.KeepEmpty, in: "\na\n\nb\n\n", want: []string{"", "a", "", "b", "", ""}},
		{name: "empty pieces are dropped", delimiter: "\n", empty: decode.DropEmpty, in: "\na\n\nb\n\n", want: []string{"a", "b"}},
		{name: "none, kept", delimiter: "\n", empty: decode.KeepEmpty, in: "", want: []string{""}},
		{name: "delimiters only, dropped", delimiter: "\n", empty: decode.DropEmpty, in: "\n\n", want: nil},
		{name: "501 pieces, dropped ones not among them", delimiter: ",", empty: decode.DropEmpty, in: strings.Repeat("a,,", 500) + "a", whole: true},
		{name: "500 pieces, and dropped ones", delimiter: ",", empty: decode.DropEmpty, in: strings.Repeat("a,,", 500), want: many("a", 500)},
		{name: "no delimiter in it", delimiter: "####", in: "abc", want: []string{"abc"}},
		{name: "only a delimiter", delimiter: "####", in: "####", want: []string{""}},
		{name: "delimiters are found from the left", delimiter: "##", in: "a###b", want: []string{"a", "#b"}},
		{name: "part of a delimiter at the end", delimiter: "####", in: "a####b##", want: []string{"a", "b##"}},
		{name: "none, delimited", delimiter: "####", in: "", want: nil},
		{name: "dynamic-partitioning.md §4 [model]: 500 pieces", delimiter: ",", in: strings.Repeat("a,", 500), want: many("a", 500)},
		{name: "dynamic-partitioning.md §4 [model]: 501 pieces are not split", delimiter: ",", in: strings.Repeat("a,", 500) + "a", whole: true},
		{name: "dynamic-partitioning.md §4: delimited pieces need not be JSON", delimiter: ",", in: "{,\xff", want: []string{"{", "\xff"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &decode.Deaggregate{SplitArrays: tt.arrays, EmptyPieces: tt.empty}
			if tt.delimiter != "" {
				d.SubRecordType, d.Delimiter = decode.Delimited, []byte(tt.delimiter)
			}
			// Between two others of two sub-records each, or one each.
			side := "1 2"
			sides := []string{"1", "2"}
			if tt.delimiter != "" {
				side, sides = "1", []string{"1"}
			}
			in := records(side, tt.in, side)
			out := process(t, d, in)
			switch {
			case tt.wantErr != "":
				if len(out.Failed) != 1 || out.Failed[0].Cause != record.ProcessingFailed || out.Failed[0].Code != decode.CodeUndecodable ||
					!strings.Contains(out.Failed[0].Message, tt.wantErr) || out.Failed[0].Record.Sub != 0 {
					t.Errorf("failed %+v, want message with %q", out.Failed, tt.wantErr)
				}
			case tt.whole:
				r := out.Out[len(sides)]
				if !same(r.Data, in[1].Data) || !same(r.Raw, in[1].Raw) || r.Sub != 0 {
					t.Errorf("record %d.%d %.50q is not what came in", r.Seq, r.Sub, r.Data)
				}
			}
			want := tt.want
			if tt.whole {
				want = []string{tt.in}
			}
			if got := texts(out.Out); !slices.Equal(got, slices.Concat(sides, want, sides)) {
				t.Errorf("records %.500q, want %.500q between %q", got, want, sides)
			}
			if added := 2*(len(sides)-1) + max(len(want)-1, 0); out.Added != added {
				t.Errorf("added %d, want %d", out.Added, added)
			}
			if dropped := tt.wantErr == "" && len(want) == 0; (out.Dropped == 1) != dropped || len(out.Failed) > 0 != (tt.wantErr != "") {
				t.Errorf("dropped %d, failed %+v", out.Dropped, out.Failed)
			}
			if !tt.whole {
				// dynamic-partitioning.md §4 CHOICE: what fails later is stored as the sub-record; record-transformation.md §8.
				for i := range out.Out {
					if r := &out.Out[i]; !same(r.Raw, r.Data) {
						t.Errorf("record %d.%d: raw %q", r.Seq, r.Sub, r.Raw)
					}
				}
			}
		})
	}
}

// dynamic-partitioning.md §4 CHOICE: the ids of sub-records are unique and stable.
func TestDeaggregateIDs(t *testing.T) {
	seen := map[string]string{}
	for range 2 {
		out := process(t, &decode.Deaggregate{}, records(`{"a":1}{"a":2}`, `{"a":3}`, `{"a":4} {"a":5}`))
		for i := range out.Out {
			id := string(out.Out[i].AppendID(nil))
			if s, ok := seen[id]; ok && s != string(out.Out[i].Data) {
				t.Errorf("%s is %s and %s", id, s, out.Out[i].Data)
			}
			seen[id] = string(out.Out[i].Data)
		}
	}
	if len(seen) != 5 {
		t.Errorf("%d ids for 5 sub-records", len(seen))
	}
}

// record-transformation.md §7: the parameters of RecordDeAggregation.
func TestDeaggregateParameters(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want decode.SubRecordType
		ok   bool
	}{
		{"JSON", decode.JSON, true}, {"DELIMITED", decode.Delimited, true}, {"Delimited", decode.Delimited, true}, {"json", decode.JSON, true},
		{"", 0, false}, {"CSV", 0, false},
	} {
		got, err := decode.ParseSubRecordType(tt.in)
		if got != tt.want || (err == nil) != tt.ok || tt.ok && got.String() != strings.ToUpper(tt.in) {
			t.Errorf("ParseSubRecordType(%q) = %v, %v", tt.in, got, err)
		}
	}
	for in, want := range map[string]string{"IyMjIw==": "####", "Cg==": "\n", "": "", "####": "", "IyMjIw": ""} {
		got, err := decode.ParseDelimiter(in)
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("ParseDelimiter(%q) = %q, %v", in, got, err)
		}
	}
	out := process(t, &decode.Deaggregate{SubRecordType: decode.Delimited}, records("abc", ""))
	if got := texts(out.Out); !slices.Equal(got, []string{"abc", ""}) {
		t.Errorf("without a delimiter %q", got)
	}
}

func FuzzDeaggregate(f *testing.F) {
	f.Add([]byte(`{"a":1}{"b":2}`+"\n"), []byte("\n"))
	f.Add([]byte("a####b########"), []byte("####"))
	f.Add([]byte(strings.Repeat("1 ", 501)), []byte(" "))
	f.Add([]byte("1-2 truefalse"), []byte("\x00"))
	f.Add([]byte(`[[[{"a":"\ud800"}]]] "x`), []byte("]"))
	f.Fuzz(func(t *testing.T, data, delimiter []byte) {
		in := records("{}", string(data), string(data))
		arrays := len(delimiter) == 1
		out := process(t, &decode.Deaggregate{SplitArrays: arrays}, in)
		if len(out.Failed) == 0 {
			// encoding/json cuts it at the same places.
			var want []string
			for d := json.NewDecoder(bytes.NewReader(data)); ; {
				var m json.RawMessage
				if d.Decode(&m) != nil {
					break
				}
				elements := []json.RawMessage{m}
				if arrays && m[0] == '[' {
					if err := json.Unmarshal(m, &elements); err != nil {
						t.Fatal(err)
					}
				}
				for _, e := range elements {
					want = append(want, string(e))
				}
			}
			if len(want) > decode.MaxSubRecords {
				want = []string{string(data)}
			}
			if got := texts(out.Out); !slices.Equal(got, slices.Concat([]string{"{}"}, want, want)) {
				t.Errorf("%q becomes %q; encoding/json has %q", data, got, want)
			}
		}
		if len(delimiter) == 0 {
			return
		}
		got := texts(process(t, &decode.Deaggregate{SubRecordType: decode.Delimited, Delimiter: delimiter}, in[1:]).Out)
		want := strings.Split(string(data), string(delimiter))
		if want[len(want)-1] == "" {
			want = want[:len(want)-1]
		}
		if len(want) > decode.MaxSubRecords {
			want = []string{string(data)}
		}
		if !slices.Equal(got, slices.Concat(want, want)) {
			t.Errorf("%q by %q becomes %q, want %q", data, delimiter, got, want)
		}
	})
}

func BenchmarkDeaggregate(b *testing.B) {
	doc := `{"id":"7f3c9a52-0d1e-4b6f-8a77-2c5d9e10b3f4","type":"page","user":{"id":12345678,"country":"DE"},"price":12.5,"tags":["a","b","c"],"text":"` + strings.Repeat("some text ", 30) + `"}`
	for _, bench := range []struct {
		name string
		d    *decode.Deaggregate
		each int
	}{
		{"json", &decode.Deaggregate{}, 100},
		{"json/single", &decode.Deaggregate{}, 1},
		{"delimited", &decode.Deaggregate{SubRecordType: decode.Delimited, Delimiter: []byte("\n")}, 100},
	} {
		b.Run(bench.name, func(b *testing.B) {
			data := []byte(strings.Repeat(doc+"\n", bench.each))
			var in []record.Record
			for i := range 2000 / bench.each {
				in = append(in, record.Record{Seq: uint64(i), Data: data, Raw: data})
			}
			b.SetBytes(int64(len(data) * len(in)))
			b.ReportAllocs()
			for b.Loop() {
				out, _ := bench.d.Process(b.Context(), now, 1, in)
				if len(out.Out) != 2000 {
					b.Fatal(len(out.Out))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2000, "ns/record")
		})
	}
}

// Nothing is allocated per record.
func TestAllocations(t *testing.T) {
	z := gzipped(envelope)
	for _, tt := range []struct {
		name string
		s    station
		data string
	}{
		{"decompress", &decode.Decompress{}, z},
		{"json", &decode.Deaggregate{}, `{"a":1}{"a":2}`},
		{"delimited", &decode.Deaggregate{SubRecordType: decode.Delimited, Delimiter: []byte(",")}, "a,b,c"},
	} {
		var in []record.Record
		for i := range 1000 {
			in = append(in, record.Record{Seq: uint64(i), Data: []byte(tt.data), Raw: []byte(tt.data)})
		}
		tt.s.Process(t.Context(), now, 1, in)
		if n := testing.AllocsPerRun(10, func() { tt.s.Process(t.Context(), now, 1, in) }); n > 20 {
			t.Errorf("%s: %v allocations for %d records", tt.name, n, len(in))
		}
	}
}

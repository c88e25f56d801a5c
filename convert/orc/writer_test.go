package orc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	readorc "github.com/hydrantkit/hydrant/read/orc"
	"github.com/hydrantkit/hydrant/schema"
)

func pointer(f float64) *float64 { return &f }

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		o    Options
		want string
	}{
		{Options{}, ""},
		{Options{StripeSizeBytes: 8 << 20, BlockSizeBytes: 64 << 20, RowIndexStride: 1000, PaddingTolerance: pointer(1), FormatVersion: V0_11}, ""},
		{Options{DictionaryKeyThreshold: pointer(0), BloomFilterFalsePositiveProbability: pointer(0)}, ""},
		{Options{StripeSizeBytes: 1 << 20}, "StripeSizeBytes is 1048576, the least is 8388608"},
		{Options{BlockSizeBytes: 1 << 20}, "BlockSizeBytes"},
		{Options{RowIndexStride: 999}, "RowIndexStride is 999, the least is 1000"},
		{Options{RowIndexStride: -1}, "RowIndexStride"},
		{Options{PaddingTolerance: pointer(1.1)}, "PaddingTolerance is 1.1, must be 0 to 1"},
		{Options{DictionaryKeyThreshold: pointer(-0.1)}, "DictionaryKeyThreshold"},
		{Options{BloomFilterFalsePositiveProbability: pointer(math.NaN())}, "BloomFilterFalsePositiveProbability"},
		{Options{Compression: "GZIP"}, `Compression is "GZIP", must be NONE, ZLIB or SNAPPY`},
		{Options{FormatVersion: "V0_13"}, "FormatVersion"},
	} {
		err := tt.o.Check()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Check(%+v) = %v, want %q", tt.o, err, tt.want)
		}
		if _, newErr := New(&bytes.Buffer{}, parseColumns("struct<a:int>"), tt.o); fmt.Sprint(newErr) != fmt.Sprint(err) {
			t.Errorf("New(%+v) says %v, Check %v", tt.o, newErr, err)
		}
	}
}

func TestBloomFilterColumns(t *testing.T) {
	columns := parseColumns("struct<a:int,s:struct<b:string,c:array<date>,d:boolean>,`x.y`:double>")
	for _, tt := range []struct {
		names []string
		want  string // ids with a filter
	}{
		{nil, "[]"},
		{[]string{"a"}, "[1]"},
		{[]string{"A", "x.y"}, "[1 7]"},
		{[]string{"s.b"}, "[3]"},
		{[]string{"s"}, "[3 5]"}, // what is below it, but no booleans
	} {
		w, err := New(&bytes.Buffer{}, columns, Options{BloomFilterColumns: tt.names})
		if err != nil {
			t.Fatal(err)
		}
		got := []int{}
		for id := range w.types {
			if w.types[id].bloom {
				got = append(got, id)
			}
		}
		if fmt.Sprint(got) != tt.want {
			t.Errorf("%v: filters for types %v, want %s", tt.names, got, tt.want)
		}
	}
	for _, name := range []string{"b", "s.z", "s.c.x", ""} {
		if _, err := New(&bytes.Buffer{}, columns, Options{BloomFilterColumns: []string{name}}); err == nil || !strings.Contains(err.Error(), "no column "+name) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// write makes a file of one stripe of each batch.
func write(t testing.TB, columns []schema.Column, o Options, batches ...*column.Batch) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := newWriter(&out, columns, o)
	if err != nil {
		t.Fatal(err)
	}
	var stripe Stripe
	for _, b := range batches {
		for col := range columns {
			if err := w.Encode(&stripe, b, col); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Append(&stripe); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestDeterministic writes columns at once and one after the other: the bytes are the same.
func TestDeterministic(t *testing.T) {
	batches := make([]*column.Batch, 6)
	for i := range batches {
		g := &generator{Rand: rand.New(rand.NewPCG(uint64(i), 9))}
		batches[i] = g.batch(eventsLike, 2500, i%len(nullPatterns))
	}
	want := write(t, eventsLike, Options{BloomFilterColumns: []string{"b"}}, batches...)

	var out bytes.Buffer
	w, err := New(&out, eventsLike, Options{BloomFilterColumns: []string{"b"}})
	if err != nil {
		t.Fatal(err)
	}
	stripes := make([]Stripe, len(batches))
	var wg sync.WaitGroup
	for i := range batches {
		for col := range eventsLike {
			wg.Go(func() {
				if err := w.Encode(&stripes[i], batches[i], col); err != nil {
					t.Error(err)
				}
				if i%2 == 0 {
					if err := w.Finish(&stripes[i], col); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	for i := range stripes {
		if err := w.Append(&stripes[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("%d bytes from many goroutines differ from %d of one", out.Len(), len(want))
	}
}

// TestReset writes files with one Writer and one Stripe: nothing of one shows in the next.
func TestReset(t *testing.T) {
	files := make([][]*column.Batch, 4)
	for i, n := range []int{3, 0, 1, 4} {
		g := &generator{Rand: rand.New(rand.NewPCG(uint64(i), 10))}
		for range n {
			files[i] = append(files[i], g.batch(eventsLike, 2500, i%len(nullPatterns)))
		}
	}
	for _, o := range []Options{{}, {FormatVersion: V0_11}, {Compression: Zlib}, {Compression: None, BloomFilterColumns: []string{"b", "c"}}} {
		w, err := New(io.Discard, eventsLike, o)
		if err != nil {
			t.Fatal(err)
		}
		var stripe Stripe
		for i, batches := range files {
			var out bytes.Buffer
			w.Reset(&out)
			for _, b := range batches {
				for col := range eventsLike {
					if err := w.Encode(&stripe, b, col); err != nil {
						t.Fatal(err)
					}
				}
				if err := w.Append(&stripe); err != nil {
					t.Fatal(err)
				}
			}
			for col := range eventsLike { // of a stripe that is empty
				if err := w.Finish(&stripe, col); err != nil {
					t.Fatal(err)
				}
			}
			if err := errors.Join(w.Append(&stripe), w.Close()); err != nil {
				t.Fatal(err)
			}
			if want := write(t, eventsLike, o, batches...); !bytes.Equal(out.Bytes(), want) {
				t.Errorf("%+v: file %d has %d bytes and differs from one of %d by a new Writer", o, i, out.Len(), len(want))
			}
		}
	}
}

var eventsLike = parseColumns("struct<a:int,b:string,c:struct<d:timestamp,e:array<decimal(20,3)>>,f:boolean,g:map<string,double>>")

func TestSize(t *testing.T) {
	g := &generator{Rand: rand.New(rand.NewPCG(1, 1))}
	w, err := New(&bytes.Buffer{}, eventsLike, Options{BloomFilterColumns: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	var stripe Stripe
	if n := w.Size(&stripe); n != 0 {
		t.Errorf("an empty stripe has %d bytes", n)
	}
	last := int64(0)
	for range 5 {
		b := g.batch(eventsLike, 3000, 0)
		for col := range eventsLike {
			if err := w.Encode(&stripe, b, col); err != nil {
				t.Fatal(err)
			}
		}
		n := w.Size(&stripe) // it falls a little where a block is compressed or a dictionary given up
		if n <= last/2 || n > 1<<20*2 {
			t.Errorf("%d bytes after %d", n, last)
		}
		last = n
	}
	before := w.offset
	if err := w.Append(&stripe); err != nil {
		t.Fatal(err)
	}
	if got := w.offset - before; got > 2*last || got < last/8 {
		t.Errorf("a stripe of size %d has %d bytes in the file", last, got)
	}
	if n := w.Size(&stripe); n != 0 {
		t.Errorf("an emptied stripe has %d bytes", n)
	}
}

// TestMisuse shows what Encode and Append refuse.
func TestMisuse(t *testing.T) {
	columns := parseColumns("struct<a:int,m:map<string,int>>")
	begin := func() (*Writer, *column.Batch) {
		w, err := New(&bytes.Buffer{}, columns, Options{})
		if err != nil {
			t.Fatal(err)
		}
		b := column.NewBatch(columns)
		b.Columns[0].AppendInt(1)
		b.Columns[1].Children[0].AppendBytes([]byte("k"))
		b.Columns[1].Children[1].AppendInt(2)
		b.Columns[1].EndList()
		b.Rows = 1
		return w, b
	}
	check := func(what string, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	var s Stripe
	w, b := begin()
	b.Rows = 2
	check("too few values", w.Encode(&s, b, 0), "column a: 1 values in 2 rows")
	b.Rows = 1
	other := column.NewBatch(parseColumns("struct<a:string>"))
	check("another type", w.Encode(&s, other, 0), "column a: string where the file has int")
	if err := w.Encode(&s, b, 0); err != nil {
		t.Fatal(err)
	}
	check("a column missing", w.Append(&s), "stripe 0: 1 rows of column a, 0 of column m")
	check("after an error", w.Close(), "stripe 0")

	w, b = begin()
	s = Stripe{}
	b.Columns[1].Children[0].Reset()
	b.Columns[1].Children[0].AppendNull()
	check("a null key", w.Encode(&s, b, 1), "column m: a key of a map is null")

	w, b = begin()
	s = Stripe{}
	if err := w.Finish(&s, 0); err != nil {
		t.Fatal(err)
	}
	check("after Finish", w.Encode(&s, b, 0), "finished")
	if err := w.Append(&s); err != nil {
		t.Errorf("a stripe without rows: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	check("closed", w.Close(), "closed")
	check("closed", w.Append(&s), "closed")
}

// A fullDisk fails after some bytes.
type fullDisk struct{ left int }

var errFull = errors.New("no space left on device")

func (d *fullDisk) Write(p []byte) (int, error) {
	if len(p) > d.left {
		n := d.left
		d.left = 0
		return n, errFull
	}
	d.left -= len(p)
	return len(p), nil
}

func TestFullDisk(t *testing.T) {
	g := &generator{Rand: rand.New(rand.NewPCG(1, 1))}
	b := g.batch(eventsLike, 100, 0)
	whole := len(write(t, eventsLike, Options{}, b))
	for n := 0; n < whole; n += 97 {
		w, err := New(&fullDisk{n}, eventsLike, Options{})
		if err == nil {
			var s Stripe
			for col := range eventsLike {
				if err := w.Encode(&s, b, col); err != nil {
					t.Fatal(err)
				}
			}
			if err = w.Append(&s); err == nil {
				err = w.Close()
			}
		}
		if !errors.Is(err, errFull) {
			t.Fatalf("a disk with room for %d of %d bytes: %v", n, whole, err)
		}
	}
}

// TestPadding aligns stripes to blocks where the tolerance allows.
func TestPadding(t *testing.T) {
	columns := parseColumns("struct<a:bigint>")
	var batches []*column.Batch
	for seed := range 12 {
		b := column.NewBatch(columns)
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		for range 1000 {
			b.Columns[0].AppendInt(int64(r.Uint64()))
		}
		b.Rows = 1000
		batches = append(batches, b)
	}
	for _, tt := range []struct {
		padding   bool
		tolerance float64
	}{{false, 1}, {true, 0}, {true, 0.2}, {true, 1}} {
		o := Options{Compression: None, BlockSizeBytes: 20_000, StripeSizeBytes: 8_000, EnablePadding: tt.padding, PaddingTolerance: &tt.tolerance}
		file := write(t, columns, o, batches...)
		info := inspect(t, file)
		end, gaps := int64(3), 0
		for i, s := range info.Stripes {
			size := s.IndexBytes + s.DataBytes + s.FooterBytes
			gap := s.Offset - end
			crosses := end%20_000 != 0 && end%20_000+size >= 20_000
			room := 20_000 - end%20_000
			want := int64(0)
			if tt.padding && crosses && room <= int64(tt.tolerance*8_000) {
				want = room
				gaps++
			}
			if gap != want {
				t.Errorf("padding %v, tolerance %v: %d bytes before stripe %d, want %d", tt.padding, tt.tolerance, gap, i, want)
			}
			end = s.Offset + size
		}
		if (gaps > 0) != (tt.padding && tt.tolerance == 1) && tt.tolerance != 0.2 {
			t.Errorf("padding %v, tolerance %v: %d gaps", tt.padding, tt.tolerance, gaps)
		}
		var want []byte
		for _, b := range batches {
			for i := range b.Rows {
				want = appendRow(want, b, columns, i, false)
			}
		}
		if got := readRows(t, file, 0, 0); !bytes.Equal(got, want) {
			t.Errorf("padding %v: %s", tt.padding, firstDifference(got, want))
		}
	}
}

// texts makes a batch of one string column.
func texts(values ...string) ([]schema.Column, *column.Batch) {
	columns := parseColumns("struct<a:string>")
	b := column.NewBatch(columns)
	for _, s := range values {
		b.Columns[0].AppendBytes([]byte(s))
	}
	b.Rows = len(values)
	return columns, b
}

func TestTextBounds(t *testing.T) {
	long := strings.Repeat("x", 1022)
	for _, tt := range []struct {
		name, value            string
		min, max, lower, upper string
	}{
		{name: "short", value: "abc", min: `"abc"`, max: `"abc"`},
		{name: "1024 bytes", value: long + "yz", min: `"` + long + `yz"`, max: `"` + long + `yz"`},
		{name: "1025 bytes", value: long + "yzz", lower: `"` + long + `yz"`, upper: `"` + long + `y{"`},
		{name: "cut inside of é", value: long + "yéz", lower: `"` + long + `y"`, upper: `"` + long + `z"`},
		{name: "before the surrogates", value: long[:1021] + "\ud7ffmore", lower: `"` + long[:1021] + "\ud7ff\"", upper: `"` + long[:1021] + "\ue000\""},
		{name: "the last code point", value: long[:1000] + strings.Repeat("\U0010ffff", 20), lower: `"` + long[:1000] + strings.Repeat("\U0010ffff", 6) + `"`, upper: `"` + long[:999] + `y"`},
		{name: "not UTF-8", value: "ab\xffz", lower: `"ab"`, upper: `"ac"`},
		{name: "nothing of it UTF-8", value: "\xff", lower: `""`},
	} {
		columns, b := texts(tt.value)
		s := inspect(t, write(t, columns, Options{}, b)).Columns[1].Statistics
		if string(s.Min) != tt.min || string(s.Max) != tt.max || string(s.Lower) != tt.lower || string(s.Upper) != tt.upper {
			t.Errorf("%s: min %q, max %q, lower %q, upper %q; want %q, %q, %q, %q", tt.name, s.Min, s.Max, s.Lower, s.Upper, tt.min, tt.max, tt.lower, tt.upper)
		}
	}
}

// TestDictionaryChoice shows at which ratio of distinct values text has a dictionary.
func TestDictionaryChoice(t *testing.T) {
	for _, tt := range []struct {
		rows, distinct int
		threshold      float64
		version        string
		want           string
	}{
		{1000, 790, 0.8, V0_12, "DICTIONARY_V2"},
		{1000, 800, 0.8, V0_12, "DICTIONARY_V2"},
		{1000, 810, 0.8, V0_12, "DIRECT_V2"},
		{1000, 1, 0, V0_12, "DIRECT_V2"},
		{1000, 1000, 1, V0_12, "DICTIONARY_V2"},
		{1000, 1000, 0, V0_11, "DICTIONARY"},    // Hive 0.11 reads nothing else
		{30000, 30000, 0.8, V0_12, "DIRECT_V2"}, // given up after a sample
		{0, 0, 0.8, V0_12, ""},
	} {
		var values []string
		for i := range tt.rows {
			values = append(values, fmt.Sprintf("value %d", i*7%tt.distinct))
		}
		columns, b := texts(values...)
		file := write(t, columns, Options{DictionaryKeyThreshold: &tt.threshold, FormatVersion: tt.version, RowIndexStride: 4000}, b)
		info := inspect(t, file)
		got := ""
		if len(info.Stripes) > 0 {
			got = info.Stripes[0].Columns[1].Encoding
		}
		if got != tt.want {
			t.Errorf("%d of %d distinct, threshold %v, %s: %s, want %s", tt.distinct, tt.rows, tt.threshold, tt.version, got, tt.want)
		}
		if rows := bytes.Count(readRows(t, file, 0, 0), []byte("\n")); rows != tt.rows {
			t.Errorf("%d rows read of %d", rows, tt.rows)
		}
	}
	// Most values repeat in the first row group and hardly any after it: the choice is the stripe's.
	var values []string
	for i := range 20_000 {
		values = append(values, fmt.Sprintf("value %d", max(i-1500, i%100)))
	}
	columns, b := texts(values...)
	file := write(t, columns, Options{RowIndexStride: 1600}, b)
	if got := inspect(t, file).Stripes[0].Columns[1].Encoding; got != "DIRECT_V2" {
		t.Errorf("a dictionary that didn't pay stayed: %s", got)
	}
	for _, first := range []int64{0, 1599, 1600, 19_999} {
		got := string(readRows(t, file, first, 1))
		if want := fmt.Sprintf("{\"a\":\"%s\"}\n", values[first]); got != want {
			t.Errorf("row %d is %s, want %s", first, got, want)
		}
	}
}

// TestLargeDictionary gives up a dictionary whatever the threshold, or says that it can't.
func TestLargeDictionary(t *testing.T) {
	var values []string
	for i := range 3000 {
		values = append(values, fmt.Sprintf("value %d", i))
	}
	columns, b := texts(values...)
	var out bytes.Buffer
	w, err := New(&out, columns, Options{DictionaryKeyThreshold: pointer(1), RowIndexStride: 1000})
	if err != nil {
		t.Fatal(err)
	}
	w.maxDictionary = 10_000
	var stripe Stripe
	if err := errors.Join(w.Encode(&stripe, b, 0), w.Append(&stripe), w.Close()); err != nil {
		t.Fatal(err)
	}
	file := out.Bytes()
	if got := inspect(t, file).Stripes[0].Columns[1].Encoding; got != "DIRECT_V2" {
		t.Errorf("encoding %s", got)
	}
	if got := string(readRows(t, file, 2500, 1)); got != "{\"a\":\"value 2500\"}\n" {
		t.Errorf("row 2500 is %s", got)
	}
	if w, err = New(&bytes.Buffer{}, columns, Options{FormatVersion: V0_11}); err != nil {
		t.Fatal(err)
	}
	w.maxDictionary = 10_000
	if err := w.Encode(new(Stripe), b, 0); err == nil || !strings.Contains(err.Error(), "distinct values") {
		t.Errorf("version 0.11: %v", err)
	}
}

// TestOverlong cuts char and varchar that a caller didn't.
func TestOverlong(t *testing.T) {
	columns := parseColumns("struct<c:char(3),v:varchar(3)>")
	for _, threshold := range []float64{0, 1} {
		b := column.NewBatch(columns)
		for _, s := range []string{"", "é", "éééé", "abc", "abcd", "日本語です"} {
			b.Columns[0].AppendBytes([]byte(s))
			b.Columns[1].AppendBytes([]byte(s))
			b.Rows++
		}
		want := `{"c":"","v":""}
{"c":"é","v":"é"}
{"c":"ééé","v":"ééé"}
{"c":"abc","v":"abc"}
{"c":"abc","v":"abc"}
{"c":"日本語","v":"日本語"}
`
		file := write(t, columns, Options{DictionaryKeyThreshold: &threshold}, b)
		if got := string(readRows(t, file, 0, 0)); got != want {
			t.Errorf("threshold %v: %s", threshold, got)
		}
		if s := inspect(t, file).Columns[1].Statistics; string(s.Min) != `"   "` || string(s.Sum) != "28" {
			t.Errorf("char: min %s, sum %s; want those of padded values", s.Min, s.Sum)
		}
	}
}

func TestTimestamps(t *testing.T) {
	columns := parseColumns("struct<t:timestamp>")
	for _, tt := range []struct {
		sec   int64
		nanos int32
		want  string
	}{
		{0, 0, "1970-01-01T00:00:00Z"},
		{0, 1, "1970-01-01T00:00:00.000000001Z"},
		{-1, 0, "1969-12-31T23:59:59Z"},
		{-1, 999_999, "1969-12-31T23:59:59.000999999Z"},
		{-1, 500_000_000, "1970-01-01T00:00:00.5Z"}, // one second late, as in every reader: the format can't say it
		{-2, 999_999_999, "1969-12-31T23:59:58.999999999Z"},
		{-62135596800, 0, "0001-01-01T00:00:00Z"},
		{-12219292801, 100, "1582-10-14T23:59:59.0000001Z"},
		{253402300799, 999_999_999, "9999-12-31T23:59:59.999999999Z"},
		{1420070400, 120_000_000, "2015-01-01T00:00:00.12Z"},
	} {
		for _, version := range []string{V0_11, V0_12} {
			b := column.NewBatch(columns)
			b.Columns[0].AppendTimestamp(tt.sec, tt.nanos)
			b.Rows = 1
			file := write(t, columns, Options{FormatVersion: version}, b)
			f, err := readorc.Open(bytes.NewReader(file), int64(len(file)))
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := f.Rows(&out, nil, 0); err != nil {
				t.Fatal(err)
			}
			if want := `{"t":"` + tt.want + "\"}\n"; out.String() != want {
				t.Errorf("%d.%09d: %s, want %s", tt.sec, tt.nanos, out.String(), want)
			}
			if s := inspect(t, file).Columns[1].Statistics; string(s.Min) != `"`+tt.want+`"` || string(s.Max) != string(s.Min) {
				t.Errorf("%s: min %s, max %s", tt.want, s.Min, s.Max)
			}
		}
	}
}

func TestAppendDecimal(t *testing.T) {
	for _, tt := range []struct {
		high, low int64
		scale     int
		want      string
	}{
		{0, 0, 0, "0"},
		{0, 0, 5, "0"},
		{0, 150, 2, "1.5"},
		{-1, -150, 2, "-1.5"},
		{0, 5, 3, "0.005"},
		{0, 1000, 0, "1000"},
		{0, 1000, 3, "1"},
		{0, -1, 0, "18446744073709551615"},
		{math.MaxInt64, -1, 0, "170141183460469231731687303715884105727"},
		{math.MinInt64, 0, 10, "-17014118346046923173168730371.5884105728"},
		{5421010862427522170, 687399551400673279, 38, "0.99999999999999999999999999999999999999"},
		{5421010862427522170, 687399551400673280, 38, "1"},
	} {
		if got := string(appendDecimal(nil, tt.high, tt.low, tt.scale)); got != tt.want {
			t.Errorf("appendDecimal(%d, %d, %d) = %s, want %s", tt.high, tt.low, tt.scale, got, tt.want)
		}
	}
}

// TestPacked holds the fast ways of packing to the plain one.
func TestPacked(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, width := range widthCodes {
		for _, n := range []int{0, 1, 7, 8, 9, 63, 512} {
			x := make([]uint64, n)
			for i := range x {
				x[i] = r.Uint64() >> (64 - width)
			}
			fast, plain := appendPacked(nil, x, int(width)), appendPackedAny(nil, x, int(width))
			if !bytes.Equal(fast, plain) {
				t.Fatalf("%d values of %d bits: %x, plain %x", n, width, fast, plain)
			}
			bits := &bitReader{b: plain}
			for i, want := range x {
				if got := bits.read(int(width)); got != want {
					t.Fatalf("width %d: value %d is %d, want %d", width, i, got, want)
				}
			}
		}
		if got := plainWidth(int(widthCode(int(width)))); got != int(width) {
			t.Errorf("the code of %d stands for %d", width, got)
		}
	}
}

// TestBitmap holds ranges and masks of words to bits one by one.
func TestBitmap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		src, mask := make([]uint64, 8), make([]uint64, 8)
		for i := range src {
			src[i], mask[i] = r.Uint64(), r.Uint64()|r.Uint64()
		}
		if r.IntN(2) == 0 {
			mask = nil
		}
		var b bitmap
		var want []bool
		for range 4 {
			lo := r.IntN(512)
			hi := lo + r.IntN(512-lo)
			b.appendRange(src, mask, lo, hi)
			for i := lo; i < hi; i++ {
				if mask == nil || mask[i>>6]>>(i&63)&1 != 0 {
					want = append(want, src[i>>6]>>(i&63)&1 != 0)
				}
			}
			n := r.IntN(100)
			b.appendOnes(n)
			want = append(want, slices.Repeat([]bool{true}, n)...)
		}
		if b.n != len(want) {
			t.Fatalf("%d bits, want %d", b.n, len(want))
		}
		packed := b.appendBytes(nil, 0, b.n)
		for i, w := range want {
			if got := packed[i/8]<<(i%8) >= 0x80; got != w {
				t.Fatalf("bit %d of %d is %v", i, len(want), got)
			}
		}
	}
}

func Example() {
	table, err := schema.NewTable([2]string{"id", "bigint"}, [2]string{"name", "string"})
	if err != nil {
		panic(err)
	}
	batch := column.NewBatch(table.Columns)
	batch.Columns[0].AppendInt(7)
	batch.Columns[1].AppendBytes([]byte("seven"))
	batch.Rows = 1

	var file bytes.Buffer
	w, err := New(&file, table.Columns, Options{Compression: Zlib})
	if err != nil {
		panic(err)
	}
	var stripe Stripe
	for col := range table.Columns {
		if err := w.Encode(&stripe, batch, col); err != nil {
			panic(err)
		}
	}
	if err := w.Append(&stripe); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}

	f, err := readorc.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		panic(err)
	}
	if err := f.Rows(os.Stdout, nil, 0); err != nil {
		panic(err)
	}
	// Output: {"id":7,"name":"seven"}
}

package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"

	reader "github.com/hydrantkit/hydrant/read/parquet"
)

// TestRoundTrip writes random batches with every combination of options and reads them with the
// test's own reader, with package read/parquet and with parquet-go.
func TestRoundTrip(t *testing.T) {
	columns := columnsOf(t, everyType...)
	for i, o := range combinations() {
		for j, page := range []int64{0, 100, 2000} {
			if testing.Short() && (i+j)%4 != 0 {
				continue
			}
			o.PageSizeBytes = page
			s := shape{nulls: 0.2, long: 200, micros: o.Layout != LayoutService}
			if i%2 == 1 {
				s.distinct = 40
			}
			rng := rand.New(rand.NewPCG(uint64(i), uint64(j)))
			a := randomBatch(rng, columns, 150, s)
			b := randomBatch(rng, columns, 70, shape{micros: s.micros})
			c := randomBatch(rng, columns, 1, s)
			file := writeFile(t, columns, o, 2, a, b, c)
			want := append(append(rowsOf(columns, a), rowsOf(columns, b)...), rowsOf(columns, c)...)
			compareRows(t, o.name(), decodeFile(t, file), want)
			compareRows(t, o.name()+" by read/parquet", readRows(t, file), want)
			compareParquetGo(t, o.name(), file)
		}
	}
}

func compareRows(t *testing.T, name string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d rows, want %d", name, len(got), len(want))
		return
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: row %d\n got %s\nwant %s", name, i, got[i], want[i])
			return
		}
	}
}

func readRows(t *testing.T, file []byte) []string {
	t.Helper()
	f, err := reader.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := f.Rows(&out, nil, -1); err != nil {
		t.Fatal(err)
	}
	if out.Len() == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

// compareParquetGo compares levels and values of every leaf with those that parquet-go reads.
func compareParquetGo(t *testing.T, name string, file []byte) {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Errorf("%s: parquet-go: %v", name, err)
		return
	}
	footer := footerOf(file)
	root, _ := schemaOf(footer.list(2), 0, 0)
	leaves := root.leaves()
	for gi, g := range footer.list(4) {
		for i, c := range g.(message).list(1) {
			n := leaves[i]
			n.load(file, c.(message).sub(3), g.(message).int(3))
			pages := f.RowGroups()[gi].ColumnChunks()[i].Pages()
			at, used := 0, 0
			for {
				p, err := pages.ReadPage()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("%s: parquet-go: leaf %s: %v", name, n.name, err)
				}
				values := make([]parquet.Value, p.NumValues())
				k, err := p.Values().ReadValues(values)
				if k != len(values) {
					t.Fatalf("%s: parquet-go: leaf %s: %d values of %d: %v", name, n.name, k, len(values), err)
				}
				for _, v := range values {
					if v.DefinitionLevel() != int(n.defs[at]) || v.RepetitionLevel() != int(n.reps[at]) {
						t.Fatalf("%s: leaf %s entry %d: levels", name, n.name, at)
					}
					at++
					if v.IsNull() {
						continue
					}
					if got := v.Bytes(); string(got) != string(n.values[used]) {
						t.Fatalf("%s: leaf %s value %d: % x, want % x", name, n.name, used, got, n.values[used])
					}
					used++
				}
			}
			pages.Close()
			if at != len(n.defs) || used != len(n.values) {
				t.Errorf("%s: leaf %s: parquet-go reads %d entries of %d", name, n.name, at, len(n.defs))
			}
		}
	}
}

// TestEmpty is a file without rows: valid, with a schema, for every layout.
func TestEmpty(t *testing.T) {
	columns := columnsOf(t, everyType...)
	for _, o := range combinations() {
		for _, batches := range [][]*column.Batch{nil, {column.NewBatch(columns)}} {
			file := writeFile(t, columns, o, 1, batches...)
			if rows := decodeFile(t, file); len(rows) != 0 {
				t.Errorf("%s: %d rows", o.name(), len(rows))
			}
			if rows := readRows(t, file); len(rows) != 0 {
				t.Errorf("%s: %d rows", o.name(), len(rows))
			}
		}
	}
}

// TestNestedNulls are the nestings that go wrong first: null and empty lists in null structs.
func TestNestedNulls(t *testing.T) {
	columns := columnsOf(t, "s", "struct<l:array<struct<m:map<string,int>,x:int>>,y:string>")
	rows := []string{
		`{"s":null}`,
		`{"s":{"l":null,"y":null}}`,
		`{"s":{"l":[],"y":"a"}}`,
		`{"s":{"l":[null],"y":"a"}}`,
		`{"s":{"l":[{"m":null,"x":null}],"y":null}}`,
		`{"s":{"l":[{"m":{},"x":1},null,{"m":{"k":null},"x":null}],"y":""}}`,
		`{"s":{"l":[{"m":{"k":1,"j":2},"x":1},{"m":{"i":3},"x":2}],"y":"b"}}`,
		`{"s":null}`,
	}
	for _, o := range combinations() {
		file := writeFile(t, columns, o, 1, batchOf(t, columns, rows))
		compareRows(t, o.name(), decodeFile(t, file), rows)
		compareRows(t, o.name(), readRows(t, file), rows)
	}
}

// TestPages holds pages to their size: PLAIN values of a page fit PageSizeBytes, or it has one row.
func TestPages(t *testing.T) {
	columns := columnsOf(t, everyType...)
	for _, o := range combinations() {
		o.PageSizeBytes = 300
		b := randomBatch(rand.New(rand.NewPCG(3, 4)), columns, 400, shape{nulls: 0.1, long: 500, micros: true})
		file := writeFile(t, columns, o, 1, b)
		footer := footerOf(file)
		root, _ := schemaOf(footer.list(2), 0, 0)
		leaves := root.leaves()
		for i, c := range footer.list(4)[0].(message).list(1) {
			c := c.(message)
			pages := pagesOf(file, c.sub(3))
			n := leaves[i]
			dict := [][]byte(nil)
			for k, p := range pages {
				if h := p.header.sub(7); h != nil {
					dict = plainValues(p.body, 0, n, int(h.int(1)), nil)
					continue
				}
				size, rows := pageSize(n, p, dict)
				if size > 300 && rows > 1 {
					t.Errorf("%s: leaf %s: page %d has %d bytes in %d rows", o.name(), n.name, k, size, rows)
				}
			}
			checkIndexes(t, o, file, c, n, pages, 400)
		}
	}
}

// pageSize returns the PLAIN bytes and the rows of a page.
func pageSize(n *testNode, p rawPage, dict [][]byte) (size, rows int) {
	one := &testNode{physical: n.physical, length: n.length, def: n.def, rep: n.rep}
	one.loadPage(p, dict)
	for _, v := range one.values {
		if size += len(v); n.physical == 6 {
			size += 4
		}
	}
	if n.physical == 0 {
		size /= 8
	}
	for _, r := range one.reps {
		if r == 0 {
			rows++
		}
	}
	return size, rows
}

// checkIndexes compares a chunk's page indexes with its pages.
func checkIndexes(t *testing.T, o Options, file []byte, c message, n *testNode, pages []rawPage, rows int64) {
	t.Helper()
	if o.Layout == LayoutHive {
		for _, id := range []int16{4, 6} {
			if c[id] != nil {
				t.Errorf("%s: leaf %s has an index", o.name(), n.name)
			}
		}
		return
	}
	at := func(offset, length int16) message {
		r := &thriftReader{b: file[c.int(offset) : c.int(offset)+c.int(length)]}
		m := r.message()
		if r.i != len(r.b) {
			t.Errorf("%s: leaf %s: length of an index", o.name(), n.name)
		}
		return m
	}
	locations := at(4, 5).list(1)
	var columnIndex message
	if c.int(7) > 0 {
		columnIndex = at(6, 7)
	} else if n.physical != 3 && n.physical != 4 && n.physical != 5 {
		t.Errorf("%s: leaf %s has no column index", o.name(), n.name)
	}
	var dict [][]byte
	k, row := 0, int64(0)
	for _, p := range pages {
		if h := p.header.sub(7); h != nil {
			dict = plainValues(p.body, 0, n, int(h.int(1)), nil)
			continue
		}
		l := locations[k].(message)
		if l.int(1) != int64(p.at) || l.int(2) != int64(p.headerSize)+p.header.int(3) || l.int(3) != row {
			t.Errorf("%s: leaf %s: location %v of the page at %d", o.name(), n.name, l, p.at)
		}
		one := &testNode{physical: n.physical, length: n.length, converted: n.converted, def: n.def, rep: n.rep}
		one.loadPage(p, dict)
		for _, r := range one.reps {
			if r == 0 {
				row++
			}
		}
		if columnIndex != nil {
			nulls := int64(len(one.defs) - len(one.values))
			if columnIndex.list(5)[k].(int64) != nulls || columnIndex.list(1)[k].(bool) != (len(one.values) == 0) {
				t.Errorf("%s: leaf %s page %d: nulls", o.name(), n.name, k)
			}
			lo, hi := columnIndex.list(2)[k].([]byte), columnIndex.list(3)[k].([]byte)
			for _, v := range one.values {
				if one.less(v, lo) || one.less(hi, v) {
					t.Errorf("%s: leaf %s page %d: % x outside % x … % x", o.name(), n.name, k, v, lo, hi)
				}
			}
		}
		k++
	}
	if k != len(locations) || row != rows {
		t.Errorf("%s: leaf %s: %d locations for %d pages", o.name(), n.name, len(locations), k)
	}
}

// less compares PLAIN values by the specification's order; a NaN is never less.
func (n *testNode) less(a, b []byte) bool {
	switch {
	case n.physical == 6:
		return string(a) < string(b)
	case n.physical == 7 || n.physical == 0:
		for i := range a {
			if a[i] != b[i] {
				return (i == 0 && int8(a[i]) < int8(b[i])) || (i > 0 && a[i] < b[i])
			}
		}
		return false
	case n.physical == 1:
		return unplainInt(a) < unplainInt(b)
	case n.physical == 2:
		return unplainInt(a) < unplainInt(b)
	}
	l := &leaf{order: orderFloat, physical: map[int64]formatType{4: floatType, 5: doubleType}[n.physical]}
	return !isNaN(a) && !isNaN(b) && l.compare(a, b) < 0
}

// TestConcurrent encodes the columns of a group at once; the file is that of one goroutine.
func TestConcurrent(t *testing.T) {
	columns := columnsOf(t, everyType...)
	b := randomBatch(rand.New(rand.NewPCG(5, 6)), columns, 500, shape{nulls: 0.1, micros: true})
	o := Options{EnableDictionaryCompression: true}
	want := writeFile(t, columns, o, 1, b)
	var out bytes.Buffer
	w, err := New(&out, columns, o)
	if err != nil {
		t.Fatal(err)
	}
	var g Group
	var wg sync.WaitGroup
	for c := range columns {
		wg.Go(func() {
			if err := w.Encode(&g, b, c); err != nil {
				t.Error(err)
			}
			if err := w.Finish(&g, c); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := w.Size(&g); n <= 0 || n > int64(len(want)) {
		t.Errorf("Size = %d in a file of %d", n, len(want))
	}
	if err := w.Append(&g); err != nil {
		t.Fatal(err)
	}
	if n := w.Size(&g); n != 0 {
		t.Errorf("Size = %d after Append", n)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Error("another file than one goroutine makes")
	}
}

// TestReuse writes many groups through one Group: nothing of one may show in the next.
func TestReuse(t *testing.T) {
	columns := columnsOf(t, everyType...)
	for _, o := range combinations() {
		var batches []*column.Batch
		var want []string
		rng := rand.New(rand.NewPCG(7, 8))
		for i := range 4 {
			b := randomBatch(rng, columns, 60+i, shape{nulls: float64(i%2) / 3, distinct: 10 * (i % 3), micros: true})
			batches = append(batches, b)
			want = append(want, rowsOf(columns, b)...)
		}
		compareRows(t, o.name(), decodeFile(t, writeFile(t, columns, o, 1, batches...)), want)
	}
}

// TestPadding begins row groups at multiples of the block size where the padding allows it.
func TestPadding(t *testing.T) {
	columns := columnsOf(t, "a", "bigint", "s", "string")
	b := randomBatch(rand.New(rand.NewPCG(9, 9)), columns, 300, shape{})
	o := Options{BlockSizeBytes: 8192, MaxPaddingBytes: 8000, Compression: "UNCOMPRESSED"}
	file := writeFile(t, columns, o, 1, b, b, b)
	want := append(append(rowsOf(columns, b), rowsOf(columns, b)...), rowsOf(columns, b)...)
	compareRows(t, "padded", decodeFile(t, file), want)
	for i, g := range footerOf(file).list(4) {
		if at := g.(message).int(5); i > 0 && at%8192 != 0 {
			t.Errorf("row group %d begins at %d", i, at)
		}
	}
}

// A failing writer fails after n bytes.
type failing struct{ n int }

var errFull = errors.New("disk full")

func (f *failing) Write(p []byte) (int, error) {
	if len(p) > f.n {
		n := f.n
		f.n = 0
		return n, errFull
	}
	f.n -= len(p)
	return len(p), nil
}

func TestWriteErrors(t *testing.T) {
	columns := columnsOf(t, "a", "bigint", "s", "string")
	b := randomBatch(rand.New(rand.NewPCG(9, 9)), columns, 300, shape{})
	whole := len(writeFile(t, columns, Options{}, 1, b))
	for n := 0; n < whole; n += 97 {
		w, err := New(&failing{n}, columns, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var g Group
		for c := range columns {
			if err := w.Encode(&g, b, c); err != nil {
				t.Fatal(err)
			}
		}
		err = w.Append(&g)
		if err == nil {
			err = w.Close()
		} else if again := w.Close(); !errors.Is(again, errFull) {
			t.Errorf("after %d bytes: Close: %v", n, again)
		}
		if !errors.Is(err, errFull) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

func TestOptions(t *testing.T) {
	columns := columnsOf(t, "a", "int", "l", "array<string>")
	for _, tt := range []struct {
		o    Options
		want string // in the error, "" for none
	}{
		{Options{}, ""},
		{Options{BlockSizeBytes: 64 << 20, PageSizeBytes: 64 << 10, Compression: "GZIP", MaxPaddingBytes: 1 << 20, WriterVersion: "V2"}, ""},
		{Options{Compression: "ZSTD", Layout: LayoutModern}, ""},
		{Options{BlockSizeBytes: 64<<20 - 1}, "BlockSizeBytes 67108863: it is at least 67108864"},
		{Options{PageSizeBytes: 65535}, "PageSizeBytes 65535: it is at least 65536"},
		{Options{PageSizeBytes: 1 << 40}, "at most"},
		{Options{Compression: "LZ4"}, `Compression "LZ4": it is UNCOMPRESSED, GZIP or SNAPPY`},
		{Options{WriterVersion: "V3"}, `WriterVersion "V3": it is V1 or V2`},
		{Options{MaxPaddingBytes: -1}, "MaxPaddingBytes -1: it is 0 or more"},
		{Options{BloomFilterColumns: []string{"b"}}, `BloomFilterColumns: no column or member "b"`},
		{Options{BloomFilterColumns: []string{"a"}, Layout: LayoutHive}, "no bloom filters"},
		{Options{BloomFilterFalsePositiveProbability: 2}, "between 0 and 1"},
		{Options{FieldIDs: map[string]int32{"l.list.element": 1}}, `FieldIDs: no column or member "l.list.element"`},
		{Options{FieldIDs: map[string]int32{"l.list.element": 1}, Layout: LayoutModern}, ""},
	} {
		_, err := New(io.Discard, columns, tt.o)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("New(%+v) = %v, want %q", tt.o, err, tt.want)
		}
	}
	twice := &schema.Type{Kind: schema.Struct, Fields: []schema.Column{{Name: "x", Type: columns[0].Type}, {Name: "x", Type: columns[0].Type}}}
	for _, bad := range [][]schema.Column{nil, {{Name: "a", Type: twice}}, {{Name: "a", Type: &schema.Type{Kind: schema.Struct}}}, {{Name: "a"}}, append(columns, columns[0])} {
		if _, err := New(io.Discard, bad, Options{}); err == nil {
			t.Errorf("New(%v) takes it", bad)
		}
	}
}

// TestBroken hands Encode vectors that break their invariants: errors, no files that can't be read.
func TestBroken(t *testing.T) {
	columns := columnsOf(t, "s", "struct<x:int>", "m", "map<string,int>")
	rows := []string{`{"s":{"x":1},"m":{"a":1}}`, `{"s":{"x":2},"m":{"b":2}}`}
	for i, breaks := range []func(b *column.Batch){
		func(b *column.Batch) { b.Columns[0].Valid, b.Columns[0].Nulls = []uint64{1}, 1 },
		func(b *column.Batch) { b.Columns[1].Children[0].Valid, b.Columns[1].Children[0].Nulls = []uint64{1}, 1 },
		func(b *column.Batch) { b.Rows = 3 },
	} {
		b := batchOf(t, columns, rows)
		breaks(b)
		w, err := New(io.Discard, columns, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var g Group
		err = errors.Join(w.Encode(&g, b, 0), w.Encode(&g, b, 1), w.Append(&g))
		if err == nil {
			t.Errorf("vectors broken in way %d are written", i)
		}
	}
}

// TestNanosRange is the one value that a layout cannot hold.
func TestNanosRange(t *testing.T) {
	columns := columnsOf(t, "ts", "timestamp")
	for _, tt := range []struct {
		at string
		ok bool
	}{{"2025-01-01 00:00:00.123456789", true}, {"1678-01-01 00:00:00", true}, {"2262-01-01 00:00:00", true}, {"2263-01-01 00:00:00", false}, {"0001-01-01 00:00:00", false}} {
		w, err := New(io.Discard, columns, Options{Layout: LayoutModern, Timestamps: Nanos})
		if err != nil {
			t.Fatal(err)
		}
		var g Group
		err = w.Encode(&g, batchOf(t, columns, []string{fmt.Sprintf(`{"ts":%q}`, tt.at)}), 0)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.at, err)
		}
	}
}

// TestFieldIDs finds the ids where parquet-go sees them.
func TestFieldIDs(t *testing.T) {
	columns := columnsOf(t, "a", "int", "l", "array<struct<x:int>>")
	file := writeFile(t, columns, Options{Layout: LayoutModern, FieldIDs: map[string]int32{"a": 1, "l": 2, "l.list.element": 3, "l.list.element.x": 40}}, 1)
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var got []int32
	for _, e := range f.Metadata().Schema {
		got = append(got, e.FieldID)
	}
	if want := []int32{0, 1, 2, 0, 3, 40}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("field ids %v, want %v", got, want)
	}
}

// TestBloom looks for what is in the filters and for what isn't.
func TestBloom(t *testing.T) {
	columns := columnsOf(t, "i", "bigint", "s", "string", "t", "string")
	for _, dict := range []bool{false, true} {
		b := column.NewBatch(columns)
		for i := range 5000 {
			b.Columns[0].AppendInt(int64(i) * 3)
			b.Columns[1].AppendBytes(fmt.Appendf(nil, "value %d", i%700))
			b.Columns[2].AppendBytes(nil)
			b.Rows++
		}
		file := writeFile(t, columns, Options{BloomFilterColumns: []string{"i", "s"}, BloomFilterFalsePositiveProbability: 0.01, EnableDictionaryCompression: dict}, 1, b)
		f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		chunks := f.RowGroups()[0].ColumnChunks()
		if chunks[2].BloomFilter() != nil {
			t.Error("a filter that nobody asked for")
		}
		wrong := 0
		for i := range 5000 {
			for k, v := range []parquet.Value{parquet.ValueOf(int64(i) * 3), parquet.ValueOf(fmt.Sprintf("value %d", i%700))} {
				if ok, err := chunks[k].BloomFilter().Check(v); !ok || err != nil {
					t.Fatalf("dict=%v: %v is missing: %v", dict, v, err)
				}
			}
			if ok, _ := chunks[0].BloomFilter().Check(parquet.ValueOf(int64(i)*3 + 1)); ok {
				wrong++
			}
		}
		if wrong > 100 {
			t.Errorf("dict=%v: %d of 5000 false positives", dict, wrong)
		}
	}
}

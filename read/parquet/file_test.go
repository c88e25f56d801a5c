package parquet

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/format"

	"github.com/hydrantkit/hydrant/convert/column"
	writer "github.com/hydrantkit/hydrant/convert/parquet"
	"github.com/hydrantkit/hydrant/schema"
)

// sample is a small file of many types.
func sample(t testing.TB, o writer.Options) []byte {
	t.Helper()
	table, err := schema.NewTable([2]string{"id", "bigint"}, [2]string{"name", "string"}, [2]string{"at", "timestamp"},
		[2]string{"price", "decimal(20,2)"}, [2]string{"tags", "array<string>"}, [2]string{"user", "struct<name:string,n:map<string,int>>"}, [2]string{"raw", "binary"}, [2]string{"x", "double"})
	if err != nil {
		t.Fatal(err)
	}
	b := column.NewBatch(table.Columns)
	for i := range 40 {
		c := b.Columns
		c[0].AppendInt(int64(i) << 58)
		if i%5 == 4 {
			c[1].AppendNull()
		} else {
			c[1].AppendBytes([]byte{'n', byte('a' + i%3), '"'})
		}
		c[2].AppendTimestamp(1700000000+int64(i), int32(i)*1000)
		c[3].AppendDecimal(0, int64(i)*25)
		for range i % 3 {
			c[4].Children[0].AppendBytes([]byte("tag"))
		}
		c[4].EndList()
		c[5].Children[0].AppendBytes([]byte("é"))
		c[5].Children[1].Children[0].AppendBytes([]byte("k"))
		c[5].Children[1].Children[1].AppendInt(int64(i))
		c[5].Children[1].EndList()
		c[5].EndStruct()
		c[6].AppendBytes([]byte{0, byte(i)})
		c[7].AppendFloat(float64(i) / 4)
		b.Rows++
	}
	var out bytes.Buffer
	w, err := writer.New(&out, table.Columns, o)
	if err != nil {
		t.Fatal(err)
	}
	var g writer.Group
	for range 2 {
		for c := range table.Columns {
			if err := w.Encode(&g, b, c); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Append(&g); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A row group that says it has fewer rows than its columns loses none unsaid.
func TestMoreThanRows(t *testing.T) {
	f := openBytes(t, sample(t, writer.Options{}))
	f.meta.RowGroups[1].NumRows--
	for limit, want := range map[int64]bool{-1: true, 80: true, 79: false, 1: false} {
		err := f.Rows(io.Discard, nil, limit)
		if got := err != nil && strings.Contains(err.Error(), "row group 1, column id: it has more than the 39 rows"); got != want {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

func openBytes(t testing.TB, b []byte) *File {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRows(t *testing.T) {
	f := openBytes(t, sample(t, writer.Options{}))
	for _, tt := range []struct {
		columns []string
		limit   int64
		want    string
	}{
		{nil, 1, `{"id":0,"name":"na\"","at":"2023-11-14T22:13:20Z","price":0,"tags":[],"user":{"name":"é","n":{"k":0}},"raw":"AAA=","x":0}` + "\n"},
		{[]string{"user.name", "id", "at", "price"}, 2, `{"id":0,"at":"2023-11-14T22:13:20Z","price":0,"user":{"name":"é"}}` + "\n" +
			`{"id":288230376151711744,"at":"2023-11-14T22:13:21.000001Z","price":0.25,"user":{"name":"é"}}` + "\n"},
		{[]string{"tags"}, 3, `{"tags":[]}` + "\n" + `{"tags":["tag"]}` + "\n" + `{"tags":["tag","tag"]}` + "\n"},
		{nil, 0, ""},
	} {
		var out strings.Builder
		if err := f.Rows(&out, tt.columns, tt.limit); err != nil || out.String() != tt.want {
			t.Errorf("Rows(%q, %d) = %v\n got %s\nwant %s", tt.columns, tt.limit, err, &out, tt.want)
		}
	}
	var all strings.Builder
	if err := f.Rows(&all, nil, -1); err != nil || strings.Count(all.String(), "\n") != 80 || f.NumRows() != 80 {
		t.Errorf("%d rows, %v", strings.Count(all.String(), "\n"), err)
	}
	for _, line := range strings.Split(strings.TrimSpace(all.String()), "\n") {
		if !json.Valid([]byte(line)) {
			t.Fatalf("not JSON: %s", line)
		}
	}
	if err := f.Rows(io.Discard, []string{"user.nobody"}, 1); err == nil || !strings.Contains(err.Error(), `no column "user.nobody"`) {
		t.Errorf("unknown column: %v", err)
	}
	if err := f.Rows(failing{}, nil, -1); !errors.Is(err, errFull) {
		t.Errorf("a failing writer: %v", err)
	}
}

type failing struct{}

var errFull = errors.New("full")

func (failing) Write([]byte) (int, error) { return 0, errFull }

func TestInspect(t *testing.T) {
	f := openBytes(t, sample(t, writer.Options{Layout: writer.LayoutModern, Compression: "GZIP", BloomFilterColumns: []string{"id"}, FieldIDs: map[string]int32{"id": 5}}))
	s, err := f.Inspect()
	if err != nil {
		t.Fatal(err)
	}
	if s.Rows != 80 || len(s.RowGroups) != 2 || len(s.RowGroups[0].Columns) != 10 || s.Schema.Fields[0].FieldID != 5 {
		t.Errorf("%+v", s)
	}
	c := s.RowGroups[1].Columns
	if string(c[0].Min) != "-9223372036854775808" || string(c[0].Max) != "8935141660703064064" || *c[0].Nulls != 0 || c[0].BloomFilterBytes == 0 || !c[0].ColumnIndex || !c[0].OffsetIndex {
		t.Errorf("id: %+v, %s … %s", c[0], c[0].Min, c[0].Max)
	}
	if string(c[1].Min) != `"na\""` || string(c[1].Max) != `"nc\""` || *c[1].Nulls != 8 || c[1].Compression != "GZIP" || c[1].DataPages != 1 {
		t.Errorf("name: %+v, %s … %s", c[1], c[1].Min, c[1].Max)
	}
	if string(c[3].Min) != "0" || string(c[3].Max) != "9.75" {
		t.Errorf("price: %s … %s", c[3].Min, c[3].Max)
	}
	var text strings.Builder
	if err := s.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"80 rows in 2 row groups", "optional int64 id = 5;", "optional group tags (LIST) {", "repeated group key_value {", "user.n.key_value.value  INT32"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, &text)
		}
	}
	b, err := json.Marshal(s)
	if err != nil || !bytes.Contains(b, []byte(`"created_by":"hydrant`)) {
		t.Errorf("%s, %v", b, err)
	}
}

// TestHostile are files that claim more than they hold: errors, at once and without the memory.
func TestHostile(t *testing.T) {
	good := sample(t, writer.Options{})
	n := int(binary.LittleEndian.Uint32(good[len(good)-8:]))
	withFooter := func(footer []byte) []byte {
		b := slices.Concat(good[:len(good)-8-n], footer)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(footer)))
		return append(b, "PAR1"...)
	}
	list := func(n uint64) []byte { // version, then a schema of n elements
		return binary.AppendUvarint([]byte{0x15, 2, 0x19, 0xfc}, n)
	}
	for _, tt := range []struct {
		name string
		b    []byte
		want string
	}{
		{"empty", nil, "no Parquet file"},
		{"text", []byte("hello, this is a text"), "no Parquet file"},
		{"cut", good[:len(good)-3], "is it complete?"},
		{"encrypted", slices.Concat([]byte("PARE"), good[4:]), "encrypted"},
		{"footer longer than the file", slices.Concat(good[:len(good)-8], []byte{255, 255, 255, 127}, []byte("PAR1")), "a footer of 2147483647 bytes"},
		{"list of billions", withFooter(list(1 << 31)), "a list of 2147483648"},
		{"empty structs", withFooter(append(list(100000), make([]byte, 100001)...)), "list elements"},
		{"nested", withFooter(bytes.Repeat([]byte{0x1c}, 100000)), "nested too deeply"},
		{"no schema", withFooter([]byte{0x15, 2, 0x19, 0x0c, 0x16, 0, 0x19, 0x0c, 0}), "schema: it is empty"},
		{"one group of many", withFooter([]byte{0x15, 2, 0x19, 0x1c, 0x48, 1, 'r', 0x15, 0x80, 0x80, 4, 0, 0x16, 0, 0x19, 0x0c, 0}), "members"},
	} {
		_, err := Open(bytes.NewReader(tt.b), int64(len(tt.b)))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	// a flipped byte in a page is found by its checksum
	b := slices.Clone(good)
	b[100] ^= 1
	if err := openBytes(t, b).Rows(io.Discard, nil, -1); err == nil {
		t.Error("a flipped byte goes unseen")
	}
}

// TestGuard is the one place where a panic becomes an error.
func TestGuard(t *testing.T) {
	_, err := Open(panicking{}, 100)
	if err == nil || !strings.Contains(err.Error(), "breaks its reader") {
		t.Errorf("Open = %v", err)
	}
}

type panicking struct{}

func (panicking) ReadAt([]byte, int64) (int, error) { panic("oh") }

func TestScalars(t *testing.T) {
	for _, tt := range []struct {
		n    node
		v    value
		want string
	}{
		{node{kind: kindDecimal, scale: 3, physical: 7}, value{b: []byte{0xff}}, "-0.001"},
		{node{kind: kindDecimal, scale: 2, physical: 7}, value{b: []byte{1, 0x2c}}, "3"},
		{node{kind: kindDecimal, scale: 1, physical: 6}, value{b: nil}, "0"},
		{node{kind: kindDecimal, scale: 0, physical: 7}, value{b: []byte{0x80, 0, 0, 0, 0, 0, 0, 0, 0}}, "-2361183241434822606848"},
		{node{kind: kindDecimal, scale: 20, physical: 2}, value{i: -150}, "-0.0000000000000000015"},
		{node{kind: kindUint, physical: 1}, value{i: -1}, "4294967295"},
		{node{kind: kindUint, physical: 2}, value{i: -1}, "18446744073709551615"},
		{node{kind: kindUUID}, value{b: []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}, `"00010203-0405-0607-0809-0a0b0c0d0e0f"`},
		{node{kind: kindHalf}, value{b: []byte{0, 0x3c}}, "1"},
		{node{kind: kindHalf}, value{b: []byte{1, 0}}, "5.9604645e-8"},
		{node{kind: kindHalf}, value{b: []byte{0, 0xfc}}, `"-Infinity"`},
		{node{kind: kindDate}, value{i: -719162}, `"0001-01-01"`},
		{node{kind: kindMillis}, value{i: -1}, `"1969-12-31T23:59:59.999Z"`},
		{node{kind: kindNanos}, value{i: 1500000000000000001}, `"2017-07-14T02:40:00.000000001Z"`},
		{node{kind: kindTimeMicros}, value{i: 3723000001}, `"01:02:03.000001"`},
		{node{kind: kindText}, value{b: []byte("a\"\\\x01\n\xffé")}, `"a\"\\\u0001\n` + "\ufffdé\""},
		{node{kind: kindText}, value{b: []byte("cut \xe3\x83")}, "\"cut \ufffd\""}, // one for what was one character, as Java and our ORC reader have it
		{node{kind: kindFloat}, value{i: int64(math.Float64bits(float64(float32(1e-6))))}, "0.000001"},
		{node{kind: kindInt96}, value{b: binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint64(nil, 1<<64-1), 2440588)}, `"1969-12-31T23:59:59.999999999Z"`},
		{node{kind: kindTimeMicros}, value{i: -1}, `"23:59:59.999999"`},
		{node{kind: kindDate}, value{i: 2932897}, `"10000-01-01"`},
		{node{kind: kindBinary}, value{b: []byte{0xfb, 0xff}}, `"+/8="`},
	} {
		got, err := appendScalar(nil, &tt.n, tt.v)
		if err != nil || string(got) != tt.want {
			t.Errorf("kind %d: %s, %v, want %s", tt.n.kind, got, err, tt.want)
		}
	}
	if _, err := appendScalar(nil, &node{kind: kindDecimal, physical: 6}, value{b: make([]byte, 1000)}); err == nil {
		t.Error("a decimal of 1000 bytes is printed")
	}
}

// A counter bounds what a fuzzed file may print.
type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) {
	if c.n += len(p); c.n > 4<<20 {
		return 0, errFull
	}
	return len(p), nil
}

// FuzzOpen reads whatever it is given: no panic (guard's error is one here), no endless row.
func FuzzOpen(f *testing.F) {
	for _, o := range []writer.Options{{}, {WriterVersion: "V2", EnableDictionaryCompression: true}, {Layout: writer.LayoutModern, Compression: "UNCOMPRESSED", WriterVersion: "V2"}, {Layout: writer.LayoutHive, Compression: "GZIP"}, {Layout: writer.LayoutHive, Compression: "UNCOMPRESSED", EnableDictionaryCompression: true}} {
		f.Add(sample(f, o))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Open(bytes.NewReader(b), int64(len(b)))
		if err == nil {
			var s *Structure
			if s, err = file.Inspect(); err == nil {
				if _, err := json.Marshal(s); err != nil {
					t.Error(err)
				}
				s.WriteText(io.Discard)
			}
			if err == nil {
				err = file.Rows(&counter{}, nil, 1000)
			}
		}
		if err != nil && strings.Contains(err.Error(), "breaks its reader") {
			t.Error(err)
		}
	})
}

// FuzzPage decodes a page of every encoding that a leaf may have.
func FuzzPage(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, 20, 1, 1, 2, 3, 4}, uint8(0), uint8(1))
	f.Add([]byte{0x80, 1, 4, 5, 2, 2, 0, 0, 0, 0}, uint8(5), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, encoding, physical uint8) {
		leaf := &node{kind: kindBinary, physical: format.Type(physical & 7), length: 3, def: int(encoding >> 4 & 3)}
		c := &cursor{leaf: leaf, entries: 1 << 20}
		c.dict = dictionary{leaf: leaf, n: 2, plain: make([]byte, 64), ends: nil}
		if err := c.dataV1(header(len(b)*9, int(encoding&15)), b); err != nil {
			return
		}
		for range 1 << 14 {
			if c.inPage == 0 {
				return
			}
			if err := c.advance(); err != nil {
				return
			}
		}
	})
}

func header(values, encoding int) *format.DataPageHeader {
	return &format.DataPageHeader{NumValues: int32(values), Encoding: format.Encoding(encoding), DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE}
}

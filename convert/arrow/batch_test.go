package arrow

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/hydrantkit/hydrant/convert/column"
)

func buffer[T arrow.FixedWidthType](x ...T) *memory.Buffer {
	return memory.NewBufferBytes(arrow.GetBytes(x))
}

// A record has one column, of any data: Arrow's own constructors refuse some of what Batch has to.
type record struct {
	arrow.Record // has the rows
	s            *arrow.Schema
	d            arrow.ArrayData
}

func recordOf(d arrow.ArrayData) arrow.Record {
	of := func(t arrow.DataType) *arrow.Schema { return arrow.NewSchema([]arrow.Field{{Name: "x", Type: t}}, nil) }
	rows := array.MakeArrayOfNull(memory.DefaultAllocator, arrow.PrimitiveTypes.Int32, d.Len())
	return record{array.NewRecord(of(rows.DataType()), []arrow.Array{rows}, int64(d.Len())), of(d.DataType()), d}
}

func (r record) Schema() *arrow.Schema  { return r.s }
func (r record) Column(int) arrow.Array { return anyArray{r.Record.Column(0), r.d} }

type anyArray struct {
	arrow.Array
	d arrow.ArrayData
}

func (a anyArray) Data() arrow.ArrayData { return a.d }

func data(t arrow.DataType, n, nulls int, children []arrow.ArrayData, buffers ...*memory.Buffer) arrow.ArrayData {
	return array.NewData(t, n, buffers, children, nulls, 0)
}

// TestNullsWithContent has nulls that hide bytes, elements and members; a vector's nulls have none.
func TestNullsWithContent(t *testing.T) {
	text := func(valid byte) arrow.ArrayData {
		return data(arrow.BinaryTypes.String, 4, -1, nil, buffer(valid), buffer[int32](1, 2, 4, 4, 6), memory.NewBufferBytes([]byte("-abbcc-")))
	}
	list := func(valid byte, elem arrow.ArrayData) arrow.ArrayData {
		return data(arrow.ListOf(elem.DataType()), 3, -1, []arrow.ArrayData{elem}, buffer(valid), buffer[int32](0, 1, 3, 4))
	}
	for _, tt := range []struct {
		typ  string
		d    arrow.ArrayData
		want func(v *column.Vector)
	}{
		{"string", text(0b1101), func(v *column.Vector) {
			v.AppendBytes([]byte("a"))
			v.AppendNull()
			v.AppendBytes(nil)
			v.AppendBytes([]byte("cc"))
		}},
		{"array<string>", list(0b101, text(0b0111)), func(v *column.Vector) {
			v.Children[0].AppendBytes([]byte("a"))
			v.EndList()
			v.AppendNull()
			v.Children[0].AppendNull()
			v.EndList()
		}},
		{"struct<l:array<string>>", data(arrow.StructOf(arrow.Field{Name: "l", Type: arrow.ListOf(arrow.BinaryTypes.String)}), 3, -1,
			[]arrow.ArrayData{list(0b110, text(0b1111))}, buffer[byte](0b101)), func(v *column.Vector) {
			v.AppendNull() // a list that is null itself
			v.Nulls, v.Valid[0] = 0, 1
			v.AppendNull() // a list that isn't
			l := &v.Children[0]
			l.Children[0].AppendBytes([]byte("cc"))
			l.EndList()
			v.EndStruct()
		}},
		{"boolean", data(arrow.FixedWidthTypes.Boolean, 3, 0, nil, nil, buffer[byte](0b11111101)), func(v *column.Vector) {
			v.AppendBool(true)
			v.AppendBool(false)
			v.AppendBool(true)
		}},
		{"timestamp", data(&arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "Asia/Tokyo"}, 2, 0, nil, nil, buffer[int64](-1, 1500)), func(v *column.Vector) {
			v.AppendTimestamp(-1, 999000000)
			v.AppendTimestamp(1, 500000000)
		}},
		{"timestamp", data(&arrow.TimestampType{Unit: arrow.Second}, 1, 0, nil, nil, buffer[int64](minSeconds)), func(v *column.Vector) {
			v.AppendTimestamp(minSeconds, 0)
		}},
		{"map<int,int>", data(arrow.MapOf(arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int32), 0, 0, []arrow.ArrayData{
			data(arrow.StructOf(), 0, 0, []arrow.ArrayData{data(arrow.PrimitiveTypes.Int32, 0, 0, nil, nil, nil), data(arrow.PrimitiveTypes.Int32, 0, 0, nil, nil, nil)}, nil)}, nil, nil), func(*column.Vector) {}},
	} {
		columns := columnsOf(t, "struct<x:"+tt.typ+">")
		got, want := column.NewBatch(columns), column.NewBatch(columns)
		tt.want(&want.Columns[0])
		want.Rows = want.Columns[0].Len
		if err := Batch(got, recordOf(tt.d), columns); err != nil {
			t.Errorf("%s: %v", tt.typ, err)
			continue
		}
		checkSame(t, got, want, columns)
	}
}

func TestBatchErrors(t *testing.T) {
	i32 := arrow.PrimitiveTypes.Int32
	ints := func(n, nulls int, valid *memory.Buffer) arrow.ArrayData {
		return data(i32, n, nulls, nil, valid, buffer[int32](1, 2, 3))
	}
	text := func(s string) arrow.ArrayData {
		return data(arrow.BinaryTypes.String, 1, 0, nil, nil, buffer(0, int32(len(s))), memory.NewBufferBytes([]byte(s)))
	}
	entries := func(key arrow.ArrayData, nulls int, valid *memory.Buffer) arrow.ArrayData {
		m := arrow.MapOf(i32, i32)
		return data(m, 1, 0, []arrow.ArrayData{data(m.Elem(), 3, nulls, []arrow.ArrayData{key, ints(3, 0, nil)}, valid)}, nil, buffer[int32](0, 3))
	}
	dec := func(p int32, x decimal128.Num) arrow.ArrayData {
		return data(&arrow.Decimal128Type{Precision: p, Scale: 1}, 1, 0, nil, nil, buffer(x))
	}
	for _, tt := range []struct {
		typ  string
		d    arrow.ArrayData
		want string
	}{
		{"int", ints(4, 0, nil), "x: a buffer of 3 values for 4"},
		{"int", ints(3, 1, nil), "x: 1 nulls without a bitmap"},
		{"int", data(i32, 9, 1, nil, buffer[byte](1), buffer(make([]int32, 9)...)), "x: a bitmap of 1 bytes for 9 values"},
		{"boolean", data(arrow.FixedWidthTypes.Boolean, 9, 0, nil, nil, buffer[byte](1)), "x: a bitmap of 1 bytes for 9 values"},
		{"bigint", ints(1, 0, nil), "x: bigint doesn't hold int32"},
		{"string", data(arrow.BinaryTypes.LargeString, 0, 0, nil), "x: string doesn't hold large_utf8"},
		{"array<bigint>", data(arrow.ListOf(i32), 0, 0, nil), "x: element: bigint doesn't hold int32"},
		{"struct<a:int>", data(arrow.StructOf(arrow.Field{Name: "b", Type: i32}), 0, 0, nil), `x: field 0 is "b", the column "a"`},
		{"struct<a:int>", data(arrow.StructOf(arrow.Field{Name: "a", Type: i32}), 1, 0, nil), "x: 0 children for 1"},
		{"struct<a:int>", data(arrow.StructOf(arrow.Field{Name: "a", Type: i32}), 4, 0, []arrow.ArrayData{ints(3, 0, nil)}), "x: a: 3 values instead of 4"},
		{"array<int>", data(arrow.ListOf(i32), 1, 0, nil), "x: 0 children for 1"},
		{"array<int>", data(arrow.ListOf(i32), 1, 0, []arrow.ArrayData{ints(3, 0, nil)}, nil, buffer[int32](0, 4)), "x: value 0: from 0 to 4 of 3"},
		{"array<int>", data(arrow.ListOf(i32), 2, 0, []arrow.ArrayData{ints(3, 0, nil)}, nil, buffer[int32](0, 2, 1)), "x: value 1: from 2 to 1 of 3"},
		{"array<int>", data(arrow.ListOf(i32), 1, 0, []arrow.ArrayData{ints(3, 0, nil)}, nil, buffer[int32](-1, 1)), "x: value 0: from -1 to 1 of 3"},
		{"array<int>", data(arrow.ListOf(i32), 1, 0, []arrow.ArrayData{ints(3, 0, nil)}, nil, buffer[int32](0)), "x: a buffer of 1 values for 1"},
		{"map<int,int>", entries(ints(3, 1, buffer[byte](0b101)), 0, nil), "x: 1 null keys"},
		{"map<int,int>", entries(ints(3, 0, nil), 1, buffer[byte](0b110)), "x: 1 null entries"},
		{"string", text("a\xff"), "x: value 0: not UTF-8"},
		{"string", data(arrow.BinaryTypes.String, 2, 0, nil, nil, buffer[int32](0, 1, 2), memory.NewBufferBytes([]byte("é"))), "x: value 1: not UTF-8"},
		{"varchar(2)", text("äöü"), "x: value 0: 3 code points for varchar(2)"},
		{"char(3)", text("a "), "x: value 0: a char(3) that ends in a blank"},
		{"timestamp", data(arrow.FixedWidthTypes.Timestamp_s, 1, 0, nil, nil, buffer[int64](maxSeconds+1)), "x: value 0: 253402300800 timestamp[s, tz=UTC] since 1970 is outside of the years 0001–9999"},
		{"timestamp", data(&arrow.TimestampType{Unit: 9}, 1, 0, nil, nil, buffer[int64](1)), "x: time unit 9"},
		{"decimal(2,1)", dec(2, decimal128.FromI64(100)), "x: value 0: 10.0 is out of range for decimal(2,1)"},
		{"decimal(2,1)", dec(2, decimal128.FromI64(-100)), "x: value 0: -10.0 is out of range for decimal(2,1)"},
		{"decimal(38,1)", dec(38, decimal128.New(math.MinInt64, 0)), "x: value 0: "},
		{"decimal(3,1)", dec(2, decimal128.FromI64(1)), "x: decimal(3,1) doesn't hold decimal(2, 1)"},
	} {
		columns := columnsOf(t, "struct<x:"+tt.typ+">")
		b := column.NewBatch(columns)
		err := Batch(b, recordOf(tt.d), columns)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.typ, err, tt.want)
		}
		if d := diff(&b.Columns[0], &column.NewBatch(columns).Columns[0]); b.Rows != 0 || d != "" {
			t.Errorf("%s: %d rows after an error: %s", tt.typ, b.Rows, d)
		}
	}
}

// stream is a small stream with every buffer in it.
func stream(t testing.TB, text string, rows int, o ...ipc.Option) []byte {
	columns := columnsOf(t, text)
	b := newGenerator(1, 5, Options{}).batch(column.NewBatch(columns), rows)
	rec, err := Record(b, columns, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Release()
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, append(o, ipc.WithSchema(rec.Schema()))...)
	for range 2 {
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// readAll reads a stream and returns how many rows it has.
func readAll(r io.Reader, text string, t testing.TB, o Options) (rows int, err error) {
	columns := columnsOf(t, text)
	in, err := NewReader(r, columns, o)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	b := column.NewBatch(columns)
	for {
		if err := in.Read(b); err == io.EOF {
			return rows, nil
		} else if err != nil {
			if b.Rows != 0 {
				return rows, fmt.Errorf("%d rows after %w", b.Rows, err)
			}
			return rows, err
		}
		rows += b.Rows
	}
}

func TestReader(t *testing.T) {
	for name, o := range map[string][]ipc.Option{"plain": nil, "lz4": {ipc.WithLZ4()}, "zstd": {ipc.WithZstd()}} {
		s := stream(t, everyType, 50, o...)
		if n, err := readAll(iotest.OneByteReader(bytes.NewReader(s)), everyType, t, Options{}); n != 100 || err != nil {
			t.Errorf("%s: %d rows, %v", name, n, err)
		}
		if n, err := readAll(bytes.NewReader(s), everyType, t, Options{MaxMessage: 2000}); n != 0 || err == nil || !strings.Contains(err.Error(), "2000") {
			t.Errorf("%s: beyond the limit: %d rows, %v", name, n, err)
		}
	}
}

// TestCut cuts a stream everywhere: it is an error, except between messages.
func TestCut(t *testing.T) {
	const text = "struct<a:int,b:array<string>>"
	s := stream(t, text, 5)
	whole := 0
	for n := range s {
		rows, err := readAll(bytes.NewReader(s[:n]), text, t, Options{})
		switch {
		case err == nil:
			whole++
			if rows%5 != 0 {
				t.Errorf("%d bytes: %d rows", n, rows)
			}
		case n > 0 && !errors.Is(err, io.ErrUnexpectedEOF):
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if whole != 3 { // after the schema and each batch
		t.Errorf("%d cuts go unnoticed, want 3", whole)
	}
	broken := errors.New("broken")
	if _, err := readAll(io.MultiReader(bytes.NewReader(s[:len(s)-20]), iotest.ErrReader(broken)), text, t, Options{}); !errors.Is(err, broken) {
		t.Errorf("the reader's error: %v", err)
	}
}

// TestDamage changes every byte of a stream, in several ways. Nothing may panic.
func TestDamage(t *testing.T) {
	const text = "struct<a:int,b:array<string>,m:map<tinyint,struct<t:timestamp,b:boolean>>,d:decimal(20,2)>"
	s := stream(t, text, 9)
	good, bad := 0, 0
	for i := range s {
		for _, x := range []byte{0, 1, 0x7f, 0x80, 0xff, s[i] ^ 4} {
			c := bytes.Clone(s)
			c[i] = x
			if _, err := readAll(bytes.NewReader(c), text, t, Options{MaxMessage: 1 << 20}); err != nil {
				bad++
			} else {
				good++
			}
		}
	}
	if bad == 0 || good == 0 {
		t.Errorf("%d good, %d bad", good, bad)
	}
	t.Logf("%d of %d damaged streams are errors", bad, good+bad)
}

// schemaMessage is a message of the metadata alone.
func schemaMessage(meta []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{0xff, 0xff, 0xff, 0xff}, uint32(len(meta)))
	return append(b, meta...)
}

// TestExplodingSchema has fields whose children are one vector, level after level: 2^60 fields in 2 KB.
func TestExplodingSchema(t *testing.T) {
	u16 := binary.LittleEndian.AppendUint16
	u32 := binary.LittleEndian.AppendUint32
	build := func(levels, width int) []byte {
		b := u32(nil, 12) // root
		b = u16(u16(u16(u16(b, 0), 0), 0), 0)
		// message at 12: its layout is behind it
		b = u32(b, ^uint32(16-1)) // layout at 28
		b = append(b, headerSchema, 0, 0, 0)
		b = u32(b, 20) // header at 20+20 = 40
		b = u32(b, 0)
		for _, x := range []uint16{10, 12, 0, 4, 8, 0} { // layout of 28: header type at 4, header at 8
			b = u16(b, x)
		}
		b = u32(b, ^uint32(8-1)) // schema at 40, layout at 48
		b = u32(b, 12)           // fields: vector at 44+12 = 56
		for _, x := range []uint16{8, 8, 0, 4} {
			b = u16(b, x)
		}
		for range levels { // a vector of references to one field, whose layout and children follow
			b = u32(b, uint32(width))
			for k := range width {
				b = u32(b, uint32(4*(width-k)))
			}
			b = u32(b, ^uint32(8-1)) // field; layout 8 on
			b = u32(b, 20)           // children: the next vector, behind the layout
			for _, x := range []uint16{16, 8, 0, 0, 0, 0, 0, 4} {
				b = u16(b, x)
			}
		}
		return u32(b, 0)
	}
	w := walker{b: build(3, 2), left: 1 << 20}
	w.fields(44, 0)
	if spent := 1<<20 - w.left; w.err != nil || spent != 16*(2+4+8) {
		t.Fatalf("three levels of two spend %d, %v", spent, w.err)
	}
	for _, tt := range []struct {
		levels, width int
		want          error
	}{{3, 2, nil}, {60, 2, errSize}, {200, 1, errDepth}} {
		meta := build(tt.levels, tt.width)
		if err := checkMetadata(meta); err != tt.want {
			t.Errorf("%d levels of %d: %v, want %v", tt.levels, tt.width, err, tt.want)
		}
		if _, err := readAll(bytes.NewReader(schemaMessage(meta)), "struct<a:int>", t, Options{}); err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%d levels of %d: %v", tt.levels, tt.width, err)
		}
	}
}

// FuzzReader reads anything as a stream: rows or an error.
func FuzzReader(f *testing.F) {
	const text = "struct<b:boolean,i:int,l:bigint,f:float,d:decimal(20,2),s:string,c:char(3),n:binary,t:timestamp,a:array<string>,m:map<tinyint,struct<t:timestamp,b:boolean>>>"
	f.Add(stream(f, text, 5))
	f.Add(stream(f, text, 0))
	f.Add(stream(f, text, 3, ipc.WithLZ4()))
	f.Add(stream(f, "struct<a:int>", 3))
	columns := columnsOf(f, text)
	f.Fuzz(func(t *testing.T, s []byte) {
		const limit = 1 << 20
		r, err := NewReader(bytes.NewReader(s), columns, Options{MaxMessage: limit})
		if err != nil {
			return
		}
		defer r.Close()
		got, again := column.NewBatch(columns), column.NewBatch(columns)
		for r.Read(got) == nil {
			// Whatever was read is a batch: it goes out and comes back, unless its timestamps are too early or late.
			rec, err := Record(got, columns, Options{})
			if err != nil {
				continue
			}
			if err := Batch(again, rec, columns); err != nil {
				t.Fatal(err)
			}
			checkSame(t, again, got, columns)
			rec.Release()
		}
	})
}

package arrow

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

// diff says where two vectors hold different values or break a vector's promises; "" means nowhere.
func diff(got, want *column.Vector) string {
	if got.Len != want.Len || got.Nulls != want.Nulls || (got.Valid == nil) != (got.Nulls == 0) {
		return fmt.Sprintf("%d values, %d nulls; want %d, %d", got.Len, got.Nulls, want.Len, want.Nulls)
	}
	if !slices.Equal(got.Valid, want.Valid) {
		return fmt.Sprintf("valid %x, want %x", got.Valid, want.Valid)
	}
	if !slices.Equal(got.Offsets, want.Offsets) || !bytes.Equal(got.Bytes, want.Bytes) {
		return fmt.Sprintf("offsets %d or bytes %q, want %d, %q", got.Offsets, got.Bytes, want.Offsets, want.Bytes)
	}
	if len(got.Ints) != len(want.Ints) || len(got.High) != len(want.High) || len(got.Nanos) != len(want.Nanos) ||
		len(got.Floats) != len(want.Floats) || len(got.Bools) != len(want.Bools) {
		return "slices of other lengths"
	}
	for i := range got.Len {
		if got.Null(i) {
			continue
		}
		switch {
		case got.Bools != nil && got.Bool(i) != want.Bool(i),
			got.Ints != nil && got.Ints[i] != want.Ints[i],
			got.Wide() && got.High[i] != want.High[i],
			got.Nanos != nil && got.Nanos[i] != want.Nanos[i],
			got.Floats != nil && math.Float64bits(got.Floats[i]) != math.Float64bits(want.Floats[i]):
			return fmt.Sprintf("value %d differs", i)
		}
	}
	for i := range got.Children {
		if d := diff(&got.Children[i], &want.Children[i]); d != "" {
			return fmt.Sprintf("child %d: %s", i, d)
		}
	}
	return ""
}

func checkSame(t *testing.T, got, want *column.Batch, columns []schema.Column) {
	t.Helper()
	if got.Rows != want.Rows {
		t.Errorf("%d rows, want %d", got.Rows, want.Rows)
	}
	for i, c := range columns {
		if d := diff(&got.Columns[i], &want.Columns[i]); d != "" {
			t.Errorf("%s: %s", c.Name, d)
		}
	}
}

// variants are the options under which the same tests run.
var variants = []Options{{}, {Microseconds: true}, {Copy: true}, {Copy: true, Microseconds: true}}

func TestRoundTrip(t *testing.T) {
	columns := columnsOf(t, everyType)
	for _, o := range variants {
		for p := range patterns {
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			o.Allocator = mem
			in, out := column.NewBatch(columns), column.NewBatch(columns)
			for k, rows := range []int{0, 1, 7, 63, 64, 65, 200, 3} {
				t.Run(fmt.Sprintf("%s/%d/copy=%t/us=%t", patterns[p].name, rows, o.Copy, o.Microseconds), func(t *testing.T) {
					newGenerator(uint64(k), p, o).batch(in, rows)
					rec, err := Record(in, columns, o)
					if err != nil {
						t.Fatal(err)
					}
					if err := Batch(out, rec, columns); err != nil {
						t.Fatal(err)
					}
					checkSame(t, out, in, columns)
					if rows > 2 { // a slice has offsets
						cutRecord(t, rec, columns, in)
					}
					if o.Copy { // stands alone
						newGenerator(uint64(k)+99, p, o).batch(in, rows)
						again := column.NewBatch(columns)
						if err := Batch(again, rec, columns); err != nil {
							t.Fatal(err)
						}
						checkSame(t, again, out, columns)
					}
					rec.Release()
				})
			}
			mem.AssertSize(t, 0)
		}
	}
}

// cutRecord takes all rows but the first and the last back.
func cutRecord(t *testing.T, rec arrow.Record, columns []schema.Column, in *column.Batch) {
	t.Helper()
	part := rec.NewSlice(1, rec.NumRows()-1)
	defer part.Release()
	got := column.NewBatch(columns)
	if err := Batch(got, part, columns); err != nil {
		t.Fatal(err)
	}
	whole, err := Record(got, columns, Options{Microseconds: rec.Schema().Field(15).Type.(*arrow.TimestampType).Unit == arrow.Microsecond})
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Release()
	if !array.RecordEqual(whole, part) {
		t.Errorf("a slice comes back otherwise:\n%v\nwant\n%v", whole, part)
	}
}

func TestStream(t *testing.T) {
	columns := columnsOf(t, everyType)
	for _, o := range variants {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		o.Allocator = mem
		var want []*column.Batch
		for p := range patterns {
			want = append(want, newGenerator(5, p, o).batch(column.NewBatch(columns), 40*p))
		}
		var b bytes.Buffer
		if err := WriteIPC(&b, columns, o, want...); err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(&b, columns, o)
		if err != nil {
			t.Fatal(err)
		}
		got := column.NewBatch(columns)
		for _, w := range want {
			if err := r.Read(got); err != nil {
				t.Fatal(err)
			}
			checkSame(t, got, w, columns)
		}
		if err := r.Read(got); err != io.EOF {
			t.Errorf("at the end: %v", err)
		}
		r.Close()
		mem.AssertSize(t, 0)
	}
}

// TestShares proves by addresses which buffers of a record are the batch's.
func TestShares(t *testing.T) {
	columns := columnsOf(t, everyType)
	g := newGenerator(3, 5, Options{})
	b := g.batch(column.NewBatch(columns), 100)
	for _, o := range variants[:3:3] {
		if o.Microseconds {
			continue
		}
		rec, err := Record(b, columns, o)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range columns {
			checkShares(t, c.Name, &b.Columns[i], rec.Column(i).Data(), !o.Copy)
		}
		rec.Release()
	}
}

func checkShares(t *testing.T, name string, v *column.Vector, d arrow.ArrayData, want bool) {
	t.Helper()
	check := func(i int, p unsafe.Pointer) {
		t.Helper()
		if b := d.Buffers()[i]; p != nil && b.Len() > 0 {
			if got := unsafe.Pointer(unsafe.SliceData(b.Bytes())) == p; got != want {
				t.Errorf("%s: buffer %d shared: %t, want %t", name, i, got, want)
			}
		}
	}
	if v.Nulls > 0 {
		check(0, unsafe.Pointer(unsafe.SliceData(v.Valid)))
	}
	switch v.Type.Kind {
	case schema.Boolean:
		check(1, unsafe.Pointer(unsafe.SliceData(v.Bools)))
	case schema.BigInt:
		check(1, unsafe.Pointer(unsafe.SliceData(v.Ints)))
	case schema.Double:
		check(1, unsafe.Pointer(unsafe.SliceData(v.Floats)))
	case schema.String, schema.Char, schema.VarChar, schema.Binary:
		check(1, unsafe.Pointer(unsafe.SliceData(v.Offsets)))
		check(2, unsafe.Pointer(unsafe.SliceData(v.Bytes)))
	case schema.Array:
		check(1, unsafe.Pointer(unsafe.SliceData(v.Offsets)))
		checkShares(t, name+".element", &v.Children[0], d.Children()[0], want)
	case schema.Map:
		check(1, unsafe.Pointer(unsafe.SliceData(v.Offsets)))
		checkShares(t, name+".key", &v.Children[0], d.Children()[0].Children()[0], want)
		checkShares(t, name+".value", &v.Children[1], d.Children()[0].Children()[1], want)
	case schema.Struct:
		for i, f := range v.Type.Fields {
			checkShares(t, name+"."+f.Name, &v.Children[i], d.Children()[i], want)
		}
	}
}

func TestSchema(t *testing.T) {
	s, err := Schema(columnsOf(t, "struct<a:tinyint,b:decimal(20,3),c:timestamp,d:map<string,array<float>>,e:struct<f:char(3)>>"), Options{Microseconds: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range s.Fields() {
		got = append(got, f.String())
	}
	want := "a: type=int8, nullable|b: type=decimal(20, 3), nullable|c: type=timestamp[us, tz=UTC], nullable|" +
		"d: type=map<utf8, list<item: float32, nullable>, items_nullable>, nullable|e: type=struct<f: utf8>, nullable"
	if strings.Join(got, "|") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
	for _, bad := range []*schema.Type{nil, {}, {Kind: schema.Array}, {Kind: schema.Map, Key: &schema.Type{Kind: schema.Int}}, {Kind: schema.Kind(99)}} {
		if _, err := Schema([]schema.Column{{Name: "x", Type: bad}}, Options{}); err == nil || !strings.HasPrefix(err.Error(), "x: ") {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestRecordErrors(t *testing.T) {
	for _, tt := range []struct {
		typ  string
		o    Options
		fill func(v *column.Vector)
		want string // "" is none
	}{
		{"timestamp", Options{}, func(v *column.Vector) { v.AppendTimestamp(firstNanoSecond, firstNano) }, ""},
		{"timestamp", Options{}, func(v *column.Vector) { v.AppendTimestamp(firstNanoSecond, firstNano-1) }, "x: value 0: nanoseconds since 1970 don't reach 1677-09-21T00:12:43.145224191Z"},
		{"timestamp", Options{}, func(v *column.Vector) { v.AppendTimestamp(lastNanoSecond, lastNano+1) }, "x: value 0: nanoseconds since 1970 don't reach 2262-04-11T23:47:16.854775808Z"},
		{"timestamp", Options{}, func(v *column.Vector) { v.AppendTimestamp(maxSeconds, 0) }, "x: value 0: nanoseconds since 1970 don't reach 9999-12-31T23:59:59Z"},
		{"timestamp", Options{Microseconds: true}, func(v *column.Vector) { v.AppendTimestamp(maxSeconds, 999999000) }, ""},
		{"timestamp", Options{Microseconds: true}, func(v *column.Vector) { v.AppendTimestamp(1, 1) }, "x: value 0: microseconds don't hold 1970-01-01T00:00:01.000000001Z"},
		{"timestamp", Options{}, func(v *column.Vector) { v.AppendNull(); v.Ints[0] = maxSeconds }, ""},
		{"timestamp", Options{Microseconds: true}, func(v *column.Vector) { v.AppendNull(); v.Nanos[0] = 1 }, ""},
		{"tinyint", Options{}, func(v *column.Vector) { v.AppendInt(0); v.AppendInt(128) }, "x: value 1: 128 is out of range for tinyint"},
		{"tinyint", Options{}, func(v *column.Vector) { v.AppendNull(); v.Ints[0] = 128 }, ""},
		{"date", Options{}, func(v *column.Vector) { v.AppendInt(1 << 31) }, "x: value 0: 2147483648 is out of range for date"},
		{"array<map<int,smallint>>", Options{}, func(v *column.Vector) {
			m := &v.Children[0]
			m.Children[0].AppendInt(1)
			m.Children[1].AppendInt(-40000)
			m.EndList()
			v.EndList()
		}, "x: element: value: value 0: -40000 is out of range for smallint"},
		{"int", Options{}, func(v *column.Vector) {}, "x: 0 values for 1 rows"},
	} {
		columns := columnsOf(t, "struct<x:"+tt.typ+">")
		b := column.NewBatch(columns)
		tt.fill(&b.Columns[0])
		b.Rows = max(1, b.Columns[0].Len)
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		tt.o.Allocator = mem
		rec, err := Record(b, columns, tt.o)
		if rec != nil {
			rec.Release()
		}
		if (err == nil) != (tt.want == "") || err != nil && err.Error() != tt.want {
			t.Errorf("%s: %v, want %q", tt.typ, err, tt.want)
		}
		mem.AssertSize(t, 0)
	}
	b := column.NewBatch(columnsOf(t, "struct<x:int>"))
	for _, other := range []string{"struct<x:bigint>", "struct<x:int,y:int>"} {
		if _, err := Record(b, columnsOf(t, other), Options{}); err == nil {
			t.Errorf("a batch of x:int for %s", other)
		}
	}
}

package column_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/column/columntest"
	"github.com/hydrantkit/hydrant/schema"
)

// fill appends one random value to v.
func fill(r *rand.Rand, v *column.Vector) {
	if r.IntN(4) == 0 {
		v.AppendNull()
		return
	}
	switch v.Type.Kind {
	case schema.Boolean:
		v.AppendBool(r.IntN(2) == 0)
	case schema.Float, schema.Double:
		v.AppendFloat(float64(r.IntN(100)) / 4)
	case schema.Decimal:
		x := r.Int64N(2000) - 1000
		v.AppendDecimal(x>>63, x)
	case schema.Timestamp:
		v.AppendTimestamp(r.Int64N(1<<32), int32(r.IntN(1e9)))
	case schema.String, schema.Char, schema.VarChar, schema.Binary:
		v.AppendBytes([]byte("abcdefgh")[:r.IntN(9)])
	case schema.Array:
		for range r.IntN(4) {
			fill(r, &v.Children[0])
		}
		v.EndList()
	case schema.Map:
		for range r.IntN(4) {
			for n := v.Children[0].Len; v.Children[0].Len == n; {
				fill(r, &v.Children[0])
				if v.Children[0].Null(n) {
					v.Children[0].Truncate(n)
				}
			}
			fill(r, &v.Children[1])
		}
		v.EndList()
	case schema.Struct:
		for i := range v.Children {
			fill(r, &v.Children[i])
		}
		v.EndStruct()
	default:
		v.AppendInt(r.Int64N(256) - 128)
	}
}

// half appends a value to v as far as one gets that fails inside.
func half(r *rand.Rand, v *column.Vector) {
	switch v.Type.Kind {
	case schema.String, schema.Char, schema.VarChar, schema.Binary:
		v.Bytes = append(v.Bytes, "half"...)
	case schema.Array:
		fill(r, &v.Children[0])
		half(r, &v.Children[0])
	case schema.Map:
		fill(r, &v.Children[0])
		half(r, &v.Children[1])
	case schema.Struct:
		fill(r, &v.Children[0])
		half(r, &v.Children[len(v.Children)-1])
	}
}

var types = []string{
	"boolean", "tinyint", "bigint", "float", "double", "decimal(9,2)", "decimal(38,2)", "string", "char(3)", "varchar(9)", "binary", "date", "timestamp",
	"array<int>", "array<array<string>>", "map<string,int>", "map<int,array<boolean>>", "struct<a:int,b:string>", "struct<a:boolean,b:struct<c:array<string>,d:decimal(20,1)>>",
	"array<struct<x:timestamp,y:map<string,struct<z:double>>>>",
}

// A vector is what a list of its values says, through nulls, truncation and halves of values.
func TestVectorModel(t *testing.T) {
	for _, typ := range types {
		st, err := schema.ParseType(typ)
		if err != nil {
			t.Fatal(err)
		}
		for seed := range uint64(20) {
			r := rand.New(rand.NewPCG(seed, 1))
			var v column.Vector
			v.Init(st)
			var model []string
			for step := range 300 {
				switch op := r.IntN(40); {
				case op == 0:
					n := r.IntN(v.Len + 3)
					v.Truncate(n)
					model = model[:min(n, len(model))]
				case op == 1 && step%3 == 0:
					v.Reset()
					model = nil
				case op < 6:
					half(r, &v)
					v.Truncate(v.Len)
				default:
					fill(r, &v)
					model = append(model, columntest.String(&v, v.Len-1))
				}
				if err := columntest.Check(&v, len(model)); err != nil {
					t.Fatalf("%s, seed %d, step %d: %v", typ, seed, step, err)
				}
			}
			var got []string
			for i := range v.Len {
				got = append(got, columntest.String(&v, i))
			}
			if !slices.Equal(got, model) {
				t.Fatalf("%s, seed %d:\n got %v\nwant %v", typ, seed, got, model)
			}
		}
	}
}

// The first null makes the bitmap, the last one to go takes it away.
func TestValid(t *testing.T) {
	var v column.Vector
	v.Init(&schema.Type{Kind: schema.Int})
	for i := range 130 {
		v.AppendInt(int64(i))
	}
	if v.Valid != nil {
		t.Error("a bitmap without nulls")
	}
	v.AppendNull()
	v.AppendInt(1)
	if v.Nulls != 1 || len(v.Valid) != 3 || !v.Null(130) || v.Null(129) || v.Null(131) {
		t.Errorf("%d nulls, %x", v.Nulls, v.Valid)
	}
	v.Truncate(130)
	if v.Nulls != 0 || v.Valid != nil {
		t.Errorf("%d nulls, %x", v.Nulls, v.Valid)
	}
}

func TestBatch(t *testing.T) {
	tab, err := schema.NewTable([2]string{"a", "int"}, [2]string{"b", "array<string>"})
	if err != nil {
		t.Fatal(err)
	}
	b := column.NewBatch(tab.Columns)
	for range 3 {
		for k := range b.Columns {
			b.Columns[k].AppendNull()
		}
		b.Rows++
	}
	b.Columns[0].AppendInt(5) // a row that fails behind its first column
	b.Truncate(b.Rows)
	if err := columntest.CheckBatch(b); err != nil || b.Rows != 3 {
		t.Errorf("%d rows: %v", b.Rows, err)
	}
	b.Reset()
	if err := columntest.CheckBatch(b); err != nil || b.Rows != 0 {
		t.Errorf("%d rows: %v", b.Rows, err)
	}
}

func TestRowError(t *testing.T) {
	e := &column.RowError{Record: 3, Offset: 6, Path: "/id", Column: "id", Want: &schema.Type{Kind: schema.Int}, Message: "no."}
	if got, want := e.Error(), "record 3, byte 6, /id (column id, int): no."; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := (&column.RowError{Offset: 1, Message: "no."}).Error(), "record 0, byte 1: no."; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	value := make([]byte, 500)
	if s := column.Seen(value); len(s) != 100 || &s[0] == &value[0] {
		t.Errorf("Seen keeps %d bytes", len(s))
	}
}

func ExampleVector() {
	var v column.Vector
	v.Init(&schema.Type{Kind: schema.Array, Elem: &schema.Type{Kind: schema.Int}})
	v.Children[0].AppendInt(1)
	v.Children[0].AppendInt(2)
	v.EndList()
	v.AppendNull()
	v.EndList()
	fmt.Println(v.Len, v.Nulls, v.Offsets, v.Children[0].Ints)
	// Output: 3 1 [0 2 2 2] [1 2]
}

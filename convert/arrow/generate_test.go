package arrow

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

// everyType has every kind, and nesting of each in each.
const everyType = "struct<b:boolean,t:tinyint,s:smallint,i:int,l:bigint,f:float,d:double,dec5:decimal(5,2),dec18:decimal(18,4)," +
	"dec19:decimal(19,0),dec38:decimal(38,10),str:string,c:char(10),vc:varchar(8),day:date,ts:timestamp,bin:binary," +
	"as:array<string>,ab:array<boolean>,m:map<string,bigint>,st:struct<x:int,y:string,z:array<double>>,aa:array<array<int>>," +
	"ast:array<struct<k:string,m:map<int,array<timestamp>>>>,sss:struct<a:struct<b:struct<c:bigint,q:boolean>>,l:array<struct<d:decimal(20,3)>>>," +
	"ms:map<date,struct<q:boolean,r:array<boolean>>>,mm:map<string,map<tinyint,float>>>"

func columnsOf(t testing.TB, text string) []schema.Column {
	t.Helper()
	typ, err := schema.ParseType(text)
	if err != nil {
		t.Fatal(err)
	}
	return typ.Fields
}

// patterns say which of n values are null.
var patterns = []struct {
	name string
	null func(r *rand.Rand, i, n int) bool
}{
	{"none", func(*rand.Rand, int, int) bool { return false }},
	{"all", func(*rand.Rand, int, int) bool { return true }},
	{"first", func(_ *rand.Rand, i, n int) bool { return i < n/3 }},
	{"last", func(_ *rand.Rand, i, n int) bool { return i == n-1 }},
	{"alternating", func(_ *rand.Rand, i, n int) bool { return i%2 == 0 }},
	{"random", func(r *rand.Rand, i, n int) bool { return r.IntN(4) == 0 }},
}

// A generator makes rows that nanoseconds or microseconds hold, as o says.
type generator struct {
	*rand.Rand
	o       Options
	pattern int
}

func newGenerator(seed uint64, pattern int, o Options) *generator {
	return &generator{rand.New(rand.NewPCG(seed, 17)), o, pattern}
}

func (g *generator) batch(b *column.Batch, rows int) *column.Batch {
	b.Reset()
	for i := range b.Columns {
		for k := range rows {
			g.value(&b.Columns[i], k, rows, true)
		}
	}
	b.Rows = rows
	return b
}

func (g *generator) int(bits int) int64 {
	x := int64(g.Uint64()) >> g.IntN(64)
	switch g.IntN(6) {
	case 0:
		x = -1 << 63
	case 1:
		x = 1<<63 - 1
	}
	return x >> (64 - bits)
}

func (g *generator) value(v *column.Vector, i, n int, nullable bool) {
	if nullable && patterns[g.pattern].null(g.Rand, i, n) {
		v.AppendNull()
		return
	}
	switch t := v.Type; t.Kind {
	case schema.Boolean:
		v.AppendBool(g.IntN(2) == 0)
	case schema.TinyInt:
		v.AppendInt(g.int(8))
	case schema.SmallInt:
		v.AppendInt(g.int(16))
	case schema.Int:
		v.AppendInt(g.int(32))
	case schema.BigInt:
		v.AppendInt(g.int(64))
	case schema.Date:
		v.AppendInt(g.Int64N(3652059) - 719162) // years 0001–9999
	case schema.Float:
		v.AppendFloat(float64(float32(g.int(64)) / 7))
	case schema.Double:
		v.AppendFloat(float64(g.int(64)) / 7)
	case schema.Decimal:
		x := new(big.Int).Lsh(big.NewInt(g.int(64)), uint(g.IntN(63)))
		x.Rem(x, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Precision)), nil))
		low := new(big.Int).And(x, new(big.Int).SetUint64(1<<64-1)).Uint64()
		v.AppendDecimal(new(big.Int).Rsh(x, 64).Int64(), int64(low))
	case schema.Timestamp:
		switch {
		case g.o.Microseconds:
			v.AppendTimestamp(g.Int64N(maxSeconds-minSeconds+1)+minSeconds, g.Int32N(1e6)*1000)
		case g.IntN(8) == 0:
			v.AppendTimestamp(firstNanoSecond, firstNano)
		case g.IntN(8) == 0:
			v.AppendTimestamp(lastNanoSecond, lastNano)
		default:
			v.AppendTimestamp(g.Int64N(2*lastNanoSecond)-lastNanoSecond, g.Int32N(1e9))
		}
	case schema.Binary:
		x := make([]byte, g.IntN(20))
		for k := range x {
			x[k] = byte(g.Uint32())
		}
		v.AppendBytes(x)
	case schema.String, schema.Char, schema.VarChar:
		x := make([]rune, g.IntN(9))
		for k := range x {
			x[k] = []rune("abc 09\"\\\n\x00é日😀")[g.IntN(13)]
		}
		text := string(x)
		if t.Kind == schema.Char {
			text = strings.TrimRight(text, " ")
		}
		v.AppendBytes([]byte(text))
	case schema.Array:
		for k, n := 0, g.IntN(4); k < n; k++ {
			g.value(&v.Children[0], k, n, true)
		}
		v.EndList()
	case schema.Map:
		for k, n := 0, g.IntN(4); k < n; k++ {
			g.value(&v.Children[0], k, n, false)
			g.value(&v.Children[1], k, n, true)
		}
		v.EndList()
	case schema.Struct:
		for k := range v.Children {
			g.value(&v.Children[k], k, len(v.Children), true)
		}
		v.EndStruct()
	}
}

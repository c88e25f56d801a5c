package parquet

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

// columnsOf parses pairs of name and type.
func columnsOf(t testing.TB, pairs ...string) []schema.Column {
	t.Helper()
	var out []schema.Column
	for i := 0; i < len(pairs); i += 2 {
		typ, err := schema.ParseType(pairs[i+1])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, schema.Column{Name: pairs[i], Type: typ})
	}
	return out
}

// everyType are columns of every kind, and of the nestings that go wrong first.
var everyType = []string{
	"b", "boolean", "t", "tinyint", "s", "smallint", "i", "int", "l", "bigint", "f", "float", "d", "double",
	"dec5", "decimal(5,2)", "dec9", "decimal(9,0)", "dec18", "decimal(18,4)", "dec38", "decimal(38,10)",
	"str", "string", "c", "char(10)", "vc", "varchar(8)", "day", "date", "ts", "timestamp", "bin", "binary",
	"low", "string", "none", "int",
	"as", "array<string>", "ai", "array<int>", "m", "map<string,bigint>", "st", "struct<x:int,y:string,z:array<double>>",
	"aa", "array<array<int>>", "ast", "array<struct<k:string,m:map<int,array<timestamp>>>>",
	"sss", "struct<a:struct<b:struct<c:bigint>>,l:array<struct<d:decimal(20,3)>>>", "ms", "map<date,struct<q:boolean,r:array<boolean>>>",
}

// A shape says how random vectors look.
type shape struct {
	nulls    float64 // share
	distinct int     // values to draw from, 0 for any
	long     int     // greatest length of text
	micros   bool    // no timestamps finer than that, and years that fit nanoseconds
	finite   bool
}

func randomBatch(rng *rand.Rand, columns []schema.Column, rows int, s shape) *column.Batch {
	b := column.NewBatch(columns)
	b.Rows = rows
	for i := range b.Columns {
		cs := s
		switch columns[i].Name {
		case "none":
			cs.nulls = 1
		case "low":
			cs.distinct = 5
		}
		for range rows {
			appendRandom(rng, &b.Columns[i], cs, true)
		}
	}
	return b
}

func appendRandom(rng *rand.Rand, v *column.Vector, s shape, nullable bool) {
	if nullable && rng.Float64() < s.nulls {
		v.AppendNull()
		return
	}
	if s.distinct > 0 && v.Type.Kind.Primitive() {
		rng = rand.New(rand.NewPCG(uint64(rng.IntN(s.distinct)), 7))
	}
	pick := func(special ...int64) int64 {
		if rng.IntN(4) == 0 {
			return special[rng.IntN(len(special))]
		}
		return int64(rng.Uint64()) >> rng.IntN(64)
	}
	switch t := v.Type; t.Kind {
	case schema.Boolean:
		v.AppendBool(rng.IntN(2) == 0)
	case schema.TinyInt:
		v.AppendInt(int64(int8(pick(0, -1, math.MinInt8, math.MaxInt8))))
	case schema.SmallInt:
		v.AppendInt(int64(int16(pick(0, -1, math.MinInt16, math.MaxInt16))))
	case schema.Int:
		v.AppendInt(int64(int32(pick(0, -1, math.MinInt32, math.MaxInt32))))
	case schema.BigInt:
		v.AppendInt(pick(0, -1, math.MinInt64, math.MaxInt64))
	case schema.Date:
		v.AppendInt(pick(0, 1) % 20000)
	case schema.Float, schema.Double:
		x := math.Float64frombits(rng.Uint64())
		switch {
		case rng.IntN(2) == 0:
			x = float64(rng.IntN(1000)) / 8
		case rng.IntN(8) == 0:
			x = math.Copysign(0, -1)
		}
		if s.finite {
			// few digits, so that no two shortest texts are equally near, as Java and Go would choose differently
			x = math.Float64frombits(math.Float64bits(x) &^ (1<<42 - 1))
		}
		if t.Kind == schema.Float {
			x = float64(float32(x))
		}
		if s.finite && (x != x || math.IsInf(x, 0)) {
			x = 1.5
		}
		if x != x {
			x = math.NaN()
		}
		v.AppendFloat(x)
	case schema.Decimal:
		limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Precision)), nil)
		x := new(big.Int).SetUint64(rng.Uint64())
		x.Lsh(x, 64).Or(x, new(big.Int).SetUint64(rng.Uint64()))
		x.Rsh(x, uint(rng.IntN(128))).Mod(x, limit)
		if rng.IntN(2) == 0 {
			x.Neg(x)
		}
		appendBig(v, x)
	case schema.String, schema.Char, schema.VarChar, schema.Binary:
		n := rng.IntN(9)
		if s.long > 0 && rng.IntN(20) == 0 {
			n = rng.IntN(s.long)
		}
		var sb strings.Builder
		for range n {
			if t.Kind == schema.Binary {
				sb.WriteByte(byte(rng.IntN(256)))
			} else {
				sb.WriteRune([]rune("abcXYZ09 -\"\\\n\té日😀")[rng.IntN(17)])
			}
		}
		x := sb.String()
		if t.Kind == schema.Char {
			x = strings.TrimRight(x, " ")
		}
		v.AppendBytes([]byte(x))
	case schema.Timestamp:
		if s.micros {
			v.AppendTimestamp(rng.Int64N(1<<32)-1<<30, rng.Int32N(1e6)*1000)
			return
		}
		v.AppendTimestamp(rng.Int64N(253402300800+62135596800)-62135596800, rng.Int32N(1e9))
	case schema.Array:
		for range listLength(rng) {
			appendRandom(rng, &v.Children[0], s, true)
		}
		v.EndList()
	case schema.Map:
		seen := map[string]bool{}
		for range listLength(rng) {
			k := &v.Children[0]
			n := k.Len
			appendRandom(rng, k, shape{finite: s.finite, micros: s.micros}, false)
			text := string(appendValue(nil, k, n))
			if seen[text] {
				k.Truncate(n)
				continue
			}
			seen[text] = true
			appendRandom(rng, &v.Children[1], s, true)
		}
		v.EndList()
	case schema.Struct:
		for i := range v.Children {
			appendRandom(rng, &v.Children[i], s, true)
		}
		v.EndStruct()
	}
}

func listLength(rng *rand.Rand) int {
	if rng.IntN(3) == 0 {
		return 0
	}
	return rng.IntN(4)
}

func appendBig(v *column.Vector, x *big.Int) {
	m := new(big.Int).Set(x)
	if m.Sign() < 0 {
		m.Add(m, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	low := new(big.Int).And(m, new(big.Int).SetUint64(math.MaxUint64))
	v.AppendDecimal(int64(m.Rsh(m, 64).Uint64()), int64(low.Uint64()))
}

// appendValue appends value i of v as canonical JSON: what is written must read back as this.
func appendValue(dst []byte, v *column.Vector, i int) []byte {
	if v.Null(i) {
		return append(dst, "null"...)
	}
	switch t := v.Type; t.Kind {
	case schema.Boolean:
		return strconv.AppendBool(dst, v.Bool(i))
	case schema.Float:
		return appendFloat(dst, v.Floats[i], 32)
	case schema.Double:
		return appendFloat(dst, v.Floats[i], 64)
	case schema.Decimal:
		x := big.NewInt(v.Ints[i])
		if v.Wide() {
			x = new(big.Int).Or(new(big.Int).Lsh(big.NewInt(v.High[i]), 64), new(big.Int).SetUint64(uint64(v.Ints[i])))
		}
		return appendBigDecimal(dst, x, t.Scale)
	case schema.String, schema.Char, schema.VarChar:
		return appendText(dst, string(v.Data(i)))
	case schema.Binary:
		return appendText(dst, base64.StdEncoding.EncodeToString(v.Data(i)))
	case schema.Date:
		return appendText(dst, time.Unix(v.Ints[i]*86400, 0).UTC().Format("2006-01-02"))
	case schema.Timestamp:
		return appendText(dst, time.Unix(v.Ints[i], int64(v.Nanos[i])).UTC().Format("2006-01-02T15:04:05.999999999Z"))
	case schema.Array:
		dst = append(dst, '[')
		for j := v.Offsets[i]; j < v.Offsets[i+1]; j++ {
			if j > v.Offsets[i] {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, &v.Children[0], int(j))
		}
		return append(dst, ']')
	case schema.Map:
		dst = append(dst, '{')
		for j := v.Offsets[i]; j < v.Offsets[i+1]; j++ {
			if j > v.Offsets[i] {
				dst = append(dst, ',')
			}
			k := appendValue(nil, &v.Children[0], int(j))
			if k[0] != '"' {
				k = []byte(strconv.Quote(string(k)))
			}
			dst = append(append(dst, k...), ':')
			dst = appendValue(dst, &v.Children[1], int(j))
		}
		return append(dst, '}')
	case schema.Struct:
		dst = append(dst, '{')
		for f := range v.Children {
			if f > 0 {
				dst = append(dst, ',')
			}
			dst = append(strconv.AppendQuote(dst, t.Fields[f].Name), ':')
			dst = appendValue(dst, &v.Children[f], i)
		}
		return append(dst, '}')
	}
	return strconv.AppendInt(dst, v.Ints[i], 10)
}

func appendText(dst []byte, s string) []byte {
	var sb strings.Builder
	e := json.NewEncoder(&sb)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err)
	}
	return append(dst, strings.TrimSuffix(sb.String(), "\n")...)
}

func appendFloat(dst []byte, x float64, bits int) []byte {
	switch {
	case x != x:
		return append(dst, `"NaN"`...)
	case math.IsInf(x, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(x, -1):
		return append(dst, `"-Infinity"`...)
	}
	var b []byte
	if bits == 32 {
		b, _ = json.Marshal(float32(x))
	} else {
		b, _ = json.Marshal(x)
	}
	return append(dst, b...)
}

func appendBigDecimal(dst []byte, x *big.Int, scale int) []byte {
	s := new(big.Int).Abs(x).String()
	if len(s) <= scale {
		s = strings.Repeat("0", scale-len(s)+1) + s
	}
	if x.Sign() < 0 {
		dst = append(dst, '-')
	}
	dst = append(dst, s[:len(s)-scale]...)
	if frac := strings.TrimRight(s[len(s)-scale:], "0"); frac != "" {
		dst = append(append(dst, '.'), frac...)
	}
	return dst
}

// rowsOf are the rows of b as canonical JSON.
func rowsOf(columns []schema.Column, b *column.Batch) []string {
	rows := make([]string, b.Rows)
	for r := range rows {
		line := []byte("{")
		for i := range b.Columns {
			if i > 0 {
				line = append(line, ',')
			}
			line = append(strconv.AppendQuote(line, columns[i].Name), ':')
			line = appendValue(line, &b.Columns[i], r)
		}
		rows[r] = string(append(line, '}'))
	}
	return rows
}

// writeFile writes batches, so many to a group, and returns the file.
func writeFile(t testing.TB, columns []schema.Column, o Options, perGroup int, batches ...*column.Batch) []byte {
	t.Helper()
	var out strings.Builder
	w, err := newWriter(&out, columns, o)
	if err != nil {
		t.Fatal(err)
	}
	var g Group
	for i, b := range batches {
		for c := range columns {
			if err := w.Encode(&g, b, c); err != nil {
				t.Fatal(err)
			}
		}
		if (i+1)%perGroup == 0 || i == len(batches)-1 {
			if err := w.Append(&g); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return []byte(out.String())
}

// combinations are the options a file can be written with.
func combinations() []Options {
	var out []Options
	for _, layout := range []Layout{LayoutService, LayoutModern, LayoutHive} {
		for _, version := range []string{"V1", "V2"} {
			for _, codec := range []string{"SNAPPY", "UNCOMPRESSED", "GZIP", "ZSTD"} {
				if layout != LayoutService && codec != "SNAPPY" {
					continue // codecs know nothing of layouts
				}
				for _, dict := range []bool{false, true} {
					out = append(out, Options{Layout: layout, WriterVersion: version, Compression: codec, EnableDictionaryCompression: dict})
				}
			}
		}
	}
	return out
}

func (o Options) name() string {
	return fmt.Sprintf("%s_%s_%s_dict=%v_page=%d", o.Layout, o.WriterVersion, o.Compression, o.EnableDictionaryCompression, o.PageSizeBytes)
}

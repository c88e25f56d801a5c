package orc

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

// A generator makes rows of any type, in shapes that reach all encodings.
type generator struct {
	*rand.Rand
	base int64
}

// nullPatterns say which of n values are null.
var nullPatterns = []struct {
	name string
	null func(r *rand.Rand, i, n int) bool
}{
	{"none", func(*rand.Rand, int, int) bool { return false }},
	{"all", func(*rand.Rand, int, int) bool { return true }},
	{"leading", func(_ *rand.Rand, i, n int) bool { return i < n/3 }},
	{"trailing", func(_ *rand.Rand, i, n int) bool { return i > 2*n/3 }},
	{"alternating", func(_ *rand.Rand, i, n int) bool { return i%2 == 0 }},
	{"random", func(r *rand.Rand, i, n int) bool { return r.IntN(4) == 0 }},
	{"rare", func(r *rand.Rand, i, n int) bool { return r.IntN(500) == 0 }},
}

func parseColumns(text string) []schema.Column {
	t, err := schema.ParseType(text)
	if err != nil {
		panic(err)
	}
	return t.Fields
}

// batch makes rows of the columns, with nulls by the pattern in every column and below.
func (g *generator) batch(columns []schema.Column, rows, pattern int) *column.Batch {
	b := column.NewBatch(columns)
	b.Rows = rows
	for i := range b.Columns {
		g.fill(&b.Columns[i], rows, pattern, 0)
	}
	return b
}

func (g *generator) fill(v *column.Vector, n, pattern, depth int) {
	shape := g.IntN(8)
	g.base = int64(g.Uint64()) >> g.IntN(63)
	for i := range n {
		if nullPatterns[pattern].null(g.Rand, i, n) {
			v.AppendNull()
			continue
		}
		g.value(v, i, shape, pattern, depth)
	}
}

// number is one of a sequence of 64-bit integers of the shape.
func (g *generator) number(i, shape int) int64 {
	switch shape {
	case 0: // anything
		return int64(g.Uint64()) >> g.IntN(64)
	case 1: // small
		return int64(g.IntN(100))
	case 2: // rising by one
		return g.base/2 + int64(i)
	case 3: // rising
		g.base = g.base/2 + int64(g.IntN(1000))
		return g.base
	case 4: // repeats
		return g.base + int64(i/(1+i%40))
	case 5: // outliers
		if g.IntN(50) == 0 {
			return int64(g.Uint64() >> 8)
		}
		return g.base>>20 + int64(g.IntN(64))
	case 6: // falling in steps
		return -int64(i / 7 * 1000)
	default: // the ends
		return []int64{math.MinInt64, math.MaxInt64, 0, -1, 1}[g.IntN(5)]
	}
}

// tied reports whether two shortest texts are equally near to f: readers print one or the other.
func tied(f float64, single bool) bool {
	size := 64
	if single {
		size = 32
	}
	text := strconv.FormatFloat(f, 'e', -1, size)
	shortest, ok := new(big.Rat).SetString(text)
	if !ok {
		return false // not finite
	}
	digits, exp, _ := strings.Cut(text, "e")
	e, _ := strconv.Atoi(exp)
	e -= max(0, len(strings.TrimLeft(digits, "-"))-2) // of the last digit
	unit, _ := new(big.Rat).SetString(fmt.Sprintf("1e%d", e))
	off := shortest.Sub(shortest, new(big.Rat).SetFloat64(f))
	return off.Abs(off).Cmp(unit.Quo(unit, big.NewRat(2, 1))) == 0
}

var words = strings.Fields("alfa bravo charlie delta écho ファイル golf hôtel india 🚰 kilo lima")

func (g *generator) text(i, shape int) string {
	switch shape {
	case 0, 1, 2:
		return words[g.IntN(len(words))]
	case 3:
		return fmt.Sprintf("id-%016x", g.Uint64())
	case 4:
		return strings.Repeat(words[g.IntN(len(words))]+" ", g.IntN(4))
	case 5:
		return ""
	case 6:
		if g.IntN(300) == 0 {
			return strings.Repeat("long …", 100+g.IntN(4000))
		}
		return strconv.Itoa(i)
	default:
		return words[i/100%len(words)] + "\"\\\n\t\x01 ."
	}
}

func (g *generator) value(v *column.Vector, i, shape, pattern, depth int) {
	switch t := v.Type; t.Kind {
	case schema.Boolean:
		v.AppendBool(g.IntN(2+shape*20) == 0)
	case schema.TinyInt:
		v.AppendInt(int64(int8(g.number(i, shape))))
	case schema.SmallInt:
		v.AppendInt(int64(int16(g.number(i, shape))))
	case schema.Int:
		v.AppendInt(int64(int32(g.number(i, shape))))
	case schema.BigInt:
		v.AppendInt(g.number(i, shape))
	case schema.Date:
		v.AppendInt(int64(int16(g.number(i, shape)))) // years 1880 to 2059
	case schema.Float, schema.Double:
		f := float64(g.number(i, shape)) / []float64{1, 100, 7, 1e9}[i&3]
		if g.IntN(100) == 0 {
			f = []float64{math.Inf(1), math.Inf(-1), math.NaN(), math.Copysign(0, -1)}[g.IntN(4)]
		}
		if t.Kind == schema.Float {
			f = float64(float32(f))
		}
		if tied(f, t.Kind == schema.Float) {
			f = float64(i % 1000)
		}
		v.AppendFloat(f)
	case schema.Timestamp:
		sec := int64(int32(g.number(i, shape))) // years 1901 to 2038
		nanos := g.Int32N(1e9)
		switch shape {
		case 1, 2:
			nanos = 0
		case 3:
			nanos = nanos / 1e6 * 1e6
		}
		if sec == -1 {
			nanos = 0
		}
		v.AppendTimestamp(sec, nanos)
	case schema.Decimal:
		digits := 1 + g.IntN(t.Precision)
		if shape == 3 {
			digits = t.Precision
		}
		x := new(big.Int)
		for range digits {
			x.Mul(x, big.NewInt(10)).Add(x, big.NewInt(int64(g.IntN(10))))
		}
		if g.IntN(3) == 0 {
			x.Neg(x)
		}
		if g.IntN(3) == 0 {
			x.Quo(x, big.NewInt(1000)).Mul(x, big.NewInt(1000))
		}
		low := new(big.Int).And(x, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
		v.AppendDecimal(new(big.Int).Rsh(x, 64).Int64(), int64(low))
	case schema.String, schema.Binary:
		v.AppendBytes([]byte(g.text(i, shape)))
	case schema.Char, schema.VarChar:
		r := []rune(g.text(i, shape))
		s := string(r[:min(len(r), t.Length)])
		if t.Kind == schema.Char {
			s = strings.TrimRight(s, " ")
		}
		v.AppendBytes([]byte(s))
	case schema.Array, schema.Map:
		n := g.IntN(4 + shape)
		if shape == 5 {
			n = 0
		}
		if t.Kind == schema.Map {
			for k := range n {
				g.mapKey(&v.Children[0], k)
			}
		}
		child := &v.Children[len(v.Children)-1]
		for k := range n {
			if nullPatterns[pattern].null(g.Rand, k, n) {
				child.AppendNull()
			} else {
				g.value(child, i+k, shape, pattern, depth+1)
			}
		}
		v.EndList()
	case schema.Struct:
		for f := range v.Children {
			if nullPatterns[pattern].null(g.Rand, i+f, i+10) {
				v.Children[f].AppendNull()
			} else {
				g.value(&v.Children[f], i, shape, pattern, depth+1)
			}
		}
		v.EndStruct()
	}
}

// mapKey appends a key that no other k gives.
func (g *generator) mapKey(v *column.Vector, k int) {
	switch v.Type.Kind {
	case schema.String, schema.Char, schema.VarChar:
		v.AppendBytes(fmt.Appendf(nil, "k%d", k))
	default:
		v.AppendInt(int64(k))
	}
}

// appendRow appends row i of b as the oracle reader prints it (oracle/reader/README.md); with pad,
// char values keep the blanks at their end.
func appendRow(dst []byte, b *column.Batch, columns []schema.Column, i int, pad bool) []byte {
	dst = append(dst, '{')
	for c := range columns {
		if c > 0 {
			dst = append(dst, ',')
		}
		dst = appendQuoted(dst, columns[c].Name)
		dst = append(dst, ':')
		dst = appendValue(dst, &b.Columns[c], i, pad)
	}
	return append(dst, '}', '\n')
}

func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < 0x20:
			dst = fmt.Appendf(dst, `\u%04x`, c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

func appendValue(dst []byte, v *column.Vector, i int, pad bool) []byte {
	if v.Null(i) {
		return append(dst, "null"...)
	}
	switch t := v.Type; t.Kind {
	case schema.Boolean:
		return strconv.AppendBool(dst, v.Bool(i))
	case schema.Float, schema.Double:
		f, size := v.Floats[i], 64
		if t.Kind == schema.Float {
			size = 32
		}
		switch {
		case math.IsNaN(f):
			return append(dst, `"NaN"`...)
		case math.IsInf(f, 1):
			return append(dst, `"Infinity"`...)
		case math.IsInf(f, -1):
			return append(dst, `"-Infinity"`...)
		}
		abs := math.Abs(f)
		if abs != 0 && (size == 64 && (abs < 1e-6 || abs >= 1e21) || size == 32 && (float32(abs) < 1e-6 || float32(abs) >= 1e21)) {
			s := strconv.FormatFloat(f, 'e', -1, size)
			return append(dst, strings.Replace(strings.Replace(s, "e-0", "e-", 1), "e+0", "e+", 1)...)
		}
		return strconv.AppendFloat(dst, f, 'f', -1, size)
	case schema.Timestamp:
		s := time.Unix(v.Ints[i], int64(v.Nanos[i])).UTC().Format("2006-01-02 15:04:05.999999999")
		return appendQuoted(dst, s)
	case schema.Date:
		return appendQuoted(dst, time.Unix(v.Ints[i]*86400, 0).UTC().Format(time.DateOnly))
	case schema.Decimal:
		x := big.NewInt(v.Ints[i])
		if v.Wide() {
			x = new(big.Int).SetUint64(uint64(v.Ints[i]))
			x.Add(x, new(big.Int).Lsh(big.NewInt(v.High[i]), 64))
		}
		r := new(big.Rat).SetFrac(x, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Scale)), nil))
		s := r.FloatString(t.Scale)
		if strings.Contains(s, ".") {
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
		if s == "-0" {
			s = "0"
		}
		return append(dst, s...)
	case schema.String, schema.VarChar, schema.Char:
		text := string(v.Data(i))
		if t.Kind == schema.Char && pad {
			text += strings.Repeat(" ", t.Length-utf8.RuneCountInString(text))
		}
		return appendQuoted(dst, text)
	case schema.Binary:
		return appendQuoted(dst, base64.StdEncoding.EncodeToString(v.Data(i)))
	case schema.Array, schema.Map:
		ends := "[]"
		if t.Kind == schema.Map {
			ends = "{}"
		}
		dst = append(dst, ends[0])
		for k := int(v.Offsets[i]); k < int(v.Offsets[i+1]); k++ {
			if k > int(v.Offsets[i]) {
				dst = append(dst, ',')
			}
			if t.Kind == schema.Map {
				key := appendValue(nil, &v.Children[0], k, pad)
				if key[0] != '"' {
					key = appendQuoted(nil, string(key))
				}
				dst = append(append(dst, key...), ':')
			}
			dst = appendValue(dst, &v.Children[len(v.Children)-1], k, pad)
		}
		return append(dst, ends[1])
	case schema.Struct:
		dst = append(dst, '{')
		for f := range v.Children {
			if f > 0 {
				dst = append(dst, ',')
			}
			dst = appendQuoted(dst, t.Fields[f].Name)
			dst = append(dst, ':')
			dst = appendValue(dst, &v.Children[f], i, pad)
		}
		return append(dst, '}')
	default:
		return strconv.AppendInt(dst, v.Ints[i], 10)
	}
}

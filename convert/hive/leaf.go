package hive

import (
	"bytes"
	"math"
	"strings"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/column/jsonrow"
	"github.com/hydrantkit/hydrant/internal/joda"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
	"github.com/hydrantkit/hydrant/internal/jsonscan/javatext"
	"github.com/hydrantkit/hydrant/schema"
)

const (
	notText   = "One or more fields have incorrect format. Exception when validating field (root)"
	notObject = "java.io.IOException: Start of Object expected"
	notArray  = "java.io.IOException: Start of Array expected"
	notBinary = "java.io.IOException: JsonSerDe does not support BINARY type"
)

// leaf appends for the fast walk what isn't common: it checks the value at b[i], which may be anything, and
// returns the index behind it, or -1.
func (d *Deserializer) leaf(n *jsonrow.Node, v *column.Vector, b []byte, i int) int {
	c := b[i]
	if c == '{' || c == '[' || !n.Type.Kind.Primitive() {
		return -1
	}
	if k := n.Type.Kind; c == '"' && (k == schema.Timestamp || k == schema.Char) { // what mostly comes here
		if end := jsonscan.PlainString(b, i+1); end >= 0 {
			if appendText(n, v, b[i+1:end], d.formats) != "" {
				return -1
			}
			return end + 1
		}
	}
	end := jsonscan.Value(b, i)
	if end < 0 || d.primitive(n, v, b, i) != "" {
		return -1
	}
	return end
}

// primitive appends the value at b[i], which is well formed and not null, to a vector of a primitive type. It returns why that can't
// be, in the service's words, or "".
func (d *Deserializer) primitive(n *jsonrow.Node, v *column.Vector, b []byte, i int) string {
	c := b[i]
	number := c == '-' || c-'0' < 10
	switch n.Type.Kind {
	case schema.Binary:
		return notBinary
	case schema.TinyInt, schema.SmallInt, schema.Int, schema.BigInt, schema.Float, schema.Double:
		if !number {
			return "Current token (" + token(c) + ") not numeric, can not use numeric value accessors"
		}
		return appendNumber(n, v, b[i:jsonscan.Number(b, i)])
	}
	if c == '{' || c == '[' {
		return notText
	}
	// The rest is made of the text of a scalar.
	switch {
	case c == '"':
		d.text, _ = jsonscan.AppendString(d.text[:0], b, i+1)
	case number:
		d.text = append(d.text[:0], b[i:jsonscan.Number(b, i)]...)
	default:
		d.text = append(d.text[:0], b[i:jsonscan.Literal(b, i)]...)
	}
	if n.Type.Kind == schema.Decimal {
		if !appendDecimal(v, d.text) {
			v.AppendNull()
		}
		return ""
	}
	return appendText(n, v, d.text, d.formats)
}

// token names a value by its first byte, as Jackson does.
func token(c byte) string {
	switch c {
	case '"':
		return "VALUE_STRING"
	case 't':
		return "VALUE_TRUE"
	case 'f':
		return "VALUE_FALSE"
	case '[':
		return "START_ARRAY"
	}
	return "START_OBJECT"
}

// appendNumber appends a number as Jackson's getters read it: integers cut fractions off, and tinyint takes −128 to 255.
func appendNumber(n *jsonrow.Node, v *column.Vector, s []byte) string {
	fraction := bytes.ContainsAny(s, ".eE")
	if n.Type.Kind == schema.Float || n.Type.Kind == schema.Double {
		f := jsonscan.ParseFloat(s, 64)
		if f == 0 && !fraction {
			f = 0 // -0 is an integer
		}
		if n.Type.Kind == schema.Float {
			f = float64(float32(f))
		}
		v.AppendFloat(f)
		return ""
	}
	// bigint is read as a long, all others as an int first.
	lo, hi, class := int64(math.MinInt32), int64(math.MaxInt32), "int"
	if n.Type.Kind == schema.BigInt {
		lo, hi, class = n.Lo, n.Hi, n.Class
	}
	outside := "Numeric value (" + javatext.Clip(s) + ") out of range of "
	bounds := " (-2147483648 - 2147483647)"
	if n.Type.Kind == schema.BigInt {
		bounds = " (-9223372036854775808 - 9223372036854775807)"
	}
	var x int64
	if fraction {
		f := jsonscan.ParseFloat(s, 64)
		if f < float64(lo) || f > float64(hi) {
			return outside + class + bounds
		}
		if x = math.MaxInt64; f < math.MaxInt64 {
			x = int64(f)
		}
	} else {
		var msg string
		if x, msg = javatext.ParseInt(s, 10, math.MinInt64, math.MaxInt64); msg != "" {
			return outside + class + bounds
		}
		if x < lo || x > hi {
			return outside + class
		}
	}
	switch {
	case n.Type.Kind == schema.TinyInt && x >= -128 && x <= 255:
		x = int64(int8(x))
	case x < n.Lo || x > n.Hi:
		return outside + n.Class
	}
	v.AppendInt(x)
	return ""
}

// appendDecimal appends what HiveDecimal.create reads in s, or returns false.
func appendDecimal(v *column.Vector, s []byte) bool {
	s = javatext.Trim(s)
	if e := bytes.IndexAny(s, "eE"); e >= 0 { // Hive refuses what lies far behind the point
		if x, msg := javatext.ParseInt(s[e+1:], 10, -200, math.MaxInt64); msg != "" && x <= 0 && bytes.HasPrefix(s[e+1:], []byte("-")) {
			return false
		}
	}
	x, fits, ok := jsonscan.Decimal(s, v.Type.Precision, v.Type.Scale)
	if !ok || !fits {
		return false
	}
	v.AppendDecimal(x.High, int64(x.Low))
	return true
}

// appendText appends the value that a text makes to a vector of a primitive type that isn't a number. It returns why
// there is no such value, in the service's words, or "".
func appendText(n *jsonrow.Node, v *column.Vector, s []byte, formats *joda.Formats) (msg string) {
	switch n.Type.Kind {
	case schema.String:
		v.AppendBytes(s)
	case schema.VarChar:
		v.AppendBytes(javatext.Cut(s, n.Type.Length))
	case schema.Char:
		v.AppendBytes(bytes.TrimRight(javatext.Cut(s, n.Type.Length), " "))
	case schema.Boolean:
		v.AppendBool(len(s) == 4 && strings.EqualFold(string(s), "true"))
	case schema.Date:
		days, ok := javatext.Date(s)
		if !ok {
			return "java.lang.IllegalArgumentException"
		}
		v.AppendInt(days)
	case schema.Timestamp:
		sec, nanos, msg := timestamp(s, formats)
		if msg != "" {
			return msg
		}
		v.AppendTimestamp(sec, nanos)
	}
	return ""
}

// gregorian is 1582-10-15, before which joda.ValueOf counts days as Java does.
const gregorian = -141427 * 86400

// timestamp reads a timestamp by the patterns, or as java.sql.Timestamp.valueOf does.
func timestamp(s []byte, formats *joda.Formats) (sec int64, nanos int32, msg string) {
	if formats == nil {
		sec, nanos, msg = javatext.Timestamp(s, false)
	} else {
		var err error
		if sec, nanos, err = formats.Parse(s); err != nil {
			return 0, 0, err.Error()
		}
		if sec < gregorian {
			if x, _, err := joda.ValueOf(s); err == nil && x == sec {
				sec, nanos, _ = javatext.Timestamp(s, false)
			}
		}
	}
	if msg == "" && (sec < jsonrow.MinSecond || sec > jsonrow.MaxSecond) {
		msg = "Timestamp " + javatext.Clip(s) + " is outside of the years 0001 to 9999"
	}
	return sec, nanos, msg
}

// appendKey appends the key of a map, read as text of its type. Patterns of timestamps don't count here.
func appendKey(n *jsonrow.Node, v *column.Vector, key []byte) (msg string) {
	switch n.Type.Kind {
	case schema.Binary:
		return notBinary
	case schema.TinyInt, schema.SmallInt, schema.Int, schema.BigInt:
		x, msg := javatext.ParseInt(key, 10, n.Lo, n.Hi)
		if msg == "" {
			v.AppendInt(x)
		}
		return msg
	case schema.Float, schema.Double:
		f, msg := javatext.ParseFloat(key, n.Type.Kind == schema.Float)
		if msg == "" {
			v.AppendFloat(f)
		}
		return msg
	case schema.Decimal:
		if !appendDecimal(v, key) {
			return "The key " + javatext.Clip(key) + " of a map is not a " + n.Type.String()
		}
		return ""
	}
	return appendText(n, v, key, nil)
}

// mapKey is appendKey for the fast walk; a key equal to one before it is left to the complete walk.
func mapKey(n *jsonrow.Node, v *column.Vector, from int, key []byte) bool {
	const few = 32
	if v.Len-from > few || appendKey(n, v, key) != "" {
		return false
	}
	for i := from; i < v.Len-1; i++ {
		if sameKey(v, i, v.Len-1) {
			return false
		}
	}
	return true
}

// sameKey reports whether two values that aren't null are equal in Java.
func sameKey(v *column.Vector, i, j int) bool {
	switch v.Type.Kind {
	case schema.String, schema.Char, schema.VarChar:
		return bytes.Equal(v.Data(i), v.Data(j))
	case schema.Boolean:
		return v.Bool(i) == v.Bool(j)
	case schema.Float, schema.Double:
		return math.Float64bits(v.Floats[i]) == math.Float64bits(v.Floats[j])
	case schema.Timestamp:
		return v.Ints[i] == v.Ints[j] && v.Nanos[i] == v.Nanos[j]
	case schema.Decimal:
		return v.Ints[i] == v.Ints[j] && (!v.Wide() || v.High[i] == v.High[j])
	}
	return v.Ints[i] == v.Ints[j]
}

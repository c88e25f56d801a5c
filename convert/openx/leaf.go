package openx

import (
	"bytes"
	"math"
	"strings"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/column/jsonrow"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
	"github.com/hydrantkit/hydrant/internal/jsonscan/javatext"
	"github.com/hydrantkit/hydrant/schema"
)

// A source says where a text comes from.
type source uint8

const (
	fromString source = iota
	fromNumber
	fromKey // of a map
)

// The SerDe loses the length of char(n) and varchar(n) and keeps Hive's longest, in code points.
const (
	maxChar    = 255
	maxVarChar = 65535
)

// leaf appends for the fast walk what isn't common: it checks the value at b[i], which may be anything, and
// returns the index behind it, or -1.
func (d *Deserializer) leaf(n *jsonrow.Node, v *column.Vector, b []byte, i int) int {
	if n.Type.Kind == schema.Array {
		if bytes.HasPrefix(b[i:], []byte(`""`)) {
			v.AppendNull()
			return i + 2
		}
		return d.reader.One(n, v, b, i)
	}
	if !n.Type.Kind.Primitive() {
		return -1
	}
	if b[i] == '"' {
		if end := jsonscan.PlainString(b, i+1); end >= 0 {
			if appendText(n, v, b[i+1:end], fromString) != "" {
				return -1
			}
			return end + 1
		}
	}
	end := d.reader.Skip(b, i)
	if end < 0 || d.primitive(n, v, b, i) != "" {
		return -1
	}
	return end
}

// primitive appends the value at b[i], which is well formed and not null, to a vector of a primitive type. It returns why that can't
// be, in the service's words, or "".
func (d *Deserializer) primitive(n *jsonrow.Node, v *column.Vector, b []byte, i int) string {
	switch c := b[i]; c {
	case '"':
		d.text, _ = jsonscan.AppendString(d.text[:0], b, i+1)
		return appendText(n, v, d.text, fromString)
	case '{', '[':
		if n.Type.Kind != schema.String {
			return cast(javaClass(b, i), n.Class)
		}
		v.Bytes, _ = d.appendJSON(v.Bytes, b, i)
		v.EndBytes()
		return ""
	case 't', 'f':
		switch n.Type.Kind {
		case schema.Boolean:
			v.AppendBool(c == 't')
		case schema.String:
			v.AppendBytes(b[i:jsonscan.Literal(b, i)])
		default:
			return cast("java.lang.Boolean", n.Class)
		}
		return ""
	}
	s := b[i:jsonscan.Number(b, i)]
	if n.Type.Kind == schema.Boolean {
		return cast(javaClass(b, i), n.Class)
	}
	return appendText(n, v, s, fromNumber)
}

// appendText appends the value that a text makes to a vector of a primitive type, by the rules of
// format-conversion.md §4. It returns why there is no such value, in the service's words, or "".
func appendText(n *jsonrow.Node, v *column.Vector, s []byte, from source) (msg string) {
	switch n.Type.Kind {
	case schema.String:
		v.AppendBytes(s)
	case schema.VarChar:
		v.AppendBytes(javatext.Cut(s, maxVarChar))
	case schema.Char:
		v.AppendBytes(bytes.TrimRight(javatext.Cut(s, maxChar), " "))
	case schema.Boolean:
		v.AppendBool(len(s) == 4 && strings.EqualFold(string(s), "true"))
	case schema.TinyInt, schema.SmallInt, schema.Int, schema.BigInt:
		var x int64
		if len(s) >= 2 && s[0] == '0' && s[1]|0x20 == 'x' {
			x, msg = javatext.ParseInt(s[2:], 16, n.Lo, n.Hi)
		} else {
			x, msg = javatext.ParseInt(s, 10, n.Lo, n.Hi)
		}
		if msg == "" {
			v.AppendInt(x)
		}
	case schema.Float, schema.Double:
		var f float64
		if f, msg = javatext.ParseFloat(s, n.Type.Kind == schema.Float); msg == "" {
			v.AppendFloat(f)
		}
	case schema.Decimal:
		x, fits, ok := jsonscan.Decimal(s, n.Type.Precision, n.Type.Scale)
		if !ok {
			return javatext.ForInput(s)
		}
		if !fits {
			return "Value " + javatext.Clip(s) + " does not fit " + n.Type.String()
		}
		v.AppendDecimal(x.High, int64(x.Low))
	case schema.Date:
		days, ok := javatext.Date(s)
		if !ok || from == fromNumber {
			return javatext.ForInput(s)
		}
		v.AppendInt(days)
	case schema.Timestamp:
		sec, nanos, msg := timestamp(s, from)
		if msg != "" {
			return msg
		}
		v.AppendTimestamp(sec, nanos)
	}
	return msg
}

// timestamp reads the forms of format-conversion.md §4.1. A map key has fewer: no T.
func timestamp(s []byte, from source) (sec int64, nanos int32, msg string) {
	if bytes.IndexByte(s, ':') > 0 {
		sec, nanos, msg = javatext.Timestamp(s, from != fromKey)
	} else if bytes.IndexByte(s, '.') >= 0 {
		var f float64
		if f, msg = javatext.ParseFloat(s, false); msg == "" {
			if math.Abs(f) < 1e12 {
				f *= 1000
			}
			if sec = math.MaxInt64; math.Abs(f) < 1e18 {
				sec, nanos = jsonrow.Millis(int64(f))
			}
		}
	} else {
		if sec, msg = javatext.ParseInt(s, 10, math.MinInt64, math.MaxInt64); sec <= -1e12 || sec >= 1e12 {
			sec, nanos = jsonrow.Millis(sec)
		}
	}
	if msg == "" && (sec < jsonrow.MinSecond || sec > jsonrow.MaxSecond) {
		msg = "Timestamp " + javatext.Clip(s) + " is outside of the years 0001 to 9999"
	}
	return sec, nanos, msg
}

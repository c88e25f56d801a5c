package openx

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
	"github.com/hydrantkit/hydrant/schema"
)

// A source says where a text comes from.
type source uint8

const (
	fromString source = iota
	fromNumber
	fromKey // of a map
)

// appendText appends the value that a text makes to a vector of a primitive type, by the rules of
// format-conversion.md §4. It returns why there is no such value, in the service's words, or "".
func (d *Deserializer) appendText(n *node, v *column.Vector, s []byte, from source) string {
	switch n.typ.Kind {
	case schema.String:
		v.AppendBytes(s)
	case schema.VarChar:
		v.AppendBytes(cut(s, maxVarChar))
	case schema.Char:
		v.AppendBytes(bytes.TrimRight(cut(s, maxChar), " "))
	case schema.Boolean:
		if from == fromNumber {
			return cast("java.lang.Long", n.class)
		}
		v.AppendBool(len(s) == 4 && strings.EqualFold(string(s), "true"))
	case schema.TinyInt, schema.SmallInt, schema.Int, schema.BigInt:
		x, msg := parseInt(n, s)
		if msg != "" {
			return msg
		}
		v.AppendInt(x)
	case schema.Float, schema.Double:
		f, msg := parseFloat(s, n.typ.Kind == schema.Float)
		if msg != "" {
			return msg
		}
		v.AppendFloat(f)
	case schema.Decimal:
		x, fits, ok := jsonscan.Decimal(s, n.typ.Precision, n.typ.Scale)
		if !ok {
			return forInput(s)
		}
		if !fits {
			return "Value " + clip(s) + " does not fit " + n.typ.String()
		}
		v.AppendDecimal(x.High, int64(x.Low))
	case schema.Date:
		days, ok := parseDate(s)
		if !ok || from == fromNumber {
			return forInput(s)
		}
		v.AppendInt(days)
	case schema.Timestamp:
		sec, nanos, msg := parseTimestamp(s, from)
		if msg != "" {
			return msg
		}
		v.AppendTimestamp(sec, nanos)
	}
	return ""
}

// The SerDe loses the length of char(n) and varchar(n) and keeps Hive's longest, in code points.
const (
	maxChar    = 255
	maxVarChar = 65535
)

// cut returns the first n code points of s.
func cut(s []byte, n int) []byte {
	if len(s) <= n {
		return s
	}
	for i := range string(s) {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// clip bounds what a message repeats of a value.
func clip(s []byte) string {
	const most = 200
	if len(s) > most {
		return string(s[:most]) + "..."
	}
	return string(s)
}

func forInput(s []byte) string { return "For input string: \"" + clip(s) + "\"" }

// parseInt reads text as Java's parseByte, parseShort, parseInt and parseLong do: an optional
// sign and digits of any script; and hexadecimal behind 0x, as the SerDe does.
func parseInt(n *node, s []byte) (int64, string) {
	base, t := 10, s
	if len(s) >= 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		base, t = 16, s[2:]
	}
	if len(t) > 400 { // nothing of this length is a number worth reading, and leading zeros are rare
		t = bytes.TrimLeft(t, "0")
	}
	x, err := strconv.ParseInt(string(asciiDigits(t)), base, 64)
	if err != nil || bytes.IndexByte(t, '_') >= 0 {
		if errors.Is(err, strconv.ErrRange) || base == 10 {
			return 0, forInput(t)
		}
		return 0, forInput(t) + " under radix 16"
	}
	if x < n.lo || x > n.hi {
		if n.typ.Kind != schema.Int && n.typ.Kind != schema.BigInt && x >= math.MinInt32 && x <= math.MaxInt32 {
			return 0, "Value out of range. Value:\"" + clip(t) + "\" Radix:" + strconv.Itoa(base)
		}
		return 0, forInput(t)
	}
	return x, ""
}

// asciiDigits returns s with decimal digits of other scripts made ASCII, as Java's Character.digit reads them.
func asciiDigits(s []byte) []byte {
	for _, c := range s {
		if c >= 0x80 {
			return bytes.Map(func(r rune) rune {
				if r >= 0x80 && r < 0x10000 && unicode.Is(unicode.Nd, r) {
					for _, t := range unicode.Nd.R16 {
						if rune(t.Lo) <= r && r <= rune(t.Hi) {
							return '0' + (r-rune(t.Lo))%10
						}
					}
				}
				return r
			}, s)
		}
	}
	return s
}

// parseFloat reads text as Java's Double.parseDouble and Float.parseFloat do: blanks around it, NaN, Infinity,
// a type suffix, hexadecimal with a binary exponent; what is too large is infinite.
func parseFloat(s []byte, single bool) (float64, string) {
	size := 64
	if single {
		size = 32
	}
	if jsonscan.Number(s, 0) == len(s) {
		return jsonscan.ParseFloat(s, size), ""
	}
	t := bytes.TrimFunc(s, func(r rune) bool { return r <= ' ' })
	if len(t) == 0 {
		return 0, "empty String"
	}
	u := t
	if u[0] == '+' || u[0] == '-' {
		u = u[1:]
	}
	switch string(u) {
	case "NaN":
		return math.NaN(), ""
	case "Infinity":
		if t[0] == '-' {
			return math.Inf(-1), ""
		}
		return math.Inf(1), ""
	}
	hex := len(u) > 2 && u[0] == '0' && u[1]|0x20 == 'x'
	if hex && bytes.IndexAny(u, "pP") < 0 || bytes.IndexByte(u, '_') >= 0 {
		return 0, forInput(s)
	}
	if c := t[len(t)-1] | 0x20; c == 'd' || c == 'f' {
		t = t[:len(t)-1]
	}
	if len(t) == 0 || t[len(t)-1] != '.' && t[len(t)-1]-'0' >= 10 { // no word such as inf, no second suffix
		return 0, forInput(s)
	}
	f, err := strconv.ParseFloat(string(t), size)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, forInput(s)
	}
	return f, ""
}

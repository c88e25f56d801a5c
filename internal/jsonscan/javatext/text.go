// Package javatext reads text as the Java classes do that the service's deserializers are made of: numbers, dates and
// timestamps in text, and lower case. Nothing here knows JSON.
package javatext

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// Lower is String.toLowerCase, which differs from Go's at a capital dotted I and at a sigma that
// ends a word.
func Lower(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return lowerUnicode(s)
		}
	}
	return strings.ToLower(s)
}

func lowerUnicode(s string) string {
	rs := []rune(s)
	out := make([]rune, 0, len(rs)+1)
	cased := func(r rune) bool { return unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r) }
	for i, r := range rs {
		switch {
		case r == 'İ':
			out = append(out, 'i', 0x307)
		case r == 'Σ' && i > 0 && cased(rs[i-1]) && (i+1 == len(rs) || !cased(rs[i+1])):
			out = append(out, 'ς')
		default:
			out = append(out, unicode.ToLower(r))
		}
	}
	return string(out)
}

// Trim is String.trim: it takes away everything up to a blank from both ends.
func Trim(s []byte) []byte { return bytes.TrimFunc(s, func(r rune) bool { return r <= ' ' }) }

// Cut returns the first n code points of s.
func Cut(s []byte, n int) []byte {
	if len(s) <= n {
		return s
	}
	for i := 0; i < len(s); n-- {
		if n == 0 {
			return s[:i]
		}
		_, size := utf8.DecodeRune(s[i:])
		i += size
	}
	return s
}

// Clip bounds what a message repeats of a value.
func Clip(s []byte) string {
	const most = 200
	if len(s) > most {
		return string(s[:most]) + "..."
	}
	return string(s)
}

// ForInput is the message of a NumberFormatException.
func ForInput(s []byte) string { return "For input string: \"" + Clip(s) + "\"" }

// ASCIIDigits returns s with the decimal digits of other scripts made ASCII, as Character.digit reads them.
func ASCIIDigits(s []byte) []byte {
	for _, c := range s {
		if c >= utf8.RuneSelf {
			return bytes.Map(func(r rune) rune {
				if r >= utf8.RuneSelf && r < 0x10000 && unicode.Is(unicode.Nd, r) {
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

// ParseInt is Byte.parseByte, Short.parseShort, Integer.parseInt or Long.parseLong, by the range: an optional sign and
// digits of any script. msg is the exception's message, or "".
func ParseInt(s []byte, base int, lo, hi int64) (x int64, msg string) {
	t := s
	if len(t) > 400 { // leading zeros are all that can make a number so long
		t = bytes.TrimLeft(t, "0")
	}
	radix := ""
	if base != 10 {
		radix = " under radix " + strconv.Itoa(base)
	}
	x, err := strconv.ParseInt(string(ASCIIDigits(t)), base, 64)
	if err != nil || bytes.IndexByte(t, '_') >= 0 {
		return 0, ForInput(s) + radix
	}
	if x < lo || x > hi {
		if hi < math.MaxInt32 && x >= math.MinInt32 && x <= math.MaxInt32 {
			return 0, "Value out of range. Value:\"" + Clip(s) + "\" Radix:" + strconv.Itoa(base)
		}
		return 0, ForInput(s) + radix
	}
	return x, ""
}

// ParseFloat is Double.parseDouble, or Float.parseFloat: blanks around the number, NaN, Infinity, a type suffix, hexadecimal with a
// binary exponent; what is too large is infinite. msg is the exception's message, or "".
func ParseFloat(s []byte, single bool) (f float64, msg string) {
	size := 64
	if single {
		size = 32
	}
	if jsonscan.Number(s, 0) == len(s) {
		return jsonscan.ParseFloat(s, size), ""
	}
	t := Trim(s)
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
	if hex && !bytes.ContainsAny(u, "pP") || bytes.IndexByte(u, '_') >= 0 {
		return 0, ForInput(s)
	}
	if c := t[len(t)-1] | 0x20; c == 'd' || c == 'f' {
		t = t[:len(t)-1]
	}
	if len(t) == 0 || t[len(t)-1] != '.' && t[len(t)-1]-'0' >= 10 { // no word such as inf, no second suffix
		return 0, ForInput(s)
	}
	f, err := strconv.ParseFloat(string(t), size)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, ForInput(s)
	}
	return f, ""
}

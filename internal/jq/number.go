package jq

import (
	"math"
	"strconv"
)

// appendNumber writes f as jq 1.6 does. With D the shortest digits that read back as f, and f = 0.D × 10^p: scientific with a
// sign and at least two digits of exponent if p <= -4 or p > len(D)+15, else plain. NaN is null; infinities are the largest doubles
// (oracle/jq/README.md, "Numbers are doubles, printed by one rule").
func appendNumber(dst []byte, f float64) []byte {
	if i := int64(f); float64(i) == f && i > -1e15 && i < 1e15 && (i != 0 || !math.Signbit(f)) {
		return strconv.AppendInt(dst, i, 10)
	}
	switch {
	case f != f:
		return append(dst, "null"...)
	case math.IsInf(f, 1):
		f = math.MaxFloat64
	case math.IsInf(f, -1):
		f = -math.MaxFloat64
	}
	if f == 0 { // only -0 comes here
		return append(dst, "-0"...)
	}
	var buf [32]byte
	e := strconv.AppendFloat(buf[:0], f, 'e', -1, 64) // [-]d[.ddd]e±dd
	if e[0] == '-' {
		dst = append(dst, '-')
		e = e[1:]
	}
	var digits [24]byte
	n, i := 0, 0
	for ; e[i] != 'e'; i++ {
		if e[i] != '.' {
			digits[n] = e[i]
			n++
		}
	}
	exp := 0
	for _, c := range e[i+2:] {
		exp = exp*10 + int(c-'0')
	}
	if e[i+1] == '-' {
		exp = -exp
	}
	d := digits[:n]
	p := exp + 1
	switch {
	case p <= -4 || p > n+15:
		dst = append(dst, d[0])
		if n > 1 {
			dst = append(append(dst, '.'), d[1:]...)
		}
		dst = append(dst, 'e')
		if exp < 0 {
			dst = append(dst, '-')
			exp = -exp
		} else {
			dst = append(dst, '+')
		}
		if exp < 10 {
			dst = append(dst, '0')
		}
		return strconv.AppendInt(dst, int64(exp), 10)
	case p <= 0:
		dst = append(dst, "0."...)
		for ; p < 0; p++ {
			dst = append(dst, '0')
		}
		return append(dst, d...)
	case p >= n:
		dst = append(dst, d...)
		for ; p > n; p-- {
			dst = append(dst, '0')
		}
		return dst
	}
	dst = append(dst, d[:p]...)
	dst = append(dst, '.')
	return append(dst, d[p:]...)
}

// parseNumber reads the whole of b as jq's reader does: leading zeros, a plus sign, a missing integer or fraction part are
// fine, and so are NaN and Infinity in any case. Out of range is an infinity or zero.
func parseNumber(b []byte) (float64, bool) {
	i := 0
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		i++
	}
	if i < len(b) && (b[i]|0x20 == 'i' || b[i]|0x20 == 'n') {
		return parseWord(b[:i], b[i:])
	}
	digits := 0
	for ; i < len(b) && isDigit(b[i]); i++ {
		digits++
	}
	if i < len(b) && b[i] == '.' {
		for i++; i < len(b) && isDigit(b[i]); i++ {
			digits++
		}
	}
	if digits == 0 {
		return 0, false
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '-' || b[i] == '+') {
			i++
		}
		if i == len(b) {
			return 0, false
		}
		for i < len(b) && isDigit(b[i]) {
			i++
		}
		if c := b[i-1]; !isDigit(c) {
			return 0, false
		}
	}
	if i < len(b) && b[i] != 0 { // C's string ends at NUL
		return 0, false
	}
	f, err := strconv.ParseFloat(view(b[:i]), 64)
	if err != nil && !math.IsInf(f, 0) && f != 0 {
		return 0, false
	}
	return f, true
}

// parseWord reads inf, infinity and nan after a sign.
func parseWord(sign, b []byte) (float64, bool) {
	lower := make([]byte, len(b))
	for i, c := range b {
		lower[i] = c | 0x20
	}
	var f float64
	switch string(lower) {
	case "inf", "infinity":
		f = math.Inf(1)
	case "nan":
		f = math.NaN()
	default:
		return 0, false
	}
	if len(sign) > 0 && sign[0] == '-' {
		f = -f
	}
	return f, true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

package jsonscan

import (
	"math"
	"math/bits"
	"strconv"
	"unsafe"
)

// text makes a string of b without copying; b must not change while the string is in use.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// notDigits has the high bit set in every byte of w that isn't a decimal digit.
func notDigits(w uint64) uint64 {
	x := w ^ 0x30*ones
	return (x | ((x & (0x7f * ones)) + 0x76*ones)) & highs
}

// eight returns the number that eight ASCII digits make, the first in the lowest byte.
func eight(w uint64) uint64 {
	w -= 0x30 * ones
	w = w*10 + w>>8
	return ((w&0x000000ff000000ff)*(100+1000000<<32) + (w>>16&0x000000ff000000ff)*(1+10000<<32)) >> 32
}

// run reads the digits from b[i] on, at most 19 of them, and returns their value and the index behind them.
func run(b []byte, i int) (v uint64, end int) {
	if i+8 <= len(b) {
		w := Load(b, i)
		m := notDigits(w)
		if m != 0 {
			n := bits.TrailingZeros64(m) >> 3
			if n == 0 {
				return 0, i
			}
			// Move the digits to the top and let zeros lead.
			s := uint(64 - 8*n)
			return eight(w<<s | (0x30*ones)&(1<<s-1)), i + n
		}
		v, end = eight(w), i+8
		if end+8 <= len(b) {
			if w = Load(b, end); notDigits(w) == 0 {
				v, end = v*100000000+eight(w), end+8
			}
		}
		i += 19
		for end < len(b) && end < i && b[end]-'0' < 10 {
			v = v*10 + uint64(b[end]-'0')
			end++
		}
		return v, end
	}
	for end = i; end < len(b) && b[end]-'0' < 10; end++ {
		v = v*10 + uint64(b[end]-'0')
	}
	return v, end
}

// Int reads the JSON number at b[i] if it is a plain integer of at most 18 digits, else end is -1:
// the number is then longer, has a fraction or an exponent, or isn't one.
func Int(b []byte, i int) (v int64, end int) {
	neg := i < len(b) && b[i] == '-'
	if neg {
		i++
	}
	if i+8 <= len(b) {
		w := Load(b, i)
		if m := notDigits(w); m != 0 { // fewer than eight digits, and what ends them
			n := bits.TrailingZeros64(m) &^ 7
			c := byte(w >> n)
			if n == 0 || c == '.' || c|0x20 == 'e' || w&0xff == '0' && n > 8 {
				return 0, -1
			}
			// Move the digits to the top and let zeros lead.
			v = int64(eight(w<<(64-n) | (0x30*ones)&(1<<(64-n)-1)))
			if neg {
				v = -v
			}
			return v, i + n>>3
		}
	}
	u, end := run(b, i)
	n := end - i
	if n == 0 || n > 18 || n > 1 && b[i] == '0' {
		return 0, -1
	}
	if end < len(b) {
		if c := b[end]; c == '.' || c|0x20 == 'e' {
			return 0, -1
		}
	}
	if neg {
		return -int64(u), end
	}
	return int64(u), end
}

var powers = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// Float reads the JSON number at b[i] as the nearest double, infinite when it is too large; end
// is -1 when it isn't a number.
func Float(b []byte, i int) (f float64, end int) {
	start := i
	if i < len(b) && b[i] == '-' {
		i++
	}
	u, j := run(b, i)
	n := j - i
	if n == 0 || n > 1 && b[i] == '0' {
		return 0, -1
	}
	exp := 0
	if j < len(b) && b[j] == '.' {
		k := j + 1
		w, e := run(b, k)
		d := e - k
		if d == 0 {
			return 0, -1
		}
		if n+d <= 18 {
			u = u*tens[d] + w
		}
		n, exp, j = n+d, -d, e
	}
	if j < len(b) && (b[j]|0x20 == 'e' || b[j]-'0' < 10) || n > 18 || u > 1<<53 || exp < -22 {
		// Not the common case: the whole grammar, then strconv.
		if end = Number(b, start); end < 0 {
			return 0, -1
		}
		f, _ = strconv.ParseFloat(text(b[start:end]), 64)
		return f, end
	}
	// Clinger: both the digits and the power of ten are exact doubles, so one rounding is the right one.
	f = float64(u)
	if exp < 0 {
		f /= powers[-exp]
	}
	if i != start {
		f = -f
	}
	return f, j
}

var tens = [...]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19}

// Float32 is Float for the nearest float32.
func Float32(b []byte, i int) (f float32, end int) {
	start := i
	if i < len(b) && b[i] == '-' {
		i++
	}
	u, j := run(b, i)
	n := j - i
	if n == 0 || n > 1 && b[i] == '0' {
		return 0, -1
	}
	d := 0
	if j < len(b) && b[j] == '.' {
		w, e := run(b, j+1)
		if d = e - j - 1; d == 0 {
			return 0, -1
		}
		if n+d <= 18 {
			u = u*tens[d] + w
		}
		j = e
	}
	if j < len(b) && (b[j]|0x20 == 'e' || b[j]-'0' < 10) || n+d > 18 || u > 1<<24 || d > 10 {
		if end = Number(b, start); end < 0 {
			return 0, -1
		}
		x, _ := strconv.ParseFloat(text(b[start:end]), 32)
		return float32(x), end
	}
	f = float32(u) / float32(powers[d]) // both exact
	if i != start {
		f = -f
	}
	return f, j
}

// ShortDecimal reads the JSON number at b[i] as an unscaled decimal if it needs no rounding, has no exponent and at
// most 18 digits; else, or when it doesn't fit the precision, end is -1.
func ShortDecimal(b []byte, i, precision, scale int) (v int64, end int) {
	start := i
	if i < len(b) && b[i] == '-' {
		i++
	}
	u, end := run(b, i)
	n := end - i
	if n == 0 || n > 1 && b[i] == '0' || n+scale > 18 {
		return 0, -1
	}
	d := 0
	if end < len(b) && b[end] == '.' {
		w, e := run(b, end+1)
		if d = e - end - 1; d == 0 || d > scale {
			return 0, -1
		}
		u, end = u*tens[d]+w, e
	}
	if u *= tens[scale-d]; precision > 18 || u >= tens[precision] || end < len(b) && b[end]|0x20 == 'e' {
		return 0, -1
	}
	if i != start {
		return -int64(u), end
	}
	return int64(u), end
}

// Digits reads the decimal digits from b[i] on, at most 19 of them; it returns their value and the index behind them.
func Digits(b []byte, i int) (v uint64, end int) { return run(b, i) }

// ParseFloat reads a decimal number of JSON's grammar (also "1.", ".5", "+1") as the nearest
// double or, with bits 32, the nearest float; too large is infinite.
func ParseFloat(s []byte, bits int) float64 {
	f, _ := strconv.ParseFloat(text(s), bits)
	return f
}

// A Decimal128 is an integer of 128 bits in two's complement: the unscaled value of a decimal.
type Decimal128 struct {
	High int64
	Low  uint64
}

// Decimal reads text as java.math.BigDecimal does, [+-]digits[.digits][e[+-]digits] with at least
// one digit, and rounds it half up (away from zero) to scale. ok is false when s is no such
// text; fits is false when it has more than precision-scale digits before the point.
func Decimal(s []byte, precision, scale int) (d Decimal128, fits, ok bool) {
	i, neg := 0, false
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		neg = s[i] == '-'
		i++
	}
	first := i
	point, end := -1, i
	for ; end < len(s); end++ {
		if c := s[end]; c == '.' && point < 0 {
			point = end
		} else if c-'0' >= 10 {
			break
		}
	}
	count := end - first
	if point >= 0 {
		count--
	}
	if count == 0 {
		return d, false, false
	}
	exp := 0
	if end < len(s) {
		if s[end]|0x20 != 'e' {
			return d, false, false
		}
		j, negative := end+1, false
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			negative = s[j] == '-'
			j++
		}
		if j == len(s) {
			return d, false, false
		}
		for ; j < len(s); j++ {
			if s[j]-'0' >= 10 {
				return d, false, false
			}
			exp = min(exp*10+int(s[j]-'0'), math.MaxInt32)
		}
		if negative {
			exp = -exp
		}
	}
	// The digit at position p (counted from the left, without the point) has weight 10^(whole-1-p).
	whole := end - first
	if point >= 0 {
		whole = point - first
	}
	keep := whole + exp + scale // digits from the left that stay
	digit := func(p int) byte {
		if point >= 0 && first+p >= point {
			p++
		}
		return s[first+p] - '0'
	}
	p := 0
	for p < count && digit(p) == 0 {
		p++
	}
	if p == count {
		return d, true, true
	}
	if keep-p > precision {
		return d, false, true
	}
	var hi, lo uint64
	for ; p < keep; p++ {
		c := uint64(0)
		if p < count {
			c = uint64(digit(p))
		}
		h, l := bits.Mul64(lo, 10)
		var carry uint64
		lo, carry = bits.Add64(l, c, 0)
		hi = hi*10 + h + carry
	}
	if keep >= 0 && keep < count && digit(keep) >= 5 {
		var carry uint64
		lo, carry = bits.Add64(lo, 1, 0)
		hi += carry
		if lim := limits[precision]; hi > lim[0] || hi == lim[0] && lo >= lim[1] {
			return d, false, true
		}
	}
	if neg {
		var carry uint64
		lo, carry = bits.Add64(^lo, 1, 0)
		hi = ^hi + carry
	}
	return Decimal128{int64(hi), lo}, true, true
}

// limits[p] is 10^p as high and low halves.
var limits = func() (t [39][2]uint64) {
	t[0] = [2]uint64{0, 1}
	for i := 1; i < len(t); i++ {
		h, l := bits.Mul64(t[i-1][1], 10)
		t[i] = [2]uint64{t[i-1][0]*10 + h, l}
	}
	return t
}()

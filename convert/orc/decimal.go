package orc

import (
	"math/bits"
	"strconv"
)

// A decimal is an unscaled 128-bit integer in two halves and a scale. In DATA it is a varint in
// zigzag form of up to 19 bytes, in SECONDARY its scale. The scale written is the column's.

// appendVarint128 appends the 128-bit integer high, low in zigzag form.
func appendVarint128(dst []byte, high, low int64) []byte {
	sign := uint64(high >> 63)
	hi := (uint64(high)<<1 | uint64(low)>>63) ^ sign
	lo := uint64(low)<<1 ^ sign
	for hi != 0 {
		dst = append(dst, byte(lo)|0x80)
		lo = lo>>7 | hi<<57
		hi >>= 7
	}
	for lo >= 0x80 {
		dst = append(dst, byte(lo)|0x80)
		lo >>= 7
	}
	return append(dst, byte(lo))
}

// magnitude returns the absolute value of a 128-bit integer.
func magnitude(high, low int64) (hi, lo uint64) {
	hi, lo = uint64(high), uint64(low)
	if high < 0 {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	return hi, lo
}

// fits38 reports whether a 128-bit integer has at most 38 digits.
func fits38(high, low int64) bool {
	hi, lo := magnitude(high, low)
	const limitHigh, limitLow = 5421010862427522170, 687399551400673280 // 10^38
	return hi < limitHigh || hi == limitHigh && lo < limitLow
}

// appendDecimal appends the number as plain text, without zeros at the end of the fraction.
func appendDecimal(dst []byte, high, low int64, scale int) []byte {
	hi, lo := magnitude(high, low)
	var digits [48]byte
	text := digits[:0]
	const e18 = 1_000_000_000_000_000_000
	if hi == 0 {
		text = strconv.AppendUint(text, lo, 10)
	} else {
		q, r := hi/e18, hi%e18
		m, tail := bits.Div64(r, lo, e18) // hi:lo = (q<<64 + m) * e18 + tail
		if q != 0 || m >= e18 {
			top, mid := bits.Div64(q, m, e18)
			text = strconv.AppendUint(text, top, 10)
			text = appendPadded(text, mid)
		} else {
			text = strconv.AppendUint(text, m, 10)
		}
		text = appendPadded(text, tail)
	}
	for scale > 0 && len(text) > 0 && text[len(text)-1] == '0' {
		text, scale = text[:len(text)-1], scale-1
	}
	if len(text) == 0 {
		return append(dst, '0')
	}
	if high < 0 {
		dst = append(dst, '-')
	}
	if whole := len(text) - scale; whole > 0 {
		dst = append(dst, text[:whole]...)
		text = text[whole:]
	} else {
		dst = append(dst, '0')
	}
	if scale == 0 {
		return dst
	}
	dst = append(dst, '.')
	for i := len(text); i < scale; i++ {
		dst = append(dst, '0')
	}
	return append(dst, text...)
}

// appendPadded appends x with 18 digits.
func appendPadded(dst []byte, x uint64) []byte {
	var digits [18]byte
	for i := 17; i >= 0; i-- {
		digits[i] = byte('0' + x%10)
		x /= 10
	}
	return append(dst, digits[:]...)
}

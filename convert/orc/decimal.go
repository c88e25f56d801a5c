package orc

import (
	"math/bits"
	"strconv"
)

// A decimal is an unscaled 128-bit integer in two halves and a scale. In DATA it is a varint in
// zigzag form of up to 19 bytes, in SECONDARY its scale: the column's, or less where zeros at the end of the value pay to be left
// out, which readers undo.

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

// trimPays reports whether values without the zeros at their end, each with a scale of its own, take
// less than values of one scale, which is free. It looks at some of them.
func trimPays(high, low []int64, scale int) bool {
	if scale == 0 {
		return false
	}
	step := max(1, len(low)/64)
	saved, seen, all := 0, 0, 0 // in half bits: a digit is 3.3 bits, a varint's byte has 7
	for i := 0; i < len(low); i += step {
		h, l := low[i]>>63, low[i]
		if high != nil {
			h = high[i]
		}
		zeros := 0
		for ; zeros < scale; zeros++ {
			qh, ql, ok := tenth(h, l)
			if !ok {
				break
			}
			h, l = qh, ql
		}
		seen++
		if saved += zeros * 7; zeros == scale {
			all++
		}
	}
	cost := 8 // a scale takes 4 bits, up to 7, or 8
	if scale > 7 {
		cost = 16
	}
	return saved > cost*seen || all == seen && seen > 0
}

// tenth divides by ten, if that leaves nothing.
func tenth(high, low int64) (_, _ int64, ok bool) {
	if high == low>>63 {
		return low / 10 >> 63, low / 10, low%10 == 0
	}
	hi, lo := magnitude(high, low)
	q, r := hi/10, hi%10
	m, r := bits.Div64(r, lo, 10)
	if r != 0 {
		return high, low, false
	}
	if high < 0 {
		var borrow uint64
		m, borrow = bits.Sub64(0, m, 0)
		q, _ = bits.Sub64(0, q, borrow)
	}
	return int64(q), int64(m), true
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

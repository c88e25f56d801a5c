package orc

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Bit-packed values of RLE version 2 stand most significant bit first, one after the other, and
// end with zero bits up to the next byte:
//
//	width 3:  aaabbbcc cdddeeef ff000000

// widthCodes are the widths that the five bits of a run's header can name, in the order of their
// codes (ORCv1, "Run Length Encoding version 2"). In DELTA, code 0 stands for "no bits".
var widthCodes = [32]uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
	17, 18, 19, 20, 21, 22, 23, 24, 26, 28, 30, 32, 40, 48, 56, 64}

// widthCode returns the code of a width that fixedWidth or alignedWidth gave.
func widthCode(width int) byte {
	switch {
	case width <= 24:
		return byte(width - 1)
	case width <= 32:
		return byte(width/2 + 11)
	default:
		return byte(width/8 + 23)
	}
}

// fixedWidth returns the smallest width with a code that holds n bits.
func fixedWidth(n int) int {
	switch {
	case n == 0:
		return 1
	case n <= 24:
		return n
	case n <= 32:
		return (n + 1) &^ 1
	default:
		return (n + 7) &^ 7
	}
}

// alignedWidth is fixedWidth among 1, 2, 4 and whole bytes: these pack fast and leave repetition
// of values visible to the block compression as repetition of bytes.
func alignedWidth(n int) int {
	switch {
	case n <= 2:
		return max(n, 1)
	case n <= 4:
		return 4
	default:
		return (n + 7) &^ 7
	}
}

// appendPacked appends x with width bits each, of which higher bits must be zero.
func appendPacked(dst []byte, x []uint64, width int) []byte {
	switch width {
	case 1, 2, 4:
		return appendPackedSmall(dst, x, width)
	case 8, 16, 24, 32, 40, 48, 56, 64:
	default:
		return appendPackedAny(dst, x, width)
	}
	at, size := len(dst), len(x)*width/8
	dst = slices.Grow(dst, size+8)
	out := dst[at : at+size+8]
	switch width {
	case 8:
		for i, v := range x {
			out[i] = byte(v)
		}
	case 16:
		for i, v := range x {
			binary.BigEndian.PutUint16(out[2*i:], uint16(v))
		}
	default: // what is too much is written over
		for i, v := range x {
			binary.BigEndian.PutUint64(out[i*width/8:], v<<(64-width))
		}
	}
	return dst[:at+size]
}

// appendPackedSmall is appendPacked of a width that divides 8: a byte at a time.
func appendPackedSmall(dst []byte, x []uint64, width int) []byte {
	dst = slices.Grow(dst, len(x)*width/8+1)
	switch width {
	case 1:
		for ; len(x) >= 8; x = x[8:] {
			b := x[:8]
			dst = append(dst, byte(b[0]<<7|b[1]<<6|b[2]<<5|b[3]<<4|b[4]<<3|b[5]<<2|b[6]<<1|b[7]))
		}
	case 2:
		for ; len(x) >= 4; x = x[4:] {
			b := x[:4]
			dst = append(dst, byte(b[0]<<6|b[1]<<4|b[2]<<2|b[3]))
		}
	case 4:
		for ; len(x) >= 2; x = x[2:] {
			b := x[:2]
			dst = append(dst, byte(b[0]<<4|b[1]))
		}
	}
	return appendPackedAny(dst, x, width)
}

// appendPackedAny is appendPacked of every width.
func appendPackedAny(dst []byte, x []uint64, width int) []byte {
	dst = slices.Grow(dst, (len(x)*width+7)/8)
	var acc uint64 // the lower n bits are still to be written, n < 64; those above were
	n := 0
	for _, v := range x {
		if n += width; n < 64 {
			acc = acc<<width | v
			continue
		}
		n -= 64
		dst = binary.BigEndian.AppendUint64(dst, acc<<(width-n)|v>>n)
		acc = v
	}
	for acc <<= 64 - n; n > 0; n -= 8 {
		dst = append(dst, byte(acc>>56))
		acc <<= 8
	}
	return dst
}

// A bitmap gathers bits, the first in the lowest bit of words[0], as column.Vector has them.
type bitmap struct {
	words []uint64
	n     int
}

func (b *bitmap) reset() { b.words, b.n = b.words[:0], 0 }

// appendWord appends the low n bits of w, 0 < n <= 64; higher bits must be zero.
func (b *bitmap) appendWord(w uint64, n int) {
	if at := b.n & 63; at == 0 {
		b.words = append(b.words, w)
	} else {
		b.words[len(b.words)-1] |= w << at
		if at+n > 64 {
			b.words = append(b.words, w>>(64-at))
		}
	}
	b.n += n
}

// appendOnes appends n ones.
func (b *bitmap) appendOnes(n int) {
	for ; n >= 64; n -= 64 {
		b.appendWord(^uint64(0), 64)
	}
	if n > 0 {
		b.appendWord(1<<n-1, n)
	}
}

// word returns bits lo to lo+n of src, 0 < n <= 64, in the low bits.
func word(src []uint64, lo, n int) uint64 {
	i, at := lo>>6, lo&63
	w := src[i] >> at
	if at+n > 64 {
		w |= src[i+1] << (64 - at)
	}
	if n < 64 {
		w &= 1<<n - 1
	}
	return w
}

// appendRange appends bits lo to hi of src. With a mask, only those bits whose mask bit is one.
func (b *bitmap) appendRange(src, mask []uint64, lo, hi int) {
	for lo < hi {
		n := min(64, hi-lo)
		w := word(src, lo, n)
		if mask == nil {
			b.appendWord(w, n)
		} else if m := word(mask, lo, n); m != 0 {
			b.appendWord(gather(w, m), bits.OnesCount64(m))
		}
		lo += n
	}
}

// gather collects the bits of w that m selects into the low bits.
func gather(w, m uint64) uint64 {
	if m&(m+1) == 0 { // ones below zeros
		return w & m
	}
	var out uint64
	for at := 0; m != 0; at++ {
		i := bits.TrailingZeros64(m)
		out |= w >> i & 1 << at
		m &= m - 1
	}
	return out
}

// countOnes counts the ones among bits lo to hi of src; a nil src is all ones.
func countOnes(src []uint64, lo, hi int) int {
	if src == nil {
		return hi - lo
	}
	c := 0
	for lo < hi {
		n := min(64, hi-lo)
		c += bits.OnesCount64(word(src, lo, n))
		lo += n
	}
	return c
}

// appendBytes appends the bits from lo to hi, lo a multiple of 8, as bytes with the first bit
// highest, the last byte filled up with zeros.
func (b *bitmap) appendBytes(dst []byte, lo, hi int) []byte {
	for ; lo < hi; lo += 8 {
		dst = append(dst, bits.Reverse8(byte(b.words[lo>>6]>>(lo&63))))
	}
	return dst
}

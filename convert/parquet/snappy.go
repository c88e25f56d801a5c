package parquet

import (
	"math/bits"

	"github.com/hydrantkit/hydrant/internal/compress"
)

// appendSnappy appends src as elements of a Snappy block, to a dst in which the length of at least src stands already. Where src is values
// of a fixed width, that is width, else 0.
func (b *buffers) appendSnappy(dst, src []byte, width int) []byte {
	if len(src) == 0 {
		return dst
	}
	if b.store {
		switch b.way(src, width) {
		case literal:
			return appendLiterals(dst, src)
		case fixed:
			return b.fixed.append(dst, src, width)
		}
	}
	// The encoder puts the length of src before the elements: over what precedes them, for as long as it takes.
	n := len(dst) - uvarintSize(uint64(len(src)))
	var over [8]byte
	k := copy(over[:], dst[n:])
	dst = compress.AppendSnappyBlock(dst[:n], src)
	copy(dst[n:], over[:k])
	return dst
}

// A way of making Snappy elements.
type way uint8

const (
	searched way = iota // for what was there before, by the usual encoder
	fixed               // of values of a fixed width, by fixedEncoder
	literal             // without compression
)

// sampleBytes is how much of a page tells how it is compressed best.
const sampleBytes = 16 << 10

// sampleOf returns what of src tells about it: a part of its middle, or all if it is short.
func sampleOf(src []byte, width int) []byte {
	if len(src) <= sampleBytes {
		return src
	}
	from := (len(src) - sampleBytes) / 2
	if width > 0 {
		from = from / width * width
	}
	return src[from : from+sampleBytes]
}

// way chooses how src is made elements of Snappy. Where the search would find next to nothing, as in random texts of hexadecimal digits, it
// takes its time and saves about a twentieth in a whole page.
func (b *buffers) way(src []byte, width int) way {
	values := b.fixed.fits(width)
	if len(src) < 4*sampleBytes && !values {
		return searched
	}
	s := sampleOf(src, width)
	b.body = compress.AppendSnappyBlock(b.body[:0], s)
	best, size := searched, len(b.body)
	if values {
		b.body = b.fixed.append(b.body[:0], s, width)
		if len(b.body) < size {
			best, size = fixed, len(b.body)
		}
	}
	if len(src) >= 4*sampleBytes && size > sampleBytes-sampleBytes/32 {
		return literal
	}
	return best
}

// appendLiterals appends src as elements of a Snappy block that copy nothing, at most 64 KiB each, as Google's encoder has them.
func appendLiterals(dst, src []byte) []byte {
	for len(src) > 0 {
		n := min(len(src), 1<<16)
		switch {
		case n <= 60:
			dst = append(dst, byte(n-1)<<2)
		case n <= 1<<8:
			dst = append(dst, 60<<2, byte(n-1))
		default:
			dst = append(dst, 61<<2, byte(n-1), byte((n-1)>>8))
		}
		dst = append(dst, src[:n]...)
		src = src[n:]
	}
	return dst
}

func uvarintSize(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

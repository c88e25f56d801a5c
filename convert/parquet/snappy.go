package parquet

import (
	"math/bits"

	"github.com/hydrantkit/hydrant/internal/compress"
)

// appendSnappy appends src as elements of a Snappy block, to a dst in which the length of at least src stands already.
func (b *buffers) appendSnappy(dst, src []byte) []byte {
	if len(src) == 0 {
		return dst
	}
	if b.store && b.incompressible(src) {
		return appendLiterals(dst, src)
	}
	// The encoder puts the length of src before the elements: over what precedes them, for as long as it takes.
	n := len(dst) - uvarintSize(uint64(len(src)))
	var over [8]byte
	k := copy(over[:], dst[n:])
	dst = compress.AppendSnappyBlock(dst[:n], src)
	copy(dst[n:], over[:k])
	return dst
}

// sampleBytes is how much of a page tells whether it can be compressed.
const sampleBytes = 16 << 10

// incompressible reports whether Snappy would find next to nothing in src, as in random texts of hexadecimal digits, where it takes its time.
// What it saves there in a whole page is about a twentieth.
func (b *buffers) incompressible(src []byte) bool {
	if len(src) < 4*sampleBytes {
		return false
	}
	from := (len(src) - sampleBytes) / 2
	b.body = compress.AppendSnappyBlock(b.body[:0], src[from:from+sampleBytes])
	return len(b.body) > sampleBytes-sampleBytes/32
}

// appendLiterals appends src as elements of a Snappy block that copy nothing, at most 64 KiB each, as Google's encoder has them.
func appendLiterals(dst, src []byte) []byte {
	for len(src) > 0 {
		n := min(len(src), 1<<16)
		dst = append(dst, 61<<2, byte(n-1), byte((n-1)>>8))
		dst = append(dst, src[:n]...)
		src = src[n:]
	}
	return dst
}

func uvarintSize(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

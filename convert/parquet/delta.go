package parquet

import (
	"encoding/binary"
	"math/bits"
)

// The delta encodings:
//
//	DELTA_BINARY_PACKED      block size | miniblocks | count | first value | block …
//	block                    least delta zigzag | width byte × miniblocks | miniblock …
//	miniblock                deltas minus the least, bit-packed at its width
//	DELTA_LENGTH_BYTE_ARRAY  lengths as DELTA_BINARY_PACKED | bytes
//	DELTA_BYTE_ARRAY         lengths shared with the previous value as DELTA_BINARY_PACKED |
//	                         what follows as DELTA_LENGTH_BYTE_ARRAY
//
// Numbers of the header are uvarints, the first value is zigzag.
const (
	deltaBlock = 128 // values, as parquet-mr has it
	deltaMini  = 32
	miniblocks = deltaBlock / deltaMini
)

// A delta appends DELTA_BINARY_PACKED. What it keeps between pages is what parquet-mr 1.8.1 keeps:
// the widths and the padding of a last block that isn't full are those of blocks before it.
type delta[T int32 | int64] struct {
	block  [deltaBlock]T
	widths [miniblocks]byte
	first  T
}

func (d *delta[T]) append(dst []byte, v []T) []byte {
	dst = appendUvarint(dst, deltaBlock)
	dst = appendUvarint(dst, miniblocks)
	dst = appendUvarint(dst, uint64(len(v)))
	if len(v) > 0 {
		d.first = v[0]
	}
	first := int64(d.first)
	dst = appendUvarint(dst, uint64(first<<1)^uint64(first>>63))
	for i := 1; i < len(v); i += deltaBlock {
		n := min(deltaBlock, len(v)-i)
		dst = d.appendBlock(dst, v[i-1:i+n])
	}
	return dst
}

// appendBlock appends the differences of v, at least 1 and at most deltaBlock.
func (d *delta[T]) appendBlock(dst []byte, v []T) []byte {
	n := len(v) - 1
	least := v[1] - v[0]
	for i := range n {
		x := v[i+1] - v[i] // wraps, as the specification wants it
		d.block[i] = x
		least = min(least, x)
	}
	for i := range n {
		d.block[i] -= least
	}
	l := int64(least)
	dst = appendUvarint(dst, uint64(l<<1)^uint64(l>>63))
	minis := (n + deltaMini - 1) / deltaMini
	for m := range minis {
		var or T
		for _, x := range d.block[m*deltaMini : min((m+1)*deltaMini, n)] {
			or |= x
		}
		d.widths[m] = byte(widthOf(or))
	}
	dst = append(dst, d.widths[:]...)
	for m := range minis {
		dst = appendMini(dst, d.block[m*deltaMini:(m+1)*deltaMini], int(d.widths[m]))
	}
	return dst
}

// widthOf is how many bits x takes; a negative one takes all.
func widthOf[T int32 | int64](x T) int {
	if x >= 0 {
		return bits.Len64(uint64(x))
	}
	n := 1
	for y := T(1); y > 0; y <<= 1 {
		n++
	}
	return n
}

// appendMini packs 32 values at width bits.
func appendMini[T int32 | int64](dst []byte, v []T, width int) []byte {
	if width == 0 {
		return dst
	}
	var acc uint64 // n bits of it count
	n := 0
	mask := ^uint64(0) >> (64 - width)
	for _, x := range v {
		u := uint64(x) & mask
		acc |= u << n
		if n += width; n >= 64 {
			dst = binary.LittleEndian.AppendUint64(dst, acc)
			n -= 64
			acc = 0
			if n > 0 {
				acc = u >> (width - n)
			}
		}
	}
	for ; n > 0; n -= 8 { // 32 values end at a byte
		dst = append(dst, byte(acc))
		acc >>= 8
	}
	return dst
}

// deltas are the encoders of a chunk that write delta encodings.
type deltas struct {
	i32            delta[int32]
	i64            delta[int64]
	prefix, length delta[int32]

	v32    []int32
	v64    []int64
	prefs  []int32
	suffix []byte
}

// reset forgets the blocks of the last row group.
func (d *deltas) reset() {
	if d != nil {
		d.i32, d.i64, d.prefix, d.length = delta[int32]{}, delta[int64]{}, delta[int32]{}, delta[int32]{}
	}
}

// appendInt32 encodes PLAIN values of 4 bytes.
func (d *deltas) appendInt32(dst, plain []byte) []byte {
	d.v32 = d.v32[:0]
	for ; len(plain) >= 4; plain = plain[4:] {
		d.v32 = append(d.v32, int32(binary.LittleEndian.Uint32(plain)))
	}
	return d.i32.append(dst, d.v32)
}

// appendInt64 encodes PLAIN values of 8 bytes.
func (d *deltas) appendInt64(dst, plain []byte) []byte {
	d.v64 = d.v64[:0]
	for ; len(plain) >= 8; plain = plain[8:] {
		d.v64 = append(d.v64, int64(binary.LittleEndian.Uint64(plain)))
	}
	return d.i64.append(dst, d.v64)
}

// appendLengths encodes PLAIN byte arrays as DELTA_LENGTH_BYTE_ARRAY.
func (d *deltas) appendLengths(dst, plain []byte) []byte {
	d.v32, d.suffix = d.v32[:0], d.suffix[:0]
	for len(plain) >= 4 {
		n := int(binary.LittleEndian.Uint32(plain))
		d.v32 = append(d.v32, int32(n))
		d.suffix = append(d.suffix, plain[4:4+n]...)
		plain = plain[4+n:]
	}
	return append(d.length.append(dst, d.v32), d.suffix...)
}

// appendPrefixes encodes PLAIN values, of width bytes or byte arrays if that is 0, as
// DELTA_BYTE_ARRAY.
func (d *deltas) appendPrefixes(dst, plain []byte, width int) []byte {
	d.v32, d.prefs, d.suffix = d.v32[:0], d.prefs[:0], d.suffix[:0]
	var last []byte
	for len(plain) > 0 {
		x := plain
		if width > 0 {
			x, plain = plain[:width], plain[width:]
		} else {
			n := 4 + int(binary.LittleEndian.Uint32(plain))
			x, plain = plain[4:n], plain[n:]
		}
		p := sharedPrefix(last, x)
		d.prefs = append(d.prefs, int32(p))
		d.v32 = append(d.v32, int32(len(x)-p))
		d.suffix = append(d.suffix, x[p:]...)
		last = x
	}
	dst = d.prefix.append(dst, d.prefs)
	dst = d.length.append(dst, d.v32)
	return append(dst, d.suffix...)
}

// prefixesPay reports whether the first thousand byte arrays of a page share more than an eighth of
// their bytes with the one before. Compression finds the rest of what texts have in common.
func prefixesPay(plain []byte) bool {
	var last []byte
	size, shared := 0, 0
	for i := 0; i < 1000 && len(plain) > 0; i++ {
		n := 4 + int(binary.LittleEndian.Uint32(plain))
		x := plain[4:n]
		plain = plain[n:]
		size += n
		shared += sharedPrefix(last, x)
		last = x
	}
	return shared > size/8
}

func sharedPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for i+8 <= n {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
		i += 8
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

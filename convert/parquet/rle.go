package parquet

import (
	"encoding/binary"
	"math/bits"
)

// The RLE/bit-packed hybrid of levels, dictionary indices and V2 booleans:
//
//	run:         header uvarint | body
//	repeated:    header = count<<1        body = value in ⌈width/8⌉ bytes, little-endian
//	bit-packed:  header = groups<<1 | 1   body = groups × 8 values of width bits, low bits first

// maxGroups is how many groups of 8 parquet-mr puts in one bit-packed run, so that the header is one byte.
const maxGroups = 63

// appendHybrid appends values of width bits, with the runs that parquet-mr makes: 8 equal values
// that begin where a group begins are a repeated run.
func appendHybrid[T uint8 | uint32](dst []byte, values []T, width int) []byte {
	i := 0
	for i < len(values) {
		n := equalRun(values[i:])
		if n >= 8 {
			dst = appendRun(dst, uint32(values[i]), n, width)
			i += n
			continue
		}
		// groups up to the next one that begins with 8 equal values
		start := i
		for i < len(values) && (i-start)/8 < maxGroups {
			if i > start && i+8 <= len(values) && equalEight(values[i:]) {
				break
			}
			i += 8
		}
		end := min(i, len(values))
		groups := (end - start + 7) / 8
		dst = append(dst, byte(groups<<1|1))
		dst = appendPacked(dst, values[start:end], width)
		i = end
	}
	return dst
}

func equalRun[T uint8 | uint32](v []T) int {
	n := 1
	for n < len(v) && v[n] == v[0] {
		n++
	}
	return n
}

func equalEight[T uint8 | uint32](v []T) bool {
	_ = v[7]
	a := v[0]
	return v[1] == a && v[2] == a && v[3] == a && v[4] == a && v[5] == a && v[6] == a && v[7] == a
}

// appendRun appends a repeated run.
func appendRun(dst []byte, value uint32, n, width int) []byte {
	dst = appendUvarint(dst, uint64(n)<<1)
	for b := 0; b < width; b += 8 {
		dst = append(dst, byte(value))
		value >>= 8
	}
	return dst
}

// appendPacked packs values at width bits, low bits first, and fills the last group of 8 with zeros.
func appendPacked[T uint8 | uint32](dst []byte, values []T, width int) []byte {
	if width == 0 {
		return dst
	}
	start := len(dst)
	size := (len(values) + 7) / 8 * width
	dst = grow(dst, size+4)
	at := start
	var acc uint64 // n bits of it count, less than 32 between values
	n := 0
	for _, v := range values {
		acc |= uint64(v) << n
		if n += width; n >= 32 {
			binary.LittleEndian.PutUint32(dst[at:], uint32(acc))
			at += 4
			acc >>= 32
			n -= 32
		}
	}
	end := start + size
	for ; at < end; at++ {
		dst[at] = byte(acc)
		acc >>= 8
	}
	return dst[:end]
}

// appendBitmap appends n bits of b as values of width 1: words that are all equal become repeated
// runs, what lies between is copied as it stands.
func appendBitmap(dst []byte, b []uint64, n int) []byte {
	words := n >> 6
	for i := 0; i < words; {
		w := b[i]
		j := i + 1
		if w == 0 || w == ^uint64(0) {
			for j < words && b[j] == w {
				j++
			}
			dst = appendRun(dst, uint32(w&1), (j-i)*64, 1)
			i = j
			continue
		}
		for j < words && b[j] != 0 && b[j] != ^uint64(0) {
			j++
		}
		dst = appendUvarint(dst, uint64(j-i)*8<<1|1)
		for ; i < j; i++ {
			dst = appendWord(dst, b[i], 8)
		}
	}
	if rest := n & 63; rest != 0 {
		groups := (rest + 7) / 8
		dst = appendUvarint(dst, uint64(groups)<<1|1)
		dst = appendWord(dst, b[words]&(1<<rest-1), groups)
	}
	return dst
}

// appendWord appends the low n bytes of w.
func appendWord(dst []byte, w uint64, n int) []byte {
	for range n {
		dst = append(dst, byte(w))
		w >>= 8
	}
	return dst
}

// levelWidth is how many bits levels up to limit take.
func levelWidth(limit uint8) int { return bits.Len8(limit) }

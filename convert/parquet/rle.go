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

// appendCodes appends values of width bits, with the runs that parquet-mr makes: 8 equal values
// that begin where a group begins are a repeated run.
func appendCodes(dst []byte, values []uint32, width int) []byte {
	for i := 0; i < len(values); {
		if n := equalCodes(values[i:]); n >= 8 {
			dst = appendRun(dst, values[i], n, width)
			i += n
			continue
		}
		// groups up to the next one that begins with 8 equal values
		start := i
		for i += 8; i+8 <= len(values) && i-start < 8*maxGroups && !eightCodes(values[i:]); {
			i += 8
		}
		if i < len(values) && i+8 > len(values) && i-start < 8*maxGroups {
			i += 8
		}
		end := min(i, len(values))
		dst = append(dst, byte((end-start+7)/8<<1|1))
		dst = appendPacked(dst, values[start:end], width)
		i = end
	}
	return dst
}

func equalCodes(v []uint32) int {
	n := 1
	for n < len(v) && v[n] == v[0] {
		n++
	}
	return n
}

func eightCodes(v []uint32) bool {
	_ = v[7]
	a := v[0]
	return v[1] == a && v[2] == a && v[3] == a && v[4] == a && v[5] == a && v[6] == a && v[7] == a
}

const ones = 0x0101010101010101

// appendLevels is appendCodes for bytes of at most 8 bits, eight at a time.
func appendLevels(dst []byte, levels []uint8, width int) []byte {
	for i := 0; i < len(levels); {
		if n := equalLevels(levels[i:]); n >= 8 {
			dst = appendRun(dst, uint32(levels[i]), n, width)
			i += n
			continue
		}
		header := len(dst)
		dst = append(dst, 0)
		groups := 0
		for i < len(levels) && groups < maxGroups {
			var w uint64
			if i+8 <= len(levels) {
				w = binary.LittleEndian.Uint64(levels[i:])
				if groups > 0 && w == uint64(levels[i])*ones {
					break
				}
			} else {
				for k, l := range levels[i:] {
					w |= uint64(l) << (8 * k)
				}
			}
			// fold neighbours together until 8 values are 8*width bits
			w = w&0x00ff00ff00ff00ff | w>>8&0x00ff00ff00ff00ff<<width
			w = w&0x0000ffff0000ffff | w>>16&0x0000ffff0000ffff<<(2*width)
			w = w&0x00000000ffffffff | w>>32<<(4*width)
			dst = appendWord(dst, w, width)
			i += 8
			groups++
		}
		dst[header] = byte(groups<<1 | 1)
	}
	return dst
}

func equalLevels(v []uint8) int {
	n := 1
	for n+8 <= len(v) && binary.LittleEndian.Uint64(v[n:]) == uint64(v[0])*ones {
		n += 8
	}
	for n < len(v) && v[n] == v[0] {
		n++
	}
	return n
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
func appendPacked(dst []byte, values []uint32, width int) []byte {
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

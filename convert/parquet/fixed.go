package parquet

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Integers and timestamps as PLAIN have bytes at their upper ends that values before them have too: mostly the one right before, else the last
// whose upper bytes, all but those that differ from one value to the next, have the same hash. Looking for them there is faster than the search
// at every byte, and finds what that one takes for incompressible.

// A fixedEncoder makes Snappy elements of values of 8 or 12 bytes.
type fixedEncoder struct {
	table [1 << fixedBits]uint32 // by the hash of a value's upper bytes: where the last such value begins
}

const (
	fixedBits = 12
	nearCopy  = 1 << 11 // a copy of 4 to 11 bytes from nearer than this takes two bytes
	farCopy   = 1 << 16 // any copy of up to 64 bytes from nearer than this takes three
)

// fits reports whether values of a width can be given to append.
func (f *fixedEncoder) fits(width int) bool { return width == 8 || width == 12 }

// append appends src, values of width bytes, as elements of a Snappy block.
func (f *fixedEncoder) append(dst, src []byte, width int) []byte {
	n := len(src) / width * width
	if n < 2*width {
		return appendLiterals(dst, src)
	}
	upper := width - 8 // where in a value its upper 8 bytes begin
	shift := upperShift(src[:n], width)
	clear(f.table[:])
	start := len(dst)
	dst = slices.Grow(dst, len(src)+len(src)/32+64)
	out := dst[:cap(dst)]
	at := start
	from := 0 // of what isn't appended yet
	prev := binary.LittleEndian.Uint64(src[upper:])
	for p := width; p < n; {
		x := binary.LittleEndian.Uint64(src[p+upper:])
		slot := &f.table[(x>>shift)*prime1>>(64-fixedBits)]
		offset := p - int(*slot)
		*slot = uint32(p)
		// the bytes that differ from the candidate, of which there are none nearer than a short copy reaches where it has all bits
		other := x ^ binary.LittleEndian.Uint64(src[p-offset+upper:]) | uint64(int64(nearCopy-1-offset)>>63)
		differ := x ^ prev
		if differ == 0 && (upper == 0 || binary.LittleEndian.Uint32(src[p:]) == binary.LittleEndian.Uint32(src[p-width:])) {
			end := p + width
			for end < n && binary.LittleEndian.Uint64(src[end+upper:]) == x && binary.LittleEndian.Uint64(src[end:]) == binary.LittleEndian.Uint64(src[p:]) {
				end += width
			}
			dst = appendCopy(appendLiterals(out[:at], src[from:p]), width, end-p)
			at = len(dst)
			from, p = end, end
			continue
		}
		prev = x
		if other >= differ {
			offset = width
		}
		differ = min(differ, other)
		k := (bits.Len64(differ) + 7) >> 3
		if k > 4 || k == 4 && p-from > 60 { // a long literal isn't ended for so little
			p += width
			continue
		}
		literal := upper + k
		if from < p {
			at = len(appendLiterals(out[:at], src[from:p+literal]))
		} else {
			out[at] = byte(literal-1) << 2
			if literal > 0 {
				at++
			}
			binary.LittleEndian.PutUint64(out[at:], binary.LittleEndian.Uint64(src[p:]))
			at += literal
		}
		binary.LittleEndian.PutUint16(out[at:], uint16(offset>>8<<5|(4-k)<<2|1|offset&0xff<<8))
		at += 2
		p += width
		from = p
	}
	return appendLiterals(out[:at], src[from:])
}

// upperShift is how many low bits of the upper 8 bytes of values differ so much from one value to the next that looking for them is in vain:
// all but one byte of those that usually differ.
func upperShift(src []byte, width int) int {
	var often [9]int
	if n := 256 * width; len(src) > n {
		src = src[(len(src)-n)/2/width*width:][:n]
	}
	for p := width; p < len(src); p += width {
		x := binary.LittleEndian.Uint64(src[p+width-8:]) ^ binary.LittleEndian.Uint64(src[p-8:])
		often[(bits.Len64(x)+7)/8]++
	}
	most := 0
	for k, n := range often {
		if n >= often[most] {
			most = k
		}
	}
	return 8 * max(most-1, 0)
}

// appendCopy appends elements that copy n bytes, at least 4, from offset bytes before.
func appendCopy(dst []byte, offset, n int) []byte {
	for n > 64+4 {
		dst = append(dst, 63<<2|2, byte(offset), byte(offset>>8))
		n -= 64
	}
	if n > 64 { // what is left of it has to be 4 bytes or more to be short
		dst = append(dst, 59<<2|2, byte(offset), byte(offset>>8))
		n -= 60
	}
	if n > 11 || offset >= nearCopy {
		return append(dst, byte(n-1)<<2|2, byte(offset), byte(offset>>8))
	}
	return append(dst, byte(offset>>8)<<5|byte(n-4)<<2|1, byte(offset))
}

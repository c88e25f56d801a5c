package parquet

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

const (
	// maxDictionary is how many bytes of values a dictionary page may hold: parquet-mr's default.
	maxDictionary = 1 << 20
)

// A dictionary numbers the distinct values of a chunk in the order of their first appearance. It
// holds them as its page will: PLAIN.
type dictionary struct {
	width int      // of a value; 0 for byte arrays
	n     int      // distinct values
	plain []byte   // the page
	keys  []uint64 // of width 4 and 8: the values
	at    []uint32 // else: where in plain value i ends
	table []uint64 // hash high 32 | number+1; 0 is free
}

func (d *dictionary) reset(width int) {
	d.width, d.n, d.plain, d.keys = width, 0, d.plain[:0], d.keys[:0]
	d.at = append(d.at[:0], 0)
	clear(d.table)
}

const (
	prime1 = 0x9e3779b97f4a7c15
	prime2 = 0xbf58476d1ce4e5b9
)

func hash64(x uint64) uint64 {
	h, l := bits.Mul64(x^prime2, prime1)
	return h ^ l
}

func mix(a, b uint64) uint64 {
	h, l := bits.Mul64(a, b)
	return h ^ l
}

// hashBytes reads the ends of short values, which overlap, and 16 bytes at a time of long ones.
func hashBytes(b []byte) uint64 {
	n := uint64(len(b))
	switch {
	case n >= 8:
		h := n * prime2
		for len(b) > 16 {
			h = mix(h^binary.LittleEndian.Uint64(b), prime1^binary.LittleEndian.Uint64(b[8:]))
			b = b[16:]
		}
		if len(b) < 8 { // the last bytes of a long value, some for the second time
			return mix(h^tail(b), prime1)
		}
		return mix(h^binary.LittleEndian.Uint64(b), prime1^binary.LittleEndian.Uint64(b[len(b)-8:]))
	case n >= 4:
		return mix(n*prime2^(uint64(binary.LittleEndian.Uint32(b))|uint64(binary.LittleEndian.Uint32(b[n-4:]))<<32), prime1)
	}
	return mix(n*prime2^tail(b), prime1)
}

// tail reads up to 7 bytes.
func tail(b []byte) (t uint64) {
	for i, c := range b {
		t |= uint64(c) << (8 * i)
	}
	return t
}

// room doubles the table when it is over half full.
func (d *dictionary) room() {
	if 2*(d.n+1) <= len(d.table) {
		return
	}
	size := max(1024, 2*len(d.table))
	d.table = make([]uint64, size)
	for i := range d.n {
		var h uint64
		if d.width == 4 || d.width == 8 {
			h = hash64(d.keys[i])
		} else {
			h = hashBytes(d.value(i))
		}
		d.place(h, i)
	}
}

func (d *dictionary) place(h uint64, number int) {
	mask := uint64(len(d.table) - 1)
	i := h & mask
	for d.table[i] != 0 {
		i = (i + 1) & mask
	}
	d.table[i] = h&^0xffffffff | uint64(number+1)
}

// size is how many bytes the page takes.
func (d *dictionary) size() int { return len(d.plain) }

// value returns value i, without its length.
func (d *dictionary) value(i int) []byte {
	if d.width != 0 {
		return d.plain[i*d.width : (i+1)*d.width]
	}
	return d.plain[d.at[i]+4 : d.at[i+1]]
}

// key returns the number of an integer or the bits of a float.
func (d *dictionary) key(x uint64) uint32 {
	h := hash64(x)
	mask := uint64(len(d.table) - 1)
	if len(d.table) > 0 {
		for i := h & mask; d.table[i] != 0; i = (i + 1) & mask {
			if e := d.table[i]; (e^h)>>32 == 0 && d.keys[uint32(e)-1] == x {
				return uint32(e) - 1
			}
		}
	}
	return d.add(h, x)
}

// add appends a new key.
func (d *dictionary) add(h, x uint64) uint32 {
	d.room()
	d.place(h, d.n)
	d.keys = append(d.keys, x)
	if d.width == 4 {
		d.plain = binary.LittleEndian.AppendUint32(d.plain, uint32(x))
	} else {
		d.plain = binary.LittleEndian.AppendUint64(d.plain, x)
	}
	d.n++
	return uint32(d.n - 1)
}

// bytes returns the number of a value that is bytes.
func (d *dictionary) bytes(x []byte) uint32 {
	h := hashBytes(x)
	mask := uint64(len(d.table) - 1)
	if len(d.table) > 0 {
		for i := h & mask; d.table[i] != 0; i = (i + 1) & mask {
			if e := d.table[i]; (e^h)>>32 == 0 && bytes.Equal(d.value(int(uint32(e)-1)), x) {
				return uint32(e) - 1
			}
		}
	}
	d.room()
	d.place(h, d.n)
	if d.width == 0 {
		d.plain = binary.LittleEndian.AppendUint32(d.plain, uint32(len(x)))
	}
	d.plain = append(d.plain, x...)
	if d.width == 0 {
		d.at = append(d.at, uint32(len(d.plain)))
	}
	d.n++
	return uint32(d.n - 1)
}

// appendPlain appends the values of codes as a page without a dictionary holds them.
func (d *dictionary) appendPlain(dst []byte, codes []uint32) []byte {
	if d.width != 0 {
		for _, c := range codes {
			dst = append(dst, d.value(int(c))...)
		}
		return dst
	}
	for _, c := range codes {
		dst = append(dst, d.plain[d.at[c]:d.at[c+1]]...)
	}
	return dst
}

// codeWidth is the width of a code of a dictionary of n values.
func codeWidth(n int) int {
	if n <= 1 {
		return 0
	}
	return bits.Len32(uint32(n - 1))
}

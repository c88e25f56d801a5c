package parquet

import (
	"bytes"
	"encoding/binary"
	"math"
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
	texts []text   // else
	table []uint64 // hash high 32 | number+1; 0 is free
}

// A text is a value that is bytes: where it lies in plain, and what it begins with, so that a short one
// is compared without a look at plain.
type text struct {
	a, b    uint64 // bytes 0–7 and 8–15, zero behind the end
	at, len uint32
}

func (d *dictionary) reset(width int) {
	d.width, d.n, d.plain, d.keys, d.texts, d.table = width, 0, d.plain[:0], d.keys[:0], d.texts[:0], d.table[:0]
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

// head reads the first 16 bytes of src[from:from+n], zero behind n.
func head(src []byte, from, n int) (a, b uint64) {
	if from+16 <= len(src) {
		x := src[from : from+16]
		a, b = binary.LittleEndian.Uint64(x), binary.LittleEndian.Uint64(x[8:])
		switch {
		case n >= 16:
			return a, b
		case n > 8:
			return a, b & (1<<(8*(n-8)) - 1)
		}
		return a & (1<<(8*n) - 1), 0 // a shift by 64 makes all ones of it
	}
	for i, c := range src[from : from+min(n, 16)] {
		if i < 8 {
			a |= uint64(c) << (8 * i)
		} else {
			b |= uint64(c) << (8 * (i - 8))
		}
	}
	return a, b
}

// hashText hashes a value of which a and b are the head.
func hashText(a, b uint64, x []byte) uint64 {
	h := mix(a^uint64(len(x))*prime2, b^prime1)
	if len(x) <= 16 {
		return h
	}
	x = x[16:]
	for len(x) > 16 {
		h = mix(h^binary.LittleEndian.Uint64(x), prime1^binary.LittleEndian.Uint64(x[8:]))
		x = x[16:]
	}
	if len(x) >= 8 { // the two words overlap
		return mix(h^binary.LittleEndian.Uint64(x), prime1^binary.LittleEndian.Uint64(x[len(x)-8:]))
	}
	var t uint64
	for i, c := range x {
		t |= uint64(c) << (8 * i)
	}
	return mix(h^t, prime1)
}

// room doubles the table when it is over half full.
func (d *dictionary) room() {
	if 2*(d.n+1) <= len(d.table) {
		return
	}
	size := max(1024, 2*len(d.table))
	if cap(d.table) < size {
		d.table = make([]uint64, size)
	} else {
		d.table = d.table[:size]
		clear(d.table)
	}
	for i := range d.n {
		var h uint64
		if len(d.texts) == 0 {
			h = hash64(d.keys[i])
		} else {
			h = hashText(d.texts[i].a, d.texts[i].b, d.value(i))
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

// first returns the page of the first n values.
func (d *dictionary) first(n int) []byte {
	switch {
	case n == d.n:
		return d.plain
	case d.width != 0:
		return d.plain[:n*d.width]
	}
	return d.plain[:d.texts[n].at-4]
}

// value returns value i, without its length.
func (d *dictionary) value(i int) []byte {
	if d.width != 0 {
		return d.plain[i*d.width : (i+1)*d.width]
	}
	t := &d.texts[i]
	return d.plain[t.at : t.at+t.len]
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

// bytes returns the number of the value src[from:to].
func (d *dictionary) bytes(src []byte, from, to int) uint32 {
	a, b := head(src, from, to-from)
	x := src[from:to]
	h := hashText(a, b, x)
	mask := uint64(len(d.table) - 1)
	if len(d.table) > 0 {
		for i := h & mask; d.table[i] != 0; i = (i + 1) & mask {
			e := d.table[i]
			if (e^h)>>32 != 0 {
				continue
			}
			t := &d.texts[uint32(e)-1]
			if t.a == a && t.b == b && int(t.len) == len(x) && (len(x) <= 16 || bytes.Equal(d.plain[t.at+16:t.at+t.len], x[16:])) {
				return uint32(e) - 1
			}
		}
	}
	return d.addText(h, a, b, x)
}

// addText appends a new value.
func (d *dictionary) addText(h, a, b uint64, x []byte) uint32 {
	d.room()
	d.place(h, d.n)
	if d.width == 0 {
		d.plain = binary.LittleEndian.AppendUint32(d.plain, uint32(len(x)))
	}
	d.texts = append(d.texts, text{a, b, uint32(len(d.plain)), uint32(len(x))})
	d.plain = append(d.plain, x...)
	d.n++
	return uint32(d.n - 1)
}

// number appends the numbers of the first n values of a page to codes, and returns the values behind them. It may stop before that when
// the dictionary is too large.
func (d *dictionary) number(codes []uint32, page []byte, n int) ([]uint32, []byte) {
	switch d.width {
	case 0:
		return d.numberTexts(codes, page, n)
	case 4:
		for range n {
			codes = append(codes, d.key(uint64(binary.LittleEndian.Uint32(page))))
			page = page[4:]
		}
	case 8:
		for range n {
			codes = append(codes, d.key(binary.LittleEndian.Uint64(page)))
			page = page[8:]
		}
	default:
		for i := range n {
			codes = append(codes, d.bytes(page, i*d.width, (i+1)*d.width))
		}
		page = page[n*d.width:]
	}
	return codes, page
}

// numberTexts is number for byte arrays. Short values, which are the most, are hashed and compared here without a call; bytes is the
// complete way.
func (d *dictionary) numberTexts(codes []uint32, page []byte, n int) ([]uint32, []byte) {
	d.room()
	from := 0
	for range n {
		size := int(binary.LittleEndian.Uint32(page[from:]))
		from += 4
		to := from + size
		if size > 16 || from+16 > len(page) {
			codes = append(codes, d.bytes(page, from, to))
			from = to
			if d.size() > maxDictionary {
				break
			}
			continue
		}
		x := page[from : from+16]
		a := binary.LittleEndian.Uint64(x) & (1<<(8*uint(min(size, 8))) - 1)
		b := binary.LittleEndian.Uint64(x[8:]) & (1<<(8*uint(max(size-8, 0))) - 1)
		h := mix(a^uint64(size)*prime2, b^prime1)
		table := d.table
		code, found := uint32(0), false
		for at := h & uint64(len(table)-1); at < uint64(len(table)) && table[at] != 0; at = (at + 1) & uint64(len(table)-1) {
			if e := table[at]; (e^h)>>32 == 0 {
				if t := &d.texts[uint32(e)-1]; t.a == a && t.b == b && int(t.len) == size {
					code, found = uint32(e)-1, true
					break
				}
			}
		}
		if !found {
			code = d.addText(h, a, b, page[from:to])
		}
		codes = append(codes, code)
		from = to
	}
	return codes, page[from:]
}

// codeWidth is the width of a code of a dictionary of n values.
func codeWidth(n int) int {
	if n <= 1 {
		return 0
	}
	return bits.Len32(uint32(n - 1))
}

// numberFloats is number as Java's map has it, to which no NaN is equal to another.
func (d *dictionary) numberFloats(codes []uint32, page []byte, n int) ([]uint32, []byte) {
	for range n {
		var key uint64
		var nan bool
		if d.width == 4 {
			x := binary.LittleEndian.Uint32(page)
			key, nan = uint64(x), x == bits32(math.NaN())
		} else {
			key = binary.LittleEndian.Uint64(page)
			nan = key == bits64(math.NaN())
		}
		if page = page[d.width:]; nan {
			codes = append(codes, d.add(hash64(key), key))
		} else {
			codes = append(codes, d.key(key))
		}
	}
	return codes, page
}

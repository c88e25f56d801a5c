package orc

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"
)

// A dictionary numbers the distinct values of a string column of one stripe in the order of their
// first appearance; sort gives the order in which they are written.
//
//	DATA             number of each value, unsigned runs
//	LENGTH           length of each distinct value, unsigned runs
//	DICTIONARY_DATA  the distinct values, in the order of their bytes
type dictionary struct {
	bytes  []byte
	ends   []uint32 // of values in bytes
	hashes []uint32
	table  []uint32 // by hash, open addressing: a number plus one
	seed   maphash.Seed
	group  []int32  // the row group, plus one, that a value was last seen in
	order  []uint32 // scratch of sort
	rank   []uint32
}

// maxDictionary bounds the bytes of a dictionary, far below what ends can number; a stripe is
// much smaller.
const maxDictionary = 1 << 30

func (d *dictionary) reset() {
	d.bytes, d.ends, d.hashes, d.group = d.bytes[:0], d.ends[:0], d.hashes[:0], d.group[:0]
	clear(d.table)
}

// len is the number of distinct values.
func (d *dictionary) len() int { return len(d.ends) }

// value returns value i.
func (d *dictionary) value(i uint32) []byte {
	start := uint32(0)
	if i > 0 {
		start = d.ends[i-1]
	}
	return d.bytes[start:d.ends[i]]
}

// index returns the number of b, which gets one if it has none.
func (d *dictionary) index(b []byte) uint32 {
	if len(d.table) == 0 {
		d.table = make([]uint32, 256)
		d.seed = maphash.MakeSeed() // numbers don't depend on it
	}
	h := uint32(maphash.Bytes(d.seed, b))
	mask := uint32(len(d.table) - 1)
	for at := h & mask; ; at = (at + 1) & mask {
		i := d.table[at]
		if i == 0 {
			d.table[at] = uint32(len(d.ends)) + 1
			return d.add(b, h)
		}
		if i--; d.hashes[i] == h && bytes.Equal(d.value(i), b) {
			return i
		}
	}
}

func (d *dictionary) add(b []byte, h uint32) uint32 {
	d.bytes = append(d.bytes, b...)
	d.ends = append(d.ends, uint32(len(d.bytes)))
	d.hashes = append(d.hashes, h)
	d.group = append(d.group, 0)
	if n := len(d.ends); 2*n > len(d.table) {
		table := make([]uint32, 4*len(d.table))
		mask := uint32(len(table) - 1)
		for i, h := range d.hashes {
			at := h & mask
			for table[at] != 0 {
				at = (at + 1) & mask
			}
			table[at] = uint32(i) + 1
		}
		d.table = table
	}
	return uint32(len(d.ends)) - 1
}

// sort returns the numbers of values in the order of their bytes, and the place of each in it.
func (d *dictionary) sort() (order, rank []uint32) {
	n := d.len()
	type entry struct {
		head uint64 // the first bytes, to compare without looking further
		i    uint32
	}
	entries := make([]entry, n)
	for i := range entries {
		entries[i] = entry{head(d.value(uint32(i))), uint32(i)}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if c := cmp.Compare(a.head, b.head); c != 0 {
			return c
		}
		return bytes.Compare(d.value(a.i), d.value(b.i))
	})
	d.order = slices.Grow(d.order[:0], n)[:n]
	d.rank = slices.Grow(d.rank[:0], n)[:n]
	for at, e := range entries {
		d.order[at] = e.i
		d.rank[e.i] = uint32(at)
	}
	return d.order, d.rank
}

// head returns the first 8 bytes of b, filled up with zeros, so that numbers sort as bytes do.
func head(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	var h uint64
	for i := range 8 {
		h <<= 8
		if i < len(b) {
			h |= uint64(b[i])
		}
	}
	return h
}

// memory is how many bytes d holds.
func (d *dictionary) memory() int { return len(d.bytes) + 16*len(d.ends) }

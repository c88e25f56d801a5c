package orc

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"math/bits"
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
	places []place // of values in bytes
	table  []slot  // by hash, open addressing
	seed   maphash.Seed
	group  []int32  // the row group, plus one, that a value was last seen in
	order  []uint32 // memory of sort
	rank   []uint32
	sorted []sortEntry
}

type place struct{ start, end uint32 }

// A slot is empty or has the number, plus one, of a value and the value's hash.
type slot struct{ hash, number uint32 }

// maxDictionary bounds the bytes of a dictionary: far below what a place can number, as it is looked
// at after a batch. Only stripes that are larger come so far.
const maxDictionary = 1 << 30

func (d *dictionary) reset() {
	d.bytes, d.places, d.group = d.bytes[:0], d.places[:0], d.group[:0]
	if len(d.table) > 1<<16 {
		d.table = nil // it may not be as large again, and clearing it takes as long as growing
	}
	clear(d.table)
}

// memory is about how many bytes d holds: 8 of places, 4 of group and 16 to 32 of table for each value, besides the value.
func (d *dictionary) memory() int { return len(d.bytes) + 36*d.len() }

// len is the number of distinct values.
func (d *dictionary) len() int { return len(d.places) }

// value returns value i.
func (d *dictionary) value(i uint32) []byte {
	p := d.places[i]
	return d.bytes[p.start:p.end]
}

// hash is different for most values. Numbers don't depend on it, so neither does the file.
func (d *dictionary) hash(b []byte) uint32 {
	const k1, k2 = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	n := len(b)
	if n > 16 {
		return uint32(maphash.Bytes(d.seed, b))
	}
	var lo, hi uint64 // all bytes; those in the middle in both
	switch {
	case n >= 8:
		lo, hi = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		lo, hi = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[n-4:]))
	case n > 0:
		lo = uint64(b[0]) | uint64(b[n/2])<<8 | uint64(b[n-1])<<16
	}
	h1, l1 := bits.Mul64(lo^k1, hi^k2^uint64(n))
	return uint32((h1 ^ l1) * k1 >> 32)
}

// index returns the number of b, which gets one if it has none.
func (d *dictionary) index(b []byte) uint32 {
	if len(d.table) == 0 {
		d.table = make([]slot, 256)
		d.seed = maphash.MakeSeed()
	}
	h := d.hash(b)
	mask := uint32(len(d.table) - 1)
	for at := h & mask; ; at = (at + 1) & mask {
		s := d.table[at&uint32(len(d.table)-1)]
		if s.number == 0 {
			d.table[at] = slot{h, uint32(len(d.places)) + 1}
			return d.add(b)
		}
		if s.hash == h {
			if p := d.places[s.number-1]; string(d.bytes[p.start:p.end]) == string(b) {
				return s.number - 1
			}
		}
	}
}

func (d *dictionary) add(b []byte) uint32 {
	start := uint32(len(d.bytes))
	d.bytes = append(d.bytes, b...)
	d.places = append(d.places, place{start, uint32(len(d.bytes))})
	d.group = append(d.group, 0)
	if n := len(d.places); 2*n > len(d.table) {
		grow := 4
		if n >= 1<<15 {
			grow = 2 // it takes more memory than time
		}
		table := make([]slot, len(d.table)*grow)
		mask := uint32(len(table) - 1)
		for _, s := range d.table {
			if s.number == 0 {
				continue
			}
			at := s.hash & mask
			for table[at].number != 0 {
				at = (at + 1) & mask
			}
			table[at] = s
		}
		d.table = table
	}
	return uint32(len(d.places)) - 1
}

// A sortEntry is a value's number and its first bytes, to compare without looking further.
type sortEntry struct {
	head   uint64
	number uint32
}

// sort returns the numbers of values in the order of their bytes, and the place of each in it.
func (d *dictionary) sort() (order, rank []uint32) {
	n := d.len()
	d.sorted = slices.Grow(d.sorted[:0], n)[:n]
	for i := range d.sorted {
		d.sorted[i] = sortEntry{head(d.value(uint32(i))), uint32(i)}
	}
	slices.SortFunc(d.sorted, func(a, b sortEntry) int {
		if a.head != b.head {
			return cmp.Compare(a.head, b.head)
		}
		return bytes.Compare(d.value(a.number), d.value(b.number))
	})
	d.order = slices.Grow(d.order[:0], n)[:n]
	d.rank = slices.Grow(d.rank[:0], n)[:n]
	for at, e := range d.sorted {
		d.order[at] = e.number
		d.rank[e.number] = uint32(at)
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

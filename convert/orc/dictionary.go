package orc

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"iter"
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
	bytes   []byte
	entries []entry
	table   []slot // by hash, open addressing; its length is a power of two
	seed    maphash.Seed
	order   []uint32 // memory of sort
	rank    []uint32
	sorted  []sortEntry
}

// An entry is a value: its first bytes, so that a short one is compared without a look at the others, and where it lies in
// bytes.
type entry struct {
	a, b       uint64 // bytes 0 to 7 and 8 to 15, little-endian, zero behind the end
	start, len uint32
	group      int32 // the row group, plus one, that it was last seen in
}

// A slot is empty or has the number, plus one, of a value and the value's hash.
type slot struct{ hash, number uint32 }

// maxDictionary bounds the bytes of a dictionary: far below what an entry can number, as it is looked
// at after a batch. Only stripes that are larger come so far.
const maxDictionary = 1 << 30

func (d *dictionary) reset() {
	d.bytes, d.entries = d.bytes[:0], d.entries[:0]
	if len(d.table) > 1<<16 {
		d.table = nil // it may not be as large again, and clearing it takes as long as growing
	}
	clear(d.table)
}

// memory is about how many bytes d holds: 32 of entry and 16 to 32 of table for each value, besides the value.
func (d *dictionary) memory() int { return len(d.bytes) + 56*d.len() }

// len is the number of distinct values.
func (d *dictionary) len() int { return len(d.entries) }

// value returns value i.
func (d *dictionary) value(i uint32) []byte {
	e := &d.entries[i]
	return d.bytes[e.start : e.start+e.len]
}

// short returns the first 16 bytes of src[from:from+n], zero behind n.
func short(src []byte, from, n int) (a, b uint64) {
	if n > 16 {
		n = 16
	}
	if from+16 > len(src) {
		var x [16]byte
		copy(x[:], src[from:])
		return cut(x[:], n)
	}
	return cut(src[from:from+16], n)
}

// cut returns the first n bytes of x, which are 16, as numbers.
func cut(x []byte, n int) (a, b uint64) {
	m := &masks[n&31]
	return binary.LittleEndian.Uint64(x) & m[0], binary.LittleEndian.Uint64(x[8:]) & m[1]
}

// masks have so many bytes set as the index says.
var masks = func() (m [32][2]uint64) {
	for n := range m {
		m[n][0] = 1<<(8*min(n, 8)) - 1
		m[n][1] = 1<<(8*min(max(n-8, 0), 8)) - 1
	}
	return m
}()

// hashShort is different for most values of n <= 16 bytes, which are a and b. Numbers don't depend on it, so neither does the file.
func hashShort(a, b uint64, n int) uint32 {
	hi, lo := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xd6e8feb86659fd93^uint64(n))
	return uint32((hi ^ lo) * 0x9e3779b97f4a7c15 >> 32)
}

// hash is hashShort of values of any length.
func (d *dictionary) hash(a, b uint64, src []byte, from, n int) uint32 {
	if n <= 16 {
		return hashShort(a, b, n)
	}
	return uint32(maphash.Bytes(d.seed, src[from:from+n]))
}

// init makes the table of a dictionary that has none.
func (d *dictionary) init() {
	if len(d.table) == 0 {
		d.table = make([]slot, 256)
		d.seed = maphash.MakeSeed()
	}
}

// index returns the number of src[from:from+n], which gets one if it has none.
func (d *dictionary) index(src []byte, from, n int) uint32 {
	d.init()
	a, b := short(src, from, n)
	h := d.hash(a, b, src, from, n)
	table := d.table
	for at := uint64(h) & uint64(len(table)-1); at < uint64(len(table)); at = (at + 1) & uint64(len(table)-1) {
		s := table[at]
		if s.number == 0 {
			break
		}
		if s.hash != h {
			continue
		}
		e := &d.entries[s.number-1]
		if e.a == a && e.b == b && int(e.len) == n && (n <= 16 || d.ends(e, src[from:from+n])) {
			return s.number - 1
		}
	}
	d.entries = append(d.entries, entry{a: a, b: b, start: uint32(len(d.bytes)), len: uint32(n)})
	d.bytes = append(d.bytes, src[from:from+n]...)
	d.place(slot{h, uint32(len(d.entries))})
	return uint32(len(d.entries)) - 1
}

// ends reports whether b, which is as long as e and longer than 16 bytes, goes on as e does.
func (d *dictionary) ends(e *entry, b []byte) bool {
	return string(d.bytes[e.start+16:e.start+e.len]) == string(b[16:])
}

// A lookup is values on their way to their numbers. What a dictionary knows of a value is rarely in the cache, as there are many
// columns: so it is asked for some values at once.
type lookup [64]struct {
	from, len uint32 // in the bytes that the values are in
	a, b      uint64
	slot      slot // where the value is most likely
	hash      uint32
}

// appendNumbers appends the numbers of values, which lie in src, as index returns them. offsets are of all values, and those from lo to hi
// that are valid are meant.
func (d *dictionary) appendNumbers(dst []uint32, l *lookup, src []byte, offsets []int32, valid []uint64, lo, hi int) []uint32 {
	d.init()
	for lo < hi {
		count := 0
		table := d.table
		for ; lo < hi && count < len(l); lo++ {
			if valid != nil && valid[lo>>6]>>(lo&63)&1 == 0 {
				continue
			}
			from := int(offsets[lo])
			n := int(offsets[lo+1]) - from
			v := &l[count]
			v.from, v.len = uint32(from), uint32(n)
			if n <= 16 && from+16 <= len(src) {
				v.a, v.b = cut(src[from:from+16], n)
				v.hash = hashShort(v.a, v.b, n)
			} else {
				v.a, v.b = short(src, from, n)
				v.hash = d.hash(v.a, v.b, src, from, n)
			}
			v.slot = table[v.hash&uint32(len(table)-1)]
			count++
		}
		for i := range l[:count] {
			v := &l[i]
			if v.slot.hash == v.hash && v.slot.number != 0 {
				e := &d.entries[v.slot.number-1]
				if e.a == v.a && e.b == v.b && e.len == v.len && (v.len <= 16 || d.ends(e, src[v.from:v.from+v.len])) {
					dst = append(dst, v.slot.number-1)
					continue
				}
			}
			dst = append(dst, d.index(src, int(v.from), int(v.len)))
		}
	}
	return dst
}

// place puts s into the table, which grows when it is over half full.
func (d *dictionary) place(s slot) {
	put := func(table []slot, s slot) {
		mask := uint32(len(table) - 1)
		at := s.hash & mask
		for table[at].number != 0 {
			at = (at + 1) & mask
		}
		table[at] = s
	}
	put(d.table, s)
	if n := d.len(); 2*n > len(d.table) {
		grow := 4
		if n >= 1<<15 {
			grow = 2 // it takes more memory than time
		}
		table := make([]slot, len(d.table)*grow)
		for _, s := range d.table {
			if s.number != 0 {
				put(table, s)
			}
		}
		d.table = table
	}
}

// A numberList has the numbers of a column's values in blocks, so that they grow without being moved.
type numberList struct {
	blocks [][]uint32 // full but for the last in use; those behind it are memory
	n      int
}

const blockNumbers = 4096

func (l *numberList) append(v []uint32) {
	for len(v) > 0 {
		at := l.n / blockNumbers
		if at == len(l.blocks) {
			var block []uint32
			if at > 0 {
				block = make([]uint32, 0, blockNumbers)
			}
			l.blocks = append(l.blocks, block)
		}
		k := min(len(v), blockNumbers-l.n%blockNumbers)
		l.blocks[at] = append(l.blocks[at][:l.n%blockNumbers], v[:k]...)
		l.n += k
		v = v[k:]
	}
}

// values goes through the numbers from lo to hi.
func (l *numberList) values(lo, hi int) iter.Seq[[]uint32] {
	return func(yield func([]uint32) bool) {
		for lo < hi {
			from := lo % blockNumbers
			n := min(hi-lo, blockNumbers-from)
			if !yield(l.blocks[lo/blockNumbers][from : from+n]) {
				return
			}
			lo += n
		}
	}
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
		d.sorted[i] = sortEntry{bits.ReverseBytes64(d.entries[i].a), uint32(i)}
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

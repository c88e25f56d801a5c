package orc

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// A bloomFilter is the bit set of one row group of a column: stream BLOOM_FILTER_UTF8 holds one
// BloomFilter message for each, all of the same size, numHashFunctions and utf8bitset, the words
// of the bit set in little-endian order. The hashes are those of ORC Java (ORCv1, "Bloom Filter
// Index"): Thomas Wang's mix for numbers, Murmur3 for bytes.
type bloomFilter struct {
	words []uint64
	k     int
}

// maxBloomWords bounds a bit set to 64 MiB, whatever the stride.
const maxBloomWords = 8 << 20

// bloomSize returns the words and the number of hashes for n values at probability p.
func bloomSize(n int, p float64) (words, k int) {
	p = min(max(p, 1e-9), 1-1e-9)
	m := int64(-float64(n) * math.Log(p) / (math.Ln2 * math.Ln2))
	m = min(m/64+1, maxBloomWords) * 64 // one more also where 64 divides m, as the reference does
	return int(m / 64), max(1, int(math.Round(float64(m)/float64(n)*math.Ln2)))
}

func (f *bloomFilter) addHash(h uint64) {
	m := int32(len(f.words) * 64)
	h1, h2 := int32(h), int32(h>>32)
	for i := int32(1); i <= int32(f.k); i++ {
		at := h1 + i*h2
		if at < 0 {
			at = ^at
		}
		at %= m
		f.words[at>>6] |= 1 << (at & 63)
	}
}

func (f *bloomFilter) addInt(x int64)    { f.addHash(hashInt(x)) }
func (f *bloomFilter) addBytes(b []byte) { f.addHash(murmur3(b)) }

// addFloat adds -0 as 0 too: they are equal, and a search for 0 has to find both.
func (f *bloomFilter) addFloat(x float64) {
	f.addHash(hashInt(int64(floatBits(x))))
	if x == 0 && math.Signbit(x) {
		f.addInt(0)
	}
}

// floatBits is Java's Double.doubleToLongBits, which knows one NaN.
func floatBits(x float64) uint64 {
	if x != x {
		return 0x7ff8000000000000
	}
	return math.Float64bits(x)
}

// append appends f as a BloomFilter message's fields.
func (f *bloomFilter) append(dst []byte) []byte {
	dst = appendUint(dst, 1, uint64(f.k))
	dst = binary.AppendUvarint(dst, 3<<3|2)
	dst = binary.AppendUvarint(dst, uint64(len(f.words)*8))
	for _, w := range f.words {
		dst = binary.LittleEndian.AppendUint64(dst, w)
	}
	return dst
}

// hashInt is Thomas Wang's 64-bit mix with Java's arithmetic shifts.
func hashInt(x int64) uint64 {
	x = ^x + x<<21
	x ^= x >> 24
	x = x + x<<3 + x<<8
	x ^= x >> 14
	x = x + x<<2 + x<<4
	x ^= x >> 28
	x += x << 31
	return uint64(x)
}

// murmur3 is the 64-bit Murmur3 of Hive and ORC: the first half of the x64 128-bit one, simplified,
// with seed 104729.
func murmur3(b []byte) uint64 {
	const c1, c2 = 0x87c37b91114253d5, 0x4cf5ad432745937f
	h := uint64(104729)
	n := uint64(len(b))
	for ; len(b) >= 8; b = b[8:] {
		k := binary.LittleEndian.Uint64(b) * c1
		h ^= bits.RotateLeft64(k, 31) * c2
		h = bits.RotateLeft64(h, 27)*5 + 0x52dce729
	}
	if len(b) > 0 {
		var k uint64
		for i, x := range b {
			k |= uint64(x) << (8 * i)
		}
		k *= c1
		h ^= bits.RotateLeft64(k, 31) * c2
	}
	h ^= n
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

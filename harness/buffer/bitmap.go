package buffer

import "math/bits"

// A bitmap is a set of sequence numbers from base on.
type bitmap struct {
	base  uint64 // a multiple of 64
	words []uint64
}

// set puts from up to to into the set, or takes them out.
func (b *bitmap) set(from, to uint64, in bool) {
	for from < to {
		i := int((from - b.base) / 64)
		for in && i >= len(b.words) {
			b.words = append(b.words, 0)
		}
		if i >= len(b.words) {
			return
		}
		lo := (from - b.base) % 64
		n := min(to-from, 64-lo)
		mask := (^uint64(0) >> (64 - n)) << lo
		if in {
			b.words[i] |= mask
		} else {
			b.words[i] &^= mask
		}
		from += n
	}
}

func (b *bitmap) get(n uint64) bool {
	i := int((n - b.base) / 64)
	return n >= b.base && i < len(b.words) && b.words[i]>>((n-b.base)%64)&1 != 0
}

// count is how many from from up to to are in the set.
func (b *bitmap) count(from, to uint64) int {
	n := 0
	for from < to {
		lo := (from - b.base) % 64
		k := min(to-from, 64-lo)
		if i := int((from - b.base) / 64); i < len(b.words) {
			n += bits.OnesCount64(b.words[i] >> lo << (64 - k))
		}
		from += k
	}
	return n
}

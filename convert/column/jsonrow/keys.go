package jsonrow

import (
	"math/bits"

	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// keys finds out what the keys of an object mean. It remembers each spelling it has met and what
// it was resolved to, and after each key expects the one that followed it last time; so a key costs two
// loads and two comparisons as long as objects look like the ones before.
//
// The meaning of a key is a number that resolve gives it; it must depend on the key alone.
type keys struct {
	// resolve says what a key means; raw is the key as it is written, between the quotes. It is called once for a
	// spelling, and again each time for spellings met after more than limit others.
	resolve func(raw []byte) int
	limit   int // of spellings to remember

	slots []slot  // the first begins objects and matches nothing
	table []int32 // of a power of two slots; slot number + 1, or 0
}

// A slot is one spelling, with what stands before and behind it: `,"key":`.
type slot struct {
	head, headMask uint64 // first eight bytes
	tail, tailMask uint64 // next eight
	text           string // all of it
	id             int
	next           int32 // slot that followed last time
}

// first is what the comma before a key is exchanged with in the first key of an object.
const first = '{' ^ ','

// spaced is what it is exchanged with where a blank follows it.
const spaced = ' ' ^ ','

func newKeys(limit int, resolve func(raw []byte) int) keys {
	return keys{resolve: resolve, limit: limit, slots: []slot{{head: 1}}, table: make([]int32, 16)}
}

// matches reports whether the comma and the key at b[i] are the slot's, as far as 16 bytes go; behind them long looks. With the word
// first as flip a brace stands for the comma.
func (s *slot) matches(b []byte, i int, flip uint64) bool {
	return i+16 <= len(b) && (jsonscan.Load(b, i)^flip)&s.headMask == s.head && jsonscan.Load(b, i+8)&s.tailMask == s.tail
}

// long compares what is behind the first 16 bytes, if there is something.
func (s *slot) long(b []byte, i int) bool {
	n := len(s.text)
	return n <= 16 || i+n <= len(b) && string(b[i+16:i+n]) == s.text[16:]
}

// find reads the key whose opening quote is b[i], and the colon behind it. prev is the slot that the key before it
// was found in, or 0. It returns the key's meaning, its slot (or prev when it wasn't remembered) and the
// index behind the colon, or end -1 when there is no key.
func (k *keys) find(b []byte, i, prev int) (id, slot, end int) {
	end = jsonscan.PlainString(b, i+1)
	if i >= len(b) || b[i] != '"' {
		return 0, 0, -1
	}
	if end < 0 {
		if end = jsonscan.String(b, i) - 1; end < 0 {
			return 0, 0, -1
		}
	}
	raw := b[i+1 : end]
	if end++; end >= len(b) || b[end] != ':' {
		if end = jsonscan.Space(b, end); end >= len(b) || b[end] != ':' {
			return 0, 0, -1
		}
	}
	end++
	mask := len(k.table) - 1
	h := int(hashKey(raw)) & mask
	for ; k.table[h] != 0; h = (h + 1) & mask {
		s := &k.slots[k.table[h]-1]
		if len(s.text) == len(raw)+4 && s.text[2:2+len(raw)] == string(raw) {
			slot = int(k.table[h] - 1)
			k.slots[prev].next = int32(slot)
			return s.id, slot, end
		}
	}
	id = k.resolve(raw)
	if len(k.slots) > k.limit {
		return id, prev, end
	}
	slot = len(k.slots)
	k.slots = append(k.slots, newSlot(raw, id))
	k.slots[prev].next = int32(slot)
	k.table[h] = int32(slot + 1)
	if 2*len(k.slots) > len(k.table) {
		k.table = make([]int32, 2*len(k.table))
		mask = len(k.table) - 1
		for n := 1; n < len(k.slots); n++ {
			t := k.slots[n].text
			h := int(hashKey([]byte(t[2:len(t)-2]))) & mask
			for ; k.table[h] != 0; h = (h + 1) & mask {
			}
			k.table[h] = int32(n + 1)
		}
	}
	return id, slot, end
}

func newSlot(raw []byte, id int) slot {
	s := slot{text: `,"` + string(raw) + `":`, id: id}
	for i := range min(16, len(s.text)) {
		if i < 8 {
			s.head |= uint64(s.text[i]) << (8 * i)
			s.headMask |= 0xff << (8 * i)
		} else {
			s.tail |= uint64(s.text[i]) << (8 * (i - 8))
			s.tailMask |= 0xff << (8 * (i - 8))
		}
	}
	return s
}

// hashKey mixes the bytes of a key.
func hashKey(b []byte) uint32 {
	h := uint64(len(b)) * 0x9e3779b97f4a7c15
	for ; len(b) >= 8; b = b[8:] {
		h = mix(h ^ jsonscan.Load(b, 0))
	}
	var w uint64
	for i, c := range b {
		w |= uint64(c) << (8 * i)
	}
	h = mix(h ^ w)
	return uint32(h>>32) ^ uint32(h)
}

func mix(h uint64) uint64 {
	hi, lo := bits.Mul64(h, 0x9e3779b97f4a7c15)
	return hi ^ lo
}

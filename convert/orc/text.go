package orc

import (
	"fmt"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

// Text and binary are bytes and lengths, or numbers of values in a dictionary (dictionary.go):
//
//	DATA     the bytes of all values, one behind the other
//	LENGTH   their lengths, unsigned runs

func (e *encoder) encodeBytes(g *group, v *column.Vector, valid []uint64, lo, hi, count int) error {
	if e.inDict {
		return e.encodeDictionary(g, v, valid, lo, hi)
	}
	kind := e.typ.Kind
	if kind == schema.Char || kind == schema.VarChar {
		e.encodeFitted(g, v, valid, lo, hi)
		return nil
	}
	lengths := e.lengths(v, valid, lo, hi)
	e.c.appendInts(&e.ints, lengths)
	from, to := v.Offsets[lo], v.Offsets[hi] // nulls have no bytes
	g.stats.addSum(int64(to - from))
	e.data.append(&e.c.codec, v.Bytes[from:to])
	if kind == schema.Binary && !e.bloom {
		return nil
	}
	first := g.stats.count == 0
	for _, n := range lengths {
		b := v.Bytes[from : from+int32(n)]
		from += int32(n)
		if kind == schema.String {
			g.stats.addBytes(b, first)
			first = false
		}
		if e.bloom {
			g.filter.addBytes(b)
		}
	}
	return nil
}

// encodeFitted is encodeBytes of char and varchar, whose bytes may differ from the vector's.
func (e *encoder) encodeFitted(g *group, v *column.Vector, valid []uint64, lo, hi int) {
	lengths := e.c.ints[:0]
	for i := lo; i < hi; i++ {
		if valid != nil && valid[i>>6]>>(i&63)&1 == 0 {
			continue
		}
		b := e.fit(v.Bytes[v.Offsets[i]:v.Offsets[i+1]])
		g.stats.addBytes(b, g.stats.count == 0 && len(lengths) == 0)
		g.stats.addSum(int64(len(b)))
		lengths = append(lengths, int64(len(b)))
		e.data.append(&e.c.codec, b)
		if e.bloom {
			g.filter.addBytes(b)
		}
	}
	e.c.ints = lengths
	e.c.appendInts(&e.ints, lengths)
}

// fit cuts char and varchar to their length in code points, and fills char up with blanks, which
// count in statistics too, as the reference writer does it.
func (e *encoder) fit(b []byte) []byte {
	limit := e.typ.Length
	switch e.typ.Kind {
	case schema.VarChar:
		if len(b) > limit {
			b, _ = cutRunes(b, limit)
		}
	case schema.Char:
		b, n := cutRunes(b, limit)
		if n == limit {
			return b
		}
		e.c.text = append(e.c.text[:0], b...)
		for ; n < limit; n++ {
			e.c.text = append(e.c.text, ' ')
		}
		return e.c.text
	}
	return b
}

// cutRunes returns the first limit code points of b and how many there are.
func cutRunes(b []byte, limit int) ([]byte, int) {
	n := 0
	for i := 0; i < len(b); n++ {
		if n == limit {
			return b[:i], n
		}
		_, size := utf8.DecodeRune(b[i:])
		i += size
	}
	return b, n
}

// encodeDictionary gives each value its number; finish decides whether that is how it stays.
func (e *encoder) encodeDictionary(g *group, v *column.Vector, valid []uint64, lo, hi int) error {
	numbers := e.c.numbers[:0]
	if e.typ.Kind == schema.String {
		numbers = e.dict.appendNumbers(numbers, &e.c.lookup, v.Bytes, v.Offsets, valid, lo, hi)
	} else {
		for i := lo; i < hi; i++ {
			if valid == nil || valid[i>>6]>>(i&63)&1 != 0 {
				b := e.fit(v.Bytes[v.Offsets[i]:v.Offsets[i+1]])
				numbers = append(numbers, e.dict.index(b, 0, len(b)))
			}
		}
	}
	first := g.stats.count == 0
	at := int32(len(e.groups))
	for _, number := range numbers {
		value := &e.dict.entries[number]
		g.stats.sum += int64(value.len)
		if value.group != at {
			value.group = at
			b := e.dict.value(number)
			g.stats.addBytes(b, first)
			first = false
			if e.bloom {
				g.filter.addBytes(b)
			}
		}
	}
	e.c.numbers = numbers
	e.numbers.append(numbers)
	if len(e.dict.bytes) > e.c.maxDictionary {
		if e.c.version1 {
			return fmt.Errorf("more than %d bytes of distinct values in one stripe", e.c.maxDictionary)
		}
		e.dropDictionary()
	}
	return nil
}

package parquet

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/format"
)

// bounds are the least and greatest value of a page or chunk. Which members count depends on the
// leaf's order.
type bounds struct {
	has            bool
	nan            bool // a NaN was seen, which bounds leave out
	minI, maxI     int64
	minHigh, maxHi int64 // of 128-bit decimals, with minI and maxI as the low halves
	minF, maxF     float64
	minB, maxB     []byte // owned
	minP, maxP     uint64 // their prefixes, of texts
	alike          int    // how many bytes of text they both begin with, as URLs do
	minW, maxW     uint64 // the prefixes of what follows
}

func (b *bounds) reset() { *b = bounds{minB: b.minB[:0], maxB: b.maxB[:0]} }

func (b *bounds) ints(v []int64) {
	if len(v) == 0 {
		return
	}
	lo, hi := v[0], v[0]
	for _, x := range v {
		lo, hi = min(lo, x), max(hi, x)
	}
	if !b.has {
		b.has, b.minI, b.maxI = true, lo, hi
		return
	}
	b.minI, b.maxI = min(b.minI, lo), max(b.maxI, hi)
}

// floats leaves NaN out, as the specification wants it.
func (b *bounds) floats(v []float64) {
	for _, x := range v {
		switch {
		case x != x:
			b.nan = true
		case !b.has:
			b.has, b.minF, b.maxF = true, x, x
		case x < b.minF:
			b.minF = x
		case x > b.maxF:
			b.maxF = x
		}
	}
}

// hiveFloats is floats as parquet-mr 1.8.1 compared: the first value counts even if it is NaN,
// which then stays, for nothing is less or greater.
func (b *bounds) hiveFloats(v []float64) {
	for _, x := range v {
		switch {
		case !b.has:
			b.has, b.minF, b.maxF = true, x, x
		case x < b.minF:
			b.minF = x
		case x > b.maxF:
			b.maxF = x
		}
	}
}

func (b *bounds) wide(high, low int64) {
	if !b.has {
		b.has, b.minHigh, b.maxHi, b.minI, b.maxI = true, high, high, low, low
		return
	}
	if less128(high, low, b.minHigh, b.minI) {
		b.minHigh, b.minI = high, low
	}
	if less128(b.maxHi, b.maxI, high, low) {
		b.maxHi, b.maxI = high, low
	}
}

// narrow is wide for values of 64 bits.
func (b *bounds) narrow(v []int64) {
	if len(v) == 0 {
		return
	}
	lo, hi := slices.Min(v), slices.Max(v)
	b.wide(lo>>63, lo)
	b.wide(hi>>63, hi)
}

func less128(ah, al, bh, bl int64) bool {
	return ah < bh || ah == bh && uint64(al) < uint64(bl)
}

func (b *bounds) text(x []byte) {
	p := prefix(x)
	if b.has && p > b.minP && p < b.maxP {
		return
	}
	b.textSlow(p, x)
}

func (b *bounds) textSlow(p uint64, x []byte) {
	if !b.has {
		b.has, b.minP, b.maxP = true, p, p
		b.minB, b.maxB = append(b.minB[:0], x...), append(b.maxB[:0], x...)
		b.alike, b.minW, b.maxW = len(x), 0, 0
		return
	}
	if n := b.alike; p == b.minP && p == b.maxP && n+8 <= len(x) && string(x[:n]) == string(b.minB[:n]) {
		if w := binary.BigEndian.Uint64(x[n:]); w > b.minW && w < b.maxW {
			return
		}
	}
	switch {
	case p < b.minP || p == b.minP && bytes.Compare(x, b.minB) < 0:
		b.minP, b.minB = p, append(b.minB[:0], x...)
	case p > b.maxP || p == b.maxP && bytes.Compare(x, b.maxB) > 0:
		b.maxP, b.maxB = p, append(b.maxB[:0], x...)
	default:
		return
	}
	b.alike = sharedPrefix(b.minB, b.maxB)
	b.minW, b.maxW = prefix(b.minB[b.alike:]), prefix(b.maxB[b.alike:])
}

// prefix is the first 8 bytes of x as a number, which orders texts that differ in them.
func prefix(x []byte) uint64 {
	if len(x) >= 8 {
		return binary.BigEndian.Uint64(x)
	}
	var p uint64
	for i, c := range x {
		p |= uint64(c) << (56 - 8*i)
	}
	return p
}

// signed is text by signed bytes.
func (b *bounds) signed(x []byte) {
	if !b.has {
		b.has, b.minB, b.maxB = true, append(b.minB[:0], x...), append(b.maxB[:0], x...)
		return
	}
	if compareSigned(x, b.minB) < 0 {
		b.minB = append(b.minB[:0], x...)
	}
	if compareSigned(x, b.maxB) > 0 {
		b.maxB = append(b.maxB[:0], x...)
	}
}

func compareSigned(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return int(int8(a[i])) - int(int8(b[i]))
		}
	}
	return len(a) - len(b)
}

// merge widens b by the bounds of one page.
func (b *bounds) merge(o order, p *bounds) {
	b.nan = b.nan || p.nan
	if !p.has {
		return
	}
	switch o {
	case orderInt:
		b.ints([]int64{p.minI, p.maxI})
	case orderFloat:
		b.floats([]float64{p.minF, p.maxF})
	case orderFixed:
		b.wide(p.minHigh, p.minI)
		b.wide(p.maxHi, p.maxI)
	case orderBytes:
		b.text(p.minB)
		b.text(p.maxB)
	case orderSigned:
		b.signed(p.minB)
		b.signed(p.maxB)
	}
}

// maxBound is how long a bound of text is at most; longer ones are cut, a maximum upwards.
const maxBound = 64

// plain appends min and max as statistics hold them: PLAIN, without a length. The bounds are
// exact unless they were cut. ok is false where there are none to give.
func (b *bounds) plain(l *leaf, hive bool) (lo, hi []byte, exactLo, exactHi, ok bool) {
	if !b.has {
		return nil, nil, false, false, false
	}
	switch l.order {
	case orderInt:
		return plainInt(l.physical, b.minI), plainInt(l.physical, b.maxI), true, true, true
	case orderFloat:
		x, y := b.minF, b.maxF
		if !hive && x == 0 {
			x = math.Copysign(0, -1)
		}
		if !hive && y == 0 {
			y = 0
		}
		return plainFloat(l.physical, x), plainFloat(l.physical, y), true, true, true
	case orderFixed:
		return appendFixed(nil, b.minHigh, b.minI, l.width), appendFixed(nil, b.maxHi, b.maxI, l.width), true, true, true
	case orderSigned:
		return bytes.Clone(b.minB), bytes.Clone(b.maxB), true, true, true
	case orderBytes:
		lo, exactLo = b.minB, true
		if len(lo) > maxBound {
			lo, exactLo = cutText(lo, maxBound), false
		}
		hi, exactHi = b.maxB, true
		if len(hi) > maxBound {
			hi, exactHi = cutUp(hi, maxBound)
			if hi == nil {
				return nil, nil, false, false, false
			}
		}
		return append([]byte{}, lo...), append([]byte{}, hi...), exactLo, exactHi, true
	}
	return nil, nil, false, false, false
}

// compare orders two bounds as statistics hold them.
func (l *leaf) compare(a, b []byte) int {
	switch l.order {
	case orderInt:
		return cmp.Compare(unplainInt(a), unplainInt(b))
	case orderFloat:
		if l.physical == format.Float {
			return cmp.Compare(math.Float32frombits(binary.LittleEndian.Uint32(a)), math.Float32frombits(binary.LittleEndian.Uint32(b)))
		}
		return cmp.Compare(math.Float64frombits(binary.LittleEndian.Uint64(a)), math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case orderFixed:
		if s := cmp.Compare(int8(a[0]), int8(b[0])); s != 0 {
			return s
		}
	}
	return bytes.Compare(a, b)
}

func unplainInt(b []byte) int64 {
	switch len(b) {
	case 1:
		return int64(b[0])
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	}
	return int64(binary.LittleEndian.Uint64(b))
}

func plainInt(t format.Type, x int64) []byte {
	switch t {
	case format.Boolean:
		return []byte{byte(x)}
	case format.Int32:
		return binary.LittleEndian.AppendUint32(nil, uint32(x))
	}
	return binary.LittleEndian.AppendUint64(nil, uint64(x))
}

func plainFloat(t format.Type, x float64) []byte {
	if t == format.Float {
		return binary.LittleEndian.AppendUint32(nil, bits32(x))
	}
	return binary.LittleEndian.AppendUint64(nil, bits64(x))
}

// cutText cuts b to at most n bytes, before a character rather than in it.
func cutText(b []byte, n int) []byte {
	if utf8.Valid(b) {
		for n > 0 && !utf8.RuneStart(b[n]) {
			n--
		}
	}
	return b[:n]
}

// cutUp returns a text of at most n bytes that is greater than b: a prefix with its last
// character, or byte where b isn't UTF-8, made greater. It is nil if there is none.
func cutUp(b []byte, n int) ([]byte, bool) {
	if !utf8.Valid(b) {
		p := append([]byte{}, b[:n]...)
		for len(p) > 0 {
			if p[len(p)-1]++; p[len(p)-1] != 0 {
				return p, false
			}
			p = p[:len(p)-1]
		}
		return nil, false
	}
	p := append([]byte{}, cutText(b, n)...)
	for len(p) > 0 {
		r, size := utf8.DecodeLastRune(p)
		p = p[:len(p)-size]
		r++
		if r == 0xd800 {
			r = 0xe000
		}
		if r <= utf8.MaxRune && utf8.RuneLen(r) <= n-len(p) {
			return utf8.AppendRune(p, r), false
		}
	}
	return nil, false
}

package orc

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant/schema"
)

// Statistics stand three times in a file: of each row group in ROW_INDEX streams, of each stripe
// in Metadata, of the file in Footer. They are gathered per row group and merged upward.

// A statistics is what a ColumnStatistics message says of the values of one type of column.
// What a kind of column doesn't use is zero.
type statistics struct {
	count   int64 // values that are not null
	hasNull bool
	onDisk  int64 // bytes of the column's data streams; in the footer only

	min, max int64 // integers, days, timestamps' seconds; children of a list or map
	sum      int64 // integers; bytes; children; trues
	overflow bool  // of sum

	minNanos, maxNanos int32

	minFloat, maxFloat, sumFloat float64
	nan                          bool

	minHigh, maxHigh int64 // decimals: with min, max and sum as the low halves
	sumHigh, sumTop  int64 // the sum has 192 bits

	minBytes, maxBytes []byte
	minHead, maxHead   uint64 // their first 8 bytes
	minNext, maxNext   uint64 // and the 8 behind those: URLs begin alike
}

// reset empties s and keeps its memory.
func (s *statistics) reset() {
	*s = statistics{minBytes: s.minBytes[:0], maxBytes: s.maxBytes[:0]}
}

// addInts adds values to the statistics of integers; s.count must not include them yet.
func (s *statistics) addInts(v []int64) {
	lo, hi, sum := v[0], v[0], int64(0)
	for _, x := range v {
		lo, hi = min(lo, x), max(hi, x)
		sum += x
	}
	if limit := math.MaxInt64 / int64(len(v)); lo < -limit || hi > limit {
		sum = 0
		for _, x := range v {
			s.addSum(x)
		}
	}
	s.addSum(sum)
	s.addRange(lo, hi)
}

// addRange widens min and max; s.count must not include the values yet.
func (s *statistics) addRange(lo, hi int64) {
	if s.count == 0 {
		s.min, s.max = lo, hi
		return
	}
	s.min, s.max = min(s.min, lo), max(s.max, hi)
}

func (s *statistics) addSum(x int64) {
	sum := s.sum + x
	if (s.sum^sum)&(x^sum) < 0 {
		s.overflow = true
	}
	s.sum = sum
}

func (s *statistics) addTimes(sec []int64, nanos []int32) {
	first := s.count == 0
	for i, x := range sec {
		n := nanos[i]
		x = asRead(x, n)
		if first || x < s.min || x == s.min && n < s.minNanos {
			s.min, s.minNanos = x, n
		}
		if first || x > s.max || x == s.max && n > s.maxNanos {
			s.max, s.maxNanos = x, n
		}
		first = false
	}
}

func (s *statistics) addFloats(v []float64) {
	lo, hi, sum := s.minFloat, s.maxFloat, s.sumFloat
	first := s.count == 0
	for _, x := range v {
		if x != x {
			s.nan = true
		}
		if first {
			lo, hi, first = x, x, false
		}
		if x < lo {
			lo = x
		}
		if x > hi {
			hi = x
		}
		sum += x
	}
	s.minFloat, s.maxFloat, s.sumFloat = lo, hi, sum
}

func less128(ah, al, bh, bl int64) bool {
	return ah < bh || ah == bh && uint64(al) < uint64(bl)
}

// addDecimal adds to the statistics of decimals; first says that nothing was added before.
func (s *statistics) addDecimal(high, low int64, first bool) {
	if first || less128(high, low, s.minHigh, s.min) {
		s.minHigh, s.min = high, low
	}
	if first || less128(s.maxHigh, s.max, high, low) {
		s.maxHigh, s.max = high, low
	}
	s.addSumDecimal(high>>63, high, low)
}

// addSumDecimal adds a 192-bit number, which top, the highest part, is the sign of where it is of 128.
func (s *statistics) addSumDecimal(top, high, low int64) {
	sum, carry := bits.Add64(uint64(s.sum), uint64(low), 0)
	sumHigh, carry := bits.Add64(uint64(s.sumHigh), uint64(high), carry)
	s.sum, s.sumHigh, s.sumTop = int64(sum), int64(sumHigh), s.sumTop+top+int64(carry)
}

// addBytes widens minBytes and maxBytes; first says that there are none yet. Lengths are added by
// the caller.
func (s *statistics) addBytes(b []byte, first bool) {
	h := head(b)
	if !first {
		if h > s.minHead && h < s.maxHead {
			return
		}
		if len(b) >= 16 && h == s.minHead && h == s.maxHead {
			if next := binary.BigEndian.Uint64(b[8:]); next > s.minNext && next < s.maxNext {
				return
			}
		}
	}
	rest := b[min(8, len(b)):]
	if first || bytes.Compare(b, s.minBytes) < 0 {
		s.minBytes, s.minHead, s.minNext = append(s.minBytes[:0], b...), h, head(rest)
	}
	if first || bytes.Compare(b, s.maxBytes) > 0 {
		s.maxBytes, s.maxHead, s.maxNext = append(s.maxBytes[:0], b...), h, head(rest)
	}
}

// merge adds o, statistics of the same type.
func (s *statistics) merge(o *statistics, t *schema.Type) {
	if o.count > 0 {
		first := s.count == 0
		switch t.Kind {
		case schema.Float, schema.Double:
			if first {
				s.minFloat, s.maxFloat = o.minFloat, o.maxFloat
			}
			s.minFloat, s.maxFloat = min(s.minFloat, o.minFloat), max(s.maxFloat, o.maxFloat)
			s.sumFloat += o.sumFloat
			s.nan = s.nan || o.nan
		case schema.Timestamp:
			if first || o.min < s.min || o.min == s.min && o.minNanos < s.minNanos {
				s.min, s.minNanos = o.min, o.minNanos
			}
			if first || o.max > s.max || o.max == s.max && o.maxNanos > s.maxNanos {
				s.max, s.maxNanos = o.max, o.maxNanos
			}
		case schema.Decimal:
			if first || less128(o.minHigh, o.min, s.minHigh, s.min) {
				s.minHigh, s.min = o.minHigh, o.min
			}
			if first || less128(s.maxHigh, s.max, o.maxHigh, o.max) {
				s.maxHigh, s.max = o.maxHigh, o.max
			}
			s.addSumDecimal(o.sumTop, o.sumHigh, o.sum)
		case schema.String, schema.Char, schema.VarChar:
			s.addBytes(o.minBytes, first)
			s.addBytes(o.maxBytes, false)
			s.addSum(o.sum)
		default:
			s.addRange(o.min, o.max)
			s.addSum(o.sum)
		}
	}
	s.count += o.count
	s.hasNull = s.hasNull || o.hasNull
	s.overflow = s.overflow || o.overflow
	s.onDisk += o.onDisk
}

// append appends s as the fields of a ColumnStatistics message.
func (s *statistics) append(dst []byte, t *schema.Type) []byte {
	dst = appendUint(dst, 1, uint64(s.count))
	some := s.count > 0
	var at int
	switch t.Kind {
	case schema.TinyInt, schema.SmallInt, schema.Int, schema.BigInt:
		dst, at = openMessage(dst, 2)
		if some {
			dst = appendSint(dst, 1, s.min)
			dst = appendSint(dst, 2, s.max)
		}
		if !s.overflow {
			dst = appendSint(dst, 3, s.sum)
		}
		dst = closeMessage(dst, at)
	case schema.Float, schema.Double:
		if s.nan { // no order holds a NaN: say nothing rather than what prunes its rows
			break
		}
		dst, at = openMessage(dst, 3)
		if some {
			dst = appendDouble(dst, 1, s.minFloat)
			dst = appendDouble(dst, 2, s.maxFloat)
		}
		dst = appendDouble(dst, 3, s.sumFloat)
		dst = closeMessage(dst, at)
	case schema.String, schema.Char, schema.VarChar:
		dst, at = openMessage(dst, 4)
		if some {
			dst = s.appendBounds(dst)
			dst = appendSint(dst, 3, s.sum)
		}
		dst = closeMessage(dst, at)
	case schema.Boolean:
		dst, at = openMessage(dst, 5)
		dst = appendPacked64(dst, 1, []uint64{uint64(s.sum)})
		dst = closeMessage(dst, at)
	case schema.Decimal:
		dst, at = openMessage(dst, 6)
		if some {
			dst = appendBytes(dst, 1, appendDecimal(nil, s.minHigh, s.min, t.Scale))
			dst = appendBytes(dst, 2, appendDecimal(nil, s.maxHigh, s.max, t.Scale))
		}
		if s.sumTop == s.sumHigh>>63 && fits38(s.sumHigh, s.sum) {
			dst = appendBytes(dst, 3, appendDecimal(nil, s.sumHigh, s.sum, t.Scale))
		}
		dst = closeMessage(dst, at)
	case schema.Date:
		dst, at = openMessage(dst, 7)
		if some {
			dst = appendSint(dst, 1, s.min)
			dst = appendSint(dst, 2, s.max)
		}
		dst = closeMessage(dst, at)
	case schema.Binary:
		dst, at = openMessage(dst, 8)
		dst = appendSint(dst, 1, s.sum)
		dst = closeMessage(dst, at)
	case schema.Timestamp:
		dst, at = openMessage(dst, 9)
		if some {
			dst = appendSint(dst, 3, millis(s.min, s.minNanos))
			dst = appendSint(dst, 4, millis(s.max, s.maxNanos))
			// What is below the millisecond stands plus one; a reader takes the whole
			// millisecond where it is absent.
			if n := s.minNanos % 1e6; n != 0 {
				dst = appendUint(dst, 5, uint64(n)+1)
			}
			if n := s.maxNanos % 1e6; n != 999_999 {
				dst = appendUint(dst, 6, uint64(n)+1)
			}
		}
		dst = closeMessage(dst, at)
	case schema.Array, schema.Map:
		dst, at = openMessage(dst, 12)
		if some {
			dst = appendUint(dst, 1, uint64(s.min))
			dst = appendUint(dst, 2, uint64(s.max))
		}
		dst = appendUint(dst, 3, uint64(s.sum))
		dst = closeMessage(dst, at)
	}
	dst = appendBool(dst, 10, s.hasNull)
	if s.onDisk > 0 {
		dst = appendUint(dst, 11, uint64(s.onDisk))
	}
	return dst
}

// millis is a point in time in milliseconds, rounded down.
func millis(sec int64, nanos int32) int64 { return sec*1000 + int64(nanos)/1e6 }

// maxBound is how long minimum and maximum of strings may be; longer ones are cut and called
// lower and upper bound, as the reference writer does (orc-writer-notes.md §7).
const maxBound = 1024

// appendBounds appends the minimum and maximum of StringStatistics, or bounds in their stead.
func (s *statistics) appendBounds(dst []byte) []byte {
	if low := validPrefix(s.minBytes); len(low) == len(s.minBytes) {
		dst = appendBytes(dst, 1, low)
	} else {
		dst = appendBytes(dst, 4, low)
	}
	high := validPrefix(s.maxBytes)
	if len(high) == len(s.maxBytes) {
		return appendBytes(dst, 2, high)
	}
	if high = successor(high); high != nil {
		dst = appendBytes(dst, 5, high)
	}
	return dst
}

// validPrefix returns b if it is valid UTF-8 of at most maxBound bytes, else the longest prefix
// that is. Readers would replace what isn't valid, and that may sort otherwise.
func validPrefix(b []byte) []byte {
	if len(b) <= maxBound && utf8.Valid(b) {
		return b
	}
	n := 0
	for n < len(b) {
		r, size := utf8.DecodeRune(b[n:])
		if r == utf8.RuneError && size == 1 || n+size > maxBound {
			break
		}
		n += size
	}
	return b[:n]
}

// successor returns the text that is greater than all that begins with b, valid UTF-8: the last
// code point that can be is incremented, what follows it dropped. It is nil if there is none.
func successor(b []byte) []byte {
	for len(b) > 0 {
		r, size := utf8.DecodeLastRune(b)
		b = b[:len(b)-size]
		switch {
		case r == 0xd7ff:
			r = 0xe000
		case r < utf8.MaxRune:
			r++
		default:
			continue
		}
		return utf8.AppendRune(append([]byte(nil), b...), r)
	}
	return nil
}

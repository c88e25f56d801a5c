package orc

import (
	"encoding/binary"
	"fmt"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

// Streams of a column by its type, in the order in which a row group's positions name them
// (ORCv1, "Column Encodings"). PRESENT is left out of a stripe in which nothing is null.
//
//	boolean                      PRESENT, DATA bits
//	tinyint                      PRESENT, DATA bytes
//	smallint, int, bigint, date  PRESENT, DATA signed
//	float, double                PRESENT, DATA IEEE
//	string, char, varchar        PRESENT, DATA bytes, LENGTH    or    PRESENT, DATA numbers [LENGTH, DICTIONARY_DATA]
//	binary                       PRESENT, DATA bytes, LENGTH
//	timestamp                    PRESENT, DATA signed seconds since 2015, SECONDARY nanoseconds
//	decimal                      PRESENT, DATA varints, SECONDARY signed scales
//	struct                       PRESENT
//	list, map                    PRESENT, LENGTH
//
// A null has no place in any stream but PRESENT, and what is inside of a null has not even that.

// An encoder encodes one type of a column, and by its children what is below it, for one stripe.
type encoder struct {
	c        *columnEncoder
	id       int // of the type, in the file's footer
	typ      *schema.Type
	bloom    bool
	children []encoder

	n, nulls int
	present  bitmap // from the first null on
	bools    bitmap
	tiny     []byte    // of the row group, not run-length encoded yet
	data     stream    // DATA that isn't integers
	ints     intStream // DATA of integers, LENGTH of what has one
	second   intStream // SECONDARY; LENGTH of a dictionary

	dict                     dictionary
	inDict                   bool // values are in dict and numbers until finish
	numbers                  numberList
	encoding, dictionarySize int // set by finish

	groups []group
	bits   stream // PRESENT as written
}

// A group is a row group: where it starts in each stream, and what its values are.
type group struct {
	present, bools     int // in bits
	data, ints, second int // in uncompressed bytes
	numbers            int // of values in a dictionary
	presentAt, dataAt  int // uncompressed bytes of the bits' byte, set by finish
	stats              statistics
	filter             bloomFilter
}

// An intStream is a stream of integer runs. A run never spans two row groups, so a position is an
// offset and 0 values into the run.
type intStream struct {
	stream
	pending []int64
	signed  bool
}

// A columnEncoder is what the encoders of one column share. It has a scratch while Encode or Finish runs.
type columnEncoder struct {
	codec
	version1      bool
	maxDictionary int
	root          encoder
	rows          int  // of the stripe so far
	finished      bool // all bytes are in streams; no more Encode
}

func (c *columnEncoder) appendInts(s *intStream, v []int64) {
	if len(s.pending) > 0 {
		s.pending = append(s.pending, v...)
		v = s.pending
		if len(v) < maxRun {
			return
		}
	}
	n := c.appendRuns(s, v, false)
	s.pending = append(s.pending[:0], v[n:]...)
}

// flushInts ends the run that is open.
func (c *columnEncoder) flushInts(s *intStream) {
	c.appendRuns(s, s.pending, true)
	s.pending = s.pending[:0]
}

func (c *columnEncoder) appendRuns(s *intStream, v []int64, last bool) int {
	done := 0
	for {
		part := v[done:]
		end := true
		if len(part) > 1<<15 { // so that raw stays small
			part, end = part[:1<<15], false
		}
		var n int
		if c.version1 {
			s.raw, n = appendRuns1(s.raw, part, s.signed, last && end)
		} else {
			s.raw, n = appendRuns2(s.raw, part, s.signed, last && end)
		}
		s.cut(&c.codec, false)
		done += n
		if end {
			return done
		}
	}
}

// init makes e the encoder of type t, which is number id in the file; it returns the next number.
func (e *encoder) init(c *columnEncoder, w *Writer, t *schema.Type, id int) int {
	e.c, e.id, e.typ, e.bloom = c, id, t, w.types[id].bloom
	id++
	switch t.Kind {
	case schema.Array:
		e.children = make([]encoder, 1)
		return e.children[0].init(c, w, t.Elem, id)
	case schema.Map:
		e.children = make([]encoder, 2)
		return e.children[1].init(c, w, t.Elem, e.children[0].init(c, w, t.Key, id))
	case schema.Struct:
		e.children = make([]encoder, len(t.Fields))
		for i := range t.Fields {
			id = e.children[i].init(c, w, t.Fields[i].Type, id)
		}
	}
	return id
}

// reset makes e empty for a new stripe and keeps its memory.
func (e *encoder) reset(w *Writer) {
	chunks := w.compression != None
	e.n, e.nulls = 0, 0
	e.present.reset()
	e.bools.reset()
	e.tiny = e.tiny[:0]
	e.data.reset(&e.c.codec, chunks)
	e.bits.reset(&e.c.codec, chunks)
	for _, s := range []*intStream{&e.ints, &e.second} {
		s.stream.reset(&e.c.codec, chunks)
		s.pending = s.pending[:0]
	}
	k := e.typ.Kind
	e.ints.signed = k < schema.String || k > schema.Binary && k < schema.Array
	e.second.signed = k == schema.Decimal
	e.dict.reset()
	e.inDict = isText(k) && w.threshold > 0
	e.numbers.n = 0
	e.groups = e.groups[:0]
	for i := range e.children {
		e.children[i].reset(w)
	}
}

func isText(k schema.Kind) bool {
	return k == schema.String || k == schema.Char || k == schema.VarChar
}

// beginGroup ends the runs of the row group before and starts another.
func (e *encoder) beginGroup(w *Writer) {
	e.flush()
	if len(e.groups) < cap(e.groups) {
		e.groups = e.groups[:len(e.groups)+1]
	} else {
		e.groups = append(e.groups, group{})
	}
	g := &e.groups[len(e.groups)-1]
	g.stats.reset()
	g.present, g.bools, g.numbers = e.n, e.bools.n, e.numbers.n
	g.data, g.ints, g.second = e.data.offset(), e.ints.offset(), e.second.offset()
	if e.bloom {
		if g.filter.words == nil {
			g.filter = bloomFilter{make([]uint64, w.bloomWords), w.bloomHashes}
		}
		clear(g.filter.words)
	}
	for i := range e.children {
		e.children[i].beginGroup(w)
	}
}

// flush ends open runs of e, not of its children.
func (e *encoder) flush() {
	e.c.flushInts(&e.ints)
	e.c.flushInts(&e.second)
	if len(e.tiny) > 0 {
		e.data.raw = appendByteRuns(e.data.raw, e.tiny)
		e.data.cut(&e.c.codec, false)
		e.tiny = e.tiny[:0]
	}
}

// encode appends values lo to hi of v. A mask tells which of them exist at all: those whose struct
// isn't null; nil is all.
func (e *encoder) encode(v *column.Vector, lo, hi int, mask []uint64) error {
	valid := v.Valid
	if valid == nil {
		valid = mask
	}
	total := countOnes(mask, lo, hi)
	count := total
	if v.Valid != nil {
		count = countOnes(valid, lo, hi)
	}
	if count < total && e.nulls == 0 {
		e.present.reset()
		e.present.appendOnes(e.n)
	}
	e.n += total
	e.nulls += total - count
	if e.nulls > 0 {
		if valid == nil {
			e.present.appendOnes(total)
		} else {
			e.present.appendRange(valid, mask, lo, hi)
		}
	}
	g := &e.groups[len(e.groups)-1]
	if count < total {
		g.stats.hasNull = true
	}
	if count == 0 {
		return nil
	}
	if count == hi-lo {
		valid = nil
	}
	var err error
	switch k := e.typ.Kind; k {
	case schema.Boolean:
		e.encodeBools(g, v, valid, lo, hi)
	case schema.TinyInt, schema.SmallInt, schema.Int, schema.BigInt, schema.Date:
		e.encodeInts(g, dense(&e.c.ints, v.Ints, valid, lo, hi))
	case schema.Float, schema.Double:
		e.encodeFloats(g, dense(&e.c.floats, v.Floats, valid, lo, hi))
	case schema.Timestamp:
		e.encodeTimes(g, dense(&e.c.ints, v.Ints, valid, lo, hi), dense(&e.c.nanos, v.Nanos, valid, lo, hi))
	case schema.Decimal:
		var high []int64
		if v.Wide() {
			high = dense(&e.c.ints2, v.High, valid, lo, hi)
		}
		e.encodeDecimals(g, high, dense(&e.c.ints, v.Ints, valid, lo, hi))
	case schema.String, schema.Char, schema.VarChar, schema.Binary:
		err = e.encodeBytes(g, v, valid, lo, hi, count)
	case schema.Array, schema.Map:
		err = e.encodeLists(g, v, valid, lo, hi)
	case schema.Struct:
		for i := range e.children {
			if err := e.children[i].encode(&v.Children[i], lo, hi, valid); err != nil {
				return err
			}
		}
	}
	g.stats.count += int64(count)
	return err
}

// dense returns values lo to hi of v, without those that are not valid, which need scratch.
func dense[T any](scratch *[]T, v []T, valid []uint64, lo, hi int) []T {
	if valid == nil {
		return v[lo:hi]
	}
	out := (*scratch)[:0]
	for ; lo < hi; lo += 64 - lo&63 {
		n := min(64-lo&63, hi-lo)
		w := word(valid, lo, n)
		if w == ^uint64(0)>>(64-n) {
			out = append(out, v[lo:lo+n]...)
			continue
		}
		for i := lo; w != 0; i, w = i+1, w>>1 {
			if w&1 != 0 {
				out = append(out, v[i])
			}
		}
	}
	*scratch = out
	return out
}

// grow returns a slice of n values in the memory of scratch; what was there may still be read, each
// value before it is overwritten.
func grow(scratch *[]int64, n int) []int64 {
	if cap(*scratch) < n {
		*scratch = make([]int64, n)
	}
	return (*scratch)[:n]
}

func (e *encoder) encodeBools(g *group, v *column.Vector, valid []uint64, lo, hi int) {
	from := e.bools.n
	e.bools.appendRange(v.Bools, valid, lo, hi)
	g.stats.addSum(int64(countOnes(e.bools.words, from, e.bools.n)))
}

func (e *encoder) encodeInts(g *group, v []int64) {
	g.stats.addInts(v)
	if e.typ.Kind == schema.TinyInt {
		for _, x := range v {
			e.tiny = append(e.tiny, byte(x))
		}
	} else {
		e.c.appendInts(&e.ints, v)
	}
	if e.bloom {
		for _, x := range v {
			g.filter.addInt(x)
		}
	}
}

func (e *encoder) encodeFloats(g *group, v []float64) {
	g.stats.addFloats(v)
	for rest := v; len(rest) > 0; {
		part := rest[:min(len(rest), 1<<13)]
		if e.typ.Kind == schema.Float {
			e.data.raw = appendFloat32s(e.data.raw, part)
		} else {
			e.data.raw = appendFloat64s(e.data.raw, part)
		}
		e.data.cut(&e.c.codec, false)
		rest = rest[len(part):]
	}
	if e.bloom {
		for _, x := range v {
			g.filter.addFloat(x)
		}
	}
}

// epoch2015 is 2015-01-01T00:00:00Z, from which timestamps count.
const epoch2015 = 1420070400

// encodeTimes writes seconds before 1970 rounded towards zero where the nanoseconds are 1,000,000
// or more, because readers take one off there. Of the last second before 1970 they don't, as its
// number is 0 then: from 23:59:59.001 on it reads back one second later, in every reader. The
// format has no other way to write it (orc-writer-notes.md §4). Statistics and bloom filters are about
// what is read, lest a search miss it.
func (e *encoder) encodeTimes(g *group, sec []int64, nanos []int32) {
	g.stats.addTimes(sec, nanos)
	if e.bloom {
		for i, s := range sec {
			g.filter.addInt(millis(asRead(s, nanos[i]), nanos[i]))
		}
	}
	data, second := e.c.ints2[:0], e.c.ints[:0]
	for i, s := range sec { // second may be where sec is: it is written behind what is read
		n := nanos[i]
		if s < 0 && n > 999_999 {
			s++
		}
		data = append(data, s-epoch2015)
		second = append(second, packNanos(n))
	}
	e.c.ints, e.c.ints2 = second, data
	e.c.appendInts(&e.ints, data)
	e.c.appendInts(&e.second, second)
}

// asRead returns the seconds that readers make of a timestamp.
func asRead(sec int64, nanos int32) int64 {
	if sec == -1 && nanos > 999_999 {
		return 0
	}
	return sec
}

// packNanos gives the form of SECONDARY: the lowest three bits are the zeros that were cut off the
// end, less one, and 0 if it wasn't done because there were fewer than two.
func packNanos(n int32) int64 {
	if n == 0 || n%100 != 0 {
		return int64(n) << 3
	}
	zeros := int64(1)
	if n%1e6 == 0 { // milliseconds are common
		n, zeros = n/1e6, 5
	} else {
		n /= 100
	}
	for ; n%10 == 0 && zeros < 7; zeros++ {
		n /= 10
	}
	return int64(n)<<3 | zeros
}

// encodeDecimals takes high as nil where low is all there is.
func (e *encoder) encodeDecimals(g *group, high, low []int64) {
	first := g.stats.count == 0
	for i, l := range low {
		h := l >> 63
		if high != nil {
			h = high[i]
		}
		g.stats.addDecimal(h, l, first)
		first = false
		if e.bloom {
			e.c.text = appendDecimal(e.c.text[:0], h, l, e.typ.Scale)
			g.filter.addBytes(e.c.text)
		}
	}
	scales := grow(&e.c.scales, len(low))
	for i := range scales {
		scales[i] = int64(e.typ.Scale)
	}
	if trimPays(high, low, e.typ.Scale) {
		high, low = e.trim(high, low, scales)
	}
	for done := 0; done < len(low); {
		part := low[done:min(len(low), done+1<<13)]
		if high == nil {
			for _, l := range part {
				e.data.raw = binary.AppendVarint(e.data.raw, l)
			}
		} else {
			for i, l := range part {
				e.data.raw = appendVarint128(e.data.raw, high[done+i], l)
			}
		}
		e.data.cut(&e.c.codec, false)
		done += len(part)
	}
	e.c.appendInts(&e.second, scales)
}

// trim takes zeros off the end of values and of their scales.
func (e *encoder) trim(high, low, scales []int64) (_, _ []int64) {
	if high == nil {
		out := grow(&e.c.ints, len(low)) // low, or where it may be read from
		for i, l := range low {
			for l%10 == 0 && scales[i] > 0 {
				l /= 10
				scales[i]--
			}
			out[i] = l
		}
		return nil, out
	}
	highs, lows := grow(&e.c.ints2, len(low)), grow(&e.c.ints, len(low))
	for i, l := range low {
		h, s := high[i], scales[i]
		for s > 0 {
			qh, ql, ok := tenth(h, l)
			if !ok {
				break
			}
			h, l = qh, ql
			s--
		}
		highs[i], lows[i], scales[i] = h, l, s
	}
	return highs, lows
}

func (e *encoder) encodeLists(g *group, v *column.Vector, valid []uint64, lo, hi int) error {
	lengths := e.lengths(v, valid, lo, hi)
	g.stats.addInts(lengths)
	e.c.appendInts(&e.ints, lengths)
	from, to := int(v.Offsets[lo]), int(v.Offsets[hi])
	if from == to {
		return nil
	}
	if e.typ.Kind == schema.Map && v.Children[0].Nulls > 0 {
		return fmt.Errorf("a key of a map is null")
	}
	for i := range e.children {
		if err := e.children[i].encode(&v.Children[i], from, to, nil); err != nil {
			return err
		}
	}
	return nil
}

// lengths returns the lengths of values lo to hi of v that are not null.
func (e *encoder) lengths(v *column.Vector, valid []uint64, lo, hi int) []int64 {
	out := e.c.ints[:0]
	off := v.Offsets
	for i := lo; i < hi; i++ {
		if valid == nil || valid[i>>6]>>(i&63)&1 != 0 {
			out = append(out, int64(off[i+1]-off[i]))
		}
	}
	e.c.ints = out
	return out
}

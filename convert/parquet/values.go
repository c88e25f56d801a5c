package parquet

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"

	"github.com/parquet-go/parquet-go/format"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

// appendValues appends those of the values lo to hi of v that aren't null.
func (c *chunk) appendValues(v *column.Vector, lo, hi int) error {
	for lo < hi {
		end := min(hi, lo+block)
		if err := c.appendBlock(v, lo, end); err != nil {
			return err
		}
		if c.inDict && !c.judged && c.values >= enough && c.w.plainSize < c.w.pageSize {
			c.judge()
		}
		lo = end
	}
	return nil
}

func (c *chunk) appendBlock(v *column.Vector, lo, hi int) error {
	valid := v.Valid
	if v.Nulls == 0 {
		valid = nil
	}
	hive := c.w.options.Layout == LayoutHive
	switch v.Type.Kind {
	case schema.Boolean:
		c.appendBools(v, valid, lo, hi)
	case schema.Float, schema.Double:
		c.floats = gather(c.floats[:0], v.Floats, valid, lo, hi)
		if hive {
			c.bounds.hiveFloats(c.floats)
		} else {
			c.bounds.floats(c.floats)
		}
		c.appendFloats()
	case schema.String, schema.Char, schema.VarChar, schema.Binary:
		c.appendTexts(v, valid, lo, hi)
	case schema.Timestamp:
		if c.leaf.physical != format.Int64 {
			c.appendInt96s(v, lo, hi)
			break
		}
		if err := c.timestamps(v, lo, hi); err != nil {
			return err
		}
		c.appendInts()
	case schema.Decimal:
		if c.leaf.physical == format.FixedLenByteArray {
			c.appendDecimals(v, lo, hi)
			break
		}
		fallthrough
	default:
		c.ints = gather(c.ints[:0], v.Ints, valid, lo, hi)
		if hive && v.Type.Kind == schema.Date {
			for i, day := range c.ints {
				c.ints[i] = julianDay(day)
			}
		}
		c.appendInts()
	}
	return nil
}

func (c *chunk) appendBools(v *column.Vector, valid []uint64, lo, hi int) {
	if valid == nil {
		c.bools = appendBits(c.bools, c.values, v.Bools, lo, hi)
		c.values += hi - lo
	} else {
		for i := lo; i < hi; i++ {
			if valid[i>>6]>>(i&63)&1 != 0 {
				c.bools = appendUpTo64(c.bools, c.values, v.Bools[i>>6]>>(i&63)&1, 1)
				c.values++
			}
		}
	}
	c.raw = (c.values + 7) / 8
}

// appendInts appends c.ints.
func (c *chunk) appendInts() {
	c.bounds.ints(c.ints)
	c.values += len(c.ints)
	c.raw += len(c.ints) * c.leaf.width
	n := len(c.plain)
	c.grow(c.leaf.width * len(c.ints))
	out := c.plain[n:]
	if c.leaf.width == 4 {
		for i, x := range c.ints {
			binary.LittleEndian.PutUint32(out[4*i:], uint32(x))
		}
	} else {
		for i, x := range c.ints {
			binary.LittleEndian.PutUint64(out[8*i:], uint64(x))
		}
	}
}

// grow makes c.plain n bytes longer; what they hold is undefined. What has grown to a part of a page has room for the rest, which costs nothing
// before it is used.
func (c *chunk) grow(n int) {
	if size := len(c.plain) + n; size > cap(c.plain) {
		room := max(2*cap(c.plain), size)
		if page := c.pageSize() + c.pageSize()/32; room > page/4 && size <= page {
			room = page
		}
		c.plain = append(make([]byte, 0, room), c.plain...)
	}
	c.plain = c.plain[:len(c.plain)+n]
}

// appendFloats appends c.floats.
func (c *chunk) appendFloats() {
	c.values += len(c.floats)
	c.raw += len(c.floats) * c.leaf.width
	n := len(c.plain)
	c.grow(c.leaf.width * len(c.floats))
	out := c.plain[n:]
	if c.leaf.width == 4 {
		for i, x := range c.floats {
			binary.LittleEndian.PutUint32(out[4*i:], bits32(x))
		}
	} else {
		for i, x := range c.floats {
			binary.LittleEndian.PutUint64(out[8*i:], bits64(x))
		}
	}
}

func (c *chunk) appendTexts(v *column.Vector, valid []uint64, lo, hi int) {
	start := len(c.plain)
	size := int(v.Offsets[hi]-v.Offsets[lo]) + 4*(hi-lo)
	c.grow(size + shortCopy)
	at := start
	signed, later := c.leaf.order == orderSigned, c.inDict
	for i := lo; i < hi; i++ {
		if valid != nil && valid[i>>6]>>(i&63)&1 == 0 {
			continue
		}
		from, to := int(v.Offsets[i]), int(v.Offsets[i+1])
		x := v.Bytes[from:to]
		c.values++
		padded := from+shortCopy <= len(v.Bytes)
		switch {
		case later: // each distinct value once
		case signed:
			c.bounds.signed(x)
		case padded:
			p := binary.BigEndian.Uint64(v.Bytes[from:])
			if len(x) < 8 {
				p &^= ^uint64(0) >> (8 * len(x))
			}
			if !c.bounds.has || p <= c.bounds.minP || p >= c.bounds.maxP {
				c.bounds.textSlow(p, x)
			}
		default:
			c.bounds.text(x)
		}
		binary.LittleEndian.PutUint32(c.plain[at:], uint32(len(x)))
		at += 4
		if len(x) <= shortCopy && padded {
			// a fixed length is copied without a call
			*(*[shortCopy]byte)(c.plain[at:]) = *(*[shortCopy]byte)(v.Bytes[from:])
		} else {
			copy(c.plain[at:], x)
		}
		at += len(x)
	}
	c.plain = c.plain[:at]
	c.raw += at - start
}

// shortCopy is how many bytes are copied where fewer are wanted.
const shortCopy = 16

// bound measures a value that is bytes.
func (c *chunk) bound(x []byte) {
	switch c.leaf.order {
	case orderBytes:
		c.bounds.text(x)
	case orderSigned:
		c.bounds.signed(x)
	case orderFixed:
		c.bounds.wide(unfixed(x))
	}
}

// boundCodes measures the values of a page that are bytes, each once.
func (c *chunk) boundCodes(b *buffers) {
	switch {
	case !c.boundLater():
	case c.dictUsed == 0: // all there is in the dictionary
		for i := range c.dict.n {
			c.bound(c.dict.value(i))
		}
	default:
		words := (c.dict.n + 63) / 64
		b.marks = append(b.marks[:0], make([]uint64, words)...)
		for _, code := range b.codes {
			b.marks[code>>6] |= 1 << (code & 63)
		}
		for i, w := range b.marks {
			for ; w != 0; w &= w - 1 {
				c.bound(c.dict.value(i*64 + bits.TrailingZeros64(w)))
			}
		}
	}
}

// boundPlain measures the values of a page that got no dictionary.
func (c *chunk) boundPlain() {
	if !c.boundLater() {
		return
	}
	page, w := c.plain, c.leaf.width
	for len(page) > 0 {
		if c.leaf.physical == format.ByteArray {
			w = int(binary.LittleEndian.Uint32(page))
			page = page[4:]
		}
		c.bound(page[:w])
		page = page[w:]
	}
}

// boundLater reports whether the values of pages that are numbered are measured then; numbers are measured as they come.
func (c *chunk) boundLater() bool {
	return c.leaf.order == orderBytes || c.leaf.order == orderSigned || c.leaf.order == orderFixed
}

func (c *chunk) appendInt96s(v *column.Vector, lo, hi int) {
	hive := c.w.options.Layout == LayoutHive
	start := len(c.plain)
	c.grow(12 * (hi - lo))
	b := c.plain[start:]
	for i := lo; i < hi; i++ {
		if v.Null(i) {
			continue
		}
		sec := v.Ints[i]
		if hive && sec < gregorian*secondsPerDay {
			day := floorDay(sec)
			sec += (julianDay(day) - day) * secondsPerDay
		}
		putInt96(b, sec, v.Nanos[i])
		b = b[12:]
	}
	c.plain = c.plain[:len(c.plain)-len(b)]
	c.fixedValues(start)
}

func (c *chunk) appendDecimals(v *column.Vector, lo, hi int) {
	w := c.leaf.width
	start := len(c.plain)
	c.grow(w*(hi-lo) + 16)
	at := start
	if w <= 8 {
		if !c.inDict && c.leaf.order == orderFixed {
			valid := v.Valid
			if v.Nulls == 0 {
				valid = nil
			}
			c.ints = gather(c.ints[:0], v.Ints, valid, lo, hi)
			c.bounds.narrow(c.ints)
		}
		shift := uint(64 - 8*w)
		for i := lo; i < hi; i++ {
			if !v.Null(i) {
				binary.BigEndian.PutUint64(c.plain[at:], uint64(v.Ints[i])<<shift)
				at += w
			}
		}
	} else {
		shift := uint(128 - 8*w) // less than 64
		wide := v.Wide()
		for i := lo; i < hi; i++ {
			if v.Null(i) {
				continue
			}
			low := uint64(v.Ints[i])
			high := uint64(v.Ints[i] >> 63)
			if wide {
				high = uint64(v.High[i])
			}
			binary.BigEndian.PutUint64(c.plain[at:], high<<shift|low>>(64-shift))
			binary.BigEndian.PutUint64(c.plain[at+8:], low<<shift)
			at += w
		}
	}
	c.plain = c.plain[:at]
	c.fixedValues(start)
}

// fixedValues takes what stands in c.plain from start on, values of the leaf's width, into the page.
func (c *chunk) fixedValues(start int) {
	w := c.leaf.width
	b := c.plain[start:]
	n := len(b) / w
	c.values += n
	c.raw += len(b)
	if c.w.options.Layout == LayoutHive && c.mayDict() {
		c.raw += 4 * n // parquet-mr counts lengths that aren't there
	}
	if !c.inDict && (c.leaf.order == orderSigned || c.leaf.order == orderFixed && w > 8) { // else there are none, or narrow made them
		for ; len(b) > 0; b = b[w:] {
			c.bound(b[:w])
		}
	}
}

// maxNanoSecond bounds the seconds whose nanoseconds since 1970 fit 64 bits.
const maxNanoSecond = math.MaxInt64 / 1_000_000_000

// timestamps puts the INT64 timestamps of the values lo to hi that aren't null in c.ints.
func (c *chunk) timestamps(v *column.Vector, lo, hi int) error {
	c.ints = c.ints[:0]
	unit := c.leaf.unit
	per := int64(1e9) / unit
	for i := lo; i < hi; i++ {
		if v.Null(i) {
			continue
		}
		sec := v.Ints[i]
		x := sec*per + int64(v.Nanos[i])/unit
		if unit == 1 && (sec < -maxNanoSecond || sec >= maxNanoSecond) {
			return fmt.Errorf("column %s: second %d doesn't fit a timestamp in nanoseconds (years 1678 to 2261)", c.leaf.name(), sec)
		}
		c.ints = append(c.ints, x)
	}
	return nil
}

// numbered makes b.codes of the first values of the growing page, which has or will have so many of all. It stops and returns false when the
// dictionary is too large or doesn't promise to pay.
func (c *chunk) numbered(b *buffers, first, all int) bool {
	d := c.dict
	hive := c.w.options.Layout == LayoutHive
	b.codes = b.codes[:0]
	for page := c.plain; len(b.codes) < first; {
		n := min(first-len(b.codes), block)
		if hive && c.leaf.order == orderFloat {
			b.codes, page = d.numberFloats(b.codes, page, n)
		} else {
			b.codes, page = d.number(b.codes, page, n)
		}
		if d.size() > maxDictionary || !hive && c.dictUsed == 0 && !c.promises(len(b.codes), all) {
			return false
		}
	}
	return true
}

// enough is how many values tell whether there should be a dictionary.
const enough = 8192

// judge gives the dictionary up before the first page ends if it doesn't promise to pay, because pages without one may be smaller.
func (c *chunk) judge() {
	c.judged = true
	b := c.w.buffers.Get().(*buffers)
	defer c.w.buffers.Put(b)
	c.dict = c.w.takeDictionary(c.leaf.width)
	if !c.numbered(b, enough, c.w.pageSize/(c.raw/c.values+1)) {
		c.inDict = false
		c.boundPlain()
	}
	c.w.giveDictionary(c.dict)
	c.dict = nil
}

// promises reports whether a dictionary might pay for the first page, by what of the first seen of all its values is distinct.
func (c *chunk) promises(seen, all int) bool {
	n := c.dict.n
	switch {
	case seen < 1024:
		return true
	case c.leaf.typ.Kind == schema.Timestamp:
		return n <= seen/4*3 // times move on: theirs come from no set
	case n == seen:
		return false
	case seen < enough || seen&(seen-1) != 0:
		return true
	}
	n = distinct(n, seen, all)
	size := c.raw / c.values
	return n*size+all*codeWidth(n)/8 < all*size
}

// distinct returns how many distinct values there are about in all of so many, if there are n in the first seen, of a set of
// whatever size each of whose members is as likely: size·(1-e^(-seen/size)) = n.
func distinct(n, seen, all int) int {
	expected := func(size, of float64) float64 { return -size * math.Expm1(-of/size) }
	least, most := float64(n), float64(seen)*float64(seen)
	for range 64 {
		if middle := math.Sqrt(least * most); expected(middle, float64(seen)) < float64(n) {
			least = middle
		} else {
			most = middle
		}
	}
	return int(expected(least, float64(all)))
}

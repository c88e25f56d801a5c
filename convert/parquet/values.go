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
		if c.inDict && c.leaf.physical == format.ByteArray {
			// few long texts at a time, or the dictionary is too large before anybody looks
			for end > lo+1 && v.Offsets[end]-v.Offsets[lo] > maxDictionary {
				end -= (end - lo) / 2
			}
		}
		n := c.values
		if err := c.appendBlock(v, lo, end); err != nil {
			return err
		}
		if c.inDict {
			c.seen += c.values - n
			c.judgeDictionary()
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
	switch {
	case c.inDict && c.leaf.width == 4:
		for _, x := range c.ints {
			c.codes = append(c.codes, c.dict.key(uint64(uint32(x))))
		}
	case c.inDict:
		for _, x := range c.ints {
			c.codes = append(c.codes, c.dict.key(uint64(x)))
		}
	case c.leaf.width == 4:
		c.plain = appendInt32s(c.plain, c.ints)
	default:
		c.plain = appendInt64s(c.plain, c.ints)
	}
}

// appendFloats appends c.floats.
func (c *chunk) appendFloats() {
	c.values += len(c.floats)
	c.raw += len(c.floats) * c.leaf.width
	switch {
	case c.inDict:
		hive := c.w.options.Layout == LayoutHive
		for _, x := range c.floats {
			key := bits64(x)
			if c.leaf.width == 4 {
				key = uint64(bits32(x))
			}
			if x != x && hive {
				// to Java's map no NaN is equal to another
				c.codes = append(c.codes, c.dict.add(hash64(key), key))
				continue
			}
			c.codes = append(c.codes, c.dict.key(key))
		}
	case c.leaf.width == 4:
		n := len(c.plain)
		c.plain = grow(c.plain, 4*len(c.floats))
		for i, x := range c.floats {
			binary.LittleEndian.PutUint32(c.plain[n+4*i:], bits32(x))
		}
	default:
		n := len(c.plain)
		c.plain = grow(c.plain, 8*len(c.floats))
		for i, x := range c.floats {
			binary.LittleEndian.PutUint64(c.plain[n+8*i:], bits64(x))
		}
	}
}

func (c *chunk) appendTexts(v *column.Vector, valid []uint64, lo, hi int) {
	if c.inDict {
		n := len(c.codes)
		c.codes = c.dict.appendTexts(c.codes, v.Bytes, v.Offsets, valid, lo, hi)
		n = len(c.codes) - n
		c.values += n
		c.raw += int(v.Offsets[hi]-v.Offsets[lo]) + 4*n // a null has no bytes
		return
	}
	start := len(c.plain)
	size := int(v.Offsets[hi]-v.Offsets[lo]) + 4*(hi-lo)
	c.plain = grow(c.plain, size+shortCopy)
	at := start
	signed := c.leaf.order == orderSigned
	for i := lo; i < hi; i++ {
		if valid != nil && valid[i>>6]>>(i&63)&1 == 0 {
			continue
		}
		from, to := int(v.Offsets[i]), int(v.Offsets[i+1])
		x := v.Bytes[from:to]
		c.values++
		padded := from+shortCopy <= len(v.Bytes)
		switch {
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
func (c *chunk) boundCodes() {
	switch {
	case c.leaf.order == orderNone || c.leaf.order == orderInt || c.leaf.order == orderFloat:
		// measured as they came, or not at all
	case len(c.index) == 0: // the first page has all there is in the dictionary
		for i := range c.dict.n {
			c.bound(c.dict.value(i))
		}
	default:
		words := (c.dict.n + 63) / 64
		c.marks = append(c.marks[:0], make([]uint64, words)...)
		for _, code := range c.codes {
			c.marks[code>>6] |= 1 << (code & 63)
		}
		for i, w := range c.marks {
			for ; w != 0; w &= w - 1 {
				c.bound(c.dict.value(i*64 + bits.TrailingZeros64(w)))
			}
		}
	}
}

func (c *chunk) appendInt96s(v *column.Vector, lo, hi int) {
	hive := c.w.options.Layout == LayoutHive
	start := len(c.plain)
	c.plain = grow(c.plain, 12*(hi-lo))
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
	c.plain = grow(c.plain, w*(hi-lo)+16)
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
	if !c.inDict {
		if c.leaf.order == orderSigned || c.leaf.order == orderFixed && w > 8 { // else there are none, or narrow made them
			for ; len(b) > 0; b = b[w:] {
				c.bound(b[:w])
			}
		}
		return
	}
	if c.w.options.Layout == LayoutHive {
		c.raw += 4 * n // parquet-mr counts lengths that aren't there
	}
	for ; len(b) > 0; b = b[w:] {
		switch w {
		case 4:
			c.codes = append(c.codes, c.dict.key(uint64(binary.LittleEndian.Uint32(b))))
		case 8:
			c.codes = append(c.codes, c.dict.key(binary.LittleEndian.Uint64(b)))
		default:
			c.codes = append(c.codes, c.dict.bytes(b, 0, w))
		}
	}
	c.plain = c.plain[:start]
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

// judgeDictionary gives the dictionary up when it is too large or doesn't promise to pay.
func (c *chunk) judgeDictionary() {
	if len(c.dict.plain) > maxDictionary {
		c.dropDictionary()
		return
	}
	if c.w.options.Layout == LayoutHive || c.dictUsed > 0 {
		return
	}
	// A column whose values come from a set of N shows 97 % distinct ones in its first 1,024 where N is
	// 16,000, and 88 % in its first 8,192 where it is 32,000. Times move on: theirs come from no set.
	most := 98
	if c.leaf.typ.Kind == schema.Timestamp {
		most = 75
	}
	if c.seen >= 1024 && c.dict.n > c.seen*most/100 || c.seen >= 8192 && c.dict.n > c.seen*7/8 {
		c.dropDictionary()
	}
}

// dropDictionary goes on without a dictionary; finished pages keep theirs.
func (c *chunk) dropDictionary() {
	c.inDict = false
	c.boundCodes()
	c.plain = c.dict.appendPlain(c.plain[:0], c.codes)
	c.codes = c.codes[:0]
}

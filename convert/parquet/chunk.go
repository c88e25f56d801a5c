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

const (
	// maxEntries bounds the levels of a page, and with them what an all-null page costs.
	maxEntries = 1 << 20
	// block is how many values are gathered, measured and stored at a time; they stay in the cache.
	block = 1024
)

// A chunk is one leaf's part of a row group: finished pages, and one that is growing.
type chunk struct {
	w    *Writer
	leaf *leaf

	// the growing page
	rows, entries, nulls int
	values               int      // entries that have a value
	raw                  int      // bytes they take as PLAIN
	defBits              []uint64 // of a top-level leaf, once it has a null
	def, rep             []uint8  // of other leaves
	plain                []byte   // values, where there is no dictionary
	bools                []uint64
	codes                []uint32 // values, where there is one
	bounds               bounds

	delta    *deltas // of V2
	dict     dictionary
	inDict   bool // values go to the dictionary
	dictUsed int  // entries of the dictionary that finished pages use
	seen     int  // values of the chunk that went to the dictionary
	marks    []uint64
	blooms   map[uint64]struct{}

	ints   []int64
	floats []float64

	// the finished pages
	pages        []byte
	index        []pageEntry
	totalRows    int64
	totalEntries int64
	totalNulls   int64
	uncompressed int64 // with headers
	stats        bounds
	encodings    encodingSet
}

// A pageEntry is what the page indexes know of a page.
type pageEntry struct {
	at, size int // in chunk.pages, header included
	firstRow int64
	nulls    int64
	entries  int64
	empty    bool // only nulls
	min, max []byte
	bounded  bool
	dict     bool
	encoding format.Encoding
}

func (c *chunk) reset() {
	c.clearPage()
	c.dict.reset(c.dictWidth())
	c.inDict = c.mayDict()
	c.dictUsed, c.seen = 0, 0
	clear(c.blooms)
	c.pages, c.index = c.pages[:0], c.index[:0]
	c.totalRows, c.totalEntries, c.totalNulls, c.uncompressed = 0, 0, 0, 0
	c.stats.reset()
	c.encodings = 0
	c.delta.reset()
}

func (c *chunk) clearPage() {
	c.rows, c.entries, c.nulls, c.values, c.raw = 0, 0, 0, 0, 0
	c.defBits, c.def, c.rep = c.defBits[:0], c.def[:0], c.rep[:0]
	c.plain, c.bools, c.codes = c.plain[:0], c.bools[:0], c.codes[:0]
	c.bounds.reset()
}

func (c *chunk) dictWidth() int { return c.leaf.width }

// mayDict reports whether the leaf's type and the options allow a dictionary: booleans never, and
// fixed-length byte arrays only in V2 where the layout is Hive's, as parquet-mr does.
func (c *chunk) mayDict() bool {
	w := c.w
	switch {
	case !w.options.EnableDictionaryCompression, c.leaf.physical == format.Boolean:
		return false
	case c.leaf.physical == format.FixedLenByteArray && w.options.Layout == LayoutHive:
		return w.v2
	}
	return true
}

// flat reports whether the leaf is a top-level column: its definition levels are its null bitmap.
func (c *chunk) flat() bool { return c.leaf.maxDef == 1 && c.leaf.maxRep == 0 }

// appendFlat appends values lo to hi of a top-level column.
func (c *chunk) appendFlat(v *column.Vector, lo, hi int) error {
	for lo < hi {
		n := c.fit(v, lo, hi)
		if n == 0 {
			if err := c.flush(); err != nil {
				return err
			}
			continue
		}
		valid := countValid(v.Valid, lo, lo+n)
		if valid < n && c.nulls == 0 {
			c.defBits = appendOnes(c.defBits[:0], 0, c.entries)
		}
		if c.nulls += n - valid; c.nulls > 0 {
			if v.Valid == nil {
				c.defBits = appendOnes(c.defBits, c.entries, c.entries+n)
			} else {
				c.defBits = appendBits(c.defBits, c.entries, v.Valid, lo, lo+n)
			}
		}
		c.entries += n
		c.rows += n
		if err := c.appendValues(v, lo, lo+n); err != nil {
			return err
		}
		lo += n
	}
	return nil
}

// append appends the values lo to hi of v, which are those of the entries of sp that have one.
func (c *chunk) append(sp span, v *column.Vector, lo, hi int) error {
	if sp.rep != nil {
		return c.appendRepeated(sp, v, lo, hi)
	}
	for i := 0; i < sp.n; {
		n := c.fit(v, lo+i, hi)
		if n == 0 {
			if err := c.flush(); err != nil {
				return err
			}
			continue
		}
		if sp.def != nil {
			c.def = append(c.def, sp.def[i:i+n]...)
		} else {
			c.def = appendEqual(c.def, sp.all, n)
		}
		c.entries += n
		c.rows += n
		if err := c.appendValues(v, lo+i, lo+i+n); err != nil {
			return err
		}
		i += n
	}
	return nil
}

func appendEqual(dst []uint8, x uint8, n int) []uint8 {
	for range n {
		dst = append(dst, x)
	}
	return dst
}

// count counts the nulls of the growing page of a leaf that isn't flat. A vector that breaks its
// invariants is found here: levels and values would not match.
func (c *chunk) count() error {
	n := 0
	for _, d := range c.def {
		if d == c.leaf.maxDef {
			n++
		}
	}
	if n != c.values {
		return fmt.Errorf("column %s: %d values where the vectors around them have room for %d", c.leaf.name(), c.values, n)
	}
	c.nulls = c.entries - n
	return nil
}

// appendRepeated appends entries below a list, whole rows at a time.
func (c *chunk) appendRepeated(sp span, v *column.Vector, lo, hi int) error {
	for e := 0; e < sp.n; {
		// the rows from e on that fit
		n, rows, values := 0, 0, 0 // up to the last row boundary
		k, size, r := 0, c.raw, 0
		limit := c.w.pageSize
		if c.entries+sp.n-e <= maxEntries && size+mostSize(c.leaf, v, lo, hi) < limit {
			n, values = sp.n-e, hi-lo // all of them
			for _, rep := range sp.rep[e:] {
				if rep == 0 {
					rows++
				}
			}
		}
		for i := e; n == 0; i++ {
			if i == sp.n || sp.rep[i] == 0 && i > e {
				if size > limit && (r > 0 || c.rows > 0) {
					break
				}
				r++
				n, rows, values = i-e, r, k
				if i == sp.n || size >= limit || c.entries+n >= maxEntries {
					break
				}
			}
			if sp.def[i] >= sp.base {
				size += plainSize(c.leaf, v, lo+k)
				k++
			}
		}
		if n == 0 {
			if err := c.flush(); err != nil {
				return err
			}
			continue
		}
		c.def = append(c.def, sp.def[e:e+n]...)
		c.rep = append(c.rep, sp.rep[e:e+n]...)
		c.entries += n
		c.rows += rows
		if err := c.appendValues(v, lo, lo+values); err != nil {
			return err
		}
		e += n
		lo += values
		if c.raw >= limit || c.entries >= maxEntries {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// mostSize is what the values lo to hi take as PLAIN if none is null.
func mostSize(l *leaf, v *column.Vector, lo, hi int) int {
	if l.physical == format.ByteArray {
		return int(v.Offsets[hi]-v.Offsets[lo]) + 4*(hi-lo)
	}
	return l.width * (hi - lo)
}

// plainSize is what value i takes as PLAIN.
func plainSize(l *leaf, v *column.Vector, i int) int {
	if v.Null(i) {
		return 0
	}
	if l.physical == format.ByteArray {
		return 4 + int(v.Offsets[i+1]-v.Offsets[i])
	}
	return l.width // BOOLEAN: next to nothing
}

// fit returns how many of the values lo to hi still belong to the growing page, 0 when it is full.
func (c *chunk) fit(v *column.Vector, lo, hi int) int {
	n := min(hi-lo, maxEntries-c.entries)
	room := c.w.pageSize - c.raw
	switch {
	case c.leaf.physical == format.ByteArray:
		if room <= 0 {
			n = 0
		} else if size := func(n int) int { return int(v.Offsets[lo+n]-v.Offsets[lo]) + 4*n }; size(n) > room {
			least, most := 0, n // size(least) <= room < size(most)
			for least+1 < most {
				if m := (least + most) / 2; size(m) <= room {
					least = m
				} else {
					most = m
				}
			}
			n = least
		}
	case c.leaf.width > 0:
		n = min(n, room/c.leaf.width)
	}
	if n <= 0 {
		if c.rows > 0 {
			return 0
		}
		return 1
	}
	return n
}

// appendValues appends those of the values lo to hi of v that aren't null.
func (c *chunk) appendValues(v *column.Vector, lo, hi int) error {
	for lo < hi {
		end := min(hi, lo+block)
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
		n, raw := c.values, c.raw
		for i := lo; i < hi; i++ {
			if valid != nil && valid[i>>6]>>(i&63)&1 == 0 {
				continue
			}
			x := v.Bytes[v.Offsets[i]:v.Offsets[i+1]]
			n++
			raw += 4 + len(x)
			c.codes = append(c.codes, c.dict.bytes(x))
		}
		c.values, c.raw = n, raw
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
		if signed {
			c.bounds.signed(x)
		} else {
			c.bounds.text(x)
		}
		binary.LittleEndian.PutUint32(c.plain[at:], uint32(len(x)))
		at += 4
		if len(x) <= shortCopy && from+shortCopy <= len(v.Bytes) {
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
		if c.leaf.order != orderNone {
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
			c.codes = append(c.codes, c.dict.bytes(b[:w]))
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
	// 16,000, and 88 % in its first 8,192 where it is 32,000.
	if c.seen >= 1024 && c.dict.n > c.seen*98/100 || c.seen >= 8192 && c.dict.n > c.seen*7/8 {
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

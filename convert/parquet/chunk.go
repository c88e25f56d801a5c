package parquet

import (
	"bytes"
	"fmt"

	"github.com/parquet-go/parquet-go/format"

	"github.com/hydrantkit/hydrant/convert/column"
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
	plain                []byte   // values as PLAIN has them, whether or not they go to a dictionary at the page's end
	bools                []uint64
	bounds               bounds

	delta    *deltas     // of V2
	inDict   bool        // pages are numbered by the dictionary when they end
	judged   bool        // whether values promise a dictionary
	dict     *dictionary // nil before the first page has ended
	dictUsed int         // entries of the dictionary that finished pages use
	dictPage *[]byte     // of a dictionary that is ended, if pages use it
	blooms   map[uint64]struct{}

	ints   []int64
	floats []float64

	// the finished pages
	pages        [][]byte // each in memory of its own, which serves the next row group again: one slice of all would be copied as it grows
	stored       int      // bytes of pages
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
	at, size int // in the chunk's pages, header included
	firstRow int64
	nulls    int64
	empty    bool // only nulls
	min, max []byte
	bounded  bool
	dict     bool
	encoding format.Encoding
}

func (c *chunk) reset() {
	if k := len(c.pages) - 1; k >= 0 && cap(c.pages[k]) > cap(c.plain) {
		c.plain, c.pages[k] = c.pages[k], c.plain
	}
	c.clearPage()
	c.w.giveDictionary(c.dict)
	c.inDict, c.judged, c.dict, c.dictUsed, c.dictPage = c.mayDict(), false, nil, 0, nil
	clear(c.blooms)
	clear(c.pages[len(c.pages):cap(c.pages)]) // memory that this row group had no use for
	c.pages, c.stored, c.index = c.pages[:0], 0, c.index[:0]
	c.totalRows, c.totalEntries, c.totalNulls, c.uncompressed = 0, 0, 0, 0
	c.stats.reset()
	c.encodings = 0
	c.delta.reset()
}

func (c *chunk) clearPage() {
	c.rows, c.entries, c.nulls, c.values, c.raw = 0, 0, 0, 0, 0
	c.defBits, c.def, c.rep = c.defBits[:0], c.def[:0], c.rep[:0]
	c.plain, c.bools = c.plain[:0], c.bools[:0]
	c.bounds.reset()
}

// newPage adds an empty page with room for n bytes, in the memory of the page that had its place in the row group before; the last one in
// that of the values, which serves them again in the next row group.
func (c *chunk) newPage(n int, last bool) *[]byte {
	if k := len(c.pages); k < cap(c.pages) {
		c.pages = c.pages[:k+1]
	} else {
		c.pages = append(c.pages, nil)
	}
	page := &c.pages[len(c.pages)-1]
	if last && cap(c.plain) >= n {
		*page, c.plain = c.plain, *page
	}
	if cap(*page) < n {
		*page = make([]byte, 0, n+n/8)
	}
	*page = (*page)[:0]
	return page
}

// finish ends the chunk's last page and its dictionary.
func (c *chunk) finish() error {
	if err := c.flush(true); err != nil {
		return err
	}
	c.endDictionary()
	return nil
}

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
			if err := c.flush(false); err != nil {
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
			if err := c.flush(false); err != nil {
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
	n := bytes.Count(c.def, []byte{c.leaf.maxDef})
	if n != c.values {
		return fmt.Errorf("column %s: %d values where the vectors around them have room for %d", c.leaf.name(), c.values, n)
	}
	c.nulls = c.entries - n
	return nil
}

// appendRepeated appends entries below a list, whole rows at a time.
func (c *chunk) appendRepeated(sp span, v *column.Vector, lo, hi int) error {
	most := c.maxEntries()
	for e := 0; e < sp.n; {
		// the rows from e on that fit
		n, rows, values := 0, 0, 0 // up to the last row boundary
		k, size, r := 0, c.raw, 0
		limit := c.pageSize()
		if c.entries+sp.n-e <= most && size+mostSize(c.leaf, v, lo, hi) < limit {
			n, values = sp.n-e, hi-lo // all of them
			rows = bytes.Count(sp.rep[e:], []byte{0})
		}
		for i := e; n == 0; i++ {
			if i == sp.n || sp.rep[i] == 0 && i > e {
				if size > limit && (r > 0 || c.rows > 0) {
					break
				}
				r++
				n, rows, values = i-e, r, k
				if i == sp.n || size >= limit || c.entries+n >= most {
					break
				}
			}
			if sp.def[i] >= sp.base {
				size += plainSize(c.leaf, v, lo+k)
				k++
			}
		}
		if n == 0 {
			if err := c.flush(false); err != nil {
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
		if c.raw >= limit || c.entries >= most {
			if err := c.flush(false); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxEntries is how many entries a page may have: booleans count by the bit.
func (c *chunk) maxEntries() int {
	if c.leaf.physical == format.Boolean {
		return min(maxEntries, 8*c.w.pageSize)
	}
	return maxEntries
}

// pageSize is how many bytes of values the growing page may have.
func (c *chunk) pageSize() int {
	if c.inDict {
		return c.w.pageSize
	}
	return c.w.plainSize
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
	n := min(hi-lo, c.maxEntries()-c.entries)
	room := c.pageSize() - c.raw
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

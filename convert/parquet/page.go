package parquet

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/parquet-go/parquet-go/format"

	"github.com/hydrantkit/hydrant/internal/compress"
)

// A page, in the field names of parquet.thrift:
//
//	PageHeader{type, uncompressed_page_size, compressed_page_size, crc, …_header}
//	DATA_PAGE      compressed( length uint32 | repetition levels | length uint32 | definition levels | values )
//	DATA_PAGE_V2   repetition levels | definition levels | compressed( values )
//	DICTIONARY     compressed( PLAIN values )
//
// Levels are RLE/bit-packed and absent where their maximum is 0. Dictionary-encoded values are
// width byte | RLE/bit-packed codes. A chunk is its dictionary page, if any, and its data pages.

// buffers are what making a page needs for a moment.
type buffers struct {
	levels, values, body, out []byte
	codes                     []uint32 // of the growing page, by its chunk's dictionary
	marks                     []uint64
	small                     []uint8
	header                    compact
	encoder                   compress.Encoder
	fixed                     fixedEncoder
	store                     bool // pages that Snappy makes hardly smaller stay as they are, and fixed makes those that it makes smaller
}

// codecOf reads the API's Compression, or ZSTD.
func codecOf(name string) (format.CompressionCodec, error) {
	switch name {
	case "", "SNAPPY":
		return format.Snappy, nil
	case "UNCOMPRESSED":
		return format.Uncompressed, nil
	case "GZIP":
		return format.Gzip, nil
	case "ZSTD":
		return format.Zstd, nil
	}
	return 0, fmt.Errorf("unknown Compression %q: it is UNCOMPRESSED, GZIP or SNAPPY (or ZSTD, which the service doesn't have)", name)
}

// compressed appends src, compressed. Where it is PLAIN values of a fixed width, that is width, else 0.
func (b *buffers) compressed(dst, src []byte, width int, codec format.CompressionCodec) []byte {
	switch codec {
	case format.Snappy:
		return b.appendSnappy(appendUvarint(dst, uint64(len(src))), src, width)
	case format.Gzip:
		return b.encoder.AppendGzip(dst, src, gzipLevel)
	case format.Zstd:
		return b.encoder.AppendZstd(dst, src)
	}
	return append(dst, src...)
}

// compressedParts appends levels and values, compressed as one. Snappy gets them one after the
// other, so that it doesn't give up looking for matches in the values because the levels have none.
func (b *buffers) compressedParts(dst, levels, values []byte, width int, codec format.CompressionCodec) []byte {
	switch codec {
	case format.Snappy:
		dst = appendUvarint(dst, uint64(len(levels)+len(values)))
		return b.appendSnappy(b.appendSnappy(dst, levels, 0), values, width)
	case format.Uncompressed:
		return append(append(dst, levels...), values...)
	}
	b.body = append(append(b.body[:0], levels...), values...)
	return b.compressed(dst, b.body, 0, codec)
}

// gzipLevel is that of Java's Deflater, which parquet-mr uses.
const gzipLevel = 6

// plainDictionary is what parquet-mr calls both pages of a dictionary in V1 files. The
// specification would have the names of V2, but readers of old know this one.
const plainDictionary format.Encoding = 2

// encodingSet is a set of encodings, a bit each.
type encodingSet uint32

func (s *encodingSet) add(e format.Encoding)     { *s |= 1 << e }
func (s encodingSet) has(e format.Encoding) bool { return s>>e&1 != 0 }

// flush ends the growing page, which may be the row group's last.
func (c *chunk) flush(last bool) error {
	if c.rows == 0 {
		return nil
	}
	if !c.flat() {
		if err := c.count(); err != nil {
			return err
		}
	}
	b := c.w.buffers.Get().(*buffers)
	defer c.w.buffers.Put(b)
	// a page without values decides nothing, but in parquet-mr
	coded := c.inDict && (c.values > 0 || c.w.options.Layout == LayoutHive)
	if coded && !c.code(b) {
		coded = false
		c.endDictionary() // finished pages keep it
		c.boundPlain()
	}
	values, enc := c.encoded(b, coded)
	if err := c.writePage(b, values, enc, last); err != nil {
		return err
	}
	c.clearPage()
	return nil
}

// code makes b.values of the growing page's values: their codes by the dictionary. It reports whether that pays.
func (c *chunk) code(b *buffers) bool {
	if c.dict == nil {
		c.dict = c.w.takeDictionary(c.leaf.width)
	}
	size := c.dict.size()
	if !c.numbered(b, c.values, c.values) {
		return false
	}
	w := codeWidth(c.dict.n)
	b.values = appendCodes(append(b.values[:0], byte(w)), b.codes, w)
	return c.pays(b, c.dict.size()-size)
}

// pays reports whether the growing page is smaller as codes, b.values, with the bytes that it has added to the dictionary. As in
// parquet-mr the first page decides; but here another may decide otherwise, when values move on, and what counts are sizes after
// compression, where parquet-mr compares those before.
func (c *chunk) pays(b *buffers, added int) bool {
	codes, w := len(b.values), c.w
	switch {
	case w.options.Layout == LayoutHive:
		return len(c.index) > 0 || codes < c.raw-added
	case added == 0:
		return true
	case codes+added >= c.raw:
		return false
	case w.codec == format.Uncompressed || codes < (c.raw-added)/8:
		return true
	}
	dict := c.dict.plain[c.dict.size()-added:]
	return b.estimate(b.values, 0, w.codec)+b.estimate(dict, c.leaf.width, w.codec) < b.estimate(c.plain, c.leaf.width, w.codec)
}

// estimate is about how many bytes src takes when it is compressed, by a sample of it.
func (b *buffers) estimate(src []byte, width int, codec format.CompressionCodec) int {
	s := sampleOf(src, width)
	if len(s) == 0 {
		return 0
	}
	b.out = b.compressed(b.out[:0], s, width, codec)
	return int(int64(len(b.out)) * int64(len(src)) / int64(len(s)))
}

// encoded returns the values of the growing page as the page holds them, in b.values or c.plain,
// and their encoding. Where they are coded, b.values are the codes.
func (c *chunk) encoded(b *buffers, coded bool) ([]byte, format.Encoding) {
	switch {
	case coded:
		c.boundCodes(b)
		c.dictUsed = c.dict.n
		if c.w.v2 || c.w.options.Layout == LayoutModern {
			return b.values, format.RLEDictionary
		}
		return b.values, plainDictionary
	case c.leaf.physical == format.Boolean:
		return c.encodedBooleans(b)
	}
	if c.leaf.bloom {
		c.addHashes(c.plain)
	}
	if c.w.v2 {
		return c.encodedDelta(b)
	}
	return c.plain, format.Plain
}

// encodedDelta is encoded for V2. LayoutHive uses the encodings of parquet-mr 1.8.1, which had
// none for INT64; the others use them where they are shorter.
func (c *chunk) encodedDelta(b *buffers) ([]byte, format.Encoding) {
	hive := c.w.options.Layout == LayoutHive
	if c.delta == nil {
		c.delta = new(deltas)
	}
	d := c.delta
	enc := format.Plain
	switch c.leaf.physical {
	case format.Int32:
		b.values, enc = d.appendInt32(b.values[:0], c.plain), format.DeltaBinaryPacked
	case format.Int64:
		if !hive {
			b.values, enc = d.appendInt64(b.values[:0], c.plain), format.DeltaBinaryPacked
		}
	case format.ByteArray:
		if hive || prefixesPay(c.plain) {
			b.values, enc = d.appendPrefixes(b.values[:0], c.plain, 0), format.DeltaByteArray
		} else {
			b.values, enc = d.appendLengths(b.values[:0], c.plain), format.DeltaLengthByteArray
		}
	case format.FixedLenByteArray:
		if hive {
			b.values, enc = d.appendPrefixes(b.values[:0], c.plain, c.leaf.width), format.DeltaByteArray
		}
	}
	if enc == format.Plain || !hive && len(b.values) >= len(c.plain) {
		return c.plain, format.Plain
	}
	return b.values, enc
}

// encodedBooleans is encoded for c.bools.
func (c *chunk) encodedBooleans(b *buffers) ([]byte, format.Encoding) {
	switch set := countValid(c.bools, 0, c.values); {
	case set > 0 && set < c.values:
		c.bounds.ints([]int64{0, 1})
	case c.values > 0:
		c.bounds.ints([]int64{int64(set / c.values)})
	}
	b.values = b.values[:0]
	if !c.w.v2 {
		for i := 0; i < c.values; i += 64 {
			b.values = appendWord(b.values, c.bools[i>>6], min(8, (c.values-i+7)/8))
		}
		return b.values, format.Plain
	}
	b.values = append(b.values, 0, 0, 0, 0)
	b.values = c.appendLevelBits(b.values, b, c.bools, c.values)
	binary.LittleEndian.PutUint32(b.values, uint32(len(b.values)-4))
	return b.values, format.RLE
}

// appendLevelBits appends n bits as RLE/bit-packed values of width 1.
func (c *chunk) appendLevelBits(dst []byte, b *buffers, set []uint64, n int) []byte {
	if c.w.options.Layout != LayoutHive {
		return appendBitmap(dst, set, n)
	}
	b.small = b.small[:0]
	for i := range n {
		b.small = append(b.small, uint8(set[i>>6]>>(i&63)&1))
	}
	return appendLevels(dst, b.small, 1)
}

// appendDef appends the definition levels of the growing page.
func (c *chunk) appendDef(dst []byte, b *buffers) []byte {
	if !c.flat() {
		return appendLevels(dst, c.def, levelWidth(c.leaf.maxDef))
	}
	if c.nulls > 0 {
		return c.appendLevelBits(dst, b, c.defBits, c.entries)
	}
	if c.w.options.Layout == LayoutHive && c.entries < 8 {
		// parquet-mr repeats only what is there 8 times
		return append(dst, 1<<1|1, 1<<c.entries-1)
	}
	return appendRun(dst, 1, c.entries, 1)
}

// writePage appends the growing page, whose encoded values are given, to c.pages.
func (c *chunk) writePage(b *buffers, values []byte, enc format.Encoding, last bool) error {
	w := c.w
	hive := w.options.Layout == LayoutHive
	var defLen, repLen, uncompressed int
	compressed := true
	at := c.stored
	width := 0
	if enc == format.Plain {
		width = c.leaf.width
	}
	if w.v2 {
		b.levels = b.levels[:0]
		if c.leaf.maxRep > 0 {
			b.levels = appendLevels(b.levels, c.rep, levelWidth(c.leaf.maxRep))
		}
		repLen = len(b.levels)
		if c.leaf.maxDef > 0 {
			b.levels = c.appendDef(b.levels, b)
		}
		defLen = len(b.levels) - repLen
		uncompressed = len(b.levels) + len(values)
		b.out = b.compressed(append(b.out[:0], b.levels...), values, width, w.codec)
		if !hive && w.codec != format.Uncompressed && len(b.out) >= uncompressed {
			compressed = false
			b.out = append(b.out[:len(b.levels)], values...)
		}
	} else {
		b.levels = b.levels[:0]
		if c.leaf.maxRep > 0 {
			b.levels = append(b.levels, 0, 0, 0, 0)
			b.levels = appendLevels(b.levels, c.rep, levelWidth(c.leaf.maxRep))
			binary.LittleEndian.PutUint32(b.levels, uint32(len(b.levels)-4))
		}
		if c.leaf.maxDef > 0 {
			n := len(b.levels)
			b.levels = append(b.levels, 0, 0, 0, 0)
			b.levels = c.appendDef(b.levels, b)
			binary.LittleEndian.PutUint32(b.levels[n:], uint32(len(b.levels)-n-4))
		}
		uncompressed = len(b.levels) + len(values)
		b.out = b.compressedParts(b.out[:0], b.levels, values, width, w.codec)
	}
	if uncompressed > math.MaxInt32 || len(b.out) > math.MaxInt32 {
		return fmt.Errorf("column %s: a page of %d bytes is more than the format holds", c.leaf.name(), uncompressed)
	}

	e := pageEntry{at: at, firstRow: c.totalRows, nulls: int64(c.nulls), empty: c.values == 0}
	e.min, e.max, _, _, e.bounded = c.bounds.plain(c.leaf, hive)
	e.encoding = enc
	e.dict = enc == format.RLEDictionary || enc == plainDictionary

	h := &b.header
	h.b, h.last = h.b[:0], 0
	h.begin(0)
	if w.v2 {
		h.i32(1, int32(format.DataPageV2))
	} else {
		h.i32(1, int32(format.DataPage))
	}
	h.i32(2, int32(uncompressed))
	h.i32(3, int32(len(b.out)))
	if !hive {
		h.i32(4, int32(crc32.ChecksumIEEE(b.out)))
	}
	if w.v2 {
		h.begin(8)
		h.i32(1, int32(c.entries))
		h.i32(2, int32(c.nulls))
		h.i32(3, int32(c.rows))
		h.i32(4, int32(enc))
		h.i32(5, int32(defLen))
		h.i32(6, int32(repLen))
		if !hive {
			h.bool(7, compressed)
		} else {
			appendHiveStatistics(h, 8, &e)
		}
		h.end()
	} else {
		h.begin(5)
		h.i32(1, int32(c.entries))
		h.i32(2, int32(enc))
		h.i32(3, int32(levelEncoding(c.leaf.maxDef)))
		h.i32(4, int32(levelEncoding(c.leaf.maxRep)))
		if hive {
			appendHiveStatistics(h, 5, &e)
		}
		h.end()
	}
	h.end()

	page := c.newPage(len(h.b)+len(b.out), last)
	*page = append(append(*page, h.b...), b.out...)
	e.size = len(*page)
	c.stored += e.size
	c.index = append(c.index, e)
	c.uncompressed += int64(len(h.b) + uncompressed)
	c.totalRows += int64(c.rows)
	c.totalEntries += int64(c.entries)
	c.totalNulls += int64(c.nulls)
	c.stats.merge(c.leaf.order, &c.bounds)
	c.encodings.add(enc)
	return nil
}

// levelEncoding is what a V1 header says of levels up to limit.
func levelEncoding(limit uint8) format.Encoding {
	if limit == 0 {
		return format.BitPacked
	}
	return format.RLE
}

// appendHiveStatistics appends the old statistics in field id, where parquet-mr 1.8.1 has some.
func appendHiveStatistics(c *compact, id int16, e *pageEntry) {
	if !e.bounded && e.nulls == 0 {
		return
	}
	c.begin(id)
	if e.bounded {
		c.bytes(1, e.max)
		c.bytes(2, e.min)
	}
	c.i64(3, e.nulls)
	c.end()
}

// endDictionary makes the page of the chunk's dictionary, to which nothing is added any more, and gives the dictionary back.
func (c *chunk) endDictionary() {
	d := c.dict
	if d == nil {
		return
	}
	c.dict, c.inDict = nil, false
	defer c.w.giveDictionary(d)
	if c.dictUsed == 0 {
		return
	}
	b := c.w.buffers.Get().(*buffers)
	defer c.w.buffers.Put(b)
	plain := d.first(c.dictUsed)
	if c.leaf.bloom {
		c.addHashes(plain)
	}
	b.out = b.compressed(b.out[:0], plain, c.leaf.width, c.w.codec)
	enc := format.Plain
	if !c.w.v2 && c.w.options.Layout != LayoutModern {
		enc = plainDictionary
	}
	c.encodings.add(enc)
	h := &b.header
	h.b, h.last = h.b[:0], 0
	h.begin(0)
	h.i32(1, int32(format.DictionaryPage))
	h.i32(2, int32(len(plain)))
	h.i32(3, int32(len(b.out)))
	if c.w.options.Layout != LayoutHive {
		h.i32(4, int32(crc32.ChecksumIEEE(b.out)))
	}
	h.begin(7)
	h.i32(1, int32(c.dictUsed))
	h.i32(2, int32(enc))
	h.end()
	h.end()
	page, ok := c.w.pages.Get().(*[]byte)
	if !ok {
		page = new([]byte)
	}
	*page = append(append((*page)[:0], h.b...), b.out...)
	c.dictPage = page
	c.uncompressed += int64(len(h.b) + len(plain))
}

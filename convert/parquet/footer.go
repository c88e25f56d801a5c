package parquet

import (
	"bytes"

	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/format"
)

// A chunkMeta is what the footer and the indexes say of a column chunk.
type chunkMeta struct {
	leaf                     *leaf
	offset                   int64 // of the first page
	dictionary               int64 // of the dictionary page, 0 for none
	data                     int64 // of the first data page
	entries, nulls           int64
	uncompressed, compressed int64
	encodings                encodingSet
	dictPages                int32 // data pages with dictionary
	min, max                 []byte
	exactMin, exactMax       bool
	bounded                  bool
	pages                    []pageEntry

	columnIndex, offsetIndex, bloom                   int64
	columnIndexLength, offsetIndexLength, bloomLength int32
}

func (w *Writer) appendChunk(c *chunk) (chunkMeta, error) {
	m := chunkMeta{leaf: c.leaf, offset: w.pos, entries: c.totalEntries, nulls: c.totalNulls}
	if c.dictPage != nil {
		m.dictionary = w.pos
		if err := w.write(*c.dictPage); err != nil {
			return m, err
		}
		w.pages.Put(c.dictPage)
		c.dictPage = nil
	}
	m.data = w.pos
	m.uncompressed = c.uncompressed
	for _, page := range c.pages {
		if err := w.write(page); err != nil {
			return m, err
		}
	}
	m.compressed = w.pos - m.offset
	m.encodings = c.encodings
	m.min, m.max, m.exactMin, m.exactMax, m.bounded = c.stats.plain(c.leaf, w.options.Layout == LayoutHive)
	for i := range c.index {
		if c.index[i].dict {
			m.dictPages++
		}
	}
	if w.options.Layout != LayoutHive {
		m.pages = append([]pageEntry(nil), c.index...)
	}
	return m, nil
}

// footer returns the FileMetaData message.
func (w *Writer) footer() []byte {
	c := &compact{}
	hive := w.options.Layout == LayoutHive
	c.begin(0)
	version := int32(1) // of parquet-mr also with writer version V2
	if w.v2 && w.options.Layout == LayoutModern {
		version = 2
	}
	c.i32(1, version)
	c.list(2, thriftStruct, len(w.tree.elems))
	for i := range w.tree.elems {
		w.tree.appendSchema(c, i)
	}
	c.i64(3, w.rows)
	c.list(4, thriftStruct, len(w.groups))
	for i := range w.groups {
		w.appendRowGroup(c, &w.groups[i], i)
	}
	switch {
	case w.options.CreatedBy != "":
		c.string(6, w.options.CreatedBy)
	case hive:
		c.string(6, createdByHive)
	default:
		c.string(6, createdBy)
	}
	if !hive {
		c.list(7, thriftStruct, len(w.tree.leaves))
		for range w.tree.leaves {
			c.begin(0)
			c.empty(1) // TypeDefinedOrder
			c.end()
		}
	}
	c.end()
	return c.b
}

func (w *Writer) appendRowGroup(c *compact, g *groupMeta, ordinal int) {
	c.begin(0)
	c.list(1, thriftStruct, len(g.chunks))
	for i := range g.chunks {
		w.appendColumnChunk(c, &g.chunks[i])
	}
	c.i64(2, g.uncompressed)
	c.i64(3, g.rows)
	if w.options.Layout != LayoutHive {
		c.i64(5, g.offset)
		c.i64(6, g.compressed)
		if ordinal <= 1<<15-1 {
			c.i16(7, int16(ordinal))
		}
	}
	c.end()
}

func (w *Writer) appendColumnChunk(c *compact, m *chunkMeta) {
	hive := w.options.Layout == LayoutHive
	c.begin(0)
	c.i64(2, m.offset)
	c.begin(3)
	c.i32(1, int32(m.leaf.physical))
	w.appendEncodings(c, m)
	c.list(3, thriftBinary, len(m.leaf.path))
	for _, p := range m.leaf.path {
		c.element([]byte(p))
	}
	c.i32(4, int32(w.codec))
	c.i64(5, m.entries)
	c.i64(6, m.uncompressed)
	c.i64(7, m.compressed)
	if hive {
		c.i64(9, m.offset) // of the dictionary page if there is one, which has no offset of its own
		e := pageEntry{nulls: m.nulls, min: m.min, max: m.max, bounded: m.bounded}
		appendHiveStatistics(c, 12, &e)
	} else {
		c.i64(9, m.data)
		if m.dictionary != 0 {
			c.i64(11, m.dictionary)
		}
		w.appendStatistics(c, 12, m)
		w.appendEncodingStats(c, m)
		if m.bloomLength > 0 {
			c.i64(14, m.bloom)
			c.i32(15, m.bloomLength)
		}
	}
	c.end()
	if m.offsetIndexLength > 0 {
		c.i64(4, m.offsetIndex)
		c.i32(5, m.offsetIndexLength)
	}
	if m.columnIndexLength > 0 {
		c.i64(6, m.columnIndex)
		c.i32(7, m.columnIndexLength)
	}
	c.end()
}

// appendEncodings lists the encodings in the order of Hive's files.
func (w *Writer) appendEncodings(c *compact, m *chunkMeta) {
	var list []format.Encoding
	for _, e := range [...]format.Encoding{format.Plain, plainDictionary, format.RLEDictionary,
		format.DeltaBinaryPacked, format.DeltaLengthByteArray, format.DeltaByteArray} {
		if m.encodings.has(e) {
			list = append(list, e)
		}
	}
	if !w.v2 && (m.leaf.maxRep == 0 || m.leaf.maxDef == 0) {
		list = append(list, format.BitPacked)
	}
	if m.encodings.has(format.RLE) || !(w.v2 && w.options.Layout == LayoutHive) {
		list = append(list, format.RLE)
	}
	c.list(2, thriftI32, len(list))
	for _, e := range list {
		c.zigzag(int64(e))
	}
}

// appendStatistics appends min_value and max_value, and min and max where they are in the same
// order for readers that know only those.
func (w *Writer) appendStatistics(c *compact, id int16, m *chunkMeta) {
	c.begin(id)
	old := m.bounded && (m.leaf.order == orderInt || m.leaf.order == orderFloat)
	if old {
		c.bytes(1, m.max)
		c.bytes(2, m.min)
	}
	c.i64(3, m.nulls)
	if m.bounded {
		c.bytes(5, m.max)
		c.bytes(6, m.min)
		c.bool(7, m.exactMax)
		c.bool(8, m.exactMin)
	}
	c.end()
}

func (w *Writer) appendEncodingStats(c *compact, m *chunkMeta) {
	kind := format.DataPage
	dict, dictPage := plainDictionary, plainDictionary
	if w.v2 {
		kind = format.DataPageV2
	}
	if w.v2 || w.options.Layout == LayoutModern {
		dict, dictPage = format.RLEDictionary, format.Plain
	}
	var counts []pageCount
	if m.dictionary != 0 {
		counts = append(counts, pageCount{format.DictionaryPage, dictPage, 1})
	}
	if m.dictPages > 0 {
		counts = append(counts, pageCount{kind, dict, m.dictPages})
	}
	counts = appendPageCounts(counts, kind, m.pages)
	c.list(13, thriftStruct, len(counts))
	for _, n := range counts {
		c.begin(0)
		c.i32(1, int32(n.kind))
		c.i32(2, int32(n.encoding))
		c.i32(3, n.n)
		c.end()
	}
}

type pageCount struct {
	kind     format.PageType
	encoding format.Encoding
	n        int32
}

// appendPageCounts counts the data pages without a dictionary, by encoding.
func appendPageCounts(counts []pageCount, kind format.PageType, pages []pageEntry) []pageCount {
	var n [16]int32
	for i := range pages {
		if !pages[i].dict {
			n[pages[i].encoding&15]++
		}
	}
	for e, k := range n {
		if k > 0 {
			counts = append(counts, pageCount{kind, format.Encoding(e), k})
		}
	}
	return counts
}

// appendIndexes writes all column indexes, then all offset indexes.
func (w *Writer) appendIndexes() error {
	if w.options.Layout == LayoutHive {
		return nil
	}
	c := &compact{}
	for i := range w.groups {
		for j := range w.groups[i].chunks {
			m := &w.groups[i].chunks[j]
			c.b = c.b[:0]
			if !appendColumnIndex(c, m) {
				continue
			}
			m.columnIndex, m.columnIndexLength = w.pos, int32(len(c.b))
			if err := w.write(c.b); err != nil {
				return err
			}
		}
	}
	for i := range w.groups {
		for j := range w.groups[i].chunks {
			m := &w.groups[i].chunks[j]
			c.b = c.b[:0]
			appendOffsetIndex(c, m)
			m.offsetIndex, m.offsetIndexLength = w.pos, int32(len(c.b))
			if err := w.write(c.b); err != nil {
				return err
			}
		}
	}
	return nil
}

// appendColumnIndex appends a ColumnIndex, and reports false where there can be none: each page
// must have bounds or be all null.
func appendColumnIndex(c *compact, m *chunkMeta) bool {
	if m.leaf.order == orderNone {
		return false
	}
	for i := range m.pages {
		if p := &m.pages[i]; !p.bounded && !p.empty {
			return false
		}
	}
	c.begin(0)
	c.list(1, thriftTrue, len(m.pages))
	for i := range m.pages {
		if m.pages[i].empty {
			c.b = append(c.b, thriftTrue)
		} else {
			c.b = append(c.b, thriftFalse)
		}
	}
	c.list(2, thriftBinary, len(m.pages))
	for i := range m.pages {
		c.element(m.pages[i].min)
	}
	c.list(3, thriftBinary, len(m.pages))
	for i := range m.pages {
		c.element(m.pages[i].max)
	}
	c.i32(4, int32(boundaryOrder(m)))
	c.list(5, thriftI64, len(m.pages))
	for i := range m.pages {
		c.zigzag(m.pages[i].nulls)
	}
	c.end()
	return true
}

// boundaryOrder says whether the bounds of the pages that aren't all null rise or fall.
func boundaryOrder(m *chunkMeta) format.BoundaryOrder {
	up, down := true, true
	var last *pageEntry
	for i := range m.pages {
		p := &m.pages[i]
		if p.empty {
			continue
		}
		if last != nil {
			lo, hi := m.leaf.compare(last.min, p.min), m.leaf.compare(last.max, p.max)
			up = up && lo <= 0 && hi <= 0
			down = down && lo >= 0 && hi >= 0
		}
		last = p
	}
	switch {
	case up:
		return format.Ascending
	case down:
		return format.Descending
	}
	return format.Unordered
}

func appendOffsetIndex(c *compact, m *chunkMeta) {
	c.begin(0)
	c.list(1, thriftStruct, len(m.pages))
	for i := range m.pages {
		p := &m.pages[i]
		c.begin(0)
		c.i64(1, m.data+int64(p.at))
		c.i32(2, int32(p.size))
		c.i64(3, p.firstRow)
		c.end()
	}
	c.end()
}

// appendBlooms writes the bloom filters of a row group.
func (w *Writer) appendBlooms(g *Group, metas []chunkMeta) error {
	i := 0
	for j := range g.columns {
		for _, c := range g.columns[j].chunks {
			m := &metas[i]
			i++
			if !c.leaf.bloom || len(c.blooms) == 0 || len(c.blooms) > maxBloomValues {
				continue
			}
			var out bytes.Buffer
			c.appendBloom(&out, w.options.fpp())
			m.bloom, m.bloomLength = w.pos, int32(out.Len())
			if err := w.write(out.Bytes()); err != nil {
				return err
			}
		}
	}
	return nil
}

// appendBloom writes BloomFilterHeader and bit set for the hashes of c.
func (c *chunk) appendBloom(out *bytes.Buffer, fpp float64) {
	f := make(bloom.SplitBlockFilter, bloomBlocks(len(c.blooms), fpp))
	for h := range c.blooms {
		f.Insert(h)
	}
	h := &compact{}
	h.begin(0)
	h.i32(1, int32(len(f)*bloom.BlockSize))
	for id := int16(2); id <= 4; id++ { // SPLIT_BLOCK, XXHASH, UNCOMPRESSED
		h.begin(id)
		h.empty(1)
		h.end()
	}
	h.end()
	out.Write(h.b)
	out.Write(f.Bytes())
}

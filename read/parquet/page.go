package parquet

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/bits"

	"github.com/parquet-go/parquet-go/format"

	"github.com/hydrantkit/hydrant/internal/compress"
)

const (
	// maxPage bounds a page before and after decompression. Writers make pages of about 1 MiB; one
	// row may make one larger.
	maxPage = 256 << 20
	// maxHeader bounds a page header, whose statistics may hold two whole values.
	maxHeader = 32 << 20
	// maxOpen bounds the pages that all columns have open at once.
	maxOpen = 4 << 30
)

// A value is one leaf value: Ints of integers, booleans and the bits of floats; bytes of the others.
type value struct {
	i int64
	b []byte
}

// A cursor reads one column chunk an entry at a time. After advance, def and rep are those of the
// current entry, and val is its value if def is the leaf's maximum.
type cursor struct {
	r    io.ReaderAt
	leaf *node
	meta *columnMeta

	pos     int64 // of the next page
	end     int64 // where pages cannot reach beyond
	entries int64 // that the chunk still has
	inPage  int64 // that the page still has

	defs, reps hybrid
	values     valueReader
	dict       dictionary
	total      *int64 // bytes that all columns of the file hold
	held       int64  // bytes that this one holds

	def, rep int
	val      value
	done     bool // there is no current entry

	decoder compress.Decoder
	raw     []byte
	body    []byte
	header  []byte
}

func (c *cursor) open(f *File, leaf *node, meta *columnMeta, held *int64) error {
	*c = cursor{r: f.r, leaf: leaf, meta: meta, raw: c.raw, body: c.body, header: c.header, entries: meta.NumValues, total: held, held: c.held}
	size := f.size
	if meta.NumValues == 0 {
		c.done = true
		return nil
	}
	c.pos = meta.DataPage
	if d := meta.DictionaryPage; d > 0 && d < c.pos {
		c.pos = d
	}
	c.end = size - 8
	if c.pos < 4 || c.pos > c.end || meta.NumValues < 0 {
		return fmt.Errorf("its pages begin at byte %d of %d", c.pos, size)
	}
	if meta.Type != leaf.physical {
		return fmt.Errorf("its pages are of type %v, its schema says %v", meta.Type, leaf.physical)
	}
	return c.advance()
}

// advance goes to the next entry.
func (c *cursor) advance() error {
	for c.inPage == 0 {
		if c.entries <= 0 {
			c.done = true
			return nil
		}
		if err := c.nextPage(); err != nil {
			return err
		}
	}
	c.inPage--
	c.entries--
	c.def, c.rep = c.leaf.def, 0
	if c.leaf.rep > 0 {
		v, err := c.reps.next()
		if err != nil {
			return fmt.Errorf("repetition levels: %w", err)
		}
		if c.rep = int(v); c.rep > c.leaf.rep {
			return fmt.Errorf("repetition level %d of %d", v, c.leaf.rep)
		}
	}
	if c.leaf.def > 0 {
		v, err := c.defs.next()
		if err != nil {
			return fmt.Errorf("definition levels: %w", err)
		}
		if c.def = int(v); c.def > c.leaf.def {
			return fmt.Errorf("definition level %d of %d", v, c.leaf.def)
		}
	}
	if c.def < c.leaf.def {
		return nil
	}
	var err error
	if c.val, err = c.values.next(); err != nil {
		return fmt.Errorf("values: %w", err)
	}
	return nil
}

// readHeader reads the page header at c.pos and returns its length.
func (c *cursor) readHeader(h *format.PageHeader) (int64, error) {
	for window := int64(1 << 10); ; window *= 8 {
		n := min(window, c.end-c.pos)
		if n <= 0 {
			return 0, fmt.Errorf("a page begins at byte %d, where there are none", c.pos)
		}
		if int64(cap(c.header)) < n {
			c.header = make([]byte, n)
		}
		b := c.header[:n]
		if err := readAt(c.r, b, c.pos); err != nil {
			return 0, err
		}
		*h = format.PageHeader{}
		k, err := decode(b, h)
		if err == nil {
			return int64(k), nil
		}
		if n < window || window >= maxHeader {
			return 0, fmt.Errorf("page header at byte %d: %w", c.pos, err)
		}
	}
}

func readAt(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %d bytes at %d: %w", len(b), at, err)
}

// nextPage makes the next page the current one. A dictionary page is kept, and has no entries.
func (c *cursor) nextPage() error {
	var h format.PageHeader
	at := c.pos
	n, err := c.readHeader(&h)
	if err != nil {
		return err
	}
	c.pos += n
	size, plain := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
	if size < 0 || plain < 0 || size > maxPage || plain > maxPage || size > c.end-c.pos {
		return fmt.Errorf("page at byte %d: %d bytes, %d before compression: more than the file or %d bytes hold", at, size, plain, maxPage)
	}
	if int64(cap(c.raw)) < size {
		c.raw = make([]byte, size)
	}
	raw := c.raw[:size]
	if err := readAt(c.r, raw, c.pos); err != nil {
		return err
	}
	c.pos += size
	if h.CRC != 0 && uint32(h.CRC) != crc32.ChecksumIEEE(raw) {
		return fmt.Errorf("page at byte %d: its checksum is wrong", at)
	}
	if err := c.page(&h, raw, int(plain)); err != nil {
		return fmt.Errorf("page at byte %d: %w", at, err)
	}
	held := int64(cap(c.raw) + cap(c.body) + cap(c.dict.plain) + 4*cap(c.dict.ends))
	*c.total += held - c.held
	if c.held = held; *c.total > maxOpen {
		return fmt.Errorf("page at byte %d: the pages that are open hold more than %d bytes", at, int64(maxOpen))
	}
	return nil
}

func (c *cursor) page(h *format.PageHeader, raw []byte, plain int) (err error) {
	switch h.Type {
	case format.DictionaryPage:
		if !h.DictionaryPageHeader.Valid {
			return fmt.Errorf("no header of a dictionary page")
		}
		body, err := c.decompress(make([]byte, 0, plainCapacity(plain)), raw, plain)
		if err != nil {
			return err
		}
		return c.dictionary(&h.DictionaryPageHeader.V, body)
	case format.DataPage:
		d := &h.DataPageHeader.V
		if !h.DataPageHeader.Valid || d.NumValues < 0 {
			return fmt.Errorf("no header of a data page")
		}
		if c.body, err = c.decompress(c.body[:0], raw, plain); err != nil {
			return err
		}
		return c.dataV1(d, c.body)
	case format.DataPageV2:
		d := &h.DataPageHeaderV2.V
		if !h.DataPageHeaderV2.Valid || d.NumValues < 0 {
			return fmt.Errorf("no header of a data page")
		}
		rl, dl := int64(d.RepetitionLevelsByteLength), int64(d.DefinitionLevelsByteLength)
		if rl < 0 || dl < 0 || rl+dl > int64(len(raw)) || rl+dl > int64(plain) {
			return fmt.Errorf("levels of %d and %d bytes in a page of %d", rl, dl, len(raw))
		}
		if c.reps, err = newHybrid(raw[:rl], bits.Len(uint(c.leaf.rep))); err != nil {
			return err
		}
		if c.defs, err = newHybrid(raw[rl:rl+dl], bits.Len(uint(c.leaf.def))); err != nil {
			return err
		}
		values, rest := raw[rl+dl:], plain-int(rl+dl)
		if d.IsCompressed.Valid && !d.IsCompressed.V || rest == 0 {
			c.body = append(c.body[:0], values...)
		} else if c.body, err = c.decompress(c.body[:0], values, rest); err != nil {
			return err
		}
		c.inPage = min(int64(d.NumValues), c.entries)
		return c.values.open(c, d.Encoding, c.body)
	}
	return nil // an index page, or a kind of the future: no entries
}

// plainCapacity is what is allocated on a header's word alone.
func plainCapacity(n int) int { return min(n, 1<<20) }

func (c *cursor) dataV1(d *format.DataPageHeader, b []byte) (err error) {
	level := func(limit int, enc format.Encoding) (h hybrid, err error) {
		width := bits.Len(uint(limit))
		if limit == 0 {
			return h, nil
		}
		if enc == format.BitPacked {
			n := (int64(d.NumValues)*int64(width) + 7) / 8
			if n > int64(len(b)) {
				return h, errShort
			}
			h, b = newBitPacked(b[:n], width), b[n:]
			return h, nil
		}
		if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
			return h, errShort
		}
		n := 4 + int(binary.LittleEndian.Uint32(b))
		h, err = newHybrid(b[4:n], width)
		b = b[n:]
		return h, err
	}
	if c.reps, err = level(c.leaf.rep, d.RepetitionLevelEncoding); err != nil {
		return fmt.Errorf("repetition levels: %w", err)
	}
	if c.defs, err = level(c.leaf.def, d.DefinitionLevelEncoding); err != nil {
		return fmt.Errorf("definition levels: %w", err)
	}
	c.inPage = min(int64(d.NumValues), c.entries)
	return c.values.open(c, d.Encoding, b)
}

// decompress appends the content of src, which must be size bytes.
func (c *cursor) decompress(dst, src []byte, size int) ([]byte, error) {
	var err error
	switch c.meta.Codec {
	case format.Uncompressed:
		dst = append(dst, src...)
	case format.Snappy:
		dst, err = compress.DecodeSnappyBlock(dst, src, size)
	case format.Gzip:
		dst, err = c.decoder.Gzip(dst, src, size)
	case format.Zstd:
		dst, err = c.decoder.Zstd(dst, src, size)
	case format.Lz4Raw:
		dst, err = compress.DecodeLZ4Block(dst, src, size)
	case format.Lz4:
		dst, err = decodeHadoopLZ4(dst, src, size)
	default:
		return dst, fmt.Errorf("compression %v isn't supported", c.meta.Codec)
	}
	if err != nil {
		return dst, fmt.Errorf("decompress: %w", err)
	}
	if len(dst) != size {
		return dst, fmt.Errorf("decompress: %d bytes, the header says %d", len(dst), size)
	}
	return dst, nil
}

// decodeHadoopLZ4 decompresses what Hadoop's codec makes of LZ4: blocks of
// content length uint32 | compressed length uint32 | LZ4 block, lengths big-endian. Other writers
// put a bare block under the same name.
func decodeHadoopLZ4(dst, src []byte, size int) ([]byte, error) {
	out, b := dst, src
	for len(b) >= 8 {
		n, k := uint64(binary.BigEndian.Uint32(b)), uint64(binary.BigEndian.Uint32(b[4:]))
		if k > uint64(len(b)-8) || n > uint64(size) {
			break
		}
		var err error
		before := len(out)
		if out, err = compress.DecodeLZ4Block(out, b[8:8+k], size); err != nil || len(out)-before != int(n) {
			break
		}
		b = b[8+k:]
	}
	if len(b) == 0 && len(out)-len(dst) == size {
		return out, nil
	}
	return compress.DecodeLZ4Block(dst, src, size)
}

// A dictionary is a dictionary page: PLAIN values.
type dictionary struct {
	leaf  *node
	n     int
	plain []byte
	ends  []uint32 // of byte arrays
}

// dictionary reads a dictionary page.
func (c *cursor) dictionary(h *format.DictionaryPageHeader, b []byte) error {
	d := dictionary{leaf: c.leaf, n: int(h.NumValues), plain: b}
	least := 4
	if w := c.leaf.width(); w > 0 {
		least = w
	}
	if c.leaf.physical == format.Boolean || d.n < 0 || d.n > len(b)/least {
		return fmt.Errorf("a dictionary of %d values in %d bytes", h.NumValues, len(b))
	}
	if c.leaf.physical == format.ByteArray {
		d.ends = make([]uint32, 0, d.n)
		at := uint64(0)
		for range d.n {
			if at+4 > uint64(len(b)) {
				return errShort
			}
			if at += 4 + uint64(binary.LittleEndian.Uint32(b[at:])); at > uint64(len(b)) {
				return errShort
			}
			d.ends = append(d.ends, uint32(at))
		}
	}
	c.dict = d
	return nil
}

func (d *dictionary) value(k uint32) (x value, err error) {
	if int64(k) >= int64(d.n) {
		return x, fmt.Errorf("value %d of a dictionary of %d", k, d.n)
	}
	if d.ends == nil {
		w := d.leaf.width()
		return fixed(d.leaf, d.plain[int(k)*w:(int(k)+1)*w]), nil
	}
	start := uint32(0)
	if k > 0 {
		start = d.ends[k-1]
	}
	x.b = d.plain[start+4 : d.ends[k]]
	return x, nil
}

// A valueReader reads the values of a page.
type valueReader struct {
	leaf     *node
	encoding format.Encoding
	b        []byte
	bit      int
	codes    hybrid
	dict     *dictionary
	ints     delta
	lengths  delta
	prefixes delta
	last     []byte
	stride   int // BYTE_STREAM_SPLIT: values of the page
	at       int
	buf      [16]byte
}

func (v *valueReader) open(c *cursor, e format.Encoding, b []byte) (err error) {
	*v = valueReader{leaf: c.leaf, encoding: e, b: b, last: v.last[:0]}
	switch t := c.leaf.physical; e {
	case format.Plain:
		return nil
	case plainDictionary, format.RLEDictionary:
		v.dict = &c.dict
		if len(b) == 0 {
			return nil // all null
		}
		v.codes, err = newHybrid(b[1:], int(b[0]))
		return err
	case format.RLE:
		if t != format.Boolean {
			break
		}
		if len(b) == 0 {
			return nil
		}
		if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
			return errShort
		}
		v.codes, err = newHybrid(b[4:4+binary.LittleEndian.Uint32(b)], 1)
		return err
	case format.DeltaBinaryPacked:
		if t != format.Int32 && t != format.Int64 {
			break
		}
		if len(b) == 0 {
			return nil
		}
		v.ints, err = newDelta(b)
		return err
	case format.DeltaLengthByteArray:
		if t != format.ByteArray {
			break
		}
		if len(b) == 0 {
			return nil
		}
		if v.lengths, err = newDelta(b); err != nil {
			return err
		}
		v.b, err = v.lengths.rest()
		return err
	case format.DeltaByteArray:
		if t != format.ByteArray && t != format.FixedLenByteArray {
			break
		}
		if len(b) == 0 {
			return nil
		}
		if v.prefixes, err = newDelta(b); err != nil {
			return err
		}
		if b, err = v.prefixes.rest(); err != nil {
			return err
		}
		if v.lengths, err = newDelta(b); err != nil {
			return err
		}
		v.b, err = v.lengths.rest()
		return err
	case format.ByteStreamSplit:
		w := c.leaf.width()
		if t == format.Boolean || w <= 0 || len(b)%w != 0 {
			break
		}
		v.stride = len(b) / w
		return nil
	}
	return fmt.Errorf("encoding %v of %v isn't supported", e, c.leaf.physical)
}

func (v *valueReader) next() (x value, err error) {
	switch v.encoding {
	case format.Plain:
		return v.plain()
	case plainDictionary, format.RLEDictionary:
		k, err := v.codes.next()
		if err != nil {
			return x, err
		}
		return v.dict.value(k)
	case format.RLE:
		k, err := v.codes.next()
		x.i = int64(k)
		return x, err
	case format.DeltaBinaryPacked:
		x.i, err = v.ints.next()
		if v.leaf.physical == format.Int32 {
			x.i = int64(int32(x.i))
		}
		return x, err
	case format.DeltaLengthByteArray:
		n, err := v.lengths.next()
		if err != nil {
			return x, err
		}
		if n < 0 || n > int64(len(v.b)) {
			return x, errShort
		}
		x.b, v.b = v.b[:n], v.b[n:]
		return x, nil
	case format.DeltaByteArray:
		p, err := v.prefixes.next()
		if err != nil {
			return x, err
		}
		n, err := v.lengths.next()
		if err != nil {
			return x, err
		}
		if p < 0 || p > int64(len(v.last)) || n < 0 || n > int64(len(v.b)) || p+n > maxPage {
			return x, errShort
		}
		v.last = append(v.last[:p], v.b[:n]...)
		v.b = v.b[n:]
		if v.leaf.physical == format.FixedLenByteArray && len(v.last) != v.leaf.length {
			return x, fmt.Errorf("a value of %d bytes, not %d", len(v.last), v.leaf.length)
		}
		x.b = v.last
		return x, nil
	case format.ByteStreamSplit:
		if v.at >= v.stride {
			return x, errShort
		}
		w := v.leaf.width()
		b := v.buf[:0]
		for i := range w {
			b = append(b, v.b[i*v.stride+v.at])
		}
		v.at++
		return fixed(v.leaf, b), nil
	}
	return x, errShort
}

func (v *valueReader) plain() (x value, err error) {
	switch v.leaf.physical {
	case format.Boolean:
		if v.bit >= 8*len(v.b) {
			return x, errShort
		}
		x.i = int64(v.b[v.bit>>3] >> (v.bit & 7) & 1)
		v.bit++
		return x, nil
	case format.ByteArray:
		if len(v.b) < 4 || uint64(binary.LittleEndian.Uint32(v.b)) > uint64(len(v.b)-4) {
			return x, errShort
		}
		n := 4 + int(binary.LittleEndian.Uint32(v.b))
		x.b, v.b = v.b[4:n], v.b[n:]
		return x, nil
	}
	w := v.leaf.width()
	if w > len(v.b) {
		return x, errShort
	}
	x, v.b = fixed(v.leaf, v.b[:w]), v.b[w:]
	return x, nil
}

// fixed reads a PLAIN value of a leaf that has a width.
func fixed(leaf *node, b []byte) value {
	switch leaf.physical {
	case format.Int32:
		return value{i: int64(int32(binary.LittleEndian.Uint32(b)))}
	case format.Float:
		return value{i: int64(math.Float64bits(float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))))}
	case format.Int64, format.Double:
		return value{i: int64(binary.LittleEndian.Uint64(b))}
	}
	return value{b: b}
}

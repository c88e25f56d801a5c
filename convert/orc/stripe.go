package orc

import (
	"fmt"
	"sync"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

// A stripe holds rows, column by column (ORCv1, "Stripes"):
//
//	index streams   by column: ROW_INDEX, BLOOM_FILTER_UTF8     StripeInformation.indexLength
//	data streams    by column: PRESENT, DATA, ...               StripeInformation.dataLength
//	StripeFooter    streams in file order, encoding of every column, writerTimezone
//
// A Stripe is one while it is being gathered. The zero Stripe is empty. It keeps its memory when
// Append empties it, but belongs to the Writer that it was first used with.
type Stripe struct {
	mu      sync.Mutex
	columns []*columnEncoder
}

// A streamRef is a stream on its way into the file.
type streamRef struct {
	kind, column int
	size         int
	pages        [][]byte
}

func messageRef(kind, column int, b []byte) streamRef {
	return streamRef{kind, column, len(b), [][]byte{b}}
}

// column returns the encoder of column col; it may be called for several columns at once.
func (g *Stripe) column(w *Writer, col int) *columnEncoder {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.columns == nil {
		g.columns = make([]*columnEncoder, len(w.columns))
	}
	c := g.columns[col]
	if c == nil {
		c = &columnEncoder{codec: codec{compression: w.compression}, version1: w.version1, maxDictionary: w.maxDictionary}
		c.root.init(c, w, w.columns[col].Type, w.ids[col])
		c.root.reset(w)
		g.columns[col] = c
	}
	return c
}

// Encode appends column col of b to dst. It runs on any goroutine; different columns of one stripe
// may be encoded at once. A column may be given several batches in turn, all columns the same ones.
// After an error the stripe can't be used any more.
func (w *Writer) Encode(dst *Stripe, b *column.Batch, col int) error {
	v := &b.Columns[col]
	if v.Len != b.Rows {
		return fmt.Errorf("column %s: %d values in %d rows", w.columns[col].Name, v.Len, b.Rows)
	}
	if v.Type != w.columns[col].Type && !v.Type.Equal(w.columns[col].Type) {
		return fmt.Errorf("column %s: %s where the file has %s", w.columns[col].Name, v.Type, w.columns[col].Type)
	}
	c := dst.column(w, col)
	if c.finished {
		return fmt.Errorf("column %s: the stripe is finished", w.columns[col].Name)
	}
	c.scratch = w.takeScratch()
	defer w.giveScratch(c.scratch)
	for lo := 0; lo < b.Rows; {
		at := c.rows % w.stride
		if at == 0 {
			c.root.beginGroup(w)
		}
		n := min(b.Rows-lo, w.stride-at)
		if err := c.root.encode(v, lo, lo+n, nil); err != nil {
			return fmt.Errorf("column %s: %w", w.columns[col].Name, err)
		}
		c.rows += n
		lo += n
		c.root.checkDictionary(w, c.rows%w.stride == 0)
	}
	return nil
}

// Finish does what Append would have to do for column col: it chooses between dictionary and
// direct encoding and compresses what is left. No Encode of the column may follow before Append.
// Calling it is optional; it runs on any goroutine, for different columns at once.
func (w *Writer) Finish(g *Stripe, col int) error {
	w.finish(g.column(w, col))
	return nil
}

func (w *Writer) finish(c *columnEncoder) {
	if !c.finished {
		c.finished = true
		c.scratch = w.takeScratch()
		c.root.finish(w)
		w.giveScratch(c.scratch)
	}
}

// Size estimates how many bytes the stripe would have in the file, without its footer.
func (w *Writer) Size(g *Stripe) int64 {
	var n int64
	for _, c := range g.columns {
		if c != nil {
			n += int64(c.root.memory())
		}
	}
	return n
}

// BlockSize is the Size at which a stripe is complete: StripeSizeBytes.
func (w *Writer) BlockSize() int64 { return w.stripeSize }

// Append writes g as the next stripe and empties it. A stripe without rows isn't written.
// After an error the file can't be completed.
func (w *Writer) Append(g *Stripe) error {
	if w.err != nil {
		return w.err
	}
	rows := 0
	for col := range w.columns {
		c := g.column(w, col)
		if col == 0 {
			rows = c.rows
		}
		if c.rows != rows {
			return w.fail(fmt.Errorf("stripe %d: %d rows of column %s, %d of column %s",
				len(w.stripes), rows, w.columns[0].Name, c.rows, w.columns[col].Name))
		}
	}
	if rows > 0 {
		for _, c := range g.columns {
			w.finish(c)
		}
		if err := w.appendStripe(g, rows); err != nil {
			return w.fail(fmt.Errorf("stripe %d: %w", len(w.stripes), err))
		}
	}
	for _, c := range g.columns {
		c.rows, c.finished = 0, false
		c.root.reset(w)
	}
	return nil
}

func (w *Writer) appendStripe(g *Stripe, rows int) error {
	root := w.rootIndex(rows)
	streams := []streamRef{messageRef(streamRowIndex, 0, w.codec.appendMessage(nil, root))}
	for _, c := range g.columns {
		streams = c.root.appendIndexes(streams, &w.codec)
	}
	indexes := len(streams)
	for _, c := range g.columns {
		streams = c.root.appendStreams(streams)
	}
	info := stripeInfo{rows: rows}
	for i, s := range streams {
		if i < indexes {
			info.index += int64(s.size)
		} else {
			info.data += int64(s.size)
		}
	}

	footer := w.codec.appendMessage(nil, w.stripeFooter(g, streams))
	info.footer = int64(len(footer))
	if err := w.pad(info.index + info.data + info.footer); err != nil {
		return err
	}
	info.offset = w.offset
	for _, s := range streams {
		for _, page := range s.pages {
			if err := w.write(page); err != nil {
				return err
			}
		}
	}
	if err := w.write(footer); err != nil {
		return err
	}
	if err := w.w.Flush(); err != nil {
		return err
	}

	stats := []statistics{{count: int64(rows)}}
	for _, c := range g.columns {
		stats = c.root.appendStatistics(stats)
	}
	w.stripes = append(w.stripes, info)
	w.metadata = w.appendStripeStatistics(w.metadata, stats)
	for i := range stats {
		w.stats[i].merge(&stats[i], w.types[i].typ)
	}
	return nil
}

// rootIndex is the RowIndex of the root struct, which has no streams.
func (w *Writer) rootIndex(rows int) []byte {
	var dst []byte
	root := schema.Type{Kind: schema.Struct}
	for ; rows > 0; rows -= w.stride {
		dst = appendIndexEntry(dst, nil, &statistics{count: int64(min(rows, w.stride))}, &root)
	}
	return dst
}

func (w *Writer) stripeFooter(g *Stripe, streams []streamRef) []byte {
	var dst []byte
	var at int
	for _, s := range streams {
		dst, at = openMessage(dst, 1)
		dst = appendUint(dst, 1, uint64(s.kind))
		dst = appendUint(dst, 2, uint64(s.column))
		dst = appendUint(dst, 3, uint64(s.size))
		dst = closeMessage(dst, at)
	}
	dst, at = openMessage(dst, 2)
	dst = closeMessage(appendUint(dst, 1, encodingDirect), at) // the root struct
	for _, c := range g.columns {
		dst = c.root.appendEncodings(dst)
	}
	if w.hasTime {
		dst = appendBytes(dst, 3, "UTC")
	}
	return dst
}

// appendEncodings appends the ColumnEncodings of e and its children to a StripeFooter.
func (e *encoder) appendEncodings(dst []byte) []byte {
	dst, at := openMessage(dst, 2)
	dst = appendUint(dst, 1, uint64(e.encoding))
	if e.inDict {
		dst = appendUint(dst, 2, uint64(e.dictionarySize))
	}
	if e.bloom {
		dst = appendUint(dst, 3, 1)
	}
	dst = closeMessage(dst, at)
	for i := range e.children {
		dst = e.children[i].appendEncodings(dst)
	}
	return dst
}

// pad writes zeros up to the next block, when a stripe of size bytes would cross into it and
// no more than the tolerance is lost: as PhysicalFsWriter of ORC Java.
func (w *Writer) pad(size int64) error {
	in := w.offset % w.blockSize
	if !w.padding || in == 0 || in+size < w.blockSize || w.blockSize-in > w.maxPadding {
		return nil
	}
	var zeros [4096]byte
	for n := w.blockSize - in; n > 0; {
		k := min(n, int64(len(zeros)))
		if err := w.write(zeros[:k]); err != nil {
			return err
		}
		n -= k
	}
	return nil
}

func (w *Writer) write(b []byte) error {
	n, err := w.w.Write(b)
	w.offset += int64(n)
	return err
}

// Package parquet writes column vectors as Parquet files, as the service's ParquetSerDe does.
//
// A [Writer] is a serializer of package convert: [Writer.Encode] turns a column of a batch into
// pages of a [Group], [Writer.Append] writes the group as the next row group, and [Writer.Close]
// writes the footer. [Options] mirrors the API's structure, and its zero value is the service's
// default; [Layout] chooses whose names, types and metadata the file has.
//
//	"PAR1" | row group … | bloom filters and page indexes | FileMetaData | length uint32 | "PAR1"
//
// # Design
//
// A group keeps encoded pages, not columns: a large row group costs its compressed size. Levels
// are derived from the vectors' Valid and Offsets when pages are made, and the dense values of a
// leaf are the vector's non-null values in order, nested or not, so one loop for each physical
// type serves every depth.
//
// The footer and the page headers are written by [compact], not by parquet-go's thrift encoder:
// that one cannot tell an empty minimum from none, nor write what newer readers want to know
// (whether a bound is exact). parquet-go's format package gives the enumerations and, in tests,
// reads everything back.
package parquet

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/parquet-go/parquet-go/format"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

const (
	magic = "PAR1"

	// growingBytes is what the growing pages of leaves without dictionaries take at most, as long as pages of leastPlain allow it.
	growingBytes = 32 << 20
	leastPlain   = 128 << 10

	// createdBy is the writer's name in footers, in the form that parquet-mr can parse: it ignores
	// statistics of writers whose name it can't.
	createdBy = "hydrant version 0.1 (build github.com/hydrantkit/hydrant)"

	// createdByHive is that of Hive 2.3 (oracle/parquet/README.md).
	createdByHive = "parquet-mr version 1.8.1 (build 4aba4dae7bb0d4edbcf7923ae1339f28fd3f7fcf)"
)

// A Writer writes one file. Encode, Finish and Size may run on any goroutine, for different groups or
// different columns of one group at once; Append and Close belong to one goroutine.
type Writer struct {
	options   Options
	pageSize  int
	plainSize int // of pages without a dictionary
	codec     format.CompressionCodec
	v2        bool
	tree      *tree
	buffers   sync.Pool
	dicts     sync.Pool // dictionaries that no chunk has
	pages     sync.Pool // the memory of their pages, *[]byte

	out    io.Writer
	pos    int64
	groups []groupMeta
	rows   int64
	err    error // the first of out: nothing can follow it
	closed bool
}

// A Group is one row group in the making. Its zero value is empty.
type Group struct {
	mu      sync.Mutex
	columns []groupColumn
}

// A groupColumn is a column's part of a group: a chunk for each of its leaves.
type groupColumn struct {
	chunks    []*chunk
	firstLeaf int
	rows      int64
	scratch   scratch
}

// groupMeta is what the footer says of a row group.
type groupMeta struct {
	rows         int64
	offset       int64
	uncompressed int64
	compressed   int64
	chunks       []chunkMeta
}

// New begins a file of these columns on w. Nothing is written before the first Append or Close.
func New(w io.Writer, columns []schema.Column, o Options) (*Writer, error) {
	if err := o.Check(); err != nil {
		return nil, fmt.Errorf("parquet: %w", err)
	}
	return newWriter(w, columns, o)
}

func newWriter(w io.Writer, columns []schema.Column, o Options) (*Writer, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("parquet: %w", err)
	}
	codec, err := codecOf(o.Compression)
	if err != nil {
		return nil, fmt.Errorf("parquet: %w", err)
	}
	wr := &Writer{options: o, pageSize: o.pageSize(), codec: codec, v2: o.WriterVersion == "V2", out: w}
	wr.buffers.New = func() any { return &buffers{store: o.Layout != LayoutHive} }
	if wr.tree, err = newTree(columns, &wr.options); err != nil {
		return nil, fmt.Errorf("parquet: %w", err)
	}
	wr.plainSize = wr.pageSize
	if o.Layout != LayoutHive {
		wr.plainSize = min(wr.pageSize, max(growingBytes/max(len(wr.tree.leaves), 1), leastPlain))
	}
	return wr, nil
}

// column returns column col of g, which it makes ready if g is new.
func (w *Writer) column(g *Group, col int) *groupColumn {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.columns == nil {
		g.columns = make([]groupColumn, len(w.tree.columns))
		for i := range g.columns {
			c := &g.columns[i]
			c.firstLeaf = -1
			eachLeaf(&w.tree.columns[i], func(l *leaf) {
				if c.firstLeaf < 0 {
					c.firstLeaf = l.index
				}
				k := &chunk{w: w, leaf: l}
				k.reset()
				c.chunks = append(c.chunks, k)
			})
		}
	}
	return &g.columns[col]
}

// Reset begins another file on out, of the same columns and options. Groups that are empty may be used for it.
func (w *Writer) Reset(out io.Writer) {
	clear(w.groups)
	w.out, w.pos, w.groups, w.rows, w.err, w.closed = out, 0, w.groups[:0], 0, nil, false
}

// takeDictionary returns an empty dictionary of values of width bytes.
func (w *Writer) takeDictionary(width int) *dictionary {
	d, ok := w.dicts.Get().(*dictionary)
	if !ok {
		d = new(dictionary)
	}
	d.reset(width)
	return d
}

// giveDictionary takes back a dictionary, if there is one.
func (w *Writer) giveDictionary(d *dictionary) {
	if d != nil {
		w.dicts.Put(d)
	}
}

func eachLeaf(n *node, f func(*leaf)) {
	if n.leaf != nil {
		f(n.leaf)
		return
	}
	for i := range n.children {
		eachLeaf(&n.children[i], f)
	}
}

// Encode appends column col of b to g. Its batches come in the same order for every column. A
// group belongs to the Writer that first encoded into it. After an error g is of no use.
func (w *Writer) Encode(g *Group, b *column.Batch, col int) error {
	if col < 0 || col >= len(w.tree.columns) || col >= len(b.Columns) {
		return fmt.Errorf("parquet: no column %d", col)
	}
	v := &b.Columns[col]
	if v.Len != b.Rows {
		return fmt.Errorf("parquet: column %d has %d of %d rows", col, v.Len, b.Rows)
	}
	c := w.column(g, col)
	n := &w.tree.columns[col]
	c.rows += int64(b.Rows)
	var err error
	if n.leaf != nil {
		err = c.chunks[0].appendFlat(v, 0, v.Len)
	} else {
		err = c.encode(n, v, 0, v.Len, 0, span{n: v.Len})
	}
	if err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	return nil
}

// Finish ends the last page of column col of g, which Append does otherwise: a worker that calls
// it spares the one goroutine that appends. No batch may follow in g.
func (w *Writer) Finish(g *Group, col int) error {
	for _, k := range w.column(g, col).chunks {
		if err := k.finish(); err != nil {
			return fmt.Errorf("parquet: %w", err)
		}
	}
	return nil
}

// Size estimates the bytes g takes in the file as parquet-mr counts a block: finished pages as
// they are, growing ones before compression. Nothing may be encoding into g.
func (w *Writer) Size(g *Group) int64 {
	var n int64
	for i := range g.columns {
		for _, c := range g.columns[i].chunks {
			n += int64(c.stored) + int64(c.raw) + int64((len(c.def)+len(c.rep)+8*len(c.defBits))/8)
		}
	}
	return n
}

// BlockSize is what the options say of a row group's size, in bytes as Size counts them. With
// padding it is what is left of the block that the next row group begins in.
func (w *Writer) BlockSize() int64 {
	block := w.options.blockSize()
	if w.options.MaxPaddingBytes > 0 {
		if rest := block - w.pos%block; rest > w.options.MaxPaddingBytes {
			return rest
		}
	}
	return block
}

func (w *Writer) write(p []byte) error {
	if w.err != nil {
		return w.err
	}
	n, err := w.out.Write(p)
	w.pos += int64(n)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	w.err = err
	return err
}

func (w *Writer) begin() error {
	if w.pos == 0 {
		return w.write([]byte(magic))
	}
	return w.err
}

// Append writes g as the next row group and empties it; an empty group leaves no trace. After an
// error of the underlying writer every further call returns it.
func (w *Writer) Append(g *Group) error {
	if w.closed {
		return errors.New("parquet: Append after Close")
	}
	rows := int64(0)
	if g.columns != nil {
		rows = g.columns[0].rows
	}
	for i := range g.columns {
		if g.columns[i].rows != rows {
			return fmt.Errorf("parquet: column %d has %d rows, column 0 %d", i, g.columns[i].rows, rows)
		}
	}
	if rows > 0 {
		if err := w.appendGroup(g, rows); err != nil {
			w.err = cmp.Or(w.err, err) // a part may be written
			return fmt.Errorf("parquet: %w", err)
		}
	}
	for i := range g.columns {
		g.columns[i].rows = 0
		for _, c := range g.columns[i].chunks {
			c.reset()
		}
	}
	return nil
}

func (w *Writer) appendGroup(g *Group, rows int64) error {
	if err := w.begin(); err != nil {
		return err
	}
	if err := w.pad(); err != nil {
		return err
	}
	m := groupMeta{rows: rows, offset: w.pos, chunks: make([]chunkMeta, 0, len(w.tree.leaves))}
	for i := range g.columns {
		for _, c := range g.columns[i].chunks {
			if err := c.finish(); err != nil {
				return err
			}
			k, err := w.appendChunk(c)
			if err != nil {
				return err
			}
			m.uncompressed += k.uncompressed
			m.compressed += k.compressed
			m.chunks = append(m.chunks, k)
		}
	}
	if err := w.appendBlooms(g, m.chunks); err != nil {
		return err
	}
	w.groups = append(w.groups, m)
	w.rows += rows
	return nil
}

// pad fills the rest of a block with zeros where MaxPaddingBytes allows it, as parquet-mr does.
func (w *Writer) pad() error {
	block := w.options.blockSize()
	rest := block - w.pos%block
	if w.options.MaxPaddingBytes == 0 || rest > w.options.MaxPaddingBytes || rest == block {
		return nil
	}
	zeros := make([]byte, min(rest, 64<<10))
	for rest > 0 {
		n := min(rest, int64(len(zeros)))
		if err := w.write(zeros[:n]); err != nil {
			return err
		}
		rest -= n
	}
	return nil
}

// Close writes the footer; the file is complete then. It doesn't close the underlying writer. A
// file without row groups is valid and has no rows.
func (w *Writer) Close() error {
	if w.closed {
		return nil
	}
	w.closed = true
	if err := w.begin(); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	if err := w.appendIndexes(); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	footer := w.footer()
	n := len(footer)
	footer = binary.LittleEndian.AppendUint32(footer, uint32(n))
	if err := w.write(append(footer, magic...)); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	return nil
}

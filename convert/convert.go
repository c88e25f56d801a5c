// Package convert turns JSON records into one columnar file, Parquet or ORC, by a table.
//
// A [Converter] knows a table, a deserializer and a serializer; it compiles them once. A [File] is
// one file being written: chunks of records in, in any size, with flat memory. Records that don't
// fit the table come back as [column.RowError] values, in order; they are data, not errors.
//
//	c, err := convert.New(table, convert.Options{})
//	f, err := c.Create(w)
//	bad, err := f.Write(ctx, chunk, ends)
//	err = f.Close()
//
// # Design
//
// Conversion is two tight loops with vectors between them. A worker takes a piece of half a MiB or so, decodes it, and encodes
// its columns, so that what it touches stays in its cache; where the piece before isn't through with a column it decodes another, or
// encodes what is free (work.go). Encoded pages, not columns, are kept until the row group or stripe is full. The bytes don't depend
// on the number of workers.
package convert

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/hive"
	"github.com/hydrantkit/hydrant/convert/openx"
	"github.com/hydrantkit/hydrant/convert/orc"
	"github.com/hydrantkit/hydrant/convert/parquet"
	"github.com/hydrantkit/hydrant/schema"
)

// A Deserializer appends one record's rows, usually one, to b; on error, always a *column.RowError, b is as it was.
type Deserializer interface {
	Record(b *column.Batch, record []byte) error
}

// A Serializer writes batches to one file. G is the format's own group (row group, stripe); its zero value is empty. Encode runs on any
// worker, and different columns of one group may be encoded at once; batches come in the same order for every column. Finish ends a column of a
// group, which Append does otherwise. Append writes a group and empties it, in order, on one goroutine.
type Serializer[G any] interface {
	Encode(dst *G, b *column.Batch, col int) error
	Finish(g *G, col int) error
	Size(g *G) int64  // of what g holds, in bytes as BlockSize counts them
	BlockSize() int64 // of the next group
	Append(g *G) error
	Close() error
}

// A Serializer that has Reset begins another file on w, as if it were new; its group, which is empty then, can be used again.
type resetter interface{ Reset(w io.Writer) }

// Options choose and configure a converter's two sides. At most one of OpenX and Hive, and one of Parquet and ORC, is set;
// the zero value is OpenX to Parquet with the service's defaults.
type Options struct {
	OpenX   *openx.Options
	Hive    *hive.Options
	Parquet *parquet.Options
	ORC     *orc.Options
	Workers int   // goroutines of one file at once; 0 is one
	Memory  int64 // about how many bytes of encoded rows a file may hold before its row group or stripe ends early; 0 is no bound
}

// A Converter makes files of one table. It may be used by several goroutines. It keeps the memory of files that are closed
// for the next ones, of as many as there are cores.
type Converter struct {
	table   *schema.Table
	workers int
	memory  int64
	decoder func() Deserializer
	begin   func(w io.Writer) (groups, error)
	closed  spares[groups] // files that can begin again
	pieces  spares[*piece]
	piece   int // bytes of the records of one
	rows    int // and how many records it has at most
}

// New compiles a table. The error is an *openx.UnsupportedTypeError when the deserializer lacks a type of the table.
func New(table *schema.Table, o Options) (*Converter, error) {
	c := &Converter{table: table, workers: max(o.Workers, 1), memory: o.Memory}
	switch {
	case o.OpenX != nil && o.Hive != nil:
		return nil, errors.New("convert: both deserializers are set")
	case o.Hive != nil:
		d, err := hive.New(table, *o.Hive)
		if err != nil {
			return nil, err
		}
		c.decoder = func() Deserializer { return d.Clone() }
	default:
		var options openx.Options
		if o.OpenX != nil {
			options = *o.OpenX
		}
		d, err := openx.New(table, options)
		if err != nil {
			return nil, err
		}
		c.decoder = func() Deserializer { return d.Clone() }
	}
	switch {
	case o.ORC != nil && o.Parquet != nil:
		return nil, errors.New("convert: both serializers are set")
	case o.ORC != nil:
		options := *o.ORC
		c.begin = func(w io.Writer) (groups, error) {
			s, err := orc.New(piecewise{w}, table.Columns, options)
			return &file[orc.Stripe]{s: s}, err
		}
	default:
		var options parquet.Options
		if o.Parquet != nil {
			options = *o.Parquet
		}
		c.begin = func(w io.Writer) (groups, error) {
			s, err := parquet.New(piecewise{w}, table.Columns, options)
			return &file[parquet.Group]{s: s}, err
		}
	}
	n := leaves((&schema.Table{Columns: table.Columns}).Struct())
	c.piece, c.rows = pieceBytes(n, o.ORC != nil), max(pieceValues/max(n, 1), 64)
	if _, err := c.begin(io.Discard); err != nil { // options are refused here, not at the first file
		return nil, err
	}
	return c, nil
}

// ChunkBytes is how large a chunk for [File.Pull] is best.
func (c *Converter) ChunkBytes() int { return c.piece }

// pieceBytes is about how much is decoded into one batch: it, its columns and what the serializer keeps of them should stay in the cache, and a column
// should have some hundred values in it, or what is known of the column, its dictionary most of all, comes from memory for a few. An ORC stripe looks
// values up as they come, Parquet when a page is full; so ORC wants more of them.
func pieceBytes(leaves int, orc bool) int {
	least := 512 << 10
	if orc {
		least = 1 << 20
	}
	return min(max(leaves*(10<<10), least), 4<<20)
}

// pieceValues is how many values a piece has at most, about: a record of a few bytes has as many as there are columns, and a null takes
// ten bytes.
const pieceValues = 4 << 20

// leaves is how many columns without members t has.
func leaves(t *schema.Type) int {
	switch t.Kind {
	case schema.Array:
		return leaves(t.Elem)
	case schema.Map:
		return leaves(t.Key) + leaves(t.Elem)
	case schema.Struct:
		n := 0
		for i := range t.Fields {
			n += leaves(t.Fields[i].Type)
		}
		return n
	}
	return 1
}

// Table returns the table that c was made for.
func (c *Converter) Table() *schema.Table { return c.table }

// create begins a file on w, in the memory of one that is closed if there is one.
func (c *Converter) create(w io.Writer) (groups, error) {
	if g, ok := c.closed.take(); ok {
		g.reset(w)
		return g, nil
	}
	return c.begin(w)
}

// close ends a file, and keeps its memory for another.
func (c *Converter) close(g groups) error {
	if err := g.close(c.workers, len(c.table.Columns)); err != nil {
		return err
	}
	if g.reset(io.Discard) {
		c.closed.give(g)
	}
	return nil
}

// takePiece returns a piece, of a file that is closed if there is one.
func (c *Converter) takePiece() *piece {
	if p, ok := c.pieces.take(); ok {
		return p
	}
	return &piece{decoder: c.decoder(), batch: column.NewBatch(c.table.Columns)}
}

// givePiece keeps a piece for another file, unless a huge record has made it large.
func (c *Converter) givePiece(p *piece) {
	if p.memory() <= 16*int64(c.piece) {
		c.pieces.give(p)
	}
}

// Spares are what was used and can be used again: as many as there are cores. A sync.Pool would give them up at every
// other collection, and they are the most of what conversion allocates.
type spares[T any] struct {
	mu   sync.Mutex
	list []T
}

func (s *spares[T]) take() (x T, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.list) - 1
	if n < 0 {
		return x, false
	}
	x = s.list[n]
	s.list = slices.Delete(s.list, n, n+1)
	return x, true
}

func (s *spares[T]) give(x T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) < runtime.GOMAXPROCS(0) {
		s.list = append(s.list, x)
	}
}

// Create begins a file on w. Nothing is written to w but by Write and Close.
func (c *Converter) Create(w io.Writer) (*File, error) {
	g, err := c.create(w)
	if err != nil {
		return nil, err
	}
	return &File{c: c, groups: g}, nil
}

// Roll begins the first of several files, each on a writer that create returns; rows are the sum of all. A file ends where
// it has about size bytes and more is to come, and next begins another. Where that is doesn't depend on the number of workers.
func (c *Converter) Roll(w io.Writer, size int64, next func() (io.Writer, error)) (*File, error) {
	out := &counted{w: w}
	g, err := c.create(out)
	if err != nil {
		return nil, err
	}
	return &File{c: c, groups: g, size: size, out: out, next: next}, nil
}

// A counted writer knows how much was written.
type counted struct {
	w io.Writer
	n int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// A piecewise writer writes little at a time: for a write to a file of 512 KiB or more some kernels take two to six times as long as for
// several of less.
type piecewise struct{ w io.Writer }

const mostAtOnce = 128 << 10

func (p piecewise) Write(b []byte) (int, error) {
	written := 0
	for len(b)-written > mostAtOnce {
		n, err := p.w.Write(b[written : written+mostAtOnce])
		if written += n; err != nil || n < mostAtOnce {
			return written, err
		}
	}
	n, err := p.w.Write(b[written:])
	return written + n, err
}

// Convert writes one file of records, each of which is a whole record, and returns those that don't fit.
func (c *Converter) Convert(ctx context.Context, w io.Writer, records [][]byte) (bad []column.RowError, err error) {
	f, err := c.Create(w)
	if err != nil {
		return nil, err
	}
	if bad, err = f.WriteRecords(ctx, records); err != nil {
		return bad, err
	}
	return bad, f.Close()
}

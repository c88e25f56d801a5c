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
// Conversion is two tight loops with vectors between them. Chunks are cut into pieces of a few MiB,
// so that a piece's columns stay in the cache; up to Workers pieces are decoded at once, then the
// columns of all of them are encoded at once, each column by one worker and in the order of the
// pieces. Encoded pages, not columns, are kept until the row group or stripe is full. The bytes
// don't depend on the number of workers.
package convert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/hydrantkit/hydrant/convert/column"
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

// Options choose and configure a converter's two sides. At most one of OpenX and Hive, and one of Parquet and ORC, is set;
// the zero value is OpenX to Parquet with the service's defaults.
type Options struct {
	OpenX   *openx.Options
	Parquet *parquet.Options
	ORC     *orc.Options
	Workers int // goroutines of one file at once; 0 is one
}

// A Converter makes files of one table. It may be used by several goroutines.
type Converter struct {
	table   *schema.Table
	workers int
	decoder func() Deserializer
	create  func(w io.Writer) (groups, error)
	pieces  sync.Pool // *piece
}

// New compiles a table. The error is an *openx.UnsupportedTypeError when the deserializer lacks a type of the table.
func New(table *schema.Table, o Options) (*Converter, error) {
	c := &Converter{table: table, workers: max(o.Workers, 1)}
	switch {
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
		c.create = func(w io.Writer) (groups, error) {
			s, err := orc.New(w, table.Columns, options)
			return &file[orc.Stripe]{s: stripes{s, options}}, err
		}
	default:
		var options parquet.Options
		if o.Parquet != nil {
			options = *o.Parquet
		}
		c.create = func(w io.Writer) (groups, error) {
			s, err := parquet.New(w, table.Columns, options)
			return &file[parquet.Group]{s: s}, err
		}
	}
	c.pieces.New = func() any {
		return &piece{decoder: c.decoder(), batch: column.NewBatch(table.Columns)}
	}
	if _, err := c.create(io.Discard); err != nil { // options are refused here, not at the first file
		return nil, err
	}
	return c, nil
}

// Table returns the table that c was made for.
func (c *Converter) Table() *schema.Table { return c.table }

// Create begins a file on w. Nothing is written to w but by Write and Close.
func (c *Converter) Create(w io.Writer) (*File, error) {
	g, err := c.create(w)
	if err != nil {
		return nil, err
	}
	return &File{c: c, groups: g}, nil
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

// pieceBytes is how much of a chunk is decoded into one batch.
const pieceBytes = 4 << 20

// A piece is what one worker decodes at a time.
type piece struct {
	decoder Deserializer
	batch   *column.Batch
	from    int // records [from, to) of the chunk
	to      int
	bad     []column.RowError
	err     error
}

// A File is one file being written. It is for one goroutine; bad records come back in order; err is about the file.
type File struct {
	c      *Converter
	groups groups
	rows   int64
	err    error
}

// groups is a Serializer with its group, whatever its type.
type groups interface {
	encode(workers int, pieces []*piece, columns int) error
	close(workers, columns int) error
}

// Write converts a chunk of records, of which number i ends at ends[i] and begins where the one before ended.
// White space around a record is no part of it. The chunk is not kept.
func (f *File) Write(ctx context.Context, chunk []byte, ends []int) (bad []column.RowError, err error) {
	return f.write(ctx, len(ends), func(i int) []byte {
		if i == 0 {
			return chunk[:ends[0]]
		}
		return chunk[ends[i-1]:ends[i]]
	})
}

// WriteRecords converts records that lie anywhere. They are not kept.
func (f *File) WriteRecords(ctx context.Context, records [][]byte) (bad []column.RowError, err error) {
	return f.write(ctx, len(records), func(i int) []byte { return records[i] })
}

// WriteFunc converts n records, of which at returns number i; at is called by several goroutines.
func (f *File) WriteFunc(ctx context.Context, n int, at func(i int) []byte) (bad []column.RowError, err error) {
	return f.write(ctx, n, at)
}

func (f *File) write(ctx context.Context, n int, at func(i int) []byte) (bad []column.RowError, err error) {
	if f.err != nil {
		return nil, f.err
	}
	var pieces []*piece
	defer func() {
		for _, p := range pieces {
			p.bad = nil
			f.c.pieces.Put(p)
		}
	}()
	for from := 0; from < n; {
		if err := ctx.Err(); err != nil {
			return bad, err
		}
		round := pieces[:0]
		for from < n && len(round) < f.c.workers {
			if len(round) == len(pieces) {
				pieces = append(pieces, f.c.pieces.Get().(*piece))
			}
			p := pieces[len(round)]
			round = pieces[:len(round)+1]
			p.from = from
			for size := 0; from < n && size < pieceBytes; from++ {
				size += len(at(from)) + 1
			}
			p.to = from
		}
		each(f.c.workers, len(round), func(i int) { round[i].decode(at) })
		for _, p := range round {
			if p.err != nil {
				f.err = p.err
				return bad, f.err
			}
			bad = append(bad, p.bad...)
			f.rows += int64(p.batch.Rows)
		}
		if f.err = f.groups.encode(f.c.workers, round, len(f.c.table.Columns)); f.err != nil {
			return bad, f.err
		}
	}
	return bad, nil
}

// decode fills the piece's batch with its records.
func (p *piece) decode(at func(i int) []byte) {
	p.batch.Reset()
	p.bad, p.err = p.bad[:0], nil
	for i := p.from; i < p.to; i++ {
		if err := p.decoder.Record(p.batch, at(i)); err != nil {
			var re *column.RowError
			if !errors.As(err, &re) {
				p.err = fmt.Errorf("record %d: %w", i, err)
				return
			}
			re.Record = i
			p.bad = append(p.bad, *re)
		}
	}
}

// memory is the bytes of the piece's columns.
func (p *piece) memory() int64 {
	var n int64
	for i := range p.batch.Columns {
		n += memory(&p.batch.Columns[i])
	}
	return n
}

func memory(v *column.Vector) int64 {
	n := 8*(len(v.Valid)+len(v.Bools)+len(v.Ints)+len(v.High)+len(v.Floats)) + 4*(len(v.Nanos)+len(v.Offsets)) + len(v.Bytes)
	for i := range v.Children {
		n += int(memory(&v.Children[i]))
	}
	return int64(n)
}

// Rows is the number of rows written so far.
func (f *File) Rows() int64 { return f.rows }

// Close writes what is left and the file's footer. It doesn't close the writer.
func (f *File) Close() error {
	if f.err != nil {
		return f.err
	}
	f.err = f.groups.close(f.c.workers, len(f.c.table.Columns))
	if f.err == nil {
		f.err = errClosed
		return nil
	}
	return f.err
}

var errClosed = errors.New("convert: the file is closed")

// A file is one serializer at work.
type file[G any] struct {
	s     Serializer[G]
	group G
}

// encode appends the batches of pieces, and writes the group when it is full.
func (f *file[G]) encode(workers int, pieces []*piece, columns int) error {
	for len(pieces) > 0 {
		// A group ends with a piece. How many fit isn't known before they are encoded, so pieces go in
		// together only where they can't fill the group; the file is the same as one by one.
		n, room := 1, (f.s.BlockSize()-f.s.Size(&f.group))/2-pieces[0].memory()
		for n < len(pieces) && room > pieces[n].memory() {
			room -= pieces[n].memory()
			n++
		}
		errs := make([]error, columns)
		each(workers, columns, func(col int) {
			for _, p := range pieces[:n] {
				if errs[col] = f.s.Encode(&f.group, p.batch, col); errs[col] != nil {
					return
				}
			}
		})
		if err := errors.Join(errs...); err != nil {
			return err
		}
		pieces = pieces[n:]
		if f.s.Size(&f.group) >= f.s.BlockSize() {
			if err := f.append(workers, columns); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *file[G]) append(workers, columns int) error {
	errs := make([]error, columns)
	each(workers, columns, func(col int) { errs[col] = f.s.Finish(&f.group, col) })
	return errors.Join(append(errs, f.s.Append(&f.group))...)
}

func (f *file[G]) close(workers, columns int) error {
	if err := f.append(workers, columns); err != nil {
		return err
	}
	return f.s.Close()
}

// stripes gives an ORC writer the shape of a Serializer.
type stripes struct {
	*orc.Writer
	options orc.Options
}

// Finish can't fail in ORC.
func (s stripes) Finish(g *orc.Stripe, col int) error {
	s.Writer.Finish(g, col)
	return nil
}

// BlockSize is the size of a stripe; 64 MiB where the options don't say.
func (s stripes) BlockSize() int64 {
	if s.options.StripeSizeBytes > 0 {
		return s.options.StripeSizeBytes
	}
	return 64 << 20
}

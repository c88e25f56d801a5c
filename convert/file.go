package convert

import (
	"context"
	"errors"
	"io"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/internal/work"
)

// A File is one file being written. It is for one goroutine; bad records come back in order; err is about the file.
type File struct {
	c      *Converter
	groups groups
	rows   int64
	err    error
	spared int // of the converter's workers

	// of Roll
	size int64
	out  *counted
	next func() (io.Writer, error)
}

// A Chunk is records that follow each other. Record may be called by several goroutines at once.
type Chunk interface {
	Len() int
	Record(i int) []byte // white space around a record is no part of it
}

// A slab is a chunk of records that end one behind the other.
type slab struct {
	data []byte
	ends []int
}

func (s slab) Len() int { return len(s.ends) }

func (s slab) Record(i int) []byte {
	if i == 0 {
		return s.data[:s.ends[0]]
	}
	return s.data[s.ends[i-1]:s.ends[i]]
}

// listed are records that a function returns.
type listed struct {
	n  int
	at func(i int) []byte
}

func (l listed) Len() int            { return l.n }
func (l listed) Record(i int) []byte { return l.at(i) }

// part is n records of a chunk, from one on.
type part struct {
	Chunk
	from, n int
}

func (p part) Len() int            { return p.n }
func (p part) Record(i int) []byte { return p.Chunk.Record(p.from + i) }

// Write converts a chunk of records, of which number i ends at ends[i] and begins where the one before ended.
// White space around a record is no part of it. The chunk is not kept.
func (f *File) Write(ctx context.Context, chunk []byte, ends []int) (bad []column.RowError, err error) {
	return f.write(ctx, slab{chunk, ends})
}

// WriteRecords converts records that lie anywhere. They are not kept.
func (f *File) WriteRecords(ctx context.Context, records [][]byte) (bad []column.RowError, err error) {
	return f.WriteFunc(ctx, len(records), func(i int) []byte { return records[i] })
}

// WriteFunc converts n records, of which at returns number i; at is called by several goroutines.
func (f *File) WriteFunc(ctx context.Context, n int, at func(i int) []byte) (bad []column.RowError, err error) {
	return f.write(ctx, listed{n, at})
}

// write converts a chunk in pieces.
func (f *File) write(ctx context.Context, c Chunk) (bad []column.RowError, err error) {
	from := 0
	err = f.Pull(ctx, func() (Chunk, error) {
		if from == c.Len() {
			return nil, io.EOF
		}
		p := part{c, from, 0}
		for size := 0; from < c.Len() && size < f.c.piece; from++ {
			size += len(c.Record(from)) + 1
		}
		p.n = from - p.from
		return p, nil
	}, func(c Chunk, wrong []column.RowError) error {
		for i := range wrong {
			wrong[i].Record += c.(part).from
		}
		bad = append(bad, wrong...)
		return nil
	})
	return bad, err
}

// Spare has what follows converted by n workers less, but by one at least: what makes the input meanwhile, as decompression does, has their cores.
func (f *File) Spare(n int) { f.spared = n }

// Rows is the number of rows written so far.
func (f *File) Rows() int64 { return f.rows }

// Close writes what is left and the file's footer. It doesn't close the writer.
func (f *File) Close() error {
	if f.err != nil {
		return f.err
	}
	f.err = f.c.close(f.groups)
	f.groups = nil
	if f.err == nil {
		f.err = errClosed
		return nil
	}
	return f.err
}

var errClosed = errors.New("convert: the file is closed")

// groups is a Serializer with its group, whatever its type.
type groups interface {
	encode(b *column.Batch, col int) error
	size() int64  // of the group; nothing may be encoding
	limit() int64 // the size at which it is full
	append(workers, columns int) error
	close(workers, columns int) error
	reset(w io.Writer) bool // begins another file after close, if that can be
}

// A file is one serializer at work.
type file[G any] struct {
	s     Serializer[G]
	group G
}

func (f *file[G]) encode(b *column.Batch, col int) error { return f.s.Encode(&f.group, b, col) }
func (f *file[G]) size() int64                           { return f.s.Size(&f.group) }
func (f *file[G]) limit() int64                          { return f.s.BlockSize() }

// append writes the group.
func (f *file[G]) append(workers, columns int) error {
	if workers > 1 { // a single one spares memory by writing a column before it ends the next, as Append does
		errs := make([]error, columns)
		work.Each(workers, columns, func(col int) { errs[col] = f.s.Finish(&f.group, col) })
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	return f.s.Append(&f.group)
}

func (f *file[G]) close(workers, columns int) error {
	if err := f.append(workers, columns); err != nil {
		return err
	}
	return f.s.Close()
}

func (f *file[G]) reset(w io.Writer) bool {
	r, ok := f.s.(resetter)
	if ok {
		r.Reset(piecewise{w})
	}
	return ok
}

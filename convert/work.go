package convert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/hydrantkit/hydrant/convert/column"
)

// A piece is what one worker has in its hands: a chunk, then its columns.
type piece struct {
	decoder Deserializer
	batch   *column.Batch
	bad     []column.RowError
	left    []int // columns that aren't encoded yet
}

// decode fills the piece's batch with the records of a part of a chunk. Those that don't fit are numbered in the chunk.
func (p *piece) decode(c part) error {
	p.batch.Reset()
	p.bad = nil
	for i := range c.Len() {
		if err := p.decoder.Record(p.batch, c.Record(i)); err != nil {
			re, ok := err.(*column.RowError)
			if !ok && !errors.As(err, &re) {
				return fmt.Errorf("record %d: %w", c.from+i, err)
			}
			re.Record = c.from + i
			p.bad = append(p.bad, *re)
		}
	}
	return nil
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

// A pull is one call of Pull. Pieces are numbered as they are read; all that has an order goes by these numbers:
//
//	read ≥ admitted ≥ turns[col] ≥ committed
//
// A piece is admitted to the group when the one before it is, and either all before it are encoded, when the group may be
// cut, or it can't be the one that fills the group. So a group ends behind the same piece whatever the number of workers.
type pull struct {
	f    *File
	ctx  context.Context
	next func() (Chunk, error)
	done func(Chunk, []column.RowError) error

	reading sync.Mutex // held while next runs
	read    int
	chunk   part // what is read and not taken yet

	mu        sync.Mutex // of what follows
	change    sync.Cond
	admitted  int
	turns     []int // for each column, the piece that may encode it
	committed int
	room      int64             // that pieces may be admitted into before the group's size is looked at again
	end       error             // why reading ended: io.EOF, or the context's error
	err       error             // the first that stops all work
	bad       []column.RowError // of the chunk that is committed in parts
}

// Pull converts chunks as next returns them, until io.EOF. It reads no more chunks at once than there are workers.
// done is called for each chunk, in their order, with those of its records that don't fit, whose numbers are within the chunk;
// the chunk isn't used any more then. Neither function is called twice at once. A row group ends with a chunk; chunks of
// ChunkBytes are best. When ctx ends, Pull finishes the chunks that were read, and returns its error.
func (f *File) Pull(ctx context.Context, next func() (Chunk, error), done func(c Chunk, bad []column.RowError) error) error {
	if f.err != nil {
		return f.err
	}
	p := &pull{f: f, ctx: ctx, next: next, done: done, turns: make([]int, len(f.c.table.Columns))}
	p.change.L = &p.mu
	if f.c.workers == 1 {
		p.work()
	} else {
		var wg sync.WaitGroup
		for range f.c.workers {
			wg.Go(p.work)
		}
		wg.Wait()
	}
	switch {
	case p.err != nil:
		f.err = p.err
		return f.err
	case p.end == io.EOF:
		return nil
	}
	return p.end // the file is as good as before
}

// fail keeps the first error, and wakes whoever waits.
func (p *pull) fail(err error) {
	p.mu.Lock()
	if p.err == nil {
		p.err = err
	}
	p.mu.Unlock()
	p.change.Broadcast()
}

// broken reports whether there is an error that stops all work. p.mu is held.
func (p *pull) broken() bool { return p.err != nil }

// work converts one piece after the other.
func (p *pull) work() {
	w := p.f.c.takePiece()
	defer p.f.c.givePiece(w)
	for {
		c, n, ok := p.take()
		if !ok {
			return
		}
		err := w.decode(c)
		if err == nil {
			err = p.admit(w, n)
		}
		if err == nil {
			err = p.encode(w, n)
		}
		if err == nil {
			err = p.commit(w, n, c)
		}
		if err != nil {
			p.fail(err)
			return
		}
	}
}

// errBroken says that another worker has failed.
var errBroken = errors.New("convert: another worker has failed")

// take numbers what a piece is made of: the next chunk, or as much of it as has no more rows than a piece may have.
func (p *pull) take() (part, int, bool) {
	p.reading.Lock()
	defer p.reading.Unlock()
	p.mu.Lock()
	broken, ended := p.err != nil, p.end != nil
	p.mu.Unlock()
	if broken || p.chunk.Chunk == nil && (ended || !p.pull()) {
		return part{}, 0, false
	}
	c := p.chunk
	if rows := p.f.c.rows; c.n > rows {
		p.chunk.from, p.chunk.n = c.from+rows, c.n-rows
		c.n = rows
	} else {
		p.chunk = part{}
	}
	p.read++
	return c, p.read - 1, true
}

// pull reads a chunk, or notes why there is none.
func (p *pull) pull() bool {
	err := p.ctx.Err()
	if err == nil {
		var c Chunk
		if c, err = p.next(); err == nil {
			p.chunk = part{c, 0, c.Len()}
			return true
		}
	}
	if err == io.EOF || err == p.ctx.Err() {
		p.mu.Lock()
		p.end = err
		p.mu.Unlock()
	} else {
		p.fail(err)
	}
	return false
}

// admit waits until piece n may go into the group, which it cuts before if it is full.
func (p *pull) admit(w *piece, n int) error {
	size := w.memory()
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.broken() && (p.admitted != n || p.committed != n && p.room <= 2*size) {
		p.change.Wait()
	}
	if p.broken() {
		return errBroken
	}
	if p.committed == n { // nothing is encoding, and no other piece is admitted
		room, err := p.f.cut()
		if err != nil {
			return err
		}
		p.room = room
	}
	// A group takes no more than twice the memory of the columns it is made of: a length or a level for each value.
	p.room -= 2 * size
	p.admitted++
	p.change.Broadcast()
	return nil
}

// cut writes the group if it is full, goes on with the next file if this one is, and returns what is left of both.
func (f *File) cut() (room int64, err error) {
	size, columns := f.groups.size(), len(f.c.table.Columns)
	full := func() int64 {
		if f.c.memory > 0 {
			return min(f.groups.limit(), f.c.memory)
		}
		return f.groups.limit()
	}
	if f.size > 0 && size+f.out.n >= f.size {
		if err := f.c.close(f.groups); err != nil {
			return 0, err
		}
		w, err := f.next()
		if err != nil {
			return 0, err
		}
		f.out = &counted{w: w}
		if f.groups, err = f.c.create(f.out); err != nil {
			return 0, err
		}
		size = 0
	} else if size >= full() {
		if err := f.groups.append(f.c.workers, columns); err != nil {
			return 0, err
		}
		size = 0
	}
	room = full() - size // with padding not what it was
	if f.size > 0 {
		room = min(room, f.size-f.out.n-size)
	}
	return room, nil
}

// encode encodes the columns of piece n, each behind those of the piece before, in whatever order they come free.
func (p *pull) encode(w *piece, n int) error {
	w.left = w.left[:0]
	for col := range p.turns {
		w.left = append(w.left, col)
	}
	for len(w.left) > 0 {
		p.mu.Lock()
		at := p.free(w, n)
		for at < 0 && !p.broken() {
			p.change.Wait()
			at = p.free(w, n)
		}
		broken := p.broken()
		p.mu.Unlock()
		if broken {
			return errBroken
		}
		col := w.left[at]
		w.left = append(w.left[:at], w.left[at+1:]...)
		if err := p.f.groups.encode(w.batch, col); err != nil {
			return err
		}
		p.mu.Lock()
		p.turns[col] = n + 1
		p.mu.Unlock()
		p.change.Broadcast()
	}
	return nil
}

// free returns the index in w.left of a column whose turn it is, or -1. p.mu is held.
func (p *pull) free(w *piece, n int) int {
	for i, col := range w.left {
		if p.turns[col] == n {
			return i
		}
	}
	return -1
}

// commit hands back the chunk of piece n when those before it are, and it is the chunk's last.
func (p *pull) commit(w *piece, n int, c part) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.committed != n && !p.broken() {
		p.change.Wait()
	}
	if p.broken() {
		return errBroken
	}
	p.f.rows += int64(w.batch.Rows)
	p.bad = append(p.bad, w.bad...)
	if c.from+c.n == c.Chunk.Len() {
		bad := p.bad
		p.bad = nil
		if err := p.done(c.Chunk, bad); err != nil {
			return err
		}
	}
	p.committed++
	p.change.Broadcast()
	return nil
}

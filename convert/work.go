package convert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/hydrantkit/hydrant/convert/column"
)

// A piece is a part of a chunk on its way into a row group: read, decoded, admitted, encoded column by column, committed.
type piece struct {
	decoder Deserializer
	batch   *column.Batch
	bad     []column.RowError

	part     part
	n        int   // its number
	owner    int   // the worker that decodes it, and encodes what it can of it: that one has it in its cache
	decoded  bool  // its records are in batch
	size     int64 // of batch
	held     int64 // that, and of the records
	left     []int // columns that nobody has begun to encode
	encoding int   // columns that somebody is encoding
}

// decode fills the piece's batch with the records of its part of a chunk. Those that don't fit are numbered in the chunk.
func (p *piece) decode() error {
	p.batch.Reset()
	p.bad = nil
	c := p.part
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
//	read ≥ admitted ≥ turns[col] ≥ committed, where turns[col] isn't taken
//
// A piece is admitted to the group when the one before it is, and either all before it are encoded, when the group may be
// cut, or it can't be the one that fills the group. So a group ends behind the same piece whatever the number of workers.
//
// A worker goes on with its pieces as far as it is their turn, and reads another while it isn't: a column whose page another worker is
// compressing keeps nobody from decoding.
type pull struct {
	f    *File
	ctx  context.Context
	next func() (Chunk, error)
	done func(Chunk, []column.RowError) error

	workers int

	mu        sync.Mutex // of what follows
	change    sync.Cond
	reading   bool // somebody runs next, and has chunk
	chunk     part // what is read and no piece yet
	pieces    []*piece
	read      int
	admitted  int
	turns     []int // for each column, the piece that may encode it, or taken
	committed int
	held      int64             // the bytes of the records and columns of pieces that aren't committed
	room      int64             // that pieces may be admitted into before the group's size is looked at again
	end       error             // why reading ended: io.EOF, or the context's error
	err       error             // the first that stops all work
	bad       []column.RowError // of the chunk that is committed in parts
	idle      []*piece
}

// taken is the turn of a column that is being encoded.
const taken = -1

// While a worker compresses the largest page of a group, others decode so many pieces beyond one for each worker, as long as all have no more than so many bytes
// of records and columns.
const (
	aheadPieces = 6
	aheadBytes  = 32 << 20
)

// Pull converts chunks as next returns them, until io.EOF. It reads no more chunks at once than there are workers, and six more if there are several.
// done is called for each chunk, in their order, with those of its records that don't fit, whose numbers are within the chunk;
// the chunk isn't used any more then. Neither function is called twice at once. A row group ends behind a chunk, or
// a piece of it where it has more rows than a piece may have; chunks of ChunkBytes are best. When ctx ends, Pull finishes the chunks that were read, and returns its error.
func (f *File) Pull(ctx context.Context, next func() (Chunk, error), done func(c Chunk, bad []column.RowError) error) error {
	if f.err != nil {
		return f.err
	}
	p := &pull{f: f, ctx: ctx, next: next, done: done, workers: max(f.c.workers-f.spared, 1), turns: make([]int, len(f.c.table.Columns))}
	p.change.L = &p.mu
	if p.workers == 1 {
		p.work(0)
	} else {
		var wg sync.WaitGroup
		for i := range p.workers {
			wg.Go(func() { p.work(i) })
		}
		wg.Wait()
	}
	for _, w := range append(p.idle, p.pieces...) {
		w.part = part{}
		f.c.givePiece(w)
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

// work does whatever can be done, until there is nothing more or an error. p.mu is held but for reading, decoding and encoding.
func (p *pull) work(worker int) {
	p.mu.Lock()
	for p.err == nil && !(p.ended() && len(p.pieces) == 0) {
		w, at := p.ready(worker)
		if w == nil && p.mayRead() {
			p.add(worker)
			continue
		}
		if w == nil {
			w, at = p.ready(anyone)
		}
		if w != nil {
			p.encode(w, at)
		} else {
			p.change.Wait()
		}
	}
	p.change.Broadcast()
	p.mu.Unlock() // not deferred: it isn't held where a callback panics
}

// fail keeps the first error, which stops all work.
func (p *pull) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

const anyone = -1

// ready returns the first admitted piece of a worker, or of anyone, with a column whose turn it is, and where in left that is.
func (p *pull) ready(worker int) (*piece, int) {
	for _, w := range p.pieces[:p.admitted-p.committed] {
		if worker != anyone && w.owner != worker {
			continue
		}
		for i, col := range w.left {
			if p.turns[col] == w.n {
				return w, i
			}
		}
	}
	return nil, 0
}

// ended reports whether nothing more is to be read.
func (p *pull) ended() bool { return !p.reading && p.chunk.Chunk == nil && p.end != nil }

func (p *pull) mayRead() bool {
	if p.reading || p.ended() {
		return false
	}
	n := len(p.pieces)
	return n < p.workers || p.workers > 1 && n < p.workers+aheadPieces && p.held < aheadBytes
}

// add makes another piece and decodes it.
func (p *pull) add(worker int) {
	if p.chunk.Chunk == nil {
		p.reading = true
		p.mu.Unlock()
		c, err := p.readChunk()
		p.mu.Lock()
		p.reading = false
		p.change.Broadcast()
		switch {
		case err == nil:
			p.chunk = part{c, 0, c.Len()}
		case err == io.EOF || err == p.ctx.Err():
			p.end = err
			return
		default:
			p.fail(err)
			return
		}
	}
	w := p.take()
	w.owner = worker
	p.mu.Unlock()
	err := w.decode()
	size := w.memory()
	p.mu.Lock()
	if err != nil {
		p.fail(err)
		return
	}
	w.decoded, w.size = true, size
	w.held += size
	p.held += size
	p.advance()
}

// readChunk returns the next chunk, or why there is none.
func (p *pull) readChunk() (Chunk, error) {
	if err := p.ctx.Err(); err != nil {
		return nil, err
	}
	return p.next()
}

// take makes a piece of the chunk, or of as much of it as has no more rows than a piece may have.
func (p *pull) take() *piece {
	var w *piece
	if n := len(p.idle); n > 0 {
		w, p.idle = p.idle[n-1], p.idle[:n-1]
	} else {
		w = p.f.c.takePiece()
	}
	c := p.chunk
	if rows := p.f.c.rows; c.n > rows {
		p.chunk.from, p.chunk.n = c.from+rows, c.n-rows
		c.n = rows
	} else {
		p.chunk = part{}
	}
	w.part, w.n, w.decoded, w.left = c, p.read, false, w.left[:0]
	for col := range p.turns {
		w.left = append(w.left, col)
	}
	w.held = 0
	if p.workers > 1 {
		for i := range c.n {
			w.held += int64(len(c.Record(i)))
		}
	}
	p.held += w.held
	p.read++
	p.pieces = append(p.pieces, w)
	return w
}

// encode encodes a column of a piece whose turn it is.
func (p *pull) encode(w *piece, at int) {
	col := w.left[at]
	w.left = append(w.left[:at], w.left[at+1:]...)
	w.encoding++
	p.turns[col] = taken
	p.mu.Unlock()
	err := p.f.groups.encode(w.batch, col)
	p.mu.Lock()
	w.encoding--
	p.turns[col] = w.n + 1
	if err != nil {
		p.fail(err)
		return
	}
	if len(w.left) == 0 && w.encoding == 0 {
		p.advance()
	} else if p.workers > 1 {
		p.change.Broadcast()
	}
}

// advance commits the pieces that are encoded and admits those that may be, in their order.
func (p *pull) advance() {
	for p.err == nil && (p.commit() || p.admit()) {
	}
	p.change.Broadcast()
}

// admit lets the next piece into the group, which it cuts before if it is full, or returns false where that has to wait.
func (p *pull) admit() bool {
	k := p.admitted - p.committed
	if k == len(p.pieces) || !p.pieces[k].decoded {
		return false
	}
	// A group takes no more than twice the memory of the columns it is made of: a length or a level for each value.
	size := 2 * p.pieces[k].size
	if k == 0 { // nothing is encoding, and no other piece is admitted
		room, err := p.f.cut()
		if err != nil {
			p.fail(err)
			return false
		}
		p.room = room
	} else if p.room <= size {
		return false
	}
	p.room -= size
	p.admitted++
	return true
}

// commit hands back the chunk of the first piece, if that is the chunk's last and is encoded.
func (p *pull) commit() bool {
	if p.admitted == p.committed || len(p.pieces[0].left) > 0 || p.pieces[0].encoding > 0 {
		return false
	}
	w := p.pieces[0]
	p.f.rows += int64(w.batch.Rows)
	p.bad = append(p.bad, w.bad...)
	if c := w.part; c.from+c.n == c.Chunk.Len() {
		bad := p.bad
		p.bad = nil
		if err := p.done(c.Chunk, bad); err != nil {
			p.fail(err)
			return false
		}
	}
	w.part = part{}
	p.held -= w.held
	p.pieces = slices.Delete(p.pieces, 0, 1)
	p.idle = append(p.idle, w)
	p.committed++
	return true
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

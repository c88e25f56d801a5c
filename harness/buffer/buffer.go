// Package buffer is where records wait: for their size, for their interval, for a retry.
//
// A [Log] is the stream's one place where records rest until they are settled; a [Reader] is a
// cursor over it that cuts batches as its [Hints] say. A [Buffer] is a log with one reader of its
// own. The clock is the caller's: nothing here reads the time.
//
// # Design
//
// Records and their bytes lie in blocks that are used again once every reader is done with them,
// so that a record on its way costs two copies and no allocation. A batch gathers the record
// headers (88 bytes each) into one slice, because what works on a batch wants one slice and a
// batch may end in the middle of a block; bytes are never moved.
package buffer

import (
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
)

// Hints say when a buffer is due: at a size or at an age, whichever is first
// (s3-delivery.md §1). Size counts bytes of Data, checked after adding; 0 is no size at all.
type Hints struct {
	Size     int64
	Interval time.Duration

	// MaxEvent bounds what a batch becomes as base64 with PerRecord bytes around each record, if it isn't 0: a cut ends
	// before the record that would pass it.
	MaxEvent, PerRecord int64
}

// event is what a record of size bytes adds to an event.
func (h Hints) event(size int64) int64 { return (size+2)/3*4 + h.PerRecord }

// reached reports whether size bytes are enough.
func (h Hints) reached(size int64) bool { return h.Size > 0 && size >= h.Size }

// A Buffer gathers records until its hints say they are due. Append copies Data and Raw into the buffer's
// own memory (Raw once when it is Data); what Cut returns points there, valid until the batch is released.
// The clock is the caller's. A Buffer may be a part of what it belongs to, which Init makes ready, and must not be copied then.
type Buffer struct {
	// In one piece: a stream has thousands, and every record goes to another, so that what it needs is in no cache.
	Reader
	own     Log
	batches [1]*Batch
	blocks  [4]block // its first
}

// New makes an empty buffer, which takes its memory from the pool; nil is one of its own.
func New(h Hints, p *Pool) *Buffer {
	b := new(Buffer)
	b.Init(h, p)
	return b
}

// Init makes b an empty buffer, as New does.
func (b *Buffer) Init(h Hints, p *Pool) {
	if p == nil {
		p = &Pool{}
	}
	*b = Buffer{Reader: Reader{log: &b.own, hints: h, out: b.batches[:0]}, own: Log{pool: p, reader: &b.Reader, full: b.blocks[:0]}}
}

// Append adds records. sooner tells that the buffer is due now, or at some time, and was not before.
func (b *Buffer) Append(now time.Time, records []record.Record) (sooner bool, err error) {
	return b.own.Append(now, records)
}

// A Batch is what one cut took. It stays the same batch until it is settled, however often it is retried.
type Batch struct {
	Records  []record.Record
	Attempts int       // made by the caller, kept by Rollback
	First    time.Time // when its first record was appended
	Settled  int       // records of it that are delivered, failed or dropped; counted by the caller

	from, to uint64 // positions in the log
	size     int64
	retry    time.Time
}

// Size is the bytes of Data in b.
func (b *Batch) Size() int64 { return b.size }

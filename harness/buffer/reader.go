package buffer

import (
	"slices"
	"time"
)

// A Reader is one cursor over a log. Cut takes what is due at now; a cut ends with the record that reaches
// the size, and what stays is as old as its first record's Append. A batch is cut once: Rollback(at) keeps it
// whole, with its records, attempts and the time of the first, and Cut returns it again, alone, not before at.
type Reader struct {
	first time.Time // when the record at the cursor was appended
	retry []*Batch  // cut ones that wait, in the order of their Rollback
	out   []*Batch  // cut and not released, in the order of their positions
	block int       // number of the block that the cursor stands in
	name  string

	// What every record needs lies together, and beside the last block of a log that is a Buffer's.
	hints  Hints
	log    *Log
	cursor uint64    // position of the next record to cut
	size   int64     // bytes from the cursor on
	event  int64     // what they become in an event
	full   time.Time // when size reached the hint; zero before
}

// Name is the name that the reader was made with.
func (r *Reader) Name() string { return r.name }

// add counts a record that was appended. It reports whether it is the first, or the one that makes a batch full.
func (r *Reader) add(now time.Time, size int64) (sooner bool) {
	if r.cursor+1 == r.log.end {
		r.first, sooner = now, true
	}
	r.size += size
	r.event += r.hints.event(size)
	if r.full.IsZero() && r.isFull() {
		r.full, sooner = now, true
	}
	return sooner
}

// isFull reports whether what is not cut is enough for a batch.
func (r *Reader) isFull() bool {
	return r.hints.reached(r.size) || r.hints.MaxEvent > 0 && r.event > r.hints.MaxEvent
}

// Held is the number of records that wait: not cut, or rolled back.
func (r *Reader) Held() int {
	n := int(r.log.end - r.cursor)
	for _, b := range r.retry {
		n += len(b.Records)
	}
	return n
}

// Records is the number of records that are not released: not cut, or in a batch that still is somebody's.
func (r *Reader) Records() int {
	n := int(r.log.end - r.cursor)
	for _, b := range r.out {
		n += len(b.Records)
	}
	return n
}

// Hints are those that the reader was made with.
func (r *Reader) Hints() Hints { return r.hints }

// Size is the bytes of Data that are not cut.
func (r *Reader) Size() int64 { return r.size }

// Outstanding is the number of batches that are cut and neither rolled back nor released.
func (r *Reader) Outstanding() int { return len(r.out) - len(r.retry) }

// Waiting is the number of batches that were rolled back and not cut again.
func (r *Reader) Waiting() int { return len(r.retry) }

// Due returns when there will be something to cut. ok is false while there is nothing.
func (r *Reader) Due() (at time.Time, ok bool) {
	if r.cursor < r.log.end {
		at, ok = r.dueFresh(), true
	}
	if b := r.nextRetry(); b != nil && (!ok || b.retry.Before(at)) {
		at, ok = b.retry, true
	}
	return at, ok
}

// dueFresh is when what was never cut is due.
func (r *Reader) dueFresh() time.Time {
	at := r.first.Add(r.hints.Interval)
	if !r.full.IsZero() && r.full.Before(at) {
		return r.full
	}
	return at
}

// DueRetry returns when the next batch that was rolled back will be due.
func (r *Reader) DueRetry() (at time.Time, ok bool) {
	if b := r.nextRetry(); b != nil {
		return b.retry, true
	}
	return time.Time{}, false
}

func (r *Reader) nextRetry() *Batch {
	var next *Batch
	for _, b := range r.retry {
		if next == nil || b.retry.Before(next.retry) {
			next = b
		}
	}
	return next
}

// Cut returns a batch that is due at now: first those rolled back, each alone and whole, then what the hints say.
func (r *Reader) Cut(now time.Time) (*Batch, bool) {
	if b, ok := r.CutRetry(now); ok {
		return b, true
	}
	if r.cursor == r.log.end || r.dueFresh().After(now) {
		return nil, false
	}
	return r.take(r.hints.Size, r.log.end), true
}

// CutRetry returns a batch that was rolled back and is due at now.
func (r *Reader) CutRetry(now time.Time) (*Batch, bool) {
	b := r.nextRetry()
	if b == nil || b.retry.After(now) {
		return nil, false
	}
	for i := range r.retry {
		if r.retry[i] == b {
			r.retry = append(r.retry[:i], r.retry[i+1:]...)
			break
		}
	}
	return b, true
}

// CutAll takes what is held whether it is due or not, up to the record that reaches size bytes, and what was appended
// within a time of the first; 0 is any size, and any time.
func (r *Reader) CutAll(size int64, within time.Duration) (*Batch, bool) {
	if r.cursor == r.log.end {
		return nil, false
	}
	limit := r.log.end
	if within > 0 {
		limit = r.appendedBy(r.first.Add(within))
	}
	return r.take(size, limit), true
}

// appendedBy is the position of the first record from the cursor on that was appended after at.
func (r *Reader) appendedBy(at time.Time) uint64 {
	pos := r.log.base
	for i := range len(r.log.full) + 1 {
		bl := r.log.block(i)
		if i >= r.block {
			for _, m := range bl.marks {
				if p := pos + uint64(m.n); p > r.cursor && bl.since.Add(m.after).After(at) {
					return p
				}
			}
		}
		pos += uint64(len(bl.records))
	}
	return r.log.end
}

// take cuts from the cursor to the record that reaches size, or to the limit.
func (r *Reader) take(size int64, limit uint64) *Batch {
	b := r.log.pool.batch()
	*b = Batch{Records: b.Records[:0], First: r.first, from: r.cursor}
	if n := int(limit - r.cursor); n <= growRecords {
		b.Records = slices.Grow(b.Records, n)
	}
	end, event, full := Hints{Size: size}, int64(0), false
	pos := r.log.base
	for i := range r.block {
		pos += uint64(len(r.log.block(i).records))
	}
	for {
		bl := r.log.block(r.block)
		i := int(r.cursor - pos)
		start := i
		for i < len(bl.records) && pos+uint64(i) < limit {
			n := int64(len(bl.records[i].Data))
			e := r.hints.event(n)
			if r.hints.MaxEvent > 0 && event+e > r.hints.MaxEvent && event > 0 {
				full = true
				break
			}
			b.size += n
			event += e
			i++
			if end.reached(b.size) {
				break
			}
		}
		b.Records = append(b.Records, bl.records[start:i]...)
		r.cursor += uint64(i - start)
		if full || end.reached(b.size) || r.cursor == limit {
			break
		}
		pos += uint64(len(bl.records))
		r.block++
	}
	b.to = r.cursor
	r.size -= b.size
	if r.event -= event; !r.isFull() {
		r.full = time.Time{}
	}
	if r.cursor < r.log.end {
		r.first = r.appended()
	}
	r.out = append(r.out, b)
	return b
}

// growRecords is how many records a batch gets room for before it is known how many it will have.
const growRecords = 1 << 12

// appended returns when the record at the cursor was appended.
func (r *Reader) appended() time.Time {
	pos := r.log.base
	for i := range r.block {
		pos += uint64(len(r.log.block(i).records))
	}
	for r.cursor >= pos+uint64(len(r.log.block(r.block).records)) {
		pos += uint64(len(r.log.block(r.block).records))
		r.block++
	}
	n := int(r.cursor - pos)
	b := r.log.block(r.block)
	i := len(b.marks) - 1
	for i > 0 && b.marks[i].n > n {
		i--
	}
	return b.since.Add(b.marks[i].after)
}

// Rollback keeps b for another attempt, not before at.
func (r *Reader) Rollback(b *Batch, at time.Time) {
	b.retry = at
	r.retry = append(r.retry, b)
}

// Release says that b's records and bytes won't be read again: they are in other hands, or nowhere needed.
// A log in memory forgets them at once. b must not be used afterwards.
func (r *Reader) Release(b *Batch) {
	for i := range r.out {
		if r.out[i] == b {
			r.out = append(r.out[:i], r.out[i+1:]...)
			break
		}
	}
	r.log.forget()
	r.log.pool.giveBatch(b)
}

// low is the position below which this reader needs nothing.
func (r *Reader) low() uint64 {
	if len(r.out) > 0 {
		low := r.cursor
		for _, b := range r.out {
			low = min(low, b.from)
		}
		return low
	}
	return r.cursor
}

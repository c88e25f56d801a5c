package harness

import (
	"fmt"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
)

// A Journal keeps what was admitted until it has settled, so that a process which dies loses nothing.
// *buffer.Journal is one.
type Journal interface {
	Next() uint64 // Seq of the next record to append
	Append(now time.Time, position int64, records []record.Record) error
	Settle(seqs []uint64) error
}

// A JournalError is a put that the journal could not keep, because its disk is full, say: nothing of it was admitted,
// and it may be put again.
type JournalError struct{ Err error }

func (e *JournalError) Error() string { return fmt.Sprintf("write the journal: %v", e.Err) }

// Unwrap returns what happened.
func (e *JournalError) Unwrap() error { return e.Err }

// A tally knows of each admitted record how much of it is on its way: one for what was put, one for its copy that is
// backed up, one for each part that something made of it, one for each line of error output. A record of which nothing
// is left has settled. A nil tally, without a journal, counts nothing.
type tally struct {
	journal  Journal
	position int64    // in the input, of the next put
	base     uint64   // Seq of parts[0]
	parts    []int32  // of each record; 0 has settled
	gone     int      // how many of parts have settled from the front on
	settled  []uint64 // since the last note
	door     *Door    // of the stream; nil where nothing is put back
}

func newTally(j Journal) *tally {
	if j == nil {
		return nil
	}
	return &tally{journal: j, base: j.Next()}
}

// admit counts records that come into the stream. Those of a former process, which are read again, come first.
func (t *tally) admit(records []record.Record) {
	if t == nil || len(records) == 0 {
		return
	}
	if len(t.parts) == 0 {
		t.base, t.gone = records[0].Seq, 0
	}
	for n := records[len(records)-1].Seq + 1 - t.base; uint64(len(t.parts)) < n; {
		t.parts = append(t.parts, 0)
	}
	t.hold(records)
}

// hold counts records that something made of others.
func (t *tally) hold(records []record.Record) {
	if t == nil {
		return
	}
	for i := range records {
		t.parts[records[i].Seq-t.base]++
	}
}

// release counts records that are nowhere any more: delivered, dropped, lost, or what others were made of. Those are
// held before.
func (t *tally) release(records []record.Record) {
	if t == nil {
		return
	}
	for i := range records {
		t.drop(records[i].Seq)
	}
	t.shift()
}

// releaseFailed is release for the records of failures.
func (t *tally) releaseFailed(failed []record.Failure) {
	if t == nil || len(failed) == 0 {
		return
	}
	for i := range failed {
		t.drop(failed[i].Record.Seq)
	}
	t.shift()
}

func (t *tally) drop(seq uint64) {
	n := seq - t.base
	if t.parts[n]--; t.parts[n] == 0 {
		t.settled = append(t.settled, seq)
	}
}

// shift forgets what has settled from the front on.
func (t *tally) shift() {
	for t.gone < len(t.parts) && t.parts[t.gone] == 0 {
		t.gone++
	}
	if t.gone > 1<<12 && t.gone > len(t.parts)/2 {
		t.parts = append(t.parts[:0], t.parts[t.gone:]...)
		t.base += uint64(t.gone)
		t.gone = 0
	}
}

// note writes what has settled, when there is much of it, or all of it. Where that fails it is tried again: a record
// whose note is missing would only arrive twice. While something that was put back is not in the journal nothing is noted:
// the record that it was made of may have settled.
func (t *tally) note(all bool) error {
	if t == nil || t.door.waits() || len(t.settled) == 0 || !all && len(t.settled) < 1<<10 {
		return nil
	}
	if err := t.journal.Settle(t.settled); err != nil {
		if all {
			return &JournalError{err}
		}
		return nil
	}
	t.settled = t.settled[:0]
	return nil
}

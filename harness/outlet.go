package harness

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/record"
)

// A Destination turns a batch of records into a record.Delivery, which remembers what it must between attempts.
type Destination interface {
	Begin(now time.Time, records []record.Record) record.Delivery
}

// A preparer is a Delivery with work to do before its attempt that needs nobody else: it encodes a body. The
// work of several deliveries is done at once.
type preparer interface {
	Prepare(ctx context.Context, now time.Time)
}

// An outlet is a buffer with a destination behind it: one for each partition, one for each folder of error
// output, one for the source backup. One batch of it is on its way at a time; while it is in retry nothing else is
// cut, and when the retry ends all that is held is cut at once, in batches up to the greatest size of the hints' range.
type outlet struct {
	// What every record needs lies together: a stream may have thousands of these.
	*buffer.Reader
	batch   *buffer.Batch // on its way
	slot    int           // in the agenda
	at      time.Time     // when it is due, for the agenda; zero is never
	lagging bool          // a retry has ended and what was held meanwhile isn't cut yet
	buf     buffer.Buffer // what the reader reads, where it isn't the log

	dest   Destination
	entry  *Entry // the account of what is delivered here
	order  int64  // rank, then order of first use
	most   int64  // size of a batch when delivery lags
	budget budget
	fails  func(records []record.Record, o *record.Outage, attempts int, at time.Time) []record.Failure // nil: lost
	keys   *record.Keys

	events *errorLog // nil without

	seed     record.Seed
	begun    time.Time       // when the batch on its way was
	failed   time.Time       // its first failure
	waited   time.Duration   // since then, for an acknowledgement, which no budget counts (destinations.md §0)
	waiting  time.Time       // since when it waits for one; zero while it doesn't
	delivery record.Delivery // of the batch on its way
	wake     time.Time       // of its next attempt
	gone     []recordID      // of its records, those that failed
}

// due says when there is something to do.
func (o *outlet) due(now time.Time) time.Time {
	if o.batch != nil {
		return o.wake
	}
	if o.lagging && o.Held() > 0 {
		return now
	}
	if at, ok := o.Due(); ok {
		return at
	}
	return time.Time{}
}

// unsettled is the records of the batch on its way that are not settled.
func (o *outlet) unsettled() int64 {
	if o.batch == nil {
		return 0
	}
	return int64(o.rest())
}

// begin has a batch on its way: the one that waits for an attempt, or what is cut now. all cuts what isn't due too.
func (o *outlet) begin(now time.Time, all bool) bool {
	if o.batch != nil {
		return all || !o.wake.After(now)
	}
	var ok bool
	switch {
	case o.lagging:
		if o.batch, ok = o.CutAll(o.most, o.budget.together()); !ok {
			o.lagging = false
		}
	case all:
		o.batch, ok = o.CutAll(o.most, o.budget.together())
	default:
		o.batch, ok = o.Cut(now)
	}
	if !ok {
		return false
	}
	o.delivery = o.dest.Begin(now, o.batch.Records)
	o.begun, o.wake = now, now
	return true
}

// A settled is what became of records at an attempt.
type settled struct {
	delivered int
	failed    []record.Failure
	lost      int
	done      bool
}

// attempt makes one attempt of the batch on its way. An error is the pipeline's: the context ended, or the
// destination lost count of its records.
func (o *outlet) attempt(ctx context.Context, now time.Time) (settled, error) {
	var s settled
	if !o.waiting.IsZero() {
		if !o.failed.IsZero() {
			o.waited += now.Sub(o.waiting)
		}
		o.waiting = time.Time{}
	}
	p, err := o.delivery.Attempt(ctx, now)
	s.delivered, s.failed, s.lost = p.Delivered, p.Failed, p.Lost
	o.account(p)
	if p.Lost > 0 && p.Why != nil {
		o.events.outage(now, p.Why)
	}
	if err != nil {
		if ctx.Err() != nil {
			return s, ctx.Err()
		}
		var outage *record.Outage
		if !errors.As(err, &outage) {
			outage = &record.Outage{Code: "InternalError", Err: err}
		}
		o.events.outage(now, outage)
		if o.batch.Attempts++; o.failed.IsZero() {
			o.failed = now
		}
		since := o.failed.Add(o.waited)
		switch {
		case o.budget.FromAdmission:
			since = o.batch.First
		case o.budget.FromFirst:
			since = o.begun.Add(o.waited)
		}
		if at, ok := o.budget.next(o.batch.Attempts, since, now, o.chance()); ok && !outage.Final {
			o.wake = at
			return s, nil
		}
		left := o.rest()
		o.entry.Failed += int64(left)
		switch q := asQuitter(o.delivery); {
		case q != nil:
			failed := q.GiveUp(outage, o.batch.Attempts, now)
			if len(failed) > left {
				return s, fmt.Errorf("a delivery of %d records gives up %d, of which %d are left", len(o.batch.Records), len(failed), left)
			}
			s.failed = append(s.failed, failed...)
			s.lost += left - len(failed)
		case o.fails != nil:
			rest := o.unfailed()
			if len(rest) != left {
				return s, fmt.Errorf("a delivery of %d records left %d, and %d of them have not failed", len(o.batch.Records), left, len(rest))
			}
			s.failed = append(s.failed, o.fails(rest, outage, o.batch.Attempts, now)...)
		default:
			s.lost += left
		}
		s.done = true
		return s, nil
	}
	switch {
	case p.Done:
		if n := o.rest(); n != 0 {
			return s, fmt.Errorf("a delivery of %d records is done and leaves %d of them unsettled", len(o.batch.Records), n)
		}
		s.done = true
	case !p.Wake.IsZero():
		o.wake, o.waiting = p.Wake, now
	default:
		return s, fmt.Errorf("a delivery of %d records is neither done nor waits for anything", len(o.batch.Records))
	}
	return s, nil
}

// chance is that of the next pause.
func (o *outlet) chance() float64 {
	if o.budget.Jitter == 0 || len(o.batch.Records) == 0 {
		return 0
	}
	first := &o.batch.Records[0]
	b := o.seed.Bytes("pause", first.Seq, first.Sub, o.begun.UnixNano(), o.batch.Attempts)
	return float64(binary.LittleEndian.Uint64(b[:])>>11) / (1 << 53)
}

// account notes what an attempt settled.
func (o *outlet) account(p record.Progress) {
	o.entry.Out += int64(p.Delivered)
	o.entry.Failed += int64(len(p.Failed) + p.Lost)
	o.batch.Settled += p.Delivered + len(p.Failed) + p.Lost
	for i := range p.Failed {
		o.gone = append(o.gone, recordID{p.Failed[i].Record.Seq, p.Failed[i].Record.Sub})
	}
}

// unfailed is the records of the batch on its way without those that failed before.
func (o *outlet) unfailed() []record.Record {
	if len(o.gone) == 0 {
		return o.batch.Records
	}
	gone := make(map[recordID]bool, len(o.gone))
	for _, id := range o.gone {
		gone[id] = true
	}
	var rest []record.Record
	for _, r := range o.batch.Records {
		if !gone[recordID{r.Seq, r.Sub}] {
			rest = append(rest, r)
		}
	}
	return rest
}

// rest is the records of the batch on its way that are not settled.
func (o *outlet) rest() int { return len(o.batch.Records) - o.batch.Settled }

// finish ends the batch on its way, whose records are nobody's from then on.
func (o *outlet) finish() {
	o.failed, o.waiting, o.waited, o.gone = time.Time{}, time.Time{}, 0, o.gone[:0]
	o.lagging = (o.lagging || o.batch.Attempts > 0) && o.Held() > 0
	o.Release(o.batch)
	o.batch, o.delivery = nil, nil
}

// An agenda has outlets by when they are due: a heap, by time and then by order of first use.
type agenda []*outlet

func (a agenda) before(i, j int) bool {
	if !a[i].at.Equal(a[j].at) {
		return a[i].at.Before(a[j].at)
	}
	return a[i].order < a[j].order
}

func (a agenda) swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].slot, a[j].slot = i, j
}

// set enters o at its time, moves it there, or takes it out where at is zero.
func (a *agenda) set(o *outlet, at time.Time) {
	in := o.slot < len(*a) && (*a)[o.slot] == o
	switch {
	case !in && at.IsZero():
		return
	case !in:
		o.at, o.slot = at, len(*a)
		*a = append(*a, o)
	case at.IsZero():
		last := len(*a) - 1
		i := o.slot
		a.swap(i, last)
		(*a)[last] = nil
		if *a = (*a)[:last]; i < last {
			a.fix(i)
		}
		return
	case o.at.Equal(at):
		return
	default:
		o.at = at
	}
	a.fix(o.slot)
}

func (a agenda) fix(i int) {
	for i > 0 && a.before(i, (i-1)/2) {
		a.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
	for {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(a); c++ {
			if a.before(c, least) {
				least = c
			}
		}
		if least == i {
			return
		}
		a.swap(i, least)
		i = least
	}
}

// sortOutlets sorts by order of first use.
func sortOutlets(o []*outlet) {
	slices.SortFunc(o, func(a, b *outlet) int { return cmp.Compare(a.order, b.order) })
}

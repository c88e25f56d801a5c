package hydrant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// A Handler speaks the Lambda side of a Transform: event JSON in, response JSON out. Its Invoke has the shape of
// aws-lambda-go's lambda.Handler. Whatever the transform does, each record that came is answered once, under its
// own id and in its order, and the answer is no larger than Lambda returns. A Handler may be
// used by several goroutines; its fields are set before the first Invoke.
type Handler struct {
	Transform Transform
	Options
}

// Options are the choices of a Handler. The zero value is what most functions want.
type Options struct {
	// Budget is the most bytes that an answer may have; 0 is MaxAnswer. A record that it has no room for is put back if
	// there is a Reingester, and ProcessingFailed otherwise.
	Budget int

	// Reingest takes the records that the budget has no room for; they are answered Dropped once it has accepted them, and
	// ProcessingFailed if it hasn't. Each pass delivers or fails at least one record, so putting back ends.
	Reingest Reingester

	// Split cuts the data of a record whose own result is over the budget into two shorter pieces, which are put back in its
	// place. Where there is no Split, or it reports false or pieces that aren't shorter, such a record is ProcessingFailed.
	Split func(r Record) (a, b []byte, ok bool)

	// Margin is the time before the deadline of the invocation that is kept for answering: 0 is a second, or a tenth
	// of the time there is if that is less. Records that are unfinished then are treated as Unfinished says.
	Margin     time.Duration
	Unfinished Unfinished

	// Log takes what went wrong with single records: their ids and the cause, never their data. Nil is slog.Default().
	Log *slog.Logger

	// Metrics takes one line of CloudWatch's embedded metric format an invocation, with the counts of its outcomes. Nil is none.
	Metrics io.Writer

	// Namespace is the metrics' namespace; "" is Hydrant.
	Namespace string
}

// Unfinished is what becomes of the records that a transform hasn't finished when its time is over.
type Unfinished uint8

const (
	UnfinishedFail    Unfinished = iota // they are ProcessingFailed
	UnfinishedError                     // the invocation fails, and the delivery stream tries all its records again
	UnfinishedPutBack                   // they go to the Reingester, but the first, which may never finish, is ProcessingFailed
)

// A Reingester puts records back to where their stream reads from, so that they come again in another
// invocation. Package reingest has one.
type Reingester interface {
	// PutBack puts records back to the stream of e. It returns nil when all were accepted, otherwise as many errors as records:
	// nil for those that were accepted.
	PutBack(ctx context.Context, e Event, records []Record) []error
}

// NewHandler returns a Handler of t without options.
func NewHandler(t Transform) *Handler { return &Handler{Transform: t} }

var batches = sync.Pool{New: func() any { return new(batch) }}

// Invoke answers one event. An error is one of the event (not JSON, no records, no ids), of the transform as a whole, or
// of ctx, or a budget that has not even room for the ids; the delivery stream tries again what ended in one.
func (h *Handler) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	b := batches.Get().(*batch)
	if err := b.decode(event); err != nil {
		return nil, err
	}
	inv := &invocation{batch: b, log: h.Log, reingest: h.Reingest}
	if inv.log == nil {
		inv.log = slog.Default()
	}
	for i := range b.items {
		if it := &b.items[i]; it.fault != "" {
			inv.log.Error("record cannot be transformed", "recordId", it.text(), "cause", it.fault)
		}
	}
	ctx = context.WithValue(ctx, invocationKey{}, inv)
	results, finished, err := h.run(ctx, inv)
	if err != nil {
		return nil, err
	}
	budget := h.Budget
	if budget == 0 {
		budget = MaxAnswer
	}
	over, alone, err := b.fit(results, budget)
	if err != nil {
		return nil, err
	}
	h.putBack(ctx, inv, results, finished, over, alone)
	answer := b.answer(results)
	if h.Metrics != nil {
		writeMetrics(h.Metrics, h.Namespace, inv.outcome(results, len(event), len(answer)))
	}
	if !inv.abandoned {
		b.results = inv.results
		if cap(b.scratch) > 4*MaxAnswer {
			b.scratch = nil // an unusual event's
		}
		batches.Put(b)
	}
	return answer, nil
}

// putBack puts back what the options say, and drops what was accepted: unfinished records, those that were over the budget, and the
// halves of those that were alone. All of them have failed before, and no answer grows by dropping a record.
func (h *Handler) putBack(ctx context.Context, inv *invocation, results []Result, finished int, over, alone []int) {
	records := inv.batch.records
	const late, large = "record unfinished at the deadline", "result is over the budget of the answer"
	var back []Record
	var owners []int // of back: indices of records
	for i := finished; i < len(records); i++ {
		if h.Reingest != nil && h.Unfinished == UnfinishedPutBack && i > finished {
			back, owners = append(back, records[i]), append(owners, i)
		} else {
			inv.log.Error(late, "recordId", records[i].ID)
		}
	}
	for _, i := range over {
		if h.Reingest != nil {
			back, owners = append(back, records[i]), append(owners, i)
		} else {
			inv.log.Error(large, "recordId", records[i].ID)
		}
	}
	for _, i := range alone {
		if h.Reingest != nil && h.Split != nil {
			if a, b, ok := halves(h.Split, records[i]); ok {
				back, owners = append(back, a, b), append(owners, i, i)
				continue
			}
		}
		inv.log.Error(large, "recordId", records[i].ID)
	}
	if len(back) == 0 {
		return
	}
	errs := PutBack(ctx, h.Reingest, inv.batch.event, back)
	for i := 0; i < len(owners); i++ {
		owner := owners[i]
		err := errs[i]
		if i+1 < len(owners) && owners[i+1] == owner { // a half
			i++
			err = cmp.Or(err, errs[i])
		}
		if err != nil {
			inv.log.Error("record not put back", "recordId", records[owner].ID, "cause", err.Error())
			continue
		}
		results[owner] = DropResult()
	}
}

// halves calls split, and holds it to its promise.
func halves(split func(Record) (a, b []byte, ok bool), r Record) (one, two Record, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	a, b, ok := split(r)
	if !ok || len(a) >= len(r.Data) || len(b) >= len(r.Data) {
		return one, two, false
	}
	one, two = r, r
	one.Data, two.Data = a, b
	return one, two, true
}

// ReingesterFrom returns the Reingester of the [Handler] that gave its transform ctx, nil if it has none. A transform that
// decides itself what to put back uses it through [PutBack].
func ReingesterFrom(ctx context.Context) Reingester {
	if inv := invocationOf(ctx); inv != nil {
		return inv.reingest
	}
	return nil
}

// PutBack calls t, and returns as many errors as records, whatever t does: a panic, or another number of errors, is the error of
// them all.
func PutBack(ctx context.Context, t Reingester, e Event, records []Record) (errs []error) {
	all := func(err error) {
		errs = make([]error, len(records))
		for i := range errs {
			errs[i] = err
		}
	}
	defer func() {
		if v := recover(); v != nil {
			all(fmt.Errorf("put back: panic: %s", cause(v)))
		}
		if inv := invocationOf(ctx); inv != nil {
			for _, err := range errs {
				if err == nil {
					inv.putBack.Add(1)
				}
			}
		}
	}()
	switch errs = t.PutBack(ctx, e, records); {
	case errs == nil:
		all(nil)
	case len(errs) != len(records):
		all(fmt.Errorf("put back: %d errors for %d records", len(errs), len(records)))
	}
	return errs
}

type invocationKey struct{}

// An invocation is what one Invoke knows; transforms of this package find it in their context.
type invocation struct {
	batch     *batch
	log       *slog.Logger
	reingest  Reingester
	putBack   atomic.Int64 // records that were accepted
	abandoned bool         // a transform that wasn't waited for may still use the batch

	mu      sync.Mutex
	results []Result // the memory of results for the next event
}

func invocationOf(ctx context.Context) *invocation {
	inv, _ := ctx.Value(invocationKey{}).(*invocation)
	return inv
}

// run gives one result for each of the batch's records, of which the first ones, finished in number, are the transform's
// own. A transform that panics, or that returns another number of results than it was given records, leaves nobody
// to say which result belongs to which record: all of them fail.
func (h *Handler) run(ctx context.Context, inv *invocation) (results []Result, finished int, err error) {
	records := inv.batch.records
	if len(records) == 0 {
		return nil, 0, ctx.Err()
	}
	end, ok := ctx.Deadline()
	if !ok {
		results, err = inv.call(ctx, h.Transform, nil)
		return results, len(results), err
	}
	margin := h.Margin
	if margin == 0 {
		margin = min(time.Second, time.Until(end)/10)
	}
	work, cancel := context.WithDeadline(ctx, end.Add(-margin))
	defer cancel()
	type outcome struct {
		results []Result
		err     error
	}
	var p progress
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() { done <- o }()
		o.err = errGone
		o.results, o.err = inv.call(work, h.Transform, &p)
	}()
	select {
	case o := <-done:
		// A transform that gave up because its time was over is unfinished too.
		if o.err == nil || !errors.Is(o.err, context.DeadlineExceeded) || work.Err() == nil {
			return o.results, len(o.results), o.err
		}
	case <-work.Done():
		select {
		case o := <-done:
			if o.err == nil {
				return o.results, len(o.results), nil
			}
		default:
		}
	}
	p.stop.Store(true)
	inv.abandoned = true
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, 0, ctx.Err()
	case h.Unfinished == UnfinishedError:
		return nil, 0, fmt.Errorf("transform: %w after %d of %d records", context.DeadlineExceeded, p.done.Load(), len(records))
	}
	results = make([]Result, len(records))
	finished = int(p.done.Load())
	if finished > 0 {
		copy(results, p.results[:finished])
	}
	return results, finished, nil
}

var errGone = errors.New("transform ended its goroutine")

// call calls t and turns what it must not do into failed records.
func (inv *invocation) call(ctx context.Context, t Transform, p *progress) (results []Result, err error) {
	records := inv.batch.records
	defer func() {
		if v := recover(); v != nil {
			inv.log.Error("transform panicked", "records", len(records), "cause", cause(v), "at", origin())
			results, err = make([]Result, len(records)), nil
		}
	}()
	if s, ok := t.(stepper); ok {
		results = inv.takeResults(len(records))
		if p != nil {
			p.results = results
		}
		s.each(ctx, records, results, p)
		inv.giveResults(results)
		return results, nil
	}
	results, err = t.Transform(ctx, records)
	if err != nil {
		return nil, err
	}
	if len(results) != len(records) {
		inv.log.Error("transform returned another number of results than records", "records", len(records), "results", len(results))
		return make([]Result, len(records)), nil
	}
	// Some of them may fail yet, and the slice is the transform's.
	own := inv.takeResults(len(records))
	copy(own, results)
	inv.giveResults(own)
	return own, nil
}

// The memory of a batch is lent to whoever comes first; who comes while it is lent makes their own.

func (inv *invocation) takeResults(n int) []Result {
	if inv == nil {
		return make([]Result, n)
	}
	inv.mu.Lock()
	defer inv.mu.Unlock()
	r := inv.batch.results
	inv.batch.results = nil
	if cap(r) < n {
		return make([]Result, n)
	}
	r = r[:n]
	clear(r)
	return r
}

// giveResults leaves results for the next event, not for this one: who was given them may still read them.
func (inv *invocation) giveResults(results []Result) {
	if inv != nil {
		inv.mu.Lock()
		defer inv.mu.Unlock()
		inv.results = results
	}
}

func (inv *invocation) takeScratch() []byte {
	if inv == nil {
		return nil
	}
	inv.mu.Lock()
	defer inv.mu.Unlock()
	s := inv.batch.scratch
	inv.batch.scratch = nil
	return s
}

// giveScratch leaves what is beyond the length of s to who comes next.
func (inv *invocation) giveScratch(s []byte) {
	if inv != nil {
		inv.mu.Lock()
		defer inv.mu.Unlock()
		inv.batch.scratch = s
	}
}

package harness

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/decode"
	"github.com/hydrantkit/hydrant/harness/partition"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/internal/work"
)

// A Processor is one entry of a stream's ProcessingConfiguration. Records it cannot handle come back in the
// outcome's Failed. An error, a *record.Outage, means that nothing was processed: what an attempt made until then
// is discarded, and the batch is tried again while its budget lasts. attempt counts from 1. A processor may be
// used by several workers at once.
type Processor interface {
	Process(ctx context.Context, now time.Time, attempt int, in []record.Record) (record.Outcome, error)
	// Failures is what becomes of a batch whose outage is final, or whose retries are spent.
	Failures(in []record.Record, o *record.Outage, attempts int, at time.Time) []record.Failure
}

// A Pipeline is a running delivery stream without a clock, a goroutine that outlives a call, or a source of randomness of its own.
//
//	Put → KPL → number → decode → Lambda's buffer → Lambda → keys → delivery buffer, one per partition → convert or join, compress → bucket
//	              ↘ log → source backup       ↘ failures of every station → error buffer, one per folder → bucket
//
// Its methods are for one goroutine.
type Pipeline struct {
	workers     int
	delivery    outletConfig
	errorOutput func(folder) outletConfig
	errorLines  s3.ErrorLines
	events      *errorLog // of what fails before the delivery, and in it; nil without

	now     time.Time // of the last call
	started time.Time // of the first
	seq     uint64
	seed    record.Seed
	tally   *tally // nil without a journal

	kpl       *decode.KPL     // of a Kinesis source; nil otherwise
	log       *buffer.Log     // nil where nothing reads it
	decoders  [2]Processor    // what comes before the Lambda's buffer, in the service's order; nil without
	transform *transform      // nil without one
	keys      *partition.Keys // nil without dynamic partitioning or routing
	place     *s3.Destination // of partitions; nil without dynamic partitioning. One whose key can't be made is not opened
	active    int             // partitions that may be open at once
	outlets   map[*record.Keys]*outlet
	opened    int64   // outlets, ever
	backup    *outlet // nil without one
	errors    map[folder]*outlet
	folders   []*outlet // of errors, in order of first use
	agenda    agenda    // of outlets
	pool      buffer.Pool
	ledger    Ledger

	admitted []record.Record // of the Put at work, where KPL makes others of them
	line     []byte          // for error lines
	lines    []record.Record
	due      []*outlet
	batches  []*flight
}

// A transform is the station that cuts batches and has them processed.
type transform struct {
	*buffer.Buffer
	processor Processor
	entry     *Entry
	budget    budget
	most      int       // invocations outstanding at once
	flights   []*flight // those that end later than they began, in the order of their cuts
}

// A flight is one attempt of a batch at the transform.
type flight struct {
	batch   *buffer.Batch
	outcome record.Outcome
	err     error
}

// Put admits records and returns next as Advance does: now when something is due, zero when nothing is held. A driver may skip
// Advance while its instant is before the latest next; a Put later than something due is an error. Put numbers the
// records; their bytes stay the caller's.
func (p *Pipeline) Put(now time.Time, records []record.Record) (next time.Time, err error) {
	if err := p.proceed(now); err != nil {
		return now, err
	}
	if at := p.next(); !at.IsZero() && at.Before(now) {
		return at, fmt.Errorf("put at %v, but something is due at %v", now.Format(time.RFC3339Nano), at.Format(time.RFC3339Nano))
	}
	came, malformed := Entry{In: int64(len(records))}, int64(0)
	if p.kpl != nil {
		records, malformed = p.open(records, &came)
	}
	for i := range records {
		r := &records[i]
		r.Seq, r.Raw = p.seq+uint64(i), r.Data
	}
	if t := p.tally; t != nil {
		if err := t.journal.Append(now, t.position, records); err != nil {
			return now, &JournalError{err}
		}
	}
	p.seq += uint64(len(records))
	p.ledger.Source.In += came.In
	p.ledger.Source.Added += came.Added
	p.ledger.Source.Dropped += came.Dropped
	p.ledger.Malformed += malformed
	return p.admit(now, records)
}

// Read tells how far the input is read, for the journal, which keeps it with the next Put.
func (p *Pipeline) Read(position int64) {
	if p.tally != nil {
		p.tally.position = position
	}
}

// Settled has the journal note everything that has settled: at an end.
func (p *Pipeline) Settled() error { return p.tally.note(true) }

// Readmit puts records that a journal kept: they have their numbers. It is Put otherwise, and comes before it.
func (p *Pipeline) Readmit(now time.Time, records []record.Record) (next time.Time, err error) {
	if err := p.proceed(now); err != nil {
		return now, err
	}
	p.ledger.Source.In += int64(len(records))
	return p.admit(now, records)
}

// admit has records go their way.
func (p *Pipeline) admit(now time.Time, records []record.Record) (next time.Time, err error) {
	p.tally.admit(records)
	if p.log != nil { // the backup has the bytes as received, before decompression (firehose/README.md, CHOICE)
		if _, err := p.log.Append(now, records); err != nil {
			return now, err
		}
		p.tally.hold(records)
		p.ledger.Backup.In += int64(len(records))
		p.agenda.set(p.backup, p.backup.due(now))
	}
	p.ledger.Source.Out += int64(len(records))
	if records, err = p.decode(now, records); err != nil {
		return now, err
	}
	if t := p.transform; t != nil {
		t.entry.In += int64(len(records))
		_, err = t.Append(now, records)
	} else {
		err = p.deliver(now, records)
	}
	return p.next(), errors.Join(err, p.tally.note(false))
}

// open takes aggregates of the Kinesis Producer Library apart, as the service does when it reads a stream. One that
// can't be read is a plain record, and malformed.
func (p *Pipeline) open(records []record.Record, came *Entry) (out []record.Record, malformed int64) {
	out = p.admitted[:0]
	for i := range records {
		n := len(out)
		var err error
		if out, err = p.kpl.Append(out, records[i]); err != nil {
			malformed++
		}
		if made := len(out) - n; made == 0 {
			came.Dropped++
		} else {
			came.Added += int64(made - 1)
		}
	}
	p.admitted = out
	return out, malformed
}

var decoderNames = [2]string{"decompress", "deaggregate"}

// decode has records opened by what comes before the Lambda.
func (p *Pipeline) decode(now time.Time, records []record.Record) ([]record.Record, error) {
	for i, d := range p.decoders {
		if d == nil {
			continue
		}
		o, err := d.Process(context.Background(), now, 1, records)
		if err != nil {
			return nil, err
		}
		if err := p.ledger.Decoders[i].take(decoderNames[i], len(records), &o); err != nil {
			return nil, err
		}
		p.tally.hold(o.Out)
		if err := p.fail(now, o.Failed); err != nil {
			return nil, err
		}
		p.tally.release(records)
		records = o.Out
	}
	return records, nil
}

// Refuse counts a record that the door refuses: it was put, and failed there. code is the exception's name.
func (p *Pipeline) Refuse(code string) {
	p.ledger.Source.In++
	p.ledger.Source.Failed++
	p.ledger.count(code, 1)
}

// Advance brings the stream to the time to: it runs everything due up to it in the order of due times, each with its own
// instant as now, and leaves what comes later. It returns when there will be more to do, zero when nothing is held.
func (p *Pipeline) Advance(ctx context.Context, to time.Time) (next time.Time, err error) {
	for {
		at := p.next()
		if at.IsZero() || at.After(to) {
			break
		}
		if at.Before(p.now) {
			at = p.now
		}
		p.now = at
		if err := ctx.Err(); err != nil {
			return at, err
		}
		// At one instant: station order, then order of first use, then Seq.
		if p.transformDue().After(at) || p.transformDue().IsZero() {
			err = p.runOutlets(ctx, at, false)
		} else {
			err = p.runTransform(ctx, at, false)
		}
		if err != nil {
			return at, err
		}
	}
	return p.next(), errors.Join(p.proceed(to), p.tally.note(false))
}

// Flush treats everything as due and tries each held batch once; what fails stays held. For an interruption and the stop of a live stream only.
func (p *Pipeline) Flush(ctx context.Context, now time.Time) error {
	if err := p.proceed(now); err != nil {
		return err
	}
	if p.transform != nil {
		if err := p.runTransform(ctx, now, true); err != nil {
			return err
		}
	}
	return errors.Join(p.runOutlets(ctx, now, true), p.tally.note(true))
}

// proceed moves the stream's time on.
func (p *Pipeline) proceed(now time.Time) error {
	if p.started.IsZero() {
		p.started, p.now = now, now
	}
	if now.Before(p.now) {
		return fmt.Errorf("the stream is at %v and can't go back to %v", p.now.Format(time.RFC3339Nano), now.Format(time.RFC3339Nano))
	}
	p.now = now
	return nil
}

// next is when there is something to do.
func (p *Pipeline) next() time.Time {
	at := p.transformDue()
	if len(p.agenda) > 0 && (at.IsZero() || p.agenda[0].at.Before(at)) {
		at = p.agenda[0].at
	}
	return at
}

// transformDue is when the transform station has something to do.
func (p *Pipeline) transformDue() time.Time {
	t := p.transform
	if t == nil {
		return time.Time{}
	}
	var at time.Time
	if len(t.flights) < t.most {
		if due, ok := t.Due(); ok {
			at = due
		}
	}
	for _, f := range t.flights {
		if at.IsZero() || f.outcome.End.Before(at) {
			at = f.outcome.End
		}
	}
	return at
}

// runTransform lands the invocations that end by now, and starts those that are due; all cuts what isn't due too.
func (p *Pipeline) runTransform(ctx context.Context, now time.Time, all bool) error {
	t := p.transform
	rest := t.flights[:0]
	var land []*flight
	for _, f := range t.flights {
		if all || !f.outcome.End.After(now) {
			land = append(land, f)
		} else {
			rest = append(rest, f)
		}
	}
	t.flights = rest
	for _, f := range land {
		if err := p.land(f); err != nil {
			return err
		}
	}
	var waiting []*buffer.Batch // when all is due, those in retry are tried too, each once
	for all {
		b, ok := t.CutRetry(endOfTime)
		if !ok {
			break
		}
		waiting = append(waiting, b)
	}
	for {
		batches := p.batches[:0]
		for len(t.flights)+len(batches) < t.most {
			var b *buffer.Batch
			ok := true
			switch {
			case len(waiting) > 0:
				b, waiting = waiting[0], waiting[1:]
			case all:
				b, ok = t.CutAll(t.Hints().Size, 0)
			default:
				b, ok = t.Cut(now)
			}
			if !ok {
				break
			}
			batches = append(batches, &flight{batch: b})
		}
		p.batches = batches
		if len(batches) == 0 {
			return nil
		}
		work.Each(p.workers, len(batches), func(i int) {
			f := batches[i]
			f.outcome, f.err = t.processor.Process(ctx, now, f.batch.Attempts+1, f.batch.Records)
		})
		if err := ctx.Err(); err != nil { // as if it had not been tried
			for _, f := range batches {
				t.Rollback(f.batch, now)
			}
			for _, b := range waiting {
				t.Rollback(b, now)
			}
			return err
		}
		for _, f := range batches {
			p.ledger.Invoked++
			if f.batch.Attempts++; f.batch.Attempts > 1 {
				p.ledger.Retried++
			}
			if f.outcome.End.After(now) && !all {
				t.flights = append(t.flights, f)
			} else if err := p.land(f); err != nil {
				return err
			}
		}
		clear(batches)
	}
}

var endOfTime = time.Unix(1<<40, 0)

// land takes up what an invocation made, at its end, or puts its batch back for another.
func (p *Pipeline) land(f *flight) error {
	t, o := p.transform, &f.outcome
	if f.err != nil {
		var outage *record.Outage
		if !errors.As(f.err, &outage) {
			return f.err
		}
		if at, ok := t.budget.next(f.batch.Attempts, f.batch.First, o.End, 0); ok && !outage.Final {
			p.events.outage(o.End, outage)
			t.Rollback(f.batch, at)
			return nil
		}
		*o = record.Outcome{Failed: t.processor.Failures(f.batch.Records, outage, f.batch.Attempts, o.End), End: o.End}
	}
	in := t.entry.In // counted when the records came
	if err := t.entry.take("lambda", len(f.batch.Records), o); err != nil {
		return err
	}
	t.entry.In = in
	p.tally.hold(o.Out)
	if err := p.deliver(o.End, o.Out); err != nil {
		return err
	}
	if err := p.fail(o.End, o.Failed); err != nil {
		return err
	}
	p.tally.release(f.batch.Records)
	t.Release(f.batch)
	return nil
}

// deliver gives records their keys and appends them to the delivery buffers of their partitions.
func (p *Pipeline) deliver(now time.Time, records []record.Record) error {
	if p.keys != nil && len(records) > 0 {
		n := len(records)
		o, err := p.keys.Process(context.Background(), now, 1, records)
		if err != nil {
			return err
		}
		if err := p.ledger.Keys.take("partition", n, &o); err != nil {
			return err
		}
		if err := p.fail(now, o.Failed); err != nil {
			return err
		}
		p.tally.releaseFailed(o.Failed) // the others are the same records, in the same memory
		records = o.Out
	}
	for len(records) > 0 {
		var keys *record.Keys // without partitions there is one buffer, wherever records go from there
		var o *outlet
		n := len(records)
		if p.place != nil {
			keys, n = records[0].Keys, 1
			for n < len(records) && records[n].Keys == keys {
				n++
			}
			o, _ = keys.Buffer.(*outlet)
		} else {
			o = p.outlets[nil]
		}
		if o == nil {
			var refused *record.Failure
			if o, refused = p.openPartition(now, &records[0], keys); refused != nil {
				if err := p.refusePartition(now, records[:n], refused); err != nil {
					return err
				}
				records = records[n:]
				continue
			}
		}
		p.ledger.Buffer.In += int64(n)
		sooner, err := o.buf.Append(now, records[:n])
		if err != nil {
			return err
		}
		if sooner {
			p.agenda.set(o, o.due(now))
		}
		records = records[n:]
	}
	return nil
}

// openPartition makes the delivery buffer of a record's partition, or says why there can't be one.
func (p *Pipeline) openPartition(now time.Time, r *record.Record, keys *record.Keys) (*outlet, *record.Failure) {
	if p.place != nil {
		if len(p.outlets) >= p.active {
			f := partition.Failure(*r, partition.CodeLimitExceeded, "The number of active partitions exceeds the limit of the delivery stream", now)
			return nil, &f
		}
		// A prefix that is too long when it is evaluated, and a key, fails its records (dynamic-partitioning.md §2, CHOICE).
		facts := s3.Facts{Keys: r.Keys, Time: time.UnixMilli(r.Arrival).UTC(), Random: func(int) (b [32]byte) { return b }}
		if err := p.place.CheckKey(facts); err != nil {
			f := partition.Failure(*r, partition.CodeExtraction, err.Error(), now)
			return nil, &f
		}
		p.ledger.noteOdd(p.place.Prefix.LambdaKeys(), keys.Lambda)
		p.ledger.noteOdd(p.place.Prefix.QueryKeys(), keys.Query)
	}
	o := p.newOutlet(p.delivery, &p.ledger.Delivery, rankDelivery+p.opened)
	if o.keys = keys; keys != nil {
		keys.Buffer = o
	}
	p.opened++
	p.outlets[keys] = o
	p.ledger.Partitions++
	p.ledger.MostPartitions = max(p.ledger.MostPartitions, len(p.outlets))
	p.ledger.OpenPartitions.add(now, len(p.outlets))
	return o, nil
}

// refusePartition turns records of a partition that can't be opened into failures like f.
func (p *Pipeline) refusePartition(now time.Time, records []record.Record, f *record.Failure) error {
	failed := make([]record.Failure, len(records))
	for i := range records {
		failed[i] = *f
		failed[i].Record = records[i]
	}
	p.ledger.Keys.Out -= int64(len(records))
	p.ledger.Keys.Failed += int64(len(records))
	if f.Record.Keys != nil {
		p.keys.Forget(f.Record.Keys)
	}
	err := p.fail(now, failed)
	p.tally.release(records)
	return err
}

// closePartition ends a partition whose buffer is delivered and empty (dynamic-partitioning.md §5).
func (p *Pipeline) closePartition(o *outlet) {
	if p.place != nil && o.entry == &p.ledger.Delivery && o.batch == nil && o.Held() == 0 {
		p.agenda.set(o, time.Time{})
		delete(p.outlets, o.keys)
		p.keys.Forget(o.keys)
		o.keys.Buffer = nil
		p.ledger.OpenPartitions.add(p.now, len(p.outlets))
	}
}

// fail turns failures into lines in the error buffers of their folders.
func (p *Pipeline) fail(now time.Time, failed []record.Failure) error {
	p.events.failed(now, failed)
	for i := range failed {
		f := &failed[i]
		place := folder{f.Cause, f.Prefix}
		o := p.errors[place]
		if o == nil {
			o = p.newOutlet(p.errorOutput(place), &p.ledger.Errors, rankErrors+int64(f.Cause))
			if f.Prefix != "" {
				o.order += int64(record.Causes * (1 + len(p.folders)))
			}
			p.errors[place] = o
			p.folders = append(p.folders, o)
			sortOutlets(p.folders)
		}
		p.line = p.errorLines.Append(p.line[:0], f)
		p.lines = append(p.lines[:0], record.Record{Seq: f.Record.Seq, Sub: f.Record.Sub, Data: p.line, Raw: p.line, Arrival: f.Record.Arrival})
		p.ledger.Errors.In++
		p.ledger.count(f.Code, 1)
		if _, err := o.buf.Append(now, p.lines); err != nil {
			return err
		}
		p.tally.hold(p.lines)
		p.agenda.set(o, o.due(now))
	}
	return nil
}

// A folder is where error lines go.
type folder struct {
	record.Cause
	Prefix string // instead of the stream's; empty is that
}

// The ranks of outlets: at one instant, station order comes first.
const (
	rankBackup   = 0
	rankDelivery = 1 << 40
	rankErrors   = 2 << 40
)

// An outletConfig is what outlets of one use have in common.
type outletConfig struct {
	hints  buffer.Hints
	most   int64 // the greatest size of the hints' range
	dest   Destination
	budget budget
	// fails has a batch whose budget is spent end in the error output; it is lost otherwise.
	fails func(records []record.Record, o *record.Outage, attempts int, at time.Time) []record.Failure
	// events are those of the destination; nil where they aren't logged.
	events *errorLog
}

// newOutlet makes a delivery or error buffer with its destination.
func (p *Pipeline) newOutlet(c outletConfig, e *Entry, order int64) *outlet {
	o := &outlet{dest: c.dest, entry: e, order: order, most: c.most, budget: c.budget, seed: p.seed, fails: c.fails, events: c.events}
	o.buf.Init(c.hints, &p.pool)
	o.Reader = &o.buf.Reader
	return o
}

// runOutlets has every outlet that is due at now make an attempt; all has every outlet that holds something do so.
func (p *Pipeline) runOutlets(ctx context.Context, now time.Time, all bool) error {
	due := p.due[:0]
	if all {
		due = append(due, p.agenda...)
		sortOutlets(due)
	} else {
		for len(p.agenda) > 0 && !p.agenda[0].at.After(now) {
			o := p.agenda[0]
			due = append(due, o)
			p.agenda.set(o, time.Time{})
		}
		sortOutlets(due)
	}
	p.due = due
	begun := due[:0:len(due)]
	for _, o := range due {
		held := o.batch != nil
		if !o.begin(now, all) {
			p.agenda.set(o, o.due(now))
			continue
		}
		if !held {
			p.cut(o)
		}
		begun = append(begun, o)
	}
	prepared := 0
	for i, o := range begun {
		if i == prepared {
			prepared += p.prepare(ctx, now, begun[i:])
		}
		for first := true; ; first = false {
			if !first {
				if !all || !o.begin(now, true) {
					break
				}
				p.cut(o)
			}
			s, err := p.attempt(ctx, o, now)
			if err != nil {
				for _, o := range begun[i:] {
					p.agenda.set(o, o.due(now))
				}
				return err
			}
			if !s.done {
				break
			}
		}
		p.agenda.set(o, o.due(now))
		p.closePartition(o)
	}
	if all { // error lines that were made just now
		for _, o := range p.folders {
			for o.batch == nil && o.begin(now, true) {
				if _, err := p.attempt(ctx, o, now); err != nil {
					return err
				}
			}
			p.agenda.set(o, o.due(now))
		}
	}
	return nil
}

// preparedBytes is how much data several workers encode before it is put, at once, unless a worker has more in one batch.
const preparedBytes = 64 * MiB

// prepare has the first of some deliveries do what they can without anybody else, and returns how many. What one worker
// encodes is put at once, while it is in the cache.
func (p *Pipeline) prepare(ctx context.Context, now time.Time, begun []*outlet) (n int) {
	for size := int64(0); n < len(begun) && (p.workers > 1 && size < preparedBytes || n < p.workers); n++ {
		size += begun[n].batch.Size()
	}
	work.Each(p.workers, n, func(i int) {
		if d, ok := begun[i].delivery.(preparer); ok {
			d.Prepare(ctx, now)
		}
	})
	return n
}

// cut notes that a batch was cut.
func (p *Pipeline) cut(o *outlet) {
	if o.entry == &p.ledger.Delivery {
		n := int64(len(o.batch.Records))
		p.ledger.Buffer.Out += n
		p.ledger.Delivery.In += n
	}
}

// attempt makes one attempt of o's batch and takes up what it settled.
func (p *Pipeline) attempt(ctx context.Context, o *outlet, now time.Time) (settled, error) {
	if o.batch.Attempts > 0 && o.waiting.IsZero() { // a question for an acknowledgement is none
		p.ledger.Retried++
	}
	s, err := o.attempt(ctx, now)
	if err == nil || len(s.failed) > 0 {
		err = errors.Join(err, p.fail(now, s.failed))
	}
	if o != p.backup {
		p.ledger.Lost += int64(s.lost)
	}
	if s.done {
		p.tally.release(o.batch.Records)
		o.finish()
	}
	return s, err
}

// Ledger returns the account of every station as it is now.
func (p *Pipeline) Ledger() Ledger {
	l := p.ledger
	l.Failures = maps.Clone(l.Failures)
	l.OpenPartitions.Most = slices.Clone(l.OpenPartitions.Most)
	l.OddKeys = slices.Clone(l.OddKeys)
	if t := p.transform; t != nil {
		l.Lambda.Held = int64(t.Records())
	}
	for _, o := range p.outlets {
		l.Buffer.Held += int64(o.Held())
		l.Delivery.Held += o.unsettled()
	}
	for _, o := range p.folders {
		l.Errors.Held += int64(o.Held()) + o.unsettled()
	}
	if o := p.backup; o != nil {
		l.Backup.Held += int64(o.Held()) + o.unsettled()
	}
	return l
}

// Now is the stream's time.
func (p *Pipeline) Now() time.Time { return p.now }

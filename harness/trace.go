package harness

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/input"
)

// A Trace notes what records met on their way, so that a test can say which of them went wrong where. It keeps copies
// of what it notes, for inputs of a test's size; its pipeline must have one worker.
type Trace struct {
	Steps   []Step
	Outages []Step // attempts that failed as a whole, in their order; they have no Seq
	Objects [][]Step
	p       *Pipeline
}

// A Step is what a record met at a station.
type Step struct {
	At      time.Time // stream time
	Station string    // "lambda", "delivery", "backup", "errors"
	What    Happening
	Seq     uint64
	Sub     uint32
	Data    []byte // what the record is behind the station
	Code    string // of a failure
	Message string
	Object  int // that it is in, for Delivered: an index of Objects
}

// A Happening is what a station does to a record.
type Happening uint8

// The happenings.
const (
	Passed    Happening = iota // it goes on
	Dropped                    // it was left out on purpose
	Failed                     // it became a line of error output
	Delivered                  // it is in an object
)

// Attach has the trace note what happens in p from now on.
func (t *Trace) Attach(p *Pipeline) {
	t.p = p
	if x := p.transform; x != nil {
		x.processor = tracedProcessor{x.processor, t}
	}
	p.delivery.dest = tracedDestination{p.delivery.dest, t, "delivery"}
	if fails := p.delivery.fails; fails != nil {
		p.delivery.fails = func(records []record.Record, o *record.Outage, attempts int, at time.Time) []record.Failure {
			failed := fails(records, o, attempts, at)
			t.failed("delivery", failed)
			return failed
		}
	}
	if p.backup != nil {
		p.backup.dest = tracedDestination{p.backup.dest, t, "backup"}
	}
	lines := p.errorOutput
	p.errorOutput = func(c folder) outletConfig {
		config := lines(c)
		config.dest = tracedDestination{config.dest, t, "errors"}
		return config
	}
}

// NextSeq is the number that the next record put will have: the first, where it becomes several.
func (t *Trace) NextSeq() uint64 { return t.p.seq }

// outage notes an attempt that failed as a whole.
func (t *Trace) outage(at time.Time, station string, err error) {
	s := Step{At: at, Station: station, What: Failed, Code: "InternalError", Message: err.Error()}
	var o *record.Outage
	if errors.As(err, &o) {
		s.Code, s.Message = o.Code, o.Text()
	}
	t.Outages = append(t.Outages, s)
}

// failed notes records that failed.
func (t *Trace) failed(station string, list []record.Failure) {
	for i := range list {
		f := &list[i]
		t.Steps = append(t.Steps, Step{At: time.UnixMilli(f.At).UTC(), Station: station, What: Failed, Seq: f.Record.Seq, Sub: f.Record.Sub,
			Data: bytes.Clone(f.Record.Data), Code: f.Code, Message: f.Message})
	}
}

// A tracedProcessor notes what became of records.
type tracedProcessor struct {
	Processor
	t *Trace
}

type recordID struct {
	seq uint64
	sub uint32
}

// Process processes in.
func (p tracedProcessor) Process(ctx context.Context, now time.Time, attempt int, in []record.Record) (record.Outcome, error) {
	o, err := p.Processor.Process(ctx, now, attempt, in)
	if err != nil {
		p.t.outage(now, "lambda", err)
		return o, err
	}
	seen := make(map[recordID]bool, len(in))
	for i := range o.Out {
		r := &o.Out[i]
		seen[recordID{r.Seq, r.Sub}] = true
		p.t.Steps = append(p.t.Steps, Step{At: o.End, Station: "lambda", What: Passed, Seq: r.Seq, Sub: r.Sub, Data: bytes.Clone(r.Data)})
	}
	for i := range o.Failed {
		seen[recordID{o.Failed[i].Record.Seq, o.Failed[i].Record.Sub}] = true
	}
	p.t.failed("lambda", o.Failed)
	for i := range in {
		if r := &in[i]; !seen[recordID{r.Seq, r.Sub}] {
			p.t.Steps = append(p.t.Steps, Step{At: o.End, Station: "lambda", What: Dropped, Seq: r.Seq, Sub: r.Sub, Data: bytes.Clone(r.Data)})
		}
	}
	return o, nil
}

// Failures makes the failures of a batch.
func (p tracedProcessor) Failures(in []record.Record, o *record.Outage, attempts int, at time.Time) []record.Failure {
	list := p.Processor.Failures(in, o, attempts, at)
	p.t.failed("lambda", list)
	return list
}

// A tracedDestination notes which records are in which object.
type tracedDestination struct {
	Destination
	t       *Trace
	station string
}

// Begin starts a delivery.
func (d tracedDestination) Begin(now time.Time, records []record.Record) record.Delivery {
	v := &tracedDelivery{Delivery: d.Destination.Begin(now, records), t: d.t, station: d.station, records: records}
	if q := asQuitter(v.Delivery); q != nil {
		return &tracedQuitter{v, q}
	}
	return v
}

// A tracedQuitter notes what its delivery gives up on, too.
type tracedQuitter struct {
	*tracedDelivery
	q quitter
}

// GiveUp ends the delivery.
func (d *tracedQuitter) GiveUp(o *record.Outage, attempts int, at time.Time) []record.Failure {
	failed := d.q.GiveUp(o, attempts, at)
	d.t.failed(d.station, failed)
	return failed
}

type tracedDelivery struct {
	record.Delivery
	t       *Trace
	station string
	records []record.Record
	failed  map[recordID]bool
}

// Prepare prepares the delivery, where that is something.
func (d *tracedDelivery) Prepare(ctx context.Context, now time.Time) {
	if p, ok := d.Delivery.(preparer); ok {
		p.Prepare(ctx, now)
	}
}

// Attempt makes an attempt. One that delivers records has put one object.
func (d *tracedDelivery) Attempt(ctx context.Context, now time.Time) (record.Progress, error) {
	var kept []Step
	for i := range d.records { // their memory may be given back at the attempt's end
		r := &d.records[i]
		kept = append(kept, Step{At: now, Station: d.station, What: Delivered, Seq: r.Seq, Sub: r.Sub, Data: bytes.Clone(r.Data), Object: len(d.t.Objects)})
	}
	p, err := d.Delivery.Attempt(ctx, now)
	if err != nil && ctx.Err() == nil {
		d.t.outage(now, d.station, err)
	}
	for i := range p.Failed {
		if d.failed == nil {
			d.failed = map[recordID]bool{}
		}
		d.failed[recordID{p.Failed[i].Record.Seq, p.Failed[i].Record.Sub}] = true
	}
	d.t.failed(d.station, p.Failed)
	if p.Delivered == 0 {
		return p, err
	}
	var object []Step
	for _, s := range kept {
		if !d.failed[recordID{s.Seq, s.Sub}] {
			object = append(object, s)
		}
	}
	d.t.Objects = append(d.t.Objects, object)
	d.t.Steps = append(d.t.Steps, object...)
	return p, err
}

// SourceOf is the metadata that Replay gives a record of a stream that reads from Kinesis or MSK, for drivers of their own.
func SourceOf(s *Stream, r *input.Record, arrival time.Time) *record.Source {
	return source(s, r, arrival)
}

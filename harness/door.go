package harness

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/input"
)

// A Door takes what a stream's function puts back, and has it admitted again when the invocations that ran at once are
// joined. Put may be called by several goroutines. A nil one is a door that is shut.
type Door struct {
	Admitting func(b PutBack) // called before each is admitted, if it isn't nil

	refused func(r input.Record, code, message string) error // ReplayOptions.Refused

	left int // of those that are being admitted

	mu   sync.Mutex
	back []PutBack
}

// A PutBack is a record that was put back.
type PutBack struct {
	ID           string // of the record that it is or was part of; empty where that isn't known
	Data         []byte
	PartitionKey string // where it was put back to a Kinesis data stream
}

// Put takes records; their bytes stay the door's.
func (d *Door) Put(records ...PutBack) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.back = append(d.back, records...)
}

// waits reports whether something was put back that is not admitted yet.
func (d *Door) waits() bool {
	if d == nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.left+len(d.back) > 0
}

// take empties the door. Which of several invocations put back first is chance, so the order is that of the records that
// came back; of those whose ids aren't known it is that of their bytes.
func (d *Door) take() []PutBack {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.back
	d.back = nil
	slices.SortStableFunc(list, func(a, b PutBack) int {
		if a.ID != "" || b.ID != "" {
			return cmp.Compare(a.ID, b.ID)
		}
		return cmp.Or(slices.Compare(a.Data, b.Data), cmp.Compare(a.PartitionKey, b.PartitionKey))
	})
	return list
}

// Advance is p's, with what comes back admitted at the instant at which it did. What the journal can't take stays in the
// door, and is tried again at the next instant.
func (d *Door) Advance(ctx context.Context, p *Pipeline, s *Stream, to time.Time) (next time.Time, err error) {
	if d == nil {
		return p.Advance(ctx, to)
	}
	for {
		at := p.next()
		end := at.IsZero() || at.After(to)
		if end {
			at = to
		} else if at.Before(p.now) {
			at = p.now
		}
		if next, err = p.Advance(ctx, at); err != nil {
			return next, err
		}
		var full *JournalError
		if err = d.admit(p, s); err != nil && !errors.As(err, &full) {
			return p.next(), err
		}
		if next = p.next(); end && (next.IsZero() || next.After(to)) {
			return next, nil
		}
	}
}

// admit has what is in the door admitted now; what can't be stays there.
func (d *Door) admit(p *Pipeline, s *Stream) error {
	if d == nil {
		return nil
	}
	list := d.take()
	for i, b := range list {
		if d.Admitting != nil {
			d.Admitting(b)
		}
		d.left = len(list) - i - 1
		if err := p.putBack(s, b, d.refused); err != nil {
			d.left = 0
			d.Put(list[i:]...)
			return err
		}
	}
	return nil
}

// putBack admits a record as a put that counts as added.
func (p *Pipeline) putBack(s *Stream, b PutBack, told func(r input.Record, code, message string) error) error {
	r := input.Record{Data: b.Data, PartitionKey: b.PartitionKey}
	refused, err := refuse(p, s, &r, told)
	if !refused {
		_, err = p.Put(p.now, []record.Record{{Data: b.Data, Arrival: p.now.UnixMilli(), Source: source(s, &r, p.now)}})
	}
	if err == nil {
		p.ledger.Source.In--
		p.ledger.Source.Added++
	}
	return err
}

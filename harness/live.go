package harness

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/input"
)

// LiveOptions are the clock of a live stream, and what hears of it.
type LiveOptions struct {
	Now   func() time.Time                       // time.Now
	After func(d time.Duration) <-chan time.Time // time.After

	// Door, Refused and Progress are those of [ReplayOptions].
	Door     *Door
	Refused  func(r input.Record, code, message string) error
	Progress func(now time.Time)
}

// Live puts records through a pipeline as they come: each arrives when it is read, and intervals and pauses last as long
// as they do. When the input has ended the stream runs until nothing is held; when it breaks, or ctx ends, what is held is
// tried once more and stays held where that fails, and the error is the input's, or ctx's. in may then be read once more, by a call that waits and
// can't be given up.
func Live(ctx context.Context, p *Pipeline, s *Stream, in Records, o LiveOptions) error {
	if o.Door != nil {
		o.Door.refused = o.Refused
	}
	f := follow(in)
	defer close(f.more)
	var next, armed time.Time // of the pipeline; that timer is for
	var timer <-chan time.Time
	now := o.Now()
	tick := func() { // the wall clock may be set back, the stream's time may not
		if t := o.Now(); t.After(now) {
			now = t
		}
	}
	one := make([]record.Record, 1)
	for records := f.records; records != nil || !next.IsZero() || o.Door.waits(); {
		tick()
		late := records == nil && next.IsZero() // put back behind its invocation's end
		if late || !next.IsZero() && !next.After(now) {
			var err error
			if next, err = o.Door.Advance(ctx, p, s, now); err != nil {
				return interrupted(ctx, p, s, o.Door, p.Now(), err)
			}
			continue
		}
		if !next.Equal(armed) {
			if armed, timer = next, nil; !next.IsZero() {
				timer = o.After(next.Sub(now))
			}
		}
		select {
		case <-ctx.Done():
			tick()
			return interrupted(ctx, p, s, o.Door, now, ctx.Err())
		case <-timer:
			armed = time.Time{} // it may have come early
		case r := <-records:
			switch {
			case r.err == io.EOF:
				records = nil
				continue
			case r.err != nil:
				tick()
				return abandoned(ctx, p, s, o.Door, now, r.err)
			}
			tick()
			var err error
			if !next.IsZero() && !next.After(now) {
				if next, err = o.Door.Advance(ctx, p, s, now); err != nil {
					return interrupted(ctx, p, s, o.Door, p.Now(), err)
				}
			}
			refused, err := refuse(p, s, &r.Record, o.Refused)
			if err != nil {
				return abandoned(ctx, p, s, o.Door, now, err)
			}
			if !refused {
				one[0] = record.Record{Data: r.Data, Arrival: now.UnixMilli(), Source: source(s, &r.Record, now)}
				if next, err = p.Put(now, one); err != nil {
					return abandoned(ctx, p, s, o.Door, now, err)
				}
			}
			if o.Progress != nil {
				o.Progress(now)
			}
			f.more <- struct{}{}
		}
	}
	return nil
}

// A follower reads records one at a time, when it is asked to: their data is valid until then.
type follower struct {
	more    chan struct{}
	records chan followed
}

type followed struct {
	input.Record
	err error
}

func follow(in Records) *follower {
	f := &follower{make(chan struct{}, 1), make(chan followed, 1)}
	f.more <- struct{}{}
	go func() {
		for range f.more {
			r, err := in.Next()
			f.records <- followed{r, err}
			if err != nil {
				return
			}
		}
	}()
	return f
}

// refuse reports whether the door refuses a record: one that is too large for a direct put.
func refuse(p *Pipeline, s *Stream, r *input.Record, told func(r input.Record, code, message string) error) (bool, error) {
	if s.Source != DirectPut || len(r.Data) <= MaxPut {
		return false, nil
	}
	const code = "ValidationException"
	p.Refuse(code)
	if told == nil {
		return true, nil
	}
	return true, told(*r, code, fmt.Sprintf("the record is %d bytes; at most %d are allowed", len(r.Data), MaxPut))
}

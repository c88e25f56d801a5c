package harness

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/input"
)

// MaxPut is the size of a record that a direct put may have (sources.md §2: 1,000 KiB), in bytes.
const MaxPut = 1000 << 10

// Records are where a replay reads from; io.EOF ends it. *input.Reader is one.
type Records interface {
	Next() (input.Record, error)
}

// ReplayOptions say when records arrive that don't say it themselves.
type ReplayOptions struct {
	Start time.Time // of the first; DefaultStart where zero
	Rate  float64   // records a second; DefaultRate where 0

	// Journal is the pipeline's, where it has one: what a former process left in it is put again, and the input is read
	// from where that process came to.
	Journal RestoredJournal

	// Door is what the function puts records back through; nil where it doesn't.
	Door *Door

	// Refused is called with what the door refuses, if it isn't nil. Data is valid during the call.
	Refused func(r input.Record, code, message string) error
	// Progress is called after every record, if it isn't nil, with the stream's time.
	Progress func(now time.Time)
}

// A RestoredJournal is a journal with what a former process left in it. *buffer.Journal is one.
type RestoredJournal interface {
	Journal
	Position() int64
	Last() time.Time
	Unsettled(f func(now time.Time, records []record.Record) error) error
}

// DefaultStart and DefaultRate are when records arrive that nothing is known of (cli.md).
var DefaultStart = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// DefaultRate is in records a second.
const DefaultRate = 1000

// Replay puts records through a pipeline by their arrival times, on a virtual clock, and runs the stream until
// nothing is held: retries of hours and last intervals happen as they would. When ctx ends, what is held is tried
// once more and stays held where that fails, and so does what the function puts back meanwhile; the error is ctx's. It is
// tried once more too where the input can't be read to its end.
func Replay(ctx context.Context, p *Pipeline, s *Stream, in Records, o ReplayOptions) error {
	if o.Start.IsZero() {
		o.Start = DefaultStart
	}
	if o.Rate <= 0 {
		o.Rate = DefaultRate
	}
	if o.Door != nil {
		o.Door.refused = o.Refused
	}
	if p.tally != nil {
		p.tally.door = o.Door
	}
	one := make([]record.Record, 1)
	var next time.Time
	now, skip := o.Start, int64(0)
	if j := o.Journal; j != nil {
		var err error
		if next, err = restore(ctx, p, j); err != nil {
			return interrupted(ctx, p, s, o.Door, p.Now(), err)
		}
		if skip = j.Position(); skip > 0 {
			now = j.Last()
			p.Read(skip)
		}
	}
	for n := int64(0); ; n++ {
		r, err := in.Next()
		if err == io.EOF {
			break
		}
		if ended := ctx.Err(); ended != nil && errors.Is(err, ended) { // it need not wait for its input
			return interrupted(ctx, p, s, o.Door, p.Now(), ended)
		}
		if err != nil {
			return abandoned(ctx, p, s, o.Door, now, err)
		}
		if n < skip {
			if ctx.Err() != nil {
				return interrupted(ctx, p, s, o.Door, p.Now(), ctx.Err())
			}
			continue
		}
		arrival := o.Start.Add(time.Duration(float64(n) / o.Rate * float64(time.Second))).Truncate(time.Millisecond) // as the service has it
		if r.HasArrival {
			arrival = time.UnixMilli(r.Arrival).UTC()
			if n == 0 {
				now = arrival
			}
		}
		// A record that arrived before the stream's time (captures of several shards are out of order) is
		// admitted at the stream's time and keeps its own arrival.
		if arrival.After(now) {
			now = arrival
		}
		if !next.IsZero() && !next.After(now) {
			if next, err = o.Door.Advance(ctx, p, s, now); err != nil {
				return interrupted(ctx, p, s, o.Door, p.Now(), err)
			}
		} else if ctx.Err() != nil {
			return interrupted(ctx, p, s, o.Door, p.Now(), ctx.Err())
		}
		refused, err := refuse(p, s, &r, o.Refused)
		if err != nil {
			return abandoned(ctx, p, s, o.Door, now, err)
		}
		if refused {
			continue
		}
		p.Read(n + 1)
		for patience := putPatience; ; patience -= putPause {
			one[0] = record.Record{Data: r.Data, Arrival: arrival.UnixMilli(), Source: source(s, &r, arrival)}
			if next, err = p.Put(now, one); err == nil {
				break
			}
			// The producer of a put that could not be kept puts it again, as it does when the service is unavailable.
			var full *JournalError
			if !errors.As(err, &full) || patience <= 0 {
				return abandoned(ctx, p, s, o.Door, now, err)
			}
			now = now.Add(putPause)
			if _, err = o.Door.Advance(ctx, p, s, now); err != nil {
				return interrupted(ctx, p, s, o.Door, p.Now(), err)
			}
		}
		if o.Progress != nil {
			o.Progress(now)
		}
	}
	for patience := putPatience; !next.IsZero() || o.Door.waits(); {
		if next.IsZero() { // the journal is full
			if patience -= putPause; patience < 0 {
				return abandoned(ctx, p, s, o.Door, p.Now(), errors.New("what the function put back could not be kept"))
			}
			next = p.Now().Add(putPause)
		}
		var err error
		if next, err = o.Door.Advance(ctx, p, s, next); err != nil {
			return interrupted(ctx, p, s, o.Door, p.Now(), err)
		}
	}
	return p.Settled()
}

// How often, and how long, a producer puts a record again that the journal could not keep, in stream time: CHOICE.
const (
	putPause    = time.Second
	putPatience = 15 * time.Minute
)

// restore puts again what a former process left in the journal, each at its time.
func restore(ctx context.Context, p *Pipeline, j RestoredJournal) (next time.Time, err error) {
	err = j.Unsettled(func(now time.Time, records []record.Record) error {
		if !next.IsZero() && !next.After(now) {
			if _, err := p.Advance(ctx, now); err != nil {
				return err
			}
		}
		var err error
		next, err = p.Readmit(now, records)
		return err
	})
	return next, err
}

// interrupted finishes what is in flight, where err is that ctx has ended. What the function puts back then is held: a
// function that always puts something back would have no end.
func interrupted(ctx context.Context, p *Pipeline, s *Stream, d *Door, now time.Time, err error) error {
	if ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
		return err
	}
	if err := p.Flush(context.WithoutCancel(ctx), now); err != nil {
		return err
	}
	if err := d.admit(p, s); err != nil {
		return err
	}
	return errors.Join(ctx.Err(), p.Settled())
}

// abandoned finishes what is in flight when there can't be more, for err. What the function puts back then is held too.
func abandoned(ctx context.Context, p *Pipeline, s *Stream, d *Door, now time.Time, err error) error {
	return errors.Join(err, p.Flush(context.WithoutCancel(ctx), now), d.admit(p, s), p.Settled())
}

// source is the metadata of a record of a stream that reads from Kinesis or MSK, made up where the input has none.
func source(s *Stream, r *input.Record, arrival time.Time) *record.Source {
	switch s.Source {
	case KinesisStream:
		src := &record.Source{Shard: r.Shard, PartitionKey: r.PartitionKey, SequenceNumber: r.SequenceNumber, Subsequence: r.Subsequence, Arrival: arrival.UnixMilli()}
		if src.Shard == "" {
			src.Shard = "shardId-000000000000"
		}
		return src
	case MSK:
		src := &record.Source{Offset: r.KafkaOffset, Partition: r.KafkaPartition, Arrival: arrival.UnixMilli()}
		if src.Offset == "" {
			src.Offset, src.Partition = "0", "0"
		}
		return src
	}
	return nil
}

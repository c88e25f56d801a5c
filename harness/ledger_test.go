package harness

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
)

// TestLedgerCheck miscounts one record at every place of an account that balances: the error names the station, or the two
// that disagree.
func TestLedgerCheck(t *testing.T) {
	full := func() Ledger {
		return Ledger{
			Source:   Entry{In: 10, Added: 3, Out: 11, Dropped: 1, Failed: 1},
			Decoders: [2]Entry{{In: 11, Out: 10, Failed: 1}, {In: 10, Added: 4, Out: 13, Dropped: 1}},
			Lambda:   Entry{In: 13, Added: 1, Out: 9, Dropped: 2, Failed: 1, Held: 2},
			Keys:     Entry{In: 9, Out: 8, Failed: 1},
			Buffer:   Entry{In: 8, Out: 7, Held: 1},
			Delivery: Entry{In: 7, Out: 3, Failed: 3, Held: 1},
			Errors:   Entry{In: 5, Out: 3, Failed: 1, Held: 1},
			Backup:   Entry{In: 11, Out: 9, Failed: 1, Held: 1},
			Lost:     2,
		}
	}
	l := full()
	if err := l.Check(); err != nil {
		t.Fatal(err)
	}
	entries := func(l *Ledger) map[string]*Entry {
		return map[string]*Entry{"source": &l.Source, "decompress": &l.Decoders[0], "deaggregate": &l.Decoders[1], "lambda": &l.Lambda, "partition": &l.Keys,
			"buffer": &l.Buffer, "delivery": &l.Delivery, "errors": &l.Errors, "backup": &l.Backup}
	}
	for name := range entries(&l) {
		for i := range 6 {
			l := full()
			e := entries(&l)[name]
			*[]*int64{&e.In, &e.Added, &e.Out, &e.Dropped, &e.Failed, &e.Held}[i]++
			if err := l.Check(); err == nil || !strings.Contains(err.Error(), name+" ") {
				t.Errorf("%s, field %d: %v", name, i, err)
			}
		}
	}
	for what, change := range map[string]func(l *Ledger){
		"between source (out 12) and decompress (in 11)": func(l *Ledger) { l.Source.In++; l.Source.Out++; l.Backup.In++; l.Backup.Out++ },
		"between buffer (out 6) and delivery (in 7)":     func(l *Ledger) { l.Buffer.Out--; l.Buffer.Held++ },
		"between partition (out 8) and buffer (in 9)":    func(l *Ledger) { l.Buffer.In++; l.Buffer.Held++ },
		"records are not accounted for":                  func(l *Ledger) { l.Lost++ },
		"source backup":                                  func(l *Ledger) { l.Backup.In--; l.Backup.Out-- },
	} {
		l := full()
		change(&l)
		if err := l.Check(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A loser is a processor that loses the last record that it is given, and says nothing of it.
type loser struct{}

func (loser) Process(_ context.Context, now time.Time, _ int, in []record.Record) (record.Outcome, error) {
	return record.Outcome{Out: in[:len(in)-1], End: now}, nil
}

func (loser) Failures([]record.Record, *record.Outage, int, time.Time) []record.Failure { return nil }

// A lossyDestination settles less than it is given, and is done; or settles more.
type lossyDestination struct{ record.Progress }

func (d lossyDestination) Begin(time.Time, []record.Record) record.Delivery { return d }
func (d lossyDestination) Attempt(context.Context, time.Time) (record.Progress, error) {
	return d.Progress, nil
}

// TestLosers: a station that loses a record ends the stream, and the error names it.
func TestLosers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(p *Pipeline)
		want   string
	}{
		{"none", func(*Pipeline) {}, ""},
		{"decompression", func(p *Pipeline) { p.decoders[0] = loser{} }, "station decompress was given 2 records, added 0, and accounts for 1"},
		{"de-aggregation", func(p *Pipeline) { p.decoders[1] = loser{} }, "station deaggregate was given 2 records, added 0, and accounts for 1"},
		{"the function", func(p *Pipeline) { p.transform.processor = loser{} }, "station lambda was given 2 records, added 0, and accounts for 1"},
		{"the delivery", func(p *Pipeline) { p.delivery.dest = lossyDestination{record.Progress{Delivered: 1, Done: true}} },
			"a delivery of 2 records is done and leaves 1 of them unsettled"},
		{"the delivery, twice", func(p *Pipeline) { p.delivery.dest = lossyDestination{record.Progress{Delivered: 3, Done: true}} },
			"a delivery of 2 records is done and leaves -1 of them unsettled"},
		{"the delivery, which waits for nothing", func(p *Pipeline) { p.delivery.dest = lossyDestination{record.Progress{Delivered: 1}} },
			"a delivery of 2 records is neither done nor waits for anything"},
	} {
		s := testStream(t, "", "")
		s.Lambda = &Lambda{ARN: "arn:f", Hints: buffer.Hints{Size: MiB, Interval: time.Second}}
		p, err := New(s, Options{Bucket: &s3.Memory{}, Invoker: echo(func(data []byte) []byte { return data })})
		if err != nil {
			t.Fatal(err)
		}
		tt.change(p)
		next, err := p.Put(t0, []record.Record{{Data: []byte("a")}, {Data: []byte("b")}})
		for err == nil && !next.IsZero() {
			next, err = p.Advance(context.Background(), next)
		}
		if got := fmt.Sprint(err); got != tt.want && !(err == nil && tt.want == "") {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

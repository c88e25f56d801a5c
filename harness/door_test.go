package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/internal/input"
)

// nextFunc is records out of a function.
type nextFunc func() (input.Record, error)

func (f nextFunc) Next() (input.Record, error) { return f() }

// TestDoorInterrupted: what a function puts back when the stream is interrupted is held, and accounted for.
func TestDoorInterrupted(t *testing.T) {
	s := testStream(t, "", "")
	s.Lambda = &Lambda{ARN: "arn:f", Hints: buffer.Hints{Size: 1 << 20, Interval: time.Minute}}
	d := &Door{}
	pass := echo(func(data []byte) []byte { return data })
	p, err := New(s, Options{Bucket: &s3.Memory{}, Invoker: invokeFunc(func(ctx context.Context, event []byte) ([]byte, error) {
		d.Put(PutBack{ID: "x", Data: []byte("again")})
		return pass.Invoke(ctx, event)
	})})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	err = Replay(ctx, p, s, nextFunc(func() (input.Record, error) {
		if n++; n == 2 {
			cancel()
		}
		return input.Record{Data: []byte("a")}, nil
	}), ReplayOptions{Door: d})
	l := p.Ledger()
	if got, want := fmt.Sprint(l.String(), l.Check(), err), "in 1 + added 1 = delivered 1 + dropped 0 + failed 0 + lost 0 + held 1<nil> context canceled"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestDoorRefuses: what is put back and is too large for a put is told of, like any other.
func TestDoorRefuses(t *testing.T) {
	s := testStream(t, "", "")
	s.Lambda = &Lambda{ARN: "arn:f", Hints: buffer.Hints{Size: 1 << 20, Interval: time.Minute}}
	d := &Door{}
	pass := echo(func(data []byte) []byte { return data })
	p, err := New(s, Options{Bucket: &s3.Memory{}, Invoker: invokeFunc(func(ctx context.Context, event []byte) ([]byte, error) {
		d.Put(PutBack{ID: "x", Data: make([]byte, MaxPut+1)})
		return pass.Invoke(ctx, event)
	})})
	if err != nil {
		t.Fatal(err)
	}
	told := ""
	err = Replay(context.Background(), p, s, &modelInput{records: modelRecords(0, 1)}, ReplayOptions{Door: d, Refused: func(r input.Record, code, _ string) error {
		told += fmt.Sprint(code, " ", len(r.Data))
		return nil
	}})
	l := p.Ledger()
	if got, want := fmt.Sprint(l.String(), " ", err, " ", told), "in 1 + added 1 = delivered 1 + dropped 0 + failed 1 + lost 0 <nil> ValidationException 1024001"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestInputBreaks: what was read before the input can't be read any more is delivered.
func TestInputBreaks(t *testing.T) {
	s := testStream(t, "", "")
	m := &s3.Memory{}
	p, err := New(s, Options{Bucket: m})
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the input is torn")
	n := 0
	err = Replay(context.Background(), p, s, nextFunc(func() (input.Record, error) {
		if n++; n == 3 {
			return input.Record{}, broken
		}
		return input.Record{Data: []byte("a")}, nil
	}), ReplayOptions{})
	if l := p.Ledger(); !errors.Is(err, broken) || l.Delivered() != 2 || len(m.Objects) != 1 {
		t.Errorf("%v, %s, %d objects", err, l.String(), len(m.Objects))
	}
}

// TestResumed: a stream that goes on is where it was, though its records are older than those that don't say when they came.
func TestResumed(t *testing.T) {
	dir := t.TempDir()
	s := testStream(t, "", "")
	s.S3.Hints.Interval = time.Minute
	arrivals := []time.Time{time.Date(2020, 5, 1, 0, 0, 0, 0, time.UTC), time.Date(2020, 5, 1, 1, 0, 0, 0, time.UTC), time.Date(2020, 5, 1, 2, 0, 0, 0, time.UTC)}
	for life := range 2 {
		j, err := buffer.OpenJournal(dir, buffer.JournalOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := New(s, Options{Bucket: &s3.Memory{}, Journal: j, Seed: record.Seed(life)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		n := -1
		err = Replay(ctx, p, s, nextFunc(func() (input.Record, error) {
			if n++; n == 1 && life == 0 {
				cancel()
			}
			if n == len(arrivals) {
				return input.Record{}, io.EOF
			}
			return input.Record{Data: []byte("a"), HasArrival: true, Arrival: arrivals[n].UnixMilli()}, nil
		}), ReplayOptions{Journal: j})
		cancel()
		if (life == 0) != errors.Is(err, context.Canceled) {
			t.Fatalf("life %d: %v", life, err)
		}
		if got := p.Now().Format("2006-01-02 15"); got != []string{"2020-05-01 00", "2020-05-01 02"}[life] {
			t.Errorf("life %d ends at %s", life, got)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/internal/input"
)

// A liveClock is a clock that a script sets, and an input that gives what the script says. A Live that waits for its
// timer, or for a record, waits for the script.
type liveClock struct {
	now    chan time.Time // holds the time
	timers chan liveTimer // that were asked for
	read   chan string
}

type liveTimer struct {
	d    time.Duration
	fire chan time.Time
}

func (c *liveClock) get() time.Time {
	t := <-c.now
	c.now <- t
	return t
}

func (c *liveClock) pass(d time.Duration) { c.now <- (<-c.now).Add(d) }

func (c *liveClock) after(d time.Duration) <-chan time.Time {
	fire := make(chan time.Time, 1)
	c.timers <- liveTimer{d, fire}
	return fire
}

// Next returns what the script says, "EOF" for the end.
func (c *liveClock) Next() (input.Record, error) {
	switch s := <-c.read; {
	case s == "EOF":
		return input.Record{}, io.EOF
	case strings.HasPrefix(s, "error "):
		return input.Record{}, errors.New(s)
	default:
		return input.Record{Data: []byte(s), HasArrival: true, Arrival: 1}, nil // that arrival doesn't count
	}
}

// TestLive runs scripts: a word is a record that is read, a duration passes, "timer=D" is a timer that was asked for with
// that duration, "fire" has the last one fire, "put" is an object that is put, "interrupt" ends the context.
func TestLive(t *testing.T) {
	for _, tt := range []struct {
		name, script string
		want         []string // objects: time of the delivery, time in the key, body
		err          string
	}{
		{"an interval passes", "a timer=1m0s 20s b 40s fire EOF", []string{"60s 10-30-00 ab"}, ""},
		{"the next one begins with its own record", "a timer=1m0s 60s fire put 5m c timer=1m0s 61s fire EOF", []string{"60s 10-30-00 a", "421s 10-36-00 c"}, ""},
		{"the input ends first", "a timer=1m0s EOF 60s fire", []string{"60s 10-30-00 a"}, ""},
		{"a timer comes early", "a timer=1m0s 59s fire timer=1s 1s fire EOF", []string{"60s 10-30-00 a"}, ""},
		{"a record comes when the interval has passed", "a timer=1m0s 70s b put timer=1m0s 60s fire EOF", []string{"70s 10-30-00 a", "130s 10-31-10 b"}, ""},
		{"the clock is set back", "a timer=1m0s -10s b 70s fire EOF", []string{"60s 10-30-00 ab"}, ""},
		{"nothing comes", "5m EOF", nil, ""},
		{"interrupted", "a timer=1m0s 20s b 5s interrupt", []string{"25s 10-30-00 ab"}, "context canceled"},
		{"interrupted while nothing is held", "interrupt", nil, "context canceled"},
		{"the input breaks", "a timer=1m0s 5s error", []string{"5s 10-30-00 a"}, "error x"},
		{"put back", "!a timer=10s 10s fire timer=10s 10s fire timer=1m0s 60s fire EOF", []string{"80s 10-30-10 a"}, ""},
		{"put back behind the end", "!!a timer=10s EOF 10s fire timer=10s 10s fire timer=10s 10s fire timer=1m0s 60s fire", []string{"90s 10-30-20 a"}, ""},
		{"put back when interrupted", "b !a timer=10s 5s interrupt", []string{"5s 10-30-00 b"}, "context canceled"},
		{"put back when the input breaks", "b !a timer=10s 5s error", []string{"5s 10-30-00 b"}, "error x"},
	} {
		s := testStream(t, "", "")
		s.S3.Hints.Interval = time.Minute
		options, back := Options{}, int64(strings.Count(tt.script, "!"))
		if back > 0 { // by a function: what has a ! comes again without it
			s.Lambda = &Lambda{ARN: "arn:f", Hints: buffer.Hints{Size: MiB, Interval: 10 * time.Second}}
		}
		door := &Door{}
		options.Invoker = echo(func(data []byte) []byte {
			if again, ok := bytes.CutPrefix(data, []byte("!")); ok {
				door.Put(PutBack{ID: "x", Data: bytes.Clone(again)})
				return nil
			}
			return data
		})
		c := &liveClock{make(chan time.Time, 1), make(chan liveTimer, 1), make(chan string)}
		c.now <- t0
		var got []string
		puts, read := make(chan bool, 4), make(chan bool)
		bucket := bucketFunc(func(o s3.Object) error {
			got = append(got, fmt.Sprintf("%.0fs %s %s", c.get().Sub(t0).Seconds(), o.Key[len("2025/03/01/10/d-1-2025-03-01-"):][:8], o.Body))
			puts <- true
			return nil
		})
		options.Bucket = bucket
		p, err := New(s, options)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() {
			done <- Live(ctx, p, s, c, LiveOptions{Now: c.get, After: c.after, Door: door, Progress: func(time.Time) { read <- true }})
		}()
		var timer liveTimer
		for _, word := range strings.Fields(tt.script) {
			d, err := time.ParseDuration(word)
			switch {
			case err == nil:
				c.pass(d)
			case strings.HasPrefix(word, "timer="):
				timer = <-c.timers
				if got := "timer=" + timer.d.String(); got != word {
					t.Errorf("%s: %s, want %s", tt.name, got, word)
				}
			case word == "fire":
				timer.fire <- time.Time{}
			case word == "interrupt":
				cancel()
			case word == "error":
				c.read <- "error x"
			case word == "put":
				<-puts
			case word == "EOF":
				c.read <- word
			default:
				c.read <- word
				<-read
			}
		}
		err = <-done
		cancel()
		if text := fmt.Sprint(err); text != tt.err && !(err == nil && tt.err == "") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.err)
		}
		if g, w := strings.Join(got, "\n"), strings.Join(tt.want, "\n"); g != w {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, g, w)
		}
		l := p.Ledger()
		if err := l.Check(); err != nil || l.Added() != back || l.Dropped() != back || tt.err == "" && l.Held() > 0 {
			t.Errorf("%s: %s, %v", tt.name, l.String(), err)
		}
	}
}

// A bucketFunc is a bucket that is a function.
type bucketFunc func(o s3.Object) error

func (f bucketFunc) Put(_ context.Context, o s3.Object) error { return f(o) }

// TestLiveLate: what is put back when nothing else is to come, by a function that goes on behind its answer, is delivered too.
func TestLiveLate(t *testing.T) {
	s := testStream(t, "", "")
	s.S3.Hints.Interval = time.Minute
	m := &s3.Memory{}
	p, err := New(s, Options{Bucket: m})
	if err != nil {
		t.Fatal(err)
	}
	d := &Door{}
	d.Put(PutBack{ID: "x", Data: []byte("late")})
	now := t0
	err = Live(context.Background(), p, s, nextFunc(func() (input.Record, error) { return input.Record{}, io.EOF }), LiveOptions{
		Now: func() time.Time { return now },
		After: func(d time.Duration) <-chan time.Time {
			now = now.Add(d)
			fire := make(chan time.Time, 1)
			fire <- now
			return fire
		},
		Door: d,
	})
	if l := p.Ledger(); err != nil || l.String() != "in 0 + added 1 = delivered 1 + dropped 0 + failed 0 + lost 0" || len(m.Objects) != 1 {
		t.Errorf("%s, %v, %d objects", l.String(), err, len(m.Objects))
	}
}

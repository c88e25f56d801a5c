package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"syscall"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/decode"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/internal/input"
)

// A crash is what a process dies of.
type crash struct{}

// A crashBucket has the process die before or after one of its puts.
type crashBucket struct {
	modelBucket
	rng  *rand.Rand
	left int // puts until then
}

func (b *crashBucket) Put(ctx context.Context, o s3.Object) error {
	b.left--
	if b.left == 0 && b.rng.Intn(2) == 0 {
		panic(crash{})
	}
	err := b.modelBucket.Put(ctx, o)
	if b.left == 0 {
		panic(crash{})
	}
	return err
}

// modelInput is records of the model, one after the other.
type modelInput struct {
	records [][]byte
	n       int
}

func modelRecords(seed int64, n int) [][]byte {
	var list [][]byte
	for i := range n {
		list = append(list, modelRecord(seed, i))
	}
	return list
}

func (m *modelInput) Next() (input.Record, error) {
	if m.n == len(m.records) {
		return input.Record{}, io.EOF
	}
	r := input.Record{Data: m.records[m.n], HasArrival: true, Arrival: t0.Add(time.Duration(m.n) * 700 * time.Millisecond).UnixMilli()}
	m.n++
	return r, nil
}

// A fullJournal can't write now and then.
type fullJournal struct {
	*buffer.Journal
	rng *rand.Rand
}

func (j fullJournal) Append(now time.Time, position int64, records []record.Record) error {
	if j.rng.Intn(10) == 0 {
		return syscall.ENOSPC
	}
	return j.Journal.Append(now, position, records)
}

func (j fullJournal) Settle(seqs []uint64) error {
	if j.rng.Intn(10) == 0 {
		return syscall.ENOSPC
	}
	return j.Journal.Settle(seqs)
}

// TestModelJournal kills random streams before and after puts of objects, again and again, and continues them from their journals:
// every record that was put ends somewhere, and where nothing was killed, once.
func TestModelJournal(t *testing.T) {
	n := int64(24)
	if testing.Short() {
		n = 10
	}
	twice := 0
	for seed := range n {
		twice += journalRun(t, seed)
	}
	if twice == 0 {
		t.Error("nothing arrived twice: was anything killed?")
	}
}

func journalRun(t *testing.T, seed int64) (twice int) {
	rng := rand.New(rand.NewSource(seed))
	one := func(n int) bool { return rng.Intn(n) == 0 }
	records := modelRecords(seed, 400)
	s := testStream(t, "", "e/!{firehose:error-output-type}/!{firehose:random-string}/")
	if one(2) {
		s = partitioned(t, "!{partitionKeyFromQuery:c}/!{firehose:random-string}/", `{c: .c}`)
		s.Partitioning.Retry = time.Duration(rng.Intn(300)) * time.Second
	}
	s.Delimiter = true
	s.S3.Hints = buffer.Hints{Size: int64(500 + rng.Intn(20000)), Interval: time.Duration(1+rng.Intn(60)) * time.Second}
	if one(3) {
		s.Deaggregate = &decode.Deaggregate{}
	}
	function, back := !one(4), one(3)
	again := map[string]bool{} // what the function has put back
	var door *Door
	o := Options{Workers: 1 + rng.Intn(3), ActivePartitions: 2 + rng.Intn(6)}
	if function {
		s.Lambda = &Lambda{ARN: "arn:f", Retries: rng.Intn(4), Hints: buffer.Hints{Size: int64(300 + rng.Intn(5000)), Interval: time.Duration(1+rng.Intn(20)) * time.Second}}
		o.Invoker = modelFunction(seed)
	}
	if function && back {
		o.Invoker = echo(func(data []byte) []byte {
			if pick(seed, "record", data, 25) < 2 {
				return nil
			}
			if pick(seed, "back", data, 3) == 0 && !again[string(data)] {
				again[string(data)] = true
				door.Put(PutBack{ID: "x", Data: bytes.Clone(data)})
				return nil
			}
			return data
		})
		o.Workers = 1
	}
	if one(2) {
		b := s.S3
		b.Bucket = "source"
		s.Backup = &b
		if s.Backup.Prefix, _ = s3.ParsePrefix("!{firehose:random-string}/", s3.Use{}); s.Backup.Prefix == nil {
			t.Fatal("prefix")
		}
	}
	calm := one(5)
	bucket := &crashBucket{modelBucket: modelBucket{seed: seed, hard: 1 << 40, soft: 5, tries: map[string]int{}}, rng: rng}
	o.Bucket = bucket
	dir := t.TempDir()
	lives := 0
	for alive := false; !alive; lives++ {
		j, err := buffer.OpenJournal(dir, buffer.JournalOptions{Segment: 4 << 10})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if bucket.left = 0; !calm && lives < 12 {
			bucket.left = 1 + rng.Intn(25)
		}
		full := fullJournal{j, rng}
		door = &Door{}
		o.Seed, o.Journal = record.Seed(seed)+record.Seed(j.Life())<<32, full
		p, err := New(s, o)
		if err != nil {
			t.Fatal(err)
		}
		alive = func() (alive bool) {
			defer func() {
				if v := recover(); v != nil && v != (crash{}) {
					panic(v)
				}
			}()
			err := Replay(context.Background(), p, s, &modelInput{records: records}, ReplayOptions{Journal: full, Door: door})
			var wrong *JournalError
			if errors.As(err, &wrong) {
				return false // a note that could not be written at the end
			}
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			return true
		}()
		l := p.Ledger()
		if alive {
			if err := l.Check(); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if l.Held() != 0 {
				t.Fatalf("seed %d: held at the end: %s", seed, l.String())
			}
			if got := j.Left(); got != 0 {
				t.Fatalf("seed %d: %d records have not settled at the end, %s", seed, got, l.String())
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[int]int{}
	meet := func(b []byte) {
		var r struct{ ID int }
		if err := json.Unmarshal(b, &r); err != nil || r.ID >= len(records) || !bytes.Equal(b, records[r.ID]) {
			t.Fatalf("seed %d: a record is not what it was: %.300q", seed, b)
		}
		seen[r.ID]++
	}
	backedUp := map[int]bool{}
	keys := map[string][]byte{}
	for _, o := range bucket.Objects {
		if was, ok := keys[o.Key]; ok && !bytes.Equal(was, o.Body) {
			t.Fatalf("seed %d: %s was put over another object", seed, o.Key)
		}
		keys[o.Key] = o.Body
		switch o.Kind {
		case s3.Data:
			for _, b := range bytes.Split(o.Body, []byte("\n")) {
				meet(b)
			}
		case s3.Error:
			for _, line := range bytes.Split(bytes.TrimSuffix(o.Body, []byte("\n")), []byte("\n")) {
				var e struct{ RawData []byte }
				if err := json.Unmarshal(line, &e); err != nil {
					t.Fatalf("seed %d: %v: %.200q", seed, err, line)
				}
				meet(e.RawData)
			}
		case s3.Backup:
			for dec := json.NewDecoder(bytes.NewReader(o.Body)); dec.More(); {
				var r struct{ ID int }
				if err := dec.Decode(&r); err != nil {
					t.Fatal(err)
				}
				backedUp[r.ID] = true
			}
		}
	}
	for i, b := range records {
		if function && pick(seed, "record", b, 25) < 2 {
			continue // dropped on purpose, unless its batch failed
		}
		if seen[i] == 0 {
			t.Fatalf("seed %d: record %d is lost, after %d lives", seed, i, lives)
		}
		if seen[i] > 1 {
			twice++
		}
	}
	if twice > 0 && lives == 1 {
		t.Fatalf("seed %d: %d records arrived twice in one life", seed, twice)
	}
	if s.Backup != nil && len(backedUp) != len(records) {
		t.Fatalf("seed %d: %d of %d records are in the backup", seed, len(backedUp), len(records))
	}
	return twice
}

// TestJournalPutBack: what was put back is in the journal before the journal knows that what it was made of has settled.
func TestJournalPutBack(t *testing.T) {
	const n = 3000 // more than are noted at once
	s := testStream(t, "", "")
	s.Lambda = &Lambda{ARN: "arn:f", Hints: buffer.Hints{Size: MiB, Interval: 10 * time.Second}}
	j := &orderedJournal{}
	door := &Door{}
	p, err := New(s, Options{Bucket: &s3.Memory{}, Journal: j, Invoker: echo(func(data []byte) []byte {
		if again, ok := bytes.CutPrefix(data, []byte("!")); ok {
			door.Put(PutBack{ID: "x", Data: bytes.Clone(again)})
			return nil
		}
		return data
	})})
	if err != nil {
		t.Fatal(err)
	}
	records := make([][]byte, n)
	for i := range records {
		records[i] = []byte("!a")
	}
	if err := Replay(context.Background(), p, s, &modelInput{records: records}, ReplayOptions{Journal: j, Door: door}); err != nil {
		t.Fatal(err)
	}
	if l := p.Ledger(); l.Check() != nil || l.Added() != n || l.Delivered() != n {
		t.Errorf("%s", l.String())
	}
	if len(j.first) != 2*n || j.settled != 2*n || j.early > 0 {
		t.Errorf("%d puts, %d settled, %d of them early", len(j.first), j.settled, j.early)
	}
}

// An orderedJournal counts records that settle before what was made of them is kept.
type orderedJournal struct {
	first                []bool // by Seq, whether a record will be put back
	done, settled, early int    // done of the first
}

func (j *orderedJournal) Next() uint64                                           { return uint64(len(j.first)) }
func (j *orderedJournal) Position() int64                                        { return 0 }
func (j *orderedJournal) Last() time.Time                                        { return time.Time{} }
func (j *orderedJournal) Unsettled(func(time.Time, []record.Record) error) error { return nil }

func (j *orderedJournal) Append(_ time.Time, _ int64, records []record.Record) error {
	for i := range records {
		j.first = append(j.first, records[i].Data[0] == '!')
	}
	return nil
}

func (j *orderedJournal) Settle(seqs []uint64) error {
	kept := 0
	for _, first := range j.first {
		if !first {
			kept++
		}
	}
	for _, seq := range seqs {
		if j.settled++; j.first[seq] {
			if j.done++; j.done > kept {
				j.early++
			}
		}
	}
	return nil
}

// TestJournalRefuses gives up a put that the journal can't keep for long, with the reason and what is held in it.
func TestJournalRefuses(t *testing.T) {
	j, err := buffer.OpenJournal(t.TempDir(), buffer.JournalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	s := testStream(t, "", "")
	full := brokenJournal{j}
	p, err := New(s, Options{Bucket: &s3.Memory{}, Journal: full})
	if err != nil {
		t.Fatal(err)
	}
	err = Replay(context.Background(), p, s, &modelInput{records: modelRecords(0, 3)}, ReplayOptions{Journal: full})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk: %v", err)
	}
	if l := p.Ledger(); l.In() != 0 {
		t.Errorf("admitted: %s", l.String())
	}
	if got := fmt.Sprint(err); got != "write the journal: no space left on device" {
		t.Errorf("error: %s", got)
	}
}

type brokenJournal struct{ *buffer.Journal }

func (brokenJournal) Append(time.Time, int64, []record.Record) error { return syscall.ENOSPC }

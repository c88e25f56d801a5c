package buffer

import (
	"bytes"
	"fmt"
	"math/rand"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
)

var t0 = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

func recs(data ...string) (out []record.Record) {
	for i, d := range data {
		out = append(out, record.Record{Seq: uint64(i), Data: []byte(d)})
	}
	return out
}

func texts(b *Batch) (out []string) {
	for _, r := range b.Records {
		out = append(out, string(r.Data))
	}
	return out
}

func TestDue(t *testing.T) {
	h := Hints{Size: 5, Interval: time.Minute}
	for _, tt := range []struct {
		name    string
		appends map[int][]string // second → records
		due     int              // second; -1 never
		cut     string
		next    int // due second after that cut
	}{
		{"nothing", nil, -1, "", -1},
		{"by age of the first", map[int][]string{3: {"a"}, 50: {"b"}}, 63, "[a b]", -1},
		{"by size when it is reached", map[int][]string{3: {"abc"}, 7: {"de"}}, 7, "[abc de]", -1},
		{"ends with the record that reaches the size", map[int][]string{3: {"abc", "defg", "h"}}, 3, "[abc defg]", 63},
		{"what stays is as old as its own append", map[int][]string{3: {"abc"}, 9: {"def", "g"}}, 9, "[abc def]", 69},
		{"still full", map[int][]string{3: {"abcdef", "ghijkl"}}, 3, "[abcdef]", 3},
		{"empty records wait for the interval", map[int][]string{2: {"", ""}}, 62, "[ ]", -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := New(h, nil)
			for s := 0; s < 60; s++ {
				if d := tt.appends[s]; d != nil {
					if _, err := b.Append(t0.Add(time.Duration(s)*time.Second), recs(d...)); err != nil {
						t.Fatal(err)
					}
				}
			}
			second := func() int {
				at, ok := b.Due()
				if !ok {
					return -1
				}
				return int(at.Sub(t0) / time.Second)
			}
			if got := second(); got != tt.due {
				t.Fatalf("due at %d, want %d", got, tt.due)
			}
			if tt.due < 0 {
				return
			}
			at := t0.Add(time.Duration(tt.due) * time.Second)
			if _, ok := b.Cut(at.Add(-1)); ok {
				t.Error("cut a nanosecond early")
			}
			batch, ok := b.Cut(at)
			if !ok || fmt.Sprint(texts(batch)) != tt.cut {
				t.Fatalf("cut %v, want %s", texts(batch), tt.cut)
			}
			if got := second(); got != tt.next {
				t.Errorf("then due at %d, want %d", got, tt.next)
			}
		})
	}
}

// A batch that is retried is the same batch: alone, whole, not before its time, and as old as it was.
func TestRollback(t *testing.T) {
	l := NewLog(nil)
	r := l.Reader("transform", Hints{Size: 4, Interval: time.Minute})
	if _, err := l.Append(t0, recs("ab", "cd", "ef")); err != nil {
		t.Fatal(err)
	}
	b, _ := r.Cut(t0)
	b.Attempts++
	r.Rollback(b, t0.Add(10*time.Second))
	if _, err := l.Append(t0.Add(5*time.Second), recs("gh")); err != nil {
		t.Fatal(err)
	}
	next, ok := r.Cut(t0.Add(5 * time.Second))
	if !ok || fmt.Sprint(texts(next)) != "[ef gh]" {
		t.Fatalf("the batch behind is %v", texts(next))
	}
	if _, ok := r.Cut(t0.Add(9 * time.Second)); ok {
		t.Error("retried too early")
	}
	again, ok := r.Cut(t0.Add(10 * time.Second))
	if !ok || again != b || fmt.Sprint(texts(again)) != "[ab cd]" || again.Attempts != 1 || !again.First.Equal(t0) {
		t.Errorf("retried batch is %v, attempts %d, first %v", texts(again), again.Attempts, again.First)
	}
}

// TestModel runs random appends, cuts, rollbacks and releases by two readers against a slice: nothing is
// lost, nothing early, order kept, and the bytes of a batch stay as they were until it is released.
func TestModel(t *testing.T) {
	for seed := int64(0); seed < 40; seed++ {
		rng := rand.New(rand.NewSource(seed))
		pool := &Pool{Budget: seed % 4 * 10_000} // most is spilled, where it is not 0
		l := NewLog(pool)
		hints := []Hints{{Size: 3000, Interval: time.Second}, {Size: 20000, Interval: 5 * time.Second}}
		type state struct {
			r    *Reader
			next uint64
			out  map[*Batch][]string
			wait map[*Batch]time.Time
		}
		var states []*state
		for i, h := range hints {
			states = append(states, &state{r: l.Reader(fmt.Sprint(i), h), out: map[*Batch][]string{}, wait: map[*Batch]time.Time{}})
		}
		now, seq := t0, uint64(0)
		var all []string
		check := func(s *state, b *Batch) {
			if want, ok := s.out[b]; ok {
				if at, waiting := s.wait[b]; !waiting || at.After(now) || fmt.Sprint(texts(b)) != fmt.Sprint(want) {
					t.Fatalf("seed %d: a batch came back changed or early", seed)
				}
				delete(s.wait, b)
				return
			}
			for _, r := range b.Records {
				if r.Seq != s.next || string(r.Data) != all[r.Seq] || !bytes.Equal(r.Raw, []byte(fmt.Sprintf("raw %d", r.Seq))) {
					t.Fatalf("seed %d: got record %d, want %d", seed, r.Seq, s.next)
				}
				s.next++
			}
			s.out[b] = texts(b)
		}
		for step := 0; step < 3000; step++ {
			s := states[rng.Intn(2)]
			switch rng.Intn(6) {
			case 0, 1:
				var in []record.Record
				for n := rng.Intn(8); n > 0; n-- {
					d := fmt.Sprintf("%d:%0*d", seq, rng.Intn(900), 0)
					if rng.Intn(200) == 0 {
						d += string(make([]byte, 300<<10))
					}
					all = append(all, d)
					in = append(in, record.Record{Seq: seq, Data: []byte(d), Raw: []byte(fmt.Sprintf("raw %d", seq))})
					seq++
				}
				if _, err := l.Append(now, in); err != nil {
					t.Fatal(err)
				}
				for _, r := range in { // the log has its own copy
					clear(r.Data)
				}
			case 2:
				now = now.Add(time.Duration(rng.Intn(1000)) * time.Millisecond)
			case 3:
				for {
					b, ok := s.r.Cut(now)
					if !ok {
						break
					}
					check(s, b)
				}
				if at, ok := s.r.Due(); ok && !at.After(now) {
					t.Fatalf("seed %d: due at %v but nothing was cut", seed, at)
				}
			case 4:
				for b := range s.out {
					if _, waiting := s.wait[b]; !waiting && rng.Intn(2) == 0 {
						s.wait[b] = now.Add(time.Duration(rng.Intn(3)) * time.Second)
						s.r.Rollback(b, s.wait[b])
						break
					}
				}
			case 5:
				for b, want := range s.out {
					if _, waiting := s.wait[b]; !waiting {
						if fmt.Sprint(texts(b)) != fmt.Sprint(want) {
							t.Fatalf("seed %d: the bytes of a batch changed before its release", seed)
						}
						delete(s.out, b)
						s.r.Release(b)
						break
					}
				}
			}
		}
		for _, s := range states {
			for {
				b, ok := s.r.CutRetry(now.Add(time.Hour))
				if !ok {
					break
				}
				delete(s.wait, b)
			}
			for {
				b, ok := s.r.CutAll(0, 0)
				if !ok {
					break
				}
				check(s, b)
			}
			if s.next != seq {
				t.Errorf("seed %d: reader %s saw %d of %d records", seed, s.r.Name(), s.next, seq)
			}
			for b := range s.out {
				s.r.Release(b)
			}
		}
		if l.Len() != 0 || len(l.full) != 0 || cap(l.last.data) != 0 {
			t.Errorf("seed %d: %d records in %d blocks are held after all was released", seed, l.Len(), len(l.full)+1)
		}
		if spilled := pool.spill != nil; pool.used != 0 || spilled != (pool.Budget > 0 && canSpill) {
			t.Errorf("seed %d: %d bytes are in use after all was released; spilled: %v", seed, pool.used, spilled)
		}
	}
}

func BenchmarkAppendCut(b *testing.B) {
	buf := New(Hints{Size: 1 << 20, Interval: time.Minute}, nil)
	in := make([]record.Record, 500)
	for i := range in {
		in[i].Data = make([]byte, 500)
		in[i].Raw = in[i].Data
	}
	b.ReportAllocs()
	for n := 0; n < b.N; n += len(in) {
		if _, err := buf.Append(t0, in); err != nil {
			b.Fatal(err)
		}
		if batch, ok := buf.Cut(t0); ok {
			buf.Release(batch)
		}
	}
}

// TestCutAllWithin cuts what lies within a time of the first record, across blocks and at their ends.
func TestCutAllWithin(t *testing.T) {
	b := New(Hints{Size: 1 << 20, Interval: time.Minute}, nil)
	for i := range 3000 { // one every second, of 30 bytes: several blocks
		if _, err := b.Append(t0.Add(time.Duration(i)*time.Second), []record.Record{{Seq: uint64(i), Data: fmt.Appendf(nil, "%030d", i)}}); err != nil {
			t.Fatal(err)
		}
	}
	next := uint64(0)
	for _, want := range []int{601, 601, 601, 601, 596} {
		batch, ok := b.CutAll(0, 10*time.Minute)
		if !ok || len(batch.Records) != want || batch.Records[0].Seq != next || !batch.First.Equal(t0.Add(time.Duration(next)*time.Second)) {
			t.Fatalf("from record %d: %v, %d records, first at %v", next, ok, len(batch.Records), batch.First)
		}
		next += uint64(want)
		b.Release(batch)
	}
	if _, ok := b.CutAll(0, time.Minute); ok || b.Size() != 0 {
		t.Errorf("%d bytes are left", b.Size())
	}
}

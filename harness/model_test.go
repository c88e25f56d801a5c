package harness

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/decode"
	"github.com/hydrantkit/hydrant/harness/lambda"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
)

// pick is a number below n that depends on nothing but its arguments, so that workers can't change it.
func pick(seed int64, use string, about []byte, n uint64) uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, seed, use)
	h.Write(about)
	x := h.Sum64()
	x ^= x >> 29
	x *= 0xbf58476d1ce4e5b9
	return (x >> 32) % n
}

// modelRecord is the record with a number: its padding says whether its bytes are still its own.
func modelRecord(seed int64, id int) []byte {
	rng := rand.New(rand.NewSource(seed<<20 + int64(id)))
	n := rng.Intn(60)
	if rng.Intn(40) == 0 {
		n = rng.Intn(9000)
	}
	return fmt.Appendf(nil, `{"c":"p%d","id":%d,"pad":"%s"}`, rng.Intn(6), id, strings.Repeat(string(rune('a'+id%26)), n))
}

// A modelBucket fails by the object's key and the number of the attempt at it.
type modelBucket struct {
	s3.Memory
	seed   int64
	hard   uint64 // one of so many objects is never taken
	soft   uint64 // one of so many attempts fails
	tries  map[string]int
	healed bool
}

func (b *modelBucket) Put(ctx context.Context, o s3.Object) error {
	b.tries[o.Key]++
	if !b.healed && (pick(b.seed, "hard", []byte(o.Key), b.hard) == 0 || pick(b.seed, "soft", fmt.Append(nil, o.Key, b.tries[o.Key]), b.soft) == 0) {
		return &record.Outage{Code: "S3.AccessDenied"}
	}
	return b.Memory.Put(ctx, o)
}

// A modelFormat joins records by LF, and some don't fit.
type modelFormat struct{ seed int64 }

func (f modelFormat) Encode(_ context.Context, dst []byte, records []record.Record) (body []byte, rows int, failed []record.Failure, err error) {
	for i := range records {
		if pick(f.seed, "format", records[i].Data, 20) == 0 {
			failed = append(failed, record.Failure{Record: records[i], Cause: record.FormatConversionFailed, Code: "C", Message: "m", Attempts: 1})
			continue
		}
		if rows++; rows > 1 {
			dst = append(dst, '\n')
		}
		dst = append(dst, records[i].Data...)
	}
	return dst, rows, failed, nil
}

// A modelFunction answers in disorder, drops, fails, forgets, answers twice, throttles and answers garbage, all by the bytes of the event.
func modelFunction(seed int64) lambda.Invoker {
	return invokeFunc(func(_ context.Context, event []byte) ([]byte, error) {
		switch pick(seed, "invoke", event, 12) {
		case 0:
			return nil, &lambda.InvokeError{Code: lambda.CodeInvokeLimitExceeded, Err: errors.New("429")}
		case 1:
			return nil, &lambda.FunctionError{Type: "Sandbox.Timedout", Elapsed: 3 * time.Second, Timeout: true}
		case 2:
			if pick(seed, "garbage", event, 5) == 0 {
				return []byte("garbage"), nil
			}
			return []byte(`{"records":[{"recordId":"x","result":"Ok","data":"*"}]}`), nil
		}
		var e testEvent
		if err := json.Unmarshal(event, &e); err != nil {
			return nil, err
		}
		if pick(seed, "order", event, 2) == 0 {
			rand.New(rand.NewSource(int64(len(event)))).Shuffle(len(e.Records), func(i, j int) { e.Records[i], e.Records[j] = e.Records[j], e.Records[i] })
		}
		var list []string
		for _, r := range e.Records {
			ok := fmt.Sprintf(`{"recordId":%q,"result":"Ok","data":"%s"}`, r.RecordID, base64.StdEncoding.EncodeToString(r.Data))
			switch pick(seed, "record", r.Data, 25) {
			case 0, 1:
				list = append(list, fmt.Sprintf(`{"recordId":%q,"result":"Dropped"}`, r.RecordID))
			case 2:
				list = append(list, fmt.Sprintf(`{"recordId":%q,"result":"ProcessingFailed","data":""}`, r.RecordID))
			case 3: // forgotten
			case 4:
				list = append(list, ok, ok)
			case 5:
				list = append(list, fmt.Sprintf(`{"recordId":%q,"result":"Ok","data":null}`, r.RecordID))
			default:
				list = append(list, ok)
			}
		}
		return []byte(`{"records":[` + strings.Join(list, ",") + `]}`), nil
	})
}

// A model is a random stream at work. It knows the records that it puts.
type model struct {
	t           *testing.T
	seed        int64
	rng         *rand.Rand
	p           *Pipeline
	deaggregate bool           // a put may hold several records
	id, puts    int            // how many records and puts there were
	seen        map[int]string // where each record ended
}

func (m *model) one(n int) bool { return m.rng.Intn(n) == 0 }

func (m *model) no(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatalf("seed %d: %v", m.seed, err)
	}
}

// check has the ledger balance.
func (m *model) check() {
	m.t.Helper()
	l := m.p.Ledger()
	if err := l.Check(); err != nil {
		m.t.Fatalf("seed %d: %v (%s)", m.seed, err, l.String())
	}
}

// run puts records, lets time pass, interrupts the stream now and then, and runs it until nothing is held.
func (m *model) run() {
	ctx, now := context.Background(), t0
	data := make([]byte, 0, 1<<16)
	for range 60 {
		if now = now.Add(time.Duration(m.rng.Intn(3000)) * time.Millisecond); m.one(8) {
			now = now.Add(time.Duration(m.rng.Intn(200)) * time.Second)
		}
		if m.one(30) { // an interruption, and Flush as Replay has it
			ended, cancel := context.WithCancel(ctx)
			cancel()
			if _, err := m.p.Advance(ended, now); !errors.Is(err, context.Canceled) {
				m.no(err)
			}
			m.no(m.p.Flush(ctx, m.p.Now()))
			m.check()
		}
		_, err := m.p.Advance(ctx, now)
		m.no(err)
		m.check()
		var in []record.Record
		data = data[:0]
		for n := m.rng.Intn(30); n > 0 && cap(data)-len(data) > 30000; n-- {
			start := len(data)
			for k := m.rng.Intn(3) + 1; k > 0; k-- {
				data = append(data, modelRecord(m.seed, m.id)...)
				if m.id++; !m.deaggregate {
					break
				}
			}
			in = append(in, record.Record{Data: data[start:len(data):len(data)], Arrival: now.Add(-time.Duration(m.rng.Intn(5000)) * time.Millisecond).UnixMilli()})
		}
		m.puts += len(in)
		_, err = m.p.Put(now, in)
		m.no(err)
		clear(data[:cap(data)]) // the bytes are the caller's again
		m.check()
	}
	if m.one(3) {
		m.no(m.p.Flush(ctx, now))
		m.check()
	}
	var err error
	for next := m.p.Now(); !next.IsZero(); {
		next, err = m.p.Advance(ctx, next)
		m.no(err)
		m.check()
	}
	if l := m.p.Ledger(); l.Held() != 0 || l.Errors.Held != 0 || l.Backup.Held != 0 {
		m.t.Fatalf("seed %d: held at the end: %+v", m.seed, l)
	}
}

// meet notes where a record ended, which is there as it was put, and nowhere else.
func (m *model) meet(where string, b []byte) {
	m.t.Helper()
	var r struct{ ID int }
	if err := json.Unmarshal(b, &r); err != nil || !bytes.Equal(b, modelRecord(m.seed, r.ID)) {
		m.t.Fatalf("seed %d: %s: a record is not what it was: %.300q", m.seed, where, b)
	}
	if was, ok := m.seen[r.ID]; ok {
		m.t.Fatalf("seed %d: record %d is in %s and in %s", m.seed, r.ID, was, where)
	}
	m.seen[r.ID] = where
}

// meetErrors meets the records of error output, and returns how many there are.
func (m *model) meetErrors(o *s3.Object) int {
	lines := bytes.Split(bytes.TrimSuffix(o.Body, []byte("\n")), []byte("\n"))
	for _, line := range lines {
		var e struct{ RawData []byte }
		m.no(json.Unmarshal(line, &e))
		m.meet(o.Key, e.RawData)
	}
	return len(lines)
}

// modelRun runs the random stream of a seed, checks where every record ended, and returns what was delivered.
func modelRun(t *testing.T, seed int64, workers int) string {
	rng := rand.New(rand.NewSource(seed))
	one := func(n int) bool { return rng.Intn(n) == 0 }
	s := testStream(t, "", "e/!{firehose:error-output-type}/!{firehose:random-string}/")
	partitions, function, deaggregate, convert := one(2), !one(4), one(3), one(2)
	if partitions {
		s = partitioned(t, "!{partitionKeyFromQuery:c}/!{firehose:random-string}/", `{c: .c}`)
		s.Partitioning.Retry = time.Duration(rng.Intn(300)) * time.Second
	}
	s.Delimiter = true
	s.S3.Hints = buffer.Hints{Size: int64(500 + rng.Intn(20000)), Interval: time.Duration(1+rng.Intn(60)) * time.Second}
	if deaggregate {
		s.Deaggregate = &decode.Deaggregate{}
	}
	faults := &Faults{}
	o := Options{Seed: record.Seed(seed), Workers: workers, ActivePartitions: 2 + rng.Intn(6)}
	if function {
		s.Lambda = &Lambda{ARN: "arn:f", Retries: rng.Intn(4), Hints: buffer.Hints{Size: int64(300 + rng.Intn(5000)), Interval: time.Duration(1+rng.Intn(20)) * time.Second}}
		o.Invoker = modelFunction(seed)
		if one(2) {
			faults.Add(Fault{Place: "lambda", Kind: "slow", For: time.Duration(1+rng.Intn(9000)) * time.Millisecond})
		}
	}
	if one(3) {
		faults.Add(Fault{Place: "s3", Kind: "slow", For: time.Duration(1+rng.Intn(9000)) * time.Millisecond})
	}
	backup := one(2)
	if backup {
		b := s.S3
		b.Bucket = "source"
		if b.Prefix, _ = s3.ParsePrefix("!{firehose:random-string}/", s3.Use{}); b.Prefix == nil {
			t.Fatal("prefix")
		}
		b.Hints.Size = int64(500 + rng.Intn(20000))
		s.Backup = &b
	}
	bucket := &modelBucket{seed: seed, hard: 1 << 40, soft: 5, tries: map[string]int{}}
	if one(2) {
		bucket.hard = 10
	}
	o.Bucket = bucket
	p, err := faults.New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	if convert {
		d := p.delivery.dest.(slowDestination)
		d.Destination.(*s3.Destination).Format = modelFormat{seed}
	}
	m := &model{t: t, seed: seed, rng: rng, p: p, deaggregate: deaggregate, seen: map[int]string{}}
	m.run()
	l := p.Ledger()
	var out strings.Builder
	backedUp := map[int]bool{}
	for _, o := range bucket.Objects {
		fmt.Fprintf(&out, "%s/%s %d\n%s\n", o.Bucket, o.Key, o.Records, o.Body)
		switch o.Kind {
		case s3.Data:
			lines := bytes.Split(o.Body, []byte("\n"))
			if len(lines) != o.Records {
				t.Fatalf("seed %d: %s says %d records and has %d", seed, o.Key, o.Records, len(lines))
			}
			for _, b := range lines {
				m.meet(o.Key, b)
				if c, _, _ := strings.Cut(o.Key, "/"); partitions && !bytes.Contains(b, []byte(`"c":"`+c+`"`)) {
					t.Fatalf("seed %d: %.100s is in %s", seed, b, o.Key)
				}
			}
		case s3.Error:
			m.meetErrors(&o)
		case s3.Backup:
			dec := json.NewDecoder(bytes.NewReader(o.Body))
			for dec.More() {
				var raw json.RawMessage
				if err := dec.Decode(&raw); err != nil {
					t.Fatalf("seed %d: backup: %v", seed, err)
				}
				var r struct{ ID int }
				if err := json.Unmarshal(raw, &r); err != nil || !bytes.Equal(raw, modelRecord(seed, r.ID)) || backedUp[r.ID] {
					t.Fatalf("seed %d: backup holds %.200q", seed, raw)
				}
				backedUp[r.ID] = true
			}
		}
	}
	var dropped, lost int64
	for i := range m.id {
		switch _, ok := m.seen[i]; {
		case ok:
		case function && pick(seed, "record", modelRecord(seed, i), 25) < 2 && dropped < l.Dropped():
			dropped++
		default:
			lost++
		}
	}
	if dropped != l.Dropped() || lost != l.Lost || int64(m.id) != l.In()+l.Added() {
		t.Fatalf("seed %d: %d dropped and %d lost are nowhere; the ledger has %s", seed, dropped, lost, l.String())
	}
	if partitions && l.Lost != l.Errors.Failed {
		t.Fatalf("seed %d: %d lost, of which %d lines of error output; a partition's spent retries end in the error output", seed, l.Lost, l.Errors.Failed)
	}
	if backup && l.Backup.Failed == 0 && len(backedUp) != m.id || l.In() != int64(m.puts) {
		t.Fatalf("seed %d: %d of %d in the backup", seed, len(backedUp), m.id)
	}
	fmt.Fprintln(&out, l.String(), l.Failures, l.Invoked, l.Retried)
	return out.String()
}

// TestModelStream runs random streams with a hostile function, a flaky bucket, slow stations and interruptions: every record ends
// exactly once in a data object, an error line, or among the dropped or lost; its bytes are its own; and two workers or four
// make the same bytes as one.
func TestModelStream(t *testing.T) {
	n := int64(60)
	if testing.Short() {
		n = 15
	}
	for seed := range n {
		if one, four := modelRun(t, seed, 1), modelRun(t, seed, 4); one != four {
			t.Errorf("seed %d: one worker and four differ", seed)
		}
	}
}

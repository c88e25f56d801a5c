package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/harness/sink"
)

// A modelTransport answers by the id of the request and the number of its attempt: it takes requests, fails them, answers
// nonsense, takes them and answers nothing. delivered is what it has answered for with success.
type modelTransport struct {
	t         *testing.T
	seed      int64
	bad       uint64 // of ten attempts so many fail
	tries     map[string]int
	bodies    map[string]string // of requests: all attempts are the same
	waiting   map[string][]byte // Splunk: what the next acknowledgement is for
	delivered [][]byte
	log       strings.Builder
}

func (m *modelTransport) Do(ctx context.Context, r *sink.Request) (*sink.Answer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.tries[r.ID]++
	about := fmt.Append(nil, r.ID, m.tries[r.ID])
	fmt.Fprintf(&m.log, "%s %s %v %d\n", r.ID, r.URL, r.Poll, len(r.Body))
	if r.Poll {
		switch pick(m.seed, "poll", about, 8) {
		case 0, 1, 2, 3:
			m.take(m.waiting[r.ID])
			return r.Answer(""), nil
		case 4:
			return nil, &sink.TransportError{Trouble: sink.ConnectionClosed, Err: errors.New("t")}
		case 5:
			if pick(m.seed, "never", about, 4) == 0 {
				return &sink.Answer{Status: 400, Body: []byte(`{"text":"Invalid data channel","code":11}`)}, nil
			}
		}
		return r.Answer("noack"), nil
	}
	if was, ok := m.bodies[r.ID]; ok && was != string(r.Body) {
		m.t.Errorf("seed %d: %s comes again with another body", m.seed, r.ID)
	}
	m.bodies[r.ID] = string(r.Body)
	if r.Sink == "opensearch" {
		return m.bulk(r, about)
	}
	if pick(m.seed, "bad", about, 10) < m.bad {
		switch pick(m.seed, "how", about, 8) {
		case 0:
			return &sink.Answer{Status: 413}, nil
		case 1:
			return &sink.Answer{Status: 503, Body: []byte("busy")}, nil
		case 2:
			return &sink.Answer{Status: 200, Body: []byte("{}")}, nil
		case 3:
			if a := r.Answer("partial"); a != nil {
				return a, nil
			}
		case 4:
			return nil, errors.New("nobody knows")
		}
		return nil, &sink.TransportError{Trouble: sink.Trouble(pick(m.seed, "trouble", about, 7)), Err: errors.New("t")}
	}
	if r.Sink == "splunk" {
		m.waiting[r.ID] = bytes.Clone(r.Body)
	} else {
		m.take(r.Body)
	}
	return r.Answer(""), nil
}

// bulk answers a bulk request: with the status of each document, or with what can't be told from it.
func (m *modelTransport) bulk(r *sink.Request, about []byte) (*sink.Answer, error) {
	lines := bytes.Split(bytes.TrimSuffix(r.Body, []byte("\n")), []byte("\n"))
	var items []string
	var taken []byte
	for i := 0; i < len(lines); i += 2 {
		status := 201
		if pick(m.seed, "document", fmt.Append(nil, string(about), i), 10) < m.bad {
			status = []int{400, 429, 503, 300}[pick(m.seed, "status", fmt.Append(nil, string(about), i), 4)]
		} else {
			taken = append(append(taken, lines[i+1]...), '\n')
		}
		items = append(items, fmt.Sprintf(`{"index":{"_id":"x","status":%d,"error":{"reason":"r"}}}`, status))
	}
	answer := func(items []string) *sink.Answer {
		return &sink.Answer{Status: 200, Body: []byte(`{"errors":false,"items":[` + strings.Join(items, ",") + "]}")}
	}
	if pick(m.seed, "bad", about, 10) < m.bad {
		switch pick(m.seed, "how", about, 8) {
		case 0:
			return answer(items[1:]), nil
		case 1:
			return answer(append(items, items[0])), nil
		case 2:
			return answer(append([]string{`{"index":{"status":"201"}}`}, items[1:]...)), nil
		case 3:
			a := answer(items)
			a.Body = a.Body[:len(a.Body)-1]
			return a, nil
		case 4:
			return &sink.Answer{Status: 200, Body: []byte("<html>")}, nil
		case 5:
			return &sink.Answer{Status: 302}, nil
		case 6:
			return &sink.Answer{Status: 413}, nil
		}
		return nil, &sink.TransportError{Trouble: sink.Trouble(pick(m.seed, "trouble", about, 7)), Err: errors.New("t")}
	}
	m.take(taken)
	return answer(items), nil
}

// take notes the records of a body.
func (m *modelTransport) take(body []byte) {
	var doc struct{ Records []struct{ Data []byte } }
	if !bytes.HasPrefix(body, []byte(`{"requestId"`)) {
		d := json.NewDecoder(bytes.NewReader(body))
		for d.More() {
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				m.t.Fatalf("seed %d: %v", m.seed, err)
			}
			doc.Records = append(doc.Records, struct{ Data []byte }{raw})
		}
	} else if err := json.Unmarshal(body, &doc); err != nil {
		m.t.Fatalf("seed %d: %v", m.seed, err)
	}
	for _, record := range doc.Records {
		m.delivered = append(m.delivered, bytes.Clone(record.Data))
	}
}

// sinkModelRun runs a random stream of a seed to another destination, and checks where every record ended.
func sinkModelRun(t *testing.T, seed int64, workers int) string {
	rng := rand.New(rand.NewSource(seed))
	one := func(n int) bool { return rng.Intn(n) == 0 }
	s := testStream(t, "", "e/!{firehose:error-output-type}/!{firehose:random-string}/")
	config := sinkConfig{hints: buffer.Hints{Size: int64(500 + rng.Intn(20000)), Interval: time.Duration(1+rng.Intn(60)) * time.Second}, most: 40000,
		retry: time.Duration(rng.Intn(400)) * time.Second}
	if one(4) {
		config.retry = 0
	}
	place := "http"
	switch rng.Intn(3) {
	case 0:
		place = "opensearch"
		config.retry *= 9 // every five minutes once
		s.Sink = &OpenSearch{sinkConfig: config, Endpoint: "https://h", Index: "i", Rotation: sink.Rotation(rng.Intn(5)), NoID: one(2)}
	case 1:
		place = "splunk"
		s.Sink = &Splunk{sinkConfig: config, Endpoint: "https://h:8088", AckTimeout: time.Duration(5+rng.Intn(60)) * time.Second}
	default:
		s.Sink = &HTTPEndpoint{sinkConfig: config, URL: "https://h/", On413: []string{"drop", "backup"}[rng.Intn(2)]}
	}
	m := &modelTransport{t: t, seed: seed, bad: uint64(rng.Intn(11)), tries: map[string]int{}, bodies: map[string]string{}, waiting: map[string][]byte{}}
	faults := &Faults{}
	o := Options{Seed: record.Seed(seed), Workers: workers, Transport: m}
	if one(3) {
		faults.Add(Fault{Place: place, Kind: "slow", For: time.Duration(1+rng.Intn(9000)) * time.Millisecond})
	}
	if one(3) {
		faults.Add(Fault{Place: place, Kind: "refused", For: time.Duration(1+rng.Intn(300)) * time.Second})
	}
	if one(2) {
		b := s.S3
		b.Bucket = "source"
		s.Backup = &b
	}
	bucket := &modelBucket{seed: seed, hard: 1 << 40, soft: 5, tries: map[string]int{}}
	if one(3) {
		bucket.hard = 3
	}
	o.Bucket = bucket
	p, err := faults.New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	w := &model{t: t, seed: seed, rng: rng, p: p, seen: map[int]string{}}
	w.run()
	l := p.Ledger()
	for _, b := range m.delivered {
		w.meet("the destination", b)
	}
	failed := 0
	for _, o := range bucket.Objects {
		if o.Kind == s3.Error {
			failed += w.meetErrors(&o)
		}
	}
	if int64(len(m.delivered)) != l.Delivered() || int64(failed) != l.Failed() || int64(w.id-len(w.seen)) != l.Lost {
		t.Fatalf("seed %d: of %d, %d are delivered, %d failed and %d nowhere; the ledger has %s", seed, w.id, len(m.delivered), failed, w.id-len(w.seen), l.String())
	}
	if e, ok := s.Sink.(*HTTPEndpoint); l.Lost != l.Errors.Failed && !(ok && e.On413 == "drop") {
		t.Fatalf("seed %d: %d lost, of which %d lines of error output", seed, l.Lost, l.Errors.Failed)
	}
	return m.log.String() + fmt.Sprintln(l.String(), l.Failures, l.Retried, p.Now())
}

// TestModelSinks runs random streams to HTTP endpoints, to clusters and to Splunk that answer at random: every record ends exactly once at the
// destination, in an error line, or among the lost, where the service would lose it; and two workers do as four.
func TestModelSinks(t *testing.T) {
	n := int64(100)
	if testing.Short() {
		n = 25
	}
	for seed := range n {
		if one, four := sinkModelRun(t, seed, 1), sinkModelRun(t, seed, 4); one != four {
			t.Errorf("seed %d: one worker and four differ", seed)
		}
	}
}

// A modelCopier fails by the command and the number of its attempt, and leaves out a row at times.
type modelCopier struct {
	t      *testing.T
	bucket *modelBucket
	bad    uint64 // of ten attempts so many fail
	tries  map[string]int
	loaded []int
}

func (c *modelCopier) Copy(ctx context.Context, command *sink.Copy) (rejected int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	c.tries[command.ID]++
	about := fmt.Append(nil, command.ID, c.tries[command.ID])
	if pick(c.bucket.seed, "copy", about, 10) < c.bad {
		if pick(c.bucket.seed, "how", about, 2) == 0 {
			return 0, errors.New("nobody knows")
		}
		return 0, &record.Outage{Code: "Redshift.DiskFull"}
	}
	ids := c.bucket.named(c.t, command.Body)
	if len(ids) != command.Records {
		c.t.Errorf("a COPY of %d records has %d", command.Records, len(ids))
	}
	rejected = int(pick(c.bucket.seed, "rejected", about, 3)) / 2
	c.loaded = append(c.loaded, ids[rejected:]...)
	return rejected, nil
}

// named is the records of the objects that a manifest names.
func (b *modelBucket) named(t *testing.T, manifest []byte) (ids []int) {
	t.Helper()
	var m struct{ Entries []struct{ URL string } }
	if err := json.Unmarshal(manifest, &m); err != nil {
		t.Fatalf("seed %d: %v: %s", b.seed, err, manifest)
	}
	for _, e := range m.Entries {
		bucket, key, _ := strings.Cut(strings.TrimPrefix(e.URL, "s3://"), "/")
		body, err := b.Get(context.Background(), bucket, key)
		if err != nil {
			t.Fatalf("seed %d: %v", b.seed, err)
		}
		for d := json.NewDecoder(bytes.NewReader(body)); d.More(); {
			var raw json.RawMessage
			var r struct{ ID int }
			if err := d.Decode(&raw); err != nil || json.Unmarshal(raw, &r) != nil || !bytes.Equal(raw, modelRecord(b.seed, r.ID)) {
				t.Fatalf("seed %d: a record is not what it was: %v %.300q", b.seed, err, raw)
			}
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// TestModelRedshift runs random streams to Redshift whose bucket and cluster fail at random: every record is loaded once, or in an object that
// a skipped manifest names, or among the lost.
func TestModelRedshift(t *testing.T) {
	n := int64(40)
	if testing.Short() {
		n = 10
	}
	for seed := range n {
		rng := rand.New(rand.NewSource(seed))
		s := parseSinkText(t, redshiftRequest(redshiftUser+redshiftCopy("json 'auto'")+redshiftBucket+`}`))
		e := s.Sink.(*Redshift)
		e.hints = buffer.Hints{Size: int64(500 + rng.Intn(5000)), Interval: time.Duration(1+rng.Intn(60)) * time.Second}
		e.retry = time.Duration(rng.Intn(3)*rng.Intn(1200)) * time.Second
		bucket := &modelBucket{seed: seed, hard: 1 << 40, soft: 5, tries: map[string]int{}}
		if rng.Intn(3) == 0 {
			bucket.hard = 9
		}
		c := &modelCopier{t: t, bucket: bucket, bad: uint64(rng.Intn(11)), tries: map[string]int{}}
		p, err := New(s, Options{Bucket: bucket, Copier: c, Seed: record.Seed(seed)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, now, id := context.Background(), t0, 0
		for range 40 {
			now = now.Add(time.Duration(rng.Intn(20000)) * time.Millisecond)
			if rng.Intn(10) == 0 {
				ended, cancel := context.WithCancel(ctx)
				cancel()
				if _, err := p.Advance(ended, now); err != nil && !errors.Is(err, context.Canceled) {
					t.Fatalf("seed %d: %v", seed, err)
				}
				if err := p.Flush(ctx, p.Now()); err != nil {
					t.Fatalf("seed %d: flush: %v", seed, err)
				}
			}
			if _, err := p.Advance(ctx, now); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			var in []record.Record
			for n := rng.Intn(20); n > 0; n-- {
				in = append(in, record.Record{Data: modelRecord(seed, id), Arrival: now.UnixMilli()})
				id++
			}
			if _, err := p.Put(now, in); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		drain(t, p)
		seen := map[int]bool{}
		meet := func(ids []int) {
			for _, id := range ids {
				if seen[id] {
					t.Fatalf("seed %d: record %d is there twice", seed, id)
				}
				seen[id] = true
			}
		}
		meet(c.loaded)
		skipped := 0
		for _, o := range bucket.Objects {
			if strings.HasPrefix(o.Key, "errors/manifests/") {
				ids := bucket.named(t, o.Body)
				meet(ids)
				skipped += len(ids)
			}
		}
		l := p.Ledger()
		if int64(len(c.loaded)) != l.Delivered() || int64(skipped) != l.Failed() || int64(id-len(seen)) != l.Lost {
			t.Errorf("seed %d: of %d, %d are loaded, %d skipped and %d nowhere; the ledger has %s", seed, id, len(c.loaded), skipped, id-len(seen), l.String())
		}
	}
}

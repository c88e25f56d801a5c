// Package replaytest tests delivery streams: with cases, which are files, and with Go.
//
// A case is a folder or a txtar file that holds records and what a stream must make of them; docs/testing.md says
// what stands in it. `hydrant test` runs cases, and so does [Run] in a `go test`:
//
//	func TestCases(t *testing.T) { replaytest.Run(t, replaytest.RunOptions{}, "cases") }
//
// [New] starts a stream that a test drives itself: it puts records, has time pass, breaks things, and looks at what
// was delivered. Nothing waits for anything: a stream's clock is virtual, its bucket is in memory, and the same test
// gives the same bytes every time. What a stream needs is gone when its test ends.
//
// # Design
//
// A failure names a record and a station, since "the files differ" is where the work begins. So a stream under test
// has a harness.Trace, which notes what every record met; a difference in a body leads to the record that the line
// came from, and the trace says where its way parted from what was expected.
package replaytest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/lambda"
	"github.com/hydrantkit/hydrant/harness/partition"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/input"
	"github.com/hydrantkit/hydrant/internal/template"
	"github.com/hydrantkit/hydrant/schema/glue"
)

// Options are what a description leaves open. Their zero value runs the template's own function.
type Options struct {
	Parameters      map[string]string // of the template
	Account, Region string            // of pseudo parameters
	Schema          string            // the Glue table, where the template doesn't define it: as --schema (cli.md)
	Functions       map[string]string // how functions run: ID to HOW, as --function (cli.md)
	Function        lambda.Invoker    // runs the stream's function; goes before Functions. A *hydrant.Handler is one
	Faults          []string          // from the start, as --fault (cli.md)
	Compat          []string          // as --compat (cli.md)
	Start           time.Time         // of the stream's clock; harness.DefaultStart where zero
	Seed            uint64            // of random parts; 1 where 0
	// ActivePartitions is how many partitions may be open at once, 1 to 5,000; 500 where 0.
	ActivePartitions int
}

// A Stream is a delivery stream under test, with a clock that the test moves. Its methods fail the test where something
// can't be done. They are for the test's goroutine.
type Stream struct {
	t        testing.TB
	r        *rig
	now      time.Time
	next     time.Time // when something is due; zero is never
	expected map[string]bool
}

// New starts the stream that src describes: a template, a request, Terraform (a .tf file, a folder of them, or show -json), or
// src#ID where it holds several. What it needs is closed when the test ends, which then fails if a record isn't accounted for.
func New(t testing.TB, src string, o Options) *Stream {
	t.Helper()
	dir, _, _ := strings.Cut(src, "#")
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		dir = filepath.Dir(dir)
	}
	return start(t, src, nil, dir, o)
}

// Parse starts the stream of a description that is at hand: the text of a template, or of a CreateDeliveryStream request. Paths
// in it are relative to the current directory.
func Parse(t testing.TB, description string, o Options) *Stream {
	t.Helper()
	return start(t, "description", []byte(description), ".", o)
}

// start starts the stream of a text, or without one that of a file. Paths in it are relative to dir.
func start(t testing.TB, file string, data []byte, dir string, o Options) *Stream {
	t.Helper()
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Start.IsZero() {
		o.Start = harness.DefaultStart
	}
	s := setup{file: file, data: data, seed: o.Seed, partitions: o.ActivePartitions, invoker: o.Function,
		describe: harness.DescribeOptions{Template: template.Options{Parameters: o.Parameters, Account: o.Account, Region: o.Region}},
		function: FunctionOptions{Dir: dir, Log: t.Output(), Door: &harness.Door{}}}
	for k, how := range o.Functions {
		s.function.How = append(s.function.How, k+"="+how)
	}
	for _, spec := range o.Faults {
		f, err := harness.ParseFault(spec)
		if err != nil {
			t.Fatalf("replaytest: %v", err)
		}
		s.faults = append(s.faults, f)
	}
	if o.ActivePartitions < 0 || o.ActivePartitions > partition.MaxActive {
		t.Fatalf("replaytest: active partitions are 1 to %d, not %d", partition.MaxActive, o.ActivePartitions)
	}
	compat, err := ParseCompat(o.Compat)
	if err != nil {
		t.Fatalf("replaytest: compat %v", err)
	}
	s.compat = compat
	s.compat.Describe(&s.describe)
	if o.Schema != "" {
		table, err := glue.Load(o.Schema, glue.Options{Context: context.Background()})
		if err != nil {
			t.Fatalf("replaytest: %v", err)
		}
		s.describe.Table = table
	}
	r, _, err := newRig(context.Background(), s)
	if err != nil {
		t.Fatalf("replaytest: %v", err)
	}
	v := &Stream{t: t, r: r, now: o.Start, expected: map[string]bool{}}
	t.Cleanup(func() {
		if err := r.close(); err != nil {
			t.Errorf("replaytest: %v", err)
		}
		if _, err := r.summary(0); err != nil {
			t.Errorf("replaytest: %v", err)
		}
	})
	return v
}

// Put puts records, at the stream's time.
func (s *Stream) Put(records ...string) {
	s.t.Helper()
	for _, text := range records {
		s.put("", &input.Record{Data: []byte(text)})
	}
}

// PutFile puts the records of a file, in any format that hydrant replay reads. Those that say when they arrived arrive then,
// where that isn't past.
func (s *Stream) PutFile(name string) {
	s.t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		s.t.Fatalf("replaytest: %v", err)
	}
	in, err := input.NewReader(bytes.NewReader(data), name, input.Auto)
	if err != nil {
		s.t.Fatalf("replaytest: %v", err)
	}
	for rec, err := in.Next(); ; rec, err = in.Next() {
		if isEnd(err) {
			break
		}
		if err != nil {
			s.t.Fatalf("replaytest: %v", err)
		}
		if at := time.UnixMilli(rec.Arrival).UTC(); rec.HasArrival && at.After(s.now) {
			s.advance(at)
		}
		s.put(name, &rec)
	}
	if err := in.Close(); err != nil {
		s.t.Fatalf("replaytest: %v", err)
	}
}

// put puts one record through the front door.
func (s *Stream) put(name string, rec *input.Record) {
	s.t.Helper()
	s.advance(s.now)
	s.r.admit(name, rec)
	if s.r.description.Stream.Source == harness.DirectPut && len(rec.Data) > harness.MaxPut {
		s.r.pipeline.Refuse("ValidationException")
		s.r.refuse("ValidationException")
		return
	}
	if s.r.began.IsZero() {
		s.r.began = s.now
	}
	arrival := s.now
	if rec.HasArrival {
		arrival = time.UnixMilli(rec.Arrival).UTC()
	}
	one := []record.Record{{Data: rec.Data, Arrival: arrival.UnixMilli(), Source: harness.SourceOf(s.r.description.Stream, rec, arrival)}}
	next, err := s.r.pipeline.Put(s.now, one)
	if err != nil {
		s.t.Fatalf("replaytest: %v", err)
	}
	s.next = next
}

// Advance has stream time pass: buffers whose interval ends in it are delivered, what failed is tried again.
func (s *Stream) Advance(d time.Duration) {
	s.t.Helper()
	s.advance(s.now.Add(d))
}

func (s *Stream) advance(to time.Time) {
	s.t.Helper()
	s.now = to
	next, err := s.r.door.Advance(context.Background(), s.r.pipeline, s.r.description.Stream, to)
	if err != nil {
		s.t.Fatalf("replaytest: %v", err)
	}
	s.next = next
}

// Drain has time pass until the stream holds nothing: everything is delivered, in the error output, or lost.
func (s *Stream) Drain() {
	s.t.Helper()
	for !s.next.IsZero() {
		s.advance(s.next)
	}
}

// Now is the stream's time.
func (s *Stream) Now() time.Time { return s.now }

// Break has something go wrong from now on, as --fault says it: lambda:throttle=3, s3:denied=2h, lambda:timeout.
func (s *Stream) Break(fault string) {
	s.t.Helper()
	f, err := harness.ParseFault(fault)
	if err == nil {
		err = f.Check(s.r.description.Stream)
	}
	if err != nil {
		s.t.Fatalf("replaytest: %v", err)
	}
	s.r.faults.Add(f)
}

// Repair ends everything that was broken.
func (s *Stream) Repair() { s.r.faults.Clear() }

// Objects are what was delivered until now, in its order: data, backup and error output.
func (s *Stream) Objects() []Object {
	s.t.Helper()
	list, err := s.r.objects()
	if err != nil {
		s.t.Fatalf("replaytest: %v", err)
	}
	return list
}

// Expect checks the objects whose names match key, taken together in the order of their delivery: their lines, or the rows
// of Parquet and ORC as hydrant cat prints them, are these. key is bucket/key, in which UUID stands for one, RANDOM for a random
// string, and * for anything within a part.
func (s *Stream) Expect(key string, lines ...string) {
	s.t.Helper()
	p := keyPattern(key)
	var e expectation
	e.name, e.pattern = key, p
	e.body = []byte(strings.Join(lines, "\n"))
	var body []byte
	g := s.outcome()
	var one *Object
	found := 0
	for i := range g.objects {
		o := &g.objects[i]
		if p.matches(o.Name()) {
			s.expected[o.Name()] = true
			if found++; len(body) > 0 && body[len(body)-1] != '\n' {
				body = append(body, '\n')
			}
			body = append(body, o.Body...)
			one = o
		}
	}
	switch {
	case found == 0:
		s.t.Errorf("no object %s was delivered; there are:%s", key, s.names(g))
		return
	case found > 1:
		v := *one
		v.Body = body
		one = &v
	}
	if f, ok := g.compareLines(&e, plain(one.Name()), body, one.Columnar, one); !ok {
		s.t.Errorf("%s", f)
	}
}

// ExpectTypes checks the type of the rows of every Parquet and ORC object whose name matches key, as Expect finds them:
// struct<id:bigint,tags:array<string>>, whose line breaks don't count.
func (s *Stream) ExpectTypes(key, rowType string) {
	s.t.Helper()
	p := keyPattern(key)
	e := expectation{name: key, pattern: p, schema: &expectation{name: key + schemaSuffix, body: []byte(rowType)}}
	g := s.outcome()
	found := false
	for i := range g.objects {
		if o := &g.objects[i]; p.matches(o.Name()) {
			found = true
			if f, ok := g.compareSchema(&e, o); !ok {
				s.t.Errorf("%s", f)
			}
		}
	}
	if !found {
		s.t.Errorf("no object %s was delivered; there are:%s", key, s.names(g))
	}
}

// ExpectNoMore checks that every object was expected by a call of Expect.
func (s *Stream) ExpectNoMore() {
	s.t.Helper()
	g := s.outcome()
	for i := range g.objects {
		if o := &g.objects[i]; !s.expected[o.Name()] {
			s.t.Errorf("%s", g.others(nil, []int{i})[0])
		}
	}
}

func (s *Stream) outcome() *outcome {
	s.t.Helper()
	return &outcome{r: s.r, c: &Case{}, objects: s.Objects()}
}

func (s *Stream) names(g *outcome) string {
	var b strings.Builder
	for i := range g.objects {
		b.WriteString("\n  " + plain(g.objects[i].Name()))
	}
	if b.Len() == 0 {
		return " none"
	}
	return b.String()
}

// ExpectFailures checks how many records failed with each code until now.
func (s *Stream) ExpectFailures(want map[string]int64) {
	s.t.Helper()
	got := s.Summary().Failures
	if maps.Equal(want, got) {
		return
	}
	var b strings.Builder
	for i := range s.r.trace.Steps {
		if st := &s.r.trace.Steps[i]; st.What == harness.Failed {
			b.WriteString("\n" + s.outcome().failedAt(st.Seq, st.Sub))
			break
		}
	}
	s.t.Errorf("failures are %v, expected %v%s", got, want, b.String())
}

// Summary is the account of the records until now. It fails the test where a record isn't accounted for.
func (s *Stream) Summary() *Summary {
	s.t.Helper()
	sum, err := s.r.summary(0)
	if err != nil {
		s.t.Fatalf("replaytest: %v", err)
	}
	return sum
}

// Run runs the cases at and below paths as subtests, several at once.
func Run(t *testing.T, o RunOptions, paths ...string) {
	t.Helper()
	cases, err := Cases(paths...)
	if err != nil {
		t.Fatalf("replaytest: %v", err)
	}
	if o.Builds == nil {
		o.Builds = &Builds{}
	}
	for _, p := range cases {
		t.Run(p, func(t *testing.T) {
			t.Parallel()
			o := o
			if o.Log == nil {
				o.Log = t.Output()
			}
			res := RunFile(context.Background(), p, o)
			if res.Err != nil {
				t.Fatal(res.Err)
			}
			for _, f := range res.Failures {
				t.Errorf("%s", f)
			}
			if res.Updated > 0 {
				t.Logf("%s", fmt.Sprintf("%d members of the case were rewritten", res.Updated))
			}
		})
	}
}

package replaytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/lambda"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/schema/glue"
)

// RunOptions say how cases run.
type RunOptions struct {
	Update bool      // rewrite what is expected
	Log    io.Writer // what functions print; nil is nowhere
	Builds *Builds   // shared by cases whose functions are built once; nil builds each time

	Function lambda.Invoker // runs the functions of all cases; nil is what each case says
	Catalog  glue.Catalog   // the live Data Catalog, for schemas like glue:db.table; nil is none
}

// A Result is what became of a case.
type Result struct {
	Name     string
	Failures []Failure
	Err      error // the case can't be read: nothing was run
	Updated  int   // members that were rewritten
	Elapsed  time.Duration
}

// Passed reports whether everything was as expected.
func (r *Result) Passed() bool { return r.Err == nil && len(r.Failures) == 0 }

// A Failure is one thing that was not as expected.
type Failure struct {
	Message string // one sentence
	Diff    string // unified, from what was expected to what there is; empty where there is nothing to compare
	Parting string // the record and the station where the two part; empty where that isn't known
}

// String is the whole failure, ending without a line end.
func (f Failure) String() string {
	var b strings.Builder
	b.WriteString(f.Message)
	for _, s := range []string{f.Diff, f.Parting} {
		if s != "" {
			b.WriteString("\n" + strings.TrimSuffix(s, "\n"))
		}
	}
	return b.String()
}

// RunFile loads the case at a path and runs it.
func RunFile(ctx context.Context, path string, o RunOptions) *Result {
	began := time.Now()
	c, err := Load(path)
	res := &Result{Name: c.Name, Err: err}
	if err == nil {
		c.run(ctx, o, res)
	}
	res.Elapsed = time.Since(began)
	return res
}

// run runs the case.
func (c *Case) run(ctx context.Context, o RunOptions, res *Result) {
	began := time.Now()
	fail := func(err error) { res.Failures = append(res.Failures, Failure{Message: err.Error()}) }
	defer func() {
		if err := c.close(); err != nil {
			fail(err)
		}
	}()
	s, err := c.setup(ctx, o)
	if err != nil {
		res.Err = err
		return
	}
	r, readable, err := newRig(ctx, s)
	switch {
	case !readable:
		res.Err = err
		return
	case err != nil:
		fail(err)
		return
	}
	defer func() {
		if err := r.close(); err != nil {
			fail(err)
		}
	}()
	if err := r.replay(ctx, c.records, c.stream.format, harness.ReplayOptions{Start: c.stream.start, Rate: c.stream.rate}); err != nil {
		var unreadable *readError
		if errors.As(err, &unreadable) {
			res.Err = err
		} else {
			fail(err)
		}
		return
	}
	sum, err := r.summary(time.Since(began))
	if err != nil {
		fail(err)
	}
	objects, err := r.objects()
	if err != nil {
		fail(err)
		return
	}
	got := &outcome{r: r, c: c, objects: objects, summary: sum}
	if o.Update {
		if res.Updated, err = got.update(); err != nil {
			fail(err)
		}
		return
	}
	res.Failures = append(res.Failures, got.compare()...)
}

// An outcome is what a case's run gave.
type outcome struct {
	r       *rig
	c       *Case
	objects []Object
	summary *Summary
}

// pair finds the expectation of each object: the closest that matches. by has an index of c.expect for each object, -1 for none.
func (g *outcome) pair() (by []int) {
	by = make([]int, len(g.objects))
	for i := range g.objects {
		by[i] = -1
		for j, e := range g.c.expect {
			if e.isObject() && e.matches(g.objects[i].Name()) && (by[i] < 0 || e.closer(&g.c.expect[by[i]].pattern)) {
				by[i] = j
			}
		}
	}
	return by
}

func (e *expectation) isObject() bool {
	return e.name != summaryMember && strings.TrimSuffix(e.name, regexpSuffix) != logMember
}

// wanted reports whether an object that nothing expects fails the case.
func (g *outcome) wanted(o *Object) bool {
	if g.c.stream.only == nil {
		return true
	}
	for i := range g.c.stream.only {
		if g.c.stream.only[i].matches(o.Name()) {
			return true
		}
	}
	return false
}

// compare compares everything that is expected with what there is.
func (g *outcome) compare() []Failure {
	var failures []Failure
	by := g.pair()
	used := map[int]bool{}
	var unexpected []int
	for i, j := range by {
		switch {
		case j >= 0:
			used[j] = true
			e := g.c.expect[j]
			if e.schema != nil {
				if f, ok := g.compareSchema(e, &g.objects[i]); !ok {
					failures = append(failures, f)
				}
			}
			if f, ok := g.compareObject(i, e); !ok {
				failures = append(failures, f)
			}
		default:
			unexpected = append(unexpected, i)
		}
	}
	var missing []*expectation
	for j, e := range g.c.expect {
		if e.isObject() && !used[j] {
			missing = append(missing, e)
		}
	}
	failures = append(failures, g.others(missing, unexpected)...)
	for _, e := range g.c.expect {
		var f Failure
		ok := true
		switch {
		case e.name == summaryMember:
			f, ok = g.compareSummary(e)
		case !e.isObject():
			f, ok = g.compareLines(e, "the error log", g.log(), false, nil)
		}
		if !ok {
			failures = append(failures, f)
		}
	}
	return failures
}

// others makes failures of objects that are expected and not there, and of those that are there and not expected. One of
// each that hold the same is one object under another key, also where only: leaves that key out.
func (g *outcome) others(missing []*expectation, unexpected []int) []Failure {
	var failures []Failure
	left := append([]int(nil), unexpected...)
	for _, e := range missing {
		at := -1
		for n, i := range left {
			if g.same(e, &g.objects[i]) {
				at = n
				break
			}
		}
		if at < 0 {
			lines := splitLines(e.body)
			f := Failure{Message: e.name + " was not delivered",
				Diff: unified(e.name, "/dev/null", lines, nil, edits(len(lines), 0, nil), maxWholeLines)}
			if !g.delivered() {
				f.Parting = g.astray()
			}
			failures = append(failures, f)
			continue
		}
		i := left[at]
		left = append(left[:at], left[at+1:]...)
		o := &g.objects[i]
		old, new := strings.TrimPrefix(e.text, "/"), plain(o.Name())
		f := Failure{Message: "the object of " + e.name + " was delivered under another key",
			Diff: unified("expected key", "key", []string{old}, []string{new}, edits(1, 1, func(int, int) bool { return false }), maxDiffLines)}
		f.Parting = g.first(i, "its prefix and its key are made at station "+stationOf(o))
		failures = append(failures, f)
	}
	for _, i := range left {
		o := &g.objects[i]
		if !g.wanted(o) {
			continue
		}
		lines := splitLines(o.Body)
		f := Failure{Message: "the object " + plain(o.Name()) + " is not expected",
			Diff: unified("/dev/null", plain(o.Name()), nil, lines, edits(0, len(lines), nil), maxWholeLines)}
		f.Parting = g.first(i, "")
		failures = append(failures, f)
	}
	return failures
}

// delivered reports whether there is any data.
func (g *outcome) delivered() bool {
	for i := range g.objects {
		if g.objects[i].Kind == s3.Data {
			return true
		}
	}
	return false
}

// same reports whether an object holds what is expected.
func (g *outcome) same(e *expectation, o *Object) bool {
	_, ok := g.compareLines(e, "", o.Body, o.Columnar, o)
	return ok
}

// compareObject compares the body of object i.
func (g *outcome) compareObject(i int, e *expectation) (Failure, bool) {
	o := &g.objects[i]
	f, ok := g.compareLines(e, plain(o.Name()), o.Body, o.Columnar, o)
	return f, ok
}

// compareLines compares an expectation with a body, line by line. o is the object that has it, nil for others.
func (g *outcome) compareLines(e *expectation, name string, body []byte, columnar bool, o *Object) (Failure, bool) {
	// Whether the last line ends isn't compared: an archive can't say it, and editors end it.
	want, got := splitLines(e.body), splitLines(body)
	equal := func(x, y int) bool { return want[x] == got[y] }
	switch {
	case e.lines != nil:
		equal = func(x, y int) bool { return e.lines[x].MatchString(got[y]) }
	case columnar:
		equal = func(x, y int) bool { return want[x] == got[y] || sameJSON(want[x], got[y]) }
	case o == nil || o.Kind == s3.Error:
		patterns := make([]pattern, len(want))
		for i := range want {
			patterns[i] = linePattern(want[i])
		}
		equal = func(x, y int) bool { return patterns[x].matches(got[y]) || sameJSON(want[x], got[y]) }
	}
	list := edits(len(want), len(got), equal)
	for n, d := range list {
		if d.op != ' ' {
			f := Failure{Message: name + " is not as expected", Diff: unified(e.name, name, want, got, list, maxDiffLines)}
			if o != nil && name != "" {
				f.Parting = g.parting(o, list, n, want, got)
			}
			return f, false
		}
	}
	return Failure{}, true
}

// log is the error log, a line for each of its events.
func (g *outcome) log() []byte {
	var b []byte
	for i := range g.r.log {
		b = append(g.r.log[i].Append(b), '\n')
	}
	return b
}

// errNothing is returned for a run of no cases.
var errNothing = errors.New("no cases")

// Cases finds the cases at and below paths, as Find does; none at all is an error.
func Cases(paths ...string) ([]string, error) {
	list, err := Find(paths...)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%w below %s: a case is a folder with a %s, or a %s file with one", errNothing, strings.Join(paths, ", "), streamFile, archiveExtension)
	}
	return list, err
}

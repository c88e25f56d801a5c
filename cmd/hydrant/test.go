package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/hydrantkit/hydrant/replaytest"
)

// testFlags are the flags of test.
type testFlags struct {
	update, watch bool
	junit         string
	jobs          int
	json, quiet   bool
}

func newTest(io *streams) *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:   "test [flags] [PATH…]",
		Short: "Replay cases with expected results; the runner for CI",
		Long: `Test runs replay cases: records, a delivery stream, and what must come out. A case is a folder with
a stream.yaml, or a .txtar file with the same members; PATH is a case or a folder to look for cases
in, by default this one. docs/testing.md says what a case holds.

A failure prints a diff (- expected, + got), and the record and the station where the two part.
The exit status is 0 when all cases passed, 1 when some failed, 2 when a case can't be read.`,
		Example: `  hydrant test
  hydrant test --junit report.xml cases
  hydrant test --update cases/heartbeat`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"."}
			}
			if f.jobs < 1 {
				return usagef("--jobs %d: at least one is needed", f.jobs)
			}
			if f.watch {
				return watchCases(cmd.Context(), io, &f, args)
			}
			return testCases(cmd.Context(), io, &f, args)
		},
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.update, "update", false, "rewrite what is expected; read the diff of your version control then")
	fl.BoolVar(&f.watch, "watch", false, "run again when a case, its template or the source of its function changes")
	fl.StringVar(&f.junit, "junit", "", "write a JUnit report to `FILE`")
	fl.IntVar(&f.jobs, "jobs", runtime.NumCPU(), "cases to run at once")
	fl.BoolVar(&f.json, "json", false, "the results as one JSON object")
	fl.BoolVar(&f.quiet, "quiet", false, "print failures only")
	return cmd
}

// testCases runs the cases below paths once.
func testCases(ctx context.Context, s *streams, f *testFlags, paths []string) error {
	began := time.Now()
	cases, err := replaytest.Cases(paths...)
	if err != nil {
		return usage(err)
	}
	results := runCases(ctx, s, f, cases)
	if err := reportCases(s.out, f, results, time.Since(began)); err != nil {
		return err
	}
	if f.junit != "" {
		if err := writeJUnit(f.junit, results, began); err != nil {
			return fmt.Errorf("write %s: %w", f.junit, err)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var failed, unreadable int
	for _, r := range results {
		switch {
		case r.Err != nil:
			unreadable++
		case !r.Passed():
			failed++
		}
	}
	switch {
	case unreadable > 0:
		return usagef("%s of %d can't be read", caseCount(unreadable), len(results))
	case failed > 0:
		return fmt.Errorf("%s of %d failed", caseCount(failed), len(results))
	}
	return nil
}

func caseCount(n int) string {
	if n == 1 {
		return "1 case"
	}
	return fmt.Sprintf("%d cases", n)
}

// runCases runs cases, several at once, and returns their results in the order of the cases. When ctx ends, the cases that run are
// finished, and the others are left out.
func runCases(ctx context.Context, s *streams, f *testFlags, cases []string) []*replaytest.Result {
	results := make([]*replaytest.Result, len(cases))
	o := replaytest.RunOptions{Update: f.update, Builds: &replaytest.Builds{}, Catalog: liveCatalog{}}
	if !f.quiet && !f.json {
		o.Log = &together{w: s.err}
	}
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(f.jobs, len(cases)) {
		wg.Go(func() {
			for i := range next {
				results[i] = replaytest.RunFile(context.WithoutCancel(ctx), cases[i], o)
			}
		})
	}
	begun := 0
	for ; begun < len(cases) && ctx.Err() == nil; begun++ {
		next <- begun
	}
	close(next)
	wg.Wait()
	return results[:begun]
}

// together has several writers write one after the other.
type together struct {
	mu sync.Mutex
	w  io.Writer
}

func (t *together) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.w.Write(b)
}

// A testReport is what test --json prints. The names of the members never change.
type testReport struct {
	Cases  []caseReport `json:"cases"`
	Passed int          `json:"passed"`
	Failed int          `json:"failed"`
}

type caseReport struct {
	Name     string   `json:"name"`
	Passed   bool     `json:"passed"`
	Seconds  float64  `json:"seconds"`
	Failures []string `json:"failures"`
}

// texts are the failures of a result, the one of a case that can't be read among them.
func texts(r *replaytest.Result) []string {
	out := []string{}
	if r.Err != nil {
		out = append(out, r.Err.Error())
	}
	for _, f := range r.Failures {
		out = append(out, f.String())
	}
	return out
}

func reportCases(w io.Writer, f *testFlags, results []*replaytest.Result, took time.Duration) error {
	report := testReport{Cases: []caseReport{}}
	var b strings.Builder
	colour := coloured(w)
	for _, r := range results {
		report.Cases = append(report.Cases, caseReport{r.Name, r.Passed(), r.Elapsed.Seconds(), texts(r)})
		word, code := "ok", "32"
		switch {
		case !r.Passed():
			report.Failed++
			word, code = "FAIL", "31"
		case r.Updated > 0:
			report.Passed++
			word, code = "updated", "33"
		default:
			report.Passed++
			if f.quiet {
				continue
			}
		}
		if colour {
			word = "\x1b[" + code + "m" + word + "\x1b[0m"
		}
		fmt.Fprintf(&b, "%s\t%s\t%.2fs\n", word, r.Name, r.Elapsed.Seconds())
		for _, t := range texts(r) {
			for line := range strings.Lines(t) {
				b.WriteString("    " + strings.TrimSuffix(line, "\n") + "\n")
			}
		}
	}
	if f.json {
		return json.NewEncoder(w).Encode(report)
	}
	if !f.quiet || report.Failed > 0 {
		fmt.Fprintf(&b, "%d passed, %d failed in %.2f s\n", report.Passed, report.Failed, took.Seconds())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// coloured reports whether w is a terminal that wants colours.
func coloured(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// interruptedBy reports whether an error was an interruption.
func interruptedBy(err error) bool { return errors.Is(err, context.Canceled) }

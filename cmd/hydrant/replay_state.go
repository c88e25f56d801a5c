package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/record"
)

// A state is what a durable run keeps in its directory: the journal of its stream, and what it is a run of. A nil state
// is a run without one.
type state struct {
	dir     string
	journal *buffer.Journal
}

// runFile says what a state belongs to.
const runFile = "run.json"

// A runOf is what must be the same for a run to go on.
type runOf struct {
	Stream string   `json:"stream"`
	Inputs []string `json:"inputs"`
	Bytes  int64    `json:"bytes,omitempty"` // of the inputs, where that is known
	Format string   `json:"format"`
	Start  string   `json:"start"`
	Rate   string   `json:"rate"`
	Seed   uint64   `json:"seed"`
	Out    string   `json:"out"`
}

// openState opens the directory of --state; nil without it.
func openState(w io.Writer, f *replayFlags, p *plan) (*state, error) {
	if f.state == "" {
		return nil, nil
	}
	j, err := buffer.OpenJournal(f.state, buffer.JournalOptions{})
	if err != nil {
		return nil, fmt.Errorf("--state: %w", err)
	}
	s := &state{dir: f.state, journal: j}
	if err := s.check(runOf{p.description.Stream.ARN, p.inputs, p.size, f.format, f.start, f.rate, f.seed, f.out}); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	if s.continues() {
		fmt.Fprintf(w, "hydrant: an earlier run came to record %d of the input, and %s had not settled; it goes on\n",
			j.Position(), plural(int64(j.Left()), "record"))
	}
	return s, nil
}

// check compares the run with the one that the state is of.
func (s *state) check(run runOf) error {
	text, err := json.MarshalIndent(run, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	name := filepath.Join(s.dir, runFile)
	was, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return os.WriteFile(name, text, 0o666)
	case err != nil:
		return err
	case bytes.Equal(was, text):
		return nil
	case s.continues():
		return usagef("--state: %s is of another run: it has\n%sand this one is\n%sRemove the directory to start anew", s.dir, was, text)
	}
	return os.WriteFile(name, text, 0o666)
}

// continues reports whether an earlier run left something.
func (s *state) continues() bool { return s != nil && s.journal.Position() > 0 }

// options has the pipeline keep what it is given.
func (s *state) options(o *harness.Options) {
	if s != nil {
		o.Journal = s.journal
		o.Seed += record.Seed(s.journal.Life()) << 32
	}
}

// restored is what an earlier run left, for the driver.
func (s *state) restored() harness.RestoredJournal {
	if s == nil {
		return nil
	}
	return s.journal
}

// close keeps what is left, or removes a state in which nothing is.
func (s *state) close(done bool) error {
	switch {
	case s == nil:
		return nil
	case !done:
		return s.journal.Close()
	}
	return errors.Join(os.Remove(filepath.Join(s.dir, runFile)), s.journal.Remove())
}

package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/record"
)

// TestStateOfAnotherRun: a state goes on where everything is as it was, --out too: objects would lie here and there.
func TestStateOfAnotherRun(t *testing.T) {
	f := replayFlags{state: filepath.Join(t.TempDir(), "state"), out: "here"}
	p := &plan{description: &harness.Description{Stream: &harness.Stream{ARN: "arn:s"}}, inputs: []string{"in"}}
	s, err := openState(io.Discard, &f, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.journal.Append(time.Unix(1, 0), 1, []record.Record{{Data: []byte("a")}}); err != nil {
		t.Fatal(err)
	}
	if err := s.close(false); err != nil {
		t.Fatal(err)
	}
	f.out = "there"
	if _, err := openState(io.Discard, &f, p); err == nil || !strings.Contains(err.Error(), "is of another run") {
		t.Errorf("another folder: %v", err)
	}
	f.out = "here"
	var told strings.Builder
	if s, err = openState(&told, &f, p); err != nil {
		t.Fatal(err)
	}
	if want := "hydrant: an earlier run came to record 1 of the input, and 1 record had not settled; it goes on\n"; told.String() != want {
		t.Errorf("%s", told.String())
	}
	if err := s.close(true); err != nil {
		t.Fatal(err)
	}
}

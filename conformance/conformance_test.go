// Package conformance has readers and tools that are not hydrant's look at what hydrant makes. It is
// run by make conformance, which installs them.
package conformance

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// tool returns a program of the folder that make conformance installs into.
func tool(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("HYDRANT_CONFORMANCE")
	if dir == "" {
		t.Fatal("HYDRANT_CONFORMANCE isn't set; run make conformance")
	}
	return filepath.Join(dir, "venv", "bin", name)
}

func hydrant(t *testing.T) string { return absolute(t, "../hydrant") }

// absolute is the path of a file beside the tests, for a program that runs elsewhere.
func absolute(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// number is what a variable of the environment says, for those who have more time.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// write writes a file of the test.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func command(dir, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	return cmd
}

// run runs a command in dir and returns its stdout, its stderr, and its status.
func run(t *testing.T, dir string, args ...string) (string, string, int) {
	t.Helper()
	cmd := command(dir, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "SAM_CLI_TELEMETRY=0", "AWS_DEFAULT_REGION=us-east-1", "GOFLAGS=-buildvcs=false")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil && cmd.ProcessState == nil {
		t.Fatalf("%v: %v", args, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

type summary struct {
	In, Delivered, Dropped, Failed, Lost, Held, Added, Retries int64
	Failures                                                   map[string]int64
	Objects                                                    []struct {
		Kind, Bucket, Key string
		Bytes, Records    int64
	}
}

func replay(t *testing.T, dir string, wantStatus int, args ...string) summary {
	t.Helper()
	out, errs, status := run(t, dir, append([]string{hydrant(t), "replay", "--json"}, args...)...)
	if status != wantStatus {
		t.Fatalf("hydrant replay %v: status %d\n%s", args, status, errs)
	}
	var s summary
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if s.In+s.Added != s.Delivered+s.Dropped+s.Failed+s.Lost+s.Held {
		t.Errorf("the ledger doesn't balance: %+v", s)
	}
	return s
}

// tree is the names and hashes of all files below dir.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		lines = append(lines, fmt.Sprintf("%s %x", rel, sha256.Sum256(b)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// TestSample is the README's command, in the project and in an empty folder: twice the same bytes under the same keys,
// and every row as pyarrow and DuckDB read it is the row that was put in.
func TestSample(t *testing.T) {
	root := absolute(t, "..")
	out := filepath.Join(t.TempDir(), "out")
	first := replay(t, root, 0, "--out", out)
	before := tree(t, out)
	replay(t, root, 0, "--out", out)
	if after := tree(t, out); before != after {
		t.Errorf("the second run differs:\n%s\n%s", before, after)
	}
	if first.In != 10003 || first.Delivered != 10002 || first.Failed != 1 {
		t.Errorf("%+v", first)
	}
	empty := t.TempDir()
	replay(t, empty, 0)
	if built, embedded := tree(t, out), tree(t, filepath.Join(empty, "out")); built != embedded {
		t.Errorf("the sample in the program delivers other bytes:\n%s\n%s", built, embedded)
	}
	stdout, errs, status := run(t, ".", tool(t, "python"), "sample.py", out, filepath.Join(root, "internal", "sample"))
	if status != 0 {
		t.Errorf("sample.py: %s%s", stdout, errs)
	}
	t.Log(strings.TrimSpace(stdout))
}

// TestServiceRules replays the 10,000 lines by the rules of the service's own blueprint: the 669 lines whose size is "-"
// end in processing-failed with their original bytes.
func TestServiceRules(t *testing.T) {
	root := absolute(t, "..")
	out := filepath.Join(t.TempDir(), "out")
	s := replay(t, root, 3, "--out", out, "--parameter", "Lenient=false", "internal/sample/apache_access.log.gz")
	if s.In != 10000 || s.Delivered != 9331 || s.Failed != 669 || s.Failures["Lambda.ProcessingFailedStatus"] != 669 {
		t.Errorf("%+v", s)
	}
	stdout, errs, status := run(t, ".", tool(t, "python"), "failed.py", out, filepath.Join(root, "internal", "sample", "apache_access.log.gz"))
	if status != 0 {
		t.Errorf("failed.py: %s%s", stdout, errs)
	}
}

// TestTemplate lints the template and builds its functions as sam deploy would, without Docker.
func TestTemplate(t *testing.T) {
	root := absolute(t, "..")
	for _, args := range [][]string{
		{tool(t, "cfn-lint"), "sam-template.yaml"},
		{tool(t, "sam"), "validate", "--lint", "-t", "sam-template.yaml"},
	} {
		if out, errs, status := run(t, root, args...); status != 0 {
			t.Errorf("%s: status %d\n%s%s", filepath.Base(args[0]), status, out, errs)
		}
	}
	// sam copies CodeUri, so it is given a copy without what was built here.
	work := t.TempDir()
	if out, errs, status := run(t, root, "git", "clone", "-q", root, work); status != 0 {
		t.Fatalf("git clone: %s%s", out, errs)
	}
	if out, errs, status := run(t, work, tool(t, "sam"), "build", "-t", "sam-template.yaml"); status != 0 {
		t.Fatalf("sam build: status %d\n%s%s", status, out, errs)
	}
	bins, err := filepath.Glob(filepath.Join(work, ".aws-sam", "build", "*", "bootstrap"))
	if err != nil || len(bins) == 0 {
		t.Fatalf("sam build left no bootstrap: %v", err)
	}
	for _, b := range bins {
		info, err := os.Stat(b)
		if err != nil || info.Size() > 12<<20 {
			t.Errorf("%s is %d bytes, %v", b, info.Size(), err)
		}
		if out, _, _ := run(t, work, "go", "version", b); !strings.Contains(out, "go1") {
			t.Errorf("%s is no Go program: %s", b, out)
		}
	}
	t.Logf("%d functions built on %s", len(bins), runtime.GOARCH)
}

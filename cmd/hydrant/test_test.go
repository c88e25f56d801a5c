package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	streamYAML = `stream:
  DeliveryStreamName: clicks
  ExtendedS3DestinationConfiguration:
    BucketARN: arn:aws:s3:::clicks
    RoleARN: arn:aws:iam::123456789012:role/r
    Prefix: c/
    BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 }
`
	goodCase = "-- stream.yaml --\n" + streamYAML + "-- records --\na\n-- expect/clicks/c/*/*/*/*/clicks-*-UUID --\na\n"
	badCase  = "-- stream.yaml --\n" + streamYAML + "-- records --\nb\n-- expect/clicks/c/*/*/*/*/clicks-*-UUID --\na\n"
	noCase   = "-- stream.yaml --\nstreams: {}\n-- records --\na\n"
)

// TestTest is the contract of hydrant test: exit statuses, --json, --junit, and that nothing is left behind.
func TestTest(t *testing.T) {
	for _, tt := range []struct {
		name   string
		cases  map[string]string
		args   []string
		status int
		out    string // part of stdout
		last   string // of stderr
	}{
		{"all pass", map[string]string{"good": goodCase}, nil, 0, "1 passed, 0 failed", ""},
		{"one fails", map[string]string{"good": goodCase, "bad": badCase}, nil, 1, "1 passed, 1 failed", "hydrant: 1 case of 2 failed"},
		{"one can't be read", map[string]string{"good": goodCase, "bad": badCase, "no": noCase}, nil, 2, "1 passed, 2 failed", "hydrant: 1 case of 3 can't be read"},
		{"none", nil, nil, 2, "", "hydrant: no cases below .: a case is a folder with a stream.yaml, or a .txtar file with one"},
		{"no such path", nil, []string{"nothere"}, 2, "", "hydrant: stat nothere: no such file or directory"},
		{"by name", map[string]string{"good": goodCase, "bad": badCase}, []string{"good.txtar"}, 0, "1 passed", ""},
		{"update", map[string]string{"bad": badCase}, []string{"--update"}, 0, "updated\tbad", ""},
		{"unknown flag", nil, []string{"--wach"}, 2, "", "hydrant: unknown flag: --wach (see hydrant test -h)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range tt.cases {
				write(t, dir, name+".txtar", text)
			}
			out, errs, status := command(t, dir, "", append([]string{"test"}, tt.args...)...)
			lines := strings.Split(strings.TrimSpace(errs), "\n")
			if status != tt.status || !strings.Contains(out, tt.out) || lines[len(lines)-1] != tt.last {
				t.Errorf("status %d, stdout %q, stderr %q", status, out, errs)
			}
			if left, _ := os.ReadDir(dir); len(left) != len(tt.cases) {
				t.Errorf("files are left behind: %v", left)
			}
		})
	}
}

func TestTestReports(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "cases"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"good": goodCase, "bad": badCase, "no": noCase} {
		write(t, dir, "cases/"+name+".txtar", text)
	}
	out, _, status := command(t, dir, "", "test", "--json", "--junit", "report.xml", "cases")
	var r struct {
		Cases []struct {
			Name     string
			Passed   bool
			Seconds  float64
			Failures []string
		}
		Passed, Failed int
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil || status != 2 || r.Passed != 1 || r.Failed != 2 || len(r.Cases) != 3 {
		t.Fatalf("status %d, %v\n%s", status, err, out)
	}
	const diff = `clicks/c/2025/01/01/00/clicks-1-2025-01-01-00-00-00-UUID is not as expected
--- expect/clicks/c/*/*/*/*/clicks-*-UUID
+++ clicks/c/2025/01/01/00/clicks-1-2025-01-01-00-00-00-UUID
@@ -1 +1 @@
-a
+b
  record 1 (records:1) parts at station source: it is delivered as it came in
      came in:     b`
	if c := r.Cases[0]; c.Name != "cases/bad" || c.Passed || len(c.Failures) != 1 || c.Failures[0] != diff {
		t.Errorf("%+v\n%s", c, c.Failures)
	}
	if c := r.Cases[1]; c.Name != "cases/good" || !c.Passed || c.Failures == nil || len(c.Failures) != 0 {
		t.Errorf("%+v", c)
	}
	b, err := os.ReadFile(filepath.Join(dir, "report.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := validJUnit(b); err != nil {
		t.Errorf("%v\n%s", err, b)
	}
	var x junitReport
	if err := xml.Unmarshal(b, &x); err != nil {
		t.Fatal(err)
	}
	if s := x.Suites[0]; s.Tests != 3 || s.Failures != 1 || s.Errors != 1 || !strings.Contains(s.Cases[0].Failure.Text, diff) {
		t.Errorf("%+v", s)
	}
}

// junitSchema is what the schemas of Ant's reports and of Jenkins's both take: elements in this order, with at least
// the attributes in brackets, and no others.
var junitSchema = map[string]struct{ attributes, children string }{
	"testsuites": {"", "testsuite"},
	"testsuite":  {"package id name timestamp hostname tests failures errors skipped time", "properties testcase system-out system-err"},
	"properties": {"", "property"},
	"property":   {"name value", ""},
	"testcase":   {"name classname time", "error failure"},
	"error":      {"message type", "#"},
	"failure":    {"message type", "#"},
	"system-out": {"", "#"},
	"system-err": {"", "#"},
}

// validJUnit checks a report by junitSchema.
func validJUnit(b []byte) error {
	d := xml.NewDecoder(bytes.NewReader(b))
	type open struct {
		name string
		last int // index of the last child in its parent's order
	}
	var stack []open
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch v := token.(type) {
		case xml.StartElement:
			name := v.Name.Local
			rule, ok := junitSchema[name]
			if !ok {
				return fmt.Errorf("unknown element %s", name)
			}
			var attributes []string
			for _, a := range v.Attr {
				attributes = append(attributes, a.Name.Local)
				switch a.Name.Local {
				case "timestamp":
					if _, err := time.Parse("2006-01-02T15:04:05", a.Value); err != nil {
						return err
					}
				case "tests", "failures", "errors", "skipped", "id", "time":
					if strings.Trim(a.Value, "0123456789.") != "" || a.Value == "" {
						return fmt.Errorf("%s=%q is no number", a.Name.Local, a.Value)
					}
				}
			}
			if got := strings.Join(attributes, " "); got != rule.attributes {
				return fmt.Errorf("%s has %q, not %q", name, got, rule.attributes)
			}
			if n := len(stack); n > 0 {
				at := -1
				for i, c := range strings.Fields(junitSchema[stack[n-1].name].children) {
					if c == name {
						at = i
					}
				}
				if at < stack[n-1].last || at < 0 {
					return fmt.Errorf("%s stands in the wrong place in %s", name, stack[n-1].name)
				}
				stack[n-1].last = at
			}
			stack = append(stack, open{name: name})
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if n := len(stack); n > 0 && junitSchema[stack[n-1].name].children != "#" && len(bytes.TrimSpace(v)) > 0 {
				return fmt.Errorf("text in %s", stack[n-1].name)
			}
		}
	}
}

// TestManyCases: 200 cases run at once, and a folder stays as it is.
func TestManyCases(t *testing.T) {
	dir := t.TempDir()
	for i := range 200 {
		write(t, dir, fmt.Sprintf("case%03d.txtar", i), goodCase)
	}
	before := folderListing(t, dir)
	out, errs, status := command(t, dir, "", "test", "--json")
	if status != 0 || !strings.Contains(out, `"passed":200,"failed":0`) {
		t.Errorf("status %d\n%s", status, errs)
	}
	if after := folderListing(t, dir); after != before {
		t.Errorf("before:\n%safter:\n%s", before, after)
	}
}

func folderListing(t *testing.T, dir string) string {
	var b strings.Builder
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		fmt.Fprintln(&b, name, info.Mode(), info.ModTime())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A pipe gives what is written to who waits for a part of it.
type pipe struct {
	mu   sync.Mutex
	cond *sync.Cond
	text strings.Builder
	done bool
}

func newPipe() *pipe {
	p := &pipe{}
	p.cond = sync.NewCond(&p.mu)
	return p
}

func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text.Write(b)
	p.cond.Broadcast()
	return len(b), nil
}

func (p *pipe) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = true
	p.cond.Broadcast()
}

// wait returns when text was written n times, or no more will be.
func (p *pipe) wait(text string, n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for strings.Count(p.text.String(), text) < n {
		if p.done {
			return false
		}
		p.cond.Wait()
	}
	return true
}

// TestWatch: a change runs the cases again, and an interruption ends the watch.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.txtar", badCase)
	t.Chdir(dir)
	ctx, cancel := context.WithCancel(context.Background())
	out, errs := newPipe(), newPipe()
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, []string{"test", "--watch"}, &streams{strings.NewReader(""), out, errs}, func() os.Signal { return os.Interrupt })
		out.close()
		errs.close()
	}()
	if !errs.wait("waiting for changes", 1) || !out.wait("0 passed, 1 failed", 1) {
		t.Fatal("no first run")
	}
	write(t, dir, "a.txtar", goodCase)
	if !out.wait("1 passed, 0 failed", 1) || !errs.wait("waiting for changes", 2) {
		t.Fatal("no second run")
	}
	write(t, dir, "b.txtar", badCase) // a case that is new
	if !out.wait("1 passed, 1 failed", 1) {
		t.Fatal("no third run")
	}
	cancel()
	if got := <-status; got != exitInterrupt {
		t.Errorf("status %d", got)
	}
}

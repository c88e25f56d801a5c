package conformance

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// lacks skips a test whose server isn't here; where HYDRANT_DESTINATIONS is "all" it fails.
func lacks(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("HYDRANT_DESTINATIONS") == "all" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// server returns a program that make conformance-destinations has built.
func server(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(os.Getenv("HYDRANT_CONFORMANCE"), name, name)
	if _, err := os.Stat(path); err != nil {
		lacks(t, "%s isn't here: run make conformance-destinations", name)
	}
	return path
}

// freePort is the address of a port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts a server in a folder, waits until it listens on addrs, and stops it when the test ends.
func start(t *testing.T, dir string, addrs []string, args ...string) {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Kill() //nolint:errcheck // it may have ended
		<-ended
		log.Close()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("%s said:\n%.4000s", args[0], text)
		}
	})
	for _, addr := range addrs {
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
			c, err := net.Dial("tcp", addr)
			if err == nil {
				c.Close()
				break
			}
			select {
			case err := <-ended:
				ended <- err
				t.Fatalf("%s ended: %v", args[0], err)
			default:
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s doesn't listen on %s", args[0], addr)
			}
		}
	}
}

// eventually waits until check returns "", and fails with what it returned last.
func eventually(t *testing.T, check func() string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		why := check()
		if why == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(why)
		}
	}
}

// sorted is lines in order, for comparing as a bag.
func sorted(lines []string) string {
	lines = append([]string(nil), lines...)
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// A failedLine is a line of error output.
type failedLine struct {
	raw      string // the original bytes
	attempts float64
}

// readFailed reads the error lines under out whose key holds folder, in order of delivery. Each has just the members that are given,
// in that order, an id that no other has, and ended no earlier than it arrived.
func readFailed(t *testing.T, out, folder, code string, members ...string) (lines []failedLine) {
	t.Helper()
	ids := map[string]bool{}
	err := filepath.WalkDir(out, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.Contains(path, folder) {
			return err
		}
		text, err := os.ReadFile(path)
		for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
			var names []string
			values := map[string]any{}
			d := json.NewDecoder(strings.NewReader(line))
			if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
				t.Fatalf("%s: %v", line, err)
			}
			for d.More() {
				name, err := d.Token()
				var v any
				if err == nil {
					err = d.Decode(&v)
				}
				if err != nil {
					t.Fatalf("%s: %v", line, err)
				}
				names = append(names, name.(string))
				values[name.(string)] = v
			}
			if strings.Join(names, " ") != strings.Join(members, " ") || values["errorCode"] != code {
				t.Fatalf("a failed line is %s; want %s with the members %v", line, code, members)
			}
			for _, name := range []string{"EventId", "dataId", "esDocumentId", "osDocumentId"} {
				id, has := values[name]
				if text, ok := id.(string); has && (!ok || len(text) != 58 || ids[text]) {
					t.Errorf("%s is %v: no id, or that of another line", name, id)
				} else if has {
					ids[text] = true
				}
			}
			arrived, isTime := values["arrivalTimestamp"].(float64)
			ended, isTime2 := values["attemptEndingTimestamp"].(float64)
			attempts, isNumber := values["attemptsMade"].(float64)
			if message, ok := values["errorMessage"].(string); !isTime || !isTime2 || !isNumber || ended < arrived || !ok || message == "" {
				t.Errorf("a failed line is %s", line)
			}
			data, err := base64.StdEncoding.DecodeString(values["rawData"].(string))
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, failedLine{string(data), attempts})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// failedLines are the original bytes of the error lines under out whose key holds folder.
func failedLines(t *testing.T, out, folder, code string, members ...string) (raw []string) {
	t.Helper()
	for _, l := range readFailed(t, out, folder, code, members...) {
		raw = append(raw, l.raw)
	}
	return raw
}

// backup is the source backup under out, whose key holds folder, with its objects one after the other.
func backup(t *testing.T, out, folder string) string {
	t.Helper()
	var all bytes.Buffer
	err := filepath.WalkDir(out, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.Contains(path, folder) {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// A cutter stands before a server, and cuts connections: some as they come, some when the server answers.
type cutter struct {
	mu      sync.Mutex
	passes  int    // so many connections pass before the others
	refuse  int    // of those so many are closed at once
	swallow int    // then so many lose the part of the answer that holds from, and what follows
	from    string // empty is all of it
	before  func() // once, before a connection passes
}

func (c *cutter) listen(t *testing.T, to string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go c.serve(conn, to)
		}
	}()
	return l.Addr().String()
}

func (c *cutter) serve(conn net.Conn, to string) {
	defer conn.Close()
	c.mu.Lock()
	refuse, swallow, from := c.passes == 0 && c.refuse > 0, false, c.from
	switch {
	case c.passes > 0:
		c.passes--
	case refuse:
		c.refuse--
	default:
		if swallow = c.swallow > 0; swallow {
			c.swallow--
		}
	}
	if f := c.before; f != nil && !refuse {
		c.before = nil
		f()
	}
	c.mu.Unlock()
	if refuse {
		return
	}
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer server.Close()
	go io.Copy(server, conn) //nolint:errcheck // ends with the connection
	if swallow {
		for chunk := make([]byte, 1<<16); ; {
			n, err := server.Read(chunk)
			if err != nil || bytes.Contains(chunk[:n], []byte(from)) {
				return
			}
			conn.Write(chunk[:n]) //nolint:errcheck // the server sees
		}
	}
	io.Copy(conn, server) //nolint:errcheck
}

// A front stands before a server that is posted requests to: some of them it answers itself.
type front struct {
	// meets says what the n-th request meets: "" the server, "503", "cut" for a connection that ends, "lost" for one that ends when
	// the server has answered.
	meets    func(n int) string
	requests atomic.Int64
}

func (f *front) listen(t *testing.T, to string) string {
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || strings.HasSuffix(r.URL.Path, "/ack") { // it asks for something
			proxy.ServeHTTP(w, r)
			return
		}
		switch f.meets(int(f.requests.Add(1))) {
		case "503":
			io.Copy(io.Discard, r.Body) //nolint:errcheck // a request that is cut off is answered too
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, "away")
		case "cut":
			panic(http.ErrAbortHandler)
		case "lost":
			proxy.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(server.Close)
	return server.URL
}

// An outage is a stream of five batches, a minute each, to a server that goes away in the middle.
type outage struct {
	server  string
	stream  func(retry int) string
	retry   int      // a duration that spans three attempts more
	flags   []string // of replay
	folder  string   // of the error output
	code    string   // of what is answered with 503
	members []string
	same    func(t *testing.T, lines []string)        // the server has got just these since it was asked last
	plain   func(t *testing.T, records string) string // what was read, of what was put; nil where that is the same
}

// try has the server away for three requests, and then for good: no record is lost, and none is there twice.
func (o *outage) try(t *testing.T, lines []string) {
	flags := append([]string{"--rate", fmt.Sprintf("%d/s", len(lines)/300)}, o.flags...)
	plain := o.plain
	if plain == nil {
		plain = func(_ *testing.T, records string) string { return records }
	}
	checkBackup := func(t *testing.T, d delivered) {
		t.Helper()
		if got := plain(t, backup(t, d.out, "failed/raw/20")); got != strings.Join(lines, "") {
			t.Errorf("the backup has %d bytes: %.200s", len(got), got)
		}
	}
	t.Run("an outage in the middle, within the budget", func(t *testing.T) {
		f := &front{meets: func(n int) string { return []string{2: "503", 3: "cut", 4: "503", 5: ""}[min(n, 5)] }}
		d := deliver(t, 0, o.stream(o.retry), f.listen(t, o.server), lines, flags...)
		if d.Delivered != int64(len(lines)) || d.Retries != 3 || f.requests.Load() < 6 {
			t.Errorf("%d requests, %+v", f.requests.Load(), d.summary)
		}
		o.same(t, lines)
		checkBackup(t, d)
	})
	t.Run("an outage from the middle on, beyond the budget", func(t *testing.T) {
		f := &front{meets: func(n int) string { return []string{1: "", 2: "503"}[min(n, 2)] }}
		d := deliver(t, 3, o.stream(o.retry), f.listen(t, o.server), lines, flags...)
		var failed []string
		for _, record := range failedLines(t, d.out, o.folder, o.code, o.members...) {
			failed = append(failed, plain(t, record))
		}
		n := len(lines) - len(failed)
		if n != len(lines)/5 || d.Delivered != int64(n) || d.Failures[o.code] != int64(len(failed)) || strings.Join(failed, "\n") != strings.Join(lines[n:], "\n") {
			t.Errorf("%d lines of error output, %+v", len(failed), d.summary)
		}
		o.same(t, lines[:n])
		checkBackup(t, d)
	})
}

// events are n records of JSON.
func events(n int) (lines []string) {
	for i := range n {
		lines = append(lines, fmt.Sprintf(`{"id":%d,"msg":"event %d","value":%d.5}`, i, i, i))
	}
	return lines
}

// A collectorLog is the log records that an OpenTelemetry collector has written.
type collectorLog struct {
	path string
	read int64
}

// same waits until as many more log records came as there are messages, and compares their bodies.
func (c *collectorLog) same(t *testing.T, messages []string) {
	t.Helper()
	var got []string
	var end int64
	eventually(t, func() string {
		text, err := os.ReadFile(c.path)
		if err != nil {
			return err.Error()
		}
		got, end = nil, int64(len(text))
		for _, line := range bytes.Split(bytes.TrimSpace(text[c.read:]), []byte("\n")) {
			var doc struct {
				ResourceLogs []struct {
					ScopeLogs []struct {
						LogRecords []struct {
							Body struct{ StringValue string }
						}
					}
				}
			}
			if len(line) > 0 && json.Unmarshal(line, &doc) != nil {
				return "half a line"
			}
			for _, r := range doc.ResourceLogs {
				for _, s := range r.ScopeLogs {
					for _, l := range s.LogRecords {
						got = append(got, l.Body.StringValue)
					}
				}
			}
		}
		if len(got) < len(messages) {
			return fmt.Sprintf("the collector has %d log records, want %d", len(got), len(messages))
		}
		return ""
	})
	c.read = end
	if sorted(got) != sorted(messages) {
		t.Errorf("the collector has other log records: %.300q", got)
	}
}

package conformance

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"
)

// server returns a program that make conformance-destinations has built.
func server(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(os.Getenv("HYDRANT_CONFORMANCE"), name, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s isn't here: run make conformance-destinations", name)
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

// write writes a file of the test.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
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

// failedLines are the error lines under out, whose key holds folder: their original bytes, in order of delivery, each line having
// just the members that are given, in that order.
func failedLines(t *testing.T, out, folder, code string, members ...string) (raw []string) {
	t.Helper()
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
			data, err := base64.StdEncoding.DecodeString(values["rawData"].(string))
			if err != nil {
				t.Fatal(err)
			}
			raw = append(raw, string(data))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
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

// A cutter stands before a server. It closes the first connections as they come, or once the server has answered.
type cutter struct {
	mu       sync.Mutex
	refuse   int // so many connections are closed at once
	swallow  int // of so many the answer is lost
	accepted int
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
	c.accepted++
	refuse, swallow := c.refuse > 0, false
	if refuse {
		c.refuse--
	} else if swallow = c.swallow > 0; swallow {
		c.swallow--
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
		server.Read(make([]byte, 1)) //nolint:errcheck // an answer begins
		return
	}
	io.Copy(conn, server) //nolint:errcheck
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

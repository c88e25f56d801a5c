package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// versitygw starts an S3 server that checks signatures, with the bucket lake, and returns its URL and the folder of its buckets.
func versitygw(t *testing.T) (*url.URL, string) {
	t.Helper()
	program := os.Getenv("HYDRANT_VERSITYGW")
	if program == "" {
		t.Skip("no versitygw")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "lake"), 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--port", address, "posix", dir)
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY=AKIDEXAMPLE", "ROOT_SECRET_KEY=secret")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 100 {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return &url.URL{Scheme: "http", Host: address}, dir
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("versitygw doesn't start")
	return nil, ""
}

// TestS3 replays the sample to an S3 server that checks signatures and answers every second PUT with 503 Slow Down: it holds
// what a folder holds, byte for byte.
func TestS3(t *testing.T) {
	u, data := versitygw(t)
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	first := replay(t, root, 0, "--out", out)

	var puts atomic.Int64
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(u)
		r.Out.Host = r.In.Host // it is signed
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && puts.Add(1)%2 == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer server.Close()
	for name, value := range map[string]string{"AWS_ENDPOINT_URL_S3": server.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"} {
		t.Setenv(name, value)
	}
	second := replay(t, root, 0, "--out", "s3://lake/runs/1")
	if first.Delivered != second.Delivered || second.Lost != 0 || len(first.Objects) != len(second.Objects) {
		t.Errorf("%+v\n%+v", first, second)
	}
	bytesOf := func(dir string) map[string]string {
		found := map[string]string{}
		err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".keys") {
				return err
			}
			b, err := os.ReadFile(p)
			rel, _ := filepath.Rel(dir, p)
			found[rel] = string(b)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	want, got := bytesOf(out), bytesOf(filepath.Join(data, "lake", "runs", "1"))
	if len(want) == 0 || len(got) != len(want) {
		t.Errorf("%d objects, %d in a folder", len(got), len(want))
	}
	for name, body := range want {
		if got[name] != body {
			t.Errorf("%s: %d bytes, %d in a folder", name, len(got[name]), len(body))
		}
	}
	t.Logf("%d objects by %d PUTs", len(got), puts.Load())

	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	_, errs, status := run(t, root, hydrant(t), "replay", "--json", "--out", "s3://lake/runs/2")
	if status != 1 || !strings.Contains(errs, "SignatureDoesNotMatch") {
		t.Errorf("with another secret: status %d, %s", status, errs)
	}
}

// TestLive feeds a live stream two records, a second apart, and interrupts it in the next interval.
func TestLive(t *testing.T) {
	dir := t.TempDir()
	const stream = `{"DeliveryStreamName": "s", "ExtendedS3DestinationConfiguration": {"BucketARN": "arn:aws:s3:::b",
		"RoleARN": "arn:aws:iam::123456789012:role/r", "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": %d}}}`
	for _, tt := range []struct{ interval, objects, status int }{{0, 2, 0}, {900, 1, 130}} {
		if err := os.WriteFile(filepath.Join(dir, "s.json"), fmt.Appendf(nil, stream, tt.interval), 0o666); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(hydrant(t), "replay", "--stream", "s.json", "--clock", "now", "--json", "-")
		cmd.Dir = dir
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		before := time.Now()
		for range 2 {
			fmt.Fprintln(in, "a record of some bytes")
			time.Sleep(2 * time.Second)
		}
		if tt.status == 0 {
			err = in.Close()
		} else {
			err = cmd.Process.Signal(syscall.SIGINT)
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // its status is looked at
		var s summary
		if err := json.Unmarshal(out.Bytes(), &s); err != nil || cmd.ProcessState.ExitCode() != tt.status {
			t.Fatalf("interval %d: status %d, %v\n%s%s", tt.interval, cmd.ProcessState.ExitCode(), err, out.Bytes(), errs.Bytes())
		}
		if s.In != 2 || s.Delivered != 2 || len(s.Objects) != tt.objects {
			t.Errorf("interval %d: %+v", tt.interval, s)
		}
		if want := before.UTC().Format("2006/01/02/15/"); !strings.HasPrefix(s.Objects[0].Key, want) {
			t.Errorf("key %s, want %s…", s.Objects[0].Key, want)
		}
	}
}

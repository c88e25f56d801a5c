package conformance

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// held is the most memory that a process has held, in MiB; 0 where there is no /proc.
func held(pid int64) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kilobytes int64
	fmt.Sscan(rest, &kilobytes) //nolint:errcheck // 0 where there is none
	return kilobytes >> 10
}

// TestDestinationMemory delivers 200 MB to a server on this machine that reads requests and keeps nothing: the most memory that it
// held is bounded by the size of the buffer. How many bytes of bodies, uncompressed, a second of the command's processor time makes is printed.
func TestDestinationMemory(t *testing.T) {
	const records = 200 << 20 / 500
	dir := t.TempDir()
	in := filepath.Join(dir, "in.ndjson")
	f, err := os.Create(in)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	for i := range records {
		fmt.Fprintf(w, `{"id":%09d,"message":%q}`+"\n", i, strings.Repeat("0123456789abcdef", 29)+"abcd")
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var body, got, pid, most atomic.Int64
	discard := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		body.Add(int64(len(text)))
		most.Store(max(most.Load(), held(pid.Load()))) // one request is under way at a time
		if r.URL.Path != "/_bulk" {
			got.Add(int64(bytes.Count(text, []byte(`{"data":`))))
			answerJSON(w, 200, fmt.Sprintf(`{"requestId":%q,"timestamp":1}`, r.Header.Get("X-Amz-Firehose-Request-Id")))
			return
		}
		n := bytes.Count(text, []byte{'\n'}) / 2
		got.Add(int64(n))
		answerJSON(w, 200, `{"errors":false,"items":[`+strings.TrimSuffix(strings.Repeat(`{"index":{"status":201}},`, n), ",")+`]}`)
	}))
	defer discard.Close()
	const bucket = `"S3Configuration": {"RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::failed"}`
	for _, tt := range []struct {
		name, stream string
		buffer       int64 // MiB
	}{
		{"HTTP endpoint", `"HttpEndpointDestinationConfiguration": {"EndpointConfiguration": {"Url": "https://example.com/in"}, `, 1},
		{"HTTP endpoint", `"HttpEndpointDestinationConfiguration": {"EndpointConfiguration": {"Url": "https://example.com/in"}, `, 64},
		{"OpenSearch", `"AmazonopensearchserviceDestinationConfiguration": {"RoleARN": "arn:aws:iam::123456789012:role/r", "ClusterEndpoint": "https://h", "IndexName": "i", `, 1},
		{"OpenSearch", `"AmazonopensearchserviceDestinationConfiguration": {"RoleARN": "arn:aws:iam::123456789012:role/r", "ClusterEndpoint": "https://h", "IndexName": "i", `, 100},
	} {
		t.Run(fmt.Sprintf("%s, %d MiB", tt.name, tt.buffer), func(t *testing.T) {
			body.Store(0)
			got.Store(0)
			most.Store(0)
			stream := write(t, t.TempDir(), "s.json", fmt.Sprintf(`{"DeliveryStreamName": "s", %s%s, "BufferingHints": {"SizeInMBs": %d, "IntervalInSeconds": 900}}}`, tt.stream, bucket, tt.buffer))
			cmd := exec.Command(hydrant(t), "replay", "--quiet", "--jobs", "1", "--rate", "10000000/s", "--stream", stream, "--destination", "live", "--endpoint", discard.URL,
				"--input-format", "lines", "--out", filepath.Join(dir, "out"), in)
			var errs bytes.Buffer
			cmd.Stderr = &errs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			pid.Store(int64(cmd.Process.Pid))
			if err := cmd.Wait(); err != nil {
				t.Fatalf("%v: %s", err, errs.String())
			}
			s := cmd.ProcessState
			cpu := s.UserTime() + s.SystemTime()
			speed := float64(body.Load()) / 1e6 / cpu.Seconds()
			t.Logf("%.0f MB of bodies in %.2f s of processor time: %.0f MB/s; at most %d MiB of memory", float64(body.Load())/1e6, cpu.Seconds(), speed, most.Load())
			if got.Load() != records {
				t.Errorf("%d records came, want %d", got.Load(), records)
			}
			if limit := int64(64 + 6*tt.buffer); most.Load() > limit {
				t.Errorf("want %d MiB at most", limit)
			}
		})
	}
}

package conformance

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// httpStream is a description of a stream to an HTTP endpoint.
func httpStream(path, key, encoding string, retry int) string {
	return fmt.Sprintf(`{"DeliveryStreamName": "events", "HttpEndpointDestinationConfiguration": {
		"EndpointConfiguration": {"Url": "https://example.com%s", "AccessKey": %q},
		"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60}, "RetryOptions": {"DurationInSeconds": %d}, "S3BackupMode": "AllData",
		"RequestConfiguration": {"ContentEncoding": %q, "CommonAttributes": [{"AttributeName": "env", "AttributeValue": "test"}]},
		"S3Configuration": {"RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::failed", "Prefix": "raw/"}}}`, path, key, retry, encoding)
}

var httpMembers = []string{"attemptsMade", "arrivalTimestamp", "errorCode", "errorMessage", "attemptEndingTimestamp", "rawData", "subsequenceNumber", "dataId"}

// A delivered is one run of hydrant replay to a live endpoint.
type delivered struct {
	summary
	out string
}

// deliver replays lines to an endpoint.
func deliver(t *testing.T, status int, stream, endpoint string, lines []string, flags ...string) delivered {
	t.Helper()
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	args := append([]string{"--stream", write(t, dir, "stream.json", stream), "--destination", "live", "--endpoint", endpoint, "--out", out, "--input-format", "lines"}, flags...)
	s := replay(t, dir, status, append(args, write(t, dir, "in", strings.Join(lines, "\n")+"\n"))...)
	if s.In != int64(len(lines)) {
		t.Errorf("%d records were put, want %d", s.In, len(lines))
	}
	return delivered{s, out}
}

// checkFailed: all records, one batch, are in the error output and in the backup.
func (d delivered) checkFailed(t *testing.T, folder, code string, lines []string, members []string) {
	t.Helper()
	if d.Delivered != 0 || d.Failed != int64(len(lines)) || d.Failures[code] != int64(len(lines)) {
		t.Errorf("%+v", d.summary)
	}
	attempts := float64(d.Retries + 1) // of the batch
	if strings.HasPrefix(code, "Splunk.") {
		attempts--
	}
	var got []string
	for _, l := range readFailed(t, d.out, folder, code, members...) {
		if got = append(got, l.raw); l.attempts != attempts {
			t.Errorf("attemptsMade is %v, want %v", l.attempts, attempts)
			break
		}
	}
	if strings.Join(got, "\n") != strings.Join(lines, "\n") {
		t.Errorf("%d records are in the error output, and not all", len(got))
	}
	d.checkBackup(t, lines)
}

func (d delivered) checkBackup(t *testing.T, lines []string) {
	t.Helper()
	if got := backup(t, d.out, "failed/raw/20"); got != strings.Join(lines, "") {
		t.Errorf("the backup has %d bytes: %.200s", len(got), got)
	}
}

// TestDestinationHTTPTelegraf delivers to Telegraf's Firehose input.
func TestDestinationHTTPTelegraf(t *testing.T) {
	dir, addr := t.TempDir(), freePort(t)
	bin := server(t, "telegraf")
	config := write(t, dir, "telegraf.conf", fmt.Sprintf(`
[agent]
  interval = "1s"
  flush_interval = "200ms"
  flush_jitter = "0s"
  omit_hostname = true
  metric_buffer_limit = 100000
[[inputs.firehose]]
  service_address = %q
  paths = ["/telegraf"]
  access_key = "s3cret"
  parameter_tags = ["env"]
  data_format = "json"
  json_string_fields = ["msg"]
[[outputs.file]]
  files = ["got"]
  data_format = "json"
`, addr))
	start(t, dir, []string{addr}, bin, "--config", config)
	read := 0
	// got waits for n more metrics, and has them as the records that they were.
	got := func(t *testing.T, n int) (records []string) {
		t.Helper()
		eventually(t, func() string {
			text, _ := os.ReadFile(filepath.Join(dir, "got"))
			lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
			if text == nil {
				lines = nil
			}
			if len(lines) < read+n {
				return fmt.Sprintf("Telegraf has %d metrics, want %d", len(lines)-read, n)
			}
			records = nil
			for _, line := range lines[read:] {
				var m struct {
					Fields struct {
						ID    int
						Msg   string
						Value float64
					}
					Tags map[string]string
				}
				if err := json.Unmarshal([]byte(line), &m); err != nil || m.Tags["env"] != "test" {
					return line
				}
				records = append(records, fmt.Sprintf(`{"id":%d,"msg":%q,"value":%v}`, m.Fields.ID, m.Fields.Msg, m.Fields.Value))
			}
			return ""
		})
		read += len(records)
		return records
	}
	same := func(t *testing.T, lines []string) {
		t.Helper()
		if sorted(got(t, len(lines))) != sorted(lines) {
			t.Error("Telegraf has other records")
		}
	}
	t.Run("success", func(t *testing.T) {
		for _, encoding := range []string{"NONE", "GZIP"} {
			lines := events(2000)
			d := deliver(t, 0, httpStream("/telegraf", "s3cret", encoding, 300), "http://"+addr, lines)
			if d.Delivered != 2000 {
				t.Errorf("%+v", d.summary)
			}
			same(t, lines)
			d.checkBackup(t, lines)
		}
	})
	t.Run("many requests", func(t *testing.T) {
		lines := events(25000) // of which 23,000 are a mebibyte
		f := &front{meets: func(int) string { return "" }}
		if d := deliver(t, 0, httpStream("/telegraf", "s3cret", "GZIP", 300), f.listen(t, "http://"+addr), lines); d.Delivered != 25000 || f.requests.Load() != 4 {
			t.Errorf("%d requests, %+v", f.requests.Load(), d.summary)
		}
		same(t, lines)
	})
	t.Run("wrong key", func(t *testing.T) { // 401
		lines := events(20)
		deliver(t, 3, httpStream("/telegraf", "wrong", "NONE", 10), "http://"+addr, lines).
			checkFailed(t, "http-endpoint-failed", "HttpEndpoint.DestinationException", lines, httpMembers)
	})
	t.Run("wrong path", func(t *testing.T) { // 404, and no document
		lines := events(20)
		deliver(t, 3, httpStream("/elsewhere", "s3cret", "NONE", 0), "http://"+addr, lines).
			checkFailed(t, "http-endpoint-failed", "HttpEndpoint.DestinationException", lines, httpMembers)
	})
	t.Run("a batch that it can't read", func(t *testing.T) { // 400: the whole batch
		lines := append(events(20), "no JSON")
		deliver(t, 3, httpStream("/telegraf", "s3cret", "NONE", 10), "http://"+addr, lines).
			checkFailed(t, "http-endpoint-failed", "HttpEndpoint.DestinationException", lines, httpMembers)
	})
	t.Run("short outage", func(t *testing.T) {
		lines := events(100)
		c := &cutter{refuse: 5}
		if d := deliver(t, 0, httpStream("/telegraf", "s3cret", "NONE", 60), "http://"+c.listen(t, addr), lines); d.Delivered != 100 || d.Retries == 0 {
			t.Errorf("%+v", d.summary)
		}
		same(t, lines)
	})
	t.Run("long outage", func(t *testing.T) {
		lines := events(100)
		deliver(t, 3, httpStream("/telegraf", "s3cret", "NONE", 60), "http://"+freePort(t), lines).
			checkFailed(t, "http-endpoint-failed", "HttpEndpoint.ConnectionFailed", lines, httpMembers)
		c := &cutter{refuse: 1000}
		deliver(t, 3, httpStream("/telegraf", "s3cret", "NONE", 60), "http://"+c.listen(t, addr), lines).
			checkFailed(t, "http-endpoint-failed", "HttpEndpoint.ConnectionReset", lines, httpMembers)
	})
	(&outage{server: "http://" + addr, stream: func(retry int) string { return httpStream("/telegraf", "s3cret", "GZIP", retry) }, retry: 10,
		folder: "http-endpoint-failed", code: "HttpEndpoint.DestinationException", members: httpMembers, same: same}).try(t, events(3000))
	t.Run("one request of three", func(t *testing.T) { // 400; the others of its batch are taken, once
		lines := events(22000)
		lines[12345] = "no JSON"
		d := deliver(t, 3, httpStream("/telegraf", "s3cret", "GZIP", 10), "http://"+addr, lines, "--rate", "1000000/s")
		if d.Delivered != 12000 || d.Failed != 10000 {
			t.Errorf("%+v", d.summary)
		}
		if got := failedLines(t, d.out, "http-endpoint-failed", "HttpEndpoint.DestinationException", httpMembers...); strings.Join(got, "\n") != strings.Join(lines[10000:20000], "\n") {
			t.Errorf("%d records are in the error output", len(got))
		}
		same(t, append(lines[:10000:10000], lines[20000:]...))
		d.checkBackup(t, lines)
	})
	t.Run("an answer is lost", func(t *testing.T) { // Telegraf doesn't look at ids: it has the records twice
		f := &front{meets: func(n int) string { return []string{1: "lost", 2: ""}[n] }}
		lines := events(100)
		if d := deliver(t, 0, httpStream("/telegraf", "s3cret", "NONE", 60), f.listen(t, "http://"+addr), lines); d.Delivered != 100 || d.Retries != 1 {
			t.Errorf("%+v", d.summary)
		}
		same(t, append(lines, lines...))
	})
	t.Run("nothing else came", func(t *testing.T) {
		time.Sleep(time.Second)
		same(t, nil)
	})
}

// TestDestinationHTTPCollector delivers CloudWatch Logs messages to OpenTelemetry's Firehose receiver.
func TestDestinationHTTPCollector(t *testing.T) {
	dir, addr := t.TempDir(), freePort(t)
	bin := server(t, "collector")
	config := write(t, dir, "config.yaml", fmt.Sprintf(`
receivers:
  awsfirehose:
    endpoint: %s
    access_key: s3cret
    record_type: cwlogs
exporters:
  file:
    path: ./got
    flush_interval: 200ms
service:
  telemetry:
    metrics: {level: none}
  pipelines:
    logs:
      receivers: [awsfirehose]
      exporters: [file]
`, addr))
	start(t, dir, []string{addr}, bin, "--config", config)
	log := collectorLog{path: filepath.Join(dir, "got")}
	// envelopes are messages of CloudWatch Logs subscriptions, of three log events each.
	envelopes := func(n int) (lines, messages []string) {
		for i := range n {
			var list []string
			for j := range 3 {
				m := fmt.Sprintf("event %d.%d", i, j)
				messages = append(messages, m)
				list = append(list, fmt.Sprintf(`{"id":"%d%d","timestamp":1735689600000,"message":%q}`, i, j, m))
			}
			lines = append(lines, `{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","subscriptionFilters":["f"],"logEvents":[`+strings.Join(list, ",")+`]}`)
		}
		return lines, messages
	}
	const failed, exception = "http-endpoint-failed", "HttpEndpoint.DestinationException"
	lines, messages := envelopes(300)
	same := func(t *testing.T, got []string) {
		t.Helper()
		log.same(t, messages[:3*len(got)])
	}
	stream := func(retry int) string { return httpStream("/", "s3cret", "GZIP", retry) }
	cloudwatch := []string{"--input-format", "cloudwatch"}
	for _, encoding := range []string{"NONE", "GZIP"} {
		t.Run("success, "+encoding, func(t *testing.T) {
			d := deliver(t, 0, httpStream("/", "s3cret", encoding, 300), "http://"+addr, lines, cloudwatch...)
			if d.Delivered != 300 {
				t.Errorf("%+v", d.summary)
			}
			same(t, lines)
			if got := unzipped(t, backup(t, d.out, "failed/raw/20")); got != strings.Join(lines, "") {
				t.Errorf("the backup has %d bytes", len(got))
			}
		})
	}
	t.Run("wrong key", func(t *testing.T) { // 401
		deliver(t, 3, httpStream("/", "wrong", "NONE", 10), "http://"+addr, events(10)).checkFailed(t, failed, exception, events(10), httpMembers)
	})
	t.Run("a batch that it can't read", func(t *testing.T) { // 400: no messages of CloudWatch Logs
		deliver(t, 3, stream(10), "http://"+addr, events(10)).checkFailed(t, failed, exception, events(10), httpMembers)
	})
	t.Run("long outage", func(t *testing.T) {
		deliver(t, 3, stream(60), "http://"+freePort(t), events(10)).checkFailed(t, failed, "HttpEndpoint.ConnectionFailed", events(10), httpMembers)
	})
	(&outage{server: "http://" + addr, stream: stream, retry: 10, flags: cloudwatch, folder: failed, code: exception, members: httpMembers, same: same, plain: unzipped}).try(t, lines)
	t.Run("nothing else came", func(t *testing.T) {
		time.Sleep(time.Second)
		same(t, nil)
	})
}

// unzipped is the text of compressed members, one after the other.
func unzipped(t *testing.T, text string) string {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// receiveFile is the records of a request that hydrant receive has written.
func receiveFile(t *testing.T, path string) (records []string) {
	t.Helper()
	for d := json.NewDecoder(strings.NewReader(read(t, path))); d.More(); {
		var r struct{ Data []byte }
		if err := d.Decode(&r); err != nil {
			t.Fatal(err)
		}
		records = append(records, string(r.Data))
	}
	return records
}

// TestDestinationHTTPReceive has hydrant receive at the other end: by streams, and by requests that others recorded.
func TestDestinationHTTPReceive(t *testing.T) {
	dir, addr := t.TempDir(), freePort(t)
	start(t, dir, []string{addr}, hydrant(t), "receive", "--listen", addr, "--access-key", "s3cret", "--out", "got")
	// got is the records of the requests that came.
	got := func(t *testing.T) (records []string) {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(dir, "got", "*.ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			records = append(records, receiveFile(t, f)...)
			if err := os.Remove(f); err != nil {
				t.Fatal(err)
			}
		}
		return records
	}
	same := func(t *testing.T, lines []string) {
		t.Helper()
		if records := got(t); sorted(records) != sorted(lines) {
			t.Errorf("%d records came, want %d", len(records), len(lines))
		}
	}
	lines := events(3000)
	for _, encoding := range []string{"NONE", "GZIP"} {
		t.Run("success, "+encoding, func(t *testing.T) {
			d := deliver(t, 0, httpStream("/", "s3cret", encoding, 300), "http://"+addr, lines)
			if d.Delivered != 3000 {
				t.Errorf("%+v", d.summary)
			}
			same(t, lines)
			d.checkBackup(t, lines)
		})
	}
	t.Run("wrong key", func(t *testing.T) {
		deliver(t, 3, httpStream("/", "wrong", "NONE", 10), "http://"+addr, lines[:20]).
			checkFailed(t, "http-endpoint-failed", "HttpEndpoint.DestinationException", lines[:20], httpMembers)
	})
	(&outage{server: "http://" + addr, stream: func(retry int) string { return httpStream("/", "s3cret", "NONE", retry) }, retry: 10,
		folder: "http-endpoint-failed", code: "HttpEndpoint.DestinationException", members: httpMembers, same: same}).try(t, lines)
	t.Run("an answer is lost", func(t *testing.T) { // the request comes again under its id
		f := &front{meets: func(n int) string { return []string{1: "lost", 2: ""}[n] }}
		if d := deliver(t, 0, httpStream("/", "s3cret", "NONE", 60), f.listen(t, "http://"+addr), []string{"only once"}, "--seed", "2"); d.Delivered != 1 || d.Retries != 1 {
			t.Errorf("%+v", d.summary)
		}
		same(t, []string{"only once"})
		log, err := os.ReadFile(filepath.Join(dir, "log"))
		if err != nil || strings.Count(string(log), "\nonly once\n") != 1 || strings.Count(string(log), ": 1 record, taken\n") != 1 || strings.Count(string(log), ": 1 record, again, taken\n") != 1 {
			t.Errorf("%v in %s", err, log)
		}
	})
	t.Run("recorded requests", func(t *testing.T) {
		files, _ := filepath.Glob("../../shared/corpus/*/alloy_*.json")
		if len(files) == 0 {
			t.Skip("../shared not present: no recorded request is received")
		}
		for _, path := range files {
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var doc struct {
				RequestID string `json:"requestId"`
				Records   []struct{ Data []byte }
			}
			if err := json.Unmarshal(body, &doc); err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, r := range doc.Records {
				want = append(want, string(r.Data))
			}
			r, err := http.NewRequest("POST", "http://"+addr+"/awsfirehose/api/v1/push", bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range map[string]string{"Content-Type": "application/json", "X-Amz-Firehose-Protocol-Version": "1.0", "X-Amz-Firehose-Request-Id": doc.RequestID,
				"X-Amz-Firehose-Source-Arn": "arn:aws:firehose:us-east-2:123456789012:deliverystream/alloy", "X-Amz-Firehose-Access-Key": "s3cret"} {
				r.Header.Set(name, value)
			}
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil || res.StatusCode != 200 || !strings.Contains(string(answer), fmt.Sprintf(`"requestId":%q`, doc.RequestID)) {
				t.Errorf("%s: %d %s, %v", filepath.Base(path), res.StatusCode, answer, err)
			}
			if records := got(t); strings.Join(records, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s: %d records came, want %d", filepath.Base(path), len(records), len(want))
			}
		}
		t.Logf("%d recorded requests", len(files))
	})
}

// A strictEndpoint takes what is to the letter of the specification, and answers as it is told to.
type strictEndpoint struct {
	t       *testing.T
	mu      sync.Mutex
	answers []func(w http.ResponseWriter, good string) // of the first requests
	bodies  map[string]string                          // by request id: what came first
	taken   map[string]int
	records []string // of requests that were taken
	n       int
}

func (e *strictEndpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	id := r.Header.Get("X-Amz-Firehose-Request-Id")
	for name, want := range map[string]string{
		"X-Amz-Firehose-Protocol-Version": "1.0", "Content-Type": "application/json", "User-Agent": "Amazon Kinesis Data Firehose Agent/1.0",
		"X-Amz-Firehose-Source-Arn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/events", "X-Amz-Firehose-Access-Key": "s3cret",
		"X-Amz-Firehose-Common-Attributes": `{"commonAttributes":{"env":"test"}}`,
	} {
		if got := r.Header.Values(name); len(got) != 1 || got[0] != want {
			e.t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil || int64(len(raw)) != r.ContentLength || r.Method != "POST" || r.URL.RequestURI() != "/in?a=b" || len(r.TransferEncoding) > 0 {
		e.t.Errorf("%s %s: %d bytes, content length %d, %v", r.Method, r.URL, len(raw), r.ContentLength, err)
	}
	if before, ok := e.bodies[id]; ok && before != string(raw) {
		e.t.Errorf("%s comes again with another body", id)
	}
	e.bodies[id] = string(raw)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err == nil {
			raw, err = io.ReadAll(z)
		}
		if err != nil {
			e.t.Error(err)
		}
	}
	var doc struct {
		RequestID string `json:"requestId"`
		Timestamp int64  `json:"timestamp"`
		Records   []struct {
			Data string `json:"data"`
		} `json:"records"`
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil || doc.RequestID != id || len(id) != 36 || len(doc.Records) < 1 || len(doc.Records) > 10000 || doc.Timestamp < 1735689600000 {
		e.t.Errorf("%.200s: %v", raw, err)
	}
	good := fmt.Sprintf(`{"requestId":%q,"timestamp":%d}`, id, time.Now().UnixMilli())
	n := e.n
	e.n++
	if n < len(e.answers) && e.answers[n] != nil {
		e.answers[n](w, good)
		return
	}
	e.taken[id]++
	for _, r := range doc.Records {
		data, err := base64.StdEncoding.Strict().DecodeString(r.Data)
		if err != nil {
			e.t.Error(err)
		}
		e.records = append(e.records, string(data))
	}
	answerJSON(w, 200, good)
}

func answerJSON(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	io.WriteString(w, body) //nolint:errcheck
}

// TestDestinationHTTPStrict delivers to an endpoint that checks every part of a request, and fails in each way that there is.
func TestDestinationHTTPStrict(t *testing.T) {
	status := func(code int, body string) func(http.ResponseWriter, string) {
		return func(w http.ResponseWriter, _ string) { answerJSON(w, code, body) }
	}
	answers := map[string]func(http.ResponseWriter, string){
		"201": func(w http.ResponseWriter, good string) { answerJSON(w, 201, good) },
		"204": func(w http.ResponseWriter, good string) { w.WriteHeader(204) },
		"302": func(w http.ResponseWriter, good string) {
			w.Header().Set("Location", "/in?a=b")
			answerJSON(w, 302, good)
		},
		"400": status(400, `{"errorMessage":"x"}`),
		"429": status(429, ""),
		"500": status(500, "<html>"),
		"another type": func(w http.ResponseWriter, good string) {
			w.Header()["Content-Type"] = []string{"text/html"}
			w.Header().Set("Content-Length", fmt.Sprint(len(good)))
			io.WriteString(w, good)
		}, //nolint:errcheck
		"no length": func(w http.ResponseWriter, good string) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			io.WriteString(w, good)
		}, //nolint:errcheck
		"content encoding": func(w http.ResponseWriter, good string) {
			w.Header().Set("Content-Encoding", "identity")
			answerJSON(w, 200, good)
		},
		"another id": status(200, `{"requestId":"x","timestamp":1}`),
		"quoted timestamp": func(w http.ResponseWriter, good string) {
			answerJSON(w, 200, strings.Replace(good, `"timestamp":`, `"timestamp":"`, 1)[:len(good)]+`"}`)
		},
		"an unknown member": func(w http.ResponseWriter, good string) { answerJSON(w, 200, good[:len(good)-1]+`,"ok":true}`) },
		"nothing":           status(200, ""),
		"too large":         func(w http.ResponseWriter, good string) { answerJSON(w, 200, good+strings.Repeat(" ", 1<<20)) },
		"cut off": func(w http.ResponseWriter, good string) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
	}
	codes := map[string]string{"another type": "InvalidResponseFromDestination", "no length": "InvalidResponseFromDestination", "content encoding": "InvalidResponseFromDestination",
		"another id": "InvalidResponseFromDestination", "quoted timestamp": "InvalidResponseFromDestination", "an unknown member": "InvalidResponseFromDestination",
		"nothing": "InvalidResponseFromDestination", "too large": "ResponseTooLarge", "cut off": "ConnectionReset"}
	serve := func(t *testing.T, answers ...func(http.ResponseWriter, string)) (*strictEndpoint, string) {
		e := &strictEndpoint{t: t, answers: answers, bodies: map[string]string{}, taken: map[string]int{}}
		s := httptest.NewServer(e)
		t.Cleanup(s.Close)
		return e, s.URL
	}
	lines := events(30)
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			e, u := serve(t, answer, answer, answer) // retries bring it over
			if d := deliver(t, 0, httpStream("/in?a=b", "s3cret", "GZIP", 60), u, lines); d.Delivered != 30 || d.Retries != 3 || e.n != 4 || len(e.bodies) != 1 ||
				strings.Join(e.records, "\n") != strings.Join(lines, "\n") {
				t.Errorf("%+v, %d requests, %d ids", d.summary, e.n, len(e.bodies))
			}
			code := codes[name]
			if code == "" {
				code = "DestinationException"
			}
			_, u = serve(t, answer) // no retries
			deliver(t, 3, httpStream("/in?a=b", "s3cret", "NONE", 0), u, lines).
				checkFailed(t, "http-endpoint-failed", "HttpEndpoint."+code, lines, httpMembers)
		})
	}
	t.Run("413", func(t *testing.T) {
		e, u := serve(t, status(413, ""))
		if d := deliver(t, 3, httpStream("/in?a=b", "s3cret", "NONE", 300), u, lines); d.Lost != 30 || e.n != 1 {
			t.Errorf("%+v, %d requests", d.summary, e.n)
		} else {
			d.checkBackup(t, lines)
		}
		_, u = serve(t, status(413, ""))
		deliver(t, 3, httpStream("/in?a=b", "s3cret", "NONE", 300), u, lines, "--compat", "on413=backup").
			checkFailed(t, "http-endpoint-failed", "HttpEndpoint.DestinationException", lines, httpMembers)
	})
	t.Run("requests of one batch settle by themselves", func(t *testing.T) {
		many := make([]string, 25000) // short ones: a batch of three requests
		for i := range many {
			many[i] = fmt.Sprint(i)
		}
		busy := status(503, "")
		e, u := serve(t, nil, busy, nil, busy, busy)
		if d := deliver(t, 0, httpStream("/in?a=b", "s3cret", "NONE", 300), u, many, "--rate", "1000000/s"); d.Delivered != 25000 || e.n != 6 || len(e.taken) != 3 || sorted(e.records) != sorted(many) {
			t.Errorf("%+v, %d requests, %v", d.summary, e.n, e.taken)
		}
		for id, n := range e.taken {
			if n != 1 {
				t.Errorf("%s was taken %d times", id, n)
			}
		}
	})
	t.Run("a secret", func(t *testing.T) {
		e, u := serve(t)
		stream := strings.Replace(httpStream("/in?a=b", "", "NONE", 0), `"BufferingHints"`,
			`"SecretsManagerConfiguration": {"Enabled": true, "SecretARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:k-AbCdEf"}, "BufferingHints"`, 1)
		stream = strings.Replace(stream, `, "AccessKey": ""`, "", 1)
		file := write(t, t.TempDir(), "secret", `{"api_key": "s3cret"}`)
		if d := deliver(t, 0, stream, u, lines, "--secret", "arn:aws:secretsmanager:us-east-1:123456789012:secret:k-AbCdEf="+file); d.Delivered != 30 || len(e.records) != 30 {
			t.Errorf("%+v", d.summary)
		}
	})
}

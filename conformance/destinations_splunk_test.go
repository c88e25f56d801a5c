package conformance

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// splunkStream is a description of a stream to Splunk.
func splunkStream(kind, token string, retry int) string {
	return fmt.Sprintf(`{"DeliveryStreamName": "events", "SplunkDestinationConfiguration": {
		"HECEndpoint": "https://splunk.example.com:8088", "HECEndpointType": %q, "HECToken": %q, "S3BackupMode": "AllEvents",
		"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60}, "RetryOptions": {"DurationInSeconds": %d},
		"S3Configuration": {"RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::failed", "Prefix": "raw/"}}}`, kind, token, retry)
}

var splunkMembers = []string{"attemptsMade", "arrivalTimestamp", "errorCode", "errorMessage", "attemptEndingTimestamp", "rawData", "EventId"}

// hecEvents are events in the form of the collector.
func hecEvents(n int) (lines, messages []string) {
	for i := range n {
		messages = append(messages, fmt.Sprintf("event %d", i))
		lines = append(lines, fmt.Sprintf(`{"event":%q,"time":1735689600.5,"host":"h","source":"s","sourcetype":"t","index":"main","fields":{"n":"%d"}}`, messages[i], i))
	}
	return lines, messages
}

// collectorConfig is that of a collector that takes Splunk's protocol and writes what came to a file; more are lines of its receiver.
func collectorConfig(addr, more string) string {
	return fmt.Sprintf(`
extensions:
  ack:
receivers:
  splunk_hec:
    endpoint: %s
%s    ack:
      extension: ack
exporters:
  file:
    path: ./got
    flush_interval: 200ms
service:
  extensions: [ack]
  telemetry:
    metrics: {level: none}
  pipelines:
    logs:
      receivers: [splunk_hec]
      exporters: [file]
`, addr, more)
}

// TestDestinationSplunkCollector delivers to OpenTelemetry's receiver of Splunk's protocol, with acknowledgements.
func TestDestinationSplunkCollector(t *testing.T) {
	dir, addr := t.TempDir(), freePort(t)
	bin := server(t, "collector")
	config := write(t, dir, "config.yaml", collectorConfig(addr, ""))
	start(t, dir, []string{addr}, bin, "--config", config)
	log := collectorLog{path: filepath.Join(dir, "got")}
	lines, messages := hecEvents(600)
	t.Run("events", func(t *testing.T) {
		d := deliver(t, 0, splunkStream("Event", "token", 300), "http://"+addr, lines)
		if d.Delivered != 600 || d.Retries != 0 {
			t.Errorf("%+v", d.summary)
		}
		log.same(t, messages)
		d.checkBackup(t, lines)
	})
	t.Run("raw", func(t *testing.T) { // nothing stands between records: they bring their line ends
		var with []string
		for _, m := range messages {
			with = append(with, `{"text":"`+m+`\n"}`)
		}
		dir := t.TempDir()
		in := write(t, dir, "in.ndjson", strings.Join(with, "\n"))
		s := replay(t, dir, 0, "--stream", write(t, dir, "s.json", splunkStream("Raw", "token", 300)), "--destination", "live", "--endpoint", "http://"+addr, "--input-format", "records", in)
		if s.Delivered != 600 {
			t.Errorf("%+v", s)
		}
		log.same(t, messages)
	})
	t.Run("short outage", func(t *testing.T) {
		c := &cutter{refuse: 4}
		if d := deliver(t, 0, splunkStream("Event", "token", 60), "http://"+c.listen(t, addr), lines); d.Delivered != 600 || d.Retries == 0 {
			t.Errorf("%+v", d.summary)
		}
		log.same(t, messages)
	})
	t.Run("long outage", func(t *testing.T) {
		deliver(t, 3, splunkStream("Event", "token", 60), "http://"+freePort(t), lines).checkFailed(t, "splunk-failed", "Splunk.ConnectionClosed", lines, splunkMembers)
	})
	t.Run("no acknowledgement", func(t *testing.T) { // the data is indexed, and nobody says so
		deliver(t, 3, splunkStream("Event", "token", 0), "http://"+addr, lines, "--fault", "splunk:noack").
			checkFailed(t, "splunk-failed", "Splunk.AckTimeout", lines, splunkMembers)
		log.same(t, messages)
		// Where it comes after the batch was sent again, that is there twice: 18 questions are asked within three minutes.
		if d := deliver(t, 0, splunkStream("Event", "token", 60), "http://"+addr, lines, "--fault", "splunk:noack=18"); d.Delivered != 600 || d.Retries != 1 {
			t.Errorf("%+v", d.summary)
		}
		log.same(t, append(messages, messages...))
	})
	t.Run("no events", func(t *testing.T) { // 400, code 6
		broken := append([]string{`{"event":"cut`}, lines[:10]...)
		deliver(t, 3, splunkStream("Event", "token", 10), "http://"+addr, broken).checkFailed(t, "splunk-failed", "Splunk.InvalidDataFormat", broken, splunkMembers)
	})
	t.Run("a batch among others", func(t *testing.T) { // the second of five is refused; the others are taken once
		broken := append([]string(nil), lines...)
		broken[200] = `{"event":"cut`
		d := deliver(t, 3, splunkStream("Event", "token", 10), "http://"+addr, broken, "--rate", "2/s")
		failed := failedLines(t, d.out, "splunk-failed", "Splunk.InvalidDataFormat", splunkMembers...)
		if d.Delivered != 480 || strings.Join(failed, "\n") != strings.Join(broken[120:240], "\n") {
			t.Errorf("%d lines of error output, %+v", len(failed), d.summary)
		}
		log.same(t, append(messages[:120:120], messages[240:]...))
		d.checkBackup(t, broken)
	})
	(&outage{server: "http://" + addr, stream: func(retry int) string { return splunkStream("Event", "token", retry) }, retry: 10,
		folder: "splunk-failed", code: "Splunk.ServerError", members: splunkMembers,
		same: func(t *testing.T, got []string) { t.Helper(); log.same(t, messages[:len(got)]) }}).try(t, lines)
	t.Run("nothing else came", func(t *testing.T) {
		time.Sleep(time.Second)
		log.same(t, nil)
	})
}

// A strictHEC is an HTTP event collector with acknowledgements, as Splunk's documentation has it: ids count from 0 for each
// channel, and a status that is true is told once.
type strictHEC struct {
	t       *testing.T
	mu      sync.Mutex
	answers []func(w http.ResponseWriter, good string) // of the first sends
	late    int                                        // so many questions for each acknowledgement are answered with false
	polls   []func(w http.ResponseWriter)              // of the first questions
	bodies  []string
	channel string
	asked   map[int]int
	told    map[int]bool
	n, q    int
}

func (h *strictHEC) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != "POST" || r.Header.Get("Authorization") != "Splunk token" || r.Header.Get("Content-Encoding") != "" || int64(len(body)) != r.ContentLength {
		h.t.Errorf("%s %s %v: %v", r.Method, r.URL, r.Header, err)
	}
	channel := r.Header.Get("X-Splunk-Request-Channel")
	if r.URL.Path == "/services/collector/ack" {
		channel = r.URL.Query().Get("channel")
	}
	if h.channel == "" {
		h.channel = channel
	}
	if len(channel) != 36 || channel != h.channel {
		h.t.Errorf("channel %q", channel)
	}
	switch r.URL.Path {
	case "/services/collector/event", "/services/collector/raw":
		n := h.n
		h.n++
		good := fmt.Sprintf(`{"text":"Success","code":0,"ackId":%d}`, len(h.bodies))
		if n < len(h.answers) && h.answers[n] != nil {
			h.answers[n](w, good)
			return
		}
		h.bodies = append(h.bodies, string(body))
		answerJSON(w, 200, good)
	case "/services/collector/ack":
		q := h.q
		h.q++
		if q < len(h.polls) && h.polls[q] != nil {
			h.polls[q](w)
			return
		}
		var doc struct{ Acks []int }
		if err := json.Unmarshal(body, &doc); err != nil || len(doc.Acks) == 0 {
			h.t.Errorf("%s: %v", body, err)
		}
		var list []string
		for _, id := range doc.Acks {
			if id >= len(h.bodies) {
				h.t.Errorf("a question for %d, which nobody was told", id)
			}
			h.asked[id]++
			is := h.asked[id] > h.late && !h.told[id]
			h.told[id] = h.told[id] || is
			list = append(list, fmt.Sprintf(`"%d":%v`, id, is))
		}
		answerJSON(w, 200, `{"acks":{`+strings.Join(list, ",")+`}}`)
	default:
		h.t.Errorf("%s", r.URL)
	}
}

// TestDestinationSplunkStrict delivers to a collector that checks every part of a request, and fails in each way that there is.
func TestDestinationSplunkStrict(t *testing.T) {
	serve := func(t *testing.T, h *strictHEC) string {
		h.t, h.asked, h.told = t, map[int]int{}, map[int]bool{}
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}
	lines, _ := hecEvents(50)
	whole := strings.Join(lines, "")
	t.Run("late acknowledgements", func(t *testing.T) {
		h := &strictHEC{late: 3}
		if d := deliver(t, 0, splunkStream("Event", "token", 300), serve(t, h), lines); d.Delivered != 50 || d.Retries != 0 || h.n != 1 || h.q != 4 || h.bodies[0] != whole {
			t.Errorf("%+v, %d sends, %d questions", d.summary, h.n, h.q)
		}
	})
	t.Run("an acknowledgement that doesn't come in time", func(t *testing.T) { // the batch is sent once more, just as it was
		h := &strictHEC{}
		if d := deliver(t, 0, splunkStream("Event", "token", 300), serve(t, h), lines, "--fault", "splunk:noack=18"); d.Delivered != 50 || d.Retries != 1 || h.n != 2 ||
			h.bodies[0] != whole || h.bodies[1] != whole || h.told[0] || !h.told[1] {
			t.Errorf("%+v, %d sends, %v", d.summary, h.n, h.told)
		}
	})
	t.Run("a secret", func(t *testing.T) {
		const arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:hec-AbCdEf"
		stream := strings.Replace(splunkStream("Event", "token", 0), `"HECToken": "token"`, `"SecretsManagerConfiguration": {"Enabled": true, "SecretARN": "`+arn+`"}`, 1)
		h := &strictHEC{}
		if d := deliver(t, 0, stream, serve(t, h), lines, "--secret", arn+"="+write(t, t.TempDir(), "secret", `{"hec_token": "token"}`)); d.Delivered != 50 || h.n != 1 {
			t.Errorf("%+v", d.summary)
		}
	})
	t.Run("several batches", func(t *testing.T) {
		many, _ := hecEvents(20000) // 2.4 MB
		h := &strictHEC{late: 1}
		d := deliver(t, 0, splunkStream("Raw", "token", 300), serve(t, h), many)
		for _, b := range h.bodies {
			if len(b) > 1<<20+len(many[len(many)-1]) { // SizeInMBs is 1: the record that reaches it is the last
				t.Errorf("a batch of %d bytes", len(b))
			}
		}
		if d.Delivered != 20000 || h.n != 3 || strings.Join(h.bodies, "") != strings.Join(many, "") || len(h.told) != h.n {
			t.Errorf("%+v, %d sends, %d acknowledged", d.summary, h.n, len(h.told))
		}
	})
	t.Run("questions that are not answered", func(t *testing.T) {
		busy := func(w http.ResponseWriter) { answerJSON(w, 503, `{"text":"Server is busy","code":9}`) }
		h := &strictHEC{polls: []func(http.ResponseWriter){busy, busy, func(http.ResponseWriter) { panic(http.ErrAbortHandler) }}}
		if d := deliver(t, 0, splunkStream("Event", "token", 300), serve(t, h), lines); d.Delivered != 50 || d.Retries != 0 || h.n != 1 || h.q != 4 {
			t.Errorf("%+v, %d sends, %d questions", d.summary, h.n, h.q)
		}
	})
	hec := func(status, code int) func(http.ResponseWriter, string) {
		return func(w http.ResponseWriter, _ string) {
			answerJSON(w, status, fmt.Sprintf(`{"text":"x","code":%d}`, code))
		}
	}
	for _, tt := range []struct {
		status, code int
		want         string
	}{
		{403, 1, "DisabledToken"}, {401, 2, "InvalidToken"}, {401, 3, "InvalidToken"}, {403, 4, "InvalidToken"}, {400, 5, "InvalidDataFormat"}, {400, 6, "InvalidDataFormat"},
		{400, 7, "InvalidIndex"}, {500, 8, "ServerError"}, {503, 9, "ServerError"}, {400, 10, "InvalidDataFormat"}, {400, 11, "ProxyWithoutStickySessions"},
		{400, 12, "InvalidDataFormat"}, {400, 13, "InvalidDataFormat"}, {400, 14, "DisabledAck"}, {200, 0, "DisabledAck"},
	} {
		t.Run(fmt.Sprintf("code %d", tt.code), func(t *testing.T) {
			bad := hec(tt.status, tt.code)
			h := &strictHEC{answers: []func(http.ResponseWriter, string){bad, bad, bad}}
			if d := deliver(t, 0, splunkStream("Event", "token", 60), serve(t, h), lines); d.Delivered != 50 || d.Retries != 3 || strings.Join(h.bodies, "") != whole {
				t.Errorf("short: %+v, %d sends", d.summary, h.n)
			}
			deliver(t, 3, splunkStream("Event", "token", 0), serve(t, &strictHEC{answers: []func(http.ResponseWriter, string){bad}}), lines).
				checkFailed(t, "splunk-failed", "Splunk."+tt.want, lines, splunkMembers)
		})
	}
	t.Run("long outage", func(t *testing.T) {
		answers := make([]func(http.ResponseWriter, string), 1000)
		for i := range answers {
			answers[i] = hec(503, 9)
		}
		h := &strictHEC{answers: answers}
		deliver(t, 3, splunkStream("Raw", "token", 120), serve(t, h), lines).checkFailed(t, "splunk-failed", "Splunk.ServerError", lines, splunkMembers)
		if h.n < 3 || len(h.bodies) != 0 {
			t.Errorf("%d sends", h.n)
		}
	})
}

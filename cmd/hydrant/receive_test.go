package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/sink"
	"github.com/hydrantkit/hydrant/receive"
)

// A watched is a stderr that says when a line is there.
type watched struct {
	mu    sync.Mutex
	text  bytes.Buffer
	lines chan string
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		w.lines <- line
	}
	return w.text.Write(b)
}

// TestReceive: replay delivers to receive, however it answers; what it got and said.
func TestReceive(t *testing.T) {
	dir := t.TempDir()
	stream := filepath.Join(dir, "s.json")
	if err := os.WriteFile(stream, []byte(`{"DeliveryStreamName": "s", "HttpEndpointDestinationConfiguration": {
		"EndpointConfiguration": {"Url": "https://example.com/in", "AccessKey": "k"}, "RetryOptions": {"DurationInSeconds": 3600},
		"RequestConfiguration": {"ContentEncoding": "GZIP", "CommonAttributes": [{"AttributeName": "a", "AttributeValue": "1"}]},
		"S3Configuration": {"RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::failed"}}}`), 0o666); err != nil {
		t.Fatal(err)
	}
	input := filepath.Join(dir, "in")
	if err := os.WriteFile(input, []byte("one\ntwo\n\nfour"), 0o666); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	errs := &watched{lines: make(chan string, 100)}
	var out bytes.Buffer
	done := make(chan int)
	args := []string{"receive", "--listen", "127.0.0.1:0", "--access-key", "k", "--out", filepath.Join(dir, "got")}
	for _, kind := range append([]string{"503", "201"}, badAnswers...) {
		args = append(args, "--answer", kind+"=1")
	}
	go func() { done <- run(ctx, args, &streams{strings.NewReader(""), &out, errs}, nil) }()
	_, endpoint, _ := strings.Cut(<-errs.lines, "listening on ")
	replayed, replayErrs, status := command(t, dir, "", "replay", "--stream", stream, "--destination", "live", "--endpoint", endpoint, input)
	cancel()
	<-done
	if status != 0 || !strings.Contains(replayed, "delivered 4") {
		t.Errorf("replay: %d\n%s%s", status, replayed, replayErrs)
	}
	if out.String() != "one\ntwo\n\nfour\n" || !strings.Contains(errs.text.String(), "10 requests, 0 of them again, 9 refused; 4 records") {
		t.Errorf("received %q\n%s", out.String(), errs.text.String())
	}
	files, err := os.ReadDir(filepath.Join(dir, "got"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "got", files[0].Name()))
	if err != nil || string(got) != `{"data":"b25l"}`+"\n"+`{"data":"dHdv"}`+"\n"+`{"data":""}`+"\n"+`{"data":"Zm91cg=="}`+"\n" {
		t.Errorf("%s, %v", got, err)
	}
}

// TestReceiveAgain: what comes again under its id is printed once, and what comes under another request's id is printed, and said to.
func TestReceiveAgain(t *testing.T) {
	var out, errs bytes.Buffer
	dir := t.TempDir()
	r := &receiver{io: &streams{strings.NewReader(""), &out, &errs}, f: &receiveFlags{out: dir}, seen: map[string][][sha256.Size]byte{}, cancel: func() {}}
	for _, data := range []string{"YQ==", "YQ==", "Yg==", "YQ=="} {
		q := httptest.NewRequest("POST", "/", strings.NewReader(`{"requestId":"id","timestamp":1,"records":[{"data":"`+data+`"}]}`))
		for name, v := range map[string]string{"X-Amz-Firehose-Protocol-Version": "1.0", "X-Amz-Firehose-Request-Id": "id", "Content-Type": "application/json",
			"X-Amz-Firehose-Source-Arn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/d"} {
			q.Header.Set(name, v)
		}
		w := httptest.NewRecorder()
		if r.ServeHTTP(w, q); w.Code != 200 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	const line = `hydrant: POST / "id": 1 record, `
	if out.String() != "a\nb\n" || errs.String() != line+"taken\n"+line+"again, taken\n"+line+"taken, though its id was another's\n"+line+"again, taken\n" {
		t.Errorf("%q, %s", &out, &errs)
	}
	for name, want := range map[string]string{"id.ndjson": "YQ==", "id.2.ndjson": "Yg=="} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %s, %v", name, text, err)
		}
	}
}

func TestReceiveRefuses(t *testing.T) {
	for _, args := range [][]string{{"--answer", "99"}, {"--answer", "x"}, {"--answer", "503=x"}, {"--listen", "nowhere"}, {"--cert", "x"}, {"more"}} {
		if _, errs, status := commandFrom(t.Context(), nil, append([]string{"receive"}, args...)...); status != exitUsage {
			t.Errorf("%v: %d, %s", args, status, errs)
		}
	}
	for id, want := range map[string]string{"ab-1": "ab-1", "a/../b": "a%2F..%2Fb"} {
		if got := fileName(id); got != want {
			t.Errorf("%s: %s", id, got)
		}
	}
	if len(fileName(strings.Repeat("x", 1000))) != 64 || len(fileName("..")) != 64 {
		t.Error("long ids, and those that begin with a period")
	}
	w := &answer{header: http.Header{}}
	receive.Answer(w, 200, "x", time.UnixMilli(1), "")
	if why := sink.CheckHTTPAnswer("x", &sink.Answer{Status: w.status, Header: w.header, Body: w.body}); why != "" || w.status != 200 {
		t.Errorf("an answer of ours is not as wanted: %s", why)
	}
}

// An answer is one that was written.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { a.body = append(a.body, b...); return len(b), nil }

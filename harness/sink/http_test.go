package sink

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
)

var t0 = time.Date(2025, 3, 1, 10, 30, 0, 0, time.UTC)

func testRecords(data ...string) (list []record.Record) {
	for i, d := range data {
		list = append(list, record.Record{Seq: uint64(i), Data: []byte(d), Raw: []byte("raw " + d), Arrival: t0.UnixMilli()})
	}
	return list
}

// A script is a transport that answers by a function, and notes what it was asked.
type script struct {
	answer   func(n int, r *Request) (*Answer, error)
	requests []Request
}

func (s *script) Do(_ context.Context, r *Request) (*Answer, error) {
	kept := *r
	kept.Body = bytes.Clone(r.Body)
	s.requests = append(s.requests, kept)
	return s.answer(len(s.requests)-1, r)
}

func taken(_ int, r *Request) (*Answer, error) { return r.Answer(""), nil }

// TestHTTPRequest has every part of a request (destinations.md §4.2).
func TestHTTPRequest(t *testing.T) {
	for _, tt := range []struct {
		name string
		http HTTP
		want map[string]string // of headers; "" is none
	}{
		{"plain", HTTP{}, map[string]string{accessKey: "", "Content-Encoding": "", "X-Amz-Firehose-Common-Attributes": ""}},
		{"all", HTTP{AccessKey: "k e y", Secret: true, GZIP: true, Attributes: []Attribute{{"a", "1"}, {`"b"`, "é"}}},
			map[string]string{accessKey: "k e y", "Content-Encoding": "gzip", "X-Amz-Firehose-Common-Attributes": `{"commonAttributes":{"a":"1","\"b\"":"é"}}`}},
	} {
		s := &script{answer: taken}
		h := &tt.http
		h.URL, h.SourceARN, h.Transport, h.Seed = "https://example.com/in?x=y", "arn:aws:firehose:us-east-1:123456789012:deliverystream/d", s, 1
		p, err := h.Begin(t0, testRecords("hello", "")).Attempt(context.Background(), t0.Add(time.Second))
		if err != nil || p.Delivered != 2 || !p.Done {
			t.Fatalf("%s: %+v, %v", tt.name, p, err)
		}
		r := s.requests[0]
		id := record.Seed(1).UUID("http", 0, 0, t0.UnixNano(), 0)
		want := map[string]string{"X-Amz-Firehose-Protocol-Version": "1.0", "X-Amz-Firehose-Request-Id": id, "X-Amz-Firehose-Source-Arn": h.SourceARN,
			"Content-Type": "application/json", "Content-Length": strconv.Itoa(len(r.Body)), "User-Agent": "Amazon Kinesis Data Firehose Agent/1.0"}
		for name, v := range tt.want {
			want[name] = v
		}
		for name, v := range want {
			if got := r.Header.Get(name); got != v {
				t.Errorf("%s: %s is %q, want %q", tt.name, name, got, v)
			}
		}
		body := r.Body
		if h.GZIP {
			z, err := gzip.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := string(body), fmt.Sprintf(`{"requestId":"%s","timestamp":1740825001000,"records":[{"data":"aGVsbG8="},{"data":""}]}`, id); got != want {
			t.Errorf("%s: %s, want %s", tt.name, got, want)
		}
		if r.Method != "POST" || r.URL != h.URL || r.Name != "example.com" || r.Timeout != 3*time.Minute || r.Records != 2 {
			t.Errorf("%s: %+v", tt.name, r)
		}
	}
}

// TestHTTPSplit: requests have at most 10,000 records and 64 MiB.
func TestHTTPSplit(t *testing.T) {
	for _, tt := range []struct {
		records, size int
		want          []int
	}{
		{0, 0, nil}, {1, 0, []int{1}}, {10000, 3, []int{10000}}, {10001, 3, []int{10000, 1}}, {25000, 3, []int{10000, 10000, 5000}},
		{60, 1000 << 10, []int{49, 11}}, // 49 × 1,365,348 bytes are just below 64 MiB
	} {
		data := make([]string, tt.records)
		for i := range data {
			data[i] = strings.Repeat("x", tt.size)
		}
		var got []int
		s := &script{answer: func(_ int, r *Request) (*Answer, error) {
			var body struct{ Records []struct{ Data []byte } }
			if err := json.Unmarshal(r.Body, &body); err != nil || len(body.Records) != r.Records || len(r.Body) > HTTPBody {
				t.Errorf("%d × %d: %v, %d records, %d bytes", tt.records, tt.size, err, len(body.Records), len(r.Body))
			}
			got = append(got, r.Records)
			return r.Answer(""), nil
		}}
		p, err := (&HTTP{URL: "https://h/", Transport: s}).Begin(t0, testRecords(data...)).Attempt(context.Background(), t0)
		if err != nil || p.Delivered != tt.records || fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%d × %d: requests of %v, want %v; %+v, %v", tt.records, tt.size, got, tt.want, p, err)
		}
	}
}

// TestHTTPSettles: each request settles by itself, keeps its id and its body over retries, and what is left fails with
// what it was answered.
func TestHTTPSettles(t *testing.T) {
	data := make([]string, 30001)
	s := &script{answer: func(n int, r *Request) (*Answer, error) {
		switch n {
		case 0:
			return r.Answer(""), nil
		case 1, 3:
			return &Answer{Status: 503, Body: []byte("busy")}, nil
		case 2: // the second request of the first attempt is the third one's
			return &Answer{Status: 413}, nil
		}
		return nil, &TransportError{ConnectionFailed, errors.New("refused")}
	}}
	d := (&HTTP{URL: "https://h/", Transport: s}).Begin(t0, testRecords(data...)).(*httpDelivery)
	p, err := d.Attempt(context.Background(), t0)
	var o *record.Outage
	if !errors.As(err, &o) || o.Final || p.Delivered != 10000 || p.Lost != 10000 || len(p.Failed) != 0 || p.Done {
		t.Fatalf("%+v, %v", p, err)
	}
	s.answer = func(n int, r *Request) (*Answer, error) {
		if r.Records == 1 {
			return r.Answer(""), nil
		}
		return &Answer{Status: 500, Body: []byte(`{"requestId":"x"}`)}, nil
	}
	p, err = d.Attempt(context.Background(), t0.Add(time.Second))
	if err == nil || p.Delivered != 1 || p.Lost != 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	if a, b := s.requests[1], s.requests[4]; a.ID != b.ID || !bytes.Equal(a.Body, b.Body) || a.Header.Get("X-Amz-Firehose-Request-Id") != b.ID {
		t.Errorf("the retry is another request: %s, %s", a.ID, b.ID)
	}
	failed := d.GiveUp(&record.Outage{Code: "x"}, 2, t0.Add(2*time.Second))
	if len(failed) != 10000 {
		t.Fatalf("%d failed", len(failed))
	}
	line := s3.AppendFailure(nil, &failed[5])
	want := fmt.Sprintf(`{"attemptsMade":2,"arrivalTimestamp":1740825000000,"errorCode":"HttpEndpoint.DestinationException",`+
		`"errorMessage":"Received the following response from the endpoint destination. {\"requestId\":\"x\"}","attemptEndingTimestamp":1740825002000,`+
		`"rawData":"cmF3IA==","subsequenceNumber":0,"dataId":"49%054d.0"}`+"\n", 10005)
	if string(line) != want {
		t.Errorf("%s, want %s", line, want)
	}
	if left := d.GiveUp(o, 3, t0); len(left) != 0 {
		t.Errorf("%d given up twice", len(left))
	}
}

// TestHTTP413: a 413 is permanent; whether its records are lost is a choice.
func TestHTTP413(t *testing.T) {
	for _, backup := range []bool{false, true} {
		s := &script{answer: func(int, *Request) (*Answer, error) { return &Answer{Status: 413}, nil }}
		d := (&HTTP{URL: "https://h/", Transport: s, Backup413: backup}).Begin(t0, testRecords("a", "b"))
		p, err := d.Attempt(context.Background(), t0)
		if err != nil || !p.Done || backup != (len(p.Failed) == 2) || backup == (p.Lost == 2) {
			t.Errorf("backup %v: %+v, %v", backup, p, err)
		}
		if backup && (p.Failed[0].Attempts != 1 || p.Failed[0].Code != codeHTTPException || p.Failed[0].Message != "Received the following response from the endpoint destination. 413: Request Entity Too Large") {
			t.Errorf("%+v", p.Failed[0])
		}
	}
}

// TestHTTPCodes has the code of each trouble, and which answers count (destinations.md §4.3, §4.5).
func TestHTTPCodes(t *testing.T) {
	const id = "ed4acda5-034f-9f42-bba1-f29aea6d7d8f"
	const good = `{"requestId":"` + id + `","timestamp":1578090903599}`
	trouble := func(x Trouble) error { return fmt.Errorf("do: %w", &TransportError{x, errors.New("t")}) }
	answer := func(status int, body string, header ...string) *Answer {
		a := &Answer{Status: status, Body: []byte(body), Header: http.Header{"Content-Type": {"application/json"}, "Content-Length": {"1"}}}
		for i := 0; i < len(header); i += 2 {
			if a.Header.Set(header[i], header[i+1]); header[i+1] == "" {
				a.Header.Del(header[i])
			}
		}
		return a
	}
	for _, tt := range []struct {
		name string
		a    *Answer
		err  error
		code string
	}{
		{"good", answer(200, good), nil, ""},
		{"space around", answer(200, " \r\n"+good+"\n"), nil, ""},
		{"with a charset", answer(200, good, "Content-Type", "application/json; charset=utf-8"), nil, ""},
		{"seconds", answer(200, `{"requestId":"`+id+`","timestamp":1578090903}`), nil, ""},
		{"with an errorMessage", answer(200, good[:len(good)-1]+`,"errorMessage":"é"}`), nil, ""},
		{"with an errorMessage of null", answer(200, good[:len(good)-1]+`,"errorMessage":null}`), nil, ""},
		{"with the longest errorMessage", answer(200, good[:len(good)-1]+`,"errorMessage":"`+strings.Repeat("é", 8192)+`"}`), nil, ""},
		{"with a longer errorMessage", answer(200, good[:len(good)-1]+`,"errorMessage":"`+strings.Repeat("é", 8193)+`"}`), nil, codeHTTPInvalid},
		{"201", answer(201, good), nil, codeHTTPException},
		{"204", answer(204, ""), nil, codeHTTPException},
		{"302", answer(302, ""), nil, codeHTTPException},
		{"400", answer(400, good), nil, codeHTTPException},
		{"401", answer(401, good), nil, codeHTTPException},
		{"429", answer(429, ""), nil, codeHTTPException},
		{"500", answer(500, ""), nil, codeHTTPException},
		{"no content type", answer(200, good, "Content-Type", ""), nil, codeHTTPInvalid},
		{"another content type", answer(200, good, "Content-Type", "text/plain"), nil, codeHTTPInvalid},
		{"a content encoding", answer(200, good, "Content-Encoding", "gzip"), nil, codeHTTPInvalid},
		{"no content length", answer(200, good, "Content-Length", ""), nil, codeHTTPInvalid},
		{"no body", answer(200, ""), nil, codeHTTPInvalid},
		{"no object", answer(200, "[]"), nil, codeHTTPInvalid},
		{"null", answer(200, "null"), nil, codeHTTPInvalid},
		{"more behind", answer(200, good+"{}"), nil, codeHTTPInvalid},
		{"cut off", answer(200, good[:20]), nil, codeHTTPInvalid},
		{"an unknown member", answer(200, good[:len(good)-1]+`,"status":"ok"}`), nil, codeHTTPInvalid},
		{"a member twice", answer(200, good[:len(good)-1]+`,"timestamp":1}`), nil, codeHTTPInvalid},
		{"a quoted timestamp", answer(200, `{"requestId":"`+id+`","timestamp":"1578090903599"}`), nil, codeHTTPInvalid},
		{"no timestamp", answer(200, `{"requestId":"`+id+`"}`), nil, codeHTTPInvalid},
		{"no request id", answer(200, `{"timestamp":1}`), nil, codeHTTPInvalid},
		{"another request id", answer(200, `{"requestId":"x","timestamp":1}`), nil, codeHTTPInvalid},
		{"a number as request id", answer(200, `{"requestId":1,"timestamp":1}`), nil, codeHTTPInvalid},
		{"an object as errorMessage", answer(200, good[:len(good)-1]+`,"errorMessage":{}}`), nil, codeHTTPInvalid},
		{"late", nil, trouble(TimedOut), codeHTTPTimeout},
		{"large", nil, trouble(TooLarge), codeHTTPTooLarge},
		{"refused", nil, trouble(ConnectionFailed), codeHTTPFailed},
		{"closed", nil, trouble(ConnectionClosed), codeHTTPReset},
		{"handshake", nil, trouble(Handshake), codeHTTPTLS},
		{"certificate", nil, trouble(Unverified), codeHTTPTLS},
		{"no host", nil, trouble(InvalidHost), codeHTTPFailed},
		{"the disk", nil, errors.New("full"), "InternalError"},
		{"the bucket", nil, &record.Outage{Code: "S3.AccessDenied", Message: "denied"}, "S3.AccessDenied"},
	} {
		o := httpOutage(id, tt.a, tt.err)
		if code := ""; o != nil && (o.Code != tt.code || o.Final || o.Text() == "") || o == nil && tt.code != code {
			t.Errorf("%s: %+v, want %s", tt.name, o, tt.code)
		}
	}
	if o := httpOutage(id, answer(413, ""), nil); !o.Final {
		t.Error("413 is not permanent")
	}
	if o := httpOutage(id, answer(500, strings.Repeat("x", 1<<20)), nil); len(o.Text()) > 9000 {
		t.Errorf("a message of %d bytes", len(o.Text()))
	}
}

// FuzzHTTPAnswer: no answer makes the check panic, and what it takes is what encoding/json finds in it.
func FuzzHTTPAnswer(f *testing.F) {
	f.Add([]byte(`{"requestId":"x","timestamp":1,"errorMessage":null}`))
	f.Add([]byte(`{"requestId":"\u0078","timestamp":-1.5e3} `))
	f.Add([]byte(`{"requestId":"x","timestamp":1}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		why := CheckHTTPAnswer("x", &Answer{Body: body, Header: http.Header{"Content-Type": {"application/json"}, "Content-Length": {"1"}}})
		if why != "" {
			return
		}
		var got struct {
			RequestID    string      `json:"requestId"`
			Timestamp    json.Number `json:"timestamp"`
			ErrorMessage *string     `json:"errorMessage"`
		}
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		if err := d.Decode(&got); err != nil || got.RequestID != "x" {
			t.Errorf("%q is taken: %v", body, err)
		}
	})
}

// TestHTTPNotLost: nothing but the answer 413 has records lost.
func TestHTTPNotLost(t *testing.T) {
	s := &script{answer: func(int, *Request) (*Answer, error) { return nil, &record.Outage{Code: "S3.AccessDenied", Final: true} }}
	p, err := (&HTTP{URL: "https://h/", Transport: s}).Begin(t0, testRecords("a")).Attempt(context.Background(), t0)
	if err != nil || p.Lost != 0 || len(p.Failed) != 1 || !p.Done {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestShownURL: what of a URL may be written.
func TestShownURL(t *testing.T) {
	token := strings.Repeat("t", 40)
	for url, want := range map[string]string{
		"https://h/a/b":                              "https://h/a/b",
		"https://user:" + token + "@h:8088/a/":       "https://h:8088/a/",
		"https://h/receiver/v1/log/" + token:         "https://h/receiver/v1/log/***",
		"https://h/receiver/" + token + "/":          "https://h/receiver/***/",
		"https://h/" + token + "/log?a=b&c=" + token: "https://h/***/log?a=***&c=***",
		"https://h/?" + token:                        "https://h/?***",
		"https://h/#" + token:                        "https://h/",
		"https://%zz/" + token:                       "***",
	} {
		if got := shownURL(url); got != want {
			t.Errorf("%s is shown as %s, want %s", url, got, want)
		}
	}
}

// TestFiles: what would be sent lies in files, without secrets.
func TestFiles(t *testing.T) {
	m := &s3.Memory{}
	h := &HTTP{URL: "https://user:secret@example.com/receiver/secretsecretsecretsecretsecretsecret?key=secret&a", AccessKey: "secret", Secret: true, Transport: Files{Bucket: m}}
	if p, err := h.Begin(t0, testRecords("a")).Attempt(context.Background(), t0); err != nil || !p.Done {
		t.Fatal(p, err)
	}
	if len(m.Objects) != 2 || m.Objects[0].Kind != s3.Request || m.Objects[0].Bucket != "http" || !strings.HasPrefix(m.Objects[0].Key, "example.com/") ||
		m.Objects[1].Key != strings.TrimSuffix(m.Objects[0].Key, ".json")+".meta.json" || m.Objects[0].Records != 1 || m.Objects[1].Records != 0 {
		t.Fatalf("%+v", m.Objects)
	}
	meta := string(m.Objects[1].Body)
	if strings.Contains(meta, "secret") || !strings.Contains(meta, `"X-Amz-Firehose-Access-Key": "***"`) || !strings.Contains(meta, "https://example.com/receiver/***?key=***&a") {
		t.Errorf("%s", meta)
	}
}

type discard struct{}

func (discard) Do(_ context.Context, r *Request) (*Answer, error) { return r.Answer(""), nil }

// BenchmarkHTTP is bytes of bodies a second, to an endpoint that discards them. The hints' default is 5 MiB.
func BenchmarkHTTP(b *testing.B) {
	for _, size := range []int{100, 1000, 10000} {
		for _, zip := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d,gzip=%v", size, zip), func(b *testing.B) {
				var records []record.Record
				for n := 0; n < 5<<20; n += size {
					records = append(records, record.Record{Seq: uint64(n), Data: bytes.Repeat([]byte(`{"k":"v"}`), size/9+1)[:size]})
				}
				h := &HTTP{URL: "https://h/", Transport: discard{}, GZIP: zip}
				b.SetBytes(int64(len(records)) * int64(12+(size+2)/3*4))
				b.ReportAllocs()
				for b.Loop() {
					if p, err := h.Begin(t0, records).Attempt(context.Background(), t0); err != nil || !p.Done {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

package receive

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const (
	id   = "ed4acda5-034f-9f42-bba1-f29aea6d7d8f"
	body = `{"requestId":"` + id + `","timestamp":1578090901599,"records":[{"data":"aGVsbG8="},{"data":""}]}`
)

// request is one as the service sends it, changed by pairs of header and value.
func request(body string, changes ...string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	for name, v := range map[string]string{"X-Amz-Firehose-Protocol-Version": "1.0", "X-Amz-Firehose-Request-Id": id, "Content-Type": "application/json",
		"X-Amz-Firehose-Source-Arn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/d", "User-Agent": "Amazon Kinesis Data Firehose Agent/1.0"} {
		r.Header.Set(name, v)
	}
	for i := 0; i < len(changes); i += 2 {
		if r.Header.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			r.Header.Del(changes[i])
		}
	}
	return r
}

func zipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text)) //nolint:errcheck
	z.Close()             //nolint:errcheck
	return b.String()
}

// TestParse: what is as the service sends it, and what isn't.
func TestParse(t *testing.T) {
	record := func(data string) string { return strings.Replace(body, `"aGVsbG8="`, data, 1) }
	for _, tt := range []struct {
		name   string
		r      *http.Request
		key    string
		status int // 0 is good
		want   string
	}{
		{"plain", request(body), "", 0, ""},
		{"gzip", request(zipped(body), "Content-Encoding", "gzip"), "", 0, ""},
		{"charset", request(body, "Content-Type", "application/json; charset=utf-8"), "", 0, ""},
		{"attributes", request(body, "X-Amz-Firehose-Common-Attributes", `{"commonAttributes":{"a":"1"}}`), "", 0, ""},
		{"key", request(body, "X-Amz-Firehose-Access-Key", "k"), "k", 0, ""},
		{"a key that nobody asks for", request(body, "X-Amz-Firehose-Access-Key", "k"), "", 0, ""},
		{"wrong key", request(body, "X-Amz-Firehose-Access-Key", "x"), "k", 401, "Access-Key"},
		{"no key", request(body), "k", 401, "Access-Key"},
		{"no version", request(body, "X-Amz-Firehose-Protocol-Version", ""), "", 400, "Protocol-Version"},
		{"another version", request(body, "X-Amz-Firehose-Protocol-Version", "2.0"), "", 400, "Protocol-Version"},
		{"no id", request(body, "X-Amz-Firehose-Request-Id", ""), "", 400, "Request-Id is missing"},
		{"another id", request(body, "X-Amz-Firehose-Request-Id", "x"), "", 400, "requestId is not"},
		{"no source", request(body, "X-Amz-Firehose-Source-Arn", ""), "", 400, "Source-Arn"},
		{"text", request(body, "Content-Type", "text/plain"), "", 400, "Content-Type"},
		{"no type", request(body, "Content-Type", ""), "", 400, "Content-Type"},
		{"deflate", request(body, "Content-Encoding", "deflate"), "", 400, "Content-Encoding"},
		{"no gzip", request(body, "Content-Encoding", "gzip"), "", 400, "not gzip"},
		{"half of a gzip", request(zipped(body)[:40], "Content-Encoding", "gzip"), "", 400, "can't be read"},
		{"attributes that are none", request(body, "X-Amz-Firehose-Common-Attributes", `{"a":"1"}`), "", 400, "Common-Attributes"},
		{"attributes of numbers", request(body, "X-Amz-Firehose-Common-Attributes", `{"commonAttributes":{"a":1}}`), "", 400, "Common-Attributes"},
		{"no body", request(""), "", 400, "not a request"},
		{"half a body", request(body[:50]), "", 400, "not a request"},
		{"more behind", request(body + "{}"), "", 400, "more behind"},
		{"an unknown member", request(strings.Replace(body, `"timestamp"`, `"x":1,"timestamp"`, 1)), "", 400, "not a request"},
		{"no timestamp", request(strings.Replace(body, `"timestamp":1578090901599,`, "", 1)), "", 400, "timestamp is missing"},
		{"a quoted timestamp", request(strings.Replace(body, `1578090901599`, `"1578090901599"`, 1)), "", 400, "not a request"},
		{"no records", request(`{"requestId":"` + id + `","timestamp":1,"records":[]}`), "", 400, "records has 0 items"},
		{"many records", request(`{"requestId":"` + id + `","timestamp":1,"records":[` + strings.Repeat(`{"data":""},`, 10000) + `{"data":""}]}`), "", 400, "records has 10001 items"},
		{"no data", request(strings.Replace(body, `{"data":""}`, `{}`, 1)), "", 400, "record 1 has no data"},
		{"no base64", request(record(`"a*"`)), "", 400, "data of record 0 is not base64"},
		{"base64 in lines", request(record(`"aGVs\nbG8="`)), "", 400, "data of record 0 is not base64"},
		{"an object as data", request(record(`{}`)), "", 400, "not a request"},
		{"the largest record", request(record(`"` + strings.Repeat("A", 1365332) + `AA=="`)), "", 0, ""},
		{"a larger record", request(record(`"` + strings.Repeat("A", 1365340) + `"`)), "", 400, "at most 1024000"},
		{"64 MiB", request(zipped(strings.Repeat(" ", MaxBody+1)), "Content-Encoding", "gzip"), "", 413, "larger"},
		{"another method", httptest.NewRequest("GET", "/", nil), "", 405, "GET"},
	} {
		r, err := Parse(tt.r, tt.key)
		var e *Error
		switch {
		case tt.status == 0 && (err != nil || r.ID != id || len(r.Records) != 2 || r.Time.UnixMilli() != 1578090901599 || r.SourceARN == ""):
			t.Errorf("%s: %+v, %v", tt.name, r, err)
		case tt.status != 0 && (!errors.As(err, &e) || e.Status != tt.status || !strings.Contains(e.Message, tt.want)):
			t.Errorf("%s: %v, want %d", tt.name, err, tt.status)
		}
	}
	r, err := Parse(request(body, "X-Amz-Firehose-Common-Attributes", `{"commonAttributes":{"a":"1"}}`), "")
	if err != nil || r.Attributes["a"] != "1" || string(r.Records[0]) != "hello" || len(r.Records[1]) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestHandler: how requests are answered.
func TestHandler(t *testing.T) {
	now := func() time.Time { return time.UnixMilli(1578090903599) }
	for _, tt := range []struct {
		err    error
		status int
		want   string
	}{
		{nil, 200, `{"requestId":"` + id + `","timestamp":1578090903599}`},
		{errors.New(`no "room"`), 500, `{"requestId":"` + id + `","timestamp":1578090903599,"errorMessage":"no \"room\""}`},
		{fmt.Errorf("keep: %w", &Error{413, "large"}), 413, `{"requestId":"` + id + `","timestamp":1578090903599,"errorMessage":"large"}`},
	} {
		w := httptest.NewRecorder()
		h := &Handler{Now: now, Receive: func(_ context.Context, r *Request) error { return tt.err }}
		h.ServeHTTP(w, request(body))
		if w.Code != tt.status || w.Body.String() != tt.want || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Content-Length") != fmt.Sprint(len(tt.want)) {
			t.Errorf("%v: %d %s %v", tt.err, w.Code, w.Body, w.Header())
		}
	}
	w := httptest.NewRecorder()
	(&Handler{}).ServeHTTP(w, request("{"))
	var doc struct{ ErrorMessage string }
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || w.Code != 400 || doc.ErrorMessage == "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	Answer(w, 500, id, now(), strings.Repeat("é", 10000))
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || doc.ErrorMessage != strings.Repeat("é", MaxMessage) {
		t.Errorf("a message of %d bytes", len(doc.ErrorMessage))
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(body), []byte(`{"commonAttributes":{}}`))
	f.Fuzz(func(t *testing.T, body, attributes []byte) {
		r, err := Parse(request(string(body), "X-Amz-Firehose-Common-Attributes", string(attributes)), "")
		if err == nil && (r.ID != id || len(r.Records) == 0) {
			t.Errorf("%+v", r)
		}
	})
}

func Example() {
	endpoint := &Handler{
		AccessKey: "s3cret",
		Receive: func(_ context.Context, r *Request) error {
			for _, record := range r.Records {
				fmt.Printf("%s\n", record)
			}
			return nil
		},
		Now: func() time.Time { return time.UnixMilli(1578090903599) },
	}
	w := httptest.NewRecorder()
	endpoint.ServeHTTP(w, request(body, "X-Amz-Firehose-Access-Key", "s3cret"))
	fmt.Println(w.Code, w.Body)
	// Output:
	// hello
	//
	// 200 {"requestId":"ed4acda5-034f-9f42-bba1-f29aea6d7d8f","timestamp":1578090903599}
}

// TestErrorStatus: an Error is never answered as a success.
func TestErrorStatus(t *testing.T) {
	for status, want := range map[int]int{0: 500, 200: 500, 302: 500, 400: 400, 413: 413, 503: 503, 1000: 500} {
		w := httptest.NewRecorder()
		h := &Handler{Receive: func(context.Context, *Request) error { return &Error{Status: status, Message: "no"} }}
		h.ServeHTTP(w, request(body))
		if w.Code != want || !strings.Contains(w.Body.String(), `"errorMessage":"no"`) {
			t.Errorf("%d is answered with %d: %s", status, w.Code, w.Body)
		}
	}
}

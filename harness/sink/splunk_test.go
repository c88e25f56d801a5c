package sink

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
)

func testSplunk(answer func(n int, r *Request) (*Answer, error)) (*Splunk, *script) {
	s := &script{answer: answer}
	return &Splunk{Endpoint: "https://splunk.example.com:8088/", Token: "token", AckTimeout: 180 * time.Second, Transport: s, Seed: 1}, s
}

// TestSplunkRequests has every part of the requests (destinations.md §3).
func TestSplunkRequests(t *testing.T) {
	channel := record.Seed(1).UUID("splunk/channel", 0, 0, 0, 0)
	for _, tt := range []struct {
		raw  bool
		path string
	}{{true, "raw"}, {false, "event"}} {
		k, s := testSplunk(func(n int, r *Request) (*Answer, error) {
			if n == 0 {
				return &Answer{Status: 200, Body: []byte(`{"text":"Success","code":0,"ackId":7}`)}, nil
			}
			return &Answer{Status: 200, Body: fmt.Appendf(nil, `{"acks":{"7":%v}}`, n == 2)}, nil
		})
		k.Raw = tt.raw
		d := k.Begin(t0, testRecords(`{"event":1}`, "", `{"event":2}`))
		now := t0
		for n := 0; ; n++ {
			p, err := d.Attempt(context.Background(), now)
			if err != nil {
				t.Fatal(err)
			}
			if p.Done {
				if p.Delivered != 3 || n != 2 {
					t.Errorf("%+v after %d", p, n)
				}
				break
			}
			if p.Delivered != 0 || p.Wake.Sub(now) != 10*time.Second {
				t.Errorf("%+v at %v", p, now)
			}
			now = p.Wake
		}
		send, poll := s.requests[0], s.requests[1]
		if send.URL != "https://splunk.example.com:8088/services/collector/"+tt.path || string(send.Body) != `{"event":1}{"event":2}` || send.Method != "POST" ||
			send.Header.Get("Authorization") != "Splunk token" || send.Header.Get("X-Splunk-Request-Channel") != channel || send.Header.Get("Content-Encoding") != "" ||
			send.Records != 3 || send.Poll || send.Name != "splunk.example.com" {
			t.Errorf("%+v", send)
		}
		if poll.URL != "https://splunk.example.com:8088/services/collector/ack?channel="+channel || string(poll.Body) != `{"acks":[7]}` || !poll.Poll || poll.Method != "POST" || poll.Timeout != 30*time.Second ||
			poll.Header.Get("Authorization") != "Splunk token" {
			t.Errorf("%+v", poll)
		}
	}
}

// TestSplunkShown: nothing of a URL that may be secret is written anywhere.
func TestSplunkShown(t *testing.T) {
	k, s := testSplunk(func(int, *Request) (*Answer, error) { return &Answer{Status: 500}, nil })
	k.Endpoint = "https://user:password@splunk.example.com:8088"
	k.Raw = true
	if _, err := k.Begin(t0, testRecords("a")).Attempt(context.Background(), t0); err == nil {
		t.Error("no error")
	}
	if got := s.requests[0].Shown; got != "https://splunk.example.com:8088/services/collector/raw" {
		t.Errorf("shown: %s", got)
	}
}

// TestSplunkTimeout: an acknowledgement that doesn't come has the batch sent again, and each send waits anew.
func TestSplunkTimeout(t *testing.T) {
	k, s := testSplunk(func(n int, r *Request) (*Answer, error) {
		if r.Poll {
			return &Answer{Status: 200, Body: []byte(`{"acks":{"0":false}}`)}, nil
		}
		return &Answer{Status: 200, Body: []byte(`{"text":"Success","code":0,"ackId":0}`)}, nil
	})
	k.AckTimeout = 185 * time.Second
	d := k.Begin(t0, testRecords("a", "b"))
	now := t0
	for attempt := 1; attempt <= 2; attempt++ {
		sent := now
		for {
			p, err := d.Attempt(context.Background(), now)
			var o *record.Outage
			if errors.As(err, &o) {
				if o.Code != splunkAckTimeout || now.Sub(sent) != 185*time.Second {
					t.Fatalf("%v after %v", err, now.Sub(sent))
				}
				break
			}
			if err != nil || p.Done {
				t.Fatalf("%+v, %v", p, err)
			}
			now = p.Wake
		}
	}
	if n := len(s.requests); n != 2*(1+19) || s.requests[20].Poll || string(s.requests[20].Body) != "ab" || s.requests[20].ID != s.requests[0].ID {
		t.Errorf("%d requests", n)
	}
	failed := d.(*splunkDelivery).GiveUp(splunkOutage(splunkAckTimeout, nil), 1, now)
	want := fmt.Sprintf(`{"attemptsMade":0,"arrivalTimestamp":%d,"errorCode":"Splunk.AckTimeout","errorMessage":"%s","attemptEndingTimestamp":%d,"rawData":"cmF3IGI=","EventId":"49%054d.0"}`+"\n",
		t0.UnixMilli(), splunkTexts[splunkAckTimeout], now.UnixMilli(), 1)
	if line := string(s3.AppendFailure(nil, &failed[1])); line != want || len(failed) != 2 {
		t.Errorf("%s, want %s", line, want)
	}
}

// TestSplunkCodes has the service's code for each of the collector's, and for each trouble (destinations.md §3, §8).
func TestSplunkCodes(t *testing.T) {
	hec := func(status, code int) *Answer {
		return &Answer{Status: status, Body: fmt.Appendf(nil, `{"text":"t","code":%d}`, code)}
	}
	for _, tt := range []struct {
		a    *Answer
		err  error
		want string
	}{
		{&Answer{Status: 200, Body: []byte(`{"text":"Success","code":0,"ackId":3}`)}, nil, ""},
		{hec(200, 0), nil, splunkDisabledAck}, // no ackId
		{hec(403, 1), nil, splunkDisabledToken}, {hec(401, 2), nil, splunkInvalidToken}, {hec(401, 3), nil, splunkInvalidToken}, {hec(403, 4), nil, splunkInvalidToken},
		{hec(400, 5), nil, splunkInvalidData}, {hec(400, 6), nil, splunkInvalidData}, {hec(400, 7), nil, splunkInvalidIndex}, {hec(500, 8), nil, splunkServerError},
		{hec(503, 9), nil, splunkServerError}, {hec(400, 10), nil, splunkInvalidData}, {hec(400, 11), nil, splunkSticky}, {hec(400, 12), nil, splunkInvalidData},
		{hec(400, 13), nil, splunkInvalidData}, {hec(400, 14), nil, splunkDisabledAck}, {hec(400, 16), nil, splunkInvalidData}, {hec(503, 99), nil, splunkServerError},
		{&Answer{Status: 401}, nil, splunkInvalidToken}, {&Answer{Status: 403, Body: []byte("<html>")}, nil, splunkInvalidToken}, {&Answer{Status: 429}, nil, splunkServerError},
		{&Answer{Status: 502, Body: []byte("<html>")}, nil, splunkServerError}, {&Answer{Status: 413}, nil, splunkInvalidData}, {&Answer{Status: 404}, nil, splunkInvalidEndpoint},
		{&Answer{Status: 302}, nil, splunkInvalidEndpoint}, {&Answer{Status: 200, Body: []byte("ok")}, nil, splunkInvalidEndpoint}, {&Answer{Status: 200}, nil, splunkInvalidEndpoint},
		{nil, &TransportError{ConnectionFailed, errors.New("t")}, splunkConnectionClosed}, {nil, &TransportError{ConnectionClosed, errors.New("t")}, splunkConnectionClosed},
		{nil, &TransportError{TimedOut, errors.New("t")}, splunkConnectionTimeout}, {nil, &TransportError{TooLarge, errors.New("t")}, splunkServerError},
		{nil, &TransportError{Handshake, errors.New("t")}, splunkHandshake}, {nil, &TransportError{Unverified, errors.New("t")}, splunkUnverified},
		{nil, &TransportError{InvalidHost, errors.New("t")}, splunkInvalidEndpoint}, {nil, errors.New("t"), "InternalError"},
		{nil, &record.Outage{Code: "S3.AccessDenied", Message: "m"}, "S3.AccessDenied"},
	} {
		ack, o := splunkAnswer(tt.a, tt.err)
		switch {
		case o == nil && (tt.want != "" || ack != 3), o != nil && (o.Code != tt.want || o.Final || o.Text() == ""):
			t.Errorf("%+v, %v: %d, %v, want %s", tt.a, tt.err, ack, o, tt.want)
		}
	}
}

// TestSplunkPoll: which answers to the question for an acknowledgement end the wait for it.
func TestSplunkPoll(t *testing.T) {
	for _, tt := range []struct {
		a    *Answer
		err  error
		want string // "yes", "wait", or a code
	}{
		{&Answer{Status: 200, Body: []byte(`{"acks":{"5":true}}`)}, nil, "yes"},
		{&Answer{Status: 200, Body: []byte(`{"acks":{"5":false}}`)}, nil, "wait"},
		{&Answer{Status: 200, Body: []byte(`{"acks":{"6":true}}`)}, nil, "wait"},
		{&Answer{Status: 200, Body: []byte(`{"acks":{}}`)}, nil, "wait"},
		{&Answer{Status: 200, Body: []byte(`{"acks":[5]}`)}, nil, splunkInvalidEndpoint},
		{&Answer{Status: 200, Body: []byte(`ok`)}, nil, splunkInvalidEndpoint},
		{&Answer{Status: 503}, nil, "wait"}, {&Answer{Status: 429}, nil, "wait"},
		{nil, &TransportError{ConnectionFailed, errors.New("t")}, "wait"},
		{&Answer{Status: 400, Body: []byte(`{"text":"ACK is disabled","code":14}`)}, nil, splunkDisabledAck},
		{&Answer{Status: 400, Body: []byte(`{"text":"Invalid data channel","code":11}`)}, nil, splunkSticky},
		{&Answer{Status: 403, Body: []byte(`{"text":"Invalid token","code":4}`)}, nil, splunkInvalidToken},
	} {
		k, _ := testSplunk(func(n int, r *Request) (*Answer, error) {
			if r.Poll {
				return tt.a, tt.err
			}
			return &Answer{Status: 200, Body: []byte(`{"text":"Success","code":0,"ackId":5}`)}, nil
		})
		d := k.Begin(t0, testRecords("a"))
		if _, err := d.Attempt(context.Background(), t0); err != nil {
			t.Fatal(err)
		}
		p, err := d.Attempt(context.Background(), t0.Add(10*time.Second))
		got := "wait"
		var o *record.Outage
		switch {
		case errors.As(err, &o):
			got = o.Code
		case p.Done:
			got = "yes"
		}
		if got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.a, got, tt.want)
		}
	}
}

// TestSplunkFiles: no token, and no question for an acknowledgement, is written.
func TestSplunkFiles(t *testing.T) {
	m := &s3.Memory{}
	k := &Splunk{Endpoint: "https://h:8088", Token: "secret", Raw: true, AckTimeout: time.Minute, Transport: Files{Bucket: m}}
	for i := range 2 {
		d := k.Begin(t0.Add(time.Duration(i)), testRecords("a"))
		for n := 0; ; n++ {
			if p, err := d.Attempt(context.Background(), t0); err != nil || n > 3 {
				t.Fatal(err)
			} else if p.Done {
				break
			}
		}
	}
	if len(m.Objects) != 4 {
		t.Fatalf("%d objects", len(m.Objects))
	}
	for _, o := range m.Objects {
		if strings.Contains(string(o.Body), "secret") || !strings.HasPrefix(o.Key, "h/") || o.Bucket != "splunk" {
			t.Errorf("%s/%s: %s", o.Bucket, o.Key, o.Body)
		}
	}
}

// BenchmarkSplunk is bytes of bodies a second.
func BenchmarkSplunk(b *testing.B) {
	var records []record.Record
	for n := 0; n < 5<<20; n += 1000 {
		records = append(records, record.Record{Seq: uint64(n), Data: []byte(strings.Repeat("x", 1000))})
	}
	k := &Splunk{Endpoint: "https://h", AckTimeout: time.Minute, Transport: discard{}}
	b.SetBytes(5 << 20)
	b.ReportAllocs()
	for b.Loop() {
		d := k.Begin(t0, records)
		for done := false; !done; {
			p, err := d.Attempt(context.Background(), t0)
			if err != nil {
				b.Fatal(err)
			}
			done = p.Done
		}
	}
}

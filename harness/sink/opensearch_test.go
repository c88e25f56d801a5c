package sink

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
)

// TestIndexRotation has the names that java.time makes, by both rules for weeks.
func TestIndexRotation(t *testing.T) {
	f, err := os.Open("../../../shared/oracle/time/index_rotation.jsonl")
	if err != nil {
		t.Skip("../shared not present: index names not compared with java.time's")
	}
	defer f.Close()
	n := 0
	for in := bufio.NewScanner(f); in.Scan(); n++ {
		var v struct {
			ID, Index, NoRotation, OneHour, OneDay, OneMonth string
			Instant                                          time.Time
			OneWeek                                          struct{ US, ISO string }
		}
		if err := json.Unmarshal(in.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			rotation Rotation
			iso      bool
			want     string
		}{
			{NoRotation, false, v.NoRotation}, {OneHour, false, v.OneHour}, {OneDay, false, v.OneDay}, {OneMonth, false, v.OneMonth},
			{OneWeek, false, v.OneWeek.US}, {OneWeek, true, v.OneWeek.ISO},
		} {
			o := OpenSearch{Index: v.Index, Rotation: tt.rotation, ISOWeek: tt.iso}
			if got := string(o.AppendIndex(nil, v.Instant)); got != tt.want {
				t.Errorf("%s at %v, %v: %s, want %s", v.ID, v.Instant, tt.rotation, got, tt.want)
			}
		}
	}
	t.Logf("%d instants", n)
}

// TestIndexWeeks has the weeks at the edges of years, by both rules (destinations.md §2, CHOICE: those of the United States).
func TestIndexWeeks(t *testing.T) {
	for _, tt := range []struct{ at, us, iso string }{
		{"2015-12-26T23:59:59Z", "i-2015-w52", "i-2015-w52"}, {"2015-12-27T00:00:00Z", "i-2016-w01", "i-2015-w52"}, {"2015-12-28T12:00:00Z", "i-2016-w01", "i-2015-w53"},
		{"2016-01-03T00:00:00Z", "i-2016-w02", "i-2015-w53"}, {"2016-02-25T13:00:00Z", "i-2016-w09", "i-2016-w08"}, {"2020-08-13T00:00:00Z", "i-2020-w33", "i-2020-w33"},
		{"2016-12-31T23:59:59Z", "i-2016-w53", "i-2016-w52"}, {"2017-01-01T00:00:00Z", "i-2017-w01", "i-2016-w52"}, {"2017-01-01T00:30:00+01:00", "i-2016-w53", "i-2016-w52"},
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		for iso, want := range map[bool]string{false: tt.us, true: tt.iso} {
			o := OpenSearch{Index: "i", Rotation: OneWeek, ISOWeek: iso}
			if got := string(o.AppendIndex(nil, at)); got != want {
				t.Errorf("%s, ISO %v: %s, want %s", tt.at, iso, got, want)
			}
		}
	}
}

// TestBulkBody has bodies, by what the description says (destinations.md §2).
func TestBulkBody(t *testing.T) {
	const id0, id1 = `"49000000000000000000000000000000000000000000000000000000.0"`, `"49000000000000000000000000000000000000000000000000000001.0"`
	for _, tt := range []struct {
		name string
		o    OpenSearch
		data []string
		want string
	}{
		{"by default", OpenSearch{Rotation: OneDay}, []string{`{"a":1}`, `{"b":2}`},
			`{"index":{"_index":"i-2025-03-01","_id":` + id0 + "}}\n{\"a\":1}\n" + `{"index":{"_index":"i-2025-03-01","_id":` + id1 + "}}\n{\"b\":2}\n"},
		{"with a type", OpenSearch{Type: "t"}, []string{`{}`}, `{"index":{"_index":"i","_type":"t","_id":` + id0 + "}}\n{}\n"},
		{"without ids", OpenSearch{NoID: true}, []string{`{}`}, `{"index":{"_index":"i"}}` + "\n{}\n"},
		{"line feeds", OpenSearch{NoID: true}, []string{"{\n \"a\": 1}\n", "\n{\"delete\":{\"_index\":\"i\",\"_id\":\"1\"}}\n"},
			`{"index":{"_index":"i"}}` + "\n{  \"a\": 1} \n" + `{"index":{"_index":"i"}}` + "\n {\"delete\":{\"_index\":\"i\",\"_id\":\"1\"}} \n"},
		{"several documents", OpenSearch{NoID: true}, []string{`{"a":1}{"a":2}`}, `{"index":{"_index":"i"}}` + "\n{\"a\":1}{\"a\":2}\n"},
		{"nothing", OpenSearch{NoID: true}, []string{""}, `{"index":{"_index":"i"}}` + "\n\n"},
	} {
		s := &script{answer: taken}
		o := &tt.o
		o.Endpoint, o.Index, o.Transport, o.Seed = "https://h", "i", s, 1
		p, err := o.Begin(t0, testRecords(tt.data...)).Attempt(context.Background(), t0)
		if err != nil || !p.Done || p.Delivered != len(tt.data) {
			t.Fatalf("%s: %+v, %v", tt.name, p, err)
		}
		r := s.requests[0]
		if got := string(r.Body); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
		if r.URL != "https://h/_bulk" || r.Header.Get("Content-Type") != "application/x-ndjson" || r.Records != len(tt.data) || r.Suffix != ".ndjson" {
			t.Errorf("%s: %+v", tt.name, r)
		}
	}
}

// TestBulkSigned: what requests are signed for (destinations.md §2), and that nothing of a URL that may be secret is written anywhere.
func TestBulkSigned(t *testing.T) {
	for _, tt := range []struct {
		o    OpenSearch
		want string
	}{{OpenSearch{Region: "us-east-1"}, "es us-east-1"}, {OpenSearch{Region: "eu-west-1", Serverless: true}, "aoss eu-west-1"}, {OpenSearch{}, " "}} {
		s := &script{answer: taken}
		o := &tt.o
		o.Endpoint, o.Index, o.Transport = "https://user:password@h:9200", "i", s
		if _, err := o.Begin(t0, testRecords("{}")).Attempt(context.Background(), t0); err != nil {
			t.Fatal(err)
		}
		r := s.requests[0]
		if got := r.Service + " " + r.Region; got != tt.want || r.URL != "https://user:password@h:9200/_bulk" || r.Shown != "https://h:9200/_bulk" {
			t.Errorf("%q for %s, shown as %s; want %q", got, r.URL, r.Shown, tt.want)
		}
	}
}

// TestBulkIndices: each document goes to the index of its own arrival.
func TestBulkIndices(t *testing.T) {
	s := &script{answer: taken}
	o := &OpenSearch{Endpoint: "https://h", Index: "i", Rotation: OneHour, NoID: true, Transport: s}
	records := testRecords("{}", "{}", "{}")
	records[1].Arrival = t0.Add(time.Hour).UnixMilli()
	if _, err := o.Begin(t0, records).Attempt(context.Background(), t0); err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("#", `{"index":{"_index":"i-2025-03-01-`, "%", `"}}`+"\n{}\n").Replace("#10%#11%#10%")
	if got := string(s.requests[0].Body); got != want || s.requests[0].Name != "i-2025-03-01-10" {
		t.Errorf("%s: got %swant %s", s.requests[0].Name, got, want)
	}
}

func items(status ...int) string {
	var list []string
	for _, n := range status {
		e := ""
		if n >= 300 {
			e = fmt.Sprintf(`, "error": {"type":"e%d","reason":"say \"no\""}`, n)
		}
		list = append(list, fmt.Sprintf(`{"index":{"_index":"i","_id":"x","status":%d%s}}`, n, e))
	}
	return `{"took":1,"errors":true,"items":[` + strings.Join(list, " , ") + `]}`
}

// TestBulkAnswers: what each answer means, and what is sent again.
func TestBulkAnswers(t *testing.T) {
	ok := func(body string) *Answer { return &Answer{Status: http.StatusOK, Body: []byte(body)} }
	for _, tt := range []struct {
		name      string
		answers   []*Answer // an attempt each; nil is none
		delivered string    // by attempt
		sent      string    // documents by attempt
		failed    string    // code of each that is given up
	}{
		{"all", []*Answer{ok(items(201, 200, 201))}, "3", "abc", ""},
		{"one is too much, then not", []*Answer{ok(items(201, 429, 201)), ok(items(201))}, "2 1", "abc b", ""},
		{"one never fits", []*Answer{ok(items(400, 201, 201)), ok(items(400)), ok(items(400))}, "2 0 0", "abc a a", "a400"},
		{"each for another reason", []*Answer{ok(items(503, 404, 403)), ok(items(201, 404, 403))}, "0 1", "abc abc", "b404 c403"},
		{"no room for the request", []*Answer{{Status: 413}, ok(items(201, 201, 201))}, "0 3", "abc abc", ""},
		{"the cluster is away", []*Answer{{Status: 503, Body: []byte(" no \n")}, nil}, "0 0", "abc abc", "aInternalError bInternalError cInternalError"},
		{"refused as a whole", []*Answer{{Status: 400, Body: []byte("bad")}}, "0", "abc", "a400 b400 c400"},
		{"too few items", []*Answer{ok(items(201, 201))}, "0", "abc", "aInternalError bInternalError cInternalError"},
		{"too many", []*Answer{ok(items(201, 201, 201, 201))}, "0", "abc", "aInternalError bInternalError cInternalError"},
		{"an item without a status", []*Answer{ok(`{"items":[{"index":{}},{"index":{"status":201}},{"index":{"status":201}}]}`)}, "0", "abc", "aInternalError bInternalError cInternalError"},
		{"no items", []*Answer{ok(`{"errors":false}`)}, "0", "abc", "aInternalError bInternalError cInternalError"},
		{"no JSON", []*Answer{ok(`<html>`)}, "0", "abc", "aInternalError bInternalError cInternalError"},
		{"half of it", []*Answer{ok(items(201, 201, 201)[:60])}, "0", "abc", "aInternalError bInternalError cInternalError"},
		{"empty", []*Answer{ok("")}, "0", "abc", "aInternalError bInternalError cInternalError"},
		{"redirected", []*Answer{{Status: 302}}, "0", "abc", "a302 b302 c302"},
	} {
		s := &script{answer: func(n int, _ *Request) (*Answer, error) {
			if a := tt.answers[n]; a != nil {
				return a, nil
			}
			return nil, &TransportError{ConnectionFailed, fmt.Errorf("nobody there")}
		}}
		d := (&OpenSearch{Endpoint: "https://h", Index: "i", Transport: s}).Begin(t0, testRecords("a", "b", "c"))
		var delivered, sent, failed []string
		done := false
		var last error
		for i := range tt.answers {
			p, err := d.Attempt(context.Background(), t0)
			delivered = append(delivered, fmt.Sprint(p.Delivered))
			done, last = p.Done, err
			if (err == nil) != p.Done {
				t.Errorf("%s: attempt %d: %+v, %v", tt.name, i, p, err)
			}
			docs := ""
			for j, line := range strings.Split(string(s.requests[i].Body), "\n") {
				if j%2 == 1 {
					docs += line
				}
			}
			sent = append(sent, docs)
		}
		if !done {
			for _, f := range d.(*bulk).GiveUp(last.(*record.Outage), len(tt.answers), t0) {
				failed = append(failed, string(f.Record.Data)+f.Code)
				if f.Message == "" || f.Attempts != len(tt.answers) || f.At != t0.UnixMilli() || f.Cause != record.OpenSearchFailed {
					t.Errorf("%s: %+v", tt.name, f)
				}
			}
		}
		if g := strings.Join(delivered, " "); g != tt.delivered {
			t.Errorf("%s: delivered %s, want %s", tt.name, g, tt.delivered)
		}
		if g := strings.Join(sent, " "); g != tt.sent {
			t.Errorf("%s: sent %s, want %s", tt.name, g, tt.sent)
		}
		if g := strings.Join(failed, " "); g != tt.failed {
			t.Errorf("%s: failed %s, want %s", tt.name, g, tt.failed)
		}
	}
}

// TestBulkFailures has what error lines of a document have (destinations.md §2).
func TestBulkFailures(t *testing.T) {
	const id = `"49000000000000000000000000000000000000000000000000000000.0"`
	for _, tt := range []struct {
		o    OpenSearch
		want string
	}{
		{OpenSearch{Rotation: OneMonth, Type: "t"}, `esDocumentId:` + id + ` esIndexName:"i-2025-03" esTypeName:"t"`},
		{OpenSearch{NoID: true}, `esDocumentId:"" esIndexName:"i" esTypeName:""`},
		{OpenSearch{Serverless: true}, `osDocumentId:` + id + ` osIndexName:"i"`},
	} {
		o := &tt.o
		o.Index, o.Transport = "i", &script{answer: func(int, *Request) (*Answer, error) {
			return &Answer{Status: 200, Body: []byte(items(400))}, nil
		}}
		d := o.Begin(t0, testRecords("{}"))
		_, err := d.Attempt(context.Background(), t0)
		f := d.(*bulk).GiveUp(err.(*record.Outage), 1, t0)
		var got []string
		for _, m := range f[0].Members {
			got = append(got, m.Name+":"+string(m.JSON))
		}
		if g := strings.Join(got, " "); g != tt.want || f[0].Code != "400" || f[0].Message != `{"type":"e400","reason":"say \"no\""}` {
			t.Errorf("got %s, %s %s; want %s", g, f[0].Code, f[0].Message, tt.want)
		}
	}
}

// TestBulkPart: a cluster that takes half of the documents is given those.
func TestBulkPart(t *testing.T) {
	s := &script{answer: func(_ int, q *Request) (*Answer, error) {
		if body, n := q.Part(); n != 2 || bytes.Count(body, []byte("\n")) != 4 {
			t.Errorf("a part of %d documents: %s", n, body)
		}
		return q.Answer("partial"), nil
	}}
	d := (&OpenSearch{Index: "i", NoID: true, Transport: s}).Begin(t0, testRecords("a", "b", "c"))
	p, err := d.Attempt(context.Background(), t0)
	if err == nil || p.Delivered != 2 || len(d.(*bulk).left) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	s.answer = func(_ int, q *Request) (*Answer, error) {
		if q.Part != nil {
			t.Error("a part of one document")
		}
		return q.Answer("partial"), nil
	}
	if p, err = d.Attempt(context.Background(), t0); err == nil || p.Delivered != 0 {
		t.Errorf("%+v, %v", p, err)
	}
	if s.requests[0].ID == s.requests[1].ID {
		t.Error("two bodies have one id, and so one file")
	}
}

// FuzzBulkBody: a record is one line behind its action, whatever is in it.
func FuzzBulkBody(f *testing.F) {
	f.Add([]byte("{\n}\n"), []byte("{\"delete\":{}}\n\n\r"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		o := &OpenSearch{Index: "i", NoID: true}
		body := o.Begin(t0, testRecords(string(a), string(b))).(*bulk).request().Body
		want := ""
		for _, data := range [][]byte{a, b} {
			want += `{"index":{"_index":"i"}}` + "\n" + strings.ReplaceAll(string(data), "\n", " ") + "\n"
		}
		if string(body) != want {
			t.Errorf("got %q, want %q", body, want)
		}
	})
}

func FuzzBulkAnswer(f *testing.F) {
	f.Add([]byte(items(201, 400)), 2)
	f.Add([]byte(`{"items":[[],1,{"index":1},{"index":{"status":"x"}}]}`), 4)
	f.Fuzz(func(t *testing.T, body []byte, n int) {
		n &= 0xff
		list, ok := readItems(body, n)
		if ok && len(list) != n {
			t.Errorf("%d items of %d", len(list), n)
		}
		var v struct {
			Items []map[string]struct{ Status int64 }
		}
		if json.Unmarshal(body, &v) == nil && ok && len(v.Items) != n {
			t.Errorf("%d items, encoding/json has %d", n, len(v.Items))
		}
	})
}

// BenchmarkBulk makes bodies of records of 500 bytes, and discards them.
func BenchmarkBulk(b *testing.B) {
	records := make([]record.Record, 10_000)
	data := []byte(`{"message":"` + strings.Repeat("x", 486) + `"}`)
	for i := range records {
		records[i] = record.Record{Seq: uint64(i), Data: data, Arrival: t0.UnixMilli()}
	}
	o := &OpenSearch{Endpoint: "https://h", Index: "events", Rotation: OneDay}
	o.Transport = discard{}
	b.SetBytes(int64(len(records) * len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if p, err := o.Begin(t0, records).Attempt(context.Background(), t0); err != nil || p.Delivered != len(records) {
			b.Fatal(p, err)
		}
	}
}

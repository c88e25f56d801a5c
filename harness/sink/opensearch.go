package sink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// OpenSearch is a cluster of OpenSearch or Elasticsearch, or a collection of OpenSearch Serverless (destinations.md §2). A
// batch is one bulk request (CHOICE: its form, and how its answer is read); what of it the cluster doesn't index is in the next attempt's:
//
//	POST <Endpoint>/_bulk
//	Content-Type: application/x-ndjson
//
//	{"index":{"_index":"<index>-2025-03-01","_type":"<type>","_id":"<sequence number>.<subsequence number>"}}
//	<the record's bytes>
//	…
//
// A line feed in a record becomes a blank, or what follows it would be taken for the next action: in JSON it stands between
// values, where a blank means the same.
type OpenSearch struct {
	Endpoint   string // https://<host>
	Index      string
	Type       string // TypeName; empty for what has none
	Rotation   Rotation
	ISOWeek    bool // weeks of OneWeek are ISO's (§2, CHOICE: those of the United States)
	NoID       bool // the cluster gives ids
	Serverless bool
	Region     string // that requests are signed for; empty signs nothing
	Transport  Transport
	Seed       record.Seed

	body []byte // of the request under way: one delivery is at a time
}

// A Rotation is how often another index is begun.
type Rotation uint8

// The rotations.
const (
	NoRotation Rotation = iota
	OneHour
	OneDay
	OneWeek
	OneMonth
)

// AppendIndex appends the name of the index of what arrives at an instant.
func (o *OpenSearch) AppendIndex(dst []byte, at time.Time) []byte {
	dst = append(dst, o.Index...)
	at = at.UTC()
	switch o.Rotation {
	case OneHour:
		return at.AppendFormat(dst, "-2006-01-02-15")
	case OneDay:
		return at.AppendFormat(dst, "-2006-01-02")
	case OneMonth:
		return at.AppendFormat(dst, "-2006-01")
	case OneWeek:
		year, week := at.ISOWeek()
		if !o.ISOWeek { // from Sunday, and week 1 has the year's first Saturday
			saturday := at.AddDate(0, 0, int(time.Saturday-at.Weekday()))
			year, week = saturday.Year(), (saturday.YearDay()-1)/7+1
		}
		return fmt.Appendf(dst, "-%04d-w%02d", year, week)
	}
	return dst
}

// Begin begins the bulk request of a batch. The records stay the caller's, until the delivery is done.
func (o *OpenSearch) Begin(now time.Time, records []record.Record) record.Delivery {
	d := &bulk{o: o, begun: now, records: records, left: make([]document, len(records))}
	for i := range records {
		d.left[i].at = i
	}
	return d
}

// A bulk is the documents of a batch that are not indexed.
type bulk struct {
	o       *OpenSearch
	begun   time.Time
	records []record.Record
	left    []document
}

// A document is a record, and why it was not indexed by the last attempt.
type document struct {
	at      int // in records
	code    string
	message string
}

// Attempt sends what is not indexed.
func (d *bulk) Attempt(ctx context.Context, _ time.Time) (record.Progress, error) {
	if len(d.left) == 0 {
		return record.Progress{Done: true}, nil
	}
	answer, err := d.o.Transport.Do(ctx, d.request())
	if err != nil && ctx.Err() != nil {
		return record.Progress{}, ctx.Err()
	}
	n := len(d.left)
	if o := d.read(answer, err); o != nil { // for all of them
		for i := range d.left {
			d.left[i].code, d.left[i].message = o.Code, o.Text()
		}
		return record.Progress{}, o
	}
	p := record.Progress{Delivered: n - len(d.left)}
	if len(d.left) == 0 {
		p.Done = true
		return p, nil
	}
	return p, &record.Outage{Code: d.left[0].code, Message: d.left[0].message,
		Err: fmt.Errorf("%d of %d documents are not indexed: %s %s", len(d.left), n, d.left[0].code, d.left[0].message)}
}

// GiveUp makes failures of what is not indexed, each with what the cluster said of it (destinations.md §2).
func (d *bulk) GiveUp(_ *record.Outage, attempts int, at time.Time) []record.Failure {
	failed := make([]record.Failure, len(d.left))
	var index indexName
	for i := range d.left {
		r := &d.records[d.left[i].at]
		failed[i] = record.Failure{Record: *r, Cause: record.OpenSearchFailed, Code: d.left[i].code, Message: d.left[i].message,
			Attempts: attempts, At: at.UnixMilli(), Members: d.o.members(r, index.of(d.o, r))}
	}
	d.left = nil
	return failed
}

// members are what error lines have of a document.
func (o *OpenSearch) members(r *record.Record, index []byte) []record.Member {
	prefix := "es"
	if o.Serverless {
		prefix = "os"
	}
	id := []byte{'"'}
	if !o.NoID {
		id = AppendEventID(id, r)
	}
	m := []record.Member{
		{Name: prefix + "DocumentId", JSON: append(id, '"')},
		{Name: prefix + "IndexName", JSON: record.AppendString(nil, index)},
	}
	if !o.Serverless {
		m = append(m, record.Member{Name: "esTypeName", JSON: record.AppendString(nil, o.Type)})
	}
	return m
}

// An indexName is the index of the record before.
type indexName struct {
	hour int64 // of the epoch; every rotation is by whole ones
	name []byte
}

func (x *indexName) of(o *OpenSearch, r *record.Record) []byte {
	if hour := r.Arrival / time.Hour.Milliseconds(); x.name == nil || hour != x.hour {
		x.hour, x.name = hour, o.AppendIndex(nil, time.UnixMilli(r.Arrival))
	}
	return x.name
}

// appendBody appends actions and documents.
func (o *OpenSearch) appendBody(dst []byte, records []record.Record, docs []document) []byte {
	size := 0
	for i := range docs {
		size += len(records[docs[i].at].Data) + len(o.Index) + len(o.Type) + 128
	}
	dst = slices.Grow(dst, size)
	var index indexName
	var action, name []byte
	for i := range docs {
		r := &records[docs[i].at]
		if x := index.of(o, r); name == nil || &x[0] != &name[0] {
			name = x
			action = record.AppendString(append(action[:0], `{"index":{"_index":`...), name)
			if o.Type != "" {
				action = record.AppendString(append(action, `,"_type":`...), o.Type)
			}
			if !o.NoID {
				action = append(action, `,"_id":"`...)
			}
		}
		dst = append(dst, action...)
		if !o.NoID {
			dst = append(AppendEventID(dst, r), '"')
		}
		dst = append(dst, "}}\n"...)
		start := len(dst)
		dst = append(dst, r.Data...)
		for doc := dst[start:]; ; {
			i := bytes.IndexByte(doc, '\n')
			if i < 0 {
				break
			}
			doc[i] = ' '
			doc = doc[i+1:]
		}
		dst = append(dst, '\n')
	}
	return dst
}

func (d *bulk) request() *Request {
	o := d.o
	o.body = o.appendBody(o.body[:0], d.records, d.left)
	first := &d.records[d.left[0].at]
	id := o.Seed.UUID("opensearch", d.records[0].Seq, d.records[0].Sub, d.begun.UnixNano(), len(d.records)-len(d.left)) // one for each body
	u := o.Endpoint + "/_bulk"
	r := &Request{Sink: "opensearch", Name: string(o.AppendIndex(nil, time.UnixMilli(first.Arrival))), ID: id, Suffix: ".ndjson",
		Method: http.MethodPost, URL: u, Shown: shownURL(u), Header: http.Header{"Content-Type": {"application/x-ndjson"}},
		Body: o.body, Records: len(d.left), Limit: DefaultLimit + 1024*int64(len(d.left)), Answer: d.answer}
	if half := (len(d.left) + 1) / 2; len(d.left) > 1 {
		r.Part = func() ([]byte, int) { return o.appendBody(nil, d.records, d.left[:half]), half }
	}
	if o.Region != "" {
		r.Service, r.Region = "es", o.Region
		if o.Serverless {
			r.Service = "aoss"
		}
	}
	return r
}

// answer is that of a cluster that indexes all documents, or the first half of them and has no room for the others.
func (d *bulk) answer(kind string) *Answer {
	taken := len(d.left)
	switch kind {
	case "":
	case "partial":
		taken = taken / 2
		if len(d.left) > 1 {
			taken = (len(d.left) + 1) / 2
		}
	default:
		return nil
	}
	body := fmt.Appendf(nil, `{"took":1,"errors":%v,"items":[`, taken < len(d.left))
	for i := range d.left {
		if i > 0 {
			body = append(body, ',')
		}
		if i < taken {
			body = append(body, `{"index":{"status":201}}`...)
		} else {
			body = append(body, `{"index":{"status":429,"error":{"type":"rejected_execution_exception","reason":"a fault that was asked for"}}}`...)
		}
	}
	return &Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: append(body, "]}"...)}
}

// read takes up what the cluster answered: documents that it has are no longer left, and the others know why. An outage is
// about all of them.
func (d *bulk) read(a *Answer, err error) *record.Outage {
	var te *TransportError
	var outage *record.Outage
	switch {
	case errors.As(err, &te):
		return &record.Outage{Code: codeNoAnswer, Err: err}
	case errors.As(err, &outage):
		return outage
	case err != nil:
		return &record.Outage{Code: codeNoAnswer, Err: err}
	case a.Status < 200 || a.Status >= 300:
		text := string(bytes.TrimSpace(a.Body[:min(len(a.Body), maxClusterText)]))
		if text == "" {
			text = fmt.Sprintf("%d: %s", a.Status, http.StatusText(a.Status))
		}
		return &record.Outage{Code: strconv.Itoa(a.Status), Message: text}
	}
	items, ok := readItems(a.Body, len(d.left))
	if !ok {
		return &record.Outage{Code: codeNoAnswer, Message: fmt.Sprintf("the cluster's answer is not that of a bulk request with %d documents", len(d.left))}
	}
	rest := d.left[:0]
	for i, v := range items {
		if v.status < 200 || v.status >= 300 {
			rest = append(rest, document{d.left[i].at, strconv.FormatInt(v.status, 10), v.message})
		}
	}
	d.left = rest
	return nil
}

// codeNoAnswer is the code of what the cluster has no code for (operations.md §2).
const codeNoAnswer = "InternalError"

// maxClusterText is how much of what a cluster answers stands in error lines.
const maxClusterText = 8192

// An item is what a bulk request's answer says of one document.
type item struct {
	status  int64
	message string // the error, as the cluster wrote it
}

// readItems reads the items of an answer; ok is false unless there are n of them, each with a status.
func readItems(b []byte, n int) (items []item, ok bool) {
	start := jsonscan.Space(b, 0)
	if start == len(b) || b[start] != '{' || jsonscan.Value(b, start) < 0 {
		return nil, false
	}
	jsonscan.Members(b, start, func(key []byte, v int) {
		if string(key) == "items" && b[v] == '[' && items == nil {
			items = make([]item, 0, n)
			eachElement(b, v, func(e int) { items = append(items, readItem(b, e)) })
		}
	})
	for _, i := range items {
		if i.status == 0 {
			return nil, false
		}
	}
	return items, len(items) == n
}

func readItem(b []byte, i int) (it item) {
	if b[i] != '{' {
		return it
	}
	jsonscan.Members(b, i, func(_ []byte, v int) { // the action: index
		if b[v] != '{' {
			return
		}
		jsonscan.Members(b, v, func(key []byte, v int) {
			switch string(key) {
			case "status":
				if n, end := jsonscan.Int(b, v); end >= 0 {
					it.status = n
				}
			case "error":
				text := b[v:jsonscan.Value(b, v)]
				it.message = string(text[:min(len(text), maxClusterText)])
			}
		})
	})
	return it
}

// eachElement calls f with the index of each element of the array that begins at b[i], which is well formed.
func eachElement(b []byte, i int, f func(e int)) {
	for i = jsonscan.Space(b, i+1); b[i] != ']'; i = jsonscan.Space(b, i) {
		if b[i] == ',' {
			i = jsonscan.Space(b, i+1)
		}
		f(i)
		i = jsonscan.Value(b, i)
	}
}

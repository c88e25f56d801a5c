package sink

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/compress"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// HTTP is an HTTP endpoint (destinations.md §4). A batch becomes one request, or several where it is too large for
// one (CHOICE), and each of them settles by itself:
//
//	POST <URL>
//	X-Amz-Firehose-Protocol-Version: 1.0
//	X-Amz-Firehose-Request-Id: <the same in every attempt>
//	X-Amz-Firehose-Source-Arn: <the delivery stream>
//	X-Amz-Firehose-Access-Key, X-Amz-Firehose-Common-Attributes: <where there are some; CHOICE>
//	Content-Type: application/json
//	Content-Encoding: gzip                                        <where it is>
//
//	{"requestId":"<the header's>","timestamp":<epoch ms>,"records":[{"data":"<base64>"},…]}
//
// A request counts as delivered when the answer is 200 with exactly the document that the service asks for.
type HTTP struct {
	URL        string
	AccessKey  string // empty is none
	Secret     bool   // there is a key, also where it isn't known
	GZIP       bool   // bodies are compressed
	Attributes []Attribute
	SourceARN  string // of the delivery stream
	Backup413  bool   // what is answered with 413 goes to the error output; by default it is lost (§4.4, CHOICE)
	Transport  Transport
	Seed       record.Seed

	encoder compress.Encoder
	free    [][]byte // bodies of requests that have settled
}

// An Attribute is one of RequestConfiguration.CommonAttributes.
type Attribute struct{ Name, Value string }

// The bounds of a request and of its answer (destinations.md §4.2, §4.3).
const (
	HTTPRecords = 10_000
	HTTPBody    = 64 << 20 // bytes, before compression
	HTTPAnswer  = 1 << 20
	HTTPMessage = 8192 // characters of an answer's errorMessage
	HTTPTimeout = 3 * time.Minute
)

// Begin cuts a batch into requests. The records stay the caller's, until the delivery is done.
func (h *HTTP) Begin(now time.Time, records []record.Record) record.Delivery {
	d := &httpDelivery{h: h, begun: now, records: records}
	const around = len(`{"requestId":"","timestamp":,"records":[]}`) + 36 + 20
	size, from := around, 0
	for i := range records {
		n := len(`{"data":""},`) + base64.StdEncoding.EncodedLen(len(records[i].Data))
		if i > from && (i-from == HTTPRecords || size+n > HTTPBody) {
			d.add(from, i, size)
			size, from = around, i
		}
		size += n
	}
	if from < len(records) {
		d.add(from, len(records), size)
	}
	return d
}

// An httpDelivery is the requests of one batch.
type httpDelivery struct {
	h        *HTTP
	begun    time.Time
	records  []record.Record
	requests []httpRequest
	attempts int
}

// An httpRequest is one request on its way. Its body stays as it is until it has settled.
type httpRequest struct {
	from, to int // its records
	size     int // of the body at most, before compression
	id       string
	body     []byte
	encoded  bool
	settled  bool
	outage   *record.Outage // of its last attempt
}

func (d *httpDelivery) add(from, to, size int) {
	first := &d.records[from]
	id := d.h.Seed.UUID("http", first.Seq, first.Sub, d.begun.UnixNano(), len(d.requests))
	d.requests = append(d.requests, httpRequest{from: from, to: to, size: size, id: id})
}

// Attempt sends each request that has not settled.
func (d *httpDelivery) Attempt(ctx context.Context, now time.Time) (record.Progress, error) {
	var p record.Progress
	var last *record.Outage
	d.attempts++
	for i := range d.requests {
		r := &d.requests[i]
		if r.settled {
			continue
		}
		if !r.encoded {
			r.body, r.encoded = d.h.encode(r, now, d.records[r.from:r.to]), true
		}
		answer, err := d.h.Transport.Do(ctx, d.h.request(r, now))
		if err != nil && ctx.Err() != nil {
			return p, ctx.Err()
		}
		r.outage = httpOutage(r.id, answer, err)
		switch {
		case r.outage == nil:
			p.Delivered += r.to - r.from
		case !r.outage.Final:
			last = r.outage
			continue
		case d.h.Backup413 || err != nil:
			p.Failed = d.fail(p.Failed, r, r.outage, d.attempts, now)
		default:
			p.Lost += r.to - r.from
			p.Why = r.outage
		}
		d.settle(r)
	}
	if last != nil {
		return p, last
	}
	p.Done = true
	return p, nil
}

func (d *httpDelivery) settle(r *httpRequest) {
	r.settled = true
	if r.body != nil {
		d.h.free = append(d.h.free, r.body)
		r.body = nil
	}
}

// GiveUp makes failures of what has not settled, each with what its own request was answered.
func (d *httpDelivery) GiveUp(o *record.Outage, attempts int, at time.Time) []record.Failure {
	var failed []record.Failure
	for i := range d.requests {
		if r := &d.requests[i]; !r.settled {
			if r.outage != nil {
				o = r.outage
			}
			failed = d.fail(failed, r, o, attempts, at)
			d.settle(r)
		}
	}
	return failed
}

// fail appends the failures of a request's records (destinations.md §4.5).
func (d *httpDelivery) fail(dst []record.Failure, r *httpRequest, o *record.Outage, attempts int, at time.Time) []record.Failure {
	message := o.Text()
	dst = slices.Grow(dst, r.to-r.from)
	for i := r.from; i < r.to; i++ {
		id := append(AppendEventID([]byte{'"'}, &d.records[i]), '"')
		dst = append(dst, record.Failure{Record: d.records[i], Cause: record.HTTPEndpointFailed, Code: o.Code, Message: message,
			Attempts: attempts, At: at.UnixMilli(), Members: []record.Member{
				{Name: "subsequenceNumber", JSON: id[slices.Index(id, '.')+1 : len(id)-1]}, {Name: "dataId", JSON: id},
			}})
	}
	return dst
}

// encode makes the body of a request.
func (h *HTTP) encode(r *httpRequest, now time.Time, records []record.Record) []byte {
	plain := appendHTTPBody(slices.Grow(h.take(), r.size), r.id, now.UnixMilli(), records)
	if !h.GZIP {
		return plain
	}
	body, err := h.encoder.Append(h.take(), plain, compress.GZIP, "")
	h.free = append(h.free, plain)
	if err != nil {
		panic("sink: gzip into memory: " + err.Error())
	}
	return body
}

func (h *HTTP) take() []byte {
	n := len(h.free) - 1
	if n < 0 {
		return nil
	}
	b := h.free[n][:0]
	h.free = h.free[:n]
	return b
}

func appendHTTPBody(dst []byte, id string, at int64, records []record.Record) []byte {
	dst = append(append(dst, `{"requestId":"`...), id...)
	dst = strconv.AppendInt(append(dst, `","timestamp":`...), at, 10)
	dst = append(dst, `,"records":[`...)
	for i := range records {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"data":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, records[i].Data)
		dst = append(dst, `"}`...)
	}
	return append(dst, `]}`...)
}

const accessKey = "X-Amz-Firehose-Access-Key"

func (h *HTTP) request(r *httpRequest, now time.Time) *Request {
	trace := h.Seed.Bytes("http/trace/"+r.id, 0, 0, now.UnixNano(), 0)
	header := http.Header{
		"X-Amz-Firehose-Protocol-Version": {"1.0"},
		"X-Amz-Firehose-Request-Id":       {r.id},
		"X-Amz-Firehose-Source-Arn":       {h.SourceARN},
		"Content-Type":                    {"application/json"},
		"Content-Length":                  {strconv.Itoa(len(r.body))},
		"User-Agent":                      {"Amazon Kinesis Data Firehose Agent/1.0"},
		"X-Amzn-Trace-Id":                 {fmt.Sprintf("Root=1-%08x-%x", now.Unix(), trace[:12])},
	}
	if h.GZIP {
		header.Set("Content-Encoding", "gzip")
	}
	if h.Secret {
		header.Set(accessKey, h.AccessKey)
	}
	if len(h.Attributes) > 0 {
		text := []byte(`{"commonAttributes":{`)
		for i, a := range h.Attributes {
			if i > 0 {
				text = append(text, ',')
			}
			text = record.AppendString(append(record.AppendString(text, a.Name), ':'), a.Value)
		}
		header.Set("X-Amz-Firehose-Common-Attributes", string(append(text, "}}"...)))
	}
	return &Request{Sink: "http", Name: hostOf(h.URL), ID: r.id, Suffix: ".json", Method: http.MethodPost, URL: h.URL, Shown: shownURL(h.URL),
		Header: header, Secrets: []string{accessKey}, Body: r.body, Records: r.to - r.from,
		Timeout: HTTPTimeout, Limit: HTTPAnswer, Answer: func(kind string) *Answer { return httpAnswer(kind, r.id, now) }}
}

// httpAnswer is what an endpoint answers that takes the request. One that takes part of it can't say so; "partial" is an
// answer that is cut off.
func httpAnswer(kind, id string, now time.Time) *Answer {
	body := fmt.Appendf(nil, `{"requestId":"%s","timestamp":%d}`, id, now.UnixMilli())
	switch kind {
	case "":
	case "partial":
		body = body[:len(body)/2]
	default:
		return nil
	}
	return &Answer{Status: http.StatusOK, Body: body,
		Header: http.Header{"Content-Type": {"application/json"}, "Content-Length": {strconv.Itoa(len(body))}}}
}

// hostOf is the name of the host of a URL.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// shownURL is a URL without what may be secret in it: user information, the values of a query, and what is long in a path, as the
// tokens of some vendors are (destinations.md §4.6).
func shownURL(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "***"
	}
	const token = 32
	hide := func(part string) string {
		if len(part) >= token {
			return "***"
		}
		return part
	}
	path := strings.Split(u.EscapedPath(), "/")
	for i := range path {
		path[i] = hide(path[i])
	}
	shown := u.Scheme + "://" + u.Host + strings.Join(path, "/")
	if u.RawQuery == "" {
		return shown
	}
	query := strings.Split(u.RawQuery, "&")
	for i, q := range query {
		if name, _, ok := strings.Cut(q, "="); ok {
			query[i] = name + "=***"
		} else {
			query[i] = hide(q)
		}
	}
	return shown + "?" + strings.Join(query, "&")
}

// The codes of an HTTP endpoint (destinations.md §4.5).
const (
	codeHTTPTimeout   = "HttpEndpoint.RequestTimeout"
	codeHTTPTooLarge  = "HttpEndpoint.ResponseTooLarge"
	codeHTTPInvalid   = "HttpEndpoint.InvalidResponseFromDestination"
	codeHTTPException = "HttpEndpoint.DestinationException"
	codeHTTPFailed    = "HttpEndpoint.ConnectionFailed"
	codeHTTPReset     = "HttpEndpoint.ConnectionReset"
	codeHTTPTLS       = "HttpEndpoint.SSLHandshakeFailure"
)

// httpOutage is why a request is not delivered, nil where it is. A final one is permanent.
func httpOutage(id string, a *Answer, err error) *record.Outage {
	var te *TransportError
	var outage *record.Outage
	switch {
	case errors.As(err, &te):
		o := &record.Outage{Err: err}
		switch te.Trouble {
		case TimedOut:
			o.Code, o.Message = codeHTTPTimeout, "The request timed out before a response was received and will be retried. If this error persists, contact the AWS Firehose service team."
		case TooLarge:
			o.Code, o.Message = codeHTTPTooLarge, "The response received from the endpoint is too large. Contact the owner of the endpoint to resolve this issue."
		case ConnectionClosed:
			o.Code, o.Message = codeHTTPReset, "Unable to maintain connection with the endpoint. Contact the owner of the endpoint to resolve this issue."
		case Handshake, Unverified:
			o.Code, o.Message = codeHTTPTLS, "Unable to complete an SSL handshake with the endpoint. Contact the owner of the endpoint to resolve this issue."
		default:
			o.Code, o.Message = codeHTTPFailed, "Unable to connect to the destination endpoint. Contact the owner of the endpoint to resolve this issue."
		}
		return o
	case errors.As(err, &outage):
		return outage
	case err != nil:
		return &record.Outage{Code: "InternalError", Err: err}
	case a.Status != http.StatusOK:
		body := string(a.Body[:min(len(a.Body), HTTPMessage)])
		if body == "" {
			body = fmt.Sprintf("%d: %s", a.Status, http.StatusText(a.Status))
		}
		return &record.Outage{Code: codeHTTPException, Final: a.Status == http.StatusRequestEntityTooLarge,
			Message: "Received the following response from the endpoint destination. " + body}
	}
	if why := CheckHTTPAnswer(id, a); why != "" {
		return &record.Outage{Code: codeHTTPInvalid,
			Message: "The response received from the endpoint is invalid: " + why + ". Contact the owner of the endpoint to resolve the issue."}
	}
	return nil
}

// CheckHTTPAnswer says what is wrong with the answer 200 to the request with an id, or "" (destinations.md §4.3).
// Parameters of the content type are allowed (CHOICE), and an errorMessage of null, which receivers in use send.
func CheckHTTPAnswer(id string, a *Answer) string {
	kind, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	switch {
	case !strings.EqualFold(strings.TrimSpace(kind), "application/json"):
		return "its Content-Type is not application/json"
	case len(a.Header.Values("Content-Encoding")) > 0:
		return "it has a Content-Encoding"
	case a.Header.Get("Content-Length") == "":
		return "it has no Content-Length"
	}
	b := a.Body
	start := jsonscan.Space(b, 0)
	end := jsonscan.Shallow(b, start, 2)
	if end < 0 || jsonscan.Space(b, end) != len(b) || b[start] != '{' {
		return "its body is not a JSON object as specified"
	}
	var why, got string
	seen := map[string]bool{}
	jsonscan.Members(b, start, func(key []byte, v int) {
		name := string(key)
		text, isText := "", b[v] == '"'
		if isText {
			t, _ := jsonscan.AppendString(nil, b, v+1)
			text = string(t)
		}
		switch {
		case why != "":
		case seen[name]:
			why = "its body has a member twice"
		case name == "requestId" && isText:
			got = text
		case name == "timestamp" && (b[v] == '-' || b[v] >= '0' && b[v] <= '9'):
		case name == "errorMessage" && (b[v] == 'n' || isText && len([]rune(text)) <= HTTPMessage):
		case name == "requestId", name == "timestamp", name == "errorMessage":
			why = name + " is not what it must be"
		default:
			why = "its body has unexpected fields"
		}
		seen[name] = true
	})
	switch {
	case why != "":
	case !seen["requestId"], !seen["timestamp"]:
		why = "requestId or timestamp is missing"
	case got != id:
		why = "its requestId is not that of the request"
	}
	return why
}

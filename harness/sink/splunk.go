package sink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
)

// Splunk is an HTTP event collector with indexer acknowledgement (destinations.md §3). A batch is one request, and it
// is delivered when its acknowledgement has come:
//
//	POST <endpoint>/services/collector/raw       the records one after the other, with nothing between them
//	POST <endpoint>/services/collector/event     likewise: each record is an event's JSON already
//	  Authorization: Splunk <token>
//	  X-Splunk-Request-Channel: <GUID>           → {"text":"Success","code":0,"ackId":0}
//	POST <endpoint>/services/collector/ack?channel=<GUID>
//	  {"acks":[0]}                               → {"acks":{"0":true}}
//
// A batch whose acknowledgement doesn't come in time is sent again, though it may be indexed already. Where the channel stands, and
// that bodies aren't compressed, is a CHOICE.
type Splunk struct {
	Endpoint   string
	Raw        bool
	Token      string
	AckTimeout time.Duration // from each send
	Transport  Transport
	Seed       record.Seed

	acks int64 // what is answered where nobody is asked
	body []byte
}

// splunkPoll is the pause between questions for an acknowledgement, and splunkAnswers how long an answer to one may take (§3, CHOICE): a
// collector that never answers is asked again until the acknowledgement's time is over.
const (
	splunkPoll    = 10 * time.Second
	splunkAnswers = 30 * time.Second
)

// Begin makes a request of a batch. The records stay the caller's, until the delivery is done.
func (s *Splunk) Begin(now time.Time, records []record.Record) record.Delivery {
	d := &splunkDelivery{s: s, records: records}
	if len(records) > 0 {
		d.id = s.Seed.UUID("splunk", records[0].Seq, records[0].Sub, now.UnixNano(), 0)
	}
	s.body = s.body[:0]
	for i := range records {
		s.body = append(s.body, records[i].Data...)
	}
	return d
}

// A splunkDelivery is one request and its acknowledgement. Its body is the sink's, which has one delivery at a time.
type splunkDelivery struct {
	s       *Splunk
	id      string
	records []record.Record
	ack     int64
	until   time.Time // that the acknowledgement is waited for; zero where there is nothing to wait for
}

// Attempt sends the request, or asks for its acknowledgement.
func (d *splunkDelivery) Attempt(ctx context.Context, now time.Time) (record.Progress, error) {
	var p record.Progress
	if d.until.IsZero() {
		answer, err := d.s.Transport.Do(ctx, d.send())
		if err != nil && ctx.Err() != nil {
			return p, ctx.Err()
		}
		ack, outage := splunkAnswer(answer, err)
		if outage != nil {
			return p, outage
		}
		d.ack, d.until = ack, now.Add(d.s.AckTimeout)
		p.Wake = now.Add(min(splunkPoll, d.s.AckTimeout))
		return p, nil
	}
	answer, err := d.s.Transport.Do(ctx, d.poll())
	if err != nil && ctx.Err() != nil {
		return p, ctx.Err()
	}
	acknowledged, outage := d.acknowledged(answer, err)
	switch {
	case outage != nil:
		d.until = time.Time{}
		return p, outage
	case acknowledged:
		p.Delivered, p.Done = len(d.records), true
	case now.Before(d.until):
		if p.Wake = now.Add(splunkPoll); p.Wake.After(d.until) {
			p.Wake = d.until
		}
	default:
		d.until = time.Time{}
		return p, splunkOutage(splunkAckTimeout, nil)
	}
	return p, nil
}

// GiveUp makes failures of all records. attemptsMade is the number of retries (§3, CHOICE).
func (d *splunkDelivery) GiveUp(o *record.Outage, attempts int, at time.Time) []record.Failure {
	failed := make([]record.Failure, len(d.records))
	message := o.Text()
	for i := range d.records {
		failed[i] = record.Failure{Record: d.records[i], Cause: record.SplunkFailed, Code: o.Code, Message: message, Attempts: attempts - 1, At: at.UnixMilli(),
			Members: []record.Member{{Name: "EventId", JSON: append(AppendEventID([]byte{'"'}, &d.records[i]), '"')}}}
	}
	return failed
}

const (
	splunkHeader  = "Authorization"
	splunkChannel = "X-Splunk-Request-Channel"
)

func (d *splunkDelivery) channel() string { return d.s.Seed.UUID("splunk/channel", 0, 0, 0, 0) }

func (d *splunkDelivery) send() *Request {
	path, contentType, suffix := "/services/collector/event", "application/json", ".json"
	if d.s.Raw {
		path, contentType, suffix = "/services/collector/raw", "text/plain", ".txt"
	}
	r := d.request(path, contentType, d.s.body)
	r.Header.Set(splunkChannel, d.channel())
	r.Suffix, r.Records = suffix, len(d.records)
	r.Answer = func(kind string) *Answer {
		switch kind {
		case "":
			d.s.acks++
			return &Answer{Status: http.StatusOK, Body: fmt.Appendf(nil, `{"text":"Success","code":0,"ackId":%d}`, d.s.acks-1)}
		case "partial": // the first event isn't one; none is taken
			return &Answer{Status: http.StatusBadRequest, Body: []byte(`{"text":"Invalid data format","code":6,"invalid-event-number":0}`)}
		}
		return nil
	}
	return r
}

func (d *splunkDelivery) poll() *Request {
	r := d.request("/services/collector/ack?channel="+url.QueryEscape(d.channel()), "application/json", fmt.Appendf(nil, `{"acks":[%d]}`, d.ack))
	r.Poll, r.Patience, r.Timeout = true, splunkPoll, splunkAnswers
	r.Until = func(a *Answer) bool {
		acknowledged, outage := d.acknowledged(a, nil)
		return acknowledged || outage != nil
	}
	r.Answer = func(kind string) *Answer {
		return &Answer{Status: http.StatusOK, Body: fmt.Appendf(nil, `{"acks":{"%d":%t}}`, d.ack, kind == "")}
	}
	return r
}

func (d *splunkDelivery) request(path, contentType string, body []byte) *Request {
	u := strings.TrimRight(d.s.Endpoint, "/") + path
	return &Request{Sink: "splunk", Name: hostOf(d.s.Endpoint), ID: d.id, Method: http.MethodPost, URL: u, Shown: shownURL(u),
		Header: http.Header{splunkHeader: {"Splunk " + d.s.Token}, "Content-Type": {contentType}, "Content-Length": {strconv.Itoa(len(body))}},
		Body:   body, Secrets: []string{splunkHeader}, Limit: HTTPAnswer}
}

// acknowledged reads the answer to the question for the acknowledgement. A collector that is out of reach or in trouble
// may have it later; one that knows no acknowledgements, or not the channel, never has (§3, CHOICE).
func (d *splunkDelivery) acknowledged(a *Answer, err error) (bool, *record.Outage) {
	if err != nil || a.Status >= 500 || a.Status == http.StatusTooManyRequests {
		return false, nil
	}
	var status struct{ Acks map[string]bool }
	if a.Status == http.StatusOK && json.Unmarshal(a.Body, &status) == nil && status.Acks != nil {
		return status.Acks[strconv.FormatInt(d.ack, 10)], nil
	}
	_, outage := splunkAnswer(a, nil)
	return false, outage
}

// The codes of Splunk (destinations.md §8) that name what happened, with the service's texts. Splunk.MaxRetriesFailed has no
// place here: lines have the code of the last attempt.
const (
	splunkAckTimeout        = "Splunk.AckTimeout"
	splunkSticky            = "Splunk.ProxyWithoutStickySessions"
	splunkDisabledToken     = "Splunk.DisabledToken"
	splunkInvalidToken      = "Splunk.InvalidToken"
	splunkInvalidData       = "Splunk.InvalidDataFormat"
	splunkInvalidIndex      = "Splunk.InvalidIndex"
	splunkServerError       = "Splunk.ServerError"
	splunkDisabledAck       = "Splunk.DisabledAck"
	splunkConnectionTimeout = "Splunk.ConnectionTimeout"
	splunkConnectionClosed  = "Splunk.ConnectionClosed"
	splunkInvalidEndpoint   = "Splunk.InvalidEndpoint"
	splunkUnverified        = "Splunk.SSLUnverified"
	splunkHandshake         = "Splunk.SSLHandshake"
)

var splunkTexts = map[string]string{
	splunkAckTimeout: "Did not receive an acknowledgement from HEC before the HEC acknowledgement timeout expired. Despite the acknowledgement timeout, " +
		"it's possible the data was indexed successfully in Splunk. Kinesis Firehose backs up in Amazon S3 data for which the acknowledgement timeout expired.",
	splunkSticky:            "If you have a proxy (ELB or other) between Kinesis Firehose and the HEC node, you must enable sticky sessions to support HEC ACKs.",
	splunkDisabledToken:     "The HEC token is disabled. Enable the token to allow data delivery to Splunk.",
	splunkInvalidToken:      "The HEC token is invalid. Configure Kinesis Firehose with a valid HEC token.",
	splunkInvalidData:       "The data is not formatted correctly. To see how to properly format data for Raw or Event HEC endpoints, see Splunk Event Data.",
	splunkInvalidIndex:      "The HEC token or input is configured with an invalid index. Check your index configuration and try again.",
	splunkServerError:       "Data delivery to Splunk failed due to a server error from the HEC node.",
	splunkDisabledAck:       "Indexer acknowledgement is disabled for the HEC token. Enable indexer acknowledgement and try again.",
	splunkConnectionTimeout: "The connection to Splunk timed out. This might be a transient error and the request will be retried.",
	splunkConnectionClosed:  "The connection to Splunk was closed due to an I/O failure. This might be a transient error.",
	splunkInvalidEndpoint:   "Could not route to the HEC endpoint. Make sure that the HEC endpoint URL is valid and reachable from Kinesis Firehose.",
	splunkUnverified:        "Unable to verify the SSL certificate of the HEC endpoint. Make sure that the certificate and the host are valid.",
	splunkHandshake:         "Could not connect to the HEC endpoint. Make sure that the certificate and the host are valid.",
}

func splunkOutage(code string, err error) *record.Outage {
	return &record.Outage{Code: code, Message: splunkTexts[code], Err: err}
}

// hecCodes are the service's codes for those of the collector (destinations.md §3, CHOICE).
var hecCodes = map[int]string{
	1: splunkDisabledToken, 2: splunkInvalidToken, 3: splunkInvalidToken, 4: splunkInvalidToken,
	5: splunkInvalidData, 6: splunkInvalidData, 7: splunkInvalidIndex, 8: splunkServerError, 9: splunkServerError,
	10: splunkInvalidData, 11: splunkSticky, 12: splunkInvalidData, 13: splunkInvalidData, 14: splunkDisabledAck,
}

// splunkAnswer is the number of the acknowledgement that a request will have, or why it has none.
func splunkAnswer(a *Answer, err error) (ack int64, o *record.Outage) {
	var te *TransportError
	var outage *record.Outage
	switch {
	case errors.As(err, &te):
		code := splunkConnectionClosed
		var ne net.Error
		switch te.Trouble {
		case ConnectionFailed:
			if errors.As(err, &ne) && ne.Timeout() {
				code = splunkConnectionTimeout
			}
		case TimedOut:
			code = splunkConnectionTimeout
		case TooLarge:
			code = splunkServerError
		case Handshake:
			code = splunkHandshake
		case Unverified:
			code = splunkUnverified
		case InvalidHost:
			code = splunkInvalidEndpoint
		}
		return 0, splunkOutage(code, err)
	case errors.As(err, &outage):
		return 0, outage
	case err != nil:
		return 0, &record.Outage{Code: "InternalError", Err: err}
	}
	var said struct {
		Text  string
		Code  *int
		AckID *int64 `json:"ackId"`
	}
	isHEC := json.Unmarshal(a.Body, &said) == nil && said.Code != nil
	code := splunkServerError
	switch {
	case isHEC && a.Status == http.StatusOK && *said.Code == 0 && said.AckID != nil:
		return *said.AckID, nil
	case isHEC && a.Status == http.StatusOK && *said.Code == 0: // taken, and never acknowledged
		code = splunkDisabledAck
	case isHEC && hecCodes[*said.Code] != "":
		code = hecCodes[*said.Code]
	case a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden:
		code = splunkInvalidToken
	case a.Status == http.StatusTooManyRequests || a.Status >= 500:
	case slices.Contains([]int{http.StatusBadRequest, http.StatusRequestEntityTooLarge}, a.Status):
		code = splunkInvalidData
	default: // no collector answers like that
		code = splunkInvalidEndpoint
	}
	return 0, splunkOutage(code, fmt.Errorf("the collector answers %d: %.200s", a.Status, a.Body))
}

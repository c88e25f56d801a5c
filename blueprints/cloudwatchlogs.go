package blueprints

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/internal/cwlogs"
)

// CloudWatchLogs is a transform of what a CloudWatch Logs subscription puts to a stream (record-transformation.md §10.5): each record
// is gunzipped and becomes the messages of its log events. Control messages are dropped; what can't be read, and messages of other
// types, are ProcessingFailed.
//
// Results are kept to 6,000,000 characters of base64 in all. Once that is reached, every later record is put back, through the
// Reingester of the [hydrant.Handler], but the first is always answered. A record whose own result is larger is put back in two
// halves, and is ProcessingFailed if it has but one event. Those that were put back are dropped. Where there is no Reingester, what
// would be put back is ProcessingFailed.
type CloudWatchLogs struct {
	// Envelope makes each event a JSON document with the fields of the envelope, in place of its message:
	// {"id":"…","timestamp":1510109208016,"message":"…","owner":"…","logGroup":"…","logStream":"…","subscriptionFilters":["…"]},
	// and "extractedFields" where a filter extracts some.
	Envelope bool

	err error
}

// maxProjected is the service's bound on results, in characters of base64 and ids.
const maxProjected = 6_000_000

// FromEnv reads the option FORMAT (lines, json). A wrong one is kept, and the transform answers every invocation with it.
func (c CloudWatchLogs) FromEnv(getenv func(string) string) CloudWatchLogs {
	e := env{get: getenv}
	format := 0
	if c.Envelope {
		format = 1
	}
	c.Envelope = e.choice("FORMAT", format, "lines", "json") == 1
	c.err = e.err
	return c
}

// Transform is hydrant.Transform's.
func (c CloudWatchLogs) Transform(ctx context.Context, records []hydrant.Record) ([]hydrant.Result, error) {
	if c.err != nil {
		return nil, c.err
	}
	results := make([]hydrant.Result, len(records))
	again := hydrant.ReingesterFrom(ctx)
	var back []hydrant.Record
	var owners []int // of back: indices of records
	var m logMessages
	var scratch []byte
	projected, answered := 0, false
	for i, r := range records {
		if !m.read(r.Data) {
			continue
		}
		if m.data == 0 {
			results[i] = hydrant.DropResult()
			continue
		}
		start := len(scratch)
		scratch = c.append(scratch, &m)
		n := base64.StdEncoding.EncodedLen(len(scratch) - start)
		if n > maxProjected {
			scratch = scratch[:start]
			if again == nil {
				continue
			}
			if a, b, ok := m.halves(); ok {
				one, two := r, r
				one.Data, two.Data = a, b
				back, owners = append(back, one, two), append(owners, i, i)
			}
			continue
		}
		if over := projected+n+len(r.ID) > maxProjected; over && answered {
			scratch = scratch[:start]
			if again != nil {
				projected = maxProjected // as in the service's, everything later is put back
				back, owners = append(back, r), append(owners, i)
			}
			continue
		}
		projected += n + len(r.ID)
		answered = true
		results[i] = hydrant.OKResult(scratch[start:len(scratch):len(scratch)])
	}
	if len(back) == 0 {
		return results, nil
	}
	e, _ := hydrant.EventFrom(ctx)
	for _, i := range owners {
		results[i] = hydrant.DropResult()
	}
	for j, err := range hydrant.PutBack(ctx, again, e, back) {
		if err != nil {
			results[owners[j]] = hydrant.FailResult()
		}
	}
	return results, nil
}

// logMessages are the messages in a record: one, but forwarders join several.
type logMessages struct {
	text      []byte
	envelopes []cwlogs.Envelope
	data      int // how many of them have data
}

// read gunzips and reads a record. It reports false for what can't be read, and for messages of other types.
func (m *logMessages) read(data []byte) (ok bool) {
	var err error
	if m.text, err = hydrant.Gunzip(m.text[:0], data); err != nil {
		return false
	}
	m.envelopes, m.data = m.envelopes[:0], 0
	for rest := m.text; ; {
		if len(m.envelopes) < cap(m.envelopes) {
			m.envelopes = m.envelopes[:len(m.envelopes)+1] // with the memory of its events
		} else {
			m.envelopes = append(m.envelopes, cwlogs.Envelope{})
		}
		e := &m.envelopes[len(m.envelopes)-1]
		if rest, err = e.Parse(rest); err != nil {
			return false
		}
		switch string(e.Type) {
		case "DATA_MESSAGE":
			m.data++
		case "CONTROL_MESSAGE":
		default:
			return false
		}
		if len(rest) == 0 {
			return true
		}
	}
}

func (c *CloudWatchLogs) append(dst []byte, m *logMessages) []byte {
	for i := range m.envelopes {
		e := &m.envelopes[i]
		if string(e.Type) != "DATA_MESSAGE" {
			continue
		}
		for j := range e.Events {
			v := &e.Events[j]
			if !c.Envelope {
				dst = append(v.AppendMessage(dst), '\n')
				continue
			}
			r := newRow(dst)
			for _, f := range [...]struct {
				name  string
				value []byte
			}{{"id", v.ID}, {"timestamp", v.Timestamp}, {"message", v.Message}, {"owner", e.Owner}, {"logGroup", e.LogGroup},
				{"logStream", e.LogStream}, {"subscriptionFilters", e.Filters}, {"extractedFields", v.Extracted}} {
				if f.value != nil {
					r.name(f.name)
					r.dst = appendCompact(r.dst, f.value)
				}
			}
			dst = append(r.dst, '}', '\n')
		}
	}
	return dst
}

// halves makes two records, each with half of the messages that have events, or of the events if there is one such message. It reports false
// if there is one event.
func (m *logMessages) halves() (a, b []byte, ok bool) {
	var full []*cwlogs.Envelope
	for i := range m.envelopes {
		if e := &m.envelopes[i]; string(e.Type) == "DATA_MESSAGE" && len(e.Events) > 0 {
			full = append(full, e)
		}
	}
	var one, two []byte
	if n := len(full); n > 1 {
		for _, e := range full[:n/2] {
			one = append(e.Append(one, e.Events), '\n')
		}
		for _, e := range full[n/2:] {
			two = append(e.Append(two, e.Events), '\n')
		}
		return gzipped(one), gzipped(two), true
	}
	if len(full) == 0 || len(full[0].Events) < 2 {
		return nil, nil, false
	}
	e := full[0]
	n := len(e.Events) / 2
	return gzipped(e.Append(one, e.Events[:n])), gzipped(e.Append(two, e.Events[n:])), true
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	// A buffer takes everything.
	if _, err := w.Write(data); err != nil {
		panic(fmt.Sprintf("gzip to memory: %v", err))
	}
	if err := w.Close(); err != nil {
		panic(fmt.Sprintf("gzip to memory: %v", err))
	}
	return b.Bytes()
}

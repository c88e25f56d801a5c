package blueprints

import (
	"bytes"
	"context"

	"github.com/hydrantkit/hydrant"
)

// CloudTrail reads CloudTrail events in all the ways they come, gzip-compressed or not: a file as CloudTrail delivers it, {"Records":[…]},
// single events, EventBridge's envelope around one, a CloudWatch Logs subscription's around many.
type CloudTrail struct {
	// Text makes texts of the members whose contents differ from event to event in their types: requestParameters,
	// responseElements, additionalEventData and serviceEventDetails become strings that hold their JSON. Tables can declare them then.
	Text bool

	err error
}

// FromEnv reads the option TEXT. A wrong one is kept, and the transform answers every invocation with it.
func (c CloudTrail) FromEnv(getenv func(string) string) CloudTrail {
	e := env{get: getenv}
	e.bool("TEXT", &c.Text)
	c.err = e.err
	return c
}

// JSON returns the transform of records to one event a line, each as it stands but for white space, with a newline. A record without
// events, such as a control message, is dropped.
func (c CloudTrail) JSON() hydrant.Transform { return transform(c.err, c.appendJSON) }

func (c *CloudTrail) appendJSON(_ context.Context, dst []byte, r hydrant.Record) ([]byte, hydrant.Status) {
	data := r.Data
	if bytes.HasPrefix(data, []byte{0x1F, 0x8B}) {
		var err error
		if data, err = hydrant.Gunzip(nil, data); err != nil {
			return dst, hydrant.ProcessingFailed
		}
	}
	out := dst
	for rest := bytes.TrimSpace(data); len(rest) > 0; {
		var doc []byte
		var ok bool
		if doc, rest, ok = cutDocument(rest); !ok {
			return dst, hydrant.ProcessingFailed
		}
		if out, ok = c.append(out, doc); !ok || len(out)-len(dst) > hydrant.MaxAnswer {
			return dst, hydrant.ProcessingFailed
		}
	}
	if len(out) == len(dst) {
		return dst, hydrant.Dropped
	}
	return out, hydrant.OK
}

// append appends the events of a document. It reports false if there is something else in it.
func (c *CloudTrail) append(dst, doc []byte) (_ []byte, ok bool) {
	if doc[0] != '{' {
		return dst, false
	}
	if list := member(doc, "Records"); list != nil {
		ok = list[0] == '[' && elements(list, func(event []byte) (ok bool) {
			dst, ok = c.event(dst, event)
			return ok
		})
		return dst, ok
	}
	if detail := member(doc, "detail"); detail != nil && member(doc, "detail-type") != nil {
		return c.event(dst, detail)
	}
	if kind, ok := stringOf(member(doc, "messageType")); ok {
		if string(kind) == "CONTROL_MESSAGE" {
			return dst, true
		}
		list := member(doc, "logEvents")
		ok = list != nil && list[0] == '[' && elements(list, func(v []byte) bool {
			if v[0] != '{' {
				return false
			}
			message, ok := memberText(v, "message")
			if !ok {
				return false
			}
			event, ok := document(message)
			if ok {
				dst, ok = c.event(dst, event)
			}
			return ok
		})
		return dst, ok
	}
	return c.event(dst, doc)
}

// event appends an event, and a newline. What hasn't a version and a name is none.
func (c *CloudTrail) event(dst, event []byte) (_ []byte, ok bool) {
	if event[0] != '{' || member(event, "eventVersion") == nil || member(event, "eventName") == nil && member(event, "eventType") == nil {
		return dst, false
	}
	if !c.Text {
		return append(appendCompact(dst, event), '\n'), true
	}
	r := newRow(dst)
	members(event, func(key, value []byte) bool {
		r.key(key)
		switch string(key) {
		case "requestParameters", "responseElements", "additionalEventData", "serviceEventDetails":
			if value[0] != 'n' {
				r.dst = hydrant.AppendJSONString(r.dst, appendCompact(nil, value))
				return true
			}
		}
		r.dst = appendCompact(r.dst, value)
		return true
	})
	return append(r.dst, '}', '\n'), true
}

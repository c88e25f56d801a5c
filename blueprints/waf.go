package blueprints

import (
	"bytes"
	"context"
	"strconv"

	"github.com/hydrantkit/hydrant"
)

// WAF makes AWS WAF logs, JSON already, fit for tables.
type WAF struct {
	err error
}

// FromEnv reads no options.
func (w WAF) FromEnv(func(string) string) WAF { return w }

// JSON returns the transform of logs to logs, one a line, in which
//
//   - "@timestamp" comes first, the timestamp as ISO 8601;
//   - httpRequest.headers, a list of names and values, is an object of them: names in lower case, the values of one name joined by ", ";
//   - labels, a list of objects with a name, is a list of names.
//
// Everything else is as it stands, but for white space.
func (w WAF) JSON() hydrant.Transform { return transform(w.err, appendWAF) }

func appendWAF(_ context.Context, dst []byte, rec hydrant.Record) ([]byte, hydrant.Status) {
	out := dst
	for rest := bytes.TrimSpace(rec.Data); len(rest) > 0; {
		var doc []byte
		var ok bool
		if doc, rest, ok = cutDocument(rest); !ok || doc[0] != '{' {
			return dst, hydrant.ProcessingFailed
		}
		stamp := member(doc, "timestamp")
		ms, err := strconv.ParseInt(string(stamp), 10, 64)
		if err != nil || ms < 0 || ms > 253402300799999 {
			return dst, hydrant.ProcessingFailed
		}
		r := newRow(out)
		r.name("@timestamp")
		r.dst = append(appendTime(append(r.dst, '"'), ms/1000, int(ms%1000)), '"')
		ok = members(doc, func(key, value []byte) bool {
			r.key(key)
			switch string(key) {
			case "httpRequest":
				return r.httpRequest(value)
			case "labels":
				return r.labels(value)
			}
			r.dst = appendCompact(r.dst, value)
			return true
		})
		if !ok {
			return dst, hydrant.ProcessingFailed
		}
		out = append(r.dst, '}', '\n')
	}
	if len(out) == len(dst) {
		return dst, hydrant.Dropped
	}
	return out, hydrant.OK
}

func (r *row) httpRequest(value []byte) bool {
	if value[0] != '{' {
		r.dst = appendCompact(r.dst, value)
		return value[0] == 'n'
	}
	inner := newRow(r.dst)
	ok := members(value, func(key, value []byte) bool {
		inner.key(key)
		if string(key) == "headers" && value[0] == '[' {
			return inner.headers(value)
		}
		inner.dst = appendCompact(inner.dst, value)
		return true
	})
	r.dst = append(inner.dst, '}')
	return ok
}

func (r *row) headers(list []byte) bool {
	type header struct {
		name   string
		values [][]byte
	}
	var headers []header
	index := map[string]int{}
	ok := elements(list, func(h []byte) bool {
		if h[0] != '{' {
			return false
		}
		name, ok := stringOf(member(h, "name"))
		value, valueOK := stringOf(member(h, "value"))
		if !ok || !valueOK {
			return false
		}
		lower := string(bytes.ToLower(name))
		i, ok := index[lower]
		if !ok {
			i = len(headers)
			index[lower] = i
			headers = append(headers, header{name: lower})
		}
		headers[i].values = append(headers[i].values, value)
		return true
	})
	inner := newRow(r.dst)
	for _, h := range headers {
		value := h.values[0]
		if len(h.values) > 1 {
			value = bytes.Join(h.values, []byte(", "))
		}
		inner.text(h.name, value)
	}
	r.dst = append(inner.dst, '}')
	return ok
}

func (r *row) labels(list []byte) bool {
	if list[0] != '[' {
		r.dst = appendCompact(r.dst, list)
		return list[0] == 'n'
	}
	r.dst = append(r.dst, '[')
	start := len(r.dst)
	ok := elements(list, func(l []byte) bool {
		if l[0] != '{' {
			return false
		}
		name, ok := stringOf(member(l, "name"))
		if len(r.dst) > start {
			r.dst = append(r.dst, ',')
		}
		r.dst = hydrant.AppendJSONString(r.dst, name)
		return ok
	})
	r.dst = append(r.dst, ']')
	return ok
}

package blueprints

import (
	"bytes"
	"context"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// DynamoDB makes plain JSON of DynamoDB's, in which every value says its type: changes as a table's stream puts them to a Kinesis data
// stream, items as an export writes them, {"Item":{…}}, and bare items. One or more documents a record.
type DynamoDB struct {
	// Image says what becomes of a change: ImageAll keeps it, with the items in it plain; ImageNew makes the new item of it, and drops
	// what removes one.
	Image DynamoImage

	// Strings makes strings of numbers, whose up to 38 digits not every reader of JSON keeps.
	Strings bool

	err error
}

// DynamoImage is what becomes of a change.
type DynamoImage uint8

const (
	ImageAll DynamoImage = iota
	ImageNew
)

// FromEnv reads the options IMAGE (all, new) and STRINGS. The first wrong one is kept, and the transform answers every invocation with it.
func (d DynamoDB) FromEnv(getenv func(string) string) DynamoDB {
	e := env{get: getenv}
	d.Image = DynamoImage(e.choice("IMAGE", int(d.Image), "all", "new"))
	e.bool("STRINGS", &d.Strings)
	d.err = e.err
	return d
}

// JSON returns the transform of documents to plain JSON, each with a newline. Sets become arrays; binary values stay base64.
func (d DynamoDB) JSON() hydrant.Transform { return transform(d.err, d.appendJSON) }

func (d *DynamoDB) appendJSON(_ context.Context, dst []byte, r hydrant.Record) ([]byte, hydrant.Status) {
	out := dst
	for rest := bytes.TrimSpace(r.Data); len(rest) > 0; {
		var doc []byte
		var ok bool
		if doc, rest, ok = cutDocument(rest); !ok || doc[0] != '{' {
			return dst, hydrant.ProcessingFailed
		}
		next, status := d.document(out, doc)
		switch status {
		case hydrant.ProcessingFailed:
			return dst, status
		case hydrant.OK:
			out = append(next, '\n')
		}
	}
	if len(out) == len(dst) {
		return dst, hydrant.Dropped
	}
	return out, hydrant.OK
}

func (d *DynamoDB) document(dst, doc []byte) ([]byte, hydrant.Status) {
	change := member(doc, "dynamodb")
	if change == nil || change[0] != '{' {
		item := doc
		if v := member(doc, "Item"); v != nil && v[0] == '{' && member(v, "S") == nil {
			item = v
		}
		return d.item(dst, item)
	}
	if d.Image == ImageNew {
		image := member(change, "NewImage")
		if image == nil || image[0] == 'n' {
			if member(change, "Keys") == nil {
				return dst, hydrant.ProcessingFailed
			}
			if event, _ := stringOf(member(doc, "eventName")); string(event) != "REMOVE" {
				return dst, hydrant.ProcessingFailed // a stream without new images
			}
			return dst, hydrant.Dropped
		}
		return d.item(dst, image)
	}
	r := newRow(dst)
	ok := members(doc, func(key, value []byte) bool {
		r.key(key)
		if string(key) != "dynamodb" {
			r.dst = appendCompact(r.dst, value)
			return true
		}
		inner := newRow(r.dst)
		ok := members(value, func(key, value []byte) bool {
			inner.key(key)
			switch string(key) {
			case "Keys", "NewImage", "OldImage":
				if value[0] == '{' {
					var status hydrant.Status
					inner.dst, status = d.item(inner.dst, value)
					return status == hydrant.OK
				}
			}
			inner.dst = appendCompact(inner.dst, value)
			return true
		})
		r.dst = append(inner.dst, '}')
		return ok
	})
	if !ok {
		return dst, hydrant.ProcessingFailed
	}
	return append(r.dst, '}'), hydrant.OK
}

// item appends an item, a map of typed values.
func (d *DynamoDB) item(dst, item []byte) ([]byte, hydrant.Status) {
	if item[0] != '{' {
		return dst, hydrant.ProcessingFailed
	}
	r := newRow(dst)
	if !members(item, func(key, value []byte) (ok bool) {
		r.key(key)
		r.dst, ok = d.value(r.dst, value)
		return ok
	}) {
		return dst, hydrant.ProcessingFailed
	}
	return append(r.dst, '}'), hydrant.OK
}

// value appends a typed value, an object of one member.
func (d *DynamoDB) value(dst, typed []byte) (_ []byte, ok bool) {
	if typed[0] != '{' {
		return dst, false
	}
	n := 0
	ok = members(typed, func(key, v []byte) (ok bool) {
		if n++; n > 1 {
			return false
		}
		switch string(key) {
		case "S", "B":
			dst = append(dst, v...)
			return v[0] == '"'
		case "N":
			dst, ok = d.number(dst, v)
			return ok
		case "BOOL":
			dst = append(dst, v...)
			return v[0] == 't' || v[0] == 'f'
		case "NULL":
			dst = append(dst, "null"...)
			return v[0] == 't'
		case "M":
			var status hydrant.Status
			dst, status = d.item(dst, v)
			return status == hydrant.OK
		case "L", "SS", "NS", "BS":
			if v[0] != '[' {
				return false
			}
			dst = append(dst, '[')
			start := len(dst)
			ok = elements(v, func(e []byte) (ok bool) {
				if len(dst) > start {
					dst = append(dst, ',')
				}
				switch {
				case len(key) == 1:
					dst, ok = d.value(dst, e)
				case key[0] == 'N':
					dst, ok = d.number(dst, e)
				default:
					dst, ok = append(dst, e...), e[0] == '"'
				}
				return ok
			})
			dst = append(dst, ']')
			return ok
		}
		return false
	})
	return dst, ok && n == 1
}

// number appends a number, which stands in a string.
func (d *DynamoDB) number(dst, v []byte) ([]byte, bool) {
	if v[0] != '"' {
		return dst, false
	}
	digits := v[1 : len(v)-1]
	if jsonscan.Number(digits, 0) != len(digits) {
		return dst, false
	}
	if d.Strings {
		return append(dst, v...), true
	}
	return append(dst, digits...), true
}

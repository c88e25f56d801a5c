// Package cwlogs reads what a CloudWatch Logs subscription puts to a stream (sources.md §8):
//
//	{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"g","logStream":"s","subscriptionFilters":["f"],
//	 "logEvents":[{"id":"56 digits","timestamp":1510109208016,"message":"text"}]}
//
// gzip-compressed on its way. It finds where things stand and builds no values: an [Envelope] points into the text.
package cwlogs

import (
	"errors"
	"fmt"

	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// An Envelope is one message. Its members are JSON texts as they stand, nil where the message hasn't the member.
type Envelope struct {
	Type      []byte // of messageType, without quotes: DATA_MESSAGE, CONTROL_MESSAGE
	Owner     []byte
	LogGroup  []byte
	LogStream []byte
	Filters   []byte
	Events    []Event

	before, after []byte // what stands around the elements of logEvents
	key           [32]byte
}

// An Event is an element of logEvents. Its members are JSON texts as they stand, nil where it hasn't the member.
type Event struct {
	Raw       []byte // the whole element
	ID        []byte
	Timestamp []byte
	Message   []byte
	Extracted []byte // of a filter that extracts fields
}

var errNoType = errors.New("no messageType")

// Parse reads the envelope at the start of text and returns what follows it: more envelopes, as some forwarders join them, white
// space, or nothing. e.Events is used again.
func (e *Envelope) Parse(text []byte) (rest []byte, err error) {
	*e = Envelope{Events: e.Events[:0]}
	i := jsonscan.Space(text, 0)
	end := object(text, i, e.key[:0], func(key []byte, start, end int) bool {
		value := text[start:end]
		switch string(key) {
		case "messageType":
			if len(value) >= 2 && value[0] == '"' {
				e.Type = value[1 : len(value)-1]
			}
		case "owner":
			e.Owner = value
		case "logGroup":
			e.LogGroup = value
		case "logStream":
			e.LogStream = value
		case "subscriptionFilters":
			e.Filters = value
		case "logEvents":
			e.Events = e.Events[:0]
			if value[0] != '[' {
				return value[0] == 'n'
			}
			e.before, e.after = text[i:start+1], text[end-1:]
			return e.events(value)
		}
		return true
	})
	if end < 0 {
		if x := jsonscan.Explain(text, i); x != nil {
			return nil, fmt.Errorf("log message: %w", x)
		}
		return nil, errors.New("log message: not an object with a list of logEvents")
	}
	if e.Type == nil {
		return nil, fmt.Errorf("log message: %w", errNoType)
	}
	if e.after != nil {
		e.after = e.after[:len(e.after)-(len(text)-end)]
	}
	return text[jsonscan.Space(text, end):], nil
}

func (e *Envelope) events(list []byte) bool {
	i := jsonscan.Space(list, 1)
	for list[i] != ']' {
		var v Event
		end := object(list, i, e.key[:0], func(key []byte, start, end int) bool {
			value := list[start:end]
			switch string(key) {
			case "id":
				v.ID = value
			case "timestamp":
				v.Timestamp = value
			case "message":
				v.Message = value
			case "extractedFields":
				v.Extracted = value
			}
			return true
		})
		if end < 0 {
			return false
		}
		v.Raw = list[i:end]
		e.Events = append(e.Events, v)
		if i = jsonscan.Space(list, end); list[i] == ',' {
			i = jsonscan.Space(list, i+1)
		}
	}
	return true
}

// AppendMessage appends the text of the event's message, nothing if it has none.
func (v *Event) AppendMessage(dst []byte) []byte {
	if len(v.Message) == 0 || v.Message[0] != '"' {
		return dst
	}
	dst, _ = jsonscan.AppendString(dst, v.Message, 1)
	return dst
}

// Append appends the envelope as it stands, but with these events only.
func (e *Envelope) Append(dst []byte, events []Event) []byte {
	dst = append(dst, e.before...)
	for i := range events {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, events[i].Raw...)
	}
	return append(dst, e.after...)
}

// object reads the object at b[i], gives each member's key and the place of its value to member, and returns the index behind it, or
// -1 if there is no object or member reports false.
func object(b []byte, i int, text []byte, member func(key []byte, start, end int) bool) int {
	if i >= len(b) || b[i] != '{' {
		return -1
	}
	if i = jsonscan.Space(b, i+1); i < len(b) && b[i] == '}' {
		return i + 1
	}
	for i < len(b) && b[i] == '"' {
		key, end := jsonscan.AppendString(text, b, i+1)
		if end < 0 {
			return -1
		}
		if i = jsonscan.Space(b, end); i >= len(b) || b[i] != ':' {
			return -1
		}
		start := jsonscan.Space(b, i+1)
		if end = jsonscan.Value(b, start); end < 0 || !member(key, start, end) {
			return -1
		}
		if i = jsonscan.Space(b, end); i >= len(b) {
			return -1
		}
		if b[i] == '}' {
			return i + 1
		}
		if b[i] != ',' {
			return -1
		}
		i = jsonscan.Space(b, i+1)
	}
	return -1
}

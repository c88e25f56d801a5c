package jq

import "strings"

// raised is an error of the query's own: a message or any other value, or a break on its way to its label.
type raised struct {
	v     value
	label int64 // of a break, from 1
}

// maxMessage bounds the text of an error: it becomes a part of the failed record's line, and may be all of the record.
const maxMessage = 8 << 10

// value is the error as catch sees it: jq 1.6 shows a break too.
func (e *raised) value() value {
	if e.label == 0 {
		return e.v
	}
	o := newObject(1)
	o.set("__jq", number(float64(e.label-1)))
	return objectValue(o)
}

func (e *raised) Error() string {
	if e.label != 0 {
		return "break"
	}
	text := "(not a string): "
	if e.v.kind == kindString {
		text = e.v.str()
	} else {
		text += view(appendUpTo(nil, e.v, maxMessage))
	}
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "…"
	}
	return text
}

func raise(v value) error { return &raised{v: v} }

func raiseString(s string) error { return &raised{v: str(s)} }

// typeError is "number (1) MESSAGE".
func typeError(v value, message string) error {
	return raiseString(describe(v) + " " + message)
}

// typeErrors is "number (1) and string ("a") MESSAGE".
func typeErrors(a, b value, message string) error {
	return raiseString(describe(a) + " and " + describe(b) + " " + message)
}

func describe(v value) string { return v.kind.String() + " (" + excerpt(v, shortExcerpt) + ")" }

// aborted ends a run, and no try catches it: a limit, halt, or where jq 1.6 would itself abort.
type aborted struct {
	reason string
	halt   bool
	code   value
	output value
}

func (e *aborted) Error() string { return e.reason }

package jsonrow

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
	"github.com/hydrantkit/hydrant/schema"
)

// A Walk is the complete way through one record. Everything in it is unhurried.
type Walk struct {
	B    []byte
	Fold func(key string) string // how a key is matched
	Col  *Node                   // the column at hand
	Err  *column.RowError        // the first error

	path  []byte // JSON Pointer of the value at hand
	nulls int    // that the record has made
}

// Frame checks that B holds JSON values and nothing else (format-conversion.md §6), sets Err if not, and returns where the first
// begins. row is what is wanted of each.
func (w *Walk) Frame(row *schema.Type) int {
	b, i := w.B, 0
	if bytes.HasPrefix(b, bom) {
		i = len(bom)
	}
	if i = jsonscan.Space(b, i); i == len(b) {
		w.Err = &column.RowError{Offset: i, Want: row, Code: column.MalformedData, Message: "The record was empty or contained only whitespace.",
			Hint: "drop empty records in a transform"}
		return i
	}
	for j := i; j < len(b); j = jsonscan.Space(b, j) {
		end := jsonscan.Value(b, j)
		if end < 0 || end < len(b) && !separate(b[j], b[end]) {
			w.syntax(j, end)
			return i
		}
		j = end
	}
	return i
}

// separate reports whether a value that begins with c may be followed by next: a number or literal that is followed by
// something else than white space or a value with a beginning of its own would be another token.
func separate(c, next byte) bool {
	return strings.IndexByte(`{["`, c) >= 0 || strings.IndexByte(" \t\r\n{[\"", next) >= 0
}

// syntax sets Err for the value that begins at start and isn't one, or has something behind its end.
func (w *Walk) syntax(start, end int) {
	b := w.B
	e := &jsonscan.Error{Offset: max(end, start), Text: "Unexpected characters"}
	if end < 0 {
		if x := jsonscan.Explain(b, start); x != nil {
			e = x
		}
	}
	re := &column.RowError{Offset: e.Offset, Code: column.ParseError, Message: "Encountered malformed JSON. " + e.Text}
	re.Value = column.Seen(b[min(e.Offset, len(b)):])
	switch {
	case e.Offset >= len(b):
		re.Hint = "the record ends too early: see whether its producer cuts it, or splits one document over records"
	case b[e.Offset] == '\'':
		re.Hint = "JSON wants double quotes; make it JSON in a transform"
	case strings.HasPrefix(e.Text, "Invalid UTF-8"):
		re.Hint = "encode the record as UTF-8 at its producer or in a transform"
	case strings.HasPrefix(e.Text, "Illegal unquoted"):
		re.Hint = "escape control characters in strings at the producer or in a transform"
	case bytes.HasPrefix(b[e.Offset:], []byte("NaN")) || bytes.HasPrefix(b[e.Offset:], []byte("Infinity")):
		re.Hint = "JSON has no NaN or Infinity; write null in a transform"
	default:
		re.Hint = "only JSON can be converted: fix the producer, or make JSON of it in a transform"
	}
	w.Err = re
}

// Primitive sets Err for a record that isn't an object.
func (w *Walk) Primitive(row *schema.Type, i int) {
	w.Err = &column.RowError{Offset: i, Want: row, Value: column.Seen(w.B[i:jsonscan.Value(w.B, i)]), Code: column.MalformedData,
		Message: "The input JSON contained a primitive at the top level. The top level must be an object or array.",
		Hint:    "wrap the value in an object in a transform"}
}

// Fail sets Err, if there is none yet: the value at B[i] isn't what n wants.
func (w *Walk) Fail(n *Node, i int, detail, hint string) {
	if w.Err != nil {
		return
	}
	w.Err = &column.RowError{Offset: i, Path: string(w.path), Want: n.Type, Value: column.Seen(w.B[i:jsonscan.Value(w.B, i)]),
		Code: column.MalformedData, Message: "Data does not match the schema. " + detail, Hint: hint}
	if w.Col != nil {
		w.Err.Column = w.Col.Name
	}
}

// Null appends a null to v: the value at B[i], or a member that the object there doesn't have.
func (w *Walk) Null(n *Node, v *column.Vector, i int) {
	if w.nulls += n.width; w.nulls <= maxNulls {
		v.AppendNull()
		return
	}
	if w.Err == nil {
		w.Err = &column.RowError{Offset: i, Path: string(w.path), Want: n.Type, Code: column.ConversionException,
			Message: "The record makes more than " + strconv.Itoa(maxNulls) + " nulls.",
			Hint:    "each member that an object of the record doesn't have is one; split the record in a transform, or declare fewer members"}
	}
}

// Push adds a member to the path and returns what Pop needs to take it off again.
func (w *Walk) Push(part string) int {
	mark := len(w.path)
	w.path = append(w.path, '/')
	for i := range len(part) {
		switch c := part[i]; c {
		case '~':
			w.path = append(w.path, "~0"...)
		case '/':
			w.path = append(w.path, "~1"...)
		default:
			w.path = append(w.path, c)
		}
	}
	return mark
}

// PushIndex adds an element to the path.
func (w *Walk) PushIndex(i int) int {
	mark := len(w.path)
	w.path = strconv.AppendInt(append(w.path, '/'), int64(i), 10)
	return mark
}

// Pop makes the path what it was before a Push.
func (w *Walk) Pop(mark int) { w.path = w.path[:mark] }

// A Member is a key and where its value begins.
type Member struct {
	Key   string // as it is matched
	Raw   string // as it is written, without escapes
	Value int
}

// Members returns the members of the object at B[i].
func (w *Walk) Members(i int) (ms []Member) {
	i = jsonscan.Space(w.B, i+1)
	if w.B[i] == '}' {
		return nil
	}
	for {
		end := jsonscan.String(w.B, i)
		m := Member{Raw: Unescape(w.B[i+1 : end-1])}
		m.Key = w.Fold(m.Raw)
		m.Value = jsonscan.Space(w.B, jsonscan.Space(w.B, end)+1)
		ms = append(ms, m)
		i = jsonscan.Space(w.B, jsonscan.Value(w.B, m.Value))
		if w.B[i] == '}' {
			return ms
		}
		i = jsonscan.Space(w.B, i+1)
	}
}

// Elements calls f with the number and the index of each element of the array at B[i] until it returns false.
func (w *Walk) Elements(i int, f func(k, at int) bool) {
	i = jsonscan.Space(w.B, i+1)
	for k := 0; w.B[i] != ']'; k++ {
		if w.B[i] == ',' {
			i = jsonscan.Space(w.B, i+1)
		}
		if !f(k, i) {
			return
		}
		i = jsonscan.Space(w.B, jsonscan.Value(w.B, i))
	}
}

// Text returns the text of the string at B[i].
func (w *Walk) Text(i int) []byte {
	text, _ := jsonscan.AppendString(nil, w.B, i+1)
	return text
}

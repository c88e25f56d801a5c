package jq

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// maxReadDepth is jq 1.6's. An object under a key counts twice: jq keeps the key on the same stack.
const maxReadDepth = 256

// A reader reads JSON documents as jq 1.6 does. It is lenient: see parseNumber; a byte order mark in front, NUL and 0x1f in
// strings are fine; bytes that aren't UTF-8 become U+FFFD. It is strict where jq is: no trailing commas, no lone high surrogate.
//
// The values it makes lie in its own memory and point into the input. Both are used again for the next record: nothing a query
// makes outlives its run.
type reader struct {
	in   []byte
	pos  int
	mark int // length of the byte order mark

	stack []slot
	keys  []string // of the open objects
	vals  []value  // of the open objects and arrays
	next  value    // the value that is complete but has no place yet
	start bool     // the byte order mark is behind
	done  bool
	call  int // where this call of read began

	valSlab    []value
	keySlab    []string
	objectSlab []object
	arraySlab  []array
}

// A slot is an open array or object, or the key whose value is awaited in the object below it.
type slot struct {
	kind kind // kindArray, kindObject, or kindString for a key
	keys int  // where its keys begin among those of the reader
	vals int
	key  string
}

// A ParseError says where jq's reader stopped. Its text is jq's.
type ParseError struct {
	Message      string
	Line, Column int
	EOF          bool
}

func (e *ParseError) Error() string {
	if e.EOF {
		return fmt.Sprintf("%s at EOF at line %d, column %d", e.Message, e.Line, e.Column)
	}
	return fmt.Sprintf("%s at line %d, column %d", e.Message, e.Line, e.Column)
}

// separator is RS of JSON text sequences. It drops what is unfinished.
const separator = 0x1e

// drop forgets what is open. jq reads its input line by line, and takes a separator that yields nothing in a last line without
// an end for the end of the input, unless another document of that line came before.
func (r *reader) drop() {
	r.stack, r.keys, r.vals, r.next = r.stack[:0], r.keys[:0], r.vals[:0], none
	rest := r.in[r.pos:]
	lineStart := bytes.LastIndexByte(r.in[:r.pos], '\n') + 1
	if r.call <= lineStart && bytes.IndexByte(rest, '\n') < 0 {
		r.done = true
	}
}

// lines is jq's input_line_number: how many ended lines it has read, the current one whole.
func (r *reader) lines() int {
	n := bytes.Count(r.in[:r.pos], []byte{'\n'})
	if r.pos > 0 && r.in[r.pos-1] != '\n' && bytes.IndexByte(r.in[r.pos:], '\n') >= 0 {
		n++
	}
	return n
}

// reset readies r for a record. jq reads lines into a C string: in a last line without an end, NUL is the end.
func (r *reader) reset(in []byte) {
	if bytes.IndexByte(in, 0) >= 0 {
		last := bytes.LastIndexByte(in, '\n') + 1
		if i := bytes.IndexByte(in[last:], 0); i >= 0 {
			in = in[:last+i]
		}
	}
	*r = reader{in: in, stack: r.stack[:0], keys: r.keys[:0], vals: r.vals[:0], valSlab: r.valSlab[:0], keySlab: r.keySlab[:0],
		objectSlab: r.objectSlab[:0], arraySlab: r.arraySlab[:0]}
}

func (r *reader) fail(message string, eof bool) error {
	r.done = true
	e := &ParseError{Message: message, EOF: eof, Line: 1 + bytes.Count(r.in[:r.pos], []byte{'\n'})}
	e.Column = r.pos - max(bytes.LastIndexByte(r.in[:r.pos], '\n')+1, r.mark)
	return e
}

// slab returns room for n elements in *s, which grows by whole blocks.
func slab[T any](s *[]T, n int) []T {
	have := len(*s)
	if cap(*s)-have < n {
		*s = make([]T, 0, max(n, min(2*cap(*s), 4096), 32))
		have = 0
	}
	*s = (*s)[:have+n]
	return (*s)[have : have+n : have+n]
}

// read returns the next document, or none at the end of the input.
func (r *reader) read() (value, error) {
	if r.done {
		return none, nil
	}
	if !r.start {
		r.start = true
		const mark = "\xef\xbb\xbf"
		n := 0
		for n < len(mark) && n < len(r.in) && r.in[n] == mark[n] {
			n++
		}
		if n > 0 && n < len(mark) && n < len(r.in) {
			r.done = true
			return none, errMalformedMark
		}
		r.pos, r.mark = n, n
	}
	r.call = r.pos
	for r.pos < len(r.in) && !r.done {
		v, err := r.step()
		if err != nil || v.kind != kindNone {
			return v, err
		}
	}
	if r.done {
		return none, nil
	}
	r.done = true
	if len(r.stack) != 0 {
		return none, r.fail("Unfinished JSON term", true)
	}
	v := r.next
	r.next = none
	return v, nil
}

type readError string

func (e readError) Error() string { return string(e) }

const errMalformedMark = readError("Malformed BOM")

// step consumes one token or one blank, and returns a document when that completed one.
func (r *reader) step() (value, error) {
	c := r.in[r.pos]
	switch c {
	case ' ', '\t', '\r', '\n':
		r.pos++
	case '"':
		r.pos++
		if err := r.stringToken(); err != nil {
			return none, err
		}
	case '[', '{', ':', ',', ']', '}':
		// A number or word at the top is a document that structure ends; it is lost if the structure is wrong.
		var v value
		if len(r.stack) == 0 {
			v, r.next = r.next, none
		}
		r.pos++
		if msg := r.structure(c); msg != "" {
			return none, r.fail(msg, false)
		}
		if v.kind != kindNone {
			return v, nil
		}
	case separator:
		r.pos++
		if len(r.stack) != 0 || r.next.kind == kindNone {
			r.drop()
		}
	default:
		if err := r.literal(); err != nil {
			return none, err
		}
		if r.pos < len(r.in) && strings.IndexByte("[{:,]}", r.in[r.pos]) >= 0 {
			return none, nil // the structure is looked at first
		}
	}
	if len(r.stack) == 0 && r.next.kind != kindNone {
		v := r.next
		r.next = none
		return v, nil
	}
	return none, nil
}

// place makes v the value that awaits its place.
func (r *reader) place(v value) string {
	if r.next.kind != kindNone {
		return "Expected separator between values"
	}
	r.next = v
	return ""
}

func (r *reader) structure(c byte) string {
	var top *slot
	if n := len(r.stack); n > 0 {
		top = &r.stack[n-1]
	}
	switch c {
	case '[', '{':
		if len(r.stack) >= maxReadDepth {
			return "Exceeds depth limit for parsing"
		}
		if r.next.kind != kindNone {
			return "Expected separator between values"
		}
		s := slot{kind: kindArray, keys: len(r.keys), vals: len(r.vals)}
		if c == '{' {
			s.kind = kindObject
		}
		r.stack = append(r.stack, s)
	case ':':
		if r.next.kind == kindNone {
			return "Expected string key before ':'"
		}
		if top == nil || top.kind != kindObject {
			return "':' not as part of an object"
		}
		if r.next.kind != kindString {
			return "Object keys must be strings"
		}
		r.stack = append(r.stack, slot{kind: kindString, key: r.next.str()})
		r.next = none
	case ',':
		if r.next.kind == kindNone {
			return "Expected value before ','"
		}
		switch {
		case top == nil:
			return "',' not as part of an object or array"
		case top.kind == kindArray:
			r.vals = append(r.vals, r.next)
		case top.kind == kindString:
			r.member(top)
		default:
			return "Objects must consist of key:value pairs"
		}
		r.next = none
	case ']':
		if top == nil || top.kind != kindArray {
			return "Unmatched ']'"
		}
		if r.next.kind != kindNone {
			r.vals = append(r.vals, r.next)
		} else if len(r.vals) != top.vals {
			return "Expected another array element"
		}
		r.next = r.array(top)
		r.pop()
	case '}':
		if top == nil {
			return "Unmatched '}'"
		}
		if r.next.kind != kindNone {
			if top.kind != kindString {
				return "Objects must consist of key:value pairs"
			}
			r.member(top)
			top = &r.stack[len(r.stack)-1]
		} else {
			if top.kind != kindObject {
				return "Unmatched '}'"
			}
			if len(r.keys) != top.keys {
				return "Expected another key-value pair"
			}
		}
		r.next = r.object(top)
		r.pop()
	}
	return ""
}

// member gives the awaited value to the key on top of the stack.
func (r *reader) member(key *slot) {
	r.keys = append(r.keys, key.key)
	r.vals = append(r.vals, r.next)
	r.pop()
}

func (r *reader) pop() { r.stack = r.stack[:len(r.stack)-1] }

// array makes the array that was opened at s.
func (r *reader) array(s *slot) value {
	elems := slab(&r.valSlab, len(r.vals)-s.vals)
	copy(elems, r.vals[s.vals:])
	r.vals = r.vals[:s.vals]
	a := &slab(&r.arraySlab, 1)[0]
	*a = array{elems: elems}
	return value{kind: kindArray, p: unsafe.Pointer(a)}
}

// object makes the object that was opened at s. Of equal keys the first gives the place and the last the value.
func (r *reader) object(s *slot) value {
	n := len(r.keys) - s.keys
	o := &slab(&r.objectSlab, 1)[0]
	*o = object{keys: slab(&r.keySlab, n)[:0], vals: slab(&r.valSlab, n)[:0]}
	for i, k := range r.keys[s.keys:] {
		o.set(k, r.vals[s.vals+i])
	}
	r.keys, r.vals = r.keys[:s.keys], r.vals[:s.vals]
	return objectValue(o)
}

// literal reads a run of bytes that is neither a string nor structure: a word or a number. What is wrong with it is found at
// the byte after it.
func (r *reader) literal() error {
	start := r.pos
	for r.pos < len(r.in) && !endsLiteral(r.in[r.pos]) {
		r.pos++
	}
	b := r.in[start:r.pos]
	v, msg := literalValue(b)
	if msg == "" {
		msg = r.place(v)
	}
	if msg == "" {
		return nil
	}
	if r.pos == len(r.in) {
		return r.fail(msg, true)
	}
	r.pos++
	return r.fail(msg, false)
}

func literalValue(b []byte) (value, string) {
	var word string
	var v value
	switch b[0] {
	case 0: // C's string ends here, and of nothing strtod makes 0
		return number(0), ""
	case 't':
		word, v = "true", vTrue
	case 'f':
		word, v = "false", vFals
	case 'n':
		word, v = "null", null
	default:
		f, ok := parseNumber(b)
		if !ok {
			return none, "Invalid numeric literal"
		}
		return number(f), ""
	}
	if string(b) != word {
		return none, "Invalid literal"
	}
	return v, ""
}

func endsLiteral(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', '"', '[', '{', ':', ',', ']', '}', separator:
		return true
	}
	return false
}

// stringToken reads a string after its opening quote.
func (r *reader) stringToken() error {
	start := r.pos
	escaped := false
	for {
		// Only these bytes matter: a quote, a backslash and those below a blank.
		r.pos = quoteOrControl(r.in, r.pos)
		if r.pos == len(r.in) {
			return r.fail("Unfinished string", true)
		}
		c := r.in[r.pos]
		r.pos++
		if c == separator {
			// jq takes what it has of the string for a word or a number.
			if raw := r.in[start : r.pos-1]; len(raw) > 0 {
				v, msg := literalValue(raw)
				if msg == "" {
					msg = r.place(v)
				}
				if msg != "" {
					return r.fail(msg, false)
				}
			}
			r.drop()
			return nil
		}
		if c == '"' {
			break
		}
		if c == '\\' {
			escaped = true
			if r.pos < len(r.in) && r.in[r.pos] != separator {
				r.pos++
			}
		} else if c > 0 && c < 0x1f {
			escaped = true // let unescape see whether it comes before another mistake
		}
	}
	raw := r.in[start : r.pos-1]
	var s string
	if escaped {
		b, msg := unescape(make([]byte, 0, len(raw)), raw)
		if msg != "" {
			return r.fail(msg, false)
		}
		raw = b
	}
	if utf8.Valid(raw) {
		s = view(raw)
	} else {
		s = cleanString(raw)
	}
	if msg := r.place(str(s)); msg != "" {
		return r.fail(msg, false)
	}
	return nil
}

// quoteOrControl returns the position of the first quote, backslash or byte below a blank from i on, or the length.
func quoteOrControl(b []byte, i int) int {
	for i+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[i:])
		q := x ^ 2*low7 // the quote next to the controls: both are below 0x21 then
		s := x ^ '\\'*low7
		if m := ((q-0x21*low7)&^q | (s-low7)&^s) & high1; m != 0 {
			i += bits.TrailingZeros64(m) >> 3
			return i
		}
		i += 8
	}
	for ; i < len(b); i++ {
		if c := b[i]; c == '"' || c == '\\' || c < 0x20 {
			return i
		}
	}
	return i
}

const errControl = "Invalid string: control characters from U+0000 through U+001F must be escaped"

// unescape appends a string's bytes, without its quotes, to dst, or says what is wrong.
func unescape(dst, in []byte) ([]byte, string) {
	for i := 0; i < len(in); {
		c := in[i]
		i++
		if c != '\\' {
			if c > 0 && c < 0x1f {
				return dst, errControl
			}
			dst = append(dst, c)
			continue
		}
		if i >= len(in) {
			return dst, "Expected escape character at end of string"
		}
		c = in[i]
		i++
		switch c {
		case '\\', '"', '/':
			dst = append(dst, c)
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 't':
			dst = append(dst, '\t')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 'u':
			if i+4 > len(in) {
				return dst, `Invalid \uXXXX escape`
			}
			r := hex4(in[i:])
			if r < 0 {
				return dst, `Invalid characters in \uXXXX escape`
			}
			i += 4
			if 0xd800 <= r && r <= 0xdbff {
				const msg = `Invalid \uXXXX\uXXXX surrogate pair escape`
				if i+6 > len(in) || in[i] != '\\' || in[i+1] != 'u' {
					return dst, msg
				}
				low := hex4(in[i+2:])
				if low < 0xdc00 || low > 0xdfff {
					return dst, msg
				}
				i += 6
				r = 0x10000 + (r-0xd800)<<10 | (low - 0xdc00)
			}
			dst = utf8.AppendRune(dst, r) // a lone low surrogate becomes U+FFFD
		default:
			return dst, "Invalid escape"
		}
	}
	return dst, ""
}

func hex4(b []byte) rune {
	var r rune
	for _, c := range b[:4] {
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return -1
		}
	}
	return r
}

// parseJSON reads the one document in s, as fromjson and tonumber do. The error has jq's text.
func parseJSON(s string) (value, string) {
	r := reader{in: []byte(s)}
	v, err := r.read()
	if err == nil {
		if v.kind == kindNone {
			return none, "Expected JSON value (while parsing '" + cString(s) + "')"
		}
		var extra value
		extra, err = r.read()
		if extra.kind != kindNone {
			return none, "Unexpected extra JSON values (while parsing '" + cString(s) + "')"
		}
	}
	if err != nil {
		return none, err.Error() + " (while parsing '" + cString(s) + "')"
	}
	return v, ""
}

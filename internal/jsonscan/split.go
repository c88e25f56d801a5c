package jsonscan

import "bytes"

// A Part is what Next found.
type Part uint8

// None is for nothing but white space, Whole for a value, Broken for what isn't one, up to and with the
// next line feed, Partial for what only more input can tell.
const (
	None Part = iota
	Whole
	Broken
	Partial
)

// Next finds the next of the concatenated values in b, from i on: it is b[start:end], and reading goes on at end. Values may touch, or have
// white space between them. Behind a broken one reading resumes after the next line feed. Unless last says that b
// ends the stream, a value that could go on behind the end of b is Partial: call Next again with more input, from start on.
func Next(b []byte, i int, last bool) (start, end int, found Part) {
	start = Space(b, i)
	if start == len(b) {
		return start, start, None
	}
	end = Value(b, start)
	switch {
	case end < 0:
		e := Explain(b, start)
		if e == nil {
			e = &Error{Offset: start}
		}
		if !last && e.Offset >= len(b) {
			return start, len(b), Partial
		}
		end = min(e.Offset, len(b))
	case b[start] == '{' || b[start] == '[' || b[start] == '"':
		return start, end, Whole
	case end == len(b):
		if !last {
			return start, end, Partial // a number may have more digits
		}
		return start, end, Whole
	case bytes.IndexByte([]byte(" \t\r\n{[\""), b[end]) >= 0:
		return start, end, Whole
	}
	if lf := bytes.IndexByte(b[end:], '\n'); lf >= 0 {
		return start, end + lf + 1, Broken
	}
	if !last {
		return start, len(b), Partial
	}
	return start, len(b), Broken
}

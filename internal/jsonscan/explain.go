package jsonscan

import (
	"fmt"
	"unicode/utf8"
)

// An Error says where a text stops being JSON, and why.
type Error struct {
	Offset int // of the first byte that doesn't fit, or the length of the text when it ends too early
	Text   string
}

// Error gives the reason and the offset.
func (e *Error) Error() string { return fmt.Sprintf("%s at byte %d", e.Text, e.Offset) }

// Explain scans the value that begins at b[i] and says why it isn't one; nil when it is.
func Explain(b []byte, i int) *Error {
	e := explainer{b: b}
	if e.value(i, MaxDepth) >= 0 {
		return nil
	}
	return &Error{e.at, e.text}
}

// An explainer is the plain twin of Shallow, with reasons. Its texts are worded as Jackson words them.
type explainer struct {
	b    []byte
	at   int
	text string
}

func (e *explainer) fail(at int, format string, args ...any) int {
	e.at, e.text = at, fmt.Sprintf(format, args...)
	return -1
}

// char names the byte or character at b[i] as Jackson does: ('x' (code 120)).
func (e *explainer) char(i int) string {
	r, _ := utf8.DecodeRune(e.b[i:])
	if r == utf8.RuneError {
		r = rune(e.b[i])
	}
	if r < 0x20 || r == 0x7f {
		return fmt.Sprintf("(CTRL-CHAR, code %d)", r)
	}
	return fmt.Sprintf("('%c' (code %d))", r, r)
}

func (e *explainer) value(i, depth int) int {
	b := e.b
	if i >= len(b) {
		return e.fail(i, "Unexpected end-of-input: expected a value")
	}
	switch c := b[i]; {
	case c == '"':
		return e.str(i, "string value")
	case c == '{' || c == '[':
		if depth == 0 {
			return e.fail(i, "Nested deeper than %d", MaxDepth)
		}
		return e.members(i, depth-1, c)
	case c == 't' || c == 'f' || c == 'n':
		if j := Literal(b, i); j >= 0 {
			return j
		}
		j := i
		for j < len(b) && j < i+40 && (b[j]|0x20 >= 'a' && b[j]|0x20 <= 'z' || b[j]-'0' < 10 || b[j] == '_') {
			j++
		}
		return e.fail(i, "Unrecognized token '%s': was expecting ('true', 'false' or 'null')", b[i:j])
	case c == '-' || c-'0' < 10:
		return e.number(i)
	}
	return e.fail(i, "Unexpected character %s: expected a valid value (number, String, array, object, 'true', 'false' or 'null')", e.char(i))
}

func (e *explainer) members(i, depth int, open byte) int {
	b, start := e.b, i
	end, what := byte('}'), "Object"
	if open == '[' {
		end, what = ']', "Array"
	}
	i = Space(b, i+1)
	if i < len(b) && b[i] == end {
		return i + 1
	}
	for {
		if open == '{' {
			if i >= len(b) {
				return e.fail(i, "Unexpected end-of-input: expected close marker for Object (start marker at byte %d)", start)
			}
			if b[i] != '"' {
				return e.fail(i, "Unexpected character %s: was expecting double-quote to start field name", e.char(i))
			}
			if i = e.str(i, "field name"); i < 0 {
				return -1
			}
			if i = Space(b, i); i >= len(b) {
				return e.fail(i, "Unexpected end-of-input within/between Object entries")
			}
			if b[i] != ':' {
				return e.fail(i, "Unexpected character %s: was expecting a colon to separate field name and value", e.char(i))
			}
			i = Space(b, i+1)
		}
		if i = e.value(i, depth); i < 0 {
			return -1
		}
		if i = Space(b, i); i >= len(b) {
			return e.fail(i, "Unexpected end-of-input: expected close marker for %s (start marker at byte %d)", what, start)
		}
		if b[i] == end {
			return i + 1
		}
		if b[i] != ',' {
			return e.fail(i, "Unexpected character %s: was expecting comma to separate %s entries", e.char(i), what)
		}
		i = Space(b, i+1)
	}
}

func (e *explainer) str(i int, what string) int {
	b := e.b
	for i++; i < len(b); {
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c < 0x20:
			return e.fail(i, "Illegal unquoted character (CTRL-CHAR, code %d): has to be escaped using backslash to be included in %s", c, what)
		case c == '\\':
			if i+1 >= len(b) {
				return e.fail(i+1, "Unexpected end-of-input in character escape sequence")
			}
			switch {
			case escapes[b[i+1]] != 0:
				i += 2
			case b[i+1] != 'u':
				return e.fail(i+1, "Unrecognized character escape %s", e.char(i+1))
			default:
				if hex4(b, i+2) < 0 {
					j := i + 2
					for j < len(b) && j < i+6 && hex4([]byte{'0', '0', '0', b[j]}, 0) >= 0 {
						j++
					}
					if j >= len(b) {
						return e.fail(j, "Unexpected end-of-input in character escape sequence")
					}
					return e.fail(j, "Unexpected character %s: expected a hex-digit for character escape sequence", e.char(j))
				}
				i += 6
			}
		case c < 0x80:
			i++
		default:
			r, n := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && n == 1 {
				if c < 0xc2 || c > 0xf4 {
					return e.fail(i, "Invalid UTF-8 start byte 0x%02x", c)
				}
				if i+1 < len(b) && b[i+1]&0xc0 != 0x80 {
					return e.fail(i, "Invalid UTF-8 middle byte 0x%02x", b[i+1])
				}
				return e.fail(i, "Invalid UTF-8 sequence that starts with 0x%02x", c)
			}
			i += n
		}
	}
	return e.fail(i, "Unexpected end-of-input in %s", what)
}

func (e *explainer) number(i int) int {
	b := e.b
	if j := Number(b, i); j >= 0 {
		return j
	}
	j := i
	if b[j] == '-' {
		if j++; j >= len(b) {
			return e.fail(j, "Unexpected end-of-input in a numeric value")
		}
		if b[j]-'0' >= 10 {
			return e.fail(j, "Unexpected character %s in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value", e.char(j))
		}
	}
	if zero := j; b[j] == '0' {
		if j = digits(b, j); j > zero+1 {
			return e.fail(zero, "Invalid numeric value: Leading zeroes not allowed")
		}
	}
	j = digits(b, j)
	if j < len(b) && b[j] == '.' {
		if k := digits(b, j+1); k > j+1 {
			j = k
		} else if k >= len(b) {
			return e.fail(k, "Unexpected end-of-input in a numeric value")
		} else {
			return e.fail(k, "Unexpected character %s in numeric value: Decimal point not followed by a digit", e.char(k))
		}
	}
	j++ // the e
	if j < len(b) && (b[j] == '+' || b[j] == '-') {
		j++
	}
	if j >= len(b) {
		return e.fail(len(b), "Unexpected end-of-input in a numeric value")
	}
	return e.fail(j, "Unexpected character %s in numeric value: Exponent indicator not followed by a digit", e.char(j))
}

package jq

import (
	"encoding/base64"
	"math"
)

// format is @name.
func format(m *machine, name string, in value) (value, error) {
	switch name {
	case "text":
		return m.tostring(in)
	case "json":
		return m.json(in)
	case "csv", "tsv":
		return m.row(name, in)
	case "html", "uri", "base64", "base64d":
	case "sh":
		return m.shell(in)
	default:
		if err := m.charge(len(name)); err != nil {
			return none, err
		}
		return none, raiseString(name + " is not a valid format")
	}
	v, err := m.tostring(in)
	if err != nil {
		return none, err
	}
	s := v.str()
	if err := m.charge(len(s) * 4); err != nil {
		return none, err
	}
	switch name {
	case "html":
		return str(view(appendEscaped(nil, s, escapeHTML))), nil
	case "uri":
		return str(view(appendURI(nil, s))), nil
	case "base64":
		return str(base64.StdEncoding.EncodeToString([]byte(s))), nil
	}
	return decode64(s)
}

func appendEscaped(dst []byte, s string, escape func(c byte) string) []byte {
	for i := 0; i < len(s); i++ {
		if e := escape(s[i]); e != "" {
			dst = append(dst, e...)
		} else {
			dst = append(dst, s[i])
		}
	}
	return dst
}

// NUL is \0 in every one of these formats.

func escapeHTML(c byte) string {
	switch c {
	case 0:
		return `\0`
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '\'':
		return "&apos;"
	case '"':
		return "&quot;"
	}
	return ""
}

func escapeCSV(c byte) string {
	switch c {
	case 0:
		return `\0`
	case '"':
		return `""`
	}
	return ""
}

func escapeTSV(c byte) string {
	switch c {
	case 0:
		return `\0`
	case '\t':
		return `\t`
	case '\r':
		return `\r`
	case '\n':
		return `\n`
	case '\\':
		return `\\`
	}
	return ""
}

func escapeShell(c byte) string {
	switch c {
	case 0:
		return `\0`
	case '\'':
		return `'\''`
	}
	return ""
}

func appendURI(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case isNameStart(c), isDigit(c):
			dst = append(dst, c)
		case c == '-', c == '.', c == '!', c == '~', c == '*', c == '\'', c == '(', c == ')':
			dst = append(dst, c)
		default:
			const upper = "0123456789ABCDEF"
			dst = append(dst, '%', upper[c>>4], upper[c&15])
		}
	}
	return dst
}

// row is @csv and @tsv.
func (m *machine) row(name string, in value) (value, error) {
	if in.kind != kindArray {
		return none, typeError(in, "cannot be "+name+"-formatted, only array")
	}
	sep, quote, escape := byte(','), `"`, escapeCSV
	if name == "tsv" {
		sep, quote, escape = '\t', "", escapeTSV
	}
	var b []byte
	for i, e := range in.elems() {
		if i > 0 {
			b = append(b, sep)
		}
		switch e.kind {
		case kindNull:
		case kindNumber:
			if !math.IsNaN(e.num()) {
				b = appendNumber(b, e.num())
			}
		case kindString:
			b = append(b, quote...)
			b = appendEscaped(b, e.str(), escape)
			b = append(b, quote...)
		case kindFalse, kindTrue:
			b = appendJSON(b, e)
		default:
			return none, typeError(e, "is not valid in a csv row")
		}
	}
	return str(view(b)), m.charge(len(b))
}

// shell is @sh.
func (m *machine) shell(in value) (value, error) {
	elems := []value{in}
	if in.kind == kindArray {
		elems = in.elems()
	}
	var b []byte
	for i, e := range elems {
		if i > 0 {
			b = append(b, ' ')
		}
		switch e.kind {
		case kindString:
			b = append(b, '\'')
			b = appendEscaped(b, e.str(), escapeShell)
			b = append(b, '\'')
		case kindArray, kindObject:
			return none, typeError(e, "can not be escaped for shell")
		default:
			b = appendJSON(b, e)
		}
	}
	return str(view(b)), m.charge(len(b))
}

// decode64 is @base64d: everything from the first = on is dropped, a single sixth of a group is an error.
func decode64(s string) (value, error) {
	var b []byte
	code, n := uint32(0), 0
	for i := 0; i < len(s) && s[i] != '='; i++ {
		c := s[i]
		var d uint32
		switch {
		case 'A' <= c && c <= 'Z':
			d = uint32(c - 'A')
		case 'a' <= c && c <= 'z':
			d = uint32(c-'a') + 26
		case isDigit(c):
			d = uint32(c-'0') + 52
		case c == '+':
			d = 62
		case c == '/':
			d = 63
		default:
			return none, typeError(str(s), "is not valid base64 data")
		}
		code = code<<6 | d
		if n++; n == 4 {
			b = append(b, byte(code>>16), byte(code>>8), byte(code))
			code, n = 0, 0
		}
	}
	switch n {
	case 3:
		b = append(b, byte(code>>10), byte(code>>2))
	case 2:
		b = append(b, byte(code>>4))
	case 1:
		return none, typeError(str(s), "trailing base64 byte found")
	}
	return str(cleanString(b)), nil
}

package blueprints

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/hydrantkit/hydrant"
)

// A column is one field of a line of text, and what becomes of it.
type column struct {
	name string // of the member
	kind columnKind
}

type columnKind uint8

const (
	text    columnKind = iota
	integer            // digits, maybe with a sign
	decimal            // a number
	address            // address:port, in members name_ip and name_port
	request            // GET /path HTTP/1.1, in members name_verb, name_url and name_proto
	moment             // 06/Feb/2019:00:00:38 +0000, as ISO 8601 in UTC
)

// A row appends the members of one document.
type row struct {
	dst   []byte
	start int
}

func newRow(dst []byte) row { return row{append(dst, '{'), len(dst) + 1} }

func (r *row) name(name string) {
	if len(r.dst) > r.start {
		r.dst = append(r.dst, ',')
	}
	r.dst = append(hydrant.AppendJSONString(r.dst, name), ':')
}

// key appends a key as it stands, and what belongs around it.
func (r *row) key(key []byte) {
	if len(r.dst) > r.start {
		r.dst = append(r.dst, ',')
	}
	r.dst = append(append(append(r.dst, '"'), key...), '"', ':')
}

func (r *row) text(name string, value []byte) {
	r.name(name)
	r.dst = hydrant.AppendJSONString(r.dst, value)
}

func (r *row) null(name string) {
	r.name(name)
	r.dst = append(r.dst, "null"...)
}

// column appends the value of c, null for "-". It reports false for a value that c cannot have.
func (r *row) column(c column, value []byte) bool {
	absent := len(value) == 1 && value[0] == '-'
	switch c.kind {
	case address:
		ip, port := value, []byte(nil)
		if i := bytes.LastIndexByte(value, ':'); i >= 0 && digits(value[i+1:]) == len(value)-i-1 && i+1 < len(value) {
			ip, port = value[:i], value[i+1:]
		}
		if absent {
			r.null(c.name + "_ip")
		} else {
			r.text(c.name+"_ip", bytes.TrimSuffix(bytes.TrimPrefix(ip, []byte("[")), []byte("]")))
		}
		r.name(c.name + "_port")
		r.dst = appendNumber(r.dst, port)
		return true
	case request:
		verb, rest, _ := bytes.Cut(bytes.TrimSpace(value), []byte(" "))
		url, proto := rest, []byte(nil)
		if i := bytes.LastIndexByte(rest, ' '); i >= 0 {
			url, proto = rest[:i], rest[i+1:]
		}
		for _, part := range [...]struct {
			name  string
			value []byte
		}{{"_verb", verb}, {"_url", url}, {"_proto", proto}} {
			if v := bytes.TrimSpace(part.value); len(v) == 0 || string(v) == "-" {
				r.null(c.name + part.name)
			} else {
				r.text(c.name+part.name, v)
			}
		}
		return true
	}
	r.name(c.name)
	switch {
	case absent:
		r.dst = append(r.dst, "null"...)
		return true
	case c.kind == text:
		r.dst = hydrant.AppendJSONString(r.dst, value)
		return true
	case c.kind == moment:
		const n = len("dd/Mon/yyyy:HH:mm:ss")
		if len(value) != n+6 || value[n] != ' ' || value[n+1] != '+' && value[n+1] != '-' || digits(value[n+2:]) != 4 {
			return false
		}
		at, ok := accessTime(value[:n])
		r.dst = append(appendTime(append(r.dst, '"'), at-zoneOffset(value[n+1:]), 0), '"')
		return ok
	}
	if len(value) > 0 && value[0] == '-' {
		r.dst = append(r.dst, '-')
		value = value[1:]
	}
	n := digits(value)
	if n == 0 {
		return false
	}
	r.dst = appendNumber(r.dst, value[:n])
	if n == len(value) {
		return true
	}
	if f := value[n:]; c.kind != decimal || f[0] != '.' || len(f) == 1 || digits(f[1:]) != len(f)-1 {
		return false
	}
	r.dst = append(r.dst, value[n:]...)
	return true
}

// columns appends a document of the values of a line. Values that are too few leave the last columns out; values beyond the
// last column, which a service has added since, are kept in a list "more".
func (r *row) columns(columns []column, values [][]byte) bool {
	for i, v := range values {
		if i == len(columns) {
			r.more(values[i:])
			break
		}
		if !r.column(columns[i], v) {
			return false
		}
	}
	r.dst = append(r.dst, '}')
	return true
}

func (r *row) more(values [][]byte) {
	r.name("more")
	open := byte('[')
	for _, v := range values {
		r.dst = hydrant.AppendJSONString(append(r.dst, open), v)
		open = ','
	}
	r.dst = append(r.dst, ']')
}

// cutValues appends the values of a line to dst: separated by single spaces, those with spaces in quotes or brackets. A quote within
// quotes ends the value only before a space, and not after a backslash.
func cutValues(dst [][]byte, line []byte) ([][]byte, bool) {
	for {
		var value []byte
		end := 0
		switch {
		case len(line) > 0 && line[0] == '"':
			end = 1
			for ; end < len(line); end++ {
				if line[end] == '\\' {
					end++
				} else if line[end] == '"' && (end+1 == len(line) || line[end+1] == ' ') {
					break
				}
			}
			if end >= len(line) {
				return dst, false
			}
			value = line[1:end]
			end++
		case bracketed(line) > 0:
			end = bracketed(line)
			value = line[1 : end-1]
		default:
			if end = bytes.IndexByte(line, ' '); end < 0 {
				end = len(line)
			}
			value = line[:end]
		}
		dst = append(dst, value)
		if end == len(line) {
			return dst, true
		}
		if line[end] != ' ' {
			return dst, false
		}
		line = line[end+1:]
	}
}

// bracketed returns the length of the value in brackets that line begins with, 0 if there is none: [::1]:80 is none.
func bracketed(line []byte) int {
	if len(line) == 0 || line[0] != '[' {
		return 0
	}
	n := bytes.IndexByte(line, ']') + 1
	if n < len(line) && line[n] != ' ' {
		return 0
	}
	return n
}

// columnsOf makes columns of names. Those in integers and decimals are numbers, the others text. It is an error when there is none, one
// has no letters, or two are the same.
func columnsOf(names []string, integers, decimals string) ([]column, error) {
	if len(names) == 0 {
		return nil, errors.New("no fields")
	}
	columns := make([]column, len(names))
	seen := map[string]bool{}
	for i, name := range names {
		columns[i].name = memberName(name)
		if columns[i].name == "" || seen[columns[i].name] {
			return nil, fmt.Errorf("%q is no field, or stands twice", name)
		}
		seen[columns[i].name] = true
		switch {
		case contains(integers, name):
			columns[i].kind = integer
		case contains(decimals, name):
			columns[i].kind = decimal
		}
	}
	return columns, nil
}

func contains(list, name string) bool {
	for word := range strings.FieldsSeq(list) {
		if word == name {
			return true
		}
	}
	return false
}

// memberName makes a column's name of a field's: cs(User-Agent) becomes cs_user_agent.
func memberName(field string) string {
	var b strings.Builder
	gap := false
	for _, c := range strings.ToLower(field) {
		if c != '_' && (c >= 0x80 || !isWord(byte(c))) {
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte('_')
		}
		gap = false
		b.WriteRune(c)
	}
	return b.String()
}

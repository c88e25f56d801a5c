package blueprints

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/hydrantkit/hydrant"
)

// Syslog reads syslog messages, one a record. The zero value is the service's own blueprint (record-transformation.md §10.3, §10.4):
// RFC 3164 without a priority, and with a program before the message.
type Syslog struct {
	// Lenient takes in RFC 3164 a priority, ISO 8601 times, months in any language, any host, programs of any characters or none, and any
	// process id.
	Lenient bool

	// Format is RFC 3164, RFC 5424, or whichever a message begins like.
	Format SyslogFormat

	// OctetCounting takes records of one or more messages, each after its length in bytes and a space (RFC 6587 §3.4.1). Each
	// document ends with a newline then.
	OctetCounting bool

	// Newline ends each JSON document with a newline. Lines of CSV always have one.
	Newline bool

	// Quote quotes fields of CSV as RFC 4180 does. The service's blueprint quotes nothing.
	Quote bool

	err error
}

// SyslogFormat is a format of syslog messages.
type SyslogFormat uint8

const (
	RFC3164    SyslogFormat = iota // Oct 11 22:14:15 mymachine su[77]: message
	RFC5424                        // <34>1 2003-10-11T22:14:15.003Z mymachine su 77 ID47 [id name="value"] message
	SyslogAuto                     // RFC 5424 where a version follows the priority, else RFC 3164
)

// FromEnv reads the options LENIENT, FORMAT (rfc3164, rfc5424, auto), OCTET_COUNTING, NEWLINE and QUOTE. The first wrong one is kept, and
// the transform answers every invocation with it.
func (s Syslog) FromEnv(getenv func(string) string) Syslog {
	e := env{get: getenv}
	e.bool("LENIENT", &s.Lenient)
	s.Format = SyslogFormat(e.choice("FORMAT", int(s.Format), "rfc3164", "rfc5424", "auto"))
	e.bool("OCTET_COUNTING", &s.OctetCounting)
	e.bool("NEWLINE", &s.Newline)
	e.bool("QUOTE", &s.Quote)
	s.err = e.err
	return s
}

// JSON returns the transform of messages to JSON:
//
//	{"timestamp":"Oct 11 22:14:15","hostname":"mymachine","program":"su","processid":"77","message":"'su root' failed for x"}
//
// All values are texts; what a message hasn't is left out. A priority is appended as numbers, "facility":4,"severity":2, and what only
// RFC 5424 has as "msgid":"ID47","structureddata":{"id":{"name":"value"}}.
func (s Syslog) JSON() hydrant.Transform {
	if s.OctetCounting {
		s.Newline = true
	}
	return s.counted(transform(s.err, s.appendJSON))
}

// CSV returns the transform of messages to comma-separated values, with a newline:
//
//	Oct 11 22:14:15,mymachine,su,77,'su root' failed for x
//
// What a message hasn't is an empty column. There are no others, in any format.
func (s Syslog) CSV() hydrant.Transform { return s.counted(transform(s.err, s.appendCSV)) }

func (s *Syslog) counted(t hydrant.Transform) hydrant.Transform {
	if !s.OctetCounting {
		return t
	}
	return hydrant.Split(t, func(dst []hydrant.Record, r hydrant.Record) ([]hydrant.Record, error) {
		for data := r.Data; len(data) > 0; {
			n := digits(data)
			size, err := strconv.Atoi(string(data[:n]))
			if err != nil || n == len(data) || data[n] != ' ' || data[0] == '0' || size > len(data)-n-1 {
				return dst, errCount
			}
			part := r
			part.Data = data[n+1 : n+1+size : n+1+size]
			dst = append(dst, part)
			data = data[n+1+size:]
		}
		return dst, nil
	})
}

var errCount = errors.New("no count of octets before a message, or too large a one")

// A syslogMessage is a message taken apart; what it hasn't is nil.
type syslogMessage struct {
	priority                           int // -1 if there is none
	stamp, host, program, pid, message []byte
	detail                             []byte // what else stands before the colon
	id, structured                     []byte // RFC 5424
}

func (s *Syslog) appendJSON(_ context.Context, dst []byte, r hydrant.Record) ([]byte, hydrant.Status) {
	m, ok := s.parse(r.Data)
	if !ok {
		return dst, hydrant.ProcessingFailed
	}
	row := newRow(dst)
	member := func(name string, value []byte) {
		if value != nil {
			row.text(name, value)
		}
	}
	member("timestamp", m.stamp)
	member("hostname", m.host)
	member("program", m.program)
	member("processid", m.pid)
	member("message", m.message)
	member("detail", m.detail)
	if m.priority >= 0 {
		row.name("facility")
		row.dst = strconv.AppendInt(row.dst, int64(m.priority/8), 10)
		row.name("severity")
		row.dst = strconv.AppendInt(row.dst, int64(m.priority%8), 10)
	}
	member("msgid", m.id)
	if m.structured != nil {
		row.name("structureddata")
		row.dst = appendStructured(row.dst, m.structured)
	}
	dst = append(row.dst, '}')
	if s.Newline {
		dst = append(dst, '\n')
	}
	return dst, hydrant.OK
}

func (s *Syslog) appendCSV(_ context.Context, dst []byte, r hydrant.Record) ([]byte, hydrant.Status) {
	m, ok := s.parse(r.Data)
	if !ok {
		return dst, hydrant.ProcessingFailed
	}
	c := csvRow{quote: s.Quote}
	for _, field := range [...][]byte{m.stamp, m.host, m.program, m.pid, m.message} {
		dst = c.append(dst, field)
	}
	return append(dst, '\n'), hydrant.OK
}

func (s *Syslog) parse(line []byte) (m syslogMessage, ok bool) {
	if s.Format == RFC5424 {
		return parse5424(line)
	}
	if s.Format == SyslogAuto {
		if _, rest, ok := cutPriority(line); ok && len(rest) > 1 && '1' <= rest[0] && rest[0] <= '9' {
			if n := digits(rest); n <= 2 && n < len(rest) && rest[n] == ' ' {
				return parse5424(line)
			}
		}
	}
	if !s.OctetCounting || s.Format != RFC5424 {
		line = line[:lineEnd(line)]
	}
	if s.Lenient {
		return parseLenient(line)
	}
	return parse3164(line)
}

// parse3164 takes a message apart as the service's blueprint does:
//
//	Oct 11 22:14:15 <5.6> mymachine su[77]: 'su root' failed for x
func parse3164(line []byte) (m syslogMessage, ok bool) {
	m.priority = -1
	n := stampLength(line, monthLength(line))
	if n == 0 {
		return m, false
	}
	m.stamp, line = line[:n], line[n+1:]
	if len(line) > 0 && line[0] == '<' { // facility and priority, which nobody wants
		a := digits(line[1:])
		if a == 0 || len(line) < a+2 || line[a+1] != '.' {
			return m, false
		}
		b := digits(line[a+2:])
		if end := a + 2 + b; b == 0 || len(line) < end+2 || line[end] != '>' || line[end+1] != ' ' {
			return m, false
		} else {
			line = line[end+2:]
		}
	}
	for n = 0; n < len(line) && (isWord(line[n]) && line[n] != '_' || line[n] == '.' || line[n] == '_' || line[n] == '-'); n++ {
	}
	if n == 0 || n == len(line) || line[n] != ' ' {
		return m, false
	}
	m.host, line = line[:n], line[n+1:]
	for n = 0; n < len(line) && (isWord(line[n]) || line[n] == '.' || line[n] == '/' || line[n] == '%' || line[n] == '-'); n++ {
	}
	if n == 0 {
		return m, false
	}
	m.program, line = line[:n], line[n:]
	if len(line) > 2 && line[0] == '[' && '1' <= line[1] && line[1] <= '9' {
		n := 1 + digits(line[1:])
		if n == len(line) || line[n] != ']' {
			return m, false
		}
		m.pid, line = line[1:n], line[n+1:]
	}
	if len(line) < 2 || line[0] != ':' || line[1] != ' ' {
		return m, false
	}
	m.message = line[2:]
	return m, true
}

// monthLength returns the length of the English month, abbreviated or not, that line begins with, 0 if there is none.
func monthLength(line []byte) int {
	n := 0
	for n < len(line) && line[n] != ' ' {
		n++
	}
	if n < 3 {
		return 0
	}
	month := monthOf(line[:3])
	if month == 0 || n > 3 && string(line[:n]) != month.String() {
		return 0
	}
	return n
}

// stampLength returns the length of the time that line begins with, of which the first n bytes are the month; 0 if there is none.
// A space follows it.
func stampLength(line []byte, n int) int {
	if n == 0 {
		return 0
	}
	start := n
	for n < len(line) && line[n] == ' ' {
		n++
	}
	if n == start {
		return 0
	}
	d := digits(line[n:])
	if d == 0 || d > 2 || number(line[n:n+d]) < 1 || number(line[n:n+d]) > 31 {
		return 0
	}
	n += d
	if len(line) < n+len(" HH:MM:SS ") || line[n] != ' ' {
		return 0
	}
	t := line[n+1 : n+9]
	if t[2] != ':' || t[5] != ':' || digits(t) != 2 || digits(t[3:]) != 2 || digits(t[6:]) != 2 ||
		number(t[:2]) > 23 || number(t[3:5]) > 59 || number(t[6:]) > 60 {
		return 0
	}
	n += 9
	if c := line[n]; c == ':' || c == '.' || c == ',' {
		f := digits(line[n+1:])
		if f == 0 {
			return 0
		}
		n += 1 + f
	}
	if n >= len(line) || line[n] != ' ' {
		return 0
	}
	return n
}

// parseLenient takes a message apart that has at least a time and a host.
func parseLenient(line []byte) (m syslogMessage, ok bool) {
	m.priority = -1
	if p, rest, ok := cutPriority(line); ok {
		m.priority, line = p, rest
	}
	n := 0
	for n < len(line) && line[n] != ' ' {
		n++
	}
	if n == len(line) || n == 0 {
		return m, false
	}
	if '0' <= line[0] && line[0] <= '9' {
		if !isoTime(line[:n]) {
			return m, false
		}
	} else if n = stampLength(line, n); n == 0 {
		return m, false
	}
	m.stamp, line = line[:n], line[n+1:]
	if n = bytes.IndexByte(line, ' '); n <= 0 {
		return m, false
	}
	m.host, line = line[:n], line[n+1:]
	m.message = line
	colon := bytes.Index(line, []byte(": "))
	if colon < 0 && len(line) > 0 && line[len(line)-1] == ':' {
		colon = len(line) - 1
	}
	// A longer one is no tag but part of the message.
	if colon <= 0 || colon > 128 {
		return m, true
	}
	tag := line[:colon]
	m.program = tag
	if open := bytes.IndexByte(tag, '['); open > 0 {
		if n := digits(tag[open+1:]); n > 0 && open+1+n < len(tag) && tag[open+1+n] == ']' {
			m.program, m.pid = tag[:open], tag[open+1:open+1+n]
			if rest := bytes.TrimSpace(tag[open+n+2:]); len(rest) > 0 {
				m.detail = rest
			}
		}
	}
	m.message = bytes.TrimPrefix(line[colon+1:], []byte(" "))
	return m, true
}

// isoTime tells whether s is a time as RFC 3339 has it; the offset may be missing, or without its colon.
func isoTime(s []byte) bool {
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999"} {
		if _, err := time.Parse(layout, string(s)); err == nil {
			return true
		}
	}
	return false
}

// cutPriority cuts <34>, at most 191.
func cutPriority(line []byte) (p int, rest []byte, ok bool) {
	if len(line) < 3 || line[0] != '<' {
		return 0, line, false
	}
	n := digits(line[1:])
	if n == 0 || n > 3 || n+1 >= len(line) || line[n+1] != '>' || n > 1 && line[1] == '0' {
		return 0, line, false
	}
	if p = number(line[1 : n+1]); p > 191 {
		return 0, line, false
	}
	return p, line[n+2:], true
}

// parse5424 takes a message of RFC 5424 apart:
//
//	<34>1 2003-10-11T22:14:15.003Z mymachine su 77 ID47 [id name="value"] message
func parse5424(line []byte) (m syslogMessage, ok bool) {
	if m.priority, line, ok = cutPriority(line); !ok {
		return m, false
	}
	n := digits(line)
	if n == 0 || n > 2 || line[0] == '0' || n == len(line) || line[n] != ' ' {
		return m, false
	}
	line = line[n+1:]
	for i, to := range [...]*[]byte{&m.stamp, &m.host, &m.program, &m.pid, &m.id} {
		n := bytes.IndexByte(line, ' ')
		if n <= 0 {
			return m, false
		}
		if word := line[:n]; len(word) != 1 || word[0] != '-' {
			if i == 0 && !isoTime(word) {
				return m, false
			}
			*to = word
		}
		line = line[n+1:]
	}
	if len(line) > 0 && line[0] == '-' {
		line = line[1:]
	} else {
		n := structuredLength(line)
		if n == 0 {
			return m, false
		}
		m.structured, line = line[:n], line[n:]
	}
	switch {
	case len(line) == 0:
		return m, true
	case line[0] != ' ':
		return m, false
	}
	m.message = bytes.TrimPrefix(line[1:], []byte("\xEF\xBB\xBF"))
	return m, true
}

// structuredLength returns the length of the structured data that s begins with, 0 if there are none.
func structuredLength(s []byte) int {
	i := 0
	for i < len(s) && s[i] == '[' {
		n := structuredElement(s[i:], func([]byte) {}, func(_, _ []byte) {})
		if n == 0 {
			return 0
		}
		i += n
	}
	return i
}

// structuredElement reads [id name="value" …] and returns its length, 0 if there is none.
func structuredElement(s []byte, id func([]byte), param func(name, value []byte)) int {
	name := func(i int) int {
		start := i
		for i < len(s) && s[i] > ' ' && s[i] < 0x7F && s[i] != '=' && s[i] != ']' && s[i] != '"' {
			i++
		}
		if i == start || i == len(s) {
			return 0
		}
		return i
	}
	i := name(1)
	if i == 0 {
		return 0
	}
	id(s[1:i])
	for s[i] == ' ' {
		end := name(i + 1)
		if end == 0 || end+1 >= len(s) || s[end] != '=' || s[end+1] != '"' {
			return 0
		}
		n := s[i+1 : end]
		start := end + 2
		for i = start; i < len(s) && s[i] != '"'; i++ {
			if s[i] == '\\' {
				i++
			} else if s[i] == ']' {
				return 0
			}
		}
		if i+1 >= len(s) {
			return 0
		}
		param(n, s[start:i])
		i++
	}
	if s[i] != ']' {
		return 0
	}
	return i + 1
}

// appendStructured appends structured data as an object of objects. A name that stands more than once has an array.
func appendStructured(dst, s []byte) []byte {
	type element struct {
		id     string
		names  []string
		values map[string][][]byte
	}
	var elements []*element
	byID := map[string]*element{}
	for len(s) > 0 {
		var e *element
		n := structuredElement(s, func(id []byte) {
			if e = byID[string(id)]; e == nil {
				e = &element{id: string(id), values: map[string][][]byte{}}
				byID[e.id] = e
				elements = append(elements, e)
			}
		}, func(name, value []byte) {
			if e.values[string(name)] == nil {
				e.names = append(e.names, string(name))
			}
			e.values[string(name)] = append(e.values[string(name)], unescapeParam(value))
		})
		s = s[n:]
	}
	sep := byte('{')
	for _, e := range elements {
		dst = append(dst, sep)
		sep = ','
		dst = append(hydrant.AppendJSONString(dst, e.id), ':', '{')
		for i, name := range e.names {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(hydrant.AppendJSONString(dst, name), ':')
			values := e.values[name]
			if len(values) == 1 {
				dst = hydrant.AppendJSONString(dst, values[0])
				continue
			}
			open := byte('[')
			for _, v := range values {
				dst = hydrant.AppendJSONString(append(dst, open), v)
				open = ','
			}
			dst = append(dst, ']')
		}
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

// unescapeParam takes the backslash from before a quote, a backslash or a bracket.
func unescapeParam(v []byte) []byte {
	if bytes.IndexByte(v, '\\') < 0 {
		return v
	}
	out := make([]byte, 0, len(v))
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) && (v[i+1] == '"' || v[i+1] == '\\' || v[i+1] == ']') {
			i++
		}
		out = append(out, v[i])
	}
	return out
}

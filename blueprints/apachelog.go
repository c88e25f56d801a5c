package blueprints

import (
	"bytes"
	"context"
	"time"

	"github.com/hydrantkit/hydrant"
)

// ApacheLog reads lines of an Apache access log, one a record. The zero value is the service's own blueprint
// (record-transformation.md §10.1, §10.2): what follows the size is ignored, and so is the line unless its host
// consists of digits and dots, its request isn't empty and its size is a number.
type ApacheLog struct {
	// Lenient takes any host without blanks (names, IPv6), sizes and statuses of "-", which become null (nothing in CSV), empty
	// requests, blanks before the line, and in CSV times without an offset.
	Lenient bool

	// Format says what else is read: FormatCombined the referer and the agent behind the size, FormatVHost also the virtual
	// host before the line, with or without a port. With them a line that hasn't all of it fails.
	Format AccessFormat

	// Newline ends each JSON document with a newline. Lines of CSV always have one.
	Newline bool

	// Quote quotes fields of CSV as RFC 4180 does. The service's blueprint quotes nothing: a comma in a request makes a column more.
	Quote bool

	err error
}

// AccessFormat is a format of Apache access logs.
type AccessFormat uint8

const (
	FormatCommon   AccessFormat = iota // %h %l %u %t "%r" %>s %b, and whatever follows
	FormatCombined                     // the same with "%{Referer}i" "%{User-agent}i"
	FormatVHost                        // %v:%p and the combined format; the port may be missing
)

// FromEnv reads the options LENIENT, FORMAT (common, combined, vhost), NEWLINE and QUOTE. The first wrong one is kept, and the transform
// answers every invocation with it.
func (a ApacheLog) FromEnv(getenv func(string) string) ApacheLog {
	e := env{get: getenv}
	e.bool("LENIENT", &a.Lenient)
	a.Format = AccessFormat(e.choice("FORMAT", int(a.Format), "common", "combined", "vhost"))
	e.bool("NEWLINE", &a.Newline)
	e.bool("QUOTE", &a.Quote)
	a.err = e.err
	return a
}

// JSON returns the transform of lines to JSON:
//
//	{"host":"64.242.88.10","ident":"-","authuser":"-","request":"GET /x HTTP/1.1","response":200,"bytes":6291,"verb":"GET",
//	 "@timestamp":"2004-03-07T16:10:02.000Z","timezone":"-0800","@timestamp_utc":"2004-03-08T00:10:02.000Z"}
//
// verb is there when the request has more than one part; timezone and @timestamp_utc when the time has an offset.
// @timestamp is the time as it stands, without its offset. Formats with more in them append "referer" and "agent", and "vhost"
// with "port".
func (a ApacheLog) JSON() hydrant.Transform { return transform(a.err, a.appendJSON) }

// CSV returns the transform of lines to comma-separated values, with a newline:
//
//	64.242.88.10,-,-,07/Mar/2004:16:10:02 -0800,GET /x HTTP/1.1,200,6291
//
// Formats with more in them append referer and agent, and vhost with port.
func (a ApacheLog) CSV() hydrant.Transform { return transform(a.err, a.appendCSV) }

func (a *ApacheLog) appendJSON(_ context.Context, dst []byte, r hydrant.Record) ([]byte, hydrant.Status) {
	l, ok := a.parse(r.Data)
	if !ok {
		return dst, hydrant.ProcessingFailed
	}
	at, ok := accessTime(l.stamp)
	if !ok {
		return dst, hydrant.ProcessingFailed
	}
	dst = appendMember(dst, `{"host":`, l.host)
	dst = appendMember(dst, `,"ident":`, l.ident)
	dst = appendMember(dst, `,"authuser":`, l.user)
	dst = appendMember(dst, `,"request":`, l.request)
	dst = appendNumber(append(dst, `,"response":`...), l.status)
	dst = appendNumber(append(dst, `,"bytes":`...), l.size)
	if i := bytes.IndexByte(l.request, ' '); i >= 0 {
		dst = appendMember(dst, `,"verb":`, l.request[:i])
	}
	dst = append(dst, `,"@timestamp":"`...)
	dst = appendTime(dst, at, 0)
	if l.zone != nil {
		dst = append(dst, `","timezone":"`...)
		dst = append(dst, l.zone...)
		dst = append(dst, `","@timestamp_utc":"`...)
		dst = appendTime(dst, at-zoneOffset(l.zone), 0)
	}
	dst = append(dst, '"')
	if a.Format != FormatCommon {
		dst = appendMember(dst, `,"referer":`, l.referer)
		dst = appendMember(dst, `,"agent":`, l.agent)
	}
	if a.Format == FormatVHost {
		dst = appendMember(dst, `,"vhost":`, l.vhost)
		dst = appendNumber(append(dst, `,"port":`...), l.port)
	}
	dst = append(dst, '}')
	if a.Newline {
		dst = append(dst, '\n')
	}
	return dst, hydrant.OK
}

func (a *ApacheLog) appendCSV(_ context.Context, dst []byte, r hydrant.Record) ([]byte, hydrant.Status) {
	l, ok := a.parse(r.Data)
	if !ok || l.zone == nil && !a.Lenient {
		return dst, hydrant.ProcessingFailed
	}
	stamp := l.stamp
	if l.zone != nil {
		// The offset stands right behind the time.
		stamp = stamp[:len(stamp)+1+len(l.zone)]
	}
	c := csvRow{quote: a.Quote}
	for _, field := range [...][]byte{l.host, l.ident, l.user, stamp, l.request, l.status, l.size} {
		dst = c.append(dst, field)
	}
	if a.Format != FormatCommon {
		dst = c.append(c.append(dst, l.referer), l.agent)
	}
	if a.Format == FormatVHost {
		dst = c.append(c.append(dst, l.vhost), l.port)
	}
	return append(dst, '\n'), hydrant.OK
}

// An accessLine is a line taken apart. Numbers are digits, or nil where they are not known.
type accessLine struct {
	vhost, port                []byte
	host, ident, user, request []byte
	stamp                      []byte // the time as it stands, without its offset
	zone                       []byte // such as -0800; nil if there is none
	status, size               []byte
	referer, agent             []byte
}

// parse takes a line apart:
//
//	host ident authuser [dd/Mon/yyyy:HH:mm:ss -0700] "request" 200 2326
func (a *ApacheLog) parse(line []byte) (l accessLine, ok bool) {
	if a.Lenient {
		for len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
			line = line[1:]
		}
	}
	if a.Format == FormatVHost {
		if l.vhost, line, ok = cutWord(line); !ok {
			return l, false
		}
		if i := bytes.LastIndexByte(l.vhost, ':'); i > 0 && i+1 < len(l.vhost) && digits(l.vhost[i+1:]) == len(l.vhost)-i-1 {
			l.vhost, l.port = l.vhost[:i], l.vhost[i+1:]
		}
	}
	if a.Lenient {
		l.host, line, ok = cutWord(line)
	} else {
		n := 0
		for n < len(line) && ('0' <= line[n] && line[n] <= '9' || line[n] == '.') {
			n++
		}
		if ok = n > 0 && n < len(line) && line[n] == ' '; ok {
			l.host, line = line[:n], line[n+1:]
		}
	}
	if !ok {
		return l, false
	}
	if l.ident, line, ok = cutWord(line); !ok {
		return l, false
	}
	if l.user, line, ok = cutWord(line); !ok {
		return l, false
	}
	if len(line) == 0 || line[0] != '[' {
		return l, false
	}
	line = line[1:]
	n := 0
	for n < len(line) && inAccessTime[line[n]] {
		n++
	}
	l.stamp, line = line[:n], line[n:]
	if len(line) > 6 && line[0] == ' ' {
		if l.zone = line[1:6]; (l.zone[0] != '+' && l.zone[0] != '-') || digits(l.zone[1:]) < 4 {
			return l, false
		}
		line = line[6:]
	}
	if n == 0 || len(line) < 3 || line[0] != ']' || line[1] != ' ' || line[2] != '"' {
		return l, false
	}
	return l, a.request(&l, line[3:])
}

// inAccessTime tells which bytes a time consists of.
var inAccessTime = func() (t [256]bool) {
	for c := range 128 {
		t[c] = c == ':' || c == '/' || isWord(byte(c))
	}
	return t
}()

// request takes request, status and size from what follows the opening quote. The request ends at the first
// quote that status and size follow, so it may hold quotes itself.
func (a *ApacheLog) request(l *accessLine, line []byte) bool {
	i := 0
	if !a.Lenient {
		i = 1 // it isn't empty
	}
	for ; i < len(line); i++ {
		n := bytes.IndexByte(line[i:], '"')
		if n < 0 {
			return false
		}
		i += n
		if rest, ok := a.status(l, line[i+1:]); ok {
			l.request = line[:i]
			return !hasLineEnd(l.request) && (a.Format == FormatCommon || a.agents(l, rest))
		}
	}
	return false
}

// status takes status and size, and returns what follows them.
func (a *ApacheLog) status(l *accessLine, rest []byte) (_ []byte, ok bool) {
	if len(rest) < 4 || rest[0] != ' ' {
		return nil, false
	}
	rest = rest[1:]
	switch {
	case a.Lenient && rest[0] == '-' && rest[1] == ' ':
		l.status, rest = nil, rest[2:]
	case len(rest) > 4 && digits(rest[:3]) == 3 && rest[3] == ' ':
		l.status, rest = rest[:3], rest[4:]
	default:
		return nil, false
	}
	if n := digits(rest); n > 0 {
		l.size = rest[:n]
		return rest[n:], true
	}
	l.size = nil
	if a.Lenient && len(rest) > 0 && rest[0] == '-' && (len(rest) == 1 || rest[1] <= ' ') {
		return rest[1:], true
	}
	return nil, false
}

// agents takes referer and agent.
func (a *ApacheLog) agents(l *accessLine, rest []byte) (ok bool) {
	if l.referer, rest, ok = cutQuoted(rest); !ok {
		return false
	}
	l.agent, _, ok = cutQuoted(rest)
	return ok
}

// cutQuoted cuts a space and a quoted text. A quote ends it before a space or the end, and not after a backslash.
func cutQuoted(s []byte) (text, rest []byte, ok bool) {
	if len(s) < 3 || s[0] != ' ' || s[1] != '"' {
		return nil, nil, false
	}
	s = s[2:]
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			if i+1 == len(s) || s[i+1] <= ' ' {
				return s[:i], s[i+1:], true
			}
		}
	}
	return nil, nil, false
}

// zoneOffset reads -0800 as seconds.
func zoneOffset(zone []byte) int64 {
	d := int64(number(zone[1:3]))*3600 + int64(number(zone[3:5]))*60
	if zone[0] == '-' {
		return -d
	}
	return d
}

// accessTime reads dd/Mon/yyyy:HH:mm:ss as Unix seconds.
func accessTime(s []byte) (int64, bool) {
	if len(s) != len("dd/Mon/yyyy:HH:mm:ss") || s[2] != '/' || s[6] != '/' || s[11] != ':' || s[14] != ':' || s[17] != ':' ||
		digits(s[:2]) < 2 || digits(s[7:11]) < 4 || digits(s[12:14]) < 2 || digits(s[15:17]) < 2 || digits(s[18:]) < 2 {
		return 0, false
	}
	month := monthOf(s[3:6])
	if month == 0 {
		return 0, false
	}
	return unix(number(s[7:11]), month, number(s[:2]), number(s[12:14]), number(s[15:17]), number(s[18:20]))
}

// monthOf returns the month with the English abbreviation s, 0 if there is none.
func monthOf(s []byte) time.Month {
	switch string(s) {
	case "Jan":
		return time.January
	case "Feb":
		return time.February
	case "Mar":
		return time.March
	case "Apr":
		return time.April
	case "May":
		return time.May
	case "Jun":
		return time.June
	case "Jul":
		return time.July
	case "Aug":
		return time.August
	case "Sep":
		return time.September
	case "Oct":
		return time.October
	case "Nov":
		return time.November
	case "Dec":
		return time.December
	}
	return 0
}

package blueprints

import (
	"context"
	"time"

	"github.com/hydrantkit/hydrant"
)

// ApacheLog reads lines of an Apache access log, one a record. The zero value is the service's own blueprint
// (record-transformation.md §10.1, §10.2): what follows the size is ignored, and so is the line unless its host
// consists of digits and dots, its request isn't empty and its size is a number.
type ApacheLog struct {
	// Lenient takes any host without blanks (names, IPv6), sizes and statuses of "-", which become null, empty requests
	// and blanks before the line.
	Lenient bool

	// Newline ends each JSON document with a newline. Lines of CSV always have one.
	Newline bool

	err error
}

// FromEnv reads the options LENIENT and NEWLINE. The first wrong one is kept, and the transform answers every
// invocation with it.
func (a ApacheLog) FromEnv(getenv func(string) string) ApacheLog {
	e := env{get: getenv}
	e.bool("LENIENT", &a.Lenient)
	e.bool("NEWLINE", &a.Newline)
	a.err = e.err
	return a
}

// JSON returns the transform of lines to JSON:
//
//	{"host":"64.242.88.10","ident":"-","authuser":"-","request":"GET /x HTTP/1.1","response":200,"bytes":6291,"verb":"GET",
//	 "@timestamp":"2004-03-07T16:10:02.000Z","timezone":"-0800","@timestamp_utc":"2004-03-08T00:10:02.000Z"}
//
// verb is there when the request has more than one part; timezone and @timestamp_utc when the time has an offset.
// @timestamp is the time as it stands, without its offset.
func (a ApacheLog) JSON() hydrant.Transform {
	if a.err != nil {
		return hydrant.Error(a.err)
	}
	return hydrant.Append(a.appendJSON)
}

func (a ApacheLog) appendJSON(_ context.Context, dst []byte, r hydrant.Record) ([]byte, hydrant.Status) {
	l, ok := a.parse(r.Data)
	if !ok {
		return dst, hydrant.ProcessingFailed
	}
	dst = appendMember(dst, `{"host":`, l.host)
	dst = appendMember(dst, `,"ident":`, l.ident)
	dst = appendMember(dst, `,"authuser":`, l.user)
	dst = appendMember(dst, `,"request":`, l.request)
	dst = appendNumber(append(dst, `,"response":`...), l.status)
	dst = appendNumber(append(dst, `,"bytes":`...), l.size)
	for i, c := range l.request {
		if c == ' ' {
			dst = appendMember(dst, `,"verb":`, l.request[:i])
			break
		}
	}
	dst = append(dst, `,"@timestamp":"`...)
	dst = appendTime(dst, l.time)
	if l.zone != nil {
		dst = append(dst, `","timezone":"`...)
		dst = append(dst, l.zone...)
		dst = append(dst, `","@timestamp_utc":"`...)
		dst = appendTime(dst, l.time-l.offset)
	}
	dst = append(dst, `"}`...)
	if a.Newline {
		dst = append(dst, '\n')
	}
	return dst, hydrant.OK
}

// An accessLine is a line taken apart. Numbers are digits, or nil where they are not known.
type accessLine struct {
	host, ident, user, request []byte
	stamp                      []byte // the time as it stands, without its offset
	zone                       []byte // such as -0800; nil if there is none
	time                       int64  // of stamp, as if it were UTC, in Unix seconds
	offset                     int64  // of zone, in seconds
	status, size               []byte
}

// parse takes a line apart:
//
//	host ident authuser [dd/Mon/yyyy:HH:mm:ss -0700] "request" 200 2326
func (a ApacheLog) parse(line []byte) (l accessLine, ok bool) {
	if a.Lenient {
		for len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
			line = line[1:]
		}
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

	const stamp = len("dd/Mon/yyyy:HH:mm:ss")
	if len(line) < 1+stamp+1 || line[0] != '[' {
		return l, false
	}
	l.stamp = line[1 : 1+stamp]
	if l.time, ok = accessTime(l.stamp); !ok {
		return l, false
	}
	line = line[1+stamp:]
	if len(line) > 6 && line[0] == ' ' {
		if l.zone = line[1:6]; (l.zone[0] != '+' && l.zone[0] != '-') || digits(l.zone[1:]) < 4 {
			return l, false
		}
		l.offset = int64(number(l.zone[1:3]))*3600 + int64(number(l.zone[3:5]))*60
		if l.zone[0] == '-' {
			l.offset = -l.offset
		}
		line = line[6:]
	}
	if len(line) < 3 || line[0] != ']' || line[1] != ' ' || line[2] != '"' {
		return l, false
	}
	return l, a.request(&l, line[3:])
}

// request takes request, status and size from what follows the opening quote. The request ends at the first
// quote that status and size follow, so it may hold quotes itself.
func (a ApacheLog) request(l *accessLine, line []byte) bool {
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			if i == 0 && !a.Lenient {
				continue
			}
			if a.status(l, line[i+1:]) {
				l.request = line[:i]
				return true
			}
		case lineEnd(line[i:]):
			return false
		}
	}
	return false
}

// status takes status and size.
func (a ApacheLog) status(l *accessLine, rest []byte) bool {
	if len(rest) < 4 || rest[0] != ' ' {
		return false
	}
	rest = rest[1:]
	switch {
	case a.Lenient && rest[0] == '-' && rest[1] == ' ':
		l.status, rest = nil, rest[2:]
	case len(rest) > 4 && digits(rest[:3]) == 3 && rest[3] == ' ':
		l.status, rest = rest[:3], rest[4:]
	default:
		return false
	}
	if n := digits(rest); n > 0 {
		l.size = rest[:n]
		return true
	}
	l.size = nil
	return a.Lenient && len(rest) > 0 && rest[0] == '-' && (len(rest) == 1 || rest[1] <= ' ')
}

// accessTime reads dd/Mon/yyyy:HH:mm:ss, 20 bytes, as Unix seconds.
func accessTime(s []byte) (int64, bool) {
	if s[2] != '/' || s[6] != '/' || s[11] != ':' || s[14] != ':' || s[17] != ':' ||
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

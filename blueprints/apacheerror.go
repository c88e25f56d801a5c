package blueprints

import (
	"bytes"
	"context"
	"strconv"

	"github.com/hydrantkit/hydrant"
)

// ApacheError reads lines of an Apache error log, of 2.0, 2.2 or 2.4, one or more a record.
type ApacheError struct {
	err error
}

// FromEnv reads no options.
func (a ApacheError) FromEnv(func(string) string) ApacheError { return a }

// JSON returns the transform of lines to JSON, each document with a newline:
//
//	{"timestamp":"Fri Sep 09 10:42:29.902022 2011","@timestamp":"2011-09-09T10:42:29.902Z","module":"core","severity":"error",
//	 "processid":35708,"threadid":4328636416,"client":"72.15.99.187","message":"File does not exist: /usr/local/apache2/htdocs/favicon.ico"}
//
// @timestamp is the time as if it were UTC. What a line hasn't is left out.
func (a ApacheError) JSON() hydrant.Transform { return lines(a.err, appendError) }

// appendError reads a line:
//
//	[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187] message
func appendError(_ context.Context, dst, line []byte) ([]byte, hydrant.Status) {
	out := dst
	stamp, rest, ok := cutBracket(line)
	if !ok {
		return dst, hydrant.ProcessingFailed
	}
	sec, millis, ok := errorTime(stamp)
	if !ok {
		return dst, hydrant.ProcessingFailed
	}
	level, rest, ok := cutBracket(bytes.TrimPrefix(rest, []byte(" ")))
	if !ok {
		return dst, hydrant.ProcessingFailed
	}
	var module []byte
	if i := bytes.IndexByte(level, ':'); i >= 0 {
		module, level = level[:i], level[i+1:]
	}
	for _, c := range level {
		if !isWord(c) {
			return dst, hydrant.ProcessingFailed
		}
	}
	var pid, tid, client []byte
	for {
		group, more, ok := cutBracket(bytes.TrimPrefix(rest, []byte(" ")))
		if !ok {
			break
		}
		if v, ok := bytes.CutPrefix(group, []byte("pid ")); ok && pid == nil && client == nil {
			p, t, threaded := bytes.Cut(v, []byte(":tid "))
			if digits(p) != len(p) || len(p) == 0 || threaded && (digits(t) != len(t) || len(t) == 0) {
				break
			}
			pid, tid = p, t
		} else if v, ok := bytes.CutPrefix(group, []byte("client ")); ok {
			// Modules repeat the client, without its port.
			if client == nil {
				client = v
			} else if !bytes.HasPrefix(client, v) {
				break
			}
		} else {
			break
		}
		rest = more
	}
	out = appendMember(out, `{"timestamp":`, stamp)
	out = append(out, `,"@timestamp":"`...)
	out = appendTime(out, sec, millis)
	out = append(out, '"')
	if len(module) > 0 {
		out = appendMember(out, `,"module":`, module)
	}
	out = appendMember(out, `,"severity":`, level)
	if pid != nil {
		out = appendNumber(append(out, `,"processid":`...), pid)
	}
	if len(tid) > 0 {
		out = appendNumber(append(out, `,"threadid":`...), tid)
	}
	if client != nil {
		out = appendMember(out, `,"client":`, client)
	}
	out = appendMember(out, `,"message":`, bytes.TrimPrefix(rest, []byte(" ")))
	return append(out, '}'), hydrant.OK
}

// cutBracket cuts [text] from the start of s.
func cutBracket(s []byte) (text, rest []byte, ok bool) {
	if len(s) < 2 || s[0] != '[' {
		return nil, s, false
	}
	i := bytes.IndexByte(s, ']')
	if i < 0 {
		return nil, s, false
	}
	return s[1:i], s[i+1:], true
}

// errorTime reads Fri Sep 09 10:42:29.902022 2011.
func errorTime(s []byte) (sec int64, millis int, ok bool) {
	words := bytes.Fields(s)
	if len(words) != 5 || len(words[0]) != 3 || len(words[1]) != 3 || len(words[3]) < 8 || len(words[4]) != 4 || digits(words[4]) != 4 {
		return 0, 0, false
	}
	month, day, t := monthOf(words[1]), words[2], words[3]
	if month == 0 || len(day) > 2 || digits(day) != len(day) || t[2] != ':' || t[5] != ':' ||
		digits(t) != 2 || digits(t[3:]) != 2 || digits(t[6:8]) != 2 {
		return 0, 0, false
	}
	if f := t[8:]; len(f) > 0 {
		if f[0] != '.' || len(f) == 1 || digits(f[1:]) != len(f)-1 {
			return 0, 0, false
		}
		millis, _ = strconv.Atoi(string(append(append([]byte(nil), f[1:min(len(f), 4)]...), "00"[:max(0, 4-len(f))]...)))
	}
	sec, ok = unix(number(words[4]), month, number(day), number(t[:2]), number(t[3:5]), number(t[6:8]))
	return sec, millis, ok
}

package blueprints

import (
	"bytes"
	"context"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// cutWord cuts the run of non-blank characters at the start of s, which must not be empty, and the one space after it.
func cutWord(s []byte) (word, rest []byte, ok bool) {
	n := 0
	for n < len(s) {
		c := s[n]
		if c == ' ' {
			break
		}
		if c < ' ' && '\t' <= c && c <= '\r' {
			return nil, nil, false
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(s[n:])
			if blank(r) {
				return nil, nil, false
			}
			n += size
			continue
		}
		n++
	}
	if n == 0 || n >= len(s) {
		return nil, nil, false
	}
	return s[:n], s[n+1:], true
}

// blank tells whether \s of JavaScript matches r, which isn't ASCII.
func blank(r rune) bool {
	return r == 0xFEFF || r != 0x85 && unicode.IsSpace(r)
}

// hasLineEnd tells whether s holds a character that the dot of JavaScript's expressions does not match.
func hasLineEnd(s []byte) bool { return lineEnd(s) < len(s) }

// lineEnd returns the index of the first such character, or the length of s.
func lineEnd(s []byte) int {
	for i, c := range s {
		switch {
		case c == '\n' || c == '\r':
			return i
		case c == 0xE2 && i+2 < len(s) && s[i+1] == 0x80 && s[i+2]&^1 == 0xA8: // U+2028, U+2029
			return i
		}
	}
	return len(s)
}

// isWord tells whether \w matches c.
func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// digits returns how many digits s begins with.
func digits(s []byte) int {
	for i, c := range s {
		if c < '0' || c > '9' {
			return i
		}
	}
	return len(s)
}

// number returns the value of a few digits.
func number(s []byte) int {
	n := 0
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

// unix returns the Unix seconds of a time in UTC, and whether there is such a time.
func unix(year int, month time.Month, day, hour, min, sec int) (int64, bool) {
	if day < 1 || day > daysIn(year, month) || hour > 23 || min > 59 || sec > 59 {
		return 0, false
	}
	return days(year, month, day)*86400 + int64(hour*3600+min*60+sec), true
}

func daysIn(year int, month time.Month) int {
	switch month {
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case time.April, time.June, time.September, time.November:
		return 30
	}
	return 31
}

// days returns the number of days from 1970-01-01 to a date of the Gregorian calendar.
func days(year int, month time.Month, day int) int64 {
	// Years begin in March here, so that a leap day is the last of its year.
	y, m := int64(year), int64(month)-3
	if m < 0 {
		y, m = y-1, m+12
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	return era*146097 + yoe*365 + yoe/4 - yoe/100 + (153*m+2)/5 + int64(day) - 1 - 719468
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// appendTime appends a time as ISO 8601 with milliseconds, 2004-03-07T16:10:02.000Z; years that four digits cannot hold as
// JavaScript writes them, with a sign and six digits.
func appendTime(dst []byte, sec int64, millis int) []byte {
	day := floorDiv(sec, 86400)
	rest := int(sec - day*86400)
	day += 719468
	era := floorDiv(day, 146097)
	doe := day - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d, m, y := int(doy-(153*mp+2)/5+1), int(mp+3), yoe+era*400
	if m > 12 {
		m, y = m-12, y+1
	}
	switch {
	case y < 0:
		dst = append(dst, '-', byte('0'-y/100000), byte('0'-y/10000%10))
		y = -y % 10000
	case y > 9999:
		dst = append(dst, '+', byte('0'+y/100000), byte('0'+y/10000%10))
		y %= 10000
	}
	var t [24]byte
	copy(t[:], "yyyy-mm-ddThh:mm:ss.000Z")
	put2(t[0:2], int(y)/100)
	put2(t[2:4], int(y)%100)
	put2(t[5:7], m)
	put2(t[8:10], d)
	put2(t[11:13], rest/3600)
	put2(t[14:16], rest/60%60)
	put2(t[17:19], rest%60)
	t[20] = byte('0' + millis/100)
	put2(t[21:23], millis%100)
	return append(dst, t[:]...)
}

func put2(dst []byte, n int) {
	dst[0], dst[1] = byte('0'+n/10), byte('0'+n%10)
}

// transform returns what f makes of records, or the transform that answers with err.
func transform(err error, f hydrant.Append) hydrant.Transform {
	if err != nil {
		return hydrant.Error(err)
	}
	return f
}

// lines returns a transform of records of one or more lines to one document a line, each with a newline. A line that f can't read fails
// its record; a record without lines, or whose lines are all dropped, is dropped.
func lines(err error, f func(ctx context.Context, dst, line []byte) ([]byte, hydrant.Status)) hydrant.Transform {
	return transform(err, func(ctx context.Context, dst []byte, r hydrant.Record) ([]byte, hydrant.Status) {
		out := dst
		for line := range hydrant.Lines(r.Data) {
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			next, status := f(ctx, out, line)
			switch status {
			case hydrant.OK:
				out = append(next, '\n')
			case hydrant.ProcessingFailed:
				return dst, status
			}
		}
		if len(out) == len(dst) {
			return dst, hydrant.Dropped
		}
		return out, hydrant.OK
	})
}

// A csvRow appends fields of comma-separated values.
type csvRow struct {
	quote bool
	n     int
}

func (c *csvRow) append(dst, field []byte) []byte {
	if c.n++; c.n > 1 {
		dst = append(dst, ',')
	}
	if !c.quote || !bytes.ContainsAny(field, ",\"\r\n") {
		return jsonscan.AppendUTF8(dst, field)
	}
	dst = append(dst, '"')
	for {
		i := bytes.IndexByte(field, '"')
		if i < 0 {
			break
		}
		dst = append(jsonscan.AppendUTF8(dst, field[:i+1]), '"')
		field = field[i+1:]
	}
	return append(jsonscan.AppendUTF8(dst, field), '"')
}

// appendMember appends the start of a member, with its colon, and its value, a string.
func appendMember(dst []byte, start string, value []byte) []byte {
	return hydrant.AppendJSONString(append(dst, start...), value)
}

// appendNumber appends digits as a JSON number, without leading zeros, and null for none.
func appendNumber(dst, digits []byte) []byte {
	if len(digits) == 0 {
		return append(dst, "null"...)
	}
	for len(digits) > 1 && digits[0] == '0' {
		digits = digits[1:]
	}
	return append(dst, digits...)
}

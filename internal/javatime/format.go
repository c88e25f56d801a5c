package javatime

import (
	"fmt"
	"time"
)

// Append appends t, in its location, to dst. Its only error is a field that is longer than the
// width it is padded to ("ppyyyy"); dst is then returned as it was given.
func (f *Formatter) Append(dst []byte, t time.Time) ([]byte, error) {
	given := len(dst)
	var c clock
	c.set(t)
	for i := range f.fields {
		fd := &f.fields[i]
		if fd.letter == 0 {
			dst = append(dst, fd.text...)
			continue
		}
		start := len(dst)
		dst = c.appendField(dst, fd, f.weeks)
		if fd.pad > 0 {
			n := len(dst) - start
			if n > fd.pad {
				return dst[:given], fmt.Errorf("format %s by pattern %q: Cannot print as output of %d characters exceeds pad width of %d",
					t.Format(time.RFC3339Nano), f.pattern, n, fd.pad)
			}
			for range fd.pad - n {
				dst = append(dst, ' ')
			}
			copy(dst[start+fd.pad-n:], dst[start:start+n])
			for j := range fd.pad - n {
				dst[start+j] = ' '
			}
		}
	}
	return dst, nil
}

// checkAt is the moment Check formats: every field has as many digits as it usually gets.
var checkAt = time.Date(2025, time.December, 28, 22, 50, 50, 123456789, time.UTC)

// Check formats one time in loc and returns the error of doing so. Some patterns compile and
// never print ("ppyyyy"); others print at some times only ("ppn"), and fail here too since the
// time chosen has long fields.
func (f *Formatter) Check(loc *time.Location) error {
	_, err := f.Append(make([]byte, 0, 128), checkAt.In(loc))
	return err
}

// A clock is a time taken apart.
type clock struct {
	t                    time.Time
	year, month, day     int
	hour, minute, second int
	nano                 int
	weekday              time.Weekday
}

func (c *clock) set(t time.Time) {
	c.t = t
	y, m, d := t.Date()
	c.year, c.month, c.day = y, int(m), d
	c.hour, c.minute, c.second = t.Clock()
	c.nano = t.Nanosecond()
	c.weekday = t.Weekday()
}

var (
	months = [...]string{"January", "February", "March", "April", "May", "June", "July", "August",
		"September", "October", "November", "December"}
	quarters = [...]string{"1st quarter", "2nd quarter", "3rd quarter", "4th quarter"}
)

func (c *clock) appendField(dst []byte, f *field, weeks WeekRule) []byte {
	n := f.count
	switch f.letter {
	case 'y':
		y := c.year
		if y <= 0 {
			y = 1 - y // year of era
		}
		return appendYear(dst, y, n)
	case 'u':
		return appendYear(dst, c.year, n)
	case 'Y':
		y, _ := weeks.week(c.year, c.t.YearDay(), weeks.dayOfWeek(c.weekday))
		return appendYear(dst, y, n)
	case 'w':
		_, w := weeks.week(c.year, c.t.YearDay(), weeks.dayOfWeek(c.weekday))
		return appendInt(dst, w, n)
	case 'W':
		return appendInt(dst, weeks.ordinal(c.day, weeks.dayOfWeek(c.weekday)), n)
	case 'M', 'L':
		if n <= 2 {
			return appendInt(dst, c.month, n)
		}
		return appendText(dst, months[c.month-1], n)
	case 'd':
		return appendInt(dst, c.day, n)
	case 'D':
		return appendInt(dst, c.t.YearDay(), n)
	case 'F':
		return appendInt(dst, (c.day-1)%7+1, n)
	case 'E':
		return appendText(dst, c.weekday.String(), n)
	case 'e', 'c':
		if n <= 2 {
			return appendInt(dst, weeks.dayOfWeek(c.weekday), n)
		}
		return appendText(dst, c.weekday.String(), n)
	case 'Q', 'q':
		q := (c.month - 1) / 3
		switch n {
		case 3:
			return append(dst, 'Q', byte('1'+q))
		case 4:
			return append(dst, quarters[q]...)
		case 5:
			n = 1
		}
		return appendInt(dst, q+1, n)
	case 'G':
		return c.appendEra(dst, n)
	case 'a':
		if c.hour < 12 {
			return append(dst, "AM"...)
		}
		return append(dst, "PM"...)
	case 'H':
		return appendInt(dst, c.hour, n)
	case 'k':
		return appendInt(dst, (c.hour+23)%24+1, n)
	case 'K':
		return appendInt(dst, c.hour%12, n)
	case 'h':
		return appendInt(dst, (c.hour+11)%12+1, n)
	case 'm':
		return appendInt(dst, c.minute, n)
	case 's':
		return appendInt(dst, c.second, n)
	case 'S':
		dst = appendInt(dst, c.nano, 9)
		return dst[:len(dst)-9+n]
	case 'n':
		return appendInt(dst, c.nano, n)
	case 'N':
		return appendInt64(dst, c.secondOfDay()*1e9+int64(c.nano), n)
	case 'A':
		return appendInt64(dst, c.secondOfDay()*1e3+int64(c.nano/1e6), n)
	case 'V':
		return append(dst, c.t.Location().String()...)
	case 'z':
		return append(dst, zoneName(f.zones, c.t, n == 4)...)
	}
	_, offset := c.t.Zone()
	switch f.letter {
	case 'O':
		return appendGMT(dst, offset, n == 4)
	case 'X':
		return appendOffset(dst, offset, n, "Z")
	case 'x':
		switch {
		case n == 1:
			return appendOffset(dst, offset, n, "+00")
		case n%2 == 0:
			return appendOffset(dst, offset, n, "+0000")
		}
		return appendOffset(dst, offset, n, "+00:00")
	case 'Z':
		switch n {
		case 4:
			return appendGMT(dst, offset, true)
		case 5:
			return appendOffset(dst, offset, 5, "Z")
		}
		return appendOffset(dst, offset, 2, "+0000")
	}
	panic("javatime: letter compiled but not printed")
}

func (c *clock) secondOfDay() int64 {
	return int64(c.hour*3600 + c.minute*60 + c.second)
}

func (c *clock) appendEra(dst []byte, n int) []byte {
	ad := c.year > 0
	switch {
	case n == 4 && ad:
		return append(dst, "Anno Domini"...)
	case n == 4:
		return append(dst, "Before Christ"...)
	case ad && n == 5:
		return append(dst, 'A')
	case n == 5:
		return append(dst, 'B')
	case ad:
		return append(dst, "AD"...)
	}
	return append(dst, "BC"...)
}

// appendText prints a name as long as n letters want it: 4 in full, 5 its first letter, else
// its first three.
func appendText(dst []byte, name string, n int) []byte {
	switch n {
	case 4:
		return append(dst, name...)
	case 5:
		return append(dst, name[0])
	}
	return append(dst, name[:3]...)
}

// appendYear prints a year in n letters: two are the last two digits, four and more fill up
// with zeros and mark a year that needs more digits with a plus.
func appendYear(dst []byte, year, n int) []byte {
	abs := year
	if year < 0 {
		abs = -year
	}
	if n == 2 {
		return appendInt(dst, abs%100, 2)
	}
	if year < 0 {
		dst = append(dst, '-')
	} else if n >= 4 && digits(int64(year)) > n {
		dst = append(dst, '+')
	}
	return appendInt(dst, abs, n)
}

func appendInt(dst []byte, v, width int) []byte { return appendInt64(dst, int64(v), width) }

// appendInt64 prints v, which isn't negative, with zeros before it up to width.
func appendInt64(dst []byte, v int64, width int) []byte {
	n := max(digits(v), width)
	for range n {
		dst = append(dst, '0')
	}
	for i := len(dst) - 1; v > 0; i-- {
		dst[i] = byte('0' + v%10)
		v /= 10
	}
	return dst
}

func digits(v int64) int {
	n := 1
	for v >= 10 {
		v /= 10
		n++
	}
	return n
}

// appendOffset prints seconds east of UTC in n letters X: 1 +HH and minutes unless they are 0,
// 2 +HHMM, 3 +HH:MM, 4 and 5 the same and seconds unless they are 0. What prints as zero is
// printed as zero says.
func appendOffset(dst []byte, offset, n int, zero string) []byte {
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	h, m, s := offset/3600, offset/60%60, offset%60
	if h == 0 && m == 0 && (n < 4 || s == 0) {
		return append(dst, zero...)
	}
	colon := n == 3 || n == 5
	dst = appendInt(append(dst, sign), h, 2)
	if n == 1 && m == 0 {
		return dst
	}
	if colon {
		dst = append(dst, ':')
	}
	dst = appendInt(dst, m, 2)
	if n >= 4 && s != 0 {
		if colon {
			dst = append(dst, ':')
		}
		dst = appendInt(dst, s, 2)
	}
	return dst
}

// appendGMT prints GMT, GMT+5:30 or, in full, GMT+05:30.
func appendGMT(dst []byte, offset int, full bool) []byte {
	dst = append(dst, "GMT"...)
	if offset == 0 {
		return dst
	}
	sign, width := byte('+'), 1
	if offset < 0 {
		sign, offset = '-', -offset
	}
	if full {
		width = 2
	}
	h, m, s := offset/3600, offset/60%60, offset%60
	dst = appendInt(append(dst, sign), h, width)
	if full || m != 0 || s != 0 {
		dst = appendInt(append(dst, ':'), m, 2)
	}
	if s != 0 {
		dst = appendInt(append(dst, ':'), s, 2)
	}
	return dst
}

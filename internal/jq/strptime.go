package jq

import (
	"fmt"
	"strings"
)

// strptimeNative is strptime: glibc's in the C locale. Fields the text doesn't give are zero, the day too. %z is read and
// ignored. What follows the format must be blank, and is the ninth element then.
func strptimeNative(m *machine, in, f, _, _ value) (value, error) {
	if in.kind != kindString || f.kind != kindString {
		return none, raiseString("strptime/1 requires string inputs and arguments")
	}
	if err := m.charge(int(in.n + f.n)); err != nil { // of the message
		return none, err
	}
	s, format := cString(in.str()), cString(f.str())
	p := timeParser{rest: s, t: brokenTime{wday: 8, yday: 367}}
	if !p.parse(format, 0) || p.rest != "" && !isBlank(p.rest[0]) {
		return none, raiseString(fmt.Sprintf("date \"%s\" does not match format \"%s\"", s, format))
	}
	p.finish()
	t := &p.t
	if t.wday == 8 && t.day != 0 && t.mon >= 0 && t.mon <= 11 {
		t.wday = gaussWeekday(t)
	}
	if t.yday == 367 && t.day != 0 && t.mon >= 0 && t.mon <= 11 {
		t.yday = monthStarts[t.mon] + t.day - 1
		if t.mon > 1 && isLeap(int64(t.year)+1900) {
			t.yday++
		}
	}
	v := t.value(float64(t.sec))
	if p.rest != "" {
		return v.arr().appended(str(p.rest)), nil
	}
	return v, nil
}

// glibcWeekday is the C library's formula. In the year 0 and before it is a day off.
func glibcWeekday(year, mon, day int) int {
	y := 1900 + year
	if mon < 2 {
		y--
	}
	w := -473 + 365*(year-70) + y/4 - y/4/25 + y/4/25/4 + monthDays[mon] + day - 1
	if y/4%25 < 0 {
		w++
	}
	return (w%7 + 7) % 7
}

// monthTable is the days before each month, and for short years those of long years behind them.
func monthTable(leap bool) []int {
	if leap {
		return monthDays[13:]
	}
	return monthDays[:]
}

var monthDays = [...]int{
	0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365,
	0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366,
}

var monthStarts = [...]int{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334}

// gaussWeekday is jq's own formula, wrong in the first weeks of some centuries as there.
func gaussWeekday(t *brokenTime) int {
	century, year := (1900+t.year)/100, (1900+t.year)%100
	if t.mon < 2 {
		year--
	}
	mon := t.mon - 1
	if mon < 1 {
		mon += 12
	}
	floor := func(a, b int) int {
		q := a / b
		if a%b != 0 && (a < 0) != (b < 0) {
			q--
		}
		return q
	}
	w := (t.day + floor(26*mon-2, 10) + year + floor(year, 4) + floor(century, 4) - 2*century) % 7
	if w < 0 {
		w += 7
	}
	return w
}

func isBlank(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

type timeParser struct {
	rest string
	t    brokenTime

	pm, twelve              bool
	century                 int
	hasCentury, wantCentury bool
	wantDays                bool // the weekday and the day of the year are to be worked out
	hasWday, hasYday        bool
	hasMon, hasDay          bool
	hasUWeek, hasWWeek      bool
	week                    int
}

func (p *timeParser) blanks() {
	p.rest = strings.TrimLeft(p.rest, " \t\n\v\f\r")
}

// number reads up to digits digits after blanks, as long as another one could stay in the range, and checks it.
func (p *timeParser) number(from, to, digits int) (int, bool) {
	p.rest = strings.TrimLeft(p.rest, " ")
	n, i := 0, 0
	for i < digits && i < len(p.rest) && isDigit(p.rest[i]) && (i == 0 || n*10 <= to) {
		n = n*10 + int(p.rest[i]-'0')
		i++
	}
	if i == 0 || n < from || n > to {
		return 0, false
	}
	p.rest = p.rest[i:]
	return n, true
}

// name reads the longest of a list of names or its first three letters, in any case.
func (p *timeParser) name(names []string) (int, bool) {
	for i, n := range names {
		for _, s := range []string{n, n[:3]} {
			if len(p.rest) >= len(s) && strings.EqualFold(p.rest[:len(s)], s) {
				p.rest = p.rest[len(s):]
				return i, true
			}
		}
	}
	return 0, false
}

func (p *timeParser) parse(format string, depth int) bool {
	for i := 0; i < len(format); i++ {
		c := format[i]
		if isBlank(c) {
			p.blanks()
			continue
		}
		if c != '%' {
			if p.rest == "" || p.rest[0] != c {
				return false
			}
			p.rest = p.rest[1:]
			continue
		}
		i++
		for i < len(format) && strings.IndexByte("-_0^#", format[i]) >= 0 { // flags of strftime
			i++
		}
		for i < len(format) && isDigit(format[i]) { // and its width
			i++
		}
		modifier := byte(0)
		if i < len(format) && (format[i] == 'E' || format[i] == 'O') {
			modifier = format[i]
			i++
		}
		if i >= len(format) || depth > 3 || !p.field(format[i], modifier, depth) {
			return false
		}
	}
	return true
}

func (p *timeParser) field(c, modifier byte, depth int) bool {
	t := &p.t
	var n int
	ok := true
	set := func(dst *int, from, to, digits int) bool {
		n, ok = p.number(from, to, digits)
		if ok {
			*dst = n
		}
		return ok
	}
	if modifier == 'E' && strings.IndexByte("cCyYxX", c) < 0 || modifier == 'O' && strings.IndexByte("bBdeHImMSUVWwy", c) < 0 {
		return false
	}
	switch c {
	case '%':
		ok = strings.HasPrefix(p.rest, "%")
		if ok {
			p.rest = p.rest[1:]
		}
	case 'a', 'A':
		if n, ok = p.name(dayNames[:]); ok {
			t.wday, p.hasWday = n, true
		}
	case 'b', 'B', 'h':
		if n, ok = p.name(monthNames[:]); ok {
			t.mon, p.hasMon, p.wantDays = n, true, true
		}
	case 'c':
		p.wantDays = true
		return p.parse("%a %b %e %H:%M:%S %Y", depth+1)
	case 'C':
		if n, ok = p.number(0, 99, 2); ok {
			p.century, p.hasCentury, p.wantDays = n, true, true
		}
	case 'd', 'e':
		ok = set(&t.day, 1, 31, 2)
		p.hasDay, p.wantDays = true, true
	case 'x', 'D':
		p.wantDays = true
		return p.parse("%m/%d/%y", depth+1)
	case 'F':
		p.wantDays = true
		return p.parse("%Y-%m-%d", depth+1)
	case 'k', 'H':
		ok = set(&t.hour, 0, 23, 2)
		p.twelve = false
	case 'l', 'I':
		if n, ok = p.number(1, 12, 2); ok {
			t.hour, p.twelve = n%12, true
		}
	case 'j':
		if n, ok = p.number(1, 366, 3); ok {
			t.yday, p.hasYday = n-1, true
		}
	case 'm':
		if n, ok = p.number(1, 12, 2); ok {
			t.mon, p.hasMon, p.wantDays = n-1, true, true
		}
	case 'M':
		ok = set(&t.min, 0, 59, 2)
	case 'n', 't':
		p.blanks()
	case 'p', 'P':
		switch {
		case len(p.rest) >= 2 && strings.EqualFold(p.rest[:2], "AM"):
			p.pm = false
		case len(p.rest) >= 2 && strings.EqualFold(p.rest[:2], "PM"):
			p.pm = true
		default:
			return false
		}
		p.rest = p.rest[2:]
	case 'r':
		return p.parse("%I:%M:%S %p", depth+1)
	case 'R':
		return p.parse("%H:%M", depth+1)
	case 's':
		return p.epoch()
	case 'S':
		ok = set(&t.sec, 0, 61, 2)
	case 'X', 'T':
		return p.parse("%H:%M:%S", depth+1)
	case 'u':
		if n, ok = p.number(1, 7, 1); ok {
			t.wday, p.hasWday = n%7, true
		}
	case 'g':
		_, ok = p.number(0, 99, 2)
	case 'G':
		_, ok = p.number(0, 9999, 4)
	case 'U':
		ok = set(&p.week, 0, 53, 2)
		p.hasUWeek = true
	case 'W':
		ok = set(&p.week, 0, 53, 2)
		p.hasWWeek = true
	case 'V':
		_, ok = p.number(0, 53, 2)
	case 'w':
		ok = set(&t.wday, 0, 6, 1)
		p.hasWday = true
	case 'y':
		if n, ok = p.number(0, 99, 2); ok {
			t.year = n
			if n < 69 {
				t.year += 100
			}
			p.wantCentury, p.wantDays = true, true
		}
	case 'Y':
		if n, ok = p.number(0, 9999, 4); ok {
			t.year, p.wantCentury, p.wantDays = n-1900, false, true
		}
	case 'Z':
		p.blanks()
		for p.rest != "" && !isBlank(p.rest[0]) {
			p.rest = p.rest[1:]
		}
	case 'z':
		return p.zone()
	default:
		return false
	}
	return ok
}

// epoch reads %s: seconds, which give every field.
func (p *timeParser) epoch() bool {
	n, i := int64(0), 0
	for ; i < len(p.rest) && isDigit(p.rest[i]); i++ {
		if n > (1<<63-10)/10 {
			return false
		}
		n = n*10 + int64(p.rest[i]-'0')
	}
	if i == 0 {
		return false
	}
	p.rest = p.rest[i:]
	t, ok := breakTime(n)
	p.t = t
	return ok
}

// zone reads %z: Z, or a sign and two or four digits with or without a colon.
func (p *timeParser) zone() bool {
	p.blanks()
	if strings.HasPrefix(p.rest, "Z") {
		p.rest = p.rest[1:]
		return true
	}
	if p.rest == "" || p.rest[0] != '+' && p.rest[0] != '-' {
		return false
	}
	p.rest = p.rest[1:]
	n, digits := 0, 0
	for digits < 4 && p.rest != "" && isDigit(p.rest[0]) {
		n = n*10 + int(p.rest[0]-'0')
		digits++
		p.rest = p.rest[1:]
		if digits == 2 && len(p.rest) > 1 && p.rest[0] == ':' && isDigit(p.rest[1]) {
			p.rest = p.rest[1:]
		}
	}
	switch digits {
	case 2:
	case 4:
		if n%100 >= 60 {
			return false
		}
	default:
		return false
	}
	return true
}

// finish works out what follows from the fields read.
func (p *timeParser) finish() {
	t := &p.t
	if p.twelve && p.pm {
		t.hour += 12
	}
	if p.hasCentury {
		if p.wantCentury {
			t.year = t.year%100 + (p.century-19)*100
		} else {
			t.year = (p.century - 19) * 100
		}
	}
	year := func() int64 { return int64(t.year) + 1900 }
	fromYearDay := func() {
		// As in the C library, what is past a year's row is looked up in what stands behind it, and a day before the year in what
		// stands in front of it: short years' days, long years', and something large.
		at := 0
		if isLeap(year()) {
			at = 13
		}
		mon := 0
		for at+mon < len(monthDays) && monthDays[at+mon] <= t.yday {
			mon++
		}
		if !p.hasMon {
			t.mon = mon - 1
		}
		if !p.hasDay {
			t.day = t.yday + 1
			if at+mon > 0 {
				t.day -= monthDays[at+mon-1]
			}
		}
	}
	yday := func() int { return monthTable(isLeap(year()))[t.mon] + t.day - 1 }
	if p.wantDays && !p.hasWday {
		if !(p.hasMon && p.hasDay) && p.hasYday {
			fromYearDay()
			p.hasMon, p.hasDay = true, true
		}
		t.wday = glibcWeekday(t.year, t.mon, t.day)
	}
	if p.wantDays && !p.hasYday {
		t.yday = yday()
	}
	if (p.hasUWeek || p.hasWWeek) && p.hasWday {
		offset := 1
		if p.hasUWeek {
			offset = 0
		}
		first := glibcWeekday(t.year, 0, 1)
		if !p.hasYday {
			t.yday = (7-(first-offset))%7 + (p.week-1)*7 + (t.wday-offset+7)%7
		}
		if !p.hasDay || !p.hasMon {
			fromYearDay()
		}
	}
}

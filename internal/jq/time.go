package jq

import (
	"math"
	"strconv"
	"strings"
)

// A brokenTime is C's struct tm: the fields are whatever they were set to.
type brokenTime struct {
	year, mon, day, hour, min, sec, wday, yday int // year counts from 1900, mon and yday from 0
}

const secondsPerDay = 86400

// civil returns the date of a day counted from 1970-01-01.
func civil(days int64) (year int64, mon, day int) {
	days += 719468 // from 0000-03-01
	era := days / 146097
	if days < 0 && days%146097 != 0 {
		era--
	}
	doe := days - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = int(doy-(153*mp+2)/5) + 1
	mon = int(mp) + 2
	year = yoe + era*400
	if mon >= 12 {
		mon -= 12
		year++
	}
	return year, mon, day
}

// daysTo is the inverse of civil; mon may be out of 0..11, day any number.
func daysTo(year, mon, day int64) int64 {
	year += mon / 12
	if mon %= 12; mon < 0 {
		mon += 12
		year--
	}
	if mon < 2 {
		year--
		mon += 12
	}
	mp := mon - 2
	era := year / 400
	if year < 0 && year%400 != 0 {
		era--
	}
	yoe := year - era*400
	doy := (153*mp+2)/5 + day - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

func isLeap(year int64) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func yearDay(year int64, mon, day int) int {
	return int(daysTo(year, int64(mon), int64(day)) - daysTo(year, 0, 1))
}

func weekday(days int64) int {
	w := int((days + 4) % 7)
	if w < 0 {
		w += 7
	}
	return w
}

// breakTime is gmtime_r: UTC, and false past the years an int holds.
func breakTime(secs int64) (t brokenTime, ok bool) {
	days := secs / secondsPerDay
	rest := int(secs % secondsPerDay)
	if rest < 0 {
		rest += secondsPerDay
		days--
	}
	year, mon, day := civil(days)
	if year-1900 > math.MaxInt32 || year-1900 < math.MinInt32 {
		return t, false
	}
	t = brokenTime{year: int(year - 1900), mon: mon, day: day, hour: rest / 3600, min: rest / 60 % 60, sec: rest % 60}
	t.wday = weekday(days)
	t.yday = yearDay(year, mon, day)
	return t, true
}

func (t *brokenTime) value(sec float64) value {
	return arrayOf([]value{number(float64(t.year) + 1900), number(float64(t.mon)), number(float64(t.day)),
		number(float64(t.hour)), number(float64(t.min)), number(sec), number(float64(t.wday)), number(float64(t.yday))})
}

const errTooLate = "errror converting number of seconds since epoch to datetime" // jq's spelling

func gmtime(in value, message string) (value, error) {
	if in.kind != kindNumber {
		return none, raiseString(message)
	}
	f := in.num()
	t, ok := breakTime(toInt64(f))
	if !ok {
		if message[0] == 'l' {
			return none, raiseString(errTooLate[:3] + errTooLate[4:])
		}
		return none, raiseString(errTooLate)
	}
	return t.value(float64(t.sec) + (f - math.Floor(f))), nil
}

// timeFields reads a broken-down time: eight numbers.
func timeFields(v value) (t brokenTime, ok bool) {
	elems := v.elems()
	if len(elems) < 8 {
		return t, false
	}
	for i, f := range []*int{&t.year, &t.mon, &t.day, &t.hour, &t.min, &t.sec, &t.wday, &t.yday} {
		if elems[i].kind != kindNumber {
			return t, false
		}
		*f = toInt(elems[i].num())
	}
	t.year = int(int32(t.year - 1900))
	return t, true
}

// seconds is timegm: fields out of range carry over.
func (t *brokenTime) seconds() int64 {
	days := daysTo(int64(t.year)+1900, int64(t.mon), 1) + int64(t.day) - 1
	return days*secondsPerDay + int64(t.hour)*3600 + int64(t.min)*60 + int64(t.sec)
}

func mktime(_ *machine, in, _, _, _ value) (value, error) {
	if in.kind != kindArray {
		return none, raiseString("mktime requires array inputs")
	}
	if len(in.elems()) < 6 {
		return none, raiseString("mktime requires parsed datetime inputs")
	}
	t, ok := timeFields(in)
	if !ok {
		return none, raiseString("mktime requires parsed datetime inputs")
	}
	s := t.seconds()
	if s == -1 {
		return none, raiseString("invalid gmtime representation")
	}
	if b, ok := breakTime(s); !ok || int64(b.year) != int64(int32(b.year)) {
		return none, raiseString("invalid gmtime representation")
	}
	return number(float64(s)), nil
}

const isoFormat = "%Y-%m-%dT%H:%M:%SZ"

func toDate(m *machine, in, _, _, _ value) (value, error) {
	return strftimeNative(m, in, str(isoFormat), "strftime/1")
}

func fromDate(m *machine, in, a, b, c value) (value, error) {
	t, err := strptimeNative(m, in, str(isoFormat), b, c)
	if err != nil {
		return none, err
	}
	return mktime(m, t, a, b, c)
}

func strftimeNative(m *machine, in, f value, name string) (value, error) {
	var t brokenTime
	ok := false
	switch {
	case in.kind == kindNumber:
		t, ok = breakTime(toInt64(in.num()))
		if !ok {
			return none, &aborted{reason: "jq 1.6 aborts: " + name + " of a time out of range"}
		}
		if f.kind != kindString {
			return none, &aborted{reason: "jq 1.6 aborts: " + name + " with a format that is no string"}
		}
	case in.kind != kindArray:
		return none, raiseString(name + " requires parsed datetime inputs")
	case f.kind != kindString:
		return none, raiseString(name + " requires a string format")
	default:
		if t, ok = timeFields(in); !ok {
			return none, raiseString(name + " requires parsed datetime inputs")
		}
	}
	fmt := cString(f.str())
	b, ok := appendTime(nil, fmt, &t, len(fmt)+99)
	if !ok || len(b) == 0 {
		return none, raiseString(name + ": unknown system failure")
	}
	return str(view(b)), m.charge(len(b))
}

var (
	dayNames   = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
		"November", "December"}
)

// appendTime is strftime of glibc in the C locale and UTC, with its flags (_ - 0 ^ #), widths and modifiers. It fails where
// the text would pass limit bytes.
func appendTime(dst []byte, format string, t *brokenTime, limit int) ([]byte, bool) {
	start := len(dst)
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			dst = append(dst, format[i])
			continue
		}
		spec := timeSpec{width: -1}
		begin := i
		i++
	flags:
		for ; i < len(format); i++ {
			switch format[i] {
			case '_', '-', '0', '+':
				spec.pad = format[i]
			case '^':
				spec.upper = true
			case '#':
				spec.swap = true
			default:
				break flags
			}
		}
		if i < len(format) && isDigit(format[i]) {
			spec.width = 0
			for ; i < len(format) && isDigit(format[i]); i++ {
				spec.width = min(spec.width*10+int(format[i]-'0'), 1<<30)
			}
		}
		modifier := byte(0)
		if i < len(format) && (format[i] == 'E' || format[i] == 'O') {
			modifier = format[i]
			i++
		}
		c := byte(0)
		if i < len(format) {
			c = format[i]
		}
		if spec.width > limit {
			return dst, false
		}
		var ok bool
		if dst, ok = spec.append(dst, c, modifier, t); !ok {
			// Not a conversion: it stands for itself.
			end := min(i+1, len(format))
			dst = spec.text(dst, format[begin:end])
		}
		if len(dst)-start > limit {
			return dst, false
		}
	}
	return dst, len(dst)-start <= limit
}

type timeSpec struct {
	pad         byte
	upper, swap bool
	width       int
}

// text appends s in the asked width and case.
func (f *timeSpec) text(dst []byte, s string) []byte {
	fill := byte(' ')
	if f.pad == '0' || f.pad == '+' {
		fill = '0'
	}
	for n := f.width - len(s); n > 0; n-- {
		dst = append(dst, fill)
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if f.upper && 'a' <= c && c <= 'z' {
			c -= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}

// num appends n in at least digits digits, padded with pad unless a flag says otherwise.
func (f *timeSpec) num(dst []byte, n int64, digits int, pad byte) []byte {
	switch f.pad {
	case '-':
		return strconv.AppendInt(dst, n, 10)
	case '_':
		pad = ' '
	case '0', '+':
		pad = '0'
	}
	if f.width >= 0 {
		digits = max(f.width, digits)
	}
	var buf [24]byte
	s := strconv.AppendInt(buf[:0], n, 10)
	if n < 0 {
		if pad == '0' {
			dst = append(dst, '-')
			s = s[1:]
			digits--
		}
	}
	for k := digits - len(s); k > 0; k-- {
		dst = append(dst, pad)
	}
	return append(dst, s...)
}

// composite appends a conversion that stands for a format of its own.
func (f *timeSpec) composite(dst []byte, format string, t *brokenTime) []byte {
	b, _ := appendTime(nil, format, t, 1<<20)
	return f.text(dst, string(b))
}

func (f *timeSpec) append(dst []byte, c, modifier byte, t *brokenTime) ([]byte, bool) {
	year := int64(int32(t.year + 1900)) // C's sum wraps
	if modifier == 'E' && strings.IndexByte("%aAbBhdDeFgGHIjklmMSUVwW", c) >= 0 || modifier == 'O' && strings.IndexByte("%aAcDFxXY", c) >= 0 {
		return dst, false
	}
	switch c {
	case '%':
		return f.text(dst, "%"), true
	case 'n':
		return f.text(dst, "\n"), true
	case 't':
		return f.text(dst, "\t"), true
	case 'a', 'A':
		if f.swap {
			f.upper = true
		}
		s := "?"
		if t.wday >= 0 && t.wday <= 6 {
			s = dayNames[t.wday]
			if c == 'a' {
				s = s[:3]
			}
		}
		return f.text(dst, s), true
	case 'b', 'h', 'B':
		if f.swap {
			f.upper = true
		}
		s := "?"
		if t.mon >= 0 && t.mon <= 11 {
			s = monthNames[t.mon]
			if c != 'B' {
				s = s[:3]
			}
		}
		return f.text(dst, s), true
	case 'c':
		return f.composite(dst, "%a %b %e %H:%M:%S %Y", t), true
	case 'x', 'D':
		return f.composite(dst, "%m/%d/%y", t), true
	case 'X', 'T':
		return f.composite(dst, "%H:%M:%S", t), true
	case 'r':
		return f.composite(dst, "%I:%M:%S %p", t), true
	case 'R':
		return f.composite(dst, "%H:%M", t), true
	case 'F':
		return f.composite(dst, "%Y-%m-%d", t), true
	case 'C':
		century := year / 100
		if year%100 < 0 {
			century--
		}
		return f.num(dst, century, 1, '0'), true
	case 'd':
		return f.num(dst, int64(t.day), 2, '0'), true
	case 'e':
		return f.num(dst, int64(t.day), 2, ' '), true
	case 'H':
		return f.num(dst, int64(t.hour), 2, '0'), true
	case 'I', 'l':
		h := t.hour
		switch {
		case h > 12:
			h -= 12
		case h == 0:
			h = 12
		}
		if c == 'l' {
			return f.num(dst, int64(h), 2, ' '), true
		}
		return f.num(dst, int64(h), 2, '0'), true
	case 'k':
		return f.num(dst, int64(t.hour), 2, ' '), true
	case 'j':
		return f.num(dst, int64(t.yday)+1, 3, '0'), true
	case 'M':
		return f.num(dst, int64(t.min), 2, '0'), true
	case 'm':
		return f.num(dst, int64(t.mon)+1, 2, '0'), true
	case 'p', 'P':
		s := "AM"
		if t.hour > 11 {
			s = "PM"
		}
		if c == 'P' || f.swap {
			f.upper = false
			s = string([]byte{s[0] | 0x20, 'm'})
		}
		return f.text(dst, s), true
	case 's':
		return f.num(dst, t.seconds(), 1, '0'), true
	case 'S':
		return f.num(dst, int64(t.sec), 2, '0'), true
	case 'u':
		return f.num(dst, int64((t.wday-1+7)%7+1), 1, '0'), true
	case 'w':
		return f.num(dst, int64(t.wday), 1, '0'), true
	case 'U':
		return f.num(dst, int64((t.yday-t.wday+7)/7), 2, '0'), true
	case 'W':
		return f.num(dst, int64((t.yday-(t.wday-1+7)%7+7)/7), 2, '0'), true
	case 'V', 'g', 'G':
		y, week := isoWeek(year, t.yday, t.wday)
		switch c {
		case 'g':
			return f.num(dst, (int64(int32(y))%100+100)%100, 2, '0'), true
		case 'G':
			return f.num(dst, int64(int32(y)), 1, '0'), true // C's sum wraps
		}
		return f.num(dst, int64(week), 2, '0'), true
	case 'y':
		y := (t.year%100 + 1900) % 100
		return f.num(dst, int64(y), 2, '0'), true
	case 'Y':
		return f.num(dst, year, 1, '0'), true
	case 'z':
		return f.num(f.text(dst, "+"), 0, 4, '0'), true
	case 'Z':
		s := "UTC"
		if f.swap {
			s = "utc"
		}
		return f.text(dst, s), true
	}
	return dst, false
}

// isoWeek is the ISO 8601 week of a day of the year, and the year it belongs to.
func isoWeek(year int64, yday, wday int) (int64, int) {
	length := func(y int64) int {
		if isLeap(y) {
			return 366
		}
		return 365
	}
	days := isoDays(yday, wday)
	if days < 0 {
		year--
		days = isoDays(yday+length(year), wday)
	} else if d := isoDays(yday-length(year), wday); d >= 0 {
		year++
		days = d
	}
	return year, days/7 + 1
}

// isoDays is how many days yday is after the Monday that starts the ISO year.
func isoDays(yday, wday int) int {
	const enough = 3 * 7
	return yday - (yday-wday+4+enough)%7 + 4 - 1
}

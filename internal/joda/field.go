package joda

import (
	"fmt"
	"time"
)

// A field is one of Joda's date-time fields.
type field uint8

const (
	era field = iota
	century
	proleptic // the year, 0 and less before our era
	weekyear
	yearOfEra
	month
	week
	yearDay
	day
	weekday
	halfday
	hour
	clockhour
	halfHour
	halfClockhour
	minute
	second
	milli
)

// fieldNames are Joda's, for messages.
var fieldNames = [...]string{
	era: "era", century: "centuryOfEra", proleptic: "year", weekyear: "weekyear", yearOfEra: "yearOfEra",
	month: "monthOfYear", week: "weekOfWeekyear", yearDay: "dayOfYear", day: "dayOfMonth", weekday: "dayOfWeek",
	halfday: "halfdayOfDay", hour: "hourOfDay", clockhour: "clockhourOfDay", halfHour: "hourOfHalfday",
	halfClockhour: "clockhourOfHalfday", minute: "minuteOfHour", second: "secondOfMinute", milli: "millisOfSecond",
}

// rank is where a field stands among those that are set: first those that belong to longer
// units, then those that are longer themselves. Equals keep the order they have in the pattern.
func (f field) rank() uint8 {
	switch f {
	case weekyear, yearOfEra:
		f = proleptic
	case clockhour:
		f = hour
	case halfClockhour:
		f = halfHour
	}
	return uint8(f)
}

const (
	minYear = -292275054
	maxYear = 292278993

	hourMillis = 3600 * 1000
	dayMillis  = 24 * hourMillis
)

// A moment is a local date and time while fields are set in it. It starts as Hive's does.
type moment struct {
	year, month, day int
	millis           int // of the day
}

var epoch = moment{year: 1970, month: 1, day: 1}

// set sets a field as Joda does. The error says that v is out of the field's range; text is what
// was parsed, for the message.
func (m *moment) set(text []byte, f field, v int) error {
	switch f {
	case era:
		if v == 0 && m.year > 0 || v == 1 && m.year <= 0 {
			m.setYear(-m.year)
		}
	case century:
		if v < 0 || v > maxYear/100 {
			return fieldError(text, f, v, 0, maxYear/100)
		}
		if m.year < 0 {
			m.setYear(-(v*100 + -m.year%100))
		} else {
			m.setYear(v*100 + m.year%100)
		}
	case proleptic:
		if v < minYear || v > maxYear {
			return fieldError(text, f, v, minYear, maxYear)
		}
		m.setYear(v)
	case yearOfEra:
		if v < 1 || v > maxYear {
			return fieldError(text, f, v, 1, maxYear)
		}
		if m.year <= 0 {
			v = 1 - v
		}
		m.setYear(v)
	case weekyear:
		if abs := max(v, -v); abs > maxYear {
			return fieldError(text, f, abs, minYear, maxYear)
		}
		days := m.days()
		if y, w := weekOf(days); y != v {
			m.setDays(weekStart(v) + int64(7*(min(w, weeksIn(v))-1)+weekdayOf(days)-1))
		}
	case month:
		if v < 1 || v > 12 {
			return fieldError(text, f, v, 1, 12)
		}
		m.month = v
		m.day = min(m.day, daysIn(m.year, v))
	case week:
		days := m.days()
		y, w := weekOf(days)
		most := 52
		if v > 52 {
			most = weeksIn(y)
		}
		if v < 1 || v > most {
			return fieldError(text, f, v, 1, most)
		}
		m.setDays(days + int64(7*(v-w)))
	case yearDay:
		most := 365
		if v > 365 || v < 1 {
			most = yearLength(m.year)
		}
		if v < 1 || v > most {
			return fieldError(text, f, v, 1, most)
		}
		m.setDays(daysFrom(m.year, 1, 1) + int64(v-1))
	case day:
		most := 28
		if v > 28 || v < 1 {
			most = daysIn(m.year, m.month)
		}
		if v < 1 || v > most {
			return fieldError(text, f, v, 1, most)
		}
		m.day = v
	case weekday:
		if v < 1 || v > 7 {
			return fieldError(text, f, v, 1, 7)
		}
		days := m.days()
		m.setDays(days + int64(v-weekdayOf(days)))
	case halfday:
		m.millis = m.millis%(12*hourMillis) + v*12*hourMillis
	case hour:
		if v < 0 || v > 23 {
			return fieldError(text, f, v, 0, 23)
		}
		m.millis = m.millis%hourMillis + v*hourMillis
	case clockhour:
		if v < 1 || v > 24 {
			return fieldError(text, f, v, 1, 24)
		}
		m.millis = m.millis%hourMillis + v%24*hourMillis
	case halfHour:
		if v < 0 || v > 11 {
			return fieldError(text, f, v, 0, 11)
		}
		m.setHalfHour(v)
	case halfClockhour:
		if v < 1 || v > 12 {
			return fieldError(text, f, v, 1, 12)
		}
		m.setHalfHour(v % 12)
	case minute:
		if v < 0 || v > 59 {
			return fieldError(text, f, v, 0, 59)
		}
		m.millis += (v - m.millis/60000%60) * 60000
	case second:
		if v < 0 || v > 59 {
			return fieldError(text, f, v, 0, 59)
		}
		m.millis += (v - m.millis/1000%60) * 1000
	case milli:
		m.millis += v - m.millis%1000
	}
	return nil
}

// setHalfHour sets the hour within the half of the day.
func (m *moment) setHalfHour(h int) {
	half := m.millis / (12 * hourMillis)
	m.millis = m.millis%hourMillis + (half*12+h)*hourMillis
}

// setYear keeps month and day, but for a 29 February that the year hasn't got.
func (m *moment) setYear(year int) {
	m.year = year
	if m.month == 2 && m.day == 29 {
		m.day = daysIn(year, 2)
	}
}

func (m *moment) days() int64 { return daysFrom(m.year, m.month, m.day) }

func (m *moment) setDays(days int64) { m.year, m.month, m.day = dateOf(days) }

// fieldError is Joda's exception for a value out of its range.
func fieldError(text []byte, f field, v, low, high int) error {
	return &Error{illegalField, fmt.Sprintf(`Cannot parse "%s": Value %d for %s must be in the range [%d,%d]`, text, v, fieldNames[f], low, high)}
}

// instant returns the moment as epoch milliseconds; s says in which zone it is.
func (m *moment) instant(text []byte, s *state) (int64, error) {
	local := m.days()*dayMillis + int64(m.millis)
	switch {
	case s.hasOffset:
		return local - int64(s.offset), nil
	case s.zone == nil:
		return local, nil
	}
	offset, ok := offsetOf(s.zone, local)
	if !ok {
		return 0, &Error{illegalInstant, fmt.Sprintf(`Cannot parse "%s": Illegal instant due to time zone offset transition (%s)`, text, s.zone)}
	}
	return local - offset*1000, nil
}

// offsetOf returns the seconds that zone is east of UTC at a local time, the greater ones where
// a clock shows it twice; never is where it doesn't show it.
func offsetOf(zone *time.Location, local int64) (offset int64, ok bool) {
	sec := floorDiv(local, 1000)
	for _, near := range [...]int64{-86400, 0, 86400} {
		_, o := time.Unix(sec+near, 0).In(zone).Zone()
		if _, at := time.Unix(sec-int64(o), 0).In(zone).Zone(); at == o && (!ok || int64(o) > offset) {
			offset, ok = int64(o), true
		}
	}
	return offset, ok
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func isLeap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

func yearLength(y int) int {
	if isLeap(y) {
		return 366
	}
	return 365
}

func daysIn(y, m int) int {
	if m == 2 {
		return yearLength(y) - 337
	}
	return 30 + (m+m>>3)&1
}

// daysFrom counts days from 1970-01-01 in the proleptic Gregorian calendar. A day past the end
// of its month is counted into the next.
func daysFrom(y, m, d int) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	years := int64(y)
	return 365*years + floorDiv(years, 4) - floorDiv(years, 100) + floorDiv(years, 400) + int64((153*m-457)/5+d-1) - 719468
}

// dateOf is the reverse of daysFrom.
func dateOf(days int64) (y, m, d int) {
	days += 719468 // since 0000-03-01
	cycle := floorDiv(days, 146097)
	n := days - cycle*146097
	year := (n - n/1460 + n/36524 - n/146096) / 365
	n -= 365*year + year/4 - year/100
	mp := (5*n + 2) / 153
	d = int(n - (153*mp+2)/5 + 1)
	m = int(mp + 3)
	y = int(year + cycle*400)
	if m > 12 {
		m -= 12
		y++
	}
	return y, m, d
}

// weekdayOf returns 1 for Monday to 7 for Sunday.
func weekdayOf(days int64) int { return int((days+3)%7+7)%7 + 1 }

// weekStart returns the Monday of week 1, the week of 4 January.
func weekStart(year int) int64 {
	d := daysFrom(year, 1, 4)
	return d - int64(weekdayOf(d)-1)
}

func weeksIn(year int) int { return int(weekStart(year+1)-weekStart(year)) / 7 }

func weekOf(days int64) (year, week int) {
	year, _, _ = dateOf(days - int64(weekdayOf(days)) + 4) // its Thursday
	return year, int(days-weekStart(year))/7 + 1
}

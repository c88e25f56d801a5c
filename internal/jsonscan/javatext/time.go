package javatext

import (
	"bytes"
	"strconv"
)

// TimestampFormat is the message of Timestamp.valueOf.
const TimestampFormat = "Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff]"

// EpochDay returns the days from 1970-01-01 to a date of the proleptic Gregorian calendar. Months and days
// outside of their range count on: month 13 is January of the next year, day 0 the day before the first.
// (Java's own classes count days before 1582-10-15 in the Julian calendar.)
func EpochDay(year, month, day int) int64 {
	y, m := int64(year), int64(month)-1
	y += m / 12
	if m %= 12; m < 0 {
		m, y = m+12, y-1
	}
	// Years begin in March here, so that a leap day is the last of its year.
	if m < 2 {
		m, y = m+10, y-1
	} else {
		m -= 2
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	yoe := y - era*400
	return era*146097 + yoe*365 + yoe/4 - yoe/100 + (153*m+2)/5 + int64(day) - 1 - 719468
}

// Date is java.sql.Date.valueOf, yyyy-[m]m-[d]d, as days since 1970-01-01: month and day are checked by themselves, so
// February 30 is March 2.
func Date(s []byte) (days int64, ok bool) {
	y, m, d, ok := dateFields(ASCIIDigits(s))
	if !ok || m < 1 || m > 12 || d < 1 || d > 31 {
		return 0, false
	}
	return EpochDay(y, m, d), true
}

// dateFields splits yyyy-[m]m-[d]d; the fields are what Integer.parseInt takes.
func dateFields(s []byte) (y, m, d int, ok bool) {
	if len(s) < 8 || len(s) > 10 || bytes.IndexByte(s, '-') != 4 {
		return 0, 0, 0, false
	}
	rest := s[5:]
	dash := bytes.IndexByte(rest, '-')
	if dash < 1 || dash > 2 || len(rest)-dash-1 < 1 || len(rest)-dash-1 > 2 {
		return 0, 0, 0, false
	}
	y, ok1 := field(s[:4])
	m, ok2 := field(rest[:dash])
	d, ok3 := field(rest[dash+1:])
	return y, m, d, ok1 && ok2 && ok3
}

// field is Integer.parseInt: a sign may stand before the digits.
func field(s []byte) (int, bool) {
	x, err := strconv.ParseInt(string(s), 10, 32)
	return int(x), err == nil
}

// Timestamp is java.sql.Timestamp.valueOf, yyyy-[m]m-[d]d hh:mm:ss[.f…], in UTC: blanks around it are ignored, month and
// day checked by themselves, the other fields roll over. With iso T may stand between date and time, and then Z
// behind, and with Z month and day roll over too. msg is the exception's message, or "".
func Timestamp(s []byte, iso bool) (sec int64, nanos int32, msg string) {
	t := Trim(ASCIIDigits(s))
	lenient := false
	split := bytes.IndexByte(t, ' ')
	if split < 0 && iso {
		if split = bytes.IndexByte(t, 'T'); split > 0 && t[len(t)-1] == 'Z' {
			t, lenient = bytes.TrimRight(t, "Z"), true
		}
	}
	if split <= 0 {
		return 0, 0, TimestampFormat
	}
	date, clock := t[:split], t[split+1:]
	year, month, day, ok := dateFields(date)
	if !ok || !lenient && (month < 1 || month > 12 || day < 1 || day > 31) {
		return 0, 0, TimestampFormat
	}
	colon1 := bytes.IndexByte(clock, ':')
	colon2 := -1
	if colon1 > 0 {
		colon2 = bytes.IndexByte(clock[colon1+1:], ':')
	}
	if colon2 < 0 || colon1+colon2+2 >= len(clock) {
		return 0, 0, TimestampFormat
	}
	second := clock[colon1+colon2+2:]
	if p := bytes.IndexByte(second, '.'); p >= 0 {
		fraction := second[p+1:]
		if len(fraction) == 0 || len(fraction) > 9 || fraction[0]-'0' >= 10 {
			return 0, 0, TimestampFormat
		}
		x := 0
		for _, c := range fraction {
			if c-'0' >= 10 {
				return 0, 0, ForInput(fraction)
			}
			x = x*10 + int(c-'0')
		}
		for range 9 - len(fraction) {
			x *= 10
		}
		nanos, second = int32(x), second[:p]
	}
	sec = EpochDay(year, month, day) * 86400
	for i, part := range [...][]byte{clock[:colon1], clock[colon1+1 : colon1+1+colon2], second} {
		x, ok := field(part)
		if !ok {
			return 0, 0, ForInput(part)
		}
		sec += int64(x) * [...]int64{3600, 60, 1}[i]
	}
	return sec, nanos, ""
}

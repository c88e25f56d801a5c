package joda

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

var errTimestamp = &Error{illegalArgument, "Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff]"}

// ValueOf parses a text as java.sql.Timestamp.valueOf does, in UTC: yyyy-[m]m-[d]d hh:mm:ss[.f],
// with up to nine digits f, and blanks around it. It returns seconds since 1970 and nanoseconds.
//
// Java is lenient here: hours, minutes and seconds may have any number of digits, a sign, and any
// value; 30 February is 1 or 2 March; before 15 October 1582 dates are those of the Julian
// calendar. The error is an *Error.
func ValueOf(text []byte) (sec int64, nanos int32, err error) {
	if sec, nanos, ok := valueOfPlain(text); ok {
		return sec, nanos, nil
	}
	return valueOfAny(text)
}

// valueOfPlain takes texts of the shape yyyy-mm-dd hh:mm:ss[.f] since 1583, which nearly all have.
func valueOfPlain(s []byte) (sec int64, nanos int32, ok bool) {
	if len(s) < 19 || len(s) > 29 || s[4] != '-' || s[7] != '-' || s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return 0, 0, false
	}
	wrong := byte(0) // more than 9 once a digit was none
	two := func(at int) int {
		a, b := s[at]-'0', s[at+1]-'0'
		wrong = max(wrong, a, b)
		return int(a)*10 + int(b)
	}
	y, m, d := two(0)*100+two(2), two(5), two(8)
	ofDay := two(11)*3600 + two(14)*60 + two(17)
	if len(s) > 19 {
		if s[19] != '.' || len(s) == 20 {
			return 0, 0, false
		}
		for i := range 9 {
			nanos *= 10
			if 20+i < len(s) {
				c := s[20+i] - '0'
				wrong = max(wrong, c)
				nanos += int32(c)
			}
		}
	}
	if wrong > 9 || y < 1583 || m < 1 || m > 12 || d < 1 || d > 31 {
		return 0, 0, false
	}
	return daysFrom(y, m, d)*86400 + int64(ofDay), nanos, true
}

// valueOfAny is ValueOf for every text.
func valueOfAny(text []byte) (sec int64, nanos int32, err error) {
	for len(text) > 0 && text[0] <= ' ' {
		text = text[1:]
	}
	for len(text) > 0 && text[len(text)-1] <= ' ' {
		text = text[:len(text)-1]
	}
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return valueOfUnicode(text)
		}
	}
	return valueOf(text, text)
}

// valueOfUnicode replaces digits of other scripts, which Java takes as well, by ours, and every
// other UTF-16 unit that isn't ASCII by a character that is always wrong.
func valueOfUnicode(text []byte) (int64, int32, error) {
	plain := make([]byte, 0, len(text))
	for rest := text; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		rest = rest[n:]
		switch {
		case r < utf8.RuneSelf:
			plain = append(plain, byte(r))
		case r > 0xffff:
			plain = append(plain, '?', '?')
		case unicode.Is(unicode.Nd, r):
			// Digits stand in tens, and every ten begins at a 0.
			zero := r
			for unicode.Is(unicode.Nd, zero-1) && r-zero < 9 {
				zero--
			}
			plain = append(plain, '0'+byte(r-zero))
		default:
			plain = append(plain, '?')
		}
	}
	return valueOf(plain, text)
}

// valueOf does the work on ASCII; given is the text for messages.
func valueOf(s, given []byte) (sec int64, nanos int32, err error) {
	// 0000-00-00 00:00:00.000000000
	space := bytes.IndexByte(s, ' ')
	dash1 := bytes.IndexByte(s, '-')
	dash2 := indexFrom(s, '-', dash1+1)
	if space < 0 || dash1 != 4 || dash2 < 0 || dash2 > space ||
		dash2-dash1 < 2 || dash2-dash1 > 3 || space-dash2 < 2 || space-dash2 > 3 {
		return 0, 0, errTimestamp
	}
	colon1 := indexFrom(s, ':', space+1)
	colon2 := indexFrom(s, ':', colon1+1)
	point := indexFrom(s, '.', colon2+1)

	var n [7]int // year, month, day, hour, minute, second, fraction
	parse := func(i, from, to int) {
		if err == nil {
			n[i], err = parseInt(s, from, to, given)
		}
	}
	parse(0, 0, dash1)
	parse(1, dash1+1, dash2)
	parse(2, dash2+1, space)
	if err != nil {
		return 0, 0, err
	}
	if n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > 31 || colon1 < 0 || colon2 < 0 || colon2 >= len(s)-1 {
		return 0, 0, errTimestamp
	}
	parse(3, space+1, colon1)
	parse(4, colon1+1, colon2)
	switch {
	case point < 0:
		parse(5, colon2+1, len(s))
	case point == len(s)-1:
		if err == nil {
			err = errTimestamp
		}
	default:
		parse(5, colon2+1, point)
		digits := len(s) - (point + 1)
		if err == nil && (digits > 9 || !isDigit(s[point+1])) {
			err = errTimestamp
		}
		parse(6, point+1, len(s))
		for ; digits < 9; digits++ {
			n[6] *= 10
		}
	}
	if err != nil {
		return 0, 0, err
	}
	ofDay := int64(n[3])*3600 + int64(n[4])*60 + int64(n[5])
	return javaDays(n[0], n[1], n[2], ofDay)*86400 + ofDay, int32(n[6]), nil
}

func indexFrom(s []byte, c byte, from int) int {
	if i := bytes.IndexByte(s[from:], c); i >= 0 {
		return from + i
	}
	return -1
}

// parseInt is Integer.parseInt of s[from:to].
func parseInt(s []byte, from, to int, given []byte) (int, error) {
	i := from
	negative := false
	if i == to {
		return 0, &Error{numberFormat, `For input string: ""`}
	}
	if s[i] == '-' || s[i] == '+' {
		negative = s[i] == '-'
		i++
	}
	v := 0
	for ; i < to && isDigit(s[i]); i++ {
		v = 10*v + int(s[i]-'0')
		if v > 1<<31 || v == 1<<31 && !negative {
			break
		}
	}
	if i < to || !isDigit(s[to-1]) {
		return 0, &Error{numberFormat, fmt.Sprintf(`Error at index %d in: "%s"`, i-from, original(s, given, from, to))}
	}
	if negative {
		v = -v
	}
	return v, nil
}

// original returns s[from:to] as it was given, before valueOfUnicode.
func original(s, given []byte, from, to int) []byte {
	if len(s) == len(given) {
		return given[from:to]
	}
	// Walk UTF-16 units of given.
	start, unit := 0, 0
	for at := 0; ; {
		if unit == from {
			start = at
		}
		if unit >= to || at >= len(given) {
			return given[start:at]
		}
		r, n := utf8.DecodeRune(given[at:])
		at += n
		unit++
		if r > 0xffff {
			unit++
		}
	}
}

// The first day of the Gregorian calendar, 15 October 1582.
const gregorian = -141427

// javaDays counts days from 1970-01-01 as java.util.Date does, which decides by the year, and in
// 1582 and when a wild time of day leads across the change, by the day, which calendar a date is in.
func javaDays(y, m, d int, ofDay int64) int64 {
	extra := floorDiv(ofDay, 86400)
	days, julian := daysFrom(y, m, d), julianDays(y, m, d)
	if y < 1582 && julian+extra < gregorian || y >= 1582 && days+extra < gregorian {
		return julian
	}
	return days
}

// julianDays counts days from 1970-01-01 in the Julian calendar.
func julianDays(y, m, d int) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	return 365*int64(y) + floorDiv(int64(y), 4) + int64((153*m-457)/5+d-1) - 719470
}

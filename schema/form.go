package schema

import "github.com/hydrantkit/hydrant/internal/jsonscan"

// A form is a kind of JSON value, with text and numbers told apart by what could hold them.
type form uint8

const (
	formBool     form = iota
	formInt           // fits 32 bits
	formLong          // fits 64 bits
	formBig           // whole, at most 38 digits
	formHuge          // whole, longer
	formFraction      // with a fraction or an exponent
	formText
	formEmpty // ""
	formDate  // text yyyy-mm-dd
	formTime  // text that OpenX reads as a timestamp
	formZoned // text with an offset, which no SerDe reads as a timestamp by default
	formDigits
	formObject
	formArray
	formCount
)

var formNames = [formCount]string{
	"boolean", "32-bit integer", "64-bit integer", "integer of up to 38 digits", "integer over 38 digits", "fraction",
	"text", "empty text", "date text", "timestamp text", "timestamp text with offset", "numeric text", "object", "array",
}

// textForm says what a string could be besides text. s is without its quotes, and not unescaped:
// none of the forms has an escape.
func textForm(s []byte) form {
	switch {
	case len(s) == 0:
		return formEmpty
	case len(s) > 40 || s[0] != '-' && (s[0] < '0' || s[0] > '9'):
		return formText
	}
	if f := timeForm(s); f != formText {
		return f
	}
	if jsonscan.Number(s, 0) == len(s) {
		return formDigits
	}
	return formText
}

// timeForm tells dates and timestamps as format-conversion.md §4.1 has them:
// yyyy-[M]M-[d]d, and the same with [H]H:[m]m:[s]s[.f] behind a blank or T, with or without Z. Days
// that a month doesn't have are text: the SerDe would roll them over.
func timeForm(s []byte) form {
	year, i := digits(s, 0, 4, 4)
	if i < 0 || i >= len(s) || s[i] != '-' || year == 0 {
		return formText
	}
	month, i := digits(s, i+1, 1, 2)
	if i < 0 || i >= len(s) || s[i] != '-' || month < 1 || month > 12 {
		return formText
	}
	day, i := digits(s, i+1, 1, 2)
	if i < 0 || day < 1 || day > daysIn(year, month) {
		return formText
	}
	if i == len(s) {
		return formDate
	}
	if s[i] != ' ' && s[i] != 'T' {
		return formText
	}
	t := s[i] == 'T'
	for part, limit := range [3]int{23, 59, 59} {
		if part > 0 {
			if i >= len(s) || s[i] != ':' {
				return formText
			}
		}
		var v int
		if v, i = digits(s, i+1, 1, 2); i < 0 || v > limit {
			return formText
		}
	}
	if i < len(s) && s[i] == '.' {
		if _, i = digits(s, i+1, 1, 9); i < 0 {
			return formText
		}
	}
	switch rest := s[i:]; {
	case len(rest) == 0, t && string(rest) == "Z":
		return formTime
	case (rest[0] == '+' || rest[0] == '-') && len(rest) <= 6:
		for _, c := range rest[1:] {
			if (c < '0' || c > '9') && c != ':' {
				return formText
			}
		}
		return formZoned
	}
	return formText
}

// digits reads a number of lo to hi digits at s[i]; end is -1 when there is none.
func digits(s []byte, i, lo, hi int) (v, end int) {
	start := i
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		if i-start < 6 {
			v = v*10 + int(s[i]-'0')
		}
		i++
	}
	if i-start < lo || i-start > hi {
		return 0, -1
	}
	return v, i
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

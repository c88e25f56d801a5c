// Package rowjson appends the values of rows as canonical JSON, the same for every format that package read knows: numbers with
// the fewest digits, exact decimals, dates and times in RFC 3339.
package rowjson

import (
	"math"
	"strconv"

	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// AppendFloat appends the fewest digits that read back as the same number of that many bits, laid out as encoding/json does. NaN and the
// infinities are strings.
func AppendFloat(dst []byte, f float64, bits int) []byte {
	abs := math.Abs(f)
	switch {
	case f != f:
		return append(dst, `"NaN"`...)
	case abs > math.MaxFloat64:
		if f < 0 {
			return append(dst, `"-Infinity"`...)
		}
		return append(dst, `"Infinity"`...)
	case abs != 0 && (abs < 1e-6 || abs >= 1e21) && (bits == 64 || float32(abs) < 1e-6 || float32(abs) >= 1e21):
		dst = strconv.AppendFloat(dst, f, 'e', -1, bits)
		if n := len(dst); dst[n-4] == 'e' && dst[n-2] == '0' { // e-07
			dst[n-2] = dst[n-1]
			dst = dst[:n-1]
		}
		return dst
	}
	return strconv.AppendFloat(dst, f, 'f', -1, bits)
}

// AppendDecimal appends an unscaled number, of which digits has the decimal digits without sign or zeros in front, with scale of them
// behind the point, and without zeros at the end of those. Zero is 0.
func AppendDecimal(dst []byte, negative bool, digits []byte, scale int) []byte {
	for scale > 0 && len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
		scale--
	}
	if len(digits) == 0 || len(digits) == 1 && digits[0] == '0' {
		return append(dst, '0')
	}
	if negative {
		dst = append(dst, '-')
	}
	if whole := len(digits) - scale; whole > 0 {
		dst = append(dst, digits[:whole]...)
		digits = digits[whole:]
	} else {
		dst = append(dst, '0')
	}
	if scale == 0 {
		return dst
	}
	dst = append(dst, '.')
	for n := len(digits); n < scale; n++ {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// A Date is a day of a calendar.
type Date struct{ Year, Month, Day int64 }

// Gregorian is the date of a day since 1970-01-01, less than 2^60 from it, in the proleptic Gregorian calendar: Howard Hinnant's
// civil_from_days, eras of 400 years that begin with March.
func Gregorian(day int64) Date {
	z := day + 719468
	era := FloorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	return fromMarch(yoe+era*400, doy)
}

// Julian is the same in the Julian calendar, with a leap year in every four.
func Julian(day int64) Date {
	z := day + 719470
	era := FloorDiv(z, 1461)
	doe := z - era*1461
	yoe := (doe - doe/1460) / 365
	return fromMarch(yoe+era*4, doe-365*yoe)
}

// fromMarch takes the day of a year that begins with March.
func fromMarch(year, doy int64) Date {
	mp := (5*doy + 2) / 153
	d := Date{year, mp + 3, doy - (153*mp+2)/5 + 1}
	if d.Month > 12 {
		d.Month -= 12
		d.Year++
	}
	return d
}

// FloorDiv is a/b rounded down, for b > 0.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// AppendDate appends yyyy-mm-dd, in quotes.
func AppendDate(dst []byte, d Date) []byte {
	return append(appendDate(append(dst, '"'), d), '"')
}

func appendDate(dst []byte, d Date) []byte {
	if d.Year < 0 {
		dst = append(dst, '-')
		d.Year = -d.Year
	}
	dst = append(appendPadded(dst, d.Year, 4), '-')
	dst = append(appendPadded(dst, d.Month, 2), '-')
	return appendPadded(dst, d.Day, 2)
}

// AppendTime appends a date with seconds and nanoseconds of its day, as RFC 3339 in UTC with as many digits of a fraction as it needs,
// in quotes.
func AppendTime(dst []byte, d Date, sec, nanos int64) []byte {
	dst = append(appendDate(append(dst, '"'), d), 'T')
	return append(appendClock(dst, sec, nanos), 'Z', '"')
}

// AppendClock appends a time of day, in quotes.
func AppendClock(dst []byte, sec, nanos int64) []byte {
	return append(appendClock(append(dst, '"'), sec, nanos), '"')
}

func appendClock(dst []byte, sec, nanos int64) []byte {
	dst = append(appendPadded(dst, sec/3600, 2), ':')
	dst = append(appendPadded(dst, sec/60%60, 2), ':')
	dst = appendPadded(dst, sec%60, 2)
	if nanos > 0 {
		dst = appendPadded(append(dst, '.'), nanos, 9)
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
	}
	return dst
}

// appendPadded appends x >= 0 with at least n digits.
func appendPadded(dst []byte, x int64, n int) []byte {
	for limit := int64(10); n > 1; n-- {
		if x < limit {
			dst = append(dst, "0000000000"[:n-1]...)
			break
		}
		limit *= 10
	}
	return strconv.AppendInt(dst, x, 10)
}

// AppendText appends a JSON string. Of the control characters only \n \r \t have short escapes. Bytes that aren't UTF-8 become U+FFFD,
// one for each sequence that was cut off, as Java has it.
func AppendText[T string | []byte](dst []byte, s T) []byte {
	return jsonscan.AppendQuoted(dst, s, jsonscan.EscapeWhite)
}

package openx

import (
	"bytes"
	"math"
	"strconv"

	"github.com/hydrantkit/hydrant/convert/column"
)

// The range of a timestamp: years 0001 to 9999 (column.Vector).
const (
	minSecond = -62135596800
	maxSecond = 253402300799
)

const timestampFormat = "Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff]"

// parseDate reads yyyy-M-d as days since 1970-01-01. The day must exist.
func parseDate(s []byte) (days int64, ok bool) {
	if len(s) < 8 || len(s) > 10 || s[4] != '-' {
		return 0, false
	}
	y, ok1 := small(s[:4])
	rest := s[5:]
	dash := bytes.IndexByte(rest, '-')
	if dash < 1 || dash > 2 || len(rest)-dash-1 < 1 || len(rest)-dash-1 > 2 {
		return 0, false
	}
	m, ok2 := small(rest[:dash])
	d, ok3 := small(rest[dash+1:])
	if !ok1 || !ok2 || !ok3 || y < 1 || m < 1 || m > 12 || d < 1 || d > column.DaysIn(y, m) {
		return 0, false
	}
	return column.EpochDay(y, m, d), true
}

// small reads a few ASCII digits.
func small(s []byte) (n int, ok bool) {
	for _, c := range s {
		if c-'0' >= 10 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(s) > 0
}

// parseTimestamp reads the forms of format-conversion.md §4.1. A map key has fewer: no T.
func parseTimestamp(s []byte, from source) (sec int64, nanos int32, msg string) {
	if bytes.IndexByte(s, ':') > 0 {
		sec, nanos, msg = parseDateTime(s, from)
	} else if bytes.IndexByte(s, '.') >= 0 {
		f, m := parseFloat(s, false)
		if m != "" {
			return 0, 0, m
		}
		if math.Abs(f) < 1e12 {
			f *= 1000
		}
		if !(math.Abs(f) < 1e18) {
			return 0, 0, outOfRange(s)
		}
		sec, nanos = millis(int64(f))
	} else {
		x, err := strconv.ParseInt(string(asciiDigits(s)), 10, 64)
		if err != nil || bytes.IndexByte(s, '_') >= 0 {
			return 0, 0, forInput(s)
		}
		if x > -1e12 && x < 1e12 {
			sec = x
		} else {
			sec, nanos = millis(x)
		}
	}
	if msg == "" && (sec < minSecond || sec > maxSecond) {
		return 0, 0, outOfRange(s)
	}
	return sec, nanos, msg
}

func outOfRange(s []byte) string {
	return "Timestamp " + clip(s) + " is outside of the years 0001 to 9999"
}

// millis splits milliseconds since the epoch.
func millis(x int64) (sec int64, nanos int32) {
	sec = x / 1000
	if x%1000 < 0 {
		sec--
	}
	return sec, int32(x-sec*1000) * 1e6
}

// parseDateTime reads a date and a time as java.sql.Timestamp.valueOf does, also with T between
// them and Z behind. Month and day are checked unless the text has both T and Z; all other
// fields roll over.
func parseDateTime(s []byte, from source) (sec int64, nanos int32, msg string) {
	t := bytes.TrimFunc(asciiDigits(s), func(r rune) bool { return r <= ' ' })
	lenient := false
	split := bytes.IndexByte(t, ' ')
	if split < 0 && from != fromKey {
		if split = bytes.IndexByte(t, 'T'); split > 0 && t[len(t)-1] == 'Z' {
			t, lenient = t[:len(t)-1], true
		}
	}
	if split <= 0 {
		return 0, 0, timestampFormat
	}
	date, clock := t[:split], t[split+1:]
	dash := bytes.IndexByte(date, '-')
	if dash != 4 {
		return 0, 0, timestampFormat
	}
	month := date[dash+1:]
	dash = bytes.IndexByte(month, '-')
	if dash < 1 || dash > 2 || len(month)-dash-1 < 1 || len(month)-dash-1 > 2 {
		return 0, 0, timestampFormat
	}
	colon1 := bytes.IndexByte(clock, ':')
	colon2 := -1
	if colon1 > 0 {
		colon2 = bytes.IndexByte(clock[colon1+1:], ':')
	}
	if colon2 < 0 || colon1+colon2+2 >= len(clock) {
		return 0, 0, timestampFormat
	}
	second := clock[colon1+colon2+2:]
	var f [6]int
	for i, part := range [][]byte{date[:4], month[:dash], month[dash+1:], clock[:colon1], clock[colon1+1 : colon1+1+colon2], nil} {
		if i == 5 {
			part = second
			if p := bytes.IndexByte(second, '.'); p >= 0 {
				fraction := second[p+1:]
				if len(fraction) == 0 || len(fraction) > 9 || fraction[0]-'0' >= 10 {
					return 0, 0, timestampFormat
				}
				x, ok := small(fraction)
				if !ok {
					return 0, 0, forInput(fraction)
				}
				for range 9 - len(fraction) {
					x *= 10
				}
				nanos, part = int32(x), second[:p]
			}
		}
		x, err := strconv.ParseInt(string(part), 10, 32)
		if err != nil || bytes.IndexByte(part, '_') >= 0 {
			return 0, 0, forInput(part)
		}
		f[i] = int(x)
	}
	if !lenient && (f[1] < 1 || f[1] > 12 || f[2] < 1 || f[2] > 31) {
		return 0, 0, timestampFormat
	}
	return column.EpochDay(f[0], f[1], f[2])*86400 + int64(f[3])*3600 + int64(f[4])*60 + int64(f[5]), nanos, ""
}

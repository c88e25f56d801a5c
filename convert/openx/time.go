package openx

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// The range of a timestamp: years 0001 to 9999 (column.Vector).
const (
	minSecond = -62135596800
	maxSecond = 253402300799
)

const timestampFormat = "Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff]"

// parseDate reads a date as java.sql.Date.valueOf does, yyyy-[m]m-[d]d: month and day are checked by themselves, and
// February 30 is March 2.
func parseDate(s []byte) (days int64, ok bool) {
	y, m, d, ok := dateFields(asciiDigits(s))
	if !ok || m < 1 || m > 12 || d < 1 || d > 31 {
		return 0, false
	}
	return column.EpochDay(y, m, d), true
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
	y, ok1 := parseField(s[:4])
	m, ok2 := parseField(rest[:dash])
	d, ok3 := parseField(rest[dash+1:])
	return y, m, d, ok1 && ok2 && ok3
}

// parseField is Integer.parseInt: a sign may stand before the digits.
func parseField(s []byte) (int, bool) {
	x, err := strconv.ParseInt(string(s), 10, 32)
	return int(x), err == nil
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
			t, lenient = bytes.TrimRight(t, "Z"), true
		}
	}
	if split <= 0 {
		return 0, 0, timestampFormat
	}
	date, clock := t[:split], t[split+1:]
	year, month, day, ok := dateFields(date)
	if !ok || !lenient && (month < 1 || month > 12 || day < 1 || day > 31) {
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
		nanos, second = int32(x), second[:p]
	}
	sec = column.EpochDay(year, month, day) * 86400
	for i, part := range [...][]byte{clock[:colon1], clock[colon1+1 : colon1+1+colon2], second} {
		x, ok := parseField(part)
		if !ok {
			return 0, 0, forInput(part)
		}
		sec += int64(x) * [...]int64{3600, 60, 1}[i]
	}
	return sec, nanos, ""
}

// timestamp reads the common forms of a timestamp at b[i]: yyyy-MM-dd HH:mm:ss with T or a blank, a
// fraction and Z, and epoch seconds and milliseconds.
func (d *Deserializer) timestamp(n *node, b []byte, i int) (sec int64, nanos int32, end int) {
	if b[i] != '"' {
		x, end := jsonscan.Int(b, i)
		if end < 0 {
			return 0, 0, -1
		}
		if sec = x; x <= -1e12 || x >= 1e12 {
			sec, nanos = millis(x)
		}
		if sec < minSecond || sec > maxSecond {
			return 0, 0, -1
		}
		return sec, nanos, end
	}
	i++
	if i+20 >= len(b) {
		return 0, 0, -1
	}
	days, ok := n.day(b, i)
	if !ok {
		return 0, 0, -1
	}
	// HH:mm:ss, each byte less what it should be at least
	w := binary.LittleEndian.Uint64(b[i+11:]) - 0x30303a30303a3030
	if (w|w+0x76767f76767f7676)&0x8080808080808080 != 0 {
		return 0, 0, -1
	}
	sec = days*86400 + int64((w&0xff*10+w>>8&0xff)*3600+(w>>24&0xff*10+w>>32&0xff)*60+w>>48&0xff*10+w>>56)
	sep := b[i+10]
	i += 19
	if b[i] == '.' {
		x, end := jsonscan.Digits(b, i+1)
		digits := end - i - 1
		if digits == 0 || digits > 9 || end+1 >= len(b) {
			return 0, 0, -1
		}
		for ; digits < 9; digits++ {
			x *= 10
		}
		nanos, i = int32(x), end
	}
	if sep == 'T' && b[i] == 'Z' {
		i++
	} else if sep != ' ' && sep != 'T' {
		return 0, 0, -1
	}
	if b[i] != '"' {
		return 0, 0, -1
	}
	return sec, nanos, i + 1
}

// day reads yyyy-MM-dd at b[i], with a month and day that are in their ranges.
func (n *node) day(b []byte, i int) (days int64, ok bool) {
	w, dd := binary.LittleEndian.Uint64(b[i:]), binary.LittleEndian.Uint16(b[i+8:])
	if w == n.date && dd == n.dd {
		return n.days, true
	}
	t := w - 0x2d30302d30303030 // yyyy-MM-
	u := dd - 0x3030
	if (t|t+0x7f76767f76767676)&0x8080808080808080 != 0 || (u|u+0x7676)&0x8080 != 0 {
		return 0, false
	}
	year := t&0xff*1000 + t>>8&0xff*100 + t>>16&0xff*10 + t>>24&0xff
	month := t>>40&0xff*10 + t>>48&0xff
	day := u&0xff*10 + u>>8
	if month < 1 || month > 12 || day < 1 || day > 31 || year == 0 {
		return 0, false
	}
	n.date, n.dd, n.days = w, dd, column.EpochDay(int(year), int(month), int(day))
	return n.days, true
}

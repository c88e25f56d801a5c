package jsonrow

import (
	"encoding/binary"

	"github.com/hydrantkit/hydrant/internal/jsonscan"
	"github.com/hydrantkit/hydrant/internal/jsonscan/javatext"
)

// The range of a timestamp: years 0001 to 9999 (column.Vector).
const (
	MinSecond = -62135596800
	MaxSecond = 253402300799
)

// Millis splits milliseconds since the epoch.
func Millis(x int64) (sec int64, nanos int32) {
	sec = x / 1000
	if x%1000 < 0 {
		sec--
	}
	return sec, int32(x-sec*1000) * 1e6
}

// timestamp reads the timestamp at b[i] that n.Op names.
func (n *Node) timestamp(b []byte, i int) (sec int64, nanos int32, end int) {
	if b[i] != '"' {
		if n.Op != OpISOTimestamp {
			return 0, 0, -1
		}
		x, end := jsonscan.Int(b, i)
		if end < 0 {
			return 0, 0, -1
		}
		if sec = x; x <= -1e12 || x >= 1e12 {
			sec, nanos = Millis(x)
		}
		if sec < MinSecond || sec > MaxSecond {
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
	// HH:mm:ss, each byte less what it must be at least
	w := jsonscan.Load(b, i+11) - 0x30303a30303a3030
	if (w|(w+0x76767f76767f7676))&high != 0 {
		return 0, 0, -1
	}
	hour, minute, second := w&0xff*10+w>>8&0xff, w>>24&0xff*10+w>>32&0xff, w>>48&0xff*10+w>>56
	sec = days*86400 + int64(hour*3600+minute*60+second)
	if sec > MaxSecond {
		return 0, 0, -1
	}
	sep := b[i+10]
	i += 19
	digits := 0
	if b[i] == '.' {
		x, end := jsonscan.Digits(b, i+1)
		digits = end - i - 1
		if digits == 0 || digits > 9 || end+1 >= len(b) {
			return 0, 0, -1
		}
		for k := digits; k < 9; k++ {
			x *= 10
		}
		nanos, i = int32(x), end
	}
	z := b[i] == 'Z'
	if z {
		i++
	}
	if i >= len(b) || b[i] != '"' {
		return 0, 0, -1
	}
	switch n.Op {
	case OpTimestamp:
		if sep != ' ' || z {
			return 0, 0, -1
		}
	case OpISOTimestamp:
		if sep != 'T' && (sep != ' ' || z) {
			return 0, 0, -1
		}
	case OpPattern:
		if sep != n.Sep || z != n.Z || digits > n.Digits || (digits > 0) != (n.Digits > 0) || hour > 23 || minute > 59 || second > 59 {
			return 0, 0, -1
		}
		nanos -= nanos % 1e6
	}
	return sec, nanos, i + 1
}

// day reads yyyy-MM-dd at b[i], with a month and day that are in their ranges.
func (n *Node) day(b []byte, i int) (days int64, ok bool) {
	w, dd := jsonscan.Load(b, i), binary.LittleEndian.Uint16(b[i+8:])
	if w == n.date && dd == n.dd {
		return n.days, true
	}
	t := w - 0x2d30302d30303030 // yyyy-MM-
	u := dd - 0x3030
	if (t|(t+0x7f76767f76767676))&high != 0 || (u|(u+0x7676))&0x8080 != 0 {
		return 0, false
	}
	year := t&0xff*1000 + t>>8&0xff*100 + t>>16&0xff*10 + t>>24&0xff
	month := t>>40&0xff*10 + t>>48&0xff
	day := u&0xff*10 + u>>8
	if month < 1 || month > 12 || day < 1 || day > 31 || year == 0 {
		return 0, false
	}
	if n.Op == OpPattern && day > 28 && javatext.EpochDay(int(year), int(month), int(day)) >= javatext.EpochDay(int(year), int(month)+1, 1) {
		return 0, false // no such day
	}
	n.date, n.dd, n.days = w, dd, javatext.EpochDay(int(year), int(month), int(day))
	return n.days, true
}

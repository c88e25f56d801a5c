package parquet

import (
	"encoding/binary"
	"math"
	"math/bits"
	"time"
)

// PLAIN: integers and floats little-endian; BOOLEAN one bit each, low bits first; BYTE_ARRAY as
// length uint32 | bytes; FIXED_LEN_BYTE_ARRAY as its bytes; INT96 as
//
//	nanoseconds of the day uint64 | Julian day uint32

// grow makes dst n bytes longer; what they hold is undefined.
func grow(dst []byte, n int) []byte {
	if cap(dst)-len(dst) < n {
		dst = append(make([]byte, 0, max(2*cap(dst), len(dst)+n)), dst...)
	}
	return dst[:len(dst)+n]
}

// appendFixed appends the low width bytes of a 128-bit integer, big-endian.
func appendFixed(dst []byte, high, low int64, width int) []byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], uint64(high))
	binary.BigEndian.PutUint64(b[8:], uint64(low))
	if width > 16 {
		for range width - 16 {
			dst = append(dst, byte(high>>63))
		}
		width = 16
	}
	return append(dst, b[16-width:]...)
}

// unfixed reads a big-endian integer of at most 16 bytes.
func unfixed(b []byte) (high, low int64) {
	var x [16]byte
	copy(x[:], b)
	h, l := int64(binary.BigEndian.Uint64(x[:])), binary.BigEndian.Uint64(x[8:])
	if len(b) <= 8 {
		low = h >> (64 - 8*len(b))
		return low >> 63, low
	}
	s := uint(128 - 8*len(b))
	return h >> s, int64(uint64(h)<<(64-s) | l>>s)
}

const (
	julianEpoch   = 2440588 // the Julian day of 1970-01-01
	secondsPerDay = 86400
)

// putInt96 puts a timestamp of seconds and nanoseconds since 1970 at the start of b.
func putInt96(b []byte, sec int64, nanos int32) {
	day := floorDay(sec)
	of := sec - day*secondsPerDay
	binary.LittleEndian.PutUint64(b, uint64(of*1e9+int64(nanos)))
	binary.LittleEndian.PutUint32(b[8:], uint32(day+julianEpoch))
}

func floorDay(sec int64) int64 {
	day := sec / secondsPerDay
	if sec%secondsPerDay < 0 {
		day--
	}
	return day
}

// gregorian is the first day of the Gregorian calendar, 1582-10-15, in days since 1970.
const gregorian = -141427

// julianDay returns the day that Hive 2.3 stores for the date that a proleptic calendar gives
// day: before 1582-10-15 its year, month and day count in the Julian calendar.
func julianDay(day int64) int64 {
	if day >= gregorian {
		return day
	}
	y, m, d := time.Unix(day*secondsPerDay, 0).UTC().Date()
	// Years begin in March here, so that the leap day is the last of its year.
	a := (14 - int64(m)) / 12
	years := int64(y) + 4800 - a
	months := int64(m) + 12*a - 3
	return int64(d) + (153*months+2)/5 + 365*years + years/4 - 32083 - julianEpoch
}

// bits32 and bits64 are the bits of a float; any NaN has those of Java's.
func bits32(x float64) uint32 {
	if x != x {
		return 0x7fc00000
	}
	return math.Float32bits(float32(x))
}

func bits64(x float64) uint64 {
	if x != x {
		return 0x7ff8000000000000
	}
	return math.Float64bits(x)
}

// gather appends the values lo to hi of src that are valid.
func gather[T any](dst, src []T, valid []uint64, lo, hi int) []T {
	if valid == nil {
		return append(dst, src[lo:hi]...)
	}
	for lo < hi {
		base := lo &^ 63
		w := valid[lo>>6] >> (lo & 63) << (lo & 63)
		end := base + 64
		if end > hi {
			end = hi
			w &= 1<<(hi&63) - 1
		}
		if w == ^uint64(0) {
			dst = append(dst, src[base:base+64]...)
		} else {
			for ; w != 0; w &= w - 1 {
				dst = append(dst, src[base+bits.TrailingZeros64(w)])
			}
		}
		lo = end
	}
	return dst
}

// appendBits appends bits lo to hi of src to dst, which holds n bits.
func appendBits(dst []uint64, n int, src []uint64, lo, hi int) []uint64 {
	for lo < hi {
		take := min(64-lo&63, hi-lo)
		w := src[lo>>6] >> (lo & 63)
		if take < 64 {
			w &= 1<<take - 1
		}
		dst = appendUpTo64(dst, n, w, take)
		n += take
		lo += take
	}
	return dst
}

// appendUpTo64 appends the low take bits of w, whose others are zero.
func appendUpTo64(dst []uint64, n int, w uint64, take int) []uint64 {
	at := n & 63
	if at == 0 {
		return append(dst, w)
	}
	dst[n>>6] |= w << at
	if at+take > 64 {
		dst = append(dst, w>>(64-at))
	}
	return dst
}

// appendOnes appends n-from set bits to dst, which holds from bits.
func appendOnes(dst []uint64, from, n int) []uint64 {
	for from < n {
		take := min(64, n-from)
		w := ^uint64(0)
		if take < 64 {
			w = 1<<take - 1
		}
		dst = appendUpTo64(dst, from, w, take)
		from += take
	}
	return dst
}

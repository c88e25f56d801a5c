// Package b64 is standard base64, faster than encoding/base64: events of functions and their answers are little else.
// It decodes two characters or one table look-up at a time.
//
// Decoding has a table for each of the four places of a character, with its bits where they belong and bad for what is
// none; encoding has one for each pair of characters.
package b64

import (
	"encoding/base64"
	"encoding/binary"
)

const (
	alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	bad      = 1 << 31
)

var decodeTable = func() (t [4][256]uint32) {
	for place := range t {
		for c := range t[place] {
			t[place][c] = bad
		}
		for v, c := range []byte(alphabet) {
			t[place][c] = uint32(v) << (18 - 6*place)
		}
	}
	return t
}()

var encodeTable = func() (t [4096]uint16) {
	for v := range t {
		t[v] = uint16(alphabet[v>>6]) | uint16(alphabet[v&63])<<8
	}
	return t
}()

// Decode decodes src, standard base64 with its padding and nothing else, to the start of dst, and returns the number of bytes. dst
// has room for base64.StdEncoding.DecodedLen(len(src)).
func Decode(dst, src []byte) (n int, ok bool) {
	if len(src)%4 != 0 {
		return 0, false
	}
	// Eight characters make six bytes, but eight are written: as long as there is room for them, and not the padding.
	for len(src) >= 16 && len(dst)-n >= 8 {
		s := src[:8]
		a := decodeTable[0][s[0]] | decodeTable[1][s[1]] | decodeTable[2][s[2]] | decodeTable[3][s[3]]
		b := decodeTable[0][s[4]] | decodeTable[1][s[5]] | decodeTable[2][s[6]] | decodeTable[3][s[7]]
		if (a|b)&bad != 0 {
			return 0, false
		}
		binary.BigEndian.PutUint64(dst[n:n+8], uint64(a)<<40|uint64(b)<<16)
		n += 6
		src = src[8:]
	}
	for len(src) > 4 {
		v := decodeTable[0][src[0]] | decodeTable[1][src[1]] | decodeTable[2][src[2]] | decodeTable[3][src[3]]
		if v&bad != 0 {
			return 0, false
		}
		dst[n], dst[n+1], dst[n+2] = byte(v>>16), byte(v>>8), byte(v)
		n += 3
		src = src[4:]
	}
	if len(src) == 0 {
		return n, true
	}
	// The last four characters may be padding.
	var last [3]byte
	for _, c := range src {
		if c == '\n' || c == '\r' { // which encoding/base64 leaves out
			return 0, false
		}
	}
	m, err := base64.StdEncoding.Decode(last[:], src)
	if err != nil {
		return 0, false
	}
	return n + copy(dst[n:], last[:m]), true
}

// Append appends src in standard base64.
func Append(dst, src []byte) []byte {
	at := len(dst)
	size := base64.StdEncoding.EncodedLen(len(src))
	if cap(dst)-at < size {
		dst = append(make([]byte, 0, 2*cap(dst)+size), dst...)
	}
	dst = dst[:at+size]
	out := dst[at:]
	for len(src) >= 8 && len(out) >= 8 {
		v := binary.BigEndian.Uint64(src)
		binary.LittleEndian.PutUint64(out, uint64(encodeTable[v>>52])|uint64(encodeTable[v>>40&4095])<<16|
			uint64(encodeTable[v>>28&4095])<<32|uint64(encodeTable[v>>16&4095])<<48)
		src, out = src[6:], out[8:]
	}
	base64.StdEncoding.Encode(out, src)
	return dst
}

// AppendDecode appends what src decodes to, as base64.StdEncoding.AppendDecode does: line breaks are passed over, and the error says
// where src is wrong.
func AppendDecode(dst, src []byte) ([]byte, error) {
	at := len(dst)
	size := base64.StdEncoding.DecodedLen(len(src))
	if cap(dst)-at < size {
		dst = append(make([]byte, 0, 2*cap(dst)+size), dst...)
	}
	if n, ok := Decode(dst[at:at+size], src); ok {
		return dst[:at+n], nil
	}
	return base64.StdEncoding.AppendDecode(dst[:at], src)
}

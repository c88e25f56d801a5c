package jsonscan

import (
	"math/bits"
	"unicode/utf8"
	"unsafe"
)

// Escapes says which control characters have an escape of one letter. The others are \u00xx; nothing else is escaped but
// the quote and the backslash.
type Escapes uint8

const (
	EscapeShort Escapes = iota // \b \f \n \r \t, all that JSON has
	EscapeWhite                // \n \r \t
)

// letters holds what stands behind the backslash in place of a byte, 0 where the byte stands for itself.
var letters = func() (t [2][256]byte) {
	for e := range t {
		for c := range ' ' {
			t[e][c] = 'u'
		}
		for _, c := range `"\` {
			t[e][c] = byte(c)
		}
		t[e]['\n'], t[e]['\r'], t[e]['\t'] = 'n', 'r', 't'
	}
	t[EscapeShort]['\b'], t[EscapeShort]['\f'] = 'b', 'f'
	return t
}()

// AppendQuoted appends s as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD, one for each maximal part of
// a character (Unicode, table 3-8), as Java's decoder has it; encoding/json has one for each byte.
func AppendQuoted[T string | []byte](dst []byte, s T, e Escapes) []byte {
	text := *(*string)(unsafe.Pointer(&s)) // a slice begins as a string does
	return appendQuoted(dst, unsafe.Slice(unsafe.StringData(text), len(text)), &letters[e])
}

func appendQuoted(dst, b []byte, letters *[256]byte) []byte {
	dst = append(dst, '"')
	start := 0 // what lies before it has been appended
	for i := 0; i < len(b); {
		if i+8 <= len(b) {
			w := Load(b, i)
			m := special(w) | w&highs
			if m == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(m) >> 3
		}
		for i < len(b) && b[i] >= utf8.RuneSelf {
			n, ok := character(b[i:])
			if !ok {
				dst = append(append(dst, b[start:i]...), "\uFFFD"...)
				start = i + n
			}
			i += n
		}
		if i == len(b) {
			break
		}
		c := b[i]
		if letter := letters[c]; letter != 0 {
			dst = append(append(dst, b[start:i]...), '\\', letter)
			if letter == 'u' {
				const hex = "0123456789abcdef"
				dst = append(dst, '0', '0', hex[c>>4], hex[c&15])
			}
			start = i + 1
		}
		i++
	}
	dst = append(dst, b[start:]...)
	return append(dst, '"')
}

// AppendUTF8 appends b, with U+FFFD for what is not UTF-8, as many as AppendQuoted has.
func AppendUTF8(dst, b []byte) []byte {
	if validUTF8(b) {
		return append(dst, b...)
	}
	start := 0
	for i := 0; i < len(b); {
		n, ok := 1, true
		if b[i] >= utf8.RuneSelf {
			n, ok = character(b[i:])
		}
		if !ok {
			dst = append(append(dst, b[start:i]...), "\uFFFD"...)
			start = i + n
		}
		i += n
	}
	return append(dst, b[start:]...)
}

// character returns the length of the UTF-8 character at the start of s, which begins with a byte of 0x80 or above;
// where there is none, the length of the maximal part of one.
func character(s []byte) (n int, ok bool) {
	lo, hi := byte(0x80), byte(0xBF)
	var size int
	switch c := s[0]; {
	case c < 0xC2:
		return 1, false
	case c < 0xE0:
		size = 2
	case c < 0xF0:
		size = 3
		switch c {
		case 0xE0:
			lo = 0xA0
		case 0xED:
			hi = 0x9F
		}
	case c < 0xF5:
		size = 4
		switch c {
		case 0xF0:
			lo = 0x90
		case 0xF4:
			hi = 0x8F
		}
	default:
		return 1, false
	}
	for n = 1; n < size; n++ {
		if n >= len(s) || s[n] < lo || s[n] > hi {
			return n, false
		}
		lo, hi = 0x80, 0xBF
	}
	return size, true
}

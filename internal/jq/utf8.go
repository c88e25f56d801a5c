package jq

import "unicode/utf8"

// nextRune decodes one code point of b as jq does, and how many bytes it took. A bad sequence is -1 and takes the bytes up to
// the one that broke it, so that the same bytes give as many U+FFFD as in jq; the standard library counts differently.
func nextRune(b []byte) (r rune, size int) {
	c := b[0]
	if c < 0x80 {
		return rune(c), 1
	}
	length := 0
	switch {
	case c >= 0xc2 && c <= 0xdf:
		length = 2
	case c >= 0xe0 && c <= 0xef:
		length = 3
	case c >= 0xf0 && c <= 0xf4:
		length = 4
	default:
		return -1, 1
	}
	if length > len(b) {
		return -1, len(b)
	}
	r = rune(c) & (0xff >> (length + 1))
	for i := 1; i < length; i++ {
		if b[i]&0xc0 != 0x80 {
			return -1, i
		}
		r = r<<6 | rune(b[i]&0x3f)
	}
	if length == 3 && r < 0x800 || length == 4 && r < 0x10000 || 0xd800 <= r && r <= 0xdfff || r > 0x10ffff {
		return -1, length
	}
	return r, length
}

// cleanString copies b to a string, with U+FFFD for what isn't UTF-8.
func cleanString(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return string(appendClean(make([]byte, 0, len(b)+8), b))
}

func appendClean(dst, b []byte) []byte {
	for len(b) > 0 {
		r, n := nextRune(b)
		if r < 0 {
			r = utf8.RuneError
		}
		dst = utf8.AppendRune(dst, r)
		b = b[n:]
	}
	return dst
}

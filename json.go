package hydrant

import "unicode/utf8"

const hexDigits = "0123456789abcdef"

// AppendJSONString appends s as a JSON string, quotes included. Only what JSON requires is escaped: the quote, the
// backslash and control characters; no <, > or &. Bytes that are not UTF-8 become U+FFFD, one for each
// maximal part of a character, as decoders of the Unicode standard do it.
func AppendJSONString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	start := 0
	for i := plainLength(s); i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if !escapes[c] {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			switch c {
			case '"', '\\':
				dst = append(dst, '\\', c)
			case '\b':
				dst = append(dst, '\\', 'b')
			case '\f':
				dst = append(dst, '\\', 'f')
			case '\n':
				dst = append(dst, '\\', 'n')
			case '\r':
				dst = append(dst, '\\', 'r')
			case '\t':
				dst = append(dst, '\\', 't')
			default:
				dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			}
			i++
			start = i
			continue
		}
		if n, ok := character(s[i:]); ok {
			i += n
		} else {
			dst = append(dst, s[start:i]...)
			dst = append(dst, "\uFFFD"...)
			i += n
			start = i
		}
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// plainLength returns how many bytes at the start of s stand in a JSON string as they are, in steps of eight: a lower bound.
func plainLength[T string | []byte](s T) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		quote, backslash := w^ones*'"', w^ones*'\\'
		// The top bit of a byte is set by subtraction where it was less: control characters, and what the xors made zero.
		if (w|(w-ones*' ')|(quote-ones)|(backslash-ones))&tops != 0 {
			break
		}
	}
	return i
}

// escapes tells which bytes below 0x80 cannot stand in a JSON string as they are.
var escapes = func() (t [utf8.RuneSelf]bool) {
	for c := range ' ' {
		t[c] = true
	}
	t['"'], t['\\'] = true, true
	return t
}()

// character returns the length of the UTF-8 character at the start of s, which begins with a byte of 0x80 or above;
// where there is none, the length of the maximal part of one (Unicode, table 3-8).
func character[T string | []byte](s T) (n int, ok bool) {
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

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// unescape appends the text of the JSON string whose inside is raw, which is known to be well formed. Lone surrogates
// and bytes that are not UTF-8 become U+FFFD.
func unescape(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		c := raw[i]
		switch {
		case c >= utf8.RuneSelf:
			n, ok := character(raw[i:])
			if ok {
				dst = append(dst, raw[i:i+n]...)
			} else {
				dst = append(dst, "\uFFFD"...)
			}
			i += n
			continue
		case c != '\\':
			dst = append(dst, c)
			i++
			continue
		}
		i += 2
		switch c := raw[i-1]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r := hex4(raw[i:])
			i += 4
			if 0xD800 <= r && r < 0xDC00 && len(raw) >= i+6 && raw[i] == '\\' && raw[i+1] == 'u' {
				if low := hex4(raw[i+2:]); 0xDC00 <= low && low < 0xE000 {
					r = 0x10000 + (r-0xD800)<<10 + (low - 0xDC00)
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r) // a surrogate is appended as U+FFFD
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func hex4(s []byte) (r rune) {
	for _, c := range s[:4] {
		switch {
		case c <= '9':
			r = r<<4 | rune(c-'0')
		default:
			r = r<<4 | rune(c|0x20-'a'+10)
		}
	}
	return r
}

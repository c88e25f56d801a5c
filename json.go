package hydrant

import (
	"bytes"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// AppendJSONString appends s as a JSON string, quotes included. Only what JSON requires is escaped: the quote, the
// backslash and control characters; no <, > or &. Bytes that are not UTF-8 become U+FFFD, one for each
// maximal part of a character, as decoders of the Unicode standard do it.
func AppendJSONString[T string | []byte](dst []byte, s T) []byte {
	return jsonscan.AppendQuoted(dst, s, jsonscan.EscapeShort)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// unescape appends the text of the JSON string whose inside is raw, which is known to be well formed. Lone surrogates
// and bytes that are not UTF-8 become U+FFFD.
func unescape(dst, raw []byte) []byte {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return jsonscan.AppendUTF8(dst, raw)
		}
		dst = jsonscan.AppendUTF8(dst, raw[:i])
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
		raw = raw[i:]
	}
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

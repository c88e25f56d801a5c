package jq

import (
	"math"
	"unicode/utf8"
)

// maxPrintDepth is jq 1.6's: a value nested deeper is printed as a remark, not as JSON.
const maxPrintDepth = 256

const hexDigits = "0123456789abcdef"

// appendJSON writes v as `jq -c` does: members in order, no blanks.
func appendJSON(dst []byte, v value) []byte { return appendUpTo(dst, v, math.MaxInt) }

// appendUpTo stops once dst has reached limit.
func appendUpTo(dst []byte, v value, limit int) []byte { return appendAt(dst, v, 0, limit) }

func appendAt(dst []byte, v value, depth, limit int) []byte {
	if len(dst) >= limit {
		return dst
	}
	if depth > maxPrintDepth {
		return append(dst, "<stripped: exceeds max depth>"...)
	}
	switch v.kind {
	case kindNull:
		return append(dst, "null"...)
	case kindFalse:
		return append(dst, "false"...)
	case kindTrue:
		return append(dst, "true"...)
	case kindNumber:
		return appendNumber(dst, v.num())
	case kindString:
		return appendString(dst, cut(v.str(), limit))
	case kindArray:
		dst = append(dst, '[')
		for i, e := range v.elems() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst = appendAt(dst, e, depth+1, limit); len(dst) >= limit {
				return dst
			}
		}
		return append(dst, ']')
	case kindObject:
		o := v.obj()
		dst = append(dst, '{')
		for i, k := range o.keys {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, cut(k, limit))
			dst = append(dst, ':')
			if dst = appendAt(dst, o.vals[i], depth+1, limit); len(dst) >= limit {
				return dst
			}
		}
		return append(dst, '}')
	}
	return append(dst, "<invalid>"...)
}

// cut is as much of s as may be asked for.
func cut(s string, limit int) string { return s[:min(len(s), limit)] }

// appendString writes a JSON string: short escapes where JSON has them (never for a slash), \u00xx for other controls and DEL,
// everything else as it is.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c != 0x7f {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\f':
			dst = append(dst, '\\', 'f')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// excerpt is v as it stands in an error message: its JSON cut to size-1 bytes, the last three of them dots, ends a code point
// early or late as in jq.
func excerpt(v value, size int) string {
	s := view(appendUpTo(nil, v, size))
	if len(s) <= size-1 {
		return s
	}
	return cleanString([]byte(s[:size-4] + "..."))
}

// The two sizes of excerpts in jq's messages.
const (
	shortExcerpt = 15
	longExcerpt  = 30
)

// countRunes is the length of a string.
func countRunes(s string) int { return utf8.RuneCountInString(s) }

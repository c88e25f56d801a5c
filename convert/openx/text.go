package openx

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// appendJSON appends the object or array at b[i] as the SerDe stores it in a string column: no
// blanks, keys as they are matched, members in the order of a Java HashMap. Numbers stay as they are written.
func (w *walk) appendJSON(dst []byte, i int) []byte {
	switch w.b[i] {
	case '{':
		ms, _ := w.object(i)
		size := tableSize(len(ms))
		slices.SortStableFunc(ms, func(x, y member) int { return hash(x.key, size) - hash(y.key, size) })
		dst = append(dst, '{')
		for k, m := range ms {
			if k > 0 {
				dst = append(dst, ',')
			}
			dst = appendQuoted(dst, []byte(m.key))
			dst = append(dst, ':')
			dst = w.appendJSON(dst, m.value)
		}
		return append(dst, '}')
	case '[':
		dst = append(dst, '[')
		w.elements(i, func(k, at int) bool {
			if k > 0 {
				dst = append(dst, ',')
			}
			dst = w.appendJSON(dst, at)
			return true
		})
		return append(dst, ']')
	case '"':
		w.text, _ = jsonscan.AppendString(w.text[:0], w.b, i+1)
		return appendQuoted(dst, w.text)
	}
	return append(dst, w.b[i:jsonscan.Value(w.b, i)]...)
}

// appendQuoted writes s as JSONObject.quote does: </ as <\/, and the characters U+0080 to U+009F and U+2000 to U+20FF as
// escapes, beside what JSON wants escaped.
func appendQuoted(dst, s []byte) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(s[i:])
			if r < 0xa0 || r >= 0x2000 && r < 0x2100 {
				dst = fmt.Appendf(dst, `\u%04x`, r)
			} else {
				dst = append(dst, s[i:i+n]...)
			}
			i += n
			continue
		}
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '/' && i > 0 && s[i-1] == '<':
			dst = append(dst, '\\', '/')
		case c == '\b':
			dst = append(dst, '\\', 'b')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\f':
			dst = append(dst, '\\', 'f')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c < ' ':
			dst = fmt.Appendf(dst, `\u%04x`, c)
		default:
			dst = append(dst, c)
		}
		i++
	}
	return append(dst, '"')
}

// tableSize returns how many buckets a Java HashMap of n entries has: 16, doubled when more than three quarters full.
func tableSize(n int) int {
	size := 16
	for n > size*3/4 {
		size *= 2
	}
	return size
}

// bucket returns where key lies in a Java HashMap of n entries.
func bucket(key string, n int) int { return hash(key, tableSize(n)) }

func hash(key string, size int) int {
	var h uint32
	for _, r := range key {
		if r >= 0x10000 {
			r1, r2 := utf16.EncodeRune(r)
			h = (h*31+uint32(r1))*31 + uint32(r2)
			continue
		}
		h = h*31 + uint32(r)
	}
	return int((h ^ h>>16) & uint32(size-1))
}

// lower is Java's String.toLowerCase, which differs from Go's at a capital dotted I and at a
// sigma that ends a word.
func lower(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return lowerUnicode(s)
		}
	}
	return strings.ToLower(s)
}

func lowerUnicode(s string) string {
	rs := []rune(s)
	out := make([]rune, 0, len(rs)+1)
	cased := func(r rune) bool { return unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r) }
	for i, r := range rs {
		switch {
		case r == 'İ':
			out = append(out, 'i', 0x307)
		case r == 'Σ' && i > 0 && cased(rs[i-1]) && (i+1 == len(rs) || !cased(rs[i+1])):
			out = append(out, 'ς')
		default:
			out = append(out, unicode.ToLower(r))
		}
	}
	return string(out)
}

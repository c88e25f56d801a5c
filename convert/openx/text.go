package openx

import (
	"bytes"
	"fmt"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant/convert/column/jsonrow"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// appendJSON appends the value at b[i] as the SerDe stores an object or array in a string column: no
// blanks, keys as they are matched, members in the order of a Java HashMap. Numbers stay as they are written. It returns the
// index behind the value, too.
func (d *Deserializer) appendJSON(dst, b []byte, i int) ([]byte, int) {
	c := b[i]
	if c == '"' {
		if end := plain(b, i); end > 0 {
			return append(dst, b[i:end]...), end
		}
		d.text, i = jsonscan.AppendString(d.text[:0], b, i+1)
		return appendQuoted(dst, d.text), i
	}
	if c != '{' && c != '[' {
		end := jsonscan.Value(b, i)
		return append(dst, b[i:end]...), end
	}
	dst = append(dst, c)
	mark := len(d.parts)
	i = jsonscan.Space(b, i+1)
	for k := 0; b[i] != ']' && b[i] != '}'; k++ {
		if b[i] == ',' {
			i = jsonscan.Space(b, i+1)
			dst = append(dst, ',')
		}
		if c == '{' {
			start := len(dst)
			end := plain(b, i)
			var h uint32
			if end > 0 {
				dst = append(dst, b[i:end]...)
				for k := start + 1; k < len(dst)-1; k++ {
					if d.fold && dst[k]-'A' < 26 {
						dst[k] |= 0x20
					}
					h = h*31 + uint32(dst[k])
				}
				h ^= h >> 16
			} else {
				end = jsonscan.String(b, i)
				key := d.match(jsonrow.Unescape(b[i+1 : end-1]))
				dst, h = appendQuoted(dst, []byte(key)), hash(key)
			}
			dst = append(dst, ':')
			dst, i = d.appendJSON(dst, b, jsonscan.Space(b, jsonscan.Space(b, end)+1))
			d.parts = append(d.parts, part{h, start, len(dst)})
		} else {
			dst, i = d.appendJSON(dst, b, i)
		}
		i = jsonscan.Space(b, i)
	}
	if parts := d.parts[mark:]; len(parts) > 1 {
		mask := uint32(tableSize(len(parts)) - 1)
		byBucket := func(x, y part) int { return int(x.hash&mask) - int(y.hash&mask) }
		if !slices.IsSortedFunc(parts, byBucket) {
			start := parts[0].start
			slices.SortStableFunc(parts, byBucket)
			d.moved = d.moved[:0]
			for k, p := range parts {
				if k > 0 {
					d.moved = append(d.moved, ',')
				}
				d.moved = append(d.moved, dst[p.start:p.end]...)
			}
			copy(dst[start:], d.moved)
		}
	}
	d.parts = d.parts[:mark]
	return append(dst, c+2), i + 1 // ] and } stand two behind [ and {
}

// plain returns the index behind the string at b[i] if appendQuoted would change nothing in it, else -1.
func plain(b []byte, i int) int {
	end := jsonscan.PlainString(b, i+1)
	if end < 0 || bytes.IndexByte(b[i:end], '/') >= 0 {
		return -1
	}
	return end + 1
}

// A part is a member in the text of an object.
type part struct {
	hash       uint32 // of its key
	start, end int
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
func bucket(key string, n int) uint32 { return hash(key) & uint32(tableSize(n)-1) }

// hash is String.hashCode, spread as HashMap spreads it.
func hash(key string) uint32 {
	var h uint32
	for _, r := range key {
		if r >= 0x10000 {
			r1, r2 := utf16.EncodeRune(r)
			h = (h*31+uint32(r1))*31 + uint32(r2)
			continue
		}
		h = h*31 + uint32(r)
	}
	return h ^ h>>16
}

package jsonscan

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
	"unsafe"
)

// AppendString appends the text of the string whose opening quote is b[i-1] to dst and returns
// the index behind its closing quote, or -1 when the string isn't well formed (dst then keeps its
// length). Half a surrogate pair becomes "?", as Java's UTF-8 encoder has it.
func AppendString(dst, b []byte, i int) ([]byte, int) {
	start := len(dst)
	d := dst[:cap(dst)]
	j := start
	var high uint64
	for i < len(b) {
		if j+8 > len(d) {
			d = slices.Grow(d[:j], max(64, min(len(b)-i, 4096)))
			d = d[:cap(d)]
		}
		// Copy and look at eight bytes at a time, as far as both slices go and leave room for a code point behind it.
		if end := i + min(len(b)-i, len(d)-j-3) - 8; i <= end {
			to := unsafe.Pointer(unsafe.SliceData(d))
			var w, m uint64
			for {
				w = Load(b, i)
				binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(to, j))[:], w)
				if m = special(w); m != 0 {
					break
				}
				high |= w
				i += 8
				j += 8
				if i > end {
					break
				}
			}
			if m == 0 {
				continue
			}
			n := bits.TrailingZeros64(m) >> 3
			high |= w & (1<<(n*8) - 1)
			i += n
			j += n
		}
		c := b[i]
		if c == '"' {
			if high&highs != 0 && !validUTF8(d[start:j]) {
				return dst, -1
			}
			return d[:j], i + 1
		}
		if c < 0x20 {
			return dst, -1
		}
		if c != '\\' {
			high |= uint64(c)
			d[j] = c
			i++
			j++
			continue
		}
		if i+1 >= len(b) {
			return dst, -1
		}
		if e := escapes[b[i+1]]; e != 0 {
			d[j] = e
			i += 2
			j++
			continue
		}
		if b[i+1] != 'u' {
			return dst, -1
		}
		r := hex4(b, i+2)
		if r < 0 {
			return dst, -1
		}
		i += 6
		switch {
		case r < 0x80:
			d[j] = byte(r)
			j++
		case r>>11 != 0x1b:
			j += utf8.EncodeRune(d[j:j+4], rune(r))
		default:
			if r < 0xdc00 && i+6 <= len(b) && b[i] == '\\' && b[i+1] == 'u' {
				if l := hex4(b, i+2); l >= 0xdc00 && l < 0xe000 {
					j += utf8.EncodeRune(d[j:j+4], rune((r-0xd800)<<10+(l-0xdc00)+0x10000))
					i += 6
					continue
				}
			}
			d[j] = '?'
			j++
		}
	}
	return dst, -1
}

// escapes holds what stands behind a backslash; u isn't in it.
var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// validUTF8 is utf8.Valid for text that is mostly ASCII, also behind its first character that isn't.
func validUTF8(b []byte) bool {
	for i := 0; i < len(b); {
		if i+8 <= len(b) {
			m := Load(b, i) & highs
			if m == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(m) >> 3
		}
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return false
		}
		i += n
	}
	return true
}

// Package jsonscan finds where JSON values begin and end, reads strings and numbers out of
// them, and writes strings; it builds no values. Reading is strict: RFC 8259, UTF-8 only, no control
// characters in strings, no leading zeros, nothing nested deeper than [MaxDepth].
//
// # Shapes
//
// The scanners take the whole input and an index and return the index behind what they scanned,
// or a negative number when it isn't well formed; [Explain] then says what is wrong and where, in
// a second, unhurried pass. So the caller pays for errors only when there are some.
//
// # Design
//
// Eight bytes at a time by SWAR arithmetic on 64-bit loads. The loads stay within the
// input, a byte loop takes what is left at its end; so nothing is asked of the memory
// behind a record. Where the bounds are seen to, Go's own checks are left out.
package jsonscan

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// MaxDepth is how deep arrays and objects may be nested; encoding/json has the same limit.
const MaxDepth = 10000

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// Load returns the eight bytes from b[i] on as a word, the first in its lowest byte. That they lie within b is for the
// caller to see to; nothing checks it.
func Load(b []byte, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))[:])
}

// special returns a word whose lowest set bit is in the first byte of w that ends the plain part
// of a string: a quote, a backslash or a control character. Bits above the lowest may be wrong.
//
// Exchanging 0x20 and 0x22 puts the quote beside the control characters, so that one subtraction finds both.
func special(w uint64) uint64 {
	return (((w ^ 2*ones) - 0x21*ones) | ((w ^ '\\'*ones) - ones)) &^ w & highs
}

// Space returns the index of the first byte from i on that isn't white space.
func Space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// PlainString returns the index of the closing quote of the string whose opening quote is b[i-1], if
// nothing but ASCII without escapes stands between them, else -1.
func PlainString(b []byte, i int) int {
	for i+8 <= len(b) {
		w := Load(b, i)
		if m := special(w) | w&highs; m != 0 {
			i += bits.TrailingZeros64(m) >> 3
			if b[i] == '"' {
				return i
			}
			return -1
		}
		i += 8
	}
	for ; i < len(b); i++ {
		if c := b[i]; c == '"' {
			return i
		} else if c == '\\' || c < 0x20 || c >= 0x80 {
			return -1
		}
	}
	return -1
}

// String returns the index behind the string that begins at b[i], or -1.
func String(b []byte, i int) int {
	if i >= len(b) || b[i] != '"' {
		return -1
	}
	i++
	start := i
	var high uint64
	for i < len(b) {
		if i+8 <= len(b) {
			w := Load(b, i)
			m := special(w)
			if m == 0 {
				high |= w
				i += 8
				continue
			}
			n := bits.TrailingZeros64(m) >> 3
			high |= w & (1<<(n*8) - 1)
			i += n
		}
		switch c := b[i]; {
		case c == '"':
			if high&highs != 0 && !validUTF8(b[start:i]) {
				return -1
			}
			return i + 1
		case c == '\\':
			if i+1 >= len(b) {
				return -1
			}
			switch b[i+1] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
				i += 2
			case 'u':
				if hex4(b, i+2) < 0 {
					return -1
				}
				i += 6
			default:
				return -1
			}
		case c < 0x20:
			return -1
		default:
			high |= uint64(c)
			i++
		}
	}
	return -1
}

// hex4 returns the number that the four hexadecimal digits at b[i] make, or -1.
func hex4(b []byte, i int) int {
	if i+4 > len(b) {
		return -1
	}
	n := 0
	for _, c := range b[i : i+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		n = n<<4 | int(c)
	}
	return n
}

// Number returns the index behind the number that begins at b[i], or -1.
func Number(b []byte, i int) int {
	if i < len(b) && b[i] == '-' {
		i++
	}
	switch {
	case i >= len(b) || b[i] < '0' || b[i] > '9':
		return -1
	case b[i] == '0':
		if i++; i < len(b) && b[i]-'0' < 10 {
			return -1
		}
	default:
		i = digits(b, i)
	}
	if i < len(b) && b[i] == '.' {
		j := digits(b, i+1)
		if j == i+1 {
			return -1
		}
		i = j
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		j := digits(b, i)
		if j == i {
			return -1
		}
		i = j
	}
	return i
}

func digits(b []byte, i int) int {
	for i < len(b) && b[i]-'0' < 10 {
		i++
	}
	return i
}

// Literal returns the index behind the true, false or null that begins at b[i], or -1.
func Literal(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case 't':
		if i+4 <= len(b) && string(b[i:i+4]) == "true" {
			return i + 4
		}
	case 'f':
		if i+5 <= len(b) && string(b[i:i+5]) == "false" {
			return i + 5
		}
	case 'n':
		if i+4 <= len(b) && string(b[i:i+4]) == "null" {
			return i + 4
		}
	}
	return -1
}

// Value returns the index behind the value that begins at b[i], or -1.
func Value(b []byte, i int) int { return Shallow(b, i, MaxDepth) }

// Shallow is Value for a value in which arrays and objects are nested at most depth deep.
func Shallow(b []byte, i, depth int) int {
	if i >= len(b) {
		return -1
	}
	switch c := b[i]; c {
	case '"':
		return String(b, i)
	case '{', '[':
		if depth == 0 {
			return -1
		}
		if c == '[' {
			return array(b, i, depth-1)
		}
		return object(b, i, depth-1)
	case 't', 'f', 'n':
		return Literal(b, i)
	}
	return Number(b, i)
}

func object(b []byte, i, depth int) int {
	i = Space(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1
	}
	for {
		if i = String(b, i); i < 0 {
			return -1
		}
		if i = Space(b, i); i >= len(b) || b[i] != ':' {
			return -1
		}
		if i = Shallow(b, Space(b, i+1), depth); i < 0 {
			return -1
		}
		if i = Space(b, i); i >= len(b) {
			return -1
		}
		if b[i] == '}' {
			return i + 1
		}
		if b[i] != ',' {
			return -1
		}
		i = Space(b, i+1)
	}
}

func array(b []byte, i, depth int) int {
	i = Space(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1
	}
	for {
		if i = Shallow(b, i, depth); i < 0 {
			return -1
		}
		if i = Space(b, i); i >= len(b) {
			return -1
		}
		if b[i] == ']' {
			return i + 1
		}
		if b[i] != ',' {
			return -1
		}
		i = Space(b, i+1)
	}
}

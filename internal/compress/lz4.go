package compress

import (
	"encoding/binary"
	"slices"
)

// A raw LZ4 block is a run of sequences:
//
//	token     literals (high 4 bits), match length - 4 (low 4 bits); 15: more bytes follow
//	lengths   255* and a smaller byte, added to the literals
//	literals
//	offset    uint16, little-endian, back from here; 1 at least
//	lengths   255* and a smaller byte, added to the match
//
// The last sequence ends with its literals. By the specification the last 5 bytes are literals,
// and no match starts in the last 12; lz4MatchEnd and lz4MatchStart.
const (
	lz4MinMatch   = 4
	lz4MatchEnd   = 5
	lz4MatchStart = 12
	lz4HashBits   = 12
)

// DecodeLZ4Block decompresses a raw LZ4 block as the methods of Decoder do.
func DecodeLZ4Block(dst, src []byte, limit int) ([]byte, error) {
	given := len(dst)
	out, err := decodeLZ4(dst, src, limit)
	return result(out, given, "lz4", err)
}

func decodeLZ4(dst, src []byte, limit int) ([]byte, error) {
	given := len(dst)
	for {
		if len(src) == 0 {
			return dst, errCorrupt // a sequence has a token
		}
		token := src[0]
		literals, src2, ok := lz4Length(src[1:], int(token>>4))
		if !ok || literals > len(src2) {
			return dst, errCorrupt
		}
		if literals > limit-(len(dst)-given) {
			return dst, ErrLimit
		}
		dst = append(dst, src2[:literals]...)
		src = src2[literals:]
		if len(src) == 0 {
			return dst, nil
		}
		if len(src) < 2 {
			return dst, errCorrupt
		}
		offset := int(binary.LittleEndian.Uint16(src))
		length, src2, ok := lz4Length(src[2:], int(token&15))
		if !ok || offset == 0 || offset > len(dst)-given {
			return dst, errCorrupt
		}
		length += lz4MinMatch
		if length > limit-(len(dst)-given) {
			return dst, ErrLimit
		}
		src = src2
		dst = slices.Grow(dst, length)
		// A match may reach into itself: each copy doubles what there is to copy from.
		for from := len(dst) - offset; length > 0; {
			n := min(length, len(dst)-from)
			dst = append(dst, dst[from:from+n]...)
			length -= n
		}
	}
}

// lz4Length adds to n, when it is 15, the bytes that continue it.
func lz4Length(src []byte, n int) (int, []byte, bool) {
	if n < 15 {
		return n, src, true
	}
	for i, c := range src {
		n += int(c)
		if c != 255 {
			return n, src[i+1:], true
		}
	}
	return 0, nil, false
}

// AppendLZ4Block appends src as a raw LZ4 block. It looks for matches in one pass, with one
// candidate each: LZ4 is only read by the rest of the project, and this is what tests read.
func AppendLZ4Block(dst, src []byte) []byte {
	var table [1 << lz4HashBits]int32 // position + 1 of the last four bytes with this hash
	start := 0                        // of the literals
	for i := 0; i < len(src)-lz4MatchStart; {
		v := binary.LittleEndian.Uint32(src[i:])
		h := v * 2654435761 >> (32 - lz4HashBits)
		at := int(table[h]) - 1
		table[h] = int32(i + 1)
		if at < 0 || i-at > 0xffff || binary.LittleEndian.Uint32(src[at:]) != v {
			i++
			continue
		}
		end := i + lz4MinMatch
		for end < len(src)-lz4MatchEnd && src[end] == src[at+end-i] {
			end++
		}
		dst = appendLZ4Sequence(dst, src[start:i], i-at, end-i-lz4MinMatch)
		i, start = end, end
	}
	return appendLZ4Sequence(dst, src[start:], 0, 0)
}

// appendLZ4Sequence appends literals and a match; offset 0 means there is none.
func appendLZ4Sequence(dst, literals []byte, offset, match int) []byte {
	token := byte(min(len(literals), 15))<<4 | byte(min(match, 15))
	dst = appendLZ4Length(append(dst, token), len(literals))
	dst = append(dst, literals...)
	if offset == 0 {
		return dst
	}
	dst = binary.LittleEndian.AppendUint16(dst, uint16(offset))
	return appendLZ4Length(dst, match)
}

func appendLZ4Length(dst []byte, n int) []byte {
	if n < 15 {
		return dst
	}
	for n -= 15; n >= 255; n -= 255 {
		dst = append(dst, 255)
	}
	return append(dst, byte(n))
}

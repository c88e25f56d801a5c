package orc

import "encoding/binary"

// Runs of bytes, and integer runs of file version 0.11 (ORCv1, "Byte Run Length Encoding" and
// "Integer Run Length Encoding, version 1"). Both begin with a control byte:
//
//	bytes     0..127     control+3 times the byte that follows
//	          -1..-128   as many bytes as they are
//	integers  0..127     control+3 values: the step int8, then the first value varint
//	          -1..-128   as many varints
//
// Varints are in zigzag form where the stream is signed.

const (
	minRepeat  = 3
	maxRepeat  = 130
	maxLiteral = 128
)

// appendByteRuns appends runs of all of v.
func appendByteRuns(dst, v []byte) []byte {
	literal := 0 // values before i that are not written yet
	for i := 0; i < len(v); {
		n := 1
		for i+n < len(v) && n < maxRepeat && v[i+n] == v[i] {
			n++
		}
		if n < minRepeat {
			i += n
			literal += n
			continue
		}
		dst = appendLiteralBytes(dst, v[i-literal:i])
		dst = append(dst, byte(n-minRepeat), v[i])
		i += n
		literal = 0
	}
	return appendLiteralBytes(dst, v[len(v)-literal:])
}

func appendLiteralBytes(dst, v []byte) []byte {
	for len(v) > 0 {
		n := min(len(v), maxLiteral)
		dst = append(dst, byte(-n))
		dst = append(dst, v[:n]...)
		v = v[n:]
	}
	return dst
}

// appendRuns1 appends runs of v and returns how many values they hold: all of them when last,
// else all but fewer than 512, as appendRuns2.
func appendRuns1(dst []byte, v []int64, signed, last bool) ([]byte, int) {
	literal, i := 0, 0
	for i < len(v) && (last || len(v)-i >= maxRun) {
		n := 1
		if i+1 < len(v) {
			if step := v[i+1] - v[i]; step >= -128 && step <= 127 {
				for n < maxRepeat && i+n < len(v) && v[i+n]-v[i+n-1] == step {
					n++
				}
				if step != 0 && (step > 0) != (v[i+n-1] > v[i]) { // past the end of 64 bits
					n = 1
				}
			}
		}
		if n < minRepeat {
			i++
			literal++
			continue
		}
		dst = appendLiterals(dst, v[i-literal:i], signed)
		dst = append(dst, byte(n-minRepeat), byte(v[i+1]-v[i]))
		dst = appendVarint(dst, v[i], signed)
		i += n
		literal = 0
	}
	return appendLiterals(dst, v[i-literal:i], signed), i
}

func appendLiterals(dst []byte, v []int64, signed bool) []byte {
	for len(v) > 0 {
		n := min(len(v), maxLiteral)
		dst = append(dst, byte(-n))
		for _, x := range v[:n] {
			dst = appendVarint(dst, x, signed)
		}
		v = v[n:]
	}
	return dst
}

func appendVarint(dst []byte, v int64, signed bool) []byte {
	if signed {
		return binary.AppendVarint(dst, v)
	}
	return binary.AppendUvarint(dst, uint64(v))
}

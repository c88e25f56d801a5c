package orc

import (
	"encoding/binary"
	"math"
)

// A stream is bytes cut into chunks of blockSize and compressed one by one (ORCv1, "Compression"):
//
//	chunk:  header uint24 | data [header>>1]byte        header&1: data is as it was, uncompressed
//
// The chunk's three header bytes are little-endian. Without compression there are no chunks and no
// headers. No chunk depends on another, so a reader may begin at any of them.
type stream struct {
	raw    []byte // not compressed yet, less than blockSize but while appending
	out    []byte // chunks
	starts []int  // of chunks in out
	size   int    // uncompressed bytes in out
	chunks bool   // out has chunks; otherwise raw is all there is
}

func (s *stream) reset(chunks bool) {
	*s = stream{raw: s.raw[:0], out: s.out[:0], starts: s.starts[:0], chunks: chunks}
}

// offset is how many uncompressed bytes have been appended.
func (s *stream) offset() int { return s.size + len(s.raw) }

// memory is how many bytes s holds.
func (s *stream) memory() int { return len(s.raw) + len(s.out) }

// cut compresses what fills blocks; it is called after each append to raw, and with last at the end.
func (s *stream) cut(c *codec, last bool) {
	if !s.chunks || len(s.raw) < blockSize && !last {
		return
	}
	rest := s.raw
	for len(rest) >= blockSize || last && len(rest) > 0 {
		n := min(len(rest), blockSize)
		s.starts = append(s.starts, len(s.out))
		s.out = c.appendChunk(s.out, rest[:n])
		s.size += n
		rest = rest[n:]
	}
	s.raw = s.raw[:copy(s.raw, rest)]
}

// append appends b, by way of raw.
func (s *stream) append(c *codec, b []byte) {
	for s.chunks && len(s.raw)+len(b) >= blockSize {
		n := blockSize - len(s.raw)
		s.raw = append(s.raw, b[:n]...)
		s.cut(c, false)
		b = b[n:]
	}
	s.raw = append(s.raw, b...)
}

// bytes is the stream as it goes into the file; s must have been cut with last.
func (s *stream) bytes() []byte {
	if s.chunks {
		return s.out
	}
	return s.raw
}

// appendPosition appends where the uncompressed offset is: with compression the offset of a chunk
// and the offset in what it decompresses to. An offset at the end of the last chunk, which fills
// it, is the end of the stream.
func (s *stream) appendPosition(dst []uint64, offset int) []uint64 {
	if !s.chunks {
		return append(dst, uint64(offset))
	}
	i := offset / blockSize
	if i == len(s.starts) {
		return append(dst, uint64(len(s.out)), 0)
	}
	return append(dst, uint64(s.starts[i]), uint64(offset%blockSize))
}

// appendChunk appends one chunk that holds b, len(b) <= blockSize.
func (c *codec) appendChunk(dst, b []byte) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0)
	dst = c.compress(dst, b)
	n := len(dst) - at - 3
	original := n >= len(b)
	if original {
		dst = append(dst[:at+3], b...)
		n = len(b)
	}
	header := uint32(n) << 1
	if original {
		header |= 1
	}
	dst[at], dst[at+1], dst[at+2] = byte(header), byte(header>>8), byte(header>>16)
	return dst
}

// appendMessage appends a protobuf message as footers and indexes have it: in chunks, if there is
// compression.
func (c *codec) appendMessage(dst, b []byte) []byte {
	if c.compression == None {
		return append(dst, b...)
	}
	for len(b) > 0 {
		n := min(len(b), blockSize)
		dst = c.appendChunk(dst, b[:n])
		b = b[n:]
	}
	return dst
}

// appendFloat32s and appendFloat64s append IEEE values, little-endian.
func appendFloat32s(dst []byte, v []float64) []byte {
	for _, x := range v {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(x)))
	}
	return dst
}

func appendFloat64s(dst []byte, v []float64) []byte {
	for _, x := range v {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(x))
	}
	return dst
}

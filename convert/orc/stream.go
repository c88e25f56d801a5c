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
	raw    []byte // not in blocks yet, less than blockSize but while appending
	blocks pages  // what goes into the file
	starts []int  // of chunks in blocks
	size   int    // uncompressed bytes in blocks
	chunks bool   // there are chunks; otherwise blocks have the bytes as they are
}

func (s *stream) reset(c *codec, chunks bool) {
	c.free = append(c.free, s.blocks.list...)
	*s = stream{raw: s.raw[:0], blocks: pages{list: s.blocks.list[:0]}, starts: s.starts[:0], chunks: chunks}
}

// offset is how many uncompressed bytes have been appended.
func (s *stream) offset() int { return s.size + len(s.raw) }

// memory is how many bytes s holds.
func (s *stream) memory() int { return len(s.raw) + s.blocks.size }

// cut compresses what fills blocks; it is called after each append to raw, and with last at the end.
func (s *stream) cut(c *codec, last bool) {
	if len(s.raw) < blockSize && !last {
		return
	}
	rest := s.raw
	for len(rest) >= blockSize || last && len(rest) > 0 {
		n := min(len(rest), blockSize)
		if s.chunks {
			s.starts = append(s.starts, s.blocks.size)
			header, data := c.makeChunk(rest[:n])
			s.blocks.append(c, header[:])
			s.blocks.append(c, data)
		} else {
			s.blocks.append(c, rest[:n])
		}
		s.size += n
		rest = rest[n:]
	}
	s.raw = s.raw[:copy(s.raw, rest)]
}

// append appends b, by way of raw.
func (s *stream) append(c *codec, b []byte) {
	for len(s.raw)+len(b) >= blockSize {
		n := blockSize - len(s.raw)
		s.raw = append(s.grow(n), b[:n]...)
		s.cut(c, false)
		b = b[n:]
	}
	s.raw = append(s.grow(len(b)), b...)
}

// grow returns raw with room for n bytes. It doubles, up to blockSize; append would move a large one at every quarter more.
func (s *stream) grow(n int) []byte {
	if need := len(s.raw) + n; need > cap(s.raw) {
		raw := make([]byte, len(s.raw), max(need, min(2*cap(s.raw), blockSize)))
		copy(raw, s.raw)
		s.raw = raw
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
		return append(dst, uint64(s.blocks.size), 0)
	}
	return append(dst, uint64(s.starts[i]), uint64(offset%blockSize))
}

// Pages are bytes that grow without being moved: a stripe is large, and twice of it is too much.
type pages struct {
	list [][]byte // full but for the last
	size int
}

const pageSize = 32 << 10

func (p *pages) append(c *codec, b []byte) {
	p.size += len(b)
	for len(b) > 0 {
		last := len(p.list) - 1
		if last < 0 || len(p.list[last]) == pageSize {
			p.list = append(p.list, c.page())
			last++
		}
		n := min(len(b), pageSize-len(p.list[last]))
		p.list[last] = append(p.list[last], b[:n]...)
		b = b[n:]
	}
}

// page returns an empty page.
func (c *codec) page() []byte {
	n := len(c.free)
	if n == 0 {
		return make([]byte, 0, pageSize)
	}
	page := c.free[n-1]
	c.free = c.free[:n-1]
	return page[:0]
}

// appendChunk appends one chunk that holds b, len(b) <= blockSize.
func (c *codec) appendChunk(dst, b []byte) []byte {
	header, data := c.makeChunk(b)
	return append(append(dst, header[:]...), data...)
}

// makeChunk returns the parts of a chunk that holds b, len(b) <= blockSize: data is b or lies in c.chunk.
func (c *codec) makeChunk(b []byte) (header [3]byte, data []byte) {
	c.chunk = c.compress(c.chunk[:0], b)
	data = c.chunk
	n := uint32(len(data)) << 1
	if len(data) >= len(b) {
		data = b
		n = uint32(len(b))<<1 | 1
	}
	return [3]byte{byte(n), byte(n >> 8), byte(n >> 16)}, data
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

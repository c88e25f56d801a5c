package orc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/hydrantkit/hydrant/internal/compress"
)

// A stream reads one stream of a stripe, or a message, chunk after chunk:
//
//	chunk:  header uint24, little-endian | data [header>>1]byte        header&1: data is uncompressed
//
// Without compression there are no chunks, and it reads windows of the file.
type stream struct {
	f          *File
	d          *compress.Decoder
	start, end int64 // in the file

	next   int64  // in the file: what isn't in window yet
	window []byte // bytes of the file that come next
	buf    []byte // memory of window
	out    []byte // decompressed bytes that come next
	chunk  []byte // memory of out
}

// windowSize is how much of the file is read at a time.
const windowSize = 256 << 10

// errEnd says that a stream ended where the stripe needs more of it.
var errEnd = errors.New("it ends too early")

// seek goes to a chunk, by its offset in the stream.
func (s *stream) seek(at int64) error {
	if at < 0 || at > s.end-s.start {
		return fmt.Errorf("a position is at %d of %d", at, s.end-s.start)
	}
	s.next, s.window, s.out = s.start+at, nil, nil
	return nil
}

// more makes window hold at least n bytes, if the stream has them.
func (s *stream) more(n int) error {
	if len(s.window) >= n || s.next == s.end {
		return nil
	}
	want := int(min(s.end-s.next, int64(max(n, windowSize)-len(s.window))))
	if cap(s.buf) < len(s.window)+want {
		s.buf = append(make([]byte, 0, len(s.window)+want), s.window...)
	} else {
		s.buf = s.buf[:copy(s.buf[:cap(s.buf)], s.window)]
	}
	at := len(s.buf)
	s.buf = s.buf[:at+want]
	if k, err := s.f.r.ReadAt(s.buf[at:], s.next); k < want {
		if err == io.EOF || err == nil {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	s.next += int64(want)
	s.window = s.buf
	return nil
}

// fill makes out the next chunk; io.EOF is the end of the stream.
func (s *stream) fill() error {
	if s.f.compression == None {
		s.window = nil
		if err := s.more(1); err != nil {
			return err
		}
		if s.out = s.window; len(s.out) == 0 {
			return io.EOF
		}
		return nil
	}
	for {
		if err := s.more(3); err != nil {
			return err
		}
		if len(s.window) == 0 {
			return io.EOF
		}
		if len(s.window) < 3 {
			return errors.New("a chunk without its header")
		}
		header := int(s.window[0]) | int(s.window[1])<<8 | int(s.window[2])<<16
		n := header >> 1
		if int64(n) > s.end-s.next+int64(len(s.window)-3) {
			return fmt.Errorf("a chunk of %d bytes exceeds its stream", n)
		}
		if n > s.f.blockSize {
			return fmt.Errorf("a chunk of %d bytes; the postscript allows %d", n, s.f.blockSize)
		}
		if err := s.more(3 + n); err != nil {
			return err
		}
		data := s.window[3 : 3+n]
		s.window = s.window[3+n:]
		if header&1 != 0 {
			s.out = data
		} else if err := s.decompress(data); err != nil {
			return err
		}
		if len(s.out) > 0 {
			return nil
		}
	}
}

func (s *stream) decompress(data []byte) (err error) {
	limit := s.f.blockSize
	switch s.f.compression {
	case Zlib:
		s.chunk, err = s.d.Deflate(s.chunk[:0], data, limit)
	case Snappy:
		s.chunk, err = compress.DecodeSnappyBlock(s.chunk[:0], data, limit)
	case LZ4:
		s.chunk, err = compress.DecodeLZ4Block(s.chunk[:0], data, limit)
	default:
		s.chunk, err = s.d.Zstd(s.chunk[:0], data, limit)
	}
	s.out = s.chunk
	return err
}

// need makes out hold something.
func (s *stream) need() error {
	if len(s.out) > 0 {
		return nil
	}
	err := s.fill()
	if err == io.EOF {
		err = errEnd
	}
	return err
}

func (s *stream) readByte() (byte, error) {
	if err := s.need(); err != nil {
		return 0, err
	}
	b := s.out[0]
	s.out = s.out[1:]
	return b, nil
}

// appendTo appends the next n bytes to dst.
func (s *stream) appendTo(dst []byte, n int) ([]byte, error) {
	for n > 0 {
		if err := s.need(); err != nil {
			return dst, err
		}
		k := min(n, len(s.out))
		dst = append(dst, s.out[:k]...)
		s.out = s.out[k:]
		n -= k
	}
	return dst, nil
}

// skip passes over n bytes.
func (s *stream) skip(n int64) error {
	for n > 0 {
		if err := s.need(); err != nil {
			return err
		}
		k := min(n, int64(len(s.out)))
		s.out = s.out[k:]
		n -= k
	}
	return nil
}

func (s *stream) varint() (uint64, error) {
	if x, n := binary.Uvarint(s.out); n > 0 {
		s.out = s.out[n:]
		return x, nil
	}
	var x uint64
	for shift := 0; shift < 70; shift += 7 {
		b, err := s.readByte()
		if err != nil {
			return 0, err
		}
		if shift == 63 && b > 1 {
			break
		}
		x |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return x, nil
		}
	}
	return 0, errors.New("a number of more than 64 bits")
}

// seekTo goes to a position that begins positions and returns the rest of them. The position is an
// offset, or with compression that of a chunk and an offset in what it decompresses to.
func (s *stream) seekTo(positions []uint64) ([]uint64, error) {
	n := 2
	if s.f.compression == None {
		n = 1
	}
	if len(positions) < n {
		return nil, errors.New("a row group's positions are too few")
	}
	if err := s.seek(int64(min(positions[0], 1<<62))); err != nil {
		return nil, err
	}
	if n == 2 {
		if err := s.skip(int64(min(positions[1], maxBlockSize))); err != nil {
			return nil, err
		}
	}
	return positions[n:], nil
}

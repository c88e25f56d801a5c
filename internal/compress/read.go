package compress

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

const (
	// maxWindow is the most memory a zstd stream may ask for, the zstd command's own default.
	maxWindow = 128 << 20

	// maxBlock is the largest block of a Snappy stream that is read. Writers make blocks of
	// 32 KiB to 256 KiB unless they are told otherwise.
	maxBlock = 64 << 20

	// look is how far NewReader looks ahead for the first block of HADOOP_SNAPPY.
	look = 64 << 10
)

// NewReader recognises how r is compressed and returns a reader of its content. Content decides,
// names don't: gzip, zstd, bzip2, zip, snappy-java and framed Snappy have a magic, and
// HADOOP_SNAPPY is recognised by its lengths fitting the first block. Everything else is
// Uncompressed, and read as it is.
//
// Streams that stand one behind another are read as one. A zip's entries are read one after the
// other, in the order of the file. Memory is bounded by a window or a block, whatever the
// length. The reader fails on a stream that is cut off. Close frees its memory and leaves r open.
func NewReader(r io.Reader) (io.ReadCloser, Format, error) {
	br := bufio.NewReaderSize(r, look)
	f, err := detect(br)
	if err != nil {
		return nil, 0, err
	}
	rc, err := newReader(br, f)
	return rc, f, err
}

// NewReaderOf returns a reader of the content of r, which is known to be compressed as f.
func NewReaderOf(r io.Reader, f Format) (io.ReadCloser, error) {
	return newReader(bufio.NewReaderSize(r, look), f)
}

func newReader(br *bufio.Reader, f Format) (io.ReadCloser, error) {
	switch f {
	case Uncompressed:
		return io.NopCloser(br), nil
	case GZIP:
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", noEOF(err))
		}
		return &gzipReader{z, br}, nil
	case ZIP:
		return &zipReader{r: br}, nil
	case Zstd:
		z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		return z.IOReadCloser(), nil
	case Bzip2:
		return io.NopCloser(bzip2.NewReader(br)), nil
	case FramedSnappy:
		// The format's own limit of a chunk is 64 KiB.
		return io.NopCloser(s2.NewReader(br, s2.ReaderMaxBlockSize(64<<10))), nil
	case Snappy, HadoopSnappy:
		return &snappyReader{r: br, format: f}, nil
	}
	return nil, fmt.Errorf("compress: unknown format %v", f)
}

// DecodeAll recognises how data is compressed and returns its content, at most limit bytes of it
// or ErrLimit. Uncompressed data is returned as it is.
func DecodeAll(data []byte, limit int) ([]byte, Format, error) {
	r, f, err := NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, f, err
	}
	defer r.Close()
	if f == Uncompressed {
		if len(data) > limit {
			return nil, f, ErrLimit
		}
		return data, f, nil
	}
	out, err := appendAll(nil, r, len(data), limit)
	if err != nil {
		return nil, f, fmt.Errorf("%v: %w", f, err)
	}
	return out, f, nil
}

// magics are what streams begin with.
var magics = []struct {
	magic  string
	format Format
}{
	{"\x1f\x8b\x08", GZIP},
	{"\x28\xb5\x2f\xfd", Zstd},
	{"PK\x03\x04", ZIP},
	{"PK\x05\x06", ZIP}, // without entries
	{xerialMagic, Snappy},
	{"\xff\x06\x00\x00sNaPpY", FramedSnappy},
}

// detect leaves r where it is.
func detect(r *bufio.Reader) (Format, error) {
	b, err := r.Peek(10)
	if err != nil && err != io.EOF {
		return 0, err
	}
	for _, m := range magics {
		if bytes.HasPrefix(b, []byte(m.magic)) {
			return m.format, nil
		}
	}
	switch {
	case len(b) >= 4 && b[0]&0xf0 == 0x50 && string(b[1:4]) == "\x2a\x4d\x18":
		return Zstd, nil // a skippable frame
	case len(b) == 10 && string(b[:3]) == "BZh" && '1' <= b[3] && b[3] <= '9' &&
		(string(b[4:]) == "\x31\x41\x59\x26\x53\x59" || string(b[4:]) == "\x17\x72\x45\x38\x50\x90"):
		return Bzip2, nil
	}
	return detectHadoop(r, b)
}

// detectHadoop looks for lengths that fit each other and the block behind them. Text can't pass:
// the lengths would be those of blocks of half a gigabyte and more.
func detectHadoop(r *bufio.Reader, b []byte) (Format, error) {
	if len(b) < 4 || binary.BigEndian.Uint32(b) > math.MaxInt32 {
		return Uncompressed, nil
	}
	if len(b) < 10 && len(bytes.Trim(b, "\x00")) == 0 && len(b)%4 == 0 {
		return HadoopSnappy, nil // lengths of 0 alone: empty
	}
	at := 0 // of the first length that isn't 0
	for len(b) >= at+4 && binary.BigEndian.Uint32(b[at:]) == 0 && at < 64 {
		var err error
		at += 4
		if b, err = r.Peek(at + 10); err != nil && err != io.EOF {
			return 0, err
		}
	}
	if len(b) < at+10 {
		return Uncompressed, nil
	}
	total, length := int(binary.BigEndian.Uint32(b[at:])), int(binary.BigEndian.Uint32(b[at+4:]))
	fits := func() bool {
		n, ok := snappyLiteral(b[at+8:])
		return ok && 0 < n && n <= total && n <= maxBlock && length <= maxSnappy(n) && n <= 24*length
	}
	if b2, err := r.Peek(at + 14); err == nil || err == io.EOF {
		b = b2 // the block's length has up to 5 bytes
	} else {
		return 0, err
	}
	if !fits() {
		return Uncompressed, nil
	}
	if at+8+length <= look {
		b, err := r.Peek(at + 8 + length)
		if err != nil && err != io.EOF {
			return 0, err
		}
		if err == nil {
			if _, err := DecodeSnappyBlock(nil, b[at+8:], maxBlock); err != nil {
				return Uncompressed, nil
			}
		}
	}
	return HadoopSnappy, nil
}

// A gzipReader reads one member after the other, since gzip.Reader takes one that is cut off in its name or comment for the end.
type gzipReader struct {
	z *gzip.Reader
	r *bufio.Reader
}

func (g *gzipReader) Close() error { return g.z.Close() }

func (g *gzipReader) Read(p []byte) (int, error) {
	for {
		g.z.Multistream(false)
		n, err := g.z.Read(p)
		if n > 0 && err == io.EOF {
			return n, nil // what follows comes with the next call
		}
		if err != io.EOF {
			return n, err
		}
		if _, err := g.r.Peek(1); err != nil {
			return 0, err
		}
		if err := g.z.Reset(g.r); err != nil {
			return 0, noEOF(err)
		}
	}
}

// A snappyReader reads the streams of snappy-java and of Hadoop; see endBlock.
type snappyReader struct {
	r       *bufio.Reader
	format  Format
	started bool   // snappy-java: the header was read
	left    int    // Hadoop: bytes to come under the last length
	src     []byte // a compressed block
	out     []byte // its content
	rest    []byte // what of out is to be read
	err     error
}

func (s *snappyReader) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		if s.err == nil {
			s.err = s.next()
		}
		if s.err != nil {
			if s.err != io.EOF {
				return 0, fmt.Errorf("%v: %w", s.format, s.err)
			}
			return 0, io.EOF
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *snappyReader) Close() error { return nil }

// next reads a block, of which nothing may be left over, or returns io.EOF at the end.
func (s *snappyReader) next() error {
	if s.format == Snappy && !s.started {
		if err := s.header(); err != nil {
			return noEOF(err)
		}
		s.started = true
	}
	n, err := s.length()
	if err == io.EOF && s.left > 0 {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	limit := maxBlock
	switch {
	case s.format == Snappy && n == binary.BigEndian.Uint32([]byte(xerialMagic)):
		// Another stream begins: the length is the first half of its magic.
		if rest, err := s.r.Peek(4); err == nil && string(rest) == xerialMagic[4:] {
			if _, err := s.r.Discard(4); err != nil {
				return err
			}
			return noEOF(s.versions())
		}
	case s.format == HadoopSnappy && s.left == 0:
		// A length may be 0, anywhere, and several blocks may share one.
		if n > math.MaxInt32 {
			return errCorrupt
		}
		s.left = int(n)
		return nil
	case s.format == HadoopSnappy:
		limit = min(limit, s.left)
	}
	if int64(n) > int64(maxSnappy(maxBlock)) {
		return fmt.Errorf("block of %d bytes: %w", n, errCorrupt)
	}
	if err := s.fill(int(n)); err != nil {
		return noEOF(err)
	}
	s.out, err = DecodeSnappyBlock(s.out[:0], s.src, limit)
	if err != nil {
		return err
	}
	s.rest = s.out
	if s.format == HadoopSnappy {
		s.left -= len(s.out)
	}
	return nil
}

func (s *snappyReader) header() error {
	var b [len(xerialMagic)]byte
	if _, err := io.ReadFull(s.r, b[:]); err != nil {
		return err
	}
	if string(b[:]) != xerialMagic {
		return errors.New("no snappy-java header")
	}
	return s.versions()
}

// versions reads the version a stream has and the one it is compatible with, which must be 1.
func (s *snappyReader) versions() error {
	if _, err := s.length(); err != nil {
		return err
	}
	v, err := s.length()
	if err == nil && v > 1 {
		err = fmt.Errorf("compatible with version %d, not 1", v)
	}
	return err
}

func (s *snappyReader) length() (uint32, error) {
	var b [4]byte
	_, err := io.ReadFull(s.r, b[:])
	return binary.BigEndian.Uint32(b[:]), err
}

// fill reads n bytes into src, which grows as they come.
func (s *snappyReader) fill(n int) error {
	s.src = s.src[:0]
	for len(s.src) < n {
		k := min(n-len(s.src), max(len(s.src), look))
		s.src = slices.Grow(s.src, k)
		at := len(s.src)
		s.src = s.src[:at+k]
		if _, err := io.ReadFull(s.r, s.src[at:]); err != nil {
			return err
		}
	}
	return nil
}

// noEOF is the error of reading where the stream can't end.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

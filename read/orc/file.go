// Package orc reads ORC files of any writer: rows as NDJSON, and what the file is made of.
//
//	f, err := orc.Open(file, size)
//	err = f.Rows(os.Stdout, nil, 0)       // as hydrant cat prints them
//	info, err := f.Inspect()              // as hydrant inspect does
//
// It knows the types, encodings and compressions of file versions 0.11 and 0.12 with NONE, ZLIB,
// SNAPPY, LZ4 and ZSTD. It doesn't know encrypted columns, LZO and BROTLI.
//
// # The end of a file
//
//	... stripes | Metadata | Footer | PostScript | length of PostScript, 1 byte
//
// # Limits
//
// A file may be hostile: whatever it holds, reading ends with rows or an error. Offsets and lengths
// are checked against the file's size, types against loops and depth, and what a few bytes may
// unfold to is bounded: 128 MiB for a message of the tail, 256 MiB for the values of a batch of
// rows or for a dictionary.
package orc

import (
	"errors"
	"fmt"
	"io"

	"github.com/hydrantkit/hydrant/internal/compress"
)

const (
	maxTail      = 128 << 20 // bytes that a message of the tail, or an index, may have
	maxBatch     = 256 << 20 // bytes that values of a batch, or a dictionary, may take
	maxDepth     = 64        // of types
	maxTypes     = 1 << 16
	maxBlockSize = 1 << 23 // ORC Java's limit
)

// A File is an open ORC file. Its methods may be called at once.
type File struct {
	r           io.ReaderAt
	size        int64
	compression Compression
	blockSize   int
	version     [2]int
	writerLevel int
	metadataLen int64
	footerLen   int64
	content     int64 // where Metadata begins

	types    []typ
	root     *Type
	stripes  []stripe
	rows     int64
	stride   int
	writer   int // -1 when unset
	software string
	calendar int
	stats    [][]byte // ColumnStatistics by type id
	user     []UserMetadata
}

// A Compression is a CompressionKind.
type Compression int

// The kinds of orc_proto.proto.
const (
	None Compression = iota
	Zlib
	Snappy
	LZO
	LZ4
	Zstd
	Brotli
)

var compressionNames = [...]string{"NONE", "ZLIB", "SNAPPY", "LZO", "LZ4", "ZSTD", "BROTLI"}

// String returns the kind's name.
func (c Compression) String() string {
	if c >= 0 && int(c) < len(compressionNames) {
		return compressionNames[c]
	}
	return fmt.Sprintf("COMPRESSION_%d", int(c))
}

// A stripe is a StripeInformation: index, data and footer lie one after the other.
type stripe struct {
	offset, index, data, footer int64
	rows                        int64
	first                       int64 // row number of its first row
}

func (s *stripe) end() int64 { return s.offset + s.index + s.data + s.footer }

// Open reads the tail of the file of size bytes.
func Open(r io.ReaderAt, size int64) (*File, error) {
	f := &File{r: r, size: size, writer: -1}
	if err := f.readTail(); err != nil {
		return nil, fmt.Errorf("orc: %w", err)
	}
	return f, nil
}

// NumRows is the number of rows.
func (f *File) NumRows() int64 { return f.rows }

// Schema is the root of the file's types: a struct whose members are the columns, in almost all files.
func (f *File) Schema() *Type { return f.root }

var errMagic = errors.New("not an ORC file: its end isn't that of one")

func (f *File) readTail() error {
	if f.size < 4 {
		return errMagic
	}
	tail := make([]byte, min(f.size, 256))
	if _, err := f.r.ReadAt(tail, f.size-int64(len(tail))); err != nil && err != io.EOF {
		return err
	}
	n := int(tail[len(tail)-1])
	if n == 0 || n > len(tail)-1 {
		return errMagic
	}
	ps := tail[len(tail)-1-n : len(tail)-1]
	if err := f.readPostScript(ps); err != nil {
		return err
	}
	end := f.size - 1 - int64(n)
	if f.footerLen < 0 || f.metadataLen < 0 || f.footerLen > end || f.metadataLen > end-f.footerLen {
		return errors.New("the postscript's lengths exceed the file")
	}
	footer, err := f.message(end-f.footerLen, f.footerLen)
	if err != nil {
		return fmt.Errorf("footer: %w", err)
	}
	f.content = end - f.footerLen - f.metadataLen
	if err := f.readFooter(footer); err != nil {
		return fmt.Errorf("footer: %w", err)
	}
	return nil
}

func (f *File) readPostScript(ps []byte) error {
	magic := false
	var version []uint64
	err := eachField(ps, func(p *field) (err error) {
		switch p.number {
		case 1:
			f.footerLen = int64(p.x)
		case 2:
			f.compression = Compression(min(p.x, 99))
		case 3:
			f.blockSize = int(min(p.x, 1<<31))
		case 4:
			version, err = appendNumbers(version, p)
		case 5:
			f.metadataLen = int64(p.x)
		case 6:
			f.writerLevel = int(min(p.x, 1<<31))
		case 8000:
			magic = string(p.data) == "ORC"
		}
		return err
	})
	if err != nil || !magic {
		return errMagic
	}
	for i := range min(len(version), 2) {
		f.version[i] = int(min(version[i], 1000))
	}
	switch f.compression {
	case None:
		return nil
	case Zlib, Snappy, LZ4, Zstd:
	default:
		return fmt.Errorf("compression %v is not supported", f.compression)
	}
	if f.blockSize == 0 {
		f.blockSize = 256 << 10
	}
	if f.blockSize > maxBlockSize {
		return fmt.Errorf("compression blocks of %d bytes; the most is %d", f.blockSize, maxBlockSize)
	}
	return nil
}

func (f *File) readFooter(b []byte) error {
	names := 0
	err := eachField(b, func(p *field) error {
		switch p.number {
		case 3:
			return f.addStripe(p.data)
		case 4:
			if len(f.types) == maxTypes {
				return fmt.Errorf("more than %d types", maxTypes)
			}
			t, err := readType(p.data)
			names += len(t.Names) + len(t.children)
			if names > 2*maxTypes {
				return errors.New("too many members of types")
			}
			f.types = append(f.types, t)
			return err
		case 5:
			if len(f.user) == maxTypes {
				return errors.New("too much user metadata")
			}
			u, err := readUser(p.data)
			f.user = append(f.user, u)
			return err
		case 6:
			f.rows = int64(p.x)
		case 7:
			if len(f.stats) == maxTypes {
				return errors.New("too many statistics")
			}
			f.stats = append(f.stats, p.data)
		case 8:
			f.stride = int(min(p.x, 1<<31-1))
		case 9:
			f.writer = int(min(p.x, 1<<31-1))
		case 10:
			return errors.New("encrypted columns are not supported")
		case 11:
			f.calendar = int(min(p.x, 99))
		case 12:
			f.software = string(p.data)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var rows int64
	for i := range f.stripes {
		s := &f.stripes[i]
		s.first = rows
		if rows += s.rows; rows < 0 {
			return errors.New("too many rows")
		}
	}
	if rows != f.rows {
		return fmt.Errorf("%d rows, of which the stripes have %d", f.rows, rows)
	}
	f.root, err = buildTypes(f.types)
	return err
}

func (f *File) addStripe(b []byte) error {
	var s stripe
	err := eachField(b, func(p *field) error {
		switch p.number {
		case 1:
			s.offset = int64(p.x)
		case 2:
			s.index = int64(p.x)
		case 3:
			s.data = int64(p.x)
		case 4:
			s.footer = int64(p.x)
		case 5:
			s.rows = int64(p.x)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if s.footer == 0 || len(f.stripes) > 0 && s.offset < f.stripes[len(f.stripes)-1].end() {
		return fmt.Errorf("stripe %d has no place of its own", len(f.stripes))
	}
	end := f.content
	for _, n := range []int64{s.offset, s.index, s.data, s.footer} {
		if n < 0 || n > end {
			return fmt.Errorf("stripe %d exceeds the file", len(f.stripes))
		}
		end -= n
	}
	if s.rows < 0 {
		return fmt.Errorf("stripe %d has too many rows", len(f.stripes))
	}
	f.stripes = append(f.stripes, s)
	return nil
}

// UserMetadata is a pair that the writing program put into the file.
type UserMetadata struct {
	Name  string `json:"name"`
	Value []byte `json:"value"`
}

func readUser(b []byte) (u UserMetadata, err error) {
	err = eachField(b, func(p *field) error {
		switch p.number {
		case 1:
			u.Name = string(p.data)
		case 2:
			u.Value = p.data
		}
		return nil
	})
	return u, err
}

// message reads and decompresses the message of n bytes at off.
func (f *File) message(off, n int64) ([]byte, error) {
	var d compress.Decoder
	s := stream{f: f, d: &d, start: off, end: off + n}
	s.seek(0)
	var out []byte
	for {
		err := s.fill()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if len(out)+len(s.out) > maxTail {
			return nil, fmt.Errorf("more than %d bytes", maxTail)
		}
		out = append(out, s.out...)
	}
}

package compress

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"github.com/klauspost/compress/flate"
)

// A ZIP file as it is written here, numbers little-endian, as java.util.zip.ZipOutputStream
// writes it: one entry, its sizes behind it.
//
//	local header  "PK\3\4" | version 20 | flags | method 8 | time | date | crc 0 | sizes 0 0 |
//	              name length | extra length 0 | name
//	data          a Deflate stream
//	descriptor    "PK\7\8" | crc | compressed size | size
//	directory     "PK\1\2" | version made by 20 | version 20 | flags | method 8 | time | date |
//	              crc | compressed size | size | name length | extra, comment lengths 0 0 |
//	              disk 0 | attributes 0 0 | offset of local header 0 | name
//	end           "PK\5\6" | disks 0 0 | entries 1 1 | directory size, offset | comment length 0
const (
	zipLocal      = 0x04034b50
	zipDescriptor = 0x08074b50
	zipDirectory  = 0x02014b50
	zipEnd        = 0x06054b50
	zipEnd64      = 0x06064b50
	zipLocator64  = 0x07064b50

	zipEncrypted = 1 << 0
	zipDeferred  = 1 << 3  // sizes and crc are in a descriptor behind the data
	zipUTF8      = 1 << 11 // names are UTF-8

	zipStored   = 0
	zipDeflated = 8

	zipVersion = 20
	zipDate    = 1<<5 | 1 // 1 January 1980, the first there is

	zipLocalLen = 30
)

func appendLocalHeader(b []byte, entry string) []byte {
	b = binary.LittleEndian.AppendUint32(b, zipLocal)
	b = binary.LittleEndian.AppendUint16(b, zipVersion)
	b = appendEntry(b, 0, 0, 0, entry)
	return append(b, entry...)
}

// appendEntry appends what a local header and the directory have in common.
func appendEntry(b []byte, crc, compressed, size uint32, entry string) []byte {
	le := binary.LittleEndian
	b = le.AppendUint16(b, zipDeferred|zipUTF8)
	b = le.AppendUint16(b, zipDeflated)
	b = le.AppendUint16(b, 0) // midnight
	b = le.AppendUint16(b, zipDate)
	b = le.AppendUint32(b, crc)
	b = le.AppendUint32(b, compressed)
	b = le.AppendUint32(b, size)
	b = le.AppendUint16(b, uint16(len(entry)))
	return le.AppendUint16(b, 0) // no extra field
}

// endZip writes what comes behind the data of the one entry.
func (e *Encoder) endZip() error {
	le := binary.LittleEndian
	compressed := int64(len(e.out.b) - e.start - zipLocalLen - len(e.entry))
	if e.size > math.MaxUint32 || int64(len(e.out.b)-e.start)+16 > math.MaxUint32 {
		return errors.New("more than 4 GiB")
	}
	b := le.AppendUint32(e.out.b, zipDescriptor)
	b = le.AppendUint32(b, e.crc)
	b = le.AppendUint32(b, uint32(compressed))
	b = le.AppendUint32(b, uint32(e.size))

	directory := len(b)
	b = le.AppendUint32(b, zipDirectory)
	b = le.AppendUint16(b, zipVersion)
	b = le.AppendUint16(b, zipVersion)
	b = appendEntry(b, e.crc, uint32(compressed), uint32(e.size), e.entry)
	b = append(b, make([]byte, 2+2+2+4+4)...) // comment length, disk, attributes, offset
	b = append(b, e.entry...)

	size := len(b) - directory
	b = le.AppendUint32(b, zipEnd)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint32(b, uint32(size))
	b = le.AppendUint32(b, uint32(directory-e.start))
	e.out.b = le.AppendUint16(b, 0)
	return nil
}

// A zipReader reads the content of all entries, one after the other, in the order they stand in
// the file. It goes by the local headers, so it needs neither the file's end nor its length;
// the directory is read over. Archives behind one another are read as one. An entry that doesn't end with a line feed gets
// one before the next: they are files, and a line is in one of them.
type zipReader struct {
	r       *bufio.Reader
	inflate io.ReadCloser
	data    io.Reader // of the entry; nil between entries
	entry   zipEntry
	size    uint64 // bytes of it that were read
	crc     uint32
	last    byte // that was returned
	ended   bool // behind an end record: the file may be over
	err     error
}

// A zipEntry is a local header.
type zipEntry struct {
	name             string
	flags, method    uint16
	crc              uint32
	compressed, size uint64
}

func (z *zipReader) Read(p []byte) (int, error) {
	for z.err == nil {
		if z.data == nil {
			if z.err = z.next(); z.err != nil {
				break
			}
			continue
		}
		if len(p) == 0 {
			return 0, nil
		}
		if z.size == 0 && z.last != 0 && z.last != '\n' {
			z.last, p[0] = '\n', '\n'
			return 1, nil
		}
		n, err := z.data.Read(p)
		z.crc = crc32.Update(z.crc, crc32.IEEETable, p[:n])
		z.size += uint64(n)
		switch {
		case err == io.EOF:
			z.data = nil
			if z.err = z.endEntry(); z.err != nil {
				z.err = fmt.Errorf("zip: entry %q: %w", z.entry.name, z.err)
			}
		case err != nil:
			z.err = fmt.Errorf("zip: entry %q: %w", z.entry.name, err)
		}
		if n > 0 {
			z.last = p[n-1]
			return n, nil // an error comes with the next call
		}
	}
	return 0, z.err
}

func (z *zipReader) Close() error { return nil }

// next reads up to the data of the next entry, or returns io.EOF at the end.
func (z *zipReader) next() error {
	var b [56]byte
	if n, err := io.ReadFull(z.r, b[:4]); err != nil {
		if n == 0 && err == io.EOF && z.ended {
			return io.EOF
		}
		return zipError(err)
	}
	ended := z.ended
	z.ended = false
	le := binary.LittleEndian
	switch sig := le.Uint32(b[:]); sig {
	case zipLocal:
		return z.beginEntry()
	case zipDirectory:
		if _, err := io.ReadFull(z.r, b[4:46]); err != nil {
			return zipError(err)
		}
		return z.skip(int64(le.Uint16(b[28:])) + int64(le.Uint16(b[30:])) + int64(le.Uint16(b[32:])))
	case zipEnd64:
		if _, err := io.ReadFull(z.r, b[4:12]); err != nil {
			return zipError(err)
		}
		return z.skip(int64(le.Uint64(b[4:]) & math.MaxInt64))
	case zipLocator64:
		return z.skip(16)
	case zipEnd:
		if _, err := io.ReadFull(z.r, b[4:22]); err != nil {
			return zipError(err)
		}
		z.ended = true
		return z.skip(int64(le.Uint16(b[20:])))
	default:
		if ended {
			return errors.New("zip: bytes behind the end of the archive")
		}
		return fmt.Errorf("zip: no signature but %08x between entries", sig)
	}
}

func (z *zipReader) skip(n int64) error {
	_, err := io.CopyN(io.Discard, z.r, n)
	return zipError(err)
}

// zipError is the error of reading where the archive can't end.
func zipError(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("zip: %w", err)
	}
	return nil
}

// beginEntry reads a local header behind its signature.
func (z *zipReader) beginEntry() error {
	var b [zipLocalLen]byte
	if _, err := io.ReadFull(z.r, b[4:]); err != nil {
		return zipError(err)
	}
	le := binary.LittleEndian
	e := zipEntry{
		flags: le.Uint16(b[6:]), method: le.Uint16(b[8:]), crc: le.Uint32(b[14:]),
		compressed: uint64(le.Uint32(b[18:])), size: uint64(le.Uint32(b[22:])),
	}
	rest := make([]byte, int(le.Uint16(b[26:]))+int(le.Uint16(b[28:])))
	if _, err := io.ReadFull(z.r, rest); err != nil {
		return zipError(err)
	}
	e.name = string(rest[:le.Uint16(b[26:])])
	e.readExtra(rest[len(e.name):])
	z.entry, z.size, z.crc = e, 0, 0
	switch {
	case e.flags&zipEncrypted != 0:
		return fmt.Errorf("zip: entry %q is encrypted", e.name)
	case e.method == zipDeflated:
		if z.inflate == nil {
			z.inflate = flate.NewReader(z.r)
		} else if err := z.inflate.(flate.Resetter).Reset(z.r, nil); err != nil {
			return err
		}
		z.data = z.inflate
	case e.method == zipStored && e.flags&zipDeferred != 0 && e.compressed == 0:
		return fmt.Errorf("zip: entry %q is stored without its size, which cannot be read in sequence", e.name)
	case e.method == zipStored:
		z.data = io.LimitReader(z.r, int64(e.compressed&math.MaxInt64))
	default:
		return fmt.Errorf("zip: entry %q: unknown method %d", e.name, e.method)
	}
	return nil
}

// readExtra takes sizes that don't fit into 32 bits from the ZIP64 extra field.
func (e *zipEntry) readExtra(b []byte) {
	le := binary.LittleEndian
	for len(b) >= 4 {
		id, n := le.Uint16(b), int(le.Uint16(b[2:]))
		b = b[4:]
		if n > len(b) {
			return
		}
		if id == 1 {
			field := b[:n]
			if e.size == math.MaxUint32 && len(field) >= 8 {
				e.size = le.Uint64(field)
				field = field[8:]
			}
			if e.compressed == math.MaxUint32 && len(field) >= 8 {
				e.compressed = le.Uint64(field)
			}
			return
		}
		b = b[n:]
	}
}

// endEntry compares what was read with what the header, or the descriptor behind the data, says.
func (z *zipReader) endEntry() error {
	if z.entry.flags&zipDeferred == 0 {
		if z.size != z.entry.size || z.crc != z.entry.crc {
			return fmt.Errorf("%d bytes with checksum %08x, header says %d with %08x", z.size, z.crc, z.entry.size, z.entry.crc)
		}
		return nil
	}
	// A descriptor has a signature or not, and sizes of 4 or of 8 bytes, and nothing says which.
	// The one is right that ends before the next record.
	le := binary.LittleEndian
	b, err := z.r.Peek(26)
	if err != nil && err != io.EOF {
		return err
	}
	for _, start := range []int{4, 0} {
		for _, width := range []int{4, 8} {
			end := start + 4 + 2*width
			if len(b) < end+2 || start == 4 && le.Uint32(b) != zipDescriptor || b[end] != 'P' || b[end+1] != 'K' {
				continue
			}
			size := uint64(le.Uint32(b[start+4+width:]))
			matches := size == z.size&math.MaxUint32
			if width == 8 {
				matches = le.Uint64(b[start+4+width:]) == z.size
			}
			if matches && le.Uint32(b[start:]) == z.crc {
				_, err := z.r.Discard(end)
				return err
			}
		}
	}
	return fmt.Errorf("no descriptor that says %d bytes with checksum %08x", z.size, z.crc)
}

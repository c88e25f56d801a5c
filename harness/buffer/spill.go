package buffer

import (
	"fmt"
	"os"
	"runtime"
	"slices"

	"github.com/hydrantkit/hydrant/harness/record"
)

// extentBytes is how much of the temporary file is mapped at once.
const extentBytes = 64 << 20

// A spill is where the bytes of records lie when memory is spent: a temporary file without a name, mapped. The system
// keeps in memory what is used and writes out what isn't; the file's room is reserved first, so that a full disk is an
// error here and not a fault there. The headers of records, 88 bytes each, stay in memory.
type spill struct {
	file    *os.File
	size    int64
	extents *[][]byte
	rest    []byte // of the last extent
	spare   [classes][]block
	own     []block // of their own size, not in use
}

func newSpill() (*spill, error) {
	f, err := os.CreateTemp("", "hydrant-buffer-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, err
	}
	s := &spill{file: f, extents: new([][]byte)}
	runtime.AddCleanup(s, func(extents *[][]byte) {
		for _, e := range *extents {
			unmap(e)
		}
	}, s.extents)
	return s, nil
}

// take returns an empty block whose bytes lie in the file: of a class, or of its own size.
func (s *spill) take(class, size int) (block, error) {
	const page = 4096
	size = (size + page - 1) &^ (page - 1)
	if class < 0 {
		for i, b := range s.own {
			if cap(b.data) >= size {
				s.own = slices.Delete(s.own, i, i+1)
				return b, nil
			}
		}
	} else {
		if n := len(s.spare[class]); n > 0 {
			b := s.spare[class][n-1]
			s.spare[class] = s.spare[class][:n-1]
			return b, nil
		}
	}
	if len(s.rest) < size {
		n := (max(size, extentBytes) + extentBytes - 1) / extentBytes * extentBytes
		e, err := mapFile(s.file, s.size, n)
		if err != nil {
			return block{}, fmt.Errorf("keep records in a temporary file, since they are more than the memory they may take: %w", err)
		}
		s.size += int64(n)
		*s.extents = append(*s.extents, e)
		s.rest = e
	}
	data := s.rest[:0:size]
	s.rest = s.rest[size:]
	return block{records: make([]record.Record, 0, max(size/headerShare, 1)), data: data, class: class, spilled: true}, nil
}

// give takes a block back.
func (s *spill) give(b block) {
	release(b.data[:cap(b.data)])
	if b.class < 0 {
		s.own = append(s.own, b)
	} else {
		s.spare[b.class] = append(s.spare[b.class], b)
	}
}

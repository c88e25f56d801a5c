package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go/encoding/thrift"
)

// maxThriftDepth is more than any message of parquet.thrift nests.
const maxThriftDepth = 16

var errThrift = errors.New("not a Thrift message")

// A walker reads a message in Thrift's compact protocol without keeping it: parquet-go's decoder
// allocates what a list's header claims and follows any nesting, so nothing gets there whose
// sizes haven't been seen to be true.
type walker struct {
	b       []byte
	i       int
	structs int // elements of lists that are structs
}

// measure returns the length of the message at the start of b. It fails on one that is cut off,
// nests too deeply, or has lists of more structs than its bytes can fill.
func measure(b []byte) (int, error) {
	w := walker{b: b}
	if err := w.message(0); err != nil {
		return 0, err
	}
	if w.structs > 64+w.i/3 {
		return 0, fmt.Errorf("%w: %d list elements in %d bytes", errThrift, w.structs, w.i)
	}
	return w.i, nil
}

// decode decodes the message at the start of b into v and returns its length.
func decode(b []byte, v any) (int, error) {
	n, err := measure(b)
	if err != nil {
		return 0, err
	}
	if err := thrift.Unmarshal(&thrift.CompactProtocol{}, b[:n], v); err != nil {
		return 0, err
	}
	return n, nil
}

func (w *walker) uvarint() (uint64, error) {
	v, n := binary.Uvarint(w.b[w.i:])
	if n <= 0 {
		return 0, fmt.Errorf("%w: it is cut off", errThrift)
	}
	w.i += n
	return v, nil
}

func (w *walker) byte() (byte, error) {
	if w.i >= len(w.b) {
		return 0, fmt.Errorf("%w: it is cut off", errThrift)
	}
	w.i++
	return w.b[w.i-1], nil
}

func (w *walker) skip(n uint64) error {
	if n > uint64(len(w.b)-w.i) {
		return fmt.Errorf("%w: it is cut off", errThrift)
	}
	w.i += int(n)
	return nil
}

func (w *walker) message(depth int) error {
	if depth > maxThriftDepth {
		return fmt.Errorf("%w: nested too deeply", errThrift)
	}
	for {
		h, err := w.byte()
		if err != nil || h == 0 {
			return err
		}
		if h>>4 == 0 {
			if _, err := w.uvarint(); err != nil {
				return err
			}
		}
		if h&15 <= 2 {
			continue // a boolean field has no other bytes
		}
		if err := w.value(h&15, depth); err != nil {
			return err
		}
	}
}

func (w *walker) value(typ byte, depth int) error {
	if depth > maxThriftDepth {
		return fmt.Errorf("%w: nested too deeply", errThrift)
	}
	switch typ {
	case 1, 2, 3: // booleans of lists, bytes
		return w.skip(1)
	case 4, 5, 6:
		_, err := w.uvarint()
		return err
	case 7:
		return w.skip(8)
	case 8:
		n, err := w.uvarint()
		if err != nil {
			return err
		}
		return w.skip(n)
	case 9, 10:
		h, err := w.byte()
		if err != nil {
			return err
		}
		n := uint64(h >> 4)
		if n == 15 {
			if n, err = w.uvarint(); err != nil {
				return err
			}
		}
		if n > uint64(len(w.b)-w.i) {
			return fmt.Errorf("%w: a list of %d in %d bytes", errThrift, n, len(w.b)-w.i)
		}
		if h&15 == 12 {
			w.structs += int(n)
		}
		for range n {
			if err := w.value(h&15, depth+1); err != nil {
				return err
			}
		}
		return nil
	case 12:
		return w.message(depth + 1)
	}
	return fmt.Errorf("%w: type %d", errThrift, typ)
}

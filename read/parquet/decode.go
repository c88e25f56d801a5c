package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go/format"
)

var (
	errShort = errors.New("the page ends early")
	errDelta = errors.New("bad delta encoding")
)

// plainDictionary is what V1 files call both pages of a dictionary.
const plainDictionary format.Encoding = 2

// A hybrid reads levels, dictionary indices or booleans one at a time, so that a page of a million
// nulls costs nothing:
//
//	run:         header uvarint | body
//	repeated:    header = count<<1        body = value in ⌈width/8⌉ bytes, little-endian
//	bit-packed:  header = groups<<1 | 1   body = groups × 8 values of width bits, low bits first
type hybrid struct {
	b      []byte
	width  int
	run    uint64 // values left of a repeated run
	value  uint32
	packed []byte // of a bit-packed run
	bit    int
	left   uint64
	big    bool // BIT_PACKED: high bits first, one run without headers
}

func newHybrid(b []byte, width int) (hybrid, error) {
	if width > 32 {
		return hybrid{}, fmt.Errorf("values of %d bits", width)
	}
	return hybrid{b: b, width: width}, nil
}

// newBitPacked reads the deprecated encoding of levels.
func newBitPacked(b []byte, width int) hybrid {
	return hybrid{width: width, packed: b, left: ^uint64(0), big: true}
}

func (h *hybrid) next() (uint32, error) {
	if h.run > 0 {
		h.run--
		return h.value, nil
	}
	for h.left == 0 {
		if h.width == 0 && len(h.b) == 0 {
			return 0, nil
		}
		n, k := binary.Uvarint(h.b)
		if k <= 0 {
			return 0, errShort
		}
		h.b = h.b[k:]
		if n&1 == 0 {
			size := (h.width + 7) / 8
			if size > len(h.b) {
				return 0, errShort
			}
			h.value = 0
			for i := range size {
				h.value |= uint32(h.b[i]) << (8 * i)
			}
			h.b = h.b[size:]
			if h.run = n >> 1; h.run > 0 {
				h.run--
				return h.value, nil
			}
			continue
		}
		groups := n >> 1
		if groups > 1<<40 {
			return 0, errShort
		}
		// some writers leave out the padding of the last group
		size := min(groups*uint64(h.width), uint64(len(h.b)))
		h.packed, h.b, h.bit = h.b[:size], h.b[size:], 0
		h.left = groups * 8
	}
	h.left--
	if h.width == 0 {
		return 0, nil
	}
	if h.bit+h.width > 8*len(h.packed) {
		return 0, errShort
	}
	var v uint32
	for got := 0; got < h.width; {
		c := uint32(h.packed[h.bit>>3])
		at := h.bit & 7
		take := min(8-at, h.width-got)
		if h.big {
			v = v<<take | c<<(24+at)>>(32-take)
		} else {
			v |= c >> at & (1<<take - 1) << got
		}
		got += take
		h.bit += take
	}
	return v, nil
}

// A delta reads DELTA_BINARY_PACKED one value at a time.
type delta struct {
	b            []byte
	mini, minis  int // values of a miniblock, miniblocks of a block
	total, given uint64
	value        int64
	least        int64
	widths       []byte
	at           int // next miniblock of the block
	left         int // values left of the miniblock
	packed       []byte
	bit          int
}

func newDelta(b []byte) (delta, error) {
	d := delta{b: b}
	size, err := d.uvarint()
	if err != nil {
		return d, err
	}
	minis, err := d.uvarint()
	if err != nil {
		return d, err
	}
	if d.total, err = d.uvarint(); err != nil {
		return d, err
	}
	first, err := d.zigzag()
	if err != nil {
		return d, err
	}
	if minis == 0 || minis > 1<<16 || size == 0 || size > 1<<24 || size%minis != 0 || size/minis%8 != 0 {
		return d, fmt.Errorf("%w: blocks of %d values in %d miniblocks", errDelta, size, minis)
	}
	d.mini, d.minis, d.value = int(size/minis), int(minis), first
	d.at = d.minis
	return d, nil
}

func (d *delta) uvarint() (uint64, error) {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		return 0, errShort
	}
	d.b = d.b[n:]
	return v, nil
}

func (d *delta) zigzag() (int64, error) {
	v, err := d.uvarint()
	return int64(v>>1) ^ -int64(v&1), err
}

func (d *delta) next() (int64, error) {
	if d.given >= d.total {
		return 0, errShort
	}
	if d.given++; d.given == 1 {
		return d.value, nil
	}
	if d.left == 0 {
		if err := d.nextMini(); err != nil {
			return 0, err
		}
	}
	d.left--
	w := int(d.widths[d.at-1])
	if d.bit+w > 8*len(d.packed) {
		return 0, errShort
	}
	var v uint64
	for got := 0; got < w; {
		c := uint64(d.packed[d.bit>>3])
		at := d.bit & 7
		take := min(8-at, w-got)
		v |= c >> at & (1<<take - 1) << got
		got += take
		d.bit += take
	}
	d.value += d.least + int64(v)
	return d.value, nil
}

func (d *delta) nextMini() (err error) {
	if d.at == d.minis {
		if d.least, err = d.zigzag(); err != nil {
			return err
		}
		if len(d.b) < d.minis {
			return errShort
		}
		d.widths, d.b, d.at = d.b[:d.minis], d.b[d.minis:], 0
	}
	w := int(d.widths[d.at])
	if w > 64 {
		return fmt.Errorf("%w: values of %d bits", errDelta, w)
	}
	size := min(d.mini/8*w, len(d.b)) // the last miniblock may be cut
	d.packed, d.b, d.bit = d.b[:size], d.b[size:], 0
	d.left = d.mini
	d.at++
	return nil
}

// rest returns the bytes behind the last miniblock, without reading the values.
func (d delta) rest() ([]byte, error) {
	if d.total <= 1 {
		return d.b, nil
	}
	for n := d.total - 1; ; n -= uint64(d.mini) {
		if err := d.nextMini(); err != nil {
			return nil, err
		}
		if n <= uint64(d.mini) {
			return d.b, nil
		}
	}
}

package orc

import (
	"errors"
)

// Runs are drawn in convert/orc: rle1.go has bytes and integers of version 1, rle2.go version 2.

// An ints reads a stream of integer runs.
type ints struct {
	stream
	version1 bool
	signed   bool
	run      [512]int64
	have, at int // values of run; the next of them
	scratch  []byte
}

// read fills dst.
func (s *ints) read(dst []int64) error {
	for len(dst) > 0 {
		if s.at == s.have {
			if err := s.next(); err != nil {
				return err
			}
		}
		n := copy(dst, s.run[s.at:s.have])
		s.at += n
		dst = dst[n:]
	}
	return nil
}

// next reads a run.
func (s *ints) next() error {
	s.at, s.have = 0, 0
	b, err := s.readByte()
	if err != nil {
		return err
	}
	if s.version1 {
		return s.next1(b)
	}
	switch b >> 6 {
	case 0:
		return s.shortRepeat(b)
	case 1:
		return s.direct(b)
	case 2:
		return s.patched(b)
	default:
		return s.delta(b)
	}
}

func (s *ints) value(x uint64) int64 {
	if s.signed {
		return unzigzag(x)
	}
	return int64(x)
}

func (s *ints) next1(control byte) error {
	if control >= 0x80 {
		n := 256 - int(control)
		for i := range n {
			x, err := s.varint()
			if err != nil {
				return err
			}
			s.run[i] = s.value(x)
		}
		s.have = n
		return nil
	}
	step, err := s.readByte()
	if err != nil {
		return err
	}
	x, err := s.varint()
	if err != nil {
		return err
	}
	n := int(control) + 3
	for i, v := 0, s.value(x); i < n; i++ {
		s.run[i] = v
		v += int64(int8(step))
	}
	s.have = n
	return nil
}

// bytes reads n bytes, valid until the next call.
func (s *ints) bytes(n int) (_ []byte, err error) {
	if len(s.out) >= n {
		b := s.out[:n]
		s.out = s.out[n:]
		return b, nil
	}
	s.scratch, err = s.appendTo(s.scratch[:0], n)
	return s.scratch, err
}

func (s *ints) shortRepeat(b byte) error {
	raw, err := s.bytes(int(b>>3&7) + 1)
	if err != nil {
		return err
	}
	var x uint64
	for _, c := range raw {
		x = x<<8 | uint64(c)
	}
	n := int(b&7) + 3
	for i := range n {
		s.run[i] = s.value(x)
	}
	s.have = n
	return nil
}

var widths = [32]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 26, 28, 30, 32, 40, 48, 56, 64}

// head reads the second byte of a run's header.
func (s *ints) head(b byte) (code, n int, err error) {
	c, err := s.readByte()
	return int(b >> 1 & 31), int(b&1)<<8 + int(c) + 1, err
}

func (s *ints) direct(b byte) error {
	code, n, err := s.head(b)
	if err != nil {
		return err
	}
	width := widths[code]
	raw, err := s.bytes((n*width + 7) / 8)
	if err != nil {
		return err
	}
	unpack(s.run[:n], raw, width)
	if s.signed {
		for i, x := range s.run[:n] {
			s.run[i] = unzigzag(uint64(x))
		}
	}
	s.have = n
	return nil
}

var errPatch = errors.New("a patched run makes no sense")

func (s *ints) patched(b byte) error {
	code, n, err := s.head(b)
	if err != nil {
		return err
	}
	width := widths[code]
	raw, err := s.bytes(2)
	if err != nil {
		return err
	}
	baseBytes, patchWidth := int(raw[0]>>5)+1, widths[raw[0]&31]
	gapWidth, patches := int(raw[1]>>5)+1, int(raw[1]&31)
	raw, err = s.bytes(baseBytes)
	if err != nil {
		return err
	}
	base := int64(raw[0] & 0x7f)
	negative := raw[0] >= 0x80
	for _, c := range raw[1:] {
		base = base<<8 | int64(c)
	}
	if negative {
		base = -base
	}
	if raw, err = s.bytes((n*width + 7) / 8); err != nil {
		return err
	}
	unpack(s.run[:n], raw, width)

	entry := patchWidth + gapWidth
	for _, w := range widths[23:] { // above 24 not every width exists
		if entry > 24 && w >= entry {
			entry = w
			break
		}
	}
	if entry > 64 {
		return errPatch
	}
	if raw, err = s.bytes((patches*entry + 7) / 8); err != nil {
		return err
	}
	var list [31]int64
	unpack(list[:patches], raw, entry)
	at := 0
	for _, e := range list[:patches] {
		gap, patch := int(uint64(e)>>patchWidth), uint64(e)&(1<<patchWidth-1)
		at += gap
		if gap == 255 && patch == 0 {
			continue
		}
		if at >= n {
			return errPatch
		}
		s.run[at] |= int64(patch << width)
	}
	for i := range n {
		s.run[i] += base
	}
	s.have = n
	return nil
}

func (s *ints) delta(b byte) error {
	code, n, err := s.head(b)
	if err != nil {
		return err
	}
	x, err := s.varint()
	if err != nil {
		return err
	}
	d, err := s.varint()
	if err != nil {
		return err
	}
	v, step := s.value(x), unzigzag(d)
	s.run[0] = v
	if code == 0 {
		for i := 1; i < n; i++ {
			v += step
			s.run[i] = v
		}
		s.have = n
		return nil
	}
	if n > 1 {
		v += step
		s.run[1] = v
	}
	if n > 2 {
		width := widths[code]
		raw, err := s.bytes(((n-2)*width + 7) / 8)
		if err != nil {
			return err
		}
		deltas := s.run[2:n]
		unpack(deltas, raw, width)
		for i, d := range deltas {
			if step < 0 {
				d = -d
			}
			v += d
			deltas[i] = v
		}
	}
	s.have = n
	return nil
}

// unpack reads values of width bits, most significant bit first; b has enough.
func unpack(dst []int64, b []byte, width int) {
	if width&7 == 0 {
		for i := range dst {
			var x uint64
			for _, c := range b[:width/8] {
				x = x<<8 | uint64(c)
			}
			dst[i] = int64(x)
			b = b[width/8:]
		}
		return
	}
	var acc uint64 // its lower n bits come next
	n := 0
	for i := range dst {
		for n < width { // width < 32, so acc has room
			acc = acc<<8 | uint64(b[0])
			b = b[1:]
			n += 8
		}
		n -= width
		dst[i] = int64(acc >> n & (1<<width - 1))
	}
}

// A byteRuns reads a stream of byte runs.
type byteRuns struct {
	stream
	left    int // bytes of the run to come
	literal bool
	value   byte
}

// read fills dst.
func (s *byteRuns) read(dst []byte) error {
	for len(dst) > 0 {
		if s.left == 0 {
			if err := s.next(); err != nil {
				return err
			}
		}
		n := min(s.left, len(dst))
		if s.literal {
			if err := s.need(); err != nil {
				return err
			}
			n = copy(dst[:n], s.out)
			s.out = s.out[n:]
		} else {
			for i := range n {
				dst[i] = s.value
			}
		}
		s.left -= n
		dst = dst[n:]
	}
	return nil
}

func (s *byteRuns) next() error {
	b, err := s.readByte()
	if err != nil {
		return err
	}
	if s.literal = b >= 0x80; s.literal {
		s.left = 256 - int(b)
		return nil
	}
	s.left = int(b) + 3
	s.value, err = s.readByte()
	return err
}

// A bools reads a stream of bits.
type bools struct {
	byteRuns
	bits    byte
	have    int // bits that are left of bits
	scratch []byte
}

// read fills dst and returns how many are true.
func (s *bools) read(dst []bool) (int, error) {
	trues := 0
	for len(dst) > 0 {
		if s.have == 0 {
			n := min((len(dst)+7)/8, 1024)
			if cap(s.scratch) < n {
				s.scratch = make([]byte, n)
			}
			if err := s.byteRuns.read(s.scratch[:n]); err != nil {
				return trues, err
			}
			for _, b := range s.scratch[:n-1] {
				for i := range 8 {
					x := b<<i >= 0x80
					dst[i] = x
					if x {
						trues++
					}
				}
				dst = dst[8:]
			}
			s.bits, s.have = s.scratch[n-1], 8
		}
		for s.have > 0 && len(dst) > 0 {
			x := s.bits >= 0x80
			s.bits <<= 1
			s.have--
			dst[0] = x
			if x {
				trues++
			}
			dst = dst[1:]
		}
	}
	return trues, nil
}

package orc

import (
	"errors"
	"fmt"
	"math"
)

// A column reads one type of one stripe, and by its children what is below it, in batches.
//
// A batch holds values as streams do: no place for nulls, and none at all for what is inside of
// them. Who goes through the rows counts along: row counts valid, at counts values.
type column struct {
	t        *Type
	s        *stripeReader
	children []*column // in the order of t; nil where not wanted
	label    []byte    // `"name":`, of a member of a struct

	encoding       int
	dictionarySize int

	hasPresent bool
	present    bools
	bits       bools    // DATA of booleans
	bytes      byteRuns // DATA of tinyint, tags of a union
	data       stream   // DATA that isn't numbers
	ints       ints     // DATA of integers, numbers of a dictionary, LENGTH of what has one
	second     ints     // SECONDARY, LENGTH of a dictionary

	dictionary []byte
	ends       []int // of a dictionary's values, or of the batch's in text

	valid   []bool // nil when nothing is null
	numbers []int64
	extra   []int64  // nanoseconds; scales
	wide    []uint64 // decimals: high halves
	floats  []float64
	trues   []bool
	tags    []byte
	text    []byte

	row, at int
}

// Encodings of orc_proto.proto. Version 2 differs from version 1 in its integers.
const (
	direct = iota
	dictionary
	directV2
	dictionaryV2
)

var encodingNames = [...]string{"DIRECT", "DICTIONARY", "DIRECT_V2", "DICTIONARY_V2"}

// Kinds of streams.
const (
	streamPresent = iota
	streamData
	streamLength
	streamDictionaryData
	streamDictionaryCount
	streamSecondary
	streamRowIndex
	streamBloomFilter
	streamBloomFilterUTF8
)

func isText(k Kind) bool { return k == String || k == Varchar || k == Char }

// open points the streams at their places and reads a dictionary.
func (c *column) open() error {
	enc, err := c.s.encoding(c.t.ID)
	if err != nil {
		return err
	}
	c.encoding, c.dictionarySize = enc.kind, enc.dictionarySize
	if c.encoding > dictionaryV2 || c.isDictionary() && !isText(c.t.Kind) {
		return c.errorf("encoding", fmt.Errorf("%d is unknown", c.encoding))
	}
	version1 := c.encoding < directV2
	c.hasPresent = c.s.open(&c.present.stream, c.t.ID, streamPresent)
	c.ints.version1, c.second.version1 = version1, version1
	switch c.t.Kind {
	case Boolean:
		c.s.open(&c.bits.stream, c.t.ID, streamData)
	case Byte, Union:
		c.s.open(&c.bytes.stream, c.t.ID, streamData)
	case Short, Int, Long, Date:
		c.ints.signed = true
		c.s.open(&c.ints.stream, c.t.ID, streamData)
	case Float, Double:
		c.s.open(&c.data, c.t.ID, streamData)
	case Timestamp, TimestampInstant:
		c.ints.signed = true
		c.s.open(&c.ints.stream, c.t.ID, streamData)
		c.s.open(&c.second.stream, c.t.ID, streamSecondary)
	case Decimal:
		c.second.signed = true
		c.s.open(&c.data, c.t.ID, streamData)
		c.s.open(&c.second.stream, c.t.ID, streamSecondary)
	case String, Varchar, Char, Binary:
		if !c.isDictionary() {
			c.s.open(&c.data, c.t.ID, streamData)
			c.s.open(&c.ints.stream, c.t.ID, streamLength)
			break
		}
		c.s.open(&c.ints.stream, c.t.ID, streamData)
		c.s.open(&c.second.stream, c.t.ID, streamLength)
		c.s.open(&c.data, c.t.ID, streamDictionaryData)
		if err := c.readDictionary(); err != nil {
			return c.errorf("dictionary", err)
		}
	case List, Map:
		c.s.open(&c.ints.stream, c.t.ID, streamLength)
	}
	for _, child := range c.children {
		if child != nil {
			if err := child.open(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *column) isDictionary() bool { return c.encoding&1 == dictionary }

func (c *column) errorf(what string, err error) error {
	return fmt.Errorf("column %s, %s: %w", c.s.f.root.path(c.t.ID), what, err)
}

func (c *column) readDictionary() error {
	c.ends = c.ends[:0]
	total := 0
	var lengths [512]int64
	for left := c.dictionarySize; left > 0; {
		part := lengths[:min(left, len(lengths))]
		if err := c.second.read(part); err != nil {
			return err
		}
		for _, n := range part {
			if n < 0 || n > maxBatch-int64(total) {
				return errTooMuch
			}
			total += int(n)
			c.ends = append(c.ends, total)
		}
		if left -= len(part); len(c.ends) > maxBatch/8 {
			return errTooMuch
		}
	}
	var err error
	c.dictionary, err = c.data.appendTo(nil, total)
	return err
}

var errTooMuch = fmt.Errorf("more than %d MiB of values at once", maxBatch>>20)

// take counts bytes that a batch needs.
func (c *column) take(n int64) error {
	if n < 0 || n > c.s.budget {
		return errTooMuch
	}
	c.s.budget -= n
	return nil
}

// next reads the next n values, with what is below them.
func (c *column) next(n int) error {
	c.row, c.at, c.valid = 0, 0, c.valid[:0]
	count := n
	if c.hasPresent {
		if err := c.take(int64(n)); err != nil {
			return c.errorf("PRESENT", err)
		}
		count = 0
		err := fill(&c.valid, n, func(part []bool) error {
			trues, err := c.present.read(part)
			count += trues
			return err
		})
		if err != nil {
			return c.errorf("PRESENT", err)
		}
	}
	if err := c.values(count); err != nil {
		return c.errorf("values", err)
	}
	switch c.t.Kind {
	case List, Map:
		total := int64(0)
		for _, k := range c.numbers {
			if k < 0 || k > maxBatch-total {
				return c.errorf("LENGTH", errTooMuch)
			}
			total += k
		}
		count = int(total)
	case Union:
		counts := make([]int, len(c.children))
		for _, tag := range c.tags {
			if int(tag) >= len(counts) {
				return c.errorf("DATA", fmt.Errorf("tag %d of %d types", tag, len(counts)))
			}
			counts[tag]++
		}
		for i, child := range c.children {
			if err := child.next(counts[i]); err != nil {
				return err
			}
		}
		return nil
	}
	for _, child := range c.children {
		if child != nil {
			if err := child.next(count); err != nil {
				return err
			}
		}
	}
	return nil
}

// values reads n values that aren't null.
func (c *column) values(n int) error {
	c.text, c.ends = c.text[:0], c.keepEnds()
	switch c.t.Kind {
	case Struct:
		return nil
	case Boolean:
		if err := c.take(int64(n)); err != nil {
			return err
		}
		return fill(&c.trues, n, func(part []bool) error {
			_, err := c.bits.read(part)
			return err
		})
	case Byte, Union:
		if err := c.take(int64(n)); err != nil {
			return err
		}
		return fill(&c.tags, n, c.bytes.read)
	case Float, Double:
		return c.readFloats(n)
	case Decimal:
		return c.readDecimals(n)
	}
	if err := c.take(int64(n) * 8); err != nil {
		return err
	}
	if err := fill(&c.numbers, n, c.ints.read); err != nil {
		return err
	}
	switch c.t.Kind {
	case Timestamp, TimestampInstant:
		if err := c.take(int64(n) * 8); err != nil {
			return err
		}
		return fill(&c.extra, n, c.second.read)
	case String, Varchar, Char, Binary:
		if c.isDictionary() {
			for _, i := range c.numbers {
				if i < 0 || i >= int64(len(c.ends)) {
					return fmt.Errorf("number %d of a dictionary of %d", i, len(c.ends))
				}
			}
			return nil
		}
		return c.readText()
	}
	return nil
}

// keepEnds empties ends unless they are the dictionary's.
func (c *column) keepEnds() []int {
	if c.isDictionary() {
		return c.ends
	}
	return c.ends[:0]
}

// fill reads n values into dst. A hostile count of values has a stream that is too short for them, so
// memory is taken as values come.
func fill[T any](dst *[]T, n int, read func([]T) error) error {
	*dst = (*dst)[:0]
	for n > 0 {
		k := min(n, 1<<14)
		at := len(*dst)
		if cap(*dst) < at+k {
			*dst = append(make([]T, 0, max(2*at, at+k)), *dst...)
		}
		*dst = (*dst)[:at+k]
		if err := read((*dst)[at:]); err != nil {
			return err
		}
		n -= k
	}
	return nil
}

func (c *column) readText() error {
	total := int64(0)
	for _, n := range c.numbers {
		if n < 0 || n > maxBatch-total {
			return errTooMuch
		}
		total += n
		c.ends = append(c.ends, int(total))
	}
	if err := c.take(total + 8*int64(len(c.ends))); err != nil {
		return err
	}
	var err error
	c.text, err = c.data.appendTo(c.text, int(total))
	return err
}

func (c *column) readFloats(n int) error {
	size := 8
	if c.t.Kind == Float {
		size = 4
	}
	if err := c.take(int64(n) * 16); err != nil {
		return err
	}
	c.floats = c.floats[:0]
	var raw [4096]byte
	for n > 0 {
		k := min(n, len(raw)/size)
		b, err := c.data.appendTo(raw[:0], k*size)
		if err != nil {
			return err
		}
		for i := 0; i < len(b); i += size {
			var x uint64
			for j := size - 1; j >= 0; j-- {
				x = x<<8 | uint64(b[i+j])
			}
			if size == 4 {
				c.floats = append(c.floats, float64(math.Float32frombits(uint32(x))))
			} else {
				c.floats = append(c.floats, math.Float64frombits(x))
			}
		}
		n -= k
	}
	return nil
}

func (c *column) readDecimals(n int) error {
	if err := c.take(int64(n) * 24); err != nil {
		return err
	}
	c.numbers, c.wide = c.numbers[:0], c.wide[:0]
	for range n {
		high, low, err := c.data.varint128()
		if err != nil {
			return err
		}
		sign := -(low & 1)
		c.numbers = append(c.numbers, int64((low>>1|high<<63)^sign))
		c.wide = append(c.wide, high>>1^sign)
	}
	return fill(&c.extra, n, c.second.read)
}

// varint128 reads the number of a decimal, in zigzag form.
func (s *stream) varint128() (high, low uint64, err error) {
	for shift := 0; shift < 133; shift += 7 {
		b, err := s.readByte()
		if err != nil {
			return 0, 0, err
		}
		x := uint64(b & 0x7f)
		if shift < 64 {
			low |= x << shift
			if shift > 57 {
				high |= x >> (64 - shift)
			}
		} else {
			high |= x << (shift - 64)
		}
		if b < 0x80 {
			return high, low, nil
		}
	}
	return 0, 0, errors.New("a decimal of more than 128 bits")
}

// seek goes to a row group: its positions are those of c's streams, in the order of their kinds.
func (c *column) seek(group int) error {
	positions, err := c.s.positions(c.t.ID, group)
	if err != nil {
		return c.errorf("ROW_INDEX", err)
	}
	bits := func(s *bools) {
		if err == nil {
			s.left, s.have = 0, 0
			if positions, err = s.byteRuns.seekTo(positions); err == nil {
				if len(positions) < 1 || positions[0] > 7 {
					err = errors.New("a position in bits makes no sense")
				} else if n := int(positions[0]); n > 0 {
					_, err = s.read(make([]bool, n))
				}
				positions = positions[min(1, len(positions)):]
			}
		}
	}
	number := func(s *ints) {
		if err == nil {
			s.have, s.at = 0, 0
			positions, err = s.seekRun(positions)
		}
	}
	if c.hasPresent {
		bits(&c.present)
	}
	switch c.t.Kind {
	case Boolean:
		bits(&c.bits)
	case Byte, Union:
		if err == nil {
			c.bytes.left = 0
			positions, err = c.bytes.seekTo(positions)
		}
	case Short, Int, Long, Date, List, Map:
		number(&c.ints)
	case Float, Double:
		if err == nil {
			positions, err = c.data.seekTo(positions)
		}
	case Timestamp, TimestampInstant:
		number(&c.ints)
		number(&c.second)
	case Decimal:
		if err == nil {
			positions, err = c.data.seekTo(positions)
		}
		number(&c.second)
	case String, Varchar, Char, Binary:
		if err == nil && !c.isDictionary() {
			positions, err = c.data.seekTo(positions)
		}
		number(&c.ints)
	}
	if err != nil {
		return c.errorf("row group", err)
	}
	for _, child := range c.children {
		if child != nil {
			if err := child.seek(group); err != nil {
				return err
			}
		}
	}
	return nil
}

// seekRun goes to a position in a stream of integers: that of a run, and values into it.
func (s *ints) seekRun(positions []uint64) ([]uint64, error) {
	n, rest, err := s.stream.seekRun(positions, 512)
	if err == nil && n > 0 {
		err = s.read(make([]int64, n))
	}
	return rest, err
}

// seekTo goes to a position in a stream of bytes: that of a run, and bytes into it.
func (s *byteRuns) seekTo(positions []uint64) ([]uint64, error) {
	n, rest, err := s.stream.seekRun(positions, 130)
	if err == nil && n > 0 {
		err = s.read(make([]byte, n))
	}
	return rest, err
}

// seekRun goes to the run at a position, and returns how far into it, at most as many values as one has.
func (s *stream) seekRun(positions []uint64, most uint64) (n int, rest []uint64, err error) {
	if rest, err = s.seekTo(positions); err != nil {
		return 0, nil, err
	}
	if len(rest) < 1 {
		return 0, nil, errors.New("a row group's positions are too few")
	}
	return int(min(rest[0], most)), rest[1:], nil
}

package orc

import (
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant/internal/rowjson"
)

// Statistics are those of a column in the file, in a stripe, or in a row group. Min, Max and Sum are
// JSON as the values themselves would be printed; for lists and maps they are about how many
// elements there are, for text and binary Sum is the bytes, for booleans how many are true. They are
// absent where the file doesn't say.
type Statistics struct {
	Values      int64           `json:"values"` // that are not null
	HasNull     *bool           `json:"hasNull,omitempty"`
	Min         json.RawMessage `json:"min,omitempty"`
	Max         json.RawMessage `json:"max,omitempty"`
	Lower       json.RawMessage `json:"lower,omitempty"` // bounds of text, for want of Min or Max
	Upper       json.RawMessage `json:"upper,omitempty"`
	Sum         json.RawMessage `json:"sum,omitempty"`
	BytesOnDisk int64           `json:"bytesOnDisk,omitempty"`
}

// statistics reads a ColumnStatistics message about type t.
func (f *File) statistics(b []byte, t *Type) (Statistics, error) {
	var s Statistics
	err := eachField(b, func(p *field) error {
		switch p.number {
		case 1:
			s.Values = int64(min(p.x, math.MaxInt64))
		case 10:
			has := p.x != 0
			s.HasNull = &has
		case 11:
			s.BytesOnDisk = int64(min(p.x, math.MaxInt64))
		case 2, 3, 4, 5, 6, 7, 8, 9, 12:
			return f.typedStatistics(&s, p.number, p.data)
		}
		return nil
	})
	return s, err
}

// typedStatistics reads the message that number stands for in ColumnStatistics.
func (f *File) typedStatistics(s *Statistics, number int, b []byte) error {
	p := printer{s: &stripeReader{f: f}}
	value := func(print func()) json.RawMessage {
		p.out, p.err = nil, nil
		if print(); p.err != nil {
			return nil
		}
		return p.out
	}
	integer := func(x int64) json.RawMessage { return strconv.AppendInt(nil, x, 10) }
	var low, high, lowNanos, highNanos int64
	var hasLow, hasHigh bool
	lowNanos, highNanos = 1, 1_000_000
	err := eachField(b, func(x *field) error {
		set := func(v json.RawMessage) { // the minimum, the maximum or the sum
			switch x.number {
			case 1:
				s.Min = v
			case 2:
				s.Max = v
			case 3:
				s.Sum = v
			}
		}
		switch number {
		case 2: // integers
			set(integer(x.sint()))
		case 3: // floats
			set(value(func() { p.out = rowjson.AppendFloat(p.out, x.double(), 64) }))
		case 4: // text
			switch x.number {
			case 1:
				s.Min = rowjson.AppendText(nil, x.data)
			case 2:
				s.Max = rowjson.AppendText(nil, x.data)
			case 3:
				s.Sum = integer(x.sint())
			case 4:
				s.Lower = rowjson.AppendText(nil, x.data)
			case 5:
				s.Upper = rowjson.AppendText(nil, x.data)
			}
		case 5: // booleans
			counts, err := appendNumbers(nil, x)
			if err != nil {
				return err
			}
			if len(counts) > 0 {
				s.Sum = integer(int64(min(counts[0], math.MaxInt64)))
			}
		case 6: // decimals
			if json.Valid(x.data) {
				set(x.data)
			}
		case 7: // dates, which have no sum
			if x.number < 3 {
				set(value(func() { p.date(x.sint()) }))
			}
		case 8: // binary
			s.Sum = integer(x.sint())
		case 9: // timestamps
			switch x.number {
			case 3:
				low, hasLow = x.sint(), true
			case 4:
				high, hasHigh = x.sint(), true
			case 5:
				lowNanos = int64(min(x.x, 1<<20))
			case 6:
				highNanos = int64(min(x.x, 1<<20))
			}
		case 12: // lists and maps
			set(integer(int64(min(x.x, math.MaxInt64))))
		}
		return nil
	})
	if hasLow {
		s.Min = value(func() { p.millis(low, lowNanos-1) })
	}
	if hasHigh {
		s.Max = value(func() { p.millis(high, highNanos-1) })
	}
	return err
}

// millis prints milliseconds since 1970 and nanoseconds below them.
func (p *printer) millis(ms, nanos int64) {
	sec := rowjson.FloorDiv(ms, 1000)
	p.instant(sec, (ms-sec*1000)*1e6+nanos)
}

// A RowGroup is an entry of a column's ROW_INDEX.
type RowGroup struct {
	Positions  []uint64   `json:"positions"`
	Statistics Statistics `json:"statistics"`
	Bloom      *Bloom     `json:"bloom,omitempty"`
}

// A Bloom is a row group's bloom filter, of kind BLOOM_FILTER_UTF8.
type Bloom struct {
	Hashes int    `json:"hashes"`
	Bits   []byte `json:"bits"` // words in little-endian order
}

// RowGroups reads the index of a column of a stripe; column is the number of a type. It is empty
// when there is none.
func (f *File) RowGroups(stripe, column int) ([]RowGroup, error) {
	s, err := f.openStripe(stripe)
	if err != nil {
		return nil, err
	}
	var groups []RowGroup
	index, ok := s.streams[streamKey{column, streamRowIndex}]
	if !ok || column < 0 || column >= len(f.types) {
		return nil, nil
	}
	b, err := f.message(index.start, index.end-index.start)
	if err != nil {
		return nil, err
	}
	limit := int((s.info.rows + int64(max(f.stride, 1)) - 1) / int64(max(f.stride, 1)))
	err = eachField(b, func(p *field) error {
		if p.number != 1 || len(groups) == limit {
			return nil
		}
		var g RowGroup
		err := eachField(p.data, func(p *field) (err error) {
			switch p.number {
			case 1:
				if len(g.Positions) < 100 {
					g.Positions, err = appendNumbers(g.Positions, p)
				}
			case 2:
				g.Statistics, err = f.statistics(p.data, &f.types[column].Type)
			}
			return err
		})
		groups = append(groups, g)
		return err
	})
	if err != nil {
		return nil, err
	}
	filters, ok := s.streams[streamKey{column, streamBloomFilterUTF8}]
	if !ok {
		return groups, nil
	}
	if b, err = f.message(filters.start, filters.end-filters.start); err != nil {
		return nil, err
	}
	i := 0
	err = eachField(b, func(p *field) error {
		if p.number != 1 || i >= len(groups) {
			return nil
		}
		var bloom Bloom
		err := eachField(p.data, func(p *field) error {
			switch p.number {
			case 1:
				bloom.Hashes = int(min(p.x, 1000))
			case 3:
				bloom.Bits = p.data
			}
			return nil
		})
		groups[i].Bloom = &bloom
		i++
		return err
	})
	return groups, err
}

// cut shortens text for people, at a character's end.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

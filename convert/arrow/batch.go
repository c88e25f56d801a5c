package arrow

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

// Batch replaces the rows of dst, a batch of these columns, by those of rec. It copies: rec may be released afterwards.
// The record's fields have the columns' names, in their order, and the types of [Schema]; timestamps may have any unit
// and zone. After an error dst is empty.
//
// Nothing that rec says is trusted, so it may come from anywhere: offsets, bitmaps and lengths are checked, and what a
// vector promises is an error where it isn't so (a decimal of too many digits, a timestamp outside of the years
// 0001–9999, a text that isn't UTF-8 or is too long for char(n) or varchar(n), a char that ends in a blank, a null key).
func Batch(dst *column.Batch, rec arrow.Record, columns []schema.Column) error {
	if err := checkBatch(dst, columns); err != nil {
		return err
	}
	dst.Reset()
	if err := matchFields(columns, rec.Schema().Fields()); err != nil {
		return err
	}
	n := int(rec.NumRows())
	if n < 0 {
		return fmt.Errorf("%d rows", n)
	}
	for i, c := range columns {
		if err := fill(&dst.Columns[i], rec.Column(i).Data(), []span{{0, n}}, nil); err != nil {
			dst.Reset()
			return within(c.Name, err)
		}
	}
	dst.Rows = n
	return nil
}

// A span is a range of the values of an array.
type span struct{ lo, hi int }

// fill makes the empty vector v hold some values of an array. Those are one span unless an array of lists, around it or
// further up, has elements in lists that are null. mask, if not nil, has a bit for each value that stays if it isn't null.
func fill(v *column.Vector, d arrow.ArrayData, spans []span, mask []uint64) error {
	n := 0
	for _, s := range spans {
		if s.hi > d.Len() {
			return fmt.Errorf("%d values instead of %d", d.Len(), s.hi)
		}
		n += s.hi - s.lo
	}
	valid, err := validity(d, spans, mask)
	if err != nil {
		return err
	}
	v.Len, v.Valid, v.Nulls = n, nil, 0
	if valid != nil {
		v.Nulls = n - ones(valid)
	}
	if v.Nulls > 0 {
		v.Valid = valid
	}
	switch v.Type.Kind {
	case schema.Boolean:
		v.Bools, err = appendBitmap(v.Bools, d, 1, spans)
	case schema.TinyInt:
		v.Ints, err = appendWide[int8](v.Ints, d, spans)
	case schema.SmallInt:
		v.Ints, err = appendWide[int16](v.Ints, d, spans)
	case schema.Int, schema.Date:
		v.Ints, err = appendWide[int32](v.Ints, d, spans)
	case schema.BigInt:
		v.Ints, err = appendWide[int64](v.Ints, d, spans)
	case schema.Float:
		v.Floats, err = appendWide[float32](v.Floats, d, spans)
	case schema.Double:
		v.Floats, err = appendWide[float64](v.Floats, d, spans)
	case schema.Decimal:
		err = fillDecimals(v, d, spans)
	case schema.Timestamp:
		err = fillTimestamps(v, d, spans)
	case schema.String, schema.Char, schema.VarChar, schema.Binary:
		err = fillBytes(v, d, spans)
	case schema.Array:
		err = fillList(v, d, spans)
	case schema.Map:
		err = fillMap(v, d, spans)
	case schema.Struct:
		err = fillMembers(v.Children, v.Type.Fields, d, spans, v.Valid)
	}
	return err
}

// raw returns buffer i of an array.
func raw(d arrow.ArrayData, i int) []byte {
	if b := d.Buffers(); i < len(b) && b[i] != nil {
		return b[i].Bytes()
	}
	return nil
}

// values returns the values of an array, with more of them behind the last.
func values[T arrow.FixedWidthType](d arrow.ArrayData, more int) ([]T, error) {
	all := arrow.GetData[T](raw(d, 1))
	off, n := d.Offset(), d.Len()
	if n == 0 {
		return nil, nil // Arrow allows no buffer at all then
	}
	if off < 0 || n < 0 || off > len(all) || n > len(all)-off-more {
		return nil, fmt.Errorf("a buffer of %d values for %d", len(all), n)
	}
	return all[off : off+n+more], nil
}

func appendWide[T int8 | int16 | int32 | int64 | float32 | float64, W int64 | float64](dst []W, d arrow.ArrayData, spans []span) ([]W, error) {
	src, err := values[T](d, 0)
	if err != nil {
		return dst, err
	}
	for _, s := range spans {
		dst = slices.Grow(dst, s.hi-s.lo)
		for _, x := range src[s.lo:s.hi] {
			dst = append(dst, W(x))
		}
	}
	return dst, nil
}

// validity returns a bit for each value of the spans that isn't null; nil when none is.
func validity(d arrow.ArrayData, spans []span, mask []uint64) ([]uint64, error) {
	if raw(d, 0) == nil {
		if d.NullN() > 0 {
			return nil, fmt.Errorf("%d nulls without a bitmap", d.NullN())
		}
		return append([]uint64(nil), mask...), nil
	}
	valid, err := appendBitmap(nil, d, 0, spans)
	if err != nil {
		return nil, err
	}
	for i, m := range mask {
		valid[i] &= m
	}
	return valid, nil
}

// appendBitmap appends the bits of a bitmap, buffer i of an array, to an empty one.
func appendBitmap(dst []uint64, d arrow.ArrayData, i int, spans []span) ([]uint64, error) {
	src := raw(d, i)
	off, n := d.Offset(), d.Len()
	if size := 8 * len(src); n != 0 && (off < 0 || n < 0 || off > size || n > size-off) {
		return dst, fmt.Errorf("a bitmap of %d bytes for %d values", len(src), n)
	}
	at := 0
	for _, s := range spans {
		for lo := off + s.lo; lo < off+s.hi; {
			n := min(64, off+s.hi-lo)
			x := load(src, lo, n)
			if at&63 == 0 {
				dst = append(dst, x)
			} else {
				dst[len(dst)-1] |= x << (at & 63)
				if at&63+n > 64 {
					dst = append(dst, x>>(64-at&63))
				}
			}
			at, lo = at+n, lo+n
		}
	}
	return dst, nil
}

// load returns n ≤ 64 bits of a bitmap, from bit at on.
func load(src []byte, at, n int) uint64 {
	var b [9]byte
	copy(b[:], src[at>>3:])
	x := binary.LittleEndian.Uint64(b[:])>>(at&7) | uint64(b[8])<<(64-at&7)
	return x & (^uint64(0) >> (64 - n))
}

func ones(words []uint64) (n int) {
	for _, w := range words {
		n += bits.OnesCount64(w)
	}
	return n
}

func fillDecimals(v *column.Vector, d arrow.ArrayData, spans []span) error {
	src, err := values[decimal128.Num](d, 0)
	if err != nil {
		return err
	}
	limit := decimal128.GetScaleMultiplier(v.Type.Precision)
	least := limit.Negate()
	for _, s := range spans {
		for _, x := range src[s.lo:s.hi] {
			if i := len(v.Ints); !(least.Less(x) && x.Less(limit)) && !v.Null(i) {
				return fmt.Errorf("value %d: %s is out of range for %s", i, x.ToString(int32(v.Type.Scale)), v.Type)
			}
			v.Ints = append(v.Ints, int64(x.LowBits()))
			if v.Wide() {
				v.High = append(v.High, x.HighBits())
			}
		}
	}
	return nil
}

func fillTimestamps(v *column.Vector, d arrow.ArrayData, spans []span) error {
	src, err := values[int64](d, 0)
	if err != nil {
		return err
	}
	var per int64 // second
	switch unit := d.DataType().(*arrow.TimestampType).Unit; unit {
	case arrow.Second:
		per = 1
	case arrow.Millisecond:
		per = 1e3
	case arrow.Microsecond:
		per = 1e6
	case arrow.Nanosecond:
		per = 1e9
	default:
		return fmt.Errorf("time unit %d", int(unit))
	}
	nanos := 1e9 / per
	for _, s := range spans {
		for _, x := range src[s.lo:s.hi] {
			sec, rest := x/per, x%per
			if rest < 0 {
				sec, rest = sec-1, rest+per
			}
			if i := len(v.Ints); (sec < minSeconds || sec > maxSeconds) && !v.Null(i) {
				return fmt.Errorf("value %d: %d %s since 1970 is outside of the years 0001–9999", i, x, d.DataType())
			}
			v.Ints, v.Nanos = append(v.Ints, sec), append(v.Nanos, int32(rest*nanos))
		}
	}
	return nil
}

// fillOffsets gives v the lengths of lists or bytes, none for nulls, and returns the spans of what they hold, out of
// limit values.
func fillOffsets(v *column.Vector, d arrow.ArrayData, spans []span, limit int) ([]span, error) {
	offsets, err := values[int32](d, 1)
	if err != nil {
		return nil, err
	}
	var held []span
	end := int32(0)
	for _, s := range spans {
		for i := s.lo; i < s.hi; i++ {
			lo, hi := offsets[i], offsets[i+1]
			if lo < 0 || hi < lo || int(hi) > limit {
				return nil, fmt.Errorf("value %d: from %d to %d of %d", len(v.Offsets)-1, lo, hi, limit)
			}
			if lo < hi && !v.Null(len(v.Offsets)-1) {
				if k := len(held) - 1; k >= 0 && held[k].hi == int(lo) {
					held[k].hi = int(hi)
				} else {
					held = append(held, span{int(lo), int(hi)})
				}
				end += hi - lo
			}
			v.Offsets = append(v.Offsets, end)
		}
	}
	return held, nil
}

func fillBytes(v *column.Vector, d arrow.ArrayData, spans []span) error {
	data := raw(d, 2)
	held, err := fillOffsets(v, d, spans, len(data))
	if err != nil {
		return err
	}
	for _, s := range held {
		v.Bytes = append(v.Bytes, data[s.lo:s.hi]...)
	}
	t := v.Type
	if t.Kind == schema.Binary {
		return nil
	}
	// Where all bytes are UTF-8 together, each value is if each begins at the first byte of a code point.
	together := utf8.Valid(v.Bytes)
	for i := range v.Len {
		switch x := v.Data(i); {
		case len(x) == 0:
		case !(together && utf8.RuneStart(x[0])) && !utf8.Valid(x):
			return fmt.Errorf("value %d: not UTF-8", i)
		case t.Kind == schema.String:
		case utf8.RuneCount(x) > t.Length:
			return fmt.Errorf("value %d: %d code points for %s", i, utf8.RuneCount(x), t)
		case t.Kind == schema.Char && x[len(x)-1] == ' ':
			return fmt.Errorf("value %d: a %s that ends in a blank", i, t)
		}
	}
	return nil
}

// child returns child i of an array.
func child(d arrow.ArrayData, i, of int) (arrow.ArrayData, error) {
	if c := d.Children(); len(c) == of && c[i] != nil {
		return c[i], nil
	}
	return nil, fmt.Errorf("%d children for %d", len(d.Children()), of)
}

func fillList(v *column.Vector, d arrow.ArrayData, spans []span) error {
	elem, err := child(d, 0, 1)
	if err != nil {
		return err
	}
	held, err := fillOffsets(v, d, spans, elem.Len())
	if err != nil {
		return err
	}
	return within("element", fill(&v.Children[0], elem, held, nil))
}

func fillMap(v *column.Vector, d arrow.ArrayData, spans []span) error {
	entries, err := child(d, 0, 1)
	if err != nil {
		return err
	}
	held, err := fillOffsets(v, d, spans, entries.Len())
	if err != nil {
		return err
	}
	valid, err := validity(entries, held, nil)
	if err != nil {
		return err
	}
	if n := int(v.Offsets[v.Len]); valid != nil && ones(valid) < n {
		return fmt.Errorf("%d null entries", n-ones(valid))
	}
	members := [2]schema.Column{{Name: "key"}, {Name: "value"}}
	if err := fillMembers(v.Children, members[:], entries, held, nil); err != nil {
		return err
	}
	if n := v.Children[0].Nulls; n > 0 {
		return fmt.Errorf("%d null keys", n)
	}
	return nil
}

// fillMembers fills the members of structs, which are null where the structs are.
func fillMembers(vs []column.Vector, names []schema.Column, d arrow.ArrayData, spans []span, mask []uint64) error {
	if off := d.Offset(); off != 0 {
		moved := make([]span, len(spans))
		for i, s := range spans {
			moved[i] = span{off + s.lo, off + s.hi}
		}
		spans = moved
	}
	for i := range vs {
		c, err := child(d, i, len(vs))
		if err != nil {
			return err
		}
		if err := fill(&vs[i], c, spans, mask); err != nil {
			return within(names[i].Name, err)
		}
	}
	return nil
}

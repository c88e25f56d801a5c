package arrow

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/endian"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

// Record returns the rows of b, a batch of these columns. Unless Options.Copy is set the record shares memory with b
// and is valid until b changes. The caller releases it.
//
// A value that its Arrow type cannot hold is an error: a timestamp outside of its unit's range or finer than it, or an
// integer that its column's type should not have let in. Texts go out unread: Arrow wants them in UTF-8, as Batch checks.
func Record(b *column.Batch, columns []schema.Column, o Options) (arrow.Record, error) {
	s, err := Schema(columns, o)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(b, columns); err != nil {
		return nil, err
	}
	e := exporter{copies: o.Copy, mem: o.allocator()}
	defer e.release()
	arrays := make([]arrow.Array, len(columns))
	for i := range columns {
		v := &b.Columns[i]
		if v.Len != b.Rows {
			return nil, fmt.Errorf("%s: %d values for %d rows", columns[i].Name, v.Len, b.Rows)
		}
		d, err := e.data(v, s.Field(i).Type)
		if err != nil {
			return nil, within(columns[i].Name, err)
		}
		arrays[i] = array.MakeFromData(d)
		e.made = append(e.made, arrays[i])
	}
	return array.NewRecord(s, arrays, int64(b.Rows)), nil
}

// checkBatch says whether b was made for these columns.
func checkBatch(b *column.Batch, columns []schema.Column) error {
	if len(b.Columns) != len(columns) {
		return fmt.Errorf("a batch of %d columns for %d", len(b.Columns), len(columns))
	}
	for i, c := range columns {
		if t := b.Columns[i].Type; t != c.Type && !t.Equal(c.Type) {
			return fmt.Errorf("%s: a vector of %s for %s", c.Name, t, c.Type)
		}
	}
	return nil
}

// An exporter makes the arrays of one record. It owns what it makes until release; the record retains what it needs.
type exporter struct {
	copies bool
	mem    memory.Allocator
	made   []interface{ Release() }
}

func (e *exporter) release() {
	for _, m := range e.made {
		m.Release()
	}
}

// room makes a buffer of n values and returns them too.
func room[T arrow.FixedWidthType](e *exporter, n int) (*memory.Buffer, []T) {
	var one [1]T
	buf := memory.NewResizableBuffer(e.mem)
	e.made = append(e.made, buf)
	buf.Resize(n * len(arrow.GetBytes(one[:])))
	return buf, arrow.GetData[T](buf.Bytes())
}

// share makes a buffer of the values of s, on the same memory if it may.
func share[T arrow.FixedWidthType](e *exporter, s []T) *memory.Buffer {
	if !e.copies {
		return memory.NewBufferBytes(arrow.GetBytes(s))
	}
	buf, dst := room[T](e, len(s))
	copy(dst, s)
	return buf
}

// bits makes a buffer of a bitmap. Words are Arrow's bytes where the least byte comes first.
func (e *exporter) bits(words []uint64) *memory.Buffer {
	if !endian.IsBigEndian {
		return share(e, words)
	}
	buf, dst := room[uint8](e, 8*len(words))
	for i, w := range words {
		binary.LittleEndian.PutUint64(dst[8*i:], w)
	}
	return buf
}

// data makes the array of v, of type t.
func (e *exporter) data(v *column.Vector, t arrow.DataType) (arrow.ArrayData, error) {
	var valid, values *memory.Buffer
	if v.Nulls > 0 {
		valid = e.bits(v.Valid)
	}
	var err error
	switch v.Type.Kind {
	case schema.Boolean:
		values = e.bits(v.Bools)
	case schema.TinyInt:
		values, err = narrow[int8](e, v)
	case schema.SmallInt:
		values, err = narrow[int16](e, v)
	case schema.Int, schema.Date:
		values, err = narrow[int32](e, v)
	case schema.BigInt:
		values = share(e, v.Ints)
	case schema.Float:
		buf, dst := room[float32](e, v.Len)
		for i, x := range v.Floats {
			dst[i] = float32(x)
		}
		values = buf
	case schema.Double:
		values = share(e, v.Floats)
	case schema.Decimal:
		values = e.decimals(v)
	case schema.Timestamp:
		if t.(*arrow.TimestampType).Unit == arrow.Microsecond {
			values, err = e.micros(v)
		} else {
			values, err = e.nanos(v)
		}
	case schema.String, schema.Char, schema.VarChar, schema.Binary:
		return e.array(v, t, nil, valid, share(e, v.Offsets), share(e, v.Bytes)), nil
	case schema.Array:
		elem, err := e.data(&v.Children[0], t.(*arrow.ListType).Elem())
		if err != nil {
			return nil, within("element", err)
		}
		return e.array(v, t, []arrow.ArrayData{elem}, valid, share(e, v.Offsets)), nil
	case schema.Map:
		m := t.(*arrow.MapType)
		key, err := e.data(&v.Children[0], m.KeyType())
		if err != nil {
			return nil, within("key", err)
		}
		value, err := e.data(&v.Children[1], m.ItemType())
		if err != nil {
			return nil, within("value", err)
		}
		entries := array.NewData(m.Elem(), v.Children[0].Len, []*memory.Buffer{nil}, []arrow.ArrayData{key, value}, 0, 0)
		e.made = append(e.made, entries)
		return e.array(v, t, []arrow.ArrayData{entries}, valid, share(e, v.Offsets)), nil
	case schema.Struct:
		members := make([]arrow.ArrayData, len(v.Children))
		for i, f := range t.(*arrow.StructType).Fields() {
			if members[i], err = e.data(&v.Children[i], f.Type); err != nil {
				return nil, within(f.Name, err)
			}
		}
		return e.array(v, t, members, valid), nil
	}
	if err != nil {
		return nil, err
	}
	return e.array(v, t, nil, valid, values), nil
}

func (e *exporter) array(v *column.Vector, t arrow.DataType, children []arrow.ArrayData, buffers ...*memory.Buffer) arrow.ArrayData {
	d := array.NewData(t, v.Len, buffers, children, v.Nulls, 0)
	e.made = append(e.made, d)
	return d
}

// narrow writes integers that are narrower in Arrow.
func narrow[T int8 | int16 | int32](e *exporter, v *column.Vector) (*memory.Buffer, error) {
	buf, dst := room[T](e, v.Len)
	var lost int64
	for i, x := range v.Ints {
		dst[i] = T(x)
		lost |= int64(T(x)) ^ x
	}
	if lost != 0 { // perhaps only where a value is null, and undefined
		for i, x := range v.Ints {
			if int64(T(x)) != x && !v.Null(i) {
				return nil, fmt.Errorf("value %d: %d is out of range for %s", i, x, v.Type)
			}
		}
	}
	return buf, nil
}

func (e *exporter) decimals(v *column.Vector) *memory.Buffer {
	buf, dst := room[decimal128.Num](e, v.Len)
	if v.Wide() {
		high := v.High[:len(v.Ints)]
		for i, x := range v.Ints {
			dst[i] = decimal128.New(high[i], uint64(x))
		}
		return buf
	}
	for i, x := range v.Ints {
		dst[i] = decimal128.New(x>>63, uint64(x))
	}
	return buf
}

const (
	minSeconds = -62135596800 // 0001-01-01T00:00:00Z
	maxSeconds = 253402300799 // 9999-12-31T23:59:59Z

	// The ends of an int64 of nanoseconds.
	firstNanoSecond, firstNano = -9223372037, 145224192
	lastNanoSecond, lastNano   = 9223372036, 854775807
)

func (e *exporter) nanos(v *column.Vector) (*memory.Buffer, error) {
	buf, dst := room[int64](e, v.Len)
	nanos := v.Nanos[:len(v.Ints)]
	for i, sec := range v.Ints {
		n := nanos[i]
		// The sum is right at the very first nanosecond too, where the product wraps around.
		dst[i] = sec*1e9 + int64(n)
		if sec <= firstNanoSecond || sec >= lastNanoSecond {
			inside := sec == firstNanoSecond && n >= firstNano || sec == lastNanoSecond && n <= lastNano
			if !inside && !v.Null(i) {
				return nil, fmt.Errorf("value %d: nanoseconds since 1970 don't reach %s", i, instant(sec, n))
			}
		}
	}
	return buf, nil
}

func (e *exporter) micros(v *column.Vector) (*memory.Buffer, error) {
	buf, dst := room[int64](e, v.Len)
	nanos := v.Nanos[:len(v.Ints)]
	for i, sec := range v.Ints {
		n := nanos[i]
		dst[i] = sec*1e6 + int64(n/1000)
		if n%1000 != 0 || sec < minSeconds || sec > maxSeconds {
			if !v.Null(i) {
				return nil, fmt.Errorf("value %d: microseconds don't hold %s", i, instant(sec, n))
			}
		}
	}
	return buf, nil
}

func instant(sec int64, nanos int32) string {
	return time.Unix(sec, int64(nanos)).UTC().Format(time.RFC3339Nano)
}

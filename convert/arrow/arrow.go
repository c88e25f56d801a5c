// Package arrow hands column batches to Apache Arrow and takes them back: as records, and as IPC streams.
//
// The vectors of package column have Arrow's layout, widened. [Record] shares with the batch whatever agrees: bigint,
// double, the bytes and offsets of strings, offsets of lists and maps, booleans and validity bitmaps. Narrower integers,
// float, date, timestamp and decimal are written once, in one pass. So a record costs next to nothing, and lives only as
// long as its batch stays as it is: Reset, Truncate or any append to the batch may change the record, whoever retains it.
// Options.Copy makes a record that stands alone. [Batch] always copies, so that the record may be released at once.
//
//	boolean                        bool
//	tinyint, smallint, int, bigint int8, int16, int32, int64
//	float, double                  float32, float64
//	decimal(p,s)                   decimal128(p, s)
//	string, char, varchar          utf8 (the length of char and varchar has no place in Arrow)
//	binary                         binary
//	date                           date32
//	timestamp                      timestamp[ns, UTC], or timestamp[us, UTC] with Options.Microseconds
//	array, map, struct             list, map, struct
//
// Every column, element, map value and member may be null; map keys may not.
//
// No value is altered on the way: one that the other side cannot hold is an error that names its column and place.
package arrow

import (
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/hydrantkit/hydrant/schema"
)

// Options are what may be chosen. The zero value shares memory and has timestamps in nanoseconds.
type Options struct {
	// Microseconds is the unit of timestamps, instead of nanoseconds. Nanoseconds reach from 1677-09-21 to 2262-04-11,
	// microseconds hold every year of a timestamp (0001–9999) but six digits of the second. A timestamp outside of
	// the one, or finer than the other, is an error. Reading takes any unit.
	Microseconds bool

	// Copy makes records that share no memory with their batch.
	Copy bool

	// Allocator gets the memory of records; nil is Go's.
	Allocator memory.Allocator

	// MaxMessage bounds the bytes of one message that a Reader takes, before and after decompression; 0 is 256 MiB.
	MaxMessage int
}

func (o Options) allocator() memory.Allocator {
	if o.Allocator == nil {
		return memory.DefaultAllocator
	}
	return o.Allocator
}

// Schema returns the Arrow schema of records of these columns. A column without a type is an error.
func Schema(columns []schema.Column, o Options) (*arrow.Schema, error) {
	fields, err := fieldsOf(columns, o)
	if err != nil {
		return nil, err
	}
	return arrow.NewSchema(fields, nil), nil
}

func fieldsOf(columns []schema.Column, o Options) ([]arrow.Field, error) {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		t, err := typeOf(c.Type, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		fields[i] = arrow.Field{Name: c.Name, Type: t, Nullable: true}
	}
	return fields, nil
}

func typeOf(t *schema.Type, o Options) (arrow.DataType, error) {
	if t == nil {
		return nil, fmt.Errorf("no type")
	}
	switch t.Kind {
	case schema.Boolean:
		return arrow.FixedWidthTypes.Boolean, nil
	case schema.TinyInt:
		return arrow.PrimitiveTypes.Int8, nil
	case schema.SmallInt:
		return arrow.PrimitiveTypes.Int16, nil
	case schema.Int:
		return arrow.PrimitiveTypes.Int32, nil
	case schema.BigInt:
		return arrow.PrimitiveTypes.Int64, nil
	case schema.Float:
		return arrow.PrimitiveTypes.Float32, nil
	case schema.Double:
		return arrow.PrimitiveTypes.Float64, nil
	case schema.Decimal:
		return &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}, nil
	case schema.String, schema.Char, schema.VarChar:
		return arrow.BinaryTypes.String, nil
	case schema.Binary:
		return arrow.BinaryTypes.Binary, nil
	case schema.Date:
		return arrow.FixedWidthTypes.Date32, nil
	case schema.Timestamp:
		if o.Microseconds {
			return arrow.FixedWidthTypes.Timestamp_us, nil
		}
		return arrow.FixedWidthTypes.Timestamp_ns, nil
	case schema.Array:
		elem, err := typeOf(t.Elem, o)
		if err != nil {
			return nil, fmt.Errorf("element: %w", err)
		}
		return arrow.ListOf(elem), nil
	case schema.Map:
		key, err := typeOf(t.Key, o)
		if err != nil {
			return nil, fmt.Errorf("key: %w", err)
		}
		value, err := typeOf(t.Elem, o)
		if err != nil {
			return nil, fmt.Errorf("value: %w", err)
		}
		return arrow.MapOf(key, value), nil
	case schema.Struct:
		fields, err := fieldsOf(t.Fields, o)
		if err != nil {
			return nil, err
		}
		return arrow.StructOf(fields...), nil
	}
	return nil, fmt.Errorf("no Arrow type for %s", t)
}

// match says where an Arrow type isn't the one of t. Names of list elements and map entries don't count, nor do
// nullability and a timestamp's unit and zone.
func match(t *schema.Type, a arrow.DataType) error {
	switch a := a.(type) {
	case *arrow.ListType:
		if t.Kind == schema.Array {
			return within("element", match(t.Elem, a.Elem()))
		}
	case *arrow.MapType:
		if t.Kind == schema.Map {
			if err := match(t.Key, a.KeyType()); err != nil {
				return within("key", err)
			}
			return within("value", match(t.Elem, a.ItemType()))
		}
	case *arrow.StructType:
		if t.Kind == schema.Struct {
			return matchFields(t.Fields, a.Fields())
		}
	case *arrow.TimestampType:
		if t.Kind == schema.Timestamp {
			return nil
		}
	default:
		want, err := typeOf(t, Options{})
		if err != nil {
			return err
		}
		if t.Kind.Primitive() && arrow.TypeEqual(want, a) {
			return nil
		}
	}
	return fmt.Errorf("%s doesn't hold %s", t, a)
}

func matchFields(columns []schema.Column, fields []arrow.Field) error {
	if len(columns) != len(fields) {
		return fmt.Errorf("%d fields for %d columns", len(fields), len(columns))
	}
	for i, c := range columns {
		if c.Name != fields[i].Name {
			return fmt.Errorf("field %d is %q, the column %q", i, fields[i].Name, c.Name)
		}
		if err := match(c.Type, fields[i].Type); err != nil {
			return within(c.Name, err)
		}
	}
	return nil
}

// within puts the name of a column or member before an error.
func within(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}

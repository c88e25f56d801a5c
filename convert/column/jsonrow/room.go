package jsonrow

import (
	"math"

	"github.com/hydrantkit/hydrant/convert/column"
)

// A record of n bytes appends at most growth times n bytes to a vector: control characters of Unicode take two bytes in a record and six in the
// text of an object.
const growth = 3

// watch is how many bytes of records a batch is given before its vectors are looked at.
const watch = 1 << 28

// maxNulls is how many nulls a record may make, those of absent members too: an element {} of an array has three bytes, and may have a
// thousand members, each of which takes ten bytes.
const maxNulls = 1 << 24

// Full returns an error when the offsets of the batch, which have 32 bits, may not suffice for a record of n bytes. It costs nothing before
// the batch has been given a quarter of a gigabyte.
func (r *Reader) Full(batch *column.Batch, n int) error {
	if batch.Rows == 0 {
		r.given = 0
	}
	if r.given += n; r.given < watch {
		return nil
	}
	return full(batch, n)
}

func full(batch *column.Batch, n int) error {
	most := 0
	for i := range batch.Columns {
		most = max(most, longest(&batch.Columns[i]))
	}
	if most+growth*n <= math.MaxInt32 {
		return nil
	}
	return &column.RowError{Code: column.ConversionException, Message: "A column of the batch would be larger than 2 GiB.",
		Hint: "make smaller batches, or smaller records"}
}

// longest returns the largest offset in v or below it.
func longest(v *column.Vector) int {
	most := max(len(v.Bytes), v.Len)
	for i := range v.Children {
		most = max(most, longest(&v.Children[i]))
	}
	return most
}

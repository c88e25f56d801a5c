package column

import (
	"fmt"

	"github.com/hydrantkit/hydrant/schema"
)

// A Batch is some rows of a table: one Vector per column, each Rows long.
type Batch struct {
	Rows    int
	Columns []Vector
}

// NewBatch makes an empty batch of these columns.
func NewBatch(columns []schema.Column) *Batch {
	b := &Batch{Columns: make([]Vector, len(columns))}
	for i := range columns {
		b.Columns[i].Init(columns[i].Type)
	}
	return b
}

// Reset empties b and keeps its memory.
func (b *Batch) Reset() { b.Truncate(0) }

// Truncate drops the rows from n on.
func (b *Batch) Truncate(n int) {
	for i := range b.Columns {
		b.Columns[i].Truncate(n)
	}
	b.Rows = min(b.Rows, n)
}

// maxSeen bounds RowError.Value.
const maxSeen = 100

// A RowError says where a record stopped fitting the table. It is found only on the way out of a failure;
// a row that fits pays nothing for it.
type RowError struct {
	Record       int          // index of the record
	Offset       int          // of the value, into the record
	Path, Column string       // JSON Pointer, "/user/tags/3"; the column it belongs to
	Want         *schema.Type // nil when the record isn't JSON at all
	Value        []byte       // what was seen, at most 100 bytes, a copy
	Code         string       // the service's, "DataFormatConversion.MalformedData"
	Message      string       // the service's
	Hint         string       // the change of schema or transform that would fix it
}

// The codes of format-conversion.md §9.
const (
	ParseError          = "DataFormatConversion.ParseError"
	MalformedData       = "DataFormatConversion.MalformedData"
	InvalidSchema       = "DataFormatConversion.InvalidSchema"
	EntityNotFound      = "DataFormatConversion.EntityNotFound"
	ConversionException = "DataFormatConversion.ConversionFailureException"
)

// Error gives the place and the service's message; the value seen isn't part of it.
func (e *RowError) Error() string {
	if e.Path == "" && e.Want == nil {
		return fmt.Sprintf("record %d, byte %d: %s", e.Record, e.Offset, e.Message)
	}
	return fmt.Sprintf("record %d, byte %d, %s (column %s, %s): %s", e.Record, e.Offset, e.Path, e.Column, e.Want, e.Message)
}

// Seen returns a copy of the first bytes of what stood where a value was wanted, for RowError.Value.
func Seen(value []byte) []byte {
	return append([]byte(nil), value[:min(len(value), maxSeen)]...)
}

package schema

import (
	"fmt"

	"github.com/hydrantkit/hydrant/internal/jsonscan/javatext"
)

// A Table is what conversion needs of a Glue table: its columns, in order. Partition keys are
// kept apart because the service doesn't write them into files (format-conversion.md §2).
type Table struct {
	CatalogID, Database, Name, Region, Version string
	Columns                                    []Column
	PartitionKeys                              []Column
}

// NewTable makes a table of names and type strings. Names are lower-cased, as Glue stores them.
func NewTable(columns ...[2]string) (*Table, error) {
	t := &Table{}
	for _, c := range columns {
		typ, err := ParseType(c[1])
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c[0], err)
		}
		t.Columns = append(t.Columns, Column{Name: javatext.Lower(c[0]), Type: typ})
	}
	return t, t.Check()
}

// FromStruct makes a table whose columns are the members of a struct type.
func FromStruct(t *Type) (*Table, error) {
	if t.Kind != Struct {
		return nil, fmt.Errorf("a table's type is struct<…>, not %s", t.Kind)
	}
	return &Table{Columns: t.Fields}, nil
}

// Check reports what no file could hold: no columns, or two of one name.
func (t *Table) Check() error {
	if len(t.Columns) == 0 {
		return fmt.Errorf("the table has no columns")
	}
	seen := make(map[string]bool, len(t.Columns))
	for _, c := range t.Columns {
		if c.Name == "" {
			return fmt.Errorf("a column has no name")
		}
		if seen[c.Name] {
			return fmt.Errorf("column %q twice", c.Name)
		}
		seen[c.Name] = true
	}
	return nil
}

// Struct returns the table's columns as a struct type.
func (t *Table) Struct() *Type { return &Type{Kind: Struct, Fields: t.Columns} }

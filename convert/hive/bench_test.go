package hive

import (
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/column/columntest"
	"github.com/hydrantkit/hydrant/schema"
)

// BenchmarkEvents converts records of about 1 KB; see columntest.Ratio for what it reports.
func BenchmarkEvents(b *testing.B) {
	table := columntest.EventTable()
	for i := range table.Columns { // the SerDe knows no T
		if table.Columns[i].Name == "event_time" {
			table.Columns[i].Type = &schema.Type{Kind: schema.String}
		}
	}
	d, err := New(table, Options{})
	if err != nil {
		b.Fatal(err)
	}
	columntest.Ratio(b, column.NewBatch(table.Columns), d.Record)
}

func TestNoAllocation(t *testing.T) {
	table := columntest.EventTable()
	for i := range table.Columns { // the SerDe knows no T
		if table.Columns[i].Name == "event_time" {
			table.Columns[i].Type = &schema.Type{Kind: schema.String}
		}
	}
	d, err := New(table, Options{})
	if err != nil {
		t.Fatal(err)
	}
	columntest.NoAllocation(t, column.NewBatch(table.Columns), d.Record)
}

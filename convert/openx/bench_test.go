package openx

import (
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/column/columntest"
)

// BenchmarkEvents converts records of about 1 KB; see columntest.Ratio for what it reports.
func BenchmarkEvents(b *testing.B) {
	table := columntest.EventTable()
	d, err := New(table, Options{})
	if err != nil {
		b.Fatal(err)
	}
	columntest.Ratio(b, column.NewBatch(table.Columns), d.Record)
}

func TestNoAllocation(t *testing.T) {
	table := columntest.EventTable()
	d, err := New(table, Options{})
	if err != nil {
		t.Fatal(err)
	}
	columntest.NoAllocation(t, column.NewBatch(table.Columns), d.Record)
}

// BenchmarkRecord is the deserializer alone, for profiles.
func BenchmarkRecord(b *testing.B) {
	table := columntest.EventTable()
	d, err := New(table, Options{})
	if err != nil {
		b.Fatal(err)
	}
	batch := column.NewBatch(table.Columns)
	records := columntest.Events(4000, 1)
	total := 0
	for _, r := range records {
		total += len(r)
	}
	b.SetBytes(int64(total))
	for b.Loop() {
		batch.Reset()
		for _, r := range records {
			if err := d.Record(batch, r); err != nil {
				b.Fatal(err)
			}
		}
	}
}

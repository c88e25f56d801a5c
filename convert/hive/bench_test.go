package hive

import (
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/column/columntest"
)

// The timestamps of columntest.Events are not what the SerDe reads by itself.
var eventOptions = Options{TimestampFormats: []string{"yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"}, Year: 2026}

// BenchmarkEvents converts records of about 1 KB; see columntest.Ratio for what it reports.
func BenchmarkEvents(b *testing.B) {
	table := columntest.EventTable()
	d, err := New(table, eventOptions)
	if err != nil {
		b.Fatal(err)
	}
	columntest.Ratio(b, column.NewBatch(table.Columns), d.Record)
}

func TestNoAllocation(t *testing.T) {
	table := columntest.EventTable()
	d, err := New(table, eventOptions)
	if err != nil {
		t.Fatal(err)
	}
	columntest.NoAllocation(t, column.NewBatch(table.Columns), d.Record)
}

package openx

import (
	"encoding/json"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/column/columntest"
)

func BenchmarkEvents(b *testing.B) {
	table := columntest.EventTable()
	records := columntest.Events(8000, 1)
	total := 0
	for _, r := range records {
		total += len(r)
	}
	d, err := New(table, Options{})
	if err != nil {
		b.Fatal(err)
	}
	batch := column.NewBatch(table.Columns)
	b.Run("openx", func(b *testing.B) {
		b.SetBytes(int64(total))
		b.ReportAllocs()
		for b.Loop() {
			batch.Reset()
			for _, r := range records {
				if err := d.Record(batch, r); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.SetBytes(int64(total))
		for b.Loop() {
			for _, r := range records {
				var e columntest.Event
				if err := json.Unmarshal(r, &e); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

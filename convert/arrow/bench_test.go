package arrow

import (
	"io"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
)

// BenchmarkRecord has, for each type, 64 K values out as a record: shared, copied, or narrowed where Arrow is narrower;
// and back.
func BenchmarkRecord(b *testing.B) {
	const rows = 1 << 16
	for _, typ := range []string{"bigint", "double", "string", "boolean", "tinyint", "int", "float", "date", "timestamp", "decimal(18,2)", "decimal(38,2)", "array<string>"} {
		columns := columnsOf(b, "struct<x:"+typ+">")
		batch := newGenerator(1, 5, Options{}).batch(column.NewBatch(columns), rows)
		for _, o := range []Options{{}, {Copy: true}} {
			name := typ + "/out"
			if o.Copy {
				name = typ + "/copied"
			}
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					rec, err := Record(batch, columns, o)
					if err != nil {
						b.Fatal(err)
					}
					rec.Release()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/value")
			})
		}
		rec, err := Record(batch, columns, Options{})
		if err != nil {
			b.Fatal(err)
		}
		back := column.NewBatch(columns)
		b.Run(typ+"/back", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := Batch(back, rec, columns); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/value")
		})
	}
}

// BenchmarkWrite writes a stream of batches of every type.
func BenchmarkWrite(b *testing.B) {
	columns := columnsOf(b, everyType)
	batch := newGenerator(1, 5, Options{}).batch(column.NewBatch(columns), 4096)
	w, err := NewWriter(io.Discard, columns, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Write(batch); err != nil {
			b.Fatal(err)
		}
	}
}

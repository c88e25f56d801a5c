package columntest

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/convert/column"
)

// Ratio measures a deserializer on Events, turn by turn with encoding/json filling a struct, so that a busy machine slows
// both. It reports the best turn of each in MB/s and how many times faster the deserializer is.
func Ratio(b *testing.B, batch *column.Batch, record func(*column.Batch, []byte) error) {
	records := Events(8000, 1)
	total := 0
	for _, r := range records {
		total += len(r)
	}
	best, peer := math.Inf(1), math.Inf(1)
	b.SetBytes(int64(total))
	for b.Loop() {
		for range 5 {
			start := time.Now()
			batch.Reset()
			for _, r := range records {
				if err := record(batch, r); err != nil {
					b.Fatal(err)
				}
			}
			best = min(best, time.Since(start).Seconds())
		}
		start := time.Now()
		for _, r := range records[:len(records)/4] {
			var e Event
			if err := json.Unmarshal(r, &e); err != nil {
				b.Fatal(err)
			}
		}
		peer = min(peer, 4*time.Since(start).Seconds())
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(total)/best/1e6, "MB/s")
	b.ReportMetric(float64(total)/peer/1e6, "json-MB/s")
	b.ReportMetric(peer/best, "times")
}

// NoAllocation fails when records of a kind seen before allocate once the batch has room.
func NoAllocation(t *testing.T, batch *column.Batch, record func(*column.Batch, []byte) error) {
	records := Events(500, 2)
	run := func() {
		for _, r := range records {
			if err := record(batch, r); err != nil {
				t.Fatal(err)
			}
		}
	}
	run()
	run()
	n := testing.AllocsPerRun(5, func() {
		batch.Truncate(len(records))
		run()
	})
	if n > 0 {
		t.Errorf("%v allocations for %d records", n, len(records))
	}
}

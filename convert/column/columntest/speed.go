package columntest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/convert/column"
)

// Ratio measures a deserializer on Events, turn by turn with encoding/json filling a struct. Turns are so short that some of
// each aren't interrupted even on a busy machine. It reports the best of each in MB/s and how many times faster the deserializer is.
func Ratio(b *testing.B, batch *column.Batch, record func(*column.Batch, []byte) error) {
	records := Events(8000, 1)
	turn := func(best *float64, n, k int, f func(r []byte) error) {
		some := records[n*k%len(records):][:n]
		total := 0
		start := time.Now()
		for _, r := range some {
			if err := f(r); err != nil {
				b.Fatal(err)
			}
			total += len(r)
		}
		*best = max(*best, float64(total)/time.Since(start).Seconds()/1e6)
	}
	var ours, peer float64
	batch.Reset()
	for _, r := range records {
		if err := record(batch, r); err != nil {
			b.Fatal(err)
		}
	}
	k := 0
	for b.Loop() {
		batch.Reset()
		turn(&ours, 400, k, func(r []byte) error { return record(batch, r) })
		turn(&peer, 40, k, func(r []byte) error {
			var e Event
			return json.Unmarshal(r, &e)
		})
		k++
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ours, "MB/s")
	b.ReportMetric(peer, "json-MB/s")
	b.ReportMetric(ours/peer, "times")
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

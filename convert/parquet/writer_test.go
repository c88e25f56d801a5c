package parquet

import (
	"math/rand/v2"
	"testing"
)

// TestRoundTrip writes random batches with every combination of options and reads them with the
// test's own reader.
func TestRoundTrip(t *testing.T) {
	columns := columnsOf(t, everyType...)
	for i, o := range combinations() {
		for j, page := range []int64{0, 100, 2000} {
			o.PageSizeBytes = page
			s := shape{nulls: 0.2, long: 200, micros: o.Layout == LayoutModern}
			if i%2 == 1 {
				s.distinct = 40
			}
			rng := rand.New(rand.NewPCG(uint64(i), uint64(j)))
			a := randomBatch(rng, columns, 150, s)
			b := randomBatch(rng, columns, 70, shape{micros: s.micros})
			c := randomBatch(rng, columns, 1, s)
			file := writeFile(t, columns, o, 2, a, b, c)
			want := append(append(rowsOf(columns, a), rowsOf(columns, b)...), rowsOf(columns, c)...)
			compareRows(t, o.name(), decodeFile(t, file), want)
		}
	}
}

func compareRows(t *testing.T, name string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d rows, want %d", name, len(got), len(want))
		return
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: row %d\n got %s\nwant %s", name, i, got[i], want[i])
			return
		}
	}
}

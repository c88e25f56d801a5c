package parquet

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
)

func TestDistinct(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{1, 2, 100, 10_000, 100_000, 1_000_000} {
		const seen, all = 8192, 131_072
		values := map[int]bool{}
		n := 0
		for i := range all {
			values[r.IntN(size)] = true
			if i == seen-1 {
				n = len(values)
			}
		}
		if got, want := distinct(n, seen, all), len(values); got < want*9/10 || got > want*11/10 {
			t.Errorf("a set of %d: %d of the first %d values are distinct, and %d of %d, not about %d", size, n, seen, want, all, got)
		}
	}
}

// Which pages of a column are coded, by its values; whatever is chosen, they come back, and indexes hold.
func TestDictionaryChoice(t *testing.T) {
	const pageSize = 128 << 10 // 16,384 values of 8 bytes
	r := rand.New(rand.NewPCG(1, 2))
	for _, test := range []struct {
		name   string
		value  func(i int) float64
		dicts  int // pages that are coded
		plains int
	}{
		{"few", func(int) float64 { return float64(r.IntN(100)) }, 4, 0},
		{"prices, not too many", func(int) float64 { return float64(r.IntN(12_000)) / 100 }, 4, 0},
		{"prices, too many", func(int) float64 { return float64(r.IntN(60_000)) / 100 }, 0, 4},
		{"none twice", func(i int) float64 { return float64(i) / 3 }, 0, 4},
		{"few, later none twice", func(i int) float64 {
			if i < 2*pageSize/8 {
				return float64(r.IntN(100))
			}
			return float64(i) / 3
		}, 2, 2},
	} {
		const rows = 4 * pageSize / 8
		columns := columnsOf(t, "x", "double")
		b := column.NewBatch(columns)
		b.Rows = rows
		for i := range rows {
			b.Columns[0].AppendFloat(test.value(i))
		}
		o := Options{EnableDictionaryCompression: true, PageSizeBytes: pageSize}
		file := writeFile(t, columns, o, 1, b)
		footer := footerOf(file)
		c := footer.list(4)[0].(message).list(1)[0].(message)
		pages := pagesOf(file, c.sub(3))
		root, _ := schemaOf(footer.list(2), 0, 0)
		checkIndexes(t, o, file, c, root.leaves()[0], pages, rows)
		dicts, plains := 0, 0
		for _, p := range pages {
			switch h := p.header.sub(5); {
			case h == nil:
			case h.int(2) == 0:
				plains++
			default:
				dicts++
			}
		}
		if dicts != test.dicts || plains != test.plains {
			t.Errorf("%s: %d pages are coded, %d plain", test.name, dicts, plains)
		}
		var dict [][]byte
		n, at := root.leaves()[0], 0
		for _, p := range pages {
			if h := p.header.sub(7); h != nil {
				dict = plainValues(p.body, 0, n, int(h.int(1)), nil)
				continue
			}
			one := &testNode{physical: n.physical, def: n.def, rep: n.rep}
			one.loadPage(p, dict)
			for _, v := range one.values {
				if want := plainFloat(5, b.Columns[0].Floats[at]); string(v) != string(want) {
					t.Fatalf("%s: value %d is % x, want % x", test.name, at, v, want)
				}
				at++
			}
		}
		if at != rows {
			t.Errorf("%s: %d values", test.name, at)
		}
	}
}

// Pages without a dictionary are smaller where there are many leaves, also before the first would be full.
func TestManyLeaves(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var spec []string
	for i := range 300 {
		spec = append(spec, fmt.Sprintf("c%d", i), "bigint")
	}
	columns := columnsOf(t, spec...)
	batches := make([]*column.Batch, 40)
	for k := range batches {
		b := column.NewBatch(columns)
		b.Rows = 1000
		for i := range b.Columns {
			for range b.Rows {
				if i == 0 {
					b.Columns[i].AppendInt(r.Int64())
				} else {
					b.Columns[i].AppendNull()
				}
			}
		}
		batches[k] = b
	}
	for _, dict := range []bool{false, true} {
		for layout, want := range map[Layout]int{LayoutService: 3, LayoutModern: 3, LayoutHive: 1} {
			file := writeFile(t, columns, Options{EnableDictionaryCompression: dict, Layout: layout}, len(batches), batches...)
			c := footerOf(file).list(4)[0].(message).list(1)[0].(message)
			if got := len(pagesOf(file, c.sub(3))); got != want {
				t.Errorf("%s, dictionaries %v: %d pages, want %d", layout, dict, got, want)
			}
		}
	}
}

package orc

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// exercise does all that can be done with a file; errors are fine, panics and endless work aren't.
func exercise(data []byte) {
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return
	}
	_ = f.Rows(io.Discard, nil, 20_000)
	_ = f.Section(io.Discard, nil, f.NumRows()/2, 100)
	if info, err := f.Inspect(); err == nil {
		_ = info.WriteText(io.Discard)
		if len(info.Stripes) > 0 {
			for id := range min(len(info.Columns), 50) {
				_, _ = f.RowGroups(0, id)
			}
		}
	}
}

func seeds(t testing.TB) [][]byte {
	files, _ := filepath.Glob("testdata/*.orc")
	for _, pattern := range []string{"oracle/orc/*v195.orc", "corpus/orc/*.orc"} {
		more, _ := filepath.Glob(filepath.Join(shared, pattern))
		files = append(files, more...)
	}
	var out [][]byte
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) < 100_000 {
			out = append(out, data)
		}
	}
	if len(out) == 0 {
		t.Skip("../shared not present: no files to mutate")
	}
	return out
}

// TestMutated changes bytes of real files, most of them where structure is.
func TestMutated(t *testing.T) {
	files := seeds(t)
	r := rand.New(rand.NewPCG(1, 2))
	n := 3000
	if testing.Short() {
		n = 300
	}
	for range n {
		data := bytes.Clone(files[r.IntN(len(files))])
		for range 1 + r.IntN(4) {
			at := r.IntN(len(data))
			if r.IntN(2) == 0 {
				at = len(data) - 1 - r.IntN(min(len(data), 400))
			}
			switch r.IntN(4) {
			case 0:
				data[at] ^= 1 << r.IntN(8)
			case 1:
				data[at] = byte(r.Uint32())
			case 2:
				data[at] = []byte{0, 0xff, 0x7f, 0x80}[r.IntN(4)]
			case 3:
				copy(data[at:], data[r.IntN(len(data)):][:min(8, len(data)-at)/8])
			}
		}
		exercise(data)
	}
	for _, data := range files {
		for _, n := range []int{0, 1, 3, 4, 16, len(data) / 2, len(data) - 1} {
			exercise(data[:min(n, len(data))])
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, data := range seeds(f) {
		if len(data) < 10_000 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		exercise(data)
	})
}

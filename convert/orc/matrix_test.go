package orc

import (
	"bytes"
	"testing"

	readorc "github.com/hydrantkit/hydrant/read/orc"
)

// readRows reads with hydrant's reader, and prints timestamps as the oracle does.
func readRows(t testing.TB, file []byte, first, limit int64) []byte {
	t.Helper()
	f, err := readorc.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.Section(&out, nil, first, limit); err != nil {
		t.Fatal(err)
	}
	return asOracle(out.Bytes())
}

// asOracle writes timestamps as the oracle does, "2006-01-02 15:04:05" and no zone.
func asOracle(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for {
		end := bytes.Index(b, []byte(`Z"`))
		if end < 0 {
			return append(out, b...)
		}
		start := bytes.LastIndexByte(b[:end], '"') + 1
		text := b[start:end]
		out = append(out, b[:end]...)
		if len(text) < 19 || text[4] != '-' || text[10] != 'T' || text[13] != ':' {
			out = append(out, 'Z')
		} else {
			out[len(out)-len(text)+10] = ' '
		}
		b = b[end+1:]
	}
}

// TestMatrix reads the matrix with hydrant's reader: whole, and from places in the middle on.
func TestMatrix(t *testing.T) {
	sections, gaps := 0, 0
	for seed := range matrixSize(t) {
		m, err := makeMatrixFile(seed)
		if err != nil {
			t.Fatal(err)
		}
		if got := readRows(t, m.file, 0, 0); !bytes.Equal(got, m.rows) {
			t.Errorf("%s: %s", m.name, firstDifference(got, m.rows))
			continue
		}
		end := int64(3)
		for _, s := range inspect(t, m.file).Stripes {
			if s.Offset > end {
				gaps++
			}
			end = s.Offset + s.IndexBytes + s.DataBytes + s.FooterBytes
		}
		lines := bytes.SplitAfter(m.rows, []byte("\n"))
		lines = lines[:len(lines)-1]
		for _, first := range []int{1, 1000, 1015, 1016, 2500, 5000, 10_001} {
			if first >= len(lines) {
				break
			}
			want := bytes.Join(lines[first:min(first+20, len(lines))], nil)
			if got := readRows(t, m.file, int64(first), 20); !bytes.Equal(got, want) {
				t.Errorf("%s, from row %d: %s", m.name, first, firstDifference(got, want))
			}
			sections++
		}
	}
	t.Logf("%d files with padding before %d stripes, %d sections", matrixSize(t), gaps, sections)
}

func firstDifference(got, want []byte) []byte {
	g, w := bytes.SplitAfter(got, []byte("\n")), bytes.SplitAfter(want, []byte("\n"))
	for i := range w {
		if i >= len(g) || !bytes.Equal(g[i], w[i]) {
			var line []byte
			if i < len(g) {
				line = g[i]
			}
			return []byte("got " + string(line[:min(300, len(line))]) + ", want " + string(w[i][:min(300, len(w[i]))]))
		}
	}
	return []byte("more rows than written")
}

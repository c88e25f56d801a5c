package orc

import (
	"bytes"
	"io"
	"os"
	"testing"
)

// BenchmarkRows prints a file as NDJSON: HYDRANT_ORC_FILE, or a small one.
func BenchmarkRows(b *testing.B) {
	path := os.Getenv("HYDRANT_ORC_FILE")
	if path == "" {
		path = "testdata/orc_split_elim_new.orc"
	}
	data, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	f := open(b, data)
	var out bytes.Buffer
	if err := f.Rows(&out, nil, 0); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(out.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if err := f.Rows(io.Discard, nil, 0); err != nil {
			b.Fatal(err)
		}
	}
}

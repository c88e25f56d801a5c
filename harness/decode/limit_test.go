package decode

import (
	"bytes"
	"compress/gzip"
	"errors"
	"testing"

	"github.com/hydrantkit/hydrant/internal/compress"
)

// What a full batch has no room for fails; what fits still goes in. The slab is memory that is never touched.
func TestMaxBatch(t *testing.T) {
	if testing.Short() {
		t.Skip("a gigabyte of address space")
	}
	zip := func(s string) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write([]byte(s))
		w.Close()
		return b.Bytes()
	}
	for _, d := range []*Decompress{{}, {DataMessageExtraction: true}} {
		slab := make([]byte, MaxBatch-2, MaxBatch+1)
		got, err := d.append(slab, new(opener), zip("abc"))
		if !errors.Is(err, compress.ErrLimit) || len(got) != MaxBatch-2 {
			t.Errorf("extraction %v: %d bytes, %v", d.DataMessageExtraction, len(got), err)
		}
		if d.DataMessageExtraction {
			continue
		}
		if got, err = d.append(got, new(opener), zip("ab")); err != nil || len(got) != MaxBatch {
			t.Errorf("%d bytes of %d, %v", len(got), MaxBatch, err)
		}
	}
}

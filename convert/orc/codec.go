package orc

import "github.com/hydrantkit/hydrant/internal/compress"

// A codec compresses chunks and keeps pages that streams have no more use for. It is used by one
// goroutine at a time.
type codec struct {
	compression Compression
	free        [][]byte
	*scratch
}

// A scratch is memory for as long as a column is encoded. Columns take turns with it, so that it stays in the cache.
type scratch struct {
	encoder *compress.Encoder
	chunk   []byte // a chunk on its way into pages

	ints, ints2, scales []int64 // values that are not null
	nanos               []int32
	floats              []float64
	numbers             []uint32
	text                []byte
	lookup              lookup
}

// takeScratch returns a scratch that nobody uses.
func (w *Writer) takeScratch() *scratch {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.spare) - 1
	if n < 0 {
		return new(scratch)
	}
	s := w.spare[n]
	w.spare = w.spare[:n]
	return s
}

func (w *Writer) giveScratch(s *scratch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spare = append(w.spare, s)
}

// zlibLevel makes files as long as the reference writer's default does; level 3 makes them a tenth
// longer in two thirds of the time.
const zlibLevel compress.Level = 6

// compress appends b compressed: raw deflate for ZLIB, a raw Snappy block for SNAPPY.
func (c *codec) compress(dst, b []byte) []byte {
	if c.compression == Snappy {
		return compress.AppendSnappyBlock(dst, b)
	}
	if c.encoder == nil {
		c.encoder = new(compress.Encoder)
	}
	return c.encoder.AppendDeflate(dst, b, zlibLevel)
}

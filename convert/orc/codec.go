package orc

import "github.com/hydrantkit/hydrant/internal/compress"

// A codec compresses chunks and keeps pages that streams have no more use for. It is used by one
// goroutine at a time.
type codec struct {
	compression Compression
	encoder     *compress.Encoder
	chunk       []byte // memory of a chunk on its way into pages
	free        [][]byte
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

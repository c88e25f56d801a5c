package harness

import (
	"sync"

	"github.com/hydrantkit/hydrant/internal/compress"
	"github.com/hydrantkit/hydrant/internal/work"
)

// A codec compresses bodies, of several deliveries at once and, with GZIP, of a large one in pieces beside each other.
type codec struct {
	format   compress.Format
	workers  int
	encoders sync.Pool
}

// largeBody is the size from which a body is compressed in pieces, whatever the number of workers is: it decides bytes.
const largeBody = 4 << 20

// Append compresses src as one object.
func (c *codec) Append(dst, src []byte, name string) ([]byte, error) {
	if c.format == compress.GZIP && len(src) >= largeBody {
		return compress.AppendGzipPieces(dst, src, func(n int, f func(int)) { work.Each(c.workers, n, f) }), nil
	}
	e, _ := c.encoders.Get().(*compress.Encoder)
	if e == nil {
		e = &compress.Encoder{}
	}
	defer c.encoders.Put(e)
	return e.Append(dst, src, c.format, name)
}

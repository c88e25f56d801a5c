package compress

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// A Decoder decompresses blocks. Every method appends the content of src to dst, and fails with
// ErrLimit rather than append more than limit bytes; with an error, dst is returned as it was
// given. src must be one complete block: bytes behind it are an error. Memory is taken as
// content appears, not as headers promise.
type Decoder struct {
	src   bytes.Reader
	gzip  *gzip.Reader
	flate io.ReadCloser
	zstd  *zstd.Decoder
}

// Gzip decompresses gzip, of one member or several.
func (d *Decoder) Gzip(dst, src []byte, limit int) ([]byte, error) {
	d.src.Reset(src)
	given := len(dst)
	for {
		var err error
		if d.gzip == nil {
			d.gzip, err = gzip.NewReader(&d.src)
		} else {
			err = d.gzip.Reset(&d.src)
		}
		err = noEOF(err) // of a member that is cut off in its name, too
		if err == nil {
			d.gzip.Multistream(false)
			dst, err = appendAll(dst, d.gzip, d.src.Len(), limit-(len(dst)-given))
		}
		if err != nil || d.src.Len() == 0 {
			return result(dst, given, "gzip", err)
		}
	}
}

// Deflate decompresses a bare Deflate stream.
func (d *Decoder) Deflate(dst, src []byte, limit int) ([]byte, error) {
	d.src.Reset(src)
	var err error
	if d.flate == nil {
		d.flate = flate.NewReader(&d.src)
	} else {
		err = d.flate.(flate.Resetter).Reset(&d.src, nil)
	}
	given := len(dst)
	if err == nil {
		dst, err = appendAll(dst, d.flate, len(src), limit)
	}
	if err == nil && d.src.Len() > 0 {
		err = fmt.Errorf("%d bytes behind the end", d.src.Len())
	}
	return result(dst, given, "deflate", err)
}

// Zstd decompresses zstd, of one frame or several.
func (d *Decoder) Zstd(dst, src []byte, limit int) ([]byte, error) {
	given := len(dst)
	if d.zstd == nil {
		// These options are valid. The limit of each call is the capacity given.
		d.zstd, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecodeAllCapLimit(true))
	}
	// A block has 4 bytes and makes 128 KiB, at most: no more room than that is taken, whatever
	// a header says. The room is right when the header tells the length, as encoders of whole
	// pages do; otherwise it is guessed, and what turns out longer is decoded again.
	most := (len(src)/4 + 1) << 17
	room := min(8*len(src)+1<<10, most)
	var header zstd.Header
	if header.Decode(src) == nil && header.HasFCS {
		room = int(min(header.FrameContentSize, uint64(most)))
	}
	limit = max(limit, 0)
	for {
		room = min(room, limit, most)
		dst = slices.Grow(dst, room)
		out, err := d.zstd.DecodeAll(src, dst[:given:given+room])
		switch {
		case err == nil:
			return out, nil
		case !errors.Is(err, zstd.ErrDecoderSizeExceeded):
		case room == limit:
			err = ErrLimit
		case room == most:
			err = errCorrupt
		default:
			room = 4 * max(room, 64)
			continue
		}
		return result(dst, given, "zstd", err)
	}
}

// DecodeSnappyBlock decompresses a raw Snappy block as the methods of Decoder do.
func DecodeSnappyBlock(dst, src []byte, limit int) ([]byte, error) {
	n, err := s2.DecodedLen(src)
	switch {
	case err != nil:
	case n > limit:
		err = ErrLimit
	case n > 24*len(src):
		// Three bytes copy 64 at most, so this length can't be right; don't allocate it.
		err = errCorrupt
	default:
		dst = slices.Grow(dst, n)
		if _, err = s2.Decode(dst[len(dst):len(dst)+n:len(dst)+n], src); err == nil {
			return dst[:len(dst)+n], nil
		}
	}
	return result(dst, len(dst), "snappy", err)
}

// result puts a decoder's name before its error.
func result(dst []byte, given int, name string, err error) ([]byte, error) {
	if err != nil {
		return dst[:given], fmt.Errorf("%s: %w", name, err)
	}
	return dst, nil
}

// appendAll appends what r has left, which was size bytes when compressed.
func appendAll(dst []byte, r io.Reader, size, limit int) ([]byte, error) {
	given := len(dst)
	limit = max(limit, 0)
	room := min(4*size, limit)
	for {
		if len(dst)-given == limit {
			// Nothing more may come. Only a Read tells.
			var one [1]byte
			switch n, err := r.Read(one[:]); {
			case n > 0:
				return dst, ErrLimit
			case err == io.EOF:
				return dst, nil
			case err != nil:
				return dst, err
			}
			continue
		}
		if cap(dst) == len(dst) {
			dst = slices.Grow(dst, min(max(room, len(dst)-given, 512), limit-(len(dst)-given)))
			room = 0
		}
		n, err := r.Read(dst[len(dst):min(cap(dst), given+limit)])
		dst = dst[:len(dst)+n]
		if err == io.EOF {
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
	}
}

// maxSnappy is the longest that a writer makes of n bytes. The limit is that of Google's
// implementation, which encoders aim to stay below.
func maxSnappy(n int) int { return 32 + n + n/6 }

// snappyLiteral tells whether a raw Snappy block begins as one must: with its length, then a
// literal, as there is nothing yet to copy. It returns the length.
func snappyLiteral(b []byte) (n int, ok bool) {
	v, k := binary.Uvarint(b)
	if k <= 0 || k >= len(b) || v > 1<<32-1 || b[k]&3 != 0 {
		return 0, false
	}
	return int(v), true
}

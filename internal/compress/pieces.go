package compress

import (
	"encoding/binary"
	"hash/crc32"
	"sync"
)

// pieceBytes is how much of an object AppendGzipPieces compresses by itself.
const pieceBytes = 1 << 20

// What pieces are made with and in, between objects.
var (
	encoders = sync.Pool{New: func() any { return new(Encoder) }}
	buffers  = sync.Pool{New: func() any { return new([]byte) }}
)

// AppendGzipPieces appends src as one gzip member, of which pieces of 1 MiB are compressed by themselves. each has to call f
// for 0 to n-1, beside each other if it likes to: the member is the same. It is about a hundredth larger than Append's.
//
//	header | deflate of piece 0, to a byte's end by an empty stored block | ... | deflate of the last | CRC-32 | size
func AppendGzipPieces(dst, src []byte, each func(n int, f func(i int))) []byte {
	n := max((len(src)+pieceBytes-1)/pieceBytes, 1)
	pieces := make([]*[]byte, n)
	each(n, func(i int) {
		e, b := encoders.Get().(*Encoder), buffers.Get().(*[]byte)
		defer encoders.Put(e)
		e.out.b = (*b)[:0]
		from := i * pieceBytes
		w := e.flateWriter(ObjectLevel)
		w.Reset(&e.out)
		w.Write(src[from:min(from+pieceBytes, len(src))]) // a sink takes everything
		if i < n-1 {
			w.Flush()
		} else {
			w.Close()
		}
		*b, e.out.b = e.out.b, nil
		pieces[i] = b
	})
	const deflate, unknownSystem = 8, 255
	dst = append(dst, 0x1f, 0x8b, deflate, 0, 0, 0, 0, 0, 0, unknownSystem)
	for _, b := range pieces {
		dst = append(dst, *b...)
		buffers.Put(b)
	}
	dst = binary.LittleEndian.AppendUint32(dst, crc32.ChecksumIEEE(src))
	return binary.LittleEndian.AppendUint32(dst, uint32(len(src)))
}

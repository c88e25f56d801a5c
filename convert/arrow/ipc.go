package arrow

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

// A Writer writes batches as an Arrow IPC stream, a message each, not compressed.
type Writer struct {
	w       *ipc.Writer
	columns []schema.Column
	o       Options
}

// NewWriter makes a Writer of batches of these columns. Nothing is written before the first batch or Close.
func NewWriter(w io.Writer, columns []schema.Column, o Options) (*Writer, error) {
	s, err := Schema(columns, o)
	if err != nil {
		return nil, err
	}
	return &Writer{ipc.NewWriter(w, ipc.WithSchema(s), ipc.WithAllocator(o.allocator())), columns, o}, nil
}

// Write writes the rows of b, which may change afterwards. After an error of the io.Writer the stream is broken; a batch
// that cannot be a record leaves it as it was.
func (w *Writer) Write(b *column.Batch) error {
	o := w.o
	o.Copy = false // the record doesn't outlive the call
	rec, err := Record(b, w.columns, o)
	if err != nil {
		return err
	}
	defer rec.Release()
	return w.w.Write(rec)
}

// Close writes the end of the stream. It doesn't close the io.Writer.
func (w *Writer) Close() error { return w.w.Close() }

// WriteIPC writes a whole stream.
func WriteIPC(dst io.Writer, columns []schema.Column, o Options, batches ...*column.Batch) error {
	w, err := NewWriter(dst, columns, o)
	if err != nil {
		return err
	}
	for i, b := range batches {
		if err := w.Write(b); err != nil {
			return fmt.Errorf("batch %d: %w", i, err)
		}
	}
	return w.Close()
}

// A Reader reads an Arrow IPC stream batch by batch, whoever wrote it. It takes bodies compressed by LZ4 or Zstandard.
// Whatever the stream holds, a Reader answers with rows or an error, and takes memory for what has come, not for what a
// message says will come; Options.MaxMessage bounds a message. (Zstandard may take a window of 512 MiB besides.) A stream may end without a mark of its end, as Arrow
// allows, so one that is cut between two messages reads as a shorter one.
type Reader struct {
	r       *ipc.Reader
	columns []schema.Column
	mem     *limited
	err     error
}

// NewReader reads the schema of a stream, and fails unless its fields are these columns as [Batch] wants them.
func NewReader(r io.Reader, columns []schema.Column, o Options) (*Reader, error) {
	limit := o.MaxMessage
	if limit <= 0 {
		limit = 256 << 20
	}
	mem := &limited{Allocator: o.allocator(), limit: limit}
	// Arrow recovers from its own panics on a bad message, and so from those of mem.
	s, err := ipc.NewReaderFromMessageReader(&messages{r: r, mem: mem}, ipc.WithAllocator(mem))
	if err != nil {
		return nil, err
	}
	if err := matchFields(columns, s.Schema().Fields()); err != nil {
		s.Release()
		return nil, err
	}
	return &Reader{r: s, columns: columns, mem: mem}, nil
}

// Read replaces the rows of dst by the next message's; io.EOF is the end of the stream. After an error dst is empty, and
// the error stays.
func (r *Reader) Read(dst *column.Batch) error {
	dst.Reset()
	if r.err != nil {
		return r.err
	}
	rec, err := r.r.Read()
	if err == nil {
		err = Batch(dst, rec, r.columns)
	}
	r.err = err
	return err
}

// Close gives the reader's memory back. It doesn't close the io.Reader.
func (r *Reader) Close() {
	if r.err != errClosed {
		r.err = errClosed
		r.r.Release()
	}
}

var errClosed = errors.New("the reader is closed")

// maxMetadata bounds what stands before a message's body: the schema, or 16 bytes for each buffer and array. Arrow takes
// it apart recursively, which is another reason.
const maxMetadata = 4 << 20

// messages cuts a stream into messages:
//
//	0xFFFFFFFF | length int32 | metadata [length]byte | body [as the metadata says]byte
//
// The mark is missing from streams older than Arrow 0.15. A length of 0 is the end of the stream. Unlike Arrow's reader
// it takes no memory before the bytes are there, and a cut message for an error and not for the end.
type messages struct {
	r   io.Reader
	msg *ipc.Message
	mem *limited
}

func (m *messages) Retain() {}

func (m *messages) Release() {
	if m.msg != nil {
		m.msg.Release()
		m.msg = nil
	}
}

// Message returns the next message, valid until the next call.
func (m *messages) Message() (*ipc.Message, error) {
	m.mem.used = 0
	var b [4]byte
	if _, err := io.ReadFull(m.r, b[:]); err != nil {
		return nil, err // io.EOF between two messages
	}
	if binary.LittleEndian.Uint32(b[:]) == 0xFFFFFFFF {
		if _, err := io.ReadFull(m.r, b[:]); err != nil {
			return nil, cut(err)
		}
	}
	n := int64(int32(binary.LittleEndian.Uint32(b[:])))
	if n == 0 {
		return nil, io.EOF
	}
	meta, err := m.read(n, maxMetadata)
	if err != nil {
		return nil, fmt.Errorf("metadata of a message: %w", err)
	}
	if err := checkMetadata(meta); err != nil {
		return nil, fmt.Errorf("metadata of a message: %w", err)
	}
	head := ipc.NewMessage(memory.NewBufferBytes(meta), memory.NewBufferBytes(nil))
	body, err := m.read(head.BodyLen(), int64(m.mem.limit))
	head.Release()
	if err != nil {
		return nil, fmt.Errorf("body of a message: %w", err)
	}
	m.Release()
	m.msg = ipc.NewMessage(memory.NewBufferBytes(meta), memory.NewBufferBytes(body))
	return m.msg, nil
}

// read reads n bytes, with memory for those only that come.
func (m *messages) read(n, limit int64) ([]byte, error) {
	if n < 0 || n > limit {
		return nil, fmt.Errorf("%d bytes, not 0–%d", n, limit)
	}
	var b bytes.Buffer
	b.Grow(int(min(n, 1<<16)))
	if _, err := io.CopyN(&b, m.r, n); err != nil {
		return nil, cut(err)
	}
	return b.Bytes(), nil
}

func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// limited is an allocator that panics instead of going beyond a limit for one message. Arrow's reader recovers.
type limited struct {
	memory.Allocator
	limit, used int
}

func (l *limited) take(n int) {
	if n < 0 || n > l.limit-l.used {
		panic(fmt.Errorf("a message takes more than %d bytes", l.limit))
	}
	l.used += n
}

func (l *limited) Allocate(n int) []byte {
	l.take(n)
	return l.Allocator.Allocate(n)
}

func (l *limited) Reallocate(n int, b []byte) []byte {
	l.take(n)
	return l.Allocator.Reallocate(n, b)
}

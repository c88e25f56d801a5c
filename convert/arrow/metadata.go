package arrow

import (
	"encoding/binary"
	"errors"
)

// checkMetadata looks through the metadata of a message, a flatbuffer, before Arrow does. Where it holds a schema Arrow
// follows references and takes memory for counts as they stand, and fields that refer to the same children twice, level
// after level, are two to the depth. So what a schema spells out must be about as much as its bytes.
//
// Tables, members and their slots are those of Arrow's format/Message.fbs and Schema.fbs.
func checkMetadata(b []byte) error {
	w := walker{b: b, left: 2*len(b) + 1024}
	message := w.ref(0)
	if w.uint8(w.member(message, 6)) == headerSchema {
		s := w.ref(w.member(message, 8))
		w.fields(w.member(s, 6), 0)
		w.pairs(w.member(s, 8))
	}
	return w.err
}

const (
	headerSchema = 1
	typeUnion    = 14
	maxNesting   = 128 // of fields; a schema.Type is nested 64 deep at most, and a map is two
)

var (
	errReach = errors.New("a reference leads nowhere")
	errSize  = errors.New("a schema larger than its bytes")
	errDepth = errors.New("a schema nested too deep")
	errUnion = errors.New("a union")
)

// A walker follows the references of a flatbuffer. Its first error stays; every position read after it is 0.
type walker struct {
	b    []byte
	left int // what may still be spelled out
	err  error
}

func (w *walker) fail(err error) int {
	if w.err == nil {
		w.err = err
	}
	return 0
}

func (w *walker) spend(n int) {
	if w.left -= n; w.left < 0 {
		w.fail(errSize)
	}
}

func (w *walker) at(pos, size int) []byte {
	if w.err != nil || pos < 0 || pos > len(w.b)-size {
		w.fail(errReach)
		return make([]byte, size)
	}
	return w.b[pos:]
}

func (w *walker) uint8(pos int) int {
	if pos == 0 {
		return 0
	}
	return int(w.at(pos, 1)[0])
}

func (w *walker) uint32(pos int) int { return int(binary.LittleEndian.Uint32(w.at(pos, 4))) }

// ref follows the reference at pos. None leads to 0, where the reference to the root is.
func (w *walker) ref(pos int) int {
	to := pos + w.uint32(pos)
	if to == 0 {
		w.fail(errReach)
	}
	return to
}

// member returns where a table has a member, 0 if it hasn't.
func (w *walker) member(table, slot int) int {
	if table == 0 {
		return 0
	}
	layout := table - int(int32(w.uint32(table)))
	if slot >= int(binary.LittleEndian.Uint16(w.at(layout, 2))) {
		return 0 // as Arrow has it, even where the layout ends within the slot
	}
	if off := int(binary.LittleEndian.Uint16(w.at(layout+slot, 2))); off != 0 {
		return table + off
	}
	return 0
}

// vector returns where the references of the vector that pos refers to begin, and how many there are.
func (w *walker) vector(pos int) (first, n int) {
	if pos == 0 {
		return 0, 0
	}
	v := w.ref(pos)
	n = w.uint32(v)
	if w.err != nil || n > (len(w.b)-v)/4 {
		return w.fail(errReach), 0
	}
	return v + 4, n
}

// text passes the string that pos refers to.
func (w *walker) text(pos int) {
	if pos != 0 {
		w.spend(w.uint32(w.ref(pos)))
	}
}

// fields passes a vector of fields.
func (w *walker) fields(pos, depth int) {
	if depth > maxNesting {
		w.fail(errDepth)
		return
	}
	first, n := w.vector(pos)
	for i := 0; i < n && w.err == nil; i++ {
		w.spend(16)
		f := w.ref(first + 4*i)
		w.text(w.member(f, 4))
		if w.uint8(w.member(f, 8)) == typeUnion {
			w.fail(errUnion)
		}
		w.pairs(w.member(f, 16))
		w.fields(w.member(f, 14), depth+1)
	}
}

// pairs passes a vector of keys and values.
func (w *walker) pairs(pos int) {
	first, n := w.vector(pos)
	for i := 0; i < n && w.err == nil; i++ {
		w.spend(8)
		p := w.ref(first + 4*i)
		w.text(w.member(p, 4))
		w.text(w.member(p, 6))
	}
}

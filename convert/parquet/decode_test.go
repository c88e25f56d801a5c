package parquet

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go/format"

	"github.com/hydrantkit/hydrant/internal/compress"
)

// This file is the test's own reader: plain, slow, written from the specification.

// A message is a Thrift struct: field id to int64, bool, []byte, message or []any.
type message map[int16]any

func (m message) int(id int16) int64 {
	v, _ := m[id].(int64)
	return v
}

func (m message) sub(id int16) message {
	v, _ := m[id].(message)
	return v
}

func (m message) list(id int16) []any {
	v, _ := m[id].([]any)
	return v
}

type thriftReader struct {
	b []byte
	i int
}

func (r *thriftReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b[r.i:])
	if n <= 0 {
		panic("varint")
	}
	r.i += n
	return v
}

func (r *thriftReader) zigzag() int64 {
	v := r.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (r *thriftReader) value(typ byte) any {
	switch typ {
	case 3:
		r.i++
		return int64(int8(r.b[r.i-1]))
	case 4, 5, 6:
		return r.zigzag()
	case 8:
		n := int(r.uvarint())
		r.i += n
		return r.b[r.i-n : r.i]
	case 9:
		h := r.b[r.i]
		r.i++
		n := int(h >> 4)
		if n == 15 {
			n = int(r.uvarint())
		}
		out := []any{}
		for range n {
			if h&15 <= 2 {
				out = append(out, r.b[r.i] == 1)
				r.i++
				continue
			}
			out = append(out, r.value(h&15))
		}
		return out
	case 12:
		return r.message()
	}
	panic(fmt.Sprintf("thrift type %d", typ))
}

func (r *thriftReader) message() message {
	m := message{}
	id := int16(0)
	for {
		h := r.b[r.i]
		r.i++
		if h == 0 {
			return m
		}
		if h>>4 == 0 {
			id = int16(r.zigzag())
		} else {
			id += int16(h >> 4)
		}
		if h&15 <= 2 {
			m[id] = h&15 == 1
		} else {
			m[id] = r.value(h & 15)
		}
	}
}

// footerOf reads FileMetaData.
func footerOf(file []byte) message {
	if string(file[:4]) != magic || string(file[len(file)-4:]) != magic {
		panic("magic")
	}
	n := int(binary.LittleEndian.Uint32(file[len(file)-8:]))
	r := &thriftReader{b: file[len(file)-8-n : len(file)-8]}
	m := r.message()
	if r.i != n {
		panic("bytes after the footer")
	}
	return m
}

// A rawPage is a page as it stands, its body decompressed.
type rawPage struct {
	at, headerSize int
	header         message
	body           []byte
}

// pagesOf reads the pages of a column chunk.
func pagesOf(file []byte, meta message) []rawPage {
	start := meta.int(9)
	if d := meta.int(11); d != 0 && d < start {
		start = d
	}
	r := &thriftReader{b: file, i: int(start)}
	end := int(start + meta.int(7))
	var out []rawPage
	for r.i < end {
		p := rawPage{at: r.i}
		p.header = r.message()
		p.headerSize = r.i - p.at
		n := int(p.header.int(3))
		raw := file[r.i : r.i+n]
		if crc, ok := p.header[4].(int64); ok && uint32(crc) != crc32.ChecksumIEEE(raw) {
			panic("checksum")
		}
		r.i += n
		levels := 0
		codec := meta.int(4)
		if v2 := p.header.sub(8); v2 != nil {
			levels = int(v2.int(5) + v2.int(6))
			if c, ok := v2[7].(bool); ok && !c {
				codec = 0
			}
		}
		p.body = append([]byte{}, raw[:levels]...)
		p.body = decompress(p.body, raw[levels:], codec)
		if len(p.body) != int(p.header.int(2)) {
			panic(fmt.Sprintf("page of %d bytes, header says %d", len(p.body), p.header.int(2)))
		}
		out = append(out, p)
	}
	if r.i != end {
		panic("pages and total_compressed_size")
	}
	return out
}

func decompress(dst, src []byte, codec int64) []byte {
	var d compress.Decoder
	var err error
	switch codec {
	case 0:
		return append(dst, src...)
	case 1:
		dst, err = compress.DecodeSnappyBlock(dst, src, 1<<30)
	case 2:
		dst, err = d.Gzip(dst, src, 1<<30)
	case 6:
		dst, err = d.Zstd(dst, src, 1<<30)
	default:
		panic("codec")
	}
	if err != nil {
		panic(err)
	}
	return dst
}

// decodeHybrid decodes n values of an RLE/bit-packed hybrid.
func decodeHybrid(b []byte, width, n int) []uint32 {
	r := &thriftReader{b: b}
	var out []uint32
	for len(out) < n {
		h := r.uvarint()
		if h&1 == 0 {
			v := uint32(0)
			for s := 0; s < width; s += 8 {
				v |= uint32(r.b[r.i]) << s
				r.i++
			}
			for range h >> 1 {
				out = append(out, v)
			}
			continue
		}
		count := int(h>>1) * 8
		out = append(out, unpack(r.b[r.i:], width, count)...)
		r.i += count / 8 * width
	}
	if len(out) >= n+8 {
		panic("more values than entries")
	}
	return out[:n]
}

func unpack(b []byte, width, n int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		for k := range width {
			bit := i*width + k
			out[i] |= uint32(b[bit>>3]>>(bit&7)&1) << k
		}
	}
	return out
}

func unpack64(b []byte, width, n int) []uint64 {
	out := make([]uint64, n)
	for i := range out {
		for k := range width {
			bit := i*width + k
			out[i] |= uint64(b[bit>>3]>>(bit&7)&1) << k
		}
	}
	return out
}

// decodeDelta decodes DELTA_BINARY_PACKED and returns what follows.
func decodeDelta(b []byte) (out []int64, rest []byte) {
	r := &thriftReader{b: b}
	size, minis, n := int(r.uvarint()), int(r.uvarint()), int(r.uvarint())
	x := r.zigzag()
	if n > 0 {
		out = append(out, x)
	}
	for len(out) < n {
		least := r.zigzag()
		widths := r.b[r.i : r.i+minis]
		r.i += minis
		for _, w := range widths {
			if len(out) >= n {
				break
			}
			for _, d := range unpack64(r.b[r.i:], int(w), size/minis) {
				x += least + int64(d)
				if len(out) < n {
					out = append(out, x)
				}
			}
			r.i += size / minis * int(w) / 8
		}
	}
	return out, r.b[r.i:]
}

// plainValues decodes the values of a page as PLAIN values, without lengths.
func plainValues(b []byte, encoding int64, leaf *testNode, n int, dict [][]byte) [][]byte {
	out := make([][]byte, 0, n)
	fixed := func(width int) {
		for range n {
			out = append(out, b[:width])
			b = b[width:]
		}
	}
	switch encoding {
	case 0:
		switch leaf.physical {
		case 0:
			for i := range n {
				out = append(out, []byte{b[i>>3] >> (i & 7) & 1})
			}
			b = b[(n+7)/8:]
		case 1, 4:
			fixed(4)
		case 2, 5:
			fixed(8)
		case 3:
			fixed(12)
		case 6:
			for range n {
				k := 4 + int(binary.LittleEndian.Uint32(b))
				out = append(out, b[4:k])
				b = b[k:]
			}
		case 7:
			fixed(leaf.length)
		}
	case 2, 8:
		if n == 0 && len(b) <= 1 {
			return out
		}
		for _, c := range decodeHybrid(b[1:], int(b[0]), n) {
			out = append(out, dict[c])
		}
		return out
	case 3:
		for _, v := range decodeHybrid(b[4:4+binary.LittleEndian.Uint32(b)], 1, n) {
			out = append(out, []byte{byte(v)})
		}
		return out
	case 5:
		var v []int64
		v, b = decodeDelta(b)
		for _, x := range v {
			if leaf.physical == 1 {
				out = append(out, binary.LittleEndian.AppendUint32(nil, uint32(x)))
			} else {
				out = append(out, binary.LittleEndian.AppendUint64(nil, uint64(x)))
			}
		}
	case 6, 7:
		var prefix []int64
		if encoding == 7 {
			prefix, b = decodeDelta(b)
		}
		var lengths []int64
		lengths, b = decodeDelta(b)
		var last []byte
		for i, l := range lengths {
			x := []byte{}
			if encoding == 7 {
				x = append(x, last[:prefix[i]]...)
			}
			x = append(x, b[:l]...)
			b = b[l:]
			out = append(out, x)
			last = x
		}
	default:
		panic(fmt.Sprintf("encoding %d", encoding))
	}
	if len(b) != 0 || len(out) != n {
		panic(fmt.Sprintf("%d of %d values, %d bytes left", len(out), n, len(b)))
	}
	return out
}

// A testNode is an element of the schema.
type testNode struct {
	name       string
	repetition int64
	children   []*testNode
	physical   int64
	length     int
	converted  int64 // -1
	scale      int
	nanos      bool
	def, rep   int
	// leaves
	defs, reps []uint32
	values     [][]byte
	pos, vpos  int
}

func schemaOf(elems []any, def, rep int) (*testNode, []any) {
	e := elems[0].(message)
	elems = elems[1:]
	n := &testNode{name: string(e[4].([]byte)), repetition: e.int(3), physical: e.int(1), length: int(e.int(2)), converted: -1, scale: int(e.int(7)), def: def, rep: rep}
	if c, ok := e[6].(int64); ok {
		n.converted = c
	}
	if ts := e.sub(10).sub(8); ts != nil && ts.sub(2).sub(3) != nil {
		n.nanos = true
	}
	switch n.repetition {
	case 1:
		n.def++
	case 2:
		n.def++
		n.rep++
	}
	for range e.int(5) {
		var c *testNode
		c, elems = schemaOf(elems, n.def, n.rep)
		n.children = append(n.children, c)
	}
	return n, elems
}

func (n *testNode) leaves() []*testNode {
	if len(n.children) == 0 {
		return []*testNode{n}
	}
	var out []*testNode
	for _, c := range n.children {
		out = append(out, c.leaves()...)
	}
	return out
}

// decodeFile returns a file's rows as canonical JSON.
func decodeFile(t testing.TB, file []byte) (rows []string) {
	t.Helper()
	defer func() {
		if e := recover(); e != nil {
			t.Fatalf("the test's reader fails: %v", e)
		}
	}()
	f := footerOf(file)
	root, rest := schemaOf(f.list(2), 0, 0)
	if len(rest) != 0 {
		t.Fatal("elements outside the schema")
	}
	leaves := root.leaves()
	total := int64(0)
	for _, g := range f.list(4) {
		g := g.(message)
		for i, c := range g.list(1) {
			leaves[i].load(file, c.(message).sub(3), g.int(3))
		}
		for range g.int(3) {
			line := []byte("{")
			for i, c := range root.children {
				if i > 0 {
					line = append(line, ',')
				}
				line = append(strconv.AppendQuote(line, c.name), ':')
				line = c.appendInstance(line)
			}
			rows = append(rows, string(append(line, '}')))
		}
		for _, l := range leaves {
			if l.pos != len(l.defs) || l.vpos != len(l.values) {
				t.Fatalf("leaf %s: %d of %d entries, %d of %d values used", l.name, l.pos, len(l.defs), l.vpos, len(l.values))
			}
		}
		total += g.int(3)
	}
	if total != f.int(3) {
		t.Fatalf("num_rows %d, row groups have %d", f.int(3), total)
	}
	return rows
}

// load reads the chunk of a leaf.
func (n *testNode) load(file []byte, meta message, rows int64) {
	n.defs, n.reps, n.values, n.pos, n.vpos = nil, nil, nil, 0, 0
	var dict [][]byte
	found := int64(0)
	for _, p := range pagesOf(file, meta) {
		if h := p.header.sub(7); h != nil {
			dict = plainValues(p.body, 0, n, int(h.int(1)), nil)
			continue
		}
		found += n.loadPage(p, dict)
	}
	if int64(len(n.defs)) != meta.int(5) || found != rows {
		panic("num_values, or rows of the pages")
	}
}

// loadPage reads one data page and returns its rows.
func (n *testNode) loadPage(p rawPage, dict [][]byte) int64 {
	b := p.body
	var entries int
	var enc int64
	defs, reps := make([]uint32, 0), make([]uint32, 0)
	dw, rw := bits.Len(uint(n.def)), bits.Len(uint(n.rep))
	if h := p.header.sub(5); h != nil {
		entries, enc = int(h.int(1)), h.int(2)
		if n.rep > 0 {
			k := binary.LittleEndian.Uint32(b)
			reps = decodeHybrid(b[4:4+k], rw, entries)
			b = b[4+k:]
		}
		if n.def > 0 {
			k := binary.LittleEndian.Uint32(b)
			defs = decodeHybrid(b[4:4+k], dw, entries)
			b = b[4+k:]
		}
	} else {
		h := p.header.sub(8)
		entries, enc = int(h.int(1)), h.int(4)
		if n.rep > 0 {
			reps = decodeHybrid(b[:h.int(6)], rw, entries)
		}
		if n.def > 0 {
			defs = decodeHybrid(b[h.int(6):h.int(5)+h.int(6)], dw, entries)
		}
		b = b[h.int(5)+h.int(6):]
	}
	if n.rep == 0 {
		reps = make([]uint32, entries)
	}
	values, pageRows := 0, int64(0)
	for i, d := range defs {
		if int(d) == n.def {
			values++
		}
		if reps[i] == 0 {
			pageRows++
		}
	}
	if h := p.header.sub(8); h != nil && (h.int(2) != int64(entries-values) || h.int(3) != pageRows) {
		panic("num_nulls or num_rows")
	}
	if entries > 0 && reps[0] != 0 {
		panic("a page begins within a row")
	}
	n.defs, n.reps = append(n.defs, defs...), append(n.reps, reps...)
	n.values = append(n.values, plainValues(b, enc, n, values, dict)...)
	return pageRows
}

// appendInstance appends the next instance of n, whose parent is there.
func (n *testNode) appendInstance(dst []byte) []byte {
	first := n.leaves()[0]
	d := int(first.defs[first.pos])
	skip := func() {
		for _, l := range n.leaves() {
			l.pos++
		}
	}
	if n.repetition == 1 && d < n.def {
		skip()
		return append(dst, "null"...)
	}
	switch {
	case len(n.children) == 0:
		n.pos++
		n.vpos++
		return n.appendScalar(dst, n.values[n.vpos-1])
	case n.converted == 3 || n.converted == 1:
		rep := n.children[0]
		open, end := byte('['), byte(']')
		if n.converted == 1 {
			open, end = '{', '}'
		}
		dst = append(dst, open)
		if d < rep.def {
			skip()
			return append(dst, end)
		}
		for i := 0; i == 0 || first.pos < len(first.reps) && int(first.reps[first.pos]) == rep.rep; i++ {
			if i > 0 {
				dst = append(dst, ',')
			}
			if n.converted == 3 {
				dst = rep.children[0].appendInstance(dst)
				continue
			}
			k := rep.children[0].appendInstance(nil)
			if k[0] != '"' {
				k = strconv.AppendQuote(nil, string(k))
			}
			dst = append(append(dst, k...), ':')
			dst = rep.children[1].appendInstance(dst)
		}
		return append(dst, end)
	}
	dst = append(dst, '{')
	for i, c := range n.children {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(strconv.AppendQuote(dst, c.name), ':')
		dst = c.appendInstance(dst)
	}
	return append(dst, '}')
}

func (n *testNode) appendScalar(dst, x []byte) []byte {
	unix := func(sec, nanos int64) []byte {
		return appendText(dst, time.Unix(sec, nanos).UTC().Format("2006-01-02T15:04:05.999999999Z"))
	}
	integer := func() int64 {
		if n.physical == 1 {
			return int64(int32(binary.LittleEndian.Uint32(x)))
		}
		return int64(binary.LittleEndian.Uint64(x))
	}
	switch {
	case n.physical == 0:
		return strconv.AppendBool(dst, x[0] != 0)
	case n.physical == 3:
		return unix((int64(binary.LittleEndian.Uint32(x[8:]))-2440588)*86400, int64(binary.LittleEndian.Uint64(x)))
	case n.physical == 4:
		return appendFloat(dst, float64(math.Float32frombits(binary.LittleEndian.Uint32(x))), 32)
	case n.physical == 5:
		return appendFloat(dst, math.Float64frombits(binary.LittleEndian.Uint64(x)), 64)
	case n.converted == 0:
		return appendText(dst, string(x))
	case n.physical == 6:
		return appendText(dst, base64.StdEncoding.EncodeToString(x))
	case n.converted == 5 && n.physical == 7:
		v := new(big.Int).SetBytes(x)
		if x[0] >= 0x80 {
			v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(x))))
		}
		return appendBigDecimal(dst, v, n.scale)
	case n.converted == 5:
		return appendBigDecimal(dst, big.NewInt(integer()), n.scale)
	case n.converted == 6:
		return appendText(dst, time.Unix(integer()*86400, 0).UTC().Format("2006-01-02"))
	case n.converted == 9:
		return unix(floorDiv(integer(), 1000), (integer()%1000+1000)%1000*1e6)
	case n.converted == 10:
		return unix(floorDiv(integer(), 1e6), (integer()%1e6+1e6)%1e6*1e3)
	case n.nanos:
		return unix(0, integer())
	}
	return strconv.AppendInt(dst, integer(), 10)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// names that less needs
type formatType = format.Type

const (
	floatType  = format.Float
	doubleType = format.Double
)

func isNaN(b []byte) bool {
	if len(b) == 4 {
		x := math.Float32frombits(binary.LittleEndian.Uint32(b))
		return x != x
	}
	x := math.Float64frombits(binary.LittleEndian.Uint64(b))
	return x != x
}

package parquet

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/hydrantkit/hydrant/internal/rowjson"

	"github.com/parquet-go/parquet-go/format"
)

const (
	flushSize = 256 << 10
	// maxRow bounds the text of one row: a few bytes can claim a list of billions.
	maxRow = 256 << 20
	// maxDecimal bounds the bytes of a decimal: 38 digits take 16.
	maxDecimal = 128
)

// Rows writes the rows of f as NDJSON, at most limit of them if that isn't negative: members in
// schema order, nulls included; integers and decimals exact; timestamps RFC 3339 in UTC; dates
// yyyy-mm-dd; binary base64; NaN and infinities as strings; maps as objects (cli.md, "hydrant
// cat"). columns, if there are any, are dotted paths of columns and members; what lies between, as
// the elements of a list or the values of a map, has no part in a path.
func (f *File) Rows(w io.Writer, columns []string, limit int64) (err error) {
	defer guard(&err)
	if err := f.rows(w, columns, limit); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	return nil
}

// A view is the part of the schema that is printed.
type view struct {
	*node
	key      []byte // its name and a colon, as JSON
	children []*view
	leaves   []*cursor
	first    *cursor // the leaf whose levels stand for the node's
	cursor   *cursor // of a leaf
}

func (f *File) rows(w io.Writer, columns []string, limit int64) error {
	root, err := f.project(columns)
	if err != nil {
		return err
	}
	var out []byte
	var held int64
	for gi := range f.meta.RowGroups {
		g := &f.meta.RowGroups[gi]
		if limit == 0 {
			break
		}
		for _, c := range root.leaves {
			k := &g.Columns[c.leaf.index]
			if k.FilePath != "" {
				return fmt.Errorf("column %s lies in another file, %s", c.leaf.path, k.FilePath)
			}
			if err := c.open(f, c.leaf, &k.MetaData, &held); err != nil {
				return fmt.Errorf("row group %d, column %s: %w", gi, c.leaf.path, err)
			}
		}
		for row := range g.NumRows {
			if limit == 0 {
				break
			}
			limit--
			p := printer{out: out, start: len(out)}
			if err := p.row(root); err != nil {
				return fmt.Errorf("row group %d, row %d: %w", gi, row, err)
			}
			if out = append(p.out, '\n'); len(out) >= flushSize {
				if _, err := w.Write(out); err != nil {
					return err
				}
				out = out[:0]
			}
		}
		for _, c := range root.leaves {
			if limit != 0 && !c.done {
				return fmt.Errorf("row group %d, column %s: it has more than the %d rows of the group", gi, c.leaf.path, g.NumRows)
			}
		}
	}
	if len(out) > 0 {
		if _, err := w.Write(out); err != nil {
			return err
		}
	}
	return nil
}

// project makes the view of columns, or of all.
func (f *File) project(columns []string) (*view, error) {
	want := map[*node]bool{}
	for _, c := range columns {
		if !f.root.find(strings.Split(c, "."), want) {
			return nil, fmt.Errorf("no column %q", c)
		}
	}
	if len(columns) == 0 {
		want[f.root] = true
	}
	v := newView(f.root, want, false)
	if v == nil {
		v = &view{node: f.root}
	}
	return v, nil
}

// find marks what path names below n. A member whose own name has dots is found too.
func (n *node) find(path []string, want map[*node]bool) bool {
	if len(path) == 0 {
		want[n] = true
		return true
	}
	switch n.kind {
	case kindList:
		c := n.children[0]
		if !c.bare {
			c = c.children[0]
		}
		return c.find(path, want)
	case kindMap:
		if c := n.children[0]; len(c.children) == 2 && c.children[1].find(path, want) {
			want[c.children[0]] = true
			return true
		}
		return false
	}
	for _, c := range n.children {
		for i := 1; i <= len(path); i++ {
			if c.name == strings.Join(path[:i], ".") && c.find(path[i:], want) {
				return true
			}
		}
	}
	return false
}

// newView returns what is wanted of n, nil if that is nothing.
func newView(n *node, want map[*node]bool, all bool) *view {
	all = all || want[n]
	key := append(rowjson.AppendText(nil, []byte(n.name)), ':')
	v := &view{node: n, key: key}
	if len(n.children) == 0 {
		if !all || n.first == nil {
			return nil
		}
		v.cursor = &cursor{leaf: n}
		v.leaves, v.first = []*cursor{v.cursor}, v.cursor
		return v
	}
	for _, c := range n.children {
		if cv := newView(c, want, all); cv != nil {
			v.children = append(v.children, cv)
			v.leaves = append(v.leaves, cv.leaves...)
		}
	}
	if len(v.children) == 0 {
		return nil
	}
	v.first = v.leaves[0]
	return v
}

// A printer prints one row. start is where it begins in out.
type printer struct {
	out   []byte
	start int
}

func (p *printer) row(root *view) error {
	p.out = append(p.out, '{')
	if err := p.members(root); err != nil {
		return err
	}
	p.out = append(p.out, '}')
	for _, c := range root.leaves {
		if !c.done && c.rep != 0 {
			return fmt.Errorf("column %s: its row goes on where others end", c.leaf.path)
		}
	}
	return nil
}

func (p *printer) members(v *view) error {
	for i, c := range v.children {
		if i > 0 {
			p.out = append(p.out, ',')
		}
		p.out = append(p.out, c.key...)
		if err := p.member(c); err != nil {
			return err
		}
	}
	return nil
}

// entry checks that v's first leaf has a current entry.
func (v *view) entry() error {
	if v.first.done {
		return fmt.Errorf("column %s: it ends early", v.first.leaf.path)
	}
	return nil
}

// skip drops the current entry of all leaves of v, where v is null or empty.
func (v *view) skip() error {
	for _, c := range v.leaves {
		if c.done {
			return fmt.Errorf("column %s: it ends early", c.leaf.path)
		}
		if err := c.advance(); err != nil {
			return fmt.Errorf("column %s: %w", c.leaf.path, err)
		}
	}
	return nil
}

// member prints a member of a group that is there.
func (p *printer) member(v *view) error {
	if v.repetition == format.Repeated {
		return p.list(v, v) // repeated without a list around it
	}
	if err := v.entry(); err != nil {
		return err
	}
	if v.repetition == format.Optional && v.first.def < v.def {
		p.out = append(p.out, "null"...)
		return v.skip()
	}
	return p.value(v)
}

// value prints a node that is there.
func (p *printer) value(v *view) error {
	switch {
	case v.cursor != nil:
		return p.leaf(v)
	case v.kind == kindList:
		return p.list(v, v.children[0])
	case v.kind == kindMap:
		return p.pairs(v, v.children[0])
	}
	p.out = append(p.out, '{')
	if err := p.members(v); err != nil {
		return err
	}
	p.out = append(p.out, '}')
	return nil
}

// each calls f for every instance of the repeated node rep.
func (p *printer) each(rep *view, f func(i int) error) error {
	if err := rep.entry(); err != nil {
		return err
	}
	if rep.first.def < rep.def {
		return rep.skip()
	}
	for i := 0; ; i++ {
		if len(p.out)-p.start > maxRow {
			return fmt.Errorf("its text is longer than %d bytes", maxRow)
		}
		if err := f(i); err != nil {
			return err
		}
		if rep.first.done || rep.first.rep != rep.rep {
			if !rep.first.done && rep.first.rep > rep.rep {
				return fmt.Errorf("column %s: repetition level %d after an entry of level %d", rep.first.leaf.path, rep.first.rep, rep.rep)
			}
			return nil
		}
		if rep.first.def < rep.def {
			return fmt.Errorf("column %s: a list goes on without an element", rep.first.leaf.path)
		}
	}
}

func (p *printer) list(v, rep *view) error {
	p.out = append(p.out, '[')
	err := p.each(rep, func(i int) error {
		if i > 0 {
			p.out = append(p.out, ',')
		}
		if v == rep || rep.bare {
			return p.value(rep)
		}
		return p.member(rep.children[0])
	})
	p.out = append(p.out, ']')
	return err
}

func (p *printer) pairs(v, rep *view) error {
	p.out = append(p.out, '{')
	err := p.each(rep, func(i int) error {
		if i > 0 {
			p.out = append(p.out, ',')
		}
		at := len(p.out)
		if err := p.member(rep.children[0]); err != nil {
			return err
		}
		if p.out[at] != '"' {
			p.out = append(p.out, 0)
			copy(p.out[at+1:], p.out[at:])
			p.out[at] = '"'
			p.out = append(p.out, '"')
		}
		p.out = append(p.out, ':')
		if len(rep.children) == 1 {
			p.out = append(p.out, "null"...)
			return nil
		}
		return p.member(rep.children[1])
	})
	p.out = append(p.out, '}')
	return err
}

func (p *printer) leaf(v *view) error {
	c := v.cursor
	if c.done {
		return fmt.Errorf("column %s: it ends early", c.leaf.path)
	}
	if c.def < c.leaf.def {
		return fmt.Errorf("column %s: null where it must not be", c.leaf.path)
	}
	var err error
	if p.out, err = appendScalar(p.out, v.node, c.val); err == nil {
		err = c.advance()
	}
	if err != nil {
		return fmt.Errorf("column %s: %w", c.leaf.path, err)
	}
	return nil
}

// appendScalar appends a leaf value as JSON.
func appendScalar(dst []byte, n *node, v value) ([]byte, error) {
	switch n.kind {
	case kindBoolean:
		return strconv.AppendBool(dst, v.i != 0), nil
	case kindInt:
		return strconv.AppendInt(dst, v.i, 10), nil
	case kindUint:
		if n.physical == format.Int32 {
			return strconv.AppendUint(dst, uint64(uint32(v.i)), 10), nil
		}
		return strconv.AppendUint(dst, uint64(v.i), 10), nil
	case kindFloat:
		return rowjson.AppendFloat(dst, math.Float64frombits(uint64(v.i)), 32), nil
	case kindDouble:
		return rowjson.AppendFloat(dst, math.Float64frombits(uint64(v.i)), 64), nil
	case kindHalf:
		return rowjson.AppendFloat(dst, half(binary.LittleEndian.Uint16(v.b)), 32), nil
	case kindDecimal:
		if n.physical == format.Int32 || n.physical == format.Int64 {
			return appendDecimal(dst, v.i, n.scale), nil
		}
		return appendWideDecimal(dst, v.b, n.scale)
	case kindText:
		return rowjson.AppendText(dst, v.b), nil
	case kindUUID:
		dst = append(dst, '"')
		for i, part := range [][]byte{v.b[:4], v.b[4:6], v.b[6:8], v.b[8:10], v.b[10:16]} {
			if i > 0 {
				dst = append(dst, '-')
			}
			dst = hex.AppendEncode(dst, part)
		}
		return append(dst, '"'), nil
	case kindDate:
		return rowjson.AppendDate(dst, rowjson.Gregorian(v.i)), nil
	case kindInt96:
		day := int64(int32(binary.LittleEndian.Uint32(v.b[8:]))) - 2440588
		return appendTime(dst, day*86400, int64(binary.LittleEndian.Uint64(v.b)), 1e9), nil
	case kindMillis:
		return appendTime(dst, 0, v.i, 1e3), nil
	case kindMicros:
		return appendTime(dst, 0, v.i, 1e6), nil
	case kindNanos:
		return appendTime(dst, 0, v.i, 1e9), nil
	case kindTimeMillis:
		return appendClock(dst, v.i, 1e3), nil
	case kindTimeMicros:
		return appendClock(dst, v.i, 1e6), nil
	case kindTimeNanos:
		return appendClock(dst, v.i, 1e9), nil
	}
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, v.b)
	return append(dst, '"'), nil
}

// appendTime appends the time that is x parts of a second behind second from; perSecond of them are one. What INT96 has may be more than a
// day, or less than none.
func appendTime(dst []byte, from, x, perSecond int64) []byte {
	sec, nanos := split(x, perSecond)
	sec += from
	day := rowjson.FloorDiv(sec, 86400)
	return rowjson.AppendTime(dst, rowjson.Gregorian(day), sec-day*86400, nanos)
}

// appendClock appends a time of day.
func appendClock(dst []byte, x, perSecond int64) []byte {
	sec, nanos := split(x, perSecond)
	return rowjson.AppendClock(dst, sec-rowjson.FloorDiv(sec, 86400)*86400, nanos)
}

func split(x, perSecond int64) (sec, nanos int64) {
	sec = rowjson.FloorDiv(x, perSecond)
	return sec, (x - sec*perSecond) * (1e9 / perSecond)
}

// half widens a FLOAT16.
func half(h uint16) float64 {
	sign, exp, frac := 1.0, int(h>>10&31), float64(h&1023)
	if h>>15 != 0 {
		sign = -1
	}
	switch exp {
	case 0:
		return sign * math.Ldexp(frac, -24)
	case 31:
		if frac != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+frac, exp-25)
}

// appendDecimal appends an unscaled value with its point, without trailing zeros.
func appendDecimal(dst []byte, x int64, scale int) []byte {
	u := uint64(x)
	if x < 0 {
		u = -u
	}
	var digits [20]byte
	return rowjson.AppendDecimal(dst, x < 0, strconv.AppendUint(digits[:0], u, 10), scale)
}

func appendWideDecimal(dst, b []byte, scale int) ([]byte, error) {
	if len(b) > maxDecimal {
		return dst, fmt.Errorf("a decimal of %d bytes", len(b))
	}
	if len(b) <= 8 {
		var x int64
		for i, c := range b {
			if i == 0 {
				x = int64(int8(c))
				continue
			}
			x = x<<8 | int64(c)
		}
		return appendDecimal(dst, x, scale), nil
	}
	x := new(big.Int).SetBytes(b)
	if b[0] >= 0x80 {
		x.Sub(x, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	negative := x.Sign() < 0
	return rowjson.AppendDecimal(dst, negative, x.Abs(x).Append(nil, 10), scale), nil
}

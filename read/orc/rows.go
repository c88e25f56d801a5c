package orc

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hydrantkit/hydrant/internal/rowjson"
)

// Rows prints rows as canonical NDJSON: members in schema order, nulls included, integers and
// decimals as exact numbers, timestamps as "2006-01-02T15:04:05.999999999Z", dates as
// "2006-01-02", binary as base64, NaN and infinities as strings, maps as objects. Columns are names,
// a.b for member b of a, through lists and to the values of maps too; none is all. limit is
// how many rows at most; 0 is all of them.
func (f *File) Rows(w io.Writer, columns []string, limit int64) error {
	return f.Section(w, columns, 0, limit)
}

// Section is Rows from row number first on. Stripes and, with an index, row groups before it are not
// read.
func (f *File) Section(w io.Writer, columns []string, first, limit int64) error {
	if err := f.section(w, columns, first, limit); err != nil {
		return fmt.Errorf("orc: %w", err)
	}
	return nil
}

// batchRows is how many rows are read at a time, nestedRows when a column has lists.
const (
	batchRows  = 1024
	nestedRows = 64
)

func (f *File) section(w io.Writer, columns []string, first, limit int64) error {
	if first < 0 {
		return fmt.Errorf("there is no row %d", first)
	}
	wanted, err := f.root.choose(columns)
	if err != nil {
		return err
	}
	last := f.rows
	if limit > 0 && limit < last-first {
		last = first + limit
	}
	batch := batchRows
	if f.root.nested() {
		batch = nestedRows
	}
	var out []byte
	for i := range f.stripes {
		info := &f.stripes[i]
		if info.first+info.rows <= first || info.first >= last {
			continue
		}
		from, to := max(0, first-info.first), min(info.rows, last-info.first)
		out, err = f.stripeRows(w, out, i, wanted, from, to, batch)
		if err != nil {
			return fmt.Errorf("stripe %d: %w", i, err)
		}
	}
	return nil
}

// stripeRows prints rows from to to of stripe i; out is memory.
func (f *File) stripeRows(w io.Writer, out []byte, i int, wanted []bool, from, to int64, batch int) ([]byte, error) {
	s, err := f.openStripe(i)
	if err != nil {
		return out, err
	}
	root := s.column(f.root, wanted)
	if !s.hasData(root) { // then nothing bounds the rows
		return out, fmt.Errorf("%d rows and no streams", s.info.rows)
	}
	if err := root.open(); err != nil {
		return out, err
	}
	// Few large rows at a time, should they even decompress to sixteen times what they are here.
	batch = int(min(int64(batch), 1+(32<<20)/(16*(s.info.data/s.info.rows+1))))
	if group := int64(0); f.stride > 0 && from >= int64(f.stride) && s.hasIndex(root) {
		group = from / int64(f.stride)
		if err := root.seek(int(group)); err != nil {
			return out, err
		}
		to -= group * int64(f.stride)
		from -= group * int64(f.stride)
	}
	p := printer{s: s}
	for at := int64(0); at < to; {
		n := min(to-at, int64(batch))
		if at < from { // so that a batch begins at from
			n = min(n, from-at)
		}
		s.budget = maxBatch
		if err := root.next(int(n)); err != nil {
			return out, err
		}
		if at += n; at <= from {
			continue
		}
		p.out = out[:0]
		for range n {
			if f.root.Kind == Struct {
				p.value(root)
			} else {
				p.out = append(p.out, `{"_col0":`...)
				p.value(root)
				p.out = append(p.out, '}')
			}
			if p.out = append(p.out, '\n'); len(p.out) > 1<<20 {
				if _, err := w.Write(p.out); err != nil {
					return out, err
				}
				p.out = p.out[:0]
			}
			if p.err != nil {
				return out, p.err
			}
		}
		if _, err := w.Write(p.out); err != nil {
			return out, err
		}
		out = p.out
	}
	return out, nil
}

// column makes the reader of type t, with those types below it that are wanted.
func (s *stripeReader) column(t *Type, wanted []bool) *column {
	c := &column{t: t, s: s, children: make([]*column, len(t.Children))}
	for i, child := range t.Children {
		if wanted[child.ID] {
			c.children[i] = s.column(child, wanted)
			if t.Kind == Struct {
				c.children[i].label = append(rowjson.AppendText(nil, t.Names[i]), ':')
			}
		}
	}
	return c
}

// hasData reports whether any column that is read has a stream with something in it.
func (s *stripeReader) hasData(c *column) bool {
	for kind := streamPresent; kind < streamRowIndex; kind++ {
		if p := s.streams[streamKey{c.t.ID, kind}]; p.end > p.start {
			return true
		}
	}
	for _, child := range c.children {
		if child != nil && s.hasData(child) {
			return true
		}
	}
	return false
}

// hasIndex reports whether all columns that are read have a ROW_INDEX.
func (s *stripeReader) hasIndex(c *column) bool {
	if _, ok := s.streams[streamKey{c.t.ID, streamRowIndex}]; !ok {
		return false
	}
	for _, child := range c.children {
		if child != nil && !s.hasIndex(child) {
			return false
		}
	}
	return true
}

func (t *Type) nested() bool {
	if t.Kind == List || t.Kind == Map || t.Kind == Union {
		return true
	}
	for _, c := range t.Children {
		if c.nested() {
			return true
		}
	}
	return false
}

// eachBelow calls do for t and all types below it.
func (t *Type) eachBelow(do func(*Type)) {
	do(t)
	for _, c := range t.Children {
		c.eachBelow(do)
	}
}

// choose returns by type number which types the columns need: those named, what is below them and
// what they are in.
func (t *Type) choose(columns []string) ([]bool, error) {
	size := 0
	t.eachBelow(func(t *Type) { size = max(size, t.ID+1) })
	wanted := make([]bool, size)
	if len(columns) == 0 {
		for i := range wanted {
			wanted[i] = true
		}
		return wanted, nil
	}
	if t.Kind != Struct {
		return nil, errors.New("the file's rows have no columns to choose from")
	}
	wanted[t.ID] = true
	for _, name := range columns {
		if !t.want(wanted, name) {
			return nil, fmt.Errorf("no column %s; there are %s", name, strings.Join(t.Names, ", "))
		}
	}
	return wanted, nil
}

// want marks the member of t by that name: exactly, else in any case. Lists and maps are passed
// through to their elements and values.
func (t *Type) want(wanted []bool, name string) bool {
	switch t.Kind {
	case List:
		if t.Children[0].want(wanted, name) {
			wanted[t.Children[0].ID] = true
			return true
		}
		return false
	case Map:
		if t.Children[1].want(wanted, name) {
			t.Children[0].eachBelow(func(t *Type) { wanted[t.ID] = true })
			wanted[t.Children[1].ID] = true
			return true
		}
		return false
	case Struct:
	default:
		return false
	}
	for _, same := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		for i, c := range t.Children {
			n := len(t.Names[i])
			if same(t.Names[i], name) {
				c.eachBelow(func(t *Type) { wanted[t.ID] = true })
				return true
			}
			if len(name) > n && name[n] == '.' && same(t.Names[i], name[:n]) && c.want(wanted, name[n+1:]) {
				wanted[c.ID] = true
				return true
			}
		}
	}
	return false
}

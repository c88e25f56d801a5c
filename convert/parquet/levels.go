package parquet

import (
	"math/bits"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

// A span holds the levels of some rows at one node: an entry per value, null, or empty list.
//
//	row               rep def   at c: array<int>
//	[1,null]          0   3
//	                  1   2
//	[]                0   1
//	null              0   0
//
// An entry whose def is at least base has a value in the node's vector, in order; the others
// ended at a null or empty list further up.
type span struct {
	n    int
	all  uint8   // the def of every entry while def is nil
	def  []uint8 // nil: all entries have the same
	rep  []uint8 // nil: no list further up, one entry is one row
	base uint8
}

// scratch keeps the level arrays of one column between batches, one pair for each depth.
type scratch struct {
	def, rep [][]uint8
}

func (s *scratch) at(depth, n int) (def, rep []uint8) {
	for len(s.def) <= depth {
		s.def, s.rep = append(s.def, nil), append(s.rep, nil)
	}
	if cap(s.def[depth]) < n {
		s.def[depth], s.rep[depth] = make([]uint8, n+n/8), make([]uint8, n+n/8)
	}
	return s.def[depth][:n], s.rep[depth][:n]
}

// hasNulls reports whether one of the values lo to hi of v is null.
func hasNulls(v *column.Vector, lo, hi int) bool {
	return v.Valid != nil && v.Nulls > 0 && countValid(v.Valid, lo, hi) != hi-lo
}

// countValid counts the set bits lo to hi.
func countValid(valid []uint64, lo, hi int) int {
	if valid == nil {
		return hi - lo
	}
	n := 0
	for lo < hi && lo&63 != 0 {
		n += int(valid[lo>>6] >> (lo & 63) & 1)
		lo++
	}
	for ; lo+64 <= hi; lo += 64 {
		n += bits.OnesCount64(valid[lo>>6])
	}
	if lo < hi {
		n += bits.OnesCount64(valid[lo>>6] & (1<<(hi-lo) - 1))
	}
	return n
}

// optional makes the span of an optional node whose values are v's from lo on out of its
// parent's: where the parent is there, a value that is there adds one.
func (s *scratch) optional(depth int, in span, v *column.Vector, lo, hi int, def uint8) span {
	out := in
	if in.def == nil {
		if !hasNulls(v, lo, hi) {
			out.all++
			return out
		}
		out.def, _ = s.at(depth, in.n)
		for i := range out.def {
			k := lo + i
			out.def[i] = in.all + uint8(v.Valid[k>>6]>>(k&63)&1)
		}
		return out
	}
	out.def, _ = s.at(depth, in.n)
	parent := def - 1
	if v.Valid == nil {
		for i, d := range in.def {
			if d == parent {
				d++
			}
			out.def[i] = d
		}
		return out
	}
	k := lo
	for i, d := range in.def {
		if d >= in.base {
			if d == parent {
				d += uint8(v.Valid[k>>6] >> (k & 63) & 1)
			}
			k++
		}
		out.def[i] = d
	}
	return out
}

// list makes the span of the elements of a list or map whose offsets are those of v from lo on.
// def is the level of a list that is there, rep that of its second and later elements.
func (s *scratch) list(depth int, in span, v *column.Vector, lo, hi int, def, rep uint8) span {
	first, last := v.Offsets[lo], v.Offsets[hi]
	defs, reps := s.at(depth, in.n+int(last-first))
	n, k := 0, lo
	d, r := in.all, uint8(0)
	for i := range in.n {
		if in.def != nil {
			d = in.def[i]
		}
		if in.rep != nil {
			r = in.rep[i]
		}
		count := int32(0)
		if d >= in.base {
			count = v.Offsets[k+1] - v.Offsets[k]
			k++
		}
		if count == 0 || d < def {
			defs[n], reps[n] = d, r
			n++
			continue
		}
		e := n + int(count)
		for j := n; j < e; j++ {
			defs[j], reps[j] = def+1, rep
		}
		reps[n] = r
		n = e
	}
	return span{n: n, def: defs[:n], rep: reps[:n], base: def + 1}
}

// encode walks down node n of a column and appends to the chunk of each leaf. v's values lo to hi
// are those of the entries of in, the span of n's parent.
func (g *groupColumn) encode(n *node, v *column.Vector, lo, hi, depth int, in span) error {
	sp := in
	if n.optional {
		sp = g.scratch.optional(depth, in, v, lo, hi, n.def)
	}
	switch n.kind {
	case schema.Struct:
		for i := range n.children {
			if err := g.encode(&n.children[i], &v.Children[i], lo, hi, depth+1, sp); err != nil {
				return err
			}
		}
		return nil
	case schema.Array, schema.Map:
		el := g.scratch.list(depth+1, sp, v, lo, hi, n.def, n.rep)
		first, last := int(v.Offsets[lo]), int(v.Offsets[hi])
		for i := range n.children {
			if err := g.encode(&n.children[i], &v.Children[i], first, last, depth+2, el); err != nil {
				return err
			}
		}
		return nil
	}
	return g.chunks[n.leaf.index-g.firstLeaf].append(sp, v, lo, hi)
}

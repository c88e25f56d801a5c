package jq

import (
	"math"
	"slices"
	"unicode/utf8"
)

// A plan answers Extract from a record's bytes. It is sure of its answer or gives none: an error, an expression without output or
// with several, a spelling only the lenient reader takes, all that is left to the evaluator.
type plan struct {
	root  want
	slots int
	names []string
	exprs []*fastExpr
}

// A fastExpr is an expression over the slots.
type fastExpr struct {
	op       fastOp
	slot     int
	v        value
	binary   binaryOp
	a, b, c  *fastExpr
	parts    []*fastExpr
	s        string
	from, to int
	node     *node
	cached   bool // of a time format: the text is the same for a whole hour
}

type fastOp uint8

const (
	fastSlot fastOp = iota
	fastInput
	fastConst
	fastPipe
	fastAlt
	fastAnd
	fastOr
	fastIf
	fastBinary
	fastString
	fastToString
	fastUpper
	fastLower
	fastTime    // strftime(s)
	fastSplit   // split(s)[from]
	fastSlice   // [from:to]
	fastLookup  // v[a], v being an object
	fastGeneric // node on a scalar
)

// A fastValue is a scalar: a string's text, or a number. Arrays and objects are known by their kind only.
type fastValue struct {
	kind kind
	f    float64
	text []byte
}

// planFor compiles the fast path of a query, if it has one: an object of constant keys.
func planFor(n *node) *plan {
	if n.op != opObject {
		return nil
	}
	p := &plan{root: want{slot: -1}}
	c := &fastCompiler{plan: p}
	for i := 0; i < len(n.list); i += 2 {
		key := n.list[i]
		if key.op != opConst || key.v.kind != kindString || n.list[i+1] == nil {
			return nil
		}
		for _, name := range p.names {
			if name == key.v.str() {
				return nil
			}
		}
		e := c.expr(n.list[i+1], fastContext{path: &p.root})
		if e == nil {
			return nil
		}
		p.names = append(p.names, key.v.str())
		p.exprs = append(p.exprs, e)
	}
	p.number(&p.root)
	return p
}

// number gives the slots of each want's subtree consecutive numbers; slots were handed out in order of use.
func (p *plan) number(root *want) {
	renumbered := map[int]int{}
	next := 0
	var walk func(w *want)
	walk = func(w *want) {
		w.first = next
		if w.slot >= 0 {
			renumbered[w.slot] = next
			w.slot = next
			next++
		}
		for _, n := range w.names {
			walk(n.want)
		}
		for _, e := range w.elements {
			walk(e.want)
		}
		w.last = next
	}
	walk(root)
	var fix func(e *fastExpr)
	fix = func(e *fastExpr) {
		if e == nil {
			return
		}
		if e.op == fastSlot {
			e.slot = renumbered[e.slot]
		}
		fix(e.a)
		fix(e.b)
		fix(e.c)
		for _, s := range e.parts {
			fix(s)
		}
	}
	for _, e := range p.exprs {
		fix(e)
	}
	p.slots = next
}

// A fastContext is what an expression's input is: a place in the record, or what the left side of a pipe gave.
type fastContext struct {
	path *want
}

type fastCompiler struct {
	plan  *plan
	next  int
	calls int // of expr
}

// maxFastCalls bounds the compiler: of an expression nested in others what didn't become a part may be compiled again.
const maxFastCalls = 20_000

// input is the expression that stands for the input itself.
func (c *fastCompiler) input(ctx fastContext) *fastExpr {
	if ctx.path == nil {
		return &fastExpr{op: fastInput}
	}
	if ctx.path == &c.plan.root {
		return nil
	}
	if ctx.path.slot < 0 {
		ctx.path.slot = c.next
		c.next++
	}
	return &fastExpr{op: fastSlot, slot: ctx.path.slot}
}

// path returns the place n leads to, if it is one.
func (c *fastCompiler) path(n *node, ctx fastContext) *want {
	if ctx.path == nil {
		return nil
	}
	switch n.op {
	case opIdentity:
		return ctx.path
	case opPipe:
		if w := c.path(n.a, ctx); w != nil {
			return c.path(n.b, fastContext{w})
		}
	case opIndex:
		w := c.path(n.a, ctx)
		if w == nil || n.b.op != opConst {
			return nil
		}
		switch n.b.v.kind {
		case kindString:
			name := n.b.v.str()
			for _, r := range name {
				if r == utf8.RuneError {
					return nil // bytes that aren't UTF-8 spell it too
				}
			}
			for _, sub := range w.names {
				if sub.name == name {
					return sub.want
				}
			}
			sub := &want{slot: -1}
			w.names = append(w.names, wantName{name, sub})
			return sub
		case kindNumber:
			f := n.b.v.num()
			if f != math.Trunc(f) || f < 0 || f > 1<<20 {
				return nil
			}
			for _, sub := range w.elements {
				if sub.index == int(f) {
					return sub.want
				}
			}
			sub := &want{slot: -1}
			w.elements = append(w.elements, wantElement{int(f), sub})
			return sub
		}
	}
	return nil
}

// expr compiles n, or returns nil.
func (c *fastCompiler) expr(n *node, ctx fastContext) *fastExpr {
	if c.calls++; c.calls > maxFastCalls {
		return nil
	}
	if w := c.path(n, ctx); w != nil {
		return c.input(fastContext{w})
	}
	switch n.op {
	case opIdentity:
		return c.input(ctx)
	case opConst:
		if n.v.kind != kindArray && n.v.kind != kindObject {
			return &fastExpr{op: fastConst, v: n.v}
		}
		return nil
	case opPipe:
		if w := c.path(n.a, ctx); w != nil {
			e := c.expr(n.b, fastContext{w})
			if w != &c.plan.root && e != nil && !e.reads() {
				return c.two(fastPipe, c.input(fastContext{w}), e) // getting there may be an error
			}
			return e
		}
		if e := c.piece(n, ctx); e != nil {
			return e
		}
		return c.two(fastPipe, c.expr(n.a, ctx), c.expr(n.b, fastContext{}))
	case opAlt:
		return c.two(fastAlt, c.expr(n.a, ctx), c.expr(n.b, ctx))
	case opAnd:
		return c.two(fastAnd, c.expr(n.a, ctx), c.expr(n.b, ctx))
	case opOr:
		return c.two(fastOr, c.expr(n.a, ctx), c.expr(n.b, ctx))
	case opIf:
		e := c.two(fastIf, c.expr(n.a, ctx), c.expr(n.b, ctx))
		if e == nil {
			return nil
		}
		if e.c = c.expr(n.c, ctx); e.c == nil {
			return nil
		}
		return e
	case opBinary:
		e := c.two(fastBinary, c.expr(n.a, ctx), c.expr(n.b, ctx))
		if e != nil {
			e.binary = n.binary
		}
		return e
	case opString:
		e := &fastExpr{op: fastString}
		for _, part := range n.list {
			if part.op == opPipe && part.b.op == opFormat && part.b.name == "text" {
				part = part.a // pieces are written as text
			} else if part.op == opFormat && part.name == "text" {
				part = plainIndex
			}
			sub := c.expr(part, ctx)
			if sub == nil {
				return nil
			}
			e.parts = append(e.parts, sub)
		}
		return e
	case opNative:
		if e := c.native(n, ctx); e != nil {
			return e
		}
		if readsInput[n.name] {
			return nil
		}
	case opIndex, opSlice:
		if e := c.part(n, ctx); e != nil {
			return e
		}
	}
	if !scalarOnly(n) {
		return nil
	}
	if in := c.input(ctx); in != nil {
		return &fastExpr{op: fastGeneric, a: in, node: n}
	}
	return nil
}

// readsInput are the builtins that look past their input.
var readsInput = map[string]bool{"input": true, "_input": true, "inputs": true, "input_line_number": true}

// scalarOnly reports whether nothing in n reads the record itself.
func scalarOnly(n *node) bool {
	if n == nil {
		return true
	}
	if (n.op == opNative || n.op == opCall) && readsInput[n.name] || n.op == opParam {
		return false
	}
	for _, sub := range []*node{n.a, n.b, n.c, n.d} {
		if !scalarOnly(sub) {
			return false
		}
	}
	for _, sub := range n.list {
		if !scalarOnly(sub) {
			return false
		}
	}
	for i := range n.args {
		if !scalarOnly(n.args[i].body) {
			return false
		}
	}
	if n.op == opCall && n.level >= 0 {
		return false // the query's own function: its body isn't looked at
	}
	return true
}

// reads reports whether computing e looks at a slot, whatever the slots hold. Those of one context are all at its path or below.
func (e *fastExpr) reads() bool {
	switch e.op {
	case fastSlot:
		return true
	case fastInput, fastConst:
		return false
	case fastBinary:
		return e.a.reads() || e.b.reads()
	case fastString:
		return slices.ContainsFunc(e.parts, (*fastExpr).reads)
	}
	return e.a.reads()
}

func (c *fastCompiler) two(op fastOp, a, b *fastExpr) *fastExpr {
	if a == nil || b == nil {
		return nil
	}
	return &fastExpr{op: op, a: a, b: b}
}

// native compiles the builtins that partition queries use most.
func (c *fastCompiler) native(n *node, ctx fastContext) *fastExpr {
	in := c.input(ctx)
	if in == nil {
		return nil
	}
	switch n.name {
	case "tostring":
		return &fastExpr{op: fastToString, a: in}
	case "ascii_downcase":
		return &fastExpr{op: fastLower, a: in}
	case "ascii_upcase":
		return &fastExpr{op: fastUpper, a: in}
	case "todate", "todateiso8601":
		return &fastExpr{op: fastTime, a: in, s: isoFormat}
	case "strftime":
		if len(n.list) == 1 && n.list[0].op == opConst && n.list[0].v.kind == kindString {
			s := cString(n.list[0].v.str())
			return &fastExpr{op: fastTime, a: in, s: s, cached: hourly(s)}
		}
	}
	return nil
}

// hourly reports whether a time format says nothing finer than an hour.
func hourly(format string) bool {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		if i++; i == len(format) {
			return false
		}
		switch format[i] {
		case 'Y', 'm', 'd', 'H', 'F', 'j', 'y', 'e', 'k', 'a', 'A', 'b', 'B', 'h', 'u', 'w', 'V', 'G', 'C', '%':
		default:
			return false
		}
	}
	return true
}

// piece compiles split(s) | .[i], and what follows it.
func (c *fastCompiler) piece(n *node, ctx fastContext) *fastExpr {
	index, rest := n.b, (*node)(nil)
	if index.op == opPipe {
		index, rest = index.a, index.b
	}
	if index.op != opIndex || index.a.op != opIdentity {
		return nil
	}
	e := c.part(&node{op: opIndex, a: n.a, b: index.b}, ctx)
	if e == nil || rest == nil {
		return e
	}
	return c.two(fastPipe, e, c.expr(rest, fastContext{}))
}

// part compiles a slice of a string, or a piece of one that was split.
func (c *fastCompiler) part(n *node, ctx fastContext) *fastExpr {
	if n.op == opSlice {
		e := &fastExpr{op: fastSlice, to: math.MaxInt32}
		for _, bound := range []struct {
			n  *node
			to *int
		}{{n.b, &e.from}, {n.c, &e.to}} {
			if bound.n == nil {
				continue
			}
			f := bound.n.v.num()
			if bound.n.op != opConst || bound.n.v.kind != kindNumber || f != math.Trunc(f) || f < 0 || f > 1<<20 {
				return nil
			}
			*bound.to = int(f)
		}
		if e.a = c.expr(n.a, ctx); e.a == nil {
			return nil
		}
		return e
	}
	if n.a.op == opConst && n.a.v.kind == kindObject {
		if key := c.expr(n.b, ctx); key != nil {
			return &fastExpr{op: fastLookup, a: key, v: n.a.v}
		}
		return nil
	}
	f := n.b.v.num()
	if n.b.op != opConst || n.b.v.kind != kindNumber || f != math.Trunc(f) || f < 0 || f > 1<<20 {
		return nil
	}
	split := n.a
	if split.op == opPipe {
		split = split.b
	}
	if split.op != opNative || split.name != "split" || len(split.list) != 1 || split.list[0].op != opConst ||
		split.list[0].v.kind != kindString || split.list[0].v.n == 0 {
		return nil
	}
	e := &fastExpr{op: fastSplit, from: int(f), s: split.list[0].v.str()}
	if n.a.op == opPipe {
		e.a = c.expr(n.a.a, ctx)
	} else {
		e.a = c.input(ctx)
	}
	if e.a == nil {
		return nil
	}
	return e
}

package jq

import (
	"slices"
	"unicode/utf8"
)

// A reCompiler writes the program.
type reCompiler struct {
	re     *regex
	starts map[int]int
	called map[int]bool // groups that are
	fixes  [][2]int     // calls whose target isn't known yet: instruction, group
}

func (c *reCompiler) add(i inst) int {
	if len(c.re.prog) >= maxRegexProgram {
		panic(readError("too big number for repeat range"))
	}
	c.re.prog = append(c.re.prog, i)
	return len(c.re.prog) - 1
}

func (c *reCompiler) here() int { return len(c.re.prog) }

func (c *reCompiler) emit(n *reNode) {
	if c.re.work++; c.re.work > 8*maxRegexProgram {
		panic(readError("too big number for repeat range"))
	}
	switch n.kind {
	case reInst:
		at := c.add(inst{op: n.op, x: n.x, y: n.y})
		if n.op == iCall {
			c.re.prog[at].y = n.x
			c.fixes = append(c.fixes, [2]int{at, n.x})
		}
	case reSeq:
		for _, sub := range n.list {
			c.emit(sub)
		}
	case reAlt:
		var ends []int
		for i, sub := range n.list {
			if i == len(n.list)-1 {
				c.emit(sub)
				break
			}
			split := c.add(inst{op: iSplit})
			c.re.prog[split].x = c.here()
			c.emit(sub)
			ends = append(ends, c.add(inst{op: iJump}))
			c.re.prog[split].y = c.here()
		}
		for _, e := range ends {
			c.re.prog[e].x = c.here()
		}
	case reGroup:
		if !c.called[n.x] {
			c.add(inst{op: iSave, x: 2 * n.x})
			c.emit(n.list[0])
			c.add(inst{op: iSave, x: 2*n.x + 1})
			break
		}
		// It is entered by a call here too, which counts as one and knows where the group began.
		c.fixes = append(c.fixes, [2]int{c.add(inst{op: iCall, y: n.x}), n.x})
		skip := c.add(inst{op: iJump})
		c.starts[n.x] = c.here()
		c.emit(n.list[0])
		c.add(inst{op: iReturn, x: n.x})
		c.re.prog[skip].x = c.here()
	case reBlock:
		at := c.add(inst{op: n.op, y: n.y})
		c.emit(n.list[0])
		c.add(inst{op: iBlockEnd})
		c.re.prog[at].x = c.here()
	case reCond:
		at := c.add(inst{op: iGroupSet, x: n.x})
		c.emit(n.list[0])
		end := c.add(inst{op: iJump})
		c.re.prog[at].y = c.here()
		c.emit(n.list[1])
		c.re.prog[end].x = c.here()
	case reRepeat:
		c.repeat(n)
	}
}

// defines reports whether n has a group in it that is called.
func (c *reCompiler) defines(n *reNode) bool {
	return n.kind == reGroup && c.called[n.x] || slices.ContainsFunc(n.list, c.defines)
}

func (c *reCompiler) repeat(n *reNode) {
	if n.max == 0 { // nothing, but maybe the place where a group is written
		if c.defines(n) {
			skip := c.add(inst{op: iJump})
			c.emit(n.list[0])
			c.re.prog[skip].x = c.here()
		}
		return
	}
	if n.atomic {
		inner := *n
		inner.atomic = false
		c.emit(&reNode{kind: reBlock, op: iAtomic, list: []*reNode{&inner}})
		return
	}
	for i := 0; i < n.min; i++ {
		c.emit(n.list[0])
	}
	split := func() int { return c.add(inst{op: iSplit}) }
	choose := func(at, body, out int) {
		if n.lazy {
			body, out = out, body
		}
		c.re.prog[at].x, c.re.prog[at].y = body, out
	}
	if n.max < 0 {
		mark := c.re.marks
		c.re.marks++
		at := split()
		body := c.here()
		c.add(inst{op: iMark, x: mark})
		c.emit(n.list[0])
		progress := c.add(inst{op: iProgress, x: mark})
		c.add(inst{op: iJump, x: at})
		c.re.prog[progress].y = c.here()
		choose(at, body, c.here())
		return
	}
	var splits []int
	for i := n.min; i < n.max; i++ {
		at := split()
		splits = append(splits, at)
		c.re.prog[at].x = c.here()
		c.emit(n.list[0])
	}
	for _, at := range splits {
		choose(at, at+1, c.here())
	}
}

// prefix finds the byte every match begins with, and characters that every match holds.
func (re *regex) prefix(n *reNode) {
	if n.kind == reSeq {
		for _, sub := range n.list {
			if sub.kind == reInst && sub.op == iChar {
				re.must = append(re.must, rune(sub.x))
			}
		}
	}
	for n.kind == reSeq || n.kind == reGroup {
		if len(n.list) == 0 {
			return
		}
		n = n.list[0]
	}
	if n.kind == reInst && n.op == iChar {
		var b [utf8.UTFMax]byte
		utf8.EncodeRune(b[:], rune(n.x))
		re.first, re.lit = b[0], true
	}
}

package jq

// A callCheck finds groups that call themselves without end. Oniguruma refuses them when it compiles.
type callCheck struct {
	groups map[int]*reNode
	used   map[int]bool
	head   int // the group that is looked at
	open   map[int]bool
	visits int // groups may call each other in too many ways to look at all
}

const maxCallVisits = 100_000

// What there is of calls of the group that is looked at.
const (
	callsSelf    = 1 << iota // there is one
	mustCallSelf             // on every way through
	callsAtOnce              // before anything was taken
)

// endless reports whether one of the called groups must call itself, or may before it has taken anything.
func (p *reParser) endless(n *reNode) bool {
	if len(p.calls) == 0 {
		return false
	}
	c := &callCheck{groups: map[int]*reNode{0: {kind: reGroup, list: []*reNode{n}}}, used: map[int]bool{0: true}}
	c.find(n, false)
	for _, f := range p.calls {
		g := c.groups[f.node.x]
		if !c.used[g.x] {
			continue
		}
		c.head, c.open = g.x, map[int]bool{}
		if c.calls(g.list[0], true)&(mustCallSelf|callsAtOnce) != 0 {
			return true
		}
	}
	return false
}

// find notes the groups in n. Those in a part that is repeated no times count if they are called from somewhere else.
func (c *callCheck) find(n *reNode, aside bool) {
	aside = aside || n.kind == reRepeat && n.max == 0
	if n.kind == reGroup {
		c.groups[n.x] = n
	}
	if !aside && (n.kind == reGroup || n.kind == reInst && n.op == iCall) {
		c.used[n.x] = true
	}
	for _, sub := range n.list {
		c.find(sub, aside)
	}
}

// calls says how n calls the group; first is whether nothing was taken before it.
func (c *callCheck) calls(n *reNode, first bool) (found int) {
	if c.visits++; c.visits > maxCallVisits {
		return 0
	}
	switch n.kind {
	case reInst:
		if n.op == iCall {
			return c.calls(c.groups[n.x], first)
		}
		return 0
	case reGroup:
		switch {
		case n.x == c.head && first:
			return callsSelf | mustCallSelf | callsAtOnce
		case n.x == c.head:
			return callsSelf | mustCallSelf
		case c.open[n.x]:
			return 0
		}
		c.open[n.x] = true
		found = c.calls(n.list[0], first)
		delete(c.open, n.x)
		return found
	case reAlt, reCond:
		must := mustCallSelf
		for _, sub := range n.list {
			one := c.calls(sub, first)
			if one&callsAtOnce != 0 {
				return one
			}
			found |= one & callsSelf
			must &= one
		}
		return found | must
	case reSeq:
		for _, sub := range n.list {
			one := c.calls(sub, first)
			if one&callsAtOnce != 0 {
				return one
			}
			found |= one
			first = first && c.least(sub) == 0
		}
		return found
	}
	if n.kind == reRepeat && n.max == 0 {
		return 0
	}
	found = c.calls(n.list[0], first)
	if n.kind == reRepeat && n.min == 0 {
		found &^= mustCallSelf
	}
	return found
}

// least is how many characters n takes at least; a group in itself counts as none.
func (c *callCheck) least(n *reNode) int {
	if c.visits++; c.visits > maxCallVisits {
		return 0
	}
	switch n.kind {
	case reInst:
		if n.op == iCall {
			return c.least(c.groups[n.x])
		}
	case reGroup:
		if c.open[-1-n.x] {
			return 0
		}
		c.open[-1-n.x] = true
		lo := c.least(n.list[0])
		delete(c.open, -1-n.x)
		return lo
	case reSeq:
		lo := 0
		for _, sub := range n.list {
			lo += min(c.least(sub), 1)
		}
		return lo
	case reAlt, reCond:
		lo := 1
		for _, sub := range n.list {
			lo = min(lo, c.least(sub))
		}
		return lo
	case reRepeat:
		return min(n.min, 1) * c.least(n.list[0])
	}
	lo, _ := n.lengths()
	return lo
}

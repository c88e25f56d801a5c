package template

// A truth is what a condition came to.
type truth struct {
	holds   bool
	unknown *Node
}

// condition reports whether the condition of a name holds; used at p.
func (e *evaluator) condition(name string, p Pos) (bool, *Node) {
	if t, ok := e.truths[name]; ok {
		return t.holds, t.unknown
	}
	n := e.conditions[name]
	if n == nil {
		return false, unresolved(p, "unresolved condition %s", quote(name))
	}
	var t truth
	t.unknown = e.within("condition "+name, p, func() (u *Node) {
		t.holds, u = e.holds(n)
		return u
	})
	e.truths[name] = t
	return t.holds, t.unknown
}

// holds evaluates a condition function.
func (e *evaluator) holds(n *Node) (bool, *Node) {
	if e.depth++; e.depth > 2*maxDepth {
		e.depth--
		return false, unresolved(n.Pos, "evaluation nested deeper than %d", 2*maxDepth)
	}
	defer func() { e.depth-- }()
	if e.calls++; e.calls > maxCalls {
		return false, e.exhaust(n.Pos, "evaluates to more than %d values", maxCalls)
	}
	if n.Kind != Map || len(n.Members) != 1 {
		return false, unresolved(n.Pos, "%s where a condition is wanted", n.Kind)
	}
	name, arg := n.Members[0].Key, n.Members[0].Value
	switch name {
	case "Condition":
		id, u := scalar(arg, name)
		if u != nil {
			return false, u
		}
		return e.condition(id, arg.Pos)
	case "Fn::Equals":
		a, u := args(arg, name, 2, 2)
		if u != nil {
			return false, u
		}
		x, y := e.eval(a[0]), e.eval(a[1])
		return equal(x, y)
	case "Fn::Not":
		a, u := args(arg, name, 1, 1)
		if u != nil {
			return false, u
		}
		holds, u := e.holds(a[0])
		return !holds, u
	case "Fn::And", "Fn::Or":
		a, u := args(arg, name, 1, 1000)
		if u != nil {
			return false, u
		}
		// One that decides makes the unknown ones irrelevant.
		for _, c := range a {
			switch holds, unknown := e.holds(c); {
			case unknown != nil:
				if u == nil {
					u = unknown
				}
			case holds == (name == "Fn::Or"):
				return holds, nil
			}
		}
		return name == "Fn::And", u
	}
	return false, unresolved(n.Pos, "%s where a condition is wanted", quote(name))
}

// equal compares as CloudFormation does: scalars by their text.
func equal(x, y *Node) (bool, *Node) {
	switch {
	case x == nil || y == nil:
		return x == y, nil
	case x.Kind == Unresolved:
		return false, x
	case y.Kind == Unresolved:
		return false, y
	case x.Kind == List && y.Kind == List:
		if len(x.Items) != len(y.Items) {
			return false, nil
		}
		for i := range x.Items {
			if same, u := equal(x.Items[i], y.Items[i]); !same {
				return false, u
			}
		}
		return true, nil
	case x.Kind == Map && y.Kind == Map:
		if len(x.Members) != len(y.Members) {
			return false, nil
		}
		for _, m := range x.Members {
			if same, u := equal(m.Value, y.Get(m.Key)); !same {
				return false, u
			}
		}
		return true, nil
	}
	compound := x.Kind == List || x.Kind == Map || y.Kind == List || y.Kind == Map
	return !compound && x.Text == y.Text, nil
}

package template

import "strings"

// unroll is the members of a map with its loops (Fn::ForEach, of the language extensions) written
// out: "Fn::ForEach::Name": [Variable, [values...], {"key${Variable}": body}]. In keys and strings
// ${Variable} stands for the value, and &{Variable} for its letters and digits.
func (e *evaluator) unroll(n *Node) ([]Member, error) {
	loops := false
	for _, m := range n.Members {
		loops = loops || strings.HasPrefix(m.Key, "Fn::ForEach::")
	}
	if !loops {
		return n.Members, nil
	}
	out := &Node{Kind: Map, Pos: n.Pos}
	if err := e.unrollInto(out, n, 0); err != nil {
		return nil, err
	}
	return out.Members, nil
}

func (e *evaluator) unrollInto(out, n *Node, depth int) error {
	var seen keySet
	for _, m := range n.Members {
		if !strings.HasPrefix(m.Key, "Fn::ForEach::") {
			if at, dup := seen.add(m.Key, out.Members); dup {
				return errorf(m.KeyPos, "%s is here twice, first at line %d", quote(m.Key), at.Line)
			}
			out.Members = append(out.Members, m)
			continue
		}
		if depth > 8 {
			return errorf(m.KeyPos, "loops nested deeper than 8")
		}
		a, u := args(m.Value, m.Key, 3, 3)
		if u != nil {
			return u.Err
		}
		variable, u := scalar(a[0], m.Key)
		if u != nil {
			return u.Err
		}
		values := e.eval(a[1])
		if u := want(values, List, a[1].Pos, m.Key); u != nil {
			return u.Err
		}
		if u := want(a[2], Map, a[2].Pos, m.Key); u != nil {
			return u.Err
		}
		for _, v := range values.Items {
			text, u := scalar(v, m.Key)
			if u != nil {
				return u.Err
			}
			body := e.substitute(a[2], variable, text, v.Pos)
			if e.exhausted != nil {
				return e.exhausted
			}
			if err := e.unrollInto(out, body, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// substitute is n with a loop's variable replaced by its value.
func (e *evaluator) substitute(n *Node, variable, value string, at Pos) *Node {
	if e.calls++; e.calls > maxCalls {
		return e.exhaust(n.Pos, "evaluates to more than %d values", maxCalls)
	}
	switch n.Kind {
	case String:
		text := e.replace(n.Text, variable, value, n.Pos)
		if text == n.Text {
			return n
		}
		return &Node{Kind: String, Text: text, Pos: n.Pos}
	case List:
		out := &Node{Kind: List, Pos: n.Pos, Items: make([]*Node, len(n.Items))}
		for i, item := range n.Items {
			out.Items[i] = e.substitute(item, variable, value, at)
		}
		return out
	case Map:
		if ref := n.member("Ref"); ref != nil && len(n.Members) == 1 && ref.Kind == String && ref.Text == variable {
			return &Node{Kind: String, Text: value, Pos: at}
		}
		out := &Node{Kind: Map, Pos: n.Pos, Members: make([]Member, len(n.Members))}
		for i, m := range n.Members {
			out.Members[i] = Member{Key: e.replace(m.Key, variable, value, m.KeyPos), KeyPos: m.KeyPos, Value: e.substitute(m.Value, variable, value, at)}
		}
		return out
	}
	return n
}

func (e *evaluator) replace(s, variable, value string, p Pos) string {
	if !strings.Contains(s, "{"+variable+"}") {
		return s
	}
	letters := strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return -1
	}, value)
	if len(s)+strings.Count(s, variable)*len(value) > maxString {
		e.exhaust(p, "a text grows too long")
		return s
	}
	s = strings.NewReplacer("${"+variable+"}", value, "&{"+variable+"}", letters).Replace(s)
	e.text += len(s)
	if e.text > maxText {
		e.exhaust(p, "a text grows too long")
	}
	return s
}

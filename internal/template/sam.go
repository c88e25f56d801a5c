package template

import "strings"

// globals are SAM's: by type of resource, the properties that all of that type have.
type globals map[string]*Node

func readGlobals(doc *Node) (globals, error) {
	n := doc.Get("Globals")
	if n.IsNull() {
		return nil, nil
	}
	if n.Kind != Map {
		return nil, n.Errorf("Globals: %s where a map is wanted", n.Kind)
	}
	g := make(globals)
	for _, m := range n.Members {
		if m.Value.Kind == Null {
			continue
		}
		if m.Value.Kind != Map {
			return nil, m.Value.Errorf("Globals.%s: %s where a map is wanted", m.Key, m.Value.Kind)
		}
		g["AWS::Serverless::"+m.Key] = m.Value
	}
	return g, nil
}

// apply is a resource's properties with the globals of its type, except those that the resource's
// IgnoreGlobals names ("*" for all).
func (g globals) apply(e *evaluator, s *source, ignore *Node) *Node {
	global := g[s.typ]
	if global == nil || ignore != nil && ignore.Kind == String && ignore.Text == "*" {
		return s.properties
	}
	if ignore != nil && ignore.Kind == List {
		kept := &Node{Kind: Map, Pos: global.Pos}
	members:
		for _, m := range global.Members {
			for _, name := range ignore.Items {
				if name.Text == m.Key {
					continue members
				}
			}
			kept.Members = append(kept.Members, m)
		}
		global = kept
	}
	return merge(e, global, s.properties)
}

// merge is SAM's: maps are merged, lists joined, the global's items first; for anything else, and
// for functions, the local value stands.
func merge(e *evaluator, global, local *Node) *Node {
	if global.Kind != local.Kind || isCall(global) || isCall(local) {
		return local
	}
	size := len(global.Items) + len(global.Members)
	if e.calls += size + size*len(local.Members)/16; e.calls > maxCalls {
		return e.exhaust(local.Pos, "evaluates to more than %d values", maxCalls)
	}
	switch local.Kind {
	case List:
		items := append(append([]*Node(nil), global.Items...), local.Items...)
		return &Node{Kind: List, Pos: local.Pos, Items: items}
	case Map:
		out := &Node{Kind: Map, Pos: local.Pos}
		for _, m := range global.Members {
			if v := local.member(m.Key); v != nil {
				continue
			}
			out.Members = append(out.Members, m)
		}
		for _, m := range local.Members {
			if v := global.member(m.Key); v != nil {
				m.Value = merge(e, v, m.Value)
			}
			out.Members = append(out.Members, m)
		}
		return out
	}
	return local
}

// isCall reports whether a map is an intrinsic function.
func isCall(n *Node) bool {
	return n.Kind == Map && len(n.Members) == 1 && (n.Members[0].Key == "Ref" || strings.HasPrefix(n.Members[0].Key, "Fn::"))
}

package terraform

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/hydrantkit/hydrant/internal/template"
)

// A target is what a reference has reached: a value, one resource, or all resources of a block
// with count or for_each. Of a resource only what is asked for is evaluated: a function's role may
// refer to the function.
type target struct {
	node *template.Node
	one  *instance
	all  *declaration
}

func (m *module) target(x hclsyntax.Expression, sc *scope) target {
	at := m.pos(x.Range())
	if m.depth++; m.depth > maxDepth {
		m.depth--
		return target{node: unresolved(at, "evaluation nested deeper than %d", maxDepth)}
	}
	defer func() { m.depth-- }()
	switch x := x.(type) {
	case *hclsyntax.ParenthesesExpr:
		return m.target(x.Expression, sc)
	case *hclsyntax.AnonSymbolExpr:
		for ; sc != nil; sc = sc.outer {
			if sc.item == x {
				return sc.value
			}
		}
		return target{node: unresolved(at, "a splat of nothing")}
	case *hclsyntax.ScopeTraversalExpr:
		t, rest := m.root(x.Traversal, sc, at)
		return m.traverse(t, rest, at)
	case *hclsyntax.RelativeTraversalExpr:
		return m.traverse(m.target(x.Source, sc), x.Traversal, at)
	case *hclsyntax.IndexExpr:
		return m.step(m.target(x.Collection, sc), m.expr(x.Key, sc), at)
	}
	return target{node: m.expr(x, sc)}
}

// root is what the first names of a reference stand for, and the names behind them.
func (m *module) root(tr hcl.Traversal, sc *scope, at template.Pos) (target, hcl.Traversal) {
	name := tr.RootName()
	for ; sc != nil; sc = sc.outer {
		if sc.item == nil && sc.name == name {
			return sc.value, tr[1:]
		}
	}
	var names []string
	for _, s := range tr[1:] {
		a, ok := s.(hcl.TraverseAttr)
		if !ok {
			break
		}
		names = append(names, a.Name)
	}
	if len(names) == 0 {
		return target{node: unresolved(at, "unresolved reference %s", name)}, nil
	}
	switch name {
	case "var":
		return target{node: m.variable(names[0], at)}, tr[2:]
	case "local":
		return target{node: m.local(names[0], at)}, tr[2:]
	case "path":
		return target{node: text(at, ".")}, tr[2:]
	case "terraform":
		return target{node: text(at, "default")}, tr[2:]
	case "module":
		return target{node: unresolved(at, "unresolved module %s: modules are not followed in .tf files; give the JSON of terraform show", names[0])}, nil
	case "each", "count", "self":
		return target{node: unresolved(at, "unresolved reference %s.%s", name, names[0])}, nil
	}
	address, used := name+"."+names[0], 2
	if name == "data" {
		if len(names) < 2 {
			return target{node: unresolved(at, "unresolved reference data.%s", names[0])}, nil
		}
		address, used = "data."+names[0]+"."+names[1], 3
	}
	d := m.resources[address]
	if d == nil {
		return target{node: unresolved(at, "unresolved reference %s: it is not declared", address)}, nil
	}
	if m.expand(d); d.unknown != nil {
		return target{node: m.usedAt(d.unknown, at)}, nil
	}
	if d.keyed == template.Null && len(d.instances) == 1 {
		return target{one: d.instances[0]}, tr[used:]
	}
	return target{all: d}, tr[used:]
}

func (m *module) traverse(t target, steps hcl.Traversal, at template.Pos) target {
	for _, s := range steps {
		switch s := s.(type) {
		case hcl.TraverseAttr:
			t = m.step(t, text(at, s.Name), at)
		case hcl.TraverseIndex:
			t = m.step(t, m.fromCty(s.Key, at), at)
		default:
			return target{node: unresolved(at, "a reference that is not followed here")}
		}
	}
	return t
}

// step follows one name or index.
func (m *module) step(t target, key *template.Node, at template.Pos) target {
	unknown := func(format string, args ...any) target {
		return target{node: unresolved(at, format, args...)}
	}
	if key.Kind == template.Unresolved {
		return target{node: key}
	}
	switch {
	case t.all != nil:
		for _, i := range t.all.instances {
			if i.key != nil && i.key.Text == key.Text {
				return target{one: i}
			}
		}
		return unknown("unresolved reference %s[%s]: there is no such instance", t.all.address, key.Text)
	case t.one != nil:
		if key.Kind != template.String {
			return unknown("%s has no count", t.one.address)
		}
		return target{node: m.attribute(t.one, key.Text, at)}
	}
	n := t.node
	switch n.Kind {
	case template.Unresolved:
		return t
	case template.Map:
		name, err := key.Str()
		if err != nil {
			return unknown("%s as a key", key.Kind)
		}
		m.calls += len(n.Members) / 64
		if v := n.Get(name); v != nil {
			return target{node: v}
		}
		return unknown("no %.60q in the map (of line %d)", name, n.Pos.Line)
	case template.List:
		i, err := key.Int()
		if err != nil || m.sets[n] {
			return unknown("%.60q as an index", key.Text)
		}
		if i < 0 || i >= int64(len(n.Items)) {
			return unknown("index %d of a list of %d", i, len(n.Items))
		}
		return target{node: n.Items[i]}
	}
	return unknown("%s where a list or a map is wanted", n.Kind)
}

// value is a target as a node: a resource is the map of its attributes.
func (m *module) value(t target, at template.Pos) *template.Node {
	switch {
	case t.one != nil:
		return m.whole(t.one, at)
	case t.all != nil:
		n := &template.Node{Kind: template.List, Pos: at}
		if t.all.keyed == template.String {
			n.Kind = template.Map
		}
		for _, i := range t.all.instances {
			if n.Kind == template.Map {
				n.Members = append(n.Members, template.Member{Key: i.key.Text, KeyPos: i.key.Pos, Value: m.whole(i, at)})
			} else {
				n.Items = append(n.Items, m.whole(i, at))
			}
		}
		return n
	}
	return t.node
}

// whole is a resource as a map: its arguments, id and ARN.
func (m *module) whole(i *instance, at template.Pos) *template.Node {
	return m.within(i.id(), at, func() *template.Node {
		n := m.body(i.block.Body, i.scope, true)
		for _, name := range []string{"id", "arn"} {
			if n.Get(name) == nil {
				n.Members = append(n.Members, template.Member{Key: name, KeyPos: at, Value: m.attribute(i, name, at)})
			}
		}
		return n
	})
}

// attribute is the value of a resource's attribute used at p: what its block says, else what is
// computed.
func (m *module) attribute(i *instance, name string, p template.Pos) *template.Node {
	if a := i.block.Body.Attributes[name]; a != nil {
		return m.within(i.id()+"."+name, p, func() *template.Node { return m.expr(a.Expr, i.scope) })
	}
	for _, b := range i.block.Body.Blocks {
		if b.Type == name || b.Type == "dynamic" && len(b.Labels) == 1 && b.Labels[0] == name {
			return m.within(i.id()+"."+name, p, func() *template.Node {
				only := &hclsyntax.Body{SrcRange: i.block.Body.SrcRange}
				for _, b := range i.block.Body.Blocks {
					if b.Type == name || b.Type == "dynamic" && len(b.Labels) == 1 && b.Labels[0] == name {
						only.Blocks = append(only.Blocks, b)
					}
				}
				v := m.body(only, i.scope, false).Get(name)
				if v == nil {
					v = &template.Node{Kind: template.List, Pos: p}
				}
				return v
			})
		}
	}
	return m.subject(i, p).computed(m.options, name, p)
}

// subject is a resource of a .tf file as its names are made of it, at p.
func (m *module) subject(i *instance, p template.Pos) *subject {
	label := i.name
	if i.key != nil {
		label += "-" + i.key.Text
	}
	return &subject{i.id(), i.typ, label, func(name string) *template.Node {
		if name == "" || i.block.Body.Attributes[name] == nil {
			return nil
		}
		return m.attribute(i, name, p)
	}}
}

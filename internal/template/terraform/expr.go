package terraform

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/hydrantkit/hydrant/internal/template"
)

// A scope holds the names that stand for something inside an expression or a block: each, count,
// a dynamic block's iterator, a for expression's variables; and the item of a splat.
type scope struct {
	outer *scope
	name  string
	item  *hclsyntax.AnonSymbolExpr
	value target
}

func bind(outer *scope, name string, v *template.Node) *scope {
	return &scope{outer: outer, name: name, value: target{node: v}}
}

// expr is the value of an expression.
func (m *module) expr(x hclsyntax.Expression, sc *scope) *template.Node {
	if m.calls++; m.calls > maxCalls || m.exhausted != nil {
		return m.exhaust(m.pos(x.Range()))
	}
	if m.depth++; m.depth > maxDepth {
		m.depth--
		return unresolved(m.pos(x.Range()), "evaluation nested deeper than %d", maxDepth)
	}
	n := m.eval(x, sc)
	m.depth--
	return n
}

func (m *module) eval(x hclsyntax.Expression, sc *scope) *template.Node {
	at := m.pos(x.Range())
	switch x := x.(type) {
	case *hclsyntax.LiteralValueExpr:
		return m.fromCty(x.Val, at)
	case *hclsyntax.ParenthesesExpr:
		return m.expr(x.Expression, sc)
	case *hclsyntax.TemplateWrapExpr:
		return m.expr(x.Wrapped, sc)
	case *hclsyntax.TemplateExpr:
		return m.join(x.Parts, sc, at)
	case *hclsyntax.TemplateJoinExpr:
		list := m.expr(x.Tuple, sc)
		if list.Kind != template.List {
			return list
		}
		return m.concatenate(list.Items, at)
	case *hclsyntax.ObjectConsKeyExpr:
		if name := hcl.ExprAsKeyword(x.Wrapped); name != "" && !x.ForceNonLiteral {
			return text(at, name)
		}
		return m.expr(x.Wrapped, sc)
	case *hclsyntax.ObjectConsExpr:
		n := &template.Node{Kind: template.Map, Pos: at}
		seen := make(map[string]int, len(x.Items))
		for _, it := range x.Items {
			k := m.expr(it.KeyExpr, sc)
			if k.Kind == template.Unresolved {
				return k
			}
			key, err := k.Str()
			if err != nil {
				return unresolved(k.Pos, "%s as a key", k.Kind)
			}
			setMember(n, seen, template.Member{Key: key, KeyPos: k.Pos, Value: m.expr(it.ValueExpr, sc)})
		}
		return n
	case *hclsyntax.TupleConsExpr:
		n := &template.Node{Kind: template.List, Pos: at}
		for _, e := range x.Exprs {
			n.Items = append(n.Items, m.expr(e, sc))
		}
		return n
	case *hclsyntax.ConditionalExpr:
		switch holds, u := m.truth(x.Condition, sc); {
		case u != nil:
			return u
		case holds:
			return m.expr(x.TrueResult, sc)
		}
		return m.expr(x.FalseResult, sc)
	case *hclsyntax.BinaryOpExpr:
		return m.binary(x, sc, at)
	case *hclsyntax.UnaryOpExpr:
		return m.compute(x.Op.Impl, []*template.Node{m.expr(x.Val, sc)}, at, "operator")
	case *hclsyntax.FunctionCallExpr:
		return m.call(x, sc, at)
	case *hclsyntax.ForExpr:
		return m.forEach(x, sc, at)
	case *hclsyntax.SplatExpr:
		return m.splat(x, sc, at)
	case *hclsyntax.ScopeTraversalExpr, *hclsyntax.RelativeTraversalExpr, *hclsyntax.IndexExpr, *hclsyntax.AnonSymbolExpr:
		return m.value(m.target(x, sc), at)
	}
	return unresolved(at, "an expression that is not evaluated here")
}

// setMember sets a key of a map, in its place or at the end; seen knows the places.
func setMember(n *template.Node, seen map[string]int, e template.Member) {
	if i, ok := seen[e.Key]; ok {
		n.Members[i] = e
		return
	}
	seen[e.Key] = len(n.Members)
	n.Members = append(n.Members, e)
}

// truth is the value of an expression that must be a boolean.
func (m *module) truth(x hclsyntax.Expression, sc *scope) (bool, *template.Node) {
	v := m.expr(x, sc)
	b, err := v.Bool()
	if err != nil {
		return false, &template.Node{Kind: template.Unresolved, Pos: v.Pos, Err: err}
	}
	return b, nil
}

// join is the value of a template in quotes or of a heredoc.
func (m *module) join(parts []hclsyntax.Expression, sc *scope, at template.Pos) *template.Node {
	var values []*template.Node
	for _, p := range parts {
		values = append(values, m.expr(p, sc))
	}
	return m.concatenate(values, at)
}

func (m *module) concatenate(parts []*template.Node, at template.Pos) *template.Node {
	var b strings.Builder
	for _, p := range parts {
		if p.Kind == template.Unresolved {
			return p
		}
		s, err := p.Str()
		if err != nil {
			return unresolved(p.Pos, "%s in a string", p.Kind)
		}
		if b.WriteString(s); b.Len() > maxString {
			return m.exhaust(at)
		}
	}
	if m.text += b.Len(); m.text > maxText {
		return m.exhaust(at)
	}
	return text(at, b.String())
}

func (m *module) binary(x *hclsyntax.BinaryOpExpr, sc *scope, at template.Pos) *template.Node {
	if x.Op == hclsyntax.OpLogicalAnd || x.Op == hclsyntax.OpLogicalOr {
		// An operand that decides makes an unknown other one irrelevant.
		deciding := x.Op == hclsyntax.OpLogicalOr
		left, ul := m.truth(x.LHS, sc)
		if ul == nil && left == deciding {
			return boolean(at, deciding)
		}
		right, ur := m.truth(x.RHS, sc)
		switch {
		case ur == nil && right == deciding:
			return boolean(at, deciding)
		case ul != nil:
			return ul
		case ur != nil:
			return ur
		}
		return boolean(at, !deciding)
	}
	return m.compute(x.Op.Impl, []*template.Node{m.expr(x.LHS, sc), m.expr(x.RHS, sc)}, at, "operator")
}

func boolean(p template.Pos, b bool) *template.Node {
	n := &template.Node{Kind: template.Bool, Text: "false", Pos: p}
	if b {
		n.Text = "true"
	}
	return n
}

func (m *module) forEach(x *hclsyntax.ForExpr, sc *scope, at template.Pos) *template.Node {
	items, u := m.items(m.expr(x.CollExpr, sc), at)
	if u != nil {
		return u
	}
	out := &template.Node{Kind: template.List, Pos: at}
	if x.KeyExpr != nil {
		out.Kind = template.Map
	}
	seen := make(map[string]int)
	for _, it := range items {
		in := bind(sc, x.ValVar, it.value)
		if x.KeyVar != "" {
			in = bind(in, x.KeyVar, it.key)
		}
		if x.CondExpr != nil {
			if holds, u := m.truth(x.CondExpr, in); u != nil {
				return u
			} else if !holds {
				continue
			}
		}
		if x.KeyExpr == nil {
			out.Items = append(out.Items, m.expr(x.ValExpr, in))
			continue
		}
		k := m.expr(x.KeyExpr, in)
		if k.Kind == template.Unresolved {
			return k
		}
		key, err := k.Str()
		if err != nil {
			return unresolved(k.Pos, "%s as a key", k.Kind)
		}
		v := m.expr(x.ValExpr, in)
		i, dup := seen[key]
		switch {
		case dup && !x.Group:
			return unresolved(at, "the key %.60q comes out twice", key)
		case dup:
			group := out.Members[i].Value
			group.Items = append(group.Items, v)
			continue
		case x.Group:
			v = &template.Node{Kind: template.List, Pos: v.Pos, Items: []*template.Node{v}}
		}
		seen[key] = len(out.Members)
		out.Members = append(out.Members, template.Member{Key: key, KeyPos: k.Pos, Value: v})
	}
	return out
}

func (m *module) splat(x *hclsyntax.SplatExpr, sc *scope, at template.Pos) *template.Node {
	src := m.target(x.Source, sc)
	var each []target
	switch {
	case src.all != nil:
		if m.expand(src.all); src.all.unknown != nil {
			return src.all.unknown
		}
		for _, i := range src.all.instances {
			each = append(each, target{one: i})
		}
	case src.one != nil:
		each = []target{src}
	case src.node.Kind == template.Unresolved:
		return src.node
	case src.node.Kind == template.List:
		for _, item := range src.node.Items {
			each = append(each, target{node: item})
		}
	case src.node.Kind != template.Null:
		each = []target{src}
	}
	out := &template.Node{Kind: template.List, Pos: at}
	for _, t := range each {
		out.Items = append(out.Items, m.expr(x.Each, &scope{outer: sc, item: x.Item, value: t}))
	}
	return out
}

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

// fromCty makes a node of a computed value, which stands at p.
func (m *module) fromCty(v cty.Value, p template.Pos) *template.Node {
	v, _ = v.Unmark()
	n := &template.Node{Pos: p}
	if m.calls++; m.calls > maxCalls {
		return m.exhaust(p)
	}
	if !v.IsKnown() {
		return unresolved(p, "unresolved: the value is not known")
	}
	if v.IsNull() {
		return n
	}
	switch t := v.Type(); {
	case t == cty.String:
		if m.text += len(v.AsString()); m.text > maxText {
			return m.exhaust(p)
		}
		n.Kind, n.Text = template.String, v.AsString()
	case t == cty.Bool:
		return boolean(p, v.True())
	case t == cty.Number:
		f := v.AsBigFloat()
		format := byte('f')
		if exp := f.MantExp(nil); exp > 2000 || exp < -2000 {
			format = 'g'
		}
		n.Kind, n.Text = template.Number, f.Text(format, -1)
		if f.IsInf() {
			return unresolved(p, "an infinite number")
		}
	case t.IsListType() || t.IsTupleType() || t.IsSetType():
		n.Kind = template.List
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			n.Items = append(n.Items, m.fromCty(e, p))
		}
		if t.IsSetType() {
			m.sets[n] = true
		}
	case t.IsMapType() || t.IsObjectType():
		n.Kind = template.Map
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			n.Members = append(n.Members, template.Member{Key: k.AsString(), KeyPos: p, Value: m.fromCty(e, p)})
		}
	default:
		return unresolved(p, "a value that is not read here")
	}
	return n
}

// toCty makes a value of a node; the node returned is the first one in it that isn't known.
func (m *module) toCty(n *template.Node) (cty.Value, *template.Node) {
	if m.calls++; m.calls > maxCalls {
		return cty.NilVal, m.exhaust(n.Pos)
	}
	switch n.Kind {
	case template.Null:
		return cty.NullVal(cty.DynamicPseudoType), nil
	case template.Bool:
		return cty.BoolVal(n.Text == "true"), nil
	case template.Number:
		v, err := cty.ParseNumberVal(n.Text)
		if err != nil {
			return v, unresolved(n.Pos, "%.60q is not a number", n.Text)
		}
		return v, nil
	case template.String:
		return cty.StringVal(n.Text), nil
	case template.List:
		var items []cty.Value
		for _, item := range n.Items {
			v, u := m.toCty(item)
			if u != nil {
				return v, u
			}
			items = append(items, v)
		}
		return cty.TupleVal(items), nil
	case template.Map:
		members := make(map[string]cty.Value)
		for _, e := range n.Members {
			v, u := m.toCty(e.Value)
			if u != nil {
				return v, u
			}
			members[e.Key] = v
		}
		return cty.ObjectVal(members), nil
	}
	return cty.NilVal, n
}

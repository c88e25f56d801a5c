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
			key, pos, u := m.key(it.KeyExpr, sc)
			if u != nil {
				return u
			}
			setMember(n, seen, template.Member{Key: key, KeyPos: pos, Value: m.expr(it.ValueExpr, sc)})
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
		key, pos, u := m.key(x.KeyExpr, in)
		if u != nil {
			return u
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
		out.Members = append(out.Members, template.Member{Key: key, KeyPos: pos, Value: v})
	}
	return out
}

// key is the value of an expression as the key of a member.
func (m *module) key(x hclsyntax.Expression, sc *scope) (key string, pos template.Pos, u *template.Node) {
	k := m.expr(x, sc)
	if k.Kind == template.Unresolved {
		return "", k.Pos, k
	}
	key, err := k.Str()
	if err != nil {
		return "", k.Pos, unresolved(k.Pos, "%s as a key", k.Kind)
	}
	return key, k.Pos, nil
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

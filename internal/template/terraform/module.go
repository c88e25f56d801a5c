package terraform

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/hydrantkit/hydrant/internal/template"
)

// A module is one configuration and its evaluation. What is looked up by name is looked up once
// (memo); stack holds the names being looked up, to find circles.
type module struct {
	options   template.Options
	read      func(string) ([]byte, error)
	data      map[string][]byte
	variables map[string]*hclsyntax.Block
	given     map[string]hclsyntax.Expression // values of variables in .tfvars
	used      map[string]bool                 // variables that are referred to
	locals    map[string]*hclsyntax.Attribute
	resources map[string]*declaration // by address, data sources with "data." before it
	declared  []*declaration
	outputs   []*hclsyntax.Block

	memo      map[string]*template.Node
	sets      map[*template.Node]bool // the lists that are sets: their items are their own keys
	stack     []string
	depth     int
	calls     int
	text      int
	exhausted error
}

// A declaration is a resource block, or a data block.
type declaration struct {
	address   string
	typ, name string
	block     *hclsyntax.Block
	own       bool // of a file that was asked for

	expanded  bool
	keyed     template.Kind // of the instances' keys: Number for count, String for for_each, else Null
	instances []*instance
	unknown   *template.Node // why the instances aren't known
}

// An instance is one of a declaration's resources: the only one without count and for_each.
type instance struct {
	*declaration
	key   *template.Node
	scope *scope
}

func (i *instance) id() string {
	switch {
	case i.key == nil:
		return i.address
	case i.keyed == template.Number:
		return i.address + "[" + i.key.Text + "]"
	}
	return i.address + "[" + strconv.Quote(i.key.Text) + "]"
}

func errorf(p template.Pos, format string, args ...any) *template.Error {
	return &template.Error{Pos: p, Msg: fmt.Sprintf(format, args...)}
}

// unresolved is a value that is not known: for want of a provider, or because it is wrong.
func unresolved(p template.Pos, format string, args ...any) *template.Node {
	return &template.Node{Kind: template.Unresolved, Pos: p, Err: errorf(p, format, args...)}
}

func text(p template.Pos, s string) *template.Node {
	return &template.Node{Kind: template.String, Text: s, Pos: p}
}

func number(p template.Pos, i int) *template.Node {
	return &template.Node{Kind: template.Number, Text: strconv.Itoa(i), Pos: p}
}

// declare notes what a file declares. What the asked-for files declare goes before the rest.
func (m *module) declare(body *hclsyntax.Body, own bool) error {
	twice := func(at hcl.Range, what string) error {
		if !own {
			return nil
		}
		return errorf(m.pos(at), "%s is declared twice", what)
	}
	for _, b := range body.Blocks {
		switch b.Type {
		case "variable":
			if len(b.Labels) != 1 {
				return errorf(m.pos(b.TypeRange), "a variable wants a name")
			}
			if m.variables[b.Labels[0]] != nil {
				if err := twice(b.LabelRanges[0], "variable "+b.Labels[0]); err != nil {
					return err
				}
				continue
			}
			m.variables[b.Labels[0]] = b
		case "locals":
			for name, a := range b.Body.Attributes {
				if m.locals[name] != nil {
					if err := twice(a.NameRange, "local "+name); err != nil {
						return err
					}
					continue
				}
				m.locals[name] = a
			}
		case "resource", "data":
			if len(b.Labels) != 2 {
				return errorf(m.pos(b.TypeRange), "a %s wants a type and a name", b.Type)
			}
			d := &declaration{address: b.Labels[0] + "." + b.Labels[1], typ: b.Labels[0], name: b.Labels[1], block: b, own: own}
			if b.Type == "data" {
				d.address = "data." + d.address
			}
			if m.resources[d.address] != nil {
				if err := twice(b.LabelRanges[1], d.address); err != nil {
					return err
				}
				continue
			}
			m.resources[d.address] = d
			m.declared = append(m.declared, d)
		case "provider":
			if region := b.Body.Attributes["region"]; region != nil && len(b.Labels) == 1 && b.Labels[0] == "aws" && b.Body.Attributes["alias"] == nil && m.locals["provider region"] == nil {
				m.locals["provider region"] = region
			}
		case "output":
			if own && len(b.Labels) == 1 {
				m.outputs = append(m.outputs, b)
			}
		}
	}
	return nil
}

// template evaluates everything that is asked for.
func (m *module) template(file string) (*template.Template, error) {
	for _, name := range sortedKeys(m.options.Parameters) {
		if m.variables[name] == nil && !m.used[name] {
			return nil, errorf(template.Pos{File: file}, "no variable %q in the configuration", name)
		}
	}
	if m.options.Region == "" && m.locals["provider region"] != nil {
		// The region that the configuration itself names is truer than our default.
		if r := m.local("provider region", template.Pos{}); r.Kind == template.String {
			m.options.Region = r.Text
		}
	}
	m.options = m.options.WithDefaults()
	for _, name := range sortedKeys(m.variables) {
		if err := m.validate(name, m.variables[name]); err != nil {
			return nil, err
		}
	}
	t := &template.Template{File: file}
	for _, d := range m.declared {
		if !d.own || d.block.Type != "resource" {
			continue
		}
		m.expand(d)
		instances, unknown := d.instances, error(nil)
		if d.unknown != nil {
			instances, unknown = []*instance{{declaration: d}}, d.unknown.Err
		}
		for _, i := range instances {
			at := m.pos(d.block.LabelRanges[1])
			named := m.subject(i, at)
			t.Resources = append(t.Resources, &template.Resource{
				LogicalID:  i.id(),
				Type:       d.typ,
				TypePos:    m.pos(d.block.LabelRanges[0]),
				Pos:        at,
				Properties: m.body(d.block.Body, i.scope, true),
				Name:       named.name(at),
				ARN:        named.arn(m.options, at),
				Err:        unknown,
			})
			if m.exhausted != nil {
				return nil, m.exhausted
			}
		}
	}
	if len(m.outputs) > 0 {
		t.Outputs = &template.Node{Kind: template.Map, Pos: m.pos(m.outputs[0].TypeRange)}
		for _, b := range m.outputs {
			t.Outputs.Members = append(t.Outputs.Members, template.Member{Key: b.Labels[0], KeyPos: m.pos(b.LabelRanges[0]), Value: m.body(b.Body, nil, false)})
		}
	}
	return t, m.exhausted
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// validate checks a variable's value by its own rules.
func (m *module) validate(name string, b *hclsyntax.Block) error {
	v := m.variable(name, m.pos(b.LabelRanges[0]))
	for _, rule := range b.Body.Blocks {
		condition := rule.Body.Attributes["condition"]
		if rule.Type != "validation" || condition == nil || v.Kind == template.Unresolved {
			continue
		}
		holds, err := m.expr(condition.Expr, nil).Bool()
		if err != nil || holds {
			continue // a rule that can't be evaluated here is Terraform's to apply
		}
		msg := "its validation rule refuses it"
		if a := rule.Body.Attributes["error_message"]; a != nil {
			if s, err := m.expr(a.Expr, nil).Str(); err == nil {
				msg = s
			}
		}
		at := v.Pos
		if at.Line == 0 {
			at = m.pos(b.LabelRanges[0])
		}
		return errorf(at, "variable %s: %s", name, msg)
	}
	return m.exhausted
}

// within looks something up once, unless it is what is being looked up.
func (m *module) within(what string, p template.Pos, f func() *template.Node) *template.Node {
	if n := m.memo[what]; n != nil {
		return n
	}
	if i := slices.Index(m.stack, what); i >= 0 {
		circle := append(slices.Clone(m.stack[i:]), what)
		if len(circle) > 8 {
			circle = append(append(circle[:4:4], "…"), circle[len(circle)-3:]...)
		}
		return unresolved(p, "circular reference: %s", strings.Join(circle, " → "))
	}
	m.stack = append(m.stack, what)
	n := f()
	m.stack = m.stack[:len(m.stack)-1]
	m.memo[what] = n
	return n
}

// variable is the value of a variable used at p: a parameter, a value of .tfvars, its default.
func (m *module) variable(name string, p template.Pos) *template.Node {
	b := m.variables[name]
	if b == nil {
		if s, ok := m.options.Parameters[name]; ok {
			return text(p, s)
		}
		return unresolved(p, "unresolved variable %s: it is not declared; give it with --parameter %[1]s=VALUE", name)
	}
	v := m.within("var."+name, p, func() *template.Node {
		var typ hclsyntax.Expression
		if a := b.Body.Attributes["type"]; a != nil {
			typ = a.Expr
		}
		var v *template.Node
		if s, ok := m.options.Parameters[name]; ok {
			v = m.parameter(s, typ)
		} else if x := m.given[name]; x != nil {
			v = m.expr(x, nil)
		} else if d := b.Body.Attributes["default"]; d != nil {
			v = m.expr(d.Expr, nil)
		} else {
			return unresolved(template.Pos{}, "unresolved variable %s: it has no default; give it with --parameter %[1]s=VALUE", name)
		}
		if typ != nil {
			v = m.coerce(v, typ)
		}
		return v
	})
	return m.usedAt(v, p)
}

// parameter is a value from outside: a string as it is where a string is wanted, else an
// expression, as terraform reads -var.
func (m *module) parameter(s string, typ hclsyntax.Expression) *template.Node {
	if typ == nil || hcl.ExprAsKeyword(typ) == "string" || hcl.ExprAsKeyword(typ) == "any" {
		return text(template.Pos{}, s)
	}
	tokens, _ := hclsyntax.LexExpression([]byte(s), "", hcl.InitialPos)
	if err := m.checkNesting(tokens); err != nil {
		return text(template.Pos{}, s)
	}
	x, diags := hclsyntax.ParseExpression([]byte(s), "", hcl.InitialPos)
	if diags.HasErrors() {
		return text(template.Pos{}, s)
	}
	return m.expr(x, nil)
}

// usedAt gives a value that is written in no file the place of its use.
func (m *module) usedAt(v *template.Node, p template.Pos) *template.Node {
	if v.Pos.File != "" {
		return v
	}
	at := *v
	at.Pos = p
	if err, ok := v.Err.(*template.Error); ok {
		at.Err = &template.Error{Pos: p, Msg: err.Msg}
	}
	at.Items = slices.Clone(v.Items)
	for i, item := range at.Items {
		at.Items[i] = m.usedAt(item, p)
	}
	at.Members = slices.Clone(v.Members)
	for i := range at.Members {
		at.Members[i].KeyPos = p
		at.Members[i].Value = m.usedAt(at.Members[i].Value, p)
	}
	if m.sets[v] {
		m.sets[&at] = true
	}
	return &at
}

func (m *module) local(name string, p template.Pos) *template.Node {
	a := m.locals[name]
	if a == nil {
		return unresolved(p, "unresolved local %s: it is not declared", name)
	}
	return m.within("local."+name, p, func() *template.Node { return m.expr(a.Expr, nil) })
}

// expand finds the instances of a declaration.
func (m *module) expand(d *declaration) {
	if d.expanded {
		return
	}
	count, each := d.block.Body.Attributes["count"], d.block.Body.Attributes["for_each"]
	var x *hclsyntax.Attribute
	switch {
	case count != nil:
		x = count
	case each != nil:
		x = each
	default:
		d.expanded = true
		d.instances = []*instance{{declaration: d}}
		return
	}
	v := m.within(d.address+"."+x.Name, m.pos(x.NameRange), func() *template.Node { return m.expr(x.Expr, nil) })
	if d.expanded {
		return
	}
	d.expanded = true
	at := m.pos(x.Expr.Range())
	if count != nil {
		d.keyed = template.Number
		n, err := v.Int()
		switch {
		case err != nil:
			d.unknown = &template.Node{Kind: template.Unresolved, Pos: v.Pos, Err: err}
		case n < 0 || n > 10_000:
			d.unknown = unresolved(v.Pos, "count is %d", n)
		}
		for i := 0; d.unknown == nil && i < int(n); i++ {
			key := number(at, i)
			d.instances = append(d.instances, &instance{d, key, bind(nil, "count", object(at, "index", key))})
		}
		return
	}
	d.keyed = template.String
	items, u := m.items(v, at)
	if u != nil {
		d.unknown = u
		return
	}
	for _, it := range items {
		key := text(it.key.Pos, it.key.Text)
		d.instances = append(d.instances, &instance{d, key, bind(nil, "each", object(at, "key", key, "value", it.value))})
	}
}

// object is a map of a few members: key, value, key, value...
func object(p template.Pos, members ...any) *template.Node {
	n := &template.Node{Kind: template.Map, Pos: p}
	for i := 0; i < len(members); i += 2 {
		n.Members = append(n.Members, template.Member{Key: members[i].(string), KeyPos: p, Value: members[i+1].(*template.Node)})
	}
	return n
}

// An item is one of a collection that is iterated: a list's index, a map's key, a set's item as key.
type item struct{ key, value *template.Node }

func (m *module) items(v *template.Node, p template.Pos) ([]item, *template.Node) {
	var out []item
	switch v.Kind {
	case template.Unresolved:
		return nil, v
	case template.List:
		for i, e := range v.Items {
			if m.sets[v] {
				out = append(out, item{e, e})
			} else {
				out = append(out, item{number(p, i), e})
			}
		}
	case template.Map:
		for _, e := range v.Members {
			out = append(out, item{text(e.KeyPos, e.Key), e.Value})
		}
		slices.SortStableFunc(out, func(a, b item) int { return strings.Compare(a.key.Text, b.key.Text) })
	default:
		return nil, unresolved(v.Pos, "%s where a list or a map is wanted", v.Kind)
	}
	if m.calls += len(out); m.calls > maxCalls {
		return nil, m.exhaust(p)
	}
	return out, nil
}

func (m *module) exhaust(p template.Pos) *template.Node {
	n := unresolved(p, "evaluates to too much")
	if m.exhausted == nil {
		m.exhausted = n.Err
	}
	return n
}

// body is the value of a block: its arguments, and its blocks as lists by their types.
func (m *module) body(b *hclsyntax.Body, sc *scope, resource bool) *template.Node {
	n := &template.Node{Kind: template.Map, Pos: m.pos(b.SrcRange)}
	type part struct {
		at   int
		attr *hclsyntax.Attribute
		blk  *hclsyntax.Block
	}
	var parts []part
	for _, a := range b.Attributes {
		if resource && slices.Contains([]string{"count", "for_each", "provider", "depends_on"}, a.Name) {
			continue
		}
		parts = append(parts, part{a.NameRange.Start.Byte, a, nil})
	}
	for _, blk := range b.Blocks {
		if resource && slices.Contains([]string{"lifecycle", "provisioner", "connection"}, blk.Type) {
			continue
		}
		parts = append(parts, part{blk.TypeRange.Start.Byte, nil, blk})
	}
	slices.SortFunc(parts, func(a, b part) int { return a.at - b.at })
	index := make(map[string]int) // of the lists of blocks, in n.Members
	for _, p := range parts {
		if p.attr != nil {
			n.Members = append(n.Members, template.Member{Key: p.attr.Name, KeyPos: m.pos(p.attr.NameRange), Value: m.expr(p.attr.Expr, sc)})
			continue
		}
		typ, at := p.blk.Type, m.pos(p.blk.TypeRange)
		var blocks []*template.Node
		var unknown *template.Node
		if typ == "dynamic" && len(p.blk.Labels) == 1 {
			typ = p.blk.Labels[0]
			blocks, unknown = m.dynamic(p.blk, sc)
		} else {
			one := m.body(p.blk.Body, sc, false)
			one.Pos = at
			blocks = []*template.Node{one}
		}
		i, ok := index[typ]
		if !ok {
			i = len(n.Members)
			index[typ] = i
			n.Members = append(n.Members, template.Member{Key: typ, KeyPos: at, Value: &template.Node{Kind: template.List, Pos: at}})
		}
		list := n.Members[i].Value
		switch {
		case list.Kind == template.Unresolved:
		case unknown != nil:
			n.Members[i].Value = unknown
		default:
			list.Items = append(list.Items, blocks...)
		}
	}
	// A dynamic block of no items is no block.
	n.Members = slices.DeleteFunc(n.Members, func(e template.Member) bool {
		_, block := index[e.Key]
		return block && e.Value.Kind == template.List && len(e.Value.Items) == 0
	})
	return n
}

// dynamic is the blocks that a dynamic block makes.
func (m *module) dynamic(b *hclsyntax.Block, sc *scope) ([]*template.Node, *template.Node) {
	at := m.pos(b.LabelRanges[0])
	each := b.Body.Attributes["for_each"]
	var content *hclsyntax.Block
	for _, c := range b.Body.Blocks {
		if c.Type == "content" {
			content = c
		}
	}
	if each == nil || content == nil {
		return nil, unresolved(at, "a dynamic block wants for_each and content")
	}
	name := b.Labels[0]
	if a := b.Body.Attributes["iterator"]; a != nil {
		if name = hcl.ExprAsKeyword(a.Expr); name == "" {
			return nil, unresolved(m.pos(a.Expr.Range()), "an iterator wants a name")
		}
	}
	items, u := m.items(m.expr(each.Expr, sc), m.pos(each.Expr.Range()))
	if u != nil {
		return nil, u
	}
	var out []*template.Node
	for _, it := range items {
		block := m.body(content.Body, bind(sc, name, object(at, "key", it.key, "value", it.value)), false)
		block.Pos = at
		out = append(out, block)
	}
	return out, nil
}

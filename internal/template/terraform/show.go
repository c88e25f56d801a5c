package terraform

import (
	"strings"

	"github.com/hydrantkit/hydrant/internal/template"
)

// IsShow reports whether a document is the JSON of terraform show.
func IsShow(doc *template.Node) bool {
	return doc.Get("format_version") != nil && (doc.Get("values") != nil || doc.Get("planned_values") != nil)
}

// ParseShow reads the JSON of terraform show -json, of a state or of a plan, with the resources of
// child modules. In a plan, an argument that is known only after apply has the value of the one
// attribute (an ARN, an id, a name) that its expression refers to, and is Unresolved where there
// isn't just one: the plan doesn't say what the expression makes of it.
func ParseShow(doc *template.Node, o template.Options) (*template.Template, error) {
	if !IsShow(doc) {
		return nil, doc.Errorf("no JSON of terraform show: it has neither values nor planned_values")
	}
	s := &show{
		options:     o.WithDefaults(),
		values:      make(map[string]*template.Node),
		unknown:     make(map[string]*template.Node),
		expressions: make(map[string]*template.Node),
	}
	t := &template.Template{File: doc.Pos.File}
	values := doc.Get("values")
	if values == nil {
		values = doc.Get("planned_values")
		for _, c := range items(doc.Get("resource_changes")) {
			if address, err := c.Get("address").Str(); err == nil {
				s.unknown[address] = c.Get("change", "after_unknown")
			}
		}
		s.configuration(doc.Get("configuration", "root_module"), "")
	}
	t.Outputs = values.Get("outputs")
	if err := s.module(values.Get("root_module")); err != nil {
		return nil, err
	}
	for _, r := range s.resources {
		address, err := r.Get("address").Str()
		if err != nil {
			return nil, err
		}
		if mode := r.Get("mode"); mode != nil && mode.Text != "managed" {
			continue
		}
		typ, err := r.Get("type").Str()
		if err != nil {
			return nil, err
		}
		at := r.Get("address").Pos
		properties := s.complete(r.Get("values"), s.unknown[address], s.expressions[unindexed(address)], modulePrefix(address))
		if properties.IsNull() {
			properties = &template.Node{Kind: template.Map, Pos: r.Pos}
		}
		if properties.Kind != template.Map {
			return nil, properties.Errorf("values of %s: %s where a map is wanted", address, properties.Kind)
		}
		named := s.subject(address, r)
		arn := r.Get("values", "arn")
		if arn.IsNull() {
			arn = named.arn(s.options, at)
		}
		t.Resources = append(t.Resources, &template.Resource{
			LogicalID: address, Type: typ, TypePos: r.Get("type").Pos, Pos: at,
			Properties: properties, Name: named.name(at), ARN: arn,
		})
	}
	return t, nil
}

type show struct {
	options     template.Options
	resources   []*template.Node
	values      map[string]*template.Node // resources by address
	unknown     map[string]*template.Node // of a plan: what is known after apply, by address
	expressions map[string]*template.Node // of a plan: the expressions of a block, by address without indexes
}

// items are those of a list, and none where there is no list.
func items(n *template.Node) []*template.Node {
	if n == nil {
		return nil
	}
	return n.Items
}

// module gathers a module's resources and those of the modules below it.
func (s *show) module(mod *template.Node) error {
	for _, r := range items(mod.Get("resources")) {
		if r.Kind != template.Map {
			return r.Errorf("%s where a resource is wanted", r.Kind)
		}
		if r.Get("address") == nil || r.Get("type") == nil {
			return r.Errorf("a resource without an address and a type")
		}
		s.resources = append(s.resources, r)
		s.values[r.Get("address").Text] = r
	}
	for _, child := range items(mod.Get("child_modules")) {
		if err := s.module(child); err != nil {
			return err
		}
	}
	return nil
}

// configuration gathers the expressions of a module's blocks.
func (s *show) configuration(mod *template.Node, prefix string) {
	for _, r := range items(mod.Get("resources")) {
		if address, err := r.Get("address").Str(); err == nil {
			s.expressions[prefix+address] = r.Get("expressions")
		}
	}
	calls := mod.Get("module_calls")
	if calls == nil {
		return
	}
	for _, c := range calls.Members {
		s.configuration(c.Value.Get("module"), prefix+"module."+c.Key+".")
	}
}

// unindexed is an address without the indexes of count and for_each.
func unindexed(address string) string {
	var b strings.Builder
	for address != "" {
		open := strings.IndexByte(address, '[')
		if open < 0 {
			break
		}
		b.WriteString(address[:open])
		rest := address[open+1:]
		end := strings.IndexByte(rest, ']')
		if strings.HasPrefix(rest, `"`) {
			if end = strings.Index(rest, `"]`); end >= 0 {
				end++
			}
		}
		if end < 0 {
			return b.String()
		}
		address = rest[end+1:]
	}
	return b.String() + address
}

// modulePrefix is the part of an address that names its module: "module.a.", or "".
func modulePrefix(address string) string {
	address = unindexed(address)
	prefix := ""
	for strings.HasPrefix(address[len(prefix):], "module.") {
		name, _, ok := strings.Cut(address[len(prefix)+len("module."):], ".")
		if !ok {
			break
		}
		prefix += "module." + name + "."
	}
	return prefix
}

// complete is a value with what is known after apply filled in: after is true where it is, and
// lists and maps around that.
func (s *show) complete(v, after, expressions *template.Node, prefix string) *template.Node {
	if after == nil {
		return v
	}
	switch {
	case after.Kind == template.Bool && after.Text == "true":
		return s.referred(expressions, after.Pos, prefix)
	case after.Kind == template.Map && v != nil && v.Kind == template.Map:
		out := &template.Node{Kind: template.Map, Pos: v.Pos}
		for _, m := range v.Members {
			m.Value = s.complete(m.Value, after.Get(m.Key), expressions.Get(m.Key), prefix)
			out.Members = append(out.Members, m)
		}
		for _, m := range after.Members {
			if v.Get(m.Key) != nil {
				continue
			}
			if m.Value = s.complete(nil, m.Value, expressions.Get(m.Key), prefix); m.Value != nil {
				out.Members = append(out.Members, m)
			}
		}
		return out
	case after.Kind == template.List && v != nil && v.Kind == template.List:
		out := &template.Node{Kind: template.List, Pos: v.Pos}
		for i, item := range v.Items {
			var a *template.Node
			if i < len(after.Items) {
				a = after.Items[i]
			}
			x := expressions // a block of which there is one, or the expression of the whole list
			if x != nil && x.Kind == template.List {
				if x = nil; i < len(expressions.Items) {
					x = expressions.Items[i]
				}
			}
			out.Items = append(out.Items, s.complete(item, a, x, prefix))
		}
		return out
	}
	return v
}

// referred is the value of an expression that refers to one attribute of a resource.
func (s *show) referred(expression *template.Node, at template.Pos, prefix string) *template.Node {
	unknown := unresolved(at, "unresolved: the value is known after apply only")
	reference := ""
	for _, r := range items(expression.Get("references")) {
		switch {
		case r.Kind != template.String:
			return unknown
		case strings.HasPrefix(reference, r.Text+".") || strings.HasPrefix(reference, r.Text+"["):
			// The same reference again, less of it.
		case reference == "" || strings.HasPrefix(r.Text, reference):
			reference = r.Text
		default:
			return unknown
		}
	}
	dot := strings.LastIndexByte(reference, '.')
	if dot < 0 {
		return unknown
	}
	address, name := prefix+reference[:dot], reference[dot+1:]
	r := s.values[address]
	if r == nil {
		return unknown
	}
	subject := s.subject(address, r)
	switch name {
	case "arn", "id", "qualified_arn", namings[subject.typ].name:
		return subject.computed(s.options, name, at)
	}
	return unknown
}

func (s *show) subject(address string, r *template.Node) *subject {
	label, err := r.Get("name").Str()
	if err != nil {
		label = address
	}
	if index, err := r.Get("index").Str(); err == nil {
		label += "-" + index
	}
	return &subject{address, r.Get("type").Text, label, func(name string) *template.Node {
		if v := r.Get("values", name); name != "" && !v.IsNull() {
			return v
		}
		return nil
	}}
}

package terraform

import (
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/hydrantkit/hydrant/internal/template"
)

// scalar converts to a primitive type.
func (m *module) scalar(v *template.Node, typ string) *template.Node {
	out := *v
	switch {
	case v.Kind == template.Unresolved || v.Kind == template.Null:
		return v
	case v.Kind == template.List || v.Kind == template.Map:
		return unresolved(v.Pos, "%s where a %s is wanted", v.Kind, typ)
	case typ == "string":
		out.Kind = template.String
	case typ == "number" && v.Kind == template.String:
		f, err := cty.ParseNumberVal(v.Text)
		if err != nil {
			return unresolved(v.Pos, "%.60q is not a number", v.Text)
		}
		return m.fromCty(f, v.Pos)
	case typ == "number" && v.Kind == template.Bool:
		return unresolved(v.Pos, "%s is not a number", v.Text)
	case typ == "bool" && v.Kind != template.Bool:
		b, err := strconv.ParseBool(v.Text)
		if err != nil {
			return unresolved(v.Pos, "%.60q is neither true nor false", v.Text)
		}
		return boolean(v.Pos, b)
	}
	return &out
}

// coerce applies a type constraint: it converts primitive values, fills in what is optional, and
// makes sets of lists.
func (m *module) coerce(v *template.Node, typ hclsyntax.Expression) *template.Node {
	if v.Kind == template.Unresolved || v.Kind == template.Null {
		return v
	}
	if m.depth++; m.depth > maxDepth || m.calls > maxCalls {
		m.depth--
		return m.exhaust(v.Pos)
	}
	defer func() { m.depth-- }()
	m.calls++
	switch word := hcl.ExprAsKeyword(typ); word {
	case "string", "number", "bool":
		return m.scalar(v, word)
	}
	call, ok := typ.(*hclsyntax.FunctionCallExpr)
	if !ok || len(call.Args) != 1 {
		return v
	}
	switch out := (&template.Node{Kind: v.Kind, Pos: v.Pos}); {
	case (call.Name == "list" || call.Name == "set") && v.Kind == template.List:
		for _, item := range v.Items {
			out.Items = append(out.Items, m.coerce(item, call.Args[0]))
		}
		if call.Name == "set" {
			return m.regroup("toset", []*template.Node{out}, v.Pos)
		}
		return out
	case call.Name == "map" && v.Kind == template.Map:
		for _, e := range v.Members {
			e.Value = m.coerce(e.Value, call.Args[0])
			out.Members = append(out.Members, e)
		}
		return out
	case call.Name == "tuple" && v.Kind == template.List:
		types, ok := call.Args[0].(*hclsyntax.TupleConsExpr)
		if !ok || len(types.Exprs) != len(v.Items) {
			return unresolved(v.Pos, "a list of %d where a tuple of another length is wanted", len(v.Items))
		}
		for i, item := range v.Items {
			out.Items = append(out.Items, m.coerce(item, types.Exprs[i]))
		}
		return out
	case call.Name == "object" && v.Kind == template.Map:
		types, ok := call.Args[0].(*hclsyntax.ObjectConsExpr)
		if !ok {
			return v
		}
		for _, it := range types.Items {
			name := hcl.ExprAsKeyword(it.KeyExpr)
			want := it.ValueExpr
			var def hclsyntax.Expression
			optional, isCall := want.(*hclsyntax.FunctionCallExpr)
			if isCall = isCall && optional.Name == "optional" && len(optional.Args) > 0; isCall {
				if want = optional.Args[0]; len(optional.Args) > 1 {
					def = optional.Args[1]
				}
			}
			i := slices.IndexFunc(v.Members, func(e template.Member) bool { return e.Key == name })
			switch {
			case i >= 0 && (def == nil || v.Members[i].Value.Kind != template.Null):
				e := v.Members[i]
				e.Value = m.coerce(e.Value, want)
				out.Members = append(out.Members, e)
			case def != nil:
				out.Members = append(out.Members, template.Member{Key: name, KeyPos: v.Pos, Value: m.coerce(m.expr(def, nil), want)})
			case isCall:
				out.Members = append(out.Members, template.Member{Key: name, KeyPos: v.Pos, Value: &template.Node{Pos: v.Pos}})
			default:
				return unresolved(v.Pos, "the object lacks %q", name)
			}
		}
		return out
	case call.Name == "list" || call.Name == "set" || call.Name == "tuple" || call.Name == "map" || call.Name == "object":
		return unresolved(v.Pos, "%s where a %s is wanted", v.Kind, call.Name)
	}
	return v
}

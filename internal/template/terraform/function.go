package terraform

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/hydrantkit/hydrant/internal/template"
)

// computing are the functions that make new values; their results stand where they are called.
// Functions that pick among values or regroup them are in regroup, and keep places.
var computing = map[string]function.Function{
	"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc, "log": stdlib.LogFunc, "max": stdlib.MaxFunc,
	"min": stdlib.MinFunc, "parseint": stdlib.ParseIntFunc, "pow": stdlib.PowFunc, "signum": stdlib.SignumFunc, "range": stdlib.RangeFunc,
	"chomp": stdlib.ChompFunc, "indent": stdlib.IndentFunc, "join": stdlib.JoinFunc, "lower": stdlib.LowerFunc, "upper": stdlib.UpperFunc,
	"title": stdlib.TitleFunc, "trim": stdlib.TrimFunc, "trimprefix": stdlib.TrimPrefixFunc, "trimsuffix": stdlib.TrimSuffixFunc,
	"trimspace": stdlib.TrimSpaceFunc, "split": stdlib.SplitFunc, "substr": stdlib.SubstrFunc, "strrev": stdlib.ReverseFunc,
	"sort": stdlib.SortFunc, "regex": stdlib.RegexFunc, "regexall": stdlib.RegexAllFunc, "format": stdlib.FormatFunc,
	"formatlist": stdlib.FormatListFunc, "contains": stdlib.ContainsFunc, "chunklist": stdlib.ChunklistFunc,
	"setproduct": stdlib.SetProductFunc, "setunion": stdlib.SetUnionFunc, "setintersection": stdlib.SetIntersectionFunc,
	"setsubtract": stdlib.SetSubtractFunc, "formatdate": stdlib.FormatDateFunc, "timeadd": stdlib.TimeAddFunc,
	"csvdecode": stdlib.CSVDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc,
}

// compute calls a function of go-cty's.
func (m *module) compute(f function.Function, args []*template.Node, at template.Pos, name string) *template.Node {
	params, variadic := f.Params(), f.VarParam()
	if len(args) < len(params) || len(args) > len(params) && variadic == nil {
		return unresolved(at, "%s wants %d arguments and has %d", name, len(params), len(args))
	}
	values := make([]cty.Value, len(args))
	for i, a := range args {
		p := variadic
		if i < len(params) {
			p = &params[i]
		}
		v, u := m.toCty(a)
		if u != nil {
			return u
		}
		v, err := convert.Convert(v, p.Type)
		if err != nil {
			return unresolved(a.Pos, "%s: %v", name, err)
		}
		values[i] = v
	}
	if !m.affords(name, args) {
		return m.exhaust(at)
	}
	v, err := f.Call(values)
	if err != nil {
		return unresolved(at, "%s: %v", name, err)
	}
	return m.fromCty(v, at)
}

var wide = regexp.MustCompile(`[0-9]{4}|\*`)

// affords reports whether the result of a function can't be far larger than its arguments.
func (m *module) affords(name string, args []*template.Node) bool {
	size := 1
	switch name {
	case "join", "setproduct", "indent", "formatlist":
		for _, a := range args {
			length := 1 + len(a.Text) + len(a.Items)
			if i, err := a.Int(); err == nil && name == "indent" {
				length = int(min(max(i, 1), maxText))
			}
			if size *= length; size > maxText {
				return false
			}
		}
	}
	return !strings.HasPrefix(name, "format") || args[0].Kind != template.String || !wide.MatchString(args[0].Text)
}

// call is the value of a function.
func (m *module) call(x *hclsyntax.FunctionCallExpr, sc *scope, at template.Pos) *template.Node {
	switch x.Name {
	case "try", "can":
		var last *template.Node
		for _, a := range x.Args {
			if last = m.expr(a, sc); last.Kind != template.Unresolved {
				break
			}
			if waiting(last) {
				return last // not an error yet: it would be a value, once it is known
			}
		}
		if last == nil {
			return unresolved(at, "%s wants an argument", x.Name)
		}
		if x.Name == "can" {
			return boolean(at, last.Kind != template.Unresolved)
		}
		return last
	}
	var args []*template.Node
	for i, a := range x.Args {
		v := m.expr(a, sc)
		if x.ExpandFinal && i == len(x.Args)-1 {
			if v.Kind == template.Unresolved {
				return v
			}
			if v.Kind != template.List {
				return unresolved(v.Pos, "%s where a list of arguments is wanted", v.Kind)
			}
			args = append(args, v.Items...)
			continue
		}
		args = append(args, v)
	}
	if n := m.regroup(x.Name, args, at); n != nil {
		return n
	}
	for _, a := range args {
		if a.Kind == template.Unresolved {
			return a
		}
	}
	if n := m.textual(x.Name, args, at); n != nil {
		return n
	}
	if f, ok := computing[x.Name]; ok {
		return m.compute(f, args, at, x.Name)
	}
	switch x.Name {
	case "timestamp", "plantimestamp", "uuid", "bcrypt":
		return unresolved(at, "unresolved: %s() has another value each time", x.Name)
	}
	return unresolved(at, "unresolved: the function %s is not evaluated here", x.Name)
}

// waiting reports whether a value is missing, rather than wrong.
func waiting(n *template.Node) bool {
	err, ok := n.Err.(*template.Error)
	return ok && strings.HasPrefix(err.Msg, "unresolved")
}

// regroup is the value of a function that picks among its arguments or regroups what is in them.
// It is nil for a name that isn't one, or arguments that it doesn't fit.
func (m *module) regroup(name string, args []*template.Node, at template.Pos) *template.Node {
	kinds := ""
	size := 0
	for _, a := range args {
		kinds += string("zbnslmu"[a.Kind])
		size += len(a.Items) + len(a.Members)
	}
	if m.calls += size; m.calls > maxCalls {
		return m.exhaust(at)
	}
	list := &template.Node{Kind: template.List, Pos: at}
	switch name {
	case "merge":
		out := &template.Node{Kind: template.Map, Pos: at}
		seen := make(map[string]int)
		for _, a := range args {
			switch a.Kind {
			case template.Map:
				for _, e := range a.Members {
					setMember(out, seen, e)
				}
			case template.Unresolved:
				return a
			case template.Null:
			default:
				return unresolved(a.Pos, "merge: %s where a map is wanted", a.Kind)
			}
		}
		return out
	case "concat":
		for _, a := range args {
			if a.Kind == template.Unresolved {
				return a
			}
			if a.Kind != template.List {
				return unresolved(a.Pos, "concat: %s where a list is wanted", a.Kind)
			}
			list.Items = append(list.Items, a.Items...)
		}
		return list
	case "flatten":
		if kinds != "l" {
			return nil
		}
		m.flatten(list, args[0])
		return list
	case "lookup":
		if (kinds == "ms" || len(kinds) == 3 && kinds[:2] == "ms") && args[0].Kind == template.Map {
			if v := args[0].Get(args[1].Text); v != nil {
				return v
			}
			if len(args) == 3 {
				return args[2]
			}
			return unresolved(at, "no %.60q in the map (of line %d)", args[1].Text, args[0].Pos.Line)
		}
	case "element":
		if kinds == "ln" && len(args[0].Items) > 0 {
			i, err := args[1].Int()
			if err != nil {
				return nil
			}
			n := int64(len(args[0].Items))
			return args[0].Items[(i%n+n)%n]
		}
	case "coalesce":
		for _, a := range args {
			if a.Kind != template.Null && (a.Kind != template.String || a.Text != "") {
				return a
			}
		}
		return unresolved(at, "coalesce: every argument is null or empty")
	case "coalescelist":
		for _, a := range args {
			if a.Kind == template.Unresolved || a.Kind == template.List && len(a.Items) > 0 {
				return a
			}
		}
		return unresolved(at, "coalescelist: every list is empty")
	case "compact":
		if kinds == "l" {
			for _, item := range args[0].Items {
				if item.Kind != template.Null && (item.Kind != template.String || item.Text != "") {
					list.Items = append(list.Items, item)
				}
			}
			return list
		}
	case "distinct", "toset":
		if kinds == "l" {
			seen := make(map[string]bool)
			for _, item := range args[0].Items {
				key, err := item.AppendJSON(nil)
				if err != nil {
					return &template.Node{Kind: template.Unresolved, Pos: item.Pos, Err: err}
				}
				if !seen[string(key)] {
					seen[string(key)] = true
					list.Items = append(list.Items, item)
				}
			}
			if name == "toset" {
				slices.SortStableFunc(list.Items, func(a, b *template.Node) int { return strings.Compare(a.Text, b.Text) })
				m.sets[list] = true
			}
			return list
		}
	case "tolist", "tomap", "sensitive", "nonsensitive":
		if len(args) == 1 {
			if m.sets[args[0]] {
				list.Items = args[0].Items
				return list
			}
			return args[0]
		}
	case "tostring", "tonumber", "tobool":
		if len(args) == 1 {
			return m.scalar(args[0], strings.TrimPrefix(name, "to"))
		}
	case "one":
		if kinds == "l" && len(args[0].Items) < 2 {
			if len(args[0].Items) == 0 {
				return &template.Node{Pos: at}
			}
			return args[0].Items[0]
		}
	case "keys", "values":
		if kinds == "m" {
			items, u := m.items(args[0], at)
			if u != nil {
				return u
			}
			for _, it := range items {
				if name == "keys" {
					list.Items = append(list.Items, it.key)
				} else {
					list.Items = append(list.Items, it.value)
				}
			}
			return list
		}
	case "zipmap":
		if kinds == "ll" && len(args[0].Items) == len(args[1].Items) {
			out := &template.Node{Kind: template.Map, Pos: at}
			seen := make(map[string]int)
			for i, k := range args[0].Items {
				key, err := k.Str()
				if err != nil {
					return &template.Node{Kind: template.Unresolved, Pos: k.Pos, Err: err}
				}
				setMember(out, seen, template.Member{Key: key, KeyPos: k.Pos, Value: args[1].Items[i]})
			}
			return out
		}
	case "reverse":
		if kinds == "l" {
			list.Items = slices.Clone(args[0].Items)
			slices.Reverse(list.Items)
			return list
		}
	case "slice":
		if kinds == "lnn" {
			from, err1 := args[1].Int()
			to, err2 := args[2].Int()
			if err1 == nil && err2 == nil && 0 <= from && from <= to && to <= int64(len(args[0].Items)) {
				list.Items = args[0].Items[from:to]
				return list
			}
			return unresolved(at, "slice: outside a list of %d", len(args[0].Items))
		}
	case "index":
		if len(kinds) == 2 && kinds[0] == 'l' && kinds[1] != 'u' {
			want, err := args[1].AppendJSON(nil)
			for i, item := range args[0].Items {
				if item.Kind == template.Unresolved {
					return item
				}
				got, err2 := item.AppendJSON(nil)
				if err == nil && err2 == nil && string(got) == string(want) {
					return number(at, i)
				}
			}
			return unresolved(at, "index: the value is not in the list")
		}
	case "length":
		switch kinds {
		case "s":
			return number(at, utf8.RuneCountInString(args[0].Text))
		case "l":
			return number(at, len(args[0].Items))
		case "m":
			return number(at, len(args[0].Members))
		}
	case "alltrue", "anytrue":
		if kinds == "l" {
			for _, item := range args[0].Items {
				b, err := item.Bool()
				if err != nil {
					return &template.Node{Kind: template.Unresolved, Pos: item.Pos, Err: err}
				}
				if b == (name == "anytrue") {
					return boolean(at, b)
				}
			}
			return boolean(at, name == "alltrue")
		}
	case "sum":
		if kinds == "l" && len(args[0].Items) > 0 {
			total := args[0].Items[0]
			for _, item := range args[0].Items[1:] {
				if total = m.compute(stdlib.AddFunc, []*template.Node{total, item}, at, name); total.Kind == template.Unresolved {
					break
				}
			}
			return total
		}
	}
	return nil
}

func (m *module) flatten(out, n *template.Node) {
	for _, item := range n.Items {
		if m.calls++; m.calls > maxCalls {
			m.exhaust(n.Pos)
			return
		}
		if item.Kind == template.List {
			m.flatten(out, item)
		} else {
			out.Items = append(out.Items, item)
		}
	}
}

// textual is the value of a function of strings that go-cty lacks. It is nil for a name that isn't
// one, or arguments that it doesn't fit.
func (m *module) textual(name string, args []*template.Node, at template.Pos) *template.Node {
	var s []string
	for _, a := range args {
		if a.Kind != template.String && a.Kind != template.Number && a.Kind != template.Bool {
			break
		}
		s = append(s, a.Text)
	}
	made := func(v string) *template.Node {
		if m.text += len(v); m.text > maxText || len(v) > maxString {
			return m.exhaust(at)
		}
		return text(at, v)
	}
	switch {
	case name == "templatefile" && len(args) == 2 && len(s) == 1:
		return m.templateFile(s[0], args[1], at)
	case len(s) != len(args):
		return nil
	case name == "startswith" && len(s) == 2:
		return boolean(at, strings.HasPrefix(s[0], s[1]))
	case name == "endswith" && len(s) == 2:
		return boolean(at, strings.HasSuffix(s[0], s[1]))
	case name == "strcontains" && len(s) == 2:
		return boolean(at, strings.Contains(s[0], s[1]))
	case name == "replace" && len(s) == 3:
		if old := s[1]; len(old) > 1 && old[0] == '/' && old[len(old)-1] == '/' {
			re, err := regexp.Compile(old[1 : len(old)-1])
			if err != nil {
				return unresolved(args[1].Pos, "replace: %v", err)
			}
			if len(s[0])*(1+len(s[2])) > maxText {
				return m.exhaust(at)
			}
			return made(re.ReplaceAllString(s[0], s[2]))
		}
		if (strings.Count(s[0], s[1])+1)*len(s[2])+len(s[0]) > maxText {
			return m.exhaust(at)
		}
		return made(strings.ReplaceAll(s[0], s[1], s[2]))
	case len(s) != 1:
		return nil
	}
	switch name {
	case "base64encode":
		return made(base64.StdEncoding.EncodeToString([]byte(s[0])))
	case "base64decode":
		b, err := base64.StdEncoding.DecodeString(s[0])
		if err != nil || !utf8.Valid(b) {
			return unresolved(args[0].Pos, "base64decode: no text in base64")
		}
		return made(string(b))
	case "urlencode":
		return made(url.QueryEscape(s[0]))
	case "md5":
		sum := md5.Sum([]byte(s[0]))
		return made(hex.EncodeToString(sum[:]))
	case "sha1":
		sum := sha1.Sum([]byte(s[0]))
		return made(hex.EncodeToString(sum[:]))
	case "sha256":
		sum := sha256.Sum256([]byte(s[0]))
		return made(hex.EncodeToString(sum[:]))
	case "basename":
		return made(path.Base(s[0]))
	case "dirname":
		return made(path.Dir(s[0]))
	case "jsondecode", "yamldecode":
		return m.decode(name, args[0], at)
	case "file":
		data, u := m.file(s[0], at)
		if u != nil {
			return u
		}
		n := made(string(data))
		if n.Kind == template.String {
			n.Pos = template.Pos{File: s[0], Line: 1, Col: 1}
		}
		return n
	}
	return nil
}

// decode reads a document in a string. What comes out of a file keeps its place in that file.
func (m *module) decode(name string, arg *template.Node, at template.Pos) *template.Node {
	parse := template.ParseJSON
	if name == "yamldecode" {
		parse = template.ParseYAML
	}
	n, err := parse(arg.Pos.File, []byte(arg.Text))
	_, source := m.data[arg.Pos.File]
	if err != nil {
		if e, ok := err.(*template.Error); ok && source {
			err = errorf(arg.Pos, "%s: line %d of the text, column %d: %s", name, e.Pos.Line, e.Pos.Col, e.Msg)
		}
		return &template.Node{Kind: template.Unresolved, Pos: at, Err: err}
	}
	if source || arg.Pos.File == "" {
		m.moved(n, at)
	}
	return n
}

// moved puts all of a tree that nobody else has yet at one place.
func (m *module) moved(n *template.Node, at template.Pos) {
	n.Pos = at
	for _, item := range n.Items {
		m.moved(item, at)
	}
	for i := range n.Members {
		n.Members[i].KeyPos = at
		m.moved(n.Members[i].Value, at)
	}
}

func (m *module) file(name string, at template.Pos) ([]byte, *template.Node) {
	if m.read == nil {
		return nil, unresolved(at, "unresolved: the file %.60q is not read", name)
	}
	data, err := m.read(name)
	switch {
	case err != nil:
		return nil, unresolved(at, "unresolved file: %v", fileError(name, err))
	case len(data) > maxFile:
		return nil, unresolved(at, "the file %.60q is larger than %d MB", name, maxFile>>20)
	case !utf8.Valid(data):
		return nil, unresolved(at, "the file %.60q is not UTF-8", name)
	}
	return data, nil
}

func (m *module) templateFile(name string, vars *template.Node, at template.Pos) *template.Node {
	data, u := m.file(name, at)
	if u != nil {
		return u
	}
	if vars.Kind != template.Map {
		return unresolved(vars.Pos, "templatefile: %s where a map is wanted", vars.Kind)
	}
	m.data[name] = data
	tokens, _ := hclsyntax.LexTemplate(data, name, hcl.InitialPos)
	if err := m.checkNesting(tokens); err != nil {
		return &template.Node{Kind: template.Unresolved, Pos: at, Err: err}
	}
	x, diags := hclsyntax.ParseTemplate(data, name, hcl.InitialPos)
	if err := m.diagnosed(diags, at); err != nil {
		return &template.Node{Kind: template.Unresolved, Pos: at, Err: err}
	}
	var sc *scope
	for _, e := range vars.Members {
		sc = bind(sc, e.Key, e.Value)
	}
	return m.expr(x, sc)
}

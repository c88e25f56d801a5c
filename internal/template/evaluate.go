package template

import (
	"encoding/base64"
	"strconv"
	"strings"
)

const (
	maxCalls  = 4 << 20  // nodes visited while a template is evaluated
	maxText   = 64 << 20 // bytes of text that its functions make in all
	maxString = 4 << 20  // bytes of one such text
)

// An evaluator gives the intrinsic functions of one template their values. Everything that is
// looked up by name is looked up once; stack holds the names being looked up, to find circles.
type evaluator struct {
	Options
	mappings   *Node
	parameters map[string]*Node // values; a parameter without one is Unresolved
	conditions map[string]*Node // as declared
	truths     map[string]truth
	sources    map[string]*source
	names      map[string]*Node // of resources

	stack     []string
	depth     int
	calls     int
	text      int
	exhausted error // the first bound that was passed
}

// unresolved is a value that is not known.
func unresolved(p Pos, format string, args ...any) *Node {
	return &Node{Kind: Unresolved, Pos: p, Err: errorf(p, format, args...)}
}

// exhaust notes that the whole evaluation has gone on for too long.
func (e *evaluator) exhaust(p Pos, format string, args ...any) *Node {
	n := unresolved(p, format, args...)
	if e.exhausted == nil {
		e.exhausted = n.Err
	}
	return n
}

// within runs f, unless what is being looked up is what f is asked for.
func (e *evaluator) within(what string, p Pos, f func() *Node) *Node {
	for i, s := range e.stack {
		if s == what {
			circle := append(append([]string(nil), e.stack[i:]...), what)
			if len(circle) > 8 {
				circle = append(append(circle[:4:4], "…"), circle[len(circle)-3:]...)
			}
			return unresolved(p, "circular reference: %s", strings.Join(circle, " → "))
		}
	}
	if len(e.stack) >= maxDepth {
		return unresolved(p, "references nested deeper than %d", maxDepth)
	}
	e.stack = append(e.stack, what)
	n := f()
	e.stack = e.stack[:len(e.stack)-1]
	return n
}

// eval is n with every function in it replaced by its value; n itself where there is none. It is
// nil for AWS::NoValue.
func (e *evaluator) eval(n *Node) *Node {
	if e.calls++; e.calls > maxCalls || e.exhausted != nil {
		return e.exhaust(n.Pos, "evaluates to more than %d values", maxCalls)
	}
	if e.depth++; e.depth > 2*maxDepth {
		e.depth--
		return unresolved(n.Pos, "evaluation nested deeper than %d", 2*maxDepth)
	}
	switch n.Kind {
	case String:
		n = known(n)
	case List:
		n = e.list(n)
	case Map:
		n = e.mapping(n)
	}
	e.depth--
	return n
}

// known is a string, unless a dynamic reference in it makes it one that nobody knows here.
func known(n *Node) *Node {
	if i := strings.Index(n.Text, "{{resolve:"); i >= 0 {
		ref := n.Text[i:]
		if end := strings.Index(ref, "}}"); end >= 0 {
			ref = ref[:end+2]
		}
		return unresolved(n.Pos, "unresolved dynamic reference %s", quote(ref))
	}
	return n
}

func (e *evaluator) list(n *Node) *Node {
	out := n
	for i, item := range n.Items {
		v := e.eval(item)
		if v == item && out == n {
			continue
		}
		if out == n {
			out = &Node{Kind: List, Pos: n.Pos, Items: append(make([]*Node, 0, len(n.Items)), n.Items[:i]...)}
		}
		if v != nil {
			out.Items = append(out.Items, v)
		}
	}
	return out
}

func (e *evaluator) mapping(n *Node) *Node {
	if len(n.Members) == 1 {
		if m := n.Members[0]; m.Key == "Ref" || strings.HasPrefix(m.Key, "Fn::") && !strings.HasPrefix(m.Key, "Fn::ForEach::") {
			return e.call(m.Key, n, m.Value)
		}
	}
	members := n.Members
	for _, m := range n.Members {
		if !strings.HasPrefix(m.Key, "Fn::") || m.Key == "Fn::Transform" {
			continue
		}
		if !strings.HasPrefix(m.Key, "Fn::ForEach::") {
			return unresolved(m.KeyPos, "%s must be the only key of its map", m.Key)
		}
		var err error
		if members, err = e.unroll(n); err != nil {
			return &Node{Kind: Unresolved, Pos: m.KeyPos, Err: err}
		}
		n = &Node{Kind: Map, Pos: n.Pos, Members: members}
		break
	}
	out := n
	for i, m := range members {
		var v *Node
		if m.Key == "Fn::Transform" {
			v = e.call(m.Key, &Node{Pos: m.KeyPos}, m.Value)
		} else {
			v = e.eval(m.Value)
		}
		if v == m.Value && out == n {
			continue
		}
		if out == n {
			out = &Node{Kind: Map, Pos: n.Pos, Members: append(make([]Member, 0, len(members)), members[:i]...)}
		}
		if v != nil {
			m.Value = v
			out.Members = append(out.Members, m)
		}
	}
	return out
}

// call is the value of an intrinsic function: n is the map {name: arg}.
func (e *evaluator) call(name string, n, arg *Node) *Node {
	switch name {
	case "Ref":
		if arg.Kind == Map || arg.Kind == List {
			arg = e.eval(arg) // the language extensions allow a function here
		}
		id, u := scalar(arg, name)
		if u != nil {
			return u
		}
		return e.ref(id, n.Pos)
	case "Fn::GetAtt":
		return e.getAtt(n, arg)
	case "Fn::Sub":
		return e.sub(arg)
	case "Fn::Join":
		return e.join(n, arg)
	case "Fn::Split":
		return e.split(n, arg)
	case "Fn::Select":
		return e.selectItem(n, arg)
	case "Fn::If":
		return e.ifElse(n, arg)
	case "Fn::FindInMap":
		return e.findInMap(n, arg)
	case "Fn::Base64":
		s, u := e.str(arg, name)
		if u != nil {
			return u
		}
		return e.made(n.Pos, base64.StdEncoding.EncodeToString([]byte(s)))
	case "Fn::ToJsonString":
		if arg.Kind != Map && arg.Kind != List {
			return unresolved(arg.Pos, "%s: %s where a map or a list is wanted", name, arg.Kind)
		}
		v := e.eval(arg)
		text, err := v.AppendJSON(nil)
		if err != nil {
			return &Node{Kind: Unresolved, Pos: n.Pos, Err: err}
		}
		return e.made(n.Pos, string(text))
	case "Fn::Length":
		v := e.eval(arg)
		if u := want(v, List, arg.Pos, name); u != nil {
			return u
		}
		return &Node{Kind: Number, Text: strconv.Itoa(len(v.Items)), Pos: n.Pos}
	case "Fn::GetAZs":
		region, u := e.str(arg, name)
		if u != nil {
			return u
		}
		if region == "" {
			region = e.Region
		}
		zones := &Node{Kind: List, Pos: n.Pos}
		for _, z := range []string{"a", "b", "c"} {
			zones.Items = append(zones.Items, &Node{Kind: String, Text: region + z, Pos: n.Pos})
		}
		return zones
	case "Fn::ImportValue":
		export, u := e.str(arg, name)
		if u != nil {
			return u
		}
		return unresolved(n.Pos, "unresolved import: %s is exported by another stack", quote(export))
	case "Fn::Transform":
		macro, _ := arg.Get("Name").Str()
		return unresolved(n.Pos, "unresolved: what the macro %s puts here is not known", quote(macro))
	case "Fn::Cidr":
		return unresolved(n.Pos, "unresolved: Fn::Cidr is not evaluated")
	case "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not":
		holds, u := e.holds(n)
		if u != nil {
			return u
		}
		return &Node{Kind: Bool, Text: strconv.FormatBool(holds), Pos: n.Pos}
	}
	return unresolved(n.Pos, "unknown function %s", name)
}

// made is a string that a function put together.
func (e *evaluator) made(p Pos, s string) *Node {
	if e.text += len(s); e.text > maxText || len(s) > maxString {
		return e.exhaust(p, "a text grows too long")
	}
	return known(&Node{Kind: String, Text: s, Pos: p})
}

// want is nil where v is of a kind, else an Unresolved: v itself if it is one already.
func want(v *Node, k Kind, p Pos, name string) *Node {
	switch {
	case v == nil:
		return unresolved(p, "%s: AWS::NoValue where a %s is wanted", name, k)
	case v.Kind == Unresolved:
		return v
	case v.Kind != k:
		return unresolved(v.Pos, "%s: %s where a %s is wanted", name, v.Kind, k)
	}
	return nil
}

// str evaluates an argument that must come to a string.
func (e *evaluator) str(arg *Node, name string) (string, *Node) {
	v := e.eval(arg)
	if v == nil {
		return "", unresolved(arg.Pos, "%s: AWS::NoValue where a string is wanted", name)
	}
	return scalar(v, name)
}

// scalar is the text of a value that must be a string, a number or a boolean.
func scalar(v *Node, name string) (string, *Node) {
	if v != nil && (v.Kind == Number || v.Kind == Bool) {
		return v.Text, nil
	}
	if u := want(v, String, Pos{}, name); u != nil {
		return "", u
	}
	return v.Text, nil
}

// args are the arguments of a function that takes a list of least to most.
func args(arg *Node, name string, least, most int) ([]*Node, *Node) {
	if arg.Kind != List || len(arg.Items) < least || len(arg.Items) > most {
		count := strconv.Itoa(least)
		if most > least {
			count += " to " + strconv.Itoa(most)
		}
		return nil, unresolved(arg.Pos, "%s wants a list of %s", name, count)
	}
	return arg.Items, nil
}

func (e *evaluator) join(n, arg *Node) *Node {
	a, u := args(arg, "Fn::Join", 2, 2)
	if u != nil {
		return u
	}
	sep, u := e.str(a[0], "Fn::Join")
	if u != nil {
		return u
	}
	list := e.eval(a[1])
	if u := want(list, List, a[1].Pos, "Fn::Join"); u != nil {
		return u
	}
	var b strings.Builder
	for i, item := range list.Items {
		s, u := scalar(item, "Fn::Join")
		if u != nil {
			return u
		}
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(s)
		if b.Len() > maxString {
			break
		}
	}
	return e.made(n.Pos, b.String())
}

func (e *evaluator) split(n, arg *Node) *Node {
	a, u := args(arg, "Fn::Split", 2, 2)
	if u != nil {
		return u
	}
	sep, u := e.str(a[0], "Fn::Split")
	if u != nil {
		return u
	}
	if sep == "" {
		return unresolved(a[0].Pos, "Fn::Split: the delimiter is empty")
	}
	v := e.eval(a[1])
	s, u := scalar(v, "Fn::Split")
	if u != nil {
		return u
	}
	list := &Node{Kind: List, Pos: n.Pos}
	parts := strings.Split(s, sep)
	if e.calls += len(parts); e.calls > maxCalls {
		return e.exhaust(n.Pos, "evaluates to more than %d values", maxCalls)
	}
	for _, part := range parts {
		list.Items = append(list.Items, &Node{Kind: String, Text: part, Pos: v.Pos})
	}
	return list
}

func (e *evaluator) selectItem(n, arg *Node) *Node {
	a, u := args(arg, "Fn::Select", 2, 2)
	if u != nil {
		return u
	}
	v := e.eval(a[0])
	if v == nil || v.Kind == Unresolved {
		return want(v, Number, a[0].Pos, "Fn::Select")
	}
	index, err := v.Int()
	if err != nil {
		return &Node{Kind: Unresolved, Pos: v.Pos, Err: err}
	}
	list := e.eval(a[1])
	if u := want(list, List, a[1].Pos, "Fn::Select"); u != nil {
		return u
	}
	if index < 0 || index >= int64(len(list.Items)) {
		return unresolved(v.Pos, "Fn::Select: index %d of a list of %d", index, len(list.Items))
	}
	return list.Items[index]
}

func (e *evaluator) ifElse(n, arg *Node) *Node {
	a, u := args(arg, "Fn::If", 3, 3)
	if u != nil {
		return u
	}
	var holds bool
	if a[0].Kind == String {
		holds, u = e.condition(a[0].Text, a[0].Pos)
	} else {
		holds, u = e.holds(a[0])
	}
	switch {
	case u != nil:
		return u
	case holds:
		return e.eval(a[1])
	}
	return e.eval(a[2])
}

func (e *evaluator) findInMap(n, arg *Node) *Node {
	a, u := args(arg, "Fn::FindInMap", 3, 4)
	if u != nil {
		return u
	}
	at, path := e.mappings, "Mappings"
	for _, k := range a[:3] {
		key, u := e.str(k, "Fn::FindInMap")
		if u != nil {
			return u
		}
		if at != nil {
			e.calls += len(at.Members) / 16
		}
		found := at.Get(key)
		if found == nil {
			if len(a) == 4 && a[3].Get("DefaultValue") != nil {
				return e.eval(a[3].Get("DefaultValue"))
			}
			return unresolved(k.Pos, "unresolved: no %s in %s", quote(key), path)
		}
		at, path = found, path+"."+key
	}
	return e.eval(at)
}

// sub completes a string: Fn::Sub of one, or of a list of one and a map of values.
func (e *evaluator) sub(arg *Node) *Node {
	text, values := arg, (*Node)(nil)
	if arg.Kind == List {
		a, u := args(arg, "Fn::Sub", 2, 2)
		if u != nil {
			return u
		}
		text, values = a[0], a[1]
		if u := want(values, Map, arg.Pos, "Fn::Sub"); u != nil {
			return u
		}
	}
	s, u := scalar(text, "Fn::Sub")
	if u != nil {
		return u
	}
	var b strings.Builder
	at := text.Pos
	for {
		i := strings.Index(s, "${")
		if i < 0 || b.Len() > maxString {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		end := strings.IndexByte(s, '}')
		if end < 0 {
			b.WriteString(s)
			break
		}
		name := strings.TrimSpace(s[2:end])
		rest := s[end+1:]
		if s[2] == '!' {
			b.WriteString("${" + s[3:end+1])
			s = rest
			continue
		}
		if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:_") != "" {
			return unresolved(text.Pos, "Fn::Sub: ${%s} is no name; write ${!%[1]s} for the characters themselves", s[2:end])
		}
		v, u := e.variable(name, values, text.Pos)
		if u != nil {
			return u
		}
		if len(text.Text) == end+1 {
			at = v.Pos // nothing is written here but the variable
		}
		b.WriteString(v.Text)
		s = rest
	}
	return e.made(at, b.String())
}

// variable is the value of a ${name} in a string at p: a scalar, or the Unresolved in its place.
func (e *evaluator) variable(name string, values *Node, p Pos) (v, u *Node) {
	if v = values.Get(name); v != nil {
		v = e.eval(v)
	} else if id, attr, ok := strings.Cut(name, "."); ok && e.sources[name] == nil {
		v = e.attribute(id, attr, p)
	} else {
		v = e.ref(name, p)
	}
	if v == nil || v.Kind == Null || v.Kind == List || v.Kind == Map {
		return nil, unresolved(p, "Fn::Sub: ${%s} is no string", name)
	}
	if v.Kind == Unresolved {
		return nil, v
	}
	return v, nil
}

package jq

import (
	"math"
	"sort"
	"strings"
	"sync"
)

// A native is a builtin of at most one output, whose arguments are values. The last argument varies slowest.
type native struct {
	name  string
	nargs int
	fn    func(m *machine, in, a, b, c value) (value, error)
}

type builtinKey struct {
	name  string
	nargs int
}

// builtinIndex finds builtins by name and number of arguments.
var builtinIndex = sync.OnceValue(func() map[builtinKey]any {
	index := map[builtinKey]any{}
	for i := range natives {
		index[builtinKey{natives[i].name, natives[i].nargs}] = &natives[i]
	}
	for name, f := range mathFunctions {
		index[builtinKey{name, 0}] = &native{name: name, fn: mathNative(f)}
	}
	for name, f := range mathFunctions2 {
		index[builtinKey{name, 2}] = &native{name: name, nargs: 2, fn: mathNative2(f)}
	}
	for i, s := range specials {
		index[builtinKey{s.name, s.nargs}] = i
	}
	index[builtinKey{"builtins", 0}] = builtinNames{}
	for key, fn := range definitions(prelude) {
		index[key] = fn
	}
	return index
})

// tracedIndex finds the definitions of traced.
var tracedIndex = sync.OnceValue(func() map[builtinKey]*function { return definitions(traced) })

func definitions(src string) map[builtinKey]*function {
	prog, err := parse(src)
	if err != nil {
		panic("prelude: " + err.Error())
	}
	index := map[builtinKey]*function{}
	for _, def := range prog.defs {
		index[builtinKey{def.name, len(def.params)}] = &function{name: def.name, nargs: len(def.params), def: def}
	}
	return index
}

// preludeLock guards the functions of the prelude while they are compiled, once each.
var preludeLock sync.Mutex

// builtin compiles the call of a builtin.
func (c *compiler) builtin(e *expr) *node {
	n := &node{name: e.name}
	switch found := builtinIndex()[builtinKey{e.name, len(e.list)}].(type) {
	case *native:
		n.op, n.native = opNative, found
		n.single = c.all(n, e.list)
		if n.fn = tracedIndex()[builtinKey{e.name, len(e.list)}]; n.fn != nil {
			defineBuiltin(n.fn, c.lib)
		}
		n.plain = n.fn == nil
	case int:
		n.op, n.idx = opSpecial, found
		for _, a := range e.list {
			n.args = append(n.args, c.closure(a))
		}
		n.single = specials[found].single
	case builtinNames:
		n.op, n.v, n.single, n.plain = opConst, builtinList(), true, true
	case *function:
		n.op, n.fn, n.level = opCall, found, -1
		n.single = defineBuiltin(found, c.lib)
		for _, a := range e.list {
			n.args = append(n.args, c.closure(a))
		}
	default:
		if m := macro(e); m != nil {
			return c.expr(m)
		}
		c.undefined(e)
	}
	return n
}

// defineBuiltin compiles a function of the prelude if that hasn't happened, and reports whether it is single.
func defineBuiltin(fn *function, fromPrelude bool) bool {
	if !fromPrelude {
		preludeLock.Lock()
		defer preludeLock.Unlock()
	}
	if fn.body == nil && !fn.open {
		c := &compiler{src: prelude, scope: &scope{}, lib: true}
		fn.parent = c.scope
		c.define(fn)
	}
	return !fn.open && fn.body.single
}

// macro writes builtins that are no more than a form of the language.
func macro(e *expr) *expr {
	self := &expr{pos: e.pos}
	each := &expr{form: fEach, a: self, pos: e.pos}
	pipe := func(a, b *expr) *expr { return &expr{form: fPipe, a: a, b: b, pos: e.pos} }
	branch := func(a, b, c *expr) *expr { return &expr{form: fIf, a: a, b: b, c: c, pos: e.pos} }
	index := func(key value) *expr { return &expr{form: fIndex, a: self, b: constant(key, e.pos), pos: e.pos} }
	switch (builtinKey{e.name, len(e.list)}) {
	case builtinKey{"not", 0}:
		return branch(self, constant(vFals, e.pos), constant(vTrue, e.pos))
	case builtinKey{"map", 1}:
		return &expr{form: fCollect, a: pipe(each, e.list[0]), pos: e.pos}
	case builtinKey{"map_values", 1}:
		return &expr{form: fModify, a: each, b: e.list[0], pos: e.pos}
	case builtinKey{"select", 1}:
		return branch(e.list[0], self, call(e.pos, "empty"))
	case builtinKey{"first", 0}:
		return index(number(0))
	case builtinKey{"last", 0}:
		return index(number(-1))
	case builtinKey{"sort_by", 1}, builtinKey{"group_by", 1}, builtinKey{"min_by", 1}, builtinKey{"max_by", 1}:
		keys := &expr{form: fCollect, a: pipe(each, &expr{form: fCollect, a: e.list[0], pos: e.pos}), pos: e.pos}
		return call(e.pos, "_"+e.name+"_impl", keys)
	case builtinKey{"unique_by", 1}:
		first := &expr{form: fCollect, a: pipe(each, index(number(0))), pos: e.pos}
		return pipe(call(e.pos, "group_by", e.list[0]), first)
	case builtinKey{"recurse", 2}:
		return call(e.pos, "recurse", pipe(e.list[0], call(e.pos, "select", e.list[1])))
	}
	return nil
}

var macros = []string{"not/0", "map/1", "map_values/1", "select/1", "first/0", "last/0", "sort_by/1", "group_by/1", "min_by/1",
	"max_by/1", "unique_by/1", "recurse/2"}

// later are functions that later versions of jq have, or that people believe it has, and what to write instead in 1.6.
var later = map[string]string{
	"abs":         "(if . < 0 then -. else . end)",
	"add":         "([f] | add)",
	"ascii":       "([.] | implode)",
	"date":        "todate",
	"dateadd":     "+ and a number of seconds",
	"datesub":     "- and a number of seconds",
	"debug":       "debug without a message",
	"have_decnum": "false",
	"isvalid":     "(try (f | true) catch false)",
	"limit":       "limit(n; f)",
	"ltrim":       `sub("^\\s+"; "")`,
	"pick":        "an object of the members to keep",
	"rtrim":       `sub("\\s+$"; "")`,
	"scan":        "[match(re; flags)]",
	"toarray":     `(if type == "array" then . else [.] end)`,
	"trim":        `(sub("^\\s+"; "") | sub("\\s+$"; ""))`,
	"trimstr":     "(ltrimstr(x) | rtrimstr(x))",
}

func (c *compiler) undefined(e *expr) {
	hint := ""
	if instead, ok := later[e.name]; ok && instead != "" {
		hint = "jq 1.6 has no such function; write " + instead
	} else {
		for key := range builtinIndex() {
			if key.name == e.name {
				hint = "jq 1.6 has it with another number of arguments"
			}
		}
	}
	c.fail(e.pos, hint, "%s/%d is not defined", e.name, len(e.list))
}

// natives, by name. Names with an underscore in front aren't in builtins.
var natives = []native{
	{"tojson", 0, func(m *machine, in, _, _, _ value) (value, error) { return m.json(in) }},
	{"tostring", 0, func(m *machine, in, _, _, _ value) (value, error) { return m.tostring(in) }},
	{"fromjson", 0, fromJSON},
	{"tonumber", 0, toNumber},
	{"length", 0, length},
	{"utf8bytelength", 0, func(_ *machine, in, _, _, _ value) (value, error) {
		if in.kind != kindString {
			return none, typeError(in, "only strings have UTF-8 byte length")
		}
		return number(float64(in.n)), nil
	}},
	{"type", 0, func(_ *machine, in, _, _, _ value) (value, error) { return str(in.kind.String()), nil }},
	{"keys", 0, func(m *machine, in, _, _, _ value) (value, error) { return m.keys(in, true) }},
	{"keys_unsorted", 0, func(m *machine, in, _, _, _ value) (value, error) { return m.keys(in, false) }},
	{"has", 1, has},
	{"contains", 1, func(m *machine, in, a, _, _ value) (value, error) {
		if in.kind != a.kind {
			return none, typeErrors(in, a, "cannot have their containment checked")
		}
		return boolean(m.contains(in, a, 0)), nil
	}},
	{"startswith", 1, func(m *machine, in, a, _, _ value) (value, error) {
		if in.kind != kindString || a.kind != kindString {
			return none, raiseString("startswith() requires string inputs")
		}
		m.pass(int(a.n))
		return boolean(strings.HasPrefix(in.str(), a.str())), nil
	}},
	{"endswith", 1, func(m *machine, in, a, _, _ value) (value, error) {
		if in.kind != kindString || a.kind != kindString {
			return none, raiseString("endswith() requires string inputs")
		}
		m.pass(int(a.n))
		return boolean(strings.HasSuffix(in.str(), a.str())), nil
	}},
	{"ltrimstr", 1, func(m *machine, in, a, _, _ value) (value, error) {
		if in.kind == kindString && a.kind == kindString {
			m.pass(int(a.n))
			if strings.HasPrefix(in.str(), a.str()) {
				return str(in.str()[a.n:]), nil
			}
		}
		return in, nil
	}},
	{"rtrimstr", 1, func(m *machine, in, a, _, _ value) (value, error) {
		if in.kind == kindString && a.kind == kindString {
			m.pass(int(a.n))
			if strings.HasSuffix(in.str(), a.str()) {
				return str(in.str()[:in.n-a.n]), nil
			}
		}
		return in, nil
	}},
	{"split", 1, func(m *machine, in, a, _, _ value) (value, error) {
		if in.kind != kindString || a.kind != kindString {
			return none, raiseString("split input and separator must be strings")
		}
		return m.split(in.str(), a.str())
	}},
	{"join", 1, join},
	{"explode", 0, explode},
	{"implode", 0, implode},
	{"ascii_downcase", 0, func(m *machine, in, _, _, _ value) (value, error) { return m.asciiCase(in, 'A', 'Z') }},
	{"ascii_upcase", 0, func(m *machine, in, _, _, _ value) (value, error) { return m.asciiCase(in, 'a', 'z') }},
	{"indices", 1, func(m *machine, in, a, _, _ value) (value, error) { return m.indices(in, a) }},
	{"index", 1, func(m *machine, in, a, _, _ value) (value, error) {
		at, err := m.indices(in, a)
		if err != nil {
			return none, err
		}
		return get(m, at, number(0))
	}},
	{"rindex", 1, func(m *machine, in, a, _, _ value) (value, error) {
		at, err := m.indices(in, a)
		if err == nil {
			at, err = get(m, at, sliceKey(number(-1), null))
		}
		if err != nil {
			return none, err
		}
		return get(m, at, number(0))
	}},
	{"_strindices", 1, func(m *machine, in, a, _, _ value) (value, error) {
		if in.kind != kindString || a.kind != kindString {
			return none, &aborted{reason: "jq 1.6 aborts: _strindices of something that is no string"}
		}
		return m.indices(in, a)
	}},
	{"add", 0, sum},
	{"to_entries", 0, toEntries},
	{"reverse", 0, reverse},
	{"flatten", 0, func(m *machine, in, _, _, _ value) (value, error) { return m.flatten(in, number(-1)) }},
	{"flatten", 1, func(m *machine, in, a, _, _ value) (value, error) {
		if m.compare(a, number(0)) < 0 {
			return none, raiseString("flatten depth must not be negative")
		}
		return m.flatten(in, a)
	}},
	{"sort", 0, func(m *machine, in, _, _, _ value) (value, error) {
		if in.kind != kindArray {
			return none, typeError(in, "cannot be sorted, as it is not an array")
		}
		return m.sortBy(in, in)
	}},
	{"_sort_by_impl", 1, func(m *machine, in, a, _, _ value) (value, error) {
		if in.kind != kindArray || a.kind != kindArray || len(in.elems()) != len(a.elems()) {
			return none, typeErrors(in, a, "cannot be sorted, as they are not both arrays")
		}
		return m.sortBy(in, a)
	}},
	{"_group_by_impl", 1, func(m *machine, in, a, _, _ value) (value, error) { return m.groupBy(in, a) }},
	{"unique", 0, func(m *machine, in, _, _, _ value) (value, error) {
		if in.kind != kindArray && in.kind != kindObject {
			return none, raiseString("Cannot iterate over " + describe(in))
		}
		vals, _ := members(in)
		if err := m.charge(80 * len(vals)); err != nil {
			return none, err
		}
		elems := make([]value, len(vals))
		for i, e := range vals {
			elems[i] = arrayOf([]value{e})
		}
		keys := arrayOf(elems)
		groups, err := m.groupBy(in, keys)
		if err != nil {
			return none, err
		}
		out := make([]value, len(groups.elems()))
		for i, g := range groups.elems() {
			out[i] = g.elems()[0]
		}
		return arrayOf(out), nil
	}},
	{"min", 0, func(m *machine, in, _, _, _ value) (value, error) { return m.extreme(in, in, true) }},
	{"max", 0, func(m *machine, in, _, _, _ value) (value, error) { return m.extreme(in, in, false) }},
	{"_min_by_impl", 1, func(m *machine, in, a, _, _ value) (value, error) { return m.extreme(in, a, true) }},
	{"_max_by_impl", 1, func(m *machine, in, a, _, _ value) (value, error) { return m.extreme(in, a, false) }},
	{"setpath", 2, func(m *machine, in, a, b, _ value) (value, error) {
		if a.kind != kindArray {
			return none, raiseString("Path must be specified as an array")
		}
		if err := m.charge(24 * len(a.elems())); err != nil {
			return none, err
		}
		return setPath(m, in, a.elems(), b)
	}},
	{"delpaths", 1, func(m *machine, in, a, _, _ value) (value, error) {
		if a.kind != kindArray {
			return none, raiseString("Paths must be specified as an array")
		}
		return delPaths(m, in, a.elems())
	}},
	{"format", 1, func(m *machine, in, a, _, _ value) (value, error) {
		if a.kind != kindString {
			return none, typeError(a, "is not a valid format")
		}
		return format(m, a.str(), in)
	}},
	{"error", 0, func(_ *machine, in, _, _, _ value) (value, error) { return throw(in) }},
	{"error", 1, func(_ *machine, _, a, _, _ value) (value, error) { return throw(a) }},
	{"env", 0, func(m *machine, _, _, _, _ value) (value, error) { return m.environment(), nil }},
	{"input", 0, func(m *machine, _, _, _, _ value) (value, error) { return m.input() }},
	{"_input", 0, func(m *machine, _, _, _, _ value) (value, error) { return m.input() }},
	{"debug", 0, func(_ *machine, in, _, _, _ value) (value, error) { return in, nil }},
	{"stderr", 0, func(_ *machine, in, _, _, _ value) (value, error) { return in, nil }},
	{"input_filename", 0, func(*machine, value, value, value, value) (value, error) { return str("<stdin>"), nil }},
	{"input_line_number", 0, func(m *machine, _, _, _, _ value) (value, error) {
		m.pass(len(m.reader.in))
		return number(float64(m.reader.lines())), nil
	}},
	{"halt", 0, func(*machine, value, value, value, value) (value, error) {
		return none, &aborted{reason: "halt", halt: true}
	}},
	{"halt_error", 0, func(_ *machine, in, _, _, _ value) (value, error) {
		return none, &aborted{reason: "halt_error: " + excerpt(in, longExcerpt), halt: true, code: number(5), output: in}
	}},
	{"halt_error", 1, func(_ *machine, in, a, _, _ value) (value, error) {
		if a.kind != kindNumber {
			return none, typeError(in, "halt_error/1: number required")
		}
		return none, &aborted{reason: "halt_error: " + excerpt(in, longExcerpt), halt: true, code: a, output: in}
	}},
	{"get_search_list", 0, func(*machine, value, value, value, value) (value, error) {
		return arrayOf([]value{str("~/.jq"), str("$ORIGIN/../lib/jq"), str("$ORIGIN/lib")}), nil
	}},
	{"get_prog_origin", 0, func(*machine, value, value, value, value) (value, error) { return str("/"), nil }},
	{"get_jq_origin", 0, func(*machine, value, value, value, value) (value, error) { return str("/usr/bin"), nil }},
	{"modulemeta", 0, func(_ *machine, in, _, _, _ value) (value, error) {
		if in.kind != kindString {
			return none, raiseString("modulemeta input module name must be a string")
		}
		return none, raiseString("module not found: " + in.str())
	}},
	{"_match_impl", 3, func(m *machine, in, a, b, c value) (value, error) { return m.matchRegex(in, a, b, c.kind == kindTrue) }},
	{"infinite", 0, func(*machine, value, value, value, value) (value, error) { return number(math.Inf(1)), nil }},
	{"nan", 0, func(*machine, value, value, value, value) (value, error) { return number(math.NaN()), nil }},
	{"isinfinite", 0, func(_ *machine, in, _, _, _ value) (value, error) {
		return boolean(in.kind == kindNumber && math.IsInf(in.num(), 0)), nil
	}},
	{"isnan", 0, func(_ *machine, in, _, _, _ value) (value, error) {
		return boolean(in.kind == kindNumber && math.IsNaN(in.num())), nil
	}},
	{"isnormal", 0, func(_ *machine, in, _, _, _ value) (value, error) {
		f := math.Abs(in.num())
		return boolean(in.kind == kindNumber && f >= 0x1p-1022 && f <= math.MaxFloat64), nil
	}},
	{"isfinite", 0, func(_ *machine, in, _, _, _ value) (value, error) {
		return boolean(in.kind == kindNumber && !math.IsInf(in.num(), 0)), nil
	}},
	{"frexp", 0, frexp},
	{"modf", 0, modf},
	{"lgamma_r", 0, lgammaR},
	{"fma", 3, func(_ *machine, _, a, b, c value) (value, error) {
		for _, v := range []value{a, b, c} {
			if v.kind != kindNumber {
				return none, typeError(v, "number required")
			}
		}
		return number(math.FMA(a.num(), b.num(), c.num())), nil
	}},
	{"now", 0, func(m *machine, _, _, _, _ value) (value, error) {
		t, err := m.now()
		return number(t), err
	}},
	{"gmtime", 0, func(_ *machine, in, _, _, _ value) (value, error) {
		return gmtime(in, "gmtime() requires numeric inputs")
	}},
	{"localtime", 0, func(_ *machine, in, _, _, _ value) (value, error) {
		return gmtime(in, "localtime() requires numeric inputs")
	}},
	{"mktime", 0, mktime},
	{"strptime", 1, strptimeNative},
	{"strftime", 1, func(m *machine, in, a, _, _ value) (value, error) { return strftimeNative(m, in, a, "strftime/1") }},
	{"strflocaltime", 1, func(m *machine, in, a, _, _ value) (value, error) {
		return strftimeNative(m, in, a, "strflocaltime/1")
	}},
	{"todate", 0, toDate},
	{"todateiso8601", 0, toDate},
	{"fromdate", 0, fromDate},
	{"fromdateiso8601", 0, fromDate},
}

// throw raises v; of null there is nothing to raise, and nothing comes out either.
func throw(v value) (value, error) {
	if v.kind == kindNull {
		return none, nil
	}
	return none, raise(v)
}

type builtinNames struct{}

var builtinList = sync.OnceValue(func() value {
	var names []string
	for key := range builtinIndex() {
		if key.name[0] != '_' {
			names = append(names, key.name+"/"+string(rune('0'+key.nargs)))
		}
	}
	names = append(names, macros...)
	sort.Strings(names)
	elems := make([]value, len(names))
	for i, n := range names {
		elems[i] = str(n)
	}
	return arrayOf(elems)
})

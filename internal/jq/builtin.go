package jq

import (
	"math"
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"
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
	prog, err := parse(prelude)
	if err != nil {
		panic("prelude: " + err.Error())
	}
	for _, def := range prog.defs {
		index[builtinKey{def.name, len(def.params)}] = &function{name: def.name, nargs: len(def.params), def: def}
	}
	return index
})

// preludeLock guards the functions of the prelude while they are compiled, once each.
var preludeLock sync.Mutex

// builtin compiles the call of a builtin.
func (c *compiler) builtin(e *expr) *node {
	n := &node{name: e.name}
	switch found := builtinIndex()[builtinKey{e.name, len(e.list)}].(type) {
	case *native:
		n.op, n.native = opNative, found
		n.single = c.all(n, e.list)
		n.plain = true
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
	{"startswith", 1, func(_ *machine, in, a, _, _ value) (value, error) {
		if in.kind != kindString || a.kind != kindString {
			return none, raiseString("startswith() requires string inputs")
		}
		return boolean(strings.HasPrefix(in.str(), a.str())), nil
	}},
	{"endswith", 1, func(_ *machine, in, a, _, _ value) (value, error) {
		if in.kind != kindString || a.kind != kindString {
			return none, raiseString("endswith() requires string inputs")
		}
		return boolean(strings.HasSuffix(in.str(), a.str())), nil
	}},
	{"ltrimstr", 1, func(_ *machine, in, a, _, _ value) (value, error) {
		if in.kind == kindString && a.kind == kindString && strings.HasPrefix(in.str(), a.str()) {
			return str(in.str()[a.n:]), nil
		}
		return in, nil
	}},
	{"rtrimstr", 1, func(_ *machine, in, a, _, _ value) (value, error) {
		if in.kind == kindString && a.kind == kindString && strings.HasSuffix(in.str(), a.str()) {
			return str(in.str()[:in.n-a.n]), nil
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
		keys := in
		if in.kind == kindArray {
			elems := make([]value, len(in.elems()))
			for i, e := range in.elems() {
				elems[i] = arrayOf([]value{e})
			}
			keys = arrayOf(elems)
		}
		if in.kind == kindObject {
			elems := make([]value, len(in.obj().vals))
			for i, e := range in.obj().vals {
				elems[i] = arrayOf([]value{e})
			}
			keys = arrayOf(elems)
		}
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
	{"input_line_number", 0, func(m *machine, _, _, _, _ value) (value, error) { return number(float64(m.reader.lines())), nil }},
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

func (m *machine) json(v value) (value, error) {
	b, err := m.appendJSON(nil, v)
	if err != nil {
		return none, err
	}
	return str(view(b)), m.charge(len(b))
}

// appendJSON writes v, unless it is larger than the limits allow: a value may hold another many times over.
func (m *machine) appendJSON(dst []byte, v value) ([]byte, error) {
	limit := len(dst) + int(m.bytes)
	if dst = appendUpTo(dst, v, limit); len(dst) >= limit {
		return dst, m.exceeded("memory")
	}
	return dst, nil
}

func (m *machine) tostring(v value) (value, error) {
	if v.kind == kindString {
		return v, nil
	}
	return m.json(v)
}

func fromJSON(m *machine, in, _, _, _ value) (value, error) {
	if in.kind != kindString {
		return none, typeError(in, "only strings can be parsed")
	}
	if err := m.charge(24 * int(in.n)); err != nil {
		return none, err
	}
	v, msg := parseJSON(in.str())
	if msg != "" {
		return none, raiseString(msg)
	}
	return v, nil
}

func toNumber(_ *machine, in, _, _, _ value) (value, error) {
	switch in.kind {
	case kindNumber:
		return in, nil
	case kindString:
		v, msg := parseJSON(cString(in.str()))
		if msg != "" {
			return none, raiseString(msg)
		}
		if v.kind == kindNumber {
			return v, nil
		}
	}
	return none, typeError(in, "cannot be parsed as a number")
}

func length(_ *machine, in, _, _, _ value) (value, error) {
	switch in.kind {
	case kindArray:
		return number(float64(len(in.elems()))), nil
	case kindObject:
		return number(float64(len(in.obj().keys))), nil
	case kindString:
		return number(float64(countRunes(in.str()))), nil
	case kindNumber:
		return number(math.Abs(in.num())), nil
	case kindNull:
		return number(0), nil
	}
	return none, typeError(in, "has no length")
}

func (m *machine) keys(in value, sorted bool) (value, error) {
	switch in.kind {
	case kindObject:
		keys := in.obj().keys
		if sorted {
			keys = in.obj().sortedKeys()
		}
		out := make([]value, len(keys))
		for i, k := range keys {
			out[i] = str(k)
		}
		return arrayOf(out), m.charge(24 * len(out))
	case kindArray:
		out := make([]value, len(in.elems()))
		for i := range out {
			out[i] = number(float64(i))
		}
		return arrayOf(out), m.charge(24 * len(out))
	}
	return none, typeError(in, "has no keys")
}

func has(_ *machine, in, a, _, _ value) (value, error) {
	switch {
	case in.kind == kindNull:
		return vFals, nil
	case in.kind == kindObject && a.kind == kindString:
		return boolean(in.obj().find(a.str()) >= 0), nil
	case in.kind == kindArray && a.kind == kindNumber:
		i := toInt(a.num())
		return boolean(i >= 0 && i < len(in.elems())), nil
	}
	return none, raiseString("Cannot check whether " + in.kind.String() + " has a " + a.kind.String() + " key")
}

// members are the values of an array or object, in order.
func members(v value) ([]value, error) {
	switch v.kind {
	case kindArray:
		return v.elems(), nil
	case kindObject:
		return v.obj().vals, nil
	}
	return nil, raiseString("Cannot iterate over " + describe(v))
}

func join(m *machine, in, sep, _, _ value) (value, error) {
	elems, err := members(in)
	if err != nil {
		return none, err
	}
	var b []byte
	for i, e := range elems {
		if i > 0 {
			if sep.kind != kindString && sep.kind != kindNull {
				return none, typeErrors(str(string(b)), sep, "cannot be added")
			}
			if sep.kind == kindString {
				b = append(b, sep.str()...)
			}
		}
		switch e.kind {
		case kindNull:
		case kindString:
			b = append(b, e.str()...)
		case kindArray, kindObject:
			return none, typeErrors(str(string(b)), e, "cannot be added")
		default:
			b = appendJSON(b, e)
		}
		if len(b) > int(m.bytes) {
			return none, m.exceeded("memory")
		}
	}
	return str(view(b)), m.charge(len(b))
}

func explode(m *machine, in, _, _, _ value) (value, error) {
	if in.kind != kindString {
		return none, raiseString("explode input must be a string")
	}
	if err := m.charge(24 * int(in.n)); err != nil {
		return none, err
	}
	out := make([]value, 0, in.n)
	for _, r := range in.str() {
		out = append(out, number(float64(r)))
	}
	return arrayOf(out), nil
}

func implode(m *machine, in, _, _, _ value) (value, error) {
	if in.kind != kindArray {
		return none, raiseString("implode input must be an array")
	}
	b := make([]byte, 0, len(in.elems()))
	for _, e := range in.elems() {
		if e.kind != kindNumber {
			return none, &aborted{reason: "jq 1.6 aborts: implode of something that is no code point"}
		}
		r := toInt(e.num())
		switch {
		case r < 0:
			return none, &aborted{reason: "jq 1.6 aborts: implode of a negative number"}
		case 0xd800 <= r && r <= 0xdfff || r > utf8.MaxRune:
			r = utf8.RuneError
		}
		b = utf8.AppendRune(b, rune(r))
	}
	return str(view(b)), m.charge(len(b))
}

func (m *machine) asciiCase(in value, from, to byte) (value, error) {
	if in.kind != kindString {
		return none, raiseString("explode input must be a string")
	}
	s := in.str()
	if err := m.charge(len(s)); err != nil {
		return none, err
	}
	b := []byte(s)
	for i, c := range b {
		if from <= c && c <= to {
			b[i] = c ^ 0x20
		}
	}
	return str(view(b)), nil
}

// indices counts bytes in strings, and the places it finds don't overlap.
func (m *machine) indices(in, a value) (value, error) {
	switch {
	case in.kind == kindArray && a.kind == kindArray:
		if err := m.charge(len(in.elems()) * (1 + len(a.elems()))); err != nil {
			return none, err
		}
		return get(m, in, a)
	case in.kind == kindArray:
		return get(m, in, arrayOf([]value{a}))
	case in.kind == kindString && a.kind == kindString:
		if a.n == 0 {
			return none, m.exceeded("steps") // jq 1.6 never ends here
		}
		var at []value
		s, sub := in.str(), a.str()
		for from := 0; ; {
			i := strings.Index(s[from:], sub)
			if i < 0 {
				return arrayOf(at), m.charge(24 * len(at))
			}
			at = append(at, number(float64(from+i)))
			from += i + len(sub)
		}
	}
	return get(m, in, a)
}

// sum is add: the members added up from null.
func sum(m *machine, in, _, _, _ value) (value, error) {
	elems, err := members(in)
	if err != nil {
		return none, err
	}
	if len(elems) > 2 && elems[0].kind == kindString {
		var b []byte
		for i, e := range elems {
			if e.kind == kindNull {
				continue
			}
			if e.kind != kindString {
				return none, typeErrors(str(view(b)), elems[i], "cannot be added")
			}
			if err := m.charge(int(e.n)); err != nil {
				return none, err
			}
			b = append(b, e.str()...)
		}
		return str(view(b)), nil
	}
	if len(elems) > 2 && elems[0].kind == kindObject {
		o := elems[0].obj().clone(8)
		for _, e := range elems[1:] {
			if e.kind == kindNull {
				continue
			}
			if e.kind != kindObject {
				return none, typeErrors(objectValue(o), e, "cannot be added")
			}
			if err := m.charge(40 * len(e.obj().keys)); err != nil {
				return none, err
			}
			for i, k := range e.obj().keys {
				o.set(k, e.obj().vals[i])
			}
		}
		return objectValue(o), nil
	}
	acc := null
	for _, e := range elems {
		if acc, err = m.add(acc, e); err != nil {
			return none, err
		}
	}
	return acc, nil
}

func toEntries(m *machine, in, _, _, _ value) (value, error) {
	keys, err := m.keys(in, false)
	if err != nil {
		return none, err
	}
	vals, _ := members(in)
	if err := m.charge(120 * len(vals)); err != nil {
		return none, err
	}
	out := make([]value, len(vals))
	for i, k := range keys.elems() {
		out[i] = objectValue(&object{keys: []string{"key", "value"}, vals: []value{k, vals[i]}})
	}
	return arrayOf(out), nil
}

func reverse(m *machine, in, a, b, c value) (value, error) {
	if in.kind == kindArray {
		out := slices.Clone(in.elems())
		slices.Reverse(out)
		return arrayOf(out), m.charge(24 * len(out))
	}
	n, err := length(m, in, a, b, c)
	if err != nil {
		return none, err
	}
	if n.num() <= 0 {
		return arrayOf(nil), nil
	}
	return get(m, in, number(0))
}

func (m *machine) flatten(in, depth value) (value, error) {
	var out []value
	var walk func(in, depth value, level int) error
	walk = func(in, depth value, level int) error {
		if level > m.limit {
			return m.exceeded("depth")
		}
		elems, err := members(in)
		if err != nil {
			return err
		}
		for _, e := range elems {
			if e.kind != kindArray || m.equal(depth, number(0)) {
				out = append(out, e)
				if err := m.charge(24); err != nil {
					return err
				}
				continue
			}
			less, err := m.binary(binSub, depth, number(1))
			if err == nil {
				err = walk(e, less, level+1)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	err := walk(in, depth, 0)
	return arrayOf(out), err
}

func (m *machine) sortBy(in, keys value) (value, error) {
	elems := in.elems()
	if err := m.charge(32 * len(elems)); err != nil {
		return none, err
	}
	out := make([]value, len(elems))
	for i, j := range m.order(keys.elems()) {
		out[i] = elems[j]
	}
	return arrayOf(out), nil
}

func (m *machine) groupBy(in, keys value) (value, error) {
	if in.kind != kindArray || keys.kind != kindArray || len(in.elems()) != len(keys.elems()) {
		return none, typeErrors(in, keys, "cannot be sorted, as they are not both arrays")
	}
	if err := m.charge(80 * len(in.elems())); err != nil {
		return none, err
	}
	var groups []value
	var group []value
	key := none
	for _, i := range m.order(keys.elems()) {
		k := keys.elems()[i]
		if len(group) > 0 && !m.equal(key, k) {
			groups = append(groups, arrayOf(group))
			group = nil
		}
		if len(group) == 0 {
			key = k
		}
		group = append(group, in.elems()[i])
	}
	if len(group) > 0 {
		groups = append(groups, arrayOf(group))
	}
	return arrayOf(groups), nil
}

func (m *machine) extreme(in, keys value, least bool) (value, error) {
	if in.kind != kindArray || keys.kind != kindArray {
		return none, typeErrors(in, keys, "cannot be iterated over")
	}
	elems, by := in.elems(), keys.elems()
	if len(elems) != len(by) {
		return none, typeErrors(in, keys, "have wrong length")
	}
	if len(elems) == 0 {
		return null, nil
	}
	best := 0
	for i := 1; i < len(by); i++ {
		if (m.compare(by[i], by[best]) < 0) == least {
			best = i
		}
	}
	return elems[best], nil
}

// input is the next document of the record.
func (m *machine) input() (value, error) {
	v, err := m.reader.read()
	if err != nil {
		return none, raiseString(err.Error())
	}
	if v.kind == kindNone {
		return none, raiseString("break")
	}
	return v, nil
}

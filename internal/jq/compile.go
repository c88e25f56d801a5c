package jq

// A node is one instruction of a compiled query: an expr with every name resolved.
type node struct {
	op     op
	single bool // at most one output, and nothing left to resume once it is there: eval1 can run it
	plain  bool // leaves the path being followed alone
	opt    bool

	v          value
	name       string
	binary     binaryOp
	a, b, c, d *node
	list       []*node
	level, idx int // how many frames up, and the place there, of a variable or a parameter
	fn         *function
	args       []argument
	native     *native
	patterns   []*bindPattern
	vars       []int // every variable of alternative patterns
}

type op uint8

const (
	opIdentity op = iota
	opConst
	opIndex
	opSlice
	opEach
	opFormat
	opString
	opCollect
	opObject
	opVar
	opEnv
	opCall
	opParam
	opNative
	opSpecial
	opBreak
	opPipe
	opComma
	opAlt
	opAnd
	opOr
	opBinary
	opNegate
	opAssign
	opModify
	opUpdate
	opIf
	opTry
	opReduce
	opForeach
	opAs
	opLabel
)

// A function is a definition of the query or of the prelude.
type function struct {
	name   string
	nargs  int
	nvars  int
	body   *node
	def    *funcDef
	names  *binding // what its body can see
	parent *scope
	open   bool // being compiled
}

// An argument is an expression passed unevaluated. Its own variables, if it binds any, live in a frame of their own.
type argument struct {
	body  *node
	own   bool
	scope *scope
	// pass is set when the argument is just a parameter of the caller's function.
	pass       bool
	level, idx int
}

// A scope is a frame at compile time.
type scope struct {
	parent *scope
	nvars  int
}

type binding struct {
	next  *binding
	what  bindingKind
	name  string
	nargs int
	scope *scope
	idx   int
	fn    *function
}

type bindingKind uint8

const (
	bindVar bindingKind = iota
	bindParam
	bindFunc
	bindLabel
)

// A bindPattern is a pattern with its variables' places. A place of -1 belongs to a variable that an earlier one of the same
// name hides.
type bindPattern struct {
	idx   int
	isVar bool
	array []*bindPattern
	keys  []bindKey
}

type bindKey struct {
	key   *node
	idx   int // of $name, or -1
	value *bindPattern
}

type compiler struct {
	src   string
	names *binding
	scope *scope
	lib   bool // compiling the prelude, under its lock
}

func (c *compiler) bind(b binding) { b.next = c.names; c.names = &b }

func (c *compiler) newVar() int {
	c.scope.nvars++
	return c.scope.nvars - 1
}

func (c *compiler) levelOf(s *scope) int {
	n := 0
	for at := c.scope; at != s; at = at.parent {
		n++
	}
	return n
}

func (c *compiler) fail(pos int, hint, format string, args ...any) {
	panic(errorAt(c.src, pos, hint, format, args...))
}

// compileProgram resolves a parsed query. It returns the frame size of the top level.
func compileProgram(src string, prog program) (main *node, nvars int, err error) {
	c := &compiler{src: src, scope: &scope{}}
	defer caught(&err)
	if prog.main == nil {
		return &node{single: true}, 0, nil
	}
	e := prog.main
	for i := len(prog.defs) - 1; i >= 0; i-- {
		e = &expr{form: fDef, def: prog.defs[i], a: e, pos: prog.defs[i].pos}
	}
	main = c.expr(e)
	return main, c.scope.nvars, nil
}

// with compiles e with more names in sight.
func (c *compiler) with(names *binding, e *expr) *node {
	saved := c.names
	c.names = names
	n := c.expr(e)
	c.names = saved
	return n
}

func (c *compiler) optional(e *expr) *node {
	if e == nil {
		return nil
	}
	return c.expr(e)
}

func (c *compiler) expr(e *expr) *node {
	n := &node{v: e.v, name: e.name, opt: e.opt}
	switch e.form {
	case fIdentity:
		n.single = true
	case fConst:
		n.op, n.single, n.plain = opConst, true, true
		share(n.v)
	case fIndex:
		n.op, n.a, n.b = opIndex, c.expr(e.a), c.expr(e.b)
		n.single = n.a.single && n.b.single
	case fSlice:
		n.op, n.a, n.b, n.c = opSlice, c.expr(e.a), c.optional(e.b), c.optional(e.c)
		n.single = n.a.single && (n.b == nil || n.b.single) && (n.c == nil || n.c.single)
	case fEach:
		n.op, n.a = opEach, c.expr(e.a)
	case fFormat:
		n.op, n.single, n.plain = opFormat, true, true
	case fString:
		n.op, n.plain = opString, true
		n.single = c.all(n, e.list)
	case fCollect:
		n.op, n.a, n.single = opCollect, c.expr(e.a), true
	case fObject:
		n.op, n.plain = opObject, true
		n.single = c.all(n, e.list)
	case fVar:
		c.variable(n, e)
	case fCall:
		return c.call(e)
	case fBreak:
		n.op = opBreak
		b := c.find(bindLabel, e.name, 0)
		if b == nil {
			c.fail(e.pos, "", "$*label-%s is not defined", e.name)
		}
		n.level, n.idx = c.levelOf(b.scope), b.idx
	case fPipe:
		n.op, n.a, n.b = opPipe, c.expr(e.a), c.expr(e.b)
		if n.a.op == opIdentity {
			return n.b
		}
		n.single = n.a.single && n.b.single
	case fComma:
		n.op, n.a, n.b = opComma, c.expr(e.a), c.expr(e.b)
	case fAlt, fAnd, fOr:
		n.op, n.a, n.b = opAlt+op(e.form-fAlt), c.expr(e.a), c.expr(e.b)
		n.single = n.a.single && n.b.single
	case fBinary:
		n.op, n.a, n.b = opBinary, c.expr(e.a), c.expr(e.b)
		n.binary, n.plain = binaryOps[e.name], true
		n.single = n.a.single && n.b.single
	case fNegate:
		n.op, n.a = opNegate, c.expr(e.a)
		n.single = n.a.single
	case fAssign, fModify:
		n.op, n.a, n.b = opAssign+op(e.form-fAssign), c.expr(e.a), c.expr(e.b)
	case fUpdate:
		n.op, n.a, n.b = opUpdate, c.expr(e.a), c.expr(e.b)
		n.binary = binaryOps[e.name]
	case fIf:
		n.op, n.a, n.b, n.c = opIf, c.expr(e.a), c.expr(e.b), c.expr(e.c)
		n.single = n.a.single && n.b.single && n.c.single
	case fTry:
		n.op, n.a, n.b = opTry, c.expr(e.a), c.optional(e.b)
	case fDef:
		names := c.names
		fn := &function{name: e.def.name, nargs: len(e.def.params), def: e.def, parent: c.scope}
		c.bind(binding{what: bindFunc, name: fn.name, nargs: fn.nargs, scope: c.scope, fn: fn})
		fn.names = c.names
		n = c.expr(e.a)
		c.names = names
		return n
	case fLabel:
		n.op, n.idx = opLabel, c.newVar()
		n.a = c.with(&binding{next: c.names, what: bindLabel, name: e.name, scope: c.scope, idx: n.idx}, e.a)
	case fAs, fReduce, fForeach:
		c.fold(n, e)
	}
	return n
}

// share readies a constant for the goroutines that will read it.
func share(v value) {
	if v.kind == kindArray {
		v.arr().used = nil
	}
}

func (c *compiler) all(n *node, list []*expr) (single bool) {
	single = true
	for _, e := range list {
		if e == nil {
			n.list = append(n.list, nil)
			continue
		}
		m := c.expr(e)
		single = single && m.single
		n.list = append(n.list, m)
	}
	return single
}

func (c *compiler) find(what bindingKind, name string, nargs int) *binding {
	for b := c.names; b != nil; b = b.next {
		if b.name != name {
			continue
		}
		switch {
		case what == b.what && (what == bindVar || what == bindLabel):
			return b
		case what == bindFunc && (b.what == bindFunc || b.what == bindParam) && b.nargs == nargs:
			return b
		}
	}
	return nil
}

func (c *compiler) variable(n *node, e *expr) {
	n.single, n.plain = true, true
	if b := c.find(bindVar, e.name, 0); b != nil {
		n.op, n.level, n.idx = opVar, c.levelOf(b.scope), b.idx
		return
	}
	switch e.name {
	case "ENV":
		n.op = opEnv
	case "ARGS":
		n.op = opConst
		o := newObject(2)
		o.set("positional", arrayOf(nil))
		o.set("named", objectValue(newObject(0)))
		n.v = objectValue(o)
	default:
		c.fail(e.pos, "", "$%s is not defined", e.name)
	}
}

// fold compiles as, reduce and foreach: all bind patterns to what a source yields.
func (c *compiler) fold(n *node, e *expr) {
	names := c.names
	n.a = c.expr(e.a)
	start := e.b
	if e.form != fAs {
		n.b = c.expr(start)
	}
	c.patterns(n, e.patterns)
	simple := len(n.patterns) == 1 && n.patterns[0].isVar
	switch e.form {
	case fAs:
		n.op = opAs
		n.b = c.expr(e.b)
		n.single = simple && n.a.single && n.b.single
	case fReduce:
		n.op, n.c = opReduce, c.expr(e.c)
		n.single = n.b.single
	case fForeach:
		n.op, n.c, n.d = opForeach, c.expr(e.c), c.optional(e.d)
	}
	c.names = names
}

// patterns binds the variables of alternative patterns. Of equal names in one pattern the first that jq's code stores wins:
// arrays are taken apart from their end. Alternatives share their variables, so there the last one stored wins.
func (c *compiler) patterns(n *node, list []*pattern) {
	if len(list) == 1 {
		seen := map[string]bool{}
		var made []binding
		n.patterns = []*bindPattern{c.pattern(list[0], func(name string) int {
			idx := c.newVar()
			if !seen[name] {
				seen[name] = true
				made = append(made, binding{what: bindVar, name: name, scope: c.scope, idx: idx})
			}
			return idx
		})}
		for _, b := range made {
			c.bind(b)
		}
		return
	}
	places := map[string]int{}
	for _, p := range list {
		p.variables(func(name string) {
			if _, ok := places[name]; !ok {
				places[name] = c.newVar()
				n.vars = append(n.vars, places[name])
				c.bind(binding{what: bindVar, name: name, scope: c.scope, idx: places[name]})
			}
		})
	}
	for _, p := range list {
		n.patterns = append(n.patterns, c.pattern(p, func(name string) int { return places[name] }))
	}
}

func (p *pattern) variables(f func(string)) {
	if p.name != "" {
		f(p.name)
	}
	for _, q := range p.array {
		q.variables(f)
	}
	for _, k := range p.keys {
		if k.name != "" {
			f(k.name)
		}
		if k.value != nil {
			k.value.variables(f)
		}
	}
}

func (c *compiler) pattern(p *pattern, place func(string) int) *bindPattern {
	if p.name != "" {
		return &bindPattern{isVar: true, idx: place(p.name)}
	}
	b := &bindPattern{}
	if p.array != nil {
		b.array = make([]*bindPattern, len(p.array))
		for i := len(p.array) - 1; i >= 0; i-- {
			b.array[i] = c.pattern(p.array[i], place)
		}
		return b
	}
	for _, k := range p.keys {
		bk := bindKey{key: c.expr(k.key), idx: -1}
		if k.name != "" {
			bk.idx = place(k.name)
		}
		if k.value != nil {
			bk.value = c.pattern(k.value, place)
		}
		b.keys = append(b.keys, bk)
	}
	return b
}

// call compiles a call of a parameter, a function of the query, or a builtin.
func (c *compiler) call(e *expr) *node {
	b := c.find(bindFunc, e.name, len(e.list))
	if b == nil {
		return c.builtin(e)
	}
	if b.what == bindParam {
		return &node{op: opParam, level: c.levelOf(b.scope), idx: b.idx, name: e.name}
	}
	c.define(b.fn)
	n := &node{op: opCall, fn: b.fn, level: c.levelOf(b.scope), name: e.name}
	n.single = !b.fn.open && b.fn.body.single
	for _, a := range e.list {
		n.args = append(n.args, c.closure(a))
	}
	return n
}

// closure compiles an argument.
func (c *compiler) closure(e *expr) argument {
	if e.form == fCall && len(e.list) == 0 {
		if b := c.find(bindFunc, e.name, 0); b != nil && b.what == bindParam {
			return argument{pass: true, level: c.levelOf(b.scope), idx: b.idx}
		}
	}
	if !bindsVariables(e) {
		return argument{body: c.expr(e)}
	}
	saved := c.scope
	c.scope = &scope{parent: saved}
	a := argument{own: true, scope: c.scope, body: c.expr(e)}
	c.scope = saved
	return a
}

// define compiles a function when it is first called: what is never called may hold undefined names.
func (c *compiler) define(fn *function) {
	if fn.body != nil || fn.open {
		return
	}
	fn.open = true
	names, sc := c.names, c.scope
	c.names = fn.names
	c.scope = &scope{parent: fn.parent}
	for i, p := range fn.def.params {
		c.bind(binding{what: bindParam, name: p.name, scope: c.scope, idx: i})
	}
	body := fn.def.body
	for i := len(fn.def.params) - 1; i >= 0; i-- {
		if p := fn.def.params[i]; p.vari {
			body = &expr{form: fAs, a: call(fn.def.pos, p.name), patterns: []*pattern{{name: p.name}}, b: body, pos: fn.def.pos}
		}
	}
	fn.body = c.expr(body)
	fn.nvars = c.scope.nvars
	c.names, c.scope, fn.open = names, sc, false
}

// bindsVariables reports whether e needs places in the frame it runs in.
func bindsVariables(e *expr) bool {
	if e == nil {
		return false
	}
	switch e.form {
	case fAs, fReduce, fForeach, fLabel, fDef, fUpdate:
		return true
	}
	for _, sub := range []*expr{e.a, e.b, e.c, e.d} {
		if bindsVariables(sub) {
			return true
		}
	}
	for _, sub := range e.list {
		if bindsVariables(sub) {
			return true
		}
	}
	return false
}

package jq

// A cont takes one output, and the path that leads to it if one is being followed.
type cont func(v value, p *path) error

// A path is how a path expression came to a value, the last step first.
type path struct {
	parent *path
	key    value
	at     value // the value there: only from it can the path go on
}

func (p *path) keys() []value {
	n := 0
	for q := p; q.parent != nil; q = q.parent {
		n++
	}
	keys := make([]value, n)
	for q := p; q.parent != nil; q = q.parent {
		n--
		keys[n] = q.key
	}
	return keys
}

// A frame holds the variables and arguments of one call. Its variables are overwritten when a generator is resumed, which is
// sound because everything that saw the old value is done by then.
type frame struct {
	parent *frame
	vars   []value
	args   []closure
}

func (f *frame) up(level int) *frame {
	for ; level > 0; level-- {
		f = f.parent
	}
	return f
}

// A closure is an argument with the frame it was written in.
type closure struct {
	body *node
	fr   *frame
	own  int // variables of its own frame, or -1 if it needs none
}

// run evaluates a closure.
func (m *machine) run(c closure, in value, p *path, k cont) error {
	fr := c.fr
	if c.own >= 0 {
		fr = &frame{parent: fr, vars: make([]value, c.own)}
	}
	return m.eval(c.body, fr, in, p, k)
}

func (fr *frame) closure(a *argument) closure {
	switch {
	case a.pass:
		return fr.up(a.level).args[a.idx]
	case a.own:
		return closure{body: a.body, fr: fr, own: a.scope.nvars}
	}
	return closure{body: a.body, fr: fr, own: -1}
}

// eval runs n on in and gives every output to k. An error, its own or k's, ends it: so a try around n also catches what fails
// further down the pipeline, as it does in jq 1.6. With a path, it follows it.
func (m *machine) eval(n *node, fr *frame, in value, p *path, k cont) error {
	if n.single && (p == nil || n.plain) {
		v, err := m.eval1(n, fr, in)
		if err != nil || v.kind == kindNone {
			return err
		}
		return k(v, p)
	}
	if err := m.enter(); err != nil {
		return err
	}
	err := m.evalMany(n, fr, in, p, k)
	m.depth--
	return err
}

func (m *machine) evalMany(n *node, fr *frame, in value, p *path, k cont) error {
	switch n.op {
	case opIdentity:
		return k(in, p)
	case opIndex:
		return m.evalIndex(n, fr, in, p, k)
	case opSlice:
		return m.evalSlice(n, fr, in, p, k)
	case opEach:
		if n.a.op == opIdentity {
			return m.each(n, in, p, k)
		}
		return m.eval(n.a, fr, in, p, func(v value, p *path) error { return m.each(n, v, p, k) })
	case opString:
		return m.evalString(n, fr, in, len(n.list)-1, "", func(s string) error { return k(str(s), p) })
	case opCollect:
		v, err := m.collect(n.a, fr, in, p)
		if err != nil {
			return err
		}
		return k(v, p)
	case opObject:
		return m.evalObject(n, fr, in, 0, make([]value, len(n.list)), func(v value) error { return k(v, p) })
	case opCall:
		return m.eval(n.fn.body, m.frame(n, fr), in, p, k)
	case opParam:
		return m.run(fr.up(n.level).args[n.idx], in, p, k)
	case opNative:
		return m.evalNative(n, fr, in, p, k)
	case opSpecial:
		return m.special(n, fr, in, p, k)
	case opBreak:
		return &raised{label: int64(fr.up(n.level).vars[n.idx].n)}
	case opPipe:
		if n.a.single && p == nil {
			v, err := m.eval1(n.a, fr, in)
			if err != nil || v.kind == kindNone {
				return err
			}
			return m.eval(n.b, fr, v, nil, k)
		}
		return m.eval(n.a, fr, in, p, func(v value, p *path) error { return m.eval(n.b, fr, v, p, k) })
	case opComma:
		if err := m.eval(n.a, fr, in, p, k); err != nil {
			return err
		}
		return m.eval(n.b, fr, in, p, k)
	case opAlt:
		return m.evalAlt(n, fr, in, p, k)
	case opAnd, opOr:
		return m.evalLogic(n, fr, in, p, k)
	case opBinary:
		return m.eval(n.b, fr, in, nil, func(b value, _ *path) error {
			return m.eval(n.a, fr, in, nil, func(a value, _ *path) error {
				v, err := m.binary(n.binary, a, b)
				if err != nil {
					return err
				}
				return k(v, p)
			})
		})
	case opNegate:
		return m.eval(n.a, fr, in, p, func(v value, p *path) error {
			if v.kind != kindNumber {
				return typeError(v, "cannot be negated")
			}
			return k(number(-v.num()), p)
		})
	case opAssign:
		return m.eval(n.b, fr, in, nil, func(v value, _ *path) error {
			out, err := m.assign(n.a, fr, in, v)
			if err != nil {
				return err
			}
			return k(out, p)
		})
	case opModify:
		out, err := m.modify(n.a, fr, in, func(old value, k cont) error { return m.eval(n.b, fr, old, nil, k) })
		if err != nil {
			return err
		}
		return k(out, p)
	case opUpdate:
		return m.evalUpdate(n, fr, in, p, k)
	case opIf:
		return m.eval(n.a, fr, in, nil, func(c value, _ *path) error {
			if c.truthy() {
				return m.eval(n.b, fr, in, p, k)
			}
			return m.eval(n.c, fr, in, p, k)
		})
	case opTry:
		return m.evalTry(n, fr, in, p, k)
	case opReduce, opForeach:
		source := in
		return m.eval(n.b, fr, in, p, func(start value, p *path) error {
			from := source
			source = null // jq 1.6 has moved its input away by the time a second start comes
			return m.foldFrom(n, fr, from, start, p, k)
		})
	case opAs:
		return m.eval(n.a, fr, in, nil, func(v value, _ *path) error {
			return m.match(n, fr, in, v, p, func(p *path) error { return m.eval(n.b, fr, in, p, k) })
		})
	case opLabel:
		id := m.newLabel()
		fr.vars[n.idx] = value{kind: kindNumber, n: uint64(id)}
		err := m.eval(n.a, fr, in, p, k)
		return m.atLabel(err, id)
	}
	v, err := m.eval1(n, fr, in)
	if err != nil || v.kind == kindNone {
		return err
	}
	return k(v, p)
}

// newLabel returns the id of a label that is being entered.
func (m *machine) newLabel() int64 {
	m.labels++
	return m.labels
}

// atLabel drops the break that is meant for id, and the value that jq makes of it if the query threw that itself.
func (m *machine) atLabel(err error, id int64) error {
	r, ok := err.(*raised)
	if !ok {
		return err
	}
	if r.label == id {
		return nil
	}
	if r.v.kind == kindObject && len(r.v.obj().keys) == 1 {
		if l := r.v.obj().get("__jq"); l.kind == kindNumber && l.num() == float64(id-1) {
			return nil
		}
	}
	return err
}

// frame makes the frame of a call.
func (m *machine) frame(n *node, fr *frame) *frame {
	f := &frame{}
	if n.level >= 0 {
		f.parent = fr.up(n.level)
	}
	if n.fn.nvars > 0 {
		f.vars = make([]value, n.fn.nvars)
	}
	if len(n.args) > 0 {
		f.args = make([]closure, len(n.args))
		for i := range n.args {
			f.args[i] = fr.closure(&n.args[i])
		}
	}
	return f
}

func (m *machine) evalIndex(n *node, fr *frame, in value, p *path, k cont) error {
	return m.eval(n.b, fr, in, nil, func(key value, _ *path) error {
		return m.eval(n.a, fr, in, p, func(t value, p *path) error { return m.index(n, t, key, p, k) })
	})
}

func (m *machine) index(n *node, t, key value, p *path, k cont) error {
	if p != nil && !identical(t, p.at) {
		return raiseString("Invalid path expression near attempt to access element " + excerpt(key, shortExcerpt) +
			" of " + excerpt(t, longExcerpt))
	}
	v, err := get(m, t, key)
	if err != nil && n.forgives(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if p != nil {
		p = &path{parent: p, key: key, at: v}
	}
	return k(v, p)
}

// forgives reports whether err, of the access itself, is no output.
func (n *node) forgives(err error) bool {
	_, ok := err.(*raised)
	return ok && n.opt
}

func sliceKey(from, to value) value {
	o := newObject(2)
	o.set("start", from)
	o.set("end", to)
	return objectValue(o)
}

func (m *machine) evalSlice(n *node, fr *frame, in value, p *path, k cont) error {
	bound := func(b *node, k func(v value) error) error {
		if b == nil {
			return k(null)
		}
		return m.eval(b, fr, in, nil, func(v value, _ *path) error { return k(v) })
	}
	return bound(n.b, func(from value) error {
		return bound(n.c, func(to value) error {
			return m.eval(n.a, fr, in, p, func(t value, p *path) error { return m.index(n, t, sliceKey(from, to), p, k) })
		})
	})
}

// each is t[].
func (m *machine) each(n *node, t value, p *path, k cont) error {
	if p != nil && !identical(t, p.at) {
		return raiseString("Invalid path expression near attempt to iterate through " + excerpt(t, longExcerpt))
	}
	switch t.kind {
	case kindArray:
		for i, v := range t.elems() {
			if err := m.step(); err != nil {
				return err
			}
			next := p
			if p != nil {
				next = &path{parent: p, key: number(float64(i)), at: v}
			}
			if err := k(v, next); err != nil {
				return err
			}
		}
		return nil
	case kindObject:
		o := t.obj()
		for i, v := range o.vals {
			if err := m.step(); err != nil {
				return err
			}
			next := p
			if p != nil {
				next = &path{parent: p, key: str(o.keys[i]), at: v}
			}
			if err := k(v, next); err != nil {
				return err
			}
		}
		return nil
	}
	if n.opt {
		return nil
	}
	return raiseString("Cannot iterate over " + describe(t))
}

// evalString builds a string from its pieces, the last one first: the first varies fastest.
func (m *machine) evalString(n *node, fr *frame, in value, i int, tail string, k func(string) error) error {
	if i < 0 {
		return k(tail)
	}
	return m.eval(n.list[i], fr, in, nil, func(v value, _ *path) error {
		if err := m.charge(int(v.n) + len(tail)); err != nil {
			return err
		}
		return m.evalString(n, fr, in, i-1, v.str()+tail, k)
	})
}

func (m *machine) collect(n *node, fr *frame, in value, p *path) (value, error) {
	var elems []value
	err := m.eval(n, fr, in, p, func(v value, _ *path) error {
		elems = append(elems, v)
		return m.charge(40) // with what growing costs
	})
	if err != nil {
		return none, err
	}
	return arrayOf(elems), nil
}

// evalObject builds an object: kv[:i] are the keys and values so far.
func (m *machine) evalObject(n *node, fr *frame, in value, i int, kv []value, k func(value) error) error {
	if i == len(n.list) {
		o := newObject(len(kv) / 2)
		for j := 0; j < len(kv); j += 2 {
			o.set(kv[j].str(), kv[j+1])
		}
		if err := m.charge(64 + 40*len(kv)); err != nil {
			return err
		}
		return k(objectValue(o))
	}
	return m.eval(n.list[i], fr, in, nil, func(key value, _ *path) error {
		next := func(v value, _ *path) error {
			if key.kind != kindString {
				return raiseString(keyError(key))
			}
			kv[i], kv[i+1] = key, v
			return m.evalObject(n, fr, in, i+2, kv, k)
		}
		if n.list[i+1] == nil {
			v, err := get(m, in, key)
			if err != nil {
				return err
			}
			return next(v, nil)
		}
		return m.eval(n.list[i+1], fr, in, nil, next)
	})
}

func (m *machine) evalNative(n *node, fr *frame, in value, p *path, k cont) error {
	var args [3]value
	var next func(i int) error
	next = func(i int) error {
		if i < 0 && p != nil && n.fn != nil {
			return m.trace(n.fn, args[:len(n.list)], in, p, k)
		}
		if i < 0 {
			v, err := n.native.fn(m, in, args[0], args[1], args[2])
			if err != nil || v.kind == kindNone {
				return err
			}
			return k(v, p)
		}
		return m.eval(n.list[i], fr, in, nil, func(v value, _ *path) error {
			args[i] = v
			return next(i - 1)
		})
	}
	return next(len(n.list) - 1)
}

// trace runs a native's definition in traced.
func (m *machine) trace(fn *function, args []value, in value, p *path, k cont) error {
	fr := &frame{vars: make([]value, fn.nvars)}
	for _, v := range args {
		fr.args = append(fr.args, closure{body: &node{op: opConst, single: true, plain: true, v: v}, own: -1})
	}
	return m.eval(fn.body, fr, in, p, k)
}

func (m *machine) evalAlt(n *node, fr *frame, in value, p *path, k cont) error {
	found := false
	err := m.eval(n.a, fr, in, p, func(v value, p *path) error {
		if !v.truthy() {
			return nil
		}
		found = true
		return k(v, p)
	})
	if err != nil || found {
		return err
	}
	return m.eval(n.b, fr, in, p, k)
}

func (m *machine) evalLogic(n *node, fr *frame, in value, p *path, k cont) error {
	short := n.op == opOr
	return m.eval(n.a, fr, in, p, func(a value, p *path) error {
		if a.truthy() == short {
			return k(boolean(short), p)
		}
		return m.eval(n.b, fr, in, p, func(b value, p *path) error { return k(boolean(b.truthy()), p) })
	})
}

func (m *machine) evalTry(n *node, fr *frame, in value, p *path, k cont) error {
	err := m.eval(n.a, fr, in, p, k)
	r, ok := err.(*raised)
	if !ok {
		return err
	}
	if n.b == nil {
		return nil
	}
	v := r.value()
	if v.kind == kindString && v.str() == "object" {
		// jq 1.6 means to ask here whether the error is a break, and asks whether it is this very string.
		return raiseString(`Cannot index string with string "__jq"`)
	}
	return m.eval(n.b, fr, v, p, k)
}

// foldFrom runs reduce or foreach from one start.
func (m *machine) foldFrom(n *node, fr *frame, in, state value, p *path, k cont) error {
	if n.op == opReduce {
		err := m.eval(n.a, fr, in, p, func(v value, p *path) error {
			return m.match(n, fr, in, v, p, func(p *path) error {
				if n.c.single && (p == nil || n.c.plain) {
					next, err := m.eval1(n.c, fr, state)
					if next.kind == kindNone {
						next = null
					}
					state = next
					return err
				}
				was := state
				state = null // what stays if there is no output; of several the last stays
				return m.eval(n.c, fr, was, p, func(v value, _ *path) error {
					state = v
					return nil
				})
			})
		})
		if err != nil {
			return err
		}
		return k(state, p)
	}
	return m.eval(n.a, fr, in, p, func(v value, p *path) error {
		return m.match(n, fr, in, v, p, func(p *path) error {
			was := state
			state = null
			return m.eval(n.c, fr, was, p, func(v value, p *path) error {
				state = v
				if n.d == nil {
					return k(v, p)
				}
				return m.eval(n.d, fr, v, p, k)
			})
		})
	})
}

// match binds a value to the patterns of n and goes on with k. An error in any but the last alternative, or further down,
// moves to the next one.
func (m *machine) match(n *node, fr *frame, in, v value, p *path, k func(*path) error) error {
	if len(n.patterns) == 1 {
		pat := n.patterns[0]
		if pat.isVar {
			fr.vars[pat.idx] = v
			return k(p)
		}
		return m.bind(pat, fr, v, p, k)
	}
	for _, i := range n.vars {
		fr.vars[i] = null
	}
	for i, pat := range n.patterns {
		err := m.bind(pat, fr, v, p, k)
		if _, ok := err.(*raised); !ok || i == len(n.patterns)-1 {
			return err
		}
		for _, i := range n.vars {
			fr.vars[i] = null
		}
	}
	return nil
}

var plainIndex = &node{}

// bind takes v apart. Arrays are taken apart from their end, as jq's code does.
func (m *machine) bind(pat *bindPattern, fr *frame, v value, p *path, k func(*path) error) error {
	switch {
	case pat.isVar:
		fr.vars[pat.idx] = v
		return k(p)
	case pat.array != nil:
		return m.bindArray(pat, len(pat.array)-1, fr, v, p, k)
	}
	return m.bindKeys(pat, 0, fr, v, p, k)
}

func (m *machine) bindArray(pat *bindPattern, i int, fr *frame, v value, p *path, k func(*path) error) error {
	if i < 0 {
		return k(p)
	}
	return m.index(plainIndex, v, number(float64(i)), p, func(e value, p *path) error {
		return m.bind(pat.array[i], fr, e, p, func(p *path) error { return m.bindArray(pat, i-1, fr, v, p, k) })
	})
}

func (m *machine) bindKeys(pat *bindPattern, i int, fr *frame, v value, p *path, k func(*path) error) error {
	if i == len(pat.keys) {
		return k(p)
	}
	key := pat.keys[i]
	return m.eval(key.key, fr, v, nil, func(name value, _ *path) error {
		return m.index(plainIndex, v, name, p, func(e value, p *path) error {
			if key.idx >= 0 {
				fr.vars[key.idx] = e
			}
			if key.value == nil {
				return m.bindKeys(pat, i+1, fr, v, p, k)
			}
			return m.bind(key.value, fr, e, p, func(p *path) error { return m.bindKeys(pat, i+1, fr, v, p, k) })
		})
	})
}

// paths gives k the keys of every path that n leads to from in.
func (m *machine) paths(n *node, fr *frame, in value, k func(keys []value) error) error {
	return m.eval(n, fr, in, &path{at: in}, func(v value, p *path) error {
		if !identical(v, p.at) {
			return raiseString("Invalid path expression with result " + excerpt(v, longExcerpt))
		}
		keys := p.keys()
		if err := m.charge(24 * len(keys)); err != nil {
			return err
		}
		return k(keys)
	})
}

// assign is paths = v.
func (m *machine) assign(paths *node, fr *frame, in, v value) (value, error) {
	state := in
	err := m.paths(paths, fr, in, func(keys []value) error {
		next, err := setPath(m, state, keys, v)
		if err != nil {
			next = null // what is left should the path expression catch the error
		}
		state = next
		return err
	})
	return state, err
}

// modify is paths |= update: the first output replaces the old value, and without one the path is deleted.
func (m *machine) modify(paths *node, fr *frame, in value, update func(old value, k cont) error) (value, error) {
	state := in
	err := m.paths(paths, fr, in, func(keys []value) error {
		was := state
		state = null // what is left should the path expression catch an error
		old, err := getPath(m, was, keys)
		if err != nil {
			return err
		}
		id := m.newLabel()
		found := false
		err = m.atLabel(update(old, func(v value, _ *path) error {
			next, err := setPath(m, was, keys, v)
			if err != nil {
				return err
			}
			state, found = next, true
			return &raised{label: id}
		}), id)
		if err != nil || found {
			return err
		}
		next, err := delPaths(m, was, []value{arrayOf(keys)})
		if err != nil {
			return err
		}
		state = next
		return nil
	})
	return state, err
}

func (m *machine) evalUpdate(n *node, fr *frame, in value, p *path, k cont) error {
	return m.eval(n.b, fr, in, p, func(with value, p *path) error {
		out, err := m.modify(n.a, fr, in, func(old value, k cont) error {
			if n.binary == binAlt {
				if old.truthy() {
					return k(old, nil)
				}
				return k(with, nil)
			}
			v, err := m.binary(n.binary, old, with)
			if err != nil {
				return err
			}
			return k(v, nil)
		})
		if err != nil {
			return err
		}
		return k(out, p)
	})
}

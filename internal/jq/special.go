package jq

import "strings"

// A special is a builtin that runs its arguments itself.
type special struct {
	name   string
	nargs  int
	single bool // at most one output whatever the arguments are
}

const (
	spEmpty = iota
	spRecurse
	spRecurseBy
	spPath
	spDel
	spGetPath
	spRange1
	spRange
	spRangeBy
	spLimit
	spFirst
	spLast
	spUntil
	spWhile
	spRepeat
	spSub
	spSubFlags
	spGsub
	spGsubFlags
)

// specials stand at their constants.
var specials = []special{
	spEmpty: {"empty", 0, true}, spRecurse: {"recurse", 0, false}, spRecurseBy: {"recurse", 1, false},
	spPath: {"path", 1, false}, spDel: {"del", 1, true}, spGetPath: {"getpath", 1, false},
	spRange1: {"range", 1, false}, spRange: {"range", 2, false}, spRangeBy: {"range", 3, false},
	spLimit: {"limit", 2, false}, spFirst: {"first", 1, false}, spLast: {"last", 1, true},
	spUntil: {"until", 2, false}, spWhile: {"while", 2, false}, spRepeat: {"repeat", 1, false},
	spSub: {"sub", 2, false}, spSubFlags: {"sub", 3, false}, spGsub: {"gsub", 2, false}, spGsubFlags: {"gsub", 3, false},
}

// special runs one of them.
func (m *machine) special(n *node, fr *frame, in value, p *path, k cont) error {
	arg := func(i int) closure { return fr.closure(&n.args[i]) }
	switch n.idx {
	case spRecurse:
		return m.recurse(in, p, k)
	case spRecurseBy:
		return m.recurseBy(arg(0), in, p, k)
	case spPath:
		f := arg(0)
		return m.pathsOf(f, in, func(keys []value) error { return k(arrayOf(keys), p) })
	case spDel:
		var paths []value
		err := m.pathsOf(arg(0), in, func(keys []value) error {
			paths = append(paths, arrayOf(keys))
			return nil
		})
		if err != nil {
			return err
		}
		v, err := delPaths(m, in, paths)
		if err != nil {
			return err
		}
		return k(v, p)
	case spGetPath:
		return m.run(arg(0), in, nil, func(keys value, _ *path) error { return m.getPath(in, keys, p, k) })
	case spRange1:
		return m.run(arg(0), in, nil, func(to value, _ *path) error { return m.count(number(0), to, p, k) })
	case spRange:
		return m.run(arg(0), in, p, func(from value, p *path) error {
			return m.run(arg(1), in, p, func(to value, p *path) error { return m.count(from, to, p, k) })
		})
	case spRangeBy:
		return m.run(arg(0), in, nil, func(from value, _ *path) error {
			return m.run(arg(1), in, nil, func(to value, _ *path) error {
				return m.run(arg(2), in, nil, func(by value, _ *path) error { return m.countBy(from, to, by, p, k) })
			})
		})
	case spLimit:
		return m.run(arg(0), in, nil, func(n value, _ *path) error { return m.take(n, arg(1), in, p, k) })
	case spFirst:
		id := m.newLabel()
		return m.atLabel(m.run(arg(0), in, p, func(v value, p *path) error {
			if err := k(v, p); err != nil {
				return err
			}
			return &raised{label: id}
		}), id)
	case spLast:
		last := null
		err := m.run(arg(0), in, p, func(v value, _ *path) error {
			last = v
			return nil
		})
		if err != nil {
			return err
		}
		return k(last, p)
	case spUntil:
		return m.until(arg(0), arg(1), in, p, k)
	case spWhile:
		return m.while(arg(0), arg(1), in, p, k)
	case spRepeat:
		f := arg(0)
		for {
			if err := m.step(); err != nil {
				return err
			}
			if err := m.run(f, in, p, k); err != nil {
				return err
			}
		}
	case spSub, spSubFlags, spGsub, spGsubFlags:
		return m.substitute(n, fr, in, p, k)
	}
	return nil // empty
}

// recurse is .. : in, and everything in it.
func (m *machine) recurse(in value, p *path, k cont) error {
	if err := m.enter(); err != nil {
		return err
	}
	err := k(in, p)
	if err == nil {
		err = m.each(optionalEach, in, p, func(v value, p *path) error { return m.recurse(v, p, k) })
	}
	m.depth--
	return err
}

var optionalEach = &node{opt: true}

func (m *machine) recurseBy(f closure, in value, p *path, k cont) error {
	if err := m.enter(); err != nil {
		return err
	}
	err := k(in, p)
	if err == nil {
		err = m.run(f, in, p, func(v value, p *path) error { return m.recurseBy(f, v, p, k) })
	}
	m.depth--
	return err
}

// pathsOf gives k the keys of every path f leads to.
func (m *machine) pathsOf(f closure, in value, k func([]value) error) error {
	fr := f.fr
	if f.own >= 0 {
		fr = &frame{parent: fr, vars: make([]value, f.own)}
	}
	return m.paths(f.body, fr, in, k)
}

func (m *machine) getPath(in, keys value, p *path, k cont) error {
	if keys.kind != kindArray {
		return raiseString("Path must be specified as an array")
	}
	v, err := getPath(m, in, keys.elems())
	if err != nil {
		return err
	}
	if p != nil && identical(in, p.at) {
		for _, key := range keys.elems() {
			p = &path{parent: p, key: key, at: v}
		}
		if len(keys.elems()) == 0 {
			p = &path{parent: p.parent, key: p.key, at: v}
		}
	}
	return k(v, p)
}

func (m *machine) count(from, to value, p *path, k cont) error {
	if from.kind != kindNumber || to.kind != kindNumber {
		return raiseString("Range bounds must be numeric")
	}
	for f := from.num(); !(f >= to.num()); f++ {
		if err := m.step(); err != nil {
			return err
		}
		if err := k(number(f), p); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) countBy(from, to, by value, p *path, k cont) error {
	sign := m.compare(by, number(0))
	if m.equal(by, number(0)) {
		return nil
	}
	for {
		c := m.compare(from, to)
		if !(sign > 0 && c < 0 || sign < 0 && c > 0) {
			return nil
		}
		if err := m.step(); err != nil {
			return err
		}
		if err := k(from, p); err != nil {
			return err
		}
		var err error
		if from, err = m.add(from, by); err != nil {
			return err
		}
	}
}

// take is limit: it looks at the count after an output, so that limit(0; f) still has one.
func (m *machine) take(n value, f closure, in value, p *path, k cont) error {
	if m.compare(n, number(0)) < 0 {
		return m.run(f, in, p, k)
	}
	id := m.newLabel()
	return m.atLabel(m.run(f, in, p, func(v value, p *path) error {
		left, err := m.binary(binSub, n, number(1))
		if err != nil {
			return err
		}
		n = left
		if err := k(v, p); err != nil {
			return err
		}
		if m.compare(left, number(0)) <= 0 {
			return &raised{label: id}
		}
		return nil
	}), id)
}

// only1 runs a closure that is single.
func (m *machine) only1(c closure, in value) (value, error) {
	fr := c.fr
	if c.own >= 0 {
		fr = &frame{parent: fr, vars: make([]value, c.own)}
	}
	return m.eval1(c.body, fr, in)
}

func (m *machine) until(cond, next closure, in value, p *path, k cont) error {
	if p == nil && cond.body.single && next.body.single {
		for {
			c, err := m.only1(cond, in)
			if err != nil || c.kind == kindNone {
				return err
			}
			if c.truthy() {
				return k(in, nil)
			}
			if in, err = m.only1(next, in); err != nil || in.kind == kindNone {
				return err
			}
		}
	}
	if err := m.enter(); err != nil {
		return err
	}
	err := m.run(cond, in, nil, func(c value, _ *path) error {
		if c.truthy() {
			return k(in, p)
		}
		return m.run(next, in, p, func(v value, p *path) error { return m.until(cond, next, v, p, k) })
	})
	m.depth--
	return err
}

func (m *machine) while(cond, update closure, in value, p *path, k cont) error {
	if p == nil && cond.body.single && update.body.single {
		for {
			c, err := m.only1(cond, in)
			if err != nil || !c.truthy() {
				return err
			}
			if err := k(in, nil); err != nil {
				return err
			}
			if in, err = m.only1(update, in); err != nil || in.kind == kindNone {
				return err
			}
		}
	}
	if err := m.enter(); err != nil {
		return err
	}
	err := m.run(cond, in, nil, func(c value, _ *path) error {
		if !c.truthy() {
			return nil
		}
		if err := k(in, p); err != nil {
			return err
		}
		return m.run(update, in, p, func(v value, p *path) error { return m.while(cond, update, v, p, k) })
	})
	m.depth--
	return err
}

// substitute is sub and gsub.
func (m *machine) substitute(n *node, fr *frame, in value, p *path, k cont) error {
	re, with := fr.closure(&n.args[0]), fr.closure(&n.args[1])
	flags := func(k func(value) error) error {
		if len(n.args) < 3 {
			return k(str("g"))
		}
		return m.run(fr.closure(&n.args[2]), in, nil, func(f value, _ *path) error {
			if n.idx == spGsubFlags {
				var err error
				if f, err = m.add(f, str("g")); err != nil {
					return err
				}
			}
			return k(f)
		})
	}
	return m.run(re, in, nil, func(re value, _ *path) error {
		if n.idx == spSub {
			re, f, err := splitPattern(re)
			if err != nil {
				return err
			}
			return m.replace(re, f, with, false, in, p, k)
		}
		return flags(func(f value) error {
			at, err := m.indices(f, str("g"))
			if err == nil {
				at, err = get(m, at, number(0))
			}
			if err != nil {
				return err
			}
			global := at.truthy()
			return flags(func(f value) error {
				if global {
					f = str(strings.ReplaceAll(f.str(), "g", ""))
				}
				return m.replace(re, f, with, global, in, p, k)
			})
		})
	})
}

// splitPattern reads a pattern that may be an array with its flags.
func splitPattern(v value) (re, flags value, err error) {
	switch {
	case v.kind == kindString:
		return v, null, nil
	case v.kind == kindArray && len(v.elems()) > 1:
		return v.elems()[0], v.elems()[1], nil
	case v.kind == kindArray && len(v.elems()) > 0:
		return v.elems()[0], null, nil
	}
	return none, none, raiseString(v.kind.String() + " not a string or array")
}

// An edit is one match that sub replaces.
type edit struct {
	before   string
	captures value
}

func (m *machine) replace(re, flags value, with closure, global bool, in value, p *path, k cont) error {
	var edits []edit
	rest := in
	for {
		found, err := m.matchRegex(rest, re, flags, false)
		if err != nil {
			return err
		}
		if p != nil { // jq 1.6 goes through its matches
			return raiseString("Invalid path expression near attempt to iterate through " + excerpt(found, longExcerpt))
		}
		if len(found.elems()) == 0 {
			break
		}
		first := found.elems()[0].obj()
		captures := newObject(4)
		for _, c := range first.get("captures").elems() {
			if name := c.obj().get("name"); name.kind == kindString {
				captures.set(name.str(), c.obj().get("string"))
			}
		}
		s := rest.str()
		from := int(first.get("offset").num())
		to := from + int(first.get("length").num())
		edits = append(edits, edit{before: sliceRunes(s, 0, from), captures: objectValue(captures)})
		rest = str(s[len(sliceRunes(s, 0, to)):])
		if !global || rest.n == 0 {
			break
		}
		if to == 0 {
			return m.exceeded("steps") // jq 1.6 never ends here
		}
		m.pass(2 * (len(s) - int(rest.n)))
		if err := m.charge(64); err != nil {
			return err
		}
	}
	return m.rebuild(edits, with, rest.str(), len(edits) == 0, rest, func(v value) error { return k(v, nil) })
}

// rebuild puts the replacements in, the last one first: the first varies fastest.
func (m *machine) rebuild(edits []edit, with closure, tail string, untouched bool, in value, k func(value) error) error {
	if untouched {
		return k(in)
	}
	if with.body.single {
		return m.rebuild1(edits, with, tail, k)
	}
	if len(edits) == 0 {
		return k(str(tail))
	}
	last := len(edits) - 1
	if err := m.enter(); err != nil {
		return err
	}
	err := m.run(with, edits[last].captures, nil, func(v value, _ *path) error {
		s, err := m.add(str(edits[last].before), v)
		if err == nil {
			err = m.charge(int(s.n) + len(tail))
		}
		if err != nil {
			return err
		}
		return m.rebuild(edits[:last], with, s.str()+tail, false, in, k)
	})
	m.depth--
	return err
}

// rebuild1 is rebuild with one replacement for each match at most.
func (m *machine) rebuild1(edits []edit, with closure, tail string, k func(value) error) error {
	pieces := make([]string, 2*len(edits)+1)
	pieces[2*len(edits)] = tail
	size := len(tail)
	for i := len(edits) - 1; i >= 0; i-- {
		e := edits[i]
		v, err := m.only1(with, e.captures)
		if err == nil && v.kind != kindNone && v.kind != kindString {
			_, err = m.add(str(e.before), v)
			v = str("")
		}
		if err != nil || v.kind == kindNone {
			return err
		}
		pieces[2*i], pieces[2*i+1] = e.before, v.str()
		size += len(e.before) + int(v.n)
	}
	if err := m.charge(size); err != nil {
		return err
	}
	return k(str(strings.Join(pieces, "")))
}

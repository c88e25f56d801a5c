package jq

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// What the builtins of builtin.go do that take more than a line.

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

func toNumber(m *machine, in, _, _, _ value) (value, error) {
	switch in.kind {
	case kindNumber:
		return in, nil
	case kindString:
		m.pass(int(in.n))
		if err := m.charge(24 * int(in.n)); err != nil {
			return none, err
		}
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

func length(m *machine, in, _, _, _ value) (value, error) {
	switch in.kind {
	case kindArray:
		return number(float64(len(in.elems()))), nil
	case kindObject:
		return number(float64(len(in.obj().keys))), nil
	case kindString:
		m.pass(2 * int(in.n))
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

func has(m *machine, in, a, _, _ value) (value, error) {
	switch {
	case in.kind == kindNull:
		return vFals, nil
	case in.kind == kindObject && a.kind == kindString:
		m.pass(int(a.n))
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
	m.passValues(len(elems))
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
		return get(m, in, a)
	case in.kind == kindArray:
		return get(m, in, arrayOf([]value{a}))
	case in.kind == kindString && a.kind == kindString:
		if a.n == 0 {
			return none, m.exceeded("steps") // jq 1.6 never ends here
		}
		var at []value
		s, sub := in.str(), a.str()
		m.pass(len(s))
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
	m.passValues(len(elems))
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
	m.passValues(len(by))
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

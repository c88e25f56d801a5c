package jq

import (
	"math"
	"unicode/utf8"
)

// maxArray bounds the index an assignment may reach: past it jq 1.6 asks for gigabytes.
const maxArray = 1 << 24

// get is jq's t[k].
func get(m *machine, t, k value) (value, error) {
	switch {
	case t.kind == kindObject && k.kind == kindString:
		m.pass(int(k.n))
		if v := t.obj().get(k.str()); v.kind != kindNone {
			return v, nil
		}
		return null, nil
	case t.kind == kindArray && k.kind == kindNumber:
		f := k.num()
		if f != math.Trunc(f) || f > math.MaxInt32 || f < math.MinInt32 {
			return null, nil
		}
		i, elems := int(f), t.elems()
		if i < 0 {
			i += len(elems)
		}
		if i < 0 || i >= len(elems) {
			return null, nil
		}
		return elems[i], nil
	case t.kind == kindArray && k.kind == kindObject:
		elems := t.elems()
		from, to, err := sliceBounds(len(elems), k.obj(), "array")
		if err != nil {
			return none, err
		}
		if from == 0 && to == len(elems) && to > 0 {
			return t, nil
		}
		return arrayOf(elems[from:to:to]), nil
	case t.kind == kindString && k.kind == kindObject:
		s := t.str()
		m.pass(2 * len(s))
		from, to, err := sliceBounds(countRunes(s), k.obj(), "string")
		if err != nil {
			return none, err
		}
		return str(sliceRunes(s, from, to)), nil
	case t.kind == kindArray && k.kind == kindArray:
		a, b := t.elems(), k.elems()
		if m.steps -= int64(len(a)) * int64(1+len(b)) >> 3; m.steps < 0 {
			return none, m.exceeded("steps")
		}
		return indexesOf(m, a, b), nil
	case t.kind == kindNull && (k.kind == kindString || k.kind == kindNumber || k.kind == kindObject):
		return null, nil
	}
	if k.kind == kindString && k.n < 30 {
		return none, raiseString("Cannot index " + t.kind.String() + " with string \"" + cString(k.str()) + "\"")
	}
	return none, raiseString("Cannot index " + t.kind.String() + " with " + k.kind.String())
}

// sliceBounds reads a slice key {"start": ..., "end": ...} for an array or a string of n elements.
func sliceBounds(n int, key *object, of string) (from, to int, err error) {
	start, end := key.get("start"), key.get("end")
	if start.kind == kindNull {
		start = number(0)
	}
	if end.kind == kindNull {
		end = number(float64(n))
	}
	if start.kind != kindNumber || end.kind != kindNumber {
		return 0, 0, raiseString("Start and end indices of an " + of + " slice must be numbers")
	}
	if math.IsNaN(start.num()) {
		return 0, 0, &aborted{reason: "jq 1.6 aborts: a slice from NaN"}
	}
	s, e, length := start.num(), end.num(), float64(n)
	if s < 0 {
		s += length
	}
	if e < 0 {
		e += length
	}
	if s < 0 {
		s = 0
	}
	if s > length {
		s = length
	}
	from = toInt(s)
	if e > length {
		to = n
	} else {
		to = toInt(e)
	}
	if float64(to) < e { // an end between two elements takes both
		to++
	}
	return from, max(min(to, n), from), nil
}

func sliceRunes(s string, from, to int) string {
	i := 0
	for ; from > 0 && i < len(s); from, to = from-1, to-1 {
		_, n := utf8.DecodeRuneInString(s[i:])
		i += n
	}
	j := i
	for ; to > 0 && j < len(s); to-- {
		_, n := utf8.DecodeRuneInString(s[j:])
		j += n
	}
	return s[i:j]
}

// indexesOf lists where b stands in a.
func indexesOf(m *machine, a, b []value) value {
	var at []value
	for i := range a {
		idx := -1
		for j, w := range b {
			v := none
			if i+j < len(a) {
				v = a[i+j]
			}
			if !m.equal(v, w) {
				idx = -1
			} else if j == 0 && idx == -1 {
				idx = i
			}
		}
		if idx > -1 {
			at = append(at, number(float64(idx)))
		}
	}
	return arrayOf(at)
}

// set returns t with t[k] = v.
func set(m *machine, t, k, v value) (value, error) {
	isNull := t.kind == kindNull
	switch {
	case k.kind == kindString && (t.kind == kindObject || isNull):
		if isNull {
			o := newObject(1)
			o.set(k.str(), v)
			return objectValue(o), nil
		}
		if err := m.charge(40 * len(t.obj().keys)); err != nil {
			return none, err
		}
		o := t.obj().clone(1)
		o.set(k.str(), v)
		return objectValue(o), nil
	case k.kind == kindNumber && (t.kind == kindArray || isNull):
		var elems []value
		if !isNull {
			elems = t.elems()
		}
		i := toInt(k.num())
		if i < 0 {
			i += len(elems)
			if i < 0 {
				return none, raiseString("Out of bounds negative array index")
			}
		}
		if i > maxArray {
			return none, m.exceeded("memory")
		}
		if !isNull && i == len(elems) {
			return t.arr().appended(v), nil
		}
		n := max(len(elems), i+1)
		if err := m.charge(24 * n); err != nil {
			return none, err
		}
		c := make([]value, n)
		for j := copy(c, elems); j < n; j++ {
			c[j] = null
		}
		c[i] = v
		return arrayOf(c), nil
	case k.kind == kindObject && (t.kind == kindArray || isNull):
		var elems []value
		if !isNull {
			elems = t.elems()
		}
		from, to, err := sliceBounds(len(elems), k.obj(), "array")
		if err != nil {
			return none, err
		}
		if v.kind != kindArray {
			return none, raiseString("A slice of an array can only be assigned another array")
		}
		if err := m.charge(24 * (len(elems) + len(v.elems()))); err != nil {
			return none, err
		}
		c := append(append(append(make([]value, 0, len(elems)+len(v.elems())), elems[:from]...), v.elems()...), elems[to:]...)
		return arrayOf(c), nil
	}
	return none, raiseString("Cannot update field at " + k.kind.String() + " index of " + t.kind.String())
}

func getPath(m *machine, root value, keys []value) (value, error) {
	m.passValues(len(keys))
	var err error
	for _, k := range keys {
		if root, err = get(m, root, k); err != nil {
			return none, err
		}
	}
	return root, nil
}

func setPath(m *machine, root value, keys []value, v value) (value, error) {
	if len(keys) > m.limit {
		return none, m.exceeded("depth")
	}
	if len(keys) == 0 {
		return v, nil
	}
	sub, err := get(m, root, keys[0])
	if err != nil {
		return none, err
	}
	if sub, err = setPath(m, sub, keys[1:], v); err != nil {
		return none, err
	}
	return set(m, root, keys[0], sub)
}

// delPaths removes what the paths lead to.
func delPaths(m *machine, root value, paths []value) (value, error) {
	m.passValues(len(paths))
	order := m.order(paths)
	sorted := make([][]value, 0, len(paths))
	for _, i := range order {
		p := paths[i]
		if p.kind != kindArray {
			return none, raiseString("Path must be specified as array, not " + p.kind.String())
		}
		sorted = append(sorted, p.elems())
	}
	if len(sorted) == 0 {
		return root, nil
	}
	if len(sorted[0]) == 0 {
		return null, nil
	}
	return delSorted(m, root, sorted, 0)
}

func delSorted(m *machine, t value, paths [][]value, depth int) (value, error) {
	if depth > m.limit {
		return none, m.exceeded("depth")
	}
	var whole []value
	for i := 0; i < len(paths); {
		key := paths[i][depth]
		j := i
		for j < len(paths) && m.equal(key, paths[j][depth]) {
			j++
		}
		if j == i { // NaN equals nothing, itself included
			return none, m.exceeded("steps")
		}
		if len(paths[i]) == depth+1 {
			whole = append(whole, key)
		} else {
			sub, err := get(m, t, key)
			if err != nil {
				return none, err
			}
			if sub.kind != kindNull {
				if sub, err = delSorted(m, sub, paths[i:j], depth+1); err != nil {
					return none, err
				}
				if t, err = set(m, t, key, sub); err != nil {
					return none, err
				}
			}
		}
		i = j
	}
	return delKeys(m, t, whole)
}

// delKeys removes members or elements; keys are sorted.
func delKeys(m *machine, t value, keys []value) (value, error) {
	switch {
	case t.kind == kindNull || len(keys) == 0:
		return t, nil
	case t.kind == kindObject:
		o := t.obj()
		if err := m.charge(40 * len(o.keys)); err != nil {
			return none, err
		}
		for _, k := range keys {
			if k.kind != kindString {
				return none, raiseString("Cannot delete " + k.kind.String() + " field of object")
			}
			o = o.without(k.str())
		}
		return objectValue(o), nil
	case t.kind == kindArray:
		elems := t.elems()
		if err := m.charge(24 * len(elems)); err != nil {
			return none, err
		}
		gone := make([]bool, len(elems))
		for _, k := range keys {
			switch k.kind {
			case kindNumber:
				i := toInt(k.num())
				if k.num() < 0 {
					i += len(elems)
				}
				if i >= 0 && i < len(gone) {
					gone[i] = true
				}
			case kindObject:
				from, to, err := sliceBounds(len(elems), k.obj(), "array")
				if err != nil {
					return none, err
				}
				for i := from; i < to; i++ {
					gone[i] = true
				}
			default:
				return none, raiseString("Cannot delete " + k.kind.String() + " element of array")
			}
		}
		kept := make([]value, 0, len(elems))
		for i, e := range elems {
			if !gone[i] {
				kept = append(kept, e)
			}
		}
		return arrayOf(kept), nil
	}
	return none, raiseString("Cannot delete fields from " + t.kind.String())
}

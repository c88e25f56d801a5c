package jq

import (
	"math"
	"slices"
	"strings"
)

// maxCompareDepth bounds how deep two values are compared.
const maxCompareDepth = 10_000

// visit counts one comparison of parts. A value may hold another many times over, so that comparing two small ones can take for
// ever: once the steps are used up the comparisons end at once, with any result, and the run fails at its next step.
func (m *machine) visit(depth int) bool {
	if depth > maxCompareDepth {
		m.steps = -1
	}
	m.steps--
	return m.steps >= 0
}

// equal is jq's ==: numbers by value (NaN equals nothing), objects whatever their order.
func (m *machine) equal(a, b value) bool { return m.equalAt(a, b, 0) }

func (m *machine) equalAt(a, b value, depth int) bool {
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case kindNumber:
		return a.num() == b.num()
	case kindString:
		if a.n != b.n {
			return false
		}
		m.pass(int(a.n))
		return a.str() == b.str()
	case kindArray:
		x, y := a.elems(), b.elems()
		if len(x) != len(y) {
			return false
		}
		if a.p == b.p || len(x) > 0 && &x[0] == &y[0] {
			return true
		}
		for i := range x {
			if !m.visit(depth) || !m.equalAt(x[i], y[i], depth+1) {
				return false
			}
		}
		return true
	case kindObject:
		x, y := a.obj(), b.obj()
		if x == y {
			return true
		}
		if len(x.keys) != len(y.keys) {
			return false
		}
		for i, k := range x.keys {
			w := y.get(k)
			if w.kind == kindNone || !m.visit(depth) || !m.equalAt(x.vals[i], w, depth+1) {
				return false
			}
		}
	}
	return true
}

// compare orders values as sort does: by type, then numbers by value with NaN below all others, strings by bytes,
// arrays element by element, objects by their sorted keys and then by their members.
func (m *machine) compare(a, b value) int { return m.compareAt(a, b, 0) }

func (m *machine) compareAt(a, b value, depth int) int {
	if a.kind != b.kind {
		return int(a.kind) - int(b.kind)
	}
	switch a.kind {
	case kindNumber:
		return compareNumbers(a.num(), b.num())
	case kindString:
		m.pass(int(min(a.n, b.n)))
		return strings.Compare(a.str(), b.str())
	case kindArray:
		x, y := a.elems(), b.elems()
		for i := 0; i < len(x) && i < len(y); i++ {
			if !m.visit(depth) {
				return 0
			}
			if c := m.compareAt(x[i], y[i], depth+1); c != 0 {
				return c
			}
		}
		return len(x) - len(y)
	case kindObject:
		x, y := a.obj(), b.obj()
		m.steps -= int64(len(x.keys) + len(y.keys))
		kx, ky := x.sortedKeys(), y.sortedKeys()
		if c := slices.Compare(kx, ky); c != 0 {
			return c
		}
		for _, k := range kx {
			if !m.visit(depth) {
				return 0
			}
			if c := m.compareAt(x.get(k), y.get(k), depth+1); c != 0 {
				return c
			}
		}
	}
	return 0
}

// compareNumbers takes NaN for null against the other number, as jq does, even against NaN.
func compareNumbers(x, y float64) int {
	switch {
	case math.IsNaN(x):
		return -1
	case math.IsNaN(y):
		return 1
	case x < y:
		return -1
	case x == y:
		return 0
	}
	return 1
}

// order returns the order of keys, stable. It merges halves as the C library's qsort does, which can be seen where NaN, less than
// itself, is among the keys.
func (m *machine) order(keys []value) []int {
	order := make([]int, len(keys))
	for i := range order {
		order[i] = i
	}
	m.mergeSort(order, make([]int, len(keys)), keys)
	return order
}

func (m *machine) mergeSort(order, room []int, keys []value) {
	if len(order) <= 1 {
		return
	}
	left, right := order[:len(order)/2], order[len(order)/2:]
	m.mergeSort(left, room, keys)
	m.mergeSort(right, room, keys)
	out := room[:0]
	for len(left) > 0 && len(right) > 0 {
		if m.compare(keys[left[0]], keys[right[0]]) <= 0 {
			out, left = append(out, left[0]), left[1:]
		} else {
			out, right = append(out, right[0]), right[1:]
		}
	}
	out = append(append(out, left...), right...)
	copy(order, out)
}

// contains is jq's contains for two values of any types. Strings end at NUL in 1.6, as C's do.
func (m *machine) contains(a, b value, depth int) bool {
	if a.kind != b.kind || !m.visit(depth) {
		return false
	}
	switch a.kind {
	case kindObject:
		o := b.obj()
		for i, k := range o.keys {
			if !m.contains(a.obj().get(k), o.vals[i], depth+1) {
				return false
			}
		}
		return true
	case kindArray:
		for _, w := range b.elems() {
			if !slices.ContainsFunc(a.elems(), func(v value) bool { return m.contains(v, w, depth+1) }) {
				return false
			}
		}
		return true
	case kindString:
		m.pass(int(a.n + b.n))
		return strings.Contains(cString(a.str()), cString(b.str()))
	}
	return m.equal(a, b)
}

package jq

import (
	"math"
	"strings"
)

type binaryOp uint8

const (
	binAdd binaryOp = iota
	binSub
	binMul
	binDiv
	binMod
	binEq
	binNe
	binLt
	binGt
	binLe
	binGe
	binAlt // only in //=
)

var binaryOps = map[string]binaryOp{
	"+": binAdd, "-": binSub, "*": binMul, "/": binDiv, "%": binMod, "==": binEq, "!=": binNe,
	"<": binLt, ">": binGt, "<=": binLe, ">=": binGe, "//": binAlt,
}

// binary is a op b for two values.
func (m *machine) binary(op binaryOp, a, b value) (value, error) {
	numbers := a.kind == kindNumber && b.kind == kindNumber
	switch op {
	case binAdd:
		return m.add(a, b)
	case binSub:
		if numbers {
			return number(a.num() - b.num()), nil
		}
		if a.kind == kindArray && b.kind == kindArray {
			return m.subtract(a.elems(), b.elems())
		}
		return none, typeErrors(a, b, "cannot be subtracted")
	case binMul:
		return m.multiply(a, b)
	case binDiv:
		if numbers {
			if b.num() == 0 {
				return none, typeErrors(a, b, "cannot be divided because the divisor is zero")
			}
			return number(a.num() / b.num()), nil
		}
		if a.kind == kindString && b.kind == kindString {
			return m.split(a.str(), b.str())
		}
		return none, typeErrors(a, b, "cannot be divided")
	case binMod:
		if !numbers {
			return none, typeErrors(a, b, "cannot be divided (remainder)")
		}
		x, y := toInt64(a.num()), toInt64(b.num())
		if y == 0 {
			return none, typeErrors(a, b, "cannot be divided (remainder) because the divisor is zero")
		}
		if y == -1 {
			if x == math.MinInt64 {
				return none, &aborted{reason: "jq 1.6 aborts: remainder of the smallest integer by -1"}
			}
			return number(0), nil
		}
		return number(float64(x % y)), nil
	case binEq:
		return boolean(m.equal(a, b)), nil
	case binNe:
		return boolean(!m.equal(a, b)), nil
	case binLt:
		return boolean(m.compare(a, b) < 0), nil
	case binGt:
		return boolean(m.compare(a, b) > 0), nil
	case binLe:
		return boolean(m.compare(a, b) <= 0), nil
	}
	return boolean(m.compare(a, b) >= 0), nil
}

func (m *machine) add(a, b value) (value, error) {
	switch {
	case a.kind == kindNull:
		return b, nil
	case b.kind == kindNull:
		return a, nil
	case a.kind != b.kind:
	case a.kind == kindNumber:
		return number(a.num() + b.num()), nil
	case a.kind == kindString:
		if err := m.charge(int(a.n + b.n)); err != nil {
			return none, err
		}
		return str(a.str() + b.str()), nil
	case a.kind == kindArray:
		x, y := a.arr(), b.elems()
		if len(y) == 0 {
			return a, nil
		}
		size := 24 * len(y)
		if !x.roomFor(len(y)) {
			size += 48 * len(x.elems)
		}
		if err := m.charge(size); err != nil {
			return none, err
		}
		return x.appended(y...), nil
	case a.kind == kindObject:
		x, y := a.obj(), b.obj()
		if len(y.keys) == 0 {
			return a, nil
		}
		if err := m.charge(40 * (len(x.keys) + len(y.keys))); err != nil {
			return none, err
		}
		o := x.clone(len(y.keys))
		for i, k := range y.keys {
			o.set(k, y.vals[i])
		}
		return objectValue(o), nil
	}
	return none, typeErrors(a, b, "cannot be added")
}

func (m *machine) subtract(a, b []value) (value, error) {
	var out []value
	for _, v := range a {
		keep := true
		for _, w := range b {
			if err := m.step(); err != nil {
				return none, err
			}
			if m.equal(v, w) {
				keep = false
				break
			}
		}
		if keep {
			out = append(out, v)
		}
	}
	return arrayOf(out), m.charge(24 * len(out))
}

func (m *machine) multiply(a, b value) (value, error) {
	switch {
	case a.kind == kindNumber && b.kind == kindNumber:
		return number(a.num() * b.num()), nil
	case a.kind == kindNumber && b.kind == kindString:
		return m.repeatString(b.str(), a.num())
	case a.kind == kindString && b.kind == kindNumber:
		return m.repeatString(a.str(), b.num())
	case a.kind == kindObject && b.kind == kindObject:
		return m.merge(a, b, 0)
	}
	return none, typeErrors(a, b, "cannot be multiplied")
}

// repeatString follows C: the count less one is cut to an int, and below zero the result is null.
func (m *machine) repeatString(s string, count float64) (value, error) {
	n := toInt(count - 1)
	if n < 0 {
		return null, nil
	}
	if err := m.charge(0); err != nil {
		return none, err
	}
	if int64(n+1)*int64(max(len(s), 1)) > m.bytes {
		return none, m.exceeded("memory")
	}
	if err := m.charge((n + 1) * len(s)); err != nil {
		return none, err
	}
	return str(strings.Repeat(s, n+1)), nil
}

func (m *machine) merge(a, b value, depth int) (value, error) {
	if depth > m.limit {
		return none, m.exceeded("depth")
	}
	x, y := a.obj(), b.obj()
	if err := m.charge(40 * (len(x.keys) + len(y.keys))); err != nil {
		return none, err
	}
	o := x.clone(len(y.keys))
	for i, k := range y.keys {
		v := y.vals[i]
		if old := o.get(k); old.kind == kindObject && v.kind == kindObject {
			var err error
			if v, err = m.merge(old, v, depth+1); err != nil {
				return none, err
			}
		}
		o.set(k, v)
	}
	return objectValue(o), nil
}

// split cuts s at every sep; at an empty one into code points.
func (m *machine) split(s, sep string) (value, error) {
	m.pass(len(s))
	if err := m.charge(24 * (len(s) + 1) / max(len(sep), 1)); err != nil {
		return none, err
	}
	if s == "" {
		return arrayOf(nil), nil
	}
	var parts []value
	if sep == "" {
		for i, r := range s {
			parts = append(parts, str(s[i:i+runeLen(r)]))
		}
		return arrayOf(parts), nil
	}
	for {
		i := strings.Index(s, sep)
		if i < 0 {
			return arrayOf(append(parts, str(s))), nil
		}
		parts = append(parts, str(s[:i]))
		s = s[i+len(sep):]
	}
}

func runeLen(r rune) int {
	switch {
	case r < 0x80:
		return 1
	case r < 0x800:
		return 2
	case r < 0x10000:
		return 3
	}
	return 4
}

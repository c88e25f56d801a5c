package jq

import (
	"math"
	"slices"
	"sort"
	"strings"
	"unsafe"
)

// A kind is the type of a value. The order is jq's order between values of different types.
type kind uint8

const (
	kindNone kind = iota // no value: what an expression without output returns
	kindNull
	kindFalse
	kindTrue
	kindNumber
	kindString
	kindArray
	kindObject
)

func (k kind) String() string {
	switch k {
	case kindNull:
		return "null"
	case kindFalse, kindTrue:
		return "boolean"
	case kindNumber:
		return "number"
	case kindString:
		return "string"
	case kindArray:
		return "array"
	case kindObject:
		return "object"
	}
	return "<invalid>"
}

// A value is one immutable JSON value in three words.
//
//	number   n is the bits of the float64
//	string   p points to the bytes, n is their count; always valid UTF-8
//	array    p is an *array
//	object   p is an *object
type value struct {
	kind kind
	n    uint64
	p    unsafe.Pointer
}

var (
	none  = value{}
	null  = value{kind: kindNull}
	vTrue = value{kind: kindTrue}
	vFals = value{kind: kindFalse}
)

func boolean(b bool) value {
	if b {
		return vTrue
	}
	return vFals
}

func number(f float64) value { return value{kind: kindNumber, n: math.Float64bits(f)} }

func str(s string) value {
	return value{kind: kindString, n: uint64(len(s)), p: unsafe.Pointer(unsafe.StringData(s))}
}

func arrayOf(elems []value) value {
	return value{kind: kindArray, p: unsafe.Pointer(&array{elems: elems})}
}

func objectValue(o *object) value { return value{kind: kindObject, p: unsafe.Pointer(o)} }

func (v value) num() float64   { return math.Float64frombits(v.n) }
func (v value) str() string    { return unsafe.String((*byte)(v.p), int(v.n)) }
func (v value) arr() *array    { return (*array)(v.p) }
func (v value) obj() *object   { return (*object)(v.p) }
func (v value) elems() []value { return (*array)(v.p).elems }

// truthy reports whether v is neither null nor false.
func (v value) truthy() bool { return v.kind > kindFalse }

// An array is immutable, but its spare capacity belongs to the longest array over the same memory: the one whose length is
// *used. So a fold that appends one element at a time takes linear time.
type array struct {
	elems []value
	used  *int
}

// appended returns a followed by vs. a is as it was.
func (a *array) appended(vs ...value) value {
	n := len(a.elems)
	if a.roomFor(len(vs)) {
		*a.used += len(vs)
		return value{kind: kindArray, p: unsafe.Pointer(&array{elems: append(a.elems, vs...), used: a.used})}
	}
	elems := make([]value, n, 2*n+len(vs)+4)
	copy(elems, a.elems)
	elems = append(elems, vs...)
	used := len(elems)
	return value{kind: kindArray, p: unsafe.Pointer(&array{elems: elems, used: &used})}
}

// roomFor reports whether n more elements fit behind a without moving it.
func (a *array) roomFor(n int) bool {
	return a.used != nil && *a.used == len(a.elems) && cap(a.elems) >= len(a.elems)+n
}

// An object keeps its members in the order in which their keys were first set. It is mutable until it becomes a value.
type object struct {
	keys  []string
	vals  []value
	index map[string]int // from indexFrom members on
}

const indexFrom = 64

func newObject(n int) *object {
	return &object{keys: make([]string, 0, n), vals: make([]value, 0, n)}
}

func (o *object) find(key string) int {
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	for i, k := range o.keys {
		if k == key {
			return i
		}
	}
	return -1
}

// get returns the member named key, or none.
func (o *object) get(key string) value {
	if i := o.find(key); i >= 0 {
		return o.vals[i]
	}
	return none
}

// set changes o, which must not be a value yet.
func (o *object) set(key string, v value) {
	if i := o.find(key); i >= 0 {
		o.vals[i] = v
		return
	}
	o.keys = append(o.keys, key)
	o.vals = append(o.vals, v)
	if o.index != nil {
		o.index[key] = len(o.keys) - 1
	} else if len(o.keys) >= indexFrom {
		o.reindex()
	}
}

func (o *object) reindex() {
	o.index = make(map[string]int, 2*len(o.keys))
	for i, k := range o.keys {
		o.index[k] = i
	}
}

// clone returns a copy that can be changed, with room for more members.
func (o *object) clone(more int) *object {
	c := newObject(len(o.keys) + more)
	c.keys = append(c.keys, o.keys...)
	c.vals = append(c.vals, o.vals...)
	if o.index != nil {
		c.reindex()
	}
	return c
}

// without returns o without a member.
func (o *object) without(key string) *object {
	i := o.find(key)
	if i < 0 {
		return o
	}
	c := newObject(len(o.keys))
	c.keys = append(append(c.keys, o.keys[:i]...), o.keys[i+1:]...)
	c.vals = append(append(c.vals, o.vals[:i]...), o.vals[i+1:]...)
	if len(c.keys) >= indexFrom {
		c.reindex()
	}
	return c
}

func (o *object) sortedKeys() []string {
	keys := slices.Clone(o.keys)
	sort.Strings(keys)
	return keys
}

// identical reports whether a and b are one value, not only equal ones: what a path expression may go on from.
func identical(a, b value) bool {
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case kindNumber:
		return a.n == b.n
	case kindString:
		return a.p == b.p && a.n == b.n
	case kindArray:
		if a.p == b.p {
			return true
		}
		x, y := a.elems(), b.elems()
		return len(x) == len(y) && len(x) > 0 && &x[0] == &y[0]
	case kindObject:
		return a.p == b.p
	}
	return true
}

func cString(s string) string {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return s[:i]
	}
	return s
}

// view returns b as a string without copying it. b must not change while the string is used.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// toInt is C's conversion of a double to int, as the reference machine does it.
func toInt(f float64) int {
	if f != f || f >= 1<<31 || f <= -1<<31-1 {
		return math.MinInt32
	}
	return int(f)
}

// toInt64 is C's conversion of a double to a 64-bit integer, as the reference machine does it.
func toInt64(f float64) int64 {
	if f != f || f >= 1<<63 || f < -1<<63 {
		return math.MinInt64
	}
	return int64(f)
}

// bytesOf returns s as bytes without copying it. They must not be written.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

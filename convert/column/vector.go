// Package column holds the vectors that deserializers fill and serializers read, and the error
// that says where a record stopped fitting the table.
//
// # Design
//
// There is one concrete Vector for every kind. Serializers switch on the kind once per batch and
// then run a typed loop over the slices; there is no interface call, no reflection and no boxed
// value between JSON and a file. The layout is Arrow's, widened: all integers stand in Ints, so
// that nine integer kinds need one loop.
package column

import (
	"math/bits"

	"github.com/hydrantkit/hydrant/schema"
)

// A Vector holds the values of one column, or of one member of a nested column.
//
//	boolean    Bools, one bit per value
//	integer    Ints (tinyint to bigint; date: days since 1970-01-01, proleptic)
//	float      Floats (a float32 value for float)
//	timestamp  Ints epoch seconds, Nanos 0–999,999,999; years 0001–9999, UTC
//	decimal    Ints low 64 bits and High high 64 bits of the unscaled value in two's complement;
//	           High is used only past 18 digits of precision
//	bytes      Bytes[Offsets[i]:Offsets[i+1]] (string, char without trailing blanks, varchar, binary)
//	list       Children[0] from Offsets[i] to Offsets[i+1]
//	map        the same, with Children[0] the keys (never null) and Children[1] the values
//	struct     Children[f] at i; a child is as long as its struct, and null where that is null
//
// Invariants: len(Offsets) == Len+1 where Offsets is used; a null has no bytes and no elements;
// Valid == nil means no nulls, else len(Valid) == ⌈Len/64⌉ and bits from Len on are zero (of Bools too).
// Values of Ints, Nanos, High, Floats and Bools are undefined where null, but present.
type Vector struct {
	Type       *schema.Type
	Len, Nulls int
	Valid      []uint64 // one bit per value
	Bools      []uint64
	Ints, High []int64
	Nanos      []int32
	Floats     []float64
	Bytes      []byte
	Offsets    []int32
	Children   []Vector

	spare []uint64 // what was Valid before the last null went
}

// Init makes v an empty vector of type t, with children for nested types.
func (v *Vector) Init(t *schema.Type) {
	*v = Vector{Type: t}
	switch t.Kind {
	case schema.String, schema.Char, schema.VarChar, schema.Binary:
		v.Offsets = make([]int32, 1, 64)
	case schema.Array:
		v.Offsets = make([]int32, 1, 64)
		v.Children = make([]Vector, 1)
		v.Children[0].Init(t.Elem)
	case schema.Map:
		v.Offsets = make([]int32, 1, 64)
		v.Children = make([]Vector, 2)
		v.Children[0].Init(t.Key)
		v.Children[1].Init(t.Elem)
	case schema.Struct:
		v.Children = make([]Vector, len(t.Fields))
		for i := range t.Fields {
			v.Children[i].Init(t.Fields[i].Type)
		}
	}
}

// Wide reports whether a decimal vector uses High.
func (v *Vector) Wide() bool { return v.Type.Kind == schema.Decimal && v.Type.Precision > 18 }

// Null reports whether value i is null.
func (v *Vector) Null(i int) bool {
	return v.Valid != nil && v.Valid[i>>6]>>(i&63)&1 == 0
}

// Bool returns value i of a boolean vector.
func (v *Vector) Bool(i int) bool { return v.Bools[i>>6]>>(i&63)&1 != 0 }

// Data returns the bytes of value i of a bytes vector; they are valid until the vector changes.
func (v *Vector) Data(i int) []byte {
	return v.Bytes[v.Offsets[i]:v.Offsets[i+1]:v.Offsets[i+1]]
}

// Reset empties v and keeps its memory.
func (v *Vector) Reset() { v.Truncate(0) }

// Truncate drops the values from n on, in every child too. What was appended to a child, or to Bytes, for a
// value that was never ended is dropped as well, so it takes back a half-appended row.
func (v *Vector) Truncate(n int) {
	n = min(n, v.Len)
	if v.Valid != nil && n < v.Len {
		v.Nulls -= v.Len - n - countBits(v.Valid, n, v.Len)
		if v.Valid = cutBits(v.Valid, n); v.Nulls == 0 {
			v.Valid, v.spare = nil, v.Valid
		}
	}
	v.Len = n
	switch k := v.Type.Kind; k {
	case schema.Boolean:
		v.Bools = cutBits(v.Bools, n)
	case schema.Float, schema.Double:
		v.Floats = v.Floats[:n]
	case schema.Timestamp:
		v.Ints, v.Nanos = v.Ints[:n], v.Nanos[:n]
	case schema.Decimal:
		v.Ints = v.Ints[:n]
		if v.Wide() {
			v.High = v.High[:n]
		}
	case schema.String, schema.Char, schema.VarChar, schema.Binary:
		v.Offsets = v.Offsets[:n+1]
		v.Bytes = v.Bytes[:v.Offsets[n]]
	case schema.Array, schema.Map:
		v.Offsets = v.Offsets[:n+1]
		for i := range v.Children {
			v.Children[i].Truncate(int(v.Offsets[n]))
		}
	case schema.Struct:
		for i := range v.Children {
			v.Children[i].Truncate(n)
		}
	default:
		v.Ints = v.Ints[:n]
	}
}

// countBits counts the bits of b that are set from number lo to before hi.
func countBits(b []uint64, lo, hi int) int {
	n := 0
	for w := lo >> 6; w < (hi+63)>>6; w++ {
		x := b[w]
		if w == lo>>6 {
			x &^= 1<<(lo&63) - 1
		}
		n += bits.OnesCount64(x) // bits from hi on are zero
	}
	return n
}

// cutBits keeps the first n bits of b and clears the rest of its last word.
func cutBits(b []uint64, n int) []uint64 {
	b = b[:(n+63)>>6]
	if n&63 != 0 {
		b[len(b)-1] &= 1<<(n&63) - 1
	}
	return b
}

// appendBit appends bit x as number n of b.
func appendBit(b []uint64, n int, x bool) []uint64 {
	if n&63 == 0 {
		b = append(b, 0)
	}
	if x {
		b[n>>6] |= 1 << (n & 63)
	}
	return b
}

// grow counts one more value that is not null.
func (v *Vector) grow() {
	if v.Valid != nil {
		v.Valid = appendBit(v.Valid, v.Len, true)
	}
	v.Len++
}

// AppendNull appends a null, to the children of a struct too.
func (v *Vector) AppendNull() {
	if v.Valid == nil {
		words := (v.Len + 63) >> 6
		if v.Valid, v.spare = v.spare, nil; cap(v.Valid) <= words {
			v.Valid = make([]uint64, words, words+max(16, words))
		}
		v.Valid = v.Valid[:words]
		for i := range v.Valid {
			v.Valid[i] = ^uint64(0)
		}
		v.Valid = cutBits(v.Valid, v.Len)
	}
	v.Valid = appendBit(v.Valid, v.Len, false)
	v.Nulls++
	switch v.Type.Kind {
	case schema.Boolean:
		v.Bools = appendBit(v.Bools, v.Len, false)
	case schema.Float, schema.Double:
		v.Floats = append(v.Floats, 0)
	case schema.Timestamp:
		v.Ints, v.Nanos = append(v.Ints, 0), append(v.Nanos, 0)
	case schema.Decimal:
		v.Ints = append(v.Ints, 0)
		if v.Wide() {
			v.High = append(v.High, 0)
		}
	case schema.String, schema.Char, schema.VarChar, schema.Binary, schema.Array, schema.Map:
		v.Offsets = append(v.Offsets, v.Offsets[v.Len])
	case schema.Struct:
		for i := range v.Children {
			v.Children[i].AppendNull()
		}
	default:
		v.Ints = append(v.Ints, 0)
	}
	v.Len++
}

// AppendBool appends to a boolean vector.
func (v *Vector) AppendBool(x bool) {
	v.Bools = appendBit(v.Bools, v.Len, x)
	v.grow()
}

// AppendInt appends to a vector of integers or dates.
func (v *Vector) AppendInt(x int64) {
	v.Ints = append(v.Ints, x)
	v.grow()
}

// AppendFloat appends to a vector of floats or doubles.
func (v *Vector) AppendFloat(x float64) {
	v.Floats = append(v.Floats, x)
	v.grow()
}

// AppendTimestamp appends seconds and nanoseconds (0–999,999,999) since 1970-01-01T00:00:00Z.
func (v *Vector) AppendTimestamp(sec int64, nanos int32) {
	v.Ints, v.Nanos = append(v.Ints, sec), append(v.Nanos, nanos)
	v.grow()
}

// AppendDecimal appends an unscaled value as the high and low halves of a 128-bit integer; high
// is ignored (it is the sign of low) up to 18 digits of precision.
func (v *Vector) AppendDecimal(high, low int64) {
	v.Ints = append(v.Ints, low)
	if v.Wide() {
		v.High = append(v.High, high)
	}
	v.grow()
}

// AppendBytes appends a copy of x to a bytes vector.
func (v *Vector) AppendBytes(x []byte) {
	v.Bytes = append(v.Bytes, x...)
	v.EndBytes()
}

// EndBytes ends a value whose bytes the caller has appended to v.Bytes.
func (v *Vector) EndBytes() {
	v.Offsets = append(v.Offsets, int32(len(v.Bytes)))
	v.grow()
}

// EndList ends a list or map whose elements the caller has appended to the children.
func (v *Vector) EndList() {
	v.Offsets = append(v.Offsets, int32(v.Children[0].Len))
	v.grow()
}

// EndStruct ends a struct to each of whose children the caller has appended one value.
func (v *Vector) EndStruct() { v.grow() }

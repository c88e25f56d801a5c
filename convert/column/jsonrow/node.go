// Package jsonrow is what the two deserializers share: the fast walk over a record, which appends values as they come, and
// the parts of the complete walk, which find every error's place.
//
// A deserializer makes a tree of [Node]s of its table, says with a [Dialect] what it does otherwise than the other one, and gives
// records to a [Reader]. When Reader.Rows refuses a record (it fails, or is unusual), the deserializer truncates the batch and walks
// it completely with the help of a [Walk].
package jsonrow

import (
	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
	"github.com/hydrantkit/hydrant/schema"
)

// An Op is how the fast walk reads a value.
type Op uint8

// Everything that an Op doesn't take goes to Dialect.Leaf; null is null.
const (
	OpLeaf          Op = iota // nothing is common
	OpString                  // a string
	OpVarChar                 // a string of at most Node.Hi bytes
	OpInt                     // an integer from Node.Lo to Node.Hi
	OpDouble                  // a number
	OpFloat                   // a number, to the nearest float
	OpJacksonDouble           // a number; an integer -0 is 0
	OpJacksonFloat            // a number, to the nearest double and then to the nearest float; an integer -0 is 0
	OpBool                    // true, false
	OpDate                    // "yyyy-MM-dd"
	OpTimestamp               // "yyyy-MM-dd HH:mm:ss" with or without a fraction
	OpISOTimestamp            // also with T, with T and Z, and epoch seconds and milliseconds
	OpPattern                 // "yyyy-MM-dd HH:mm:ss" as Node.Pattern says, with every field in its range
	OpDecimal                 // a number that needs no rounding
	OpStruct                  // an object
	OpList                    // an array
	OpMap                     // an object
	OpNever                   // nothing, not even null
)

// A Node is a type made ready: what a column, a member or an element wants.
type Node struct {
	Type    *schema.Type
	Op      Op
	Name    string // of a column or member
	Key     string // the JSON key that fills it
	Class   string // what the SerDe's messages call it
	Lo, Hi  int64
	MapKey  *Node // of a map
	Elem    *Node // of an array or map
	Fields  []*Node
	Pattern         // of OpPattern
	Also    [][]int // for each field the others that the same key fills; nil when there are none

	width int // values that a null has: itself, and those of a struct's members
	keys  keys
	extra map[string]int // keys that are no field's, numbered from len(Fields) on
	seen  []uint64       // one bit for each field and each key in extra

	// The last date read, and what day it was.
	date uint64
	dd   uint16
	days int64
}

// A Pattern is the form of the most usual patterns of TimestampFormats. What doesn't have the form is left to Dialect.Leaf.
type Pattern struct {
	Sep    byte // between date and time
	Digits int  // at most so many digits behind a point, of which milliseconds count; 0 is no point
	Z      bool // a Z behind it
}

// What Dialect.Resolve says of a key that is no field's.
const (
	Ignored = -1
	Unusual = -2 // only the complete walk understands it
)

// A Dialect is what the two deserializers do differently.
type Dialect struct {
	// Fold lower-cases the keys of maps and of objects that aren't declared; Unique refuses an object that has a key twice.
	Fold, Unique bool

	// Resolve returns the number of the field of n that the key fills which stands between quotes as raw, Ignored or Unusual; and how the
	// key is matched, for Unique.
	Resolve func(n *Node, raw []byte) (id int, key string)

	// Leaf appends the value at b[i], whatever it is, and returns the index behind it, or -1.
	Leaf func(n *Node, v *column.Vector, b []byte, i int) int

	// MapKey appends a key that isn't a string to v, where the map's keys begin at from, and reports whether it can be one.
	MapKey func(n *Node, v *column.Vector, from int, key []byte) bool
}

// extraKeys is how many undeclared keys of one object type are told apart by a bit; others are compared one by one.
const extraKeys = 192

// spellings is how many ways of writing keys are remembered for each declared one.
const spellings = 4

// prepare makes n and what is below it ready for the fast walk.
func (r *Reader) prepare(n *Node) {
	if n == nil {
		return
	}
	r.prepare(n.MapKey)
	r.prepare(n.Elem)
	n.width = 1
	for _, f := range n.Fields {
		r.prepare(f)
		n.width += f.width
	}
	if n.Op != OpStruct {
		return
	}
	n.extra = map[string]int{}
	n.seen = make([]uint64, (len(n.Fields)+extraKeys+63)/64)
	many := len(n.Fields) + extraKeys
	n.keys = newKeys(len(n.Fields)*spellings+extraKeys, func(raw []byte) int {
		id, key := r.Resolve(n, raw)
		if id != Ignored {
			return id
		}
		if !r.Unique {
			return many
		}
		if id, ok := n.extra[key]; ok {
			return id
		}
		if len(n.extra) == extraKeys {
			return many
		}
		id = len(n.Fields) + len(n.extra)
		n.extra[key] = id
		return id
	})
	// Declared keys are known and expected in their order from the start, so that no flood of others keeps them out.
	slot := 0
	for _, f := range n.Fields {
		if b := []byte(`"` + f.Key + `":`); jsonscan.String(b, 0) == len(b)-1 {
			_, slot, _ = n.keys.find(b, 0, slot)
		}
	}
}

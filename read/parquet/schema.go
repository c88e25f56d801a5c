package parquet

import (
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// maxDepth bounds the nesting of a schema; a Hive type nests 64 deep, with two groups for a list.
const maxDepth = 256

// A kind is what a node prints as.
type kind uint8

const (
	kindGroup kind = iota // object
	kindList              // array: children[0] is the repeated node
	kindMap               // object: children[0] is the repeated node, with a key and perhaps a value

	kindBoolean
	kindInt
	kindUint
	kindFloat
	kindDouble
	kindHalf
	kindDecimal
	kindText
	kindBinary
	kindUUID
	kindDate
	kindInt96
	kindMillis
	kindMicros
	kindNanos
	kindTimeMillis
	kindTimeMicros
	kindTimeNanos
)

// A node is an element of the schema.
type node struct {
	name       string
	path       string // dotted, as in the file
	repetition format.FieldRepetitionType
	kind       kind
	children   []*node
	def, rep   int // maximum levels

	// a list's repeated node that is its element itself, not a group around it
	bare bool

	// leaves
	index    int
	physical format.Type
	length   int // of FIXED_LEN_BYTE_ARRAY
	scale    int
	bits     int // of an unsigned integer
	element  *format.SchemaElement

	first *node // the first leaf below, or itself
}

// width is the size of a PLAIN value, 0 where it varies.
func (n *node) width() int {
	switch n.physical {
	case format.Int32, format.Float:
		return 4
	case format.Int64, format.Double:
		return 8
	case format.Int96:
		return 12
	case format.FixedLenByteArray:
		return n.length
	}
	return 0
}

// schema builds the tree of f's schema.
func (f *File) schema() error {
	s := f.meta.Schema
	if len(s) == 0 {
		return fmt.Errorf("it is empty")
	}
	root, rest, err := f.build(s, 0, 0, nil, 0)
	if err != nil {
		return err
	}
	if len(rest) != 0 {
		return fmt.Errorf("%d elements too many", len(rest))
	}
	if len(root.children) == 0 && s[0].Type.Valid {
		return fmt.Errorf("the root is no group")
	}
	root.kind = kindGroup
	f.root = root
	return nil
}

func (f *File) build(s []format.SchemaElement, def, rep int, path []string, depth int) (*node, []format.SchemaElement, error) {
	if len(s) == 0 {
		return nil, nil, fmt.Errorf("it ends early")
	}
	e := &s[0]
	s = s[1:]
	if depth > maxDepth {
		return nil, nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	n := &node{name: e.Name, element: e, def: def, rep: rep, repetition: e.RepetitionType.V}
	if depth > 0 {
		path = append(path[:len(path):len(path)], e.Name)
		switch n.repetition {
		case format.Optional:
			n.def++
		case format.Repeated:
			n.def++
			n.rep++
		}
	}
	n.path = strings.Join(path, ".")
	children := int(e.NumChildren.V)
	if !e.Type.Valid {
		if children < 0 || children > len(s) {
			return nil, nil, fmt.Errorf("%s: a group of %d members", n.path, children)
		}
		if children == 0 && depth > 0 {
			return nil, nil, fmt.Errorf("%s: neither a type nor members", n.path)
		}
		var err error
		for range children {
			var c *node
			if c, s, err = f.build(s, n.def, n.rep, path, depth+1); err != nil {
				return nil, nil, err
			}
			n.children = append(n.children, c)
		}
		if children > 0 {
			n.first = n.children[0].first
		}
		n.group()
		return n, s, nil
	}
	if children > 0 {
		return nil, nil, fmt.Errorf("%s: a type and members", n.path)
	}
	n.index, n.first = len(f.leaves), n
	f.leaves = append(f.leaves, n)
	return n, s, n.primitive()
}

// group finds out whether a group is a list or a map, by the rules of LogicalTypes.md, which
// cover the names of older writers.
func (n *node) group() {
	if len(n.children) != 1 || n.children[0].repetition != format.Repeated {
		return
	}
	c := n.children[0]
	_, list := n.element.LogicalType.Value.(*format.ListType)
	_, isMap := n.element.LogicalType.Value.(*format.MapType)
	if t := n.element.ConvertedType; t.Valid {
		list = list || t.V == deprecated.List
		isMap = isMap || t.V == deprecated.Map || t.V == deprecated.MapKeyValue
	}
	switch {
	case isMap && (len(c.children) == 1 || len(c.children) == 2) && c.children[0].repetition != format.Repeated && len(c.children[0].children) == 0:
		n.kind = kindMap
	case list:
		n.kind = kindList
		c.bare = len(c.children) != 1 || c.children[0].repetition == format.Repeated || c.name == "array" || c.name == n.name+"_tuple"
	}
}

func (n *node) primitive() error {
	e := n.element
	n.physical, n.length = e.Type.V, int(e.TypeLength.V)
	if n.physical < format.Boolean || n.physical > format.FixedLenByteArray {
		return fmt.Errorf("%s: type %d", n.path, n.physical)
	}
	if n.physical == format.FixedLenByteArray && n.length <= 0 {
		return fmt.Errorf("%s: a fixed length of %d", n.path, n.length)
	}
	n.scale = int(e.Scale.V)
	conv := deprecated.ConvertedType(-1)
	if e.ConvertedType.Valid {
		conv = e.ConvertedType.V
	}
	switch t := e.LogicalType.Value.(type) {
	case *format.StringType, *format.EnumType, *format.JsonType:
		conv = deprecated.UTF8
	case *format.DecimalType:
		conv, n.scale = deprecated.Decimal, int(t.Scale)
	case *format.DateType:
		conv = deprecated.Date
	case *format.IntType:
		if !t.IsSigned {
			conv, n.bits = deprecated.Uint64, int(t.BitWidth)
		}
	case *format.UUIDType:
		if n.physical == format.FixedLenByteArray && n.length == 16 {
			n.kind = kindUUID
			return nil
		}
	case *format.Float16Type:
		if n.physical == format.FixedLenByteArray && n.length == 2 {
			n.kind = kindHalf
			return nil
		}
	case *format.TimestampType:
		switch t.Unit.Value.(type) {
		case *format.MilliSeconds:
			conv = deprecated.TimestampMillis
		case *format.MicroSeconds:
			conv = deprecated.TimestampMicros
		case *format.NanoSeconds:
			if n.physical == format.Int64 {
				n.kind = kindNanos
				return nil
			}
		}
	case *format.TimeType:
		switch t.Unit.Value.(type) {
		case *format.MilliSeconds:
			conv = deprecated.TimeMillis
		case *format.MicroSeconds:
			conv = deprecated.TimeMicros
		case *format.NanoSeconds:
			if n.physical == format.Int64 {
				n.kind = kindTimeNanos
				return nil
			}
		}
	}
	if conv == deprecated.Decimal && (n.scale < 0 || n.scale > 1000) {
		return fmt.Errorf("%s: a scale of %d", n.path, n.scale)
	}
	integer := n.physical == format.Int32 || n.physical == format.Int64
	switch {
	case n.physical == format.Boolean:
		n.kind = kindBoolean
	case n.physical == format.Float:
		n.kind = kindFloat
	case n.physical == format.Double:
		n.kind = kindDouble
	case n.physical == format.Int96:
		n.kind = kindInt96
	case conv == deprecated.Decimal:
		n.kind = kindDecimal
	case integer && conv == deprecated.Date:
		n.kind = kindDate
	case integer && conv == deprecated.TimestampMillis:
		n.kind = kindMillis
	case integer && conv == deprecated.TimestampMicros:
		n.kind = kindMicros
	case integer && conv == deprecated.TimeMillis:
		n.kind = kindTimeMillis
	case integer && conv == deprecated.TimeMicros:
		n.kind = kindTimeMicros
	case integer && conv >= deprecated.Uint8 && conv <= deprecated.Uint64:
		n.kind = kindUint
	case integer:
		n.kind = kindInt
	case conv == deprecated.UTF8 || conv == deprecated.Enum || conv == deprecated.Json:
		n.kind = kindText
	default:
		n.kind = kindBinary
	}
	return nil
}

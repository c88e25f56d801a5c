package parquet

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/hydrantkit/hydrant/schema"
)

// An element is one entry of the footer's flat, depth-first schema.
type element struct {
	name       string
	repetition format.FieldRepetitionType
	children   int // of a group; 0 is a leaf
	physical   format.Type
	length     int                      // of a FIXED_LEN_BYTE_ARRAY
	converted  deprecated.ConvertedType // none is noConverted
	precision  int
	scale      int
	logical    logical
	path       string // dotted
}

const noConverted deprecated.ConvertedType = -1

// A logical is a field id of the LogicalType union.
type logical int16

const (
	logicalNone      logical = 0
	logicalString    logical = 1
	logicalMap       logical = 2
	logicalList      logical = 3
	logicalDecimal   logical = 5
	logicalDate      logical = 6
	logicalTimestamp logical = 8
	logicalInteger   logical = 10
)

// A node is a column or a member of one, as the levels see it.
//
//	               def when there   def of an element   rep of a further element
//	optional leaf  parent+1         –                   –
//	struct         parent+1         –                   –
//	array, map     parent+1         parent+2            parent+1
//	map key        parent           –                   –
type node struct {
	kind     schema.Kind
	optional bool
	def, rep uint8
	leaf     *leaf
	children []node
}

// A leaf is what has a column chunk in each row group.
type leaf struct {
	index          int // among the leaves of the file
	path           []string
	typ            *schema.Type
	physical       format.Type
	width          int // bytes of a PLAIN value, 0 for BYTE_ARRAY and BOOLEAN
	maxDef, maxRep uint8
	order          order
	bloom          bool
	unit           int64 // of INT64 timestamps: nanoseconds in one
}

func (l *leaf) name() string { return strings.Join(l.path, ".") }

// An order is how the values of a leaf are compared for its statistics.
type order uint8

const (
	orderNone   order = iota // INT96 has none
	orderInt                 // signed integers, booleans
	orderFloat               // without NaN
	orderBytes               // unsigned bytes
	orderFixed               // big-endian two's complement
	orderSigned              // signed bytes, as parquet-mr 1.8.1 had it for all byte arrays
)

// A tree is a table's columns as Parquet sees them.
type tree struct {
	elems   []element
	columns []node
	leaves  []*leaf
	layout  Layout
	options *Options
}

// newTree lays out columns. A struct without members, and names that a file can't tell apart, are errors.
func newTree(columns []schema.Column, o *Options) (*tree, error) {
	t := &tree{layout: o.Layout, options: o}
	t.elems = append(t.elems, element{name: "hive_schema", children: len(columns), converted: noConverted})
	if o.Layout == LayoutModern {
		t.elems[0].name = "schema"
	}
	if len(columns) == 0 {
		return nil, fmt.Errorf("the table has no columns")
	}
	seen := map[string]bool{}
	t.columns = make([]node, len(columns))
	for i, c := range columns {
		if c.Name == "" || seen[c.Name] {
			return nil, fmt.Errorf("column %d: the name %q is empty or there twice", i+1, c.Name)
		}
		seen[c.Name] = true
		n, err := t.add(nil, c.Name, c.Type, true, 0, 0)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		t.columns[i] = n
	}
	if err := t.checkPaths(); err != nil {
		return nil, err
	}
	return t, nil
}

// checkPaths finds bloom filter columns and field ids that name nothing.
func (t *tree) checkPaths() error {
	paths := map[string]bool{}
	for _, e := range t.elems[1:] {
		paths[e.path] = true
	}
	for _, p := range t.options.BloomFilterColumns {
		if !paths[p] {
			return fmt.Errorf("BloomFilterColumns: no column or member %q", p)
		}
	}
	for p := range t.options.FieldIDs {
		if !paths[p] {
			return fmt.Errorf("FieldIDs: no column or member %q", p)
		}
	}
	for p := range t.options.UTC {
		if !paths[p] {
			return fmt.Errorf("UTC: no column or member %q", p)
		}
	}
	return nil
}

// names are the inner names of lists and maps.
func (t *tree) names() (list, elem, entry string) {
	if t.layout == LayoutModern {
		return "list", "element", "key_value"
	}
	return "bag", "array_element", "map"
}

const maxDepth = 100

func (t *tree) add(parent []string, name string, typ *schema.Type, optional bool, def, rep uint8) (node, error) {
	path := append(parent[:len(parent):len(parent)], name)
	if typ == nil || len(path) > 3*maxDepth || def > 200 {
		return node{}, fmt.Errorf("no type, or a type nested too deeply, at %s", strings.Join(path, "."))
	}
	n := node{kind: typ.Kind, optional: optional, def: def, rep: rep}
	e := element{name: name, converted: noConverted, path: strings.Join(path, ".")}
	if optional {
		n.def++
		e.repetition = format.Optional
	}
	at := len(t.elems)
	list, elem, entry := t.names()
	switch typ.Kind {
	case schema.Struct:
		if len(typ.Fields) == 0 {
			return node{}, fmt.Errorf("%s is a struct without members", e.path)
		}
		e.children = len(typ.Fields)
		t.elems = append(t.elems, e)
		seen := make(map[string]bool, len(typ.Fields))
		for _, f := range typ.Fields {
			if f.Name == "" || seen[f.Name] {
				return node{}, fmt.Errorf("%s: the member name %q is empty or there twice", e.path, f.Name)
			}
			seen[f.Name] = true
			c, err := t.add(path, f.Name, f.Type, true, n.def, rep)
			if err != nil {
				return node{}, err
			}
			n.children = append(n.children, c)
		}
		return n, nil
	case schema.Array:
		n.rep++
		e.children, e.converted, e.logical = 1, deprecated.List, logicalList
		inner := append(path, list)
		t.elems = append(t.elems, e, element{name: list, repetition: format.Repeated, children: 1, converted: noConverted, path: strings.Join(inner, ".")})
		t.logicals(at)
		c, err := t.add(inner, elem, typ.Elem, true, n.def+1, n.rep)
		n.children = []node{c}
		return n, err
	case schema.Map:
		n.rep++
		e.children, e.converted, e.logical = 1, deprecated.Map, logicalMap
		inner := append(path, entry)
		repeated := element{name: entry, repetition: format.Repeated, children: 2, converted: deprecated.MapKeyValue, path: strings.Join(inner, ".")}
		if t.layout == LayoutModern {
			repeated.converted = noConverted
		}
		t.elems = append(t.elems, e, repeated)
		t.logicals(at)
		k, err := t.add(inner, "key", typ.Key, false, n.def+1, n.rep)
		if err != nil {
			return n, err
		}
		v, err := t.add(inner, "value", typ.Elem, true, n.def+1, n.rep)
		n.children = []node{k, v}
		return n, err
	}
	l := &leaf{index: len(t.leaves), path: path, typ: typ, maxDef: n.def, maxRep: rep}
	if err := t.primitive(&e, l, typ); err != nil {
		return node{}, fmt.Errorf("%s: %w", e.path, err)
	}
	for _, b := range t.options.BloomFilterColumns {
		if b == e.path || strings.HasPrefix(e.path, b+".") {
			l.bloom = l.physical != format.Boolean
		}
	}
	n.leaf = l
	t.elems = append(t.elems, e)
	t.leaves = append(t.leaves, l)
	t.logicals(at)
	return n, nil
}

// logicals drops the logical type of element i where the layout has none.
func (t *tree) logicals(i int) {
	if t.layout != LayoutModern {
		t.elems[i].logical = logicalNone
	}
}

// primitive maps a Hive type (format-conversion.md §7, "Type mapping to files").
func (t *tree) primitive(e *element, l *leaf, typ *schema.Type) error {
	modern := t.layout == LayoutModern
	switch typ.Kind {
	case schema.Boolean:
		e.physical, l.order = format.Boolean, orderInt
	case schema.TinyInt:
		e.physical, e.converted, e.logical, e.precision, l.order = format.Int32, deprecated.Int8, logicalInteger, 8, orderInt
	case schema.SmallInt:
		e.physical, e.converted, e.logical, e.precision, l.order = format.Int32, deprecated.Int16, logicalInteger, 16, orderInt
	case schema.Int:
		e.physical, l.order = format.Int32, orderInt
	case schema.BigInt:
		e.physical, l.order = format.Int64, orderInt
	case schema.Float:
		e.physical, l.order = format.Float, orderFloat
	case schema.Double:
		e.physical, l.order = format.Double, orderFloat
	case schema.Decimal:
		e.converted, e.logical, e.precision, e.scale = deprecated.Decimal, logicalDecimal, typ.Precision, typ.Scale
		switch {
		case modern && typ.Precision <= 9:
			e.physical, l.order = format.Int32, orderInt
		case modern && typ.Precision <= 18:
			e.physical, l.order = format.Int64, orderInt
		default:
			e.physical, e.length, l.order = format.FixedLenByteArray, decimalWidth(typ.Precision), orderFixed
		}
	case schema.String, schema.Char, schema.VarChar:
		e.physical, e.converted, e.logical, l.order = format.ByteArray, deprecated.UTF8, logicalString, orderBytes
	case schema.Binary:
		e.physical, l.order = format.ByteArray, orderBytes
	case schema.Date:
		e.physical, e.converted, e.logical, l.order = format.Int32, deprecated.Date, logicalDate, orderInt
	case schema.Timestamp:
		e.physical = format.Int96
		if modern {
			e.physical, e.logical, l.order = format.Int64, logicalTimestamp, orderInt
			switch t.options.Timestamps {
			case Millis:
				e.converted, l.unit = deprecated.TimestampMillis, 1e6
			case Micros:
				e.converted, l.unit = deprecated.TimestampMicros, 1e3
			case Nanos:
				l.unit = 1
			}
		}
	default:
		return fmt.Errorf("a file has no column of type %s", typ)
	}
	l.physical = e.physical
	switch e.physical {
	case format.Int32, format.Float:
		l.width = 4
	case format.Int64, format.Double:
		l.width = 8
	case format.Int96:
		l.width = 12
	case format.FixedLenByteArray:
		l.width = e.length
	}
	if t.layout == LayoutHive {
		switch e.physical {
		case format.Int96, format.ByteArray, format.FixedLenByteArray:
			l.order = orderSigned
		}
	}
	return nil
}

// decimalWidth is the fewest bytes that hold every unscaled value of precision p.
func decimalWidth(p int) int {
	hi, lo := uint64(0), uint64(1) // 10^p
	for range p {
		h, l := bits.Mul64(lo, 10)
		hi, lo = hi*10+h, l
	}
	n := 64 + bits.Len64(hi)
	if hi == 0 {
		n = bits.Len64(lo - 1)
	} // no power of ten is a power of two, so the bits of 10^p and of 10^p-1 are as many
	return n/8 + 1
}

// appendSchema appends element i of the schema as a list element.
func (t *tree) appendSchema(c *compact, i int) {
	e := &t.elems[i]
	c.begin(0)
	if e.children == 0 {
		c.i32(1, int32(e.physical))
		if e.physical == format.FixedLenByteArray {
			c.i32(2, int32(e.length))
		}
	}
	if i > 0 {
		c.i32(3, int32(e.repetition))
	}
	c.string(4, e.name)
	if e.children > 0 {
		c.i32(5, int32(e.children))
	}
	if e.converted != noConverted {
		c.i32(6, int32(e.converted))
	}
	if e.converted == deprecated.Decimal {
		c.i32(7, int32(e.scale))
		c.i32(8, int32(e.precision))
	}
	if id, ok := t.options.FieldIDs[e.path]; ok && i > 0 {
		c.i32(9, id)
	}
	t.appendLogical(c, e)
	c.end()
}

func (t *tree) appendLogical(c *compact, e *element) {
	if e.logical == logicalNone {
		return
	}
	c.begin(10)
	switch e.logical {
	case logicalDecimal:
		c.begin(int16(e.logical))
		c.i32(1, int32(e.scale))
		c.i32(2, int32(e.precision))
		c.end()
	case logicalInteger:
		c.begin(int16(e.logical))
		c.i8(1, int8(e.precision))
		c.bool(2, true)
		c.end()
	case logicalTimestamp:
		c.begin(int16(e.logical))
		c.bool(1, t.options.UTC[e.path]) // Hive's timestamp is a wall clock
		c.begin(2)
		c.empty(map[TimestampUnit]int16{Millis: 1, Micros: 2, Nanos: 3}[t.options.Timestamps])
		c.end()
		c.end()
	default:
		c.empty(int16(e.logical))
	}
	c.end()
}

// Package openx turns JSON records into rows as Amazon Data Firehose does with its OpenX JSON
// SerDe (format-conversion.md §4, §6).
//
// A [Deserializer] appends rows to a [column.Batch]. A record that doesn't fit leaves the batch as it was
// and gives a *[column.RowError] with the place, what was wanted and seen, and the service's code and message.
//
// # What is decided here
//
// JSON is strict, as the service's first parser has it: RFC 8259, UTF-8, nothing nested deeper than
// [jsonscan.MaxDepth]; a byte order mark is skipped. Half a surrogate pair, which only an escape can
// write, becomes "?" as it does in the service's files. Where several things are wrong with a record
// the error names the one the service meets first: malformed JSON, then a duplicate key, then the
// first column in the table's order.
//
// # Design
//
// There are two walks over a record. The complete one collects an object's members before it converts them in the
// table's order; it knows every rule and finds every error's place. The fast one converts members as they come, and hands
// the record to the complete one at anything unusual; package jsonrow has it, for both deserializers. Both walks convert what isn't
// common by the same functions.
package openx

import (
	"strings"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/column/jsonrow"
	"github.com/hydrantkit/hydrant/internal/jsonscan/javatext"
	"github.com/hydrantkit/hydrant/schema"
)

// Options mirror the API's OpenXJsonSerDe. The zero value is the service's default.
type Options struct {
	// CaseInsensitive lower-cases JSON keys at every depth before they are matched; nil is true.
	CaseInsensitive *bool

	// ConvertDotsInJsonKeysToUnderscores lets the key a.b fill the column a_b when there is no key a_b.
	ConvertDotsInJsonKeysToUnderscores bool

	// ColumnToJsonKeyMappings gives columns, and struct members at every depth, another JSON key.
	ColumnToJsonKeyMappings map[string]string

	// PositionalArrays reads a top-level array as a row, element i for column i; without it such a
	// record is MalformedData (format-conversion.md §6: compat and strict mode).
	PositionalArrays bool
}

// UnsupportedTypeError says that the SerDe has no such type. All records of such a table fail
// with the code column.InvalidSchema.
type UnsupportedTypeError struct {
	Column string       // path of the column or member, "user.photo"
	Type   *schema.Type // the type that isn't supported
}

// Error gives the service's message (format-conversion.md §9).
func (e *UnsupportedTypeError) Error() string { return invalidSchema }

// Code returns column.InvalidSchema.
func (e *UnsupportedTypeError) Code() string { return column.InvalidSchema }

const invalidSchema = "The schema is invalid. One or more columns have types that are not supported by org.openx.data.JsonSerDe"

// A Deserializer turns records into rows of one table. It is for one goroutine at a time.
type Deserializer struct {
	table  *schema.Table
	opts   Options
	fold   bool // keys are lower-cased
	dots   bool // ConvertDotsInJsonKeysToUnderscores
	row    *jsonrow.Node
	reader *jsonrow.Reader
	text   []byte // of the string at hand
	parts  []part // of objects that become text
	moved  []byte
}

// New makes a deserializer for table. Its error is an *UnsupportedTypeError when a column has a type that the
// SerDe lacks.
func New(table *schema.Table, o Options) (*Deserializer, error) {
	if err := table.Check(); err != nil {
		return nil, err
	}
	d := &Deserializer{table: table, opts: o, fold: o.CaseInsensitive == nil || *o.CaseInsensitive, dots: o.ConvertDotsInJsonKeysToUnderscores}
	var err error
	if d.row, err = d.compile("", table.Struct()); err != nil {
		return nil, err
	}
	d.reader = jsonrow.NewReader(d.row, jsonrow.Dialect{
		Fold: d.fold, Unique: true,
		Resolve: d.resolve,
		Leaf:    d.leaf,
		MapKey: func(n *jsonrow.Node, v *column.Vector, _ int, key []byte) bool {
			return appendText(n, v, key, fromKey) == ""
		},
	})
	return d, nil
}

// Clone returns a deserializer of the same table and options for another goroutine.
func (d *Deserializer) Clone() *Deserializer {
	c, err := New(d.table, d.opts)
	if err != nil {
		panic("openx: " + err.Error()) // the same table and options were good before
	}
	return c
}

// Record appends the rows of record to b: one for each JSON object in it. Its error is always a
// *column.RowError, and b is then as before.
func (d *Deserializer) Record(b *column.Batch, record []byte) error {
	rows := b.Rows
	if err := d.reader.Full(b, len(record)); err != nil {
		return err
	}
	if d.reader.Rows(b, record) {
		return nil
	}
	b.Truncate(rows)
	if err := d.complete(b, record); err != nil {
		b.Truncate(rows)
		return err
	}
	return nil
}

// match returns key as it is matched.
func (d *Deserializer) match(key string) string {
	if d.fold {
		return javatext.Lower(key)
	}
	return key
}

var ranges = map[schema.Kind][2]int64{
	schema.TinyInt: {-1 << 7, 1<<7 - 1}, schema.SmallInt: {-1 << 15, 1<<15 - 1},
	schema.Int: {-1 << 31, 1<<31 - 1}, schema.BigInt: {-1 << 63, 1<<63 - 1},
	schema.VarChar: {0, maxVarChar}, schema.Char: {0, maxChar},
}

// classes are what the SerDe casts values to.
var classes = map[schema.Kind]string{
	schema.Boolean: "java.lang.Boolean", schema.TinyInt: "java.lang.Byte", schema.SmallInt: "java.lang.Short",
	schema.Int: "java.lang.Integer", schema.BigInt: "java.lang.Long", schema.Float: "java.lang.Float",
	schema.Double: "java.lang.Double", schema.String: "java.lang.String", schema.Date: "java.sql.Date",
	schema.Timestamp: "java.sql.Timestamp", schema.Decimal: "org.apache.hadoop.hive.common.type.HiveDecimal",
	schema.Char: "org.apache.hadoop.hive.common.type.HiveChar", schema.VarChar: "org.apache.hadoop.hive.common.type.HiveVarchar",
	schema.Map: jsonObject,
}

const (
	jsonObject = "org.openx.data.jsonserde.json.JSONObject"
	jsonArray  = "org.openx.data.jsonserde.json.JSONArray"
)

var ops = map[schema.Kind]jsonrow.Op{
	schema.Boolean: jsonrow.OpBool, schema.TinyInt: jsonrow.OpInt, schema.SmallInt: jsonrow.OpInt, schema.Int: jsonrow.OpInt,
	schema.BigInt: jsonrow.OpInt, schema.Float: jsonrow.OpFloat, schema.Double: jsonrow.OpDouble, schema.Decimal: jsonrow.OpDecimal,
	schema.String: jsonrow.OpString, schema.VarChar: jsonrow.OpVarChar, schema.Date: jsonrow.OpDate,
	schema.Timestamp: jsonrow.OpISOTimestamp, schema.Array: jsonrow.OpList, schema.Map: jsonrow.OpMap, schema.Struct: jsonrow.OpStruct,
}

func (d *Deserializer) compile(path string, t *schema.Type) (*jsonrow.Node, error) {
	n := &jsonrow.Node{Type: t, Op: ops[t.Kind], Class: classes[t.Kind], Lo: ranges[t.Kind][0], Hi: ranges[t.Kind][1]}
	var err error
	switch t.Kind {
	case schema.Binary, schema.Invalid:
		return nil, &UnsupportedTypeError{Column: path, Type: t}
	case schema.Map:
		if n.MapKey, err = d.compile(path, t.Key); err != nil {
			return nil, err
		}
		fallthrough
	case schema.Array:
		if n.Elem, err = d.compile(path, t.Elem); err != nil {
			return nil, err
		}
	case schema.Struct:
		first := map[string]int{}
		for i := range t.Fields {
			c := &t.Fields[i]
			p := c.Name
			if path != "" {
				p = path + "." + p
			}
			f, err := d.compile(p, c.Type)
			if err != nil {
				return nil, err
			}
			f.Name, f.Key = c.Name, c.Name
			if k, ok := d.opts.ColumnToJsonKeyMappings[c.Name]; ok {
				f.Key = d.match(k)
			}
			if k, ok := first[f.Key]; !ok {
				first[f.Key] = i
			} else {
				if n.Also == nil {
					n.Also = make([][]int, len(t.Fields))
				}
				n.Also[k] = append(n.Also[k], i)
			}
			n.Fields = append(n.Fields, f)
		}
	}
	return n, nil
}

// resolve says which field of n a key fills, at least if no other key does.
func (d *Deserializer) resolve(n *jsonrow.Node, raw []byte) (id int, key string) {
	key = d.match(jsonrow.Unescape(raw))
	exact, dotted := jsonrow.Ignored, jsonrow.Ignored
	under := ""
	if d.dots && strings.Contains(key, ".") {
		under = strings.ReplaceAll(key, ".", "_")
	}
	for i := len(n.Fields) - 1; i >= 0; i-- {
		switch n.Fields[i].Key {
		case key:
			exact = i
		case under:
			if under != "" {
				dotted = i
			}
		}
	}
	if dotted == jsonrow.Ignored {
		return exact, key
	}
	if exact != jsonrow.Ignored {
		return jsonrow.Unusual, key // it may fill both
	}
	return dotted, key
}

// find returns the member that fills a field with this key, or nil. Of several keys that only differ in dots the
// one is taken that a Java HashMap would give first. byKey is nil, or has the members' numbers.
func (d *Deserializer) find(ms []jsonrow.Member, byKey map[string]int, key string) *jsonrow.Member {
	if byKey != nil {
		if i, ok := byKey[key]; ok {
			return &ms[i]
		}
	} else {
		for i := range ms {
			if ms[i].Key == key {
				return &ms[i]
			}
		}
	}
	if !d.dots {
		return nil
	}
	var best *jsonrow.Member
	for i := range ms {
		if k := ms[i].Key; strings.Contains(k, ".") && strings.ReplaceAll(k, ".", "_") == key {
			if best == nil || bucket(k, len(ms)) < bucket(best.Key, len(ms)) {
				best = &ms[i]
			}
		}
	}
	return best
}

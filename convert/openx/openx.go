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
// the record to the complete one at anything unusual. Both convert leaves by the same functions.
package openx

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
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
	row    *node
	fold   bool // keys are lower-cased
	dots   bool // ConvertDotsInJsonKeysToUnderscores
	walk   walk
	depth  int // levels still allowed
	unique keySet
	text   []byte
}

// A node is a type made ready: what a column, member or element wants.
type node struct {
	typ    *schema.Type
	name   string // of a member
	key    string // the JSON key that fills it
	lo, hi int64  // range of an integer type
	class  string // Java class that the SerDe casts to
	mapKey *node  // of a map
	elem   *node  // of an array or map
	fields []*node

	// What the fast walk uses of a struct.
	keys  jsonscan.Keys  // a field's number; more for other keys
	extra map[string]int // keys that are no field's
	seen  []uint64       // one bit for each meaning of a key
	also  [][]int        // other fields with a field's key

	// The last date read, and what day it was.
	date uint64
	dd   uint16
	days int64
}

// New makes a deserializer for table. Its error is an *UnsupportedTypeError when a column has a type that the
// SerDe lacks.
func New(table *schema.Table, o Options) (*Deserializer, error) {
	if err := table.Check(); err != nil {
		return nil, err
	}
	d := &Deserializer{table: table, fold: o.CaseInsensitive == nil || *o.CaseInsensitive, dots: o.ConvertDotsInJsonKeysToUnderscores, opts: o}
	var err error
	d.row, err = d.compile("", table.Struct())
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Clone returns a deserializer of the same table and options for another goroutine.
func (d *Deserializer) Clone() *Deserializer {
	c, _ := New(d.table, d.opts) // it worked before
	return c
}

var ranges = map[schema.Kind][2]int64{
	schema.TinyInt: {-1 << 7, 1<<7 - 1}, schema.SmallInt: {-1 << 15, 1<<15 - 1},
	schema.Int: {-1 << 31, 1<<31 - 1}, schema.BigInt: {-1 << 63, 1<<63 - 1},
}

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

func (d *Deserializer) compile(path string, t *schema.Type) (*node, error) {
	n := &node{typ: t, lo: ranges[t.Kind][0], hi: ranges[t.Kind][1], class: classes[t.Kind]}
	var err error
	switch t.Kind {
	case schema.Binary, schema.Invalid:
		return nil, &UnsupportedTypeError{Column: path, Type: t}
	case schema.Map:
		if n.mapKey, err = d.compile(path, t.Key); err != nil {
			return nil, err
		}
		fallthrough
	case schema.Array:
		if n.elem, err = d.compile(path, t.Elem); err != nil {
			return nil, err
		}
	case schema.Struct:
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
			f.name, f.key = c.Name, c.Name
			if k, ok := d.opts.ColumnToJsonKeyMappings[c.Name]; ok {
				if f.key = k; d.fold {
					f.key = strings.ToLower(k)
				}
			}
			n.fields = append(n.fields, f)
		}
		d.prepare(n)
	}
	return n, nil
}

// Record appends the rows of record to b: one for each JSON object in it. Its error is always a
// *column.RowError, and b is then as before.
func (d *Deserializer) Record(b *column.Batch, record []byte) error {
	rows := b.Rows
	if d.fast(b, record) {
		return nil
	}
	b.Truncate(rows)
	if err := d.complete(b, record); err != nil {
		b.Truncate(rows)
		return err
	}
	return nil
}

var bom = []byte("\xef\xbb\xbf")

// complete appends the rows of record by the complete walk.
func (d *Deserializer) complete(b *column.Batch, record []byte) error {
	i := 0
	if bytes.HasPrefix(record, bom) {
		i = len(bom)
	}
	if i = jsonscan.Space(record, i); i == len(record) {
		return &column.RowError{Offset: i, Code: column.MalformedData, Message: "The record was empty or contained only whitespace.",
			Hint: "drop empty records in a transform"}
	}
	// The whole record is read before any of it is converted.
	for j := i; j < len(record); j = jsonscan.Space(record, j) {
		end := jsonscan.Value(record, j)
		if end < 0 || end < len(record) && !separate(record, j, end) {
			return syntaxError(record, j, end)
		}
		j = end
	}
	w := &d.walk
	*w = walk{d: d, b: record, path: w.path[:0], text: w.text[:0]}
	for i < len(record) {
		i = jsonscan.Space(record, w.top(b, i))
		if w.err != nil {
			return w.err
		}
	}
	return nil
}

// separate reports whether the value b[start:end] can end there: a number or literal followed by
// something else than white space would be another token.
func separate(b []byte, start, end int) bool {
	switch b[start] {
	case '{', '[', '"':
		return true
	}
	switch b[end] {
	case ' ', '\t', '\n', '\r', '{', '[', '"':
		return true
	}
	return false
}

func syntaxError(record []byte, start, end int) error {
	e := &jsonscan.Error{Offset: end, Text: "Unexpected characters behind a value"}
	if end < 0 {
		if e = jsonscan.Explain(record, start); e == nil {
			e = &jsonscan.Error{Offset: start, Text: "not a JSON value"}
		}
	}
	return &column.RowError{Offset: e.Offset, Code: column.ParseError, Value: column.Seen(record[min(e.Offset, len(record)):]),
		Message: "Encountered malformed JSON. " + e.Text, Hint: syntaxHint(record, e)}
}

func syntaxHint(record []byte, e *jsonscan.Error) string {
	switch {
	case e.Offset >= len(record):
		return "the record ends too early: see whether its producer cuts it, or splits one document over records"
	case record[e.Offset] == '\'':
		return "JSON wants double quotes; make it JSON in a transform"
	case strings.HasPrefix(e.Text, "Invalid UTF-8"):
		return "encode the record as UTF-8 at its producer or in a transform"
	case strings.HasPrefix(e.Text, "Illegal unquoted"):
		return "escape control characters in strings at the producer or in a transform"
	case strings.Contains(e.Text, "NaN") || strings.Contains(e.Text, "Infinity"):
		return "JSON has no NaN or Infinity; write them as text for a double column"
	}
	return "only JSON can be converted: fix the producer, or make JSON of it in a transform"
}

// A walk is the complete way through one record. Values are known to be well formed.
type walk struct {
	d    *Deserializer
	b    []byte
	path []byte // JSON Pointer of the value at hand
	text []byte // text of the string at hand
	col  *node  // column at hand
	err  error
}

// fail keeps the first error: the value at b[i] isn't what n wants.
func (w *walk) fail(n *node, i int, detail string) {
	if w.err != nil {
		return
	}
	end := jsonscan.Value(w.b, i)
	e := &column.RowError{Offset: i, Path: string(w.path), Want: n.typ, Value: column.Seen(w.b[i:max(i, end)]),
		Code: column.MalformedData, Message: "Data does not match the schema. " + detail}
	if w.col != nil {
		e.Column = w.col.name
	}
	e.Hint = hint(n, e.Value, w.d)
	w.err = e
}

// push adds a part to the path and returns what pop needs to take it off again.
func (w *walk) push(part []byte) int {
	mark := len(w.path)
	w.path = append(w.path, '/')
	for _, c := range part {
		switch c {
		case '~':
			w.path = append(w.path, "~0"...)
		case '/':
			w.path = append(w.path, "~1"...)
		default:
			w.path = append(w.path, c)
		}
	}
	return mark
}

func (w *walk) pushIndex(i int) int {
	mark := len(w.path)
	w.path = fmt.Appendf(w.path, "/%d", i)
	return mark
}

func (w *walk) pop(mark int) { w.path = w.path[:mark] }

// top appends the row that the value at b[i] makes and returns the index behind the value.
func (w *walk) top(batch *column.Batch, i int) int {
	end := jsonscan.Value(w.b, i)
	switch w.b[i] {
	case '{':
	case '[':
		if w.d.opts.PositionalArrays {
			break
		}
		w.err = &column.RowError{Offset: i, Want: w.d.row.typ, Value: column.Seen(w.b[i:end]), Code: column.MalformedData,
			Message: "Data does not match the schema. The record is an array at the top level, and an object is wanted",
			Hint:    "write the objects one after another, or set the compatibility option for positional arrays"}
		return end
	default:
		w.err = &column.RowError{Offset: i, Want: w.d.row.typ, Value: column.Seen(w.b[i:end]), Code: column.MalformedData,
			Message: "The input JSON contained a primitive at the top level. The top level must be an object or array.",
			Hint:    "wrap the value in an object in a transform"}
		return end
	}
	if w.duplicates(i); w.err != nil {
		return end
	}
	w.members(w.d.row, batch.Columns, i, true)
	batch.Rows++
	return end
}

// A member is a key and where its value begins.
type member struct {
	key   string // as it is matched
	raw   string // as it is written, without escapes
	value int
}

// object returns the members of the object at b[i], and duplicate, the first whose key is there already, or -1.
func (w *walk) object(i int) (ms []member, duplicate int) {
	duplicate = -1
	i = jsonscan.Space(w.b, i+1)
	if w.b[i] == '}' {
		return nil, -1
	}
	seen := map[string]bool{}
	for {
		var end int
		w.text, end = jsonscan.AppendString(w.text[:0], w.b, i+1)
		m := member{raw: string(w.text)}
		m.key = m.raw
		if w.d.fold {
			m.key = lower(m.raw)
		}
		m.value = jsonscan.Space(w.b, jsonscan.Space(w.b, end)+1)
		if seen[m.key] && duplicate < 0 {
			duplicate = len(ms)
		}
		seen[m.key] = true
		ms = append(ms, m)
		i = jsonscan.Space(w.b, jsonscan.Value(w.b, m.value))
		if w.b[i] == '}' {
			return ms, duplicate
		}
		i = jsonscan.Space(w.b, i+1)
	}
}

// elements calls f with the index of each element of the array at b[i] until it returns false.
func (w *walk) elements(i int, f func(k, at int) bool) {
	i = jsonscan.Space(w.b, i+1)
	for k := 0; w.b[i] != ']'; k++ {
		if w.b[i] == ',' {
			i = jsonscan.Space(w.b, i+1)
		}
		if !f(k, i) {
			return
		}
		i = jsonscan.Space(w.b, jsonscan.Value(w.b, i))
	}
}

// duplicates fails at the first key that an object at b[i], or in it, has twice.
func (w *walk) duplicates(i int) {
	switch w.b[i] {
	case '{':
		ms, dup := w.object(i)
		for k, m := range ms {
			if k == dup {
				mark := w.push([]byte(m.raw))
				w.err = &column.RowError{Offset: m.value, Path: string(w.path), Want: w.d.row.typ, Code: column.MalformedData,
					Value:   column.Seen(w.b[m.value:jsonscan.Value(w.b, m.value)]),
					Message: "Data does not match the schema. Row is not a valid JSON Object - JSONException: Duplicate key \"" + m.key + "\"",
					Hint:    duplicateHint(ms, dup)}
				w.pop(mark)
			}
			if w.err != nil {
				return
			}
			mark := w.push([]byte(m.raw))
			w.duplicates(m.value)
			w.pop(mark)
		}
	case '[':
		w.elements(i, func(k, at int) bool {
			if c := w.b[at]; c == '{' || c == '[' {
				mark := w.pushIndex(k)
				w.duplicates(at)
				w.pop(mark)
			}
			return w.err == nil
		})
	}
}

func duplicateHint(ms []member, dup int) string {
	for _, m := range ms[:dup] {
		if m.key == ms[dup].key && m.raw != ms[dup].raw {
			return "the keys differ only in case: set CaseInsensitive to false, or rename one in a transform"
		}
	}
	return "remove or rename one of the two in a transform"
}

// members appends one value to each vector, of the members of the object or the elements of the array at b[i].
func (w *walk) members(n *node, vs []column.Vector, i int, top bool) {
	var at []int
	if w.b[i] == '[' {
		w.elements(i, func(k, e int) bool {
			at = append(at, e)
			return k+1 < len(n.fields)
		})
		for k, f := range n.fields {
			if top {
				w.col = f
			}
			if k >= len(at) {
				vs[k].AppendNull()
				continue
			}
			mark := w.pushIndex(k)
			w.value(f, &vs[k], at[k])
			w.pop(mark)
		}
		return
	}
	ms, _ := w.object(i)
	for k, f := range n.fields {
		if top {
			w.col = f
		}
		m := w.d.find(ms, f.key)
		if m == nil {
			vs[k].AppendNull()
			continue
		}
		mark := w.push([]byte(m.raw))
		w.value(f, &vs[k], m.value)
		w.pop(mark)
	}
}

// find returns the member that fills a field with this key, or nil. Of several keys that only differ in dots the
// one is taken that a Java HashMap would give first.
func (d *Deserializer) find(ms []member, key string) *member {
	for i := range ms {
		if ms[i].key == key {
			return &ms[i]
		}
	}
	if !d.dots {
		return nil
	}
	var best *member
	for i := range ms {
		if k := ms[i].key; strings.Contains(k, ".") && strings.ReplaceAll(k, ".", "_") == key {
			if best == nil || bucket(k, len(ms)) < bucket(best.key, len(ms)) {
				best = &ms[i]
			}
		}
	}
	return best
}

// value appends the value at b[i] to v, as n wants it.
func (w *walk) value(n *node, v *column.Vector, i int) {
	if w.err != nil {
		return
	}
	c := w.b[i]
	if c == 'n' {
		v.AppendNull()
		return
	}
	switch n.typ.Kind {
	case schema.Array:
		w.array(n, v, i)
	case schema.Map:
		w.mapValue(n, v, i)
	case schema.Struct:
		w.structValue(n, v, i)
	default:
		w.leaf(n, v, i)
	}
}

func (w *walk) array(n *node, v *column.Vector, i int) {
	switch w.b[i] {
	case '[':
		w.elements(i, func(k, at int) bool {
			mark := w.pushIndex(k)
			w.value(n.elem, &v.Children[0], at)
			w.pop(mark)
			return w.err == nil
		})
	case '"':
		if w.b[i+1] == '"' {
			v.AppendNull()
			return
		}
		fallthrough
	default: // anything else is an array of itself
		w.value(n.elem, &v.Children[0], i)
	}
	if w.err == nil {
		v.EndList()
	}
}

func (w *walk) mapValue(n *node, v *column.Vector, i int) {
	switch w.b[i] {
	case '{':
	case '"':
		if w.text, _ = jsonscan.AppendString(w.text[:0], w.b, i+1); blank(w.text) {
			v.AppendNull()
			return
		}
		w.fail(n, i, cast("java.lang.String", n.class))
		return
	default:
		w.fail(n, i, cast(w.javaClass(i), n.class))
		return
	}
	ms, _ := w.object(i)
	for _, m := range ms {
		mark := w.push([]byte(m.raw))
		if msg := w.d.appendText(n.mapKey, &v.Children[0], []byte(m.key), fromKey); msg != "" {
			w.fail(n.mapKey, m.value, msg)
		}
		w.value(n.elem, &v.Children[1], m.value)
		w.pop(mark)
		if w.err != nil {
			return
		}
	}
	v.EndList()
}

func (w *walk) structValue(n *node, v *column.Vector, i int) {
	switch w.b[i] {
	case '{', '[':
		w.members(n, v.Children, i, false)
	case '"':
		w.text, _ = jsonscan.AppendString(w.text[:0], w.b, i+1)
		if !blank(w.text) {
			w.fail(n, i, "Data is not JSONObject  but java.lang.String with value "+string(w.text))
			return
		}
		for k := range v.Children {
			v.Children[k].AppendNull()
		}
	default:
		w.fail(n, i, "Data is not JSONObject  but "+w.javaClass(i)+" with value "+string(w.b[i:jsonscan.Value(w.b, i)]))
		return
	}
	if w.err == nil {
		v.EndStruct()
	}
}

// leaf appends the value at b[i], which isn't null, to a vector of a primitive type.
func (w *walk) leaf(n *node, v *column.Vector, i int) {
	msg := ""
	switch c := w.b[i]; c {
	case '"':
		w.text, _ = jsonscan.AppendString(w.text[:0], w.b, i+1)
		msg = w.d.appendText(n, v, w.text, fromString)
	case '{', '[':
		if n.typ.Kind != schema.String {
			msg = cast(w.javaClass(i), n.class)
			break
		}
		v.Bytes = w.appendJSON(v.Bytes, i)
		v.EndBytes()
	case 't', 'f':
		switch n.typ.Kind {
		case schema.Boolean:
			v.AppendBool(c == 't')
		case schema.String:
			v.AppendBytes(w.b[i:jsonscan.Literal(w.b, i)])
		default:
			msg = cast("java.lang.Boolean", n.class)
		}
	default:
		msg = w.d.appendText(n, v, w.b[i:jsonscan.Number(w.b, i)], fromNumber)
	}
	if msg != "" {
		w.fail(n, i, msg)
	}
}

// javaClass names the class that the service's parser holds the value at b[i] in.
func (w *walk) javaClass(i int) string {
	switch w.b[i] {
	case '{':
		return jsonObject
	case '[':
		return jsonArray
	case '"':
		return "java.lang.String"
	case 't', 'f':
		return "java.lang.Boolean"
	}
	if s := w.b[i:jsonscan.Number(w.b, i)]; slices.ContainsFunc(s, func(c byte) bool { return c == '.' || c|0x20 == 'e' }) {
		return "java.lang.Double"
	}
	return "java.lang.Long"
}

func cast(from, to string) string { return from + " cannot be cast to " + to }

// blank reports whether text is empty or only what Java's trim takes away.
func blank(text []byte) bool {
	for _, c := range text {
		if c > ' ' {
			return false
		}
	}
	return true
}

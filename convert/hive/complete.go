package hive

import (
	"strconv"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/column/jsonrow"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
	"github.com/hydrantkit/hydrant/schema"
)

// A walk is the complete way through one record. Once it is framed, its values are known to be well formed.
type walk struct {
	jsonrow.Walk
	d *Deserializer
}

// complete appends the rows of record by the complete walk.
func (d *Deserializer) complete(b *column.Batch, record []byte) error {
	w := &walk{Walk: jsonrow.Walk{B: record, Fold: func(key string) string { return key }}, d: d}
	// The whole record is read before any of it is converted.
	for i := w.Frame(d.row.Type); w.Err == nil && i < len(record); i = jsonscan.Space(record, jsonscan.Value(record, i)) {
		switch record[i] {
		case '{':
			w.members(d.row, b.Columns, i, true)
			b.Rows++
		case '[':
			w.Fail(d.row, i, "java.io.IOException: Start token not found where expected", "write the objects one after another in a transform")
		default:
			w.Primitive(d.row.Type, i)
		}
	}
	if w.Err != nil {
		return w.Err
	}
	return nil
}

func (w *walk) fail(n *jsonrow.Node, i int, detail string) {
	w.Fail(n, i, detail, jsonrow.Hint(n, w.B[i:jsonscan.Value(w.B, i)]))
}

// members appends one value to each vector, of the members of the object at B[i]. All are converted in the order they come, since any can fail;
// of those that fill one field the last counts.
func (w *walk) members(n *jsonrow.Node, vs []column.Vector, i int, top bool) {
	ms := w.Members(i)
	field := make([]int, len(ms))
	last := map[int]int{}
	for k, m := range ms {
		id, msg := position(n, m.Raw)
		if msg != "" {
			// Members before this one fail first.
			id = len(n.Fields)
		}
		field[k] = id
		last[id] = k
	}
	for k, m := range ms {
		id := field[k]
		if id == jsonrow.Ignored {
			continue
		}
		mark := w.Push(m.Raw)
		if id == len(n.Fields) {
			_, msg := position(n, m.Raw)
			w.Fail(n, m.Value, msg, "a key _colN names the column with that number: rename it in a transform")
		} else {
			if top {
				w.Col = n.Fields[id]
			}
			w.last(n.Fields[id], &vs[id], m.Value, last[id] == k)
		}
		w.Pop(mark)
		if w.Err != nil {
			return
		}
	}
	for k, f := range n.Fields {
		if _, ok := last[k]; !ok {
			w.Null(f, &vs[k], i)
		}
	}
}

// last appends the value at B[i] to v when it is the last of its name, and else only sees whether it fits.
func (w *walk) last(n *jsonrow.Node, v *column.Vector, i int, last bool) {
	if !last {
		var scratch column.Vector
		scratch.Init(n.Type)
		v = &scratch
	}
	w.value(n, v, i)
}

// value appends the value at B[i] to v, as n wants it.
func (w *walk) value(n *jsonrow.Node, v *column.Vector, i int) {
	c := w.B[i]
	switch {
	case w.Err != nil:
	case n.Type.Kind == schema.Binary:
		w.fail(n, i, notBinary)
	case c == 'n':
		w.Null(n, v, i)
	case n.Type.Kind == schema.Array:
		if c != '[' {
			w.fail(n, i, notArray)
			return
		}
		w.Elements(i, func(k, at int) bool {
			mark := w.PushIndex(k)
			w.value(n.Elem, &v.Children[0], at)
			w.Pop(mark)
			return w.Err == nil
		})
		if w.Err == nil {
			v.EndList()
		}
	case n.Type.Kind.Primitive():
		if msg := w.d.primitive(n, v, w.B, i); msg != "" {
			w.fail(n, i, msg)
		}
	case c != '{':
		w.fail(n, i, notObject)
	case n.Type.Kind == schema.Map:
		w.entries(n, v, i)
	default:
		if w.members(n, v.Children, i, false); w.Err == nil {
			v.EndStruct()
		}
	}
}

// entries appends the map at B[i]. Of equal keys the first has the place and the last the value.
func (w *walk) entries(n *jsonrow.Node, v *column.Vector, i int) {
	ms := w.Members(i)
	var keys column.Vector
	keys.Init(n.Type.Key)
	places := map[string]int{} // of keys
	var order []int            // the member whose key each place has
	value := map[int]int{}     // the member whose value it has
	for k, m := range ms {
		mark := w.Push(m.Raw)
		if msg := appendKey(n.MapKey, &keys, []byte(m.Raw)); msg != "" {
			w.Fail(n.MapKey, m.Value, msg, "declare the keys of the map string")
			return
		}
		w.Pop(mark)
		id := identity(&keys, k)
		p, ok := places[id]
		if !ok {
			p = len(order)
			places[id] = p
			order = append(order, k)
		}
		value[p] = k
	}
	counts := make([]bool, len(ms))
	for _, k := range value {
		counts[k] = true
	}
	for k, m := range ms {
		if !counts[k] {
			mark := w.Push(m.Raw)
			w.last(n.Elem, nil, m.Value, false)
			w.Pop(mark)
		}
	}
	for p, k := range order {
		m := ms[value[p]]
		mark := w.Push(m.Raw)
		appendKey(n.MapKey, &v.Children[0], []byte(ms[k].Raw))
		w.value(n.Elem, &v.Children[1], m.Value)
		w.Pop(mark)
	}
	if w.Err == nil {
		v.EndList()
	}
}

// identity returns a text that two keys share when they are equal in Java.
func identity(v *column.Vector, i int) string {
	switch v.Type.Kind {
	case schema.String, schema.Char, schema.VarChar:
		return string(v.Data(i))
	case schema.Boolean:
		return strconv.FormatBool(v.Bool(i))
	case schema.Float, schema.Double:
		return strconv.FormatFloat(v.Floats[i], 'x', -1, 64)
	case schema.Timestamp:
		return strconv.FormatInt(v.Ints[i], 10) + "." + strconv.Itoa(int(v.Nanos[i]))
	case schema.Decimal:
		if v.Wide() {
			return strconv.FormatInt(v.High[i], 10) + ":" + strconv.FormatInt(v.Ints[i], 10)
		}
	}
	return strconv.FormatInt(v.Ints[i], 10)
}

package openx

import (
	"slices"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/column/jsonrow"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
	"github.com/hydrantkit/hydrant/internal/jsonscan/javatext"
	"github.com/hydrantkit/hydrant/schema"
)

// A walk is the complete way through one record. Once it is framed, its values are known to be well formed.
type walk struct {
	jsonrow.Walk
	d *Deserializer
}

// complete appends the rows of record by the complete walk.
func (d *Deserializer) complete(b *column.Batch, record []byte) error {
	w := &walk{Walk: jsonrow.Walk{B: record, Fold: d.match}, d: d}
	// The whole record is read before any of it is converted.
	for i := w.Frame(d.row.Type); w.Err == nil && i < len(record); i = jsonscan.Space(record, jsonscan.Value(record, i)) {
		w.top(b, i)
	}
	if w.Err != nil {
		return w.Err
	}
	return nil
}

// top appends the row that the value at B[i] makes.
func (w *walk) top(batch *column.Batch, i int) {
	switch w.B[i] {
	case '{':
	case '[':
		if w.d.opts.PositionalArrays {
			break
		}
		w.Fail(w.d.row, i, "The record is an array at the top level, and an object is wanted",
			"write the objects one after another, or use the compatibility option for positional arrays")
		return
	default:
		w.Primitive(w.d.row.Type, i)
		return
	}
	if !w.d.reader.Distinct(w.B, i) {
		w.duplicates(i)
	}
	if w.Err == nil {
		w.members(w.d.row, batch.Columns, i, true)
		batch.Rows++
	}
}

// duplicates fails at the first key that an object at B[i], or in it, has twice. It returns the index behind the value.
func (w *walk) duplicates(i int) int {
	b := w.B
	object := b[i] == '{'
	if !object && b[i] != '[' {
		return jsonscan.Value(b, i)
	}
	seen := map[string]string{}
	i = jsonscan.Space(b, i+1)
	for k := 0; b[i] != ']' && b[i] != '}'; k++ {
		if b[i] == ',' {
			i = jsonscan.Space(b, i+1)
		}
		var mark int
		if object {
			end := jsonscan.String(b, i)
			raw := jsonrow.Unescape(b[i+1 : end-1])
			key := w.d.match(raw)
			i = jsonscan.Space(b, jsonscan.Space(b, end)+1)
			mark = w.Push(raw)
			if before, ok := seen[key]; ok {
				hint := "remove or rename one of the two in a transform"
				if before != raw {
					hint = "the keys differ only in case: set CaseInsensitive to false, or rename one in a transform"
				}
				w.Fail(w.d.row, i, "Row is not a valid JSON Object - JSONException: Duplicate key \""+key+"\"", hint)
			}
			seen[key] = raw
		} else {
			mark = w.PushIndex(k)
		}
		i = jsonscan.Space(b, w.duplicates(i))
		w.Pop(mark)
		if w.Err != nil {
			return len(b)
		}
	}
	return i + 1
}

// members appends one value to each vector, of the members of the object or the elements of the array at B[i].
func (w *walk) members(n *jsonrow.Node, vs []column.Vector, i int, top bool) {
	var ms []jsonrow.Member
	var byKey map[string]int
	var at []int
	array := w.B[i] == '['
	if array {
		w.Elements(i, func(k, e int) bool {
			at = append(at, e)
			return k+1 < len(n.Fields)
		})
	} else {
		ms = w.Members(i)
		if len(ms) > 100 { // not one by one
			byKey = make(map[string]int, len(ms))
			for k := range ms {
				byKey[ms[k].Key] = k
			}
		}
	}
	for k, f := range n.Fields {
		if top {
			w.Col = f
		}
		var m *jsonrow.Member
		if !array {
			m = w.d.find(ms, byKey, f.Key)
		}
		switch {
		case array && k < len(at):
			mark := w.PushIndex(k)
			w.value(f, &vs[k], at[k])
			w.Pop(mark)
		case m != nil:
			mark := w.Push(m.Raw)
			w.value(f, &vs[k], m.Value)
			w.Pop(mark)
		default:
			w.Null(f, &vs[k], i)
		}
	}
}

// value appends the value at B[i] to v, as n wants it.
func (w *walk) value(n *jsonrow.Node, v *column.Vector, i int) {
	if w.Err != nil {
		return
	}
	if w.B[i] == 'n' {
		w.Null(n, v, i)
		return
	}
	switch n.Type.Kind {
	case schema.Array:
		w.array(n, v, i)
	case schema.Map:
		w.mapValue(n, v, i)
	case schema.Struct:
		w.structValue(n, v, i)
	default:
		if msg := w.d.primitive(n, v, w.B, i); msg != "" {
			w.fail(n, i, msg)
		}
	}
}

func (w *walk) fail(n *jsonrow.Node, i int, detail string) {
	w.Fail(n, i, detail, jsonrow.Hint(n, w.B[i:jsonscan.Value(w.B, i)]))
}

func (w *walk) array(n *jsonrow.Node, v *column.Vector, i int) {
	switch {
	case w.B[i] == '[':
		w.Elements(i, func(k, at int) bool {
			mark := w.PushIndex(k)
			w.value(n.Elem, &v.Children[0], at)
			w.Pop(mark)
			return w.Err == nil
		})
	case w.B[i] == '"' && w.B[i+1] == '"':
		v.AppendNull()
		return
	default: // anything else is an array of itself
		w.value(n.Elem, &v.Children[0], i)
	}
	if w.Err == nil {
		v.EndList()
	}
}

func (w *walk) mapValue(n *jsonrow.Node, v *column.Vector, i int) {
	if w.B[i] != '{' {
		if w.B[i] == '"' && len(javatext.Trim(w.Text(i))) == 0 {
			v.AppendNull()
			return
		}
		w.fail(n, i, cast(javaClass(w.B, i), n.Class))
		return
	}
	ms := w.Members(i)
	for _, m := range ms {
		mark := w.Push(m.Raw)
		if msg := appendText(n.MapKey, &v.Children[0], []byte(m.Key), fromKey); msg != "" {
			w.Fail(n.MapKey, m.Value, msg, "declare the keys of the map string")
		}
		w.value(n.Elem, &v.Children[1], m.Value)
		w.Pop(mark)
		if w.Err != nil {
			return
		}
	}
	v.EndList()
}

func (w *walk) structValue(n *jsonrow.Node, v *column.Vector, i int) {
	switch c := w.B[i]; c {
	case '{', '[':
		if w.members(n, v.Children, i, false); w.Err != nil {
			return
		}
	default:
		value := w.B[i:jsonscan.Value(w.B, i)]
		if c == '"' {
			value = w.Text(i)
		}
		if c != '"' || len(javatext.Trim(value)) > 0 {
			w.fail(n, i, "Data is not JSONObject  but "+javaClass(w.B, i)+" with value "+javatext.Clip(value))
			return
		}
		for k, f := range n.Fields {
			w.Null(f, &v.Children[k], i)
		}
	}
	v.EndStruct()
}

// javaClass names the class that the service's parser holds the value at b[i] in.
func javaClass(b []byte, i int) string {
	switch b[i] {
	case '{':
		return jsonObject
	case '[':
		return jsonArray
	case '"':
		return "java.lang.String"
	case 't', 'f':
		return "java.lang.Boolean"
	}
	if slices.ContainsFunc(b[i:jsonscan.Number(b, i)], func(c byte) bool { return c == '.' || c|0x20 == 'e' }) {
		return "java.lang.Double"
	}
	return "java.lang.Long"
}

func cast(from, to string) string { return from + " cannot be cast to " + to }

package openx

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
	"github.com/hydrantkit/hydrant/schema"
)

// The fast walk converts the members of an object as they come. Each of its functions takes the index of the first byte
// of a value and returns the index behind it, or -1: then the record fails or is unusual, and the complete walk takes it from its beginning.

// extraKeys is how many undeclared keys of one object type are told apart by a bit, and spellings how many
// ways to write keys are remembered for each declared one; others are compared one by one.
const (
	extraKeys = 192
	spellings = 4
)

// unusual is the meaning of a key that only the complete walk understands.
const unusual = -2

// prepare makes n, a struct or the row, ready for the fast walk.
func (d *Deserializer) prepare(n *node) {
	n.extra = map[string]int{}
	n.seen = make([]uint64, (len(n.fields)+extraKeys+63)/64)
	byKey := map[string]int{}
	for i, f := range n.fields {
		if first, ok := byKey[f.key]; ok {
			if n.also == nil {
				n.also = make([][]int, len(n.fields))
			}
			n.also[first] = append(n.also[first], i)
			continue
		}
		byKey[f.key] = i
	}
	n.keys = jsonscan.Keys{Limit: len(n.fields)*spellings + extraKeys, Resolve: func(raw []byte) int {
		key := d.key(raw)
		i, exact := byKey[key]
		if d.dots && strings.Contains(key, ".") {
			if j, ok := byKey[strings.ReplaceAll(key, ".", "_")]; ok {
				if exact {
					return unusual // it may fill both
				}
				return j
			}
		}
		if exact {
			return i
		}
		if i, ok := n.extra[key]; ok {
			return i
		}
		if len(n.extra) == extraKeys {
			return len(n.fields) + extraKeys
		}
		i = len(n.fields) + len(n.extra)
		n.extra[key] = i
		return i
	}}
}

// key returns a key as it is matched; raw is how it stands between its quotes.
func (d *Deserializer) key(raw []byte) string {
	text, _ := jsonscan.AppendString(nil, append(append(make([]byte, 0, len(raw)+1), raw...), '"'), 0)
	if d.fold {
		return lower(string(text))
	}
	return string(text)
}

// fast appends the rows of record, or returns false.
func (d *Deserializer) fast(batch *column.Batch, b []byte) bool {
	i := 0
	if bytes.HasPrefix(b, bom) {
		i = len(bom)
	}
	i = jsonscan.Space(b, i)
	if i == len(b) {
		return false
	}
	for i < len(b) {
		d.depth = jsonscan.MaxDepth
		d.unique.reset()
		if b[i] != '{' {
			return false
		}
		if i = d.object(d.row, batch.Columns, b, i); i < 0 {
			return false
		}
		batch.Rows++
		i = jsonscan.Space(b, i)
	}
	return true
}

// object appends one value to each vector, of the members of the object that begins at b[i].
func (d *Deserializer) object(n *node, vs []column.Vector, b []byte, i int) int {
	if d.depth--; d.depth < 0 {
		return -1
	}
	seen := n.seen
	clear(seen)
	filled := 0
	var outer frame // when keys lie in d.unique
	kept := false
	i++
	if i < len(b) && b[i] != '"' {
		if i = jsonscan.Space(b, i); i < len(b) && b[i] == '}' {
			i++
			goto done
		}
	}
	for slot := jsonscan.First; ; {
		var id int
		at := i
		if id, slot, i = n.keys.Next(b, i, slot); i < 0 {
			return -1
		}
		if i < len(b) && b[i] <= ' ' {
			i = jsonscan.Space(b, i)
		}
		if id < 0 {
			return -1
		}
		if w := id >> 6; w < len(seen) && id != len(n.fields)+extraKeys {
			if seen[w]>>(id&63)&1 != 0 {
				return -1
			}
			seen[w] |= 1 << (id & 63)
		}
		if id < len(n.fields) {
			if n.also != nil {
				for _, k := range n.also[id] {
					if seen[k>>6]>>(k&63)&1 != 0 || d.value(n.fields[k], &vs[k], b, i) < 0 {
						return -1
					}
					seen[k>>6] |= 1 << (k & 63)
					filled++
				}
			}
			filled++
			if i = d.value(n.fields[id], &vs[id], b, i); i < 0 {
				return -1
			}
		} else {
			if id == len(n.fields)+extraKeys { // one of too many
				if !kept {
					outer, kept = d.unique.open(), true
				}
				if d.unique.add(d, b, at+1, jsonscan.String(b, at)-1) == nil {
					return -1
				}
			}
			if i = d.skip(b, i); i < 0 {
				return -1
			}
		}
		if i >= len(b) {
			return -1
		}
		c := b[i]
		if c <= ' ' {
			if i = jsonscan.Space(b, i); i >= len(b) {
				return -1
			}
			c = b[i]
		}
		i++
		if c == ',' {
			if i < len(b) && b[i] != '"' {
				i = jsonscan.Space(b, i)
			}
			continue
		}
		if c != '}' {
			return -1
		}
		break
	}
done:
	if filled < len(n.fields) {
		for k := range n.fields {
			if seen[k>>6]>>(k&63)&1 == 0 {
				vs[k].AppendNull()
			}
		}
	}
	if kept {
		d.unique.close(outer)
	}
	d.depth++
	return i
}

// value appends the value at b[i] to v, as n wants it.
func (d *Deserializer) value(n *node, v *column.Vector, b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	if b[i] == 'n' {
		if i = jsonscan.Literal(b, i); i > 0 {
			v.AppendNull()
		}
		return i
	}
	switch n.typ.Kind {
	case schema.String, schema.VarChar:
		if b[i] == '"' {
			if v.Bytes, i = jsonscan.AppendString(v.Bytes, b, i+1); i > 0 {
				if n.typ.Kind == schema.VarChar && len(v.Bytes)-int(v.Offsets[v.Len]) > maxVarChar {
					return -1
				}
				v.EndBytes()
			}
			return i
		}
	case schema.TinyInt, schema.SmallInt, schema.Int, schema.BigInt:
		if x, end := jsonscan.Int(b, i); end > 0 {
			if x < n.lo || x > n.hi {
				return -1
			}
			v.AppendInt(x)
			return end
		}
	case schema.Double:
		if b[i] != '"' {
			f, end := jsonscan.Float(b, i)
			if end > 0 {
				v.AppendFloat(f)
			}
			return end
		}
	case schema.Float:
		if b[i] != '"' {
			f, end := jsonscan.Float32(b, i)
			if end > 0 {
				v.AppendFloat(float64(f))
			}
			return end
		}
	case schema.Boolean:
		if i+4 <= len(b) {
			switch binary.LittleEndian.Uint32(b[i:]) {
			case 't' | 'r'<<8 | 'u'<<16 | 'e'<<24:
				v.AppendBool(true)
				return i + 4
			case 'f' | 'a'<<8 | 'l'<<16 | 's'<<24:
				if i+4 < len(b) && b[i+4] == 'e' {
					v.AppendBool(false)
					return i + 5
				}
				return -1
			}
		}
	case schema.Timestamp:
		if sec, nanos, end := d.timestamp(n, b, i); end > 0 {
			v.AppendTimestamp(sec, nanos)
			return end
		}
	case schema.Date:
		if i+12 <= len(b) && b[i] == '"' && b[i+11] == '"' {
			if days, ok := n.day(b, i+1); ok {
				v.AppendInt(days)
				return i + 12
			}
		}
	case schema.Decimal:
		if !v.Wide() {
			if x, end := jsonscan.ShortDecimal(b, i, n.typ.Precision, n.typ.Scale); end > 0 {
				v.AppendDecimal(0, x)
				return end
			}
		}
	case schema.Struct:
		if b[i] == '{' {
			if i = d.object(n, v.Children, b, i); i > 0 {
				v.EndStruct()
			}
			return i
		}
		return -1
	case schema.Array:
		return d.list(n, v, b, i)
	case schema.Map:
		return d.entries(n, v, b, i)
	}
	return d.slowLeaf(n, v, b, i)
}

// slowLeaf appends any other value that fits a primitive type.
func (d *Deserializer) slowLeaf(n *node, v *column.Vector, b []byte, i int) int {
	var end int
	switch c := b[i]; c {
	case '"':
		if d.text, end = jsonscan.AppendString(d.text[:0], b, i+1); end < 0 || d.appendText(n, v, d.text, fromString) != "" {
			return -1
		}
		return end
	case '{', '[':
		if n.typ.Kind != schema.String {
			return -1
		}
		if end = d.skip(b, i); end < 0 {
			return -1
		}
		d.walk.d, d.walk.b = d, b
		v.Bytes = d.walk.appendJSON(v.Bytes, i)
		v.EndBytes()
		return end
	case 't', 'f':
		if end = jsonscan.Literal(b, i); end < 0 || n.typ.Kind != schema.String {
			return -1
		}
		v.AppendBytes(b[i:end])
		return end
	}
	if end = jsonscan.Number(b, i); end < 0 || d.appendText(n, v, b[i:end], fromNumber) != "" {
		return -1
	}
	return end
}

// list appends the array at b[i].
func (d *Deserializer) list(n *node, v *column.Vector, b []byte, i int) int {
	elems := &v.Children[0]
	if b[i] != '[' {
		if b[i] == '"' && i+1 < len(b) && b[i+1] == '"' {
			v.AppendNull()
			return i + 2
		}
		if i = d.value(n.elem, elems, b, i); i > 0 {
			v.EndList()
		}
		return i
	}
	if d.depth--; d.depth < 0 {
		return -1
	}
	i = jsonscan.Space(b, i+1)
	if i < len(b) && b[i] == ']' {
		d.depth++
		v.EndList()
		return i + 1
	}
	for {
		if i = d.value(n.elem, elems, b, i); i < 0 {
			return -1
		}
		if i = jsonscan.Space(b, i); i >= len(b) {
			return -1
		}
		c := b[i]
		i++
		if c == ',' {
			if i < len(b) && b[i] <= ' ' {
				i = jsonscan.Space(b, i)
			}
			continue
		}
		if c != ']' {
			return -1
		}
		d.depth++
		v.EndList()
		return i
	}
}

// entries appends the map at b[i].
func (d *Deserializer) entries(n *node, v *column.Vector, b []byte, i int) int {
	if b[i] != '{' {
		return -1
	}
	if d.depth--; d.depth < 0 {
		return -1
	}
	keys, values := &v.Children[0], &v.Children[1]
	i = jsonscan.Space(b, i+1)
	if i < len(b) && b[i] == '}' {
		d.depth++
		v.EndList()
		return i + 1
	}
	outer := d.unique.open()
	for {
		start := i + 1
		if i = jsonscan.String(b, i); i < 0 {
			return -1
		}
		key := d.unique.add(d, b, start, i-1)
		if key == nil {
			return -1
		}
		if n.mapKey.typ.Kind == schema.String {
			keys.AppendBytes(key)
		} else if d.appendText(n.mapKey, keys, key, fromKey) != "" {
			return -1
		}
		if i = jsonscan.Space(b, i); i >= len(b) || b[i] != ':' {
			return -1
		}
		if i = d.value(n.elem, values, b, jsonscan.Space(b, i+1)); i < 0 {
			return -1
		}
		if i = jsonscan.Space(b, i); i >= len(b) {
			return -1
		}
		c := b[i]
		i++
		if c == ',' {
			i = jsonscan.Space(b, i)
			continue
		}
		if c != '}' {
			return -1
		}
		d.unique.close(outer)
		d.depth++
		v.EndList()
		return i
	}
}

package jsonrow

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
	"github.com/hydrantkit/hydrant/internal/jsonscan/javatext"
)

// A Reader is the fast walk. Each of its methods takes the index of the first byte of a value and returns the index
// behind it, or -1: then the record fails or is unusual, and the batch must be truncated.
type Reader struct {
	Dialect
	Row *Node

	depth  int // levels still allowed
	unique keySet
	outer  []frame // of objects that have keys in unique
	given  int     // bytes of records since the batch was empty
	nulls  int     // that the record has made
}

// NewReader makes a reader of rows.
func NewReader(row *Node, d Dialect) *Reader {
	r := &Reader{Dialect: d, Row: row}
	r.prepare(row)
	return r
}

const (
	ones = 0x0101010101010101
	high = 0x8080808080808080
)

var bom = []byte("\xef\xbb\xbf")

// Rows appends the rows of a record, one for each object in it, or returns false.
func (r *Reader) Rows(batch *column.Batch, b []byte) bool {
	i := 0
	if len(b) > 0 && b[0] != '{' {
		if bytes.HasPrefix(b, bom) {
			i = len(bom)
		}
		i = jsonscan.Space(b, i)
	}
	if i == len(b) {
		return false
	}
	r.nulls = 0
	for i < len(b) {
		r.depth = jsonscan.MaxDepth
		if b[i] != '{' {
			return false
		}
		if i = r.object(r.Row, batch.Columns, b, i); i < 0 {
			// Only now is something left there.
			r.unique.reset()
			r.outer = r.outer[:0]
			return false
		}
		batch.Rows++
		i = jsonscan.Space(b, i)
	}
	return true
}

// object appends one value to each vector, of the members of the object that begins at b[i].
func (r *Reader) object(n *Node, vs []column.Vector, b []byte, i int) int {
	if r.depth--; r.depth < 0 {
		return -1
	}
	seen := n.seen
	if len(seen) == 4 { // up to 64 fields
		*(*[4]uint64)(seen) = [4]uint64{}
	} else {
		clear(seen)
	}
	filled, slot, kept := 0, 0, -1
	flip := uint64(first)
	for {
		// b[i] is the brace, or behind a value.
		var id, at int
		expected := n.keys.slots[slot].next
		if s := &n.keys.slots[expected]; s.matches(b, i, flip) && (len(s.text) <= 16 || s.long(b, i)) {
			id, slot, at = s.id, int(expected), i+1
			i += len(s.text)
		} else if flip == 0 && i+1 < len(b) && b[i] == ',' && s.matches(b, i+1, spaced) && s.long(b, i+1) { // a blank stands for the comma
			id, slot, at = s.id, int(expected), i+2
			i += 1 + len(s.text)
		} else {
			if flip == 0 {
				if i = jsonscan.Space(b, i); i >= len(b) {
					return -1
				}
				if b[i] == '}' {
					break
				}
				if b[i] != ',' {
					return -1
				}
			}
			at = jsonscan.Space(b, i+1)
			if flip != 0 && at < len(b) && b[at] == '}' {
				i = at
				break
			}
			if id, slot, i = n.keys.find(b, at, slot); i < 0 {
				return -1
			}
		}
		flip = 0
		if i < len(b) && b[i] <= ' ' {
			i = jsonscan.Space(b, i)
		}
		if uint(id) < uint(len(n.Fields)) {
			bit := uint64(1) << (id & 63)
			if seen[id>>6]&bit != 0 {
				return -1
			}
			seen[id>>6] |= bit
			filled++
			if n.Also != nil {
				for _, k := range n.Also[id] {
					seen[k>>6] |= 1 << (k & 63)
					filled++
					if r.value(n.Fields[k], &vs[k], b, i) < 0 {
						return -1
					}
				}
			}
			if i = r.value(n.Fields[id], &vs[id], b, i); i < 0 {
				return -1
			}
		} else {
			if id < 0 {
				return -1
			}
			if !r.Unique {
				i = jsonscan.Shallow(b, i, r.depth)
			} else {
				if id < len(n.Fields)+extraKeys {
					if seen[id>>6]>>(id&63)&1 != 0 {
						return -1
					}
					seen[id>>6] |= 1 << (id & 63)
				} else { // one of too many
					if kept < 0 {
						kept = len(r.outer)
						r.outer = append(r.outer, r.unique.open())
					}
					if _, ok := r.unique.add(r, b, at+1, jsonscan.String(b, at)-1); !ok {
						return -1
					}
				}
				i = r.Skip(b, i)
			}
			if i < 0 {
				return -1
			}
		}
	}
	i++
	if filled < len(n.Fields) {
		for k := range n.Fields {
			if seen[k>>6]>>(k&63)&1 == 0 {
				if r.nulls += n.Fields[k].width; r.nulls > maxNulls {
					return -1
				}
				vs[k].AppendNull()
			}
		}
	}
	if kept >= 0 {
		r.unique.close(r.outer[kept])
		r.outer = r.outer[:kept]
	}
	r.depth++
	return i
}

// value appends the value at b[i] to v, as n wants it.
func (r *Reader) value(n *Node, v *column.Vector, b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch n.Op {
	case OpString:
		if b[i] == '"' {
			text, end := jsonscan.AppendString(v.Bytes, b, i+1)
			if end > 0 {
				if cap(text) == cap(v.Bytes) {
					v.Bytes = v.Bytes[:len(text)] // a store less than for the whole slice, and no write barrier
				} else {
					v.Bytes = text
				}
				v.EndBytes()
			}
			return end
		}
	case OpVarChar:
		if b[i] == '"' {
			if v.Bytes, i = jsonscan.AppendString(v.Bytes, b, i+1); i > 0 {
				if len(v.Bytes)-int(v.Offsets[v.Len]) > int(n.Hi) {
					v.Bytes = append(v.Bytes[:v.Offsets[v.Len]], javatext.Cut(v.Bytes[v.Offsets[v.Len]:], int(n.Hi))...)
				}
				v.EndBytes()
			}
			return i
		}
	case OpInt:
		if x, end := jsonscan.Int(b, i); end > 0 && x >= n.Lo && x <= n.Hi {
			v.AppendInt(x)
			return end
		}
	case OpDouble:
		if f, end := jsonscan.Float(b, i); end > 0 {
			v.AppendFloat(f)
			return end
		}
	case OpFloat:
		if f, end := jsonscan.Float32(b, i); end > 0 {
			v.AppendFloat(float64(f))
			return end
		}
	case OpJacksonDouble, OpJacksonFloat:
		if f, end := jsonscan.Float(b, i); end > 0 {
			if f == 0 && end == i+2 {
				f = 0 // -0
			}
			if n.Op == OpJacksonFloat {
				f = float64(float32(f))
			}
			v.AppendFloat(f)
			return end
		}
	case OpBool:
		if i+5 <= len(b) {
			switch binary.LittleEndian.Uint32(b[i:]) {
			case 't' | 'r'<<8 | 'u'<<16 | 'e'<<24:
				v.AppendBool(true)
				return i + 4
			case 'f' | 'a'<<8 | 'l'<<16 | 's'<<24:
				if b[i+4] == 'e' {
					v.AppendBool(false)
					return i + 5
				}
			}
		}
	case OpTimestamp, OpISOTimestamp, OpPattern:
		if sec, nanos, end := n.timestamp(b, i); end > 0 {
			v.AppendTimestamp(sec, nanos)
			return end
		}
	case OpDate:
		if i+12 <= len(b) && b[i] == '"' && b[i+11] == '"' {
			if days, ok := n.day(b, i+1); ok {
				v.AppendInt(days)
				return i + 12
			}
		}
	case OpDecimal:
		if x, end := jsonscan.ShortDecimal(b, i, n.Type.Precision, n.Type.Scale); end > 0 {
			v.AppendDecimal(x>>63, x)
			return end
		}
	case OpStruct:
		if b[i] == '{' {
			if i = r.object(n, v.Children, b, i); i > 0 {
				v.EndStruct()
			}
			return i
		}
	case OpList:
		if b[i] == '[' {
			return r.list(n, v, b, i)
		}
	case OpMap:
		if b[i] == '{' {
			return r.entries(n, v, b, i)
		}
	}
	if b[i] == 'n' {
		if i = jsonscan.Literal(b, i); i > 0 {
			if r.nulls += n.width; n.Op == OpNever || r.nulls > maxNulls {
				return -1
			}
			v.AppendNull()
		}
		return i
	}
	return r.Leaf(n, v, b, i)
}

// List appends the array at b[i].
func (r *Reader) list(n *Node, v *column.Vector, b []byte, i int) int {
	if r.depth--; r.depth < 0 {
		return -1
	}
	elems := &v.Children[0]
	if i++; i < len(b) && b[i] <= ' ' {
		i = jsonscan.Space(b, i)
	}
	if i < len(b) && b[i] == ']' {
		i++
	} else {
		for {
			if i = r.value(n.Elem, elems, b, i); i < 0 {
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
			break
		}
	}
	r.depth++
	v.EndList()
	return i
}

// One appends the value at b[i] as an array that holds nothing else.
func (r *Reader) One(n *Node, v *column.Vector, b []byte, i int) int {
	if i = r.value(n.Elem, &v.Children[0], b, i); i > 0 {
		v.EndList()
	}
	return i
}

// fewEntries is how many keys of a map are compared one by one.
const fewEntries = 16

// entries appends the map at b[i]. A key that is there already is left to the complete walk.
func (r *Reader) entries(n *Node, v *column.Vector, b []byte, i int) int {
	if r.depth--; r.depth < 0 {
		return -1
	}
	keys, values := &v.Children[0], &v.Children[1]
	from := keys.Len
	var outer frame
	kept := false // the keys lie in r.unique
	if i++; i < len(b) && b[i] <= ' ' {
		i = jsonscan.Space(b, i)
	}
	if i < len(b) && b[i] == '}' {
		i++
	} else {
		for {
			if i >= len(b) || b[i] != '"' {
				return -1
			}
			if n.MapKey.Op == OpString {
				if keys.Bytes, i = jsonscan.AppendString(keys.Bytes, b, i+1); i < 0 {
					return -1
				}
				start := int(keys.Offsets[keys.Len])
				if r.Fold && !lower(keys.Bytes[start:]) {
					keys.Bytes = append(keys.Bytes[:start], javatext.Lower(string(keys.Bytes[start:]))...)
				}
				key := keys.Bytes[start:]
				if keys.Len-from < fewEntries {
					for k := from; k < keys.Len; k++ {
						if lo, hi := keys.Offsets[k], keys.Offsets[k+1]; int(hi-lo) == len(key) && string(keys.Bytes[lo:hi]) == string(key) {
							return -1
						}
					}
				} else {
					if !kept {
						outer, kept = r.unique.open(), true
						for k := from; k < keys.Len; k++ {
							r.unique.addText(keys.Data(k))
						}
					}
					if !r.unique.addText(key) {
						return -1
					}
				}
				keys.EndBytes()
			} else {
				if !kept {
					outer, kept = r.unique.open(), true
				}
				start := i + 1
				if i = jsonscan.String(b, i); i < 0 {
					return -1
				}
				key, ok := r.unique.add(r, b, start, i-1)
				if !ok || !r.MapKey(n.MapKey, keys, from, key) {
					return -1
				}
			}
			if i >= len(b) || b[i] != ':' {
				if i = jsonscan.Space(b, i); i >= len(b) || b[i] != ':' {
					return -1
				}
			}
			if i++; i < len(b) && b[i] <= ' ' {
				i = jsonscan.Space(b, i)
			}
			if i = r.value(n.Elem, values, b, i); i < 0 {
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
			if c != '}' {
				return -1
			}
			break
		}
	}
	if kept {
		r.unique.close(outer)
	}
	r.depth++
	v.EndList()
	return i
}

// lower makes s lower case if it is ASCII, else it returns false.
func lower(s []byte) bool {
	for len(s) >= 8 {
		w := binary.LittleEndian.Uint64(s)
		if w&high != 0 {
			return false
		}
		// The high bit is set from 'A' on in the first sum, and from behind 'Z' on in the second.
		upper := (w + (0x80-'A')*ones) &^ (w + (0x7f-'Z')*ones) & high
		binary.LittleEndian.PutUint64(s, w|upper>>2)
		s = s[8:]
	}
	for i, c := range s {
		if c-'A' < 26 {
			s[i] = c | 0x20
		} else if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

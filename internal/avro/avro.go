// Package avro reads and writes Avro object container files, as far as table formats use them for their metadata: values
// are built, and files are small.
//
//	file   = "Obj" 1, metadata (a map of bytes: avro.schema, avro.codec, …), sync (16 bytes), block…
//	block  = count (long), size (long), size bytes, sync
//
// What is read may be hostile: nothing is allocated that the bytes don't pay for, and nesting is bounded.
//
// # Design
//
// Values are Go's own: nil, bool, int64 (int and long), float32, float64, string, []byte (bytes and fixed), []any (array),
// map[string]any (map), and *Record. A union is null and one other type, which is all that table formats have, so that its
// value is nil or the other's. A record that was read can be written by the same schema with some fields changed, whatever
// fields a later version has added. Libraries bring reflection, code generation and modules with them; this is 400 lines.
package avro

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/hydrantkit/hydrant/internal/compress"
)

// The bounds of a file.
const (
	MaxBlock = 256 << 20 // bytes of a block, decompressed
	maxDepth = 64        // of a schema
	maxTypes = 10_000    // in a schema
)

type kind uint8

const (
	kindNull kind = iota
	kindBoolean
	kindInt
	kindLong
	kindFloat
	kindDouble
	kindBytes
	kindString
	kindFixed
	kindEnum
	kindArray
	kindMap
	kindRecord
	kindUnion
)

var kinds = map[string]kind{"null": kindNull, "boolean": kindBoolean, "int": kindInt, "long": kindLong, "float": kindFloat,
	"double": kindDouble, "bytes": kindBytes, "string": kindString}

// A Schema is a parsed schema.
type Schema struct {
	Text   []byte // as it was written
	Fields []Field
	kind   kind
	size   int     // of fixed
	of     *Schema // of arrays, maps, unions
	second bool    // null is the union's second branch
	most   int     // the symbols of an enumeration
}

// A Field is a field of a record. ID is Iceberg's field-id, or -1.
type Field struct {
	Name string
	ID   int
	Type *Schema
}

// A Record is a value of a record type.
type Record struct {
	Schema *Schema
	Values []any // in the order of its fields
}

// Get is the value of the first field that has an id, or else a name; nil where there is neither.
func (r *Record) Get(id int, name string) any {
	if i := r.Schema.index(id, name); i >= 0 {
		return r.Values[i]
	}
	return nil
}

// Set changes the value of a field, and reports whether there is one.
func (r *Record) Set(id int, name string, v any) bool {
	i := r.Schema.index(id, name)
	if i >= 0 {
		r.Values[i] = v
	}
	return i >= 0
}

func (s *Schema) index(id int, name string) int {
	if i := slices.IndexFunc(s.Fields, func(f Field) bool { return f.ID == id }); i >= 0 && id >= 0 {
		return i
	}
	return slices.IndexFunc(s.Fields, func(f Field) bool { return f.Name == name })
}

// Copy is a record with the same values.
func (r *Record) Copy() *Record { return &Record{r.Schema, slices.Clone(r.Values)} }

// New is a record of a schema, with values for its fields by name; the others are null.
func New(s *Schema, values map[string]any) *Record {
	r := &Record{Schema: s, Values: make([]any, len(s.Fields))}
	for i, f := range s.Fields {
		r.Values[i] = values[f.Name]
	}
	return r
}

// Parse reads a schema.
func Parse(text []byte) (*Schema, error) {
	p := parser{names: map[string]*Schema{}}
	s, err := p.parse(text, 0)
	if err != nil {
		return nil, fmt.Errorf("avro schema: %w", err)
	}
	s.Text = text
	return s, nil
}

// MustParse is Parse of a schema that is known to be one.
func MustParse(text string) *Schema {
	s, err := Parse([]byte(text))
	if err != nil {
		panic(err)
	}
	return s
}

// Element is the type of a field's values: that of a union which isn't null, that of an array's elements.
func (s *Schema) Element() *Schema {
	for s.kind == kindUnion || s.kind == kindArray {
		s = s.of
	}
	return s
}

type parser struct {
	names map[string]*Schema
	types int
}

func (p *parser) parse(text json.RawMessage, depth int) (*Schema, error) {
	if p.types++; depth > maxDepth || p.types > maxTypes {
		return nil, errors.New("nested too deeply, or too large")
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return nil, errors.New("a type is missing")
	}
	switch text[0] {
	case '"':
		var name string
		if err := json.Unmarshal(text, &name); err != nil {
			return nil, err
		}
		return p.named(name)
	case '[':
		return p.union(text, depth)
	}
	var t struct {
		Type   json.RawMessage
		Name   string
		Size   int
		Items  json.RawMessage
		Values json.RawMessage
		Fields []struct {
			Name string
			Type json.RawMessage
			ID   *int `json:"field-id"`
		}
		Symbols []string
	}
	if err := json.Unmarshal(text, &t); err != nil {
		return nil, err
	}
	var name string
	if json.Unmarshal(t.Type, &name) != nil { // {"type": {…}}
		return p.parse(t.Type, depth+1)
	}
	s := &Schema{}
	var err error
	switch name {
	case "record":
		s.kind = kindRecord
		for _, f := range t.Fields {
			field := Field{Name: f.Name, ID: -1}
			if f.ID != nil {
				field.ID = *f.ID
			}
			if field.Type, err = p.parse(f.Type, depth+1); err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name, err)
			}
			s.Fields = append(s.Fields, field)
		}
	case "fixed":
		if s.kind, s.size = kindFixed, t.Size; t.Size < 0 || t.Size > 1<<20 {
			return nil, fmt.Errorf("a fixed of %d bytes", t.Size)
		}
	case "enum":
		s.kind, s.most = kindEnum, len(t.Symbols)
	case "array":
		s.kind = kindArray
		s.of, err = p.parse(t.Items, depth+1)
	case "map":
		s.kind = kindMap
		s.of, err = p.parse(t.Values, depth+1)
	default:
		return p.named(name)
	}
	if t.Name != "" { // known behind its end: no type holds itself
		p.names[t.Name[strings.LastIndexByte(t.Name, '.')+1:]] = s
	}
	return s, err
}

func (p *parser) named(name string) (*Schema, error) {
	if k, ok := kinds[name]; ok {
		return &Schema{kind: k}, nil
	}
	if s := p.names[name[strings.LastIndexByte(name, '.')+1:]]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("no type %.50q", name)
}

func (p *parser) union(text []byte, depth int) (*Schema, error) {
	var branches []json.RawMessage
	if err := json.Unmarshal(text, &branches); err != nil {
		return nil, err
	}
	if len(branches) == 1 {
		return p.parse(branches[0], depth+1)
	}
	if len(branches) != 2 {
		return nil, fmt.Errorf("a union of %d types", len(branches))
	}
	a, err := p.parse(branches[0], depth+1)
	if err != nil {
		return nil, err
	}
	b, err := p.parse(branches[1], depth+1)
	switch {
	case err != nil:
		return nil, err
	case a.kind == kindNull:
		return &Schema{kind: kindUnion, of: b}, nil
	case b.kind == kindNull:
		return &Schema{kind: kindUnion, of: a, second: true}, nil
	}
	return nil, errors.New("a union without null")
}

// A File is the content of an object container file.
type File struct {
	Schema *Schema
	Meta   map[string]string // without avro.schema and avro.codec
	Values []any             // usually of *Record
}

var magic = []byte("Obj\x01")

// Read reads a file.
func Read(data []byte) (*File, error) {
	f, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("avro: %w", err)
	}
	return f, nil
}

func read(data []byte) (*File, error) {
	if !bytes.HasPrefix(data, magic) {
		return nil, errors.New("not an object container file")
	}
	d := &decoder{b: data[len(magic):], most: len(data)}
	header, err := d.value(&Schema{kind: kindMap, of: &Schema{kind: kindBytes}})
	if err != nil {
		return nil, err
	}
	f := &File{Meta: map[string]string{}}
	codec := "null"
	for k, v := range header.(map[string]any) {
		switch text := v.([]byte); k {
		case "avro.schema":
			if f.Schema, err = Parse(bytes.Clone(text)); err != nil {
				return nil, err
			}
		case "avro.codec":
			codec = string(text)
		default:
			f.Meta[k] = string(text)
		}
	}
	if f.Schema == nil {
		return nil, errors.New("no schema")
	}
	sync, err := d.take(16)
	if err != nil {
		return nil, err
	}
	var decompress compress.Decoder
	for len(d.b) > 0 {
		count, err := d.long()
		if err != nil {
			return nil, err
		}
		size, err := d.long()
		if err != nil {
			return nil, err
		}
		body, err := d.take(size)
		if err != nil {
			return nil, err
		}
		end, err := d.take(16)
		if err != nil || !bytes.Equal(end, sync) {
			return nil, errors.New("a block doesn't end where it should")
		}
		switch codec {
		case "null":
		case "deflate":
			body, err = inflate(body)
		case "zstandard":
			body, err = decompress.Zstd(nil, body, MaxBlock)
		default:
			err = fmt.Errorf("no codec %.50q", codec)
		}
		if err != nil {
			return nil, err
		}
		if count < 0 || count > int64(len(body))+1 {
			return nil, errors.New("a block has fewer bytes than values")
		}
		in := &decoder{b: body, most: len(body)}
		for range count {
			v, err := in.value(f.Schema)
			if err != nil {
				return nil, err
			}
			f.Values = append(f.Values, v)
		}
		if len(in.b) > 0 {
			return nil, errors.New("a block has more bytes than values")
		}
	}
	return f, nil
}

// inflate is lenient on what follows: pyiceberg leaves three bytes of zlib's checksum there.
func inflate(b []byte) ([]byte, error) {
	out, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b)), MaxBlock+1))
	if err == nil && len(out) > MaxBlock {
		err = compress.ErrLimit
	}
	return out, err
}

type decoder struct {
	b     []byte
	items int // in arrays and maps so far: no more than there were bytes
	most  int
}

var errShort = errors.New("the file is cut off")

func (d *decoder) take(n int64) ([]byte, error) {
	if n < 0 || n > int64(len(d.b)) {
		return nil, errShort
	}
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b, nil
}

func (d *decoder) long() (int64, error) {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		return 0, errShort
	}
	d.b = d.b[n:]
	return v, nil
}

func (d *decoder) value(s *Schema) (any, error) {
	switch s.kind {
	case kindNull:
		return nil, nil
	case kindBoolean:
		b, err := d.take(1)
		if err != nil {
			return nil, err
		}
		return b[0] != 0, nil
	case kindInt, kindLong:
		return d.long()
	case kindEnum:
		v, err := d.long()
		if err == nil && (v < 0 || v >= int64(s.most)) {
			err = errors.New("a symbol that the enumeration lacks")
		}
		return v, err
	case kindFloat:
		b, err := d.take(4)
		if err != nil {
			return nil, err
		}
		return math.Float32frombits(binary.LittleEndian.Uint32(b)), nil
	case kindDouble:
		b, err := d.take(8)
		if err != nil {
			return nil, err
		}
		return math.Float64frombits(binary.LittleEndian.Uint64(b)), nil
	case kindFixed:
		return d.take(int64(s.size))
	case kindBytes, kindString:
		n, err := d.long()
		if err != nil {
			return nil, err
		}
		b, err := d.take(n)
		if err != nil || s.kind == kindBytes {
			return b, err
		}
		return string(b), nil
	case kindUnion:
		branch, err := d.long()
		switch {
		case err != nil:
			return nil, err
		case branch < 0 || branch > 1:
			return nil, errors.New("a branch that the union lacks")
		case (branch == 1) == s.second:
			return nil, nil
		}
		return d.value(s.of)
	case kindRecord:
		r := &Record{Schema: s, Values: make([]any, len(s.Fields))}
		for i := range s.Fields {
			var err error
			if r.Values[i], err = d.value(s.Fields[i].Type); err != nil {
				return nil, err
			}
		}
		return r, nil
	case kindArray:
		list := []any{}
		err := d.blocks(func() error {
			v, err := d.value(s.of)
			list = append(list, v)
			return err
		})
		return list, err
	case kindMap:
		m := map[string]any{}
		err := d.blocks(func() error {
			k, err := d.value(&Schema{kind: kindString})
			if err != nil {
				return err
			}
			m[k.(string)], err = d.value(s.of)
			return err
		})
		return m, err
	}
	return nil, errors.New("a value of no type")
}

// blocks reads the items of an array or a map.
func (d *decoder) blocks(item func() error) error {
	for {
		n, err := d.long()
		if err != nil || n == 0 {
			return err
		}
		if n < 0 { // with the block's size
			n = -n
			if _, err := d.long(); err != nil {
				return err
			}
		}
		if n < 0 || n > int64(d.most-d.items) {
			return errShort
		}
		d.items += int(n)
		for range n {
			if err := item(); err != nil {
				return err
			}
		}
	}
}

// Append appends a file of one block, compressed by deflate, to dst. sync are any 16 bytes; meta is written in the order of its keys.
func Append(dst []byte, s *Schema, meta map[string]string, sync [16]byte, values []any) ([]byte, error) {
	dst = append(dst, magic...)
	keys := make([]string, 0, len(meta))
	for k := range meta {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	dst = binary.AppendVarint(dst, int64(len(keys)+2))
	for _, kv := range append([][2]string{{"avro.schema", string(s.Text)}, {"avro.codec", "deflate"}}, pairs(keys, meta)...) {
		dst = appendText(appendText(dst, kv[0]), kv[1])
	}
	dst = append(binary.AppendVarint(dst, 0), sync[:]...)
	if len(values) == 0 {
		return dst, nil
	}
	var body []byte
	var err error
	for _, v := range values {
		if body, err = appendValue(body, s, v); err != nil {
			return nil, fmt.Errorf("avro: %w", err)
		}
	}
	var e compress.Encoder
	body = e.AppendDeflate(nil, body, compress.ObjectLevel)
	dst = binary.AppendVarint(dst, int64(len(values)))
	dst = append(binary.AppendVarint(dst, int64(len(body))), body...)
	return append(dst, sync[:]...), nil
}

func pairs(keys []string, m map[string]string) (kv [][2]string) {
	for _, k := range keys {
		kv = append(kv, [2]string{k, m[k]})
	}
	return kv
}

func appendText[T string | []byte](dst []byte, s T) []byte {
	return append(binary.AppendVarint(dst, int64(len(s))), s...)
}

func appendValue(dst []byte, s *Schema, v any) ([]byte, error) {
	var err error
	switch s.kind {
	case kindUnion:
		branch := int64(1)
		if (v == nil) != s.second {
			branch = 0
		}
		if dst = binary.AppendVarint(dst, branch); v == nil {
			return dst, nil
		}
		return appendValue(dst, s.of, v)
	case kindNull:
		if v == nil {
			return dst, nil
		}
	case kindBoolean:
		if b, ok := v.(bool); ok {
			if b {
				return append(dst, 1), nil
			}
			return append(dst, 0), nil
		}
	case kindInt, kindLong, kindEnum:
		if i, ok := v.(int64); ok {
			return binary.AppendVarint(dst, i), nil
		}
	case kindFloat:
		if f, ok := v.(float32); ok {
			return binary.LittleEndian.AppendUint32(dst, math.Float32bits(f)), nil
		}
	case kindDouble:
		if f, ok := v.(float64); ok {
			return binary.LittleEndian.AppendUint64(dst, math.Float64bits(f)), nil
		}
	case kindFixed:
		if b, ok := v.([]byte); ok && len(b) == s.size {
			return append(dst, b...), nil
		}
	case kindBytes:
		if b, ok := v.([]byte); ok {
			return appendText(dst, b), nil
		}
	case kindString:
		if t, ok := v.(string); ok {
			return appendText(dst, t), nil
		}
	case kindRecord:
		if r, ok := v.(*Record); ok && len(r.Values) == len(s.Fields) {
			for i := range s.Fields {
				if dst, err = appendValue(dst, s.Fields[i].Type, r.Values[i]); err != nil {
					return dst, fmt.Errorf("%s: %w", s.Fields[i].Name, err)
				}
			}
			return dst, nil
		}
	case kindArray:
		if list, ok := v.([]any); ok {
			if len(list) > 0 {
				dst = binary.AppendVarint(dst, int64(len(list)))
			}
			for _, item := range list {
				if dst, err = appendValue(dst, s.of, item); err != nil {
					return dst, err
				}
			}
			return append(dst, 0), nil
		}
	case kindMap:
		if m, ok := v.(map[string]any); ok {
			keys := make([]string, 0, len(m))
			for k := range m {
				keys = append(keys, k)
			}
			slices.Sort(keys)
			if len(keys) > 0 {
				dst = binary.AppendVarint(dst, int64(len(keys)))
			}
			for _, k := range keys {
				if dst, err = appendValue(appendText(dst, k), s.of, m[k]); err != nil {
					return dst, err
				}
			}
			return append(dst, 0), nil
		}
	}
	return dst, fmt.Errorf("a %T where another type is wanted", v)
}

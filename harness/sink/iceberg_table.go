package sink

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/internal/jsonscan"
	"github.com/hydrantkit/hydrant/schema"
)

// An icebergMetadata is what this package uses of a table's metadata.
type icebergMetadata struct {
	FormatVersion   int               `json:"format-version"`
	UUID            string            `json:"table-uuid"`
	Location        string            `json:"location"`
	LastSequence    int64             `json:"last-sequence-number"`
	LastUpdated     int64             `json:"last-updated-ms"`
	CurrentSchema   int               `json:"current-schema-id"`
	Schemas         []json.RawMessage `json:"schemas"`
	DefaultSpec     int               `json:"default-spec-id"`
	Specs           []icebergSpec     `json:"partition-specs"`
	Properties      map[string]string `json:"properties"`
	CurrentSnapshot *int64            `json:"current-snapshot-id"`
	Snapshots       []icebergSnapshot `json:"snapshots"`
}

type icebergSnapshot struct {
	ID           int64             `json:"snapshot-id"`
	Parent       *int64            `json:"parent-snapshot-id,omitempty"`
	Sequence     int64             `json:"sequence-number"`
	Timestamp    int64             `json:"timestamp-ms"`
	ManifestList string            `json:"manifest-list"`
	Summary      map[string]string `json:"summary"`
	Schema       int               `json:"schema-id"`
}

type icebergSchema struct {
	ID         int            `json:"schema-id"`
	Identifier []int          `json:"identifier-field-ids"`
	Fields     []icebergField `json:"fields"`
}

type icebergField struct {
	ID       int         `json:"id"`
	Name     string      `json:"name"`
	Required bool        `json:"required"`
	Type     icebergType `json:"type"`
}

// An icebergType is a type: the name of a primitive one, or the parts of a nested one.
type icebergType struct {
	Name          string
	Fields        []icebergField
	Element       *icebergField // of a list
	Key, Value    *icebergField // of a map
	Width, Digits int           // of a decimal: precision and scale
}

// maxIcebergDepth is how deep types may be nested.
const maxIcebergDepth = 64

// UnmarshalJSON reads a type.
func (t *icebergType) UnmarshalJSON(b []byte) error {
	if jsonscan.Shallow(b, 0, 4*maxIcebergDepth) < 0 {
		return errors.New("a type that is nested too deeply")
	}
	if b[0] == '"' {
		if err := json.Unmarshal(b, &t.Name); err != nil {
			return err
		}
		if inner, ok := strings.CutPrefix(t.Name, "decimal("); ok {
			p, s, _ := strings.Cut(strings.TrimSuffix(inner, ")"), ",")
			var err, err2 error
			t.Width, err = strconv.Atoi(strings.TrimSpace(p))
			t.Digits, err2 = strconv.Atoi(strings.TrimSpace(s))
			if err = errors.Join(err, err2); err != nil || t.Width < 1 || t.Width > 38 || t.Digits < 0 || t.Digits > t.Width {
				return fmt.Errorf("the type %.50q", t.Name)
			}
			t.Name = "decimal"
		}
		return nil
	}
	var n struct {
		Type            string         `json:"type"`
		Fields          []icebergField `json:"fields"`
		Element         *icebergType   `json:"element"`
		ElementID       int            `json:"element-id"`
		ElementRequired bool           `json:"element-required"`
		Key             *icebergType   `json:"key"`
		KeyID           int            `json:"key-id"`
		Value           *icebergType   `json:"value"`
		ValueID         int            `json:"value-id"`
		ValueRequired   bool           `json:"value-required"`
	}
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	switch t.Name = n.Type; {
	case n.Type == "struct":
		t.Fields = n.Fields
	case n.Type == "list" && n.Element != nil:
		t.Element = &icebergField{ID: n.ElementID, Required: n.ElementRequired, Type: *n.Element}
	case n.Type == "map" && n.Key != nil && n.Value != nil:
		t.Key = &icebergField{ID: n.KeyID, Required: true, Type: *n.Key}
		t.Value = &icebergField{ID: n.ValueID, Required: n.ValueRequired, Type: *n.Value}
	default:
		return fmt.Errorf("a type %.50q that isn't whole", n.Type)
	}
	return nil
}

// floats is how many values of the type float a field holds.
func (f *icebergField) floats() (n int) {
	t := &f.Type
	if t.Name == "float" {
		return 1
	}
	for i := range t.Fields {
		n += t.Fields[i].floats()
	}
	for _, part := range []*icebergField{t.Element, t.Key, t.Value} {
		if part != nil {
			n += part.floats()
		}
	}
	return n
}

var icebergKinds = map[string]schema.Kind{"boolean": schema.Boolean, "int": schema.Int, "long": schema.BigInt, "float": schema.Float, "double": schema.Double,
	"date": schema.Date, "timestamp": schema.Timestamp, "timestamptz": schema.Timestamp, "string": schema.String, "decimal": schema.Decimal}

// IcebergColumns are columns of a table as data files have them.
type IcebergColumns struct {
	Columns []schema.Column
	IDs     map[string]int32 // Parquet field ids, by dotted path as it stands in the file
	UTC     map[string]bool  // the paths of timestamps that are instants
}

// newColumns makes those of fields.
func newColumns(fields []icebergField) (*IcebergColumns, error) {
	c := &IcebergColumns{IDs: map[string]int32{}, UTC: map[string]bool{}}
	for i := range fields {
		f := &fields[i]
		t, err := c.add(f.Name, f)
		if err != nil {
			return nil, err
		}
		c.Columns = append(c.Columns, schema.Column{Name: f.Name, Type: t})
	}
	return c, nil
}

func (c *IcebergColumns) add(path string, f *icebergField) (*schema.Type, error) {
	c.IDs[path] = int32(f.ID)
	t := &schema.Type{}
	var err error
	switch f.Type.Name {
	case "struct":
		t.Kind = schema.Struct
		for i := range f.Type.Fields {
			m := &f.Type.Fields[i]
			mt, err := c.add(path+"."+m.Name, m)
			if err != nil {
				return nil, err
			}
			t.Fields = append(t.Fields, schema.Column{Name: m.Name, Type: mt})
		}
	case "list":
		t.Kind = schema.Array
		t.Elem, err = c.add(path+".list.element", f.Type.Element)
	case "map":
		t.Kind = schema.Map
		if t.Key, err = c.add(path+".key_value.key", f.Type.Key); err == nil {
			t.Elem, err = c.add(path+".key_value.value", f.Type.Value)
		}
	default:
		t.Kind = icebergKinds[f.Type.Name]
		t.Precision, t.Scale = f.Type.Width, f.Type.Digits
		if t.Kind == schema.Invalid {
			return nil, fmt.Errorf("the column %s has the type %s, which this version of hydrant doesn't write", path, f.Type.Name)
		}
		if f.Type.Name == "timestamptz" {
			c.UTC[path] = true
		}
	}
	return t, err
}

// missing is the path of the first required column or member that the object at b[i] lacks, or "".
func missing(b []byte, i int, fields []icebergField) (path string) {
	has := make(map[string]int, len(fields))
	jsonscan.Members(b, i, func(key []byte, v int) {
		if b[v] != 'n' {
			has[string(key)] = v
		} else {
			delete(has, string(key))
		}
	})
	for k := range fields {
		f := &fields[k]
		v, ok := has[f.Name]
		if !ok {
			if f.Required {
				return f.Name
			}
			continue
		}
		if inner := missingIn(b, v, &f.Type); inner != "" {
			return f.Name + "." + inner
		}
	}
	return ""
}

// missingIn is missing for a value of a type. A value of another kind is somebody else's error.
func missingIn(b []byte, v int, t *icebergType) (path string) {
	switch {
	case t.Name == "struct" && b[v] == '{':
		return missing(b, v, t.Fields)
	case t.Name == "list" && b[v] == '[':
		eachElement(b, v, func(e int) { path = missingPart(path, b, e, "element", t.Element) })
	case t.Name == "map" && b[v] == '{':
		jsonscan.Members(b, v, func(_ []byte, v int) { path = missingPart(path, b, v, "value", t.Value) })
	}
	return path
}

// missingPart is missingIn for an element of a list, or a value of a map, behind others in which path is missing.
func missingPart(path string, b []byte, v int, name string, f *icebergField) string {
	switch {
	case path != "":
	case b[v] != 'n':
		if inner := missingIn(b, v, &f.Type); inner != "" {
			return name + "." + inner
		}
	case f.Required:
		return name
	}
	return path
}

type icebergSpec struct {
	ID     int                `json:"spec-id"`
	Fields []icebergPartition `json:"fields"`
}

type icebergPartition struct {
	Source    int    `json:"source-id"`
	ID        int    `json:"field-id"`
	Name      string `json:"name"`
	Transform string `json:"transform"`
}

// avroType is the type of a partition's values in manifests.
func (p *icebergPartition) avroType(source *icebergField) (string, error) {
	t := source.Type.Name
	switch p.Transform {
	case "identity":
		switch t {
		case "boolean", "int", "long", "string":
			return `"` + t + `"`, nil
		case "date":
			return `{"type":"int","logicalType":"date"}`, nil
		case "timestamp", "timestamptz":
			return `{"type":"long","logicalType":"timestamp-micros","adjust-to-utc":` + strconv.FormatBool(t == "timestamptz") + `}`, nil
		}
	case "year", "month", "hour":
		if t == "timestamp" || t == "timestamptz" || t == "date" && p.Transform != "hour" {
			return `"int"`, nil
		}
	case "day":
		if t == "timestamp" || t == "timestamptz" || t == "date" {
			return `{"type":"int","logicalType":"date"}`, nil
		}
	case "void":
		return `"int"`, nil
	}
	return "", fmt.Errorf("the table is partitioned by %s of %s, which is of type %s; this version of hydrant doesn't", p.Transform, source.Name, t)
}

// value is a partition's value of a source's, which is text as files are printed, and how it stands in a path; both are of null where that is null.
func (p *icebergPartition) value(source *icebergField, text []byte) (v any, path string, err error) {
	if string(text) == "null" || p.Transform == "void" {
		return nil, "null", nil
	}
	if source.Type.Name == "boolean" {
		return string(text) == "true", string(text), nil
	}
	if text[0] != '"' {
		i, err := strconv.ParseInt(string(text), 10, 64)
		return i, string(text), err
	}
	s, _ := jsonscan.AppendString(nil, text, 1)
	switch source.Type.Name {
	case "string":
		return string(s), string(s), nil
	case "date":
		at, err := time.Parse("2006-01-02", string(s))
		if p.Transform == "identity" {
			return at.Unix() / 86400, string(s), err
		}
		v, path := p.unit(at)
		return v, path, err
	}
	at, err := time.Parse(time.RFC3339Nano, string(s))
	if p.Transform == "identity" {
		return at.UnixMicro(), string(s), err
	}
	v, path = p.unit(at)
	return v, path, err
}

// unit is the number of the year, month, day or hour of an instant, from 1970 on.
func (p *icebergPartition) unit(at time.Time) (any, string) {
	switch p.Transform {
	case "year":
		return int64(at.Year() - 1970), at.Format("2006")
	case "month":
		return int64((at.Year()-1970)*12 + int(at.Month()) - 1), at.Format("2006-01")
	case "day":
		return floorDiv(at.Unix(), 86400), at.Format("2006-01-02")
	}
	return floorDiv(at.Unix(), 3600), at.Format("2006-01-02-15")
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((b - 1 - a) / b)
	}
	return a / b
}

// An icebergState is a table as it was when it was read.
type icebergState struct {
	*icebergMetadata
	rawSchema json.RawMessage
	schema    *icebergSchema
	columns   *IcebergColumns
	spec      *icebergSpec
	sources   []*icebergField // of the spec's fields
	current   *icebergSnapshot
}

// state looks up what a commit needs. Its error says why there can't be one.
func (m *icebergMetadata) state() (*icebergState, error) {
	s := &icebergState{icebergMetadata: m}
	if m.FormatVersion != 2 { // the service writes tables of version 2 alone
		return nil, fmt.Errorf("the table's format version is %d; version 2 is supported", m.FormatVersion)
	}
	for i := range m.Schemas {
		var t icebergSchema
		if err := json.Unmarshal(m.Schemas[i], &t); err != nil {
			return nil, err
		}
		if t.ID == m.CurrentSchema {
			s.schema, s.rawSchema = &t, m.Schemas[i]
		}
	}
	for i := range m.Specs {
		if m.Specs[i].ID == m.DefaultSpec {
			s.spec = &m.Specs[i]
		}
	}
	if s.schema == nil || s.spec == nil || m.Location == "" {
		return nil, errors.New("the table's metadata lacks its schema, its partition spec or its location")
	}
	var err error
	if s.columns, err = newColumns(s.schema.Fields); err != nil {
		return nil, err
	}
	for i := range s.spec.Fields {
		p := &s.spec.Fields[i]
		at := slices.IndexFunc(s.schema.Fields, func(f icebergField) bool { return f.ID == p.Source })
		if at < 0 {
			return nil, fmt.Errorf("the table is partitioned by %s, which is no column at the top", p.Name)
		}
		s.sources = append(s.sources, &s.schema.Fields[at])
		if _, err := p.avroType(s.sources[i]); err != nil {
			return nil, err
		}
	}
	if m.CurrentSnapshot != nil && *m.CurrentSnapshot >= 0 {
		for i := range m.Snapshots {
			if m.Snapshots[i].ID == *m.CurrentSnapshot {
				s.current = &m.Snapshots[i]
			}
		}
		if s.current == nil {
			return nil, errors.New("the table's metadata lacks its current snapshot")
		}
	}
	return s, nil
}

// fields are those of names, or an error.
func (s *icebergState) fields(names []string) ([]icebergField, error) {
	var list []icebergField
	for _, name := range names {
		at := slices.IndexFunc(s.schema.Fields, func(f icebergField) bool { return f.Name == name })
		if at < 0 {
			return nil, fmt.Errorf("the table has no column %s, which is a unique key", name)
		}
		list = append(list, s.schema.Fields[at])
	}
	return list, nil
}

// identifiers are the names of the table's identifier fields.
func (s *icebergState) identifiers() (names []string) {
	for _, id := range s.schema.Identifier {
		for _, f := range s.schema.Fields {
			if f.ID == id {
				names = append(names, f.Name)
			}
		}
	}
	return names
}

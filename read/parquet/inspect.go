package parquet

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// A Structure describes a file. Its JSON member names are part of the command's contract.
type Structure struct {
	Format      string     `json:"format"` // "parquet"
	Bytes       int64      `json:"bytes"`
	FooterBytes int64      `json:"footer_bytes"`
	Version     int32      `json:"version"`
	CreatedBy   string     `json:"created_by"`
	Rows        int64      `json:"rows"`
	KeyValues   []KeyValue `json:"key_values,omitempty"`
	Schema      Element    `json:"schema"`
	RowGroups   []RowGroup `json:"row_groups"`
}

// A KeyValue is an entry of the footer's metadata.
type KeyValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// An Element is a group or a leaf of the schema.
type Element struct {
	Name       string    `json:"name"`
	Repetition string    `json:"repetition,omitempty"` // of all but the root
	Type       string    `json:"type,omitempty"`       // physical, of leaves
	Length     int       `json:"length,omitempty"`     // of FIXED_LEN_BYTE_ARRAY
	Converted  string    `json:"converted_type,omitempty"`
	Logical    string    `json:"logical_type,omitempty"`
	Precision  int       `json:"precision,omitempty"`
	Scale      int       `json:"scale,omitempty"`
	FieldID    int32     `json:"field_id,omitempty"`
	Fields     []Element `json:"fields,omitempty"`
}

// A RowGroup describes a row group.
type RowGroup struct {
	Rows              int64    `json:"rows"`
	CompressedBytes   int64    `json:"compressed_bytes"`
	UncompressedBytes int64    `json:"uncompressed_bytes"`
	Columns           []Column `json:"columns"`
}

// A Column describes a column chunk. Min and Max are JSON as [File.Rows] prints values; Signed
// says that they are in the old fields, where text, decimals and times are ordered by signed
// bytes, so that they bound nothing.
type Column struct {
	Path              string          `json:"path"`
	Type              string          `json:"type"`
	Compression       string          `json:"compression"`
	Encodings         []string        `json:"encodings"`
	Values            int64           `json:"values"` // nulls and empty lists included
	Nulls             *int64          `json:"nulls,omitempty"`
	CompressedBytes   int64           `json:"compressed_bytes"`
	UncompressedBytes int64           `json:"uncompressed_bytes"`
	Min               json.RawMessage `json:"min,omitempty"`
	Max               json.RawMessage `json:"max,omitempty"`
	Inexact           bool            `json:"inexact,omitempty"` // a bound was cut
	Signed            bool            `json:"signed_order,omitempty"`
	Dictionary        bool            `json:"dictionary"`
	DataPages         int32           `json:"data_pages,omitempty"` // where the footer says so
	BloomFilterBytes  int32           `json:"bloom_filter_bytes,omitempty"`
	ColumnIndex       bool            `json:"column_index"`
	OffsetIndex       bool            `json:"offset_index"`
}

// Inspect describes f by its footer; pages are not read.
func (f *File) Inspect() (s *Structure, err error) {
	defer guard(&err)
	s = &Structure{Format: "parquet", Bytes: f.size, FooterBytes: f.footer, Version: f.meta.Version,
		CreatedBy: f.meta.CreatedBy, Rows: f.rowCount, Schema: element(f.root, true), RowGroups: []RowGroup{}}
	for _, kv := range f.meta.KeyValues {
		s.KeyValues = append(s.KeyValues, KeyValue(kv))
	}
	for i := range f.meta.RowGroups {
		g := &f.meta.RowGroups[i]
		rg := RowGroup{Rows: g.NumRows, UncompressedBytes: g.TotalByteSize}
		for j := range g.Columns {
			c := f.column(f.leaves[j], &g.Columns[j])
			rg.CompressedBytes += c.CompressedBytes
			rg.Columns = append(rg.Columns, c)
		}
		s.RowGroups = append(s.RowGroups, rg)
	}
	return s, nil
}

func element(n *node, root bool) Element {
	e := Element{Name: n.name}
	if !root {
		e.Repetition = strings.ToLower(n.repetition.String())
	}
	if n.element.Type.Valid {
		e.Type, e.Length = n.physical.String(), n.length
		e.Precision, e.Scale = int(n.element.Precision.V), int(n.element.Scale.V)
	}
	if n.element.ConvertedType.Valid {
		e.Converted = convertedName(n.element.ConvertedType.V)
	}
	if n.element.LogicalType.Value != nil {
		e.Logical = n.element.LogicalType.String()
	}
	e.FieldID = n.element.FieldID
	for _, c := range n.children {
		e.Fields = append(e.Fields, element(c, false))
	}
	return e
}

// convertedName is the name in parquet.thrift.
func convertedName(t deprecated.ConvertedType) string {
	names := [...]string{"UTF8", "MAP", "MAP_KEY_VALUE", "LIST", "ENUM", "DECIMAL", "DATE", "TIME_MILLIS", "TIME_MICROS",
		"TIMESTAMP_MILLIS", "TIMESTAMP_MICROS", "UINT_8", "UINT_16", "UINT_32", "UINT_64", "INT_8", "INT_16", "INT_32", "INT_64",
		"JSON", "BSON", "INTERVAL"}
	if t >= 0 && int(t) < len(names) {
		return names[t]
	}
	return strconv.Itoa(int(t))
}

func (f *File) column(leaf *node, k *columnChunk) Column {
	m := &k.MetaData
	c := Column{Path: leaf.path, Type: m.Type.String(), Compression: m.Codec.String(), Values: m.NumValues,
		CompressedBytes: m.Compressed, UncompressedBytes: m.Uncompressed, BloomFilterBytes: m.BloomFilterLength,
		ColumnIndex: k.ColumnIndexLength > 0, OffsetIndex: k.OffsetIndexLength > 0, Dictionary: m.DictionaryPage > 0}
	for _, e := range m.Encodings {
		c.Encodings = append(c.Encodings, e.String())
		// parquet-mr 1.8 doesn't say where the dictionary is, only that there is one
		c.Dictionary = c.Dictionary || e == plainDictionary || e == format.RLEDictionary
	}
	for _, e := range m.EncodingStats {
		if e.PageType == format.DataPage || e.PageType == format.DataPageV2 {
			c.DataPages += e.Count
		}
	}
	s := &m.Statistics
	if s.NullCount.Valid {
		c.Nulls = &s.NullCount.V
	}
	lo, hi := s.MinValue, s.MaxValue
	if lo == nil && hi == nil {
		lo, hi = s.Min, s.Max
		switch leaf.physical {
		case format.ByteArray, format.FixedLenByteArray, format.Int96:
			c.Signed = lo != nil || hi != nil
		}
	}
	c.Min, c.Max = bound(leaf, lo), bound(leaf, hi)
	c.Inexact = s.MinExact.Valid && !s.MinExact.V || s.MaxExact.Valid && !s.MaxExact.V
	return c
}

// bound prints a bound of the statistics, nil if there is none that makes sense.
func bound(leaf *node, b []byte) json.RawMessage {
	var v value
	switch leaf.physical {
	case format.ByteArray:
		if b == nil {
			return nil
		}
		v.b = b
	case format.Boolean:
		if len(b) != 1 {
			return nil
		}
		v.i = int64(b[0])
	case format.Float:
		if len(b) != 4 {
			return nil
		}
		v.i = int64(math.Float64bits(float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))))
	default:
		if len(b) == 0 || len(b) != leaf.width() {
			return nil
		}
		switch len(b) {
		case 4:
			v.i = int64(int32(binary.LittleEndian.Uint32(b)))
		case 8:
			v.i = int64(binary.LittleEndian.Uint64(b))
		}
		v.b = b
	}
	text, err := appendScalar(nil, leaf, v)
	if err != nil {
		return nil
	}
	return text
}

// WriteText prints s for people.
func (s *Structure) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "parquet version %d, %d bytes (footer %d), %d rows in %d row groups\n", s.Version, s.Bytes, s.FooterBytes, s.Rows, len(s.RowGroups))
	fmt.Fprintf(&b, "created by %s\n", s.CreatedBy)
	for _, kv := range s.KeyValues {
		fmt.Fprintf(&b, "%s = %s\n", kv.Key, short(kv.Value, 200))
	}
	fmt.Fprintf(&b, "\nmessage %s {\n", s.Schema.Name)
	for i := range s.Schema.Fields {
		s.Schema.Fields[i].write(&b, 1)
	}
	b.WriteString("}\n")
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	for i := range s.RowGroups {
		g := &s.RowGroups[i]
		if _, err := fmt.Fprintf(w, "\nrow group %d: %d rows, %d bytes (%d uncompressed)\n", i, g.Rows, g.CompressedBytes, g.UncompressedBytes); err != nil {
			return err
		}
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "column\ttype\tcompression\tencodings\tvalues\tnulls\tbytes\tuncompressed\tmin\tmax")
		for j := range g.Columns {
			c := &g.Columns[j]
			nulls := "-"
			if c.Nulls != nil {
				nulls = strconv.FormatInt(*c.Nulls, 10)
			}
			mark := ""
			if c.Signed {
				mark = " (signed order)"
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\t%d\t%d\t%s\t%s%s\n", c.Path, c.Type, c.Compression, strings.Join(c.Encodings, ","),
				c.Values, nulls, c.CompressedBytes, c.UncompressedBytes, short(string(c.Min), 40), short(string(c.Max), 40), mark)
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// short cuts s to n bytes, before a character.
func short(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

func (e *Element) write(b *strings.Builder, depth int) {
	b.WriteString(strings.Repeat("  ", depth))
	b.WriteString(e.Repetition)
	note := e.Converted
	if e.Logical != "" {
		note = e.Logical
	} else if e.Converted == "DECIMAL" {
		note = fmt.Sprintf("DECIMAL(%d,%d)", e.Precision, e.Scale)
	}
	if note != "" {
		note = " (" + note + ")"
	}
	if e.FieldID != 0 {
		note += fmt.Sprintf(" = %d", e.FieldID)
	}
	if len(e.Fields) == 0 {
		length := ""
		if e.Length > 0 {
			length = fmt.Sprintf("(%d)", e.Length)
		}
		fmt.Fprintf(b, " %s%s %s%s;\n", strings.ToLower(e.Type), length, e.Name, note)
		return
	}
	fmt.Fprintf(b, " group %s%s {\n", e.Name, note)
	for i := range e.Fields {
		e.Fields[i].write(b, depth+1)
	}
	b.WriteString(strings.Repeat("  ", depth) + "}\n")
}

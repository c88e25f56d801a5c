package glue

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hydrantkit/hydrant/schema"
)

// A Form is a way to write a table down.
type Form string

// The forms of `hydrant schema show --as` (cli.md).
const (
	Glue           Form = "glue"           // as aws glue get-table prints it
	DDL            Form = "ddl"            // CREATE EXTERNAL TABLE
	Struct         Form = "struct"         // struct<a:int,…>
	JSON           Form = "json"           // columns with their types taken apart
	Parquet        Form = "parquet"        // the message type of a file of this table
	ORC            Form = "orc"            // the type of an ORC file of this table
	CloudFormation Form = "cloudformation" // a template with one AWS::Glue::Table
	Terraform      Form = "terraform"      // one aws_glue_catalog_table
)

// Forms lists every Form, in the order of the constants.
func Forms() []Form {
	return []Form{Glue, DDL, Struct, JSON, Parquet, ORC, CloudFormation, Terraform}
}

// Append writes t in a form, ending in a newline.
func Append(dst []byte, t *schema.Table, form Form) ([]byte, error) {
	switch form {
	case Glue:
		return AppendGlue(dst, t), nil
	case DDL:
		return AppendDDL(dst, t), nil
	case Struct:
		return append(AppendStruct(dst, t), '\n'), nil
	case JSON:
		return AppendJSON(dst, t), nil
	case Parquet:
		return AppendParquet(dst, t), nil
	case ORC:
		return append(AppendORC(dst, t), '\n'), nil
	case CloudFormation:
		return AppendCloudFormation(dst, t), nil
	case Terraform:
		return AppendTerraform(dst, t), nil
	}
	return dst, fmt.Errorf("unknown form %q; want one of %v", string(form), Forms())
}

type glueColumn struct {
	Name    string
	Type    string
	Comment string `json:",omitempty"`
}

type glueTable struct {
	Name              string `json:",omitempty"`
	DatabaseName      string `json:",omitempty"`
	StorageDescriptor struct{ Columns []glueColumn }
	PartitionKeys     []glueColumn
	CatalogId         string `json:",omitempty"`
	VersionId         string `json:",omitempty"`
}

func glueColumns(columns []schema.Column) []glueColumn {
	out := make([]glueColumn, len(columns))
	for i, c := range columns {
		out[i] = glueColumn{c.Name, c.Type.String(), c.Comment}
	}
	return out
}

// AppendGlue writes t as aws glue get-table prints it, as far as conversion uses it.
func AppendGlue(dst []byte, t *schema.Table) []byte {
	var out struct{ Table glueTable }
	out.Table = glueTable{
		Name: t.Name, DatabaseName: t.Database, CatalogId: t.CatalogID, VersionId: t.Version,
		PartitionKeys: glueColumns(t.PartitionKeys),
	}
	out.Table.StorageDescriptor.Columns = glueColumns(t.Columns)
	return appendJSON(dst, out, "    ")
}

// appendJSON writes v, which has no member that JSON can't hold.
func appendJSON(dst []byte, v any, indent string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		panic(err) // strings and structs of strings always encode
	}
	return append(dst, b.Bytes()...)
}

// AppendStruct writes t's columns as a literal struct<…>, which Load reads. Partition keys and
// comments have no place in it.
func AppendStruct(dst []byte, t *schema.Table) []byte {
	return append(dst, t.Struct().String()...)
}

// A jsonType is a type taken apart: element of an array, key and value of a map, fields of a struct.
type jsonType struct {
	Type      string      `json:"type"`
	Kind      string      `json:"kind"`
	Precision int         `json:"precision,omitempty"`
	Scale     *int        `json:"scale,omitempty"`
	Length    int         `json:"length,omitempty"`
	Element   *jsonType   `json:"element,omitempty"`
	Key       *jsonType   `json:"key,omitempty"`
	Value     *jsonType   `json:"value,omitempty"`
	Fields    []jsonField `json:"fields,omitempty"`
}

type jsonField struct {
	Name    string `json:"name"`
	Comment string `json:"comment,omitempty"`
	jsonType
}

func newJSONType(t *schema.Type) jsonType {
	out := jsonType{Type: t.String(), Kind: t.Kind.String(), Length: t.Length, Fields: jsonFields(t.Fields)}
	if t.Kind == schema.Decimal {
		out.Precision, out.Scale = t.Precision, &t.Scale
	}
	if t.Elem != nil {
		e := newJSONType(t.Elem)
		if t.Kind == schema.Map {
			k := newJSONType(t.Key)
			out.Key, out.Value = &k, &e
		} else {
			out.Element = &e
		}
	}
	return out
}

func jsonFields(columns []schema.Column) []jsonField {
	var out []jsonField
	for _, c := range columns {
		out = append(out, jsonField{c.Name, c.Comment, newJSONType(c.Type)})
	}
	return out
}

// AppendJSON writes t for programs: members name, database, version, columns and partitionKeys;
// of a column name, comment, type (the type string) and kind; and by the kind precision and
// scale, length, element, key and value, or fields, which have the members of a column.
func AppendJSON(dst []byte, t *schema.Table) []byte {
	return appendJSON(dst, struct {
		Name          string      `json:"name,omitempty"`
		Database      string      `json:"database,omitempty"`
		Version       string      `json:"version,omitempty"`
		Columns       []jsonField `json:"columns"`
		PartitionKeys []jsonField `json:"partitionKeys,omitempty"`
	}{t.Name, t.Database, t.Version, jsonFields(t.Columns), jsonFields(t.PartitionKeys)}, "  ")
}

// names gives t's database and name, or placeholders where a form can't do without.
func names(t *schema.Table) (database, name string) {
	database, name = t.Database, t.Name
	if database == "" {
		database = "my_database"
	}
	if name == "" {
		name = "my_table"
	}
	return database, name
}

// AppendDDL writes t as a CREATE EXTERNAL TABLE that Hive and Athena take once its location is
// filled in. A table without a name is called my_table.
func AppendDDL(dst []byte, t *schema.Table) []byte {
	_, name := names(t)
	dst = append(dst, "CREATE EXTERNAL TABLE "...)
	if t.Database != "" {
		dst = append(appendBackquoted(dst, t.Database), '.')
	}
	dst = append(appendBackquoted(dst, name), " (\n"...)
	dst = appendDDLColumns(dst, t.Columns)
	if len(t.PartitionKeys) > 0 {
		dst = append(dst, "PARTITIONED BY (\n"...)
		dst = appendDDLColumns(dst, t.PartitionKeys)
	}
	return append(dst, "STORED AS PARQUET\nLOCATION 's3://<bucket>/<prefix>/';\n"...)
}

func appendDDLColumns(dst []byte, columns []schema.Column) []byte {
	for i, c := range columns {
		dst = append(appendBackquoted(append(dst, "  "...), c.Name), ' ')
		dst = appendType(dst, c.Type, true)
		dst = appendComment(dst, c.Comment)
		if i < len(columns)-1 {
			dst = append(dst, ',')
		}
		dst = append(dst, '\n')
	}
	return append(dst, ")\n"...)
}

// appendType is the type string with names that aren't words in backquotes, and, if it is asked for, the comments of struct members.
func appendType(dst []byte, t *schema.Type, comments bool) []byte {
	switch t.Kind {
	case schema.Array:
		return append(appendType(append(dst, "array<"...), t.Elem, comments), '>')
	case schema.Map:
		dst = append(appendType(append(dst, "map<"...), t.Key, comments), ',')
		return append(appendType(dst, t.Elem, comments), '>')
	case schema.Struct:
		dst = append(dst, "struct<"...)
		for i, f := range t.Fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendUnlessWord(dst, f.Name), ':')
			dst = appendType(dst, f.Type, comments)
			if comments {
				dst = appendComment(dst, f.Comment)
			}
		}
		return append(dst, '>')
	}
	return append(dst, t.String()...)
}

func appendComment(dst []byte, comment string) []byte {
	if comment == "" {
		return dst
	}
	dst = append(dst, " COMMENT '"...)
	for i := 0; i < len(comment); i++ {
		switch c := comment[i]; c {
		case '\'', '\\':
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '\'')
}

func appendBackquoted(dst []byte, name string) []byte {
	dst = append(dst, '`')
	dst = append(dst, strings.ReplaceAll(name, "`", "``")...)
	return append(dst, '`')
}

// appendUnlessWord writes a name in backquotes unless it is made of ASCII letters, digits and _.
func appendUnlessWord(dst []byte, name string) []byte {
	for i := 0; i < len(name); i++ {
		if c := name[i]; !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_') {
			return appendBackquoted(dst, name)
		}
	}
	return append(dst, name...)
}

// appendQuoted writes s in double quotes, as JSON, YAML and HCL read it alike.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		default:
			dst = append(dst, string(r)...)
		}
	}
	return append(dst, '"')
}

// AppendCloudFormation writes a template with t as its one resource, an AWS::Glue::Table that
// holds Parquet. Its location is a placeholder.
func AppendCloudFormation(dst []byte, t *schema.Table) []byte {
	database, name := names(t)
	dst = append(dst, "AWSTemplateFormatVersion: \"2010-09-09\"\nResources:\n  "...)
	dst = append(dst, logicalID(name)...)
	dst = append(dst, ":\n    Type: AWS::Glue::Table\n    Properties:\n      CatalogId: "...)
	if t.CatalogID != "" {
		dst = appendQuoted(dst, t.CatalogID)
	} else {
		dst = append(dst, "!Ref AWS::AccountId"...)
	}
	dst = appendQuoted(append(dst, "\n      DatabaseName: "...), database)
	dst = appendQuoted(append(dst, "\n      TableInput:\n        Name: "...), name)
	dst = append(dst, "\n        TableType: EXTERNAL_TABLE\n        Parameters:\n          classification: parquet\n"...)
	if len(t.PartitionKeys) > 0 {
		dst = append(dst, "        PartitionKeys:\n"...)
		dst = appendYAMLColumns(dst, t.PartitionKeys, "          ")
	}
	dst = append(dst, `        StorageDescriptor:
          Location: s3://bucket/prefix/
          InputFormat: org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat
          OutputFormat: org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat
          SerdeInfo:
            SerializationLibrary: org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe
          Columns:
`...)
	return appendYAMLColumns(dst, t.Columns, "            ")
}

func appendYAMLColumns(dst []byte, columns []schema.Column, indent string) []byte {
	for _, c := range columns {
		dst = appendQuoted(append(append(dst, indent...), "- Name: "...), c.Name)
		dst = appendQuoted(append(append(append(dst, '\n'), indent...), "  Type: "...), c.Type.String())
		if c.Comment != "" {
			dst = appendQuoted(append(append(append(dst, '\n'), indent...), "  Comment: "...), c.Comment)
		}
		dst = append(dst, '\n')
	}
	return dst
}

// logicalID makes "user_events" UserEventsTable, and "my_table" MyTable.
func logicalID(name string) string {
	var b strings.Builder
	up := true
	for i := 0; i < len(name) && b.Len() < 200; i++ {
		c := name[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') {
			up = true
			continue
		}
		if letter && up {
			c &^= 0x20
		}
		up = false
		b.WriteByte(c)
	}
	return strings.TrimSuffix(b.String(), "Table") + "Table"
}

// AppendTerraform writes t as an aws_glue_catalog_table that holds Parquet. Its location is a
// placeholder.
func AppendTerraform(dst []byte, t *schema.Table) []byte {
	database, name := names(t)
	dst = append(append(append(dst, "resource \"aws_glue_catalog_table\" \""...), label(name)...), "\" {\n"...)
	if t.CatalogID != "" {
		dst = append(appendHCL(append(dst, "  catalog_id    = "...), t.CatalogID), '\n')
	}
	dst = append(appendHCL(append(dst, "  database_name = "...), database), '\n')
	dst = append(appendHCL(append(dst, "  name          = "...), name), '\n')
	dst = append(dst, `  table_type    = "EXTERNAL_TABLE"

  parameters = {
    classification = "parquet"
  }

  storage_descriptor {
    location      = "s3://bucket/prefix/"
    input_format  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    }
`...)
	for _, c := range t.Columns {
		dst = appendBlock(dst, "columns", "    ", c)
	}
	dst = append(dst, "  }\n"...)
	for _, c := range t.PartitionKeys {
		dst = appendBlock(dst, "partition_keys", "  ", c)
	}
	return append(dst, "}\n"...)
}

// appendBlock writes a column as a block, aligned as terraform fmt does.
func appendBlock(dst []byte, block, indent string, c schema.Column) []byte {
	pad := ""
	if c.Comment != "" {
		pad = "   "
	}
	dst = fmt.Appendf(dst, "\n%s%s {\n%s  name%s = ", indent, block, indent, pad)
	dst = appendHCL(dst, c.Name)
	dst = fmt.Appendf(dst, "\n%s  type%s = ", indent, pad)
	dst = appendHCL(dst, c.Type.String())
	if c.Comment != "" {
		dst = appendHCL(fmt.Appendf(dst, "\n%s  comment = ", indent), c.Comment)
	}
	return fmt.Appendf(dst, "\n%s}\n", indent)
}

// appendHCL quotes s and escapes what HCL would take for a template.
func appendHCL(dst []byte, s string) []byte {
	s = strings.ReplaceAll(s, "${", "$${")
	return appendQuoted(dst, strings.ReplaceAll(s, "%{", "%%{"))
}

// label makes a Terraform identifier of a name.
func label(name string) string {
	out := []byte(name)
	for i, c := range out {
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-') {
			out[i] = '_'
		}
	}
	if len(out) == 0 || out[0] >= '0' && out[0] <= '9' || out[0] == '-' {
		out = append([]byte("t_"), out...)
	}
	return string(out)
}

package glue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/internal/template"
	"github.com/hydrantkit/hydrant/schema"
)

// files is a reader of files that a test spells out.
func files(m map[string]string) Options {
	return Options{ReadFile: func(name string) ([]byte, error) {
		text, ok := m[name]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return []byte(text), nil
	}}
}

// columns is "a int, b string | p date 'comment'".
func columns(t *schema.Table) string {
	part := func(cs []schema.Column) string {
		var s []string
		for _, c := range cs {
			text := c.Name + " " + c.Type.String()
			if c.Comment != "" {
				text += fmt.Sprintf(" %q", c.Comment)
			}
			s = append(s, text)
		}
		return strings.Join(s, ", ")
	}
	out := part(t.Columns)
	if len(t.PartitionKeys) > 0 {
		out += " | " + part(t.PartitionKeys)
	}
	return out
}

func TestLoad(t *testing.T) {
	o := files(map[string]string{
		"table.json": `{"Table":{"Name":"Events","DatabaseName":"DB","CatalogId":"123","VersionId":"7","StorageDescriptor":{"Columns":[
			{"Name":"ID","Type":"BigInt"},{"Name":"tags","Type":"array<string>","Comment":"it's"}]},"PartitionKeys":[{"Name":"dt","Type":"date"}]}}`,
		"tables.json": `{"TableList":[{"Name":"a","DatabaseName":"x","StorageDescriptor":{"Columns":[{"Name":"c","Type":"int"}]}},
			{"Name":"b","DatabaseName":"x","StorageDescriptor":{"Columns":[{"Name":"c","Type":"arr"}]}},
			{"Name":"a","DatabaseName":"y","StorageDescriptor":{"Columns":[{"Name":"d","Type":"int"}]}}]}`,
		"versions.json": `{"TableVersions":[{"VersionId":"10","Table":{"Name":"a","StorageDescriptor":{"Columns":[{"Name":"c","Type":"bigint"}]}}},
			{"VersionId":"9","Table":{"Name":"a","VersionId":"9","StorageDescriptor":{"Columns":[{"Name":"c","Type":"int"}]}}}]}`,
		"version.json": `{"TableVersion":{"VersionId":"2","Table":{"Name":"a","StorageDescriptor":{"Columns":[{"Name":"c","Type":"int"}]}}}}`,
		"input.json":   `{"DatabaseName":"db","TableInput":{"Name":"t","StorageDescriptor":{"Columns":[{"Name":"c","Type":"int"}]}}}`,
		"bare.json":    `{"Name":"t","StorageDescriptor":{"Columns":[{"Name":"c","Type":"int"}]}}`,
		"list.json":    "\ufeff" + `[{"name":"c","type":"int"},{"name":"` + "`end`" + `","type":"bigint"}]`,
		"doc.yaml":     "Table:\n  Name: t\n  StorageDescriptor:\n    Columns:\n    - {Name: c, Type: int}\n",
		"s.txt":        "  STRUCT < a:int ,b:string>\n",
		"two.sql":      "create table a.x (c int); create external table if not exists y (d int)",
		"a#b.sql":      "create table q (c int)",
	})
	for _, tt := range []struct{ src, want, err string }{
		{src: "struct<a:int,B:array<string>>", want: "a int, b array<string>"},
		{src: " Struct <a:int>", want: "a int"},
		{src: "struct<a:in>", err: `unknown type "in"`},
		{src: "table.json", want: `id bigint, tags array<string> "it's" | dt date`},
		{src: "table.json#events", want: `id bigint, tags array<string> "it's" | dt date`},
		{src: "table.json#db.Events@7", want: `id bigint, tags array<string> "it's" | dt date`},
		{src: "table.json#Events@8", err: "table.json: no table Events@8; it has db.events"},
		{src: "tables.json", err: "tables.json: more than one table; write tables.json#… with one of x.a, b, y.a"},
		{src: "tables.json#y.a", want: "d int"},
		{src: "tables.json#a", err: "more than one"},
		{src: "tables.json#b", err: `tables.json:2:86: column c: type "arr": unknown type "arr" at character 1`},
		{src: "versions.json", want: "c bigint"},
		{src: "versions.json#a@9", want: "c int"},
		{src: "versions.json#@9", want: "c int"},
		{src: "version.json", want: "c int"},
		{src: "input.json#db.t", want: "c int"},
		{src: "bare.json", want: "c int"},
		{src: "list.json", want: "c int, `end` bigint"},
		{src: "doc.yaml", want: "c int"},
		{src: "s.txt", want: "a int, b string"},
		{src: "two.sql#a.x", want: "c int"},
		{src: "two.sql#y", want: "d int"},
		{src: "a#b.sql", want: "c int"},
		{src: "a#b.sql#q", want: "c int"},
		{src: "none.json", err: "read schema none.json: file does not exist"},
		{src: "glue:db.t", err: "the Data Catalog is not at hand"},
		{src: "glue:db", err: "want glue:database.table"},
		{src: "glue:db.t@", err: "no version after @"},
	} {
		got, err := Load(tt.src, o)
		switch {
		case tt.err != "":
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("Load(%q) = %v, want an error with %q", tt.src, err, tt.err)
			}
		case err != nil:
			t.Errorf("Load(%q): %v", tt.src, err)
		case columns(got) != tt.want:
			t.Errorf("Load(%q) = %s, want %s", tt.src, columns(got), tt.want)
		}
	}
	got, err := Load("table.json", o)
	if err != nil || got.Name != "events" || got.Database != "db" || got.CatalogID != "123" || got.Version != "7" {
		t.Errorf("Load(table.json) = %+v, %v", got, err)
	}
	if got, err = Load("version.json", o); err != nil || got.Version != "2" {
		t.Errorf("Load(version.json) = %+v, %v", got, err)
	}
}

func TestLoadErrors(t *testing.T) {
	for _, tt := range []struct{ text, err string }{
		{"", "f: the file is empty"},
		{"{", "f:1:2: "},
		{"{}", "f:1:1: no Glue table in it"},
		{"[1]", "f:1:2: a number where a column is wanted"},
		{`{"TableList":{}}`, "f:1:14: a map where a list of tables is wanted"},
		{`{"Table":{"Name":"t","StorageDescriptor":{"Columns":[]}}}`, "f:1:53: table t: the table has no columns"},
		{`{"Table":{"Name":"t","StorageDescriptor":{"SchemaReference":{"SchemaVersionId":"x"}}}}`, "f:1:61: table t takes its columns from a schema registry"},
		{`{"Table":{"Name":"t"}}`, "table t: the table has no columns"},
		{`[{"Name":"a","Type":"int"},{"Name":"A","Type":"int"}]`, `f:1:1: column "a" twice`},
		{`[{"Type":"int"}]`, "f:1:2: a column without a Name"},
		{`[{"Name":"a"}]`, "f:1:2: column a has no Type"},
		{`[{"Name":"","Type":"int"}]`, "f:1:10: a column's name has 1 to 255 bytes, not 0"},
		{`[{"Name":"a","Type":["int"]}]`, "f:1:21: list where a string is wanted"},
		{`[{"Name":"a","Type":"struct<x:int,y:set<int>>"}]`, `f:1:21: column a: type "struct<x:int,y:set<int>>": unknown type set; make it array, as the service's guide says at character 16`},
		{"struct<a:int", `f: type "struct<a:int": expected ">"`},
	} {
		_, err := Load("f", files(map[string]string{"f": tt.text}))
		if err == nil || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("Load of %s = %v, want %q", tt.text, err, tt.err)
		}
	}
	_, err := Load("f", files(map[string]string{"f": `[{"Name":"a","Type":"array<in>"}]`}))
	var place *template.Error
	var typ *schema.TypeError
	if !errors.As(err, &place) || place.Pos.Col != 21 || !errors.As(err, &typ) || typ.Offset != 6 {
		t.Errorf("error %v has place %v and type error %v", err, place, typ)
	}
}

func TestParseDDL(t *testing.T) {
	for _, tt := range []struct{ name, text, want, err string }{
		{name: "plain", text: "CREATE TABLE t (a int, b string)", want: "t: a int, b string"},
		{name: "qualified", text: "create external table if not exists `My Db`.`T` (`A``b` BIGINT COMMENT 'it''s \\'q\\'')", want: "my db.t: a`b bigint \"it's 'q'\""},
		{name: "comments", text: "-- it's\n/* ( */ CREATE /*x*/ TABLE t -- y\n(a /* , */ int, -- b string,\n c struct<x:/* : */int,\n y : array < string >>)", want: "t: a int, c struct<x:int,y:array<string>>"},
		{name: "partitions", text: "create table t (a int) comment 'partitioned by (q int)' partitioned by (d date comment 'x', e char(2)) stored as orc tblproperties ('a;b'='c')", want: "t: a int | d date \"x\", e char(2)"},
		{name: "iceberg", text: "create table t (a int, ts timestamp) partitioned by (day(ts), bucket(16, a), a)", want: "t: a int, ts timestamp"},
		{name: "script", text: "set hive.x=y; add jar a/b.jar;\ndrop table t; create view v as select 1; create table t (a int);; create table u (b decimal(5,2))", want: "t: a int; u: b decimal(5,2)"},
		{name: "keywords", text: "create table t (comment string comment 'c', partitioned int, `date` date, timestamp timestamp)", want: `t: comment string "c", partitioned int, date date, timestamp timestamp`},
		{name: "constraints", text: "create table t (a int not null default 5 comment 'x', b double precision check (b > (1)), primary key (a) disable novalidate, constraint c unique (b))", want: `t: a int "x", b double`},
		{name: "constraint column", text: "create table t (constraint string, primary int)", want: `t: constraint string, primary int`},
		{name: "member comment", text: "create table t (a struct<x:int comment 'y>,z',`b c`:map<string,decimal(5,2)>>)", want: "t: a struct<x:int,`b c`:map<string,decimal(5,2)>>"},
		{name: "varchar", text: "create table t (a varchar ( 10 ), b decimal)", want: "t: a varchar(10), b decimal(10,0)"},
		{name: "escapes", text: `create table t (a int comment "a\tb\u00e9\\\"")`, want: `t: a int "a\tbé\\\""`},
		{name: "nothing", text: "select 1", want: ""},

		{name: "type", text: "create table t (\n  a int,\n  ü array<struct<b:strin>>)", err: `f:3:20: column ü: type "array<struct<b:strin>>": unknown type "strin"`},
		{name: "no comma", text: "create table t (a int b int)", err: `f:1:23: column a: expected COMMENT, "," or ")"`},
		{name: "no columns", text: "create table t like u", err: "f:1:16: table t: expected \"(\" and columns"},
		{name: "empty", text: "create table t ()", err: "f:1:14: table t: the table has no columns"},
		{name: "twice", text: "create table t (a int, A int)", err: `f:1:14: table t: column "a" twice`},
		{name: "open", text: "create table t (a int", err: "the list of columns isn't closed"},
		{name: "open type", text: "create table t (a array<int)", err: `f:1:24: "<" not closed`},
		{name: "open quote", text: "create table t (a int comment 'x)", err: "f:1:31: quote not closed"},
		{name: "comment", text: "create table t (a int comment x)", err: "f:1:31: expected quoted text"},
		{name: "odd", text: "create table t (a int = 3)", err: `f:1:23: column a: unexpected "=" after its type`},
		{name: "no type", text: "create table t (a)", err: "f:1:18: column a: type \"\": expected a type"},
		{name: "no name", text: "create table (a int)", err: "f:1:14: expected a table name"},
		{name: "backquote", text: "create table `t (a int)", err: "f:1:14: quote not closed"},
		{name: "trailing comma", text: "create table t (a int,)", err: "f:1:23: expected a column name"},
	} {
		tables, err := ParseDDL("f", []byte(tt.text))
		if tt.err != "" {
			if err == nil || !strings.HasPrefix(err.Error(), tt.err) && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: error %v, want %q", tt.name, err, tt.err)
			}
			continue
		}
		var got []string
		for _, table := range tables {
			name := table.Name
			if table.Database != "" {
				name = table.Database + "." + name
			}
			got = append(got, name+": "+columns(table))
		}
		if err != nil || strings.Join(got, "; ") != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.name, strings.Join(got, "; "), err, tt.want)
		}
	}
}

func FuzzParseDDL(f *testing.F) {
	f.Add("create external table `a`.b (c int comment 'x', d struct<e:array<int>>) partitioned by (f date); -- g")
	f.Add("create table t (a int default 'x' check (b), primary key (a)) /* x")
	f.Fuzz(func(t *testing.T, text string) {
		tables, err := ParseDDL("f", []byte(text))
		if err != nil {
			_ = err.Error()
			return
		}
		for _, table := range tables {
			again, err := ParseDDL("f", AppendDDL(nil, table))
			if err != nil || len(again) != 1 || columns(again[0]) != columns(table) || again[0].Name != table.Name || again[0].Database != table.Database {
				t.Errorf("%q reads as %+v, and that as %+v, %v", text, table, again, err)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"Table":{"Name":"t","StorageDescriptor":{"Columns":[{"Name":"a","Type":"int"}]},"PartitionKeys":[{"Name":"b","Type":"int"}]}}`))
	f.Add([]byte("[{name: a, type: 'struct<a:int>'}]"))
	f.Add([]byte("Resources:\n  T:\n    Type: AWS::Glue::Table\n    Properties:\n      TableInput: {Name: x, StorageDescriptor: {Columns: [{Name: a, Type: int}]}}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := parse("f", data, Options{})
		if err != nil {
			_ = err.Error()
			return
		}
		for _, e := range entries {
			if (e.table == nil) == (e.err == nil) {
				t.Errorf("entry %+v", e)
			}
		}
	})
}

// A catalog is a Catalog of one table.
type catalog struct{ table *schema.Table }

func (c catalog) Table(_ context.Context, database, table, version string) (*schema.Table, error) {
	if database != c.table.Database || table != c.table.Name || version != "" && version != c.table.Version {
		return nil, fmt.Errorf("%w: %s.%s version %q", ErrNoTable, database, table, version)
	}
	return c.table, nil
}

func TestLoadCatalog(t *testing.T) {
	table, err := schema.NewTable([2]string{"a", "int"})
	if err != nil {
		t.Fatal(err)
	}
	table.Database, table.Name, table.Version = "db", "t", "3"
	for _, tt := range []struct {
		src string
		ok  bool
	}{{"glue:db.t", true}, {"glue:db.t@3", true}, {"glue:db.t@LATEST", true}, {"glue:db.t@4", false}, {"glue:db.u", false}} {
		got, err := Load(tt.src, Options{Catalog: catalog{table}})
		if (err == nil) != tt.ok || tt.ok && got != table || !tt.ok && !errors.Is(err, ErrNoTable) {
			t.Errorf("Load(%s) = %v, %v", tt.src, got, err)
		}
	}
}

// roundTrip writes a table in each form that Load reads, and reads it back.
func roundTrip(t *testing.T, table *schema.Table, forms ...Form) {
	t.Helper()
	for _, form := range forms {
		text, err := Append(nil, table, form)
		if err != nil {
			t.Errorf("%s: %v", form, err)
			continue
		}
		got, err := Load("f", files(map[string]string{"f": string(text)}))
		if err != nil {
			t.Errorf("%s of %s: %v\n%s", form, table.Name, err, text)
			continue
		}
		want := *table
		if form == Struct || form == ORC {
			want = schema.Table{Columns: uncommented(table.Columns)}
		}
		if columns(got) != columns(&want) {
			t.Errorf("%s of %s: got %s, want %s", form, table.Name, columns(got), columns(&want))
		}
		if form == Struct || form == ORC || table.Name == "" {
			continue
		}
		if got.Name != table.Name || got.Database != table.Database && (form != CloudFormation && form != Terraform || table.Database != "") {
			t.Errorf("%s of %s.%s: name %s.%s", form, table.Database, table.Name, got.Database, got.Name)
		}
	}
}

func uncommented(columns []schema.Column) []schema.Column {
	out := make([]schema.Column, len(columns))
	for i, c := range columns {
		out[i] = schema.Column{Name: c.Name, Type: c.Type}
	}
	return out
}

// readable are the forms that Load reads.
var readable = []Form{Glue, DDL, Struct, JSON, ORC, CloudFormation, Terraform}

func TestRoundTrip(t *testing.T) {
	table, err := schema.NewTable([2]string{"a b", "struct<`x y`:int,z-1:array<map<string,decimal(5,2)>>>"}, [2]string{"`end`", "char(3)"},
		[2]string{"é.\"'\\", "varchar(20)"}, [2]string{"${x}%{y}", "timestamp"}, [2]string{"yes", "map<int,struct<a:double>>"})
	if err != nil {
		t.Fatal(err)
	}
	table.Columns[0].Comment = "it's \"a\"\n\\ %{x} ${AWS::Region} # \u2028 é"
	table.Name, table.Database = "my-table", "db_1"
	table.PartitionKeys = []schema.Column{{Name: "on", Type: &schema.Type{Kind: schema.Date}, Comment: "c"}}
	roundTrip(t, table, readable...)
}

func TestAppend(t *testing.T) {
	table, err := Load("struct<id:bigint,price:decimal(9,2),tags:array<string>,attrs:map<string,struct<a:tinyint>>,`a b`:timestamp>", Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		form Form
		want string
	}{
		{Parquet, `message hive_schema {
  optional int64 id;
  optional fixed_len_byte_array(4) price (DECIMAL(9,2));
  optional group tags (LIST) {
    repeated group bag {
      optional binary array_element (UTF8);
    }
  }
  optional group attrs (MAP) {
    repeated group map (MAP_KEY_VALUE) {
      required binary key (UTF8);
      optional group value {
        optional int32 a (INT_8);
      }
    }
  }
  optional int96 a b;
}
`},
		{ORC, "struct<id:bigint,price:decimal(9,2),tags:array<string>,attrs:map<string,struct<a:tinyint>>,`a b`:timestamp>\n"},
		{DDL, "CREATE EXTERNAL TABLE `my_table` (\n  `id` bigint,\n  `price` decimal(9,2),\n  `tags` array<string>,\n  `attrs` map<string,struct<a:tinyint>>,\n  `a b` timestamp\n)\nSTORED AS PARQUET\nLOCATION 's3://<bucket>/<prefix>/';\n"},
	} {
		got, err := Append(nil, table, tt.form)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", tt.form, err, got, tt.want)
		}
	}
	if _, err := Append(nil, table, "avro"); err == nil || !strings.Contains(err.Error(), `unknown form "avro"`) {
		t.Errorf("avro: %v", err)
	}
	for _, form := range Forms() {
		if got, err := Append([]byte("x"), table, form); err != nil || got[0] != 'x' || got[len(got)-1] != '\n' {
			t.Errorf("%s: %q, %v", form, got, err)
		}
	}
}

// TestParquetOracle compares AppendParquet with the footers of files that Hive 2.3 wrote.
func TestParquetOracle(t *testing.T) {
	names, _ := filepath.Glob("../../../shared/oracle/parquet/*hive23.parquet.json")
	if len(names) == 0 {
		t.Skip("../shared not present: message types of Hive's files")
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var side struct {
			Schema    string
			Structure struct {
				Footer struct{ Schema []element }
			}
		}
		if err := json.Unmarshal(data, &side); err != nil {
			t.Fatal(err)
		}
		table, err := Load(side.Schema, Options{})
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
			continue
		}
		var b bytes.Buffer
		message(&b, side.Structure.Footer.Schema, 0)
		if got := string(AppendParquet(nil, table)); got != b.String() {
			t.Errorf("%s:\n%s\nwant\n%s", filepath.Base(name), got, b.String())
		}
	}
	t.Logf("%d message types as Hive 2.3 writes them", len(names))
}

// An element is a SchemaElement of a footer.
type element struct {
	Name           string
	Type           string
	TypeLength     int    `json:"type_length"`
	RepetitionType string `json:"repetition_type"`
	NumChildren    int    `json:"num_children"`
	ConvertedType  string `json:"converted_type"`
	Precision      int
	Scale          int
}

// message prints elements as parquet-mr does, and returns those behind the first's children.
func message(b *bytes.Buffer, s []element, depth int) []element {
	e := s[0]
	indent := strings.Repeat("  ", depth)
	if depth == 0 {
		fmt.Fprintf(b, "message %s", e.Name)
	} else {
		typ := "group"
		if e.Type != "" {
			typ = map[string]string{"BYTE_ARRAY": "binary", "FIXED_LEN_BYTE_ARRAY": fmt.Sprintf("fixed_len_byte_array(%d)", e.TypeLength)}[e.Type]
			if typ == "" {
				typ = strings.ToLower(e.Type)
			}
		}
		fmt.Fprintf(b, "%s%s %s %s", indent, strings.ToLower(e.RepetitionType), typ, e.Name)
		switch e.ConvertedType {
		case "":
		case "DECIMAL":
			fmt.Fprintf(b, " (DECIMAL(%d,%d))", e.Precision, e.Scale)
		default:
			fmt.Fprintf(b, " (%s)", e.ConvertedType)
		}
	}
	s = s[1:]
	if e.Type != "" {
		b.WriteString(";\n")
		return s
	}
	b.WriteString(" {\n")
	for range e.NumChildren {
		s = message(b, s, depth+1)
	}
	fmt.Fprintf(b, "%s}\n", indent)
	return s
}

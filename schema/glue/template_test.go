package glue

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/internal/template"
)

const sample = `
Parameters:
  Name: {Type: String, Default: Clicks}
  Other: {Type: String}
Conditions:
  Never: !Equals [a, b]
Resources:
  Db:
    Type: AWS::Glue::Database
    Properties: {CatalogId: !Ref AWS::AccountId, DatabaseInput: {Name: !Sub "${Name}_db"}}
  Clicks:
    Type: AWS::Glue::Table
    Properties:
      CatalogId: !Ref AWS::AccountId
      DatabaseName: !Ref Db
      TableInput:
        Name: !Ref Name
        StorageDescriptor:
          Columns:
          - {Name: id, Type: bigint}
          - Name: at
            Type: !If [Never, strin, timestamp]
  Wrong:
    Type: AWS::Glue::Table
    Properties:
      DatabaseName: !Ref Db
      TableInput:
        Name: wrong
        StorageDescriptor:
          Columns:
          - Name: at
            Type: array<strin>
  Unknown:
    Type: AWS::Glue::Table
    Properties:
      DatabaseName: !Ref Other
      TableInput: {Name: unknown, StorageDescriptor: {Columns: [{Name: a, Type: int}]}}
  Gone:
    Type: AWS::Glue::Table
    Condition: Never
    Properties:
      DatabaseName: !Ref Db
      TableInput: {Name: gone, StorageDescriptor: {Columns: [{Name: a, Type: int}]}}
  Made:
    Type: AWS::Glue::Table
    Properties:
      DatabaseName: !Ref Db
      TableInput: {StorageDescriptor: {Columns: [{Name: a, Type: int}]}}
`

func TestFromTemplate(t *testing.T) {
	tpl, err := template.ParseTemplate("t.yaml", []byte(sample), template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ database, table, want, err string }{
		{"clicks_db", "clicks", "id bigint, at timestamp", ""},
		{"Clicks_DB", "Clicks", "id bigint, at timestamp", ""},
		{"", "clicks", "id bigint, at timestamp", ""},
		{"clicks_db", "made", "a int", ""},
		{"clicks_db", "wrong", "", `t.yaml:32:19: column at: type "array<strin>": unknown type "strin" at character 7`},
		{"x", "unknown", "", "t.yaml:36:21: unresolved"},
		{"clicks_db", "gone", "", "no such table in t.yaml: clicks_db.gone; the template defines clicks_db.clicks, clicks_db.wrong, "},
	} {
		got, err := FromTemplate(tpl, tt.database, tt.table)
		switch {
		case tt.err != "":
			if err == nil || !strings.HasPrefix(err.Error(), tt.err) {
				t.Errorf("%s.%s: error %v, want %s", tt.database, tt.table, err, tt.err)
			}
		case err != nil || columns(got) != tt.want:
			t.Errorf("%s.%s = %v, %v, want %s", tt.database, tt.table, got, err, tt.want)
		default:
			if got.Database != "clicks_db" || got.CatalogID != "123456789012" && tt.table != "made" {
				t.Errorf("%s.%s has database %q, catalog %q", tt.database, tt.table, got.Database, got.CatalogID)
			}
		}
	}
	if _, err := FromTemplate(tpl, "a", "b"); !errors.Is(err, ErrNoTable) {
		t.Errorf("a.b: %v", err)
	}
	if got, err := FromTemplate(tpl, "clicks_db", "clicks"); err != nil || got.Name != "clicks" {
		t.Errorf("clicks_db.clicks: %v, %v", got, err)
	}
}

func TestLoadTemplate(t *testing.T) {
	o := files(map[string]string{"t.yaml": sample, "q.yaml": "Description: x\nResources:\n  Q:\n    Type: AWS::Athena::NamedQuery\n    Properties:\n      QueryString: |\n        drop table a;\n        create table a (b int)\n"})
	for _, tt := range []struct{ src, want, err string }{
		{src: "t.yaml#Clicks", want: "id bigint, at timestamp"},
		{src: "t.yaml#clicks_db.clicks", want: "id bigint, at timestamp"},
		{src: "t.yaml#Wrong", err: "t.yaml:32:19: column at"},
		{src: "t.yaml#Unknown", want: "a int"},
		{src: "t.yaml", err: "t.yaml: more than one table; write t.yaml#… with one of Clicks, Wrong, Unknown, Made"},
		{src: "t.yaml#Db", err: "t.yaml: no table Db; it has Clicks, Wrong, Unknown, Made"},
		{src: "q.yaml", err: "q.yaml: no table in it"},
	} {
		got, err := Load(tt.src, o)
		switch {
		case tt.err != "":
			if err == nil || !strings.HasPrefix(err.Error(), tt.err) {
				t.Errorf("Load(%s) = %v, want error %s", tt.src, err, tt.err)
			}
		case err != nil || columns(got) != tt.want:
			t.Errorf("Load(%s) = %v, %v, want %s", tt.src, got, err, tt.want)
		}
	}
}

func TestLoadTerraform(t *testing.T) {
	const tf = `# it's
variable "type" { default = "array<strin>" }
locals { events = "Events" }
resource "aws_glue_catalog_table" "events" {
  name          = local.events
  database_name = aws_glue_catalog_database.db.name
  storage_descriptor {
    columns {
      name = "ID"
      type = "bigint"
    }
    columns {
      name    = "at"
      type    = "timestamp"
      comment = "when"
    }
  }
  partition_keys {
    name = "dt"
    type = "date"
  }
}
resource "aws_glue_catalog_database" "db" { name = "Db" }
resource "aws_glue_catalog_table" "wrong" {
  name          = "wrong"
  database_name = "db"
  storage_descriptor {
    columns {
      name = "a"
      type = var.type
    }
  }
}
`
	const show = `{"format_version":"1.0","terraform_version":"1.9.0","values":{"root_module":{"resources":[
		{"address":"aws_glue_catalog_table.a","mode":"managed","type":"aws_glue_catalog_table","name":"a","values":{"name":"a","database_name":"db","catalog_id":"1",
			"storage_descriptor":[{"columns":[{"name":"x","type":"int","comment":"","parameters":null}],"location":null}],"partition_keys":[{"name":"p","type":"int","comment":null}]}}]}}}`
	o := files(map[string]string{"main.tf": tf, "text": tf, "show.json": show})
	for _, tt := range []struct{ src, want, err string }{
		{src: "main.tf#aws_glue_catalog_table.events", want: `id bigint, at timestamp "when" | dt date`},
		{src: "text#aws_glue_catalog_table.events", want: `id bigint, at timestamp "when" | dt date`},
		{src: "main.tf#db.events", want: `id bigint, at timestamp "when" | dt date`},
		{src: "main.tf#aws_glue_catalog_table.wrong", err: `main.tf:2:29: column a: type "array<strin>": unknown type "strin"`},
		{src: "main.tf", err: "main.tf: more than one table; write main.tf#… with one of aws_glue_catalog_table.events, aws_glue_catalog_table.wrong"},
		{src: "show.json", want: "x int | p int"},
		{src: "show.json#aws_glue_catalog_table.a", want: "x int | p int"},
	} {
		got, err := Load(tt.src, o)
		switch {
		case tt.err != "":
			if err == nil || !strings.HasPrefix(err.Error(), tt.err) {
				t.Errorf("Load(%s) = %v, want error %s", tt.src, err, tt.err)
			}
		case err != nil || columns(got) != tt.want || got.Database != "db":
			t.Errorf("Load(%s) = %+v, %v, want %s", tt.src, got, err, tt.want)
		}
	}
	// On the disk, values come from the files beside it.
	dir := t.TempDir()
	for name, text := range map[string]string{"main.tf": strings.Replace(tf, `variable "type" { default = "array<strin>" }`, "", 1), "variables.tf": `variable "type" { default = "array<string>" }`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, src := range []string{dir + "/main.tf#wrong", dir + "#aws_glue_catalog_table.wrong"} {
		if got, err := Load(src, Options{}); err != nil || columns(got) != "a array<string>" {
			t.Errorf("Load(%s) = %v, %v", src, got, err)
		}
	}
}

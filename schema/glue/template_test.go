package glue

import (
	"errors"
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

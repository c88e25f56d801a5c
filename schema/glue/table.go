package glue

import (
	"fmt"
	"strings"

	"github.com/hydrantkit/hydrant/internal/jsonscan/javatext"
	"github.com/hydrantkit/hydrant/internal/template"
	"github.com/hydrantkit/hydrant/internal/template/terraform"
	"github.com/hydrantkit/hydrant/schema"
)

// The limits of the Glue model: Column.Name and Table.Name.
const maxName = 255

// fromDocument reads the tables of a document:
//
//	Table, TableList, TableVersion, TableVersions   what aws glue get-… prints
//	TableInput                                      what aws glue create-table takes
//	StorageDescriptor                               a table alone
//	Resources                                       a template
//	format_version, values or planned_values        terraform show -json
//	[{Name, Type}], columns                         a list of columns, or a table as AppendJSON writes it
func fromDocument(file string, data []byte, doc *template.Node, o Options) ([]entry, error) {
	switch {
	case doc.Kind == template.List && len(doc.Items) > 0:
		t, err := columnList(doc, doc)
		return one(t, err)
	case doc.Get("TableList") != nil:
		return each(doc.Get("TableList"), func(n *template.Node) (*schema.Table, error) { return fromTable(n, nil, nil) })
	case doc.Get("TableVersions") != nil:
		return each(doc.Get("TableVersions"), fromVersion)
	case doc.Get("TableVersion") != nil:
		t, err := fromVersion(doc.Get("TableVersion"))
		return one(t, err)
	case doc.Get("Table", "StorageDescriptor") != nil || doc.Get("Table", "Name") != nil:
		t, err := fromVersion(doc)
		return one(t, err)
	case doc.Get("TableInput") != nil:
		t, err := fromTable(doc.Get("TableInput"), doc.Get("DatabaseName"), doc.Get("CatalogId"))
		return one(t, err)
	case doc.Get("StorageDescriptor") != nil:
		t, err := fromTable(doc, nil, nil)
		return one(t, err)
	case template.IsTemplate(doc):
		t, err := template.Evaluate(doc, o.Template)
		if err != nil {
			return nil, err
		}
		return fromResources(t), nil
	case terraform.IsShow(doc):
		t, err := terraform.ParseShow(doc, o.Template)
		if err != nil {
			return nil, err
		}
		return fromResources(t), nil
	case get(doc, "columns", "Columns") != nil:
		t, err := columnList(doc, get(doc, "columns", "Columns"))
		return one(t, err)
	}
	return nil, doc.Errorf("no Glue table in it: neither the output of aws glue get-table, nor a template, DDL, Terraform or struct<…>")
}

func one(t *schema.Table, err error) ([]entry, error) {
	if err != nil {
		return nil, err
	}
	return []entry{{table: t}}, nil
}

func each(list *template.Node, read func(*template.Node) (*schema.Table, error)) ([]entry, error) {
	if list.Kind != template.List {
		return nil, list.Errorf("a %s where a list of tables is wanted", list.Kind)
	}
	out := make([]entry, len(list.Items))
	for i, n := range list.Items {
		if out[i].table, out[i].err = read(n); out[i].err != nil {
			out[i].id = text(get(n, "Name"))
		}
	}
	return out, nil
}

// fromVersion reads {Table, VersionId}.
func fromVersion(n *template.Node) (*schema.Table, error) {
	t, err := fromTable(n.Get("Table"), nil, nil)
	if err == nil && t.Version == "" {
		t.Version = text(n.Get("VersionId"))
	}
	return t, err
}

// columnList reads a bare list of columns, or the form of AppendJSON.
func columnList(doc, columns *template.Node) (*schema.Table, error) {
	t := &schema.Table{
		Database: strings.ToLower(text(doc.Get("database"))),
		Name:     strings.ToLower(text(doc.Get("name"))),
		Version:  text(doc.Get("version")),
	}
	var err error
	if t.Columns, err = readColumns(columns); err != nil {
		return nil, err
	}
	if t.PartitionKeys, err = readColumns(doc.Get("partitionKeys")); err != nil {
		return nil, err
	}
	return check(t, columns)
}

// fromTable reads a Table or TableInput, in the API's spelling or in Terraform's. database and
// catalog come from beside a TableInput.
func fromTable(n, database, catalog *template.Node) (*schema.Table, error) {
	if n == nil || n.Kind != template.Map {
		return nil, wrongKind(n, "table")
	}
	t := &schema.Table{
		Name:      strings.ToLower(text(get(n, "Name", "name"))),
		Version:   text(n.Get("VersionId")),
		CatalogID: text(get(n, "CatalogId", "catalog_id")),
		Database:  strings.ToLower(text(get(n, "DatabaseName", "database_name"))),
	}
	if database != nil {
		t.Database = strings.ToLower(text(database))
	}
	if catalog != nil {
		t.CatalogID = text(catalog)
	}
	sd := single(get(n, "StorageDescriptor", "storage_descriptor"))
	if sd != nil && sd.Kind == template.Unresolved {
		return nil, sd.Err
	}
	columns := get(sd, "Columns", "columns")
	var err error
	if t.Columns, err = readColumns(columns); err != nil {
		return nil, err
	}
	if t.PartitionKeys, err = readColumns(get(n, "PartitionKeys", "partition_keys")); err != nil {
		return nil, err
	}
	if len(t.Columns) == 0 {
		if ref := single(get(sd, "SchemaReference", "schema_reference")); ref != nil && ref.Kind == template.Map && len(ref.Members) > 0 {
			return nil, &noColumns{ref.Errorf("table %s takes its columns from a schema registry, which conversion does not support", t.Name)}
		}
	}
	at := columns
	if at == nil {
		at = sd
	}
	if at == nil {
		at = n
	}
	return check(t, at)
}

// check returns t, or what Table.Check finds, with a place and the table's name.
func check(t *schema.Table, at *template.Node) (*schema.Table, error) {
	err := t.Check()
	if err == nil {
		return t, nil
	}
	if t.Name != "" {
		err = fmt.Errorf("table %s: %w", t.Name, err)
	}
	placed := at.Errorf("%v", err)
	if len(t.Columns) == 0 {
		return nil, &noColumns{placed}
	}
	return nil, placed
}

// readColumns reads a list of {Name, Type, Comment}. A single block of Terraform's is a list of one.
func readColumns(list *template.Node) ([]schema.Column, error) {
	switch {
	case list.IsNull():
		return nil, nil
	case list.Kind == template.Map:
		list = &template.Node{Kind: template.List, Items: []*template.Node{list}, Pos: list.Pos}
	case list.Kind != template.List:
		return nil, wrongKind(list, "list of columns")
	}
	out := make([]schema.Column, 0, len(list.Items))
	for _, n := range list.Items {
		if n.Kind != template.Map {
			return nil, wrongKind(n, "column")
		}
		name := get(n, "Name", "name")
		if name == nil {
			return nil, n.Errorf("a column without a Name")
		}
		s, err := name.Str()
		if err != nil {
			return nil, err
		}
		if s == "" || len(s) > maxName {
			return nil, name.Errorf("a column's name has 1 to %d bytes, not %d", maxName, len(s))
		}
		c := schema.Column{Name: javatext.Lower(s), Comment: text(get(n, "Comment", "comment"))}
		typ := get(n, "Type", "type")
		if typ == nil {
			return nil, n.Errorf("column %s has no Type", c.Name)
		}
		if s, err = typ.Str(); err != nil {
			return nil, err
		}
		if c.Type, err = schema.ParseType(s); err != nil {
			return nil, columnError(typ.Pos, c.Name, err)
		}
		out = append(out, c)
	}
	return out, nil
}

// get returns the first of n's members of these names that is there and not null.
func get(n *template.Node, names ...string) *template.Node {
	for _, name := range names {
		if m := n.Get(name); !m.IsNull() {
			return m
		}
	}
	return nil
}

// single takes the block out of a list of one block, which is how Terraform writes it.
func single(n *template.Node) *template.Node {
	if n != nil && n.Kind == template.List && len(n.Items) == 1 {
		return n.Items[0]
	}
	return n
}

// text is the text of a scalar, and empty for anything else.
func text(n *template.Node) string {
	if n == nil {
		return ""
	}
	s, err := n.Str()
	if err != nil {
		return ""
	}
	return s
}

func wrongKind(n *template.Node, want string) error {
	if n != nil && n.Kind == template.Unresolved {
		return n.Err
	}
	if n == nil {
		return (&template.Node{}).Errorf("no %s where one is wanted", want)
	}
	return n.Errorf("a %s where a %s is wanted", n.Kind, want)
}

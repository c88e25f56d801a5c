package glue

import (
	"fmt"
	"strings"

	"github.com/hydrantkit/hydrant/internal/template"
	"github.com/hydrantkit/hydrant/schema"
)

// The resources that are tables.
const (
	cloudFormationTable = "AWS::Glue::Table"
	terraformTable      = "aws_glue_catalog_table"
)

// FromTemplate finds the table of these names among a template's AWS::Glue::Table or
// aws_glue_catalog_table resources, by what their names come to. Names match in any case; an
// empty database matches every one. Where no table matches the error's chain has ErrNoTable; a
// table whose database can't be known is an error when its name fits and no other's does.
func FromTemplate(t *template.Template, database, table string) (*schema.Table, error) {
	var names []string
	var unknown error
	for _, r := range t.OfType(cloudFormationTable, terraformTable) {
		name := tableName(r)
		if name == nil || name.Kind == template.Unresolved {
			continue
		}
		db := databaseName(r)
		shown := text(name)
		if d := text(db); d != "" {
			shown = d + "." + shown
		}
		names = append(names, strings.ToLower(shown))
		if !strings.EqualFold(text(name), table) {
			continue
		}
		if db != nil && db.Kind == template.Unresolved && database != "" {
			unknown = db.Err
			continue
		}
		if database == "" || strings.EqualFold(text(db), database) {
			return fromResource(r)
		}
	}
	switch {
	case unknown != nil:
		return nil, unknown
	case len(names) == 0:
		return nil, fmt.Errorf("%w in %s: %s.%s; the template defines none", ErrNoTable, t.File, database, table)
	}
	return nil, fmt.Errorf("%w in %s: %s.%s; the template defines %s", ErrNoTable, t.File, database, table, strings.Join(names, ", "))
}

// tableName is the name a resource's table gets, which is the name it is given or one that the
// template's reader made up.
func tableName(r *template.Resource) *template.Node {
	n := r.Properties
	if r.Type == cloudFormationTable {
		n = n.Get("TableInput", "Name")
	} else {
		n = n.Get("name")
	}
	if n.IsNull() {
		return r.Name
	}
	return n
}

func databaseName(r *template.Resource) *template.Node {
	return get(r.Properties, "DatabaseName", "database_name")
}

// fromResource reads the table of a resource.
func fromResource(r *template.Resource) (*schema.Table, error) {
	if r.Err != nil {
		return nil, r.Err
	}
	p := r.Properties
	if r.Type == terraformTable {
		return fromTable(p, nil, nil)
	}
	input := p.Get("TableInput")
	if input.IsNull() {
		return nil, &template.Error{Pos: r.Pos, Msg: r.LogicalID + " has no TableInput"}
	}
	t, err := fromTable(input, p.Get("DatabaseName"), p.Get("CatalogId"))
	if err == nil && t.Name == "" {
		t.Name = strings.ToLower(text(r.Name))
	}
	return t, err
}

// fromResources lists the tables of a template.
func fromResources(t *template.Template) []entry {
	var out []entry
	for _, r := range t.OfType(cloudFormationTable, terraformTable) {
		e := entry{id: r.LogicalID}
		e.table, e.err = fromResource(r)
		out = append(out, e)
	}
	return out
}

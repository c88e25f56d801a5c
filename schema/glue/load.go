// Package glue finds tables: in the JSON that aws glue get-table, get-tables and
// get-table-version(s) print, in CloudFormation, SAM and Terraform descriptions, in Hive and
// Athena DDL, in a literal struct<…>, and in the live Data Catalog. It also writes tables in each
// of these forms, and the Parquet and ORC schemas that conversion gives them.
//
// [Load] takes whatever a user gives for a schema and recognises it by its content, not its name.
// What it refuses it refuses with file, line and column, and inside a column's type with the
// character too.
//
// # Design
//
// Names are lower-cased, as Glue does when a table is created, and are otherwise taken as Glue
// would store them: backquotes around a name are syntax in DDL and part of the name elsewhere.
// A template that says Name: "`end`" makes a column that no field "end" ever fills; to read it as
// end would hide the loss that production has.
package glue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/hydrantkit/hydrant/internal/template"
	"github.com/hydrantkit/hydrant/internal/template/terraform"
	"github.com/hydrantkit/hydrant/schema"
)

// A Catalog is the live Data Catalog. Table returns a table's current version for an empty
// version, else the version of that number. The package glue/catalog has one.
type Catalog interface {
	Table(ctx context.Context, database, table, version string) (*schema.Table, error)
}

// Options say how Load reaches what a source names. The zero value reads files of the operating
// system, takes templates with their defaults, and knows no Data Catalog.
type Options struct {
	ReadFile func(name string) ([]byte, error) // os.ReadFile when nil; a missing file is fs.ErrNotExist
	Template template.Options                  // parameters, account, region
	Catalog  Catalog                           // for glue:db.table
	Context  context.Context                   // for Catalog; context.Background() when nil
}

// ErrNoTable is in the chain of errors that say that a description has no such table.
var ErrNoTable = errors.New("no such table")

// ErrNoColumns is in the chain of errors that say that a table has no columns, or none of its own: it may take them from a
// schema registry. The service takes such a table, and can convert nothing by it.
var ErrNoColumns = errors.New("the table has no columns")

// noColumns says so of a table, with its place.
type noColumns struct{ at *template.Error }

func (e *noColumns) Error() string   { return e.at.Error() }
func (e *noColumns) Unwrap() []error { return []error{e.at, ErrNoColumns} }

// A ColumnError says where a column's type stands and what is wrong with it. Its chain has both a
// *template.Error, with the place, and the *schema.TypeError, with the place inside the type.
type ColumnError struct {
	Pos    template.Pos // of the type; in DDL of the trouble itself
	Column string       // name of the column
	Err    error        // a *schema.TypeError
}

func (e *ColumnError) at() *template.Error {
	return &template.Error{Pos: e.Pos, Msg: "column " + e.Column + ": " + e.Err.Error()}
}

// Error is "t.json:3:20: column a: type …".
func (e *ColumnError) Error() string { return e.at().Error() }

// Unwrap gives the error as a *template.Error, and the type's own.
func (e *ColumnError) Unwrap() []error { return []error{e.at(), e.Err} }

func columnError(pos template.Pos, column string, err error) error {
	return &ColumnError{Pos: pos, Column: column, Err: err}
}

// Load reads the table that src names:
//
//	struct<a:int,b:array<string>>   a literal
//	glue:db.table, glue:db.table@3  the Data Catalog, at its current version or a given one
//	file                            the only table of a file, or the latest version of it
//	directory                       the only table of its .tf files
//	file#which                      a logical id, a Terraform address, a table's name or db.name
//	file#which@3                    one of the versions that get-table-versions printed
//
// A file whose name holds a # may be given as it is.
func Load(src string, o Options) (*schema.Table, error) {
	text := strings.TrimSpace(src)
	switch {
	case isStruct(text):
		return fromStruct("", text)
	case strings.HasPrefix(text, "glue:"):
		return fromCatalog(text, o)
	}
	file, which, entries, err := open(src, o)
	if err != nil {
		return nil, err
	}
	return choose(file, which, entries)
}

// LoadAll reads every table that src names, in the order of the file; without a # all of them.
func LoadAll(src string, o Options) ([]*schema.Table, error) {
	text := strings.TrimSpace(src)
	if isStruct(text) || strings.HasPrefix(text, "glue:") {
		t, err := Load(src, o)
		if err != nil {
			return nil, err
		}
		return []*schema.Table{t}, nil
	}
	file, which, entries, err := open(src, o)
	if err != nil {
		return nil, err
	}
	if which != "" {
		t, err := choose(file, which, entries)
		if err != nil {
			return nil, err
		}
		return []*schema.Table{t}, nil
	}
	if len(entries) == 0 {
		return nil, noTable(file)
	}
	var out []*schema.Table
	for _, e := range entries {
		if e.err != nil {
			return nil, e.err
		}
		out = append(out, e.table)
	}
	return out, nil
}

// An entry is one table of a file. A table that can't be read is an error for whoever asks for it.
type entry struct {
	id    string // logical id or address; empty in other files
	table *schema.Table
	err   error
}

// name is what to write behind # for e.
func (e *entry) name() string {
	if e.id != "" || e.table == nil {
		return e.id
	}
	if e.table.Database != "" {
		return e.table.Database + "." + e.table.Name
	}
	return e.table.Name
}

// matches reports whether e is what a user calls which: its id, name or db.name.
func (e *entry) matches(which string) bool {
	if e.id != "" && e.id == which {
		return true
	}
	which = strings.ToLower(which)
	return e.table != nil && e.table.Name != "" && (e.table.Name == which || e.table.Database+"."+e.table.Name == which)
}

// open reads the file of src and its tables. which is what stands behind the #.
func open(src string, o Options) (file, which string, entries []entry, err error) {
	read := o.ReadFile
	if read == nil {
		read = os.ReadFile
	}
	file = src
	cut := strings.LastIndexByte(src, '#')
	if cut >= 0 {
		file, which = src[:cut], src[cut+1:]
	}
	if o.ReadFile == nil && onDisk(file) {
		t, err := terraform.Load(file, o.Template)
		if err != nil {
			return file, which, nil, err
		}
		return file, which, fromResources(t), nil
	}
	data, err := read(file)
	if err != nil && cut >= 0 && errors.Is(err, fs.ErrNotExist) {
		if whole, werr := read(src); werr == nil {
			file, which, data, err = src, "", whole, nil
		}
	}
	if err != nil {
		return file, which, nil, fmt.Errorf("read schema %s: %w", file, err)
	}
	entries, err = parse(file, data, o)
	return file, which, entries, err
}

// onDisk reports whether file is a Terraform file or a directory of them, which is read with the
// files beside it.
func onDisk(file string) bool {
	info, err := os.Stat(file)
	return err == nil && (info.IsDir() || path.Ext(file) == ".tf")
}

// choose picks the table that which names, or the only one.
func choose(file, which string, entries []entry) (*schema.Table, error) {
	name, version, hasVersion := which, "", false
	if cut := strings.LastIndexByte(which, '@'); cut >= 0 {
		name, version, hasVersion = which[:cut], which[cut+1:], true
	}
	var found []*entry
	for i := range entries {
		e := &entries[i]
		if which == "" || e.matches(which) || hasVersion && (name == "" || e.matches(name)) && e.table != nil && e.table.Version == version {
			found = append(found, e)
		}
	}
	found = latest(found)
	switch {
	case len(found) == 1:
		return found[0].table, found[0].err
	case len(found) == 0 && which != "":
		return nil, &template.Error{Pos: template.Pos{File: file}, Msg: fmt.Sprintf("no table %s; %s", which, has(entries))}
	case len(found) == 0:
		return nil, noTable(file)
	}
	return nil, &template.Error{Pos: template.Pos{File: file}, Msg: fmt.Sprintf("more than one table; write %s#… with one of %s", file, list(entries))}
}

func noTable(file string) error {
	return &template.Error{Pos: template.Pos{File: file}, Msg: "no table in it"}
}

// latest keeps, where all entries are versions of one table, the one with the highest number.
func latest(found []*entry) []*entry {
	if len(found) < 2 {
		return found
	}
	best, top := found[0], -1
	for _, e := range found {
		if e.table == nil || best.table == nil || e.table.Name != best.table.Name || e.table.Database != best.table.Database || e.id != best.id {
			return found
		}
		n, err := strconv.Atoi(e.table.Version)
		if err != nil {
			return found
		}
		if n > top {
			best, top = e, n
		}
	}
	return []*entry{best}
}

func has(entries []entry) string {
	if len(entries) == 0 {
		return "there are none in it"
	}
	return "it has " + list(entries)
}

// list names at most 20 tables.
func list(entries []entry) string {
	var names []string
	seen := map[string]bool{}
	for i := range entries {
		if n := entries[i].name(); n != "" && !seen[n] {
			seen[n] = true
			names = append(names, n)
		}
	}
	if len(names) > 20 {
		names = append(names[:20], fmt.Sprintf("%d more", len(names)-20))
	}
	return strings.Join(names, ", ")
}

// isStruct reports whether text is a literal struct<…>.
func isStruct(text string) bool {
	if len(text) < 6 || !strings.EqualFold(text[:6], "struct") {
		return false
	}
	return strings.HasPrefix(strings.TrimSpace(text[6:]), "<")
}

// fromStruct reads a literal. file is empty for one of the command line.
func fromStruct(file, text string) (*schema.Table, error) {
	typ, err := schema.ParseType(text)
	if err == nil {
		var t *schema.Table
		if t, err = schema.FromStruct(typ); err == nil {
			return t, nil
		}
	}
	if file == "" {
		return nil, err
	}
	return nil, fmt.Errorf("%s: %w", file, err)
}

func fromCatalog(text string, o Options) (*schema.Table, error) {
	database, table, version, err := SplitName(text)
	if err != nil {
		return nil, err
	}
	if o.Catalog == nil {
		return nil, fmt.Errorf("%s: the Data Catalog is not at hand here", text)
	}
	ctx := o.Context
	if ctx == nil {
		ctx = context.Background()
	}
	t, err := o.Catalog.Table(ctx, database, table, version)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", text, err)
	}
	return t, nil
}

// SplitName takes glue:db.table[@version] apart.
func SplitName(text string) (database, table, version string, err error) {
	name, ok := strings.CutPrefix(text, "glue:")
	name, version, at := strings.Cut(name, "@")
	database, table, dot := strings.Cut(name, ".")
	switch {
	case !ok || !dot || database == "" || table == "":
		return "", "", "", fmt.Errorf("%q: want glue:database.table or glue:database.table@version", text)
	case at && version == "":
		return "", "", "", fmt.Errorf("%q: no version after @", text)
	}
	if version == "LATEST" { // as SchemaConfiguration says it
		version = ""
	}
	return database, table, version, nil
}

// parse recognises a file by its content.
func parse(file string, data []byte, o Options) ([]entry, error) {
	text := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	ext := strings.ToLower(path.Ext(file))
	switch {
	case len(text) == 0:
		return nil, &template.Error{Pos: template.Pos{File: file}, Msg: "the file is empty"}
	case isStruct(string(text[:min(len(text), 100)])):
		t, err := fromStruct(file, string(text))
		if err != nil {
			return nil, err
		}
		return []entry{{table: t}}, nil
	case ext == ".sql" || ext == ".ddl" || ext == ".hql" || isDDL(data):
		tables, err := ParseDDL(file, data)
		if err != nil {
			return nil, err
		}
		return unnamed(tables), nil
	case ext == ".tf" || isHCL(string(text[:min(len(text), 64<<10)])):
		t, err := terraform.Parse([]terraform.File{{Name: file, Data: data}}, o.Template, nil)
		if err != nil {
			return nil, err
		}
		return fromResources(t), nil
	}
	doc, err := template.Parse(file, data)
	if err != nil {
		return nil, err
	}
	return fromDocument(file, data, doc, o)
}

// isDDL reports whether a file begins like a script: with a statement's keyword. In YAML a colon
// would follow.
func isDDL(data []byte) bool {
	p := ddlParser{src: blankComments(data[:min(len(data), 64<<10)])}
	switch strings.ToLower(p.word()) {
	case "create", "drop", "set", "use", "add", "alter", "insert", "load", "msck", "show", "select", "with":
		return !p.next(':')
	}
	return false
}

// isHCL reports whether a file begins like a .tf file: comments, then a block.
func isHCL(text string) bool {
	for {
		text = strings.TrimSpace(text)
		end := "\n"
		switch {
		case strings.HasPrefix(text, "#"), strings.HasPrefix(text, "//"):
		case strings.HasPrefix(text, "/*"):
			end = "*/"
		default:
			word, rest, _ := strings.Cut(text, " ")
			rest = strings.TrimLeft(rest, " \t")
			switch word {
			case "resource", "data", "variable", "output", "module", "provider":
				return strings.HasPrefix(rest, "\"")
			case "locals", "terraform":
				return strings.HasPrefix(rest, "{")
			}
			return false
		}
		cut := strings.Index(text, end)
		if cut < 0 {
			return false
		}
		text = text[cut+len(end):]
	}
}

func unnamed(tables []*schema.Table) []entry {
	out := make([]entry, len(tables))
	for i, t := range tables {
		out[i].table = t
	}
	return out
}

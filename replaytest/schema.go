package replaytest

import (
	"fmt"
	"strings"

	"github.com/hydrantkit/hydrant/read"
	"github.com/hydrantkit/hydrant/read/orc"
	"github.com/hydrantkit/hydrant/read/parquet"
	"github.com/hydrantkit/hydrant/schema"
)

// schemaSuffix is that of a member which holds the type of the object of the same name without it:
//
//	struct<
//	  id:bigint,
//	  tags:array<string>
//	>
//
// Line breaks and blanks around lines don't count, so struct<id:bigint,tags:array<string>> is the same.
const schemaSuffix = ".schema"

// typeOf is the type of a columnar file's rows, as Hive writes types.
func typeOf(f read.File) (string, error) {
	switch f := f.(type) {
	case interface{ Schema() *orc.Type }:
		return f.Schema().String(), nil
	case *parquet.File:
		s, err := f.Inspect()
		if err != nil {
			return "", err
		}
		return structOf(s.Schema.Fields), nil
	}
	return "", fmt.Errorf("a file of an unknown format")
}

// structOf is the struct type of a Parquet group.
func structOf(fields []parquet.Element) string {
	var b strings.Builder
	b.WriteString("struct<")
	for i := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(fields[i].Name + ":" + hiveType(&fields[i]))
	}
	return b.String() + ">"
}

// hiveType is what Hive reads a Parquet element as. Parquet has no types for char and varchar: they are strings.
func hiveType(e *parquet.Element) string {
	logical := e.Converted + " " + strings.ToUpper(e.Logical)
	is := func(name string) bool { return strings.Contains(logical, name) }
	switch {
	case e.Fields != nil && is("LIST") && len(e.Fields) == 1:
		repeated := &e.Fields[0]
		if len(repeated.Fields) == 1 {
			return "array<" + hiveType(&repeated.Fields[0]) + ">"
		}
		return "array<" + hiveType(repeated) + ">"
	case e.Fields != nil && is("MAP") && len(e.Fields) == 1 && len(e.Fields[0].Fields) == 2:
		return "map<" + hiveType(&e.Fields[0].Fields[0]) + "," + hiveType(&e.Fields[0].Fields[1]) + ">"
	case e.Fields != nil:
		return structOf(e.Fields)
	case is("DECIMAL"):
		return fmt.Sprintf("decimal(%d,%d)", e.Precision, e.Scale)
	case e.Type == "INT96", is("TIMESTAMP"):
		return "timestamp"
	case is("DATE"):
		return "date"
	case is("INT_8"), is("INT(8"):
		return "tinyint"
	case is("INT_16"), is("INT(16"):
		return "smallint"
	case is("UTF8"), is("STRING"):
		return "string"
	}
	switch e.Type {
	case "BOOLEAN":
		return "boolean"
	case "INT32":
		return "int"
	case "INT64":
		return "bigint"
	case "FLOAT":
		return "float"
	case "DOUBLE":
		return "double"
	}
	return "binary"
}

// schemaLines are the lines of a type as a member has them, a column each. What isn't a struct type is one line.
func schemaLines(text string) []string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimSpace(line))
	}
	t, err := schema.ParseType(b.String())
	if err != nil || t.Kind != schema.Struct || len(t.Fields) == 0 {
		return []string{b.String()}
	}
	lines := []string{"struct<"}
	for i, f := range t.Fields {
		one := (&schema.Type{Kind: schema.Struct, Fields: []schema.Column{f}}).String()
		one = "  " + strings.TrimSuffix(strings.TrimPrefix(one, "struct<"), ">")
		if i < len(t.Fields)-1 {
			one += ","
		}
		lines = append(lines, one)
	}
	return append(lines, ">")
}

// compareSchema compares the type of an object with what is expected of it.
func (g *outcome) compareSchema(e *expectation, o *Object) (Failure, bool) {
	name := plain(o.Name())
	if !o.Columnar {
		return Failure{Message: name + " is neither Parquet nor ORC, so it has no types as in " + e.schema.name}, false
	}
	want, got := schemaLines(string(e.schema.body)), schemaLines(o.Type)
	list := edits(len(want), len(got), func(x, y int) bool { return want[x] == got[y] })
	for _, d := range list {
		if d.op == ' ' {
			continue
		}
		f := Failure{Message: "the types of " + name + " are not as expected", Diff: unified(e.schema.name, name+schemaSuffix, want, got, list, maxDiffLines)}
		if c := g.r.description.Stream.Conversion; c != nil {
			f.Parting = fmt.Sprintf("  types are made at station delivery, by the table %s.%s", c.Database, c.Table)
		}
		return f, false
	}
	return Failure{}, true
}

// schemas makes the expectations of types part of those of the objects that they are about.
func (c *Case) schemas() error {
	byName := map[string]*expectation{}
	for _, e := range c.members {
		byName[strings.TrimSuffix(e.name, regexpSuffix)] = e
	}
	for _, e := range c.members {
		key, ok := strings.CutSuffix(e.name, schemaSuffix)
		of := byName[key]
		if !ok || of == nil || !of.isObject() {
			c.expect = append(c.expect, e)
			continue
		}
		if lines := schemaLines(string(e.body)); len(lines) == 1 {
			if _, err := schema.ParseType(lines[0]); err != nil {
				return fmt.Errorf("%s: %w", c.place(e.name), err)
			}
		}
		of.schema = e
	}
	return nil
}

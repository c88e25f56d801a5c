package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hydrantkit/hydrant/convert"
	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/hive"
	"github.com/hydrantkit/hydrant/convert/openx"
	"github.com/hydrantkit/hydrant/internal/aws/chain"
	"github.com/hydrantkit/hydrant/internal/input"
	"github.com/hydrantkit/hydrant/schema"
	"github.com/hydrantkit/hydrant/schema/glue"
	"github.com/hydrantkit/hydrant/schema/glue/catalog"
)

// loadSchema reads the table that --schema names.
func loadSchema(ctx context.Context, src string) (*schema.Table, error) {
	return glue.Load(src, glue.Options{Context: ctx, Catalog: liveCatalog{}})
}

// liveCatalog is the Data Catalog of the account and region that the environment and the profile give.
type liveCatalog struct{}

func (liveCatalog) Table(ctx context.Context, database, table, version string) (*schema.Table, error) {
	cfg, err := chain.Load(ctx)
	if err != nil {
		return nil, err
	}
	return catalog.New(cfg, catalog.Options{}).Table(ctx, database, table, version)
}

func newSchema(io *streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schema show|infer|lint|diff",
		Short: "Show a table, infer one from records, hold one against records, compare two",
		Example: `  hydrant schema show template.yaml#Table --as ddl
  hydrant schema infer --as glue events.ndjson.gz
  hydrant schema lint --schema template.yaml#Table events.ndjson.gz
  hydrant schema diff old.json new.json events.ndjson.gz`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q; hydrant schema has show, infer, lint and diff", args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(newSchemaShow(io), newSchemaInfer(io), newSchemaLint(io), newSchemaDiff(io))
	return cmd
}

// formNames lists the forms a table is written in.
func formNames() string {
	var names []string
	for _, f := range glue.Forms() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// writeTable writes t in the form that --as names.
func writeTable(w io.Writer, t *schema.Table, as string) error {
	for _, f := range glue.Forms() {
		if string(f) == as {
			b, err := glue.Append(nil, t, f)
			if err == nil {
				_, err = w.Write(b)
			}
			return err
		}
	}
	return usagef("--as: unknown form %q; there are %s", as, formNames())
}

func newSchemaShow(io *streams) *cobra.Command {
	var as string
	cmd := &cobra.Command{
		Use:     "show [flags] SRC",
		Short:   "A table in any form",
		Long:    "Show reads a table wherever --schema of convert finds one, and writes it in the form that --as names.",
		Example: "  hydrant schema show --as terraform 'struct<id:int,tags:array<string>>'",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("one table is needed: hydrant schema show SRC")
			}
			t, err := loadSchema(cmd.Context(), args[0])
			if err != nil {
				return usage(err)
			}
			return writeTable(io.out, t, as)
		},
	}
	cmd.Flags().StringVar(&as, "as", "ddl", "`FORM`: "+formNames())
	return cmd
}

// A records flag set says how records are read, for the commands that hold them against a table.
type recordFlags struct {
	deserializer, format string
	options              []string
	json                 bool
}

func (f *recordFlags) add(cmd *cobra.Command, deserializer bool) {
	fl := cmd.Flags()
	fl.StringVar(&f.format, "input-format", "auto", "what one record is: auto, lines, json, records, event, failed, cloudwatch, file")
	fl.BoolVar(&f.json, "json", false, "the result as one JSON object")
	if deserializer {
		fl.StringVar(&f.deserializer, "deserializer", "openx", "openx or hive")
		fl.StringArrayVar(&f.options, "option", nil, "`Name=Value`: an API option of the deserializer (repeatable)")
	}
}

// each calls f with every record of the inputs.
func (f *recordFlags) each(ctx context.Context, s *streams, args []string, do func(record []byte, at schema.Place)) error {
	format, err := input.ParseFormat(f.format)
	if err != nil {
		return usagef("--input-format: %w", err)
	}
	files, err := convertSources(args, format, s.in, newRemote(ctx))
	if err != nil {
		return err
	}
	in := &chunks{files: files}
	if !f.json {
		in.chose = announce(s.err)
	}
	for {
		c, err := in.next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return errors.Join(err, in.close())
		}
		k := c.(*sourced)
		for i := range k.Len() {
			do(k.Record(i), schema.Place{File: k.Name, Line: k.line(i)})
		}
		in.free(k)
	}
}

// print writes a result for people or as JSON.
func (f *recordFlags) print(w io.Writer, result interface{ AppendText([]byte) []byte }) error {
	if !f.json {
		_, err := w.Write(result.AppendText(nil))
		return err
	}
	b, err := json.Marshal(result)
	if err == nil {
		_, err = fmt.Fprintf(w, "%s\n", b)
	}
	return err
}

func newSchemaInfer(io *streams) *cobra.Command {
	var f recordFlags
	var as string
	var text, sensitive bool
	cmd := &cobra.Command{
		Use:   "infer [flags] INPUT…",
		Short: "The narrowest table that holds every record",
		Long: `Infer reads records, of any amount, and prints the narrowest table that holds all of them, with the evidence: what
was seen at each path, how often and where first. With --as it prints the table alone, in that form.`,
		Example: "  hydrant schema infer --as ddl events.ndjson.gz",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("no input: name files, folders, or - for stdin")
			}
			n := schema.NewInferrer(schema.InferOptions{CaseSensitive: sensitive, PlainText: text})
			if err := f.each(cmd.Context(), io, args, n.Add); err != nil {
				return err
			}
			result, err := n.Result()
			if err != nil {
				return err
			}
			if as == "" {
				return f.print(io.out, result)
			}
			for _, f := range result.Left() {
				fmt.Fprintf(io.err, "hydrant: not in the table: %d %s, first at %s\n", f.Count, f.Form, f.First)
			}
			return writeTable(io.out, result.Table, as)
		},
	}
	f.add(cmd, false)
	cmd.Flags().StringVar(&as, "as", "", "`FORM`: the table as "+formNames())
	cmd.Flags().BoolVar(&text, "plain-text", false, "text that reads as a date or a timestamp stays a string")
	cmd.Flags().BoolVar(&sensitive, "case-sensitive", false, "members whose names differ in case only are apart, as with CaseInsensitive=false")
	return cmd
}

func newSchemaLint(io *streams) *cobra.Command {
	var f recordFlags
	var src string
	cmd := &cobra.Command{
		Use:   "lint --schema SRC [flags] INPUT…",
		Short: "What of the records a table drops, fails or alters",
		Long: `Lint holds records against a table: members that the schema drops, columns that are never filled, values that fail,
trouble with case and dots, numbers that lose digits. It exits with 3 when it finds something.`,
		Example: "  hydrant schema lint --schema template.yaml#Table events.ndjson.gz",
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case src == "":
				return usagef("--schema is needed: where the columns are described")
			case len(args) == 0:
				return usagef("no input: name files, folders, or - for stdin")
			}
			t, err := loadSchema(cmd.Context(), src)
			if err != nil {
				return usagef("--schema: %w", err)
			}
			o, err := f.lintOptions(t)
			if err != nil {
				return usage(err)
			}
			l := schema.NewLinter(t, o)
			if err := f.each(cmd.Context(), io, args, l.Add); err != nil {
				return err
			}
			result := l.Result()
			if err := f.print(io.out, result); err != nil {
				return err
			}
			if n := len(result.Findings); n > 0 {
				return &statusError{exitSetAside, fmt.Errorf("%d findings", n)}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&src, "schema", "", "`SRC` of the table, as for convert")
	f.add(cmd, true)
	return cmd
}

func newSchemaDiff(io *streams) *cobra.Command {
	var f recordFlags
	cmd := &cobra.Command{
		Use:   "diff [flags] A B [INPUT…]",
		Short: "What differs between two tables, and on how many records it matters",
		Long: `Diff lists the columns and members that were added, removed, changed or moved between two tables; with
records also how many have a value there, and how many convert by one table but not by the other.`,
		Example: "  hydrant schema diff 'struct<a:int>' 'struct<a:bigint,b:string>' events.ndjson",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usagef("two tables are needed: hydrant schema diff A B")
			}
			var tables [2]*schema.Table
			var options [2]schema.LintOptions
			for i := range tables {
				var err error
				if tables[i], err = loadSchema(cmd.Context(), args[i]); err != nil {
					return usage(err)
				}
				if options[i], err = f.lintOptions(tables[i]); err != nil {
					return usage(err)
				}
			}
			d := schema.NewDiffer(tables[0], tables[1], options[0], options[1])
			if err := f.each(cmd.Context(), io, args[2:], d.Add); err != nil {
				return err
			}
			return f.print(io.out, d.Result())
		},
	}
	f.add(cmd, true)
	return cmd
}

// lintOptions says how the deserializer reads records, and lets it try them.
func (f *recordFlags) lintOptions(t *schema.Table) (schema.LintOptions, error) {
	var lo schema.LintOptions
	o, err := conversionOptions(&convertFlags{deserializer: f.deserializer, options: f.options})
	if err != nil {
		return lo, err
	}
	var d convert.Deserializer
	if o.Hive != nil {
		lo.Hive = true
		d, err = hive.New(t, *o.Hive)
	} else {
		lo.CaseSensitive = o.OpenX.CaseInsensitive != nil && !*o.OpenX.CaseInsensitive
		lo.ConvertDots, lo.Mappings = o.OpenX.ConvertDotsInJsonKeysToUnderscores, o.OpenX.ColumnToJsonKeyMappings
		d, err = openx.New(t, *o.OpenX)
	}
	var unsupported *openx.UnsupportedTypeError
	if errors.As(err, &unsupported) {
		return lo, nil // a finding
	}
	if err != nil {
		return lo, err
	}
	batch := column.NewBatch(t.Columns)
	lo.Check = func(record []byte) error {
		batch.Reset()
		err := d.Record(batch, record)
		if e, ok := err.(*column.RowError); ok {
			return &schema.ValueError{Path: e.Path, Value: e.Value, Message: e.Message, Hint: e.Hint}
		}
		return err
	}
	return lo, nil
}

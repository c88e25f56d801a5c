package main

import (
	"bufio"
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/internal/input"
	"github.com/hydrantkit/hydrant/replaytest"
	"github.com/hydrantkit/hydrant/schema"
	"github.com/hydrantkit/hydrant/schema/glue"
)

// starter is the files that init writes; names with .txt are without it there, since Go would take them for its own.
//
//go:embed init
var starter embed.FS

// A starterLanguage is what a function may be written in.
type starterLanguage struct {
	flag, name, source string // --language, and the language and the file of the function for people
	metadata, runtime  string // of the function in the template
	files              map[string]string
}

var starterLanguages = []starterLanguage{
	{"go", "Go", "main.go", "    Metadata:\n      BuildMethod: go1.x\n", "      Runtime: provided.al2023\n      Handler: bootstrap\n", map[string]string{
		"init/go/go.mod.txt": "function/go.mod", "init/go/main.go.txt": "function/main.go", "init/go/runtime.go.txt": "function/runtime.go"}},
	{"python", "Python", "main.py", "", "      Runtime: python3.13\n      Handler: main.handler\n", map[string]string{"init/python/main.py": "function/main.py"}},
	{"node", "JavaScript", "index.mjs", "", "      Runtime: nodejs22.x\n      Handler: index.handler\n", map[string]string{"init/node/index.mjs": "function/index.mjs"}},
}

// starterFiles are where the files of all starters go.
var starterFiles = map[string]string{
	"init/template.yaml":      "template.yaml",
	"init/workflow/test.yaml": ".github/workflows/test.yaml",
	"init/README.md":          "README.md",
}

// starterRecords is how many records of a sample become a case.
const starterRecords = 10

func newInit(io *streams) *cobra.Command {
	var language string
	cmd := &cobra.Command{
		Use:   "init [flags] [SAMPLE]",
		Short: "A starter project: template, function, schema, cases, workflow",
		Long: `Init writes a starter project into this folder: a template that sam deploys as it stands, a function,
a table inferred from the records of SAMPLE (from records of ours, where there is none), two replay cases, a workflow
for GitHub Actions, and a README. Nothing that is there already is touched: where one of its files exists, it writes none.`,
		Example: `  hydrant init events.ndjson
  hydrant init --language python
  hydrant test`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("one sample is enough, but %d were given", len(args))
			}
			for _, l := range starterLanguages {
				if l.flag == language {
					return initProject(cmd.Context(), io, &l, args)
				}
			}
			return usagef("--language %s: it is go, python or node", language)
		},
	}
	cmd.Flags().StringVar(&language, "language", "go", "what the function is written in: go, python or node")
	return cmd
}

func initProject(ctx context.Context, s *streams, l *starterLanguage, args []string) error {
	records, err := sampleRecords(s, args)
	if err != nil {
		return err
	}
	// Timestamps in the forms of everyday data are not always those that the deserializer reads; then they are text.
	for _, plain := range []bool{false, true} {
		columns, err := inferColumns(records, plain)
		if err != nil {
			return err
		}
		files, err := projectFiles(l, records, columns)
		if err != nil {
			return err
		}
		if !plain {
			for name := range files {
				if _, err := os.Lstat(name); err == nil {
					return usagef("%s is there already; init writes into a folder that has none of its files", name)
				} else if !errors.Is(err, os.ErrNotExist) {
					return err
				}
			}
		}
		if err := writeProject(files); err != nil {
			return err
		}
		whole, err := expectCases(ctx)
		if err != nil {
			return err
		}
		if whole {
			break
		}
	}
	fmt.Fprintf(s.out, "A project is ready here: template.yaml, function/, cases/, .github/workflows/test.yaml, README.md\n\n"+
		"  hydrant test                    run its cases\n"+
		"  hydrant replay                  see what is delivered\n"+
		"  sam build && sam deploy -g      deploy it\n")
	return nil
}

// sampleRecords are the records of the sample, all of them.
func sampleRecords(s *streams, args []string) ([][]byte, error) {
	var in io.ReadCloser
	name := "events.ndjson"
	switch {
	case len(args) == 0:
		b, err := starter.ReadFile("init/events.ndjson")
		if err != nil {
			return nil, err
		}
		in = io.NopCloser(bytes.NewReader(b))
	case args[0] == "-":
		name, in = "stdin", io.NopCloser(s.in)
	default:
		f, err := os.Open(args[0])
		if err != nil {
			return nil, usage(err)
		}
		name, in = args[0], f
	}
	defer in.Close()
	r, err := input.NewReader(bufio.NewReader(in), name, input.Auto)
	if err != nil {
		return nil, usage(err)
	}
	defer r.Close()
	const most = 100_000
	var out [][]byte
	for len(out) < most {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, usage(err)
		}
		out = append(out, bytes.Clone(rec.Data))
	}
	return out, nil
}

// inferColumns is the table's columns as the template has them.
func inferColumns(records [][]byte, plain bool) (string, error) {
	n := schema.NewInferrer(schema.InferOptions{PlainText: plain})
	for i, r := range records {
		n.Add(r, schema.Place{Line: int64(i + 1)})
	}
	result, err := n.Result()
	if err != nil {
		return "", usage(err)
	}
	keys := []string{"year", "month", "day"} // of the partitions
	for _, c := range result.Table.Columns {
		if slices.Contains(keys, c.Name) {
			return "", usagef("the sample has a member %s, which the starter's table has as a partition; rename it in the sample", c.Name)
		}
	}
	_, columns, ok := strings.Cut(string(glue.AppendCloudFormation(nil, result.Table)), "Columns:\n")
	if !ok {
		return "", errors.New("the table has no columns")
	}
	return columns, nil
}

// projectFiles are the files of the project.
func projectFiles(l *starterLanguage, records [][]byte, columns string) (map[string][]byte, error) {
	files := map[string][]byte{".gitignore": []byte("/out/\n/.aws-sam/\n/report.xml\n")}
	fill := strings.NewReplacer("#columns\n", columns+"\n", "#metadata\n", l.metadata, "#runtime\n", l.runtime, "#language", l.name, "#source", l.source)
	for _, list := range []map[string]string{starterFiles, l.files} {
		for from, to := range list {
			b, err := starter.ReadFile(from)
			if err != nil {
				return nil, err
			}
			files[to] = []byte(fill.Replace(string(b)))
		}
	}
	var lines bytes.Buffer
	n := 0
	for _, r := range records {
		var object map[string]json.RawMessage
		if n == starterRecords || json.Unmarshal(r, &object) != nil || string(object["type"]) == `"heartbeat"` || json.Compact(&lines, r) != nil {
			continue
		}
		lines.WriteByte('\n')
		n++
	}
	if n == 0 {
		return nil, usagef("the sample has no record that is one JSON object")
	}
	const stream = "template: ../../template.yaml\nstream: Events\nstart: 2025-01-01T00:00:00Z\n"
	files["cases/delivered/stream.yaml"] = []byte(stream)
	files["cases/delivered/records.ndjson"] = lines.Bytes()
	first, _, _ := bytes.Cut(lines.Bytes(), []byte("\n"))
	files["cases/set-aside/stream.yaml"] = []byte(stream)
	files["cases/set-aside/records.txt"] = []byte(`{"type":"heartbeat"}` + "\nthis is no JSON\n" + string(first) + "\n")
	return files, nil
}

func writeProject(files map[string][]byte) error {
	for name, b := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(name, b, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// expectCases writes what the cases expect: what comes out with a function in this process that does what the starter's
// does. whole is whether every record of the sample was delivered.
func expectCases(ctx context.Context) (whole bool, err error) {
	clean := hydrant.Func(func(_ context.Context, r hydrant.Record) hydrant.Result {
		var event map[string]json.RawMessage
		switch {
		case json.Unmarshal(r.Data, &event) != nil:
			return hydrant.FailResult()
		case string(event["type"]) == `"heartbeat"`:
			return hydrant.DropResult()
		}
		return hydrant.PassResult(r)
	})
	o := replaytest.RunOptions{Update: true, Function: hydrant.NewHandler(clean)}
	for _, c := range []string{"cases/delivered", "cases/set-aside"} {
		if err := os.RemoveAll(filepath.Join(c, "expect")); err != nil {
			return false, err
		}
		res := replaytest.RunFile(ctx, c, o)
		if res.Err != nil {
			return false, res.Err
		}
		if !res.Passed() {
			return false, errors.New(res.Failures[0].String())
		}
	}
	b, err := os.ReadFile("cases/delivered/expect/summary.json")
	if err != nil {
		return false, err
	}
	var sum struct{ Failed int }
	err = json.Unmarshal(b, &sum)
	return sum.Failed == 0, err
}

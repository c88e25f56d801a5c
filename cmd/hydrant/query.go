package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/hydrantkit/hydrant/harness/partition"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/internal/input"
	"github.com/hydrantkit/hydrant/internal/jq"
)

func newExplainQuery(s *streams) *cobra.Command {
	var prefix, format string
	var asJSON bool
	var limit int64
	cmd := &cobra.Command{
		Use:   "explain-query [flags] QUERY INPUT…",
		Short: "What keys a partition query gives, record by record",
		Long: `Explain-query runs a partition query as the service does, by jq 1.6, on sample records: the keys that each
gives, the prefix it makes, or why the record fails. A query that jq 1.6 refuses is refused, with the place.`,
		Example: `  hydrant explain-query '{customer: .customer_id, year: (.ts|strftime("%Y"))}' \
      --prefix 'c=!{partitionKeyFromQuery:customer}/y=!{partitionKeyFromQuery:year}/' events.ndjson`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usagef("a query and an input are needed: hydrant explain-query QUERY INPUT…")
			}
			q, err := jq.Options{Now: time.Now}.Compile(args[0])
			if err != nil {
				return usagef("the query: %w", err)
			}
			f, err := input.ParseFormat(format)
			if err != nil {
				return usagef("--input-format: %w", err)
			}
			var p *s3.Prefix
			if prefix != "" {
				if p, err = s3.ParsePrefix(prefix, s3.Use{Partitioning: true}); err != nil {
					return usagef("--prefix: %w", err)
				}
				if len(p.LambdaKeys()) > 0 {
					return usagef("--prefix: the key %s comes from a Lambda, and not from the query", p.LambdaKeys()[0])
				}
			}
			names, err := expand(args[1:])
			if err != nil {
				return err
			}
			files, err := fileSources(names, s.in)
			if err != nil {
				return err
			}
			return explain(s, q, p, &records{files: files, format: f}, limit, asJSON)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&prefix, "prefix", "", "`PREFIX` with !{partitionKeyFromQuery:…} to evaluate")
	fl.StringVar(&format, "input-format", "auto", "what one record is")
	fl.Int64Var(&limit, "limit", 0, "at most `N` records; 0 is all")
	fl.BoolVar(&asJSON, "json", false, "one JSON object a record")
	return cmd
}

// An explanation is what became of one record.
type explanation struct {
	File   string            `json:"file"`
	Line   int64             `json:"line"`
	Keys   map[string]string `json:"keys,omitempty"`
	Prefix string            `json:"prefix,omitempty"`
	Error  string            `json:"error,omitempty"`
}

// explain prints what the query makes of each record; some that fail make the exit status 3.
func explain(s *streams, q *jq.Query, p *s3.Prefix, in *records, limit int64, asJSON bool) error {
	var station *partition.Keys
	if p != nil {
		station = partition.New(q, nil, p.QueryKeys(), nil)
	}
	e := json.NewEncoder(s.out)
	e.SetEscapeHTML(false)
	var keys jq.Keys
	var failed, all int64
	for ; limit == 0 || all < limit; all++ {
		r, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		x := explanation{File: in.current(), Line: r.Line}
		var order []string
		if err := q.Extract(&keys, r.Data); err != nil {
			x.Error = err.Error()
		} else {
			x.Keys = map[string]string{}
			for i := range keys.Len() {
				x.Keys[keys.Name(i)] = string(keys.Value(i))
				order = append(order, keys.Name(i))
			}
		}
		if x.Error == "" && p != nil {
			x.Prefix, x.Error = evaluate(station, p, &r)
		}
		if x.Error != "" {
			failed++
		}
		if asJSON {
			err = e.Encode(x)
		} else {
			err = printExplanation(s.out, &x, order)
		}
		if err != nil {
			return err
		}
	}
	if failed > 0 {
		return &statusError{exitSetAside, fmt.Errorf("%d of %d records would fail", failed, all)}
	}
	return nil
}

// evaluate makes the prefix of a record that has keys.
func evaluate(station *partition.Keys, p *s3.Prefix, r *input.Record) (prefix, message string) {
	at := time.Unix(0, 0).UTC()
	if r.HasArrival {
		at = time.UnixMilli(r.Arrival).UTC()
	}
	one := []record.Record{{Data: r.Data}}
	o, err := station.Process(context.Background(), at, 1, one)
	if err == nil && len(o.Failed) > 0 {
		err = errors.New(o.Failed[0].Message)
	}
	if err != nil {
		return "", err.Error()
	}
	b, err := p.Append(nil, s3.Facts{Keys: o.Out[0].Keys, Time: at, Random: func(int) (b [32]byte) { return b }})
	if err != nil {
		return "", err.Error()
	}
	return string(b), ""
}

func printExplanation(w io.Writer, x *explanation, order []string) error {
	if _, err := fmt.Fprintf(w, "%s:%d  ", x.File, x.Line); err != nil {
		return err
	}
	if x.Error != "" {
		_, err := fmt.Fprintf(w, "fails: %s\n", x.Error)
		return err
	}
	for i, name := range order {
		if i > 0 {
			fmt.Fprint(w, "  ") //nolint:errcheck // the next write fails too
		}
		fmt.Fprintf(w, "%s=%s", name, x.Keys[name]) //nolint:errcheck // the next write fails too
	}
	if x.Prefix != "" {
		fmt.Fprintf(w, "  → %s", x.Prefix) //nolint:errcheck // the next write fails too
	}
	_, err := fmt.Fprintln(w)
	return err
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

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
gives, the prefix it makes, or why the record fails. A query that jq 1.6 refuses is refused, with the place.

What the query calls now, and the time of the prefix, are when the record arrived: 2025-01-01T00:00:00Z where the
input doesn't tell, as in hydrant replay.`,
		Example: `  hydrant explain-query '{customer: .customer_id, year: (.ts|strftime("%Y"))}' \
      --prefix 'c=!{partitionKeyFromQuery:customer}/y=!{partitionKeyFromQuery:year}/' events.ndjson`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usagef("a query and an input are needed: hydrant explain-query QUERY INPUT…")
			}
			if n := utf8.RuneCountInString(args[0]); n > partition.MaxQuery {
				return usagef("the query is %d characters long; at most %d are allowed", n, partition.MaxQuery)
			}
			if limit < 0 {
				return usagef("--limit: %d is less than 0", limit)
			}
			x := &explainer{}
			var err error
			if x.query, err = (jq.Options{Now: func() time.Time { return x.at }}).Compile(args[0]); err != nil {
				return usagef("the query: %w", err)
			}
			names, known := x.query.Names()
			if len(names) > partition.MaxKeys {
				return usagef("the query gives %d partition keys; at most %d are allowed", len(names), partition.MaxKeys)
			}
			f, err := input.ParseFormat(format)
			if err != nil {
				return usagef("--input-format: %w", err)
			}
			if prefix != "" {
				p, err := s3.ParsePrefix(prefix, s3.Use{Partitioning: true})
				if err != nil {
					return usagef("--prefix: %w", err)
				}
				if len(p.LambdaKeys()) > 0 {
					return usagef("--prefix: the key %s comes from a Lambda, and not from the query", p.LambdaKeys()[0])
				}
				for _, key := range p.QueryKeys() {
					if known && !slices.Contains(names, key) {
						return usagef("--prefix: the query gives no key %s; it gives %s", key, strings.Join(names, ", "))
					}
				}
				for _, name := range names {
					if !slices.Contains(p.QueryKeys(), name) {
						return usagef("--prefix: it must contain every partition key; !{partitionKeyFromQuery:%s} is missing", name)
					}
				}
				x.station = partition.New(x.query, nil, p.QueryKeys(), nil)
				x.place = &s3.Destination{Prefix: p}
			}
			inputs, err := expand(args[1:])
			if err != nil {
				return err
			}
			files, err := fileSources(inputs, s.in)
			if err != nil {
				return err
			}
			return x.explain(s, &records{files: files, format: f}, limit, asJSON)
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

// An explainer runs a query.
type explainer struct {
	query   *jq.Query
	at      time.Time // when the record arrived
	station *partition.Keys
	place   *s3.Destination // of no name; nil without a prefix, as station
}

// unknownArrival is replay's, of the first record.
var unknownArrival = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

// explain prints what the query makes of each record; some that fail make the exit status 3.
func (q *explainer) explain(s *streams, in *records, limit int64, asJSON bool) error {
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
		if q.at = unknownArrival; r.HasArrival {
			q.at = time.UnixMilli(r.Arrival).UTC()
		}
		x := explanation{File: in.current(), Line: r.Line}
		var order []string
		var ee *jq.ExtractError
		if err := q.query.Extract(&keys, r.Data); errors.As(err, &ee) && ee.Reason == jq.NotJSON {
			x.Error = "the record is no JSON: " + err.Error()
		} else if err != nil {
			x.Error = err.Error()
		} else {
			x.Keys = map[string]string{}
			for i := range keys.Len() {
				x.Keys[keys.Name(i)] = string(keys.Value(i))
				order = append(order, keys.Name(i))
			}
		}
		if x.Error == "" && q.place != nil {
			x.Prefix, x.Error = q.evaluate(r.Data)
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
func (q *explainer) evaluate(data []byte) (prefix, message string) {
	one := []record.Record{{Data: data}}
	o, err := q.station.Process(context.Background(), q.at, 1, one)
	if err == nil && len(o.Failed) > 0 {
		err = errors.New(o.Failed[0].Message)
	}
	if err != nil {
		return "", err.Error()
	}
	facts := s3.Facts{Keys: o.Out[0].Keys, Time: q.at, Random: func(int) (b [32]byte) { return b }}
	q.station.Forget(facts.Keys)
	b, err := q.place.Prefix.Append(nil, facts)
	if err == nil {
		err = q.place.CheckKey(facts)
	}
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
		_, err := fmt.Fprintf(w, "fails: %s\n", onOneLine(x.Error))
		return err
	}
	for i, name := range order {
		if i > 0 {
			fmt.Fprint(w, "  ") //nolint:errcheck // the next write fails too
		}
		fmt.Fprintf(w, "%s=%s", onOneLine(name), onOneLine(x.Keys[name])) //nolint:errcheck // the next write fails too
	}
	if x.Prefix != "" {
		fmt.Fprintf(w, "  → %s", onOneLine(x.Prefix)) //nolint:errcheck // the next write fails too
	}
	_, err := fmt.Fprintln(w)
	return err
}

// onOneLine is s as it is where a terminal shows it so, else quoted.
func onOneLine(s string) string {
	if strings.TrimSpace(s) != s || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

package blueprints

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant"
)

const corpusDir = "../../shared/corpus"

// corpusFile returns a file of the optional corpus beside the module, decompressed.
func corpusFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(corpusDir, name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("../shared not present: %s not read", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".gz") {
		return gunzip(t, b)
	}
	return b
}

func gunzip(t testing.TB, b []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if b, err = io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	return b
}

// corpus returns the lines of a file of the corpus.
func corpus(t testing.TB, name string) []string {
	t.Helper()
	var lines []string
	for line := range hydrant.Lines(corpusFile(t, name)) {
		lines = append(lines, string(line))
	}
	return lines
}

// Ways to make records of a file.

func byLine(t *testing.T, b []byte) (records [][]byte) {
	for line := range hydrant.Lines(b) {
		records = append(records, line)
	}
	return records
}

func whole(t *testing.T, b []byte) [][]byte { return [][]byte{b} }

// byData takes the data of every "data" member, wherever it stands.
func byData(t *testing.T, b []byte) (records [][]byte) {
	var find func(v any)
	find = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				if s, ok := e.(string); ok && k == "data" {
					data, err := base64.StdEncoding.DecodeString(s)
					if err != nil {
						t.Fatal(err)
					}
					records = append(records, data)
				} else {
					find(e)
				}
			}
		case []any:
			for _, e := range v {
				find(e)
			}
		}
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	find(v)
	return records
}

// byGzip makes one compressed record of a file, as subscriptions do.
func byGzip(t *testing.T, b []byte) [][]byte { return [][]byte{gzipped(b)} }

// TestCorpus gives all of the corpus for the topic of a blueprint to it, in its default and its lenient mode, and holds the counts
// to the table in docs/blueprints.md.
func TestCorpus(t *testing.T) {
	if _, err := os.Stat(corpusDir); err != nil {
		t.Skip("../shared not present: the corpus not read")
	}
	var table strings.Builder
	table.WriteString("| blueprint | options | input | records | Ok | Dropped | ProcessingFailed |\n|---|---|---|---:|---:|---:|---:|\n")
	for _, tt := range []struct {
		blueprint string
		options   []string // one run each; "" is the default
		glob      string
		records   func(*testing.T, []byte) [][]byte
	}{
		{"apache-log-to-json", []string{"", "LENIENT=true", "LENIENT=true FORMAT=combined"}, "apache-access/*", byLine},
		{"apache-log-to-csv", []string{"", "LENIENT=true"}, "apache-access/elastic*", byLine},
		{"apache-error-to-json", []string{""}, "apache-error/*.log", byLine},
		{"syslog-to-json", []string{"", "LENIENT=true FORMAT=auto"}, "syslog/*[^z]", byLine},
		{"syslog-to-json", []string{"", "LENIENT=true FORMAT=auto"}, "syslog/Mac_2k.log.gz", byLine},
		{"syslog-to-csv", []string{""}, "syslog/Linux_2k.log", byLine},
		{"cloudwatch-logs", []string{"", "FORMAT=json"}, "cwlogs/[^d]*.json", byData},
		{"cloudwatch-logs", []string{"", "FORMAT=json"}, "cwlogs/*datadog*", byGzip},
		{"cloudwatch-logs", []string{"", "FORMAT=json"}, "cwlogs/*.ndjson", byGzip},
		{"vpc-flow-logs", []string{""}, "vpcflow/*.log", whole},
		{"cloudtrail", []string{"", "TEXT=true"}, "cloudtrail/*.ndjson", byLine},
		{"cloudtrail", []string{"", "TEXT=true"}, "cloudtrail/invictus/*", whole},
		{"kpl-deaggregate", []string{""}, "kpl/[A-Z]*", byData},
		{"rudderstack", []string{""}, "app-events/github_webhooks.ndjson.gz", byLine},
		{"json-map", []string{`MAP={"flatten":"_"}`}, "app-events/*.ndjson.gz", byLine},
		{"json-map", []string{`MAP={"flatten":"_"}`}, "app-events/*.json*", whole},
	} {
		files, err := filepath.Glob(filepath.Join(corpusDir, tt.glob))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files, %v", tt.glob, err)
		}
		for _, options := range tt.options {
			var sum [4]int
			for _, file := range files {
				name, _ := filepath.Rel(corpusDir, file)
				records := tt.records(t, corpusFile(t, name))
				counts := runCorpus(t, tt.blueprint, options, name, records)
				for i, n := range counts {
					sum[i+1] += n
				}
				sum[0] += len(records)
				if tt.glob == "cloudtrail/invictus/*" {
					continue // a line for all
				}
				tableRow(&table, tt.blueprint, options, name, len(records), counts)
			}
			if tt.glob == "cloudtrail/invictus/*" {
				tableRow(&table, tt.blueprint, options, tt.glob, sum[0], [3]int(sum[1:]))
			}
		}
	}
	const doc = "../docs/blueprints.md"
	b, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- counts, kept by TestCorpus -->\n", "<!-- end of counts -->"
	before, rest, ok := strings.Cut(string(b), begin)
	got, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the counts", doc)
	}
	if *update {
		if err := os.WriteFile(doc, []byte(before+begin+table.String()+end+after), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if got != table.String() {
		t.Errorf("%s has\n%s\nwant\n%s", doc, got, table.String())
	}
}

func tableRow(table *strings.Builder, blueprint, options, name string, records int, n [3]int) {
	if options != "" {
		options = "`" + options + "`"
	}
	fmt.Fprintf(table, "| %s | %s | %s | %d | %d | %d | %d |\n", blueprint, options, strings.TrimSuffix(name, ".gz"), records, n[0], n[1], n[2])
}

// runCorpus counts what becomes of records, and checks that JSON is made where it should be.
func runCorpus(t *testing.T, blueprint, options, name string, records [][]byte) (counts [3]int) {
	t.Helper()
	env := map[string]string{}
	for _, o := range strings.Fields(options) {
		k, v, _ := strings.Cut(o, "=")
		env[k] = v
	}
	tr, err := Named(blueprint, func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	h := hydrant.NewHandler(tr)
	h.Budget = 1 << 30
	h.Log = slog.New(failing{t, slog.DiscardHandler})
	answer, err := h.Invoke(context.Background(), eventOf(records))
	if err != nil {
		t.Fatalf("%s: %s: %v", blueprint, name, err)
	}
	var a struct {
		Records []struct {
			Result string
			Data   []byte
		}
	}
	if err := json.Unmarshal(answer, &a); err != nil || len(a.Records) != len(records) {
		t.Fatalf("%s: %s: %d answers to %d records, %v", blueprint, name, len(a.Records), len(records), err)
	}
	for i, r := range a.Records {
		switch r.Result {
		case "Ok":
			counts[0]++
			if makesJSON(blueprint, env) {
				validLines(t, fmt.Sprintf("%s: %s: record %d", blueprint, name, i), r.Data)
			}
		case "Dropped":
			counts[1]++
		default:
			counts[2]++
		}
	}
	return counts
}

func makesJSON(blueprint string, env map[string]string) bool {
	switch blueprint {
	case "apache-log-to-csv", "syslog-to-csv", "general", "kinesis-general", "msk-general", "kpl-deaggregate":
		return false
	case "cloudwatch-logs":
		return env["FORMAT"] == "json"
	}
	return true
}

func validLines(t *testing.T, what string, data []byte) {
	t.Helper()
	for line := range hydrant.Lines(data) {
		if !json.Valid(line) {
			t.Fatalf("%s: not JSON: %.300q", what, line)
		}
	}
}

// failing is a log in which no panic may stand.
type failing struct {
	t testing.TB
	slog.Handler
}

func (f failing) Enabled(context.Context, slog.Level) bool { return true }

func (f failing) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "panicked") {
		r.Attrs(func(a slog.Attr) bool { f.t.Error(r.Message, a); return true })
	}
	return nil
}

// TestReferenceParses compares with the parses that ship with the log collections, in the fields that both have.
func TestReferenceParses(t *testing.T) {
	for _, tt := range []struct {
		lines, parsed, blueprint string
		fields                   map[string]string // of theirs, ours
		differ                   int               // lines on which we say otherwise, for the reason given
	}{
		{"apache-error/Apache_2k.log", "apache-error/Apache_2k.log_structured.csv.gz", "apache-error-to-json",
			map[string]string{"Time": "timestamp", "Level": "severity", "Content": "message"}, 32}, // the client is no part of our message
		{"syslog/Linux_2k.log", "syslog/Linux_2k.log_structured.csv.gz", "syslog-to-json",
			map[string]string{"Level": "hostname", "Component": "program", "PID": "processid", "Content": "message"}, 0},
		{"syslog/Mac_2k.log.gz", "syslog/Mac_2k.log_structured.csv.gz", "syslog-to-json",
			map[string]string{"User": "hostname", "Component": "program", "PID": "processid", "Content": "message"}, 0},
	} {
		lines := corpus(t, tt.lines)
		rows, err := csv.NewReader(bytes.NewReader(corpusFile(t, tt.parsed))).ReadAll()
		if err != nil || len(rows) != len(lines)+1 {
			t.Fatalf("%s: %d rows of %d lines, %v", tt.parsed, len(rows)-1, len(lines), err)
		}
		tr, _ := Named(tt.blueprint, func(name string) string { return map[string]string{"LENIENT": "true"}[name] })
		differ := 0
		for i, line := range lines {
			got, err := tr.Transform(context.Background(), []hydrant.Record{{Data: []byte(line)}})
			if err != nil || got[0].Status != hydrant.OK {
				t.Errorf("%s: line %d not read: %s", tt.lines, i+1, line)
				continue
			}
			var doc map[string]any
			if err := json.Unmarshal(got[0].Data, &doc); err != nil {
				t.Fatal(err)
			}
			same := true
			for c, theirs := range rows[0] {
				ours, ok := tt.fields[theirs]
				if !ok {
					continue
				}
				have, _ := doc[ours].(string)
				if want := rows[i+1][c]; strings.TrimSpace(have) != strings.TrimSpace(want) {
					same = false
					if testing.Verbose() {
						t.Logf("%s: line %d: %s %q, they say %q", tt.lines, i+1, ours, have, want)
					}
				}
			}
			if !same {
				differ++
			}
		}
		if differ != tt.differ {
			t.Errorf("%s: %d of %d lines differ from the reference, want %d", tt.lines, differ, len(lines), tt.differ)
		}
	}
}

// TestAggregates compares with what the Kinesis Producer Library put into an aggregate.
func TestAggregates(t *testing.T) {
	var file struct {
		Record struct {
			Kinesis struct{ Data []byte }
		}
		Expected []struct {
			PartitionKey, ExplicitHashKey, Data string
		} `json:"expected_user_records"`
	}
	if err := json.Unmarshal(corpusFile(t, "kpl/kpl_real_with_ehks.json"), &file); err != nil || len(file.Expected) == 0 {
		t.Fatal(err)
	}
	var keys, data []string
	inner := hydrant.Func(func(_ context.Context, r hydrant.Record) hydrant.Result {
		keys, data = append(keys, r.Kinesis.PartitionKey), append(data, string(r.Data))
		return hydrant.PassResult(r)
	})
	records := []hydrant.Record{{ID: "r", Data: file.Record.Kinesis.Data}}
	got, err := hydrant.Deaggregate(inner).Transform(context.Background(), records)
	if err != nil || string(got[0].Data) != strings.Join(data, "") || len(data) != len(file.Expected) {
		t.Fatalf("%v, %v", got, err)
	}
	for i, e := range file.Expected {
		if keys[i] != e.PartitionKey || data[i] != e.Data {
			t.Errorf("record %d: %s %q, want %s %q", i, keys[i], data[i], e.PartitionKey, e.Data)
		}
	}
}

// FuzzBlueprints gives anything to any blueprint: no panic, and JSON where JSON is made.
func FuzzBlueprints(f *testing.F) {
	for i, b := range List() {
		f.Add(byte(i), byte(0), []byte(b.In))
	}
	f.Add(byte(5), byte(7), []byte(`<165>1 2003-10-11T22:14:15.003Z h a - ID47 [x@1 a="1" a="2"] text`))
	f.Add(byte(7), byte(2), gzipped([]byte(`{"messageType":"DATA_MESSAGE","logEvents":[{"message":"a"}]}`)))
	f.Add(byte(15), byte(3), []byte(`{"dynamodb":{"Keys":{"a":{"N":"1"}},"NewImage":{"a":{"L":[{"SS":["x"]}]}}}}`))
	f.Add(byte(17), byte(1), []byte(`{"a":{"b":[{"c":"1"}]},"a_b":null}`))
	list := List()
	f.Fuzz(func(t *testing.T, which, options byte, data []byte) {
		b := list[int(which)%len(list)]
		env := map[string]string{}
		if options&1 != 0 {
			env["LENIENT"], env["DECODE"], env["STRINGS"], env["TEXT"], env["QUOTE"] = "true", "true", "true", "true", "true"
			env["MAP"] = `{"drop":["d"],"rename":{"r":"x"},"hash":["h"],"mask":{"m":1},"cast":{"i":"int","s":"string","j":"json","a.b":"double","o":"bool"},"flatten":"_"}`
		}
		if options&2 != 0 {
			switch {
			case strings.HasPrefix(b.Name, "apache-log"):
				env["FORMAT"] = "vhost"
			case strings.HasPrefix(b.Name, "syslog"):
				env["FORMAT"] = "auto"
			case b.Name == "cloudwatch-logs":
				env["FORMAT"] = "json"
			}
			env["IMAGE"] = "new"
		}
		if options&4 != 0 {
			env["OCTET_COUNTING"] = "true"
		}
		tr, err := Named(b.Name, func(name string) string { return env[name] })
		if err != nil {
			t.Fatal(err)
		}
		h := hydrant.NewHandler(tr)
		h.Log = slog.New(failing{t, slog.DiscardHandler})
		answer, err := h.Invoke(context.Background(), eventOf([][]byte{data, data}))
		if err != nil {
			t.Fatalf("%s %v: %v", b.Name, env, err)
		}
		var a struct{ Records []struct{ Data []byte } }
		if err := json.Unmarshal(answer, &a); err != nil || len(a.Records) != 2 || !bytes.Equal(a.Records[0].Data, a.Records[1].Data) {
			t.Fatalf("%s: %v: %s", b.Name, err, answer)
		}
		if makesJSON(b.Name, env) {
			validLines(t, b.Name, a.Records[0].Data)
		}
	})
}

package blueprints

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/hydrantkit/hydrant"
)

var update = flag.Bool("update", false, "rewrite the expected results of the cases")

// TestCases runs testdata/<blueprint>.txtar. Each case is a few files in a row:
//
//	-- name/options --   NAME=value, a line each; may be missing
//	-- name/records --   a record a line, without its newline; "name/record" is one record, all of it, without its last newline;
//	                     "name/gzip" the same gzip-compressed; "name/base64" a record a line
//	-- name/want --      for each record the status, and with Ok the data, with \n for a newline; metadata behind a tab
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	var without []string
	for _, b := range List() {
		if !slices.Contains(files, filepath.Join("testdata", b.Name+".txtar")) {
			without = append(without, b.Name)
		}
	}
	if len(without) > 0 {
		t.Errorf("no cases for %v", without)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		blueprint := strings.TrimSuffix(filepath.Base(file), ".txtar")
		options := map[string]string{}
		var records [][]byte
		for i := range archive.Files {
			f := &archive.Files[i]
			name, kind, _ := strings.Cut(f.Name, "/")
			lines := bytes.Split(bytes.TrimSuffix(f.Data, []byte("\n")), []byte("\n"))
			switch kind {
			case "options":
				for _, line := range lines {
					k, v, _ := strings.Cut(string(line), "=")
					options[k] = v
				}
			case "records":
				records = lines
			case "record":
				records = append(records, bytes.TrimSuffix(f.Data, []byte("\n")))
			case "gzip":
				var b bytes.Buffer
				w := gzip.NewWriter(&b)
				w.Write(bytes.TrimSuffix(f.Data, []byte("\n")))
				w.Close()
				records = append(records, b.Bytes())
			case "base64":
				for _, line := range lines {
					b, err := base64.StdEncoding.DecodeString(string(line))
					if err != nil {
						t.Fatalf("%s: %v", f.Name, err)
					}
					records = append(records, b)
				}
			case "want":
				t.Run(blueprint+"/"+name, func(t *testing.T) {
					got := runCase(t, blueprint, options, records)
					if *update {
						f.Data = []byte(got)
					} else if got != string(f.Data) {
						t.Errorf("got\n%swant\n%s", got, f.Data)
					}
				})
				options, records = map[string]string{}, nil
			default:
				t.Fatalf("%s: %s", file, f.Name)
			}
		}
		if *update {
			if err := os.WriteFile(file, txtar.Format(archive), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// runCase invokes a blueprint as its function would be, and prints the answer.
func runCase(t *testing.T, blueprint string, options map[string]string, records [][]byte) string {
	transform, err := Named(blueprint, func(name string) string { return options[name] })
	if err != nil {
		t.Fatal(err)
	}
	h := hydrant.NewHandler(transform)
	h.Log = slog.New(slog.DiscardHandler)
	answer, err := h.Invoke(context.Background(), eventOf(records))
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	var a struct {
		Records []struct {
			Result   string
			Data     []byte
			Metadata json.RawMessage
		}
	}
	if err := json.Unmarshal(answer, &a); err != nil || len(a.Records) != len(records) {
		t.Fatalf("%v: %s", err, answer)
	}
	var b strings.Builder
	for _, r := range a.Records {
		b.WriteString(r.Result)
		if r.Result == "Ok" {
			b.WriteByte(' ')
			b.WriteString(strings.ReplaceAll(string(r.Data), "\n", `\n`))
		}
		if r.Metadata != nil {
			fmt.Fprintf(&b, "\t%s", r.Metadata)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// eventOf is an event of records, put directly.
func eventOf(records [][]byte) []byte {
	event := []byte(`{"invocationId":"i","deliveryStreamArn":"arn:aws:firehose:us-east-1:123456789012:deliverystream/d","region":"us-east-1","records":[`)
	for i, r := range records {
		if i > 0 {
			event = append(event, ',')
		}
		event = fmt.Appendf(event, `{"recordId":"4954698668313554428650745793632162567570019247%010d","approximateArrivalTimestamp":%d,"data":"`, i, 1495072949453+i)
		event = base64.StdEncoding.AppendEncode(event, r)
		event = append(event, `"}`...)
	}
	return append(event, "]}"...)
}

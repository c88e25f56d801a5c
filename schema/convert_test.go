package schema_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/column/columntest"
	"github.com/hydrantkit/hydrant/convert/hive"
	"github.com/hydrantkit/hydrant/convert/openx"
	"github.com/hydrantkit/hydrant/schema"
)

// A writer makes JSON objects of few names and many kinds of values, so that what was inferred
// from some of them has to widen for others.
type writer struct {
	*rand.Rand
	bytes.Buffer
}

var scalars = []string{
	"null", "true", "false", "0", "-1", "7", "2147483647", "2147483648", "-9223372036854775808", "9223372036854775807", "9223372036854775808",
	"99999999999999999999999999999999999999", "100000000000000000000000000000000000000", "1.0", "1e3", "-0.5", "1E-7", "123456789.987654321",
	`""`, `"x"`, `"1"`, `"1.5"`, `"true"`, `"2024-02-29"`, `"2024-2-9"`, `"2023-02-29"`, `"2024-01-01 00:00:00"`, `"2024-01-01T23:59:59.123456789Z"`,
	`"2024-01-01T00:00:00+01:00"`, `"24:00:00"`, `" "`, `"é\u0000\ud83d\ude00\\"`, `"2024-01-01 24:00:00"`, `"-5"`, `"0001-01-01"`, `"9999-12-31"`, `"2024-12-31T1:2:3"`,
}

func (w *writer) value(depth int) {
	switch k := w.IntN(10); {
	case k < 2 && depth > 0:
		w.object(depth - 1)
	case k < 4 && depth > 0:
		w.WriteByte('[')
		for i := range w.IntN(4) {
			if i > 0 {
				w.WriteByte(',')
			}
			w.value(depth - 1)
		}
		w.WriteByte(']')
	default:
		w.WriteString(scalars[w.IntN(len(scalars))])
	}
}

func (w *writer) object(depth int) {
	w.WriteByte('{')
	names := []string{"a", "B", "cD", "d e", "2024-01-01", "7", "42", "é", "x.y", "x_y"}
	w.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for i, name := range names[:w.IntN(len(names))] {
		if i > 0 {
			w.WriteByte(',')
		}
		fmt.Fprintf(w, "%q:", name)
		w.value(depth)
	}
	w.WriteByte('}')
}

// holds sees that OpenX converts every record by the table inferred from all of them, and that
// nothing of them is dropped.
func holds(t *testing.T, records [][]byte, what string) (rows int64) {
	t.Helper()
	n := schema.NewInferrer(schema.InferOptions{})
	for _, r := range records {
		n.Add(r, schema.Place{})
	}
	found, err := n.Result()
	if err != nil {
		return 0 // nothing but empty objects
	}
	d, err := openx.New(found.Table, openx.Options{})
	if err != nil {
		t.Fatalf("%s: %s: %v", what, found.Type, err)
	}
	b := column.NewBatch(found.Table.Columns)
	l := schema.NewLinter(found.Table, schema.LintOptions{Check: func(record []byte) error {
		b.Reset()
		return d.Record(b, record)
	}})
	for i, r := range records {
		l.Add(r, schema.Place{Record: int64(i + 1)})
	}
	for _, f := range l.Result().Findings {
		var re *column.RowError
		if f.Kind == schema.Fails && (found.Malformed.Count > 0 || found.Empty.Count > 0 || found.NotObjects.Count > 0) {
			if f.Count <= found.Malformed.Count+found.Empty.Count+found.NotObjects.Count {
				continue
			}
		}
		if f.Kind == schema.Fails || f.Kind == schema.Dropped || f.Kind == schema.Altered {
			err := d.Record(b, records[f.First.Record-1])
			errors.As(err, &re)
			t.Errorf("%s: %+v\n%s\n%s\n%+v", what, f, found.Type, records[f.First.Record-1], re)
		}
	}
	return found.Rows
}

func FuzzInferredTableConverts(f *testing.F) {
	for seed := range uint64(100) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		w := &writer{Rand: rand.New(rand.NewPCG(seed, 1))}
		var records [][]byte
		for range 1 + w.IntN(6) {
			w.Reset()
			w.object(3)
			records = append(records, bytes.Clone(w.Bytes()))
		}
		holds(t, records, fmt.Sprint("seed ", seed))
	})
}

// leaves counts the values in a JSON document that aren't null or blank text.
func leaves(v any) (n int) {
	switch v := v.(type) {
	case nil:
	case string:
		if strings.TrimSpace(v) != "" {
			n = 1
		}
	case []any:
		for _, e := range v {
			n += leaves(e)
		}
	case map[string]any:
		for _, e := range v {
			n += leaves(e)
		}
	default:
		n = 1
	}
	return n
}

// vectorLeaves does the same for value i of a vector. Text that holds JSON counts as that.
func vectorLeaves(v *column.Vector, i int) (n int) {
	if v.Null(i) {
		return 0
	}
	switch v.Type.Kind {
	case schema.Struct:
		for c := range v.Children {
			n += vectorLeaves(&v.Children[c], i)
		}
	case schema.Array, schema.Map:
		values := &v.Children[len(v.Children)-1]
		for j := int(v.Offsets[i]); j < int(v.Offsets[i+1]); j++ {
			n += vectorLeaves(values, j)
		}
	case schema.String:
		var doc any
		text := v.Data(i)
		if len(text) > 0 && (text[0] == '{' || text[0] == '[') && json.Unmarshal(text, &doc) == nil {
			return leaves(doc)
		}
		return leaves(string(text))
	default:
		n = 1
	}
	return n
}

// serde makes one of the deserializers, with some of its options, and the options of a Linter that
// says the same.
func serde(t *testing.T, table *schema.Table, seed uint64) (func(*column.Batch, []byte) error, schema.LintOptions) {
	if seed%5 == 4 {
		d, err := hive.New(table, hive.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return d.Record, schema.LintOptions{Hive: true}
	}
	fold := seed%5 < 2
	o := openx.Options{CaseInsensitive: &fold, ConvertDotsInJsonKeysToUnderscores: seed%2 == 1}
	if seed%3 == 0 {
		o.ColumnToJsonKeyMappings = map[string]string{"b": "B", "a": "z"}
	}
	d, err := openx.New(table, o)
	if err != nil {
		t.Fatal(err)
	}
	return d.Record, schema.LintOptions{CaseSensitive: !fold, ConvertDots: o.ConvertDotsInJsonKeysToUnderscores, Mappings: o.ColumnToJsonKeyMappings}
}

// FuzzLintConserves converts records by the table of others: where lint finds nothing, every value
// arrives.
func FuzzLintConserves(f *testing.F) {
	for seed := range uint64(100) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		w := &writer{Rand: rand.New(rand.NewPCG(seed, 2))}
		n := schema.NewInferrer(schema.InferOptions{})
		for range 1 + w.IntN(8) {
			w.Reset()
			w.object(3)
			n.Add(w.Bytes(), schema.Place{})
		}
		found, err := n.Result()
		if err != nil {
			return
		}
		record, o := serde(t, found.Table, seed)
		for range 20 {
			w.Reset()
			w.object(1 + w.IntN(3))
			b := column.NewBatch(found.Table.Columns)
			o.Check = func(r []byte) error { return record(b, r) }
			l := schema.NewLinter(found.Table, o)
			l.Add(w.Bytes(), schema.Place{})
			lossy := false
			for _, f := range l.Result().Findings {
				lossy = lossy || f.Kind != schema.Unfilled
			}
			if lossy {
				continue
			}
			var doc any
			if err := json.Unmarshal(w.Bytes(), &doc); err != nil {
				t.Fatal(err)
			}
			got := 0
			for i := range b.Columns {
				got += vectorLeaves(&b.Columns[i], 0)
			}
			if want := leaves(doc); got != want {
				t.Errorf("%+v %s\nof %s\nhas %d values, %d arrive: %s", o, found.Type, w.Bytes(), want, got, columntest.Row(b, 0))
			}
		}
	})
}

// TestInferredCorpusConverts does the same with published records.
func TestInferredCorpusConverts(t *testing.T) {
	var names []string
	for _, p := range []string{"app-events/*.json", "app-events/*.gz", "cloudtrail/*.ndjson", "hive-json-serde/*.txt"} {
		found, _ := filepath.Glob("../../shared/corpus/" + p)
		names = append(names, found...)
	}
	if len(names) == 0 {
		t.Skip("../shared not present: published records")
	}
	files, rows := 0, int64(0)
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err == nil && filepath.Ext(name) == ".gz" {
			data, err = unzip(data)
		}
		if err != nil {
			t.Fatal(err)
		}
		n := holds(t, bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")), filepath.Base(name))
		if n > 0 {
			files++
		}
		rows += n
	}
	t.Logf("%d rows of %d files convert by the tables inferred from them", rows, files)
}

func unzip(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

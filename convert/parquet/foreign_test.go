package parquet

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/schema"
)

// TestForeignReaders writes every combination of options and has pyarrow and DuckDB read it:
// values, statistics, and predicates that must and must not match.
func TestForeignReaders(t *testing.T) {
	python := os.Getenv("HYDRANT_PYTHON")
	if python == "" {
		t.Skip("HYDRANT_PYTHON is not set: pyarrow and DuckDB have not read our files (it names a python that has both)")
	}
	dir := t.TempDir()
	columns := columnsOf(t, everyType...)
	var manifest strings.Builder
	emit := func(name string, o Options, rows []string, file []byte) {
		path := filepath.Join(dir, name+".parquet")
		if err := os.WriteFile(path, file, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+".ndjson", []byte(strings.Join(rows, "\n")+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		if len(rows) == 0 {
			os.WriteFile(path+".ndjson", nil, 0o666)
		}
		line, err := json.Marshal(map[string]any{"file": path, "rows": path + ".ndjson", "hive": o.Layout == LayoutHive,
			"type": typeJSON(&schema.Type{Kind: schema.Struct, Fields: columns})})
		if err != nil {
			t.Fatal(err)
		}
		manifest.Write(append(line, '\n'))
	}
	for i, o := range combinations() {
		for j, page := range []int64{0, 700} {
			o.PageSizeBytes = page
			s := shape{nulls: 0.2, micros: true, finite: true, long: 300}
			if i%2 == 1 {
				s.distinct = 50
			}
			rng := rand.New(rand.NewPCG(uint64(i), uint64(j)))
			a, b, c := randomBatch(rng, columns, 300, s), randomBatch(rng, columns, 200, shape{micros: true, finite: true}), randomBatch(rng, columns, 100, s)
			rows := append(append(rowsOf(columns, a), rowsOf(columns, b)...), rowsOf(columns, c)...)
			emit(fmt.Sprintf("%d_%s", i, o.name()), o, rows, writeFile(t, columns, o, 2, a, b, c))
		}
	}
	emit("empty", Options{}, nil, writeFile(t, columns, Options{}, 1))
	o := Options{BloomFilterColumns: []string{"l", "str", "dec38", "d", "low", "as"}, FieldIDs: map[string]int32{"l": 7, "as": 8, "as.bag.array_element": 9}}
	b := randomBatch(rand.New(rand.NewPCG(1, 2)), columns, 500, shape{nulls: 0.1, micros: true, finite: true})
	emit("bloom", o, rowsOf(columns, b), writeFile(t, columns, o, 1, b))

	path := filepath.Join(dir, "manifest")
	if err := os.WriteFile(path, []byte(manifest.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, filepath.Join("testdata", "foreign.py"), path).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}

func typeJSON(t *schema.Type) map[string]any {
	m := map[string]any{"k": t.Kind.String()}
	switch t.Kind {
	case schema.Array:
		m["e"] = typeJSON(t.Elem)
	case schema.Map:
		m["key"], m["e"] = typeJSON(t.Key), typeJSON(t.Elem)
	case schema.Struct:
		var fields []any
		for _, f := range t.Fields {
			fields = append(fields, map[string]any{"n": f.Name, "t": typeJSON(f.Type)})
		}
		m["f"] = fields
	}
	return m
}

package parquet

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/schema"
)

// A foreignFile is a file for foreign readers, and its rows.
type foreignFile struct {
	path    string
	options Options
	rows    []string
	columns []schema.Column
}

// foreignFiles writes every combination of options into dir.
func foreignFiles(t *testing.T, dir string) []foreignFile {
	var files []foreignFile
	columns := columnsOf(t, everyType...)
	emit := func(name string, o Options, rows []string, file []byte) {
		path := filepath.Join(dir, name+".parquet")
		if err := os.WriteFile(path, file, 0o666); err != nil {
			t.Fatal(err)
		}
		files = append(files, foreignFile{path, o, rows, columns})
	}
	for i, o := range combinations() {
		for j, page := range []int64{0, 400} {
			o.PageSizeBytes = page
			s := shape{nulls: 0.2, micros: true, finite: true, long: 300}
			if i%2 == 1 {
				s.distinct = 50
			}
			rng := rand.New(rand.NewPCG(uint64(i), uint64(j)))
			a, b, c := randomBatch(rng, columns, 120, s), randomBatch(rng, columns, 80, shape{micros: true, finite: true}), randomBatch(rng, columns, 40, s)
			rows := append(append(rowsOf(columns, a), rowsOf(columns, b)...), rowsOf(columns, c)...)
			emit(fmt.Sprintf("%d_%s", i, o.name()), o, rows, writeFile(t, columns, o, 2, a, b, c))
		}
	}
	emit("empty", Options{}, nil, writeFile(t, columns, Options{}, 1))
	o := Options{BloomFilterColumns: []string{"l", "str", "dec38", "d", "low", "as"}, FieldIDs: map[string]int32{"l": 7, "as": 8, "as.bag.array_element": 9}}
	b := randomBatch(rand.New(rand.NewPCG(1, 2)), columns, 300, shape{nulls: 0.1, micros: true, finite: true})
	emit("bloom", o, rowsOf(columns, b), writeFile(t, columns, o, 1, b))
	return files
}

// TestForeignReaders has pyarrow, DuckDB and, where it is installed, Polars read every combination of
// options: values, statistics, and predicates that must and must not match.
func TestForeignReaders(t *testing.T) {
	python := os.Getenv("HYDRANT_PYTHON")
	if python == "" {
		t.Skip("HYDRANT_PYTHON is not set: pyarrow, DuckDB and Polars have not read our files (it names a python that has them)")
	}
	dir := t.TempDir()
	var manifest strings.Builder
	for _, f := range foreignFiles(t, dir) {
		text := strings.Join(append(f.rows, ""), "\n")
		if err := os.WriteFile(f.path+".ndjson", []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		line, err := json.Marshal(map[string]any{"file": f.path, "rows": f.path + ".ndjson", "hive": f.options.Layout == LayoutHive,
			"type": typeJSON(&schema.Type{Kind: schema.Struct, Fields: f.columns})})
		if err != nil {
			t.Fatal(err)
		}
		manifest.Write(append(line, '\n'))
	}
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

// TestParquetMR has parquet-mr read every combination of options, by the oracle's reader.
func TestParquetMR(t *testing.T) {
	jar := os.Getenv("HYDRANT_ORACLE_READER")
	if jar == "" {
		t.Skip("HYDRANT_ORACLE_READER is not set: parquet-mr has not read our files (it names oracle-reader.jar, built from ../shared/oracle/reader)")
	}
	files := foreignFiles(t, t.TempDir())
	args := []string{"-jar", jar, "check"}
	for _, f := range files {
		args = append(args, f.path)
	}
	out, err := exec.Command("java", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(files) {
		t.Fatalf("%d lines for %d files:\n%s", len(lines), len(files), out)
	}
	for i, f := range files {
		// the oracle prints timestamps without T and Z
		text := oracleTime.ReplaceAllString(strings.Join(append(f.rows, ""), "\n"), `"$1 $2"`)
		want := fmt.Sprintf("%08x %d ", crc32.ChecksumIEEE([]byte(text)), len(f.rows))
		if !strings.HasPrefix(lines[i], want) {
			rows, _ := exec.Command("java", "-jar", jar, "rows", f.path).CombinedOutput()
			t.Errorf("%s: parquet-mr reads %q, want %q", filepath.Base(f.path), lines[i], want)
			compareRows(t, filepath.Base(f.path), strings.Split(strings.TrimSuffix(string(rows), "\n"), "\n"), strings.Split(strings.TrimSuffix(text, "\n"), "\n"))
		}
	}
	t.Logf("parquet-mr reads %d files", len(files))
}

var oracleTime = regexp.MustCompile(`"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d(\.\d+)?)Z"`)

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

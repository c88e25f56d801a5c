package orc

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

// matrixTypes are the columns of the generated files, one file each.
var matrixTypes = []string{
	"a:boolean", "a:tinyint", "a:smallint", "a:int", "a:bigint", "a:float", "a:double",
	"a:decimal(5,2)", "a:decimal(18,4)", "a:decimal(38,10)", "a:decimal(38,38)",
	"a:string", "a:char(6)", "a:varchar(8)", "a:binary", "a:date", "a:timestamp",
	"a:array<int>", "a:array<string>", "a:map<string,double>", "a:map<int,array<timestamp>>",
	"a:struct<x:int,y:string,z:boolean>",
	"a:array<struct<b:boolean,m:map<string,decimal(20,5)>,s:struct<t:tinyint,l:array<date>>>>",
	"a:int,b:string,c:struct<d:struct<e:string,f:array<bigint>>,g:float>,h:boolean,i:decimal(10,3)",
}

// matrixRows are row counts around the limits of runs, and of row groups of 1,000 rows.
var matrixRows = []int{0, 1, 2, 7, 511, 512, 513, 999, 1000, 1001, 3500, 12000}

// A matrixFile is one file of the generated matrix.
type matrixFile struct {
	name    string
	columns []schema.Column
	options Options
	rows    []byte // as the oracle reader prints them
	padded  []byte // the same, with char values padded as they are stored
	file    []byte
	batches []*column.Batch
}

// makeMatrixFile makes file number seed: options, types, null patterns and row counts are drawn
// from it.
func makeMatrixFile(seed int) (*matrixFile, error) {
	g := &generator{Rand: rand.New(rand.NewPCG(uint64(seed), 20))}
	text := matrixTypes[seed%len(matrixTypes)]
	columns := parseColumns("struct<" + text + ">")
	pick := func(values ...float64) *float64 { return &values[g.IntN(len(values))] }
	o := Options{
		RowIndexStride:         []int{1000, 1000, 1016, 5000, 0}[g.IntN(5)],
		EnablePadding:          g.IntN(2) == 0,
		PaddingTolerance:       pick(0, 0.05, 1),
		Compression:            []Compression{None, Zlib, Snappy, ""}[g.IntN(4)],
		DictionaryKeyThreshold: pick(0, 0.3, 0.8, 1),
		FormatVersion:          []string{V0_11, V0_12, ""}[g.IntN(3)],
	}
	if g.IntN(3) == 0 {
		o.BloomFilterColumns = []string{"a"}
		o.BloomFilterFalsePositiveProbability = pick(0.01, 0.05, 0.3)
	}
	pattern := g.IntN(len(nullPatterns))
	rows := matrixRows[g.IntN(len(matrixRows))]
	m := &matrixFile{columns: columns, options: o}
	m.name = fmt.Sprintf("%d %s, nulls %s, %d rows, %s%s, stride %d, threshold %v, bloom %d",
		seed, text, nullPatterns[pattern].name, rows, o.Compression, o.FormatVersion, o.RowIndexStride, *o.DictionaryKeyThreshold, len(o.BloomFilterColumns))

	var out bytes.Buffer
	w, err := New(&out, columns, o)
	if err != nil {
		return nil, err
	}
	var stripe Stripe
	for left := rows; left > 0; {
		n := min(left, 1+g.IntN(2000))
		b := g.batch(columns, n, pattern)
		for col := range columns {
			if err := w.Encode(&stripe, b, col); err != nil {
				return nil, err
			}
		}
		for i := range n {
			m.rows = appendRow(m.rows, b, columns, i, false)
			m.padded = appendRow(m.padded, b, columns, i, true)
		}
		m.batches = append(m.batches, b)
		if left -= n; g.IntN(5) == 0 {
			if err := w.Append(&stripe); err != nil {
				return nil, err
			}
		}
	}
	if err := w.Append(&stripe); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	m.file = out.Bytes()
	return m, nil
}

// matrixSize is how many files the matrix has: 200, or HYDRANT_ORC_MATRIX.
func matrixSize(t *testing.T) int {
	if s := os.Getenv("HYDRANT_ORC_MATRIX"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("HYDRANT_ORC_MATRIX: %v", err)
		}
		return n
	}
	if testing.Short() {
		return 48
	}
	return 200
}

// writeMatrix writes the matrix to a directory and returns its files' paths and what is in them.
func writeMatrix(t *testing.T) (paths []string, files map[string]*matrixFile) {
	t.Helper()
	dir := t.TempDir()
	files = map[string]*matrixFile{}
	for seed := range matrixSize(t) {
		m, err := makeMatrixFile(seed)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, fmt.Sprintf("%05d.orc", seed))
		if err := os.WriteFile(path, m.file, 0o644); err != nil {
			t.Fatal(err)
		}
		m.batches = nil
		files[path] = m
		paths = append(paths, path)
	}
	return paths, files
}

// checkForeign compares "crc32 rows file" lines, one for each file, with what was written.
func checkForeign(t *testing.T, output []byte, files map[string]*matrixFile, rows func(*matrixFile) []byte) {
	t.Helper()
	good := 0
	for line := range strings.Lines(string(output)) {
		f := strings.Fields(line)
		if len(f) != 3 {
			t.Errorf("the reader said %q", line)
			continue
		}
		m := files[f[2]]
		if m == nil {
			t.Errorf("the reader named %s", f[2])
			continue
		}
		want := fmt.Sprintf("%08x %d", crc32.ChecksumIEEE(rows(m)), bytes.Count(rows(m), []byte("\n")))
		if got := f[0] + " " + f[1]; got != want {
			t.Errorf("%s: read as %s, written were %s (%s)", f[2], got, want, m.name)
			continue
		}
		good++
	}
	t.Logf("%d of %d files read back to their rows", good, len(files))
	if good != len(files) {
		t.Errorf("%d files were not read", len(files)-good)
	}
}

// inParts runs a command with at most 100 paths at a time.
func inParts(t *testing.T, paths []string, name string, args ...string) []byte {
	t.Helper()
	var out []byte
	for len(paths) > 0 {
		n := min(100, len(paths))
		cmd := exec.Command(name, append(args, paths[:n]...)...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		b, err := cmd.Output()
		if err != nil || stderr.Len() > 0 && !bytes.Contains(stderr.Bytes(), []byte("SLF4J")) {
			t.Errorf("%s: %v\n%.3000s", name, err, stderr.Bytes())
		}
		out = append(out, b...)
		paths = paths[n:]
	}
	return out
}

// TestJavaReads has ORC Java read the matrix.
func TestJavaReads(t *testing.T) {
	jar := os.Getenv("HYDRANT_ORACLE_READER")
	if jar == "" {
		t.Skip("HYDRANT_ORACLE_READER not set: ORC Java doesn't read the matrix")
	}
	paths, files := writeMatrix(t)
	checkForeign(t, inParts(t, paths, "java", "-jar", jar, "check"), files, func(m *matrixFile) []byte { return m.rows })
}

// TestPyarrowReads has ORC C++ read the matrix, by way of pyarrow.
func TestPyarrowReads(t *testing.T) {
	python := os.Getenv("HYDRANT_PYTHON")
	if python == "" {
		t.Skip("HYDRANT_PYTHON not set: ORC C++ doesn't read the matrix")
	}
	paths, files := writeMatrix(t)
	checkForeign(t, inParts(t, paths, python, "testdata/read.py"), files, func(m *matrixFile) []byte { return m.padded })
}

// TestJavaSeeks has ORC Java use our indexes: seeks into stripes, and searches by statistics and
// bloom filters.
func TestJavaSeeks(t *testing.T) {
	jar := os.Getenv("HYDRANT_ORACLE_READER")
	if jar == "" {
		t.Skip("HYDRANT_ORACLE_READER not set: ORC Java doesn't use our indexes")
	}
	paths, files := writeMatrix(t)
	classes := filepath.Join(filepath.Dir(jar), "lib", "*")
	checkSeeks(t, inParts(t, paths, "java", "-cp", classes, "testdata/Seek.java"), files)
}

// TestCppSeeks has ORC C++ do the same, by way of pyorc.
func TestCppSeeks(t *testing.T) {
	python := os.Getenv("HYDRANT_PYTHON")
	if python == "" {
		t.Skip("HYDRANT_PYTHON not set: ORC C++ doesn't use our indexes")
	}
	if err := exec.Command(python, "-c", "import pyorc").Run(); err != nil {
		t.Skip("HYDRANT_PYTHON has no pyorc: ORC C++ doesn't use our indexes")
	}
	paths, files := writeMatrix(t)
	checkSeeks(t, inParts(t, paths, python, "testdata/seek.py"), files)
}

// checkSeeks reads "ok seeks searches skipped file" lines, one for each file.
func checkSeeks(t *testing.T, output []byte, files map[string]*matrixFile) {
	t.Helper()
	good, seeks, searches, skipped := 0, 0, 0, 0
	for line := range strings.Lines(string(output)) {
		f := strings.Fields(line)
		if len(f) != 5 || f[0] != "ok" {
			name := ""
			if m := files[f[min(1, len(f)-1)]]; m != nil {
				name = m.name
			}
			t.Errorf("%.300s (%s)", line, name)
			continue
		}
		for i, n := range []*int{&seeks, &searches, &skipped} {
			k, err := strconv.Atoi(f[1+i])
			if err != nil {
				t.Fatal(err)
			}
			*n += k
		}
		good++
	}
	t.Logf("%d of %d files: %d seeks, %d searches that skipped %d rows", good, len(files), seeks, searches, skipped)
	if good != len(files) {
		t.Errorf("%d files fail", len(files)-good)
	}
}

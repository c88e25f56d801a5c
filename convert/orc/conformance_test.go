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
	"time"

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
		BlockSizeBytes:         10_000, // what padding aligns to; few stripes are larger
		StripeSizeBytes:        10_000,
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
	w, err := newWriter(&out, columns, o)
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

// TestFarTimes has both read times that the matrix hasn't: from the first day of year 1 to the last of 9999, on both sides
// of the days that the Gregorian calendar left out. pyarrow's timestamps are of 1677 to 2262.
func TestFarTimes(t *testing.T) {
	columns := parseColumns("struct<d:date,t:timestamp>")
	b := column.NewBatch(columns)
	for _, text := range []string{"0001-01-01 00:00:00", "0004-02-29 12:00:00.5", "1500-02-28 23:59:59.999999999", "1582-10-04 00:00:01",
		"1582-10-10 10:10:10.000001", "1582-10-15 00:00:00", "1677-09-22 00:00:00", "1900-02-28 00:00:00.001", "1969-12-31 23:59:58.999999999",
		"1970-01-01 00:00:00", "2014-12-31 23:59:59.999", "2015-01-01 00:00:00", "2262-04-11 00:00:00", "9999-12-31 23:59:59.999999999"} {
		x, err := time.Parse("2006-01-02 15:04:05.999999999", text)
		if err != nil {
			t.Fatal(err)
		}
		sec := x.Unix()
		b.Columns[0].AppendInt((sec - (sec%86400+86400)%86400) / 86400)
		b.Columns[1].AppendTimestamp(sec, int32(x.Nanosecond()))
		b.Rows++
	}
	dir := t.TempDir()
	files := map[string]*matrixFile{}
	var both []string
	for _, c := range []int{1, 2} { // the date alone, and both
		b := &column.Batch{Rows: b.Rows, Columns: b.Columns[:c]}
		m := &matrixFile{name: fmt.Sprint(columns[:c])}
		for i := range b.Rows {
			m.rows = appendRow(m.rows, b, columns[:c], i, false)
		}
		path := filepath.Join(dir, fmt.Sprintf("%d.orc", c))
		if err := os.WriteFile(path, write(t, columns[:c], Options{}, b), 0o644); err != nil {
			t.Fatal(err)
		}
		files[path] = m
		both = append(both, path)
	}
	rows := func(m *matrixFile) []byte { return m.rows }
	if jar := os.Getenv("HYDRANT_ORACLE_READER"); jar != "" {
		checkForeign(t, inParts(t, both, "java", "-jar", jar, "check"), files, rows)
	} else {
		t.Log("HYDRANT_ORACLE_READER not set: ORC Java doesn't read them")
	}
	delete(files, both[1])
	if python := os.Getenv("HYDRANT_PYTHON"); python != "" {
		checkForeign(t, inParts(t, both[:1], python, "testdata/read.py"), files, rows)
	} else {
		t.Log("HYDRANT_PYTHON not set: ORC C++ doesn't read them")
	}
}

// javaSeeks has ORC Java use the indexes of files, cppSeeks ORC C++ by way of pyorc.
func javaSeeks(t *testing.T) func(paths []string) []byte {
	jar := os.Getenv("HYDRANT_ORACLE_READER")
	if jar == "" {
		t.Skip("HYDRANT_ORACLE_READER not set: ORC Java doesn't use our indexes")
	}
	return func(paths []string) []byte {
		return inParts(t, paths, "java", "-cp", filepath.Join(filepath.Dir(jar), "lib", "*"), "testdata/Seek.java")
	}
}

func cppSeeks(t *testing.T) func(paths []string) []byte {
	python := os.Getenv("HYDRANT_PYTHON")
	if python == "" {
		t.Skip("HYDRANT_PYTHON not set: ORC C++ doesn't use our indexes")
	}
	if err := exec.Command(python, "-c", "import pyorc").Run(); err != nil {
		t.Skip("HYDRANT_PYTHON has no pyorc: ORC C++ doesn't use our indexes")
	}
	return func(paths []string) []byte { return inParts(t, paths, python, "testdata/seek.py") }
}

var seekers = []struct {
	name string
	open func(*testing.T) func(paths []string) []byte
}{{"Java", javaSeeks}, {"C++", cppSeeks}}

// TestSeeks has both use those of the matrix: seeks into stripes, searches by statistics and bloom filters, and a
// comparison of statistics with the rows.
func TestSeeks(t *testing.T) {
	for _, reader := range seekers {
		t.Run(reader.name, func(t *testing.T) {
			read := reader.open(t)
			paths, files := writeMatrix(t)
			good, seeks, searches, skipped := 0, 0, 0, 0
			for path, s := range readSeeks(t, read(paths)) {
				if s.err != "" {
					t.Errorf("%.1000s (%s)", s.err, files[path].name)
					continue
				}
				good++
				seeks += s.seeks
				searches += s.searches
				skipped += s.skipped
			}
			t.Logf("%d of %d files: %d seeks, %d searches that skipped %d rows", good, len(files), seeks, searches, skipped)
			if good != len(files) {
				t.Errorf("%d files fail", len(files)-good)
			}
		})
	}
}

// A seekResult is a line "ok seeks searches skipped file" or "bad file error".
type seekResult struct {
	err                      string
	seeks, searches, skipped int
}

func readSeeks(t *testing.T, output []byte) map[string]seekResult {
	t.Helper()
	results := map[string]seekResult{}
	for line := range strings.Lines(string(output)) {
		var s seekResult
		var path string
		if _, err := fmt.Sscanf(line, "ok %d %d %d %s", &s.seeks, &s.searches, &s.skipped, &path); err == nil {
			results[path] = s
		} else if f := strings.Fields(line); len(f) > 1 && f[0] == "bad" {
			results[f[1]] = seekResult{err: line}
		} else {
			t.Errorf("the reader said %.1000s", line)
		}
	}
	return results
}

// TestBloomFilters has both readers search for values that no row has and that lie between those of every row group:
// with bloom filters they skip most row groups, without them none.
func TestBloomFilters(t *testing.T) {
	const rows, stride = 12_000, 1000
	text := func(v *column.Vector, x int64) { v.AppendBytes(fmt.Appendf(nil, "key %06d", x)) }
	kinds := []struct {
		name string
		set  func(v *column.Vector, x int64)
	}{
		{"bigint", (*column.Vector).AppendInt},
		{"smallint", (*column.Vector).AppendInt},
		{"date", (*column.Vector).AppendInt},
		{"double", func(v *column.Vector, x int64) { v.AppendFloat(float64(x) / 4) }},
		{"decimal(10,2)", func(v *column.Vector, x int64) { v.AppendDecimal(0, x) }},
		{"decimal(30,10)", func(v *column.Vector, x int64) { v.AppendDecimal(0, x) }},
		{"timestamp", func(v *column.Vector, x int64) { v.AppendTimestamp(x, 500e6) }},
		{"string", text},
		{"varchar(20)", text},
		{"char(20)", text},
	}
	dir := t.TempDir()
	var paths []string
	names := map[string]string{}
	for _, k := range kinds {
		columns := parseColumns("struct<a:" + k.name + ",absent:" + k.name + ">")
		b := column.NewBatch(columns)
		for i := range int64(rows) {
			x := 2 * (i * 7919 % rows) // in any order
			k.set(&b.Columns[0], x)
			k.set(&b.Columns[1], min(max(x, 2000), 2*rows-2000)+1)
		}
		b.Rows = rows
		for _, bloom := range []string{"bloom", "plain"} {
			o := Options{RowIndexStride: stride}
			if bloom == "bloom" {
				o.BloomFilterColumns = []string{"a"}
			}
			path := filepath.Join(dir, fmt.Sprintf("%02d-%s.orc", len(paths), bloom))
			if err := os.WriteFile(path, write(t, columns, o, b), 0o644); err != nil {
				t.Fatal(err)
			}
			paths = append(paths, path)
			names[path] = k.name
		}
	}
	for _, reader := range seekers {
		t.Run(reader.name, func(t *testing.T) {
			results := readSeeks(t, reader.open(t)(paths))
			for _, path := range paths {
				s := results[path]
				switch share := float64(s.skipped) / float64(max(1, s.searches*rows)); {
				case s.err != "":
					t.Errorf("%s: %.1000s", names[path], s.err)
				case s.searches == 0:
					t.Logf("%s can't be searched for", names[path])
				case strings.Contains(path, "bloom") && share < 0.8, strings.Contains(path, "plain") && share > 0:
					t.Errorf("%s, %s: %.2f of the rows were skipped", names[path], filepath.Base(path), share)
				default:
					t.Logf("%s, %s: %.2f of the rows were skipped", names[path], filepath.Base(path), share)
				}
			}
		})
	}
}

package orc

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/internal/rowjson"
)

// shared is the optional checkout of reference files beside this one.
const shared = "../../../shared"

func sharedFiles(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(shared, pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("../shared not present: %s was not read", pattern)
	}
	return files
}

func open(t testing.TB, data []byte) *File {
	t.Helper()
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func rows(t testing.TB, data []byte, columns ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := open(t, data).Rows(&out, columns, 0); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// asOracle writes timestamps as the oracle does, "2006-01-02 15:04:05" and no zone.
func asOracle(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for {
		end := bytes.Index(b, []byte(`Z"`))
		if end < 0 {
			return append(out, b...)
		}
		start := bytes.LastIndexByte(b[:end], '"') + 1
		text := b[start:end]
		out = append(out, b[:end]...)
		if len(text) < 19 || text[4] != '-' || text[10] != 'T' || text[13] != ':' {
			out = append(out, 'Z')
		} else {
			out[len(out)-len(text)+10] = ' '
		}
		b = b[end+1:]
	}
}

type oracleFile struct {
	File     string
	Rows     int64
	Columns  []struct{ Name, Type string }
	RowsCRC  string `json:"rows_crc32"`
	ReadBack struct {
		CRC   string `json:"crc32"`
		Equal bool
	} `json:"read_back"`
	Checks []struct {
		Column string
		Count  int64
		Nulls  int64
		Min    json.RawMessage
		Max    json.RawMessage
		Sum    json.RawMessage
		CRC    string `json:"crc32"`
	}
	Structure json.RawMessage
}

func readOracle(t testing.TB, path string) (data []byte, side oracleFile) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path + ".json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &side); err != nil {
		t.Fatal(path, err)
	}
	return data, side
}

// TestOracle reads the files of ORC Java to their rows: those that ORC Java itself reads back.
func TestOracle(t *testing.T) {
	files := sharedFiles(t, "oracle/orc/*.orc")
	good, equal, total := 0, 0, int64(0)
	for _, path := range files {
		data, side := readOracle(t, path)
		f, err := Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Errorf("%s: %v", side.File, err)
			continue
		}
		var out bytes.Buffer
		if err := f.Rows(&out, nil, 0); err != nil {
			t.Errorf("%s: %v", side.File, err)
			continue
		}
		if got := fmt.Sprintf("%08x", crc32.ChecksumIEEE(asOracle(out.Bytes()))); got != side.ReadBack.CRC || f.NumRows() != side.Rows {
			t.Errorf("%s: %d rows of CRC %s, want %d of %s", side.File, f.NumRows(), got, side.Rows, side.ReadBack.CRC)
			continue
		}
		good++
		total += side.Rows
		if side.ReadBack.Equal {
			equal++
		}
	}
	t.Logf("%d of %d files read to the rows that ORC Java reads, %d rows; in %d files these are the rows that were written",
		good, len(files), total, equal)
}

// TestOracleColumns reads each column alone and compares it with its check.
func TestOracleColumns(t *testing.T) {
	n := 0
	for _, path := range sharedFiles(t, "oracle/orc/*.orc") {
		data, side := readOracle(t, path)
		if !side.ReadBack.Equal || testing.Short() && !strings.Contains(path, "v195") {
			continue
		}
		for i, check := range side.Checks {
			lines := asOracle(rows(t, data, check.Column))
			crc := uint32(0)
			for line := range bytes.Lines(lines) {
				name := rowjson.AppendText([]byte("{"), side.Columns[i].Name)
				value, ok := bytes.CutPrefix(line, append(name, ':'))
				if !ok {
					t.Fatalf("%s: column %s alone gives %s", side.File, check.Column, line)
				}
				value = append(bytes.TrimSuffix(value, []byte("}\n")), '\n')
				crc = crc32.Update(crc, crc32.IEEETable, value)
			}
			if got := fmt.Sprintf("%08x", crc); got != check.CRC {
				t.Errorf("%s: column %s (%s) has CRC %s, want %s", side.File, check.Column, side.Columns[i].Type, got, check.CRC)
				continue
			}
			n++
		}
	}
	t.Logf("%d columns alone agree", n)
}

// TestSections reads from rows in the middle of stripes on, by the index.
func TestSections(t *testing.T) {
	n := 0
	for _, path := range append(sharedFiles(t, "oracle/orc/*.orc"), sharedFiles(t, "corpus/orc/*.orc")...) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f := open(t, data)
		if f.NumRows() > 100_000 {
			continue
		}
		all := bytes.SplitAfter(rows(t, data), []byte("\n"))
		for _, first := range []int64{1, 999, 1000, 1001, 5120, 5121, 9999, 10000, f.NumRows() - 1} {
			if first < 0 || first >= f.NumRows() {
				continue
			}
			last := min(first+50, f.NumRows())
			var out bytes.Buffer
			if err := f.Section(&out, nil, first, 50); err != nil {
				t.Errorf("%s from row %d: %v", path, first, err)
			} else if want := bytes.Join(all[first:last], nil); !bytes.Equal(out.Bytes(), want) {
				t.Errorf("%s from row %d: %.200s, want %.200s", path, first, out.Bytes(), want)
			}
			n++
		}
	}
	t.Logf("%d sections agree", n)
}

// TestCorpus compares the files of the ORC project with the rows it publishes.
func TestCorpus(t *testing.T) {
	good := 0
	files := sharedFiles(t, "corpus/orc/*.orc")
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got := rows(t, data)
		gz, err := os.Open(strings.TrimSuffix(path, ".orc") + ".jsn.gz")
		if err != nil { // too large to publish
			if n := int64(bytes.Count(got, []byte("\n"))); n != open(t, data).NumRows() {
				t.Errorf("%s: %d rows", path, n)
			} else {
				t.Logf("%s: %d rows, no list of them to compare with", filepath.Base(path), n)
				good++
			}
			continue
		}
		z, err := gzip.NewReader(gz)
		if err != nil {
			t.Fatal(err)
		}
		want, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		if err := sameRows(got, want); err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		good++
	}
	t.Logf("%d of %d files agree", good, len(files))
}

func sameRows(got, want []byte) error {
	g, w := json.NewDecoder(bytes.NewReader(got)), json.NewDecoder(bytes.NewReader(want))
	g.UseNumber()
	w.UseNumber()
	for i := 0; ; i++ {
		var a, b any
		errA, errB := g.Decode(&a), w.Decode(&b)
		if errA == io.EOF && errB == io.EOF {
			return nil
		}
		if errA != nil || errB != nil {
			return fmt.Errorf("row %d: %v, %v", i, errA, errB)
		}
		if m, ok := a.(map[string]any); ok && len(m) == 1 && m["_col0"] != nil {
			if _, ok := b.(map[string]any); !ok {
				a = m["_col0"] // published without the struct
			}
		}
		if !sameValue(a, b) {
			return fmt.Errorf("row %d: %v, want %v", i, a, b)
		}
	}
}

// sameValue compares a, as this package prints it, with b, as the ORC project's JSON has it:
// binary as an array of numbers, maps as arrays of pairs.
func sameValue(a, b any) bool {
	switch b := b.(type) {
	case map[string]any:
		m, ok := a.(map[string]any)
		if !ok || len(m) != len(b) {
			return false
		}
		for k, v := range b {
			if !sameValue(m[k], v) {
				return false
			}
		}
		return true
	case []any:
		switch a := a.(type) {
		case []any:
			if len(a) != len(b) {
				return false
			}
			for i := range a {
				if !sameValue(a[i], b[i]) {
					return false
				}
			}
			return true
		case string:
			raw, err := base64.StdEncoding.DecodeString(a)
			if err != nil || len(raw) != len(b) {
				return false
			}
			for i, c := range raw {
				if b[i].(json.Number).String() != fmt.Sprint(c) && b[i].(json.Number).String() != fmt.Sprint(int8(c)) {
					return false
				}
			}
			return true
		case map[string]any:
			if len(a) != len(b) {
				return false
			}
			for _, pair := range b {
				pair := pair.(map[string]any)
				if !sameValue(a[fmt.Sprint(pair["key"])], pair["value"]) {
					return false
				}
			}
			return true
		}
		return false
	case json.Number:
		x, ok := a.(json.Number)
		if !ok {
			return false
		}
		p, _ := new(big.Rat).SetString(x.String())
		q, _ := new(big.Rat).SetString(b.String())
		return p.Cmp(q) == 0
	case string:
		s, ok := a.(string)
		if !ok {
			return false
		}
		s = strings.TrimSuffix(strings.Replace(s, "T", " ", 1), "Z")
		return s == b || s == strings.TrimSuffix(b, ".0") || a == b
	}
	return a == b
}

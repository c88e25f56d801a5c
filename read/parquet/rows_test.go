package parquet

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// shared is the optional checkout of reference material beside the repository.
var shared = filepath.Join("..", "..", "..", "shared")

func rowsOf(t testing.TB, path string, columns []string, limit int64) (string, error) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = f.Rows(&out, columns, limit)
	return out.String(), err
}

var (
	oracleTime = regexp.MustCompile(`"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d(\.\d+)?)Z"`)
)

// TestOracleRows reads what Hive and parquet-mr wrote and compares it with what parquet-mr reads.
func TestOracleRows(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(shared, "oracle", "parquet", "*.parquet"))
	if len(files) == 0 {
		t.Skip("../shared not present: no file of the oracle was read")
	}
	same := 0
	for _, path := range files {
		text, err := os.ReadFile(path + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var side struct {
			Rows     int
			RowsFile string `json:"rows_file"`
			ReadBack struct {
				CRC32 string
				Equal bool
			} `json:"read_back"`
		}
		if err := json.Unmarshal(text, &side); err != nil {
			t.Fatal(err)
		}
		got, err := rowsOf(t, path, nil, -1)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(path), err)
			continue
		}
		// the oracle prints timestamps without T and Z
		got = oracleTime.ReplaceAllString(got, `"$1 $2"`)
		if crc := crc32.ChecksumIEEE([]byte(got)); len(side.ReadBack.CRC32) == 8 && hex32(crc) == side.ReadBack.CRC32 {
			same++
			continue
		}
		t.Errorf("%s: rows differ: %s", filepath.Base(path), firstDifference(got, readGzip(t, filepath.Join(shared, "oracle", "parquet", side.RowsFile))))
	}
	t.Logf("%d of %d files have the rows that parquet-mr reads", same, len(files))
}

func hex32(x uint32) string {
	const digits = "0123456789abcdef"
	b := make([]byte, 8)
	for i := range b {
		b[i] = digits[x>>(28-4*i)&15]
	}
	return string(b)
}

func readGzip(t testing.TB, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			x := ""
			if i < len(w) {
				x = w[i]
			}
			return "got " + g[i] + "\nwant " + x
		}
	}
	return "lengths"
}

// corpus is the CRC-32 of the rows of each file of ../shared/corpus/parquet; pyarrow reads the same values.
var corpus = map[string]string{
	"firehose_written.parquet":                "9b20874a",
	"alltypes_plain.parquet":                  "8a766055",
	"alltypes_plain.snappy.parquet":           "fbd0dcc1",
	"binary.parquet":                          "0b607797",
	"byte_array_decimal.parquet":              "1bd61a11",
	"column_chunk_key_value_metadata.parquet": "00000000",
	"concatenated_gzip_members.parquet":       "b805d2c8",
	"datapage_v2.snappy.parquet":              "919db9d6",
	"delta_binary_packed.parquet":             "6cbbe98e",
	"fixed_length_decimal.parquet":            "1bd61a11",
	"hadoop_lz4_compressed.parquet":           "12caa0b9",
	"int32_decimal.parquet":                   "1bd61a11",
	"int64_decimal.parquet":                   "1bd61a11",
	"int96_from_spark.parquet":                "c8879301",
	"list_columns.parquet":                    "65680245",
	"map_no_value.parquet":                    "24f7a301",
	"nan_in_stats.parquet":                    "b616eefe",
	"nested_lists.snappy.parquet":             "35385f9f",
	"nested_maps.snappy.parquet":              "d9a13457",
	"nonnullable.impala.parquet":              "fc50eb1b",
	"null_list.parquet":                       "783db51c",
	"nulls.snappy.parquet":                    "8b6c299b",
	"old_list_structure.parquet":              "621499fb",
	"repeated_no_annotation.parquet":          "c0d3d1b9",
	"rle_boolean_encoding.parquet":            "6b969e6b",
	"single_nan.parquet":                      "7e351509",
}

// TestCorpusRows reads the corpus of parquet-testing and the service's own file.
func TestCorpusRows(t *testing.T) {
	var files []string
	for _, p := range []string{"*.parquet", "parquet-testing/*.parquet"} {
		m, _ := filepath.Glob(filepath.Join(shared, "corpus", "parquet", p))
		files = append(files, m...)
	}
	if len(files) == 0 {
		t.Skip("../shared not present: no file of the corpus was read")
	}
	for _, path := range files {
		got, err := rowsOf(t, path, nil, -1)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(path), err)
			continue
		}
		if crc := hex32(crc32.ChecksumIEEE([]byte(got))); corpus[filepath.Base(path)] != crc {
			t.Errorf("%q: %q, // %.300s", filepath.Base(path), crc, got)
		}
	}
	t.Logf("%d files", len(files))
}

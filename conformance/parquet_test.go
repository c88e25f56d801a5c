package conformance

import (
	"bytes"
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
)

const parquetSchema = "struct<id:bigint,t:tinyint,s:smallint,i:int,f:float,d:double,b:boolean,dec5:decimal(5,2),dec18:decimal(18,4),dec38:decimal(38,10)," +
	"str:string,c:char(6),vc:varchar(8),day:date,ts:timestamp,low:string,none:int,st:struct<x:int,y:string,at:timestamp,deep:struct<q:double>>," +
	"texts:array<string>,ints:array<int>,m:map<string,bigint>,ast:array<struct<k:string,v:decimal(9,3)>>>"

// parquetRecords are records of parquetSchema, of which every 97th doesn't fit. Values leave gaps for predicates that must not match.
func parquetRecords(n int) []byte {
	var b bytes.Buffer
	rng := rand.New(rand.NewPCG(1, 2))
	// number is an even multiple, so that there is always one that no record has
	number := func(bound int, format string) string { return fmt.Sprintf(format, 2*(rng.IntN(bound)-bound/2)) }
	time := func() string {
		return fmt.Sprintf("%04d-%02d-%02d %02d:%02d:%02d.%06d", 1900+rng.IntN(300), 1+rng.IntN(12), 1+rng.IntN(28), rng.IntN(24), rng.IntN(60), 2*rng.IntN(30), rng.IntN(1e6))
	}
	text := func(prefix string, values int) string {
		return fmt.Sprintf("%q", fmt.Sprintf("%s%d", prefix, rng.IntN(values)))
	}
	list := func(of func() string) string {
		var items []string
		for range rng.IntN(4) {
			items = append(items, of())
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	for i := range n {
		if i%97 == 96 {
			fmt.Fprintf(&b, `{"id":"no number"}`+"\n")
			continue
		}
		fmt.Fprintf(&b, `{"id":%d`, 10*i)
		member := func(name, value string) {
			switch rng.IntN(12) {
			case 0:
				return
			case 1:
				value = "null"
			}
			fmt.Fprintf(&b, `,%q:%s`, name, value)
		}
		member("t", number(100, "%d"))
		member("s", number(30_000, "%d"))
		member("i", number(1e9, "%d"))
		member("f", number(1000, "%d.5"))
		member("d", number(1e6, "%d.5"))
		member("b", "true")
		member("dec5", number(400, "%d.50"))
		member("dec18", number(1e9, "%d.0002"))
		member("dec38", number(1e9, "%d0000000000000000.0000000002"))
		member("str", fmt.Sprintf(`"key %05d%s"`, rng.IntN(1000), strings.Repeat(" and a long end", rng.IntN(8))))
		member("c", text("c", 20))
		member("vc", text("ä", 50))
		member("day", fmt.Sprintf(`"%d-%02d-%02d"`, 1600+rng.IntN(800), 1+rng.IntN(12), 2+rng.IntN(27)))
		member("ts", `"`+time()+`"`)
		member("low", text("low ", 2)[:5]+text("", 3)[1:])
		inner := fmt.Sprintf(`{"x":%s,"y":%s,"at":%q,"deep":{"q":%s}}`, number(1000, "%d"), text("y ", 300), time(), number(1000, "%d.5"))
		if i%11 == 0 {
			inner = `{"y":null,"deep":{}}`
		}
		member("st", inner)
		member("texts", list(func() string { return text("text ", 9) }))
		member("ints", list(func() string { return number(20, "%d") }))
		member("m", fmt.Sprintf(`{"k1":%d,"k%d":null}`, 2*rng.IntN(9)+1, 2+rng.IntN(3)))
		member("ast", list(func() string { return fmt.Sprintf(`{"k":%s,"v":%s}`, text("k ", 5), number(1000, "%d.5")) }))
		b.WriteString("}\n")
	}
	return b.Bytes()
}

// TestParquet converts the same records with every combination of options: pyarrow, DuckDB, Polars and parquet-mr read the rows that the
// records have, and so does hydrant cat; predicates of every column find what must and not what must not match.
func TestParquet(t *testing.T) {
	dir := t.TempDir()
	records := parquetRecords(3000)
	write(t, dir, "in.ndjson", string(records))
	var files []string
	var rows string
	for _, layout := range []string{"service", "modern", "hive"} {
		for _, version := range []string{"V1", "V2"} {
			for _, codec := range []string{"SNAPPY", "UNCOMPRESSED", "GZIP", "ZSTD"} {
				for _, dictionary := range []string{"false", "true"} {
					file := strings.Join([]string{layout, version, codec, dictionary}, "-") + ".parquet"
					args := []string{hydrant(t), "convert", "--schema", parquetSchema, "--out", file, "--json", "--memory", "256KiB", "--max-failed", "1.1%", "--option", "Layout=" + layout,
						"--option", "WriterVersion=" + version, "--option", "Compression=" + codec, "--option", "EnableDictionaryCompression=" + dictionary}
					if len(files)%2 == 1 {
						if layout != "hive" {
							args = append(args, "--option", "BloomFilterColumns=id,str,dec38,st.x,st.y,texts")
						}
						args = append(args, "--jobs", "1", "--option", "PageSizeBytes=65536", "--option", "MaxPaddingBytes=4096", "--option", "BlockSizeBytes=67108864")
					}
					out, errs, status := run(t, dir, append(args, "in.ndjson")...)
					var s struct{ Records, Rows, Failed int }
					if err := json.Unmarshal([]byte(out), &s); err != nil || status != 0 || s.Records != 3000 || s.Failed != 30 || s.Rows != 2970 {
						t.Fatalf("%s: %d %s%s", file, status, out, errs)
					}
					text, errs, status := run(t, dir, hydrant(t), "cat", file)
					if rows == "" {
						rows = text
					}
					if status != 0 || text != rows {
						t.Errorf("%s: hydrant cat: %d %s, other rows than of %s", file, status, errs, files)
					}
					files = append(files, file)
				}
			}
		}
	}
	out, errs, status := run(t, dir, append([]string{tool(t, "python"), absolute(t, "parquet.py"), "in.ndjson"}, files...)...)
	if status != 0 {
		t.Errorf("%s%s", out, errs)
	}
	t.Log(strings.TrimSpace(out))
	parquetMR(t, dir, files, rows)
}

var rfc3339 = regexp.MustCompile(`"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d(\.\d+)?)Z"`)

// parquetMR has parquet-mr read files, by the oracle's reader: rows are those that hydrant cat printed.
func parquetMR(t *testing.T, dir string, files []string, rows string) {
	jar := filepath.Join(os.Getenv("HYDRANT_CONFORMANCE"), "reader", "target", "oracle-reader.jar")
	if _, err := os.Stat(jar); err != nil {
		t.Log("no oracle-reader.jar: parquet-mr has not read the files")
		return
	}
	cmd := exec.Command("java", append([]string{"-jar", jar, "check"}, files...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("parquet-mr: %v\n%s", err, out)
	}
	text := rfc3339.ReplaceAllString(rows, `"$1 $2"`) // timestamps are printed without T and Z there
	want := fmt.Sprintf("%08x %d ", crc32.ChecksumIEEE([]byte(text)), strings.Count(rows, "\n"))
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(files) {
		t.Fatalf("%d lines for %d files:\n%s", len(lines), len(files), out)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, want) {
			t.Errorf("parquet-mr reads %s, want %s", line, want)
		}
	}
	t.Logf("parquet-mr reads the rows of %d files", len(files))
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConvert(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		stdin string
		args  []string
		want  int
		cat   string // files to read
		rows  string
		left  string // all files
		says  string // part of stderr
	}{
		{name: "one file for all", files: map[string]string{"a.json": people(2, -1), "b.json": `{"id":9}`},
			args: []string{"--to", "parquet", "--out", "o.parquet", "b.json", "a.json"}, cat: "o.parquet",
			rows: `{"id":9,"name":null}` + "\n" + people(2, -1), left: "a.json b.json o.parquet", says: "3 records in, 3 rows out"},
		{name: "an input twice", files: map[string]string{"in/a.json": people(1, -1)}, args: []string{"--out", "o", "in", "./in/a.json"}, cat: "o",
			rows: people(1, -1) + people(1, -1), left: "in/a.json o", says: "hydrant: ./in/a.json is the input in/a.json again: its records are converted twice\n"},
		{name: "orc, gzip by content", files: map[string]string{"a.json": gzipped(t, people(3, -1))},
			args: []string{"--to", "orc", "--out", "o", "a.json"}, cat: "o", rows: people(3, -1), left: "a.json o"},
		{name: "stdin", stdin: people(1, -1), args: []string{"--to", "parquet", "--out", "o", "-"}, cat: "o", rows: people(1, -1), left: "o"},
		{name: "folders", files: map[string]string{"in/a.json.gz": gzipped(t, people(1, -1)), "in/b/a.ndjson": people(2, -1), "in/.hidden": "x"},
			args: []string{"--to", "parquet", "--out", "out/", "in"}, cat: "out/a.parquet", rows: people(1, -1),
			left: "in/.hidden in/a.json.gz in/b/a.ndjson out/a.parquet out/b/a.parquet"},
		{name: "globs of folders", files: map[string]string{"in/a/x.json": people(1, -1), "in/y.json": people(2, -1)},
			args: []string{"--to", "parquet", "--out", "o", "in/*"}, cat: "o", rows: people(1, -1) + people(2, -1), left: "in/a/x.json in/y.json o"},
		{name: "a folder without files", files: map[string]string{"in/.hidden": "x"}, args: []string{"--to", "parquet", "--out", "o", "in"},
			want: exitUsage, left: "in/.hidden", says: "no input: nothing is below in"},
		{name: "same output twice", files: map[string]string{"a.json": "", "b/a.json": ""}, args: []string{"--to", "parquet", "--out", "out/", "a.json", "b/a.json"},
			want: exitUsage, left: "a.json b/a.json", says: "would both become out/a.parquet"},
		{name: "output over an input", files: map[string]string{"in/a.json": people(1, -1)}, args: []string{"--out", "in/../in/a.json", "in"},
			want: exitUsage, left: "in/a.json", says: "in/../in/a.json would take the place of the input in/a.json"},
		{name: "a file over an input", files: map[string]string{"in/a": people(1, -1), "in/a.parquet": people(1, -1)}, args: []string{"--out", "in/", "in"},
			want: exitUsage, left: "in/a in/a.parquet", says: "in/a.parquet would take the place of the input in/a.parquet"},
		{name: "errors over an input", files: map[string]string{"a": people(1, 0)}, args: []string{"--out", "o/", "--file-size", "1MB", "--errors", "a", "a"},
			want: exitUsage, left: "a", says: "a would take the place of the input a"},
		{name: "errors over the rows", files: map[string]string{"a": people(2, 0)}, args: []string{"--out", "o", "--errors", "./o", "a"},
			want: exitUsage, left: "a", says: "o would take the place of the records that are set aside"},
		{name: "no records", files: map[string]string{"a.json": ""}, args: []string{"--to", "parquet", "--out", "o", "a.json"}, cat: "o", left: "a.json o"},
		{name: "records set aside", files: map[string]string{"a.json": people(3, 1)}, args: []string{"--to", "parquet", "--out", "o.parquet", "a.json"},
			want: exitSetAside, cat: "o.parquet", rows: "{\"id\":0,\"name\":\"name 0\"}\n{\"id\":2,\"name\":\"name 2\"}\n",
			left: "a.json o.parquet o.parquet.errors.ndjson", says: "1 of 3 records were set aside; they are in o.parquet.errors.ndjson"},
		{name: "max-failed", files: map[string]string{"a.json": people(3, 1)}, args: []string{"--to", "parquet", "--out", "o", "--errors", "e", "--max-failed", "40%", "a.json"},
			left: "a.json e o"},
		{name: "over max-failed", files: map[string]string{"a.json": people(3, 1)}, args: []string{"--to", "parquet", "--out", "o", "--max-failed", "0", "a.json"},
			want: exitSetAside, left: "a.json o o.errors.ndjson"},
		{name: "hive, config", files: map[string]string{"a.json": `{"ID":1,"_col1":"x"}`, "c.json": `{"InputFormatConfiguration":{"Deserializer":{"HiveJsonSerDe":{}}},"OutputFormatConfiguration":{"Serializer":{"OrcSerDe":{"Compression":"ZLIB"}}}}`},
			args: []string{"--config", "c.json", "--out", "o", "a.json"}, cat: "o", rows: `{"id":1,"name":"x"}` + "\n", left: "a.json c.json o"},
		{name: "flags win over config", files: map[string]string{"a.json": `{"id":1,"_col1":"x"}`, "c.json": `{"InputFormatConfiguration":{"Deserializer":{"HiveJsonSerDe":{}}}}`},
			args: []string{"--config", "c.json", "--deserializer", "openx", "--option", "ColumnToJsonKeyMappings=name=id", "--to", "parquet", "--out", "o", "a.json"},
			cat:  "o", rows: `{"id":1,"name":"1"}` + "\n", left: "a.json c.json o"},
		{name: "broken gzip", files: map[string]string{"a.gz": gzipped(t, people(9, -1))[:60]}, args: []string{"--to", "parquet", "--out", "o", "a.gz"},
			want: exitFailed, left: "a.gz", says: "hydrant: a.gz: unexpected EOF"},
		{name: "rows as input", files: map[string]string{"in/a": "{}", "in/b": "PAR1..PAR1"}, args: []string{"--out", "o", "in"},
			want: exitFailed, left: "in/a in/b", says: "in/b: it is Parquet or ORC; JSON is wanted"},
		{name: "input formats", files: map[string]string{"a": `{"data":"eyJpZCI6MX0="}`}, args: []string{"--to", "parquet", "--out", "o", "a"},
			cat: "o", rows: `{"id":1,"name":null}` + "\n", left: "a o", says: "a is read as records"},
		{name: "not that format", files: map[string]string{"a": "{}\n"}, args: []string{"--to", "parquet", "--out", "o", "--input-format", "records", "a"},
			want: exitFailed, left: "a", says: "a:1: a record without data or text"},
		{name: "no such file", args: []string{"--to", "parquet", "--out", "o", "nothing"}, want: exitUsage, says: "nothing: no such file"},
		{name: "no folder", files: map[string]string{"a": ""}, args: []string{"--to", "parquet", "--out", "x/o", "a"}, want: exitFailed, left: "a", says: "write x/o: "},
		{name: "no folder for errors", files: map[string]string{"a": people(1, -1)}, args: []string{"--out", "o", "--errors", "x/e", "a"}, want: exitUsage, left: "a", says: "--errors x/e: stat x: no such file"},
		{name: "a folder for errors", files: map[string]string{"a": people(1, -1), "o.errors.ndjson/x": ""}, args: []string{"--out", "o", "a"}, want: exitUsage,
			left: "a o.errors.ndjson/x", says: "--errors o.errors.ndjson is a folder"},
		{name: "rows and errors", files: map[string]string{"a": people(2, 0)}, args: []string{"--out", "-", "--errors", "-", "a"}, want: exitUsage, left: "a", says: "--errors -: stdout has the rows"},
		{name: "errors in the new folder", files: map[string]string{"a": people(2, 0)}, args: []string{"--out", "x/o/", "--errors", "x/o/e", "a"}, want: exitSetAside, left: "a x/o/a.parquet x/o/e"},
		{name: "no input", args: []string{"--to", "parquet", "--out", "o"}, want: exitUsage, says: "no input"},
		{name: "no output", args: []string{"--to", "parquet", "-"}, want: exitUsage, says: "--out is needed"},
		{name: "bad format", args: []string{"--to", "csv", "--out", "o", "-"}, want: exitUsage, says: `--to is parquet or orc, not "csv"`},
		{name: "bad option", args: []string{"--to", "orc", "--out", "o", "--option", "StripeSizeBytes=7", "-"}, want: exitUsage, says: "--option StripeSizeBytes=7"},
		{name: "other side's option", args: []string{"--to", "orc", "--out", "o", "--option", "TimestampFormats=millis", "-"}, want: exitUsage, says: "Hive JSON SerDe"},
		{name: "bad size", args: []string{"--to", "orc", "--out", "o/", "--file-size", "12 parsec", "-"}, want: exitUsage, says: "--file-size"},
		{name: "no byte", args: []string{"--to", "orc", "--out", "o/", "--memory", "0.5", "-"}, want: exitUsage, says: `--memory: "0.5" is no size`},
		{name: "size without folder", stdin: "{}", args: []string{"--to", "orc", "--out", "o", "--file-size", "1MB", "-"}, want: exitUsage, says: "--file-size needs a folder"},
		{name: "bad jobs", args: []string{"--to", "orc", "--out", "o", "--jobs", "0", "-"}, want: exitUsage, says: "--jobs 0"},
		{name: "bad shard", args: []string{"--to", "orc", "--out", "o", "--shard", "3/2", "-"}, want: exitUsage, says: "--shard: part 3 of 2"},
		{name: "unknown flag", args: []string{"--too", "orc"}, want: exitUsage, says: "unknown flag: --too"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range tt.files {
				if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o777); err != nil {
					t.Fatal(err)
				}
				write(t, dir, name, text)
			}
			out, errs, status := command(t, dir, tt.stdin, append([]string{"convert", "--schema", idName}, tt.args...)...)
			if status != tt.want || out != "" {
				t.Errorf("status %d, want %d; stdout %q, stderr:\n%s", status, tt.want, out, errs)
			}
			if !strings.Contains(errs, tt.says) {
				t.Errorf("stderr lacks %q:\n%s", tt.says, errs)
			}
			if got := listing(t, dir); got != tt.left {
				t.Errorf("files: %s\nwant:  %s", got, tt.left)
			}
			if tt.cat != "" {
				if got := catAll(t, dir, tt.cat); got != tt.rows {
					t.Errorf("rows\n%swant\n%s", got, tt.rows)
				}
			}
		})
	}
}

// Links to files and folders are read, each file once; the folder itself may be one.
func TestConvertLinks(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"in/sub", "far/deep", "far/.data"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range []string{"in/a.json", "in/sub/b.json", "far/deep/c.json", "far/.data/d.json"} {
		write(t, dir, name, fmt.Sprintf(`{"id":%d,"name":null}`+"\n", i))
	}
	for name, to := range map[string]string{"in/again.json": "a.json", "in/sub/up": "..", "in/z": "../far/deep", "in/d.json": "../far/.data/d.json", "in/zz": "../far/deep", "link": "in", "dead/x": "nowhere"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	for _, in := range []string{"in", "link"} {
		if _, errs, status := command(t, dir, "", "convert", "--schema", idName, "--out", "o/", in); status != exitOK {
			t.Fatalf("%d %s", status, errs)
		}
		if got := listing(t, filepath.Join(dir, "o")); got != "a.parquet d.parquet sub/b.parquet z/c.parquet" {
			t.Errorf("%s: %s", in, got)
		}
	}
	if _, errs, status := command(t, dir, "", "convert", "--schema", idName, "--out", "o/", "dead"); status != exitFailed || !strings.Contains(errs, "the link dead/x: ") {
		t.Errorf("%d %s", status, errs)
	}
}

// The type that a deserializer lacks is named before anything is read.
func TestConvertUnsupported(t *testing.T) {
	_, errs, status := command(t, t.TempDir(), "", "convert", "--schema", "struct<a:struct<b:binary>>", "--to", "parquet", "--out", "o", "-")
	if status != exitUsage || !strings.Contains(errs, "column a.b: The schema is invalid.") {
		t.Errorf("%d %s", status, errs)
	}
}

func TestConvertJSON(t *testing.T) {
	dir := t.TempDir()
	in := people(5, 3) + "{\n"
	write(t, dir, "in.json", in)
	out, errs, status := command(t, dir, "", "convert", "--schema", idName, "--to", "parquet", "--out", "o", "--json", "in.json")
	var s convertSummary
	if err := json.Unmarshal([]byte(out), &s); err != nil || status != exitSetAside {
		t.Fatalf("%v, status %d: %s%s", err, status, out, errs)
	}
	if s.Records != 6 || s.Rows != 4 || s.Failed != 2 || s.BytesIn != int64(len(in)) || s.WallSeconds <= 0 ||
		s.Failures["DataFormatConversion.MalformedData"] != 1 || s.Failures["DataFormatConversion.ParseError"] != 1 {
		t.Errorf("%+v", s)
	}
	info, err := os.Stat(filepath.Join(dir, "o"))
	if err != nil || len(s.Files) != 1 || s.Files[0] != (convertedFile{"o", 4, info.Size()}) {
		t.Errorf("%v, %+v", err, s.Files)
	}
	lines, err := os.ReadFile(filepath.Join(dir, "o.errors.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"attemptsMade":1,"arrivalTimestamp":0,"lastErrorCode":"DataFormatConversion.MalformedData","lastErrorMessage":"Data does not match the schema. For input string: \"x3\"",` +
		`"attemptEndingTimestamp":0,"rawData":"eyJpZCI6IngzIn0=","sequenceNumber":"3","subSequenceNumber":0,` +
		`"dataCatalogTable":{"catalogId":null,"databaseName":"","tableName":"","region":"","versionId":"LATEST","catalogArn":null},` +
		`"location":{"file":"in.json","line":4,"offset":6,"path":"/id","column":"id","type":"int","value":"\"x3\"",`
	if got := string(lines); !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 2 || !strings.Contains(got, `"sequenceNumber":"5"`) {
		t.Errorf("got  %swant %s…", got, want)
	}
	if strings.Contains(errs, "x3") {
		t.Errorf("a value on stderr: %s", errs)
	}
}

// Several small files are converted at once; summary and error lines are in their order, the same bytes every time.
func TestConvertManyFiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "in"), 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		write(t, filepath.Join(dir, "in"), fmt.Sprintf("%02d.json", i), people(300*(i%5)+1, i))
	}
	var want string
	for _, tt := range []struct{ jobs, memory string }{{"1", "512MiB"}, {"2", "512MiB"}, {"7", "512MiB"}, {"7", "70MiB"}, {"7", "40MiB"}} {
		out, errs, status := command(t, dir, "", "convert", "--schema", idName, "--to", "orc", "--out", "o/", "--jobs", tt.jobs, "--memory", tt.memory, "--json", "in")
		var s convertSummary
		if err := json.Unmarshal([]byte(out), &s); err != nil || status != exitSetAside {
			t.Fatalf("%v, status %d: %s%s", err, status, out, errs)
		}
		lines, err := os.ReadFile(filepath.Join(dir, "o.errors.ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		s.WallSeconds = 0
		got := fmt.Sprintf("%+v\n%s", s, lines)
		if want == "" {
			want = got
			if s.Records != 8*(1+301+601+901+1201) || s.Failed != 33 || len(s.Files) != 40 || s.Files[7].Path != "o/07.orc" {
				t.Errorf("%+v", s)
			}
		} else if got != want {
			t.Errorf("%+v: %s\nwant %s", tt, got, want)
		}
	}
}

// One of many files that can't be read ends the run with its error; files that were complete stay.
func TestConvertBrokenAmongMany(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "in"), 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		write(t, filepath.Join(dir, "in"), fmt.Sprintf("%02d.json", i), people(20_000, 5))
	}
	write(t, filepath.Join(dir, "in"), "10x.gz", gzipped(t, people(9, -1))[:50])
	_, errs, status := command(t, dir, "", "convert", "--schema", idName, "--to", "orc", "--out", "o/", "--jobs", "4", "in")
	if status != exitFailed || !strings.HasSuffix(errs, "in/10x.gz: unexpected EOF\n") {
		t.Errorf("%d %s", status, errs)
	}
	if files := listing(t, filepath.Join(dir, "o")); strings.Contains(files, ".part") || !strings.Contains(files, ".orc") || strings.Contains(files, "29.orc") {
		t.Error(files)
	}
}

// Rolled files hold everything once, in order.
func TestConvertRolled(t *testing.T) {
	dir := t.TempDir()
	in := people(200_000, -1)
	write(t, dir, "in.json", in)
	for _, jobs := range []string{"1", "3"} {
		out, errs, status := command(t, dir, "", "convert", "--schema", idName, "--to", "parquet", "--out", "o"+jobs+"/", "--file-size", "1MB",
			"--jobs", jobs, "--json", "in.json")
		var s convertSummary
		if err := json.Unmarshal([]byte(out), &s); err != nil || status != exitOK {
			t.Fatalf("%v, status %d: %s%s", err, status, out, errs)
		}
		var files []string
		for _, f := range s.Files {
			files = append(files, f.Path)
		}
		if s.Rows != 200_000 || len(files) < 3 || files[1] != "o"+jobs+"/part-00001.parquet" {
			t.Errorf("%+v", s)
		}
		if catAll(t, dir, files...) != in {
			t.Errorf("--jobs %s: other rows", jobs)
		}
	}
	if a, b := listing(t, filepath.Join(dir, "o1")), listing(t, filepath.Join(dir, "o3")); a != b {
		t.Errorf("%s\n%s", a, b)
	}
}

// What an earlier run has left, and a reader of the folder would read, is told of.
func TestConvertOld(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in.json", people(200_000, 7))
	write(t, dir, "less.json", people(10, -1))
	for _, tt := range []struct {
		in     string
		status int
		says   string
	}{
		{"in.json", exitSetAside, ""},
		{"less.json", exitOK, "hydrant: o/part-00001.parquet, and what may follow it, is of an earlier run: its rows are in the folder beside those of this one\n" +
			"hydrant: o.errors.ndjson is of an earlier run; this one set nothing aside\n"},
	} {
		_, errs, status := command(t, dir, "", "convert", "--schema", idName, "--out", "o/", "--file-size", "1MB", tt.in)
		if status != tt.status || !strings.HasSuffix(errs, tt.says) || (tt.says == "") == strings.Contains(errs, "earlier") {
			t.Errorf("%s: %d %s", tt.in, status, errs)
		}
	}
}

// Shards of one file, and of many, hold each record once.
func TestConvertShards(t *testing.T) {
	dir := t.TempDir()
	in := people(1000, 900)
	write(t, dir, "in.json", in)
	var rows string
	var records int64
	for i := 1; i <= 3; i++ {
		out, errs, status := command(t, dir, "", "convert", "--schema", idName, "--to", "parquet", "--out", "o.parquet", "--max-failed", "1",
			"--shard", fmt.Sprintf("%d/3", i), "--json", "in.json")
		var s convertSummary
		if err := json.Unmarshal([]byte(out), &s); err != nil || status != exitOK {
			t.Fatalf("%v, status %d: %s%s", err, status, out, errs)
		}
		records += s.Records
		rows += catAll(t, dir, fmt.Sprintf("o-%d-of-3.parquet", i))
	}
	if want := strings.Replace(in, `{"id":"x900"}`+"\n", "", 1); rows != want || records != 1000 {
		t.Errorf("%d records, other rows than in the input", records)
	}
	lines, err := os.ReadFile(filepath.Join(dir, "o-3-of-3.parquet.errors.ndjson"))
	if err != nil || !strings.Contains(string(lines), `"line":901,`) {
		t.Errorf("%v %s", err, lines)
	}

	t.Setenv("AWS_BATCH_JOB_ARRAY_INDEX", "1")
	if _, errs, status := command(t, dir, "", "convert", "--schema", idName, "--to", "parquet", "--out", "auto.parquet", "--quiet", "--shard", "auto/2", "in.json"); status != exitSetAside {
		t.Errorf("%d %s", status, errs)
	}
	if _, err := os.Stat(filepath.Join(dir, "auto-2-of-2.parquet")); err != nil {
		t.Error(err)
	}
	if _, errs, status := command(t, dir, in, "convert", "--schema", idName, "--to", "parquet", "--out", "x", "--shard", "1/2", "-"); status != exitUsage || !strings.Contains(errs, "stdin") {
		t.Errorf("%d %s", status, errs)
	}
}

func TestParseShard(t *testing.T) {
	env := func(string) string { return "" }
	batch := func(name string) string {
		return map[string]string{"AWS_BATCH_JOB_ARRAY_INDEX": "4", "AWS_BATCH_JOB_ARRAY_SIZE": "5"}[name]
	}
	for _, tt := range []struct {
		text string
		env  func(string) string
		want shard
		err  bool
	}{
		{"", env, shard{}, false}, {"1/1", env, shard{1, 1}, false}, {"8/8", env, shard{8, 8}, false}, {"auto", batch, shard{5, 5}, false}, {"auto/6", batch, shard{5, 6}, false},
		{"0/2", env, shard{}, true}, {"2", env, shard{}, true}, {"a/b", env, shard{}, true}, {"auto", env, shard{}, true}, {"auto/4", batch, shard{}, true}, {"1/", env, shard{}, true},
		{"1/1048576", env, shard{1, 1 << 20}, false}, {"1/4294967296", env, shard{}, true},
	} {
		got, err := parseShard(tt.text, tt.env)
		if (err != nil) != tt.err || err == nil && got != tt.want {
			t.Errorf("parseShard(%q) = %v, %v", tt.text, got, err)
		}
	}
}

// An interrupted run leaves no half file, says so, and exits with 130.
func TestConvertInterrupted(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	line := `{"id":1,"name":"` + strings.Repeat("x", 1000) + `"}` + "\n"
	reads := 0
	stdin := readFunc(func(p []byte) (int, error) {
		if reads++; reads == 2000 {
			cancel()
		}
		return copy(p, line), nil
	})
	_, errs, status := commandFrom(ctx, stdin, "convert", "--schema", idName, "--to", "parquet", "--out", "o", "-")
	if status != exitInterrupt || listing(t, dir) != "" {
		t.Errorf("status %d, files %q", status, listing(t, dir))
	}
	if !strings.Contains(errs, "interrupted: ") || !strings.Contains(errs, "records that were read are in NO file") {
		t.Error(errs)
	}
}

// A run that waits for more input is interrupted as well.
func TestConvertInterruptedWaiting(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	in, more := io.Pipe()
	defer more.Close()
	go func() {
		io.WriteString(more, people(3, -1)) //nolint:errcheck // it is read
		cancel()
	}()
	for says, args := range map[string][]string{"are in NO file": {"convert", "--schema", idName, "--out", "o", "-"}, "": {"schema", "infer", "-"}} {
		_, errs, status := commandFrom(ctx, in, args...)
		if status != exitInterrupt || listing(t, dir) != "" || !strings.Contains(errs, says) {
			t.Errorf("%v: status %d, files %q, %s", args, status, listing(t, dir), errs)
		}
	}
}

// A read error half way leaves no half file.
func TestConvertReadError(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	text := strings.NewReader(people(50_000, -1))
	stdin := readFunc(func(p []byte) (int, error) {
		n, err := text.Read(p)
		if err == io.EOF {
			err = errors.New("input/output error")
		}
		return n, err
	})
	_, errs, status := commandFrom(t.Context(), stdin, "convert", "--schema", idName, "--to", "orc", "--out", "o", "-")
	if status != exitFailed || listing(t, dir) != "" || errs != "hydrant: stdin: input/output error\n" {
		t.Errorf("status %d, files %q, %s", status, listing(t, dir), errs)
	}
}

// brokenWriter fails after some bytes.
type brokenWriter struct{ left int }

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errors.New("broken pipe")
	}
	return len(p), nil
}

func TestConvertBrokenPipe(t *testing.T) {
	var errs bytes.Buffer
	status := run(context.Background(), []string{"convert", "--schema", idName, "--to", "orc", "--out", "-", "-"},
		&streams{strings.NewReader(people(100_000, -1)), &brokenWriter{100 << 10}, &errs}, nil)
	if status != exitFailed || !strings.HasSuffix(errs.String(), "broken pipe\n") {
		t.Errorf("status %d, %s", status, errs.String())
	}
}

// --memory makes smaller row groups.
func TestConvertMemory(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in.json", people(200_000, -1))
	if _, errs, status := command(t, dir, "", "convert", "--schema", idName, "--to", "parquet", "--out", "o", "--memory", "4MiB", "--quiet", "in.json"); status != exitOK || errs != "" {
		t.Fatalf("%d %s", status, errs)
	}
	out, _, status := command(t, dir, "", "inspect", "--json", "o")
	var s struct {
		RowGroups []struct{ Rows int64 } `json:"row_groups"`
	}
	if err := json.Unmarshal([]byte(out), &s); err != nil || status != exitOK || len(s.RowGroups) < 2 {
		t.Errorf("%v, %d row groups", err, len(s.RowGroups))
	}
}

func TestInspect(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in.json", people(10, -1))
	for _, to := range []string{"parquet", "orc"} {
		if _, errs, status := command(t, dir, "", "convert", "--schema", idName, "--to", to, "--out", to, "in.json"); status != exitOK {
			t.Fatal(errs)
		}
		out, errs, status := command(t, dir, "", "inspect", to)
		if status != exitOK || !strings.Contains(out, "hydrant") || !strings.Contains(out, "name") {
			t.Errorf("%d %s\n%s", status, errs, out)
		}
		out, _, _ = command(t, dir, "", "inspect", "--json", to)
		var s struct {
			Format string
			Rows   int64
		}
		if err := json.Unmarshal([]byte(out), &s); err != nil || s.Format != to || s.Rows != 10 {
			t.Errorf("%v %s", err, out)
		}
	}
	for _, tt := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"inspect"}, exitUsage, "one file is needed"},
		{[]string{"inspect", "nothing"}, exitUsage, "nothing: no such file or directory\n"},
		{[]string{"inspect", "in.json"}, exitFailed, "hydrant: in.json: neither a Parquet nor an ORC file\n"},
		{[]string{"inspect", "."}, exitUsage, ". is a folder"},
	} {
		if _, errs, status := command(t, dir, "", tt.args...); status != tt.status || !strings.Contains(errs, tt.says) {
			t.Errorf("%v: %d %s", tt.args, status, errs)
		}
	}
}

func TestCat(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in.json", `{"a":1,"b":{"c":[1,2],"d":"2026-01-02T03:04:05.67Z"},"m":{"k":12345678901234567890.12}}`)
	write(t, dir, "body.gz", gzipped(t, "line 1\nline 2\n"))
	for _, to := range []string{"parquet", "orc"} {
		if _, errs, status := command(t, dir, "", "convert", "--schema", "struct<a:bigint,b:struct<c:array<int>,d:timestamp>,m:map<string,decimal(38,2)>,n:date>", "--to", to,
			"--out", to, "in.json"); status != exitOK {
			t.Fatal(errs)
		}
		want := `{"a":1,"b":{"c":[1,2],"d":"2026-01-02T03:04:05.67Z"},"m":{"k":12345678901234567890.12},"n":null}` + "\n"
		if got := catAll(t, dir, to); got != want {
			t.Errorf("%s: %s", to, got)
		}
		if got := catAll(t, dir, "--columns", "b.d,a", "--limit", "1", to); got != `{"a":1,"b":{"d":"2026-01-02T03:04:05.67Z"}}`+"\n" {
			t.Errorf("%s: %s", to, got)
		}
	}
	if got := catAll(t, dir, "body.gz"); got != "line 1\nline 2\n" {
		t.Error(got)
	}
	// what was read before an error is printed
	if out, errs, status := command(t, dir, "", "cat", "body.gz", "in.json", "broken.gz"); status != exitUsage || out != "" {
		t.Errorf("%d %s%s", status, out, errs)
	}
	write(t, dir, "broken.gz", gzipped(t, strings.Repeat("x", 1000))[:20])
	if out, errs, status := command(t, dir, "", "cat", "body.gz", "broken.gz"); status != exitFailed || !strings.HasPrefix(out, "line 1\nline 2\n") || !strings.Contains(errs, "broken.gz: ") {
		t.Errorf("%d %s%s", status, out, errs)
	}
	if got := catAll(t, dir, "--limit", "3", "body.gz", "body.gz"); got != "line 1\nline 2\nline 1\n" {
		t.Error(got)
	}
}

func TestSchema(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in.json", `{"a":1,"B":"x"}`+"\n"+`{"a":9999999999}`+"\n")
	write(t, dir, "odd.json", "{\"a\":1}\n{\n[1]\n")
	for _, tt := range []struct {
		args   []string
		status int
		out    string
		says   string
	}{
		{[]string{"show", "--as", "struct", "struct< A : int >"}, exitOK, "struct<a:int>\n", ""},
		{[]string{"show", "--as", "orc", "struct<a:int>"}, exitOK, "struct<a:int>\n", ""},
		{[]string{"show", "--as", "yaml", "struct<a:int>"}, exitUsage, "", "there are glue, ddl"},
		{[]string{"show", "struct<a:inf>"}, exitUsage, "", `unknown type "inf"`},
		{[]string{"show"}, exitUsage, "", "one table is needed"},
		{[]string{"infer", "--as", "struct", "in.json"}, exitOK, "struct<a:bigint,b:string>\n", ""},
		{[]string{"infer", "--as", "struct", "--input-format", "lines", "odd.json"}, exitOK, "struct<a:int>\n",
			"hydrant: not in the table: 1 records that are not JSON, first at odd.json:2\nhydrant: not in the table: 1 records that are not objects, first at odd.json:3\n"},
		{[]string{"infer"}, exitUsage, "", "no input"},
		{[]string{"lint", "--schema", "struct<a:bigint,b:string>", "in.json"}, exitOK, "2 records, 2 rows, 0 failed; 0 findings\n", ""},
		{[]string{"lint", "--schema", "struct<a:bigint,b:string>", "--deserializer", "hive", "in.json"}, exitOK, "2 records, 2 rows, 0 failed; 0 findings\n", ""},
		{[]string{"lint", "in.json"}, exitUsage, "", "--schema is needed"},
		{[]string{"diff", "struct<a:int>"}, exitUsage, "", "two tables are needed"},
		{[]string{"nonsense"}, exitUsage, "", `unknown command "nonsense"`},
	} {
		out, errs, status := command(t, dir, "", append([]string{"schema"}, tt.args...)...)
		if status != tt.status || out != tt.out || !strings.Contains(errs, tt.says) {
			t.Errorf("schema %v: %d\n%s%s", tt.args, status, out, errs)
		}
	}
	out, errs, status := command(t, dir, "", "schema", "lint", "--json", "--schema", "struct<a:int,c:string>", "in.json")
	var lint struct{ Records, Failed int64 }
	if err := json.Unmarshal([]byte(out), &lint); err != nil || status != exitSetAside || lint.Records != 2 || lint.Failed != 1 {
		t.Errorf("%v, %d: %s%s", err, status, out, errs)
	}
	out, _, status = command(t, dir, "", "schema", "diff", "--json", "struct<a:int>", "struct<a:bigint>", "in.json")
	var diff struct{ Records, FailedBefore, FailedAfter int64 }
	if err := json.Unmarshal([]byte(out), &diff); err != nil || status != exitOK || diff.FailedBefore != 1 || diff.FailedAfter != 0 {
		t.Errorf("%v, %d: %s", err, status, out)
	}
}

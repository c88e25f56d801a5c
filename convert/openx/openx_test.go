package openx

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/column/columntest"
	"github.com/hydrantkit/hydrant/schema"
)

func table(t testing.TB, columns ...string) *schema.Table {
	t.Helper()
	var pairs [][2]string
	for _, c := range columns {
		name, typ, _ := strings.Cut(c, " ")
		pairs = append(pairs, [2]string{name, typ})
	}
	tab, err := schema.NewTable(pairs...)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// convert returns the rows that a record makes.
func convert(t testing.TB, tab *schema.Table, o Options, record string) (rows []string, err error) {
	t.Helper()
	d, err := New(tab, o)
	if err != nil {
		t.Fatal(err)
	}
	b := column.NewBatch(tab.Columns)
	err = d.Record(b, []byte(record))
	for i := range b.Rows {
		rows = append(rows, columntest.Row(b, i))
	}
	return rows, err
}

// The worked cases of format-conversion.md §10, and the framing of §6.
func TestRows(t *testing.T) {
	tab := table(t, "id int", "name string", "tags array<string>", "at timestamp", "addr struct<city:string,zip:int>")
	no := false
	for _, tt := range []struct {
		record string
		o      Options
		want   string // rows, or an error's message
	}{
		{record: `{"ID":"7","Name":5,"tags":"x","at":1518033528}`, want: `7 | "5" | ["x"] | 1518033528.000000000 | null`},
		{record: `{"id":1,"addr":["Rome",123,9]}`, want: `1 | null | null | null | {city:"Rome",zip:123}`},
		{record: `{"id":1,"name":{"A":1}}`, want: `1 | "{\"a\":1}" | null | null | null`},
		{record: `{"id":"x"}`, want: `Data does not match the schema. For input string: "x"`},
		{record: `{"id":1,"addr":42}`, want: `Data does not match the schema. Data is not JSONObject  but java.lang.Long with value 42`},
		{record: `{"id":1,"at":"2018-02-07T19:58:48+00:00"}`, want: `Data does not match the schema. For input string: "48+00:00"`},
		{record: `{"id":1}{"id":2}`, want: `1 | null | null | null | null / 2 | null | null | null | null`},
		{record: "{\"id\":1}\n \t{\"id\":2}\r\n", want: `1 | null | null | null | null / 2 | null | null | null | null`},
		{record: "\xef\xbb\xbf{\"id\":1}", want: `1 | null | null | null | null`},
		{record: `[1,"n"]`, want: `Data does not match the schema. The record is an array at the top level, and an object is wanted`},
		{record: `[1,"n"]`, o: Options{PositionalArrays: true}, want: `1 | "n" | null | null | null`},
		{record: `[{"id":1}]`, o: Options{PositionalArrays: true}, want: `Data does not match the schema. org.openx.data.jsonserde.json.JSONObject cannot be cast to java.lang.Integer`},
		{record: `42`, want: `The input JSON contained a primitive at the top level. The top level must be an object or array.`},
		{record: `"{}"`, want: `The input JSON contained a primitive at the top level. The top level must be an object or array.`},
		{record: ``, want: `The record was empty or contained only whitespace.`},
		{record: " \n", want: `The record was empty or contained only whitespace.`},
		{record: "\xef\xbb\xbf", want: `The record was empty or contained only whitespace.`},
		{record: `{"id":1} x`, want: `Encountered malformed JSON. Unexpected character ('x' (code 120)): expected a valid value (number, String, array, object, 'true', 'false' or 'null')`},
		{record: `{"id":1`, want: `Encountered malformed JSON. Unexpected end-of-input: expected close marker for Object (start marker at byte 0)`},
		{record: `{"id":"x"}{`, want: `Encountered malformed JSON. Unexpected end-of-input: expected close marker for Object (start marker at byte 10)`},
		{record: `{"id":1,"ID":2}`, want: `Data does not match the schema. Row is not a valid JSON Object - JSONException: Duplicate key "id"`},
		{record: `{"id":1,"ID":2}`, o: Options{CaseInsensitive: &no}, want: `1 | null | null | null | null`},
		{record: `{"id":"x","u":[{"k":1,"K":2}]}`, want: `Data does not match the schema. Row is not a valid JSON Object - JSONException: Duplicate key "k"`},
		{record: `{"user.id":1,"city":"c"}`, o: Options{ColumnToJsonKeyMappings: map[string]string{"id": "User.Id", "name": "city"}}, want: `1 | "c" | null | null | null`},
		{record: `{"k":1}`, o: Options{ColumnToJsonKeyMappings: map[string]string{"id": "k", "name": "k"}}, want: `1 | "1" | null | null | null`},
		{record: `{"name":{"six":6,"one":1,"two":"</a>\u2028","n":null,"t":[true, 1.50 ,{ }]}}`, want: `null | "{\"six\":6,\"t\":[true,1.50,{}],\"one\":1,\"two\":\"<\\/a>\\u2028\",\"n\":null}" | null | null | null`},
		{record: `{"id":1,"name":"\ud800\u00e9"}`, want: `1 | "?é" | null | null | null`},
		{record: "{\"id\":1,\"name\":\"\xff\"}", want: `Encountered malformed JSON. Invalid UTF-8 start byte 0xff`},
	} {
		rows, err := convert(t, tab, tt.o, tt.record)
		got := strings.Join(rows, " / ")
		var re *column.RowError
		if errors.As(err, &re) {
			got = re.Message
			if len(rows) > 0 {
				t.Errorf("%s: an error and rows", tt.record)
			}
		}
		if got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.record, got, tt.want)
		}
	}
}

// An error says where, in which column, what was wanted and seen, and what to do.
// TestNulls: members that objects don't have take memory, so a record has no more of them than some millions.
func TestNulls(t *testing.T) {
	var members []string
	for i := range 1000 {
		members = append(members, fmt.Sprintf("m%d:int", i))
	}
	tab := table(t, "a array<struct<"+strings.Join(members, ",")+">>")
	for _, value := range []string{"{}", "null", `{"m7":null}`} {
		record := func(n int) string { return `{"a":[` + strings.Repeat(value+",", n) + value + "]}" }
		if _, err := convert(t, tab, Options{}, record(10)); err != nil {
			t.Error(err)
		}
		_, err := convert(t, tab, Options{}, record(20_000))
		var e *column.RowError
		if !errors.As(err, &e) || !strings.Contains(e.Message, "16777216 nulls") || !strings.HasPrefix(e.Path, "/a/167") {
			t.Errorf("%s: %v", value, err)
		}
	}
}

func TestErrors(t *testing.T) {
	tab := table(t, "id int", "at timestamp", "day date", "price decimal(5,2)", "ok boolean", "user struct<name:string,tags:array<int>,m:map<int,double>>", "c char(3)")
	for _, tt := range []struct {
		record, code, path, column, want, value string
		offset                                  int
		hint                                    string
	}{
		{`{"id":1.5}`, column.MalformedData, "/id", "id", "int", "1.5", 6, "double or decimal"},
		{`{"ID":3000000000}`, column.MalformedData, "/ID", "id", "int", "3000000000", 6, "bigint"},
		{`{"id":true}`, column.MalformedData, "/id", "id", "int", "true", 6, "boolean"},
		{`{"id":{}}`, column.MalformedData, "/id", "id", "int", "{}", 6, "struct or map"},
		{`{"at":"2017-02-07"}`, column.MalformedData, "/at", "at", "timestamp", `"2017-02-07"`, 6, "declare it date"},
		{`{"at":"2017-02-07T15:13:01+02:00"}`, column.MalformedData, "/at", "at", "timestamp", `"2017-02-07T15:13:01+02:00"`, 6, "Hive SerDe"},
		{`{"day":"2017-02-07 00:00:00"}`, column.MalformedData, "/day", "day", "date", `"2017-02-07 00:00:00"`, 7, "timestamp"},
		{`{"price":1000}`, column.MalformedData, "/price", "price", "decimal(5,2)", "1000", 9, "more digits"},
		{`{"ok":1}`, column.MalformedData, "/ok", "ok", "boolean", "1", 6, "declare it int"},
		{`{ "user" : { "Tags" : [ 1 , null, "x" ] } }`, column.MalformedData, "/user/Tags/2", "user", "int", `"x"`, 34, "string"},
		{`{"user":{"m":{"a/b~c":1}}}`, column.MalformedData, "/user/m/a~1b~0c", "user", "int", "1", 22, "keys of the map string"},
		{`{"user":{"m":{"1":"x"}}}`, column.MalformedData, "/user/m/1", "user", "double", `"x"`, 18, "string"},
		{`{"user":"{\"name\":1}"}`, column.MalformedData, "/user", "user", "struct<name:string,tags:array<int>,m:map<int,double>>", `"{\"name\":1}"`, 8, "JSON inside of a string"},
		{`{"c":true}`, column.MalformedData, "/c", "c", "char(3)", "true", 5, "string"},
		{`{"at":"x","id":"y"}`, column.MalformedData, "/id", "id", "int", `"y"`, 15, "string"}, // the table's order
		{`{"id":1,"id":2}`, column.MalformedData, "/id", "", tab.Struct().String(), "2", 13, "remove or rename"},
		{`{"x":{"A":1,"a":2}}`, column.MalformedData, "/x/a", "", tab.Struct().String(), "2", 16, "CaseInsensitive"},
		{`{"id":1,}`, column.ParseError, "", "", "invalid", "}", 8, "only JSON"},
		{`{'id':1}`, column.ParseError, "", "", "invalid", "'id':1}", 1, "double quotes"},
		{`{"id":NaN}`, column.ParseError, "", "", "invalid", "NaN}", 6, "no NaN"},
		{`{"id":1}{"id":`, column.ParseError, "", "", "invalid", "", 14, "too early"},
		{`{"id":1}{"id":"z"}`, column.MalformedData, "/id", "id", "int", `"z"`, 14, "string"},
	} {
		_, err := convert(t, tab, Options{}, tt.record)
		e, ok := err.(*column.RowError)
		if !ok {
			t.Errorf("%s: %v", tt.record, err)
			continue
		}
		got := fmt.Sprintf("%s %s %s %s %s %d", e.Code, e.Path, e.Column, e.Want, e.Value, e.Offset)
		want := fmt.Sprintf("%s %s %s %s %s %d", tt.code, tt.path, tt.column, tt.want, tt.value, tt.offset)
		if got != want || !strings.Contains(e.Hint, tt.hint) {
			t.Errorf("%s:\n got %s; %s\nwant %s; ...%s...", tt.record, got, e.Hint, want, tt.hint)
		}
	}
	long := `{"id":"` + strings.Repeat("x", 1000) + `"}`
	if _, err := convert(t, tab, Options{}, long); len(err.(*column.RowError).Value) != 100 || len(err.Error()) > 400 {
		t.Errorf("a long value isn't cut: %v", err)
	}
}

func TestUnsupportedType(t *testing.T) {
	for typ, path := range map[string]string{"binary": "x", "array<binary>": "x", "struct<a:int,b:map<string,binary>>": "x.b", "map<binary,int>": "x"} {
		_, err := New(table(t, "id int", "x "+typ), Options{})
		var u *UnsupportedTypeError
		if !errors.As(err, &u) || u.Column != path || u.Code() != column.InvalidSchema || !strings.HasPrefix(err.Error(), "The schema is invalid.") {
			t.Errorf("%s: %v", typ, err)
		}
	}
	if _, err := New(&schema.Table{}, Options{}); err == nil {
		t.Error("a table without columns is taken")
	}
}

// A clone shares nothing that changes.
func TestClone(t *testing.T) {
	tab := columntest.EventTable()
	d, err := New(tab, Options{})
	if err != nil {
		t.Fatal(err)
	}
	records := columntest.Events(200, 3)
	done := make(chan string)
	for range 4 {
		go func(d *Deserializer) {
			b := column.NewBatch(tab.Columns)
			for _, r := range records {
				if err := d.Record(b, r); err != nil {
					done <- err.Error()
					return
				}
			}
			var s strings.Builder
			for i := range b.Rows {
				s.WriteString(columntest.Row(b, i))
			}
			done <- s.String()
		}(d.Clone())
	}
	first := <-done
	for range 3 {
		if s := <-done; s != first {
			t.Fatal("clones differ")
		}
	}
}

// Objects with more keys than are remembered, or with one twice among them.
func TestManyKeys(t *testing.T) {
	tab := table(t, "id int", "m map<string,int>")
	object := func(n int, last string) string {
		var b strings.Builder
		for k := range n {
			fmt.Fprintf(&b, `"key%d":%d,`, k, k)
		}
		return "{" + b.String() + `"` + last + `":1}`
	}
	d, err := New(tab, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 11, 12, 13, 16, 17, 40, 200, 2000} {
		for _, last := range []string{"id", "key0", "KEY1", fmt.Sprintf("key%d", n-1), "other"} {
			twice := strings.HasPrefix(strings.ToLower(last), "key") && !(last == "KEY1" && n < 2)
			for _, record := range []string{object(n, last), `{"id":1,"m":` + object(n, last) + `}`, `{"x":[` + object(n, last) + `]}`} {
				b := column.NewBatch(tab.Columns)
				err := d.Record(b, []byte(record))
				if (err != nil) != twice {
					t.Fatalf("%d keys, then %s: %v in %.60s", n, last, err, record)
				}
				if err := columntest.CheckBatch(b); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(record, `"m"`) && !twice && int(b.Columns[1].Offsets[1]) != n+1 {
					t.Errorf("%d entries, want %d", b.Columns[1].Offsets[1], n+1)
				}
			}
		}
	}
}

// Hundreds of columns, in any order and number.
func TestWide(t *testing.T) {
	for _, n := range []int{63, 64, 65, 128, 300} {
		var columns []string
		for k := range n {
			columns = append(columns, fmt.Sprintf("column_%d int", k))
		}
		tab := table(t, columns...)
		d, err := New(tab, Options{})
		if err != nil {
			t.Fatal(err)
		}
		b := column.NewBatch(tab.Columns)
		r := rand.New(rand.NewPCG(1, uint64(n)))
		var want [][]string
		for range 100 {
			row := slices.Repeat([]string{"null"}, n)
			record := []byte("{")
			for _, k := range r.Perm(n)[:r.IntN(n+1)] {
				row[k] = fmt.Sprint(r.IntN(1000))
				record = fmt.Appendf(record, `"%s_%d":%s,"undeclared%d":[{}],`, []string{"column", "Column"}[r.IntN(2)], k, row[k], k)
			}
			record = append(bytes.TrimSuffix(record, []byte(",")), '}')
			if err := d.Record(b, record); err != nil {
				t.Fatal(err)
			}
			want = append(want, row)
			if twice := append(bytes.TrimSuffix(record, []byte("}")), `,"COLUMN_7":1,"column_7":2}`...); d.Record(b, bytes.Replace(twice, []byte("{,"), []byte("{"), 1)) == nil {
				t.Fatalf("column_7 twice in %s", twice)
			}
		}
		for i := range want {
			if got := columntest.Row(b, i); got != strings.Join(want[i], " | ") {
				t.Fatalf("%d columns, row %d: %s, want %s", n, i, got, want[i])
			}
		}
		if err := columntest.CheckBatch(b); err != nil {
			t.Error(err)
		}
	}
}

// Time grows with the length of a record, whatever it holds.
func TestDeep(t *testing.T) {
	tab := table(t, "a string", "r array<array<array<int>>>")
	deep := strings.Repeat(`{"k":[`, 4900) + `1` + strings.Repeat(`]}`, 4900)
	for record, fits := range map[string]bool{
		`{"a":` + deep + `}`: true, `{"x":` + deep + `}`: true, `{"x":` + deep + `,"r":1}`: true, `{"x":` + deep + `,"r":1.5}`: false, `{"r":` + deep + `}`: false,
		`{"r":[[[1],[2]],"3"],"x":` + deep + `,"x":1}`: false, strings.Repeat(`{"a":`, 20000): false, `{"r":` + strings.Repeat(`[`, 1000000): false,
	} {
		if _, err := convert(t, tab, Options{}, record); (err == nil) != fits {
			t.Errorf("%.30s: %v", record, err)
		}
	}
	rows, err := convert(t, tab, Options{}, `{"a":`+deep+`}`)
	if err != nil || !strings.Contains(rows[0], `\"k\":[{\"k\":[`) {
		t.Errorf("%v", err)
	}
}

// corpus files, what table reads them, and what becomes of their lines.
func TestCorpus(t *testing.T) {
	const root = "../../../shared/corpus/"
	if _, err := os.Stat(root); err != nil {
		t.Skip("../shared not present: corpus of JSON files")
	}
	duck := []string{"id int", "name string"}
	one := []string{"one boolean", "three array<string>", "two double", "four string"}
	for _, tt := range []struct {
		file    string
		columns []string
		whole   bool // the file is one record, else each line is
		rows    int
		failed  int
		code    string
		row     string // the first, or part of the first message
	}{
		{"hive-json-serde/data.txt", one, false, 3, 0, "", `true | ["red","yellow","orange"] | 19.5 | "poop"`},
		{"hive-json-serde/test1.txt", one, false, 3, 0, "", `true | ["red","yellow","[\"blue\",\"azure\",\"cobalt\",\"teal\"]","orange"] | 19.5 | "poop"`},
		{"hive-json-serde/testkeyword.txt", []string{"one boolean", "ts timestamp", "timestamp int"}, false, 3, 0, "", `true | null | 1234567`},
		{"hive-json-serde/complexdata.txt", []string{"country string", "languages array<string>", "religions map<string,int>"}, false, 1, 0, "", `"Switzerland" | ["German","French","Italian"] | ["catholic"=30,"protestant"=60]`},
		{"json-quirks/duplicate_key.ndjson", duck, false, 4, 1, column.MalformedData, `Duplicate key "id"`},
		{"json-quirks/example_r.ndjson", duck, true, 5, 0, "", `1 | "O Brother, Where Art Thou?"`},
		{"json-quirks/multiple_objects_per_line.ndjson", duck, false, 5, 0, "", `1 | "O Brother, Where Art Thou?"`},
		{"json-quirks/11152.json", []string{"filesize int"}, false, 2, 2, "", `Duplicate key "filesize"`}, // and a cut line
		{"json-quirks/11407.json", []string{"k string"}, true, 0, 1, column.MalformedData, "array at the top level"},
		{"json-quirks/12188.ndjson", []string{"field1 string", "field2 struct<subfield2:string>"}, false, 2, 0, "", `"value1" | {subfield2:null}`},
		{"json-quirks/15601__bunch_of_key_collisions.json", []string{"duck int"}, false, 0, 1, column.MalformedData, `Duplicate key "duck"`},
		{"json-quirks/15601__fragment1.json", []string{"time string", "time_1 string"}, false, 2, 0, "", `"30-04-2024 10:06:21" | "30-04-2024 09:32:13"`},
		{"json-quirks/empty_array.json", duck, true, 0, 1, column.MalformedData, "array at the top level"},
		{"json-quirks/fuzzer_hang.json", duck, true, 0, 1, column.ParseError, "Unexpected character (''' (code 39))"},
		{"json-quirks/malformed__empty_array_trailing.json", duck, true, 0, 1, column.MalformedData, "array at the top level"},
		{"json-quirks/geojson__malformed.geojsonl", []string{"coordinates array<double>"}, false, 2, 1, column.MalformedData, `For input string: "x"`},
		{"json-quirks/geojson__pseudo_columns_nasty.geojsonl", []string{"id string", "properties struct<id:string,id_1:string>"}, false, 1, 0, "", `"FEATURE" | {id:"P-collides",id_1:"P-collides-again"}`},
		{"json-quirks/map_of_dates.jsonl", []string{"a map<int,date>"}, true, 1, 0, "", `[1=null,2=2024-01-01`},
		{"json-quirks/map_of_mixed_date_timestamps.jsonl", []string{"a map<string,timestamp>"}, true, 0, 1, column.MalformedData, `For input string: "2024-01-01"`},
		{"json-quirks/map_incompatible.jsonl", []string{"a map<string,map<string,string>>"}, true, 1, 0, "", `["s1"=["1"=null],"s2"=["1"="{}"],"s3"=["1"="1"],"s4"=["1"="[1]"]`},
		{"json-quirks/timestamp_example.json", []string{"createdat timestamp"}, true, 1, 0, "", `1675797148.000000000`},
		{"json-quirks/whitespace_only.json", duck, true, 0, 1, column.MalformedData, "The record was empty"},
		{"json-quirks/union.ndjson", []string{"data struct<name:string,age:int>"}, false, 3, 0, "", `{name:"Frank",age:null}`},
		{"app-events/simdjson_twitter.json.gz", []string{"statuses array<struct<id:bigint,id_str:string,user:struct<id:bigint,screen_name:string>>>"}, true, 1, 0, "", `[{id:505874924095815681,id_str:"505874924095815681",user:{id:1186275104,screen_name:"ayuu0123"}}`},
		{"app-events/simdjson_github_events.json", []string{"id bigint"}, true, 0, 1, column.MalformedData, "array at the top level"},
		{"app-events/github_webhooks.ndjson.gz", []string{"action string", "sender struct<login:string,id:bigint>"}, false, -1, 0, "", ""},
		{"json-quirks/bluesky.json.gz", []string{"did string", "time_us bigint", "commit struct<record:string>"}, false, -1, 0, "", `"did:plc:yj3sjq3blzpynh27cumnp5ks" | 1732206349000167 | `},
	} {
		data := read(t, root+tt.file)
		records := [][]byte{data}
		if !tt.whole {
			records = bytes.SplitAfter(data, []byte("\n"))
		}
		tab := table(t, tt.columns...)
		d, err := New(tab, Options{})
		if err != nil {
			t.Fatal(err)
		}
		b := column.NewBatch(tab.Columns)
		var errs []string
		for _, r := range records {
			if !tt.whole && len(bytes.TrimSpace(r)) == 0 {
				continue
			}
			if err := d.Record(b, r); err != nil {
				re := err.(*column.RowError)
				if tt.code != "" && re.Code != tt.code {
					t.Errorf("%s: %v", tt.file, err)
				}
				errs = append(errs, re.Message)
			}
		}
		if tt.rows >= 0 && b.Rows != tt.rows || len(errs) != tt.failed {
			t.Errorf("%s: %d rows, %d failed, want %d, %d: %v", tt.file, b.Rows, len(errs), tt.rows, tt.failed, errs)
			continue
		}
		if len(errs) > 0 && !strings.Contains(errs[0], tt.row) || len(errs) == 0 && !strings.HasPrefix(columntest.Row(b, 0), tt.row) {
			t.Errorf("%s: %v %s, want %s", tt.file, errs, columntest.Row(b, 0), tt.row)
		}
		if err := columntest.CheckBatch(b); err != nil {
			t.Errorf("%s: %v", tt.file, err)
		}
	}
	// Whatever the conformance suite holds ends in a row or in an error, never in both or in neither.
	files, _ := filepath.Glob(root + "json-conformance/*/*.json")
	quirks, _ := filepath.Glob(root + "json-quirks/*")
	tab := table(t, "a int", "b string", "id string")
	d, _ := New(tab, Options{PositionalArrays: true})
	counts := map[string]int{}
	for _, f := range append(files, quirks...) {
		b := column.NewBatch(tab.Columns)
		err := d.Record(b, read(t, f))
		what := "rows"
		if err != nil {
			what = err.(*column.RowError).Code
		}
		if base := filepath.Base(f); base[:2] == "n_" && err == nil || base[:2] == "y_" && what == column.ParseError {
			t.Errorf("%s: %v", base, err)
		}
		if (b.Rows == 0) != (err != nil) {
			t.Errorf("%s: %d rows, %v", f, b.Rows, err)
		}
		counts[what]++
	}
	t.Log(counts)
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A batch is as before when a record fails, however much of it was converted.
func TestFailureLeavesNothing(t *testing.T) {
	tab := table(t, "a string", "m map<string,array<struct<x:int>>>", "s struct<p:struct<q:string,r:int>>", "i int")
	d, err := New(tab, Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := column.NewBatch(tab.Columns)
	good := `{"a":"x","m":{"k":[{"x":1},null]},"s":{"p":{"q":"y","r":2}},"i":3}`
	var rows []string
	for n := range 300 {
		bad := []byte(strings.Replace(good, "3", `"z"`, 1))
		if n%3 == 0 {
			bad = []byte(good[:n%len(good)])
		}
		if d.Record(b, bad) == nil {
			t.Fatalf("%s is taken", bad)
		}
		if err := columntest.CheckBatch(b); err != nil {
			t.Fatalf("behind %s: %v", bad, err)
		}
		if err := d.Record(b, []byte(good)); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, columntest.Row(b, b.Rows-1))
	}
	if b.Rows != 300 || len(slices.Compact(rows)) != 1 {
		t.Errorf("%d rows: %v", b.Rows, slices.Compact(rows))
	}
}

func Example() {
	tab, _ := schema.NewTable([2]string{"id", "int"}, [2]string{"at", "timestamp"})
	d, _ := New(tab, Options{})
	b := column.NewBatch(tab.Columns)
	for _, record := range []string{`{"id":1,"at":"2018-02-07T19:58:48Z"}`, `{"id":"x"}`, `{"ID":"2"}`} {
		if err := d.Record(b, []byte(record)); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(b.Rows, b.Columns[0].Ints, b.Columns[1].Ints[0], b.Columns[1].Null(1))
	// Output:
	// record 0, byte 6, /id (column id, int): Data does not match the schema. For input string: "x"
	// 2 [1 2] 1518033528 true
}

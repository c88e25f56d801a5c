package hive

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// The rules of format-conversion.md §5 and §6.
func TestRows(t *testing.T) {
	tab := table(t, "id int", "name string", "tags array<string>", "m map<string,int>", "addr struct<city:string,zip:int>")
	for _, tt := range []struct{ record, want string }{
		{`{"ID":7,"Name":5,"tags":["x",1],"M":{"K":1},"addr":{"City":"Rome"}}`, `7 | "5" | ["x","1"] | ["K"=1] | {city:"Rome",zip:null}`},
		{`{"id":1}{"id":2}`, `1 | null | null | null | null / 2 | null | null | null | null`},
		{"\xef\xbb\xbf{\"id\":1}\n", `1 | null | null | null | null`},
		{`{"id":1,"id":2,"ID":null}`, `null | null | null | null | null`},
		{`{"id":"x","id":2}`, `Data does not match the schema. Current token (VALUE_STRING) not numeric, can not use numeric value accessors`},
		{`{"id":2,"id":"x"}`, `Data does not match the schema. Current token (VALUE_STRING) not numeric, can not use numeric value accessors`},
		{`{"_col0":3,"_col1":"n"}`, `3 | "n" | null | null | null`},
		{`{"_COL0":3}`, `null | null | null | null | null`},
		{`{"_col9":3}`, `Data does not match the schema. Index: 9, Size: 5`},
		{`{"_col00":3}`, `Data does not match the schema. java.io.IOException: Hive internal column name _col00 and position encoding (0) for the column name are at odds`},
		{`{"addr":{"_col1":3}}`, `null | null | null | null | {city:null,zip:3}`},
		{`{"id":1.9}`, `1 | null | null | null | null`},
		{`{"id":-1e3}`, `-1000 | null | null | null | null`},
		{`{"id":2147483648}`, `Data does not match the schema. Numeric value (2147483648) out of range of int`},
		{`{"name":{"a":1}}`, `Data does not match the schema. One or more fields have incorrect format. Exception when validating field (root)`},
		{`{"tags":"x"}`, `Data does not match the schema. java.io.IOException: Start of Array expected`},
		{`{"m":[1]}`, `Data does not match the schema. java.io.IOException: Start of Object expected`},
		{`{"addr":42}`, `Data does not match the schema. java.io.IOException: Start of Object expected`},
		{`{"m":{"a":1,"b":2,"a":3}}`, `null | null | null | ["a"=3,"b"=2] | null`},
		{`{"m":{"a":"x","a":3}}`, `Data does not match the schema. Current token (VALUE_STRING) not numeric, can not use numeric value accessors`},
		{`[1,"n"]`, `Data does not match the schema. java.io.IOException: Start token not found where expected`},
		{`42`, `The input JSON contained a primitive at the top level. The top level must be an object or array.`},
		{` `, `The record was empty or contained only whitespace.`},
		{`{"id":"x"`, `Encountered malformed JSON. Unexpected end-of-input: expected close marker for Object (start marker at byte 0)`},
		{`{"id":1} x`, `Encountered malformed JSON. Unexpected character ('x' (code 120)): expected a valid value (number, String, array, object, 'true', 'false' or 'null')`},
		{`{"name":"\udc00"}`, `null | "?" | null | null | null`},
	} {
		rows, err := convert(t, tab, Options{}, tt.record)
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

func TestLeaves(t *testing.T) {
	for _, tt := range []struct{ typ, value, want string }{
		{"tinyint", "200", "-56"}, {"tinyint", "256", "!"}, {"tinyint", "-129", "!"}, {"smallint", "32768", "!"}, {"bigint", "9.3e18", "!"}, {"bigint", "9223372036854775807", "9223372036854775807"},
		{"bigint", "9223372036854775807.0", "9223372036854775807"}, {"int", "-0.9", "0"}, {"int", "true", "!"}, {"float", "1e39", "+Inf"}, {"double", "-0", "0"}, {"double", "-0.0", "-0"}, {"double", `"1"`, "!"},
		{"float", "0.1", "0.10000000149011612"}, {"decimal(5,2)", "1.005", "1.01"}, {"decimal(5,2)", `" 1.5 "`, "1.50"}, {"decimal(5,2)", "1000", "null"}, {"decimal(5,2)", `"x"`, "null"}, {"decimal(5,2)", "true", "null"},
		{"decimal(38,0)", "99999999999999999999999999999999999999", "99999999999999999999999999999999999999"}, {"decimal(5,2)", "[1]", "!"},
		{"boolean", `"TRUE"`, "true"}, {"boolean", "1", "false"}, {"boolean", "{}", "!"}, {"char(3)", `"日本語日"`, `"日本語"`}, {"varchar(3)", "12345", `"123"`}, {"char(5)", `"ab "`, `"ab"`}, {"char(5)", "true", `"true"`},
		{"date", `"2017-02-30"`, "2017-03-02"}, {"date", `"2017-02-32"`, "!"}, {"date", "1", "!"}, {"date", `" 2017-02-07"`, "!"}, {"timestamp", `"2017-02-07 15:13:01.5"`, "1486480381.500000000"},
		{"timestamp", `"2017-02-07T15:13:01"`, "!"}, {"timestamp", "1486480381", "!"}, {"binary", "null", "!"}, {"binary", `"x"`, "!"}, {"array<binary>", "[]", "[]"}, {"array<binary>", "[null]", "!"},
		{"map<decimal(3,0),int>", `{"1000":1}`, "!"}, {"map<double,int>", `{"1":1,"1.0":2,"NaN":3,"NaN":4}`, "[1=2,NaN=4]"}, {"map<varchar(1),int>", `{"ab":1,"ac":2,"b":3}`, `["a"=2,"b"=3]`}, {"map<timestamp,int>", `{"2017-02-07 15:13:01":1}`, "[1486480381.000000000=1]"},
		{"map<int,int>", `{"1":1,"+1":2,"2":3}`, "[1=2,2=3]"}, {"map<int,int>", `{"1.5":1}`, "!"}, {"map<boolean,int>", `{"true":1,"no":2,"x":3}`, "[true=1,false=3]"}, {"map<date,int>", `{"2017-2-7":1}`, "[2017-02-07=1]"},
	} {
		rows, err := convert(t, table(t, "a "+tt.typ), Options{}, `{"a":`+tt.value+`}`)
		got := strings.Join(rows, "/")
		if err != nil {
			got = "!"
		}
		if got != tt.want {
			t.Errorf("%s of %s: %s (%v), want %s", tt.typ, tt.value, got, err, tt.want)
		}
	}
	// A column that no record can fill is null while the key is absent.
	if rows, err := convert(t, table(t, "a binary", "b int"), Options{}, `{"b":1}`); err != nil || rows[0] != "null | 1" {
		t.Errorf("%v, %v", rows, err)
	}
}

func TestTimestampFormats(t *testing.T) {
	tab := table(t, "a timestamp", "m map<timestamp,timestamp>")
	for _, tt := range []struct {
		formats       []string
		value, wanted string
	}{
		{[]string{"yyyy-MM-dd'T'HH:mm:ss.SSSZ"}, `"2017-02-07T15:13:01.123+0200"`, "1486473181.123000000"},
		{[]string{"millis"}, `1486480381123`, "1486480381.123000000"},
		{[]string{"millis", "MMM d, yyyy"}, `"Feb 7, 2017"`, "1486425600.000000000"},
		{[]string{"yyyy"}, `"2017-02-07 15:13:01"`, "1486480381.000000000"}, // valueOf is still tried
		{[]string{"yyyy-MM-dd"}, `"2017-02-30"`, "!"},
		{[]string{"yyyy-MM-dd HH:mm:ss"}, `"1500-01-01 00:00:00"`, "-14831769600.000000000"},
		{[]string{"yyyy"}, `"1500-01-01 00:00:00"`, "-14831769600.000000000"}, // proleptic, though Java's valueOf isn't
		{[]string{"yy"}, `"25"`, "1735689600.000000000"},
		{[]string{"yyyyy"}, `"10000"`, "!"},
	} {
		rows, err := convert(t, tab, Options{TimestampFormats: tt.formats, Year: 2026}, `{"a":`+tt.value+`}`)
		got := "!"
		if err == nil {
			got = strings.TrimSuffix(rows[0], " | null")
		}
		if got != tt.wanted {
			t.Errorf("%q: %s: %s, %v, want %s", tt.formats, tt.value, got, err, tt.wanted)
		}
	}
	// Keys don't know them.
	if rows, err := convert(t, tab, Options{TimestampFormats: []string{"millis"}}, `{"m":{"1":1}}`); err == nil {
		t.Error(rows)
	}
	if _, err := New(tab, Options{TimestampFormats: []string{"q"}}); err == nil || !strings.Contains(err.Error(), "TimestampFormats") {
		t.Errorf("pattern q: %v", err)
	}
}

// What the fast walk reads of the usual patterns is what the patterns say.
func TestUsualPatterns(t *testing.T) {
	tab := table(t, "a timestamp")
	patterns := []string{"yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ssZ", "yyyy-MM-dd'T'HH:mm:ss.SSS", "yyyy-MM-dd HH:mm:ss.SSSSSS", "yyyy-MM-dd'T'HH:mm:ss.SSSZZ", "yyyy-MM-dd'T'HH:mm:ss.S'Z'"}
	var texts []string
	for _, date := range []string{"2017-02-07", "2017-02-28", "2017-02-29", "2016-02-29", "2017-04-31", "2017-12-31", "2017-13-01", "2017-00-10", "2017-01-00", "0001-01-01", "1500-02-29", "0000-01-01", "9999-12-31", "2017-2-7"} {
		for _, clock := range []string{"15:13:01", "23:59:59", "24:00:00", "23:60:00", "23:59:60", "00:00:00", "1:2:3"} {
			for _, rest := range []string{"", ".1", ".12", ".123", ".1234", ".123456", ".1234567", ".123456789", ".1234567890", ".", "Z", ".1Z", ".123Z", "z", "+02:00", ".5+0200", " ", "x"} {
				texts = append(texts, date+"T"+clock+rest, date+" "+clock+rest)
			}
		}
	}
	for _, p := range patterns {
		for _, formats := range [][]string{{p}, {p, "yyyy-MM-dd'T'HH:mm:ss.SSS"}, {"millis", p}} {
			d, err := New(tab, Options{TimestampFormats: formats, Year: 2026})
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range texts {
				b := column.NewBatch(tab.Columns)
				got := columntest.Run(d, b, []byte(`{"a":"`+text+`"}`))
				want := ""
				if sec, nanos, msg := timestamp([]byte(text), d.formats); msg == "" {
					want = fmt.Sprintf("%d.%09d", sec, nanos)
				}
				if strings.HasPrefix(got, "DataFormat") {
					got = ""
				}
				if got != want {
					t.Errorf("%q: %s: %s, want %s", formats, text, got, want)
				}
			}
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
	tab := table(t, "id int", "user struct<name:string,tags:array<int>>", "m map<int,int>", "at timestamp")
	for _, tt := range []struct {
		record, path, column, want, value string
		offset                            int
		hint                              string
	}{
		{`{"at":"x","id":"1"}`, "/at", "at", "timestamp", `"x"`, 6, "TimestampFormats"}, // the record's order
		{`{"user":{"tags":[1,{"a":2}]}}`, "/user/tags/1", "user", "int", `{"a":2}`, 19, "struct or map"},
		{`{"user":{"name":["a"]}}`, "/user/name", "user", "string", `["a"]`, 16, "array"},
		{`{"m":{"x":1}}`, "/m/x", "m", "int", "1", 10, "keys of the map string"},
		{`{"_col7":1}`, "/_col7", "", tab.Struct().String(), "1", 9, "_colN"},
		{`{"id":1,"user":"{}"}`, "/user", "user", "struct<name:string,tags:array<int>>", `"{}"`, 15, "JSON inside of a string"},
	} {
		_, err := convert(t, tab, Options{}, tt.record)
		e, ok := err.(*column.RowError)
		if !ok {
			t.Errorf("%s: %v", tt.record, err)
			continue
		}
		got := fmt.Sprintf("%s %s %s %s %s %d", e.Code, e.Path, e.Column, e.Want, e.Value, e.Offset)
		want := fmt.Sprintf("%s %s %s %s %s %d", column.MalformedData, tt.path, tt.column, tt.want, tt.value, tt.offset)
		if got != want || !strings.Contains(e.Hint, tt.hint) {
			t.Errorf("%s:\n got %s; %s\nwant %s; ...%s...", tt.record, got, e.Hint, want, tt.hint)
		}
	}
}

// Whatever the corpus holds ends in a row or in an error, never in both or in neither.
func TestCorpus(t *testing.T) {
	var files []string
	for _, g := range []string{"json-conformance/*/*", "json-quirks/*", "hive-json-serde/*", "app-events/*"} {
		m, _ := filepath.Glob("../../../shared/corpus/" + g + "json*")
		files = append(files, m...)
	}
	if len(files) == 0 {
		t.Skip("../shared not present: corpus of JSON files")
	}
	tab := table(t, "a int", "b string", "id string")
	d, err := New(tab, Options{})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b := column.NewBatch(tab.Columns)
		what := "rows"
		if err = d.Record(b, data); err != nil {
			what = err.(*column.RowError).Code
		}
		base := filepath.Base(f)
		if (b.Rows == 0) != (err != nil) || base[:2] == "n_" && err == nil || base[:2] == "y_" && what == column.ParseError {
			t.Errorf("%s: %d rows, %v", base, b.Rows, err)
		}
		if err := columntest.CheckBatch(b); err != nil {
			t.Errorf("%s: %v", base, err)
		}
		counts[what]++
	}
	t.Log(counts)
}

func Example() {
	tab, _ := schema.NewTable([2]string{"id", "int"}, [2]string{"at", "timestamp"})
	d, _ := New(tab, Options{TimestampFormats: []string{"dd/MMM/yyyy:HH:mm:ss Z"}})
	b := column.NewBatch(tab.Columns)
	for _, record := range []string{`{"id":1.9,"at":"07/Feb/2018:19:58:48 +0000"}`, `{"id":"2"}`} {
		if err := d.Record(b, []byte(record)); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(b.Rows, b.Columns[0].Ints, b.Columns[1].Ints)
	// Output:
	// record 0, byte 6, /id (column id, int): Data does not match the schema. Current token (VALUE_STRING) not numeric, can not use numeric value accessors
	// 1 [1] [1518033528]
}

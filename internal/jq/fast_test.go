package jq

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// describeKeys is what an Extract gave, for comparison.
func describeKeys(k *Keys, err error) string {
	if err != nil {
		var ee *ExtractError
		if !errors.As(err, &ee) {
			return "? " + err.Error()
		}
		return fmt.Sprintf("error %d %s", ee.Reason, ee)
	}
	var b strings.Builder
	for i := range k.Len() {
		fmt.Fprintf(&b, "%s=%s\n", k.Name(i), k.Value(i))
	}
	return b.String()
}

// checkTwins compares the fast path with the evaluator on one record, and reports whether the fast path answered.
func checkTwins(t *testing.T, q *Query, k *Keys, record []byte) bool {
	t.Helper()
	var full Keys
	want := describeKeys(&full, q.extractFull(&full, record))
	got := describeKeys(k, q.Extract(k, record))
	if got != want {
		t.Errorf("%s on %.300q:\n fast %s\n full %s", q, record, got, want)
	}
	if q.fast == nil {
		return false
	}
	k.names, k.text, k.ends = k.names[:0], k.text[:0], k.ends[:0]
	return q.fast.run(k, q, record)
}

// partitionQueries are queries of the kind that streams are described with.
var partitionQueries = []string{
	`{customer_id: .customer_id}`,
	`{customer_id: .customer_id, device: .type.device, year: .event_timestamp|strftime("%Y")}`,
	`{year: .event_timestamp|strftime("%Y"), month: .event_timestamp|strftime("%m"), day: .event_timestamp|strftime("%d"), hour: .event_timestamp|strftime("%H")}`,
	`{t: (.tenant // "none"), r: (.region // .aws_region // "unknown") | ascii_downcase}`,
	`{k: "\(.type.device)/\(.customer_id)"}`,
	`{d: (.ts/1000)|strftime("%Y-%m-%d")}`,
	`{d: .time[0:10], h: .time[11:13]}`,
	`{d: .time|split("T")|.[0], y: .time|split("-")[0]}`,
	`{d: .time|fromdate|strftime("%Y/%m/%d")}`,
	`{k: (if .customer_id == "1234567890" then "a" elif .type then "b" else "c" end)}`,
	`{k: .a.b.c, l: .a.b}`,
	`{k: .a[0], l: .a[1].b}`,
	`{k: .type | .device | ascii_upcase}`,
	`{k: .event_timestamp|tostring, l: .ok, m: (.n + 1), o: (.n * 2 - .m)}`,
	`{k: (.name|test("^[a-z]+$")), l: .name|length}`,
	`{k: .name|gsub("[^a-z]";"_"), l: .name|@base64, m: .name|ltrimstr("x")}`,
	`{k: (.a.b? // "x"), l: (.customer_id|tonumber? // 0)}`,
	`{k: (.x // .y and .z), l: (.x or .y)}`,
	`{"a b": .["a b"], c: ."d-e"}`,
	`{k: .id|tostring|.[0:2], m: (.n % 7)}`,
	`{k: ({"x":"found","6":1}[.customer_id|tostring] // "other"), l: {"a":{}}[.region]}`,
	`{k: "const", l: 1, m: true, n: (.a|type)}`,
	`{k: .a.b|"const", l: (.type.device|1, true)}`,
	`{k: .a.b|"const", l: .type.device|(1 == 1)}`,
}

var partitionRecords = []string{
	`{"type":{"device":"mobile"},"customer_id":"1234567890","event_timestamp":1565382027,"region":"sample_region"}`,
	` { "type" : { "device" : "Mobile" } , "customer_id" : 1234567890123456789 , "event_timestamp" : 1565382027.987 } ` + "\n",
	`{"customer_id":"a","customer_id":"b","type":null,"event_timestamp":0}`,
	`{"type":{"device":"x"},"type":"y","customer_id":"é\u00e9","event_timestamp":-1}`,
	`{"type":"y","type":{"device":"\ud83d\ude00"},"customer_id":"\u0041","event_timestamp":"1"}`,
	`{"a":{"b":{"c":1e-7}},"ts":1717243205123,"time":"2024-06-01T12:00:05Z","tenant":"","ok":true,"n":1.5,"m":0}`,
	`{"a":[{"b":1},{"b":"é"},3],"tenant":null,"region":"EU-West","ok":false,"n":-0,"m":1e400,"name":"abc"}`,
	`{"a":[],"time":"é","name":"Xyz_é","id":18446744073709551615,"x":false,"y":0,"z":"","a b":"q","d-e":"r"}`,
	`{"a":{"b":"s"},"name":"x","time":null,"id":"日本","n":1e16,"ts":"x"}`,
	`{"a\u0062":1}`, `{"a":1}{"a":2}`, `{"a":1} x`, `[1]`, `null`, ``, ` `, `{`, `{"a":01}`, `{"a":+1}`, `{"a":NaN}`, `{"a":.5}`,
	"{\"a\":\"\x01\"}", "{\"a\":\"\xff\"}", "\xef\xbb\xbf{\"customer_id\":\"x\"}", `{"a":"\ud800"}`, `{"a":"\q"}`, `{"a":1,}`,
	`{"customer_id":"x","deep":` + strings.Repeat("[", 101) + strings.Repeat("]", 101) + `}`,
	`{"customer_id":"x","deep":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`,
	"{\"customer_id\":\"x\"}\x00", "{\"customer_id\":\"a\x7f\"}", `{"customer_id":{"a":1}}`, `{"customer_id":[]}`,
}

// TestTwins holds the fast path to the evaluator, on queries of its own and on every recorded vector.
func TestTwins(t *testing.T) {
	var k Keys
	fast, all := 0, 0
	for _, text := range partitionQueries {
		q, err := Compile(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if q.fast == nil {
			t.Errorf("%s has no fast path", text)
		}
		for _, r := range partitionRecords {
			all++
			if checkTwins(t, q, &k, []byte(r)) {
				fast++
			}
		}
	}
	t.Logf("fast path answered %d of %d records", fast, all)
	if _, err := os.Stat(oraclePath); err != nil {
		return
	}
	fast, all = 0, 0
	for _, v := range readVectors(t) {
		q, err := oracleOptions.Compile(v.Query)
		if err != nil || v.Exit == "timeout" || v.Exit == "crash" {
			continue
		}
		if v.Category == "partition-keys" && len(v.Outputs) == 1 {
			all++
		}
		if checkTwins(t, q, &k, []byte(v.Input)) && v.Category == "partition-keys" {
			fast++
		}
	}
	t.Logf("fast path answered %d of %d recorded partition keys", fast, all)
}

// TestExtractErrors shows what becomes of outputs that are no keys.
func TestExtractErrors(t *testing.T) {
	for _, tt := range []struct {
		query, record string
		want          Reason
		key, text     string
	}{
		{`{k: .k}`, `{"k":null}`, NullOrEmpty, "k", `the value of key "k" is null or empty`},
		{`{k: .k}`, `{"k":""}`, NullOrEmpty, "k", `the value of key "k" is null or empty`},
		{`{k: .k}`, `{}`, NullOrEmpty, "k", `the value of key "k" is null or empty`},
		{`{k: .k}`, `{"k":[1]}`, NotScalar, "k", `the value of key "k" is an object or an array`},
		{`{k: .k}`, `{"k":`, NotJSON, "", "Unfinished JSON term at EOF at line 1, column 5"},
		{`{k: .k.a}`, `{"k":"x"}`, Failed, "", `Cannot index string with string "a"`},
		{`{k: .k|strftime("%Y")}`, `{"k":"x"}`, Failed, "", "strftime/1 requires parsed datetime inputs"},
		{`{k: .k[]}`, `{"k":[1,2]}`, SeveralOutputs, "", "the query has more than one output for this record"},
		{`{k: .k[]}`, `{"k":[]}`, NoOutput, "", "the query has no output for this record"},
		{`.k`, `{"k":"x"}`, NotObject, "", "the output of the query is no object"},
		{`{k: .k}`, ``, NoOutput, "", "the query has no output for this record"},
		{`{k: .k}`, `{"k":1} {"k":2}`, SeveralOutputs, "", "the query has more than one output for this record"},
		{`{k: [range(1e9)]}`, `1`, Exceeded, "", "the query needs too much for one record: limit of memory reached"},
	} {
		q, err := Options{Limits: Limits{Bytes: 1 << 20}}.Compile(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		var k Keys
		var ee *ExtractError
		if err := q.Extract(&k, []byte(tt.record)); !errors.As(err, &ee) || ee.Reason != tt.want || ee.Key != tt.key || ee.Error() != tt.text || k.Len() != 0 {
			t.Errorf("Extract(%s, %s) = %v, want %d %q %q", tt.query, tt.record, err, tt.want, tt.key, tt.text)
		}
	}
}

// place draws the path of a member.
func (g generator) place(depth int) string {
	s := g.pick([]string{".a", ".a", ".b", ".c", `."é"`, `."a.b"`, `.""`}) + g.pick([]string{"", "", "", "", "", "", "[0]", "[1]", "?"})
	if depth > 0 && g.IntN(3) == 0 {
		s += g.place(depth - 1)
	}
	return s
}

// keyValue draws an expression of what the fast path knows.
func (g generator) keyValue(depth int) string {
	if depth <= 0 {
		return g.pick([]string{g.place(0), g.place(0), g.place(0), g.place(1), g.place(2), `"k"`, "1", "true", "."})
	}
	e := func() string { return g.keyValue(depth - 1) }
	switch g.IntN(9) {
	case 0, 1:
		return "(" + e() + " | " + g.pick([]string{"tostring", "ascii_downcase", "ascii_upcase", `strftime("%Y-%m-%d %H")`, `strftime("%c")`, "todate",
			`split("/") | .[1]`, `split("/")[0]`, ".[1:3]", ".[:2]", ".[0:0]", "length", "type", "not", `ltrimstr("a")`, `test("a")`, "tonumber",
			"@base64", "@json", "fromdate", "-.", ".[-1:]", ".", ".[0]", ".a", "input_line_number", "empty", "(1, 2)", ". as $x | $x + $x", "(try error)",
			"isnan", `"\(.)\(.)"`, ". + .", "infinite", "nan", "(. // \"z\")", e()}) + ")"
	case 2:
		return "(" + e() + g.pick([]string{" // ", " + ", " - ", " * ", " / ", " % ", " == ", " < ", " >= ", " and ", " or "}) + e() + ")"
	case 3:
		return "(if " + e() + " then " + e() + " else " + e() + " end)"
	case 4:
		return `"a\(` + e() + `)b\(` + e() + `)"`
	case 5:
		return `({"x":"found","1":2,"k":[1],"AbC é":null}[` + e() + `])`
	case 6:
		return "(" + g.place(1) + " | " + e() + ")"
	case 7:
		return "(" + e() + `|split(` + g.pick([]string{`"/"`, `"b"`, `""`, `"é"`}) + `)|.[` + g.pick([]string{"0", "1", "-1"}) + "])"
	}
	return "(" + e() + ")" + g.pick([]string{".a", "[0]", "[1:]", "[0:2]"})
}

// partitioned draws a record.
func (g generator) partitioned(depth int) string {
	switch n := g.IntN(12); {
	case depth > 1 || depth > 0 && n < 4:
		s := "{"
		for i := range 2 + g.IntN(6) {
			if i > 0 {
				s += ","
			}
			s += g.pick([]string{`"a"`, `"a"`, `"b"`, `"b"`, `"b" `, `"c"`, `"c"`, `"é"`, `"a.b"`, `""`}) + ":" + g.partitioned(depth-1)
		}
		return s + "}"
	case depth > 0 && n < 6:
		return "[" + g.partitioned(depth-1) + "," + g.partitioned(0) + "]"
	}
	return g.pick([]string{"1", "-0", "0", "1.5", "1e17", "1e400", "-1e-7", "1565382027", "1565382027.99", "-1.5", "1e18", `"x"`, `""`, `"AbC é"`, `"\u0041\n"`,
		`"\udc00"`, `"a/b/c"`, `"2024-06-01T12:00:05Z"`, "null", "true", "false", "[]", "{}", `{"a":null,"a":"dup"}`, `"\u0000"`, "\"\xff\"",
		"123456789012345678", `"123"`, "01", "NaN", `"\ud83d\ude00x"`, "\"\x7f\""})
}

// TestTwinsDrawn holds the fast path to the evaluator on queries that it is made for, drawn at random.
func TestTwinsDrawn(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(1, 2))}
	var k Keys
	fast, all := 0, 0
	for range 6000 {
		text := "{k: " + g.keyValue(g.IntN(4)) + ", l: " + g.keyValue(g.IntN(3)) + "}"
		q, err := Compile(text)
		if err != nil || q.fast == nil {
			continue // division by a constant that is zero, and the like
		}
		for range 10 {
			all++
			if checkTwins(t, q, &k, []byte(g.partitioned(2))) {
				fast++
			}
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("fast path answered %d of %d records", fast, all)
}

// FuzzTwins looks for a record on which the fast path and the evaluator differ.
func FuzzTwins(f *testing.F) {
	for i, r := range partitionRecords {
		f.Add(i, []byte(r))
	}
	var queries []*Query
	for _, text := range partitionQueries {
		q, err := Compile(text)
		if err != nil {
			f.Fatal(err)
		}
		queries = append(queries, q)
	}
	f.Fuzz(func(t *testing.T, i int, record []byte) {
		var k Keys
		for _, q := range queries {
			checkTwins(t, q, &k, record)
		}
	})
}

// TestNames shows which queries tell their keys beforehand.
func TestNames(t *testing.T) {
	for _, tt := range []struct{ query, want string }{
		{`{customer_id: .a, "device": .b, year: .ts|strftime("%Y")}`, "customer_id device year"},
		{`.detail | {a, b: 1}`, "a b"},
		{`.ts as $t | {a: $t}`, "a"},
		{`def f: .x; {a: f, b: f}`, "a b"},
		{`{a: "x"}`, "a"},
		{`{a: 1, a: .b}`, "a"},
		{`{(.k): 1}`, "?"},
		{`.`, "?"},
		{`{a: 1} + {b: 2}`, "?"},
	} {
		q, err := Compile(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		names, ok := q.Names()
		got := strings.Join(names, " ")
		if !ok {
			got = "?"
		}
		if got != tt.want {
			t.Errorf("Names of %s = %s, want %s", tt.query, got, tt.want)
		}
	}
}

// TestExtractAllocates shows that the fast path doesn't.
func TestExtractAllocates(t *testing.T) {
	q, err := Compile(threeKeys)
	if err != nil {
		t.Fatal(err)
	}
	var k Keys
	record := events(1)[0]
	if n := testing.AllocsPerRun(100, func() {
		if err := q.Extract(&k, record); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("Extract allocates %v times", n)
	}
}

func ExampleQuery_Extract() {
	q, err := Compile(`{customer: .customer_id, device: (.type.device // "none"), year: .ts | strftime("%Y")}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	var k Keys
	for _, record := range []string{
		`{"type":{"device":"mobile"},"customer_id":"1234567890","ts":1565382027}`,
		`{"customer_id":null,"ts":0}`,
	} {
		if err := q.Extract(&k, []byte(record)); err != nil {
			fmt.Println(err)
			continue
		}
		for i := range k.Len() {
			fmt.Printf("%s=%s\n", k.Name(i), k.Value(i))
		}
	}
	_, err = Compile(`{device: .type.device // "none"}`)
	fmt.Println(err)
	// Output:
	// customer=1234567890
	// device=mobile
	// year=2019
	// the value of key "customer" is null or empty
	// line 1, column 23: unexpected //: in jq 1.6 the value of an object's key is terms joined by |; write {device: (.type.device // "none")}
}

// TestConcurrent runs one query from several goroutines, for the race detector.
func TestConcurrent(t *testing.T) {
	q, err := Compile(`{a: (.name|sub("[a-z]"; "x")), b: (.a | tojson), c: (["x", .name] | join("/")), d: ({"Xyz_é":1}[.name] // 2)}`)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]string, len(partitionRecords))
	for i, r := range partitionRecords {
		var k Keys
		want[i] = describeKeys(&k, q.Extract(&k, []byte(r)))
	}
	done := make(chan string)
	for range 4 {
		go func() {
			var k Keys
			for range 20 {
				for i, r := range partitionRecords {
					if got := describeKeys(&k, q.Extract(&k, []byte(r))); got != want[i] {
						done <- fmt.Sprintf("%q: %s, want %s", r, got, want[i])
						return
					}
				}
			}
			done <- ""
		}()
	}
	for range 4 {
		if msg := <-done; msg != "" {
			t.Error(msg)
		}
	}
}

package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// infer adds records, numbered from 1.
func infer(o InferOptions, records ...string) *Inferrer {
	n := NewInferrer(o)
	for i, r := range records {
		n.Add([]byte(r), Place{Record: int64(i + 1)})
	}
	return n
}

func TestInferTypes(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70)
	for _, tt := range []struct {
		name    string
		records []string
		want    string
	}{
		{"order", []string{`{"B":1,"a":true}`, `{"c":"x","a":null}`}, "struct<b:int,a:boolean,c:string>"},
		{"int", []string{`{"a":-2147483648}`, `{"a":2147483647}`}, "struct<a:int>"},
		{"bigint", []string{`{"a":1}`, `{"a":2147483648}`}, "struct<a:bigint>"},
		{"bigint limits", []string{`{"a":9223372036854775807}`, `{"a":-9223372036854775808}`}, "struct<a:bigint>"},
		{"decimal", []string{`{"a":1}`, `{"a":9223372036854775808}`}, "struct<a:decimal(38,0)>"},
		{"huge", []string{`{"a":1}`, `{"a":` + strings.Repeat("9", 39) + `}`}, "struct<a:string>"},
		{"double", []string{`{"a":1}`, `{"a":2.5}`}, "struct<a:double>"},
		{"exponent", []string{`{"a":1e3}`}, "struct<a:double>"},
		{"huge and double", []string{`{"a":1.5}`, `{"a":` + strings.Repeat("9", 39) + `}`}, "struct<a:double>"},
		{"text and number", []string{`{"a":1}`, `{"a":"1"}`}, "struct<a:string>"},
		{"bool and number", []string{`{"a":1}`, `{"a":true}`}, "struct<a:string>"},
		{"null", []string{`{"a":null}`}, "struct<a:string>"},
		{"null and int", []string{`{"a":null}`, `{"a":7}`}, "struct<a:int>"},
		{"date", []string{`{"a":"2024-02-29"}`, `{"a":"2024-1-1"}`}, "struct<a:date>"},
		{"no date", []string{`{"a":"2023-02-29"}`}, "struct<a:string>"},
		{"date and empty", []string{`{"a":"2024-02-29"}`, `{"a":""}`}, "struct<a:string>"},
		{"timestamp", []string{`{"a":"2017-02-07 15:13:01.14"}`, `{"a":"2017-02-07T15:13:01.39256Z"}`, `{"a":"2017-2-7T1:3:1"}`}, "struct<a:timestamp>"},
		{"offset", []string{`{"a":"2017-02-07T15:13:01+02:00"}`}, "struct<a:string>"},
		{"ten digits", []string{`{"a":"2017-02-07T15:13:01.0123456789Z"}`}, "struct<a:string>"},
		{"blank Z", []string{`{"a":"2017-02-07 15:13:01Z"}`}, "struct<a:string>"},
		{"date and timestamp", []string{`{"a":"2017-02-07 15:13:01"}`, `{"a":"2017-02-07"}`}, "struct<a:string>"},
		{"array", []string{`{"a":[1,2.5]}`, `{"a":[]}`, `{"a":[null]}`}, "struct<a:array<double>>"},
		{"empty array", []string{`{"a":[]}`}, "struct<a:array<string>>"},
		{"array of arrays", []string{`{"a":[[1],[2,3]]}`}, "struct<a:array<array<int>>>"},
		{"array or one", []string{`{"a":[1]}`, `{"a":2147483648}`}, "struct<a:array<bigint>>"},
		{"array or object", []string{`{"a":{"x":1}}`, `{"a":[{"y":"z"}]}`}, "struct<a:array<struct<y:string,x:int>>>"},
		{"array of arrays or one", []string{`{"a":[1,[2]]}`, `{"a":3}`}, "struct<a:array<array<int>>>"},
		{"struct", []string{`{"a":{"x":1}}`, `{"a":{"Y":{"z":[true]}}}`, `{"a":""}`}, "struct<a:struct<x:int,y:struct<z:array<boolean>>>>"},
		{"struct or text", []string{`{"a":{"x":1}}`, `{"a":"b"}`}, "struct<a:string>"},
		{"empty struct", []string{`{"a":{}}`}, "struct<a:map<string,string>>"},
		{"map by names", []string{`{"a":{"2024-01-01":1,"2024-01-02":2,"2024-01-03":2.5}}`}, "struct<a:map<string,double>>"},
		{"map of uuids", []string{`{"a":{"c0ffee00-0000-4000-8000-000000000001":{"x":1},"c0ffee00-0000-4000-8000-000000000002":{"y":1},"d0ffee00-0000-4000-8000-000000000002":{}}}`},
			"struct<a:map<string,struct<x:int,y:int>>>"},
		{"not ids", []string{`{"a":{"1a":1,"2b":2,"3c":2}}`}, "struct<a:struct<1a:int,2b:int,3c:int>>"},
		{"case", []string{`{"userId":1}`, `{"userid":2}`, `{"USERID":2147483648}`}, "struct<userid:bigint>"},
		{"names", []string{`{"a.b":1,"c d":2,"é\u0041":3,"\"":4}`}, "struct<a.b:int,`c d`:int,éa:int,\":int>"},
		{"several", []string{` {"a":1} {"b":2}` + "\n"}, "struct<a:int,b:int>"},
		{"byte order mark", []string{"\ufeff{\"a\":1}"}, "struct<a:int>"},
		{"bad records", []string{`{"a":1`, `[1]`, `7`, ``, `{"a":1} x`, `{"b":2}`}, "struct<b:int>"},
		{"unnameable", []string{`{"":1,"` + strings.Repeat("x", 256) + `":2,"a":3}`}, "struct<a:int>"},
		{"deep", []string{deep}, "struct<" + strings.Repeat("a:struct<", 62) + "a:string" + strings.Repeat(">", 63)},
	} {
		r, err := infer(InferOptions{}, tt.records...).Result()
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := r.Type.String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if again, err := ParseType(r.Type.String()); err != nil || !again.Equal(r.Type) {
			t.Errorf("%s: the type doesn't read back: %v", tt.name, err)
		}
		_ = r.AppendText(nil)
	}
}

func TestInferOptions(t *testing.T) {
	for _, tt := range []struct {
		o    InferOptions
		want string
	}{
		{InferOptions{}, "struct<id:bigint,t:timestamp,z:int>"},
		{InferOptions{PlainText: true}, "struct<id:bigint,t:string,z:int>"},
		{InferOptions{CaseSensitive: true}, "struct<id:bigint,t:timestamp,z:int>"},
		{InferOptions{MaxFields: 2}, "struct<id:bigint,t:timestamp>"},
	} {
		r, err := infer(tt.o, `{"Id":1,"t":"2024-01-01 00:00:00"}`, `{"id":2147483648,"z":1}`).Result()
		if err != nil || tt.o.MaxFields == 0 && r.Type.String() != tt.want {
			t.Errorf("%+v: %v, %v, want %s", tt.o, r, err, tt.want)
		}
		if tt.o.MaxFields == 2 && (r.Type.String() != tt.want || r.Beyond.Count != 1 || r.Beyond.First.Record != 2) {
			t.Errorf("%+v: %s, beyond %+v", tt.o, r.Type, r.Beyond)
		}
	}
	if _, err := infer(InferOptions{}).Result(); err == nil || err.Error() != "no records to infer a table from" {
		t.Errorf("nothing: %v", err)
	}
	if _, err := infer(InferOptions{}, "x").Result(); err == nil || !strings.Contains(err.Error(), "record 1") {
		t.Errorf("no JSON: %v", err)
	}
	if _, err := infer(InferOptions{}, "{}").Result(); err == nil {
		t.Error("no member: no error")
	}
}

func TestInferEvidence(t *testing.T) {
	n := NewInferrer(InferOptions{})
	for i, r := range []string{
		`{"id":1,"user":{"name":"a"},"n":1}`,
		`{"ID":2,"user":{"name":null},"n":0.1234567890123456789}`,
		`{"id":"x","tags":["a",1],"n":2}`,
		`nope`,
		`{"id":4,"user":null,"iD":5}`,
	} {
		n.Add([]byte(r), Place{File: "e.json", Line: int64(i + 1), Record: int64(i + 1)})
	}
	r, err := n.Result()
	if err != nil {
		t.Fatal(err)
	}
	const want = `5 records, 4 rows
1 records that are not JSON, first at e.json:4: nope
id         string         5 in 4, 1..5, written id, ID, iD
    32-bit integer ×4, first at e.json:1: 1
    text ×1, first at e.json:3: "x"
    ! twice in one object, first at e.json:5: OpenX fails such records
user       struct<…>      2 of 4 (50.0%), null 1
user.name  string         1 of 2 (50.0%), null 1
n          double         3 of 4 (75.0%), 0.12345678901234568..2
    32-bit integer ×2, first at e.json:1: 1
    fraction ×1, first at e.json:2: 0.1234567890123456789
    ! 1 numbers that double rounds, first 0.1234567890123456789 at e.json:2
tags       array<string>  1 of 4 (25.0%)
tags[]     string         2, 1..1
    text ×1, first at e.json:3: "a"
    32-bit integer ×1, first at e.json:3: 1
`
	if got := string(r.AppendText(nil)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if r.Records != 5 || r.Rows != 4 || r.Malformed.Count != 1 || r.Malformed.First.Line != 4 {
		t.Errorf("counts %+v", r)
	}
	text, err := json.Marshal(r)
	if err != nil || !bytes.Contains(text, []byte(`"fields":[{"path":"id","type":"string","of":4,"seen":5,"null":0,"forms":[{"form":"32-bit integer","count":4,"first":{"file":"e.json","line":1,"record":1},"example":"1"}`)) {
		t.Errorf("JSON %s, %v", text, err)
	}
}

// TestInferBounded sees that an object with ever new members becomes a map and holds no more memory.
func TestInferBounded(t *testing.T) {
	n := NewInferrer(InferOptions{})
	for i := range 20000 {
		n.Add(fmt.Appendf(nil, `{"id":%d,"attrs":{"k%d":%d,"u%d":"x","same":1},"wide":{"w%d":1}}`, i, i, i, i*7, i%150), Place{Record: int64(i + 1)})
	}
	r, err := n.Result()
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Table.Columns[1].Type.String(); got != "map<string,string>" {
		t.Errorf("attrs is %s", got)
	}
	if k := r.Table.Columns[2].Type.Kind; k != Struct {
		t.Errorf("wide is %s", k)
	}
	if n.nodes > 200 {
		t.Errorf("%d nodes are held", n.nodes)
	}
	// Wide and full objects stay structs.
	var b bytes.Buffer
	for i := range 400 {
		fmt.Fprintf(&b, `,"m%d":1`, i)
	}
	n = NewInferrer(InferOptions{})
	for range 20 {
		n.Add([]byte(`{"a":{`+b.String()[1:]+`}}`), Place{})
	}
	if r, err = n.Result(); err != nil || r.Table.Columns[0].Type.Kind != Struct || len(r.Table.Columns[0].Type.Fields) != 400 {
		t.Errorf("a is %s, %v", r.Table.Columns[0].Type, err)
	}
}

// TestInferMerge sees that parts add up to the whole.
func TestInferMerge(t *testing.T) {
	records := []string{`{"a":1,"b":{"x":1.5},"c":[1]}`, `{"A":2147483648,"d":null}`, `x`, `{"b":{"y":[{"z":1}]},"c":"2024-01-01","a":3}`,
		`{"b":{"x":9007199254740993},"e":{"1":1,"2":2,"3":3}}`, ``, `{"a":"t","a":"u"}`}
	want, err := infer(InferOptions{}, records...).Result()
	if err != nil {
		t.Fatal(err)
	}
	for cut := range records {
		n, m := NewInferrer(InferOptions{}), NewInferrer(InferOptions{})
		for i, r := range records {
			p := n
			if i >= cut {
				p = m
			}
			p.Add([]byte(r), Place{Record: int64(i + 1)})
		}
		n.Merge(m)
		got, err := n.Result()
		if err != nil {
			t.Fatal(err)
		}
		if g, w := string(got.AppendText(nil)), string(want.AppendText(nil)); g != w {
			t.Errorf("cut at %d:\n%s\nwant\n%s", cut, g, w)
		}
	}
}

func FuzzInfer(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"2024-01-01"}],"C":{"1":2.5}} {"c":"x"}`), false)
	f.Add([]byte("{\"a\":\"\",\"a.b\":{},\"é\":[[]]}\n{\"a\":[7]}\n[1]"), true)
	f.Fuzz(func(t *testing.T, data []byte, sensitive bool) {
		n := NewInferrer(InferOptions{CaseSensitive: sensitive, MaxFields: 50})
		valid := int64(0)
		for i, line := range bytes.Split(data, []byte("\n")) {
			n.Add(line, Place{Line: int64(i + 1)})
			if json.Valid(line) && len(bytes.TrimSpace(line)) > 0 && bytes.TrimSpace(line)[0] == '{' {
				valid++
			}
		}
		r, err := n.Result()
		if err != nil {
			return
		}
		_ = r.AppendText(nil)
		if r.Rows < valid && !bytes.ContainsAny(data, "\x80\xbf\xc0\xff\\") && r.Malformed.Count == 0 {
			t.Errorf("%d rows of %d objects", r.Rows, valid)
		}
		if again, err := ParseType(r.Type.String()); err != nil && len(r.Type.String()) <= maxTypeLength || err == nil && !again.Equal(r.Type) {
			t.Errorf("%s reads back as %v, %v", r.Type, again, err)
		}
	})
}

// TestInferCorpus infers tables from published records, and prints how many.
func TestInferCorpus(t *testing.T) {
	var names []string
	for _, p := range []string{"app-events/*.json*", "json-quirks/*", "cloudtrail/*.json*", "hive-json-serde/*.txt", "vpcflow/*.json*", "json-conformance/*/*.json"} {
		found, _ := filepath.Glob("../../shared/corpus/" + p)
		names = append(names, found...)
	}
	if len(names) == 0 {
		t.Skip("../shared not present: published records")
	}
	tables, records, rows := 0, int64(0), int64(0)
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil || len(data) > 8<<20 {
			continue
		}
		n := NewInferrer(InferOptions{})
		for i, line := range bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")) {
			n.Add(line, Place{File: filepath.Base(name), Line: int64(i + 1)})
		}
		r, err := n.Result()
		if err != nil {
			continue
		}
		if again, err := ParseType(r.Type.String()); err != nil || !again.Equal(r.Type) {
			t.Errorf("%s: %s reads back as %v", name, r.Type, err)
		}
		tables, records, rows = tables+1, records+r.Records, rows+r.Rows
	}
	t.Logf("%d files with rows: %d records, %d rows", tables, records, rows)
}

func BenchmarkInfer(b *testing.B) {
	record := []byte(`{"id":"5f0c4f8e-7a1e-4b51-9d5e-0c6d1a2b3c4d","at":"2024-05-06T07:08:09.123Z","user":{"id":123456,"name":"Jürgen \"J\" K","tags":["a","b","c"]},"price":19.99,"n":1234567,"ok":true,"referrer":null,"url":"https://example.com/a/b/c?d=e&f=g","attrs":{"k1":"v1","k2":"v2"}}`)
	n := NewInferrer(InferOptions{})
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	for b.Loop() {
		n.Add(record, Place{})
	}
}

package schema

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestDiff(t *testing.T) {
	for _, tt := range []struct{ name, a, b, want string }{
		{"same", "struct<a:int,b:array<string>>", "struct<a:int,b:array<string>>", ""},
		{"added", "struct<a:int>", "struct<a:int,b:date>", "+ b date"},
		{"removed", "struct<a:int,b:date>", "struct<a:int>", "- b date"},
		{"renamed", "struct<userid:int>", "struct<user_id:int>", "- userid int: no longer kept; renamed to user_id?|+ user_id int"},
		{"wider", "struct<a:int,b:array<float>,c:map<string,varchar(3)>,d:decimal(5,2)>", "struct<a:bigint,b:array<double>,c:map<string,string>,d:decimal(7,3)>",
			"~ a int → bigint: wider|~ b[] float → double: wider|~ c{} varchar(3) → string: wider|~ d decimal(5,2) → decimal(7,3): wider"},
		{"narrower", "struct<a:bigint>", "struct<a:int>", "~ a bigint → int: narrower"},
		{"other", "struct<a:bigint,b:map<int,int>,c:string>", "struct<a:double,b:map<string,int>,c:array<string>>",
			"~ a bigint → double: another type|~ b map<int,int> → map<string,int>: wider|~ c string → array<string>: another type"},
		{"nested", "struct<a:struct<b:int,c:struct<d:int>>>", "struct<a:struct<b:int,c:struct<e:int>>>", "- a.c.d int|+ a.c.e int"},
		{"moved", "struct<a:int,b:int,c:int>", "struct<c:int,a:int,b:int,d:int>", "+ d int|^ c: the order differs"},
	} {
		r := &Difference{Changes: Diff(tableOf(t, tt.a), tableOf(t, tt.b))}
		lines := strings.Split(strings.TrimSuffix(string(r.AppendText(nil)), "\n"), "\n")
		want := strings.Split(tt.want, "|")
		if tt.want == "" {
			want = []string{"no difference"}
		}
		if len(lines) != len(want) {
			t.Errorf("%s: %q, want %q", tt.name, lines, want)
			continue
		}
		for i := range want {
			if !strings.HasPrefix(lines[i], want[i]) {
				t.Errorf("%s: %q, want %q", tt.name, lines[i], want[i])
			}
		}
	}
	a, b := tableOf(t, "struct<a:int>"), tableOf(t, "struct<a:int>")
	b.PartitionKeys = []Column{{Name: "dt", Type: &Type{Kind: Date}}}
	if c := Diff(a, b); len(c) != 1 || !c[0].Partition || c[0].Kind != Added {
		t.Errorf("partition key: %+v", c)
	}
}

func TestDiffer(t *testing.T) {
	fails := func(word string) LintOptions {
		return LintOptions{Check: func(record []byte) error {
			if bytes.Contains(record, []byte(word)) {
				return &ValueError{Path: "/a", Value: []byte(`"` + word + `"`), Message: "no " + word}
			}
			return nil
		}}
	}
	d := NewDiffer(tableOf(t, "struct<a:double,b:int,g:array<struct<x:int>>>"), tableOf(t, "struct<a:bigint,c:int,g:array<struct<x:int,y:int>>>"), fails("old"), fails("new"))
	for i, r := range []string{`{"a":1,"b":1,"c":null}`, `{"a":"new","B":2}`, `{"a":"old","C":5,"g":[{"y":1},{"y":2}]}`, `{"a":9007199254740993}`, `{"c":1,"g":{"y":3}}`} {
		d.Add([]byte(r), Place{File: "f", Line: int64(i + 1)})
	}
	const want = `~ a double → bigint: another type: look at what stands there; 4 rows have it, first at f:1; failing 1 before, 1 after; values altered 1 before, 0 after
+ g[].y int: null in files written before; 2 rows have it, first at f:3
- b int: no longer kept; 2 rows have it, first at f:1
+ c int: null in files written before; 2 rows have it, first at f:3
5 records, failing 1 before, 1 after
1 records converted before and fail now, first at f:2: {"a":"new","B":2}
1 records failed before and convert now, first at f:3: {"a":"old","C":5,"g":[{"y":1},{"y":2}]}
`
	r := d.Result()
	if got := string(r.AppendText(nil)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	text, err := json.Marshal(r.Changes[0])
	if want := `{"kind":"changed","path":"a","from":"double","to":"bigint","message":"another type: look at what stands there","count":4,"first":{"file":"f","line":1},"example":"1","failsBefore":1,"failsAfter":1,"losesBefore":1}`; err != nil || string(text) != want {
		t.Errorf("JSON %s, %v", text, err)
	}
}

func FuzzDiff(f *testing.F) {
	f.Add("struct<a:int,b:struct<c:array<string>>>", "struct<b:struct<c:map<string,int>,d:date>,a:bigint>", []byte(`{"a":1,"b":{"c":["x"]}}`))
	f.Fuzz(func(t *testing.T, one, two string, record []byte) {
		a, err := ParseType(one)
		if err != nil || a.Kind != Struct {
			return
		}
		b, err := ParseType(two)
		if err != nil || b.Kind != Struct {
			return
		}
		d := NewDiffer(&Table{Columns: a.Fields}, &Table{Columns: b.Fields}, LintOptions{}, LintOptions{Hive: true})
		d.Add(record, Place{})
		r := d.Result()
		if (len(r.Changes) == 0) != a.Equal(b) {
			t.Errorf("%s and %s differ by %+v", a, b, r.Changes)
		}
		_ = r.AppendText(nil)
	})
}

package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func tableOf(t testing.TB, text string) *Table {
	t.Helper()
	typ, err := ParseType(text)
	if err != nil {
		t.Fatal(err)
	}
	table, err := FromStruct(typ)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// short is a finding as "kind path×count@first".
func short(fs []Finding) string {
	var out []string
	for _, f := range fs {
		s := string(f.Kind)
		if f.Path != "" {
			s += " " + f.Path
		}
		if f.Count > 0 {
			s += fmt.Sprintf("×%d@%d", f.Count, f.First.Record)
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func TestLint(t *testing.T) {
	for _, tt := range []struct {
		name    string
		table   string
		o       LintOptions
		records []string
		want    string
	}{
		{"clean", "struct<a:int,b:array<struct<c:string>>,d:map<string,double>>", LintOptions{},
			[]string{`{"A":1,"b":[{"C":"x"}],"d":{"k":1.5}}`, `{"a":null,"b":{"c":"y"},"zz":null}`}, ""},
		{"dropped", "struct<a:int,b:struct<c:int>>", LintOptions{},
			[]string{`{"a":1,"x":{"y":1},"b":{"c":1,"d":2}}`, `{"a":1,"X":3}`}, "dropped b.d×1@1, dropped x×2@1"},
		{"unfilled", "struct<a:int,user_id:int,b:struct<c:int,d:struct<e:int>>>", LintOptions{},
			[]string{`{"a":1,"userId":5,"b":{"c":null}}`}, "unfilled user_id, unfilled b.c, unfilled b.d, dropped userId×1@1"},
		{"nothing in", "struct<a:int>", LintOptions{}, nil, ""},
		{"not objects", "struct<a:int>", LintOptions{}, []string{`{"a":1}`, `{`, ` `, `[1]`, `{`}, "fails×2@2, fails×1@3, fails×1@4"},
		{"twice", "struct<a:int>", LintOptions{}, []string{`{"a":1,"A":2}`, `{"b":1,"B":2,"a":3}`}, "case a×1@1, case b×1@2, dropped b×1@2"},
		{"twice in Hive", "struct<a:int>", LintOptions{Hive: true}, []string{`{"a":1,"A":2}`}, "case a×1@1"},
		{"case counts", "struct<ab:int>", LintOptions{CaseSensitive: true}, []string{`{"Ab":1,"ab":2}`}, "case Ab×1@1"},
		{"case mapped", "struct<ab:int>", LintOptions{CaseSensitive: true, Mappings: map[string]string{"ab": "Ab"}}, []string{`{"Ab":1}`}, ""},
		{"mapped", "struct<ts:int,x:int>", LintOptions{Mappings: map[string]string{"ts": "Time", "x": "Time"}}, []string{`{"time":1,"ts":2}`}, "dropped ts×1@1"},
		{"dots", "struct<a_b:int,c:int>", LintOptions{}, []string{`{"a.b":1,"c":1}`}, "unfilled a_b, dots `a.b`×1@1"},
		{"dots converted", "struct<a_b:int,c:struct<d_e:int>>", LintOptions{ConvertDots: true}, []string{`{"a.b":1,"c":{"d.e":2}}`}, ""},
		{"dots lost", "struct<a_b:int>", LintOptions{ConvertDots: true}, []string{`{"a.b":1,"a_b":2}`}, "dots a_b×1@1"},
		{"dots in a column", "struct<a.b:int>", LintOptions{ConvertDots: true}, nil, "dots `a.b`"},
		{"dots in Hive", "struct<a.b:int>", LintOptions{Hive: true}, []string{`{"a.b":1}`}, "dots `a.b`"},
		{"backquotes", "struct<```end```:int>", LintOptions{}, []string{`{"end":1}`}, "name ```end```, unfilled ```end```, dropped end×1@1"},
		{"binary", "struct<a:struct<b:binary>>", LintOptions{}, nil, "type a"},
		{"double", "struct<a:double,b:float>", LintOptions{}, []string{`{"a":9007199254740993,"b":16777217}`, `{"a":9007199254740992,"b":16777216}`, `{"a":0.1,"b":19.99}`,
			`{"a":"9007199254740993","b":0.123456789}`, `{"a":1e400,"b":1e-50}`}, "precision a×3@1, precision b×3@1"},
		{"decimal", "struct<a:decimal(5,2)>", LintOptions{}, []string{`{"a":1.234}`, `{"a":1.230}`, `{"a":123e-3}`, `{"a":"1.999"}`}, "precision a×3@1"},
		{"decimal in Hive", "struct<a:decimal(5,2)>", LintOptions{Hive: true}, []string{`{"a":1000}`}, "altered a×1@1"},
		{"fraction in Hive", "struct<a:int,b:tinyint>", LintOptions{Hive: true}, []string{`{"a":1.5,"b":200}`, `{"a":1.0,"b":1}`}, "precision a×1@1, altered b×1@1"},
		{"epoch", "struct<a:timestamp>", LintOptions{}, []string{`{"a":1700000000.1234}`, `{"a":1700000000.123}`, `{"a":1700000000000.5}`}, "precision a×2@1"},
		{"boolean", "struct<a:boolean>", LintOptions{}, []string{`{"a":"yes"}`, `{"a":"TRUE"}`, `{"a":"false"}`, `{"a":false}`}, "altered a×1@1"},
		{"char", "struct<a:varchar(3)>", LintOptions{}, []string{`{"a":"äöü"}`, `{"a":"abcd"}`, `{"a":"\u0041BC"}`}, "altered a×1@2"},
		{"rolls over", "struct<a:date,b:timestamp>", LintOptions{}, []string{`{"a":"2023-02-29","b":"2024-01-01 24:00:00"}`, `{"a":"2024-02-29","b":"2024-01-01T00:00:00Z"}`}, "altered a×1@1, altered b×1@1"},
		{"positions", "struct<a:struct<b:int,c:int>>", LintOptions{}, []string{`{"a":[1,2,null]}`, `{"a":[1,2,3,4]}`}, "dropped a×2@2"},
		{"text of objects", "struct<a:string>", LintOptions{}, []string{`{"a":{"b":1}}`, `{"a":[{"b":{"C":"D"}}]}`}, "case a×1@2"},
		{"keys of maps", "struct<a:map<string,int>>", LintOptions{}, []string{`{"a":{"b":1,"\u0043":2,"É":3,"é":4}}`}, "case a×2@1"},
		{"keys of maps kept", "struct<a:map<string,int>,b:string>", LintOptions{CaseSensitive: true}, []string{`{"a":{"B":1},"b":{"C":1}}`}, ""},
		{"one for an array", "struct<a:array<double>>", LintOptions{}, []string{`{"a":9007199254740993}`, `{"a":[1,9007199254740993]}`}, "precision a[]×2@1"},
		{"values of maps", "struct<a:map<string,struct<b:double>>>", LintOptions{}, []string{`{"a":{"x":{"b":9007199254740993},"y":{"c":1}}}`}, "precision a{}.b×1@1, dropped a{}.c×1@1"},
		{"_col", "struct<a:int,b:int>", LintOptions{Hive: true}, []string{`{"_col0":1,"_col1":2,"_col2":3}`}, "dropped _col2×1@1"},
	} {
		l := NewLinter(tableOf(t, tt.table), tt.o)
		for i, r := range tt.records {
			l.Add([]byte(r), Place{Record: int64(i + 1)})
		}
		r := l.Result()
		if got := short(r.Findings); got != tt.want {
			t.Errorf("%s: %s\nwant %s", tt.name, got, tt.want)
		}
		for _, f := range r.Findings {
			if f.Message == "" || f.Hint == "" && f.Kind != Fails {
				t.Errorf("%s: %+v says too little", tt.name, f)
			}
		}
		_ = r.AppendText(nil)
	}
}

func TestLintCheck(t *testing.T) {
	l := NewLinter(tableOf(t, "struct<a:int,t:array<struct<x:int>>,m:map<string,int>>"), LintOptions{Check: func(record []byte) error {
		switch {
		case bytes.Contains(record, []byte("oops")):
			return fmt.Errorf("row: %w", &ValueError{Path: "/a", Value: []byte(`"oops"`), Message: `For input string: "` + string(record[6:10]) + `"`, Hint: "make it string"})
		case bytes.Contains(record, []byte("bad")):
			return &ValueError{Path: fmt.Sprintf("/T/%d/X", len(record)), Message: "bad"}
		case bytes.Contains(record, []byte("key")):
			return &ValueError{Path: "/m/a~1b", Message: "key"}
		case bytes.Contains(record, []byte("else")):
			return fmt.Errorf("something else")
		}
		return nil
	}})
	for i, r := range []string{`{"a":"oops"}`, `{"A":"oops","a":1}`, `{"t":[{"x":"bad"}]}`, `{"t":[{"x":"bad"},1]}`, `{"m":{"a/b":"key"}}`, `else`, `{"a":1}`} {
		l.Add([]byte(r), Place{File: "f", Line: int64(i + 1), Record: int64(i + 1)})
	}
	r := l.Result()
	if got, want := short(r.Findings), "fails a×2@1, fails t[].x×2@3, fails m{}×1@5, fails×1@6, case a×1@2, unfilled t, unfilled m"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	const want = `fails a (int): For input string: "oops"; ×2, first at f:1: "oops"
    → make it string
`
	if got := string(r.AppendText(nil)); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "7 records, 1 rows, 6 failed; 7 findings\n") {
		t.Errorf("text\n%s", got)
	}
	text, err := json.Marshal(r.Findings[0])
	if want := `{"kind":"fails","path":"a","type":"int","message":"For input string: \"oops\"","hint":"make it string","count":2,"first":{"file":"f","line":1,"record":1},"example":"\"oops\""}`; err != nil || string(text) != want {
		t.Errorf("JSON %s, %v", text, err)
	}
}

func TestLintPartitionKey(t *testing.T) {
	table := tableOf(t, "struct<a:int>")
	table.PartitionKeys = []Column{{Name: "dt", Type: &Type{Kind: Date}}}
	l := NewLinter(table, LintOptions{})
	l.Add([]byte(`{"a":1,"DT":"2024-01-01"}`), Place{Record: 1})
	if r := l.Result(); len(r.Findings) != 1 || !strings.Contains(r.Findings[0].Message, "partition") {
		t.Errorf("%+v", r.Findings)
	}
}

func TestExact(t *testing.T) {
	for _, tt := range []struct {
		text string
		bits int
		want bool
	}{
		{"0", 64, true}, {"-0.0", 64, true}, {"0.1", 64, true}, {"0.30000000000000004", 64, true}, {"1e22", 64, true}, {"1e23", 64, true}, {"100000000000000000000000", 64, false}, {"1700000000000", 32, false},
		{"9007199254740992", 64, true}, {"9007199254740993", 64, false}, {"-9007199254740993", 64, false}, {"9007199254740994", 64, true},
		{"0.12345678901234567890", 64, false}, {"123456789012345678", 64, false}, {"100000000000000000000", 64, true}, {"1e309", 64, false}, {"1e-400", 64, false},
		{"16777216", 32, true}, {"16777217", 32, false}, {"1.5", 32, true}, {"19.99", 32, true}, {"3.4e39", 32, false}, {"1e99999999999999999999", 64, false},
	} {
		if got := exact([]byte(tt.text), tt.bits); got != tt.want {
			t.Errorf("exact(%s, %d) = %t", tt.text, tt.bits, got)
		}
	}
}

func FuzzLint(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"2024-01-01"}],"C":{"1":2.5},"d_e":"x","d.e":1}`), uint8(0))
	f.Add([]byte("{\"a\":\"\",\"c\":[{}],\"f\":\"\\u0041\"}\n[1]"), uint8(7))
	f.Fuzz(func(t *testing.T, data []byte, flags uint8) {
		table := tableOf(t, "struct<a:array<struct<b:date>>,c:map<string,double>,d_e:decimal(5,2),f:varchar(2),g:timestamp,h:tinyint,i:boolean>")
		o := LintOptions{CaseSensitive: flags&1 != 0, ConvertDots: flags&2 != 0, Hive: flags&4 != 0}
		if flags&8 != 0 {
			o.Mappings = map[string]string{"g": "A", "b": "c"}
		}
		l := NewLinter(table, o)
		for i, line := range bytes.Split(data, []byte("\n")) {
			l.Add(line, Place{Line: int64(i + 1)})
		}
		r := l.Result()
		_ = r.AppendText(nil)
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
	})
}

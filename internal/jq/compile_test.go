package jq

import (
	"errors"
	"strings"
	"testing"
)

// TestRefused shows what queries jq 1.6 refuses, where, and the correction.
func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		query        string
		line, column int
		message      string
		hint         string
	}{
		{`{k: .a // "x"}`, 1, 8, "unexpected //: in jq 1.6 the value of an object's key is terms joined by |", `write {k: (.a // "x")}`},
		{`{k: .a // "x" | tostring, l: 1}`, 1, 8, "unexpected //", `write {k: (.a // "x" | tostring)}`},
		{`{"a b": .a + 1}`, 1, 12, "unexpected +", `write {"a b": (.a + 1)}`},
		{`{k: .a == 1}`, 1, 8, "unexpected ==", `write {k: (.a == 1)}`},
		{`{k: .a and .b}`, 1, 8, "unexpected and", `write {k: (.a and .b)}`},
		{`{k: if .a then 1 else 2 end}`, 1, 5, "unexpected if", `write {k: (if .a then 1 else 2 end)}`},
		{`{k: (.b)?}`, 1, 9, "unexpected ?", `write {k: ((.b)?)}`},
		{`{k: .a as $x | $x}`, 1, 8, "unexpected as", `write {k: (.a as $x | $x)}`},
		{`{k: try .a}`, 1, 5, "unexpected try", `write {k: (try .a)}`},
		{`{k: {l: .a // 1}}`, 1, 12, "unexpected //", `write {l: (.a // 1)}`},
		{`if .a then .b end`, 1, 15, "jq 1.6 has no if without else", "write else . end"},
		{".a |\r\n.b", 1, 5, "unexpected carriage return", "end lines with LF alone: CRLF isn't white space to jq 1.6"},
		{`{k: 'x'}`, 1, 5, "unexpected '", `write strings in double quotes: "text"`},
		{`.a.[0]`, 1, 4, "unexpected [, expected a name or a string after the dot", "leave out the dot before [: .a[0]"},
		{`if . then 1 else 2 end.a`, 1, 23, "unexpected a", "put if ... end in parentheses before taking a part of it"},
		{`. as $if | .`, 1, 7, "unexpected if after $", "$if is a reserved word in jq 1.6: choose another name"},
		{`{(1): 2}`, 1, 2, "Cannot use number (1) as object key", ""},
		{`{1: 2}`, 1, 2, "unexpected 1, expected a key", `write keys as strings: "1"`},
		{`5 / 0`, 1, 1, "division by zero", ""},
		{`.a | nosuch`, 1, 6, "nosuch/0 is not defined", ""},
		{".a |\n  abs", 2, 3, "abs/0 is not defined", "jq 1.6 has no such function; write (if . < 0 then -. else . end)"},
		{`split(.; .; .)`, 1, 1, "split/3 is not defined", "jq 1.6 has it with another number of arguments"},
		{`$x`, 1, 1, "$x is not defined", ""},
		{`break $x`, 1, 1, "$*label-x is not defined", ""},
		{`.a?//1`, 1, 3, "unexpected ?//", "write a blank between ? and //: jq 1.6 reads ?// as one operator"},
		{`.a == .b == .c`, 1, 10, "unexpected ==: == doesn't chain", "use parentheses"},
		{`"abc`, 1, 1, "string without its closing quote", ""},
		{`"\ud83d"`, 1, 2, "", ""},
		{`1.2.3`, 1, 1, "", ""},
		{`[1, 2`, 1, 6, "unexpected end of the query, expected ] to close the array", ""},
		{`(1]`, 1, 3, "unexpected ], expected ) to close the parenthesis", ""},
		{`import "a" as a; .`, 1, 1, "module not found: a query can't import modules", ""},
		{`+1`, 1, 1, "unexpected +", ""},
		{`. foo`, 1, 3, "unexpected foo after a dot", `write .["foo"] or .foo`},
		{strings.Repeat("(", 100000), 1, 5001, "nested too deeply", ""},
		{strings.Repeat("-", 100000) + "1", 1, 5001, "nested too deeply", ""},
		{strings.Repeat("[", 100000), 1, 5001, "", ""},
	} {
		_, err := Compile(tt.query)
		var se *SyntaxError
		if !errors.As(err, &se) {
			t.Errorf("Compile(%.40s) = %v, want a *SyntaxError", tt.query, err)
			continue
		}
		nested := strings.HasPrefix(tt.message, "nested") || len(tt.query) > 1000
		if !strings.HasPrefix(se.Message, tt.message) && !nested || se.Hint != tt.hint && !nested || !nested && (se.Line != tt.line || se.Column != tt.column) {
			t.Errorf("Compile(%.40s): %d:%d %q %q, want %d:%d %q %q", tt.query, se.Line, se.Column, se.Message, se.Hint, tt.line, tt.column, tt.message, tt.hint)
		}
		// A correction that is a whole object compiles.
		if text, ok := strings.CutPrefix(se.Hint, "write {"); ok {
			if _, err := Compile("{" + text); err != nil {
				t.Errorf("the correction of %s: %v", tt.query, err)
			}
		}
	}
}

// TestAccepted shows near misses that jq 1.6 accepts.
func TestAccepted(t *testing.T) {
	for _, query := range []string{
		``, ` `, `# only a comment`, `def f: 1;`, `def f: nosuch; .`, `{k: -1}`, `{k: .a | tostring}`, `{k: .a?}`, `{a, "b"}`,
		`{if: 1, and: 2}`, `{a: 1,}`, `{"a\(1)": 2}`, `{@base64 "x": 1}`, `.a as [$x, {b: $y}] | $y`, `. as [$a] ?// $a | $a`, `reduce .[] as $x (0; . + $x)`,
		`.a | .b, .c`, `try error catch .`, `5 % 0`, `.["a","b"]`, `..|.a?`, `label $f | 1, break $f`, `.a."b"."c"`, `."a"[0]?`, `@json "x\(.)"`, `.and`,
		`def f($a; b): $a + b; f(1; 2)`, `{(.a, .b): 1}`, `module {a: 1}; .`, `if . then 1 elif 2 then 3 else 4 end`,
	} {
		if _, err := Compile(query); err != nil {
			t.Errorf("Compile(%s): %v", query, err)
		}
	}
}

// FuzzCompile looks for texts that don't end in a query or a *SyntaxError.
func FuzzCompile(f *testing.F) {
	for _, q := range partitionQueries {
		f.Add(q, `{"a":1}`)
	}
	for _, q := range fuzzTerms {
		f.Add(q, "[1]")
	}
	f.Fuzz(func(t *testing.T, query, record string) {
		q, err := Options{Limits: Limits{Steps: 20000, Bytes: 1 << 20, Depth: 500}}.Compile(query)
		var se *SyntaxError
		if err != nil {
			if !errors.As(err, &se) || se.Line < 1 || se.Column < 1 {
				t.Fatalf("Compile(%q) = %v", query, err)
			}
			return
		}
		var k Keys
		q.Extract(&k, []byte(record))
	})
}

// TestCompileTakesNoTime shows that a query of the length that the service takes is compiled in time that grows with it: each of
// these would take for ever if something in it were compiled twice at every level.
func TestCompileTakesNoTime(t *testing.T) {
	nested := func(open, inner, closing string) string {
		n := min(400, 5000/len(open+closing))
		return "{k: " + strings.Repeat(open, n) + inner + strings.Repeat(closing, n) + "}"
	}
	for _, query := range []string{
		nested("((", ".a", "|floor)|.[0])"), nested("((", ".a", "|split(\"b\"))|.[0])"), nested("((", ".a", "|floor)[0]|.b)"),
		nested("((", ".", "|split(\"b\"))|.[0])"), nested("((", "..", "|split(\"b\"))|.[0]|.[1:])"),
		nested("(", ".a", "|.[1:])"), nested("((", ".a", "|.b)|tostring)"), nested(`"\(`, ".a", `)"`), nested(`({"a":1}[`, ".a", "])"),
		nested("(if ", ".a", " then .b else .c end)"), nested("(.a|", ".b", "|.c)"), nested("[", ".a", "]"), nested("first(", ".a", ")"),
		nested("(def f(x): x; f(", ".a", "))"), nested("(.a // ", ".b", ")"), nested("(", ".a", " + .b)"), nested("sort_by(", ".a", ")"),
	} {
		if _, err := Compile(query); err != nil {
			t.Errorf("%.60s: %v", query, err)
		}
	}
}

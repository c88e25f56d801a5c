package jq

import (
	"errors"
	"strings"
	"testing"
)

// TestRegex shows the syntax that a pattern may use. want is the text matched, "-" for no match, or the error.
func TestRegex(t *testing.T) {
	for _, tt := range []struct{ pattern, flags, in, want string }{
		{`a+?b`, "", "xaab", "aab"},
		{`(?<=é)b`, "", "éb", "b"},
		{`(?<!a)b`, "", "abcb", "b"},
		{`(\w+) \1`, "", "the the", "the the"},
		{`(?<q>["']).*?\k<q>`, "", `say "it's"`, `"it's"`},
		{`(?>a*)a`, "", "aaa", "-"},
		{`a++b`, "", "aab", "aab"},
		{`(?<p>\((?:[^()]|\g<p>)*\))`, "", "f(a(b)c)d", "(a(b)c)"},
		{`\w+`, "", "naïve café", "naïve"},
		{`\d+`, "", "٣x", "٣"},
		{`STRASSE`, "i", "straße", "straße"},
		{`^b`, "", "a\nb", "-"},
		{`(?m)^b`, "", "a\nb", "b"},
		{`a.b`, "", "a\nb", "-"},
		{`a.b`, "p", "a\nb", "a\nb"},
		{`a b # c`, "x", "ab", "ab"},
		{`a$`, "", "a\n", "a"},
		{`a\z`, "", "a\n", "-"},
		{`[[:upper:]]\p{Greek}`, "", "Aα", "Aα"},
		{`[^\s,]+`, "", " ,é1", "é1"},
		{`\Qa.b\E`, "", "axb a.b", "a.b"},
		{`(a)?(?(1)b|c)`, "", "c", "c"},
		{`x*`, "n", "abxx", "xx"},
		{`a{2,1}`, "", "", "Regex failure: upper is smaller than lower in repeat range"},
		{`(`, "", "", "Regex failure: end pattern with unmatched parenthesis"},
		{`[a`, "", "", "Regex failure: premature end of char-class"},
		{`\p{Foo}`, "", "", "Regex failure: invalid character property name {Foo}"},
		{`a`, "q", "", "q is not a valid modifier string"},
		{`(a*)*b`, "", strings.Repeat("a", 40), "-"},
		{`(a|aa)+$`, "", strings.Repeat("a", 60) + "b", "Regex failure: retry-limit-in-match over"},
		{strings.Repeat("(", 300), "", "", "Regex failure: too deep nest level in parse"},
		{`(?<=c|)b`, "", "ab", "b"},
		{`(?<!a?|é)b`, "", "xb", "-"},
		{`(?<=a?b?)`, "", "", "Regex failure: undefined error code"},
		{`(?i:\b)??`, "", "a", ""},
		{`(?:\b\b|A)*`, "", "a", ""},
		{`(?:(?i:\b)|b)*`, "", "a", ""},
		{`(?i)\b*`, "", "", "Regex failure: target of repeat operator is invalid"},
		{`(?:A??|(?<!.{1,2})){0,1}?`, "", "", "Regex failure: target of repeat operator is invalid"},
		{`(?:(?:\b|a))*`, "", "", "Regex failure: target of repeat operator is invalid"},
		{`(?:\K)*`, "", "", "Regex failure: target of repeat operator is invalid"},
		{`(?:(?:a{1000}){1000}){1000}`, "", "", "Regex failure: too big number for repeat range"},
	} {
		var m machine
		m.start(nil, &Options{Limits: Limits{Steps: 1 << 40}})
		v, err := m.matchRegex(str(tt.in), str(tt.pattern), str(tt.flags), false)
		got := "-"
		if err != nil {
			got = err.Error()
		} else if found := v.elems(); len(found) > 0 {
			got = found[0].obj().get("string").str()
		}
		if got != tt.want {
			t.Errorf("%q on %q = %q, want %q", tt.pattern, tt.in, got, tt.want)
		}
	}
}

// TestLimits shows that no query runs on.
func TestLimits(t *testing.T) {
	for _, tt := range []struct{ query, what string }{
		{`last(repeat(1))`, "steps"},
		{`def f: f; f`, "depth"},
		{`def f: 1 + f; f`, "depth"},
		{`[recurse([.])]|length`, "depth"},
		{`"x" * 1e9`, "memory"},
		{`indices("")`, "steps"},
		{`gsub("";"x")`, "steps"},
		{`gsub("^";"x")`, "steps"},
		{`reduce range(1e9) as $i ("x"; . + .)`, "memory"},
		{`[range(1e9)]`, "memory"},
		{`("x" * 1000) as $x | range(1e9) | $x`, "memory"},
		{`last(range(1e18))`, "steps"},
		{`until(false; .)`, "steps"},
		{`try last(repeat(1)) catch 1`, "steps"},
		{`reduce range(1e9) as $i ({}; .["a\($i)"] = 1)`, "memory"},
		{`.[1e9] = 1`, "memory"},
		{`. | reduce range(60) as $i (1; [., .]) | tojson`, "memory"},
		{`. | reduce range(60) as $i (1; [., .])`, "memory"},
		{`. | [range(2) | reduce range(60) as $i (1; [., .])] | .[0] == .[1]`, "steps"},
		{`. | [range(2) | reduce range(60) as $i (1; [., .])] | unique`, "memory"},
		{`. | [range(2) | reduce range(60) as $i (1; {a: ., b: .})] | .[1] as $x | .[0] | contains($x)`, "steps"},
		{`. | reduce range(30000) as $i (1; [.]) | flatten`, "depth"},
		{`. | setpath([range(30000) | "a"]; 1)`, "depth"},
		{`. | [range(2) | reduce range(20000) as $i (1; [.])] | .[0] == .[1]`, "steps"},
	} {
		q, err := Options{Limits: Limits{Steps: 200_000, Bytes: 4 << 20}}.Compile(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		in := `"` + strings.Repeat("x", 60) + `"`
		if strings.HasPrefix(tt.query, ".") {
			in = "null"
		}
		err = q.Run([]byte(in), func([]byte) error { return nil })
		var le *LimitError
		if !errors.As(err, &le) || le.What != tt.what {
			t.Errorf("%s: %v, want the limit of %s", tt.query, err, tt.what)
		}
	}
}

package jq

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// cases are answers of jq 1.6 that neither the recorded vectors nor the generators come to.
var cases = []struct {
	query, input string
	want         string // the outputs
	exit         any
}{
	// A number or a word at the top is lost with the structure behind it.
	{`.`, `1,2`, ``, 4.0},
	{`.`, `true]`, ``, 4.0},
	{`.`, `[1]null:`, `[1]`, 4.0},
	{`.`, `1[2]"a"{}`, `1 [2] "a" {}`, 0.0},
	{`fromjson`, `"\u0000"`, `0`, 0.0},
	{`fromjson`, `"[\u0000x,1\u0000x]"`, `[0,1]`, 0.0},

	{`reduce range(300) as $i (1; [.]) | tojson | ltrimstr("[" * 257) | rtrimstr("]" * 257)`, `null`, `"<stripped: exceeds max depth>"`, 0.0},

	{`[1,2,3][nan:]`, `null`, ``, "crash"},
	{`"abc"[nan:1]`, `null`, ``, "crash"},
	{`[1,2,3][nan:]?`, `null`, ``, "crash"},
	{`[1,2,3] | del(.[nan:])`, `null`, ``, "crash"},
	{`[1,2,3][:nan], "abc"[0:nan]`, `null`, `[] ""`, 0.0},

	{`pow(10; .), pow(0.5; .), pow(-10; .), pow(1; .)`, `1e308`, `1.7976931348623157e+308 0 1.7976931348623157e+308 1`, 0.0},
	{`pow(10; .), pow(0.5; .)`, `-1e308`, `0 1.7976931348623157e+308`, 0.0},
	{`lgamma, (-. | lgamma_r)`, `5e-324`, `744.4400719213812 [744.4400719213812,-1]`, 0.0},
	{`strftime("%G %g")`, `[-2147483648,0,1,0,0,0,0,0]`, `"2147483647 47"`, 0.0},

	{`[match("\\w+"; "g").string]`, `"1²½_\u2074\u24d0"`, `["1²½_","ⓐ"]`, 0.0},
	{`[match("[\\w]+"; "g").string]`, `"1²½_\u2074\u24d0"`, `["1","_","ⓐ"]`, 0.0},
	{`[match("\\W"; "g").string], [match("[^\\w]"; "g").string]`, `"²\u2074"`, `["⁴"] ["²","⁴"]`, 0.0},
	{`test("^\\b½"), test("^\\b\u2074")`, `"½"`, `true false`, 0.0},
	{`[match("[[:alpha:]]+"; "g").string], [match("[[:alnum:]]+"; "g").string]`, `"e\u0301x1"`, `["e","x"] ["e","x1"]`, 0.0},
	{`[match("[[:cntrl:]]|[[:graph:]]|[[:print:]]"; "g").offset]`, `"\u00ad\u2028\u0378\u0001\u2003"`, `[0,3,4]`, 0.0},
	{`[match("\\p{Lowercase}|\\p{Upper_Case}|\\p{^Assigned}"; "g").offset]`, `"aA1\u0378"`, `[0,1,3]`, 0.0},
	{`try test("\\k<x>(?<x>a)") catch ., test("(?<x>a)\\k<x>"), test("(?<x>a\\k<x>?)")`, `"aa"`, `"Regex failure: undefined name <x> reference" true true`, 0.0},
	{`try test("(?(<x>)a|b)(?<x>a)") catch ., test("\\g<x>(?<x>a)")`, `"aa"`, `"Regex failure: undefined name <x> reference" true`, 0.0},
	{`[match("\\A(?<p>\\((?:[^()]|\\g<p>)*\\))\\z") | .offset, .length, .captures[].offset]`, `"(a(b)(c(d)))"`, `[0,12,0]`, 0.0},
	{`[20, 21 | "(" * . + ")" * . | test("\\A(\\(\\g<1>?\\))\\z")]`, `null`, `[true,false]`, 0.0},
	{`[match("\\A(?:\\g<w>,)*\\z(?<w>[a-z]+){0}").captures[].offset]`, `"ab,cd,"`, `[3]`, 0.0},
	{`[match("\\((?:\\g<0>)?\\)"; "g").length]`, `"((()))()"`, `[6,2]`, 0.0},
	{`[("(a\\g<1>)", "(a?\\g<1>?b)", "(a|\\g<1>b)", "((?=\\g<1>)a)", "(?<a>\\g<b>)(?<b>\\g<a>)") as $p | try test($p) catch .[15:]] | unique`, `"a"`, `["never ending recursion"]`, 0.0},
	{`[("(a\\g<1>?)", "(a|b\\g<1>)", "(\\g<2>\\g<1>?)(a)", "(?<x>\\g<x>){0}") as $p | try test($p) catch .]`, `"aa"`, `[true,true,true,true]`, 0.0},
	{`[("(?&n)", "(?R)", "(?1)(a)", "(?-1)", "(?P>n)", "(?-i)", "(?&)", "(?<n>a)(?<n>a)\\g<n>") as $p | try test($p) catch .[15:]]`, `"&nR"`,
		`[true,true,"undefined group option","undefined group option","undefined group option","invalid group name <>","group name is empty","multiplex definition name <n> call"]`, 0.0},
	{`gsub("(?<x>[0-9])"; (.x | select(. != "2")))`, `"1a3"`, `"1a3"`, 0.0},
	{`gsub("2"; empty)`, `"1a2"`, ``, 0.0},
	{`gsub("2"; null), (try gsub("2"; 1) catch .)`, `"1a2b"`, `"1ab" "string (\"1a\") and number (1) cannot be added"`, 0.0},
	{`[gsub("(?<x>[12])"; "<\(.x)>", "-")]`, `"1a2"`, `["<1>a<2>","-a<2>","<1>a-","-a-"]`, 0.0},
}

func TestCases(t *testing.T) {
	for _, tt := range cases {
		got := command(tt.query, tt.input)
		if out := strings.Join(got.outputs, " "); out != tt.want || got.exit != tt.exit {
			t.Errorf("%s of %s: %v %s %s, want %v %s", tt.query, tt.input, got.exit, out, got.message, tt.exit, tt.want)
		}
	}
}

// TestCasesBinary asks the jq 1.6 command.
func TestCasesBinary(t *testing.T) {
	name := findJQ(t)
	for _, tt := range cases {
		outputs, exit, _ := runBinary(name, tt.query, tt.input)
		if out := strings.Join(outputs, " "); out != tt.want || exit != tt.exit {
			t.Errorf("%s of %s: %v %s, want %v %s", tt.query, tt.input, exit, out, tt.exit, tt.want)
		}
	}
}

// TestBounds shows that looking through large values counts, and that the fast path's text does.
func TestBounds(t *testing.T) {
	record := []byte(`{"s":"` + strings.Repeat("ab", 50_000) + `","n":[` + strings.Repeat("1,", 20_000) + `2],"k":"x"}`)
	double := func(step string) string { return strings.Repeat("|"+step, 40) }
	for _, query := range []string{
		`{k: (.k` + double(`. + .`) + `)}`,
		`{k: (.k` + double(`"\(.)\(.)"`) + `)}`,
		`{` + strings.Repeat(`k: .s, `, 99) + strings.TrimSuffix(strings.Repeat(`k: (.s + .s + .s + .s), `, 99), ", ") + `}`,
		`.s as $s | [range(1e5) | $s | length]`,
		`.s as $s | [range(1e5) | $s[-2:]]`,
		`.s as $s | [range(1e5) | $s | index("zz")]`,
		`.s as $s | [range(1e5) | $s | contains("zz")]`,
		`.s as $s | [range(1e5) | $s | test("z")]`,
		`.s as $s | [range(1e5) | $s | endswith($s)]`,
		`.s as $s | [range(1e5) | $s | split("zz")]`,
		`.s as $s | [range(1e5) | $s | tonumber?]`,
		`.s as $s | [range(1e5) | try ($s | strptime("%Y")) catch .]`,
		`.s as $s | [range(1e5) | try ("x" | test("x"; $s)) catch .]`,
		`.s as $s | [range(1e5) | try ("x" | test("(?<" + $s)) catch .]`,
		`.s as $s | [range(1e5) | try format($s) catch .]`,
		`.s as $s | ($s[1:] + "b") as $t | ($s[1:] + "b") as $u | [range(1e5) | $t == $u]`,
		`.n as $n | [range(1e5) | $n | min]`,
		`.n as $n | [range(1e5) | $n | add]`,
		`.n as $n | .n[$n]`,
		`(.n | map(null)) as $n | [range(1e5) | $n | join("")]`,
		`(.n | map("a")) as $n | [range(1e5) | null | getpath($n)]`,
		`[range(1e5) | input_line_number]`,
		`[range(1e5) as $i | "a" | test("a{9" + ($i | tostring) + "}")]`,
		`[range(1e5) as $i | "a" | try test("(a{999}){999}") catch .]`,
		`.s | test("(a*b*)*\\1\\1[^ab]")`,
		`.s | test("(?=(.*))(?:.\\1?)*[^ab]")`,
	} {
		q, err := Options{Limits: Limits{Steps: 50_000, Bytes: 8 << 20}}.Compile(query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		var k Keys
		var ee *ExtractError
		if err := q.Extract(&k, record); !errors.As(err, &ee) || ee.Reason != Exceeded {
			t.Errorf("%.100s: %v, want a limit", query, err)
		}
		if cap(k.scratch) > 8*maxScratch {
			t.Errorf("%.100s: the fast path took %d bytes", query, cap(k.scratch))
		}
	}
}

// TestSameLimits shows that a record's limits don't hang on the records before it, whose patterns are kept.
func TestSameLimits(t *testing.T) {
	for steps := int64(50); steps < 2000; steps += 50 {
		q, err := Options{Limits: Limits{Steps: steps}}.Compile(`{k: ([.[] | test("(a|b){20}x?")] | length), l: (.[0] | gsub("[xy]{9}"; "z"))}`)
		if err != nil {
			t.Fatal(err)
		}
		var k Keys
		first := ""
		for i, record := range []string{`["a","b","aa"]`, `["a","b","aa"]`, `["a"]`, `["a","b","aa"]`} {
			got := describeKeys(&k, q.Extract(&k, []byte(record)))
			if i == 0 {
				first = got
			} else if i != 2 && got != first {
				t.Fatalf("%d steps: %s, and %s before", steps, got, first)
			}
		}
	}
}

// TestRepeatsOfNothing shows that a pattern can't keep its compiler busy.
func TestRepeatsOfNothing(t *testing.T) {
	for _, pattern := range []string{"(?:(?:(?:){100000}){100000}){100000}", "(?:(?:(?:a{1000}){1000}){1000}){1000}"} {
		if _, msg := parseRegex(pattern, regexOptions{}); msg != "too big number for repeat range" {
			t.Errorf("%s: %q", pattern, msg)
		}
	}
}

// TestLongGsub shows that many replacements in a long text aren't too much for one record.
func TestLongGsub(t *testing.T) {
	text := strings.Repeat("one two ", 12_000)
	q, err := Compile(`{k: (.s | gsub("[ ]"; "_"))}`)
	if err != nil {
		t.Fatal(err)
	}
	var k Keys
	if err := q.Extract(&k, []byte(`{"s":"`+text+`"}`)); err != nil || string(k.Value(0)) != strings.ReplaceAll(text, " ", "_") {
		t.Errorf("%d keys, %v", k.Len(), err)
	}
}

// TestLongMessages shows that an error's text is bounded, whatever the record holds.
func TestLongMessages(t *testing.T) {
	record := []byte(`{"s":"` + strings.Repeat("日", 300_000) + `"}`)
	for _, query := range []string{`.s | error`, `error`, `.s | strptime("%Y")`, `.s | fromjson`, `.s | tonumber`, `.s as $s | "x" | test("(?<" + $s)`, `.s as $s | format($s)`} {
		q, err := Compile(query)
		if err != nil {
			t.Fatal(err)
		}
		var k Keys
		err = q.Extract(&k, record)
		if err == nil || len(err.Error()) > maxMessage+8 || !utf8.ValidString(err.Error()) {
			t.Errorf("%s: %.100v", query, err)
		}
	}
}

package template

import (
	"fmt"
	"strings"
	"testing"
)

// dump writes a tree with its places: "2:5 {key@2:5 ...}".
func dump(n *Node) string {
	if n == nil {
		return "absent"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d:%d ", n.Pos.Line, n.Pos.Col)
	switch n.Kind {
	case List:
		b.WriteString("[")
		for i, item := range n.Items {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(dump(item))
		}
		b.WriteString("]")
	case Map:
		b.WriteString("{")
		for i, m := range n.Members {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "%d:%d %s: %s", m.KeyPos.Line, m.KeyPos.Col, m.Key, dump(m.Value))
		}
		b.WriteString("}")
	case String:
		fmt.Fprintf(&b, "%q", n.Text)
	case Null:
		b.WriteString("null")
	case Unresolved:
		fmt.Fprintf(&b, "unresolved(%v)", n.Err)
	default:
		b.WriteString(n.Text)
	}
	return b.String()
}

func TestParseYAML(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "", "1:1 null"},
		{"comment only", "# nothing\n", "1:1 null"},
		{"map", "a: 1\nb: x\n", `1:1 {1:1 a: 1:4 1, 2:1 b: 2:4 "x"}`},
		{"nested", "a:\n  - b: c\n    d: e\n", `1:1 {1:1 a: 2:3 [2:5 {2:5 b: 2:8 "c", 3:5 d: 3:8 "e"}]}`},
		{"flow", "{a: [1, 'x'], b: {}}", `1:1 {1:2 a: 1:5 [1:6 1, 1:9 "x"], 1:15 b: 1:18 {}}`},
		{"characters, not bytes", "é: {ü😀: x}\n", `1:1 {1:1 é: 1:4 {1:5 ü😀: 1:9 "x"}}`},
		{"byte order mark", "\uFEFFa: 1\n", `1:1 {1:1 a: 1:4 1}`},
		{"carriage returns", "a: 1\r\nb: 2\r\n", `1:1 {1:1 a: 1:4 1, 2:1 b: 2:4 2}`},
		{"literal block", "a: |\n  x\n  y\nb: 1\n", `1:1 {1:1 a: 1:4 "x\ny\n", 4:1 b: 4:4 1}`},
		{"folded block", "a: >-\n  x\n  y\n", `1:1 {1:1 a: 1:4 "x y"}`},
		{"absent value", "a:\nb: ~\n", `1:1 {1:1 a: 1:3 null, 2:1 b: 2:4 null}`},
		{"booleans of 1.1", "[yes, No, on, OFF, true, 'yes', y]", `1:1 [1:2 true, 1:7 false, 1:11 true, 1:15 false, 1:20 true, 1:26 "yes", 1:33 "y"]`},
		{"numbers", "[1, -2, 3.10, 1e3, +4, .5, 6., 0x1F, 0o17, 1_000]", `1:1 [1:2 1, 1:5 -2, 1:9 3.10, 1:15 1e3, 1:20 4, 1:24 0.5, 1:28 6, 1:32 31, 1:38 15, 1:44 1000]`},
		{"no numbers", "[2012-10-17, 012345678901, 1.2.3, 12:30, .inf, '1', 1-2, 0x]", `1:1 [1:2 "2012-10-17", 1:14 "012345678901", 1:28 "1.2.3", 1:35 "12:30", 1:42 ".inf", 1:48 "1", 1:53 "1-2", 1:58 "0x"]`},
		{"short tag", "a: !Ref B\n", `1:1 {1:1 a: 1:4 {1:4 Ref: 1:4 "B"}}`},
		{"short tag, quoted and numeric", "[!Sub 'x', !Base64 5]", `1:1 [1:2 {1:2 Fn::Sub: 1:2 "x"}, 1:12 {1:12 Fn::Base64: 1:12 "5"}]`},
		{"short tag on a list", "a: !Join\n  - ','\n  - [!Ref B]\n", `1:1 {1:1 a: 1:4 {1:4 Fn::Join: 1:4 [2:5 ",", 3:5 [3:6 {3:6 Ref: 3:6 "B"}]]}}`},
		{"short tag on a map", "a: !Transform {Name: B}\n", `1:1 {1:1 a: 1:4 {1:4 Fn::Transform: 1:4 {1:16 Name: 1:22 "B"}}}`},
		{"YAML's own tags", "[!!str 1, !!int '2', !!bool yes, !!null '', !!float 1]", `1:1 [1:2 "1", 1:11 2, 1:22 true, 1:34 null, 1:45 1]`},
		{"alias", "a: &x {b: 1}\nc: *x\n", `1:1 {1:1 a: 1:4 {1:8 b: 1:11 1}, 2:1 c: 1:4 {1:8 b: 1:11 1}}`},
		{"alias of a tagged value", "a: &x !Ref B\nc: *x\n", `1:1 {1:1 a: 1:4 {1:4 Ref: 1:4 "B"}, 2:1 c: 1:4 {1:4 Ref: 1:4 "B"}}`},
		{"merge", "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n", `1:1 {1:1 a: 1:4 {1:8 b: 1:11 1, 1:14 c: 1:17 2}, 2:1 d: 3:3 {4:3 c: 4:6 3, 1:8 b: 1:11 1}}`},
		{"merge of a list", "- &x {a: 1}\n- &y {a: 2, b: 2}\n- <<: [*x, *y]\n", `1:1 [1:3 {1:7 a: 1:10 1}, 2:3 {2:7 a: 2:10 2, 2:13 b: 2:16 2}, 3:3 {1:7 a: 1:10 1, 2:13 b: 2:16 2}]`},
		{"directives", "%YAML 1.1\n---\na: 1\n...\n", `3:1 {3:1 a: 3:4 1}`},
		{"keys as written", "yes: 1\n2: 3\n", `1:1 {1:1 yes: 1:6 1, 2:1 2: 2:4 3}`},
	} {
		n, err := ParseYAML("t.yaml", []byte(tt.in))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		} else if got := dump(n); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestParseYAMLErrors(t *testing.T) {
	laughs := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'k'; c++ {
		laughs += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	for _, tt := range []struct{ name, in, want string }{
		{"tab", "a:\n\tb: 1\n", "t.yaml:2:1: found character that cannot start any token"},
		{"colon", "a: b: c\n", "t.yaml:1:5: mapping values are not allowed in this context"},
		{"unclosed list", "a: [1, 2\nb: 3\n", "t.yaml:2:"},
		{"unclosed quote", "a: \"x\nb: c\n", "t.yaml:3:1: "},
		{"indentation", "a:\n    b: 1\n  c: 2\n", "t.yaml:3:3: "},
		{"no UTF-8", "a: 1\nb: x\xff\n", "t.yaml:2:5: "},
		{"control character", "a: 1\nb: x\x00\n", "t.yaml:2:5: "},
		{"twice", "a: 1\nb: 2\na: 3\n", `t.yaml:3:1: "a" is here twice, first at line 1`},
		{"twice below", "a:\n  - b: 2\n    b: 3\n", `t.yaml:3:5: "b" is here twice, first at line 2`},
		{"unknown tag", "a: !Reff B\n", "t.yaml:1:4: unknown tag !Reff"},
		{"binary", "a: !!binary aGk=\n", "t.yaml:1:4: tag !!binary, which CloudFormation doesn't read"},
		{"set", "a: !!set {b}\n", "t.yaml:1:4: tag !!set on a map"},
		{"no integer", "a: !!int x\n", `t.yaml:1:4: "x" is not a number`},
		{"key that is a list", "? [a]\n: b\n", "t.yaml:1:3: a key that is not a string"},
		{"two documents", "a: 1\n---\nb: 2\n", "t.yaml:2:1: a second document; one is wanted"},
		{"unknown alias", "a: *x\n", "t.yaml:1:"},
		{"cycle", "a: &x\n  - *x\n", "t.yaml:2:5: alias *x refers to a value that contains it"},
		{"cycle through a tag", "a: &x !Join\n  - *x\n", "t.yaml:2:5: alias *x refers to a value that contains it"},
		{"cycle through a merge", "a: &x\n  <<: *x\n", "t.yaml:2:7: alias *x refers to a value that contains it"},
		{"merge of a string", "a:\n  <<: b\n", "t.yaml:2:7: string where a map to merge is wanted"},
		{"billion laughs", laughs, "t.yaml:1:"},
		{"depth", strings.Repeat("[", 2000) + strings.Repeat("]", 2000), "t.yaml:1:502: nested deeper than 500"},
		{"depth, unclosed", strings.Repeat("[", 200000), "t.yaml:"},
		{"depth of blocks", strings.Repeat("- ", 20000), "t.yaml:"},
	} {
		n, err := ParseYAML("t.yaml", []byte(tt.in))
		if err == nil {
			t.Errorf("%s: no error, but %s", tt.name, dump(n))
		} else if e, ok := err.(*Error); !ok || !strings.HasPrefix(err.Error(), tt.want) || e.Pos.Line == 0 || e.Pos.Col == 0 {
			t.Errorf("%s: error %q (%T), want %q", tt.name, err, err, tt.want)
		}
	}
}

func TestParseJSON(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"scalars", `[1, -0.5e+3, "x", true, false, null]`, `1:1 [1:2 1, 1:5 -0.5e+3, 1:14 "x", 1:19 true, 1:25 false, 1:32 null]`},
		{"lines", "{\n  \"a\": {\r\n\t\"b\" : [ ]\n}}\n", `1:1 {2:3 a: 2:8 {3:2 b: 3:8 []}}`},
		{"characters, not bytes", `{"é": "ü😀", "b": 1}`, `1:1 {1:2 é: 1:7 "ü😀", 1:13 b: 1:18 1}`},
		{"byte order mark", "\uFEFF{}", `1:1 {}`},
		{"escapes", `"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"`, `1:1 "\"\\/\b\f\n\r\té😀"`},
		{"lone surrogates", `["\ud83d", "\ude00x", "\ud83d\u0041"]`, `1:1 [1:2 "�", 1:12 "�x", 1:23 "�A"]`},
		{"no booleans of YAML's", `["yes", "012"]`, `1:1 [1:2 "yes", 1:9 "012"]`},
	} {
		n, err := ParseJSON("t.json", []byte(tt.in))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		} else if got := dump(n); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestParseJSONErrors(t *testing.T) {
	many := "{"
	for i := range 20 {
		many += fmt.Sprintf("\n\"k%d\": 1,", i)
	}
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "", "t.json:1:1: a value is missing at the end of the document"},
		{"truncated", "{\"a\": [1,\n", "t.json:2:1: a value is missing at the end of the document"},
		{"trailing comma", "[1, ]", "t.json:1:5: ']' where a value is wanted"},
		{"trailing comma in an object", "{\"a\": 1,\n}", "t.json:2:1: '}' where a key in quotes is wanted"},
		{"no quotes", "{a: 1}", "t.json:1:2: 'a' where a key in quotes is wanted"},
		{"no colon", `{"a" 1}`, "t.json:1:6: '1' where a colon is wanted"},
		{"no comma", "[\n1\n2]", "t.json:3:1: '2' where a comma or ] is wanted"},
		{"no comma in an object", `{"a": 1 "b": 2}`, `t.json:1:9: '"' where a comma or } is wanted`},
		{"more behind", "{} x", "t.json:1:4: 'x' after the end of the document"},
		{"twice", "{\"a\": 1,\n \"b\": 2, \"a\": 3}", `t.json:2:10: "a" is here twice, first at line 1`},
		{"twice among many", many + "\n\"k3\": 2}", `t.json:22:1: "k3" is here twice, first at line 5`},
		{"leading zero", "[012]", "t.json:1:2: a number with a leading zero"},
		{"no digits", "[-x]", "t.json:1:3: 'x' where a digit is wanted"},
		{"no fraction", "[1.]", "t.json:1:4: ']' where a digit is wanted"},
		{"no exponent", "1e", "t.json:1:3: end of the document where a digit is wanted"},
		{"newline in a string", "\"a\nb\"", "t.json:1:3: a control character in a string; write it as an escape"},
		{"unclosed string", `["é", "abc`, "t.json:1:7: a string without its closing quote"},
		{"unclosed behind an escape", `["a\n`, "t.json:1:2: a string without its closing quote"},
		{"bad escape", `"ab\x"`, "t.json:1:4: an escape that JSON doesn't have"},
		{"bad unicode escape", `"\u00g0"`, "t.json:1:2: an escape that JSON doesn't have"},
		{"no UTF-8", "[\"a\xff\"]", "t.json:1:4: a byte that is not UTF-8 in a string"},
		{"word", "[nul]", "t.json:1:2: 'n' where a value is wanted"},
		{"depth", strings.Repeat("[", 100000), "t.json:1:502: nested deeper than 500"},
	} {
		n, err := ParseJSON("t.json", []byte(tt.in))
		if err == nil {
			t.Errorf("%s: no error, but %s", tt.name, dump(n))
		} else if _, ok := err.(*Error); !ok || err.Error() != tt.want {
			t.Errorf("%s: error %q, want %q", tt.name, err, tt.want)
		}
	}
}

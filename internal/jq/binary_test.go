package jq

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The queries and records of TestBinary are drawn from these.
var (
	fuzzDocs = []string{
		`{"a":{"b":[1,2.5,"x",null,true],"c":"é日本"},"d":[{"k":"x","v":1},{"k":"y","v":2},{"k":"x","v":null}],"e":"2024-06-01T12:00:05Z","n":1565382027,"s":"a,b,,c","t":"Hello World 123","f":-1.5,"z":0,"g":false}`,
		`{"c":3,"a":1,"b":{"z":[],"y":{}},"d":"text","n":-1,"s":"","t":"aXbX","e":null}`,
		`[3,1,2,"b","a",null,true,[1,[2]],{"k":"v","a":0}]`, `[]`, `{}`, `null`, `true`, `"some text, with: things"`, `"1717243205"`,
		`12`, `1e17`, `-0.00001234`, `[[1,2],[3],[]]`, `[{"key":"a","value":1},{"name":"b","Value":2}]`, `"aGVsbG8="`, `"[1,{\"a\":2}]"`,
		`[2015,2,5,23,51,47,4,63]`, `["a","b"]`, `[1,1,2,3,3]`, `1425599621.678`,
	}
	fuzzTerms = []string{".", ".a", ".b", ".c", ".d", ".e", ".n", ".s", ".t", ".a.b", ".a?", ".[0]", ".[-1]", ".[1:]", ".[:2]", ".[]", ".[]?",
		"..", "1", "0", "-1", "2.5", "1e3", `"a"`, `"x"`, `"\(.)"`, `"\(.a)-\(.b)"`, "null", "true", "false", "[]", "{}", `"%Y-%m-%d"`, `","`,
		`"[a-z]+"`, "[1,2]", `{"a":1}`, "$x", "empty", "error", `["a"]`, `["a","b"]`, "{a:1,b}", ".d[]", ".d[0].k", `."a"`, `.["a","b"]`, "infinite", "nan"}
	fuzzNames = map[int][]string{
		0: {"length", "keys", "keys_unsorted", "values", "tostring", "tonumber", "type", "add", "any", "all", "flatten", "floor", "sqrt", "sort",
			"unique", "reverse", "to_entries", "from_entries", "ascii_downcase", "ascii_upcase", "explode", "tojson", "fromjson", "not", "min", "max",
			"paths", "leaf_paths", "recurse", "first", "last", "transpose", "todate", "fromdate", "gmtime", "mktime", "tostream", "utf8bytelength",
			"isvalid", "nulls", "strings", "numbers", "scalars", "arrays", "objects", "iterables", "booleans", "combinations", "isnan", "isinfinite",
			"isnormal", "abs", "@csv", "@tsv", "@html", "@uri", "@sh", "@base64", "@base64d", "@json", "@text", "error", "round", "ceil", "fabs",
			"trunc", "frexp", "modf", "significand", "logb", "ltrimstr", "trim", "unique_by", "env.X", "input", "isfinite", "normals", "finites",
			"scalars_or_empty", "recurse_down", "todateiso8601", "dateadd", "ascii"},
		1: {"map", "select", "recurse", "has", "contains", "inside", "in", "split", "join", "startswith", "endswith", "ltrimstr", "rtrimstr", "index",
			"rindex", "indices", "sort_by", "group_by", "min_by", "max_by", "unique_by", "map_values", "path", "paths", "del", "with_entries", "first",
			"last", "nth", "any", "all", "flatten", "range", "test", "match", "capture", "scan", "splits", "strftime", "strptime", "error", "isempty",
			"getpath", "delpaths", "walk", "bsearch", "truncate_stream", "fromstream", "IN", "INDEX", "combinations", "format", "limit", "tojson"},
		2: {"range", "limit", "nth", "sub", "gsub", "test", "match", "capture", "split", "splits", "setpath", "any", "all", "until", "while", "recurse",
			"IN", "INDEX", "pow", "atan2", "fmin", "fmax", "ldexp", "first"},
		3: {"range", "sub", "gsub", "JOIN"},
	}
	fuzzOperators = []string{"|", "|", "|", ",", "//", "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "and", "or", "=", "|=", "+=", "-=", "*=", "//="}
)

// A generator draws queries.
type generator struct{ *rand.Rand }

func (g generator) pick(list []string) string { return list[g.IntN(len(list))] }

// query draws an expression of some depth. It is mostly a valid one.
func (g generator) query(depth int) string {
	if depth <= 0 {
		return g.pick(fuzzTerms)
	}
	q := func() string { return g.query(depth - 1 - g.IntN(2)) }
	switch g.IntN(24) {
	case 0, 1, 2, 3:
		return q() + " | " + q()
	case 4, 5:
		return g.pick(fuzzNames[0])
	case 6, 7, 8:
		return g.pick(fuzzNames[1]) + "(" + q() + ")"
	case 9:
		return g.pick(fuzzNames[2]) + "(" + q() + "; " + q() + ")"
	case 10:
		if g.IntN(3) == 0 {
			return g.pick(fuzzNames[3]) + "(" + q() + "; " + q() + "; " + q() + ")"
		}
		return "[limit(5; " + q() + ")]"
	case 11, 12, 13:
		return "(" + q() + ") " + g.pick(fuzzOperators) + " (" + q() + ")"
	case 14:
		return q() + " " + g.pick(fuzzOperators) + " " + q()
	case 15:
		return "[" + q() + "]"
	case 16:
		return "{k: (" + q() + "), (\"l\",\"m\"): 1, a}"
	case 17:
		return "{k: " + q() + "}"
	case 18:
		return "if " + q() + " then " + q() + " else " + q() + " end"
	case 19:
		return g.pick([]string{"try (" + q() + ") catch .", "(" + q() + ")?", "try " + q(), q() + "?"})
	case 20:
		return g.pick([]string{"reduce ", "foreach "}) + ".[]? as " + g.pick([]string{"$x", "[$x, $y]", "{a: $x}", "{$a, b: [$x]}", "[$x] ?// $x"}) +
			" (" + q() + "; " + q() + ")"
	case 21:
		return "(" + q() + ") as " + g.pick([]string{"$x", "[$x, $y]", "{a: $x}", "{$a, \"b\": $x}", "{a: [$x]} ?// [$x]"}) + " | " + q()
	case 22:
		return g.pick([]string{"def f: " + q() + "; f", "def f(g): " + q() + " | g; f(" + q() + ")", "def f($x): $x, x; f(" + q() + ")",
			"label $out | " + q() + ", break $out", "first(" + q() + ")", "path(" + q() + ")", "[paths(" + q() + ")]",
			"path(" + g.pick(fuzzTerms) + " | " + q() + ")", "del(" + q() + ")", "(" + g.pick(fuzzTerms) + " | " + q() + ") |= " + q()})
	}
	return "\"a\\(" + q() + ")b\""
}

// broken changes a query's text somewhere, for the refusals.
func (g generator) broken(q string) string {
	pieces := []string{"(", ")", "|", ".", "[", "]", "{", "}", ",", ";", ":", "\"", "?", "//", "and", "if", "end", "else", "as $x", "$", "-", " ", "1", "try", "def f: 1;", "\\(", "..", "=", "reduce"}
	i := g.IntN(len(q) + 1)
	if g.IntN(2) == 0 && i < len(q) {
		return q[:i] + q[i+1:]
	}
	return q[:i] + g.pick(pieces) + q[i:]
}

// findJQ returns the jq 1.6 command.
func findJQ(t *testing.T) string {
	name, err := exec.LookPath("jq")
	if err != nil {
		t.Skip("jq not on PATH: comparison with the jq 1.6 command")
	}
	out, err := exec.Command(name, "--version").Output()
	if err != nil || strings.TrimSpace(string(out)) != "jq-1.6" {
		t.Skipf("%s is %q, not jq 1.6: comparison with the jq 1.6 command", name, bytes.TrimSpace(out))
	}
	return name
}

// runBinary is command by the real jq; exit is "timeout" or "crash" where it doesn't end by itself.
func runBinary(name, query, input string) (outputs []string, exit any, messages []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, "-c", query)
	cmd.Env = []string{"TZ=UTC", "LC_ALL=C.UTF-8"}
	cmd.Stdin = strings.NewReader(input)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var ee *exec.ExitError
	exit = 0.0
	switch {
	case ctx.Err() != nil:
		exit = "timeout"
	case errors.As(err, &ee) && ee.ExitCode() < 0:
		exit = "crash"
	case errors.As(err, &ee):
		exit = float64(ee.ExitCode())
	}
	if s := strings.TrimSuffix(stdout.String(), "\n"); stdout.Len() > 0 {
		outputs = strings.Split(s, "\n")
	}
	for _, line := range strings.Split(stderr.String(), "\njq: error (at ") {
		if line != "" {
			line = strings.TrimPrefix(line, "jq: error (at ")
			_, message, _ := strings.Cut(line, ")")
			message = strings.TrimPrefix(strings.TrimPrefix(message, ":"), " ")
			messages = append(messages, strings.TrimSuffix(message, "\n"))
		}
	}
	return outputs, exit, messages
}

// numbered finds what a try catches of a break: the number of its label.
var numbered = regexp.MustCompile(`"__jq":[0-9]+`)

func unnumbered(outputs []string) (out []string) {
	for _, o := range outputs {
		out = append(out, numbered.ReplaceAllString(o, `"__jq":0`))
	}
	return out
}

// knownDifference is why a difference that TestBinary meets is none to report.
func knownDifference(got result, outputs []string, exit any, messages []string) string {
	for _, m := range messages {
		if m == "Repeat string result too long" {
			return "an error that Debian's later builds add"
		}
	}
	if exit == got.exit && !sameOutputs(outputs, got.outputs) && sameOutputs(unnumbered(outputs), unnumbered(got.outputs)) {
		return "labels are numbered from the first record on"
	}
	switch {
	case got.exit == "timeout":
		return "limits: the record would cost too much"
	case exit == "timeout":
		return "the command doesn't end, or not in time"
	case got.exit == "crash" || exit == "crash":
		return "the command aborts (Debian's later builds raise an error in some of the places)"
	}
	return ""
}

// TestBinary compares queries drawn at random with the jq 1.6 command, values, exits, refusals and error texts. A few by default;
// HYDRANT_JQ_FUZZ is how long to go on ("1m"), HYDRANT_JQ_SEED where to begin.
func TestBinary(t *testing.T) {
	name := findJQ(t)
	seed, _ := strconv.ParseUint(os.Getenv("HYDRANT_JQ_SEED"), 10, 64)
	limit, _ := time.ParseDuration(os.Getenv("HYDRANT_JQ_FUZZ"))
	count := 25
	if testing.Short() {
		count = 8
	}
	g := generator{rand.New(rand.NewPCG(seed, 16))}
	known := map[string]int{}
	input := strings.Join(fuzzDocs, "\n") + "\n"
	start := time.Now()
	same, refused, n := 0, 0, 0
	for ; n < count || time.Since(start) < limit; n++ {
		query := g.query(1 + g.IntN(4))
		if g.IntN(6) == 0 {
			query = g.broken(query)
		}
		if query[0] == '-' {
			query = " " + query // not an option of the command
		}
		docs := input
		outputs, exit, messages := runBinary(name, query, docs)
		got := command(query, docs)
		if why := knownDifference(got, outputs, exit, messages); why != "" {
			known[why]++
			continue
		}
		switch {
		case exit == 3.0 && got.exit == 3.0:
			refused++
		case exit != got.exit || !sameOutputs(outputs, got.outputs):
			t.Errorf("query %s\n got  %v %.600q %.300s\n want %v %.600q %.300q", query, got.exit, got.outputs, got.messages, exit, outputs, messages)
		case strings.Join(messages, "\n") != strings.Join(got.messages, "\n"):
			t.Errorf("query %s: messages\n got  %.900q\n want %.900q", query, got.messages, messages)
		default:
			same++
		}
	}
	t.Logf("%d queries on %d documents: %d agree, %d refused by both; %s", n, len(fuzzDocs), same, refused, fmt.Sprint(known))
}

package replaytest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// factDir has the cases of the facts of the behavioural reference, and the tables of facts; its README says how.
const factDir = "../testdata/facts"

// referenceDir is the behavioural reference, which is an optional checkout.
const referenceDir = "../../shared/firehose"

// elsewhere is the file of the reference about destinations other than S3, whose facts are not those of a bucket.
const elsewhere = "destinations"

// TestFactCases runs the case of each fact. A case whose comment has a line "refused: TEXT" is of a stream that can't be
// made, with an error that has the text.
func TestFactCases(t *testing.T) {
	builds := &Builds{}
	list, err := Cases(factDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range list {
		rel, err := filepath.Rel(factDir, name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.ToSlash(rel), func(t *testing.T) {
			t.Parallel()
			var comment string
			if filepath.Ext(name) == archiveExtension {
				b, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				comment = string(txtar.Parse(b).Comment)
			}
			res := RunFile(context.Background(), name, RunOptions{Update: *update, Log: t.Output(), Builds: builds})
			_, refusal, refused := strings.Cut("\n"+comment, "\nrefused: ")
			refusal, _, _ = strings.Cut(refusal, "\n")
			switch {
			case refused && (res.Err == nil || !strings.Contains(res.Err.Error(), refusal)):
				t.Errorf("the error is %v, want %q", res.Err, refusal)
			case !refused && res.Err != nil:
				t.Error(res.Err)
			}
			for _, f := range res.Failures {
				t.Error(f)
			}
		})
	}
}

// TestFacts compares the tables of facts with the cases, and with the marks that the reference has.
func TestFacts(t *testing.T) {
	tables, err := filepath.Glob(filepath.Join(factDir, "*.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range tables {
		file := strings.TrimSuffix(filepath.Base(path), ".tsv")
		t.Run(file, func(t *testing.T) {
			table := readFactTable(t, file)
			marked, err := os.ReadFile(filepath.Join(referenceDir, file+".md"))
			switch {
			case err == nil:
				table = compareFacts(t, file, table, findFacts(string(marked)))
			case !errors.Is(err, fs.ErrNotExist):
				t.Fatal(err)
			}
			checkFactTable(t, file, table)
			if err != nil {
				t.Skipf("../shared not present: the facts of %s.md are not looked for", file)
			}
		})
	}
	files, err := filepath.Glob(filepath.Join(referenceDir, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file := strings.TrimSuffix(filepath.Base(path), ".md")
		if n := len(findFacts(string(b))); n > 0 && file != elsewhere && !slices.Contains(tables, factTable(file)) {
			t.Errorf("%s.md has %d facts, and there is no %s", file, n, factTable(file))
		}
	}
}

// TestFindFacts is what counts as a fact.
func TestFindFacts(t *testing.T) {
	const text = `# Title [probe]
A preamble [doc] says what marks mean.

## 1. First
A line **CHOICE** of a paragraph that goes on.
Another one.

| what | value |
|---|---|
| a | 1 [doc, "Quota"] |
| b | 2 |
| a | probe: 3 |

### Details (more)
Rules [probe]:

* an item
* **[jq]** another one
    code [doc]

A line.

## 2. Second [probe unless marked]

| what | value |
|---|---|
| c | 4 |
| d | UNCONFIRMED |

### 2.1 Third

| rule | value | source |
|---|---|---|
| e | 5 | doc |
| f | 6 | seed 001 |
| g | 7 | UNCONFIRMED |

| framing [probe] | value |
|---|---|
| h | 8 |

## Fourth
1. A word (model).
`
	want := []string{
		"1|A line **CHOICE** of a paragraph", "1|a", "1|a #2",
		"1 Details|an item", "1 Details|**[jq]** another one",
		"2|c", "2.1|e", "2.1|f", "2.1|h", "Fourth|A word (model).",
	}
	var got []string
	for _, f := range findFacts(text) {
		got = append(got, f.section+"|"+f.words)
	}
	if !slices.Equal(got, want) {
		t.Errorf("facts\n%q, want\n%q", got, want)
	}
}

// A fact is a line of the reference that has a mark, and where it is shown.
type fact struct {
	section, words string   // where it stands, and how it begins
	cases          []string // that show it
	reason         string   // why none does, or what else is to be said
}

func (f *fact) key() string { return f.section + "\t" + f.words }

// factHeader is the first line of a table of facts.
const factHeader = "section\tfirst words\tcases\treason"

func factTable(file string) string { return filepath.Join(factDir, file+".tsv") }

func readFactTable(t *testing.T, file string) []fact {
	t.Helper()
	b, err := os.ReadFile(factTable(file))
	if err != nil {
		t.Fatal(err)
	}
	lines := splitLines(b)
	if len(lines) == 0 || lines[0] != factHeader {
		t.Fatalf("%s doesn't begin with %q", factTable(file), factHeader)
	}
	var out []fact
	for n, line := range lines[1:] {
		c := strings.Split(line, "\t")
		if len(c) != 4 {
			t.Fatalf("%s:%d has %d columns, want 4", factTable(file), n+2, len(c))
		}
		f := fact{section: c[0], words: c[1], reason: c[3]}
		if c[2] != "-" {
			f.cases = strings.Fields(c[2])
		}
		out = append(out, f)
	}
	return out
}

// compareFacts compares a table with the facts that the reference has. With -update it takes their order, has a line for
// each that is new, and none for those that are gone.
func compareFacts(t *testing.T, file string, table, marked []fact) []fact {
	t.Helper()
	find := func(list []fact, key string) int {
		return slices.IndexFunc(list, func(f fact) bool { return f.key() == key })
	}
	if *update {
		text := factHeader + "\n"
		for i := range marked {
			f := &marked[i]
			if at := find(table, f.key()); at >= 0 {
				f.cases, f.reason = table[at].cases, table[at].reason
			}
			cases := strings.Join(f.cases, " ")
			if cases == "" {
				cases = "-"
			}
			text += f.key() + "\t" + cases + "\t" + f.reason + "\n"
		}
		if err := os.WriteFile(factTable(file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return marked
	}
	for _, f := range marked {
		if find(table, f.key()) < 0 {
			t.Errorf("%s.md §%s, %q: the fact is not in %s", file, f.section, f.words, factTable(file))
		}
	}
	for _, f := range table {
		if find(marked, f.key()) < 0 {
			t.Errorf("%s has §%s, %q, and the reference no such fact", factTable(file), f.section, f.words)
		}
	}
	return table
}

// namedTest finds tests in reasons: TestPrefix in harness/s3.
var namedTest = regexp.MustCompile(`\b(Test\w+) in ([\w/]+)`)

// checkFactTable: each fact has a case or a reason, what they name is there, and no case is of no fact.
func checkFactTable(t *testing.T, file string, table []fact) {
	t.Helper()
	used := map[string]bool{}
	for _, name := range factCases(t, file) {
		used[name] = false
	}
	shown := 0
	for i := range table {
		f := &table[i]
		switch {
		case slices.ContainsFunc(table[:i], func(g fact) bool { return g.key() == f.key() }):
			t.Errorf("§%s, %q stands in the table twice", f.section, f.words)
		case len(f.cases) > 0:
			shown++
		case f.reason == "":
			t.Errorf("§%s, %q has neither a case nor a reason why not", f.section, f.words)
		}
		for _, name := range f.cases {
			if _, ok := used[name]; !ok {
				t.Errorf("§%s, %q: there is no case %s", f.section, f.words, name)
			}
			used[name] = true
		}
		for _, m := range namedTest.FindAllStringSubmatch(f.reason, -1) {
			if !hasTest(t, m[2], m[1]) {
				t.Errorf("§%s, %q: there is no %s in %s", f.section, f.words, m[1], m[2])
			}
		}
	}
	for name, is := range used {
		if !is {
			t.Errorf("%s is the case of no fact", name)
		}
	}
	t.Logf("%s.md: %d facts, %d shown by %d cases, %d with a reason why not", file, len(table), shown, len(used), len(table)-shown)
}

// factCases are the names of the cases of a file's facts.
func factCases(t *testing.T, file string) []string {
	t.Helper()
	dir := filepath.Join(factDir, file)
	list, err := Find(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for i, path := range list {
		list[i] = strings.TrimSuffix(filepath.ToSlash(path[len(dir)+1:]), archiveExtension)
	}
	return list
}

// hasTest reports whether a package has a test.
func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(dir), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(path string) bool {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(b), "func "+name+"(")
	})
}

var (
	// factMark is a mark as the reference writes it: [probe], [doc, "Quota"], **[jq]**, **CHOICE**, (model), probe: …
	factMark = regexp.MustCompile(`\[[^\]]*\b(?:model|doc|seed|serde|java|jq|hive)\b[^\]]*\]|\*\*CHOICE\*\*|\bprobe\b|\((?:model|doc)[;)]`)
	// factSource is one in a column of sources, where it stands without brackets.
	factSource = regexp.MustCompile(`\b(?:model|doc|probe|seed)\b`)
	// factItem is how an item of a list begins.
	factItem = regexp.MustCompile(`^(?:[*-]|\d+\.) `)
	// factSection is a heading: its number, or its text without what stands in brackets.
	factSection = regexp.MustCompile(`^#+ ([^[(]*[^[( ])`)
)

// findFacts finds the facts of a file of the reference: each table row, item of a list or line of a paragraph that has a
// mark; and each of those below a heading, a line that ends with a colon, or a table header that has one, but for those that
// are UNCONFIRMED. A row begins with its first cell, other lines with their first six words; the second that begins like
// another in its section has #2 behind that.
func findFacts(text string) []fact {
	var out []fact
	var section string
	var heading, caption, header, table bool // heading, caption, header: whether it has a mark; table: in a table
	source := -1                             // the column of a table that has marks
	seen := map[string]int{}
	for line := range strings.Lines(text) {
		code := strings.HasPrefix(line, "    ")
		if line = strings.TrimSpace(line); line == "" || code {
			table = false
			continue
		}
		marked := factMark.MatchString(line)
		if strings.HasPrefix(line, "#") {
			heading, caption, table = marked, false, false
			m := factSection.FindStringSubmatch(line)
			if m == nil || strings.HasPrefix(line, "# ") {
				continue
			}
			name, _, _ := strings.Cut(m[1], " ")
			name = strings.TrimSuffix(name, ".")
			numbered := strings.Trim(name, "0123456789.") == ""
			switch parent, _, _ := strings.Cut(section, " "); {
			case numbered:
				section = name
			case strings.HasPrefix(line, "## "):
				section = m[1]
			default:
				section = parent + " " + m[1]
			}
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		row := strings.HasPrefix(line, "|")
		switch {
		case row && !table:
			table, header = true, marked
			source = slices.IndexFunc(cells, func(s string) bool {
				s = strings.TrimSpace(s)
				return s == "source" || s == "confidence" || s == "origin"
			})
			continue
		case row && strings.HasPrefix(line, "|--"), section == "", section == "Marks": // which says what marks mean
			continue
		case row:
			marked = marked || header || caption || source >= 0 && source < len(cells) && factSource.MatchString(cells[source])
		case factItem.MatchString(line):
			marked = marked || caption
		default:
			caption = marked && strings.HasSuffix(line, ":")
			marked = marked && !caption
		}
		if !marked && (!heading || strings.Contains(line, "UNCONFIRMED")) {
			continue
		}
		words := strings.TrimSpace(cells[0])
		if !row {
			list := strings.Fields(factItem.ReplaceAllString(line, ""))
			words = strings.Join(list[:min(len(list), 6)], " ")
		}
		f := fact{section: section, words: words}
		if seen[f.key()]++; seen[f.key()] > 1 {
			f.words += fmt.Sprintf(" #%d", seen[f.key()])
		}
		out = append(out, f)
	}
	return out
}

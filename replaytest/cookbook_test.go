package replaytest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// cookbook is the folder of docs/testing.md's cases.
const cookbook = "../examples/cookbook"

// ownCache has functions built in a folder that is removed with the test; Go's own cache stays where it is.
func ownCache(t *testing.T) {
	t.Helper()
	b, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOCACHE", strings.TrimSpace(string(b)))
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
}

// TestCookbook runs the cases of the cookbook, and again with the template or the function broken as broken/ says: each case
// must fail then, with the text that stands there.
func TestCookbook(t *testing.T) {
	if testing.Short() {
		t.Skip("builds functions")
	}
	ownCache(t)
	broken, err := filepath.Abs(filepath.Join(cookbook, "broken"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(cookbook)); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	cases, err := Cases("cases")
	if err != nil || len(cases) != 10 {
		t.Fatal(len(cases), err)
	}
	builds := &Builds{}
	for _, name := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(name), archiveExtension), func(t *testing.T) {
			res := RunFile(context.Background(), name, RunOptions{Builds: builds})
			if !res.Passed() {
				t.Fatal(res.Err, res.Failures)
			}
			file := filepath.Join(broken, filepath.Base(res.Name)+archiveExtension)
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			a := txtar.Parse(b)
			again := builds
			for _, f := range a.Files {
				if f.Name == "prints" {
					continue
				}
				defer breakFile(t, f.Name, string(f.Data))()
				if strings.HasPrefix(f.Name, "function/") {
					again = &Builds{}
				}
			}
			var got strings.Builder
			res = RunFile(context.Background(), name, RunOptions{Builds: again})
			if res.Err != nil {
				got.WriteString("unreadable: " + res.Err.Error() + "\n")
			}
			for _, f := range res.Failures {
				got.WriteString(f.String() + "\n")
			}
			if again != builds {
				clear(builds.built) // what was built is the broken one
			}
			prints := member(a, "prints")
			switch {
			case *update:
				prints.Data = []byte(got.String())
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			case res.Passed():
				t.Error("the broken case passed")
			case got.String() != string(prints.Data):
				t.Errorf("printed:\n%s\nexpected:\n%s", got.String(), prints.Data)
			}
		})
	}
}

// breakFile replaces the lines of a file that edit has with a minus by those that it has with a plus, and returns what undoes it.
func breakFile(t *testing.T, name, edit string) func() {
	t.Helper()
	before, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var old, new strings.Builder
	for line := range strings.Lines(edit) {
		switch line[0] {
		case '-':
			old.WriteString(line[1:])
		case '+':
			new.WriteString(line[1:])
		default:
			t.Fatalf("%s: %q is neither a line to take out nor one to put in", name, line)
		}
	}
	if strings.Count(string(before), old.String()) != 1 {
		t.Fatalf("%s does not have these lines once:\n%s", name, old.String())
	}
	write := func(text string) {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Replace(string(before), old.String(), new.String(), 1))
	return func() { write(string(before)) }
}

// TestCookbookText keeps docs/testing.md and the cookbook together: the page has every case, and the diffs that it shows are parts
// of what the broken cases print.
func TestCookbookText(t *testing.T) {
	page, err := os.ReadFile("../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, section := range strings.Split(string(page), "\n### ")[1:] {
		_, link, _ := strings.Cut(section, "(../examples/cookbook/cases/")
		link, _, _ = strings.Cut(link, ")")
		name := strings.TrimSuffix(strings.TrimSuffix(link, "/"), archiveExtension)
		b, err := os.ReadFile(filepath.Join(cookbook, "broken", name+archiveExtension))
		if err != nil {
			t.Error(err)
			continue
		}
		found++
		_, diff, _ := strings.Cut(section, "```diff\n")
		diff, _, _ = strings.Cut(diff, "```\n")
		if diff == "" || !strings.Contains(string(member(txtar.Parse(b), "prints").Data), diff) {
			t.Errorf("%s: the page shows what isn't printed:\n%s", name, diff)
		}
	}
	if list, err := filepath.Glob(filepath.Join(cookbook, "broken", "*")); err != nil || len(list) != found {
		t.Errorf("the page has %d cases, and there are %d", found, len(list))
	}
}

// TestPublic runs cases of templates as others publish them.
func TestPublic(t *testing.T) { Run(t, RunOptions{Update: *update}, "../examples/public") }

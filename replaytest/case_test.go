package replaytest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite what cases expect, and what failing cases print")

// TestPass runs the cases of testdata/pass.
func TestPass(t *testing.T) { Run(t, RunOptions{Update: *update}, "testdata/pass") }

// TestFail runs the cases of testdata/fail, each of which says in its comment, behind "prints:", what its failure prints.
// What can't be read begins with "unreadable: ".
func TestFail(t *testing.T) {
	list, err := filepath.Glob("testdata/fail/*.txtar")
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	for _, name := range list {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			res := RunFile(context.Background(), name, RunOptions{})
			var got strings.Builder
			if res.Err != nil {
				fmt.Fprintf(&got, "unreadable: %v\n", res.Err)
			}
			for _, f := range res.Failures {
				got.WriteString(f.String() + "\n")
			}
			a := txtar.Parse(b)
			about, want, _ := strings.Cut(string(a.Comment), "prints:\n")
			if *update {
				a.Comment = []byte(about + "prints:\n" + got.String() + "\n")
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if res.Passed() {
				t.Error("it passed")
			}
			if got.String() != strings.TrimSuffix(want, "\n") {
				t.Errorf("printed:\n%s\nexpected:\n%s", got.String(), want)
			}
		})
	}
}

// TestUpdate: an update makes a failing case pass, keeps what matched, and a second one changes nothing. Folders and archives alike.
func TestUpdate(t *testing.T) {
	list, err := filepath.Glob("testdata/fail/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range list {
		if strings.HasPrefix(filepath.Base(name), "unreadable") {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, folder := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s folder %v", filepath.Base(name), folder), func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "case.txtar")
				if folder {
					path = filepath.Join(t.TempDir(), "case")
					for _, f := range txtar.Parse(b).Files {
						if err := replace(filepath.Join(path, f.Name), f.Data); err != nil {
							t.Fatal(err)
						}
					}
				} else if err := os.WriteFile(path, b, 0o644); err != nil {
					t.Fatal(err)
				}
				first := RunFile(context.Background(), path, RunOptions{Update: true})
				if !first.Passed() || first.Updated == 0 {
					t.Fatalf("the update: %+v", first)
				}
				if res := RunFile(context.Background(), path, RunOptions{}); !res.Passed() {
					t.Errorf("after the update: %v %v", res.Err, res.Failures)
				}
				if again := RunFile(context.Background(), path, RunOptions{Update: true}); !again.Passed() || again.Updated != 0 {
					t.Errorf("a second update: %+v", again)
				}
			})
		}
	}
}

// TestFind: folders with a stream.yaml and archives that have one are cases; nothing is looked for below a case.
func TestFind(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a/stream.yaml", "a/deep/stream.yaml", "b/c/stream.yaml", ".git/stream.yaml", "node_modules/x/stream.yaml", "z.txt"} {
		if err := replace(filepath.Join(dir, name), nil); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"b/d.txtar": "-- stream.yaml --\n", "b/other.txtar": "-- main.go --\n"} {
		if err := replace(filepath.Join(dir, name), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Find(dir, filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		got[i] = strings.TrimPrefix(got[i], dir)
	}
	if want := "[/a /b/c /b/d.txtar]"; fmt.Sprint(got) != want {
		t.Errorf("Find = %v, want %s", got, want)
	}
	if _, err := Find(filepath.Join(dir, "z.txt")); err == nil {
		t.Error("z.txt is taken for a case")
	}
	if _, err := Cases(filepath.Join(dir, ".git", "nothing")); err == nil {
		t.Error("nothing is taken for cases")
	}
}

func TestPattern(t *testing.T) {
	const uuid = "b7e86504-9cf7-485e-817c-13bd76417a2b"
	for _, tt := range []struct {
		pattern, key string
		want         bool
	}{
		{"b/a", "b/a", true},
		{"b/a", "b/ab", false},
		{"b/x-UUID", "b/x-" + uuid, true},
		{"b/x-UUID", "b/x-" + uuid + ".gz", false},
		{"b/x-UUID", "b/x-UUID", true},
		{"b/RANDOM/x", "b/aB3dE6gH9jK/x", true},
		{"b/RANDOM/x", "b/aB3dE6gH9j/x", false},
		{"b/*/x", "b/anything/x", true},
		{"b/*/x", "b/any/thing/x", false},
		{"b/*", "b/any/thing", false},
		{"b/**", "b/any/thing", false},
		{"b/a.c", "b/abc", false},
		{"b/a.c-UUID", "b/abc-" + uuid, false},
		{"b/\xf5UUID", "b/\xf5" + uuid, true},
		{"b/*-*/UUID*", "b/a-b-c/" + uuid + ".gz", true},
		{"b/*-*/UUID*", "b/abc/" + uuid, false},
		{"b/" + strings.Repeat("*", 40) + "x", "b/" + strings.Repeat("y", 200), false},
	} {
		p := keyPattern(tt.pattern)
		if got := p.matches(tt.key); got != tt.want {
			t.Errorf("%s matches %s: %v", tt.pattern, tt.key, got)
		}
	}
	for _, tt := range []struct {
		glob, key string
		want      bool
	}{
		{"b/errors", "b/errors/2025/x", true},
		{"b/errors/", "b/errors/2025/x", true},
		{"b/err", "b/errors/2025/x", false},
		{"b/**/x", "b/errors/2025/x", true},
		{"*/errors", "b/errors/2025/x", true},
		{"b/*.gz", "b/x.gz", true},
		{"b/*.gz", "b/x.parquet", false},
	} {
		p := globPattern(tt.glob)
		if got := p.matches(tt.key); got != tt.want {
			t.Errorf("only: %s matches %s: %v", tt.glob, tt.key, got)
		}
	}
}

// TestEdits compares the edits of random texts with what they promise: they lead from one to the other, and no text that is
// mostly the same is replaced as a whole.
func TestEdits(t *testing.T) {
	state := uint32(1)
	next := func(n int) int {
		state = state*1664525 + 1013904223
		return int(state>>16) % n
	}
	for range 2000 {
		var x, y []int
		for range next(12) {
			x = append(x, next(4))
		}
		for range next(12) {
			y = append(y, next(4))
		}
		list := edits(len(x), len(y), func(i, j int) bool { return x[i] == y[j] })
		var from, to []int
		kept := 0
		for _, e := range list {
			if e.op != '+' {
				from = append(from, x[e.x])
			}
			if e.op != '-' {
				to = append(to, y[e.y])
			}
			if e.op == ' ' {
				if kept++; x[e.x] != y[e.y] {
					t.Fatalf("%v %v: %v", x, y, list)
				}
			}
		}
		if fmt.Sprint(from) != fmt.Sprint(x) || fmt.Sprint(to) != fmt.Sprint(y) || kept != common(x, y) {
			t.Fatalf("%v %v: %v", x, y, list)
		}
	}
}

// common is the length of the longest common subsequence.
func common(x, y []int) int {
	table := make([][]int, len(x)+1)
	for i := range table {
		table[i] = make([]int, len(y)+1)
	}
	for i := range x {
		for j := range y {
			if table[i+1][j+1] = max(table[i][j+1], table[i+1][j]); x[i] == y[j] {
				table[i+1][j+1] = table[i][j] + 1
			}
		}
	}
	return table[len(x)][len(y)]
}

// TestArchiveFunction: a function that is a member of the case is built and run, and nothing of it is left.
func TestArchiveFunction(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a function")
	}
	ownCache(t)
	cache := os.Getenv("XDG_CACHE_HOME")
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	a := &txtar.Archive{Files: []txtar.File{
		{Name: "template.yaml", Data: []byte(fmt.Sprintf(interpretedTemplate, "python3.13"))},
		{Name: "stream.yaml", Data: []byte("template: template.yaml\nfunctions: { Upper: go:./fn }\nonly: [bucket/out]\n")},
		{Name: "records", Data: []byte("a\n")},
		{Name: "expect/bucket/out/*/*/*/*/*", Data: []byte("a\n")},
		{Name: "fn/go.mod", Data: []byte("module function\n\ngo 1.22\n")},
	}}
	for _, name := range []string{"main.go", "runtime.go"} {
		b, err := os.ReadFile(filepath.Join(cookbook, "function", name))
		if err != nil {
			t.Fatal(err)
		}
		a.Files = append(a.Files, txtar.File{Name: "fn/" + name, Data: []byte(strings.ReplaceAll(string(b), "return failed, nil", "return ok, data"))})
	}
	path := filepath.Join(t.TempDir(), "case.txtar")
	if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
	if res := RunFile(context.Background(), path, RunOptions{}); !res.Passed() {
		t.Error(res.Err, res.Failures)
	}
	for _, dir := range []string{cache, temp} {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s has %v, %v", dir, left, err)
		}
	}
}

// TestResolve: a path in an archive is looked for in it, then beside it, then where a folder with its name would have it.
func TestResolve(t *testing.T) {
	const stream = "template: ../template.yaml\nonly: [none]\n"
	const request = `{"DeliveryStreamName":"s","ExtendedS3DestinationConfiguration":{"BucketARN":"arn:aws:s3:::b","RoleARN":"arn:aws:iam::123456789012:role/r"}}`
	for _, tt := range []struct{ name, template, path string }{
		{"beside a folder", "cases/template.yaml", "cases/a/stream.yaml"},
		{"above an archive", "template.yaml", "cases/a.txtar"},
		{"as if the archive were a folder", "cases/template.yaml", "cases/a.txtar"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			files := map[string]string{tt.template: request}
			if strings.HasSuffix(tt.path, archiveExtension) {
				files[tt.path] = "-- stream.yaml --\n" + stream + "-- records --\na\n"
			} else {
				files[tt.path], files["cases/a/records"] = stream, "a\n"
			}
			for name, text := range files {
				if err := replace(filepath.Join(dir, name), []byte(text)); err != nil {
					t.Fatal(err)
				}
			}
			list, err := Cases(dir)
			if err != nil || len(list) != 1 {
				t.Fatal(list, err)
			}
			if res := RunFile(context.Background(), list[0], RunOptions{}); !res.Passed() {
				t.Error(res.Err, res.Failures)
			}
			sources, err := Sources(list[0])
			if want := filepath.Join(dir, tt.template); err != nil || len(sources) != 2 || sources[1] != want {
				t.Errorf("Sources = %v, %v; want %s", sources, err, want)
			}
		})
	}
}

// FuzzLoad: no case, whatever stands in it, does more than give an error.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/pass/*.txtar", "testdata/fail/*.txtar"} {
		list, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range list {
			b, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := os.CreateTemp(dir, "*.txtar")
		if err != nil {
			t.Fatal(err)
		}
		name := file.Name()
		defer os.Remove(name)
		if _, err := file.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		c, err := Load(name)
		if err != nil {
			return
		}
		if c.stream.request == nil || len(c.stream.functions) > 0 && !strings.Contains(c.stream.functions[0], "=builtin:") || c.stream.schema != "" {
			return // it would read files, or start processes
		}
		c.run(context.Background(), RunOptions{}, &Result{})
	})
}

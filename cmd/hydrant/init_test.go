package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

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

// TestInit is a newcomer's first minutes: a starter, its cases, a function that is broken, its diff, and the repair.
func TestInit(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a function")
	}
	ownCache(t)
	dir := t.TempDir()
	if out, errs, status := command(t, dir, "", "init"); status != 0 || !strings.Contains(out, "A project is ready here") {
		t.Fatalf("init: status %d\n%s%s", status, out, errs)
	}
	if out, errs, status := command(t, dir, "", "test"); status != 0 || !strings.Contains(out, "2 passed, 0 failed") {
		t.Fatalf("status %d\n%s%s", status, out, errs)
	}
	name := filepath.Join(dir, "function", "main.go")
	fine, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "function/main.go", strings.Replace(string(fine), "return dropped, nil", "return ok, data", 1))
	out, _, status := command(t, dir, "", "test", "cases/set-aside")
	const diff = `
    @@ -1 +1,2 @@
    +{"id":null,"type":"heartbeat","page":null,"at":null,"user":null,"ms":null,"items":null}
     {"id":1,"type":"view","page":"/","at":"2025-01-01T08:00:00Z","user":{"id":"a-17","plan":"free"},"ms":41.5,"items":null}
      record 1 (records.txt:1) parts at station lambda, which let it pass: it is not expected here
          came in:     {"type":"heartbeat"}
          left lambda: {"type":"heartbeat"}
`
	if status != 1 || !strings.Contains(out, diff) {
		t.Errorf("broken: status %d\n%s", status, out)
	}
	write(t, dir, "function/main.go", string(fine))
	if out, _, status := command(t, dir, "", "test"); status != 0 {
		t.Errorf("repaired: status %d\n%s", status, out)
	}
	if out, errs, status := command(t, dir, "", "replay"); status != 0 || !strings.Contains(out, "in 3 = delivered 3") {
		t.Errorf("replay: status %d\n%s%s", status, out, errs)
	}
}

// TestInitLanguages: a starter in another language passes its cases, and fails one when it is broken.
func TestInitLanguages(t *testing.T) {
	for _, tt := range []struct{ language, interpreter, file, old, new string }{
		{"python", "python3", "function/main.py", `return DROPPED, b""`, "return OK, data"},
		{"node", "node", "function/index.mjs", "return [dropped]", "return [ok, data]"},
	} {
		t.Run(tt.language, func(t *testing.T) {
			if _, err := exec.LookPath(tt.interpreter); err != nil {
				t.Skipf("%v: functions in it are not run", err)
			}
			dir := t.TempDir()
			if _, errs, status := command(t, dir, "", "init", "--language", tt.language); status != 0 {
				t.Fatalf("init: status %d, %s", status, errs)
			}
			if out, errs, status := command(t, dir, "", "test"); status != 0 || !strings.Contains(out, "2 passed, 0 failed") {
				t.Fatalf("status %d\n%s%s", status, out, errs)
			}
			fine, err := os.ReadFile(filepath.Join(dir, tt.file))
			if err != nil {
				t.Fatal(err)
			}
			write(t, dir, tt.file, strings.Replace(string(fine), tt.old, tt.new, 1))
			if out, _, status := command(t, dir, "", "test"); status != 1 || !strings.Contains(out, `+{"id":null,"type":"heartbeat"`) {
				t.Errorf("broken: status %d\n%s", status, out)
			}
		})
	}
	if _, errs, status := command(t, t.TempDir(), "", "init", "--language", "cobol"); status != 2 || !strings.Contains(errs, "--language cobol: it is go, python or node") {
		t.Errorf("status %d, %s", status, errs)
	}
}

// TestInitSample: the table and the cases are those of the user's records.
func TestInitSample(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "orders.json", `[{"Order":12345678901,"price":1.5,"at":"2025-06-01 10:00:00"},{"type":"heartbeat"},{"Order":2,"price":3,"tags":{"a":[1]}}]`)
	if out, errs, status := command(t, dir, "", "init", "orders.json"); status != 0 {
		t.Fatalf("status %d\n%s%s", status, out, errs)
	}
	b, err := os.ReadFile(filepath.Join(dir, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range []string{"- Name: \"order\"\n              Type: \"bigint\"", "Type: \"struct<a:array<int>>\""} {
		if !strings.Contains(string(b), column) {
			t.Errorf("the template lacks %s", column)
		}
	}
	b, err = os.ReadFile(filepath.Join(dir, "cases", "delivered", "records.ndjson"))
	if want := `{"Order":12345678901,"price":1.5,"at":"2025-06-01 10:00:00"}` + "\n" + `{"Order":2,"price":3,"tags":{"a":[1]}}` + "\n"; err != nil || string(b) != want {
		t.Errorf("%s, %v", b, err)
	}
}

// TestInitRefuses: nothing is overwritten, and a sample without objects gives no table.
func TestInitRefuses(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "README.md", "mine")
	_, errs, status := command(t, dir, "", "init")
	if status != 2 || !strings.Contains(errs, "README.md is there already") {
		t.Errorf("status %d, %s", status, errs)
	}
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("%v was written", list)
	}
	dir = t.TempDir()
	write(t, dir, "x.txt", "no JSON\n")
	if _, errs, status := command(t, dir, "", "init", "x.txt"); status != 2 || !strings.Contains(errs, "no record has a member") {
		t.Errorf("status %d, %s", status, errs)
	}
}

package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDestinationPage does what docs/destinations.md does, in an empty folder: its descriptions are written, its commands run in a shell, and
// what it shows of their output is there. What needs a server is left to the other tests.
func TestDestinationPage(t *testing.T) {
	page, err := os.ReadFile("../docs/destinations.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Setenv("PATH", filepath.Dir(hydrant(t))+string(os.PathListSeparator)+os.Getenv("PATH"))
	server := regexp.MustCompile(`--destination live|--endpoint|receive|psql|java|python|s3://`)
	descriptions, commands, shown := 0, 0, 0
	for _, block := range regexp.MustCompile("(?ms)^```(yaml|console)\n(.*?)^```").FindAllStringSubmatch(string(page), -1) {
		if block[1] == "yaml" {
			name, _, _ := strings.Cut(strings.TrimPrefix(block[2], "# "), "\n")
			write(t, dir, name, block[2])
			descriptions++
			continue
		}
		for _, text := range strings.Split("\n"+block[2], "\n$ ")[1:] {
			command, output, _ := strings.Cut(text, "\n")
			if server.MatchString(command) {
				continue
			}
			cmd := exec.Command("sh", "-c", command)
			cmd.Dir = dir
			got, err := cmd.CombinedOutput()
			if err != nil && !strings.Contains(command, "--fault") {
				t.Errorf("%s: %v: %s", command, err, got)
			}
			commands++
			for _, line := range strings.Split(strings.TrimSpace(output), "\n") {
				if line = strings.TrimSpace(line); line == "" || line == "…" {
					continue
				}
				if shown++; !strings.Contains(string(got), line) {
					t.Errorf("%s\ndoesn't print\n%s\nbut\n%s", command, line, got)
				}
			}
		}
	}
	t.Logf("%d descriptions, %d commands, %d lines of their output", descriptions, commands, shown)
	if descriptions < 6 || commands < 10 || shown < 12 {
		t.Error("something of the page isn't found")
	}
}

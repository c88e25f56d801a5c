package conformance

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestInit: what hydrant init writes passes its cases, lints, and is built by sam as it stands, in each language.
func TestInit(t *testing.T) {
	for language, needs := range map[string]string{"go": "go", "python": "python3.13", "node": "npm"} {
		t.Run(language, func(t *testing.T) {
			dir := t.TempDir()
			commands := [][]string{
				{hydrant(t), "init", "--language", language},
				{hydrant(t), "test"},
				{tool(t, "cfn-lint"), "template.yaml"},
				{tool(t, "sam"), "validate", "--lint", "-t", "template.yaml"},
				{tool(t, "sam"), "build"},
				{hydrant(t), "test"}, // with what sam built
			}
			if _, err := exec.LookPath(needs); err != nil {
				t.Logf("%v: sam build is left out", err)
				commands = commands[:4]
			}
			for _, c := range commands {
				if out, errs, status := run(t, dir, c...); status != 0 {
					t.Fatalf("%s: status %d\n%s%s", filepath.Base(c[0]), status, out, errs)
				}
			}
		})
	}
}

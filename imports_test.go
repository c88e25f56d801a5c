package hydrant

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
)

const module = "github.com/hydrantkit/hydrant"

// floor is the floor of a package in ARCHITECTURE.md. An import always points to a lower one; only the
// internal packages may import each other, where a test names it.
func floor(pkg string) int {
	rel := strings.TrimPrefix(strings.TrimPrefix(pkg, module), "/")
	switch {
	case strings.HasPrefix(rel, "internal/"):
		return 0
	case rel == "" || rel == "schema" || rel == "receive" || rel == "harness/record":
		return 1
	case rel == "blueprints" || rel == "reingest" || strings.HasPrefix(rel, "schema/glue") || strings.HasPrefix(rel, "convert/column"):
		return 2
	case rel == "harness/sink" || rel == "harness/s3/endpoint" || path.Dir(rel) == "convert" || path.Dir(rel) == "read":
		return 3
	case path.Dir(rel) == "harness":
		return 2
	case rel == "convert" || rel == "read" || rel == "harness/sink/postgres":
		return 4
	case rel == "harness":
		return 5
	case rel == "replaytest" || strings.HasPrefix(rel, "functions/"):
		return 6
	case rel == "cmd/hydrant":
		return 7
	}
	return -1
}

// homes are where a third-party module may be imported; every other import of it is a mistake.
var homes = map[string][]string{
	"github.com/aws/aws-lambda-go":           {"functions/"},
	"github.com/aws/aws-sdk-go-v2":           {"internal/aws", "reingest", "schema/glue/catalog", "harness/s3/endpoint", "cmd/hydrant"},
	"github.com/aws/smithy-go":               {"internal/aws", "reingest", "schema/glue/catalog", "harness/s3/endpoint", "cmd/hydrant"},
	"github.com/klauspost/compress":          {"internal/compress"},
	"go.yaml.in/yaml":                        {"internal/template"},
	"github.com/hashicorp/hcl":               {"internal/template/terraform"},
	"github.com/zclconf/go-cty":              {"internal/template/terraform"},
	"github.com/parquet-go/parquet-go":       {"convert/parquet", "read/parquet"},
	"github.com/apache/arrow/go/v17":         {"convert/arrow"},
	"github.com/xitongsys/parquet-go-source": {"cmd/hydrant"},
	"github.com/xitongsys/parquet-go":        {"cmd/hydrant"},
	"cloud.google.com/go/storage":            {"cmd/hydrant"},
	"google.golang.org/api":                  {"cmd/hydrant"},
	"github.com/Azure/azure-sdk-for-go":      {"cmd/hydrant"},
	"github.com/colinmarc/hdfs/v2":           {"cmd/hydrant"},
	"github.com/spf13/cobra":                 {"cmd/hydrant"},
	"github.com/spf13/pflag":                 {"cmd/hydrant"},
	"github.com/schollz/progressbar":         {"cmd/hydrant"},
	"github.com/fsnotify/fsnotify":           {"cmd/hydrant"},
	"github.com/jackc/pgx/v5":                {"harness/sink/postgres"},
	"golang.org/x/sys":                       {"cmd/hydrant", "internal/"},
	"golang.org/x/tools":                     {"replaytest", "internal/"},
	"google.golang.org/protobuf":             {"convert/orc", "read/orc", "internal/kpl"},
}

// families are packages that are one thing in several folders: a subpackage may import, and be imported by, its parent.
var families = []string{"internal/template", "convert/column", "schema/glue", "internal/joda", "internal/javatime"}

func family(a, b string) bool {
	for _, f := range families {
		if within(a, f) && within(b, f) {
			return true
		}
	}
	return false
}

func within(pkg, dir string) bool { return pkg == dir || strings.HasPrefix(pkg, dir+"/") }

// TestImports keeps the floors of ARCHITECTURE.md: an import points to a lower floor, siblings never meet, and a
// third-party module has one home.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	floors := map[int][]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		fields := strings.Fields(line)
		pkg := fields[0]
		rel := strings.TrimPrefix(strings.TrimPrefix(pkg, module), "/")
		f := floor(pkg)
		if f < 0 {
			t.Errorf("%s has no floor; give it one here and in ARCHITECTURE.md", pkg)
			continue
		}
		floors[f] = append(floors[f], rel)
		for _, imp := range fields[1:] {
			if imp == module || strings.HasPrefix(imp, module+"/") {
				impRel := strings.TrimPrefix(strings.TrimPrefix(imp, module), "/")
				switch g := floor(imp); {
				case g < f, family(rel, impRel):
				case f == 0 && g == 0: // internal packages lean on the scanner and the codecs only
					if impRel != "internal/jsonscan" && impRel != "internal/compress" && impRel != "internal/javatime" {
						t.Errorf("%s imports %s, its sibling", rel, impRel)
					}
				default:
					t.Errorf("%s (floor %d) imports %s (floor %d)", rel, f, impRel, g)
				}
				continue
			}
			if !strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") {
				continue // the standard library
			}
			if !atHome(rel, imp) {
				t.Errorf("%s imports %s, whose home is elsewhere", rel, imp)
			}
		}
	}
	for f := 7; f >= 0; f-- {
		sort.Strings(floors[f])
		t.Logf("%d  %s", f, strings.Join(floors[f], "  "))
	}
}

func atHome(rel, imp string) bool {
	for mod, dirs := range homes {
		if !within(imp, mod) {
			continue
		}
		for _, d := range dirs {
			if within(rel, strings.TrimSuffix(d, "/")) {
				return true
			}
		}
		return false
	}
	return false
}

// lambdaModules are the third-party modules that a function may link; those that put records back have the SDK too.
var lambdaModules = []string{"github.com/aws/aws-lambda-go", "github.com/klauspost/compress"}

// TestLambdaDependencies keeps a Lambda small by what it imports.
func TestLambdaDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./functions/apache-log-to-json").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
next:
	for _, imp := range strings.Fields(string(out)) {
		if imp == module || strings.HasPrefix(imp, module+"/blueprints") || strings.HasPrefix(imp, module+"/functions/") || strings.HasPrefix(imp, module+"/internal/") {
			continue
		}
		for _, m := range lambdaModules {
			if within(imp, m) {
				continue next
			}
		}
		t.Errorf("the function links %s", imp)
	}
}

// TestHarnessDependencies keeps the SDK out of what a test links that uses the harness.
func TestHarnessDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "./harness", "./replaytest").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, imp := range strings.Fields(string(out)) {
		if within(imp, "github.com/aws/aws-sdk-go-v2") {
			t.Errorf("the harness links %s", imp)
		}
	}
}

// TestNoClock keeps the clock, chance and goroutines out of the harness: only the named files read the world.
func TestNoClock(t *testing.T) {
	allowed := map[string]bool{
		"harness/lambda/bootstrap.go": true, "harness/lambda/endpoint.go": true,
		"harness/live.go": true, // reads beside the timers; its clock is given
	}
	banned := regexp.MustCompile(`time\.(Now|Since|Sleep|After|NewTimer|NewTicker)\(|math/rand|crypto/rand|^\s*go (func\b|[a-z])`)
	err := filepath.WalkDir("harness", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || allowed[filepath.ToSlash(name)] {
			return err
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(b), "\n") {
			if banned.MatchString(line) {
				t.Errorf("%s:%d: %s", name, i+1, strings.TrimSpace(line))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

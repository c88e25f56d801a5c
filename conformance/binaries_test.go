package conformance

import (
	"debug/elf"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

const coldStart = 30 // milliseconds

// TestBinaries builds every function as it is deployed, for both machines: static, small, soon there, and answering a
// real event over the Runtime API by the contract.
func TestBinaries(t *testing.T) {
	root := absolute(t, "..")
	dirs, err := filepath.Glob(filepath.Join(root, "functions", "*", "main.go"))
	if err != nil || len(dirs) < 19 {
		t.Fatalf("%d functions, %v", len(dirs), err)
	}
	kinds := map[string]string{"syslog-to-json": "syslog", "syslog-to-csv": "syslog", "cloudwatch-logs": "cloudwatch", "kpl-deaggregate": "kpl", "json-map": "json", "rudderstack": "json",
		"kinesis-general": "kinesis", "msk-general": "msk"}
	for _, main := range dirs {
		name := filepath.Base(filepath.Dir(main))
		t.Run(name, func(t *testing.T) {
			limit := int64(9 << 20)
			if name == "cloudwatch-logs" { // it puts records back, and links the SDK
				limit = 12 << 20
			}
			for _, arch := range []string{"arm64", "amd64"} {
				bin := filepath.Join(t.TempDir(), "bootstrap")
				if out, errs, status := run(t, root, "env", "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0",
					"go", "build", "-trimpath", "-tags", "lambda.norpc", "-ldflags=-s -w", "-o", bin, "./functions/"+name); status != 0 {
					t.Fatalf("%s%s", out, errs)
				}
				info, err := os.Stat(bin)
				if err != nil {
					t.Fatal(err)
				}
				if info.Size() > limit {
					t.Errorf("%s: %d bytes, more than %d", arch, info.Size(), limit)
				}
				f, err := elf.Open(bin)
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range f.Progs {
					if p.Type == elf.PT_INTERP {
						t.Errorf("%s: not static", arch)
					}
				}
				f.Close()
				if arch != runtime.GOARCH {
					continue
				}
				kind := kinds[name]
				if kind == "" {
					kind = "apache"
				}
				first := math.Inf(1) // milliseconds from the start of the process to its first answer, undisturbed
				for try := 0; try == 0 || try < 10 && first >= coldStart; try++ {
					out, errs, status := run(t, root, hydrant(t), "invoke", "--json", "--function", "exec:"+bin, "--generate", kind, "--count", "20")
					var answer struct {
						Records      []struct{ Result string }
						Breaches     []string
						Milliseconds float64
					}
					if err := json.Unmarshal([]byte(out), &answer); err != nil || status != 0 || len(answer.Records) != 20 || len(answer.Breaches) > 0 {
						t.Fatalf("status %d, %v\n%s%s", status, err, out, errs)
					}
					first = min(first, answer.Milliseconds)
				}
				if first >= coldStart {
					t.Errorf("the first answer takes %.0f ms, more than %d", first, coldStart)
				}
				t.Logf("%s: %.1f MB, first answer after %.0f ms", arch, float64(info.Size())/1e6, first)
			}
		})
	}
}

package replaytest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The bootstraps of functions that an interpreter runs.
var (
	//go:embed bootstrap/python.py
	pythonBootstrap string
	//go:embed bootstrap/node.js
	nodeBootstrap string
)

// interpreted makes a function in Python or Node run by the interpreter on this machine: what sam build made, where that is
// newer than its source, else the source itself, unless it needs packages that only sam build gives it.
func (fn *function) interpreted(runtimeName, dir, codeURI string) (*Function, error) {
	pos := fn.resource.Properties.Get("Runtime").Pos
	interpreter, flags := "python3", []string{"-u", "-B", "-c", pythonBootstrap}
	if strings.HasPrefix(runtimeName, "nodejs") {
		interpreter, flags = "node", []string{"-e", nodeBootstrap}
	}
	program, err := exec.LookPath(interpreter)
	if err != nil {
		return nil, fmt.Errorf("%s: the function %s needs %s: %w; or say how to run it with %s", pos, fn.id, interpreter, err, fn.options.said(fn.id, "HOW"))
	}
	source, err := filepath.Abs(filepath.Join(dir, codeURI))
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(source)
	if err != nil {
		return nil, fmt.Errorf("%s: the code of the function %s: %w", fn.resource.Properties.Get("CodeUri").Pos, fn.id, err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s: the code of the function %s is no folder; say how to run it with %s", fn.resource.Properties.Get("CodeUri").Pos, fn.id, fn.options.said(fn.id, "HOW"))
	}
	code, how := source, interpreter+" "+codeURI
	built, err := filepath.Abs(filepath.Join(dir, ".aws-sam", "build", fn.id))
	if err != nil {
		return nil, err
	}
	// The template is the last that sam build writes.
	if marker, err := os.Stat(filepath.Join(filepath.Dir(built), "template.yaml")); err == nil && isDir(built) && !changedSince(source, marker.ModTime()) {
		code, how = built, ".aws-sam/build/"+fn.id
	} else if file := needsPackages(source, interpreter); file != "" {
		return nil, fmt.Errorf("%s: the function %s needs the packages of %s; run sam build", pos, fn.id, file)
	}
	return fn.bootstrap(append([]string{program}, flags...), code, how)
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// changedSince reports whether a file below dir is newer than at.
func changedSince(dir string, at time.Time) bool {
	newer := false
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && name != dir && (strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules" || e.Name() == "__pycache__"):
			return filepath.SkipDir
		case e.Type().IsRegular():
			info, err := e.Info()
			if err != nil {
				return err
			}
			if info.ModTime().After(at) {
				newer = true
				return filepath.SkipAll
			}
		}
		return nil
	})
	return newer || err != nil
}

// needsPackages returns the file that names packages which aren't beside the source; empty for none.
func needsPackages(source, interpreter string) string {
	if interpreter == "python3" {
		name := filepath.Join(source, "requirements.txt")
		b, err := os.ReadFile(name)
		if err != nil {
			return ""
		}
		for line := range strings.Lines(string(b)) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				return name
			}
		}
		return ""
	}
	name := filepath.Join(source, "package.json")
	b, err := os.ReadFile(name)
	var p struct{ Dependencies map[string]string }
	if err != nil || json.Unmarshal(b, &p) != nil || len(p.Dependencies) == 0 || isDir(filepath.Join(source, "node_modules")) {
		return ""
	}
	return name
}

package replaytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/hydrantkit/hydrant/internal/template"
)

// update rewrites what is expected as it is, and returns how many members changed. Members whose patterns and regular
// expressions still match stay as they are.
func (g *outcome) update() (int, error) {
	by := g.pair()
	users := map[int]int{} // of expectations
	for _, j := range by {
		if j >= 0 {
			users[j]++
		}
	}
	names := map[string]int{} // objects of one plain name
	for i := range g.objects {
		names[plain(g.objects[i].Name())]++
	}
	keep := map[string][]byte{}
	schema := func(name string, o *Object, e *expectation) {
		if !o.Columnar {
			return
		}
		name = strings.TrimSuffix(name, regexpSuffix) + schemaSuffix
		if keep[name] = []byte(strings.Join(schemaLines(o.Type), "\n") + "\n"); e == nil || e.schema == nil {
			return
		}
		if _, ok := g.compareSchema(e, o); ok { // however it is broken into lines
			keep[name] = e.schema.body
		}
	}
	for i := range g.objects {
		o := &g.objects[i]
		if by[i] >= 0 {
			e := g.c.expect[by[i]]
			now := o.Body
			switch {
			case g.same(e, o):
				now = e.body
			case e.lines != nil:
				now = regexps(e, o)
			}
			if users[by[i]] == 1 || g.same(e, o) {
				keep[e.name] = now
				schema(e.name, o, e)
				continue
			}
		} else if !g.wanted(o) {
			continue
		}
		name := expectDir + plain(o.Name())
		if names[plain(o.Name())] > 1 {
			name = expectDir + o.Name()
		}
		keep[name] = o.Body
		schema(name, o, nil)
	}
	for _, e := range g.c.expect {
		switch {
		case e.name == summaryMember:
			keep[e.name] = g.updatedSummary(e)
		case !e.isObject():
			keep[e.name] = e.body
			if _, ok := g.compareLines(e, "", g.log(), false, nil); !ok {
				if keep[e.name] = g.log(); e.lines != nil {
					keep[e.name] = regexps(e, &Object{Body: g.log()})
				}
			}
		}
	}
	if keep[summaryMember] == nil {
		keep[summaryMember] = g.newSummary()
	}
	return g.c.rewrite(keep)
}

// regexps keeps the regular expressions that match their lines; the others become their line, quoted.
func regexps(e *expectation, o *Object) []byte {
	got := splitLines(o.Body)
	var b bytes.Buffer
	for i, line := range got {
		if i < len(e.lines) && e.lines[i].MatchString(line) {
			b.WriteString(e.lines[i].String() + "\n")
		} else {
			b.WriteString("^" + regexp.QuoteMeta(line) + "$\n")
		}
	}
	return b.Bytes()
}

// updatedSummary is the expected members with the values that they have now.
func (g *outcome) updatedSummary(e *expectation) []byte {
	want, err := template.ParseJSON(e.name, e.body)
	if err != nil {
		return g.newSummary()
	}
	b, err := json.Marshal(g.summary)
	if err != nil {
		return e.body
	}
	got, err := template.ParseJSON("", b)
	if err != nil {
		return e.body
	}
	same, now := subset(want, got)
	if same {
		return e.body
	}
	return []byte(strings.Join(indented(now, ""), "\n") + "\n")
}

// newSummary is the account of the records, and nothing that depends on the machine.
func (g *outcome) newSummary() []byte {
	s := g.summary
	b, err := json.MarshalIndent(struct {
		In        int64            `json:"in"`
		Added     int64            `json:"added"`
		Delivered int64            `json:"delivered"`
		Dropped   int64            `json:"dropped"`
		Failed    int64            `json:"failed"`
		Failures  map[string]int64 `json:"failures"`
		Lost      int64            `json:"lost"`
	}{s.In, s.Added, s.Delivered, s.Dropped, s.Failed, s.Failures, s.Lost}, "", "  ")
	if err != nil {
		return nil
	}
	return append(b, '\n')
}

// rewrite makes members the whole of what is expected, and returns how many changed.
func (c *Case) rewrite(members map[string][]byte) (changed int, err error) {
	if c.archive != nil {
		return c.rewriteArchive(members)
	}
	for name := range members {
		if !holdable(name) {
			return 0, fmt.Errorf("%s: no file can have the name %s; write the case as a %s file", c.Path, name, archiveExtension)
		}
	}
	for _, e := range c.members {
		now, ok := members[e.name]
		switch {
		case !ok:
			if err := os.Remove(c.place(e.name)); err != nil {
				return changed, err
			}
			changed++
		case bytes.Equal(now, e.body):
			delete(members, e.name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if err := replace(c.place(name), members[name]); err != nil {
			return changed, err
		}
		changed++
	}
	return changed, c.prune()
}

// prune removes the folders of what is expected that are empty now.
func (c *Case) prune() error {
	var dirs []string
	err := filepath.WalkDir(c.place("expect"), func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			dirs = append(dirs, name)
		}
		return err
	})
	for _, dir := range slices.Backward(dirs) {
		_ = os.Remove(dir) // only where it is empty
	}
	return err
}

// rewriteArchive writes the archive anew.
func (c *Case) rewriteArchive(members map[string][]byte) (changed int, err error) {
	a := &txtar.Archive{Comment: c.archive.Comment}
	for _, f := range c.archive.Files {
		if now, ok := members[f.Name]; ok {
			delete(members, f.Name)
			if !bytes.Equal(ended(now), f.Data) {
				changed++
				f.Data = ended(now)
			}
		} else if strings.HasPrefix(f.Name, expectDir) {
			changed++
			continue
		}
		a.Files = append(a.Files, f)
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		a.Files = append(a.Files, txtar.File{Name: name, Data: ended(members[name])})
		changed++
	}
	text := txtar.Format(a)
	again := txtar.Parse(text)
	whole := len(again.Files) == len(a.Files)
	for i := range again.Files {
		whole = whole && bytes.Equal(again.Files[i].Data, a.Files[i].Data) && again.Files[i].Name == a.Files[i].Name
	}
	if !whole {
		return changed, fmt.Errorf("%s: a %s file can't hold what was delivered, since lines of it look like the archive's own; write the case as a folder", c.Path, archiveExtension)
	}
	if changed == 0 {
		return 0, nil
	}
	return changed, replace(c.Path, text)
}

// ended is a text with an LF at its end, as archives have it.
func ended(b []byte) []byte {
	if len(b) == 0 || b[len(b)-1] == '\n' {
		return b
	}
	return append(bytes.Clone(b), '\n')
}

// holdable reports whether a member can be a file.
func holdable(name string) bool {
	for _, p := range strings.Split(name, "/") {
		if p == "" || p == "." || p == ".." || len(p) > 255 || strings.ContainsRune(p, 0) {
			return false
		}
	}
	return filepath.IsLocal(filepath.FromSlash(name))
}

// replace writes a file beside its name, then renames it.
func replace(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".hydrant-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

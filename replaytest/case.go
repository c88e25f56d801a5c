package replaytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/partition"
	"github.com/hydrantkit/hydrant/internal/input"
	"github.com/hydrantkit/hydrant/internal/template"
	"github.com/hydrantkit/hydrant/schema/glue"
)

// A Case is records with what a stream must make of them: a directory, or a txtar file of the same members (cli.md).
type Case struct {
	Name string // its path without the extension, with slashes
	Path string // of the directory or the txtar file

	archive *txtar.Archive // nil for a directory
	stream  description
	records []file
	members []*expectation // all that is below expect/
	expect  []*expectation // without those of types
	temp    string         // where the archive was unpacked; empty where it wasn't needed
}

// A description is what stream.yaml says.
type description struct {
	doc        *template.Node
	template   string // path; empty where stream is a request
	id         string
	request    []byte // the stream as a request; nil where template names it
	parameters map[string]string
	functions  []string // ID=HOW
	schema     string
	faults     []harness.Fault
	start      time.Time
	seed       uint64
	only       []pattern
	compat     Compat
	format     input.Format
	rate       float64
	partitions int // active ones at most; 0 is the service's default
}

// streamFile is the member that makes a folder a case.
const streamFile = "stream.yaml"

// archiveExtension is that of cases in one file.
const archiveExtension = ".txtar"

// An expectation is a member below expect/.
type expectation struct {
	name string // of the member
	body []byte
	pattern
	lines  []*regexp.Regexp // of a .re; nil for others
	schema *expectation     // of the object's type; nil without one
}

// The expectations that aren't objects.
const (
	expectDir     = "expect/"
	summaryMember = "expect/summary.json"
	logMember     = "expect/log.ndjson"
	regexpSuffix  = ".re"
)

// Find returns the paths of the cases at and below paths, in order, each once. A path is a case itself, or a folder to look in;
// folders whose names begin with a dot, and node_modules, are left out.
func Find(paths ...string) ([]string, error) {
	var out []string
	seen := map[string]bool{}
	add := func(p string) {
		if !seen[p] {
			seen[p] = true
			out = append(out, p)
		}
	}
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			if filepath.Ext(p) != archiveExtension {
				return nil, fmt.Errorf("%s is no case: a case is a folder with a %s, or a %s file", p, streamFile, archiveExtension)
			}
			add(filepath.Clean(p))
			continue
		}
		err = filepath.WalkDir(p, func(name string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case e.IsDir() && name != p && (strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules"):
				return filepath.SkipDir
			case e.IsDir():
				if _, err := os.Stat(filepath.Join(name, streamFile)); err == nil {
					add(filepath.Clean(name))
					return filepath.SkipDir
				}
			case filepath.Ext(name) == archiveExtension:
				b, err := os.ReadFile(name)
				if err != nil {
					return err
				}
				if member(txtar.Parse(b), streamFile) != nil { // txtar files have other uses too
					add(filepath.Clean(name))
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func member(a *txtar.Archive, name string) *txtar.File {
	for i := range a.Files {
		if a.Files[i].Name == name {
			return &a.Files[i]
		}
	}
	return nil
}

// Load reads the case at a path. The error has the place of what can't be read.
func Load(p string) (*Case, error) {
	c := &Case{Path: p, Name: strings.TrimSuffix(filepath.ToSlash(p), archiveExtension)}
	info, err := os.Stat(p)
	if err != nil {
		return c, err
	}
	var files []file
	if info.IsDir() {
		if files, err = readFolder(p); err != nil {
			return c, err
		}
	} else {
		b, err := os.ReadFile(p)
		if err != nil {
			return c, err
		}
		c.archive = txtar.Parse(b)
		for _, f := range c.archive.Files {
			files = append(files, file{f.Name, f.Data})
		}
	}
	var stream *file
	for i := range files {
		f := &files[i]
		switch name := f.name; {
		case name == streamFile:
			stream = f
		case name == "records" || strings.HasPrefix(name, "records.") || strings.HasPrefix(name, "records/"):
			c.records = append(c.records, *f)
		case strings.HasPrefix(name, expectDir):
			e, err := c.expectation(*f)
			if err != nil {
				return c, err
			}
			c.members = append(c.members, e)
		}
	}
	if err := c.schemas(); err != nil {
		return c, err
	}
	if stream == nil {
		return c, fmt.Errorf("%s has no %s", p, streamFile)
	}
	if len(c.records) == 0 {
		return c, fmt.Errorf("%s has no records", p)
	}
	slices.SortFunc(c.records, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return c, c.parse(stream.data)
}

// readFolder reads the members of a case that is a directory.
func readFolder(dir string) ([]file, error) {
	var out []file
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		top, _, _ := strings.Cut(rel, "/")
		ours := top == "expect" || top == streamFile || top == "records" || strings.HasPrefix(top, "records.")
		switch {
		case e.IsDir() && rel != "." && !ours:
			return filepath.SkipDir
		case !e.Type().IsRegular() || !ours || strings.HasPrefix(e.Name(), "."):
			return nil
		}
		b, err := os.ReadFile(name)
		out = append(out, file{rel, b})
		return err
	})
	return out, err
}

// place is the name of a member in errors.
func (c *Case) place(name string) string {
	if c.archive != nil {
		return c.Path + ":" + name
	}
	return filepath.Join(c.Path, filepath.FromSlash(name))
}

func (c *Case) expectation(f file) (*expectation, error) {
	e := &expectation{name: f.name, body: f.data}
	key := strings.TrimPrefix(f.name, expectDir)
	key, isRegexp := strings.CutSuffix(key, regexpSuffix)
	if f.name != summaryMember && expectDir+key != logMember && !strings.Contains(key, "/") {
		return nil, fmt.Errorf("%s is neither expect/<bucket>/<key> nor %s nor %s", c.place(f.name), summaryMember, logMember)
	}
	e.pattern = keyPattern(key)
	if isRegexp {
		e.lines = []*regexp.Regexp{}
		for n, line := range splitLines(f.data) {
			re, err := regexp.Compile(line)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", c.place(f.name), n+1, err)
			}
			e.lines = append(e.lines, re)
		}
	}
	return e, nil
}

// parse reads stream.yaml.
func (c *Case) parse(data []byte) error {
	doc, err := template.ParseYAML(c.place(streamFile), data)
	if err != nil {
		return err
	}
	s := &c.stream
	s.doc, s.seed, s.parameters, s.format = doc, 1, map[string]string{}, input.Auto
	if doc.Kind != template.Map {
		return doc.Errorf("%s is no mapping of template, stream, …", streamFile)
	}
	for _, m := range doc.Members {
		v := m.Value
		var err error
		var text string
		switch m.Key {
		case "template":
			s.template, err = v.Str()
		case "stream":
			if v.Kind == template.Map {
				s.request, err = requestText(data, doc, v)
			} else {
				s.id, err = v.Str()
			}
		case "parameters":
			err = scalars(v, func(k, text string) { s.parameters[k] = text })
		case "functions":
			err = scalars(v, func(k, text string) { s.functions = append(s.functions, k+"="+text) })
		case "schema":
			s.schema, err = v.Str()
		case "faults":
			err = texts(v, func(n *template.Node, text string) error {
				f, err := harness.ParseFault(text)
				if err != nil {
					return n.Errorf("%v", err)
				}
				s.faults = append(s.faults, f)
				return nil
			})
		case "start":
			if text, err = v.Str(); err == nil {
				if s.start, err = time.Parse(time.RFC3339Nano, text); err != nil {
					err = v.Errorf("%q is no RFC 3339 time", text)
				}
			}
		case "seed":
			var n int64
			if n, err = v.Int(); err == nil && n < 0 {
				err = v.Errorf("a seed is not negative")
			}
			s.seed = uint64(n)
		case "activePartitions":
			var n int64
			if n, err = v.Int(); err == nil && (n < 1 || n > partition.MaxActive) {
				err = v.Errorf("active partitions are 1 to %d, not %d", partition.MaxActive, n)
			}
			s.partitions = int(n)
		case "only":
			err = texts(v, func(_ *template.Node, text string) error {
				s.only = append(s.only, globPattern(text))
				return nil
			})
		case "compat":
			var names []string
			if err = texts(v, func(_ *template.Node, text string) error { names = append(names, text); return nil }); err == nil {
				if s.compat, err = ParseCompat(names); err != nil {
					err = v.Errorf("%v", err)
				}
			}
		case "input-format":
			if text, err = v.Str(); err == nil {
				if s.format, err = input.ParseFormat(text); err != nil {
					err = v.Errorf("%v", err)
				}
			}
		case "rate":
			if text, err = v.Str(); err == nil {
				if _, serr := fmt.Sscanf(strings.TrimSuffix(text, "/s"), "%g", &s.rate); serr != nil || s.rate <= 0 {
					err = v.Errorf("%q is no rate such as 1000/s", text)
				}
			}
		default:
			err = &template.Error{Pos: m.KeyPos, Msg: fmt.Sprintf("%s has no member %s; its members are template, stream, parameters, functions, schema, faults, start, rate, seed, activePartitions, only, compat, input-format", streamFile, m.Key)}
		}
		if err != nil {
			return err
		}
	}
	if (s.template == "") == (s.request == nil) {
		return doc.Errorf("%s needs template: a file, or stream: a CreateDeliveryStream request, and not both", streamFile)
	}
	return nil
}

// scalars calls f with the members of a mapping of texts.
func scalars(n *template.Node, f func(key, text string)) error {
	if n.Kind != template.Map {
		return n.Errorf("a mapping is wanted")
	}
	for _, m := range n.Members {
		text, err := m.Value.Str()
		if err != nil {
			return err
		}
		f(m.Key, text)
	}
	return nil
}

// texts calls f with the items of a list of texts, or with the one text that stands for a list.
func texts(n *template.Node, f func(n *template.Node, text string) error) error {
	items := n.Items
	if n.Kind != template.List {
		items = []*template.Node{n}
	}
	for _, i := range items {
		text, err := i.Str()
		if err != nil {
			return err
		}
		if err := f(i, text); err != nil {
			return err
		}
	}
	return nil
}

// requestText is the text of the request below stream:, with every line where it was, so that errors have the right place.
// Where it can't be cut out (flow style) it is printed anew.
func requestText(data []byte, doc, v *template.Node) ([]byte, error) {
	lines := bytes.SplitAfter(data, []byte("\n"))
	begin, end := 0, len(lines)
	for i, m := range doc.Members {
		if m.Value == v {
			begin = m.KeyPos.Line
			if i+1 < len(doc.Members) {
				end = doc.Members[i+1].KeyPos.Line - 1
			}
		}
	}
	if begin > 0 && v.Pos.Line > begin && begin < end {
		out := bytes.Repeat([]byte("\n"), begin)
		out = append(out, bytes.Join(lines[begin:end], nil)...)
		if n, err := template.ParseYAML(v.Pos.File, out); err == nil && n.Kind == template.Map && len(n.Members) == len(v.Members) {
			return out, nil
		}
	}
	return v.AppendJSON(nil)
}

// resolve is where a path of stream.yaml leads: relative to the case, which for an archive is a member of it, or what lies
// beside it, or where a folder with its name would have it.
func (c *Case) resolve(p string) (string, error) {
	if filepath.IsAbs(p) {
		return p, nil
	}
	if c.archive == nil {
		return filepath.Join(c.Path, filepath.FromSlash(p)), nil
	}
	name := path.Clean(filepath.ToSlash(p))
	if c.holds(p) {
		return c.unpacked(name)
	}
	beside := filepath.Join(filepath.Dir(c.Path), filepath.FromSlash(p))
	if _, err := os.Stat(beside); errors.Is(err, fs.ErrNotExist) {
		if below := filepath.Join(strings.TrimSuffix(c.Path, archiveExtension), filepath.FromSlash(p)); strings.HasPrefix(name, "../") {
			if _, err := os.Stat(below); err == nil {
				return below, nil
			}
		}
	}
	return beside, nil
}

// holds reports whether the archive has a member, or a folder of members.
func (c *Case) holds(p string) bool {
	name := path.Clean(filepath.ToSlash(p))
	for _, f := range c.archive.Files {
		if f.Name == name || strings.HasPrefix(f.Name, name+"/") {
			return true
		}
	}
	return false
}

// unpacked is where a member of the archive lies as a file, until close.
func (c *Case) unpacked(name string) (string, error) {
	if c.temp == "" {
		dir, err := os.MkdirTemp("", "hydrant-case-")
		if err != nil {
			return "", err
		}
		c.temp = dir
		for _, f := range c.archive.Files {
			if !filepath.IsLocal(filepath.FromSlash(f.Name)) {
				return "", fmt.Errorf("%s: the member %q lies outside of the case", c.Path, f.Name)
			}
			if strings.HasPrefix(f.Name, expectDir) {
				continue
			}
			to := filepath.Join(dir, filepath.FromSlash(f.Name))
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return "", err
			}
			if err := os.WriteFile(to, f.Data, 0o644); err != nil {
				return "", err
			}
		}
	}
	return filepath.Join(c.temp, filepath.FromSlash(name)), nil
}

// close removes what was unpacked.
func (c *Case) close() error {
	if c.temp == "" {
		return nil
	}
	dir := c.temp
	c.temp = ""
	return os.RemoveAll(dir)
}

// setup reads what the case refers to.
func (c *Case) setup(ctx context.Context, o RunOptions) (setup, error) {
	s := setup{file: c.place(streamFile), data: c.stream.request, faults: c.stream.faults, seed: c.stream.seed, partitions: c.stream.partitions, invoker: o.Function,
		describe: harness.DescribeOptions{ID: c.stream.id, Template: template.Options{Parameters: c.stream.parameters}},
		function: FunctionOptions{InCase: true, Log: o.Log, Builds: o.Builds, Door: &harness.Door{}}}
	s.compat = c.stream.compat
	s.compat.Describe(&s.describe)
	var err error
	if s.function.How, s.function.HowDir, err = c.functions(); err != nil {
		return s, err
	}
	s.function.Dir = s.function.HowDir
	if c.stream.template != "" {
		name, id, _ := strings.Cut(c.stream.template, "#")
		if id != "" {
			s.describe.ID = id
		}
		at, err := c.resolve(name)
		if err != nil {
			return s, err
		}
		info, err := os.Stat(at)
		if err != nil {
			return s, c.stream.doc.Get("template").Errorf("%v", err)
		}
		if s.file, s.function.Dir = at, at; !info.IsDir() {
			s.function.Dir = filepath.Dir(at)
		}
	}
	if c.temp != "" { // what is built of it goes with it
		s.function.Cache = filepath.Join(c.temp, ".build")
	}
	if src := c.stream.schema; src != "" {
		if name, id, _ := strings.Cut(src, "#"); !strings.HasPrefix(src, "struct<") && !strings.HasPrefix(src, "glue:") {
			if src, err = c.resolve(name); err != nil {
				return s, err
			}
			if id != "" {
				src += "#" + id
			}
		}
		if s.describe.Table, err = glue.Load(src, glue.Options{Context: ctx, Catalog: o.Catalog}); err != nil {
			return s, err
		}
	}
	return s, nil
}

// functions has the paths in functions: lead where the case has them, and dir is where commands run.
func (c *Case) functions() (how []string, dir string, err error) {
	dir = c.Path
	if c.archive != nil {
		dir = filepath.Dir(c.Path)
	}
	for _, spec := range c.stream.functions {
		id, text, _ := strings.Cut(spec, "=")
		kind, rest, _ := strings.Cut(text, ":")
		switch {
		case kind == "go":
			if rest, err = c.resolve(rest); err == nil {
				rest, err = filepath.Abs(rest) // and not below dir
			}
			if err != nil {
				return nil, "", err
			}
			spec = id + "=go:" + rest
		case kind == "exec" && c.archive != nil:
			for _, f := range c.archive.Files { // a script that is part of the case
				if strings.Contains(rest, f.Name) {
					if dir, err = c.unpacked("."); err != nil {
						return nil, "", err
					}
				}
			}
		}
		how = append(how, spec)
	}
	return how, dir, nil
}

// Sources are the files and folders that a case reads, for who wants to know when one changes: the case, its template, its
// schema, the sources of its function.
func Sources(p string) ([]string, error) {
	c, err := Load(p)
	if err != nil {
		return nil, err
	}
	out := []string{p}
	at := func(rel string) string {
		if c.archive != nil && c.holds(rel) {
			return p // what is in the archive changes with it
		}
		at, err := c.resolve(rel)
		if err != nil {
			return p
		}
		return at
	}
	if src, _, _ := strings.Cut(c.stream.schema, "#"); src != "" && !strings.HasPrefix(src, "struct<") && !strings.HasPrefix(src, "glue:") {
		out = append(out, at(src))
	}
	for _, spec := range c.stream.functions {
		if _, dir, ok := strings.Cut(spec, "=go:"); ok {
			out = append(out, at(dir))
		}
	}
	if name, id, _ := strings.Cut(c.stream.template, "#"); name != "" {
		name = at(name)
		out = append(out, name)
		if c.stream.id != "" {
			id = c.stream.id
		}
		d, err := harness.Load(name, harness.DescribeOptions{ID: id, Template: template.Options{Parameters: c.stream.parameters}})
		if err == nil && d.Function != nil {
			if code, err := d.Function.Properties.Get("CodeUri").Str(); err == nil {
				out = append(out, filepath.Join(filepath.Dir(name), filepath.FromSlash(code)))
			}
		}
	}
	return out, nil
}

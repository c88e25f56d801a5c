package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hydrantkit/hydrant/convert"
	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/internal/input"
)

// A conversionRun is one run of hydrant convert.
type conversionRun struct {
	io        *streams
	remote    *remote
	f         *convertFlags
	converter *convert.Converter // of all cores
	single    *convert.Converter // of one
	format    input.Format
	shard     shard
	memory    int64
	roll      int64
	folder    bool // --out is one
	read      counter

	asides  asides
	summary convertSummary
	held    int64 // records of files that weren't completed
}

// place finds out whether --out is a folder.
func (r *conversionRun) place() {
	info, err := os.Stat(r.f.out)
	r.folder = strings.HasSuffix(r.f.out, "/") || err == nil && info.IsDir()
}

// extension is that of the files that are written.
func (r *conversionRun) extension() string {
	if r.f.to == "orc" {
		return ".orc"
	}
	return ".parquet"
}

// errorsPath is where rows go that are set aside.
func (r *conversionRun) errorsPath() string {
	switch {
	case r.f.errors != "":
		return r.shard.name(r.f.errors)
	case r.f.out == "-":
		return r.shard.name("errors.ndjson")
	}
	out := strings.TrimRight(r.f.out, "/")
	base := filepath.Base(out)
	inside := base == "." || base == ".." // ..errors.ndjson would be hidden
	if isRemote(out) {
		key, err := r.remote.outputKey(out)
		inside = err == nil && key == "" // beside a bucket there is nothing
	}
	if inside {
		return r.shard.name(outputPath(out, "errors.ndjson"))
	}
	return r.shard.name(out) + ".errors.ndjson"
}

// checkErrorsPath sees before anything is converted whether rows can be set aside.
func (r *conversionRun) checkErrorsPath() error {
	path := r.asides.path
	switch {
	case isRemote(path):
		return r.remote.checkOutput(path)
	case path == "-" && r.f.out == "-":
		return errors.New("-: stdout has the rows")
	case path == "-":
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder", path)
	}
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) && (dir == filepath.Clean(r.f.out) || r.f.errors == "") {
		return nil // it is made
	}
	if err == nil && !info.IsDir() {
		err = errors.New("its folder is a file")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// create begins an output.
func (r *conversionRun) create(path string) (*pending, error) {
	return create(path, r.io.out, r.remote)
}

// mkdir makes a folder; among objects there are none.
func (r *conversionRun) mkdir(path string) error {
	if isRemote(r.f.out) {
		return nil
	}
	return os.MkdirAll(path, 0o777)
}

// run converts all inputs: into one file, or into one per input, or into files of a size.
func (r *conversionRun) run(ctx context.Context, files []convertSource) error {
	switch {
	case r.roll > 0 && !r.folder:
		return usagef("--file-size needs a folder for --out; %s isn't one (a trailing / makes it one)", r.f.out)
	case r.roll > 0:
		if err := r.distinct(nil, files); err != nil {
			return err
		}
		return r.rolled(ctx, files, newQueue(r).place(0))
	case !r.folder:
		path := r.shard.name(r.f.out)
		if err := r.distinct([]string{path}, files); err != nil {
			return err
		}
		return r.file(ctx, r.converter, path, files, newQueue(r).place(0))
	}
	used := map[string]string{}
	paths := make([]string, len(files))
	for i, s := range files {
		if slices.Contains(strings.Split(filepath.ToSlash(s.rel), "/"), "..") {
			return usagef("%s: a name with .. may lead out of %s; name a file for --out", s.name, shown(r.f.out))
		}
		paths[i] = r.shard.name(outputPath(r.f.out, outputName(s.rel)+r.extension()))
		if other, ok := used[paths[i]]; ok {
			return usagef("%s and %s would both become %s", other, s.name, shown(paths[i]))
		}
		used[paths[i]] = s.name
	}
	if err := r.distinct(paths, files); err != nil {
		return err
	}
	for _, path := range paths {
		if err := r.mkdir(filepath.Dir(path)); err != nil {
			return err
		}
	}
	if len(files) == 0 {
		return r.mkdir(r.f.out)
	}
	for i := 0; i < len(files); {
		// small files are converted at once, a core each; a large one has all cores
		n := 0
		for i+n < len(files) && files[i+n].size > 0 && files[i+n].size < smallFile {
			n++
		}
		if r.atOnce(n) < 2 {
			if err := r.file(ctx, r.converter, paths[i], files[i:i+1], newQueue(r).place(0)); err != nil {
				return err
			}
			i++
			continue
		}
		if err := r.small(ctx, paths[i:i+n], files[i:i+n]); err != nil {
			return err
		}
		i += n
	}
	return nil
}

// distinct refuses outputs that would take the place of an input, or of the records that are set aside. Of an input that is named twice it
// tells.
func (r *conversionRun) distinct(paths []string, files []convertSource) error {
	taken := map[string]string{}
	for _, s := range files {
		at := resolved(s.name)
		if at == "" {
			continue
		}
		if what := taken[at]; what != "" {
			fmt.Fprintf(r.io.err, "hydrant: %s is %s again: its records are converted twice\n", s.name, what)
		}
		taken[at] = "the input " + s.name
	}
	for i, path := range append([]string{r.asides.path}, paths...) {
		at := resolved(path)
		if what := taken[at]; what != "" {
			return usagef("%s would take the place of %s; name another file", shown(path), what)
		}
		if i == 0 && at != "" {
			taken[at] = "the records that are set aside"
		}
	}
	return nil
}

// resolved is where a file is or will be, without links, or "" for a pipe or a device, which may be named twice.
func resolved(path string) string {
	switch {
	case isRemote(path):
		return shown(path)
	case path == "-", inPlace(path):
		return ""
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if found, err := filepath.EvalSymlinks(path); err == nil {
		return found
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(dir, filepath.Base(path))
	}
	return path
}

// smallFile is the size below which a file isn't worth several cores.
const smallFile = 16 << 20

// atOnce is how many of some small files are converted at once. Each may hold twice its size: what is read of it, and what it has become.
func (r *conversionRun) atOnce(files int) int {
	return min(r.f.jobs, files, int(r.memory/(2*smallFile)))
}

// small converts several files at once, each on one core.
func (r *conversionRun) small(ctx context.Context, paths []string, files []convertSource) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var next atomic.Int64
	var workers sync.WaitGroup
	line := newQueue(r)
	for range r.atOnce(len(files)) {
		workers.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(files) {
					return
				}
				if err := r.file(ctx, r.single, paths[i], files[i:i+1], line.place(i)); err != nil {
					cancel() // the others end soon, and are counted
				}
			}
		})
	}
	workers.Wait()
	if line.err == nil {
		return ctx.Err()
	}
	return line.err
}

// outputName is an input's name without its endings.
func outputName(name string) string {
	for _, ext := range []string{".gz", ".zst", ".bz2", ".snappy", ".zip", ".json", ".ndjson", ".jsonl", ".log", ".txt"} {
		name = strings.TrimSuffix(name, ext)
	}
	return name
}

// file converts files into one.
func (r *conversionRun) file(ctx context.Context, c *convert.Converter, path string, files []convertSource, o *output) (err error) {
	defer func() { err = o.finish(err) }()
	p, err := r.create(path)
	if err != nil {
		return err
	}
	f, err := c.Create(p)
	if err == nil {
		err = r.pull(ctx, f, files, o)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return p.abandon(err)
	}
	if err := p.complete(); err != nil {
		return err
	}
	o.completed(shown(path), f.Rows(), p.written)
	return nil
}

// part is the path of a rolled file.
func (r *conversionRun) part(n int) string {
	return outputPath(r.f.out, r.shard.name(fmt.Sprintf("part-%05d%s", n, r.extension())))
}

// warnOfOld tells of files that a run before this one has left, which a reader would take for this one's.
func (r *conversionRun) warnOfOld() {
	old := func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	}
	if path := r.part(len(r.summary.Files)); r.roll > 0 && old(path) {
		fmt.Fprintf(r.io.err, "hydrant: %s, and what may follow it, is of an earlier run: its rows are in the folder beside those of this one\n", path)
	}
	if r.summary.Failed == 0 && r.f.errors == "" && old(r.asides.path) {
		fmt.Fprintf(r.io.err, "hydrant: %s is of an earlier run; this one set nothing aside\n", r.asides.path)
	}
}

// rolled converts files into several of about the same size.
func (r *conversionRun) rolled(ctx context.Context, files []convertSource, o *output) (err error) {
	defer func() { err = o.finish(err) }()
	if err := r.mkdir(r.f.out); err != nil {
		return err
	}
	var p *pending
	var f *convert.File
	begin := func() (io.Writer, error) {
		var err error
		p, err = r.create(r.part(len(o.files)))
		return p, err
	}
	end := func() error {
		if err := p.complete(); err != nil {
			return err
		}
		o.completed(p.path, f.Rows(), p.written)
		return nil
	}
	w, err := begin()
	if err != nil {
		return err
	}
	f, err = r.converter.Roll(w, r.roll, func() (io.Writer, error) {
		if err := end(); err != nil {
			return nil, err
		}
		return begin()
	})
	if err == nil {
		err = r.pull(ctx, f, files, o)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return p.abandon(err)
	}
	return end()
}

// pull feeds files to f.
func (r *conversionRun) pull(ctx context.Context, f *convert.File, files []convertSource, o *output) error {
	in := &chunks{files: files, bytes: &r.read, size: r.single.ChunkBytes()}
	if !r.f.quiet && !r.f.json {
		in.chose = announce(r.io.err)
	}
	if len(files) == 1 {
		if err := in.open(); err != nil {
			return err
		}
		if in.r.Slow() {
			f.Spare(1)
		}
	}
	err := f.Pull(ctx, in.next, func(c convert.Chunk, bad []column.RowError) error {
		k := c.(*sourced)
		for i := range bad {
			n := bad[i].Record
			a := aside{ordinal: o.records + int64(n), file: k.Name, line: k.line(n), raw: k.Record(n), err: &bad[i]}
			if err := o.setAside(a); err != nil {
				return err
			}
		}
		o.records += int64(k.Len())
		r.read.records.Add(int64(k.Len()))
		in.free(k)
		return nil
	})
	if cerr := in.close(); err == nil {
		err = cerr
	}
	return err
}

// announce prints a format that was found by content, where it isn't lines.
func announce(w io.Writer) func(name string, f input.Format) {
	return func(name string, f input.Format) {
		if f != input.Lines {
			fmt.Fprintf(w, "hydrant: %s is read as %s\n", name, f)
		}
	}
}

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/hydrantkit/hydrant/internal/compress"
	"github.com/hydrantkit/hydrant/internal/input"
	"github.com/hydrantkit/hydrant/read"
)

// expand makes the files that the arguments name: files, directories (all files below, in key order), globs of both,
// "-" for stdin.
func expand(args []string) ([]string, error) {
	var out []string
	for _, a := range args {
		if a == "-" {
			out = append(out, a)
			continue
		}
		names := []string{a}
		if _, err := os.Stat(a); err != nil {
			if !strings.ContainsAny(a, "*?[") {
				return nil, usage(err)
			}
			if names, err = filepath.Glob(a); err != nil {
				return nil, usagef("the pattern %s: %w", a, err)
			}
			if len(names) == 0 {
				return nil, usagef("no file matches %s", a)
			}
			sort.Strings(names)
		}
		for _, name := range names {
			info, err := os.Stat(name)
			if err != nil {
				return nil, usage(err)
			}
			if !info.IsDir() {
				out = append(out, name)
				continue
			}
			files, err := below(name)
			if err != nil {
				return nil, err
			}
			out = append(out, files...)
		}
	}
	return out, nil
}

// below lists the files of a folder, in the order of their paths as keys; those whose names begin with a dot are
// not data. A link stands for the file or the folder that it leads to, if that isn't listed anyway.
func below(dir string) ([]string, error) {
	var out []string
	seen := map[string]bool{}
	for links := []string{dir}; len(links) > 0; links = links[1:] {
		link := links[0]
		root, err := filepath.Abs(link)
		if err == nil {
			root, err = filepath.EvalSymlinks(root)
		}
		if err != nil {
			return nil, fmt.Errorf("the link %s: %w", link, err)
		}
		err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			name := filepath.Join(link, strings.TrimPrefix(path, root))
			switch {
			case err != nil:
				return err
			case path != root && strings.HasPrefix(e.Name(), "."), seen[path]:
				if e.IsDir() {
					return filepath.SkipDir
				}
				return nil
			case e.Type()&fs.ModeSymlink != 0:
				links = append(links, name)
			case e.Type().IsRegular():
				out = append(out, name)
			}
			seen[path] = true
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	sort.Slice(out, func(i, j int) bool { return filepath.ToSlash(out[i]) < filepath.ToSlash(out[j]) })
	return out, nil
}

// records reads several inputs one after the other as one.
type records struct {
	files  []source
	format input.Format
	chose  func(name string, f input.Format) // called with the format that was found, if it isn't nil
	opened func(i int)                       // called when file i is begun
	next   int
	bytes  *counter // counts what is read of files, compressed
	live   bool     // the format is found from what has come, not from what will
	reading
}

// A reading is the input that is open, if there is one.
type reading struct {
	r    *input.Reader
	file io.Closer
	name string
}

// begin takes f for the input, and closes it where it can't be one. What is read of it counts in bytes, if that isn't nil; live finds
// the format from what has come.
func (o *reading) begin(f io.ReadCloser, name string, format input.Format, bytes *counter, live bool) (err error) {
	var r io.Reader = f
	if bytes != nil {
		r = &counting{f, bytes}
	}
	if live && (format == input.Auto || format == "") {
		r, format = detectLive(r, name)
	}
	if o.r, err = input.NewReader(r, name, format); err != nil {
		return errors.Join(err, f.Close())
	}
	o.file, o.name = f, name
	return nil
}

func (o *reading) close() error {
	if o.r == nil {
		return nil
	}
	err := o.r.Close()
	if cerr := o.file.Close(); err == nil {
		err = cerr
	}
	o.r = nil
	if err != nil {
		return fmt.Errorf("close %s: %w", o.name, err)
	}
	return nil
}

// A source is a file, or content that is at hand.
type source struct {
	name string
	open func() (io.ReadCloser, error)
	size int64 // 0 where it isn't known
}

// fileSources makes sources of files.
func fileSources(names []string, stdin io.Reader) ([]source, error) {
	var out []source
	for _, name := range names {
		if name == "-" {
			out = append(out, source{name: "stdin", open: func() (io.ReadCloser, error) { return io.NopCloser(stdin), nil }})
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return nil, usage(err)
		}
		out = append(out, source{name: name, open: func() (io.ReadCloser, error) { return os.Open(name) }, size: info.Size()})
	}
	return out, nil
}

// Next returns the next record of all inputs, or io.EOF.
func (s *records) Next() (input.Record, error) {
	for {
		if s.r == nil {
			if s.next == len(s.files) {
				return input.Record{}, io.EOF
			}
			if err := s.open(); err != nil {
				return input.Record{}, err
			}
		}
		rec, err := s.r.Next()
		if err != io.EOF {
			return rec, err
		}
		if err := s.Close(); err != nil {
			return rec, err
		}
	}
}

func (s *records) open() error {
	src := s.files[s.next]
	f, err := src.open()
	if err != nil {
		return err
	}
	if file, ok := f.(*os.File); ok && (s.format == input.Auto || s.format == "") {
		if f, err = rows(file); err != nil {
			return fmt.Errorf("%s: %w", src.name, err)
		}
	}
	if err := s.begin(f, src.name, s.format, s.bytes, s.live); err != nil {
		return err
	}
	if s.chose != nil && (s.format == input.Auto || s.format == "") {
		s.chose(src.name, s.r.Format())
	}
	if s.opened != nil {
		s.opened(s.next)
	}
	s.next++
	return nil
}

// detectLive finds the format from what has come of r: as many whole lines as there are. What says nothing so early is found as
// ever, from the first 256 KiB. The reader it returns has it all.
func detectLive(r io.Reader, name string) (io.Reader, input.Format) {
	head := make([]byte, 64<<10)
	n, _ := io.ReadAtLeast(r, head, 16) // compressions show by then; an error comes again
	whole := head[:n]
	if i := bytes.LastIndexByte(whole, '\n'); i >= 0 {
		whole = whole[:i+1]
	}
	rest := io.MultiReader(bytes.NewReader(head[:n]), r)
	if _, c, err := compress.NewReader(bytes.NewReader(whole)); err != nil || c != compress.Uncompressed {
		return rest, input.Auto
	}
	found, err := input.NewReader(bytes.NewReader(whole), name, input.Auto)
	if err != nil {
		return rest, input.Auto
	}
	return rest, found.Format()
}

// rows reads a Parquet or an ORC file as its rows, lines of JSON; other files as they are.
func rows(f *os.File) (io.ReadCloser, error) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return f, nil
	}
	file, err := read.Open(f, info.Size())
	if err == read.ErrFormat {
		return f, nil
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r, w := io.Pipe()
	go func() { // it ends with the file, or when r is closed
		err := file.Rows(w, nil, -1)
		w.CloseWithError(errors.Join(err, f.Close())) //nolint:errcheck // it has none
	}()
	return r, nil
}

// Close closes the input that is open.
func (s *records) Close() error { return s.close() }

// current is the name of the input that is being read.
func (s *records) current() string {
	if s.next == 0 {
		return ""
	}
	return s.files[s.next-1].name
}

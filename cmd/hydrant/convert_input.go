package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/hydrantkit/hydrant/convert"
	"github.com/hydrantkit/hydrant/internal/compress"
	"github.com/hydrantkit/hydrant/internal/input"
)

// A convertSource is an input, or a range of its lines.
type convertSource struct {
	source
	rel    string // its path below the folder that was given, else its base name
	format input.Format
	before func() int64 // of a range: how many lines are before it
}

// convertSources finds the inputs.
func convertSources(args []string, format input.Format, stdin io.Reader, r *remote) ([]convertSource, error) {
	var all []convertSource
	for _, arg := range args {
		if isRemote(arg) {
			objects, err := r.sources(arg)
			if err != nil {
				return nil, err
			}
			for _, s := range objects {
				s.format, s.open = format, unlessEnded(r.ctx, s.open)
				all = append(all, s)
			}
			continue
		}
		names, err := expand([]string{arg})
		if err != nil {
			return nil, err
		}
		files, err := fileSources(names, stdin)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(arg)
		below := arg != "-" && err == nil && info.IsDir()
		for i, s := range files {
			c := convertSource{source: s, rel: filepath.Base(s.name), format: format}
			if s.size == 0 {
				c.open = unlessEnded(r.ctx, s.open)
			}
			if below {
				if c.rel, err = filepath.Rel(arg, names[i]); err != nil {
					return nil, err
				}
			}
			all = append(all, c)
		}
	}
	if len(all) == 0 && len(args) > 0 {
		return nil, usagef("no input: nothing is below %s", shown(args[0]))
	}
	return all, nil
}

// unlessEnded opens what may be slow to say more, as a pipe or a server. Opening it, and a Read that waits, end with ctx.
func unlessEnded(ctx context.Context, open func() (io.ReadCloser, error)) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		w := &waiting{ctx: ctx, buf: make([]byte, 256<<10), done: make(chan error, 1)}
		err := w.do(func() (err error) {
			w.r, err = open()
			return err
		})
		if err != nil {
			return nil, err
		}
		return w, nil
	}
}

// A waiting reader reads on a goroutine, which its context doesn't wait for.
type waiting struct {
	ctx  context.Context
	r    io.ReadCloser
	buf  []byte
	rest []byte // what was read and not yet handed out
	n    int    // what the goroutine read
	done chan error
	left bool // with its goroutine
	err  error
}

// do calls f, unless the context ends before.
func (w *waiting) do(f func() error) error {
	go func() { w.done <- f() }()
	select {
	case err := <-w.done:
		return err
	case <-w.ctx.Done():
		w.left = true
		return w.ctx.Err()
	}
}

func (w *waiting) Read(p []byte) (int, error) {
	for len(w.rest) == 0 && w.err == nil {
		w.n = 0
		w.err = w.do(func() (err error) {
			w.n, err = w.r.Read(w.buf)
			return err
		})
		if !w.left {
			w.rest = w.buf[:w.n]
		}
	}
	n := copy(p, w.rest)
	if w.rest = w.rest[n:]; len(w.rest) > 0 {
		return n, nil
	}
	return n, w.err
}

func (w *waiting) Close() error {
	if w.left {
		return nil // closing would wait for what it does, which ends with the command
	}
	return w.r.Close()
}

func totalSize(files []convertSource) int64 {
	var n int64
	for _, s := range files {
		if s.size == 0 {
			return 0
		}
		n += s.size
	}
	return n
}

// chunks reads files one after the other. next belongs to one goroutine at a time.
type chunks struct {
	files []convertSource
	size  int                               // of a chunk in bytes; 0 is a MiB
	bytes *counter                          // counts what is read of files, if it isn't nil
	chose func(name string, f input.Format) // called with a format that was found, if it isn't nil
	at    int
	reading

	mu   sync.Mutex
	idle []*sourced
}

// A sourced chunk knows its input.
type sourced struct {
	input.Chunk
	src *convertSource
}

// line is where record i begins.
func (c *sourced) line(i int) int64 {
	line, _ := c.Place(i)
	if c.src.before != nil {
		line += c.src.before()
	}
	return line
}

// next returns the next chunk of all files, or io.EOF.
func (s *chunks) next() (convert.Chunk, error) {
	k := s.take()
	for {
		if s.r == nil {
			if s.at == len(s.files) {
				return nil, io.EOF
			}
			if err := s.open(); err != nil {
				return nil, err
			}
		}
		err := s.r.Chunk(&k.Chunk, cmp.Or(s.size, 1<<20))
		if err == nil {
			k.src = &s.files[s.at-1]
			return k, nil
		}
		if err != io.EOF {
			return nil, err
		}
		if err := s.close(); err != nil {
			return nil, err
		}
	}
}

func (s *chunks) take() *sourced {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.idle); n > 0 {
		k := s.idle[n-1]
		s.idle = s.idle[:n-1]
		return k
	}
	return new(sourced)
}

// free takes back a chunk that isn't used any more.
func (s *chunks) free(k *sourced) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, k)
}

func (s *chunks) open() error {
	src := &s.files[s.at]
	f, err := src.open()
	if err != nil {
		return err
	}
	r := bufio.NewReader(f)
	if head, _ := r.Peek(4); string(head) == "PAR1" || strings.HasPrefix(string(head), "ORC") { // an error comes again
		return errors.Join(fmt.Errorf("%s: it is Parquet or ORC; JSON is wanted, as hydrant cat makes of it", src.name), f.Close())
	}
	in := struct {
		io.Reader
		io.Closer
	}{r, f}
	if err := s.begin(in, src.name, src.format, s.bytes, false); err != nil {
		return err
	}
	s.at++
	if s.chose != nil && src.format == input.Auto {
		s.chose(src.name, s.r.Format())
	}
	return nil
}

// A shard is one of N parts of the inputs; the zero shard is all.
type shard struct{ i, n int }

// maxShards keeps products of N and the size of a file within 64 bits.
const maxShards = 1 << 20

// parseShard reads I/N, auto, or auto/N.
func parseShard(s string, getenv func(string) string) (shard, error) {
	if s == "" {
		return shard{}, nil
	}
	first, rest, split := strings.Cut(s, "/")
	var sh shard
	var err error
	if first == "auto" {
		index := getenv("AWS_BATCH_JOB_ARRAY_INDEX")
		if index == "" {
			index = getenv("JOB_COMPLETION_INDEX")
		}
		if index == "" {
			return sh, errors.New("auto: neither AWS_BATCH_JOB_ARRAY_INDEX nor JOB_COMPLETION_INDEX is set")
		}
		if sh.i, err = strconv.Atoi(index); err != nil {
			return sh, fmt.Errorf("auto: the index %q is no number", index)
		}
		sh.i++
		if !split {
			if rest = getenv("AWS_BATCH_JOB_ARRAY_SIZE"); rest == "" {
				return sh, errors.New("auto: AWS_BATCH_JOB_ARRAY_SIZE isn't set; say how many parts there are, as in auto/8")
			}
		}
	} else if sh.i, err = strconv.Atoi(first); err != nil || !split {
		return sh, fmt.Errorf("%q is not I/N, such as 1/8, nor auto", s)
	}
	if sh.n, err = strconv.Atoi(rest); err != nil {
		return sh, fmt.Errorf("%q is not I/N, such as 1/8, nor auto", s)
	}
	if sh.i < 1 || sh.i > sh.n {
		return sh, fmt.Errorf("part %d of %d: parts are numbered from 1 to N", sh.i, sh.n)
	}
	if sh.n > maxShards {
		return sh, fmt.Errorf("%d parts: there are at most %d", sh.n, maxShards)
	}
	return sh, nil
}

// name is the name of an output of this shard.
func (sh shard) name(path string) string {
	if sh.n == 0 || path == "-" {
		return path
	}
	ext := filepath.Ext(path)
	return fmt.Sprintf("%s-%d-of-%d%s", strings.TrimSuffix(path, ext), sh.i, sh.n, ext)
}

// pick chooses what is this shard's: whole files by a hash of their names when there are enough of them, else ranges of
// those files that can be split.
func (sh shard) pick(files []convertSource) ([]convertSource, error) {
	if sh.n == 0 {
		return files, nil
	}
	var out []convertSource
	for _, s := range files {
		if s.size == 0 && s.name == "stdin" {
			return nil, usagef("--shard: stdin can't be divided")
		}
		if len(files) < sh.n && !isRemote(s.name) {
			split, err := s.splits()
			if err != nil {
				return nil, err
			}
			if split {
				if s, err = s.cut(sh); err != nil {
					return nil, err
				}
				out = append(out, s)
				continue
			}
		}
		h := fnv.New32a()
		h.Write([]byte(filepath.ToSlash(s.name))) //nolint:errcheck // never fails
		if int(h.Sum32()%uint32(sh.n)) == sh.i-1 {
			out = append(out, s)
		}
	}
	return out, nil
}

// splits reports whether a file can be cut at line ends: it isn't compressed, and its records are lines.
func (s *convertSource) splits() (bool, error) {
	f, err := s.open()
	if err != nil {
		return false, err
	}
	defer f.Close()
	r, compression, err := compress.NewReader(f)
	if err != nil {
		return false, fmt.Errorf("%s: %w", s.name, err)
	}
	defer r.Close()
	if compression != compress.Uncompressed {
		return false, nil
	}
	in, err := input.NewReader(r, s.name, s.format)
	if err != nil {
		return false, err
	}
	defer in.Close()
	return in.Format() == input.Lines, nil
}

// cut makes of s the range that is the shard's: the records that begin in it.
func (s convertSource) cut(sh shard) (convertSource, error) {
	f, err := os.Open(s.name)
	if err != nil {
		return s, err
	}
	defer f.Close()
	from, err := lineStart(f, s.size*int64(sh.i-1)/int64(sh.n))
	if err != nil {
		return s, err
	}
	to := s.size
	if sh.i < sh.n {
		if to, err = lineStart(f, s.size*int64(sh.i)/int64(sh.n)); err != nil {
			return s, err
		}
	}
	name := s.name
	s.open = func() (io.ReadCloser, error) {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		return struct {
			io.Reader
			io.Closer
		}{io.NewSectionReader(f, from, to-from), f}, nil
	}
	s.size, s.format = to-from, input.Lines
	s.before = sync.OnceValue(func() int64 { return countLines(name, from) })
	return s, nil
}

// lineStart returns where the first line begins that begins at or behind at.
func lineStart(f *os.File, at int64) (int64, error) {
	if at == 0 {
		return 0, nil
	}
	buf := make([]byte, 64<<10)
	for at--; ; {
		n, err := f.ReadAt(buf, at)
		if i := bytes.IndexByte(buf[:n], '\n'); i >= 0 {
			return at + int64(i) + 1, nil
		}
		at += int64(n)
		if err == io.EOF {
			return at, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// countLines counts the lines before an offset, 0 if they can't be read: it is for error lines only.
func countLines(name string, offset int64) int64 {
	f, err := os.Open(name)
	if err != nil {
		return 0
	}
	defer f.Close()
	lines := &lineCounter{w: io.Discard}
	if _, err := io.Copy(lines, io.NewSectionReader(f, 0, offset)); err != nil {
		return 0
	}
	return lines.n
}

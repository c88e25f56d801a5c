package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// A pending file is written beside its final name and renamed when it is complete.
type pending struct {
	path    string   // for messages
	f       *os.File // nil for stdout and objects
	final   string   // the name that f gets; "" where it is written in place
	u       upload   // of an object
	w       *bufio.Writer
	written int64
}

// create begins a file or an object; "-" is stdout.
func create(path string, stdout io.Writer, r *remote) (*pending, error) {
	if isRemote(path) {
		u, err := r.upload(path)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", shown(path), err)
		}
		return &pending{path: shown(path), u: u, w: bufio.NewWriter(u)}, nil
	}
	if path == "-" {
		return &pending{path: "stdout", w: bufio.NewWriter(stdout)}, nil
	}
	p := &pending{path: path}
	var err error
	if inPlace(path) {
		p.f, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	} else {
		if p.final, err = filepath.EvalSymlinks(path); err != nil {
			p.final = path // there is nothing yet
		}
		p.f, err = createBeside(p.final)
	}
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	p.w = bufio.NewWriterSize(p.f, 256<<10)
	return p, nil
}

// inPlace reports whether path is written to as it is: a pipe, a device, or a name such as /dev/stdout of a file that is open.
func inPlace(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	if info.Mode().IsRegular() && (strings.HasPrefix(path, "/dev/") || strings.HasPrefix(path, "/proc/")) {
		info, err = os.Lstat(path)
	}
	return err == nil && !info.Mode().IsRegular()
}

// createBeside creates a file in the folder of path, with the mode that path would have had.
func createBeside(path string) (*os.File, error) {
	dir, base := filepath.Split(path)
	if len(base) > 200 { // a name has at most 255 bytes
		base = strings.ToValidUTF8(base[:200], "")
	}
	return os.OpenFile(dir+"."+base+"."+rand.Text()+".part", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}

// Write writes to the file, whose final name is in its error.
func (p *pending) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	p.written += int64(n)
	if err != nil {
		return n, fmt.Errorf("write %s: %w", p.path, err)
	}
	return n, nil
}

// complete gives the file its final name, or removes it if that can't be done.
func (p *pending) complete() error {
	err := p.w.Flush()
	if p.u != nil && err == nil {
		err = p.u.Commit()
	}
	if p.f == nil {
		if err != nil {
			err = fmt.Errorf("write %s: %w", p.path, err)
		}
		return err
	}
	if cerr := p.f.Close(); err == nil {
		err = cerr
	}
	if err == nil && p.final != "" {
		err = os.Rename(p.f.Name(), p.final)
	}
	if err != nil {
		p.remove()
		return fmt.Errorf("write %s: %w", p.path, err)
	}
	return nil
}

// remove removes what has no final name yet.
func (p *pending) remove() {
	if p.final != "" {
		os.Remove(p.f.Name()) //nolint:errcheck // there is an error already
	}
}

// abandon removes the file and returns err. What went to stdout, a pipe or a device is gone.
func (p *pending) abandon(err error) error {
	if p != nil && p.u != nil {
		if derr := p.u.Discard(); derr != nil {
			return errors.Join(err, fmt.Errorf("discard what was sent of %s: %w", p.path, derr))
		}
	}
	if p == nil || p.f == nil {
		return err
	}
	p.f.Close() //nolint:errcheck // there is an error already
	p.remove()
	return err
}

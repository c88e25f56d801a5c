package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// A pending file is written beside its final name and renamed when it is complete.
type pending struct {
	path    string
	f       *os.File // nil for stdout and objects
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
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return &pending{path: path, f: f, w: bufio.NewWriterSize(f, 256<<10)}, nil
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
	if err == nil {
		err = p.f.Chmod(0o644) // CreateTemp makes it 0600
	}
	if cerr := p.f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(p.f.Name(), p.path)
	}
	if err != nil {
		os.Remove(p.f.Name()) //nolint:errcheck // the first error counts
		return fmt.Errorf("write %s: %w", p.path, err)
	}
	return nil
}

// abandon removes the file and returns err. What went to stdout is gone.
func (p *pending) abandon(err error) error {
	if p != nil && p.u != nil {
		if derr := p.u.Discard(); derr != nil {
			return errors.Join(err, fmt.Errorf("discard what was sent of %s: %w", p.path, derr))
		}
	}
	if p == nil || p.f == nil {
		return err
	}
	p.f.Close()           //nolint:errcheck // there is an error already
	os.Remove(p.f.Name()) //nolint:errcheck
	return err
}

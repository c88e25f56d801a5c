package buffer

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// A disk is where a journal's segments lie: a directory, or a test's.
type disk interface {
	list() ([]string, error)
	create(name string) (file, error)
	open(name string) (io.ReadCloser, error)
	remove(name string) error
	sync() error // of the directory: a name that was created stays
	close() error
}

// A file is a segment that is written. A Write that fails may have written part of it.
type file interface {
	io.WriteCloser
	Sync() error
}

// lockName is the file whose lock says that a process has the journal.
const lockName = "lock"

// A directory is a disk.
type directory struct {
	path string
	lock *os.File
}

func openDisk(path string) (disk, error) {
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(path, lockName), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is in use by another process: %w", path, err), f.Close())
	}
	return &directory{path, f}, nil
}

func (d *directory) list() ([]string, error) {
	entries, err := os.ReadDir(d.path)
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".log") {
			names = append(names, e.Name())
		}
	}
	return names, err
}

func (d *directory) create(name string) (file, error) {
	return os.OpenFile(filepath.Join(d.path, name), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o666)
}

func (d *directory) open(name string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(d.path, name))
}

func (d *directory) remove(name string) error {
	err := os.Remove(filepath.Join(d.path, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (d *directory) sync() error {
	if runtime.GOOS == "windows" { // a directory can't be synced there
		return nil
	}
	f, err := os.Open(d.path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (d *directory) close() error { return d.lock.Close() }

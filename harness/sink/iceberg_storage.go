package sink

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxTableFile is how large a file of a table may be that is read, in bytes.
const maxTableFile = 1 << 30

// LocalStorage is files of this machine, by URIs such as file:///tmp/warehouse/db/table/data/x.parquet or file:/tmp/….
type LocalStorage struct{}

func localPath(uri string) (string, error) {
	path, ok := strings.CutPrefix(uri, "file:")
	if !ok {
		return "", fmt.Errorf("%s is no URI of a file of this machine", uri)
	}
	if rest, ok := strings.CutPrefix(path, "//"); ok {
		path = rest
	}
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("%s has no absolute path", uri)
	}
	return filepath.Clean(path), nil
}

// Read reads a file.
func (LocalStorage) Read(_ context.Context, uri string) ([]byte, error) {
	path, err := localPath(uri)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxTableFile+1))
	if err == nil && len(data) > maxTableFile {
		err = fmt.Errorf("%s is larger than %d bytes", path, maxTableFile)
	}
	return data, err
}

// Create writes a file that isn't there. One that can't be written to its end is removed.
func (LocalStorage) Create(_ context.Context, uri string, data []byte) error {
	path, err := localPath(uri)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		os.Remove(path) //nolint:errcheck // what is left of it nobody names
	}
	return err
}

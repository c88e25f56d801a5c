package blueprints

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpusFile returns a file of the optional corpus beside the module, decompressed.
func corpusFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../shared/corpus", name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("../shared not present: %s not read", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".gz") {
		r, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if b, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// corpus returns the lines of a file of the corpus.
func corpus(t testing.TB, name string) []string {
	t.Helper()
	text := strings.TrimSuffix(string(corpusFile(t, name)), "\n")
	return strings.Split(text, "\n")
}

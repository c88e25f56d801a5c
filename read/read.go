// Package read turns delivered files into rows, whatever their format: it knows Parquet and ORC by
// their magic, and prints rows as canonical NDJSON.
package read

import (
	"errors"
	"io"

	"github.com/hydrantkit/hydrant/read/orc"
	"github.com/hydrantkit/hydrant/read/parquet"
)

// A File is a columnar file. Rows writes its rows, a JSON object and an LF each: members in schema order, nulls
// included. columns are paths such as a and b.c, nil is all; limit is a number of rows, negative is all.
type File interface {
	Rows(w io.Writer, columns []string, limit int64) error
}

// ErrFormat is returned for what is neither Parquet nor ORC.
var ErrFormat = errors.New("neither a Parquet nor an ORC file")

// Open opens a file by its first bytes: PAR1 or ORC.
func Open(r io.ReaderAt, size int64) (File, error) {
	var magic [4]byte
	n, err := r.ReadAt(magic[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch head := string(magic[:n]); {
	case head == "PAR1":
		return parquet.Open(r, size)
	case len(head) >= 3 && head[:3] == "ORC":
		f, err := orc.Open(r, size)
		return stripes{f}, err
	}
	return nil, ErrFormat
}

// stripes is an ORC file; its limit of 0 is none.
type stripes struct{ *orc.File }

func (s stripes) Rows(w io.Writer, columns []string, limit int64) error {
	if limit == 0 {
		return nil
	}
	return s.File.Rows(w, columns, max(limit, 0))
}

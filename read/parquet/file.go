// Package parquet reads delivered Parquet files: their rows as canonical NDJSON, as `hydrant cat`
// prints them, and their structure, as `hydrant inspect` does.
//
// [Open] reads the footer of a file of any writer; [File.Rows] streams its rows with the memory of
// one page per column; [File.Inspect] describes it.
//
// # Design
//
// Files may be hostile. parquet-go decodes the footer and the page headers, but only bytes whose
// sizes have been seen to be true (thrift.go): its decoder allocates what a list's header claims
// and follows any nesting. Pages are read here, an entry at a time, with decompression bounded by
// the header: parquet-go's page decoders are fast, but allocate what run lengths claim, trust
// widths in assembly, and link an HTTP client. Should a library panic all the same, that becomes
// an error here, in guard, and nowhere else.
package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// maxFooter bounds a footer; thousands of columns in hundreds of row groups need less.
const maxFooter = 64 << 20

// A File is a Parquet file whose footer has been read. Its methods may run at the same time where
// the reader allows it.
type File struct {
	r      io.ReaderAt
	size   int64
	footer int64
	meta   fileMeta
	root   *node
	leaves []*node

	rowCount int64
}

// Open reads the footer of a file of size bytes.
func Open(r io.ReaderAt, size int64) (f *File, err error) {
	defer guard(&err)
	if f, err = open(r, size); err != nil {
		return nil, fmt.Errorf("parquet: %w", err)
	}
	return f, nil
}

// guard makes an error of a panic.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("parquet: the file breaks its reader: %v", p)
	}
}

func open(r io.ReaderAt, size int64) (*File, error) {
	if size < 12 {
		return nil, fmt.Errorf("%d bytes are no Parquet file", size)
	}
	var tail [8]byte
	if err := readAt(r, tail[:], size-8); err != nil {
		return nil, err
	}
	var head [4]byte
	if err := readAt(r, head[:], 0); err != nil {
		return nil, err
	}
	switch {
	case string(tail[4:]) == "PARE" || string(head[:]) == "PARE":
		return nil, errors.New("the file is encrypted")
	case string(tail[4:]) != "PAR1" || string(head[:]) != "PAR1":
		return nil, errors.New("no Parquet file: it doesn't begin and end with PAR1 (is it complete?)")
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n > size-12 || n > maxFooter {
		return nil, fmt.Errorf("a footer of %d bytes in a file of %d", n, size)
	}
	footer := make([]byte, n)
	if err := readAt(r, footer, size-8-n); err != nil {
		return nil, err
	}
	f := &File{r: r, size: size}
	if _, err := decode(footer, &f.meta); err != nil {
		return nil, fmt.Errorf("footer: %w", err)
	}
	if f.meta.Encryption.Value != nil {
		return nil, errors.New("the file is encrypted")
	}
	if err := f.schema(); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	rows := int64(0)
	for i := range f.meta.RowGroups {
		g := &f.meta.RowGroups[i]
		if len(g.Columns) != len(f.leaves) {
			return nil, fmt.Errorf("row group %d has %d columns, the schema has %d", i, len(g.Columns), len(f.leaves))
		}
		if g.NumRows < 0 || g.NumRows > 1<<60-rows {
			return nil, fmt.Errorf("row group %d has %d rows", i, g.NumRows)
		}
		rows += g.NumRows
	}
	f.footer, f.rowCount = n, rows // some writers leave num_rows 0
	return f, nil
}

// NumRows is how many rows the file has.
func (f *File) NumRows() int64 { return f.rowCount }

// CreatedBy names the writer.
func (f *File) CreatedBy() string { return f.meta.CreatedBy }

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hydrantkit/hydrant/internal/compress"
	"github.com/hydrantkit/hydrant/read"
)

func newCat(io *streams) *cobra.Command {
	var columns, compression string
	var limit int64
	cmd := &cobra.Command{
		Use:   "cat [flags] FILE…",
		Short: "Any delivered object, Parquet or ORC file as NDJSON rows",
		Long: `Cat prints the rows of Parquet and ORC files as NDJSON: members in schema order, nulls included;
64-bit integers and decimals as exact JSON numbers; timestamps in RFC 3339, UTC; binary as base64.
Of other objects it undoes the compression and prints the body.`,
		Example: "  hydrant cat --limit 3 --columns host,response out/*/access/*/*/*/*/*.parquet",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("no file; hydrant cat FILE…")
			}
			names, err := expand(args)
			if err != nil {
				return err
			}
			var list []string
			if columns != "" {
				list = strings.Split(columns, ",")
			}
			w := bufio.NewWriterSize(io.out, 1<<16)
			left := limit
			if limit == 0 {
				left = -1
			}
			for _, name := range names {
				if limit > 0 && left <= 0 {
					break
				}
				n, err := cat(w, name, list, left, compression, io)
				if err != nil {
					return errors.Join(w.Flush(), fmt.Errorf("%s: %w", name, err))
				}
				if limit > 0 {
					left -= n
				}
			}
			return w.Flush()
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&columns, "columns", "", "`a,b.c`: only these columns and members")
	fl.Int64Var(&limit, "limit", 0, "at most `N` rows or lines; 0 is all")
	fl.StringVar(&compression, "compression", "", "how an object is compressed, where its content doesn't say: HADOOP_SNAPPY")
	return cmd
}

// cat prints one file and returns the number of rows or lines.
func cat(w io.Writer, name string, columns []string, limit int64, compression string, s *streams) (int64, error) {
	if name == "-" {
		body, err := io.ReadAll(s.in)
		if err != nil {
			return 0, err
		}
		return catBody(w, bytes.NewReader(body), int64(len(body)), columns, limit, compression)
	}
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return catBody(w, f, info.Size(), columns, limit, compression)
}

func catBody(w io.Writer, r io.ReaderAt, size int64, columns []string, limit int64, compression string) (int64, error) {
	file, err := read.Open(r, size)
	if err == nil {
		lines := &lineCounter{w: w}
		if limit <= 0 {
			limit = -1
		}
		err := file.Rows(lines, columns, limit)
		return lines.n, err
	}
	if err != read.ErrFormat {
		return 0, err
	}
	if columns != nil {
		return 0, fmt.Errorf("neither Parquet nor ORC, so it has no columns to choose")
	}
	var body io.ReadCloser
	section := io.NewSectionReader(r, 0, size)
	if compression == "" {
		body, _, err = compress.NewReader(section)
	} else {
		format, ok := compress.ParseFormat(compression)
		if !ok {
			return 0, fmt.Errorf("unknown compression %q", compression)
		}
		body, err = compress.NewReaderOf(section, format)
	}
	if err != nil {
		return 0, err
	}
	defer body.Close()
	lines := &lineCounter{w: w}
	if limit < 0 {
		_, err = io.Copy(lines, body)
		return lines.n, err
	}
	in := bufio.NewReader(body)
	for lines.n < limit {
		b, err := in.ReadSlice('\n')
		if _, werr := lines.Write(b); werr != nil {
			return lines.n, werr
		}
		if err == io.EOF {
			break
		}
		if err != nil && err != bufio.ErrBufferFull {
			return lines.n, err
		}
	}
	return lines.n, nil
}

// A lineCounter counts the lines that are written.
type lineCounter struct {
	w io.Writer
	n int64
}

func (l *lineCounter) Write(b []byte) (int, error) {
	l.n += int64(bytes.Count(b, []byte{'\n'}))
	return l.w.Write(b)
}

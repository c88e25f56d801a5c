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
	c, err := openContent(name, s.in)
	if err != nil {
		return 0, err
	}
	defer c.close()
	if c.at == nil {
		return catBody(w, c.stream, columns, limit, compression)
	}
	file, err := read.Open(c.at, c.size)
	if err == read.ErrFormat {
		return catBody(w, io.NewSectionReader(c.at, 0, c.size), columns, limit, compression)
	}
	if err != nil {
		return 0, err
	}
	lines := &lineCounter{w: w}
	if limit <= 0 {
		limit = -1
	}
	err = file.Rows(lines, columns, limit)
	return lines.n, err
}

// catBody prints what is neither Parquet nor ORC.
func catBody(w io.Writer, r io.Reader, columns []string, limit int64, compression string) (int64, error) {
	if columns != nil {
		return 0, fmt.Errorf("neither Parquet nor ORC, so it has no columns to choose")
	}
	var body io.ReadCloser
	var err error
	if compression == "" {
		body, _, err = compress.NewReader(r)
	} else {
		format, ok := compress.ParseFormat(compression)
		if !ok {
			return 0, fmt.Errorf("unknown compression %q", compression)
		}
		body, err = compress.NewReaderOf(r, format)
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

// A content is what cat and inspect look at.
type content struct {
	at     io.ReaderAt // nil where it can only be read once
	size   int64
	stream io.Reader // then
	close  func()
}

// openContent opens a file, or stdin for "-". Parquet and ORC out of a pipe are held in a temporary file.
func openContent(name string, stdin io.Reader) (*content, error) {
	c := &content{stream: stdin, close: func() {}}
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		c.stream, c.close = f, func() { f.Close() } //nolint:errcheck // it is only read
	}
	if f, ok := c.stream.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			if at, err := f.Seek(0, io.SeekCurrent); err == nil && at == 0 {
				c.at, c.size = f, info.Size()
				return c, nil
			}
		}
	}
	in := bufio.NewReader(c.stream)
	c.stream = in
	head, err := in.Peek(len("PAR1"))
	if err == nil {
		_, err = read.Open(bytes.NewReader(head), int64(len(head)))
	}
	if err == io.EOF || err == read.ErrFormat {
		return c, nil
	}
	defer c.close()
	f, err := os.CreateTemp("", "hydrant-*")
	if err != nil {
		return nil, err
	}
	os.Remove(f.Name()) //nolint:errcheck // where an open file can't be removed, close does
	spooled := &content{at: f, close: func() {
		f.Close()           //nolint:errcheck // it isn't needed any more
		os.Remove(f.Name()) //nolint:errcheck
	}}
	if spooled.size, err = io.Copy(f, in); err != nil {
		spooled.close()
		return nil, err
	}
	return spooled, nil
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

package harness

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/hydrantkit/hydrant/convert"
	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/openx"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/compress"
)

// A conversion is the format of a stream that converts: an s3.Format over a convert.Converter.
type conversion struct {
	converter *convert.Converter
	members   []record.Member // of error lines
	invalid   string          // why no record can be converted by the table: every one fails
}

func newConversion(s *Stream, workers int) (*conversion, error) {
	c := s.Conversion
	f := &conversion{members: []record.Member{{Name: "dataCatalogTable", JSON: c.CatalogJSON()}}}
	if f.invalid = c.unusable(); f.invalid != "" {
		return f, nil
	}
	o := c.Options
	o.Workers = workers
	var err error
	f.converter, err = convert.New(c.Schema, o)
	var unsupported *openx.UnsupportedTypeError
	if errors.As(err, &unsupported) {
		f.invalid = err.Error()
	} else if err != nil {
		return nil, err
	}
	return f, nil
}

// unusable says why no record can be converted by the table, whatever its types are, in an error line's words; "" where some may.
func (c *Conversion) unusable() string {
	if len(c.Schema.Columns) == 0 {
		return "The schema is invalid. The table has no columns"
	}
	if c.Options.Hive != nil {
		for _, col := range c.Schema.Columns {
			if strings.Contains(col.Name, ".") { // format-conversion.md §5
				return "The schema is invalid. The column " + col.Name + " has a dot in its name, which the Hive JSON SerDe doesn't allow"
			}
		}
	}
	return ""
}

// Encode converts records to one file. A record that doesn't fit is a failure with the service's code and text.
func (f *conversion) Encode(ctx context.Context, dst []byte, records []record.Record) (body []byte, rows int, failed []record.Failure, err error) {
	if f.invalid != "" {
		for i := range records {
			failed = append(failed, f.failure(records[i], column.InvalidSchema, f.invalid))
		}
		return dst, 0, failed, nil
	}
	w := bodyWriter{dst}
	file, err := f.converter.Create(&w)
	if err != nil {
		return dst, 0, nil, err
	}
	bad, err := file.WriteFunc(ctx, len(records), func(i int) []byte { return records[i].Data })
	if err == nil {
		err = file.Close()
	}
	switch {
	case ctx.Err() != nil:
		return dst, 0, nil, ctx.Err()
	case err != nil: // the writer itself failed; the batch goes to the error output (format-conversion.md §9, CHOICE)
		for i := range records {
			failed = append(failed, f.failure(records[i], column.ConversionException, fmt.Sprintf("The conversion failed. %v", err)))
		}
		return dst, 0, failed, nil
	}
	for i := range bad {
		failed = append(failed, f.failure(records[bad[i].Record], bad[i].Code, bad[i].Message))
	}
	return w.b, len(records) - len(bad), failed, nil
}

func (f *conversion) failure(r record.Record, code, message string) record.Failure {
	return record.Failure{Record: r, Cause: record.FormatConversionFailed, Code: code, Message: message, Attempts: 1, Members: f.members}
}

// A bodyWriter appends to a slice.
type bodyWriter struct{ b []byte }

func (w *bodyWriter) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}

// extension and contentEncoding are what objects of a format have (format-conversion.md §8).
func (c *Conversion) extension() string {
	if c.Options.ORC != nil {
		return ".orc"
	}
	return ".parquet"
}

func (c *Conversion) contentEncoding() string {
	if p := c.Options.Parquet; p != nil && (p.Compression == "" || p.Compression == "SNAPPY") {
		return "hadoop-snappy" // a label of the service's; the file is a plain Parquet file
	}
	return ""
}

// A codec compresses bodies of several deliveries at once.
type codec struct {
	format   compress.Format
	encoders sync.Pool
}

// Append compresses src as one object.
func (c *codec) Append(dst, src []byte, name string) ([]byte, error) {
	e, _ := c.encoders.Get().(*compress.Encoder)
	if e == nil {
		e = &compress.Encoder{}
	}
	defer c.encoders.Put(e)
	return e.Append(dst, src, c.format, name)
}

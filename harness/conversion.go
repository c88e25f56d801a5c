package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hydrantkit/hydrant/convert"
	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/openx"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/schema"
	"github.com/hydrantkit/hydrant/schema/glue"
)

// A conversion is the format of a stream that converts: an s3.Format over a convert.Converter.
type conversion struct {
	members []record.Member // of error lines
	options convert.Options
	latest  func(context.Context) (*schema.Table, error)

	mu      sync.Mutex // of current, where there is a latest
	current *compiled
}

// A compiled is what a table was compiled to: a converter, or what every record fails with.
type compiled struct {
	table         *schema.Table
	converter     *convert.Converter
	code, message string
}

func newConversion(s *Stream, workers int) (*conversion, error) {
	c := s.Conversion
	f := &conversion{members: []record.Member{{Name: "dataCatalogTable", JSON: c.CatalogJSON()}}, options: c.Options, latest: c.Latest}
	f.options.Workers = workers
	var err error
	f.current, err = f.compile(c.Schema)
	return f, err
}

func (f *conversion) compile(t *schema.Table) (*compiled, error) {
	if why := f.unusable(t); why != "" {
		return &compiled{table: t, code: column.InvalidSchema, message: why}, nil
	}
	c, err := convert.New(t, f.options)
	var unsupported *openx.UnsupportedTypeError
	if errors.As(err, &unsupported) {
		return &compiled{table: t, code: column.InvalidSchema, message: err.Error()}, nil
	}
	return &compiled{table: t, converter: c}, err
}

// compiled is what converts the next object. An error is the catalog's, and may be over the next time.
func (f *conversion) compiled(ctx context.Context) (*compiled, error) {
	if f.latest == nil {
		return f.current, nil
	}
	t, err := f.latest(ctx)
	var bad *schema.TypeError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, glue.ErrNoTable):
		return &compiled{code: column.EntityNotFound, message: textEntityNotFound}, nil
	case errors.Is(err, glue.ErrNoColumns):
		t = &schema.Table{}
	case errors.As(err, &bad):
		return &compiled{code: column.InvalidSchema, message: "The schema is invalid. " + bad.Error()}, nil
	case err != nil:
		return nil, &record.Outage{Code: column.ConversionException, Err: err}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if t.Struct().String() == f.current.table.Struct().String() {
		return f.current, nil
	}
	c, err := f.compile(t)
	if err != nil {
		return &compiled{code: column.InvalidSchema, message: "The schema is invalid. " + err.Error()}, nil
	}
	f.current = c
	return c, nil
}

const textEntityNotFound = "The specified table/database could not be found. Please ensure that the table/database exists and that the values provided in the schema configuration are correct, especially with regards to casing."

// unusable says why no record can be converted by a table, whatever its types are, in an error line's words; "" where some may.
func (f *conversion) unusable(t *schema.Table) string {
	if len(t.Columns) == 0 {
		return "The schema is invalid. The table has no columns"
	}
	if f.options.Hive != nil {
		for _, col := range t.Columns {
			if strings.Contains(col.Name, ".") { // format-conversion.md §5
				return "The schema is invalid. The column " + col.Name + " has a dot in its name, which the Hive JSON SerDe doesn't allow"
			}
		}
	}
	return ""
}

// Encode converts records to one file. A record that doesn't fit is a failure with the service's code and text.
func (f *conversion) Encode(ctx context.Context, dst []byte, records []record.Record) (body []byte, rows int, failed []record.Failure, err error) {
	c, err := f.compiled(ctx)
	if err != nil {
		return dst, 0, nil, err
	}
	if c.code != "" {
		for i := range records {
			failed = append(failed, f.failure(records[i], c.code, c.message))
		}
		return dst, 0, failed, nil
	}
	w := bodyWriter{dst}
	file, err := c.converter.Create(&w)
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

// A bodyWriter appends to a slice, whose memory it doubles: append's quarter would copy a large body five times.
type bodyWriter struct{ b []byte }

func (w *bodyWriter) Write(p []byte) (int, error) {
	if len(w.b)+len(p) > cap(w.b) {
		w.b = slices.Grow(w.b, len(w.b)+len(p))
	}
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

package harness

import (
	"bytes"
	"context"
	"sync"

	"github.com/hydrantkit/hydrant/convert"
	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/openx"
	"github.com/hydrantkit/hydrant/convert/parquet"
	"github.com/hydrantkit/hydrant/harness/sink"
	reader "github.com/hydrantkit/hydrant/read/parquet"
	"github.com/hydrantkit/hydrant/schema"
)

// IcebergFiles is the data files of Iceberg tables: Parquet with the types, the field ids and the logical types of Iceberg's
// specification. Members fill columns of just their name (destinations.md §6). The zero value is ready.
type IcebergFiles struct {
	Workers int // goroutines of one file at once; 0 is one

	mu   sync.Mutex
	last *sink.IcebergColumns // whose converter is kept
	kept *convert.Converter
}

func (f *IcebergFiles) converter(c *sink.IcebergColumns) (*convert.Converter, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last == c {
		return f.kept, nil
	}
	exact := false
	made, err := convert.New(&schema.Table{Columns: c.Columns}, convert.Options{
		OpenX:   &openx.Options{CaseInsensitive: &exact},
		Parquet: &parquet.Options{Layout: parquet.LayoutModern, FieldIDs: c.IDs, UTC: c.UTC, Compression: "ZSTD", EnableDictionaryCompression: true},
		Workers: f.Workers,
	})
	if err == nil {
		f.last, f.kept = c, made
	}
	return made, err
}

// Write makes a file of n records.
func (f *IcebergFiles) Write(ctx context.Context, c *sink.IcebergColumns, n int, at func(i int) []byte) (file []byte, bad []column.RowError, err error) {
	conv, err := f.converter(c)
	if err != nil {
		return nil, nil, err
	}
	var w bodyWriter
	out, err := conv.Create(&w)
	if err != nil {
		return nil, nil, err
	}
	if bad, err = out.WriteFunc(ctx, n, at); err == nil {
		err = out.Close()
	}
	return w.b, bad, err
}

// Rows is the rows of a file, a line of JSON each.
func (f *IcebergFiles) Rows(file []byte, columns []string) ([]byte, error) {
	r, err := reader.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = r.Rows(&out, columns, -1)
	return out.Bytes(), err
}

// Columns are those of a file.
func (f *IcebergFiles) Columns(file []byte) ([]sink.IcebergColumn, error) {
	r, err := reader.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	s, err := r.Inspect()
	if err != nil {
		return nil, err
	}
	var columns []sink.IcebergColumn
	for i := range s.Schema.Fields {
		e := &s.Schema.Fields[i]
		columns = append(columns, sink.IcebergColumn{Name: e.Name, ID: e.FieldID, Floats: floats(e)})
	}
	return columns, nil
}

// floats is how many leaves of an element are of the type FLOAT.
func floats(e *reader.Element) (n int) {
	if e.Type == "FLOAT" {
		return 1
	}
	for i := range e.Fields {
		n += floats(&e.Fields[i])
	}
	return n
}

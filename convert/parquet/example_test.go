package parquet_test

import (
	"bytes"
	"fmt"
	"log"
	"os"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/parquet"
	reader "github.com/hydrantkit/hydrant/read/parquet"
	"github.com/hydrantkit/hydrant/schema"
)

func ExampleWriter() {
	table, err := schema.NewTable([2]string{"id", "bigint"}, [2]string{"tags", "array<string>"})
	if err != nil {
		log.Fatal(err)
	}
	b := column.NewBatch(table.Columns)
	b.Columns[0].AppendInt(7)
	b.Columns[1].Children[0].AppendBytes([]byte("new"))
	b.Columns[1].EndList()
	b.Rows = 1

	var file bytes.Buffer
	w, err := parquet.New(&file, table.Columns, parquet.Options{EnableDictionaryCompression: true})
	if err != nil {
		log.Fatal(err)
	}
	var g parquet.Group
	for col := range table.Columns {
		if err := w.Encode(&g, b, col); err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Append(&g); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}

	f, err := reader.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(f.NumRows(), "row")
	f.Rows(os.Stdout, nil, -1)
	// Output:
	// 1 row
	// {"id":7,"tags":["new"]}
}

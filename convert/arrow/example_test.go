package arrow_test

import (
	"bytes"
	"fmt"
	"io"
	"log"

	"github.com/hydrantkit/hydrant/convert/arrow"
	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

func Example() {
	table, err := schema.NewTable([2]string{"id", "bigint"}, [2]string{"tags", "array<string>"})
	if err != nil {
		log.Fatal(err)
	}
	b := column.NewBatch(table.Columns)
	b.Columns[0].AppendInt(7)
	b.Columns[1].Children[0].AppendBytes([]byte("new"))
	b.Columns[1].EndList()
	b.Rows = 1

	rec, err := arrow.Record(b, table.Columns, arrow.Options{}) // shares the memory of b
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(rec.Column(0), rec.Column(1))
	rec.Release()

	var stream bytes.Buffer
	if err := arrow.WriteIPC(&stream, table.Columns, arrow.Options{}, b, b); err != nil {
		log.Fatal(err)
	}
	r, err := arrow.NewReader(&stream, table.Columns, arrow.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	for {
		err := r.Read(b)
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(b.Rows, "row")
	}
	// Output:
	// [7] [["new"]]
	// 1 row
	// 1 row
}

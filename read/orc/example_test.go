package orc_test

import (
	"bytes"
	"fmt"
	"os"

	"github.com/hydrantkit/hydrant/convert/column"
	writeorc "github.com/hydrantkit/hydrant/convert/orc"
	readorc "github.com/hydrantkit/hydrant/read/orc"
	"github.com/hydrantkit/hydrant/schema"
)

func ExampleFile_Rows() {
	columns := []schema.Column{{Name: "n", Type: &schema.Type{Kind: schema.Int}}, {Name: "s", Type: &schema.Type{Kind: schema.String}}}
	batch := column.NewBatch(columns)
	for i := range 3 {
		batch.Columns[0].AppendInt(int64(i))
		batch.Columns[1].AppendBytes(fmt.Appendf(nil, "row %d", i))
		batch.Rows++
	}
	var file bytes.Buffer
	w, err := writeorc.New(&file, columns, writeorc.Options{})
	if err != nil {
		panic(err)
	}
	var stripe writeorc.Stripe
	for col := range columns {
		if err := w.Encode(&stripe, batch, col); err != nil {
			panic(err)
		}
	}
	if err := w.Append(&stripe); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}

	f, err := readorc.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		panic(err)
	}
	if err := f.Rows(os.Stdout, []string{"s"}, 2); err != nil {
		panic(err)
	}
	// Output:
	// {"s":"row 0"}
	// {"s":"row 1"}
}

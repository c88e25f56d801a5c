package blueprints_test

import (
	"context"
	"fmt"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/blueprints"
)

// A blueprint is testable with a record literal; a Handler makes a Lambda of it.
func Example() {
	t := blueprints.ApacheLog{Lenient: true, Newline: true}.JSON()
	results, err := t.Transform(context.Background(), []hydrant.Record{
		{ID: "1", Data: []byte(`::1 - - [07/Mar/2004:16:10:02 -0800] "GET /x HTTP/1.1" 304 -`)},
		{ID: "2", Data: []byte(`not an access log`)},
	})
	fmt.Print(string(results[0].Data))
	fmt.Println(results[1].Status, err)
	// Output:
	// {"host":"::1","ident":"-","authuser":"-","request":"GET /x HTTP/1.1","response":304,"bytes":null,"verb":"GET","@timestamp":"2004-03-07T16:10:02.000Z","timezone":"-0800","@timestamp_utc":"2004-03-08T00:10:02.000Z"}
	// ProcessingFailed <nil>
}

package hydrant_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/hydrantkit/hydrant"
)

// A function of one record. In a main, lambda.Start takes the Handler as it is.
func Example() {
	upper := hydrant.Func(func(_ context.Context, r hydrant.Record) hydrant.Result {
		if len(r.Data) == 0 {
			return hydrant.DropResult()
		}
		return hydrant.OKResult(bytes.ToUpper(r.Data))
	})
	event := `{"records":[{"recordId":"1","data":"aHlkcmFudA=="},{"recordId":"2","data":""}]}`
	answer, err := hydrant.NewHandler(upper).Invoke(context.Background(), []byte(event))
	fmt.Println(string(answer), err)
	// Output: {"records":[{"recordId":"1","result":"Ok","data":"SFlEUkFOVA=="},{"recordId":"2","result":"Dropped"}]} <nil>
}

// A function of one document, on records of several lines each.
func ExampleJSON() {
	type order struct {
		ID    int     `json:"id"`
		Price float64 `json:"price"`
		Class string  `json:"class,omitempty"`
	}
	classify := hydrant.JSON[order](func(_ context.Context, o *order) (hydrant.Status, error) {
		if o.Price > 100 {
			o.Class = "large"
		}
		return hydrant.OK, nil
	})
	results, _ := hydrant.EachLine(classify).Transform(context.Background(), []hydrant.Record{
		{ID: "1", Data: []byte("{\"id\":1,\"price\":5}\n{\"id\":2,\"price\":500}\n")},
	})
	fmt.Print(string(results[0].Data))
	// Output:
	// {"id":1,"price":5}
	// {"id":2,"price":500,"class":"large"}
}

package reingest_test

import (
	"context"
	"fmt"
	"os"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/reingest"
)

// A function whose results may be too large for one answer: records of several lines are halved and put back.
func Example() {
	expand := hydrant.Func(func(_ context.Context, r hydrant.Record) hydrant.Result { return hydrant.OKResult(r.Data) })
	h := &hydrant.Handler{Transform: expand, Options: hydrant.Options{
		Reingest: reingest.FromEnv(os.Getenv),
		Split:    hydrant.Halve,
	}}
	answer, err := h.Invoke(context.Background(), []byte(`{"records":[{"recordId":"1","data":"YQ=="}]}`))
	fmt.Println(string(answer), err)
	// Output: {"records":[{"recordId":"1","result":"Ok","data":"YQ=="}]} <nil>
}

package main

import (
	"context"

	"github.com/hydrantkit/hydrant/schema"
	"github.com/hydrantkit/hydrant/schema/glue"
)

// loadSchema reads the table that --schema names.
func loadSchema(ctx context.Context, src string) (*schema.Table, error) {
	return glue.Load(src, glue.Options{Context: ctx})
}

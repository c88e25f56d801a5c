// The function msk-general delivers the records of a topic as they came.
package main

import (
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/blueprints"
)

func main() {
	h := hydrant.NewHandler(blueprints.General{}.FromEnv(os.Getenv).Records())
	h.Log, h.Metrics = slog.New(slog.NewJSONHandler(os.Stderr, nil)), os.Stdout
	lambda.Start(h)
}

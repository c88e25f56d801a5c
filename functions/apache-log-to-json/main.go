// The function apache-log-to-json makes JSON of Apache access log lines.
package main

import (
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/blueprints"
)

func main() {
	h := hydrant.NewHandler(blueprints.ApacheLog{}.FromEnv(os.Getenv).JSON())
	h.Log, h.Metrics = slog.New(slog.NewJSONHandler(os.Stderr, nil)), os.Stdout
	lambda.Start(h)
}

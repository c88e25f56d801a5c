// The function cloudwatch-logs makes lines of what CloudWatch Logs subscriptions put, and puts back what is too much for one answer.
package main

import (
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/blueprints"
	"github.com/hydrantkit/hydrant/reingest"
)

func main() {
	h := hydrant.NewHandler(blueprints.CloudWatchLogs{}.FromEnv(os.Getenv))
	h.Log, h.Metrics = slog.New(slog.NewJSONHandler(os.Stderr, nil)), os.Stdout
	h.Reingest = reingest.FromEnv(os.Getenv)
	lambda.Start(h)
}

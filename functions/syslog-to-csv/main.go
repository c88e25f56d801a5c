// The function syslog-to-csv makes CSV of syslog messages.
package main

import (
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/blueprints"
)

func main() {
	h := hydrant.NewHandler(blueprints.Syslog{}.FromEnv(os.Getenv).CSV())
	h.Log, h.Metrics = slog.New(slog.NewJSONHandler(os.Stderr, nil)), os.Stdout
	lambda.Start(h)
}

// The function rudderstack makes rows of RudderStack events.
package main

import (
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/blueprints"
)

func main() {
	h := hydrant.NewHandler(blueprints.RudderStack{}.FromEnv(os.Getenv).Rows())
	h.Log, h.Metrics = slog.New(slog.NewJSONHandler(os.Stderr, nil)), os.Stdout
	lambda.Start(h)
}

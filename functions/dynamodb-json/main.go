// The function dynamodb-json makes plain JSON of DynamoDB's.
package main

import (
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/blueprints"
)

func main() {
	h := hydrant.NewHandler(blueprints.DynamoDB{}.FromEnv(os.Getenv).JSON())
	h.Log, h.Metrics = slog.New(slog.NewJSONHandler(os.Stderr, nil)), os.Stdout
	lambda.Start(h)
}

// The function dynamodb-json makes plain JSON of DynamoDB's.
package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/blueprints"
)

func main() {
	h := hydrant.NewHandler(blueprints.DynamoDB{}.FromEnv(os.Getenv).JSON())
	h.Metrics = os.Stdout
	lambda.Start(h)
}

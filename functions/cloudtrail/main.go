// The function cloudtrail makes lines of CloudTrail events.
package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/blueprints"
)

func main() {
	h := hydrant.NewHandler(blueprints.CloudTrail{}.FromEnv(os.Getenv).JSON())
	h.Metrics = os.Stdout
	lambda.Start(h)
}

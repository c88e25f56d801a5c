// The function cloudfront-logs makes JSON of CloudFront access log lines.
package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/blueprints"
)

func main() {
	h := hydrant.NewHandler(blueprints.CloudFront{}.FromEnv(os.Getenv).JSON())
	h.Metrics = os.Stdout
	lambda.Start(h)
}

// The function cloudwatch-logs makes lines of what CloudWatch Logs subscriptions put, and puts back what is too much for one answer.
package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/blueprints"
	"github.com/hydrantkit/hydrant/reingest"
)

func main() {
	h := hydrant.NewHandler(blueprints.CloudWatchLogs{}.FromEnv(os.Getenv))
	h.Metrics, h.Reingest = os.Stdout, reingest.FromEnv(os.Getenv)
	lambda.Start(h)
}

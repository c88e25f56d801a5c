// The function apache-log-to-csv makes CSV of Apache access log lines.
package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/blueprints"
)

func main() {
	h := hydrant.NewHandler(blueprints.ApacheLog{}.FromEnv(os.Getenv).CSV())
	h.Metrics = os.Stdout
	lambda.Start(h)
}

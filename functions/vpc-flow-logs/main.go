// The function vpc-flow-logs makes JSON of VPC flow log lines.
package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/blueprints"
)

func main() {
	h := hydrant.NewHandler(blueprints.VPCFlow{}.FromEnv(os.Getenv).JSON())
	h.Metrics = os.Stdout
	lambda.Start(h)
}

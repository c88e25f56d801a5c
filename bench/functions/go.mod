module github.com/hydrantkit/hydrant/bench/functions

go 1.26.8

require (
	github.com/aws/aws-lambda-go v1.55.1
	github.com/hydrantkit/hydrant v0.0.0
)

replace github.com/hydrantkit/hydrant => ../..

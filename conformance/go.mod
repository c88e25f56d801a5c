module github.com/hydrantkit/hydrant/conformance

go 1.26

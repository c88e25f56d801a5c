module github.com/hydrantkit/hydrant

go 1.26.8

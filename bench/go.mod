module github.com/hydrantkit/hydrant/bench

go 1.26.8

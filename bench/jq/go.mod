module github.com/hydrantkit/hydrant/bench/jq

go 1.26.8

require github.com/hydrantkit/hydrant v0.0.0

replace github.com/hydrantkit/hydrant => ../..

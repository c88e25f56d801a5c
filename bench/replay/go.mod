module github.com/hydrantkit/hydrant/bench/replay

go 1.26.8

require github.com/hydrantkit/hydrant v0.0.0

require github.com/klauspost/compress v1.20.3 // indirect

replace github.com/hydrantkit/hydrant => ../..

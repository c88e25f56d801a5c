package main

import (
	"context"
	"io"
	"os"
	"strconv"
	"testing"
)

// BenchmarkConvert converts the data set of ../../bench (make bench-data makes it), by one core and by two.
func BenchmarkConvert(b *testing.B) {
	const dir = "../../.conformance/bench/"
	for _, set := range []string{"events", "wide", "deep"} {
		table, err := os.ReadFile(dir + set + ".struct")
		if err != nil {
			b.Skip("the data set isn't there; make bench-data makes it")
		}
		info, err := os.Stat(dir + set + ".ndjson")
		if err != nil {
			b.Fatal(err)
		}
		for _, to := range []string{"parquet", "orc"} {
			for _, jobs := range []int{1, 2} {
				b.Run(set+"/"+to+"/jobs="+strconv.Itoa(jobs), func(b *testing.B) {
					b.SetBytes(info.Size())
					for b.Loop() {
						args := []string{"convert", "--quiet", "--schema", string(table), "--to", to, "--jobs", strconv.Itoa(jobs),
							"--out", b.TempDir() + "/out", dir + set + ".ndjson"}
						if status := run(context.Background(), args, &streams{nil, io.Discard, os.Stderr}, nil); status != exitOK {
							b.Fatal("status", status)
						}
					}
				})
			}
		}
	}
}

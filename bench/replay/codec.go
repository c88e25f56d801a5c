// Codec compresses a file in pieces of 64 MiB, as a delivery stream with GZIP does, and throws the result away.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/hydrantkit/hydrant/internal/compress"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	piece := make([]byte, 64<<20)
	var e compress.Encoder
	var out []byte
	for {
		n, err := io.ReadFull(f, piece)
		if err == io.EOF {
			return nil
		}
		if err != nil && err != io.ErrUnexpectedEOF {
			return err
		}
		if out, err = e.Append(out[:0], piece[:n], compress.GZIP, ""); err != nil {
			return err
		}
	}
}

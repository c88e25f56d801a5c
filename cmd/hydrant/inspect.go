package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/hydrantkit/hydrant/read"
	"github.com/hydrantkit/hydrant/read/orc"
	"github.com/hydrantkit/hydrant/read/parquet"
)

func newInspect(io *streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect [flags] FILE",
		Short: "The structure of a Parquet or ORC file",
		Long: `Inspect prints what a Parquet or ORC file is made of: its schema, row groups or stripes, encodings, compression,
sizes, the statistics of each column, and who wrote it.`,
		Example: "  hydrant inspect --json events.parquet",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("one file is needed: hydrant inspect FILE")
			}
			return inspect(args[0], asJSON, io)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object instead of text")
	return cmd
}

// A structure is what a file is made of.
type structure interface {
	WriteText(w io.Writer) error
}

func inspect(name string, asJSON bool, s *streams) error {
	if name != "-" {
		info, err := os.Stat(name)
		if err != nil {
			return usage(err)
		}
		if info.IsDir() {
			return usagef("%s is a folder; one file is needed", name)
		}
	}
	c, err := openContent(name, s.in)
	if err != nil {
		return err
	}
	defer c.close()
	if c.at == nil {
		return fmt.Errorf("%s: %w", name, read.ErrFormat)
	}
	st, err := structureOf(c.at, c.size)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if !asJSON {
		return st.WriteText(s.out)
	}
	b, err := json.Marshal(st)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s\n", b)
	return err
}

// structureOf reads the structure of a file by its first bytes.
func structureOf(r io.ReaderAt, size int64) (structure, error) {
	file, err := read.Open(r, size)
	if err != nil {
		return nil, err
	}
	switch f := file.(type) {
	case interface {
		Inspect() (*parquet.Structure, error)
	}:
		return f.Inspect()
	case interface{ Inspect() (*orc.Info, error) }:
		return f.Inspect()
	}
	return nil, read.ErrFormat
}

// Command jq runs a partition query on a file of one record a line, as a delivery stream does, and prints
// what it found the way jq -c prints it:
//
//	jq [-run] QUERY FILE
//
// Values are found by Extract, which is what a stream uses, or with -run by the evaluator of all of jq.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/jq"
)

func main() {
	whole := flag.Bool("run", false, "by the evaluator of all of jq")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: jq [-run] QUERY FILE")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), flag.Arg(1), *whole); err != nil {
		fmt.Fprintln(os.Stderr, "jq:", err)
		os.Exit(1)
	}
}

func run(query, path string, whole bool) (err error) {
	q, err := jq.Compile(query)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	out := bufio.NewWriterSize(os.Stdout, 1<<16)
	defer func() { err = errors.Join(err, out.Flush()) }()
	evaluate := extract(q, out)
	if whole {
		evaluate = evaluator(q, out)
	}
	return records(f, evaluate)
}

// records calls do for each line.
func records(r io.Reader, do func(record []byte) error) error {
	in := bufio.NewReaderSize(r, 1<<20)
	for {
		line, err := in.ReadSlice('\n')
		if line = bytes.TrimSuffix(line, []byte("\n")); len(line) > 0 {
			if err := do(line); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func extract(q *jq.Query, out *bufio.Writer) func([]byte) error {
	var k jq.Keys
	var text []byte
	return func(line []byte) error {
		if err := q.Extract(&k, line); err != nil {
			return err
		}
		text = append(text[:0], '{')
		for i := range k.Len() {
			if i > 0 {
				text = append(text, ',')
			}
			text = append(record.AppendString(text, k.Name(i)), ':')
			text = record.AppendString(text, k.Value(i))
		}
		_, err := out.Write(append(text, "}\n"...))
		return err
	}
}

func evaluator(q *jq.Query, out *bufio.Writer) func([]byte) error {
	return func(line []byte) error {
		return q.Run(line, func(json []byte) error {
			if _, err := out.Write(json); err != nil {
				return err
			}
			return out.WriteByte('\n')
		})
	}
}

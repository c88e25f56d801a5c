package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the tests of the commands have in common: a folder with files, a command that runs in it in this process, what it prints and leaves.

// folderOf is a new folder with files, of which names and texts are given in turn.
func folderOf(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for ; len(files) > 0; files = files[2:] {
		write(t, dir, files[0], files[1])
	}
	return dir
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// command runs the command in a folder, and returns what it printed and its status.
func command(t *testing.T, dir, stdin string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	t.Chdir(dir)
	return commandFrom(context.Background(), strings.NewReader(stdin), args...)
}

// commandFrom runs the command in the current folder; the end of ctx interrupts it.
func commandFrom(ctx context.Context, stdin io.Reader, args ...string) (stdout, stderr string, status int) {
	var out, errs bytes.Buffer
	status = run(ctx, args, &streams{stdin, &out, &errs}, func() os.Signal { return os.Interrupt })
	return out.String(), errs.String(), status
}

// printed runs a command that has one JSON object on stdout and ends with a status, and returns the object.
func printed[S any](t *testing.T, status int, dir, stdin string, args ...string) (s S) {
	t.Helper()
	out, errs, got := command(t, dir, stdin, args...)
	if err := json.Unmarshal([]byte(out), &s); err != nil || got != status {
		t.Fatalf("status %d, %v\n%s%s", got, err, out, errs)
	}
	return s
}

type readFunc func(p []byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// interrupting gives a line at a time, and has the run interrupted at the 20th.
func interrupting(cancel func()) io.Reader {
	n := 0
	return readFunc(func(p []byte) (int, error) {
		if n++; n == 20 {
			cancel()
		}
		if n > 40 {
			return 0, io.EOF
		}
		return copy(p, fmt.Sprintf("record %d\n", n)), nil
	})
}

// files are the names and contents of all files below dir.
func files(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		fmt.Fprintf(&b, "%s %q\n", rel, data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// listing is the files of a folder, hidden ones too.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			path, err = filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

// catAll is the rows of files, read by hydrant cat.
func catAll(t *testing.T, dir string, files ...string) string {
	t.Helper()
	out, errs, status := command(t, dir, "", append([]string{"cat"}, files...)...)
	if status != exitOK {
		t.Fatalf("cat: status %d, %s", status, errs)
	}
	return out
}

// Streams.

const clicks = `
Resources:
  Clicks:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      ExtendedS3DestinationConfiguration:
        BucketARN: arn:aws:s3:::clicks
        RoleARN: arn:aws:iam::123456789012:role/r
        Prefix: c/
        CompressionFormat: GZIP
        BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 60 }
        ProcessingConfiguration:
          Enabled: true
          Processors:
            - Type: AppendDelimiterToRecord
`

// transformed is clicks behind a function.
var transformed = strings.Replace(clicks, "            - Type: AppendDelimiterToRecord\n", `            - Type: Lambda
              Parameters: [{ ParameterName: LambdaArn, ParameterValue: "arn:aws:lambda:us-east-1:123456789012:function:f" }]
`, 1)

const partitioned = `
Resources:
  Clicks:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      ExtendedS3DestinationConfiguration:
        BucketARN: arn:aws:s3:::clicks
        RoleARN: arn:aws:iam::123456789012:role/r
        Prefix: c/!{partitionKeyFromQuery:k}/
        ErrorOutputPrefix: e/!{firehose:error-output-type}/
        BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 }
        DynamicPartitioningConfiguration: { Enabled: true }
        ProcessingConfiguration:
          Enabled: true
          Processors:
            - Type: MetadataExtraction
              Parameters:
                - { ParameterName: MetadataExtractionQuery, ParameterValue: "{k:.k}" }
                - { ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6 }
`

// Records.

const idName = "struct<id:int,name:string>"

// people is n lines, of which number bad (from 0; -1 for none) doesn't fit idName.
func people(n, bad int) string {
	var b strings.Builder
	for i := range n {
		if i == bad {
			fmt.Fprintf(&b, `{"id":"x%d"}`+"\n", i)
			continue
		}
		fmt.Fprintf(&b, `{"id":%d,"name":"name %d"}`+"\n", i, i)
	}
	return b.String()
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

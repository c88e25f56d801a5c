package conformance

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

const survivalTemplate = `Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Function:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: general, Runtime: provided.al2023, Handler: bootstrap, Role: arn:aws:iam::123456789012:role/f, Code: {ZipFile: x}}
  Stream:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      %s
      ExtendedS3DestinationConfiguration:
        BucketARN: !GetAtt Bucket.Arn
        RoleARN: arn:aws:iam::123456789012:role/delivery
        BufferingHints: {SizeInMBs: 5, IntervalInSeconds: 60}
        ProcessingConfiguration:
          Enabled: true
          Processors:
            - Type: Lambda
              Parameters:
                - {ParameterName: LambdaArn, ParameterValue: !GetAtt Function.Arn}
            - {Type: AppendDelimiterToRecord}
`

const fromKinesis = `DeliveryStreamType: KinesisStreamAsSource
      KinesisStreamSourceConfiguration: {KinesisStreamARN: "arn:aws:kinesis:us-east-1:123456789012:stream/s", RoleARN: "arn:aws:iam::123456789012:role/r"}`

// TestSurvival puts streams through what a bad day has: no record is unaccounted for.
func TestSurvival(t *testing.T) {
	lines := func(n int, line string) func(w *bufio.Writer) {
		return func(w *bufio.Writer) {
			for range n {
				fmt.Fprintln(w, line)
			}
		}
	}
	for _, tt := range []struct {
		name   string
		source string
		input  func(w *bufio.Writer)
		args   []string
		status int
		want   func(s summary) bool
	}{
		{
			name:  "the bucket is denied for five hours, then healed",
			input: lines(50_000, `{"a":1}`), args: []string{"--rate", "100/s", "--fault", "s3:denied=5h"},
			want: func(s summary) bool { return s.Delivered == 50_000 },
		},
		{
			name:  "the bucket is denied for longer than the stream keeps records",
			input: lines(1000, `{"a":1}`), args: []string{"--fault", "s3:denied=30h"}, status: 3,
			want: func(s summary) bool { return s.Lost == 1000 },
		},
		{
			name:  "the function is throttled for an hour",
			input: lines(360_000, `{"a":1}`), args: []string{"--rate", "50/s", "--fault", "lambda:throttle=1h", "--max-failed", "100%"},
			want: func(s summary) bool {
				return s.Delivered+s.Failed == 360_000 && s.Failed >= 170_000 && s.Failed < 190_000 && s.Failures["Lambda.InvokeLimitExceeded"] == s.Failed
			},
		},
		{
			name:  "a million empty records",
			input: lines(1_000_000, ""), args: []string{"--rate", "100000/s", "--input-format", "lines"},
			want: func(s summary) bool { return s.Delivered == 1_000_000 },
		},
		{
			name: "records of 10 MiB, of a Kinesis stream, which no invocation takes", source: fromKinesis, args: []string{"--max-failed", "100%"},
			input: func(w *bufio.Writer) {
				data := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), 10<<20))
				for i := range 12 {
					fmt.Fprintf(w, `{"data":%q,"partitionKey":"k","sequenceNumber":"%d"}`+"\n", data, i)
				}
			},
			want: func(s summary) bool { return s.Failed == 12 },
		},
		{
			name:  "records beyond what a put takes",
			input: func(w *bufio.Writer) { fmt.Fprintf(w, "%s\nsmall\n", bytes.Repeat([]byte("x"), 1000<<10+1)) }, args: []string{"--input-format", "lines", "--max-failed", "1"},
			want: func(s summary) bool {
				return s.Delivered == 1 && s.Failed == 1 && s.Failures["ValidationException"] == 1
			},
		},
		{
			name:  "the disk under a durable run is full for ten minutes",
			input: lines(30_000, `{"a":1}`), args: []string{"--rate", "10/s", "--state", "state", "--fault", "disk:full=10m"},
			want: func(s summary) bool { return s.Delivered == 30_000 },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, "template.yaml", fmt.Sprintf(survivalTemplate, tt.source))
			f, err := os.Create(filepath.Join(dir, "in"))
			if err != nil {
				t.Fatal(err)
			}
			w := bufio.NewWriter(f)
			tt.input(w)
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			s := replay(t, dir, tt.status, append(tt.args, "--function", "Function=builtin:general", "in")...)
			if !tt.want(s) {
				s.Objects = nil
				b, _ := json.Marshal(s)
				t.Errorf("%s", b)
			}
		})
	}
}

package main

import (
	"strings"
	"testing"
	"unicode/utf8"
)

const everyStation = `
Resources:
  Logs:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      ExtendedS3DestinationConfiguration:
        BucketARN: arn:aws:s3:::logs
        RoleARN: arn:aws:iam::123456789012:role/r
        Prefix: c/!{partitionKeyFromQuery:kind}/
        ErrorOutputPrefix: e/!{firehose:error-output-type}/
        BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 }
        DynamicPartitioningConfiguration: { Enabled: true }
        S3BackupMode: Enabled
        S3BackupConfiguration: { BucketARN: "arn:aws:s3:::source", RoleARN: "arn:aws:iam::123456789012:role/r" }
        ProcessingConfiguration:
          Enabled: true
          Processors:
            - Type: RecordDeAggregation
              Parameters: [{ ParameterName: SubRecordType, ParameterValue: JSON }]
            - Type: Lambda
              Parameters: [{ ParameterName: LambdaArn, ParameterValue: "arn:aws:lambda:us-east-1:123456789012:function:f" }]
            - Type: MetadataExtraction
              Parameters:
                - { ParameterName: MetadataExtractionQuery, ParameterValue: "{kind: (if .kind == null then error(\"it has no kind\") else .kind end)}" }
                - { ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6 }
`

// TestDrawing: the stations that the stream has, in their order, with what leaves the way.
func TestDrawing(t *testing.T) {
	for _, tt := range []struct {
		name, template, input string
		args                  []string
		want                  string
	}{
		{"a plain stream", clicks, "a\nb\n", nil, `
Clicks (template.yaml)

source           2  in
  |
buffer           2  1 MiB or 1m0s
  |
delivery         2  GZIP
  |
  v              2  in 1 object

in 2 = delivered 2 + dropped 0 + failed 0
`},
		{"every station", everyStation, `{"kind":"a"}{"kind":"b"}` + "\n" + `{"n":1}` + "\n", []string{"--input-format", "lines", "--function", "f=builtin:general", "--fault", "lambda:throttle=1", "--max-failed", "1"}, `
Logs (template.yaml)

source           2  in
  |--> 2 copied to the backup, in 1 object
  |
deaggregate      2  JSON
  |<-- 1 added
  |
lambda           3  builtin:general: 2 invocations, 1 retry
  |
partition        3  {kind: (if .kind == null then error("it has no kind")...
  |--> 1 failed
  |
buffer           2  64 MiB or 1m0s
  |
delivery         2  UNCOMPRESSED
  |
  v              2  in 2 objects

errors           1  in the error output, in 1 object

in 2 + added 1 = delivered 2 + dropped 0 + failed 1
  1  DynamicPartitioning.MetadataExtractionFailed
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := folderOf(t, "template.yaml", tt.template, "in", tt.input)
			out, errs, status := command(t, dir, "", append(append([]string{"replay"}, tt.args...), "in")...)
			if status != 0 || !strings.HasPrefix("\n"+out, tt.want) {
				t.Errorf("status %d, %s\n%s", status, errs, out)
			}
			drawing, _, _ := strings.Cut(out, "\nin ")
			for line := range strings.Lines(drawing) {
				if n := utf8.RuneCountInString(line); n > 80 {
					t.Errorf("%d characters: %s", n, line)
				}
			}
		})
	}
}

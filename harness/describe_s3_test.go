package harness

import (
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/buffer"
)

// TestHints is the table of s3-delivery.md §1: what hints are where the description gives none.
func TestHints(t *testing.T) {
	const (
		conversion = `DataFormatConversionConfiguration: { SchemaConfiguration: { RoleARN: r, DatabaseName: d, TableName: t, Region: us-east-1 },
  InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: {} } }, OutputFormatConfiguration: { Serializer: { OrcSerDe: {} } } }`
		partitioning = `Prefix: "!{partitionKeyFromQuery:k}/"
ErrorOutputPrefix: "!{firehose:error-output-type}/"
DynamicPartitioningConfiguration: { Enabled: true }
ProcessingConfiguration: { Enabled: true, Processors: [ { Type: MetadataExtraction, Parameters: [
  { ParameterName: MetadataExtractionQuery, ParameterValue: "{k: .k}" }, { ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6 } ] } ] }`
		backup = `S3BackupMode: Enabled
S3BackupConfiguration: { RoleARN: "arn:aws:iam::123456789012:role/r", BucketARN: "arn:aws:s3:::source" }`
		lambda = `ProcessingConfiguration: { Enabled: true, Processors: [ { Type: Lambda, Parameters: [ { ParameterName: LambdaArn, ParameterValue: f } ] } ] }`
	)
	for _, tt := range []struct {
		name, members string
		of            func(s *Stream) buffer.Hints
		size          int64 // in MiB
		interval      time.Duration
	}{
		{"S3", "", func(s *Stream) buffer.Hints { return s.S3.Hints }, 5, 300 * time.Second},
		{"conversion", conversion, func(s *Stream) buffer.Hints { return s.S3.Hints }, 128, 300 * time.Second},
		{"partitioning", partitioning, func(s *Stream) buffer.Hints { return s.S3.Hints }, 128, 300 * time.Second},
		{"backup", backup, func(s *Stream) buffer.Hints { return s.Backup.Hints }, 5, 300 * time.Second},
		{"error output", "", func(s *Stream) buffer.Hints { return ErrorHints }, 5, 300 * time.Second},
		{"Lambda", lambda, func(s *Stream) buffer.Hints { return s.Lambda.Hints }, 1, 60 * time.Second},
	} {
		text := "DeliveryStreamName: s\nExtendedS3DestinationConfiguration:\n  BucketARN: arn:aws:s3:::b\n  RoleARN: arn:aws:iam::123456789012:role/r\n  " +
			strings.ReplaceAll(tt.members, "\n", "\n  ") + "\n"
		d, err := Parse("s.yaml", []byte(text), DescribeOptions{Schema: "struct<k:int>"})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := tt.of(d.Stream); got.Size != tt.size*MiB || got.Interval != tt.interval {
			t.Errorf("%s: %+v, want %d MiB and %v", tt.name, got, tt.size, tt.interval)
		}
	}
}

package harness

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/api"
)

// described is what aws firehose describe-delivery-stream prints of a small stream.
const described = `{"DeliveryStreamDescription":{
 "DeliveryStreamName":"clicks","DeliveryStreamARN":"arn:aws:firehose:eu-west-1:999999999999:deliverystream/clicks","DeliveryStreamStatus":"ACTIVE",
 "DeliveryStreamEncryptionConfiguration":{"Status":"DISABLED"},"DeliveryStreamType":"KinesisStreamAsSource","VersionId":"3","CreateTimestamp":1756000000.123,"LastUpdateTimestamp":"2025-08-24T03:46:40+02:00",
 "Source":{"KinesisStreamSourceDescription":{"KinesisStreamARN":"arn:aws:kinesis:eu-west-1:999999999999:stream/in","RoleARN":"arn:aws:iam::999999999999:role/r","DeliveryStartTimestamp":1756000000.0}},
 "Destinations":[{"DestinationId":"destinationId-000000000001",
  "S3DestinationDescription":{"RoleARN":"arn:aws:iam::999999999999:role/r","BucketARN":"arn:aws:s3:::clicks","Prefix":"p/","BufferingHints":{"SizeInMBs":5,"IntervalInSeconds":300},"CompressionFormat":"UNCOMPRESSED","EncryptionConfiguration":{"NoEncryptionConfig":"NoEncryption"},"CloudWatchLoggingOptions":{"Enabled":false}},
  "ExtendedS3DestinationDescription":{"RoleARN":"arn:aws:iam::999999999999:role/r","BucketARN":"arn:aws:s3:::clicks","Prefix":"p/","BufferingHints":{"SizeInMBs":6,"IntervalInSeconds":120},"CompressionFormat":"GZIP","EncryptionConfiguration":{"NoEncryptionConfig":"NoEncryption"},"CloudWatchLoggingOptions":{"Enabled":false},
   "ProcessingConfiguration":{"Enabled":true,"Processors":[{"Type":"AppendDelimiterToRecord","Parameters":[]}]},"S3BackupMode":"Enabled",
   "S3BackupDescription":{"RoleARN":"arn:aws:iam::999999999999:role/r","BucketARN":"arn:aws:s3:::raw","BufferingHints":{"SizeInMBs":5,"IntervalInSeconds":300},"CompressionFormat":"GZIP","EncryptionConfiguration":{"NoEncryptionConfig":"NoEncryption"},"CloudWatchLoggingOptions":{"Enabled":false}},
   "DataFormatConversionConfiguration":{"Enabled":false},"DynamicPartitioningConfiguration":{"Enabled":false}}}],
 "HasMoreDestinations":false}}`

func TestDescribed(t *testing.T) {
	inner := strings.TrimSuffix(strings.TrimPrefix(described, `{"DeliveryStreamDescription":`), "}")
	yaml := "DeliveryStreamDescription:\n  " + strings.ReplaceAll(inner, "\n", "\n  ")
	for name, text := range map[string]string{"the answer": described, "what is in it": inner, "YAML": yaml} {
		d, err := Parse("described", []byte(text), DescribeOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s := d.Stream
		if s.Name != "clicks" || s.ARN != "arn:aws:firehose:eu-west-1:999999999999:deliverystream/clicks" || s.Region != "eu-west-1" || s.Account != "999999999999" || s.Version != 3 ||
			s.Source != KinesisStream || s.SourceARN != "arn:aws:kinesis:eu-west-1:999999999999:stream/in" || s.S3.Hints.Size != 6*MiB || s.S3.Hints.Interval != 2*time.Minute ||
			!s.Delimiter || s.Conversion != nil || s.Partitioning != nil || s.Backup == nil || s.Backup.Bucket != "raw" {
			t.Errorf("%s: %s", name, show(s))
		}
	}
	for _, tt := range []struct{ name, old, new, want string }{
		{"no version", `"VersionId":"3",`, ``, ""},
		{"a version that is none", `"VersionId":"3"`, `"VersionId":"x"`, `described:3:`},
		{"version 0", `"VersionId":"3"`, `"VersionId":"0"`, "versions count from 1"},
		{"no ARN", `"DeliveryStreamARN":"arn:aws:firehose:eu-west-1:999999999999:deliverystream/clicks",`, ``, "needs DeliveryStreamARN"},
		{"the simple one alone", `"ExtendedS3DestinationDescription"`, `"Unknown"`, "a delivery stream has no member Unknown"},
		{"another destination", `"ExtendedS3DestinationDescription"`, `"SplunkDestinationDescription"`, "a SplunkDestinationConfiguration has no member RoleARN"},
		{"two destinations", `"ExtendedS3DestinationDescription"`, `"SplunkDestinationDescription":{"HECEndpoint":"https://h","HECEndpointType":"Raw","S3DestinationDescription":{"RoleARN":"arn:aws:iam::123456789012:role/r","BucketARN":"arn:aws:s3:::b"}},"ExtendedS3DestinationDescription"`, "Exactly one destination"},
		{"encrypted", `{"Status":"DISABLED"}`, `{"Status":"ENABLED","KeyType":"AWS_OWNED_CMK"}`, "Server-side encryption is supported only when"},
		{"a wrong value", `"SizeInMBs":6`, `"SizeInMBs":600`, "Value at 'extendedS3DestinationConfiguration.bufferingHints.sizeInMBs'"},
		{"no destination", `"Destinations":[`, `"Destinations":[],"X":[`, "Destinations is a list of one destination"},
	} {
		if !strings.Contains(described, tt.old) {
			t.Fatalf("no %s", tt.old)
		}
		_, err := Parse("described", []byte(strings.Replace(described, tt.old, tt.new, 1)), DescribeOptions{})
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	msk := strings.Replace(strings.Replace(described, "KinesisStreamAsSource", "MSKAsSource", 1),
		`"KinesisStreamSourceDescription":{"KinesisStreamARN":"arn:aws:kinesis:eu-west-1:999999999999:stream/in","RoleARN":"arn:aws:iam::999999999999:role/r","DeliveryStartTimestamp":1756000000.0}`,
		`"MSKSourceDescription":{"MSKClusterARN":"arn:aws:kafka:c","TopicName":"t","AuthenticationConfiguration":{"RoleARN":"arn:aws:iam::999999999999:role/r","Connectivity":"PUBLIC"},"DeliveryStartTimestamp":1756000000.0}`, 1)
	if d, err := Parse("described", []byte(msk), DescribeOptions{}); err != nil || d.Stream.Source != MSK || d.Stream.SourceARN != "arn:aws:kafka:c" {
		t.Errorf("MSK: %v", err)
	}
	simple := described[:strings.Index(described, `"ExtendedS3`)]
	simple = strings.TrimSuffix(strings.TrimSpace(simple), ",") + "}]}}"
	d, err := Parse("described", []byte(simple), DescribeOptions{})
	if err != nil || d.Stream.S3.Hints.Size != 5*MiB {
		t.Errorf("S3DestinationDescription alone: %v", err)
	}
}

// s3Request is a request with what a test adds to its destination, and to itself.
func s3Request(destination, stream string) string {
	return "DeliveryStreamName: d\n" + stream + "\nExtendedS3DestinationConfiguration:\n  RoleARN: arn:aws:iam::123456789012:role/r\n  BucketARN: arn:aws:s3:::b\n" +
		"  " + strings.ReplaceAll(destination, "\n", "\n  ") + "\n"
}

const (
	conversionYAML = `
DataFormatConversionConfiguration:
  SchemaConfiguration: { RoleARN: "arn:aws:iam::123456789012:role/r", DatabaseName: db, TableName: t }
  InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: {} } }
  OutputFormatConfiguration: { Serializer: { ParquetSerDe: {} } }`
	partitioningYAML = `
DynamicPartitioningConfiguration: { Enabled: true }
Prefix: "!{partitionKeyFromQuery:k}/"
ErrorOutputPrefix: e/
ProcessingConfiguration:
  Enabled: true
  Processors:
    - Type: MetadataExtraction
      Parameters:
        - { ParameterName: MetadataExtractionQuery, ParameterValue: "{k: .k}" }
        - { ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6 }`
	backupYAML = `
S3BackupMode: Enabled
S3BackupConfiguration:
  RoleARN: arn:aws:iam::123456789012:role/r
  BucketARN: arn:aws:s3:::raw`
)

func processors(list string) string {
	return "ProcessingConfiguration:\n  Enabled: true\n  Processors:\n    " + strings.ReplaceAll(list, "\n", "\n    ")
}

// TestRules has each rule of the create call between values, with the exception that refuses it (want "" is fine).
func TestRules(t *testing.T) {
	const invalid, validation = api.InvalidArgument, api.Validation
	lambda := func(name, value string) string {
		return processors("- { Type: Lambda, Parameters: [ { ParameterName: LambdaArn, ParameterValue: a }, { ParameterName: " + name + ", ParameterValue: " + value + " } ] }")
	}
	for _, tt := range []struct{ name, destination, stream, exception, want string }{
		{"nothing said", "", "", "", ""},
		{"name", "", "DeliveryStreamName: a b", "", "DeliveryStreamName"}, // twice in one document
		{"tags", "", "Tags: [ { Key: 'aws:x' } ]", validation, "Value at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(?!aws:)"},
		{"no tags", "", "Tags: []", validation, "Value at 'tags' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"two destinations", "", "S3DestinationConfiguration: { RoleARN: 'arn:aws:iam::123456789012:role/r', BucketARN: 'arn:aws:s3:::b' }", invalid, "Exactly one destination configuration is supported for a Firehose"},
		{"S3 and Splunk", "", "SplunkDestinationConfiguration: { HECEndpoint: 'https://h', HECEndpointType: Raw, S3Configuration: { RoleARN: 'arn:aws:iam::123456789012:role/r', BucketARN: 'arn:aws:s3:::b' } }", invalid, "Exactly one destination"},
		{"unknown member", "", "Name: x", "", "a delivery stream has no member Name"},

		{"source of another type", "", "KinesisStreamSourceConfiguration: { KinesisStreamARN: 'arn:aws:kinesis:us-east-1:123456789012:stream/s', RoleARN: 'arn:aws:iam::123456789012:role/r' }", invalid, "KinesisStreamSourceConfiguration is only valid when DeliveryStreamType is KinesisStreamAsSource"},
		{"no source", "", "DeliveryStreamType: KinesisStreamAsSource", invalid, "KinesisStreamSourceConfiguration is required when"},
		{"no MSK source", "", "DeliveryStreamType: MSKAsSource", invalid, "MSKSourceConfiguration is required when"},
		{"direct puts to a Kinesis source", "", "DeliveryStreamType: KinesisStreamAsSource\nDirectPutSourceConfiguration: { ThroughputHintInMBs: 1 }\nKinesisStreamSourceConfiguration: { KinesisStreamARN: 'arn:aws:kinesis:us-east-1:123456789012:stream/s', RoleARN: 'arn:aws:iam::123456789012:role/r' }", invalid, "DirectPutSourceConfiguration is only valid when"},
		{"throughput", "", "DirectPutSourceConfiguration: { ThroughputHintInMBs: 100 }", "", ""},
		{"not an ARN of a stream", "", "DeliveryStreamType: KinesisStreamAsSource\nKinesisStreamSourceConfiguration: { KinesisStreamARN: stream, RoleARN: 'arn:aws:iam::123456789012:role/r' }", validation, "Value at 'kinesisStreamSourceConfiguration.kinesisStreamARN'"},
		{"a database", "", "DeliveryStreamType: DatabaseAsSource\nDatabaseSourceConfiguration: {}", "", "a database as source is not simulated"},

		{"encryption with a key of one's own", "", "DeliveryStreamEncryptionConfigurationInput: { KeyType: CUSTOMER_MANAGED_CMK }", invalid, "KeyARN is required when KeyType is CUSTOMER_MANAGED_CMK"},
		{"encryption", "", "DeliveryStreamEncryptionConfigurationInput: { KeyType: AWS_OWNED_CMK }", "", ""},
		{"encryption without its type", "", "DeliveryStreamEncryptionConfigurationInput: {}", validation, "Value at 'deliveryStreamEncryptionConfigurationInput.keyType' failed to satisfy constraint: Member must not be null"},

		{"half of the hints", "BufferingHints: { SizeInMBs: 5 }", "", invalid, "BufferingHints need both SizeInMBs and IntervalInSeconds, or neither"},
		{"empty hints", "BufferingHints: {}", "", "", ""},
		{"no interval", "BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 }", "", "", ""},
		{"size", "BufferingHints: { SizeInMBs: 129, IntervalInSeconds: 0 }", "", validation, "Value at 'extendedS3DestinationConfiguration.bufferingHints.sizeInMBs' failed to satisfy constraint: Member must have value less than or equal to 128"},
		{"both encryptions", "EncryptionConfiguration: { NoEncryptionConfig: NoEncryption, KMSEncryptionConfig: { AWSKMSKeyARN: 'arn:aws:kms:us-east-1:123456789012:key/k' } }", "", invalid, "EncryptionConfiguration has both"},
		{"a key that is none", "EncryptionConfiguration: { KMSEncryptionConfig: { AWSKMSKeyARN: key } }", "", validation, "Value at 'extendedS3DestinationConfiguration.encryptionConfiguration.kMSEncryptionConfig.aWSKMSKeyARN'"},
		{"logging without a group", "CloudWatchLoggingOptions: { Enabled: true, LogStreamName: s }", "", invalid, "LogGroupName is required when CloudWatch logging is enabled"},
		{"logging without a stream", "CloudWatchLoggingOptions: { Enabled: true, LogGroupName: g }", "", invalid, "LogStreamName is required"},
		{"no logging", "CloudWatchLoggingOptions: { Enabled: false }", "", "", ""},
		{"time zone", "CustomTimeZone: America/Argentina/Ushuaia", "", "", ""},
		{"no time zone", "CustomTimeZone: America/Nowhere", "", invalid, "Invalid CustomTimeZone: America/Nowhere"},
		{"this machine's time zone", "CustomTimeZone: Local", "", invalid, "Invalid CustomTimeZone: Local"},
		{"time zone with digits", "CustomTimeZone: Etc/GMT+1", "", validation, "Value at 'extendedS3DestinationConfiguration.customTimeZone' failed to satisfy constraint: Member must satisfy regular expression pattern: ^$|[a-zA-Z/_]+"},
		{"extension", "FileExtension: gz", "", validation, "Value at 'extendedS3DestinationConfiguration.fileExtension'"},

		{"prefix", "Prefix: " + strings.Repeat("p", 1025), "", validation, "Value at 'extendedS3DestinationConfiguration.prefix' failed to satisfy constraint: Member must have length less than or equal to 1024"},
		{"prefix of 513", "Prefix: " + strings.Repeat("p", 513), "", invalid, "is 513 characters long when evaluated; at most 512 are allowed"},
		{"prefix of 512", "Prefix: " + strings.Repeat("p", 512), "", "", ""},
		{"expressions without an error prefix", `Prefix: "!{timestamp:yyyy}/"`, "", invalid, "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions"},
		{"error type in a prefix", `Prefix: "!{firehose:error-output-type}/"` + "\nErrorOutputPrefix: e/", "", invalid, "ErrorOutputPrefix only"},
		{"error prefix without a type", `ErrorOutputPrefix: "e/!{timestamp:yyyy}/"`, "", invalid, "must contain !{firehose:error-output-type}"},
		{"error prefix with a key", `ErrorOutputPrefix: "e/!{partitionKeyFromQuery:k}/"`, "", invalid, "may not stand in an ErrorOutputPrefix"},

		{"backup without its bucket", "S3BackupMode: Enabled", "", invalid, "S3BackupConfiguration is required when S3BackupMode is Enabled"},
		{"backup", backupYAML, "", "", ""},
		{"backup at once", backupYAML + "\n  BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 59 }", "", invalid, "BufferingHints.IntervalInSeconds must be at least 60 when it is for the S3 backup; it is 59"},
		{"backup with expressions", backupYAML + "\n  Prefix: \"!{timestamp:yyyy}/\"", "", invalid, "ErrorOutputPrefix cannot be null or empty"},
		{"backup with a member it lacks", backupYAML + "\n  FileExtension: .gz", "", "", "an S3DestinationConfiguration has no member FileExtension"},
		{"backup with keys", partitioningYAML + backupYAML + "\n  Prefix: \"!{partitionKeyFromQuery:k}/\"\n  ErrorOutputPrefix: e/", "", invalid, "needs dynamic partitioning"},

		{"conversion", conversionYAML, "", "", ""},
		{"conversion with 63 MiB", conversionYAML + "\nBufferingHints: { SizeInMBs: 63, IntervalInSeconds: 60 }", "", invalid, "BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled; it is 63"},
		{"conversion and compression", conversionYAML + "\nCompressionFormat: Snappy", "", invalid, "CompressionFormat must be UNCOMPRESSED when data format conversion is enabled"},
		{"conversion off", strings.Replace(conversionYAML, "Configuration:\n", "Configuration:\n  Enabled: false\n", 1) + "\nCompressionFormat: Snappy", "", "", ""},
		{"conversion of nothing", "DataFormatConversionConfiguration: {}", "", invalid, "SchemaConfiguration is required when data format conversion is enabled"},
		{"no table", strings.Replace(conversionYAML, ", TableName: t", "", 1), "", invalid, "SchemaConfiguration needs TableName"},
		{"no role for Glue", strings.Replace(conversionYAML, `RoleARN: "arn:aws:iam::123456789012:role/r", `, "", 1), "", invalid, "SchemaConfiguration needs RoleARN"},
		{"version", strings.Replace(conversionYAML, "TableName: t", "TableName: t, VersionId: newest", 1), "", invalid, "VersionId must be LATEST or the number of a version"},
		{"both deserializers", strings.Replace(conversionYAML, "OpenXJsonSerDe: {}", "OpenXJsonSerDe: {}, HiveJsonSerDe: {}", 1), "", invalid, "exactly one of OpenXJsonSerDe and HiveJsonSerDe"},
		{"no serializer", strings.Replace(conversionYAML, "ParquetSerDe: {}", "", 1), "", invalid, "a Serializer needs one of ParquetSerDe and OrcSerDe"},
		{"no Serializer", strings.Replace(conversionYAML, "Serializer: { ParquetSerDe: {} }", "", 1), "", invalid, "a Serializer needs one of ParquetSerDe and OrcSerDe"},
		{"a pattern that Joda refuses", strings.Replace(conversionYAML, "OpenXJsonSerDe: {}", "HiveJsonSerDe: { TimestampFormats: [ 'yyyy-MM-dd', 'bb' ] }", 1), "", invalid, "Invalid deserializer option(s): TimestampFormats: "},
		{"a page too small", strings.Replace(conversionYAML, "ParquetSerDe: {}", "ParquetSerDe: { PageSizeBytes: 65535 }", 1), "", validation, "Value at 'extendedS3DestinationConfiguration.dataFormatConversionConfiguration.outputFormatConfiguration.serializer.parquetSerDe.pageSizeBytes'"},

		{"partitioning", partitioningYAML, "", "", ""},
		{"partitioning at once", partitioningYAML + "\nBufferingHints: { SizeInMBs: 64, IntervalInSeconds: 0 }", "", invalid, "BufferingHints.IntervalInSeconds must be at least 60 when dynamic partitioning is enabled; it is 0"},
		{"partitioning with 63 MiB", partitioningYAML + "\nBufferingHints: { SizeInMBs: 63, IntervalInSeconds: 60 }", "", invalid, "BufferingHints.SizeInMBs must be at least 64 when dynamic partitioning is enabled; it is 63"},
		{"partitioning without an error prefix", strings.Replace(partitioningYAML, "ErrorOutputPrefix: e/", "", 1), "", invalid, "ErrorOutputPrefix is required when dynamic partitioning is enabled"},
		{"partitioning with an empty error prefix", strings.Replace(partitioningYAML, "ErrorOutputPrefix: e/", "ErrorOutputPrefix: ''", 1), "", invalid, "ErrorOutputPrefix is required when dynamic partitioning is enabled"},
		{"a key that the query lacks", strings.Replace(partitioningYAML, "FromQuery:k}/", "FromQuery:k}/!{partitionKeyFromQuery:l}/", 1), "", invalid, "Prefix names the partition key l, which MetadataExtractionQuery doesn't give; it gives k"},
		{"a key that the prefix lacks", strings.Replace(partitioningYAML, "{k: .k}", "{k: .k, l: .l}", 1), "", invalid, "Prefix must contain every partition key; !{partitionKeyFromQuery:l} is missing"},
		{"51 keys", strings.Replace(partitioningYAML, "{k: .k}", "{k: .k"+manyKeys(50)+"}", 1), "", invalid, "MetadataExtractionQuery gives 51 partition keys; at most 50 are allowed"},
		{"keys of a Lambda that isn't there", strings.Replace(partitioningYAML, "FromQuery:k}/", "FromQuery:k}/!{partitionKeyFromLambda:l}/", 1), "", invalid, "there is no Lambda processor"},
		{"jq that 1.6 refuses", strings.Replace(partitioningYAML, "{k: .k}", "{k: .k // 1}", 1), "", invalid, "MetadataExtractionQuery: "},
		{"another engine", strings.Replace(partitioningYAML, "JQ-1.6", "JQ-1.7", 1), "", invalid, "JsonParsingEngine must be JQ-1.6"},
		{"no query", strings.Replace(partitioningYAML, "        - { ParameterName: MetadataExtractionQuery, ParameterValue: \"{k: .k}\" }\n", "", 1), "", invalid, "needs the parameter MetadataExtractionQuery"},
		{"no engine", strings.Replace(partitioningYAML, "\n        - { ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6 }", "", 1), "", invalid, "needs the parameter JsonParsingEngine"},
		{"no keys", strings.Replace(partitioningYAML, "!{partitionKeyFromQuery:k}/", "k/", 1), "", invalid, "Prefix must contain partition keys when dynamic partitioning is enabled"},
		{"no prefix", strings.Replace(partitioningYAML, `Prefix: "!{partitionKeyFromQuery:k}/"`, "", 1), "", invalid, "Prefix must contain partition keys when dynamic partitioning is enabled"},
		{"keys of nothing", "DynamicPartitioningConfiguration: { Enabled: true }\nPrefix: '!{partitionKeyFromQuery:k}/'\nErrorOutputPrefix: e/", "", invalid, "dynamic partitioning needs a MetadataExtraction or a Lambda processor"},
		{"keys of a Lambda", "DynamicPartitioningConfiguration: { Enabled: true }\nPrefix: '!{partitionKeyFromLambda:k}/'\nErrorOutputPrefix: e/\n" + processors("- { Type: Lambda, Parameters: [ { ParameterName: LambdaArn, ParameterValue: a } ] }"), "", "", ""},
		{"keys of a query that isn't there", "DynamicPartitioningConfiguration: { Enabled: true }\nPrefix: '!{partitionKeyFromQuery:k}/'\nErrorOutputPrefix: e/\n" + processors("- { Type: Lambda, Parameters: [ { ParameterName: LambdaArn, ParameterValue: a } ] }"), "", invalid, "Prefix names the key k from a query, but there is no MetadataExtraction processor"},
		{"keys that only the record tells", strings.Replace(partitioningYAML, "{k: .k}", ".keys", 1), "", "", ""},
		{"retry for too long", strings.Replace(partitioningYAML, "Enabled: true }", "Enabled: true, RetryOptions: { DurationInSeconds: 7201 } }", 1), "", validation, "Value at 'extendedS3DestinationConfiguration.dynamicPartitioningConfiguration.retryOptions.durationInSeconds'"},
		{"extraction without partitioning", strings.Replace(strings.Replace(partitioningYAML, "Enabled: true }", "Enabled: false }", 1), `Prefix: "!{partitionKeyFromQuery:k}/"`, "Prefix: k/", 1), "", invalid, "MetadataExtraction processor is supported only when dynamic partitioning is enabled"},

		{"processing off", "ProcessingConfiguration: { Processors: [ { Type: Lambda } ] }", "", "", ""},
		{"no processors", "ProcessingConfiguration: { Enabled: true, Processors: [] }", "", invalid, "Processors must have at least 1 processor"},
		{"six processors", processors(strings.Repeat("- Type: AppendDelimiterToRecord\n", 6)), "", invalid, "Processors has 6 processors; at most 5 are allowed"},
		{"a delimiter twice", processors(strings.Repeat("- { Type: AppendDelimiterToRecord, Parameters: [ { ParameterName: Delimiter, ParameterValue: '\\n' } ] }\n", 2)), "", "", ""},
		{"two Lambdas", processors(strings.Repeat("- { Type: Lambda, Parameters: [ { ParameterName: LambdaArn, ParameterValue: a } ] }\n", 2)), "", invalid, "Only one Lambda processor is supported"},
		{"no Lambda's ARN", processors("- Type: Lambda"), "", invalid, "The Lambda processor needs the parameter LambdaArn"},
		{"a parameter twice", lambda("LambdaArn", "b"), "", invalid, "The parameter LambdaArn of the Lambda processor is given twice"},
		{"a blank value", lambda("NumberOfRetries", "' '"), "", validation, "parameters.2.member.parameterValue' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(?!\\s*$).+"},
		{"retries", lambda("NumberOfRetries", "'300'"), "", "", ""},
		{"half a retry", lambda("NumberOfRetries", "'2.5'"), "", invalid, `NumberOfRetries must be a whole number from 0 to 300; it is "2.5"`},
		{"a Lambda buffer", lambda("BufferSizeInMBs", "'0.2'"), "", "", ""},
		{"a Lambda buffer too large", lambda("BufferSizeInMBs", "'3.1'"), "", invalid, `BufferSizeInMBs must be 0.2 to 3; it is "3.1"`},
		{"a Lambda interval", lambda("BufferIntervalInSeconds", "901"), "", invalid, "BufferIntervalInSeconds must be a whole number from 0 to 900"},
		{"another's parameter", lambda("SubRecordType", "JSON"), "", invalid, "The parameter SubRecordType is not supported by the Lambda processor"},
		{"extraction without decompression", processors("- { Type: CloudWatchLogProcessing, Parameters: [ { ParameterName: DataMessageExtraction, ParameterValue: true } ] }"), "", invalid, "CloudWatchLogProcessing requires the Decompression processor"},
		{"extraction before decompression", processors("- { Type: CloudWatchLogProcessing, Parameters: [ { ParameterName: DataMessageExtraction, ParameterValue: true } ] }\n- { Type: Decompression, Parameters: [ { ParameterName: CompressionFormat, ParameterValue: GZIP } ] }"), "", "", ""},
		{"de-aggregation of no kind", processors("- Type: RecordDeAggregation"), "", invalid, "needs the parameter SubRecordType"},
		{"delimited without a delimiter", processors("- { Type: RecordDeAggregation, Parameters: [ { ParameterName: SubRecordType, ParameterValue: DELIMITED } ] }"), "", invalid, "Delimiter is required when SubRecordType is DELIMITED"},
		{"JSON with a delimiter", processors("- { Type: RecordDeAggregation, Parameters: [ { ParameterName: SubRecordType, ParameterValue: JSON }, { ParameterName: Delimiter, ParameterValue: Cg== } ] }"), "", invalid, "Delimiter is supported only when SubRecordType is DELIMITED"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("r.yaml", []byte(s3Request(tt.destination, tt.stream)), DescribeOptions{Table: eventsTable(t)})
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "r.yaml:") {
				t.Fatalf("%v, want %q", err, tt.want)
			}
			var e *api.Exception
			if errors.As(err, &e); tt.exception == "" && e != nil || tt.exception != "" && (e == nil || e.Name != tt.exception) {
				t.Errorf("%v is no %s", err, tt.exception)
			}
		})
	}
}

// manyKeys are n members of a jq object.
func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ", k%d: .k", i)
	}
	return b.String()
}

// TestNotices has what a description means and its author may not have meant.
func TestNotices(t *testing.T) {
	for _, tt := range []struct{ name, destination, want string }{
		{"nothing", partitioningYAML, ""},
		{"processing without Enabled", "ProcessingConfiguration: { Processors: [ { Type: AppendDelimiterToRecord } ] }", "no processor runs: a ProcessingConfiguration without Enabled is off"},
		{"processing switched off", "ProcessingConfiguration: { Enabled: false, Processors: [ { Type: AppendDelimiterToRecord } ] }", ""},
		{"a backup that is off", strings.Replace(backupYAML, "S3BackupMode: Enabled", "", 1), "nothing is backed up: "},
		{"a backup", backupYAML, ""},
		{"many retries", processors("- { Type: Lambda, Parameters: [ { ParameterName: LambdaArn, ParameterValue: a }, { ParameterName: NumberOfRetries, ParameterValue: 9 } ] }"), "NumberOfRetries is 9; whether the service takes more than 8 is not known"},
		{"week years", `Prefix: "y=!{timestamp:YYYY}/"` + "\n" + `ErrorOutputPrefix: e/`, "Y in a timestamp is the year that the week belongs to"},
		{"week years in the error prefix", `ErrorOutputPrefix: "!{firehose:error-output-type}/!{timestamp:YYYY}"`, "Y in a timestamp"},
		{"days of the year", `Prefix: "!{timestamp:yyyy/MM}/!{timestamp:DD}/"` + "\n" + `ErrorOutputPrefix: e/`, "D in a timestamp is the day of the year"},
		{"days of the year, meant", `Prefix: "!{timestamp:yyyy/DDD}/"` + "\n" + `ErrorOutputPrefix: e/`, ""},
		{"minutes for months", `Prefix: "!{timestamp:yyyy/mm/dd}/"` + "\n" + `ErrorOutputPrefix: e/`, "m in a timestamp is the minute; M is the month"},
		{"minutes", `Prefix: "!{timestamp:yyyy/MM/dd/HH/mm}/Y/!{timestamp:'DY'}"` + "\n" + `ErrorOutputPrefix: e/`, ""},
		{"a mapping of no column", strings.Replace(conversionYAML, "OpenXJsonSerDe: {}", "OpenXJsonSerDe: { ColumnToJsonKeyMappings: { K: key, at: ts } }", 1), "ColumnToJsonKeyMappings maps K, and neither a column nor a member of the table has that name"},
	} {
		d, err := Parse("r.yaml", []byte(s3Request(tt.destination, "")), DescribeOptions{Table: eventsTable(t)})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		got := strings.Join(d.Stream.Notices, "\n")
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) || tt.want != "" && (len(d.Stream.Notices) != 1 || !strings.HasPrefix(got, "r.yaml:")) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

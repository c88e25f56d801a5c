package harness

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/api"
	"github.com/hydrantkit/hydrant/internal/compress"
	"github.com/hydrantkit/hydrant/internal/template"
)

func sampleTemplate(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../sam-template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestDescribeSample(t *testing.T) {
	d, err := Parse("sam-template.yaml", []byte(sampleTemplate(t)), DescribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s := d.Stream
	if s.Name != "hydrant-apache-logs" || s.ARN != "arn:aws:firehose:us-east-1:123456789012:deliverystream/hydrant-apache-logs" || s.Source != DirectPut {
		t.Errorf("%+v", s)
	}
	if s.S3.Bucket != "bucket" || s.S3.Hints.Size != 64*MiB || s.S3.Hints.Interval != time.Minute || s.S3.Compression != compress.Uncompressed {
		t.Errorf("%+v", s.S3)
	}
	if l := s.Lambda; l == nil || l.Retries != 3 || l.Hints.Size != MiB || d.Function == nil || d.Function.LogicalID != "ApacheLogToJson" {
		t.Errorf("%+v", s.Lambda)
	}
	c := s.Conversion
	if c == nil || c.Schema == nil || len(c.Schema.Columns) != 10 || c.Options.OpenX.ColumnToJsonKeyMappings["utc_time"] != "@timestamp_utc" || !c.Options.Parquet.EnableDictionaryCompression {
		t.Errorf("%+v", c)
	}
	want := `{"catalogId":null,"databaseName":"apache_logs","tableName":"access","region":"us-east-1","versionId":"LATEST","catalogArn":null}`
	if got := string(c.CatalogJSON()); got != want {
		t.Errorf("dataCatalogTable %s", got)
	}
}

// unread are the leaves of the sample's stream and table that say nothing about what is delivered: permissions,
// logs, and what Glue keeps for others.
var unread = []string{
	"Logs.RoleARN", "Logs.Enabled", "Logs.LogGroupName", "Logs.LogStreamName", "Logs.RoleArn",
	"Table.CatalogId", "Table.TableType", "Table.classification", "Table.Location", "Table.InputFormat", "Table.OutputFormat", "Table.SerializationLibrary",
}

// TestEveryLeaf breaks each leaf of the sample's stream and table in turn: what is reported is its line.
func TestEveryLeaf(t *testing.T) {
	text := sampleTemplate(t)
	doc, err := template.ParseYAML("t.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	skipped := map[string]bool{}
	broken := 0
	for _, id := range []string{"Logs", "Table"} {
		var walk func(n *template.Node, key string, path string)
		walk = func(n *template.Node, key, path string) {
			for _, m := range n.Members {
				next := m.Key
				if m.Key == "Ref" || strings.HasPrefix(m.Key, "Fn::") {
					next = key
				}
				walk(m.Value, next, path+"/"+m.Key)
			}
			for i, item := range n.Items {
				walk(item, key, fmt.Sprintf("%s/%d", path, i))
			}
			if len(n.Members)+len(n.Items) > 0 || n.Kind == template.Map || n.Kind == template.List {
				return
			}
			lines := strings.Split(text, "\n")
			line := lines[n.Pos.Line-1]
			head, tail := line[:n.Pos.Col-1], line[n.Pos.Col-1:]
			i := strings.Index(tail, n.Text)
			if i < 0 {
				t.Fatalf("%s is not at %v", n.Text, n.Pos)
			}
			if strings.Contains(path, "/Ref") || strings.Contains(path, "/Fn::GetAtt") {
				tail = tail[:i] + "Nowhere" + tail[i:]
			} else {
				rest := strings.TrimPrefix(strings.TrimPrefix(tail[i+len(n.Text):], `"`), "'")
				tail = "!Ref Nowhere" + rest
			}
			lines[n.Pos.Line-1] = head + tail
			_, err := Parse("t.yaml", []byte(strings.Join(lines, "\n")), DescribeOptions{})
			name := id + "." + key
			if key == "ParameterValue" { // say which parameter
				prev := strings.Fields(lines[n.Pos.Line-2])
				name = id + "." + prev[len(prev)-1]
			}
			if err == nil {
				skipped[name] = true
				return
			}
			broken++
			if !strings.HasPrefix(err.Error(), fmt.Sprintf("t.yaml:%d:", n.Pos.Line)) {
				// A name that others use is missed where they use it.
				if key == "Name" || key == "DatabaseName" || key == "TableName" {
					return
				}
				t.Errorf("%s in line %d is broken (%s): %v", path, n.Pos.Line, strings.TrimSpace(lines[n.Pos.Line-1]), err)
			}
		}
		r := doc.Get("Resources", id, "Properties")
		walk(r, id, "")
	}
	for _, name := range unread {
		if !skipped[name] {
			t.Errorf("%s is read now; take it off the list", name)
		}
		delete(skipped, name)
	}
	delete(skipped, "Table.Name") // partition keys
	delete(skipped, "Table.Type")
	for name := range skipped {
		t.Errorf("%s may be anything, and nobody says so", name)
	}
	if broken < 40 {
		t.Errorf("only %d leaves were broken", broken)
	}
	t.Logf("%d leaves", broken)
}

// TestRefused holds each description that the service refuses, or that can't be simulated, to one clear sentence with its place.
func TestRefused(t *testing.T) {
	text := sampleTemplate(t)
	for _, tt := range []struct {
		name, old, new, want string
	}{
		{"unresolved reference", "!GetAtt Bucket.Arn\n        RoleARN", "!GetAtt Bukket.Arn\n        RoleARN", `unresolved reference "Bukket"`},
		{"missing table", "TableName: !Ref Table", "TableName: acces", "InvalidArgumentException: EntityNotFoundException: the template has no table apache_logs.acces"},
		{"unknown processor", "- Type: Lambda", "- Type: Lambada", "Value at 'extendedS3DestinationConfiguration.processingConfiguration.processors.1.member.type' failed to satisfy constraint: Member must satisfy enum value set"},
		{"conversion with 5 MiB", "SizeInMBs: 64", "SizeInMBs: 5", "BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled; it is 5"},
		{"size out of range", "SizeInMBs: 64", "SizeInMBs: 129", "Member must have value less than or equal to 128"},
		{"half of the hints", "          SizeInMBs: 64\n", "", "BufferingHints need both"},
		{"conversion and compression", "CompressionFormat: UNCOMPRESSED", "CompressionFormat: GZIP", "CompressionFormat must be UNCOMPRESSED"},
		{"wrong case", "CompressionFormat: UNCOMPRESSED", "CompressionFormat: gzip", "[ZIP, HADOOP_SNAPPY, Snappy, GZIP, UNCOMPRESSED]"},
		{"no error prefix", "        ErrorOutputPrefix: errors/!{firehose:error-output-type}/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/\n", "", "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions"},
		{"bad pattern", "year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour", "year=!{timestamp:year}/hour", "letter"},
		{"a misspelt member", "BufferingHints:", "BufferingHint:", "has no member BufferingHint"},
		{"no Lambda ARN", "ParameterName: LambdaArn", "ParameterName: NumberOfRetries", "NumberOfRetries must be a whole number from 0 to 300"},
		{"a bad type", "{ Name: bytes, Type: bigint }", "{ Name: bytes, Type: bigin }", `unknown type "bigin"`},
		{"two serializers", "              ParquetSerDe:\n", "              OrcSerDe: {}\n              ParquetSerDe:\n", "has exactly one of ParquetSerDe and OrcSerDe"},
		{"another processor's parameters", "- Type: Lambda\n", "- Type: MetadataExtraction\n", "The parameter LambdaArn is not supported by the MetadataExtraction processor"},
		{"extraction alone", "            - Type: Lambda\n", "            - Type: CloudWatchLogProcessing\n            - Type: Lambda\n", "CloudWatchLogProcessing requires the Decompression processor"},
		{"keys without partitioning", "Prefix: access/", "Prefix: access/!{partitionKeyFromQuery:k}/", "needs dynamic partitioning"},
		{"partitioning without keys", "        CompressionFormat:", "        DynamicPartitioningConfiguration: { Enabled: true }\n        CompressionFormat:", "Prefix must contain partition keys"},
		{"partitioning, keys of a query", "        Prefix: access/", "        DynamicPartitioningConfiguration: { Enabled: true }\n        Prefix: access/!{partitionKeyFromQuery:k}/", "there is no MetadataExtraction processor"},
		{"a query that jq 1.6 refuses", "            - Type: Lambda\n", "            - Type: MetadataExtraction\n              Parameters: [{ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6}, {ParameterName: MetadataExtractionQuery, ParameterValue: '{k: .a // 1}'}]\n            - Type: Lambda\n", "dynamic partitioning is enabled"},
		{"another destination", "ExtendedS3DestinationConfiguration:", "SplunkDestinationConfiguration:", "a SplunkDestinationConfiguration has no member BucketARN"},
		{"no stream", "AWS::KinesisFirehose::DeliveryStream", "AWS::Kinesis::Stream", "no resource of type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(text, tt.old) {
				t.Fatalf("the sample has no %q", tt.old)
			}
			_, err := Parse("t.yaml", []byte(strings.Replace(text, tt.old, tt.new, 1)), DescribeOptions{})
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, want %q", err, tt.want)
			} else if !strings.HasPrefix(err.Error(), "t.yaml:") {
				t.Errorf("no place in %q", err)
			}
		})
	}
}

func TestParseRequest(t *testing.T) {
	d, err := Parse("create.json", []byte(`{"DeliveryStreamName":"logs","ExtendedS3DestinationConfiguration":{
		"RoleARN":"arn:aws:iam::123456789012:role/r","BucketARN":"arn:aws:s3:::b","CompressionFormat":"GZIP","Prefix":"p/",
		"CustomTimeZone":"Asia/Tokyo","FileExtension":".json.gz","S3BackupMode":"Enabled",
		"S3BackupConfiguration":{"RoleARN":"arn:aws:iam::123456789012:role/r","BucketARN":"arn:aws:s3:::backup"},
		"ProcessingConfiguration":{"Enabled":true,"Processors":[{"Type":"AppendDelimiterToRecord"}]}}}`), DescribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s := d.Stream
	if s.Name != "logs" || !s.Delimiter || s.S3.Compression != compress.GZIP || s.S3.Zone.String() != "Asia/Tokyo" || s.S3.Extension != ".json.gz" ||
		s.Backup == nil || s.Backup.Bucket != "backup" || s.Backup.Hints.Interval != 300*time.Second {
		t.Errorf("%+v", s)
	}
	_, err = Parse("create.json", []byte(`{"DeliveryStreamName":"logs","ExtendedS3DestinationConfiguration":{"BucketARN":"bucket","RoleARN":"r"}}`), DescribeOptions{})
	var e *api.Exception
	if !errors.As(err, &e) || e.Name != api.Validation || e.Pos.Line != 1 {
		t.Errorf("%v", err)
	}
}

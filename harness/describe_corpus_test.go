package harness

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/internal/input"
	"github.com/hydrantkit/hydrant/internal/template"
)

// wild are the descriptions of the corpus: what is given to each, and what becomes of it.
var wild = map[string]struct {
	parameters map[string]string
	lacks      string // a resource that was cut out of the file, and that the stream needs
	want       string // of the error; empty where the stream loads
}{
	"aws_kinesisfirehose_deliverystream.schema.json":         {want: "neither a template"},
	"firehose-2015-08-04.service-2.json.gz":                  {want: "neither a template"},
	"game-analytics-pipeline_event_schema.json":              {want: "neither a template"},
	"cdk_dynamic-partitioning-inline.json":                   {lacks: `"Bucket83908E77": {"Type": "AWS::S3::Bucket"},`},
	"constructs_fhss3-no-arguments.template.json":            {},
	"constructs_kinfhss3-no-arguments.template.json":         {},
	"datadog_aws_streams_streams_single_region.yaml":         {},                                              // the access key is a parameter without a default, and needn't be known
	"fdmsantos_direct-put-to-s3.tf":                          {want: "modules are not followed in .tf files"}, // a module in a folder that isn't there
	"fdmsantos_kinesis-to-s3-complete.tf":                    {want: "modules are not followed in .tf files"},
	"game-analytics-pipeline.template.yaml.gz":               {},
	"sam_splunk-kinesis-stream-processor.yaml":               {want: "the template has no resource of type AWS::KinesisFirehose::DeliveryStream"}, // a function that reads a stream
	"serverless-patterns_firehose-transformation-sam-go.yml": {},
	"serverless-patterns_firehose-transformation-sam.yaml":   {parameters: map[string]string{"DestinationBucketName": "destination"}},
	"serverless-patterns_kds-kdf-opensearch.yaml":            {},
	"serverless-patterns_sns-firehose-tf.tf":                 {parameters: map[string]string{"destination_bucket_name": "destination"}},
	"sumologic_KinesisFirehoseCWLogs.yaml": {parameters: map[string]string{
		"Section1aSumoLogicKinesisLogsURL": "https://endpoint1.collection.sumologic.com/receiver/v1/kinesis/log/token", "Section2bFailedDataS3Bucket": "failed"}},

	"datadog_aws_account_level_logs_single-region.yaml": {parameters: map[string]string{
		"BackupBucketArn": "arn:aws:s3:::failed", "FirehoseLogsRoleArn": "arn:aws:iam::123456789012:role/firehose", "CloudwatchLogsRoleArn": "arn:aws:iam::123456789012:role/logs",
		"DatadogHttpEndpointUrl": "https://aws-kinesis-http-intake.logs.datadoghq.com/v1/input"}},
	"serverless-patterns_kinesis-data-stream-firehose-apigw-sam.yaml": {},
	"serverless-patterns_cloudwatch-metric-streams-firehose-terraform.tf": {
		parameters: map[string]string{"region": "us-east-1", "s3_compression_format": "GZIP"}},
	"serverless-patterns_firehose-transformation-terraform.tf": {parameters: map[string]string{
		"kinesis_firehose_name": "f", "kinesis_firehose_destination": "extended_s3", "s3_destination_bucket_arn": "arn:aws:s3:::destination",
		"buffer_interval": "60", "buffer_size": "1", "compression_format": "UNCOMPRESSED", "kinesis_firehose_processing_type": "Lambda",
		"data_transformation_lambda_arn": "arn:aws:lambda:us-east-1:123456789012:function:transform"}},
}

// TestCorpus loads every description of the corpus, or says why not; through each stream that loads go 100 records.
func TestCorpus(t *testing.T) {
	const dir = "../../shared/corpus/firehose-templates"
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Skip("../shared not present: the descriptions of the corpus are not loaded")
	}
	loaded, refused := 0, 0
	var table strings.Builder
	for _, e := range entries {
		tt, ok := wild[e.Name()]
		if !ok {
			t.Errorf("%s: nobody says what becomes of it", e.Name())
			continue
		}
		if tt.lacks != "" {
			if _, err := Load(filepath.Join(dir, e.Name()), DescribeOptions{}); err == nil || !strings.Contains(err.Error(), "unresolved reference") {
				t.Errorf("%s as it is: %v", e.Name(), err)
			}
		}
		d, err := loadWild(filepath.Join(dir, e.Name()), tt.lacks, tt.parameters)
		if err != nil {
			refused++
			reason := strings.TrimPrefix(strings.TrimPrefix(err.Error(), dir+"/"), strings.TrimSuffix(e.Name(), ".gz"))
			fmt.Fprintf(&table, "\n%-66s %-34s refused: %s", e.Name(), "", reason)
			if tt.want == "" || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), strings.TrimSuffix(e.Name(), ".gz")) {
				t.Errorf("%s: %v, want %q", e.Name(), err, tt.want)
			}
			continue
		}
		loaded++
		if tt.want != "" {
			t.Errorf("%s: no error, want %q", e.Name(), tt.want)
		}
		fmt.Fprintf(&table, "\n%-66s %-34.34s %s", e.Name(), d.Stream.Name, replayGeneric(t, d.Stream))
	}
	if len(entries) != len(wild) {
		t.Errorf("%d files, want %d", len(entries), len(wild))
	}
	t.Logf("%d loaded, %d refused%s", loaded, refused, table.String())
}

func loadWild(path, lacks string, parameters map[string]string) (*Description, error) {
	o := DescribeOptions{Template: template.Options{Parameters: parameters}}
	if filepath.Ext(path) != ".gz" && lacks == "" {
		return Load(path, o)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if filepath.Ext(path) == ".gz" {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		if data, err = io.ReadAll(z); err != nil {
			return nil, err
		}
	}
	text := regexp.MustCompile(`"Resources": \{`).ReplaceAllLiteralString(string(data), `"Resources": {`+lacks)
	return Parse(strings.TrimSuffix(filepath.Base(path), ".gz"), []byte(text), o)
}

// generic is a source of records that most streams can make something of.
type generic struct {
	n, most int
	gzip    bool
}

func (g *generic) Next() (input.Record, error) {
	if g.n == g.most {
		return input.Record{}, io.EOF
	}
	g.n++
	var data []byte
	switch {
	case g.n%20 == 0:
		data = fmt.Appendf(nil, "no JSON, number %d", g.n)
	case g.n%33 != 0: // an empty one at times
		data = fmt.Appendf(nil, `{"foo":"f%d","bar":{"baz":"b%d"},"event_id":"%d","k":%d}`, g.n%3, g.n%2, g.n, g.n%4)
	}
	if g.gzip {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(data); err != nil {
			return input.Record{}, err
		}
		if err := z.Close(); err != nil {
			return input.Record{}, err
		}
		data = b.Bytes()
	}
	return input.Record{Data: data}, nil
}

// replayGeneric sends 100 records through a stream with a function that changes nothing, and holds the ledger to the objects.
func replayGeneric(t *testing.T, s *Stream) string {
	t.Helper()
	m := &s3.Memory{}
	p, err := New(s, Options{Bucket: m, Seed: 1, Invoker: echo(func(data []byte) []byte {
		if data == nil {
			data = []byte{}
		}
		return data
	})})
	if err != nil {
		t.Errorf("%s: %v", s.Name, err)
		return err.Error()
	}
	const records = 100
	if err := Replay(context.Background(), p, s, &generic{most: records, gzip: s.Decompress != nil}, ReplayOptions{Rate: 1}); err != nil {
		t.Errorf("%s: %v", s.Name, err)
	}
	l := p.Ledger()
	if err := l.Check(); err != nil || l.Held() != 0 || l.In() != records || l.Lost != 0 {
		t.Errorf("%s: %v (%s)", s.Name, err, l.String())
	}
	delivered, failed, objects, backup := 0, 0, 0, 0
	for _, o := range m.Objects {
		switch o.Kind {
		case s3.Data, s3.Request:
			delivered += o.Records
			objects++
		case s3.Error:
			failed += bytes.Count(o.Body, []byte("\n"))
		case s3.Backup:
			backup += o.Records
		}
		if o.Kind != s3.Request && !strings.Contains(o.Key, "2025") {
			t.Errorf("%s: key %s", s.Name, o.Key)
		}
	}
	if int64(delivered) != l.Delivered() || int64(failed) != l.Failed() || int64(delivered+failed) != l.In()+l.Added()-l.Dropped() {
		t.Errorf("%s: objects hold %d records and %d lines: %s", s.Name, delivered, failed, l.String())
	}
	if s.Backup != nil && backup != records {
		t.Errorf("%s: %d records in the backup", s.Name, backup)
	}
	out := fmt.Sprintf("%s, %d objects", l.String(), objects)
	if s.Backup != nil {
		out += fmt.Sprintf(", %d backed up", backup)
	}
	return out
}

// TestReplayDescribed replays the streams of testdata the same way.
func TestReplayDescribed(t *testing.T) {
	for _, id := range []string{"full", "http", "kinesis", "msk", "old", "redshift", "snowflake", "splunk"} {
		d, err := Load("testdata/describe/streams.tf#"+id, DescribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %s", id, replayGeneric(t, d.Stream))
	}
}

// FuzzParse: no description makes Parse panic, and what it accepts is a stream that New takes.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"elasticsearch.request.json", "full.request.json", "http.request.json", "iceberg.request.json", "kinesis.request.json", "msk.request.json", "old.request.json",
		"opensearch.request.json", "redshift.request.json", "snowflake.request.json", "serverless.request.json", "splunk.request.json", "streams.tf"} {
		data, err := os.ReadFile("testdata/describe/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(filepath.Ext(name) == ".tf", "full", data)
	}
	f.Add(false, "", []byte(described))
	f.Add(false, "", []byte(s3Request(partitioningYAML+backupYAML, "")))
	f.Add(false, "", []byte(s3Request(conversionYAML, "")))
	f.Add(false, "", []byte("Resources:\n  D:\n    Type: AWS::KinesisFirehose::DeliveryStream\n    Properties:\n      ExtendedS3DestinationConfiguration: !If [A, {}, !Ref B]"))
	f.Add(false, "", []byte(`{"format_version":"1","values":{"root_module":{"resources":[{"address":"a.b","type":"aws_kinesis_firehose_delivery_stream","values":{"extended_s3_configuration":[null]}}]}}}`))
	table := eventsTable(f)
	f.Fuzz(func(t *testing.T, tf bool, id string, data []byte) {
		name := "d.yaml"
		if tf {
			name = "d.tf"
		}
		d, err := Parse(name, data, DescribeOptions{ID: id, Table: table})
		if err != nil {
			if d != nil || err.Error() == "" {
				t.Errorf("a description and an error: %v", err)
			}
			return
		}
		s := d.Stream
		if s.Name == "" || s.S3.Bucket == "" || s.S3.Prefix == nil || s.S3.ErrorPrefix == nil || s.S3.Hints.Size <= 0 || s.S3.Hints.Interval <= 0 || s.Version < 1 {
			t.Errorf("accepted: %s", show(s))
		}
		if _, err := New(s, Options{Bucket: &s3.Memory{}, Invoker: echo(func(data []byte) []byte { return data })}); err != nil && s.Conversion == nil {
			t.Errorf("accepted, and refused by New: %v", err)
		}
	})
}

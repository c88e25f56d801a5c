package harness

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/schema"
)

func eventsTable(t testing.TB) *schema.Table {
	t.Helper()
	table, err := schema.NewTable([2]string{"k", "string"}, [2]string{"at", "timestamp"})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// show prints all that a stream is, but for places.
func show(s *Stream) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s %s %d, source %d %s, delimiter %v\n", s.Name, s.ARN, s.Region, s.Account, s.Version, s.Source, s.SourceARN, s.Delimiter)
	bucket := func(name string, b3 *S3) {
		fmt.Fprintf(&b, "%s %s %q %q %+v %v %v %q %s\n", name, b3.Bucket, b3.Prefix, b3.ErrorPrefix, b3.Hints, b3.Compression, b3.Zone, b3.Extension, b3.KMSKey)
	}
	bucket("s3", &s.S3)
	if s.Backup != nil {
		bucket("backup", s.Backup)
	}
	if s.Decompress != nil {
		fmt.Fprintf(&b, "decompress %v\n", s.Decompress.DataMessageExtraction)
	}
	if s.Deaggregate != nil {
		fmt.Fprintf(&b, "deaggregate %v %q\n", s.Deaggregate.SubRecordType, s.Deaggregate.Delimiter)
	}
	if l := s.Lambda; l != nil {
		fmt.Fprintf(&b, "lambda %s %d %+v\n", l.ARN, l.Retries, l.Hints)
	}
	if g := s.Partitioning; g != nil {
		fmt.Fprintf(&b, "partitioning %v %v\n", g.Query, g.Retry)
	}
	if c := s.Conversion; c != nil {
		o, err := json.Marshal(c.Options)
		fmt.Fprintf(&b, "conversion %s %s %v", c.CatalogJSON(), o, err)
		for _, col := range c.Schema.Columns {
			fmt.Fprintf(&b, " %s:%s", col.Name, col.Type)
		}
	}
	if s.Sink != nil {
		fmt.Fprintf(&b, "sink %+v", s.Sink)
	}
	return b.String()
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/describe/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTerraform holds streams described in Terraform to the same ones described by requests.
func TestTerraform(t *testing.T) {
	tf := testdata(t, "streams.tf")
	for _, id := range []string{"elasticsearch", "full", "http", "iceberg", "kinesis", "msk", "old", "opensearch", "redshift", "snowflake", "serverless", "splunk"} {
		request, err := Parse(id+".json", testdata(t, id+".request.json"), DescribeOptions{Table: eventsTable(t)})
		if err != nil {
			t.Fatal(err)
		}
		for _, named := range []string{id, "aws_kinesis_firehose_delivery_stream." + id} {
			d, err := Parse("streams.tf", tf, DescribeOptions{ID: named})
			if err != nil {
				t.Errorf("%s: %v", named, err)
				continue
			}
			if got, want := show(d.Stream), show(request.Stream); got != want {
				t.Errorf("%s:\n%s, want\n%s", named, got, want)
			}
		}
		loaded, err := Load("testdata/describe/streams.tf#aws_kinesis_firehose_delivery_stream."+id, DescribeOptions{})
		if err != nil || show(loaded.Stream) != show(request.Stream) {
			t.Errorf("Load: %v", err)
		}
		if loaded, err = Load("testdata/describe#"+id, DescribeOptions{}); err != nil || show(loaded.Stream) != show(request.Stream) {
			t.Errorf("Load of the folder: %v", err)
		}
	}
	d, err := Parse("streams.tf", tf, DescribeOptions{ID: "full"})
	if err != nil {
		t.Fatal(err)
	}
	if d.Function == nil || d.Function.LogicalID != "aws_lambda_function.transform" || d.Function.Properties.Get("Timeout").Text != "70" ||
		d.Function.Properties.Get("Environment", "Variables", "STAGE").Text != "test" {
		t.Errorf("function %+v", d.Function)
	}
	if p := d.Stream.Lambda.Pos; p.File != "streams.tf" || p.Line == 0 {
		t.Errorf("the function's ARN is at %v", p)
	}
	_, err = Parse("streams.tf", tf, DescribeOptions{})
	if err == nil || !strings.Contains(err.Error(), "12 delivery streams (aws_kinesis_firehose_delivery_stream.full, ") {
		t.Errorf("%v", err)
	}
}

// TestTerraformArguments: the streams of the test have every argument of the table.
func TestTerraformArguments(t *testing.T) {
	tf := string(testdata(t, "streams.tf"))
	var walk func(arguments []argument)
	n := 0
	walk = func(arguments []argument) {
		for _, a := range arguments {
			if a.path == "" && a.form != gate || a.form == foreign || a.name == "architectures" {
				continue
			}
			n++
			for _, name := range []string{a.name, a.old} {
				if name != "" && !regexp.MustCompile(`(?m)^\s*(dynamic ")?`+name+`("? \{|\s+=)`).MatchString(tf) {
					t.Errorf("streams.tf has no %s", name)
				}
			}
			walk(a.blocks)
		}
	}
	for _, r := range renames {
		walk(r.arguments)
	}
	t.Logf("%d arguments", n)
}

// terraformUnread are arguments that say nothing about what is delivered, or whose absence leaves what there is.
var terraformUnread = map[string]bool{
	"role_arn": true, "RoleArn": true, "kms_key_arn": true, "key_arn": true, "key_type": true, "tags": true, "log_group_name": true, "log_stream_name": true,
	"topic_name": true, "read_from_timestamp": true, "connectivity": true, "destination": true, // one destination is there
	"subnet_ids": true, "security_group_ids": true, "catalog_arn": true, "access_key": true, "hec_token": true, "username": true, "password": true, "user": true, "private_key": true, "key_passphrase": true, "private_link_vpce_id": true, // needn't be known
}

// TestTerraformEveryLeaf makes each argument of the streams in turn one that only a provider knows: what is reported is its line.
func TestTerraformEveryLeaf(t *testing.T) {
	lines := strings.Split(string(testdata(t, "streams.tf")), "\n")
	assignment := regexp.MustCompile(`^(\s*)(\w+)(\s*= ).*$`)
	id, broken, unread := "", 0, 0
	for i, line := range lines {
		if m := regexp.MustCompile(`^resource "(\w+)" "(\w+)"`).FindStringSubmatch(line); m != nil {
			if id = ""; m[1] == terraformStreamType {
				id = m[2]
			}
		}
		m := assignment.FindStringSubmatch(line)
		if id == "" || m == nil || m[2] == "for_each" {
			continue
		}
		changed := append([]string(nil), lines...)
		changed[i] = m[1] + m[2] + m[3] + "data.nothing.here.value"
		_, err := Parse("t.tf", []byte(strings.Join(changed, "\n")), DescribeOptions{ID: terraformStreamType + "." + id})
		in := strings.TrimSpace(line)
		switch {
		case err == nil && (terraformUnread[m[2]] || strings.Contains(strings.Join(lines[max(0, i-2):i], "\n"), "cloudwatch_logging_options") || strings.Contains(lines[i-1], "server_side_encryption")):
			unread++
		case err == nil:
			t.Errorf("line %d, %s, may be anything, and nobody says so", i+1, in)
		case !strings.HasPrefix(err.Error(), fmt.Sprintf("t.tf:%d:", i+1)):
			t.Errorf("line %d, %s, is broken: %v", i+1, in, err)
		default:
			broken++
		}
	}
	if broken < 50 {
		t.Errorf("only %d lines were broken", broken)
	}
	t.Logf("%d lines broken, %d unread", broken, unread)
}

func TestTerraformRefused(t *testing.T) {
	tf := string(testdata(t, "streams.tf"))
	for _, tt := range []struct{ name, id, old, new, want string }{
		{"an unknown argument", "old", "buffer_size        = 10", "buffer_sise = 10", "t.tf:232:5: an argument named buffer_sise is not expected here; known are role_arn, "},
		{"the provider's default", "kinesis", "    buffering_size = 64\n", "", "BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled; it is 5"},
		{"another destination", "old", `destination = "s3"`, `destination = "splunk"`, "t.tf:228:17: the destination is splunk, and there is no block splunk_configuration"},
		{"no destination of ours", "old", `destination = "s3"`, `destination = "s4"`, "the destination s4 is not known"},
		{"another destination", "old", `destination = "s3"`, "destination = \"splunk\"\nsplunk_configuration { hec_token = \"x\" }\n", "Value at 'splunkDestinationConfiguration.hECEndpoint' failed to satisfy constraint: Member must not be null"},
		{"out of range", "full", "retry_duration = 17", "retry_duration = 7201", "t.tf:109:24: ValidationException: 1 validation error detected: Value at 'extendedS3DestinationConfiguration.dynamicPartitioningConfiguration.retryOptions.durationInSeconds' failed to satisfy constraint: Member must have value less than or equal to 7200"},
		{"a table elsewhere", "kinesis", `table_name    = "events"`, `table_name    = "nothing"`, "EntityNotFoundException: the template has no table logs.nothing"},
		{"both sources", "kinesis", "  kinesis_source_configuration {", "  msk_source_configuration {\n msk_cluster_arn = \"arn:x\"\n topic_name = \"t\"\n authentication_configuration {\n connectivity = \"PUBLIC\"\n role_arn = \"arn:aws:iam::123456789012:role/r\"\n }\n }\n  kinesis_source_configuration {", "KinesisStreamSourceConfiguration is only valid when DeliveryStreamType is KinesisStreamAsSource"},
		{"encryption of a Kinesis source", "kinesis", "  kinesis_source_configuration {", "  server_side_encryption { enabled = true }\n  kinesis_source_configuration {", "Server-side encryption is supported only when DeliveryStreamType is DirectPut"},
		{"encryption off", "kinesis", "  kinesis_source_configuration {", "  server_side_encryption { enabled = false }\n  kinesis_source_configuration {", ""},
		{"two blocks", "old", "  s3_configuration {", "  s3_configuration {}\n  s3_configuration {", "a second block s3_configuration"},
		{"a pinned version", "full", `version_id    = "1"`, `version_id    = "7"`, "version 7 of the table logs.events isn't the one in the template"},
		{"no streams", "", terraformStreamType, "aws_kinesis_stream", "there is no resource of type aws_kinesis_firehose_delivery_stream here; modules are not followed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(tf, tt.old) {
				t.Fatalf("streams.tf has no %q", tt.old)
			}
			_, err := Parse("t.tf", []byte(strings.ReplaceAll(tf, tt.old, tt.new)), DescribeOptions{ID: tt.id})
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// TestTerraformShow reads the state of a stream, in which the provider has filled in everything.
func TestTerraformShow(t *testing.T) {
	const state = `{"format_version":"1.0","terraform_version":"1.9.0","values":{"root_module":{"child_modules":[{"address":"module.m","resources":[
	 {"address":"module.m.aws_kinesis_firehose_delivery_stream.s[0]","mode":"managed","type":"aws_kinesis_firehose_delivery_stream","name":"s","index":0,"values":{
	  "arn":"arn:aws:firehose:eu-west-1:999999999999:deliverystream/clicks","destination":"extended_s3","destination_id":"destinationId-000000000001","id":"arn:aws:firehose:eu-west-1:999999999999:deliverystream/clicks",
	  "elasticsearch_configuration":[],"http_endpoint_configuration":[],"iceberg_configuration":[],"kinesis_source_configuration":[],"msk_source_configuration":[],
	  "extended_s3_configuration":[{"bucket_arn":"arn:aws:s3:::clicks","buffering_interval":0,"buffering_size":5,
	   "cloudwatch_logging_options":[{"enabled":false,"log_group_name":"","log_stream_name":""}],"compression_format":"GZIP","custom_time_zone":"UTC",
	   "data_format_conversion_configuration":[],"dynamic_partitioning_configuration":[],"error_output_prefix":"","file_extension":"","kms_key_arn":"","prefix":"",
	   "processing_configuration":[{"enabled":true,"processors":[{"parameters":[{"parameter_name":"LambdaArn","parameter_value":"arn:aws:lambda:eu-west-1:999999999999:function:f"}],"type":"Lambda"}]}],
	   "role_arn":"arn:aws:iam::999999999999:role/r","s3_backup_configuration":[],"s3_backup_mode":"Disabled","a_new_argument":null}],
	  "name":"clicks","opensearch_configuration":[],"redshift_configuration":[],"region":"eu-west-1","server_side_encryption":[{"enabled":false,"key_arn":"","key_type":"AWS_OWNED_CMK"}],
	  "splunk_configuration":[],"tags":{},"tags_all":{},"timeouts":null,"version_id":"12"}},
	 {"address":"module.m.aws_lambda_function.f","mode":"managed","type":"aws_lambda_function","name":"f","values":{"arn":"arn:aws:lambda:eu-west-1:999999999999:function:f","function_name":"f","timeout":9,"environment":[]}}
	]}]}}}`
	for _, id := range []string{"", "clicks", "module.m.aws_kinesis_firehose_delivery_stream.s", "module.m.aws_kinesis_firehose_delivery_stream.s[0]"} {
		d, err := Parse("state.json", []byte(state), DescribeOptions{ID: id})
		if err != nil {
			t.Fatal(err)
		}
		s := d.Stream
		if s.Name != "clicks" || s.ARN != "arn:aws:firehose:eu-west-1:999999999999:deliverystream/clicks" || s.Region != "eu-west-1" || s.Account != "999999999999" || s.Version != 12 ||
			s.S3.Hints.Interval != ImmediateInterval || s.S3.Zone.String() != "UTC" || s.Lambda == nil || s.Conversion != nil || s.Partitioning != nil || s.Backup != nil {
			t.Errorf("%s: %s", id, show(s))
		}
		if d.Function == nil || d.Function.Properties.Get("Timeout").Text != "9" {
			t.Errorf("function %+v", d.Function)
		}
	}
}

// TestTerraformPlan reads a plan, in which ARNs are known after apply only.
func TestTerraformPlan(t *testing.T) {
	const plan = `{"format_version":"1.2","planned_values":{"root_module":{"resources":[
	 {"address":"aws_s3_bucket.b","mode":"managed","type":"aws_s3_bucket","name":"b","values":{"bucket":"clicks"}},
	 {"address":"aws_kinesis_firehose_delivery_stream.s","mode":"managed","type":"aws_kinesis_firehose_delivery_stream","name":"s","values":{
	  "destination":"extended_s3","name":"clicks","server_side_encryption":[],"extended_s3_configuration":[{"buffering_interval":300,"buffering_size":5,"compression_format":"UNCOMPRESSED",
	   "custom_time_zone":"UTC","prefix":null,"kms_key_arn":null,"s3_backup_mode":"Disabled","processing_configuration":[]}]}}]}},
	 "resource_changes":[{"address":"aws_kinesis_firehose_delivery_stream.s","change":{"after_unknown":{"arn":true,"version_id":true,"id":true,
	  "extended_s3_configuration":[{"bucket_arn":true,"role_arn":true,"cloudwatch_logging_options":true}]}}}],
	 "configuration":{"root_module":{"resources":[{"address":"aws_kinesis_firehose_delivery_stream.s","expressions":{"extended_s3_configuration":[
	  {"bucket_arn":{"references":["aws_s3_bucket.b.arn","aws_s3_bucket.b"]},"role_arn":{"references":["aws_iam_role.a.arn","aws_iam_role.b.arn"]}}]}}]}}}`
	d, err := Parse("plan.json", []byte(plan), DescribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if s := d.Stream; s.Name != "clicks" || s.S3.Bucket != "clicks" || s.Version != 1 || s.S3.Hints.Size != 5*MiB {
		t.Error(show(s))
	}
	_, err = Parse("plan.json", []byte(strings.Replace(plan, `"aws_s3_bucket.b.arn","aws_s3_bucket.b"`, `"aws_s3_bucket.b.arn","aws_s3_bucket.c.arn"`, 1)), DescribeOptions{})
	if err == nil || !strings.HasPrefix(err.Error(), "plan.json:") || !strings.Contains(err.Error(), "known after apply only") {
		t.Errorf("%v", err)
	}
}

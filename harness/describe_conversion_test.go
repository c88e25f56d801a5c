package harness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/convert"
	"github.com/hydrantkit/hydrant/convert/hive"
	"github.com/hydrantkit/hydrant/convert/openx"
	"github.com/hydrantkit/hydrant/convert/orc"
	"github.com/hydrantkit/hydrant/convert/parquet"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/template"
	"github.com/hydrantkit/hydrant/schema"
	"github.com/hydrantkit/hydrant/schema/glue"
)

// versions is what aws glue get-table-versions prints of a table, newest first.
const versions = `{"TableVersions":[
 {"VersionId":"3","Table":{"Name":"t","DatabaseName":"db","VersionId":"3","StorageDescriptor":{"Columns":[{"Name":"three","Type":"int"}]}}},
 {"VersionId":"2","Table":{"Name":"t","DatabaseName":"db","VersionId":"2","StorageDescriptor":{"Columns":[{"Name":"two","Type":"int"}]}}},
 {"VersionId":"1","Table":{"Name":"t","DatabaseName":"db","VersionId":"1","StorageDescriptor":{"Columns":[{"Name":"one","Type":"int"}]}}}]}`

const tables = `{"TableList":[
 {"Name":"u","DatabaseName":"db","StorageDescriptor":{"Columns":[{"Name":"other","Type":"int"}]}},
 {"Name":"t","DatabaseName":"db","StorageDescriptor":{"Columns":[{"Name":"mine","Type":"int"}]}}]}`

// liveCatalog is a Data Catalog of one table, whose current version is 9.
type liveCatalog struct{}

func (liveCatalog) Table(_ context.Context, database, table, version string) (*schema.Table, error) {
	if version == "" {
		version = "9"
	}
	t, err := schema.NewTable([2]string{"live" + version, "string"})
	if err == nil {
		t.Database, t.Name, t.Version = database, table, version
	}
	return t, err
}

// TestSchema takes the table from outside of the description, at the version that is configured.
func TestSchema(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"versions.json": versions, "tables.json": tables, "t.sql": "CREATE EXTERNAL TABLE db.t (ddl int);"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ schema, version, column, wantErr string }{
		{"versions.json", "", "three", ""},
		{"versions.json", "LATEST", "three", ""},
		{"versions.json", "2", "two", ""},
		{"versions.json", "1", "one", ""},
		{"versions.json", "4", "", "EntityNotFoundException: version 4 of the table db.t is wanted, and the schema given is version 3"},
		{"versions.json#db.t", "1", "one", ""},
		{"versions.json#@1", "1", "one", ""},
		{"versions.json#@1", "2", "", "EntityNotFoundException: version 2 of the table db.t is wanted, and the schema given is version 1"},
		{"tables.json", "", "mine", ""},
		{"tables.json", "5", "mine", ""}, // the file says nothing of versions
		{"tables.json#u", "", "other", ""},
		{"t.sql", "5", "ddl", ""},
		{"nothing.json", "", "", "nothing.json"},
		{"struct<a:int>", "", "a", ""},
		{"struct<a:int>", "2", "a", ""},
		{"glue:db.t", "", "live9", ""},
		{"glue:db.t", "LATEST", "live9", ""},
		{"glue:db.t", "4", "live4", ""},
		{"glue:db.t@5", "", "live5", ""},
		{"glue:db.t@5", "4", "", "version 4 of the table db.t is wanted, and the schema given is version 5"},
	} {
		src := tt.schema
		if !strings.HasPrefix(src, "glue:") && !strings.HasPrefix(src, "struct<") {
			src = filepath.Join(dir, src)
		}
		destination := conversionYAML
		if tt.version != "" {
			destination = strings.Replace(destination, "TableName: t", "TableName: t, VersionId: '"+tt.version+"'", 1)
		}
		d, err := Parse("r.yaml", []byte(s3Request(destination, "")), DescribeOptions{Schema: src, Glue: glue.Options{Catalog: liveCatalog{}}})
		if tt.wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
				t.Errorf("%s, version %q: %v, want %q", tt.schema, tt.version, err, tt.wantErr)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s, version %q: %v", tt.schema, tt.version, err)
			continue
		}
		c := d.Stream.Conversion
		want := tt.version
		if want == "" {
			want = "LATEST"
		}
		if got := c.Schema.Columns[0].Name; got != tt.column || c.Version != want {
			t.Errorf("%s, version %q: column %s, version %s, want %s", tt.schema, tt.version, got, c.Version, tt.column)
		}
	}
}

// TestPinnedInTemplate: a template has a table's newest version, and is believed to be the first.
func TestPinnedInTemplate(t *testing.T) {
	text := sampleTemplate(t)
	const latest = "VersionId: LATEST"
	if !strings.Contains(text, latest) {
		t.Fatal("the sample's conversion doesn't take the latest version")
	}
	for version, want := range map[string]string{"LATEST": "", "0": "", "1": "", "2": "version 2 of the table apache_logs.access isn't the one in the template; give its schema"} {
		_, err := Parse("t.yaml", []byte(strings.Replace(text, latest, "VersionId: '"+version+"'", 1)), DescribeOptions{})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("VersionId %s: %v", version, err)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	odd := filepath.Join(dir, "odd#name.yaml")
	if err := os.WriteFile(odd, []byte(s3Request("", "")), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ src, want string }{
		{"../sam-template.yaml", ""},
		{"../sam-template.yaml#Logs", ""},
		{"../sam-template.yaml#hydrant-apache-logs", ""},
		{"../sam-template.yaml#Clicks", "../sam-template.yaml:1:1: the template has no delivery stream Clicks; it has Logs"},
		{odd, ""},
		{odd + "#d", ""}, // a request describes one stream, whatever it is called
		{dir, "no .tf files"},
		{filepath.Join(dir, "nothing.yaml"), "nothing.yaml: no such file or directory"},
		{filepath.Join(dir, "nothing.yaml#x"), "no such file or directory"},
		{"", "no such file or directory"},
	} {
		_, err := Load(tt.src, DescribeOptions{})
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("Load(%s): %v, want %q", tt.src, err, tt.want)
		}
	}
}

// TestUnknown: what nobody knows before a deployment is no error where it changes nothing of what is delivered.
func TestUnknown(t *testing.T) {
	const head = `
Parameters: { P: { Type: String } }
Resources:
  D:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
`
	const destination = `
      ExtendedS3DestinationConfiguration:
        BucketARN: arn:aws:s3:::b
`
	for _, tt := range []struct{ name, properties, want string }{
		{"role", destination + "        RoleARN: !Ref P", ""},
		{"role that isn't there", destination + "        RoleARN: !GetAtt Nothing.Arn", ""},
		{"logs", destination + "        RoleARN: !Ref P\n        CloudWatchLoggingOptions: { Enabled: true, LogGroupName: !Ref P, LogStreamName: !Ref P }", ""},
		{"whether there are logs", destination + "        RoleARN: !Ref P\n        CloudWatchLoggingOptions: { Enabled: !Ref P }", ""},
		{"all of the logs", destination + "        RoleARN: !Ref P\n        CloudWatchLoggingOptions: !Ref P", ""},
		{"key", destination + "        RoleARN: !Ref P\n        EncryptionConfiguration: { KMSEncryptionConfig: { AWSKMSKeyARN: !Ref P } }", ""},
		{"all of the encryption", destination + "        RoleARN: !Ref P\n        EncryptionConfiguration: !Ref P", ""},
		{"tags", destination + "        RoleARN: !Ref P\n      Tags: [ { Key: !Ref P, Value: !Ref P } ]", ""},
		{"all tags", destination + "        RoleARN: !Ref P\n      Tags: !Ref P", ""},
		{"the stream's key", destination + "        RoleARN: !Ref P\n      DeliveryStreamEncryptionConfigurationInput: { KeyType: CUSTOMER_MANAGED_CMK, KeyARN: !Ref P }", ""},
		{"the stream's encryption", destination + "        RoleARN: !Ref P\n      DeliveryStreamEncryptionConfigurationInput: { KeyType: !Ref P }", ""},
		{"a backup that is off", destination + "        RoleARN: !Ref P\n        S3BackupMode: Disabled\n        S3BackupConfiguration: !Ref P", ""},
		{"processing that is off", destination + "        RoleARN: !Ref P\n        ProcessingConfiguration: { Enabled: false, Processors: !Ref P }", ""},
		{"a conversion that is off", destination + "        RoleARN: !Ref P\n        DataFormatConversionConfiguration: { Enabled: false, SchemaConfiguration: !Ref P }", ""},

		{"name", destination + "        RoleARN: r\n      DeliveryStreamName: !Ref P", "t.yaml:"},
		{"destination", "      ExtendedS3DestinationConfiguration: !Ref P", "unresolved parameter P"},
		{"bucket", "      ExtendedS3DestinationConfiguration: { BucketARN: !Ref P, RoleARN: !Ref P }", "unresolved parameter P"},
		{"hints", destination + "        RoleARN: !Ref P\n        BufferingHints: !Ref P", "unresolved parameter P"},
		{"a hint", destination + "        RoleARN: !Ref P\n        BufferingHints: { SizeInMBs: !Ref P, IntervalInSeconds: 60 }", "unresolved parameter P"},
		{"processors", destination + "        RoleARN: !Ref P\n        ProcessingConfiguration: { Enabled: true, Processors: !Ref P }", "unresolved parameter P"},
		{"a processor", destination + "        RoleARN: !Ref P\n        ProcessingConfiguration: { Enabled: true, Processors: [ !Ref P ] }", "unresolved parameter P"},
		{"parameters", destination + "        RoleARN: !Ref P\n        ProcessingConfiguration: { Enabled: true, Processors: [ { Type: Lambda, Parameters: !Ref P } ] }", "unresolved parameter P"},
		{"a parameter", destination + "        RoleARN: !Ref P\n        ProcessingConfiguration: { Enabled: true, Processors: [ { Type: Lambda, Parameters: [ !Ref P ] } ] }", "unresolved parameter P"},
		{"backup", destination + "        RoleARN: !Ref P\n        S3BackupMode: Enabled\n        S3BackupConfiguration: !Ref P", "unresolved parameter P"},
		{"whether there is a backup", destination + "        RoleARN: !Ref P\n        S3BackupMode: !Ref P", "unresolved parameter P"},
		{"conversion", destination + "        RoleARN: !Ref P\n        DataFormatConversionConfiguration: !Ref P", "unresolved parameter P"},
		{"schema", destination + "        RoleARN: !Ref P\n        DataFormatConversionConfiguration: { SchemaConfiguration: !Ref P, InputFormatConfiguration: {}, OutputFormatConfiguration: {} }", "unresolved parameter P"},
		{"partitioning", destination + "        RoleARN: !Ref P\n        DynamicPartitioningConfiguration: !Ref P", "unresolved parameter P"},
		{"type of source", destination + "        RoleARN: !Ref P\n      DeliveryStreamType: !Ref P", "unresolved parameter P"},
	} {
		_, err := Parse("t.yaml", []byte(head+tt.properties), DescribeOptions{})
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "t.yaml:")) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestSerDes(t *testing.T) {
	for _, tt := range []struct{ json, want string }{
		{`{"InputFormatConfiguration":{"Deserializer":{"HiveJsonSerDe":{"TimestampFormats":["millis"]}}},"OutputFormatConfiguration":{"Serializer":{"OrcSerDe":{"RowIndexStride":2000}}}}`,
			`{"OpenX":null,"Hive":{"TimestampFormats":["millis"],"Year":0},"Parquet":null,"ORC":{"StripeSizeBytes":0,"BlockSizeBytes":0,"RowIndexStride":2000,`},
		{`{"Enabled":false}`, `{"OpenX":null,"Hive":null,"Parquet":null,"ORC":null,`},
		{`{"InputFormatConfiguration":{}}`, "c.json:1:29: InvalidArgumentException: a Deserializer needs one of OpenXJsonSerDe and HiveJsonSerDe"},
		{`{"OutputFormatConfiguration":{"Serializer":{"ParquetSerDe":{"Compression":"ZSTD"}}}}`, "Value at 'outputFormatConfiguration.serializer.parquetSerDe.compression' failed to satisfy constraint: Member must satisfy enum value set: [UNCOMPRESSED, GZIP, SNAPPY]"},
		{`{"Serializer":{}}`, "a DataFormatConversionConfiguration has no member Serializer"},
		{`[]`, "list where the map of a DataFormatConversionConfiguration is wanted"},
	} {
		n, err := template.ParseJSON("c.json", []byte(tt.json))
		if err != nil {
			t.Fatal(err)
		}
		o, err := ParseSerDes(n)
		got := fmt.Sprint(err)
		if err == nil {
			b, jerr := json.Marshal(o)
			if got = string(b); jerr != nil {
				t.Error(jerr)
			}
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("ParseSerDes(%s) = %s, want %s", tt.json, got, tt.want)
		}
	}
	for _, tt := range []struct{ name, value, want string }{
		{"CaseInsensitive", "false", `"CaseInsensitive":false`},
		{"ColumnToJsonKeyMappings", "a=b,c=d=e", `"ColumnToJsonKeyMappings":{"a":"b","c":"d=e"}`},
		{"ColumnToJsonKeyMappings", `{"a":"b c"}`, `"ColumnToJsonKeyMappings":{"a":"b c"}`},
		{"ColumnToJsonKeyMappings", "a", `"a": column=key is expected`},
		{"ColumnToJsonKeyMappings", "[", "ColumnToJsonKeyMappings:1:2: "},
		{"TimestampFormats", "millis", "an option of the Hive JSON SerDe"},
		{"BloomFilterColumns", "a,b.c", `"BloomFilterColumns":["a","b.c"]`},
		{"PaddingTolerance", "0.5", `"PaddingTolerance":0.5`},
		{"PaddingTolerance", "2", "Value at 'paddingTolerance' failed to satisfy constraint: Member must have value less than or equal to 1"},
		{"PageSizeBytes", "65536", "an OrcSerDe has no member PageSizeBytes; its members are StripeSizeBytes, "},
	} {
		o := convert.Options{OpenX: &openx.Options{}, ORC: &orc.Options{}}
		got := fmt.Sprint(SetSerDeOption(&o, tt.name, tt.value))
		if got == "<nil>" {
			b, err := json.Marshal(o)
			if got = string(b); err != nil {
				t.Error(err)
			}
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("SetSerDeOption(%s, %s) = %s, want %s", tt.name, tt.value, got, tt.want)
		}
	}
	o := convert.Options{Hive: &hive.Options{}, Parquet: &parquet.Options{}}
	for _, tt := range []struct{ name, value, want string }{
		{"TimestampFormats", "yyyy,millis", "<nil>"},
		{"TimestampFormats", "bb", "Invalid deserializer option(s): TimestampFormats: "},
		{"CaseInsensitive", "true", "an option of the OpenX JSON SerDe"},
		{"PageSizeBytes", "65536", "<nil>"},
	} {
		if got := fmt.Sprint(SetSerDeOption(&o, tt.name, tt.value)); !strings.Contains(got, tt.want) {
			t.Errorf("SetSerDeOption(%s, %s) = %s, want %s", tt.name, tt.value, got, tt.want)
		}
	}
	if o.Parquet.PageSizeBytes != 65536 || len(o.Hive.TimestampFormats) != 2 {
		t.Errorf("%+v %+v", o.Parquet, o.Hive)
	}
}

// TestConversionHints: what is converted waits for 128 MiB by default, and other data for 5 (format-conversion.md §1).
func TestConversionHints(t *testing.T) {
	for destination, want := range map[string]int64{"": 5, conversionYAML: 128, conversionYAML + "\nBufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 }": 64} {
		d, err := Parse("r.yaml", []byte(s3Request(destination, "")), DescribeOptions{Table: eventsTable(t)})
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Stream.S3.Hints.Size; got != want*MiB {
			t.Errorf("the hints are %d bytes, want %d MiB:\n%s", got, want, destination)
		}
	}
}

// changing is a Data Catalog whose table is as its function says.
type changing func() (*schema.Table, error)

func (f changing) Table(context.Context, string, string, string) (*schema.Table, error) { return f() }

// TestLatest: the version LATEST is read for every object, and a table that is gone by then, or can't be used, fails its records
// (format-conversion.md §2, §9).
func TestLatest(t *testing.T) {
	columns := []string{"a", "int"}
	var broken error
	d, err := Parse("r.yaml", []byte(s3Request(conversionYAML, "")), DescribeOptions{Schema: "glue:db.t", Glue: glue.Options{Catalog: changing(func() (*schema.Table, error) {
		if broken != nil {
			return nil, broken
		}
		return schema.NewTable([2]string{columns[0], columns[1]})
	})}})
	if err != nil {
		t.Fatal(err)
	}
	f, err := newConversion(d.Stream, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, typo := schema.ParseType("imt")
	for _, tt := range []struct {
		columns string
		broken  error
		want    string // rows, or the code of each failure, or that of the outage
	}{
		{"a int", nil, "2 rows"},
		{"a int", nil, "2 rows"},
		{"a string", nil, "2 rows"},
		{"b tinyint", nil, "1 rows DataFormatConversion.MalformedData"},
		{"a binary", nil, "0 rows DataFormatConversion.InvalidSchema DataFormatConversion.InvalidSchema"},
		{"a int", fmt.Errorf("column a: %w", typo), "0 rows DataFormatConversion.InvalidSchema DataFormatConversion.InvalidSchema"},
		{"a int", glue.ErrNoColumns, "0 rows DataFormatConversion.InvalidSchema DataFormatConversion.InvalidSchema"},
		{"a int", glue.ErrNoTable, "0 rows DataFormatConversion.EntityNotFound DataFormatConversion.EntityNotFound"},
		{"a int", errors.New("throttled"), "outage DataFormatConversion.ConversionFailureException"},
		{"a int", nil, "2 rows"},
	} {
		columns, broken = strings.Fields(tt.columns), tt.broken
		_, rows, failed, err := f.Encode(context.Background(), nil, []record.Record{{Data: []byte(`{"a":1}`)}, {Data: []byte(`{"a":1,"b":1000}`)}})
		got := fmt.Sprint(rows, " rows")
		for i := range failed {
			got += " " + failed[i].Code
		}
		var o *record.Outage
		if errors.As(err, &o) {
			got = "outage " + o.Code
		} else if err != nil {
			t.Error(err)
		}
		if got != tt.want {
			t.Errorf("%s, %v: %s, want %s", tt.columns, tt.broken, got, tt.want)
		}
	}
}

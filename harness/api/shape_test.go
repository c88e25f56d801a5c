package api

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/internal/template"
)

// TestModel compares the structures here with the reference's table, which is made of the service's model.
func TestModel(t *testing.T) {
	f, err := os.Open("../../../shared/firehose/api-shapes.md")
	if err != nil {
		t.Skip("../shared not present: the structures are not compared with the model")
	}
	defer f.Close()
	row := regexp.MustCompile("^\\| `(\\w+)`(\\*?)(?: \\(deprecated\\))? \\| (.*) \\|$")
	model := map[string][]string{}
	name := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if h, ok := strings.CutPrefix(lines.Text(), "## "); ok {
			name = strings.Fields(h)[0]
		}
		if m := row.FindStringSubmatch(lines.Text()); m != nil {
			model[name] = append(model[name], m[1]+m[2]+" "+strings.ReplaceAll(m[3], `\|`, "|"))
		}
	}
	compared := 0
	for name, members := range shapes {
		if len(model[name]) != len(members) {
			t.Errorf("%s has %d members, want %d", name, len(members), len(model[name]))
			continue
		}
		for i, m := range members {
			got := m.name
			if m.required {
				got += "*"
			}
			want := strings.TrimSuffix(model[name][i], " (sensitive)") // no message has a value in it
			if m.shape.kind == opaqueKind {                            // a link is all that is known
				want, _, _ = strings.Cut(want, " ")
			} else {
				got += " " + describe(&m.shape)
			}
			if got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
			compared++
		}
	}
	t.Logf("%d members of %d structures", compared, len(shapes))
}

// describe prints a shape as the reference does.
func describe(s *shape) string {
	switch s.kind {
	case textKind:
		out := fmt.Sprintf("string [%d…%d]", s.lo, s.hi)
		if s.pattern != "" {
			out += " `" + s.pattern + "`"
		}
		return out
	case enumKind:
		values := s.enum
		if s.enum[0] == "ZIP" { // the service lists them in another order than the model
			values = []string{"UNCOMPRESSED", "GZIP", "ZIP", "Snappy", "HADOOP_SNAPPY"}
		}
		return "enum `" + strings.Join(values, "`, `") + "`"
	case integerKind:
		if s.hi == math.MaxInt64 {
			return fmt.Sprintf("integer [%d…]", s.lo)
		}
		return fmt.Sprintf("integer [%d…%d]", s.lo, s.hi)
	case doubleKind:
		return fmt.Sprintf("double [%d…%d]", s.lo, s.hi)
	case booleanKind:
		return "boolean"
	case timestampKind:
		return "timestamp"
	case objectKind:
		return "[" + s.of + "](#" + strings.ToLower(s.of) + ")"
	case listKind:
		out := "list of " + describe(s.item)
		if s.hi != math.MaxInt64 {
			out += fmt.Sprintf(" %d–%d items", s.lo, s.hi)
		}
		return out
	case mapKind:
		return "map " + describe(s.key) + " → " + describe(s.item)
	}
	return "?"
}

func TestCheck(t *testing.T) {
	const s3 = "ExtendedS3DestinationConfiguration"
	const ok = `"RoleARN":"arn:aws:iam::123456789012:role/a/b","BucketARN":"arn:aws-cn:s3:::my.bucket-1"`
	long := strings.Repeat("ä", 1025)
	for _, tt := range []struct{ shape, json, want string }{
		{s3, `{` + ok + `}`, ""},
		{s3, `{` + ok + `,"Prefix":"","FileExtension":"","CustomTimeZone":"","DataFormatConversionConfiguration":{}}`, ""},
		{s3, `{` + ok + `,"Prefix":null}`, ""},
		{s3, `{"RoleARN":"arn:aws:iam::123456789012:role/r"}`, "t.json:1:1: ValidationException: 1 validation error detected: Value at 'p.bucketARN' failed to satisfy constraint: Member must not be null"},
		{s3, `{"BucketARN":"arn:aws:s3:::b"}`, "'p.roleARN' failed to satisfy constraint: Member must not be null"},
		{s3, `{` + ok + `,"CompressionFormat":"gzip"}`, "'p.compressionFormat' failed to satisfy constraint: Member must satisfy enum value set: [ZIP, HADOOP_SNAPPY, Snappy, GZIP, UNCOMPRESSED]"},
		{s3, `{` + ok + `,"Prefix":"` + long + `"}`, "'p.prefix' failed to satisfy constraint: Member must have length less than or equal to 1024"},
		{s3, `{` + ok + `,"FileExtension":"gz"}`, "'p.fileExtension' failed to satisfy constraint: Member must satisfy regular expression pattern: ^$|\\.[0-9a-z!\\-_.*'()]+"},
		{s3, `{` + ok + `,"FileExtension":".` + strings.Repeat("a", 128) + `"}`, "Member must have length less than or equal to 128"},
		{s3, `{` + ok + `,"CustomTimeZone":"Etc/GMT+1"}`, "'p.customTimeZone'"},
		{s3, `{` + ok + `,"BufferingHints":{"SizeInMBs":0,"IntervalInSeconds":0}}`, "'p.bufferingHints.sizeInMBs' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{s3, `{` + ok + `,"BufferingHints":{"SizeInMBs":129}}`, "Member must have value less than or equal to 128"},
		{s3, `{` + ok + `,"BufferingHints":{"IntervalInSeconds":901}}`, "Member must have value less than or equal to 900"},
		{s3, `{` + ok + `,"BufferingHints":[5]}`, "t.json:1:108: list where the map of a BufferingHints is wanted"},
		{s3, `{` + ok + `,"BufferingHints":{"SizeInMBs":"five"}}`, `"five" is not a whole number`},
		{s3, `{` + ok + `,"Bufferinghints":{}}`, "an ExtendedS3DestinationConfiguration has no member Bufferinghints; its members are RoleARN, BucketARN,"},
		{s3, `{` + ok + `,"ProcessingConfiguration":{"Processors":[{"Type":"Lambda","Parameters":[{"ParameterName":"LambdaArn","ParameterValue":"x"},{"ParameterName":"lambdaArn","ParameterValue":"x"}]}]}}`,
			"'p.processingConfiguration.processors.1.member.parameters.2.member.parameterName' failed to satisfy constraint: Member must satisfy enum value set: [LambdaArn, "},
		{s3, `{` + ok + `,"ProcessingConfiguration":{"Processors":[null]}}`, "'p.processingConfiguration.processors.1.member' failed to satisfy constraint: Member must not be null"},
		{"ProcessorParameter", `{"ParameterName":"LambdaArn","ParameterValue":" \n"}`, "Member must satisfy regular expression pattern: ^(?!\\s*$).+"},
		{"ProcessorParameter", `{"ParameterName":"MetadataExtractionQuery","ParameterValue":"{a: .a,\n b: .b}"}`, ""},
		{"ProcessorParameter", `{"ParameterName":"LambdaArn","ParameterValue":"` + strings.Repeat("a", 5121) + `"}`, "Member must have length less than or equal to 5120"},
		{"SchemaConfiguration", `{"DatabaseName":"a b"}`, "'p.databaseName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^\\S+$"},
		{"SchemaConfiguration", `{"CatalogId":""}`, "Member must have length greater than or equal to 1"},
		{"OpenXJsonSerDe", `{"ColumnToJsonKeyMappings":{"a":"b c","d":"e"}}`, ""},
		{"OpenXJsonSerDe", `{"ColumnToJsonKeyMappings":{"a b":"c"}}`, "'p.columnToJsonKeyMappings' failed to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy"},
		{"OpenXJsonSerDe", `{"ColumnToJsonKeyMappings":{"a":" "}}`, "Map value must satisfy constraint: [Member must satisfy"},
		{"OpenXJsonSerDe", `{"CaseInsensitive":"yes"}`, `"yes" is not a boolean`},
		{"OrcSerDe", `{"PaddingTolerance":1.5}`, "'p.paddingTolerance' failed to satisfy constraint: Member must have value less than or equal to 1"},
		{"OrcSerDe", `{"StripeSizeBytes":8388607}`, "Member must have value greater than or equal to 8388608"},
		{"Tag", `{"Key":"aws:x"}`, "'p.key'"},
		{"Tag", `{"Key":"Kosten stelle/ä","Value":""}`, ""},
		{"CloudWatchLoggingOptions", `{"LogGroupName":"/aws/a b"}`, "'p.logGroupName'"},
		{"KMSEncryptionConfig", `{"AWSKMSKeyARN":"arn:aws:kms:us-east-1:123456789012:alias/aws/s3"}`, ""},
		{"KMSEncryptionConfig", `{}`, "'p.aWSKMSKeyARN' failed to satisfy constraint: Member must not be null"},
	} {
		n, err := template.ParseJSON("t.json", []byte(tt.json))
		if err != nil {
			t.Fatalf("%s: %v", tt.json, err)
		}
		err = Check(tt.shape, n, "p")
		if got := fmt.Sprint(err); err == nil && tt.want != "" || err != nil && (tt.want == "" || !strings.Contains(got, tt.want)) {
			t.Errorf("Check(%s, %.200s) = %v, want %q", tt.shape, tt.json, err, tt.want)
		}
		var e *Exception
		if errors.As(err, &e) && (e.Name != Validation || e.Pos.Line == 0) {
			t.Errorf("%+v", e)
		}
	}
}

// TestCheckUnresolved: what is not known violates nothing.
func TestCheckUnresolved(t *testing.T) {
	u := &template.Node{Kind: template.Unresolved, Err: errors.New("unresolved")}
	n := &template.Node{Kind: template.Map, Members: []template.Member{{Key: "RoleARN", Value: u}, {Key: "BucketARN", Value: u}, {Key: "BufferingHints", Value: u}, {Key: "ProcessingConfiguration", Value: u}}}
	if err := Check("ExtendedS3DestinationConfiguration", n, ""); err != nil {
		t.Error(err)
	}
	if err := Check("ExtendedS3DestinationConfiguration", u, ""); err != nil {
		t.Error(err)
	}
}

package conformance

import (
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

const plainStream = `
Resources:
  Stream:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      ExtendedS3DestinationConfiguration:
        BucketARN: arn:aws:s3:::b
        RoleARN: arn:aws:iam::123456789012:role/r
        ProcessingConfiguration:
          Enabled: true
          Processors:
            - Type: Lambda
              Parameters: [{ ParameterName: LambdaArn, ParameterValue: "arn:aws:lambda:us-east-1:123456789012:function:f" }]
`

// TestFunctions has a function in Python crash, hang, answer garbage, late, too little and twice: every record is
// accounted for, with the right code and its original bytes in the error line.
func TestFunctions(t *testing.T) {
	script := absolute(t, "function.py")
	for _, tt := range []struct {
		mode      string
		code      string // of every failed record
		attempts  int
		delivered string
	}{
		{"upper", "", 0, "ABC"},
		{"late", "", 0, "ABC"},
		{"crash", "Lambda.FunctionError", 4, ""},
		{"raise", "Lambda.FunctionError", 4, ""},
		{"hang", "Lambda.FunctionError", 4, ""},
		{"garbage", "Lambda.JsonProcessingException", 1, ""},
		{"lose", "Lambda.MissingRecordId", 1, "BC"},
		{"twice", "Lambda.DuplicatedRecordId", 1, "BC"},
	} {
		t.Run(tt.mode, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{"template.yaml": plainStream, "in": "a\nb\nc\n"} {
				write(t, dir, name, text)
			}
			status := 0
			if tt.code != "" {
				status = 3
			}
			s := replay(t, dir, status, "--function", "f=exec:"+tool(t, "python")+" "+script+" "+tt.mode, "--function-timeout", "2s", "in")
			var delivered string
			var lines []string
			for _, o := range s.Objects {
				text := read(t, filepath.Join(dir, "out", o.Bucket, o.Key))
				if o.Kind == "data" {
					delivered += text
				} else {
					lines = append(lines, strings.Split(strings.TrimSuffix(text, "\n"), "\n")...)
				}
			}
			if delivered != tt.delivered || len(delivered)+len(lines) != 3 {
				t.Errorf("delivered %q and %d error lines of 3 records", delivered, len(lines))
			}
			for i, l := range lines {
				var e struct {
					RawData, ErrorCode string
					AttemptsMade       int
				}
				if err := json.Unmarshal([]byte(l), &e); err != nil {
					t.Fatal(err)
				}
				raw, err := base64.StdEncoding.DecodeString(e.RawData)
				if err != nil || string(raw) != "abc"[i:i+1] || e.ErrorCode != tt.code || e.AttemptsMade != tt.attempts {
					t.Errorf("error line %s", l)
				}
			}
		})
	}
}

package harness

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/harness/s3"
)

// logged has logging as its arguments say: of the delivery, of the backup.
const logged = `{"DeliveryStreamName": "s", "ExtendedS3DestinationConfiguration": {
	"BucketARN": "arn:aws:s3:::b", "RoleARN": "arn:aws:iam::123456789012:role/r", "Prefix": "p/", "ErrorOutputPrefix": "e/",
	"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60},
	"CloudWatchLoggingOptions": {"Enabled": %v, "LogGroupName": "g", "LogStreamName": "DestinationDelivery"},
	"S3BackupMode": "Enabled", "S3BackupConfiguration": {"BucketARN": "arn:aws:s3:::kept", "RoleARN": "arn:aws:iam::123456789012:role/r",
		"CloudWatchLoggingOptions": {"Enabled": %v, "LogGroupName": "g", "LogStreamName": "BackupDelivery"}},
	"ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "Lambda", "Parameters": [
		{"ParameterName": "LambdaArn", "ParameterValue": "arn:aws:lambda:us-east-1:123456789012:function:f"},
		{"ParameterName": "NumberOfRetries", "ParameterValue": "1"},
		{"ParameterName": "BufferIntervalInSeconds", "ParameterValue": "60"}]}]}}}`

// TestErrorLog: what is logged of which failure, when, and for which destination (operations.md §2).
func TestErrorLog(t *testing.T) {
	const function = `,"processor":"arn:aws:lambda:us-east-1:123456789012:function:f"`
	line := func(at, destination, code, rest string) string {
		return fmt.Sprintf(`%s {"deliveryStreamARN":"arn:aws:firehose:us-east-1:123456789012:deliverystream/s","destination":"arn:aws:s3:::%s","deliveryStreamVersionId":1,"message":"…","errorCode":"%s"%s}`,
			at, destination, code, rest)
	}
	for _, tt := range []struct {
		name             string
		delivery, backup bool
		faults           string
		data             []string
		want             []string
	}{
		{"nothing goes wrong", true, true, "", []string{"a"}, nil},
		{"off", false, false, "s3:denied=1,backup:503=1,lambda:throttle", []string{"a"}, nil},
		{"the bucket is denied twice", true, true, "s3:denied=2", []string{"a"},
			[]string{line("2m0s", "b", "S3.AccessDenied", ""), line("2m1s", "b", "S3.AccessDenied", "")}},
		{"the backup's bucket isn't there", true, true, "backup:nobucket=1", []string{"a"}, []string{line("5m0s", "kept", "S3.NoSuchBucket", "")}},
		{"of two buckets one is logged", true, false, "backup:nobucket=1,s3:503=1", []string{"a"}, []string{line("2m0s", "b", "InternalError", "")}},
		{"the function is throttled, once and again", true, true, "lambda:throttle", []string{"a", "b"},
			[]string{line("1m0s", "b", "Lambda.InvokeLimitExceeded", function), line("1m1s", "b", "Lambda.InvokeLimitExceeded", function)}},
		{"records that a function gives up on", true, true, "", []string{"no", "a", "no"},
			[]string{line("1m0s", "b", "Lambda.ProcessingFailedStatus", function)}},
	} {
		d, err := Parse("s.json", fmt.Appendf(nil, logged, tt.delivery, tt.backup), DescribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		f := &Faults{}
		for _, spec := range strings.FieldsFunc(tt.faults, func(r rune) bool { return r == ',' }) {
			v, err := ParseFault(spec)
			if err != nil {
				t.Fatal(err)
			}
			f.Add(v)
		}
		var got []string
		invoker := hydrant.NewHandler(hydrant.Func(func(_ context.Context, r hydrant.Record) hydrant.Result {
			if string(r.Data) == "no" {
				return hydrant.Result{}
			}
			return hydrant.Result{Status: hydrant.OK, Data: r.Data}
		}))
		p, err := f.New(d.Stream, Options{Bucket: &s3.Memory{}, Invoker: invoker, Log: func(l LogLine) {
			if l.Message == "" {
				t.Errorf("%s: %s has no message", tt.name, l.Code)
			}
			l.Message = "…"
			got = append(got, l.At.Sub(t0).Round(time.Second).String()+" "+string(l.Append(nil)))
		}})
		if err != nil {
			t.Fatal(err)
		}
		put(t, p, t0, tt.data...)
		drain(t, p)
		if g, w := strings.Join(got, "\n"), strings.Join(tt.want, "\n"); g != w {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, g, w)
		}
	}
}

// TestErrorLogLost: what an endpoint has the service discard is logged too.
func TestErrorLogLost(t *testing.T) {
	d, err := Parse("s.yaml", []byte(`
DeliveryStreamName: s
HttpEndpointDestinationConfiguration:
  EndpointConfiguration: { Url: "https://example.com/token" }
  CloudWatchLoggingOptions: { Enabled: true, LogGroupName: g, LogStreamName: s }
  S3Configuration: { RoleARN: "arn:aws:iam::123456789012:role/r", BucketARN: "arn:aws:s3:::b" }
`), DescribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f := &Faults{}
	f.Add(Fault{Place: "http", Kind: "413", Count: 1})
	var got []string
	p, err := f.New(d.Stream, Options{Bucket: &s3.Memory{}, Log: func(l LogLine) { got = append(got, l.Destination+" "+l.Code) }})
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, t0, "a")
	drain(t, p)
	if want := "[https://example.com/... HttpEndpoint.DestinationException]"; fmt.Sprint(got) != want || p.Ledger().Lost != 1 {
		t.Errorf("%v, want %s", got, want)
	}
}

// TestObjectHeaders: all objects of a bucket are encrypted with its key, and owned by the bucket's owner (s3-delivery.md §2, §7).
func TestObjectHeaders(t *testing.T) {
	const key = "arn:aws:kms:us-east-1:123456789012:key/"
	text := strings.NewReplacer(`"BucketARN": "arn:aws:s3:::b",`, `"BucketARN": "arn:aws:s3:::b", "EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": "`+key+`data"}},`,
		`"BucketARN": "arn:aws:s3:::kept",`, `"BucketARN": "arn:aws:s3:::kept", "EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": "`+key+`backup"}},`).Replace(fmt.Sprintf(logged, false, false))
	d, err := Parse("s.json", []byte(text), DescribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m := &s3.Memory{}
	p, err := New(d.Stream, Options{Bucket: m, Invoker: hydrant.NewHandler(hydrant.Func(func(_ context.Context, r hydrant.Record) hydrant.Result {
		if string(r.Data) == "no" {
			return hydrant.Result{}
		}
		return hydrant.Result{Status: hydrant.OK, Data: r.Data}
	}))})
	if err != nil {
		t.Fatal(err)
	}
	put(t, p, t0, "yes", "no")
	drain(t, p)
	keys := map[string]string{s3.Data: key + "data", s3.Error: key + "data", s3.Backup: key + "backup"}
	for _, o := range m.Objects {
		if o.KMSKey != keys[o.Kind] || o.ACL != s3.BucketOwnerFullControl {
			t.Errorf("%s: key %q, ACL %q", o.Kind, o.KMSKey, o.ACL)
		}
		delete(keys, o.Kind)
	}
	if len(keys) > 0 {
		t.Errorf("no objects of %v", keys)
	}
}

package harness

import (
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/s3"
)

// sinkRequest is a request of create-delivery-stream for a stream to another destination, with more members of its configuration.
func sinkRequest(kind, members string) string {
	const s3 = `"S3Configuration": {"RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::failed", "Prefix": "raw/"}`
	return `{"DeliveryStreamName": "s", "` + kind + `DestinationConfiguration": {` + s3 + members + `}}`
}

func parseSink(t testing.TB, kind, members string) *Stream {
	t.Helper()
	return parseSinkText(t, sinkRequest(kind, members))
}

func parseSinkText(t testing.TB, request string) *Stream {
	t.Helper()
	d, err := Parse("s.json", []byte(request), DescribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d.Stream
}

const (
	endpointMembers = `, "EndpointConfiguration": {"Url": "https://example.com/in"}`
	splunkMembers   = `, "HECEndpoint": "https://splunk.example.com:8088", "HECEndpointType": "Event"`
	secretMembers   = `, "SecretsManagerConfiguration": {"Enabled": true, "SecretARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:k-AbCdEf"}`
)

// TestSecret: what a stream shows its destination, and how what the description doesn't hold is said.
func TestSecret(t *testing.T) {
	const arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:k-AbCdEf"
	for _, tt := range []struct {
		kind, members string
		missing       string
		name, text    string
		want, err     string
	}{
		{"HttpEndpoint", endpointMembers, "", "", "", "", ""},
		{"HttpEndpoint", endpointMembers, "", "AccessKey", "k\n", "k", ""},
		{"HttpEndpoint", `, "EndpointConfiguration": {"Url": "https://example.com/in", "AccessKey": "k"}`, "", "", "", "k", ""},
		{"HttpEndpoint", `, "EndpointConfiguration": {"Url": "https://example.com/in", "AccessKey": "{{resolve:secretsmanager:k}}"}`, "AccessKey", "AccessKey", "k", "k", ""},
		{"HttpEndpoint", endpointMembers + secretMembers, arn, arn, `{"api_key": "k", "n": 1}`, "k", ""},
		{"HttpEndpoint", endpointMembers + secretMembers, arn, arn, `{"api_key": 1}`, "", "no member api_key that is a text"},
		{"HttpEndpoint", endpointMembers + secretMembers, arn, arn, `{"key": "k"}`, "", "no member api_key"},
		{"HttpEndpoint", endpointMembers + secretMembers, arn, arn, `{"api_key": "k`, "", "is not JSON"},
		{"HttpEndpoint", endpointMembers + secretMembers, arn, arn + "x", `k`, "", "has no secret"},
		{"Splunk", splunkMembers + `, "HECToken": "k"`, "", "", "", "k", ""},
		{"Splunk", splunkMembers + secretMembers, arn, arn, `{"hec_token": "k"}`, "k", ""},
	} {
		s := parseSink(t, tt.kind, tt.members)
		if got := s.Secret(); got != tt.missing {
			t.Errorf("%s%s: %q is missing, want %q", tt.kind, tt.members, got, tt.missing)
		}
		if tt.name != "" {
			err := s.SetSecret(tt.name, []byte(tt.text))
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("%s%s: %v, want %q", tt.kind, tt.members, err, tt.err)
			}
			if err != nil {
				continue
			}
		}
		var got secret
		switch e := s.Sink.(type) {
		case *HTTPEndpoint:
			got = e.secret
		case *Splunk:
			got = e.secret
		}
		if got.value != tt.want || s.Secret() != "" || tt.want != "" && got.name == "" {
			t.Errorf("%s%s: %+v, want %q", tt.kind, tt.members, got, tt.want)
		}
	}
}

// TestSinkRules has the rules of the create call for other destinations than S3 (destinations.md §0, §3, §4).
func TestSinkRules(t *testing.T) {
	for _, tt := range []struct{ kind, members, want string }{
		{"HttpEndpoint", endpointMembers, ""},
		{"HttpEndpoint", ``, "Value at 'httpEndpointDestinationConfiguration.endpointConfiguration' failed to satisfy constraint: Member must not be null"},
		{"HttpEndpoint", `, "EndpointConfiguration": {"Url": "http://example.com/"}`, "Member must satisfy regular expression pattern: https://.*"},
		{"HttpEndpoint", `, "EndpointConfiguration": {"Url": "https://` + strings.Repeat("x", 993) + `"}`, "length less than or equal to 1000"},
		{"HttpEndpoint", `, "EndpointConfiguration": {"Url": "https://example.com:443/"}`, ""},
		{"HttpEndpoint", `, "EndpointConfiguration": {"Url": "https://example.com:8443/secret"}`, "Url has the port 8443; delivery is supported to port 443 only"},
		{"HttpEndpoint", `, "EndpointConfiguration": {"Url": "https:///secret"}`, "Url is not the URL of a host"},
		{"HttpEndpoint", `, "EndpointConfiguration": {"Url": "https://example.com/", "Name": " "}`, "endpointConfiguration.name"},
		{"HttpEndpoint", `, "EndpointConfiguration": {"Url": "https://example.com/", "AccessKey": "` + strings.Repeat("x", 4097) + `"}`, "endpointConfiguration.accessKey"},
		{"HttpEndpoint", endpointMembers + `, "BufferingHints": {"SizeInMBs": 65}`, "bufferingHints.sizeInMBs"},
		{"HttpEndpoint", endpointMembers + `, "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 0}`, ""},
		{"HttpEndpoint", endpointMembers + `, "BufferingHints": {"IntervalInSeconds": 901}`, "bufferingHints.intervalInSeconds"},
		{"HttpEndpoint", endpointMembers + `, "RetryOptions": {"DurationInSeconds": 7201}`, "retryOptions.durationInSeconds"},
		{"HttpEndpoint", endpointMembers + `, "RequestConfiguration": {"ContentEncoding": "gzip"}`, "enum value set: [NONE, GZIP]"},
		{"HttpEndpoint", endpointMembers + `, "RequestConfiguration": {"CommonAttributes": [{"AttributeName": "", "AttributeValue": ""}]}`, "commonAttributes.1.member.attributeName"},
		{"HttpEndpoint", endpointMembers + `, "RequestConfiguration": {"CommonAttributes": [` + strings.Repeat(`{"AttributeName": "a", "AttributeValue": ""},`, 50) + `{"AttributeName": "a", "AttributeValue": ""}]}`, "commonAttributes' failed to satisfy constraint: Member must have length less than or equal to 50"},
		{"HttpEndpoint", endpointMembers + `, "S3BackupMode": "AllEvents"`, "enum value set: [FailedDataOnly, AllData]"},
		{"HttpEndpoint", `, "EndpointConfiguration": {"Url": "https://example.com/", "AccessKey": "secret"}` + secretMembers, "AccessKey cannot be specified when SecretsManagerConfiguration is enabled"},
		{"HttpEndpoint", endpointMembers + `, "SecretsManagerConfiguration": {"Enabled": true}`, "SecretsManagerConfiguration needs SecretARN"},
		{"HttpEndpoint", endpointMembers + `, "SecretsManagerConfiguration": {"Enabled": false}`, ""},
		{"Splunk", splunkMembers + `, "HECToken": "k"`, ""},
		{"Splunk", splunkMembers, "HECToken is required"},
		{"Splunk", `, "HECToken": "k", "HECEndpoint": "splunk:8088", "HECEndpointType": "Raw"`, "HECEndpoint must be a URL"},
		{"Splunk", `, "HECToken": "k", "HECEndpoint": "http://splunk:8088", "HECEndpointType": "Raw"`, "HECEndpoint must be a URL"},
		{"Splunk", `, "HECToken": "k", "HECEndpoint": "https://splunk:8088", "HECEndpointType": "raw"`, "enum value set: [Raw, Event]"},
		{"Splunk", splunkMembers + `, "HECToken": "k", "HECAcknowledgmentTimeoutInSeconds": 179`, "hECAcknowledgmentTimeoutInSeconds"},
		{"Splunk", splunkMembers + `, "HECToken": "k", "HECAcknowledgmentTimeoutInSeconds": 601`, "hECAcknowledgmentTimeoutInSeconds"},
		{"Splunk", splunkMembers + `, "HECToken": "k", "BufferingHints": {"SizeInMBs": 6}`, "bufferingHints.sizeInMBs"},
		{"Splunk", splunkMembers + `, "HECToken": "k", "BufferingHints": {"IntervalInSeconds": 61}`, "bufferingHints.intervalInSeconds"},
	} {
		_, err := Parse("s.json", []byte(sinkRequest(tt.kind, tt.members)), DescribeOptions{})
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s%.200s: %v, want %q", tt.kind, tt.members, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error holds a secret: %v", err)
		}
	}
	_, err := Parse("s.json", []byte(strings.Replace(sinkRequest("Splunk", splunkMembers), `"S3Configuration"`, `"X"`, 1)), DescribeOptions{})
	if err == nil {
		t.Error("S3Configuration is required")
	}
}

const (
	redshiftUser   = `, "Username": "u", "Password": "hidden1"`
	redshiftBucket = `, "S3Configuration": {"RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::b"`
)

// redshiftCopy is the CopyCommand of a request.
func redshiftCopy(options string) string {
	return `, "CopyCommand": {"DataTableName": "t", "CopyOptions": "` + options + `"}`
}

// redshiftRequest is a request of create-delivery-stream for a stream to Redshift.
func redshiftRequest(members string) string {
	return `{"DeliveryStreamName": "s", "RedshiftDestinationConfiguration": {"RoleARN": "arn:aws:iam::123456789012:role/r",
		"ClusterJDBCURL": "jdbc:redshift://c.abc.us-east-1.redshift.amazonaws.com:5439/dev"` + members + `}}`
}

// TestRedshiftRules has what is refused of a stream to Redshift, what is noticed, and what is the default (destinations.md §0, §1).
func TestRedshiftRules(t *testing.T) {
	for _, tt := range []struct{ members, refused, noticed string }{
		{redshiftUser + redshiftCopy("") + redshiftBucket + `}`, "", ""},
		{redshiftCopy("") + redshiftBucket + `}`, "Username and Password are required unless SecretsManagerConfiguration is enabled", ""},
		{`, "Username": "u"` + redshiftCopy("") + redshiftBucket + `}`, "Username and Password are required", ""},
		{redshiftCopy("") + secretMembers + redshiftBucket + `}`, "", ""},
		{redshiftUser + redshiftCopy("") + secretMembers + redshiftBucket + `}`, "cannot be specified when SecretsManagerConfiguration is enabled", ""},
		{redshiftUser + redshiftBucket + `}`, "redshiftDestinationConfiguration.copyCommand", ""},
		{redshiftUser + redshiftCopy("") + redshiftBucket + `, "Prefix": "!{timestamp:yyyy}/", "ErrorOutputPrefix": "!{firehose:error-output-type}/"}`, "Prefix must not contain expressions for delivery to Amazon Redshift", ""},
		{redshiftUser + redshiftCopy("") + redshiftBucket + `, "ErrorOutputPrefix": "e/"}`, "ErrorOutputPrefix is not supported for delivery to Amazon Redshift", ""},
		{redshiftUser + redshiftCopy("") + redshiftBucket + `, "CompressionFormat": "ZIP"}`, "CompressionFormat must be UNCOMPRESSED or GZIP for delivery to Amazon Redshift; it is ZIP", ""},
		{redshiftUser + redshiftCopy("") + redshiftBucket + `, "CompressionFormat": "GZIP"}`, "", "CopyOptions must say GZIP too"},
		{redshiftUser + redshiftCopy("json 'auto' gzip") + redshiftBucket + `, "CompressionFormat": "GZIP"}`, "", ""},
		{redshiftUser + redshiftCopy("gzip") + redshiftBucket + `}`, "", "CompressionFormat is not GZIP"},
		{redshiftUser + redshiftCopy("csv ignoreheader 1") + redshiftBucket + `}`, "", "CopyOptions say IGNOREHEADER"},
		{redshiftUser + redshiftCopy("") + redshiftBucket + `}, "RetryOptions": {"DurationInSeconds": 7201}`, "retryOptions.durationInSeconds", ""},
	} {
		d, err := Parse("s.json", []byte(redshiftRequest(tt.members)), DescribeOptions{})
		if tt.refused == "" && err != nil || tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)) {
			t.Errorf("%s: %v, want %q", tt.members, err, tt.refused)
		}
		if err != nil && strings.Contains(err.Error(), "hidden") {
			t.Errorf("the error holds a secret: %v", err)
		}
		if err != nil {
			continue
		}
		if got := strings.Join(d.Stream.Notices, "\n"); tt.noticed == "" && got != "" || !strings.Contains(got, tt.noticed) || len(d.Stream.Notices) > 1 {
			t.Errorf("%s: %q, want %q", tt.members, got, tt.noticed)
		}
	}
	s := parseSinkText(t, redshiftRequest(redshiftUser+redshiftCopy("")+redshiftBucket+`}`))
	e := s.Sink.(*Redshift)
	if h, _ := e.buffer(); h.Size != 5*MiB || h.Interval.Seconds() != 300 || e.retry.Seconds() != 3600 || s.Backup != nil || e.Manifests.String() != "manifests/" || e.Skipped.String() != "errors/manifests/" {
		t.Errorf("%s", show(s))
	}
}

// TestSinkDefaults: what is not said (destinations.md §0, record-transformation.md §6).
func TestSinkDefaults(t *testing.T) {
	const lambda = `, "ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "Lambda", "Parameters": [{"ParameterName": "LambdaArn", "ParameterValue": "arn:f"}]}]}`
	http, splunk := parseSink(t, "HttpEndpoint", endpointMembers+lambda), parseSink(t, "Splunk", splunkMembers+`, "HECToken": "k"`+lambda)
	if h, most := http.Sink.buffer(); h.Size != 5*MiB || h.Interval.Seconds() != 300 || most != 64*MiB || http.Sink.budget().For.Seconds() != 300 || http.Lambda.Hints.Size != MiB || http.outstanding() != 5 || http.Backup != nil {
		t.Errorf("%s", show(http))
	}
	if h, most := splunk.Sink.buffer(); h.Size != 5*MiB || h.Interval.Seconds() != 60 || most != 5*MiB || splunk.Sink.budget().For.Seconds() != 300 || splunk.Lambda.Hints.Size != MiB/4 ||
		splunk.outstanding() != 10 || splunk.Sink.(*Splunk).AckTimeout.Seconds() != 180 || splunk.Backup != nil {
		t.Errorf("%s", show(splunk))
	}
	all := parseSink(t, "Splunk", splunkMembers+`, "HECToken": "k", "S3BackupMode": "AllEvents", "RetryOptions": {"DurationInSeconds": 0}`)
	if all.Backup == nil || all.Backup.Bucket != "failed" || all.Sink.budget().Attempts != 1 {
		t.Errorf("%s", show(all))
	}
}

// TestEndpointPauses: after retry n, from 0, the pause is 1 s × 2ⁿ, at most 120 s, and up to 15 percent shorter or longer; one that would end
// behind the retry duration isn't made (destinations.md §4.4, CHOICE).
func TestEndpointPauses(t *testing.T) {
	b := endpointBudget(2 * time.Hour)
	for n, want := range []float64{1, 2, 4, 8, 16, 32, 64, 120, 120, 120} {
		for chance, factor := range map[float64]float64{0: 0.85, 0.5: 1, 1 - 1e-9: 1.15} {
			at, ok := b.next(n+1, t0, t0, chance)
			if got := at.Sub(t0).Seconds(); !ok || got < want*factor-0.001 || got > want*factor+0.001 {
				t.Errorf("retry %d, chance %v: %v s, want %v", n, chance, got, want*factor)
			}
		}
	}
	if at, ok := b.next(60, t0, t0.Add(2*time.Hour-120*time.Second), 0.5); !ok || !at.Equal(t0.Add(2*time.Hour)) {
		t.Errorf("the last retry is at %v, %v", at, ok)
	}
	if _, ok := b.next(60, t0, t0.Add(2*time.Hour-119*time.Second), 0.5); ok {
		t.Error("a retry behind the retry duration")
	}
	if _, ok := endpointBudget(0).next(1, t0, t0, 0); ok {
		t.Error("a retry without a retry duration")
	}
}

// TestVendors: what vendors want and descriptions lack (destinations.md §4.6).
func TestVendors(t *testing.T) {
	for _, tt := range []struct{ members, want string }{
		{endpointMembers, ""},
		{`, "EndpointConfiguration": {"Url": "https://aws.dynatrace.com/x", "AccessKey": "k"}`, "Dynatrace wants the common attribute dt-url"},
		{`, "EndpointConfiguration": {"Url": "https://aws.dynatrace.com/x", "AccessKey": "k"}, "RequestConfiguration": {"CommonAttributes": [{"AttributeName": "dt-url", "AttributeValue": "https://x.live.dynatrace.com"}]}`, ""},
		{`, "EndpointConfiguration": {"Url": "https://api.datadoghq.com/x", "AccessKey": "k"}, "BufferingHints": {"SizeInMBs": 4}`, "is Datadog's API"},
		{`, "EndpointConfiguration": {"Url": "https://aws-kinesis-http-intake.logs.datadoghq.com/v1/input", "AccessKey": "k"}, "BufferingHints": {"SizeInMBs": 4}`, ""},
		{`, "EndpointConfiguration": {"Url": "https://aws-kinesis-http-intake.logs.datadoghq.com/v1/input"}, "BufferingHints": {"SizeInMBs": 4}`, "Datadog wants an access key"},
		{`, "EndpointConfiguration": {"Url": "https://aws-api.newrelic.com/firehose/v1", "AccessKey": "k"}`, "New Relic asks for buffers of 1 MiB; BufferingHints.SizeInMBs is 5"},
		{`, "EndpointConfiguration": {"Url": "https://endpoint1.collection.sumologic.com/receiver/v1/kinesis/log/t"}, "BufferingHints": {"SizeInMBs": 1}`, ""},
	} {
		s := parseSink(t, "HttpEndpoint", tt.members)
		if got := strings.Join(s.Notices, "\n"); tt.want == "" && got != "" || !strings.Contains(got, tt.want) || len(s.Notices) > 1 {
			t.Errorf("%s: %q, want %q", tt.members, s.Notices, tt.want)
		}
	}
}

// TestSinkHintsRaw: a size hint counts the records as they are, not their base64 (destinations.md §4.2, CHOICE).
func TestSinkHintsRaw(t *testing.T) {
	s := parseSink(t, "HttpEndpoint", endpointMembers+`, "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 900}`)
	m := &s3.Memory{}
	p, err := New(s, Options{Bucket: m})
	if err != nil {
		t.Fatal(err)
	}
	data := strings.Repeat("x", 64<<10)
	for range 17 {
		put(t, p, t0, data)
	}
	drain(t, p)
	if len(m.Objects) != 4 || m.Objects[0].Records != 16 || m.Objects[2].Records != 1 {
		t.Errorf("%d objects, the first of %d records", len(m.Objects), m.Objects[0].Records)
	}
}

// TestSinkFaults: what each fault does to one record, and when the stream is done with it: a minute in the buffer, ten seconds for
// Splunk's acknowledgement, five minutes for an error line.
func TestSinkFaults(t *testing.T) {
	const retry = `, "RetryOptions": {"DurationInSeconds": 0}`
	http, splunk := endpointMembers+`, "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60}`, splunkMembers+`, "HECToken": "k"`
	for _, tt := range []struct {
		kind, members, faults string
		want                  string // a code, "delivered" or "lost"
		retries               int64
		done                  string
	}{
		{"HttpEndpoint", http, "", "delivered", 0, "1m0s"},
		{"HttpEndpoint", http + retry, "http:500", "HttpEndpoint.DestinationException", 0, "6m0s"},
		{"HttpEndpoint", http + retry, "http:429", "HttpEndpoint.DestinationException", 0, "6m0s"},
		{"HttpEndpoint", http + retry, "http:refused", "HttpEndpoint.ConnectionFailed", 0, "6m0s"},
		{"HttpEndpoint", http + retry, "http:partial", "HttpEndpoint.InvalidResponseFromDestination", 0, "6m0s"},
		{"HttpEndpoint", http + retry, "http:noack", "HttpEndpoint.RequestTimeout", 0, "6m0s"},
		{"HttpEndpoint", http + retry, "http:slow=5s", "delivered", 0, "1m5s"},
		{"HttpEndpoint", http + retry, "http:slow=3m", "HttpEndpoint.RequestTimeout", 0, "9m0s"},
		{"HttpEndpoint", http, "http:413=1", "lost", 0, "1m0s"},
		{"HttpEndpoint", http, "http:503=1 http:partial=1", "delivered", 2, "1m3s"},
		{"HttpEndpoint", http, "http:refused=70s", "delivered", 4, "1m16s"},
		{"Splunk", splunk, "", "delivered", 0, "1m10s"},
		{"Splunk", splunk + retry, "splunk:503", "Splunk.ServerError", 0, "6m0s"},
		{"Splunk", splunk + retry, "splunk:413", "Splunk.InvalidDataFormat", 0, "6m0s"},
		{"Splunk", splunk + retry, "splunk:refused", "Splunk.ConnectionClosed", 0, "6m0s"},
		{"Splunk", splunk + retry, "splunk:partial", "Splunk.InvalidDataFormat", 0, "6m0s"},
		{"Splunk", splunk + retry, "splunk:noack", "Splunk.AckTimeout", 0, "9m0s"},
		{"Splunk", splunk + retry, "splunk:noack=5", "delivered", 0, "2m0s"},
		{"Splunk", splunk, "splunk:429=2", "delivered", 2, "1m13s"},
		{"Splunk", splunk, "splunk:noack=18", "delivered", 1, "4m11s"},
	} {
		s := parseSink(t, tt.kind, tt.members)
		f := &Faults{}
		for _, spec := range strings.Fields(tt.faults) {
			v, err := ParseFault(spec)
			if err != nil {
				t.Fatal(err)
			}
			f.Add(v)
		}
		p, err := f.New(s, Options{Bucket: &s3.Memory{}})
		if err != nil {
			t.Fatal(err)
		}
		put(t, p, t0, `{"event":1}`)
		drain(t, p)
		l := p.Ledger()
		got := "delivered"
		if l.Lost > 0 {
			got = "lost"
		}
		for code := range l.Failures {
			got = code
		}
		if done := p.Now().Sub(t0).Round(time.Second).String(); got != tt.want || l.Retried != tt.retries || done != tt.done {
			t.Errorf("%s: %s after %d retries and %s, want %s, %d, %s", tt.faults, got, l.Retried, done, tt.want, tt.retries, tt.done)
		}
	}
}

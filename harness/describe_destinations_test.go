package harness

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// destinationKinds are the streams of testdata/describe to other destinations than S3, and the member that each has.
var destinationKinds = map[string]string{
	"Elasticsearch": "ElasticsearchDestination", "Http": "HttpEndpointDestination", "Iceberg": "IcebergDestination", "OpenSearch": "AmazonopensearchserviceDestination",
	"Redshift": "RedshiftDestination", "Serverless": "AmazonOpenSearchServerlessDestination", "Snowflake": "SnowflakeDestination", "Splunk": "SplunkDestination",
}

// TestDestinationsDescribed: for each destination, the template, Terraform, the request of create-delivery-stream and the answer of
// describe-delivery-stream are the same stream.
func TestDestinationsDescribed(t *testing.T) {
	for _, k := range sinkKinds {
		found := false
		for _, member := range destinationKinds {
			found = found || member+"Configuration" == k.member
		}
		if !found {
			t.Errorf("no stream has a %s", k.member)
		}
	}
	for id, member := range destinationKinds {
		t.Run(id, func(t *testing.T) {
			name := strings.ToLower(id)
			request := testdata(t, name+".request.json")
			d, err := Parse(name+".request.json", request, DescribeOptions{})
			if err != nil {
				t.Fatal(err)
			}
			want := show(d.Stream)
			for _, tt := range []struct {
				form, file, id string
				text           []byte
			}{
				{"the template", "destinations.yaml", id, testdata(t, "destinations.yaml")},
				{"the template, by name", "destinations.yaml", name, testdata(t, "destinations.yaml")},
				{"Terraform", "streams.tf", terraformStreamType + "." + name, testdata(t, "streams.tf")},
			} {
				d, err := Parse(tt.file, tt.text, DescribeOptions{ID: tt.id})
				if err != nil {
					t.Errorf("%s: %v", tt.form, err)
				} else if got := show(d.Stream); got != want {
					t.Errorf("%s:\n%s\nthe request:\n%s", tt.form, got, want)
				}
			}
			answer, sealed := describedBy(t, request, member)
			d, err = Parse("described.json", answer, DescribeOptions{})
			if err != nil {
				t.Fatalf("%v in %s", err, answer)
			}
			got := show(d.Stream)
			if sealed != "" { // what the answer leaves out has to be said
				if d.Stream.Secret() != sealed {
					t.Errorf("the answer has no %s, and %q is missing", sealed, d.Stream.Secret())
				}
				with, err := Parse("s.json", request, DescribeOptions{})
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range []*Stream{d.Stream, with.Stream} {
					if err := s.SetSecret(sealed, []byte("the same")); err != nil {
						t.Fatal(err)
					}
				}
				got, want = show(d.Stream), show(with.Stream)
			}
			if got != want {
				t.Errorf("the answer of describe-delivery-stream:\n%s\nthe request:\n%s", got, want)
			}
		})
	}
}

// describedBy is what describe-delivery-stream answers of the stream that a request makes, by the API's model: configurations are called
// descriptions, and a key or a password isn't among them, whose name is sealed.
func describedBy(t *testing.T, request []byte, member string) (answer []byte, sealed string) {
	t.Helper()
	var r map[string]any
	if err := json.Unmarshal(request, &r); err != nil {
		t.Fatal(err)
	}
	c := r[member+"Configuration"].(map[string]any)
	for from, to := range map[string]string{"S3Configuration": "S3DestinationDescription", "S3BackupConfiguration": "S3BackupDescription"} {
		if v, ok := c[from]; ok {
			delete(c, from)
			c[to] = v
		}
	}
	hide := func(from map[string]any, name string) {
		if _, ok := from[name]; ok {
			delete(from, name)
			sealed = name
		}
	}
	if e, ok := c["EndpointConfiguration"].(map[string]any); ok {
		hide(e, "AccessKey")
	}
	if v, ok := c["VpcConfiguration"].(map[string]any); ok {
		delete(c, "VpcConfiguration")
		v["VpcId"] = "vpc-1"
		c["VpcConfigurationDescription"] = v
	}
	hide(c, "Password")
	hide(c, "PrivateKey")
	answer, err := json.Marshal(map[string]any{"DeliveryStreamDescription": map[string]any{
		"DeliveryStreamName": r["DeliveryStreamName"], "DeliveryStreamStatus": "ACTIVE", "DeliveryStreamType": "DirectPut", "VersionId": "1",
		"DeliveryStreamARN":   fmt.Sprintf("arn:aws:firehose:us-east-1:123456789012:deliverystream/%s", r["DeliveryStreamName"]),
		"HasMoreDestinations": false,
		"Destinations":        []any{map[string]any{"DestinationId": "destinationId-000000000001", member + "Description": c}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return answer, sealed
}

// TestVendorsPage: with what docs/destinations.md has for a vendor there is nothing to say, and without any of it there is. Every vendor
// that is known stands there.
func TestVendorsPage(t *testing.T) {
	page, err := os.ReadFile("../docs/destinations.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, row := range regexp.MustCompile("(?m)^\\| ([^|]+) \\| `(https://[^`]+)`[^|]*\\|([^|]*)\\|([^|]*)\\|([^|]*)\\|$").FindAllStringSubmatch(string(page), -1) {
		name, url := row[1], regexp.MustCompile("<[^>]*>").ReplaceAllString(row[2], "x")
		key, size, attribute := strings.TrimSpace(row[3]), strings.TrimSpace(row[4]), ""
		if m := regexp.MustCompile("wants `([^`]+)`").FindStringSubmatch(row[5]); m != nil {
			attribute = m[1]
		}
		notices := func(key, size, attribute string) string {
			members := `, "EndpointConfiguration": {"Url": "` + url + `"`
			if key != "" {
				members += `, "AccessKey": "k"`
			}
			members += "}"
			if size != "" {
				members += `, "BufferingHints": {"SizeInMBs": ` + size + `, "IntervalInSeconds": 60}`
			}
			if attribute != "" {
				members += `, "RequestConfiguration": {"CommonAttributes": [{"AttributeName": "` + attribute + `", "AttributeValue": "v"}]}`
			}
			return strings.Join(parseSink(t, "HttpEndpoint", members).Notices, "\n")
		}
		if got := notices(key, size, attribute); got != "" {
			t.Errorf("%s: %s", name, got)
		}
		for _, tt := range []struct{ has, got, want string }{
			{key, notices("", size, attribute), name + " wants an access key"},
			{size, notices(key, "", attribute), name + " asks for buffers of " + size + " MiB"},
			{attribute, notices(key, size, ""), name + " wants the common attribute " + attribute},
		} {
			if tt.has != "" && !strings.Contains(tt.got, tt.want) {
				t.Errorf("%s: %q, want %q", name, tt.got, tt.want)
			}
		}
		names = append(names, name)
	}
	for _, v := range vendors {
		if !slices.Contains(names, v.name) {
			t.Errorf("the page has no %s", v.name)
		}
	}
}

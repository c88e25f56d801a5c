package harness

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/sink"
)

const clusterS3 = `S3Configuration: { RoleARN: "arn:aws:iam::123456789012:role/r", BucketARN: "arn:aws:s3:::b"%s }`

// describeCluster describes a stream to a cluster, with a domain of a version beside it where there is one.
func describeCluster(kind, conf, backup, version string) (*Description, error) {
	text := fmt.Sprintf(`
Resources:
  S:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      %s: { RoleARN: "arn:aws:iam::123456789012:role/r", IndexName: i, %s, %s }
`, kind, conf, fmt.Sprintf(clusterS3, backup))
	if version != "" {
		text += "  D: { Type: AWS::OpenSearchService::Domain, Properties: { DomainName: search, " + version + " } }\n"
	}
	return Parse("t.yaml", []byte(text), DescribeOptions{})
}

// TestDescribeOpenSearch has what the three configurations mean and what is refused (destinations.md §0, §2).
func TestDescribeOpenSearch(t *testing.T) {
	const (
		cluster    = "AmazonopensearchserviceDestinationConfiguration"
		collection = "AmazonOpenSearchServerlessDestinationConfiguration"
		endpoint   = "ClusterEndpoint: https://h"
		domain     = `DomainARN: "arn:aws:es:us-east-1:123456789012:domain/search"`
	)
	for _, tt := range []struct{ name, kind, conf, backup, version, err string }{
		{"neither", cluster, "TypeName: t", "", "", "Exactly one of DomainARN and ClusterEndpoint must be specified"},
		{"both", cluster, endpoint + ", " + domain, "", "", "Exactly one of DomainARN and ClusterEndpoint must be specified"},
		{"no host", cluster, "ClusterEndpoint: 'https:'", "", "", "ClusterEndpoint is not the URL of a host"},
		{"no collection", collection, "RetryOptions: { DurationInSeconds: 1 }", "", "", "needs CollectionEndpoint"},
		{"too large", cluster, endpoint + ", BufferingHints: { SizeInMBs: 101 }", "", "", "less than or equal to 100"},
		{"too long", cluster, endpoint + ", RetryOptions: { DurationInSeconds: 7201 }", "", "", "less than or equal to 7200"},
		{"another rotation", cluster, endpoint + ", IndexRotationPeriod: OneYear", "", "", "[NoRotation, OneHour, OneDay, OneWeek, OneMonth]"},
		{"another backup", cluster, endpoint + ", S3BackupMode: AllData", "", "", "[FailedDocumentsOnly, AllDocuments]"},
		{"a hasty backup", cluster, endpoint + ", S3BackupMode: AllDocuments", ", BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 10 }", "", "at least 60"},
		{"a type on OpenSearch", cluster, domain + ", TypeName: t", "", "EngineVersion: OpenSearch_2.11", "TypeName must be empty for the domain's version, OpenSearch_2.11"},
		{"a type on Elasticsearch 7", cluster, domain + ", TypeName: t", "", "EngineVersion: Elasticsearch_7.10", "TypeName must be empty"},
		{"a type on Elasticsearch 6", cluster, domain + ", TypeName: t", "", "EngineVersion: Elasticsearch_6.8", ""},
		{"a type on whatever it is", cluster, domain + ", TypeName: t", "", "", ""},
	} {
		_, err := describeCluster(tt.kind, tt.conf, tt.backup, tt.version)
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.err)
		}
	}
	d, err := describeCluster(cluster, domain, "", "EngineVersion: Elasticsearch_6.8")
	if err != nil || len(d.Stream.Notices) != 1 || !strings.Contains(d.Stream.Notices[0], "wants a TypeName") {
		t.Errorf("%v, %v", d.Stream.Notices, err)
	}
	e := d.Stream.Sink.(*OpenSearch)
	if h, most := e.buffer(); h != (buffer.Hints{Size: 5 * MiB, Interval: 300 * time.Second}) || most != 100*MiB || e.Rotation != sink.OneDay || e.NoID || e.WeekRule != "us" || e.retry != 300*time.Second {
		t.Errorf("defaults %+v", e)
	}
}

// TestBulkBudget: the pace is five minutes, and the duration counts from the first attempt (destinations.md §0, §2).
func TestBulkBudget(t *testing.T) {
	for _, tt := range []struct {
		duration time.Duration
		attempts int
	}{{0, 1}, {299 * time.Second, 1}, {300 * time.Second, 2}, {7200 * time.Second, 25}} {
		b := bulkBudget(tt.duration)
		n, at, ok := 1, t0, true
		for ; ; n++ {
			var next time.Time
			if next, ok = b.next(n, t0, at, 0); !ok {
				break
			}
			if next.Sub(at) != 5*time.Minute {
				t.Errorf("a pause of %v", next.Sub(at))
			}
			at = next
		}
		if n != tt.attempts {
			t.Errorf("%v: %d attempts, want %d", tt.duration, n, tt.attempts)
		}
	}
}

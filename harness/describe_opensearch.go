package harness

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/hydrantkit/hydrant/harness/sink"
	"github.com/hydrantkit/hydrant/internal/template"
)

// OpenSearch is a stream's AmazonopensearchserviceDestinationConfiguration, ElasticsearchDestinationConfiguration or
// AmazonOpenSearchServerlessDestinationConfiguration (destinations.md §2).
type OpenSearch struct {
	sinkConfig
	Domain     string // its ARN; empty where there is an endpoint
	Endpoint   string // https://…; of a domain one that the description doesn't know
	Index      string
	Type       string
	Rotation   sink.Rotation
	WeekRule   string // "us" or "iso": how weeks are counted (§2, CHOICE: us)
	NoID       bool   // the cluster gives document ids
	Serverless bool
}

// Place is "opensearch".
func (e *OpenSearch) Place() string { return "opensearch" }

func (e *OpenSearch) budget() budget { return bulkBudget(e.retry) }

func (e *OpenSearch) open(s *Stream, o Options) (Destination, error) {
	return &sink.OpenSearch{Endpoint: e.Endpoint, Index: e.Index, Type: e.Type, Rotation: e.Rotation, ISOWeek: e.WeekRule == "iso",
		NoID: e.NoID, Serverless: e.Serverless, Region: s.Region, Transport: o.Transport, Seed: o.Seed}, nil
}

var rotations = map[string]sink.Rotation{"NoRotation": sink.NoRotation, "OneHour": sink.OneHour, "OneDay": sink.OneDay, "OneWeek": sink.OneWeek, "OneMonth": sink.OneMonth}

// openSearch reads an AmazonopensearchserviceDestinationConfiguration or an ElasticsearchDestinationConfiguration.
func (d *describer) openSearch(s *Stream, n *template.Node) {
	e := d.bulk(s, n)
	e.Type = d.str(n.Get("TypeName"))
	e.Rotation = rotations[d.text(n.Get("IndexRotationPeriod"), "OneDay")]
	e.NoID = d.text(n.Get("DocumentIdOptions", "DefaultDocumentIdFormat"), "FIREHOSE_DEFAULT") == "NO_DOCUMENT_ID"
	domain, endpoint := n.Get("DomainARN"), n.Get("ClusterEndpoint")
	switch {
	case d.err != nil:
	case domain.IsNull() == endpoint.IsNull():
		d.refuse(n, "Exactly one of DomainARN and ClusterEndpoint must be specified")
	case domain.IsNull():
		d.endpoint(e, endpoint, "ClusterEndpoint")
	default:
		e.Domain = d.str(domain)
		if f := strings.Split(e.Domain, ":"); len(f) == 6 {
			e.Endpoint = "https://search-" + strings.TrimPrefix(f[5], "domain/") + "." + f[3] + ".es.amazonaws.com"
		}
		d.typeName(e, n)
	}
}

// serverless reads an AmazonOpenSearchServerlessDestinationConfiguration.
func (d *describer) serverless(s *Stream, n *template.Node) {
	e := d.bulk(s, n)
	e.Serverless = true
	if at := n.Get("CollectionEndpoint"); at.IsNull() {
		d.required(n, "CollectionEndpoint", "AmazonOpenSearchServerlessDestinationConfiguration")
	} else {
		d.endpoint(e, at, "CollectionEndpoint")
	}
}

// bulk reads what the three have in common.
func (d *describer) bulk(s *Stream, n *template.Node) *OpenSearch {
	e := &OpenSearch{Index: d.str(n.Get("IndexName")), WeekRule: "us"}
	e.hints, e.most = d.sinkHints(n.Get("BufferingHints"), 1, 5, 100, 300, 900)
	e.retry = d.retryDuration(n, 300)
	s.Sink = e
	return e
}

func (d *describer) endpoint(e *OpenSearch, at *template.Node, name string) {
	e.Endpoint = strings.TrimRight(d.str(at), "/")
	if u, err := url.Parse(e.Endpoint); d.err == nil && (err != nil || u.Hostname() == "") {
		d.refuse(at, "%s is not the URL of a host", name)
	}
}

// typeName holds TypeName against the version of a domain that the template has: types went with version 7.
func (d *describer) typeName(e *OpenSearch, n *template.Node) {
	if d.t == nil {
		return
	}
	r := d.t.ByARN(e.Domain)
	if r == nil {
		return
	}
	version, _ := r.Properties.Get("EngineVersion").Str() // OpenSearch_2.11, Elasticsearch_7.10
	if version == "" {
		version, _ = r.Properties.Get("ElasticsearchVersion").Str() // 7.10; the older resource
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(version, "Elasticsearch_"), ".")
	number, err := strconv.Atoi(major)
	typeless := strings.HasPrefix(version, "OpenSearch_") || err == nil && number >= 7
	switch {
	case typeless && e.Type != "":
		d.refuse(n.Get("TypeName"), "TypeName must be empty for the domain's version, %s", version)
	case err == nil && number < 7 && e.Type == "":
		d.notice(n, "the domain's version, %s, wants a TypeName, and there is none", version)
	}
}

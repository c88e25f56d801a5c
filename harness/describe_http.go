package harness

import (
	"net/url"
	"strings"

	"github.com/hydrantkit/hydrant/harness/sink"
	"github.com/hydrantkit/hydrant/internal/template"
)

// An HTTPEndpoint is a stream's HttpEndpointDestinationConfiguration (destinations.md §4).
type HTTPEndpoint struct {
	sinkConfig
	URL        string
	GZIP       bool
	Attributes []sink.Attribute
	On413      string // "drop" or "backup": what becomes of a request that is answered with 413 (§4.4, CHOICE: drop)
}

// Place is "http".
func (e *HTTPEndpoint) Place() string { return "http" }

func (e *HTTPEndpoint) budget() budget { return endpointBudget(e.retry) }

func (e *HTTPEndpoint) open(s *Stream, o Options) (Destination, error) {
	key := e.secret.value != "" || !e.secret.known
	return &sink.HTTP{URL: e.URL, AccessKey: e.secret.value, Secret: e.secret.name != "" && key, GZIP: e.GZIP, Attributes: e.Attributes,
		SourceARN: s.ARN, Backup413: e.On413 == "backup", Transport: o.Transport, Seed: o.Seed}, nil
}

// httpEndpoint reads an HttpEndpointDestinationConfiguration.
func (d *describer) httpEndpoint(s *Stream, n *template.Node) {
	at := n.Get("EndpointConfiguration", "Url")
	e := &HTTPEndpoint{URL: d.str(at), On413: "drop"}
	_ = d.str(n.Get("EndpointConfiguration", "Name")) // the console shows it
	e.hints, e.most = d.sinkHints(n.Get("BufferingHints"), 1, 5, 64, 300, 900)
	e.retry = d.retryDuration(n, 300)
	e.secret = d.secret(n, n.Get("EndpointConfiguration"), "AccessKey", "api_key")
	request := n.Get("RequestConfiguration")
	e.GZIP = d.text(request.Get("ContentEncoding"), "NONE") == "GZIP"
	if list := request.Get("CommonAttributes"); list != nil {
		if list.Kind == template.Unresolved {
			d.fail(list.Err)
		}
		for _, a := range list.Items {
			e.Attributes = append(e.Attributes, sink.Attribute{Name: d.str(a.Get("AttributeName")), Value: d.str(a.Get("AttributeValue"))})
		}
	}
	s.Sink = e
	if d.err != nil {
		return
	}
	u, err := url.Parse(e.URL)
	switch {
	case err != nil || u.Hostname() == "":
		d.refuse(at, "Url is not the URL of a host") // the text may be secret
		return
	case u.Port() != "" && u.Port() != "443":
		d.refuse(at, "Url has the port %s; delivery is supported to port 443 only", u.Port())
		return
	}
	d.vendor(e, u.Hostname(), at)
}

// A vendor is one of those that the console knows (destinations.md §4.6).
type vendor struct {
	name, host string // host is how its name ends
	key        bool   // it wants an access key
	attribute  string // that it wants
	size       int64  // of buffers, in MiB, that it asks for; 0 is nothing
}

var vendors = []vendor{
	{name: "Datadog", host: "datadoghq.com", key: true, size: 4},
	{name: "Datadog", host: "datadoghq.eu", key: true, size: 4},
	{name: "Datadog", host: "ddog-gov.com", key: true, size: 4},
	{name: "New Relic", host: "newrelic.com", key: true, size: 1},
	{name: "New Relic", host: "nr-data.net", key: true, size: 1},
	{name: "Sumo Logic", host: "sumologic.net", size: 1},
	{name: "Sumo Logic", host: "sumologic.com", size: 1},
	{name: "Elastic", host: "aws.elastic-cloud.com", key: true, size: 1},
	{name: "Honeycomb", host: "api.honeycomb.io", key: true},
	{name: "Coralogix", host: "coralogix.com", key: true},
	{name: "Dynatrace", host: "dynatrace.com", key: true, attribute: "dt-url"},
	{name: "LogicMonitor", host: "logicmonitor.com", key: true},
	{name: "Logz.io", host: "logz.io", key: true},
	{name: "MongoDB Cloud", host: "mongodb-realm.com", key: true},
	{name: "Splunk Observability Cloud", host: "signalfx.com", key: true},
}

// vendor says what a vendor wants and the description lacks.
func (d *describer) vendor(e *HTTPEndpoint, host string, at *template.Node) {
	if strings.HasPrefix(host, "api.datadoghq.") {
		d.notice(at, "%s is Datadog's API; its intake for delivery streams is aws-kinesis-http-intake.logs.datadoghq.com", host)
	}
	for _, v := range vendors {
		if host != v.host && !strings.HasSuffix(host, "."+v.host) {
			continue
		}
		has := v.attribute == ""
		for _, a := range e.Attributes {
			has = has || a.Name == v.attribute
		}
		if !has {
			d.notice(at, "%s wants the common attribute %s, and there is none", v.name, v.attribute)
		}
		if v.key && e.secret.name == "" {
			d.notice(at, "%s wants an access key, and there is none", v.name)
		}
		if v.size > 0 && e.hints.Size > v.size*MiB {
			d.notice(at, "%s asks for buffers of %d MiB; BufferingHints.SizeInMBs is %d", v.name, v.size, e.hints.Size/MiB)
		}
		return
	}
}

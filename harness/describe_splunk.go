package harness

import (
	"net/url"
	"time"

	"github.com/hydrantkit/hydrant/harness/sink"
	"github.com/hydrantkit/hydrant/internal/template"
)

// Splunk is a stream's SplunkDestinationConfiguration (destinations.md §3).
type Splunk struct {
	sinkConfig
	Endpoint   string // HECEndpoint
	Raw        bool   // HECEndpointType
	AckTimeout time.Duration
}

// Place is "splunk".
func (e *Splunk) Place() string { return "splunk" }

func (e *Splunk) budget() budget { return endpointBudget(e.retry) }

func (e *Splunk) open(s *Stream, o Options) (Destination, error) {
	return &sink.Splunk{Endpoint: e.Endpoint, Raw: e.Raw, Token: e.secret.value, AckTimeout: e.AckTimeout, Transport: o.Transport, Seed: o.Seed}, nil
}

// splunkOutstanding is how many invocations of a function a stream to Splunk may have at once (destinations.md §3).
const splunkOutstanding = 10

// splunk reads a SplunkDestinationConfiguration.
func (d *describer) splunk(s *Stream, n *template.Node) {
	at := n.Get("HECEndpoint")
	e := &Splunk{Endpoint: d.str(at), Raw: d.str(n.Get("HECEndpointType")) == "Raw"}
	e.hints, e.most = d.sinkHints(n.Get("BufferingHints"), 1, 5, 5, 60, 60)
	e.retry = d.retryDuration(n, 300)
	e.AckTimeout = time.Duration(d.integer(n.Get("HECAcknowledgmentTimeoutInSeconds"), 180)) * time.Second
	e.secret = d.secret(n, n, "HECToken", "hec_token")
	s.Sink = e
	if d.err != nil {
		return
	}
	if u, err := url.Parse(e.Endpoint); err != nil || u.Hostname() == "" || u.Scheme != "https" {
		d.refuse(at, "HECEndpoint must be a URL such as https://host:8088")
	} else if e.secret.name == "" {
		d.refuse(n, "HECToken is required unless SecretsManagerConfiguration is enabled")
	}
}

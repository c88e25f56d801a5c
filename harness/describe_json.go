package harness

import (
	"github.com/hydrantkit/hydrant/internal/template"
)

// firstVersion is a new stream's (sources.md §2).
const firstVersion = 1

// parseVersion reads a VersionId, which is absent before a stream was made.
func parseVersion(n *template.Node) (int, error) {
	if n.IsNull() || n.Kind == template.Unresolved || n.Text == "" && n.Kind == template.String {
		return firstVersion, nil
	}
	v, err := n.Int()
	switch {
	case err != nil:
		return 0, err
	case v < 1 || v > 1<<31-1:
		return 0, n.Errorf("VersionId %d: versions count from 1", v)
	}
	return int(v), nil
}

// parseJSON reads the API's own JSON: the request of CreateDeliveryStream, or what DescribeDeliveryStream answers.
func parseJSON(doc *template.Node, o DescribeOptions) (*Stream, error) {
	if doc.Kind != template.Map {
		return nil, doc.Errorf("neither a template, nor the JSON of terraform show, nor a CreateDeliveryStream request")
	}
	if v := doc.Get("DeliveryStreamDescription"); v != nil && v.Kind == template.Map {
		doc = v
	}
	name, err := doc.Get("DeliveryStreamName").Str()
	if err != nil {
		return nil, doc.Errorf("neither a template (it has no Resources), nor the JSON of terraform show, nor a CreateDeliveryStream request or a description of a stream (it has no DeliveryStreamName)")
	}
	if doc.Get("Destinations") != nil {
		return parseDescription(doc, o)
	}
	to := o.Template.WithDefaults()
	id := identity{name: name, version: firstVersion}
	id.arn, _ = to.ARN(streamType, func(string) *template.Node { return doc.Get("DeliveryStreamName") })
	return parseStream(doc, id, nil, o)
}

// parseDescription reads a DeliveryStreamDescription as the request that would make the stream.
func parseDescription(doc *template.Node, o DescribeOptions) (*Stream, error) {
	id := identity{name: doc.Get("DeliveryStreamName").Text}
	var err error
	if id.arn, err = doc.Get("DeliveryStreamARN").Str(); err != nil {
		return nil, doc.Errorf("a DeliveryStreamDescription needs DeliveryStreamARN")
	}
	if id.version, err = parseVersion(doc.Get("VersionId")); err != nil {
		return nil, err
	}
	list := doc.Get("Destinations")
	if list.Kind != template.List || len(list.Items) != 1 || list.Items[0].Kind != template.Map {
		return nil, list.Errorf("Destinations is a list of one destination")
	}
	request := &template.Node{Kind: template.Map, Pos: doc.Pos}
	for _, m := range doc.Members {
		if m.Key == "DeliveryStreamName" || m.Key == "DeliveryStreamType" {
			request.Members = append(request.Members, m)
		}
	}
	if src := doc.Get("Source"); src != nil {
		for _, m := range src.Members {
			request.Members = append(request.Members, configuration(m, "DeliveryStartTimestamp"))
		}
	}
	if e := doc.Get("DeliveryStreamEncryptionConfiguration"); e.Get("Status") != nil && e.Get("Status").Text == "ENABLED" {
		request.Members = append(request.Members, configuration(template.Member{Key: "DeliveryStreamEncryptionConfigurationInput", Value: e}, "Status", "FailureDescription"))
	}
	const simple = "S3DestinationDescription"
	var destinations []template.Member
	for _, m := range list.Items[0].Members {
		if m.Key != "DestinationId" && !m.Value.IsNull() {
			destinations = append(destinations, m)
		}
	}
	for _, m := range destinations {
		if m.Key == simple && len(destinations) > 1 {
			continue // the same again, in an older shape (s3-delivery.md §9)
		}
		request.Members = append(request.Members, configuration(m))
	}
	return parseStream(request, id, nil, o)
}

// hidden are the secrets that a description of a stream leaves out: the structure of a destination that holds one, and its name. An
// endpoint that has no access key is described no otherwise than one that has.
var hidden = map[string][2]string{
	"HttpEndpointDestinationConfiguration": {"EndpointConfiguration", "AccessKey"},
	"RedshiftDestinationConfiguration":     {"", "Password"},
	"SnowflakeDestinationConfiguration":    {"", "PrivateKey"},
}

// configuration is a member of a description as it is called in a request, without the members that only the answer
// has.
func configuration(m template.Member, answer ...string) template.Member {
	const described, configured = "Description", "Configuration"
	if n := len(m.Key) - len(described); n > 0 && m.Key[n:] == described {
		m.Key = m.Key[:n] + configured
	}
	for _, key := range answer {
		if m.Value.Kind == template.Map {
			m.Value = without(m.Value, key)
		}
	}
	if b := m.Value.Get("S3BackupDescription"); b != nil && m.Value.Kind == template.Map {
		m.Value = with(without(m.Value, "S3BackupDescription"), "S3BackupConfiguration", b)
	}
	if v := m.Value.Get("VpcConfigurationDescription"); v != nil && m.Value.Kind == template.Map {
		m.Value = with(without(m.Value, "VpcConfigurationDescription"), "VpcConfiguration", without(v, "VpcId"))
	}
	elsewhere, _ := m.Value.Get("SecretsManagerConfiguration", "Enabled").Bool()
	if at := hidden[m.Key]; at[1] != "" && m.Value.Kind == template.Map && !elsewhere {
		secret := &template.Node{Kind: template.Unresolved, Pos: m.Value.Pos, Err: m.Value.Errorf("%s is not shown by describe-delivery-stream", at[1])}
		switch inner := m.Value.Get(at[0]); {
		case at[0] == "":
			m.Value = with(m.Value, at[1], secret)
		case inner != nil && inner.Kind == template.Map:
			m.Value = with(m.Value, at[0], with(inner, at[1], secret))
		}
	}
	if b := m.Value.Get("S3DestinationDescription"); b != nil && m.Value.Kind == template.Map {
		m.Value = with(without(m.Value, "S3DestinationDescription"), "S3Configuration", b)
	}
	return m
}

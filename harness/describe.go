package harness

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/harness/api"
	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/partition"
	"github.com/hydrantkit/hydrant/internal/jq"
	"github.com/hydrantkit/hydrant/internal/template"
	"github.com/hydrantkit/hydrant/internal/template/terraform"
	"github.com/hydrantkit/hydrant/schema"
	"github.com/hydrantkit/hydrant/schema/glue"
)

// DescribeOptions are what a description may leave open.
type DescribeOptions struct {
	ID       string           // logical id, address or name of the stream; needed where there are several
	Template template.Options // parameters, account, region
	Table    *schema.Table    // instead of the one that the description names; nil takes that

	// Schema names the table's source as [glue.Load] takes it, where Table is nil: a file of several versions serves
	// a SchemaConfiguration that pins one. Glue is how it is reached.
	Schema string
	Glue   glue.Options

	DocTimestampRule   bool // is s3.Use's
	LiteralErrorPrefix bool // is s3.Use's LiteralError
}

// A Description is a delivery stream with what stands around it.
type Description struct {
	Stream   *Stream
	Resource *template.Resource // of the stream, with the API's names; nil where the description is the API's own JSON
	Function *template.Resource // of the stream's Lambda, with CloudFormation's names; nil where the template doesn't hold it
	Template *template.Template // nil where the description is the API's own JSON
}

// Load reads the description that src names: a file or a folder of .tf files, with #ID behind it where it describes
// several streams. A .tf file is read with the files beside it, as [terraform.Load] does; every other file as [Parse]
// does. A file whose name holds a # may be given as it is.
func Load(src string, o DescribeOptions) (*Description, error) {
	path, id := src, ""
	info, err := os.Stat(path)
	for i := 0; err != nil && i < len(src); i++ {
		if src[i] == '#' {
			path, id = src[:i], src[i+1:]
			info, err = os.Stat(path)
		}
	}
	if err != nil {
		return nil, &template.Error{Pos: template.Pos{File: src}, Msg: reason(err)}
	}
	if o.ID == "" {
		o.ID = id
	}
	if info.IsDir() || filepath.Ext(path) == ".tf" {
		t, err := terraform.Load(path, o.Template)
		if err != nil {
			return nil, err
		}
		return find(t, template.Pos{File: path}, o)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, &template.Error{Pos: template.Pos{File: path}, Msg: reason(err)}
	}
	return Parse(path, data, o)
}

// reason is an error of the file system without the path, which stands in front of it already.
func reason(err error) string {
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return err.Error()
}

// Parse reads the description of a delivery stream: a CloudFormation or SAM template, the request of
// create-delivery-stream or the output of describe-delivery-stream, all of them as JSON or YAML, the JSON of terraform
// show, or a .tf file. The error has the place in the file: an *api.Exception where the service itself would refuse
// the description.
func Parse(file string, data []byte, o DescribeOptions) (*Description, error) {
	if filepath.Ext(file) == ".tf" {
		t, err := terraform.Parse([]terraform.File{{Name: file, Data: data}}, o.Template, nil)
		if err != nil {
			return nil, err
		}
		return find(t, template.Pos{File: file}, o)
	}
	doc, err := template.Parse(file, data)
	if err != nil {
		return nil, err
	}
	var t *template.Template
	switch {
	case terraform.IsShow(doc):
		t, err = terraform.ParseShow(doc, o.Template)
	case template.IsTemplate(doc):
		t, err = template.Evaluate(doc, o.Template)
	default:
		s, err := parseJSON(doc, o)
		if err != nil {
			return nil, err
		}
		return &Description{Stream: s}, nil
	}
	if err != nil {
		return nil, err
	}
	return find(t, doc.Pos, o)
}

// The types of resource that are delivery streams.
const (
	streamType          = "AWS::KinesisFirehose::DeliveryStream"
	terraformStreamType = "aws_kinesis_firehose_delivery_stream"
)

// find describes the stream of a template that o names, or the only one. at is the place of the template.
func find(t *template.Template, at template.Pos, o DescribeOptions) (*Description, error) {
	r, err := findStream(t, at, o.ID)
	if err != nil {
		return nil, err
	}
	d := &Description{Template: t}
	if d.Stream, err = ParseStream(t, r, o); err != nil {
		return nil, err
	}
	if d.Resource, err = renamed(r); err != nil {
		return nil, err
	}
	if l := d.Stream.Lambda; l != nil {
		if fn := t.ByARN(l.ARN); fn != nil {
			if d.Function, err = renamed(fn); err != nil {
				return nil, err
			}
		}
	}
	return d, nil
}

// findStream finds the stream by logical id, address or name, or the only one.
func findStream(t *template.Template, at template.Pos, id string) (*template.Resource, error) {
	fail := func(format string, args ...any) (*template.Resource, error) {
		return nil, &template.Error{Pos: at, Msg: fmt.Sprintf(format, args...)}
	}
	streams := t.OfType(streamType, terraformStreamType)
	if len(streams) == 0 {
		if filepath.Ext(t.File) == ".tf" {
			return fail("there is no resource of type %s here; modules are not followed in .tf files, but terraform show -json resolves them", terraformStreamType)
		}
		return fail("the template has no resource of type %s", streamType)
	}
	var ids []string
	var named *template.Resource
	wanted := t.Resource(id)
	for _, r := range streams {
		if r == wanted {
			return r, nil
		}
		if id != "" && r.Name != nil && r.Name.Kind == template.String && r.Name.Text == id {
			named = r
		}
		ids = append(ids, r.LogicalID)
	}
	switch {
	case named != nil:
		return named, nil
	case id != "":
		return fail("the template has no delivery stream %s; it has %s", id, strings.Join(ids, ", "))
	case len(streams) > 1:
		return fail("the template has %d delivery streams (%s); say which", len(streams), strings.Join(ids, ", "))
	}
	return streams[0], nil
}

// ParseStream reads a delivery stream of a template, with the table that its conversion names.
func ParseStream(t *template.Template, r *template.Resource, o DescribeOptions) (*Stream, error) {
	if r.Err != nil {
		return nil, r.Err
	}
	version := firstVersion
	if r.Type == terraformStreamType {
		var err error
		if version, err = parseVersion(r.Properties.Get("version_id")); err != nil {
			return nil, err
		}
	}
	r, err := renamed(r)
	if err != nil {
		return nil, err
	}
	name, err := r.Name.Str()
	if err != nil {
		return nil, err
	}
	arn, err := r.ARN.Str()
	if err != nil {
		return nil, err
	}
	n := icebergNames(r.Properties)
	if n.Get("DeliveryStreamName").IsNull() {
		n = with(n, "DeliveryStreamName", r.Name)
	}
	return parseStream(n, identity{name, arn, version}, t, o)
}

// An identity is what the service gives a stream besides what the request holds.
type identity struct {
	name, arn string
	version   int // of the configuration
}

// parseStream reads a request of CreateDeliveryStream, or the properties of a resource, which are the same.
func parseStream(n *template.Node, id identity, t *template.Template, o DescribeOptions) (*Stream, error) {
	d := &describer{options: o, t: t}
	s := &Stream{Name: id.name, ARN: id.arn, Version: id.version}
	if f := strings.Split(id.arn, ":"); len(f) > 4 {
		s.Region, s.Account = f[3], f[4]
	}
	d.fail(api.Check("CreateDeliveryStreamInput", n, ""))
	if d.err != nil {
		return nil, d.err
	}
	d.destination(s, n)
	d.source(s, n)
	d.encryption(s, n.Get("DeliveryStreamEncryptionConfigurationInput"))
	if d.err != nil {
		return nil, d.err
	}
	s.Notices = d.notices
	return s, nil
}

// A describer reads a description and keeps the first thing that is wrong with it. What the service's model says of
// each value (kinds, ranges, lengths, patterns, what is required) was checked before; here are the rules between
// values, and what each one means.
type describer struct {
	options DescribeOptions
	t       *template.Template // nil where the description is the API's own JSON
	err     error
	notices []string

	lambdaHints buffer.Hints // of the Lambda processor, where the destination has its own
	routes      bool         // MetadataExtraction is for routing, and query is what it asks
	query       *jq.Query
	clock       *partition.Clock
}

// notice says what the description means, where that may surprise its author.
func (d *describer) notice(at *template.Node, format string, args ...any) {
	d.notices = append(d.notices, at.Errorf(format, args...).Error())
}

func (d *describer) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// refuse is the service's InvalidArgumentException.
func (d *describer) refuse(at *template.Node, format string, args ...any) {
	e := &api.Exception{Name: api.InvalidArgument, Message: fmt.Sprintf(format, args...)}
	if at != nil {
		e.Pos = at.Pos
	}
	d.fail(e)
}

func (d *describer) str(n *template.Node) string {
	if n.IsNull() {
		return ""
	}
	s, err := n.Str()
	if err != nil {
		d.fail(err)
	}
	return s
}

// text is the text of a member, or def where it is absent.
func (d *describer) text(n *template.Node, def string) string {
	if n.IsNull() {
		return def
	}
	return d.str(n)
}

// required is the text of a member that the model leaves optional and the service wants.
func (d *describer) required(parent *template.Node, name, what string) string {
	n := parent.Get(name)
	if n.IsNull() {
		d.refuse(parent, "%s needs %s", what, name)
		return ""
	}
	return d.str(n)
}

func (d *describer) boolean(n *template.Node, def bool) bool {
	if n.IsNull() {
		return def
	}
	b, err := n.Bool()
	if err != nil {
		d.fail(err)
	}
	return b
}

func (d *describer) integer(n *template.Node, def int64) int64 {
	if n.IsNull() {
		return def
	}
	i, err := n.Int()
	if err != nil {
		d.fail(err)
	}
	return i
}

// block reports whether a structure is there. One that nobody knows is an error for whoever needs it.
func (d *describer) block(n *template.Node) bool {
	if n != nil && n.Kind == template.Unresolved {
		d.fail(n.Err)
	}
	return n != nil && n.Kind == template.Map
}

// absent refuses what this program doesn't simulate, rather than deliver something else than the service would.
func (d *describer) absent(n *template.Node, what string) {
	if !n.IsNull() {
		d.fail(n.Errorf("%s is not simulated by this version of hydrant", what))
	}
}

// sinkKinds are the members of a stream that name a destination other than S3, and what they are. One without read is
// not simulated.
var sinkKinds = []sinkKind{
	{member: "AmazonOpenSearchServerlessDestinationConfiguration", name: "Amazon OpenSearch Serverless", backup: [2]string{"FailedDocumentsOnly", "AllDocuments"}, read: (*describer).serverless},
	{member: "AmazonopensearchserviceDestinationConfiguration", name: "Amazon OpenSearch Service", backup: [2]string{"FailedDocumentsOnly", "AllDocuments"}, read: (*describer).openSearch},
	{member: "ElasticsearchDestinationConfiguration", name: "Amazon Elasticsearch Service", backup: [2]string{"FailedDocumentsOnly", "AllDocuments"}, read: (*describer).openSearch},
	{member: "HttpEndpointDestinationConfiguration", name: "an HTTP endpoint", backup: [2]string{"FailedDataOnly", "AllData"}, read: (*describer).httpEndpoint},
	{member: "IcebergDestinationConfiguration", name: "Apache Iceberg", read: (*describer).iceberg, routes: true},
	{member: "RedshiftDestinationConfiguration", name: "Amazon Redshift", read: (*describer).redshift},
	{member: "SnowflakeDestinationConfiguration", name: "Snowflake", backup: [2]string{"FailedDataOnly", "AllData"}, read: (*describer).snowflake,
		lambda: buffer.Hints{Size: MiB / 4, Interval: 30 * time.Second}}, // record-transformation.md §6
	{member: "SplunkDestinationConfiguration", name: "Splunk", backup: [2]string{"FailedEventsOnly", "AllEvents"}, read: (*describer).splunk,
		lambda: buffer.Hints{Size: MiB / 4, Interval: 60 * time.Second}}, // record-transformation.md §6
}

func (d *describer) destination(s *Stream, n *template.Node) {
	simple, extended := n.Get("S3DestinationConfiguration"), n.Get("ExtendedS3DestinationConfiguration")
	count := 0
	for _, c := range []*template.Node{simple, extended} {
		if !c.IsNull() {
			count++
		}
	}
	for _, k := range sinkKinds {
		if !n.Get(k.member).IsNull() {
			count++
		}
	}
	if count != 1 { // sources.md §2
		d.refuse(n, "Exactly one destination configuration is supported for a Firehose")
		return
	}
	for i := range sinkKinds {
		k := &sinkKinds[i]
		switch c := n.Get(k.member); {
		case k.read == nil:
			d.absent(c, "delivery to "+k.name)
		case d.block(c):
			d.sink(s, c, k)
		}
	}
	switch {
	case d.block(extended):
		d.extended(s, extended)
	case d.block(simple):
		d.bucket(&s.S3, simple, hintRange{sizeLo: 1, size: 5}, s3Use(d.options))
	}
}

// source reads where records come from. A configuration of another source than DeliveryStreamType says is refused.
func (d *describer) source(s *Stream, n *template.Node) {
	kind := d.text(n.Get("DeliveryStreamType"), "DirectPut")
	for _, c := range []struct {
		kind, member string
		needed       bool
	}{
		{"DirectPut", "DirectPutSourceConfiguration", false},
		{"KinesisStreamAsSource", "KinesisStreamSourceConfiguration", true},
		{"MSKAsSource", "MSKSourceConfiguration", true},
		{"DatabaseAsSource", "DatabaseSourceConfiguration", true},
	} {
		m := n.Get(c.member)
		switch {
		case kind == c.kind && c.needed && m.IsNull():
			d.refuse(n, "%s is required when DeliveryStreamType is %s", c.member, c.kind)
		case kind != c.kind && !m.IsNull():
			d.refuse(m, "%s is only valid when DeliveryStreamType is %s", c.member, c.kind)
		}
	}
	switch kind {
	case "KinesisStreamAsSource":
		s.Source, s.SourceARN = KinesisStream, d.str(n.Get("KinesisStreamSourceConfiguration", "KinesisStreamARN"))
	case "MSKAsSource":
		s.Source, s.SourceARN = MSK, d.str(n.Get("MSKSourceConfiguration", "MSKClusterARN"))
	case "DatabaseAsSource":
		d.absent(n.Get("DeliveryStreamType"), "a database as source")
	}
}

// encryption checks the encryption of what waits in the stream, which changes nothing of what is delivered
// (sources.md §2).
func (d *describer) encryption(s *Stream, n *template.Node) {
	if n.IsNull() || n.Kind != template.Map {
		return
	}
	if s.Source != DirectPut {
		d.refuse(n, "Server-side encryption is supported only when DeliveryStreamType is DirectPut")
	}
	if kind := n.Get("KeyType"); kind.Kind == template.String && kind.Text == "CUSTOMER_MANAGED_CMK" && n.Get("KeyARN").IsNull() {
		d.refuse(n, "KeyARN is required when KeyType is CUSTOMER_MANAGED_CMK")
	}
}

// with is a map with one member more, or another value for it.
func with(n *template.Node, key string, v *template.Node) *template.Node {
	out := without(n, key)
	if out == n {
		c := *n
		out = &c
	}
	out.Members = append(out.Members[:len(out.Members):len(out.Members)], template.Member{Key: key, KeyPos: v.Pos, Value: v})
	return out
}

// without is a map without one member.
func without(n *template.Node, key string) *template.Node {
	for i, m := range n.Members {
		if m.Key == key {
			c := *n
			c.Members = append(n.Members[:i:i], n.Members[i+1:]...)
			return &c
		}
	}
	return n
}

package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/convert"
	"github.com/hydrantkit/hydrant/convert/hive"
	"github.com/hydrantkit/hydrant/convert/openx"
	"github.com/hydrantkit/hydrant/convert/orc"
	"github.com/hydrantkit/hydrant/convert/parquet"
	"github.com/hydrantkit/hydrant/harness/api"
	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/decode"
	"github.com/hydrantkit/hydrant/harness/partition"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/internal/compress"
	"github.com/hydrantkit/hydrant/internal/jq"
	"github.com/hydrantkit/hydrant/internal/template"
	"github.com/hydrantkit/hydrant/schema"
	"github.com/hydrantkit/hydrant/schema/glue"
)

// DescribeOptions are what a description may leave open.
type DescribeOptions struct {
	ID       string           // logical id or name of the stream; needed where there are several
	Template template.Options // parameters, account, region
	Table    *schema.Table    // instead of the one that the description names; nil takes that
	// DocTimestampRule is s3.Use's.
	DocTimestampRule bool
}

// A Description is a delivery stream with what stands around it.
type Description struct {
	Stream   *Stream
	Resource *template.Resource // of the stream; nil where the description is a request of the API
	Function *template.Resource // of the stream's Lambda; nil where the template doesn't hold it
	Template *template.Template // nil where the description is a request of the API
}

// Parse reads the description of a delivery stream: a CloudFormation or SAM template, or the request of
// create-delivery-stream as JSON or YAML. The error has the place in the file: an *api.Exception where the service
// itself would refuse the description.
func Parse(file string, data []byte, o DescribeOptions) (*Description, error) {
	doc, err := template.Parse(file, data)
	if err != nil {
		return nil, err
	}
	if !template.IsTemplate(doc) {
		s, err := parseRequest(doc, o)
		if err != nil {
			return nil, err
		}
		return &Description{Stream: s}, nil
	}
	t, err := template.Evaluate(doc, o.Template)
	if err != nil {
		return nil, err
	}
	r, err := findStream(t, doc, o.ID)
	if err != nil {
		return nil, err
	}
	d := &Description{Resource: r, Template: t}
	if d.Stream, err = ParseStream(t, r, o); err != nil {
		return nil, err
	}
	if l := d.Stream.Lambda; l != nil {
		d.Function = t.ByARN(l.ARN)
	}
	return d, nil
}

const streamType = "AWS::KinesisFirehose::DeliveryStream"

// findStream finds the stream by logical id or name, or the only one.
func findStream(t *template.Template, doc *template.Node, id string) (*template.Resource, error) {
	streams := t.OfType(streamType)
	var ids []string
	for _, r := range streams {
		if r.LogicalID == id {
			return r, nil
		}
		if id != "" && r.Name != nil && r.Name.Kind == template.String && r.Name.Text == id {
			return r, nil
		}
		ids = append(ids, r.LogicalID)
	}
	switch {
	case len(streams) == 0:
		return nil, doc.Errorf("the template has no resource of type %s", streamType)
	case id != "":
		return nil, doc.Errorf("the template has no delivery stream %s; it has %s", id, strings.Join(ids, ", "))
	case len(streams) > 1:
		return nil, doc.Errorf("the template has %d delivery streams (%s); say which", len(streams), strings.Join(ids, ", "))
	}
	return streams[0], nil
}

// parseRequest reads the request of CreateDeliveryStream.
func parseRequest(doc *template.Node, o DescribeOptions) (*Stream, error) {
	if doc.Kind != template.Map {
		return nil, doc.Errorf("neither a template nor a CreateDeliveryStream request")
	}
	name, err := doc.Get("DeliveryStreamName").Str()
	if err != nil {
		return nil, doc.Errorf("neither a template (it has no Resources) nor a CreateDeliveryStream request (it has no DeliveryStreamName)")
	}
	region, account := o.Template.Region, o.Template.Account
	if region == "" {
		region = "us-east-1"
	}
	if account == "" {
		account = "123456789012"
	}
	return parseStream(doc, name, "arn:aws:firehose:"+region+":"+account+":deliverystream/"+name, nil, o)
}

// ParseStream reads a delivery stream of a template, with the table that its conversion names.
func ParseStream(t *template.Template, r *template.Resource, o DescribeOptions) (*Stream, error) {
	name, err := r.Name.Str()
	if err != nil {
		return nil, err
	}
	arn, err := r.ARN.Str()
	if err != nil {
		return nil, err
	}
	return parseStream(r.Properties, name, arn, t, o)
}

// A describer reads a description and keeps the first thing that is wrong with it.
type describer struct {
	options DescribeOptions
	t       *template.Template // nil for a request
	err     error
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

// invalid is the service's ValidationException for one value.
func (d *describer) invalid(at *template.Node, path, constraint string) {
	d.fail(&api.Exception{Name: api.Validation, Pos: at.Pos,
		Message: fmt.Sprintf("1 validation error detected: Value '%.200s' at '%s' failed to satisfy constraint: %s", at.Text, path, constraint)})
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

// required is the text of a member that must be there.
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

func (d *describer) integer(n *template.Node, path string, lo, hi int64) int64 {
	i, err := n.Int()
	switch {
	case err != nil:
		d.fail(err)
	case i < lo:
		d.invalid(n, path, fmt.Sprintf("Member must have value greater than or equal to %d", lo))
	case i > hi:
		d.invalid(n, path, fmt.Sprintf("Member must have value less than or equal to %d", hi))
	}
	return i
}

func (d *describer) float(n *template.Node, path string, lo, hi float64) *float64 {
	if n.IsNull() {
		return nil
	}
	f, err := n.Float()
	switch {
	case err != nil:
		d.fail(err)
	case f < lo || math.IsNaN(f):
		d.invalid(n, path, fmt.Sprintf("Member must have value greater than or equal to %v", lo))
	case f > hi:
		d.invalid(n, path, fmt.Sprintf("Member must have value less than or equal to %v", hi))
	}
	return &f
}

// enum is the text of one of values, or def where it is absent.
func (d *describer) enum(n *template.Node, path, def string, values ...string) string {
	if n.IsNull() {
		return def
	}
	s := d.str(n)
	for _, v := range values {
		if s == v {
			return s
		}
	}
	if d.err == nil {
		d.invalid(n, path, "Member must satisfy enum value set: ["+strings.Join(values, ", ")+"]")
	}
	return def
}

// members refuses a member that the API doesn't have: a misspelt one would be ignored otherwise.
func (d *describer) members(n *template.Node, what string, names ...string) {
	if n == nil || n.Kind != template.Map {
		return
	}
next:
	for _, m := range n.Members {
		for _, name := range names {
			if m.Key == name {
				continue next
			}
		}
		d.fail(&template.Error{Pos: m.KeyPos, Msg: fmt.Sprintf("%s has no member %s; its members are %s", what, m.Key, strings.Join(names, ", "))})
	}
}

// absent refuses what this program doesn't simulate, rather than deliver something else than the service would.
func (d *describer) absent(n *template.Node, what string) {
	if !n.IsNull() {
		d.fail(n.Errorf("%s is not simulated by this version of hydrant", what))
	}
}

// destinations are the members of a stream that name a destination, and what they are.
var destinations = []struct{ member, name string }{
	{"AmazonOpenSearchServerlessDestinationConfiguration", "Amazon OpenSearch Serverless"},
	{"AmazonopensearchserviceDestinationConfiguration", "Amazon OpenSearch Service"},
	{"AmazonOpenSearchServiceDestinationConfiguration", "Amazon OpenSearch Service"},
	{"ElasticsearchDestinationConfiguration", "Amazon Elasticsearch Service"},
	{"AmazonESDestinationConfiguration", "Amazon Elasticsearch Service"},
	{"HttpEndpointDestinationConfiguration", "an HTTP endpoint"},
	{"IcebergDestinationConfiguration", "Apache Iceberg"},
	{"RedshiftDestinationConfiguration", "Amazon Redshift"},
	{"SnowflakeDestinationConfiguration", "Snowflake"},
	{"SplunkDestinationConfiguration", "Splunk"},
}

func parseStream(n *template.Node, name, arn string, t *template.Template, o DescribeOptions) (*Stream, error) {
	d := &describer{options: o, t: t}
	s := &Stream{Name: name, ARN: arn, Version: 1}
	if f := strings.Split(arn, ":"); len(f) > 4 {
		s.Region, s.Account = f[3], f[4]
	}
	d.source(s, n)
	simple, extended := n.Get("S3DestinationConfiguration"), n.Get("ExtendedS3DestinationConfiguration")
	var others []string
	for _, other := range destinations {
		if !n.Get(other.member).IsNull() {
			others = append(others, other.member)
			if simple.IsNull() && extended.IsNull() {
				d.absent(n.Get(other.member), "delivery to "+other.name)
			}
		}
	}
	switch {
	case !simple.IsNull() && !extended.IsNull() || len(others) > 0 && !(simple.IsNull() && extended.IsNull()):
		d.refuse(n, "a delivery stream has exactly one destination")
	case !extended.IsNull():
		d.extended(s, extended)
	case !simple.IsNull():
		const path = "s3DestinationConfiguration"
		d.members(simple, "an S3DestinationConfiguration", s3Members...)
		d.bucket(&s.S3, simple, path, hintRange{sizeLo: 1, size: 5, interval: 300}, s3.Use{})
	default:
		d.refuse(n, "a delivery stream needs a destination")
	}
	if d.err != nil {
		return nil, d.err
	}
	return s, nil
}

func (d *describer) source(s *Stream, n *template.Node) {
	kind := d.enum(n.Get("DeliveryStreamType"), "deliveryStreamType", "DirectPut",
		"DirectPut", "KinesisStreamAsSource", "MSKAsSource", "DatabaseAsSource")
	kinesis, msk := n.Get("KinesisStreamSourceConfiguration"), n.Get("MSKSourceConfiguration")
	switch kind {
	case "KinesisStreamAsSource":
		if kinesis.IsNull() {
			d.refuse(n, "KinesisStreamSourceConfiguration is required when DeliveryStreamType is KinesisStreamAsSource")
			return
		}
		s.Source, s.SourceARN = KinesisStream, d.required(kinesis, "KinesisStreamARN", "KinesisStreamSourceConfiguration")
	case "MSKAsSource":
		if msk.IsNull() {
			d.refuse(n, "MSKSourceConfiguration is required when DeliveryStreamType is MSKAsSource")
			return
		}
		s.Source, s.SourceARN = MSK, d.required(msk, "MSKClusterARN", "MSKSourceConfiguration")
	case "DatabaseAsSource":
		d.absent(n.Get("DeliveryStreamType"), "a database as source")
	default:
		if !kinesis.IsNull() {
			d.refuse(kinesis, "KinesisStreamSourceConfiguration is only valid when DeliveryStreamType is KinesisStreamAsSource")
		}
		if !msk.IsNull() {
			d.refuse(msk, "MSKSourceConfiguration is only valid when DeliveryStreamType is MSKAsSource")
		}
	}
}

var s3Members = []string{"BucketARN", "BufferingHints", "CloudWatchLoggingOptions", "CompressionFormat", "EncryptionConfiguration", "ErrorOutputPrefix", "Prefix", "RoleARN"}

var extendedMembers = append([]string{"CustomTimeZone", "DataFormatConversionConfiguration", "DynamicPartitioningConfiguration",
	"FileExtension", "ProcessingConfiguration", "S3BackupConfiguration", "S3BackupMode"}, s3Members...)

func (d *describer) extended(s *Stream, n *template.Node) {
	const path = "extendedS3DestinationConfiguration"
	d.members(n, "an ExtendedS3DestinationConfiguration", extendedMembers...)
	hints := hintRange{sizeLo: 1, size: 5, interval: 300}
	conversion := n.Get("DataFormatConversionConfiguration")
	converts := !conversion.IsNull() && d.boolean(conversion.Get("Enabled"), true)
	if converts {
		hints.sizeLo, hints.size, hints.converts = 64, 128, true
	}
	var use s3.Use
	if g := n.Get("DynamicPartitioningConfiguration"); d.boolean(g.Get("Enabled"), false) {
		d.members(g, "a DynamicPartitioningConfiguration", "Enabled", "RetryOptions")
		s.Partitioning = &Partitioning{Retry: 300 * time.Second}
		if r := g.Get("RetryOptions", "DurationInSeconds"); !r.IsNull() {
			s.Partitioning.Retry = time.Duration(d.integer(r, path+".dynamicPartitioningConfiguration.retryOptions.durationInSeconds", 0, 7200)) * time.Second
		}
		hints.sizeLo, hints.size, hints.intervalLo, hints.partitions = 64, 128, 60, true
		use.Partitioning = true
		if n.Get("ErrorOutputPrefix").IsNull() {
			d.refuse(n, "ErrorOutputPrefix is required when dynamic partitioning is enabled")
		}
	}
	d.bucket(&s.S3, n, path, hints, use)
	if z := n.Get("CustomTimeZone"); d.str(z) != "" {
		loc, err := time.LoadLocation(d.str(z))
		if err != nil || strings.ContainsAny(d.str(z), "0123456789+-") {
			d.refuse(z, "Invalid CustomTimeZone: %.50s", d.str(z))
		}
		s.S3.Zone = loc
	}
	if e := n.Get("FileExtension"); d.str(e) != "" {
		if s.S3.Extension = d.str(e); !validExtension(s.S3.Extension) {
			d.invalid(e, path+".fileExtension", `Member must satisfy regular expression pattern: ^$|\.[0-9a-z!\-_.*'()]+`)
		}
	}
	d.processing(s, n.Get("ProcessingConfiguration"), path)
	d.partitioning(s, n)
	if converts {
		d.conversion(s, conversion)
	}
	switch d.enum(n.Get("S3BackupMode"), path+".s3BackupMode", "Disabled", "Disabled", "Enabled") {
	case "Enabled":
		b := n.Get("S3BackupConfiguration")
		if b.IsNull() {
			d.refuse(n.Get("S3BackupMode"), "S3BackupConfiguration is required when S3BackupMode is Enabled")
			return
		}
		d.members(b, "an S3BackupConfiguration", s3Members...)
		s.Backup = &S3{}
		d.bucket(s.Backup, b, path+".s3BackupConfiguration", hintRange{sizeLo: 1, size: 5, interval: 300, intervalLo: 60}, s3.Use{})
	}
}

// validExtension is the pattern of FileExtension (s3-delivery.md §6).
func validExtension(s string) bool {
	if len(s) < 2 || len(s) > 128 || s[0] != '.' {
		return false
	}
	for _, c := range s[1:] {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && !strings.ContainsRune("!-_.*'()", c) {
			return false
		}
	}
	return true
}

// A hintRange is what BufferingHints may be in one place (s3-delivery.md §1): sizes in MiB, intervals in seconds.
type hintRange struct {
	sizeLo, size         int64 // least, default; the greatest is 128
	intervalLo, interval int64 // least, default; the greatest is 900
	converts, partitions bool
}

func (d *describer) hints(n *template.Node, path string, r hintRange) buffer.Hints {
	h := buffer.Hints{Size: r.size * MiB, Interval: time.Duration(r.interval) * time.Second}
	if n.IsNull() {
		return h
	}
	d.members(n, "BufferingHints", "IntervalInSeconds", "SizeInMBs")
	size, interval := n.Get("SizeInMBs"), n.Get("IntervalInSeconds")
	if size.IsNull() != interval.IsNull() {
		d.refuse(n, "BufferingHints need both SizeInMBs and IntervalInSeconds, or neither")
		return h
	}
	if size.IsNull() {
		return h
	}
	mb := d.integer(size, path+".bufferingHints.sizeInMBs", 1, 128)
	if d.err == nil && mb < r.sizeLo {
		what := "data format conversion"
		if !r.converts {
			what = "dynamic partitioning"
		}
		d.refuse(size, "BufferingHints.SizeInMBs must be at least %d when %s is enabled; it is %d", r.sizeLo, what, mb)
	}
	secs := d.integer(interval, path+".bufferingHints.intervalInSeconds", r.intervalLo, 900)
	if h = (buffer.Hints{Size: mb * MiB, Interval: time.Duration(secs) * time.Second}); secs == 0 {
		h.Interval = ImmediateInterval
	}
	return h
}

// bucket reads what all S3 configurations have in common.
func (d *describer) bucket(b *S3, n *template.Node, path string, r hintRange, use s3.Use) {
	if n.Kind != template.Map {
		d.fail(n.Errorf("%s is a map", path))
		return
	}
	arn := d.required(n, "BucketARN", path)
	if d.err != nil {
		return
	}
	i := strings.LastIndex(arn, ":::")
	if !strings.HasPrefix(arn, "arn:") || !strings.Contains(arn, ":s3:::") || !validBucket(arn[i+3:]) {
		d.invalid(n.Get("BucketARN"), path+".bucketARN", `Member must satisfy regular expression pattern: arn:.*:s3:::[\w\.\-]{1,255}`)
		return
	}
	b.Bucket = arn[i+3:]
	if n.Get("RoleARN").IsNull() {
		d.refuse(n, "%s needs RoleARN", path)
	}
	b.Hints = d.hints(n.Get("BufferingHints"), path, r)
	format := d.enum(n.Get("CompressionFormat"), path+".compressionFormat", "UNCOMPRESSED", "ZIP", "HADOOP_SNAPPY", "Snappy", "GZIP", "UNCOMPRESSED")
	b.Compression, _ = compress.ParseFormat(format)
	if r.converts && b.Compression != compress.Uncompressed {
		d.refuse(n.Get("CompressionFormat"), "CompressionFormat must be UNCOMPRESSED when data format conversion is enabled; it is %s", format)
	}
	if e := n.Get("EncryptionConfiguration"); !e.Get("NoEncryptionConfig").IsNull() && !e.Get("KMSEncryptionConfig").IsNull() {
		d.refuse(e, "EncryptionConfiguration has both NoEncryptionConfig and KMSEncryptionConfig")
	}
	use.DocTimestampRule = d.options.DocTimestampRule
	prefix, errorPrefix := n.Get("Prefix"), n.Get("ErrorOutputPrefix")
	b.Prefix = d.prefix(n, prefix, d.str(prefix), use)
	if d.err != nil {
		return
	}
	use.Error = true
	text := d.str(errorPrefix)
	switch {
	case text == "" && b.Prefix.HasExpressions():
		d.refuse(prefix, "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions")
		return
	case text == "": // <Prefix><type>/yyyy/MM/dd/HH/ (s3-delivery.md §4.4)
		b.ErrorPrefix = d.prefix(n, prefix, d.str(prefix), use)
	case strings.Contains(text, "!{"):
		b.ErrorPrefix = d.prefix(n, errorPrefix, text, use)
	default:
		// A literal is taken for a folder; its slash is completed (s3-delivery.md §4.4, CHOICE).
		b.ErrorPrefix = d.prefix(n, errorPrefix, text, use)
	}
}

func (d *describer) prefix(parent, at *template.Node, text string, use s3.Use) *s3.Prefix {
	p, err := s3.ParsePrefix(text, use)
	if err != nil {
		if at == nil {
			at = parent
		}
		d.refuse(at, "%v", err)
	}
	return p
}

func validBucket(name string) bool {
	if len(name) < 1 || len(name) > 255 {
		return false
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

// processing reads a ProcessingConfiguration (record-transformation.md §7). Without Enabled it is off.
func (d *describer) processing(s *Stream, n *template.Node, path string) {
	if n.IsNull() || !d.boolean(n.Get("Enabled"), false) {
		return
	}
	d.members(n, "a ProcessingConfiguration", "Enabled", "Processors")
	list := n.Get("Processors")
	if list == nil || list.Kind != template.List || len(list.Items) == 0 {
		d.refuse(n, "Processors must have at least 1 processor when processing is enabled")
		return
	}
	if len(list.Items) > 5 {
		d.refuse(list, "Processors has %d processors; at most 5 are allowed", len(list.Items))
	}
	var extraction *template.Node
	var extract bool
	for i, p := range list.Items {
		at := fmt.Sprintf("%s.processingConfiguration.processors.%d.member", path, i+1)
		kind := d.enum(p.Get("Type"), at+".type", "", "RecordDeAggregation", "Decompression", "CloudWatchLogProcessing", "Lambda", "MetadataExtraction", "AppendDelimiterToRecord")
		if p.Get("Type").IsNull() {
			d.refuse(p, "a processor needs a Type")
		}
		switch kind {
		case "Lambda":
			if s.Lambda != nil {
				d.refuse(p, "Only one Lambda processor is supported")
				return
			}
			d.lambda(s, p, at)
		case "AppendDelimiterToRecord":
			s.Delimiter = true
		case "Decompression":
			if s.Decompress == nil {
				s.Decompress = &decode.Decompress{}
			}
			d.parameters(p, at, func(name string, v *template.Node) error { return decode.ParseCompressionFormat(d.str(v)) }, "CompressionFormat")
		case "CloudWatchLogProcessing":
			extraction = p
			d.parameters(p, at, func(name string, v *template.Node) (err error) {
				extract, err = decode.ParseDataMessageExtraction(d.str(v))
				return err
			}, "DataMessageExtraction")
		case "RecordDeAggregation":
			d.deaggregation(s, p, at)
		case "MetadataExtraction":
			d.extraction(s, p, at)
		}
	}
	if extraction != nil {
		if s.Decompress == nil {
			d.refuse(extraction, "CloudWatchLogProcessing requires the Decompression processor")
			return
		}
		s.Decompress.DataMessageExtraction = extract
	}
}

// parameters hands each parameter of a processor to f, whose error is the service's refusal.
func (d *describer) parameters(p *template.Node, path string, f func(name string, v *template.Node) error, names ...string) {
	list := p.Get("Parameters")
	if list == nil {
		return
	}
	for i, m := range list.Items {
		name := d.enum(m.Get("ParameterName"), fmt.Sprintf("%s.parameters.%d.member.parameterName", path, i+1), "", names...)
		v := m.Get("ParameterValue")
		text := d.str(v)
		if d.err == nil && strings.TrimSpace(text) == "" {
			d.refuse(m, "the parameter %s has no value", name)
		}
		if d.err != nil {
			return
		}
		if err := f(name, v); err != nil {
			d.refuse(v, "%v", err)
		}
	}
}

func (d *describer) deaggregation(s *Stream, p *template.Node, path string) {
	s.Deaggregate = &decode.Deaggregate{}
	var kind, delimiter *template.Node
	d.parameters(p, path, func(name string, v *template.Node) (err error) {
		if name == "SubRecordType" {
			kind = v
			s.Deaggregate.SubRecordType, err = decode.ParseSubRecordType(d.str(v))
		} else {
			delimiter = v
			s.Deaggregate.Delimiter, err = decode.ParseDelimiter(d.str(v))
		}
		return err
	}, "SubRecordType", "Delimiter")
	switch {
	case d.err != nil:
	case kind == nil:
		d.refuse(p, "The RecordDeAggregation processor needs the parameter SubRecordType")
	case s.Deaggregate.SubRecordType == decode.Delimited && delimiter == nil:
		d.refuse(p, "Delimiter is required when SubRecordType is DELIMITED")
	case s.Deaggregate.SubRecordType == decode.JSON && delimiter != nil:
		d.refuse(delimiter, "Delimiter is supported only when SubRecordType is DELIMITED")
	}
}

func (d *describer) extraction(s *Stream, p *template.Node, path string) {
	var query *template.Node
	var engine bool
	d.parameters(p, path, func(name string, v *template.Node) error {
		if name == "JsonParsingEngine" {
			engine = true
			if d.str(v) != "JQ-1.6" {
				return fmt.Errorf("JsonParsingEngine must be JQ-1.6; it is %.50q", d.str(v))
			}
			return nil
		}
		query = v
		if n := len([]rune(d.str(v))); n > partition.MaxQuery {
			return fmt.Errorf("MetadataExtractionQuery is %d characters long; at most %d are allowed", n, partition.MaxQuery)
		}
		return nil
	}, "MetadataExtractionQuery", "JsonParsingEngine")
	switch {
	case d.err != nil:
		return
	case query == nil:
		d.refuse(p, "The MetadataExtraction processor needs the parameter MetadataExtractionQuery")
		return
	case !engine:
		d.refuse(p, "The MetadataExtraction processor needs the parameter JsonParsingEngine")
		return
	case s.Partitioning == nil:
		d.refuse(p, "MetadataExtraction processor is supported only when dynamic partitioning is enabled")
		return
	}
	q, err := jq.Compile(d.str(query))
	if err != nil {
		d.refuse(query, "MetadataExtractionQuery: %v", err)
		return
	}
	s.Partitioning.Query = q
}

// partitioning checks what dynamic partitioning asks of the other blocks (dynamic-partitioning.md §1).
func (d *describer) partitioning(s *Stream, n *template.Node) {
	if s.Partitioning == nil || d.err != nil {
		return
	}
	at := n.Get("Prefix")
	if at == nil {
		at = n
	}
	lambda, query := s.S3.Prefix.LambdaKeys(), s.S3.Prefix.QueryKeys()
	switch {
	case s.Partitioning.Query == nil && s.Lambda == nil:
		d.refuse(n.Get("DynamicPartitioningConfiguration"), "dynamic partitioning needs a MetadataExtraction or a Lambda processor")
	case len(lambda)+len(query) == 0:
		d.refuse(at, "Prefix must contain partition keys when dynamic partitioning is enabled")
	case len(lambda)+len(query) > partition.MaxKeys:
		d.refuse(at, "Prefix names %d partition keys; at most %d are allowed", len(lambda)+len(query), partition.MaxKeys)
	case len(query) > 0 && s.Partitioning.Query == nil:
		d.refuse(at, "Prefix names the key %s from a query, but there is no MetadataExtraction processor", query[0])
	case len(lambda) > 0 && s.Lambda == nil:
		d.refuse(at, "Prefix names the key %s from a Lambda, but there is no Lambda processor", lambda[0])
	}
}

func (d *describer) lambda(s *Stream, p *template.Node, path string) {
	s.Lambda = &Lambda{Retries: 3, Hints: buffer.Hints{Size: 1 * MiB, Interval: 60 * time.Second}}
	list := p.Get("Parameters")
	if list == nil || list.Kind != template.List {
		d.refuse(p, "The Lambda processor needs the parameter LambdaArn")
		return
	}
	for i, m := range list.Items {
		at := fmt.Sprintf("%s.parameters.%d.member", path, i+1)
		name := d.enum(m.Get("ParameterName"), at+".parameterName", "", "LambdaArn", "NumberOfRetries", "RoleArn", "BufferSizeInMBs", "BufferIntervalInSeconds")
		if name == "RoleArn" {
			continue // permissions aren't simulated, and may not be known here
		}
		v := m.Get("ParameterValue")
		text := d.str(v)
		if d.err == nil && strings.TrimSpace(text) == "" {
			d.refuse(m, "the parameter %s has no value", name)
		}
		switch name {
		case "LambdaArn":
			s.Lambda.ARN, s.Lambda.Pos = text, v.Pos
		case "NumberOfRetries":
			s.Lambda.Retries = int(d.number(v, "NumberOfRetries", 0, 300))
		case "BufferSizeInMBs":
			s.Lambda.Hints.Size = int64(d.number(v, "BufferSizeInMBs", 0.2, 3) * MiB)
		case "BufferIntervalInSeconds":
			if s.Lambda.Hints.Interval = time.Duration(d.number(v, "BufferIntervalInSeconds", 0, 900)) * time.Second; s.Lambda.Hints.Interval == 0 {
				s.Lambda.Hints.Interval = ImmediateInterval
			}
		}
	}
	if d.err == nil && s.Lambda.ARN == "" {
		d.refuse(p, "The Lambda processor needs the parameter LambdaArn")
	}
}

// number is a processor parameter, which is text that holds a number.
func (d *describer) number(n *template.Node, name string, lo, hi float64) float64 {
	f, err := strconv.ParseFloat(d.str(n), 64)
	if d.err == nil && (err != nil || !(f >= lo && f <= hi)) {
		d.refuse(n, "%s must be %v to %v; it is %.50q", name, lo, hi, d.str(n))
	}
	return f
}

// conversion reads a DataFormatConversionConfiguration and finds its table (format-conversion.md §1, §2).
func (d *describer) conversion(s *Stream, n *template.Node) {
	d.members(n, "a DataFormatConversionConfiguration", "Enabled", "InputFormatConfiguration", "OutputFormatConfiguration", "SchemaConfiguration")
	for _, block := range []string{"SchemaConfiguration", "InputFormatConfiguration", "OutputFormatConfiguration"} {
		if n.Get(block).IsNull() {
			d.refuse(n, "%s is required when data format conversion is enabled", block)
		}
	}
	if d.err != nil {
		return
	}
	sc := n.Get("SchemaConfiguration")
	d.members(sc, "a SchemaConfiguration", "CatalogId", "DatabaseName", "Region", "RoleARN", "TableName", "VersionId")
	c := &Conversion{
		Catalog: d.str(sc.Get("CatalogId")), Database: d.required(sc, "DatabaseName", "SchemaConfiguration"),
		Table: d.required(sc, "TableName", "SchemaConfiguration"), Region: d.str(sc.Get("Region")), Version: d.str(sc.Get("VersionId")),
	}
	d.required(sc, "RoleARN", "SchemaConfiguration")
	if c.Region == "" {
		c.Region = s.Region
	}
	if c.Version == "" {
		c.Version = "LATEST"
	}
	if d.err != nil {
		return
	}
	d.table(c, sc)
	d.deserializer(&c.Options, n.Get("InputFormatConfiguration", "Deserializer"), n)
	d.serializer(&c.Options, n.Get("OutputFormatConfiguration", "Serializer"), n)
	s.Conversion = c
}

// table finds the Glue table.
func (d *describer) table(c *Conversion, at *template.Node) {
	if d.options.Table != nil {
		c.Schema = d.options.Table
		return
	}
	if d.t == nil {
		d.fail(at.Errorf("the table %s.%s is not part of this description; give its schema", c.Database, c.Table))
		return
	}
	t, err := glue.FromTemplate(d.t, c.Database, c.Table)
	switch {
	case errors.Is(err, glue.ErrNoTable):
		d.refuse(at.Get("TableName"), "EntityNotFoundException: the template has no table %s.%s; define it as AWS::Glue::Table, or give its schema", c.Database, c.Table)
	case err != nil:
		d.fail(err)
	}
	c.Schema = t
}

// only returns the one member of n that is set.
func (d *describer) only(n, parent *template.Node, what string, names ...string) (string, *template.Node) {
	d.members(n, "a "+what, names...)
	var name string
	for _, m := range names {
		if v := n.Get(m); v != nil && (v.Kind == template.Map || v.Kind == template.Unresolved) {
			if name != "" {
				d.refuse(n, "a %s has exactly one of %s", what, strings.Join(names, " and "))
			}
			name = m
		}
	}
	if name == "" {
		if n == nil {
			n = parent
		}
		d.refuse(n, "a %s needs one of %s", what, strings.Join(names, " and "))
		return "", nil
	}
	return name, n.Get(name)
}

func (d *describer) deserializer(c *convert.Options, n, parent *template.Node) {
	switch name, v := d.only(n, parent, "Deserializer", "OpenXJsonSerDe", "HiveJsonSerDe"); name {
	case "OpenXJsonSerDe":
		c.OpenX = &openx.Options{}
		d.openx(c.OpenX, v)
	case "HiveJsonSerDe":
		c.Hive = &hive.Options{}
		d.hive(c.Hive, v)
	}
}

func (d *describer) hive(o *hive.Options, v *template.Node) {
	d.members(v, "a HiveJsonSerDe", "TimestampFormats")
	if list := v.Get("TimestampFormats"); !list.IsNull() {
		if list.Kind != template.List {
			d.fail(list.Errorf("TimestampFormats is a list of patterns"))
		}
		o.TimestampFormats = nil
		for _, item := range list.Items {
			o.TimestampFormats = append(o.TimestampFormats, d.str(item))
		}
	}
}

// openx sets what v has. So do the others.
func (d *describer) openx(o *openx.Options, v *template.Node) {
	d.members(v, "an OpenXJsonSerDe", "CaseInsensitive", "ColumnToJsonKeyMappings", "ConvertDotsInJsonKeysToUnderscores")
	o.ConvertDotsInJsonKeysToUnderscores = d.boolean(v.Get("ConvertDotsInJsonKeysToUnderscores"), o.ConvertDotsInJsonKeysToUnderscores)
	if n := v.Get("CaseInsensitive"); !n.IsNull() {
		b := d.boolean(n, true)
		o.CaseInsensitive = &b
	}
	if m := v.Get("ColumnToJsonKeyMappings"); !m.IsNull() {
		if m.Kind != template.Map {
			d.fail(m.Errorf("ColumnToJsonKeyMappings is a map of columns to JSON keys"))
		}
		o.ColumnToJsonKeyMappings = map[string]string{}
		for _, e := range m.Members {
			o.ColumnToJsonKeyMappings[e.Key] = d.str(e.Value)
		}
	}
}

const serializerPath = "dataFormatConversionConfiguration.outputFormatConfiguration.serializer"

func (d *describer) serializer(c *convert.Options, n, parent *template.Node) {
	switch name, v := d.only(n, parent, "Serializer", "ParquetSerDe", "OrcSerDe"); name {
	case "ParquetSerDe":
		c.Parquet = &parquet.Options{}
		d.parquet(c.Parquet, v)
	case "OrcSerDe":
		c.ORC = &orc.Options{}
		d.orc(c.ORC, v)
	}
}

// size sets *n to an integer of at least lo, where there is one.
func (d *describer) size(n *int64, v *template.Node, path string, lo int64) {
	if !v.IsNull() {
		*n = d.integer(v, path, lo, math.MaxInt64)
	}
}

func (d *describer) parquet(o *parquet.Options, v *template.Node) {
	const path = serializerPath + ".parquetSerDe"
	d.members(v, "a ParquetSerDe", "BlockSizeBytes", "Compression", "EnableDictionaryCompression", "MaxPaddingBytes", "PageSizeBytes", "WriterVersion")
	d.size(&o.BlockSizeBytes, v.Get("BlockSizeBytes"), path+".blockSizeBytes", 64*MiB)
	d.size(&o.PageSizeBytes, v.Get("PageSizeBytes"), path+".pageSizeBytes", 64<<10)
	d.size(&o.MaxPaddingBytes, v.Get("MaxPaddingBytes"), path+".maxPaddingBytes", 0)
	o.Compression = d.enum(v.Get("Compression"), path+".compression", o.Compression, "UNCOMPRESSED", "GZIP", "SNAPPY")
	o.WriterVersion = d.enum(v.Get("WriterVersion"), path+".writerVersion", o.WriterVersion, "V1", "V2")
	o.EnableDictionaryCompression = d.boolean(v.Get("EnableDictionaryCompression"), o.EnableDictionaryCompression)
}

func (d *describer) orc(o *orc.Options, v *template.Node) {
	const path = serializerPath + ".orcSerDe"
	d.members(v, "an OrcSerDe", "BlockSizeBytes", "BloomFilterColumns", "BloomFilterFalsePositiveProbability", "Compression",
		"DictionaryKeyThreshold", "EnablePadding", "FormatVersion", "PaddingTolerance", "RowIndexStride", "StripeSizeBytes")
	d.size(&o.StripeSizeBytes, v.Get("StripeSizeBytes"), path+".stripeSizeBytes", 8*MiB)
	d.size(&o.BlockSizeBytes, v.Get("BlockSizeBytes"), path+".blockSizeBytes", 64*MiB)
	stride := int64(o.RowIndexStride)
	d.size(&stride, v.Get("RowIndexStride"), path+".rowIndexStride", 1000)
	o.RowIndexStride = int(min(stride, math.MaxInt32))
	o.EnablePadding = d.boolean(v.Get("EnablePadding"), o.EnablePadding)
	for _, f := range []struct {
		p    **float64
		name string
	}{
		{&o.PaddingTolerance, "PaddingTolerance"}, {&o.DictionaryKeyThreshold, "DictionaryKeyThreshold"},
		{&o.BloomFilterFalsePositiveProbability, "BloomFilterFalsePositiveProbability"},
	} {
		if x := d.float(v.Get(f.name), path+"."+strings.ToLower(f.name[:1])+f.name[1:], 0, 1); x != nil {
			*f.p = x
		}
	}
	o.Compression = orc.Compression(d.enum(v.Get("Compression"), path+".compression", string(o.Compression), "NONE", "ZLIB", "SNAPPY"))
	o.FormatVersion = d.enum(v.Get("FormatVersion"), path+".formatVersion", o.FormatVersion, orc.V0_11, orc.V0_12)
	if list := v.Get("BloomFilterColumns"); !list.IsNull() {
		o.BloomFilterColumns = nil
		for _, item := range list.Items {
			o.BloomFilterColumns = append(o.BloomFilterColumns, d.str(item))
		}
	}
}

// ParseSerDes reads the deserializer and the serializer of a DataFormatConversionConfiguration, whichever it has.
func ParseSerDes(n *template.Node) (convert.Options, error) {
	d := &describer{}
	var o convert.Options
	d.members(n, "a DataFormatConversionConfiguration", "Enabled", "InputFormatConfiguration", "OutputFormatConfiguration", "SchemaConfiguration")
	if in := n.Get("InputFormatConfiguration"); !in.IsNull() {
		d.deserializer(&o, in.Get("Deserializer"), in)
	}
	if out := n.Get("OutputFormatConfiguration"); !out.IsNull() {
		d.serializer(&o, out.Get("Serializer"), out)
	}
	return o, d.err
}

// SetSerDeOption sets one option of the API's, such as PageSizeBytes, on whichever side of o has it. A list is
// written with commas, a map as a=b,c=d, or either as JSON.
func SetSerDeOption(o *convert.Options, name, value string) error {
	v := &template.Node{Kind: template.String, Text: value}
	switch {
	case strings.HasPrefix(value, "[") || strings.HasPrefix(value, "{"):
		var err error
		if v, err = template.ParseJSON(name, []byte(value)); err != nil {
			return err
		}
	case name == "BloomFilterColumns" || name == "TimestampFormats":
		list := &template.Node{Kind: template.List}
		for _, s := range strings.Split(value, ",") {
			list.Items = append(list.Items, &template.Node{Kind: template.String, Text: s})
		}
		v = list
	case name == "ColumnToJsonKeyMappings":
		m := &template.Node{Kind: template.Map}
		for _, kv := range strings.Split(value, ",") {
			k, s, ok := strings.Cut(kv, "=")
			if !ok {
				return fmt.Errorf("%q: column=key is expected", kv)
			}
			m.Members = append(m.Members, template.Member{Key: k, Value: &template.Node{Kind: template.String, Text: s}})
		}
		v = m
	}
	doc := &template.Node{Kind: template.Map, Members: []template.Member{{Key: name, Value: v}}}
	d := &describer{}
	switch name {
	case "CaseInsensitive", "ConvertDotsInJsonKeysToUnderscores", "ColumnToJsonKeyMappings":
		if o.OpenX == nil {
			return errors.New("an option of the OpenX JSON SerDe")
		}
		d.openx(o.OpenX, doc)
	case "TimestampFormats":
		if o.Hive == nil {
			return errors.New("an option of the Hive JSON SerDe")
		}
		d.hive(o.Hive, doc)
	default:
		if o.ORC != nil {
			d.orc(o.ORC, doc)
		} else {
			d.parquet(o.Parquet, doc)
		}
	}
	return d.err
}

// CatalogJSON is the dataCatalogTable member of conversion's error lines (format-conversion.md §9).
func (c *Conversion) CatalogJSON() []byte {
	var catalog any
	if c.Catalog != "" {
		catalog = c.Catalog
	}
	b, err := json.Marshal(struct {
		CatalogID  any    `json:"catalogId"`
		Database   string `json:"databaseName"`
		Table      string `json:"tableName"`
		Region     string `json:"region"`
		Version    string `json:"versionId"`
		CatalogARN any    `json:"catalogArn"`
	}{catalog, c.Database, c.Table, c.Region, c.Version, nil})
	if err != nil {
		return []byte("null")
	}
	return b
}

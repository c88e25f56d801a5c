package terraform

import (
	"strings"

	"github.com/hydrantkit/hydrant/internal/template"
)

// A naming is how the name, the id and other computed attributes of a type of resource are made.
type naming struct {
	cloudFormation string            // the type whose ARN it has
	name           string            // the argument that names it
	lower          bool              // a name made of the resource's own is in lower case
	id             string            // a pattern; "" for the name
	attributes     map[string]string // patterns
}

// namings follow the rules that CloudFormation's names do (cli.md, names and defaults in
// descriptions); the label of the resource is what the logical id is there.
var namings = map[string]naming{
	"aws_s3_bucket": {"AWS::S3::Bucket", "bucket", true, "", map[string]string{
		"bucket_domain_name": "{name}.s3.amazonaws.com", "bucket_regional_domain_name": "{name}.s3.{region}.amazonaws.com", "region": "{region}"}},
	"aws_glue_catalog_database":            {"AWS::Glue::Database", "name", true, "{account}:{name}", nil},
	"aws_glue_catalog_table":               {"AWS::Glue::Table", "name", true, "", nil},
	"aws_kinesis_firehose_delivery_stream": {"AWS::KinesisFirehose::DeliveryStream", "name", false, "{arn}", nil},
	"aws_kinesis_stream":                   {"AWS::Kinesis::Stream", "name", false, "{arn}", nil},
	"aws_lambda_function": {"AWS::Lambda::Function", "function_name", false, "", map[string]string{
		"qualified_arn": "{arn}:$LATEST", "version": "$LATEST"}},
	"aws_lambda_alias":                    {"AWS::Lambda::Alias", "name", false, "{arn}", nil},
	"aws_iam_role":                        {"AWS::IAM::Role", "name", false, "", nil},
	"aws_iam_user":                        {"AWS::IAM::User", "name", false, "", nil},
	"aws_iam_policy":                      {"AWS::IAM::ManagedPolicy", "name", false, "{arn}", nil},
	"aws_cloudwatch_log_group":            {"AWS::Logs::LogGroup", "name", false, "", nil},
	"aws_cloudwatch_log_stream":           {"AWS::Logs::LogStream", "name", false, "", nil},
	"aws_opensearch_domain":               {"AWS::OpenSearchService::Domain", "domain_name", false, "{arn}", map[string]string{"endpoint": "search-{name}.{region}.es.amazonaws.com"}},
	"aws_elasticsearch_domain":            {"AWS::Elasticsearch::Domain", "domain_name", false, "{arn}", map[string]string{"endpoint": "search-{name}.{region}.es.amazonaws.com"}},
	"aws_opensearchserverless_collection": {"AWS::OpenSearchServerless::Collection", "name", false, "", map[string]string{"collection_endpoint": "https://{name}.{region}.aoss.amazonaws.com"}},
	"aws_secretsmanager_secret":           {"AWS::SecretsManager::Secret", "name", false, "{arn}", nil},
	"aws_kms_key":                         {"AWS::KMS::Key", "key_id", false, "", nil},
	"aws_sns_topic":                       {"AWS::SNS::Topic", "name", false, "{arn}", nil},
	"aws_sqs_queue": {"AWS::SQS::Queue", "name", false, "https://sqs.{region}.amazonaws.com/{account}/{name}", map[string]string{
		"url": "https://sqs.{region}.amazonaws.com/{account}/{name}"}},
	"aws_dynamodb_table":   {"AWS::DynamoDB::Table", "name", false, "", nil},
	"aws_msk_cluster":      {"AWS::MSK::Cluster", "cluster_name", false, "{arn}", nil},
	"aws_redshift_cluster": {"AWS::Redshift::Cluster", "cluster_identifier", false, "", map[string]string{"endpoint": "{name}.{region}.redshift.amazonaws.com:5439", "dns_name": "{name}.{region}.redshift.amazonaws.com"}},

	"aws_caller_identity": {id: "{account}", attributes: map[string]string{"account_id": "{account}", "arn": "arn:{partition}:iam::{account}:root"}},
	"aws_region":          {id: "{region}", attributes: map[string]string{"name": "{region}", "region": "{region}"}},
	"aws_partition":       {id: "{partition}", attributes: map[string]string{"partition": "{partition}", "dns_suffix": "amazonaws.com"}},

	// Random parts of names: a run of ours has none.
	"random_id":     {attributes: map[string]string{"hex": "{name}", "dec": "{name}", "b64_url": "{name}", "b64_std": "{name}"}},
	"random_pet":    {},
	"random_string": {attributes: map[string]string{"result": "{name}"}},
	"random_uuid":   {id: "00000000-0000-0000-0000-000000000000", attributes: map[string]string{"result": "00000000-0000-0000-0000-000000000000"}},
}

// cloudFormationProperty is the argument that a field of an ARN's pattern is.
var cloudFormationProperty = map[string]string{"DatabaseName": "database_name", "Path": "path", "FunctionName": "function_name"}

// A subject is a resource, however it is described.
type subject struct {
	address  string
	typ      string
	label    string                           // its own name, with its key for count and for_each
	argument func(name string) *template.Node // nil where there is none
}

// name is a resource's name at p: what its naming argument says, else its label.
func (s *subject) name(p template.Pos) *template.Node {
	naming := namings[s.typ]
	argument := naming.name
	if argument == "" {
		argument = "name"
	}
	if v := s.argument(argument); !v.IsNull() {
		return v
	}
	label := s.label
	if naming.lower {
		label = strings.ToLower(label)
	}
	if v := s.argument(argument + "_prefix"); !v.IsNull() {
		if v.Kind == template.Unresolved {
			return v
		}
		label = v.Text + label
	}
	return text(p, label)
}

// arn is a resource's ARN at p; nil where it can't be known.
func (s *subject) arn(o template.Options, p template.Pos) *template.Node {
	arn, u := o.ARN(namings[s.typ].cloudFormation, func(field string) *template.Node {
		if field == "name" {
			return s.name(p)
		}
		return s.argument(cloudFormationProperty[field])
	})
	if u != nil {
		return u
	}
	if arn == "" {
		return nil
	}
	return text(p, strings.TrimSuffix(arn, ":*")) // the provider leaves a log group's off
}

// computed is the value of an attribute that is no argument of the resource.
func (s *subject) computed(o template.Options, name string, p template.Pos) *template.Node {
	naming := namings[s.typ]
	pattern, ok := naming.attributes[name]
	switch {
	case ok:
	case name == "id":
		if pattern = naming.id; pattern == "" {
			pattern = "{name}"
		}
	case name == "arn" && naming.cloudFormation != "":
		pattern = "{arn}"
	case name == naming.name && name != "":
		pattern = "{name}"
	case s.typ == "aws_availability_zones" && name == "names":
		zones := &template.Node{Kind: template.List, Pos: p}
		for _, z := range []string{"a", "b", "c"} {
			zones.Items = append(zones.Items, text(p, o.Region+z))
		}
		return zones
	default:
		return unresolved(p, "unresolved attribute %s.%s: only the provider knows it", s.address, name)
	}
	fields := []string{"{region}", o.Region, "{account}", o.Account, "{partition}", o.Partition}
	for _, field := range []string{"{name}", "{arn}"} {
		if !strings.Contains(pattern, field) {
			continue
		}
		v := s.name(p)
		if field == "{arn}" {
			v = s.arn(o, p)
		}
		if pattern == field || v.Kind == template.Unresolved {
			return v
		}
		fields = append(fields, field, v.Text)
	}
	return text(p, strings.NewReplacer(fields...).Replace(pattern))
}

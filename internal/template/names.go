package template

import "strings"

// A kind of resource is how its name and its ARN are made.
type naming struct {
	name  string // the path of its name property
	lower bool   // a name made of the logical id is in lower case
	arn   string // with {name}, {region}... and {Property} filled in; "" when it can't be known
	byARN bool   // Ref gives the ARN, not the name
}

// namings are those of the kinds whose name isn't their property Name, or whose ARN can be known.
// The ids that the service would add (the six characters of a secret's ARN, the uuid of a cluster's)
// are left out: they mean nothing here. (cli.md, names and defaults in descriptions)
var namings = map[string]naming{
	"AWS::S3::Bucket":                       {name: "BucketName", lower: true, arn: "arn:{partition}:s3:::{name}"},
	"AWS::Glue::Database":                   {name: "DatabaseInput.Name", lower: true, arn: "arn:{partition}:glue:{region}:{account}:database/{name}"},
	"AWS::Glue::Table":                      {name: "TableInput.Name", lower: true, arn: "arn:{partition}:glue:{region}:{account}:table/{DatabaseName}/{name}"},
	"AWS::S3Tables::TableBucket":            {name: "TableBucketName", lower: true, arn: "arn:{partition}:s3tables:{region}:{account}:bucket/{name}", byARN: true},
	"AWS::KinesisFirehose::DeliveryStream":  {name: "DeliveryStreamName", arn: "arn:{partition}:firehose:{region}:{account}:deliverystream/{name}"},
	"AWS::Kinesis::Stream":                  {name: "Name", arn: "arn:{partition}:kinesis:{region}:{account}:stream/{name}"},
	"AWS::Lambda::Function":                 {name: "FunctionName", arn: "arn:{partition}:lambda:{region}:{account}:function:{name}"},
	"AWS::Serverless::Function":             {name: "FunctionName", arn: "arn:{partition}:lambda:{region}:{account}:function:{name}"},
	"AWS::Lambda::Alias":                    {name: "Name", arn: "{FunctionName:function}:{name}", byARN: true},
	"AWS::Lambda::Version":                  {arn: "{FunctionName:function}:1", byARN: true},
	"AWS::Lambda::LayerVersion":             {name: "LayerName", arn: "arn:{partition}:lambda:{region}:{account}:layer:{name}:1", byARN: true},
	"AWS::Serverless::LayerVersion":         {name: "LayerName", arn: "arn:{partition}:lambda:{region}:{account}:layer:{name}:1", byARN: true},
	"AWS::IAM::Role":                        {name: "RoleName", arn: "arn:{partition}:iam::{account}:role{Path:path}{name}"},
	"AWS::IAM::User":                        {name: "UserName", arn: "arn:{partition}:iam::{account}:user{Path:path}{name}"},
	"AWS::IAM::Group":                       {name: "GroupName", arn: "arn:{partition}:iam::{account}:group{Path:path}{name}"},
	"AWS::IAM::InstanceProfile":             {name: "InstanceProfileName", arn: "arn:{partition}:iam::{account}:instance-profile{Path:path}{name}"},
	"AWS::IAM::ManagedPolicy":               {name: "ManagedPolicyName", arn: "arn:{partition}:iam::{account}:policy{Path:path}{name}", byARN: true},
	"AWS::Logs::LogGroup":                   {name: "LogGroupName", arn: "arn:{partition}:logs:{region}:{account}:log-group:{name}:*"},
	"AWS::Logs::LogStream":                  {name: "LogStreamName"},
	"AWS::OpenSearchService::Domain":        {name: "DomainName", arn: "arn:{partition}:es:{region}:{account}:domain/{name}"},
	"AWS::Elasticsearch::Domain":            {name: "DomainName", arn: "arn:{partition}:es:{region}:{account}:domain/{name}"},
	"AWS::OpenSearchServerless::Collection": {name: "Name", arn: "arn:{partition}:aoss:{region}:{account}:collection/{name}"},
	"AWS::SecretsManager::Secret":           {name: "Name", arn: "arn:{partition}:secretsmanager:{region}:{account}:secret:{name}", byARN: true},
	"AWS::KMS::Key":                         {arn: "arn:{partition}:kms:{region}:{account}:key/{name}"},
	"AWS::KMS::Alias":                       {name: "AliasName", arn: "arn:{partition}:kms:{region}:{account}:{name}"},
	"AWS::SNS::Topic":                       {name: "TopicName", arn: "arn:{partition}:sns:{region}:{account}:{name}", byARN: true},
	"AWS::SQS::Queue":                       {name: "QueueName", arn: "arn:{partition}:sqs:{region}:{account}:{name}"},
	"AWS::DynamoDB::Table":                  {name: "TableName", arn: "arn:{partition}:dynamodb:{region}:{account}:table/{name}"},
	"AWS::Serverless::SimpleTable":          {name: "TableName", arn: "arn:{partition}:dynamodb:{region}:{account}:table/{name}"},
	"AWS::Events::Rule":                     {name: "Name", arn: "arn:{partition}:events:{region}:{account}:rule/{name}"},
	"AWS::Events::EventBus":                 {name: "Name", arn: "arn:{partition}:events:{region}:{account}:event-bus/{name}"},
	"AWS::StepFunctions::StateMachine":      {name: "StateMachineName", arn: "arn:{partition}:states:{region}:{account}:stateMachine:{name}", byARN: true},
	"AWS::Serverless::StateMachine":         {name: "Name", arn: "arn:{partition}:states:{region}:{account}:stateMachine:{name}", byARN: true},
	"AWS::MSK::Cluster":                     {name: "ClusterName", arn: "arn:{partition}:kafka:{region}:{account}:cluster/{name}", byARN: true},
	"AWS::MSK::ServerlessCluster":           {name: "ClusterName", arn: "arn:{partition}:kafka:{region}:{account}:cluster/{name}", byARN: true},
	"AWS::Redshift::Cluster":                {name: "ClusterIdentifier", arn: "arn:{partition}:redshift:{region}:{account}:cluster:{name}"},
	"AWS::RedshiftServerless::Workgroup":    {name: "WorkgroupName"},
	"AWS::RedshiftServerless::Namespace":    {name: "NamespaceName"},
	"AWS::SSM::Parameter":                   {name: "Name", arn: "arn:{partition}:ssm:{region}:{account}:parameter/{name}"},
	"AWS::WAFv2::WebACL":                    {name: "Name"},
}

// attributes are those, besides Arn, that can be known without an account. Where the service would
// put an id of its own making into a host, the resource's name stands.
var attributes = map[string]map[string]string{
	"AWS::S3::Bucket": {
		"DomainName":          "{name}.s3.{suffix}",
		"RegionalDomainName":  "{name}.s3.{region}.{suffix}",
		"DualStackDomainName": "{name}.s3.dualstack.{region}.{suffix}",
		"WebsiteURL":          "http://{name}.s3-website-{region}.{suffix}",
	},
	"AWS::OpenSearchService::Domain":        {"DomainArn": "{arn}", "DomainEndpoint": "search-{name}.{region}.es.{suffix}", "Id": "{account}/{name}"},
	"AWS::Elasticsearch::Domain":            {"DomainArn": "{arn}", "DomainEndpoint": "search-{name}.{region}.es.{suffix}"},
	"AWS::OpenSearchServerless::Collection": {"Id": "{name}", "CollectionEndpoint": "https://{name}.{region}.aoss.{suffix}", "DashboardEndpoint": "https://{name}.{region}.aoss.{suffix}/_dashboards"},
	"AWS::SecretsManager::Secret":           {"Id": "{arn}"},
	"AWS::KMS::Key":                         {"KeyId": "{name}"},
	"AWS::SNS::Topic":                       {"TopicArn": "{arn}", "TopicName": "{name}"},
	"AWS::SQS::Queue":                       {"QueueName": "{name}", "QueueUrl": "https://sqs.{region}.{suffix}/{account}/{name}"},
	"AWS::Redshift::Cluster":                {"Endpoint.Address": "{name}.{region}.redshift.{suffix}", "Endpoint.Port": "{Port:5439}"},
	"AWS::RedshiftServerless::Workgroup":    {"Workgroup.Endpoint.Address": "{name}.{account}.{region}.redshift-serverless.{suffix}", "Workgroup.WorkgroupName": "{name}"},
	"AWS::Lambda::Function":                 {"Version": "$LATEST"},
	"AWS::Lambda::Version":                  {"Version": "1", "FunctionArn": "{arn}"},
	"AWS::Lambda::Alias":                    {"AliasArn": "{arn}"},
	"AWS::IAM::ManagedPolicy":               {"PolicyArn": "{arn}"},
	"AWS::StepFunctions::StateMachine":      {"Name": "{name}"},
}

// ref is the value of !Ref id at p.
func (e *evaluator) ref(id string, p Pos) *Node {
	if strings.HasPrefix(id, "AWS::") {
		return e.pseudo(id, p)
	}
	if v := e.parameters[id]; v != nil {
		return usedAt(v, p)
	}
	s := e.sources[id]
	if s == nil {
		return e.generated(id, p)
	}
	if u := e.absent(s, p); u != nil {
		return u
	}
	if namings[s.typ].byARN {
		return e.arn(s, p)
	}
	if s.typ == "AWS::SQS::Queue" {
		return e.fill(s, attributes[s.typ]["QueueUrl"], p)
	}
	return e.name(s, p)
}

// usedAt gives a parameter's value that is written nowhere in the template, or that is missing,
// the place of its use.
func usedAt(v *Node, p Pos) *Node {
	if v.Kind != Unresolved && v.Pos != (Pos{}) {
		return v
	}
	at := *v
	at.Pos = p
	if err, ok := v.Err.(*Error); ok {
		at.Err = &Error{Pos: p, Msg: err.Msg}
	}
	if v.Kind == List {
		at.Items = make([]*Node, len(v.Items))
		for i, item := range v.Items {
			at.Items[i] = usedAt(item, p)
		}
	}
	return &at
}

func (e *evaluator) pseudo(id string, p Pos) *Node {
	text := ""
	switch id {
	case "AWS::NoValue":
		return nil
	case "AWS::AccountId":
		text = e.Account
	case "AWS::Region":
		text = e.Region
	case "AWS::Partition":
		text = e.Partition
	case "AWS::StackName":
		text = e.Stack
	case "AWS::StackId":
		text = "arn:" + e.Partition + ":cloudformation:" + e.Region + ":" + e.Account + ":stack/" + e.Stack + "/00000000-0000-0000-0000-000000000000"
	case "AWS::URLSuffix":
		text = e.suffix()
	case "AWS::NotificationARNs":
		return &Node{Kind: List, Pos: p}
	default:
		return unresolved(p, "unresolved reference %s: no such pseudo parameter", id)
	}
	return &Node{Kind: String, Text: text, Pos: p}
}

// suffix is AWS::URLSuffix.
func (o Options) suffix() string {
	if o.Partition == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// generated is a reference to what SAM adds to a function: its role, its alias, its version.
func (e *evaluator) generated(id string, p Pos) *Node {
	if s := e.samFunction(id, "Role"); s != nil {
		return &Node{Kind: String, Text: id, Pos: p}
	}
	if s := e.samFunction(id, ".Version"); s != nil {
		return e.fill(s, "{arn}:1", p)
	}
	if s := e.samFunction(id, ".Alias"); s != nil && s.properties.Get("AutoPublishAlias") != nil {
		return e.fill(s, "{arn}:{AutoPublishAlias}", p)
	}
	for known := range e.sources {
		if strings.EqualFold(known, id) {
			return unresolved(p, "unresolved reference %s; is %s meant?", quote(id), known)
		}
	}
	return unresolved(p, "unresolved reference %s", quote(id))
}

// samFunction is the function whose logical id is id without a suffix.
func (e *evaluator) samFunction(id, suffix string) *source {
	base, ok := strings.CutSuffix(id, suffix)
	if s := e.sources[base]; ok && s != nil && s.typ == "AWS::Serverless::Function" {
		return s
	}
	return nil
}

// absent is why a resource can't be referred to: its condition is false. One whose condition isn't
// known can: whoever uses it finds that out there.
func (e *evaluator) absent(s *source, p Pos) *Node {
	if exists, unknown := e.exists(s); unknown == nil && !exists {
		return unresolved(p, "unresolved reference %s: its condition %s is false", s.id, s.condition.Text)
	}
	return nil
}

func (e *evaluator) getAtt(n, arg *Node) *Node {
	var id, attr string
	switch arg.Kind {
	case String:
		var ok bool
		if id, attr, ok = strings.Cut(arg.Text, "."); !ok {
			return unresolved(arg.Pos, "Fn::GetAtt wants a resource and an attribute, as in Function.Arn")
		}
	case List:
		var parts []string
		for _, item := range arg.Items {
			s, u := e.str(item, "Fn::GetAtt")
			if u != nil {
				return u
			}
			parts = append(parts, s)
		}
		if len(parts) < 2 {
			return unresolved(arg.Pos, "Fn::GetAtt wants a resource and an attribute, as in [Function, Arn]")
		}
		id, attr = parts[0], strings.Join(parts[1:], ".")
	default:
		return unresolved(arg.Pos, "Fn::GetAtt: %s where a resource and an attribute are wanted", arg.Kind)
	}
	return e.attribute(id, attr, n.Pos)
}

// attribute is the value of !GetAtt id.attr at p.
func (e *evaluator) attribute(id, attr string, p Pos) *Node {
	s := e.sources[id]
	if s == nil {
		if e.samFunction(id, "Role") != nil && attr == "Arn" {
			return &Node{Kind: String, Text: "arn:" + e.Partition + ":iam::" + e.Account + ":role/" + id, Pos: p}
		}
		// SAM's own resources have dots in their ids: Function.Alias, Function.Version.
		if v := e.generated(id, p); v.Kind == Unresolved {
			return v
		}
		return unresolved(p, "unresolved attribute %s.%s", id, attr)
	}
	if u := e.absent(s, p); u != nil {
		return u
	}
	if attr == "Arn" {
		if v := e.arn(s, p); v != nil {
			return v
		}
	}
	if pattern, ok := attributes[s.typ][attr]; ok {
		return e.fill(s, pattern, p)
	}
	// Many attributes repeat a property: a parameter's Value, a cluster's Port.
	if strings.HasPrefix(s.typ, "AWS::") {
		if v := s.properties.Get(strings.Split(attr, ".")...); v != nil && v.Kind != Unresolved {
			return e.within(id+"."+attr, p, func() *Node { return e.eval(v) })
		}
	}
	return unresolved(p, "unresolved attribute %s.%s: what it is for %s is not known without an account", id, attr, s.typ)
}

// name is a resource's name: that of its name property, or its logical id, which then stands at p.
func (e *evaluator) name(s *source, p Pos) *Node {
	v, ok := e.names[s.id]
	if !ok {
		v = e.within(s.id, p, func() *Node { return e.findName(s) })
		e.names[s.id] = v
	}
	if v == nil {
		v = &Node{Kind: String, Text: s.id, Pos: p}
		if namings[s.typ].lower {
			v.Text = strings.ToLower(s.id)
		}
	}
	return v
}

// findName evaluates a name property, and nothing else of the resource: a function's role may
// refer to the function. It is nil where there is none.
func (e *evaluator) findName(s *source) *Node {
	path := namings[s.typ].name
	if path == "" {
		if _, known := namings[s.typ]; known {
			return nil
		}
		path = s.typ[strings.LastIndexByte(s.typ, ':')+1:] + "Name"
		if s.properties.Get(path) == nil {
			path = "Name"
		}
	}
	v := e.property(s, path)
	if v == nil || v.Kind == Null {
		return nil
	}
	if text, u := scalar(v, path); u != nil {
		return u
	} else if v.Kind != String {
		return &Node{Kind: String, Text: text, Pos: v.Pos}
	}
	return v
}

// property is the value of one property of a resource, its path through functions included.
func (e *evaluator) property(s *source, path string) *Node {
	v := s.properties
	for _, key := range strings.Split(path, ".") {
		if isCall(v) {
			v = e.eval(v)
		}
		if v = v.Get(key); v == nil || v.Kind == Unresolved {
			return v
		}
	}
	return e.eval(v)
}

// arn is a resource's ARN at p; nil where it can't be known.
func (e *evaluator) arn(s *source, p Pos) *Node {
	if pattern := namings[s.typ].arn; pattern != "" {
		return e.fill(s, pattern, p)
	}
	return nil
}

// fill completes a pattern for a resource; the text stands at p.
func (e *evaluator) fill(s *source, pattern string, p Pos) *Node {
	text, u := e.expand(pattern, func(field string) *Node {
		switch field {
		case "name":
			return e.name(s, p)
		case "arn":
			return e.arn(s, p)
		}
		return e.within(s.id+"."+field, p, func() *Node { return e.property(s, field) })
	})
	if u != nil {
		return u
	}
	return e.made(p, text)
}

// ARN is that of a resource of a CloudFormation type ("AWS::Kinesis::Stream"), made of o and of
// the resource's own fields: its name, and properties by CloudFormation's names ("DatabaseName" of
// a table). The node returned is the first field that isn't known. The ARN is "" for a type whose
// ARN is not known here.
func (o Options) ARN(typ string, field func(name string) *Node) (string, *Node) {
	return o.WithDefaults().expand(namings[typ].arn, field)
}

// expand completes a pattern: {partition}, {region}, {account}, {suffix}, and any other field by
// what field says. {Port:5439} has a value for want of it, {Path:path} "/" for want of it, and
// {FunctionName:function} is a function's ARN whether its name or its ARN is written.
func (o Options) expand(pattern string, field func(name string) *Node) (string, *Node) {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(pattern, "{")
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		var name string
		name, pattern, _ = strings.Cut(rest, "}")
		name, otherwise, _ := strings.Cut(name, ":")
		text := ""
		switch name {
		case "partition":
			text = o.Partition
		case "region":
			text = o.Region
		case "account":
			text = o.Account
		case "suffix":
			text = o.suffix()
		default:
			v := field(name)
			switch {
			case !v.IsNull():
				var u *Node
				if text, u = scalar(v, name); u != nil {
					return "", u
				}
			case otherwise == "path":
				text = "/"
			case otherwise != "function":
				text = otherwise
			}
			if otherwise == "function" && !strings.HasPrefix(text, "arn:") {
				text = "arn:" + o.Partition + ":lambda:" + o.Region + ":" + o.Account + ":function:" + text
			}
		}
		b.WriteString(text)
	}
}

package template

// Options are what a template's values depend on besides its text.
type Options struct {
	// Parameters are values for the template's parameters. A name that the template doesn't
	// declare is an error.
	Parameters map[string]string

	// The pseudo parameters, with their defaults (cli.md, names and defaults in descriptions).
	Account   string // AWS::AccountId; 123456789012
	Region    string // AWS::Region; us-east-1
	Stack     string // AWS::StackName; hydrant
	Partition string // AWS::Partition; by the region: aws, aws-cn, aws-us-gov
}

// A Template is an evaluated CloudFormation or SAM template, or a Terraform configuration.
type Template struct {
	File        string
	Description *Node       // nil when absent, as are the nodes below
	Metadata    *Node       // of the template as a whole
	Globals     *Node       // SAM's; already merged into the resources
	Outputs     *Node       // those whose condition holds
	Resources   []*Resource // in the order of the document; those whose condition is false are absent

	doc *Node
}

// A Resource is a resource of a template, evaluated.
type Resource struct {
	LogicalID string // "DeliveryStream"; Terraform's address, "aws_kinesis_firehose_delivery_stream.logs"
	Type      string // "AWS::KinesisFirehose::DeliveryStream", "aws_kinesis_firehose_delivery_stream"
	TypePos   Pos    // where the type is written
	Pos       Pos    // where the logical id is written

	Properties *Node // a Map; empty when the resource has none. Terraform's arguments
	Metadata   *Node // nil when absent

	// Name and ARN are what !Ref and !GetAtt X.Arn give elsewhere in the template: strings, or
	// Unresolved, or nil where the kind of resource has none that is known here.
	Name *Node
	ARN  *Node

	// Err is an *Error when it can't be known whether the resource's condition holds. It is an
	// error only for whoever uses the resource.
	Err error
}

// Resource returns the resource with a logical id, or nil.
func (t *Template) Resource(id string) *Resource {
	for _, r := range t.Resources {
		if r.LogicalID == id {
			return r
		}
	}
	return nil
}

// OfType returns the resources of the given types, in the order of the template.
func (t *Template) OfType(types ...string) []*Resource {
	var out []*Resource
	for _, r := range t.Resources {
		for _, typ := range types {
			if r.Type == typ {
				out = append(out, r)
				break
			}
		}
	}
	return out
}

// ByARN returns the resource that has an ARN, or nil. A function's qualifier (a version, an
// alias) behind its ARN doesn't matter.
func (t *Template) ByARN(arn string) *Resource {
	for _, r := range t.Resources {
		if r.ARN == nil || r.ARN.Kind != String || r.ARN.Text == "" {
			continue
		}
		if r.ARN.Text == arn || isFunction(r.Type) && qualifies(arn, r.ARN.Text) {
			return r
		}
	}
	return nil
}

func isFunction(typ string) bool {
	return typ == "AWS::Serverless::Function" || typ == "AWS::Lambda::Function" || typ == "aws_lambda_function"
}

// qualifies reports whether arn is base with one qualifier behind it.
func qualifies(arn, base string) bool {
	if len(arn) <= len(base)+1 || arn[:len(base)] != base || arn[len(base)] != ':' {
		return false
	}
	for _, c := range arn[len(base)+1:] {
		if c == ':' {
			return false
		}
	}
	return true
}

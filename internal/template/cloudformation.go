package template

import "strings"

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

// Resource returns the resource with a logical id, or nil. Terraform's address may lack the index
// ("[0]") of a resource's only instance.
func (t *Template) Resource(id string) *Resource {
	var instances []*Resource
	for _, r := range t.Resources {
		if r.LogicalID == id {
			return r
		}
		if rest, ok := strings.CutPrefix(r.LogicalID, id); ok && rest[0] == '[' {
			instances = append(instances, r)
		}
	}
	if len(instances) == 1 && id != "" {
		return instances[0]
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

// ByARN returns the resource that has an ARN, or nil. A function is found by its ARN with a
// qualifier (a version, an alias) too.
func (t *Template) ByARN(arn string) *Resource {
	var found *Resource
	for _, r := range t.Resources {
		if r.ARN == nil || r.ARN.Kind != String {
			continue
		}
		switch {
		case isFunction(r.Type):
			if rest, ok := strings.CutPrefix(arn, r.ARN.Text); ok && (rest == "" || rest[0] == ':' && strings.Count(rest, ":") == 1) {
				return r
			}
		case r.ARN.Text == arn && found == nil:
			found = r
		}
	}
	return found
}

func isFunction(typ string) bool {
	return typ == "AWS::Serverless::Function" || typ == "AWS::Lambda::Function" || typ == "aws_lambda_function"
}

// ParseTemplate reads and evaluates a CloudFormation or SAM template, in YAML or JSON. The error
// is an *Error: for what is no template, and for what CloudFormation refuses before it looks at a
// resource (a resource without a type, a parameter's value outside its AllowedValues). A value that
// can't be evaluated is no error here but an Unresolved node where it stands.
func ParseTemplate(file string, data []byte, o Options) (*Template, error) {
	doc, err := Parse(file, data)
	if err != nil {
		return nil, err
	}
	return Evaluate(doc, o)
}

// IsTemplate reports whether a document looks like a CloudFormation template: a map with a map
// Resources in it.
func IsTemplate(doc *Node) bool {
	r := doc.Get("Resources")
	return r != nil && r.Kind == Map && doc.Kind == Map
}

// Evaluate is ParseTemplate for a document that was read already.
func Evaluate(doc *Node, o Options) (*Template, error) {
	switch r := doc.Get("Resources"); {
	case doc == nil || doc.Kind != Map:
		return nil, doc.Errorf("no template: it has no map of sections")
	case r == nil:
		return nil, doc.Errorf("no template: it has no Resources")
	case r.Kind != Map:
		return nil, r.Errorf("Resources: %s where a map is wanted", r.Kind)
	}
	e := &evaluator{
		Options:    o.WithDefaults(),
		mappings:   doc.Get("Mappings"),
		parameters: make(map[string]*Node),
		conditions: make(map[string]*Node),
		truths:     make(map[string]truth),
		sources:    make(map[string]*source),
		names:      make(map[string]*Node),
	}
	if err := e.declareParameters(doc); err != nil {
		return nil, err
	}
	conditions, err := e.section(doc, "Conditions")
	if err != nil {
		return nil, err
	}
	for _, m := range conditions {
		e.conditions[m.Key] = m.Value
	}
	declared, err := e.declareResources(doc)
	if err != nil {
		return nil, err
	}

	t := &Template{
		File:        doc.Pos.File,
		Description: doc.Get("Description"),
		Metadata:    e.optional(doc.Get("Metadata")),
		Globals:     e.optional(doc.Get("Globals")),
	}
	for _, s := range declared {
		r, err := e.resource(s)
		if err != nil {
			return nil, err
		}
		if r != nil {
			t.Resources = append(t.Resources, r)
		}
	}
	if t.Outputs, err = e.outputs(doc); err != nil {
		return nil, err
	}
	if e.exhausted != nil {
		return nil, e.exhausted
	}
	return t, nil
}

// WithDefaults fills in the pseudo parameters that are empty.
func (o Options) WithDefaults() Options {
	if o.Account == "" {
		o.Account = "123456789012"
	}
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.Stack == "" {
		o.Stack = "hydrant"
	}
	if o.Partition == "" {
		switch {
		case strings.HasPrefix(o.Region, "cn-"):
			o.Partition = "aws-cn"
		case strings.HasPrefix(o.Region, "us-gov-"):
			o.Partition = "aws-us-gov"
		default:
			o.Partition = "aws"
		}
	}
	return o
}

// section is the map of a template's section, loops unrolled; none where the section is absent.
func (e *evaluator) section(doc *Node, name string) ([]Member, error) {
	n := doc.Get(name)
	if n.IsNull() {
		return nil, nil
	}
	if n.Kind != Map {
		return nil, n.Errorf("%s: %s where a map is wanted", name, n.Kind)
	}
	return e.unroll(n)
}

// A source is a resource as it is declared.
type source struct {
	id         string
	pos        Pos
	typ        string
	typePos    Pos
	condition  *Node // the name of one; nil without
	properties *Node // with SAM's globals; nil without
	metadata   *Node
}

func (e *evaluator) declareResources(doc *Node) ([]*source, error) {
	members, err := e.section(doc, "Resources")
	if err != nil {
		return nil, err
	}
	globals, err := readGlobals(doc)
	if err != nil {
		return nil, err
	}
	var all []*source
	for _, m := range members {
		if m.Key == "Fn::Transform" {
			continue // what a macro adds isn't known; a reference to it will say so
		}
		if m.Value.Kind != Map {
			return nil, m.Value.Errorf("resource %s: %s where a map is wanted", m.Key, m.Value.Kind)
		}
		typ := m.Value.Get("Type")
		if typ == nil {
			return nil, errorf(m.KeyPos, "resource %s has no Type", m.Key)
		}
		if typ.Kind != String {
			return nil, typ.Errorf("resource %s: Type is a %s where a string is wanted", m.Key, typ.Kind)
		}
		s := &source{
			id: m.Key, pos: m.KeyPos,
			typ: typ.Text, typePos: typ.Pos,
			condition:  m.Value.Get("Condition"),
			properties: m.Value.Get("Properties"),
			metadata:   m.Value.Get("Metadata"),
		}
		if s.properties.IsNull() {
			s.properties = &Node{Kind: Map, Pos: m.Value.Pos}
		}
		if s.properties.Kind != Map {
			return nil, s.properties.Errorf("Properties of %s: %s where a map is wanted", m.Key, s.properties.Kind)
		}
		if s.properties = globals.apply(e, s, m.Value.Get("IgnoreGlobals")); e.exhausted != nil {
			return nil, e.exhausted
		}
		e.sources[s.id] = s
		all = append(all, s)
	}
	return all, nil
}

// resource evaluates one; nil where its condition is false.
func (e *evaluator) resource(s *source) (*Resource, error) {
	r := &Resource{LogicalID: s.id, Type: s.typ, TypePos: s.typePos, Pos: s.pos}
	exists, unknown := e.exists(s)
	if unknown != nil {
		r.Err = unknown.Err
	} else if !exists {
		return nil, nil
	}
	r.Properties = e.optional(s.properties)
	if r.Properties == nil {
		r.Properties = &Node{Kind: Map, Pos: s.properties.Pos}
	}
	if k := r.Properties.Kind; k != Map && k != Unresolved {
		return nil, r.Properties.Errorf("Properties of %s: %s where a map is wanted", s.id, k)
	}
	r.Metadata = e.optional(s.metadata)
	r.Name = e.name(s, s.pos)
	r.ARN = e.arn(s, s.pos)
	return r, nil
}

// exists reports whether a resource's condition holds.
func (e *evaluator) exists(s *source) (bool, *Node) {
	if s.condition == nil {
		return true, nil
	}
	if s.condition.Kind != String {
		return false, unresolved(s.condition.Pos, "Condition of %s: %s where a condition's name is wanted", s.id, s.condition.Kind)
	}
	return e.condition(s.condition.Text, s.condition.Pos)
}

func (e *evaluator) optional(n *Node) *Node {
	if n == nil {
		return nil
	}
	return e.eval(n)
}

// outputs evaluates those that exist, or may.
func (e *evaluator) outputs(doc *Node) (*Node, error) {
	members, err := e.section(doc, "Outputs")
	if err != nil || members == nil {
		return nil, err
	}
	out := &Node{Kind: Map, Pos: doc.Get("Outputs").Pos}
	for _, m := range members {
		if c := m.Value.Get("Condition"); c != nil && c.Kind == String {
			if ok, unknown := e.condition(c.Text, c.Pos); unknown == nil && !ok {
				continue
			}
		}
		if m.Value = e.eval(m.Value); m.Value != nil {
			out.Members = append(out.Members, m)
		}
	}
	return out, nil
}

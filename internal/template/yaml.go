package template

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

const (
	maxYAML  = 16 << 20 // bytes of a YAML document; CloudFormation's limit is 1 MB
	maxNodes = 1 << 20  // nodes of a YAML document, aliases expanded
)

// Parse reads a JSON or YAML document, whichever it is by its content: JSON where it begins with
// { or [ and its name doesn't end in .json, unless only the YAML reader makes sense of it.
func Parse(file string, data []byte) (*Node, error) {
	text := bytes.TrimLeft(bytes.TrimPrefix(data, bom), " \t\r\n")
	named := strings.EqualFold(path.Ext(file), ".json")
	if !named && (len(text) == 0 || text[0] != '{' && text[0] != '[') {
		return ParseYAML(file, data)
	}
	n, err := ParseJSON(file, data)
	if err != nil && !named {
		if n, yerr := ParseYAML(file, data); yerr == nil {
			return n, nil
		}
	}
	return n, err
}

// ParseYAML reads one YAML document, with the types of YAML 1.1 that CloudFormation knows: yes,
// no, on and off are booleans, dates are strings. Tags of CloudFormation's are spelled out, !Ref X
// as the map Ref: X, !Sub as Fn::Sub; any other tag of the author's own is an error, as are a
// second document, a key that occurs twice, and more than a million nodes with all aliases
// expanded. An empty document is a Null. Every error is an *Error with its place.
func ParseYAML(file string, data []byte) (n *Node, err error) {
	whole := Pos{File: file}
	if len(data) > maxYAML {
		return nil, errorf(whole, "larger than %d MB", maxYAML>>20)
	}
	// The document is foreign and so is its reader: should that break, it is this document's error.
	defer func() {
		if r := recover(); r != nil {
			n, err = nil, errorf(whole, "can't be read as YAML (%v)", r)
		}
	}()
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		return nil, errorf(whole, "%v", err)
	}
	var doc, next yaml.Node
	if err := loader.Load(&doc); err == io.EOF {
		return &Node{Pos: Pos{File: file, Line: 1, Col: 1}}, nil
	} else if err != nil {
		return nil, yamlError(file, data, err)
	}
	if err := loader.Load(&next); err == nil {
		return nil, errorf(Pos{file, next.Line, next.Column}, "a second document; one is wanted")
	} else if err != io.EOF {
		return nil, yamlError(file, data, err)
	}
	r := &yamlReader{file: file, open: make(map[*yaml.Node]bool)}
	top := &doc
	if top.Kind == yaml.DocumentNode {
		if len(top.Content) == 0 {
			return &Node{Pos: Pos{File: file, Line: 1, Col: 1}}, nil
		}
		top = top.Content[0]
	}
	return r.node(top, 0)
}

// yamlError gives a syntax error its place in the file and a sentence of ours.
func yamlError(file string, data []byte, err error) *Error {
	var le *yaml.LoadError
	if !errors.As(err, &le) {
		return errorf(Pos{File: file}, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	pos := Pos{file, le.Mark.Line, le.Mark.Column}
	if pos.Line == 0 {
		// The bytes themselves are at fault (no UTF-8, a control character); the reader knows where.
		off := min(max(le.Mark.Index, 0), len(data))
		pos.Line = 1 + bytes.Count(data[:off], []byte("\n"))
		pos.Col = 1 + len([]rune(string(data[bytes.LastIndexByte(data[:off], '\n')+1:off])))
	}
	pos.Col = max(pos.Col, 1)
	msg := le.Message
	if le.ContextMsg != "" {
		msg = fmt.Sprintf("%s (%s at line %d)", msg, le.ContextMsg, max(le.ContextMark.Line, 1))
	}
	return &Error{Pos: pos, Msg: msg}
}

// A yamlReader makes nodes of one document.
type yamlReader struct {
	file  string
	nodes int
	open  map[*yaml.Node]bool // aliased nodes that are being made: an alias to one is a cycle
}

func (r *yamlReader) pos(n *yaml.Node) Pos { return Pos{r.file, n.Line, n.Column} }

func (r *yamlReader) node(y *yaml.Node, depth int) (*Node, error) {
	pos := r.pos(y)
	if depth > maxDepth {
		return nil, errorf(pos, "nested deeper than %d", maxDepth)
	}
	if r.nodes++; r.nodes > maxNodes {
		return nil, errorf(pos, "more than %d values", maxNodes)
	}
	if y.Kind == yaml.AliasNode {
		if r.open[y.Alias] || y.Alias == nil {
			return nil, errorf(pos, "alias *%s refers to a value that contains it", y.Value)
		}
		return r.node(y.Alias, depth)
	}
	if y.Anchor != "" {
		r.open[y] = true
		defer delete(r.open, y)
	}

	name, local := strings.CutPrefix(y.Tag, "!")
	if !local || strings.HasPrefix(name, "!") || name == "" {
		return r.plain(y, depth)
	}
	key := longForm(name)
	if key == "" {
		return nil, errorf(pos, "unknown tag !%s", name)
	}
	v := &Node{Kind: String, Text: y.Value, Pos: pos}
	if y.Kind != yaml.ScalarNode {
		bare := *y
		bare.Tag = ""
		var err error
		if v, err = r.plain(&bare, depth+1); err != nil {
			return nil, err
		}
	}
	return &Node{Kind: Map, Pos: pos, Members: []Member{{Key: key, KeyPos: pos, Value: v}}}, nil
}

// longForm is the key that a short tag stands for, "" for a tag that is none of CloudFormation's.
func longForm(tag string) string {
	switch tag {
	case "Ref", "Condition":
		return tag
	case "And", "Base64", "Cidr", "Equals", "FindInMap", "GetAtt", "GetAZs", "If", "ImportValue", "Join", "Length",
		"Not", "Or", "Select", "Split", "Sub", "ToJsonString", "Transform":
		return "Fn::" + tag
	}
	return ""
}

// plain makes a node of one whose tag is YAML's own.
func (r *yamlReader) plain(y *yaml.Node, depth int) (*Node, error) {
	n := &Node{Pos: r.pos(y)}
	switch y.Kind {
	case yaml.SequenceNode:
		if y.Tag != "" && y.ShortTag() != "!!seq" {
			return nil, errorf(n.Pos, "tag %s on a list", y.ShortTag())
		}
		n.Kind = List
		for _, c := range y.Content {
			item, err := r.node(c, depth+1)
			if err != nil {
				return nil, err
			}
			n.Items = append(n.Items, item)
		}
		return n, nil
	case yaml.MappingNode:
		if y.Tag != "" && y.ShortTag() != "!!map" {
			return nil, errorf(n.Pos, "tag %s on a map", y.ShortTag())
		}
		n.Kind = Map
		return n, r.mapping(n, y, depth)
	case yaml.ScalarNode:
		return n, r.scalar(n, y)
	}
	return nil, errorf(n.Pos, "can't be read as YAML")
}

func (r *yamlReader) mapping(n *Node, y *yaml.Node, depth int) error {
	var seen keySet
	var merges []*yaml.Node
	for i := 0; i+1 < len(y.Content); i += 2 {
		k, v := y.Content[i], y.Content[i+1]
		if k.Kind == yaml.AliasNode && k.Alias != nil {
			k = k.Alias
		}
		m := Member{Key: k.Value, KeyPos: r.pos(y.Content[i])}
		if k.Kind != yaml.ScalarNode {
			return errorf(m.KeyPos, "a key that is not a string")
		}
		if k.Value == "<<" && k.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 {
			merges = append(merges, v)
			continue
		}
		if at, dup := seen.add(m.Key, n.Members); dup {
			return errorf(m.KeyPos, "%s is here twice, first at line %d", quote(m.Key), at.Line)
		}
		var err error
		if m.Value, err = r.node(v, depth+1); err != nil {
			return err
		}
		n.Members = append(n.Members, m)
	}
	for _, v := range merges {
		from, err := r.node(v, depth+1)
		if err != nil {
			return err
		}
		maps := []*Node{from}
		if from.Kind == List {
			maps = from.Items
		}
		for _, from := range maps {
			if from.Kind != Map {
				return errorf(from.Pos, "%s where a map to merge is wanted", from.Kind)
			}
			for _, m := range from.Members {
				if _, dup := seen.add(m.Key, n.Members); !dup {
					n.Members = append(n.Members, m)
				}
			}
		}
	}
	return nil
}

// scalar resolves a scalar by its tag, or by its text when it stands without quotes.
func (r *yamlReader) scalar(n *Node, y *yaml.Node) error {
	n.Kind, n.Text = String, y.Value
	if y.Style&yaml.TaggedStyle == 0 {
		if y.Style&^yaml.FlowStyle == 0 {
			n.Kind, n.Text = resolve(y.Value)
		}
		return nil
	}
	var want Kind
	switch tag := y.ShortTag(); tag {
	case "!!str", "!!timestamp", "!":
		return nil
	case "!!null":
		want = Null
	case "!!bool":
		want = Bool
	case "!!int", "!!float":
		want = Number
	default:
		return errorf(n.Pos, "tag %s, which CloudFormation doesn't read", tag)
	}
	if n.Kind, n.Text = resolve(y.Value); n.Kind != want {
		return errorf(n.Pos, "%s is not a %s", quote(y.Value), want)
	}
	return nil
}

// resolve gives a scalar without quotes its kind. Integers of YAML's other notations become
// decimal; a decimal with a leading zero, which some read as octal, stays a string.
func resolve(s string) (Kind, string) {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return Null, ""
	case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON":
		return Bool, "true"
	case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF":
		return Bool, "false"
	}
	digits := strings.TrimLeft(s, "+-")
	if digits == "" || len(s)-len(digits) > 1 || digits[0] != '.' && (digits[0] < '0' || digits[0] > '9') {
		return String, s
	}
	sign := ""
	if s[0] == '-' {
		sign = "-"
	}
	if len(digits) > 2 && digits[0] == '0' && strings.IndexByte("xob", digits[1]) >= 0 {
		if i, err := strconv.ParseInt(sign+strings.ReplaceAll(digits, "_", ""), 0, 64); err == nil {
			return Number, strconv.FormatInt(i, 10)
		}
		return String, s
	}
	digits = strings.ReplaceAll(digits, "_", "")
	if _, ok := parseFloat(digits); !ok || len(digits) > 1 && digits[0] == '0' && '0' <= digits[1] && digits[1] <= '9' {
		return String, s
	}
	// What JSON's grammar lacks: .5 and 5.
	if digits[0] == '.' {
		digits = "0" + digits
	}
	if i := strings.IndexByte(digits, '.'); i >= 0 && (i+1 == len(digits) || digits[i+1] < '0' || digits[i+1] > '9') {
		digits = digits[:i] + digits[i+1:]
	}
	return Number, sign + digits
}

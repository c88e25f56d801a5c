// Package template reads descriptions, CloudFormation and SAM templates, Terraform (in the
// subpackage terraform) and plain YAML and JSON, into nodes that know their place.
//
// A [Node] is a value with the [Pos] where it was written. Whoever checks a value (a buffer size,
// a column type) reports the node's position, and the reader of the message can go there.
//
// [ParseYAML], [ParseJSON] and [Parse] read a document as it stands. [ParseTemplate] also
// evaluates it: intrinsic functions, conditions, parameters, mappings and SAM globals are
// replaced by what they come to, with the names and ARNs that resources would get. What can't be
// known without an account (a parameter without default, an import, a secret) becomes a node of
// kind [Unresolved], which is an error only for whoever reads it.
//
// # Design
//
// A value keeps the position where it was written through every intrinsic function:
//
//   - a literal that !If, !Select, !FindInMap or a parameter's Default picks: that literal;
//   - a string that !Sub completes: the string; where it is one variable and nothing else, the
//     variable's value;
//   - a name that !Ref takes from another resource's name property: that property's value;
//   - what is written nowhere (an ARN, a generated name, a joined list, a parameter given on the
//     command line): the function call that asked for it.
//
// Nodes are not modified once they are made, and may be shared.
//
// Nothing here panics or runs away on hostile input: nesting, size, aliases (which can expand
// exponentially), evaluation and reference cycles are bounded, and the bound is an error with a
// position.
package template

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// A Pos is a place in a file. Line and Col count from 1, Col in characters. The zero Pos is no
// place at all; one without a Line is a file as a whole.
type Pos struct {
	File string
	Line int
	Col  int
}

// String is "template.yaml:12:7", "template.yaml" without a line, and "" for the zero Pos.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Col)
}

// IsZero reports whether p is no place.
func (p Pos) IsZero() bool { return p == Pos{} }

// An Error is what is wrong at a place. Every error of this package is an *Error.
type Error struct {
	Pos Pos
	Msg string
}

// Error is "template.yaml:12:7: Msg", or Msg alone without a position.
func (e *Error) Error() string {
	if e.Pos.IsZero() {
		return e.Msg
	}
	return e.Pos.String() + ": " + e.Msg
}

func errorf(p Pos, format string, args ...any) *Error {
	return &Error{Pos: p, Msg: fmt.Sprintf(format, args...)}
}

// Kind says what a Node holds.
type Kind uint8

// The kinds are JSON's, and Unresolved for a value that is not known here.
const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Map
	Unresolved
)

var kindNames = [...]string{"null", "boolean", "number", "string", "list", "map", "unresolved value"}

// String names the kind as messages do: "null", "boolean", "number", "string", "list", "map",
// "unresolved value".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// A Node is a value together with the place where it was written.
type Node struct {
	Kind    Kind
	Text    string   // of a String; of a Number, in JSON's notation, with its digits as written; of a Bool, true or false
	Items   []*Node  // of a List
	Members []Member // of a Map, in the order of the document; keys are unique
	Pos     Pos
	Err     error // of an Unresolved: an *Error that says what is not known, and where it is used
}

// A Member is one entry of a Map.
type Member struct {
	Key    string
	KeyPos Pos
	Value  *Node
}

// Get follows keys down through maps and returns what is there, or nil: where a key is absent,
// where there is no map, and for a nil n. A key is matched exactly. An Unresolved node on the way
// is returned as it is, since nobody knows what it holds; so is one that a macro (Fn::Transform)
// leaves in a map which lacks the key. A null is returned as a Null node.
func (n *Node) Get(keys ...string) *Node {
	for _, k := range keys {
		if n == nil || n.Kind == Unresolved {
			return n
		}
		if n = n.member(k); n == nil {
			return nil
		}
	}
	return n
}

func (n *Node) member(key string) *Node {
	if n.Kind != Map {
		return nil
	}
	var rest *Node
	for i := range n.Members {
		switch n.Members[i].Key {
		case key:
			return n.Members[i].Value
		case "Fn::Transform":
			rest = n.Members[i].Value
		}
	}
	if rest != nil && rest.Kind == Unresolved {
		return rest
	}
	return nil
}

// IsNull reports whether n is absent (nil) or null.
func (n *Node) IsNull() bool { return n == nil || n.Kind == Null }

// Errorf makes an error at n's place.
func (n *Node) Errorf(format string, args ...any) *Error {
	if n == nil {
		return errorf(Pos{}, format, args...)
	}
	return errorf(n.Pos, format, args...)
}

// mismatch is the error of a node that can't be read as what is wanted: an Unresolved's own, else
// one that says what is there instead.
func (n *Node) mismatch(want string) error {
	switch {
	case n == nil:
		return errorf(Pos{}, "no value where a %s is wanted", want)
	case n.Kind == Unresolved:
		return n.Err
	case n.Kind == Null || n.Kind == List || n.Kind == Map:
		return n.Errorf("%s where a %s is wanted", n.Kind, want)
	}
	return n.Errorf("%s is not a %s", quote(n.Text), want)
}

// Str is the text of a scalar: a String's, and as CloudFormation has it, that of a Number or a
// Bool. The error is an *Error with n's position: the Unresolved's own, or one for a
// null, a list, a map, or a nil n.
func (n *Node) Str() (string, error) {
	if n != nil && (n.Kind == String || n.Kind == Number || n.Kind == Bool) {
		return n.Text, nil
	}
	return "", n.mismatch("string")
}

// Int is the value of an integer: of a Number, or as CloudFormation has it, of a String that
// holds one in decimal. 5.0 and 1e3 are integers, as in JSON Schema. A leading zero is an error:
// it makes an octal number for some readers of YAML. Errors are as Str's.
func (n *Node) Int() (int64, error) {
	if n == nil || n.Kind != Number && n.Kind != String {
		return 0, n.mismatch("whole number")
	}
	if d := strings.TrimLeft(n.Text, "+-"); len(d) > 1 && d[0] == '0' && '0' <= d[1] && d[1] <= '9' {
		return 0, n.Errorf("%s is octal to some readers and decimal to others; write it without the leading zero", quote(n.Text))
	}
	if i, err := strconv.ParseInt(n.Text, 10, 64); err == nil {
		return i, nil
	}
	if f, ok := parseFloat(n.Text); ok && -1<<53 < f && f < 1<<53 && f == float64(int64(f)) {
		return int64(f), nil
	}
	return 0, n.mismatch("whole number")
}

// Float is the value of a Number, or of a String that holds one. Errors are as Str's.
func (n *Node) Float() (float64, error) {
	if n == nil || n.Kind != Number && n.Kind != String {
		return 0, n.mismatch("number")
	}
	if f, ok := parseFloat(n.Text); ok {
		return f, nil
	}
	return 0, n.mismatch("number")
}

// Bool is the value of a Bool, or of a String "true" or "false" in any case, as CloudFormation has
// it. Errors are as Str's.
func (n *Node) Bool() (bool, error) {
	if n != nil {
		switch text := strings.ToLower(n.Text); {
		case n.Kind == Bool:
			return text == "true", nil
		case n.Kind == String && text == "true":
			return true, nil
		case n.Kind == String && text == "false":
			return false, nil
		}
	}
	return false, n.mismatch("boolean (true or false)")
}

// AppendJSON appends n as JSON, maps in the order of the document. The error is that of the first
// Unresolved in n.
func (n *Node) AppendJSON(dst []byte) ([]byte, error) {
	if n == nil {
		return append(dst, "null"...), nil
	}
	var err error
	switch n.Kind {
	case Null:
		return append(dst, "null"...), nil
	case Bool, Number:
		return append(dst, n.Text...), nil
	case String:
		return jsonscan.AppendQuoted(dst, n.Text, jsonscan.EscapeShort), nil
	case List:
		dst = append(dst, '[')
		for i, item := range n.Items {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = item.AppendJSON(dst); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	case Map:
		dst = append(dst, '{')
		for i, m := range n.Members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(jsonscan.AppendQuoted(dst, m.Key, jsonscan.EscapeShort), ':')
			if dst, err = m.Value.AppendJSON(dst); err != nil {
				return dst, err
			}
		}
		return append(dst, '}'), nil
	}
	return dst, n.Err
}

// quote prints a text from a document in a message: quoted, and cut where it is long.
func quote(s string) string {
	const most = 60
	if len(s) <= most {
		return strconv.Quote(s)
	}
	cut := most
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return strconv.Quote(s[:cut]) + "…"
}

// parseFloat reads a decimal number in JSON's notation or YAML's, without infinities and NaN.
func parseFloat(s string) (float64, bool) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case '0' <= c && c <= '9', c == '.', c == '+', c == '-', c == 'e', c == 'E':
		default:
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

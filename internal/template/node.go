// Package template reads descriptions, CloudFormation and SAM templates, Terraform (in the
// subpackage terraform) and plain YAML and JSON, into nodes that know their place.
//
// A [Node] is a value with the [Pos] where it was written. Whoever checks a value (a buffer size,
// a column type) reports the node's position, and the reader of the message can go there: "error
// in template.yaml:31:15", not "error in property IntervalInSeconds".
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
//   - a string that !Sub completes: the string;
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
	Text    string   // of a Bool, Number or String; of the former two as written: "no", "0x10", "1.50"
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
// is returned as it is, since nobody knows what it holds. A null is returned as a Null node.
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
	for i := range n.Members {
		if n.Members[i].Key == key {
			return n.Members[i].Value
		}
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

// check is the error of a node that can't be read as a want: an Unresolved's own, else one that
// says what is there instead.
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
// Bool as written. The error is an *Error with n's position: the Unresolved's own, or one for a
// null, a list, a map, or a nil n.
func (n *Node) Str() (string, error) {
	if n != nil && (n.Kind == String || n.Kind == Number || n.Kind == Bool) {
		return n.Text, nil
	}
	return "", n.mismatch("string")
}

// Int is the value of an integer: of a Number, or as CloudFormation has it, of a String that
// holds one in decimal. 5.0 and 1e3 are integers, as in JSON Schema. Errors are as Str's.
func (n *Node) Int() (int64, error) {
	if n == nil || n.Kind != Number && n.Kind != String {
		return 0, n.mismatch("whole number")
	}
	text := n.Text
	if n.Kind == Number {
		switch i, kind := yamlInt(text); kind {
		case intValue:
			return i, nil
		case intAmbiguous:
			return 0, n.Errorf("%s is octal to some readers of YAML and decimal to others; write it without the leading zero", text)
		}
	}
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i, nil
	}
	if f, ok := parseFloat(text); ok && f == float64(int64(f)) && f > -1<<53 && f < 1<<53 {
		return int64(f), nil
	}
	return 0, n.mismatch("whole number")
}

// Float is the value of a Number, or of a String that holds one. Errors are as Str's.
func (n *Node) Float() (float64, error) {
	if n == nil || n.Kind != Number && n.Kind != String {
		return 0, n.mismatch("number")
	}
	if n.Kind == Number {
		if i, kind := yamlInt(n.Text); kind == intValue {
			return float64(i), nil
		}
	}
	if f, ok := parseFloat(n.Text); ok {
		return f, nil
	}
	return 0, n.mismatch("number")
}

// Bool is the value of a Bool (true, and YAML 1.1's yes and on, which CloudFormation reads), or
// of a String "true" or "false" in any case. Errors are as Str's.
func (n *Node) Bool() (bool, error) {
	if n != nil {
		switch text := strings.ToLower(n.Text); {
		case n.Kind == Bool:
			return text == "true" || text == "yes" || text == "on", nil
		case n.Kind == String && text == "true":
			return true, nil
		case n.Kind == String && text == "false":
			return false, nil
		}
	}
	return false, n.mismatch("boolean (true or false)")
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

const (
	intNone = iota
	intValue
	intAmbiguous
)

// yamlInt reads an integer in a notation of YAML's that JSON lacks: hexadecimal, octal, binary,
// with underscores. A decimal with a leading zero is octal in YAML 1.1 and decimal in 1.2.
func yamlInt(s string) (int64, int) {
	digits := strings.TrimLeft(s, "+-")
	if len(digits) < 2 || len(s)-len(digits) > 1 {
		return 0, intNone
	}
	if digits[0] == '0' && '0' <= digits[1] && digits[1] <= '9' && strings.Trim(digits, "0123456789_") == "" {
		return 0, intAmbiguous
	}
	i, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 0, 64)
	if err != nil {
		return 0, intNone
	}
	return i, intValue
}

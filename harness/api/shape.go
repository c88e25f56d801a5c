package api

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant/internal/template"
)

// A member is one of a structure's.
type member struct {
	name     string
	required bool
	shape    shape
}

const required, optional = true, false

// A shape is what a value may be.
type shape struct {
	kind    kind
	lo, hi  int64 // of a number, or of the length of a text or a list
	pattern string
	enum    []string
	of      string // a structure's name
	item    *shape // of a list; of a map's values
	key     *shape // of a map
}

type kind uint8

const (
	opaqueKind kind = iota
	textKind
	enumKind
	integerKind
	doubleKind
	booleanKind
	timestampKind
	objectKind
	listKind
	mapKind
)

// Shapes without more to say. An opaque one is not looked into: a destination that is not simulated.
var (
	opaque    = shape{}
	boolean   = shape{kind: booleanKind}
	timestamp = shape{kind: timestampKind}
)

func text(lo, hi int64, pattern string) shape {
	return shape{kind: textKind, lo: lo, hi: hi, pattern: pattern}
}
func enum(values ...string) shape      { return shape{kind: enumKind, enum: values} }
func integer(lo, hi int64) shape       { return shape{kind: integerKind, lo: lo, hi: hi} }
func double(lo, hi int64) shape        { return shape{kind: doubleKind, lo: lo, hi: hi} }
func object(name string) shape         { return shape{kind: objectKind, of: name} }
func list(lo, hi int64, s shape) shape { return shape{kind: listKind, lo: lo, hi: hi, item: &s} }
func mapping(key, value shape) shape   { return shape{kind: mapKind, key: &key, item: &value} }

// Check holds n to a structure of the API ("ExtendedS3DestinationConfiguration"): its members, which of them are
// required, and each one's kind, enumeration, range, length and pattern (api-shapes.md). What violates them is an
// *Exception as the service words it (sources.md §1), with path in front of the member. What the
// service would never see, a member that the structure lacks (it would be ignored) or a value of another kind, is a
// *template.Error. The first in the order of the API is reported. An Unresolved value violates nothing.
func Check(name string, n *template.Node, path string) error {
	members, ok := shapes[name]
	if !ok {
		return fmt.Errorf("the API has no structure %s", name)
	}
	switch {
	case n.IsNull() || n.Kind == template.Unresolved:
		return nil
	case n.Kind != template.Map:
		return n.Errorf("%s where the map of a %s is wanted", n.Kind, name)
	}
	for _, m := range n.Members {
		if m.Key != macro && find(members, m.Key) == nil {
			return &template.Error{Pos: m.KeyPos, Msg: fmt.Sprintf("%s has no member %s; its members are %s", called(name), m.Key, names(members))}
		}
	}
	for _, m := range members {
		v := n.Get(m.name)
		at := join(path, m.name)
		if v.IsNull() {
			if m.required {
				return invalid(n.Pos, at, "Member must not be null")
			}
			continue
		}
		if err := m.shape.check(v, at); err != nil {
			return err
		}
	}
	return nil
}

// macro is the key that CloudFormation's Fn::Transform leaves in a map; what it adds is not known.
const macro = "Fn::Transform"

func find(members []member, name string) *member {
	for i := range members {
		if members[i].name == name {
			return &members[i]
		}
	}
	return nil
}

func names(members []member) string {
	var out []string
	for _, m := range members {
		out = append(out, m.name)
	}
	return strings.Join(out, ", ")
}

// called is a structure's name with its article.
func called(name string) string {
	switch {
	case name == "CreateDeliveryStreamInput":
		return "a delivery stream"
	case strings.IndexByte("AEIO", name[0]) >= 0 || strings.HasPrefix(name, "S3") || strings.HasPrefix(name, "MSK"):
		return "an " + name
	}
	return "a " + name
}

// join appends a member to a path, in lower camel case as the service does.
func join(path, name string) string {
	if path != "" {
		path += "."
	}
	return path + strings.ToLower(name[:1]) + name[1:]
}

// invalid is the service's ValidationException (sources.md §1).
func invalid(at template.Pos, path, constraint string) *Exception {
	return &Exception{Name: Validation, Pos: at,
		Message: fmt.Sprintf("1 validation error detected: Value at '%s' failed to satisfy constraint: %s", path, constraint)}
}

// check holds a value that is there to s.
func (s *shape) check(v *template.Node, path string) error {
	if v.Kind == template.Unresolved {
		return nil
	}
	constraint := ""
	var err error
	switch s.kind {
	case textKind, enumKind:
		var t string
		if t, err = v.Str(); err == nil {
			constraint = s.text(t)
		}
	case integerKind:
		var i int64
		if i, err = v.Int(); err == nil {
			constraint = bound("value", i < s.lo, i > s.hi, s.lo, s.hi)
		}
	case doubleKind:
		var f float64
		if f, err = v.Float(); err == nil {
			constraint = bound("value", f < float64(s.lo) || math.IsNaN(f), f > float64(s.hi), s.lo, s.hi)
		}
	case booleanKind:
		_, err = v.Bool()
	case timestampKind:
		_, err = v.Str() // seconds, or a date
	case objectKind:
		return Check(s.of, v, path)
	case listKind:
		if v.Kind != template.List {
			return v.Errorf("%s where a list is wanted", v.Kind)
		}
		n := int64(len(v.Items))
		if constraint = bound("length", n < s.lo, n > s.hi, s.lo, s.hi); constraint != "" {
			break
		}
		for i, item := range v.Items {
			at := fmt.Sprintf("%s.%d.member", path, i+1)
			if item.IsNull() {
				return invalid(v.Pos, at, "Member must not be null")
			}
			if err := s.item.check(item, at); err != nil {
				return err
			}
		}
	case mapKind:
		if v.Kind != template.Map {
			return v.Errorf("%s where a map is wanted", v.Kind)
		}
		for _, m := range v.Members {
			if c := s.key.text(m.Key); c != "" {
				return invalid(m.KeyPos, path, "Map keys must satisfy constraint: ["+c+"]")
			}
			if m.Value.IsNull() {
				return invalid(m.KeyPos, path, "Map value must satisfy constraint: [Member must not be null]")
			}
			if m.Value.Kind == template.Unresolved {
				continue
			}
			t, err := m.Value.Str()
			if err != nil {
				return err
			}
			if c := s.item.text(t); c != "" {
				return invalid(m.Value.Pos, path, "Map value must satisfy constraint: ["+c+"]")
			}
		}
	}
	if err != nil {
		return err
	}
	if constraint != "" {
		return invalid(v.Pos, path, constraint)
	}
	return nil
}

// text is the constraint that t violates, or "".
func (s *shape) text(t string) string {
	if s.kind == enumKind {
		for _, v := range s.enum {
			if t == v {
				return ""
			}
		}
		return "Member must satisfy enum value set: [" + strings.Join(s.enum, ", ") + "]"
	}
	n := int64(utf8.RuneCountInString(t))
	if c := bound("length", n < s.lo, n > s.hi, s.lo, s.hi); c != "" {
		return c
	}
	if s.pattern != "" && !matches(s.pattern, t) {
		return "Member must satisfy regular expression pattern: " + s.pattern
	}
	return ""
}

func bound(what string, below, above bool, lo, hi int64) string {
	switch {
	case below:
		return fmt.Sprintf("Member must have %s greater than or equal to %d", what, lo)
	case above:
		return fmt.Sprintf("Member must have %s less than or equal to %d", what, hi)
	}
	return ""
}

// blanks are what \s is in Java.
const blanks = " \t\n\v\f\r"

// matches reports whether all of t matches a pattern of the model's, which is Java's: (?!…) and (?<!…) are taken apart
// here, since Go has none. A text of several lines is as good as one of one line.
func matches(pattern, t string) bool {
	switch pattern {
	case notBlank:
		return strings.Trim(t, blanks) != ""
	case noSpace:
		return t != "" && !strings.ContainsAny(t, blanks)
	}
	if rest, ok := strings.CutPrefix(pattern, "^(?!aws:)"); ok {
		if strings.HasPrefix(t, "aws:") {
			return false
		}
		pattern = rest
	}
	pattern = strings.ReplaceAll(pattern, hostLabel, `[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?`)
	re, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	return err == nil && re.MatchString(t)
}

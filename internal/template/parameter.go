package template

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// declareParameters gives every parameter its value: what Options say, else its Default, else
// Unresolved. A value that the parameter's own rules refuse is an error where the value is written.
func (e *evaluator) declareParameters(doc *Node) error {
	declared, err := e.section(doc, "Parameters")
	if err != nil {
		return err
	}
	for _, m := range declared {
		v, err := e.parameter(m)
		if err != nil {
			return err
		}
		e.parameters[m.Key] = v
	}
	var names []string
	for name := range e.Parameters {
		if e.parameters[name] == nil {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		at := doc.Pos
		if p := doc.Get("Parameters"); p != nil {
			at = p.Pos
		}
		return errorf(at, "no parameter %s in the template", quote(slices.Min(names)))
	}
	return nil
}

// parameter is the value of one. Its position is that of the Default, and the zero Pos for a value
// from outside: such a value is reported where it is used.
func (e *evaluator) parameter(m Member) (*Node, error) {
	if m.Value.Kind != Map {
		return nil, m.Value.Errorf("parameter %s: %s where a map is wanted", m.Key, m.Value.Kind)
	}
	typ, err := m.Value.Get("Type").Str()
	if err != nil {
		return nil, errorf(m.KeyPos, "parameter %s has no Type", m.Key)
	}
	given, ok := e.Parameters[m.Key]
	stored := strings.HasPrefix(typ, "AWS::SSM::Parameter::Value<")
	def := m.Value.Get("Default")
	switch {
	case ok:
		def = &Node{Kind: String, Text: given}
	case stored:
		name, _ := def.Str()
		return unresolved(m.KeyPos, "unresolved parameter %s: it is the SSM parameter %s; give its value with --parameter %[1]s=VALUE", m.Key, quote(name)), nil
	case def.IsNull():
		return unresolved(m.KeyPos, "unresolved parameter %s: it has no default; give it with --parameter %[1]s=VALUE", m.Key), nil
	}
	text, err := def.Str()
	if err != nil {
		return nil, err
	}
	element := typ
	if stored {
		element = strings.TrimSuffix(strings.TrimPrefix(typ, "AWS::SSM::Parameter::Value<"), ">")
	}
	list := element == "CommaDelimitedList" || strings.HasPrefix(element, "List<")
	element = strings.TrimSuffix(strings.TrimPrefix(element, "List<"), ">")
	values := []string{text}
	if list {
		values = strings.Split(text, ",")
		if text == "" {
			values = nil
		}
	}
	out := &Node{Kind: List, Pos: def.Pos}
	for _, v := range values {
		if list {
			v = strings.TrimSpace(v)
		}
		if msg := refuses(m.Value, element, v, stored); msg != "" {
			at := def.Pos
			if ok {
				at = m.KeyPos
			}
			if why, err := m.Value.Get("ConstraintDescription").Str(); err == nil && !strings.HasPrefix(msg, "a number") {
				msg += ": " + why
			}
			return nil, errorf(at, "parameter %s is %s, but it must be %s", m.Key, quote(v), msg)
		}
		item := &Node{Kind: String, Text: v, Pos: def.Pos}
		if kind, number := resolve(v); element == "Number" && kind == Number {
			item.Kind, item.Text = Number, number
		}
		out.Items = append(out.Items, item)
	}
	if !list {
		return out.Items[0], nil
	}
	return out, nil
}

// refuses says what a value must be by the rules of its parameter, where it is not that. A pattern
// that Go's regular expressions can't express is not checked, nor are the rules of an SSM
// parameter, which hold for its name.
func refuses(p *Node, element, v string, stored bool) string {
	if element == "Number" {
		f, ok := parseFloat(strings.TrimSpace(v))
		if !ok {
			return "a number"
		}
		if least, err := p.Get("MinValue").Float(); err == nil && f < least {
			return "at least " + strconv.FormatFloat(least, 'f', -1, 64)
		}
		if most, err := p.Get("MaxValue").Float(); err == nil && f > most {
			return "at most " + strconv.FormatFloat(most, 'f', -1, 64)
		}
	}
	if stored {
		return ""
	}
	if allowed := p.Get("AllowedValues"); allowed != nil && allowed.Kind == List {
		var all []string
		found := false
		for _, a := range allowed.Items {
			s, err := a.Str()
			found = found || err != nil || s == v
			if len(all) < 20 {
				all = append(all, quote(s))
			}
		}
		if !found {
			return "one of " + strings.Join(all, ", ")
		}
	}
	if least, err := p.Get("MinLength").Int(); err == nil && int64(len([]rune(v))) < least {
		return "at least " + strconv.FormatInt(least, 10) + " characters long"
	}
	if most, err := p.Get("MaxLength").Int(); err == nil && int64(len([]rune(v))) > most {
		return "at most " + strconv.FormatInt(most, 10) + " characters long"
	}
	if pattern, err := p.Get("AllowedPattern").Str(); err == nil {
		if re, err := regexp.Compile(`\A(?:` + pattern + `)\z`); err == nil && !re.MatchString(v) {
			return "what " + quote(pattern) + " matches"
		}
	}
	return ""
}

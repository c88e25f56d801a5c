package schema

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// An Inference is what an Inferrer found.
type Inference struct {
	Table   *Table  `json:"-"`
	Type    *Type   `json:"type"`    // the table's columns as a struct
	Records int64   `json:"records"` // added
	Rows    int64   `json:"rows"`    // objects in them
	Fields  []Field `json:"fields"`  // every path, each before what is below it

	Empty      Tally `json:"empty"`      // records of nothing but white space
	Malformed  Tally `json:"malformed"`  // records that aren't JSON
	NotObjects Tally `json:"notObjects"` // records with something else than objects in them
	Unnameable Tally `json:"unnameable"` // members whose name no column can have: empty, or over 255 bytes
	Beyond     Tally `json:"beyond"`     // members past InferOptions.MaxFields, left out
}

// A Field is what was seen at one path, and the type that holds all of it.
type Field struct {
	Path      string   `json:"path"` // "user.name"; "tags[]" are the elements, "attrs{}" the values
	Type      *Type    `json:"type"`
	Of        int64    `json:"of"`   // objects (or arrays, maps) in which it could have been
	Seen      int64    `json:"seen"` // values, nulls included
	Null      int64    `json:"null"`
	Forms     []Form   `json:"forms"` // what the values were, in the order first seen
	Range     string   `json:"range,omitempty"`
	Spellings []string `json:"spellings,omitempty"` // at most 4; when the name in the data isn't the column's
	Notes     []string `json:"notes,omitempty"`     // what deserves a look
}

// A Form counts the values of one form: "32-bit integer", "date text", "object".
type Form struct {
	Form string `json:"form"`
	Tally
}

// Result says what was found so far. It fails when there is no column.
func (n *Inferrer) Result() (*Inference, error) {
	r := &Inference{
		Records: n.records, Rows: n.rows, Empty: n.empty, Malformed: n.malformed,
		NotObjects: n.notObjects, Unnameable: n.unnameable, Beyond: n.beyond,
	}
	root := part{n: &n.root}
	r.Type = n.structOf([]part{root}, 1)
	if len(r.Type.Fields) == 0 {
		switch {
		case n.records == 0:
			return nil, fmt.Errorf("no records to infer a table from")
		case n.malformed.Count > 0:
			return nil, fmt.Errorf("no record has a member; the first that is not JSON: %s", n.malformed.First)
		}
		return nil, fmt.Errorf("no record has a member")
	}
	r.Table = &Table{Columns: r.Type.Fields}
	n.fields(r, &n.root, "", n.rows, 1)
	return r, nil
}

// A part is a node whose values a type must hold; without its arrays when those are looked at
// apart, since OpenX reads a value that stands alone as an array of one.
type part struct {
	n        *node
	noArrays bool
}

// typeOf returns the narrowest type that holds everything seen at the parts.
func (n *Inferrer) typeOf(parts []part, depth int) *Type {
	var has [formCount]bool
	for _, p := range parts {
		for _, f := range p.n.forms {
			if f.form != formArray || !p.noArrays {
				has[f.form] = true
			}
		}
	}
	if has[formArray] {
		if depth >= maxDepth {
			return &Type{Kind: String}
		}
		var inner []part
		for _, p := range parts {
			if p.n.elem != nil && !p.noArrays {
				inner = append(inner, part{n: p.n.elem})
			}
			inner = append(inner, part{p.n, true})
		}
		return &Type{Kind: Array, Elem: n.typeOf(inner, depth+1)}
	}
	whole := has[formInt] || has[formLong] || has[formBig] || has[formHuge]
	number := whole || has[formFraction]
	date, stamp := has[formDate] && !n.o.PlainText, has[formTime] && !n.o.PlainText
	text := has[formText] || has[formZoned] || has[formDigits] || has[formDate] && !date || has[formTime] && !stamp || date && stamp
	kinds := 0
	for _, k := range [...]bool{number, has[formBool], has[formObject], date, stamp, text} {
		if k {
			kinds++
		}
	}
	switch {
	case kinds != 1 || text:
		return &Type{Kind: String}
	case has[formObject]: // "" reads as null there
		return n.objectOf(parts, depth)
	case has[formEmpty]:
		return &Type{Kind: String}
	case has[formBool]:
		return &Type{Kind: Boolean}
	case date:
		return &Type{Kind: Date}
	case stamp:
		return &Type{Kind: Timestamp}
	case has[formFraction]:
		return &Type{Kind: Double}
	case has[formHuge]:
		return &Type{Kind: String}
	case has[formBig]:
		return &Type{Kind: Decimal, Precision: 38}
	case has[formLong]:
		return &Type{Kind: BigInt}
	}
	return &Type{Kind: Int}
}

// objectOf returns a struct or a map.
func (n *Inferrer) objectOf(parts []part, depth int) *Type {
	var values []part
	members, ids := 0, true
	for _, p := range parts {
		if p.n.collapsed > 0 {
			values = append(values, part{n: p.n.value})
		}
		for _, m := range p.n.members {
			members++
			ids = ids && isID(m.name)
		}
	}
	if depth >= maxDepth {
		return &Type{Kind: String}
	}
	if members == 0 && values == nil {
		return &Type{Kind: Map, Key: &Type{Kind: String}, Elem: &Type{Kind: String}}
	}
	if values == nil && (members < 3 || !ids) {
		return n.structOf(parts, depth)
	}
	for _, p := range parts {
		for _, m := range p.n.members {
			values = append(values, part{n: m})
		}
	}
	return &Type{Kind: Map, Key: &Type{Kind: String}, Elem: n.typeOf(values, depth+1)}
}

// structOf returns the struct of all members of the parts. Members whose names are the same in
// lower case are one.
func (n *Inferrer) structOf(parts []part, depth int) *Type {
	t := &Type{Kind: Struct}
	index := map[string]int{}
	var members [][]part
	for _, p := range parts {
		for _, m := range p.n.members {
			i, ok := index[m.name]
			if !ok {
				i = len(members)
				index[m.name] = i
				members = append(members, nil)
				t.Fields = append(t.Fields, Column{Name: m.name})
			}
			members[i] = append(members[i], part{n: m})
		}
	}
	for i := range members {
		t.Fields[i].Type = n.typeOf(members[i], depth+1)
	}
	return t
}

// isID reports whether a member's name is data rather than a name: it begins with a digit and has
// nothing but hexadecimal digits and separators, as numbers, dates, times and UUIDs do, or is a UUID.
func isID(name string) bool {
	letters := 0
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c >= '0' && c <= '9', c == '-', c == ':', c == '.', c == '/', c == 't', c == 'z', c == ' ':
		case c >= 'a' && c <= 'f':
			letters++
		default:
			return false
		}
	}
	if len(name) == 36 && name[8] == '-' && name[13] == '-' && name[18] == '-' && name[23] == '-' {
		return true
	}
	return name != "" && name[0] >= '0' && name[0] <= '9' && (letters == 0 || len(name) >= 16)
}

// fields lists p's members, elements and values, and what is below them.
func (n *Inferrer) fields(r *Inference, p *node, path string, of int64, depth int) {
	below := func(c *node, path string, of int64) {
		f := Field{Path: path, Type: n.typeOf([]part{{n: c}}, depth+1), Of: of, Seen: c.seen, Null: c.null, Range: c.span()}
		for _, t := range c.forms {
			f.Forms = append(f.Forms, Form{formNames[t.form], t.Tally})
		}
		for _, s := range c.spellings {
			if s != c.name {
				f.Spellings = c.spellings
			}
		}
		f.Notes = n.notes(c, f.Type)
		if depth == 1 && len(f.Type.append(nil)) > maxTypeLength {
			f.Notes = append(f.Notes, fmt.Sprintf("the type is longer than the %d characters Glue allows", maxTypeLength))
		}
		r.Fields = append(r.Fields, f)
		n.fields(r, c, path, c.seen-c.null, depth+1)
	}
	value := p.value
	if len(p.members) > 0 && path != "" && n.typeOf([]part{{p, true}}, depth).Kind == Map {
		// A map by its names: one line for its values.
		value = &node{}
		m := NewInferrer(n.o)
		for _, c := range p.members {
			m.merge(value, c)
		}
	} else {
		for _, c := range p.members {
			below(c, appendPath(path, c.name), of)
		}
	}
	if p.elem != nil {
		below(p.elem, path+"[]", p.elem.seen)
	}
	if value != nil {
		below(value, path+"{}", value.seen)
	}
}

// span is the range of the numbers of c: "1..99".
func (c *node) span() string {
	switch {
	case c.has(formFraction):
		low, high := c.low, c.high
		if c.has(formInt) || c.has(formLong) {
			low, high = min(low, float64(c.min)), max(high, float64(c.max))
		}
		return strconv.FormatFloat(low, 'g', -1, 64) + ".." + strconv.FormatFloat(high, 'g', -1, 64)
	case c.has(formInt) || c.has(formLong):
		return strconv.FormatInt(c.min, 10) + ".." + strconv.FormatInt(c.max, 10)
	}
	return ""
}

// notes says what about c deserves a look.
func (n *Inferrer) notes(c *node, t *Type) []string {
	var out []string
	note := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if c.seen == c.null {
		note("only null: the type is a guess")
	}
	if t.Kind == Array && c.elem == nil && len(c.forms) == 1 {
		note("only empty arrays: the element's type is a guess")
	}
	if t.Kind == Map && c.collapsed == 0 && len(c.members) == 0 {
		note("only empty objects: the type is a guess")
	}
	if t.Kind == Map && (c.collapsed > 0 || len(c.members) > 0) {
		note("a map: %d or more different names", max(c.collapsed, len(c.members)))
	}
	mixed := 0
	for _, f := range c.forms {
		switch f.form {
		case formObject, formArray:
			if t.Kind == String {
				note("objects or arrays are kept as text: OpenX writes them out, the Hive SerDe fails such records")
			}
		}
		if f.form != formEmpty {
			mixed++
		}
	}
	if t.Kind == Array && mixed > 1 {
		note("values that stand alone become arrays of one with OpenX; the Hive SerDe fails such records")
	}
	if c.has(formEmpty) && !c.has(formText) && (c.has(formDate) || c.has(formTime) || c.has(formDigits)) {
		note("string because of empty text at %s", c.firstOf(formEmpty))
	}
	if c.has(formDigits) && (c.has(formInt) || c.has(formLong) || c.has(formFraction)) {
		note("numbers also as text, first at %s", c.firstOf(formDigits))
	}
	if t.Kind == Timestamp {
		note("with the Hive SerDe the text must be yyyy-mm-dd hh:mm:ss, or TimestampFormats must say its pattern")
	}
	if c.has(formZoned) {
		note("timestamps with an offset: OpenX fails them in a timestamp column, so they stay text")
	}
	if t.Kind == Double && c.inexact.Count > 0 {
		note("%d numbers that double rounds, first %s at %s", c.inexact.Count, c.inexact.Example, c.inexact.First)
	}
	if c.twice.Count > 0 {
		note("twice in one object, first at %s: OpenX fails such records", c.twice.First)
	}
	if strings.Contains(c.name, ".") {
		note("a dot in the name: write the column as %s and set ConvertDotsInJsonKeysToUnderscores", strings.ReplaceAll(c.name, ".", "_"))
	} else if c.name != "" && string(appendName(nil, c.name)) != c.name {
		note("the name needs backquotes: use ColumnToJsonKeyMappings with a plain column name")
	}
	if n.o.CaseSensitive && len(c.spellings) > 0 && c.spellings[0] != c.name {
		note("CaseInsensitive=false: only a mapping reaches the name %s", c.spellings[0])
	}
	return out
}

func (c *node) firstOf(f form) Place {
	for i := range c.forms {
		if c.forms[i].form == f {
			return c.forms[i].First
		}
	}
	return Place{}
}

// AppendText writes r as a table for people: a line for each path, with what was seen, how often
// and where first, and under it what deserves a look.
func (r *Inference) AppendText(dst []byte) []byte {
	dst = fmt.Appendf(dst, "%d records, %d rows\n", r.Records, r.Rows)
	for _, t := range r.Left() {
		dst = fmt.Appendf(dst, "%d %s, first at %s: %s\n", t.Count, t.Form, t.First, t.Example)
	}
	width, typeWidth := 0, 0
	for i := range r.Fields {
		width = max(width, min(len(r.Fields[i].Path), 40))
		typeWidth = max(typeWidth, len(shortType(r.Fields[i].Type)))
	}
	for i := range r.Fields {
		f := &r.Fields[i]
		dst = fmt.Appendf(dst, "%-*s  %-*s  %s", width, f.Path, typeWidth, shortType(f.Type), share(f.Seen-f.Null, f.Of))
		if f.Null > 0 {
			dst = fmt.Appendf(dst, ", null %d", f.Null)
		}
		if f.Range != "" {
			dst = fmt.Appendf(dst, ", %s", f.Range)
		}
		if len(f.Spellings) > 0 {
			dst = fmt.Appendf(dst, ", written %s", strings.Join(f.Spellings, ", "))
		}
		dst = append(dst, '\n')
		if len(f.Forms) > 1 {
			for _, m := range f.Forms {
				dst = fmt.Appendf(dst, "    %s ×%d, first at %s: %s\n", m.Form, m.Count, m.First, m.Example)
			}
		}
		for _, note := range f.Notes {
			dst = fmt.Appendf(dst, "    ! %s\n", note)
		}
	}
	return dst
}

// Left is what no column is made of: records that aren't JSON objects, members whose names no column can have, members past
// InferOptions.MaxFields.
func (r *Inference) Left() []Form {
	all := []Form{{"empty records", r.Empty}, {"records that are not JSON", r.Malformed}, {"records that are not objects", r.NotObjects},
		{"members whose name no column can have", r.Unnameable}, {"members left out for memory", r.Beyond}}
	return slices.DeleteFunc(all, func(f Form) bool { return f.Count == 0 })
}

// shortType is a type without what is inside a struct.
func shortType(t *Type) string {
	switch t.Kind {
	case Struct:
		return "struct<…>"
	case Array:
		return "array<" + shortType(t.Elem) + ">"
	case Map:
		return "map<" + shortType(t.Key) + "," + shortType(t.Elem) + ">"
	}
	return t.String()
}

// share is "12 of 40 (30.0%)".
func share(n, of int64) string {
	switch {
	case of <= 0 || n == of:
		return strconv.FormatInt(n, 10)
	case n > of: // more than once in an object
		return fmt.Sprintf("%d in %d", n, of)
	}
	return fmt.Sprintf("%d of %d (%.1f%%)", n, of, 100*float64(n)/float64(of))
}

package schema

import (
	"fmt"
	"strings"

	"github.com/hydrantkit/hydrant/internal/jsonscan/javatext"
)

// A FindingKind names what is wrong; the names are those of the --json output.
type FindingKind string

// The kinds of findings.
const (
	Dropped   FindingKind = "dropped"   // a member in the data that the schema hasn't
	Unfilled  FindingKind = "unfilled"  // a column that no record has a value for
	Fails     FindingKind = "fails"     // records that don't convert
	Case      FindingKind = "case"      // names that differ in case only, or stand twice in an object
	Dots      FindingKind = "dots"      // names with dots
	Precision FindingKind = "precision" // numbers that lose digits
	Altered   FindingKind = "altered"   // values that silently become others
	BadType   FindingKind = "type"      // a column's type that the deserializer refuses
	BadName   FindingKind = "name"      // a column's name that no member reaches
)

// A Finding is one thing that is wrong at one path: how often, where first, and what to do.
type Finding struct {
	Kind    FindingKind `json:"kind"`
	Path    string      `json:"path,omitempty"`
	Type    *Type       `json:"type,omitempty"` // of the column or member, if there is one
	Message string      `json:"message"`
	Hint    string      `json:"hint,omitempty"`
	Tally
}

// A Lint is what a Linter found, in the order of the table.
type Lint struct {
	Records  int64     `json:"records"`
	Rows     int64     `json:"rows"`
	Failed   int64     `json:"failed"` // records
	Findings []Finding `json:"findings"`
}

// Result lists what was found so far. Columns that never have a value are findings only if there
// were rows.
func (l *Linter) Result() *Lint {
	r := &Lint{Records: l.records, Rows: l.rows, Failed: l.failed, Findings: []Finding{}}
	r.Findings = append(r.Findings, l.fails...)
	l.table(r)
	l.findings(r, l.root)
	if l.others.Count > 0 {
		r.Findings = append(r.Findings, Finding{Kind: Dropped, Tally: l.others, Message: fmt.Sprintf("members beyond the first %d names that the schema hasn't", maxDropped)})
	}
	return r
}

// table finds what is wrong with the table whatever the records are.
func (l *Linter) table(r *Lint) {
	for _, c := range l.t.Columns {
		add := func(kind FindingKind, message, hint string) {
			r.Findings = append(r.Findings, Finding{Kind: kind, Path: appendPath("", c.Name), Type: c.Type, Message: message, Hint: hint})
		}
		_, mapped := l.o.Mappings[c.Name]
		switch {
		case strings.Contains(c.Name, "`"):
			add(BadName, "the name holds backquotes, which no member's name does", "name the column "+strings.ReplaceAll(c.Name, "`", ""))
		case strings.Contains(c.Name, ".") && l.o.Hive:
			add(Dots, "the Hive SerDe doesn't allow dots in column names", "write "+strings.ReplaceAll(c.Name, ".", "_"))
		case strings.Contains(c.Name, ".") && l.o.ConvertDots && !mapped:
			add(Dots, "dots in member names become underscores, so nothing may reach this column", "name the column "+strings.ReplaceAll(c.Name, ".", "_"))
		}
		if holds(c.Type, Binary) {
			if l.o.Hive {
				add(BadType, "the Hive SerDe fails every record that has this binary column", "make it string")
			} else {
				add(BadType, "OpenX refuses a table with a binary column, and with it every record", "make it string")
			}
		}
	}
}

// holds reports whether a type is or contains one of a kind.
func holds(t *Type, k Kind) bool {
	if t == nil {
		return false
	}
	if t.Kind == k || holds(t.Elem, k) || holds(t.Key, k) {
		return true
	}
	for _, f := range t.Fields {
		if holds(f.Type, k) {
			return true
		}
	}
	return false
}

// findings lists what was found at n and below it.
func (l *Linter) findings(r *Lint, n *lintNode) {
	add := func(f Finding) { r.Findings = append(r.Findings, f) }
	if n.precision.Count > 0 {
		add(Finding{Kind: Precision, Path: n.path, Type: n.typ, Tally: n.precision, Message: precisionText(n.typ), Hint: precisionHint(n.typ)})
	}
	if n.altered.Count > 0 {
		add(Finding{Kind: Altered, Path: n.path, Type: n.typ, Tally: n.altered, Message: n.why, Hint: "make it string, or put the value right in a transform"})
	}
	if n.lowered.Count > 0 {
		message := "keys of the map become lower-case"
		if n.typ.Kind != Map {
			message = "keys of objects that are kept as text become lower-case"
		}
		add(Finding{Kind: Case, Path: n.path, Type: n.typ, Tally: n.lowered, Message: message, Hint: "set CaseInsensitive=false, and map the columns whose keys have capitals"})
	}
	if n.extra.Count > 0 {
		add(Finding{Kind: Dropped, Path: n.path, Type: n.typ, Tally: n.extra, Message: "an array, read by position, that is longer than the struct", Hint: "make it an array, or add members"})
	}
	for i := range n.fields {
		c := &n.fields[i]
		if c.twice.Count > 0 {
			message := "stands twice in one object, when case is ignored: OpenX fails such records"
			switch {
			case l.o.Hive:
				message = "stands twice in one object, when case is ignored: the last one wins and the others are lost"
			case l.o.CaseSensitive:
				message = "stands twice in one object: OpenX fails such records"
			}
			add(Finding{Kind: Case, Path: c.path, Type: c.typ, Tally: c.twice, Message: message, Hint: "rename one of them in a transform"})
		}
		if c.lost.Count > 0 {
			add(Finding{Kind: Dots, Path: c.path, Type: c.typ, Tally: c.lost, Message: "stands beside the same name with dots: the one with dots is lost", Hint: "map one of them to a column of its own"})
		}
		if n.objects > 0 && c.filled == 0 {
			add(Finding{Kind: Unfilled, Path: c.path, Type: c.typ, Message: fmt.Sprintf("no value in %d objects", n.objects), Hint: l.unfilledHint(n, c)})
			continue
		}
		l.findings(r, c.lintNode)
	}
	if n.elem != nil {
		l.findings(r, n.elem)
	}
	for _, d := range n.order {
		if d.twice.Count > 0 && !l.o.Hive {
			add(Finding{Kind: Case, Path: appendPath(n.path, d.key), Tally: d.twice, Message: "stands twice in one object: OpenX fails such records, although the schema hasn't this name", Hint: "remove one of them in a transform"})
		}
		if d.Count == 0 {
			continue // only ever null
		}
		f := Finding{Kind: Dropped, Path: appendPath(n.path, d.key), Tally: d.Tally, Message: "in the data, not in the schema", Hint: "add a column"}
		if n != l.root {
			f.Hint = "add a member"
		}
		lower := javatext.Lower(d.key)
		under := strings.ReplaceAll(lower, ".", "_")
		_, hasLower := n.plain[lower]
		_, hasUnder := n.plain[under]
		switch {
		case l.o.CaseSensitive && hasLower && lower != d.key:
			f.Kind, f.Message, f.Hint = Case, "differs from its column in case only, and case counts", "set CaseInsensitive, or map column "+lower+" to "+d.key
		case under != lower && hasUnder && !l.o.Hive:
			f.Kind, f.Message, f.Hint = Dots, "has dots where its column has underscores", "set ConvertDotsInJsonKeysToUnderscores, or map column "+under+" to "+d.key
		case hasLower:
			f.Message, f.Hint = "its column is mapped to another name", "change ColumnToJsonKeyMappings"
		case n == l.root && l.isPartitionKey(lower):
			f.Message, f.Hint = "a partition key's name: partition columns are in no file", "rename the member, or take the partition from it with a query"
		}
		add(f)
	}
}

func (l *Linter) isPartitionKey(name string) bool {
	for _, c := range l.t.PartitionKeys {
		if c.Name == name {
			return true
		}
	}
	return false
}

// unfilledHint finds a dropped name that looks like what should have filled c.
func (l *Linter) unfilledHint(n *lintNode, c *lintField) string {
	for _, d := range n.order {
		if d.Count > 0 && likeness(d.key) == likeness(c.name) {
			return "is it " + d.key + "? then map column " + c.name + " to it, or rename the column"
		}
	}
	return "remove the column, or fix the name"
}

// likeness is what stays of a name without case and separators.
func likeness(name string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '_', '-', '.', ' ', '`', '@', '$':
			return -1
		}
		return r
	}, javatext.Lower(name))
}

func precisionText(t *Type) string {
	switch t.Kind {
	case Decimal:
		return fmt.Sprintf("more than %d digits behind the point: rounded half up", t.Scale)
	case TinyInt, SmallInt, Int, BigInt:
		return "fractions are cut off"
	case Timestamp:
		return "epoch times are kept to the millisecond: finer digits are cut off"
	}
	return "digits that a " + t.Kind.String() + " can't hold are rounded away"
}

func precisionHint(t *Type) string {
	switch t.Kind {
	case Float:
		return "make it double or decimal"
	case Double:
		return "make it bigint for whole numbers, decimal for others, or string"
	case Decimal:
		return "give it a larger scale"
	case Timestamp:
		return "write the time as text"
	}
	return "make it double or decimal"
}

// AppendText writes r for people: a line for each finding, and what to do about it.
func (r *Lint) AppendText(dst []byte) []byte {
	for i := range r.Findings {
		f := &r.Findings[i]
		dst = append(dst, f.Kind...)
		if f.Path != "" {
			dst = append(append(dst, ' '), f.Path...)
		}
		if f.Type != nil {
			dst = fmt.Appendf(dst, " (%s)", shortType(f.Type))
		}
		dst = fmt.Appendf(dst, ": %s", f.Message)
		if f.Count > 0 {
			dst = fmt.Appendf(dst, "; ×%d, first at %s", f.Count, f.First)
			if f.Example != "" {
				dst = fmt.Appendf(dst, ": %s", f.Example)
			}
		}
		dst = append(dst, '\n')
		if f.Hint != "" {
			dst = fmt.Appendf(dst, "    → %s\n", f.Hint)
		}
	}
	return fmt.Appendf(dst, "%d records, %d rows, %d failed; %d findings\n", r.Records, r.Rows, r.Failed, len(r.Findings))
}

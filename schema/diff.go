package schema

import (
	"fmt"
	"strings"
)

// A ChangeKind names a difference between two tables; the names are those of the --json output.
type ChangeKind string

// The kinds of changes.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed" // another type
	Moved   ChangeKind = "moved"   // among the members that both tables have
)

// A Change is one difference between two tables, at one path. With records, its Tally counts
// the rows that have a value there, nulls not counted.
type Change struct {
	Kind      ChangeKind `json:"kind"`
	Path      string     `json:"path"` // as in Field
	Partition bool       `json:"partition,omitempty"`
	From      *Type      `json:"from,omitempty"`
	To        *Type      `json:"to,omitempty"`
	Message   string     `json:"message"`
	Tally

	// With LintOptions.Check: records that fail because of this path, before and after.
	FailsBefore int64 `json:"failsBefore,omitempty"`
	FailsAfter  int64 `json:"failsAfter,omitempty"`
	// Values that lose digits or become others, before and after.
	LosesBefore int64 `json:"losesBefore,omitempty"`
	LosesAfter  int64 `json:"losesAfter,omitempty"`
}

// Diff lists what differs between two tables: columns and members by their names, types at their
// innermost difference, and columns in another order. Comments don't count.
func Diff(a, b *Table) []Change {
	out := diffMembers(nil, "", a.Columns, b.Columns)
	at := len(out)
	out = diffMembers(out, "", a.PartitionKeys, b.PartitionKeys)
	for i := at; i < len(out); i++ {
		out[i].Partition = true
	}
	return out
}

func diffMembers(out []Change, path string, a, b []Column) []Change {
	index := make(map[string]int, len(b))
	for i, c := range b {
		index[c.Name] = i
	}
	var removed []Column
	known := make(map[string]bool, len(a))
	last, moved := -1, ""
	for _, c := range a {
		known[c.Name] = true
		i, ok := index[c.Name]
		if !ok {
			removed = append(removed, c)
			continue
		}
		if i < last && moved == "" {
			moved = c.Name
		}
		last = max(last, i)
		out = diffTypes(out, appendPath(path, c.Name), c.Type, b[i].Type)
	}
	for _, c := range removed {
		message := "no longer kept"
		for _, d := range b {
			if !known[d.Name] && likeness(d.Name) == likeness(c.Name) {
				message = "no longer kept; renamed to " + d.Name + "?"
			}
		}
		out = append(out, Change{Kind: Removed, Path: appendPath(path, c.Name), From: c.Type, Message: message})
	}
	for _, d := range b {
		if !known[d.Name] {
			out = append(out, Change{Kind: Added, Path: appendPath(path, d.Name), To: d.Type, Message: "null in files written before"})
		}
	}
	if moved != "" {
		out = append(out, Change{Kind: Moved, Path: appendPath(path, moved), Message: "the order differs: who reads ORC files by position sees other columns"})
	}
	return out
}

func diffTypes(out []Change, path string, a, b *Type) []Change {
	switch {
	case a.Equal(b):
		return out
	case a.Kind == Struct && b.Kind == Struct:
		return diffMembers(out, path, a.Fields, b.Fields)
	case a.Kind == Array && b.Kind == Array:
		return diffTypes(out, path+"[]", a.Elem, b.Elem)
	case a.Kind == Map && b.Kind == Map && a.Key.Equal(b.Key):
		return diffTypes(out, path+"{}", a.Elem, b.Elem)
	}
	message := "another type: look at what stands there"
	switch {
	case widens(a, b):
		message = "wider: every value still fits"
	case widens(b, a):
		message = "narrower: values may not fit"
	}
	return append(out, Change{Kind: Changed, Path: path, From: a, To: b, Message: message})
}

// widens reports whether every value of a is one of b.
func widens(a, b *Type) bool {
	if a.Equal(b) {
		return true
	}
	whole := func(k Kind) bool { return k >= TinyInt && k <= BigInt }
	switch b.Kind {
	case String:
		return a.Kind.Primitive() && a.Kind != Binary
	case VarChar, Char:
		return (a.Kind == Char || a.Kind == VarChar && b.Kind == VarChar) && a.Length <= b.Length
	case SmallInt, Int, BigInt:
		return whole(a.Kind) && a.Kind < b.Kind
	case Float:
		return a.Kind == TinyInt || a.Kind == SmallInt
	case Double:
		return a.Kind == Float || whole(a.Kind) && a.Kind != BigInt
	case Decimal:
		if whole(a.Kind) {
			return b.Precision-b.Scale >= [...]int{3, 5, 10, 19}[a.Kind-TinyInt]
		}
		return a.Kind == Decimal && a.Scale <= b.Scale && a.Precision-a.Scale <= b.Precision-b.Scale
	case Array:
		return a.Kind == Array && widens(a.Elem, b.Elem)
	case Map:
		return a.Kind == Map && widens(a.Key, b.Key) && widens(a.Elem, b.Elem)
	}
	return false
}

// A Difference is what differs between two tables, and with records on how many of them it
// matters.
type Difference struct {
	Changes      []Change `json:"changes"`
	Records      int64    `json:"records"`
	FailedBefore int64    `json:"failedBefore"`
	FailedAfter  int64    `json:"failedAfter"`
	NowFail      Tally    `json:"nowFail"`    // records that converted before
	NowConvert   Tally    `json:"nowConvert"` // records that failed before
}

// A Differ holds records against two tables.
type Differ struct {
	changes []Change
	a, b    *Linter

	nowFail, nowConvert Tally
}

// NewDiffer makes a Differ for the tables before and after a change, and how records are read by
// each.
func NewDiffer(a, b *Table, before, after LintOptions) *Differ {
	return &Differ{changes: Diff(a, b), a: NewLinter(a, before), b: NewLinter(b, after)}
}

// Add looks at one record, which stands at a place.
func (d *Differ) Add(record []byte, at Place) {
	d.a.Add(record, at)
	d.b.Add(record, at)
	switch {
	case !d.a.failing && d.b.failing:
		d.nowFail.add(at, record)
	case d.a.failing && !d.b.failing:
		d.nowConvert.add(at, record)
	}
}

// Result says what differs, and what was found so far.
func (d *Differ) Result() *Difference {
	r := &Difference{
		Changes: append([]Change{}, d.changes...), Records: d.a.records,
		FailedBefore: d.a.failed, FailedAfter: d.b.failed, NowFail: d.nowFail, NowConvert: d.nowConvert,
	}
	before, after := d.a.byPath(), d.b.byPath()
	for i := range r.Changes {
		c := &r.Changes[i]
		if c.Partition || c.Kind == Moved {
			continue
		}
		if n := before[c.Path]; n != nil {
			c.Tally, c.LosesBefore = n.rows, n.precision.Count+n.altered.Count
		}
		if n := after[c.Path]; n != nil {
			if n.rows.Count > c.Count {
				c.Tally = n.rows
			}
			c.LosesAfter = n.precision.Count + n.altered.Count
		}
		c.FailsBefore, c.FailsAfter = d.a.failsAt(c.Path), d.b.failsAt(c.Path)
	}
	return r
}

// byPath lists the columns and members of l's table by their paths.
func (l *Linter) byPath() map[string]*lintNode {
	out := map[string]*lintNode{}
	var walk func(n *lintNode)
	walk = func(n *lintNode) {
		out[n.path] = n
		for i := range n.fields {
			walk(n.fields[i].lintNode)
		}
		if n.elem != nil {
			walk(n.elem)
		}
	}
	walk(l.root)
	return out
}

// failsAt counts the failures at a path and below it.
func (l *Linter) failsAt(path string) (n int64) {
	for i := range l.fails {
		rest, ok := strings.CutPrefix(l.fails[i].Path, path)
		if ok && (rest == "" || rest[0] == '.' || rest[0] == '[' || rest[0] == '{') {
			n += l.fails[i].Count
		}
	}
	return n
}

// AppendText writes r for people: a line for each change, and what the records say to it.
func (r *Difference) AppendText(dst []byte) []byte {
	for i := range r.Changes {
		c := &r.Changes[i]
		dst = append(dst, map[ChangeKind]byte{Added: '+', Removed: '-', Changed: '~', Moved: '^'}[c.Kind], ' ')
		dst = append(dst, c.Path...)
		if c.Partition {
			dst = append(dst, " (partition key)"...)
		}
		switch {
		case c.From != nil && c.To != nil:
			dst = fmt.Appendf(dst, " %s → %s", c.From, c.To)
		case c.From != nil:
			dst = fmt.Appendf(dst, " %s", c.From)
		case c.To != nil:
			dst = fmt.Appendf(dst, " %s", c.To)
		}
		dst = fmt.Appendf(dst, ": %s", c.Message)
		if r.Records > 0 && c.Kind != Moved && !c.Partition {
			dst = fmt.Appendf(dst, "; %d rows have it", c.Count)
			if c.Count > 0 {
				dst = fmt.Appendf(dst, ", first at %s", c.First)
			}
			if c.FailsBefore+c.FailsAfter > 0 {
				dst = fmt.Appendf(dst, "; failing %d before, %d after", c.FailsBefore, c.FailsAfter)
			}
			if c.LosesBefore+c.LosesAfter > 0 {
				dst = fmt.Appendf(dst, "; values altered %d before, %d after", c.LosesBefore, c.LosesAfter)
			}
		}
		dst = append(dst, '\n')
	}
	if len(r.Changes) == 0 {
		dst = append(dst, "no difference\n"...)
	}
	if r.Records > 0 {
		dst = fmt.Appendf(dst, "%d records, failing %d before, %d after\n", r.Records, r.FailedBefore, r.FailedAfter)
		if r.NowFail.Count > 0 {
			dst = fmt.Appendf(dst, "%d records converted before and fail now, first at %s: %s\n", r.NowFail.Count, r.NowFail.First, r.NowFail.Example)
		}
		if r.NowConvert.Count > 0 {
			dst = fmt.Appendf(dst, "%d records failed before and convert now, first at %s: %s\n", r.NowConvert.Count, r.NowConvert.First, r.NowConvert.Example)
		}
	}
	return dst
}

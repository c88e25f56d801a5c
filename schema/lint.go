package schema

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant/internal/jsonscan"
	"github.com/hydrantkit/hydrant/internal/jsonscan/javatext"
)

// LintOptions say which deserializer reads the records. The zero value is the OpenX SerDe with
// its defaults.
type LintOptions struct {
	CaseSensitive bool              // OpenX: CaseInsensitive=false
	ConvertDots   bool              // OpenX: ConvertDotsInJsonKeysToUnderscores=true
	Mappings      map[string]string // OpenX: ColumnToJsonKeyMappings, column to JSON key
	Hive          bool              // the Hive SerDe instead

	// Check converts one record and says why it can't be, with a *ValueError in the error's chain
	// where it knows the place. Without it only records that aren't JSON objects count as failing.
	Check func(record []byte) error
}

// A ValueError is a record that doesn't convert, and the value that is to blame.
type ValueError struct {
	Path    string // JSON Pointer to the value, "/user/tags/3"
	Value   []byte // the beginning of what stands there
	Message string
	Hint    string // which change would help; may be empty
}

// Error is "/user/age: message".
func (e *ValueError) Error() string {
	if e.Path == "" {
		return e.Message
	}
	return e.Path + ": " + e.Message
}

// maxDropped bounds the dropped members, and the different failures, that are told apart.
const maxDropped = 10000

// A Linter compares records with a table.
type Linter struct {
	o       LintOptions
	t       *Table
	root    *lintNode
	serial  uint64 // of the object being read
	row     uint64 // of the row being read
	scratch []byte
	digits  []byte
	at      Place
	failing bool // the record being read doesn't convert

	records, rows, failed int64
	dropped               int   // names told apart
	others                Tally // dropped names beyond
	fails                 []Finding
	byKind                map[string]int // what a failure is, to its index in fails
}

// A lintNode is a column, a member, an element or a value of the table, compiled.
type lintNode struct {
	path    string
	typ     *Type
	fields  []lintField
	keys    map[string][]int // JSON key to fields
	plain   map[string]int   // names, for keys with dots
	dropped map[string]*droppedName
	order   []*droppedName
	elem    *lintNode // of an array or map

	objects   int64  // of a struct
	filled    int64  // values that aren't null, of records that convert
	row       uint64 // the last row with a value here
	rows      Tally  // how many rows had one
	precision Tally
	altered   Tally
	why       string // the first alteration
	lowered   Tally  // keys of maps, and in objects kept as text, that are lower-cased
	extra     Tally  // values past the last member of a struct read by position
}

type lintField struct {
	*lintNode
	name   string
	serial uint64 // of the object it was last seen in
	dotted bool   // and whether under a name with dots
	twice  Tally
	lost   Tally // a dotted name beside the plain one
}

type droppedName struct {
	key    string // as the first record has it
	serial uint64
	Tally
	twice Tally
}

// NewLinter makes a Linter for records of a table.
func NewLinter(t *Table, o LintOptions) *Linter {
	if o.Hive {
		o.CaseSensitive, o.ConvertDots, o.Mappings = false, false, nil
	}
	l := &Linter{o: o, t: t, byKind: map[string]int{}}
	l.root = l.compile("", t.Struct())
	return l
}

func (l *Linter) compile(path string, t *Type) *lintNode {
	n := &lintNode{path: path, typ: t}
	switch t.Kind {
	case Array:
		n.elem = l.compile(path+"[]", t.Elem)
	case Map:
		n.elem = l.compile(path+"{}", t.Elem)
	case Struct:
		n.fields = make([]lintField, len(t.Fields))
		n.keys = make(map[string][]int, len(t.Fields))
		n.plain = make(map[string]int, len(t.Fields))
		for i, f := range t.Fields {
			n.fields[i] = lintField{lintNode: l.compile(appendPath(path, f.Name), f.Type), name: f.Name}
			key, mapped := l.o.Mappings[f.Name]
			switch {
			case !mapped:
				key = f.Name
			case !l.o.CaseSensitive:
				key = javatext.Lower(key)
			}
			n.keys[key] = append(n.keys[key], i)
			n.plain[f.Name] = i
		}
	}
	return n
}

// Add looks at one record, which stands at a place.
func (l *Linter) Add(record []byte, at Place) {
	l.records++
	l.at = at
	b := bytes.TrimPrefix(record, bom)
	var err error
	if l.o.Check != nil {
		err = l.o.Check(record)
	}
	what, i := shapeOf(b)
	if err == nil && l.o.Check == nil {
		switch what {
		case shapeEmpty:
			err = &ValueError{Message: "the record is empty or only white space"}
		case shapeMalformed:
			err = &ValueError{Message: "the record is not JSON", Value: b[i:]}
		case shapeOther:
			err = &ValueError{Message: "the record is not a JSON object", Value: b[i:]}
		}
	}
	if l.failing = err != nil; l.failing {
		l.failed++
		l.fail(err)
	}
	if what != shapeObjects {
		return
	}
	for i := jsonscan.Space(b, 0); i < len(b); i = jsonscan.Space(b, i) {
		l.row++
		if !l.failing {
			l.rows++
		}
		i = l.object(b, i, l.root)
	}
}

// fail counts a failure with those of its kind at its path.
func (l *Linter) fail(err error) {
	f := Finding{Kind: Fails, Message: err.Error()}
	key := f.Message
	var ve *ValueError
	var value []byte
	if errors.As(err, &ve) {
		f.Path, f.Type = l.place(ve.Path)
		f.Message, f.Hint, value = ve.Message, ve.Hint, ve.Value
		key = f.Path + "\x00" + sameness(f.Message)
	}
	i, ok := l.byKind[key]
	if !ok {
		if len(l.fails) >= maxDropped {
			i = len(l.fails) - 1
		} else {
			i = len(l.fails)
			l.byKind[key] = i
			l.fails = append(l.fails, f)
		}
	}
	l.fails[i].add(l.at, value)
}

// sameness is a message without what differs from value to value: quoted text and digits.
func sameness(message string) string {
	quoted := false
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted || r >= '0' && r <= '9':
			return -1
		}
		return r
	}, message)
}

// place turns a JSON Pointer into a path of the table: indexes become [], keys of maps {}.
func (l *Linter) place(pointer string) (string, *Type) {
	n := l.root
	for pointer != "" {
		var part string
		part, pointer, _ = strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
		if pointer != "" {
			pointer = "/" + pointer
		}
		part = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		if n.typ.Kind == Array && (part == "" || part[0] < '0' || part[0] > '9') {
			n = n.elem // one value, read as an array of one
		}
		switch n.typ.Kind {
		case Array, Map:
			n = n.elem
		case Struct:
			i := l.lookup(n, part)
			if len(i) == 0 {
				return appendPath(n.path, part), nil
			}
			n = n.fields[i[0]].lintNode
		default:
			return n.path, n.typ
		}
	}
	if n == l.root {
		return "", nil
	}
	return n.path, n.typ
}

// lookup returns the fields that a JSON key fills.
func (l *Linter) lookup(n *lintNode, key string) []int {
	if i := n.keys[key]; i != nil {
		return i
	}
	if !l.o.CaseSensitive {
		key = javatext.Lower(key)
		if i := n.keys[key]; i != nil {
			return i
		}
	}
	if l.o.ConvertDots && strings.Contains(key, ".") {
		if i, ok := n.plain[strings.ReplaceAll(key, ".", "_")]; ok {
			return []int{i}
		}
	}
	if l.o.Hive {
		if text, ok := strings.CutPrefix(key, "_col"); ok {
			if i, err := strconv.Atoi(text); err == nil && i >= 0 && i < len(n.fields) {
				return []int{i}
			}
		}
	}
	return nil
}

// object reads the object at b[i], which is well formed, against a struct.
func (l *Linter) object(b []byte, i int, n *lintNode) int {
	l.serial++
	serial := l.serial
	if !l.failing {
		n.objects++
	}
	i = jsonscan.Space(b, i+1)
	for b[i] != '}' {
		start, key, next := i+1, []byte(nil), 0
		if end := jsonscan.PlainString(b, start); end >= 0 {
			key, next = b[start:end], end+1
		} else {
			l.scratch, next = jsonscan.AppendString(l.scratch[:0], b, start)
			key = l.scratch
		}
		fields := n.keys[string(key)]
		if fields == nil {
			fields = l.lookup(n, string(key))
		}
		dotted := fields != nil && l.o.ConvertDots && bytes.IndexByte(key, '.') >= 0 && n.keys[string(key)] == nil
		var drop *droppedName
		if fields == nil {
			drop = l.drop(n, key)
		}
		i = jsonscan.Space(b, next)
		i = jsonscan.Space(b, i+1)
		from := i
		i = jsonscan.Value(b, i)
		text := b[from:i]
		switch {
		case drop != nil:
			if drop.serial == serial {
				drop.twice.add(l.at, b[start-1:next])
			} else if string(text) != "null" {
				drop.add(l.at, text)
			}
			drop.serial = serial
		case fields == nil:
			l.others.add(l.at, b[start-1:i])
		}
		for _, f := range fields {
			c := &n.fields[f]
			if c.serial == serial {
				if c.dotted != dotted {
					c.lost.add(l.at, b[start-1:next])
				} else {
					c.twice.add(l.at, b[start-1:next])
				}
			}
			c.serial, c.dotted = serial, dotted
			l.value(b[:i], from, c.lintNode)
		}
		i = jsonscan.Space(b, i)
		if b[i] == ',' {
			i = jsonscan.Space(b, i+1)
		}
	}
	return i + 1
}

// drop finds or makes the entry of a name that the schema hasn't; nil when there are too many.
func (l *Linter) drop(n *lintNode, key []byte) *droppedName {
	if d := n.dropped[string(key)]; d != nil {
		return d
	}
	name := string(key)
	if !l.o.CaseSensitive {
		name = javatext.Lower(name)
		if d := n.dropped[name]; d != nil {
			return d
		}
	}
	if l.dropped >= maxDropped || len(key) > 1024 {
		return nil
	}
	l.dropped++
	if n.dropped == nil {
		n.dropped = make(map[string]*droppedName)
	}
	d := &droppedName{key: string(key)}
	n.dropped[name] = d
	n.order = append(n.order, d)
	return d
}

// value looks at the value that begins at b[i] and ends before len(b) or the next delimiter.
func (l *Linter) value(b []byte, i int, n *lintNode) {
	c := b[i]
	if c == 'n' {
		return
	}
	switch n.typ.Kind {
	case Struct:
		if c == '"' {
			return
		}
		l.fill(n, b[i:])
		switch {
		case c == '{':
			l.object(b, i, n)
		case c == '[' && !l.o.Hive:
			l.positions(b, i, n)
		}
	case Map:
		if c == '"' {
			return
		}
		l.fill(n, b[i:])
		if c == '{' {
			for i = jsonscan.Space(b, i+1); b[i] != '}'; {
				end := jsonscan.String(b, i)
				if l.folds(b[i:end]) {
					n.lowered.add(l.at, b[i:end])
				}
				i = jsonscan.Space(b, end)
				i = jsonscan.Space(b, i+1)
				end = jsonscan.Value(b, i)
				l.value(b[:end], i, n.elem)
				if i = jsonscan.Space(b, end); b[i] == ',' {
					i = jsonscan.Space(b, i+1)
				}
			}
		}
	case Array:
		if c != '[' {
			if c == '"' && b[i+1] == '"' {
				return
			}
			l.fill(n, b[i:])
			if !l.o.Hive {
				l.value(b, i, n.elem)
			}
			return
		}
		l.fill(n, b[i:])
		for i = jsonscan.Space(b, i+1); b[i] != ']'; {
			end := jsonscan.Value(b, i)
			l.value(b[:end], i, n.elem)
			if i = jsonscan.Space(b, end); b[i] == ',' {
				i = jsonscan.Space(b, i+1)
			}
		}
	default:
		l.fill(n, b[i:])
		switch {
		case l.failing:
		case c == '{' || c == '[':
			l.keys(b, i, n)
		default:
			l.scalar(b[i:jsonscan.Value(b, i)], n)
		}
	}
}

// positions reads the array at b[i] against a struct: OpenX takes members by their position.
func (l *Linter) positions(b []byte, i int, n *lintNode) {
	if !l.failing {
		n.objects++
	}
	i = jsonscan.Space(b, i+1)
	for f := 0; b[i] != ']'; f++ {
		end := jsonscan.Value(b, i)
		if f < len(n.fields) {
			l.value(b[:end], i, n.fields[f].lintNode)
		} else if b[i] != 'n' && !l.failing {
			n.extra.add(l.at, b[i:end])
		}
		if i = jsonscan.Space(b, end); b[i] == ',' {
			i = jsonscan.Space(b, i+1)
		}
	}
}

// folds reports whether OpenX lower-cases a key that isn't in lower case; key is a JSON string.
func (l *Linter) folds(key []byte) bool {
	if l.o.CaseSensitive || l.o.Hive || l.failing {
		return false
	}
	plain := true
	for _, c := range key {
		if c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf || c == '\\' {
			plain = false
		}
	}
	if plain {
		return false
	}
	l.scratch, _ = jsonscan.AppendString(l.scratch[:0], key, 1)
	return javatext.Lower(string(l.scratch)) != string(l.scratch)
}

// keys looks at the keys of the object or array at b[i], which is kept as text.
func (l *Linter) keys(b []byte, i int, n *lintNode) int {
	open := b[i]
	for i = jsonscan.Space(b, i+1); b[i] != '}' && b[i] != ']'; {
		if open == '{' {
			end := jsonscan.String(b, i)
			if l.folds(b[i:end]) {
				n.lowered.add(l.at, b[i:end])
			}
			i = jsonscan.Space(b, end)
			i = jsonscan.Space(b, i+1)
		}
		if b[i] == '{' || b[i] == '[' {
			i = l.keys(b, i, n)
		} else {
			i = jsonscan.Value(b, i)
		}
		if i = jsonscan.Space(b, i); b[i] == ',' {
			i = jsonscan.Space(b, i+1)
		}
	}
	return i + 1
}

// fill counts a value that isn't null.
func (l *Linter) fill(n *lintNode, text []byte) {
	if n.row != l.row {
		n.row = l.row
		n.rows.add(l.at, text)
	}
	if !l.failing {
		n.filled++
	}
}

// scalar looks for what a value loses on its way into a column of a primitive type. text is a
// JSON string, number, true or false.
func (l *Linter) scalar(text []byte, n *lintNode) {
	inner, quoted := text, text[0] == '"'
	if quoted {
		inner = text[1 : len(text)-1]
	}
	number := !quoted && text[0] != 't' && text[0] != 'f' || quoted && isDecimal(inner)
	altered := func(why string) {
		if n.altered.Count == 0 {
			n.why = why
		}
		n.altered.add(l.at, text)
	}
	switch k := n.typ.Kind; k {
	case Boolean:
		if quoted && !strings.EqualFold(string(inner), "true") && !strings.EqualFold(string(inner), "false") || number && l.o.Hive && !quoted {
			altered("whatever isn't true becomes false")
		}
	case Float, Double:
		bits := 64
		if k == Float {
			bits = 32
		}
		if quoted && !number { // as Java reads doubles: outer blanks, a suffix
			inner = bytes.Trim(inner, " ")
			if last := len(inner) - 1; last > 0 && bytes.IndexByte([]byte("dDfF"), inner[last]) >= 0 {
				inner = inner[:last]
			}
			number = isDecimal(inner)
		}
		if number && !(quoted && l.o.Hive) && !exact(inner, bits) {
			n.precision.add(l.at, text)
		}
	case Decimal:
		if quoted && l.o.Hive {
			inner = bytes.Trim(inner, " ")
			number = isDecimal(inner)
		}
		if !number {
			if l.o.Hive {
				altered("what isn't a number becomes null")
			}
			return
		}
		d := parseDecimal(inner, l.digits)
		l.digits = d.digits
		switch {
		case d.fraction() > n.typ.Scale:
			n.precision.add(l.at, text)
		case l.o.Hive && d.whole() > n.typ.Precision-n.typ.Scale:
			altered("what has too many digits becomes null")
		}
	case TinyInt, SmallInt, Int, BigInt:
		if !l.o.Hive || !number || quoted {
			return
		}
		d := parseDecimal(inner, l.digits)
		l.digits = d.digits
		if d.fraction() > 0 {
			n.precision.add(l.at, text)
		} else if v, err := strconv.ParseInt(string(inner), 10, 64); k == TinyInt && err == nil && v > 127 && v < 256 {
			altered("128 to 255 wrap to negative numbers")
		}
	case Char, VarChar:
		if len(inner) > n.typ.Length {
			l.scratch = append(l.scratch[:0], inner...)
			if quoted {
				l.scratch, _ = jsonscan.AppendString(l.scratch[:0], text, 1)
			}
			if k == Char {
				l.scratch = bytes.TrimRight(l.scratch, " ")
			}
			if utf8.RuneCount(l.scratch) > n.typ.Length {
				if l.o.Hive {
					altered("longer text is cut")
				} else {
					altered("longer text is cut in ORC files; Parquet files keep it")
				}
			}
		}
	case Date:
		if quoted && rollsOver(inner) {
			altered("days that the month doesn't have become days of the next")
		}
	case Timestamp:
		if quoted && !number {
			if rollsOver(inner) {
				altered("days that the month doesn't have, and hours past 23, become later ones")
			}
			return
		}
		if !number || l.o.Hive {
			return
		}
		d := parseDecimal(inner, l.digits)
		l.digits = d.digits
		if f := d.fraction(); f > 3 || f > 0 && d.whole() > 12 {
			n.precision.add(l.at, text)
		}
	}
}

// rollsOver reports whether text is a date or time that no calendar has, but one that the SerDe
// takes by counting on: days that the month doesn't have, up to 31, hours, minutes and seconds
// out of range; with T…Z months and days out of range too.
func rollsOver(s []byte) bool {
	s = bytes.Trim(s, " ")
	year, i := digits(s, 0, 4, 4)
	if i < 0 || i >= len(s) || s[i] != '-' {
		return false
	}
	month, i := digits(s, i+1, 1, 2)
	if i < 0 || i >= len(s) || s[i] != '-' {
		return false
	}
	day, i := digits(s, i+1, 1, 2)
	if i < 0 {
		return false
	}
	known := month >= 1 && month <= 12 && day >= 1 && day <= 31
	if known && day > daysIn(year, month) {
		return true
	}
	if i >= len(s) || s[i] != ' ' && s[i] != 'T' {
		return false
	}
	zulu := s[i] == 'T' && s[len(s)-1] == 'Z'
	if !known {
		return zulu
	}
	for part, limit := range [3]int{23, 59, 59} {
		if part > 0 && (i >= len(s) || s[i] != ':') {
			return false
		}
		var v int
		if v, i = digits(s, i+1, 1, 2); i < 0 {
			return false
		} else if v > limit {
			return true
		}
	}
	return false
}

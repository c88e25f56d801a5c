package glue

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant/internal/jsonscan/javatext"
	"github.com/hydrantkit/hydrant/internal/template"
	"github.com/hydrantkit/hydrant/schema"
)

// ParseDDL reads the tables of a Hive or Athena script: every CREATE [EXTERNAL] TABLE with a
// column list. Other statements, and what follows columns and partitions in a CREATE TABLE
// (storage, location, properties), are skipped, so that scripts load as they are. PARTITIONED BY
// columns become partition keys; those without a type (Iceberg's transforms) name ordinary
// columns and are skipped. Errors carry file, line and column, also inside types.
func ParseDDL(file string, src []byte) ([]*schema.Table, error) {
	p := ddlParser{file: file, src: blankComments(src)}
	var out []*schema.Table
	for {
		found, err := p.create()
		if err != nil {
			return nil, err
		}
		if !found {
			return out, nil
		}
		t, err := p.table()
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
}

// A ddlParser walks a script. Comments are blanks in src, which keeps every offset.
type ddlParser struct {
	file string
	src  []byte
	i    int
	open [256]bool // as in blankComments
}

// blankComments returns a copy of src with the text of -- and /* */ comments replaced by blanks.
func blankComments(src []byte) []byte {
	out := bytes.Clone(src)
	var open [256]bool // quotes that nothing closes, so that they are looked for once
	for i := 0; i < len(src); {
		switch c := src[i]; {
		case (c == '\'' || c == '"' || c == '`') && !open[c]:
			end, ok := quoteEnd(src, i)
			if !ok { // an apostrophe in some other statement
				end, open[c] = i+1, true
			}
			i = end
		case bytes.HasPrefix(src[i:], []byte("--")):
			for ; i < len(src) && src[i] != '\n'; i++ {
				out[i] = ' '
			}
		case bytes.HasPrefix(src[i:], []byte("/*")):
			end := len(src)
			if n := bytes.Index(src[i+2:], []byte("*/")); n >= 0 {
				end = i + 2 + n + 2
			}
			for ; i < end; i++ {
				if src[i] != '\n' {
					out[i] = ' '
				}
			}
		default:
			i++
		}
	}
	return out
}

// quoteEnd returns the offset behind the quoted text that begins at i. Backslashes escape in
// strings, doubled quotes in both strings and backquoted names.
func quoteEnd(src []byte, i int) (end int, ok bool) {
	q := src[i]
	for i++; i < len(src); i++ {
		switch {
		case src[i] == '\\' && q != '`':
			i++
		case src[i] == q && i+1 < len(src) && src[i+1] == q:
			i++
		case src[i] == q:
			return i + 1, true
		}
	}
	return len(src), false
}

func (p *ddlParser) errorf(at int, format string, args ...any) error {
	return (&template.Node{Pos: p.pos(at)}).Errorf(format, args...)
}

// pos turns an offset into line and column, both from 1, the column in characters.
func (p *ddlParser) pos(at int) template.Pos {
	at = min(at, len(p.src))
	before := p.src[:at]
	line := bytes.LastIndexByte(before, '\n') + 1
	return template.Pos{File: p.file, Line: bytes.Count(before, []byte("\n")) + 1, Col: utf8.RuneCount(before[line:]) + 1}
}

func (p *ddlParser) blanks() {
	for p.i < len(p.src) && (p.src[p.i] <= ' ' || p.src[p.i] == 0xEF && bytes.HasPrefix(p.src[p.i:], []byte("\ufeff"))) {
		if p.src[p.i] == 0xEF {
			p.i += 2
		}
		p.i++
	}
}

func wordByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
}

// word consumes an unquoted word and returns it, or "" where there is none.
func (p *ddlParser) word() string {
	p.blanks()
	start := p.i
	for p.i < len(p.src) && wordByte(p.src[p.i]) {
		p.i++
	}
	return string(p.src[start:p.i])
}

// words consumes the given keywords when all of them come next.
func (p *ddlParser) words(want ...string) bool {
	save := p.i
	for _, w := range want {
		if !strings.EqualFold(p.word(), w) {
			p.i = save
			return false
		}
	}
	return true
}

// next reports whether c comes next, and consumes it.
func (p *ddlParser) next(c byte) bool {
	p.blanks()
	if p.i < len(p.src) && p.src[p.i] == c {
		p.i++
		return true
	}
	return false
}

// skip consumes one word, quoted text or other character.
func (p *ddlParser) skip() {
	if p.word() != "" || p.i >= len(p.src) {
		return
	}
	switch c := p.src[p.i]; {
	case (c == '\'' || c == '"' || c == '`') && !p.open[c]:
		end, ok := quoteEnd(p.src, p.i)
		if ok {
			p.i = end
			return
		}
		p.open[c] = true
	}
	p.i++
}

// create goes behind the next CREATE … TABLE [IF NOT EXISTS] at the beginning of a statement.
func (p *ddlParser) create() (bool, error) {
	for {
		for p.next(';') {
		}
		if p.i >= len(p.src) {
			return false, nil
		}
		if p.words("create") {
			for p.words("external") || p.words("temporary") || p.words("transactional") || p.words("managed") {
			}
			if p.words("table") {
				p.words("if", "not", "exists")
				return true, nil
			}
		}
		for p.blanks(); p.i < len(p.src) && p.src[p.i] != ';'; p.blanks() {
			p.skip()
		}
	}
}

// name reads a name: a word, or text in backquotes or double quotes.
func (p *ddlParser) name(what string) (string, error) {
	p.blanks()
	start := p.i
	if p.i < len(p.src) && (p.src[p.i] == '`' || p.src[p.i] == '"') {
		end, ok := quoteEnd(p.src, p.i)
		if !ok {
			return "", p.errorf(start, "quote not closed")
		}
		p.i = end
		q := string(p.src[start])
		name := strings.ReplaceAll(string(p.src[start+1:end-1]), q+q, q)
		if name == "" {
			return "", p.errorf(start, "empty %s", what)
		}
		return name, nil
	}
	if w := p.word(); w != "" {
		return w, nil
	}
	return "", p.errorf(start, "expected a %s", what)
}

// table reads what follows CREATE TABLE, to the end of the statement.
func (p *ddlParser) table() (*schema.Table, error) {
	t := &schema.Table{}
	start := p.i
	name, err := p.name("table name")
	if err != nil {
		return nil, err
	}
	if p.next('.') {
		t.Database = strings.ToLower(name)
		if name, err = p.name("table name"); err != nil {
			return nil, err
		}
	}
	t.Name = strings.ToLower(name)
	p.blanks()
	if !p.next('(') {
		return nil, p.errorf(p.i, "table %s: expected \"(\" and columns; CREATE TABLE … LIKE and … AS SELECT name none", t.Name)
	}
	if t.Columns, err = p.columns(false); err != nil {
		return nil, err
	}
	for {
		p.blanks()
		switch {
		case p.i >= len(p.src) || p.src[p.i] == ';':
			if err := t.Check(); err != nil {
				p.i = start
				p.blanks()
				return nil, p.errorf(p.i, "table %s: %v", t.Name, err)
			}
			return t, nil
		case t.PartitionKeys == nil && p.words("partitioned", "by"):
			if !p.next('(') {
				return nil, p.errorf(p.i, "expected \"(\" after PARTITIONED BY")
			}
			if t.PartitionKeys, err = p.columns(true); err != nil {
				return nil, err
			}
		default:
			p.skip()
		}
	}
}

// columns reads column definitions up to the closing parenthesis. In PARTITIONED BY one without a
// type is skipped.
func (p *ddlParser) columns(partition bool) ([]schema.Column, error) {
	var out []schema.Column
	for {
		if len(out) == 0 && p.next(')') {
			return out, nil
		}
		skipped, err := p.constraint()
		if err != nil {
			return nil, err
		}
		if !skipped {
			if out, err = p.definition(out, partition); err != nil {
				return nil, err
			}
		}
		if p.next(',') {
			continue
		}
		p.blanks()
		if !p.next(')') {
			return nil, p.errorf(p.i, "expected \",\" or \")\" after a column")
		}
		return out, nil
	}
}

// definition reads one column and appends it.
func (p *ddlParser) definition(out []schema.Column, partition bool) ([]schema.Column, error) {
	p.blanks()
	at := p.i
	name, err := p.name("column name")
	if err != nil {
		return nil, err
	}
	p.blanks()
	if partition && p.i < len(p.src) {
		switch p.src[p.i] {
		case '(':
			return out, p.nested('(', ')')
		case ',', ')':
			return out, nil
		}
	}
	c, err := p.column(at, name)
	return append(out, c), err
}

// nested consumes text from an opening to its closing character, over quotes.
func (p *ddlParser) nested(open, closing byte) error {
	start, depth := p.i, 0
	for p.i < len(p.src) {
		switch c := p.src[p.i]; c {
		case '\'', '"', '`':
			end, ok := quoteEnd(p.src, p.i)
			if !ok {
				return p.errorf(p.i, "quote not closed")
			}
			p.i = end
			continue
		case open:
			depth++
		case closing:
			depth--
		}
		p.i++
		if depth == 0 {
			return nil
		}
	}
	return p.errorf(start, "%q not closed", string(open))
}

// column reads what follows a column's name: its type, constraints, and a comment.
func (p *ddlParser) column(at int, name string) (schema.Column, error) {
	c := schema.Column{Name: javatext.Lower(name)}
	p.blanks()
	start := p.i
	w := p.word()
	end := p.i
	if strings.EqualFold(w, "double") {
		p.words("precision")
	}
	p.blanks()
	if p.i < len(p.src) {
		var err error
		switch p.src[p.i] {
		case '<':
			err = p.nested('<', '>')
			end = p.i
		case '(':
			err = p.nested('(', ')')
			end = p.i
		}
		if err != nil {
			return c, err
		}
	}
	typ, err := schema.ParseType(string(p.src[start:end]))
	if err != nil {
		var te *schema.TypeError
		where := start
		if errors.As(err, &te) {
			where += te.Offset
		}
		return c, columnError(p.pos(where), c.Name, err)
	}
	c.Type = typ
	for {
		p.blanks()
		switch {
		case p.i >= len(p.src):
			return c, p.errorf(at, "column %s: the list of columns isn't closed", c.Name)
		case p.src[p.i] == ',' || p.src[p.i] == ')':
			return c, nil
		case p.words("comment"):
			p.blanks()
			if c.Comment, err = p.text(); err != nil {
				return c, err
			}
		case p.words("not", "null"), p.words("null"), p.words("primary", "key"), p.words("unique"),
			p.words("disable"), p.words("enable"), p.words("novalidate"), p.words("norely"), p.words("rely"):
		case p.words("default"), p.words("check"):
			if err := p.expression(); err != nil {
				return c, err
			}
		case wordByte(p.src[p.i]) || p.src[p.i] == '\'' || p.src[p.i] == '"':
			return c, p.errorf(p.i, "column %s: expected COMMENT, \",\" or \")\"", c.Name)
		default:
			return c, p.errorf(p.i, "column %s: unexpected %q after its type", c.Name, string(p.rune()))
		}
	}
}

// expression skips a default's value or a check, up to what ends a column definition.
func (p *ddlParser) expression() error {
	for p.blanks(); p.i < len(p.src) && p.src[p.i] != ',' && p.src[p.i] != ')'; p.blanks() {
		if p.src[p.i] == '(' {
			if err := p.nested('(', ')'); err != nil {
				return err
			}
			continue
		}
		save := p.i
		if p.words("comment") {
			p.i = save
			return nil
		}
		p.skip()
	}
	return nil
}

// constraint skips a table constraint in the list of columns, such as PRIMARY KEY (a) DISABLE.
func (p *ddlParser) constraint() (bool, error) {
	save := p.i
	if p.words("constraint") {
		if _, err := p.name("constraint name"); err != nil {
			p.i = save
			return false, nil
		}
	}
	if p.words("primary", "key") || p.words("foreign", "key") || p.words("unique") || p.words("check") {
		if p.blanks(); p.i < len(p.src) && p.src[p.i] == '(' {
			return true, p.expression()
		}
	}
	p.i = save
	return false, nil
}

func (p *ddlParser) rune() rune {
	r, _ := utf8.DecodeRune(p.src[p.i:])
	return r
}

// text reads a quoted string. \n, \t, \r, \0 and \uXXXX are what Hive makes of them, other
// escaped characters stand for themselves.
func (p *ddlParser) text() (string, error) {
	if p.i >= len(p.src) || p.src[p.i] != '\'' && p.src[p.i] != '"' {
		return "", p.errorf(p.i, "expected quoted text after COMMENT")
	}
	end, ok := quoteEnd(p.src, p.i)
	if !ok {
		return "", p.errorf(p.i, "quote not closed")
	}
	q, body := p.src[p.i], p.src[p.i+1:end-1]
	p.i = end
	var b strings.Builder
	for i := 0; i < len(body); i++ {
		c := body[i]
		if c == q { // doubled
			i++
		}
		if c != '\\' || i+1 == len(body) {
			b.WriteByte(c)
			continue
		}
		i++
		switch body[i] {
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		case '0':
			b.WriteByte(0)
		case 'u':
			r, ok := hex4(body[i+1:])
			if !ok {
				b.WriteByte('u')
				continue
			}
			b.WriteRune(r)
			i += 4
		default:
			b.WriteByte(body[i])
		}
	}
	return b.String(), nil
}

func hex4(s []byte) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range s[:4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

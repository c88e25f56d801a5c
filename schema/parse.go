package schema

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant/internal/jsonscan/javatext"
)

// maxDepth bounds the nesting of a type (format-conversion.md §3: guard at 64).
const maxDepth = 64

// maxTypeLength is the length Glue allows for a column type (Glue model, Column.Type).
const maxTypeLength = 131072

// A TypeError says where a type string stops making sense.
type TypeError struct {
	Text   string // the whole type string
	Offset int    // of the offending byte in Text
	Msg    string // what is wrong there
}

// Error quotes at most 40 bytes around the offending place.
func (e *TypeError) Error() string {
	near := e.Text[min(e.Offset, len(e.Text)):]
	if len(near) > 20 {
		near = strings.ToValidUTF8(near[:20], "") + "…"
	}
	if near == "" {
		return fmt.Sprintf("type %s: %s at its end", quoteType(e.Text), e.Msg)
	}
	return fmt.Sprintf("type %s: %s at character %d, before %q", quoteType(e.Text), e.Msg, utf8.RuneCountInString(e.Text[:e.Offset])+1, near)
}

func quoteType(s string) string {
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}

// ParseType reads a Hive type string as Glue stores it. Keywords may be in any case, blanks are
// ignored outside backquotes, member names become lower case and a comment after a member's type
// is skipped (format-conversion.md §3). The error is a *TypeError.
func ParseType(text string) (*Type, error) {
	p := typeParser{text: text}
	if len(text) > maxTypeLength {
		return nil, p.errorf(maxTypeLength, "more than %d characters", maxTypeLength)
	}
	t, err := p.parse(1)
	if err != nil {
		return nil, err
	}
	p.blanks()
	if p.i < len(p.text) {
		return nil, p.errorf(p.i, "unexpected text after the type")
	}
	return t, nil
}

type typeParser struct {
	text string
	i    int
}

func (p *typeParser) errorf(at int, format string, args ...any) error {
	return &TypeError{Text: p.text, Offset: at, Msg: fmt.Sprintf(format, args...)}
}

func (p *typeParser) blanks() {
	for p.i < len(p.text) {
		r, n := utf8.DecodeRuneInString(p.text[p.i:])
		if !unicode.IsSpace(r) {
			return
		}
		p.i += n
	}
}

// expect consumes c, after blanks.
func (p *typeParser) expect(c byte, where string) error {
	p.blanks()
	if p.i >= len(p.text) || p.text[p.i] != c {
		return p.errorf(p.i, "expected %q %s", string(c), where)
	}
	p.i++
	return nil
}

// next reports whether c comes next, and consumes it.
func (p *typeParser) next(c byte) bool {
	p.blanks()
	if p.i < len(p.text) && p.text[p.i] == c {
		p.i++
		return true
	}
	return false
}

// word consumes the longest run of ASCII letters, digits and underscores.
func (p *typeParser) word() string {
	p.blanks()
	start := p.i
	for p.i < len(p.text) {
		c := p.text[p.i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' {
			p.i++
			continue
		}
		break
	}
	return p.text[start:p.i]
}

func (p *typeParser) parse(depth int) (*Type, error) {
	if depth > maxDepth {
		return nil, p.errorf(p.i, "nested deeper than %d", maxDepth)
	}
	p.blanks()
	start := p.i
	switch kw := strings.ToLower(p.word()); kw {
	case "boolean":
		return &Type{Kind: Boolean}, nil
	case "tinyint":
		return &Type{Kind: TinyInt}, nil
	case "smallint":
		return &Type{Kind: SmallInt}, nil
	case "int", "integer":
		return &Type{Kind: Int}, nil
	case "bigint":
		return &Type{Kind: BigInt}, nil
	case "float":
		return &Type{Kind: Float}, nil
	case "double":
		return &Type{Kind: Double}, nil
	case "string":
		return &Type{Kind: String}, nil
	case "binary":
		return &Type{Kind: Binary}, nil
	case "date":
		return &Type{Kind: Date}, nil
	case "timestamp":
		return &Type{Kind: Timestamp}, nil
	case "decimal":
		return p.decimal()
	case "char":
		return p.length(Char, 255)
	case "varchar":
		return p.length(VarChar, 65535)
	case "array":
		if err := p.expect('<', "after array"); err != nil {
			return nil, err
		}
		elem, err := p.parse(depth + 1)
		if err != nil {
			return nil, err
		}
		return &Type{Kind: Array, Elem: elem}, p.expect('>', "after the element of an array")
	case "map":
		return p.mapType(depth)
	case "struct":
		return p.structType(depth)
	case "":
		return nil, p.errorf(start, "expected a type")
	default:
		return nil, p.errorf(start, "%s", unknownType(kw))
	}
}

// unknownType says what to do about a type that Glue may hold and conversion refuses.
func unknownType(kw string) string {
	switch kw {
	case "set":
		return "unknown type set; make it array, as the service's guide says"
	case "uniontype":
		return "uniontype is not supported"
	case "long":
		return "unknown type long; make it bigint"
	case "numeric", "number":
		return "unknown type " + kw + "; make it decimal(p,s)"
	case "text":
		return "unknown type text; make it string"
	}
	return fmt.Sprintf("unknown type %q", kw)
}

func (p *typeParser) decimal() (*Type, error) {
	t := &Type{Kind: Decimal, Precision: 10} // decimal alone is decimal(10,0)
	if !p.next('(') {
		return t, nil
	}
	var err error
	if t.Precision, err = p.number("precision", 1, 38); err != nil {
		return nil, err
	}
	if p.next(',') {
		if t.Scale, err = p.number("scale", 0, t.Precision); err != nil {
			return nil, err
		}
	}
	return t, p.expect(')', "after the size of a decimal")
}

func (p *typeParser) length(k Kind, limit int) (*Type, error) {
	if err := p.expect('(', "after "+k.String()); err != nil {
		return nil, err
	}
	n, err := p.number("length", 1, limit)
	if err != nil {
		return nil, err
	}
	return &Type{Kind: k, Length: n}, p.expect(')', "after the length")
}

func (p *typeParser) number(what string, lo, hi int) (int, error) {
	p.blanks()
	start, n := p.i, 0
	for p.i < len(p.text) && p.text[p.i] >= '0' && p.text[p.i] <= '9' {
		n = min(n*10+int(p.text[p.i]-'0'), 1<<20)
		p.i++
	}
	if start == p.i {
		return 0, p.errorf(start, "expected a %s", what)
	}
	if n < lo || n > hi {
		return 0, p.errorf(start, "%s must be %d to %d", what, lo, hi)
	}
	return n, nil
}

func (p *typeParser) mapType(depth int) (*Type, error) {
	if err := p.expect('<', "after map"); err != nil {
		return nil, err
	}
	p.blanks()
	at := p.i
	key, err := p.parse(depth + 1)
	if err != nil {
		return nil, err
	}
	if !key.Kind.Primitive() {
		return nil, p.errorf(at, "the key of a map must be a primitive type, not %s", key.Kind)
	}
	if err := p.expect(',', "between the key and the value of a map"); err != nil {
		return nil, err
	}
	elem, err := p.parse(depth + 1)
	if err != nil {
		return nil, err
	}
	return &Type{Kind: Map, Key: key, Elem: elem}, p.expect('>', "after the value of a map")
}

func (p *typeParser) structType(depth int) (*Type, error) {
	if err := p.expect('<', "after struct"); err != nil {
		return nil, err
	}
	t := &Type{Kind: Struct}
	seen := map[string]bool{}
	for {
		p.blanks()
		at := p.i
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		if seen[name] {
			return nil, p.errorf(at, "member %q twice", name)
		}
		seen[name] = true
		if err := p.expect(':', "after a member's name"); err != nil {
			return nil, err
		}
		elem, err := p.parse(depth + 1)
		if err != nil {
			return nil, err
		}
		comment, err := p.comment()
		if err != nil {
			return nil, err
		}
		t.Fields = append(t.Fields, Column{Name: name, Type: elem, Comment: comment})
		if p.next(',') {
			continue
		}
		return t, p.expect('>', "or \",\" after a member")
	}
}

// name reads a member's name: backquoted, or everything up to what ends a name.
func (p *typeParser) name() (string, error) {
	start := p.i
	if p.i < len(p.text) && p.text[p.i] == '`' {
		var b strings.Builder
		for p.i++; p.i < len(p.text); p.i++ {
			if p.text[p.i] != '`' {
				b.WriteByte(p.text[p.i])
				continue
			}
			if p.i+1 < len(p.text) && p.text[p.i+1] == '`' {
				b.WriteByte('`')
				p.i++
				continue
			}
			p.i++
			if b.Len() == 0 {
				return "", p.errorf(start, "empty member name")
			}
			return javatext.Lower(b.String()), nil
		}
		return "", p.errorf(start, "backquote not closed")
	}
	n := strings.IndexAny(p.text[p.i:], "<>,:()`")
	if n < 0 {
		n = len(p.text) - p.i
	}
	p.i += n
	name := strings.TrimSpace(p.text[start:p.i])
	if name == "" {
		return "", p.errorf(start, "expected a member name")
	}
	return javatext.Lower(name), nil
}

// comment skips the optional comment 'text' after a member's type and returns the text.
func (p *typeParser) comment() (string, error) {
	save := p.i
	if !strings.EqualFold(p.word(), "comment") {
		p.i = save
		return "", nil
	}
	p.blanks()
	start := p.i
	if p.i >= len(p.text) || p.text[p.i] != '\'' && p.text[p.i] != '"' {
		return "", p.errorf(p.i, "expected a quoted comment")
	}
	quote := p.text[p.i]
	var b strings.Builder
	for p.i++; p.i < len(p.text); p.i++ {
		switch c := p.text[p.i]; {
		case c == '\\' && p.i+1 < len(p.text):
			p.i++
			b.WriteByte(p.text[p.i])
		case c == quote:
			p.i++
			return b.String(), nil
		default:
			b.WriteByte(c)
		}
	}
	return "", p.errorf(start, "quote not closed")
}

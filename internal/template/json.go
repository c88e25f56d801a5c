package template

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	maxDepth = 500       // nesting of lists and maps in a document, and of calls in its evaluation
	maxJSON  = 256 << 20 // bytes of a JSON document: terraform show of a large account is tens of MB
)

// ParseJSON reads one JSON document (RFC 8259; a byte order mark is skipped). A key that occurs
// twice in an object is an error, as is nesting beyond 500. Escaped surrogates without a partner
// become U+FFFD. Every error is an *Error with its place.
func ParseJSON(file string, data []byte) (*Node, error) {
	if len(data) > maxJSON {
		return nil, errorf(Pos{File: file}, "larger than %d MB", maxJSON>>20)
	}
	p := &jsonReader{data: bytes.TrimPrefix(data, bom), pos: Pos{File: file, Line: 1, Col: 1}}
	p.space()
	n, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.off < len(p.data) {
		return nil, p.errorf("%s after the end of the document", p.here())
	}
	return n, nil
}

var bom = []byte("\xEF\xBB\xBF")

// A jsonReader stands before data[off]. pos is the place of data[mark], which is at most off; the
// characters between are counted when a place is asked for.
type jsonReader struct {
	data []byte
	off  int
	mark int
	pos  Pos
}

func (p *jsonReader) place() Pos {
	p.pos.Col += utf8.RuneCount(p.data[p.mark:p.off])
	p.mark = p.off
	return p.pos
}

func (p *jsonReader) errorf(format string, args ...any) error {
	return errorf(p.place(), format, args...)
}

// here describes what stands at the reader for a message.
func (p *jsonReader) here() string {
	if p.off >= len(p.data) {
		return "end of the document"
	}
	r, size := utf8.DecodeRune(p.data[p.off:])
	if r == utf8.RuneError && size == 1 {
		return "a byte that is not UTF-8"
	}
	return strconv.QuoteRune(r)
}

// space skips white space and counts lines.
func (p *jsonReader) space() {
	for p.off < len(p.data) {
		switch p.data[p.off] {
		case '\n':
			p.pos.Line++
			p.pos.Col = 1
			p.mark = p.off + 1
		case ' ', '\t', '\r':
		default:
			return
		}
		p.off++
	}
}

func (p *jsonReader) at(c byte) bool {
	if p.off < len(p.data) && p.data[p.off] == c {
		p.off++
		return true
	}
	return false
}

func (p *jsonReader) value(depth int) (*Node, error) {
	if depth > maxDepth {
		return nil, p.errorf("nested deeper than %d", maxDepth)
	}
	if p.off >= len(p.data) {
		return nil, p.errorf("a value is missing at the end of the document")
	}
	n := &Node{Pos: p.place()}
	var err error
	switch c := p.data[p.off]; {
	case c == '{':
		n.Kind = Map
		err = p.object(n, depth)
	case c == '[':
		n.Kind = List
		err = p.array(n, depth)
	case c == '"':
		n.Kind = String
		n.Text, err = p.str()
	case c == '-' || '0' <= c && c <= '9':
		n.Kind = Number
		n.Text, err = p.number()
	case p.word("true"), p.word("false"):
		n.Kind, n.Text = Bool, string(p.data[p.mark:p.off])
	case p.word("null"):
	default:
		err = p.errorf("%s where a value is wanted", p.here())
	}
	if err != nil {
		return nil, err
	}
	return n, nil
}

func (p *jsonReader) word(w string) bool {
	if !bytes.HasPrefix(p.data[p.off:], []byte(w)) {
		return false
	}
	p.off += len(w)
	return true
}

func (p *jsonReader) object(n *Node, depth int) error {
	p.off++
	p.space()
	if p.at('}') {
		return nil
	}
	var seen keySet
	for {
		if p.off >= len(p.data) || p.data[p.off] != '"' {
			return p.errorf("%s where a key in quotes is wanted", p.here())
		}
		m := Member{KeyPos: p.place()}
		var err error
		if m.Key, err = p.str(); err != nil {
			return err
		}
		if at, dup := seen.add(m.Key, n.Members); dup {
			return errorf(m.KeyPos, "%s is here twice, first at line %d", quote(m.Key), at.Line)
		}
		p.space()
		if !p.at(':') {
			return p.errorf("%s where a colon is wanted", p.here())
		}
		p.space()
		if m.Value, err = p.value(depth + 1); err != nil {
			return err
		}
		n.Members = append(n.Members, m)
		p.space()
		if p.at('}') {
			return nil
		}
		if !p.at(',') {
			return p.errorf("%s where a comma or } is wanted", p.here())
		}
		p.space()
	}
}

func (p *jsonReader) array(n *Node, depth int) error {
	p.off++
	p.space()
	if p.at(']') {
		return nil
	}
	for {
		item, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		n.Items = append(n.Items, item)
		p.space()
		if p.at(']') {
			return nil
		}
		if !p.at(',') {
			return p.errorf("%s where a comma or ] is wanted", p.here())
		}
		p.space()
	}
}

// number reads -? (0 | [1-9][0-9]*) (\.[0-9]+)? ([eE][+-]?[0-9]+)?
func (p *jsonReader) number() (string, error) {
	start := p.off
	digits := func() bool {
		from := p.off
		for p.off < len(p.data) && '0' <= p.data[p.off] && p.data[p.off] <= '9' {
			p.off++
		}
		return p.off > from
	}
	p.at('-')
	if zero := p.at('0'); !zero && !digits() {
		return "", p.errorf("%s where a digit is wanted", p.here())
	} else if zero && digits() {
		p.off = start
		return "", p.errorf("a number with a leading zero")
	}
	if p.at('.') && !digits() {
		return "", p.errorf("%s where a digit is wanted", p.here())
	}
	if p.at('e') || p.at('E') {
		if !p.at('+') {
			p.at('-')
		}
		if !digits() {
			return "", p.errorf("%s where a digit is wanted", p.here())
		}
	}
	return string(p.data[start:p.off]), nil
}

func (p *jsonReader) str() (string, error) {
	open := p.off
	p.off++
	start := p.off
	for p.off < len(p.data) && p.data[p.off] != '"' && p.data[p.off] != '\\' && 0x20 <= p.data[p.off] && p.data[p.off] < utf8.RuneSelf {
		p.off++
	}
	if p.off < len(p.data) && p.data[p.off] == '"' {
		p.off++
		return string(p.data[start : p.off-1]), nil
	}
	buf := append([]byte(nil), p.data[start:p.off]...)
	for p.off < len(p.data) {
		switch c := p.data[p.off]; {
		case c == '"':
			p.off++
			return string(buf), nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			buf = utf8.AppendRune(buf, r)
		case c < 0x20:
			return "", p.errorf("a control character in a string; write it as an escape")
		default:
			r, size := utf8.DecodeRune(p.data[p.off:])
			if r == utf8.RuneError && size == 1 {
				return "", p.errorf("a byte that is not UTF-8 in a string")
			}
			buf = append(buf, p.data[p.off:p.off+size]...)
			p.off += size
		}
	}
	p.off = open
	return "", p.errorf("a string without its closing quote")
}

func (p *jsonReader) escape() (rune, error) {
	if p.off+1 < len(p.data) {
		c := p.data[p.off+1]
		switch c {
		case '"', '\\', '/':
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			if r, ok := p.hex4(p.off); ok {
				p.off += 6
				if !utf16.IsSurrogate(r) {
					return r, nil
				}
				if low, ok := p.hex4(p.off); ok {
					if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
						p.off += 6
						return both, nil
					}
				}
				return utf8.RuneError, nil
			}
			c = 0
		default:
			c = 0
		}
		if c != 0 {
			p.off += 2
			return rune(c), nil
		}
	}
	return 0, p.errorf("an escape that JSON doesn't have")
}

// hex4 is the code unit of the \uXXXX at off, if there is one.
func (p *jsonReader) hex4(off int) (rune, bool) {
	if off+6 > len(p.data) || p.data[off] != '\\' || p.data[off+1] != 'u' {
		return 0, false
	}
	u, err := strconv.ParseUint(string(p.data[off+2:off+6]), 16, 16)
	return rune(u), err == nil
}

// A keySet finds keys that occur twice: by looking through the members while they are few, by a
// table of their places when they are not.
type keySet struct{ byKey map[string]Pos }

// add reports where key is among members already.
func (s *keySet) add(key string, members []Member) (Pos, bool) {
	const few = 8
	if len(members) < few {
		for i := range members {
			if members[i].Key == key {
				return members[i].KeyPos, true
			}
		}
		return Pos{}, false
	}
	if s.byKey == nil {
		s.byKey = make(map[string]Pos, 2*few)
	}
	for i := len(s.byKey); i < len(members); i++ {
		s.byKey[members[i].Key] = members[i].KeyPos
	}
	at, dup := s.byKey[key]
	return at, dup
}

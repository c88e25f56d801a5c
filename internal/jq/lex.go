package jq

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A SyntaxError is why jq 1.6 refuses a query. Line and Column count from 1, columns in characters. Hint is the correction,
// where one is known; it is part of the text.
type SyntaxError struct {
	Line, Column int
	Message      string
	Hint         string
}

func (e *SyntaxError) Error() string {
	s := fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// A token of jq's grammar. Operators and keywords are their own text; the others are named by what they are.
type token struct {
	kind     tokenKind
	text     string // the operator, keyword, name or format; the text of a string's piece
	v        value  // of a literal
	bad      string // why a literal or a string's piece is none
	pos, end int
}

type tokenKind uint8

const (
	tEOF     tokenKind = iota
	tOp                // an operator or a bracket
	tKeyword           // a reserved word
	tIdent             // a name, true, false and null among them
	tField             // .name
	tLiteral           // a number
	tFormat            // @name
	tQuote             // the opening quote of a string
	tText              // a piece of a string
	tInterp            // \(
	tInterpEnd
	tQuoteEnd
	tInvalid // a byte no token begins with, or a bracket that closes another
)

var keywords = map[string]bool{
	"as": true, "import": true, "include": true, "module": true, "def": true, "if": true, "then": true, "else": true,
	"elif": true, "and": true, "or": true, "end": true, "reduce": true, "foreach": true, "try": true, "catch": true,
	"label": true, "break": true, "__loc__": true,
}

// operators, the longest first.
var operators = []string{
	"?//", "//=", "!=", "==", "//", "|=", "+=", "-=", "*=", "/=", "%=", "<=", ">=", "..",
	".", "?", "=", ";", ",", ":", "|", "+", "-", "*", "/", "%", "$", "<", ">",
}

// lex cuts src into tokens. It never fails: what can't be read becomes tokens that no rule takes.
func lex(src string) []token {
	l := lexer{src: src}
	for l.next() {
	}
	l.emit(tEOF, len(src), len(src))
	return l.tokens
}

type lexer struct {
	src    string
	pos    int
	open   []byte // what is open: ( [ { and, for a string or an interpolation in one, " and \
	tokens []token
}

func (l *lexer) emit(k tokenKind, from, to int) *token {
	l.tokens = append(l.tokens, token{kind: k, text: l.src[from:to], pos: from, end: to})
	l.pos = to
	return &l.tokens[len(l.tokens)-1]
}

func (l *lexer) next() bool {
	if l.pos >= len(l.src) {
		return false
	}
	if n := len(l.open); n > 0 && l.open[n-1] == '"' {
		l.inString()
		return true
	}
	c := l.src[l.pos]
	switch {
	case c == ' ' || c == '\n' || c == '\t':
		l.pos++
	case c == '#':
		if n := strings.IndexAny(l.src[l.pos:], "\r\n"); n >= 0 {
			l.pos += n
		} else {
			l.pos = len(l.src)
		}
	case c == '"':
		l.open = append(l.open, '"')
		l.emit(tQuote, l.pos, l.pos+1)
	case c == '(' || c == '[' || c == '{':
		l.open = append(l.open, c)
		l.emit(tOp, l.pos, l.pos+1)
	case c == ')' || c == ']' || c == '}':
		l.closing(c)
	case c == '@':
		end := l.word(l.pos + 1)
		if end == l.pos+1 {
			l.emit(tInvalid, l.pos, end)
		} else {
			name := l.src[l.pos+1 : end]
			l.emit(tFormat, l.pos, end).text = name
		}
	case isNameStart(c):
		l.name()
	default:
		l.operatorOrNumber()
	}
	return true
}

func (l *lexer) closing(c byte) {
	want := map[byte]byte{')': '(', ']': '[', '}': '{'}[c]
	if n := len(l.open); n > 0 {
		top := l.open[n-1]
		if top == want || top == '\\' && c == ')' {
			l.open = l.open[:n-1]
			k := tOp
			if top == '\\' {
				k = tInterpEnd
			}
			l.emit(k, l.pos, l.pos+1)
			return
		}
	}
	l.emit(tInvalid, l.pos, l.pos+1)
}

// operatorOrNumber takes the longest token at a byte that isn't a letter. A dot may begin a field, a number or stand alone:
// .e5 is a (wrong) number in jq, .e5x a field.
func (l *lexer) operatorOrNumber() {
	number := l.number()
	if l.src[l.pos] == '.' && l.pos+1 < len(l.src) && isNameStart(l.src[l.pos+1]) {
		if end := l.word(l.pos + 1); end > number {
			name := l.src[l.pos+1 : end]
			l.emit(tField, l.pos, end).text = name
			return
		}
	}
	for _, op := range operators {
		if strings.HasPrefix(l.src[l.pos:], op) && l.pos+len(op) >= number {
			l.emit(tOp, l.pos, l.pos+len(op))
			return
		}
	}
	if number > l.pos {
		t := l.emit(tLiteral, l.pos, number)
		t.v, t.bad = parseJSON(t.text)
		return
	}
	_, n := utf8.DecodeRuneInString(l.src[l.pos:])
	l.emit(tInvalid, l.pos, l.pos+n)
}

// number returns the end of [0-9.]+([eE][+-]?[0-9]+)?, or the position if there is none.
func (l *lexer) number() int {
	i := l.pos
	for i < len(l.src) && (isDigit(l.src[i]) || l.src[i] == '.') {
		i++
	}
	if i == l.pos || i == len(l.src) || l.src[i]|0x20 != 'e' {
		return i
	}
	j := i + 1
	if j < len(l.src) && (l.src[j] == '+' || l.src[j] == '-') {
		j++
	}
	k := j
	for k < len(l.src) && isDigit(l.src[k]) {
		k++
	}
	if k > j {
		return k
	}
	return i
}

// name takes a keyword or a name, which may have modules in front: a::b.
func (l *lexer) name() {
	end := l.word(l.pos)
	for strings.HasPrefix(l.src[end:], "::") && end+2 < len(l.src) && isNameStart(l.src[end+2]) {
		end = l.word(end + 2)
	}
	k := tIdent
	if keywords[l.src[l.pos:end]] {
		k = tKeyword
	}
	l.emit(k, l.pos, end)
}

func (l *lexer) word(i int) int {
	for i < len(l.src) && (isNameStart(l.src[i]) || isDigit(l.src[i])) {
		i++
	}
	return i
}

func isNameStart(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' }

// inString takes one piece of a string.
func (l *lexer) inString() {
	rest := l.src[l.pos:]
	switch {
	case rest[0] == '"':
		l.open = l.open[:len(l.open)-1]
		l.emit(tQuoteEnd, l.pos, l.pos+1)
	case strings.HasPrefix(rest, `\(`):
		l.open = append(l.open, '\\')
		l.emit(tInterp, l.pos, l.pos+2)
	case rest[0] == '\\':
		end := l.escapes()
		if end == l.pos {
			l.emit(tInvalid, l.pos, l.pos+1)
			return
		}
		t := l.emit(tText, l.pos, end)
		v, bad := parseJSON(`"` + cleanString([]byte(t.text)) + `"`)
		if bad != "" {
			t.bad = bad
			return
		}
		t.text = v.str()
	default:
		end := strings.IndexAny(rest, `\"`)
		if end < 0 {
			end = len(rest)
		}
		t := l.emit(tText, l.pos, l.pos+end)
		t.text = cleanString([]byte(t.text))
	}
}

// escapes returns the end of a run of escapes: a surrogate pair is two escapes in one run.
func (l *lexer) escapes() int {
	i := l.pos
	for i+1 < len(l.src) && l.src[i] == '\\' && l.src[i+1] != '(' {
		if l.src[i+1] != 'u' {
			i += 2
			continue
		}
		i += 2
		for n := 0; n < 4 && i < len(l.src) && ('a' <= l.src[i]|0x20 && l.src[i]|0x20 <= 'z' || isDigit(l.src[i])); n++ {
			i++
		}
	}
	return i
}

// caught makes the panic of a *SyntaxError, by which a reader of queries gives up, an error again. It is deferred.
func caught(err *error) {
	switch r := recover().(type) {
	case nil:
	case *SyntaxError:
		*err = r
	default:
		panic(r)
	}
}

// errorAt makes a SyntaxError at a byte of src.
func errorAt(src string, pos int, hint, format string, args ...any) *SyntaxError {
	before := src[:min(pos, len(src))]
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return &SyntaxError{Line: line, Column: column, Message: fmt.Sprintf(format, args...), Hint: hint}
}

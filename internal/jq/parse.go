package jq

import (
	"math"
	"strings"
)

// The levels of jq's operators, the loosest first. A prefix form (minus, try, as, def, label) may stand where any operand may.
const (
	levelPipe = iota
	levelComma
	levelAlt
	levelAssign // none of them chains
	levelOr
	levelAnd
	levelCompare // none of them chains
	levelAdd
	levelMul
	levelOpt // postfix ?
	levelTry
)

type operator struct {
	level        int
	right, chain bool
}

var binaryOperators = map[string]operator{
	"|": {levelPipe, true, true}, ",": {levelComma, false, true}, "//": {levelAlt, true, true},
	"=": {levelAssign, false, false}, "|=": {levelAssign, false, false}, "+=": {levelAssign, false, false},
	"-=": {levelAssign, false, false}, "*=": {levelAssign, false, false}, "/=": {levelAssign, false, false},
	"%=": {levelAssign, false, false}, "//=": {levelAssign, false, false},
	"or": {levelOr, false, true}, "and": {levelAnd, false, true},
	"==": {levelCompare, false, false}, "!=": {levelCompare, false, false}, "<": {levelCompare, false, false},
	">": {levelCompare, false, false}, "<=": {levelCompare, false, false}, ">=": {levelCompare, false, false},
	"+": {levelAdd, false, true}, "-": {levelAdd, false, true},
	"*": {levelMul, false, true}, "/": {levelMul, false, true}, "%": {levelMul, false, true},
}

// maxNesting bounds the parser's recursion. jq's own parser stops at 10,000 symbols.
const maxNesting = 5000

type parser struct {
	src    string
	tokens []token
	pos    int
	depth  int
}

// A program is a parsed query or library: definitions, and an expression unless there is none.
type program struct {
	defs []*funcDef
	main *expr
}

// parse reads a whole text by jq 1.6's grammar.
func parse(src string) (prog program, err error) {
	p := &parser{src: src, tokens: lex(src)}
	defer caught(&err)
	p.module()
	for p.keyword("def") {
		prog.defs = append(prog.defs, p.funcDef())
	}
	if p.peek().kind == tEOF {
		return prog, nil // definitions, comments or nothing
	}
	prog.main = p.expr(levelPipe)
	if p.peek().kind != tEOF {
		p.unexpected("")
	}
	return prog, nil
}

// fail stops the parser. Recursive descent returns from any depth by a panic that parse catches.
func (p *parser) fail(pos int, hint, format string, args ...any) {
	panic(errorAt(p.src, pos, hint, format, args...))
}

func (p *parser) peek() *token { return &p.tokens[p.pos] }

func (p *parser) ahead(n int) *token { return &p.tokens[min(p.pos+n, len(p.tokens)-1)] }

func (p *parser) take() *token {
	t := &p.tokens[p.pos]
	if t.kind != tEOF {
		p.pos++
	}
	if t.bad != "" {
		p.fail(t.pos, "", "%s", t.bad)
	}
	return t
}

func (p *parser) op(text string) bool {
	t := p.peek()
	return t.kind == tOp && t.text == text
}

func (p *parser) keyword(text string) bool {
	t := p.peek()
	return t.kind == tKeyword && t.text == text
}

func (p *parser) accept(text string) bool {
	if p.op(text) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) expect(text, after string) {
	if !p.accept(text) {
		p.unexpected("expected " + text + " " + after)
	}
}

// unexpected refuses the next token, with a correction where the mistake is a known one.
func (p *parser) unexpected(want string) {
	t := p.peek()
	hint := ""
	what := "unexpected " + t.text
	switch {
	case t.kind == tEOF:
		what = "unexpected end of the query"
	case t.kind == tInvalid && t.text == "\r":
		what = "unexpected carriage return"
		hint = "end lines with LF alone: CRLF isn't white space to jq 1.6"
	case t.kind == tInvalid && t.text == "'":
		hint = `write strings in double quotes: "text"`
	case t.kind == tQuote:
		what = "unexpected string"
	case p.op("?") && p.pos > 0 && p.tokens[p.pos-1].text == ")":
		hint = "put the parenthesis after the question mark, or the whole in parentheses"
	case p.op("[") && p.pos > 0 && p.tokens[p.pos-1].text == ".":
		hint = "leave out the dot before [: .a[0]"
	case p.op("?//"):
		hint = "write a blank between ? and //: jq 1.6 reads ?// as one operator"
	case p.pos > 0 && p.tokens[p.pos-1].kind == tKeyword && p.tokens[p.pos-1].text == "end" && (t.kind == tField || p.op("[")):
		hint = "put if ... end in parentheses before taking a part of it"
	}
	if want != "" {
		what += ", " + want
	}
	p.fail(t.pos, hint, "%s", what)
}

func (p *parser) enter() {
	if p.depth++; p.depth > maxNesting {
		p.fail(p.peek().pos, "", "nested too deeply")
	}
}

// module takes what may precede a program. Libraries cannot be found where queries run, so that importing one is an error.
func (p *parser) module() {
	if p.keyword("module") {
		t := p.take()
		if m := p.expr(levelPipe); m.form != fConst {
			p.fail(t.pos, "", "module metadata must be constant")
		}
		p.expect(";", "after module metadata")
	}
	if p.keyword("import") || p.keyword("include") {
		p.fail(p.peek().pos, "", "module not found: a query can't import modules")
	}
}

// expr takes an expression whose operators are at min or tighter.
func (p *parser) expr(min int) *expr {
	p.enter()
	defer func() { p.depth-- }()
	e := p.operand()
	for {
		t := p.peek()
		if min <= levelOpt && p.op("?") {
			p.pos++
			e = &expr{form: fTry, a: e, pos: e.pos}
			continue
		}
		if t.kind != tOp && t.kind != tKeyword {
			return e
		}
		op, ok := binaryOperators[t.text]
		if !ok || op.level < min {
			return e
		}
		p.pos++
		right := op.level + 1
		if op.right {
			right = op.level
		}
		e = p.join(t, e, p.expr(right))
		if next := p.peek(); !op.chain && (next.kind == tOp || next.kind == tKeyword) {
			if o, ok := binaryOperators[next.text]; ok && o.level == op.level {
				p.fail(next.pos, "use parentheses", "unexpected %s: %s doesn't chain", next.text, t.text)
			}
		}
	}
}

func (p *parser) join(t *token, a, b *expr) *expr {
	e := &expr{a: a, b: b, pos: a.pos, name: t.text}
	switch t.text {
	case "|":
		e.form = fPipe
	case ",":
		e.form = fComma
	case "//":
		e.form = fAlt
	case "and":
		e.form = fAnd
	case "or":
		e.form = fOr
	case "=":
		e.form = fAssign
	case "|=":
		e.form = fModify
	case "+=", "-=", "*=", "/=", "%=", "//=":
		e.form, e.name = fUpdate, strings.TrimSuffix(t.text, "=")
	default:
		e = operation(t.text, a, b, a.pos)
		if e.form == fConst && (t.text == "/" || t.text == "%") && e.v.kind == kindNumber && math.IsInf(e.v.num(), 0) {
			p.fail(a.pos, "", "division by zero")
		}
	}
	return e
}

// operand takes a prefix form, or a term and what binds it.
func (p *parser) operand() *expr {
	t := p.peek()
	if t.kind == tOp && t.text == "-" {
		p.pos++
		return &expr{form: fNegate, a: p.expr(levelAdd + 1), pos: t.pos}
	}
	if t.kind == tKeyword {
		switch t.text {
		case "def":
			def := p.funcDef()
			return &expr{form: fDef, def: def, a: p.expr(levelPipe), pos: t.pos}
		case "if":
			p.pos++
			return p.ifForm(t.pos)
		case "try":
			p.pos++
			e := &expr{form: fTry, a: p.expr(levelTry), pos: t.pos}
			if p.keyword("catch") {
				p.pos++
				e.b = p.expr(levelTry)
			}
			return e
		case "reduce", "foreach":
			p.pos++
			return p.fold(t)
		case "label":
			p.pos++
			name := p.variable()
			p.expect("|", "after label $"+name)
			return &expr{form: fLabel, name: name, a: p.expr(levelPipe), pos: t.pos}
		}
	}
	term := p.term()
	if p.keyword("as") {
		p.pos++
		e := &expr{form: fAs, a: term, patterns: p.patterns(), pos: t.pos}
		p.expect("|", "after the pattern of as")
		e.b = p.expr(levelPipe)
		return e
	}
	return term
}

func (p *parser) ifForm(pos int) *expr {
	e := &expr{form: fIf, pos: pos}
	e.a = p.expr(levelPipe)
	if !p.keyword("then") {
		p.unexpected("expected then")
	}
	p.pos++
	e.b = p.expr(levelPipe)
	switch {
	case p.keyword("elif"):
		at := p.take().pos
		e.c = p.ifForm(at)
		return e
	case p.keyword("else"):
		p.pos++
		e.c = p.expr(levelPipe)
		if !p.keyword("end") {
			p.unexpected("expected end of if")
		}
		p.pos++
		return e
	case p.keyword("end"):
		p.fail(p.peek().pos, "write else . end", "jq 1.6 has no if without else")
	}
	p.unexpected("expected else or elif")
	return nil
}

func (p *parser) fold(t *token) *expr {
	e := &expr{form: fReduce, pos: t.pos, a: p.term()}
	if !p.keyword("as") {
		p.unexpected("expected as after the source of " + t.text)
	}
	p.pos++
	e.patterns = p.patterns()
	p.expect("(", "after the pattern of "+t.text)
	e.b = p.expr(levelPipe)
	p.expect(";", "after the start of "+t.text)
	e.c = p.expr(levelPipe)
	if t.text == "foreach" {
		e.form = fForeach
		if p.accept(";") {
			e.d = p.expr(levelPipe)
		}
	}
	p.expect(")", "at the end of "+t.text)
	return e
}

func (p *parser) funcDef() *funcDef {
	def := &funcDef{pos: p.take().pos}
	if p.peek().kind != tIdent {
		p.unexpected("expected the name of a function")
	}
	def.name = p.take().text
	if p.accept("(") {
		for {
			vari := p.accept("$")
			if p.peek().kind != tIdent {
				p.unexpected("expected the name of a parameter")
			}
			def.params = append(def.params, param{p.take().text, vari})
			if !p.accept(";") {
				break
			}
		}
		p.expect(")", "after the parameters of "+def.name)
	}
	p.expect(":", "after def "+def.name)
	def.body = p.expr(levelPipe)
	p.expect(";", "at the end of def "+def.name)
	return def
}

// variable takes $name and returns the name.
func (p *parser) variable() string {
	p.expect("$", "before a name")
	if t := p.peek(); t.kind != tIdent {
		hint := ""
		if t.kind == tKeyword {
			hint = "$" + t.text + " is a reserved word in jq 1.6: choose another name"
		}
		p.fail(t.pos, hint, "unexpected %s after $", t.text)
	}
	return p.take().text
}

func (p *parser) patterns() []*pattern {
	list := []*pattern{p.pattern()}
	for p.accept("?//") {
		list = append(list, p.pattern())
	}
	return list
}

func (p *parser) pattern() *pattern {
	p.enter()
	defer func() { p.depth-- }()
	switch {
	case p.op("$"):
		return &pattern{name: p.variable()}
	case p.accept("["):
		pat := &pattern{array: []*pattern{p.pattern()}}
		for p.accept(",") {
			pat.array = append(pat.array, p.pattern())
		}
		p.expect("]", "at the end of a pattern")
		return pat
	case p.accept("{"):
		pat := &pattern{keys: []patternKey{p.patternKey()}}
		for p.accept(",") {
			pat.keys = append(pat.keys, p.patternKey())
		}
		p.expect("}", "at the end of a pattern")
		return pat
	}
	p.unexpected("expected a pattern: $name, [...] or {...}")
	return nil
}

func (p *parser) patternKey() patternKey {
	var k patternKey
	t := p.peek()
	switch {
	case p.op("$"):
		k.name = p.variable()
		k.key = constant(str(k.name), t.pos)
		if !p.accept(":") {
			return k
		}
		k.value = p.pattern()
		return k
	case t.kind == tIdent || t.kind == tKeyword:
		p.pos++
		k.key = constant(str(t.text), t.pos)
	case t.kind == tQuote || t.kind == tFormat:
		k.key = p.str()
	case p.accept("("):
		k.key = p.keyExpr(t.pos)
	default:
		p.unexpected("expected a key of a pattern")
	}
	p.expect(":", "after a key of a pattern")
	k.value = p.pattern()
	return k
}

// keyExpr takes what follows the parenthesis of a computed key.
func (p *parser) keyExpr(pos int) *expr {
	key := p.expr(levelPipe)
	p.expect(")", "after a computed key")
	if key.form == fConst && key.v.kind != kindString {
		p.fail(pos, "", "%s", keyError(key.v))
	}
	return key
}

package jq

// term takes a term: what may stand before .name, [...] and as, and what an object's value is made of.
func (p *parser) term() *expr {
	p.enter()
	defer func() { p.depth-- }()
	e := p.primary()
	for {
		t := p.peek()
		switch {
		case t.kind == tField:
			p.pos++
			e = p.optional(&expr{form: fIndex, a: e, b: constant(str(t.text), t.pos), pos: e.pos})
		case p.op(".") && p.ahead(1).kind == tQuote, p.op(".") && p.ahead(1).kind == tFormat && p.ahead(2).kind == tQuote:
			p.pos++
			e = p.optional(&expr{form: fIndex, a: e, b: p.str(), pos: e.pos})
		case p.op("."):
			p.pos++
			p.unexpected(`expected a name or a string after the dot`)
		case p.op("["):
			p.pos++
			e = p.optional(p.brackets(e))
		default:
			return e
		}
	}
}

// optional takes the ? that belongs to an access.
func (p *parser) optional(e *expr) *expr {
	e.opt = p.accept("?")
	return e
}

func (p *parser) brackets(a *expr) *expr {
	if p.accept("]") {
		return &expr{form: fEach, a: a, pos: a.pos}
	}
	e := &expr{form: fIndex, a: a, pos: a.pos}
	if p.accept(":") {
		e.form = fSlice
		e.c = p.expr(levelPipe)
		p.expect("]", "after a slice")
		return e
	}
	e.b = p.expr(levelPipe)
	if p.accept(":") {
		e.form = fSlice
		if !p.op("]") {
			e.c = p.expr(levelPipe)
		}
	}
	p.expect("]", "after an index")
	return e
}

func (p *parser) primary() *expr {
	t := p.peek()
	switch t.kind {
	case tLiteral:
		return constant(p.take().v, t.pos)
	case tField:
		p.pos++
		return p.optional(&expr{form: fIndex, a: &expr{pos: t.pos}, b: constant(str(t.text), t.pos), pos: t.pos})
	case tQuote:
		return p.str()
	case tFormat:
		if p.ahead(1).kind == tQuote {
			return p.str()
		}
		p.pos++
		return &expr{form: fFormat, name: t.text, pos: t.pos}
	case tIdent:
		p.pos++
		return p.nameTerm(t)
	case tKeyword:
		if t.text == "break" {
			p.pos++
			if !p.op("$") {
				p.unexpected("expected the label to break to: break $name")
			}
			return &expr{form: fBreak, name: p.variable(), pos: t.pos}
		}
	case tOp:
		p.pos++
		switch t.text {
		case ".":
			return p.dot(t)
		case "..":
			return call(t.pos, "recurse")
		case "(":
			e := p.expr(levelPipe)
			p.expect(")", "to close the parenthesis")
			return e
		case "[":
			if p.accept("]") {
				return constant(arrayOf(nil), t.pos)
			}
			e := p.expr(levelPipe)
			p.expect("]", "to close the array")
			return collect(e, t.pos)
		case "{":
			return p.object(t.pos)
		case "$":
			if p.keyword("__loc__") {
				p.pos++
				o := newObject(2)
				o.set("file", str("<top-level>"))
				o.set("line", number(float64(errorAt(p.src, t.pos, "", "").Line)))
				return constant(objectValue(o), t.pos)
			}
			p.pos--
			return &expr{form: fVar, name: p.variable(), pos: t.pos}
		}
		p.pos--
	}
	p.unexpected("")
	return nil
}

func (p *parser) dot(t *token) *expr {
	next := p.peek()
	if next.kind == tQuote || next.kind == tFormat && p.ahead(1).kind == tQuote {
		return p.optional(&expr{form: fIndex, a: &expr{pos: t.pos}, b: p.str(), pos: t.pos})
	}
	if next.kind == tIdent || next.kind == tKeyword && next.pos > t.end && !isInfix(next.text) {
		p.fail(next.pos, `write .["`+next.text+`"] or .`+next.text, "unexpected %s after a dot", next.text)
	}
	return &expr{pos: t.pos}
}

// isInfix reports whether a keyword may follow a complete term.
func isInfix(word string) bool {
	switch word {
	case "as", "and", "or", "then", "else", "elif", "end", "catch":
		return true
	}
	return false
}

func (p *parser) nameTerm(t *token) *expr {
	if p.accept("(") {
		e := call(t.pos, t.text, p.expr(levelPipe))
		for p.accept(";") {
			e.list = append(e.list, p.expr(levelPipe))
		}
		p.expect(")", "after the arguments of "+t.text)
		return e
	}
	switch t.text {
	case "null":
		return constant(null, t.pos)
	case "true":
		return constant(vTrue, t.pos)
	case "false":
		return constant(vFals, t.pos)
	}
	return call(t.pos, t.text)
}

// str takes a string, with its format in front if there is one. Without interpolation it is a constant.
func (p *parser) str() *expr {
	e := &expr{form: fString, name: "text", pos: p.peek().pos}
	if p.peek().kind == tFormat {
		e.name = p.take().text
	}
	p.pos++ // the quote
	for {
		t := p.take()
		switch t.kind {
		case tText:
			piece := constant(str(t.text), t.pos)
			if n := len(e.list); n > 0 && e.list[n-1].form == fConst {
				e.list[n-1] = constant(str(e.list[n-1].v.str()+t.text), t.pos)
			} else {
				e.list = append(e.list, piece)
			}
		case tInterp:
			inner := p.expr(levelPipe)
			if t := p.peek(); t.kind != tInterpEnd {
				p.unexpected(`expected ) to close \(`)
			}
			p.pos++
			// What is interpolated stands apart from constants, even if it is one.
			e.list = append(e.list, &expr{form: fPipe, a: inner, b: &expr{form: fFormat, name: e.name, pos: t.pos}, pos: t.pos})
		case tQuoteEnd:
			if len(e.list) == 0 {
				return constant(str(""), e.pos)
			}
			if len(e.list) == 1 && e.list[0].form == fConst {
				return constant(e.list[0].v, e.pos)
			}
			return e
		case tEOF:
			p.fail(e.pos, "", "string without its closing quote")
		default:
			p.pos--
			p.unexpected("in a string")
		}
	}
}

// collect makes [e]; of constants it is one.
func collect(e *expr, pos int) *expr {
	var elems []value
	for c := e; ; c = c.a {
		last := c
		if c.form == fComma {
			last = c.b
		}
		if last.form != fConst {
			return &expr{form: fCollect, a: e, pos: pos}
		}
		elems = append(elems, last.v)
		if c.form != fComma {
			break
		}
	}
	for i, j := 0, len(elems)-1; i < j; i, j = i+1, j-1 {
		elems[i], elems[j] = elems[j], elems[i]
	}
	return constant(arrayOf(elems), pos)
}

// object takes what follows an opening brace.
func (p *parser) object(pos int) *expr {
	e := &expr{form: fObject, pos: pos}
	for !p.accept("}") {
		key, val := p.member()
		e.list = append(e.list, key, val)
		if !p.accept(",") {
			if !p.op("}") {
				p.memberEnd(key)
			}
		}
	}
	o := newObject(len(e.list) / 2)
	for i := 0; i < len(e.list); i += 2 {
		if e.list[i].form != fConst || e.list[i+1] == nil || e.list[i+1].form != fConst {
			return e
		}
		o.set(e.list[i].v.str(), e.list[i+1].v)
	}
	return constant(objectValue(o), pos)
}

func (p *parser) member() (key, val *expr) {
	t := p.peek()
	switch {
	case t.kind == tIdent:
		p.pos++
		key = constant(str(t.text), t.pos)
		if !p.op(":") {
			return key, &expr{form: fIndex, a: &expr{pos: t.pos}, b: key, pos: t.pos}
		}
	case t.kind == tKeyword:
		p.pos++
		key = constant(str(t.text), t.pos)
		if !p.op(":") {
			p.unexpected("expected : after the key " + t.text)
		}
	case t.kind == tQuote || t.kind == tFormat && p.ahead(1).kind == tQuote:
		key = p.str()
		if !p.op(":") {
			if key.form != fConst {
				return key, nil // the member of the input under the key just computed
			}
			return key, &expr{form: fIndex, a: &expr{pos: t.pos}, b: key, pos: t.pos}
		}
	case p.op("$"):
		name := p.variable()
		return constant(str(name), t.pos), &expr{form: fVar, name: name, pos: t.pos}
	case p.accept("("):
		key = p.keyExpr(t.pos)
	case t.kind == tLiteral:
		p.fail(t.pos, `write keys as strings: "`+t.text+`"`, "unexpected %s, expected a key", t.text)
	default:
		p.unexpected("expected a key")
	}
	p.expect(":", "after a key")
	return key, p.memberValue(key)
}

// memberValue takes an object's value: terms joined by |, with minus signs in front, and nothing else.
func (p *parser) memberValue(key *expr) *expr {
	p.enter()
	defer func() { p.depth-- }()
	start := p.peek()
	var e *expr
	switch {
	case start.kind == tOp && start.text == "-":
		p.pos++
		e = &expr{form: fNegate, a: p.memberTerm(key), pos: start.pos}
	default:
		e = p.memberTerm(key)
	}
	if p.accept("|") {
		return &expr{form: fPipe, a: e, b: p.memberValue(key), pos: start.pos, name: "|"}
	}
	return e
}

func (p *parser) memberTerm(key *expr) *expr {
	t := p.peek()
	if t.kind == tOp && t.text == "-" {
		p.pos++
		return &expr{form: fNegate, a: p.memberTerm(key), pos: t.pos}
	}
	if t.kind == tKeyword {
		switch t.text {
		case "if", "try", "reduce", "foreach", "def", "label":
			p.wrapMember(key, t)
		}
	}
	return p.term()
}

// memberEnd refuses what follows an object's value, nearly always an operator that needs parentheses.
func (p *parser) memberEnd(key *expr) {
	t := p.peek()
	if _, ok := binaryOperators[t.text]; ok && (t.kind == tOp || t.kind == tKeyword) || p.keyword("as") || p.op("?") {
		p.wrapMember(key, t)
	}
	p.unexpected("expected , or } in the object")
}

// wrapMember refuses an object's value that needs parentheses, and says how it is written with them.
func (p *parser) wrapMember(key *expr, at *token) {
	// The value begins after the last colon of this member.
	i := p.pos
	for depth := 0; i > 0; i-- {
		t := &p.tokens[i-1]
		if t.kind == tInterpEnd || t.kind == tOp && (t.text == ")" || t.text == "]" || t.text == "}") {
			depth++
		} else if t.kind == tInterp || t.kind == tOp && (t.text == "(" || t.text == "[" || t.text == "{") {
			depth--
		}
		if depth == 0 && t.kind == tOp && t.text == ":" {
			break
		}
	}
	hint := "put the value in parentheses"
	if text, ok := p.longest(i); ok {
		name := "(...)"
		if key.form == fConst {
			name = key.v.str()
			if lexed := lex(name); len(lexed) != 2 || lexed[0].kind != tIdent && lexed[0].kind != tKeyword {
				name = view(appendString(nil, name))
			}
		}
		hint = "write {" + name + ": (" + text + ")}"
	}
	p.fail(at.pos, hint, "unexpected %s: in jq 1.6 the value of an object's key is terms joined by |", at.text)
}

// longest returns the text of the pipeline that begins at token i, if one does.
func (p *parser) longest(i int) (text string, ok bool) {
	q := &parser{src: p.src, tokens: p.tokens, pos: i, depth: p.depth}
	var err error // it is no pipeline then, whatever is wrong
	defer caught(&err)
	start := q.peek().pos
	q.expr(levelAlt)
	for q.accept("|") {
		q.expr(levelAlt)
	}
	return p.src[start:q.tokens[q.pos-1].end], true
}

// keyError is jq's message for a value that can't be a key.
func keyError(v value) string {
	return "Cannot use " + v.kind.String() + " (" + excerpt(v, shortExcerpt) + ") as object key"
}

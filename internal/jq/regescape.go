package jq

import (
	"strconv"
	"strings"
)

// escape takes what follows a backslash outside brackets.
func (p *reParser) escape() *reNode {
	if !p.more() {
		p.fail("end pattern at escape")
	}
	start := p.pos
	c := p.rune()
	switch c {
	case 'A':
		return &reNode{op: iBegin}
	case 'z':
		return &reNode{op: iEnd}
	case 'Z':
		return &reNode{op: iSemiEnd}
	case 'G':
		return &reNode{op: iSearchBegin}
	case 'b':
		return &reNode{op: iWord}
	case 'B':
		return &reNode{op: iNotWord}
	case 'K':
		return &reNode{op: iKeep}
	case 'R':
		crlf := &reNode{kind: reSeq, list: []*reNode{{op: iChar, x: '\r'}, {op: iChar, x: '\n'}}}
		p.re.sets = append(p.re.sets, charSet{ranges: []rune{'\n', '\r', 0x85, 0x85, 0x2028, 0x2029}})
		alt := &reNode{kind: reAlt, list: []*reNode{crlf, {op: iSet, x: len(p.re.sets) - 1}}}
		return &reNode{kind: reBlock, op: iAtomic, list: []*reNode{alt}}
	case 'X':
		return &reNode{op: iSegment}
	case 'N':
		return &reNode{op: iAny}
	case 'O':
		return &reNode{op: iAnyNL}
	case 'Q':
		end := strings.Index(p.s[p.pos:], `\E`)
		text := p.s[p.pos:]
		if end >= 0 {
			text = p.s[p.pos : p.pos+end]
			p.pos += end + 2
		} else {
			p.pos = len(p.s)
		}
		seq := &reNode{kind: reSeq}
		for _, r := range text {
			seq.list = append(seq.list, p.char(r))
		}
		return seq
	case 'k', 'g':
		if p.accept("<") || c == 'k' && p.accept("'") || c == 'g' && p.accept("'") {
			end := byte('>')
			if p.s[p.pos-1] == '\'' {
				end = '\''
			}
			return p.reference(c, end)
		}
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		end := start
		for end < len(p.s) && isDigit(p.s[end]) {
			end++
		}
		num, _ := strconv.Atoi(p.s[start:end])
		if num <= 9 || num < p.re.groups {
			p.pos = end
			n := &reNode{op: iBack}
			if p.o.fold {
				n.y = 1
			}
			p.backs = append(p.backs, backFix{node: n, num: num})
			return n
		}
	}
	if s, ok := p.classEscape(c); ok {
		switch c {
		case 'w':
			s = *wordOutside
		case 'W':
			s = charSet{not: []*charSet{wordOutside}}
		}
		// Only a set in brackets takes in the other case.
		p.re.sets = append(p.re.sets, s)
		return &reNode{op: iSet, x: len(p.re.sets) - 1}
	}
	p.pos = start
	return p.char(p.charEscape())
}

// reference takes the name or number of \k<...> and \g<...>.
func (p *reParser) reference(c rune, end byte) *reNode {
	i := strings.IndexByte(p.s[p.pos:], end)
	if i < 0 {
		p.fail("invalid group name <" + p.s[p.pos:] + ">")
	}
	name := p.s[p.pos : p.pos+i]
	p.pos += i + 1
	fix := callFix{name: name}
	if num, err := strconv.Atoi(name); err == nil {
		if name[0] == '-' {
			num += p.re.groups
		}
		fix = callFix{num: num}
	}
	fix.node = &reNode{op: iBack}
	if p.o.fold {
		fix.node.y = 1
	}
	if c == 'g' {
		fix.node.op = iCall
		p.calls = append(p.calls, fix)
	} else {
		p.known(fix)
		p.backs = append(p.backs, fix)
	}
	return fix.node
}

// classEscape reads \d, \w, \s, \p{...} and their complements, behind the letter.
func (p *reParser) classEscape(c rune) (s charSet, ok bool) {
	not := func(t *charSet) charSet { return charSet{not: []*charSet{t}} }
	switch c {
	case 'd':
		return *digitSet, true
	case 'D':
		return not(digitSet), true
	case 'w':
		return *wordSet, true
	case 'W':
		return not(wordSet), true
	case 's':
		return *spaceSet, true
	case 'S':
		return not(spaceSet), true
	case 'p', 'P':
		if !p.peekIs("{") {
			return s, false
		}
		p.pos++
		negate := c == 'P'
		if p.accept("^") {
			negate = !negate
		}
		i := strings.IndexByte(p.s[p.pos:], '}')
		if i < 0 {
			p.fail("invalid character property name {" + p.s[p.pos:] + "}")
		}
		name := p.s[p.pos : p.pos+i]
		p.pos += i + 1
		t, found := property(name)
		if !found {
			p.fail("invalid character property name {" + name + "}")
		}
		if negate {
			return not(t), true
		}
		return *t, true
	}
	return s, false
}

// charEscape reads an escape that is a character, behind the backslash.
func (p *reParser) charEscape() rune {
	c := p.rune()
	switch c {
	case 't':
		return '\t'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 'f':
		return '\f'
	case 'v':
		return '\v'
	case 'a':
		return '\a'
	case 'e':
		return 0x1b
	case 'x':
		if p.accept("{") {
			return p.number(16, 8, "}")
		}
		return p.number(16, 2, "")
	case 'o':
		if p.accept("{") {
			return p.number(8, 11, "}")
		}
	case '0', '1', '2', '3', '4', '5', '6', '7':
		p.pos--
		return p.number(8, 3, "")
	case 'c':
		if p.more() {
			return p.rune() & 0x9f
		}
		p.fail("end pattern at control")
	case 'C':
		if p.accept("-") && p.more() {
			return p.rune() & 0x9f
		}
	}
	return c
}

func (p *reParser) number(base, digits int, end string) rune {
	i := p.pos
	for i < len(p.s) && i-p.pos < digits && digitValue(p.s[i]) < base {
		i++
	}
	n, _ := strconv.ParseUint("0"+p.s[p.pos:i], base, 63)
	p.pos = i
	if end != "" && !p.accept(end) {
		p.fail("invalid code point value")
	}
	if n > 0x7fffffff {
		p.fail("too big wide-char value")
	}
	return rune(n)
}

func digitValue(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return 99
}

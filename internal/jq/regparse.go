package jq

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type regexOptions struct {
	fold, extended, dotAll, lines bool
}

const (
	maxRegexProgram = 100_000
	maxRegexRepeat  = 100_000 // Oniguruma's
	maxRegexCache   = 64
)

// compileRegex compiles a pattern, once a machine.
func (m *machine) compileRegex(pattern string, o regexOptions) (*regex, error) {
	key := pattern
	for i, on := range []bool{o.fold, o.extended, o.dotAll} {
		if on {
			key += string(rune(i + 1))
		}
	}
	key += "\x00"
	if re := m.regex[key]; re != nil {
		return re, nil
	}
	re, msg := parseRegex(strings.Clone(pattern), o) // a pattern may lie in the record
	if msg != "" {
		return nil, raiseString("Regex failure: " + msg)
	}
	if m.regex == nil || len(m.regex) >= maxRegexCache {
		m.regex = map[string]*regex{}
	}
	m.regex[strings.Clone(key)] = re
	return re, nil
}

// A reNode is a part of a pattern.
type reNode struct {
	kind     reKind
	op       instOp // of a plain instruction
	x, y     int
	list     []*reNode // alternatives, or a sequence
	min, max int       // of a repeat; max -1 for no end
	lazy     bool
	atomic   bool // possessive
}

// lengths is how many characters n takes, at least and at most; noEnd if there is no most.
func (n *reNode) lengths() (lo, hi int) {
	const noEnd = 1 << 30
	switch n.kind {
	case reInst:
		switch {
		case n.op <= iSet:
			return 1, 1
		case isAnchor(n.op) || n.op == iKeep:
			return 0, 0
		}
		return 0, noEnd
	case reBlock:
		if n.op != iAtomic {
			return 0, 0
		}
		return n.list[0].lengths()
	case reGroup:
		return n.list[0].lengths()
	case reRepeat:
		lo, hi = n.list[0].lengths()
		lo = min(lo*n.min, noEnd)
		if n.max < 0 && hi > 0 {
			return lo, noEnd
		}
		return lo, min(hi*max(n.max, 0), noEnd)
	case reSeq:
		for _, sub := range n.list {
			l, h := sub.lengths()
			lo, hi = min(lo+l, noEnd), min(hi+h, noEnd)
		}
		return lo, hi
	}
	lo = noEnd
	for _, sub := range n.list {
		l, h := sub.lengths()
		lo, hi = min(lo, l), max(hi, h)
	}
	return lo, hi
}

type reKind uint8

const (
	reInst reKind = iota
	reSeq
	reAlt
	reRepeat // list[0]
	reGroup  // capturing group x: list[0]
	reBlock  // look-around or atomic group by op: list[0]
	reCond   // on group x: list[0], list[1]
)

type reParser struct {
	s     string
	pos   int
	o     regexOptions
	re    *regex
	depth int
	calls []callFix
	backs []backFix
}

type callFix struct {
	node *reNode
	name string
	num  int
}

type backFix = callFix

// parseRegex compiles a pattern or returns Oniguruma's message.
func parseRegex(pattern string, o regexOptions) (re *regex, msg string) {
	p := &reParser{s: pattern, o: o, re: &regex{groups: 1}}
	defer func() {
		if r := recover(); r != nil {
			m, ok := r.(readError)
			if !ok {
				panic(r)
			}
			msg = string(m)
		}
	}()
	n := p.alternatives()
	if p.pos < len(p.s) {
		p.fail("unmatched close parenthesis")
	}
	p.resolve()
	p.lookBehinds(n)
	c := &reCompiler{re: p.re, starts: map[int]int{}}
	c.emit(n)
	c.add(inst{op: iMatch})
	for _, f := range c.fixes {
		p.re.prog[f[0]].x = c.starts[f[1]]
	}
	p.re.prefix(n)
	return p.re, ""
}

func (p *reParser) fail(msg string) { panic(readError(msg)) }

func (p *reParser) resolve() {
	for _, f := range append(p.calls, p.backs...) {
		if f.name == "" {
			if f.num >= p.re.groups || f.num < 0 || f.num == 0 && f.node.op == iBack {
				if f.node.op == iCall {
					p.fail("undefined group <" + strconv.Itoa(f.num) + "> reference")
				}
				p.fail("invalid backref number/name")
			}
			f.node.x = f.num
			continue
		}
		found := false
		for _, n := range p.re.names {
			if n.name == f.name {
				f.node.x = n.group
				found = true
			}
		}
		if !found {
			p.fail("undefined name <" + f.name + "> reference")
		}
	}
}

// lookBehinds refuses those whose text has no one length. Of a repeated part at the front only what it must take counts.
func (p *reParser) lookBehinds(n *reNode) {
	for _, sub := range n.list {
		p.lookBehinds(sub)
	}
	if n.kind != reBlock || n.op != iLookBehind {
		return
	}
	head := n.list[0]
	if head.kind == reSeq && len(head.list) > 0 {
		head = head.list[0]
	}
	if head.kind == reRepeat {
		head.max = head.min
	}
	if lo, hi := n.list[0].lengths(); lo > 0 && lo != hi {
		p.fail("invalid pattern in look-behind")
	}
}

func (p *reParser) more() bool { return p.pos < len(p.s) }

func (p *reParser) peekIs(s string) bool { return strings.HasPrefix(p.s[p.pos:], s) }

func (p *reParser) accept(s string) bool {
	if p.peekIs(s) {
		p.pos += len(s)
		return true
	}
	return false
}

func (p *reParser) rune() rune {
	r, n := decode(p.s, p.pos)
	p.pos += n
	return r
}

func (p *reParser) alternatives() *reNode {
	if p.depth++; p.depth > 250 {
		p.fail("too deep nest level in parse")
	}
	saved := p.o
	alt := &reNode{kind: reAlt}
	for {
		alt.list = append(alt.list, p.sequence())
		if !p.accept("|") {
			break
		}
	}
	p.o = saved
	p.depth--
	if len(alt.list) == 1 {
		return alt.list[0]
	}
	return alt
}

func (p *reParser) sequence() *reNode {
	seq := &reNode{kind: reSeq}
	for {
		p.comments()
		if !p.more() || p.peekIs("|") || p.peekIs(")") {
			break
		}
		n := p.atom()
		if n == nil {
			continue
		}
		for {
			p.comments()
			r := p.repeat(n)
			if r == nil {
				break
			}
			n = r
		}
		seq.list = append(seq.list, n)
	}
	if p.o.fold {
		seq.list = foldSharpS(seq.list)
	}
	return seq
}

// comments skips blanks and comments where flag x allows them.
func (p *reParser) comments() {
	for p.o.extended && p.more() {
		switch c := p.s[p.pos]; {
		case isBlank(c):
			p.pos++
		case c == '#':
			for p.more() && p.s[p.pos] != '\n' {
				p.pos++
			}
		default:
			return
		}
	}
}

// foldSharpS lets ss and the sharp s match each other where case doesn't count.
func foldSharpS(list []*reNode) []*reNode {
	isS := func(n *reNode) bool { return n.kind == reInst && n.op == iCharFold && (n.x == 's' || n.x == 'S') }
	char := func(r rune) *reNode { return &reNode{op: iCharFold, x: int(r)} }
	pair := func() *reNode {
		ss := &reNode{kind: reSeq, list: []*reNode{char('s'), char('s')}}
		return &reNode{kind: reAlt, list: []*reNode{ss, char('ß')}}
	}
	var out []*reNode
	for i := 0; i < len(list); i++ {
		switch {
		case i+1 < len(list) && isS(list[i]) && isS(list[i+1]):
			out = append(out, pair())
			i++
		case list[i].kind == reInst && list[i].op == iCharFold && (list[i].x == 'ß' || list[i].x == 'ẞ'):
			out = append(out, pair())
		default:
			out = append(out, list[i])
		}
	}
	return out
}

// repeat takes a repeat operator behind n.
func (p *reParser) repeat(n *reNode) *reNode {
	if !p.more() {
		return nil
	}
	r := &reNode{kind: reRepeat, list: []*reNode{n}}
	braces := false
	switch p.s[p.pos] {
	case '*':
		r.min, r.max = 0, -1
	case '+':
		r.min, r.max = 1, -1
	case '?':
		r.min, r.max = 0, 1
	case '{':
		if !p.interval(r) {
			return nil
		}
		braces = true
		p.pos--
	default:
		return nil
	}
	p.pos++
	target := n
	for target.kind == reSeq && len(target.list) == 1 {
		target = target.list[0]
	}
	if target.kind == reInst && isAnchor(target.op) || target.kind == reBlock && target.op != iAtomic {
		p.fail("target of repeat operator is invalid")
	}
	switch {
	case p.accept("?"):
		r.lazy = true
	case !braces && p.accept("+"):
		r.atomic = true
	}
	return r
}

func isAnchor(op instOp) bool { return iBegin <= op && op <= iNotWord }

// interval takes {n}, {n,} or {n,m}; what isn't one stands for itself.
func (p *reParser) interval(r *reNode) bool {
	i := p.pos + 1
	num := func() (int, bool) {
		j := i
		for i < len(p.s) && isDigit(p.s[i]) {
			i++
		}
		if i-j > 6 {
			p.fail("too big number for repeat range")
		}
		n, err := strconv.Atoi(p.s[j:i])
		return n, err == nil
	}
	min, ok := num()
	if !ok {
		return false
	}
	max := min
	if i < len(p.s) && p.s[i] == ',' {
		i++
		if max, ok = num(); !ok {
			max = -1
		}
	}
	if i >= len(p.s) || p.s[i] != '}' {
		return false
	}
	if min > maxRegexRepeat || max > maxRegexRepeat {
		p.fail("too big number for repeat range")
	}
	if max >= 0 && max < min {
		p.fail("upper is smaller than lower in repeat range")
	}
	r.min, r.max = min, max
	p.pos = i + 1
	return true
}

func (p *reParser) char(r rune) *reNode {
	if p.o.fold {
		return &reNode{op: iCharFold, x: int(r)}
	}
	return &reNode{op: iChar, x: int(r)}
}

func (p *reParser) set(s charSet) *reNode {
	s.fold = p.o.fold
	p.re.sets = append(p.re.sets, s)
	return &reNode{op: iSet, x: len(p.re.sets) - 1}
}

func (p *reParser) atom() *reNode {
	c := p.rune()
	switch c {
	case '.':
		if p.o.dotAll {
			return &reNode{op: iAnyNL}
		}
		return &reNode{op: iAny}
	case '^':
		if p.o.lines {
			return &reNode{op: iLineBegin}
		}
		return &reNode{op: iBegin}
	case '$':
		if p.o.lines {
			return &reNode{op: iLineEnd}
		}
		return &reNode{op: iSemiEnd}
	case '[':
		return p.set(p.class())
	case '(':
		return p.group()
	case '*', '+', '?':
		p.fail("target of repeat operator is not specified")
	case '{':
		p.pos--
		if p.interval(&reNode{}) {
			p.fail("target of repeat operator is not specified")
		}
		p.pos++
	case '\\':
		return p.escape()
	}
	return p.char(c)
}

func (p *reParser) group() *reNode {
	if !p.accept("?") {
		return p.capture("")
	}
	block := func(op instOp, y int) *reNode {
		return &reNode{kind: reBlock, op: op, y: y, list: []*reNode{p.closing()}}
	}
	switch {
	case p.accept("#"):
		for p.more() {
			if p.accept(")") {
				return nil
			}
			if p.rune() == '\\' && p.more() {
				p.rune()
			}
		}
		p.fail("end pattern in group")
	case p.accept(":"):
		return p.closing()
	case p.accept("="):
		return block(iLook, 0)
	case p.accept("!"):
		return block(iLook, 1)
	case p.accept(">"):
		return block(iAtomic, 0)
	case p.accept("<="):
		return block(iLookBehind, 0)
	case p.accept("<!"):
		return block(iLookBehind, 1)
	case p.accept("<"):
		return p.capture(p.groupName('>'))
	case p.accept("'"):
		return p.capture(p.groupName('\''))
	case p.accept("("):
		return p.condition()
	case p.accept("&"), p.accept("P>"):
		return p.reference('g', ')')
	case p.more() && strings.IndexByte("-+123456789", p.s[p.pos]) >= 0:
		return p.numberCall()
	}
	return p.options()
}

func (p *reParser) closing() *reNode {
	n := p.alternatives()
	if !p.accept(")") {
		p.fail("end pattern with unmatched parenthesis")
	}
	return n
}

func (p *reParser) capture(name string) *reNode {
	g := p.re.groups
	p.re.groups++
	if g > 32766 {
		p.fail("too many capture groups are specified")
	}
	if name != "" {
		p.re.names = append(p.re.names, groupName{name, g})
	}
	return &reNode{kind: reGroup, x: g, list: []*reNode{p.closing()}}
}

func (p *reParser) groupName(end byte) string {
	i := strings.IndexByte(p.s[p.pos:], end)
	if i < 0 {
		p.fail("invalid group name <" + p.s[p.pos:] + ">")
	}
	name := p.s[p.pos : p.pos+i]
	p.pos += i + 1
	if name == "" {
		p.fail("group name is empty")
	}
	if r, _ := decode(name, 0); isDigit(name[0]) || !isWord(r) {
		p.fail("invalid group name <" + name + ">")
	}
	for _, r := range name {
		if !isWord(r) {
			p.fail("invalid char in group name <" + name + ">")
		}
	}
	return name
}

// condition takes (?(1)yes|no) behind the second parenthesis.
func (p *reParser) condition() *reNode {
	i := strings.IndexByte(p.s[p.pos:], ')')
	if i < 0 {
		p.fail("end pattern in group")
	}
	ref := strings.Trim(p.s[p.pos:p.pos+i], "<>'")
	p.pos += i + 1
	n := &reNode{kind: reCond}
	fix := backFix{node: n, name: ref}
	if num, err := strconv.Atoi(ref); err == nil {
		fix = backFix{node: n, num: num}
	}
	p.backs = append(p.backs, fix)
	body := p.closing()
	if body.kind == reAlt {
		if len(body.list) > 2 {
			p.fail("invalid if-else syntax")
		}
		n.list = body.list
	} else {
		n.list = []*reNode{body, {kind: reSeq}}
	}
	return n
}

// numberCall takes (?1), (?+1) and (?-1). An option that is taken away first, (?-i), is none in this syntax.
func (p *reParser) numberCall() *reNode {
	i := strings.IndexByte(p.s[p.pos:], ')')
	num, err := 0, error(nil)
	if i >= 0 {
		num, err = strconv.Atoi(p.s[p.pos : p.pos+i])
	}
	if i < 0 || err != nil || num == 0 {
		p.fail("invalid group name <>")
	}
	switch p.s[p.pos] {
	case '-':
		num += p.re.groups
	case '+':
		num += p.re.groups - 1
	}
	p.pos += i + 1
	n := &reNode{op: iCall}
	p.calls = append(p.calls, callFix{node: n, num: num})
	return n
}

// options takes (?imsx-imsx) or (?imsx-imsx:...).
func (p *reParser) options() *reNode {
	o := p.o
	on := true
	for p.more() {
		switch p.rune() {
		case '-':
			on = false
		case 'i':
			o.fold = on
		case 'x':
			o.extended = on
		case 's':
			o.dotAll = on
		case 'm':
			o.lines = on
		case ')':
			// The rest of the enclosing group, with its alternatives.
			p.o = o
			n := p.alternatives()
			return n
		case ':':
			saved := p.o
			p.o = o
			n := p.closing()
			p.o = saved
			return n
		default:
			p.fail("undefined group option")
		}
	}
	p.fail("end pattern in group")
	return nil
}

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

// class takes a bracket expression behind its bracket.
func (p *reParser) class() charSet {
	if p.depth++; p.depth > 250 {
		p.fail("too deep nest level in parse")
	}
	defer func() { p.depth-- }()
	var s charSet
	s.negate = p.accept("^")
	first := true
	for {
		if !p.more() {
			p.fail("premature end of char-class")
		}
		if p.peekIs("]") {
			if !first {
				p.pos++
				return s
			}
			if !strings.Contains(p.s[p.pos+1:], "]") {
				p.fail("empty char-class")
			}
		}
		first = false
		if p.accept("[:") {
			if p.posix(&s) {
				continue
			}
			p.pos -= 2
		}
		from, isSet := p.classItem(&s)
		if isSet {
			if p.peekIs("-") && p.pos+1 < len(p.s) && p.s[p.pos+1] != ']' {
				p.fail("unmatched range specifier in char-class")
			}
			continue
		}
		to := from
		if p.peekIs("-") && p.pos+1 < len(p.s) && p.s[p.pos+1] != ']' {
			p.pos++
			var other charSet
			if to, isSet = p.classItem(&other); isSet {
				p.fail("char-class value at end of range")
			}
		}
		if to < from {
			p.fail("empty range in char class")
		}
		s.ranges = append(s.ranges, from, to)
	}
}

// classItem takes one character, or adds a class escape to s.
func (p *reParser) classItem(s *charSet) (r rune, isSet bool) {
	c := p.rune()
	if c != '\\' {
		return c, false
	}
	if !p.more() {
		p.fail("end pattern at escape")
	}
	start := p.pos
	if sub, ok := p.classEscape(p.rune()); ok {
		s.subs = append(s.subs, &sub)
		return 0, true
	}
	p.pos = start
	if p.accept("b") {
		return '\b', false
	}
	return p.charEscape(), false
}

// posix takes the rest of [:name:].
func (p *reParser) posix(s *charSet) bool {
	end := strings.Index(p.s[p.pos:], ":]")
	if end < 0 || end > 20 || strings.ContainsAny(p.s[p.pos:p.pos+end], "[]") {
		return false
	}
	name := p.s[p.pos : p.pos+end]
	negate := strings.HasPrefix(name, "^")
	t, ok := posixClasses[strings.TrimPrefix(name, "^")]
	if !ok {
		p.fail("invalid POSIX bracket type")
	}
	p.pos += end + 2
	if negate {
		s.not = append(s.not, t)
	} else {
		s.subs = append(s.subs, t)
	}
	return true
}

var posixClasses = map[string]*charSet{
	"alnum":  {tables: []*unicode.RangeTable{unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Other_Alphabetic}},
	"alpha":  {tables: []*unicode.RangeTable{unicode.L, unicode.M, unicode.Nl, unicode.Other_Alphabetic}},
	"ascii":  {ranges: []rune{0, 0x7f}},
	"blank":  {tables: []*unicode.RangeTable{unicode.Zs}, ranges: []rune{'\t', '\t'}},
	"cntrl":  {tables: []*unicode.RangeTable{unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs}},
	"digit":  digitSet,
	"graph":  {not: []*charSet{{tables: []*unicode.RangeTable{unicode.White_Space, unicode.Cc, unicode.Cs}}}},
	"lower":  {tables: []*unicode.RangeTable{unicode.Ll, unicode.Other_Lowercase}},
	"print":  {not: []*charSet{{tables: []*unicode.RangeTable{unicode.Cc, unicode.Cs}}}},
	"punct":  {tables: []*unicode.RangeTable{unicode.P}},
	"space":  spaceSet,
	"upper":  {tables: []*unicode.RangeTable{unicode.Lu, unicode.Other_Uppercase}},
	"xdigit": {ranges: []rune{'0', '9', 'a', 'f', 'A', 'F'}},
	"word":   wordSet,
}

var longCategories = map[string]string{
	"letter": "L", "uppercaseletter": "Lu", "lowercaseletter": "Ll", "titlecaseletter": "Lt", "modifierletter": "Lm",
	"otherletter": "Lo", "mark": "M", "nonspacingmark": "Mn", "spacingmark": "Mc", "enclosingmark": "Me", "number": "N",
	"decimalnumber": "Nd", "letternumber": "Nl", "othernumber": "No", "punctuation": "P", "connectorpunctuation": "Pc",
	"dashpunctuation": "Pd", "openpunctuation": "Ps", "closepunctuation": "Pe", "initialpunctuation": "Pi",
	"finalpunctuation": "Pf", "otherpunctuation": "Po", "symbol": "S", "mathsymbol": "Sm", "currencysymbol": "Sc",
	"modifiersymbol": "Sk", "othersymbol": "So", "separator": "Z", "spaceseparator": "Zs", "lineseparator": "Zl",
	"paragraphseparator": "Zp", "other": "C", "control": "Cc", "format": "Cf", "privateuse": "Co", "surrogate": "Cs",
}

// property finds a Unicode property by name, whatever its case, blanks, hyphens and underscores.
func property(name string) (*charSet, bool) {
	plain := func(s string) string {
		return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "_", "").Replace(s))
	}
	key := plain(name)
	if s, ok := posixClasses[key]; ok {
		return s, true
	}
	switch key {
	case "any":
		return &charSet{ranges: []rune{0, unicode.MaxRune}}, true
	case "alphabetic":
		return posixClasses["alpha"], true
	}
	if long, ok := longCategories[key]; ok {
		return &charSet{tables: []*unicode.RangeTable{unicode.Categories[long]}}, true
	}
	for _, tables := range []map[string]*unicode.RangeTable{unicode.Categories, unicode.Scripts, unicode.Properties} {
		for n, t := range tables {
			if plain(n) == key {
				return &charSet{tables: []*unicode.RangeTable{t}}, true
			}
		}
	}
	return nil, false
}

// A reCompiler writes the program.
type reCompiler struct {
	re     *regex
	starts map[int]int
	fixes  [][2]int // calls whose target isn't known yet: instruction, group
}

func (c *reCompiler) add(i inst) int {
	if len(c.re.prog) >= maxRegexProgram {
		panic(readError("too big number for repeat range"))
	}
	c.re.prog = append(c.re.prog, i)
	return len(c.re.prog) - 1
}

func (c *reCompiler) here() int { return len(c.re.prog) }

func (c *reCompiler) emit(n *reNode) {
	switch n.kind {
	case reInst:
		at := c.add(inst{op: n.op, x: n.x, y: n.y})
		if n.op == iCall {
			c.re.prog[at].y = n.x
			c.fixes = append(c.fixes, [2]int{at, n.x})
		}
	case reSeq:
		for _, sub := range n.list {
			c.emit(sub)
		}
	case reAlt:
		var ends []int
		for i, sub := range n.list {
			if i == len(n.list)-1 {
				c.emit(sub)
				break
			}
			split := c.add(inst{op: iSplit})
			c.re.prog[split].x = c.here()
			c.emit(sub)
			ends = append(ends, c.add(inst{op: iJump}))
			c.re.prog[split].y = c.here()
		}
		for _, e := range ends {
			c.re.prog[e].x = c.here()
		}
	case reGroup:
		c.starts[n.x] = c.here()
		c.add(inst{op: iSave, x: 2 * n.x})
		c.emit(n.list[0])
		c.add(inst{op: iSave, x: 2*n.x + 1})
		c.add(inst{op: iReturn, x: n.x})
	case reBlock:
		at := c.add(inst{op: n.op, y: n.y})
		c.emit(n.list[0])
		c.add(inst{op: iBlockEnd})
		c.re.prog[at].x = c.here()
	case reCond:
		at := c.add(inst{op: iGroupSet, x: n.x})
		c.emit(n.list[0])
		end := c.add(inst{op: iJump})
		c.re.prog[at].y = c.here()
		c.emit(n.list[1])
		c.re.prog[end].x = c.here()
	case reRepeat:
		c.repeat(n)
	}
}

func (c *reCompiler) repeat(n *reNode) {
	if n.atomic {
		inner := *n
		inner.atomic = false
		c.emit(&reNode{kind: reBlock, op: iAtomic, list: []*reNode{&inner}})
		return
	}
	for i := 0; i < n.min; i++ {
		c.emit(n.list[0])
	}
	split := func() int { return c.add(inst{op: iSplit}) }
	choose := func(at, body, out int) {
		if n.lazy {
			body, out = out, body
		}
		c.re.prog[at].x, c.re.prog[at].y = body, out
	}
	if n.max < 0 {
		mark := c.re.marks
		c.re.marks++
		at := split()
		body := c.here()
		c.add(inst{op: iMark, x: mark})
		c.emit(n.list[0])
		progress := c.add(inst{op: iProgress, x: mark})
		c.add(inst{op: iJump, x: at})
		c.re.prog[progress].y = c.here()
		choose(at, body, c.here())
		return
	}
	var splits []int
	for i := n.min; i < n.max; i++ {
		at := split()
		splits = append(splits, at)
		c.re.prog[at].x = c.here()
		c.emit(n.list[0])
	}
	for _, at := range splits {
		choose(at, at+1, c.here())
	}
}

// prefix finds the byte every match begins with, and characters that every match holds.
func (re *regex) prefix(n *reNode) {
	if n.kind == reSeq {
		for _, sub := range n.list {
			if sub.kind == reInst && sub.op == iChar {
				re.must = append(re.must, rune(sub.x))
			}
		}
	}
	for n.kind == reSeq || n.kind == reGroup {
		if len(n.list) == 0 {
			return
		}
		n = n.list[0]
	}
	if n.kind == reInst && n.op == iChar {
		var b [utf8.UTFMax]byte
		utf8.EncodeRune(b[:], rune(n.x))
		re.first, re.lit = b[0], true
	}
}

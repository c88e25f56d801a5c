package jq

import (
	"slices"
	"strconv"
	"strings"
)

type regexOptions struct {
	fold, extended, dotAll, lines bool
}

const (
	maxRegexProgram = 100_000
	maxRegexRepeat  = 100_000 // Oniguruma's
	maxRegexCache   = 64      // patterns kept, and their work
	maxRegexHeld    = 400_000
)

// compileRegex compiles a pattern, or finds what was compiled. A record is charged for each of its patterns all the same: what it may
// cost must not hang on the records before it.
func (m *machine) compileRegex(pattern string, o regexOptions) (*regex, error) {
	m.pass(len(pattern))
	key := pattern
	for i, on := range []bool{o.fold, o.extended, o.dotAll} {
		if on {
			key += string(rune(i + 1))
		}
	}
	key += "\x00"
	re, msg := m.regex[key], ""
	if re != nil && re.record == m.record {
		return re, nil
	}
	kept := re != nil
	if !kept {
		re, msg = parseRegex(strings.Clone(pattern), o) // it may lie in the record
	}
	m.steps -= int64(len(pattern) + re.work)
	if err := m.charge(64*len(pattern) + 32*re.work); err != nil {
		return nil, err
	}
	if msg != "" {
		return nil, raiseString("Regex failure: " + msg)
	}
	m.patterns++
	m.work += re.work
	if m.patterns > maxRegexCache || m.work > maxRegexHeld {
		m.forget()
		m.patterns, m.work, kept = 1, re.work, false
	}
	if re.record = m.record; !kept {
		if m.regex == nil {
			m.regex = map[string]*regex{}
		}
		m.regex[key] = re
		m.held += re.work
	}
	return re, nil
}

// forget drops what was compiled.
func (m *machine) forget() {
	clear(m.regex)
	m.held = 0
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
	options  bool // (?i:...), a sequence of one
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

	groups map[string]int // by name, the last of each
	named  map[string]int // how many have it
}

type callFix struct {
	node *reNode
	name string
	num  int
}

type backFix = callFix

// parseRegex compiles a pattern, or returns Oniguruma's message too.
func parseRegex(pattern string, o regexOptions) (re *regex, msg string) {
	p := &reParser{s: pattern, o: o, re: &regex{groups: 1}}
	re = p.re
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
	if p.endless(n) {
		p.fail("never ending recursion")
	}
	p.lookBehinds(n)
	c := &reCompiler{re: p.re, starts: map[int]int{}, called: map[int]bool{}}
	for _, f := range p.calls {
		c.called[f.node.x] = true
	}
	if c.called[0] {
		n = &reNode{kind: reGroup, list: []*reNode{n}}
	}
	c.emit(n)
	c.add(inst{op: iMatch})
	for _, f := range c.fixes {
		p.re.prog[f[0]].x = c.starts[f[1]]
	}
	p.re.prefix(n)
	return re, ""
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
		var found bool
		if f.node.op == iCall && p.named[f.name] > 1 {
			p.fail("multiplex definition name <" + f.name + "> call")
		}
		if f.node.x, found = p.groups[f.name]; !found {
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
	lo, hi := n.list[0].lengths()
	if lo > 0 && lo != hi {
		p.fail("invalid pattern in look-behind")
	}
	if lo == 0 { // Oniguruma doesn't look back for what may be nothing, and gives up on parts that all may be
		branches := n.list
		if n.list[0].kind == reAlt {
			branches = n.list[0].list
		}
		for _, b := range branches {
			some := func(part *reNode) bool { return part.kind != reRepeat || part.min > 0 }
			if b.kind == reSeq && len(b.list) > 1 && !slices.ContainsFunc(b.list, some) {
				p.fail("undefined error code")
			}
		}
		n.op = iLook
	}
}

// known refuses a reference to a name that comes later. Calls may do so.
func (p *reParser) known(f backFix) {
	if f.name == "" {
		return
	}
	if _, ok := p.groups[f.name]; !ok {
		p.fail("undefined name <" + f.name + "> reference")
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
	if isEmptyTarget(n) {
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

// isEmptyTarget reports whether Oniguruma takes n for something that can't be repeated: what matches no text, by itself or as one of
// several alternatives.
func isEmptyTarget(n *reNode) bool {
	switch n.kind {
	case reInst:
		return isAnchor(n.op) || n.op == iKeep
	case reBlock:
		return n.op != iAtomic
	case reSeq:
		return len(n.list) == 1 && !n.options && isEmptyTarget(n.list[0])
	case reAlt:
		return slices.ContainsFunc(n.list, isEmptyTarget)
	}
	return false
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
	s.weigh()
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
	case p.more() && strings.IndexByte("&-+123456789", p.s[p.pos]) >= 0, p.peekIs("R)"):
		return p.perlCall()
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
		if p.groups == nil {
			p.groups, p.named = map[string]int{}, map[string]int{}
		}
		p.groups[name] = g
		p.named[name]++
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
	p.known(fix)
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

// perlCall takes what Perl has for calls, (?&name), (?1) and (?R), behind the question mark. This build of Oniguruma reads the name and
// then takes a group that is written so: (?&name) is "&name", captured. Options can't begin with a sign for the same reason.
func (p *reParser) perlCall() *reNode {
	i := strings.IndexByte(p.s[p.pos:], ')')
	switch c := p.s[p.pos]; {
	case c == 'R':
	case c == '&' && i == 1:
		p.fail("group name is empty")
	case c == '&':
		if i < 0 {
			p.fail("invalid group name <" + p.s[p.pos+1:] + ">")
		}
	default:
		if i < 0 {
			i = 0
		}
		if _, err := strconv.Atoi(p.s[p.pos : p.pos+i]); err != nil {
			p.fail("invalid group name <>")
		}
		p.fail("undefined group option")
	}
	return p.capture("")
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
			return &reNode{kind: reSeq, list: []*reNode{n}, options: true}
		default:
			p.fail("undefined group option")
		}
	}
	p.fail("end pattern in group")
	return nil
}

package jq

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A regex is a compiled Oniguruma pattern, in the Perl_NG syntax that jq 1.6 uses. It runs by backtracking over UTF-8 with an
// explicit stack, so that a hard pattern costs steps and never the goroutine's stack.
type regex struct {
	prog   []inst
	sets   []charSet
	groups int         // with the whole match
	marks  int         // slots for loops
	names  []groupName // by group
	first  byte        // the byte every match begins with, if lit
	lit    bool
	must   []rune // every match holds them
	record uint64 // the last record that used it
	work   int    // parts gone through to compile it: a repeat of nothing has no instructions
}

type groupName struct {
	name  string
	group int
}

// An inst is one instruction. x and y are what its op needs: a character, a target, a slot.
type inst struct {
	op   instOp
	x, y int
}

type instOp uint8

const (
	iChar     instOp = iota // character x
	iCharFold               // character x or one that folds to it
	iAny                    // any but a line feed
	iAnyNL
	iSet   // sets[x]
	iSplit // try x, then y
	iJump
	iSave  // position into slot x
	iBegin // \A
	iEnd   // \z
	iSemiEnd
	iLineBegin
	iLineEnd
	iSearchBegin // \G
	iWord        // \b
	iNotWord
	iBack // what group x matched; y: in any case
	iLook // the block up to x must match here; y: or must not
	iLookBehind
	iAtomic // the block up to x, without coming back into it
	iBlockEnd
	iMark     // remember the position in mark x
	iProgress // go to y if nothing was taken since mark x
	iKeep     // \K
	iCall     // group at x
	iReturn
	iGroupSet // go to y unless group x took part
	iSegment  // \X
	iFail
	iMatch
)

// retryLimit is Oniguruma's: so many backtracks in one match attempt.
const retryLimit = 10_000_000

// A charSet is a set of characters; fold makes it hold what folds into it.
type charSet struct {
	ranges []rune // pairs
	tables []*unicode.RangeTable
	not    []*charSet // sets whose complement belongs in
	subs   []*charSet
	negate bool
	fold   bool
	weight int // how much there is to look through
}

// weigh sets the weight of s.
func (s *charSet) weigh() {
	s.weight = len(s.ranges)
	for _, list := range [][]*charSet{s.not, s.subs} {
		for _, sub := range list {
			s.weight += 1 + sub.weight
		}
	}
}

func (s *charSet) has(r rune) bool {
	in := s.plain(r)
	if !in && s.fold {
		for f := unicode.SimpleFold(r); f != r && !in; f = unicode.SimpleFold(f) {
			in = s.plain(f)
		}
	}
	return in != s.negate
}

func (s *charSet) plain(r rune) bool {
	for i := 0; i < len(s.ranges); i += 2 {
		if s.ranges[i] <= r && r <= s.ranges[i+1] {
			return true
		}
	}
	for _, t := range s.tables {
		if unicode.Is(t, r) {
			return true
		}
	}
	for _, n := range s.not {
		if !n.has(r) {
			return true
		}
	}
	for _, n := range s.subs {
		if n.has(r) {
			return true
		}
	}
	return false
}

var (
	wordSet = &charSet{tables: []*unicode.RangeTable{unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic}}
	// Outside brackets, and for \b, Oniguruma's table of Latin 1 takes in the superscripts and fractions.
	wordOutside = &charSet{ranges: []rune{0xb2, 0xb3, 0xb9, 0xb9, 0xbc, 0xbe}, subs: []*charSet{wordSet}}
	spaceSet    = &charSet{tables: []*unicode.RangeTable{unicode.White_Space}}
	digitSet    = &charSet{tables: []*unicode.RangeTable{unicode.Nd}}
)

func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return isNameStart(byte(r)) || isDigit(byte(r))
	}
	return wordOutside.has(r)
}

func foldEqual(a, b rune) bool {
	if a == b {
		return true
	}
	for f := unicode.SimpleFold(a); f != a; f = unicode.SimpleFold(f) {
		if f == b {
			return true
		}
	}
	return false
}

// A thread is where to go on after a failure; one with pc < 0 restores slot -1-pc to pos instead.
type thread struct {
	pc, pos int
}

// A matcher runs a regex on one text.
type matcher struct {
	re      *regex
	m       *machine
	s       string
	from    int
	caps    []int // start and end of each group, -1 if it took no part
	marks   []int
	stack   []thread
	calls   []callFrame // every call made; the last mark is the number of the one that runs
	retries int
	ticks   int
}

// find looks for the leftmost match at or after from. notEmpty refuses matches of nothing.
func (mt *matcher) find(from int, notEmpty bool) (bool, error) {
	re := mt.re
	mt.from = from
	mt.retries = 0
	for pos := from; pos <= len(mt.s); {
		if re.lit {
			// Skip to the next place where a match can begin.
			n := strings.IndexByte(mt.s[pos:], re.first)
			if n < 0 {
				n = len(mt.s) - pos
			}
			mt.m.pass(n)
			pos += n
			if pos == len(mt.s) {
				return false, nil
			}
		}
		for i := range mt.caps {
			mt.caps[i] = -1
		}
		mt.stack = mt.stack[:0]
		mt.calls = mt.calls[:0]
		mt.marks[re.marks] = 0
		mt.caps[0] = pos
		ok, end, err := mt.run(0, pos, notEmpty)
		if err != nil {
			return false, err
		}
		if ok {
			mt.caps[1] = end
			return true, nil
		}
		if pos == len(mt.s) {
			break
		}
		_, n := utf8.DecodeRuneInString(mt.s[pos:])
		pos += n
	}
	return false, nil
}

// set changes a slot and remembers its old value for backtracking. Slots are the groups', then the marks.
func (mt *matcher) set(slot, v int) {
	var p *int
	if slot < len(mt.caps) {
		p = &mt.caps[slot]
	} else {
		p = &mt.marks[slot-len(mt.caps)]
	}
	mt.stack = append(mt.stack, thread{-1 - slot, *p})
	*p = v
}

// A callFrame is one \g<name> on its way.
type callFrame struct {
	parent, ret, start, depth int
}

const (
	maxRegexStack = 4 << 20
	maxRegexCalls = 1 << 20
	maxRegexNest  = 20 // calls in calls: Oniguruma's, beyond which there is no match
)

// run executes from pc at pos until a match or a block's end.
func (mt *matcher) run(pc, pos int, notEmpty bool) (bool, int, error) {
	re, s := mt.re, mt.s
	base := len(mt.stack)
	start := pos
	for {
		if mt.ticks++; mt.ticks&15 == 0 {
			if err := mt.m.step(); err != nil {
				return false, 0, err
			}
			if len(mt.stack) > maxRegexStack {
				return false, 0, raiseString("Regex failure: match-stack limit over")
			}
		}
		in := &re.prog[pc]
		ok := false
		switch in.op {
		case iChar:
			if pos < len(s) {
				if r, n := decode(s, pos); int(r) == in.x {
					pos += n
					ok = true
				}
			}
		case iCharFold:
			if pos < len(s) {
				if r, n := decode(s, pos); foldEqual(r, rune(in.x)) {
					pos += n
					ok = true
				}
			}
		case iAny, iAnyNL:
			if pos < len(s) {
				if r, n := decode(s, pos); r != '\n' || in.op == iAnyNL {
					pos += n
					ok = true
				}
			}
		case iSet:
			if pos < len(s) {
				set := &re.sets[in.x]
				mt.m.steps -= int64(set.weight) >> 5
				if r, n := decode(s, pos); set.has(r) {
					pos += n
					ok = true
				}
			}
		case iSplit:
			mt.stack = append(mt.stack, thread{in.y, pos})
			pc = in.x
			continue
		case iJump:
			pc = in.x
			continue
		case iSave:
			mt.set(in.x, pos)
			ok = true
		case iBegin:
			ok = pos == 0
		case iEnd:
			ok = pos == len(s)
		case iSemiEnd:
			ok = pos == len(s) || pos == len(s)-1 && s[pos] == '\n'
		case iLineBegin:
			ok = pos == 0 || s[pos-1] == '\n' && pos < len(s)
		case iLineEnd:
			ok = pos == len(s) || s[pos] == '\n'
		case iSearchBegin:
			ok = pos == mt.from
		case iWord, iNotWord:
			ok = mt.boundary(pos) == (in.op == iWord)
		case iBack:
			from, to := mt.caps[2*in.x], mt.caps[2*in.x+1]
			if from >= 0 && to >= from {
				mt.m.pass(to - from)
				if n, same := sameText(s[pos:], s[from:to], in.y != 0); same {
					pos += n
					ok = true
				}
			}
		case iLook, iAtomic:
			depth := len(mt.stack)
			matched, end, err := mt.run(pc+1, pos, false)
			if err != nil {
				return false, 0, err
			}
			if in.op == iLook && in.y != 0 {
				mt.unwind(depth)
				ok = !matched
			} else if matched {
				mt.commit(depth)
				ok = true
				if in.op == iAtomic {
					pos = end
				}
			}
			if ok {
				pc = in.x
				continue
			}
		case iLookBehind:
			depth := len(mt.stack)
			matched := false
			for at := pos; !matched; {
				m, end, err := mt.run(pc+1, at, false)
				if err != nil {
					return false, 0, err
				}
				matched = m && end == pos
				if matched || at == 0 {
					break
				}
				mt.unwind(depth)
				_, n := utf8.DecodeLastRuneInString(s[:at])
				at -= n
			}
			if in.y != 0 || !matched {
				mt.unwind(depth)
			} else {
				mt.commit(depth)
			}
			if matched == (in.y == 0) {
				pc = in.x
				continue
			}
		case iBlockEnd:
			return true, pos, nil
		case iMark:
			mt.set(len(mt.caps)+in.x, pos)
			ok = true
		case iProgress:
			if mt.marks[in.x] == pos {
				pc = in.y
				continue
			}
			ok = true
		case iKeep:
			mt.set(0, pos)
			ok = true
		case iCall:
			depth := 1
			if top := mt.marks[re.marks]; top > 0 {
				depth += mt.calls[top-1].depth
			}
			if len(mt.calls) == maxRegexCalls {
				return false, 0, mt.m.exceeded("memory")
			}
			if depth <= maxRegexNest {
				mt.calls = append(mt.calls, callFrame{mt.marks[re.marks], pc + 1, pos, depth})
				mt.set(len(mt.caps)+re.marks, len(mt.calls))
				pc = in.x
				continue
			}
		case iReturn:
			f := mt.calls[mt.marks[re.marks]-1]
			mt.set(len(mt.caps)+re.marks, f.parent)
			if in.x > 0 { // of the whole pattern it is known
				mt.set(2*in.x, f.start)
				mt.set(2*in.x+1, pos)
			}
			pc = f.ret
			continue
		case iGroupSet:
			if mt.caps[2*in.x+1] < 0 {
				pc = in.y
				continue
			}
			ok = true
		case iSegment:
			if pos < len(s) {
				n := segment(s[pos:])
				mt.m.pass(n)
				pos += n
				ok = true
			}
		case iMatch:
			if !notEmpty || pos != start {
				return true, pos, nil
			}
		}
		if ok {
			pc++
			continue
		}
		// Back to the last choice.
		for {
			if len(mt.stack) == base {
				return false, 0, nil
			}
			t := mt.stack[len(mt.stack)-1]
			mt.stack = mt.stack[:len(mt.stack)-1]
			if t.pc >= 0 {
				pc, pos = t.pc, t.pos
				break
			}
			mt.restore(t)
		}
		if mt.retries++; mt.retries > retryLimit {
			return false, 0, raiseString("Regex failure: retry-limit-in-match over")
		}
	}
}

func (mt *matcher) restore(t thread) {
	if slot := -1 - t.pc; slot < len(mt.caps) {
		mt.caps[slot] = t.pos
	} else {
		mt.marks[slot-len(mt.caps)] = t.pos
	}
}

// unwind undoes everything since depth.
func (mt *matcher) unwind(depth int) {
	for len(mt.stack) > depth {
		t := mt.stack[len(mt.stack)-1]
		mt.stack = mt.stack[:len(mt.stack)-1]
		if t.pc < 0 {
			mt.restore(t)
		}
	}
}

// commit forgets the choices since depth, and keeps what to restore.
func (mt *matcher) commit(depth int) {
	kept := mt.stack[:depth]
	for _, t := range mt.stack[depth:] {
		if t.pc < 0 {
			kept = append(kept, t)
		}
	}
	mt.stack = kept
}

func decode(s string, pos int) (rune, int) {
	if c := s[pos]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeRuneInString(s[pos:])
}

func (mt *matcher) boundary(pos int) bool {
	before, after := false, false
	if pos > 0 {
		r, _ := utf8.DecodeLastRuneInString(mt.s[:pos])
		before = isWord(r)
	}
	if pos < len(mt.s) {
		r, _ := decode(mt.s, pos)
		after = isWord(r)
	}
	return before != after
}

// sameText reports whether s begins with t, and how many bytes that took.
func sameText(s, t string, fold bool) (int, bool) {
	n := 0
	for i := 0; i < len(t); {
		if n >= len(s) {
			return 0, false
		}
		a, an := decode(t, i)
		b, bn := decode(s, n)
		if a != b && !(fold && foldEqual(a, b)) {
			return 0, false
		}
		i += an
		n += bn
	}
	return n, true
}

// segment is the length of a character with its marks, joined characters and line ends taken as one.
func segment(s string) int {
	if len(s) > 1 && s[0] == '\r' && s[1] == '\n' {
		return 2
	}
	_, n := decode(s, 0)
	for n < len(s) {
		r, size := decode(s, n)
		switch {
		case unicode.Is(unicode.M, r), 0x1f3fb <= r && r <= 0x1f3ff:
			n += size
		case r == 0x200d:
			n += size
			if n < len(s) {
				_, size = decode(s, n)
				n += size
			}
		default:
			return n
		}
	}
	return n
}

// matchRegex is _match_impl: the matches of a pattern in in, or with test whether there is one.
func (m *machine) matchRegex(in, pattern, flags value, test bool) (value, error) {
	if in.kind != kindString {
		return none, typeError(in, "cannot be matched, as it is not a string")
	}
	if pattern.kind != kindString {
		return none, typeError(pattern, "is not a string")
	}
	var o regexOptions
	global, notEmpty := false, false
	switch flags.kind {
	case kindString:
		for _, c := range flags.str() {
			switch c {
			case 'g':
				global = true
			case 'i':
				o.fold = true
			case 'x':
				o.extended = true
			case 's', 'l':
				// Single line is what the syntax begins with. The longest match was asked for, but jq 1.6 gives the first.
			case 'p', 'm':
				o.dotAll = true
			case 'n':
				notEmpty = true
			default:
				if err := m.charge(int(flags.n)); err != nil {
					return none, err
				}
				return none, raiseString(flags.str() + " is not a valid modifier string")
			}
		}
	case kindNull:
	default:
		return none, typeError(flags, "is not a string")
	}
	re, err := m.compileRegex(pattern.str(), o)
	if err != nil {
		return none, err
	}
	s := in.str()
	mt := matcher{re: re, m: m, s: s, caps: make([]int, 2*re.groups), marks: make([]int, re.marks+1)}
	var found []value
	chars := runeCounter{s: s}
	possible := true
	for _, r := range re.must {
		at := strings.IndexRune(s, r)
		if possible = at >= 0; !possible {
			m.pass(len(s))
			break
		}
		m.pass(at)
	}
	for start := 0; possible && start <= len(s); {
		if start < len(s) && !utf8.RuneStart(s[start]) {
			return none, &aborted{reason: "jq 1.6 aborts: global match of nothing beside a character of several bytes"}
		}
		ok, err := mt.find(start, notEmpty)
		if err != nil {
			return none, err
		}
		if !ok {
			break
		}
		if test {
			return vTrue, nil
		}
		if err := m.charge(400 + 300*re.groups); err != nil {
			return none, err
		}
		from, to := mt.caps[0], mt.caps[1]
		if to == from {
			found = append(found, matchObject(chars.at(from), 0, "", nil))
			start++
		} else {
			captures := make([]value, 0, re.groups-1)
			names := re.names
			for g := 1; g < re.groups; g++ {
				name := null
				if len(names) > 0 && names[0].group == g {
					name, names = str(names[0].name), names[1:]
				}
				captures = append(captures, mt.capture(g, name, &chars))
			}
			found = append(found, matchObject(chars.at(from), chars.at(to)-chars.at(from), s[from:max(from, to)], captures))
			start = to
		}
		if !global || start == len(s) {
			break
		}
	}
	m.pass(chars.pos)
	if test {
		return vFals, nil
	}
	return arrayOf(found), nil
}

func matchObject(offset, length int, s string, captures []value) value {
	return objectValue(&object{
		keys: []string{"offset", "length", "string", "captures"},
		vals: []value{number(float64(offset)), number(float64(length)), str(s), arrayOf(captures)},
	})
}

func (mt *matcher) capture(g int, name value, chars *runeCounter) value {
	from, to := mt.caps[2*g], mt.caps[2*g+1]
	if to < 0 || from < 0 || from >= to {
		offset, text := number(-1), null
		if from >= 0 && to >= 0 {
			offset, text = number(float64(chars.at(from))), str("")
		}
		return objectValue(&object{
			keys: []string{"offset", "string", "length", "name"},
			vals: []value{offset, text, number(0), name},
		})
	}
	at := chars.at(from)
	return objectValue(&object{
		keys: []string{"offset", "length", "string", "name"},
		vals: []value{number(float64(at)), number(float64(chars.at(to) - at)), str(mt.s[from:to]), name},
	})
}

// A runeCounter turns byte positions into character positions, fast where they ascend.
type runeCounter struct {
	s        string
	pos, num int
}

func (c *runeCounter) at(pos int) int {
	if pos < c.pos {
		return c.num - countRunes(c.s[pos:c.pos])
	}
	c.num += countRunes(c.s[c.pos:pos])
	c.pos = pos
	return c.num
}

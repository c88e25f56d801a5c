package jq

import (
	"maps"
	"strings"
	"sync"
	"unicode"
)

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
	"alnum":  {tables: []*unicode.RangeTable{unicode.L, unicode.Nd, unicode.Nl, unicode.Other_Alphabetic}},
	"alpha":  {tables: []*unicode.RangeTable{unicode.L, unicode.Nl, unicode.Other_Alphabetic}},
	"ascii":  {ranges: []rune{0, 0x7f}},
	"blank":  {tables: []*unicode.RangeTable{unicode.Zs}, ranges: []rune{'\t', '\t'}},
	"cntrl":  {tables: []*unicode.RangeTable{unicode.Cc}},
	"digit":  digitSet,
	"graph":  {not: []*charSet{{tables: []*unicode.RangeTable{unicode.White_Space, unicode.Cc, unicode.Cn, unicode.Cs}}}},
	"lower":  {tables: []*unicode.RangeTable{unicode.Ll, unicode.Other_Lowercase}},
	"print":  {not: []*charSet{{tables: []*unicode.RangeTable{unicode.Cc, unicode.Cn, unicode.Cs, unicode.Zl, unicode.Zp}}}},
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

// plainName is the name of a property without what doesn't count in it: case, blanks, hyphens and underscores.
var plainName = strings.NewReplacer(" ", "", "-", "", "_", "")

// properties are the Unicode properties by plain name.
var properties = sync.OnceValue(func() map[string]*charSet {
	all := map[string]*charSet{
		"any":        {ranges: []rune{0, unicode.MaxRune}},
		"alphabetic": posixClasses["alpha"],
		"lowercase":  posixClasses["lower"],
		"uppercase":  posixClasses["upper"],
		"assigned":   {not: []*charSet{{tables: []*unicode.RangeTable{unicode.Cn}}}},
	}
	maps.Copy(all, posixClasses)
	for long, short := range longCategories {
		all[long] = &charSet{tables: []*unicode.RangeTable{unicode.Categories[short]}}
	}
	for _, tables := range []map[string]*unicode.RangeTable{unicode.Categories, unicode.Scripts, unicode.Properties} {
		for name, t := range tables {
			if name = strings.ToLower(plainName.Replace(name)); all[name] == nil {
				all[name] = &charSet{tables: []*unicode.RangeTable{t}}
			}
		}
	}
	return all
})

// property finds a Unicode property by name.
func property(name string) (*charSet, bool) {
	s, ok := properties()[strings.ToLower(plainName.Replace(name))]
	return s, ok
}

package replaytest

import (
	"regexp"
	"strings"
)

// What stands in expected keys and error lines for what is derived from the seed.
const (
	uuidWord   = "UUID"
	randomWord = "RANDOM"

	uuidLength   = 36
	randomLength = 11 // s3-delivery.md §4.1
)

var (
	uuids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	words = regexp.MustCompile(uuidWord + "|" + randomWord + `|\*\*|\*`)
)

// A pattern is an expected key, a glob of only:, or a line of error output: text in which UUID, RANDOM, and in keys *, stand
// for others.
type pattern struct {
	text    string
	parts   []string // literals, and words; nil where the text stands for itself
	stars   bool     // * and ** are words
	below   bool     // what lies below a match matches too
	literal int      // bytes that stand for themselves: the more, the closer
}

// keyPattern reads an expected key. * matches within a part.
func keyPattern(text string) pattern { return newPattern(text, true) }

// globPattern reads a glob of only: * matches within a part, ** any number of them. It matches what lies below it too.
func globPattern(text string) pattern {
	p := newPattern(strings.TrimSuffix(text, "/"), true)
	if p.parts == nil {
		p.parts = []string{p.text}
	}
	p.below = true
	return p
}

// linePattern reads an expected line of error output.
func linePattern(text string) pattern { return newPattern(text, false) }

func newPattern(text string, stars bool) pattern {
	p := pattern{text: text, stars: stars, literal: len(text)}
	end := 0
	for _, at := range words.FindAllStringIndex(text, -1) {
		if text[at[0]] == '*' && !stars {
			continue
		}
		if at[0] > end {
			p.parts = append(p.parts, text[end:at[0]])
		}
		p.parts = append(p.parts, text[at[0]:at[1]])
		p.literal -= at[1] - at[0]
		end = at[1]
	}
	if p.parts != nil && end < len(text) {
		p.parts = append(p.parts, text[end:])
	}
	return p
}

// matches reports whether s is what the pattern stands for. It follows all ways at once, so that no pattern takes long.
func (p *pattern) matches(s string) bool {
	if p.text == s {
		return true
	}
	if p.parts == nil {
		return false
	}
	at := make([]bool, len(s)+1) // where the parts until now may end
	at[0] = true
	for _, part := range p.parts {
		next := make([]bool, len(s)+1)
		reached := false
		for i := range at {
			if !at[i] {
				continue
			}
			switch star := p.stars && part[0] == '*'; {
			case star:
				next[i] = true
			case strings.HasPrefix(s[i:], part): // a word stands for itself too
				next[i+len(part)] = true
			}
			if part == uuidWord && isUUID(s[i:]) {
				next[i+uuidLength] = true
			}
			if part == randomWord && isRandom(s[i:]) {
				next[i+randomLength] = true
			}
		}
		for i := range next {
			if p.stars && part[0] == '*' && i > 0 && next[i-1] && (part == "**" && p.below || s[i-1] != '/') {
				next[i] = true
			}
			reached = reached || next[i]
		}
		if !reached {
			return false
		}
		at = next
	}
	for i := range at {
		if at[i] && (i == len(s) || p.below && s[i] == '/') {
			return true
		}
	}
	return false
}

// isUUID reports whether s begins with a UUID as the service writes it.
func isUUID(s string) bool {
	if len(s) < uuidLength {
		return false
	}
	for i := range uuidLength {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// isRandom reports whether s begins with a random string.
func isRandom(s string) bool {
	if len(s) < randomLength {
		return false
	}
	for i := range randomLength {
		if c := s[i] | 0x20; (s[i] < '0' || s[i] > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// closer reports whether p says more than q of what both match.
func (p *pattern) closer(q *pattern) bool {
	if (p.parts == nil) != (q.parts == nil) {
		return p.parts == nil
	}
	return p.literal > q.literal
}

// plain is a key as an expectation has it.
func plain(key string) string { return uuids.ReplaceAllString(key, uuidWord) }

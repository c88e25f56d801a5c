package replaytest

import (
	"regexp"
	"strings"
)

// What stands in expected keys and error lines for what is derived from the seed.
const (
	uuidWord   = "UUID"
	randomWord = "RANDOM"

	uuidPattern   = `(?:UUID|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})`
	randomPattern = `(?:RANDOM|[A-Za-z0-9]{11})` // s3-delivery.md §4.1
)

var (
	uuids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	words = regexp.MustCompile(uuidWord + "|" + randomWord + `|\*\*|\*`)
)

// A pattern is an expected key, or a line of error output: text in which UUID, RANDOM, and in keys *, stand for others.
type pattern struct {
	text    string
	re      *regexp.Regexp // nil where the text stands for itself
	literal int            // bytes that stand for themselves: the more, the closer
}

// keyPattern reads an expected key. * matches within a part.
func keyPattern(text string) pattern { return newPattern(text, `[^/]*`, `[^/]*`) }

// globPattern reads a glob of only: * matches within a part, ** any number of them. It matches what lies below it too.
func globPattern(text string) pattern {
	p := newPattern(text, `[^/]*`, `.*`)
	if p.re == nil {
		p.re = regexp.MustCompile(`^` + regexp.QuoteMeta(text) + `$`)
	}
	p.re = regexp.MustCompile(strings.TrimSuffix(strings.TrimSuffix(p.re.String(), "$"), "/") + `(?:/.*)?$`)
	return p
}

// linePattern reads an expected line of error output.
func linePattern(text string) pattern { return newPattern(text, `\*`, `\*\*`) }

func newPattern(text, star, stars string) pattern {
	p := pattern{text: text, literal: len(text)}
	found := words.FindAllStringIndex(text, -1)
	if found == nil {
		return p
	}
	var b strings.Builder
	b.WriteString(`^`)
	end := 0
	for _, at := range found {
		b.WriteString(regexp.QuoteMeta(text[end:at[0]]))
		switch text[at[0]:at[1]] {
		case uuidWord:
			b.WriteString(uuidPattern)
		case randomWord:
			b.WriteString(randomPattern)
		case "*":
			b.WriteString(star)
		default:
			b.WriteString(stars)
		}
		p.literal -= at[1] - at[0]
		end = at[1]
	}
	b.WriteString(regexp.QuoteMeta(text[end:]))
	b.WriteString(`$`)
	p.re = regexp.MustCompile(b.String())
	return p
}

// matches reports whether s is what the pattern stands for.
func (p *pattern) matches(s string) bool {
	return p.text == s || p.re != nil && p.re.MatchString(s)
}

// closer reports whether p says more than q of what both match.
func (p *pattern) closer(q *pattern) bool {
	if (p.re == nil) != (q.re == nil) {
		return p.re == nil
	}
	return p.literal > q.literal
}

// plain is a key as an expectation has it.
func plain(key string) string { return uuids.ReplaceAllString(key, uuidWord) }

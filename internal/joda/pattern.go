// Package joda parses timestamps as Hive's JSON SerDe does: by patterns of Joda-Time 2.8.1, by
// the word "millis", and by java.sql.Timestamp.valueOf.
//
// Formats is a list of patterns, TimestampFormats in the API, with the rules of Hive's
// TimestampParser. Pattern is one of them. ValueOf is Timestamp.valueOf, which is all there is
// when no formats are given. They take bytes, and allocate only for an error. The year of the
// clock, to which two-digit years are near, is a parameter of compiling, as it is in Joda.
// Texts without a zone are in UTC. See format-conversion.md §5.
//
// # Design
//
// Hive's own code decides more than Joda's documentation says, and is followed to the letter: a
// text starts as 1970-01-01T00:00, fields are set from the largest to the smallest whatever
// their order in the pattern, and a field out of its range is an error that ends everything,
// even where the pattern would not have matched the rest of the text. Error texts are Java's,
// since the service prints them.
//
// Not followed: a pattern may have 64 fields at most (Joda has no limit), and time zones have
// today's rules where Joda 2.8.1 has those of 2015. The zones' names are those of 2015.
package joda

import (
	"fmt"
	"slices"
	"strings"
)

// An Error is an exception of the Java that this package stands for.
type Error struct {
	Class   string // "org.joda.time.IllegalFieldValueException"
	Message string
}

func (e *Error) Error() string { return e.Message }

const (
	illegalArgument = "java.lang.IllegalArgumentException"
	illegalField    = "org.joda.time.IllegalFieldValueException"
	illegalInstant  = "org.joda.time.IllegalInstantException"
	numberFormat    = "java.lang.NumberFormatException"
	unsupported     = "java.lang.UnsupportedOperationException"
)

// A Pattern is a compiled pattern of DateTimeFormat.forPattern. It doesn't change after Compile
// and may be used by several goroutines.
type Pattern struct {
	source   string
	elements []element
	order    []uint8 // the elements' values, in the order they are set
	fields   []field // of each value
	mute     bool    // has a zone name in full, which Joda prints and can't parse
}

// An element parses a piece of text.
type element struct {
	kind    kind
	field   field
	lenient bool   // twoDigitYear: other numbers of digits are taken too
	signed  bool   // number: a sign may precede it
	max     int    // number, fraction: digits
	low     int32  // twoDigitYear: the first year of the hundred
	text    string // literal
}

type kind uint8

const (
	literal kind = iota
	number
	twoDigitYear
	fraction
	monthText
	weekdayText
	halfdayText
	eraText
	zoneOffset
	zoneID
	zoneName
)

// maxFields bounds the values of a pattern, so that they need no allocation.
const maxFields = 64

// String returns the pattern as it was given.
func (p *Pattern) String() string { return p.source }

// Compile reads a pattern. Two-digit years ("yy") fall between 80 years before and 19 years after
// year, the clock's. Its error is an *Error, with Joda's message where Joda has one.
func Compile(pattern string, year int) (*Pattern, error) {
	p, err := compile(pattern, year)
	if err == nil && p.mute {
		err = &Error{unsupported, "Parsing not supported"}
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

func compile(pattern string, year int) (*Pattern, error) {
	if pattern == "" {
		return nil, &Error{illegalArgument, "Invalid pattern specification"}
	}
	p := &Pattern{source: pattern}
	named := false // has a zone name in full
	for rest := pattern; rest != ""; {
		var t string
		t, rest = token(rest)
		n, next := len(t), ""
		if rest != "" {
			next, _ = token(rest)
		}
		e := element{kind: number, max: 2}
		switch c := t[0]; c {
		case '\'':
			if n == 1 {
				continue // nothing between the quotes
			}
			e = element{kind: literal, text: t[1:]}
		case 'G':
			e = element{kind: eraText, field: era}
		case 'C':
			e.field, e.signed, e.max = century, true, n
		case 'x', 'y', 'Y':
			e.field, e.signed, e.max = proleptic, true, 9
			if c == 'x' {
				e.field = weekyear
			}
			switch {
			case n == 2:
				e.kind, e.low, e.lenient = twoDigitYear, int32(year-80), !isNumeric(next)
			case c == 'Y':
				e.field, e.signed = yearOfEra, false
			}
			if isNumeric(next) {
				e.max = n // the digits behind belong to the next number
			}
		case 'M':
			e.field = month
			if n >= 3 {
				e.kind = monthText
			}
		case 'd':
			e.field = day
		case 'D':
			e.field, e.max = yearDay, 3
		case 'w':
			e.field = week
		case 'e':
			e.field, e.max = weekday, 1
		case 'E':
			e.kind, e.field = weekdayText, weekday
		case 'a':
			e.kind, e.field = halfdayText, halfday
		case 'H':
			e.field = hour
		case 'k':
			e.field = clockhour
		case 'K':
			e.field = halfHour
		case 'h':
			e.field = halfClockhour
		case 'm':
			e.field = minute
		case 's':
			e.field = second
		case 'S':
			e = element{kind: fraction, field: milli, max: min(n, 18)}
		case 'z':
			e = element{kind: zoneName}
			named = named || n >= 4
		case 'Z':
			e = element{kind: zoneOffset}
			if n >= 3 {
				e.kind = zoneID
			}
		default:
			return nil, &Error{illegalArgument, "Illegal pattern component: " + t}
		}
		if e.kind == number {
			e.max = max(e.max, n)
		}
		if e.kind == zoneID || e.kind == zoneName {
			if err := zonesPresent(); err != nil {
				return nil, fmt.Errorf("pattern %q: %w", pattern, err)
			}
		}
		p.elements = append(p.elements, e)
		if e.hasValue() {
			p.fields = append(p.fields, e.field)
		}
	}
	if len(p.elements) == 0 {
		return nil, &Error{unsupported, "Both printing and parsing not supported"}
	}
	if len(p.fields) > maxFields {
		return nil, fmt.Errorf("pattern of %d fields, %d are possible", len(p.fields), maxFields)
	}
	// Joda asks a list of elements whether each can be parsed, and doesn't ask one alone.
	p.mute = named && len(p.elements) > 1
	for i := range p.fields {
		p.order = append(p.order, uint8(i))
	}
	slices.SortStableFunc(p.order, func(a, b uint8) int { return int(p.fields[a].rank()) - int(p.fields[b].rank()) })
	return p, nil
}

func (e *element) hasValue() bool {
	switch e.kind {
	case literal, zoneOffset, zoneID, zoneName:
		return false
	}
	return true
}

// token splits off the first token of a pattern: a run of one letter, or a quote and the literal
// that comes next, unquoted. A quote that is never closed is no error.
func token(pattern string) (t, rest string) {
	if c := pattern[0]; isLetter(c) {
		n := 1
		for n < len(pattern) && pattern[n] == c {
			n++
		}
		return pattern[:n], pattern[n:]
	}
	var b strings.Builder
	b.WriteByte('\'')
	quoted := false
	i := 0
	for ; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\'' && i+1 < len(pattern) && pattern[i+1] == '\'':
			i++
			b.WriteByte(c)
		case c == '\'':
			quoted = !quoted
		case !quoted && isLetter(c):
			return b.String(), pattern[i:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// isNumeric tells whether Joda takes a token for one that begins with digits.
func isNumeric(t string) bool {
	if t == "" {
		return false
	}
	return strings.IndexByte("cCxyYdhHmsSeDFwWkK", t[0]) >= 0 || t[0] == 'M' && len(t) <= 2
}

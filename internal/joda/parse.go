package joda

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

// A state is what was parsed of a text: the values of the elements that matched, and the zone.
type state struct {
	n         int // values
	values    [maxFields]int32
	offset    int32 // milliseconds
	hasOffset bool
	zone      *time.Location // nil: UTC
}

// Parse parses the beginning of text. It returns the instant in seconds since 1970 and
// nanoseconds (whole milliseconds, as Joda has no finer), and how many bytes of text the pattern
// took. A text that doesn't match, or has a value out of range, is an *Error.
func (p *Pattern) Parse(text []byte) (sec int64, nanos int32, consumed int, err error) {
	var s state
	n, err := p.scan(text, &s)
	if err == nil && n < 0 {
		err = formatError(text, ^n)
	}
	if err != nil {
		return 0, 0, 0, err
	}
	millis, err := p.instant(text, &s)
	if err != nil {
		return 0, 0, 0, err
	}
	sec, nanos = split(millis)
	return sec, nanos, n, nil
}

// split takes epoch milliseconds apart.
func split(millis int64) (sec int64, nanos int32) {
	sec = floorDiv(millis, 1000)
	return sec, int32(millis-sec*1000) * 1e6
}

// formatError is Joda's exception for a text that stops matching at pos.
func formatError(text []byte, pos int) error {
	sample := string(text)
	if len(text) > pos+35 {
		sample = string(text[:pos+32]) + "..."
	}
	switch {
	case pos <= 0:
		return &Error{illegalArgument, `Invalid format: "` + sample + `"`}
	case pos >= len(text):
		return &Error{illegalArgument, `Invalid format: "` + sample + `" is too short`}
	}
	return &Error{illegalArgument, `Invalid format: "` + sample + `" is malformed at "` + sample[pos:] + `"`}
}

// scan matches the pattern with the beginning of text and returns where it ends, or the
// complement of where it failed. What matched before is in s, as it is in Joda, whose callers
// look at it even so. An error is a number that Java can't read, which it throws at once.
func (p *Pattern) scan(text []byte, s *state) (int, error) {
	pos := 0
	for i := range p.elements {
		e := &p.elements[i]
		next, v := pos, 0
		var err error
		switch e.kind {
		case literal:
			next = scanLiteral(text, pos, e.text)
		case number:
			next, v, err = e.scanNumber(text, pos)
		case twoDigitYear:
			next, v, err = e.scanYear(text, pos)
		case fraction:
			next, v = e.scanFraction(text, pos)
		case monthText:
			next, v = scanNames(text, pos, months)
		case weekdayText:
			next, v = scanNames(text, pos, weekdays)
		case halfdayText:
			next, v = scanNames(text, pos, halfdays)
			v--
		case eraText:
			next, v = scanNames(text, pos, eras)
			v = (v - 1) % 2
		case zoneOffset:
			next, v = scanOffset(text, pos)
		case zoneID:
			next, err = s.scanZone(text, pos, false)
		case zoneName:
			next, err = s.scanZone(text, pos, true)
		}
		if err != nil || next < 0 {
			return next, err
		}
		pos = next
		switch {
		case e.kind == zoneOffset:
			s.offset, s.hasOffset = int32(v), true
		case e.hasValue():
			s.values[s.n] = int32(v)
			s.n++
		}
	}
	return pos, nil
}

// instant sets what was parsed, in order, and returns epoch milliseconds.
func (p *Pattern) instant(text []byte, s *state) (int64, error) {
	m := epoch
	for _, i := range p.order {
		if int(i) >= s.n {
			continue
		}
		if err := m.set(text, p.fields[i], int(s.values[i])); err != nil {
			return 0, err
		}
	}
	return m.instant(text, s)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// scanNumber reads digits, as many as are there up to the most the field has.
func (e *element) scanNumber(text []byte, pos int) (next, v int, err error) {
	most := e.max
	negative := false
	start := pos
	if e.signed && min(most, len(text)-pos) > 1 && (text[pos] == '-' || text[pos] == '+') && isDigit(text[pos+1]) {
		if negative = text[pos] == '-'; !negative {
			start++ // Java's parser doesn't see the plus,
			most++  // and Joda counts it all the same
		}
		pos++
	}
	n := 0
	for n < most && pos+n < len(text) && isDigit(text[pos+n]) {
		v = min(10*v+int(text[pos+n]-'0'), tooLarge)
		n++
	}
	if n == 0 {
		return ^start, 0, nil
	}
	if negative {
		v = -v
	}
	pos += n
	if v != int(int32(v)) {
		return pos, 0, inputError(text[start:pos])
	}
	return pos, v, nil
}

// tooLarge is no int of Java's, with either sign.
const tooLarge = 1<<31 + 1

// inputError is the exception of Integer.parseInt.
func inputError(text []byte) error {
	return &Error{numberFormat, `For input string: "` + string(text) + `"`}
}

// scanYear reads a year: two digits near the clock's year, or, when it is lenient, any other
// number as it stands.
func (e *element) scanYear(text []byte, pos int) (next, v int, err error) {
	if e.lenient {
		start := pos
		signed, negative := false, false
		for !negative && pos < len(text) && (text[pos] == '-' || text[pos] == '+') {
			signed = true
			negative = text[pos] == '-'
			if !negative {
				start++
			}
			pos++
		}
		n := 0
		for pos+n < len(text) && isDigit(text[pos+n]) {
			v = min(10*v+int(text[pos+n]-'0'), tooLarge)
			n++
		}
		if n == 0 {
			if !negative || pos == len(text) {
				return ^start, 0, nil
			}
			// Joda takes whatever character follows a minus for a digit.
			r, _ := utf8.DecodeRune(text[pos:])
			if r > 0xffff {
				r = 0xd800 + (r-0x10000)>>10
			}
			return pos, -int(r - '0'), nil
		}
		if signed || n != 2 {
			if negative {
				v = -v
			}
			pos += n
			if v != int(int32(v)) {
				return pos, 0, inputError(text[start:pos])
			}
			return pos, v, nil
		}
	}
	if len(text)-pos < 2 || !isDigit(text[pos]) || !isDigit(text[pos+1]) {
		return ^pos, 0, nil
	}
	v = int(text[pos]-'0')*10 + int(text[pos+1]-'0')
	low := int(e.low)
	return pos + 2, low + ((v-low)%100+100)%100, nil
}

// scanFraction reads digits behind the point; those below milliseconds are cut off.
func (e *element) scanFraction(text []byte, pos int) (next, v int) {
	unit := 100
	n := 0
	for n < e.max && pos+n < len(text) && isDigit(text[pos+n]) {
		v += int(text[pos+n]-'0') * unit
		unit /= 10
		n++
	}
	if n == 0 {
		return ^pos, 0
	}
	return pos + n, v
}

// scanLiteral matches without case, one UTF-16 unit with one.
func scanLiteral(text []byte, pos int, want string) int {
	if len(text)-pos >= len(want) && string(text[pos:pos+len(want)]) == want {
		return pos + len(want)
	}
	next := pos
	for _, r := range want {
		got, n := utf8.DecodeRune(text[next:])
		if n == 0 || got != r && (r > 0xffff || got > 0xffff || !sameFold(got, r)) {
			return ^pos
		}
		next += n
	}
	return next
}

func sameFold(a, b rune) bool {
	a, b = unicode.ToUpper(a), unicode.ToUpper(b)
	return a == b || unicode.ToLower(a) == unicode.ToLower(b)
}

// Names that stand for 1, 2, 3...; where two stand for one, the list goes round, and the longer
// come first. Joda knows each as written here, in small and in capital letters.
var (
	months = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September",
		"October", "November", "December", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
	weekdays = []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
		"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
	halfdays = []string{"AM", "PM"}
	eras     = []string{"BCE", "CE", "BC", "AD"}
)

// scanNames returns the number of the longest name that text goes on with.
func scanNames(text []byte, pos int, names []string) (next, v int) {
	text = text[pos:]
	for i, name := range names {
		if len(text) >= len(name) && text[0]|0x20 == name[0]|0x20 && matchesName(text[:len(name)], name) {
			if n := len(names); n >= 14 {
				i %= n / 2
			}
			return pos + len(name), i + 1
		}
	}
	return ^pos, 0
}

func matchesName(text []byte, name string) bool {
	exact, lower, upper := true, true, true
	for i := range len(name) {
		c := name[i]
		exact = exact && text[i] == c
		lower = lower && text[i] == c|0x20
		upper = upper && text[i] == c&^0x20
	}
	return exact || lower || upper
}

// scanOffset reads Z, +hh, +hhmm, +hh:mm and so on to the millisecond, in milliseconds.
func scanOffset(text []byte, pos int) (next, v int) {
	text = text[pos:]
	if len(text) > 0 && text[0]|0x20 == 'z' {
		return pos + 1, 0
	}
	if len(text) < 2 || text[0] != '+' && text[0] != '-' {
		return ^pos, 0
	}
	negative := text[0] == '-'
	i, colons := 1, false
	// Hours, minutes, seconds. Minutes decide whether there are colons.
	for part, unit := range [...]int{hourMillis, 60000, 1000} {
		if part == 1 {
			colons = text[i] == ':'
		}
		if part > 0 && colons {
			if text[i] != ':' {
				return pos + i, sign(v, negative)
			}
			i++
		}
		n := countDigits(text, i, 2)
		if n == 0 && part > 0 && !colons {
			return pos + i, sign(v, negative)
		}
		if n < 2 {
			return ^(pos + i), 0
		}
		d := int(text[i]-'0')*10 + int(text[i+1]-'0')
		if part == 0 && d > 23 || d > 59 {
			return ^(pos + i), 0
		}
		v += d * unit
		i += 2
		if i == len(text) {
			return pos + i, sign(v, negative)
		}
	}
	if colons {
		if text[i] != '.' && text[i] != ',' {
			return pos + i, sign(v, negative)
		}
		i++
	}
	n := countDigits(text, i, 3)
	if n == 0 && colons {
		return ^(pos + i), 0
	}
	for k, unit := range [...]int{100, 10, 1} {
		if k < n {
			v += int(text[i+k]-'0') * unit
		}
	}
	return pos + i + n, sign(v, negative)
}

func sign(v int, negative bool) int {
	if negative {
		return -v
	}
	return v
}

func countDigits(text []byte, pos, most int) int {
	n := 0
	for n < most && pos+n < len(text) && isDigit(text[pos+n]) {
		n++
	}
	return n
}

// A Formats is a list of patterns with the rules of Hive's TimestampParser: the pattern that
// takes most of the text wins, the first of those that take the same; if it doesn't take all,
// ValueOf is tried. It may be used by several goroutines.
type Formats struct {
	patterns []*Pattern // nil: the word millis
	skip     bool       // the last pattern can't be parsed, and Joda takes it for an empty one
}

// CompileFormats reads the patterns of TimestampFormats. The word millis, in any case, stands for
// epoch milliseconds. No patterns leave ValueOf. See Compile for year.
func CompileFormats(patterns []string, year int) (*Formats, error) {
	f := &Formats{}
	for _, source := range patterns {
		var p *Pattern
		if !equalsMillis(source) {
			var err error
			if p, err = compile(source, year); err != nil {
				return nil, err
			}
		}
		f.patterns = append(f.patterns, p)
	}
	for i, p := range f.patterns {
		if p == nil || !p.mute {
			continue
		}
		if len(f.patterns) == 1 {
			return nil, &Error{illegalArgument, "No parser supplied"}
		}
		if i+1 < len(f.patterns) {
			return nil, &Error{illegalArgument, "Incomplete parser array"}
		}
		f.skip = true
		f.patterns = f.patterns[:i]
	}
	return f, nil
}

func equalsMillis(s string) bool {
	return len(s) == len("millis") && scanLiteral([]byte(s), 0, "millis") == len(s)
}

// Parse parses a whole text. It returns the instant in seconds since 1970 and nanoseconds. Its
// error is an *Error. A nil Formats is one without patterns.
func (f *Formats) Parse(text []byte) (sec int64, nanos int32, err error) {
	if f == nil || len(f.patterns) == 0 {
		return ValueOf(text)
	}
	var s state
	best, winner, held := 0, -1, -1 // how far the best pattern got, which it is, and whose result is in s
	for i, p := range f.patterns {
		if p == nil {
			if isMillis(text) {
				return parseMillis(text)
			}
			continue
		}
		held = i
		s.n, s.hasOffset, s.zone = 0, false, nil
		n, err := p.scan(text, &s)
		if err != nil {
			return 0, 0, err
		}
		// In a list, failures are forgotten. A pattern alone is looked at even if it failed.
		if n > best || len(f.patterns) == 1 && !f.skip {
			best, winner = n, i
		}
		if best == len(text) {
			break
		}
	}
	var millis int64
	if winner >= 0 {
		p := f.patterns[winner]
		if held != winner {
			s.n, s.hasOffset, s.zone = 0, false, nil
			if _, err := p.scan(text, &s); err != nil {
				return 0, 0, err
			}
		}
		if millis, err = p.instant(text, &s); err != nil {
			return 0, 0, err
		}
	}
	if best == len(text) && (winner >= 0 || f.skip) {
		sec, nanos = split(millis)
		return sec, nanos, nil
	}
	return ValueOf(text)
}

// isMillis tells whether text is -?\d+(\.\d+)?
func isMillis(text []byte) bool {
	if len(text) > 0 && text[0] == '-' {
		text = text[1:]
	}
	n := countDigits(text, 0, len(text))
	if n == 0 {
		return false
	}
	if text = text[n:]; len(text) == 0 {
		return true
	}
	n = countDigits(text, 1, len(text))
	return text[0] == '.' && n > 0 && n == len(text)-1
}

// parseMillis reads a text that isMillis; what is behind the point is cut off.
func parseMillis(text []byte) (sec int64, nanos int32, err error) {
	whole, _, _ := bytes.Cut(text, []byte("."))
	var v int64
	if len(whole) <= 18 {
		for _, c := range bytes.TrimPrefix(whole, []byte("-")) {
			v = 10*v + int64(c-'0')
		}
		if whole[0] == '-' {
			v = -v
		}
	} else if v, err = strconv.ParseInt(string(whole), 10, 64); err != nil {
		return 0, 0, inputError(whole)
	}
	if y, _, _ := dateOf(floorDiv(v, dayMillis)); y < minYear || y > maxYear {
		// Joda fails before it is given the text.
		return 0, 0, &Error{illegalField, fmt.Sprintf("Value %d for year must be in the range [%d,%d]", y, minYear, maxYear)}
	}
	sec, nanos = split(v)
	return sec, nanos, nil
}

// Package javatime formats times by the patterns of java.time.format.DateTimeFormatter.
//
// Firehose evaluates !{timestamp:<pattern>} in S3 prefixes with that class, so a prefix means
// what Java says it means: "YYYY" is the week-based year, "DD" the day of the year, and an
// unquoted "T" is an error. Compile reads a pattern once; Append prints a time by it without
// allocating. The zone is the time's own location. Texts are Java's for Locale.ENGLISH, to
// which ROOT and en_US agree for all but long names (s3-delivery.md §4.2).
//
// # Design
//
// Letters are those of Java 8. The later ones are refused as Java 8 refuses them: g (modified
// Julian day) and v (generic zone name), new in Java 9, and B (day period), new in Java 16.
// Nobody knows what the service runs on; an error when a stream is created is better than an
// object under a name that the service would not have chosen.
//
// Weeks begin on Sunday and week 1 is the week of 1 January, which is Java's rule for English
// in every data set. The other rule, ISO's, exists because the service's guide shows index
// names that only it explains; see WeekRule.
//
// Two kinds of pattern make Java itself fail, with an IndexOutOfBoundsException and a
// ClassCastException: years of 11 to 18 letters, and a number right behind a padded number
// ("ppHmm"). Such a stream would never deliver, so Compile refuses them.
//
// Zone names (z) are tabulated in zone.go. The time zone database has only numbers for zones
// like Asia/Kathmandu ("+0545"), where Java has a name ("NPT").
package javatime

import "fmt"

// A PatternError says what is wrong with a pattern, in Java's words.
type PatternError struct {
	Pattern string
	Offset  int // of the letter or character, in bytes
	Message string
}

func (e *PatternError) Error() string {
	return fmt.Sprintf("pattern %q at offset %d: %s", e.Pattern, e.Offset, e.Message)
}

// A Formatter prints times by one pattern. It doesn't change after Compile and may be used by
// several goroutines.
type Formatter struct {
	pattern string
	weeks   WeekRule
	fields  []field
}

// A field is a literal (letter 0), or a run of one pattern letter, as written: "ppMMM" is the
// letter M, count 3, pad 2.
type field struct {
	letter byte
	count  int
	pad    int // 0: not padded
	text   string
	zones  map[string]zoneNames // letter z only
}

// String returns the pattern.
func (f *Formatter) String() string { return f.pattern }

// Compile reads a pattern. Its error is a *PatternError. A pattern that compiles can still fail
// on every time, or on some: see Check. The empty pattern is valid and prints nothing.
func Compile(pattern string) (*Formatter, error) {
	return CompileWeeks(pattern, US)
}

// CompileWeeks is Compile with weeks (the letters Y, w, W, e and c) counted by the given rule.
func CompileWeeks(pattern string, weeks WeekRule) (*Formatter, error) {
	f := &Formatter{pattern: pattern, weeks: weeks}
	fail := func(offset int, format string, args ...any) (*Formatter, error) {
		return nil, &PatternError{Pattern: pattern, Offset: offset, Message: fmt.Sprintf(format, args...)}
	}
	optional := 0 // sections open; printing a section is printing what is in it
	var numbers adjacent
	for pos := 0; pos < len(pattern); {
		start, c := pos, pattern[pos]
		switch {
		case isLetter(c):
			pos = run(pattern, pos)
			pad := 0
			if c == 'p' {
				if pos == len(pattern) || !isLetter(pattern[pos]) {
					return fail(start, "Pad letter 'p' must be followed by valid pad pattern: %s", pattern)
				}
				pad = pos - start
				start, c = pos, pattern[pos]
				pos = run(pattern, pos)
			}
			if msg := checkLetter(c, pos-start); msg != "" {
				return fail(start, "%s", msg)
			}
			fd := field{letter: c, count: pos - start, pad: pad}
			if !numbers.add(fd) {
				return fail(start, "Java fails on a number right behind a padded number: %s", pattern[start:pos])
			}
			if c == 'z' {
				fd.zones = zoneTable()
			}
			f.fields = append(f.fields, fd)
		case c == '\'':
			text, end, ok := unquote(pattern, pos)
			if !ok {
				return fail(start, "Pattern ends with an incomplete string literal: %s", pattern)
			}
			f.literal(text)
			numbers = adjacent{}
			pos = end
		case c == '[':
			optional++
			numbers = adjacent{}
			pos++
		case c == ']':
			if optional == 0 {
				return fail(start, "Pattern invalid as it contains ] without previous [")
			}
			optional--
			numbers = adjacent{}
			pos++
		case c == '{' || c == '}' || c == '#':
			return fail(start, "Pattern includes reserved character: '%c'", c)
		default:
			f.literal(pattern[pos : pos+1])
			numbers = adjacent{}
			pos++
		}
	}
	return f, nil
}

// literal adds text, to the literal before it if there is one.
func (f *Formatter) literal(text string) {
	if n := len(f.fields); n > 0 && f.fields[n-1].letter == 0 {
		f.fields[n-1].text += text
		return
	}
	f.fields = append(f.fields, field{text: text})
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// run returns the end of the run of one letter that starts at pos.
func run(pattern string, pos int) int {
	c := pattern[pos]
	for pos < len(pattern) && pattern[pos] == c {
		pos++
	}
	return pos
}

// unquote reads the literal whose opening quote is at pos. A quote in it is written twice, and
// the empty literal is a quote.
func unquote(pattern string, pos int) (text string, end int, ok bool) {
	var buf []byte
	for pos++; pos < len(pattern); pos++ {
		if pattern[pos] == '\'' {
			if pos+1 == len(pattern) || pattern[pos+1] != '\'' {
				if len(buf) == 0 {
					return "'", pos + 1, true
				}
				return string(buf), pos + 1, true
			}
			pos++
		}
		buf = append(buf, pattern[pos])
	}
	return "", pos, false
}

// checkLetter returns Java's message for a letter that doesn't exist or may not be repeated n
// times, "" for one that is right. The widths are those of s3-delivery.md §4.2.
func checkLetter(c byte, n int) string {
	most := 0
	switch c {
	case 'y', 'u', 'n', 'N', 'A':
		if n > 19 {
			return fmt.Sprintf("The minimum width must be from 1 to 19 inclusive but was %d", n)
		}
		if (c == 'y' || c == 'u') && javaOverflows(n) {
			return fmt.Sprintf("Index %d out of bounds for length 11: %c", n, c)
		}
		return ""
	case 'S':
		if n > 9 {
			return fmt.Sprintf("Minimum width must be from 0 to 9 inclusive but was %d", n)
		}
		return ""
	case 'Y':
		if javaOverflows(n) {
			return fmt.Sprintf("Index %d out of bounds for length 11: %c", n, c)
		}
		return ""
	case 'c':
		if n == 2 {
			return `Invalid pattern "cc"`
		}
		most = 5
	case 'V':
		if n != 2 {
			return "Pattern letter count must be 2: V"
		}
		return ""
	case 'O':
		if n != 1 && n != 4 {
			return "Pattern letter count must be 1 or 4: O"
		}
		return ""
	case 'M', 'L', 'Q', 'q', 'E', 'e', 'G', 'X', 'x', 'Z':
		most = 5
	case 'z':
		most = 4
	case 'D':
		most = 3
	case 'd', 'H', 'h', 'K', 'k', 'm', 's', 'w':
		most = 2
	case 'a', 'F', 'W':
		most = 1
	default:
		return fmt.Sprintf("Unknown pattern letter: %c", c)
	}
	if n > most {
		return fmt.Sprintf("Too many pattern letters: %c", c)
	}
	return ""
}

// javaOverflows tells for which numbers of letters Java fails to print any year of our era.
func javaOverflows(n int) bool { return 11 <= n && n <= 18 }

// adjacent is what Java knows of a run of numbers with nothing between them. To parse "HHmm" it
// goes back from each number to the one that may take more digits than its letters, the base;
// if that one is padded, it fails.
type adjacent struct{ base, padded bool }

// add takes the next field and returns false where Java fails.
func (a *adjacent) add(f field) bool {
	number, fixed := false, false
	switch f.letter {
	case 'y', 'u', 'd', 'H', 'h', 'K', 'k', 'm', 's', 'w':
		number, fixed = true, f.count == 2
	case 'M', 'L', 'Q', 'q', 'e', 'c':
		number, fixed = f.count <= 2, f.count == 2 || f.letter == 'c'
	case 'D':
		number, fixed = true, f.count == 3
	case 'n', 'N', 'A':
		number, fixed = true, f.count == 19
	case 'W':
		number, fixed = true, true
	case 'Y', 'F':
		number, fixed = true, f.letter == 'Y' && f.count == 2
	}
	switch {
	case !number:
		*a = adjacent{}
	case a.base && a.padded:
		return false
	case !a.base || !fixed:
		*a = adjacent{base: true, padded: f.pad > 0}
	}
	return true
}

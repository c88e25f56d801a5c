package joda

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

// year is the clock's, where a test doesn't say otherwise.
const year = 2026

func mustCompile(t testing.TB, patterns ...string) *Formats {
	t.Helper()
	f, err := CompileFormats(patterns, year)
	if err != nil {
		t.Fatalf("CompileFormats(%q): %v", patterns, err)
	}
	return f
}

func rfc(sec int64, nanos int32) string {
	return time.Unix(sec, int64(nanos)).UTC().Format(time.RFC3339Nano)
}

func TestFormats(t *testing.T) {
	for _, tt := range []struct {
		patterns, text, want string // patterns are separated by |
	}{
		{"yyyy-MM-dd'T'HH:mm:ss", "2024-02-29T12:34:56", "2024-02-29T12:34:56Z"},
		{"yyyy-MM-dd'T'HH:mm:ss", "2024-2-9t1:2:3", "2024-02-09T01:02:03Z"},
		{"yyyy-MM-dd'T'HH:mm:ss.SSSZ", "2024-02-29T12:34:56.7+05:30", "2024-02-29T07:04:56.7Z"},
		{"dd/MMM/yyyy:HH:mm:ss Z", "29/Feb/2024:12:34:56 -0500", "2024-02-29T17:34:56Z"},
		{"yyyyMMddHHmmss", "20240229123456", "2024-02-29T12:34:56Z"},
		{"HH:mm", "12:34", "1970-01-01T12:34:00Z"},
		{"yy-MM-dd", "45-01-01", "2045-01-01T00:00:00Z"},
		{"yy-MM-dd", "46-01-01", "1946-01-01T00:00:00Z"},
		{"yy-MM-dd", "2024-01-01", "2024-01-01T00:00:00Z"},
		{"yyyy-MM-dd HH:mm:ss z", "2024-07-01 00:00:00 EST", "2024-07-01T04:00:00Z"},
		{"yyyy-MM-dd HH:mm:ss ZZZ", "2021-11-07 01:30:00 America/New_York", "2021-11-07T05:30:00Z"}, // the first of two
		{"EEE yyyy-MM-dd", "Fri 2024-02-29", "2024-03-01T00:00:00Z"},                                // it is a Thursday
		{"YYYY-MM-DD", "2024-02-29", "2024-01-29T00:00:00Z"},
		{"h:mm a", "12:01 am", "1970-01-01T00:01:00Z"},
		{"xxxx-'W'ww-e", "2020-W53-7", "2021-01-03T00:00:00Z"},
		{"yyyy年MM月dd日", "2024年02月29日", "2024-02-29T00:00:00Z"},
		{"millis", "-1", "1969-12-31T23:59:59.999Z"},
		{"Millis", "1486480381123.9", "2017-02-07T15:13:01.123Z"},
		{"millis", "2024-02-29 12:34:56", "2024-02-29T12:34:56Z"}, // Timestamp.valueOf
		{"yyyy|yyyy-MM", "2024-02", "2024-02-01T00:00:00Z"},       // the longest
		{"yyyy-MM|millis|yyyy-MM-dd", "1000", "1970-01-01T00:00:01Z"},
		{"dd/MM/yyyy|MM/dd/yyyy", "03/04/2024", "2024-04-03T00:00:00Z"}, // the first of equals
		{"", "2024-02-29 12:34:56.789123456", "2024-02-29T12:34:56.789123456Z"},
		{"yyyy|yyyy zzzz", "", "1970-01-01T00:00:00Z"}, // an unparseable last pattern matches nothing

		{"yyyy-MM-dd", "2024-02-29 ", "!Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff]"},
		{"yyyy-MM-dd", "2023-02-29", `!Cannot parse "2023-02-29": Value 29 for dayOfMonth must be in the range [1,28]`},
		{"dd/MM/yyyy|MM/dd/yyyy", "02/29/2024", `!Cannot parse "02/29/2024": Value 29 for monthOfYear must be in the range [1,12]`},
		{"MMddyyyy", "2024-02-29 12:34:56", `!Cannot parse "2024-02-29 12:34:56": Value 20 for monthOfYear must be in the range [1,12]`},
		{"millis", "9223372036854775808", `!For input string: "9223372036854775808"`},
		{"millis", "9223372036854775807", `!Value 292278994 for year must be in the range [-292275054,292278993]`},
		{"yyyy-MM-dd HH:mm ZZZ", "2024-03-10 02:30 America/New_York",
			`!Cannot parse "2024-03-10 02:30 America/New_York": Illegal instant due to time zone offset transition (America/New_York)`},
	} {
		var patterns []string
		if tt.patterns != "" {
			patterns = strings.Split(tt.patterns, "|")
		}
		sec, nanos, err := mustCompile(t, patterns...).Parse([]byte(tt.text))
		got := rfc(sec, nanos)
		if err != nil {
			got = "!" + err.Error()
		}
		if got != tt.want {
			t.Errorf("%q by %q = %s, want %s", tt.text, patterns, got, tt.want)
		}
	}
}

func TestNilFormats(t *testing.T) {
	var f *Formats
	if sec, nanos, err := f.Parse([]byte("1970-01-01 00:00:01.5")); sec != 1 || nanos != 5e8 || err != nil {
		t.Errorf("%d, %d, %v", sec, nanos, err)
	}
}

func TestParse(t *testing.T) {
	p, err := Compile("yyyy-MM-dd", year)
	if err != nil {
		t.Fatal(err)
	}
	sec, nanos, n, err := p.Parse([]byte("2024-02-29 and more"))
	if sec != 1709164800 || nanos != 0 || n != 10 || err != nil {
		t.Errorf("%d, %d, %d, %v", sec, nanos, n, err)
	}
	for text, want := range map[string]string{
		"":                            `Invalid format: ""`,
		"x":                           `Invalid format: "x"`,
		"2024-":                       `Invalid format: "2024-" is too short`,
		"2024-x":                      `Invalid format: "2024-x" is malformed at "x"`,
		"x" + strings.Repeat("y", 40): `Invalid format: "x` + strings.Repeat("y", 31) + `..."`,
	} {
		_, _, _, err := p.Parse([]byte(text))
		var je *Error
		if !errors.As(err, &je) || je.Message != want || je.Class != illegalArgument {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	for _, tt := range []struct{ patterns, want string }{
		{"uuuu-MM-dd", "Illegal pattern component: uuuu"},
		{"yyyy-MM-ddTHH", "Illegal pattern component: T"},
		{"'", "Both printing and parsing not supported"},
		{"yyyy zzzz", "No parser supplied"},
		{"yyyy zzzz|yyyy", "Incomplete parser array"},
		{"|yyyy", "Invalid pattern specification"},
		{strings.Repeat("H-", 65), "pattern of 65 fields, 64 are possible"},
	} {
		if _, err := CompileFormats(strings.Split(tt.patterns, "|"), year); err == nil || err.Error() != tt.want {
			t.Errorf("%q: %v, want %s", tt.patterns, err, tt.want)
		}
	}
	if _, err := Compile("yyyy zzzz", year); err == nil || err.Error() != "Parsing not supported" {
		t.Error(err)
	}
	if p, err := Compile("zzzz", year); err != nil || p.String() != "zzzz" {
		t.Error(p, err) // alone, it is parsed
	}
}

func TestValueOf(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"2017-02-07 15:13:01.123456789", "2017-02-07T15:13:01.123456789Z"},
		{" 2017-2-7 1:2:3\n", "2017-02-07T01:02:03Z"},
		{"2017-02-30 00:00:00", "2017-03-02T00:00:00Z"},
		{"2017-02-07 25:61:61.5", "2017-02-08T02:02:01.5Z"},
		{"2017-02-07 -1:0:+1", "2017-02-06T23:00:01Z"},
		{"2017-02-07 0000000001:0:0", "2017-02-07T01:00:00Z"},
		{"٢٠١٧-٠٢-٠٧ ١٥:١٣:٠١", "2017-02-07T15:13:01Z"},
		{"1582-10-15 00:00:00", "1582-10-15T00:00:00Z"},
		{"1582-10-04 00:00:00", "1582-10-14T00:00:00Z"},
		{"1582-10-05 00:00:00", "1582-10-15T00:00:00Z"},
		{"0001-01-01 00:00:00", "0000-12-30T00:00:00Z"},

		{"", "!" + errTimestamp.Message},
		{"2017-02-07", "!" + errTimestamp.Message},
		{"2017-02-07T15:13:01", "!" + errTimestamp.Message},
		{"17-02-07 15:13:01", "!" + errTimestamp.Message},
		{"2017-13-07 15:13:01", "!" + errTimestamp.Message},
		{"2017-12-32 15:13:01", "!" + errTimestamp.Message},
		{"2017-02-07 15:13", "!" + errTimestamp.Message},
		{"2017-02-07 15:13:01.", "!" + errTimestamp.Message},
		{"2017-02-07 15:13:01.1234567890", "!" + errTimestamp.Message},
		{"2017-02-07 15:13:01Z", `!Error at index 2 in: "01Z"`},
		{"2017-02-07 15:13:99999999999", `!Error at index 9 in: "99999999999"`},
		{"é017-02-07 15:13:01", `!Error at index 0 in: "é017"`},
	} {
		sec, nanos, err := ValueOf([]byte(tt.text))
		got := rfc(sec, nanos)
		if err != nil {
			got = "!" + err.Error()
		}
		if got != tt.want {
			t.Errorf("%q = %s, want %s", tt.text, got, tt.want)
		}
		if s, n, ok := valueOfPlain([]byte(tt.text)); ok && (err != nil || s != sec || n != nanos) {
			t.Errorf("%q by the fast path = %s", tt.text, rfc(s, n))
		}
	}
}

// The calendar against package time, which has the same.
func TestCalendar(t *testing.T) {
	for day := int64(-1_000_000); day < 1_000_000; day += 13 {
		at := time.Unix(day*86400, 0).UTC()
		y, m, d := dateOf(day)
		if y != at.Year() || m != int(at.Month()) || d != at.Day() || daysFrom(y, m, d) != day {
			t.Fatalf("day %d is %d-%d-%d, %d, want %s", day, y, m, d, daysFrom(y, m, d), at)
		}
		wy, w := at.ISOWeek()
		if y, week := weekOf(day); y != wy || week != w || weekdayOf(day)%7 != int(at.Weekday()) {
			t.Fatalf("day %d is in week %d-%d, want %d-%d", day, y, week, wy, w)
		}
		if n := daysIn(y, m); n != time.Date(y, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day() {
			t.Fatalf("%d-%d has %d days", y, m, n)
		}
	}
	if julianDays(1582, 10, 5) != gregorian || daysFrom(1582, 10, 15) != gregorian {
		t.Error(julianDays(1582, 10, 5), daysFrom(1582, 10, 15))
	}
}

func TestZonesLoad(t *testing.T) {
	for id, z := range zones() {
		if _, err := z.load(); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if len(id) > longestID {
			t.Errorf("%s has %d characters", id, len(id))
		}
	}
}

// lines reads an oracle's file of JSON lines.
func lines[T any](t *testing.T, name string) []T {
	t.Helper()
	file, err := os.Open("../../../shared/oracle/" + name)
	if err != nil {
		t.Skip("../shared not present: vectors made by Joda-Time and Hive not compared")
	}
	defer file.Close()
	var all []T
	s := bufio.NewScanner(file)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var v T
		if err := json.Unmarshal(s.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

type javaError struct{ At, Class, Message string }

// matches compares an error with Java's; compile errors only have to be errors of compiling.
func (e *javaError) matches(err error) bool {
	var je *Error
	return errors.As(err, &je) && je.Class == e.Class && je.Message == e.Message
}

// Hive's results, and Joda's own as far as they say whether a text matches: Joda alone starts at
// the year 2000 and rounds, which Hive never asks for.
func TestJodaVectors(t *testing.T) {
	type vector struct {
		ID, Pattern, Text string
		Patterns          []string
		Millis            *int64
		Error             *javaError
		Hive              struct {
			Millis *int64
			Nanos  int32
			Error  *javaError
		}
	}
	passed, plain := 0, 0
	for _, v := range lines[vector](t, "time/joda.jsonl") {
		patterns := v.Patterns
		if patterns == nil {
			patterns = []string{v.Pattern}
		}
		f, err := CompileFormats(patterns, year)
		var sec int64
		var nanos int32
		at := "pattern"
		if err == nil {
			at = "text"
			sec, nanos, err = f.Parse([]byte(v.Text))
		}
		switch {
		case v.Hive.Error != nil && (at != v.Hive.Error.At || !v.Hive.Error.matches(err)):
			t.Errorf("%s: %q by %q: %s, %v, want %s", v.ID, v.Text, patterns, rfc(sec, nanos), err, v.Hive.Error.Message)
			continue
		case v.Hive.Error == nil && (err != nil || sec != floorDiv(*v.Hive.Millis, 1000) || nanos != v.Hive.Nanos):
			t.Errorf("%s: %q by %q: %d, %d, %v, want %d, %d", v.ID, v.Text, patterns, sec, nanos, err, *v.Hive.Millis, v.Hive.Nanos)
			continue
		}
		passed++

		if v.Patterns != nil || equalsMillis(v.Pattern) {
			continue
		}
		p, err := Compile(v.Pattern, year)
		n := 0
		if err == nil {
			var s state
			if n, err = p.scan([]byte(v.Text), &s); err == nil && n < len(v.Text) {
				err = formatError([]byte(v.Text), max(n, ^n))
			}
			if err == nil {
				_, err = p.instant([]byte(v.Text), &s)
			}
		}
		if v.Error != nil && !strings.ContainsAny(v.Pattern, "yYxC") {
			// Joda's own year has a 29 February.
			v.Error.Message = strings.Replace(v.Error.Message, "dayOfMonth must be in the range [1,29]", "dayOfMonth must be in the range [1,28]", 1)
		}
		if v.Error == nil && err != nil && !strings.Contains(err.Error(), "Value 29 for dayOfMonth") ||
			v.Error != nil && !v.Error.matches(err) {
			t.Errorf("%s: %q by %q without Hive: %v, want %v", v.ID, v.Text, v.Pattern, err, v.Error)
			continue
		}
		plain++
	}
	t.Logf("%d vectors pass, %d of them also as Joda without Hive", passed, plain)
}

func TestHiveVectors(t *testing.T) {
	type vector struct {
		ID, Input string
		Patterns  []string
		TS        *struct {
			S int64
			N int32
		}
		Error *struct{ Class, Message, Stage string }
	}
	passed := 0
	for _, v := range lines[vector](t, "serde/timestamp_formats.jsonl") {
		f, err := CompileFormats(v.Patterns, year)
		var sec int64
		var nanos int32
		stage := "init"
		if err == nil {
			stage = "parse"
			sec, nanos, err = f.Parse([]byte(v.Input))
		}
		switch {
		case v.Error != nil:
			if want := (&javaError{Class: v.Error.Class, Message: v.Error.Message}); stage != v.Error.Stage || !want.matches(err) {
				t.Errorf("%s: %q by %q: %s, %v, want %s", v.ID, v.Input, v.Patterns, rfc(sec, nanos), err, v.Error.Message)
				continue
			}
		case err != nil || sec != v.TS.S || nanos != v.TS.N:
			t.Errorf("%s: %q by %q: %d, %d, %v, want %d, %d", v.ID, v.Input, v.Patterns, sec, nanos, err, v.TS.S, v.TS.N)
			continue
		}
		passed++
	}
	t.Logf("%d vectors pass", passed)
}

func TestParseAllocatesNothing(t *testing.T) {
	for _, tt := range []struct{ patterns, text string }{
		{"yyyy-MM-dd'T'HH:mm:ss.SSSZ", "2024-02-29T12:34:56.789+0530"},
		{"EEE, dd MMM yyyy HH:mm:ss z", "Thu, 29 Feb 2024 12:34:56 EST"},
		{"yyyy-MM-dd HH:mm ZZZ", "2024-02-29 12:34 America/New_York"},
		{"dd/MM/yyyy|yyyy-MM-dd|millis", "1709164800000"},
		{"dd/MM/yyyy|yyyy-MM-dd", "2024-02-29 12:34:56.789"},
		{"yyyy-MM-dd", "2024-02-29T00:00:00"}, // no match
	} {
		f := mustCompile(t, strings.Split(tt.patterns, "|")...)
		text := []byte(tt.text)
		if n := testing.AllocsPerRun(100, func() { f.Parse(text) }); n != 0 {
			t.Errorf("%q by %s: %v allocations", tt.text, tt.patterns, n)
		}
	}
}

// No pattern and no text panics, and a parsed text is one that Java's range has.
func FuzzFormats(f *testing.F) {
	for _, s := range [][2]string{
		{"yyyy-MM-dd'T'HH:mm:ss.SSSZ", "2024-02-29T12:34:56.789+0530"}, {"G CC YY xx ww e", "AD 20 24 24 09 1"},
		{"EEE MMM a hh kk KK z|ZZZ|millis", "Thu Feb AM 12 12 11 EST"}, {"yy-MM", "-x-1"}, {"'a''年'", "A'年"},
	} {
		f.Add(s[0], []byte(s[1]))
	}
	f.Fuzz(func(t *testing.T, patterns string, text []byte) {
		list := strings.Split(patterns, "|")
		fs, err := CompileFormats(list, year)
		if err != nil {
			return
		}
		given := bytes.Clone(text)
		sec, nanos, err := fs.Parse(text)
		if !bytes.Equal(given, text) {
			t.Fatal("text was written to")
		}
		if err == nil && (nanos < 0 || nanos > 999999999 || sec > math.MaxInt64/1000+1e12 || sec < math.MinInt64/1000-1e12) {
			t.Fatalf("%q by %q: %d, %d", text, list, sec, nanos)
		}
		if sec2, nanos2, err2 := ValueOf(text); err == nil && err2 != nil {
			for _, source := range list {
				p, err := Compile(source, year)
				if equalsMillis(source) || err != nil {
					return
				}
				if s, n, k, err := p.Parse(text); err == nil && k == len(text) && s == sec && n == nanos {
					return
				}
			}
			t.Fatalf("%q by %q: %d, %d, as no pattern has it, nor Timestamp.valueOf: %d, %d, %v", text, list, sec, nanos, sec2, nanos2, err2)
		}
	})
}

// The fast path takes what the complete one takes, and gives the same.
func FuzzValueOf(f *testing.F) {
	for _, s := range []string{"2017-02-07 15:13:01.123456789", "1582-10-10 00:00:00", "2017-2-7 1:2:3", "2017-02-07 99:99:99.5", "2017-02-07 15:13:01.12345678x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		sec, nanos, err := valueOfAny(text)
		sec2, nanos2, ok := valueOfPlain(text)
		if ok && (err != nil || sec != sec2 || nanos != nanos2) {
			t.Fatalf("%q: fast %d, %d, complete %d, %d, %v", text, sec2, nanos2, sec, nanos, err)
		}
		if nanos < 0 || nanos > 999999999 {
			t.Fatalf("%q: %d nanoseconds", text, nanos)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, tt := range []struct{ name, patterns, text string }{
		{"iso", "yyyy-MM-dd'T'HH:mm:ss.SSSZ", "2024-02-29T12:34:56.789+0530"},
		{"apache", "dd/MMM/yyyy:HH:mm:ss Z", "29/Feb/2024:12:34:56 -0500"},
		{"zone", "yyyy-MM-dd HH:mm:ss ZZZ", "2024-02-29 12:34:56 Europe/Paris"},
		{"millis", "millis", "1709164800000"},
		{"third", "dd/MM/yyyy|yyyy/MM/dd|yyyy-MM-dd", "2024-02-29"},
		{"valueOf", "", "2024-02-29 12:34:56.789"},
	} {
		b.Run(tt.name, func(b *testing.B) {
			var f *Formats
			if tt.patterns != "" {
				f = mustCompile(b, strings.Split(tt.patterns, "|")...)
			}
			text := []byte(tt.text)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := f.Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func Example() {
	f, err := CompileFormats([]string{"dd/MMM/yyyy:HH:mm:ss Z", "millis"}, 2025)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{"07/Feb/2017:15:13:01 +0200", "1486480381123", "2017-02-07 15:13:01.5", "31/Feb/2017:15:13:01 +0200"} {
		sec, nanos, err := f.Parse([]byte(text))
		fmt.Println(sec, nanos, err)
	}
	// Output:
	// 1486473181 0 <nil>
	// 1486480381 123000000 <nil>
	// 1486480381 500000000 <nil>
	// 0 0 Cannot parse "31/Feb/2017:15:13:01 +0200": Value 31 for dayOfMonth must be in the range [1,28]
}

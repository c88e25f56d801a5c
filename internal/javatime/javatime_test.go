package javatime

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

// utc parses an instant; its year may have a sign and any number of digits.
func utc(text string) time.Time {
	dash := strings.Index(text[1:], "-") + 1
	year, err := strconv.Atoi(text[:dash])
	t, err2 := time.Parse(time.RFC3339Nano, "2000"+text[dash:])
	if err != nil || err2 != nil {
		panic(text)
	}
	return t.AddDate(year-2000, 0, 0)
}

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestAppend(t *testing.T) {
	const at = "2018-08-27T10:30:05.678901234Z" // a Monday
	tests := []struct{ pattern, want string }{
		{"yyyy/MM/dd/HH/", "2018/08/27/10/"},
		{"yyyy-MM-dd-HH-mm-ss", "2018-08-27-10-30-05"},
		{"yyyy/MM/DD", "2018/08/239"},
		{"y yy yyy yyyyy", "2018 18 2018 02018"},
		{"M MM MMM MMMM MMMMM", "8 08 Aug August A"},
		{"E EEEE EEEEE e c", "Mon Monday M 2 2"},
		{"H k K h a", "10 10 10 10 AM"},
		{"S SSS SSSSSSSSS n", "6 678 678901234 678901234"},
		{"A N", "37805678 37805678901234"},
		{"Q QQ QQQ QQQQ QQQQQ", "3 03 Q3 3rd quarter 3"},
		{"YYYY-'w'ww W F D", "2018-w35 5 6 239"},
		{"'year='yyyy", "year=2018"},
		{"yyyy''MM'o''clock'", "2018'08o'clock"},
		{"yyyy[-MM[-dd]", "2018-08-27"},
		{"ppppyyyy|ppH|pppa", "2018|10| AM"},
		{"HppmmpppE", "1030Mon"},
		{"day", "27AM2018"},
		{"yyyy年MM月", "2018年08月"},
		{"z zzzz VV Z XXX xxx O", "UTC Coordinated Universal Time UTC +0000 Z +00:00 GMT"},
		{"G GGGG GGGGG", "AD Anno Domini A"},
		{"", ""},
	}
	for _, tt := range tests {
		f, err := Compile(tt.pattern)
		if err != nil {
			t.Errorf("Compile(%q): %v", tt.pattern, err)
			continue
		}
		got, err := f.Append([]byte("p/"), utc(at))
		if err != nil || string(got) != "p/"+tt.want {
			t.Errorf("%q prints %q, %v, want %q", tt.pattern, got, err, "p/"+tt.want)
		}
	}
}

func TestYears(t *testing.T) {
	tests := []struct {
		year          int
		pattern, want string
	}{
		{10000, "y yy yyy yyyy yyyyy", "10000 00 10000 +10000 10000"},
		{0, "y u G", "1 0 BC"},
		{-44, "yyyy uuuu uu", "0045 -0044 44"},
		{9999, "YYYY", "+10000"}, // its last day, below
	}
	for _, tt := range tests {
		f, err := Compile(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := f.Append(nil, time.Date(tt.year, time.December, 31, 0, 0, 0, 0, time.UTC))
		if string(got) != tt.want {
			t.Errorf("%q in year %d prints %q, want %q", tt.pattern, tt.year, got, tt.want)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	tests := []struct {
		pattern string
		offset  int
		message string
	}{
		{"yyyy-MM-ddTHH", 10, "Unknown pattern letter: T"},
		{"year=yyyy", 3, "Unknown pattern letter: r"},
		{"yyyy'T", 4, "Pattern ends with an incomplete string literal: yyyy'T"},
		{"yyyy{", 4, "Pattern includes reserved character: '{'"},
		{"MM]", 2, "Pattern invalid as it contains ] without previous ["},
		{"yyyy mmm", 5, "Too many pattern letters: m"},
		{"pp", 0, "Pad letter 'p' must be followed by valid pad pattern: pp"},
		{"ppb", 2, "Unknown pattern letter: b"},
		{"yyyy g", 5, "Unknown pattern letter: g"}, // since Java 9
		{"ppHmm", 3, "Java fails on a number right behind a padded number: mm"},
		{"uuuuuuuuuuu", 0, "Index 11 out of bounds for length 11: u"},
		{"cc", 0, `Invalid pattern "cc"`},
	}
	for _, tt := range tests {
		_, err := Compile(tt.pattern)
		var pe *PatternError
		if !errors.As(err, &pe) || pe.Offset != tt.offset || pe.Message != tt.message {
			t.Errorf("Compile(%q): %v, want %q at %d", tt.pattern, err, tt.message, tt.offset)
		}
	}
}

func TestCheck(t *testing.T) {
	for pattern, want := range map[string]string{
		"yyyy/MM":  "",
		"ppppyyyy": "",
		"ppyyyy":   "Cannot print as output of 4 characters exceeds pad width of 2",
		"ppn":      "Cannot print as output of 9 characters exceeds pad width of 2", // prints at whole seconds
		"ppppVV":   "Cannot print as output of 10 characters exceeds pad width of 4",
	} {
		f, err := Compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		err = f.Check(location(t, "Asia/Tokyo"))
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasSuffix(err.Error(), want)) {
			t.Errorf("Check of %q: %v, want %q", pattern, err, want)
		}
	}
}

// A failed Append leaves what was there.
func TestAppendFails(t *testing.T) {
	f, err := Compile("yyyy ppyyyy")
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Append([]byte("a"), utc("2018-08-27T10:30:05Z"))
	if string(got) != "a" || err == nil {
		t.Errorf("Append = %q, %v", got, err)
	}
}

func TestZoneNames(t *testing.T) {
	tests := []struct{ zone, instant, short, long string }{
		{"Asia/Kathmandu", "2018-08-27T10:30:05Z", "NPT", "Nepal Time"},
		{"Europe/London", "2025-07-15T00:00:00Z", "BST", "British Summer Time"},
		{"Europe/Dublin", "2025-07-15T00:00:00Z", "IST", "Irish Standard Time"},
		{"Europe/Dublin", "2025-01-15T00:00:00Z", "GMT", "Greenwich Mean Time"},
		{"Africa/Casablanca", "2025-01-15T00:00:00Z", "WEST", "Western European Summer Time"},
		{"America/New_York", "1883-11-18T16:00:00Z", "EST", "Eastern Standard Time"},
		{"America/Sao_Paulo", "2018-01-15T00:00:00Z", "BRST", "Brasilia Summer Time"},
	}
	f, err := Compile("z|zzzz")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		got, _ := f.Append(nil, utc(tt.instant).In(location(t, tt.zone)))
		if want := tt.short + "|" + tt.long; string(got) != want {
			t.Errorf("%s at %s prints %q, want %q", tt.zone, tt.instant, got, want)
		}
	}
	for zone, want := range map[*time.Location]string{
		time.FixedZone("", 5*3600+45*60): "GMT+05:45|GMT+05:45",
		time.FixedZone("XST", -3600):     "XST|GMT-01:00",
	} {
		if got, _ := f.Append(nil, utc("2025-01-15T00:00:00Z").In(zone)); string(got) != want {
			t.Errorf("%v prints %q, want %q", zone, got, want)
		}
	}
}

// Weeks by counting days, against Week.
func TestWeek(t *testing.T) {
	for _, rule := range []WeekRule{US, ISO} {
		day := time.Date(1969, time.June, 15, 0, 0, 0, 0, time.UTC)
		year, week := rule.Week(day)
		for range 80 * 366 {
			day = day.AddDate(0, 0, 1)
			if rule.dayOfWeek(day.Weekday()) == 1 {
				week++
				last := day.AddDate(0, 0, 6)
				if n := last.YearDay() - rule.minDays(); 0 <= n && n < 7 { // of the next year, or in January
					year, week = last.Year(), 1
				}
			}
			if y, w := rule.Week(day); y != year || w != week {
				t.Fatalf("%v week of %s is %d-%02d, want %d-%02d", rule, day.Format(time.DateOnly), y, w, year, week)
			}
			if y, w := day.ISOWeek(); rule == ISO && (y != year || w != week) {
				t.Fatalf("%s: counted %d-%02d, ISOWeek says %d-%02d", day.Format(time.DateOnly), year, week, y, w)
			}
		}
	}
}

// later says which vectors use letters that are refused on purpose, see the package comment.
func later(pattern string) bool {
	quoted := false
	for _, c := range pattern {
		if c == '\'' {
			quoted = !quoted
		}
		if !quoted && (c == 'g' || c == 'v' || c == 'B') {
			return true
		}
	}
	return false
}

// lines reads an oracle's file of JSON lines.
func lines[T any](t *testing.T, name string) []T {
	t.Helper()
	file, err := os.Open("../../../shared/oracle/time/" + name)
	if err != nil {
		t.Skip("../shared not present: vectors made by java.time not compared")
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

func TestVectors(t *testing.T) {
	type vector struct {
		ID, Pattern, Zone, Text string
		Instant                 string
		Error                   *struct{ At, Message string }
	}
	passed, refused := 0, 0
	for _, v := range lines[vector](t, "datetimeformatter.jsonl") {
		f, err := Compile(v.Pattern)
		if later(v.Pattern) {
			var pe *PatternError
			if !errors.As(err, &pe) || !strings.HasPrefix(pe.Message, "Unknown pattern letter: ") {
				t.Errorf("%s: Compile(%q): %v, want a refusal", v.ID, v.Pattern, err)
			}
			refused++
			continue
		}
		var got []byte
		at := "pattern"
		if err == nil {
			at = "format"
			got, err = f.Append(nil, utc(v.Instant).In(location(t, v.Zone)))
		}
		switch {
		case v.Error != nil && (err == nil || at != v.Error.At || !strings.HasSuffix(err.Error(), v.Error.Message)):
			t.Errorf("%s: %q: %q, %v, want at %s %q", v.ID, v.Pattern, got, err, v.Error.At, v.Error.Message)
		case v.Error == nil && (err != nil || string(got) != v.Text):
			t.Errorf("%s: %q at %s %s: %q, %v, want %q", v.ID, v.Pattern, v.Instant, v.Zone, got, err, v.Text)
		default:
			passed++
		}
	}
	t.Logf("%d vectors pass, %d have a letter newer than Java 8 and are refused", passed, refused)
}

func TestIndexRotationVectors(t *testing.T) {
	type vector struct {
		ID, Index, Instant        string
		OneHour, OneDay, OneMonth string
		OneWeek                   struct{ US, ISO string }
	}
	passed := 0
	for _, v := range lines[vector](t, "index_rotation.jsonl") {
		for _, c := range []struct {
			pattern string
			rule    WeekRule
			want    string
		}{
			{"yyyy-MM-dd-HH", US, v.OneHour}, {"yyyy-MM-dd", US, v.OneDay}, {"yyyy-MM", US, v.OneMonth},
			{"YYYY-'w'ww", US, v.OneWeek.US}, {"YYYY-'w'ww", ISO, v.OneWeek.ISO},
		} {
			f, err := CompileWeeks(c.pattern, c.rule)
			if err != nil {
				t.Fatal(err)
			}
			got, err := f.Append([]byte(v.Index+"-"), utc(v.Instant))
			if err != nil || string(got) != c.want {
				t.Errorf("%s: %s by %v at %s = %q, %v, want %q", v.ID, c.pattern, c.rule, v.Instant, got, err, c.want)
				continue
			}
			passed++
		}
	}
	t.Logf("%d names pass", passed)
}

func TestAppendAllocatesNothing(t *testing.T) {
	f, err := Compile("yyyy/MM/dd/HH 'w'ww ppH z zzzz VV XXX A")
	if err != nil {
		t.Fatal(err)
	}
	at := utc("2018-08-27T10:30:05.678Z").In(location(t, "Asia/Kathmandu"))
	buf := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() { buf, err = f.Append(buf[:0], at) }); n != 0 || err != nil {
		t.Errorf("%v allocations, %v", n, err)
	}
}

// No pattern and no time panics, and what an error returns is what was given.
func FuzzAppend(f *testing.F) {
	for _, p := range []string{"yyyy/MM/dd/HH/", "'a''b'[ppH]", "zzzz VV", "NNNNNNNNNNNNNNNNNNN", "YYYYYYYYYYYYYYYYYYYYY", "p\xff"} {
		f.Add(p, int64(1535365805), uint32(678901234))
	}
	loc, err := time.LoadLocation("Australia/Lord_Howe")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, pattern string, sec int64, nano uint32) {
		for _, rule := range []WeekRule{US, ISO} {
			c, err := CompileWeeks(pattern, rule)
			if err != nil {
				var pe *PatternError
				if !errors.As(err, &pe) || pe.Offset < 0 || pe.Offset >= len(pattern) {
					t.Fatalf("Compile(%q): %v", pattern, err)
				}
				return
			}
			got, err := c.Append([]byte("x"), time.Unix(sec, int64(nano)).In(loc))
			if !strings.HasPrefix(string(got), "x") || err != nil && len(got) != 1 {
				t.Fatalf("%q: %q, %v", pattern, got, err)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	at := utc("2018-08-27T10:30:05.678Z")
	for _, pattern := range []string{"yyyy/MM/dd/HH/", "yyyy-MM-dd-HH-mm-ss", "YYYY-'w'ww"} {
		f, err := Compile(pattern)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(pattern, func(b *testing.B) {
			buf := make([]byte, 0, 64)
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = f.Append(buf[:0], at)
			}
		})
	}
}

func Example() {
	f, err := Compile("'year='yyyy'/day='DDD/")
	if err != nil {
		fmt.Println(err)
		return
	}
	prefix, _ := f.Append(nil, time.Date(2018, time.August, 27, 10, 30, 5, 0, time.UTC))
	fmt.Println(string(prefix))

	_, err = Compile("yyyy-MM-ddTHH")
	fmt.Println(err)
	// Output:
	// year=2018/day=239/
	// pattern "yyyy-MM-ddTHH" at offset 10: Unknown pattern letter: T
}

package javatext

import (
	"math"
	"testing"
	"time"
)

func TestLower(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "ABC": "abc", "userId": "userid", "ÉTÉ": "été", "İ": "i̇", "I": "i", "ΣΑΣ": "σας", "Σ": "σ", "ΑΣ Α": "ας α", "Straße": "straße", "日本": "日本", "ǅ": "ǆ",
	} {
		if got := Lower(in); got != want {
			t.Errorf("Lower(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{{"abc", 2, "ab"}, {"abc", 3, "abc"}, {"éèê", 2, "éè"}, {"😀😀", 1, "😀"}, {"日本", 2, "日本"}, {"a", 0, ""}, {"", 3, ""}} {
		if got := Cut([]byte(tt.in), tt.n); string(got) != tt.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}

func TestParseInt(t *testing.T) {
	for _, tt := range []struct {
		in     string
		base   int
		lo, hi int64
		want   int64
		msg    string
	}{
		{"7", 10, -128, 127, 7, ""}, {"+7", 10, -128, 127, 7, ""}, {"-128", 10, -128, 127, -128, ""}, {"007", 10, -128, 127, 7, ""}, {"٣", 10, -128, 127, 3, ""}, {"１２", 10, -128, 127, 12, ""},
		{"128", 10, -128, 127, 0, `Value out of range. Value:"128" Radix:10`}, {"ff", 16, -128, 127, 0, `Value out of range. Value:"ff" Radix:16`}, {"3000000000", 10, -128, 127, 0, `For input string: "3000000000"`},
		{"3000000000", 10, math.MinInt32, math.MaxInt32, 0, `For input string: "3000000000"`}, {"9223372036854775808", 10, math.MinInt64, math.MaxInt64, 0, `For input string: "9223372036854775808"`},
		{"", 10, -128, 127, 0, `For input string: ""`}, {" 1", 10, -128, 127, 0, `For input string: " 1"`}, {"1_0", 10, -128, 127, 0, `For input string: "1_0"`}, {"", 16, -128, 127, 0, `For input string: "" under radix 16`}, {"1.0", 10, -128, 127, 0, `For input string: "1.0"`},
	} {
		if x, msg := ParseInt([]byte(tt.in), tt.base, tt.lo, tt.hi); x != tt.want || msg != tt.msg {
			t.Errorf("ParseInt(%q) = %d, %s, want %d, %s", tt.in, x, msg, tt.want, tt.msg)
		}
	}
}

func TestParseFloat(t *testing.T) {
	inf := math.Inf(1)
	for in, want := range map[string]float64{
		"1": 1, "-1.5": -1.5, " 1 ": 1, "\t1\n": 1, "+1": 1, "1.": 1, ".5": .5, "1e3": 1000, "1d": 1, "1F": 1, "1e3f": 1000, "0x1p3": 8, "-0X1.8P1": -3, "0x1p3d": 8, "Infinity": inf, "+Infinity": inf, "-Infinity": -inf, "1e999": inf,
	} {
		if f, msg := ParseFloat([]byte(in), false); f != want || msg != "" {
			t.Errorf("ParseFloat(%q) = %v, %s", in, f, msg)
		}
	}
	for in, want := range map[string]string{
		"": "empty String", "  ": "empty String", "x": `For input string: "x"`, "nan": `For input string: "nan"`, "inf": `For input string: "inf"`, "1dd": `For input string: "1dd"`, "0x1": `For input string: "0x1"`, "1_0": `For input string: "1_0"`,
		"\u00a01": "For input string: \"\u00a01\"", "infinity": `For input string: "infinity"`, "1e": `For input string: "1e"`, "d": `For input string: "d"`, "٣": `For input string: "٣"`, "--1": `For input string: "--1"`,
	} {
		if _, msg := ParseFloat([]byte(in), false); msg != want {
			t.Errorf("ParseFloat(%q): %s, want %s", in, msg, want)
		}
	}
	if f, _ := ParseFloat([]byte("NaN"), true); f == f {
		t.Error("NaN is a number")
	}
	if f, _ := ParseFloat([]byte("0.1"), true); f != float64(float32(0.1)) {
		t.Errorf("0.1 as a float is %v", f)
	}
}

func TestEpochDay(t *testing.T) {
	for d := time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() < 2500; d = d.AddDate(0, 0, 13) {
		if got, want := EpochDay(d.Year(), int(d.Month()), d.Day()), d.Unix()/86400; got != want {
			t.Fatalf("%v: %d, want %d", d, got, want)
		}
	}
	for _, f := range [][3]int{{2017, 13, 1}, {2017, 0, 1}, {2017, -5, 40}, {2016, 2, 30}, {2017, 1, 0}, {2017, 99, 99}, {0, 1, 1}} {
		if got, want := EpochDay(f[0], f[1], f[2]), time.Date(f[0], time.Month(f[1]), f[2], 0, 0, 0, 0, time.UTC).Unix()/86400; got != want {
			t.Errorf("%v: %d, want %d", f, got, want)
		}
	}
}

func TestDate(t *testing.T) {
	for in, want := range map[string]string{
		"2017-02-07": "2017-02-07", "2017-2-7": "2017-02-07", "2017-02-30": "2017-03-02", "0001-01-01": "0001-01-01", "9999-12-31": "9999-12-31", "٢٠١٧-02-07": "2017-02-07", "+217-1-1": "0217-01-01",
		"2017-02-32": "", "2017-13-01": "", "2017-00-01": "", "17-02-07": "", "10000-1-1": "", " 2017-02-07": "", "2017-02-07 ": "", "2017-02": "", "2017/02/07": "", "": "", "2017-2-7-": "", "2017--1-1": "", "20170207": "",
	} {
		got := ""
		if d, ok := Date([]byte(in)); ok {
			got = time.Unix(d*86400, 0).UTC().Format("2006-01-02")
		}
		if got != want {
			t.Errorf("Date(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTimestamp(t *testing.T) {
	for _, tt := range []struct {
		in   string
		iso  bool
		want string // or the message
	}{
		{"2017-02-07 15:13:01", false, "2017-02-07T15:13:01Z"}, {" 2017-2-7 1:2:3.4 ", false, "2017-02-07T01:02:03.4Z"}, {"2017-02-07 15:13:01.123456789", false, "2017-02-07T15:13:01.123456789Z"},
		{"2017-02-30 24:00:00", false, "2017-03-03T00:00:00Z"}, {"2017-02-07 -1:13:01", false, "2017-02-06T23:13:01Z"}, {"2017-02-07 99:99:99", false, "2017-02-11T04:40:39Z"},
		{"2017-02-07T15:13:01", false, TimestampFormat}, {"2017-02-07T15:13:01", true, "2017-02-07T15:13:01Z"}, {"2017-02-07T15:13:01.39256Z", true, "2017-02-07T15:13:01.39256Z"}, {"2017-13-01T00:00:00Z", true, "2018-01-01T00:00:00Z"},
		{"2017-13-01T00:00:00", true, TimestampFormat}, {"2017-02-07 15:13:01Z", true, `For input string: "01Z"`}, {"2017-02-07T15:13:01+00:00", true, `For input string: "01+00:00"`}, {"2017-02-07  15:13:01", false, `For input string: " 15"`},
		{"2017-02-07 15:13", false, TimestampFormat}, {"2017-02-07 15:13:", false, TimestampFormat}, {"2017-02-07 15:13:01.", false, TimestampFormat}, {"2017-02-07 15:13:01.x", false, TimestampFormat},
		{"2017-02-07 15:13:01.1234567890", false, TimestampFormat}, {"2017-02-07 15:13:01.123Z", false, `For input string: "123Z"`}, {"17-02-07 15:13:01", false, TimestampFormat}, {"2017-02-32 15:13:01", false, TimestampFormat}, {"", false, TimestampFormat}, {"Z", true, TimestampFormat}, {"T", true, TimestampFormat}, {" ", true, TimestampFormat},
	} {
		sec, nanos, got := Timestamp([]byte(tt.in), tt.iso)
		if got == "" {
			got = time.Unix(sec, int64(nanos)).UTC().Format(time.RFC3339Nano)
		}
		if got != tt.want {
			t.Errorf("Timestamp(%q, %v) = %s, want %s", tt.in, tt.iso, got, tt.want)
		}
	}
}

func FuzzTexts(f *testing.F) {
	for _, s := range []string{"2017-02-07T15:13:01Z", "2017-2-7 1:2:3.4", "0x1p3", "1d", "NaN", "-0", "٣", "ΣΣ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := []byte(s)
		Lower(s)
		Cut(b, 3)
		ParseInt(b, 10, -100, 100)
		ParseFloat(b, true)
		if d, ok := Date(b); ok && (d < -1000000 || d > 3000000) {
			t.Errorf("Date(%q) = %d", s, d)
		}
		Timestamp(b, true)
		if string(b) != s {
			t.Errorf("%q was changed to %q", s, b)
		}
	})
}

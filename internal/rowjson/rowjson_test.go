package rowjson

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"
)

func TestAppendFloat(t *testing.T) {
	for _, x := range []float64{0, math.Copysign(0, -1), 1, -1.5, 1e21, 1e20, 1.5e-7, 123456789.125, 1e-6, 1e-7, 1e-10, 5e-324, math.MaxFloat64, math.MaxFloat32} {
		want, _ := json.Marshal(x)
		if got := AppendFloat(nil, x, 64); string(got) != string(want) {
			t.Errorf("%s, want %s", got, want)
		}
		if x > math.MaxFloat32 {
			continue
		}
		want, _ = json.Marshal(float32(x))
		if got := AppendFloat(nil, float64(float32(x)), 32); string(got) != string(want) {
			t.Errorf("32 bits: %s, want %s", got, want)
		}
	}
	for x, want := range map[float64]string{math.Inf(1): `"Infinity"`, math.Inf(-1): `"-Infinity"`} {
		if got := AppendFloat(nil, x, 32); string(got) != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := AppendFloat(nil, math.NaN(), 64); string(got) != `"NaN"` {
		t.Errorf("NaN: %s", got)
	}
}

func TestAppendDecimal(t *testing.T) {
	for _, tt := range []struct {
		negative bool
		digits   string
		scale    int
		want     string
	}{
		{false, "0", 0, "0"}, {true, "0", 3, "0"}, {false, "", 2, "0"}, {false, "0", 38, "0"},
		{false, "100", 0, "100"}, {false, "100", 2, "1"}, {false, "100", 3, "0.1"}, {true, "150", 2, "-1.5"},
		{true, "1", 3, "-0.001"}, {false, "12345", 5, "0.12345"}, {false, "99999999999999999999999999999999999999", 37, "9.9999999999999999999999999999999999999"},
	} {
		if got := AppendDecimal(nil, tt.negative, []byte(tt.digits), tt.scale); string(got) != tt.want {
			t.Errorf("%s, scale %d: %s, want %s", tt.digits, tt.scale, got, tt.want)
		}
	}
}

func FuzzDecimal(f *testing.F) {
	f.Add(int64(-1050), uint8(2))
	f.Fuzz(func(t *testing.T, x int64, scale uint8) {
		abs := new(big.Int).Abs(big.NewInt(x))
		got := string(AppendDecimal(nil, x < 0, abs.Append(nil, 10), int(scale)))
		want := new(big.Rat).SetFrac(big.NewInt(x), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil))
		if r, ok := new(big.Rat).SetString(got); !ok || r.Cmp(want) != 0 || strings.Contains(got, ".") && strings.HasSuffix(got, "0") || !json.Valid([]byte(got)) {
			t.Errorf("%d, scale %d: %s", x, scale, got)
		}
	})
}

func TestDates(t *testing.T) {
	for _, tt := range []struct {
		day               int64
		julian, gregorian string
	}{
		{0, "1969-12-19", "1970-01-01"},
		{-141427, "1582-10-05", "1582-10-15"},
		{-719162, "0001-01-03", "0001-01-01"},
		{-719164, "0001-01-01", "0000-12-30"},
		{-1000000, "-0768-02-12", "-0768-02-04"},
		{2932896, "9999-10-19", "9999-12-31"},
		{2932897, "9999-10-20", "10000-01-01"},
	} {
		j, g := string(AppendDate(nil, Julian(tt.day))), string(AppendDate(nil, Gregorian(tt.day)))
		if j != `"`+tt.julian+`"` || g != `"`+tt.gregorian+`"` {
			t.Errorf("day %d: %s, %s, want %s, %s", tt.day, j, g, tt.julian, tt.gregorian)
		}
	}
}

// FuzzTime holds times of the years 0 to 9999 against package time's.
func FuzzTime(f *testing.F) {
	f.Add(int64(-1), int64(999_000_000))
	f.Add(int64(1500000000), int64(1))
	f.Fuzz(func(t *testing.T, sec, nanos int64) {
		at := time.Unix(sec%(1<<37), nanos%1e9).UTC()
		if at.Year() < 0 || at.Year() > 9999 {
			return
		}
		day := FloorDiv(at.Unix(), 86400)
		got := string(AppendTime(nil, Gregorian(day), at.Unix()-day*86400, int64(at.Nanosecond())))
		if want := at.Format(`"2006-01-02T15:04:05.999999999Z"`); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		got = string(AppendClock(nil, at.Unix()-day*86400, int64(at.Nanosecond())))
		if want := at.Format(`"15:04:05.999999999"`); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}

func TestAppendText(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", `""`},
		{"plain é 日本 🚰", `"plain é 日本 🚰"`},
		{"\"\\/\b\n\r\t\x00\x1f\x7f", `"\"\\/\u0008\n\r\t\u0000\u001f` + "\x7f\""},
		{"a\xffb", "\"a\ufffdb\""},
		{"cut \xe3\x83", "\"cut \ufffd\""}, // one for what was one character
		{"\xe3\x83x\xf0\x9f\x9a", "\"\ufffdx\ufffd\""},
		{"\xed\xa0\x80", "\"\ufffd\ufffd\ufffd\""},
		{"\u2028<>&", "\"\u2028<>&\""},
	} {
		got := string(AppendText(nil, tt.text))
		if got != tt.want || string(AppendText(nil, []byte(tt.text))) != got {
			t.Errorf("%q is %s, want %s", tt.text, got, tt.want)
		}
		var back string
		if err := json.Unmarshal([]byte(got), &back); err != nil {
			t.Errorf("%q: %v", tt.text, err)
		}
	}
}

package hydrant

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzJSONString(f *testing.F) {
	f.Add("plain")
	f.Add("eight by\"te\\s\n\x00\x1f<&>")
	f.Add("\u2028 \xff \xe2\x82 é \U0001F600")
	f.Fuzz(func(t *testing.T, s string) {
		got := AppendJSONString(nil, s)
		if again := AppendJSONString(nil, []byte(s)); !bytes.Equal(got, again) {
			t.Fatalf("%q: %s of a string, %s of bytes", s, got, again)
		}
		var back string
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatalf("%q: %s: %v", s, got, err)
		}
		if utf8.ValidString(s) && back != s || !utf8.ValidString(s) && strings.ReplaceAll(back, "\uFFFD", "") != strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\uFFFD", "") {
			t.Fatalf("%q: %s is %q", s, got, back)
		}
		if un := unescape(nil, got[1:len(got)-1]); string(un) != back {
			t.Fatalf("%q: %s unescaped is %q, want %q", s, got, un, back)
		}
	})
}

// Parts of characters become one U+FFFD each, the vectors of the Unicode standard's table 3-11.
func TestMaximalParts(t *testing.T) {
	const bad = "\uFFFD"
	for in, want := range map[string]string{
		"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82A": strings.Repeat(bad, 8) + "A",
		"\xED\xA0\x80\xED\xBF\xBF\xED\xAFA": strings.Repeat(bad, 8) + "A",
		"\xF4\x91\x92\x93\xFFA\x80\xBFB":    strings.Repeat(bad, 5) + "A" + bad + bad + "B",
		"\xE1\x80\xE2\xF0\x91\x92\xF1\xBFA": strings.Repeat(bad, 4) + "A",
	} {
		if got := AppendJSONString(nil, in); string(got) != `"`+want+`"` {
			t.Errorf("%x: %s, want %q", in, got, want)
		}
	}
}

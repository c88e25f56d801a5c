package hydrant

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"
)

func FuzzJSONString(f *testing.F) {
	f.Add("plain")
	f.Add("eight by\"te\\s\n\x00\x1f<&>")
	f.Add(`\ud83d\ude00 \ud800 \udc00\ud800 \"\/\b\f\n\r\té\u00E9`)
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
		if un := unescape(nil, got[1:len(got)-1]); string(un) != back {
			t.Fatalf("%q: %s unescaped is %q, want %q", s, got, un, back)
		}
		if inside := `"` + s + `"`; utf8.ValidString(s) && json.Unmarshal([]byte(inside), &back) == nil {
			if un := unescape(nil, []byte(s)); string(un) != back {
				t.Fatalf("%s unescaped is %q, want %q", s, un, back)
			}
		}
	})
}

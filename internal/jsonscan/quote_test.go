package jsonscan

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// clean is s with a U+FFFD for each maximal part of a character: what isn't a full rune yet could have gone on.
func clean(s string) string {
	var out strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		for r == utf8.RuneError && n < len(s) && !utf8.FullRuneInString(s[:n+1]) {
			n++
		}
		out.WriteRune(r)
		s = s[n:]
	}
	return out.String()
}

// FuzzQuoted holds AppendQuoted to what encoding/json writes, and AppendUTF8 to the text of that.
func FuzzQuoted(f *testing.F) {
	f.Add("")
	f.Add("plain")
	f.Add("eight by\"te\\s\n\x00\x1f<&>\x7f/ and more of them")
	f.Add("\b\f\n\r\t\v")
	f.Add("\u2028 \xff \xe2\x82 é \U0001F600 \xed\xa0\x80 日本 \xf0\x9f\x9a")
	f.Fuzz(func(t *testing.T, s string) {
		want := clean(s)
		var std bytes.Buffer
		enc := json.NewEncoder(&std)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(want); err != nil {
			t.Fatal(err)
		}
		// encoding/json escapes two characters more, for the sake of JavaScript.
		pairs := []string{`\\`, `\\`, `\u2028`, "\u2028", `\u2029`, "\u2029"}
		for e, pairs := range [][]string{EscapeShort: pairs, EscapeWhite: append(pairs, `\b`, `\u0008`, `\f`, `\u000c`)} {
			quoted := strings.NewReplacer(pairs...).Replace(strings.TrimSuffix(std.String(), "\n"))
			if got := string(AppendQuoted([]byte("x"), s, Escapes(e))); got != "x"+quoted {
				t.Errorf("%q: %s, want x%s", s, got, quoted)
			}
			if got := string(AppendQuoted(nil, []byte(s), Escapes(e))); got != quoted {
				t.Errorf("bytes of %q: %s, want %s", s, got, quoted)
			}
			if text, end := AppendString(nil, []byte(quoted), 1); end != len(quoted) || string(text) != want {
				t.Errorf("%q: %s is read as %q", s, quoted, text)
			}
		}
		if got := string(AppendUTF8([]byte("x"), []byte(s))); got != "x"+want {
			t.Errorf("text of %q: %q, want x%q", s, got, want)
		}
	})
}

// Parts of characters become one U+FFFD each: the examples of the Unicode standard's tables 3-8 to 3-11.
func TestMaximalParts(t *testing.T) {
	const bad = "\uFFFD"
	for in, want := range map[string]string{
		"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82A": strings.Repeat(bad, 8) + "A",
		"\xED\xA0\x80\xED\xBF\xBF\xED\xAFA": strings.Repeat(bad, 8) + "A",
		"\xF4\x91\x92\x93\xFFA\x80\xBFB":    strings.Repeat(bad, 5) + "A" + bad + bad + "B",
		"\xE1\x80\xE2\xF0\x91\x92\xF1\xBFA": strings.Repeat(bad, 4) + "A",
	} {
		if got := AppendQuoted(nil, in, EscapeShort); string(got) != `"`+want+`"` {
			t.Errorf("%x: %s, want %q", in, got, want)
		}
	}
}

func TestQuotedAllocations(t *testing.T) {
	text, dst := "a \"quoted\" text \x01 of é and \xff, longer than eight", make([]byte, 0, 200)
	if n := testing.AllocsPerRun(10, func() {
		dst = AppendQuoted(dst[:0], text, EscapeShort)
		dst = AppendQuoted(dst, dst, EscapeWhite)[:0]
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

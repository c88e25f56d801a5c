package record

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
	"unsafe"
)

func TestSize(t *testing.T) {
	if n := unsafe.Sizeof(Record{}); n != 88 {
		t.Errorf("a record header is %d bytes; the buffers are laid out for 88", n)
	}
}

func TestIDs(t *testing.T) {
	r := Record{Seq: 1234}
	want := "shardId-000000000000" + "49" + strings.Repeat("0", 50) + "1234" + "000000000000"
	if got := string(r.AppendID(nil)); got != want {
		t.Errorf("id %s, want %s", got, want)
	}
	r.Sub, r.Part = 5, true
	if got, want := string(r.AppendID(nil)), want+".00000000000000000005"; got != want {
		t.Errorf("id of a part %s, want %s", got, want)
	}
	if got := string(r.AppendSequence(nil)); len(got) != 56 {
		t.Errorf("sequence number %s has %d digits", got, len(got))
	}
	r.Source = &Source{SequenceNumber: "4954"}
	if got := string(r.AppendSequence(nil)); got != "4954" {
		t.Errorf("sequence number %s, want the source's", got)
	}
}

func TestUUID(t *testing.T) {
	a := Seed(1).UUID("s3", 1, 0, 7, 0)
	if b := Seed(1).UUID("s3", 1, 0, 7, 0); a != b {
		t.Errorf("%s and %s from the same facts", a, b)
	}
	if b := Seed(2).UUID("s3", 1, 0, 7, 0); a == b {
		t.Error("the seed makes no difference")
	}
	if len(a) != 36 || a[14] != '4' || !strings.ContainsRune("89ab", rune(a[19])) {
		t.Errorf("%s is no version 4 UUID", a)
	}
}

func TestIntern(t *testing.T) {
	long := strings.Repeat("x", 100)
	sets := []Keys{
		{Query: []string{"a", "bc"}}, {Query: []string{"ab", "c"}}, {Lambda: []string{"a", "bc"}}, {Lambda: []string{"a"}, Query: []string{"bc"}},
		{Query: []string{"a", "bc"}, Table: "t"}, {Query: []string{long}}, {Query: []string{long + "y"}}, {},
	}
	for name, hash := range map[string]func([]byte) uint64{"hashed": nil, "all alike": func([]byte) uint64 { return 1 }} {
		in := Interner{hash: hash}
		in.Forget(&sets[0])
		var kept []*Keys
		for i, k := range sets {
			p := in.Intern(k)
			if slices.Contains(kept, p) || fmt.Sprint(*p) != fmt.Sprint(k) {
				t.Errorf("%s: %v is taken for %v", name, k, *p)
			}
			if kept = append(kept, p); in.Len() != i+1 {
				t.Errorf("%s: %d sets, want %d", name, in.Len(), i+1)
			}
		}
		for i, k := range sets {
			if in.Intern(k) != kept[i] {
				t.Errorf("%s: %v is two partitions", name, k)
			}
		}
		for _, i := range []int{3, 0, 7} {
			if in.Forget(kept[i]); in.Intern(sets[i]) == kept[i] {
				t.Errorf("%s: %v isn't forgotten", name, sets[i])
			}
		}
		for i, k := range sets {
			if same := in.Intern(k) == kept[i]; same == (i == 0 || i == 3 || i == 7) {
				t.Errorf("%s: %v: the one of before: %v", name, k, same)
			}
			in.Forget(&k)
		}
		if in.Len() != 0 || len(in.table) != 0 {
			t.Errorf("%s: %d sets are left", name, in.Len())
		}
	}
}

// TestAppendString: what isn't UTF-8 becomes one U+FFFD for each character that is cut off, as Java has it.
func TestAppendString(t *testing.T) {
	for in, want := range map[string]string{"a\xe3\x83b": "\"a\ufffdb\"", "\xff\xff": "\"\ufffd\ufffd\"", "é\x01\"": `"é\u0001\""`} {
		if got := AppendString(nil, in); string(got) != want {
			t.Errorf("%q is written %s, want %s", in, got, want)
		}
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("a\"\\\n\x00é\xff\u2028")
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		out := AppendString(nil, s)
		if err := json.Unmarshal(out, &got); err != nil || got != strings.ToValidUTF8(s, "\uFFFD") && utf8.ValidString(s) {
			t.Errorf("%q is written %s, which reads as %q, %v", s, out, got, err)
		}
		if b := AppendString(nil, []byte(s)); string(b) != string(out) {
			t.Errorf("%s as a string, %s as bytes", out, b)
		}
	})
}

package jsonrow

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

// Keys of every length come back as what they were resolved to, expected or not, with all kinds of blanks.
func TestKeys(t *testing.T) {
	var names []string
	for n := range 40 {
		names = append(names, strings.Repeat("k", n), strings.Repeat("k", n)+"x", "é"+strings.Repeat("y", n), `\u00e9`+strings.Repeat("z", n))
	}
	for _, limit := range []int{0, 1, 5, 1000} {
		resolved := map[string]int{}
		k := newKeys(limit, func(raw []byte) int {
			if _, ok := resolved[string(raw)]; !ok {
				resolved[string(raw)] = len(resolved)
			}
			return resolved[string(raw)]
		})
		r := rand.New(rand.NewPCG(1, uint64(limit)))
		prev := 0
		for step := range 5000 {
			name := names[step%len(names)]
			if step%7 == 0 {
				name = names[r.IntN(len(names))]
			}
			blank := []string{"", " ", "\n\t"}[r.IntN(3)]
			b := []byte(`,"` + name + `"` + blank + `:1` + strings.Repeat(" ", r.IntN(20)))
			id, end := -1, -1
			if s := k.slots[prev].next; k.slots[s].matches(b, 0, 0) && k.slots[s].long(b, 0) {
				id, end, prev = k.slots[s].id, len(k.slots[s].text), int(s)
			} else {
				id, prev, end = k.find(b, 1, prev)
			}
			if want, ok := resolved[name]; !ok || id != want || end != len(name)+len(blank)+4 {
				t.Fatalf("%q: %d, %d, want %d, %d", b, id, end, want, len(name)+len(blank)+4)
			}
		}
		if len(k.slots) > limit+2 {
			t.Errorf("%d spellings are remembered, %d are allowed", len(k.slots)-1, limit)
		}
	}
	for _, b := range []string{``, `"`, `"a`, `"a"`, `"a" 1`, `a:1`, `"\x":1`, "\"\xff\":1", "\"\n\":1"} {
		k := newKeys(5, func([]byte) int { return 0 })
		if _, _, end := k.find([]byte(b), 0, 0); end >= 0 {
			t.Errorf("%q is a key", b)
		}
	}
}

// A set of keys is what maps say, nested at random.
func TestKeySet(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	reader := &Reader{Dialect: Dialect{Fold: true}}
	var s keySet
	var fill func(depth int)
	fill = func(depth int) {
		outer := s.open()
		defer s.close(outer)
		model := map[string]bool{}
		for range r.IntN(60) {
			if depth < 3 && r.IntN(10) == 0 {
				fill(depth + 1)
			}
			name := fmt.Sprintf("Key%d", r.IntN(100))
			if r.IntN(5) == 0 {
				name = fmt.Sprintf(`\u004bÉ%d`, r.IntN(9))
			}
			want := strings.ToLower(Unescape([]byte(name)))
			key, ok := s.add(reader, []byte(name), 0, len(name))
			if string(key) != want || ok == model[want] {
				t.Fatalf("%s: %q, %v, want %q, %v", name, key, ok, want, !model[want])
			}
			model[want] = true
		}
	}
	for range 100 {
		s.reset()
		fill(0)
		if len(s.keys) != 0 || len(s.text) != 0 || len(s.table) != 0 {
			t.Fatalf("left behind: %+v", s)
		}
	}
}

func TestFull(t *testing.T) {
	b := column.NewBatch([]schema.Column{{Name: "a", Type: &schema.Type{Kind: schema.Array, Elem: &schema.Type{Kind: schema.String}}}})
	r := &Reader{}
	if err := r.Full(b, watch-1); err != nil {
		t.Error(err)
	}
	b.Rows = 1
	if err := r.Full(b, 100); err != nil || r.given < watch {
		t.Errorf("%d: %v", r.given, err)
	}
	if err := r.Full(b, 1<<30); err == nil {
		t.Error("a record of a gigabyte is taken")
	}
	b.Columns[0].Children[0].Len = 1<<31 - 200 // as many elements
	if err := r.Full(b, 100); err == nil {
		t.Error("no offset is left")
	}
	b.Rows = 0
	if err := r.Full(b, 1); err != nil {
		t.Error(err)
	}
}

func TestLower(t *testing.T) {
	for _, s := range []string{"", "a", "ABCXYZ", "@AZ[`az{", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefgh", "\x7f~^_\\]ABCDEFGH"} {
		for n := range 9 {
			b := []byte(strings.Repeat("Z", n) + s)
			want := strings.ToLower(string(b))
			if !lower(b) || string(b) != want {
				t.Errorf("%q, want %q", b, want)
			}
		}
	}
	if lower([]byte("abcdefghÉ")) || lower([]byte("Éabcdefgh")) {
		t.Error("not ASCII, and taken")
	}
}

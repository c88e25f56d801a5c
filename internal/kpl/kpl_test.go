package kpl

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"reflect"
	"testing"
)

// The vector of sources.md §5: a and b, both with the partition key pk.
const vector = "f3899ac20a02706b1a0508001a01611a0508001a01626f1e24de96254daad79df3c1c7a9940f"

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestVector(t *testing.T) {
	want := []Child{{PartitionKey: "pk", Data: []byte("a")}, {PartitionKey: "pk", Data: []byte("b")}}
	b := unhex(t, vector)
	if !Is(b) {
		t.Fatal("not an aggregate")
	}
	got, err := Parse(nil, b)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Parse = %v, %v", got, err)
	}
	if got := Append(nil, want); !bytes.Equal(got, b) {
		t.Errorf("Append = %x", got)
	}
}

func aggregate(body string) []byte {
	sum := md5.Sum([]byte(body))
	return append(append(bytes.Clone(magic), body...), sum[:]...)
}

func TestNotAggregated(t *testing.T) {
	good := unhex(t, vector)
	for _, b := range [][]byte{nil, good[:19], good[1:], append(bytes.Clone(good), 0), []byte("plain text that is long enough")} {
		if Is(b) {
			t.Errorf("%x is an aggregate", b)
		}
	}
}

func TestBroken(t *testing.T) {
	for name, body := range map[string]string{
		"no such key":      "\x1a\x05\x08\x00\x1a\x01a",
		"no data":          "\x0a\x01k\x1a\x02\x08\x00",
		"no key":           "\x0a\x01k\x1a\x03\x1a\x01a",
		"length too large": "\x0a\x7fk",
		"field 0":          "\x02\x01k",
		"group":            "\x0b",
		"cut in a varint":  "\x0a\x80",
		"no such hash key": "\x0a\x01k\x1a\x07\x08\x00\x10\x00\x1a\x01a",
	} {
		if got, err := Parse(nil, aggregate(body)); err == nil || len(got) != 0 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got, err := Parse(nil, aggregate("")); err != nil || len(got) != 0 {
		t.Errorf("empty aggregate: %v, %v", got, err)
	}
	// Fields that nobody knows, and tables behind the records.
	got, err := Parse(nil, aggregate("\x1a\x0a\x08\x00\x1a\x01a\x22\x03\x0a\x01t\x0a\x01k\x29\x00\x00\x00\x00\x00\x00\x00\x00\x2d\x00\x00\x00\x00\x30\x07"))
	if err != nil || len(got) != 1 || got[0].PartitionKey != "k" || string(got[0].Data) != "a" {
		t.Errorf("unknown fields: %v, %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("\x0a\x02pk\x1a\x05\x08\x00\x1a\x01a"))
	f.Fuzz(func(t *testing.T, body []byte) {
		b := aggregate(string(body))
		children, err := Parse(nil, b)
		if err != nil {
			return
		}
		again, err := Parse(nil, Append(nil, children))
		if err != nil || len(again) != len(children) {
			t.Fatalf("%d children, then %d, %v", len(children), len(again), err)
		}
		for i, c := range children {
			if a := again[i]; a.PartitionKey != c.PartitionKey || a.ExplicitHashKey != c.ExplicitHashKey || !bytes.Equal(a.Data, c.Data) {
				t.Fatalf("child %d: %v, then %v", i, c, a)
			}
		}
	})
}

package b64

import (
	"bytes"
	"encoding/base64"
	"testing"
)

func FuzzBase64(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte("aGVsbG8sIHdvcmxkISBoZWxsbywgd29ybGQh"))
	f.Add([]byte("YQ=="))
	f.Add([]byte("YR==\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got := Append([]byte("x"), b)
		if want := "x" + base64.StdEncoding.EncodeToString(b); string(got) != want {
			t.Fatalf("%x: %s, want %s", b, got, want)
		}
		// What was encoded decodes, and so does what encoding/base64 takes, line breaks aside.
		for _, src := range [][]byte{got[1:], b} {
			dst := make([]byte, base64.StdEncoding.DecodedLen(len(src)))
			n, ok := Decode(dst, src)
			want, err := base64.StdEncoding.DecodeString(string(src))
			if ok != (err == nil && !bytes.ContainsAny(src, "\r\n")) || ok && !bytes.Equal(dst[:n], want) {
				t.Fatalf("%q: %q, %v, want %q, %v", src, dst[:n], ok, want, err)
			}
			if got, errs := AppendDecode([]byte("x"), src); (errs == nil) != (err == nil) || err == nil && string(got) != "x"+string(want) {
				t.Fatalf("%q: %q, %v, want %q, %v", src, got, errs, want, err)
			}
		}
	})
}

func BenchmarkBase64(b *testing.B) {
	data := bytes.Repeat([]byte("0123456789abcdef-_xyz"), 20)
	text := Append(nil, data)
	room := make([]byte, 1024)
	for name, f := range map[string]func(){
		"decode":          func() { Decode(room, text) },
		"decode/encoding": func() { base64.StdEncoding.Decode(room, text) },
		"encode":          func() { Append(room[:0], data) },
		"encode/encoding": func() { base64.StdEncoding.Encode(room, data) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				f()
			}
		})
	}
}

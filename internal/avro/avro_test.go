package avro

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
)

const everything = `{"type":"record","name":"all","fields":[
	{"name":"i","type":"int","field-id":7},{"name":"l","type":["null","long"],"default":null},{"name":"r","type":["long","null"]},
	{"name":"f","type":"float"},{"name":"d","type":"double"},{"name":"b","type":"bytes"},{"name":"s","type":{"type":"string"}},
	{"name":"x","type":{"type":"fixed","name":"four","size":4}},{"name":"y","type":"four"},{"name":"o","type":"boolean"},
	{"name":"e","type":{"type":"enum","name":"en","symbols":["A","B"]}},{"name":"n","type":"null"},
	{"name":"a","type":{"type":"array","items":{"type":"record","name":"kv","fields":[{"name":"key","type":"int"},{"name":"value","type":"bytes"}]}}},
	{"name":"m","type":{"type":"map","values":["null","string"]}}]}`

func record(t testing.TB) *Record {
	t.Helper()
	s, err := Parse([]byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	kv := New(s.Fields[12].Type.Element(), map[string]any{"key": int64(3), "value": []byte("v")})
	return New(s, map[string]any{"i": int64(-5), "l": int64(math.MaxInt64), "f": float32(1.5), "d": -2.5, "b": []byte{0, 1}, "s": "é",
		"x": []byte("abcd"), "y": []byte("efgh"), "o": true, "e": int64(1), "a": []any{kv, kv}, "m": map[string]any{"k": "v", "z": nil}})
}

// TestRoundTrip: what is written is read again, and fields are found by id, then by name.
func TestRoundTrip(t *testing.T) {
	r := record(t)
	data, err := Append([]byte("before"), r.Schema, map[string]string{"format-version": "2", "content": "data"}, [16]byte{1, 2}, []any{r, r})
	if err != nil {
		t.Fatal(err)
	}
	f, err := Read(bytes.TrimPrefix(data, []byte("before")))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Values) != 2 || f.Meta["content"] != "data" || len(f.Meta) != 2 {
		t.Fatalf("%d values, %v", len(f.Values), f.Meta)
	}
	got := f.Values[1].(*Record)
	if got.Get(7, "no") != int64(-5) || got.Get(-1, "s") != "é" || got.Get(9, "no") != nil {
		t.Error("a field isn't found")
	}
	again, err := Append(nil, f.Schema, f.Meta, [16]byte{1, 2}, f.Values)
	if err != nil || !bytes.Equal(again, data[6:]) {
		t.Errorf("written again it is another file: %v", err)
	}
	c := got.Copy()
	if !c.Set(7, "i", int64(1)) || got.Get(7, "") != int64(-5) || c.Set(-1, "no", nil) {
		t.Error("a copy isn't one")
	}
	if empty, err := Append(nil, r.Schema, nil, [16]byte{}, nil); err != nil {
		t.Error(err)
	} else if f, err := Read(empty); err != nil || len(f.Values) != 0 {
		t.Errorf("no values: %v", err)
	}
}

// TestWrongValues: a value of another type than the schema's isn't written.
func TestWrongValues(t *testing.T) {
	r := record(t)
	for i := range r.Values {
		bad := r.Copy()
		bad.Values[i] = struct{}{}
		if _, err := Append(nil, r.Schema, nil, [16]byte{}, []any{bad}); err == nil || !strings.Contains(err.Error(), "struct {}") {
			t.Errorf("%s: %v", r.Schema.Fields[i].Name, err)
		}
	}
}

func TestSchemas(t *testing.T) {
	for _, text := range []string{``, `"no"`, `{}`, `[]`, `["int","long"]`, `["null","int","long"]`, `{"type":"fixed","name":"f","size":-1}`,
		`{"type":"record","name":"a","fields":[{"name":"a","type":"a"}]}`, strings.Repeat(`{"type":"array","items":`, 1000), `{"type":1}`,
		strings.Repeat(`{"type":`, 100) + `"int"` + strings.Repeat(`}`, 100)} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%.60s is a schema", text)
		}
	}
	s, err := Parse([]byte(`["null"]`))
	if err != nil || !reflect.DeepEqual(s.kind, kindNull) {
		t.Errorf("%v", err)
	}
}

// TestBroken: no prefix of a file is one, unless it ends with a block.
func TestBroken(t *testing.T) {
	r := record(t)
	data, _ := Append(nil, r.Schema, nil, [16]byte{9}, []any{r})
	whole, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	for n := range data {
		if f, err := Read(data[:n]); err == nil && len(f.Values) == len(whole.Values) {
			t.Errorf("%d of %d bytes are a file", n, len(data))
		}
	}
}

func FuzzRead(f *testing.F) {
	r := record(f)
	data, _ := Append(nil, r.Schema, map[string]string{"k": "v"}, [16]byte{9}, []any{r, r})
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Read(data)
		if err != nil {
			return
		}
		if _, err := Append(nil, file.Schema, file.Meta, [16]byte{}, file.Values); err != nil {
			t.Errorf("what was read can't be written: %v", err)
		}
	})
}

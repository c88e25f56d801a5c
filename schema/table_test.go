package schema

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestNewTable(t *testing.T) {
	for _, tt := range []struct {
		columns [][2]string
		want    string // the columns as a struct
		err     string
	}{
		{columns: [][2]string{{"ID", "INT"}, {"B c", "Array<String>"}}, want: "struct<id:int,`b c`:array<string>>"},
		{columns: [][2]string{{"İ", "int"}}, want: "struct<i̇:int>"},
		{columns: nil, err: "no columns"},
		{columns: [][2]string{{"a", "int"}, {"A", "int"}}, err: `column "a" twice`},
		{columns: [][2]string{{"", "int"}}, err: "no name"},
		{columns: [][2]string{{"a", "in"}}, err: `column a: type "in": unknown type "in" at character 1`},
	} {
		got, err := NewTable(tt.columns...)
		switch {
		case tt.err != "":
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("NewTable(%q) = %v, want error %s", tt.columns, err, tt.err)
			}
		case err != nil || got.Struct().String() != tt.want:
			t.Errorf("NewTable(%q) = %v, %v, want %s", tt.columns, got, err, tt.want)
		}
	}
	if _, err := FromStruct(&Type{Kind: Int}); err == nil || !strings.Contains(err.Error(), "not int") {
		t.Errorf("FromStruct(int): %v", err)
	}
}

func TestTypeText(t *testing.T) {
	var v struct{ T *Type }
	if err := json.Unmarshal([]byte(`{"T":"Struct<a:int>"}`), &v); err != nil || v.T.String() != "struct<a:int>" {
		t.Errorf("%v, %v", v.T, err)
	}
	if text, err := json.Marshal(v); err != nil || string(text) != `{"T":"struct\u003ca:int\u003e"}` {
		t.Errorf("%s, %v", text, err)
	}
	if err := json.Unmarshal([]byte(`{"T":"x"}`), &v); err == nil {
		t.Error("x is a type")
	}
}

func TestPlace(t *testing.T) {
	for _, tt := range []struct {
		p    Place
		want string
	}{
		{Place{}, ""}, {Place{File: "f"}, "f"}, {Place{File: "f", Line: 2, Record: 3}, "f:2"}, {Place{Line: 2}, "line 2"},
		{Place{File: "f", Record: 3}, "f record 3"}, {Place{Record: 3}, "record 3"},
	} {
		if got := tt.p.String(); got != tt.want {
			t.Errorf("%+v is %q, want %q", tt.p, got, tt.want)
		}
	}
	if got := excerpt([]byte(strings.Repeat("é", 40))); got != strings.Repeat("é", 30)+"…" {
		t.Errorf("excerpt %q", got)
	}
	if got := appendPath("a", "b.c"); got != "a.`b.c`" {
		t.Errorf("path %q", got)
	}
}

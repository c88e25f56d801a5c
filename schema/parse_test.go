package schema

import (
	"errors"
	"strings"
	"testing"
)

func TestParseType(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"int", "int"},
		{" INTEGER ", "int"},
		{"decimal", "decimal(10,0)"},
		{"Decimal( 5 , 2 )", "decimal(5,2)"},
		{"char(3)", "char(3)"},
		{"array < map<string , double> >", "array<map<string,double>>"},
		{"struct<Id:int,`a b`:string>", "struct<id:int,`a b`:string>"},
		{"struct<a:int comment 'it''',b:string COMMENT \"x\\\"y\">", ""},
		{"struct<a:int comment 'the id',b:string COMMENT \"x\\\"y\">", "struct<a:int,b:string>"},
		{"struct<a-b:int,$c:date,`d``e`:timestamp>", "struct<a-b:int,$c:date,`d``e`:timestamp>"},
		{"struct<comment:string>", "struct<comment:string>"},
	} {
		got, err := ParseType(tt.text)
		if tt.want == "" {
			if err == nil {
				t.Errorf("ParseType(%q) = %s, want an error", tt.text, got)
			}
			continue
		}
		if err != nil || got.String() != tt.want {
			t.Errorf("ParseType(%q) = %v, %v, want %s", tt.text, got, err, tt.want)
			continue
		}
		again, err := ParseType(got.String())
		if err != nil || !again.Equal(got) {
			t.Errorf("ParseType(%q) doesn't read its own text: %v, %v", got, again, err)
		}
	}
}

func TestParseTypeErrors(t *testing.T) {
	for _, tt := range []struct {
		text   string
		offset int
		msg    string
	}{
		{"", 0, "expected a type"},
		{"strin", 0, `unknown type "strin"`},
		{"array<set<string>>", 6, "make it array"},
		{"array<int", 9, `expected ">"`},
		{"int>", 3, "unexpected text"},
		{"decimal(39,2)", 8, "precision must be 1 to 38"},
		{"decimal(5,6)", 10, "scale must be 0 to 5"},
		{"char(256)", 5, "length must be 1 to 255"},
		{"varchar(99999999999999999999)", 8, "length must be 1 to 65535"},
		{"map<array<int>,int>", 4, "primitive"},
		{"struct<a:int,a:int>", 13, "twice"},
		{"struct<a int>", 12, `expected ":"`},
		{"struct<>", 7, "member name"},
		{"struct<`a:int>", 7, "not closed"},
		{strings.Repeat("array<", 65) + "int" + strings.Repeat(">", 65), 384, "deeper than 64"},
	} {
		_, err := ParseType(tt.text)
		var te *TypeError
		if !errors.As(err, &te) || te.Offset != tt.offset || !strings.Contains(err.Error(), tt.msg) {
			t.Errorf("ParseType(%.40q) = %v, want %q at %d", tt.text, err, tt.msg, tt.offset)
		}
	}
}

func FuzzParseType(f *testing.F) {
	f.Add("struct<a:int comment 'x',`b c`:array<map<string,decimal(5,2)>>>")
	f.Fuzz(func(t *testing.T, text string) {
		typ, err := ParseType(text)
		if err != nil {
			_ = err.Error()
			return
		}
		again, err := ParseType(typ.String())
		if err != nil || !again.Equal(typ) {
			t.Errorf("%q parses as %s, and that as %v, %v", text, typ, again, err)
		}
	})
}

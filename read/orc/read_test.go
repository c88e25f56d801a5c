package orc

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const test1 = "TestOrcFile.test1.orc"

func TestRows(t *testing.T) {
	for _, tt := range []struct {
		file    string
		columns []string
		limit   int64
		want    string
	}{
		{file: test1, want: `{"boolean1":false,"byte1":1,"short1":1024,"int1":65536,"long1":9223372036854775807,"float1":1,"double1":-15,"bytes1":"AAECAwQ=","string1":"hi","middle":{"list":[{"int1":1,"string1":"bye"},{"int1":2,"string1":"sigh"}]},"list":[{"int1":3,"string1":"good"},{"int1":4,"string1":"bad"}],"map":{}}
{"boolean1":true,"byte1":100,"short1":2048,"int1":65536,"long1":9223372036854775807,"float1":2,"double1":-5,"bytes1":"","string1":"bye","middle":{"list":[{"int1":1,"string1":"bye"},{"int1":2,"string1":"sigh"}]},"list":[{"int1":100000000,"string1":"cat"},{"int1":-100000,"string1":"in"},{"int1":1234,"string1":"hat"}],"map":{"chani":{"int1":5,"string1":"chani"},"mauddib":{"int1":1,"string1":"mauddib"}}}
`},
		{file: test1, columns: []string{"string1", "INT1"}, want: `{"int1":65536,"string1":"hi"}
{"int1":65536,"string1":"bye"}
`},
		{file: test1, columns: []string{"middle.list.int1", "map.string1", "byte1"}, limit: 1, want: `{"byte1":1,"middle":{"list":[{"int1":1},{"int1":2}]},"map":{}}
`},
		{file: "TestOrcFile.testTimestamp.orc", limit: 3, want: `{"_col0":"2037-01-01T00:00:00.000999Z"}
{"_col0":"2003-01-01T00:00:00.000000222Z"}
{"_col0":"1999-01-01T00:00:00.999999999Z"}
`},
		{file: "TestOrcFile.testStringAndBinaryStatistics.orc", want: `{"bytes1":"AAECAwQ=","string1":"foo"}
{"bytes1":"AAECAw==","string1":"bar"}
{"bytes1":"AAECAwQF","string1":null}
{"bytes1":null,"string1":"hi"}
`},
		{file: "orc_split_elim_new.orc", columns: []string{"userid", "decimal1", "ts"}, limit: 1, want: `{"userid":2,"decimal1":1.2,"ts":"1969-12-31T16:00:00Z"}
`},
	} {
		var out bytes.Buffer
		err := open(t, readFile(t, tt.file)).Rows(&out, tt.columns, tt.limit)
		if err != nil || out.String() != tt.want {
			t.Errorf("%s %v: %v\n%s want\n%s", tt.file, tt.columns, err, out.String(), tt.want)
		}
	}
}

func TestUnknownColumns(t *testing.T) {
	f := open(t, readFile(t, test1))
	for _, name := range []string{"nope", "int1.x", "middle.x", "middle.list.x", "map.key", ""} {
		err := f.Rows(&bytes.Buffer{}, []string{name}, 0)
		if err == nil || !strings.Contains(err.Error(), "no column "+name+"; there are boolean1, byte1") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	valid := readFile(t, test1)
	change := func(do func(b []byte) []byte) []byte { return do(bytes.Clone(valid)) }
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "not an ORC file"},
		{"another format", []byte("PAR1 but not ORC, and long enough"), "not an ORC file"},
		{"only the magic", []byte("ORC"), "not an ORC file"},
		{"cut off", valid[:len(valid)-1], "not an ORC file"},
		{"its middle is gone", append(bytes.Clone(valid[:100]), valid[len(valid)-40:]...), "lengths exceed the file"},
		{"length of the postscript", change(func(b []byte) []byte { b[len(b)-1] = 0; return b }), "not an ORC file"},
	} {
		_, err := Open(bytes.NewReader(tt.data), int64(len(tt.data)))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// message makes protobuf fields: number, value by turns; values are ints, strings or messages.
func message(fields ...any) []byte {
	var b []byte
	for i := 0; i < len(fields); i += 2 {
		n := uint64(fields[i].(int))
		switch v := fields[i+1].(type) {
		case int:
			b = appendUvarint(appendUvarint(b, n<<3), uint64(v))
		case string:
			b = append(appendUvarint(appendUvarint(b, n<<3|2), uint64(len(v))), v...)
		case []byte:
			b = append(appendUvarint(appendUvarint(b, n<<3|2), uint64(len(v))), v...)
		}
	}
	return b
}

func appendUvarint(b []byte, x uint64) []byte {
	for ; x >= 0x80; x >>= 7 {
		b = append(b, byte(x)|0x80)
	}
	return append(b, byte(x))
}

// build makes an uncompressed file of a body and a footer.
func build(body, footer []byte) []byte {
	b := append([]byte("ORC"), body...)
	b = append(b, footer...)
	ps := message(1, len(footer), 2, 0, 4, "\x00\x0c", 5, 0, 6, 9, 8000, "ORC")
	return append(append(b, ps...), byte(len(ps)))
}

// TestHostile has files whose structure is whole and whose content isn't.
func TestHostile(t *testing.T) {
	structOf := func(name string, id string) []byte { return message(1, 12, 2, id, 3, name) }
	integer, text, list := message(1, 3), message(1, 7), func(id string) []byte { return message(1, 10, 2, id) }
	stripe := func(rows, data, footer int) []byte { return message(1, 3, 2, 0, 3, data, 4, footer, 5, rows) }
	deep := []any{4, structOf("a", "\x01")}
	for i := range 100 {
		deep = append(deep, 4, list(string(appendUvarint(nil, uint64(i+2)))))
	}
	deep = append(deep, 4, integer)
	members := ""
	for id := range 1000 {
		members += string(appendUvarint(nil, uint64(id+2)))
	}
	wide := []any{1, 12, 2, members}
	for range 1000 {
		wide = append(wide, 3, "x")
	}
	long := []any{4, structOf(strings.Repeat("n", 100_000), "\x01"), 4, message(wide...)}
	for range 1000 {
		long = append(long, 4, integer)
	}
	// one column of integers, whose stripe is data and a footer that says what is in it
	one := func(t []byte, rows int, data string, streams ...any) []byte {
		footer := message(append(streams, 2, message(1, 0), 2, message(1, 2))...)
		return build(append([]byte(data), footer...), message(3, stripe(rows, len(data), len(footer)), 4, structOf("a", "\x01"), 4, t, 6, rows))
	}
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"no types", build(nil, message(6, 0)), "no types"},
		{"a type in itself", build(nil, message(4, structOf("a", "\x00"))), "can't have type 0 as its member"},
		{"a type of two", build(nil, message(4, message(1, 12, 2, "\x01\x01", 3, "a", 3, "b"), 4, integer)), "can't have type 1"},
		{"members out of order", build(nil, message(4, message(1, 12, 2, "\x02\x01", 3, "a", 3, "b"), 4, integer, 4, integer)), "can't have type 1"},
		{"long names", build(nil, message(long...)), "names of columns are too long"},
		{"a type of none", build(nil, message(4, integer, 4, integer)), "type 1 belongs to none"},
		{"a list of two", build(nil, message(4, list("\x01\x02"), 4, integer, 4, integer)), "has 2 members, not 1"},
		{"an unknown kind", build(nil, message(4, message(1, 77))), "unknown kind 77"},
		{"deep types", build(nil, message(deep...)), "nested deeper than 64"},
		{"rows that aren't there", build(nil, message(4, structOf("a", "\x01"), 4, integer, 6, 5)), "5 rows, of which the stripes have 0"},
		{"a stripe outside", build(nil, message(3, stripe(1, 100, 1), 4, structOf("a", "\x01"), 4, integer, 6, 1)), "stripe 0 exceeds the file"},
		{"no data", one(integer, 1<<30, ""), "1073741824 rows and no streams"},
		{"too little data", one(integer, 1<<30, "\x0a\x27\x10", 1, message(1, 1, 2, 1, 3, 3)), "column a, values: it ends too early"},
		{"a stream longer than its stripe", one(integer, 5, "\x0a\x27\x10", 1, message(1, 1, 2, 1, 3, 30)), "streams exceed the stripe"},
		{"a patch outside of its run", one(integer, 5, "\x8e\x04\x00\xe1\x00\x00\x00\x00\x00\xff\x01", 1, message(1, 1, 2, 1, 3, 11)), "column a, values"},
		{"text of 2^50 bytes", one(text, 1, "\x78\x41\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00", 1, message(1, 1, 2, 1, 3, 1), 1, message(1, 2, 2, 1, 3, 11)), "column a, values"},
	} {
		f, err := Open(bytes.NewReader(tt.data), int64(len(tt.data)))
		if err == nil {
			err = f.Rows(&bytes.Buffer{}, nil, 0)
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	// what the others are variations of
	valid := one(integer, 5, "\x0a\x27\x10", 1, message(1, 1, 2, 1, 3, 3))
	if got := rows(t, valid); string(got) != strings.Repeat("{\"a\":5000}\n", 5) {
		t.Errorf("the valid file has rows %s", got)
	}
}

func TestUnion(t *testing.T) {
	footer := message(1, message(1, 1, 2, 1, 3, 3), 1, message(1, 1, 2, 2, 3, 2), 1, message(1, 1, 2, 3, 3, 2), 1, message(1, 2, 2, 3, 3, 3),
		2, message(1, 0), 2, message(1, 0), 2, message(1, 0), 2, message(1, 2))
	data := "\xfe\x00\x01" + "\xff\x07" + "hi" + "\x42\x00\x80" // LENGTH: one value of two bits
	file := build(append([]byte(data), footer...), message(3, message(1, 3, 2, 0, 3, len(data), 4, len(footer), 5, 2),
		4, message(1, 12, 2, "\x01", 3, "u"), 4, message(1, 13, 2, "\x02\x03"), 4, message(1, 1), 4, message(1, 7), 6, 2))
	if got, want := string(rows(t, file)), "{\"u\":7}\n{\"u\":\"hi\"}\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := open(t, file).Schema().String(); got != "struct<u:uniontype<tinyint,string>>" {
		t.Errorf("schema %s", got)
	}
}

func TestSchema(t *testing.T) {
	f := open(t, readFile(t, test1))
	want := "struct<boolean1:boolean,byte1:tinyint,short1:smallint,int1:int,long1:bigint,float1:float,double1:double,bytes1:binary,string1:string," +
		"middle:struct<list:array<struct<int1:int,string1:string>>>,list:array<struct<int1:int,string1:string>>,map:map<string,struct<int1:int,string1:string>>>"
	if got := f.Schema().String(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for id, want := range map[int]string{0: "", 1: "boolean1", 11: "middle.list", 12: "middle.list.[]", 13: "middle.list.[].int1", 20: "map.{key}", 22: "map.{value}.int1"} {
		if got := f.Schema().path(id); got != want {
			t.Errorf("type %d is %q, want %q", id, got, want)
		}
	}
}

func TestCalendars(t *testing.T) {
	for _, tt := range []struct {
		day               int64
		hybrid, proleptic string
	}{
		{0, "1970-01-01", "1970-01-01"},
		{-1, "1969-12-31", "1969-12-31"},
		{11016, "2000-02-29", "2000-02-29"},
		{-141427, "1582-10-15", "1582-10-15"},
		{-141428, "1582-10-04", "1582-10-14"},
		{-719162, "0001-01-03", "0001-01-01"},
		{-719164, "0001-01-01", "0000-12-30"},
		{2932896, "9999-12-31", "9999-12-31"},
		{-1000000, "-0768-02-12", "-0768-02-04"},
	} {
		for calendar, want := range map[int]string{1: tt.hybrid, 2: tt.proleptic} {
			p := printer{s: &stripeReader{f: &File{calendar: calendar}}}
			if p.date(tt.day); string(p.out) != `"`+want+`"` {
				t.Errorf("day %d in calendar %d is %s, want %s", tt.day, calendar, p.out, want)
			}
		}
	}
}

func TestInspect(t *testing.T) {
	info, err := open(t, readFile(t, test1)).Inspect()
	if err != nil {
		t.Fatal(err)
	}
	if info.Rows != 2 || info.CreatedBy != "ORC Java" || info.Compression != "ZLIB" || info.Version != "0.12" || len(info.Columns) != 24 || len(info.Stripes) != 1 {
		t.Errorf("%+v", info)
	}
	for id, want := range map[int]string{
		1: `{"values":2,"hasNull":false,"sum":1}`,
		5: `{"values":2,"hasNull":false,"min":9223372036854775807,"max":9223372036854775807}`,
		7: `{"values":2,"hasNull":false,"min":-15,"max":-5,"sum":-20}`,
		9: `{"values":2,"hasNull":false,"min":"bye","max":"hi","sum":5}`,
	} {
		if got, err := json.Marshal(info.Columns[id].Statistics); err != nil || string(got) != want {
			t.Errorf("column %d: %s, %v, want %s", id, got, err, want)
		}
	}
	var text bytes.Buffer
	if err := info.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ORC 0.12, 1711 bytes, 2 rows, 1 stripes\n", "compression  ZLIB, blocks of 10000 bytes\n", "2 values, min \"bye\", max \"hi\", sum 5\n", "DIRECT_V2"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
}

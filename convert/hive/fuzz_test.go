package hive

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/column/columntest"
	"github.com/hydrantkit/hydrant/schema"
)

var errTwin = errors.New("doesn't fit")

// twin converts a record in the plainest way, to rows as columntest.Row writes them.
func twin(table *schema.Table, record []byte) ([]string, error) {
	values, err := columntest.Parse(record)
	if err != nil {
		return nil, err
	}
	if len(values) == 0 {
		return nil, errTwin
	}
	var rows []string
	for _, v := range values {
		o, ok := v.(columntest.Object)
		if !ok {
			return nil, errTwin
		}
		row, err := twinFields(table.Struct(), o)
		if err != nil {
			return nil, err
		}
		rows = append(rows, strings.Join(row, " | "))
	}
	return rows, nil
}

func twinFields(t *schema.Type, o columntest.Object) ([]string, error) {
	out := make([]string, len(t.Fields))
	for i := range out {
		out[i] = "null"
	}
	for _, p := range o {
		at := slices.IndexFunc(t.Fields, func(c schema.Column) bool { return c.Name == strings.ToLower(p.Key) })
		if n, ok := strings.CutPrefix(p.Key, "_col"); ok && at < 0 && n != "" && strings.Trim(n, "0123456789") == "" {
			x, err := strconv.Atoi(n)
			if err != nil || strconv.Itoa(x) != n || x >= len(t.Fields) {
				return nil, errTwin
			}
			at = x
		}
		if at < 0 {
			continue
		}
		s, err := twinValue(t.Fields[at].Type, p.Value)
		if err != nil {
			return nil, err
		}
		out[at] = s
	}
	return out, nil
}

func twinValue(t *schema.Type, v any) (string, error) {
	if t.Kind == schema.Binary {
		return "", errTwin
	}
	if v == nil {
		return "null", nil
	}
	object, isObject := v.(columntest.Object)
	list, isList := v.([]any)
	switch t.Kind {
	case schema.Array:
		if !isList {
			return "", errTwin
		}
		var out []string
		for _, e := range list {
			s, err := twinValue(t.Elem, e)
			if err != nil {
				return "", err
			}
			out = append(out, s)
		}
		return "[" + strings.Join(out, ",") + "]", nil
	case schema.Map:
		if !isObject {
			return "", errTwin
		}
		var keys, out []string
		for _, p := range object {
			k, err := twinKey(t.Key, p.Key)
			if err != nil {
				return "", err
			}
			s, err := twinValue(t.Elem, p.Value)
			if err != nil {
				return "", err
			}
			if i := slices.Index(keys, k); i >= 0 {
				out[i] = k + "=" + s
				continue
			}
			keys, out = append(keys, k), append(out, k+"="+s)
		}
		return "[" + strings.Join(out, ",") + "]", nil
	case schema.Struct:
		if !isObject {
			return "", errTwin
		}
		members, err := twinFields(t, object)
		for i := range members {
			members[i] = t.Fields[i].Name + ":" + members[i]
		}
		return "{" + strings.Join(members, ",") + "}", err
	}
	if isObject || isList {
		return "", errTwin
	}
	number, isNumber := v.(json.Number)
	text := string(number)
	switch v := v.(type) {
	case string:
		text = v
	case bool:
		text = strconv.FormatBool(v)
	}
	switch t.Kind {
	case schema.TinyInt, schema.SmallInt, schema.Int, schema.BigInt:
		if !isNumber {
			return "", errTwin
		}
		wide := schema.Int
		if t.Kind == schema.BigInt {
			wide = schema.BigInt
		}
		if strings.ContainsAny(text, ".eE") {
			f, _ := strconv.ParseFloat(text, 64)
			if f < float64(columntest.Bounds[wide][0]) || f > float64(columntest.Bounds[wide][1]) {
				return "", errTwin
			}
			if text = strconv.FormatFloat(math.Trunc(f), 'f', -1, 64); f >= math.MaxInt64 {
				text = "9223372036854775807"
			}
			text = strings.TrimPrefix(text, "-0")
			if text == "" {
				text = "0"
			}
		}
		s, err := columntest.IntText(wide, text)
		if err != nil {
			return "", err
		}
		x, _ := strconv.ParseInt(s, 10, 64)
		if t.Kind == schema.TinyInt && x > 127 && x < 256 {
			return strconv.FormatInt(x-256, 10), nil
		}
		return columntest.IntText(t.Kind, s)
	case schema.Float, schema.Double:
		if !isNumber {
			return "", errTwin
		}
		f, _ := strconv.ParseFloat(text, 64)
		if text == "-0" {
			f = 0
		}
		if t.Kind == schema.Float {
			f = float64(float32(f))
		}
		return strconv.FormatFloat(f, 'g', -1, 64), nil
	case schema.Decimal:
		s, fits, err := columntest.DecimalText(t, strings.TrimFunc(text, func(r rune) bool { return r <= ' ' }))
		if err == columntest.ErrUnlike {
			return "", err
		}
		if err != nil || !fits {
			return "null", nil
		}
		return s, nil
	}
	return twinText(t, text)
}

func twinText(t *schema.Type, s string) (string, error) {
	cut := func() string {
		r := []rune(s)
		return string(r[:min(len(r), t.Length)])
	}
	switch t.Kind {
	case schema.VarChar:
		return strconv.Quote(cut()), nil
	case schema.Char:
		return strconv.Quote(strings.TrimRight(cut(), " ")), nil
	case schema.Boolean:
		return strconv.FormatBool(strings.ToLower(s) == "true" && len(s) == 4), nil
	case schema.Date:
		return columntest.DateText(s)
	case schema.Timestamp:
		return columntest.TimestampText(s, false)
	}
	return strconv.Quote(s), nil
}

func twinKey(t *schema.Type, s string) (string, error) {
	switch t.Kind {
	case schema.TinyInt, schema.SmallInt, schema.Int, schema.BigInt:
		return columntest.IntText(t.Kind, s)
	case schema.Float, schema.Double:
		return columntest.FloatText(t.Kind, s)
	}
	return twinText(t, s)
}

var fuzzTable, _ = schema.NewTable([][2]string{
	{"b", "boolean"}, {"t", "tinyint"}, {"s", "smallint"}, {"i", "int"}, {"l", "bigint"}, {"f", "float"}, {"d", "double"}, {"e", "decimal(10,2)"},
	{"w", "decimal(38,18)"}, {"a", "string"}, {"c", "char(3)"}, {"v", "varchar(3)"}, {"y", "date"}, {"z", "timestamp"}, {"r", "array<int>"},
	{"q", "array<struct<x:int,y:string>>"}, {"m", "map<string,int>"}, {"n", "map<int,string>"}, {"k", "map<double,varchar(2)>"},
	{"o", "struct<x:int,y:array<string>,z:struct<k:double>>"}, {"g", "binary"},
}...)

var fuzzSeeds = []string{
	`{"b":true,"t":1,"s":-2,"i":3,"l":4,"f":1.5,"d":0.1,"e":1.005,"w":"2.5","a":"x","c":"ab ","v":"abcd","y":"2017-02-07","z":"2017-02-07 15:13:01.14","r":[1,null,2],"q":[{"x":1,"y":"a"}],"m":{"k":1,"l":null},"n":{"1":"a"},"o":{"x":1,"y":["p"],"z":{"k":1e3}}}`,
	`{"B":"TRUE","undeclared":{"x":[1,{"y":2}]},"T":200,"a":12,"i":1,"I":2}`, `{"_col3":5}`, `{"_col99":5}`, `{"_col03":5}`, `{"o":{"_col0":5,"X":6}}`, `{"m":{"a":1,"b":2,"a":3}}`, `{"k":{"1":"a","1.0":"b"}}`,
	`{"i":1}{"i":2} {"i":3}`, `{"i":1.9,"t":256}`, `{"l":1e18,"s":1e4,"d":-0,"f":-0.0}`, `{"e":"x","w":1e40}`, `{"g":null}`, `[{}]`, `1`, ` `, `{"i":"1"}`, `{"a":[1]}`, `{"z":1486480381}`, `{"a":1,"a":[1]}`, `{"a":[1],"a":1}`,
}

// FuzzRecord holds the fast walk, the complete walk and the twin to the same answer.
func FuzzRecord(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add([]byte(s))
	}
	check := newCheck(f)
	f.Fuzz(func(t *testing.T, record []byte) { check(t, record) })
}

// Records made of values at the edges of all types do the same.
func TestRandomRecords(t *testing.T) {
	n := 20000
	if testing.Short() {
		n = 3000
	}
	check := newCheck(t)
	r := rand.New(rand.NewPCG(1, 2))
	fits := 0
	for range n {
		if check(t, columntest.Random(r, fuzzTable.Columns)) {
			fits++
		}
	}
	t.Logf("%d records, %d fit", n, fits)
}

// newCheck returns a function that converts a record by both walks and the twin and compares; it reports whether it fits.
func newCheck(f testing.TB) func(t *testing.T, record []byte) bool {
	d, err := New(fuzzTable, Options{})
	if err != nil {
		f.Fatal(err)
	}
	return func(t *testing.T, record []byte) bool {
		t.Helper()
		want, err := twin(fuzzTable, record)
		return columntest.CheckTwins(t, record, fuzzTable.Columns, func(b *column.Batch) bool { return d.reader.Rows(b, record) },
			func(b *column.Batch) error { return d.complete(b, record) }, want, err)
	}
}

package openx

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/column/columntest"
	"github.com/hydrantkit/hydrant/schema"
)

// A twin converts records in the plainest way, to rows as columntest.Row writes them.
type twin struct {
	table *schema.Table
	o     Options
}

var errTwin = errors.New("doesn't fit")

func (w twin) fold(key string) string {
	if w.o.CaseInsensitive == nil || *w.o.CaseInsensitive {
		return strings.ToLower(key)
	}
	return key
}

func (w twin) record(record []byte) ([]string, error) {
	values, err := columntest.Parse(record)
	if err != nil {
		return nil, err
	}
	if len(values) == 0 {
		return nil, errTwin
	}
	var rows []string
	for _, v := range values {
		_, array := v.([]any)
		if _, object := v.(columntest.Object); !object && !(array && w.o.PositionalArrays) || w.twice(v) {
			return nil, errTwin
		}
		row, err := w.fields(w.table.Struct(), v)
		if err != nil {
			return nil, err
		}
		rows = append(rows, strings.Join(row, " | "))
	}
	return rows, nil
}

// twice reports whether an object in v has a key twice.
func (w twin) twice(v any) bool {
	switch v := v.(type) {
	case columntest.Object:
		seen := map[string]bool{}
		for _, p := range v {
			k := w.fold(p.Key)
			if seen[k] || w.twice(p.Value) {
				return true
			}
			seen[k] = true
		}
	case []any:
		return slices.ContainsFunc(v, w.twice)
	}
	return false
}

func (w twin) fields(t *schema.Type, v any) ([]string, error) {
	var out []string
	for i, f := range t.Fields {
		var member any
		switch v := v.(type) {
		case []any:
			if i < len(v) {
				member = v[i]
			}
		case columntest.Object:
			key := f.Name
			if k, ok := w.o.ColumnToJsonKeyMappings[f.Name]; ok {
				key = w.fold(k)
			}
			found := false
			dotted := 0
			for _, p := range v {
				if w.fold(p.Key) == key {
					member, found = p.Value, true
				}
			}
			for _, p := range v {
				if k := w.fold(p.Key); !found && w.o.ConvertDotsInJsonKeysToUnderscores && strings.Contains(k, ".") && strings.ReplaceAll(k, ".", "_") == key {
					member = p.Value
					dotted++
				}
			}
			if dotted > 1 {
				return nil, columntest.ErrUnlike // hash order
			}
		}
		s, err := w.value(f.Type, member)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (w twin) value(t *schema.Type, v any) (string, error) {
	if v == nil {
		return "null", nil
	}
	text, isText := v.(string)
	blank := isText && strings.TrimFunc(text, func(r rune) bool { return r <= ' ' }) == ""
	switch t.Kind {
	case schema.Array:
		list, ok := v.([]any)
		if !ok {
			if isText && text == "" {
				return "null", nil
			}
			list = []any{v}
		}
		var out []string
		for _, e := range list {
			s, err := w.value(t.Elem, e)
			if err != nil {
				return "", err
			}
			out = append(out, s)
		}
		return "[" + strings.Join(out, ",") + "]", nil
	case schema.Map:
		object, ok := v.(columntest.Object)
		if !ok {
			if blank {
				return "null", nil
			}
			return "", errTwin
		}
		var out []string
		for _, p := range object {
			k, err := w.leaf(t.Key, w.fold(p.Key), false, true)
			if err != nil {
				return "", err
			}
			s, err := w.value(t.Elem, p.Value)
			if err != nil {
				return "", err
			}
			out = append(out, k+"="+s)
		}
		return "[" + strings.Join(out, ",") + "]", nil
	case schema.Struct:
		_, object := v.(columntest.Object)
		_, array := v.([]any)
		if !object && !array {
			if !blank {
				return "", errTwin
			}
			v = columntest.Object{}
		}
		members, err := w.fields(t, v)
		for i := range members {
			members[i] = t.Fields[i].Name + ":" + members[i]
		}
		return "{" + strings.Join(members, ",") + "}", err
	}
	switch v := v.(type) {
	case string:
		return w.leaf(t, v, false, false)
	case json.Number:
		return w.leaf(t, string(v), true, false)
	case bool:
		if t.Kind == schema.String {
			return strconv.Quote(strconv.FormatBool(v)), nil
		}
		if t.Kind == schema.Boolean {
			return strconv.FormatBool(v), nil
		}
		return "", errTwin
	}
	if t.Kind == schema.String {
		return "", columntest.ErrUnlike // tested by cases
	}
	return "", errTwin
}

func (w twin) leaf(t *schema.Type, s string, number, key bool) (string, error) {
	switch t.Kind {
	case schema.String, schema.VarChar:
		return strconv.Quote(s), nil
	case schema.Char:
		return strconv.Quote(strings.TrimRight(s, " ")), nil
	case schema.Boolean:
		if number {
			return "", errTwin
		}
		return strconv.FormatBool(strings.ToLower(s) == "true" && len(s) == 4), nil
	case schema.TinyInt, schema.SmallInt, schema.Int, schema.BigInt:
		if h, ok := strings.CutPrefix(strings.Replace(s, "0X", "0x", 1), "0x"); ok {
			x, ok := new(big.Int).SetString(h, 16)
			if !ok || strings.Contains(h, "_") {
				return "", errTwin
			}
			return columntest.IntText(t.Kind, x.String())
		}
		return columntest.IntText(t.Kind, s)
	case schema.Float, schema.Double:
		return columntest.FloatText(t.Kind, s)
	case schema.Decimal:
		d, fits, err := columntest.DecimalText(t, s)
		if err == nil && !fits {
			err = errTwin
		}
		return d, err
	case schema.Date:
		if number {
			return "", errTwin
		}
		return columntest.DateText(s)
	}
	// timestamp
	if strings.Index(s, ":") > 0 {
		return columntest.TimestampText(s, !key)
	}
	if !strings.Contains(s, ".") {
		x, err := columntest.IntText(schema.BigInt, s)
		if err != nil {
			return "", err
		}
		n, _ := strconv.ParseInt(x, 10, 64)
		if n > -1e12 && n < 1e12 {
			return columntest.Instant(n, "")
		}
		return columntest.Instant(int64(math.Floor(float64(n)/1000)), strconv.Itoa(int((n%1000+1000)%1000 + 1000))[1:])
	}
	x, err := columntest.FloatText(schema.Double, s)
	if err != nil {
		return "", err
	}
	f, _ := strconv.ParseFloat(x, 64)
	if math.Abs(f) < 1e12 {
		f *= 1000
	}
	if !(math.Abs(f) < 1e17) {
		return "", errTwin
	}
	n := int64(f)
	sec := n / 1000
	if n%1000 < 0 {
		sec--
	}
	return columntest.Instant(sec, strconv.Itoa(int(n - sec*1000 + 1000))[1:])
}

var fuzzTable, _ = schema.NewTable([][2]string{
	{"b", "boolean"}, {"t", "tinyint"}, {"s", "smallint"}, {"i", "int"}, {"l", "bigint"}, {"f", "float"}, {"d", "double"}, {"e", "decimal(10,2)"},
	{"w", "decimal(38,18)"}, {"a", "string"}, {"c", "char(3)"}, {"v", "varchar(3)"}, {"y", "date"}, {"z", "timestamp"}, {"r", "array<int>"},
	{"q", "array<struct<x:int,y:string>>"}, {"m", "map<string,int>"}, {"n", "map<int,string>"}, {"o", "struct<x:int,y_z:array<string>,z:struct<k:double>>"},
}...)

var fuzzSeeds = []string{
	`{"b":true,"t":1,"s":-2,"i":3,"l":4,"f":1.5,"d":0.1,"e":1.005,"w":"2.5","a":"x","c":"ab ","v":"abc","y":"2017-02-07","z":"2017-02-07 15:13:01.14","r":[1,null,"2"],"q":[{"x":1,"y":"a"},[2,"b"]],"m":{"k":1,"l":null},"n":{"1":"a"},"o":{"x":1,"y_z":["p"],"z":{"k":1e3}}}`,
	`{"B":false,"undeclared":{"x":[1,{"y":2}]},"T":"0x1F","a":12,"z":"2017-02-07T15:13:01Z","o":[1,"x"]}`,
	`{"i":1}{"i":2} {"i":"3"}`, `{"i":1,"I":2}`, `{"x":{"y":1,"Y":2}}`, `{"z":1486480381,"l":"9223372036854775807"}`, `{"z":1486480381123}`, `{"z":"1486480381.5"}`, `{"z":-0.5}`,
	`{"r":5,"q":{"x":1},"m":"","o":""}`, `{"o":{"y.z":["a"]},"y.z":1}`, `[true,1]`, `{"a":{"k":[1]}}`, "\xef\xbb\xbf{}", ` `, `1`, `{"d":"NaN","f":"1d"}`, `{"i":01}`, `{"a":"\u00e9\n\ud83d\ude00"}`, `{"e":99999999.995}`,
	`{"n":{"1":"a","01":"b"}}`, `{"y":"2017-02-30","z":"2017-13-01T00:00:00Z"}`, `{"a":"é日本😀","m":{"É":1,"é":2}}`,
}

// FuzzRecord holds the fast walk, the complete walk and the twin to the same answer.
func FuzzRecord(f *testing.F) {
	for i, s := range fuzzSeeds {
		f.Add([]byte(s), uint8(i))
		f.Add([]byte(s), uint8(0))
	}
	check := newCheck(f)
	f.Fuzz(func(t *testing.T, record []byte, options uint8) { check(t, record, int(options%8)) })
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
	for k := range n {
		if check(t, columntest.Random(r, fuzzTable.Columns), k%8) {
			fits++
		}
	}
	t.Logf("%d records, %d fit", n, fits)
}

// newCheck returns a function that converts a record by both walks and the twin and compares; it reports whether it fits.
func newCheck(f testing.TB) func(t *testing.T, record []byte, options int) bool {
	var deserializers [8]*Deserializer
	var all [8]Options
	for k := range all {
		fold := k&1 == 0
		all[k] = Options{CaseInsensitive: &fold, ConvertDotsInJsonKeysToUnderscores: k&2 != 0, PositionalArrays: k&4 != 0}
		if k&4 != 0 {
			all[k].ColumnToJsonKeyMappings = map[string]string{"x": "K", "i": "l", "r": "q"}
		}
		var err error
		if deserializers[k], err = New(fuzzTable, all[k]); err != nil {
			f.Fatal(err)
		}
	}
	return func(t *testing.T, record []byte, k int) bool {
		t.Helper()
		d := deserializers[k] // it has learned from other records
		want, err := twin{fuzzTable, all[k]}.record(record)
		return columntest.CheckTwins(t, record, fuzzTable.Columns, func(b *column.Batch) bool { return d.reader.Rows(b, record) },
			func(b *column.Batch) error { return d.complete(b, record) }, want, err)
	}
}

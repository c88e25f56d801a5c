package schema_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/column/columntest"
	"github.com/hydrantkit/hydrant/convert/hive"
	"github.com/hydrantkit/hydrant/convert/openx"
	"github.com/hydrantkit/hydrant/schema"
)

// kept reports whether the value that a deserializer made, value 0 of v, is the one that stands in
// the JSON. It is a plain judge: exact arithmetic, the calendar of package time.
func kept(v *column.Vector, value string) bool {
	var text string
	quoted := value[0] == '"'
	if quoted {
		if err := json.Unmarshal([]byte(value), &text); err != nil {
			return false
		}
	} else {
		text = value
	}
	out := columntest.String(v, 0)
	if out == "null" {
		return false
	}
	switch v.Type.Kind {
	case schema.Boolean:
		return strings.EqualFold(text, out)
	case schema.String, schema.Char, schema.VarChar:
		got, err := strconv.Unquote(out)
		if v.Type.Kind == schema.Char {
			got, text = strings.TrimRight(got, " "), strings.TrimRight(text, " ")
		}
		return err == nil && got == text
	case schema.Date:
		t, err := time.Parse("2006-1-2", text)
		return err == nil && t.Format("2006-01-02") == out
	case schema.Timestamp:
		got := new(big.Rat).Add(big.NewRat(v.Ints[0], 1), big.NewRat(int64(v.Nanos[0]), 1e9))
		text = strings.TrimSpace(text)
		if n, ok := number(text); ok {
			if limit := big.NewRat(1e12, 1); n.Cmp(limit) >= 0 || n.Cmp(limit.Neg(limit)) <= 0 {
				n.Quo(n, big.NewRat(1000, 1))
			}
			return got.Cmp(n) == 0
		}
		for _, layout := range []string{"2006-1-2 15:4:5", "2006-1-2T15:4:5", "2006-1-2T15:4:5Z"} {
			if t, err := time.Parse(layout, text); err == nil {
				return got.Cmp(new(big.Rat).Add(big.NewRat(t.Unix(), 1), big.NewRat(int64(t.Nanosecond()), 1e9))) == 0
			}
		}
		return false
	}
	n, ok := number(text)
	if !ok { // NaN, Infinity, hexadecimal, with a suffix
		if f, err := strconv.ParseFloat(strings.TrimRight(strings.TrimSpace(text), "dDfF"), 64); err == nil {
			got, err := strconv.ParseFloat(out, 64)
			return err == nil && (f == got || math.IsNaN(f) && math.IsNaN(got))
		}
		i, err := strconv.ParseInt(text, 0, 64)
		return err == nil && strconv.FormatInt(i, 10) == out
	}
	if k := v.Type.Kind; k != schema.Float && k != schema.Double {
		got, _ := new(big.Rat).SetString(out)
		return got.Cmp(n) == 0
	}
	if !strings.ContainsAny(text, ".eE") {
		got, ok := new(big.Rat), !math.IsInf(v.Floats[0], 0)
		return ok && got.SetFloat64(v.Floats[0]).Cmp(n) == 0
	}
	// A floating value with a fraction is kept when it prints as the same number with as many digits.
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	digits := len(strings.TrimLeft(strings.NewReplacer(".", "", "-", "", "+", "").Replace(mantissa), "0"))
	again, ok := new(big.Rat).SetString(new(big.Float).SetFloat64(v.Floats[0]).Text('e', max(digits-1, 0)))
	if math.IsInf(v.Floats[0], 0) {
		return false
	}
	if digits <= 9 && v.Type.Kind == schema.Float { // digits of the float, not of the double that holds it
		again, ok = new(big.Rat).SetString(strconv.FormatFloat(v.Floats[0], 'e', max(digits-1, 0), 32))
	}
	return ok && again.Cmp(n) == 0
}

// number reads a decimal number.
func number(text string) (*big.Rat, bool) {
	if text == "" || strings.Trim(text, "+-.0123456789eE") != "" {
		return nil, false
	}
	if _, exp, ok := strings.Cut(strings.ToLower(text), "e"); ok {
		if n, err := strconv.Atoi(exp); err != nil || n > 1000 || n < -1000 {
			return nil, false
		}
	}
	return new(big.Rat).SetString(text)
}

var lossValues = append([]string{
	"127", "128", "200", "255", "256", "32768", "9007199254740993", "16777217", "0.1", "19.99", "1.234", "1.230", "123e-3", "1234.5", "999.994", "999.996",
	"1e400", "1e-400", "3.4e39", "0.30000000000000004", "0.12345678901234567890", "1700000000", "1700000000.123", "1700000000.1234", "1700000000000",
	"1700000000000.5", "-1.5", "0.0", "-0", "12345678901234567890123456789.0123456789", "1e2", "1E+2",
	`"yes"`, `"TRUE"`, `"False"`, `" true"`, `"0"`, `"+1"`, `"007"`, `"0x1F"`, `"1.0"`, `"9007199254740993"`, `"16777217"`, `"1.999"`, `"1e400"`, `" 1.5 "`, `"1d"`, `".5"`,
	`"NaN"`, `"-Infinity"`, `"abcd"`, `"äöü"`, `"äöüß"`, `"ab   "`, `"abcd    "`, `"\u0041\u0042"`, `"\u0041\u0042\u0043\u0044"`, `"oops"`, `"100000.5"`, `"1700000000.1234"`, `"1700000000"`,
	`"2024-02-30"`, `"2024-13-01"`, `"2024-01-32"`, `"2023-02-29 10:00:00"`, `"2024-01-01 10:60:00"`, `"2024-01-01T10:00:60Z"`, `"2024-13-01T00:00:00Z"`, `"2024-01-01 25:00:00.5"`,
	`"2024-01-40T00:00:00Z"`, `" 2024-01-01 10:00:00 "`,
}, scalars...)

// TestLintSeesEveryLoss converts each value to each type with both SerDes: what isn't kept and
// doesn't fail must be a finding, and nothing else may be one.
func TestLintSeesEveryLoss(t *testing.T) {
	kinds := []string{"boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal(5,2)", "decimal(38,10)", "string", "char(3)", "varchar(3)", "date", "timestamp"}
	cases, losses := 0, 0
	for _, kind := range kinds {
		table, err := schema.NewTable([2]string{"a", kind})
		if err != nil {
			t.Fatal(err)
		}
		ox, err := openx.New(table, openx.Options{})
		if err != nil {
			t.Fatal(err)
		}
		hv, err := hive.New(table, hive.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, serde := range []struct {
			name   string
			hive   bool
			record func(*column.Batch, []byte) error
		}{{"openx", false, ox.Record}, {"hive", true, hv.Record}} {
			for _, value := range lossValues {
				if value == "null" {
					continue
				}
				b := column.NewBatch(table.Columns)
				record := []byte(`{"a":` + value + `}`)
				if serde.record(b, record) != nil {
					continue
				}
				l := schema.NewLinter(table, schema.LintOptions{Hive: serde.hive})
				l.Add(record, schema.Place{})
				found := 0
				for _, f := range l.Result().Findings {
					if f.Kind == schema.Altered || f.Kind == schema.Precision {
						found++
					}
				}
				cases++
				lost := !kept(&b.Columns[0], value)
				if lost {
					losses++
				}
				switch {
				case lost && found == 0:
					t.Errorf("%s: %s in %s becomes %s, unseen", serde.name, value, kind, columntest.String(&b.Columns[0], 0))
				case !lost && found > 0 && !(strings.Contains(kind, "char(") && !serde.hive):
					t.Errorf("%s: %s in %s stays %s, and is a finding", serde.name, value, kind, columntest.String(&b.Columns[0], 0))
				}
			}
		}
	}
	t.Logf("%d conversions, %d of them with a loss", cases, losses)
}

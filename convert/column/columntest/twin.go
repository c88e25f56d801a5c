package columntest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

// This file is the plain twin of what the deserializers share: records become trees by encoding/json's tokens, and leaves become the
// text that String gives of a vector's value, by regular expressions and math/big.

// Object is a JSON object in its order; other values are []any, string, json.Number, bool and nil.
type Object []Pair

// A Pair is a member of an Object.
type Pair struct {
	Key   string
	Value any
}

// ErrUnlike is for records that encoding/json reads otherwise than the deserializers: halves of surrogate pairs, digits of other scripts, and what is nested
// so deeply that limits matter.
var ErrUnlike = errors.New("not comparable")

var surrogate = regexp.MustCompile(`\\u[dD][89a-fA-F]`)

// Parse reads the values of a record.
func Parse(record []byte) ([]any, error) {
	if surrogate.Match(record) || bytes.Count(record, []byte("["))+bytes.Count(record, []byte("{")) > 1000 {
		return nil, ErrUnlike
	}
	for _, r := range string(record) {
		if r >= utf8.RuneSelf && (unicode.IsDigit(r) || r == 'Σ' || r == 'İ') {
			return nil, ErrUnlike
		}
	}
	if bytes.Contains(record, []byte(`\u0`)) || bytes.Contains(record, []byte(`\uf`)) || bytes.Contains(record, []byte(`\u1`)) || bytes.Contains(record, []byte(`\uF`)) {
		// An escape may stand for such a digit.
		if unescaped, err := strconv.Unquote(`"` + strings.ReplaceAll(string(record), `"`, `\"`) + `"`); err != nil || strings.ContainsFunc(unescaped, func(r rune) bool {
			return r >= utf8.RuneSelf && unicode.IsDigit(r)
		}) {
			return nil, ErrUnlike
		}
	}
	record = bytes.TrimPrefix(record, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(record) {
		return nil, errors.New("not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(record))
	d.UseNumber()
	var values []any
	for {
		v, err := parse(d)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	// Tokens are lenient about commas and colons; whole values aren't.
	d = json.NewDecoder(bytes.NewReader(record))
	for {
		var raw json.RawMessage
		if err := d.Decode(&raw); err == io.EOF {
			return values, nil
		} else if err != nil {
			return nil, err
		}
		if end := d.InputOffset(); raw[0] != '{' && raw[0] != '[' && raw[0] != '"' && int(end) < len(record) && !strings.ContainsRune(" \t\r\n{[\"", rune(record[end])) {
			return nil, errors.New("something behind a value")
		}
	}
}

func parse(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	if delim == '[' {
		list := []any{}
		for d.More() {
			v, err := parse(d)
			if err != nil {
				return nil, noEOF(err)
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, noEOF(err)
	}
	if delim != '{' {
		return nil, fmt.Errorf("unexpected %v", delim)
	}
	object := Object{}
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return nil, noEOF(err)
		}
		key, ok := k.(string)
		if !ok {
			return nil, errors.New("no key")
		}
		v, err := parse(d)
		if err != nil {
			return nil, noEOF(err)
		}
		object = append(object, Pair{key, v})
	}
	_, err = d.Token()
	return object, noEOF(err)
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// ErrText says that a text isn't what is wanted.
var ErrText = errors.New("no such value")

var (
	integer   = regexp.MustCompile(`^[+-]?[0-9]+$`)
	floating  = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[fFdD]?$`)
	hexFloat  = regexp.MustCompile(`^[+-]?0[xX]([0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+[fFdD]?$`)
	decimal   = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?([0-9]+))?$`)
	date      = regexp.MustCompile(`^([+-]?[0-9]{3,4})-([+-]?[0-9]{1,2})-([+-]?[0-9]{1,2})$`)
	timestamp = regexp.MustCompile(`^(\S{8,10})([ T])([^: ]+):([^:]*):([^:.Z]*)(\.([0-9]{1,9}))?(Z*)$`)
)

// Bounds of the integer types.
var Bounds = map[schema.Kind][2]int64{
	schema.TinyInt: {math.MinInt8, math.MaxInt8}, schema.SmallInt: {math.MinInt16, math.MaxInt16},
	schema.Int: {math.MinInt32, math.MaxInt32}, schema.BigInt: {math.MinInt64, math.MaxInt64},
}

// IntText reads an integer of a type from text.
func IntText(k schema.Kind, s string) (string, error) {
	x, ok := new(big.Int).SetString(strings.TrimPrefix(s, "+"), 10)
	if !ok || !integer.MatchString(s) || x.Cmp(big.NewInt(Bounds[k][0])) < 0 || x.Cmp(big.NewInt(Bounds[k][1])) > 0 {
		return "", ErrText
	}
	return x.String(), nil
}

// FloatText reads a float or double from text as Java does.
func FloatText(k schema.Kind, s string) (string, error) {
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
	bits := 64
	if k == schema.Float {
		bits = 32
	}
	switch s {
	case "NaN", "+NaN", "-NaN":
		return "NaN", nil
	case "Infinity", "+Infinity", "-Infinity":
		s = strings.Replace(s, "inity", "", 1)
	default:
		if !floating.MatchString(s) && !hexFloat.MatchString(s) {
			return "", ErrText
		}
		s = strings.TrimRight(s, "fFdD")
	}
	f, _ := strconv.ParseFloat(s, bits)
	return strconv.FormatFloat(f, 'g', -1, 64), nil
}

// DecimalText reads a decimal from text, rounded half up; fits is false when it is too large.
func DecimalText(t *schema.Type, s string) (text string, fits bool, err error) {
	m := decimal.FindStringSubmatch(s)
	if m == nil {
		return "", false, ErrText
	}
	if len(m[3]) > 2 { // Hive has a limit of its own
		return "", false, ErrUnlike
	}
	r, _ := new(big.Rat).SetString(strings.TrimSuffix(strings.Replace(s, ".e", ".0e", 1), "."))
	if r == nil {
		return "", false, ErrUnlike
	}
	scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Scale)), nil))
	r.Mul(r, scale)
	half := big.NewRat(int64(r.Sign()), 2)
	r.Add(r, half)
	x := new(big.Int).Quo(r.Num(), r.Denom())
	if new(big.Int).Abs(x).Cmp(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Precision)), nil)) >= 0 {
		return "", false, nil
	}
	return r.Quo(new(big.Rat).SetInt(x), scale).FloatString(t.Scale), true, nil
}

// DateText reads a date as java.sql.Date.valueOf does.
func DateText(s string) (string, error) {
	days, err := day(s, false)
	if err != nil {
		return "", err
	}
	return time.Unix(days*86400, 0).UTC().Format("2006-01-02"), nil
}

func day(s string, lenient bool) (int64, error) {
	m := date.FindStringSubmatch(s)
	if m == nil || len(m[1]) != 4 {
		return 0, ErrText
	}
	y, _ := strconv.Atoi(m[1])
	mon, _ := strconv.Atoi(m[2])
	d, _ := strconv.Atoi(m[3])
	if !lenient && (mon < 1 || mon > 12 || d < 1 || d > 31) {
		return 0, ErrText
	}
	return time.Date(y, time.Month(mon), d, 0, 0, 0, 0, time.UTC).Unix() / 86400, nil
}

// TimestampText reads a timestamp as java.sql.Timestamp.valueOf does; with iso also with T and Z.
func TimestampText(s string, iso bool) (string, error) {
	m := timestamp.FindStringSubmatch(strings.TrimFunc(s, func(r rune) bool { return r <= ' ' }))
	if m == nil || !iso && m[2] == "T" || m[2] == " " && m[8] != "" {
		return "", ErrText
	}
	days, err := day(m[1], m[8] != "")
	if err != nil {
		return "", err
	}
	sec := days * 86400
	for i, unit := range []int64{3600, 60, 1} {
		part := m[3+i]
		if !integer.MatchString(part) {
			return "", ErrText
		}
		x, err := strconv.ParseInt(part, 10, 32)
		if err != nil {
			return "", ErrText
		}
		sec += x * unit
	}
	return Instant(sec, m[7])
}

// Instant writes a timestamp, with the digits behind the point.
func Instant(sec int64, fraction string) (string, error) {
	if sec < time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix() || sec > time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix() {
		return "", ErrText
	}
	return fmt.Sprintf("%d.%s", sec, (fraction + "000000000")[:9]), nil
}

// CheckTwins converts a record by a deserializer's two walks and compares them with each other and with the plain twin's rows: want, or
// wantErr. It reports whether the record fits.
func CheckTwins(t *testing.T, record []byte, columns []schema.Column, quick func(b *column.Batch) bool, complete func(b *column.Batch) error, want []string, wantErr error) bool {
	t.Helper()
	fast, full := column.NewBatch(columns), column.NewBatch(columns)
	ok := quick(fast)
	err := complete(full)
	if ok && err != nil {
		t.Fatalf("%q: the fast walk takes what the complete one refuses: %v", record, err)
	}
	if !ok {
		fast.Truncate(0)
	}
	if err != nil {
		full.Truncate(0)
		re := err.(*column.RowError)
		if re.Code == "" || re.Message == "" || re.Hint == "" || re.Offset < 0 || re.Offset > len(record) {
			t.Errorf("%q: %+v", record, re)
		}
	}
	for _, b := range []*column.Batch{fast, full} {
		if err := CheckBatch(b); err != nil {
			t.Fatalf("%q: %v", record, err)
		}
	}
	var got []string
	for i := range full.Rows {
		got = append(got, Row(full, i))
		if ok {
			if s := Row(fast, i); s != got[i] {
				t.Fatalf("%q: fast %s, complete %s", record, s, got[i])
			}
		}
	}
	if wantErr == ErrUnlike {
		return err == nil
	}
	if (err != nil) != (wantErr != nil) || !slices.Equal(got, want) {
		t.Fatalf("%q:\n got %v, %v\ntwin %v, %v", record, got, err, want, wantErr)
	}
	return err == nil
}

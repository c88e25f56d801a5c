// Package columntest helps tests of deserializers: it reads recorded cases of what the Java SerDes do, compares
// batches with them, and keeps the list of what is meant to differ.
package columntest

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
	"github.com/hydrantkit/hydrant/schema"
)

// A Case is a column list, properties and one record, and what the SerDe made of them.
type Case struct {
	ID        string            `json:"id"`
	Types     string            `json:"types"`
	Props     map[string]string `json:"props"`
	Text      *string           `json:"record"`
	RecordB64 []byte            `json:"record_b64"`
	Row       json.RawMessage   `json:"row"`
	Error     *struct {
		Class, Message, Stage, Column string
	} `json:"error"`
}

// Record returns the record's bytes.
func (c *Case) Record() []byte {
	if c.Text != nil {
		return []byte(*c.Text)
	}
	return c.RecordB64
}

// Category returns the middle part of the case's id.
func (c *Case) Category() string { return strings.Split(c.ID, "/")[1] }

// Load reads a file of cases, or skips the test when it isn't there.
func Load(t testing.TB, path string) []Case {
	t.Helper()
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		t.Skipf("../shared not present: recorded cases of %s", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	var cases []Case
	for n, line := range bytes.Split(bytes.TrimSpace(data), []byte("\n")) {
		var c Case
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("%s:%d: %v", path, n+1, err)
		}
		cases = append(cases, c)
	}
	return cases
}

// Table parses the case's columns.
func (c *Case) Table() (*schema.Table, error) {
	var columns [][2]string
	depth, start := 0, 0
	for i := 0; i <= len(c.Types); i++ {
		if i < len(c.Types) {
			switch c.Types[i] {
			case '<', '(':
				depth++
			case '>', ')':
				depth--
			}
			if c.Types[i] != ',' || depth > 0 {
				continue
			}
		}
		name, typ, _ := strings.Cut(c.Types[start:i], " ")
		columns = append(columns, [2]string{name, typ})
		start = i + 1
	}
	return schema.NewTable(columns...)
}

// Want says in one line what the SerDe did: "row" or "error" and the error's message.
func (c *Case) Want() string {
	if c.Error != nil {
		line, _, _ := strings.Cut(c.Error.Message, "\n")
		return "error at " + c.Error.Stage + ": " + line
	}
	return "row"
}

// A Rule lists cases that are meant to differ.
type Rule struct {
	ID, Types, Record, Want, Got *regexp.Regexp
	Count                        int
	Reason                       string
	matched                      []string
}

// Rules reads a deviations file: blocks of lines "member: value", separated by blank lines. The members id, types,
// record, want and got are regular expressions that a deviating case must match (an absent one matches everything);
// count is the number of cases that do, reason says why they may. Lines that begin with # are comments. The first block has but the
// member cases, how many cases the counts were made of.
func Rules(t testing.TB, path string) *Ledger {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l := &Ledger{}
	var rules []*Rule
	var r *Rule
	sc := bufio.NewScanner(f)
	for n := 1; sc.Scan(); n++ {
		line := sc.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		if strings.TrimSpace(line) == "" {
			r = nil
			continue
		}
		name, value, ok := strings.Cut(line, ": ")
		if !ok {
			t.Fatalf("%s:%d: no member: %s", path, n, line)
		}
		if name == "cases" {
			l.Cases, _ = strconv.Atoi(value)
			continue
		}
		if r == nil {
			r = &Rule{Count: -1}
			rules = append(rules, r)
		}
		re := func() *regexp.Regexp {
			re, err := regexp.Compile("(?s)" + value)
			if err != nil {
				t.Fatalf("%s:%d: %v", path, n, err)
			}
			return re
		}
		switch name {
		case "id":
			r.ID = re()
		case "types":
			r.Types = re()
		case "record":
			r.Record = re()
		case "want":
			r.Want = re()
		case "got":
			r.Got = re()
		case "count":
			r.Count, _ = strconv.Atoi(value)
		case "reason":
			r.Reason = value
		default:
			t.Fatalf("%s:%d: unknown member %s", path, n, name)
		}
	}
	for _, r := range rules {
		if r.Count < 1 || r.Reason == "" {
			t.Fatalf("%s: a rule without count or reason: %+v", path, r)
		}
	}
	l.Rules = rules
	return l
}

func match(re *regexp.Regexp, s string) bool { return re == nil || re.MatchString(s) }

// A Ledger counts cases against the rules.
type Ledger struct {
	Rules                     []*Rule
	Cases                     int // that the rules' counts were made of
	Passed, Deviating, Failed int
}

// Settle counts a case: got is "" when it passed, else what happened instead of what the SerDe did.
func (l *Ledger) Settle(t testing.TB, c *Case, got string) {
	t.Helper()
	if got == "" {
		l.Passed++
		return
	}
	for _, r := range l.Rules {
		if match(r.ID, c.ID) && match(r.Types, c.Types) && match(r.Record, string(c.Record())) && match(r.Want, c.Want()) && match(r.Got, got) {
			r.matched = append(r.matched, c.ID)
			l.Deviating++
			return
		}
	}
	l.Failed++
	record := c.Record()
	t.Errorf("%s %s %v %.300q\n\tSerDe: %s %.300s\n\tgot:   %s", c.ID, c.Types, c.Props, record, c.Want(), c.Row, got)
}

// Finish compares the counts with the rules' and prints them. A rule that matches fewer cases than it says lists one that
// passes.
func (l *Ledger) Finish(t testing.TB) {
	t.Helper()
	n := l.Passed + l.Deviating + l.Failed
	if n != l.Cases {
		t.Logf("%d cases, and the counts of deviations are for %d: not compared", n, l.Cases)
	}
	for _, r := range l.Rules {
		if len(r.matched) != r.Count && n == l.Cases {
			t.Errorf("deviation %q: %d cases, listed %d: %v", r.Reason, len(r.matched), r.Count, r.matched)
		}
	}
	t.Logf("%d passed, %d deviate as listed under %d rules, %d failed", l.Passed, l.Deviating, len(l.Rules), l.Failed)
}

// Diff compares row i of b with a row of a case and says where they differ, or "". With ordered false the entries of a map may be in any order.
func Diff(b *column.Batch, i int, table *schema.Table, row json.RawMessage, ordered bool) string {
	d := json.NewDecoder(bytes.NewReader(row))
	d.UseNumber()
	var want map[string]any
	if err := d.Decode(&want); err != nil {
		return err.Error()
	}
	lower := make(map[string]any, len(want))
	for k, v := range want {
		lower[strings.ToLower(k)] = v
	}
	for k := range b.Columns {
		name := table.Columns[k].Name
		w, ok := lower[name]
		if !ok {
			return "no column " + name
		}
		if s := diff(&b.Columns[k], i, w, ordered); s != "" {
			return "column " + name + ": " + s
		}
	}
	return ""
}

func diff(v *column.Vector, i int, want any, ordered bool) string {
	if want == nil || v.Null(i) {
		if want == nil && v.Null(i) {
			return ""
		}
		return fmt.Sprintf("%s, want %s", String(v, i), compact(want))
	}
	differ := func(ok bool) string {
		if ok {
			return ""
		}
		return fmt.Sprintf("%s, want %s", String(v, i), compact(want))
	}
	switch v.Type.Kind {
	case schema.Array, schema.Map, schema.Struct:
		ws, ok := want.([]any)
		if !ok {
			return differ(false)
		}
		if v.Type.Kind == schema.Struct {
			for k := range v.Children {
				if s := diff(&v.Children[k], i, ws[k], ordered); s != "" {
					return v.Type.Fields[k].Name + ": " + s
				}
			}
			return ""
		}
		lo, hi := int(v.Offsets[i]), int(v.Offsets[i+1])
		if hi-lo != len(ws) {
			return differ(false)
		}
		used := make([]bool, len(ws))
	next:
		for j := lo; j < hi; j++ {
			for k := range ws {
				if used[k] || (v.Type.Kind == schema.Array || ordered) && k != j-lo {
					continue
				}
				if v.Type.Kind == schema.Array {
					if s := diff(&v.Children[0], j, ws[k], ordered); s != "" {
						return fmt.Sprintf("[%d]: %s", k, s)
					}
					used[k] = true
					continue next
				}
				kv := ws[k].([]any)
				if diff(&v.Children[0], j, kv[0], ordered) == "" && diff(&v.Children[1], j, kv[1], ordered) == "" {
					used[k] = true
					continue next
				}
			}
			return differ(false)
		}
		return ""
	case schema.Boolean:
		return differ(want == v.Bool(i))
	case schema.Float, schema.Double:
		f, err := strconv.ParseFloat(fmt.Sprint(want), 64)
		if v.Type.Kind == schema.Float {
			g, _ := strconv.ParseFloat(fmt.Sprint(want), 32)
			f = float64(float32(g))
		}
		return differ(err == nil && (math.Float64bits(f) == math.Float64bits(v.Floats[i]) || f != f && v.Floats[i] != v.Floats[i]))
	case schema.Decimal:
		w, ok := new(big.Rat).SetString(fmt.Sprint(want))
		return differ(ok && w.Cmp(Decimal(v, i)) == 0)
	case schema.String, schema.Char, schema.VarChar:
		return differ(javaText(want) == string(v.Data(i)))
	case schema.Timestamp:
		m, ok := want.(map[string]any)
		return differ(ok && fmt.Sprint(m["s"]) == strconv.FormatInt(v.Ints[i], 10) && fmt.Sprint(m["n"]) == strconv.Itoa(int(v.Nanos[i])))
	case schema.Date:
		return differ(fmt.Sprint(want) == time.Unix(v.Ints[i]*86400, 0).UTC().Format("2006-01-02"))
	case schema.Binary:
		return differ(base64.StdEncoding.EncodeToString(v.Data(i)) == want)
	}
	return differ(fmt.Sprint(want) == strconv.FormatInt(v.Ints[i], 10))
}

// javaText returns the UTF-8 that Java writes for a recorded string: half a surrogate pair is a question mark.
func javaText(want any) string {
	switch w := want.(type) {
	case string:
		return w
	case map[string]any:
		hex, _ := w["utf16"].(string)
		var units []uint16
		for ; len(hex) >= 4; hex = hex[4:] {
			u, _ := strconv.ParseUint(hex[:4], 16, 16)
			units = append(units, uint16(u))
		}
		var b strings.Builder
		for i := 0; i < len(units); i++ {
			r := rune(units[i])
			if utf16.IsSurrogate(r) {
				if i+1 < len(units) {
					if p := utf16.DecodeRune(r, rune(units[i+1])); p != 0xfffd {
						b.WriteRune(p)
						i++
						continue
					}
				}
				r = '?'
			}
			b.WriteRune(r)
		}
		return b.String()
	}
	return fmt.Sprintf("%T", want)
}

func compact(x any) string {
	b, _ := json.Marshal(x)
	return fmt.Sprintf("%.300s", b)
}

// Decimal returns value i of a decimal vector.
func Decimal(v *column.Vector, i int) *big.Rat {
	x := big.NewInt(v.Ints[i])
	if v.Wide() {
		x = new(big.Int).SetUint64(uint64(v.Ints[i]))
		x.Add(x, new(big.Int).Lsh(big.NewInt(v.High[i]), 64))
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(v.Type.Scale)), nil)
	return new(big.Rat).SetFrac(x, scale)
}

// String writes value i for a reader of test output.
func String(v *column.Vector, i int) string {
	if v.Null(i) {
		return "null"
	}
	var b strings.Builder
	switch v.Type.Kind {
	case schema.Struct:
		b.WriteByte('{')
		for k := range v.Children {
			if k > 0 {
				b.WriteByte(',')
			}
			b.WriteString(v.Type.Fields[k].Name + ":" + String(&v.Children[k], i))
		}
		b.WriteByte('}')
	case schema.Array, schema.Map:
		b.WriteByte('[')
		for j := int(v.Offsets[i]); j < int(v.Offsets[i+1]); j++ {
			if j > int(v.Offsets[i]) {
				b.WriteByte(',')
			}
			b.WriteString(String(&v.Children[0], j))
			if v.Type.Kind == schema.Map {
				b.WriteString("=" + String(&v.Children[1], j))
			}
		}
		b.WriteByte(']')
	case schema.Boolean:
		return strconv.FormatBool(v.Bool(i))
	case schema.Float, schema.Double:
		return strconv.FormatFloat(v.Floats[i], 'g', -1, 64)
	case schema.Decimal:
		return Decimal(v, i).FloatString(v.Type.Scale)
	case schema.String, schema.Char, schema.VarChar, schema.Binary:
		return strconv.Quote(string(v.Data(i)))
	case schema.Timestamp:
		return fmt.Sprintf("%d.%09d", v.Ints[i], v.Nanos[i])
	case schema.Date:
		return time.Unix(v.Ints[i]*86400, 0).UTC().Format("2006-01-02")
	default:
		return strconv.FormatInt(v.Ints[i], 10)
	}
	return b.String()
}

// Row writes row i of b.
func Row(b *column.Batch, i int) string {
	parts := make([]string, len(b.Columns))
	for k := range b.Columns {
		parts[k] = String(&b.Columns[k], i)
	}
	return strings.Join(parts, " | ")
}

// Check verifies the invariants of Vector for a vector of n values.
func Check(v *column.Vector, n int) error {
	bad := func(what string, x, want int) error {
		return fmt.Errorf("%s: %s is %d, want %d", v.Type, what, x, want)
	}
	if v.Len != n {
		return bad("Len", v.Len, n)
	}
	nulls := 0
	for i := range n {
		if v.Null(i) {
			nulls++
		}
	}
	if nulls != v.Nulls {
		return bad("Nulls", v.Nulls, nulls)
	}
	words := func(what string, b []uint64) error {
		if len(b) != (n+63)/64 {
			return bad("len("+what+")", len(b), (n+63)/64)
		}
		if n%64 != 0 && b[len(b)-1]>>(n%64) != 0 {
			return fmt.Errorf("%s: bits of %s behind Len", v.Type, what)
		}
		return nil
	}
	if v.Valid != nil {
		if err := words("Valid", v.Valid); err != nil {
			return err
		}
	}
	lengths := map[string][2]int{}
	switch v.Type.Kind {
	case schema.Boolean:
		if err := words("Bools", v.Bools); err != nil {
			return err
		}
	case schema.Float, schema.Double:
		lengths["len(Floats)"] = [2]int{len(v.Floats), n}
	case schema.Timestamp:
		lengths["len(Ints)"] = [2]int{len(v.Ints), n}
		lengths["len(Nanos)"] = [2]int{len(v.Nanos), n}
	case schema.Decimal:
		lengths["len(Ints)"] = [2]int{len(v.Ints), n}
		if v.Wide() {
			lengths["len(High)"] = [2]int{len(v.High), n}
		}
	case schema.Struct:
		for k := range v.Children {
			if err := Check(&v.Children[k], n); err != nil {
				return fmt.Errorf("%s of %w", v.Type.Fields[k].Name, err)
			}
			for i := range n {
				if v.Null(i) && !v.Children[k].Null(i) {
					return fmt.Errorf("%s: struct %d is null, its member is not", v.Type, i)
				}
			}
		}
	case schema.String, schema.Char, schema.VarChar, schema.Binary, schema.Array, schema.Map:
		lengths["len(Offsets)"] = [2]int{len(v.Offsets), n + 1}
		if len(v.Offsets) != n+1 || v.Offsets[0] != 0 {
			break
		}
		for i := range n {
			if d := v.Offsets[i+1] - v.Offsets[i]; d < 0 || d > 0 && v.Null(i) {
				return fmt.Errorf("%s: value %d has %d bytes or elements", v.Type, i, d)
			}
		}
		if v.Children == nil {
			lengths["len(Bytes)"] = [2]int{len(v.Bytes), int(v.Offsets[n])}
		}
		for k := range v.Children {
			if err := Check(&v.Children[k], int(v.Offsets[n])); err != nil {
				return fmt.Errorf("element of %w", err)
			}
		}
	default:
		lengths["len(Ints)"] = [2]int{len(v.Ints), n}
	}
	for what, l := range lengths {
		if l[0] != l[1] {
			return bad(what, l[0], l[1])
		}
	}
	return nil
}

// CheckBatch verifies the invariants of every column.
func CheckBatch(b *column.Batch) error {
	for k := range b.Columns {
		if err := Check(&b.Columns[k], b.Rows); err != nil {
			return fmt.Errorf("column %d: %w", k, err)
		}
	}
	return nil
}

// Broken returns records like this one that fail at different places, or may.
func Broken(record []byte) [][]byte {
	cut := func(n int) []byte { return record[:max(0, len(record)-n)] }
	last := append(append([]byte(nil), bytes.TrimRight(cut(1), "}")...), `,"z":{"no":[1]}}`...)
	first := append([]byte(`{"z":"oops",`), bytes.TrimPrefix(record, []byte("{"))...)
	return [][]byte{cut(1), cut(2), record[:len(record)/2], last, first}
}

// Reorder returns a record that is one object with its members in reverse, unless a key might be there twice or two keys fill one column.
func Reorder(record []byte) ([]byte, bool) {
	if jsonscan.Value(record, 0) != len(record) || record[0] != '{' {
		return nil, false
	}
	var members [][]byte
	seen := map[string]bool{}
	i := jsonscan.Space(record, 1)
	for record[i] != '}' {
		end := jsonscan.String(record, i)
		key := strings.ToLower(string(record[i:end]))
		if seen[key] || strings.ContainsAny(key, ".\\") || strings.HasPrefix(key, `"_col`) {
			return nil, false
		}
		seen[key] = true
		end = jsonscan.Value(record, jsonscan.Space(record, jsonscan.Space(record, end)+1))
		members = append(members, record[i:end])
		if i = jsonscan.Space(record, end); record[i] == ',' {
			i = jsonscan.Space(record, i+1)
		}
	}
	slices.Reverse(members)
	return append(append([]byte("{"), bytes.Join(members, []byte(","))...), '}'), len(members) > 1
}

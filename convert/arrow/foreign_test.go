package arrow

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

// pyarrowTypes are the types of everyType as pyarrow has them.
const pyarrowTypes = "bool; int8; int16; int32; int64; float; double; decimal128(5, 2); decimal128(18, 4); decimal128(19, 0); decimal128(38, 10); string; string; string; date32[day]; timestamp[ns, tz=UTC]; binary; " +
	"list<item: string>; list<item: bool>; map<string, int64>; struct<x: int32, y: string, z: list<item: double>>; list<item: list<item: int32>>; list<item: struct<k: string, m: map<int32, list<item: timestamp[ns, tz=UTC]>>>>; " +
	"struct<a: struct<b: struct<c: int64, q: bool>>, l: list<item: struct<d: decimal128(20, 3)>>>; map<date32[day], struct<q: bool, r: list<item: bool>>>; map<string, map<int8, float>>"

// appendRow appends row i as testdata/read.py has it, a line.
func appendRow(dst []byte, b *column.Batch, i int, o Options) []byte {
	for c := range b.Columns {
		dst = append(appendValue(dst, &b.Columns[c], i, o), '\t')
	}
	return append(dst[:len(dst)-1], '\n')
}

// pythonHex writes a float as Python's float.hex does: all 13 digits and no zeros before the exponent.
func pythonHex(x float64) string {
	if x == 0 {
		return "0x0.0p+0"
	}
	s := strconv.FormatFloat(x, 'x', 13, 64)
	m, e, _ := strings.Cut(s, "p")
	n, _ := strconv.Atoi(e)
	return fmt.Sprintf("%sp%+d", m, n)
}

// appendValue appends value i of v: exact, text in base 64, timestamps in their unit since 1970, dates in days, decimals
// unscaled, maps as lists of pairs and structs as lists.
func appendValue(dst []byte, v *column.Vector, i int, o Options) []byte {
	if v.Null(i) {
		return append(dst, "null"...)
	}
	list := func(open, shut byte, lo, hi int, f func(j int)) {
		dst = append(dst, open)
		for j := lo; j < hi; j++ {
			if j > lo {
				dst = append(dst, ',')
			}
			f(j)
		}
		dst = append(dst, shut)
	}
	switch v.Type.Kind {
	case schema.Boolean:
		return strconv.AppendBool(dst, v.Bool(i))
	case schema.Float, schema.Double:
		return fmt.Appendf(dst, `"%s"`, pythonHex(v.Floats[i]))
	case schema.Decimal:
		x := big.NewInt(v.Ints[i])
		if v.Wide() {
			x.Or(x.Lsh(big.NewInt(v.High[i]), 64), new(big.Int).SetUint64(uint64(v.Ints[i])))
		}
		return fmt.Appendf(dst, `"%d"`, x)
	case schema.Timestamp:
		if o.Microseconds {
			return fmt.Appendf(dst, `"%d"`, v.Ints[i]*1e6+int64(v.Nanos[i]/1000))
		}
		return fmt.Appendf(dst, `"%d"`, v.Ints[i]*1e9+int64(v.Nanos[i]))
	case schema.String, schema.Char, schema.VarChar, schema.Binary:
		return append(append(append(dst, '"'), base64.StdEncoding.EncodeToString(v.Data(i))...), '"')
	case schema.Array:
		list('[', ']', int(v.Offsets[i]), int(v.Offsets[i+1]), func(j int) { dst = appendValue(dst, &v.Children[0], j, o) })
		return dst
	case schema.Map:
		list('[', ']', int(v.Offsets[i]), int(v.Offsets[i+1]), func(j int) {
			dst = appendValue(append(dst, '['), &v.Children[0], j, o)
			dst = append(appendValue(append(dst, ','), &v.Children[1], j, o), ']')
		})
		return dst
	case schema.Struct:
		list('[', ']', 0, len(v.Children), func(j int) { dst = appendValue(dst, &v.Children[j], i, o) })
		return dst
	}
	return fmt.Appendf(dst, `"%d"`, v.Ints[i])
}

// TestPyarrow has pyarrow read our streams: it validates them fully and agrees on the types and every value. Our Reader
// takes what pyarrow writes of the same rows in turn: as it is, compressed, in slices of seven rows, and all as one batch.
// Large offsets are refused.
func TestPyarrow(t *testing.T) {
	python := os.Getenv("HYDRANT_PYTHON")
	if python == "" {
		t.Skip("HYDRANT_PYTHON is not set: pyarrow has not read our streams (it names a python that has it)")
	}
	columns := columnsOf(t, everyType)
	rows := 0
	for _, o := range variants[:2] {
		var batches []*column.Batch
		var want []byte
		for p := range patterns {
			for k, n := range []int{0, 1, 64, 150} {
				b := newGenerator(uint64(k), p, o).batch(column.NewBatch(columns), n)
				batches = append(batches, b)
				for i := range n {
					want = appendRow(want, b, i, o)
				}
				rows += n
			}
		}
		dir := t.TempDir()
		var stream bytes.Buffer
		if err := WriteIPC(&stream, columns, o, batches...); err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{"in.arrows": stream.Bytes(), "rows": want} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		out, err := exec.Command(python, filepath.Join("testdata", "read.py"), dir).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		types := pyarrowTypes
		if o.Microseconds {
			types = strings.ReplaceAll(types, "timestamp[ns", "timestamp[us")
		}
		if got := strings.TrimSpace(string(out)); got != types {
			t.Errorf("types are\n%s\nwant\n%s", got, types)
		}
		for _, name := range []string{"plain", "lz4", "zstd", "sliced", "one"} {
			f, err := os.Open(filepath.Join(dir, name+".arrows"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			r, err := NewReader(f, columns, Options{})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			defer r.Close()
			got := column.NewBatch(columns)
			var text []byte
			for r.Read(got) == nil {
				for i := range got.Rows {
					text = appendRow(text, got, i, o)
				}
			}
			if !bytes.Equal(text, want) {
				t.Errorf("%s: %d rows that aren't the %d written", name, bytes.Count(text, []byte("\n")), bytes.Count(want, []byte("\n")))
			}
		}
		f, err := os.ReadFile(filepath.Join(dir, "large.arrows"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewReader(bytes.NewReader(f), columns, o); err == nil || !strings.Contains(err.Error(), "str: string doesn't hold large_utf8") {
			t.Errorf("large offsets: %v", err)
		}
	}
	t.Logf("pyarrow agrees on %d rows of %d columns", rows, len(columns))
}

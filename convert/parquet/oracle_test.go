package parquet

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

// shared is the optional checkout of reference material beside the repository.
var shared = filepath.Join("..", "..", "..", "shared")

// A side file describes a file of the oracle.
type side struct {
	Dataset  string
	Schema   string
	Options  map[string]string
	Rows     int
	RowsFile string `json:"rows_file"`
}

func (s *side) options() Options {
	o := Options{Layout: LayoutHive, EnableDictionaryCompression: s.Options["parquet.enable.dictionary"] != "false"}
	o.Compression = s.Options["parquet.compression"]
	o.WriterVersion = strings.ToUpper(s.Options["parquet.writer.version"])
	o.PageSizeBytes, _ = strconv.ParseInt(s.Options["parquet.page.size"], 10, 64)
	return o
}

// TestHive writes what Hive 2.3 wrote: footer, page structure, encodings and decompressed pages
// must be the same. A compressor may compress otherwise, so sizes after compression and what is
// computed from them don't count; without compression the whole file must be equal.
func TestHive(t *testing.T) {
	dir := filepath.Join(shared, "oracle", "parquet")
	files, _ := filepath.Glob(filepath.Join(dir, "*__hive23.parquet"))
	if len(files) == 0 {
		t.Skip("../shared not present: no file of Hive's was rewritten")
	}
	// The issue of page cuts: parquet-mr 1.8.1 looks at sizes every so many values, in V1 also
	// within a row; these files are written with other cuts.
	mayDiffer := map[string]bool{"pages": true, "encodings": true, "ancient": true}
	same, whole, differ := 0, 0, 0
	for _, path := range files {
		text, err := os.ReadFile(path + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var s side
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		typ, err := schema.ParseType(s.Schema)
		if err != nil {
			t.Fatal(err)
		}
		rows := readLines(t, filepath.Join(dir, s.RowsFile))
		if len(rows) < s.Rows {
			t.Fatalf("%s has %d rows, want %d", s.RowsFile, len(rows), s.Rows)
		}
		b := batchOf(t, typ.Fields, rows[:s.Rows])
		got := writeFile(t, typ.Fields, s.options(), 1, b)
		name := filepath.Base(path)
		if bytes.Equal(got, want) {
			whole++
			same++
			continue
		}
		if d := diffFiles(got, want); d != "" {
			if differ++; mayDiffer[s.Dataset] {
				t.Logf("%s differs, as it may: %s", name, d)
			} else {
				t.Errorf("%s: %s", name, d)
			}
			continue
		}
		if s.Options["parquet.compression"] == "UNCOMPRESSED" {
			t.Errorf("%s: equal in structure, but not to the byte", name)
		}
		same++
	}
	t.Logf("of %d files %d have the same footer and pages, %d of them to the byte of the whole file; %d differ", len(files), same, whole, differ)
}

// TestFirehoseWritten rewrites the one file of the service at hand.
func TestFirehoseWritten(t *testing.T) {
	want, err := os.ReadFile(filepath.Join(shared, "corpus", "parquet", "firehose_written.parquet"))
	if err != nil {
		t.Skip("../shared not present: the service's own file was not rewritten")
	}
	var columns []schema.Column
	for _, e := range footerOf(want).list(2)[1:] {
		e := e.(message)
		kinds := map[int64]schema.Kind{1: schema.Int, 3: schema.Timestamp, 4: schema.Float, 6: schema.String}
		columns = append(columns, schema.Column{Name: string(e[4].([]byte)), Type: &schema.Type{Kind: kinds[e.int(1)]}})
	}
	b := batchOf(t, columns, decodeFile(t, want))
	o := Options{Layout: LayoutHive, WriterVersion: "V2", EnableDictionaryCompression: true}
	if d := diffFiles(writeFile(t, columns, o, 1, b), want); d != "" {
		t.Error(d)
	}
}

// diffFiles compares footers and pages but for what depends on the compressor.
func diffFiles(got, want []byte) string {
	g, w := footerOf(got), footerOf(want)
	if d := diffPages(got, want, g, w); d != "" {
		return d
	}
	for i, f := range []message{g, w} {
		file := [][]byte{got, want}[i]
		for _, rg := range f.list(4) {
			rg := rg.(message)
			for _, c := range rg.list(1) {
				c := c.(message)
				meta := c.sub(3)
				delete(c, 2)
				// Headers hold the compressed size as a varint, and count as uncompressed bytes.
				headers := int64(0)
				for _, p := range pagesOf(file, meta) {
					headers += int64(p.headerSize)
				}
				meta[6] = meta.int(6) - headers
				rg[2] = rg.int(2) - headers
				// A set: parquet-mr lists it in the order of a Java hash set of enumerators, which
				// differs from one JVM to the next, as the service's file and the oracle's do.
				set := map[any]bool{}
				for _, e := range meta.list(2) {
					set[e] = true
				}
				meta[2] = fmt.Sprint(set)
				for _, id := range []int16{7, 9, 11} {
					delete(meta, id)
				}
			}
		}
	}
	return diffValue("footer", g, w)
}

func diffPages(got, want []byte, g, w message) string {
	if len(g.list(4)) != len(w.list(4)) {
		return fmt.Sprintf("%d row groups, want %d", len(g.list(4)), len(w.list(4)))
	}
	for i := range g.list(4) {
		gc, wc := g.list(4)[i].(message).list(1), w.list(4)[i].(message).list(1)
		if len(gc) != len(wc) {
			return "number of columns"
		}
		for j := range gc {
			gm, wm := gc[j].(message).sub(3), wc[j].(message).sub(3)
			var path []string
			for _, p := range wm.list(3) {
				path = append(path, string(p.([]byte)))
			}
			name := strings.Join(path, ".")
			gp, wp := pagesOf(got, gm), pagesOf(want, wm)
			if len(gp) != len(wp) {
				return fmt.Sprintf("%s: %d pages, want %d", name, len(gp), len(wp))
			}
			for k := range gp {
				delete(gp[k].header, 3)
				delete(wp[k].header, 3)
				if d := diffValue(fmt.Sprintf("%s page %d", name, k), gp[k].header, wp[k].header); d != "" {
					return d
				}
				if !bytes.Equal(gp[k].body, wp[k].body) {
					n := 0
					for n < min(len(gp[k].body), len(wp[k].body)) && gp[k].body[n] == wp[k].body[n] {
						n++
					}
					return fmt.Sprintf("%s page %d: byte %d of %d: % x, want % x", name, k, n, len(wp[k].body), cut(gp[k].body[n:]), cut(wp[k].body[n:]))
				}
			}
		}
	}
	return ""
}

func cut(b []byte) []byte { return b[:min(len(b), 24)] }

func diffValue(at string, g, w any) string {
	switch w := w.(type) {
	case message:
		gm, ok := g.(message)
		if !ok {
			return fmt.Sprintf("%s: %v, want %v", at, g, w)
		}
		for id := int16(0); id < 64; id++ {
			gv, gok := gm[id]
			wv, wok := w[id]
			if gok != wok {
				return fmt.Sprintf("%s field %d: %v, want %v", at, id, gv, wv)
			}
			if d := diffValue(fmt.Sprintf("%s.%d", at, id), gv, wv); d != "" {
				return d
			}
		}
		return ""
	case []any:
		gl, ok := g.([]any)
		if !ok || len(gl) != len(w) {
			return fmt.Sprintf("%s: %v, want %v", at, g, w)
		}
		for i := range w {
			if d := diffValue(fmt.Sprintf("%s[%d]", at, i), gl[i], w[i]); d != "" {
				return d
			}
		}
		return ""
	}
	if !reflect.DeepEqual(g, w) {
		return fmt.Sprintf("%s: %v, want %v", at, g, w)
	}
	return ""
}

func readLines(t testing.TB, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(z)
	s.Buffer(nil, 1<<24)
	var lines []string
	for s.Scan() {
		lines = append(lines, s.Text())
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return lines
}

// batchOf reads canonical JSON rows.
func batchOf(t testing.TB, columns []schema.Column, rows []string) *column.Batch {
	t.Helper()
	b := column.NewBatch(columns)
	for _, r := range rows {
		d := json.NewDecoder(strings.NewReader(r))
		d.UseNumber()
		expect(t, d, json.Delim('{'))
		for i := range columns {
			expect(t, d, columns[i].Name)
			appendJSON(t, d, &b.Columns[i])
		}
		b.Rows++
	}
	return b
}

func token(t testing.TB, d *json.Decoder) json.Token {
	tok, err := d.Token()
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func expect(t testing.TB, d *json.Decoder, want json.Token) {
	if tok := token(t, d); tok != want {
		t.Fatalf("%v, want %v", tok, want)
	}
}

func appendJSON(t testing.TB, d *json.Decoder, v *column.Vector) {
	switch tok := token(t, d); v.Type.Kind {
	case schema.Array:
		if tok == nil {
			v.AppendNull()
			return
		}
		for d.More() {
			appendJSON(t, d, &v.Children[0])
		}
		expect(t, d, json.Delim(']'))
		v.EndList()
	case schema.Map:
		if tok == nil {
			v.AppendNull()
			return
		}
		for d.More() {
			appendScalarJSON(t, token(t, d), &v.Children[0])
			appendJSON(t, d, &v.Children[1])
		}
		expect(t, d, json.Delim('}'))
		v.EndList()
	case schema.Struct:
		if tok == nil {
			v.AppendNull()
			return
		}
		for i, f := range v.Type.Fields {
			expect(t, d, f.Name)
			appendJSON(t, d, &v.Children[i])
		}
		expect(t, d, json.Delim('}'))
		v.EndStruct()
	default:
		appendScalarJSON(t, tok, v)
	}
}

func appendScalarJSON(t testing.TB, tok json.Token, v *column.Vector) {
	if tok == nil {
		v.AppendNull()
		return
	}
	if x, ok := tok.(bool); ok {
		v.AppendBool(x)
		return
	}
	s := fmt.Sprint(tok)
	var err error
	switch v.Type.Kind {
	case schema.Boolean:
		v.AppendBool(s == "true")
	case schema.Float, schema.Double:
		var x float64
		bits := 64
		if v.Type.Kind == schema.Float {
			bits = 32
		}
		switch s {
		case "NaN":
			x = math.NaN()
		default:
			x, err = strconv.ParseFloat(s, bits)
		}
		v.AppendFloat(x)
	case schema.String, schema.Char, schema.VarChar:
		v.AppendBytes([]byte(s))
	case schema.Binary:
		var x []byte
		x, err = base64.StdEncoding.DecodeString(s)
		v.AppendBytes(x)
	case schema.Decimal:
		whole, frac, _ := strings.Cut(s, ".")
		x, ok := new(big.Int).SetString(whole+frac+strings.Repeat("0", v.Type.Scale-len(frac)), 10)
		if !ok {
			t.Fatalf("decimal %s", s)
		}
		appendBig(v, x)
	case schema.Date:
		var x time.Time
		x, err = time.Parse("2006-01-02", s)
		v.AppendInt(floorDiv(x.Unix(), 86400))
	case schema.Timestamp:
		s = strings.TrimSuffix(strings.Replace(s, "T", " ", 1), "Z")
		var x time.Time
		x, err = time.Parse("2006-01-02 15:04:05.999999999", s)
		v.AppendTimestamp(x.Unix(), int32(x.Nanosecond()))
	default:
		var x int64
		x, err = strconv.ParseInt(s, 10, 64)
		v.AppendInt(x)
	}
	if err != nil {
		t.Fatal(err)
	}
}

package parquet

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// TestParquetGo reads what parquet-go writes: encodings and codecs that neither Hive nor we use.
func TestParquetGo(t *testing.T) {
	type inner struct {
		A int32   `parquet:"a,delta"`
		B float32 `parquet:"b,split"`
	}
	type row struct {
		F    float64          `parquet:"f,split"`
		I    int64            `parquet:"i,split"`
		U    uint64           `parquet:"u,delta"`
		U32  uint32           `parquet:"u32"`
		ID   [16]byte         `parquet:"id,uuid"`
		S    string           `parquet:"s,delta,lz4"`
		Z    string           `parquet:"z,dict,zstd"`
		G    []byte           `parquet:"g,gzip"`
		At   int64            `parquet:"at,timestamp(nanosecond)"`
		Date int32            `parquet:"date,date"`
		Dec  int32            `parquet:"dec,decimal(2:9)"`
		O    *bool            `parquet:"o,optional"`
		L    []inner          `parquet:"l,list"`
		R    []int32          `parquet:"r"` // repeated, without a list around it
		M    map[string]int32 `parquet:"m"`
	}
	var rows []row
	var want strings.Builder
	for i := range 300 {
		b := i%2 == 0
		r := row{F: float64(i) / 8, I: int64(i) << 40, U: uint64(i), U32: uint32(i) << 24, ID: [16]byte{15: byte(i)}, S: strings.Repeat("ab", i%7), Z: fmt.Sprint("z", i%5),
			G: []byte{byte(i)}, At: int64(i) * 1000000007, Date: int32(i), Dec: int32(i) - 5, M: map[string]int32{"k": int32(i)}}
		o := "null"
		if i%3 > 0 {
			r.O = &b
			o = fmt.Sprint(b)
		}
		var list, repeated []string
		for k := range i % 3 {
			r.L = append(r.L, inner{int32(-k), float32(k) / 4})
			r.R = append(r.R, int32(k))
			list = append(list, fmt.Sprintf(`{"a":%d,"b":%v}`, -k, float32(k)/4))
			repeated = append(repeated, fmt.Sprint(k))
		}
		rows = append(rows, r)
		v := node{kind: kindNanos}
		at, _ := appendScalar(nil, &v, value{i: r.At})
		v = node{kind: kindDate}
		date, _ := appendScalar(nil, &v, value{i: int64(i)})
		g, _ := appendScalar(nil, &node{kind: kindBinary}, value{b: r.G})
		dec := appendDecimal(nil, int64(r.Dec), 2)
		fmt.Fprintf(&want, `{"f":%v,"i":%d,"u":%d,"u32":%d,"id":"00000000-0000-0000-0000-0000000000%02x","s":%q,"z":%q,"g":%s,"at":%s,"date":%s,"dec":%s,"o":%s,"l":[%s],"r":[%s],"m":{"k":%d}}`+"\n",
			r.F, r.I, r.U, r.U32, byte(i), r.S, r.Z, g, at, date, dec, o, strings.Join(list, ","), strings.Join(repeated, ","), i)
	}
	for _, version := range []int{1, 2} {
		var file bytes.Buffer
		w := parquet.NewGenericWriter[row](&file, parquet.DataPageVersion(version), parquet.PageBufferSize(2000), parquet.KeyValueMetadata("k", "v"))
		if _, err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		f := openBytes(t, file.Bytes())
		var got strings.Builder
		if err := f.Rows(&got, nil, -1); err != nil {
			t.Errorf("version %d: %v", version, err)
		}
		if got.String() != want.String() {
			t.Errorf("version %d: %s", version, firstDifference(got.String(), want.String()))
		}
		s, err := f.Inspect()
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		if err := s.WriteText(&text); err != nil || !strings.Contains(text.String(), "k = v") || !strings.Contains(text.String(), "BYTE_STREAM_SPLIT") {
			t.Errorf("version %d: %v\n%s", version, err, &text)
		}
	}
	// a codec that isn't supported says so
	type one struct {
		S string `parquet:"s,brotli"`
	}
	var file bytes.Buffer
	if err := parquet.Write(&file, []one{{"x"}}); err != nil {
		t.Fatal(err)
	}
	if err := openBytes(t, file.Bytes()).Rows(&counter{}, nil, -1); err == nil || !strings.Contains(err.Error(), "BROTLI isn't supported") {
		t.Errorf("Brotli: %v", err)
	}
}

// TestBitPacked are the levels of the oldest files, high bits first (Encodings.md, BIT_PACKED).
func TestBitPacked(t *testing.T) {
	h := newBitPacked([]byte{0x05, 0x39, 0x77}, 3)
	for want := range uint32(8) {
		if got, err := h.next(); err != nil || got != want {
			t.Errorf("value %d: %d, %v", want, got, err)
		}
	}
	if _, err := h.next(); err == nil {
		t.Error("a ninth value")
	}
}

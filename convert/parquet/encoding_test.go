package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

func TestHybrid(t *testing.T) {
	for _, tt := range []struct {
		name   string
		values []uint32
		width  int
		want   []byte
	}{
		{"nothing", nil, 3, nil},
		{"one", []uint32{5}, 3, []byte{1<<1 | 1, 5, 0, 0}},
		{"eight equal", []uint32{5, 5, 5, 5, 5, 5, 5, 5}, 3, []byte{8 << 1, 5}},
		{"specification's example", []uint32{0, 1, 2, 3, 4, 5, 6, 7}, 3, []byte{1<<1 | 1, 0x88, 0xc6, 0xfa}},
		{"a run in the middle of a group", []uint32{1, 0, 0, 0, 0, 0, 0, 0, 0}, 1, []byte{2<<1 | 1, 1, 0}},
		{"a run behind a group", []uint32{1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 1, []byte{1<<1 | 1, 0x55, 9 << 1, 1}},
		{"width 0", []uint32{0, 0}, 0, []byte{1<<1 | 1}},
		{"two bytes", []uint32{300, 300, 300, 300, 300, 300, 300, 300}, 9, []byte{8 << 1, 44, 1}},
	} {
		if got := appendCodes(nil, tt.values, tt.width); !bytes.Equal(got, tt.want) {
			t.Errorf("%s: % x, want % x", tt.name, got, tt.want)
		}
	}
	// a bit-packed run has at most 63 groups
	var long []uint32
	for i := range 64 * 8 {
		long = append(long, uint32(i&1))
	}
	if got := appendCodes(nil, long, 1); got[0] != 63<<1|1 || got[64] != 1<<1|1 || len(got) != 66 {
		t.Errorf("64 groups: % x", got)
	}
}

func FuzzHybrid(f *testing.F) {
	f.Add([]byte{1, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3}, uint8(7))
	f.Add(bytes.Repeat([]byte{9}, 600), uint8(12))
	f.Fuzz(func(t *testing.T, data []byte, w uint8) {
		width := int(w) % 33
		var values []uint32
		var small []uint8
		for _, c := range data {
			x := uint32(c)
			if c&1 == 0 {
				x *= 0x01010101
			}
			values = append(values, uint32(uint64(x)&(1<<width-1)))
			small = append(small, c&(1<<min(width, 8)-1))
		}
		if got := decodeHybrid(appendCodes(nil, values, width), width, len(values)); !slices.Equal(got, values) {
			t.Errorf("width %d: %v reads back as %v", width, values, got)
		}
		if width <= 8 { // the two make the same runs
			a, b := appendCodes(nil, values, width), []uint8(nil)
			for _, v := range values {
				b = append(b, uint8(v))
			}
			if got := appendLevels(nil, b, width); !bytes.Equal(got, a) {
				t.Errorf("width %d: %v as levels: % x, want % x", width, values, got, a)
			}
		}
		for i, got := range decodeHybrid(appendLevels(nil, small, min(width, 8)), min(width, 8), len(small)) {
			if got != uint32(small[i]) {
				t.Fatalf("width %d: byte %d reads back as %d", width, i, got)
			}
		}
	})
}

// FuzzBitmap holds the bitmap's fast path to the hybrid beside it.
func FuzzBitmap(f *testing.F) {
	f.Add(bytes.Repeat([]byte{0xff}, 40), uint16(300), uint8(3))
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7}, uint16(130), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, n uint16, offset uint8) {
		src := make([]uint64, len(data)/8+1)
		for i, c := range data {
			src[i/8] |= uint64(c) << (i % 8 * 8)
		}
		lo := min(int(offset), 64*len(src))
		hi := min(lo+int(n), 64*len(src))
		count := 0
		var want []uint32
		var dst []uint64
		const before = 5 // bits that are there already
		dst = appendOnes(dst, 0, before)
		for range before {
			want = append(want, 1)
		}
		for i := lo; i < hi; i++ {
			want = append(want, uint32(src[i>>6]>>(i&63)&1))
			count += int(want[len(want)-1])
		}
		dst = appendBits(dst, before, src, lo, hi)
		if got := countValid(src, lo, hi); got != count {
			t.Errorf("countValid(%d, %d) = %d, want %d", lo, hi, got, count)
		}
		if got := decodeHybrid(appendBitmap(nil, dst, len(want)), 1, len(want)); !slices.Equal(got, want) {
			t.Errorf("%v reads back as %v", want, got)
		}
		values := make([]int64, 64*len(src))
		for i := range values {
			values[i] = int64(i)
		}
		var picked []int64
		for i := lo; i < hi; i++ {
			if src[i>>6]>>(i&63)&1 != 0 {
				picked = append(picked, int64(i))
			}
		}
		if got := gather(nil, values, src, lo, hi); !slices.Equal(got, picked) {
			t.Errorf("gather(%d, %d) = %v, want %v", lo, hi, got, picked)
		}
	})
}

func TestDelta(t *testing.T) {
	var d delta[int32]
	// the specification's example: deltas of 1 take no bits
	got := d.append(nil, []int32{1, 2, 3, 4, 5})
	want := []byte{0x80, 1, 4, 5, 2, 2, 0, 0, 0, 0}
	if !bytes.Equal(got, want) {
		t.Errorf("% x, want % x", got, want)
	}
	for _, v := range [][]int64{nil, {7}, {math.MinInt64, math.MaxInt64, 0, -1}, slices.Repeat([]int64{3, -9}, 300)} {
		var d delta[int64]
		got, rest := decodeDelta(d.append(nil, v))
		if !slices.Equal(got, v) || len(rest) != 0 {
			t.Errorf("%v reads back as %v and %d bytes", v, got, len(rest))
		}
	}
}

func FuzzDelta(f *testing.F) {
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz"))
	f.Add(binary.LittleEndian.AppendUint64(nil, math.MaxUint64))
	f.Fuzz(func(t *testing.T, data []byte) {
		var ds deltas
		for range 2 { // the second time with what the first left behind
			p4 := data[:len(data)&^3]
			v, rest := decodeDelta(ds.appendInt32(nil, p4))
			var back []byte
			for _, x := range v {
				back = binary.LittleEndian.AppendUint32(back, uint32(x))
			}
			if !bytes.Equal(back, p4) || len(rest) != 0 {
				t.Fatalf("INT32: % x reads back as % x", p4, back)
			}
			p8 := data[:len(data)&^7]
			v, rest = decodeDelta(ds.appendInt64(nil, p8))
			back = nil
			for _, x := range v {
				back = binary.LittleEndian.AppendUint64(back, uint64(x))
			}
			if !bytes.Equal(back, p8) || len(rest) != 0 {
				t.Fatalf("INT64: % x reads back as % x", p8, back)
			}
			// byte arrays: cut data where a byte says so
			var texts [][]byte
			var plain []byte
			for b := data; len(b) > 0; {
				n := min(int(b[0]&15), len(b)-1)
				texts = append(texts, b[1:1+n])
				plain = append(binary.LittleEndian.AppendUint32(plain, uint32(n)), b[1:1+n]...)
				b = b[1+n:]
			}
			leaf := &testNode{physical: 6}
			for enc, body := range map[int64][]byte{6: ds.appendLengths(nil, plain), 7: ds.appendPrefixes(nil, plain, 0)} {
				got := plainValues(body, enc, leaf, len(texts), nil)
				if !slices.EqualFunc(got, texts, bytes.Equal) {
					t.Fatalf("encoding %d: %q reads back as %q", enc, texts, got)
				}
			}
		}
	})
}

func FuzzDictionary(f *testing.F) {
	f.Add([]byte("a\x00bb\x00a\x00\x00ccc"), uint8(0))
	f.Add([]byte("0123456789abcdef0123456789abcdef"), uint8(4))
	f.Fuzz(func(t *testing.T, data []byte, kind uint8) {
		width := []int{0, 4, 8, 12}[kind&3]
		var d dictionary
		d.reset(width)
		var values [][]byte
		if width == 0 {
			values = bytes.Split(data, []byte{0})
		} else {
			for ; len(data) >= width; data = data[width:] {
				values = append(values, data[:width])
			}
		}
		seen := map[string]uint32{}
		var codes []uint32
		var plain []byte
		for _, v := range values {
			var code uint32
			switch width {
			case 4:
				code = d.key(uint64(binary.LittleEndian.Uint32(v)))
			case 8:
				code = d.key(binary.LittleEndian.Uint64(v))
			default:
				code = d.bytes(append([]byte("xx"), v...), 2, 2+len(v))
			}
			want, ok := seen[string(v)]
			if !ok {
				want = uint32(len(seen))
				seen[string(v)] = want
			}
			if code != want || !bytes.Equal(d.value(int(code)), v) {
				t.Fatalf("%q has code %d, %q, want %d", v, code, d.value(int(code)), want)
			}
			codes = append(codes, code)
			if width == 0 {
				plain = binary.LittleEndian.AppendUint32(plain, uint32(len(v)))
			}
			plain = append(plain, v...)
		}
		// a page's values get the same numbers at once, also from a dictionary that was used before
		var page dictionary
		page.reset(width)
		if _, rest := page.number(nil, plain, len(values)); len(rest) > 0 {
			t.Fatalf("% x is left", rest)
		}
		page.reset(width)
		if got, _ := page.number(nil, plain, len(values)); !slices.Equal(got, codes) || !bytes.Equal(page.plain, d.plain) {
			t.Errorf("codes %v, want %v", got, codes)
		}
	})
}

func TestFixed(t *testing.T) {
	for _, p := range []int{1, 2, 3, 4, 5, 9, 10, 18, 19, 38} {
		// the fewest bytes for which 2^(8n-1) > 10^p-1
		want := int(math.Floor(math.Log2(math.Pow(10, float64(p)))/8+1.0/8)) + 1
		if got := decimalWidth(p); got != want {
			t.Errorf("decimalWidth(%d) = %d, want %d", p, got, want)
		}
	}
	columns := columnsOf(t, "a", "decimal(2,0)", "b", "decimal(38,0)", "c", "decimal(19,2)")
	rows := []string{`{"a":99,"b":99999999999999999999999999999999999999,"c":92233720368547758.07}`,
		`{"a":-99,"b":-99999999999999999999999999999999999999,"c":-92233720368547758.09}`, `{"a":0,"b":-1,"c":0.01}`}
	for _, dict := range []bool{false, true} {
		file := writeFile(t, columns, Options{EnableDictionaryCompression: dict}, 1, batchOf(t, columns, slices.Repeat(rows, 50)))
		compareRows(t, "decimals", decodeFile(t, file), slices.Repeat(rows, 50))
	}
	for _, w := range []int{1, 3, 8, 9, 12, 16} {
		for _, low := range []int64{0, 1, -1, 100, -128} {
			b := appendFixed(nil, low>>63, low, w)
			if h, l := unfixed(b); h != low>>63 || l != low || len(b) != w {
				t.Errorf("%d in %d bytes reads back as %d, %d", low, w, h, l)
			}
		}
	}
}

// TestJulian are the days that Hive 2.3 stores (oracle/parquet/README.md).
func TestJulian(t *testing.T) {
	day := func(s string) int64 {
		b := batchOf(t, columnsOf(t, "d", "date"), []string{fmt.Sprintf(`{"d":%q}`, s)})
		return b.Columns[0].Ints[0]
	}
	for _, tt := range []struct{ date, shown string }{
		{"1500-03-01", "1500-03-11"}, {"1582-10-04", "1582-10-14"}, {"1582-10-15", "1582-10-15"},
		{"2025-01-01", "2025-01-01"}, {"0200-03-01", "0200-03-01"}, {"0200-02-28", "0200-02-27"},
	} {
		if got := julianDay(day(tt.date)); got != day(tt.shown) {
			t.Errorf("julianDay(%s) = %d, want %d (%s)", tt.date, got, day(tt.shown), tt.shown)
		}
	}
	if got := julianDay(day("0001-01-01")); got != day("0001-01-01")-2 {
		t.Errorf("0001-01-01 is day %d", got)
	}
}

func TestInt96(t *testing.T) {
	// format-conversion.md §7: 2018-02-07T19:58:48Z
	want := []byte{0x00, 0xb0, 0xe3, 0x0a, 0x6b, 0x41, 0x00, 0x00, 0x2d, 0x82, 0x25, 0x00}
	var got [12]byte
	putInt96(got[:], 1518033528, 0)
	if !bytes.Equal(got[:], want) {
		t.Errorf("% x, want % x", got, want)
	}
	putInt96(got[:], -1, 999999999)
	if n := binary.LittleEndian.Uint64(got[:]); n != 86399999999999 || binary.LittleEndian.Uint32(got[8:]) != 2440587 {
		t.Errorf("one nanosecond before 1970: % x", got)
	}
}

func TestBounds(t *testing.T) {
	text := func(s ...string) *bounds {
		var b bounds
		for _, x := range s {
			b.text([]byte(x))
		}
		return &b
	}
	utf8Leaf := &leaf{order: orderBytes}
	long := string(bytes.Repeat([]byte("a"), 70))
	top := string(bytes.Repeat([]byte("\U0010ffff"), 20))
	for _, tt := range []struct {
		name   string
		b      *bounds
		lo, hi string
		exact  bool
		ok     bool
	}{
		{"none", text(), "", "", false, false},
		{"empty", text(""), "", "", true, true},
		{"two", text("b", "abcdefghij", "abcdefgh"), "abcdefgh", "b", true, true},
		{"unsigned", text("é", "z"), "z", "é", true, true},
		{"cut", text(long), long[:64], long[:63] + "b", false, true},
		{"cut before a character", text(long[:63] + "日本"), long[:63], long[:62] + "b", false, true},
		{"nothing greater", text("a", top), "", "", false, false},
		{"not UTF-8", text(string(bytes.Repeat([]byte{0xfe}, 63)) + "\xff\xff"), string(bytes.Repeat([]byte{0xfe}, 63)) + "\xff", string(bytes.Repeat([]byte{0xfe}, 62)) + "\xff", false, true},
	} {
		lo, hi, exactLo, exactHi, ok := tt.b.plain(utf8Leaf, false)
		if string(lo) != tt.lo || string(hi) != tt.hi || ok != tt.ok || ok && (exactLo && exactHi) != tt.exact {
			t.Errorf("%s: %q %q %v %v %v, want %q %q", tt.name, lo, hi, exactLo, exactHi, ok, tt.lo, tt.hi)
		}
	}
	var f bounds
	f.floats([]float64{math.NaN(), 0, -3})
	f.floats([]float64{math.NaN()})
	lo, hi, _, _, _ := f.plain(&leaf{order: orderFloat}, false)
	if math.Float64frombits(binary.LittleEndian.Uint64(lo)) != -3 || !bytes.Equal(hi, make([]byte, 8)) {
		t.Errorf("floats: % x % x", lo, hi)
	}
	var z bounds
	z.floats([]float64{0})
	lo, hi, _, _, _ = z.plain(&leaf{order: orderFloat}, false)
	if lo[7] != 0x80 || hi[7] != 0 {
		t.Errorf("zeros have both signs: % x % x", lo, hi)
	}
	var n bounds
	n.floats([]float64{math.NaN()})
	if _, _, _, _, ok := n.plain(&leaf{order: orderFloat}, false); ok {
		t.Error("NaN is a bound")
	}
}

// FuzzBounds holds the prefix comparison to a plain one.
func FuzzBounds(f *testing.F) {
	f.Add([]byte("a\nabcdefgh\nabcdefghi\n\xff\xff"))
	f.Add([]byte("https://www.example.com/b1234567\nhttps://www.example.com/d1234567\nhttps://www.example.com/c1234567\nhttps://www.example.com/\nhttps://x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var b bounds
		values := bytes.Split(data, []byte{'\n'})
		for _, v := range values {
			b.text(v)
		}
		lo, hi := slices.MinFunc(values, bytes.Compare), slices.MaxFunc(values, bytes.Compare)
		if !bytes.Equal(b.minB, lo) || !bytes.Equal(b.maxB, hi) {
			t.Errorf("%q %q, want %q %q", b.minB, b.maxB, lo, hi)
		}
		p, q, exactLo, exactHi, ok := b.plain(&leaf{order: orderBytes}, false)
		if ok && (bytes.Compare(p, lo) > 0 || bytes.Compare(q, hi) < 0 || len(p) > maxBound || len(q) > maxBound ||
			exactLo != bytes.Equal(p, lo) || exactHi != bytes.Equal(q, hi)) {
			t.Errorf("bounds %q %q of %q %q", p, q, lo, hi)
		}
	})
}

// FuzzWrite writes a batch made of the fuzzer's bytes with options made of them, and reads it back.
func FuzzWrite(f *testing.F) {
	f.Add([]byte("\x01\x02\x03some text and more of it"), uint16(0))
	f.Add(bytes.Repeat([]byte{0, 255, 7}, 100), uint16(0xffff))
	columns := []schema.Column{}
	for i, text := range []string{"string", "bigint", "array<string>", "struct<a:array<struct<b:int,c:map<string,double>>>,d:decimal(20,2)>", "boolean", "timestamp"} {
		typ, err := schema.ParseType(text)
		if err != nil {
			f.Fatal(err)
		}
		columns = append(columns, schema.Column{Name: string(rune('a' + i)), Type: typ})
	}
	all := combinations()
	f.Fuzz(func(t *testing.T, data []byte, options uint16) {
		o := all[int(options)%len(all)]
		o.PageSizeBytes = int64(options>>8) * 3
		b := column.NewBatch(columns)
		in := &source{data}
		for len(in.b) > 0 && b.Rows < 2000 {
			for i := range b.Columns {
				in.fill(&b.Columns[i])
			}
			b.Rows++
		}
		file := writeFile(t, columns, o, 1, b)
		compareRows(t, o.name(), decodeFile(t, file), rowsOf(columns, b))
	})
}

// A source makes values of a fuzzer's bytes.
type source struct{ b []byte }

func (s *source) next() byte {
	if len(s.b) == 0 {
		return 0
	}
	c := s.b[0]
	s.b = s.b[1:]
	return c
}

func (s *source) fill(v *column.Vector) {
	c := s.next()
	if c&7 == 1 {
		v.AppendNull()
		return
	}
	switch v.Type.Kind {
	case schema.String:
		n := min(int(c>>3), len(s.b))
		x := bytes.ToValidUTF8(s.b[:n], []byte("?"))
		s.b = s.b[n:]
		v.AppendBytes(x)
	case schema.Boolean:
		v.AppendBool(c>>3&1 != 0)
	case schema.Timestamp:
		v.AppendTimestamp(int64(c)<<20|int64(s.next()), int32(s.next())*1000)
	case schema.Double:
		v.AppendFloat(float64(int8(c)) / 4)
	case schema.Decimal:
		v.AppendDecimal(int64(int8(c)>>7), int64(int8(c))<<(bits.Len8(c)&15))
	case schema.Int, schema.BigInt:
		v.AppendInt(int64(int8(c)) << (s.next() & 15))
	case schema.Array:
		for range c >> 3 & 3 {
			s.fill(&v.Children[0])
		}
		v.EndList()
	case schema.Map:
		for i := range c >> 3 & 3 {
			v.Children[0].AppendBytes([]byte{'k', '0' + i})
			s.fill(&v.Children[1])
		}
		v.EndList()
	case schema.Struct:
		for i := range v.Children {
			s.fill(&v.Children[i])
		}
		v.EndStruct()
	}
}

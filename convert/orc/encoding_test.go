package orc

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/internal/compress"
	readorc "github.com/hydrantkit/hydrant/read/orc"
	"github.com/hydrantkit/hydrant/schema"
)

// bigOf is the 128-bit integer of two halves.
func bigOf(high, low int64) *big.Int {
	x := new(big.Int).Lsh(big.NewInt(high), 64)
	return x.Add(x, new(big.Int).SetUint64(uint64(low)))
}

// decodeVarint128 is a plain decoder of a decimal's number.
func decodeVarint128(b []byte) (x *big.Int, n int) {
	x = new(big.Int)
	for i, c := range b {
		x.Or(x, new(big.Int).Lsh(big.NewInt(int64(c&0x7f)), uint(7*i)))
		if c < 0x80 {
			n = i + 1
			break
		}
	}
	odd := x.Bit(0) == 1
	x.Rsh(x, 1)
	if odd {
		x.Not(x)
	}
	return x, n
}

func FuzzDecimal(f *testing.F) {
	f.Add(int64(0), int64(150), uint8(2))
	f.Add(int64(-1), int64(-1), uint8(38))
	f.Add(int64(5421010862427522170), int64(687399551400673280), uint8(0))
	f.Fuzz(func(t *testing.T, high, low int64, s uint8) {
		scale := int(s % 39)
		want := bigOf(high, low)
		b := appendVarint128(nil, high, low)
		if x, n := decodeVarint128(b); n != len(b) || x.Cmp(want) != 0 {
			t.Errorf("%d is %x, which reads as %d", want, b, x)
		}
		if high == low>>63 && !bytes.Equal(b, binary.AppendVarint(nil, low)) {
			t.Errorf("%d is %x, and %x with 64 bits", want, b, binary.AppendVarint(nil, low))
		}
		if got := fits38(high, low); got != (len(strings.TrimPrefix(want.String(), "-")) <= 38) {
			t.Errorf("%d fits 38 digits: %v", want, got)
		}
		qh, ql, ok := tenth(high, low)
		if quotient, rest := new(big.Int).QuoRem(want, big.NewInt(10), new(big.Int)); ok != (rest.Sign() == 0) || ok && bigOf(qh, ql).Cmp(quotient) != 0 {
			t.Errorf("a tenth of %d is %d, %v", want, bigOf(qh, ql), ok)
		}
		text := string(appendDecimal(nil, high, low, scale))
		r, ok := new(big.Rat).SetString(text)
		if !ok || strings.Contains(text, ".") && strings.HasSuffix(text, "0") || strings.HasPrefix(text, "00") {
			t.Fatalf("%d of scale %d is %s", want, scale, text)
		}
		r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
		if !r.IsInt() || r.Num().Cmp(want) != 0 {
			t.Errorf("%d of scale %d is %s", want, scale, text)
		}
	})
}

func FuzzNanos(f *testing.F) {
	f.Add(uint32(1000))
	f.Add(uint32(999_999_999))
	f.Fuzz(func(t *testing.T, n uint32) {
		n %= 1e9
		packed := packNanos(int32(n))
		got := packed >> 3
		if zeros := packed & 7; zeros > 0 {
			for range zeros + 1 {
				got *= 10
			}
		}
		if got != int64(n) {
			t.Errorf("%d is packed as %#x, which is %d", n, packed, got)
		}
	})
}

func FuzzBits(f *testing.F) {
	f.Add([]byte("\xff\xff\x01"), uint16(20), uint16(3))
	f.Fuzz(func(t *testing.T, b []byte, length, split uint16) {
		n := min(int(length), 8*len(b), 1<<16)
		words := make([]uint64, (n+63)/64+1)
		for i, c := range b[:(n+7)/8] {
			words[i/8] |= uint64(c) << (i % 8 * 8)
		}
		e := encoder{c: &columnEncoder{codec: codec{compression: None, scratch: new(scratch)}}}
		at := int(split) % (n + 1)
		e.groups = []group{{}, {present: at}}
		e.present.appendRange(words, nil, 0, at)
		e.present.appendRange(words, nil, at, n)
		e.finishBits(&e.present, &e.bits, func(g *group) (int, *int) { return g.present, &g.presentAt })
		if len(e.bits.blocks.list) > 0 {
			t.Fatal("so few bits fill a block")
		}
		check := func(bytes []byte, from int) {
			for i := from &^ 7; i < n; i++ {
				if got, want := bytes[(i-from&^7)/8]<<(i%8) >= 0x80, words[i/64]>>(i%64)&1 != 0; got != want {
					t.Fatalf("bit %d of %d, read from %d, is %v", i, n, from, got)
				}
			}
		}
		check(decodeByteRuns(e.bits.raw), 0)
		check(decodeByteRuns(e.bits.raw[e.groups[1].presentAt:]), at) // by the position of the group
	})
}

// TestChunks walks the chunks of a stream: all but the last hold blockSize bytes, and what doesn't shrink is stored as it was.
func TestChunks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	noise := make([]byte, 3*blockSize/2)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	data := append(bytes.Repeat([]byte("abcd"), 3*blockSize/8), noise...) // 1.5 blocks of each
	for _, compression := range []Compression{Zlib, Snappy} {
		c := &codec{compression: compression, scratch: new(scratch)}
		s := stream{chunks: true}
		for rest := data; len(rest) > 0; rest = rest[min(len(rest), 1000):] {
			s.append(c, rest[:min(len(rest), 1000)])
		}
		s.cut(c, true)
		var got []byte
		var original []bool
		for b := bytes.Join(s.blocks.list, nil); len(b) > 0; {
			header := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
			chunk := b[3 : 3+header/2]
			b = b[3+header/2:]
			original = append(original, header&1 != 0)
			switch {
			case header&1 != 0:
				got = append(got, chunk...)
			case compression == Snappy:
				var err error
				if got, err = compress.DecodeSnappyBlock(got, chunk, blockSize); err != nil {
					t.Fatal(err)
				}
			default:
				plain, err := io.ReadAll(flate.NewReader(bytes.NewReader(chunk)))
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, plain...)
			}
			if len(b) > 0 && len(got) != len(original)*blockSize {
				t.Errorf("%s: %d chunks hold %d bytes", compression, len(original), len(got))
			}
		}
		if !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes read, not those %d written", compression, len(got), len(data))
		}
		if want := []bool{false, false, true}; !slices.Equal(original, want) {
			t.Errorf("%s: chunks that are original: %v, want %v", compression, original, want)
		}
		if p := s.appendPosition(nil, len(data)); p[0] != uint64(s.blocks.size) || p[1] != 0 {
			t.Errorf("%s: the end is at %v", compression, p)
		}
		for _, offset := range []int{0, 7, blockSize, 2*blockSize + 5} {
			p := s.appendPosition(nil, offset)
			if at := offset / blockSize; p[0] != uint64(s.starts[at]) || p[1] != uint64(offset%blockSize) {
				t.Errorf("%s: byte %d is at %v, want chunk %d", compression, offset, p, at)
			}
		}
	}
}

func FuzzDictionary(f *testing.F) {
	f.Add("a b c a long-value-of-more-than-16-bytes b")
	f.Add(strings.Repeat("long-value-of-more-than-16-bytes long-value-of-more-than-16-bytes! a  b ", 40))
	f.Fuzz(func(t *testing.T, text string) {
		values := strings.Split(text, " ")
		var d dictionary
		numbers := map[string]uint32{}
		at := 0
		for i, v := range values {
			src, from := []byte(text), at
			if i%2 == 1 { // nothing lies behind it
				src, from = []byte(v), 0
			}
			n := d.index(src, from, len(v))
			at += len(v) + 1
			if want, ok := numbers[v]; ok && want != n || !ok && n != uint32(len(numbers)) {
				t.Fatalf("%q is number %d", v, n)
			}
			numbers[v] = n
			if string(d.value(n)) != v {
				t.Fatalf("number %d is %q, not %q", n, d.value(n), v)
			}
		}
		var some dictionary // the same values, many at once
		src, offsets, want := []byte(nil), []int32{0}, []uint32(nil)
		for _, v := range values {
			src = append(src, v...)
			offsets = append(offsets, int32(len(src)))
			want = append(want, numbers[v])
		}
		all := some.appendNumbers(nil, new(lookup), src, offsets, nil, 0, len(values))
		if !slices.Equal(all, want) {
			t.Fatalf("the numbers are %d, want %d", all, want)
		}
		valid := make([]uint64, len(values)/64+1)
		want = want[:0]
		for i, n := range all {
			if i%3 > 0 {
				valid[i/64] |= 1 << (i % 64)
				want = append(want, n)
			}
		}
		if got := some.appendNumbers(nil, new(lookup), src, offsets, valid, 0, len(values)); !slices.Equal(got, want) {
			t.Fatalf("the numbers that are valid are %d, want %d", got, want)
		}
		order, rank := d.sort()
		var got []string
		for at, n := range order {
			got = append(got, string(d.value(n)))
			if int(rank[n]) != at {
				t.Errorf("number %d has rank %d, not %d", n, rank[n], at)
			}
		}
		if !slices.IsSorted(got) || len(got) != len(numbers) {
			t.Errorf("%q is not all values in order", got)
		}
	})
}

// TestLeastText holds the least and the greatest of texts that are much alike to what sorting finds.
func TestLeastText(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for range 5000 {
		var s statistics
		var values []string
		for i := range 1 + r.IntN(8) {
			b := bytes.Repeat([]byte("x"), r.IntN(24))
			for range min(len(b), r.IntN(3)) {
				b[len(b)-1-r.IntN(min(len(b), 16))] = "\x00x\xff"[r.IntN(3)]
			}
			s.addBytes(b, i == 0)
			values = append(values, string(b))
		}
		if lo, hi := slices.Min(values), slices.Max(values); string(s.minBytes) != lo || string(s.maxBytes) != hi {
			t.Fatalf("%q: from %q to %q", values, s.minBytes, s.maxBytes)
		}
	}
}

// TestManyDistinct grows a dictionary past its tables and uses it again.
func TestManyDistinct(t *testing.T) {
	var d dictionary
	for round := range 2 {
		d.reset()
		for i := range 100_000 {
			b := binary.AppendUvarint(nil, uint64(i*(round+1)))
			if n := d.index(b, 0, len(b)); int(n) != i {
				t.Fatalf("value %d is number %d", i, n)
			}
		}
		order, _ := d.sort()
		if !slices.IsSortedFunc(order, func(a, b uint32) int { return bytes.Compare(d.value(a), d.value(b)) }) {
			t.Error("not sorted")
		}
	}
}

// FuzzStripe writes generated rows of every type and reads them back, in whole and from a row on.
func FuzzStripe(f *testing.F) {
	for i := range matrixTypes {
		f.Add(uint64(i), uint8(i), uint16(100*i), uint8(i))
	}
	f.Fuzz(func(t *testing.T, seed uint64, which uint8, rows uint16, options uint8) {
		g := &generator{Rand: rand.New(rand.NewPCG(seed, 7))}
		columns := parseColumns("struct<" + matrixTypes[int(which)%len(matrixTypes)] + ">")
		o := Options{
			Compression:            []Compression{None, Zlib, Snappy}[options%3],
			RowIndexStride:         []int{7, 64, 1000}[options/3%3],
			FormatVersion:          []string{V0_11, V0_12}[options/9%2],
			DictionaryKeyThreshold: pointer([]float64{0, 0.5, 1}[options/18%3]),
		}
		b := g.batch(columns, int(rows)%1500, int(seed%uint64(len(nullPatterns))))
		file := write(t, columns, o, b)
		var want []byte
		var starts []int
		for i := range b.Rows {
			starts = append(starts, len(want))
			want = appendRow(want, b, columns, i, false)
		}
		if got := readRows(t, file, 0, 0); !bytes.Equal(got, want) {
			t.Fatalf("%v: %s", o, firstDifference(got, want))
		}
		if b.Rows > 0 {
			first := g.IntN(b.Rows)
			if got := readRows(t, file, int64(first), 0); !bytes.Equal(got, want[starts[first]:]) {
				t.Fatalf("%v, from row %d: %s", o, first, firstDifference(got, want[starts[first]:]))
			}
		}
	})
}

// TestStatistics compares the statistics of row groups, stripes and file with what a plain loop finds.
func TestStatistics(t *testing.T) {
	const stride, rows = 100, 950
	seeds := 2 * len(nullPatterns)
	if testing.Short() {
		seeds = len(nullPatterns)
	}
	for seed := range seeds {
		g := &generator{Rand: rand.New(rand.NewPCG(uint64(seed), 11))}
		columns := parseColumns("struct<i:bigint,s:string,t:timestamp,d:decimal(38,10),b:boolean,l:array<int>>")
		stripes := []*column.Batch{g.batch(columns, rows, seed%len(nullPatterns)), g.batch(columns, rows, (seed+1)%len(nullPatterns))}
		file := write(t, columns, Options{RowIndexStride: stride, Compression: None}, stripes...)
		info := inspect(t, file)
		for col := range columns {
			v := &stripes[0].Columns[col]
			for at, rg := range rowGroups(t, file, col+1) {
				checkStatistics(t, fmt.Sprintf("seed %d, column %d, row group %d", seed, col, at), &rg.Statistics, span{v, at * stride, min((at+1)*stride, rows)})
			}
			for i := range stripes {
				checkStatistics(t, fmt.Sprintf("seed %d, column %d, stripe %d", seed, col, i), info.Stripes[i].Columns[col+1].Statistics, span{&stripes[i].Columns[col], 0, rows})
			}
			checkStatistics(t, fmt.Sprintf("seed %d, column %d", seed, col), info.Columns[col+1].Statistics, span{v, 0, rows}, span{&stripes[1].Columns[col], 0, rows})
		}
	}
}

// A span is values lo to hi of v.
type span struct {
	v      *column.Vector
	lo, hi int
}

func checkStatistics(t *testing.T, where string, s *readorc.Statistics, spans ...span) {
	t.Helper()
	kind := spans[0].v.Type.Kind
	values, nulls := int64(0), false
	var low, high []byte // as values are printed
	sum, huge := new(big.Int), false
	for _, part := range spans {
		v := part.v
		for i := part.lo; i < part.hi; i++ {
			if v.Null(i) {
				nulls = true
				continue
			}
			values++
			switch kind {
			case schema.BigInt:
				sum.Add(sum, big.NewInt(v.Ints[i]))
				huge = huge || max(v.Ints[i], -v.Ints[i])>>50 != 0
			case schema.String:
				sum.Add(sum, big.NewInt(int64(len(v.Data(i)))))
			case schema.Boolean:
				if v.Bool(i) {
					sum.Add(sum, big.NewInt(1))
				}
				continue
			case schema.Array:
				sum.Add(sum, big.NewInt(int64(v.Offsets[i+1]-v.Offsets[i])))
				continue
			}
			text := appendValue(nil, v, i, false)
			less := func(a, b []byte) bool {
				switch kind {
				case schema.BigInt, schema.Decimal:
					x, _ := new(big.Rat).SetString(string(a))
					y, _ := new(big.Rat).SetString(string(b))
					return x.Cmp(y) < 0
				case schema.Timestamp: // a fraction is longer, and its point sorts before a digit
					return bytes.Compare(bytes.TrimRight(a, `"`), bytes.TrimRight(b, `"`)) < 0
				}
				return bytes.Compare(a, b) < 0
			}
			if kind == schema.String { // what is escaped sorts otherwise
				text = append([]byte{}, v.Data(i)...)
			}
			if low == nil || less(text, low) {
				low = text
			}
			if high == nil || less(high, text) {
				high = text
			}
		}
	}
	if s.Values != values || s.HasNull == nil || *s.HasNull != nulls {
		t.Fatalf("%s: %d values, null %v, want %d, %v", where, s.Values, *s.HasNull, values, nulls)
	}
	if values == 0 {
		return
	}
	if kind == schema.String {
		if len(low) > maxBound || len(high) > maxBound {
			return // TestTextBounds
		}
		low, high = appendQuoted(nil, string(low)), appendQuoted(nil, string(high))
	}
	if got := asOracle(append(append([]byte{}, s.Min...), s.Max...)); low != nil && string(got) != string(low)+string(high) {
		t.Errorf("%s: min and max %s, want %s and %s", where, got, low, high)
	}
	if kind != schema.Timestamp && kind != schema.Decimal {
		if want := sum.String(); string(s.Sum) != want && (s.Sum != nil || !huge) { // it may overflow on the way
			t.Errorf("%s: sum %s, want %s", where, s.Sum, want)
		}
	}
}

// TestBloomZero has a search for 0 find -0.
func TestBloomZero(t *testing.T) {
	words, k := bloomSize(1000, 0.01)
	zero, negative := bloomFilter{make([]uint64, words), k}, bloomFilter{make([]uint64, words), k}
	zero.addFloat(0)
	negative.addFloat(math.Copysign(0, -1))
	for i, w := range zero.words {
		if w&^negative.words[i] != 0 {
			t.Errorf("word %d of -0 is %x, of 0 %x", i, negative.words[i], w)
		}
	}
}

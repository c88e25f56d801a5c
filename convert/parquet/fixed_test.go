package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hydrantkit/hydrant/internal/compress"
)

// A fixedKind is values of one width.
type fixedKind struct {
	width int
	b     []byte
}

// fixedKinds are n values of each of several kinds.
func fixedKinds(n int) map[string]fixedKind {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	kinds := map[string]fixedKind{}
	ints := func(name string, f func(i int) int64) {
		var b []byte
		for i := range n {
			b = binary.LittleEndian.AppendUint64(b, uint64(f(i)))
		}
		kinds[name] = fixedKind{8, b}
	}
	for _, k := range []int{1, 8, 10, 16, 18, 24, 28, 32, 34, 40, 46, 56, 62} {
		ints(fmt.Sprintf("of %d bits", k), func(int) int64 { return r.Int64N(1 << k) })
	}
	ints("signed", func(int) int64 { return r.Int64N(1<<20) - 1<<19 })
	ints("rising", func(i int) int64 { return int64(i)*37 + r.Int64N(1000) })
	ints("in runs", func(i int) int64 { return int64(i/20) << 40 })
	ints("constant", func(i int) int64 { return 77 })
	ints("periodic", func(i int) int64 { return int64(i % 1000) })
	ints("prices", func(i int) int64 { return int64(math.Float64bits(float64(r.IntN(50000)) / 100)) })
	times := func(name string, f func(i int) (int64, int32)) {
		b := make([]byte, 12*n)
		for i := range n {
			s, ns := f(i)
			putInt96(b[12*i:], s, ns)
		}
		kinds[name] = fixedKind{12, b}
	}
	times("milliseconds", func(i int) (int64, int32) {
		ms := int64(i)*37 + r.Int64N(1000)
		return 1_767_000_000 + ms/1000, int32(ms % 1000 * 1e6)
	})
	times("seconds", func(i int) (int64, int32) { return 1_767_000_000 + r.Int64N(86400*30), 0 })
	times("nanoseconds", func(i int) (int64, int32) { return 1_767_000_000 + int64(i)/100, r.Int32N(1e9) })
	times("one time", func(i int) (int64, int32) { return 1_767_000_000, 5 })
	times("times in runs", func(i int) (int64, int32) { return 1_767_000_000 + int64(i)/9, int32(i) / 5 % 2 })
	return kinds
}

// Values of every kind come back; none take more than they did, and some kinds less than the usual encoder makes of them.
func TestFixedEncoder(t *testing.T) {
	var f fixedEncoder
	for _, n := range []int{0, 1, 2, 3, 17, 1000, 130_000} {
		for name, k := range fixedKinds(n) {
			elements := f.append(nil, k.b, k.width)
			got, err := compress.DecodeSnappyBlock(nil, append(appendUvarint(nil, uint64(len(k.b))), elements...), len(k.b))
			if err != nil || !bytes.Equal(got, k.b) {
				t.Fatalf("%d %s: %v", n, name, err)
			}
			if len(elements) > len(k.b)+len(k.b)>>16*3+3 {
				t.Errorf("%d %s: %d bytes become %d", n, name, len(k.b), len(elements))
			}
			switch name {
			case "of 28 bits", "of 32 bits", "of 34 bits", "of 40 bits":
				if usual := len(compress.AppendSnappyBlock(nil, k.b)); n > 100_000 && len(elements) > usual*15/16 {
					t.Errorf("%s: %d bytes, %d as usual", name, len(elements), usual)
				}
			}
		}
	}
}

func FuzzFixedEncoder(f *testing.F) {
	f.Add([]byte("01234567012345670123456x01234567"), true)
	f.Add([]byte("0123456789ab0123456789ab0x23456789ab0123"), false)
	f.Fuzz(func(t *testing.T, data []byte, eight bool) {
		width := 12
		if eight {
			width = 8
		}
		// each byte is a value that differs from another in a few bytes
		var src []byte
		for _, x := range data {
			value := make([]byte, width)
			value[int(x)%width], value[width/2] = x, x>>6
			src = append(src, value...)
		}
		var e fixedEncoder
		for _, src := range [][]byte{data, src} {
			block := e.append(appendUvarint([]byte{}, uint64(len(src))), src, width)
			if got, err := compress.DecodeSnappyBlock(nil, block, len(src)); err != nil || !bytes.Equal(got, src) {
				t.Errorf("% x became % x: %v", src, got, err)
			}
		}
	})
}

// BenchmarkFixed compares it with the usual encoder.
func BenchmarkFixedEncoder(b *testing.B) {
	var f fixedEncoder
	var out []byte
	kinds := fixedKinds(130_000)
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		k := kinds[name]
		for way, encode := range map[string]func(){
			"fixed": func() { out = f.append(out[:0], k.b, k.width) },
			"usual": func() { out = compress.AppendSnappyBlock(out[:0], k.b) },
		} {
			b.Run(name+"/"+way, func(b *testing.B) {
				b.SetBytes(int64(len(k.b)))
				for b.Loop() {
					encode()
				}
				b.ReportMetric(float64(len(out))/float64(len(k.b)), "ratio")
			})
		}
	}
}

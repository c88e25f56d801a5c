package orc

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// The plain decoders of the tests: written from the specification, value by value.

// A bitReader reads big-endian bit-packed values.
type bitReader struct {
	b   []byte
	bit int
}

func (r *bitReader) read(width int) uint64 {
	var x uint64
	for range width {
		x = x<<1 | uint64(r.b[r.bit>>3]>>(7-r.bit&7)&1)
		r.bit++
	}
	return x
}

func unzigzag(x uint64) int64 { return int64(x>>1) ^ -int64(x&1) }

func plainWidth(code int) int {
	return []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 26, 28, 30, 32, 40, 48, 56, 64}[code]
}

func decodeRuns2(b []byte, signed bool) (out []int64, kinds []int) {
	value := func(x uint64) int64 {
		if signed {
			return unzigzag(x)
		}
		return int64(x)
	}
	varint := func() uint64 {
		x, n := binary.Uvarint(b)
		b = b[n:]
		return x
	}
	for len(b) > 0 {
		kind := int(b[0] >> 6)
		kinds = append(kinds, kind)
		if kind == 0 {
			width, count := int(b[0]>>3&7)+1, int(b[0]&7)+3
			x := (&bitReader{b: b[1:]}).read(8 * width)
			for range count {
				out = append(out, value(x))
			}
			b = b[1+width:]
			continue
		}
		code := int(b[0] >> 1 & 31)
		width := plainWidth(code)
		n := int(b[0]&1)<<8 + int(b[1]) + 1
		switch kind {
		case 1:
			r := &bitReader{b: b[2:]}
			for range n {
				out = append(out, value(r.read(width)))
			}
			b = b[2+(n*width+7)/8:]
		case 2:
			baseBytes, patchWidth := int(b[2]>>5)+1, plainWidth(int(b[2]&31))
			gapWidth, patches := int(b[3]>>5)+1, int(b[3]&31)
			r := &bitReader{b: b[4:]}
			negative := r.read(1) == 1
			base := int64(r.read(8*baseBytes - 1))
			if negative {
				base = -base
			}
			b = b[4+baseBytes:]
			x := make([]uint64, n)
			r = &bitReader{b: b}
			for i := range x {
				x[i] = r.read(width)
			}
			b = b[(n*width+7)/8:]
			entry := patchWidth + gapWidth
			for !fixed(entry) {
				entry++
			}
			r = &bitReader{b: b}
			at := 0
			for range patches {
				e := r.read(entry)
				gap, patch := int(e>>patchWidth), e&(1<<patchWidth-1)
				at += gap
				if gap == 255 && patch == 0 {
					continue
				}
				x[at] |= patch << width
			}
			b = b[(patches*entry+7)/8:]
			for _, y := range x {
				out = append(out, base+int64(y))
			}
		case 3:
			if code == 0 {
				width = 0
			}
			b = b[2:]
			prev := value(varint())
			step := unzigzag(varint())
			out = append(out, prev)
			if n > 1 {
				prev += step
				out = append(out, prev)
			}
			r := &bitReader{b: b}
			for range n - 2 {
				d := step
				if width > 0 {
					d = int64(r.read(width))
					if step < 0 {
						d = -d
					}
				}
				prev += d
				out = append(out, prev)
			}
			if n > 2 {
				b = b[((n-2)*width+7)/8:]
			}
		}
	}
	return out, kinds
}

func fixed(width int) bool {
	for code := range 32 {
		if plainWidth(code) == width {
			return true
		}
	}
	return false
}

func decodeRuns1(b []byte, signed bool) (out []int64) {
	varint := func() int64 {
		x, n := binary.Uvarint(b)
		b = b[n:]
		if signed {
			return unzigzag(x)
		}
		return int64(x)
	}
	for len(b) > 0 {
		control := int(int8(b[0]))
		b = b[1:]
		if control < 0 {
			for range -control {
				out = append(out, varint())
			}
			continue
		}
		step := int64(int8(b[0]))
		b = b[1:]
		x := varint()
		for i := range int64(control + 3) {
			out = append(out, x+i*step)
		}
	}
	return out
}

func decodeByteRuns(b []byte) (out []byte) {
	for len(b) > 0 {
		control := int(int8(b[0]))
		if control < 0 {
			out = append(out, b[1:1-control]...)
			b = b[1-control:]
			continue
		}
		for range control + 3 {
			out = append(out, b[1])
		}
		b = b[2:]
	}
	return out
}

// TestVectors holds the encoders to the examples of the specification.
func TestVectors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		v      []int64
		signed bool
		want   string
	}{
		{"short repeat", []int64{10000, 10000, 10000, 10000, 10000}, false, "0a2710"},
		{"direct", []int64{23713, 43806, 57005, 48879}, false, "5e035ca1ab1edeadbeef"},
		{"patched base", []int64{2030, 2000, 2020, 1000000, 2040, 2050, 2060, 2070, 2080, 2090, 2100, 2110, 2120, 2130, 2140, 2150, 2160, 2170, 2180, 2190}, true,
			"8e132b2107d01e00147028323c46505a646e78828c96a0aab4befce8"},
		{"delta", []int64{2, 3, 5, 7, 11, 13, 17, 19, 23, 29}, false, "c609020222424246"},
	} {
		want, err := hex.DecodeString(tt.want)
		if err != nil {
			t.Fatal(err)
		}
		got, n := appendRuns2(nil, tt.v, tt.signed, true)
		if n != len(tt.v) {
			t.Errorf("%s: %d of %d values taken", tt.name, n, len(tt.v))
		}
		if back, _ := decodeRuns2(want, tt.signed); !slices.Equal(back, tt.v) {
			t.Errorf("%s: the test's decoder reads %v", tt.name, back)
		}
		if len(got) > len(want) {
			t.Errorf("%s: %x is longer than the specification's %x", tt.name, got, want)
		}
		if back, _ := decodeRuns2(got, tt.signed); !slices.Equal(back, tt.v) {
			t.Errorf("%s: %x reads as %v, want %v", tt.name, got, back, tt.v)
		}
	}
	for _, tt := range []struct{ v, want []byte }{
		{make([]byte, 100), []byte{0x61, 0}},
		{[]byte{0x44, 0x45}, []byte{0xfe, 0x44, 0x45}},
	} {
		if got := appendByteRuns(nil, tt.v); !slices.Equal(got, tt.want) {
			t.Errorf("bytes %x: %x, want %x", tt.v, got, tt.want)
		}
	}
	if got, _ := appendRuns1(nil, []int64{7, 7, 7, 7, 7, 2, 3, 6, 7, 11}, false, true); hex.EncodeToString(got) != "020007fb020306070b" {
		t.Errorf("version 1: %x", got)
	}
}

// checkRuns encodes v in both versions, in pieces, and decodes it again.
func checkRuns(t *testing.T, v []int64, signed bool, piece int) {
	t.Helper()
	for version, encode := range []func([]byte, []int64, bool, bool) ([]byte, int){appendRuns1, appendRuns2} {
		var out []byte
		for done, end := 0, 0; done < len(v); {
			end = min(len(v), max(done, end)+piece)
			var n int
			out, n = encode(out, v[done:end], signed, end == len(v))
			done += n
		}
		var back []int64
		if version == 0 {
			back = decodeRuns1(out, signed)
		} else {
			back, _ = decodeRuns2(out, signed)
		}
		if !slices.Equal(back, v) {
			i := 0
			for i < len(v) && i < len(back) && v[i] == back[i] {
				i++
			}
			t.Fatalf("version %d, %d values: value %d differs: %v, want %v", version+1, len(v), i, back[i:min(len(back), i+3)], v[i:min(len(v), i+3)])
		}
	}
}

func TestRuns(t *testing.T) {
	kinds := map[int]int{}
	seeds := 3000
	if testing.Short() {
		seeds = 500
	}
	for seed := range seeds {
		g := &generator{Rand: rand.New(rand.NewPCG(uint64(seed), 1))}
		g.base = int64(g.Uint64()) >> g.IntN(63)
		v := make([]int64, g.IntN(2000))
		shape := g.IntN(8)
		signed := g.IntN(2) == 0
		for i := range v {
			if g.IntN(300) == 0 {
				shape = g.IntN(8)
			}
			v[i] = g.number(i, shape)
			if !signed {
				v[i] &= 1<<62 - 1
			}
		}
		checkRuns(t, v, signed, 1+g.IntN(1500))
		out, _ := appendRuns2(nil, v, signed, true)
		_, k := decodeRuns2(out, signed)
		for _, k := range k {
			kinds[k]++
		}
	}
	t.Logf("runs by kind: %v", kinds)
	for k := range 4 {
		if kinds[k] == 0 {
			t.Errorf("no run of kind %d", k)
		}
	}
}

// TestWrap has equal steps over the ends of 64 bits, which a reader may not add up to.
func TestWrap(t *testing.T) {
	for _, step := range []int64{1, -1, 100, -100, 1 << 50} {
		var v []int64
		for i := range int64(40) {
			v = append(v, math.MaxInt64-20*step+i*step)
		}
		checkRuns(t, v, true, 1000)
		out, kinds := []byte(nil), []int(nil)
		out, _ = appendRuns2(out, v, true, true)
		if _, kinds = decodeRuns2(out, true); slices.Contains(kinds, 3) {
			t.Errorf("step %d: runs of kinds %v", step, kinds)
		}
	}
}

func FuzzRuns(f *testing.F) {
	f.Add([]byte("\x01\x02\x03"), uint8(8), true)
	f.Fuzz(func(t *testing.T, b []byte, size uint8, signed bool) {
		width := 1 + int(size)%8 // bytes per value
		var v []int64
		for ; len(b) >= width; b = b[width:] {
			var x uint64
			for _, c := range b[:width] {
				x = x<<8 | uint64(c)
			}
			if signed {
				x = uint64(int64(x<<(64-8*width)) >> (64 - 8*width))
			}
			v = append(v, int64(x))
		}
		checkRuns(t, v, signed, 700)
	})
}

func FuzzByteRuns(f *testing.F) {
	f.Add([]byte("aaaabcdddddd"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if back := decodeByteRuns(appendByteRuns(nil, b)); !slices.Equal(back, b) {
			t.Errorf("%x reads back as %x", b, back)
		}
	})
}

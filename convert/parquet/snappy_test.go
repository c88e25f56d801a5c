package parquet

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/parquet-go/parquet-go/format"

	"github.com/hydrantkit/hydrant/internal/compress"
)

// snappyTexts are texts of n bytes that compress well, hardly, and not at all.
func snappyTexts(n int) map[string][]byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	random := make([]byte, n)
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	var lines []byte
	for len(lines) < n {
		lines = fmt.Appendf(lines, "GET /index/%d HTTP/1.1\n", r.IntN(1000))
	}
	return map[string][]byte{"lines": lines[:n], "hexadecimal": hex.AppendEncode(nil, random)[:n], "random": random}
}

// Levels and values are one block for every length, whether they are compressed or stored.
func TestSnappyParts(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 16383, 16384, 4*sampleBytes - 1, 4 * sampleBytes, 1<<16 + 1, 300_000} {
		for name, values := range snappyTexts(n) {
			for _, store := range []bool{false, true} {
				for _, levels := range [][]byte{nil, {1}, bytes.Repeat([]byte{0, 1, 1}, 100)} {
					b := buffers{store: store}
					whole := append(bytes.Clone(levels), values...)
					block := b.compressedParts([]byte("dst"), levels, values, 0, format.Snappy)
					got, err := compress.DecodeSnappyBlock(nil, block[3:], len(whole))
					if err != nil || !bytes.Equal(got, whole) || string(block[:3]) != "dst" {
						t.Fatalf("%d bytes of %s behind %d of levels, store %v: %v", n, name, len(levels), store, err)
					}
					if n > 1000 && len(block) > len(whole)+len(whole)/100+10 {
						t.Errorf("%d bytes of %s became %d", n, name, len(block))
					}
				}
			}
		}
	}
}

// What hardly compresses is stored, but not in files that are to be Hive's.
func TestSnappyStored(t *testing.T) {
	const n = 1 << 20
	for name, values := range snappyTexts(n) {
		b := buffers{store: true}
		stored := b.compressed(nil, values, 0, format.Snappy)
		plain := compress.AppendSnappyBlock(nil, values)
		if got := len(stored) == n+3+n>>16*3; got != (name != "lines") {
			t.Errorf("%s: %d bytes, stored %v", name, len(stored), got)
		}
		if len(stored) > len(plain)+n/16 {
			t.Errorf("%s: %d bytes, %d when compressed", name, len(stored), len(plain))
		}
		b.store = false
		if !bytes.Equal(b.compressed(nil, values, 0, format.Snappy), plain) {
			t.Errorf("%s isn't as the encoder has it", name)
		}
	}
}

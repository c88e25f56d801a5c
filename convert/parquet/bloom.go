package parquet

import (
	"encoding/binary"
	"math"

	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/bloom/xxhash"
	"github.com/parquet-go/parquet-go/format"
)

// maxBloomValues bounds the distinct values of a chunk's bloom filter; a chunk of more has none,
// as its filter would be no smaller than the values.
const maxBloomValues = 1 << 20

func (o *Options) fpp() float64 {
	if o.BloomFilterFalsePositiveProbability == 0 {
		return defaultFPP
	}
	return o.BloomFilterFalsePositiveProbability
}

// bloomBlocks is how many blocks of 32 bytes n distinct values need, a power of two as parquet-mr
// makes them: bits = -8n / ln(1 - fpp^(1/8)).
func bloomBlocks(n int, fpp float64) int {
	need := -8 * float64(n) / math.Log(1-math.Pow(fpp, 1.0/8)) / (8 * bloom.BlockSize)
	blocks := 1
	for float64(blocks) < need {
		blocks *= 2
	}
	return blocks
}

// addHash puts one PLAIN value, without length, in the chunk's filter to be.
func (c *chunk) addHash(value []byte) {
	if len(c.blooms) > maxBloomValues {
		return
	}
	if c.blooms == nil {
		c.blooms = make(map[uint64]struct{})
	}
	c.blooms[xxhash.Sum64(value)] = struct{}{}
}

// addHashes puts all PLAIN values of a page or dictionary in the chunk's filter to be.
func (c *chunk) addHashes(plain []byte) {
	if c.leaf.physical == format.ByteArray {
		for len(plain) >= 4 {
			n := 4 + int(binary.LittleEndian.Uint32(plain))
			c.addHash(plain[4:n])
			plain = plain[n:]
		}
		return
	}
	for w := c.leaf.width; len(plain) >= w; plain = plain[w:] {
		c.addHash(plain[:w])
	}
}

package buffer

import (
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
)

// Sizes of a block: what is asked of the allocator at once. A record larger than blockBytes has
// a block of its own size.
const (
	blockBytes   = 256 << 10
	blockRecords = 1 << 10
	spareBlocks  = 16 // blocks kept for reuse by one log
)

// A Log is the stream's one place where records rest until they are settled. The zero Log is empty,
// and in memory. When Append returns, the records survive what the log survives.
//
//	blocks    [ r r r r | r r r r | r r . . ]      r: a record's header; its bytes lie in the block's data
//	positions   0       4         8     10         counted from the log's first record on
//	readers         ^ low     ^ cursor             everything below every reader's low is forgotten
type Log struct {
	blocks  []*block
	base    uint64 // position of blocks[0].records[0]
	end     uint64 // position after the last record
	readers []*Reader
	spare   []*block
}

// A block is some records and the memory their bytes lie in.
type block struct {
	records []record.Record
	data    []byte
	marks   []mark
}

// A mark says when the records from index n of a block on were appended.
type mark struct {
	n  int
	at time.Time
}

// NewLog makes an empty log in memory.
func NewLog() *Log { return &Log{} }

// Len is the number of records that some reader may still read.
func (l *Log) Len() int { return int(l.end - l.base) }

// Append copies records to the end of the log: their headers, Data, and Raw where it is not Data.
func (l *Log) Append(now time.Time, records []record.Record) error {
	for i := range records {
		r := &records[i]
		same := len(r.Raw) == len(r.Data) && (len(r.Raw) == 0 || &r.Raw[0] == &r.Data[0])
		need := len(r.Data)
		if !same {
			need += len(r.Raw)
		}
		b := l.room(need)
		if n := len(b.marks); n == 0 || !b.marks[n-1].at.Equal(now) {
			b.marks = append(b.marks, mark{len(b.records), now})
		}
		c := *r
		c.Data = b.keep(r.Data)
		if same {
			c.Raw = c.Data
		} else {
			c.Raw = b.keep(r.Raw)
		}
		b.records = append(b.records, c)
		l.end++
		for _, rd := range l.readers {
			rd.add(now, int64(len(r.Data)))
		}
	}
	return nil
}

// keep copies p into the block, which has room for it.
func (b *block) keep(p []byte) []byte {
	if p == nil {
		return nil
	}
	n := len(b.data)
	b.data = append(b.data, p...)
	return b.data[n:len(b.data):len(b.data)]
}

// room returns the last block if it has room for one record of need bytes, else a new one.
func (l *Log) room(need int) *block {
	if n := len(l.blocks); n > 0 {
		b := l.blocks[n-1]
		if len(b.records) < blockRecords && len(b.data)+need <= cap(b.data) {
			return b
		}
	}
	var b *block
	if n := len(l.spare); n > 0 && need <= blockBytes {
		b, l.spare = l.spare[n-1], l.spare[:n-1]
	} else {
		b = &block{records: make([]record.Record, 0, blockRecords), data: make([]byte, 0, max(need, blockBytes))}
	}
	l.blocks = append(l.blocks, b)
	return b
}

// Reader makes a cursor that reads from the present end of the log on.
func (l *Log) Reader(name string, h Hints) *Reader {
	r := &Reader{log: l, name: name, hints: h, cursor: l.end}
	l.readers = append(l.readers, r)
	return r
}

// forget gives back the blocks that no reader needs any more.
func (l *Log) forget() {
	low := l.end
	for _, r := range l.readers {
		low = min(low, r.low())
	}
	n := 0
	for n < len(l.blocks) && l.base+uint64(len(l.blocks[n].records)) <= low {
		b := l.blocks[n]
		if n == len(l.blocks)-1 && len(b.records) == 0 {
			break
		}
		l.base += uint64(len(b.records))
		if cap(b.data) == blockBytes && len(l.spare) < spareBlocks {
			clear(b.records) // or Keys and Source would be held
			b.records, b.data, b.marks = b.records[:0], b.data[:0], b.marks[:0]
			l.spare = append(l.spare, b)
		}
		n++
	}
	if n > 0 {
		k := copy(l.blocks, l.blocks[n:])
		clear(l.blocks[k:])
		l.blocks = l.blocks[:k]
	}
	for _, r := range l.readers {
		r.block = max(r.block-n, 0)
	}
}

package buffer

import (
	"slices"
	"time"
	"unsafe"

	"github.com/hydrantkit/hydrant/harness/record"
)

// Sizes of a block: what is asked of the allocator at once. The first block of a log is small, since a stream may
// have thousands of partitions, and each further one is twice as large, up to blockBytes, so that what is held takes twice
// its bytes at most. A record larger than that has a block of its own size.
const (
	firstBytes  = 4 << 10
	blockBytes  = firstBytes << (classes - 1) // 256 KiB
	headerShare = 1024                        // bytes of data for each record header that a new block has room for
	maxRecords  = 1 << 13
	classes     = 7
	spareBytes  = 128 << 20
)

// A Pool keeps blocks between logs. Logs that share one are for one goroutine. Its zero value is empty.
type Pool struct {
	// Budget is the memory that the records in all logs may take, in bytes, before what comes lies in a temporary file
	// (Linux only); 0 is any. Hints alone decide what a batch holds.
	Budget int64

	spare   [classes][]block
	bytes   int64    // of spare
	batches []*Batch // released ones, for their memory
	headers int      // that they have room for
	used    int64    // of blocks that are not spare and not spilled
	spill   *spill
}

// take returns an empty block of a class.
func (p *Pool) take(class int) (block, error) {
	size := firstBytes << class
	if p.spent(size) {
		return p.takeSpilled(class, size)
	}
	b := block{class: class}
	if n := len(p.spare[class]); n > 0 {
		b = p.spare[class][n-1]
		p.spare[class] = p.spare[class][:n-1]
		p.bytes -= b.size()
	} else {
		n := size / headerShare
		b.records, b.data, b.marks = make([]record.Record, 0, n), make([]byte, 0, size), make([]mark, 0, n)
	}
	p.used += b.size()
	return b, nil
}

// takeOwn returns an empty block for one record of size bytes.
func (p *Pool) takeOwn(size int) (block, error) {
	if p.spent(size) {
		return p.takeSpilled(-1, size)
	}
	b := block{records: make([]record.Record, 0, 1), data: make([]byte, 0, size), class: -1}
	p.used += b.size()
	return b, nil
}

// spent reports whether size bytes more are too much.
func (p *Pool) spent(size int) bool {
	return canSpill && p.Budget > 0 && p.used+int64(size+size/headerShare*headerBytes) > p.Budget
}

// grow gives a block room for more headers.
func (p *Pool) grow(b *block) {
	size := b.size()
	b.records = slices.Grow(b.records, 1)
	if !b.spilled {
		p.used += b.size() - size
	}
}

func (p *Pool) takeSpilled(class, size int) (block, error) {
	if p.spill == nil {
		var err error
		if p.spill, err = newSpill(); err != nil {
			return block{}, err
		}
	}
	return p.spill.take(class, size)
}

// give takes a block back.
func (p *Pool) give(b block) {
	if !b.spilled {
		p.used -= b.size()
		if b.class < 0 || p.bytes+b.size() > spareBytes {
			return
		}
	}
	clear(b.records) // or Keys and Source would be held
	b.records, b.data, b.marks = b.records[:0], b.data[:0], b.marks[:0]
	if b.spilled {
		p.spill.give(b)
		return
	}
	p.spare[b.class] = append(p.spare[b.class], b)
	p.bytes += b.size()
}

// A Log is a place where records rest until they are settled. When Append returns, the records survive what the log survives.
//
//	blocks    [ r r r r | r r r r | r r . . ]      r: a record's header; its bytes lie in the block's data
//	positions   0       4         8     10         counted from the log's first record on
//	readers         ^ low     ^ cursor             everything below every reader's low is forgotten
type Log struct {
	last   block   // that records are appended to; without room where there is none yet
	end    uint64  // position after the last record
	reader *Reader // the first
	more   []*Reader
	pool   *Pool
	base   uint64  // position of the first block's first record
	full   []block // those before the last
}

// block returns number i of the blocks, of which the last is number len(l.full).
func (l *Log) block(i int) *block {
	if i < len(l.full) {
		return &l.full[i]
	}
	return &l.last
}

// A block is some records and the memory their bytes lie in.
type block struct {
	records []record.Record
	data    []byte
	marks   []mark
	since   time.Time     // the first mark's
	latest  time.Duration // the last mark's, after that
	class   int           // of its size; -1 is a size of its own
	spilled bool
}

// spareRecords is how many records the batches that are kept for reuse may have room for.
const spareRecords = 1 << 18

// batch returns one that is nobody's.
func (p *Pool) batch() *Batch {
	if n := len(p.batches); n > 0 {
		b := p.batches[n-1]
		p.batches = p.batches[:n-1]
		p.headers -= cap(b.Records)
		return b
	}
	return &Batch{}
}

// giveBatch takes one back.
func (p *Pool) giveBatch(b *Batch) {
	clear(b.Records)
	if p.headers+cap(b.Records) <= spareRecords {
		p.batches = append(p.batches, b)
		p.headers += cap(b.Records)
	}
}

const headerBytes = int(unsafe.Sizeof(record.Record{}))

// size is the memory that the block takes: its bytes, and the headers of records.
func (b *block) size() int64 { return int64(cap(b.data) + cap(b.records)*headerBytes) }

// A mark says when the records from index n of a block on were appended: how long after the first.
type mark struct {
	n     int
	after time.Duration
}

// NewLog makes an empty log in memory. It takes its blocks from the pool; nil is one of its own.
func NewLog(p *Pool) *Log {
	if p == nil {
		p = &Pool{}
	}
	return &Log{pool: p}
}

// Len is the number of records that some reader may still read.
func (l *Log) Len() int { return int(l.end - l.base) }

// Append copies records to the end of the log: their headers, Data, and Raw where it is not Data. sooner tells that what some reader
// reads is due now, or at some time, and was not before.
func (l *Log) Append(now time.Time, records []record.Record) (sooner bool, err error) {
	for i := range records {
		r := &records[i]
		same := len(r.Raw) == len(r.Data) && (len(r.Raw) == 0 || &r.Raw[0] == &r.Data[0])
		need := len(r.Data)
		if !same {
			need += len(r.Raw)
		}
		b, err := l.room(need)
		if err != nil {
			return sooner, err
		}
		b.mark(now)
		c := *r
		c.Data = b.keep(r.Data)
		if same {
			c.Raw = c.Data
		} else {
			c.Raw = b.keep(r.Raw)
		}
		if len(b.records) == cap(b.records) {
			l.pool.grow(b)
		}
		b.records = append(b.records, c)
		l.end++
		if l.reader != nil && l.reader.add(now, int64(len(r.Data))) {
			sooner = true
		}
		for _, rd := range l.more {
			if rd.add(now, int64(len(r.Data))) {
				sooner = true
			}
		}
	}
	return sooner, nil
}

// mark notes when the records that follow are appended.
func (b *block) mark(now time.Time) {
	if len(b.marks) == 0 {
		b.since = now
	} else if now.Sub(b.since) == b.latest {
		return
	}
	b.latest = now.Sub(b.since)
	b.marks = append(b.marks, mark{len(b.records), b.latest})
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

// room returns the last block with room for one record of need bytes more: it is a new one where there was too little.
func (l *Log) room(need int) (*block, error) {
	b := &l.last
	if len(b.records) < maxRecords && len(b.data)+need <= cap(b.data) && cap(b.records) > 0 {
		return b, nil
	}
	class := 0
	if cap(b.records) > 0 {
		if b.spilled {
			release(b.data) // until it is cut
		}
		class = min(max(b.class, 0)+1, classes-1)
	}
	for class < classes-1 && firstBytes<<class < need {
		class++
	}
	var next block
	var err error
	if need <= firstBytes<<class {
		next, err = l.pool.take(class)
	} else {
		next, err = l.pool.takeOwn(need)
	}
	if err != nil {
		return nil, err
	}
	if cap(b.records) > 0 {
		l.full = append(l.full, *b)
	}
	*b = next
	return b, nil
}

// Reader makes a cursor that reads from the present end of the log on.
func (l *Log) Reader(name string, h Hints) *Reader {
	r := &Reader{log: l, name: name, hints: h, cursor: l.end}
	if l.reader == nil {
		l.reader = r
	} else {
		l.more = append(l.more, r)
	}
	return r
}

// forget gives back the blocks that no reader needs any more.
func (l *Log) forget() {
	low := l.end
	if l.reader != nil {
		low = l.reader.low()
	}
	for _, r := range l.more {
		low = min(low, r.low())
	}
	n := 0
	for ; n < len(l.full) && l.base+uint64(len(l.full[n].records)) <= low; n++ {
		l.drop(&l.full[n])
	}
	if n > 0 {
		k := copy(l.full, l.full[n:])
		clear(l.full[k:])
		l.full = l.full[:k]
	}
	if len(l.full) == 0 && len(l.last.records) > 0 && l.end <= low {
		l.drop(&l.last)
		l.last = block{}
	}
	if l.reader != nil {
		l.reader.block = max(l.reader.block-n, 0)
	}
	for _, r := range l.more {
		r.block = max(r.block-n, 0)
	}
}

// drop gives a block back, the first one.
func (l *Log) drop(b *block) {
	l.base += uint64(len(b.records))
	l.pool.give(*b)
}

package buffer

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
)

// A Journal is the durable side of a stream: records that were admitted, and which of them have settled since, in
// segment files. When Append returns, its records survive the end of the process; those of a segment that has ended, that of the machine.
// After a crash, Unsettled reads again what had not settled. That may be a record whose object was put and whose note was
// not written: nothing is lost, and some of it arrives twice, as the service documents (operations.md §5).
//
//	000…001.log   header | put 0–99 | settled 0–41 | put 100–131 |          all settled: deleted, oldest first
//	000…002.log   header | put 132–190 | settled 42–99, 101 | put 19…      a torn end is where a process died
//
// An entry is its length, its CRC-32C, and its payload. Sequence numbers go on from entry to entry and from segment
// to segment without a gap, so that an entry which is damaged elsewhere than at an end is found.
type Journal struct {
	disk     disk
	options  JournalOptions
	segments []segment // oldest first; the last one is written
	next     uint64    // Seq of the next record
	position int64     // in the input, behind the last Append
	last     time.Time // of the last Append

	unsettled *bitmap // while Unsettled wasn't called

	file    file
	written int64
	number  int // of the last segment
	life    int
	buf     []byte // of an entry
	in      *bufio.Reader
}

// JournalOptions say how a journal lies on the disk.
type JournalOptions struct {
	Segment int64 // bytes of a segment; DefaultSegment where 0
}

// DefaultSegment is the size at which a journal begins another file, in bytes.
const DefaultSegment = 64 << 20

// A segment is one file.
type segment struct {
	name string
	from uint64 // Seq of its first record
	to   uint64 // after its last
	left int    // records that are not settled
}

// The kinds of entries.
const (
	entryPut     = 1
	entrySettled = 2
)

const (
	segmentMagic = "HYDRJNL1"
	entryHead    = 8        // length and checksum
	maxEntry     = 64 << 20 // the largest payload that is believed
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// OpenJournal opens the journal in dir, making it where it is not there. One process at a time has it.
func OpenJournal(dir string, o JournalOptions) (*Journal, error) {
	d, err := openDisk(dir)
	if err != nil {
		return nil, err
	}
	j, err := openJournal(d, o)
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return j, nil
}

func openJournal(d disk, o JournalOptions) (*Journal, error) {
	if o.Segment <= 0 {
		o.Segment = DefaultSegment
	}
	j := &Journal{disk: d, options: o, unsettled: &bitmap{}}
	names, err := d.list()
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var torn string // where reading stopped before an end
	first := true   // no record was seen
	for _, name := range names {
		if _, err := fmt.Sscanf(name, "%020d.log", &j.number); err != nil || name != segmentName(j.number) {
			return nil, fmt.Errorf("%s is no segment of a journal", name)
		}
		s := segment{name: name, from: j.next, to: j.next}
		end, err := j.scan(name, func(payload []byte) error {
			p, err := parseEntry(payload)
			if err != nil {
				return err
			}
			switch p.kind {
			case entryPut:
				if first {
					first, s.from, j.next = false, p.seq, p.seq
					j.unsettled.base = p.seq &^ 63
				}
				if p.seq != j.next {
					return fmt.Errorf("record %d follows %d: what lay between is damaged%s", p.seq, int64(j.next)-1, torn)
				}
				j.next += uint64(p.n)
				s.to = j.next
				j.unsettled.set(p.seq, j.next, true)
				j.position, j.last = p.position, p.now
			case entrySettled:
				p.ranges(func(from, to uint64) {
					j.unsettled.set(max(from, j.unsettled.base), min(to, j.next), false)
				})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if end >= 0 {
			torn = fmt.Sprintf(", at byte %d of %s", end, name)
		}
		j.segments = append(j.segments, s)
	}
	for i := range j.segments {
		s := &j.segments[i]
		s.left = j.unsettled.count(s.from, s.to)
	}
	if err := j.begin(); err != nil {
		return nil, err
	}
	if len(names) > 0 {
		j.life = j.number
	}
	j.drop()
	return j, nil
}

// Next is the Seq of the next record to append.
func (j *Journal) Next() uint64 { return j.next }

// Position is the place in the input that the last Append was told, and Last its time; both are zero in a new journal.
func (j *Journal) Position() int64 { return j.position }

// Last is the time of the last Append, zero in a new journal.
func (j *Journal) Last() time.Time { return j.last }

// Life is 0 for a new journal and another number each time that one is opened which was used before. What is made of
// records that are read again needs other names than what a former process made of them: it may hold fewer.
func (j *Journal) Life() int { return j.life }

// Unsettled calls f with the records that a former process appended and that have not settled, as they were appended:
// in their order, with their time. What f is given is valid during the call. It is to be called once, before Append.
func (j *Journal) Unsettled(f func(now time.Time, records []record.Record) error) error {
	old := j.unsettled
	j.unsettled = nil
	if old == nil {
		return errors.New("what hadn't settled was read before")
	}
	var names []string
	for _, s := range j.segments {
		if s.left > 0 {
			names = append(names, s.name)
		}
	}
	var records []record.Record
	for _, name := range names {
		_, err := j.scan(name, func(payload []byte) error {
			p, err := parseEntry(payload)
			if err != nil || p.kind != entryPut {
				return err
			}
			if records, err = p.records(records[:0]); err != nil {
				return err
			}
			records = slices.DeleteFunc(records, func(r record.Record) bool { return !old.get(r.Seq) })
			if len(records) == 0 {
				return nil
			}
			return f(p.now, records)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Append writes records, whose Seq go on from Next, at now. position is how far the input was read with them. Where the
// error is about a write, nothing was appended, and the same records may be tried again.
func (j *Journal) Append(now time.Time, position int64, records []record.Record) error {
	if len(records) == 0 {
		return nil
	}
	if records[0].Seq != j.next {
		return fmt.Errorf("the journal is at record %d, not %d", j.next, records[0].Seq)
	}
	p := append(j.buf[:0], make([]byte, entryHead)...)
	p = append(p, entryPut)
	p = binary.AppendVarint(p, now.UnixNano())
	p = binary.AppendVarint(p, position)
	p = binary.AppendUvarint(p, j.next)
	p = binary.AppendUvarint(p, uint64(len(records)))
	for i := range records {
		p = appendRecord(p, &records[i])
	}
	j.buf = p
	if len(p)-entryHead > maxEntry {
		return fmt.Errorf("%d records of together %d bytes are too many for one append", len(records), len(p))
	}
	if err := j.write(p); err != nil {
		return err
	}
	j.next += uint64(len(records))
	j.position, j.last = position, now
	s := &j.segments[len(j.segments)-1]
	s.to = j.next
	s.left += len(records)
	return nil
}

// Settle notes that records have settled, each once: nothing of them is on its way any more. It sorts seqs. After an
// error nothing is noted, and the note may be tried again.
func (j *Journal) Settle(seqs []uint64) error {
	if len(seqs) == 0 {
		return nil
	}
	slices.Sort(seqs)
	p := append(j.buf[:0], make([]byte, entryHead)...)
	p = append(p, entrySettled)
	at := uint64(0)
	for i := 0; i < len(seqs); {
		n := 1
		for i+n < len(seqs) && seqs[i+n] == seqs[i]+uint64(n) {
			n++
		}
		p = binary.AppendUvarint(p, seqs[i]-at)
		p = binary.AppendUvarint(p, uint64(n))
		at = seqs[i] + uint64(n)
		i += n
	}
	j.buf = p
	if err := j.write(p); err != nil {
		return err
	}
	k := 0
	for _, seq := range seqs {
		for k < len(j.segments)-1 && seq >= j.segments[k].to {
			k++
		}
		j.segments[k].left--
	}
	j.drop()
	return nil
}

// Close ends the journal. One in which everything has settled leaves its position behind.
func (j *Journal) Close() error {
	var err error
	if j.file != nil { // a write failed otherwise
		err = j.end()
	}
	return errors.Join(err, j.disk.close())
}

// Remove ends a journal that nobody needs any more, and its files.
func (j *Journal) Remove() error {
	var err error
	if j.file != nil {
		err = j.file.Close()
	}
	for _, s := range j.segments {
		err = errors.Join(err, j.disk.remove(s.name))
	}
	return errors.Join(err, j.disk.close())
}

// Left is the number of records that have not settled.
func (j *Journal) Left() int {
	n := 0
	for i := range j.segments {
		n += j.segments[i].left
	}
	return n
}

// write appends an entry, of which the head is still to be filled in, to the last segment, or to a new one.
func (j *Journal) write(entry []byte) error {
	if j.file == nil || j.written >= j.options.Segment {
		if err := j.begin(); err != nil {
			return err
		}
	}
	seal(entry)
	n, err := j.file.Write(entry)
	if err != nil {
		if n > 0 { // what is torn ends the segment
			err = errors.Join(err, j.end())
		}
		return err
	}
	j.written += int64(n)
	return nil
}

// seal fills in the head of an entry.
func seal(entry []byte) {
	binary.LittleEndian.PutUint32(entry, uint32(len(entry)-entryHead))
	binary.LittleEndian.PutUint32(entry[4:], crc32.Checksum(entry[entryHead:], castagnoli))
}

// end closes the segment that is written; the next write begins another.
func (j *Journal) end() error {
	f := j.file
	j.file = nil
	return errors.Join(f.Sync(), f.Close())
}

// begin starts a segment.
func (j *Journal) begin() error {
	if j.file != nil {
		if err := j.end(); err != nil {
			return err
		}
	}
	name := segmentName(j.number + 1)
	f, err := j.disk.create(name)
	if err != nil {
		return err
	}
	j.number++ // the name is taken, whatever becomes of it
	if _, err = f.Write([]byte(segmentMagic)); err == nil {
		err = j.disk.sync()
	}
	if err != nil {
		return errors.Join(err, f.Close(), j.disk.remove(name))
	}
	j.file, j.written = f, int64(len(segmentMagic))
	j.segments = append(j.segments, segment{name: name, from: j.next, to: j.next})
	return nil
}

func segmentName(n int) string { return fmt.Sprintf("%020d.log", n) }

// drop removes the oldest segments that nobody needs. The last one that holds a record stays: it says how far the input was read. One
// that can't be removed takes room and does no harm; the next drop tries again.
func (j *Journal) drop() {
	keep := len(j.segments) - 1
	for keep > 0 && j.segments[keep].from == j.segments[keep].to {
		keep--
	}
	n := 0
	for n < keep && j.segments[n].left == 0 && j.disk.remove(j.segments[n].name) == nil {
		n++
	}
	j.segments = slices.Delete(j.segments, 0, n)
}

// scan calls f with the payload of each entry of a segment. end is where it is torn, -1 where it isn't.
func (j *Journal) scan(name string, f func(payload []byte) error) (end int64, err error) {
	file, err := j.disk.open(name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	if j.in == nil {
		j.in = bufio.NewReaderSize(nil, 64<<10)
	}
	in := j.in
	in.Reset(file)
	var head [entryHead]byte
	if _, err := io.ReadFull(in, head[:]); err != nil || string(head[:]) != segmentMagic {
		if err == nil {
			return 0, fmt.Errorf("%s is no segment of a journal of this version", name)
		}
		return 0, ignoreEOF(err)
	}
	var payload []byte
	for at := int64(entryHead); ; {
		if _, err := io.ReadFull(in, head[:]); err != nil {
			if err == io.EOF {
				return -1, nil
			}
			return at, ignoreEOF(err)
		}
		n := binary.LittleEndian.Uint32(head[:])
		if n == 0 || n > maxEntry {
			return at, nil
		}
		payload = slices.Grow(payload[:0], int(n))[:n]
		if _, err := io.ReadFull(in, payload); err != nil {
			return at, ignoreEOF(err)
		}
		if crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
			return at, nil
		}
		if err := f(payload); err != nil {
			return at, fmt.Errorf("%s, at byte %d: %w", name, at, err)
		}
		at += entryHead + int64(n)
	}
}

// ignoreEOF is nil for the end of a file that should have gone on.
func ignoreEOF(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil
	}
	return err
}

// An entry is one that was read: the head of a put, or the ranges of a note.
type entry struct {
	kind     byte
	now      time.Time
	position int64
	seq      uint64
	n        int
	rest     []byte
}

var errEntry = errors.New("an entry can't be read")

func parseEntry(p []byte) (entry, error) {
	e := entry{kind: p[0]}
	in := parser{p: p[1:]}
	switch e.kind {
	case entryPut:
		e.now = time.Unix(0, in.varint()).UTC()
		e.position = in.varint()
		e.seq = in.uvarint()
		e.n = int(in.uvarint())
	case entrySettled:
	default:
		return e, fmt.Errorf("an entry of kind %d, which this version doesn't know", e.kind)
	}
	if in.bad || e.n < 0 || e.n > len(in.p) {
		return e, errEntry
	}
	e.rest = in.p
	return e, nil
}

// ranges calls f with each range of a note.
func (e *entry) ranges(f func(from, to uint64)) {
	in, at := parser{p: e.rest}, uint64(0)
	for len(in.p) > 0 && !in.bad {
		from := at + in.uvarint()
		at = from + in.uvarint()
		f(from, at)
	}
}

// records appends the records of a put. Their bytes are the entry's.
func (e *entry) records(dst []record.Record) ([]record.Record, error) {
	in := parser{p: e.rest}
	for i := range e.n {
		r := in.record()
		r.Seq = e.seq + uint64(i)
		dst = append(dst, r)
	}
	if in.bad || len(in.p) > 0 {
		return dst, errEntry
	}
	return dst, nil
}

// The forms of a record's source.
const (
	sourceNone    = 0
	sourceKinesis = 1
	sourceMSK     = 2
)

// appendRecord appends what a record is when it is admitted: its arrival, its data, its source.
func appendRecord(p []byte, r *record.Record) []byte {
	p = binary.AppendVarint(p, r.Arrival)
	p = binary.AppendUvarint(p, uint64(len(r.Data)))
	p = append(p, r.Data...)
	s := r.Source
	switch {
	case s == nil:
		return append(p, sourceNone)
	case s.Offset != "" || s.Partition != "":
		p = append(p, sourceMSK)
		p = appendText(appendText(p, s.Offset), s.Partition)
	default:
		p = append(p, sourceKinesis)
		p = appendText(appendText(appendText(p, s.Shard), s.PartitionKey), s.SequenceNumber)
		p = binary.AppendVarint(p, s.Subsequence)
	}
	return binary.AppendVarint(p, s.Arrival)
}

func appendText(p []byte, s string) []byte {
	return append(binary.AppendUvarint(p, uint64(len(s))), s...)
}

// A parser reads what append functions wrote. After something wrong it is bad and reads zeros.
type parser struct {
	p   []byte
	bad bool
}

func (in *parser) took(n int) {
	if n <= 0 {
		in.bad, in.p = true, nil
		return
	}
	in.p = in.p[n:]
}

func (in *parser) varint() int64 {
	v, n := binary.Varint(in.p)
	in.took(n)
	return v
}

func (in *parser) uvarint() uint64 {
	v, n := binary.Uvarint(in.p)
	in.took(n)
	return v
}

func (in *parser) bytes() []byte {
	n := in.uvarint()
	if in.bad || n > uint64(len(in.p)) {
		in.bad, in.p = true, nil
		return nil
	}
	b := in.p[:n:n]
	in.p = in.p[n:]
	return b
}

func (in *parser) record() record.Record {
	r := record.Record{Arrival: in.varint(), Data: in.bytes()}
	r.Raw = r.Data
	if len(in.p) == 0 {
		in.bad = true
		return r
	}
	form := in.p[0]
	in.p = in.p[1:]
	switch form {
	case sourceNone:
		return r
	case sourceMSK:
		r.Source = &record.Source{Offset: string(in.bytes()), Partition: string(in.bytes())}
	case sourceKinesis:
		r.Source = &record.Source{Shard: string(in.bytes()), PartitionKey: string(in.bytes()), SequenceNumber: string(in.bytes()), Subsequence: in.varint()}
	default:
		in.bad, in.p = true, nil
		return r
	}
	r.Source.Arrival = in.varint()
	return r
}

package buffer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
)

var errDisk = errors.New("the disk is full")

// A testDisk is a disk in memory, of which so many bytes can be written.
type testDisk struct {
	files map[string][]byte
	room  int
	gone  bool // a full disk stays so: the process has crashed
	fixed bool // nothing can be removed
}

func (d *testDisk) list() ([]string, error) { return slices.Sorted(maps.Keys(d.files)), nil }

func (d *testDisk) create(name string) (file, error) {
	if d.gone {
		return nil, errDisk
	}
	d.files[name] = nil
	return &testFile{d, name}, nil
}

func (d *testDisk) open(name string) (io.ReadCloser, error) {
	b, ok := d.files[name]
	if !ok {
		return nil, os.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (d *testDisk) remove(name string) error {
	if d.gone || d.fixed {
		return errDisk
	}
	delete(d.files, name)
	return nil
}

func (d *testDisk) sync() error  { return nil }
func (d *testDisk) close() error { return nil }

type testFile struct {
	d    *testDisk
	name string
}

func (f *testFile) Write(p []byte) (int, error) {
	d := f.d
	if d.gone {
		return 0, errDisk
	}
	n := min(len(p), d.room)
	d.room -= n
	d.files[f.name] = append(d.files[f.name], p[:n]...)
	if n < len(p) {
		d.gone = true
		return n, errDisk
	}
	return n, nil
}

func (f *testFile) Sync() error  { return nil }
func (f *testFile) Close() error { return nil }

// testRecord makes the record of a Seq.
func testRecord(seq uint64) record.Record {
	r := record.Record{Seq: seq, Data: []byte(strings.Repeat(fmt.Sprint(seq, " "), int(seq%7))), Arrival: int64(seq) * 1000}
	switch seq % 3 {
	case 1:
		r.Source = &record.Source{Shard: "shardId-000000000001", PartitionKey: "k", SequenceNumber: fmt.Sprint(seq), Subsequence: int64(seq % 5), Arrival: 7}
	case 2:
		r.Source = &record.Source{Offset: fmt.Sprint(seq), Partition: "3", Arrival: 8}
	}
	r.Raw = r.Data
	return r
}

// A journalModel does to a journal what chance says, and notes what was acknowledged.
type journalModel struct {
	rng     *rand.Rand
	j       *Journal
	unknown map[uint64]bool // appended or settled by a call that failed
	left    map[uint64]bool
	now     time.Time
}

// open opens the disk's journal, and holds what it finds to what the model knows.
func (m *journalModel) open(t *testing.T, d *testDisk) error {
	t.Helper()
	var err error
	if m.j, err = openJournal(d, JournalOptions{Segment: 300}); err != nil {
		return err
	}
	found := map[uint64]bool{}
	before := int64(-1)
	if err := m.j.Unsettled(func(now time.Time, records []record.Record) error {
		for i := range records {
			r := records[i]
			if int64(r.Seq) <= before {
				t.Fatalf("record %d comes after %d", r.Seq, before)
			}
			before = int64(r.Seq)
			if want := testRecord(r.Seq); !bytes.Equal(r.Data, want.Data) || r.Arrival != want.Arrival || !reflect.DeepEqual(r.Source, want.Source) {
				t.Fatalf("record %d is %+v, want %+v", r.Seq, r, want)
			}
			if !m.left[r.Seq] && !m.unknown[r.Seq] {
				t.Fatalf("record %d had settled, and is back", r.Seq)
			}
			if found[r.Seq] = true; now.After(m.now) {
				t.Fatalf("record %d was appended at %v, after %v", r.Seq, now, m.now)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	for seq := range m.left {
		if !found[seq] && !m.unknown[seq] {
			t.Fatalf("record %d was appended, had not settled, and is lost", seq)
		}
	}
	m.left, m.unknown = found, map[uint64]bool{}
	return nil
}

// step appends, or settles, something.
func (m *journalModel) step() error {
	m.now = m.now.Add(time.Second)
	if m.rng.IntN(2) == 0 {
		var records []record.Record
		for i := range m.rng.IntN(4) {
			records = append(records, testRecord(m.j.Next()+uint64(i)))
		}
		position := m.j.Position() + int64(len(records))
		err := m.j.Append(m.now, position, records)
		for _, r := range records {
			if m.left[r.Seq] = true; err != nil {
				m.unknown[r.Seq] = true
			}
		}
		return err
	}
	var seqs []uint64
	for _, seq := range slices.Sorted(maps.Keys(m.left)) {
		if m.rng.IntN(3) == 0 && !m.unknown[seq] {
			seqs = append(seqs, seq)
		}
	}
	m.rng.Shuffle(len(seqs), func(i, j int) { seqs[i], seqs[j] = seqs[j], seqs[i] })
	err := m.j.Settle(seqs)
	for _, seq := range seqs {
		if err == nil {
			delete(m.left, seq)
		} else {
			m.unknown[seq] = true
		}
	}
	return err
}

// TestJournalCrash has the process die at every byte that is written, again and again, and holds what the next one
// reads to what was acknowledged: nothing lost, nothing back that a note had settled.
func TestJournalCrash(t *testing.T) {
	for seed := range uint64(3) {
		for room := 0; room < 1500; room++ {
			m := &journalModel{rng: rand.New(rand.NewPCG(seed, 1)), left: map[uint64]bool{}, unknown: map[uint64]bool{}, now: time.Unix(1e9, 0).UTC()}
			d := &testDisk{files: map[string][]byte{}, room: room}
			for life := 0; life < 4; life++ {
				if err := m.open(t, d); err == nil {
					for range 40 {
						if m.step() != nil {
							break
						}
					}
				} else if !errors.Is(err, errDisk) {
					t.Fatalf("seed %d, crash after %d bytes, life %d: %v", seed, room, life, err)
				}
				d.gone, d.room = false, room*(life+2)
			}
			d.room = 1 << 20
			if err := m.open(t, d); err != nil {
				t.Fatalf("seed %d, crash after %d bytes: %v", seed, room, err)
			}
		}
	}
}

// TestJournalFull has writes fail in a process that goes on: what failed may be tried again.
func TestJournalFull(t *testing.T) {
	m := &journalModel{rng: rand.New(rand.NewPCG(1, 1)), left: map[uint64]bool{}, unknown: map[uint64]bool{}, now: time.Unix(1e9, 0).UTC()}
	d := &testDisk{files: map[string][]byte{}, room: 100}
	if err := m.open(t, d); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for range 2000 {
		if m.step() != nil {
			failed++
			for seq := range m.unknown {
				if seq >= m.j.Next() { // it was not appended
					delete(m.left, seq)
				}
				delete(m.unknown, seq)
			}
			d.gone, d.room = false, m.rng.IntN(500)
		}
	}
	if failed < 50 {
		t.Fatalf("the disk was full %d times", failed)
	}
	if got := m.j.Left(); got != len(m.left) {
		t.Errorf("%d records are left, want %d", got, len(m.left))
	}
	d.room = 1 << 20
	if err := m.open(t, d); err != nil {
		t.Fatal(err)
	}
}

// TestJournalDamage changes bytes in the middle, which no crash does: that is an error with its place, or a record less
// at an end.
func TestJournalDamage(t *testing.T) {
	d := &testDisk{files: map[string][]byte{}, room: 1 << 20}
	j, err := openJournal(d, JournalOptions{Segment: 200})
	if err != nil {
		t.Fatal(err)
	}
	for seq := range uint64(30) {
		if err := j.Append(time.Unix(1, 0), int64(seq)+1, []record.Record{testRecord(seq)}); err != nil {
			t.Fatal(err)
		}
	}
	names, _ := d.list()
	if len(names) < 4 {
		t.Fatalf("%d segments", len(names))
	}
	d.files[names[1]][40] ^= 1
	_, err = openJournal(d, JournalOptions{})
	if err == nil || !strings.Contains(err.Error(), "damaged, at byte 8 of "+names[1]) {
		t.Errorf("a damaged segment: %v", err)
	}
}

// TestSegmentsStay: a segment that can't be removed is no reason to note what has settled twice, after which others would
// count as settled.
func TestSegmentsStay(t *testing.T) {
	d := &testDisk{files: map[string][]byte{}, room: 1 << 20}
	j, err := openJournal(d, JournalOptions{Segment: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, records := range [][]record.Record{{testRecord(0)}, {testRecord(1), testRecord(2)}, {testRecord(3)}} {
		if err := j.Append(time.Unix(1, 0), 1, records); err != nil {
			t.Fatal(err)
		}
	}
	d.fixed = true
	for range 2 { // as who is told of an error would
		if err = j.Settle([]uint64{0, 1}); err == nil {
			break
		}
	}
	if err != nil || j.Left() != 2 {
		t.Errorf("%d records are left, not 2; %v", j.Left(), err)
	}
	d.fixed = false
	if err := j.Settle([]uint64{3}); err != nil {
		t.Fatal(err)
	}
	if j, err = openJournal(d, JournalOptions{}); err != nil {
		t.Fatal(err)
	}
	var left []uint64
	err = j.Unsettled(func(_ time.Time, records []record.Record) error {
		for _, r := range records {
			left = append(left, r.Seq)
		}
		return nil
	})
	if err != nil || !slices.Equal(left, []uint64{2}) {
		t.Errorf("records %v are left, not 2; %v", left, err)
	}
}

// TestOpenJournal goes through a real directory: one process at a time, position and time kept, segments removed.
func TestOpenJournal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	o := JournalOptions{Segment: 1 << 10}
	j, err := OpenJournal(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenJournal(dir, o); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second process: %v", err)
	}
	now := time.Unix(1700000000, 5).UTC()
	var seqs []uint64
	for seq := range uint64(1000) {
		if err := j.Append(now, int64(seq)+1, []record.Record{testRecord(seq)}); err != nil {
			t.Fatal(err)
		}
		if seqs = append(seqs, seq); seq%10 == 9 && seq < 990 {
			if err := j.Settle(seqs); err != nil {
				t.Fatal(err)
			}
			seqs = seqs[:0]
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(files) > 4 {
		t.Errorf("%d segments are left: %v", len(files), err)
	}
	if j, err = OpenJournal(dir, o); err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if j.Next() != 1000 || j.Position() != 1000 || !j.Last().Equal(now) || j.Left() != 10 {
		t.Errorf("next %d, position %d, last %v, left %d", j.Next(), j.Position(), j.Last(), j.Left())
	}
}

// FuzzJournal reads segments that nobody wrote: an error or records, never a panic.
func FuzzJournal(f *testing.F) {
	d := &testDisk{files: map[string][]byte{}, room: 1 << 20}
	j, err := openJournal(d, JournalOptions{})
	if err != nil {
		f.Fatal(err)
	}
	for seq := range uint64(5) {
		if err := j.Append(time.Unix(1, 0), 1, []record.Record{testRecord(seq)}); err != nil {
			f.Fatal(err)
		}
	}
	if err := j.Settle([]uint64{3, 1}); err != nil {
		f.Fatal(err)
	}
	f.Add(d.files[segmentName(1)][len(segmentMagic):])
	f.Fuzz(func(t *testing.T, b []byte) {
		// the checksums are made right, so that what lies behind them is reached
		segment := []byte(segmentMagic)
		for len(b) > entryHead {
			n := min(int(b[0])|int(b[1])<<8, len(b)-entryHead)
			if n == 0 {
				break
			}
			entry := slices.Clone(b[:entryHead+n])
			seal(entry)
			segment, b = append(segment, entry...), b[entryHead+n:]
		}
		d := &testDisk{files: map[string][]byte{segmentName(1): segment}, room: 1 << 20}
		j, err := openJournal(d, JournalOptions{})
		if err != nil {
			return
		}
		_ = j.Unsettled(func(time.Time, []record.Record) error { return nil })
	})
}

package harness

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode"

	"github.com/hydrantkit/hydrant/harness/record"
)

// A Ledger accounts for every record at every station. What comes into a station and what leaves it are
// counted where each happens, never one from the other; Check compares them.
type Ledger struct {
	Source    Entry    // puts; Added are children of KPL aggregates
	Decoders  [2]Entry // decompression (with extraction), de-aggregation; empty without them
	Lambda    Entry    // the transform and its buffer; empty without one
	Keys      Entry    // partition keys; empty without dynamic partitioning
	Buffer    Entry    // delivery buffers
	Delivery  Entry    // conversion, compression, and the destination
	Errors    Entry    // lines of error output, until they are in an object; Failed are lost
	Backup    Entry    // source backup, which is a second copy and no part of the sum
	Failures  map[string]int64
	Elsewhere bool  // what is delivered is in another destination than S3
	Lost      int64 // what the service too would have lost: S3 out of reach for 24 hours, a 413 of an HTTP endpoint
	Objects   int64
	Invoked   int64 // invocations of the function
	Retried   int64 // attempts beyond the first, of anything
	Malformed int64 // KPL aggregates that couldn't be read, and are plain records

	Partitions     int // delivery buffers that were opened
	MostPartitions int // at once
	OpenPartitions Curve
	OddKeys        []OddKey // in the order in which they were met
}

// An OddKey is a partition key with values that stand in object keys as they are, and do there what their author may not expect: a slash
// makes folders, .. and control characters are trouble for many tools (dynamic-partitioning.md §2, CHOICE: passed through, with a notice).
type OddKey struct {
	Name       string
	Value      string // the first such
	Partitions int64  // that were opened with such a value
}

// noteOdd counts a partition's values that are odd.
func (l *Ledger) noteOdd(names, values []string) {
	for i, v := range values {
		if !strings.ContainsFunc(v, func(r rune) bool { return r == '/' || unicode.IsControl(r) }) && !strings.Contains(v, "..") {
			continue
		}
		at := slices.IndexFunc(l.OddKeys, func(k OddKey) bool { return k.Name == names[i] })
		if at < 0 {
			at = len(l.OddKeys)
			l.OddKeys = append(l.OddKeys, OddKey{Name: names[i], Value: v})
		}
		l.OddKeys[at].Partitions++
	}
}

// An Entry is the account of one station: In + Added = Out + Dropped + Failed + Held.
type Entry struct {
	In, Added, Out, Dropped, Failed, Held int64
}

// take notes what a processor made of n records, each side as it was counted where it happened, and reports a
// processor that loses one.
func (e *Entry) take(station string, n int, o *record.Outcome) error {
	if got := len(o.Out) + len(o.Failed) + o.Dropped; got != n+o.Added {
		return fmt.Errorf("station %s was given %d records, added %d, and accounts for %d", station, n, o.Added, got)
	}
	e.In += int64(n)
	e.Added += int64(o.Added)
	e.Out += int64(len(o.Out))
	e.Failed += int64(len(o.Failed))
	e.Dropped += int64(o.Dropped)
	return nil
}

func (e Entry) balance() int64 { return e.In + e.Added - e.Out - e.Dropped - e.Failed - e.Held }

// Stations are the entries in the order of the path, with their names.
func (l *Ledger) Stations() []struct {
	Name string
	Entry
} {
	return []struct {
		Name string
		Entry
	}{
		{"source", l.Source}, {"decompress", l.Decoders[0]}, {"deaggregate", l.Decoders[1]}, {"lambda", l.Lambda}, {"partition", l.Keys},
		{"buffer", l.Buffer}, {"delivery", l.Delivery}, {"errors", l.Errors},
	}
}

// In is what was put, Added what de-aggregation made more of it.
func (l *Ledger) In() int64 { return l.Source.In }

// Added is what de-aggregation, and functions that put records back, made more.
func (l *Ledger) Added() int64 {
	return l.Source.Added + l.Decoders[0].Added + l.Decoders[1].Added + l.Lambda.Added
}

// Delivered is the records in objects.
func (l *Ledger) Delivered() int64 { return l.Delivery.Out }

// Dropped is the records left out on purpose.
func (l *Ledger) Dropped() int64 {
	return l.Source.Dropped + l.Decoders[0].Dropped + l.Decoders[1].Dropped + l.Lambda.Dropped
}

// Failed is the records whose line is in the error output, or on its way there.
func (l *Ledger) Failed() int64 { return l.Source.Failed + l.Errors.In - l.Errors.Failed }

// count notes n failures of one code.
func (l *Ledger) count(code string, n int64) {
	if l.Failures == nil {
		l.Failures = map[string]int64{}
	}
	l.Failures[code] += n
}

// Held is the records that wait at some station; lines that wait in error buffers are failed already.
func (l *Ledger) Held() int64 {
	return l.Lambda.Held + l.Buffer.Held + l.Delivery.Held
}

// Check reports the first imbalance, and the station that has it.
func (l *Ledger) Check() error {
	for _, s := range l.Stations() {
		if n := s.balance(); n != 0 {
			return fmt.Errorf("the ledger of station %s does not balance by %d: in %d + added %d, out %d + dropped %d + failed %d + held %d",
				s.Name, n, s.In, s.Added, s.Out, s.Dropped, s.Failed, s.Held)
		}
	}
	if b := l.Backup; b != (Entry{}) && (b.balance() != 0 || b.In != l.Source.Out) {
		return fmt.Errorf("the ledger of the source backup does not balance: in %d of %d, out %d + failed %d + held %d", b.In, l.Source.Out, b.Out, b.Failed, b.Held)
	}
	// What one station hands on is what the next one got; those that the stream doesn't have are passed over.
	from, out := "source", l.Source.Out
	for _, s := range []struct {
		name string
		Entry
	}{{"decompress", l.Decoders[0]}, {"deaggregate", l.Decoders[1]}, {"lambda", l.Lambda}, {"partition", l.Keys}, {"buffer", l.Buffer}, {"delivery", l.Delivery}} {
		if s.Entry == (Entry{}) && out == 0 || s.Entry == (Entry{}) && s.name != "buffer" && s.name != "delivery" {
			continue
		}
		if s.In != out {
			return fmt.Errorf("the ledger does not balance between %s (out %d) and %s (in %d)", from, out, s.name, s.In)
		}
		from, out = s.name, s.Out
	}
	if got, want := l.In()+l.Added(), l.Delivered()+l.Dropped()+l.Failed()+l.Lost+l.Held(); got != want {
		return fmt.Errorf("records are not accounted for: in %d + added %d, but delivered %d + dropped %d + failed %d + lost %d + held %d",
			l.In(), l.Added(), l.Delivered(), l.Dropped(), l.Failed(), l.Lost, l.Held())
	}
	return nil
}

// FailureCodes are the codes of Failures in order.
func (l *Ledger) FailureCodes() []string {
	codes := make([]string, 0, len(l.Failures))
	for c := range l.Failures {
		codes = append(codes, c)
	}
	sort.Strings(codes)
	return codes
}

// String is one line, for errors and tests.
func (l *Ledger) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "in %d + added %d = delivered %d + dropped %d + failed %d + lost %d", l.In(), l.Added(), l.Delivered(), l.Dropped(), l.Failed(), l.Lost)
	if h := l.Held(); h > 0 {
		fmt.Fprintf(&b, " + held %d", h)
	}
	return b.String()
}

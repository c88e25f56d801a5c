package replaytest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/s3"
)

// A Summary is what a replay did, as --json prints it. The names and the order of the members never change.
type Summary struct {
	In            int64            `json:"in"`
	Delivered     int64            `json:"delivered"`
	Dropped       int64            `json:"dropped"`
	Failed        int64            `json:"failed"`
	Failures      map[string]int64 `json:"failures"`
	Invocations   int64            `json:"invocations"`
	Retries       int64            `json:"retries"`
	Objects       []ObjectSummary  `json:"objects"`
	Partitions    int              `json:"partitions"`
	StreamSeconds float64          `json:"streamSeconds"`
	WallSeconds   float64          `json:"wallSeconds"`
	Added         int64            `json:"added"`
	Lost          int64            `json:"lost"`
	Held          int64            `json:"held"`
	Stations      []StationSummary `json:"stations"`
	Backup        *StationSummary  `json:"backup"` // of the source: a second copy, and no part of the sum; null where there is none

	// Unlisted are the objects that Objects lacks, by their kind: the first ones of a stream that ran for long.
	Unlisted map[string]Total `json:"unlisted,omitempty"`

	elsewhere bool // delivered to another destination than S3: what objects hold is no second count
}

// An ObjectSummary is one delivered object, in a summary.
type ObjectSummary struct {
	Kind            string  `json:"kind"`
	Bucket          string  `json:"bucket"`
	Key             string  `json:"key"`
	Bytes           int     `json:"bytes"`
	Records         int     `json:"records"`
	ContentType     string  `json:"contentType"`
	ContentEncoding *string `json:"contentEncoding"`
}

// A Total is what objects are together.
type Total struct {
	Objects int   `json:"objects"`
	Bytes   int64 `json:"bytes"`
	Records int64 `json:"records"`
}

// Add adds an object.
func (t *Total) Add(bytes, records int) {
	t.Objects++
	t.Bytes += int64(bytes)
	t.Records += int64(records)
}

// A StationSummary is the account of one station, in a summary.
type StationSummary struct {
	Name    string `json:"name"`
	In      int64  `json:"in"`
	Added   int64  `json:"added"`
	Out     int64  `json:"out"`
	Dropped int64  `json:"dropped"`
	Failed  int64  `json:"failed"`
	Held    int64  `json:"held"`
}

// NewSummary makes the summary of a run. stream is the stream time that passed, wall how long it took.
func NewSummary(l harness.Ledger, objects []s3.Object, stream, wall time.Duration) *Summary {
	s := &Summary{
		In: l.In(), Delivered: l.Delivered(), Dropped: l.Dropped(), Failed: l.Failed(), Failures: l.Failures,
		Invocations: l.Invoked, Retries: l.Retried, Partitions: l.Partitions, StreamSeconds: stream.Seconds(),
		WallSeconds: wall.Seconds(), Added: l.Added(), Lost: l.Lost, Held: l.Held(),
		Objects: []ObjectSummary{}, elsewhere: l.Elsewhere,
	}
	if s.Failures == nil {
		s.Failures = map[string]int64{}
	}
	for _, o := range objects {
		e := ObjectSummary{Kind: o.Kind, Bucket: o.Bucket, Key: o.Key, Bytes: o.Size, Records: o.Records, ContentType: o.ContentType}
		if o.ContentEncoding != "" {
			e.ContentEncoding = &o.ContentEncoding
		}
		s.Objects = append(s.Objects, e)
	}
	for _, st := range l.Stations() {
		s.Stations = append(s.Stations, stationSummary(st.Name, st.Entry))
	}
	if l.Backup != (harness.Entry{}) {
		b := stationSummary("backup", l.Backup)
		s.Backup = &b
	}
	return s
}

func stationSummary(name string, e harness.Entry) StationSummary {
	return StationSummary{name, e.In, e.Added, e.Out, e.Dropped, e.Failed, e.Held}
}

// Total is what all objects of a kind are together, listed or not.
func (s *Summary) Total(kind string) Total {
	t := s.Unlisted[kind]
	for _, o := range s.Objects {
		if o.Kind == kind {
			t.Add(o.Bytes, o.Records)
		}
	}
	return t
}

// Codes are the codes of failures, in order.
func (s *Summary) Codes() []string { return slices.Sorted(maps.Keys(s.Failures)) }

// Agree compares the ledger with the objects that were put: another count of the same records.
func (s *Summary) Agree() error {
	if data := s.Total(s3.Data).Records; data != s.Delivered && !s.elsewhere {
		return fmt.Errorf("records are not accounted for: the ledger has %d delivered, the objects hold %d", s.Delivered, data)
	}
	if copied := s.Total(s3.Backup).Records; s.Backup != nil && copied != s.Backup.Out {
		return fmt.Errorf("records are not accounted for: the ledger has %d in the source backup, its objects hold %d", s.Backup.Out, copied)
	}
	if got := s.Delivered + s.Dropped + s.Failed + s.Lost + s.Held; got != s.In+s.Added {
		return fmt.Errorf("records are not accounted for: in %d + added %d, but %d at the other end", s.In, s.Added, got)
	}
	return nil
}

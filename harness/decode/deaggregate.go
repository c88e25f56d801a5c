package decode

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// MaxSubRecords is how many sub-records a record may hold (dynamic-partitioning.md §4). One that holds more travels on unsplit:
// splitting off what fits would make records the service never makes.
const MaxSubRecords = 500

// CodeUndecodable is the code of a record with something in it that is no JSON document. The service's is not known; this
// is the one it gives to a record that its query can't read, which such a record is (dynamic-partitioning.md §6). CHOICE.
const CodeUndecodable = "DynamicPartitioning.MetadataExtractionFailed"

// A SubRecordType is how records are aggregated.
type SubRecordType uint8

// The types of sub-records.
const (
	JSON      SubRecordType = iota // documents one behind another, with or without white space between them
	Delimited                      // any bytes, with a delimiter between them
)

// String returns the API's spelling.
func (t SubRecordType) String() string {
	if t == Delimited {
		return "DELIMITED"
	}
	return "JSON"
}

// EmptyPieces says what becomes of nothing before, between, or behind delimiters.
type EmptyPieces uint8

// What becomes of empty pieces (§4, CHOICE: DropLast).
const (
	DropLast  EmptyPieces = iota // a delimiter at the end of the record is no beginning of another; others are sub-records
	KeepEmpty                    // all are sub-records
	DropEmpty                    // none is
)

// ParseSubRecordType reads a value of the parameter SubRecordType. Case doesn't count: the guide and the model differ
// in theirs (record-transformation.md §7).
func ParseSubRecordType(s string) (SubRecordType, error) {
	for _, t := range []SubRecordType{JSON, Delimited} {
		if strings.EqualFold(s, t.String()) {
			return t, nil
		}
	}
	return 0, fmt.Errorf("SubRecordType must be JSON or DELIMITED; it is %.50q", s)
}

// ParseDelimiter reads a value of the parameter Delimiter, base64 of at least one byte: IyMjIw== is ####.
func ParseDelimiter(s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	switch {
	case err != nil:
		//lint:ignore ST1005 the service's noun comes first
		return nil, fmt.Errorf("Delimiter must be base64-encoded; it is %.50q", s)
	case len(b) == 0:
		//lint:ignore ST1005 the service's noun comes first
		return nil, errors.New("Delimiter must not be empty")
	}
	return b, nil
}

// A Deaggregate is the processor RecordDeAggregation. It may be used by several workers at once.
//
// Each sub-record becomes a record with its index in Sub, and with its own bytes as Data and Raw: what fails later is stored as
// the sub-record (dynamic-partitioning.md §4, CHOICE). They lie in the record's Data. White space around JSON documents, and delimiters, are removed. A record
// that holds no sub-record is dropped; one that holds more than [MaxSubRecords] stays as it is.
//
// A record with a rest that is no document fails as a whole, with its Raw (§4, CHOICE); numbers and literals end where white space or a
// string, array or object begins.
type Deaggregate struct {
	SubRecordType SubRecordType
	Delimiter     []byte // of Delimited; without one nothing is split

	// SplitArrays makes sub-records of the elements of a top-level array; without it the array is one document (§4, CHOICE: false).
	SplitArrays bool
	EmptyPieces EmptyPieces // of Delimited

	splits sync.Pool // *split
}

// A piece is where a sub-record stands in its record.
type piece struct{ from, to int }

// A split is how the records of a batch come apart.
type split struct {
	pieces []piece
	counts []int // per record: of its pieces, or whole, or failed
}

const (
	whole  = -1
	failed = -2
)

// Process takes each record of in apart. It returns no error.
func (d *Deaggregate) Process(_ context.Context, now time.Time, _ int, in []record.Record) (record.Outcome, error) {
	s, _ := d.splits.Get().(*split)
	if s == nil {
		s = new(split)
	}
	defer d.splits.Put(s)
	s.pieces, s.counts = s.pieces[:0], s.counts[:0]
	out := record.Outcome{End: now}
	most := 0
	for i := range in {
		n, err := d.split(s, in[i].Data)
		if err != nil {
			n = failed
			out.Failed = append(out.Failed, record.Failure{Record: in[i], Cause: record.ProcessingFailed,
				Code: CodeUndecodable, Message: err.Error(), Attempts: 1, At: now.UnixMilli()})
		}
		s.counts = append(s.counts, n)
		if n == whole {
			most++
		}
	}
	out.Out = make([]record.Record, 0, most+len(s.pieces))
	pieces := s.pieces
	for i, n := range s.counts {
		switch n {
		case failed:
		case whole:
			out.Out = append(out.Out, in[i])
		case 0:
			out.Dropped++
		default:
			for sub, p := range pieces[:n] {
				out.Out = append(out.Out, in[i])
				r := &out.Out[len(out.Out)-1]
				r.Sub, r.Part, r.Data = uint32(sub), true, r.Data[p.from:p.to:p.to]
				r.Raw = r.Data
			}
			out.Added += n - 1
			pieces = pieces[n:]
		}
	}
	return out, nil
}

// Failures makes the failures of a batch.
func (d *Deaggregate) Failures(in []record.Record, o *record.Outage, attempts int, at time.Time) []record.Failure {
	return failures(in, record.ProcessingFailed, o, attempts, at)
}

// split adds the pieces of data to s and returns how many they are, or whole. With an error there are none.
func (d *Deaggregate) split(s *split, data []byte) (int, error) {
	switch {
	case d.SubRecordType == JSON:
		return s.documents(data, d.SplitArrays)
	case len(d.Delimiter) == 0:
		return whole, nil
	}
	return s.delimited(data, d.Delimiter, d.EmptyPieces), nil
}

func (s *split) delimited(data, delimiter []byte, empty EmptyPieces) int {
	start := len(s.pieces)
	for from, last := 0, false; !last; {
		to := len(data)
		n := bytes.Index(data[from:], delimiter)
		if last = n < 0; !last {
			to = from + n
		}
		if to > from || empty == KeepEmpty || empty == DropLast && !last {
			if len(s.pieces)-start == MaxSubRecords {
				s.pieces = s.pieces[:start]
				return whole
			}
			s.pieces = append(s.pieces, piece{from, to})
		}
		from = to + len(delimiter)
	}
	return len(s.pieces) - start
}

func (s *split) documents(data []byte, arrays bool) (int, error) {
	start := len(s.pieces)
	for i := jsonscan.Space(data, 0); i < len(data); {
		if len(s.pieces)-start >= MaxSubRecords {
			s.pieces = s.pieces[:start]
			return whole, nil
		}
		end := jsonscan.Value(data, i)
		if end < 0 || !ends(data, i, end) {
			n := len(s.pieces) - start
			s.pieces = s.pieces[:start]
			if e := jsonscan.Explain(data, i); e != nil {
				return 0, fmt.Errorf("sub-record %d is not a JSON document: %w", n, e)
			}
			return 0, fmt.Errorf("sub-record %d is not a JSON document: it doesn't end at byte %d", n, end)
		}
		if arrays && data[i] == '[' {
			s.elements(data, i, start+MaxSubRecords)
		} else {
			s.pieces = append(s.pieces, piece{i, end})
		}
		i = jsonscan.Space(data, end)
	}
	if len(s.pieces)-start > MaxSubRecords {
		s.pieces = s.pieces[:start]
		return whole, nil
	}
	return len(s.pieces) - start, nil
}

// elements adds the elements of the array that begins at data[i], which is one, until there are more than most pieces.
func (s *split) elements(data []byte, i, most int) {
	for i = jsonscan.Space(data, i+1); data[i] != ']' && len(s.pieces) <= most; i = jsonscan.Space(data, i) {
		if data[i] == ',' {
			i = jsonscan.Space(data, i+1)
		}
		end := jsonscan.Value(data, i)
		s.pieces = append(s.pieces, piece{i, end})
		i = end
	}
}

// ends tells whether the value data[i:end] is over there: 1-2 is not two numbers, nor is truefalse two literals.
func ends(data []byte, i, end int) bool {
	if end == len(data) {
		return true
	}
	switch data[i] {
	case '{', '[', '"':
		return true
	}
	switch data[end] {
	case ' ', '\t', '\r', '\n', '{', '[', '"':
		return true
	}
	return false
}

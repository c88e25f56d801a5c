package decode

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/compress"
	"github.com/hydrantkit/hydrant/internal/cwlogs"
)

const (
	// MaxDecompressed is how many bytes one record may decompress to; one that makes more fails. The service's own limit
	// isn't published. It is six times what a record of a stream may hold (10 MiB, sources.md §4), so that logs fit and bombs don't.
	MaxDecompressed = 64 << 20

	// MaxBatch is how many bytes the records of one call may make together; those beyond fail. No batch within the hints of a
	// transform (3 MiB and a record, record-transformation.md §6) reaches it unless it compresses eighty times.
	MaxBatch = 16 * MaxDecompressed
)

// CodeDecompression is the code of what can't be decompressed, with its period (record-transformation.md §7).
const CodeDecompression = "Decompression failed."

// slack is room behind the last record in a slab, without which decoders would grow a full slab only to see the end of their input.
const slack = 512

// A Decompress is the processor Decompression, whose CompressionFormat is always GZIP, and CloudWatchLogProcessing behind it.
// The zero value decompresses only. It may be used by several workers at once.
//
// A record becomes the content of its gzip members; with extraction, the messages of the log events of its envelopes, each with
// an LF. Raw stays the bytes as they came, for this station's failures and for those of every later one.
type Decompress struct {
	// DataMessageExtraction is the parameter of that name of CloudWatchLogProcessing. A control message becomes an empty
	// record (record-transformation.md §7).
	DataMessageExtraction bool

	openers sync.Pool // *opener
}

// An opener is what a worker needs for opening records.
type opener struct {
	decoder  compress.Decoder
	text     []byte
	envelope cwlogs.Envelope
}

// ParseCompressionFormat reads a value of Decompression's parameter CompressionFormat: there is one.
func ParseCompressionFormat(s string) error {
	if s != "GZIP" {
		return fmt.Errorf("CompressionFormat must be GZIP; it is %.50q", s)
	}
	return nil
}

// ParseDataMessageExtraction reads a value of CloudWatchLogProcessing's parameter DataMessageExtraction, true or false in any
// case: the service makes it lower case (record-transformation.md §7).
func ParseDataMessageExtraction(s string) (bool, error) {
	switch {
	case strings.EqualFold(s, "true"):
		return true, nil
	case strings.EqualFold(s, "false"):
		return false, nil
	}
	return false, fmt.Errorf("DataMessageExtraction must be true or false; it is %.50q", s)
}

// Process opens each record of in. Its only error is ctx's.
func (d *Decompress) Process(ctx context.Context, now time.Time, _ int, in []record.Record) (record.Outcome, error) {
	o, _ := d.openers.Get().(*opener)
	if o == nil {
		o = new(opener)
	}
	defer d.openers.Put(o)
	out := record.Outcome{Out: make([]record.Record, 0, len(in)), End: now}
	slab := make([]byte, 0, room(in))
	for i := range in {
		if err := ctx.Err(); err != nil {
			return record.Outcome{End: now}, err
		}
		start := len(slab)
		var err error
		if slab, err = d.append(slab, o, in[i].Data); err != nil {
			out.Failed = append(out.Failed, record.Failure{Record: in[i], Cause: record.DecompressionFailed,
				Code: CodeDecompression, Message: err.Error(), Attempts: 1, At: now.UnixMilli()})
			continue
		}
		out.Out = append(out.Out, in[i])
		out.Out[len(out.Out)-1].Data = slab[start:]
	}
	// A slab that was too small has moved, and the first records are where it was.
	for i, rest := 0, slab; i < len(out.Out); i++ {
		r := &out.Out[i]
		n := len(r.Data)
		r.Data, rest = rest[:n:n], rest[n:]
	}
	return out, nil
}

// Failures makes the failures of a batch.
func (d *Decompress) Failures(in []record.Record, o *record.Outage, attempts int, at time.Time) []record.Failure {
	return failures(in, record.DecompressionFailed, o, attempts, at)
}

// append appends what data holds to dst; with an error dst keeps its length.
func (d *Decompress) append(dst []byte, o *opener, data []byte) ([]byte, error) {
	limit := min(MaxDecompressed, MaxBatch-len(dst))
	if !d.DataMessageExtraction {
		return o.decoder.Gzip(dst, data, limit)
	}
	var err error
	if o.text, err = o.decoder.Gzip(o.text[:0], data, limit); err != nil {
		return dst, err
	}
	return o.appendMessages(dst)
}

// appendMessages appends the messages of o.text. CloudWatch Logs writes one envelope; forwarders join several.
// A message that isn't text has no place in the output, and a type that nobody knows may hold anything: both are errors.
func (o *opener) appendMessages(dst []byte) ([]byte, error) {
	start, rest := len(dst), o.text
	e := &o.envelope
	for {
		var err error
		if rest, err = e.Parse(rest); err != nil {
			return dst[:start], err
		}
		switch string(e.Type) {
		case "CONTROL_MESSAGE":
		case "DATA_MESSAGE":
			for i := range e.Events {
				v := &e.Events[i]
				if len(v.Message) > 0 && v.Message[0] != '"' && !bytes.Equal(v.Message, null) {
					return dst[:start], fmt.Errorf("log message: the message of event %d is not text", i)
				}
				dst = append(v.AppendMessage(dst), '\n')
			}
		default:
			return dst[:start], fmt.Errorf("log message: unknown messageType %.40q", e.Type)
		}
		if len(rest) == 0 {
			return dst, nil
		}
	}
}

var null = []byte("null")

// room is how much the records of in will make by what their trailers say (the length, modulo 2³²), as far as that is likely.
func room(in []record.Record) int {
	const ratio = 16 // logs compress about ten times
	n := slack
	for i := range in {
		if b := in[i].Data; len(b) >= 4 {
			n += int(min(int64(binary.LittleEndian.Uint32(b[len(b)-4:])), ratio*int64(len(b))))
		}
	}
	return min(n, MaxBatch)
}

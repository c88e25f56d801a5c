package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/input"
)

// maxRecorded is what a record may hold for its line, in base64 and with its metadata, to be read again.
const maxRecorded = input.MaxRecord / 4 * 3 * 15 / 16

// A recording writes the records of a replay as they are read, a line each in the format records, with the arrival that the
// replay gives them: what it writes, replayed, gives the same objects.
//
//	{"data":"<base64>","approximateArrivalTimestamp":1735689600000[,"kinesisRecordMetadata":{…}|,"mskRecordMetadata":{…}][,"recordId":"…"]}
//
// Where the metadata of Kinesis is a partition key and a sequence number only, they stand beside data.
type recording struct {
	in   harness.Records
	out  *pending
	pace pace
	line []byte
}

// taps are what --record and --estimate see of a replay.
type taps struct {
	recording *recording // nil without --record
	meter     *meter     // nil without --estimate
}

func newTaps(f *replayFlags, p *plan) (*taps, error) {
	t := &taps{}
	if f.record == "-" && (f.json || !f.quiet) {
		return nil, usagef("--record -: the summary is on stdout; add --quiet, or name a file")
	}
	if f.prices != "" && !f.estimate {
		return nil, usagef("--prices needs --estimate")
	}
	if f.estimate {
		memory := 0
		if p.function != nil {
			memory = p.function.Memory
		}
		prices := ourTariff
		if f.prices != "" {
			var err error
			if prices, err = readTariff(f.prices); err != nil {
				return nil, usagef("--prices: %w", err)
			}
			if r := p.description.Stream.Region; prices.region != "" && prices.region != r {
				return nil, usagef("--prices: those of %s are for %s, and the stream is in %s", f.prices, prices.region, r)
			}
		}
		t.meter = newMeter(p.description.Stream, prices, memory, pace{start: p.start, rate: p.rate})
		if f.clock == "now" {
			t.meter.clock = time.Now
		}
	}
	return t, nil
}

// watch has the meter see what goes through a pipeline's bucket and its function.
func (t *taps) watch(o *harness.Options) {
	if t.meter != nil {
		o.Bucket = meteredBucket{o.Bucket, t.meter}
		o.Invoker = meteredInvoker{o.Invoker, t.meter}
	}
}

// begin makes the records of a replay those that are looked at.
func (t *taps) begin(ctx context.Context, s *streams, f *replayFlags, p *plan, pipeline *harness.Pipeline) (harness.Records, error) {
	var in harness.Records = p.records
	if f.record != "" {
		out, err := create(f.record, s.out, newRemote(ctx))
		if err != nil {
			return nil, err
		}
		t.recording = &recording{in: in, out: out, pace: pace{start: p.start, rate: p.rate}}
		in = t.recording
	}
	if t.meter != nil {
		t.meter.now = pipeline.Now
		in = meteredRecords{in, t.meter}
	}
	return in, nil
}

// end gives the recording its name, where the replay ended well.
func (t *taps) end(err error) error {
	if t.recording == nil {
		return err
	}
	if err != nil {
		return t.recording.out.abandon(err)
	}
	return t.recording.out.complete()
}

// estimate is that of the meter, where there is one.
func (t *taps) estimate(l *harness.Ledger) (*estimate, error) {
	if t.meter == nil {
		return nil, nil
	}
	return t.meter.estimate(l)
}

// A pace dates records that don't say when they arrived.
type pace struct {
	start time.Time
	rate  float64 // records a second
	n     int64   // records until now
}

// date gives the next record its arrival, in milliseconds as the service has it.
func (p *pace) date(r *input.Record) {
	if !r.HasArrival {
		r.Arrival = p.start.Add(time.Duration(float64(p.n) / p.rate * float64(time.Second))).UnixMilli()
		r.HasArrival = true
	}
	p.n++
}

// Next reads a record and writes it.
func (r *recording) Next() (input.Record, error) {
	rec, err := r.in.Next()
	if err != nil {
		return rec, err
	}
	r.pace.date(&rec)
	if len(rec.Data) > maxRecorded {
		return rec, fmt.Errorf("write %s: record %d is %d bytes; a line of records holds at most %d", r.out.path, r.pace.n, len(rec.Data), maxRecorded)
	}
	r.line = appendRecorded(r.line[:0], &rec)
	_, err = r.out.Write(r.line)
	return rec, err
}

// appendRecorded appends the line of a record that has its arrival.
func appendRecorded(b []byte, r *input.Record) []byte {
	b = append(b, `{"data":"`...)
	b = base64.StdEncoding.AppendEncode(b, r.Data)
	b = append(b, `","approximateArrivalTimestamp":`...)
	b = strconv.AppendInt(b, r.Arrival, 10)
	text := func(name, value string) {
		b = record.AppendString(append(b, `,"`+name+`":`...), value)
	}
	switch {
	case r.MSK:
		b = record.AppendString(append(b, `,"mskRecordMetadata":{"offset":`...), r.KafkaOffset)
		text("partitionId", r.KafkaPartition)
		b = append(b, '}')
	case r.Kinesis && (r.Shard != "" || r.Subsequence != 0):
		b = record.AppendString(append(b, `,"kinesisRecordMetadata":{"shardId":`...), r.Shard)
		text("partitionKey", r.PartitionKey)
		text("sequenceNumber", r.SequenceNumber)
		b = append(b, `,"subsequenceNumber":`...)
		b = append(strconv.AppendInt(b, r.Subsequence, 10), '}')
	case r.Kinesis:
		text("partitionKey", r.PartitionKey)
		text("sequenceNumber", r.SequenceNumber)
	}
	if r.ID != "" {
		text("recordId", r.ID)
	}
	return append(b, "}\n"...)
}

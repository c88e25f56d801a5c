package lambda

import (
	"strconv"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/b64"
)

// appendEvent writes the event of one invocation (record-transformation.md §2):
//
//	{"invocationId":…,"deliveryStreamArn":…,"region":…[,"sourceKinesisStreamArn":…|,"sourceMSKArn":…],
//	 "records":[{"recordId":…,"approximateArrivalTimestamp":…,"data":…[,"kinesisRecordMetadata":{…}]}]}
func (t *Transform) appendEvent(dst []byte, now time.Time, attempt int, in []record.Record) []byte {
	id := t.opts.Seed.UUID("lambda", in[0].Seq, in[0].Sub, now.UnixNano(), attempt)
	dst = append(dst, `{"invocationId":"`...)
	dst = append(dst, id...)
	dst = append(dst, `","deliveryStreamArn":`...)
	dst = record.AppendString(dst, t.opts.StreamARN)
	dst = append(dst, `,"region":`...)
	dst = record.AppendString(dst, t.opts.Region)
	if t.opts.SourceARN != "" {
		if t.opts.MSK {
			dst = append(dst, `,"sourceMSKArn":`...)
		} else {
			dst = append(dst, `,"sourceKinesisStreamArn":`...)
		}
		dst = record.AppendString(dst, t.opts.SourceARN)
	}
	dst = append(dst, `,"records":[`...)
	for i := range in {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = t.appendRecord(dst, &in[i])
	}
	return append(dst, "]}"...)
}

func (t *Transform) appendRecord(dst []byte, r *record.Record) []byte {
	dst = append(dst, `{"recordId":"`...)
	dst = r.AppendID(dst)
	dst = append(dst, `","approximateArrivalTimestamp":`...)
	dst = strconv.AppendInt(dst, r.Arrival, 10)
	if t.opts.MSK {
		dst = append(dst, `,"kafkaRecordValue":"`...)
	} else {
		dst = append(dst, `,"data":"`...)
	}
	dst = b64.Append(dst, r.Data)
	dst = append(dst, '"')
	if s := r.Source; s != nil && t.opts.SourceARN != "" {
		if t.opts.MSK {
			dst = append(dst, `,"mskRecordMetadata":{"offset":`...)
			dst = record.AppendString(dst, s.Offset)
			dst = append(dst, `,"partitionId":`...)
			dst = record.AppendString(dst, s.Partition)
			dst = append(dst, `,"approximateArrivalTimestamp":`...)
			dst = strconv.AppendInt(dst, s.Arrival, 10)
		} else {
			dst = append(dst, `,"kinesisRecordMetadata":{"shardId":`...)
			dst = record.AppendString(dst, s.Shard)
			dst = append(dst, `,"partitionKey":`...)
			dst = record.AppendString(dst, s.PartitionKey)
			dst = append(dst, `,"approximateArrivalTimestamp":`...)
			dst = strconv.AppendInt(dst, s.Arrival, 10)
			dst = append(dst, `,"sequenceNumber":"`...)
			dst = r.AppendSequence(dst)
			dst = append(dst, `","subsequenceNumber":`...)
			dst = strconv.AppendInt(dst, s.Subsequence, 10)
		}
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

package hydrant

import (
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/hydrantkit/hydrant/internal/b64"
)

// MaxAnswer is what Lambda returns from a synchronous invocation at most, in bytes of the encoded answer
// (record-transformation.md §6: 6 MB, which is 6,291,456 bytes).
const MaxAnswer = 6 << 20

// answer encodes one result for each item, in their order. The records that the budget has no room for are given to
// overflow, which changes their results.
//
//	{"records":[{"recordId":"…","result":"Ok","data":"…","metadata":{…}},{"recordId":"…","result":"Dropped"}]}
//
// Members that say nothing are left out: no data unless the result is Ok, no null metadata.
func (b *batch) answer(results []Result) []byte {
	size := len(head) + len(tail)
	for i := range b.items { // one comma more than needed
		size += b.size(&b.items[i], result(results, &b.items[i]))
	}
	dst := make([]byte, 0, size)
	dst = append(dst, head...)
	for i := range b.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = b.append(dst, &b.items[i], result(results, &b.items[i]))
	}
	return append(dst, tail...)
}

const (
	head = `{"records":[`
	tail = `]}`
)

// fit fails the records that the budget has no room for. Room for a failed result is kept for every record first; then the
// records take the rest in their order, so that as many of the first as there is room for are delivered.
//
// It returns their indices: alone are those whose own results are over the budget, over the others. Something else than over is
// always settled, if only by being alone. It is an error when not even failed results fit.
func (b *batch) fit(results []Result, budget int) (over, alone []int, err error) {
	empty := len(head) + len(tail) - 1 // the first has no comma before it
	total, floor := empty, empty
	for i := range b.items {
		it := &b.items[i]
		n := b.size(it, result(results, it))
		total += n
		floor += min(n, b.size(it, &failed))
	}
	if total <= budget || len(b.items) == 0 {
		return nil, nil, nil
	}
	if floor > budget {
		return nil, nil, fmt.Errorf("answer: %d records need %d bytes with no data at all, the limit is %d", len(b.items), floor, budget)
	}
	for i := range b.items {
		it := &b.items[i]
		r := result(results, it)
		n := b.size(it, r)
		more := n - b.size(it, &failed)
		switch {
		case more <= 0:
		case floor+more <= budget:
			floor += more
		case empty+n > budget:
			alone = append(alone, it.record)
			*r = failed
		default:
			over = append(over, it.record)
			*r = failed
		}
	}
	if len(over) == len(b.items) {
		// Each fits by itself, but not beside the ids of the others.
		return over[1:], over[:1], nil
	}
	return over, alone, nil
}

var failed Result

// result returns what becomes of an item.
func result(results []Result, it *item) *Result {
	if it.record < 0 {
		return &failed // never written: no other result is shorter
	}
	return &results[it.record]
}

// size is the length of what append appends, and of the comma before it.
func (b *batch) size(it *item, r *Result) int {
	n := len(`,{"recordId":,"result":""}`) + len(it.id) + len(r.Status.String())
	if r.Status != OK {
		return n
	}
	n += len(`,"data":""`)
	if raw := b.unchanged(it, r); raw != nil {
		n += len(raw)
	} else {
		n += base64.StdEncoding.EncodedLen(len(r.Data))
	}
	if it.kafka {
		n += len("kafkaRecordValue") - len("data")
	}
	if len(r.PartitionKeys) > 0 || r.OTF != nil {
		b.metadata = appendMetadata(b.metadata[:0], r)
		n += len(b.metadata)
	}
	return n
}

func (b *batch) append(dst []byte, it *item, r *Result) []byte {
	dst = append(dst, `{"recordId":`...)
	dst = append(dst, it.id...)
	dst = append(dst, `,"result":"`...)
	dst = append(dst, r.Status.String()...)
	if r.Status != OK {
		return append(dst, `"}`...)
	}
	if it.kafka {
		dst = append(dst, `","kafkaRecordValue":"`...)
	} else {
		dst = append(dst, `","data":"`...)
	}
	if raw := b.unchanged(it, r); raw != nil {
		dst = append(dst, raw...)
	} else {
		dst = b64.Append(dst, r.Data)
	}
	dst = append(dst, '"')
	if len(r.PartitionKeys) > 0 || r.OTF != nil {
		dst = appendMetadata(dst, r)
	}
	return append(dst, '}')
}

// unchanged returns the base64 that a record came as, if its result is PassResult's; nil otherwise.
func (b *batch) unchanged(it *item, r *Result) []byte {
	if !r.same || len(r.Data) == 0 || it.record < 0 {
		return nil
	}
	if d := b.records[it.record].Data; len(d) != len(r.Data) || &d[0] != &r.Data[0] {
		return nil
	}
	return it.raw
}

// appendMetadata appends the member metadata, with the partition keys in the order of their names.
func appendMetadata(dst []byte, r *Result) []byte {
	dst = append(dst, `,"metadata":`...)
	sep := byte('{')
	if len(r.PartitionKeys) > 0 {
		dst = append(dst, `{"partitionKeys":`...)
		open := byte('{')
		var few [8]string
		keys := few[:0]
		for k := range r.PartitionKeys {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			dst = append(dst, open)
			dst = AppendJSONString(dst, k)
			dst = append(dst, ':')
			dst = AppendJSONString(dst, r.PartitionKeys[k])
			open = ','
		}
		dst = append(dst, '}')
		sep = ','
	}
	if o := r.OTF; o != nil {
		dst = append(dst, sep)
		dst = append(dst, `"otfMetadata":{"destinationDatabaseName":`...)
		dst = AppendJSONString(dst, o.Database)
		dst = append(dst, `,"destinationTableName":`...)
		dst = AppendJSONString(dst, o.Table)
		if o.Operation != "" {
			dst = append(dst, `,"operation":`...)
			dst = AppendJSONString(dst, o.Operation)
		}
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

package decode

import (
	"fmt"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/kpl"
)

// A KPL takes records of the Kinesis Producer Library apart, before they are admitted from a Kinesis source (direct puts are
// not de-aggregated, sources.md §5). Its zero value is ready; it is for one goroutine.
type KPL struct {
	children []kpl.Child
}

// Append appends to dst the records that r stands for: r itself, or, when it is an aggregate with the right sum, its children, which
// may be none (sources.md §5, CHOICE). Children that another shard's hash range holds since a reshard are kept, unlike the Kinesis
// Client Library's (CHOICE): nothing that is put here says what ranges shards have.
//
// A child's Data and Raw lie in r's Data; it has its own partition key and its index as subsequence number, and
// the shard, sequence number and arrival of r. A child that is an aggregate itself stays one.
//
// The error is a warning: an aggregate with the right sum that can't be read. It is a plain record then (§5, CHOICE), and is appended.
func (k *KPL) Append(dst []record.Record, r record.Record) ([]record.Record, error) {
	if !kpl.Is(r.Data) {
		return append(dst, r), nil
	}
	children, err := kpl.Parse(k.children[:0], r.Data)
	if err != nil {
		return append(dst, r), fmt.Errorf("aggregate taken as a plain record: %w", err)
	}
	sources := make([]record.Source, len(children)) // one slab for the aggregate
	for i := range children {
		c, s := &children[i], &sources[i]
		if r.Source != nil {
			*s = *r.Source
		}
		s.PartitionKey, s.Subsequence = c.PartitionKey, int64(i)
		child := r
		child.Data, child.Raw, child.Source = c.Data, c.Data, s
		dst = append(dst, child)
	}
	clear(children)
	k.children = children
	return dst, nil
}

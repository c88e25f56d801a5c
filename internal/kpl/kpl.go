// Package kpl opens the records that the Kinesis Producer Library aggregates, and makes them (sources.md §5).
//
//	magic F3 89 9A C2 | AggregatedRecord, protobuf | MD5 of the protobuf, 16 bytes
//
//	AggregatedRecord  1 partition_key_table, repeated string   2 explicit_hash_key_table, repeated string   3 records, repeated Record
//	Record            1 partition_key_index uint64   2 explicit_hash_key_index uint64   3 data bytes   4 tags, repeated Tag
package kpl

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
)

var magic = []byte{0xF3, 0x89, 0x9A, 0xC2}

// A Child is one record of an aggregate.
type Child struct {
	PartitionKey    string
	ExplicitHashKey string // "" if there is none
	Data            []byte
}

// Is tells whether b is an aggregate: long enough, with the magic and the right sum. What isn't is one plain record.
func Is(b []byte) bool {
	if len(b) < len(magic)+md5.Size || !bytes.HasPrefix(b, magic) {
		return false
	}
	body := b[len(magic) : len(b)-md5.Size]
	sum := md5.Sum(body)
	return bytes.Equal(sum[:], b[len(b)-md5.Size:])
}

// Parse appends the children of b, for which Is was true, to dst. Their data lie in b. An aggregate that is not well formed, or
// with an index beyond its tables, is an error, and dst is as it was.
func Parse(dst []Child, b []byte) ([]Child, error) {
	var keys, hashes []string
	body := b[len(magic) : len(b)-md5.Size]
	// The tables may stand after the records, so they are read first.
	for m := (message{b: body}); m.next(); {
		switch {
		case m.err != nil:
		case m.field == 1 && m.wire == 2:
			keys = append(keys, string(m.data))
		case m.field == 2 && m.wire == 2:
			hashes = append(hashes, string(m.data))
		}
		if m.err != nil {
			return dst, m.err
		}
	}
	start := len(dst)
	for m := (message{b: body}); m.next(); {
		if m.field != 3 || m.wire != 2 {
			continue
		}
		c, err := child(m.data, keys, hashes)
		if err != nil {
			return dst[:start], fmt.Errorf("aggregated record %d: %w", len(dst)-start, err)
		}
		dst = append(dst, c)
	}
	return dst, nil
}

func child(b []byte, keys, hashes []string) (c Child, err error) {
	var hasKey, hasData bool
	m := message{b: b}
	for m.next() {
		switch {
		case m.err != nil:
			return c, m.err
		case m.field == 1 && m.wire == 0:
			if m.number >= uint64(len(keys)) {
				return c, fmt.Errorf("partition key %d of %d", m.number, len(keys))
			}
			c.PartitionKey, hasKey = keys[m.number], true
		case m.field == 2 && m.wire == 0:
			if m.number >= uint64(len(hashes)) {
				return c, fmt.Errorf("explicit hash key %d of %d", m.number, len(hashes))
			}
			c.ExplicitHashKey = hashes[m.number]
		case m.field == 3 && m.wire == 2:
			c.Data, hasData = m.data[:len(m.data):len(m.data)], true
		}
	}
	if !hasKey || !hasData {
		return c, errors.New("no partition key or no data")
	}
	return c, nil
}

// A message reads the fields of a protobuf message from left to right.
type message struct {
	b      []byte
	field  uint64
	wire   uint64
	number uint64 // of wire type 0
	data   []byte // of wire type 2
	err    error
}

var errProtobuf = errors.New("not a protobuf message")

// next reads a field; after one that can't be read it returns true once, with err.
func (m *message) next() bool {
	if m.err != nil || len(m.b) == 0 {
		return false
	}
	tag := m.varint()
	m.field, m.wire = tag>>3, tag&7
	switch m.wire {
	case 0:
		m.number = m.varint()
	case 1:
		m.skip(8)
	case 2:
		n := m.varint()
		if m.err == nil && n > uint64(len(m.b)) {
			m.err = errProtobuf
		}
		if m.err == nil {
			m.data, m.b = m.b[:n], m.b[n:]
		}
	case 5:
		m.skip(4)
	default:
		m.err = errProtobuf
	}
	if m.field == 0 {
		m.err = errProtobuf
	}
	return true
}

func (m *message) varint() uint64 {
	v, n := binary.Uvarint(m.b)
	if n <= 0 {
		m.err = errProtobuf
		return 0
	}
	m.b = m.b[n:]
	return v
}

func (m *message) skip(n int) {
	if len(m.b) < n {
		m.err = errProtobuf
		return
	}
	m.b = m.b[n:]
}

// Append appends the aggregate of children, with each key once in its table.
func Append(dst []byte, children []Child) []byte {
	start := len(dst)
	dst = append(dst, magic...)
	keys, hashes := map[string]uint64{}, map[string]uint64{}
	table := func(field byte, index map[string]uint64, key string) {
		if _, ok := index[key]; !ok {
			index[key] = uint64(len(index))
			dst = binary.AppendUvarint(append(dst, field<<3|2), uint64(len(key)))
			dst = append(dst, key...)
		}
	}
	for _, c := range children {
		table(1, keys, c.PartitionKey)
	}
	for _, c := range children {
		if c.ExplicitHashKey != "" {
			table(2, hashes, c.ExplicitHashKey)
		}
	}
	var record []byte
	for _, c := range children {
		record = binary.AppendUvarint(append(record[:0], 1<<3), keys[c.PartitionKey])
		if c.ExplicitHashKey != "" {
			record = binary.AppendUvarint(append(record, 2<<3), hashes[c.ExplicitHashKey])
		}
		record = binary.AppendUvarint(append(record, 3<<3|2), uint64(len(c.Data)))
		record = append(record, c.Data...)
		dst = binary.AppendUvarint(append(dst, 3<<3|2), uint64(len(record)))
		dst = append(dst, record...)
	}
	sum := md5.Sum(dst[start+len(magic):])
	return append(dst, sum[:]...)
}

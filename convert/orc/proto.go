package orc

import (
	"encoding/binary"
	"math"
)

// Messages of orc_proto.proto are written field by field: a key, number<<3 | wire type, and the
// value. The numbers stand where a message is written; only types and kinds have names.

// Kinds of a Type message.
const (
	kindBoolean   = 0
	kindByte      = 1
	kindShort     = 2
	kindInt       = 3
	kindLong      = 4
	kindFloat     = 5
	kindDouble    = 6
	kindString    = 7
	kindBinary    = 8
	kindTimestamp = 9
	kindList      = 10
	kindMap       = 11
	kindStruct    = 12
	kindDecimal   = 14
	kindDate      = 15
	kindVarchar   = 16
	kindChar      = 17
)

// Kinds of a Stream message.
const (
	streamPresent        = 0
	streamData           = 1
	streamLength         = 2
	streamDictionaryData = 3
	streamSecondary      = 5
	streamRowIndex       = 6
	streamBloomFilter    = 8 // BLOOM_FILTER_UTF8
)

// Kinds of a ColumnEncoding message: version 2 of an encoding is version 1 plus 2.
const (
	encodingDirect     = 0
	encodingDictionary = 1
)

func appendUint(dst []byte, field int, x uint64) []byte {
	dst = binary.AppendUvarint(dst, uint64(field)<<3)
	return binary.AppendUvarint(dst, x)
}

func appendSint(dst []byte, field int, x int64) []byte {
	return appendUint(dst, field, zigzag(x))
}

func appendBool(dst []byte, field int, x bool) []byte {
	if x {
		return appendUint(dst, field, 1)
	}
	return appendUint(dst, field, 0)
}

func appendDouble(dst []byte, field int, x float64) []byte {
	dst = binary.AppendUvarint(dst, uint64(field)<<3|1)
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(x))
}

func appendBytes[T string | []byte](dst []byte, field int, b T) []byte {
	dst = binary.AppendUvarint(dst, uint64(field)<<3|2)
	dst = binary.AppendUvarint(dst, uint64(len(b)))
	return append(dst, b...)
}

// appendPacked64 appends a packed repeated field.
func appendPacked64(dst []byte, field int, x []uint64) []byte {
	n := 0
	for _, v := range x {
		n += varintLen(v)
	}
	dst = binary.AppendUvarint(dst, uint64(field)<<3|2)
	dst = binary.AppendUvarint(dst, uint64(n))
	for _, v := range x {
		dst = binary.AppendUvarint(dst, v)
	}
	return dst
}

// openMessage begins a nested message; closeMessage(dst, at), with at what openMessage returned,
// ends it by moving its content behind its length.
func openMessage(dst []byte, field int) (_ []byte, at int) {
	dst = binary.AppendUvarint(dst, uint64(field)<<3|2)
	return dst, len(dst)
}

func closeMessage(dst []byte, at int) []byte {
	n := len(dst) - at
	var length [binary.MaxVarintLen64]byte
	k := binary.PutUvarint(length[:], uint64(n))
	dst = append(dst, length[:k]...)
	copy(dst[at+k:], dst[at:at+n])
	copy(dst[at:], length[:k])
	return dst
}

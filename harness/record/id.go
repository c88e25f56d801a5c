package record

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// A Seed is where all chance in a stream comes from: ids and the random parts of keys are derived
// from it, never drawn, so that the same input gives the same bytes under the same names.
type Seed uint64

// Bytes derives 32 bytes for one use at one place: station (with its folder), the first record that
// it is about, the time in epoch nanoseconds, and n, the number of the use.
func (s Seed) Bytes(station string, seq uint64, sub uint32, now int64, n int) [32]byte {
	var b [36]byte
	binary.LittleEndian.PutUint64(b[0:], uint64(s))
	binary.LittleEndian.PutUint64(b[8:], seq)
	binary.LittleEndian.PutUint32(b[16:], sub)
	binary.LittleEndian.PutUint64(b[20:], uint64(now))
	binary.LittleEndian.PutUint64(b[28:], uint64(n))
	return sha256.Sum256(append(b[:], station...))
}

// UUID derives a version 4 UUID in lower case with hyphens.
func (s Seed) UUID(station string, seq uint64, sub uint32, now int64, n int) string {
	h := s.Bytes(station, seq, sub, now, n)
	h[6] = h[6]&0x0f | 0x40
	h[8] = h[8]&0x3f | 0x80
	var b [36]byte
	hex.Encode(b[0:8], h[0:4])
	hex.Encode(b[9:13], h[4:6])
	hex.Encode(b[14:18], h[6:8])
	hex.Encode(b[19:23], h[8:10])
	hex.Encode(b[24:36], h[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// sequenceDigits is the length of a sequence number, and sequenceHead how those that the
// harness makes up begin.
const (
	sequenceDigits = 56
	sequenceHead   = "49"
)

// AppendSequence appends the sequence number of r: that of its source if it has one, else 56 digits that
// count up with Seq.
func (r *Record) AppendSequence(dst []byte) []byte {
	if r.Source != nil && r.Source.SequenceNumber != "" {
		return append(dst, r.Source.SequenceNumber...)
	}
	return appendDigits(append(dst, sequenceHead...), r.Seq, sequenceDigits-len(sequenceHead))
}

// Subsequence tells records with the same sequence number from each other: it is the index in what the record came out of, an
// aggregate of the Kinesis Producer Library or a record with several documents; 0 of a plain record (format-conversion.md §9, CHOICE).
func (r *Record) Subsequence() int64 {
	if !r.Part && r.Source != nil {
		return r.Source.Subsequence
	}
	return int64(r.Sub)
}

// AppendID appends the record id that a function sees. The service's are opaque; for direct puts they look like
// shardId- and 80 digits around a sequence number (record-transformation.md §2). A part of a record has the record's id
// and 20 digits of its index behind a period (dynamic-partitioning.md §4, CHOICE).
func (r *Record) AppendID(dst []byte) []byte {
	dst = append(dst, "shardId-000000000000"...)
	dst = appendDigits(append(dst, sequenceHead...), r.Seq, sequenceDigits-len(sequenceHead))
	dst = append(dst, "000000000000"...)
	if r.Part {
		dst = appendDigits(append(dst, '.'), uint64(r.Sub), 20)
	}
	return dst
}

// appendDigits appends n in decimal, padded with zeros to width.
func appendDigits(dst []byte, n uint64, width int) []byte {
	i := len(dst) + width
	for range width {
		dst = append(dst, '0')
	}
	for n > 0 {
		i--
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}

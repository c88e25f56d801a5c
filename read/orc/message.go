package orc

import (
	"encoding/binary"
	"errors"
	"math"
)

// errMessage is what a broken protobuf message gives.
var errMessage = errors.New("not a protobuf message")

// A field is one field of a message of orc_proto.proto: x if it is a number, data if it is a
// string, bytes, a message or packed numbers.
type field struct {
	number int
	x      uint64
	data   []byte
}

// sint is the value of a sint32 or sint64 field.
func (f *field) sint() int64 { return unzigzag(f.x) }

// double is the value of a double field.
func (f *field) double() float64 { return math.Float64frombits(f.x) }

func unzigzag(x uint64) int64 { return int64(x>>1) ^ -int64(x&1) }

// eachField calls do for the fields of message b, in their order.
func eachField(b []byte, do func(f *field) error) error {
	var f field
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		if n <= 0 || key>>3 == 0 || key>>3 > 1<<29 {
			return errMessage
		}
		b = b[n:]
		f = field{number: int(key >> 3)}
		switch key & 7 {
		case 0:
			f.x, n = binary.Uvarint(b)
			if n <= 0 {
				return errMessage
			}
		case 1:
			if n = 8; len(b) < n {
				return errMessage
			}
			f.x = binary.LittleEndian.Uint64(b)
		case 2:
			size, k := binary.Uvarint(b)
			if k <= 0 || size > uint64(len(b)-k) {
				return errMessage
			}
			n = k + int(size)
			f.data = b[k:n:n]
		case 5:
			if n = 4; len(b) < n {
				return errMessage
			}
			f.x = uint64(binary.LittleEndian.Uint32(b))
		default:
			return errMessage
		}
		b = b[n:]
		if err := do(&f); err != nil {
			return err
		}
	}
	return nil
}

// maxNumbers bounds repeated numbers: members of a type have the most.
const maxNumbers = 1 << 16

// appendNumbers appends the value or, packed, the values of a repeated number.
func appendNumbers(dst []uint64, f *field) ([]uint64, error) {
	if f.data == nil {
		return append(dst, f.x), nil
	}
	for b := f.data; len(b) > 0; {
		x, n := binary.Uvarint(b)
		if n <= 0 || len(dst) > maxNumbers {
			return dst, errMessage
		}
		dst = append(dst, x)
		b = b[n:]
	}
	return dst, nil
}

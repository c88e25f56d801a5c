package parquet

// A compact appends the messages of parquet.thrift in Thrift's compact protocol. It is our own
// because every byte of a footer counts for LayoutHive, and because an empty minimum, which
// text columns have, is not the same as none.
//
//	field:   delta of id:4 type:4 | value      (delta 1–15, ours always are)
//	integer: zigzag varint
//	binary:  length varint | bytes
//	list:    size:4 type:4 | elements          (size 15: varint follows)
//	struct:  fields | 0
type compact struct {
	b     []byte
	last  int16
	outer []int16 // last field ids of the structs around this one
}

const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftBinary = 8
	thriftList   = 9
	thriftStruct = 12
)

func (c *compact) field(id int16, typ byte) {
	c.b = append(c.b, byte(id-c.last)<<4|typ)
	c.last = id
}

func (c *compact) zigzag(v int64) { c.b = appendUvarint(c.b, uint64(v<<1)^uint64(v>>63)) }

func (c *compact) i8(id int16, v int8) {
	c.field(id, thriftByte)
	c.b = append(c.b, byte(v))
}

func (c *compact) i16(id, v int16) {
	c.field(id, thriftI16)
	c.zigzag(int64(v))
}

func (c *compact) i32(id int16, v int32) {
	c.field(id, thriftI32)
	c.zigzag(int64(v))
}

func (c *compact) i64(id int16, v int64) {
	c.field(id, thriftI64)
	c.zigzag(v)
}

func (c *compact) bool(id int16, v bool) {
	if v {
		c.field(id, thriftTrue)
	} else {
		c.field(id, thriftFalse)
	}
}

func (c *compact) bytes(id int16, v []byte) {
	c.field(id, thriftBinary)
	c.element(v)
}

func (c *compact) string(id int16, v string) {
	c.field(id, thriftBinary)
	c.b = appendUvarint(c.b, uint64(len(v)))
	c.b = append(c.b, v...)
}

// element appends a binary element of a list.
func (c *compact) element(v []byte) {
	c.b = appendUvarint(c.b, uint64(len(v)))
	c.b = append(c.b, v...)
}

func (c *compact) list(id int16, typ byte, n int) {
	c.field(id, thriftList)
	if n < 15 {
		c.b = append(c.b, byte(n)<<4|typ)
		return
	}
	c.b = append(c.b, 0xf0|typ)
	c.b = appendUvarint(c.b, uint64(n))
}

// begin opens a struct in field id; id 0 is a struct that is an element of a list or the message itself.
func (c *compact) begin(id int16) {
	if id != 0 {
		c.field(id, thriftStruct)
	}
	c.outer = append(c.outer, c.last)
	c.last = 0
}

func (c *compact) end() {
	c.b = append(c.b, 0)
	c.last = c.outer[len(c.outer)-1]
	c.outer = c.outer[:len(c.outer)-1]
}

// empty writes a struct without fields.
func (c *compact) empty(id int16) {
	c.begin(id)
	c.end()
}

func appendUvarint(dst []byte, v uint64) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

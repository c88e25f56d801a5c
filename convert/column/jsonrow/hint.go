package jsonrow

import (
	"bytes"

	"github.com/hydrantkit/hydrant/schema"
)

// Hint says what change of the schema or of a transform would make value fit n.
func Hint(n *Node, value []byte) string {
	c := byte(0)
	if len(value) > 0 {
		c = value[0]
	}
	number := c == '-' || c-'0' < 10
	nested := c == '{' || c == '['
	switch n.Type.Kind {
	case schema.TinyInt, schema.SmallInt, schema.Int, schema.BigInt:
		switch {
		case c == 't' || c == 'f':
			return "declare it boolean, or write 0 and 1 in a transform"
		case number && bytes.ContainsAny(value, ".eE"):
			return "declare it double or decimal, or round it in a transform"
		case number && n.Type.Kind != schema.BigInt && len(value) <= 18:
			return "declare it bigint"
		case number:
			return "declare it decimal(38,0) or string"
		case nested:
			return "declare it " + shape(c) + ", or write a number in a transform"
		}
		return "declare it string, or write a number or null in a transform"
	case schema.Float, schema.Double:
		if nested {
			return "declare it " + shape(c) + ", or write a number in a transform"
		}
		return "declare it string, or write a number or null in a transform"
	case schema.Decimal:
		if number {
			return "declare a decimal with more digits before the point, or double, or string"
		}
		return "declare it string, or write a number or null in a transform"
	case schema.Boolean:
		if number {
			return "declare it int, or write true and false in a transform"
		}
		return "declare it " + shape(c) + ", or write true and false in a transform"
	case schema.Date:
		if bytes.IndexByte(value, ':') > 0 {
			return "declare it timestamp, or cut the time off in a transform"
		}
		return "write dates as yyyy-MM-dd in a transform, or declare it string"
	case schema.Timestamp:
		if c == '"' && bytes.IndexByte(value, ':') < 0 && bytes.IndexByte(value, '-') > 0 {
			return "declare it date, or add a time in a transform"
		}
		if c == '"' && len(value) > 12 && bytes.ContainsAny(value[11:], "+-") {
			return "write the time in UTC, without an offset, in a transform, or use the Hive SerDe with TimestampFormats"
		}
		return "write yyyy-MM-dd HH:mm:ss in UTC in a transform, or use the Hive SerDe with TimestampFormats"
	case schema.Map, schema.Struct:
		if bytes.HasPrefix(value, []byte(`"{`)) {
			return "the object is JSON inside of a string: declare it string, or decode it in a transform"
		}
		return "declare it " + shape(c) + ", or write an object in a transform"
	case schema.Array:
		return "declare it " + shape(c) + ", or write an array in a transform"
	case schema.Binary:
		return "declare it string"
	}
	if nested {
		return "declare it " + shape(c) + ", or write its text in a transform"
	}
	return "declare it string"
}

// shape names the type that a JSON value beginning with c would fit.
func shape(c byte) string {
	switch c {
	case '{':
		return "struct or map"
	case '[':
		return "array"
	case 't', 'f':
		return "boolean"
	case '"':
		return "string"
	}
	return "bigint, double or string"
}

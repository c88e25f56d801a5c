package glue

import (
	"strconv"

	"github.com/hydrantkit/hydrant/schema"
)

// AppendParquet writes the message type of a Parquet file of t, in the notation of parquet-mr and
// with the names and converted types of the service's own writer (format-conversion.md §7):
//
//	message hive_schema {
//	  optional int32 id;
//	  optional group tags (LIST) {
//	    repeated group bag {
//	      optional binary array_element (UTF8);
//	    }
//	  }
//	}
func AppendParquet(dst []byte, t *schema.Table) []byte {
	dst = append(dst, "message hive_schema {\n"...)
	for _, c := range t.Columns {
		dst = appendParquet(dst, "optional", c.Name, c.Type, 1)
	}
	return append(dst, "}\n"...)
}

func appendParquet(dst []byte, repetition, name string, t *schema.Type, depth int) []byte {
	line := func(physical, annotation string) {
		dst = appendLine(dst, repetition, physical, name, annotation, depth)
	}
	switch t.Kind {
	case schema.Array:
		line("group", "(LIST) {")
		dst = appendLine(dst, "repeated", "group", "bag", "{", depth+1)
		dst = appendParquet(dst, "optional", "array_element", t.Elem, depth+2)
		dst = appendClose(dst, depth+1)
		return appendClose(dst, depth)
	case schema.Map:
		line("group", "(MAP) {")
		dst = appendLine(dst, "repeated", "group", "map", "(MAP_KEY_VALUE) {", depth+1)
		dst = appendParquet(dst, "required", "key", t.Key, depth+2)
		dst = appendParquet(dst, "optional", "value", t.Elem, depth+2)
		dst = appendClose(dst, depth+1)
		return appendClose(dst, depth)
	case schema.Struct:
		line("group", "{")
		for _, f := range t.Fields {
			dst = appendParquet(dst, "optional", f.Name, f.Type, depth+1)
		}
		return appendClose(dst, depth)
	}
	switch t.Kind {
	case schema.Boolean:
		line("boolean", "")
	case schema.TinyInt:
		line("int32", "(INT_8)")
	case schema.SmallInt:
		line("int32", "(INT_16)")
	case schema.Int:
		line("int32", "")
	case schema.BigInt:
		line("int64", "")
	case schema.Float:
		line("float", "")
	case schema.Double:
		line("double", "")
	case schema.Decimal:
		line("fixed_len_byte_array("+strconv.Itoa(decimalBytes(t.Precision))+")",
			"(DECIMAL("+strconv.Itoa(t.Precision)+","+strconv.Itoa(t.Scale)+"))")
	case schema.String, schema.Char, schema.VarChar:
		line("binary", "(UTF8)")
	case schema.Binary:
		line("binary", "")
	case schema.Date:
		line("int32", "(DATE)")
	case schema.Timestamp:
		line("int96", "")
	}
	return dst
}

func appendLine(dst []byte, repetition, physical, name, annotation string, depth int) []byte {
	for range depth {
		dst = append(dst, "  "...)
	}
	dst = append(append(append(dst, repetition...), ' '), physical...)
	dst = append(append(dst, ' '), name...)
	if annotation != "" {
		dst = append(append(dst, ' '), annotation...)
	}
	if annotation == "" || annotation[len(annotation)-1] != '{' {
		dst = append(dst, ';')
	}
	return append(dst, '\n')
}

func appendClose(dst []byte, depth int) []byte {
	for range depth {
		dst = append(dst, "  "...)
	}
	return append(dst, "}\n"...)
}

// decimalBytes is the fewest bytes that hold every decimal of a precision in two's complement:
// 1 for 2 digits, 4 for 9, 8 for 18, 16 for 38.
func decimalBytes(precision int) int {
	// 10^p - 1 < 2^(8n-1), and log2(10) = 3.32192809…
	return (precision*332193+99999)/100000/8 + 1
}

// AppendORC writes the type of an ORC file of t as TypeDescription.toString does: the Hive type,
// with names that aren't words in backquotes.
func AppendORC(dst []byte, t *schema.Table) []byte { return appendType(dst, t.Struct(), false) }

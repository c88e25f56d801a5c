// Package schema holds tables and types as Glue and Hive write them.
//
// A [Table] is an ordered list of columns; a [Type] is a Hive type. [ParseType] reads the type
// strings of Glue tables, such as struct<id:int,tags:array<string>>, and points at the place
// where one stops making sense. Everything that converts records starts from these two types.
//
// Three engines hold tables and records together. An [Inferrer] finds the narrowest table that
// holds every record, with the evidence; a [Linter] finds what of the records a table drops,
// fails or silently alters; a [Differ] says on how many records a change of a table matters. They
// take records one by one, keep no record, and need memory for names, not for values.
package schema

import (
	"strconv"
	"strings"
	"unicode"
)

// A Kind is the constructor of a Hive type.
type Kind uint8

// The kinds of Hive types that Glue hands out. Invalid is the zero Kind, so that a forgotten
// type is never mistaken for one.
const (
	Invalid Kind = iota
	Boolean
	TinyInt
	SmallInt
	Int
	BigInt
	Float
	Double
	Decimal
	String
	Char
	VarChar
	Binary
	Date
	Timestamp
	Array
	Map
	Struct
)

var kindNames = [...]string{
	Invalid: "invalid", Boolean: "boolean", TinyInt: "tinyint", SmallInt: "smallint", Int: "int",
	BigInt: "bigint", Float: "float", Double: "double", Decimal: "decimal", String: "string",
	Char: "char", VarChar: "varchar", Binary: "binary", Date: "date", Timestamp: "timestamp",
	Array: "array", Map: "map", Struct: "struct",
}

// String returns the keyword of k.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// Primitive reports whether k has no member types.
func (k Kind) Primitive() bool { return k > Invalid && k < Array }

// A Type is a Hive type. Elem is the element of an array and the value of a map, Key the
// key of a map, Fields the members of a struct.
type Type struct {
	Kind             Kind
	Precision, Scale int // of a Decimal: 1 ≤ Precision ≤ 38, 0 ≤ Scale ≤ Precision
	Length           int // of a Char (1–255) or VarChar (1–65535), in code points
	Elem, Key        *Type
	Fields           []Column
}

// A Column is a column of a table or a member of a struct. Its Name is in lower case.
type Column struct {
	Name    string
	Type    *Type
	Comment string
}

// String writes t in the form that ParseType reads and Glue stores: lower case, no blanks.
func (t *Type) String() string { return string(t.append(nil)) }

// MarshalText writes t as String does, so that JSON shows a type as its type string.
func (t *Type) MarshalText() ([]byte, error) { return t.append(nil), nil }

// UnmarshalText reads a type string as ParseType does.
func (t *Type) UnmarshalText(text []byte) error {
	u, err := ParseType(string(text))
	if err == nil {
		*t = *u
	}
	return err
}

func (t *Type) append(dst []byte) []byte {
	if t == nil {
		return append(dst, kindNames[Invalid]...)
	}
	dst = append(dst, t.Kind.String()...)
	switch t.Kind {
	case Decimal:
		dst = append(dst, '(')
		dst = strconv.AppendInt(dst, int64(t.Precision), 10)
		dst = append(dst, ',')
		dst = strconv.AppendInt(dst, int64(t.Scale), 10)
		dst = append(dst, ')')
	case Char, VarChar:
		dst = append(dst, '(')
		dst = strconv.AppendInt(dst, int64(t.Length), 10)
		dst = append(dst, ')')
	case Array:
		dst = append(dst, '<')
		dst = t.Elem.append(dst)
		dst = append(dst, '>')
	case Map:
		dst = append(dst, '<')
		dst = t.Key.append(dst)
		dst = append(dst, ',')
		dst = t.Elem.append(dst)
		dst = append(dst, '>')
	case Struct:
		dst = append(dst, '<')
		for i := range t.Fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendName(dst, t.Fields[i].Name)
			dst = append(dst, ':')
			dst = t.Fields[i].Type.append(dst)
		}
		dst = append(dst, '>')
	}
	return dst
}

// appendName writes a member name, in backquotes when it holds what would end it.
func appendName(dst []byte, name string) []byte {
	if name != "" && !strings.ContainsAny(name, "`<>,:()") && strings.IndexFunc(name, unicode.IsSpace) < 0 {
		return append(dst, name...)
	}
	dst = append(dst, '`')
	dst = append(dst, strings.ReplaceAll(name, "`", "``")...)
	return append(dst, '`')
}

// Equal reports whether t and u are the same type; comments don't count.
func (t *Type) Equal(u *Type) bool {
	if t == nil || u == nil {
		return t == u
	}
	if t.Kind != u.Kind || t.Precision != u.Precision || t.Scale != u.Scale || t.Length != u.Length ||
		len(t.Fields) != len(u.Fields) {
		return false
	}
	for i := range t.Fields {
		if t.Fields[i].Name != u.Fields[i].Name || !t.Fields[i].Type.Equal(u.Fields[i].Type) {
			return false
		}
	}
	return (t.Elem == nil) == (u.Elem == nil) && (t.Elem == nil || t.Elem.Equal(u.Elem)) &&
		(t.Key == nil) == (u.Key == nil) && (t.Key == nil || t.Key.Equal(u.Key))
}

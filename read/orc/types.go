package orc

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// A Kind is a Type.Kind of orc_proto.proto.
type Kind int

// The kinds of types.
const (
	Boolean Kind = iota
	Byte
	Short
	Int
	Long
	Float
	Double
	String
	Binary
	Timestamp
	List
	Map
	Struct
	Union
	Decimal
	Date
	Varchar
	Char
	TimestampInstant
	kinds
)

var kindNames = [kinds]string{"boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "string", "binary",
	"timestamp", "array", "map", "struct", "uniontype", "decimal", "date", "varchar", "char", "timestamp with local time zone"}

// String returns the Hive name.
func (k Kind) String() string { return kindNames[k] }

// A Type is a node of the file's schema. Names are those of a struct's members, Children what is
// below, in the order of the file.
type Type struct {
	ID               int // its number in the footer
	Kind             Kind
	Precision, Scale int
	Length           int
	Names            []string
	Children         []*Type
}

// String writes the type as Hive does.
func (t *Type) String() string {
	var b strings.Builder
	t.write(&b)
	return b.String()
}

func (t *Type) write(b *strings.Builder) {
	b.WriteString(t.Kind.String())
	switch t.Kind {
	case Decimal:
		fmt.Fprintf(b, "(%d,%d)", t.Precision, t.Scale)
	case Char, Varchar:
		fmt.Fprintf(b, "(%d)", t.Length)
	case List, Map, Struct, Union:
		for i, c := range t.Children {
			b.WriteByte("<,"[min(i, 1)])
			if t.Kind == Struct {
				b.WriteString(quoteName(t.Names[i]))
				b.WriteByte(':')
			}
			c.write(b)
		}
		if len(t.Children) == 0 {
			b.WriteByte('<')
		}
		b.WriteByte('>')
	}
}

func quoteName(s string) string {
	if s == "" || strings.ContainsAny(s, "<>,:() \t\n`") {
		return "`" + strings.ReplaceAll(s, "`", "``") + "`"
	}
	return s
}

// A typ is a Type message.
type typ struct {
	Type
	children []uint64
}

func readType(b []byte) (typ, error) {
	var t typ
	err := eachField(b, func(p *field) (err error) {
		switch p.number {
		case 1:
			if p.x >= uint64(kinds) {
				return fmt.Errorf("type of unknown kind %d", p.x)
			}
			t.Kind = Kind(p.x)
		case 2:
			t.children, err = appendNumbers(t.children, p)
		case 3:
			t.Names = append(t.Names, string(p.data))
		case 4:
			t.Length = int(min(p.x, 1<<31-1))
		case 5:
			t.Precision = int(min(p.x, 1<<31-1))
		case 6:
			t.Scale = int(min(p.x, 1<<31-1))
		}
		return err
	})
	return t, err
}

// maxPaths bounds the names of all columns together, each with those that it is in.
const maxPaths = 64 << 20

// buildTypes links the types to a tree. Numbers grow from a type to its members and from member to
// member, so there are no loops, and each has one parent.
func buildTypes(types []typ) (*Type, error) {
	if len(types) == 0 {
		return nil, errors.New("no types")
	}
	depth, path := make([]int, len(types)), make([]int, len(types))
	depth[0] = 1
	paths := 0
	for id := range types {
		t := &types[id]
		t.ID = id
		if depth[id] == 0 {
			return nil, fmt.Errorf("type %d belongs to none", id)
		}
		if depth[id] > maxDepth {
			return nil, fmt.Errorf("types are nested deeper than %d", maxDepth)
		}
		want := -1
		switch t.Kind {
		case List:
			want = 1
		case Map:
			want = 2
		case Struct:
			want = len(t.Names)
		case Union:
			want = len(t.children)
		default:
			want = 0
		}
		if len(t.children) != want {
			return nil, fmt.Errorf("type %d, %v, has %d members, not %d", id, t.Kind, len(t.children), want)
		}
		last := uint64(id)
		for i, c := range t.children {
			if c <= last || c >= uint64(len(types)) || depth[c] != 0 {
				return nil, fmt.Errorf("type %d can't have type %d as its member", id, c)
			}
			last = c
			depth[c] = depth[id] + 1
			path[c] = path[id] + len("{value}.")
			if t.Kind == Struct {
				path[c] = path[id] + len(t.Names[i]) + 1
			}
			if paths += path[c]; paths > maxPaths {
				return nil, errors.New("the names of columns are too long")
			}
			t.Children = append(t.Children, &types[c].Type)
		}
		if t.Kind == Decimal && t.Precision == 0 { // written before precision was
			t.Precision, t.Scale = 38, 18
		}
	}
	return &types[0].Type, nil
}

// path returns the name of type id below t: members by name, elements as "[]", keys and values as
// "{key}" and "{value}". It is "" for t itself and when id isn't below it.
func (t *Type) path(id int) string {
	i := sort.Search(len(t.Children), func(i int) bool { return t.Children[i].ID > id }) - 1
	if i < 0 {
		return ""
	}
	var name string
	switch t.Kind {
	case Struct:
		name = t.Names[i]
	case List:
		name = "[]"
	case Map:
		name = [...]string{"{key}", "{value}"}[i]
	case Union:
		name = "<" + strconv.Itoa(i) + ">"
	}
	if rest := t.Children[i].path(id); rest != "" {
		return name + "." + rest
	}
	return name
}

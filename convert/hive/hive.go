// Package hive turns JSON records into rows as Amazon Data Firehose does with its Hive JSON SerDe
// (format-conversion.md §5, §6).
//
// A [Deserializer] appends rows to a [column.Batch]. A record that doesn't fit leaves the batch as it was
// and gives a *[column.RowError] with the place, what was wanted and seen, and the service's code and message.
//
// # What is decided here
//
// JSON is strict, as the service's first parser has it: RFC 8259, UTF-8, nothing nested deeper than
// 10,000; a byte order mark is skipped. Half a surrogate pair, which only an escape can
// write, becomes "?" as it does in the service's files. Malformed JSON anywhere in a record comes before any
// value that doesn't fit. Dates before 1582 are those of the proleptic calendar (format-conversion.md §7), which Java's
// Date and Timestamp don't count by. The key of a map is never null: a decimal that can't be one fails the record.
//
// # Design
//
// There are two walks over a record. The complete one knows every rule and finds every error's place. The fast one, which package
// jsonrow has for both deserializers, converts members as they come, and hands the record to the complete one at anything
// unusual, such as a key that comes twice. Both convert what isn't common by the same functions.
package hive

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/column/jsonrow"
	"github.com/hydrantkit/hydrant/internal/joda"
	"github.com/hydrantkit/hydrant/internal/jsonscan/javatext"
	"github.com/hydrantkit/hydrant/schema"
)

// Options mirror the API's HiveJsonSerDe. The zero value is the service's default.
type Options struct {
	// TimestampFormats are Joda patterns, or millis. The one that takes most of a text reads it; when none takes all,
	// java.sql.Timestamp.valueOf does, which is all there is without patterns.
	TimestampFormats []string

	// Year is the current year: yy is from Year-80 to Year+19. Zero is 2000.
	Year int
}

// A Deserializer turns records into rows of one table. It is for one goroutine at a time.
type Deserializer struct {
	table   *schema.Table
	opts    Options
	formats *joda.Formats // nil without patterns
	row     *jsonrow.Node
	reader  *jsonrow.Reader
	text    []byte // of the string at hand
}

// New makes a deserializer for table. It is an error when a pattern of TimestampFormats can't be read.
func New(table *schema.Table, o Options) (*Deserializer, error) {
	if err := table.Check(); err != nil {
		return nil, err
	}
	d := &Deserializer{table: table, opts: o}
	if len(o.TimestampFormats) > 0 {
		year := o.Year
		if year == 0 {
			year = 2000
		}
		var err error
		if d.formats, err = joda.CompileFormats(o.TimestampFormats, year); err != nil {
			return nil, fmt.Errorf("TimestampFormats: %w", err)
		}
	}
	d.row = d.compile(table.Struct())
	d.reader = jsonrow.NewReader(d.row, jsonrow.Dialect{
		Resolve: func(n *jsonrow.Node, raw []byte) (int, string) {
			id, msg := position(n, jsonrow.Unescape(raw))
			if msg != "" {
				id = jsonrow.Unusual
			}
			return id, ""
		},
		Leaf:   d.leaf,
		MapKey: mapKey,
	})
	return d, nil
}

// Clone returns a deserializer of the same table and options for another goroutine.
func (d *Deserializer) Clone() *Deserializer {
	c, err := New(d.table, d.opts)
	if err != nil {
		panic("hive: " + err.Error()) // the same table and options were good before
	}
	return c
}

// Record appends the rows of record to b: one for each JSON object in it. Its error is always a
// *column.RowError, and b is then as before.
func (d *Deserializer) Record(b *column.Batch, record []byte) error {
	rows := b.Rows
	if err := d.reader.Full(b, len(record)); err != nil {
		return err
	}
	if d.reader.Rows(b, record) {
		return nil
	}
	b.Truncate(rows)
	if err := d.complete(b, record); err != nil {
		b.Truncate(rows)
		return err
	}
	return nil
}

var ops = map[schema.Kind]jsonrow.Op{
	schema.Boolean: jsonrow.OpBool, schema.TinyInt: jsonrow.OpInt, schema.SmallInt: jsonrow.OpInt, schema.Int: jsonrow.OpInt,
	schema.BigInt: jsonrow.OpInt, schema.Float: jsonrow.OpJacksonFloat, schema.Double: jsonrow.OpJacksonDouble,
	schema.Decimal: jsonrow.OpDecimal, schema.String: jsonrow.OpString, schema.VarChar: jsonrow.OpVarChar, schema.Date: jsonrow.OpDate,
	schema.Timestamp: jsonrow.OpTimestamp, schema.Array: jsonrow.OpList, schema.Map: jsonrow.OpMap, schema.Struct: jsonrow.OpStruct,
	schema.Binary: jsonrow.OpNever,
}

func (d *Deserializer) compile(t *schema.Type) *jsonrow.Node {
	n := &jsonrow.Node{Type: t, Op: ops[t.Kind]}
	switch t.Kind {
	case schema.TinyInt:
		n.Lo, n.Hi, n.Class = math.MinInt8, math.MaxInt8, "Java byte"
	case schema.SmallInt:
		n.Lo, n.Hi, n.Class = math.MinInt16, math.MaxInt16, "Java short"
	case schema.Int:
		n.Lo, n.Hi, n.Class = math.MinInt32, math.MaxInt32, "int"
	case schema.BigInt:
		n.Lo, n.Hi, n.Class = math.MinInt64, math.MaxInt64, "long"
	case schema.VarChar, schema.Char:
		n.Hi = int64(t.Length)
	case schema.Timestamp:
		if d.formats != nil {
			n.Op = jsonrow.OpLeaf
			// The first pattern wins when it takes a whole text.
			if m := usual.FindStringSubmatch(d.opts.TimestampFormats[0]); m != nil {
				n.Op = jsonrow.OpPattern
				n.Pattern = jsonrow.Pattern{Sep: strings.Trim(m[1], "'")[0], Digits: max(0, len(m[2])-1), Z: m[3] != ""}
			}
		}
	case schema.Map:
		n.MapKey = d.compile(t.Key)
		n.Elem = d.compile(t.Elem)
	case schema.Array:
		n.Elem = d.compile(t.Elem)
	case schema.Struct:
		for i := range t.Fields {
			f := d.compile(t.Fields[i].Type)
			f.Name, f.Key = t.Fields[i].Name, javatext.Lower(t.Fields[i].Name)
			n.Fields = append(n.Fields, f)
		}
	}
	return n
}

// usual are the patterns that the fast walk knows.
var usual = regexp.MustCompile(`^yyyy-MM-dd('T'| )HH:mm:ss(\.S{1,9})?('Z'|ZZ?)?$`)

var internalName = regexp.MustCompile(`^_col([0-9]+)$`)

// position returns the field of n that a key names, by name or as _colN, or jsonrow.Ignored. msg says why
// _colN names none, in the service's words.
func position(n *jsonrow.Node, key string) (id int, msg string) {
	low := javatext.Lower(key)
	for i, f := range n.Fields {
		if f.Key == low {
			return i, ""
		}
	}
	m := internalName.FindStringSubmatch(key)
	if m == nil {
		return jsonrow.Ignored, ""
	}
	x, err := strconv.ParseInt(m[1], 10, 32)
	switch {
	case err != nil:
		return 0, javatext.ForInput([]byte(m[1]))
	case strconv.FormatInt(x, 10) != m[1]:
		return 0, "java.io.IOException: Hive internal column name " + javatext.Clip([]byte(key)) + " and position encoding (" +
			strconv.FormatInt(x, 10) + ") for the column name are at odds"
	case x >= int64(len(n.Fields)):
		return 0, fmt.Sprintf("Index: %d, Size: %d", x, len(n.Fields))
	}
	return int(x), ""
}

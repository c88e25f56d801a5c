package columntest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/schema"
)

// A Deserializer is the one under test.
type Deserializer interface {
	Record(b *column.Batch, record []byte) error
}

// A SerDe is one whose vectors a Deserializer is held to.
type SerDe struct {
	Vectors string // the file
	// Open makes the deserializer of a case's table and properties.
	Open func(t *schema.Table, c *Case) (Deserializer, error)
	// Ordered is Diff's.
	Ordered bool
	// Columns has a malformed value fail in the column of the vector.
	Columns bool
	// Same reports that two errors of a record differ by the order of its members only; nil is never.
	Same func(a, b string) bool
}

// outcome runs one record and says how it differs from the case, or "".
func (s *SerDe) outcome(d Deserializer, b *column.Batch, c *Case) string {
	table, _ := c.Table()
	rows := b.Rows
	err := d.Record(b, c.Record())
	var re *column.RowError
	if err != nil && !errors.As(err, &re) {
		return "not a RowError: " + err.Error()
	}
	switch {
	case err != nil && b.Rows != rows:
		return "an error and rows"
	case err != nil && c.Error != nil:
		if s.Columns && c.Error.Column != "" && re.Code == column.MalformedData && re.Column != c.Error.Column && re.Path != "" {
			return "fails in column " + re.Column + ", want " + c.Error.Column
		}
		return ""
	case err != nil:
		return re.Code + ": " + re.Message
	case c.Error != nil:
		return "row: " + rowsFrom(b, rows)
	case b.Rows != rows+1:
		return fmt.Sprintf("%d rows", b.Rows-rows)
	case string(c.Row) == "null":
		return "row: " + Row(b, rows)
	}
	if s := Diff(b, rows, table, c.Row, s.Ordered); s != "" {
		return "differs: " + s
	}
	return ""
}

func rowsFrom(b *column.Batch, from int) string {
	var s []string
	for i := from; i < b.Rows; i++ {
		s = append(s, Row(b, i))
	}
	return strings.Join(s, " / ")
}

// Oracle runs every vector: each passes, or stands under a rule of testdata/deviations.txt.
func (s *SerDe) Oracle(t *testing.T) {
	l := Rules(t, "testdata/deviations.txt")
	for _, c := range Load(t, s.Vectors) {
		table, err := c.Table()
		if err != nil {
			l.Settle(t, &c, refused(&c, "type: "+err.Error()))
			continue
		}
		d, err := s.Open(table, &c)
		if err != nil {
			l.Settle(t, &c, refused(&c, "schema: "+err.Error()))
			continue
		}
		b := column.NewBatch(table.Columns)
		got := s.outcome(d, b, &c)
		if err := CheckBatch(b); err != nil {
			t.Errorf("%s: %v", c.ID, err)
		}
		l.Settle(t, &c, got)
	}
	l.Finish(t)
}

// refused is the outcome of a table that can't be used: right when the SerDe refuses something too.
func refused(c *Case, why string) string {
	if c.Error != nil {
		return ""
	}
	return why
}

// Run gives a record to d and says what came of it.
func Run(d Deserializer, b *column.Batch, record []byte) string {
	rows := b.Rows
	err := d.Record(b, record)
	var re *column.RowError
	if errors.As(err, &re) {
		return re.Code + " " + re.Column + " " + re.Path + ": " + re.Message
	}
	return rowsFrom(b, rows)
}

// Batches shows that what was predicted and what was rolled back doesn't show: each case gives the same behind records
// that fail, with its members in another order, and anywhere in a batch of 10,000 records.
func (s *SerDe) Batches(t *testing.T) {
	size := 10000
	if testing.Short() {
		size = 1000
	}
	var order []string
	groups := map[string][]Case{}
	for _, c := range Load(t, s.Vectors) {
		g := fmt.Sprint(c.Types, c.Props, strings.HasPrefix(string(c.Record()), "["))
		if groups[g] == nil {
			order = append(order, g)
		}
		groups[g] = append(groups[g], c)
	}
	cases, records, reordered := 0, 0, 0
	for _, g := range order {
		group := groups[g]
		table, err := group[0].Table()
		if err != nil {
			continue
		}
		d, err := s.Open(table, &group[0])
		if err != nil {
			continue
		}
		want := make([]string, len(group))
		for k := range group {
			c := &group[k]
			fresh, err := s.Open(table, c)
			if err != nil {
				t.Fatal(err)
			}
			want[k] = Run(fresh, column.NewBatch(table.Columns), c.Record())
			if s.behindFailures(t, d, table, c, want[k]) {
				reordered++
			}
			cases++
		}
		b := column.NewBatch(table.Columns)
		common := []byte(`{"z":7}`)
		for n := range size {
			k := n * 7919 % len(group)
			switch {
			case n < len(group) || n >= size-len(group) || n%97 == 0:
				if got := Run(d, b, group[k].Record()); got != want[k] {
					t.Fatalf("%s: record %d of a batch: %s, alone: %s", group[k].ID, n, got, want[k])
				}
			case n < size/10:
				d.Record(b, group[k].Record())
			default:
				d.Record(b, common)
			}
			records++
		}
		if err := CheckBatch(b); err != nil {
			t.Errorf("%s: batch: %v", g, err)
		}
	}
	t.Logf("%d cases in %d tables, %d with members reordered, %d records in batches", cases, len(order), reordered, records)
}

// behindFailures runs a case behind records that fail, as it is and with its members in another order.
func (s *SerDe) behindFailures(t *testing.T, d Deserializer, table *schema.Table, c *Case, want string) (reordered bool) {
	b := column.NewBatch(table.Columns)
	d.Record(b, []byte(`{"Z":9}`))
	for _, broken := range Broken(c.Record()) {
		rows := b.Rows
		if d.Record(b, broken) != nil && b.Rows != rows {
			t.Fatalf("%s: a record that fails left rows: %q", c.ID, broken)
		}
		if err := CheckBatch(b); err != nil {
			t.Fatalf("%s: after %q: %v", c.ID, broken, err)
		}
	}
	if got := Run(d, b, c.Record()); got != want {
		t.Errorf("%s: behind records that fail: %s, alone: %s", c.ID, got, want)
	}
	record, reordered := Reorder(c.Record())
	if reordered {
		if got := Run(d, b, record); got != want && (s.Same == nil || !s.Same(got, want)) {
			t.Errorf("%s: members in another order, %s: %s, before: %s", c.ID, record, got, want)
		}
	}
	if err := CheckBatch(b); err != nil {
		t.Errorf("%s: %v", c.ID, err)
	}
	return reordered
}

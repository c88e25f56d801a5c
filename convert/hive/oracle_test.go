package hive

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/column/columntest"
)

// The SerDe's properties as options. Year is that of the recording.
func options(props map[string]string) Options {
	o := Options{Year: 2026}
	if f := strings.TrimRight(props["timestamp.formats"], ","); f != "" { // Java's split drops empty ends
		for _, p := range strings.Split(strings.ReplaceAll(f, "\\,", "\x00"), ",") {
			o.TimestampFormats = append(o.TimestampFormats, strings.ReplaceAll(p, "\x00", ","))
		}
	}
	return o
}

// outcome runs one record and says how it differs from the case, or "".
func outcome(d *Deserializer, b *column.Batch, c *columntest.Case) string {
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
		return ""
	case err != nil:
		return re.Code + ": " + re.Message
	case c.Error != nil:
		var s []string
		for i := rows; i < b.Rows; i++ {
			s = append(s, columntest.Row(b, i))
		}
		return "row: " + strings.Join(s, " / ")
	case b.Rows != rows+1:
		return fmt.Sprintf("%d rows", b.Rows-rows)
	case string(c.Row) == "null":
		return "row: " + columntest.Row(b, rows)
	}
	if s := columntest.Diff(b, rows, table, c.Row, true); s != "" {
		return "differs: " + s
	}
	return ""
}

func TestOracle(t *testing.T) {
	l := columntest.Rules(t, "testdata/deviations.txt")
	for _, c := range columntest.Load(t, "../../../shared/oracle/serde/hive.jsonl") {
		table, err := c.Table()
		if err != nil {
			l.Settle(t, &c, refused(&c, "type: "+err.Error()))
			continue
		}
		d, err := New(table, options(c.Props))
		if err != nil {
			l.Settle(t, &c, refused(&c, "schema: "+err.Error()))
			continue
		}
		b := column.NewBatch(table.Columns)
		got := outcome(d, b, &c)
		if err := columntest.CheckBatch(b); err != nil {
			t.Errorf("%s: %v", c.ID, err)
		}
		l.Settle(t, &c, got)
	}
	l.Finish(t)
}

// refused is the outcome of a table that can't be used: right when the SerDe refuses something too.
func refused(c *columntest.Case, why string) string {
	if c.Error != nil {
		return ""
	}
	return why
}

// run gives a record to d and says what came of it.
func run(d *Deserializer, b *column.Batch, record []byte) string {
	rows := b.Rows
	err := d.Record(b, record)
	var re *column.RowError
	if errors.As(err, &re) {
		return re.Code + " " + re.Column + " " + re.Path + ": " + re.Message
	}
	var s []string
	for i := rows; i < b.Rows; i++ {
		s = append(s, columntest.Row(b, i))
	}
	return strings.Join(s, " / ")
}

// What was predicted and what was rolled back must not show: each case gives the same behind records that fail, with its members in
// another order, and anywhere in a batch of 10,000 records.
func TestOracleInBatches(t *testing.T) {
	size := 10000
	if testing.Short() {
		size = 1000
	}
	var order []string
	groups := map[string][]columntest.Case{}
	for _, c := range columntest.Load(t, "../../../shared/oracle/serde/hive.jsonl") {
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
		o := options(group[0].Props)
		d, err := New(table, o)
		if err != nil {
			continue
		}
		want := make([]string, len(group))
		for k := range group {
			c := &group[k]
			fresh := column.NewBatch(table.Columns)
			want[k] = run(d.Clone(), fresh, c.Record())

			b := column.NewBatch(table.Columns)
			d.Record(b, []byte(`{"Z":9}`))
			for _, broken := range columntest.Broken(c.Record()) {
				rows := b.Rows
				if d.Record(b, broken) != nil && b.Rows != rows {
					t.Fatalf("%s: a record that fails left rows: %q", c.ID, broken)
				}
				if err := columntest.CheckBatch(b); err != nil {
					t.Fatalf("%s: after %q: %v", c.ID, broken, err)
				}
			}
			if got := run(d, b, c.Record()); got != want[k] {
				t.Errorf("%s: behind records that fail: %s, alone: %s", c.ID, got, want[k])
			}
			if record, ok := columntest.Reorder(c.Record()); ok {
				reordered++
				// Which of several errors comes first is a matter of order.
				if got := run(d, b, record); got != want[k] && !(strings.HasPrefix(got, "DataFormat") && strings.HasPrefix(want[k], "DataFormat")) {
					t.Errorf("%s: members in another order, %s: %s, before: %s", c.ID, record, got, want[k])
				}
			}
			if err := columntest.CheckBatch(b); err != nil {
				t.Errorf("%s: %v", c.ID, err)
			}
			cases++
		}
		b := column.NewBatch(table.Columns)
		common := []byte(`{"z":7}`)
		for n := range size {
			k := n * 7919 % len(group)
			switch {
			case n < len(group) || n >= size-len(group) || n%97 == 0:
				if got := run(d, b, group[k].Record()); got != want[k] {
					t.Fatalf("%s: record %d of a batch: %s, alone: %s", group[k].ID, n, got, want[k])
				}
			case n < size/10:
				d.Record(b, group[k].Record())
			default:
				d.Record(b, common)
			}
			records++
		}
		if err := columntest.CheckBatch(b); err != nil {
			t.Errorf("%s: batch: %v", g, err)
		}
	}
	t.Logf("%d cases in %d tables, %d with members reordered, %d records in batches", cases, len(order), reordered, records)
}

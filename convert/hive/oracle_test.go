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
	l := &columntest.Ledger{Rules: columntest.Rules(t, "testdata/deviations.txt")}
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

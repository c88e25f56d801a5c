package openx

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/convert/column/columntest"
)

// The SerDe's properties as options.
func options(props map[string]string) Options {
	var o Options
	for k, v := range props {
		switch k {
		case "case.insensitive":
			fold := strings.EqualFold(v, "true")
			o.CaseInsensitive = &fold
		case "dots.in.keys":
			o.ConvertDotsInJsonKeysToUnderscores = strings.EqualFold(v, "true")
		default:
			if c, ok := strings.CutPrefix(k, "mapping."); ok {
				if o.ColumnToJsonKeyMappings == nil {
					o.ColumnToJsonKeyMappings = map[string]string{}
				}
				o.ColumnToJsonKeyMappings[c] = v
			}
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
	if s := columntest.Diff(b, rows, table, c.Row, false); s != "" {
		return "differs: " + s
	}
	return ""
}

func TestOracle(t *testing.T) {
	l := &columntest.Ledger{Rules: columntest.Rules(t, "testdata/deviations.txt")}
	for _, c := range columntest.Load(t, "../../../shared/oracle/serde/openx.jsonl") {
		table, err := c.Table()
		if err != nil {
			l.Settle(t, &c, refused(&c, "type: "+err.Error()))
			continue
		}
		o := options(c.Props)
		o.PositionalArrays = strings.HasPrefix(string(c.Record()), "[") // what the SerDe does; the service's rule is tested elsewhere
		d, err := New(table, o)
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

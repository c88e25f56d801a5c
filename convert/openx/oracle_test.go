package openx

import (
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column/columntest"
	"github.com/hydrantkit/hydrant/schema"
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

var serde = columntest.SerDe{
	Vectors: "../../../shared/oracle/serde/openx.jsonl",
	Open: func(t *schema.Table, c *columntest.Case) (columntest.Deserializer, error) {
		o := options(c.Props)
		o.PositionalArrays = strings.HasPrefix(string(c.Record()), "[") // what the SerDe does; the service's rule is tested elsewhere
		return New(t, o)
	},
	Columns: true,
}

func TestOracle(t *testing.T) { serde.Oracle(t) }

func TestOracleInBatches(t *testing.T) { serde.Batches(t) }

package hive

import (
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/convert/column/columntest"
	"github.com/hydrantkit/hydrant/schema"
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

var serde = columntest.SerDe{
	Vectors: "../../../shared/oracle/serde/hive.jsonl",
	Open: func(t *schema.Table, c *columntest.Case) (columntest.Deserializer, error) {
		return New(t, options(c.Props))
	},
	Ordered: true,
	Same: func(a, b string) bool { // which of several errors comes first
		return strings.HasPrefix(a, "DataFormat") && strings.HasPrefix(b, "DataFormat")
	},
}

func TestOracle(t *testing.T) { serde.Oracle(t) }

func TestOracleInBatches(t *testing.T) { serde.Batches(t) }

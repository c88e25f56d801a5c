package replaytest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hydrantkit/hydrant/convert/parquet"
	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/decode"
	"github.com/hydrantkit/hydrant/harness/s3"
)

// A CompatName is one of the things that --compat, and compat: of a case, change: behaviour of the service that isn't known
// for sure, and what else it could be.
type CompatName struct {
	Name   string
	Values []string // one of which must follow behind =; none where the name is all
	Text   string   // one sentence without its period
}

// CompatNames is the table of them.
var CompatNames = []CompatName{
	{"doc-timestamp-rule", nil, "append yyyy/MM/dd/HH/ to a prefix with expressions but no timestamp, as the guide says; the service was seen not to"},
	{"trailing-delimiter", nil, "AppendDelimiterToRecord puts an LF behind the last record of an object too"},
	{"positional-arrays", nil, "the OpenX JSON SerDe reads a top-level array as a row, element by element; by default such a record is malformed"},
	{"parquet-layout", []string{"modern", "hive"}, "names and types in Parquet files: the specification's, or exactly those of Hive 2.3, whose least and greatest of texts and decimals are by signed bytes: DuckDB believes them and can miss rows; by default the service's"},
	{"week-rule", []string{"us", "iso"}, "how weeks of index names are counted: from Sunday, week 1 with the year's first Saturday, as the guide's rule has it, or ISO 8601's, as its example; by default us"},
	{"partition-identity", []string{"keys", "prefix"}, "what opens a partition: new values of the keys in the prefix, or each new value of the evaluated prefix, its times and random strings among it, as the guide says; by default keys"},
	{"literal-error-prefix", nil, "an ErrorOutputPrefix without expressions is taken as it is written; by default the type of the error and the time follow, as reports have it"},
	{"error-lines", []string{"2022"}, "lines of processing-failed are those of samples up to 2022: lambdaArn, and another order; by default those of later captures"},
	{"null-lambda-arn", nil, "a line of processing-failed that no function had to do with, of dynamic partitioning say, has a lambdaARN of null; by default none"},
	{"transformed-raw-data", nil, "behind a function, rawData of a failed conversion is what the function answered; by default what was put"},
	{"split-arrays", nil, "RecordDeAggregation of JSON makes records of the elements of a top-level array; by default the array is one record"},
	{"empty-pieces", []string{"keep", "drop"}, "what RecordDeAggregation makes of nothing between two delimiters and behind the last: a record, or none; by default one between, none behind the last"},
	{"on413", []string{"drop", "backup"}, "what becomes of records when an HTTP endpoint answers 413: lost, as the guide says of it, or put into the error output; by default lost"},
}

// Compat is what was said of the names: their value, "on" for those that have none.
type Compat map[string]string

// ParseCompat reads NAME and NAME=VALUE.
func ParseCompat(values []string) (Compat, error) {
	c := Compat{}
	for _, v := range values {
		name, value, has := strings.Cut(v, "=")
		i := slices.IndexFunc(CompatNames, func(n CompatName) bool { return n.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("%s is unknown; hydrant help compat lists them", name)
		}
		switch values := CompatNames[i].Values; {
		case values == nil && has:
			return nil, fmt.Errorf("%s takes no value", name)
		case values == nil:
			value = "on"
		case !slices.Contains(values, value):
			return nil, fmt.Errorf("%s=%s: the value is one of %s", name, value, strings.Join(values, ", "))
		}
		c[name] = value
	}
	return c, nil
}

// Describe has a description read by c.
func (c Compat) Describe(o *harness.DescribeOptions) {
	o.DocTimestampRule = c["doc-timestamp-rule"] != ""
	o.LiteralErrorPrefix = c["literal-error-prefix"] != ""
}

// Stream has a stream that was described convert, and deliver, by c.
func (c Compat) Stream(s *harness.Stream) {
	if e, ok := s.Sink.(*harness.HTTPEndpoint); ok && c["on413"] != "" {
		e.On413 = c["on413"]
	}
	if e, ok := s.Sink.(*harness.OpenSearch); ok && c["week-rule"] != "" {
		e.WeekRule = c["week-rule"]
	}
	if d := s.Deaggregate; d != nil {
		d.SplitArrays = c["split-arrays"] != ""
		switch c["empty-pieces"] {
		case "keep":
			d.EmptyPieces = decode.KeepEmpty
		case "drop":
			d.EmptyPieces = decode.DropEmpty
		}
	}
	conversion := s.Conversion
	if conversion == nil {
		return
	}
	if c["positional-arrays"] != "" && conversion.Options.OpenX != nil {
		conversion.Options.OpenX.PositionalArrays = true
	}
	if conversion.Options.Parquet != nil {
		switch c["parquet-layout"] {
		case "modern":
			conversion.Options.Parquet.Layout = parquet.LayoutModern
		case "hive":
			conversion.Options.Parquet.Layout = parquet.LayoutHive
		}
	}
}

// Pipeline has a pipeline join records by c.
func (c Compat) Pipeline(o *harness.Options) {
	o.TrailingDelimiter = c["trailing-delimiter"] != ""
	o.ErrorLines = s3.ErrorLines{Of2022: c["error-lines"] == "2022", NullARN: c["null-lambda-arn"] != "", Transformed: c["transformed-raw-data"] != ""}
	o.PartitionByPrefix = c["partition-identity"] == "prefix"
}

package sink

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
)

// A loading loader answers by a function, and notes the rows.
type loading struct {
	answer func(n int) ([]RefusedRow, error)
	rows   []string
	calls  int
}

func (l *loading) Load(_ context.Context, r *Rows) ([]RefusedRow, error) {
	l.rows = nil
	for _, row := range r.JSON {
		l.rows = append(l.rows, string(row))
	}
	l.calls++
	return l.answer(l.calls - 1)
}

// TestSnowflakeRows: what each DataLoadingOption makes of a record (destinations.md §5).
func TestSnowflakeRows(t *testing.T) {
	source := &record.Source{Shard: "shardId-000000000001", PartitionKey: "p\"k", SequenceNumber: "495", Subsequence: 3}
	for _, tt := range []struct {
		name   string
		s      Snowflake
		source *record.Source
		want   string
	}{
		{"JSON_MAPPING", Snowflake{}, nil, `{"a":1,"b":[1,2]}`},
		{"VARIANT_CONTENT_MAPPING", Snowflake{Content: "c"}, nil, `{"c":{"a":1,"b":[1,2]}}`},
		{"direct put", Snowflake{Content: "c", Metadata: "m", Stream: "s"}, nil, `{"c":{"a":1,"b":[1,2]},"m":{"firehoseDeliveryStreamName":"s","IngestionTime":"1740825000000"}}`},
		{"Kinesis", Snowflake{Content: "c", Metadata: "m", Stream: "s", Source: "k"}, source,
			`{"c":{"a":1,"b":[1,2]},"m":{"kinesisStreamName":"k","kinesisShardId":"shardId-000000000001","kinesisPartitionKey":"p\"k","kinesisSequenceNumber":"495","subsequenceNumber":"3","IngestionTime":"1740825000000"}}`},
	} {
		l := &loading{answer: func(int) ([]RefusedRow, error) { return nil, nil }}
		tt.s.Loader = l
		records := testRecords(" { \"a\" : 1,\n \"b\":[1, 2]} \n")
		records[0].Source = tt.source
		if p, err := tt.s.Begin(t0, records).Attempt(context.Background(), t0); err != nil || p.Delivered != 1 || !p.Done || l.rows[0] != tt.want {
			t.Errorf("%s: %q, want %s; %+v, %v", tt.name, l.rows, tt.want, p, err)
		}
	}
}

// TestSnowflakeFails: records that are no row fail once and at once, those that the table refuses fail, and the others when all is given up.
func TestSnowflakeFails(t *testing.T) {
	records := testRecords(`{"a":1}`, "no", `{"a":2}`, "[1]", "", `{"a":3}{"a":4}`, `{"a":5}`)
	down := &record.Outage{Code: SnowflakeConnectionFailed}
	l := &loading{answer: func(n int) ([]RefusedRow, error) {
		if n == 0 {
			return nil, down
		}
		return []RefusedRow{{Row: 1, Code: SnowflakeInvalidColumns, Message: "no column a"}}, nil
	}}
	s := &Snowflake{Loader: l}
	d := s.Begin(t0, records)
	p, err := d.Attempt(context.Background(), t0)
	if !errors.Is(err, error(down)) || len(p.Failed) != 4 || p.Failed[0].Code != SnowflakeInvalidRecord || p.Failed[0].Cause != record.SnowflakeFailed {
		t.Fatalf("%+v, %v", p, err)
	}
	p, err = d.Attempt(context.Background(), t0.Add(time.Second))
	if err != nil || !p.Done || p.Delivered != 2 || len(p.Failed) != 1 || string(p.Failed[0].Record.Data) != `{"a":2}` || p.Failed[0].Attempts != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	l.calls = 0
	d = s.Begin(t0, records)
	if _, err = d.Attempt(context.Background(), t0); err == nil {
		t.Fatal("no outage")
	}
	failed := d.(*snowflakeDelivery).GiveUp(down, 1, t0)
	if len(failed) != 3 || failed[2].Code != SnowflakeConnectionFailed || string(failed[2].Record.Data) != `{"a":5}` {
		t.Errorf("%+v", failed)
	}
}

// TestSnowflakeLoaders: what a loader says is checked, so that none loses a record.
func TestSnowflakeLoaders(t *testing.T) {
	for _, refused := range [][]RefusedRow{{{Row: -1}}, {{Row: 2}}, {{Row: 1}, {Row: 1}}, {{Row: 1}, {Row: 0}}} {
		s := &Snowflake{Loader: &loading{answer: func(int) ([]RefusedRow, error) { return refused, nil }}}
		if p, err := s.Begin(t0, testRecords(`{"a":1}`, `{"a":2}`)).Attempt(context.Background(), t0); err == nil || p.Done || len(p.Failed)+p.Delivered > 0 {
			t.Errorf("%v: %+v", refused, p)
		}
	}
}

// TestRowFiles: rows are lines, and nothing says who loads them.
func TestRowFiles(t *testing.T) {
	var bucket s3.Memory
	r := &Rows{ID: "id", Table: Table{Account: AccountHost("https://a.snowflakecomputing.com:443/x"), Database: "d", Schema: "s", Name: "t", User: "hidden", Role: "hidden"}, JSON: [][]byte{[]byte(`{"a":1}`), []byte(`{}`)}}
	if refused, err := (RowFiles{&bucket}).Load(context.Background(), r); err != nil || refused != nil {
		t.Fatal(refused, err)
	}
	if o := bucket.Objects[0]; o.Key != "a.snowflakecomputing.com/id.ndjson" || string(o.Body) != "{\"a\":1}\n{}\n" || o.Records != 2 {
		t.Errorf("%+v", o)
	}
	if o := bucket.Objects[1]; o.Key != "a.snowflakecomputing.com/id.meta.json" || strings.Contains(string(o.Body), "hidden") {
		t.Errorf("%s", o.Body)
	}
}

// TestMakeInsert: the statement of a row.
func TestMakeInsert(t *testing.T) {
	columns := []tableColumn{{"ID", false}, {"NAME", false}, {"DOC", true}, {"odd name", false}, {"id2", false}, {"ID2", false}, {"say \"hi\"", false}}
	for _, tt := range []struct{ row, statement, err string }{
		{`{"id":1,"Name":"x","doc":"y"}`, `INSERT INTO T ("ID", "NAME", "DOC") SELECT ?, ?, PARSE_JSON(?)`, ""},
		{`{"odd name":{"a":1},"id":null}`, `INSERT INTO T ("odd name", "ID") SELECT PARSE_JSON(?), ?`, ""},
		{`{"ID2":1,"id2":2,"say \"hi\"":3}`, `INSERT INTO T ("ID2", "id2", "say ""hi""") SELECT ?, ?, ?`, ""},
		{`{"other":1}`, "", "the table has no column other"}, {`{}`, "", "the row has no columns"},
	} {
		in, err := makeInsert("T", columns, []byte(tt.row))
		if tt.err == "" && (err != nil || in.statement != tt.statement) || tt.err != "" && (err == nil || err.Error() != tt.err) {
			t.Errorf("%s: %s, %v", tt.row, in.statement, err)
		}
	}
}

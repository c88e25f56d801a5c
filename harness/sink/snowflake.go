package sink

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// Snowflake is a table of Snowflake's (destinations.md §5). A record is one JSON object, and becomes one row:
//
//	JSON_MAPPING                            {"<key>":<value>,…}                             the record itself
//	VARIANT_CONTENT_MAPPING                 {"<ContentColumnName>":<record>}
//	VARIANT_CONTENT_AND_METADATA_MAPPING    {"<ContentColumnName>":<record>,"<MetaDataColumnName>":{…}}
//
// The service sends rows through Snowpipe Streaming, whose protocol isn't public. What takes them here is a [Loader].
type Snowflake struct {
	Table    Table
	Content  string // column of the record; empty maps its keys to columns
	Metadata string // column of where it came from; empty is none
	Stream   string // the delivery stream's name
	Source   string // the name of the data stream that it reads; empty for direct puts
	Loader   Loader
	Seed     record.Seed
}

// A Table is where rows go, and as whom.
type Table struct {
	Account                string // the host of AccountUrl
	Database, Schema, Name string
	User, Role             string // Role is empty where the user's own is taken
}

// Rows is a batch of rows, each a JSON object of columns.
type Rows struct {
	ID    string
	Table Table
	JSON  [][]byte // valid during Load
}

// A Loader has rows inserted. It takes all of them but those that it returns, in their order, which can't be loaded whenever they are sent. Its
// error, an *record.Outage with a code of Snowflake's, means that none was; a Final one that none ever will be.
type Loader interface {
	Load(ctx context.Context, r *Rows) (refused []RefusedRow, err error)
}

// A RefusedRow is a row that doesn't fit the table.
type RefusedRow struct {
	Row     int // its index
	Code    string
	Message string
}

// The codes. InvalidColumns is the service's (destinations.md §5), whose others aren't documented: the others are a CHOICE. That the first four
// aren't retried is the service's.
const (
	SnowflakeInvalidColumns   = "Snowflake.InvalidColumns"
	SnowflakeInvalidRecord    = "Snowflake.InvalidRecord"
	SnowflakeInvalidTable     = "Snowflake.InvalidTable"
	SnowflakeInvalidRole      = "Snowflake.InvalidRole"
	SnowflakeConnectionFailed = "Snowflake.ConnectionFailed"
)

// Begin makes rows of a batch. The records stay the caller's, until the delivery is done.
func (s *Snowflake) Begin(now time.Time, records []record.Record) record.Delivery {
	d := &snowflakeDelivery{s: s, records: records}
	first := &records[0]
	d.rows = Rows{ID: s.Seed.UUID("snowflake", first.Seq, first.Sub, now.UnixNano(), 0), Table: s.Table}
	for i := range records {
		row, err := s.appendRow(nil, &records[i])
		if err != nil {
			d.bad = append(d.bad, badRecord{i, err.Error()})
			continue
		}
		d.rows.JSON = append(d.rows.JSON, row)
		d.index = append(d.index, i)
	}
	return d
}

// appendRow appends the row of a record, on one line.
func (s *Snowflake) appendRow(dst []byte, r *record.Record) ([]byte, error) {
	start := jsonscan.Space(r.Data, 0)
	var line bytes.Buffer
	if start >= len(r.Data) || r.Data[start] != '{' || json.Compact(&line, r.Data) != nil {
		return nil, errors.New("the record is not one JSON object")
	}
	if s.Content == "" {
		return append(dst, line.Bytes()...), nil
	}
	dst = record.AppendString(append(dst, '{'), s.Content)
	dst = append(append(dst, ':'), line.Bytes()...)
	if s.Metadata != "" {
		dst = record.AppendString(append(dst, ','), s.Metadata)
		dst = s.appendMetadata(append(dst, ':'), r)
	}
	return append(dst, '}'), nil
}

// appendMetadata appends where a record came from: all values are texts (destinations.md §5). How IngestionTime is written isn't known:
// epoch milliseconds (CHOICE). Nor is what a record of MSK has: that of a direct put (CHOICE).
func (s *Snowflake) appendMetadata(dst []byte, r *record.Record) []byte {
	dst = append(dst, '{')
	add := func(name, value string) {
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = record.AppendString(append(record.AppendString(dst, name), ':'), value)
	}
	if s.Source == "" || r.Source == nil {
		add("firehoseDeliveryStreamName", s.Stream)
	} else {
		add("kinesisStreamName", s.Source)
		add("kinesisShardId", r.Source.Shard)
		add("kinesisPartitionKey", r.Source.PartitionKey)
		add("kinesisSequenceNumber", r.Source.SequenceNumber)
		add("subsequenceNumber", strconv.FormatInt(r.Subsequence(), 10))
	}
	add("IngestionTime", strconv.FormatInt(r.Arrival, 10))
	return append(dst, '}')
}

// A snowflakeDelivery is a batch on its way.
type snowflakeDelivery struct {
	s        *Snowflake
	records  []record.Record
	rows     Rows
	index    []int // of the record of each row
	bad      []badRecord
	attempts int
}

type badRecord struct {
	at  int
	why string
}

// Attempt has the rows loaded. Records that are none fail at the first.
func (d *snowflakeDelivery) Attempt(ctx context.Context, now time.Time) (record.Progress, error) {
	var p record.Progress
	d.attempts++
	for _, b := range d.bad {
		p.Failed = append(p.Failed, d.failure(b.at, SnowflakeInvalidRecord, b.why, d.attempts, now))
	}
	d.bad = nil
	if len(d.rows.JSON) > 0 {
		refused, err := d.s.Loader.Load(ctx, &d.rows)
		if err != nil && ctx.Err() != nil {
			return p, ctx.Err()
		}
		if err != nil {
			return p, err
		}
		for i, r := range refused { // or a record would be counted twice, and another one not at all
			if r.Row < 0 || r.Row >= len(d.index) || i > 0 && r.Row <= refused[i-1].Row {
				return p, fmt.Errorf("of %d rows the loader refuses %v", len(d.index), refused)
			}
		}
		for _, r := range refused {
			p.Failed = append(p.Failed, d.failure(d.index[r.Row], r.Code, r.Message, d.attempts, now))
		}
		p.Delivered = len(d.rows.JSON) - len(refused)
	}
	p.Done = true
	return p, nil
}

// GiveUp makes failures of all rows.
func (d *snowflakeDelivery) GiveUp(o *record.Outage, attempts int, at time.Time) []record.Failure {
	var failed []record.Failure
	for _, i := range d.index {
		failed = append(failed, d.failure(i, o.Code, o.Text(), attempts, at))
	}
	return failed
}

func (d *snowflakeDelivery) failure(i int, code, message string, attempts int, at time.Time) record.Failure {
	return record.Failure{Record: d.records[i], Cause: record.SnowflakeFailed, Code: code, Message: message, Attempts: attempts, At: at.UnixMilli()}
}

// RowFiles writes rows instead of loading them, and takes all of them (cli.md, --destination dir; destinations.md §5, CHOICE: NDJSON):
//
//	snowflake/<account>/<id>.ndjson, and .meta.json beside it
type RowFiles struct {
	Bucket s3.Bucket
}

// Load writes the rows. As whom they would be loaded is left out.
func (f RowFiles) Load(ctx context.Context, r *Rows) ([]RefusedRow, error) {
	meta, err := json.MarshalIndent(struct {
		Account  string `json:"account"`
		Database string `json:"database"`
		Schema   string `json:"schema"`
		Table    string `json:"table"`
		Records  int    `json:"records"`
	}{r.Table.Account, r.Table.Database, r.Table.Schema, r.Table.Name, len(r.JSON)}, "", "  ")
	if err != nil {
		return nil, err
	}
	name := r.Table.Account + "/" + r.ID
	for _, o := range []s3.Object{
		{Kind: s3.Request, Bucket: "snowflake", Key: name + ".ndjson", Body: append(bytes.Join(r.JSON, []byte{'\n'}), '\n'), ContentType: "application/x-ndjson", Records: len(r.JSON)},
		{Kind: s3.Request, Bucket: "snowflake", Key: name + ".meta.json", Body: append(meta, '\n'), ContentType: "application/json"},
	} {
		if err := f.Bucket.Put(ctx, o); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// AccountHost is the host of an AccountUrl, whose protocol and port are optional.
func AccountHost(url string) string {
	_, rest, ok := strings.Cut(url, "://")
	if !ok {
		rest = url
	}
	rest, _, _ = strings.Cut(rest, "/")
	host, _, _ := strings.Cut(rest, ":")
	return host
}

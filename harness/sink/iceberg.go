package sink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// Iceberg is tables of Apache Iceberg (destinations.md §6). A batch comes apart into its tables, and what is for one of them
// is one snapshot of it, which is committed or isn't:
//
//	inserts            append: the snapshot has the files of the one before, and new ones
//	updates, deletes   copy-on-write: files that hold the keys are written again without them
//
// Without Live it is written what would be committed, a line a record:
//
//	<database>.<table>/<id>.ndjson   {"operation":"insert","record":<the record>}
type Iceberg struct {
	Tables     []IcebergTable
	AppendOnly bool // updates and deletes are refused
	Transport  Transport
	Live       *IcebergLive // nil without a catalog
	Seed       record.Seed
}

// An IcebergTable is one of DestinationTableConfigurationList.
type IcebergTable struct {
	Database, Table string
	UniqueKeys      []string // columns that updates and deletes find rows by; without them the table's identifier fields
	ErrorPrefix     string   // S3ErrorOutputPrefix
}

// The codes of error lines (§6). IcebergInvalidOperation and IcebergMalformed are a CHOICE: the reference has none for what they say.
const (
	IcebergMissingColumn    = "Iceberg.MissingColumnWithinRecord"
	IcebergTableNotFound    = "Iceberg.GlueTableNotFound"
	IcebergAccessDenied     = "Iceberg.AccessDenied"
	IcebergTypeMismatch     = "Iceberg.SchemaTypeMismatch"
	IcebergNoUniqueKeys     = "Iceberg.UniqueKeysNotFound"
	IcebergInvalidOperation = "Iceberg.InvalidOperation"
	IcebergMalformed        = "Iceberg.MalformedRecord"
	IcebergCommitFailed     = "Iceberg.CommitFailed"
	IcebergUnsupported      = "Iceberg.UnsupportedTable"
)

// An operation is what a record is to its table.
type operation uint8

const (
	insertRow operation = iota
	updateRow
	deleteRow
)

var operationNames = [...]string{insertRow: "insert", updateRow: "update", deleteRow: "delete"}

// Begin says where each record goes. The records stay the caller's, until the delivery is done.
func (s *Iceberg) Begin(now time.Time, records []record.Record) record.Delivery {
	d := &icebergDelivery{s: s, begun: now}
	byName := map[string]*icebergBatch{}
	for i := range records {
		r := &records[i]
		t, op, code, message := s.route(r)
		if code != "" {
			d.bad = append(d.bad, refusal{r, t, code, message})
			continue
		}
		name := t.Database + "." + t.Table
		b := byName[name]
		if b == nil {
			b = &icebergBatch{table: t, id: s.Seed.UUID("iceberg/"+name, r.Seq, r.Sub, now.UnixNano(), 0)}
			byName[name] = b
			d.batches = append(d.batches, b)
		}
		b.rows = append(b.rows, icebergRow{r, op})
	}
	return d
}

// route says where a record goes and what it does there: what its keys say, else the only table there is.
func (s *Iceberg) route(r *record.Record) (t IcebergTable, op operation, code, message string) {
	var keys record.Keys
	if r.Keys != nil {
		keys = *r.Keys
	}
	if keys.Database == "" && keys.Table == "" && len(s.Tables) == 1 {
		t = s.Tables[0]
	} else {
		t = IcebergTable{Database: keys.Database, Table: keys.Table}
		if t.Database == "" && len(s.Tables) == 1 {
			t.Database = s.Tables[0].Database
		}
		for _, c := range s.Tables {
			if c.Database == t.Database && c.Table == t.Table {
				t = c
			}
		}
	}
	switch at := slices.Index(operationNames[:], strings.ToLower(keys.Operation)); {
	case t.Database == "" || t.Table == "":
		return t, 0, IcebergTableNotFound, "Neither the routing information of the record nor the configuration of the stream says which table it is for"
	case keys.Operation != "" && at < 0:
		return t, 0, IcebergInvalidOperation, fmt.Sprintf("The operation %.50q is not one of insert, update and delete", keys.Operation)
	case keys.Operation != "":
		op = operation(at)
	}
	if op != insertRow && s.AppendOnly {
		return t, op, IcebergInvalidOperation, "The operation " + operationNames[op] + " is not supported: the stream is append only"
	}
	if why := oneObject(r.Data); why != "" {
		return t, op, IcebergMalformed, why
	}
	return t, op, "", ""
}

// oneObject says why b is not exactly one JSON object, or "".
func oneObject(b []byte) string {
	i := jsonscan.Space(b, 0)
	switch end := jsonscan.Value(b, i); {
	case i == len(b):
		return "The record is empty"
	case end < 0:
		return "The record is not valid JSON. " + jsonscan.Explain(b, i).Error()
	case b[i] != '{':
		return "The record is not a JSON object"
	case jsonscan.Space(b, end) != len(b):
		return "The record holds more than one JSON object"
	}
	return ""
}

// An icebergDelivery is a batch on its way into tables.
type icebergDelivery struct {
	s        *Iceberg
	begun    time.Time
	bad      []refusal       // found at its beginning
	batches  []*icebergBatch // in order of first use
	attempts int
}

// A refusal is a record that can't be in its table.
type refusal struct {
	record        *record.Record
	table         IcebergTable
	code, message string
}

// An icebergBatch is the records of one table.
type icebergBatch struct {
	table   IcebergTable
	id      string
	rows    []icebergRow // that have not settled
	settled bool
	outage  *record.Outage // of its last attempt
	commit  *commit        // what former attempts did; nil before one
}

type icebergRow struct {
	*record.Record
	op operation
}

// Attempt commits to each table that has records left.
func (d *icebergDelivery) Attempt(ctx context.Context, now time.Time) (record.Progress, error) {
	var p record.Progress
	var last *record.Outage
	d.attempts++
	for _, r := range d.bad {
		p.Failed = append(p.Failed, d.failure(r.record, r.table, r.code, r.message, d.attempts, now))
	}
	d.bad = nil
	for _, b := range d.batches {
		if b.settled {
			continue
		}
		var refused []refusal
		var err error
		if d.s.Live != nil {
			refused, err = d.s.Live.deliver(ctx, now, d.s, b)
		} else {
			refused, err = d.s.write(ctx, b)
		}
		for _, r := range refused {
			p.Failed = append(p.Failed, d.failure(r.record, b.table, r.code, r.message, d.attempts, now))
		}
		b.outage = nil
		if err != nil {
			if ctx.Err() != nil {
				return p, ctx.Err()
			}
			if !errors.As(err, &b.outage) {
				b.outage = &record.Outage{Code: IcebergCommitFailed, Err: err}
			}
			if !b.outage.Final {
				last = b.outage
				continue
			}
			for _, r := range b.rows {
				p.Failed = append(p.Failed, d.failure(r.Record, b.table, b.outage.Code, b.outage.Text(), d.attempts, now))
			}
		} else {
			p.Delivered += len(b.rows)
		}
		b.settled, b.rows, b.commit = true, nil, nil
	}
	if last != nil {
		return p, last
	}
	p.Done = true
	return p, nil
}

// GiveUp makes failures of what is in no table, each with what its own table's last attempt met.
func (d *icebergDelivery) GiveUp(o *record.Outage, attempts int, at time.Time) []record.Failure {
	var failed []record.Failure
	for _, b := range d.batches {
		if b.settled {
			continue
		}
		why := o
		if b.outage != nil {
			why = b.outage
		}
		for _, r := range b.rows {
			failed = append(failed, d.failure(r.Record, b.table, why.Code, why.Text(), attempts, at))
		}
		b.settled, b.rows, b.commit = true, nil, nil
	}
	return failed
}

// failure is an error line (§6: with EventId and the table's names).
func (d *icebergDelivery) failure(r *record.Record, t IcebergTable, code, message string, attempts int, at time.Time) record.Failure {
	members := []record.Member{{Name: "EventId", JSON: append(AppendEventID([]byte{'"'}, r), '"')}}
	if t.Database != "" {
		members = append(members, record.Member{Name: "destinationDatabaseName", JSON: record.AppendString(nil, t.Database)})
	}
	if t.Table != "" {
		members = append(members, record.Member{Name: "destinationTableName", JSON: record.AppendString(nil, t.Table)})
	}
	return record.Failure{Record: *r, Cause: record.IcebergFailed, Code: code, Message: message, Attempts: attempts, At: at.UnixMilli(),
		Members: members, Prefix: t.ErrorPrefix}
}

// write hands what would be committed to the transport. Without the table's schema only the names of unique keys are held
// against a record; a table whose UniqueKeys the stream doesn't say counts as one without identifier fields (§6, CHOICE).
func (s *Iceberg) write(ctx context.Context, b *icebergBatch) (refused []refusal, err error) {
	rows := b.rows[:0]
	var body []byte
	for _, r := range b.rows {
		if r.op != insertRow {
			if code, message := missingKey(r.Data, b.table.UniqueKeys); code != "" {
				refused = append(refused, refusal{r.Record, b.table, code, message})
				continue
			}
		}
		rows = append(rows, r)
		body = append(append(append(body, `{"operation":"`...), operationNames[r.op]...), `","record":`...)
		for _, c := range r.Data[jsonscan.Space(r.Data, 0):] {
			if c == '\n' || c == '\r' { // it stands between values
				c = ' '
			}
			body = append(body, c)
		}
		body = append(body, "}\n"...)
	}
	b.rows = rows
	if len(rows) == 0 {
		return refused, nil
	}
	u := "/v1/namespaces/" + b.table.Database + "/tables/" + b.table.Table
	a, err := s.Transport.Do(ctx, &Request{Sink: "iceberg", Name: b.table.Database + "." + b.table.Table, ID: b.id, Suffix: ".ndjson",
		Method: http.MethodPost, URL: u, Shown: u, Header: http.Header{"Content-Type": {"application/x-ndjson"}}, Body: body, Records: len(rows),
		Answer: func(kind string) *Answer {
			if kind == "" {
				return &Answer{Status: http.StatusOK}
			}
			return nil
		}})
	switch {
	case err != nil:
		return refused, icebergOutage(err)
	case a.Status != http.StatusOK:
		return refused, statusOutage(a)
	}
	return refused, nil
}

// missingKey says which unique key a record lacks, or "".
func missingKey(b []byte, keys []string) (code, message string) {
	if len(keys) == 0 {
		return IcebergNoUniqueKeys, "The table has neither UniqueKeys in the configuration of the stream nor identifier fields, which updates and deletes need"
	}
	found := map[string]bool{}
	jsonscan.Members(b, jsonscan.Space(b, 0), func(key []byte, v int) {
		if b[v] != 'n' && slices.Contains(keys, string(key)) {
			found[string(key)] = true
		}
	})
	if len(found) < len(keys) {
		return IcebergNoUniqueKeys, "The record lacks a value of a unique key: " + strings.Join(keys, ", ")
	}
	return "", ""
}

// icebergOutage is what no answer, or a file that can't be read or written, means.
func icebergOutage(err error) error {
	var outage *record.Outage
	if errors.As(err, &outage) || errors.Is(err, context.Canceled) {
		return err
	}
	code := IcebergCommitFailed
	if errors.Is(err, fs.ErrPermission) {
		code = IcebergAccessDenied
	}
	return &record.Outage{Code: code, Err: err}
}

// statusOutage is what a catalog's answer means that isn't 200.
func statusOutage(a *Answer) *record.Outage {
	var said struct{ Error struct{ Message string } } // what follows it is a stack trace
	text := string(a.Body)
	if json.Unmarshal(a.Body, &said) == nil && said.Error.Message != "" {
		text = said.Error.Message
	}
	o := &record.Outage{Code: IcebergCommitFailed, Message: fmt.Sprintf("The catalog answers %d: %.500s", a.Status, text)}
	switch a.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		o.Code = IcebergAccessDenied
	case http.StatusNotFound:
		o.Code, o.Final = IcebergTableNotFound, true
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		o.Final = true
	}
	return o
}

package sink

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/hydrantkit/hydrant/harness/record"
)

// SQL loads rows by INSERT, in one transaction a batch, through a driver that whoever opens DB has linked. It is the table's side of what the service
// does, not its protocol. Who DB signs in as may use the table's role, and select from the table.
//
// A connection that breaks after a transaction was committed, and before anybody heard of it, has its rows there twice.
type SQL struct {
	DB *sql.DB
	// State is the SQLSTATE of an error of the driver's, "" of one that isn't the server's answer. Where it is nil, rows that don't fit
	// the table can't be told from a server that doesn't answer: they fail with their batch when the retries are spent.
	State func(error) string
}

// What the server says of a statement, by the class of its SQLSTATE.
const (
	answerRow   = iota + 1 // a value doesn't fit: 22, 23
	answerTable            // there is no such thing, or it isn't allowed: 02, 42
	noAnswer               // anything else says nothing of what was sent
)

func (l SQL) answer(err error) int {
	if l.State == nil {
		return noAnswer
	}
	switch state := l.State(err); state[:min(2, len(state))] {
	case "22", "23":
		return answerRow
	case "02", "42":
		return answerTable
	}
	return noAnswer
}

// Load inserts the rows. Those that the table doesn't take are refused, and the others inserted.
func (l SQL) Load(ctx context.Context, r *Rows) ([]RefusedRow, error) {
	conn, err := l.DB.Conn(ctx)
	if err != nil {
		return nil, connectionFailed(err)
	}
	defer conn.Close()
	refused, err := l.load(ctx, conn, r)
	if o := (*record.Outage)(nil); errors.As(err, &o) && !o.Final {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // its session may have ended: the next attempt gets another
	}
	return refused, err
}

func (l SQL) load(ctx context.Context, conn *sql.Conn, r *Rows) ([]RefusedRow, error) {
	if r.Table.Role != "" {
		if _, err := conn.ExecContext(ctx, "USE ROLE "+identifier(r.Table.Role)); err != nil {
			return nil, l.outage(err, SnowflakeInvalidRole)
		}
	}
	name := identifier(r.Table.Database) + "." + identifier(r.Table.Schema) + "." + identifier(r.Table.Name)
	columns, err := tableColumns(ctx, conn, name)
	if err != nil {
		return nil, l.outage(err, SnowflakeInvalidTable)
	}
	var inserts []insert
	var refused []RefusedRow
	for i, row := range r.JSON {
		in, err := makeInsert(name, columns, row)
		if err != nil {
			refused = append(refused, RefusedRow{i, SnowflakeInvalidColumns, err.Error()})
			continue
		}
		in.row = i
		inserts = append(inserts, in)
	}
	// A row that is refused takes the transaction with it. So the rows behind it are tried first, by themselves, and what is left is
	// inserted together: no row more than three times, however many are refused.
	for from := 0; len(inserts) > 0; {
		at, err := insertRows(ctx, conn, inserts[from:], from == 0)
		switch {
		case err == nil && from == 0:
			inserts = nil
		case err == nil:
			from = 0
		case at >= 0 && ctx.Err() == nil && l.answer(err) == answerRow:
			at += from
			refused = append(refused, RefusedRow{inserts[at].row, SnowflakeInvalidColumns, err.Error()})
			if inserts = slices.Delete(inserts, at, at+1); at < len(inserts) {
				from = at
			} else {
				from = 0
			}
		default:
			return nil, l.outage(err, SnowflakeInvalidTable)
		}
	}
	slices.SortFunc(refused, func(a, b RefusedRow) int { return cmp.Compare(a.Row, b.Row) })
	return refused, nil
}

// A tableColumn is one of the table's.
type tableColumn struct {
	name    string
	variant bool
}

func tableColumns(ctx context.Context, conn *sql.Conn, table string) ([]tableColumn, error) {
	rows, err := conn.QueryContext(ctx, "SELECT * FROM "+table+" LIMIT 0")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	var columns []tableColumn
	for _, t := range types {
		kind := strings.ToUpper(t.DatabaseTypeName())
		columns = append(columns, tableColumn{t.Name(), kind == "VARIANT" || kind == "OBJECT" || kind == "ARRAY"})
	}
	return columns, rows.Err()
}

// An insert is the statement of one row.
type insert struct {
	row       int
	statement string
	values    []any
}

// makeInsert makes the statement of a row. A key is the column of just its name, else of its name in another case, as Snowflake's names are where
// they aren't quoted.
func makeInsert(table string, columns []tableColumn, row []byte) (insert, error) {
	var in insert
	d := json.NewDecoder(bytes.NewReader(row))
	if _, err := d.Token(); err != nil {
		return in, err
	}
	var names, places []string
	for d.More() {
		token, err := d.Token()
		key, _ := token.(string)
		var v json.RawMessage
		if err == nil {
			err = d.Decode(&v)
		}
		if err != nil {
			return in, err
		}
		i := slices.IndexFunc(columns, func(c tableColumn) bool { return c.name == key })
		if i < 0 {
			i = slices.IndexFunc(columns, func(c tableColumn) bool { return strings.EqualFold(c.name, key) })
		}
		if i < 0 {
			return in, errors.New("the table has no column " + key)
		}
		place := "?"
		var value any = string(v)
		switch c := v[0]; {
		case string(v) == "null":
			value = nil
		case columns[i].variant || c == '{' || c == '[':
			place = "PARSE_JSON(?)"
		case c == '"':
			var s string
			if err := json.Unmarshal(v, &s); err != nil {
				return in, err
			}
			value = s
		}
		names, places, in.values = append(names, quoted(columns[i].name)), append(places, place), append(in.values, value)
	}
	if len(names) == 0 {
		return in, errors.New("the row has no columns")
	}
	in.statement = "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") SELECT " + strings.Join(places, ", ")
	return in, nil
}

// insertRows inserts all rows, or none; none either where they are only tried. at is the one that failed, negative where the transaction did.
func insertRows(ctx context.Context, conn *sql.Conn, inserts []insert, keep bool) (at int, err error) {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return -1, err
	}
	for i := range inserts {
		if _, err := tx.ExecContext(ctx, inserts[i].statement, inserts[i].values...); err != nil {
			if undo := tx.Rollback(); undo != nil {
				return -1, errors.Join(err, undo)
			}
			return i, err
		}
	}
	if !keep {
		return -1, tx.Rollback()
	}
	return -1, tx.Commit()
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// identifier is a name of the description's as SQL has it: in any case where it could stand without quotes (CHOICE: the reference doesn't say),
// and yet in quotes, since it may be a word of SQL's.
func identifier(name string) string {
	if plainName.MatchString(name) {
		name = strings.ToUpper(name)
	}
	return quoted(name)
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// outage is an error with a code, and final, where the server says that there is no such thing; otherwise that of a connection that failed.
func (l SQL) outage(err error, code string) *record.Outage {
	if l.answer(err) == answerTable {
		return &record.Outage{Code: code, Message: err.Error(), Final: true, Err: err}
	}
	return connectionFailed(err)
}

func connectionFailed(err error) *record.Outage {
	return &record.Outage{Code: SnowflakeConnectionFailed, Message: "The connection to the account failed: " + err.Error(), Err: err}
}

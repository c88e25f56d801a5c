package sink

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/hydrantkit/hydrant/harness/record"
)

// SQL loads rows by INSERT, in one transaction a batch, through a driver that whoever opens DB has linked. It is the table's side of what the service
// does, not its protocol.
type SQL struct {
	DB *sql.DB
}

// Load inserts the rows. One that the table doesn't take is refused, and the others are inserted again.
func (l SQL) Load(ctx context.Context, r *Rows) ([]RefusedRow, error) {
	name := identifier(r.Table.Database) + "." + identifier(r.Table.Schema) + "." + identifier(r.Table.Name)
	columns, err := l.columns(ctx, name)
	if err != nil {
		return nil, sqlOutage(err, SnowflakeInvalidTable)
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
	for len(inserts) > 0 {
		at, err := l.insert(ctx, inserts)
		if err == nil {
			break
		}
		if at < 0 || ctx.Err() != nil || unreachable(err) {
			return nil, sqlOutage(err, SnowflakeConnectionFailed)
		}
		refused = append(refused, RefusedRow{inserts[at].row, SnowflakeInvalidColumns, err.Error()})
		inserts = slices.Delete(inserts, at, at+1)
	}
	return refused, nil
}

// A tableColumn is one of the table's.
type tableColumn struct {
	name    string
	variant bool
}

func (l SQL) columns(ctx context.Context, table string) ([]tableColumn, error) {
	rows, err := l.DB.QueryContext(ctx, "SELECT * FROM "+table+" LIMIT 0")
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

// makeInsert makes the statement of a row. Names of columns are as good in another case, as Snowflake's are where they aren't quoted.
func makeInsert(table string, columns []tableColumn, row []byte) (insert, error) {
	var in insert
	d := json.NewDecoder(bytes.NewReader(row))
	if _, err := d.Token(); err != nil {
		return in, err
	}
	var names, places []string
	for d.More() {
		key, err := d.Token()
		var v json.RawMessage
		if err == nil {
			err = d.Decode(&v)
		}
		if err != nil {
			return in, err
		}
		i := slices.IndexFunc(columns, func(c tableColumn) bool { return strings.EqualFold(c.name, key.(string)) })
		if i < 0 {
			return in, errors.New("the table has no column " + key.(string))
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
		names, places, in.values = append(names, identifier(columns[i].name)), append(places, place), append(in.values, value)
	}
	if len(names) == 0 {
		return in, errors.New("the row has no columns")
	}
	in.statement = "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") SELECT " + strings.Join(places, ", ")
	return in, nil
}

// insert inserts all rows, or none: at is the one that failed, negative where the transaction did.
func (l SQL) insert(ctx context.Context, inserts []insert) (at int, err error) {
	tx, err := l.DB.BeginTx(ctx, nil)
	if err != nil {
		return -1, err
	}
	for i := range inserts {
		if _, err := tx.ExecContext(ctx, inserts[i].statement, inserts[i].values...); err != nil {
			return i, errors.Join(err, tx.Rollback())
		}
	}
	return -1, tx.Commit()
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// identifier is a name as SQL has it: bare where it can be, and then as good in another case.
func identifier(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// unreachable reports whether an error says nothing of the row.
func unreachable(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// sqlOutage is an error with a code: that of a connection that failed, or another one, which is final.
func sqlOutage(err error, code string) *record.Outage {
	if unreachable(err) || code == SnowflakeConnectionFailed {
		return &record.Outage{Code: SnowflakeConnectionFailed, Message: "The connection to the account failed: " + err.Error(), Err: err}
	}
	return &record.Outage{Code: code, Message: err.Error(), Final: true, Err: err}
}

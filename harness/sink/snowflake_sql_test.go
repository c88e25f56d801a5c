package sink

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/harness/record"
)

// A table is a database/sql driver with one table.
type table struct {
	fail    func(statement, value string) error
	said    []string
	rows    []string // committed
	pending []string
}

func (d *table) Connect(context.Context) (driver.Conn, error) { return d, d.say("CONNECT", "") }
func (d *table) Driver() driver.Driver                        { return nil }
func (d *table) Prepare(string) (driver.Stmt, error)          { return nil, errors.New("not prepared") }
func (d *table) Close() error                                 { return nil }
func (d *table) Begin() (driver.Tx, error)                    { d.pending = nil; return d, d.say("BEGIN", "") }
func (d *table) Rollback() error                              { d.pending = nil; return d.say("ROLLBACK", "") }
func (d *table) Columns() []string                            { return []string{"ID", "DOC"} }
func (d *table) ColumnTypeDatabaseTypeName(i int) string      { return []string{"FIXED", "VARIANT"}[i] }
func (d *table) Next([]driver.Value) error                    { return io.EOF }

func (d *table) Commit() error {
	if err := d.say("COMMIT", ""); err != nil {
		return err
	}
	d.rows = append(d.rows, d.pending...)
	return nil
}

func (d *table) say(statement, value string) error {
	d.said = append(d.said, statement)
	if d.fail == nil {
		return nil
	}
	return d.fail(statement, value)
}

func (d *table) QueryContext(_ context.Context, q string, _ []driver.NamedValue) (driver.Rows, error) {
	return d, d.say(q, "")
}

func (d *table) ExecContext(_ context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	value := ""
	if len(args) > 0 {
		value = args[0].Value.(string)
	}
	if err := d.say(q, value); err != nil {
		return nil, err
	}
	d.pending = append(d.pending, value)
	return driver.RowsAffected(1), nil
}

// stateError is an error of the server's.
type stateError string

func (e stateError) Error() string { return "state " + string(e) }

func stateOf(err error) string {
	var e stateError
	errors.As(err, &e)
	return string(e)
}

// TestSQL: what becomes of a batch, by what the server says of a statement.
func TestSQL(t *testing.T) {
	rows := func(values ...string) *Rows {
		r := &Rows{Table: Table{Database: "db", Schema: "public", Name: "odd name", Role: "loaders"}}
		for _, v := range values {
			r.JSON = append(r.JSON, []byte(`{"id":"`+v+`"}`))
		}
		return r
	}
	at := func(statement, state string) func(string, string) error {
		return func(s, _ string) error {
			if strings.HasPrefix(s, statement) {
				return stateError(state)
			}
			return nil
		}
	}
	d := &table{}
	db := sql.OpenDB(d)
	if refused, err := (SQL{DB: db, State: stateOf}).Load(context.Background(), rows("1", "2")); refused != nil || err != nil {
		t.Error(refused, err)
	}
	const insert = `INSERT INTO "DB"."PUBLIC"."odd name" ("ID") SELECT ?`
	if want := []string{"CONNECT", `USE ROLE "LOADERS"`, `SELECT * FROM "DB"."PUBLIC"."odd name" LIMIT 0`, "BEGIN", insert, insert, "COMMIT"}; !reflect.DeepEqual(d.said, want) {
		t.Errorf("%q", d.said)
	}
	for _, tt := range []struct {
		name  string
		fail  func(string, string) error
		state func(error) string
		code  string
		final bool
	}{
		{"nobody signs in", at("CONNECT", "08001"), stateOf, SnowflakeConnectionFailed, false},
		{"no role", at("USE ROLE", "42501"), stateOf, SnowflakeInvalidRole, true},
		{"no answer to the role", at("USE ROLE", ""), stateOf, SnowflakeConnectionFailed, false},
		{"no table", at("SELECT", "02000"), stateOf, SnowflakeInvalidTable, true},
		{"no answer to the columns", at("SELECT", ""), stateOf, SnowflakeConnectionFailed, false},
		{"no privilege", at("INSERT", "42501"), stateOf, SnowflakeInvalidTable, true},
		{"no warehouse", at("INSERT", "57P03"), stateOf, SnowflakeConnectionFailed, false},
		{"no answer to a row", at("INSERT", ""), stateOf, SnowflakeConnectionFailed, false},
		{"no answer to the commit", at("COMMIT", ""), stateOf, SnowflakeConnectionFailed, false},
		{"states that nobody knows", at("INSERT", "22000"), nil, SnowflakeConnectionFailed, false},
	} {
		d := &table{fail: tt.fail}
		db := sql.OpenDB(d)
		refused, err := SQL{DB: db, State: tt.state}.Load(context.Background(), rows("1", "2"))
		var o *record.Outage
		if !errors.As(err, &o) || o.Code != tt.code || o.Final != tt.final || refused != nil || len(d.rows) > 0 {
			t.Errorf("%s: %v, %v; the table has %v", tt.name, refused, err, d.rows)
		}
		if left := db.Stats().OpenConnections; (left == 1) != tt.final {
			t.Errorf("%s: %d connections are left", tt.name, left)
		}
	}
}

// TestSQLRefuses: rows that the table doesn't take, in each place, and how often each row is sent.
func TestSQLRefuses(t *testing.T) {
	for bits := range 1 << 6 {
		var r Rows
		var want []string
		var refuses []int
		for i := range 6 {
			v := string(rune('a' + i))
			if bits>>i&1 == 1 {
				v = strings.ToUpper(v)
				refuses = append(refuses, i)
			} else {
				want = append(want, v)
			}
			r.JSON = append(r.JSON, []byte(`{"id":"`+v+`"}`))
		}
		sent := map[string]int{}
		d := &table{fail: func(_, v string) error {
			if v == "" {
				return nil
			}
			if sent[v]++; v < "a" {
				return stateError("22018")
			}
			return nil
		}}
		refused, err := SQL{DB: sql.OpenDB(d), State: stateOf}.Load(context.Background(), &r)
		var got []int
		for _, x := range refused {
			got = append(got, x.Row)
		}
		if err != nil || !reflect.DeepEqual(got, refuses) || !reflect.DeepEqual(d.rows, want) {
			t.Errorf("%06b: refused %v, the table has %v, %v", bits, got, d.rows, err)
		}
		for v, n := range sent {
			if n > 3 || v < "a" && n != 1 {
				t.Errorf("%06b: %s was sent %d times", bits, v, n)
			}
		}
	}
}

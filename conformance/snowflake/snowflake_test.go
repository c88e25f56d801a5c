// Package snowflake links Snowflake's driver, and so is a module of its own.
package snowflake

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"os"
	"strconv"
	"testing"

	"github.com/snowflakedb/gosnowflake"

	"github.com/hydrantkit/hydrant/harness/sink"
)

// TestSQL has rows inserted into a table of fakesnow, which HYDRANT_FAKESNOW is the address of: fakesnow -s -p 18443. It shows the table's side of a
// delivery, not the protocol.
func TestSQL(t *testing.T) {
	addr := os.Getenv("HYDRANT_FAKESNOW")
	if addr == "" {
		t.Skip("HYDRANT_FAKESNOW is not set: rows are not inserted")
	}
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	dsn, err := gosnowflake.DSN(&gosnowflake.Config{Protocol: "http", Host: host, Port: port, Account: "fakesnow", User: "u", Password: "p", Database: "LOGS", Schema: "PUBLIC", DisableTelemetry: true})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("snowflake", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{"CREATE DATABASE IF NOT EXISTS LOGS", "CREATE SCHEMA IF NOT EXISTS LOGS.PUBLIC", "CREATE OR REPLACE TABLE LOGS.PUBLIC.EVENTS (ID INT, NAME VARCHAR, DOC VARIANT)"} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	table := sink.Table{Database: "LOGS", Schema: "PUBLIC", Name: "EVENTS"}
	refused, err := sink.SQL{DB: db, State: state}.Load(context.Background(), &sink.Rows{Table: table, JSON: [][]byte{
		[]byte(`{"id":1,"name":"a","doc":{"x":[1,2]}}`), []byte(`{"id":2,"other":1}`), []byte(`{"id":"three"}`), []byte(`{"ID":4,"NAME":null}`),
	}})
	if err != nil || len(refused) != 2 || refused[0].Row != 1 || refused[1].Row != 2 || refused[0].Code != sink.SnowflakeInvalidColumns {
		t.Errorf("%+v, %v", refused, err)
	}
	var ids, x int
	if err := db.QueryRow("SELECT sum(ID), max(DOC:x[1]::int) FROM LOGS.PUBLIC.EVENTS").Scan(&ids, &x); err != nil || ids != 5 || x != 2 {
		t.Errorf("ids %d, x %d, %v", ids, x, err)
	}
	table.Name = "NOTHING"
	if _, err := (sink.SQL{DB: db, State: state}).Load(context.Background(), &sink.Rows{Table: table, JSON: [][]byte{[]byte(`{}`)}}); err == nil {
		t.Error("a table that isn't there: no error")
	}
}

// state is the SQLSTATE of an error of Snowflake's.
func state(err error) string {
	var e *gosnowflake.SnowflakeError
	if errors.As(err, &e) {
		return e.SQLState
	}
	return ""
}

// Package snowflake has streams deliver to a table of fakesnow, which HYDRANT_FAKESNOW is the command of, through Snowflake's driver: the
// table's side of a delivery, not the protocol. The driver makes it a module of its own.
package snowflake

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/snowflakedb/gosnowflake"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/harness/sink"
)

// An account is fakesnow with a proxy before it, which has requests go wrong, and checks who signs in.
type account struct {
	t      *testing.T
	key    *rsa.PrivateKey // of the user
	db     *sql.DB         // through the proxy, as the user
	direct *sql.DB
	to     *url.URL

	mu sync.Mutex
	// trouble says what becomes of a request, the n-th from 0 since it was set: "down" is no answer, "503" is one, "lost" is an answer that is lost
	// on its way, "gone" has the session end before, other texts are the server's answer; "" lets it through. what is the statement, or "login".
	trouble func(n int, what string) string
	n       int
	logins  int
	said    []string
}

var t0 = time.Date(2025, 3, 1, 10, 30, 0, 0, time.UTC)

// open makes the account, with an empty schema.
func open(t *testing.T) *account {
	t.Helper()
	if fakesnow == "" {
		t.Skip("HYDRANT_FAKESNOW is not set: rows are not inserted")
	}
	if err := gosnowflake.GetLogger().SetLogLevel("fatal"); err != nil {
		t.Fatal(err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	a := &account{t: t, key: key, to: &url.URL{Scheme: "http", Host: fakesnow}}
	proxy := httptest.NewServer(a)
	t.Cleanup(proxy.Close)
	connect := func(addr string) *sql.DB {
		host, text, err := net.SplitHostPort(addr)
		if err != nil {
			t.Fatal(err)
		}
		port, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(gosnowflake.NewConnector(gosnowflake.SnowflakeDriver{}, gosnowflake.Config{Protocol: "http", Host: host, Port: port,
			Account: "example", User: "loader", Authenticator: gosnowflake.AuthTypeJwt, PrivateKey: key, Database: "LOGS", Schema: "PUBLIC",
			DisableTelemetry: true, LoginTimeout: time.Millisecond, RequestTimeout: time.Millisecond})) // the stream tries again, not the driver
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	a.db, a.direct = connect(strings.TrimPrefix(proxy.URL, "http://")), connect(fakesnow)
	return a
}

// exec runs statements straight on the server.
func (a *account) exec(t *testing.T, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := a.direct.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// rows are those of a query, their columns with blanks between them.
func (a *account) rows(t *testing.T, query string) (out []string) {
	t.Helper()
	rows, err := a.direct.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values := make([]sql.NullString, len(names))
		into := make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, v := range values {
			if !v.Valid {
				v.String = "null"
			}
			texts = append(texts, v.String)
		}
		out = append(out, strings.Join(texts, " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// fails has requests go wrong from now on.
func (a *account) fails(trouble func(n int, what string) string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trouble, a.n, a.logins, a.said = trouble, 0, 0, nil
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var doc struct {
		SQLText string
		Data    json.RawMessage
	}
	_ = json.Unmarshal(body, &doc) // a request to end a session has none
	said := doc.SQLText
	if strings.HasSuffix(r.URL.Path, "/login-request") {
		said = "login"
		if err := a.login(doc.Data); err != nil {
			a.t.Errorf("a login of somebody else: %v", err)
		}
	}
	trouble := ""
	a.mu.Lock()
	if said != "" {
		a.said = append(a.said, said)
		if a.trouble != nil {
			trouble = a.trouble(a.n, said)
		}
		a.n++
	}
	a.mu.Unlock()
	proxy := httputil.NewSingleHostReverseProxy(a.to)
	switch trouble {
	case "":
		proxy.ServeHTTP(w, r)
	case "lost":
		proxy.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case "down":
		panic(http.ErrAbortHandler)
	case "503":
		w.WriteHeader(http.StatusServiceUnavailable)
	case "gone":
		end, err := http.NewRequest("POST", a.to.String()+"/session?delete=true", nil)
		if err == nil {
			end.Header.Set("Authorization", r.Header.Get("Authorization"))
			_, err = http.DefaultClient.Do(end)
		}
		if err != nil {
			a.t.Error(err)
		}
		proxy.ServeHTTP(w, r)
	default:
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, trouble)
	}
}

// login checks a login by key pair, as Snowflake documents it: a token signed with the private key (RS256), which names account, user and the
// public key's fingerprint, and ends within the hour.
func (a *account) login(data []byte) error {
	var d struct {
		Account       string `json:"ACCOUNT_NAME"`
		Authenticator string `json:"AUTHENTICATOR"`
		Token         string `json:"TOKEN"`
		Password      string `json:"PASSWORD"`
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return err
	}
	a.mu.Lock()
	a.logins++
	a.mu.Unlock()
	parts := strings.Split(d.Token, ".")
	if len(parts) != 3 || d.Authenticator != "SNOWFLAKE_JWT" || d.Account != "example" || d.Password != "" {
		return fmt.Errorf("a login at %q by %s with a token of %d parts", d.Account, d.Authenticator, len(parts))
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&a.key.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
		return err
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err
	}
	var c struct {
		Iss, Sub string
		Iat, Exp int64
	}
	if err := json.Unmarshal(claims, &c); err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(&a.key.PublicKey)
	if err != nil {
		return err
	}
	sum = sha256.Sum256(public)
	if c.Iss != "EXAMPLE.LOADER.SHA256:"+base64.StdEncoding.EncodeToString(sum[:]) || c.Sub != "EXAMPLE.LOADER" || c.Exp <= c.Iat || c.Exp > c.Iat+3600 {
		return fmt.Errorf("the claims %s", claims)
	}
	return nil
}

// A delivered is what became of some records.
type delivered struct {
	harness.Ledger
	bucket s3.Memory
}

// deliver has a stream deliver records to a table, all put at once. more are members of its configuration, kinesis the name of its source.
func (a *account) deliver(t *testing.T, table, more, kinesis string, lines []string) *delivered {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		t.Fatal(err)
	}
	from := ""
	if kinesis != "" {
		from = `"DeliveryStreamType": "KinesisStreamAsSource", "KinesisStreamSourceConfiguration": {"KinesisStreamARN":
			"arn:aws:kinesis:us-east-1:123456789012:stream/` + kinesis + `", "RoleARN": "arn:aws:iam::123456789012:role/r"}, `
	}
	d, err := harness.Parse("s.json", fmt.Appendf(nil, `{"DeliveryStreamName": "events", %s"SnowflakeDestinationConfiguration": {
		"AccountUrl": "https://example.snowflakecomputing.com", "User": "loader", "PrivateKey": %q, "Database": "logs", "Schema": "public", "Table": %q,
		"RoleARN": "arn:aws:iam::123456789012:role/r", "RetryOptions": {"DurationInSeconds": 60}, "S3BackupMode": "AllData"%s,
		"S3Configuration": {"RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::failed", "Prefix": "raw/"}}}`,
		from, base64.StdEncoding.EncodeToString(der), table, more), harness.DescribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Stream.Notices) > 0 {
		t.Errorf("notices: %q", d.Stream.Notices)
	}
	out := &delivered{}
	p, err := harness.New(d.Stream, harness.Options{Bucket: &out.bucket, Loader: sink.SQL{DB: a.db, State: state}, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var records []record.Record
	for i, line := range lines {
		r := record.Record{Data: []byte(line), Arrival: t0.UnixMilli()}
		if kinesis != "" {
			r.Source = &record.Source{Shard: "shardId-000000000001", PartitionKey: "key", SequenceNumber: fmt.Sprint(4900 + i)}
		}
		records = append(records, r)
	}
	next, err := p.Put(t0, records)
	for err == nil && !next.IsZero() {
		next, err = p.Advance(context.Background(), next)
	}
	if err != nil {
		t.Fatal(err)
	}
	out.Ledger = p.Ledger()
	l := &out.Ledger
	if err := l.Check(); err != nil || l.In() != int64(len(lines)) || l.In() != l.Delivered()+l.Failed() || l.Held()+l.Lost != 0 {
		t.Errorf("in %d, delivered %d, failed %d, held %d, lost %d: %v", l.In(), l.Delivered(), l.Failed(), l.Held(), l.Lost, err)
	}
	if got := out.objects("raw/20"); got != strings.Join(lines, "") {
		t.Errorf("the backup has %d bytes: %.200s", len(got), got)
	}
	return out
}

// objects are those whose key begins so, one after the other.
func (d *delivered) objects(prefix string) string {
	var all strings.Builder
	for _, o := range d.bucket.Objects {
		if strings.HasPrefix(o.Key, prefix) {
			all.Write(o.Body)
		}
	}
	return all.String()
}

// failed are the records in the error output, each with its code, in order.
func (d *delivered) failed(t *testing.T) (out []string) {
	t.Helper()
	lines := d.objects("raw/snowflake-failed/2025/03/01/10/")
	for _, line := range strings.Split(strings.TrimSuffix(lines, "\n"), "\n") {
		if line == "" {
			continue
		}
		var l struct {
			AttemptsMade, ArrivalTimestamp int64
			ErrorCode, ErrorMessage        string
			AttemptEndingTimestamp         int64
			RawData                        []byte
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil || l.AttemptsMade < 1 || l.ArrivalTimestamp != t0.UnixMilli() || l.AttemptEndingTimestamp <= l.ArrivalTimestamp || l.ErrorMessage == "" {
			t.Errorf("%s: %v", line, err)
		}
		out = append(out, strings.TrimPrefix(l.ErrorCode, "Snowflake.")+" "+string(l.RawData))
	}
	return out
}

// with are lines behind a code.
func with(code string, lines ...string) (out []string) {
	for _, l := range lines {
		out = append(out, code+" "+l)
	}
	return out
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s:\n%s\nwant:\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestDestinationSnowflakeMappings: what each DataLoadingOption has in the table, signed in with the key of the description.
func TestDestinationSnowflakeMappings(t *testing.T) {
	a := open(t)
	lines := []string{
		`{"id":1,"name":"a \"b\" é","price":9.5,"ok":true,"made":"2025-03-01 10:00:00","doc":{"x":[1,2]},"Order":"first"}`,
		"{ \"ID\" : 2 ,\n \"doc\" : \"text\" , \"name\" : null }", `{"doc":[1,{"y":null}],"id":9007199254740993}`,
	}
	t.Run("JSON", func(t *testing.T) {
		a.exec(t, `CREATE OR REPLACE TABLE LOGS.PUBLIC.EVENTS (ID INT, NAME VARCHAR, PRICE FLOAT, OK BOOLEAN, MADE TIMESTAMP, DOC VARIANT, "Order" VARCHAR)`)
		if d := a.deliver(t, "events", "", "", lines); d.Delivered() != 3 {
			t.Errorf("failed: %q", d.failed(t))
		}
		same(t, "the table", a.rows(t, `SELECT ID, NAME, PRICE, OK, MADE::VARCHAR, DOC, "Order" FROM LOGS.PUBLIC.EVENTS ORDER BY ID`), []string{
			`1 a "b" é 9.5 true 2025-03-01 10:00:00 {"x":[1,2]} first`, `2 null null null null "text" null`, `9007199254740993 null null null null [1,{"y":null}] null`})
	})
	t.Run("variant", func(t *testing.T) {
		a.exec(t, `CREATE OR REPLACE TABLE LOGS.PUBLIC.RAW (CONTENT VARIANT)`)
		if d := a.deliver(t, "RAW", `, "DataLoadingOption": "VARIANT_CONTENT_MAPPING", "ContentColumnName": "content"`, "", lines); d.Delivered() != 3 {
			t.Errorf("failed: %q", d.failed(t))
		}
		same(t, "the table", a.rows(t, `SELECT CONTENT:doc:x[1]::INT, CONTENT:name::VARCHAR, CONTENT:id::INT, CONTENT:ID::INT FROM LOGS.PUBLIC.RAW ORDER BY 2, 3`),
			[]string{`2 a "b" é 1 null`, "null null 9007199254740993 null", "null null null 2"})
	})
	const both = `, "DataLoadingOption": "VARIANT_CONTENT_AND_METADATA_MAPPING", "ContentColumnName": "CONTENT", "MetaDataColumnName": "META"`
	t.Run("variant and metadata", func(t *testing.T) {
		a.exec(t, `CREATE OR REPLACE TABLE LOGS.PUBLIC.RAW (CONTENT VARIANT, META VARIANT)`)
		if d := a.deliver(t, "RAW", both, "", lines); d.Delivered() != 3 {
			t.Errorf("failed: %q", d.failed(t))
		}
		const row = `{"firehoseDeliveryStreamName":"events","IngestionTime":"1740825000000"}`
		same(t, "the table", a.rows(t, `SELECT META FROM LOGS.PUBLIC.RAW`), []string{row, row, row})
		same(t, "the content", a.rows(t, `SELECT count(CONTENT:doc) FROM LOGS.PUBLIC.RAW`), []string{"3"})
	})
	t.Run("variant and metadata of Kinesis", func(t *testing.T) {
		a.exec(t, `CREATE OR REPLACE TABLE LOGS.PUBLIC.RAW (CONTENT VARIANT, META VARIANT)`)
		if d := a.deliver(t, "RAW", both, "clicks", lines[:1]); d.Delivered() != 1 {
			t.Errorf("failed: %q", d.failed(t))
		}
		same(t, "the table", a.rows(t, `SELECT META FROM LOGS.PUBLIC.RAW`), []string{`{"kinesisStreamName":"clicks","kinesisShardId":"shardId-000000000001",` +
			`"kinesisPartitionKey":"key","kinesisSequenceNumber":"4900","subsequenceNumber":"0","IngestionTime":"1740825000000"}`})
	})
	if a.logins == 0 {
		t.Error("nobody signed in")
	}
}

// TestDestinationSnowflakeRefused: rows that the table doesn't take fail, and the others are in it, once each.
func TestDestinationSnowflakeRefused(t *testing.T) {
	a := open(t)
	a.exec(t, `CREATE OR REPLACE TABLE LOGS.PUBLIC.EVENTS (ID INT, MADE TIMESTAMP)`)
	lines := []string{`{"id":1}`, `{"id":"two"}`, `{"id":3,"other":1}`, `{"id":4,"made":"2025-03-01 10:00:00"}`, `no JSON`, `{"id":5,"made":"soon"}`, `{}`,
		`{"id":"6"}`, `[1]`, `{"id":{"x":1}}`, `{"id":8}`, `{"id":9}{"id":10}`, `{"id":"eleven"}`}
	d := a.deliver(t, "EVENTS", "", "", lines)
	same(t, "the error output", d.failed(t), append(with("InvalidRecord", lines[4], lines[8], lines[11]),
		with("InvalidColumns", lines[1], lines[2], lines[5], lines[6], lines[9], lines[12])...))
	same(t, "the table", a.rows(t, `SELECT ID FROM LOGS.PUBLIC.EVENTS ORDER BY ID`), []string{"1", "4", "6", "8"})

	// Snowflake's answer to a null that isn't allowed, of which fakesnow says nothing but 500.
	const null = `{"data":{"errorCode":"100072","sqlState":"22000"},"code":"100072","message":"NULL result in a non-nullable column","success":false}`
	a.exec(t, `CREATE OR REPLACE TABLE LOGS.PUBLIC.EVENTS (ID INT)`)
	inserts := 0
	a.fails(func(_ int, what string) string {
		if strings.HasPrefix(what, "INSERT") {
			if inserts++; inserts == 3 {
				return null
			}
		}
		return ""
	})
	rest := []string{`{"id":1}`, `{"id":2}`, `{"id":3}`, `{"id":4}`}
	d = a.deliver(t, "EVENTS", "", "", rest)
	same(t, "the error output", d.failed(t), with("InvalidColumns", rest[2]))
	same(t, "the table", a.rows(t, `SELECT ID FROM LOGS.PUBLIC.EVENTS ORDER BY ID`), []string{"1", "2", "4"})

	var many, bad []string // every second row
	for i := range 40 {
		line := fmt.Sprintf(`{"id":%d}`, i)
		if i%2 == 1 {
			line = fmt.Sprintf(`{"id":"no. %d"}`, i)
			bad = append(bad, line)
		}
		many = append(many, line)
	}
	a.exec(t, `CREATE OR REPLACE TABLE LOGS.PUBLIC.EVENTS (ID INT)`)
	a.fails(nil)
	d = a.deliver(t, "EVENTS", "", "", many)
	same(t, "the error output", d.failed(t), with("InvalidColumns", bad...))
	same(t, "the table", a.rows(t, `SELECT count(*), count(DISTINCT ID) FROM LOGS.PUBLIC.EVENTS`), []string{"20 20"})
	inserts = 0
	for _, s := range a.said {
		if strings.HasPrefix(s, "INSERT") {
			inserts++
		}
	}
	if inserts > 3*len(many) {
		t.Errorf("%d INSERTs for %d rows", inserts, len(many))
	}
}

// TestDestinationSnowflakeWhole: what fails a batch at once, and isn't retried.
func TestDestinationSnowflakeWhole(t *testing.T) {
	a := open(t)
	a.exec(t, `CREATE OR REPLACE TABLE LOGS.PUBLIC.EVENTS (ID INT)`)
	var lines []string
	for i := range 20 {
		lines = append(lines, fmt.Sprintf(`{"id":%d}`, i))
	}
	// Snowflake's answers to what fakesnow has no idea of.
	const role = `{"data":{"errorCode":"003013","sqlState":"42501"},"code":"003013","message":"SQL access control error: Requested role 'NOBODY' is not assigned to the executing user.","success":false}`
	const insert = `{"data":{"errorCode":"003001","sqlState":"42501"},"code":"003001","message":"SQL access control error: Insufficient privileges to operate on table 'EVENTS'","success":false}`
	for _, tt := range []struct{ name, table, more, statement, answer, code string }{
		{"no table", "NOTHING", "", "", "", "InvalidTable"},
		{"no role", "EVENTS", `, "SnowflakeRoleConfiguration": {"Enabled": true, "SnowflakeRole": "nobody"}`, `USE ROLE "NOBODY"`, role, "InvalidRole"},
		{"no privilege", "EVENTS", "", "INSERT", insert, "InvalidTable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a.fails(func(_ int, what string) string {
				if tt.statement != "" && strings.HasPrefix(what, tt.statement) {
					return tt.answer
				}
				return ""
			})
			d := a.deliver(t, tt.table, tt.more, "", lines)
			same(t, "the error output", d.failed(t), with(tt.code, lines...))
			if d.Retried != 0 {
				t.Errorf("%d retries", d.Retried)
			}
			same(t, "the table", a.rows(t, `SELECT count(*) FROM LOGS.PUBLIC.EVENTS`), []string{"0"})
		})
	}
	t.Run("a role", func(t *testing.T) {
		a.fails(nil)
		if d := a.deliver(t, "EVENTS", `, "SnowflakeRoleConfiguration": {"Enabled": true, "SnowflakeRole": "loaders"}`, "", lines); d.Delivered() != 20 {
			t.Errorf("failed: %q", d.failed(t))
		}
		if !strings.Contains(strings.Join(a.said, "\n"), `USE ROLE "LOADERS"`) {
			t.Errorf("nobody took the role: %q", a.said)
		}
	})
}

// TestDestinationSnowflakeOutage: a server that doesn't answer for less than the retries last, and for longer.
func TestDestinationSnowflakeOutage(t *testing.T) {
	var lines []string
	for i := range 20 {
		lines = append(lines, fmt.Sprintf(`{"id":%d}`, i))
	}
	once := func(n int, what string) func(int, string) string {
		return func(i int, _ string) string {
			if i == n {
				return what
			}
			return ""
		}
	}
	at := func(statement, what string) func(int, string) string {
		done := false
		return func(_ int, s string) string {
			if !done && strings.HasPrefix(s, statement) {
				done = true
				return what
			}
			return ""
		}
	}
	until := func(n int, what string) func(int, string) string {
		return func(i int, _ string) string {
			if i < n {
				return what
			}
			return ""
		}
	}
	for _, tt := range []struct {
		name    string
		trouble func(int, string) string
		retries int64
		times   int
	}{
		{"nobody signs in", until(4, "down"), 4, 1},
		{"503 to logins", until(4, "503"), 4, 1},
		{"no answer to a row", once(10, "down"), 1, 1},
		{"503 to a row", once(10, "503"), 1, 1},
		{"an answer to a row is lost", once(10, "lost"), 1, 1},
		{"the session ends", once(10, "gone"), 1, 1},
		{"no answer to the columns", at("SELECT", "down"), 1, 1},
		{"no answer to the commit", at("COMMIT", "down"), 1, 1},
		{"the answer to the commit is lost", at("COMMIT", "lost"), 1, 2}, // the rows are there already, and nobody knows
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := open(t)
			a.exec(t, `CREATE OR REPLACE TABLE LOGS.PUBLIC.EVENTS (ID INT)`)
			a.fails(tt.trouble)
			d := a.deliver(t, "EVENTS", "", "", lines)
			if d.Delivered() != 20 || d.Retried != tt.retries {
				t.Errorf("%d delivered, %d retries; failed: %q", d.Delivered(), d.Retried, d.failed(t))
			}
			same(t, "the table", a.rows(t, `SELECT count(*), count(DISTINCT ID) FROM LOGS.PUBLIC.EVENTS`), []string{fmt.Sprintf("%d 20", 20*tt.times)})
		})
	}
	for _, what := range []string{"down", "503"} {
		t.Run(what+" for longer", func(t *testing.T) {
			a := open(t)
			a.exec(t, `CREATE OR REPLACE TABLE LOGS.PUBLIC.EVENTS (ID INT)`)
			a.fails(func(i int, _ string) string {
				if i < 10 { // the first rows are in a transaction that never ends
					return ""
				}
				return what
			})
			d := a.deliver(t, "EVENTS", "", "", lines)
			same(t, "the error output", d.failed(t), with("ConnectionFailed", lines...))
			if d.Retried < 3 {
				t.Errorf("%d retries", d.Retried)
			}
			same(t, "the table", a.rows(t, `SELECT count(*) FROM LOGS.PUBLIC.EVENTS`), []string{"0"})
		})
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

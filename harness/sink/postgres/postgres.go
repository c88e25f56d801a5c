// Package postgres stands in for Amazon Redshift with a PostgreSQL server: it runs the COPY commands of a delivery stream there.
//
// The server can't read a bucket. So a [Copier] reads the manifest and its objects, makes rows of them as Redshift's COPY would
// with the command's options, and sends them through COPY … FROM STDIN, in one transaction. What of COPY it lacks it refuses when
// it is made, by an [UnsupportedError]; what Redshift would refuse, and what the server refuses, has Redshift's code
// (destinations.md §8).
//
// It is a package of its own because it links a database driver.
package postgres

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/sink"
)

// Objects are the buckets that COPY reads. An object that isn't there is an error that is fs.ErrNotExist.
type Objects interface {
	Get(ctx context.Context, bucket, key string) ([]byte, error)
}

// How long a server may take: to be connected to, and for a command.
const (
	ConnectTimeout = 10 * time.Second
	CopyTimeout    = 10 * time.Minute
)

// A Copier runs COPY commands on a PostgreSQL server.
type Copier struct {
	endpoint *url.URL
	objects  Objects
}

// New makes a copier for commands with these options. The endpoint is postgres://user:password@host:port/database; who is connected
// is the command's user where it has none. A server on another machine must have a certificate to trust, unless the endpoint says
// otherwise by sslmode.
func New(endpoint, options string, objects Objects) (*Copier, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("a URL such as postgres://user:password@127.0.0.1:5432/database is expected") // it may hold a password
	}
	var unsupported *UnsupportedError
	if _, err := parseOptions(options); errors.As(err, &unsupported) {
		return nil, err
	}
	if q := u.Query(); !q.Has("sslmode") {
		q.Set("sslmode", "verify-full")
		if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
			q.Set("sslmode", "prefer")
		}
		u.RawQuery = q.Encode()
	}
	return &Copier{endpoint: u, objects: objects}, nil
}

// Copy runs a command. rejected is the number of rows that MAXERROR and IGNOREHEADER let it leave out; its error is an *record.Outage, and
// then nothing was loaded.
func (c *Copier) Copy(ctx context.Context, command *sink.Copy) (rejected int, err error) {
	o, err := parseOptions(command.Options)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, CopyTimeout)
	defer cancel()
	conn, err := c.connect(ctx, command)
	if err != nil {
		return 0, outage(err, nil)
	}
	defer func() {
		late, stop := context.WithTimeout(context.WithoutCancel(ctx), ConnectTimeout)
		defer stop()
		_ = conn.Close(late) // what the command did is known by now
	}()
	bodies, err := c.read(ctx, command, o)
	if err != nil {
		return 0, err
	}
	columns, err := describe(ctx, conn, command)
	if err != nil {
		return 0, outage(err, nil)
	}
	l := &load{o: o, columns: columns, bodies: bodies, rejected: map[int]bool{}}
	statement := "COPY " + command.Table + " (" + quoted(columns) + ") FROM STDIN"
	for {
		body, bad, err := l.encode()
		var re *rowError
		isRow := errors.As(err, &re) && !re.rest
		if err == nil {
			if _, err = conn.CopyFrom(ctx, bytes.NewReader(body), statement); err == nil {
				return l.leftOut(), nil
			}
			bad, isRow = l.rejects(err)
		}
		if !isRow || len(l.rejected)+1 >= o.most {
			return 0, outage(err, columns)
		}
		l.rejected[bad] = true
	}
}

// connect opens a connection for one command.
func (c *Copier) connect(ctx context.Context, command *sink.Copy) (*pgconn.PgConn, error) {
	cfg, err := pgconn.ParseConfig(c.endpoint.String())
	if err != nil {
		return nil, errors.New("the endpoint can't be read")
	}
	if c.endpoint.User == nil && command.User != "" {
		cfg.User, cfg.Password = command.User, command.Password
	}
	cfg.ConnectTimeout = ConnectTimeout
	return pgconn.ConnectConfig(ctx, cfg)
}

// read reads the manifest and the objects that it names.
func (c *Copier) read(ctx context.Context, command *sink.Copy, o *options) ([][]byte, error) {
	get := func(address string) ([]byte, error) {
		path, ok := strings.CutPrefix(address, "s3://")
		bucket, key, cut := strings.Cut(path, "/")
		if !ok || !cut {
			return nil, &record.Outage{Code: "Redshift.MissingS3File", Message: address + " is no address of an object"}
		}
		b, err := c.objects.Get(ctx, bucket, key)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, &record.Outage{Code: "Redshift.MissingS3File", Message: "COPY needs an object that is not there any more: " + address, Err: err}
		case err != nil:
			return nil, &record.Outage{Code: "Redshift.S3BucketAccessDenied", Message: "COPY can't read the bucket: " + err.Error(), Err: err}
		}
		return b, nil
	}
	text, err := get(command.Manifest)
	if err != nil {
		return nil, err
	}
	var manifest struct {
		Entries []struct {
			URL       string
			Mandatory bool
		}
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, &record.Outage{Code: "Redshift.DataLoadFailed", Message: "the manifest " + command.Manifest + " is not JSON", Err: err}
	}
	var bodies [][]byte
	for _, e := range manifest.Entries {
		b, err := get(e.URL)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) && !e.Mandatory {
				continue
			}
			return nil, err
		}
		if o.gzip {
			if b, err = gunzip(b); err != nil {
				return nil, &record.Outage{Code: "Redshift.DataLoadFailed", Message: e.URL + " is not compressed with GZIP, and CopyOptions say so", Err: err}
			}
		}
		bodies = append(bodies, b)
	}
	return bodies, nil
}

// maxBody is what an object may decompress to: a batch has 128 MiB.
const maxBody = 1 << 30

func gunzip(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(z, maxBody+1))
	if err == nil && len(out) > maxBody {
		err = fmt.Errorf("more than %d bytes", maxBody)
	}
	return out, err
}

// describe finds the columns of the command.
func describe(ctx context.Context, conn *pgconn.PgConn, command *sink.Copy) ([]column, error) {
	const query = `SELECT a.attname, t.typcategory, a.atttypmod, t.typname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
		WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`
	res := conn.ExecParams(ctx, query, [][]byte{[]byte(command.Table)}, nil, nil, nil).Read()
	if res.Err != nil {
		return nil, res.Err
	}
	var all []column
	for _, r := range res.Rows {
		c := column{name: string(r[0]), text: string(r[1]) == "S", time: strings.HasPrefix(string(r[3]), "timestamp")}
		if mod, err := strconv.Atoi(string(r[2])); err == nil && c.text && mod > 4 { // the length, and four more
			c.length = mod - 4
		}
		all = append(all, c)
	}
	if strings.TrimSpace(command.Columns) == "" {
		return all, nil
	}
	var chosen []column
	for name := range strings.SplitSeq(command.Columns, ",") {
		name = strings.TrimSpace(name)
		if q, ok := strings.CutPrefix(name, `"`); ok {
			name = strings.TrimSuffix(q, `"`)
		} else {
			name = strings.ToLower(name)
		}
		i := slices.IndexFunc(all, func(c column) bool { return c.name == name })
		if i < 0 {
			return nil, &record.Outage{Code: "Redshift.ColumnNotFound", Message: fmt.Sprintf("the table %s has no column %s", command.Table, name)}
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

func quoted(columns []column) string {
	var names []string
	for _, c := range columns {
		names = append(names, `"`+strings.ReplaceAll(c.name, `"`, `""`)+`"`)
	}
	return strings.Join(names, ", ")
}

// A load is the rows of a command, less those that were rejected.
type load struct {
	o        *options
	columns  []column
	bodies   [][]byte
	rejected map[int]bool // by number, from 0
	headers  int          // rows that encode left out at the beginning of objects
}

// leftOut is the number of rows that aren't loaded.
func (l *load) leftOut() int { return len(l.rejected) + l.headers }

// A rowError is why a row can't be sent, and the rest of its object neither where rest is set.
type rowError struct {
	err  error
	rest bool
}

func (e *rowError) Error() string { return e.err.Error() }

// encode makes the rows as COPY FROM STDIN reads them. An error, a *rowError, is about the row bad.
func (l *load) encode() (out []byte, bad int, err error) {
	l.headers = 0
	for _, b := range l.bodies {
		rest := false
		l.headers += l.o.rows(b, l.columns, func(r row) bool {
			if !l.rejected[bad] {
				if out, err = l.o.appendRow(out, r, l.columns); err != nil {
					rest = r.rest
					return false
				}
			}
			bad++
			return true
		})
		if err != nil {
			return nil, bad, &rowError{fmt.Errorf("row %d: %w", bad+1, err), rest}
		}
	}
	return out, 0, nil
}

var lineNumber = regexp.MustCompile(`^COPY .*?, line (\d+)`)

// rejects finds the row that a command failed at; isRow is false where it failed at none.
func (l *load) rejects(err error) (n int, isRow bool) {
	var pe *pgconn.PgError
	if !errors.As(err, &pe) || len(pe.Code) < 2 || pe.Code[:2] != "22" && pe.Code[:2] != "23" {
		return 0, false
	}
	m := lineNumber.FindStringSubmatch(pe.Where)
	if m == nil {
		return 0, false
	}
	line, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, false
	}
	for n = 0; ; n++ { // the line is a row, but for those that aren't sent
		if l.rejected[n] {
			continue
		}
		if line--; line <= 0 {
			return n, true
		}
	}
}

// codes are Redshift's for the server's, SQLSTATE (destinations.md §8).
var codes = map[string]string{
	"42P01": "TableNotFound", "3F000": "TableNotFound", "42601": "SyntaxError", "42602": "SyntaxError", "28P01": "AuthenticationFailed", "28000": "AuthenticationFailed",
	"42501": "InsufficientPrivilege", "42703": "ColumnNotFound", "3D000": "DatabaseNotFound", "25006": "ReadOnlyCluster", "53100": "DiskFull",
	"57P03": "ConnectionFailed", "53300": "ConnectionFailed", "57P01": "ConnectionFailed", "57P02": "ConnectionFailed",
}

// outage is an error with Redshift's code. columns are those of the command, nil before they are known.
func outage(err error, columns []column) error {
	var o *record.Outage
	if errors.As(err, &o) {
		return o
	}
	var pe *pgconn.PgError
	var re *rowError
	if ce := (*pgconn.ConnectError)(nil); errors.As(err, &ce) {
		err = ce.Unwrap() // without the name of the user
	}
	o = &record.Outage{Err: err}
	switch {
	case errors.As(err, &re):
		o.Code, o.Message = "Redshift.DataLoadFailed", "Loading data into the table failed: "+err.Error()
	case !errors.As(err, &pe):
		o.Code, o.Message = "Redshift.ConnectionFailed", "The connection to the cluster failed: "+err.Error()
	case codes[pe.Code] != "":
		o.Code, o.Message = "Redshift."+codes[pe.Code], pe.Message
	case pe.Code == "23502" && !slices.ContainsFunc(columns, func(c column) bool { return c.name == pe.ColumnName }):
		o.Code, o.Message = "Redshift.MissingColumn", pe.Message
	case columns != nil:
		o.Code, o.Message = "Redshift.DataLoadFailed", "Loading data into the table failed: "+pe.Message
		if pe.Where != "" {
			o.Message += " (" + pe.Where + ")"
		}
	default:
		o.Code, o.Message = "Redshift.InternalError", pe.Message
	}
	return o
}

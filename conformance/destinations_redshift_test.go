package conformance

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// redshiftStream is a description of a stream to Redshift.
func redshiftStream(table, options, compression string, retry int) string {
	return fmt.Sprintf(`{"DeliveryStreamName": "events", "RedshiftDestinationConfiguration": {"RoleARN": "arn:aws:iam::123456789012:role/r",
		"ClusterJDBCURL": "jdbc:redshift://warehouse.abc.us-east-1.redshift.amazonaws.com:5439/dev", "Username": "awsuser", "Password": "Secret123",
		"CopyCommand": {"DataTableName": %q, "DataTableColumns": "id,msg,value", "CopyOptions": %q}, "RetryOptions": {"DurationInSeconds": %d},
		"ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "AppendDelimiterToRecord", "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}]}]},
		"S3Configuration": {"RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::intermediate", "CompressionFormat": %q, "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60}},
		"S3BackupMode": "Enabled", "S3BackupConfiguration": {"RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::source"}}}`, table, options, retry, compression)
}

// A database is a PostgreSQL server of its own, of Debian's packages.
type database struct {
	t    *testing.T
	addr string
}

func startPostgres(t *testing.T) *database {
	t.Helper()
	bins, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(bins) == 0 {
		lacks(t, "no PostgreSQL in /usr/lib/postgresql: delivery to Redshift is not tried")
	}
	bin := bins[len(bins)-1]
	dir, err := os.MkdirTemp("", "hydrant-postgres") // which the user postgres can reach
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	as := func(args ...string) []string { return args }
	if os.Getuid() == 0 { // as whom the server doesn't run
		if _, err := user.Lookup("postgres"); err != nil {
			lacks(t, "PostgreSQL doesn't run as root, and there is no user postgres")
		}
		as = func(args ...string) []string { return append([]string{"runuser", "-u", "postgres", "--"}, args...) }
		if out, err := exec.Command("chown", "postgres", dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	data := filepath.Join(dir, "data")
	args := as(filepath.Join(bin, "initdb"), "-D", data, "-U", "awsuser", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v: %s", err, out)
	}
	hba := filepath.Join(data, "pg_hba.conf")
	text, err := os.ReadFile(hba)
	if err == nil { // one user must show a password
		err = os.WriteFile(hba, append([]byte("host all locked 127.0.0.1/32 scram-sha-256\n"), text...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	d := &database{t, freePort(t)}
	_, port, _ := net.SplitHostPort(d.addr)
	logs := t.TempDir()
	args = as(filepath.Join(bin, "postgres"), "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+dir, "-c", "fsync=off")
	startEnding(t, logs, []string{d.addr}, data, args...)
	eventually(t, func() string {
		if out, err := d.psql("SELECT 1"); err != nil {
			return out
		}
		return ""
	})
	return d
}

// startEnding is start for a server behind another process: it is ended by the id that it wrote itself.
func startEnding(t *testing.T, dir string, addrs []string, data string, args ...string) {
	t.Helper()
	start(t, dir, addrs, args...)
	t.Cleanup(func() { // runs before the one of start
		text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
		pid, _, _ := strings.Cut(string(text), "\n")
		if err == nil {
			exec.Command("kill", "-QUIT", pid).Run() //nolint:errcheck // it may have ended
		}
	})
}

func (d *database) psql(statement string) (string, error) {
	host, port, _ := net.SplitHostPort(d.addr)
	out, err := exec.Command("psql", "-h", host, "-p", port, "-U", "awsuser", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-qAt", "-c", statement).CombinedOutput()
	return strings.TrimSuffix(string(out), "\n"), err
}

// run runs statements and returns what they give.
func (d *database) run(statement string) string {
	d.t.Helper()
	out, err := d.psql(statement)
	if err != nil {
		d.t.Fatalf("%s: %s", statement, out)
	}
	return out
}

// rows are those of a table, as its objects of JSON.
func (d *database) rows(table string) string {
	d.t.Helper()
	return d.run(`SELECT '{"id":' || id || ',"msg":"' || msg || '","value":' || value || '}' FROM ` + table + ` ORDER BY id`)
}

// entries are the objects that the manifests under out name, whose path holds folder.
func entries(t *testing.T, out, folder string) (all string) {
	t.Helper()
	err := filepath.WalkDir(out, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.Contains(path, folder) {
			return err
		}
		var manifest struct{ Entries []struct{ URL string } }
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, &manifest)
		}
		for _, e := range manifest.Entries {
			body, rerr := os.ReadFile(filepath.Join(out, strings.TrimPrefix(e.URL, "s3://")))
			if rerr != nil {
				return rerr
			}
			all += string(body) + "\n"
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(all, "\n")
}

// TestDestinationRedshift delivers to a PostgreSQL server that stands in for Redshift, and compares rows.
func TestDestinationRedshift(t *testing.T) {
	d := startPostgres(t)
	d.run(`CREATE ROLE locked LOGIN PASSWORD 'right'; CREATE ROLE weak LOGIN; CREATE ROLE reader LOGIN SUPERUSER; ALTER ROLE reader SET default_transaction_read_only = on;
		CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = '53100'; END $$`)
	lines := events(300)
	csv := make([]string, len(lines))
	for i := range csv {
		csv[i] = fmt.Sprintf(`%d,"event %d",%d.5`, i, i, i)
	}
	fresh := func(table string) {
		d.run("DROP TABLE IF EXISTS " + table + "; CREATE TABLE " + table + " (id int, msg varchar(20), value numeric)")
	}
	endpoint := func(user, addr, db string) string { return "postgres://" + user + addr + "/" + db }
	try := func(t *testing.T, status int, stream string, in []string, to string, more ...string) (string, summary) {
		dir := t.TempDir()
		write(t, dir, "stream.json", stream)
		write(t, dir, "in.ndjson", strings.Join(in, "\n")+"\n")
		s := replay(t, dir, status, append([]string{"--stream", "stream.json", "--rate", "2/s", "--destination", "live", "--endpoint", to, "in.ndjson"}, more...)...)
		return filepath.Join(dir, "out"), s
	}
	live := endpoint("awsuser@", d.addr, "postgres")

	for _, tt := range []struct{ name, options, compression string }{
		{"json", "json 'auto'", "UNCOMPRESSED"}, {"json compressed", "GZIP json 'auto' TIMEFORMAT 'auto'", "GZIP"}, {"csv", "csv", "UNCOMPRESSED"}, {"csv compressed", "csv gzip", "GZIP"},
	} {
		t.Run("success/"+tt.name, func(t *testing.T) {
			fresh("events")
			in := lines
			if strings.HasPrefix(tt.name, "csv") {
				in = csv
			}
			out, s := try(t, 0, redshiftStream("events", tt.options, tt.compression, 600), in, live)
			if got := d.rows("events"); got != strings.Join(lines, "\n") || s.Delivered != 300 || s.Retries != 0 {
				t.Errorf("%.200s: %+v", got, s)
			}
			if got := backup(t, out, "/source/2025/"); got != strings.Join(in, "") {
				t.Errorf("the backup: %.200s", got)
			}
		})
	}

	t.Run("success/a secret and a workgroup", func(t *testing.T) {
		fresh("events")
		d.run("GRANT INSERT, SELECT ON events TO locked")
		const arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:warehouse-AbCdEf"
		stream := strings.Replace(redshiftStream("events", "json 'auto'", "UNCOMPRESSED", 0), `"Username": "awsuser", "Password": "Secret123"`,
			`"SecretsManagerConfiguration": {"Enabled": true, "SecretARN": "`+arn+`"}`, 1)
		stream = strings.Replace(stream, "warehouse.abc.us-east-1.redshift.", "wg.123456789012.us-east-1.redshift-serverless.", 1)
		secret := func(password string) string {
			return arn + "=" + write(t, t.TempDir(), "secret", `{"username": "locked", "password": "`+password+`"}`)
		}
		_, s := try(t, 0, stream, lines, endpoint("", d.addr, "postgres"), "--secret", secret("right"))
		if got := d.rows("events"); got != strings.Join(lines, "\n") || s.Delivered != 300 {
			t.Errorf("%.200s: %+v", got, s)
		}
		if _, s = try(t, 3, stream, lines, endpoint("", d.addr, "postgres"), "--secret", secret("wrong")); s.Failures["Redshift.AuthenticationFailed"] != 300 {
			t.Errorf("%+v", s)
		}
	})

	t.Run("rejected rows", func(t *testing.T) {
		fresh("events")
		in := append([]string(nil), lines...)
		in[7], in[100] = `{"id":"seven"}`, `{"msg":"longer than twenty characters"}`
		out, s := try(t, 3, redshiftStream("events", "json 'auto' MAXERROR 5", "UNCOMPRESSED", 0), in, live)
		if got := d.rows("events"); got != strings.Join(slices.Concat(lines[:7], lines[8:100], lines[101:]), "\n") || s.Delivered != 298 || s.Lost != 2 || s.Failed != 0 {
			t.Errorf("%.200s: %+v", got, s)
		}
		if got := backup(t, out, "/source/2025/"); got != strings.Join(in, "") {
			t.Errorf("the backup: %.200s", got)
		}
	})

	// 300 records are three batches, of a minute each; COPY is repeated after 5, 10 and 15 minutes.
	t.Run("short outage", func(t *testing.T) {
		fresh("events")
		c := &cutter{passes: 1, refuse: 3} // one of which is the driver's, which has a command cancelled when its connection breaks
		out, s := try(t, 0, redshiftStream("events", "json 'auto'", "UNCOMPRESSED", 900), lines, endpoint("awsuser@", c.listen(t, d.addr), "postgres?sslmode=disable"))
		if got := d.rows("events"); got != strings.Join(lines, "\n") || s.Delivered != 300 || s.Retries != 2 {
			t.Errorf("%.200s: %+v", got, s)
		}
		if got := entries(t, out, "/manifests/2025/"); got != strings.Join(lines, "\n") {
			t.Errorf("the manifests name objects with %.200s", got)
		}
	})

	t.Run("an answer is lost", func(t *testing.T) { // rows that nobody heard of are loaded again
		fresh("events")
		c := &cutter{swallow: 1, from: "COPY 20"}
		if _, s := try(t, 0, redshiftStream("events", "json 'auto'", "UNCOMPRESSED", 900), lines[:20], endpoint("awsuser@", c.listen(t, d.addr), "postgres?sslmode=disable")); s.Delivered != 20 || s.Retries != 1 {
			t.Errorf("%+v", s)
		}
		if got := d.run("SELECT count(*), count(DISTINCT id) FROM events"); got != "40|20" {
			t.Errorf("rows: %s", got)
		}
	})

	t.Run("long outage", func(t *testing.T) {
		fresh("events")
		c := &cutter{passes: 1, refuse: 1000}
		out, s := try(t, 3, redshiftStream("events", "json 'auto'", "UNCOMPRESSED", 900), lines, endpoint("awsuser@", c.listen(t, d.addr), "postgres?sslmode=disable"))
		n := int(s.Delivered)
		if n == 0 || n == 300 || s.Failed != int64(300-n) || s.Failures["Redshift.ConnectionFailed"] != s.Failed || d.rows("events") != strings.Join(lines[:n], "\n") {
			t.Errorf("%+v", s)
		}
		if got := entries(t, out, "/errors/manifests/2025/"); got != strings.Join(lines[n:], "\n") {
			t.Errorf("the manifests of what was skipped name objects with %.200s", got)
		}
		if got := backup(t, out, "/source/2025/"); got != strings.Join(lines, "") {
			t.Errorf("the backup: %.200s", got)
		}
	})

	t.Run("nobody there", func(t *testing.T) {
		fresh("events")
		out, s := try(t, 3, redshiftStream("events", "json 'auto'", "UNCOMPRESSED", 900), lines, endpoint("awsuser@", freePort(t), "postgres"))
		if s.Failures["Redshift.ConnectionFailed"] != 300 || d.rows("events") != "" {
			t.Errorf("%+v", s)
		}
		if got := entries(t, out, "/errors/manifests/2025/"); got != strings.Join(lines, "\n") {
			t.Errorf("the manifests of what was skipped name objects with %.200s", got)
		}
	})

	t.Run("an object that is gone", func(t *testing.T) { // before COPY reads it
		fresh("events")
		dir := t.TempDir()
		c := &cutter{before: func() { os.RemoveAll(filepath.Join(dir, "out", "intermediate", "2025")) }} //nolint:errcheck // the test sees
		write(t, dir, "stream.json", redshiftStream("events", "json 'auto'", "UNCOMPRESSED", 0))
		write(t, dir, "in.ndjson", strings.Join(lines[:20], "\n")+"\n")
		s := replay(t, dir, 3, "--stream", "stream.json", "--destination", "live", "--endpoint", endpoint("awsuser@", c.listen(t, d.addr), "postgres?sslmode=disable"), "in.ndjson")
		if s.Failures["Redshift.MissingS3File"] != 20 || s.Failed != 20 || d.rows("events") != "" {
			t.Errorf("%+v", s)
		}
	})

	for _, tt := range []struct{ name, code, table, options, user, db, setup string }{
		{"no table", "TableNotFound", "nothing", "json 'auto'", "awsuser", "postgres", ""},
		{"no column", "ColumnNotFound", "events", "json 'auto'", "awsuser", "postgres", "ALTER TABLE events RENAME value TO price"},
		{"a column that must be there", "MissingColumn", "events", "json 'auto'", "awsuser", "postgres", "ALTER TABLE events ADD must int NOT NULL"},
		{"syntax", "SyntaxError", "events", "jason", "awsuser", "postgres", ""},
		{"options", "IncorrectCopyOptions", "events", "json 'auto' csv", "awsuser", "postgres", ""},
		{"a bad row", "DataLoadFailed", "events", "json 'auto'", "awsuser", "postgres", "ALTER TABLE events ALTER msg TYPE varchar(3)"},
		{"not compressed", "DataLoadFailed", "events", "json 'auto' gzip", "awsuser", "postgres", ""},
		{"password", "AuthenticationFailed", "events", "json 'auto'", "locked:wrong", "postgres", ""},
		{"database", "DatabaseNotFound", "events", "json 'auto'", "awsuser", "nothing", ""},
		{"privilege", "InsufficientPrivilege", "events", "json 'auto'", "weak", "postgres", ""},
		{"read only", "ReadOnlyCluster", "events", "json 'auto'", "reader", "postgres", ""},
		{"disk", "DiskFull", "events", "json 'auto'", "awsuser", "postgres", "CREATE TRIGGER full_disk BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION full_disk()"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fresh("events")
			if tt.setup != "" {
				d.run(tt.setup)
			}
			out, s := try(t, 3, redshiftStream(tt.table, tt.options, "UNCOMPRESSED", 300), lines[:20], endpoint(tt.user+"@", d.addr, tt.db))
			if s.Failures["Redshift."+tt.code] != 20 || s.Failed != 20 || d.run("SELECT count(*) FROM events") != "0" {
				t.Errorf("%+v", s)
			}
			if got := entries(t, out, "/errors/manifests/2025/"); got != strings.Join(lines[:20], "\n") {
				t.Errorf("what was skipped: %.200s", got)
			}
			if got := backup(t, out, "/source/2025/"); got != strings.Join(lines[:20], "") {
				t.Errorf("the backup: %.200s", got)
			}
		})
	}
}

package conformance

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// icebergStream is a description of a stream that routes its records by their members table and op.
func icebergStream(retry int) string {
	return fmt.Sprintf(`{"DeliveryStreamName": "changes", "IcebergDestinationConfiguration": {"RoleARN": "arn:aws:iam::123456789012:role/r",
		"CatalogConfiguration": {"CatalogARN": "arn:aws:glue:us-east-1:123456789012:catalog"},
		"DestinationTableConfigurationList": [
			{"DestinationDatabaseName": "shop", "DestinationTableName": "orders", "S3ErrorOutputPrefix": "orders/"},
			{"DestinationDatabaseName": "shop", "DestinationTableName": "items", "UniqueKeys": ["sku", "country"]}],
		"ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "MetadataExtraction", "Parameters": [
			{"ParameterName": "JsonParsingEngine", "ParameterValue": "JQ-1.6"},
			{"ParameterName": "MetadataExtractionQuery", "ParameterValue": "{destinationDatabaseName: \"shop\", destinationTableName: .table, operation: .op}"}]}]},
		"BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 60}, "RetryOptions": {"DurationInSeconds": %d},
		"S3Configuration": {"RoleARN": "arn:aws:iam::123456789012:role/r", "BucketARN": "arn:aws:s3:::failed"}}}`, retry)
}

var icebergMembers = []string{"attemptsMade", "arrivalTimestamp", "errorCode", "errorMessage", "attemptEndingTimestamp", "rawData", "EventId",
	"destinationDatabaseName", "destinationTableName"}

// An icebergCatalog is a running REST catalog, and what stands before it.
type icebergCatalog struct {
	t           *testing.T
	direct, url string

	mu        sync.Mutex
	passes    int    // so many commits pass before the others
	away      int    // of those so many are answered with 503
	lost      int    // of those so many lose their answer
	before    func() // once, before a commit
	conflicts int    // commits that the catalog refused, since somebody else was first
}

func startIceberg(t *testing.T) *icebergCatalog {
	t.Helper()
	jar := filepath.Join(os.Getenv("HYDRANT_CONFORMANCE"), "iceberg", "iceberg-open-api.jar")
	if _, err := os.Stat(jar); err != nil {
		lacks(t, "Iceberg's REST catalog isn't here: run make conformance-destinations, with Maven")
	}
	dir, addr := t.TempDir(), freePort(t)
	_, port, _ := strings.Cut(addr, ":")
	start(t, dir, []string{addr}, "env", "CATALOG_WAREHOUSE=file://"+filepath.Join(dir, "warehouse"), "CATALOG_REST_PORT="+port,
		"java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar", jar)
	c := &icebergCatalog{t: t, direct: "http://" + addr}
	u, err := url.Parse(c.direct)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	proxy.ModifyResponse = func(r *http.Response) error {
		if r.StatusCode == http.StatusConflict {
			c.conflicts++ // one commit is under way at a time
		}
		return nil
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			proxy.ServeHTTP(w, r)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if f := c.before; f != nil {
			c.before = nil
			f()
		}
		switch {
		case c.passes > 0:
			c.passes--
			proxy.ServeHTTP(w, r)
		case c.away > 0:
			c.away--
			w.WriteHeader(http.StatusServiceUnavailable)
		case c.lost > 0:
			c.lost--
			proxy.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(front.Close)
	c.url = front.URL
	return c
}

// python runs a verb of iceberg.py.
func (c *icebergCatalog) python(verb string, args ...string) string {
	c.t.Helper()
	python := filepath.Join(os.Getenv("HYDRANT_CONFORMANCE"), "iceberg", "venv", "bin", "python")
	out, errs, status := run(c.t, ".", append([]string{python, "iceberg.py", verb, c.direct}, args...)...)
	if status != 0 {
		c.t.Fatalf("iceberg.py %s %v: %s", verb, args, errs)
	}
	return out
}

// A table is what pyiceberg reads.
type table struct {
	Rows       []string
	Snapshots  [][2]string // operation, rows in all
	Files      int
	Partitions []string
}

func (c *icebergCatalog) read(name string) (t table) {
	c.t.Helper()
	if err := json.Unmarshal([]byte(c.python("read", name)), &t); err != nil {
		c.t.Fatal(err)
	}
	return t
}

// rows compares the rows of a table.
func (c *icebergCatalog) rows(name string, want []string) table {
	c.t.Helper()
	got := c.read(name)
	want = slices.Clone(want)
	slices.Sort(want)
	if strings.Join(got.Rows, "\n") != strings.Join(want, "\n") {
		c.t.Errorf("%s has %d rows, want %d:\n%.3000s\nwant\n%.3000s", name, len(got.Rows), len(want), strings.Join(got.Rows, "\n"), strings.Join(want, "\n"))
	}
	return got
}

func (c *icebergCatalog) deliver(wantStatus, retry int, lines []string, flags ...string) (summary, string) {
	c.t.Helper()
	return c.deliverBy(icebergStream(retry), wantStatus, lines, flags...)
}

func (c *icebergCatalog) deliverBy(stream string, wantStatus int, lines []string, flags ...string) (summary, string) {
	c.t.Helper()
	dir := c.t.TempDir()
	write(c.t, dir, "s.json", stream)
	write(c.t, dir, "in.ndjson", strings.Join(lines, "\n")+"\n")
	args := append([]string{"--stream", "s.json", "--input-format", "lines", "--destination", "live", "--endpoint", c.url}, flags...)
	return replay(c.t, dir, wantStatus, append(args, "in.ndjson")...), filepath.Join(dir, "out")
}

// order is a record of shop.orders, and the row that pyiceberg reads of it.
func order(id int, name, op string) (record, row string) {
	const values = `"price":%s,"at":%s,"seen":%s,"day":"2024-02-%02d","tags":["a",null],"pos":{"x":%d.5,"y":0.25},"counts":{"k":%d},"ok":%t`
	more := func(price, at, seen string) string {
		return fmt.Sprintf(values, price, at, seen, 1+id%28, id, id, id%2 == 0)
	}
	record = fmt.Sprintf(`{"table":"orders","op":%q,"id":%d,"userName":%q,%s}`, op, id, name,
		more(fmt.Sprintf("%d.25", id), `"2024-01-31T01:02:03.004005Z"`, `"2024-01-31T01:02:03.5Z"`))
	row = fmt.Sprintf(`{"id":%d,"userName":%q,%s}`, id, name,
		more(fmt.Sprintf(`"%d.25"`, id), `"2024-01-31 01:02:03.004005"`, `"2024-01-31 01:02:03.500000+00:00"`))
	return record, row
}

// TestDestinationIceberg delivers into tables of Iceberg's own REST catalog, which pyiceberg reads.
func TestDestinationIceberg(t *testing.T) {
	c := startIceberg(t)
	c.python("make")
	step := func(name string, f func(t *testing.T)) {
		t.Run(name, func(inner *testing.T) {
			c.t = inner
			defer func() { c.t = t }()
			f(inner)
		})
	}
	orders := map[int]string{}
	all := func() (rows []string) {
		for _, r := range orders {
			rows = append(rows, r)
		}
		return rows
	}
	step("insert", func(t *testing.T) {
		var lines, items, clicks []string
		for i := range 300 {
			record, row := order(i, fmt.Sprintf("user %d", i), "insert")
			lines, orders[i] = append(lines, record), row
			country := []string{"de", "fr", ""}[i%3]
			member, value := fmt.Sprintf(`"country":%q,`, country), fmt.Sprintf("%q", country)
			if country == "" {
				member, value = "", "null"
			}
			lines = append(lines, fmt.Sprintf(`{"table":"items",%s"sku":"s%d","n":%d}`, member, i, i))
			items = append(items, fmt.Sprintf(`{"country":%s,"sku":"s%d","n":%d}`, value, i, i))
			lines = append(lines, fmt.Sprintf(`{"table":"clicks","op":null,"at":"2024-03-%02dT10:00:00Z","url":"/%d"}`, 1+i%2, i))
			clicks = append(clicks, fmt.Sprintf(`{"at":"2024-03-%02d 10:00:00","url":"/%d"}`, 1+i%2, i))
		}
		s, _ := c.deliver(0, 300, lines)
		if s.Delivered != 900 {
			t.Errorf("%+v", s)
		}
		got := c.rows("shop.orders", all())
		if fmt.Sprint(got.Snapshots) != "[[append 300]]" {
			t.Errorf("snapshots %v", got.Snapshots)
		}
		if got := c.rows("shop.items", items); strings.Join(got.Partitions, " ") != `{"country": "de"} {"country": "fr"} {"country": null}` {
			t.Errorf("partitions %v", got.Partitions)
		}
		if got := c.rows("shop.clicks", clicks); strings.Join(got.Partitions, " ") != `{"at_day": "2024-03-01"} {"at_day": "2024-03-02"}` {
			t.Errorf("partitions %v", got.Partitions)
		}
	})
	step("update and delete", func(t *testing.T) {
		var lines []string
		change := func(id int, name, op string) {
			record, row := order(id, name, op)
			lines = append(lines, record)
			if delete(orders, id); op != "delete" {
				orders[id] = row
			}
		}
		change(1, "another", "update")
		change(2, "gone", "delete")
		change(1000, "new by update", "update")
		change(1001, "new", "insert")
		change(1001, "gone again", "delete")
		change(1002, "new", "insert")
		change(1002, "changed at once", "update")
		lines = append(lines, `{"table":"orders","op":"delete","id":3}`, // the key is enough
			`{"table":"items","op":"delete","country":"de","sku":"s0"}`, `{"table":"items","op":"update","country":"fr","sku":"s1","n":-1}`,
			`{"table":"items","op":"delete","country":"fr","sku":"s0"}`)
		delete(orders, 3)
		if s, _ := c.deliver(0, 300, lines); s.Delivered != int64(len(lines)) {
			t.Errorf("%+v", s)
		}
		got := c.rows("shop.orders", all())
		if fmt.Sprint(got.Snapshots) != fmt.Sprintf("[[append 300] [overwrite %d]]", len(orders)) || got.Files != 2 {
			t.Errorf("snapshots %v, %d files", got.Snapshots, got.Files)
		}
		items := c.read("shop.items")
		if text := strings.Join(items.Rows, "\n"); len(items.Rows) != 299 || strings.Contains(text, `"sku":"s0"`) || !strings.Contains(text, `{"country":"fr","sku":"s1","n":-1}`) {
			t.Errorf("%d items", len(items.Rows))
		}
		lines = nil
		for id := range orders {
			lines = append(lines, fmt.Sprintf(`{"table":"orders","op":"delete","id":%d}`, id))
		}
		clear(orders)
		c.deliver(0, 300, lines)
		if got := c.rows("shop.orders", nil); fmt.Sprint(got.Snapshots[2]) != "[delete 0]" {
			t.Errorf("snapshots %v", got.Snapshots)
		}
	})
	step("records that fail", func(t *testing.T) {
		good, row := order(5000, "good", "insert")
		orders[5000] = row
		badType := `{"table":"orders","id":"five"}`
		noKey := `{"table":"orders","op":"delete","userName":"x"}`
		required := `{"table":"orders","userName":"x"}`
		inner := `{"table":"orders","id":6,"pos":{"x":1}}`
		noTable := `{"table":"nothing","id":5}`
		noKeys := `{"table":"clicks","op":"delete","url":"/"}`
		s, out := c.deliver(3, 300, []string{badType, noKey, good, required, inner, noTable})
		if s.Delivered != 1 || s.Failed != 5 {
			t.Errorf("%+v", s)
		}
		for code, n := range map[string]int64{"Iceberg.SchemaTypeMismatch": 1, "Iceberg.UniqueKeysNotFound": 1, "Iceberg.MissingColumnWithinRecord": 2, "Iceberg.GlueTableNotFound": 1} {
			if s.Failures[code] != n {
				t.Errorf("%s: %d, want %d", code, s.Failures[code], n)
			}
		}
		if got := failedLines(t, out, "failed/iceberg-failed/", "Iceberg.GlueTableNotFound", icebergMembers...); sorted(got) != noTable {
			t.Errorf("%q", got)
		}
		text := backup(t, out, "failed/orders/iceberg-failed/") // the table's own prefix
		for _, record := range []string{badType, noKey, required, inner} {
			if strings.Count(text, fmt.Sprintf(`"rawData":%q`, base64.StdEncoding.EncodeToString([]byte(record)))) != 1 || strings.Count(text, "\n") != 4 {
				t.Errorf("%s isn't in %s", record, text)
			}
		}
		if _, out = c.deliver(3, 300, []string{noKeys}); sorted(failedLines(t, out, "failed/iceberg-failed/", "Iceberg.UniqueKeysNotFound", icebergMembers...)) != noKeys {
			t.Error("the table has no unique keys")
		}
		c.rows("shop.orders", all())
	})
	step("a commit in between", func(t *testing.T) {
		c.before = func() { c.python("append", "shop.orders", `{"id":7000,"userName":"other"}`) }
		record, row := order(6000, "conflict", "update")
		orders[6000] = row
		if s, _ := c.deliver(0, 300, []string{record}); s.Delivered != 1 || s.Retries != 0 || c.conflicts != 1 {
			t.Errorf("%d conflicts, %+v", c.conflicts, s)
		}
		orders[7000] = `{"id":7000,"userName":"other","price":null,"at":null,"seen":null,"day":null,"tags":null,"pos":null,"counts":null,"ok":null}`
		c.rows("shop.orders", all())
		// A file that somebody else wrote is written again, without the row.
		delete(orders, 7000)
		record, orders[5000] = order(5000, "again", "update")
		c.deliver(0, 300, []string{`{"table":"orders","op":"delete","id":7000}`, record})
		c.rows("shop.orders", all())
	})
	step("a short outage", func(t *testing.T) {
		c.away, c.lost = 3, 1
		record, row := order(8000, "once", "insert")
		orders[8000] = row
		if s, _ := c.deliver(0, 300, []string{record}); s.Delivered != 1 || s.Retries != 4 {
			t.Errorf("%+v", s)
		}
		c.rows("shop.orders", all())
	})
	step("a long outage", func(t *testing.T) {
		c.away = 1000
		defer func() { c.away = 0 }()
		record, _ := order(9000, "never", "insert")
		other := `{"table":"clicks","url":"/never"}`
		s, out := c.deliver(3, 60, []string{record, other})
		if s.Failed != 2 || s.Failures["Iceberg.CommitFailed"] != 2 {
			t.Errorf("%+v", s)
		}
		if got := failedLines(t, out, "iceberg-failed", "Iceberg.CommitFailed", icebergMembers...); sorted(got) != sorted([]string{record, other}) {
			t.Errorf("failed lines of %q", got)
		}
		if _, err := os.Stat(filepath.Join(out, "failed", "orders", "iceberg-failed")); err != nil {
			t.Error(err)
		}
		c.rows("shop.orders", all())
	})
	step("an outage in the middle", func(t *testing.T) { // of three batches, a minute each
		before := c.read("shop.items").Rows
		var lines, rows []string
		for i := range 180 {
			lines = append(lines, fmt.Sprintf(`{"table":"items","country":"es","sku":"o%d","n":%d}`, i, i))
			rows = append(rows, fmt.Sprintf(`{"country":"es","sku":"o%d","n":%d}`, i, i))
		}
		c.passes, c.away, c.lost = 1, 2, 1
		if s, _ := c.deliver(0, 60, lines, "--rate", "1/s"); s.Delivered != 180 || s.Retries != 3 {
			t.Errorf("within the budget: %+v", s)
		}
		c.rows("shop.items", append(before, rows...))
		c.passes, c.away = 1, 1000
		defer func() { c.passes, c.away = 0, 0 }()
		s, out := c.deliver(3, 10, lines, "--rate", "1/s")
		failed := failedLines(t, out, "failed/iceberg-failed/", "Iceberg.CommitFailed", icebergMembers...)
		n := len(lines) - len(failed)
		if n != 60 || s.Delivered != 60 || strings.Join(failed, "\n") != strings.Join(lines[n:], "\n") {
			t.Errorf("beyond the budget: %d lines of error output, %+v", len(failed), s)
		}
		c.rows("shop.items", append(append(before, rows...), rows[:60]...))
	})
	step("routing by a function", func(t *testing.T) { // otfMetadata wins over the query
		script := absolute(t, "function.py")
		stream := strings.Replace(icebergStream(60), `"Processors": [`, `"Processors": [{"Type": "Lambda", "Parameters": [
			{"ParameterName": "LambdaArn", "ParameterValue": "arn:aws:lambda:us-east-1:123456789012:function:f"}]}, `, 1)
		before := c.read("shop.clicks").Rows
		lines := []string{`{"table":"orders","to":"clicks","at":"2024-05-01T00:00:00Z","url":"/routed"}`, `{"table":"items","to":"","sku":"by query","n":1}`,
			`{"table":"orders","to":"items","as":"delete","sku":"s4","country":"fr"}`}
		items := slices.DeleteFunc(c.read("shop.items").Rows, func(r string) bool { return r == `{"country":"fr","sku":"s4","n":4}` })
		s, _ := c.deliverBy(stream, 0, lines, "--function", "f=exec:"+filepath.Join(os.Getenv("HYDRANT_CONFORMANCE"), "iceberg", "venv", "bin", "python")+" "+script+" route")
		if s.Delivered != 3 {
			t.Errorf("%+v", s)
		}
		c.rows("shop.clicks", append(before, `{"at":"2024-05-01 00:00:00","url":"/routed"}`))
		c.rows("shop.items", append(items, `{"country":null,"sku":"by query","n":1}`))
	})
	step("append only", func(t *testing.T) {
		stream := strings.Replace(icebergStream(60), `"DestinationTableConfigurationList"`, `"AppendOnly": true, "DestinationTableConfigurationList"`, 1)
		before := c.read("shop.items").Rows
		refused := []string{`{"table":"items","op":"update","country":"fr","sku":"s1","n":5}`, `{"table":"items","op":"delete","country":"fr","sku":"s1"}`}
		s, out := c.deliverBy(stream, 3, append(refused, `{"table":"items","op":"insert","sku":"appended","n":1}`))
		if got := failedLines(t, out, "failed/iceberg-failed/", "Iceberg.InvalidOperation", icebergMembers...); s.Delivered != 1 || strings.Join(got, "\n") != strings.Join(refused, "\n") {
			t.Errorf("%q: %+v", got, s)
		}
		c.rows("shop.items", append(before, `{"country":null,"sku":"appended","n":1}`))
	})
	step("a table that isn't written", func(t *testing.T) { // the whole of its batch fails, and the other table's is delivered
		c.python("bucketed", "shop.buckets")
		before := c.read("shop.items").Rows
		lines := []string{`{"table":"buckets","id":1}`, `{"table":"buckets","id":2}`}
		s, out := c.deliver(3, 300, append(lines, `{"table":"items","sku":"beside","n":1}`))
		if got := failedLines(t, out, "failed/iceberg-failed/", "Iceberg.UnsupportedTable", icebergMembers...); s.Delivered != 1 || s.Retries != 0 || strings.Join(got, "\n") != strings.Join(lines, "\n") {
			t.Errorf("%q: %+v", got, s)
		}
		c.rows("shop.buckets", nil)
		c.rows("shop.items", append(before, `{"country":null,"sku":"beside","n":1}`))
	})
	step("more files than are read", func(t *testing.T) { // by an update or a delete; an insert reads none
		c.python("files", "shop.files", "1001")
		stream := strings.Replace(icebergStream(300), `"shop", "DestinationTableName": "items"`, `"shop", "DestinationTableName": "files"`, 1)
		stream = strings.Replace(stream, `["sku", "country"]`, `["id"]`, 1)
		s, out := c.deliverBy(stream, 3, []string{`{"table":"files","op":"delete","id":7}`})
		if got := failedLines(t, out, "failed/iceberg-failed/", "Iceberg.UnsupportedTable", icebergMembers...); len(got) != 1 || s.Failed != 1 || s.Retries != 0 {
			t.Errorf("%q: %+v", got, s)
		}
		if text := backup(t, out, "failed/iceberg-failed/"); !strings.Contains(text, "the table has 1001 data files; updates and deletes read each of them, and at most 1000 are read (compact the table first)") {
			t.Errorf("the line is %s", text)
		}
		c.deliverBy(stream, 0, []string{`{"table":"files","op":"insert","id":5000}`})
		if got := c.read("shop.files"); len(got.Rows) != 1002 || got.Files != 1002 {
			t.Errorf("%d rows in %d files", len(got.Rows), got.Files)
		}
	})
	step("a schema that grows", func(t *testing.T) {
		c.python("evolve", "shop.clicks")
		before := c.read("shop.clicks").Rows
		c.deliver(0, 300, []string{`{"table":"clicks","at":"2024-03-03T00:00:00Z","url":"/x","more":"new"}`})
		c.rows("shop.clicks", append(before, `{"at":"2024-03-03 00:00:00","url":"/x","more":"new"}`))
	})
	step("the same input again", func(t *testing.T) { // is other data: nothing of the first is overwritten
		record, row := order(8500, "twice", "insert")
		c.deliver(0, 300, []string{record})
		c.deliver(0, 300, []string{record})
		c.rows("shop.orders", append(all(), row, row))
	})
}

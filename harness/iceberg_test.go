package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/harness/sink"
	"github.com/hydrantkit/hydrant/internal/avro"
)

// A tableCatalog is a REST catalog with its tables' files: by the protocol's rules, as far as they are used.
type tableCatalog struct {
	t        testing.TB
	tables   map[string]map[string]any // metadata by database.table
	files    map[string][]byte
	commits  int
	before   func(attempt int) *sink.Answer          // what a commit meets; nil for nothing
	after    func(attempt int) (*sink.Answer, error) // in place of the answer to a commit that was made; nil, nil for nothing
	loaded   func() *sink.Answer                     // in place of a table's metadata; nil for nothing
	failFile func(uri string) error
}

func newTableCatalog(t testing.TB) *tableCatalog {
	return &tableCatalog{t: t, tables: map[string]map[string]any{}, files: map[string][]byte{}}
}

// table adds a table. fields and spec are JSON.
func (c *tableCatalog) table(name, fields, spec string) {
	var metadata map[string]any
	text := fmt.Sprintf(`{"format-version":2,"table-uuid":"%s-uuid","location":"mem://%s","last-sequence-number":0,"last-updated-ms":0,"current-schema-id":0,
		"schemas":[{"type":"struct","schema-id":0,"identifier-field-ids":[1],"fields":[%s]}],"default-spec-id":0,"partition-specs":[{"spec-id":0,"fields":[%s]}],
		"current-snapshot-id":-1,"snapshots":[]}`, name, name, fields, spec)
	if err := json.Unmarshal([]byte(text), &metadata); err != nil {
		c.t.Fatal(err)
	}
	c.tables[name] = metadata
}

// Do answers a request.
func (c *tableCatalog) Do(ctx context.Context, r *sink.Request) (*sink.Answer, error) {
	path, ok := strings.CutPrefix(r.URL, "http://catalog/v1/")
	if !ok {
		c.t.Fatalf("%s isn't the catalog", r.URL)
	}
	if path == "config" {
		return &sink.Answer{Status: 200, Body: []byte(`{"overrides":{"prefix":"main"}}`)}, nil
	}
	path, ok = strings.CutPrefix(path, "main/namespaces/")
	db, name, ok2 := strings.Cut(path, "/tables/")
	m := c.tables[db+"."+name]
	switch {
	case !ok || !ok2 || m == nil:
		return &sink.Answer{Status: 404, Body: []byte(`{"error":{"message":"Table does not exist","code":404}}`)}, nil
	case r.Method == http.MethodGet:
		if c.loaded != nil {
			if a := c.loaded(); a != nil {
				return a, nil
			}
		}
		body, err := json.Marshal(map[string]any{"metadata": m})
		return &sink.Answer{Status: 200, Body: body}, err
	}
	c.commits++
	if c.before != nil {
		if a := c.before(c.commits); a != nil {
			return a, nil
		}
	}
	var commit struct {
		Requirements []struct {
			Type       string
			UUID       string
			SnapshotID *int64 `json:"snapshot-id"`
		}
		Updates []struct {
			Action     string
			Snapshot   map[string]any
			SnapshotID *int64 `json:"snapshot-id"`
		}
	}
	d := json.NewDecoder(bytes.NewReader(r.Body))
	d.UseNumber()
	if err := d.Decode(&commit); err != nil || len(commit.Requirements) != 2 || len(commit.Updates) != 2 {
		c.t.Fatalf("a commit is %s: %v", r.Body, err)
	}
	current := number(c.t, m["current-snapshot-id"])
	if want := commit.Requirements[1].SnapshotID; want == nil && current != -1 || want != nil && *want != current || commit.Requirements[0].UUID != m["table-uuid"] {
		return &sink.Answer{Status: 409}, nil
	}
	snapshot := commit.Updates[0].Snapshot
	if number(c.t, snapshot["sequence-number"]) != number(c.t, m["last-sequence-number"])+1 {
		c.t.Errorf("sequence number %v after %v", snapshot["sequence-number"], m["last-sequence-number"])
	}
	m["snapshots"] = append(m["snapshots"].([]any), snapshot)
	m["current-snapshot-id"], m["last-sequence-number"], m["last-updated-ms"] = snapshot["snapshot-id"], snapshot["sequence-number"], snapshot["timestamp-ms"]
	if c.after != nil {
		if a, err := c.after(c.commits); a != nil || err != nil {
			return a, err
		}
	}
	return &sink.Answer{Status: 200, Body: []byte(`{}`)}, nil
}

func number(t testing.TB, v any) int64 {
	i, err := json.Number(fmt.Sprint(v)).Int64()
	if f, ok := v.(float64); ok {
		return int64(f)
	}
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// Read reads a file.
func (c *tableCatalog) Read(_ context.Context, uri string) ([]byte, error) {
	b, ok := c.files[uri]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return b, nil
}

// Create writes a file that isn't there.
func (c *tableCatalog) Create(_ context.Context, uri string, data []byte) error {
	if _, ok := c.files[uri]; ok {
		return fs.ErrExist
	}
	if c.failFile != nil {
		if err := c.failFile(uri); err != nil {
			return err
		}
	}
	c.files[uri] = bytes.Clone(data)
	return nil
}

// rows reads a table from its current snapshot on, and checks the counts of its manifests.
func (c *tableCatalog) rows(name string) (rows []string) {
	c.t.Helper()
	m := c.tables[name]
	snapshots := m["snapshots"].([]any)
	if len(snapshots) == 0 {
		return nil
	}
	last := snapshots[len(snapshots)-1].(map[string]any)
	list, err := avro.Read(c.files[last["manifest-list"].(string)])
	if err != nil {
		c.t.Fatal(err)
	}
	files := 0
	for _, v := range list.Values {
		entry := v.(*avro.Record)
		manifest, err := avro.Read(c.files[entry.Get(500, "").(string)])
		if err != nil {
			c.t.Fatal(err)
		}
		var counts [3]int64
		for _, v := range manifest.Values {
			e := v.(*avro.Record)
			state := e.Get(0, "").(int64)
			counts[state]++
			data := e.Get(2, "").(*avro.Record)
			if state == 0 && (e.Get(1, "") == nil || e.Get(3, "") == nil || e.Get(4, "") == nil) {
				c.t.Errorf("an existing file without its snapshot and sequence numbers")
			}
			if state == 2 {
				continue
			}
			files++
			file := c.files[data.Get(100, "").(string)]
			text, err := (&IcebergFiles{}).Rows(file, nil)
			if err != nil {
				c.t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
			if data.Get(103, "") != int64(len(lines)) || data.Get(104, "") != int64(len(file)) {
				c.t.Errorf("a file of %d rows and %d bytes is listed as %v and %v", len(lines), len(file), data.Get(103, ""), data.Get(104, ""))
			}
			rows = append(rows, lines...)
		}
		if entry.Get(504, "") != counts[1] || entry.Get(505, "") != counts[0] || entry.Get(506, "") != counts[2] {
			c.t.Errorf("a manifest of %v entries is listed otherwise", counts)
		}
	}
	summary := last["summary"].(map[string]any)
	if summary["total-records"] != fmt.Sprint(len(rows)) || summary["total-data-files"] != fmt.Sprint(files) {
		c.t.Errorf("%d rows in %d files, and the summary is %v", len(rows), files, summary)
	}
	slices.Sort(rows)
	return rows
}

func (c *tableCatalog) same(name string, want ...string) {
	c.t.Helper()
	slices.Sort(want)
	if got := c.rows(name); strings.Join(got, "\n") != strings.Join(want, "\n") {
		c.t.Errorf("%s has the rows\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

const routedMembers = `, "RoleARN": "arn:aws:iam::123456789012:role/r", "CatalogConfiguration": {},
	"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60}, "RetryOptions": {"DurationInSeconds": 100},
	"ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "MetadataExtraction", "Parameters": [
		{"ParameterName": "JsonParsingEngine", "ParameterValue": "JQ-1.6"},
		{"ParameterName": "MetadataExtractionQuery", "ParameterValue": "{destinationDatabaseName: \"d\", destinationTableName: .t, operation: .op}"}]}]}`

// deliver replays records to the catalog's tables and returns the ledger and the error lines.
func (c *tableCatalog) deliver(records ...string) (Ledger, string) {
	c.t.Helper()
	s := parseSink(c.t, "Iceberg", routedMembers)
	bucket := &s3.Memory{}
	p, err := New(s, Options{Bucket: bucket, Transport: c, Iceberg: &sink.IcebergLive{Catalog: "http://catalog/", Storage: c}, Seed: 1})
	if err != nil {
		c.t.Fatal(err)
	}
	now := time.Unix(1735689600, 0)
	var list []record.Record
	for _, r := range records {
		list = append(list, record.Record{Data: []byte(r), Arrival: now.UnixMilli()})
	}
	next, err := p.Put(now, list)
	for err == nil && !next.IsZero() {
		next, err = p.Advance(context.Background(), next)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	l := p.Ledger()
	if err := l.Check(); err != nil {
		c.t.Error(err)
	}
	var lines strings.Builder
	for _, o := range bucket.Objects {
		lines.Write(o.Body)
	}
	return l, lines.String()
}

const (
	idName  = `{"id":1,"name":"id","required":true,"type":"long"},{"id":2,"name":"name","required":false,"type":"string"}`
	refused = "a commit that is refused"
)

// TestIcebergModel holds a table against a map, through many batches of operations at random, with a catalog and a storage that fail at
// random.
func TestIcebergModel(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 1))
		c := newTableCatalog(t)
		spec := ""
		if seed%2 == 1 {
			spec = `{"source-id":2,"field-id":1000,"name":"name","transform":"identity"}`
		}
		c.table("d.a", idName, spec)
		model := map[int]string{}
		for range 12 {
			var records []string
			for range r.IntN(30) {
				id := r.IntN(40)
				op := []string{"insert", "update", "delete"}[r.IntN(3)]
				if _, there := model[id]; there && op == "insert" {
					op = "update" // inserts of keys that are there make two rows
				}
				name := []string{`"x"`, `"y/z"`, `null`}[r.IntN(3)]
				records = append(records, fmt.Sprintf(`{"t":"a","op":%q,"id":%d,"name":%s}`, op, id, name))
				if delete(model, id); op != "delete" {
					model[id] = fmt.Sprintf(`{"id":%d,"name":%s}`, id, name)
				}
			}
			left := r.IntN(5) // things that go wrong, before the retry duration ends
			wrong := func(of int) bool {
				if left == 0 || r.IntN(of) > 0 {
					return false
				}
				left--
				return true
			}
			c.before = func(int) *sink.Answer { // refused, or the table has moved on
				return when(wrong(2), []int{409, 429, 500, 503}[r.IntN(4)])
			}
			c.after = func(int) (*sink.Answer, error) { // made, and nobody hears of it
				if wrong(3) {
					return nil, &sink.TransportError{Trouble: sink.TimedOut, Err: errors.New("late")}
				}
				return when(wrong(3), []int{202, 409, 500, 504}[r.IntN(4)]), nil
			}
			c.failFile = func(string) error {
				if wrong(10) {
					return errors.New("no space")
				}
				return nil
			}
			l, lines := c.deliver(records...)
			if l.Delivery.Out != int64(len(records)) {
				t.Fatalf("seed %d: %d of %d delivered: %s", seed, l.Delivery.Out, len(records), lines)
			}
			var want []string
			for _, row := range model {
				want = append(want, row)
			}
			c.same("d.a", want...)
		}
	}
}

// TestIcebergTroubles: what a commit meets, and what becomes of the records.
func TestIcebergTroubles(t *testing.T) {
	lost := &sink.TransportError{Trouble: sink.ConnectionClosed, Err: errors.New("closed")}
	for _, tt := range []struct {
		name      string
		set       func(c *tableCatalog)
		delivered int64
		attempts  int    // of commits
		code      string // of the error line
	}{
		{"well", func(c *tableCatalog) {}, 1, 1, ""},
		{"conflicts", func(c *tableCatalog) {
			c.before = func(n int) *sink.Answer { return when(n <= 5, 409) }
		}, 1, 6, ""},
		{"more conflicts than at once", func(c *tableCatalog) {
			c.before = func(n int) *sink.Answer { return when(n <= 20, 409) }
		}, 1, 21, ""},
		{"conflicts for ever", func(c *tableCatalog) {
			c.before = func(n int) *sink.Answer { return when(true, 409) }
		}, 0, 56, sink.IcebergCommitFailed},
		{"in trouble", func(c *tableCatalog) {
			c.before = func(n int) *sink.Answer { return when(n <= 2, 503) }
		}, 1, 3, ""},
		{"the answer is lost", func(c *tableCatalog) {
			c.after = func(int) (*sink.Answer, error) { return nil, lost }
		}, 1, 1, ""},
		{"it is made and refused, as by a proxy that asks twice", func(c *tableCatalog) {
			c.after = func(int) (*sink.Answer, error) { return when(true, 409), nil }
		}, 1, 1, ""},
		{"it is made, and answered as no catalog does", func(c *tableCatalog) {
			c.after = func(int) (*sink.Answer, error) { return when(true, 202), nil }
		}, 1, 1, ""},
		{"it is made and redirected", func(c *tableCatalog) {
			c.after = func(int) (*sink.Answer, error) { return when(true, 307), nil }
		}, 1, 1, ""},
		{"metadata that is none at first", func(c *tableCatalog) {
			n := 0
			c.loaded = func() *sink.Answer {
				n++
				return map[int]*sink.Answer{1: {Status: 200, Body: []byte("{}")}, 2: {Status: 200, Body: []byte("<html>")}}[n]
			}
		}, 1, 1, ""},
		{"not allowed", func(c *tableCatalog) {
			c.before = func(n int) *sink.Answer { return when(true, 403) }
		}, 0, 7, sink.IcebergAccessDenied},
		{"refused", func(c *tableCatalog) {
			c.before = func(n int) *sink.Answer { return when(true, 400) }
		}, 0, 1, sink.IcebergCommitFailed},
		{"a disk that is full once", func(c *tableCatalog) {
			full := errors.New("no space")
			c.failFile = func(string) error { err := full; full = nil; return err }
		}, 1, 1, ""},
		{"a folder that isn't to be written", func(c *tableCatalog) {
			c.failFile = func(string) error { return fs.ErrPermission }
		}, 0, 0, sink.IcebergAccessDenied},
		{"no table", func(c *tableCatalog) { clear(c.tables) }, 0, 0, sink.IcebergTableNotFound},
		{"version 1", func(c *tableCatalog) { c.tables["d.a"]["format-version"] = 1 }, 0, 0, sink.IcebergUnsupported},
		{"a type", func(c *tableCatalog) {
			c.table("d.a", idName+`,{"id":3,"name":"u","required":false,"type":"uuid"}`, "")
		}, 0, 0, sink.IcebergUnsupported},
		{"a partition", func(c *tableCatalog) {
			c.table("d.a", idName, `{"source-id":1,"field-id":1000,"name":"b","transform":"bucket[4]"}`)
		}, 0, 0, sink.IcebergUnsupported},
		{"broken metadata", func(c *tableCatalog) { c.tables["d.a"]["schemas"] = []any{map[string]any{"fields": 1}} }, 0, 0, sink.IcebergUnsupported},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newTableCatalog(t)
			c.table("d.a", idName, "")
			tt.set(c)
			l, lines := c.deliver(`{"t":"a","id":1}`)
			if l.Delivery.Out != tt.delivered || c.commits != tt.attempts || tt.code != "" && !strings.Contains(lines, `"errorCode":"`+tt.code+`"`) {
				t.Errorf("%d delivered by %d commits, want %d by %d: %s", l.Delivery.Out, c.commits, tt.delivered, tt.attempts, lines)
			}
			if tt.delivered == 1 {
				c.same("d.a", `{"id":1,"name":null}`)
			}
		})
	}
}

func when(yes bool, status int) *sink.Answer {
	if !yes {
		return nil
	}
	return &sink.Answer{Status: status, Body: []byte(refused)}
}

// TestIcebergFull: whichever file can't be written at first, every row is in the table, once.
func TestIcebergFull(t *testing.T) {
	for at := 1; ; at++ {
		c := newTableCatalog(t)
		c.table("d.a", idName, `{"source-id":2,"field-id":1000,"name":"name","transform":"identity"}`)
		n := 0
		c.failFile = func(string) error {
			if n++; n == at {
				return errors.New("no space")
			}
			return nil
		}
		if l, lines := c.deliver(`{"t":"a","id":1,"name":"x"}`, `{"t":"a","id":2,"name":"y"}`, `{"t":"a","id":3,"name":"z"}`); l.Delivery.Out != 3 {
			t.Errorf("file %d: %d delivered: %s", at, l.Delivery.Out, lines)
		}
		c.same("d.a", `{"id":1,"name":"x"}`, `{"id":2,"name":"y"}`, `{"id":3,"name":"z"}`)
		if n < at {
			if n != 5 {
				t.Errorf("%d files", n)
			}
			return
		}
	}
}

// TestIcebergInterrupted: what was committed while the run was interrupted isn't committed again.
func TestIcebergInterrupted(t *testing.T) {
	c := newTableCatalog(t)
	c.table("d.a", idName, "")
	ctx, cancel := context.WithCancel(context.Background())
	c.after = func(int) (*sink.Answer, error) {
		cancel()
		return nil, &sink.TransportError{Trouble: sink.ConnectionClosed, Err: context.Canceled}
	}
	table := sink.IcebergTable{Database: "d", Table: "a"}
	k := &sink.Iceberg{Tables: []sink.IcebergTable{table}, Transport: c, Live: &sink.IcebergLive{Catalog: "http://catalog/", Storage: c, Format: &IcebergFiles{}}}
	d := k.Begin(t0, []record.Record{{Data: []byte(`{"id":1}`)}, {Data: []byte(`no`), Seq: 1}})
	p, err := d.Attempt(ctx, t0)
	if !errors.Is(err, context.Canceled) || p.Delivered != 0 || len(p.Failed) != 1 || p.Done {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err = d.Attempt(context.Background(), t0); err != nil || p.Delivered != 1 || len(p.Failed) != 0 || !p.Done || c.commits != 1 {
		t.Errorf("%+v, %v, %d commits", p, err, c.commits)
	}
	c.same("d.a", `{"id":1,"name":null}`)
}

// TestIcebergTwins: two streams alike commit to a table at once, and neither takes the other's snapshot for its own.
func TestIcebergTwins(t *testing.T) {
	c := newTableCatalog(t)
	c.table("d.a", idName, "")
	c.deliver(`{"t":"a","id":10}`, `{"t":"a","id":11}`, `{"t":"a","id":12}`)
	c.before = func(int) *sink.Answer {
		c.before = nil
		c.deliver(`{"t":"a","op":"delete","id":10}`)
		return nil
	}
	if l, lines := c.deliver(`{"t":"a","op":"delete","id":11}`); l.Delivery.Out != 1 {
		t.Error(lines)
	}
	c.same("d.a", `{"id":12,"name":null}`)
}

// TestIcebergRefusals: records that can't be in the table, beside one that is.
func TestIcebergRefusals(t *testing.T) {
	for record, code := range map[string]string{
		`{"t":"a","id":"x"}`:                                sink.IcebergTypeMismatch,
		`{"t":"a"}`:                                         sink.IcebergMissingColumn,
		`{"t":"a","id":null}`:                               sink.IcebergMissingColumn,
		`{"t":"a","ID":1}`:                                  sink.IcebergMissingColumn, // names are exact
		`{"t":"a","id":1,"s":{"x":1}}`:                      sink.IcebergMissingColumn,
		`{"t":"a","id":1,"l":[{"y":1},null]}`:               sink.IcebergMissingColumn,
		`{"t":"a","id":1,"m":{"k":null}}`:                   sink.IcebergMissingColumn,
		`{"t":"a","id":1,"m":{"k":"v"}}`:                    sink.IcebergTypeMismatch,
		`{"t":"a","op":"delete"}`:                           sink.IcebergNoUniqueKeys,
		`{"t":"a","op":"delete","id":null}`:                 sink.IcebergNoUniqueKeys,
		`{"t":"a","op":"delete","id":"x"}`:                  sink.IcebergTypeMismatch,
		`{"t":"a","op":"drop","id":1}`:                      sink.IcebergInvalidOperation,
		`{"t":"b","id":1}`:                                  sink.IcebergTableNotFound,
		`{"t":"a","id":1}{"t":"a","id":1}`:                  "DynamicPartitioning.MetadataExtractionFailed",
		`{"t":"a","id":2,"l":[{"y":1}],"m":{},"s":{"y":1}}`: "",
	} {
		c := newTableCatalog(t)
		c.table("d.a", idName+`,{"id":3,"name":"s","required":false,"type":{"type":"struct","fields":[{"id":4,"name":"y","required":true,"type":"int"}]}},
			{"id":5,"name":"l","required":false,"type":{"type":"list","element-id":6,"element-required":true,"element":
				{"type":"struct","fields":[{"id":7,"name":"y","required":true,"type":"int"}]}}},
			{"id":8,"name":"m","required":false,"type":{"type":"map","key-id":9,"key":"string","value-id":10,"value-required":true,"value":"int"}}`, "")
		l, lines := c.deliver(`{"t":"a","id":100,"op":"insert"}`, record)
		if code == "" {
			if l.Delivery.Out != 2 {
				t.Errorf("%s fails: %s", record, lines)
			}
			continue
		}
		if l.Failures[code] != 1 || l.Delivery.Out != 1 {
			t.Errorf("%s: %v, %d delivered; want %s: %s", record, l.Failures, l.Delivery.Out, code, lines)
		}
		c.same("d.a", `{"id":100,"name":null,"s":null,"l":null,"m":null}`)
	}
}

// TestIcebergRefusedUpdate: an update that doesn't fit the table leaves the row that is there.
func TestIcebergRefusedUpdate(t *testing.T) {
	c := newTableCatalog(t)
	c.table("d.a", `{"id":1,"name":"id","required":true,"type":"long"},{"id":2,"name":"n","required":false,"type":"int"}`, "")
	c.deliver(`{"t":"a","id":10,"n":1}`)
	l, lines := c.deliver(`{"t":"a","op":"update","id":10,"n":"x"}`, `{"t":"a","id":11,"n":1}`, `{"t":"a","op":"update","id":11,"n":"x"}`, `{"t":"a","op":"delete","id":12,"n":"x"}`)
	if l.Delivery.Out != 2 || l.Failures[sink.IcebergTypeMismatch] != 2 {
		t.Errorf("%d delivered: %v %s", l.Delivery.Out, l.Failures, lines)
	}
	c.same("d.a", `{"id":10,"n":1}`, `{"id":11,"n":1}`)
}

// TestIcebergRewrite: what is refused rather than written again differently.
func TestIcebergRewrite(t *testing.T) {
	c := newTableCatalog(t)
	c.table("d.a", idName, "")
	c.deliver(`{"t":"a","id":10}`, `{"t":"a","id":11}`)
	c.deliver(`{"t":"a","id":12}`)
	list := c.tables["d.a"]["snapshots"].([]any)[1].(map[string]any)["manifest-list"].(string)
	// edit changes an avro file for a while.
	edit := func(uri string, change func(f *avro.File), during func()) {
		t.Helper()
		before := c.files[uri]
		f, err := avro.Read(before)
		if err == nil {
			change(f)
			c.files[uri], err = avro.Append(nil, f.Schema, f.Meta, [16]byte{}, f.Values)
		}
		if err != nil {
			t.Fatal(err)
		}
		during()
		c.files[uri] = before
	}
	remove := `{"t":"a","op":"delete","id":10}`
	refuse := func(want string) func() {
		return func() {
			t.Helper()
			if l, lines := c.deliver(remove); l.Failures[sink.IcebergUnsupported] != 1 || !strings.Contains(lines, want) {
				t.Errorf("%v %s, want %s", l.Failures, lines, want)
			}
		}
	}
	var manifest string
	edit(list, func(f *avro.File) {
		manifest = f.Values[1].(*avro.Record).Get(500, "").(string)
		f.Values[1].(*avro.Record).Set(517, "", int64(1))
	}, refuse("the table has delete files (merge-on-read)"))
	edit(manifest, func(f *avro.File) {
		for len(f.Values) <= sink.MaxRewriteFiles {
			f.Values = append(f.Values, f.Values[0])
		}
	}, refuse("the table has 1002 data files; updates and deletes read each of them, and at most 1000 are read"))
	edit(manifest, func(f *avro.File) {
		f.Values[0].(*avro.Record).Get(2, "").(*avro.Record).Set(101, "", "ORC")
	}, refuse("data files of the format Parquet; this one is ORC"))
	// A column that was renamed: the file has it under its old name.
	schema := c.tables["d.a"]["schemas"].([]any)[0].(map[string]any)["fields"].([]any)[1].(map[string]any)
	schema["name"] = "title"
	refuse("its column name isn't one of the table's")()
	schema["name"] = "name"
	// A column of float that is double by now, in which 0.1 is another number.
	f := newTableCatalog(t)
	f.table("d.a", idName+`,{"id":3,"name":"x","required":false,"type":"float"}`, "")
	f.deliver(`{"t":"a","id":1,"x":0.1}`, `{"t":"a","id":2,"x":0.1}`)
	f.tables["d.a"]["schemas"].([]any)[0].(map[string]any)["fields"].([]any)[2].(map[string]any)["type"] = "double"
	if l, lines := f.deliver(`{"t":"a","op":"delete","id":1}`); l.Failures[sink.IcebergUnsupported] != 1 || !strings.Contains(lines, "its column x is of float, and the table's of double") {
		t.Errorf("%v %s", l.Failures, lines)
	}
	c.same("d.a", `{"id":10,"name":null}`, `{"id":11,"name":null}`, `{"id":12,"name":null}`)
	// A file that a compaction took away in between: the table is read again.
	away, loads := map[string][]byte{}, 0
	c.loaded = func() *sink.Answer {
		for uri, b := range c.files {
			if loads == 0 && strings.HasSuffix(uri, ".parquet") {
				away[uri] = b
				delete(c.files, uri)
			}
		}
		if loads++; loads == 2 {
			maps.Copy(c.files, away)
		}
		return nil
	}
	if l, lines := c.deliver(`{"t":"a","op":"delete","id":11}`); l.Delivery.Out != 1 || l.Retried != 1 {
		t.Errorf("%v %s", l.Retried, lines)
	}
	c.loaded = nil
	c.same("d.a", `{"id":10,"name":null}`, `{"id":12,"name":null}`)
	// A file that isn't there any more.
	for uri := range c.files {
		if strings.HasSuffix(uri, ".parquet") {
			delete(c.files, uri)
		}
	}
	if l, lines := c.deliver(remove); l.Failures[sink.IcebergCommitFailed] != 1 {
		t.Errorf("%v %s", l.Failures, lines)
	}
}

// TestIcebergTypes: rows of every type are written again just as they were, when a row beside them goes.
func TestIcebergTypes(t *testing.T) {
	c := newTableCatalog(t)
	fields := idName
	for i, typ := range []string{`"boolean"`, `"int"`, `"float"`, `"double"`, `"decimal(9, 2)"`, `"decimal(38, 10)"`, `"date"`, `"timestamp"`, `"timestamptz"`,
		`{"type":"list","element-id":31,"element-required":false,"element":"timestamp"}`,
		`{"type":"map","key-id":32,"key":"string","value-id":33,"value-required":false,"value":"double"}`,
		`{"type":"struct","fields":[{"id":34,"name":"Mixed","required":false,"type":"long"},{"id":35,"name":"a b","required":false,"type":"string"}]}`} {
		fields += fmt.Sprintf(`,{"id":%d,"name":"c%d","required":false,"type":%s}`, i+3, i, typ)
	}
	c.table("d.a", fields, "")
	rows := []string{
		`{"id":1,"name":"é\"\\\n","c0":true,"c1":-2147483648,"c2":0.1,"c3":1e+300,"c4":-1.50,"c5":1234567890123456789012345678.0123456789,"c6":"0001-01-01",` +
			`"c7":"2024-02-29T23:59:59.999999Z","c8":"1969-12-31T23:59:59.000001Z","c9":["2024-01-01T00:00:00Z",null],"c10":{"k":1.5,"l":null},"c11":{"Mixed":9223372036854775807,"a b":""}}`,
		`{"id":-9223372036854775808,"name":"","c0":false,"c1":2147483647,"c2":-3.4028235e38,"c3":5e-324,"c4":0.00,"c5":0.0000000001,"c6":"9999-12-31",` +
			`"c7":"1970-01-01T00:00:00Z","c8":"1900-01-01T00:00:00Z","c9":[],"c10":{},"c11":{"Mixed":null,"a b":null}}`,
		`{"id":3,"name":null,"c0":null,"c1":null,"c2":null,"c3":null,"c4":null,"c5":null,"c6":null,"c7":null,"c8":null,"c9":null,"c10":null,"c11":null}`,
	}
	var records []string
	for _, r := range append(rows, `{"id":4}`) {
		records = append(records, `{"t":"a",`+r[1:])
	}
	if l, lines := c.deliver(records...); l.Delivery.Out != 4 {
		t.Fatal(lines)
	}
	before := slices.DeleteFunc(c.rows("d.a"), func(r string) bool { return strings.HasPrefix(r, `{"id":4,`) })
	if l, lines := c.deliver(`{"t":"a","op":"delete","id":4}`); l.Delivery.Out != 1 {
		t.Error(lines)
	}
	c.same("d.a", before...)
	if len(before) != 3 {
		t.Errorf("%d rows", len(before))
	}
}

// TestIcebergRules has what is refused of a description.
func TestIcebergRules(t *testing.T) {
	const base = `, "RoleARN": "arn:aws:iam::123456789012:role/r", "CatalogConfiguration": {}`
	table := func(members string) string {
		return base + `, "DestinationTableConfigurationList": [{"DestinationDatabaseName": "d", "DestinationTableName": "t"` + members + `}]`
	}
	for _, tt := range []struct{ members, want string }{
		{base, ""},
		{table(`, "UniqueKeys": ["a", "b"], "S3ErrorOutputPrefix": "e/!{firehose:error-output-type}/", "PartitionSpec": {"Identity": [{"SourceName": "day"}]}`), ""},
		{`, "RoleARN": "arn:aws:iam::123456789012:role/r"`, "catalogConfiguration"},
		{`, "CatalogConfiguration": {}`, "roleARN"},
		{`, "RoleARN": "arn:aws:iam::123456789012:role/r", "CatalogConfiguration": {"CatalogARN": "arn:aws:glue:us-east-1:1:catalog"}`, "catalogARN"},
		{base + `, "BufferingHints": {"SizeInMBs": 129}`, "sizeInMBs"},
		{base + `, "BufferingHints": {"SizeInMBs": 128, "IntervalInSeconds": 0}`, ""},
		{base + `, "RetryOptions": {"DurationInSeconds": 7201}`, "durationInSeconds"},
		{base + `, "S3BackupMode": "AllData"`, "S3BackupMode AllData is not supported for delivery to Apache Iceberg; FailedDataOnly is"},
		{base + `, "S3BackupMode": "FailedDataOnly"`, ""},
		{base + `, "SchemaEvolutionConfiguration": {"Enabled": true}`, "SchemaEvolutionConfiguration is not simulated"},
		{base + `, "TableCreationConfiguration": {"Enabled": false}`, ""},
		{table(`, "UniqueKeys": ["a b"]`), "uniqueKeys"},
		{table(`, "S3ErrorOutputPrefix": "!{partitionKeyFromQuery:k}/"`), "partitionKeyFromQuery"},
		{table(`}, {"DestinationDatabaseName": "d", "DestinationTableName": "t"`), "The table d.t has more than one destination table configuration"},
		{table(`}, {"DestinationDatabaseName": "d", "DestinationTableName": "u t"`), "destinationTableName"},
	} {
		_, err := Parse("s.json", []byte(sinkRequest("Iceberg", tt.members)), DescribeOptions{})
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.members, err, tt.want)
		}
	}
	s := parseSink(t, "Iceberg", base)
	if h, most := s.Sink.buffer(); h.Size != 5*MiB || h.Interval != 300*time.Second || most != 128*MiB || s.Sink.budget().For != 300*time.Second || s.Backup != nil {
		t.Errorf("defaults %+v", s.Sink)
	}
	if len(s.Notices) != 1 || !strings.Contains(s.Notices[0], "nothing says which a record is for") {
		t.Errorf("%q", s.Notices)
	}
}

// TestIcebergCloudFormation: CloudFormation has other names for two members than the API.
func TestIcebergCloudFormation(t *testing.T) {
	text := func(mode string) []byte {
		return []byte(`
Resources:
  S:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      IcebergDestinationConfiguration:
        RoleARN: arn:aws:iam::123456789012:role/r
        CatalogConfiguration: { CatalogArn: "arn:aws:glue:us-east-1:123456789012:catalog" }
        s3BackupMode: ` + mode + `
        S3Configuration: { RoleARN: "arn:aws:iam::123456789012:role/r", BucketARN: "arn:aws:s3:::b" }
`)
	}
	d, err := Parse("t.yaml", text("FailedDataOnly"), DescribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if e := d.Stream.Sink.(*Iceberg); e.Catalog != "arn:aws:glue:us-east-1:123456789012:catalog" {
		t.Errorf("%+v", e)
	}
	if _, err = Parse("t.yaml", text("AllData"), DescribeOptions{}); err == nil || !strings.HasPrefix(err.Error(), "t.yaml:9:") {
		t.Errorf("%v", err)
	}
}

// A tokenCatalog keeps the headers of requests.
type tokenCatalog struct {
	*tableCatalog
	headers []string
}

func (c *tokenCatalog) Do(ctx context.Context, r *sink.Request) (*sink.Answer, error) {
	c.headers = append(c.headers, r.Header.Get("Authorization"))
	if !slices.Contains(r.Secrets, "Authorization") {
		c.t.Error("the token is no secret")
	}
	return c.tableCatalog.Do(ctx, r)
}

// TestIcebergToken: every request shows the token that was said, and error lines don't.
func TestIcebergToken(t *testing.T) {
	c := &tokenCatalog{tableCatalog: newTableCatalog(t)}
	s := parseSink(t, "Iceberg", routedMembers)
	if err := s.SetSecret("Token", []byte("abc\n")); err != nil {
		t.Fatal(err)
	}
	bucket := &s3.Memory{}
	p, err := New(s, Options{Bucket: bucket, Transport: c, Iceberg: &sink.IcebergLive{Catalog: "http://catalog", Storage: c}, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1735689600, 0)
	next, err := p.Put(now, []record.Record{{Data: []byte(`{"t":"a","id":1}`), Arrival: now.UnixMilli()}})
	for err == nil && !next.IsZero() {
		next, err = p.Advance(context.Background(), next)
	}
	if err != nil || strings.Join(c.headers, " ") != "Bearer abc Bearer abc" || len(bucket.Objects) != 1 || bytes.Contains(bucket.Objects[0].Body, []byte("abc")) {
		t.Errorf("%v, %q, %d objects", err, c.headers, len(bucket.Objects))
	}
}

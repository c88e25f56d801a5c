package sink

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/avro"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// IcebergLive is where tables are: a REST catalog that knows them, and the storage that holds their files.
//
//	GET  <Catalog>/v1/config                                     once: the prefix of what follows
//	GET  <Catalog>/v1/<prefix>/namespaces/<database>/tables/<table>
//	POST <Catalog>/v1/<prefix>/namespaces/<database>/tables/<table>     409: somebody else was first; the table is read again
//
// A commit asks that the table's branch main is still where it was read. Before that its files are written, under names that
// nobody has: what is left of a commit that fails is files which no snapshot names.
type IcebergLive struct {
	Catalog string
	Token   string // of the catalog; empty is none
	Storage IcebergStorage
	Format  IcebergFormat

	prefix  string // of paths, with its slash
	greeted bool
}

// IcebergStorage holds files by their URIs.
type IcebergStorage interface {
	Read(ctx context.Context, uri string) ([]byte, error)
	// Create writes a file that isn't there: its error is fs.ErrExist where it is.
	Create(ctx context.Context, uri string, data []byte) error
}

// IcebergFormat writes and reads data files.
type IcebergFormat interface {
	// Write makes a file of n records, of which at returns number i. Those that don't fit are in bad, in their order, and not in the file.
	Write(ctx context.Context, c *IcebergColumns, n int, at func(i int) []byte) (file []byte, bad []column.RowError, err error)
	// Rows is the rows of a file, a line of JSON each, with the columns that are named; nil is all.
	Rows(file []byte, columns []string) ([]byte, error)
	// Columns are those of a file.
	Columns(file []byte) ([]IcebergColumn, error)
}

// An IcebergColumn is a column of a data file.
type IcebergColumn struct {
	Name   string
	ID     int32 // 0 where the file doesn't say
	Floats int   // it, or its parts, that are numbers of 32 bits: of a column that is double by now they read as other numbers
}

// MaxRewriteFiles is how many data files a table may have whose rows are updated or deleted: each is read.
const MaxRewriteFiles = 1000

// maxConflicts is how often a commit is made again at once when others are faster.
const maxConflicts = 8

// A commit is what is known of a table, and what was written for it in former attempts.
type commit struct {
	state *icebergState
	plan  *icebergPlan
	files []icebergFile // of plan's groups, the first of which may be written before the others
	tried []string      // manifest lists of the snapshots that the catalog was asked for
	names int           // that were given
}

// deliver has the records of a batch in their table, once.
func (l *IcebergLive) deliver(ctx context.Context, now time.Time, s *Iceberg, b *icebergBatch) (refused []refusal, err error) {
	if !l.greeted {
		if err := l.greet(ctx, s.Transport); err != nil {
			return nil, err
		}
	}
	if b.commit == nil {
		b.commit = &commit{}
	}
	c := b.commit
	for range maxConflicts {
		state, err := l.load(ctx, s.Transport, b.table)
		if err != nil {
			return refused, err
		}
		if state.has(c.tried) { // it was committed, and the answer lost or another's: of a proxy that asked twice
			return refused, nil
		}
		if c.plan == nil || c.state.UUID != state.UUID || c.state.CurrentSchema != state.CurrentSchema || c.state.DefaultSpec != state.DefaultSpec {
			c.state, c.files = state, nil
			var more []refusal
			if c.plan, more, err = l.plan(ctx, b, state); err != nil {
				return refused, err
			}
			refused = append(refused, more...)
			if len(more) > 0 {
				b.rows = keep(b.rows, more)
			}
		}
		c.state = state
		if len(b.rows) == 0 {
			return refused, nil
		}
		if err := l.write(ctx, s, b); err != nil {
			return refused, err
		}
		done, err := l.commit(ctx, now, s, b)
		if done || err != nil {
			return refused, err
		}
	}
	return refused, &record.Outage{Code: IcebergCommitFailed, Message: fmt.Sprintf("Others committed to the table %d times in between", maxConflicts)}
}

// keep is rows without those that were refused.
func keep(rows []icebergRow, refused []refusal) []icebergRow {
	gone := make(map[*record.Record]bool, len(refused))
	for _, r := range refused {
		gone[r.record] = true
	}
	return slices.DeleteFunc(slices.Clone(rows), func(r icebergRow) bool { return gone[r.Record] })
}

// request asks the catalog.
func (l *IcebergLive) request(ctx context.Context, t Transport, method, path string, body []byte) (*Answer, error) {
	header := http.Header{"Accept": {"application/json"}}
	if body != nil {
		header.Set("Content-Type", "application/json")
	}
	var secrets []string
	if l.Token != "" {
		header.Set("Authorization", "Bearer "+l.Token)
		secrets = []string{"Authorization"}
	}
	u := strings.TrimRight(l.Catalog, "/") + "/v1/" + path
	a, err := t.Do(ctx, &Request{Sink: "iceberg", Method: method, URL: u, Shown: shownURL(u), Header: header, Secrets: secrets, Body: body, Poll: body == nil,
		Limit: 256 << 20, Answer: func(string) *Answer { return nil }})
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return a, err
}

// greet asks the catalog for its configuration.
func (l *IcebergLive) greet(ctx context.Context, t Transport) error {
	a, err := l.request(ctx, t, http.MethodGet, "config", nil)
	if err != nil {
		return icebergOutage(err)
	}
	var config struct{ Defaults, Overrides map[string]string }
	if a.Status != http.StatusOK {
		o := statusOutage(a)
		o.Final = false // it is no table that is missing
		return o
	}
	if err := json.Unmarshal(a.Body, &config); err != nil {
		return &record.Outage{Code: IcebergCommitFailed, Err: fmt.Errorf("the catalog's configuration: %w", err)}
	}
	prefix, ok := config.Overrides["prefix"]
	if !ok {
		prefix = config.Defaults["prefix"]
	}
	if prefix != "" {
		l.prefix = prefix + "/"
	}
	l.greeted = true
	return nil
}

func (l *IcebergLive) path(t IcebergTable) string {
	return l.prefix + "namespaces/" + url.PathEscape(t.Database) + "/tables/" + url.PathEscape(t.Table)
}

// load reads a table's metadata.
func (l *IcebergLive) load(ctx context.Context, t Transport, table IcebergTable) (*icebergState, error) {
	a, err := l.request(ctx, t, http.MethodGet, l.path(table), nil)
	if err != nil {
		return nil, icebergOutage(err)
	}
	if a.Status != http.StatusOK {
		return nil, statusOutage(a)
	}
	var answer struct{ Metadata icebergMetadata }
	err = json.Unmarshal(a.Body, &answer)
	if err == nil && answer.Metadata.FormatVersion == 0 {
		err = errors.New("there is none in the catalog's answer")
	}
	if err != nil {
		return nil, &record.Outage{Code: IcebergCommitFailed, Err: fmt.Errorf("the metadata of the table %s.%s: %w", table.Database, table.Table, err)}
	}
	s, err := answer.Metadata.state()
	if err != nil {
		return nil, unsupported(err)
	}
	return s, nil
}

func unsupported(err error) error {
	return &record.Outage{Code: IcebergUnsupported, Final: true, Err: err}
}

// An icebergPlan is what a batch does to a table.
type icebergPlan struct {
	groups []*icebergGroup // rows to be added
	gone   map[string]bool // keys whose rows go
	keys   []string        // the columns of the keys
}

// An icebergGroup is rows of one partition, in one file.
type icebergGroup struct {
	partition []any
	path      string // of the folder, with its slash
	file      []byte
	rows      int64
}

// plan says what the batch does to the table: in the order of its records, so that a row that is inserted and then deleted isn't there.
func (l *IcebergLive) plan(ctx context.Context, b *icebergBatch, s *icebergState) (*icebergPlan, []refusal, error) {
	p := &icebergPlan{gone: map[string]bool{}}
	var refused []refusal
	refuse := func(r icebergRow, code, message string) {
		refused = append(refused, refusal{r.Record, b.table, code, message})
	}
	rows := make([]icebergRow, 0, len(b.rows))
	changes := false
	for _, r := range b.rows {
		if path := missing(r.Data, jsonscan.Space(r.Data, 0), s.schema.Fields); path != "" && r.op != deleteRow {
			refuse(r, IcebergMissingColumn, "The record lacks a value of the required column "+path)
			continue
		}
		changes = changes || r.op != insertRow
		rows = append(rows, r)
	}
	var keys [][]byte
	if changes {
		var err error
		if rows, err = l.fitting(ctx, s, rows, refuse); err != nil {
			return nil, nil, err
		}
		if rows, keys, err = l.keys(ctx, b, s, p, rows, refuse); err != nil {
			return nil, nil, err
		}
	}
	// What stays of the batch's own rows, by key.
	alive := make([]bool, len(rows))
	byKey := map[string][]int{}
	for i, r := range rows {
		if r.op != insertRow {
			for _, j := range byKey[string(keys[i])] {
				alive[j] = false
			}
			delete(byKey, string(keys[i]))
			p.gone[string(keys[i])] = true
		}
		if r.op != deleteRow {
			alive[i] = true
			if changes {
				byKey[string(keys[i])] = append(byKey[string(keys[i])], i)
			}
		}
	}
	added := make([]icebergRow, 0, len(rows))
	for i := range rows {
		if alive[i] {
			added = append(added, rows[i])
		}
	}
	bad, err := l.encode(ctx, s, p, added)
	if err != nil {
		return nil, nil, err
	}
	for i, e := range bad {
		if e != nil {
			refuse(added[i], IcebergTypeMismatch, e.Message)
		}
	}
	return p, refused, nil
}

// fitting refuses the rows that don't fit the table: an update mustn't take away a row that it can't replace.
func (l *IcebergLive) fitting(ctx context.Context, s *icebergState, rows []icebergRow, refuse func(icebergRow, string, string)) ([]icebergRow, error) {
	var added []int
	for i, r := range rows {
		if r.op != deleteRow {
			added = append(added, i)
		}
	}
	_, bad, err := l.Format.Write(ctx, s.columns, len(added), func(i int) []byte { return rows[added[i]].Data })
	if err != nil {
		return nil, err
	}
	good, next := make([]icebergRow, 0, len(rows)), 0
	for i, r := range rows {
		if next < len(bad) && added[bad[next].Record] == i {
			refuse(r, IcebergTypeMismatch, bad[next].Message)
			next++
			continue
		}
		good = append(good, r)
	}
	return good, nil
}

// keys finds the values of the unique keys, each as a line of text, and refuses the records that lack one they need.
func (l *IcebergLive) keys(ctx context.Context, b *icebergBatch, s *icebergState, p *icebergPlan, rows []icebergRow, refuse func(icebergRow, string, string)) ([]icebergRow, [][]byte, error) {
	p.keys = b.table.UniqueKeys
	if len(p.keys) == 0 {
		p.keys = s.identifiers()
	}
	fields, err := s.fields(p.keys)
	var c *IcebergColumns
	if err == nil {
		c, err = newColumns(fields)
	}
	good := make([]icebergRow, 0, len(rows))
	for _, r := range rows {
		code, message := "", ""
		if r.op != insertRow {
			if code, message = missingKey(r.Data, p.keys); code == "" && err != nil {
				code, message = IcebergNoUniqueKeys, err.Error()
			}
		}
		if code != "" {
			refuse(r, code, message)
			continue
		}
		good = append(good, r)
	}
	if err != nil || len(p.keys) == 0 { // what is left is inserts
		return good, make([][]byte, len(good)), nil
	}
	file, bad, err := l.Format.Write(ctx, c, len(good), func(i int) []byte { return good[i].Data })
	if err != nil {
		return nil, nil, err
	}
	for i, e := range bad {
		refuse(good[e.Record-i], IcebergTypeMismatch, e.Message)
		good = slices.Delete(good, e.Record-i, e.Record-i+1)
	}
	lines, err := l.lines(file, p.keys)
	if err == nil && len(lines) != len(good) {
		err = fmt.Errorf("%d keys of %d records", len(lines), len(good))
	}
	for i := range lines {
		lines[i] = p.key(lines[i])
	}
	return good, lines, err
}

// key is the values of the keys in a row, in the order of their names.
func (p *icebergPlan) key(row []byte) []byte {
	if len(p.keys) == 1 {
		return row
	}
	values := make([][]byte, len(p.keys))
	jsonscan.Members(row, 0, func(key []byte, v int) {
		if i := slices.Index(p.keys, string(key)); i >= 0 {
			values[i] = row[v:jsonscan.Value(row, v)]
		}
	})
	return bytes.Join(values, []byte(","))
}

// lines are the rows of a file.
func (l *IcebergLive) lines(file []byte, columns []string) ([][]byte, error) {
	text, err := l.Format.Rows(file, columns)
	if err != nil || len(text) == 0 {
		return nil, err
	}
	return bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n")), nil
}

// encode makes the files of what is added, one for each partition. bad has what is wrong with each row, nil for nothing.
func (l *IcebergLive) encode(ctx context.Context, s *icebergState, p *icebergPlan, rows []icebergRow) (bad []*column.RowError, err error) {
	bad = make([]*column.RowError, len(rows))
	if len(rows) == 0 {
		return bad, nil
	}
	groups := []*icebergGroup{{}}
	of := make([]*icebergGroup, len(rows))
	for i := range of {
		of[i] = groups[0]
	}
	if len(s.spec.Fields) > 0 {
		if groups, err = l.partition(ctx, s, rows, of, bad); err != nil {
			return nil, err
		}
	}
	at := map[*icebergGroup][]int{}
	for i := range rows {
		if bad[i] == nil {
			at[of[i]] = append(at[of[i]], i)
		}
	}
	for _, g := range groups {
		index := at[g]
		file, wrong, err := l.Format.Write(ctx, s.columns, len(index), func(i int) []byte { return rows[index[i]].Data })
		if err != nil {
			return nil, err
		}
		for i := range wrong {
			bad[index[wrong[i].Record]] = &wrong[i]
		}
		if g.rows = int64(len(index) - len(wrong)); g.rows > 0 {
			g.file = file
			p.groups = append(p.groups, g)
		}
	}
	return bad, nil
}

// partition finds the partition of each row: by the values that its file will have.
func (l *IcebergLive) partition(ctx context.Context, s *icebergState, rows []icebergRow, of []*icebergGroup, bad []*column.RowError) ([]*icebergGroup, error) {
	var names []string
	for _, f := range s.sources {
		if !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
	}
	fields, err := s.fields(names)
	if err != nil {
		return nil, err
	}
	c, err := newColumns(fields)
	if err != nil {
		return nil, err
	}
	file, wrong, err := l.Format.Write(ctx, c, len(rows), func(i int) []byte { return rows[i].Data })
	if err != nil {
		return nil, err
	}
	for i := range wrong {
		bad[wrong[i].Record] = &wrong[i]
	}
	lines, err := l.lines(file, names)
	if err != nil {
		return nil, err
	}
	var groups []*icebergGroup
	byPath := map[string]*icebergGroup{}
	n := 0
	for i := range rows {
		if bad[i] != nil {
			continue
		}
		if n == len(lines) {
			return nil, errors.New("a row's partition isn't found")
		}
		line := lines[n]
		n++
		g := byPath[string(line)]
		if g == nil {
			if g, err = s.group(line); err != nil {
				return nil, err
			}
			if other := byPath["\n"+g.path]; other != nil { // another value of the same day
				g = other
			} else {
				byPath["\n"+g.path] = g
				groups = append(groups, g)
			}
			byPath[string(line)] = g
		}
		of[i] = g
	}
	return groups, nil
}

// group is the partition of a row, by the values of its sources.
func (s *icebergState) group(line []byte) (*icebergGroup, error) {
	g := &icebergGroup{}
	texts := map[string][]byte{}
	jsonscan.Members(line, 0, func(key []byte, v int) { texts[string(key)] = line[v:jsonscan.Value(line, v)] })
	for i := range s.spec.Fields {
		p := &s.spec.Fields[i]
		v, path, err := p.value(s.sources[i], texts[s.sources[i].Name])
		if err != nil {
			return nil, fmt.Errorf("a value of the partition %s: %w", p.Name, err)
		}
		g.partition = append(g.partition, v)
		g.path += url.QueryEscape(p.Name) + "=" + url.QueryEscape(path) + "/"
	}
	return g, nil
}

// name is a path that no other commit has: it is derived from the table and how often that was committed to.
func (c *commit) name(seed record.Seed, b *icebergBatch) string {
	c.names++
	return seed.UUID(fmt.Sprintf("iceberg/%s/%d/%s", c.state.UUID, c.state.LastSequence, b.id), 0, 0, 0, c.names)
}

// maxNames is how many names are tried for a file.
const maxNames = 100

// create writes a file under a name that is free.
func (l *IcebergLive) create(ctx context.Context, s *Iceberg, b *icebergBatch, folder, before, after string, data []byte) (path string, err error) {
	for range maxNames {
		path = folder + before + b.commit.name(s.Seed, b) + after
		if err = l.Storage.Create(ctx, path, data); !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", icebergOutage(fmt.Errorf("%s: %w", path, err))
	}
	return path, nil
}

// folder is where a table's files of a kind are: "data", "metadata".
func (s *icebergState) folder(kind string) string {
	if path := s.Properties["write."+kind+".path"]; path != "" {
		return strings.TrimRight(path, "/") + "/"
	}
	return strings.TrimRight(s.Location, "/") + "/" + kind + "/"
}

// write writes the files of what is added that aren't there yet.
func (l *IcebergLive) write(ctx context.Context, s *Iceberg, b *icebergBatch) error {
	c := b.commit
	for _, g := range c.plan.groups[len(c.files):] {
		path, err := l.create(ctx, s, b, c.state.folder("data")+g.path, "", ".parquet", g.file)
		if err != nil {
			return err
		}
		c.files = append(c.files, icebergFile{Path: path, Rows: g.rows, Size: int64(len(g.file)), Partition: g.partition})
		g.file = nil
	}
	return nil
}

// An icebergChange is what a snapshot does to the files of the one before.
type icebergChange struct {
	kept      []any              // entries of the manifest list that stay as they are
	manifests []*icebergManifest // that are written again
	added     []icebergFile      // rows of files that are written again
	removed   []icebergFile
	operation string
}

// commit makes a snapshot. done is false where somebody else was first.
func (l *IcebergLive) commit(ctx context.Context, now time.Time, s *Iceberg, b *icebergBatch) (done bool, err error) {
	c, state := b.commit, b.commit.state
	id := c.snapshot(s.Seed, b)
	sequence := state.LastSequence + 1
	change, err := l.change(ctx, s, b, id)
	if err != nil {
		return false, err
	}
	if change == nil { // nothing of what would go is there, and nothing comes
		return true, nil
	}
	files := append(slices.Clone(c.files), change.added...)
	folder := state.folder("metadata")
	list := change.kept
	manifests := change.manifests
	if len(files) > 0 {
		m, err := state.added(files, id, sequence)
		if err != nil {
			return false, err
		}
		manifests = append([]*icebergManifest{m}, manifests...)
	}
	sync := func(name string) (b [16]byte) {
		h := s.Seed.Bytes("iceberg/sync/"+name, uint64(id), 0, 0, 0)
		copy(b[:], h[:])
		return b
	}
	var entries []any
	for i, m := range manifests {
		data, err := avro.Append(nil, m.schema, m.meta, sync(strconv.Itoa(i)), m.entries)
		if err != nil {
			return false, unsupported(err)
		}
		path, err := l.create(ctx, s, b, folder, "", "-m"+strconv.Itoa(i)+".avro", data)
		if err != nil {
			return false, err
		}
		entries = append(entries, m.entry(path, int64(len(data)), id, sequence))
	}
	entries = append(entries, list...)
	parent := "null"
	if state.current != nil {
		parent = strconv.FormatInt(state.current.ID, 10)
	}
	data, err := avro.Append(nil, listSchema, map[string]string{"format-version": "2", "snapshot-id": strconv.FormatInt(id, 10), "parent-snapshot-id": parent,
		"sequence-number": strconv.FormatInt(sequence, 10)}, sync("list"), entries)
	if err != nil {
		return false, unsupported(err)
	}
	path, err := l.create(ctx, s, b, folder, "snap-"+strconv.FormatInt(id, 10)+"-1-", ".avro", data)
	if err != nil {
		return false, err
	}
	snapshot := icebergSnapshot{ID: id, Sequence: sequence, Timestamp: max(now.UnixMilli(), state.LastUpdated), ManifestList: path,
		Summary: state.summary(files, change), Schema: state.schema.ID}
	if state.current != nil {
		snapshot.Parent = &state.current.ID
	}
	return l.post(ctx, s, b, &snapshot)
}

// snapshot is the id of a new snapshot.
func (c *commit) snapshot(seed record.Seed, b *icebergBatch) int64 {
	for {
		c.names++
		h := seed.Bytes(fmt.Sprintf("iceberg/snapshot/%s/%d/%s", c.state.UUID, c.state.LastSequence, b.id), 0, 0, 0, c.names)
		id := int64(0)
		for _, x := range h[:8] {
			id = id<<8 | int64(x)
		}
		if id &= 1<<62 - 1; id > 0 && !slices.ContainsFunc(c.state.Snapshots, func(s icebergSnapshot) bool { return s.ID == id }) {
			return id
		}
	}
}

// post asks the catalog to make a snapshot the table's current one.
func (l *IcebergLive) post(ctx context.Context, s *Iceberg, b *icebergBatch, snapshot *icebergSnapshot) (done bool, err error) {
	type object map[string]any
	body, err := json.Marshal(object{
		"identifier": object{"namespace": []string{b.table.Database}, "name": b.table.Table},
		"requirements": []object{
			{"type": "assert-table-uuid", "uuid": b.commit.state.UUID},
			{"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": snapshot.Parent},
		},
		"updates": []object{
			{"action": "add-snapshot", "snapshot": snapshot},
			{"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": snapshot.ID},
		},
	})
	if err != nil {
		return false, err
	}
	b.commit.tried = append(b.commit.tried, fileOf(snapshot.ManifestList))
	a, err := l.request(ctx, s.Transport, http.MethodPost, l.path(b.table), body)
	switch {
	case err != nil:
		return false, icebergOutage(err)
	case a.Status == http.StatusOK || a.Status == http.StatusNoContent:
		return true, nil
	case a.Status == http.StatusConflict:
		return false, nil
	}
	return false, statusOutage(a)
}

// has reports whether the table has a snapshot with one of these manifest lists. Their names are nobody else's; a snapshot's id, which
// another stream may derive too, isn't enough.
func (s *icebergState) has(lists []string) bool {
	return slices.ContainsFunc(s.Snapshots, func(x icebergSnapshot) bool { return slices.Contains(lists, fileOf(x.ManifestList)) })
}

// fileOf is the last part of a URI: of the others a catalog may have an opinion (s3a: for s3:).
func fileOf(uri string) string { return uri[strings.LastIndexByte(uri, '/')+1:] }

// summary is what a snapshot says of itself.
func (s *icebergState) summary(files []icebergFile, change *icebergChange) map[string]string {
	m := map[string]string{"operation": change.operation}
	var size, rows, removedSize, removedRows int64
	for _, f := range files {
		size, rows = size+f.Size, rows+f.Rows
	}
	for _, f := range change.removed {
		removedSize, removedRows = removedSize+f.Size, removedRows+f.Rows
	}
	set := func(name string, n int64) {
		if n != 0 {
			m[name] = strconv.FormatInt(n, 10)
		}
	}
	set("added-data-files", int64(len(files)))
	set("added-records", rows)
	set("added-files-size", size)
	set("deleted-data-files", int64(len(change.removed)))
	set("deleted-records", removedRows)
	set("removed-files-size", removedSize)
	before := map[string]string{}
	if s.current != nil {
		maps.Copy(before, s.current.Summary)
	}
	for name, n := range map[string]int64{"total-data-files": int64(len(files) - len(change.removed)), "total-records": rows - removedRows,
		"total-files-size": size - removedSize, "total-delete-files": 0, "total-position-deletes": 0, "total-equality-deletes": 0} {
		total, err := strconv.ParseInt(before[name], 10, 64)
		if err == nil || s.current == nil {
			m[name] = strconv.FormatInt(total+n, 10)
		}
	}
	return m
}

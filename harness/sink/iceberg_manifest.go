package sink

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/hydrantkit/hydrant/internal/avro"
)

// The states of a manifest's entries.
const (
	entryExisting = 0
	entryAdded    = 1
	entryDeleted  = 2
)

// An icebergFile is a data file that was written.
type icebergFile struct {
	Path      string
	Rows      int64
	Size      int64
	Partition []any // the values of the spec's fields
}

// entrySchema is that of a manifest's entries, whose partition has the fields of a spec.
func (s *icebergState) entrySchema() (*avro.Schema, error) {
	var fields []string
	for i := range s.spec.Fields {
		p := &s.spec.Fields[i]
		t, err := p.avroType(s.sources[i])
		if err != nil {
			return nil, err
		}
		fields = append(fields, fmt.Sprintf(`{"name":%s,"type":["null",%s],"default":null,"field-id":%d}`, avroName(p.Name), t, p.ID))
	}
	return avro.Parse([]byte(`{"type":"record","name":"manifest_entry","fields":[
		{"name":"status","type":"int","field-id":0},
		{"name":"snapshot_id","type":["null","long"],"default":null,"field-id":1},
		{"name":"sequence_number","type":["null","long"],"default":null,"field-id":3},
		{"name":"file_sequence_number","type":["null","long"],"default":null,"field-id":4},
		{"name":"data_file","field-id":2,"type":{"type":"record","name":"r2","fields":[
			{"name":"content","type":"int","field-id":134},
			{"name":"file_path","type":"string","field-id":100},
			{"name":"file_format","type":"string","field-id":101},
			{"name":"partition","field-id":102,"type":{"type":"record","name":"r102","fields":[` + strings.Join(fields, ",") + `]}},
			{"name":"record_count","type":"long","field-id":103},
			{"name":"file_size_in_bytes","type":"long","field-id":104}
		]}}
	]}`))
}

// avroName is a name as Avro allows it, as JSON: letters, digits and underscores, and no digit in front.
func avroName(name string) string {
	var b strings.Builder
	for i, c := range name {
		switch {
		case c == '_', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', i > 0 && '0' <= c && c <= '9':
			b.WriteRune(c)
		case '0' <= c && c <= '9':
			b.WriteString("_" + string(c))
		default:
			fmt.Fprintf(&b, "_x%X", c)
		}
	}
	return strconv.Quote(b.String())
}

// listSchema is that of a manifest list's entries.
var listSchema = avro.MustParse(`{"type":"record","name":"manifest_file","fields":[
	{"name":"manifest_path","type":"string","field-id":500},
	{"name":"manifest_length","type":"long","field-id":501},
	{"name":"partition_spec_id","type":"int","field-id":502},
	{"name":"content","type":"int","field-id":517},
	{"name":"sequence_number","type":"long","field-id":515},
	{"name":"min_sequence_number","type":"long","field-id":516},
	{"name":"added_snapshot_id","type":"long","field-id":503},
	{"name":"added_files_count","type":"int","field-id":504},
	{"name":"existing_files_count","type":"int","field-id":505},
	{"name":"deleted_files_count","type":"int","field-id":506},
	{"name":"added_rows_count","type":"long","field-id":512},
	{"name":"existing_rows_count","type":"long","field-id":513},
	{"name":"deleted_rows_count","type":"long","field-id":514},
	{"name":"partitions","field-id":507,"default":null,"type":["null",{"type":"array","element-id":508,"items":{"type":"record","name":"r508","fields":[
		{"name":"contains_null","type":"boolean","field-id":509},
		{"name":"contains_nan","type":["null","boolean"],"default":null,"field-id":518},
		{"name":"lower_bound","type":["null","bytes"],"default":null,"field-id":510},
		{"name":"upper_bound","type":["null","bytes"],"default":null,"field-id":511}
	]}}]},
	{"name":"key_metadata","type":["null","bytes"],"default":null,"field-id":519}
]}`)

// listIDs are the field ids of listSchema, in its order.
var listIDs = func() (ids []int) {
	for _, f := range listSchema.Fields {
		ids = append(ids, f.ID)
	}
	return ids
}()

// listed is an entry of a manifest list in our schema, whoever wrote it.
func listed(r *avro.Record) *avro.Record {
	out := avro.New(listSchema, nil)
	for i, f := range listSchema.Fields {
		out.Values[i] = r.Get(listIDs[i], f.Name)
		if id := listIDs[i]; out.Values[i] == nil && (id == 515 || id == 516 || id == 517) {
			out.Values[i] = int64(0) // content and sequence numbers, which lists of format version 1 lack
		}
	}
	return out
}

// whole is a value of a record that must be a number; 0 where it isn't.
func whole(r *avro.Record, id int, name string) int64 {
	i, _ := r.Get(id, name).(int64)
	return i
}

// An icebergManifest is one that is about to be written.
type icebergManifest struct {
	schema  *avro.Schema
	meta    map[string]string
	entries []any
	spec    int64
	// what its entry in the list has
	counts, rows [3]int64 // by state
	least        int64    // the smallest sequence number of a file
}

// manifestMeta is what the header of a manifest says.
func (s *icebergState) manifestMeta() (map[string]string, error) {
	fields := s.spec.Fields
	if fields == nil {
		fields = []icebergPartition{}
	}
	spec, err := json.Marshal(fields)
	return map[string]string{"format-version": "2", "content": "data", "schema": string(s.rawSchema), "schema-id": strconv.Itoa(s.schema.ID),
		"partition-spec": string(spec), "partition-spec-id": strconv.Itoa(s.spec.ID)}, err
}

// add adds an entry to a manifest.
func (m *icebergManifest) add(r *avro.Record, sequence int64) {
	state := whole(r, 0, "status")
	if state < 0 || state > 2 {
		return
	}
	m.entries = append(m.entries, r)
	m.counts[state]++
	if f, ok := r.Get(2, "data_file").(*avro.Record); ok {
		m.rows[state] += whole(f, 103, "record_count")
	}
	if state != entryDeleted && (m.least == 0 || sequence < m.least) {
		m.least = sequence
	}
}

// added is a manifest of new files, whose sequence number is that of the snapshot.
func (s *icebergState) added(files []icebergFile, snapshot, sequence int64) (*icebergManifest, error) {
	schema, err := s.entrySchema()
	if err != nil {
		return nil, err
	}
	m := &icebergManifest{schema: schema, spec: int64(s.spec.ID)}
	if m.meta, err = s.manifestMeta(); err != nil {
		return nil, err
	}
	data := schema.Fields[4].Type
	for _, f := range files {
		m.add(avro.New(schema, map[string]any{"status": int64(entryAdded), "snapshot_id": snapshot, "data_file": avro.New(data, map[string]any{
			"content": int64(0), "file_path": f.Path, "file_format": "PARQUET", "record_count": f.Rows, "file_size_in_bytes": f.Size,
			"partition": &avro.Record{Schema: data.Fields[3].Type, Values: f.Partition},
		})}), sequence)
	}
	return m, nil
}

// entry is that of a manifest in the list.
func (m *icebergManifest) entry(path string, size, snapshot, sequence int64) *avro.Record {
	least := m.least
	if least == 0 {
		least = sequence
	}
	return avro.New(listSchema, map[string]any{"manifest_path": path, "manifest_length": size, "partition_spec_id": m.spec, "content": int64(0),
		"sequence_number": sequence, "min_sequence_number": least, "added_snapshot_id": snapshot,
		"added_files_count": m.counts[entryAdded], "existing_files_count": m.counts[entryExisting], "deleted_files_count": m.counts[entryDeleted],
		"added_rows_count": m.rows[entryAdded], "existing_rows_count": m.rows[entryExisting], "deleted_rows_count": m.rows[entryDeleted]})
}

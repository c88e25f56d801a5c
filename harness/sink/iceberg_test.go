package sink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/internal/avro"
)

// TestIcebergPartition: the values of partitions, of text as files are printed.
func TestIcebergPartition(t *testing.T) {
	for _, tt := range []struct{ transform, typ, text, want, path string }{
		{"identity", "boolean", "true", "true", "true"},
		{"identity", "int", "-5", "-5", "-5"},
		{"identity", "long", "9223372036854775807", "9223372036854775807", "9223372036854775807"},
		{"identity", "string", `"a/\"b"`, `a/"b`, `a/"b`},
		{"identity", "string", `null`, `<nil>`, `null`},
		{"identity", "date", `"1969-12-31"`, `-1`, `1969-12-31`},
		{"identity", "timestamp", `"1970-01-01T00:00:01.000002Z"`, `1000002`, `1970-01-01T00:00:01.000002Z`},
		{"year", "date", `"1969-12-31"`, `-1`, `1969`},
		{"month", "timestamptz", `"1969-12-31T23:00:00Z"`, `-1`, `1969-12`},
		{"month", "date", `"2024-03-01"`, `650`, `2024-03`},
		{"day", "timestamp", `"1969-12-31T23:59:59.5Z"`, `-1`, `1969-12-31`},
		{"day", "date", `"1970-01-02"`, `1`, `1970-01-02`},
		{"hour", "timestamp", `"1970-01-02T01:59:59Z"`, `25`, `1970-01-02-01`},
		{"hour", "timestamp", `"1969-12-31T23:00:00Z"`, `-1`, `1969-12-31-23`},
		{"hour", "timestamp", `"1969-12-31T22:59:59Z"`, `-2`, `1969-12-31-22`},
		{"void", "string", `"a"`, `<nil>`, `null`},
	} {
		p := icebergPartition{Name: "p", Transform: tt.transform}
		source := &icebergField{Name: "s", Type: icebergType{Name: tt.typ}}
		typ, err := p.avroType(source)
		if err != nil {
			t.Errorf("%s of %s: %v", tt.transform, tt.typ, err)
			continue
		}
		v, path, err := p.value(source, []byte(tt.text))
		if err != nil || fmt.Sprint(v) != tt.want || path != tt.path {
			t.Errorf("%s of %s: %v in %s, %v; want %s in %s", tt.transform, tt.text, v, path, err, tt.want, tt.path)
		}
		schema, err := avro.Parse([]byte(`{"type":"record","name":"r","fields":[{"name":"p","type":["null",` + typ + `]}]}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := avro.Append(nil, schema, nil, [16]byte{}, []any{avro.New(schema, map[string]any{"p": v})}); err != nil {
			t.Errorf("%s of %s: %v", tt.transform, tt.text, err)
		}
	}
	for _, p := range [][2]string{{"bucket[4]", "int"}, {"truncate[2]", "string"}, {"identity", "double"}, {"identity", "decimal"}, {"hour", "date"}, {"day", "string"}, {"", "int"}} {
		q := icebergPartition{Transform: p[0]}
		if _, err := q.avroType(&icebergField{Type: icebergType{Name: p[1]}}); err == nil {
			t.Errorf("%s of %s", p[0], p[1])
		}
	}
}

// TestIcebergBrokenTypes: what is no type is an error.
func TestIcebergBrokenTypes(t *testing.T) {
	for _, text := range []string{`1`, `{}`, `{"type":"list"}`, `{"type":"map","key":"int"}`, `"decimal(39, 1)"`, `"decimal(x, 1)"`, `"decimal(2, 3)"`, `{"type":"struct","fields":[{"type":1}]}`,
		strings.Repeat(`{"type":"list","element":`, 1000) + `"int"` + strings.Repeat(`}`, 1000)} {
		var typ icebergType
		if err := json.Unmarshal([]byte(text), &typ); err == nil {
			t.Errorf("%.60s is a type", text)
		}
	}
	if got := avroName("9 é-x"); got != `"_9_x20_xE9_x2Dx"` {
		t.Error(got)
	}
}

// TestLocalStorage: files by their URIs, each written once.
func TestLocalStorage(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	var s LocalStorage
	uri := "file://" + dir + "/a/b.parquet"
	if err := s.Create(ctx, uri, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := s.Create(ctx, "file:"+dir+"/a/b.parquet", []byte("y")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("written again: %v", err)
	}
	if b, err := s.Read(ctx, uri); string(b) != "x" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := s.Read(ctx, uri+"x"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	for _, bad := range []string{"s3://b/k", "file:a", "/tmp/x"} {
		if _, err := s.Read(ctx, bad); err == nil {
			t.Error(bad)
		}
		if err := s.Create(ctx, bad, nil); err == nil {
			t.Error(bad)
		}
	}
	if entries, err := os.ReadDir(filepath.Join(dir, "a")); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

// FuzzIcebergMetadata: metadata may be anything, and records are whole JSON.
func FuzzIcebergMetadata(f *testing.F) {
	f.Add(`{"format-version":2,"location":"file:///t","schemas":[{"schema-id":0,"fields":[{"id":1,"name":"a","required":true,"type":"long"},
		{"id":2,"name":"l","type":{"type":"list","element-id":3,"element":{"type":"struct","fields":[{"id":4,"name":"b","required":true,"type":"decimal(9, 2)"}]}}},
		{"id":5,"name":"m","type":{"type":"map","key-id":6,"key":"string","value-id":7,"value-required":true,"value":"date"}}]}],
		"partition-specs":[{"spec-id":0,"fields":[{"source-id":1,"field-id":1000,"name":"a","transform":"identity"}]}]}`, `{"a":1,"l":[{"b":1},null],"m":{"k":null}}`)
	f.Fuzz(func(t *testing.T, metadata, text string) {
		var m icebergMetadata
		if json.Unmarshal([]byte(metadata), &m) != nil {
			return
		}
		s, err := m.state()
		if err != nil {
			return
		}
		if _, err := s.entrySchema(); err != nil {
			t.Errorf("a table that is taken has no manifests: %v", err)
		}
		if oneObject([]byte(text)) == "" {
			missing([]byte(text), strings.IndexByte(text, '{'), s.schema.Fields)
		}
	})
}

// TestIcebergOldList: an entry of a manifest list of format version 1 is data, of the sequence number 0, with the counts it has.
func TestIcebergOldList(t *testing.T) {
	old := avro.MustParse(`{"type":"record","name":"manifest_file","fields":[{"name":"manifest_path","type":"string","field-id":500},
		{"name":"manifest_length","type":"long","field-id":501},{"name":"partition_spec_id","type":"int","field-id":502},
		{"name":"added_snapshot_id","type":["null","long"],"field-id":503},{"name":"added_data_files_count","type":["null","int"],"field-id":504},
		{"name":"existing_data_files_count","type":["null","int"],"field-id":505},{"name":"deleted_data_files_count","type":["null","int"],"field-id":506},
		{"name":"added_rows_count","type":["null","long"],"field-id":512},{"name":"existing_rows_count","type":["null","long"],"field-id":513},
		{"name":"deleted_rows_count","type":["null","long"],"field-id":514}]}`)
	values := map[string]any{"manifest_path": "p", "manifest_length": int64(1), "partition_spec_id": int64(0), "added_snapshot_id": int64(7), "added_data_files_count": int64(2),
		"existing_data_files_count": int64(0), "deleted_data_files_count": int64(0), "added_rows_count": int64(3), "existing_rows_count": int64(0), "deleted_rows_count": int64(0)}
	r := listed(avro.New(old, values))
	if _, err := avro.Append(nil, listSchema, nil, [16]byte{}, []any{r}); err != nil || whole(r, 504, "") != 2 || whole(r, 515, "") != 0 || r.Get(517, "") != int64(0) {
		t.Errorf("%v, %v", r.Values, err)
	}
	delete(values, "added_data_files_count") // nobody knows how many; to write 0 would hide the files
	if _, err := avro.Append(nil, listSchema, nil, [16]byte{}, []any{listed(avro.New(old, values))}); err == nil {
		t.Error("a count is made up")
	}
}

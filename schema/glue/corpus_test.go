package glue

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/hydrantkit/hydrant/schema"
)

const corpus = "../../../shared/corpus/"

// TestCorpus loads every file of Glue tables that people published, and writes each in every form.
func TestCorpus(t *testing.T) {
	var names []string
	for _, pattern := range []string{"glue-schemas/*.json", "glue-schemas/*.sql", "glue-schemas/*.yaml", "glue-schemas/sheacloud/*.tf", "firehose-templates/game*.gz", "hive-json-serde/*.sql"} {
		found, _ := filepath.Glob(corpus + pattern)
		names = append(names, found...)
	}
	if len(names) == 0 {
		t.Skip("../shared not present: published Glue tables")
	}
	want := map[string]int{ // columns, partition keys not counted
		"aws-cli_get-tables.json":                        9,
		"dxw_vpc-flow-logs.json":                         28,
		"security-analytics_create_cloudtrail_table.sql": 23,
		"security-analytics_create_vpcflowlog_table.sql": 29,
		"cloudfront-access-logs_template.yaml":           104,
		"game-analytics-pipeline.template.yaml.gz":       10,
		"complex_test.sql":                               3,
		"create.sql":                                     4,
		"create_source.sql":                              4,
	}
	tables, cols, keys := 0, 0, 0
	for _, name := range names {
		all, err := LoadAll(name, Options{ReadFile: readUnzipped})
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		n := 0
		for _, table := range all {
			roundTrip(t, table, readable...)
			n += len(table.Columns)
			keys += len(table.PartitionKeys)
		}
		base := filepath.Base(name)
		expected := want[base]
		if filepath.Ext(base) == ".tf" {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			expected = bytes.Count(data, []byte("columns {"))
		}
		if n != expected {
			t.Errorf("%s: %d columns, want %d", base, n, expected)
		}
		cols += n
		tables += len(all)
	}
	t.Logf("%d files, %d tables, %d columns, %d partition keys", len(names), tables, cols, keys)
}

// readUnzipped reads a file, which may be gzip'd.
func readUnzipped(name string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if err != nil || filepath.Ext(name) != ".gz" {
		return data, err
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// TestCorpusTypes holds the types of the reference readers' files, and that each is its own text.
func TestCorpusTypes(t *testing.T) {
	names, _ := filepath.Glob("../../../shared/oracle/orc/*.orc.json")
	if len(names) == 0 {
		t.Skip("../shared not present: types of ORC files")
	}
	seen := map[string]bool{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var side struct{ Schema string }
		if err := json.Unmarshal(data, &side); err != nil {
			t.Fatal(err)
		}
		if seen[side.Schema] {
			continue
		}
		seen[side.Schema] = true
		typ, err := schema.ParseType(side.Schema)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
			continue
		}
		table, err := schema.FromStruct(typ)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
			continue
		}
		if got := string(AppendORC(nil, table)); got != side.Schema {
			t.Errorf("%s: %s, want %s", filepath.Base(name), got, side.Schema)
		}
	}
	t.Logf("%d types as ORC Java prints them", len(seen))
}

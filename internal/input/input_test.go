package input

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func readAll(t *testing.T, in string, f Format) (Format, []string, error) {
	t.Helper()
	r, err := NewReader(strings.NewReader(in), "in", f)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out []string
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return r.Format(), out, nil
		}
		if err != nil {
			return r.Format(), out, err
		}
		out = append(out, string(rec.Data))
	}
}

func TestFormats(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		format   Format
		found    Format
		want     []string
	}{
		{"lines", "a\r\nb\n\nc", Auto, Lines, []string{"a", "b", "", "c"}},
		{"nothing", "", Auto, Lines, nil},
		{"JSON lines", "{\"a\":1}\n[2]\n", Auto, Lines, []string{`{"a":1}`, `[2]`}},
		{"JSON over lines", "{\n \"a\": 1\n}\n{\"b\":\n2} 3 \"x\ny\"", JSON, JSON, []string{"{\n \"a\": 1\n}", "{\"b\":\n2}", "3", "\"x", "y\""}},
		{"text in brackets", "[Wed Oct 11 14:32:52 2000] [error] x\n[2] y\n", Auto, Lines, []string{"[Wed Oct 11 14:32:52 2000] [error] x", "[2] y"}},
		{"a number in brackets", "[17] x\n[18] y\n", Auto, Lines, []string{"[17] x", "[18] y"}},
		{"an array over lines", "[{\"a\":1},\n{\"a\":2}]\n", Auto, JSON, []string{`{"a":1}`, `{"a":2}`}},
		{"an array cut in a line", "[ \n{\"a\":\n2}]\n", Auto, JSON, []string{"{\"a\":\n2}"}},
		{"one array", "[{\"a\":1}, {\"a\":2},\n 3]", Auto, JSON, []string{`{"a":1}`, `{"a":2}`, "3"}},
		{"broken JSON", "{\"a\":1}{\"b\":}\n{\"c\":3}\n{\"d\"\n{\"e\":5}", JSON, JSON, []string{`{"a":1}`, `{"b":}`, `{"c":3}`, `{"d"`, `{"e":5}`}},
		{"records", `{"data":"aGk=","approximateArrivalTimestamp":1700000000000}` + "\n\n" + `{"text":"yo","partitionKey":"k"}`, Auto, Records, []string{"hi", "yo"}},
		{"an application's own data", `{"data":"aGk=","user":1}` + "\n", Auto, Lines, []string{`{"data":"aGk=","user":1}`}},
		{"event", `{"invocationId":"i","records":[{"recordId":"1","data":"aGk="},{"recordId":"2","data":""}]}{"records":[{"recordId":"3","kafkaRecordValue":"eW8="}]}`, Auto, Event, []string{"hi", "", "yo"}},
		{"failed", `{"rawData":"aGk=","errorCode":"x"}` + "\n" + `{"attemptsMade":1,"rawData":"eW8="}`, Auto, Failed, []string{"hi", "yo"}},
		{"file", "a\nb\n", File, File, []string{"a\nb\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, got, err := readAll(t, tt.in, tt.format)
			if err != nil || f != tt.found || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) {
				t.Errorf("%s %q %v, want %s %q", f, got, err, tt.found, tt.want)
			}
		})
	}
}

// An array without its end is the beginning of an input.
func TestCutArray(t *testing.T) {
	for _, in := range []string{`[{"a":1},{"a":2}`, "[{\"a\":1},\n{\"a\":2},\n", "[\n{\"a\":1}\n{\"a\":2}"} {
		_, got, err := readAll(t, in, Auto)
		var e *Error
		if len(got) != 2 || !errors.As(err, &e) || !strings.Contains(err.Error(), "the array has no end") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"{\"data\":\"aGk=\"}\n{\"data\":", "in:2: not JSON"},
		{"{\"data\":\"aGk=\"}\n{\"data\":\"?\"}", "in:2: data is no base64"},
		{"{\"data\":\"aGk=\"}\n\n{\"partitionKey\":\"\"}", "in:3: a record without data or text"},
	} {
		_, _, err := readAll(t, tt.in, Records)
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %s", tt.in, err, tt.want)
		}
	}
}

func TestMetadata(t *testing.T) {
	r, err := NewReader(strings.NewReader(`{"records":[{"recordId":"r","approximateArrivalTimestamp":7,"data":"","kinesisRecordMetadata":{"shardId":"s","partitionKey":"k","sequenceNumber":"49","subsequenceNumber":"3"}}]}`), "in", Event)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := r.Next()
	if err != nil || !rec.Kinesis || rec.Shard != "s" || rec.PartitionKey != "k" || rec.SequenceNumber != "49" || rec.Subsequence != 3 || rec.Arrival != 7 || rec.ID != "r" {
		t.Errorf("%+v %v", rec, err)
	}
}

// TestBrokenLines: a broken line costs itself only, however many there are and whatever is open in it.
func TestBrokenLines(t *testing.T) {
	for _, line := range []string{`{"a":"cut`, `{"a":1`, `{"a":[1,`, `{"a":1 x`, "{\"a\":1 x\n}"} {
		const n = 5000
		_, got, err := readAll(t, strings.Repeat(line+"\n", n)+`{"last":1}`, JSON)
		if err != nil || got[len(got)-1] != `{"last":1}` || strings.Join(got, "\n") != strings.Repeat(line+"\n", n)+`{"last":1}` {
			t.Errorf("%q: %d records, %v", line, len(got), err)
		}
	}
}

// TestLongLine reads a line longer than any buffer.
func TestLongLine(t *testing.T) {
	long := strings.Repeat("x", 3*peekBytes)
	_, got, err := readAll(t, "a\n"+long+"\nb", Lines)
	if err != nil || len(got) != 3 || got[1] != long || got[2] != "b" {
		t.Errorf("%d lines, %v", len(got), err)
	}
}

// TestCorpus reads the sample events of several vendors.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("../../../shared/corpus/firehose-events/*irehose*.json")
	if err != nil || len(files) == 0 {
		t.Skip("../shared not present: sample events were not read")
	}
	for _, name := range files {
		if strings.Contains(name, "response") {
			continue
		}
		placeholders := strings.HasPrefix(filepath.Base(name), "sam_") // "data": "{{{data}}}"
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, got, err := readAll(t, string(b), Auto)
		if placeholders {
			if err == nil || f != Event || !strings.Contains(err.Error(), "data is no base64") {
				t.Errorf("%s: %s, %v", filepath.Base(name), f, err)
			}
			continue
		}
		if err != nil || f != Event || len(got) == 0 {
			t.Errorf("%s: %s, %d records, %v", filepath.Base(name), f, len(got), err)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add("{\"a\":1}{\"b\":}\n[1,2]", uint8(2))
	f.Add(`{"records":[{"recordId":"1","data":"aGk="}]}`, uint8(4))
	f.Fuzz(func(t *testing.T, in string, n uint8) {
		r, err := NewReader(strings.NewReader(in), "in", Formats[int(n)%len(Formats)])
		if err != nil {
			return
		}
		for i := 0; ; i++ {
			if _, err := r.Next(); err != nil {
				break
			}
			if i > 2*len(in)+2 {
				t.Fatalf("%d records of %d bytes", i, len(in))
			}
		}
	})
}

// BenchmarkJSON reads a value of 10 MiB.
func BenchmarkJSON(b *testing.B) {
	element := `{"id":12345,"name":"` + strings.Repeat("some text ", 30) + `","tags":["a","b"],"price":12.5}`
	value := "[" + strings.Repeat(element+",", 28000) + "1]"
	b.SetBytes(int64(len(value)))
	for b.Loop() {
		r, err := NewReader(strings.NewReader("1 "+value), "in", JSON)
		if err != nil {
			b.Fatal(err)
		}
		for n := range 2 {
			if _, err := r.Next(); err != nil {
				b.Fatal(n, err)
			}
		}
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/replaytest"
)

func TestReplay(t *testing.T) {
	dir := folderOf(t, "template.yaml", clicks, "in.ndjson", `{"a":1}`+"\n"+`{"a":2}`+"\n")
	out, errs, status := command(t, dir, "", "replay", "--json", "in.ndjson")
	var s replaytest.Summary
	if err := json.Unmarshal([]byte(out), &s); err != nil || status != 0 {
		t.Fatalf("status %d, %v\n%s%s", status, err, out, errs)
	}
	if s.In != 2 || s.Delivered != 2 || len(s.Objects) != 1 || s.Objects[0].ContentEncoding == nil || *s.Objects[0].ContentEncoding != "gzip" {
		t.Errorf("%+v", s)
	}
	key := s.Objects[0].Key
	if !strings.HasPrefix(key, "c/2025/01/01/00/Clicks-1-2025-01-01-00-00-00-") || !strings.HasSuffix(key, ".gz") {
		t.Errorf("key %s", key)
	}
	body, _, status := command(t, dir, "", "cat", "out/clicks")
	if body != "{\"a\":1}\n{\"a\":2}" || status != 0 {
		t.Errorf("cat: %q, status %d", body, status)
	}
	for _, m := range []string{`{"in":2,"delivered":2,"dropped":0,"failed":0,"failures":{},"invocations":0,"retries":0,"objects":[{"kind":"data","bucket":"clicks","key":"`,
		`"contentType":"application/octet-stream","contentEncoding":"gzip"}],"partitions":1,"streamSeconds":60,"wallSeconds":`, `"added":0,"lost":0,"held":0,"stations":[{"name":"source","in":2,"added":0,"out":2,"dropped":0,"failed":0,"held":0},`} {
		if !strings.Contains(out, m) {
			t.Errorf("--json lacks %s in\n%s", m, out)
		}
	}
}

// TestReplayStatus is the contract of exit statuses, and that nothing is written where the description or the usage is wrong.
func TestReplayStatus(t *testing.T) {
	long := strings.Repeat("x", 1000<<10+1)
	for _, tt := range []struct {
		name, template, stdin string
		args                  []string
		status                int
		last                  string // of stderr
	}{
		{"fine", clicks, "a\n", []string{"-"}, 0, ""},
		{"unknown flag", clicks, "", []string{"--bukket"}, 2, "hydrant: unknown flag: --bukket (see hydrant replay -h)"},
		{"no input", clicks, "", nil, 2, "hydrant: no input:"},
		{"no such file", clicks, "", []string{"nothere"}, 2, "hydrant: stat nothere:"},
		{"bad format", clicks, "", []string{"--input-format", "xml", "-"}, 2, `hydrant: --input-format: unknown input format "xml"`},
		{"bad rate", clicks, "", []string{"--rate", "fast", "-"}, 2, "hydrant: --rate:"},
		{"bad start", clicks, "", []string{"--start", "now", "-"}, 2, "hydrant: --start:"},
		{"bad memory", clicks, "", []string{"--memory", "much", "-"}, 2, "hydrant: --memory:"},
		{"bad bound", clicks, "", []string{"--max-failed", "NaN%", "-"}, 2, `hydrant: --max-failed: "NaN%" is no percentage`},
		{"no sink", clicks, "", []string{"--destination", "live", "-"}, 2, "hydrant: --destination live: the stream Clicks delivers to S3 only"},
		{"no disk", clicks, "", []string{"--fault", "disk:full", "-"}, 2, "hydrant: --fault disk:full: the stream keeps nothing on a disk; --state has it do so"},
		{"state of stdin", clicks, "", []string{"--state", "state", "-"}, 2, "hydrant: --state needs files"},
		{"bad compat", clicks, "", []string{"--compat", "x", "-"}, 2, "hydrant: --compat x is unknown; hydrant help compat lists them"},
		{"bad template", "Resources: [", "", []string{"-"}, 2, "hydrant: template.yaml:2:1:"},
		{"refused", strings.Replace(clicks, "SizeInMBs: 1,", "SizeInMBs: 0,", 1), "", []string{"-"}, 2, "hydrant: template.yaml:11:38: ValidationException: 1 validation error detected: Value"},
		{"no function", transformed, "", []string{"-"}, 2, "hydrant: template.yaml:16:72: the function arn:aws:lambda:us-east-1:123456789012:function:f is not part of the template; say how to run it with --function f=HOW"},
		{"unknown builtin", transformed, "", []string{"--function", "f=builtin:x", "-"}, 2, "hydrant: --function builtin:x:"},
		{"another function", transformed, "", []string{"--function", "g=builtin:general", "-"}, 2, "hydrant: --function g=builtin:general: the stream's function is f"},
		{"failed", transformed, "no log line\n", []string{"--function", "f=builtin:apache-log-to-json", "-"}, 3, "hydrant: 1 record failed; see the error output under out"},
		{"within the bound", transformed, "no log line\n", []string{"--max-failed", "1", "--function", "f=builtin:apache-log-to-json", "-"}, 0, ""},
		{"within the share", transformed, "no log line\n", []string{"--max-failed", "100%", "--function", "f=builtin:apache-log-to-json", "-"}, 0, ""},
		{"too large for the door", clicks, "a\n" + long + "\n", []string{"-"}, 3, "hydrant: 1 record failed; see the error output under out"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := folderOf(t, "template.yaml", tt.template)
			_, errs, status := command(t, dir, tt.stdin, append([]string{"replay"}, tt.args...)...)
			lines := strings.Split(strings.TrimSpace(errs), "\n")
			if status != tt.status || tt.last != "" && !strings.HasPrefix(lines[len(lines)-1], tt.last) {
				t.Errorf("status %d, stderr %q; want %d, %q", status, errs, tt.status, tt.last)
			}
			if _, err := os.Stat(filepath.Join(dir, "out")); status == 2 && err == nil {
				t.Error("something was written")
			}
		})
	}
}

// TestBackupLost: a source backup that lacks records is not passed over.
func TestBackupLost(t *testing.T) {
	dir := folderOf(t, "template.yaml", strings.Replace(clicks, "        CompressionFormat: GZIP\n", `        S3BackupMode: Enabled
        S3BackupConfiguration: { BucketARN: "arn:aws:s3:::source", RoleARN: "arn:aws:iam::123456789012:role/r" }
`, 1))
	out, errs, status := command(t, dir, "a\nb\n", "replay", "--fault", "backup:denied=30h", "-")
	if status != 3 || !strings.Contains(out, "  LOST 2 records of the source backup\n") || !strings.HasSuffix(errs, "hydrant: LOST from the source backup: 2 records could not be written within 24 hours of stream time, and the service would have lost them there too\n") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
}

// TestErrorsLost: lines that no object holds are not said to be in the error output.
func TestErrorsLost(t *testing.T) {
	dir := folderOf(t, "template.yaml", transformed, "in", "no log line\n")
	out, _, status := command(t, dir, "", "replay", "--function", "f=builtin:apache-log-to-json", "--fault", "s3:denied=30h", "in")
	if status != 3 || !strings.Contains(out, "in the error output, in 0 objects, but 1 LOST\n") {
		t.Errorf("status %d\n%s", status, out)
	}
}

// TestRefused: what the door refuses is counted, and kept.
func TestRefused(t *testing.T) {
	dir := folderOf(t, "template.yaml", clicks)
	s := printed[replaytest.Summary](t, exitSetAside, dir, strings.Repeat("x", 1000<<10+1)+"\nb\n", "replay", "--json", "-")
	if s.In != 2 || s.Failed != 1 || s.Delivered != 1 || s.Failures["ValidationException"] != 1 {
		t.Errorf("%+v", s)
	}
	b, err := os.ReadFile(filepath.Join(dir, "out", ".refused.ndjson"))
	if err != nil || bytes.Count(b, []byte("\n")) != 1 || !bytes.Contains(b, []byte("eHh4")) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

// TestBootstrapProcess runs the project's own function as a process, as the README's command does.
func TestBootstrapProcess(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a function")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	s := printed[replaytest.Summary](t, exitOK, root, "64.242.88.10 - - [07/Mar/2004:16:10:02 -0800] \"GET /x HTTP/1.1\" 200 6291\nbad\n", "replay", "--json", "--out", out, "-")
	if s.Delivered != 1 || s.Failed != 1 {
		t.Errorf("%+v", s)
	}
	rows, errs, _ := command(t, root, "", "cat", filepath.Join(out, "bucket", "access"))
	want := `{"host":"64.242.88.10","ident":"-","authuser":"-","request":"GET /x HTTP/1.1","verb":"GET","response":200,"bytes":6291,"local_time":"2004-03-07T16:10:02Z","timezone":"-0800","utc_time":"2004-03-08T00:10:02Z"}` + "\n"
	if rows != want {
		t.Errorf("rows %s%s", rows, errs)
	}
}

// TestInterrupted ends a run in mid-input: what was put is delivered, the sum holds.
func TestInterrupted(t *testing.T) {
	t.Chdir(folderOf(t, "template.yaml", clicks))
	ctx, cancel := context.WithCancel(context.Background())
	out, errs, status := commandFrom(ctx, interrupting(cancel), "replay", "--json", "--input-format", "lines", "-")
	var s replaytest.Summary
	if err := json.Unmarshal([]byte(out), &s); err != nil || status != exitInterrupt || s.In == 0 || s.In != s.Delivered ||
		!strings.HasSuffix(errs, "hydrant: interrupted: what the summary does not count was not read\n") {
		t.Errorf("status %d, %+v, %v %s", status, s, err, errs)
	}
}

func TestParseRate(t *testing.T) {
	for s, want := range map[string]float64{"1000/s": 1000, "0.5": 0.5, "60/m": 0, "NaN": 0, "-1": 0, "0": 0, "1e-9": 0, "": 0} {
		if got, err := parseRate(s); got != want || (err == nil) != (want != 0) {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
}

// TestReplayActivePartitions has more partitions than the limit, as many, and fewer.
func TestReplayActivePartitions(t *testing.T) {
	dir := folderOf(t, "template.yaml", strings.NewReplacer(
		"Prefix: c/\n", "Prefix: \"c/!{partitionKeyFromQuery:c}/\"\n        ErrorOutputPrefix: e/\n        DynamicPartitioningConfiguration: { Enabled: true }\n",
		"SizeInMBs: 1", "SizeInMBs: 64",
		"            - Type: AppendDelimiterToRecord\n", `            - Type: MetadataExtraction
              Parameters: [{ ParameterName: MetadataExtractionQuery, ParameterValue: "{c: .c}" }, { ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6 }]
`).Replace(clicks))
	in := `{"c":1}` + "\n" + `{"c":2}` + "\n" + `{"c":3}` + "\n" + `{"c":4}` + "\n" + `{"c":1}` + "\n"
	for _, tt := range []struct {
		limit string
		want  string
		not   string
		exit  int
	}{
		{"2", "2 partitions, most 2 at once of 2; over time", "near the limit", exitSetAside},
		{"3", "  over the limit: 1 record of further partitions failed; the quota can be raised to 5,000 (--active-partitions)\n", "", exitSetAside},
		{"4", "  near the limit: beyond 4, records of further partitions fail\n", "over the limit", exitOK},
		{"5000", "4 partitions, most 4 at once of 5,000", "the limit", exitOK},
		{"5001", "", "partitions", exitUsage},
		{"0", "", "partitions", exitUsage},
	} {
		out, errs, status := command(t, dir, in, "replay", "--active-partitions", tt.limit, "-")
		if status != tt.exit || !strings.Contains(out, tt.want) || tt.not != "" && strings.Contains(out, tt.not) {
			t.Errorf("%s: status %d\n%s%s", tt.limit, status, out, errs)
		}
	}
}

// TestReplayOddKeys: the summary says which partition keys do in object keys what their author may not expect.
func TestReplayOddKeys(t *testing.T) {
	dir := folderOf(t, "template.yaml", partitioned)
	out, errs, status := command(t, dir, `{"k":"a"}`+"\n"+`{"k":"../b"}`+"\n"+`{"k":"c/d"}`+"\n", "replay", "-")
	want := `notice: values of the key k hold a /, .. or control characters, in 2 partitions; they stand in object keys as they are: "../b"` + "\n"
	if status != 0 || !strings.Contains(out, want) {
		t.Errorf("status %d, it lacks %q:\n%s%s", status, want, out, errs)
	}
}

// TestReplayPartitionList: partitions are told apart by their prefix, whatever the stream's name, and each has one line.
func TestReplayPartitionList(t *testing.T) {
	in := ""
	for range 40 {
		in += `{"k":"x"}` + "\n" + `{"k":"a\nb"}` + "\n"
	}
	for _, name := range []string{"a", "1", "s-1-2025-01-01-00-00-00-a"} {
		description := `{"DeliveryStreamName":"` + name + `","ExtendedS3DestinationConfiguration":{"RoleARN":"arn:aws:iam::123456789012:role/r","BucketARN":"arn:aws:s3:::b",
"Prefix":"a-1-!{partitionKeyFromQuery:k}/","ErrorOutputPrefix":"e/","BufferingHints":{"SizeInMBs":64,"IntervalInSeconds":60},"DynamicPartitioningConfiguration":{"Enabled":true},
"ProcessingConfiguration":{"Enabled":true,"Processors":[{"Type":"MetadataExtraction","Parameters":[{"ParameterName":"MetadataExtractionQuery","ParameterValue":"{k: .k}"},
{"ParameterName":"JsonParsingEngine","ParameterValue":"JQ-1.6"}]}]}}}`
		dir := folderOf(t, "stream.json", description)
		out, errs, status := command(t, dir, in, "replay", "--stream", "stream.json", "--input-format", "lines", "--rate", "1/s", "-")
		for _, want := range []string{"\n  a-1-x/  2 objects, ", "\n  \"a-1-a\\nb/\"  2 objects, ", "\n  b/a-1-x/" + name + "-1-2025", "\n  \"b/a-1-a\\nb/" + name + "-1-2025"} {
			if status != 0 || !strings.Contains(out, want) {
				t.Errorf("%s: status %d, it lacks %q:\n%s%s", name, status, want, out, errs)
			}
		}
	}
}

// TestReplayInterruptedWaiting: a replay need not wait for its pipe; what it had read is delivered.
func TestReplayInterruptedWaiting(t *testing.T) {
	t.Chdir(folderOf(t, "template.yaml", clicks))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	in, more := io.Pipe()
	defer more.Close()
	go func() {
		io.WriteString(more, `{"a":1}{"a":2}`+strings.Repeat(" ", 1<<20)) //nolint:errcheck // it is read
		cancel()
	}()
	out, errs, status := commandFrom(ctx, in, "replay", "--input-format", "json", "-")
	if status != exitInterrupt || !strings.Contains(out, "in 2 = delivered 2") {
		t.Errorf("status %d, %s%s", status, out, errs)
	}
}

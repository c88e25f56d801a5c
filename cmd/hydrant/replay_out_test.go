package main

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/replaytest"
)

var logging = strings.Replace(clicks, "        Prefix: c/\n", `        Prefix: c/
        CloudWatchLoggingOptions: { Enabled: true, LogGroupName: g, LogStreamName: s }
`, 1)

// TestReplayS3 delivers below a prefix of a real bucket, which denies the first attempts: each is a line of the error log,
// and everything lies where a folder has it.
func TestReplayS3(t *testing.T) {
	b := newBucketServer(t)
	refused := 0
	b.refuse = func(r *http.Request) bool {
		if r.Method == http.MethodPut {
			refused++
		}
		return refused <= 4 // two attempts, with an ACL and without
	}
	dir := folderOf(t, "template.yaml", logging, "in", "one\n"+strings.Repeat("x", 1025<<10)+"\ntwo\n")
	s := printed[replaytest.Summary](t, exitSetAside, dir, "", "replay", "--json", "--input-format", "lines", "--out", "s3://lake/runs/1", "in")
	if s.Delivered != 2 || s.Failed != 1 || s.Retries != 2 || len(s.Objects) != 1 {
		t.Errorf("%+v", s)
	}
	want := []string{"/lake/runs/1/.refused.ndjson", "/lake/runs/1/clicks/" + s.Objects[0].Key, "/lake/runs/1/log.ndjson"}
	if got := slices.Sorted(maps.Keys(b.objects)); !slices.Equal(got, want) {
		t.Errorf("objects %q, want %q", got, want)
	}
	if n := strings.Count(string(b.objects[want[2]]), `"destination":"arn:aws:s3:::clicks","deliveryStreamVersionId":1,"message":"Access Denied","errorCode":"S3.AccessDenied"}`+"\n"); n != 2 {
		t.Errorf("the log:\n%s", b.objects[want[2]])
	}
	write(t, dir, "body.gz", string(b.objects[want[1]]))
	if body, _, _ := command(t, dir, "", "cat", "body.gz"); body != "one\ntwo" {
		t.Errorf("body %q", body)
	}
	if got := listing(t, dir); strings.Contains(got, "out") {
		t.Errorf("files %s", got)
	}
}

// TestReplayLog has the error log of a folder, which the next run replaces.
func TestReplayLog(t *testing.T) {
	dir := folderOf(t, "template.yaml", logging, "in", "one\n")
	log := func() string {
		b, err := os.ReadFile(filepath.Join(dir, "out", "log.ndjson"))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return string(b)
	}
	for range 2 {
		if _, errs, status := command(t, dir, "", "replay", "--fault", "s3:nobucket=3", "in"); status != exitOK || strings.Contains(errs, "other files") {
			t.Errorf("%d %s", status, errs)
		}
		if n := strings.Count(log(), `"errorCode":"S3.NoSuchBucket"`); n != 3 {
			t.Errorf("%d lines:\n%s", n, log())
		}
	}
	if _, errs, status := command(t, dir, "", "replay", "in"); status != exitOK || log() != "" {
		t.Errorf("%d %s%s", status, errs, log())
	}
}

// TestRecorder: of many objects the last ones are listed, and the others are summed up.
func TestRecorder(t *testing.T) {
	r := &recorder{bucket: &s3.Memory{}, most: 4}
	for i := range 11 {
		kind := s3.Data
		if i%3 == 0 {
			kind = s3.Backup
		}
		if err := r.Put(t.Context(), s3.Object{Kind: kind, Key: fmt.Sprint(i), Body: make([]byte, 10), Records: 2}); err != nil {
			t.Fatal(err)
		}
		if len(r.objects) > r.most || r.objects[len(r.objects)-1].Key != fmt.Sprint(i) {
			t.Fatalf("behind %d: %v", i, r.objects)
		}
	}
	s := replaytest.NewSummary(harness.Ledger{Source: harness.Entry{In: 14}, Delivery: harness.Entry{Out: 14}, Backup: harness.Entry{In: 8, Out: 8}}, r.objects, 0, 0)
	s.Unlisted = r.unlisted
	if n := len(s.Objects); n != 3 || s.Total(s3.Data) != (replaytest.Total{Objects: 7, Bytes: 70, Records: 14}) || s.Total(s3.Backup) != (replaytest.Total{Objects: 4, Bytes: 40, Records: 8}) {
		t.Errorf("%d are listed, %+v", n, s.Unlisted)
	}
	if err := s.Agree(); err != nil {
		t.Error(err)
	}
	var out strings.Builder
	p := &plan{description: &harness.Description{Stream: &harness.Stream{Name: "s", Backup: &harness.S3{}}}}
	if err := printSummary(&out, s, nil, &harness.Ledger{}, &replayFlags{out: "out"}, p); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"11 objects, 110 B, mean 10 B", "the first 8 are not listed", "8 copied to the backup, in 4 objects", "in 7 objects"} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("it lacks %q:\n%s", text, out.String())
		}
	}
}

func TestReplayOutUsage(t *testing.T) {
	dir := folderOf(t, "template.yaml", clicks, "in", "one\n")
	for _, tt := range []struct {
		args string
		says string
	}{
		{"--out s3:///x", "no bucket"},
		{"--out gs://b/x", "no buckets at gs://"},
		{"--clock tomorrow", `--clock: "tomorrow" is neither virtual nor now`},
		{"--clock now --record r", "--record needs --clock virtual"},
	} {
		_, errs, status := command(t, dir, "", append([]string{"replay", "in"}, strings.Fields(tt.args)...)...)
		if status != exitUsage || !strings.Contains(errs, tt.says) {
			t.Errorf("%s: %d %s", tt.args, status, errs)
		}
	}
}

package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestLive feeds a live stream two records, a second apart, and interrupts it in the next interval.
func TestLive(t *testing.T) {
	dir := t.TempDir()
	const stream = `{"DeliveryStreamName": "s", "ExtendedS3DestinationConfiguration": {"BucketARN": "arn:aws:s3:::b",
		"RoleARN": "arn:aws:iam::123456789012:role/r", "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": %d}}}`
	for _, tt := range []struct{ interval, objects, status int }{{0, 2, 0}, {900, 1, 130}} {
		write(t, dir, "s.json", fmt.Sprintf(stream, tt.interval))
		cmd := command(dir, hydrant(t), "replay", "--stream", "s.json", "--clock", "now", "--json", "-")
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		before := time.Now()
		for range 2 {
			fmt.Fprintln(in, "a record of some bytes")
			time.Sleep(2 * time.Second)
		}
		if tt.status == 0 {
			err = in.Close()
		} else {
			err = cmd.Process.Signal(syscall.SIGINT)
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // its status is looked at
		var s summary
		if err := json.Unmarshal(out.Bytes(), &s); err != nil || cmd.ProcessState.ExitCode() != tt.status {
			t.Fatalf("interval %d: status %d, %v\n%s%s", tt.interval, cmd.ProcessState.ExitCode(), err, out.Bytes(), errs.Bytes())
		}
		if s.In != 2 || s.Delivered != 2 || len(s.Objects) != tt.objects {
			t.Errorf("interval %d: %+v", tt.interval, s)
		}
		if want := before.UTC().Format("2006/01/02/15/"); !strings.HasPrefix(s.Objects[0].Key, want) {
			t.Errorf("key %s, want %s…", s.Objects[0].Key, want)
		}
	}
}

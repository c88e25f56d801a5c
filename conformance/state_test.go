package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const stateTemplate = `Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Stream:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      ExtendedS3DestinationConfiguration:
        BucketARN: !GetAtt Bucket.Arn
        RoleARN: arn:aws:iam::123456789012:role/delivery
        Prefix: "!{partitionKeyFromQuery:c}/"
        ErrorOutputPrefix: "errors/"
        BufferingHints: {SizeInMBs: 64, IntervalInSeconds: 60}
        S3BackupMode: Enabled
        S3BackupConfiguration:
          BucketARN: arn:aws:s3:::source
          RoleARN: arn:aws:iam::123456789012:role/delivery
          BufferingHints: {SizeInMBs: 5, IntervalInSeconds: 60}
        DynamicPartitioningConfiguration: {Enabled: true}
        ProcessingConfiguration:
          Enabled: true
          Processors:
            - Type: MetadataExtraction
              Parameters:
                - {ParameterName: MetadataExtractionQuery, ParameterValue: "{c: .c}"}
                - {ParameterName: JsonParsingEngine, ParameterValue: JQ-1.6}
            - {Type: AppendDelimiterToRecord}
`

// TestKill kills durable runs at random moments and has the same command go on: every record is in an object or in the
// error output at the end, and in the backup. HYDRANT_KILLS says how often.
func TestKill(t *testing.T) {
	kills := number(t, "HYDRANT_KILLS", 20)
	const records = 60_000
	dir := t.TempDir()
	write(t, dir, "template.yaml", stateTemplate)
	var in bytes.Buffer
	for i := range records {
		if i%1000 == 7 {
			fmt.Fprintf(&in, `{"id":%d}`+"\n", i) // without its key: it fails
		} else {
			fmt.Fprintf(&in, `{"c":"p%d","id":%d,"pad":%q}`+"\n", i%7, i, strings.Repeat("x", i%50))
		}
	}
	write(t, dir, "in.ndjson", in.String())
	rng := rand.New(rand.NewPCG(1, uint64(kills)))
	args := []string{"replay", "--state", "state", "--rate", "100/s", "--max-failed", "100%", "--quiet", "in.ndjson"}
	start := time.Now()
	if out, err := command(dir, hydrant(t), args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	whole := time.Since(start)
	twice := check(t, filepath.Join(dir, "out"), records)
	if twice != 0 {
		t.Errorf("%d records arrived twice in a run that nothing killed", twice)
	}
	killed, runs := 0, 0
	for killed < kills {
		cmd := command(dir, hydrant(t), args...)
		var log bytes.Buffer
		cmd.Stderr = &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(rng.Int64N(int64(whole))), func() { _ = cmd.Process.Kill() })
		err := cmd.Wait()
		timer.Stop()
		switch {
		case err == nil:
			runs++
			twice += check(t, filepath.Join(dir, "out"), records)
		case cmd.ProcessState.ExitCode() == -1:
			killed++
		default:
			t.Fatalf("after %d kills: %v: %s", killed, err, log.String())
		}
		if t.Failed() {
			return
		}
	}
	if out, err := command(dir, hydrant(t), args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	twice += check(t, filepath.Join(dir, "out"), records)
	t.Logf("%d kills, %d runs that came to their end: nothing lost, %d of %d records arrived twice", killed, runs+1, twice, (runs+1)*records)
}

// check reports records that are nowhere under out, and returns how many are there twice.
func check(t *testing.T, out string, records int) (twice int) {
	t.Helper()
	seen, backup := make([]int, records), make([]bool, records)
	err := filepath.WalkDir(out, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".") || strings.HasPrefix(e.Name(), "~") && strings.HasSuffix(e.Name(), ".part") {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(out, path)
		if err != nil {
			return err
		}
		bucket, key, _ := strings.Cut(filepath.ToSlash(rel), "/")
		if bucket == "source" {
			dec := json.NewDecoder(bytes.NewReader(body))
			for dec.More() {
				var r struct{ ID int }
				if err := dec.Decode(&r); err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				backup[r.ID] = true
			}
			return nil
		}
		lines := bufio.NewScanner(bytes.NewReader(body))
		for lines.Scan() {
			line := lines.Bytes()
			if strings.HasPrefix(key, "errors/") {
				var f struct{ RawData []byte }
				if err := json.Unmarshal(line, &f); err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				line = f.RawData
			}
			var r struct{ ID int }
			if err := json.Unmarshal(line, &r); err != nil {
				return fmt.Errorf("%s: %w: %.100q", path, err, line)
			}
			seen[r.ID]++
		}
		return lines.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	lost, unsaved := 0, 0
	for i, n := range seen {
		if n == 0 {
			lost++
		}
		if twice += max(n-1, 0); !backup[i] {
			unsaved++
		}
	}
	if lost > 0 || unsaved > 0 {
		t.Errorf("%d of %d records are lost, %d are missing in the backup", lost, records, unsaved)
	}
	return twice
}

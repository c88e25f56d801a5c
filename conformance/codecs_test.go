package conformance

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCodecs has java.util.zip, snappy-java and Hadoop's SnappyCodec read objects of every CompressionFormat.
func TestCodecs(t *testing.T) {
	home := filepath.Join(os.Getenv("HYDRANT_CONFORMANCE"), "codecs")
	classpath, err := os.ReadFile(filepath.Join(home, "classpath"))
	if err != nil {
		t.Skip("no readers of compressed objects: run make conformance, with Maven")
	}
	// Bytes that hardly compress, that compress well, and about as many as a block of Snappy has.
	noise := make([]byte, 0, 1<<20)
	for sum := sha256.Sum256(nil); len(noise) < 1<<20; sum = sha256.Sum256(sum[:]) {
		noise = append(noise, sum[:]...)
	}
	noise = bytes.ReplaceAll(noise, []byte("\r"), []byte("\n")) // lines may end in CRLF
	bodies := [][]byte{[]byte("x"), noise, bytes.Repeat([]byte("delta echo "), 90_000)}
	for _, n := range []int{32767, 32768, 32769, 65535, 65536, 65537, 300_000} {
		bodies = append(bodies, bytes.Repeat([]byte("alpha bravo charlie "), n/20+1)[:n], noise[:n])
	}
	formats := []string{"UNCOMPRESSED", "GZIP", "ZIP", "Snappy", "HADOOP_SNAPPY"}
	args := []string{"java", "-cp", filepath.Join(home, "target", "classes") + ":" + strings.TrimSpace(string(classpath)), "Main"}
	var want []string
	dir := t.TempDir()
	for i, body := range bodies {
		in := write(t, dir, fmt.Sprintf("in%d", i), string(body))
		for _, format := range formats {
			stream := write(t, dir, "s.json", fmt.Sprintf(`{"DeliveryStreamName": "s", "ExtendedS3DestinationConfiguration": {"BucketARN": "arn:aws:s3:::b",
				"RoleARN": "arn:aws:iam::123456789012:role/r", "CompressionFormat": %q}}`, format))
			out := filepath.Join(dir, fmt.Sprintf("out%d-%s", i, format))
			s := replay(t, dir, 0, "--stream", stream, "--input-format", "lines", "--out", out, in)
			if len(s.Objects) != 1 {
				t.Fatalf("%d objects", len(s.Objects))
			}
			args = append(args, format, filepath.Join(out, "b", s.Objects[0].Key))
			want = append(want, fmt.Sprintf("%x", sha256.Sum256(bytes.ReplaceAll(body, []byte("\n"), nil))))
		}
	}
	got, errs, status := run(t, dir, args...)
	if status != 0 {
		t.Fatal(errs)
	}
	sums := strings.Fields(got)
	if len(sums) != len(want) {
		t.Fatalf("%d objects are read, want %d", len(sums), len(want))
	}
	for i, sum := range sums {
		if sum != want[i] {
			t.Errorf("body %d, %s: another content", i/len(formats), formats[i%len(formats)])
		}
	}
	t.Logf("%d objects", len(sums))
}

package conformance

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// junitSchema is the schema of Jenkins's xUnit plugin, which pytest holds its reports to and has in its source distribution. It is
// kept in the folder of the other tools.
func junitSchema(t *testing.T) string {
	t.Helper()
	const pinned, name = "pytest==8.3.3", "junit-10.xsd"
	out := filepath.Join(os.Getenv("HYDRANT_CONFORMANCE"), name)
	if _, err := os.Stat(out); err == nil {
		return out
	}
	dir := t.TempDir()
	if _, errs, status := run(t, dir, tool(t, "pip"), "download", "-q", "--disable-pip-version-check", "--no-deps", "--no-binary", "pytest", pinned); status != 0 {
		t.Fatalf("pip download %s: status %d\n%s", pinned, status, errs)
	}
	list, err := filepath.Glob(filepath.Join(dir, "*.tar.gz"))
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	f, err := os.Open(list[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			t.Fatalf("%s has no %s", pinned, name)
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(h.Name, "/"+name) {
			continue
		}
		b, err := io.ReadAll(r)
		if err == nil {
			err = os.WriteFile(out, b, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// TestJUnit: reports of cases that pass, that fail with texts no XML can hold, and that can't be read are valid.
func TestJUnit(t *testing.T) {
	const passes = `-- stream.yaml --
stream:
  DeliveryStreamName: clicks
  ExtendedS3DestinationConfiguration: { BucketARN: "arn:aws:s3:::clicks", RoleARN: "arn:aws:iam::123456789012:role/r", Prefix: c/ }
-- records --
<a>&amp;]]>` + "\x01\x1b[31m\xff" + `
-- expect/clicks/c/*/*/*/*/clicks-*-UUID.re --
^<a>
`
	dir := t.TempDir()
	for name, text := range map[string]string{
		"passes.txtar":           passes,
		"sub folder/fails.txtar": strings.Replace(passes, "^<a>", "^<b>", 1),
		"unreadable.txtar":       strings.Replace(passes, "stream:", "streams:", 1),
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, dir, name, text)
	}
	for report, args := range map[string][]string{"all.xml": nil, "passes.xml": {"passes.txtar"}} {
		out, errs, status := run(t, dir, append([]string{hydrant(t), "test", "--quiet", "--junit", report}, args...)...)
		if want := map[string]int{"all.xml": 2, "passes.xml": 0}[report]; status != want {
			t.Fatalf("%s: status %d, want %d\n%s%s", report, status, want, out, errs)
		}
	}
	if _, errs, status := run(t, dir, tool(t, "python"), absolute(t, "junit.py"), junitSchema(t), "all.xml", "passes.xml"); status != 0 {
		b, _ := os.ReadFile(filepath.Join(dir, "all.xml"))
		t.Errorf("%s\n%s", errs, b)
	}
}

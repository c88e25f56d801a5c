package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A bucketServer answers as much of the S3 API as the command calls, path-style, for any bucket.
type bucketServer struct {
	mu      sync.Mutex
	objects map[string][]byte         // by /bucket/key
	uploads map[string]map[int][]byte // parts, by /bucket/key
	refuse  func(r *http.Request) bool
}

func (b *bucketServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuse != nil && b.refuse(r) {
		http.Error(w, `<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`, http.StatusForbidden)
		return
	}
	q, path := r.URL.Query(), r.URL.Path
	switch {
	case q.Get("list-type") == "2":
		fmt.Fprint(w, `<ListBucketResult>`)
		for _, name := range slices.Sorted(maps.Keys(b.objects)) {
			if key, ok := strings.CutPrefix(name, strings.TrimRight(path, "/")+"/"); ok && strings.HasPrefix(key, q.Get("prefix")) {
				fmt.Fprintf(w, `<Contents><Key>%s</Key><Size>%d</Size></Contents>`, key, len(b.objects[name]))
			}
		}
		fmt.Fprint(w, `</ListBucketResult>`)
	case r.Method == http.MethodPost && q.Has("uploads"):
		b.uploads[path] = map[int][]byte{}
		fmt.Fprint(w, `<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>`)
	case r.Method == http.MethodPut && q.Has("partNumber"):
		var n int
		if _, err := fmt.Sscan(q.Get("partNumber"), &n); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		b.uploads[path][n] = body
		w.Header().Set("ETag", fmt.Sprintf(`"%d"`, n))
	case r.Method == http.MethodPost && q.Has("uploadId"):
		var whole []byte
		for _, n := range slices.Sorted(maps.Keys(b.uploads[path])) {
			whole = append(whole, b.uploads[path][n]...)
		}
		b.objects[path] = whole
		delete(b.uploads, path)
		fmt.Fprint(w, `<CompleteMultipartUploadResult></CompleteMultipartUploadResult>`)
	case r.Method == http.MethodDelete && q.Has("uploadId"):
		delete(b.uploads, path)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPut:
		b.objects[path] = body
	default:
		o, ok := b.objects[path]
		if !ok {
			http.Error(w, `<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>`, http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(o)))
		if r.Method == http.MethodGet {
			_, err := w.Write(o)
			_ = err // the client went away
		}
	}
}

func newBucketServer(t *testing.T) *bucketServer {
	t.Helper()
	b := &bucketServer{objects: map[string][]byte{}, uploads: map[string]map[int][]byte{}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"} {
		t.Setenv(name, value)
	}
	return b
}

func TestConvertS3(t *testing.T) {
	b := newBucketServer(t)
	b.objects["/logs/in/a.json"] = []byte(people(3, 1))
	b.objects["/logs/in/b/c.json.gz"] = []byte(gzipped(t, people(2, -1)))
	b.objects["/logs/in/empty/"] = nil
	b.objects["/logs/other"] = nil
	dir := t.TempDir()
	s := printed[convertSummary](t, exitSetAside, dir, "", "convert", "--schema", idName, "--to", "parquet", "--out", "s3://lake/out/", "--json", "s3://logs/in/")
	if s.Records != 5 || s.Rows != 4 || len(s.Files) != 2 || s.Files[1].Path != "s3://lake/out/b/c.parquet" {
		t.Errorf("%+v", s)
	}
	if n := len(b.objects["/lake/out.errors.ndjson"]); n == 0 || listing(t, dir) != "" {
		t.Errorf("error lines of %d bytes, files %q", n, listing(t, dir))
	}
	write(t, dir, "c", string(b.objects["/lake/out/b/c.parquet"]))
	if got := catAll(t, dir, "c"); got != people(2, -1) {
		t.Errorf("rows\n%s", got)
	}

	// one object, one output
	if _, errs, status := command(t, dir, "", "convert", "--schema", idName, "--to", "orc", "--out", "s3://lake/one.orc", "s3://logs/in/b/c.json.gz"); status != exitOK {
		t.Errorf("%d %s", status, errs)
	}
	for _, tt := range []struct {
		in, out string
		status  int
		says    string
	}{
		{"s3://logs/nothing", "o", exitUsage, "read s3://logs/nothing: "},
		{"ftp://logs/a", "o", exitUsage, "no ftp:// inputs"},
		{"s3://logs/in/b/c.json.gz", "ftp://x/y", exitUsage, "no ftp:// inputs and outputs"},
	} {
		_, errs, status := command(t, dir, "", "convert", "--schema", idName, "--to", "orc", "--out", tt.out, tt.in)
		if status != tt.status || !strings.Contains(errs, tt.says) {
			t.Errorf("%s: %d %s", tt.in, status, errs)
		}
	}
}

// An upload in parts becomes an object when it is complete, and nothing when it fails.
func TestConvertS3Parts(t *testing.T) {
	b := newBucketServer(t)
	dir := t.TempDir()
	in := people(1_100_000, -1)
	write(t, dir, "in.json", in)
	convert := func() (string, int) {
		_, errs, status := command(t, dir, "", "convert", "--schema", idName, "--to", "parquet", "--option", "Compression=UNCOMPRESSED", "--quiet",
			"--out", "s3://lake/o", "in.json")
		return errs, status
	}
	parts := 0
	b.refuse = func(r *http.Request) bool {
		if r.URL.Query().Has("partNumber") {
			parts++
		}
		return parts > 1
	}
	if errs, status := convert(); status != exitFailed || len(b.objects) > 0 || !strings.Contains(errs, "write s3://lake/o: ") {
		t.Errorf("%d %s", status, errs)
	}
	parts, b.refuse = 0, nil
	if errs, status := convert(); status != exitOK || len(b.uploads) > 0 {
		t.Fatalf("%d %s, %d uploads are left", status, errs, len(b.uploads))
	}
	write(t, dir, "o", string(b.objects["/lake/o"]))
	if got := catAll(t, dir, "o"); got != in {
		t.Errorf("%d bytes of rows, want %d", len(got), len(in))
	}
}

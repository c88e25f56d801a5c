package endpoint

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// An s3Server answers as much of the S3 API as a Bucket calls, path-style, for the buckets it has. It checks checksums, not signatures.
type s3Server struct {
	mu      sync.Mutex
	buckets map[string]bool
	objects map[string]stored          // by bucket/key
	uploads map[string]*stored         // by bucket/key
	parts   map[string][][]byte        // of uploads
	refuse  func(*http.Request) string // the code of the error to answer with, "" for none
	puts    int
}

// A stored object, as a server has it.
type stored struct {
	body   []byte
	header http.Header
}

func (s *s3Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	status := map[string]int{"AccessDenied": 403, "NoSuchBucket": 404, "AccessControlListNotSupported": 400, "SlowDown": 503, "InternalError": 500, "KMS.NotFoundException": 400}
	fail := func(code string) {
		w.WriteHeader(max(status[code], 400))
		fmt.Fprintf(w, `<Error><Code>%s</Code><Message>about %s</Message></Error>`, code, code)
	}
	path, q := strings.TrimPrefix(r.URL.Path, "/"), r.URL.Query()
	bucket, _, _ := strings.Cut(path, "/")
	if r.Method == http.MethodPut {
		s.puts++
	}
	sum := r.Header.Get("x-amz-checksum-crc32")
	switch {
	case err != nil:
		fail("IncompleteBody")
		return
	case s.refuse != nil && s.refuse(r) != "":
		fail(s.refuse(r))
		return
	case !s.buckets[bucket]:
		fail("NoSuchBucket")
		return
	case r.Method == http.MethodPut && sum != base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body))):
		fail("BadDigest")
		return
	}
	switch {
	case r.Method == http.MethodPost && q.Has("uploads"):
		s.uploads[path] = &stored{header: r.Header.Clone()}
		fmt.Fprint(w, `<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>`)
	case r.Method == http.MethodPut && q.Has("partNumber"):
		s.parts[path] = append(s.parts[path], body)
		w.Header().Set("ETag", fmt.Sprintf(`"%d"`, len(s.parts[path])))
		w.Header().Set("x-amz-checksum-crc32", sum)
	case r.Method == http.MethodPost && q.Has("uploadId"):
		for _, p := range s.parts[path] {
			s.uploads[path].body = append(s.uploads[path].body, p...)
		}
		s.objects[path] = *s.uploads[path]
		delete(s.uploads, path)
		delete(s.parts, path)
		fmt.Fprint(w, `<CompleteMultipartUploadResult></CompleteMultipartUploadResult>`)
	case r.Method == http.MethodDelete && q.Has("uploadId"):
		delete(s.uploads, path)
		delete(s.parts, path)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPut:
		s.objects[path] = stored{body, r.Header.Clone()}
	case r.Method == http.MethodGet && q.Get("list-type") == "2":
		fmt.Fprint(w, `<ListBucketResult>`)
		for _, name := range slices.Sorted(maps.Keys(s.objects)) {
			if key, ok := strings.CutPrefix(name, bucket+"/"); ok {
				fmt.Fprintf(w, `<Contents><Key>%s</Key></Contents>`, html.EscapeString(key))
			}
		}
		fmt.Fprint(w, `</ListBucketResult>`)
	case r.Method == http.MethodGet:
		o := s.objects[path]
		w.Header().Set("Content-Type", o.header.Get("Content-Type"))
		if e := strings.TrimPrefix(strings.TrimPrefix(o.header.Get("Content-Encoding"), "aws-chunked"), ","); e != "" {
			w.Header().Set("Content-Encoding", e)
		}
		_, err := w.Write(o.body)
		_ = err // the client went away
	default:
		fail("MethodNotAllowed")
	}
}

// serve starts a server that has the bucket lake, and makes a client of it that doesn't try again.
func serve(t *testing.T) (*s3Server, *s3.Client) {
	t.Helper()
	s := &s3Server{buckets: map[string]bool{"lake": true}, objects: map[string]stored{}, uploads: map[string]*stored{}, parts: map[string][][]byte{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, client(server.URL)
}

func client(url string) *s3.Client {
	return NewClient(aws.Config{Region: "us-east-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} }})
}

// contents reads what is in a bucket: bodies and headers by key.
func contents(t *testing.T, c *s3.Client, bucket string) map[string]stored {
	t.Helper()
	ctx := context.Background()
	list, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]stored{}
	for _, o := range list.Contents {
		got, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: o.Key})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		out[*o.Key] = stored{body, http.Header{"Type": {aws.ToString(got.ContentType)}, "Encoding": {aws.ToString(got.ContentEncoding)}}}
	}
	return out
}

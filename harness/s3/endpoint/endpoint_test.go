package endpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hydrantkit/hydrant/harness/record"
	firehose "github.com/hydrantkit/hydrant/harness/s3"
)

// large is a body of three parts and a bit.
func large() []byte { return bytes.Repeat([]byte("0123456789abcdef"), 3*partBytes/16+1) }

// objects are what every bucket must hold as it was put.
var objects = []firehose.Object{
	{Kind: firehose.Data, Bucket: "b", Key: "2025/01/01/00/clicks-1-x", Body: []byte("one"), ContentType: "application/octet-stream", Records: 1},
	{Kind: firehose.Data, Bucket: "b", Key: "year=2025/a b+c%d&e=é/x.gz", Body: []byte("two"), ContentType: "application/octet-stream", ContentEncoding: "gzip"},
	{Kind: firehose.Error, Bucket: "b", Key: "processing-failed/x", Body: []byte("{}\n"), ContentType: "application/octet-stream"},
	{Kind: firehose.Backup, Bucket: "other.bucket", Key: "2025/01/01/00/clicks-1-x", Body: []byte("another bucket's"), ContentType: "application/octet-stream"},
	{Kind: firehose.Data, Bucket: "b", Key: "empty", Body: []byte{}, ContentType: "application/octet-stream"},
	{Kind: firehose.Data, Bucket: "b", Key: "part", Body: large()[:partBytes], ContentType: "application/octet-stream"},
	{Kind: firehose.Data, Bucket: "b", Key: "large", Body: large(), ContentType: "application/octet-stream", ContentEncoding: "snappy-java"},
}

// suite puts the objects into a bucket, one of them twice, and holds what the bucket has then against them.
func suite(t *testing.T, b firehose.Bucket, read func() map[string]stored, headers bool) {
	t.Helper()
	ctx := context.Background()
	for _, o := range objects {
		o.ACL = firehose.BucketOwnerFullControl
		if err := b.Put(ctx, o); err != nil {
			t.Fatalf("%s: %v", o.Key, err)
		}
	}
	again := objects[0]
	again.Body = []byte("put again")
	if err := b.Put(ctx, again); err != nil {
		t.Fatal(err)
	}
	got := read()
	if len(got) != len(objects) {
		t.Errorf("%d objects, want %d", len(got), len(objects))
	}
	for _, o := range append(objects[1:len(objects):len(objects)], again) {
		g, ok := got[o.Bucket+"/"+o.Key]
		if !ok || !bytes.Equal(g.body, o.Body) {
			t.Errorf("%s/%s: %d bytes %.20q, want %d", o.Bucket, o.Key, len(g.body), g.body, len(o.Body))
		}
		if headers && (g.header.Get("Type") != o.ContentType || g.header.Get("Encoding") != o.ContentEncoding) {
			t.Errorf("%s: %v, want %s %q", o.Key, g.header, o.ContentType, o.ContentEncoding)
		}
	}
}

// TestBuckets is the one suite for buckets in memory, in a directory and at an endpoint.
func TestBuckets(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		var m firehose.Memory
		suite(t, &m, func() map[string]stored {
			out := map[string]stored{}
			for _, o := range m.Objects {
				out[o.Bucket+"/"+o.Key] = stored{o.Body, http.Header{"Type": {o.ContentType}, "Encoding": {o.ContentEncoding}}}
			}
			return out
		}, true)
	})
	t.Run("directory", func(t *testing.T) {
		dir := t.TempDir()
		d, err := firehose.OpenDirectory(dir)
		if err != nil {
			t.Fatal(err)
		}
		suite(t, d, func() map[string]stored {
			out := map[string]stored{}
			for _, o := range objects {
				body, err := os.ReadFile(filepath.Join(dir, o.Bucket, filepath.FromSlash(o.Key)))
				if err != nil {
					t.Fatal(err)
				}
				out[o.Bucket+"/"+o.Key] = stored{body: body}
			}
			return out
		}, false)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	})
	for _, prefix := range []string{"", "run/1"} {
		t.Run("endpoint/"+prefix, func(t *testing.T) {
			s, c := serve(t)
			suite(t, New(c, "lake", prefix), func() map[string]stored { return below(contents(t, c, "lake"), prefix) }, true)
			if len(s.uploads) > 0 {
				t.Errorf("%d uploads are left", len(s.uploads))
			}
		})
	}
}

// below takes a prefix off keys.
func below(in map[string]stored, prefix string) map[string]stored {
	out := map[string]stored{}
	for k, v := range in {
		out[strings.TrimPrefix(strings.TrimPrefix(k, prefix), "/")] = v
	}
	return out
}

// TestHeaders has what the service sends beside a body (s3-delivery.md §2, §7), of one request and of an upload.
func TestHeaders(t *testing.T) {
	const key = "arn:aws:kms:us-east-1:123456789012:key/k"
	s, c := serve(t)
	b := New(c, "lake", "")
	for _, body := range [][]byte{[]byte("small"), large()} {
		o := firehose.Object{Bucket: "b", Key: "k", Body: body, ContentType: "application/octet-stream", ContentEncoding: "gzip", KMSKey: key, ACL: firehose.BucketOwnerFullControl}
		if err := b.Put(context.Background(), o); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": key,
			"x-amz-acl": "bucket-owner-full-control", "content-type": "application/octet-stream", "content-encoding": "gzip"} {
			if got := s.objects["lake/b/k"].header.Get(name); got != want {
				t.Errorf("%d bytes: %s is %q, want %q", len(body), name, got, want)
			}
		}
	}
	if err := b.Put(context.Background(), firehose.Object{Bucket: "b", Key: "k", Body: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x-amz-server-side-encryption", "x-amz-acl", "content-encoding"} {
		if got := s.objects["lake/b/k"].header.Get(name); got != "" {
			t.Errorf("%s is %q, want none", name, got)
		}
	}
}

// TestNoACL has a bucket that refuses ACLs: objects are put without, and the next ones at once where it has none.
func TestNoACL(t *testing.T) {
	for code, puts := range map[string]int{"AccessControlListNotSupported": 4, "AccessDenied": 6} {
		s, c := serve(t)
		s.refuse = func(r *http.Request) string {
			if r.Header.Get("x-amz-acl") != "" {
				return code
			}
			return ""
		}
		b := New(c, "lake", "")
		for i := range 3 {
			o := firehose.Object{Bucket: "b", Key: fmt.Sprint(i), Body: []byte("x"), ACL: firehose.BucketOwnerFullControl}
			if err := b.Put(context.Background(), o); err != nil {
				t.Errorf("%s: %v", code, err)
			}
		}
		if len(s.objects) != 3 || s.puts != puts {
			t.Errorf("%s: %d objects by %d requests", code, len(s.objects), s.puts)
		}
	}
}

// TestOutages has errors of the service with the codes of its error log (operations.md §2), and nothing left of an object.
func TestOutages(t *testing.T) {
	for _, tt := range []struct {
		code, want string
		parts      int // at which of so many it happens, one after the other; a body of one request before
	}{
		{"AccessDenied", "S3.AccessDenied", 3},
		{"NoSuchBucket", "S3.NoSuchBucket", 0},
		{"MethodNotAllowed", "S3.MethodNotAllowed", 0},
		{"AllAccessDisabled", "S3.AllAccessDisabled", 0},
		{"KMS.NotFoundException", "S3.KMS.NotFoundException", 0},
		{"KMS.ThrottlingException", "S3.KMS.RequestLimitExceeded", 0},
		{"SlowDown", "InternalError", 1},
		{"InternalError", "InternalError", 0},
	} {
		for part := range tt.parts + 1 {
			s, c := serve(t)
			seen := 0
			s.refuse = func(r *http.Request) string {
				if r.URL.Query().Has("partNumber") {
					seen++
				}
				if r.Method == http.MethodPut && seen >= part {
					return tt.code
				}
				return ""
			}
			body := []byte("small")
			if part > 0 {
				body = large()
			}
			err := New(c, "lake", "p").Put(context.Background(), firehose.Object{Bucket: "b", Key: "k", Body: body})
			var o *record.Outage
			if !errors.As(err, &o) || o.Code != tt.want || o.Text() != "about "+tt.code || o.Final {
				t.Errorf("%s at part %d: %v", tt.code, part, err)
			}
			if len(s.objects)+len(s.uploads)+len(s.parts) > 0 {
				t.Errorf("%s at part %d: %d objects, %d uploads are left", tt.code, part, len(s.objects), len(s.uploads))
			}
		}
	}
	s, c := serve(t)
	for code, want := range map[string]bool{"": true, "AccessDenied": true, "SignatureDoesNotMatch": false, "InternalError": false} {
		s.refuse = func(*http.Request) string { return code }
		if err := New(c, "lake", "").Check(context.Background()); (err == nil) != want {
			t.Errorf("Check with %q: %v", code, err)
		}
	}
	s.refuse = nil
	if err := New(c, "nowhere", "").Check(context.Background()); err == nil {
		t.Error("Check finds a bucket that isn't there")
	}
	err := New(c, "nowhere", "").Put(context.Background(), firehose.Object{Bucket: "b", Key: "k", Body: []byte("x")})
	if o := (*record.Outage)(nil); !errors.As(err, &o) || o.Code != "S3.NoSuchBucket" {
		t.Errorf("a bucket that isn't there: %v", err)
	}
	err = New(client("http://127.0.0.1:1"), "lake", "").Put(context.Background(), firehose.Object{Bucket: "b", Key: "k", Body: []byte("x")})
	if o := (*record.Outage)(nil); !errors.As(err, &o) || o.Code != "InternalError" {
		t.Errorf("nobody listens: %v", err)
	}
}

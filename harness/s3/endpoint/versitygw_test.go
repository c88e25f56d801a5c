package endpoint

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/hydrantkit/hydrant/harness/record"
)

// gateway starts a versitygw, which checks signatures and checksums, and returns its URL. make conformance installs it.
func gateway(t *testing.T) *url.URL {
	t.Helper()
	program := os.Getenv("HYDRANT_VERSITYGW")
	if program == "" {
		t.Skip("HYDRANT_VERSITYGW isn't set: no S3 server that checks signatures; make conformance has one")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--port", address, "posix", t.TempDir())
	cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY=AKIDEXAMPLE", "ROOT_SECRET_KEY=secret")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	for range 100 {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return &url.URL{Scheme: "http", Host: address}
		}
		time.Sleep(100 * time.Millisecond) // another program starts
	}
	t.Fatal("versitygw doesn't start")
	return nil
}

// TestVersitygw is the suite of TestBuckets on a server that checks signatures; and uploads in parts of which one is refused.
func TestVersitygw(t *testing.T) {
	u := gateway(t)
	c := client(u.String())
	ctx := context.Background()
	for _, name := range []string{"direct", "parts", "wrong"} {
		if _, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
			t.Fatal(err)
		}
	}
	suite(t, New(c, "direct", "run"), func() map[string]stored { return below(contents(t, c, "direct"), "run") }, true)

	var parts atomic.Int64
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(u)
		r.Out.Host = r.In.Host // it is signed
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("partNumber") && parts.Add(1)%2 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer server.Close()
	// The upload fails, and leaves nothing; the SDK's own retries get it through.
	if err := New(client(server.URL), "parts", "").Put(ctx, objects[6]); err == nil || parts.Load() != 2 {
		t.Errorf("%v at part %d", err, parts.Load())
	}
	left, err := c.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: aws.String("parts")})
	if err != nil || len(left.Uploads) > 0 {
		t.Errorf("%d uploads are left, %v", len(left.Uploads), err)
	}
	retrying := NewClient(aws.Config{Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")})
	suite(t, New(retrying, "parts", ""), func() map[string]stored { return contents(t, c, "parts") }, true)

	cfg := aws.Config{Region: "us-east-1", BaseEndpoint: aws.String(u.String()), Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "wrong", "")}
	err = New(NewClient(cfg), "wrong", "").Put(ctx, objects[0])
	if o := (*record.Outage)(nil); !errors.As(err, &o) || o.Code != "S3.AccessDenied" {
		t.Errorf("another secret: %v", err)
	}
	err = New(c, "nowhere", "").Put(ctx, objects[0])
	if o := (*record.Outage)(nil); !errors.As(err, &o) || o.Code != "S3.NoSuchBucket" {
		t.Errorf("no bucket: %v", err)
	}
}

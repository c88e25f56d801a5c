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
	firehose "github.com/hydrantkit/hydrant/harness/s3"
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

// TestVersitygw is the suite of TestBuckets on a server that checks signatures; and on it behind a proxy that answers every
// second PUT with 503 Slow Down, where every object is put until it is there.
func TestVersitygw(t *testing.T) {
	u := gateway(t)
	c := client(u.String())
	ctx := context.Background()
	for _, name := range []string{"direct", "slow", "wrong"} {
		if _, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
			t.Fatal(err)
		}
	}
	suite(t, New(c, "direct", "run"), func() map[string]stored { return below(contents(t, c, "direct"), "run") }, true)

	var puts atomic.Int64
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(u)
		r.Out.Host = r.In.Host // it is signed
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && puts.Add(1)%2 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer server.Close()
	again := &persistent{bucket: New(client(server.URL), "slow", "")}
	for _, o := range objects[:5] { // the larger ones never have two parts in a row
		if err := again.Put(ctx, o); err != nil {
			t.Fatal(err)
		}
	}
	if again.outages == 0 {
		t.Error("no outage")
	}
	if got := contents(t, c, "slow"); len(got) != 5 {
		t.Errorf("%d objects, want 5", len(got))
	}
	// An upload in parts fails, and leaves nothing; the SDK's own retries get it through.
	if err := New(client(server.URL), "slow", "").Put(ctx, objects[6]); err == nil {
		t.Error("no outage in an upload")
	}
	left, err := c.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: aws.String("slow")})
	if err != nil || len(left.Uploads) > 0 {
		t.Errorf("%d uploads are left, %v", len(left.Uploads), err)
	}
	retrying := NewClient(aws.Config{Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "")})
	suite(t, New(retrying, "slow", ""), func() map[string]stored { return contents(t, c, "slow") }, true)

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

// A persistent bucket puts again what could not be put.
type persistent struct {
	bucket  firehose.Bucket
	outages int
}

func (p *persistent) Put(ctx context.Context, o firehose.Object) error {
	for range 10 {
		err := p.bucket.Put(ctx, o)
		if err == nil {
			return nil
		}
		if out := (*record.Outage)(nil); !errors.As(err, &out) || out.Code != "InternalError" {
			return err
		}
		p.outages++
	}
	return errors.New("ten times")
}

package endpoint

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestFilesVersitygw: objects by their URIs, each written once, on a server that checks signatures and conditions.
func TestFilesVersitygw(t *testing.T) {
	u := gateway(t)
	ctx := context.Background()
	f := Files{client(u.String())}
	name := "tables"
	if _, err := f.Client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	if err := f.Create(ctx, "s3://tables/db/t/a b=ü.parquet", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := f.Create(ctx, "s3a://tables/db/t/a b=ü.parquet", []byte("y")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("written again: %v", err)
	}
	if b, err := f.Read(ctx, "s3n://tables/db/t/a b=ü.parquet"); string(b) != "x" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := f.Read(ctx, "s3://tables/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestFilesRefused: what is no URI of an object, and what isn't allowed.
func TestFilesRefused(t *testing.T) {
	s, c := serve(t)
	f := Files{c}
	ctx := context.Background()
	for _, uri := range []string{"file:///a", "s3://b", "s3://b/", "s3:///k", "lake/k"} {
		if _, err := f.Read(ctx, uri); err == nil {
			t.Error(uri)
		}
		if err := f.Create(ctx, uri, nil); err == nil {
			t.Error(uri)
		}
	}
	condition := ""
	s.refuse = func(r *http.Request) string {
		condition = r.Header.Get("If-None-Match")
		return "AccessDenied"
	}
	if err := f.Create(ctx, "s3://lake/k", nil); !errors.Is(err, fs.ErrPermission) || condition != "*" {
		t.Errorf("%v, with the condition %q", err, condition)
	}
}

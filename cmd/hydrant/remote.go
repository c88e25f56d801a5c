package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"sync"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hydrantkit/hydrant/internal/aws"
)

// A remote reaches the objects that s3:// URLs name. Its client is made when it is needed first.
type remote struct {
	ctx    context.Context
	client func() (*s3.Client, error)
}

func newRemote(ctx context.Context, getenv func(string) string) *remote {
	return &remote{ctx, sync.OnceValues(func() (*s3.Client, error) {
		cfg, err := aws.Environment(getenv)
		if err != nil {
			return nil, err
		}
		endpoint := aws.Endpoint(getenv, "S3")
		return s3.NewFromConfig(cfg, func(o *s3.Options) {
			if endpoint != nil {
				o.BaseEndpoint, o.UsePathStyle = endpoint, true
			}
		}), nil
	})}
}

// isRemote reports whether a path is a URL. That of another kind than s3 is refused when it is used.
func isRemote(path string) bool { return strings.Contains(path, "://") }

// object takes s3://bucket/key apart.
func object(address string) (bucket, key string, err error) {
	rest, ok := strings.CutPrefix(address, "s3://")
	if !ok {
		u, err := url.Parse(address)
		if err != nil {
			return "", "", err
		}
		return "", "", fmt.Errorf("%s: no %s:// inputs and outputs, only s3:// and files", address, u.Scheme)
	}
	bucket, key, _ = strings.Cut(rest, "/")
	if bucket == "" {
		return "", "", fmt.Errorf("%s: no bucket", address)
	}
	return bucket, key, nil
}

// sources are the objects that an address names: one, or all below a prefix that ends in /, in the order of their keys.
func (r *remote) sources(address string) ([]convertSource, error) {
	bucket, key, err := object(address)
	if err != nil {
		return nil, usage(err)
	}
	client, err := r.client()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", address, err)
	}
	if key != "" && !strings.HasSuffix(key, "/") {
		head, err := client.HeadObject(r.ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
		if err != nil {
			return nil, usage(fmt.Errorf("read %s: %w", address, err))
		}
		return []convertSource{r.source(client, bucket, key, key[strings.LastIndexByte(key, '/')+1:], sdk.ToInt64(head.ContentLength))}, nil
	}
	var out []convertSource
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &key})
	for pages.HasMorePages() {
		page, err := pages.NextPage(r.ctx)
		if err != nil {
			return nil, usage(fmt.Errorf("list %s: %w", address, err))
		}
		for _, o := range page.Contents {
			name := sdk.ToString(o.Key)
			if strings.HasSuffix(name, "/") && sdk.ToInt64(o.Size) == 0 {
				continue // a folder that a console made
			}
			out = append(out, r.source(client, bucket, name, strings.TrimPrefix(name, key), sdk.ToInt64(o.Size)))
		}
	}
	return out, nil
}

func (r *remote) source(client *s3.Client, bucket, key, rel string, size int64) convertSource {
	s := convertSource{rel: rel}
	s.name, s.size = "s3://"+bucket+"/"+key, size
	s.open = func() (io.ReadCloser, error) {
		// What was begun is read to its end when the command is interrupted.
		o, err := client.GetObject(context.WithoutCancel(r.ctx), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", s.name, err)
		}
		return o.Body, nil
	}
	return s
}

// partBytes is the size of a part of an upload, which makes objects of up to 160 GB: there are 10,000 parts at most.
const partBytes = 16 << 20

// An upload writes an object. Until it is committed there is none.
type upload struct {
	ctx         context.Context
	client      *s3.Client
	bucket, key string
	id          *string // of a multipart upload, once there is one
	parts       []types.CompletedPart
	buf         []byte
}

// upload begins an object.
func (r *remote) upload(address string) (*upload, error) {
	bucket, key, err := object(address)
	if err == nil && (key == "" || strings.HasSuffix(key, "/")) {
		err = fmt.Errorf("%s: no key", address)
	}
	if err != nil {
		return nil, err
	}
	client, err := r.client()
	if err != nil {
		return nil, err
	}
	return &upload{ctx: context.WithoutCancel(r.ctx), client: client, bucket: bucket, key: key}, nil
}

// Write sends a part when there is one.
func (u *upload) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		k := min(len(p), partBytes-len(u.buf))
		u.buf = append(u.buf, p[:k]...)
		if p = p[k:]; len(u.buf) == partBytes {
			if err := u.send(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// send uploads what is gathered as a part.
func (u *upload) send() error {
	if u.id == nil {
		out, err := u.client.CreateMultipartUpload(u.ctx, &s3.CreateMultipartUploadInput{Bucket: &u.bucket, Key: &u.key})
		if err != nil {
			return err
		}
		u.id = out.UploadId
	}
	number := int32(len(u.parts) + 1)
	out, err := u.client.UploadPart(u.ctx, &s3.UploadPartInput{Bucket: &u.bucket, Key: &u.key, UploadId: u.id, PartNumber: &number, Body: bytes.NewReader(u.buf)})
	if err != nil {
		return err
	}
	u.parts = append(u.parts, types.CompletedPart{ETag: out.ETag, PartNumber: &number, ChecksumCRC32: out.ChecksumCRC32})
	u.buf = u.buf[:0]
	return nil
}

// commit makes the object.
func (u *upload) commit() error {
	if u.id == nil {
		_, err := u.client.PutObject(u.ctx, &s3.PutObjectInput{Bucket: &u.bucket, Key: &u.key, Body: bytes.NewReader(u.buf)})
		return err
	}
	if len(u.buf) > 0 {
		if err := u.send(); err != nil {
			return errors.Join(err, u.discard())
		}
	}
	_, err := u.client.CompleteMultipartUpload(u.ctx, &s3.CompleteMultipartUploadInput{Bucket: &u.bucket, Key: &u.key, UploadId: u.id,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: u.parts}})
	return err
}

// discard frees the parts that were sent.
func (u *upload) discard() error {
	if u.id == nil {
		return nil
	}
	_, err := u.client.AbortMultipartUpload(u.ctx, &s3.AbortMultipartUploadInput{Bucket: &u.bucket, Key: &u.key, UploadId: u.id})
	return err
}

// outputPath is the path of a file of a folder, or of an object under a prefix.
func outputPath(folder, name string) string {
	if isRemote(folder) {
		return strings.TrimRight(folder, "/") + "/" + name
	}
	return filepath.Join(folder, name)
}

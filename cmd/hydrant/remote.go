package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"sync"

	"cloud.google.com/go/storage"
	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/hydrantkit/hydrant/harness/s3/endpoint"
	"github.com/hydrantkit/hydrant/internal/aws/chain"
)

// A remote reaches the objects that URLs name: here those of s3://, in remote_source.go the others. Its clients are made when they are
// needed first.
type remote struct {
	ctx    context.Context
	client func() (*s3.Client, error)
	google func() (*storage.Client, error)
}

func newRemote(ctx context.Context) *remote {
	return &remote{ctx, sync.OnceValues(func() (*s3.Client, error) {
		cfg, err := chain.Load(ctx)
		if err != nil {
			return nil, err
		}
		return endpoint.NewClient(cfg), nil
	}), sync.OnceValues(func() (*storage.Client, error) { return storage.NewClient(context.WithoutCancel(ctx)) })}
}

// isRemote reports whether a path is a URL. One of an unknown kind is refused when it is used.
func isRemote(path string) bool { return strings.Contains(path, "://") }

// object takes s3://bucket/key apart.
func object(address string) (bucket, key string, err error) {
	rest, ok := strings.CutPrefix(address, "s3://")
	if !ok {
		scheme, _, _ := strings.Cut(address, "://")
		return "", "", fmt.Errorf("%s: no buckets at %s://, only s3:// and folders", shown(address), scheme)
	}
	bucket, key, _ = strings.Cut(rest, "/")
	if bucket == "" {
		return "", "", fmt.Errorf("%s: no bucket", address)
	}
	return bucket, key, nil
}

// sources are the objects that an address names: one, or all below a prefix that ends in /, in the order of their keys.
func (r *remote) sources(address string) ([]convertSource, error) {
	if !strings.HasPrefix(address, "s3://") {
		return r.storeSources(address)
	}
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
			return nil, wrongInput(fmt.Errorf("read %s: %w", address, err), err)
		}
		return []convertSource{r.source(client, bucket, key, key[strings.LastIndexByte(key, '/')+1:], sdk.ToInt64(head.ContentLength))}, nil
	}
	var out []convertSource
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &key})
	for pages.HasMorePages() {
		page, err := pages.NextPage(r.ctx)
		if err != nil {
			return nil, wrongInput(fmt.Errorf("list %s: %w", address, err), err)
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
		// The client isn't told of an interrupt; who reads doesn't wait for it then.
		o, err := client.GetObject(context.WithoutCancel(r.ctx), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", s.name, err)
		}
		return o.Body, nil
	}
	return s
}

// upload begins an object.
func (r *remote) upload(address string) (upload, error) {
	if err := r.checkOutput(address); err != nil {
		return nil, err
	}
	begin := r.storeUpload
	if strings.HasPrefix(address, "s3://") {
		begin = r.bucketUpload
	}
	u, err := begin(address)
	if err != nil {
		return nil, err
	}
	return &tidyUpload{u: u}, nil
}

// outputKey is the key of an address that can be written to.
func (r *remote) outputKey(text string) (string, error) {
	if strings.HasPrefix(text, "s3://") {
		_, key, err := object(text)
		return key, err
	}
	s, a, err := r.store(text)
	if _, web := s.(webStore); web {
		err = fmt.Errorf("%s: %w", shown(text), errReadOnly)
	}
	return a.key, err
}

// checkOutput reports what is wrong with the address of an object that is to be written.
func (r *remote) checkOutput(text string) error {
	key, err := r.outputKey(text)
	if err == nil && isFolder(key) {
		err = fmt.Errorf("%s: no name of an object", shown(text))
	}
	return err
}

func (r *remote) bucketUpload(address string) (upload, error) {
	bucket, key, err := object(address)
	if err != nil {
		return nil, err
	}
	client, err := r.client()
	if err != nil {
		return nil, err
	}
	return endpoint.NewUpload(r.ctx, client, bucket, key), nil
}

// outputPath is the path of a file of a folder, or of an object under a prefix.
func outputPath(folder, name string) string {
	if isRemote(folder) {
		return strings.TrimRight(folder, "/") + "/" + name
	}
	return filepath.Join(folder, name)
}

// An upload writes an object. Until it is committed there is none, and when it is discarded or can't be committed nothing of it is left.
type upload interface {
	io.Writer
	Commit() error
	Discard() error
}

// An address is scheme://place/key taken apart; the place is a bucket, a container or a host.
type address struct{ scheme, root, key string }

func isFolder(key string) bool { return key == "" || strings.HasSuffix(key, "/") }

// shown is an address as it may be printed: without a password, and without the query, which may be a signature. Those of gs and s3
// have neither, and their keys may hold any character.
func shown(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	switch {
	case !ok || scheme == "gs" || scheme == "s3":
		return text
	case scheme == "az":
		rest, _, _ = strings.Cut(rest, "?")
		return "az://" + rest
	case scheme == "hdfs":
		root, key, slash := strings.Cut(rest, "/")
		root = root[strings.LastIndexByte(root, '@')+1:]
		if slash {
			key = "/" + key
		}
		return "hdfs://" + root + key
	}
	u, err := url.Parse(text)
	if err != nil {
		return scheme + "://…" // nobody can say where a password in it ends
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return u.String()
}

// A tidyUpload is discarded, once, as soon as something of it can't be written.
type tidyUpload struct {
	u     upload
	ended bool
}

func (t *tidyUpload) Write(b []byte) (int, error) {
	n, err := t.u.Write(b)
	return n, t.tidied(err)
}

func (t *tidyUpload) Commit() error { return t.tidied(t.u.Commit()) }

func (t *tidyUpload) tidied(err error) error {
	if err == nil {
		return nil
	}
	return errors.Join(plain(err), t.Discard())
}

func (t *tidyUpload) Discard() error {
	if t.ended {
		return nil
	}
	t.ended = true
	return plain(t.u.Discard())
}

// A wholeReader reads as many bytes as an object has: one that ends early or goes on isn't the object that was found. left is -1 where
// it isn't known how many there are.
type wholeReader struct {
	r    io.ReadCloser
	name string
	left int64
}

func (w *wholeReader) Read(p []byte) (n int, err error) {
	switch {
	case w.left < 0:
		n, err = w.r.Read(p)
	case w.left == 0: // to the end, where clients compare checksums
		var more [1]byte
		if n, err = io.ReadFull(w.r, more[:]); n > 0 {
			n, err = 0, errChanged
		}
	default:
		n, err = w.r.Read(p[:min(int64(len(p)), w.left)])
		if w.left -= int64(n); err == io.EOF && w.left > 0 {
			err = fmt.Errorf("the last %d bytes are missing: %w", w.left, io.ErrUnexpectedEOF)
		}
	}
	if err != nil && err != io.EOF {
		err = fmt.Errorf("read %s: %w", w.name, plain(err))
	}
	return n, err
}

func (w *wholeReader) Close() error { return plain(w.r.Close()) }

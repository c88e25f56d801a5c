package endpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// Files are objects of any bucket by their URIs: s3://bucket/key, and s3a and s3n, which Hadoop says.
type Files struct{ Client *s3.Client }

// maxFile is how large an object may be that is read, in bytes.
const maxFile = 1 << 30

func split(uri string) (bucket, key string, err error) {
	scheme, rest, _ := strings.Cut(uri, "://")
	bucket, key, _ = strings.Cut(rest, "/")
	if scheme != "s3" && scheme != "s3a" && scheme != "s3n" || bucket == "" || key == "" {
		return "", "", fmt.Errorf("%s is no object's URI", uri)
	}
	return bucket, key, nil
}

// Read reads an object.
func (f Files) Read(ctx context.Context, uri string) ([]byte, error) {
	bucket, key, err := split(uri)
	if err != nil {
		return nil, err
	}
	o, err := f.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, fileError(err)
	}
	defer o.Body.Close()
	data, err := io.ReadAll(io.LimitReader(o.Body, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s is larger than %d bytes", uri, maxFile)
	}
	return data, err
}

// Create writes an object that isn't there; where it is its error is fs.ErrExist.
func (f Files) Create(ctx context.Context, uri string, data []byte) error {
	bucket, key, err := split(uri)
	if err != nil {
		return err
	}
	any := "*"
	_, err = f.Client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(data), IfNoneMatch: &any})
	return fileError(err)
}

// fileError is an error that says what a file system would.
func fileError(err error) error {
	var e smithy.APIError
	if errors.As(err, &e) {
		switch e.ErrorCode() {
		case "PreconditionFailed", "ConditionalRequestConflict":
			return errors.Join(fs.ErrExist, err)
		case "AccessDenied":
			return errors.Join(fs.ErrPermission, err)
		case "NoSuchKey":
			return errors.Join(fs.ErrNotExist, err)
		}
	}
	return err
}

// Package endpoint is the buckets of a delivery stream at Amazon S3, or at a server that speaks its API.
//
// It is a package of its own because it links the SDK's S3 client, which a test that uses the
// harness has no need of.
package endpoint

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/hydrantkit/hydrant/harness/record"
	firehose "github.com/hydrantkit/hydrant/harness/s3"
)

// NewClient makes a client of a configuration. Where that, or the environment it was made from, has an endpoint of its own
// (AWS_ENDPOINT_URL_S3), buckets are part of the path there.
func NewClient(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil
	})
}

// A Bucket holds all buckets of a description below one prefix of a real bucket:
//
//	s3://<Name>/<Prefix>/<bucket of the description>/<key>
//
// so that nothing is written where the description's own stream delivers. Nothing is ever removed; an object that is put
// twice under one key is there once.
type Bucket struct {
	client *s3.Client
	name   string
	prefix string      // ends in / unless it is empty
	noACL  atomic.Bool // the bucket has no ACLs
}

// New returns the bucket at a prefix, which needs no slash at its end.
func New(client *s3.Client, name, prefix string) *Bucket {
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	return &Bucket{client: client, name: name, prefix: prefix}
}

// Check reports whether the bucket is there and knows who asks. Whether it can be written shows when it is: to list it needs
// another permission.
func (b *Bucket) Check(ctx context.Context) error {
	one := int32(1)
	_, err := b.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &b.name, MaxKeys: &one})
	var e smithy.APIError
	if errors.As(err, &e) && e.ErrorCode() == "AccessDenied" {
		return nil
	}
	return err
}

// Put puts o, in parts where it is large. Its error is an *record.Outage with the service's code (operations.md §2), and
// then there is no object and no part of one. The ACL is left out where it isn't allowed, as the service does
// (s3-delivery.md §2).
func (b *Bucket) Put(ctx context.Context, o firehose.Object) error {
	if b.noACL.Load() {
		o.ACL = ""
	}
	err := b.put(ctx, &o)
	if denied, always := deniesACL(err); denied && o.ACL != "" {
		if o.ACL = ""; b.put(ctx, &o) == nil {
			if always {
				b.noACL.Store(true)
			}
			return nil
		}
	}
	if err != nil {
		return outage(o.Key, err)
	}
	return nil
}

func (b *Bucket) put(ctx context.Context, o *firehose.Object) error {
	u := newUpload(ctx, b.client, header(b.name, b.prefix+o.Bucket+"/"+o.Key, o))
	rest := o.Body
	for len(rest) > partBytes {
		if err := u.send(rest[:partBytes]); err != nil {
			return errors.Join(err, u.Discard())
		}
		rest = rest[partBytes:]
	}
	u.buf = rest
	return u.Commit()
}

// Create begins an object beside the buckets.
func (b *Bucket) Create(ctx context.Context, name string) *Upload {
	return NewUpload(ctx, b.client, b.name, b.prefix+name)
}

// deniesACL reports whether an error may be about the ACL, and whether it will be for every object. AccessDenied may be about something that is over
// by the next one, whose ACL the owner of another account's bucket needs.
func deniesACL(err error) (denied, always bool) {
	var e smithy.APIError
	if !errors.As(err, &e) {
		return false, false
	}
	switch e.ErrorCode() {
	case "AccessControlListNotSupported", "NotImplemented":
		return true, true
	case "AccessDenied":
		return true, false
	}
	return false, false
}

// outage is an error with the service's code (operations.md §2).
func outage(key string, err error) error {
	o := &record.Outage{Code: "InternalError", Err: fmt.Errorf("put %s: %w", key, err)}
	var e smithy.APIError
	if !errors.As(err, &e) {
		return o
	}
	o.Message = e.ErrorMessage()
	switch code := e.ErrorCode(); code {
	case "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken":
		o.Code = "S3.AccessDenied"
	case "NoSuchBucket", "MethodNotAllowed", "AccountProblem", "AllAccessDisabled", "InvalidPayer", "NotSignedUp":
		o.Code = "S3." + code
	case "KMS.ThrottlingException", "KMS.RequestLimitExceeded":
		o.Code = "S3.KMS.RequestLimitExceeded"
	default:
		if strings.HasPrefix(code, "KMS.") {
			o.Code = "S3." + code
		}
	}
	return o
}

package endpoint

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	firehose "github.com/hydrantkit/hydrant/harness/s3"
)

// partBytes is the size of a part of an upload, which makes objects of up to 160 GB: there are 10,000 parts at most.
// What is smaller is put at once.
const partBytes = 16 << 20

// An Upload writes an object. Until it is committed there is none.
type Upload struct {
	ctx    context.Context
	client *s3.Client
	head   *s3.PutObjectInput
	id     *string // of a multipart upload, once there is one
	parts  []types.CompletedPart
	buf    []byte
}

// NewUpload begins an object. What it asks for is not given up when ctx ends.
func NewUpload(ctx context.Context, client *s3.Client, bucket, key string) *Upload {
	return newUpload(ctx, client, &s3.PutObjectInput{Bucket: &bucket, Key: &key})
}

func newUpload(ctx context.Context, client *s3.Client, head *s3.PutObjectInput) *Upload {
	return &Upload{ctx: context.WithoutCancel(ctx), client: client, head: head}
}

// header is what the service puts with an object (s3-delivery.md §2, §6, §7).
func header(bucket, key string, o *firehose.Object) *s3.PutObjectInput {
	in := &s3.PutObjectInput{Bucket: &bucket, Key: &key, ACL: types.ObjectCannedACL(o.ACL)}
	if o.ContentType != "" {
		in.ContentType = &o.ContentType
	}
	if o.ContentEncoding != "" {
		in.ContentEncoding = &o.ContentEncoding
	}
	if o.KMSKey != "" {
		in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, &o.KMSKey
	}
	return in
}

// Write sends a part when there is one.
func (u *Upload) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		k := min(len(p), partBytes-len(u.buf))
		u.buf = append(u.buf, p[:k]...)
		if p = p[k:]; len(u.buf) == partBytes {
			if err := u.send(u.buf); err != nil {
				return 0, err
			}
			u.buf = u.buf[:0]
		}
	}
	return n, nil
}

// send uploads a part.
func (u *Upload) send(part []byte) error {
	h := u.head
	if u.id == nil {
		out, err := u.client.CreateMultipartUpload(u.ctx, &s3.CreateMultipartUploadInput{Bucket: h.Bucket, Key: h.Key, ACL: h.ACL,
			ContentType: h.ContentType, ContentEncoding: h.ContentEncoding, ServerSideEncryption: h.ServerSideEncryption, SSEKMSKeyId: h.SSEKMSKeyId,
			ChecksumAlgorithm: types.ChecksumAlgorithmCrc32})
		if err != nil {
			return err
		}
		u.id = out.UploadId
	}
	number, sum := int32(len(u.parts)+1), checksum(part)
	out, err := u.client.UploadPart(u.ctx, &s3.UploadPartInput{Bucket: h.Bucket, Key: h.Key, UploadId: u.id, PartNumber: &number,
		Body: bytes.NewReader(part), ChecksumCRC32: sum})
	if err != nil {
		return err
	}
	u.parts = append(u.parts, types.CompletedPart{ETag: out.ETag, PartNumber: &number, ChecksumCRC32: sum})
	return nil
}

// checksum is that of a body, which the server holds against what it gets. One that is known beforehand is a header; the SDK's own
// would be a trailer, which not every server reads.
func checksum(body []byte) *string {
	sum := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body)))
	return &sum
}

// Commit makes the object. Where that fails nothing of it is left.
func (u *Upload) Commit() error {
	if u.id == nil {
		in := *u.head
		in.Body, in.ChecksumCRC32 = bytes.NewReader(u.buf), checksum(u.buf)
		_, err := u.client.PutObject(u.ctx, &in)
		return err
	}
	var err error
	if len(u.buf) > 0 {
		err = u.send(u.buf)
	}
	if err == nil {
		_, err = u.client.CompleteMultipartUpload(u.ctx, &s3.CompleteMultipartUploadInput{Bucket: u.head.Bucket, Key: u.head.Key, UploadId: u.id,
			MultipartUpload: &types.CompletedMultipartUpload{Parts: u.parts}})
	}
	if err != nil {
		return errors.Join(err, u.Discard())
	}
	return nil
}

// Discard gives up the object, and frees the parts that were sent.
func (u *Upload) Discard() error {
	if u.id == nil {
		return nil
	}
	_, err := u.client.AbortMultipartUpload(u.ctx, &s3.AbortMultipartUploadInput{Bucket: u.head.Bucket, Key: u.head.Key, UploadId: u.id})
	u.id = nil
	return err
}

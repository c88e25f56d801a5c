package blueprints

import (
	"context"

	"github.com/hydrantkit/hydrant"
)

// S3Access reads lines of S3 server access logs, one or more a record.
type S3Access struct {
	err error
}

var s3Columns = []column{{"bucket_owner", text}, {"bucket", text}, {"time", moment}, {"remote_ip", text}, {"requester", text},
	{"request_id", text}, {"operation", text}, {"key", text}, {"request", request}, {"http_status", integer}, {"error_code", text},
	{"bytes_sent", integer}, {"object_size", integer}, {"total_time", integer}, {"turn_around_time", integer}, {"referer", text},
	{"user_agent", text}, {"version_id", text}, {"host_id", text}, {"signature_version", text}, {"cipher_suite", text},
	{"authentication_type", text}, {"host_header", text}, {"tls_version", text}, {"access_point_arn", text}, {"acl_required", text},
	{"source_region", text}}

// FromEnv reads no options.
func (s S3Access) FromEnv(func(string) string) S3Access { return s }

// JSON returns the transform of lines to JSON, each document with a newline. The members are the fields in their order; the time is
// ISO 8601 in UTC, the request becomes request_verb, request_url and request_proto, numbers are numbers and - is null.
func (s S3Access) JSON() hydrant.Transform { return lines(s.err, appendS3Access) }

func appendS3Access(_ context.Context, dst, line []byte) ([]byte, hydrant.Status) {
	var room [40][]byte
	values, ok := cutValues(room[:0], line)
	// The fields before the version id are there since the first such log.
	if !ok || len(values) < 17 {
		return dst, hydrant.ProcessingFailed
	}
	r := newRow(dst)
	if !r.columns(s3Columns, values) {
		return dst, hydrant.ProcessingFailed
	}
	return r.dst, hydrant.OK
}

package sink

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/hydrantkit/hydrant/harness/s3"
)

// Files writes what would be sent, one object a request body, and answers as a destination does that takes everything
// (cli.md, --destination dir):
//
//	<sink>/<index or host>/<request id>.ndjson or .json, and .meta.json beside it
type Files struct {
	Bucket s3.Bucket
}

// Do writes the request, unless it brings nothing. Secrets are written as ***.
func (f Files) Do(ctx context.Context, r *Request) (*Answer, error) {
	if r.Poll {
		return r.Answer(""), nil
	}
	meta := struct {
		Method  string            `json:"method"`
		URL     string            `json:"url"`
		Headers map[string]string `json:"headers"`
		Records int               `json:"records"`
	}{r.Method, r.Shown, map[string]string{}, r.Records}
	for name, values := range r.Header {
		if meta.Headers[name] = strings.Join(values, ", "); slices.Contains(r.Secrets, name) {
			meta.Headers[name] = "***"
		}
	}
	name := r.Name + "/" + r.ID
	if err := putWith(ctx, f.Bucket, name, meta, s3.Object{Bucket: r.Sink, Key: name + r.Suffix, Body: r.Body, ContentType: r.Header.Get("Content-Type"),
		ContentEncoding: r.Header.Get("Content-Encoding"), Records: r.Records}); err != nil {
		return nil, err
	}
	return r.Answer(""), nil
}

// putWith puts what would be sent, and beside it, in <name>.meta.json, what is to be said of it.
func putWith(ctx context.Context, to s3.Bucket, name string, meta any, o s3.Object) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(meta); err != nil {
		return err
	}
	o.Kind = s3.Request
	if err := to.Put(ctx, o); err != nil {
		return err
	}
	return to.Put(ctx, s3.Object{Kind: s3.Request, Bucket: o.Bucket, Key: name + ".meta.json", Body: text.Bytes(), ContentType: "application/json"})
}

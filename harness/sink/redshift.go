package sink

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
)

// Redshift is an Amazon Redshift cluster or workgroup (destinations.md §1). A batch becomes three things, one after the other, each
// tried until it is there:
//
//	<Prefix>yyyy/MM/dd/HH/<stream>-<version>-…            the records, an object as any other
//	<Prefix>manifests/yyyy/MM/dd/HH/<stream>-<version>-…  {"entries":[{"url":"s3://<bucket>/<key>","mandatory":true}]}
//	COPY <table> (<columns>) FROM 's3://<bucket>/<manifest>' CREDENTIALS 'aws_iam_role=<role>' MANIFEST <CopyOptions>
//
// One COPY runs at a time. A batch whose COPY is given up is skipped: its records have failed, the objects stay, and the first of
// the failures holds the entry of a manifest below errors/, which [SkippedManifest] makes.
type Redshift struct {
	Data     *s3.Destination // makes the intermediate objects
	Manifest *s3.Destination // makes their manifests; its Format isn't looked at
	Command  Copy            // what all commands have in common
	Role     string          // ARN that COPY reads the bucket with
	Copier   Copier

	// PutAgain says when an object is put again after so many failures, the last of them now; oldest is when its first record came.
	// Records for which there is no such time are lost, as they are with a stream to S3.
	PutAgain func(attempts int, oldest, now time.Time) (at time.Time, ok bool)
	// CopyAgain reports whether a COPY is repeated, of which first was the first attempt.
	CopyAgain func(attempts int, first, now time.Time) bool
	// Trouble is told of objects that can't be put; nil is nobody.
	Trouble func(now time.Time, o *record.Outage)
}

// A Copy is a COPY command.
type Copy struct {
	ID                      string // of the batch
	URL                     string // ClusterJDBCURL
	User, Password          string
	Table, Columns, Options string // of the description's CopyCommand; columns are separated by commas, none is all
	Statement               string // as Redshift is told it
	Manifest                string // URL of the manifest
	Body                    []byte // of the manifest
	Records                 int
}

// A Copier runs COPY commands, one at a time (§1, CHOICE). rejected is the number of rows that were left out, because of MAXERROR or
// IGNOREHEADER.
// The error is an *record.Outage with a code of Redshift's (destinations.md §8), and then no row was loaded.
type Copier interface {
	Copy(ctx context.Context, c *Copy) (rejected int, err error)
}

// Begin starts the delivery of a batch. The records stay the caller's, until the delivery is done.
func (r *Redshift) Begin(now time.Time, records []record.Record) record.Delivery {
	d := &redshiftDelivery{r: r, records: records, begun: now}
	d.next = d.put(r.Data, &d.object)
	return d
}

// A redshiftDelivery is a batch on its way to Redshift.
type redshiftDelivery struct {
	r       *Redshift
	records []record.Record
	begun   time.Time

	next     record.Delivery // of the object, then of its manifest; nil when both are there
	failures int             // of next
	object   s3.Object       // without its body
	manifest s3.Object

	command  Copy
	first    time.Time // attempt of the command
	attempts int
}

// A placed notes an object that is put.
type placed struct {
	s3.Bucket
	at *s3.Object
}

func (b placed) Put(ctx context.Context, o s3.Object) error {
	*b.at = o
	b.at.Body = nil
	return b.Bucket.Put(ctx, o)
}

// put is the delivery of one object, which is noted in at.
func (d *redshiftDelivery) put(to *s3.Destination, at *s3.Object) record.Delivery {
	own := *to
	own.Bucket = placed{to.Bucket, at}
	return own.Begin(d.begun, d.records)
}

// Prepare encodes the object.
func (d *redshiftDelivery) Prepare(ctx context.Context, now time.Time) {
	if p, ok := d.next.(interface {
		Prepare(ctx context.Context, now time.Time)
	}); ok {
		p.Prepare(ctx, now)
	}
}

// Attempt goes as far as it gets: objects that can't be put are waited for here, a COPY that fails is an outage.
func (d *redshiftDelivery) Attempt(ctx context.Context, now time.Time) (record.Progress, error) {
	for d.next != nil {
		_, err := d.next.Attempt(ctx, now)
		switch {
		case err != nil && ctx.Err() != nil:
			return record.Progress{}, ctx.Err()
		case err != nil:
			return d.wait(now, err), nil
		}
		d.failures = 0
		if d.manifest.Key == "" {
			own := *d.r.Manifest
			own.Format = manifest{entry(&d.object)}
			d.next = d.put(&own, &d.manifest)
			continue
		}
		d.next = nil
		d.command = d.r.command(&d.object, &d.manifest, d.id(), len(d.records))
		d.first = now
	}
	rejected, err := d.r.Copier.Copy(ctx, &d.command)
	switch {
	case err != nil && ctx.Err() != nil:
		return record.Progress{}, ctx.Err()
	case err != nil:
		d.attempts++
		var o *record.Outage
		if !errors.As(err, &o) {
			o = &record.Outage{Code: "Redshift.InternalError", Err: err}
		}
		spent := *o
		spent.Final = spent.Final || !d.r.CopyAgain(d.attempts, d.first, now)
		return record.Progress{}, &spent
	}
	lost := min(rejected, len(d.records))
	return record.Progress{Delivered: len(d.records) - lost, Lost: lost, Done: true}, nil
}

// wait has an object put again later, or gives its records up.
func (d *redshiftDelivery) wait(now time.Time, err error) record.Progress {
	var o *record.Outage
	if !errors.As(err, &o) {
		o = &record.Outage{Code: "InternalError", Err: err}
	}
	if d.r.Trouble != nil {
		d.r.Trouble(now, o)
	}
	oldest := d.records[0].Arrival
	for i := range d.records {
		oldest = min(oldest, d.records[i].Arrival)
	}
	d.failures++
	at, ok := d.r.PutAgain(d.failures, time.UnixMilli(oldest), now)
	if !ok || o.Final {
		return record.Progress{Lost: len(d.records), Done: true}
	}
	return record.Progress{Wake: at}
}

// id is that of the batch.
func (d *redshiftDelivery) id() string {
	first := &d.records[0]
	return d.r.Data.Seed.UUID("redshift", first.Seq, first.Sub, d.begun.UnixNano(), 0)
}

// GiveUp makes failures of a batch that is skipped.
func (d *redshiftDelivery) GiveUp(o *record.Outage, attempts int, at time.Time) []record.Failure {
	failed := make([]record.Failure, len(d.records))
	for i := range d.records {
		failed[i] = record.Failure{Record: d.records[i], Cause: record.RedshiftFailed, Code: o.Code, Message: o.Text(), Attempts: attempts, At: at.UnixMilli()}
	}
	if len(failed) > 0 {
		failed[0].Members = []record.Member{{Name: "entry", JSON: entry(&d.object)}}
	}
	return failed
}

// command is the COPY of a batch.
func (r *Redshift) command(object, manifest *s3.Object, id string, records int) Copy {
	c := r.Command
	c.ID, c.Records, c.Manifest, c.Body = id, records, s3URL(manifest), appendManifest(nil, entry(object))
	var b strings.Builder
	b.WriteString("COPY " + c.Table)
	if c.Columns != "" {
		b.WriteString(" (" + c.Columns + ")")
	}
	fmt.Fprintf(&b, " FROM %s CREDENTIALS %s MANIFEST", quote(c.Manifest), quote("aws_iam_role="+r.Role))
	if c.Options != "" {
		b.WriteString(" " + c.Options)
	}
	c.Statement = b.String()
	return c
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func s3URL(o *s3.Object) string { return "s3://" + o.Bucket + "/" + o.Key }

// entry is a manifest's entry of an object.
func entry(o *s3.Object) []byte {
	return append(record.AppendString([]byte(`{"url":`), s3URL(o)), `,"mandatory":true}`...)
}

func appendManifest(dst []byte, entries ...[]byte) []byte {
	dst = append(dst, `{"entries":[`...)
	return append(append(dst, bytes.Join(entries, []byte{','})...), "]}"...)
}

// A manifest is the format of a manifest with one entry.
type manifest struct{ entry []byte }

func (m manifest) Encode(_ context.Context, dst []byte, records []record.Record) ([]byte, int, []record.Failure, error) {
	return appendManifest(dst, m.entry), len(records), nil, nil
}

// SkippedManifest is the format of the manifest of batches that were skipped: those of its records that aren't empty are its entries.
type SkippedManifest struct{}

// Encode appends the manifest. No record fails.
func (SkippedManifest) Encode(_ context.Context, dst []byte, records []record.Record) ([]byte, int, []record.Failure, error) {
	var entries [][]byte
	for i := range records {
		if len(records[i].Data) > 0 {
			entries = append(entries, records[i].Data)
		}
	}
	return appendManifest(dst, entries...), len(records), nil, nil
}

// CopyFiles writes commands instead of running them, and says that they succeed (cli.md, --destination dir):
//
//	redshift/<host>/<id>.sql, and .meta.json beside it
type CopyFiles struct {
	Bucket s3.Bucket
}

// Copy writes the command, without who gives it.
func (f CopyFiles) Copy(ctx context.Context, c *Copy) (int, error) {
	meta := struct {
		URL      string          `json:"url"`
		Records  int             `json:"records"`
		From     string          `json:"from"`
		Manifest json.RawMessage `json:"manifest"`
	}{c.URL, c.Records, c.Manifest, c.Body}
	name := hostOf(strings.TrimPrefix(c.URL, "jdbc:")) + "/" + c.ID
	return 0, putWith(ctx, f.Bucket, name, meta, s3.Object{Bucket: "redshift", Key: name + ".sql", Body: append([]byte(c.Statement), '\n'), ContentType: "application/sql"})
}

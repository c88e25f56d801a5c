package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/harness/s3/endpoint"
	"github.com/hydrantkit/hydrant/internal/input"
	"github.com/hydrantkit/hydrant/replaytest"
)

// A replayOut is where a replay delivers: buckets in a folder, or below a prefix of a real one, and what lies beside them.
type replayOut struct {
	s3.Bucket
	where   string
	dir     *s3.Directory // nil in a real bucket
	refused beside        // what the door refused
	log     beside        // the error log
}

// The files beside the buckets.
const (
	refusedFile = ".refused.ndjson"
	logFile     = "log.ndjson"
)

// openReplayOut opens what --out names.
func openReplayOut(ctx context.Context, where string) (*replayOut, error) {
	r := newRemote(ctx)
	out := &replayOut{where: where, refused: beside{path: outputPath(where, refusedFile), remote: r}, log: beside{path: outputPath(where, logFile), remote: r}}
	if isRemote(where) {
		bucket, prefix, err := object(where)
		if err != nil {
			return nil, usagef("--out: %w", err)
		}
		client, err := r.client()
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", where, err)
		}
		b := endpoint.New(client, bucket, prefix)
		if err := b.Check(ctx); err != nil {
			return nil, fmt.Errorf("write %s: %w", where, err)
		}
		out.Bucket = b
		return out, nil
	}
	var err error
	if out.dir, err = s3.OpenDirectory(where); err != nil {
		return nil, err
	}
	out.Bucket = out.dir
	return out, nil
}

// clear removes what an earlier run left in a folder. Nothing is removed from a real bucket.
func (o *replayOut) clear(w io.Writer) error {
	if o.dir == nil {
		return nil
	}
	others, err := o.dir.Clear()
	if err != nil {
		return fmt.Errorf("clear %s: %w", o.where, err)
	}
	for _, b := range []*beside{&o.refused, &o.log} {
		if err := os.Remove(b.path); err == nil {
			others--
		}
	}
	if others > 0 {
		fmt.Fprintf(w, "hydrant: %s holds %s that no replay lists; nothing of that is removed\n", o.where, plural(int64(others), "other file"))
	}
	return nil
}

// close completes what was written.
func (o *replayOut) close() error {
	err := errors.Join(o.refused.close(), o.log.close())
	if o.dir != nil {
		err = errors.Join(o.dir.Close(), err)
	}
	return err
}

// refuse writes what the door refused.
func (o *replayOut) refuse(rec input.Record, code, message string) error {
	line, err := json.Marshal(struct {
		Data         []byte `json:"data"`
		ErrorCode    string `json:"errorCode"`
		ErrorMessage string `json:"errorMessage"`
	}{rec.Data, code, message})
	if err == nil {
		err = o.refused.write(line)
	}
	return err
}

// note writes an event of the error log. Its error is that of close.
func (o *replayOut) note(l harness.LogLine) { _ = o.log.write(l.Append(nil)) }

// A beside is a file beside the buckets, made when its first line is written. In a folder lines are there at once, behind
// those of a run that this one continues.
type beside struct {
	path   string
	remote *remote
	f      *os.File // in a folder
	object *pending // in a real bucket
	err    error    // the first
}

func (b *beside) write(line []byte) error {
	if b.err == nil && b.f == nil && b.object == nil {
		if isRemote(b.path) {
			b.object, b.err = create(b.path, nil, b.remote)
		} else {
			b.f, b.err = os.OpenFile(b.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
		}
	}
	if b.err == nil {
		var w io.Writer = b.object
		if b.f != nil {
			w = b.f
		}
		_, b.err = w.Write(append(line, '\n'))
	}
	return b.err
}

func (b *beside) close() error {
	switch {
	case b.f != nil:
		return errors.Join(b.err, b.f.Close())
	case b.err != nil:
		return b.object.abandon(b.err)
	case b.object != nil:
		return b.object.complete()
	}
	return nil
}

// A recorder notes what is put into a bucket.
type recorder struct {
	bucket   s3.Bucket
	most     int         // objects to list; 0 is all
	objects  []s3.Object // without their bodies; Size is theirs
	unlisted map[string]replaytest.Total
	failed   error // of the last put that did
}

// mostListed is how many objects the summary lists of a stream that runs as long as it is let, which may be years.
const mostListed = 100_000

// Put puts o and notes it. Where there would be too many, the first half of those that are listed is summed up.
func (r *recorder) Put(ctx context.Context, o s3.Object) error {
	if err := r.bucket.Put(ctx, o); err != nil {
		r.failed = err
		return err
	}
	o.Size, o.Body = len(o.Body), nil
	if r.most > 0 && len(r.objects) >= r.most {
		if r.unlisted == nil {
			r.unlisted = map[string]replaytest.Total{}
		}
		half := (len(r.objects) + 1) / 2
		for _, old := range r.objects[:half] {
			t := r.unlisted[old.Kind]
			t.Add(old.Size, old.Records)
			r.unlisted[old.Kind] = t
		}
		r.objects = append(r.objects[:0], r.objects[half:]...)
	}
	r.objects = append(r.objects, o)
	return nil
}

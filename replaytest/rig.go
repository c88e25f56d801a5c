package replaytest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/lambda"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/internal/compress"
	"github.com/hydrantkit/hydrant/internal/input"
	"github.com/hydrantkit/hydrant/read"
)

// A setup is what a rig is made of.
type setup struct {
	file     string // of the description, or SRC[#ID] where there is no data
	data     []byte // of the description
	describe harness.DescribeOptions
	function FunctionOptions
	invoker  lambda.Invoker // instead of what function says
	faults   []harness.Fault
	compat   Compat
	seed     uint64
	// partitions is how many may be open at once; 0 is the service's default.
	partitions int
}

// A rig is a delivery stream with everything that a test looks at: a bucket in memory, a trace, faults.
type rig struct {
	description *harness.Description
	function    *Function // nil without one
	faults      *harness.Faults
	bucket      s3.Memory
	door        *harness.Door     // that its function puts records back through; nil where that isn't done
	log         []harness.LogLine // the error log
	trace       harness.Trace
	pipeline    *harness.Pipeline
	origins     []origin // of what was put, in the order of first
	refused     []origin
	read        int       // records that were put from outside
	began       time.Time // stream time of the first record
}

// An origin is where a record was read.
type origin struct {
	first   uint64 // its Seq, or that of the first of what became of it
	ordinal int    // from 1, of all that was put
	name    string // of the input, "" where a test put it
	line    int64
	data    []byte
	code    string // of the exception, where it was refused
	back    bool   // the function put it back
}

func (o *origin) String() string {
	if o.back {
		return "a record that the function put back"
	}
	if o.name == "" {
		return fmt.Sprintf("record %d", o.ordinal)
	}
	return fmt.Sprintf("record %d (%s:%d)", o.ordinal, o.name, o.line)
}

// newRig makes a rig. readable is false where the description, or what was said of its function, can't be followed.
func newRig(ctx context.Context, s setup) (r *rig, readable bool, err error) {
	r = &rig{door: s.function.Door}
	if r.door != nil {
		r.door.Admitting = func(b harness.PutBack) {
			r.origins = append(r.origins, origin{first: r.trace.NextSeq(), back: true, data: b.Data})
		}
	}
	if s.data != nil {
		r.description, err = harness.Parse(s.file, s.data, s.describe)
	} else {
		r.description, err = harness.Load(s.file, s.describe)
	}
	if err != nil {
		return nil, false, err
	}
	stream := r.description.Stream
	s.compat.Stream(stream)
	for _, f := range s.faults {
		if err := f.Check(stream); err != nil {
			return nil, false, err
		}
	}
	r.faults = &harness.Faults{FunctionTimeout: s.function.Timeout}
	for _, f := range s.faults {
		r.faults.Add(f)
	}
	o := harness.Options{Bucket: &r.bucket, Seed: record.Seed(s.seed), Workers: 1, ActivePartitions: s.partitions, Log: func(l harness.LogLine) { r.log = append(r.log, l) }}
	s.compat.Pipeline(&o)
	// The log is there to be looked at, whether the description has it on or not.
	stream.S3.Logged, stream.SinkLogged = true, true
	if stream.Backup != nil {
		stream.Backup.Logged = true
	}
	switch {
	case stream.Lambda == nil:
	case s.invoker != nil:
		o.Invoker = s.invoker
	default:
		if r.function, err = OpenFunction(ctx, r.description, s.function); err != nil {
			_, failed := err.(*buildError)
			return nil, failed, err
		}
		o.Invoker, r.faults.FunctionTimeout = r.function, r.function.Timeout
	}
	if r.pipeline, err = r.faults.New(stream, o); err != nil {
		return nil, false, r.closed(err)
	}
	r.trace.Attach(r.pipeline)
	return r, true, nil
}

func (r *rig) closed(err error) error {
	if cerr := r.close(); err == nil {
		return cerr
	}
	return err
}

func (r *rig) close() error {
	if r.function == nil {
		return nil
	}
	return r.function.Close()
}

// admit notes a record that is about to be put.
func (r *rig) admit(name string, rec *input.Record) {
	r.read++
	r.origins = append(r.origins, origin{first: r.trace.NextSeq(), ordinal: r.read, name: name, line: rec.Line, data: bytes.Clone(rec.Data)})
}

// refuse notes that the door refused the record that was admitted last.
func (r *rig) refuse(code string) {
	last := len(r.origins) - 1
	o := r.origins[last]
	o.code = code
	r.origins = r.origins[:last]
	r.refused = append(r.refused, o)
}

// origin finds where the record with a Seq came from.
func (r *rig) origin(seq uint64) *origin {
	for i := len(r.origins) - 1; i >= 0; i-- {
		if r.origins[i].first <= seq {
			return &r.origins[i]
		}
	}
	return nil
}

// summary is the account of the run so far, checked.
func (r *rig) summary(wall time.Duration) (*Summary, error) {
	objects := make([]s3.Object, len(r.bucket.Objects))
	for i, o := range r.bucket.Objects {
		o.Size = len(o.Body)
		objects[i] = o
	}
	l := r.pipeline.Ledger()
	var passed time.Duration
	if !r.began.IsZero() {
		passed = r.pipeline.Now().Sub(r.began)
	}
	s := NewSummary(l, objects, passed, wall)
	if err := l.Check(); err != nil {
		return s, err
	}
	return s, s.Agree()
}

// An Object is a delivered object as tests look at it.
type Object struct {
	Kind        string // data, backup, error
	Bucket, Key string
	Body        []byte // decompressed; rows as NDJSON where the file is Parquet or ORC
	Columnar    bool   // it is one
	Type        string // of its rows then, as Hive writes it: struct<id:bigint,…>
	Records     int
}

// Name is bucket and key.
func (o *Object) Name() string { return o.Bucket + "/" + o.Key }

// objects are the delivered objects in the order of delivery.
func (r *rig) objects() ([]Object, error) {
	out := make([]Object, 0, len(r.bucket.Objects))
	for i := range r.bucket.Objects {
		o := &r.bucket.Objects[i]
		v := Object{Kind: o.Kind, Bucket: o.Bucket, Key: o.Key, Records: o.Records}
		var err error
		if v.Body, v.Type, err = r.body(o); err != nil {
			return nil, fmt.Errorf("read %s: %w", v.Name(), err)
		}
		v.Columnar = v.Type != ""
		out = append(out, v)
	}
	return out, nil
}

// body undoes an object's compression, or prints its rows, of which it returns the type.
func (r *rig) body(o *s3.Object) (body []byte, rowType string, err error) {
	s := r.description.Stream
	format := compress.Uncompressed
	switch {
	case o.Kind == s3.Data && s.Conversion != nil:
		f, err := read.Open(bytes.NewReader(o.Body), int64(len(o.Body)))
		if err != nil {
			return nil, "", err
		}
		if rowType, err = typeOf(f); err != nil {
			return nil, "", err
		}
		var b bytes.Buffer
		err = f.Rows(&b, nil, -1)
		return b.Bytes(), rowType, err
	case o.Kind == s3.Data:
		format = s.S3.Compression
	case o.Kind == s3.Backup && s.Backup != nil:
		format = s.Backup.Compression
	}
	var in io.ReadCloser
	if format == compress.Uncompressed {
		in, _, err = compress.NewReader(bytes.NewReader(o.Body))
	} else {
		in, err = compress.NewReaderOf(bytes.NewReader(o.Body), format)
	}
	if err != nil {
		return nil, "", err
	}
	if body, err = io.ReadAll(in); err != nil {
		return nil, "", err
	}
	return body, "", in.Close()
}

// A file is a named text at hand.
type file struct {
	name string
	data []byte
}

// A fileReader reads the records of several files one after the other, and notes where each came from.
type fileReader struct {
	rig    *rig
	files  []file
	format input.Format
	in     *input.Reader
}

// Next returns the next record of all files, or io.EOF.
func (f *fileReader) Next() (input.Record, error) {
	for {
		if f.in == nil {
			if len(f.files) == 0 {
				return input.Record{}, io.EOF
			}
			var err error
			if f.in, err = input.NewReader(bytes.NewReader(f.files[0].data), f.files[0].name, f.format); err != nil {
				return input.Record{}, &readError{err}
			}
			f.files = f.files[1:]
		}
		r, err := f.in.Next()
		if err == nil {
			f.rig.admit(f.in.Name(), &r)
			return r, nil
		}
		if err == io.EOF {
			err = f.in.Close()
			f.in = nil
		}
		if err != nil {
			return r, &readError{err}
		}
	}
}

// A readError is an input that can't be read.
type readError struct{ err error }

func (e *readError) Error() string { return e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// replay puts files through the stream until nothing is held.
func (r *rig) replay(ctx context.Context, files []file, format input.Format, o harness.ReplayOptions) error {
	o.Refused = func(_ input.Record, code, _ string) error {
		r.refuse(code)
		return nil
	}
	o.Progress = func(now time.Time) {
		if r.began.IsZero() {
			r.began = now
		}
	}
	o.Door = r.door
	return harness.Replay(ctx, r.pipeline, r.description.Stream, &fileReader{rig: r, files: files, format: format}, o)
}

// isEnd reports whether an input has ended.
func isEnd(err error) bool { return err == io.EOF }

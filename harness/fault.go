package harness

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hydrantkit/hydrant/harness/lambda"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/harness/sink"
)

// A Fault is something that goes wrong on purpose, as --fault says it: PLACE:KIND, PLACE:KIND=N, PLACE:KIND=DURATION (cli.md).
type Fault struct {
	Place, Kind string
	Count       int           // the first so many attempts; 0 is any number
	For         time.Duration // so much stream time; how long an attempt takes where the kind is slow; 0 is the whole run
}

// faultKinds are the kinds of faults of each place (cli.md).
var faultKinds = []struct {
	place string
	kinds []string
}{
	{"lambda", []string{"throttle", "error", "timeout", "garbage", "crash", "slow"}},
	{"s3", []string{"503", "500", "denied", "nobucket", "slow"}},
	{"backup", []string{"503", "500", "denied", "nobucket", "slow"}},
	{"http", []string{"500", "503", "429", "413", "refused", "slow", "noack", "partial"}},
	{"splunk", []string{"500", "503", "429", "413", "refused", "slow", "noack", "partial"}},
	{"opensearch", []string{"500", "503", "429", "413", "refused", "slow", "noack", "partial"}},
	{"iceberg", []string{"500", "503", "429", "refused", "slow", "noack"}},
	{"redshift", []string{"refused", "copyerror", "slow"}},
	{"snowflake", []string{"refused", "slow"}},
	{"disk", []string{"full"}},
}

// ParseFault reads a fault such as lambda:throttle=3, s3:denied=2h, s3:slow=2s or lambda:timeout.
func ParseFault(spec string) (Fault, error) {
	what, amount, has := strings.Cut(spec, "=")
	var f Fault
	var ok bool
	if f.Place, f.Kind, ok = strings.Cut(what, ":"); !ok {
		return f, fmt.Errorf("%q is no fault such as lambda:throttle=3 or s3:denied=2h", spec)
	}
	var places, kinds []string
	for _, k := range faultKinds {
		places = append(places, k.place)
		if k.place == f.Place {
			kinds = k.kinds
		}
	}
	if kinds == nil {
		return f, fmt.Errorf("%q: there is no place %s; places are %s", spec, f.Place, strings.Join(places, ", "))
	}
	known := false
	for _, k := range kinds {
		known = known || k == f.Kind
	}
	if !known {
		return f, fmt.Errorf("%q: %s has no fault %s; it has %s", spec, f.Place, f.Kind, strings.Join(kinds, ", "))
	}
	if has {
		n, err := strconv.Atoi(amount)
		if err == nil && n > 0 && f.Kind != "slow" {
			f.Count = n
		} else if f.For, err = time.ParseDuration(amount); err != nil || f.For <= 0 {
			return f, fmt.Errorf("%q: %s is neither a number of attempts nor a duration such as 2h", spec, amount)
		}
	}
	if f.Kind == "slow" && f.For == 0 {
		return f, fmt.Errorf("%q: how slow? Say a duration, as in %s:slow=2s", spec, f.Place)
	}
	return f, nil
}

// Faults have things go wrong in one pipeline. What is hit doesn't depend on chance: attempts are counted in the order
// in which the pipeline makes them, durations on its clock. Of several faults of a place the first that still lasts hits.
//
// The zero value breaks nothing, until Add.
type Faults struct {
	// FunctionTimeout is how long lambda:timeout takes, and what lambda:slow may not reach; a minute where 0.
	FunctionTimeout time.Duration

	mu   sync.Mutex // workers invoke at once
	list []*fault
	p    *Pipeline
}

// A fault is one that was added.
type fault struct {
	Fault
	since time.Time // stream time; zero is the start
	left  int       // attempts, where it counts
}

// Add has a fault happen from now on: from the start of the stream before New.
func (f *Faults) Add(v Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := &fault{Fault: v, left: v.Count}
	if f.p != nil {
		e.since = f.p.now
	}
	f.list = append(f.list, e)
}

// Clear ends all faults.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = nil
}

// New makes a pipeline of a stream, as the function New does, in which the faults happen. A fault at a place that the
// stream doesn't have is an error.
func (f *Faults) New(s *Stream, o Options) (*Pipeline, error) {
	if err := f.check(s); err != nil {
		return nil, err
	}
	if o.Invoker != nil {
		o.Invoker = faultyInvoker{f, o.Invoker}
	}
	if o.Bucket != nil {
		o.Bucket = faultyBucket{f, o.Bucket}
	}
	place := "s3"
	if s.Sink != nil {
		place = s.Sink.Place()
		if o.Transport == nil {
			o.Transport = sink.Files{Bucket: o.Bucket}
		}
		o.Transport = faultyTransport{f, place, o.Transport}
		if o.Copier == nil {
			o.Copier = sink.CopyFiles{Bucket: o.Bucket}
		}
		o.Copier = faultyCopier{f, o.Copier}
		if o.Loader == nil {
			o.Loader = sink.RowFiles{Bucket: o.Bucket}
		}
		o.Loader = faultyLoader{f, o.Loader}
	}
	if o.Journal != nil {
		o.Journal = faultyJournal{f, o.Journal}
	}
	for _, e := range f.list {
		if e.Place == "disk" && o.Journal == nil {
			return nil, errors.New("disk:full: the stream keeps nothing on a disk; --state has it do so")
		}
		if e.Place == "lambda" && e.Count > 0 {
			o.Workers = 1 // which of several invocations at once would be the first?
		}
	}
	p, err := New(s, o)
	if err != nil {
		return nil, err
	}
	f.p = p
	if t := p.transform; t != nil {
		t.processor = slowProcessor{t.processor, f}
	}
	p.delivery.dest = slowDestination{p.delivery.dest, f, place}
	if p.backup != nil {
		p.backup.dest = slowDestination{p.backup.dest, f, "backup"}
	}
	errors := p.errorOutput
	p.errorOutput = func(c folder) outletConfig {
		config := errors(c)
		config.dest = slowDestination{config.dest, f, "s3"}
		return config
	}
	return p, nil
}

// check reports a fault that can't happen in the stream.
func (f *Faults) check(s *Stream) error {
	for _, e := range f.list {
		if err := e.Check(s); err != nil {
			return err
		}
	}
	return nil
}

// Check reports whether the fault can happen in the stream.
func (f Fault) Check(s *Stream) error {
	switch {
	case f.Place == "s3", f.Place == "lambda" && s.Lambda != nil, f.Place == "backup" && s.Backup != nil, s.Sink != nil && f.Place == s.Sink.Place():
		return nil
	case f.Place == "lambda":
		return fmt.Errorf("%s:%s: the stream %s has no function", f.Place, f.Kind, s.Name)
	case f.Place == "backup":
		return fmt.Errorf("%s:%s: the stream %s has no source backup", f.Place, f.Kind, s.Name)
	case f.Place == "disk":
		return nil // it is Options that say whether there is one
	}
	return fmt.Errorf("%s:%s: the stream %s does not deliver there", f.Place, f.Kind, s.Name)
}

// hit returns the kind of the fault that the next attempt at place meets, empty for none, and counts the attempt.
func (f *Faults) hit(place string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.list {
		if e.Place != place || e.Kind == "slow" || !f.lasts(e) {
			continue
		}
		if e.Count > 0 {
			e.left--
		}
		return e.Kind
	}
	return ""
}

// hitRequest is hit for a request to a sink. An acknowledgement that doesn't come is the fault of the request that asks for it, where
// there is such a one; all others are those of requests that bring something.
func (f *Faults) hitRequest(place string, poll bool) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.list {
		if e.Place != place || e.Kind == "slow" || poll != (e.Kind == "noack" && place == "splunk") || !f.lasts(e) {
			continue
		}
		if e.Count > 0 {
			e.left--
		}
		return e.Kind
	}
	return ""
}

// lasts reports whether a fault isn't over.
func (f *Faults) lasts(e *fault) bool {
	if e.Count > 0 {
		return e.left > 0
	}
	since := e.since
	if since.IsZero() {
		since = f.p.started
	}
	return e.For == 0 || f.p.now.Before(since.Add(e.For))
}

// latency is how long an attempt at place takes.
func (f *Faults) latency(place string) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	var d time.Duration
	for _, e := range f.list {
		if e.Place == place && e.Kind == "slow" {
			d += e.For
		}
	}
	return d
}

func (f *Faults) timeout() time.Duration {
	if f.FunctionTimeout == 0 {
		return time.Minute
	}
	return f.FunctionTimeout
}

// A faultyInvoker meets the faults of lambda.
type faultyInvoker struct {
	f *Faults
	lambda.Invoker
}

// Invoke fails as the fault says, or invokes the function.
func (i faultyInvoker) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	kind := i.f.hit("lambda")
	if kind == "" && i.f.latency("lambda") >= min(i.f.timeout(), lambda.MaxDuration) {
		kind = "timeout"
	}
	switch kind {
	case "throttle":
		return nil, &lambda.InvokeError{Code: lambda.CodeInvokeLimitExceeded, Err: errInjected}
	case "error":
		return nil, &lambda.FunctionError{Type: "Unhandled", Message: errInjected.Error()}
	case "timeout":
		d := i.f.timeout()
		return nil, &lambda.FunctionError{Type: "Sandbox.Timedout", Message: fmt.Sprintf("the function timed out after %v", d), Elapsed: d, Timeout: true}
	case "garbage":
		return []byte("garbage"), nil
	case "crash":
		return nil, &lambda.FunctionError{Type: "Runtime.ExitError", Message: "the function's process ended: exit status 1"}
	}
	return i.Invoker.Invoke(ctx, event)
}

var errInjected = errors.New("a fault that was asked for")

// A slowProcessor has an invocation end later.
type slowProcessor struct {
	Processor
	f *Faults
}

// Process processes in, and adds the latency to what it took.
func (p slowProcessor) Process(ctx context.Context, now time.Time, attempt int, in []record.Record) (record.Outcome, error) {
	o, err := p.Processor.Process(ctx, now, attempt, in)
	if d := p.f.latency("lambda"); d > 0 && d < min(p.f.timeout(), lambda.MaxDuration) {
		o.End = o.End.Add(d)
		for i := range o.Failed {
			o.Failed[i].At = o.End.UnixMilli()
		}
	}
	return o, err
}

// A faultyJournal meets the faults of disk.
type faultyJournal struct {
	f *Faults
	Journal
}

// Append fails as the fault says, or keeps the records.
func (j faultyJournal) Append(now time.Time, position int64, records []record.Record) error {
	if j.f.hit("disk") != "" {
		return fmt.Errorf("no space left on device, %w", errInjected)
	}
	return j.Journal.Append(now, position, records)
}

// A faultyBucket meets the faults of s3, and of backup.
type faultyBucket struct {
	f *Faults
	s3.Bucket
}

// Put fails as the fault says, or puts o.
func (b faultyBucket) Put(ctx context.Context, o s3.Object) error {
	place := "s3"
	switch o.Kind {
	case s3.Backup:
		place = "backup"
	case s3.Request: // a file that stands for another destination
		return b.Bucket.Put(ctx, o)
	}
	var code, message string
	switch b.f.hit(place) {
	case "":
		return b.Bucket.Put(ctx, o)
	case "503":
		code, message = "InternalError", "503 Slow Down"
	case "500":
		code, message = "InternalError", "500 Internal Server Error"
	case "denied":
		code, message = "S3.AccessDenied", "403 Access Denied"
	case "nobucket":
		code, message = "S3.NoSuchBucket", "404 The specified bucket does not exist"
	}
	return &record.Outage{Code: code, Message: message, Err: fmt.Errorf("put %s: %s, %w", o.Key, message, errInjected)}
}

// A slowDestination has the first attempt of every object take a while.
type slowDestination struct {
	Destination
	f     *Faults
	place string
}

// Begin starts a delivery that is slow where the place is.
func (d slowDestination) Begin(now time.Time, records []record.Record) record.Delivery {
	inner := d.Destination.Begin(now, records)
	if wait := d.f.latency(d.place); wait > 0 {
		return &slowDelivery{Delivery: inner, until: now.Add(wait)}
	}
	return inner
}

// A slowDelivery makes no attempt before its time.
type slowDelivery struct {
	record.Delivery
	until time.Time
}

// Prepare prepares the delivery, where that is something.
func (d *slowDelivery) Prepare(ctx context.Context, now time.Time) {
	if p, ok := d.Delivery.(preparer); ok {
		p.Prepare(ctx, now)
	}
}

func (d *slowDelivery) unwrap() record.Delivery { return d.Delivery }

// Attempt waits first.
func (d *slowDelivery) Attempt(ctx context.Context, now time.Time) (record.Progress, error) {
	if now.Before(d.until) {
		return record.Progress{Wake: d.until}, nil
	}
	return d.Delivery.Attempt(ctx, now)
}

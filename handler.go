package hydrant

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
)

// A Handler speaks the Lambda side of a Transform: event JSON in, response JSON out. Its Invoke has the shape of
// aws-lambda-go's lambda.Handler. Whatever the transform does, each record that came is answered once, under its
// own id and in its order, and the answer is no larger than Lambda returns. A Handler may be
// used by several goroutines; its fields are set before the first Invoke.
type Handler struct {
	Transform Transform
	Options
}

// Options are the choices of a Handler. The zero value is what most functions want.
type Options struct {
	// Budget is the most bytes that an answer may have; 0 is MaxAnswer. Records it has no room for are
	// ProcessingFailed.
	Budget int

	// Log takes what went wrong with single records: their ids and the cause, never their data. Nil is slog.Default().
	Log *slog.Logger
}

// NewHandler returns a Handler of t without options.
func NewHandler(t Transform) *Handler { return &Handler{Transform: t} }

var batches = sync.Pool{New: func() any { return new(batch) }}

// Invoke answers one event. An error is one of the event (not JSON, no records, no ids), of the transform as a whole, or
// of ctx; the delivery stream tries again what ended in one.
func (h *Handler) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	b := batches.Get().(*batch)
	if err := b.decode(event); err != nil {
		return nil, err
	}
	inv := &invocation{batch: b, log: h.Log}
	if inv.log == nil {
		inv.log = slog.Default()
	}
	for i := range b.items {
		if it := &b.items[i]; it.fault != "" {
			inv.log.Error("record cannot be transformed", "recordId", string(it.id), "cause", it.fault)
		}
	}
	results, err := inv.run(context.WithValue(ctx, invocationKey{}, inv), h.Transform)
	if err != nil {
		return nil, err
	}
	budget := h.Budget
	if budget == 0 {
		budget = MaxAnswer
	}
	over, err := b.fit(results, budget)
	if err != nil {
		return nil, err
	}
	for _, i := range over {
		inv.log.Error("result is over the budget of the answer", "recordId", string(b.items[i].id), "budget", budget)
	}
	answer := b.answer(results)
	batches.Put(b)
	return answer, nil
}

type invocationKey struct{}

// An invocation is what one Invoke knows; transforms of this package find it in their context.
type invocation struct {
	batch *batch
	log   *slog.Logger
}

// run gives one result for each of the batch's records. A transform that panics, or that returns another number of
// results than it was given records, leaves nobody to say which result belongs to which record: all of them fail.
func (inv *invocation) run(ctx context.Context, t Transform) (results []Result, err error) {
	records := inv.batch.records
	if len(records) == 0 {
		return nil, nil
	}
	defer func() {
		if v := recover(); v != nil {
			inv.log.Error("transform panicked", "records", len(records), "cause", cause(v), "at", origin())
			results, err = make([]Result, len(records)), nil
		}
	}()
	results, err = t.Transform(ctx, records)
	if err != nil {
		return nil, err
	}
	if len(results) != len(records) {
		inv.log.Error("transform returned another number of results than records", "records", len(records), "results", len(results))
		return make([]Result, len(records)), nil
	}
	return results, nil
}

// Transform calls f for each record.
func (f Func) Transform(ctx context.Context, records []Record) ([]Result, error) {
	results := make([]Result, len(records))
	for i := range records {
		f.one(ctx, records[i], &results[i])
	}
	return results, nil
}

func (f Func) one(ctx context.Context, r Record, to *Result) {
	defer recoverRecord(ctx, r.ID, to)
	*to = f(ctx, r)
}

// An Append is a Func that appends its result to dst, and returns it with what it says of the record. All results of an
// invocation lie in one piece of memory, so a record costs no allocation. What is appended to dst counts with OK only.
type Append func(ctx context.Context, dst []byte, r Record) ([]byte, Status)

// Transform calls f for each record.
func (f Append) Transform(ctx context.Context, records []Record) ([]Result, error) {
	results := make([]Result, len(records))
	var dst []byte
	inv, ok := ctx.Value(invocationKey{}).(*invocation)
	if ok {
		dst = inv.batch.scratch[:0]
	}
	for i := range records {
		dst = f.one(ctx, dst, records[i], &results[i])
	}
	if ok {
		inv.batch.scratch = dst[:0]
	}
	return results, nil
}

func (f Append) one(ctx context.Context, dst []byte, r Record, to *Result) (out []byte) {
	out = dst
	defer recoverRecord(ctx, r.ID, to)
	data, status := f(ctx, dst, r)
	if status != OK {
		to.Status = status
		return dst
	}
	*to = Result{Status: OK, Data: data[len(dst):len(data):len(data)]}
	return data
}

// Error is a transform that answers every invocation with err: a wrong option, seen at the first record.
func Error(err error) Transform { return wrong{err} }

type wrong struct{ err error }

func (w wrong) Transform(context.Context, []Record) ([]Result, error) { return nil, w.err }

// recoverRecord ends the panic of a function of one record.
func recoverRecord(ctx context.Context, id string, to *Result) {
	v := recover()
	if v == nil {
		return
	}
	*to = Result{}
	log := slog.Default()
	if inv, ok := ctx.Value(invocationKey{}).(*invocation); ok {
		log = inv.log
	}
	log.Error("transform panicked", "recordId", id, "cause", cause(v), "at", origin())
}

// cause says what a panic was about. The text of a runtime error holds no data; that of others may.
func cause(v any) string {
	if err, ok := v.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", v)
}

// origin is where the panic that is being recovered began.
func origin() string {
	pc := make([]uintptr, 16)
	frames := runtime.CallersFrames(pc[:runtime.Callers(1, pc)])
	panicking := false
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			panicking = true
		case panicking && f.Function != "runtime.panicmem" && f.Function != "runtime.sigpanic" && f.Function != "runtime.goPanicIndex" &&
			(len(f.Function) < 8 || f.Function[:8] != "runtime."):
			return fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		if !more {
			return ""
		}
	}
}

package hydrant

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
)

// A stepper is a transform that settles one record after the other, so that at a deadline it is known how far it came.
type stepper interface {
	each(ctx context.Context, records []Record, results []Result, p *progress)
}

// progress is shared by a stepper and who waits for it. The results below done are not written any more.
type progress struct {
	results []Result
	done    atomic.Int64
	stop    atomic.Bool
}

// step tells that the first n results are settled, and whether to go on.
func (p *progress) step(n int) bool {
	if p == nil {
		return true
	}
	p.done.Store(int64(n))
	return !p.stop.Load()
}

// Transform calls f for each record.
func (f Func) Transform(ctx context.Context, records []Record) ([]Result, error) {
	results := make([]Result, len(records))
	f.each(ctx, records, results, nil)
	return results, nil
}

func (f Func) each(ctx context.Context, records []Record, results []Result, p *progress) {
	for i := range records {
		f.one(ctx, records[i], &results[i])
		if !p.step(i + 1) {
			return
		}
	}
}

func (f Func) one(ctx context.Context, r Record, to *Result) {
	defer recoverRecord(ctx, r.ID, to)
	*to = f(ctx, r)
}

// An Append is a Func that appends its result to dst, and returns it with what it says of the record. All results of an
// invocation lie in one piece of memory, so a record costs no allocation. What is appended counts with OK only.
type Append func(ctx context.Context, dst []byte, r Record) ([]byte, Status)

// Transform calls f for each record.
func (f Append) Transform(ctx context.Context, records []Record) ([]Result, error) {
	results := make([]Result, len(records))
	f.each(ctx, records, results, nil)
	return results, nil
}

func (f Append) each(ctx context.Context, records []Record, results []Result, p *progress) {
	inv := invocationOf(ctx)
	dst := inv.takeScratch()
	for i := range records {
		dst = f.one(ctx, dst, records[i], &results[i])
		if !p.step(i + 1) {
			return
		}
	}
	inv.giveScratch(dst)
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

// JSON lifts a function of one decoded document: the data of a record is decoded into a new T, the function
// changes it, and with OK it is encoded again, by encoding/json but without HTML escapes. A document that can't be
// decoded or encoded, and one for which the function returns an error, is ProcessingFailed.
type JSON[T any] func(ctx context.Context, v *T) (Status, error)

// Transform calls f for each record.
func (f JSON[T]) Transform(ctx context.Context, records []Record) ([]Result, error) {
	return Append(f.append).Transform(ctx, records)
}

func (f JSON[T]) each(ctx context.Context, records []Record, results []Result, p *progress) {
	Append(f.append).each(ctx, records, results, p)
}

func (f JSON[T]) append(ctx context.Context, dst []byte, r Record) ([]byte, Status) {
	v := new(T)
	if err := json.Unmarshal(r.Data, v); err != nil {
		// The texts of these errors quote the document.
		Logger(ctx).Error("document cannot be decoded", "recordId", r.ID, "cause", fmt.Sprintf("%T", err))
		return dst, ProcessingFailed
	}
	status, err := f(ctx, v)
	if err != nil {
		Logger(ctx).Error("document refused", "recordId", r.ID, "cause", err.Error())
		return dst, ProcessingFailed
	}
	if status != OK {
		return dst, status
	}
	b := bytes.NewBuffer(dst)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		Logger(ctx).Error("document cannot be encoded", "recordId", r.ID, "cause", fmt.Sprintf("%T", err))
		return dst, ProcessingFailed
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), OK
}

// Error is a transform that answers every invocation with err: a wrong option, seen at the first record.
func Error(err error) Transform { return wrong{err} }

type wrong struct{ err error }

func (w wrong) Transform(context.Context, []Record) ([]Result, error) { return nil, w.err }

// Logger is where the invocation of ctx is logged: the Handler's Log, or slog's default.
func Logger(ctx context.Context) *slog.Logger {
	if inv := invocationOf(ctx); inv != nil {
		return inv.log
	}
	return slog.Default()
}

// recoverRecord ends the panic of a function of one record.
func recoverRecord(ctx context.Context, id string, to *Result) {
	if v := recover(); v != nil {
		*to = Result{}
		Logger(ctx).Error("transform panicked", "recordId", id, "cause", cause(v), "at", origin())
	}
}

// cause says what a panic was about. The text of a runtime error holds no data; that of others may.
func cause(v any) string {
	var err runtime.Error
	if e, ok := v.(error); ok && errors.As(e, &err) {
		return err.Error()
	}
	return fmt.Sprintf("%T", v)
}

// origin is where the panic that is being recovered began.
func origin() string {
	pc := make([]uintptr, 32)
	frames := runtime.CallersFrames(pc[:runtime.Callers(1, pc)])
	panicking := false
	for {
		f, more := frames.Next()
		if f.Function == "runtime.gopanic" {
			panicking = true
		} else if panicking && !strings.HasPrefix(f.Function, "runtime.") {
			return fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		if !more {
			return ""
		}
	}
}

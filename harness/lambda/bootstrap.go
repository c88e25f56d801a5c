package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// initTimeout is how long a function may take before it asks for its first event (Lambda's init phase).
const initTimeout = 10 * time.Second

// apiVersion is the path that every call of the Runtime API begins with.
const apiVersion = "/2018-06-01/runtime/"

// A Bootstrap runs a function as a process of its own and plays it the Lambda Runtime API on the loopback
// interface. Processes stay warm between invocations; as many run as there are invocations at once. One that
// crashes, or runs into the timeout, is ended with all its children and replaced at the next invocation.
//
//	process                          Bootstrap
//	GET  …/invocation/next     →     waits for Invoke, answers with the event
//	POST …/invocation/ID/response →  Invoke returns it
//	POST …/invocation/ID/error →     Invoke returns a *FunctionError
//
// This file reads the wall clock and starts goroutines; a function does both.
type Bootstrap struct {
	Command []string      // the program and its arguments
	Dir     string        // LAMBDA_TASK_ROOT and the working directory
	Handler string        // _HANDLER
	Name    string        // AWS_LAMBDA_FUNCTION_NAME
	ARN     string        // of the function
	Region  string        // AWS_REGION
	Memory  int           // in MB; 0 is 128
	Timeout time.Duration // 0 is none
	Env     []string      // more of the environment, "K=V"; nothing of this process's own but PATH, HOME and the temporary folder
	// Log is called with each line that the function prints, without its end, and what tells the records of the event that its
	// process was given last, "record a" or "records a to z"; empty before the first. Several processes may call it at once. nil
	// drops what is printed.
	Log func(records string, line []byte)

	mu     sync.Mutex
	idle   []*process
	all    map[*process]bool
	closed bool
}

// Invoke runs one invocation. A late answer is nobody's: the process that gave it is gone by then.
func (b *Bootstrap) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	p, err := b.process()
	if err != nil {
		return nil, &InvokeError{Code: CodeInvocationFailure, Err: err}
	}
	response, keep, err := p.invoke(ctx, event)
	b.mu.Lock()
	if keep && !b.closed {
		b.idle = append(b.idle, p)
		b.mu.Unlock()
		return response, err
	}
	delete(b.all, p)
	b.mu.Unlock()
	p.end()
	return response, err
}

// process returns one that waits for work, or starts one.
func (b *Bootstrap) process() (*process, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, errors.New("the function has been shut down")
	}
	for n := len(b.idle); n > 0; n = len(b.idle) {
		p := b.idle[n-1]
		b.idle = b.idle[:n-1]
		select {
		case <-p.exited: // it crashed between two invocations
			delete(b.all, p)
			p.end()
		default:
			return p, nil
		}
	}
	p, err := b.start()
	if err != nil {
		return nil, err
	}
	if b.all == nil {
		b.all = map[*process]bool{}
	}
	b.all[p] = true
	return p, nil
}

// Close ends all processes.
func (b *Bootstrap) Close() error {
	b.mu.Lock()
	b.closed = true
	all := b.all
	b.all, b.idle = nil, nil
	b.mu.Unlock()
	for p := range all {
		p.end()
	}
	return nil
}

// A process is one running copy of the function.
type process struct {
	b       *Bootstrap
	cmd     *exec.Cmd
	server  *http.Server
	next    chan *call    // the event that it is to be given
	exited  chan struct{} // closed when the process is gone
	exit    error         // why, once exited is closed
	ended   sync.Once
	asked   chan struct{} // closed when it first asked for an event
	askOnce sync.Once
	printed lines

	mu      sync.Mutex
	current *call
	records string // of the current event, or the last
}

// log hands on a line that the process printed.
func (p *process) log(line []byte) {
	p.mu.Lock()
	records := p.records
	p.mu.Unlock()
	p.b.Log(records, line)
}

// recordIDs tells the records of an event, by the first and the last.
func recordIDs(event []byte) string {
	key := []byte(`"recordId":"`)
	id := func(at int) string {
		text, _, _ := bytes.Cut(event[at+len(key):], []byte(`"`))
		return string(text)
	}
	first, last := bytes.Index(event, key), bytes.LastIndex(event, key)
	switch {
	case first < 0:
		return ""
	case first == last:
		return "record " + id(first)
	}
	return "records " + id(first) + " to " + id(last)
}

// maxLine is how long a line may be before it is cut.
const maxLine = 64 << 10

// lines cuts what is written to it into lines. It is for one goroutine.
type lines struct {
	log  func(line []byte)
	rest []byte
}

func (l *lines) Write(b []byte) (int, error) {
	l.rest = append(l.rest, b...)
	from := 0
	for {
		n, skip := bytes.IndexByte(l.rest[from:], '\n'), 1
		if n < 0 && len(l.rest)-from > maxLine {
			n, skip = maxLine, 0
		}
		if n < 0 {
			l.rest = append(l.rest[:0], l.rest[from:]...)
			return len(b), nil
		}
		l.log(l.rest[from : from+n])
		from += n + skip
	}
}

// end hands on what is left of a line: the last words of a process that dies, as often as not.
func (l *lines) end() {
	if len(l.rest) > 0 {
		l.log(l.rest)
		l.rest = nil
	}
}

// A call is one invocation.
type call struct {
	id       string
	event    []byte
	deadline time.Time
	done     chan answerOrError
}

type answerOrError struct {
	response []byte
	err      error
}

func (b *Bootstrap) start() (*process, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &process{b: b, next: make(chan *call), exited: make(chan struct{}), asked: make(chan struct{})}
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second}
	p.cmd = exec.Command(b.Command[0], b.Command[1:]...)
	p.cmd.Dir = b.Dir
	p.cmd.Env = b.environment(l.Addr().String())
	if b.Log != nil {
		p.cmd.Stdout, p.cmd.Stderr = &p.printed, &p.printed
		p.printed.log = p.log
	}
	p.cmd.WaitDelay = time.Second
	ownGroup(p.cmd)
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", b.Command[0], err), l.Close())
	}
	go p.server.Serve(l) //nolint:errcheck // it ends when the process does
	go func() {
		p.exit = p.cmd.Wait()
		p.printed.end()
		close(p.exited)
	}()
	return p, nil
}

// environment is what Lambda sets, and what the description adds.
func (b *Bootstrap) environment(api string) []string {
	var env []string
	for _, k := range []string{"PATH", "HOME", "TMPDIR", "TMP", "TEMP", "SYSTEMROOT"} {
		if v, ok := os.LookupEnv(k); ok {
			env = append(env, k+"="+v)
		}
	}
	memory := b.Memory
	if memory == 0 {
		memory = 128
	}
	env = append(env,
		"AWS_LAMBDA_RUNTIME_API="+api,
		"AWS_LAMBDA_FUNCTION_NAME="+b.Name,
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE="+strconv.Itoa(memory),
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/"+b.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME=local",
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"LAMBDA_TASK_ROOT="+b.Dir,
		"_HANDLER="+b.Handler,
		"AWS_REGION="+b.Region,
		"AWS_DEFAULT_REGION="+b.Region,
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_SESSION_TOKEN=local",
		"TZ=:UTC", "LANG=en_US.UTF-8",
	)
	return append(env, b.Env...)
}

// invoke hands the process one event and waits. keep is whether it can take another.
func (p *process) invoke(ctx context.Context, event []byte) (response []byte, keep bool, err error) {
	c := &call{id: strconv.FormatInt(time.Now().UnixNano(), 16), event: event, done: make(chan answerOrError, 1)}
	starting := time.NewTimer(initTimeout)
	defer starting.Stop()
	select { // the init phase isn't the function's time
	case <-p.asked:
	case <-p.exited:
		return nil, false, p.exitError()
	case <-starting.C:
		return nil, false, &FunctionError{Type: "Sandbox.Timedout", Message: fmt.Sprintf("the function did not ask for its first event within %v", initTimeout)}
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	var timeout <-chan time.Time
	c.deadline = time.Now().Add(15 * time.Minute)
	if p.b.Timeout > 0 {
		c.deadline = time.Now().Add(p.b.Timeout)
		timer := time.NewTimer(p.b.Timeout)
		defer timer.Stop()
		timeout = timer.C
	}
	timedOut := &FunctionError{Type: "Sandbox.Timedout", Message: fmt.Sprintf("the function timed out after %v", p.b.Timeout), Elapsed: p.b.Timeout, Timeout: true}
	select {
	case p.next <- c:
	case <-p.exited:
		return nil, false, p.exitError()
	case <-timeout:
		return nil, false, timedOut
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	select {
	case a := <-c.done:
		return a.response, true, a.err
	case <-p.exited:
		select { // it answered, then left
		case a := <-c.done:
			return a.response, false, a.err
		default:
		}
		return nil, false, p.exitError()
	case <-timeout:
		return nil, false, timedOut
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
}

func (p *process) exitError() error {
	why := "it exited with status 0"
	if p.exit != nil {
		why = p.exit.Error()
	}
	return &FunctionError{Type: "Runtime.ExitError", Message: "the function's process ended: " + why}
}

// end stops the process, its children and its server.
func (p *process) end() {
	p.ended.Do(func() {
		killGroup(p.cmd)
		<-p.exited
		p.server.Close()
	})
}

// ServeHTTP is the Runtime API.
func (p *process) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, apiVersion)
	id, verb, _ := strings.Cut(strings.TrimPrefix(path, "invocation/"), "/")
	switch {
	case !ok:
		http.NotFound(w, r)
	case r.Method == http.MethodGet && path == "invocation/next":
		p.serveNext(w, r)
	case r.Method == http.MethodPost && path == "init/error":
		p.serveInitError(w, r)
	case r.Method == http.MethodPost && verb == "response":
		body, err := readLimited(r.Body)
		if err != nil {
			p.settle(id, answerOrError{err: &FunctionError{Type: "Function.ResponseSizeTooLarge", Message: err.Error()}})
			reply(w, http.StatusRequestEntityTooLarge)
			return
		}
		// A streamed response that breaks off is announced in a trailer.
		if t := r.Trailer.Get("Lambda-Runtime-Function-Error-Type"); t != "" {
			p.settle(id, answerOrError{err: &FunctionError{Type: t, Message: "the response broke off"}})
		} else if !p.settle(id, answerOrError{response: body}) {
			reply(w, http.StatusBadRequest)
			return
		}
		reply(w, http.StatusAccepted)
	case r.Method == http.MethodPost && verb == "error":
		if !p.settle(id, answerOrError{err: functionError(r)}) {
			reply(w, http.StatusBadRequest)
			return
		}
		reply(w, http.StatusAccepted)
	default:
		http.NotFound(w, r)
	}
}

func reply(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, `{"status":"`+http.StatusText(status)+`"}`) //nolint:errcheck // the function may be gone
}

func (p *process) serveNext(w http.ResponseWriter, r *http.Request) {
	p.askOnce.Do(func() { close(p.asked) })
	select {
	case c := <-p.next:
		p.mu.Lock()
		p.current, p.records = c, recordIDs(c.event)
		p.mu.Unlock()
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", c.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(c.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", p.b.ARN)
		h.Set("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0")
		h.Set("Content-Length", strconv.Itoa(len(c.event)))
		w.Write(c.event) //nolint:errcheck // then the process exits, or runs into its timeout
	case <-p.exited:
	case <-r.Context().Done():
	}
}

// settle ends the current call if it is id's.
func (p *process) settle(id string, a answerOrError) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil || p.current.id != id {
		return false
	}
	p.current.done <- a
	p.current = nil
	return true
}

func (p *process) serveInitError(w http.ResponseWriter, r *http.Request) {
	if p.b.Log != nil {
		p.b.Log("", fmt.Appendf(nil, "init: %v", functionError(r)))
	}
	reply(w, http.StatusAccepted)
}

// functionError reads what a runtime reports: {"errorMessage":…,"errorType":…,"stackTrace":…}.
func functionError(r *http.Request) *FunctionError {
	e := &FunctionError{Type: r.Header.Get("Lambda-Runtime-Function-Error-Type")}
	body, err := readLimited(r.Body)
	var report struct{ ErrorMessage, ErrorType string }
	if err == nil && json.Unmarshal(body, &report) == nil {
		e.Message = report.ErrorMessage
		if e.Type == "" {
			e.Type = report.ErrorType
		}
	}
	if e.Type == "" {
		e.Type = "Runtime.Unknown"
	}
	return e
}

// readLimited reads a body of at most MaxPayload bytes.
func readLimited(r io.Reader) ([]byte, error) {
	var b bytes.Buffer
	if _, err := b.ReadFrom(io.LimitReader(r, MaxPayload+1)); err != nil {
		return nil, err
	}
	if b.Len() > MaxPayload {
		return nil, fmt.Errorf("the response is larger than %d bytes", MaxPayload)
	}
	return b.Bytes(), nil
}

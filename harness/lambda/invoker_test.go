package lambda

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hydrantkit/hydrant"
)

// TestMain lets this test program be a function too: with functionMode set it serves the Runtime API.
func TestMain(m *testing.M) {
	if mode := os.Getenv(functionMode); mode != "" {
		serveFunction(mode)
		return
	}
	os.Exit(m.Run())
}

const functionMode = "HYDRANT_TEST_FUNCTION"

var upper = hydrant.NewHandler(hydrant.Func(func(_ context.Context, r hydrant.Record) hydrant.Result {
	if bytes.Equal(r.Data, []byte("panic")) {
		panic("as asked")
	}
	return hydrant.OKResult(bytes.ToUpper(r.Data))
}))

// serveFunction is a bootstrap: it asks for events and answers them as mode says.
func serveFunction(mode string) {
	api := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + apiVersion
	if mode == "no start" {
		os.Exit(7)
	}
	for {
		resp, err := http.Get(api + "invocation/next")
		if err != nil {
			os.Exit(1)
		}
		event, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		id := resp.Header.Get("Lambda-Runtime-Aws-Request-Id")
		answer, kind := []byte(nil), "response"
		switch mode {
		case "crash":
			os.Exit(3)
		case "crash once":
			if _, err := os.Stat(os.Getenv("MARK")); err != nil {
				os.WriteFile(os.Getenv("MARK"), nil, 0o600)
				os.Exit(3)
			}
			answer, _ = upper.Invoke(context.Background(), event)
		case "talk":
			fmt.Print("a line\nlast words")
			os.Exit(1)
		case "hang":
			select {}
		case "error":
			answer, kind = []byte(`{"errorMessage":"no","errorType":"ValueError"}`), "error"
		case "garbage":
			answer = []byte("\x00garbage")
		case "large":
			answer = make([]byte, MaxPayload+1)
		case "late": // the answer to another invocation, then its own
			http.Post(api+"invocation/other/response", "application/json", strings.NewReader("late"))
			answer, _ = upper.Invoke(context.Background(), event)
		default:
			answer, _ = upper.Invoke(context.Background(), event)
		}
		r, err := http.Post(api+"invocation/"+id+"/"+kind, "application/json", bytes.NewReader(answer))
		if err == nil {
			r.Body.Close()
		}
	}
}

func bootstrap(t *testing.T, mode string) *Bootstrap {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b := &Bootstrap{Command: []string{exe}, Dir: t.TempDir(), Handler: "h", Name: "f", ARN: "arn:f", Region: "us-east-1",
		Env: []string{functionMode + "=" + mode, "MARK=" + t.TempDir() + "/mark"}}
	t.Cleanup(func() { b.Close() })
	return b
}

// serve is an Invoke endpoint.
func serve(t *testing.T, h http.HandlerFunc) *Endpoint {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	u, err := FunctionURL(s.URL, "f")
	if err != nil {
		t.Fatal(err)
	}
	return &Endpoint{URL: u}
}

// TestInvokers runs one event through all three: they can't be told apart.
func TestInvokers(t *testing.T) {
	endpoint := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/2015-03-31/functions/f/invocations" || r.Header.Get("X-Amz-Invocation-Type") != "RequestResponse" {
			t.Errorf("%s %s", r.URL.Path, r.Header)
		}
		event, _ := io.ReadAll(r.Body)
		answer, err := upper.Invoke(r.Context(), event)
		if err != nil {
			t.Error(err)
		}
		w.Write(answer)
	})
	var want []byte
	for _, tt := range []struct {
		name string
		Invoker
	}{{"handler", upper}, {"bootstrap", bootstrap(t, "upper")}, {"endpoint", endpoint}} {
		tr := New(tt.Invoker, Options{StreamARN: "arn:s", Seed: 1})
		in := batch(3)
		in[1].Data = []byte("panic")
		for range 3 { // a warm process is used again
			event := tr.appendEvent(nil, now, 1, in)
			got, err := tt.Invoke(context.Background(), event)
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			if want == nil {
				want = got
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s answers %s, the handler %s", tt.name, got, want)
			}
		}
		o, err := tr.Process(context.Background(), now, 1, in)
		if err != nil || len(o.Out) != 2 || string(o.Out[0].Data) != "IN0" || len(o.Failed) != 1 || o.Failed[0].Code != CodeProcessingFailed {
			t.Errorf("%s: %+v %v", tt.name, o, err)
		}
	}
}

// TestBootstrapLog: what a process prints comes line by line, with the records of the event that it was given last.
func TestBootstrapLog(t *testing.T) {
	b := bootstrap(t, "talk")
	var mu sync.Mutex
	var got []string
	b.Log = func(records string, line []byte) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, records+": "+string(line))
	}
	for _, event := range []string{`{"records":[{"recordId":"a"}]}`, `{"records":[{"recordId":"b"},{"recordId":"c"},{"recordId":"d"}]}`} {
		if _, err := b.Invoke(context.Background(), []byte(event)); err == nil {
			t.Error("it answered")
		}
	}
	want := []string{"record a: a line", "record a: last words", "records b to d: a line", "records b to d: last words"}
	if mu.Lock(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	mu.Unlock()
	l := &lines{log: func(line []byte) { got = append(got[:0], string(line)) }}
	if l.Write(bytes.Repeat([]byte("x"), maxLine+1)); len(got) != 1 || len(got[0]) != maxLine {
		t.Error("a line without an end isn't cut")
	}
}

// TestBootstrapFailures kills the process in mid-invocation, has it hang, answer garbage, late, and too much.
func TestBootstrapFailures(t *testing.T) {
	for _, tt := range []struct {
		mode, want string
		timeout    time.Duration
	}{
		{"crash", "Runtime.ExitError: the function's process ended: exit status 3", 0},
		{"no start", "Runtime.ExitError: the function's process ended: exit status 7", 0},
		{"hang", "Sandbox.Timedout: the function timed out after 50ms", 50 * time.Millisecond},
		{"error", "ValueError: no", 0},
		{"large", "Function.ResponseSizeTooLarge: the response is larger than 6291456 bytes", 0},
	} {
		b := bootstrap(t, tt.mode)
		b.Timeout = tt.timeout
		for range 2 { // the next invocation has a new process
			_, err := b.Invoke(context.Background(), []byte(`{"records":[]}`))
			var fe *FunctionError
			if !errors.As(err, &fe) || err.Error() != tt.want || fe.Elapsed != tt.timeout {
				t.Errorf("%s: %v", tt.mode, err)
			}
		}
		if len(b.all) > 1 {
			t.Errorf("%s: %d processes are left", tt.mode, len(b.all))
		}
	}
	tr := New(bootstrap(t, "garbage"), Options{})
	_, err := tr.Process(context.Background(), now, 1, batch(2))
	if err == nil || !strings.Contains(err.Error(), CodeJSONProcessing) {
		t.Errorf("garbage: %v", err)
	}
	tr = New(bootstrap(t, "late"), Options{})
	if o, err := tr.Process(context.Background(), now, 1, batch(2)); err != nil || len(o.Out) != 2 {
		t.Errorf("late: %+v %v", o, err)
	}
	tr = New(bootstrap(t, "crash once"), Options{})
	if _, err := tr.Process(context.Background(), now, 1, batch(2)); err == nil {
		t.Error("a crash went unseen")
	}
	if o, err := tr.Process(context.Background(), now, 2, batch(2)); err != nil || len(o.Out) != 2 {
		t.Errorf("after a crash: %+v %v", o, err)
	}
}

func TestBootstrapCancel(t *testing.T) {
	b := bootstrap(t, "hang")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := b.Invoke(ctx, []byte(`{}`))
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestEndpointFailures(t *testing.T) {
	for _, tt := range []struct {
		status int
		header string
		code   string // of the outage
	}{
		{429, "", CodeInvokeLimitExceeded}, {403, "", CodeInvokeAccessDenied}, {404, "", CodeResourceNotFound},
		{500, "", CodeInvocationFailure}, {200, "Unhandled", CodeFunctionError},
	} {
		e := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if tt.header != "" {
				w.Header().Set("X-Amz-Function-Error", tt.header)
			}
			w.WriteHeader(tt.status)
			io.WriteString(w, `{"errorMessage":"m","errorType":"T"}`)
		})
		_, err := e.Invoke(context.Background(), []byte("{}"))
		if err == nil || outage(err).Code != tt.code {
			t.Errorf("status %d: %v", tt.status, err)
		}
	}
	down := serve(t, func(http.ResponseWriter, *http.Request) {})
	down.URL = "http://127.0.0.1:1/"
	if _, err := down.Invoke(context.Background(), nil); err == nil || outage(err).Code != CodeInvocationFailure {
		t.Errorf("nobody there: %v", err)
	}
	slow := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	slow.Timeout = 20 * time.Millisecond
	_, err := slow.Invoke(context.Background(), nil)
	var fe *FunctionError
	if !errors.As(err, &fe) || !fe.Timeout || fe.Elapsed != slow.Timeout {
		t.Errorf("slow: %v", err)
	}
}

func TestFunctionURL(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"http://127.0.0.1:3001", "http://127.0.0.1:3001/2015-03-31/functions/f/invocations"},
		{"http://h/2015-03-31/functions/g/invocations", "http://h/2015-03-31/functions/g/invocations"},
		{"ftp://h", ""}, {"http:", ""},
	} {
		got, err := FunctionURL(tt.in, "f")
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("FunctionURL(%q) = %q, %v", tt.in, got, err)
		}
	}
}

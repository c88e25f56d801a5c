package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// An Endpoint is an Invoke endpoint that is posted to: the local one of sam or of an emulator, or the Runtime
// Interface Emulator of a container.
//
// This file reads the wall clock: a call over a network takes the time it takes.
type Endpoint struct {
	URL     string        // of the function: http://127.0.0.1:3001/2015-03-31/functions/NAME/invocations
	Timeout time.Duration // of one call; 0 is none
	Client  *http.Client  // nil is http.DefaultClient
	// Sign adds credentials to a request, where the endpoint wants some.
	Sign func(r *http.Request, body []byte) error
}

// FunctionURL completes an endpoint's URL with the path of Invoke, where it has none.
func FunctionURL(endpoint, function string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", fmt.Errorf("%q is no http:// or https:// URL", endpoint)
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/2015-03-31/functions/" + url.PathEscape(function) + "/invocations"
	}
	return u.String(), nil
}

// Invoke posts the event and returns the body of the answer. The statuses of the Invoke API become the service's codes.
func (e *Endpoint) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	began := time.Now()
	if e.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, e.Timeout)
		defer cancel()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(event))
	if err != nil {
		return nil, &InvokeError{Code: CodeInvocationFailure, Err: err}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Amz-Invocation-Type", "RequestResponse")
	if e.Sign != nil {
		if err := e.Sign(req, event); err != nil {
			return nil, &InvokeError{Code: CodeInvocationFailure, Err: err}
		}
	}
	client := e.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, e.failed(err, began)
	}
	defer resp.Body.Close()
	body, err := readLimited(resp.Body)
	if err != nil {
		if resp.StatusCode == http.StatusOK && ctx.Err() == nil {
			return nil, &FunctionError{Type: "Function.ResponseSizeTooLarge", Message: err.Error()}
		}
		return nil, e.failed(err, began)
	}
	if code := statusCode(resp.StatusCode); code != "" {
		return nil, &InvokeError{Code: code, Err: fmt.Errorf("%s answered %s: %.200s", e.URL, resp.Status, body)}
	}
	if t := resp.Header.Get("X-Amz-Function-Error"); t != "" {
		fe := &FunctionError{Type: t}
		var report struct{ ErrorMessage, ErrorType string }
		if json.Unmarshal(body, &report) == nil {
			fe.Message = strings.TrimPrefix(report.ErrorType+": "+report.ErrorMessage, ": ")
		}
		return nil, fe
	}
	return body, nil
}

// statusCode sorts an HTTP status of the Invoke API; empty is success.
func statusCode(status int) string {
	switch {
	case status >= 200 && status < 300:
		return ""
	case status == http.StatusTooManyRequests:
		return CodeInvokeLimitExceeded
	case status == http.StatusForbidden, status == http.StatusUnauthorized:
		return CodeInvokeAccessDenied
	case status == http.StatusNotFound:
		return CodeResourceNotFound
	}
	return CodeInvocationFailure
}

// failed sorts an error of the network.
func (e *Endpoint) failed(err error, began time.Time) error {
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		if e.Timeout > 0 && time.Since(began) >= e.Timeout {
			return &FunctionError{Type: "Sandbox.Timedout", Message: fmt.Sprintf("no answer within %v", e.Timeout), Elapsed: e.Timeout, Timeout: true}
		}
		return &InvokeError{Code: CodeFunctionTimeout, Err: err}
	}
	return &InvokeError{Code: CodeInvocationFailure, Err: err}
}

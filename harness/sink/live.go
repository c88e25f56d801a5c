package sink

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Live sends requests where they are meant to go, or to another endpoint. Certificates are verified, and redirects are
// not followed (destinations.md §4.3).
type Live struct {
	// Sign signs requests that have a Service; nil sends them without a signature.
	Sign func(r *http.Request, body []byte, service, region string) error

	client   *http.Client
	endpoint *url.URL
}

// NewLive makes a transport. endpoint replaces scheme, host and port of every URL, and its path where the endpoint has
// one; nil replaces nothing. roots are the certificate authorities to trust; nil is the system's.
func NewLive(endpoint *url.URL, roots *x509.CertPool) *Live {
	return &Live{endpoint: endpoint, client: &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout:   10 * time.Second,
			MaxIdleConnsPerHost:   4,
			IdleConnTimeout:       time.Minute,
			DisableCompression:    true,
			TLSClientConfig:       &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			ResponseHeaderTimeout: 0, // the request's own
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Do sends the request and reads the answer. A poll is repeated, with growing pauses.
func (l *Live) Do(ctx context.Context, r *Request) (*Answer, error) {
	a, err := l.do(ctx, r)
	if r.Until == nil {
		return a, err
	}
	patience, cancel := context.WithTimeout(ctx, r.Patience)
	defer cancel()
	for pause := 20 * time.Millisecond; err == nil && !r.Until(a); pause = min(2*pause, time.Second) {
		wait, stop := context.WithTimeout(patience, pause)
		<-wait.Done()
		stop()
		if patience.Err() != nil {
			break
		}
		a, err = l.do(ctx, r)
	}
	return a, err
}

func (l *Live) do(ctx context.Context, r *Request) (*Answer, error) {
	u, err := url.Parse(r.URL)
	if err != nil || u.Host == "" {
		return nil, &TransportError{InvalidHost, errors.New("the destination's URL can't be read")} // it may hold a secret
	}
	if e := l.endpoint; e != nil {
		if u.Scheme, u.Host = e.Scheme, e.Host; e.Path != "" && e.Path != "/" {
			u.Path, u.RawPath = e.Path, e.RawPath
		}
	}
	timeout := r.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	body := lent{b: r.Body}
	defer body.readers.Wait() // at the end, when own has ended and they are closed
	own, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(own, r.Method, u.String(), nil)
	if err != nil {
		return nil, &TransportError{InvalidHost, errors.New("the destination's URL can't be read")}
	}
	req.Header, req.ContentLength = r.Header.Clone(), int64(len(r.Body))
	if l.Sign != nil && r.Service != "" {
		if err := l.Sign(req, r.Body, r.Service, r.Region); err != nil {
			return nil, &TransportError{ConnectionFailed, fmt.Errorf("the request can't be signed: %w", err)}
		}
	}
	if len(r.Body) > 0 {
		req.Body, req.GetBody = body.reader(), func() (io.ReadCloser, error) { return body.reader(), nil }
	}
	res, err := l.client.Do(req)
	if err != nil {
		return nil, trouble(ctx, own, timeout, err)
	}
	defer res.Body.Close()
	limit := r.Limit
	if limit == 0 {
		limit = DefaultLimit
	}
	answer, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	switch {
	case err != nil:
		return nil, trouble(ctx, own, timeout, err)
	case int64(len(answer)) > limit:
		return nil, &TransportError{TooLarge, fmt.Errorf("the answer is larger than %d bytes", limit)}
	}
	return &Answer{Status: res.StatusCode, Header: res.Header, Body: answer}, nil
}

// A lent body is its owner's again when its readers are closed, which a http.RoundTripper may do later than it returns: by then the next
// request may be in its place.
type lent struct {
	b       []byte
	readers sync.WaitGroup
}

func (l *lent) reader() io.ReadCloser {
	l.readers.Add(1)
	return &lentReader{bytes.NewReader(l.b), sync.OnceFunc(l.readers.Done)}
}

type lentReader struct {
	*bytes.Reader
	done func()
}

func (r *lentReader) Close() error {
	r.done()
	return nil
}

// trouble sorts what net/http reports. The error's text leaves out the URL, which may hold a secret.
func trouble(ctx, own context.Context, timeout time.Duration, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if ue := (*url.Error)(nil); errors.As(err, &ue) {
		err = ue.Err
	}
	var (
		op          *net.OpError
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		alert       tls.AlertError
	)
	switch {
	case own.Err() != nil:
		return &TransportError{TimedOut, fmt.Errorf("no answer within %v", timeout)}
	case errors.As(err, &certificate):
		return &TransportError{Unverified, err}
	case errors.As(err, &record), errors.As(err, &alert), errors.Is(err, http.ErrSchemeMismatch), strings.HasPrefix(err.Error(), "tls: "),
		errors.As(err, &op) && op.Op == "remote error", strings.HasSuffix(err.Error(), "TLS handshake timeout"):
		return &TransportError{Handshake, err}
	case errors.As(err, &dns), errors.As(err, &op) && op.Op == "dial":
		return &TransportError{ConnectionFailed, err}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, net.ErrClosed), err.Error() == "http: server closed idle connection": // the last two where it is closed before the request is written
		return &TransportError{ConnectionClosed, err}
	}
	return &TransportError{ConnectionFailed, err}
}

package sink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"
)

func liveRequest(url string) *Request {
	return &Request{Method: "POST", URL: url, Header: http.Header{"X-Secret": {"secret"}, "User-Agent": {"a"}, "Content-Length": {"4"}}, Body: []byte("body")}
}

func parseURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestLive: what is sent, what endpoint replaces, and what of an answer comes back.
func TestLive(t *testing.T) {
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.String()+" "+r.Header.Get("X-Secret")+" "+r.Header.Get("User-Agent")+" "+r.Header.Get("Accept-Encoding"))
		if r.ContentLength != 4 {
			t.Errorf("content length %d", r.ContentLength)
		}
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "/", http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte("{}")) //nolint:errcheck
	}))
	defer s.Close()
	for _, tt := range []struct{ url, endpoint, want string }{
		{s.URL + "/a?b=c", "", "/a?b=c"},
		{"https://example.com/a/b?c", s.URL, "/a/b?c"},
		{"https://example.com/a/b?c", s.URL + "/", "/a/b?c"},
		{"https://example.com/a/b?c", s.URL + "/x", "/x?c"},
	} {
		var endpoint *url.URL
		if tt.endpoint != "" {
			endpoint = parseURL(t, tt.endpoint)
		}
		a, err := NewLive(endpoint, nil).Do(context.Background(), liveRequest(tt.url))
		if err != nil || a.Status != 200 || string(a.Body) != "{}" || a.Header.Get("Content-Length") != "2" {
			t.Errorf("%s: %+v, %v", tt.url, a, err)
		}
		if got := asked[len(asked)-1]; got != tt.want+" secret a " {
			t.Errorf("asked %q, want %q", got, tt.want)
		}
	}
	if a, err := NewLive(nil, nil).Do(context.Background(), liveRequest(s.URL+"/away")); err != nil || a.Status != 302 {
		t.Errorf("a redirect: %+v, %v", a, err)
	}
}

// TestLiveTrouble: why no answer comes; no text of it has a secret.
func TestLiveTrouble(t *testing.T) {
	stop := make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			select {
			case <-stop:
			case <-r.Context().Done():
			}
		case "/close":
			panic(http.ErrAbortHandler)
		case "/half":
			w.Header().Set("Content-Length", "100")
			w.Write([]byte("half")) //nolint:errcheck
			panic(http.ErrAbortHandler)
		case "/large":
			w.Write(make([]byte, 101)) //nolint:errcheck
		}
	})
	plain, secure, picky := httptest.NewServer(handler), httptest.NewUnstartedServer(handler), httptest.NewUnstartedServer(handler)
	secure.Config.ErrorLog = nil
	secure.StartTLS()
	picky.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}
	picky.StartTLS()
	defer plain.Close()
	defer secure.Close()
	defer picky.Close()
	defer close(stop)
	closed := httptest.NewServer(handler)
	closed.Close()
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	for _, tt := range []struct {
		name, url string
		want      Trouble
	}{
		{"nobody listens", closed.URL + "/?secret", ConnectionFailed},
		{"no such host", "https://host.invalid/?secret", ConnectionFailed},
		{"no host", "secret", InvalidHost},
		{"no URL", "https://secret:x/\x00", InvalidHost},
		{"late", plain.URL + "/slow?secret", TimedOut},
		{"late, in the middle of the request", plain.URL + "/slow?large,secret", TimedOut},
		{"closed", plain.URL + "/close?secret", ConnectionClosed},
		{"closed in the middle", plain.URL + "/half?secret", ConnectionClosed},
		{"large", plain.URL + "/large?secret", TooLarge},
		{"plain text where TLS is spoken", "https" + strings.TrimPrefix(plain.URL, "http") + "/?secret", Handshake},
		{"an unknown authority", secure.URL + "/?secret", Unverified},
		{"a certificate is asked for", picky.URL + "/?localhost,secret", Handshake},
		{"another host's certificate", strings.Replace(secure.URL, "127.0.0.1", "localhost", 1) + "/?secret", Unverified},
	} {
		var pool *x509.CertPool
		if strings.Contains(tt.url, "localhost") {
			pool = roots
		}
		r := liveRequest(tt.url)
		if strings.Contains(tt.url, "?large") {
			r.Body = make([]byte, 32<<20) // more than a connection holds
		}
		r.Limit = 100
		if r.Timeout = 10 * time.Second; tt.want == TimedOut {
			r.Timeout = 50 * time.Millisecond
		}
		a, err := NewLive(nil, pool).Do(context.Background(), r)
		var te *TransportError
		if !errors.As(err, &te) || te.Trouble != tt.want || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %+v, %v", tt.name, a, err)
		}
	}
	if a, err := NewLive(nil, roots).Do(context.Background(), liveRequest(secure.URL+"/")); err != nil || a.Status != 200 {
		t.Errorf("TLS: %+v, %v", a, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := NewLive(nil, nil).Do(ctx, liveRequest(plain.URL+"/slow")); !errors.Is(err, context.Canceled) {
		t.Errorf("an end: %v", err)
	}
}

// A lateReader is a connection that has its answer before it has read the body, as http.RoundTripper allows.
type lateReader struct{ read chan string }

func (l lateReader) RoundTrip(r *http.Request) (*http.Response, error) {
	go func() {
		<-r.Context().Done()
		all, _ := io.ReadAll(r.Body)
		l.read <- string(all)
		r.Body.Close()
	}()
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

// TestLiveBody: nobody reads the body any more when Do returns.
func TestLiveBody(t *testing.T) {
	l, late := NewLive(nil, nil), lateReader{make(chan string, 1)}
	l.client.Transport = late
	if _, err := l.Do(context.Background(), liveRequest("http://h/")); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-late.read:
		if got != "body" {
			t.Errorf("%q is read", got)
		}
	default:
		t.Error("the body is still to be read")
	}
}

// TestTrouble: a connection that doesn't come about in time is no answer that is late.
func TestTrouble(t *testing.T) {
	_, late := (&net.Dialer{Deadline: time.Unix(1, 0)}).Dial("tcp", "127.0.0.1:1")
	for _, tt := range []struct {
		err    error
		want   Trouble
		splunk string
	}{
		{late, ConnectionFailed, splunkConnectionTimeout},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, ConnectionFailed, splunkConnectionClosed},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}, Handshake, splunkHandshake},
		{errors.New("net/http: TLS handshake timeout"), Handshake, splunkHandshake},
	} {
		err := trouble(context.Background(), context.Background(), time.Minute, &url.Error{Err: tt.err})
		var te *TransportError
		if _, o := splunkAnswer(nil, err); !errors.As(err, &te) || te.Trouble != tt.want || o.Code != tt.splunk {
			t.Errorf("%v: %v, %v", tt.err, err, o)
		}
	}
}

// TestLivePoll: a poll is repeated until its answer is the last one, or patience ends.
func TestLivePoll(t *testing.T) {
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n++ }))
	defer s.Close()
	r := liveRequest(s.URL)
	r.Poll, r.Patience = true, time.Minute
	r.Until = func(*Answer) bool { return n == 3 }
	if _, err := NewLive(nil, nil).Do(context.Background(), r); err != nil || n != 3 {
		t.Errorf("%d polls, %v", n, err)
	}
	n, r.Patience, r.Until = 0, time.Millisecond, func(*Answer) bool { return false }
	if _, err := NewLive(nil, nil).Do(context.Background(), r); err != nil || n != 1 {
		t.Errorf("%d polls without patience, %v", n, err)
	}
}

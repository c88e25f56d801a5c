package sink

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
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
	plain, secure := httptest.NewServer(handler), httptest.NewUnstartedServer(handler)
	secure.Config.ErrorLog = nil
	secure.StartTLS()
	defer plain.Close()
	defer secure.Close()
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
		{"closed", plain.URL + "/close?secret", ConnectionClosed},
		{"closed in the middle", plain.URL + "/half?secret", ConnectionClosed},
		{"large", plain.URL + "/large?secret", TooLarge},
		{"plain text where TLS is spoken", "https" + strings.TrimPrefix(plain.URL, "http") + "/?secret", Handshake},
		{"an unknown authority", secure.URL + "/?secret", Unverified},
		{"another host's certificate", strings.Replace(secure.URL, "127.0.0.1", "localhost", 1) + "/?secret", Unverified},
	} {
		var pool *x509.CertPool
		if strings.Contains(tt.url, "localhost") {
			pool = roots
		}
		r := liveRequest(tt.url)
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

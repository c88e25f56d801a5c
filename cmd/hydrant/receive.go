package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/hydrantkit/hydrant/receive"
)

// receiveFlags are the flags of receive.
type receiveFlags struct {
	listen    string
	accessKey string
	out       string
	cert, key string
	answers   []string
	delay     time.Duration
	json      bool
	quiet     bool
}

func newReceive(io *streams) *cobra.Command {
	var f receiveFlags
	cmd := &cobra.Command{
		Use:   "receive [flags]",
		Short: "An HTTP endpoint receiver, to build or test one",
		Long: `Receive is an HTTP endpoint that a delivery stream delivers to: it checks each request to the letter,
prints the records, and answers as the service wants it, or as badly as --answer says. It ends by an
interrupt. A request that comes again, with the same id, is said to.

  --answer 503=2        the first two requests are answered with a status
  --answer wrong-id     the answer to all has another request id; also text (of another content type),
                        quoted (its timestamp is a text), extra (it has one more member), chunked (it
                        has no length), cut, and close (the connection); =N likewise`,
		Example: `  hydrant receive --listen 127.0.0.1:8080 &
  hydrant replay --stream template.yaml --destination live --endpoint http://127.0.0.1:8080 events.ndjson`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return receiveRequests(cmd.Context(), io, &f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.listen, "listen", "127.0.0.1:8080", "`ADDR` to listen on; port 0 is any")
	fl.StringVar(&f.accessKey, "access-key", "", "the access `KEY` that requests must have")
	fl.StringVar(&f.out, "out", "", "`DIR` for a file of each request, <request id>.ndjson, in replay's format records")
	fl.StringVar(&f.cert, "cert", "", "`FILE` with the certificate, to speak TLS as the service does; needs --key")
	fl.StringVar(&f.key, "key", "", "`FILE` with the certificate's key")
	fl.StringArrayVar(&f.answers, "answer", nil, "`KIND[=N]`: how to answer requests, or the first N of those left (repeatable)")
	fl.DurationVar(&f.delay, "delay", 0, "answer that much later")
	fl.BoolVar(&f.json, "json", false, "records as NDJSON: requestId, sourceArn, attributes, data in base64")
	fl.BoolVar(&f.quiet, "quiet", false, "no line for each request")
	return cmd
}

// A badAnswer is an --answer.
type badAnswer struct {
	kind string
	left int // -1 is any number
}

var badAnswers = []string{"wrong-id", "text", "quoted", "extra", "chunked", "cut", "close"}

func parseBadAnswer(spec string) (badAnswer, error) {
	kind, count, has := strings.Cut(spec, "=")
	a := badAnswer{kind: kind, left: -1}
	var err error
	if has {
		if a.left, err = strconv.Atoi(count); err != nil || a.left < 0 {
			return a, fmt.Errorf("--answer %s: %s is no number of requests", spec, count)
		}
	}
	if status, err := strconv.Atoi(kind); (err != nil || status < 200 || status > 599) && !slices.Contains(badAnswers, kind) {
		return a, fmt.Errorf("--answer %s: neither a status nor one of %s", spec, strings.Join(badAnswers, ", "))
	}
	return a, nil
}

// A receiver is the endpoint.
type receiver struct {
	io *streams
	f  *receiveFlags

	mu       sync.Mutex
	answers  []badAnswer
	seen     map[string][][sha256.Size]byte // of the requests that were taken under an id, what their records are
	requests int
	records  int
	again    int
	refused  int
	err      error // of writing; it ends the command
	cancel   context.CancelFunc
}

func receiveRequests(ctx context.Context, io *streams, f *receiveFlags) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &receiver{io: io, f: f, seen: map[string][][sha256.Size]byte{}, cancel: cancel}
	for _, spec := range f.answers {
		a, err := parseBadAnswer(spec)
		if err != nil {
			return usage(err)
		}
		r.answers = append(r.answers, a)
	}
	if (f.cert == "") != (f.key == "") {
		return usagef("--cert and --key are given together")
	}
	if f.out != "" {
		if err := os.MkdirAll(f.out, 0o777); err != nil {
			return err
		}
	}
	l, err := net.Listen("tcp", f.listen)
	if err != nil {
		return usagef("--listen %s: %w", f.listen, err)
	}
	s := &http.Server{Handler: r, ReadHeaderTimeout: time.Minute}
	go func() {
		<-ctx.Done()
		end, stop := context.WithTimeout(context.Background(), 5*time.Second)
		defer stop()
		if s.Shutdown(end) != nil {
			s.Close() //nolint:errcheck // it ends either way
		}
	}()
	scheme := "http"
	if f.cert != "" {
		scheme = "https"
	}
	fmt.Fprintf(io.err, "hydrant: listening on %s://%s\n", scheme, l.Addr())
	if f.cert != "" {
		err = s.ServeTLS(l, f.cert, f.key)
	} else {
		err = s.Serve(l)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	fmt.Fprintf(io.err, "hydrant: %s, %d of them again, %d refused; %s\n", plural(int64(r.requests), "request"), r.again, r.refused, plural(int64(r.records), "record"))
	return r.err
}

// ServeHTTP answers a request, or answers it badly.
func (r *receiver) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	kind := r.next()
	if r.f.delay > 0 {
		select {
		case <-time.After(r.f.delay):
		case <-hr.Context().Done():
		}
	}
	id := hr.Header.Get("X-Amz-Firehose-Request-Id")
	now := time.Now()
	if status, err := strconv.Atoi(kind); err == nil {
		r.note(hr, id, kind, 0)
		receive.Answer(w, status, id, now, "hydrant receive was told to answer this")
		return
	}
	if kind == "" {
		q, err := receive.Parse(hr, r.f.accessKey)
		was := taken
		if err == nil {
			was, err = r.write(q)
		}
		if err != nil {
			refusal := &receive.Error{Status: http.StatusInternalServerError, Message: err.Error()}
			errors.As(err, &refusal)
			r.note(hr, id, refusal.Error(), 0)
			receive.Answer(w, refusal.Status, id, now, refusal.Message)
			return
		}
		r.note(hr, id, was, len(q.Records))
		receive.Answer(w, http.StatusOK, id, now, "")
		return
	}
	r.note(hr, id, kind, 0)
	body := fmt.Appendf(nil, `{"requestId":%q,"timestamp":%d}`, id, now.UnixMilli())
	contentType := "application/json"
	switch kind {
	case "wrong-id":
		body = fmt.Appendf(nil, `{"requestId":"00000000-0000-0000-0000-000000000000","timestamp":%d}`, now.UnixMilli())
	case "text":
		contentType = "text/plain"
	case "quoted":
		body = fmt.Appendf(nil, `{"requestId":%q,"timestamp":"%d"}`, id, now.UnixMilli())
	case "extra":
		body = append(body[:len(body)-1], `,"status":"ok"}`...)
	case "cut":
		body = body[:len(body)/2]
	case "close":
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", contentType)
	if kind == "chunked" {
		w.WriteHeader(http.StatusOK)
		if fl, ok := w.(http.Flusher); ok {
			fl.Flush()
		}
	} else {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	_, _ = w.Write(body) // the sender sees
}

// next is how the next request is answered, "" for as it should.
func (r *receiver) next() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.answers {
		if a := &r.answers[i]; a.left != 0 {
			a.left--
			return a.kind
		}
	}
	return ""
}

// What becomes of requests that are as they should be.
const (
	taken = "taken"
	again = "again, taken"
	other = "taken, though its id was another's" // a sender keeps an id for what is the same
)

// note says what became of a request.
func (r *receiver) note(hr *http.Request, id, what string, records int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
	switch what {
	case taken, other:
		r.records += records
	case again:
		r.again++
		r.records += records
	default:
		if r.refused++; len(r.seen[id]) > 0 {
			r.again++
			what = "again, " + what
		}
	}
	if !r.f.quiet {
		fmt.Fprintf(r.io.err, "hydrant: %s %s %q: %s, %s\n", hr.Method, hr.URL.Path, id, plural(int64(records), "record"), what)
	}
}

// write writes the records of a request, where they are not those that came under its id before, and says what becomes of it. Its error ends
// the command.
func (r *receiver) write(q *receive.Request) (was string, err error) {
	var lines, file bytes.Buffer
	for _, data := range q.Records {
		if r.f.json {
			if err := json.NewEncoder(&lines).Encode(struct {
				RequestID  string            `json:"requestId"`
				SourceARN  string            `json:"sourceArn"`
				Attributes map[string]string `json:"attributes"`
				Data       []byte            `json:"data"`
			}{q.ID, q.SourceARN, q.Attributes, data}); err != nil {
				return "", err
			}
		} else {
			lines.Write(data)
			lines.WriteByte('\n')
		}
		if err := json.NewEncoder(&file).Encode(struct {
			Data []byte `json:"data"`
		}{data}); err != nil {
			return "", err
		}
	}
	sum := sha256.Sum256(file.Bytes())
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.seen[q.ID]
	n := slices.Index(before, sum)
	switch {
	case n >= 0:
		was = again
	case len(before) > 0:
		was, n = other, len(before)
	default:
		was, n = taken, 0
	}
	name := fileName(q.ID)
	if n > 0 {
		name += fmt.Sprintf(".%d", n+1)
	}
	if err = r.err; err == nil && r.f.out != "" {
		err = writeFile(filepath.Join(r.f.out, name+".ndjson"), file.Bytes())
	}
	if err == nil && was != again {
		_, err = r.io.out.Write(lines.Bytes())
		r.seen[q.ID] = append(before, sum)
	}
	if err != nil {
		r.err = err
		r.cancel()
	}
	return was, err
}

// fileName is a name of a file for a request id, which may be anything.
func fileName(id string) string {
	id = url.PathEscape(id)
	if len(id) > 100 || strings.HasPrefix(id, ".") {
		return fmt.Sprintf("%x", sha256.Sum256([]byte(id)))
	}
	return id
}

func writeFile(path string, body []byte) error {
	p, err := create(path, nil, nil)
	if err != nil {
		return err
	}
	if _, err := p.Write(body); err != nil {
		return p.abandon(err)
	}
	return p.complete()
}

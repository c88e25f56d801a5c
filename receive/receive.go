// Package receive is the other side of a delivery stream to an HTTP endpoint: it reads the requests that Amazon Data Firehose
// sends, checks them to the letter, and answers as the service wants to be answered. With it an endpoint is one function:
//
//	http.Handle("/firehose", &receive.Handler{
//		AccessKey: os.Getenv("ACCESS_KEY"),
//		Receive: func(ctx context.Context, r *receive.Request) error {
//			for _, record := range r.Records {
//				// …
//			}
//			return nil
//		},
//	})
//
// The service sends a request again, with the same id, until it is answered with 200 and exactly the document that the
// [Handler] writes; what was received twice is told by [Request.ID].
package receive

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The bounds of a request (destinations.md §4.2).
const (
	MaxRecords = 10_000
	MaxRecord  = 1_024_000 // bytes, decoded
	MaxBody    = 64 << 20  // bytes, decompressed
	MaxMessage = 8192      // characters of an answer's errorMessage
)

// A Request is one request of a delivery stream.
type Request struct {
	ID         string // the same in every attempt
	Time       time.Time
	SourceARN  string            // of the delivery stream
	Attributes map[string]string // common attributes; nil where there are none
	Records    [][]byte          // each may be empty
	Bytes      int               // of the body, decompressed
}

// An Error refuses a request. The service tries all of them again but 413, whose records it gives up on.
type Error struct {
	Status  int    // 400 to 599; anything else is answered as 500
	Message string // for errorMessage
}

func (e *Error) Error() string { return fmt.Sprintf("%d: %s", e.Status, e.Message) }

// A Handler is an HTTP endpoint.
type Handler struct {
	// AccessKey is what X-Amz-Firehose-Access-Key must be; empty accepts any, and none.
	AccessKey string
	// Receive takes the request; when it returns nil the request is answered with success. Its error, an *Error or any other, is
	// answered as failure, and the service sends the request again.
	Receive func(ctx context.Context, r *Request) error
	// Now is the time of answers; nil is time.Now.
	Now func() time.Time
}

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	r, err := Parse(hr, h.AccessKey)
	if err == nil && h.Receive != nil {
		err = h.Receive(hr.Context(), r)
	}
	now := time.Now
	if h.Now != nil {
		now = h.Now
	}
	id := hr.Header.Get("X-Amz-Firehose-Request-Id")
	if err == nil {
		Answer(w, http.StatusOK, id, now(), "")
		return
	}
	refusal := &Error{Status: http.StatusInternalServerError, Message: err.Error()}
	if errors.As(err, &refusal); refusal.Status < 400 || refusal.Status > 599 { // 200 would be a success
		refusal = &Error{Status: http.StatusInternalServerError, Message: refusal.Message}
	}
	Answer(w, refusal.Status, id, now(), refusal.Message)
}

// Answer writes the document that the service wants (destinations.md §4.3). message is empty for success.
func Answer(w http.ResponseWriter, status int, id string, at time.Time, message string) {
	doc := struct {
		RequestID    string `json:"requestId"`
		Timestamp    int64  `json:"timestamp"`
		ErrorMessage string `json:"errorMessage,omitempty"`
	}{id, at.UnixMilli(), message}
	if m := []rune(message); len(m) > MaxMessage {
		doc.ErrorMessage = string(m[:MaxMessage])
	}
	body, err := json.Marshal(doc)
	if err != nil {
		panic("receive: two texts and a number: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the service hears nothing then, and sends the request again
}

// Parse reads a request and checks it. Its error is an *Error, whose message says what isn't as the service sends it.
func Parse(hr *http.Request, accessKey string) (*Request, error) {
	refuse := func(status int, format string, args ...any) (*Request, error) {
		return nil, &Error{Status: status, Message: fmt.Sprintf(format, args...)}
	}
	get := hr.Header.Get
	r := &Request{ID: get("X-Amz-Firehose-Request-Id"), SourceARN: get("X-Amz-Firehose-Source-Arn")}
	kind, _, err := mime.ParseMediaType(get("Content-Type"))
	encoding := get("Content-Encoding")
	switch {
	case hr.Method != http.MethodPost:
		return refuse(http.StatusMethodNotAllowed, "%.20s where POST is wanted", hr.Method)
	case get("X-Amz-Firehose-Protocol-Version") != "1.0":
		return refuse(http.StatusBadRequest, "X-Amz-Firehose-Protocol-Version is not 1.0")
	case r.ID == "":
		return refuse(http.StatusBadRequest, "X-Amz-Firehose-Request-Id is missing")
	case r.SourceARN == "":
		return refuse(http.StatusBadRequest, "X-Amz-Firehose-Source-Arn is missing")
	case accessKey != "" && subtle.ConstantTimeCompare([]byte(get("X-Amz-Firehose-Access-Key")), []byte(accessKey)) != 1:
		return refuse(http.StatusUnauthorized, "X-Amz-Firehose-Access-Key is not the one that is configured here")
	case err != nil || kind != "application/json":
		return refuse(http.StatusBadRequest, "Content-Type is not application/json")
	case encoding != "" && encoding != "gzip":
		return refuse(http.StatusBadRequest, "Content-Encoding is neither gzip nor absent")
	}
	if text := get("X-Amz-Firehose-Common-Attributes"); text != "" {
		var doc struct {
			CommonAttributes map[string]string `json:"commonAttributes"`
		}
		if err := strict([]byte(text), &doc); err != nil || doc.CommonAttributes == nil {
			return refuse(http.StatusBadRequest, "X-Amz-Firehose-Common-Attributes is not {\"commonAttributes\":{…}}")
		}
		r.Attributes = doc.CommonAttributes
	}
	var body io.Reader = hr.Body
	if encoding == "gzip" {
		z, err := gzip.NewReader(hr.Body)
		if err != nil {
			return refuse(http.StatusBadRequest, "the body is not gzip")
		}
		body = z
	}
	text, err := io.ReadAll(io.LimitReader(body, MaxBody+1))
	switch {
	case err != nil:
		return refuse(http.StatusBadRequest, "the body can't be read: %v", err)
	case len(text) > MaxBody:
		return refuse(http.StatusRequestEntityTooLarge, "the body is larger than 64 MiB")
	}
	r.Bytes = len(text)
	return r, r.parse(text)
}

// parse reads the body.
func (r *Request) parse(text []byte) error {
	bad := func(format string, args ...any) error {
		return &Error{Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
	}
	var doc struct {
		RequestID string `json:"requestId"`
		Timestamp *int64 `json:"timestamp"`
		Records   []struct {
			Data *string `json:"data"`
		} `json:"records"`
	}
	if err := strict(text, &doc); err != nil {
		return bad("the body is not a request: %v", err)
	}
	switch {
	case doc.RequestID != r.ID:
		return bad("requestId is not X-Amz-Firehose-Request-Id")
	case doc.Timestamp == nil:
		return bad("timestamp is missing")
	case len(doc.Records) == 0 || len(doc.Records) > MaxRecords:
		return bad("records has %d items; 1 to %d are allowed", len(doc.Records), MaxRecords)
	}
	r.Time = time.UnixMilli(*doc.Timestamp).UTC()
	r.Records = make([][]byte, len(doc.Records))
	for i, record := range doc.Records {
		if record.Data == nil {
			return bad("record %d has no data", i)
		}
		data, err := base64.StdEncoding.Strict().DecodeString(*record.Data)
		switch {
		case err != nil || strings.ContainsAny(*record.Data, "\r\n"):
			return bad("data of record %d is not base64", i)
		case len(data) > MaxRecord:
			return bad("record %d has %d bytes; at most %d are allowed", i, len(data), MaxRecord)
		}
		r.Records[i] = data
	}
	return nil
}

// strict decodes one JSON document that has the members of v and no others.
func strict(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is more behind its end")
	}
	return nil
}

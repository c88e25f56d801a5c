package harness

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/harness/record"
)

// A LogLine is what the service writes to the CloudWatch log group of a destination (operations.md §2): why an attempt
// failed, or why records ended in the error output.
type LogLine struct {
	At          time.Time // stream time of the event; not in its text
	StreamARN   string
	Destination string // ARN of the bucket; of other destinations their endpoint
	Version     int
	Message     string
	Code        string
	Processor   string // ARN of the function that it is about; empty where it is about none
}

// Append appends the event's text, an object as JSON, without an LF.
func (l *LogLine) Append(dst []byte) []byte {
	dst = record.AppendString(append(dst, `{"deliveryStreamARN":`...), l.StreamARN)
	dst = record.AppendString(append(dst, `,"destination":`...), l.Destination)
	dst = strconv.AppendInt(append(dst, `,"deliveryStreamVersionId":`...), int64(l.Version), 10)
	dst = record.AppendString(append(dst, `,"message":`...), l.Message)
	dst = record.AppendString(append(dst, `,"errorCode":`...), l.Code)
	if l.Processor != "" {
		dst = record.AppendString(append(dst, `,"processor":`...), l.Processor)
	}
	return append(dst, '}')
}

// An errorLog writes the lines of one destination. The service's samples when many fail; here an attempt that fails is
// one line, and so are the records of one code that fail at once (CHOICE). A nil one writes nothing.
type errorLog struct {
	write func(LogLine)
	line  LogLine // what all lines have in common
	arn   string  // of the function

	at    time.Time // of the last event
	codes []string  // of the events at that time
}

// errorLog makes the log of a destination; nil where nothing is logged.
func (s *Stream) errorLog(o Options, logged bool, destination string) *errorLog {
	if !logged || o.Log == nil {
		return nil
	}
	g := &errorLog{write: o.Log, line: LogLine{StreamARN: s.ARN, Destination: destination, Version: s.Version}}
	if s.Lambda != nil {
		g.arn = s.Lambda.ARN
	}
	return g
}

// outage logs an attempt that failed.
func (g *errorLog) outage(at time.Time, o *record.Outage) {
	if g == nil {
		return
	}
	g.event(at, o.Code, o.Text())
}

// failed logs why records failed, unless it is what was logged just before: an attempt that was the last one.
func (g *errorLog) failed(at time.Time, failed []record.Failure) {
	if g == nil {
		return
	}
	for i := range failed {
		if f := &failed[i]; !g.at.Equal(at) || !slices.Contains(g.codes, f.Code) {
			g.event(at, f.Code, f.Message)
		}
	}
}

func (g *errorLog) event(at time.Time, code, message string) {
	if !g.at.Equal(at) {
		g.at, g.codes = at, g.codes[:0]
	}
	if !slices.Contains(g.codes, code) {
		g.codes = append(g.codes, code)
	}
	l := g.line
	l.At, l.Code, l.Message = at, code, message
	if strings.HasPrefix(code, "Lambda.") {
		l.Processor = g.arn
	}
	g.write(l)
}

// bucketARN is the ARN of a bucket of the stream.
func (s *Stream) bucketARN(name string) string {
	partition := "aws"
	if f := strings.Split(s.ARN, ":"); len(f) > 1 && f[1] != "" {
		partition = f[1]
	}
	return "arn:" + partition + ":s3:::" + name
}

// sinkName is what the error log calls a sink: the ARN of its domain, or its host.
func sinkName(k Sink) string {
	endpoint := ""
	switch k := k.(type) {
	case *OpenSearch:
		if k.Domain != "" {
			return k.Domain
		}
		endpoint = k.Endpoint
	case *HTTPEndpoint:
		endpoint = k.URL
	case *Splunk:
		endpoint = k.Endpoint
	case *Snowflake:
		endpoint = "https://" + k.Table.Account
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return k.Place()
	}
	if u.Path == "" || u.Path == "/" {
		return u.Scheme + "://" + u.Host
	}
	return u.Scheme + "://" + u.Host + "/..." // the path may hold a secret
}

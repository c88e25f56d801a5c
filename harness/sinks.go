package harness

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/harness/buffer"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/sink"
	"github.com/hydrantkit/hydrant/internal/template"
)

// A Sink is a stream's destination other than S3, as it was described. What it gives up on goes to the stream's S3.
type Sink interface {
	// Place is what faults and folders call it: "http", "splunk", "opensearch", "redshift", "snowflake", "iceberg".
	Place() string
	// buffer is the hints of its buffer, and the greatest size of their range.
	buffer() (h buffer.Hints, most int64)
	budget() budget
	// open makes the destination. Its deliveries are quitters.
	open(s *Stream, o Options) (Destination, error)
}

// A quitter is a Delivery that knows what of its batch has not settled. GiveUp ends it: what is left becomes
// failures; what doesn't is lost, where the service would discard it.
type quitter interface {
	GiveUp(o *record.Outage, attempts int, at time.Time) []record.Failure
}

// asQuitter looks through what was put around a delivery; nil where there is no quitter.
func asQuitter(d record.Delivery) quitter {
	for d != nil {
		if q, ok := d.(quitter); ok {
			return q
		}
		w, ok := d.(interface{ unwrap() record.Delivery })
		if !ok {
			return nil
		}
		d = w.unwrap()
	}
	return nil
}

// A sinkKind is what the describer knows of one kind of destination (destinations.md §0).
type sinkKind struct {
	member, name string
	backup       [2]string // the two values of S3BackupMode: failed only, all
	read         func(d *describer, s *Stream, n *template.Node)
	lambda       buffer.Hints // of the function's buffer; zero where they are the usual ones
	routes       bool         // MetadataExtraction says where in the destination a record goes
}

// sinkConfig is what the configurations of all sinks have in common.
type sinkConfig struct {
	hints  buffer.Hints
	most   int64
	retry  time.Duration
	secret secret
}

func (c *sinkConfig) buffer() (buffer.Hints, int64) { return c.hints, c.most }

func (c *sinkConfig) sealed() *secret { return &c.secret }

// A secret is a key or a token that a stream shows its destination: in the description, or in Secrets Manager.
type secret struct {
	name   string // the secret's ARN, or said; empty where there is none
	said   string // what the description calls it
	member string // of the secret's JSON
	value  string
	known  bool
	others map[string]string // what else the secret's JSON may hold, by member
}

// Secret is the name of what the destination wants shown and the description doesn't hold: the ARN of a secret, or the member
// whose value isn't known here. It is empty where nothing is missing.
func (s *Stream) Secret() string {
	if k, ok := s.Sink.(interface{ sealed() *secret }); ok && !k.sealed().known {
		return k.sealed().name
	}
	return ""
}

// SetSecret says what the secret holds: its JSON ({"api_key":"…"}, {"hec_token":"…"}), or the value alone.
func (s *Stream) SetSecret(name string, text []byte) error {
	k, ok := s.Sink.(interface{ sealed() *secret })
	if !ok || name != k.sealed().name && name != k.sealed().said {
		return fmt.Errorf("the stream %s has no secret %s", s.Name, name)
	}
	c := k.sealed()
	c.name = cmp.Or(c.name, name)
	c.value = strings.TrimSpace(string(text))
	var members map[string]json.RawMessage
	if strings.HasPrefix(c.value, "{") {
		if err := json.Unmarshal(text, &members); err != nil {
			return fmt.Errorf("the secret %s is not JSON", name) // no part of which is shown
		}
		if err := json.Unmarshal(members[c.member], &c.value); err != nil {
			return fmt.Errorf("the secret %s has no member %s that is a text", name, c.member)
		}
	}
	for member, value := range c.others {
		if v := members[member]; v != nil && json.Unmarshal(v, &value) != nil {
			return fmt.Errorf("the member %s of the secret %s is no text", member, name)
		}
		c.others[member] = value
	}
	c.known = true
	return nil
}

// secret reads what is shown to a destination: a member of parent, or of a secret that n's SecretsManagerConfiguration names.
// What the description doesn't know is missing only where it is sent.
func (d *describer) secret(n, parent *template.Node, member, key string) secret {
	sm, v := n.Get("SecretsManagerConfiguration"), parent.Get(member)
	c := secret{said: member, member: key}
	switch {
	case d.block(sm) && d.boolean(sm.Get("Enabled"), false):
		if !v.IsNull() {
			d.refuse(v, "%s cannot be specified when SecretsManagerConfiguration is enabled", member)
		}
		c.name = d.required(sm, "SecretARN", "SecretsManagerConfiguration")
	case v.IsNull() || v.Kind == template.String && v.Text == "":
		c.known = true
	case v.Kind == template.Unresolved || v.Kind == template.String && strings.HasPrefix(v.Text, "{{resolve:"):
		c.name = member // CloudFormation finds it out when it deploys
	default:
		c.name, c.value, c.known = member, d.str(v), true
	}
	return c
}

// sinkHints reads BufferingHints: sizes in MiB from lo to hi, intervals in seconds up to the longest.
func (d *describer) sinkHints(n *template.Node, lo, size, hi, interval, longest int64) (h buffer.Hints, most int64) {
	mb, seconds := n.Get("SizeInMBs"), n.Get("IntervalInSeconds")
	s, i := d.integer(mb, size), d.integer(seconds, interval)
	switch {
	case d.err != nil:
	case s < lo || s > hi:
		d.refuse(mb, "BufferingHints.SizeInMBs must be between %d and %d for this destination; it is %d", lo, hi, s)
	case i < 0 || i > longest:
		d.refuse(seconds, "BufferingHints.IntervalInSeconds must be between 0 and %d for this destination; it is %d", longest, i)
	}
	h = buffer.Hints{Size: s * MiB, Interval: time.Duration(i) * time.Second}
	if i == 0 {
		h.Interval = ImmediateInterval
	}
	return h, hi * MiB
}

// retryDuration reads RetryOptions (destinations.md §0: 0 to 7,200 seconds).
func (d *describer) retryDuration(n *template.Node, def int64) time.Duration {
	return time.Duration(d.integer(n.Get("RetryOptions", "DurationInSeconds"), def)) * time.Second
}

// sink reads what all configurations of other destinations than S3 have: the bucket for what fails, backup, processing.
func (d *describer) sink(s *Stream, n *template.Node, k *sinkKind) {
	bucket := n.Get("S3Configuration")
	if bucket.IsNull() {
		d.refuse(n, "S3Configuration is required for delivery to %s", k.name)
		return
	}
	d.bucket(&s.S3, bucket, hintRange{sizeLo: 1, size: 5}, s3Use(d.options))
	if mode := n.Get("S3BackupMode"); k.backup[1] != "" && d.text(mode, k.backup[0]) == k.backup[1] {
		b := s.S3
		if b.Hints.Interval < time.Minute { // destinations.md §7
			d.refuse(bucket.Get("BufferingHints", "IntervalInSeconds"), "BufferingHints.IntervalInSeconds must be at least 60 when it is for the S3 backup")
		}
		s.Backup = &b
	}
	d.lambdaHints, d.routes = k.lambda, k.routes
	d.processing(s, n.Get("ProcessingConfiguration"))
	s.SinkLogged = d.logging(n.Get("CloudWatchLoggingOptions"))
	if d.err == nil {
		k.read(d, s, n)
	}
}

// outstanding is how many invocations of the stream's function may run at once (record-transformation.md §6).
func (s *Stream) outstanding() int {
	if _, ok := s.Sink.(*Splunk); ok {
		return splunkOutstanding
	}
	return outstandingInvocations
}

// DeliveryHints are the hints of the buffer before the destination.
func (s *Stream) DeliveryHints() buffer.Hints {
	if s.Sink == nil {
		return s.S3.Hints
	}
	h, _ := s.Sink.buffer()
	return h
}

// openSink makes the outlets' configuration of a stream with a sink.
func (s *Stream) openSink(o Options) (outletConfig, error) {
	if o.Transport == nil {
		o.Transport = sink.Files{Bucket: o.Bucket}
	}
	if o.Copier == nil {
		o.Copier = sink.CopyFiles{Bucket: o.Bucket}
	}
	if o.Loader == nil {
		o.Loader = sink.RowFiles{Bucket: o.Bucket}
	}
	dest, err := s.Sink.open(s, o)
	if err != nil {
		return outletConfig{}, err
	}
	h, most := s.Sink.buffer()
	return outletConfig{hints: h, most: most, dest: dest, budget: s.Sink.budget()}, nil
}

// A faultyCopier meets the faults of redshift.
type faultyCopier struct {
	f *Faults
	sink.Copier
}

// Copy fails as the fault says, or runs the command.
func (c faultyCopier) Copy(ctx context.Context, command *sink.Copy) (int, error) {
	switch c.f.hit("redshift") {
	case "refused":
		return 0, &record.Outage{Code: "Redshift.ConnectionFailed", Message: "The connection to the cluster failed.", Err: errInjected}
	case "copyerror":
		return 0, &record.Outage{Code: "Redshift.DataLoadFailed", Message: "Loading data into the table failed. See STL_LOAD_ERRORS.", Err: errInjected}
	}
	return c.Copier.Copy(ctx, command)
}

// A faultyLoader meets the faults of snowflake.
type faultyLoader struct {
	f *Faults
	sink.Loader
}

// Load fails as the fault says, or loads the rows.
func (l faultyLoader) Load(ctx context.Context, r *sink.Rows) ([]sink.RefusedRow, error) {
	if l.f.hit("snowflake") != "" {
		return nil, &record.Outage{Code: sink.SnowflakeConnectionFailed, Message: "The connection to the account failed.", Err: errInjected}
	}
	return l.Loader.Load(ctx, r)
}

// A faultyTransport meets the faults of a sink.
type faultyTransport struct {
	f     *Faults
	place string
	sink.Transport
}

// Do fails as the fault says, or does the request.
func (t faultyTransport) Do(ctx context.Context, r *sink.Request) (*sink.Answer, error) {
	timeout := cmp.Or(r.Timeout, sink.DefaultTimeout)
	late := &sink.TransportError{Trouble: sink.TimedOut, Err: fmt.Errorf("no answer within %v, %w", timeout, errInjected)}
	if !r.Poll && t.f.latency(t.place) >= timeout {
		return nil, late
	}
	kind := t.f.hitRequest(t.place, r.Poll)
	switch kind {
	case "":
		return t.Transport.Do(ctx, r)
	case "refused":
		return nil, &sink.TransportError{Trouble: sink.ConnectionFailed, Err: fmt.Errorf("connection refused, %w", errInjected)}
	case "500", "503", "429", "413":
		return &sink.Answer{Status: map[string]int{"500": 500, "503": 503, "429": 429, "413": 413}[kind]}, nil
	}
	if kind == "partial" && r.Part != nil {
		part := *r
		part.Body, part.Records = r.Part()
		if _, err := t.Transport.Do(ctx, &part); err != nil {
			return nil, err
		}
	}
	if a := r.Answer(kind); a != nil {
		return a, nil
	}
	a, err := t.Transport.Do(ctx, r)
	if err == nil && kind == "noack" { // taken, and nobody hears of it
		return nil, late
	}
	return a, err
}

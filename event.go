package hydrant

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hydrantkit/hydrant/internal/b64"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// An Event is what stands in an event beside its records (record-transformation.md §2). A transform
// finds it with [EventFrom].
type Event struct {
	InvocationID           string // new on every retry of the same batch
	DeliveryStreamARN      string
	Region                 string
	SourceKinesisStreamARN string // "" unless the source is a Kinesis data stream
	SourceMSKARN           string // "" unless the source is a topic
}

// EventFrom returns the event that a transform is working on. It reports false where ctx isn't one that a
// [Handler] gave its transform.
func EventFrom(ctx context.Context) (Event, bool) {
	inv := invocationOf(ctx)
	if inv == nil {
		return Event{}, false
	}
	return inv.batch.event, true
}

// A batch is one decoded event. Its memory is used again for the next one.
type batch struct {
	event   Event
	items   []item   // every record that came, in its order
	records []Record // those of them that can be transformed
	kinesis []KinesisMetadata
	msk     []MSKMetadata
	data    []byte          // decoded data of all records, one after the other
	scratch []byte          // what an Append appends to
	results []Result        // what a stepper fills
	text    strings.Builder // ids and metadata, cut into strings

	metadata []byte // of one result, to know its size
}

// An item is what must be known of a record to answer it.
type item struct {
	id     []byte // as JSON text, with its quotes
	record int    // index in batch.records, -1 where fault says why there is none
	raw    []byte // the data as base64, if it stands in the event without escapes
	kafka  bool   // the data came as kafkaRecordValue, and goes back so
	fault  string
}

// text returns the id as it stands in the event.
func (it *item) text() string { return string(it.id[1 : len(it.id)-1]) }

// maxDepth bounds the nesting of members that are skipped.
const maxDepth = 64

func (b *batch) reset(size int) {
	b.event = Event{}
	b.items, b.records = b.items[:0], b.records[:0]
	// Metadata may be kept by whoever was given it.
	b.kinesis, b.msk = nil, nil
	if need := base64.StdEncoding.DecodedLen(size); cap(b.data) < need {
		b.data = make([]byte, 0, need)
	}
	b.data, b.scratch = b.data[:0], b.scratch[:0]
	b.text = strings.Builder{}
}

// decode reads an event. What a delivery stream never sends but samples and tools do is taken with leniency: numbers
// as strings and strings as numbers, ISO times, null metadata, members in any order, unknown members.
// It is an error when event isn't JSON, or not an event with records that have ids: then there is nobody to answer.
func (b *batch) decode(event []byte) error {
	b.reset(len(event))
	s := scanner{b: event}
	records := false
	err := s.object(func(key []byte) error {
		switch string(key) {
		case "invocationId":
			return s.text(&b.event.InvocationID, b)
		case "deliveryStreamArn":
			return s.text(&b.event.DeliveryStreamARN, b)
		case "region":
			return s.text(&b.event.Region, b)
		case "sourceKinesisStreamArn":
			return s.text(&b.event.SourceKinesisStreamARN, b)
		case "sourceMSKArn":
			return s.text(&b.event.SourceMSKARN, b)
		case "records":
			records = true
			b.items, b.records, b.data = b.items[:0], b.records[:0], b.data[:0]
			return s.array(func() error { return b.record(&s) })
		}
		return s.skip(0)
	})
	if err != nil {
		return err
	}
	s.space()
	if s.i < len(s.b) {
		return s.wrong("the end of the event")
	}
	if !records {
		return fmt.Errorf("event has no records: not an event of a delivery stream")
	}
	return nil
}

// record reads one member of records.
func (b *batch) record(s *scanner) error {
	var (
		r      Record
		it     = item{fault: "no data"}
		at     = s.i
		data   []byte
		millis int64
	)
	start := len(b.data)
	err := s.object(func(key []byte) (err error) {
		switch string(key) {
		case "recordId":
			return b.recordID(s, &r, &it)
		case "approximateArrivalTimestamp":
			millis, err = s.millis()
			r.Arrival = time.UnixMilli(millis)
			return err
		case "data", "kafkaRecordValue":
			kafka := string(key) == "kafkaRecordValue"
			if s.null() {
				return nil
			}
			b.data = b.data[:start]
			data, it.raw, it.fault, err = b.base64(s)
			it.kafka = kafka
			return err
		case "kinesisRecordMetadata":
			return b.kinesisMetadata(s, &r)
		case "mskRecordMetadata":
			return b.mskMetadata(s, &r)
		}
		return s.skip(1)
	})
	if err != nil {
		return err
	}
	if it.id == nil {
		return fmt.Errorf("event at byte %d: record %d has no recordId", at, len(b.items))
	}
	it.record = -1
	if it.fault == "" {
		it.record = len(b.records)
		r.Data = data
		b.records = append(b.records, r)
	}
	it.kafka = it.kafka || r.MSK != nil
	b.items = append(b.items, it)
	return nil
}

func (b *batch) recordID(s *scanner, r *Record, it *item) error {
	if c := s.peek(); c != '"' {
		it.id = nil
		err := s.text(&r.ID, b)
		if r.ID != "" { // it isn't null
			it.id = AppendJSONString(nil, r.ID)
		}
		return err
	}
	at := s.i
	raw, plain, err := s.string()
	if err != nil {
		return err
	}
	if plain {
		it.id = s.b[at:s.i]
	} else {
		raw = unescape(nil, raw)
		it.id = AppendJSONString(nil, raw)
	}
	r.ID = b.keep(raw)
	return nil
}

// base64 decodes a string to the end of b.data. What is wrong with its contents is a fault of this record alone. raw is the string as it
// stands, nil if it has escapes.
func (b *batch) base64(s *scanner) (data, raw []byte, fault string, err error) {
	start := len(b.data)
	if s.peek() == '"' {
		if end := bytes.IndexByte(s.b[s.i+1:], '"'); end >= 0 {
			raw := s.b[s.i+1 : s.i+1+end]
			if start+base64.StdEncoding.DecodedLen(len(raw)) <= cap(b.data) {
				if n, ok := b64.Decode(b.data[start:cap(b.data)], raw); ok {
					s.i += end + 2
					b.data = b.data[:start+n]
					return b.data[start : start+n : start+n], raw, "", nil
				}
			}
		}
	}
	raw, plain, err := s.string()
	if err != nil {
		return nil, nil, "", err
	}
	text := raw
	if !plain {
		// Some encoders write \/ for the slash.
		text, raw = unescape(nil, raw), nil
	}
	end := start + base64.StdEncoding.DecodedLen(len(text))
	if end > cap(b.data) {
		// Only where a member stands twice is there more than the event's size promised.
		b.data = append(make([]byte, 0, 2*end), b.data...)
	}
	n, err := base64.StdEncoding.Decode(b.data[start:end], text)
	if err != nil {
		return nil, nil, "data is not base64", nil
	}
	b.data = b.data[:start+n]
	return b.data[start : start+n : start+n], raw, "", nil
}

func (b *batch) kinesisMetadata(s *scanner, r *Record) error {
	if s.null() {
		return nil
	}
	var m KinesisMetadata
	if n := len(b.kinesis); n > 0 {
		// Most often the shard is that of the record before: its text need not be kept twice.
		m.ShardID = b.kinesis[n-1].ShardID
	}
	shard := false
	err := s.object(func(key []byte) error {
		switch string(key) {
		case "shardId":
			shard = true
			return s.text(&m.ShardID, b)
		case "partitionKey":
			return s.text(&m.PartitionKey, b)
		case "approximateArrivalTimestamp":
			millis, err := s.millis()
			m.Arrival = time.UnixMilli(millis)
			return err
		case "sequenceNumber":
			return s.text(&m.SequenceNumber, b)
		case "subsequenceNumber":
			var err error
			m.Subsequence, err = s.int()
			return err
		}
		return s.skip(2)
	})
	if !shard {
		m.ShardID = ""
	}
	if b.kinesis == nil {
		b.kinesis = make([]KinesisMetadata, 0, 1+cap(b.records))
	}
	b.kinesis = append(b.kinesis, m)
	r.Kinesis = &b.kinesis[len(b.kinesis)-1]
	return err
}

func (b *batch) mskMetadata(s *scanner, r *Record) error {
	if s.null() {
		return nil
	}
	var m MSKMetadata
	err := s.object(func(key []byte) error {
		switch string(key) {
		case "offset":
			return s.text(&m.Offset, b)
		case "partitionId":
			return s.text(&m.Partition, b)
		case "approximateArrivalTimestamp":
			millis, err := s.millis()
			m.Arrival = time.UnixMilli(millis)
			return err
		}
		return s.skip(2)
	})
	if b.msk == nil {
		b.msk = make([]MSKMetadata, 0, 1+cap(b.records))
	}
	b.msk = append(b.msk, m)
	r.MSK = &b.msk[len(b.msk)-1]
	return err
}

// keep returns text as a string, cut from a larger one: strings of a batch are few allocations, and they may
// outlive the batch.
func (b *batch) keep(text []byte) string {
	if b.text.Cap()-b.text.Len() < len(text) {
		b.text = strings.Builder{}
		b.text.Grow(max(16<<10, len(text)))
	}
	at := b.text.Len()
	b.text.Write(text)
	return b.text.String()[at:]
}

// A scanner reads JSON (RFC 8259) from left to right, strictly, without building values.
// It has no state but its place: what it was asked to read ends at s.i.
type scanner struct {
	b []byte
	i int
}

func (s *scanner) wrong(want string) error {
	if s.i >= len(s.b) {
		return fmt.Errorf("event ends at byte %d, where %s is expected", s.i, want)
	}
	return fmt.Errorf("event at byte %d: %q where %s is expected", s.i, s.b[s.i], want)
}

func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return
		}
	}
}

// peek returns the first byte of the next token, 0 at the end.
func (s *scanner) peek() byte {
	s.space()
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

func (s *scanner) literal(word string) bool {
	if len(s.b)-s.i < len(word) || string(s.b[s.i:s.i+len(word)]) != word {
		return false
	}
	s.i += len(word)
	return true
}

// null reads a null, if there is one.
func (s *scanner) null() bool { return s.peek() == 'n' && s.literal("null") }

// object reads an object; member reads the value of the member it is given.
func (s *scanner) object(member func(key []byte) error) error {
	if s.peek() != '{' {
		return s.wrong("an object")
	}
	s.i++
	if s.peek() == '}' {
		s.i++
		return nil
	}
	for {
		if s.peek() != '"' {
			return s.wrong("a member")
		}
		key, plain, err := s.string()
		if err != nil {
			return err
		}
		if !plain {
			key = unescape(nil, key)
		}
		if s.peek() != ':' {
			return s.wrong("a colon")
		}
		s.i++
		if err := member(key); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.i++
		case '}':
			s.i++
			return nil
		default:
			return s.wrong("a comma or the end of the object")
		}
	}
}

func (s *scanner) array(element func() error) error {
	if s.peek() != '[' {
		return s.wrong("an array")
	}
	s.i++
	if s.peek() == ']' {
		s.i++
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.i++
		case ']':
			s.i++
			return nil
		default:
			return s.wrong("a comma or the end of the array")
		}
	}
}

// string reads a string and returns what stands between its quotes. It is plain when that is its text: ASCII, without escapes.
func (s *scanner) string() (raw []byte, plain bool, err error) {
	if s.peek() != '"' {
		return nil, false, s.wrong("a string")
	}
	s.i++
	start := s.i
	if end := jsonscan.PlainString(s.b, start); end >= 0 {
		s.i = end + 1
		return s.b[start:end], true, nil
	}
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return s.b[start : s.i-1], false, nil
		case c == '\\':
			if !s.escape() {
				return nil, false, s.wrong("an escape")
			}
		case c < ' ':
			return nil, false, s.wrong("a character of a string")
		default:
			s.i++
		}
	}
	return nil, false, s.wrong("the end of a string")
}

// escape reads an escape sequence.
func (s *scanner) escape() bool {
	s.i++
	if s.i >= len(s.b) {
		return false
	}
	switch s.b[s.i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.i++
		return true
	case 'u':
		s.i++
		for range 4 {
			if s.i >= len(s.b) || !isHex(s.b[s.i]) {
				return false
			}
			s.i++
		}
		return true
	}
	return false
}

// number reads a number and returns its text.
func (s *scanner) number() ([]byte, error) {
	s.space()
	start := s.i
	if s.i < len(s.b) && s.b[s.i] == '-' {
		s.i++
	}
	switch {
	case s.i < len(s.b) && s.b[s.i] == '0':
		s.i++
	case s.digits() == 0:
		return nil, s.wrong("a number")
	}
	if s.i < len(s.b) && s.b[s.i] == '.' {
		s.i++
		if s.digits() == 0 {
			return nil, s.wrong("a digit")
		}
	}
	if s.i < len(s.b) && s.b[s.i]|0x20 == 'e' {
		s.i++
		if s.i < len(s.b) && (s.b[s.i] == '+' || s.b[s.i] == '-') {
			s.i++
		}
		if s.digits() == 0 {
			return nil, s.wrong("a digit")
		}
	}
	return s.b[start:s.i], nil
}

func (s *scanner) digits() int {
	start := s.i
	for s.i < len(s.b) && '0' <= s.b[s.i] && s.b[s.i] <= '9' {
		s.i++
	}
	return s.i - start
}

// text reads a string, or the text of a number, to dst. A null leaves dst empty.
func (s *scanner) text(dst *string, b *batch) error {
	if s.null() {
		*dst = ""
		return nil
	}
	var raw []byte
	var err error
	if c := s.peek(); c == '-' || '0' <= c && c <= '9' {
		raw, err = s.number()
	} else {
		var plain bool
		if raw, plain, err = s.string(); !plain {
			raw = unescape(nil, raw)
		}
	}
	if err != nil {
		return err
	}
	if string(raw) != *dst {
		*dst = b.keep(raw)
	}
	return nil
}

// int reads a whole number, written as a number or as a string; what isn't one is 0.
func (s *scanner) int() (int64, error) {
	raw, err := s.scalar()
	n, numErr := strconv.ParseInt(string(raw), 10, 64)
	if numErr != nil {
		n = 0
	}
	return n, err
}

// millis reads a time: epoch milliseconds, written as a number or as a string, or an ISO 8601 text.
// What is none of them is 0.
func (s *scanner) millis() (int64, error) {
	raw, err := s.scalar()
	if err != nil {
		return 0, err
	}
	if n, ok := parseInt(raw); ok {
		return n, nil
	}
	if f, err := strconv.ParseFloat(string(raw), 64); err == nil && -1e17 < f && f < 1e17 {
		return int64(f), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, string(raw)); err == nil {
		return t.UnixMilli(), nil
	}
	return 0, nil
}

// scalar reads a string, a number or a null (which has no text).
func (s *scanner) scalar() ([]byte, error) {
	switch c := s.peek(); {
	case c == '"':
		raw, plain, err := s.string()
		if !plain {
			raw = unescape(nil, raw)
		}
		return raw, err
	case s.null():
		return nil, nil
	}
	return s.number()
}

func parseInt(text []byte) (n int64, ok bool) {
	if len(text) == 0 || len(text) > 18 {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// skip reads any value.
func (s *scanner) skip(depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("event at byte %d: nested more than %d deep", s.i, maxDepth)
	}
	switch c := s.peek(); c {
	case '{':
		return s.object(func([]byte) error { return s.skip(depth + 1) })
	case '[':
		return s.array(func() error { return s.skip(depth + 1) })
	case '"':
		_, _, err := s.string()
		return err
	case 't', 'f', 'n':
		if s.literal("true") || s.literal("false") || s.literal("null") {
			return nil
		}
		return s.wrong("a value")
	}
	_, err := s.number()
	return err
}

// Package input reads records from whatever holds them: lines, JSON values, captured buffers,
// Lambda events, lines of error output, CloudWatch Logs messages, whole files; compressed or not.
//
// The formats are those of --input-format (cli.md). [NewReader] finds the format by content where
// it isn't said. Nothing is lost on the way: a blank line is a record, and what isn't JSON where
// JSON was expected is a record too, for the station that refuses it.
package input

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"

	"github.com/hydrantkit/hydrant/internal/compress"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// A Format says what one record is.
type Format string

// The formats.
const (
	Auto       Format = "auto"
	Lines      Format = "lines"      // a line, without its LF or CRLF
	JSON       Format = "json"       // a JSON value, or an element of a top-level array
	Records    Format = "records"    // a line of JSON with data or text, and where and when it came
	Event      Format = "event"      // an entry of records of a Firehose Lambda event
	Failed     Format = "failed"     // rawData of a line of error output
	CloudWatch Format = "cloudwatch" // the data of one CloudWatch Logs subscription message, gzip'd here if it isn't
	File       Format = "file"       // the whole file
)

// Formats are the names for help texts.
var Formats = []Format{Auto, Lines, JSON, Records, Event, Failed, CloudWatch, File}

// ParseFormat reads the name of a format.
func ParseFormat(s string) (Format, error) {
	for _, f := range Formats {
		if s == string(f) {
			return f, nil
		}
	}
	return "", fmt.Errorf("unknown input format %q; there are %v", s, Formats)
}

// MaxRecord bounds one record, and so what a reader holds: the largest that any source of the service
// takes is 10 MiB, and an event holds many.
const MaxRecord = 64 << 20

// A Record is one record as it was found. Data is valid until the next call of Next.
type Record struct {
	Data       []byte
	Arrival    int64 // epoch milliseconds, if HasArrival
	HasArrival bool
	ID         string
	Line       int64 // where it begins, from 1
	Offset     int64 // of Data's first byte, or of the line it stands in, in the decompressed input

	Kinesis        bool // it has Kinesis metadata
	MSK            bool
	Shard          string
	PartitionKey   string
	SequenceNumber string
	Subsequence    int64
	KafkaOffset    string
	KafkaPartition string
}

// An Error says where an input can't be read.
type Error struct {
	Name string
	Line int64
	Msg  string
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.Name, e.Line, e.Msg) }

// A Reader reads records.
type Reader struct {
	name   string
	format Format
	src    io.ReadCloser
	slow   bool
	base   io.Reader // what in reads
	in     *bufio.Reader
	line   int64 // of what is read next
	offset int64
	buf    []byte // a record that didn't fit the buffer, or was decoded
	out    []byte

	array          bool   // json: inside a top-level array
	started        bool   // json
	event          []byte // the event whose entries are being read
	begins         int64  // the line of counted in it
	counted        int
	at             int // index of the next entry in it, behind '[' or ','
	done           bool
	spare, reading []byte        // what again reads, and the memory for the next one
	again          *bytes.Reader // what was read behind a broken value

	rest  []byte // Chunk: the beginning of a line
	broke error  // Chunk: what is to be returned next
}

// peekBytes is how much is looked at to find the format.
const peekBytes = 256 << 10

// NewReader reads from r, which it decompresses if its content says so. name is for errors.
func NewReader(r io.Reader, name string, f Format) (*Reader, error) {
	src, compression, err := compress.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if compression != compress.Uncompressed {
		src = newAhead(src)
	}
	rd := &Reader{name: name, format: f, src: src, in: bufio.NewReaderSize(src, peekBytes), line: 1,
		slow: compression == compress.GZIP || compression == compress.ZIP || compression == compress.Bzip2}
	if f == Auto || f == "" {
		head, err := rd.in.Peek(peekBytes)
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		rd.format = detect(head, err != nil)
	}
	if rd.format == JSON || rd.format == CloudWatch || rd.format == Event {
		// What follows a broken value is read again, and so is a buffer's content: a small one.
		rd.base = struct{ io.Reader }{rd.in} // or bufio would take the large buffer for the small one
		rd.in = bufio.NewReaderSize(rd.base, jsonBytes)
	}
	return rd, nil
}

// jsonBytes is how much is buffered where values are read: what is behind a broken one is copied.
const jsonBytes = 8 << 10

// Format is the format that is read.
func (r *Reader) Format() Format { return r.format }

// Slow reports whether the input is decompressed, on a goroutine of its own, no faster than a core converts it.
func (r *Reader) Slow() bool { return r.slow }

// Name is the name given to NewReader.
func (r *Reader) Name() string { return r.name }

// Close frees what decompression holds.
func (r *Reader) Close() error { return r.src.Close() }

func (r *Reader) errorf(line int64, format string, args ...any) error {
	return &Error{Name: r.name, Line: line, Msg: fmt.Sprintf(format, args...)}
}

// Next returns the next record, or io.EOF.
func (r *Reader) Next() (Record, error) {
	switch r.format {
	case JSON:
		return r.nextJSON()
	case Records, Failed:
		return r.nextObject()
	case Event:
		return r.nextEntry()
	case File:
		return r.wholeFile()
	case CloudWatch:
		return r.nextMessage()
	}
	return r.nextLine()
}

// nextLine reads a line as a record.
func (r *Reader) nextLine() (Record, error) {
	rec := Record{Line: r.line, Offset: r.offset}
	data, err := r.readLine()
	if err != nil {
		return Record{}, err
	}
	rec.Data = data
	return rec, nil
}

// readLine reads a line without its end. The last line may lack one; io.EOF comes behind the last byte.
func (r *Reader) readLine() ([]byte, error) {
	b, err := r.in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		r.buf = append(r.buf[:0], b...)
		for err == bufio.ErrBufferFull {
			b, err = r.in.ReadSlice('\n')
			if r.buf = append(r.buf, b...); len(r.buf) > MaxRecord {
				return nil, r.errorf(r.line, "a line of more than %d bytes", MaxRecord)
			}
		}
		b = r.buf
	}
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %w", r.name, err)
	}
	if err == io.EOF && len(b) == 0 {
		return nil, io.EOF
	}
	r.offset += int64(len(b))
	r.line++
	if n := len(b); b[n-1] == '\n' {
		if b = b[:n-1]; n > 1 && b[n-2] == '\r' {
			b = b[:n-2]
		}
	}
	return b, nil
}

// wholeFile reads everything as one record.
func (r *Reader) wholeFile() (Record, error) {
	if r.done {
		return Record{}, io.EOF
	}
	r.done = true
	b, err := io.ReadAll(io.LimitReader(r.in, MaxRecord+1))
	if err != nil {
		return Record{}, fmt.Errorf("%s: %w", r.name, err)
	}
	if len(b) > MaxRecord {
		return Record{}, r.errorf(1, "a file of more than %d bytes as one record", MaxRecord)
	}
	return Record{Data: b, Line: 1}, nil
}

// nextMessage reads CloudWatch Logs messages, JSON values each, and compresses them as the subscription does.
func (r *Reader) nextMessage() (Record, error) {
	rec, err := r.nextJSON()
	if err != nil {
		return rec, err
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return rec, err
	}
	if _, err := z.Write(rec.Data); err != nil {
		return rec, err
	}
	if err := z.Close(); err != nil {
		return rec, err
	}
	rec.Data = b.Bytes()
	return rec, nil
}

// nextJSON reads a JSON value; what isn't one is a record up to the next LF.
func (r *Reader) nextJSON() (Record, error) {
	for {
		c, err := r.skipSpace()
		if err == io.EOF && r.array {
			err = r.errorf(r.line, "the array has no end: the input is cut off")
		}
		if err != nil {
			return Record{}, err
		}
		if !r.started {
			r.started = true
			if c == '[' {
				r.array = true
				r.discard(1)
				continue
			}
		}
		if r.array && (c == ',' || c == ']') {
			r.discard(1)
			if c == ']' {
				r.array = false
			}
			continue
		}
		rec := Record{Line: r.line, Offset: r.offset}
		rec.Data, err = r.value(c)
		return rec, err
	}
}

// skipSpace returns the next byte that isn't blank, without reading it.
func (r *Reader) skipSpace() (byte, error) {
	for {
		c, err := r.in.ReadByte()
		if err != nil {
			if err != io.EOF {
				err = fmt.Errorf("%s: %w", r.name, err)
			}
			return 0, err
		}
		switch c {
		case ' ', '\t', '\r':
		case '\n':
			r.line++
		default:
			return c, r.in.UnreadByte()
		}
		r.offset++
	}
}

func (r *Reader) discard(n int) {
	n, _ = r.in.Discard(n) // what was peeked
	r.offset += int64(n)
}

// value reads the value that begins with c, or what isn't one up to its LF.
func (r *Reader) value(c byte) ([]byte, error) {
	r.buf = r.buf[:0]
	s := nesting{scalar: c != '{' && c != '[' && c != '"'}
	lines, check := int64(0), 1
	for {
		if _, err := r.in.Peek(1); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", r.name, err)
		}
		ahead, _ := r.in.Peek(r.in.Buffered()) // what is buffered can be peeked
		n, ended := s.scan(ahead[:min(len(ahead), MaxRecord+1-len(r.buf))], len(r.buf) == 0)
		r.buf = append(r.buf, ahead[:n]...)
		_, _ = r.in.Discard(n) // what was peeked
		if len(r.buf) > MaxRecord {
			if lines > 0 {
				break // it isn't one value, or reading resumes as if it weren't
			}
			return nil, r.errorf(r.line, "a JSON value of more than %d bytes", MaxRecord)
		}
		if n > 0 && ahead[n-1] == '\n' {
			lines++
			if s.quoted { // no string has one
				break
			}
			if len(r.buf) >= check { // so that what is broken here isn't looked for in all that follows
				if e := jsonscan.Explain(r.buf, 0); e != nil && e.Offset < len(r.buf) {
					break
				}
				check = 2 * len(r.buf)
			}
		}
		if ended {
			break
		}
	}
	if jsonscan.Value(r.buf, 0) == len(r.buf) {
		r.offset += int64(len(r.buf))
		r.line += lines
		return r.buf, nil
	}
	return r.broken()
}

// A nesting is how far into a value its bytes so far have led.
type nesting struct {
	scalar          bool // neither an object, an array nor a string
	depth           int
	quoted, escaped bool
}

// scan reads on in b: to the end of the value, which is ended then, else behind the first LF, else to the end of b. first says that
// the value begins here.
func (s *nesting) scan(b []byte, first bool) (n int, ended bool) {
	if s.scalar {
		if first {
			n++
		}
		for ; n < len(b); n++ {
			switch b[n] {
			case ',', ']', '}', '{', '[', ' ', '\t', '\r', '\n':
				return n, true
			}
		}
		return n, false
	}
	for n < len(b) {
		if s.quoted && !s.escaped {
			for n < len(b) && b[n] != '"' && b[n] != '\\' && b[n] != '\n' {
				n++
			}
			if n == len(b) {
				break
			}
		}
		c := b[n]
		n++
		switch {
		case c == '\n':
			return n, false
		case s.escaped:
			s.escaped = false
		case s.quoted:
			if s.escaped = c == '\\'; c == '"' {
				s.quoted = false
				if s.depth == 0 {
					return n, true
				}
			}
		case c == '"':
			s.quoted = true
		case c == '{' || c == '[':
			s.depth++
		case c == '}' || c == ']':
			if s.depth--; s.depth <= 0 {
				return n, true
			}
		}
	}
	return n, false
}

// reread has rest read again, before what is still to be read.
func (r *Reader) reread(rest []byte) {
	ahead, _ := r.in.Peek(r.in.Buffered()) // what is buffered can be peeked
	left := 0
	if r.again != nil {
		left = r.again.Len()
	}
	b := append(append(r.spare[:0], rest...), ahead...)
	if left > 0 {
		n := len(b)
		b = append(b, make([]byte, left)...)
		m, _ := io.ReadFull(r.again, b[n:]) // it holds that many
		b = b[:n+m]
	}
	r.spare, r.reading = r.reading, b
	r.again = bytes.NewReader(b)
	r.in.Reset(io.MultiReader(r.again, r.base))
}

// broken takes what isn't JSON up to its LF as a record. What was read behind it is read again.
func (r *Reader) broken() ([]byte, error) {
	rest := r.buf
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		if i+1 < len(rest) {
			r.reread(rest[i+1:])
		}
		r.buf = rest[:i]
		r.offset += int64(i) + 1
		r.line++
		return trimCR(r.buf), nil
	}
	kept := append([]byte(nil), rest...)
	r.offset += int64(len(rest))
	line, err := r.readLine()
	if err != nil && err != io.EOF {
		return nil, err
	}
	r.out = append(kept, line...)
	return r.out, nil
}

func trimCR(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\r' {
		return b[:n-1]
	}
	return b
}

// nextObject reads a line of JSON that describes a record: a captured one, or one that failed.
func (r *Reader) nextObject() (Record, error) {
	for {
		rec := Record{Line: r.line, Offset: r.offset}
		line, err := r.readLine()
		if err != nil {
			return Record{}, err
		}
		if jsonscan.Space(line, 0) == len(line) {
			continue // no record: the format's lines are objects
		}
		err = r.describe(&rec, line, rec.Line)
		return rec, err
	}
}

// describe reads an object's members into rec.
func (r *Reader) describe(rec *Record, b []byte, line int64) error {
	i := jsonscan.Space(b, 0)
	end := jsonscan.Value(b, i)
	if end < 0 {
		return r.errorf(line, "not JSON: %v", jsonscan.Explain(b, i))
	}
	if b[i] != '{' || jsonscan.Space(b, end) != len(b) {
		return r.errorf(line, "one JSON object a line is expected in the format %s", r.format)
	}
	found := false
	var bad error
	decode := func(v int, name string) {
		if b[v] != '"' {
			if b[v] != 'n' {
				bad = r.errorf(line, "%s is not a string", name)
			}
			return
		}
		text, _ := jsonscan.AppendString(nil, b, v+1)
		out, err := base64.StdEncoding.AppendDecode(r.out[:0], text)
		if err != nil {
			bad = r.errorf(line, "%s is no base64: %v", name, err)
			return
		}
		r.out, rec.Data, found = out, out, true
	}
	jsonscan.Members(b, i, func(key []byte, v int) {
		switch string(key) {
		case "data", "rawData", "kafkaRecordValue":
			if (string(key) == "rawData") == (r.format == Failed) {
				decode(v, string(key))
			}
		case "text":
			if r.format == Records && b[v] == '"' {
				r.out, _ = jsonscan.AppendString(r.out[:0], b, v+1)
				rec.Data, found = r.out, true
			}
		case "approximateArrivalTimestamp", "arrivalTimestamp":
			if n, ok := integer(b, v); ok {
				rec.Arrival, rec.HasArrival = n, true
			}
		case "recordId":
			rec.ID = text(b, v)
		case "partitionKey":
			rec.PartitionKey, rec.Kinesis = text(b, v), true
		case "sequenceNumber":
			if r.format != Failed {
				rec.SequenceNumber, rec.Kinesis = text(b, v), true
			}
		case "kinesisRecordMetadata":
			if b[v] == '{' {
				rec.Kinesis = true
				jsonscan.Members(b, v, func(key []byte, v int) {
					switch string(key) {
					case "shardId":
						rec.Shard = text(b, v)
					case "partitionKey":
						rec.PartitionKey = text(b, v)
					case "sequenceNumber":
						rec.SequenceNumber = text(b, v)
					case "subsequenceNumber":
						rec.Subsequence, _ = integer(b, v)
					}
				})
			}
		case "mskRecordMetadata":
			if b[v] == '{' {
				rec.MSK = true
				jsonscan.Members(b, v, func(key []byte, v int) {
					switch string(key) {
					case "offset":
						rec.KafkaOffset = text(b, v)
					case "partitionId":
						rec.KafkaPartition = text(b, v)
					}
				})
			}
		}
	})
	if bad == nil && !found {
		want := "data or text"
		if r.format == Failed {
			want = "rawData"
		} else if r.format == Event {
			want = "data"
		}
		bad = r.errorf(line, "a record without %s", want)
	}
	return bad
}

// nextEntry reads an entry of an event.
func (r *Reader) nextEntry() (Record, error) {
	for {
		if r.event == nil {
			rec, err := r.nextJSON()
			if err != nil {
				return Record{}, err
			}
			at := -1
			if b := rec.Data; jsonscan.Value(b, 0) == len(b) && b[0] == '{' {
				jsonscan.Members(b, 0, func(key []byte, v int) {
					if string(key) == "records" && b[v] == '[' {
						at = v + 1
					}
				})
			}
			if at < 0 {
				return Record{}, r.errorf(rec.Line, "not an event: a JSON object with records is expected")
			}
			r.event, r.at, r.begins, r.counted = append([]byte(nil), rec.Data...), at, rec.Line, 0
		}
		b := r.event
		i := jsonscan.Space(b, r.at)
		if b[i] == ',' {
			i = jsonscan.Space(b, i+1)
		}
		if b[i] == ']' {
			r.event = nil
			continue
		}
		end := jsonscan.Value(b, i)
		r.at = end
		r.begins += int64(bytes.Count(b[r.counted:i], []byte{'\n'}))
		r.counted = i
		rec := Record{Line: r.begins, Offset: r.offset}
		err := r.describe(&rec, b[i:end], rec.Line)
		return rec, err
	}
}

// text is a string's text, or the text of a number.
func text(b []byte, i int) string {
	if b[i] == '"' {
		s, _ := jsonscan.AppendString(nil, b, i+1)
		return string(s)
	}
	if end := jsonscan.Number(b, i); end > 0 {
		return string(b[i:end])
	}
	return ""
}

// integer is an integer, as a number or as text.
func integer(b []byte, i int) (int64, bool) {
	n, err := strconv.ParseInt(text(b, i), 10, 64)
	return n, err == nil
}

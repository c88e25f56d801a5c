package s3

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/internal/javatime"
)

// Limits of a prefix, in characters: as it is written (the model), and evaluated (s3-delivery.md §4).
const (
	MaxPrefix    = 1024
	MaxEvaluated = 512
)

// timePath is what a prefix without expressions is completed with (s3-delivery.md §4.3).
const timePath = "yyyy/MM/dd/HH/"

// A Use says what a prefix is for, and so which expressions it may hold (s3-delivery.md §4.1).
type Use struct {
	Error        bool     // an ErrorOutputPrefix
	Partitioning bool     // dynamic partitioning is on
	LambdaKeys   []string // keys that may be named; nil is any
	QueryKeys    []string

	// DocTimestampRule appends yyyy/MM/dd/HH/ to a prefix that has expressions but no timestamp, as the guide
	// says and the service was seen not to (s3-delivery.md §4.3). CHOICE: false.
	DocTimestampRule bool

	// LiteralError takes an ErrorOutputPrefix without expressions as it is written (s3-delivery.md §4.4). CHOICE: false, it is
	// completed.
	LiteralError bool
}

// A Prefix is a parsed prefix expression, such as "year=!{timestamp:yyyy}/device=!{partitionKeyFromQuery:device}/".
// It is not changed by Append and may be shared.
type Prefix struct {
	text    string
	parts   []part
	written int      // parts that were written; what is appended to them doesn't count against MaxEvaluated
	lambda  []string // keys named, in order of first use; Keys has their values in this order
	query   []string
}

// A part is a literal or an expression.
type part struct {
	kind    partKind
	literal string
	time    *javatime.Formatter
	key     int
}

type partKind uint8

const (
	literal partKind = iota
	timestamp
	randomString
	errorType
	lambdaKey
	queryKey
)

// A PrefixError says what is wrong with a prefix, and where.
type PrefixError struct {
	Prefix string
	Offset int // in bytes
	Msg    string
}

func (e *PrefixError) Error() string {
	return fmt.Sprintf("prefix %q, character %d: %s", e.Prefix, len([]rune(e.Prefix[:e.Offset]))+1, e.Msg)
}

// ParsePrefix reads a Prefix or ErrorOutputPrefix. Text without expressions is completed as the service does
// (s3-delivery.md §4.3, §4.4). The error is a *PrefixError.
func ParsePrefix(text string, use Use) (*Prefix, error) {
	p := &Prefix{text: text}
	bad := func(at int, format string, args ...any) (*Prefix, error) {
		return nil, &PrefixError{Prefix: text, Offset: at, Msg: fmt.Sprintf(format, args...)}
	}
	if n := len([]rune(text)); n > MaxPrefix {
		return bad(0, "is %d characters long; at most %d are allowed", n, MaxPrefix)
	}
	hasType, hasTime, expressions := false, false, false
	for i := 0; i < len(text); {
		n := strings.Index(text[i:], "!{")
		if n < 0 {
			p.parts = append(p.parts, part{literal: text[i:]})
			break
		}
		if n > 0 {
			p.parts = append(p.parts, part{literal: text[i : i+n]})
		}
		i += n
		end := strings.IndexByte(text[i:], '}')
		if end < 0 {
			return bad(i, "the expression is not closed")
		}
		name, value, ok := strings.Cut(text[i+2:i+end], ":")
		if !ok || value == "" {
			return bad(i, "an expression is !{namespace:value}")
		}
		expressions = true
		q := part{}
		switch name {
		case "timestamp":
			f, err := javatime.Compile(value)
			if err == nil {
				err = f.Check(time.UTC)
			}
			if err != nil {
				return bad(i, "%v", err)
			}
			hasTime, q = true, part{kind: timestamp, time: f}
		case "firehose":
			switch {
			case value == "random-string":
				q.kind = randomString
			case value == "error-output-type" && use.Error:
				hasType, q.kind = true, errorType
			case value == "error-output-type":
				return bad(i, "!{firehose:error-output-type} may stand in an ErrorOutputPrefix only")
			default:
				return bad(i, "the namespace firehose has random-string and error-output-type, not %q", value)
			}
		case "partitionKeyFromQuery", "partitionKeyFromLambda":
			switch {
			case use.Error:
				return bad(i, "!{%s} may not stand in an ErrorOutputPrefix", name)
			case !use.Partitioning:
				return bad(i, "!{%s} needs dynamic partitioning", name)
			}
			known, names := use.QueryKeys, &p.query
			q.kind = queryKey
			if name == "partitionKeyFromLambda" {
				known, names, q.kind = use.LambdaKeys, &p.lambda, lambdaKey
			}
			if known != nil && index(known, value) < 0 {
				return bad(i, "no partition key %q", value)
			}
			if q.key = index(*names, value); q.key < 0 {
				q.key, *names = len(*names), append(*names, value)
			}
		default:
			return bad(i, "unknown namespace %q", name)
		}
		p.parts = append(p.parts, q)
		i += end + 1
	}
	p.written = len(p.parts)
	switch {
	case use.Error && expressions && !hasType:
		return bad(0, "an ErrorOutputPrefix with expressions must contain !{firehose:error-output-type}")
	case use.Error && !expressions && !use.LiteralError:
		p.completeError()
	case !use.Error && (!expressions || use.DocTimestampRule && !hasTime):
		p.parts = append(p.parts, timePart())
	}
	return p, nil
}

// completeError appends <type>/yyyy/MM/dd/HH/ to a literal error prefix (s3-delivery.md §4.4, CHOICE).
func (p *Prefix) completeError() {
	p.parts = append(p.parts, part{kind: errorType}, part{literal: "/"}, timePart())
}

func timePart() part {
	f, err := javatime.Compile(timePath)
	if err != nil {
		panic("s3: the time path is no pattern: " + err.Error())
	}
	return part{kind: timestamp, time: f}
}

func index(names []string, name string) int {
	for i, n := range names {
		if n == name {
			return i
		}
	}
	return -1
}

// String returns the prefix as it was written.
func (p *Prefix) String() string { return p.text }

// HasExpressions reports whether the prefix was written with any.
func (p *Prefix) HasExpressions() bool { return strings.Contains(p.text, "!{") }

// LambdaKeys are the names of the keys taken from the Lambda's answer; record.Keys has their values in this order.
func (p *Prefix) LambdaKeys() []string { return p.lambda }

// QueryKeys are the names of the keys taken from the query.
func (p *Prefix) QueryKeys() []string { return p.query }

// Facts are what a prefix is evaluated with.
type Facts struct {
	Keys *record.Keys
	Time time.Time // arrival of the oldest record, in the stream's zone; the same at every use
	Type string    // error-output-type
	// Random derives the bytes of the nth random string of the key.
	Random func(n int) [32]byte
}

// Append evaluates p. The error says what was missing or too long.
func (p *Prefix) Append(dst []byte, f Facts) ([]byte, error) {
	start, randoms, limited := len(dst), 0, 0
	for i := range p.parts {
		q := &p.parts[i]
		if i == p.written {
			limited = len(dst)
		}
		switch q.kind {
		case literal:
			dst = append(dst, q.literal...)
		case timestamp:
			var err error
			if dst, err = q.time.Append(dst, f.Time); err != nil {
				return dst[:start], fmt.Errorf("prefix %q: %w", p.text, err)
			}
		case randomString:
			dst = appendRandom(dst, f.Random(randoms))
			randoms++
		case errorType:
			dst = append(dst, f.Type...)
		case lambdaKey, queryKey:
			names, values := p.lambda, []string(nil)
			if q.kind == queryKey {
				names = p.query
			}
			if f.Keys != nil {
				if values = f.Keys.Lambda; q.kind == queryKey {
					values = f.Keys.Query
				}
			}
			if q.key >= len(values) {
				return dst[:start], fmt.Errorf("prefix %q: no partition key %s", p.text, names[q.key])
			}
			dst = append(dst, values[q.key]...)
		}
	}
	if limited == 0 {
		limited = len(dst)
	}
	if n := utf8.RuneCount(dst[start:limited]); n > MaxEvaluated {
		return dst[:start], fmt.Errorf("prefix %.40q… is %d characters long when evaluated; at most %d are allowed", p.text, n, MaxEvaluated)
	}
	return dst, nil
}

// shortest is a time that is short in every pattern: a Friday in May, with one digit in each field.
var shortest = time.Date(2026, time.May, 1, 1, 1, 1, 0, time.UTC)

// Check returns an error where p is too long whatever it is evaluated with.
func (p *Prefix) Check() error {
	_, err := p.Append(nil, Facts{
		Keys: &record.Keys{Lambda: make([]string, len(p.lambda)), Query: make([]string, len(p.query))},
		Time: shortest, Random: func(int) (b [32]byte) { return b },
	})
	return err
}

// randomLength is the length of a random string (s3-delivery.md §4.1).
const randomLength = 11

func appendRandom(dst []byte, b [32]byte) []byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for _, c := range b[:randomLength] {
		dst = append(dst, alphabet[int(c)%len(alphabet)])
	}
	return dst
}

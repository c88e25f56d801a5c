package jq

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// Keys are the members of the object that a query made of a record, in its order, as text. The zero value is ready; it is meant to
// be used again and again by one goroutine.
type Keys struct {
	names []string
	text  []byte
	ends  []int

	slots   []found
	scratch []byte
	times   []timeMemo
	broken  brokenTime
	secs    int64
	known   bool // broken is secs
	in      fastValue
	m       *machine
	started bool // m, for this record
	query   *Query
}

// maxScratch is how much text the fast path makes of a record. What needs more needs the evaluator, which counts it.
const maxScratch = 4 << 20

// made is the text that was made from start on.
func (k *Keys) made(start int) (fastValue, bool) {
	return fastValue{kind: kindString, text: k.scratch[start:]}, len(k.scratch) <= maxScratch
}

// A timeMemo is the last text of a time format that says nothing finer than an hour.
type timeMemo struct {
	hour int64
	expr *fastExpr
	text []byte
}

// Len returns the number of members.
func (k *Keys) Len() int { return len(k.ends) }

// Name returns the name of member i.
func (k *Keys) Name(i int) string { return k.names[i] }

// Value returns the text of member i. It is valid until the next Extract.
func (k *Keys) Value(i int) []byte {
	start := 0
	if i > 0 {
		start = k.ends[i-1]
	}
	return k.text[start:k.ends[i]]
}

// A Reason says why a record yields no keys.
type Reason uint8

const (
	NotJSON        Reason = iota // the record isn't JSON: Err is a *ParseError
	Failed                       // the query raised an error: Err is a *RuntimeError
	Exceeded                     // the query ran into its limits: Err is a *LimitError
	NoOutput                     // the query has no output
	SeveralOutputs               // or more than one
	NotObject                    // or one that is no object
	NullOrEmpty                  // the value of Key is null or ""
	NotScalar                    // the value of Key is an object or an array
)

// An ExtractError is why a record yields no keys. dynamic-partitioning.md §2 says what the service makes of each.
type ExtractError struct {
	Reason Reason
	Key    string
	Err    error
}

func (e *ExtractError) Unwrap() error { return e.Err }

func (e *ExtractError) Error() string {
	switch e.Reason {
	case NoOutput:
		return "the query has no output for this record"
	case SeveralOutputs:
		return "the query has more than one output for this record"
	case NotObject:
		return "the output of the query is no object"
	case NullOrEmpty:
		return fmt.Sprintf("the value of key %q is null or empty", e.Key)
	case NotScalar:
		return fmt.Sprintf("the value of key %q is an object or an array", e.Key)
	}
	return e.Err.Error()
}

// Extract runs the query on a record and leaves the members of the one object it yields in k. Numbers and booleans are written as
// tostring writes them. The error is an *ExtractError, and k is empty then. Nothing of record is kept.
func (q *Query) Extract(k *Keys, record []byte) error {
	k.names, k.text, k.ends = k.names[:0], k.text[:0], k.ends[:0]
	if q.fast != nil && q.fast.run(k, q, record) {
		return nil
	}
	k.names, k.text, k.ends = k.names[:0], k.text[:0], k.ends[:0]
	err := q.extractFull(k, record)
	if err != nil {
		k.names, k.text, k.ends = k.names[:0], k.text[:0], k.ends[:0]
	}
	return err
}

// extractFull is Extract by the evaluator.
func (q *Query) extractFull(k *Keys, record []byte) error {
	m := q.machine(record)
	defer q.release(m)
	out := none
	for {
		doc, err := m.reader.read()
		if err != nil {
			return &ExtractError{Reason: NotJSON, Err: err}
		}
		if doc.kind == kindNone {
			break
		}
		err = m.eval(q.main, &m.fr, doc, nil, func(v value, _ *path) error {
			if out.kind != kindNone {
				return errSeveral
			}
			out = v
			return nil
		})
		if err == nil && m.steps < 0 {
			err = m.exceeded("steps")
		}
		var le *LimitError
		switch {
		case err == errSeveral:
			return &ExtractError{Reason: SeveralOutputs}
		case errors.As(err, &le):
			return &ExtractError{Reason: Exceeded, Err: err}
		case err != nil:
			return &ExtractError{Reason: Failed, Err: userError(err)}
		}
	}
	switch out.kind {
	case kindNone:
		return &ExtractError{Reason: NoOutput}
	case kindObject:
	default:
		return &ExtractError{Reason: NotObject}
	}
	o := out.obj()
	for i, name := range o.keys {
		name = strings.Clone(name) // it may lie in the record
		switch v := o.vals[i]; v.kind {
		case kindNull:
			return &ExtractError{Reason: NullOrEmpty, Key: name}
		case kindString:
			if v.n == 0 {
				return &ExtractError{Reason: NullOrEmpty, Key: name}
			}
			if m.charge(int(v.n)) != nil {
				return &ExtractError{Reason: Exceeded, Err: m.exceeded("memory")}
			}
			k.text = append(k.text, v.str()...)
		case kindArray, kindObject:
			return &ExtractError{Reason: NotScalar, Key: name}
		default:
			if v.kind == kindNumber && math.IsNaN(v.num()) {
				// NaN is a number whose text is null: the text counts.
				return &ExtractError{Reason: NullOrEmpty, Key: name}
			}
			k.text = appendJSON(k.text, v)
		}
		k.names = append(k.names, name)
		k.ends = append(k.ends, len(k.text))
	}
	return nil
}

var errSeveral = errors.New("more than one output")

// run answers an Extract, or reports that it can't.
func (p *plan) run(k *Keys, q *Query, record []byte) bool {
	if cap(k.slots) < p.slots {
		k.slots = make([]found, p.slots)
	}
	k.slots = k.slots[:p.slots]
	if !scanRecord(record, &p.root, k.slots) {
		return false
	}
	if k.query != q {
		k.query, k.m, k.times = q, nil, k.times[:0]
	}
	k.scratch, k.started = k.scratch[:0], false
	for i, e := range p.exprs {
		v, ok := k.eval(e, record)
		if !ok {
			return false
		}
		start := len(k.text)
		if k.text, ok = appendFast(k.text, v); !ok || v.kind == kindNull || len(k.text) == start || len(k.text) > maxScratch {
			return false
		}
		k.names = append(k.names, p.names[i])
		k.ends = append(k.ends, len(k.text))
	}
	return true
}

// appendFast writes a scalar as tostring does.
func appendFast(dst []byte, v fastValue) ([]byte, bool) {
	switch v.kind {
	case kindString:
		return append(dst, v.text...), true
	case kindNumber:
		return appendNumber(dst, v.f), !math.IsNaN(v.f)
	case kindTrue:
		return append(dst, "true"...), true
	case kindFalse:
		return append(dst, "false"...), true
	case kindNull:
		return append(dst, "null"...), true
	}
	return dst, false
}

// eval computes e, or reports that the evaluator must.
func (k *Keys) eval(e *fastExpr, record []byte) (fastValue, bool) {
	switch e.op {
	case fastSlot:
		return k.slot(e.slot, record)
	case fastInput:
		return k.in, true
	case fastConst:
		v := fastValue{kind: e.v.kind}
		switch v.kind {
		case kindNumber:
			v.f = e.v.num()
		case kindString:
			v.text = bytesOf(e.v.str())
		}
		return v, true
	case fastPipe:
		v, ok := k.eval(e.a, record)
		if !ok {
			return v, false
		}
		saved := k.in
		k.in = v
		v, ok = k.eval(e.b, record)
		k.in = saved
		return v, ok
	case fastAlt:
		v, ok := k.eval(e.a, record)
		if !ok || v.kind > kindFalse {
			return v, ok
		}
		return k.eval(e.b, record)
	case fastAnd, fastOr:
		v, ok := k.eval(e.a, record)
		if !ok {
			return v, false
		}
		if (v.kind > kindFalse) == (e.op == fastAnd) {
			if v, ok = k.eval(e.b, record); !ok {
				return v, false
			}
		}
		return fastValue{kind: boolean(v.kind > kindFalse).kind}, true
	case fastIf:
		v, ok := k.eval(e.a, record)
		if !ok {
			return v, false
		}
		if v.kind > kindFalse {
			return k.eval(e.b, record)
		}
		return k.eval(e.c, record)
	case fastBinary:
		b, ok := k.eval(e.b, record)
		if !ok {
			return b, false
		}
		a, ok := k.eval(e.a, record)
		if !ok {
			return a, false
		}
		return k.arithmetic(e.binary, a, b)
	case fastString:
		return k.interpolate(e, record)
	}
	v, ok := k.eval(e.a, record)
	if !ok {
		return v, false
	}
	switch e.op {
	case fastToString:
		if v.kind == kindString {
			return v, true
		}
		if v.kind == kindNumber && math.IsNaN(v.f) {
			return v, false
		}
		start := len(k.scratch)
		if k.scratch, ok = appendFast(k.scratch, v); !ok {
			return v, false
		}
		return k.made(start)
	case fastLower, fastUpper:
		if v.kind != kindString {
			return v, false
		}
		from, to := byte('A'), byte('Z')
		if e.op == fastUpper {
			from, to = 'a', 'z'
		}
		start := len(k.scratch)
		for _, c := range v.text {
			if from <= c && c <= to {
				c ^= 0x20
			}
			k.scratch = append(k.scratch, c)
		}
		return k.made(start)
	case fastTime:
		return k.strftime(e, v)
	case fastSplit:
		return split(v, e.s, e.from)
	case fastSlice:
		return slice(v, e.from, e.to)
	case fastLookup:
		if v.kind != kindString {
			return v, false
		}
		found := e.v.obj().get(view(v.text))
		if found.kind == kindNone {
			found = null
		}
		return scalar(found)
	}
	return k.generic(e.node, v)
}

// slot reads a wanted value.
func (k *Keys) slot(i int, record []byte) (fastValue, bool) {
	f := &k.slots[i]
	v := fastValue{kind: f.kind}
	switch f.kind {
	case kindNone:
		return v, false
	case kindString:
		v.text = record[f.start:f.end]
		if f.escaped {
			start := len(k.scratch)
			var msg string
			if k.scratch, msg = unescape(k.scratch, v.text); msg != "" {
				return v, false
			}
			v.text = k.scratch[start:]
		}
		if !utf8.Valid(v.text) {
			return v, false
		}
	case kindNumber:
		f, ok := shortNumber(record[f.start:f.end])
		v.f = f
		return v, ok
	}
	return v, true
}

// shortNumber is parseNumber with a quick way for integers.
func shortNumber(b []byte) (float64, bool) {
	if len(b) <= 15 {
		n := int64(0)
		i := 0
		if b[0] == '-' {
			i = 1
		}
		for ; i < len(b) && isDigit(b[i]); i++ {
			n = n*10 + int64(b[i]-'0')
		}
		if i == len(b) && n != 0 {
			if b[0] == '-' {
				n = -n
			}
			return float64(n), true
		}
	}
	return parseNumber(b)
}

func (k *Keys) arithmetic(op binaryOp, a, b fastValue) (fastValue, bool) {
	truth := func(t bool) (fastValue, bool) { return fastValue{kind: boolean(t).kind}, true }
	if a.kind == kindArray || a.kind == kindObject || b.kind == kindArray || b.kind == kindObject {
		return a, false
	}
	numbers := a.kind == kindNumber && b.kind == kindNumber
	switch op {
	case binEq, binNe:
		same := a.kind == b.kind
		if same && numbers {
			same = a.f == b.f
		} else if same && a.kind == kindString {
			same = bytes.Equal(a.text, b.text)
		}
		return truth(same == (op == binEq))
	case binLt, binGt, binLe, binGe:
		c := int(a.kind) - int(b.kind)
		switch {
		case numbers:
			c = compareNumbers(a.f, b.f)
		case c == 0 && a.kind == kindString:
			c = bytes.Compare(a.text, b.text)
		}
		switch op {
		case binLt:
			return truth(c < 0)
		case binGt:
			return truth(c > 0)
		case binLe:
			return truth(c <= 0)
		}
		return truth(c >= 0)
	case binAdd:
		switch {
		case a.kind == kindNull:
			return b, true
		case b.kind == kindNull:
			return a, true
		case a.kind == kindString && b.kind == kindString:
			start := len(k.scratch)
			k.scratch = append(append(k.scratch, a.text...), b.text...)
			return k.made(start)
		case numbers:
			return fastValue{kind: kindNumber, f: a.f + b.f}, true
		}
	case binSub:
		return fastValue{kind: kindNumber, f: a.f - b.f}, numbers
	case binMul:
		return fastValue{kind: kindNumber, f: a.f * b.f}, numbers
	case binDiv:
		if numbers && b.f != 0 {
			return fastValue{kind: kindNumber, f: a.f / b.f}, true
		}
	case binMod:
		if x, y := toInt64(a.f), toInt64(b.f); numbers && y != 0 && y != -1 {
			return fastValue{kind: kindNumber, f: float64(x % y)}, true
		}
	}
	return a, false
}

func (k *Keys) interpolate(e *fastExpr, record []byte) (fastValue, bool) {
	// Pieces may use the scratch memory themselves, so that they are all there before the text is put together.
	var few [16]fastValue
	if len(e.parts) > len(few) {
		return fastValue{}, false
	}
	for i, part := range e.parts {
		v, ok := k.eval(part, record)
		if !ok || v.kind == kindNumber && math.IsNaN(v.f) {
			return v, false
		}
		few[i] = v
	}
	start := len(k.scratch)
	for _, v := range few[:len(e.parts)] {
		var ok bool
		if k.scratch, ok = appendFast(k.scratch, v); !ok || len(k.scratch) > maxScratch {
			return v, false
		}
	}
	return k.made(start)
}

func (k *Keys) strftime(e *fastExpr, v fastValue) (fastValue, bool) {
	if v.kind != kindNumber {
		return v, false
	}
	secs := toInt64(v.f)
	hour := secs / 3600
	var memo *timeMemo
	if e.cached && secs >= 0 {
		for i := range k.times {
			if k.times[i].expr == e {
				memo = &k.times[i]
			}
		}
		if memo == nil {
			k.times = append(k.times, timeMemo{expr: e, hour: -1})
			memo = &k.times[len(k.times)-1]
		}
		if memo.hour == hour {
			return fastValue{kind: kindString, text: memo.text}, true
		}
	}
	if !k.known || k.secs != secs {
		t, ok := breakTime(secs)
		if !ok {
			return v, false
		}
		k.broken, k.secs, k.known = t, secs, true
	}
	start := len(k.scratch)
	var ok bool
	if k.scratch, ok = appendTime(k.scratch, e.s, &k.broken, len(e.s)+99); !ok || len(k.scratch) == start {
		return v, false
	}
	text := k.scratch[start:]
	if memo != nil {
		memo.hour = hour
		memo.text = append(memo.text[:0], text...)
	}
	return fastValue{kind: kindString, text: text}, true
}

// split is split(sep)[i].
func split(v fastValue, sep string, i int) (fastValue, bool) {
	if v.kind != kindString {
		return v, false
	}
	if len(v.text) == 0 {
		return fastValue{kind: kindNull}, true
	}
	rest := view(v.text)
	for ; i > 0; i-- {
		at := strings.Index(rest, sep)
		if at < 0 {
			return fastValue{kind: kindNull}, true
		}
		rest = rest[at+len(sep):]
	}
	if at := strings.Index(rest, sep); at >= 0 {
		rest = rest[:at]
	}
	return fastValue{kind: kindString, text: bytesOf(rest)}, true
}

// slice is .[from:to] of a string or of null.
func slice(v fastValue, from, to int) (fastValue, bool) {
	switch v.kind {
	case kindNull:
		return v, true
	case kindString:
		if to < from {
			to = from
		}
		return fastValue{kind: kindString, text: bytesOf(sliceRunes(view(v.text), from, to))}, true
	}
	return v, false
}

// generic runs a node on a scalar by the evaluator: it must have one output, a scalar too.
func (k *Keys) generic(n *node, in fastValue) (fastValue, bool) {
	v := value{kind: in.kind}
	switch in.kind {
	case kindNumber:
		v = number(in.f)
	case kindString:
		v = str(view(in.text))
	case kindArray, kindObject:
		return in, false
	}
	if k.m == nil {
		k.m = &machine{vars: make([]value, k.query.vars)}
		k.m.fr.vars = k.m.vars
	}
	if !k.started {
		k.m.start(nil, &k.query.opts)
		k.started = true
	}
	out := none
	if n.single {
		var err error
		if out, err = k.m.eval1(n, &k.m.fr, v); err != nil {
			return in, false
		}
	} else {
		count := 0
		err := k.m.eval(n, &k.m.fr, v, nil, func(v value, _ *path) error {
			count++
			out = v
			return nil
		})
		if err != nil || count != 1 {
			return in, false
		}
	}
	if k.m.steps < 0 {
		return in, false
	}
	return scalar(out)
}

// scalar is v without its parts; none and what has parts are left to the evaluator.
func scalar(v value) (fastValue, bool) {
	switch v.kind {
	case kindNone:
		return fastValue{kind: kindNull}, false
	case kindNumber:
		return fastValue{kind: kindNumber, f: v.num()}, true
	case kindString:
		return fastValue{kind: kindString, text: bytesOf(v.str())}, true
	}
	return fastValue{kind: v.kind}, v.kind < kindArray
}

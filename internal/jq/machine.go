package jq

import "time"

// Limits bound what one record may cost. Zero fields take the defaults.
type Limits struct {
	Steps int64 // instructions, loop turns, and what is looked through (see pass); 10 million, about half a second
	Bytes int64 // memory handed out in all, freed or not, and the text of outputs; 256 MiB
	Depth int   // nested calls; 20,000
}

const (
	defaultSteps = 10_000_000
	defaultBytes = 256 << 20
	defaultDepth = 20_000
)

// A machine runs queries, one record at a time.
type machine struct {
	reader reader
	opts   *Options
	steps  int64
	bytes  int64
	depth  int
	limit  int
	labels int64
	fr     frame
	vars   []value

	regex    map[string]*regex // what was compiled, also for records before
	held     int               // the work of that
	record   uint64            // counts records
	patterns int               // that this record has used
	work     int               // the work of those
}

// start readies m for a record.
func (m *machine) start(record []byte, o *Options) {
	m.reader.reset(record)
	m.opts = o
	m.steps, m.bytes, m.limit = o.Limits.Steps, o.Limits.Bytes, o.Limits.Depth
	if m.steps <= 0 {
		m.steps = defaultSteps
	}
	if m.bytes <= 0 {
		m.bytes = defaultBytes
	}
	if m.limit <= 0 {
		m.limit = defaultDepth
	}
	m.depth, m.labels = 0, 0
	if m.record++; len(m.regex) > maxRegexCache || m.held > maxRegexHeld {
		m.forget()
	}
	m.patterns, m.work = 0, 0
}

// A LimitError says which of the Limits a record ran into.
type LimitError struct {
	What string // steps, memory, depth
}

func (e *LimitError) Error() string {
	return "the query needs too much for one record: limit of " + e.What + " reached"
}

func (m *machine) exceeded(what string) error { return &LimitError{What: what} }

// step counts one instruction.
func (m *machine) step() error {
	if m.steps--; m.steps < 0 {
		return m.exceeded("steps")
	}
	return nil
}

// pass counts looking through n bytes, 64 to a step. Once the steps are used up the run fails at its next one.
func (m *machine) pass(n int) { m.steps -= int64(n) >> 6 }

// passValues is pass for n values.
func (m *machine) passValues(n int) { m.steps -= int64(n) >> 3 }

// charge counts n bytes handed out.
func (m *machine) charge(n int) error {
	if m.bytes -= int64(n); m.bytes < 0 {
		return m.exceeded("memory")
	}
	return nil
}

func (m *machine) enter() error {
	if m.depth++; m.depth > m.limit {
		m.depth--
		return m.exceeded("depth")
	}
	if err := m.step(); err != nil {
		m.depth--
		return err
	}
	return nil
}

func (m *machine) now() (float64, error) {
	if m.opts.Now == nil {
		return 0, &aborted{reason: "now: this stream has no clock"}
	}
	t := m.opts.Now()
	return float64(t.Unix()) + float64(t.Nanosecond()/int(time.Microsecond))/1e6, nil
}

// eval1 runs a node that is single. Without output it returns none.
func (m *machine) eval1(n *node, fr *frame, in value) (value, error) {
	if err := m.step(); err != nil {
		return none, err
	}
	switch n.op {
	case opIdentity:
		return in, nil
	case opConst:
		return n.v, nil
	case opIndex:
		key := n.b.v
		if n.b.op != opConst {
			var err error
			if key, err = m.eval1(n.b, fr, in); err != nil || key.kind == kindNone {
				return none, err
			}
		}
		t := in
		if n.a.op != opIdentity {
			var err error
			if t, err = m.eval1(n.a, fr, in); err != nil || t.kind == kindNone {
				return none, err
			}
		}
		v, err := get(m, t, key)
		if err != nil && n.forgives(err) {
			return none, nil
		}
		return v, err
	case opSlice:
		from, to := null, null
		var err error
		if n.b != nil {
			if from, err = m.eval1(n.b, fr, in); err != nil || from.kind == kindNone {
				return none, err
			}
		}
		if n.c != nil {
			if to, err = m.eval1(n.c, fr, in); err != nil || to.kind == kindNone {
				return none, err
			}
		}
		t, err := m.eval1(n.a, fr, in)
		if err != nil || t.kind == kindNone {
			return none, err
		}
		v, err := get(m, t, sliceKey(from, to))
		if err != nil && n.forgives(err) {
			return none, nil
		}
		return v, err
	case opFormat:
		return format(m, n.name, in)
	case opString:
		return m.string1(n, fr, in)
	case opCollect:
		return m.collect(n.a, fr, in, nil)
	case opObject:
		return m.object1(n, fr, in)
	case opVar:
		return fr.up(n.level).vars[n.idx], nil
	case opEnv:
		return m.environment(), nil
	case opCall:
		if err := m.enter(); err != nil {
			return none, err
		}
		v, err := m.eval1(n.fn.body, m.frame(n, fr), in)
		m.depth--
		return v, err
	case opNative:
		var args [3]value
		for i := len(n.list) - 1; i >= 0; i-- {
			v, err := m.eval1(n.list[i], fr, in)
			if err != nil || v.kind == kindNone {
				return none, err
			}
			args[i] = v
		}
		return n.native.fn(m, in, args[0], args[1], args[2])
	case opSpecial:
		return m.only(n, fr, in)
	case opPipe:
		v, err := m.eval1(n.a, fr, in)
		if err != nil || v.kind == kindNone {
			return none, err
		}
		return m.eval1(n.b, fr, v)
	case opAlt:
		v, err := m.eval1(n.a, fr, in)
		if err != nil || v.truthy() {
			return v, err
		}
		return m.eval1(n.b, fr, in)
	case opAnd, opOr:
		v, err := m.eval1(n.a, fr, in)
		if err != nil || v.kind == kindNone {
			return none, err
		}
		if v.truthy() == (n.op == opOr) {
			return boolean(v.truthy()), nil
		}
		v, err = m.eval1(n.b, fr, in)
		if err != nil || v.kind == kindNone {
			return none, err
		}
		return boolean(v.truthy()), nil
	case opBinary:
		b, err := m.eval1(n.b, fr, in)
		if err != nil || b.kind == kindNone {
			return none, err
		}
		a, err := m.eval1(n.a, fr, in)
		if err != nil || a.kind == kindNone {
			return none, err
		}
		return m.binary(n.binary, a, b)
	case opNegate:
		v, err := m.eval1(n.a, fr, in)
		if err != nil || v.kind == kindNone {
			return none, err
		}
		if v.kind != kindNumber {
			return none, typeError(v, "cannot be negated")
		}
		return number(-v.num()), nil
	case opIf:
		c, err := m.eval1(n.a, fr, in)
		if err != nil || c.kind == kindNone {
			return none, err
		}
		if c.truthy() {
			return m.eval1(n.b, fr, in)
		}
		return m.eval1(n.c, fr, in)
	case opAs:
		v, err := m.eval1(n.a, fr, in)
		if err != nil || v.kind == kindNone {
			return none, err
		}
		fr.vars[n.patterns[0].idx] = v
		return m.eval1(n.b, fr, in)
	case opReduce:
		return m.only(n, fr, in)
	}
	return none, &aborted{reason: "internal: not a single expression"}
}

// only runs a node of at most one output by the general way.
func (m *machine) only(n *node, fr *frame, in value) (out value, err error) {
	err = m.evalMany(n, fr, in, nil, func(v value, _ *path) error {
		out = v
		return nil
	})
	return out, err
}

func (m *machine) string1(n *node, fr *frame, in value) (value, error) {
	var few [8]string
	parts := few[:0]
	for range n.list {
		parts = append(parts, "")
	}
	size := 0
	for i := len(n.list) - 1; i >= 0; i-- {
		v, err := m.eval1(n.list[i], fr, in)
		if err != nil || v.kind == kindNone {
			return none, err
		}
		parts[i] = v.str()
		size += len(parts[i])
	}
	if err := m.charge(size); err != nil {
		return none, err
	}
	b := make([]byte, 0, size)
	for _, p := range parts {
		b = append(b, p...)
	}
	return str(view(b)), nil
}

func (m *machine) object1(n *node, fr *frame, in value) (value, error) {
	o := newObject(len(n.list) / 2)
	for i := 0; i < len(n.list); i += 2 {
		key, err := m.eval1(n.list[i], fr, in)
		if err != nil || key.kind == kindNone {
			return none, err
		}
		var v value
		if n.list[i+1] == nil {
			v, err = get(m, in, key)
		} else {
			v, err = m.eval1(n.list[i+1], fr, in)
		}
		if err != nil || v.kind == kindNone {
			return none, err
		}
		if key.kind != kindString {
			return none, raiseString(keyError(key))
		}
		o.set(key.str(), v)
	}
	return objectValue(o), m.charge(64 + 40*len(n.list))
}

// environment is what env and $ENV see: only what the options hold.
func (m *machine) environment() value {
	o := newObject(len(m.opts.Env))
	for _, e := range m.opts.Env {
		for i := 0; i < len(e); i++ {
			if e[i] == '=' {
				o.set(cleanString([]byte(e[:i])), str(cleanString([]byte(e[i+1:]))))
				break
			}
		}
	}
	return objectValue(o)
}

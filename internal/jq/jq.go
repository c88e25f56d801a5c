// Package jq runs jq 1.6 programs, as the service's MetadataExtraction does: the same values, the same text of numbers, the same
// refusals and the same errors. A Query is compiled once and is safe for concurrent use.
//
// # Use
//
// Compile refuses what jq 1.6 refuses, with the place and often the correction (*SyntaxError). Run gives every output of a record
// as JSON text. Extract is what partitioning needs: the members of the one object a query yields, as text. It allocates nothing
// for the queries that partitioning is mostly made of.
//
// # Design
//
// The parser is our own. gojq's accepts what 1.6 refuses (any expression as an object's value, if without else, .a.[0]), which is
// just what has to be found when a stream is described, and it has no positions; 1.6's grammar is twenty forms.
//
// The evaluator calls a continuation for every output, and an error is what a call returns. That is jq's backtracking machine
// turned over: resuming a generator is returning to it. Even 1.6's habit of catching in try what fails further down the pipeline
// comes out of it unasked. Nodes with at most one output (nearly all that queries hold) are run by eval1, which returns its value.
//
// A value is three words and immutable. Objects are two slices in the order in which keys were set: that order is visible in 1.6.
//
// Most builtins are Go; those that are best said in jq stand in the prelude. Regular expressions have an engine of their own that
// runs Oniguruma's syntax by backtracking: RE2 lacks look-around and back-references and has other classes, and a library that
// stops a hard pattern by the clock would give other results on another machine. Ours counts steps.
//
// The fast path (fast.go) answers an Extract from the record's bytes, without values, and hands every record it is not sure about
// to the evaluator. It never decides an error itself.
package jq

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Options are what a query sees besides its record, and what it may cost.
type Options struct {
	Limits Limits
	Env    []string         // what env and $ENV hold: "NAME=value". Nothing of the process's own environment is seen
	Now    func() time.Time // the clock that now reads; without one, now is an error
}

// A Query is a compiled program.
type Query struct {
	text string
	opts Options
	main *node
	vars int
	fast *plan
	pool sync.Pool
}

// Compile reads a program by jq 1.6's grammar and resolves its names. The error is a *SyntaxError.
func Compile(query string) (*Query, error) { return Options{}.Compile(query) }

// Compile reads a program that will run with o.
func (o Options) Compile(query string) (*Query, error) {
	prog, err := parse(query)
	if err != nil {
		return nil, err
	}
	main, vars, err := compileProgram(query, prog)
	if err != nil {
		return nil, err
	}
	q := &Query{text: query, opts: o, main: main, vars: vars}
	q.fast = planFor(main)
	return q, nil
}

// String returns the program's text.
func (q *Query) String() string { return q.text }

// Names returns the keys of the object that the query yields, in order, if its text tells them.
func (q *Query) Names() (names []string, ok bool) {
	n := q.main
	for n.op == opPipe || n.op == opAs {
		n = n.b
	}
	switch {
	case n.op == opConst && n.v.kind == kindObject:
		return slices.Clone(n.v.obj().keys), true
	case n.op != opObject:
		return nil, false
	}
	for i := 0; i < len(n.list); i += 2 {
		key := n.list[i]
		if key.op != opConst || key.v.kind != kindString {
			return nil, false
		}
		if !slices.Contains(names, key.v.str()) {
			names = append(names, key.v.str())
		}
	}
	return names, true
}

func (q *Query) machine(record []byte) *machine {
	m, _ := q.pool.Get().(*machine)
	if m == nil {
		m = &machine{vars: make([]value, q.vars)}
		m.fr.vars = m.vars
	}
	m.start(record, &q.opts)
	return m
}

func (q *Query) release(m *machine) {
	clear(m.vars)
	m.reader.in = nil
	q.pool.Put(m)
}

// Run feeds the documents of a record to the query and gives emit the text of every output, as `jq -c` prints it. The bytes are
// valid during the call. Errors: a *ParseError where the record stops being JSON, a *RuntimeError of the query, a *LimitError, or
// what emit returns. What came before an error has been emitted.
func (q *Query) Run(record []byte, emit func(json []byte) error) error {
	m := q.machine(record)
	defer q.release(m)
	var buf []byte
	for {
		doc, err := m.reader.read()
		if err != nil {
			return err
		}
		if doc.kind == kindNone {
			return nil
		}
		err = m.eval(q.main, &m.fr, doc, nil, func(v value, _ *path) error {
			var err error
			if buf, err = m.appendJSON(buf[:0], v); err == nil {
				err = m.charge(len(buf)) // or a query could print without end
			}
			if err != nil {
				return err
			}
			return emit(buf)
		})
		if err == nil && m.steps < 0 {
			err = m.exceeded("steps")
		}
		if err != nil {
			return userError(err)
		}
	}
}

// A RuntimeError is an error that the query raised, or the end that jq 1.6 would have come to.
type RuntimeError struct {
	Message string // jq's text, without "jq: error (at ...): "
	Halted  bool   // by halt or halt_error
	Code    int    // jq's exit status: 5, or what halt_error asked for
	Crash   bool   // jq 1.6 itself aborts here
}

func (e *RuntimeError) Error() string { return e.Message }

func userError(err error) error {
	switch e := err.(type) {
	case *raised:
		return &RuntimeError{Message: strings.Clone(e.Error()), Code: 5} // it may lie in the record
	case *aborted:
		r := &RuntimeError{Message: e.reason, Halted: e.halt, Crash: !e.halt}
		if e.code.kind == kindNumber {
			r.Code = toInt(e.code.num())
		}
		return r
	}
	return err
}

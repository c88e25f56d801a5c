package main

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"sync"

	"github.com/hydrantkit/hydrant/convert/column"
	"github.com/hydrantkit/hydrant/harness/record"
	"github.com/hydrantkit/hydrant/harness/s3"
)

// An aside is a record that doesn't fit the table.
type aside struct {
	ordinal int64 // of the record, from 0
	file    string
	line    int64
	raw     []byte
	err     *column.RowError
}

// asides is the file of records that were set aside. It is made when needed.
type asides struct {
	path    string
	catalog []byte // dataCatalogTable of its lines
	create  func(path string) (*pending, error)
	p       *pending
	buf     []byte
}

// A location is the member that error lines have over the service's.
type location struct {
	File   string `json:"file"`
	Line   int64  `json:"line"`
	Offset int    `json:"offset"` // of the value in the record
	Path   string `json:"path"`
	Column string `json:"column"`
	Type   string `json:"type"`
	Value  string `json:"value"`
	Hint   string `json:"hint"`
}

// write writes a record as the service's error line, with its place as one more member.
func (w *asides) write(a *aside) error {
	if w.p == nil {
		p, err := w.create(w.path)
		if err != nil {
			return err
		}
		w.p = p
	}
	e := a.err
	at := location{File: a.file, Line: a.line, Offset: e.Offset, Path: e.Path, Column: e.Column, Value: string(e.Value), Hint: e.Hint}
	if e.Want != nil {
		at.Type = e.Want.String()
	}
	member, err := json.Marshal(at)
	if err != nil {
		return err
	}
	w.buf = s3.AppendFailure(w.buf[:0], &record.Failure{
		Record: record.Record{Seq: uint64(a.ordinal), Data: a.raw, Raw: a.raw, Source: &record.Source{
			SequenceNumber: strconv.FormatInt(a.ordinal, 10)}},
		Cause: record.FormatConversionFailed, Code: e.Code, Message: e.Message, Attempts: 1,
		Members: []record.Member{{Name: "dataCatalogTable", JSON: w.catalog}, {Name: "location", JSON: member}},
	})
	_, err = w.p.Write(w.buf)
	return err
}

// end completes the file if there is one, or abandons it.
func (w *asides) end(keep bool) error {
	if w.p == nil {
		return nil
	}
	p := w.p
	w.p = nil
	if !keep {
		return p.abandon(nil)
	}
	return p.complete()
}

// A queue puts what came of outputs that are made at once in their order.
type queue struct {
	run    *conversionRun
	mu     sync.Mutex
	change sync.Cond
	turn   int             // the output that may write
	ended  map[int]*output // those that wait for it
	held   int             // bytes of asides in all outputs
	err    error           // the first, in order, that is more than the end of the context
}

func newQueue(r *conversionRun) *queue {
	q := &queue{run: r, ended: map[int]*output{}}
	q.change.L = &q.mu
	return q
}

// maxHeld bounds what is held of records that wait for those before them.
const maxHeld = 16 << 20

// An output is what comes of one file, or of one run of rolled files.
type output struct {
	queue   *queue
	number  int
	records int64
	failed  int64
	files   []convertedFile
	rows    int64   // in files
	whole   int64   // records in files, or set aside before the last of them was complete
	asides  []aside // not yet written
	held    int     // their bytes
	err     error
}

// place makes output number i.
func (q *queue) place(i int) *output { return &output{queue: q, number: i} }

// completed counts a file that has its final name. rows are those of all files so far.
func (o *output) completed(path string, rows, bytes int64) {
	o.files = append(o.files, convertedFile{path, rows - o.rows, bytes})
	o.rows, o.whole = rows, o.records
}

// setAside writes a record, or keeps a copy of it for its turn.
func (o *output) setAside(a aside) error {
	q := o.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	o.failed++
	if q.turn != o.number && q.held <= maxHeld {
		e := *a.err
		a.raw, a.err = append([]byte(nil), a.raw...), &e
		o.asides = append(o.asides, a)
		size := len(a.raw) + 500
		o.held += size
		q.held += size
		return nil
	}
	for q.turn != o.number { // whoever has the turn never waits
		q.change.Wait()
	}
	if err := o.flush(); err != nil {
		return err
	}
	return o.write(&a)
}

// flush writes the asides that were kept. The queue is locked, and it is o's turn.
func (o *output) flush() error {
	for i := range o.asides {
		if err := o.write(&o.asides[i]); err != nil {
			return err
		}
	}
	o.queue.held -= o.held
	o.asides, o.held = nil, 0
	return nil
}

func (o *output) write(a *aside) error {
	r := o.queue.run
	r.summary.Failed++
	r.summary.Failures[a.err.Code]++
	a.ordinal += r.summary.Records
	return r.asides.write(a)
}

// finish adds o, and what waited for it, to the summary. It returns err, or its own error.
func (o *output) finish(err error) error {
	q := o.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	o.err = err
	q.ended[o.number] = o
	for next := q.ended[q.turn]; next != nil; next = q.ended[q.turn] {
		delete(q.ended, q.turn)
		werr := next.flush()
		if werr != nil && next == o && err == nil {
			err = werr
		}
		if next.err == nil {
			next.err = werr
		}
		if next.err != nil && (q.err == nil || errors.Is(q.err, context.Canceled)) {
			q.err = next.err // one that fails ends the others, which isn't worth telling
		}
		s := &q.run.summary
		s.Records += next.records
		s.Rows += next.rows
		s.Files = append(s.Files, next.files...)
		q.run.held += next.records - next.whole
		q.turn++
	}
	q.change.Broadcast()
	return err
}

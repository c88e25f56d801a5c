package schema

import (
	"bytes"
	"strconv"

	"github.com/hydrantkit/hydrant/internal/jsonscan"
	"github.com/hydrantkit/hydrant/internal/jsonscan/javatext"
)

// InferOptions say how an Inferrer reads records. The zero value reads them as the OpenX SerDe
// does by default.
type InferOptions struct {
	// CaseSensitive keeps members apart whose names differ in case only (the SerDe's
	// CaseInsensitive=false). Column names are lower-cased all the same, and of members that then
	// collide one column remains.
	CaseSensitive bool
	// PlainText leaves text that reads as a date or a timestamp a string.
	PlainText bool
	// MaxFields bounds the members that are remembered, over all nesting; 65,536 when zero. About
	// 500 bytes each are held. What is beyond is counted in Inference.Beyond.
	MaxFields int
}

// The service's limits, and where an object stops being a struct. An object with more distinct
// members than softMembers of which each instance has less than a tenth, or with more than
// hardMembers in any case, is a map.
const (
	maxColumnName    = 255 // Glue model, Column.Name
	softMembers      = 200
	hardMembers      = 5000
	defaultMaxFields = 1 << 16
	maxSpellings     = 4
)

// An Inferrer finds the narrowest table that holds every record added to it. It needs memory for
// the fields it has seen, not for the records.
//
// Types widen as the values do:
//
//	int → bigint → decimal(38,0) → string     whole numbers, by size
//	int, bigint, decimal → double             once a number has a fraction or an exponent
//	date, timestamp → string                  text that all reads as one of them, else string
//	T → array<T>                              once one value is an array
//	anything else that differs → string
//
// Objects are structs; maps when their members are too many, or named by numbers, dates or UUIDs.
// What was only ever null is a string.
type Inferrer struct {
	o       InferOptions
	root    node
	serial  uint64 // of the object being read, to see members twice in it
	nodes   int
	scratch []byte
	at      Place

	records, rows                        int64
	empty, malformed, notObjects, beyond Tally
	unnameable                           Tally
}

// NewInferrer makes an Inferrer that has seen nothing.
func NewInferrer(o InferOptions) *Inferrer {
	if o.MaxFields <= 0 {
		o.MaxFields = defaultMaxFields
	}
	return &Inferrer{o: o}
}

// A node is what was seen at one path.
type node struct {
	name       string // of the member as the table will have it; "" for elements and values
	spellings  []string
	seen, null int64
	forms      []formTally
	min, max   int64   // of whole numbers that fit
	low, high  float64 // of numbers with a fraction
	inexact    Tally   // numbers that a double can't hold
	twice      Tally   // the member stood twice in one object

	members   []*node // of objects, in the order first seen
	index     map[string]*node
	filled    int64 // sum of members' seen
	collapsed int   // how many distinct members there were when the object was found to be a map; 0 for others
	value     *node // of a map
	elem      *node // of arrays
	after     *node // the member that followed this one last time
	first     *node // the member that came first in an object last time
	serial    uint64
}

type formTally struct {
	form form
	Tally
}

func (n *node) count(f form, at Place, example []byte) {
	for i := range n.forms {
		if n.forms[i].form == f {
			n.forms[i].Count++
			return
		}
	}
	n.forms = append(n.forms, formTally{f, Tally{1, at, excerpt(example)}})
}

// Add takes in one record, which stands at a place. The record may hold several objects; a record
// that isn't JSON objects throughout counts as such and adds nothing else.
func (n *Inferrer) Add(record []byte, at Place) {
	n.records++
	b := bytes.TrimPrefix(record, bom)
	if !n.check(b, at) {
		return
	}
	n.at = at
	for i := jsonscan.Space(b, 0); i < len(b); i = jsonscan.Space(b, i) {
		n.rows++
		i = n.object(b, i, &n.root, 1)
	}
}

var bom = []byte("\ufeff")

// check sees that b is one or more JSON objects, and counts it when it isn't.
func (n *Inferrer) check(b []byte, at Place) bool {
	what, i := shapeOf(b)
	switch what {
	case shapeEmpty:
		n.empty.add(at, nil)
	case shapeMalformed:
		n.malformed.add(at, b[i:])
	case shapeOther:
		n.notObjects.add(at, b[i:])
	}
	return what == shapeObjects
}

// A shape is what a record is as a whole.
type shape uint8

const (
	shapeObjects   shape = iota // one or more JSON objects
	shapeEmpty                  // nothing but white space
	shapeMalformed              // not JSON
	shapeOther                  // JSON, with something that isn't an object
)

// shapeOf looks at a whole record. i is where the value begins that makes it what it is.
func shapeOf(b []byte) (s shape, i int) {
	i = jsonscan.Space(b, 0)
	if i == len(b) {
		return shapeEmpty, i
	}
	for i < len(b) {
		end := jsonscan.Value(b, i)
		switch {
		case end < 0:
			return shapeMalformed, i
		case b[i] != '{':
			return shapeOther, i
		}
		i = jsonscan.Space(b, end)
	}
	return shapeObjects, 0
}

// object reads the object at b[i], which is well formed, into n's members. depth counts the types
// around them.
func (n *Inferrer) object(b []byte, i int, p *node, depth int) int {
	n.serial++
	serial := n.serial
	i = jsonscan.Space(b, i+1)
	if b[i] == '}' {
		return i + 1
	}
	var prev *node
	for {
		start := i + 1
		end := jsonscan.PlainString(b, start)
		raw, next := []byte(nil), end+1
		if end >= 0 {
			raw = b[start:end]
		} else {
			n.scratch, next = jsonscan.AppendString(n.scratch[:0], b, start)
			raw = n.scratch
		}
		c := n.member(p, prev, raw)
		i = jsonscan.Space(b, next)
		i = jsonscan.Space(b, i+1)
		if c == nil {
			i = jsonscan.Value(b, i)
		} else {
			if p.collapsed == 0 {
				p.filled++
				if c.serial == serial {
					c.twice.add(n.at, b[start-1:next])
				}
				c.serial = serial
				prev = c
			}
			i = n.valueOf(b, i, c, depth+1)
		}
		i = jsonscan.Space(b, i)
		if b[i] == '}' {
			return i + 1
		}
		i = jsonscan.Space(b, i+1)
	}
}

// member finds or makes the node of p's member with a name as it stands in the record. prev is
// the member before it. It is nil when the name can't be a column's or there is no room.
func (n *Inferrer) member(p, prev *node, raw []byte) *node {
	if p.collapsed > 0 {
		return p.value
	}
	slot := &p.first
	if prev != nil {
		slot = &prev.after
	}
	if c := *slot; c != nil && c.spellings[0] == string(raw) {
		return c
	}
	if len(raw) == 0 || len(raw) > maxColumnName {
		n.unnameable.add(n.at, raw)
		return nil
	}
	var key string
	c := p.index[string(raw)] // most names are in lower case
	if c == nil {
		key = string(raw)
		if !n.o.CaseSensitive {
			key = javatext.Lower(key)
		}
		c = p.index[key]
	}
	if c == nil {
		if p != &n.root && n.isMap(p) {
			n.collapse(p)
			return p.value
		}
		if n.nodes >= n.o.MaxFields {
			n.beyond.add(n.at, raw)
			return nil
		}
		n.nodes++
		c = &node{name: javatext.Lower(key), spellings: []string{string(raw)}}
		if p.index == nil {
			p.index = make(map[string]*node)
		}
		p.index[key] = c
		p.members = append(p.members, c)
	}
	c.spell(string(raw))
	*slot = c
	return c
}

// spell remembers a way to write a name.
func (c *node) spell(raw string) {
	for _, s := range c.spellings {
		if s == raw {
			return
		}
	}
	if len(c.spellings) < maxSpellings {
		c.spellings = append(c.spellings, raw)
	}
}

// isMap reports whether an object that is about to get one more member is a map.
func (n *Inferrer) isMap(p *node) bool {
	m := int64(len(p.members))
	return m >= hardMembers || m >= softMembers && p.filled*10 < m*max(p.objects(), 1)
}

func (p *node) objects() int64 {
	for i := range p.forms {
		if p.forms[i].form == formObject {
			return p.forms[i].Count
		}
	}
	return 0
}

// collapse makes one value of all p's members.
func (n *Inferrer) collapse(p *node) {
	if p.value == nil {
		p.value = &node{}
		n.nodes++
	}
	p.collapsed = max(len(p.members), 1)
	for _, c := range p.members {
		n.merge(p.value, c)
		n.nodes--
	}
	p.members, p.index, p.first, p.filled = nil, nil, nil, 0
}

// valueOf reads the value at b[i], which is well formed, into c.
func (n *Inferrer) valueOf(b []byte, i int, c *node, depth int) int {
	c.seen++
	switch ch := b[i]; {
	case ch == '"':
		end := jsonscan.String(b, i)
		c.count(textForm(b[i+1:end-1]), n.at, b[i:end])
		return end
	case ch == '{' && depth < maxDepth:
		n.nested(b, i, c, formObject)
		return n.object(b, i, c, depth)
	case ch == '[' && depth < maxDepth:
		n.nested(b, i, c, formArray)
		return n.array(b, i, c, depth)
	case ch == '{' || ch == '[': // deeper than a type can be: text
		end := jsonscan.Value(b, i)
		c.count(formText, n.at, b[i:end])
		return end
	case ch == 'n':
		c.null++
		return i + 4
	case ch == 't':
		c.count(formBool, n.at, b[i:i+4])
		return i + 4
	case ch == 'f':
		c.count(formBool, n.at, b[i:i+5])
		return i + 5
	}
	end := jsonscan.Number(b, i)
	n.number(c, b[i:end])
	return end
}

// nested counts an object or an array. Only the first is looked at for an example.
func (n *Inferrer) nested(b []byte, i int, c *node, f form) {
	end := i
	if !c.has(f) {
		end = jsonscan.Value(b, i)
	}
	c.count(f, n.at, b[i:end])
}

func (n *Inferrer) array(b []byte, i int, c *node, depth int) int {
	i = jsonscan.Space(b, i+1)
	if b[i] == ']' {
		return i + 1
	}
	if c.elem == nil {
		if n.nodes >= n.o.MaxFields {
			n.beyond.add(n.at, b[i:])
			for {
				i = jsonscan.Space(b, jsonscan.Value(b, i))
				if b[i] == ']' {
					return i + 1
				}
				i = jsonscan.Space(b, i+1)
			}
		}
		n.nodes++
		c.elem = &node{}
	}
	for {
		i = jsonscan.Space(b, n.valueOf(b, i, c.elem, depth+1))
		if b[i] == ']' {
			return i + 1
		}
		i = jsonscan.Space(b, i+1)
	}
}

// number counts a number by what holds it.
func (n *Inferrer) number(c *node, text []byte) {
	if v, end := jsonscan.Int(text, 0); end == len(text) {
		f := formInt
		if v != int64(int32(v)) {
			f = formLong
			if int64(float64(v)) != v {
				c.inexact.add(n.at, text)
			}
		}
		c.whole(v)
		c.count(f, n.at, text)
		return
	}
	if bytes.ContainsAny(text, ".eE") {
		v, _ := jsonscan.Float(text, 0)
		if !c.has(formFraction) {
			c.low, c.high = v, v
		}
		c.low, c.high = min(c.low, v), max(c.high, v)
		c.count(formFraction, n.at, text)
		if !exact(text, 64) {
			c.inexact.add(n.at, text)
		}
		return
	}
	if v, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		if int64(float64(v)) != v || v == 1<<63-1 {
			c.inexact.add(n.at, text)
		}
		c.whole(v)
		c.count(formLong, n.at, text)
		return
	}
	f := formBig
	if len(bytes.TrimPrefix(text, []byte("-"))) > 38 {
		f = formHuge
	}
	c.inexact.add(n.at, text)
	c.count(f, n.at, text)
}

// whole keeps the range of whole numbers. It is called before the form is counted.
func (c *node) whole(v int64) {
	if !c.has(formInt) && !c.has(formLong) {
		c.min, c.max = v, v
		return
	}
	c.min, c.max = min(c.min, v), max(c.max, v)
}

func (c *node) has(f form) bool {
	for i := range c.forms {
		if c.forms[i].form == f {
			return true
		}
	}
	return false
}

// Merge adds what m has seen, as if its records had been added after n's. m must not be used
// afterwards, and have the same options. So parts of an input can be read at the same time.
func (n *Inferrer) Merge(m *Inferrer) {
	n.records += m.records
	n.rows += m.rows
	n.empty.merge(m.empty)
	n.malformed.merge(m.malformed)
	n.notObjects.merge(m.notObjects)
	n.beyond.merge(m.beyond)
	n.unnameable.merge(m.unnameable)
	n.serial += m.serial
	n.mergeMembers(&n.root, &m.root)
}

// merge adds src, a node of a later or the same input, to dst.
func (n *Inferrer) merge(dst, src *node) {
	dst.seen += src.seen
	dst.null += src.null
	if src.has(formInt) || src.has(formLong) {
		if dst.has(formInt) || dst.has(formLong) {
			dst.min, dst.max = min(dst.min, src.min), max(dst.max, src.max)
		} else {
			dst.min, dst.max = src.min, src.max
		}
	}
	if src.has(formFraction) {
		if dst.has(formFraction) {
			dst.low, dst.high = min(dst.low, src.low), max(dst.high, src.high)
		} else {
			dst.low, dst.high = src.low, src.high
		}
	}
	for _, f := range src.forms {
		found := false
		for i := range dst.forms {
			if dst.forms[i].form == f.form {
				dst.forms[i].merge(f.Tally)
				found = true
			}
		}
		if !found {
			dst.forms = append(dst.forms, f)
		}
	}
	dst.inexact.merge(src.inexact)
	dst.twice.merge(src.twice)
	if dst.name != "" {
		for _, s := range src.spellings {
			dst.spell(s)
		}
	}
	if src.elem != nil {
		if dst.elem == nil {
			dst.elem = &node{}
			n.nodes++
		}
		n.merge(dst.elem, src.elem)
	}
	n.mergeMembers(dst, src)
}

func (n *Inferrer) mergeMembers(dst, src *node) {
	if src.collapsed > 0 && dst.collapsed == 0 {
		n.collapse(dst)
		dst.collapsed = max(dst.collapsed, src.collapsed)
	}
	if src.value != nil {
		n.merge(dst.value, src.value)
	}
	for _, c := range src.members {
		into := dst.value
		if dst.collapsed == 0 {
			if len(c.forms) > 0 {
				n.at = c.forms[0].First
			}
			into = n.member(dst, nil, []byte(c.spellings[0]))
		}
		if into == nil {
			continue
		}
		if dst.collapsed == 0 {
			dst.filled += c.seen
		}
		n.merge(into, c)
	}
}

package blueprints

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/hydrantkit/hydrant"
)

// RudderStack makes rows of RudderStack events, one a record, and says where they belong.
//
// A row is flat: members in snake case, those of objects behind the object's name (context_ip, properties_order_id), arrays as texts that
// hold their JSON. Should two come to one name, the later gets a number, _2.
type RudderStack struct {
	// Mapping says where an event belongs: the first of its name ("event"), its type, and * that is mapped, whatever their case (sources.md
	// §9). Of two mappings of the same name the last counts. An event that nothing maps is ProcessingFailed. Without a mapping there are
	// rows only.
	Mapping []EventMapping

	// Database makes a mapping's To an Iceberg table of this database (otfMetadata). Without it To is the partition key "destination".
	Database string

	to  map[string]string
	err error
}

// An EventMapping maps the events of a name or type, or all, to a destination.
type EventMapping struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// FromEnv reads the options MAPPING, a JSON list as RudderStack's own configuration has it, [{"from":"product added","to":"a"}], and
// DATABASE. A wrong one is kept, and the transform answers every invocation with it.
func (s RudderStack) FromEnv(getenv func(string) string) RudderStack {
	if text := getenv("MAPPING"); text != "" {
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&s.Mapping); err != nil {
			s.err = fmt.Errorf("option MAPPING: %w", err)
		}
	}
	if v := getenv("DATABASE"); v != "" {
		s.Database = v
	}
	return s
}

var errNoDestination = errors.New("empty from or to in a mapping")

// Rows returns the transform of events to rows, each with a newline.
func (s RudderStack) Rows() hydrant.Transform {
	s.to = map[string]string{}
	for _, m := range s.Mapping {
		from := strings.ToLower(strings.TrimSpace(m.From))
		if (from == "" || m.To == "") && s.err == nil {
			s.err = fmt.Errorf("option MAPPING: %w", errNoDestination)
		}
		s.to[from] = m.To
	}
	if s.err != nil {
		return hydrant.Error(s.err)
	}
	return hydrant.Func(s.row)
}

func (s *RudderStack) row(_ context.Context, r hydrant.Record) hydrant.Result {
	doc, ok := document(r.Data)
	if !ok || doc[0] != '{' {
		return hydrant.FailResult()
	}
	res := hydrant.Result{Status: hydrant.OK}
	if len(s.to) > 0 {
		to, ok := s.destination(doc)
		switch {
		case !ok:
			return hydrant.FailResult()
		case s.Database != "":
			res.OTF = &hydrant.OTFMetadata{Database: s.Database, Table: to}
		default:
			res.PartitionKeys = map[string]string{"destination": to}
		}
	}
	o := object{row: newRow(make([]byte, 0, len(doc)+len(doc)/4)), unique: true}
	if !flatRow(&o, "", doc) {
		return hydrant.FailResult()
	}
	res.Data = append(o.dst, '}', '\n')
	return res
}

func (s *RudderStack) destination(doc []byte) (string, bool) {
	for _, name := range [...]string{"event", "type"} {
		if v, ok := stringOf(member(doc, name)); ok {
			if to, ok := s.to[strings.ToLower(string(v))]; ok {
				return to, true
			}
		}
	}
	to, ok := s.to["*"]
	return to, ok
}

// flatRow appends the members of an object to a row. It reports false if the row becomes too large.
func flatRow(o *object, prefix string, v []byte) bool {
	return members(v, func(key, value []byte) bool {
		if o.full() {
			return false
		}
		name := prefix + snake(unquote(key))
		if value[0] == '{' {
			return flatRow(o, name+"_", value)
		}
		if !o.add(name) {
			if o.next == nil {
				o.next = map[string]int{}
			}
			n := max(2, o.next[name])
			for !o.add(name + "_" + strconv.Itoa(n)) {
				n++
			}
			o.next[name] = n + 1
		}
		if value[0] == '[' {
			o.dst = hydrant.AppendJSONString(o.dst, appendCompact(nil, value))
		} else {
			o.dst = append(o.dst, value...)
		}
		return true
	})
}

// snake makes snake case of a key: originalTimestamp becomes original_timestamp.
func snake(key []byte) string {
	out := make([]byte, 0, len(key)+4)
	for i, c := range key {
		switch {
		case 'A' <= c && c <= 'Z':
			if i > 0 && (key[i-1] < 'A' || key[i-1] > 'Z') && len(out) > 0 && out[len(out)-1] != '_' {
				out = append(out, '_')
			}
			out = append(out, c|0x20)
		case isWord(c) || c >= 0x80:
			out = append(out, c)
		case len(out) > 0 && out[len(out)-1] != '_':
			out = append(out, '_')
		}
	}
	if len(out) == 0 {
		return "_"
	}
	return string(out)
}

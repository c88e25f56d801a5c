package replaytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hydrantkit/hydrant/harness"
	"github.com/hydrantkit/hydrant/harness/s3"
	"github.com/hydrantkit/hydrant/internal/compress"
	"github.com/hydrantkit/hydrant/internal/template"
)

// maxShown is how much of a record is printed.
const maxShown = 200

// stationOf is the station that makes objects like o.
func stationOf(o *Object) string {
	switch o.Kind {
	case s3.Error:
		return "errors"
	case s3.Backup:
		return "backup"
	}
	return "delivery"
}

// members are the records in object o, in their order.
func (g *outcome) members(o *Object) []harness.Step {
	for i := range g.objects {
		if &g.objects[i] == o && i < len(g.r.trace.Objects) {
			return g.r.trace.Objects[i]
		}
	}
	return nil
}

// at is the index of the record, in its object, that line y of the object belongs to; -1 where that isn't known.
func (g *outcome) at(o *Object, steps []harness.Step, y int) int {
	if o.Columnar || o.Kind == s3.Error {
		if y < len(steps) {
			return y
		}
		return -1
	}
	offset := 0 // of the line in the body
	rest := o.Body
	for range y {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			return -1
		}
		offset += i + 1
		rest = rest[i+1:]
	}
	pos := 0
	for i := range steps {
		pos += len(steps[i].Data)
		if g.r.description.Stream.Delimiter && o.Kind == s3.Data {
			pos++
		}
		if offset < pos {
			return i
		}
	}
	return -1
}

// parting says which record the first difference is about, and at which station it went another way.
func (g *outcome) parting(o *Object, list []edit, n int, want, got []string) string {
	steps := g.members(o)
	if steps == nil {
		return ""
	}
	d := list[n]
	expected, there := -1, -1 // the lines of the first difference
	for _, e := range list[n:] {
		if e.op == ' ' {
			break
		}
		if e.op == '-' && expected < 0 {
			expected = e.x
		}
		if e.op == '+' && there < 0 {
			there = e.y
		}
	}
	if there < 0 { // a line is missing: who stood between its neighbours?
		var after, before uint64 = 0, ^uint64(0)
		if i := g.at(o, steps, d.y-1); d.y > 0 && i >= 0 {
			after = steps[i].Seq + 1
		}
		if i := g.at(o, steps, d.y); d.y < len(got) && i >= 0 {
			before = steps[i].Seq
		}
		if s := g.elsewhere(after, before, o); s != nil {
			return g.told(s.Seq, "is missing here: "+g.fate(s))
		}
		return g.told(g.firstSeq(after), "begins the difference, and no record went another way: fewer came in than were expected")
	}
	i := g.at(o, steps, there)
	if i < 0 {
		return ""
	}
	s := &steps[i]
	switch {
	case o.Kind == s3.Error:
		return g.failedAt(s.Seq, s.Sub)
	case o.Kind == s3.Backup:
		return g.told(s.Seq, "parts at station backup, which has records as they came")
	case expected < 0:
		return g.told(s.Seq, "parts at station "+g.lastTransform()+", which let it pass: it is not expected here")
	case o.Columnar:
		return g.columns(s, want[expected], got[there])
	case g.r.description.Stream.Lambda == nil:
		if from := g.r.origin(s.Seq); from != nil && !bytes.Equal(from.data, s.Data) {
			station := "deaggregate"
			if len(readable(from.data)) != len(from.data) {
				station = "decompress"
			}
			return g.told(s.Seq, "parts at station "+station+", which took it out of what came in")
		}
		return g.told(s.Seq, "parts at station source: it is delivered as it came in")
	}
	return g.told(s.Seq, "parts at station lambda")
}

// lastTransform is the station that decides whether a record is delivered.
func (g *outcome) lastTransform() string {
	if g.r.description.Stream.Lambda != nil {
		return "lambda"
	}
	return "source"
}

// columns says which columns of a row differ, and who made them so.
func (g *outcome) columns(s *harness.Step, want, got string) string {
	w, errW := template.ParseJSON("", []byte(want))
	h, errH := template.ParseJSON("", []byte(got))
	data, _ := template.ParseJSON("", s.Data) // nil where the record isn't JSON
	station := "delivery"
	var lines []string
	if errW == nil && errH == nil {
		for _, m := range w.Members {
			have := h.Get(m.Key)
			if have != nil && text(have) == text(m.Value) {
				continue
			}
			is := "not there"
			if have != nil {
				is = text(have)
			}
			lines = append(lines, fmt.Sprintf("      column %s: expected %s, is %s", m.Key, shown(text(m.Value), maxShown), shown(is, maxShown)))
			// Conversion keeps values; one that the record had already is the doing of who made the record.
			if v := data.Get(m.Key); g.r.description.Stream.Lambda != nil && have != nil && (v == nil && have.IsNull() || v != nil && text(v) == text(have)) {
				station = "lambda"
			}
		}
		for _, m := range h.Members {
			if w.Get(m.Key) == nil {
				lines = append(lines, fmt.Sprintf("      column %s: not expected, is %s", m.Key, shown(text(m.Value), maxShown)))
			}
		}
	}
	return g.told(s.Seq, "parts at station "+station, lines...)
}

func text(n *template.Node) string {
	b, err := n.AppendJSON(nil)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// firstSeq is the first record from seq on, or the last one there is.
func (g *outcome) firstSeq(seq uint64) uint64 {
	if n := len(g.r.origins); n > 0 {
		return min(seq, g.r.origins[n-1].first)
	}
	return seq
}

// elsewhere is what became of the first record, from one number to before another, that isn't in o.
func (g *outcome) elsewhere(from, to uint64, o *Object) *harness.Step {
	in := map[uint64]bool{}
	for _, s := range g.members(o) {
		in[s.Seq] = true
	}
	var found *harness.Step
	for i := range g.r.trace.Steps {
		s := &g.r.trace.Steps[i]
		ends := s.What == harness.Dropped || s.What == harness.Failed || s.What == harness.Delivered && s.Station != "backup" && s.Station != "errors"
		if ends && s.Seq >= from && s.Seq < to && !in[s.Seq] && (found == nil || s.Seq < found.Seq) {
			found = s
		}
	}
	return found
}

// fate says how a record ended.
func (g *outcome) fate(s *harness.Step) string {
	switch s.What {
	case harness.Dropped:
		return "station " + s.Station + " dropped it"
	case harness.Failed:
		return fmt.Sprintf("it failed at station %s: %s: %s", s.Station, s.Code, s.Message)
	}
	if s.Object < len(g.objects) {
		return fmt.Sprintf("station %s put it into %s", s.Station, plain(g.objects[s.Object].Name()))
	}
	return "it is elsewhere"
}

// failedAt says why a record is in the error output.
func (g *outcome) failedAt(seq uint64, sub uint32) string {
	for i := range g.r.trace.Steps {
		if s := &g.r.trace.Steps[i]; s.What == harness.Failed && s.Seq == seq && s.Sub == sub {
			return g.told(seq, "went to the error output: "+g.fate(s))
		}
	}
	// The other stations don't say it but in the line.
	for _, lines := range g.r.trace.Objects {
		for i := range lines {
			if s := &lines[i]; s.Station == "errors" && s.Seq == seq && s.Sub == sub {
				line, err := template.ParseJSON("", s.Data)
				if err != nil {
					continue
				}
				f := harness.Step{Station: "decompress", What: harness.Failed, Code: memberText(line, "errorCode"), Message: memberText(line, "errorMessage")}
				if strings.HasPrefix(f.Code, "DynamicPartitioning.") {
					f.Station = "partition"
				}
				return g.told(seq, "went to the error output: "+g.fate(&f))
			}
		}
	}
	return g.told(seq, "went to the error output")
}

func memberText(n *template.Node, key string) string {
	if v := n.Get(key); v != nil {
		return v.Text
	}
	return ""
}

// first is about the first record in object i.
func (g *outcome) first(i int, otherwise string) string {
	if i >= len(g.r.trace.Objects) || len(g.r.trace.Objects[i]) == 0 {
		return ""
	}
	s := &g.r.trace.Objects[i][0]
	switch {
	case g.objects[i].Kind == s3.Error:
		return g.failedAt(s.Seq, s.Sub)
	case otherwise != "":
		return g.told(s.Seq, "is the first in it; "+otherwise)
	}
	return g.told(s.Seq, "is the first in it; station "+stationOf(&g.objects[i])+" put it there")
}

// astray is about the first record that was not delivered.
func (g *outcome) astray() string {
	for _, s := range g.r.trace.Steps {
		if s.What == harness.Dropped || s.What == harness.Failed {
			return g.told(s.Seq, "was not delivered: "+g.fate(&s))
		}
	}
	if n := len(g.r.trace.Outages); n > 0 {
		s := &g.r.trace.Outages[n-1]
		return fmt.Sprintf("  station %s could not be passed: %s: %s", s.Station, s.Code, s.Message)
	}
	return ""
}

// told is one sentence about a record, with the record as it came in, what the function made of it, and more lines.
func (g *outcome) told(seq uint64, what string, more ...string) string {
	o := g.r.origin(seq)
	if o == nil {
		return ""
	}
	lines := []string{"  " + o.String() + " " + what, "      came in:     " + shown(string(readable(o.data)), maxShown)}
	for i := range g.r.trace.Steps {
		if s := &g.r.trace.Steps[i]; s.Seq == seq && s.Station == "lambda" && s.What == harness.Passed {
			lines = append(lines, "      left lambda: "+shown(string(s.Data), maxShown))
			break
		}
	}
	return strings.Join(append(lines, more...), "\n")
}

// readable is a record as people read it: what is compressed is not.
func readable(data []byte) []byte {
	const most = 64 << 10
	if plain, f, err := compress.DecodeAll(data, most); err == nil && f != compress.Uncompressed {
		return plain
	}
	return data
}

// sameJSON reports whether two lines are the same JSON but for blanks between tokens.
func sameJSON(a, b string) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, []byte(a)) == nil && json.Compact(&y, []byte(b)) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

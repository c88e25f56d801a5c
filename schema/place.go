package schema

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Place is where a record stands in some input. Counts are from 1, and 0 where not known.
type Place struct {
	File   string `json:"file,omitempty"`
	Line   int64  `json:"line,omitempty"`
	Record int64  `json:"record,omitempty"`
}

// String is "events.json:12", "events.json record 12", or "record 12" without a file.
func (p Place) String() string {
	switch {
	case p.Line > 0 && p.File != "":
		return p.File + ":" + strconv.FormatInt(p.Line, 10)
	case p.Line > 0:
		return "line " + strconv.FormatInt(p.Line, 10)
	case p.File != "" && p.Record > 0:
		return p.File + " record " + strconv.FormatInt(p.Record, 10)
	case p.Record > 0:
		return "record " + strconv.FormatInt(p.Record, 10)
	}
	return p.File
}

// A Tally says how often something was seen, where first, and what it looked like there.
type Tally struct {
	Count   int64  `json:"count"`
	First   Place  `json:"first"`
	Example string `json:"example,omitempty"` // JSON text, at most 60 bytes of it
}

// maxExample bounds Tally.Example.
const maxExample = 60

func (t *Tally) add(at Place, example []byte) {
	if t.Count == 0 {
		t.First, t.Example = at, excerpt(example)
	}
	t.Count++
}

// merge adds what a later Tally counted.
func (t *Tally) merge(u Tally) {
	if t.Count == 0 {
		*t = u
		return
	}
	t.Count += u.Count
}

// excerpt is the beginning of a JSON text, in valid UTF-8.
func excerpt(b []byte) string {
	if len(b) <= maxExample {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	cut := maxExample
	for cut > maxExample-utf8.UTFMax && !utf8.RuneStart(b[cut]) {
		cut--
	}
	return strings.ToValidUTF8(string(b[:cut]), "\ufffd") + "…"
}

// appendPath extends a path by a member: "user", "user.name", "tags[].key", "`a.b`.c".
func appendPath(path, name string) string {
	n := string(appendName(nil, name))
	if n == name && strings.ContainsAny(name, ".[]{}") {
		n = "`" + name + "`"
	}
	if path == "" {
		return n
	}
	return path + "." + n
}

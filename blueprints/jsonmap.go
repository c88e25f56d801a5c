package blueprints

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hydrantkit/hydrant"
	"github.com/hydrantkit/hydrant/internal/jsonscan"
)

// JSONMap changes JSON documents, one or more a record, by a small configuration. Paths are keys joined by dots; a dot that is part of
// a key is written \. . An element of an array stands under the path of the array. Drop goes first, then hash, mask and cast, then
// rename, then flatten; a path that isn't there changes nothing.
type JSONMap struct {
	// Drop leaves members out.
	Drop []string `json:"drop"`

	// Rename gives members other keys.
	Rename map[string]string `json:"rename"`

	// Hash makes a value the SHA-256 of its text, in hexadecimal; with Key, its HMAC. Null stays null.
	Hash []string `json:"hash"`

	// Mask makes stars of the characters of a string or number but for the last ones, whose number is given. Null stays null.
	Mask map[string]int `json:"mask"`

	// Cast makes a value a "string", an "int", a "double", a "bool", or of a string that holds JSON that "json". Null stays null; a value that
	// can't be that fails its record.
	Cast map[string]string `json:"cast"`

	// Flatten takes objects out of objects: {"a":{"b":1}} becomes {"a_b":1} with "_". Empty is not to. Arrays stay.
	Flatten string `json:"flatten"`

	// Key is the key of hashes. It does not stand in the configuration.
	Key string `json:"-"`

	root *mapNode
	err  error
}

// FromEnv reads the options MAP, the configuration as a JSON object with the members drop, rename, hash, mask, cast and flatten, and
// HASH_KEY. A wrong one is kept, and the transform answers every invocation with it.
func (m JSONMap) FromEnv(getenv func(string) string) JSONMap {
	if text := getenv("MAP"); text != "" {
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&m); err != nil {
			m.err = fmt.Errorf("option MAP: %w", err)
		}
	}
	if key := getenv("HASH_KEY"); key != "" {
		m.Key = key
	}
	return m
}

// A mapNode is what is to be done at a path, and below it.
type mapNode struct {
	below  map[string]*mapNode
	drop   bool
	rename string
	hash   bool
	mask   int // -1 is not to
	cast   string
}

// at returns the node of a path.
func (n *mapNode) at(path string) *mapNode {
	for key := range splitPath(path) {
		if n.below == nil {
			n.below = map[string]*mapNode{}
		}
		if n.below[key] == nil {
			n.below[key] = &mapNode{mask: -1}
		}
		n = n.below[key]
	}
	return n
}

// splitPath gives the keys of a path.
func splitPath(path string) func(func(string) bool) {
	return func(yield func(string) bool) {
		var key []byte
		for i := 0; i < len(path); i++ {
			switch {
			case path[i] == '\\' && i+1 < len(path) && path[i+1] == '.':
				i++
				key = append(key, '.')
			case path[i] == '.':
				if !yield(string(key)) {
					return
				}
				key = key[:0]
			default:
				key = append(key, path[i])
			}
		}
		yield(string(key))
	}
}

// JSON returns the transform of documents, each with a newline behind it.
func (m JSONMap) JSON() hydrant.Transform {
	m.root = &mapNode{mask: -1}
	for _, path := range m.Drop {
		m.root.at(path).drop = true
	}
	for path, key := range m.Rename {
		m.root.at(path).rename = key
		if key == "" && m.err == nil {
			m.err = fmt.Errorf("option MAP: rename of %q to nothing", path)
		}
	}
	for _, path := range m.Hash {
		m.root.at(path).hash = true
	}
	for path, n := range m.Mask {
		m.root.at(path).mask = n
		if n < 0 && m.err == nil {
			m.err = fmt.Errorf("option MAP: mask of %q keeps %d characters", path, n)
		}
	}
	for path, kind := range m.Cast {
		m.root.at(path).cast = kind
		if !slices.Contains([]string{"string", "int", "double", "bool", "json"}, kind) && m.err == nil {
			m.err = fmt.Errorf("option MAP: cast of %q to %q, which is none of string, int, double, bool, json", path, kind)
		}
	}
	return transform(m.err, m.appendJSON)
}

func (m *JSONMap) appendJSON(_ context.Context, dst []byte, r hydrant.Record) ([]byte, hydrant.Status) {
	out := dst
	for rest := bytes.TrimSpace(r.Data); len(rest) > 0; {
		var doc []byte
		var ok bool
		if doc, rest, ok = cutDocument(rest); !ok {
			return dst, hydrant.ProcessingFailed
		}
		if out, ok = m.value(out, doc, m.root, len(out)); !ok {
			return dst, hydrant.ProcessingFailed
		}
		out = append(out, '\n')
	}
	if len(out) == len(dst) {
		return dst, hydrant.Dropped
	}
	return out, hydrant.OK
}

// none is the node of paths that nothing is said about.
var none = &mapNode{mask: -1}

// value appends a value, of a document that begins at base. It reports false if it can't be cast, if two members got the same key, or if the
// document became larger than any answer.
func (m *JSONMap) value(dst, v []byte, n *mapNode, base int) (_ []byte, ok bool) {
	if v[0] == '[' && !n.hash && n.cast == "" {
		dst = append(dst, '[')
		start := len(dst)
		ok = elements(v, func(e []byte) (ok bool) {
			if len(dst) > start {
				dst = append(dst, ',')
			}
			dst, ok = m.value(dst, e, n, base)
			return ok
		})
		return append(dst, ']'), ok
	}
	if v[0] == '{' && !n.hash && n.cast == "" {
		o := object{row: newRow(dst), base: base, unique: m.Flatten != "" || len(m.Rename) > 0}
		if !m.members(&o, "", v, n, base) {
			return dst, false
		}
		return append(o.dst, '}'), true
	}
	if v[0] == 'n' {
		return append(dst, v...), true
	}
	if n.hash {
		return m.hashed(dst, v), true
	}
	if n.mask >= 0 && (v[0] == '"' || v[0] == '-' || '0' <= v[0] && v[0] <= '9') {
		return masked(dst, v, n.mask), true
	}
	if n.cast != "" {
		return cast(dst, v, n.cast)
	}
	return append(dst, v...), true
}

// An object is one that is being written.
type object struct {
	row
	base   int  // where its document begins
	unique bool // whether keys may meet
	few    []string
	many   map[string]bool
	next   map[string]int // the number that the next key of a name gets
}

// full tells whether the document is larger than any answer: flat keys can be much longer than what they were made of.
func (o *object) full() bool { return len(o.dst)-o.base > hydrant.MaxAnswer }

// add appends a key. It reports false if the object has it.
func (o *object) add(key string) bool {
	if o.unique {
		if o.many[key] || o.many == nil && slices.Contains(o.few, key) {
			return false
		}
		if o.few = append(o.few, key); len(o.few) > 16 {
			if o.many == nil {
				o.many = map[string]bool{}
				for _, k := range o.few {
					o.many[k] = true
				}
			}
			o.many[key] = true
		}
	}
	o.name(key)
	return true
}

// members appends the members of v, their keys after a prefix.
func (m *JSONMap) members(o *object, prefix string, v []byte, n *mapNode, base int) bool {
	return members(v, func(raw, value []byte) (ok bool) {
		key := string(unquote(raw))
		c := n.below[key]
		if c == nil {
			c = none
		}
		if c.drop {
			return true
		}
		if c.rename != "" {
			key = c.rename
		}
		if m.Flatten != "" && value[0] == '{' && !c.hash && c.cast == "" && jsonscan.Space(value, 1) != len(value)-1 {
			return m.members(o, prefix+key+m.Flatten, value, c, base)
		}
		if o.full() || !o.add(prefix+key) {
			return false
		}
		o.dst, ok = m.value(o.dst, value, c, base)
		return ok
	})
}

// textOf is the text of a string, or of any other value as it stands without white space.
func textOf(v []byte) []byte {
	if t, ok := stringOf(v); ok {
		return t
	}
	return appendCompact(nil, v)
}

func (m *JSONMap) hashed(dst, v []byte) []byte {
	var sum []byte
	if m.Key != "" {
		h := hmac.New(sha256.New, []byte(m.Key))
		h.Write(textOf(v))
		sum = h.Sum(nil)
	} else {
		s := sha256.Sum256(textOf(v))
		sum = s[:]
	}
	return append(hex.AppendEncode(append(dst, '"'), sum), '"')
}

func masked(dst, v []byte, keep int) []byte {
	t := textOf(v)
	stars := max(0, utf8.RuneCount(t)-keep)
	out := bytes.Repeat([]byte{'*'}, stars)
	for range stars {
		_, n := utf8.DecodeRune(t)
		t = t[n:]
	}
	return hydrant.AppendJSONString(dst, append(out, t...))
}

// cast appends v as another kind of value. It reports false if it can't be one.
func cast(dst, v []byte, kind string) ([]byte, bool) {
	t := textOf(v)
	switch kind {
	case "string":
		return hydrant.AppendJSONString(dst, t), true
	case "json":
		if v[0] != '"' {
			return append(dst, v...), true
		}
		doc, ok := document(t)
		if !ok {
			return dst, false
		}
		return appendCompact(dst, doc), true
	case "bool":
		switch string(t) {
		case "true", "1":
			return append(dst, "true"...), true
		case "false", "0":
			return append(dst, "false"...), true
		}
		return dst, false
	}
	switch string(v) {
	case "true":
		t = []byte("1")
	case "false":
		t = []byte("0")
	}
	t = bytes.TrimSpace(t)
	if len(t) > 0 && t[0] == '+' {
		t = t[1:]
	}
	sign := 0
	if len(t) > 0 && t[0] == '-' {
		sign = 1
	}
	for len(t) > sign+1 && t[sign] == '0' && '0' <= t[sign+1] && t[sign+1] <= '9' { // JSON has no leading zeros
		t = append(t[:sign:sign], t[sign+1:]...)
	}
	if jsonscan.Number(t, 0) != len(t) {
		return dst, false
	}
	if kind == "int" {
		whole, fraction, _ := bytes.Cut(t, []byte{'.'})
		if bytes.ContainsAny(t, "eE") || len(bytes.Trim(fraction, "0")) > 0 {
			return dst, false
		}
		t = whole
	}
	return append(dst, t...), true
}

package record

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

// Interner keeps one Keys for each distinct set of values, so that a partition is a pointer. The stations
// that find keys share one; it is for one goroutine.
type Interner struct {
	table map[uint64]*interned // by hash
	hash  func([]byte) uint64  // of what encode writes
	n     int
	buf   []byte
}

// An interned is a Keys and what it is known by. A stream may have thousands, in no cache: what tells them apart and Keys.Buffer are
// one line of memory.
type interned struct {
	n     uint8 // length of the text, if it lies in short
	short [47]byte
	Keys
	long []byte
	next *interned // of the same hash
}

// is reports whether e is known by text.
func (e *interned) is(text []byte) bool {
	if len(text) <= len(e.short) {
		return int(e.n) == len(text) && string(e.short[:e.n]) == string(text)
	}
	return bytes.Equal(e.long, text)
}

// Intern returns the one Keys that is equal to k, a copy of it the first time.
func (t *Interner) Intern(k Keys) *Keys {
	if t.table == nil {
		t.table = map[uint64]*interned{}
		if t.hash == nil {
			seed := maphash.MakeSeed()
			t.hash = func(b []byte) uint64 { return maphash.Bytes(seed, b) }
		}
	}
	t.encode(&k)
	hash := t.hash(t.buf)
	first := t.table[hash]
	for e := first; e != nil; e = e.next {
		if e.is(t.buf) {
			return &e.Keys
		}
	}
	e := &interned{next: first, Keys: Keys{
		Lambda:   append([]string(nil), k.Lambda...),
		Query:    append([]string(nil), k.Query...),
		Database: k.Database, Table: k.Table, Operation: k.Operation,
	}}
	if len(t.buf) <= len(e.short) {
		e.n = uint8(copy(e.short[:], t.buf))
	} else {
		e.long = bytes.Clone(t.buf)
	}
	t.table[hash] = e
	t.n++
	return &e.Keys
}

// SetRoute sets the part of Iceberg's routing that has a name, as functions and queries call it (destinations.md §6).
// Other names are ignored.
func (k *Keys) SetRoute(name, value string) {
	switch name {
	case "destinationDatabaseName":
		k.Database = value
	case "destinationTableName":
		k.Table = value
	case "operation":
		k.Operation = value
	}
}

// Forget drops k, which Intern returned. An equal one is another partition from then on.
func (t *Interner) Forget(k *Keys) {
	if t.table == nil {
		return
	}
	t.encode(k)
	hash := t.hash(t.buf)
	first := t.table[hash]
	for at := &first; *at != nil; at = &(*at).next {
		if (*at).is(t.buf) {
			*at = (*at).next
			t.n--
			break
		}
	}
	if first == nil {
		delete(t.table, hash)
	} else {
		t.table[hash] = first
	}
}

// Len is the number of distinct sets kept.
func (t *Interner) Len() int { return t.n }

// encode writes k so that no other set of values is written the same: each string with its length, and how many there are.
func (t *Interner) encode(k *Keys) {
	b := binary.AppendUvarint(t.buf[:0], uint64(len(k.Lambda)))
	for _, list := range [...][]string{k.Lambda, k.Query} {
		for _, s := range list {
			b = binary.AppendUvarint(b, uint64(len(s)))
			b = append(b, s...)
		}
	}
	for _, s := range [...]string{k.Database, k.Table, k.Operation} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	t.buf = b
}

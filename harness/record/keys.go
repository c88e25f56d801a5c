package record

import "encoding/binary"

// Interner keeps one Keys for each distinct set of values, so that a partition is a pointer. The stations
// that find keys share one; it is for one goroutine.
type Interner struct {
	table map[string]*Keys
	buf   []byte
}

// Intern returns the one Keys that is equal to k, a copy of it the first time.
func (t *Interner) Intern(k Keys) *Keys {
	t.encode(&k)
	if p, ok := t.table[string(t.buf)]; ok {
		return p
	}
	if t.table == nil {
		t.table = map[string]*Keys{}
	}
	p := &Keys{
		Lambda:   append([]string(nil), k.Lambda...),
		Query:    append([]string(nil), k.Query...),
		Database: k.Database, Table: k.Table, Operation: k.Operation,
	}
	t.table[string(t.buf)] = p
	return p
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
	t.encode(k)
	delete(t.table, string(t.buf))
}

// Len is the number of distinct sets kept.
func (t *Interner) Len() int { return len(t.table) }

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

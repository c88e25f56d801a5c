package record

// Interner keeps one Keys for each distinct set of values, so that a partition is a pointer. The stations
// that find keys share one; it is for one goroutine.
type Interner struct {
	table map[string]*Keys
	buf   []byte
}

// Intern returns the one Keys that is equal to k, a copy of it the first time.
func (t *Interner) Intern(k Keys) *Keys {
	b := t.buf[:0]
	put := func(s string) {
		b = append(b, byte(len(s)), byte(len(s)>>8), byte(len(s)>>16))
		b = append(b, s...)
	}
	for _, s := range k.Lambda {
		put(s)
	}
	b = append(b, 0xff, 0xff, 0xff)
	for _, s := range k.Query {
		put(s)
	}
	put(k.Database)
	put(k.Table)
	put(k.Operation)
	t.buf = b
	if p, ok := t.table[string(b)]; ok {
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
	t.table[string(b)] = p
	return p
}

// Len is the number of distinct sets seen.
func (t *Interner) Len() int { return len(t.table) }

package orc

import "github.com/hydrantkit/hydrant/schema"

// sampleSize is after how many values a dictionary is looked at for the first time.
const sampleSize = 2048

// checkDictionary gives up a dictionary early: after a first sample, when nearly all values were
// distinct, and at the end of the first row group by the rule that finish has too.
func (e *encoder) checkDictionary(w *Writer, groupEnd bool) {
	if e.inDict && w.threshold < 1 && !w.version1 {
		n, distinct := float64(e.numbers.n), float64(e.dict.len())
		if groupEnd && len(e.groups) == 1 && distinct > n*w.threshold ||
			n >= sampleSize && distinct > n*(1+w.threshold)/2 {
			e.dropDictionary()
		}
	}
	for i := range e.children {
		e.children[i].checkDictionary(w, groupEnd)
	}
}

// dropDictionary writes the values gathered so far as they would have been without a dictionary.
func (e *encoder) dropDictionary() {
	e.inDict = false
	lengths := e.c.ints[:0]
	for g := range e.groups {
		end := e.numbers.n
		if g+1 < len(e.groups) {
			end = e.groups[g+1].numbers
		}
		e.flush()
		e.groups[g].data, e.groups[g].ints = e.data.offset(), e.ints.offset()
		lengths = lengths[:0]
		for numbers := range e.numbers.values(e.groups[g].numbers, end) {
			for _, number := range numbers {
				b := e.dict.value(number)
				e.data.append(&e.c.codec, b)
				lengths = append(lengths, int64(len(b)))
			}
		}
		e.c.appendInts(&e.ints, lengths)
	}
	e.c.ints = lengths
	e.numbers.n = 0
}

// writeDictionary writes numbers and dictionary.
func (e *encoder) writeDictionary() {
	order, rank := e.dict.sort()
	ints := e.c.ints[:0]
	for g := range e.groups {
		end := e.numbers.n
		if g+1 < len(e.groups) {
			end = e.groups[g+1].numbers
		}
		e.c.flushInts(&e.ints)
		e.groups[g].ints = e.ints.offset()
		ints = ints[:0]
		for numbers := range e.numbers.values(e.groups[g].numbers, end) {
			for _, number := range numbers {
				ints = append(ints, int64(rank[number]))
			}
		}
		e.c.appendInts(&e.ints, ints)
	}
	ints = ints[:0]
	for _, number := range order {
		b := e.dict.value(number)
		ints = append(ints, int64(len(b)))
		e.data.append(&e.c.codec, b)
	}
	e.c.appendInts(&e.second, ints)
	e.c.ints = ints
	e.dictionarySize = e.dict.len()
}

// finish puts all that is pending into streams, for the end of the stripe.
func (e *encoder) finish(w *Writer) {
	e.encoding, e.dictionarySize = encodingDirect, 0
	if e.inDict && !w.version1 && float64(e.dict.len()) > float64(e.numbers.n)*w.threshold {
		e.dropDictionary()
	}
	if e.inDict {
		e.writeDictionary()
		e.encoding = encodingDictionary
	}
	if !w.version1 && versioned(e.typ.Kind) {
		e.encoding += 2
	}
	e.flush()
	if e.nulls > 0 {
		e.finishBits(&e.present, &e.bits, func(g *group) (int, *int) { return g.present, &g.presentAt })
	}
	if e.typ.Kind == schema.Boolean {
		e.finishBits(&e.bools, &e.data, func(g *group) (int, *int) { return g.bools, &g.dataAt })
	}
	for _, s := range []*stream{&e.bits, &e.data, &e.ints.stream, &e.second.stream} {
		s.cut(&e.c.codec, true)
	}
	for i := range e.children {
		e.children[i].finish(w)
	}
}

// versioned reports whether the encodings of a kind differ between file versions.
func versioned(k schema.Kind) bool {
	switch k {
	case schema.Boolean, schema.TinyInt, schema.Float, schema.Double, schema.Struct:
		return false
	}
	return true
}

// finishBits writes b to s as byte runs. A run ends where a byte holds the first bit of a row
// group: so its position is the byte's, 0 bytes into the run, and the bit.
func (e *encoder) finishBits(b *bitmap, s *stream, mark func(*group) (bit int, at *int)) {
	done := 0 // a multiple of 8
	var scratch []byte
	write := func(to int) {
		for done < to {
			n := min(to-done, 1<<18)
			scratch = b.appendBytes(scratch[:0], done, done+n)
			s.raw = appendByteRuns(s.raw, scratch)
			s.cut(&e.c.codec, false)
			done += n
		}
	}
	for g := range e.groups {
		bit, at := mark(&e.groups[g])
		write(bit &^ 7)
		*at = s.offset()
	}
	write(b.n)
}

// appendStreams appends the data streams of e and its children, in file order.
func (e *encoder) appendStreams(dst []streamRef) []streamRef {
	dst = e.ownStreams(dst)
	for i := range e.children {
		dst = e.children[i].appendStreams(dst)
	}
	return dst
}

// ownStreams appends e's data streams without its children's.
func (e *encoder) ownStreams(dst []streamRef) []streamRef {
	add := func(kind int, s *stream) { dst = append(dst, streamRef{kind, e.id, s.blocks.size, s.blocks.list}) }
	if e.nulls > 0 {
		add(streamPresent, &e.bits)
	}
	switch e.typ.Kind {
	case schema.Boolean, schema.TinyInt, schema.Float, schema.Double:
		add(streamData, &e.data)
	case schema.SmallInt, schema.Int, schema.BigInt, schema.Date:
		add(streamData, &e.ints.stream)
	case schema.Timestamp:
		add(streamData, &e.ints.stream)
		add(streamSecondary, &e.second.stream)
	case schema.Decimal:
		add(streamData, &e.data)
		add(streamSecondary, &e.second.stream)
	case schema.String, schema.Char, schema.VarChar, schema.Binary:
		if e.inDict {
			add(streamData, &e.ints.stream)
			add(streamLength, &e.second.stream)
			add(streamDictionaryData, &e.data)
		} else {
			add(streamData, &e.data)
			add(streamLength, &e.ints.stream)
		}
	case schema.Array, schema.Map:
		add(streamLength, &e.ints.stream)
	}
	return dst
}

// appendPositions appends where row group g starts in the streams that have positions.
func (e *encoder) appendPositions(dst []uint64, g *group) []uint64 {
	if e.nulls > 0 {
		dst = append(e.bits.appendPosition(dst, g.presentAt), 0, uint64(g.present&7))
	}
	ints := func(s *intStream, at int) { dst = append(s.appendPosition(dst, at), 0) }
	switch e.typ.Kind {
	case schema.Boolean:
		dst = append(e.data.appendPosition(dst, g.dataAt), 0, uint64(g.bools&7))
	case schema.TinyInt:
		dst = append(e.data.appendPosition(dst, g.data), 0)
	case schema.Float, schema.Double:
		dst = e.data.appendPosition(dst, g.data)
	case schema.SmallInt, schema.Int, schema.BigInt, schema.Date, schema.Array, schema.Map:
		ints(&e.ints, g.ints)
	case schema.Timestamp:
		ints(&e.ints, g.ints)
		ints(&e.second, g.second)
	case schema.Decimal:
		dst = e.data.appendPosition(dst, g.data)
		ints(&e.second, g.second)
	case schema.String, schema.Char, schema.VarChar, schema.Binary:
		if !e.inDict {
			dst = e.data.appendPosition(dst, g.data)
		}
		ints(&e.ints, g.ints)
	}
	return dst
}

// appendIndexes appends e's index streams, in file order, then its children's.
func (e *encoder) appendIndexes(dst []streamRef, c *codec) []streamRef {
	var rows, bloom []byte
	var positions []uint64
	for i := range e.groups {
		g := &e.groups[i]
		rows = appendIndexEntry(rows, e.appendPositions(positions[:0], g), &g.stats, e.typ)
		if e.bloom {
			var at int
			bloom, at = openMessage(bloom, 1)
			bloom = closeMessage(g.filter.append(bloom), at)
		}
	}
	dst = append(dst, messageRef(streamRowIndex, e.id, c.appendMessage(nil, rows)))
	if e.bloom {
		dst = append(dst, messageRef(streamBloomFilter, e.id, c.appendMessage(nil, bloom)))
	}
	for i := range e.children {
		dst = e.children[i].appendIndexes(dst, c)
	}
	return dst
}

// appendIndexEntry appends a RowIndexEntry to a RowIndex message.
func appendIndexEntry(dst []byte, positions []uint64, s *statistics, t *schema.Type) []byte {
	dst, entry := openMessage(dst, 1)
	dst = appendPacked64(dst, 1, positions)
	dst, at := openMessage(dst, 2)
	dst = closeMessage(s.append(dst, t), at)
	return closeMessage(dst, entry)
}

// appendStatistics appends the stripe's statistics of e, merged from its row groups, then its
// children's.
func (e *encoder) appendStatistics(dst []statistics) []statistics {
	var s statistics
	for i := range e.groups {
		s.merge(&e.groups[i].stats, e.typ)
	}
	for _, r := range e.ownStreams(nil) {
		s.onDisk += int64(r.size)
	}
	dst = append(dst, s)
	for i := range e.children {
		dst = e.children[i].appendStatistics(dst)
	}
	return dst
}

// memory estimates the bytes that the stripe will have of e.
func (e *encoder) memory() int {
	n := e.data.memory() + e.ints.memory() + e.second.memory() + len(e.present.words)*8 + len(e.bools.words)*8 +
		len(e.tiny) + 2*(len(e.ints.pending)+len(e.second.pending)) + e.dict.memory() + 2*e.numbers.n
	for i := range e.groups {
		n += 8 * len(e.groups[i].filter.words)
	}
	for i := range e.children {
		n += e.children[i].memory()
	}
	return n
}

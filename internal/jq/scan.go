package jq

// The scanner walks a record once, checks it, and notes where the values lie that a plan asks for. It takes less than the reader
// does: plain JSON only. What it returns -1 for (errors, lenient spellings, what it has no room for) the reader decides.

// maxScanDepth keeps the scanner well below the reader's limit.
const maxScanDepth = 100

// A want is a place in the record whose value is asked for: a tree of member names and element numbers below the root.
type want struct {
	slot     int // of this value itself, or -1
	first    int // slots[first:last] are this value's and those below
	last     int
	names    []wantName
	elements []wantElement
}

type wantName struct {
	name string
	want *want
}

type wantElement struct {
	index int
	want  *want
}

// A slot holds where a wanted value lies. The zero kind means that asking for it is an error; absent values are null.
type found struct {
	kind       kind
	escaped    bool // a string with escapes
	start, end int  // of a string's text or a number
}

const (
	low7  = 0x0101010101010101
	high1 = 0x8080808080808080
)

// skipString returns the position behind the string whose text begins at i, and whether it has escapes.
func skipString(b []byte, i int) (next int, escaped bool) {
	for {
		i = quoteOrControl(b, i)
		if i >= len(b) {
			return -1, false
		}
		switch b[i] {
		case '"':
			return i + 1, escaped
		case '\\':
			escaped = true
			if i = skipEscape(b, i+1); i < 0 {
				return -1, false
			}
		default:
			return -1, false
		}
	}
}

// skipEscape checks the escape whose letter is at i.
func skipEscape(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		if i+5 > len(b) {
			return -1
		}
		r := hex4(b[i+1:])
		if r < 0 {
			return -1
		}
		i += 5
		if 0xd800 <= r && r <= 0xdbff {
			if i+6 > len(b) || b[i] != '\\' || b[i+1] != 'u' {
				return -1
			}
			if l := hex4(b[i+2:]); l < 0xdc00 || l > 0xdfff {
				return -1
			}
			i += 6
		}
		return i
	}
	return -1
}

// skipNumber returns the position behind a number by JSON's grammar.
func skipNumber(b []byte, i int) int {
	if b[i] == '-' {
		i++
	}
	digits := i
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	if i == digits || b[digits] == '0' && i > digits+1 {
		return -1
	}
	if i < len(b) && b[i] == '.' {
		i++
		digits = i
		for i < len(b) && b[i]-'0' <= 9 {
			i++
		}
		if i == digits {
			return -1
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		digits = i
		for i < len(b) && b[i]-'0' <= 9 {
			i++
		}
		if i == digits {
			return -1
		}
	}
	return i
}

// blanks returns the position of the first byte from i on that is no white space.
func blanks(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

func word(b []byte, i int, w string) int {
	if i+len(w) <= len(b) && string(b[i:i+len(w)]) == w {
		return i + len(w)
	}
	return -1
}

// skip returns the position behind the value at i.
func skip(b []byte, i, depth int) int {
	if i >= len(b) {
		return -1
	}
	switch c := b[i]; c {
	case '"':
		i, _ = skipString(b, i+1)
		return i
	case '{':
		return skipObject(b, i+1, depth)
	case '[':
		return skipArray(b, i+1, depth)
	case 't':
		return word(b, i, "true")
	case 'f':
		return word(b, i, "false")
	case 'n':
		return word(b, i, "null")
	default:
		if c == '-' || isDigit(c) {
			return skipNumber(b, i)
		}
	}
	return -1
}

func skipObject(b []byte, i, depth int) int {
	if depth > maxScanDepth {
		return -1
	}
	if i = blanks(b, i); i < len(b) && b[i] == '}' {
		return i + 1
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return -1
		}
		if i, _ = skipString(b, i+1); i < 0 {
			return -1
		}
		if i = colon(b, i); i < 0 {
			return -1
		}
		if i = skip(b, i, depth+1); i < 0 {
			return -1
		}
		var more bool
		if i, more = comma(b, i, '}'); !more {
			return i
		}
	}
}

func skipArray(b []byte, i, depth int) int {
	if depth > maxScanDepth {
		return -1
	}
	if i = blanks(b, i); i < len(b) && b[i] == ']' {
		return i + 1
	}
	for {
		if i = skip(b, i, depth+1); i < 0 {
			return -1
		}
		var more bool
		if i, more = comma(b, i, ']'); !more {
			return i
		}
	}
}

// colon takes the colon behind a key, and returns where the value begins.
func colon(b []byte, i int) int {
	if i >= len(b) || b[i] != ':' {
		if i = blanks(b, i); i >= len(b) || b[i] != ':' {
			return -1
		}
	}
	i++
	if i < len(b) && b[i] > ' ' {
		return i
	}
	return blanks(b, i)
}

// comma takes what follows a member or an element: more, where the next one begins, or the end.
func comma(b []byte, i int, end byte) (next int, more bool) {
	if i < len(b) && b[i] <= ' ' {
		i = blanks(b, i)
	}
	if i >= len(b) {
		return -1, false
	}
	if b[i] == ',' {
		i++
		if i < len(b) && b[i] > ' ' {
			return i, true
		}
		return blanks(b, i), true
	}
	if b[i] == end {
		return i + 1, false
	}
	return -1, false
}

// scanRecord checks a record and fills slots. It reports whether the record is one document it understood.
func scanRecord(b []byte, w *want, slots []found) bool {
	for i := range slots {
		slots[i] = found{kind: kindNull}
	}
	i := scan(b, blanks(b, 0), 0, w, slots)
	return i >= 0 && blanks(b, i) == len(b)
}

// scan is skip for a value that is wanted, or has wanted ones in it.
func scan(b []byte, i, depth int, w *want, slots []found) int {
	if i >= len(b) {
		return -1
	}
	// The last of equal keys counts: what an earlier one left is forgotten.
	kind := kindNumber
	start := i
	var at found
	switch b[i] {
	case '"':
		kind = kindString
		start++
		i, at.escaped = skipString(b, start)
	case '{':
		kind = kindObject
		i = scanObject(b, i+1, depth, w, slots)
	case '[':
		kind = kindArray
		i = scanArray(b, i+1, depth, w, slots)
	case 't':
		kind = kindTrue
		i = word(b, i, "true")
	case 'f':
		kind = kindFalse
		i = word(b, i, "false")
	case 'n':
		kind = kindNull
		i = word(b, i, "null")
	default:
		if b[i] != '-' && !isDigit(b[i]) {
			return -1
		}
		i = skipNumber(b, i)
	}
	if i < 0 {
		return -1
	}
	if kind != kindObject && kind != kindArray {
		// Asking for a part of a scalar is an error, of null it is null.
		below := found{kind: kindNone}
		if kind == kindNull {
			below.kind = kindNull
		}
		for s := w.first; s < w.last; s++ {
			slots[s] = below
		}
	}
	if w.slot >= 0 {
		at.kind, at.start, at.end = kind, start, i
		if kind == kindString {
			at.end--
		}
		slots[w.slot] = at
	}
	return i
}

func reset(w *want, slots []found, object bool) {
	for s := w.first; s < w.last; s++ {
		slots[s] = found{kind: kindNull}
	}
	// Members of an array and elements of an object don't exist: asking for them is an error.
	if object {
		for _, e := range w.elements {
			bad(e.want, slots)
		}
		return
	}
	for _, n := range w.names {
		bad(n.want, slots)
	}
}

func bad(w *want, slots []found) {
	for s := w.first; s < w.last; s++ {
		slots[s] = found{}
	}
}

func scanObject(b []byte, i, depth int, w *want, slots []found) int {
	if depth > maxScanDepth {
		return -1
	}
	reset(w, slots, true)
	if i = blanks(b, i); i < len(b) && b[i] == '}' {
		return i + 1
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return -1
		}
		start := i + 1
		end, escaped := skipString(b, start)
		if end < 0 || escaped {
			return -1 // a name with escapes may be any name
		}
		if i = colon(b, end); i < 0 {
			return -1
		}
		var sub *want
		for k := range w.names {
			if n := &w.names[k]; len(n.name) == end-1-start && string(b[start:end-1]) == n.name {
				sub = n.want
				break
			}
		}
		if sub == nil {
			i = skip(b, i, depth+1)
		} else {
			i = scan(b, i, depth+1, sub, slots)
		}
		if i < 0 {
			return -1
		}
		var more bool
		if i, more = comma(b, i, '}'); !more {
			return i
		}
	}
}

func scanArray(b []byte, i, depth int, w *want, slots []found) int {
	if depth > maxScanDepth {
		return -1
	}
	reset(w, slots, false)
	if i = blanks(b, i); i < len(b) && b[i] == ']' {
		return i + 1
	}
	for at := 0; ; at++ {
		var sub *want
		for k := range w.elements {
			if w.elements[k].index == at {
				sub = w.elements[k].want
				break
			}
		}
		if sub == nil {
			i = skip(b, i, depth+1)
		} else {
			i = scan(b, i, depth+1, sub, slots)
		}
		if i < 0 {
			return -1
		}
		var more bool
		if i, more = comma(b, i, ']'); !more {
			return i
		}
	}
}

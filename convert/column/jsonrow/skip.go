package jsonrow

import "github.com/hydrantkit/hydrant/internal/jsonscan"

// Distinct reports whether no object in the well-formed value at b[i] has a key twice.
func (r *Reader) Distinct(b []byte, i int) bool {
	r.depth = jsonscan.MaxDepth
	ok := r.Skip(b, i) >= 0
	r.unique.reset()
	return ok
}

// Skip returns the index behind the value at b[i], in which no object has a key twice.
func (r *Reader) Skip(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	object := b[i] == '{'
	if !object && b[i] != '[' {
		return jsonscan.Shallow(b, i, 0)
	}
	if r.depth--; r.depth < 0 {
		return -1
	}
	var outer frame
	end := byte(']')
	if object {
		outer, end = r.unique.open(), '}'
	}
	i = jsonscan.Space(b, i+1)
	if i < len(b) && b[i] == end {
		i++
	} else {
		for {
			if object {
				start := i + 1
				if i = jsonscan.String(b, i); i < 0 {
					return -1
				}
				if _, ok := r.unique.add(r, b, start, i-1); !ok {
					return -1
				}
				if i = jsonscan.Space(b, i); i >= len(b) || b[i] != ':' {
					return -1
				}
				i = jsonscan.Space(b, i+1)
			}
			if i = r.Skip(b, i); i < 0 {
				return -1
			}
			if i = jsonscan.Space(b, i); i >= len(b) {
				return -1
			}
			c := b[i]
			i++
			if c == end {
				break
			}
			if c != ',' {
				return -1
			}
			i = jsonscan.Space(b, i)
		}
	}
	if object {
		r.unique.close(outer)
	}
	r.depth++
	return i
}

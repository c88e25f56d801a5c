package input

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

// A Chunk is records that follow each other in an input, in one piece of memory.
type Chunk struct {
	Name string // of the input
	data []byte
	ends []int // of lines, behind the LF; else of the data

	line, offset int64    // of the first record, where records are lines
	places       []Record // of each record without its data, where they aren't
}

// Len is the number of records.
func (c *Chunk) Len() int { return len(c.ends) }

// Record returns the data of record i.
func (c *Chunk) Record(i int) []byte {
	start := 0
	if i > 0 {
		start = c.ends[i-1]
	}
	b := c.data[start:c.ends[i]]
	if c.places == nil {
		if n := len(b); n > 0 && b[n-1] == '\n' {
			b = trimCR(b[:n-1])
		}
	}
	return b
}

// Place is where record i begins: its line, and its offset in the decompressed input.
func (c *Chunk) Place(i int) (line, offset int64) {
	switch {
	case c.places != nil:
		return c.places[i].Line, c.places[i].Offset
	case i == 0:
		return c.line, c.offset
	}
	return c.line + int64(i), c.offset + int64(c.ends[i-1])
}

// Chunk makes c the next records, at least one and about size bytes of them, or returns io.EOF. Which records that are doesn't depend on
// how the input comes. It uses c's memory. An error comes without records; those before it have been returned. Chunk and Next
// can't be mixed.
func (r *Reader) Chunk(c *Chunk, size int) error {
	*c = Chunk{Name: r.name, data: c.data[:0], ends: c.ends[:0], places: c.places[:0]}
	if r.broke != nil {
		return r.broke
	}
	if r.format == Lines {
		c.places = nil
		return r.lines(c, size)
	}
	if c.places == nil {
		c.places = []Record{}
	}
	for len(c.data) < size && len(c.ends) < size {
		rec, err := r.Next()
		if err != nil {
			if len(c.ends) > 0 && err != io.EOF {
				r.broke = err
				break
			}
			if len(c.ends) > 0 {
				break // Next says io.EOF again
			}
			return err
		}
		c.data = append(c.data, rec.Data...)
		c.ends = append(c.ends, len(c.data))
		c.places = append(c.places, Record{Line: rec.Line, Offset: rec.Offset})
	}
	return nil
}

// lines reads whole lines. What is behind the last one stays in r.rest.
func (r *Reader) lines(c *Chunk, size int) error {
	c.line, c.offset = r.line, r.offset
	c.data = append(c.data, r.rest...)
	last := 0 // behind the last LF
	for r.broke == nil && last == 0 {
		n := len(c.data)
		if n > MaxRecord {
			return r.errorf(r.line, "a line of more than %d bytes", MaxRecord)
		}
		for size <= n {
			size *= 2
		}
		c.data = slices.Grow(c.data, size-n)
		m, err := fill(r.in, c.data[n:size])
		if c.data = c.data[:n+m]; err != nil && err != io.EOF {
			err = fmt.Errorf("%s: %w", r.name, err)
		}
		r.broke = err
		last = n + bytes.LastIndexByte(c.data[n:], '\n') + 1
		if last == n {
			last = 0 // r.rest has none
		}
	}
	if r.broke == io.EOF {
		last = len(c.data) // the last line may lack its LF
	}
	r.rest = append(r.rest[:0], c.data[last:]...)
	c.data = c.data[:last]
	for at := 0; at < last; {
		n := bytes.IndexByte(c.data[at:], '\n') + 1
		if n == 0 {
			n = last - at
		}
		if n > MaxRecord {
			return r.errorf(r.line+int64(len(c.ends)), "a line of more than %d bytes", MaxRecord)
		}
		at += n
		c.ends = append(c.ends, at)
	}
	r.line += int64(len(c.ends))
	r.offset += int64(last)
	if last == 0 {
		return r.broke
	}
	return nil
}

// fill reads until b is full or there is an error, which is the reader's own: io.ErrUnexpectedEOF says that a compressed
// stream is cut off.
func fill(r io.Reader, b []byte) (n int, err error) {
	for idle := 0; n < len(b) && err == nil; {
		var m int
		m, err = r.Read(b[n:])
		if n += m; m > 0 {
			idle = 0
		} else if idle++; idle == 100 && err == nil {
			err = io.ErrNoProgress
		}
	}
	return n, err
}

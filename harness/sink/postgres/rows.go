package postgres

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A column of the table, in the order of the command.
type column struct {
	name   string
	text   bool // CHAR, VARCHAR, TEXT
	time   bool
	length int // of a text, 0 is any
}

// A field of a row.
type field struct {
	text []byte
	null bool
}

// A row as it is in an object. One with an error can't be loaded, and neither can the object where rest is set: where the next row
// begins can't be told.
type row struct {
	fields []field
	err    error
	rest   bool
}

// rows calls yield with every row of an object, until it returns false. headers is the number of rows that IGNOREHEADER leaves out.
func (o *options) rows(body []byte, columns []column, yield func(row) bool) (headers int) {
	if o.json {
		o.objects(body, columns, yield)
		return 0
	}
	for n := 0; len(body) > 0; n++ {
		var r row
		var rest []byte
		blank := len(bytes.TrimRight(line(body), "\r")) == 0
		if o.csv {
			r.fields, rest, r.err = o.csvRow(body)
			r.rest = r.err != nil
		} else {
			r.fields, rest = o.delimitedRow(body)
		}
		body = rest
		switch {
		case n < o.ignoreHeader && !r.rest:
			headers++
			continue
		case blank && o.ignoreBlank:
			continue
		}
		switch have, want := len(r.fields), len(columns); {
		case r.err != nil:
		case have < want && o.fillRecord:
			for len(r.fields) < want {
				r.fields = append(r.fields, field{null: true})
			}
		case have < want:
			r.err = fmt.Errorf("delimiter not found: %d columns where %d are wanted", have, want)
		case have > want:
			r.err = fmt.Errorf("extra column(s) found: %d columns where %d are wanted", have, want)
		}
		if !yield(r) {
			break
		}
	}
	return headers
}

func line(b []byte) []byte {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[:i]
	}
	return b
}

// delimitedRow reads one row. What is empty or the null text is looked at later.
func (o *options) delimitedRow(b []byte) (fields []field, rest []byte) {
	var text []byte
	quote := byte(0)
	end := func() {
		fields = append(fields, field{text: text, null: string(text) == o.null})
		text = nil
	}
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case o.escape && c == '\\' && i+1 < len(b):
			if i++; b[i] == 'N' && o.null == `\N` {
				text = append(text, '\\')
			}
			text = append(text, b[i])
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && o.removeQuotes && len(text) == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && c == o.delimiter:
			end()
		case c == '\n':
			text = bytes.TrimSuffix(text, []byte{'\r'})
			end()
			return fields, b[i+1:]
		default:
			text = append(text, c)
		}
	}
	end()
	return fields, nil
}

// csvRow reads one row.
func (o *options) csvRow(b []byte) (fields []field, rest []byte, err error) {
	for i := 0; ; {
		var text []byte
		quoted := false
		for i < len(b) && b[i] != o.delimiter && b[i] != '\n' {
			if b[i] != o.quote || len(text) > 0 || quoted {
				if b[i] != '\r' || i+1 < len(b) && b[i+1] != '\n' {
					text = append(text, b[i])
				}
				i++
				continue
			}
			quoted = true
			for i++; ; i++ {
				if i >= len(b) {
					return nil, nil, errors.New("a quoted field that doesn't end")
				}
				if b[i] == o.quote {
					if i+1 >= len(b) || b[i+1] != o.quote {
						i++
						break
					}
					i++
				}
				text = append(text, b[i])
			}
		}
		fields = append(fields, field{text: text, null: !quoted && string(text) == o.null})
		if i >= len(b) {
			return fields, nil, nil
		}
		if b[i] == '\n' {
			return fields, b[i+1:], nil
		}
		i++
	}
}

// objects reads JSON objects, by the names of columns. Values that are objects or arrays are loaded as their text.
func (o *options) objects(body []byte, columns []column, yield func(row) bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	for {
		var members map[string]json.RawMessage
		err := d.Decode(&members)
		if err == io.EOF {
			return
		}
		var kind *json.UnmarshalTypeError
		if err != nil && !errors.As(err, &kind) {
			yield(row{err: fmt.Errorf("invalid JSON: %w", err), rest: true})
			return
		}
		r := row{err: err}
		if err == nil && members == nil {
			r.err = errors.New("invalid JSON: null is no object")
		}
		if o.ignoreCase {
			lower := make(map[string]json.RawMessage, len(members))
			for name, v := range members {
				lower[strings.ToLower(name)] = v
			}
			members = lower
		}
		for _, c := range columns {
			name := c.name
			if o.ignoreCase {
				name = strings.ToLower(name)
			}
			v := members[name]
			f := field{text: v, null: v == nil || string(v) == "null"}
			if len(v) > 0 && v[0] == '"' {
				var s string
				if err := json.Unmarshal(v, &s); err != nil {
					r.err = err
				}
				f = field{text: []byte(s), null: s == o.null}
			}
			r.fields = append(r.fields, f)
		}
		if !yield(r) {
			return
		}
	}
}

// value is what is loaded for a field; ok is false for NULL.
func (o *options) value(f field, c *column) (text []byte, ok bool, err error) {
	if f.null {
		return nil, false, nil
	}
	text = f.text
	if o.trimBlanks && c.text {
		text = bytes.TrimRight(text, " ")
	}
	blank := len(bytes.TrimSpace(text)) == 0
	switch {
	case len(text) == 0 && (!c.text || o.emptyAsNull), blank && len(text) > 0 && c.text && o.blanksAsNull:
		return nil, false, nil
	case blank && !c.text:
		return nil, false, nil
	}
	if !utf8.Valid(text) {
		if o.invalid == 0 {
			return nil, false, fmt.Errorf("column %s: a value that is not UTF-8", c.name)
		}
		text = bytes.ToValidUTF8(text, []byte{o.invalid})
	}
	if c.text && c.length > 0 && len(text) > c.length && o.truncate {
		n := c.length
		for n > 0 && !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n]
	}
	if c.time && o.timeFormat != "auto" {
		n, err := strconv.ParseFloat(string(text), 64)
		if err != nil || !(n > -1e15 && n < 1e15) {
			return nil, false, fmt.Errorf("column %s: %q is no %s", c.name, text, o.timeFormat)
		}
		at := time.UnixMilli(int64(n))
		if o.timeFormat == "epochsecs" {
			at = time.UnixMicro(int64(n * 1e6))
		}
		text = at.UTC().AppendFormat(nil, "2006-01-02 15:04:05.999999")
	}
	return text, true, nil
}

// appendRow appends a row as PostgreSQL's COPY reads it.
func (o *options) appendRow(dst []byte, r row, columns []column) ([]byte, error) {
	if r.err != nil {
		return dst, r.err
	}
	n := len(dst)
	for i, f := range r.fields {
		if i > 0 {
			dst = append(dst, '\t')
		}
		text, ok, err := o.value(f, &columns[i])
		if err != nil {
			return dst[:n], err
		}
		if !ok {
			dst = append(dst, `\N`...)
			continue
		}
		for _, c := range text {
			switch c {
			case '\\':
				dst = append(dst, `\\`...)
			case '\n':
				dst = append(dst, `\n`...)
			case '\r':
				dst = append(dst, `\r`...)
			case '\t':
				dst = append(dst, `\t`...)
			default:
				dst = append(dst, c)
			}
		}
	}
	return append(dst, '\n'), nil
}

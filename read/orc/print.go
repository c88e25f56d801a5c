package orc

import (
	"encoding/base64"
	"errors"
	"math/bits"
	"strconv"
	"time"

	"github.com/hydrantkit/hydrant/internal/rowjson"
)

// A printer prints the values of a batch, each once and in order, as canonical JSON.
type printer struct {
	s   *stripeReader
	out []byte
	err error
}

// value prints the next value of c.
func (p *printer) value(c *column) {
	if c.hasPresent {
		c.row++
		if !c.valid[c.row-1] {
			p.out = append(p.out, "null"...)
			return
		}
	}
	i := c.at
	c.at++
	switch c.t.Kind {
	case Struct:
		sep := byte('{')
		for _, child := range c.children {
			if child == nil {
				continue
			}
			p.out = append(p.out, sep)
			sep = ','
			p.out = append(p.out, child.label...)
			p.value(child)
		}
		if sep == '{' {
			p.out = append(p.out, sep)
		}
		p.out = append(p.out, '}')
	case List:
		p.out = append(p.out, '[')
		for k := range c.numbers[i] {
			if k > 0 {
				p.out = append(p.out, ',')
			}
			p.value(c.children[0])
		}
		p.out = append(p.out, ']')
	case Map:
		p.out = append(p.out, '{')
		for k := range c.numbers[i] {
			if k > 0 {
				p.out = append(p.out, ',')
			}
			p.key(c.children[0])
			p.out = append(p.out, ':')
			p.value(c.children[1])
		}
		p.out = append(p.out, '}')
	case Union:
		p.value(c.children[c.tags[i]])
	default:
		p.scalar(c, i)
	}
}

// key prints the next value of c as the name of a member: its text in quotes.
func (p *printer) key(c *column) {
	at := len(p.out)
	p.value(c)
	text := p.out[at:]
	if len(text) == 0 || text[0] == '"' { // empty after an error
		return
	}
	p.out = append(p.out, 0, 0)
	text = p.out[at:]
	copy(text[1:], text)
	text[0], text[len(text)-1] = '"', '"'
	if inner := text[1 : len(text)-1]; inner[0] == '{' || inner[0] == '[' { // no scalar
		s := string(inner)
		p.out = p.out[:at]
		p.out = rowjson.AppendText(p.out, s)
	}
}

func (p *printer) scalar(c *column, i int) {
	switch c.t.Kind {
	case Boolean:
		p.out = strconv.AppendBool(p.out, c.trues[i])
	case Byte:
		p.out = strconv.AppendInt(p.out, int64(int8(c.tags[i])), 10)
	case Short, Int, Long:
		p.out = strconv.AppendInt(p.out, c.numbers[i], 10)
	case Float:
		p.out = rowjson.AppendFloat(p.out, c.floats[i], 32)
	case Double:
		p.out = rowjson.AppendFloat(p.out, c.floats[i], 64)
	case Decimal:
		p.decimal(c.wide[i], uint64(c.numbers[i]), c.extra[i])
	case String, Varchar, Char, Binary:
		b := c.textAt(i)
		switch c.t.Kind {
		case Binary:
			p.out = append(p.out, '"')
			p.out = base64.StdEncoding.AppendEncode(p.out, b)
			p.out = append(p.out, '"')
			return
		case Char:
			for len(b) > 0 && b[len(b)-1] == ' ' {
				b = b[:len(b)-1]
			}
		}
		p.out = rowjson.AppendText(p.out, b)
	case Date:
		p.date(c.numbers[i])
	case Timestamp, TimestampInstant:
		p.timestamp(c.numbers[i], uint64(c.extra[i]), c.t.Kind == TimestampInstant)
	}
}

func (c *column) textAt(i int) []byte {
	b := c.text
	if c.isDictionary() {
		b, i = c.dictionary, int(c.numbers[i])
	}
	start := 0
	if i > 0 {
		start = c.ends[i-1]
	}
	return b[start:c.ends[i]]
}

// decimal prints a 128-bit integer of that scale, without zeros at the end of its fraction.
func (p *printer) decimal(high, low uint64, scale int64) {
	if scale < 0 || scale > 100 {
		p.fail(errors.New("a decimal's scale is not 0 to 100"))
		return
	}
	negative := int64(high) < 0
	if negative {
		var borrow uint64
		low, borrow = bits.Sub64(0, low, 0)
		high, _ = bits.Sub64(0, high, borrow)
	}
	var digits [40]byte
	at := len(digits)
	for high != 0 || low != 0 || at == len(digits) {
		var digit uint64
		high, digit = high/10, high%10
		low, digit = bits.Div64(digit, low, 10)
		at--
		digits[at] = byte('0' + digit)
	}
	p.out = rowjson.AppendDecimal(p.out, negative, digits[at:], int(scale))
}

func (p *printer) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// gregorian is the day on which the Gregorian calendar began, 1582-10-15.
const gregorian = -141427

// civil returns the date of a day in the calendar that the file declares: the proleptic Gregorian
// one, or the hybrid one, which counts as the Julian did before 1582-10-15.
func (p *printer) civil(day int64) rowjson.Date {
	const proleptic, limit = 2, 1 << 40 // arithmetic doesn't overflow
	switch {
	case day < -limit || day > limit:
		p.fail(errors.New("a date is out of any calendar"))
		return rowjson.Date{}
	case day < gregorian && p.s.f.calendar != proleptic:
		return rowjson.Julian(day)
	}
	return rowjson.Gregorian(day)
}

func (p *printer) date(day int64) { p.out = rowjson.AppendDate(p.out, p.civil(day)) }

// timestamp prints seconds from 2015 and packed nanoseconds: the wall clock of the writer's zone,
// or the instant in UTC.
func (p *printer) timestamp(sec int64, packed uint64, instant bool) {
	nanos := packed >> 3
	if zeros := packed & 7; zeros != 0 && nanos < 1e9 {
		for range zeros + 1 {
			nanos *= 10
		}
	}
	const limit = 1 << 45
	if nanos >= 1e9 || sec < -limit || sec > limit {
		p.fail(errors.New("a timestamp is out of any calendar"))
		return
	}
	base := int64(1420070400)
	if !instant {
		base = p.s.base
	}
	// Writers round seconds before 1970 towards zero when there are milliseconds.
	if sec += base; sec < 0 && nanos > 999_999 {
		sec--
	}
	if !instant && p.s.zone != time.UTC {
		_, offset := time.Unix(sec, 0).In(p.s.zone).Zone()
		sec += int64(offset)
	}
	p.instant(sec, int64(nanos))
}

// instant prints seconds since 1970 and nanoseconds.
func (p *printer) instant(sec, nanos int64) {
	day := rowjson.FloorDiv(sec, 86400)
	p.out = rowjson.AppendTime(p.out, p.civil(day), sec-day*86400, nanos)
}

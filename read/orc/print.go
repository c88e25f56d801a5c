package orc

import (
	"encoding/base64"
	"errors"
	"math"
	"math/bits"
	"strconv"
	"time"
	"unicode/utf8"
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
		p.quote(s)
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
		p.float(c.floats[i], 32)
	case Double:
		p.float(c.floats[i], 64)
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
		p.out = appendQuoted(p.out, b)
	case Date:
		p.out = append(p.out, '"')
		p.date(c.numbers[i])
		p.out = append(p.out, '"')
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

// float prints the fewest digits that read back as the same number, laid out as encoding/json
// does.
func (p *printer) float(f float64, size int) {
	abs := math.Abs(f)
	switch {
	case f != f:
		p.out = append(p.out, `"NaN"`...)
	case abs > math.MaxFloat64:
		if f < 0 {
			p.out = append(p.out, `"-Infinity"`...)
		} else {
			p.out = append(p.out, `"Infinity"`...)
		}
	case abs != 0 && (abs < 1e-6 || abs >= 1e21) && (size == 64 || float32(abs) < 1e-6 || float32(abs) >= 1e21):
		p.out = strconv.AppendFloat(p.out, f, 'e', -1, size)
		if n := len(p.out); p.out[n-4] == 'e' && p.out[n-2] == '0' { // e-07
			p.out[n-2] = p.out[n-1]
			p.out = p.out[:n-1]
		}
	default:
		p.out = strconv.AppendFloat(p.out, f, 'f', -1, size)
	}
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
	text := digits[at:]
	for scale > 0 && text[len(text)-1] == '0' && len(text) > 1 {
		text = text[:len(text)-1]
		scale--
	}
	if len(text) == 1 && text[0] == '0' {
		p.out = append(p.out, '0')
		return
	}
	if negative {
		p.out = append(p.out, '-')
	}
	if whole := len(text) - int(scale); whole > 0 {
		p.out = append(p.out, text[:whole]...)
		text = text[whole:]
	} else {
		p.out = append(p.out, '0')
	}
	if scale == 0 {
		return
	}
	p.out = append(p.out, '.')
	for n := len(text); n < int(scale); n++ {
		p.out = append(p.out, '0')
	}
	p.out = append(p.out, text...)
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
func (p *printer) civil(day int64) (year, month, dom int64) {
	const proleptic = 2
	if day < gregorian && p.s.f.calendar != proleptic {
		return julianDate(day)
	}
	return gregorianDate(day)
}

// gregorianDate is Howard Hinnant's civil_from_days: eras of 400 years that begin with March.
func gregorianDate(day int64) (year, month, dom int64) {
	z := day + 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	return fromMarch(yoe+era*400, doy)
}

// julianDate is the same with a leap year in every four.
func julianDate(day int64) (year, month, dom int64) {
	z := day + 719470
	era := floorDiv(z, 1461)
	doe := z - era*1461
	yoe := (doe - doe/1460) / 365
	return fromMarch(yoe+era*4, doe-365*yoe)
}

// fromMarch takes the day of a year that begins with March.
func fromMarch(year, doy int64) (_, month, dom int64) {
	mp := (5*doy + 2) / 153
	dom = doy - (153*mp+2)/5 + 1
	if month = mp + 3; month > 12 {
		month -= 12
		year++
	}
	return year, month, dom
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func (p *printer) date(day int64) {
	const limit = 1 << 40 // arithmetic doesn't overflow
	if day < -limit || day > limit {
		p.fail(errors.New("a date is out of any calendar"))
		return
	}
	year, month, dom := p.civil(day)
	if year < 0 {
		p.out = append(p.out, '-')
		year = -year
	}
	p.padded(year, 4)
	p.out = append(p.out, '-')
	p.padded(month, 2)
	p.out = append(p.out, '-')
	p.padded(dom, 2)
}

// padded prints x >= 0 with at least n digits.
func (p *printer) padded(x int64, n int) {
	for limit := int64(10); n > 1; n-- {
		if x < limit {
			p.out = append(p.out, "0000000000"[:n-1]...)
			break
		}
		limit *= 10
	}
	p.out = strconv.AppendInt(p.out, x, 10)
}

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
	day := floorDiv(sec, 86400)
	sec -= day * 86400
	p.out = append(p.out, '"')
	p.date(day)
	for i, x := range [...]int64{sec / 3600, sec / 60 % 60, sec % 60} {
		p.out = append(p.out, "T::"[i])
		p.padded(x, 2)
	}
	if nanos > 0 {
		p.out = append(p.out, '.')
		p.padded(nanos, 9)
		for p.out[len(p.out)-1] == '0' {
			p.out = p.out[:len(p.out)-1]
		}
	}
	p.out = append(p.out, 'Z', '"')
}

const hexDigits = "0123456789abcdef"

// quote prints a JSON string. Bytes that aren't UTF-8 become U+FFFD, one for each sequence that was
// cut off.
func (p *printer) quote(s string) { p.out = appendQuoted(p.out, s) }

func appendQuoted[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			n, ok := sequence(s[i:min(len(s), i+4)])
			if !ok {
				dst = append(append(dst, s[start:i]...), "\ufffd"...)
				start = i + n
			}
			i += n
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// sequence returns the length of the UTF-8 sequence that s begins with, or if it isn't one, of what
// could have been the beginning of one.
func sequence[T string | []byte](s T) (n int, ok bool) {
	var b [utf8.UTFMax]byte
	k := copy(b[:], s)
	if r, size := utf8.DecodeRune(b[:k]); r != utf8.RuneError || size > 1 {
		return size, true
	}
	for n = 1; n < k && !utf8.FullRune(b[:n]); n++ {
		if utf8.FullRune(b[:n+1]) {
			break
		}
	}
	return n, false
}

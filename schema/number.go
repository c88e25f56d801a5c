package schema

import "strconv"

// A decimalText is a JSON number taken apart: 0.<digits> × 10^point, without leading and
// trailing zeros. Zero has no digits.
type decimalText struct {
	digits []byte
	point  int
}

// fraction is how many digits stand behind the decimal point.
func (d decimalText) fraction() int { return max(len(d.digits)-d.point, 0) }

// whole is how many digits stand before it.
func (d decimalText) whole() int {
	if len(d.digits) == 0 {
		return 0
	}
	return max(d.point, 0)
}

// parseDecimal takes a JSON number apart. buf is room for its digits.
func parseDecimal(text, buf []byte) decimalText {
	d := decimalText{digits: buf[:0]}
	zeros, behind := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '.':
			behind = true
		case c == 'e' || c == 'E':
			exp, err := strconv.Atoi(string(text[i+1:]))
			if err != nil || exp > 1<<20 || exp < -1<<20 { // past everything that a column holds
				exp = 1 << 20
				if text[i+1] == '-' {
					exp = -exp
				}
			}
			d.point += exp
			i = len(text)
		case c == '0' && len(d.digits) == 0:
			if behind {
				d.point--
			}
		case c == '0':
			zeros++
			if !behind {
				d.point++
			}
		case c > '0' && c <= '9':
			for ; zeros > 0; zeros-- {
				d.digits = append(d.digits, '0')
			}
			d.digits = append(d.digits, c)
			if !behind {
				d.point++
			}
		}
	}
	return d
}

// exact reports whether a double (bits 64) or float (32) made of a JSON number still has all its
// digits when it is printed with as many: 0.1 has, 0.12345678901234567890 and 9007199254740993
// have not.
func exact(text []byte, bits int) bool {
	if bits == 64 && len(text) <= 15 || bits == 32 && len(text) <= 6 {
		for _, c := range text {
			if c|0x20 == 'e' {
				return exactSlow(text, bits)
			}
		}
		return true
	}
	return exactSlow(text, bits)
}

func exactSlow(text []byte, bits int) bool {
	var room [64]byte
	d := parseDecimal(text, room[:0])
	if len(d.digits) == 0 {
		return true
	}
	v, err := strconv.ParseFloat(string(text), bits)
	if err != nil || v == 0 || len(d.digits) > 800 {
		return false // infinite, or zero made of what isn't
	}
	var out [64]byte
	got := parseDecimal(strconv.AppendFloat(out[:0], v, 'e', len(d.digits)-1, bits), nil)
	return string(got.digits) == string(d.digits) && got.point == d.point
}

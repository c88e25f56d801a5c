package schema

import "strconv"

// A decimalText is a JSON number taken apart: 0.<digits> × 10^point, without leading and
// trailing zeros. Zero has no digits.
type decimalText struct {
	digits []byte
	point  int
}

// fraction is how many digits stand behind the decimal point.
func (d decimalText) fraction() int {
	if len(d.digits) == 0 {
		return 0
	}
	return max(len(d.digits)-d.point, 0)
}

// whole is how many digits stand before it.
func (d decimalText) whole() int {
	if len(d.digits) == 0 {
		return 0
	}
	return max(d.point, 0)
}

// parseDecimal takes a number apart: JSON's, or one that isDecimal. buf is room for its digits.
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

// isDecimal reports whether text is a number as java.math.BigDecimal reads it, JSON's or with a
// leading plus, a leading or a trailing point: +1, .5, 1.
func isDecimal(text []byte) bool {
	i := 0
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		i++
	}
	digits := 0
	for behind := false; i < len(text); i++ {
		if c := text[i]; c >= '0' && c <= '9' {
			digits++
		} else if c == '.' && !behind {
			behind = true
		} else {
			break
		}
	}
	if digits == 0 || i == len(text) {
		return digits > 0
	}
	if text[i]|0x20 != 'e' {
		return false
	}
	i++
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		i++
	}
	start := i
	for i < len(text) && text[i] >= '0' && text[i] <= '9' {
		i++
	}
	return i == len(text) && i > start
}

// exact reports whether a double (bits 64) or float (32) keeps a number. A whole number, one
// without point and exponent, must be the same number; another must still have all its digits
// when it is printed with as many: 0.1 does, 9007199254740993 and 0.12345678901234567890 don't.
func exact(text []byte, bits int) bool {
	whole := true
	for _, c := range text {
		if c < '0' && c != '-' && c != '+' || c > '9' {
			whole = false
			if c != '.' {
				return exactSlow(text, bits, false)
			}
		}
	}
	if bits == 64 && len(text) <= 15 || bits == 32 && len(text) <= 6 {
		return true
	}
	return exactSlow(text, bits, whole)
}

func exactSlow(text []byte, bits int, whole bool) bool {
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
	var printed []byte
	if whole {
		printed = strconv.AppendFloat(out[:0], v, 'f', 0, 64)
	} else {
		printed = strconv.AppendFloat(out[:0], v, 'e', len(d.digits)-1, bits)
	}
	got := parseDecimal(printed, nil)
	return string(got.digits) == string(d.digits) && got.point == d.point
}

package jq

import "math"

// The C library's exp, log and pow are within 0.52 of a last digit, so nearly always the nearest double; Go's are not. A query's
// keys may hang on that digit (pow(10; 3) | floor), so these are computed in pairs of doubles and rounded once.

// A pair is the unevaluated sum of two doubles.
type pair struct{ hi, lo float64 }

func twoSum(a, b float64) pair {
	s := a + b
	t := s - a
	return pair{s, (a - (s - t)) + (b - t)}
}

func (a pair) add(b pair) pair {
	s := twoSum(a.hi, b.hi)
	t := twoSum(a.lo, b.lo)
	s = twoSum(s.hi, s.lo+t.hi)
	return twoSum(s.hi, s.lo+t.lo)
}

func (a pair) mul(b pair) pair {
	p := a.hi * b.hi
	e := math.FMA(a.hi, b.hi, -p)
	return twoSum(p, e+(a.hi*b.lo+a.lo*b.hi))
}

func (a pair) scale(f float64) pair { return a.mul(pair{f, 0}) }

var (
	ln2 = pair{0.6931471805599453, 2.3190468138462996e-17}
)

// expPair is e^x for |x| below 800, without the factor 2^k.
func expPair(x pair) (v pair, k int) {
	n := math.RoundToEven(x.hi / ln2.hi)
	r := x.add(ln2.scale(-n)).scale(1.0 / 64)
	// e^r - 1 by its series, then squared six times.
	sum := pair{}
	for i := 14; i > 0; i-- {
		// sum = r/i * (1 + sum)
		t := r.mul(pair{1, 0}.add(sum))
		q := t.hi / float64(i)
		e := math.FMA(-q, float64(i), t.hi) + t.lo
		sum = twoSum(q, e/float64(i))
	}
	for range 6 {
		sum = sum.scale(2).add(sum.mul(sum))
	}
	return pair{1, 0}.add(sum), int(n)
}

func (a pair) round(k int) float64 {
	if k < -1021 || k > 1020 { // ldexp rounds once more where the result is subnormal: add the low part there
		return math.Ldexp(a.hi+a.lo, k)
	}
	return math.Ldexp(a.hi, k)
}

func exp(x float64) float64 {
	switch {
	case x != x || math.IsInf(x, 1):
		return x
	case x > 710:
		return math.Inf(1)
	case x < -746:
		return 0
	}
	v, k := expPair(pair{x, 0})
	return v.round(k)
}

func exp2(x float64) float64 {
	if x != x || math.Abs(x) > 1100 || x == math.Trunc(x) {
		return math.Exp2(x)
	}
	v, k := expPair(ln2.scale(x))
	return v.round(k)
}

// logPair is the logarithm of a positive finite x.
func logPair(x float64) pair {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m *= 2
		e--
	}
	if m == 1 {
		return ln2.scale(float64(e))
	}
	// One step of Newton's method on e^y = m doubles the digits.
	y := math.Log(m)
	v, k := expPair(pair{-y, 0})
	if k != 0 {
		v = v.scale(math.Ldexp(1, k))
	}
	d := v.scale(m).add(pair{-1, 0})
	// log(1+d) for a d of about 1e-16.
	d = d.add(d.mul(d).scale(-0.5))
	return ln2.scale(float64(e)).add(pair{y, 0}.add(d))
}

func log(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 1) {
		return math.Log(x)
	}
	return logPair(x).hi
}

// divide is a/b rounded once, nearly.
func (a pair) divide(b pair) float64 {
	q := a.hi / b.hi
	r := a.add(b.scale(-q))
	return q + r.hi/b.hi
}

func log2(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 1) {
		return math.Log2(x)
	}
	return logPair(x).divide(ln2)
}

// log10 is done as in the C library: it isn't the nearest double, but its error is the same.
func log10(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 1) {
		return math.Log10(x)
	}
	const (
		perE    = 4.34294481903251816668e-01
		perTwo  = 3.01029995663611771306e-01
		perTwoL = 3.69423907715893078616e-13
	)
	m, e := math.Frexp(x) // m in [0.5, 1)
	y := float64(e)
	if e > 0 {
		m *= 2
		y--
	}
	z := y*perTwoL + float64(perE*log(m))
	return z + float64(y*perTwo)
}

// exp10 is the C library's too: e to a product in two parts.
func exp10(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > 309:
		return math.Inf(1)
	case x < -332:
		return 0
	case math.Abs(x) < 0x1p-56:
		return 1
	}
	const (
		high = 0x2.4d7637p0
		low  = 0x7.6aaa2b05ba95cp-28
	)
	top := math.Float64frombits(math.Float64bits(x) &^ (1<<27 - 1))
	a := float64(top * high)
	b := float64(top*low) + float64((x-top)*math.Ln10)
	return exp(a) * exp(b)
}

func pow(x, y float64) float64 {
	whole := y == math.Trunc(y)
	ax := math.Abs(x)
	if x == 0 || x != x || y != y || math.IsInf(x, 0) || math.IsInf(y, 0) || y == 0 || ax == 1 || x < 0 && !whole || math.Abs(y) > 1e30 {
		return math.Pow(x, y)
	}
	sign := 1.0
	if x < 0 && math.Mod(y, 2) != 0 {
		sign = -1
	}
	e := logPair(ax).scale(y)
	switch {
	case e.hi > 710:
		return sign * math.Inf(1)
	case e.hi < -746:
		return sign * 0
	}
	v, k := expPair(e)
	return sign * v.round(k)
}

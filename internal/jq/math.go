package jq

import "math"

// mathFunctions take the input, mathFunctions2 two arguments. C's names.
var mathFunctions = map[string]func(float64) float64{
	"acos": math.Acos, "acosh": math.Acosh, "asin": math.Asin, "asinh": math.Asinh, "atan": math.Atan, "atanh": math.Atanh,
	"cbrt": math.Cbrt, "ceil": math.Ceil, "cos": math.Cos, "cosh": math.Cosh, "erf": math.Erf, "erfc": math.Erfc,
	"exp": exp, "exp10": exp10, "exp2": exp2, "expm1": math.Expm1, "fabs": math.Abs, "floor": math.Floor,
	"gamma": lgamma, "j0": math.J0, "j1": math.J1, "lgamma": lgamma, "log": log, "log10": log10, "log1p": math.Log1p,
	"log2": log2, "logb": math.Logb, "nearbyint": math.RoundToEven, "pow10": exp10, "rint": math.RoundToEven,
	"round": math.Round, "significand": significand, "sin": math.Sin, "sinh": math.Sinh, "sqrt": math.Sqrt, "tan": math.Tan,
	"tanh": math.Tanh, "tgamma": tgamma, "trunc": math.Trunc, "y0": math.Y0, "y1": math.Y1,
}

var mathFunctions2 = map[string]func(x, y float64) float64{
	"atan2": math.Atan2, "copysign": math.Copysign, "drem": math.Remainder, "fdim": fdim, "fmax": fmax, "fmin": fmin,
	"fmod": math.Mod, "hypot": math.Hypot, "ldexp": ldexp, "nextafter": nextAfter, "nexttoward": nextAfter, "pow": pow,
	"remainder": math.Remainder, "scalb": scalb, "scalbln": ldexp,
	"jn": func(n, x float64) float64 { return math.Jn(toInt(n), x) },
	"yn": func(n, x float64) float64 { return math.Yn(toInt(n), x) },
}

func mathNative(f func(float64) float64) func(*machine, value, value, value, value) (value, error) {
	return func(_ *machine, in, _, _, _ value) (value, error) {
		if in.kind != kindNumber {
			return none, typeError(in, "number required")
		}
		return number(f(in.num())), nil
	}
}

func mathNative2(f func(x, y float64) float64) func(*machine, value, value, value, value) (value, error) {
	return func(_ *machine, _, a, b, _ value) (value, error) {
		if a.kind != kindNumber {
			return none, typeError(a, "number required")
		}
		if b.kind != kindNumber {
			return none, typeError(b, "number required")
		}
		return number(f(a.num(), b.num())), nil
	}
}

func lgamma(x float64) float64 {
	if math.IsInf(x, 0) {
		return math.Inf(1)
	}
	f, _ := logGamma(x)
	return f
}

// logGamma is math.Lgamma, whose logarithm is wrong for subnormal numbers.
func logGamma(x float64) (float64, int) {
	if ax := math.Abs(x); 0 < ax && ax < 0x1p-1000 {
		return -log(ax), int(math.Copysign(1, x))
	}
	return math.Lgamma(x)
}

// tgamma is exact for small integers, as C's is.
func tgamma(x float64) float64 {
	if x == math.Trunc(x) && x >= 1 && x <= 23 {
		f := 1.0
		for i := 2.0; i < x; i++ {
			f *= i
		}
		return f
	}
	return math.Gamma(x)
}

// significand is x scaled into [1, 2).
func significand(x float64) float64 {
	if x == 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return x
	}
	f, _ := math.Frexp(x)
	return f * 2
}

func fdim(x, y float64) float64 {
	switch {
	case math.IsNaN(x) || math.IsNaN(y):
		return math.NaN()
	case x <= y:
		return 0
	}
	return x - y
}

// fmax and fmin prefer a number to NaN.
func fmax(x, y float64) float64 {
	if math.IsNaN(x) || x < y {
		return y
	}
	return x
}

func fmin(x, y float64) float64 {
	if math.IsNaN(x) || x > y {
		return y
	}
	return x
}

func nextAfter(x, y float64) float64 {
	if x == y {
		return y
	}
	return math.Nextafter(x, y)
}

func ldexp(x, n float64) float64 { return math.Ldexp(x, max(-5000, min(5000, toInt(n)))) }

func scalb(x, n float64) float64 {
	switch {
	case math.IsNaN(x) || math.IsNaN(n):
		return math.NaN()
	case math.IsInf(n, 1):
		return x * n
	case math.IsInf(n, -1):
		return x / -n
	case n != math.Trunc(n):
		return math.NaN()
	}
	return ldexp(x, max(-5000, min(5000, n)))
}

func frexp(_ *machine, in, _, _, _ value) (value, error) {
	if in.kind != kindNumber {
		return none, typeError(in, "number required")
	}
	f, e := math.Frexp(in.num())
	return arrayOf([]value{number(f), number(float64(e))}), nil
}

func modf(_ *machine, in, _, _, _ value) (value, error) {
	if in.kind != kindNumber {
		return none, typeError(in, "number required")
	}
	f := in.num()
	if math.IsInf(f, 0) {
		return arrayOf([]value{number(math.Copysign(0, f)), in}), nil
	}
	i := math.Trunc(f)
	return arrayOf([]value{number(math.Copysign(f-i, f)), number(i)}), nil
}

func lgammaR(_ *machine, in, _, _, _ value) (value, error) {
	if in.kind != kindNumber {
		return none, typeError(in, "number required")
	}
	f, sign := logGamma(in.num())
	return arrayOf([]value{number(f), number(float64(sign))}), nil
}

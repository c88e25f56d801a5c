package jq

// An expr is one node of a parsed query. What a, b, c and d are stands beside each form.
type expr struct {
	form       form
	pos        int    // where it begins in the text
	name       string // of a call, a variable, a label, a format; the operator of a binary form
	v          value  // of a constant
	a, b, c, d *expr
	list       []*expr // a call's arguments; a string's pieces; keys and values of an object, in turn
	patterns   []*pattern
	def        *funcDef
	opt        bool // with ?: an error of the access itself is no output
}

type form uint8

const (
	fIdentity form = iota
	fConst
	fIndex   // a[b]
	fSlice   // a[b:c]; b or c may be nil
	fEach    // a[]
	fFormat  // @name
	fString  // pieces, formatted by name
	fCollect // [a]
	fObject
	fVar
	fCall
	fBreak
	fPipe
	fComma
	fAlt    // a // b
	fAnd    // a and b
	fOr     // a or b
	fBinary // arithmetic and comparison: a name b
	fNegate // -a
	fAssign // a = b
	fModify // a |= b
	fUpdate // a name= b, name being an arithmetic operator or //
	fIf     // a then b else c
	fTry    // a catch b; b may be nil
	fReduce // a as patterns (b; c)
	fForeach
	fDef   // def; a
	fAs    // a as patterns | b
	fLabel // label name | a
)

// A pattern of `as`: a variable, an array of patterns, or an object of keys and patterns.
type pattern struct {
	name  string // $name
	array []*pattern
	keys  []patternKey
}

type patternKey struct {
	key   *expr
	name  string   // $name: also binds the member
	value *pattern // nil for $name alone
}

type funcDef struct {
	name   string
	params []param
	body   *expr
	pos    int
}

type param struct {
	name string
	vari bool // $name: a value, and a function of that name
}

func constant(v value, pos int) *expr { return &expr{form: fConst, v: v, pos: pos} }

func call(pos int, name string, args ...*expr) *expr {
	return &expr{form: fCall, name: name, list: args, pos: pos}
}

// operation makes a op b, folded as jq folds it: numbers with each other, strings with +, null + anything.
func operation(op string, a, b *expr, pos int) *expr {
	if a.form == fConst && b.form == fConst {
		if v := fold(op, a.v, b.v); v.kind != kindNone {
			return constant(v, pos)
		}
	}
	return &expr{form: fBinary, name: op, a: a, b: b, pos: pos}
}

func fold(op string, a, b value) value {
	if op == "+" {
		if a.kind == kindNull {
			return b
		}
		if b.kind == kindNull {
			return a
		}
		if a.kind == kindString && b.kind == kindString {
			return str(a.str() + b.str())
		}
	}
	if a.kind != kindNumber || b.kind != kindNumber {
		return none
	}
	x, y := a.num(), b.num()
	switch op {
	case "+":
		return number(x + y)
	case "-":
		return number(x - y)
	case "*":
		return number(x * y)
	case "/":
		return number(x / y)
	case "==":
		return boolean(x == y)
	case "!=":
		return boolean(x != y)
	case "<":
		return boolean(x < y)
	case ">":
		return boolean(x > y)
	case "<=":
		return boolean(x <= y)
	case ">=":
		return boolean(x >= y)
	}
	return none
}

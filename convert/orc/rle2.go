package orc

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// Integer runs of file version 0.12 (ORCv1, "Integer Run Length Encoding, version 2"). A run
// holds up to 512 values; the top two bits of its first byte tell its kind:
//
//	SHORT_REPEAT  00 width-1:3 count-3:3 | value [width bytes]                           3 to 10 values
//	DIRECT        01 width code:5 length-1:9 | values [length × width bits]
//	PATCHED_BASE  10 width code:5 length-1:9 | base bytes-1:3 patch width code:5 |
//	              gap width-1:3 patches:5 | base, sign and magnitude | values | patches [gap, patch]
//	DELTA         11 width code:5 length-1:9 | base varint | first delta varint | deltas [(length-2) × width bits]
//
// Values are big-endian, in zigzag form where the stream is signed; deltas after the first are
// magnitudes. DELTA with width code 0 repeats the first delta.

const (
	maxRun       = 512
	maxPatches   = 31
	maxStep      = 1 << 53 // of equal steps: 512 of them don't overflow
	maxPatchBase = 1 << 56 // as the reference writer: the readers' arithmetic was tried up to here
)

func zigzag(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }

// varintLen is the length of x as a varint.
func varintLen(x uint64) int { return (bits.Len64(x|1) + 6) / 7 }

// appendRuns2 appends runs of v and returns how many values they hold: all of them when last,
// else all but fewer than 512, so that a run isn't cut short where more may come.
func appendRuns2(dst []byte, v []int64, signed, last bool) ([]byte, int) {
	done := 0
	for rest := v; len(rest) >= maxRun || last && len(rest) > 0; rest = v[done:] {
		var n int
		dst, n = appendWindow(dst, rest[:min(len(rest), maxRun)], signed)
		done += n
	}
	return dst, done
}

// appendWindow appends runs of values from the start of v, which holds at most 512, and returns how
// many they hold. What equal steps leave over at its end is left to the next window, which sees more
// of it.
func appendWindow(dst []byte, v []int64, signed bool) ([]byte, int) {
	var x [maxRun]uint64 // v as DIRECT writes it
	seen := survey(&x, v, signed)
	width := alignedWidth(bits.Len64(seen.or))

	// Equal steps pay as a run of their own from some length on: it costs its header and values, and
	// the header of the run that has to follow; where DELTA is that, its first values too.
	whole := (width + 7) / 8
	repeat := max(3, (24+8*whole)/width)
	fixed := max(4, (40+16*whole)/width)
	steps := deltaWidth(v)
	if steps > 0 && steps < width {
		repeat = max(3, (40+16*whole)/steps)
		fixed = max(4, (56+24*whole)/steps)
	}
	at, n := len(v), 0
	if seen.equal >= min(repeat, fixed, len(v)) {
		at, n = firstFixed(v, repeat, fixed)
	}
	if at == len(v) {
		return appendVarying(dst, v, x[:len(v)], seen.lo, seen.hi, width, steps), len(v)
	}
	done := 0
	for {
		if at > 0 {
			part, values := v[done:done+at], x[done:done+at]
			// What was cut off may have been what was wide.
			var or uint64
			lo, hi := part[0], part[0]
			for i, y := range part {
				or |= values[i]
				lo, hi = min(lo, y), max(hi, y)
			}
			dst = appendVarying(dst, part, values, lo, hi, alignedWidth(bits.Len64(or)), deltaWidth(part))
			if done += at; done == len(v) {
				return dst, done
			}
		}
		if done > 0 && done+n == len(v) && len(v) == maxRun {
			return dst, done // it may go on
		}
		switch step := v[done+1] - v[done]; {
		case step == 0:
			dst = appendRepeat(dst, x[done], n)
		case (step > 0) != (v[done+n-1] > v[done]): // past the end of 64 bits: not every reader goes there
			part := v[done : done+n]
			dst = appendVarying(dst, part, x[done:done+n], slices.Min(part), slices.Max(part), 64, 0)
		default:
			dst = appendDeltaHead(dst, v[done:], x[done], 0, n)
		}
		if done += n; done == len(v) {
			return dst, done
		}
		if at, n = firstFixed(v[done:], repeat, fixed); n == 0 && len(v) == maxRun {
			return dst, done
		}
	}
}

// A found is what survey finds in values: the least, the greatest, the bits that occur in the form of DIRECT, and how many
// values the longest stretch with equal steps has at most.
type found struct {
	lo, hi int64
	or     uint64
	equal  int
}

// survey looks at v once, without a branch on what it is, and puts what DIRECT writes into x.
func survey(x *[maxRun]uint64, v []int64, signed bool) found {
	var shift, sign uint64 // of zigzag
	if signed {
		shift, sign = 1, math.MaxUint64
	}
	lo, hi, or := v[0], v[0], uint64(0)
	last, step := v[0], v[0] // the first value has no step: what stands for it may make a stretch longer, never shorter
	same, most := 0, 0       // steps in turn that are as the one before
	for i, y := range v[:min(len(v), maxRun)] {
		z := uint64(y)<<(shift&1) ^ uint64(y>>63)&sign
		x[i] = z
		or |= z
		lo, hi = min(lo, y), max(hi, y)
		equal := 0
		if y-last == step {
			equal = 1
		}
		same = (same + 1) & -equal
		most = max(most, same)
		last, step = y, y-last
	}
	return found{lo, hi, or, most + 2}
}

// appendVarying appends one run of v, from lo to hi, which is x in the form of DIRECT. width and steps are the
// widths of DIRECT and DELTA.
func appendVarying(dst []byte, v []int64, x []uint64, lo, hi int64, width, steps int) []byte {
	n := len(v)
	size := (n*width + 7) / 8
	if steps > 0 && varintLen(x[0])+varintLen(zigzag(v[1]-v[0]))+((n-2)*steps+7)/8 < size {
		return appendDelta(dst, v, x[0], steps)
	}
	if width >= 4 && n >= 8 {
		if out, ok := appendPatched(dst, v, lo, hi, size+2); ok {
			return out
		}
	}
	dst = append(dst, 0x40|widthCode(width)<<1|byte((n-1)>>8), byte(n-1))
	return appendPacked(dst, x, width)
}

// firstFixed finds the first stretch of v with equal steps that is long enough: repeat values for
// step 0, fixed values for other steps. When it begins v, at is 0 and n its length; otherwise at is
// where it begins, or len(v). All of v counts as long enough from 3 values on.
func firstFixed(v []int64, repeat, fixed int) (at, n int) {
	if len(v) < 3 {
		return len(v), 0
	}
	step := v[1] - v[0]
	same := 2       // values so far in the stretch that ends here
	limit := repeat // how many of this step are enough
	switch {
	case step > maxStep || step < -maxStep:
		limit = math.MaxInt
	case step != 0:
		limit = fixed
	}
	for i := 2; i < len(v); i++ {
		d := v[i] - v[i-1]
		if d == step {
			same++
			continue
		}
		if same >= limit {
			return i - same, same
		}
		step, same, limit = d, 2, fixed
		switch {
		case d == 0:
			limit = repeat
		case d > maxStep || d < -maxStep:
			limit = math.MaxInt
		}
	}
	if same >= limit || same == len(v) && limit != math.MaxInt {
		return len(v) - same, same
	}
	return len(v), 0
}

// appendRepeat appends a run of n >= 3 values x, in the form that DIRECT has them.
func appendRepeat(dst []byte, x uint64, n int) []byte {
	if n > 10 {
		dst = append(dst, 0xc0|byte((n-1)>>8), byte(n-1))
		dst = binary.AppendUvarint(dst, x)
		return append(dst, 0)
	}
	width := max(1, (bits.Len64(x)+7)/8)
	dst = append(dst, byte((width-1)<<3|(n-3)))
	for width--; width >= 0; width-- {
		dst = append(dst, byte(x>>(8*width)))
	}
	return dst
}

// deltaWidth returns the width of DELTA for v, or 0 where DELTA can't express it: the values must
// rise or fall, the first step must not be 0, and no difference may overflow.
func deltaWidth(v []int64) int {
	if len(v) < 3 || v[0] == v[1] {
		return 0
	}
	first, last := v[0], v[len(v)-1]
	prev := v[1]
	var or uint64
	if v[1] > v[0] {
		if last-first < 0 {
			return 0
		}
		for _, y := range v[2:] {
			if y < prev {
				return 0
			}
			or |= uint64(y - prev)
			prev = y
		}
	} else {
		if first-last < 0 {
			return 0
		}
		for _, y := range v[2:] {
			if y > prev {
				return 0
			}
			or |= uint64(prev - y)
			prev = y
		}
	}
	return alignedWidth(max(2, bits.Len64(or))) // code 0, one bit, means something else here
}

// appendDeltaHead appends a DELTA run up to its first delta. x is v[0] as DIRECT has it.
func appendDeltaHead(dst []byte, v []int64, x uint64, code byte, n int) []byte {
	dst = append(dst, 0xc0|code<<1|byte((n-1)>>8), byte(n-1))
	dst = binary.AppendUvarint(dst, x)
	return binary.AppendUvarint(dst, zigzag(v[1]-v[0]))
}

func appendDelta(dst []byte, v []int64, x uint64, width int) []byte {
	dst = appendDeltaHead(dst, v, x, widthCode(width), len(v))
	var deltas [maxRun]uint64
	for i := 2; i < len(v); i++ {
		d := v[i] - v[i-1]
		deltas[i-2] = uint64(max(d, -d))
	}
	return appendPacked(dst, deltas[:len(v)-2], width)
}

// patchesPay looks at some of v, which is from lo to hi, and reports whether PATCHED_BASE may take
// less than limit bytes: whether all but a few values have fewer bits than hi.
func patchesPay(v []int64, lo, hi int64, limit int) bool {
	var count [65]int
	step := max(1, len(v)/64)
	seen := 0
	for i := 0; i < len(v); i += step {
		count[bits.Len64(uint64(v[i]-lo))]++
		seen++
	}
	width, above := 64, 0
	for ; width > 1 && above+count[width] <= 1+seen/16; width-- {
		above += count[width]
	}
	return width < bits.Len64(uint64(hi-lo)) && 5+(len(v)*width+7)/8 < limit
}

// appendPatched appends v, from lo to hi, as a PATCHED_BASE run if that takes less than limit bytes.
func appendPatched(dst []byte, v []int64, lo, hi int64, limit int) ([]byte, bool) {
	if hi-lo < 0 || lo >= maxPatchBase || lo <= -maxPatchBase || !patchesPay(v, lo, hi, limit) {
		return dst, false
	}
	var count [65]int // by number of bits
	for _, y := range v {
		count[bits.Len64(uint64(y-lo))]++
	}
	base := uint64(max(lo, -lo))
	baseBytes := bits.Len64(base)/8 + 1 // one bit is the sign
	top := bits.Len64(uint64(hi - lo))

	width, best := 0, limit
	for w, patches := top-1, count[top]; w >= 1 && patches <= maxPatches-2; w-- {
		patch := fixedWidth(top - w)
		if patch <= 56 && fixedWidth(w) == w {
			entry := fixedWidth(patch + 8)
			if size := 4 + baseBytes + (len(v)*w+7)/8 + (patches*entry+7)/8; size < best {
				best, width = size, w
			}
		}
		patches += count[w]
	}
	if width == 0 {
		return dst, false
	}

	var x [maxRun]uint64
	var gaps [maxPatches]int
	var patches [maxPatches]uint64
	n, last, maxGap := 0, 0, 1
	for i, y := range v {
		d := uint64(y - lo)
		x[i] = d & (1<<width - 1)
		if d>>width == 0 {
			continue
		}
		for ; i-last > 255; n++ { // an empty patch on the way
			gaps[n], last, maxGap = 255, last+255, 255
		}
		gaps[n], patches[n] = i-last, d>>width
		maxGap = max(maxGap, i-last)
		last = i
		n++
	}
	patchWidth, gapWidth := fixedWidth(top-width), bits.Len(uint(maxGap))
	for i := range n {
		patches[i] |= uint64(gaps[i]) << patchWidth
	}
	if lo < 0 {
		base |= 1 << (8*baseBytes - 1)
	}
	dst = append(dst,
		0x80|widthCode(width)<<1|byte((len(v)-1)>>8), byte(len(v)-1),
		byte(baseBytes-1)<<5|widthCode(patchWidth),
		byte(gapWidth-1)<<5|byte(n))
	for i := baseBytes - 1; i >= 0; i-- {
		dst = append(dst, byte(base>>(8*i)))
	}
	dst = appendPacked(dst, x[:len(v)], width)
	return appendPacked(dst, patches[:n], fixedWidth(patchWidth+gapWidth)), true
}

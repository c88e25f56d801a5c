package replaytest

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// around is how many equal lines stand around a difference.
const around = 3

// The bounds of a diff that people read.
const (
	maxDiffLines  = 60
	maxWholeLines = 10  // of an object that is missing, or not expected
	maxLine       = 600 // bytes
	maxEdits      = 1000
)

// An edit is one line of a diff.
type edit struct {
	op   byte // ' ', '-' or '+'
	x, y int  // index of the line in what was expected, and in what there is
}

// edits compares n expected lines with m that there are, by the algorithm of Myers (An O(ND) Difference Algorithm and
// Its Variations, 1986). Texts that differ in more than maxEdits lines are replaced as a whole between what
// they have in common at both ends.
func edits(n, m int, equal func(x, y int) bool) []edit {
	var out []edit
	start := 0
	for start < n && start < m && equal(start, start) {
		out = append(out, edit{' ', start, start})
		start++
	}
	end := 0
	for end < n-start && end < m-start && equal(n-1-end, m-1-end) {
		end++
	}
	out = append(out, middle(start, n-end, start, m-end, equal)...)
	for ; end > 0; end-- {
		out = append(out, edit{' ', n - end, m - end})
	}
	return out
}

// middle is the edits of the lines from x0 to x1 and from y0 to y1.
func middle(x0, x1, y0, y1 int, equal func(x, y int) bool) []edit {
	n, m := x1-x0, y1-y0
	limit := min(n+m, maxEdits)
	v := make([]int, 2*limit+3)
	at := func(k int) *int { return &v[k+limit+1] }
	var history [][]int
	for d := 0; d <= limit; d++ {
		history = append(history, append([]int(nil), v...))
		for k := -d; k <= d; k += 2 {
			x := *at(k + 1)
			if k != -d && (k == d || *at(k - 1) >= *at(k + 1)) {
				x = *at(k - 1) + 1
			}
			y := x - k
			for x < n && y < m && equal(x0+x, y0+y) {
				x, y = x+1, y+1
			}
			*at(k) = x
			if x >= n && y >= m {
				return trace(history, limit, n, m, x0, y0)
			}
		}
	}
	out := make([]edit, 0, n+m)
	for x := range n {
		out = append(out, edit{'-', x0 + x, y0})
	}
	for y := range m {
		out = append(out, edit{'+', x1, y0 + y})
	}
	return out
}

// trace walks back through the furthest points of each number of edits.
func trace(history [][]int, limit, n, m, x0, y0 int) []edit {
	var out []edit
	x, y := n, m
	for d := len(history) - 1; d >= 0 && (x > 0 || y > 0); d-- {
		v := history[d]
		at := func(k int) int { return v[k+limit+1] }
		k := x - y
		from := k - 1
		if k == -d || k != d && at(k-1) < at(k+1) {
			from = k + 1
		}
		px := at(from)
		py := px - from
		for x > px && y > py && x > 0 && y > 0 {
			x, y = x-1, y-1
			out = append(out, edit{' ', x0 + x, y0 + y})
		}
		if d == 0 {
			break
		}
		if x == px {
			y--
			out = append(out, edit{'+', x0 + x, y0 + y})
		} else {
			x--
			out = append(out, edit{'-', x0 + x, y0 + y})
		}
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// unified writes edits as a unified diff of at most so many lines. old and new are the texts' names.
func unified(old, new string, want, got []string, list []edit, most int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s\n+++ %s\n", old, new)
	lines := 0
	for i := 0; i < len(list); {
		for i < len(list) && list[i].op == ' ' {
			i++
		}
		if i == len(list) {
			break
		}
		from := max(i-around, 0)
		to := i
		for equal := 0; to < len(list) && equal <= 2*around; to++ {
			if equal++; list[to].op != ' ' {
				equal = 0
			}
		}
		for to > 0 && list[to-1].op == ' ' {
			to--
		}
		to = min(to+around, len(list))
		var minus, plus int
		for _, e := range list[from:to] {
			if e.op != '+' {
				minus++
			}
			if e.op != '-' {
				plus++
			}
		}
		fmt.Fprintf(&b, "@@ -%s +%s @@\n", span(list[from].x, minus), span(list[from].y, plus))
		for _, e := range list[from:to] {
			if lines++; lines > most {
				fmt.Fprintf(&b, "… and more differences\n")
				return b.String()
			}
			text := ""
			if e.op == '+' {
				text = got[e.y]
			} else {
				text = want[e.x]
			}
			b.WriteByte(e.op)
			b.WriteString(shown(text, maxLine))
			b.WriteByte('\n')
		}
		i = to
	}
	return b.String()
}

// span is a range of lines as a hunk's head has it.
func span(at, n int) string {
	if n != 0 {
		at++
	}
	if n == 1 {
		return strconv.Itoa(at)
	}
	return fmt.Sprintf("%d,%d", at, n)
}

// shown is a line as people can read it: what isn't text is quoted, and what is long is cut.
func shown(s string, most int) string {
	for _, r := range s {
		if r == utf8.RuneError || r < ' ' && r != '\t' {
			s = strings.Trim(strconv.Quote(s), `"`)
			break
		}
	}
	if len(s) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = fmt.Sprintf("%s… (%d bytes)", s[:cut], len(s))
	}
	return s
}

// splitLines splits a text into lines without their LF.
func splitLines(b []byte) []string {
	if len(b) == 0 {
		return nil
	}
	return strings.Split(string(bytes.TrimSuffix(b, []byte("\n"))), "\n")
}

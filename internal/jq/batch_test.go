package jq

import (
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// batches are queries that try many small things in one run of the command, each with what draws one of them.
var batches = []struct {
	name, query string
	draw        func(g generator) value
}{
	{"numbers", `.[] | try tonumber catch .`, func(g generator) value { return str(g.number()) }},
	{"text of numbers", `.[] | ., tostring, floor, . % 7, -., . * 3, . / 7`, func(g generator) value {
		return number(math.Float64frombits(g.Uint64()&^(1<<62) | g.Uint64()&(1<<61)))
	}},
	{"reader", `.[] | try fromjson catch .`, func(g generator) value { return str(g.mangled()) }},
	{"patterns", `.[] | . as [$s, $re] | try [$s | match($re; "", "i", "n") | .offset, .length, .string, (.captures | map(.offset, .string))] catch .`, func(g generator) value {
		return arrayOf([]value{str(g.letters(12)), str(g.pattern(3))})
	}},
	{"substitution", `.[] | . as [$s, $re] | try ($s | sub($re; "<\(.)>"), gsub($re; "-"; "x"), [splits($re)]) catch .`, func(g generator) value {
		re := g.pattern(2)
		return arrayOf([]value{str(g.letters(12)), str("[ab](?:" + re + ")")})
	}},
	{"strftime", `.[] | . as [$t, $f] | try ($t | strftime($f), gmtime, (gmtime | mktime), todate) catch .`, func(g generator) value {
		f := ""
		for range 1 + g.IntN(3) {
			f += "%" + g.pick([]string{"", "", "", "-", "_", "0", "^", "#", "5", "_3", "E", "O"}) + string("aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ%"[g.IntN(40)]) + g.pick([]string{"", "-", " ", ":"})
		}
		return arrayOf([]value{number(float64(g.Int64N(1<<uint(1+g.IntN(39)))) - float64(g.Int64N(1<<33))), str(f)})
	}},
	{"strptime", `.[] | . as [$s, $f] | try ($s | strptime($f) | ., mktime) catch .`, func(g generator) value {
		forms := []string{"%Y", "%m", "%d", "%H", "%M", "%S", "%j", "%a", "%b", "%B", "%y", "%C", "%e", "%I", "%p", "%u", "%w", "%U", "%W", "%z", "%Z", "%T", "%D", "%F", "%R", "%n"}
		samples := []string{"2024", "06", "31", "23", "59", "60", "366", "Tue", "Feb", "march", "99", "20", " 5", "12", "pm", "7", "0", "52", "01", "+0130", "UTC", "1:2:3", "2/3/04", "2024-02-29", "10:20", " "}
		f, s := "", ""
		for range 1 + g.IntN(4) {
			i := g.IntN(len(forms))
			sep := g.pick([]string{"-", " ", "/", ""})
			f += forms[i] + sep
			if g.IntN(8) == 0 {
				i = g.IntN(len(forms))
			}
			sample := samples[i]
			if (forms[i] == "%U" || forms[i] == "%W") && g.IntN(2) == 0 {
				sample = strconv.Itoa(g.IntN(54)) // days of the first and the last weeks may lie in other years
			}
			s += sample + sep
		}
		return arrayOf([]value{str(s), str(f)})
	}},
	{"paths", `.[] | . as [$v, $p, $w] | (try ($v | getpath($p)) catch .), (try ($v | setpath($p; $w)) catch .), (try ($v | delpaths([$p])) catch .), (try ($v | has($p[0])) catch .), (try ($v | .[$p[0]:$p[1]]) catch .)`, func(g generator) value {
		return arrayOf([]value{g.value(3), arrayOf([]value{g.key(), g.key()}), g.value(1)})
	}},
	{"operators", `.[] | . as [$a, $b] | (try ($a + $b) catch .), (try ($a - $b) catch .), (try ($a * $b) catch .), (try ($a / $b) catch .), (try ($a % $b) catch .), $a < $b, $a == $b, (try ($a | contains($b)) catch .), (if $b == "" then 0 else (try ($a | index($b)) catch .) end), (try ([$a, $b] | sort) catch .), (try ($a | join($b)) catch .), (try ($a | flatten) catch .), (try ($a | split($b)) catch .)`, func(g generator) value {
		return arrayOf([]value{g.value(2), g.value(2)})
	}},
	{"formats", `.[] | (try @csv catch .), (try @tsv catch .), (try @html catch .), (try @uri catch .), (try @sh catch .), (try @base64 catch .), (try @base64d catch .), (try @json catch .), (try explode catch .), (try ascii_downcase catch .), (try length catch .), (try utf8bytelength catch .), (try ltrimstr("a") catch .), (try to_entries catch .), (try from_entries catch .), (try tostream catch .), (try add catch .), (try keys catch .), (try (map(.[0:2])) catch .), (try unique catch .), (try group_by(.[0]?) catch .)`, func(g generator) value { return g.value(3) }},
}

func (g generator) number() string {
	b := []byte(g.pick([]string{"", "", "-", "+", " "}))
	for range g.IntN(20) {
		b = append(b, byte('0'+g.IntN(10)))
	}
	if g.IntN(2) == 0 {
		b = append(b, '.')
		for range g.IntN(20) {
			b = append(b, byte('0'+g.IntN(10)))
		}
	}
	if g.IntN(3) == 0 {
		b = strconv.AppendInt(append(b, 'e'), int64(g.IntN(640)-320), 10)
	}
	if g.IntN(8) == 0 {
		b = append(b, g.pick([]string{"e", "e+", ".", "x", " ", "-", "Infinity", " 1", "1e5"})...)
	}
	return string(b)
}

func (g generator) letters(n int) string {
	var b strings.Builder
	for range g.IntN(n) {
		b.WriteString(g.pick([]string{"a", "b", "c", "A", "B", "1", "_", " ", "-", "é", "日", "\n", "ß", ".", "/"}))
	}
	return b.String()
}

func (g generator) key() value {
	switch g.IntN(6) {
	case 0, 1:
		return str(g.pick([]string{"a", "b", "c"}))
	case 2, 3:
		return number(float64(g.IntN(6) - 3))
	case 4:
		return number(float64(g.IntN(40)-20) / 8)
	}
	return g.value(1)
}

func (g generator) value(depth int) value {
	n := 9
	if depth <= 0 {
		n = 6
	}
	switch g.IntN(n) {
	case 0:
		return null
	case 1:
		return boolean(g.IntN(2) == 0)
	case 2:
		return number(float64(g.IntN(7) - 2))
	case 3:
		return number(float64(g.IntN(4000)-2000) / 16)
	case 4, 5:
		return str(g.letters(6))
	case 6, 7:
		elems := make([]value, g.IntN(4))
		for i := range elems {
			elems[i] = g.value(depth - 1)
		}
		return arrayOf(elems)
	}
	o := newObject(3)
	for range g.IntN(4) {
		o.set(g.pick([]string{"a", "b", "c", "key", "value", "name", "é"}), g.value(depth-1))
	}
	return objectValue(o)
}

// mangled is a JSON text with a fault somewhere, now and then.
func (g generator) mangled() string {
	s := string(appendJSON(nil, g.value(3)))
	for range g.IntN(3) {
		i := g.IntN(len(s) + 1)
		switch g.IntN(3) {
		case 0:
			if i < len(s) {
				s = s[:i] + s[i+1:]
			}
		case 1:
			s = s[:i] + g.pick([]string{" ", "\n", ",", ":", "[", "]", "{", "}", `"`, `\`, "1", "-", ".", "e", "true", "tru", `\u00e9`, `\ud83d\ude00`, `\ud83d`, `\udc00`, "\x1e", "\x1f", "\x01", "0", "Infinity", "#"}) + s[i:]
		default:
			j := g.IntN(len(s) + 1)
			s = s[:min(i, j)] + s[max(i, j):]
		}
	}
	return strings.ToValidUTF8(s, "?")
}

// pattern draws a regular expression.
func (g generator) pattern(depth int) string {
	atom := func() string {
		if depth > 0 && g.IntN(3) == 0 {
			return g.pick([]string{"(", "(?:", "(?<n>", "(?=", "(?!", "(?>", "(?i:", "(?<=", "(?<!"}) + g.pattern(depth-1) + ")"
		}
		return g.pick([]string{"a", "b", "c", "A", "1", ".", `\w`, `\d`, `\s`, `\W`, "[ab]", "[^a]", "[a-c1]", `\b`, "^", "$", "é", "日", "[[:alpha:]]", `\S`, "ß", `\.`, `[\w-]`, " ", `\1`, `\n`})
	}
	var b strings.Builder
	for range 1 + g.IntN(3) {
		b.WriteString(atom())
		b.WriteString(g.pick([]string{"", "", "", "", "*", "+", "?", "*?", "+?", "{2}", "{1,2}", "??", "{0,1}?", "++"}))
		if g.IntN(8) == 0 {
			b.WriteString("|")
		}
	}
	return b.String()
}

// TestBatches compares many small things with the jq 1.6 command: numbers, broken JSON, patterns, times, paths, operators. How many
// is the number HYDRANT_JQ_BATCH, HYDRANT_JQ_SEED where to begin.
func TestBatches(t *testing.T) {
	name := findJQ(t)
	seed, _ := strconv.ParseUint(os.Getenv("HYDRANT_JQ_SEED"), 10, 64)
	size, err := strconv.Atoi(os.Getenv("HYDRANT_JQ_BATCH"))
	if err != nil {
		size = 40
	}
	for _, b := range batches {
		t.Run(b.name, func(t *testing.T) {
			g := generator{rand.New(rand.NewPCG(seed, uint64(len(b.name))))}
			var docs []string
			for range size {
				doc := string(appendJSON(nil, arrayOf([]value{b.draw(g)})))
				if strings.Contains(doc, "nan") {
					continue // Debian's later builds read it
				}
				// One document each, so that an abort shows where it was.
				docs = append(docs, doc)
			}
			input := strings.Join(docs, "\n") + "\n"
			outputs, exit, _ := runBinary(name, b.query, input)
			plainWords(outputs)
			got := command(b.query, input)
			plainWords(got.outputs)
			if exit == got.exit && sameOutputs(outputs, got.outputs) {
				t.Logf("%d outputs agree", len(outputs))
				return
			}
			if exit == "crash" || exit == "timeout" || len(outputs) != len(got.outputs) {
				t.Logf("as a whole: %v %v, %d %d outputs: one by one", exit, got.exit, len(outputs), len(got.outputs))
			}
			differ := 0
			for _, doc := range docs {
				got := command(b.query, doc)
				plainWords(got.outputs)
				if sameAsBatch(&outputs, got.outputs) && got.exit == 0.0 {
					continue
				}
				outputs, exit, _ := runBinary(name, b.query, doc)
				plainWords(outputs)
				if exit == "crash" || exit == "timeout" || got.exit == "timeout" || got.exit == "crash" {
					continue
				}
				if all := strings.Join(append(got.outputs, outputs...), ""); strings.Contains(all, "invalid pattern in look-behind") ||
					strings.Contains(all, "undefined error code") {
					continue // which ones are refused isn't quite the same
				}
				if b.name == "patterns" &&
					slices.Equal(withoutGroups(outputs), withoutGroups(got.outputs)) &&
					strings.Contains(strings.Join(append(got.outputs, outputs...), ""), `""]`) {
					continue // what a group holds after a round that matched nothing (testdata/deviations.txt)
				}
				if exit != got.exit || !sameOutputs(outputs, got.outputs) {
					if differ++; differ < 20 {
						t.Errorf("%s\n got  %v %q %s\n want %v %q", doc, got.exit, got.outputs, got.message, exit, outputs)
					}
				}
			}
		})
	}
}

// The days of a year's first and last weeks may lie outside of it, and then the month is none: recorded with jq 1.6.
func TestStrptimeWeeks(t *testing.T) {
	for _, tt := range []struct{ s, f, want string }{
		{"20 0 Tue", "%y %U %a", `[2020,-1,-365,0,0,0,2,-1]`},
		{"Feb 0 2024 Sun", "%b %U %Y %a", `[2024,1,-365,0,0,0,0,-1]`},
		{"01 0 3 99", "%U %W %u %y", `[1999,-1,-1,0,0,0,3,-2]`},
		{"52 4", "%U %w", `[1900,25,2,0,0,0,4,367]`},
		{"06 4 52", "%m %w %U", `[1900,5,2,0,0,0,4,152]`},
		{"3 21 52 7", "%u %C %W %u", `[2100,25,1,0,0,0,0,366]`},
		{"2024 10 3", "%Y %U %w", `[2024,2,13,0,0,0,3,72]`},
	} {
		r := command(`.[0] as $s | .[1] as $f | $s | strptime($f)`, string(appendJSON(nil, arrayOf([]value{str(tt.s), str(tt.f)}))))
		if got := strings.Join(r.outputs, " "); got != tt.want {
			t.Errorf("%q by %q: %s, want %s %s", tt.s, tt.f, got, tt.want, r.message)
		}
	}
}

var groups = regexp.MustCompile(`,\[[^\[\]]*\]`)

// withoutGroups takes what the groups hold off the outputs of the batch "patterns".
func withoutGroups(outputs []string) []string {
	list := make([]string, len(outputs))
	for i, s := range outputs {
		list[i] = groups.ReplaceAllString(s, "")
	}
	return list
}

// sameAsBatch takes the outputs of one document off those of the batch if they begin it.
func sameAsBatch(batch *[]string, outputs []string) bool {
	if len(outputs) > len(*batch) || !sameOutputs((*batch)[:len(outputs)], outputs) {
		return false
	}
	*batch = (*batch)[len(outputs):]
	return true
}

// plainWords words one error as Debian's later builds do: they know a third word with n.
func plainWords(outputs []string) {
	for i, s := range outputs {
		outputs[i] = strings.ReplaceAll(s, "Invalid literal", "Invalid numeric literal")
	}
}
